#!/usr/bin/env bash
# The Debian package: its name, dependencies and contents, and that the command and an application
# work with what is inside.
#   deb.sh SOURCE_FOLDER BUILD_FOLDER CMAKE
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
for program in dpkg-deb dpkg-shlibdeps; do
    command -v $program > /dev/null || {
        echo "SKIPPED: $program (Debian package dpkg-dev) is not installed"
        exit 77
    }
done
folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-deb-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

"$(dirname "$3")/cpack" -G DEB --config "$build/CPackConfig.cmake" -B "$folder" > log 2>&1 || {
    cat log
    fail cpack
}
deb=$(echo "$folder"/*.deb)
dpkg-deb --info "$deb" | tee info
architecture=$(dpkg --print-architecture)
case $(basename "$deb") in
    involute_[0-9]*.[0-9]*.[0-9]*_"$architecture".deb) ;;
    *) fail "the name $(basename "$deb")" ;;
esac
for library in libc6 libjpeg62-turbo libspng0 libstdc++6; do
    grep "^ Depends:.*\<$library" info > /dev/null || fail "no dependency on $library"
done
grep -i "^ Depends:.*\(halide\|llvm\|python\)" info && fail "a generator among the dependencies"

dpkg-deb --contents "$deb" | tee contents
grep -v "root/root" contents && fail "files of other owners than root"
for file in bin/involute lib/libinvolute.so lib/libinvolute.a include/involute/involute.h \
    include/involute/involute.hpp lib/pkgconfig/involute.pc lib/pkgconfig/involute-static.pc \
    lib/cmake/involute/involuteConfig.cmake share/doc/involute/LICENSE; do
    grep " \./usr/$file\( ->.*\)\?$" contents > /dev/null || fail "no $file"
done
for name in $(awk '{ print $6 }' contents | grep -v '/$'); do
    case $name in
        ./usr/bin/involute | ./usr/lib/libinvolute.* | ./usr/lib/pkgconfig/involute*.pc) ;;
        ./usr/lib/cmake/involute/*.cmake) ;;
        ./usr/include/involute/*.h | ./usr/include/involute/*.hpp) ;;
        ./usr/share/doc/involute/* | ./usr/share/involute/wisdom/*.json) ;;
        *) fail "unexpected: $name" ;;
    esac
done

dpkg-deb --extract "$deb" root
root/usr/bin/involute --version
grep -rlF "$build" root && fail "a path of the build machine"
export PKG_CONFIG_PATH=$folder/root/usr/lib/pkgconfig
# shellcheck disable=SC2046 # flags are words
cc "$source/tests/integration/outside/operator.c" -o operator $(pkg-config --cflags --libs involute)
LD_LIBRARY_PATH=$folder/root/usr/lib ./operator
