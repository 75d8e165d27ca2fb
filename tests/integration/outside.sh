#!/usr/bin/env bash
# Applications outside of the source tree, built against an installed prefix that was moved: C by
# pkg-config (shared, static, all static), CMake (shared, static), a plugin that holds the static
# library, every example. Prints the seconds of each and what the programs load.
#   outside.sh SOURCE_FOLDER BUILD_FOLDER CMAKE
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
cmake=$3 # the one that configured the build; applications take an older one where there is one
weights=$source/models/rednet-digits.safetensors
folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-outside-XXXXXX")
trap 'rm -rf "$folder"' EXIT
prefix=$folder/moved
app_cmake=$cmake
[ -x /usr/bin/cmake ] && app_cmake=/usr/bin/cmake
export LC_ALL=C
unset LD_LIBRARY_PATH CMAKE_PREFIX_PATH PKG_CONFIG_PATH DESTDIR INVOLUTE_EMIT INVOLUTE_MAX_ISA
export INVOLUTE_PYTHON=/bin/false # has no Halide

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# step NAME LIMIT COMMAND...: runs the command in the folder and prints its seconds.
step() {
    local name=$1 limit=$2 start=$EPOCHREALTIME
    shift 2
    (cd "$folder" && "$@") > "$folder/log" 2>&1 || {
        cat "$folder/log" >&2
        fail "$name: $*"
    }
    awk -v name="$name" -v limit="$limit" -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN {
        printf "%6.2f s  %s\n", end - start, name
        exit end - start > limit }' || fail "$name took more than $limit s"
}

# What a program loads, without versions, the loader and the kernel's page.
loaded() {
    ldd "$1" 2> /dev/null | awk '{ print $1 }' | sed 's|.*/||; s/\.so.*//' |
        grep -v '^ld-linux\|^linux-vdso\|^statically\|^not' | sort -u | xargs
}

expect_loads_only() { # program, names
    local program=$1 name
    shift
    for name in $(loaded "$program"); do
        case " $* " in
            *" $name "*) ;;
            *) fail "$program loads $name; expected only: $*" ;;
        esac
    done
    echo "          loads: $(loaded "$program")"
}

expect_sum() { # program...
    local sum
    sum=$("$@") || fail "$*"
    [ "${expected_sum:=$sum}" = "$sum" ] || fail "$*: sum $sum, another program had $expected_sum"
}

expect_digits() { # pictures, program...
    local count=$1 picture digit answer
    shift
    for picture in $(printf '%s\n' "$source"/examples/images/*.png | head -n "$count"); do
        digit=$(basename "$picture" | cut -c 1)
        answer=$("$@" "$weights" "$picture") || fail "$* $picture"
        [ "${answer%% *}" = "$digit" ] || fail "$* $picture: expected $digit, got $answer"
    done
}

# Flags of our own, so that only the package's are judged.
warnings="-Wall -Wextra -Werror"
pc() { pkg-config "$@"; }

step "install" 60 "$cmake" --install "$build" --prefix "$folder/first"
mv "$folder/first" "$prefix"
cp "$source"/tests/integration/outside/* "$folder"
cp "$source/examples/01_classify_from_c/main.c" "$folder/classify.c"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name involute.pc)")
export PKG_CONFIG_PATH
libdir=$(dirname "$PKG_CONFIG_PATH")
shared="env LD_LIBRARY_PATH=$libdir"

# shellcheck disable=SC2046,SC2086 # flags are words
{
    step "C, pkg-config, shared" 10 \
        cc -std=c11 $warnings classify.c -o c-shared $(pc --cflags --libs involute)
    expect_digits 20 $shared "$folder/c-shared"
    step "C, pkg-config, shared, no pictures" 10 \
        cc -std=c11 $warnings operator.c -o operator $(pc --cflags --libs involute)
    expect_sum $shared "$folder/operator"

    if [ -e "$libdir/libinvolute.a" ]; then
        # An installation without the shared library: the .pc file names all that the archive needs.
        cp -r "$prefix" "$folder/archive"
        rm "$folder/archive/${libdir#"$prefix/"}"/libinvolute.so*
        step "C, pkg-config --static, without the shared library" 10 \
            cc -std=c11 $warnings classify.c -o c-archive \
            $(PKG_CONFIG_PATH=${PKG_CONFIG_PATH/moved/archive} pc --static --cflags --libs involute)
        step "C, pkg-config, static" 10 \
            cc -std=c11 $warnings classify.c -o c-static $(pc --cflags --libs involute-static)
        for program in c-archive c-static; do
            expect_loads_only "$folder/$program" libc libm libpthread libjpeg libspng libz
            expect_digits 3 "$folder/$program"
        done
        step "C, pkg-config, static, no pictures" 10 \
            cc -std=c11 $warnings operator.c -o operator-static \
            $(pc --cflags --libs involute-static)
        expect_loads_only "$folder/operator-static" libc libm libpthread
        expect_sum "$folder/operator-static"
        step "C, all static, no decoders in the link" 10 \
            cc -std=c11 $warnings -static -DOWN_HALIDE operator.c -o operator-all-static \
            $(pc --cflags involute-static) "$libdir/libinvolute.a" \
            -Wl,--eh-frame-hdr -pthread -lm
        expect_loads_only "$folder/operator-all-static"
        expect_sum "$folder/operator-all-static"
        step "C, static, beside a Halide runtime" 10 sh -c "
            '$build/emit/involute_emit' --runtime halide_runtime --out '$folder' &&
            cc -std=c11 $warnings operator.c -o operator-halide -Wl,-u,halide_do_par_for \
            halide_runtime.o $(pc --cflags --libs involute-static) -ldl"
        expect_sum "$folder/operator-halide"
        step "C, static, inside a plugin" 10 \
            cc -std=c11 -shared -fPIC -Dmain=plugin_main operator.c -o plugin.so \
            $(pc --cflags --libs involute-static)
        cc -o "$folder/open-plugin" -x c - <<< '
            #include <dlfcn.h>
            int main(int count, char **words) {
                void *library = dlopen(words[count - 1], RTLD_NOW);
                int (*run)(void) = library ? (int (*)(void))dlsym(library, "plugin_main") : 0;
                return run ? run() : 1;
            }'
        expect_sum "$folder/open-plugin" "$folder/plugin.so"
    fi

    step "C, CMake, both: configure" 20 \
        "$app_cmake" -S . -B cmake-c -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release
    for kind in shared static; do
        step "C, CMake, $kind" 10 "$app_cmake" --build cmake-c \
            --target operator_$kind classify_$kind
        expect_sum "$folder/cmake-c/operator_$kind"
        expect_digits 2 "$folder/cmake-c/classify_$kind"
    done
    expect_loads_only "$folder/cmake-c/operator_static" libc libm libpthread

    step "C++, pkg-config, no exceptions, no RTTI" 20 \
        c++ -std=c++17 $warnings -Wpedantic -fno-exceptions -fno-rtti \
        "$source/examples/03_classify_from_cpp/main.cpp" -o cpp-shared \
        $(pc --cflags --libs involute)
    expect_digits 2 $shared "$folder/cpp-shared"
}

# Every example. Those that generate kernels are told where Halide is, by its CMake package and by a
# Python; for all others there is none.
halide=$(sed -n 's|^Halide_DIR:[A-Z]*=||p' "$build/CMakeCache.txt")
printf '#!/bin/sh\necho "%s"\n' "$(cd "$halide/../../.." && pwd)" > "$folder/python"
chmod +x "$folder/python"
for example in "$source"/examples/[0-9]*/CMakeLists.txt; do
    name=$(basename "$(dirname "$example")")
    [ "${name#0[24]}" = "$name" ] || [ -e "$prefix/libexec/involute/involute_core.o" ] || {
        echo "skipped: example $name: libraries are linked with GNU ld and objcopy"
        continue
    }
    cp -r "$(dirname "$example")" "$folder/$name"
    python=/bin/false option=
    case $name in
        02*) option=-DHalide_DIR=$halide ;;
        04*) python=$folder/python ;;
    esac
    step "example $name" 60 env INVOLUTE_PYTHON=$python sh -c "
        '$app_cmake' -S $name -B $name/build -DCMAKE_PREFIX_PATH='$prefix' $option &&
        '$app_cmake' --build $name/build"
    program=$folder/$name/build
    case $name in
        02*)
            expect_loads_only "$program/kernels" libc libm libpthread
            "$program/kernels"
            ;;
        04*)
            expect_loads_only "$program/compare" libc libm libpthread
            for isa in avx512 avx2 baseline; do
                INVOLUTE_MAX_ISA=$isa "$program/compare" | tee "$folder/log"
                grep 'the same bits' "$folder/log" > /dev/null || fail "$name: other bits"
            done
            ;;
        05*) "$program/attention" ;;
        *) expect_digits 20 "$program/classify" ;;
    esac
done

step "the command" 10 "$prefix/bin/involute" info
