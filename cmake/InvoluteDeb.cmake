# cpack -G DEB in the build folder: one Debian package of what `cmake --install` installs, but the
# component `compiler`. Its dependencies come from the libraries that the programs inside are linked
# with.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME involute)
set(CPACK_PACKAGE_VENDOR "the involute authors")
set(CPACK_PACKAGE_CONTACT "The involute authors <involute@invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Ahead-of-time involution kernels and a small RedNet runtime")
set(CPACK_PACKAGE_DESCRIPTION
    "Libraries (shared and static), C and C++ headers, the involute command, and the files by which
CMake and pkg-config find them. Neither Halide nor LLVM nor Python is needed to use them.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# For programs that link the archive and load pictures.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libjpeg62-turbo-dev, libspng-dev")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};${PROJECT_NAME};Unspecified;/")
include(CPack)
