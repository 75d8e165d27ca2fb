#!/usr/bin/env bash
# Libraries of `involute compile --target arm-64-linux`, linked into C programs by a cross compiler
# and run under QEMU: whole RedNet-26 has the logits of the same library for this machine, bit for
# bit; a network with its weights inside and an operator live in one program and allocate nothing
# while they run.
#   compiled_arm.sh SOURCE_FOLDER BUILD_FOLDER
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
involute=$build/involute
. "$source/tests/integration/arm.sh"
require "$build/emit/arm-64-linux/involute_core.o" involute_parts
own_folder compiled-arm
cp "$source"/tests/integration/compiled/{alone,logits}.c .
flags="-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -Werror"
libraries="-pthread -lm"

# library TARGET FOLDER OPTION...: compiled into FOLDER, named by it
library() {
    local target=$1 name=$2
    shift 2
    "$involute" compile "$@" --target "$target" -o "$target/$name" --name "$name" > log 2>&1 ||
        fail "compile $*: $(cat log)"
}

for target in x86-64-linux-avx2 arm-64-linux; do
    library $target net --model rednet26 --weights synthetic --embed --size 64x64
done
# shellcheck disable=SC2086 # flags are words
cc $flags -Ix86-64-linux-avx2/net logits.c -o here x86-64-linux-avx2/net/libnet.a $libraries
# shellcheck disable=SC2086
$arm_compiler $flags -Iarm-64-linux/net logits.c -o there arm-64-linux/net/libnet.a $libraries
./here > here.txt 2> target
grep -qx x86-64-linux-avx2 target || fail "target here: $(cat target)"
$emulator ./there > there.txt 2> target || fail "RedNet-26 under QEMU: $(cat target)"
grep -qx arm-64-linux target || fail "target under QEMU: $(cat target)"
cmp here.txt there.txt || fail "logits of RedNet-26"
[ "$(sort -u here.txt | wc -l)" -gt 900 ] || fail "logits do not differ from each other"
grep -q 'NEON is in every 64-bit ARM CPU' arm-64-linux/net/README.md || fail "README.md"

library arm-64-linux digits --model rednet-digits --embed
library arm-64-linux window --op aggregation --kernel 5 --group-channels 8
wrapped="-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc"
wrapped="$wrapped,--wrap=posix_memalign"
for linked in "" "-static -Wl,--eh-frame-hdr"; do
    # shellcheck disable=SC2086
    $arm_compiler $flags $wrapped $linked -Iarm-64-linux/digits -Iarm-64-linux/window alone.c -o alone \
        arm-64-linux/digits/libdigits.a arm-64-linux/window/libwindow.a $libraries 2> log ||
        fail "two libraries, $linked: $(cat log)"
    $emulator ./alone || fail "two libraries in one program, $linked"
done
for name in digits window; do
    shown=$(aarch64-linux-gnu-nm -g --defined-only "arm-64-linux/$name/lib$name.a" |
        awk 'NF == 3 { print $3 }' | sort | xargs)
    wanted="${name}_create ${name}_destroy ${name}_message ${name}_run ${name}_target"
    [ "$shown" = "$wanted" ] || fail "lib$name.a shows $shown"
done
echo "all is well"
