# Toolchain for 64-bit ARM Linux: Debian's cross compiler (g++-aarch64-linux-gnu), and qemu-user for
# what the build and the tests run. Its C library goes before one that the system may have for ARM
# (dpkg --add-architecture arm64), with which its loader does not get along.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu -E
                                  LD_LIBRARY_PATH=/usr/aarch64-linux-gnu/lib)
