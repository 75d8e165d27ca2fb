#!/usr/bin/env bash
# RedNet-26 has the same bits on x86 with every instruction set and on ARM: logits and the features of
# all stages of one input, of 224x224, whose hash is pinned (tests/determinism/rednet26.sha256;
# --refresh writes it anew, which a new version of Halide may need).
#   same_bits_arm.sh SOURCE_FOLDER BUILD_FOLDER ARM_BUILD_FOLDER [--refresh]
set -euo pipefail
source=$(cd "$1" && pwd)
build=$(cd "$2" && pwd)
arm=$(realpath "$3")/involute
pinned=$source/tests/determinism/rednet26.sha256
. "$source/tests/integration/arm.sh"
require "$arm" involute_command
own_folder same-bits

python3 - in.safetensors << 'PYTHON'
import json, struct, sys
count, state, values = 3 * 224 * 224, 1, []
for _ in range(count):
    state = (state * 1664525 + 1013904223) % 2**32
    values.append((state >> 8) / 2**24 * 4 - 2)
header = json.dumps({"input": {"dtype": "F32", "shape": [1, 3, 224, 224],
                               "data_offsets": [0, 4 * count]}}).encode()
header += b" " * (-len(header) % 8)
with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<Q", len(header)) + header + struct.pack(f"<{count}f", *values))
PYTHON

# hash COMMAND...: of what the command writes
hash() {
    "$@" run --model rednet26 --weights synthetic --tensor in.safetensors --features \
        --output out.safetensors > log 2>&1 || fail "$(cat log)"
    sha256sum < out.safetensors | cut -d' ' -f1
    rm out.safetensors
}

found=$(hash "$build/involute")
if [ "${4:-}" = --refresh ]; then
    echo "$found" > "$pinned"
fi
want=$(cat "$pinned")
status=0
tell() {
    echo "$1: $2"
    [ "$2" = "$want" ] || status=1
}
tell "x86, the best of this CPU" "$found"
tell "x86, avx2" "$(INVOLUTE_MAX_ISA=avx2 hash "$build/involute")"
tell "ARM under QEMU, neon" "$(hash $emulator "$arm")"
[ $status = 0 ] || fail "pinned is $want"
