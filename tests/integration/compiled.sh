#!/usr/bin/env bash
# Libraries of `involute compile`, used from C outside of the tree: operators and a network have the
# bits of libinvolute and of the command, need nothing but libc, libm and libpthread, allocate
# nothing while they run, live together in one program, and say what is missing.
#   compiled.sh SOURCE_FOLDER BUILD_FOLDER CMAKE [--long]
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
cmake=$3
long=${4:-}
involute=$build/involute
[ -e "$build/emit/involute_core.o" ] || {
    echo "skipped: libraries are linked with GNU ld and objcopy"
    exit 77
}
folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-compiled-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cp "$source"/tests/integration/compiled/* "$folder"
cd "$folder"
export LC_ALL=C
unset INVOLUTE_MAX_ISA
warnings="-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -Werror"
library="-I$source/runtime/include -L$build -linvolute -Wl,-rpath,$build"
compiled="-pthread -lm"
isas=$("$involute" info --json | grep -o '"isa": "[a-z0-9]*"' | head -1 | cut -d'"' -f4)
targets=x86-64-linux
case $isas in
    avx2) targets=$targets,x86-64-linux-avx2 ;;
    avx512) targets=$targets,x86-64-linux-avx2,x86-64-linux-avx512 ;;
esac

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# step NAME COMMAND...: prints the seconds.
step() {
    local name=$1 start=$EPOCHREALTIME
    shift
    "$@" > log 2>&1 || {
        cat log >&2
        fail "$name: $*"
    }
    awk -v name="$name" -v start="$start" -v end="$EPOCHREALTIME" \
        'BEGIN { printf "%6.2f s  %s\n", end - start, name }'
}

# same NAME KIND DEFINES ARCHITECTURE CHANNELS BATCH HEIGHT WIDTH: bits on every target.
same() {
    local name=$1 kind=$2 defines=$3 isa
    shift 3
    # shellcheck disable=SC2086 # flags are words
    cc $warnings -I"$name" -DNAME="$name" $defines -include "of_$kind.h" operator.c \
        -o "run-$name" "$name/lib$name.a" $compiled $library
    for isa in baseline avx2 avx512; do
        INVOLUTE_MAX_ISA=$isa "./run-$name" "$@" 2 || fail "$name $isa"
    done
}

step "involution, kernel 5, groups of 8" "$involute" compile --op involution --kernel 5 \
    --group-channels 8 --target $targets -o reduced --name reduced
same reduced involution "-DK=5 -DGC=8 -DSTRIDE=1" \
    '{"kind":"involution","channels":40,"kernel":5,"group_channels":8}' 40 2 13 19
step "aggregation, kernel 5, groups of 8" "$involute" compile --op aggregation --kernel 5 \
    --group-channels 8 --target $targets -o window --name window
same window aggregation "-DK=5 -DGC=8 -DSTRIDE=1" \
    '{"kind":"aggregation","channels":40,"kernel":5,"group_channels":8}' 40 2 13 19
step "conv2d of one size" "$involute" compile --op conv2d --kernel 3 --channels 16 \
    --out-channels 32 --stride 2 --size 15x21 --batch 2 --target $targets -o plain --name plain
same plain conv2d "-DK=3 -DOC=32 -DSTRIDE=2" \
    '{"kind":"conv2d","channels":16,"out_channels":32,"kernel":3,"stride":2}' 16 2 15 21
# The operators whose kernels are the library's.
others() { # KIND CHANNELS HEIGHT WIDTH, defines, options of compile, settings
    local kind=$1 size="$3 $4" defines=$5 options=$6 settings=$7
    # shellcheck disable=SC2086 # options are words
    step "$kind" "$involute" compile --op "$kind" $options --target $targets -o "a_$kind" \
        --name "a_$kind"
    # shellcheck disable=SC2086
    same "a_$kind" "$kind" "$defines" "{\"kind\":\"$kind\",\"channels\":$2$settings}" "$2" 2 $size
}
others dense 40 1 1 -DOC=10 "--channels 40 --out-channels 10" ',"out_channels":10'
others softmax 24 5 7 "-DK=3 -DGC=8 -DSTRIDE=1" "--kernel 3 --group-channels 8" \
    ',"kernel":3,"group_channels":8'
others involution_grad_input 32 9 11 "-DK=3 -DGC=8 -DSTRIDE=2" \
    "--kernel 3 --stride 2 --group-channels 8" ',"kernel":3,"stride":2,"group_channels":8'
others local_attention 24 5 7 "" "--kernel 3 --group-channels 8 --dilation 2" \
    ',"kernel":3,"group_channels":8,"dilation":2'
same a_local_attention local_attention -DUNBIASED \
    '{"kind":"local_attention","channels":48,"kernel":3,"group_channels":8,"dilation":2,"bias":false}' \
    48 1 1 9
if [ "$long" = --long ]; then
    others global_pool 40 5 7 "" "--channels 40" ""
    others local 12 5 7 "-DK=3 -DOC=20 -DSTRIDE=2" \
        "--channels 12 --out-channels 20 --groups 2 --kernel 3 --stride 2 --size 5x7" \
        ',"out_channels":20,"groups":2,"kernel":3,"stride":2,"height":5,"width":7'
    others aggregation_grad_input 24 9 11 "-DK=5 -DGC=8 -DSTRIDE=2" \
        "--kernel 5 --stride 2 --group-channels 8" ',"kernel":5,"stride":2,"group_channels":8'
    others aggregation_grad_weight 24 9 11 "-DK=5 -DGC=8 -DSTRIDE=2" \
        "--kernel 5 --stride 2 --group-channels 8" ',"kernel":5,"stride":2,"group_channels":8'
    step "kernel_generation" "$involute" compile --op kernel_generation --kernel 5 --reduction 0 \
        --group-channels 8 --stride 2 --target $targets -o taps --name taps
    same taps kernel_generation "-DK=5 -DGC=8 -DSTRIDE=2" \
        '{"kind":"kernel_generation","channels":40,"kernel":5,"stride":2,"group_channels":8,"reduction":0}' \
        40 2 13 19
    step "involution of one size" "$involute" compile --op involution --kernel 5 --stride 2 \
        --group-channels 24 --channels 96 --size 15x21 --batch 2 --target $targets -o one --name one
    same one involution "-DK=5 -DGC=24 -DSTRIDE=2" \
        '{"kind":"involution","channels":96,"kernel":5,"stride":2,"group_channels":24}' 96 2 15 21
    step "involution, groups of 5" "$involute" compile --op involution --kernel 5 \
        --group-channels 5 --target $targets -o odd --name odd
    same odd involution "-DK=5 -DGC=5 -DSTRIDE=1" \
        '{"kind":"involution","channels":20,"kernel":5,"group_channels":5}' 20 2 15 21
    step "aggregation of one size, groups of 6" "$involute" compile --op aggregation --kernel 3 \
        --group-channels 6 --stride 2 --channels 12 --size 15x21 --target $targets -o six --name six
    same six aggregation "-DK=3 -DGC=6 -DSTRIDE=2" \
        '{"kind":"aggregation","channels":12,"kernel":3,"stride":2,"group_channels":6}' 12 2 15 21
fi

step "rednet-digits, weights inside" "$involute" compile --model rednet-digits --embed \
    --target $targets -o digits --name digits
# shellcheck disable=SC2086
cc $warnings -Idigits network.c -o network digits/libdigits.a $compiled $library
./network write in.safetensors
for isa in baseline avx2 avx512; do
    INVOLUTE_MAX_ISA=$isa "$involute" run --tensor in.safetensors --output out.safetensors > log
    INVOLUTE_MAX_ISA=$isa ./network compare in.safetensors out.safetensors || fail "logits $isa"
done
./network classify "$source/models/rednet-digits.safetensors" "$source"/examples/images/*.png > got
printf '%s\n' "$source"/examples/images/*.png | sed 's|.*/||; s|_.*||' > expected
cmp got expected || fail "classes: $(xargs < got), expected $(xargs < expected)"

# Two libraries and nothing else.
wrapped="-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc"
wrapped="$wrapped,--wrap=posix_memalign"
# shellcheck disable=SC2086
cc $warnings $wrapped $(PKG_CONFIG_PATH=digits:window pkg-config --cflags digits window) alone.c \
    -o alone $(PKG_CONFIG_PATH=digits:window pkg-config --libs digits window)
./alone || fail "two libraries in one program"
loads=$(ldd alone | awk '{ print $1 }' | sed 's|.*/||; s/\.so.*//' |
    grep -v '^ld-linux\|^linux-vdso\|^libc$\|^libm$\|^libpthread$' || true)
[ -z "$loads" ] || fail "loads $loads"
# shellcheck disable=SC2086
cc $warnings -static $wrapped -Idigits -Iwindow alone.c -o alone-static digits/libdigits.a \
    window/libwindow.a -Wl,--eh-frame-hdr $compiled 2> log || fail "all static: $(cat log)"
./alone-static || fail "all static"
for name in digits window; do
    shown=$(nm -g --defined-only "$name/lib$name.a" | awk 'NF == 3 { print $3 }' | sort | xargs)
    wanted="${name}_create ${name}_destroy ${name}_message ${name}_run ${name}_target"
    [ "$shown" = "$wanted" ] || fail "lib$name.a shows $shown"
done

cat > CMakeLists.txt << 'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(alone C)
include(digits/digits.cmake)
include(window/window.cmake)
add_executable(alone-cmake alone.c)
target_link_options(alone-cmake PRIVATE
  -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc,--wrap=posix_memalign)
target_link_libraries(alone-cmake PRIVATE digits::digits window::window)
CMAKE
step "CMake" sh -c "'$cmake' -S . -B cmake && '$cmake' --build cmake && cmake/alone-cmake"

# A library whose least target this CPU (here: the cap) does not offer says so.
if [ $targets != x86-64-linux ]; then
    "$involute" compile --op aggregation --group-channels 8 --kernel 5 --target x86-64-linux-avx2 \
        -o window --name window > log
    # shellcheck disable=SC2086
    cc $warnings $wrapped -Idigits -Iwindow alone.c -o alone digits/libdigits.a \
        window/libwindow.a $compiled
    code=0
    INVOLUTE_MAX_ISA=baseline ./alone > log || code=$?
    [ $code = 4 ] && grep -q 'isa avx2: capped to baseline' log || fail "cap: $code $(cat log)"
fi
echo "all is well"
