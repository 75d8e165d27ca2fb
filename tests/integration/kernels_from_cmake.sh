#!/usr/bin/env bash
# The part of the installed package that generates: the command and the functions of CMake, moved
# and outside of the tree. What is rebuilt when, what is said of wrong calls and missing parts, and
# that schedules of a user's can be verified and timed.
#   kernels_from_cmake.sh SOURCE_FOLDER BUILD_FOLDER CMAKE
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
[ -e "$build/emit/involute_core.o" ] || {
    echo "skipped: libraries are linked with GNU ld and objcopy"
    exit 77
}
folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-kernels-XXXXXX")
trap 'rm -rf "$folder"' EXIT
"$3" --install "$build" --prefix "$folder/first" > /dev/null
mv "$folder/first" "$folder/moved"
prefix=$folder/moved
cmake=$3
[ -x /usr/bin/cmake ] && cmake=/usr/bin/cmake
cd "$folder"
export LC_ALL=C
unset LD_LIBRARY_PATH CMAKE_PREFIX_PATH DESTDIR INVOLUTE_EMIT INVOLUTE_MAX_ISA
halide=$(sed -n 's|^Halide_DIR:[A-Z]*=||p' "$build/CMakeCache.txt")
printf '#!/bin/sh\necho "%s"\n' "$(cd "$halide/../../.." && pwd)" > python
chmod +x python
export INVOLUTE_PYTHON=$folder/python

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# says CODE TEXT COMMAND...: what a command that fails prints.
says() {
    local wanted=$1 text=$2 code=0
    shift 2
    "$@" > log 2>&1 || code=$?
    [ $code = "$wanted" ] || fail "$*: exit code $code instead of $wanted: $(cat log)"
    # CMake breaks its lines.
    tr -s ' \n' ' ' < log | grep -F -- "$text" > /dev/null || fail "$*: no '$text': $(cat log)"
}

# configures LINES [OPTIONS]: a project of these lines, in a folder of its own.
configures() {
    local lines=$1
    shift
    rm -rf project
    mkdir project
    printf '%s\n' "cmake_minimum_required(VERSION 3.25)" "project(project LANGUAGES C)" \
        "find_package(involute 0.1 CONFIG REQUIRED)" "$lines" > project/CMakeLists.txt
    "$cmake" -S project -B project/build -DCMAKE_PREFIX_PATH="$prefix" "$@"
}

# The command alone.
"$prefix/bin/involute" compile --op aggregation --kernel 5 --group-channels 8 \
    --target x86-64-linux -o out --name window
[ -e out/libwindow.a ] || fail "no library"
says 3 "pip install halide==" env INVOLUTE_PYTHON=/bin/false "$prefix/bin/involute" \
    compile --op aggregation --kernel 5 --group-channels 8 -o out --name window
cp -rl "$prefix" partly
rm partly/libexec/involute/involute_core.o
says 3 "libexec/involute/involute_core.o is missing" partly/bin/involute compile --op involution \
    -o out
says 3 "cmake --install build/release installs it" partly/bin/involute compile --op involution \
    -o out

# Wrong calls.
says 1 "involute_add_kernels(k): unknown: KERNAL, 5" \
    configures "involute_add_kernels(k OP involution KERNAL 5)"
says 1 "involute_add_kernels(k): unknown: SHCEDULE" \
    configures "involute_add_kernels(k OP involution TARGETS x86-64-linux SHCEDULE naive)"
says 1 "involute_add_kernels(k): no value for KERNEL" \
    configures "involute_add_kernels(k OP involution KERNEL STRIDE 2)"
says 1 "involute_add_kernels(k): OP is missing" configures "involute_add_kernels(k KERNEL 5)"
says 1 "involute_add_model(k): MODEL is missing" configures "involute_add_model(k EMBED)"
says 1 "involute_add_model(k): unknown: KERNEL, 5" \
    configures "involute_add_model(k MODEL rednet26 KERNEL 5)"
says 1 "expected a name that C functions can begin with" \
    configures "involute_add_kernels(5k OP involution)"
says 1 "SCHEDULE own expects SCHEDULE_SOURCE" \
    configures "involute_add_kernels(k OP involution SCHEDULE own)"
says 1 "SCHEDULE_SOURCE is for SCHEDULE own, found naive" \
    configures "involute_add_kernels(k OP involution SCHEDULE naive SCHEDULE_SOURCE a.cpp)"
says 1 "SCHEDULE_SOURCE needs C++" \
    configures "involute_add_kernels(k OP involution SCHEDULE_SOURCE a.cpp)"

# Missing Halide, one of another version, missing parts. None of this is looked for unless needed.
kernels="involute_add_kernels(k OP max_pool CHANNELS 16 SCHEDULE naive)"
says 1 "'pip install halide==" configures "$kernels" -DINVOLUTE_PYTHON=/bin/false
mkdir -p other/lib other/include
touch other/lib/libHalide.so
echo '#define HALIDE_VERSION_MAJOR 20' > other/include/HalideRuntime.h
says 1 "'pip install halide==" configures "$kernels" -DINVOLUTE_PYTHON=/bin/false \
    -DHalide_DIR="$folder/other/lib/cmake/Halide"
rm partly/libexec/involute/libinvolute_emit.a
says 1 "libexec/involute/libinvolute_emit.a is missing: 'cmake --install build/release" \
    configures "$kernels" -DCMAKE_PREFIX_PATH="$folder/partly"
export INVOLUTE_PYTHON=/bin/false
configures "" -DCMAKE_PREFIX_PATH="$folder/partly" > log

# Options become the command's; a network is built without Halide, and anew with other weights.
cp "$source/models/rednet-digits.safetensors" weights.safetensors
lines='involute_add_model(digits MODEL rednet-digits WEIGHTS ../weights.safetensors EMBED SIZE 32x48
                          BATCH 2 TARGETS x86-64-linux)
file(WRITE ${CMAKE_BINARY_DIR}/main.c "#include <digits.h>
int main(void) { digits_state *state; digits_options options = {0};
return digits_create(&options, &state); }")
add_executable(program ${CMAKE_BINARY_DIR}/main.c)
target_link_libraries(program PRIVATE digits::digits)'
configures "$lines" > log
export INVOLUTE_PYTHON=$folder/python
built() { # how often a library was compiled
    "$cmake" --build project/build > log 2>&1 || fail "build: $(cat log)"
    grep -c 'Compiling the library' log || true
}
[ "$(built)" = 1 ] || fail "not built: $(cat log)"
project/build/program || fail "the network"
grep 'int64_t width; /\* 0: 48 \*/' project/build/involute/digits/digits.h > /dev/null ||
    fail "the size: $(cat project/build/involute/digits/digits.h)"
[ "$(built)" = 0 ] || fail "built again: $(cat log)"
touch weights.safetensors
[ "$(built)" = 1 ] || fail "not built for new weights: $(cat log)"
sed -i 's/32x48/48x32/' project/CMakeLists.txt
[ "$(built)" = 1 ] || fail "not built for another size: $(cat log)"
lines='involute_add_kernels(k OP conv2d KERNEL 3 STRIDE 2 CHANNELS 16 OUT_CHANNELS 32 GROUPS 2
                            DILATION 2 SIZE 14x14 BATCH 1 RELU DTYPE f32 SCHEDULE naive EMIT stmt
                            assembly TARGETS x86-64-linux)
add_custom_target(all-of-it ALL)
add_dependencies(all-of-it k)'
configures "$lines" > log
[ "$(built)" = 1 ] || fail "not built: $(cat log)"
for option in "--op conv2d --kernel 3 --stride 2" "--dilation 2" "--out-channels 32 --groups 2" \
    "--channels 16" "--relu" "--size 14x14 --batch 1 --schedule naive --dtype f32" \
    "--target x86-64-linux --emit stmt,assembly --name k"; do
    grep -e "$option" project/build/involute/k/README.md > /dev/null || fail "no $option"
done
ls project/build/involute/k/k.kernels/*.stmt project/build/involute/k/k.kernels/*.s

# A schedule of a user's: built into an emit program, anew when it changes, shared by two
# libraries; verified and timed by the command.
rm -rf project
cp -r "$source/examples/04_write_a_schedule" project
cat >> project/CMakeLists.txt << 'CMAKE'
involute_add_kernels(narrow OP aggregation KERNEL 3 GROUP_CHANNELS 8 TARGETS x86-64-linux
                     SCHEDULE_SOURCE my_schedule.cpp)
add_dependencies(compare narrow_compiled)
CMAKE
"$cmake" -S project -B project/build -DCMAKE_PREFIX_PATH="$prefix" > log
[ "$(built)" = 3 ] || fail "not built: $(cat log)"
[ "$(built)" = 0 ] || fail "built again: $(cat log)"
sed -i 's/? 14 : 8/? 7 : 4/' project/my_schedule.cpp
[ "$(built)" = 2 ] || fail "expected both libraries of the schedule: $(cat log)"
project/build/compare
export INVOLUTE_PACKS=$folder/packs INVOLUTE_EMIT=$folder/project/build/my_schedule_emit
"$prefix/bin/involute" verify "$source/tests/reference/layers.safetensors" --schedule own \
    --filter /output | tee log
grep '^[1-9][0-9]* passed, 0 failed, 0 not covered' log > /dev/null || fail "verify"
"$prefix/bin/involute" bench --op aggregation --size 28x28 --schedule hand,own --iterations 50 \
    --json > log
grep '"schedule": "own"' log > /dev/null || fail "bench: $(cat log)"
# Ops that it has nothing for.
says 3 "no schedule of involution is linked" "$prefix/bin/involute" bench --op involution \
    --schedule own
echo "all is well"
