#!/usr/bin/env bash
# Devices, without one: OpenCL on PoCL; CUDA on the stand-in driver of tests/mockcuda, or where
# DEVICE is `card` on a real one. Exit code 77, with the reason, where the device does not answer.
#   devices.sh BUILD_FOLDER DEVICE TASK      DEVICE: opencl, cuda, cuda-reverse, card
#   TASK: verify FILE | kernels | networks | compiled | errors | mutants
set -euo pipefail
build=$(realpath "$1") device=$2 task=$3
here=$(cd "$(dirname "$0")" && pwd)
source=$(realpath "$here/../..")
folder=$build/devices-$device-$task
mkdir -p "$folder"
involute=$build/involute tests=$build/involute_gpu_tests
isa=opencl
case $device in
opencl) export POCL_CACHE_DIR=$build/pocl-cache ;;
cuda | cuda-reverse)
    isa=cuda
    export LD_LIBRARY_PATH=$build/mockcuda
    [ "$device" = cuda ] || export MOCKCUDA_ORDER=reverse
    ;;
card) isa=cuda ;;
esac
export INVOLUTE_DEVICE=$isa

skip_unless_it_answers() {
    local status=0
    "$involute" verify "$here/../reference/tiny.safetensors" --isa "$isa" --filter even/logits \
        > "$folder/first.log" 2>&1 || status=$?
    if [ $status = 3 ]; then
        echo "SKIPPED: $(tail -n 1 "$folder/first.log")"
        exit 77
    fi
}

# A command that must fail with this exit code and say this.
expect() { # code text command...
    local code=$1 text=$2 status=0
    shift 2
    "$@" > "$folder/expected.log" 2>&1 || status=$?
    if [ $status != "$code" ] || ! grep -q "$text" "$folder/expected.log"; then
        echo "FAILED: $*: exit code $status, expected $code and \"$text\"; it printed:"
        cat "$folder/expected.log"
        exit 1
    fi
    echo "as expected, exit code $status: $(grep -m 1 "$text" "$folder/expected.log")"
}

case $task in
verify)
    skip_unless_it_answers
    "$involute" verify "$4" --isa "$isa"
    ;;
kernels)
    skip_unless_it_answers
    "$tests"
    ;;
networks) # the whole of RedNet-26 against the CPU, and pictures
    skip_unless_it_answers
    python3 - "$involute" "$isa" "$folder" << 'PYTHON'
import json, struct, subprocess, sys
involute, isa, folder = sys.argv[1:]
values = [((i * 7919) % 2001 - 1000) / 500 for i in range(3 * 224 * 224)]
head = json.dumps({"input": {"dtype": "F32", "shape": [1, 3, 224, 224],
                             "data_offsets": [0, 4 * len(values)]}}).encode()
with open(f"{folder}/in.safetensors", "wb") as file:
    file.write(struct.pack("<Q", len(head)) + head + struct.pack(f"<{len(values)}f", *values))
logits = []
for name in (isa, "baseline"):
    out = f"{folder}/{name}.safetensors"
    subprocess.run([involute, "run", "--model", "rednet26", "--tensor", f"{folder}/in.safetensors",
                    "--output", out, "--isa", name], check=True, stdout=subprocess.DEVNULL)
    with open(out, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    logits.append(struct.unpack(f"<{(len(data) - start) // 4}f", data[start:]))
largest = max(map(abs, logits[1]))
worst = max(abs(a - b) for a, b in zip(*logits))
print(f"rednet26, {len(logits[0])} logits: {worst / largest:.2e} of the largest apart from the CPU")
sys.exit(len(logits[0]) != len(logits[1]) or not worst <= 1e-5 * largest)
PYTHON
    "$involute" bench --isa "$isa" --op involution --channels 64 --stride 2 --size 14x14 --iterations 3 \
        --profile --json > "$folder/bench.json"
    "$involute" bench --isa "$isa" --op involution --channels 64 --iterations 3 --profile | grep "all layers"
    python3 - "$folder/bench.json" << 'PYTHON'
import json, sys
network, layer = json.load(open(sys.argv[1]))
print(f"bench: {network['ms_median']:.3f} ms, copies {network['copy_ms']:.3f}")
sys.exit(not (network["copy_ms"] > 0 and layer["ms_median"] > 0 and layer["warm_ms"] is None))
PYTHON
    "$involute" run "$here"/../../examples/images/*.png --top 1 --json --isa "$isa" > "$folder/pictures.json"
    python3 - "$folder/pictures.json" << 'PYTHON'
import json, os, sys
rows = json.load(open(sys.argv[1]))
right = sum(str(row["top"][0]["label"]) == os.path.basename(row["file"])[0] for row in rows)
print(f"{right} of {len(rows)} digits")
sys.exit(right < 19)
PYTHON
    ;;
compiled) # libraries of `involute compile`, called from C beside libinvolute on the CPU
    skip_unless_it_answers
    cd "$folder"
    flags="-std=c11 -D_POSIX_C_SOURCE=200809L -O1 -Wall -Wextra -Werror -I$here/compiled"
    libinvolute="-I$source/runtime/include -L$build -linvolute -Wl,-rpath,$build"
    # same KIND DEFINES OPTIONS ARCHITECTURE CHANNELS BATCH HEIGHT WIDTH
    same() {
        local kind=$1 defines=$2 options=$3
        shift 3
        # shellcheck disable=SC2086 # options are words
        "$involute" compile --op "$kind" $options --target "x86-64-linux-$isa" -o "$kind" > log 2>&1 ||
            { cat log; exit 1; }
        # shellcheck disable=SC2086
        cc $flags -I"$kind" -DNAME="$kind" $defines -DTOLERANCE=3e-5f -include "of_$kind.h" \
            "$here/compiled/operator.c" -o "run-$kind" "$kind/lib$kind.a" -pthread -lm $libinvolute
        "./run-$kind" "$@" 1 | tee log
        grep -q "$kind: x86-64-linux-$isa, " log
    }
    same involution "-DK=5 -DGC=8 -DSTRIDE=1" "--kernel 5 --group-channels 8" \
        '{"kind":"involution","channels":40,"kernel":5,"group_channels":8}' 40 2 13 19
    same involution "-DK=7 -DGC=16 -DSTRIDE=2" "--kernel 7 --stride 2 --channels 64 --size 13x19 --batch 2" \
        '{"kind":"involution","channels":64,"kernel":7,"stride":2}' 64 2 13 19
    same aggregation "-DK=7 -DGC=16 -DSTRIDE=2" "--kernel 7 --stride 2 --channels 48 --size 13x19 --batch 2" \
        '{"kind":"aggregation","channels":48,"kernel":7,"stride":2}' 48 2 13 19
    same conv2d "-DK=3 -DOC=32 -DSTRIDE=2" \
        "--kernel 3 --channels 16 --out-channels 32 --stride 2 --size 15x21 --batch 2" \
        '{"kind":"conv2d","channels":16,"out_channels":32,"kernel":3,"stride":2}' 16 2 15 21
    same aggregation_grad_weight "-DK=5 -DGC=8 -DSTRIDE=2" "--kernel 5 --stride 2 --group-channels 8" \
        '{"kind":"aggregation_grad_weight","channels":24,"kernel":5,"stride":2,"group_channels":8}' 24 2 9 11
    "$involute" compile --model rednet-digits --embed --target "x86-64-linux,x86-64-linux-$isa" \
        -o digits --name digits > log 2>&1 || { cat log; exit 1; }
    # shellcheck disable=SC2086
    cc $flags -Idigits "$here/compiled/network.c" -o network digits/libdigits.a -pthread -lm $libinvolute
    ./network classify "$source/models/rednet-digits.safetensors" "$source"/examples/images/*.png > got
    printf '%s\n' "$source"/examples/images/*.png | sed 's|.*/||; s|_.*||' > expected
    cmp got expected
    grep -q "x86-64-linux-$isa" digits/README.md
    [ "$device" != card ] || exit 0
    # Where the device does not answer: the CPU's variant, or words.
    export LD_LIBRARY_PATH='' OCL_ICD_VENDORS=/nonexistent
    ./network classify "$source/models/rednet-digits.safetensors" "$source"/examples/images/*.png > got
    cmp got expected
    expect 1 "create: isa $isa" ./run-conv2d \
        '{"kind":"conv2d","channels":16,"out_channels":32,"kernel":3,"stride":2}' 16 2 15 21 1
    expect 2 "expected hand for --target x86-64-linux-$isa" \
        "$involute" compile --op softmax --kernel 3 --target "x86-64-linux-$isa" --schedule naive -o none
    ;;
errors)
    verify=("$involute" verify "$here/../reference/tiny.safetensors")
    OCL_ICD_VENDORS=/nonexistent expect 3 "isa opencl" "${verify[@]}" --isa opencl
    LD_LIBRARY_PATH= expect 3 "isa cuda: no driver" "${verify[@]}" --isa cuda
    [ "$device" = cuda ] || exit 0
    MOCKCUDA_NO_DEVICE=1 expect 3 "no device" "${verify[@]}" --isa cuda
    MOCKCUDA_FAIL=cuDevicePrimaryCtxRetain expect 3 "isa cuda" "${verify[@]}" --isa cuda
    MOCKCUDA_FAIL=cuLaunchKernel expect 3 "CUDA_ERROR_LAUNCH_FAILED" "${verify[@]}" --isa cuda
    MOCKCUDA_MEMORY=1000000 expect 3 "of this object, the device has [0-9]* of 1000000 bytes free" "${verify[@]}" --isa cuda
    # The driver's own compiler has enough of the registers that it is given, and of fewer it has not.
    ptxas=$(python3 -c "import sys; sys.path.append('$here/../perf/cuda'); import sass; print(sass.find('ptxas') or '')")
    if [ -n "$ptxas" ]; then
        export PATH=$(dirname "$ptxas"):$PATH
        MOCKCUDA_PTXAS=sm_90 "${verify[@]}" --isa cuda
        MOCKCUDA_PTXAS=sm_90 HL_CUDA_JIT_MAX_REGISTERS=32 expect 3 "INVALID_PTX" "${verify[@]}" --isa cuda
    fi
    # The same inside of a process, which then computes on the CPU.
    lives_on() { # text setting...
        local text=$1
        shift
        env "$@" INVOLUTE_EXPECTED="$text" "$tests" --gtest_filter='*TheProcessLivesOn' \
            > "$folder/lives.log" 2>&1 || { cat "$folder/lives.log"; exit 1; }
        echo "the process lives on: $*"
    }
    lives_on "no driver" LD_LIBRARY_PATH=
    lives_on "LAUNCH_FAILED" MOCKCUDA_FAIL=cuLaunchKernel
    lives_on "cuMemAlloc" MOCKCUDA_FAIL=cuMemAlloc_v2
    lives_on "ILLEGAL_ADDRESS" MOCKCUDA_MUTANT=halo
    ;;
mutants) # faults that the tests must find out
    skip_unless_it_answers
    for mutant in guard tail barrier stride halo; do
        if MOCKCUDA_MUTANT=$mutant "$tests" --gtest_fail_fast \
            --gtest_filter='*DeviceKernels*conv2d:*DeviceKernels*aggregation' \
            > "$folder/$mutant.log" 2>&1; then
            echo "FAILED: mutant $mutant was not found out"
            exit 1
        fi
        echo "mutant $mutant: $(grep -m 1 -E 'mockcuda:|value [0-9]+ of|wrote|kernel error' "$folder/$mutant.log")"
    done
    ;;
esac
