#!/usr/bin/env bash
# Devices, without one: OpenCL on PoCL; CUDA on the stand-in driver of tests/mockcuda, or where
# DEVICE is `card` on a real one. Exit code 77, with the reason, where the device does not answer.
#   devices.sh BUILD_FOLDER DEVICE TASK      DEVICE: opencl, cuda, cuda-reverse, card
#   TASK: verify FILE | kernels | networks | errors | mutants
set -euo pipefail
build=$(realpath "$1") device=$2 task=$3
here=$(cd "$(dirname "$0")" && pwd)
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
    "$involute" run "$here"/../../examples/images/*.png --top 1 --json --isa "$isa" > "$folder/pictures.json"
    python3 - "$folder/pictures.json" << 'PYTHON'
import json, os, sys
rows = json.load(open(sys.argv[1]))
right = sum(str(row["top"][0]["label"]) == os.path.basename(row["file"])[0] for row in rows)
print(f"{right} of {len(rows)} digits")
sys.exit(right < 19)
PYTHON
    ;;
errors)
    verify=("$involute" verify "$here/../reference/tiny.safetensors")
    OCL_ICD_VENDORS=/nonexistent expect 3 "isa opencl" "${verify[@]}" --isa opencl
    LD_LIBRARY_PATH= expect 3 "isa cuda: no driver" "${verify[@]}" --isa cuda
    [ "$device" = cuda ] || exit 0
    MOCKCUDA_NO_DEVICE=1 expect 3 "no device" "${verify[@]}" --isa cuda
    MOCKCUDA_FAIL=cuCtxCreate_v2 expect 3 "isa cuda" "${verify[@]}" --isa cuda
    MOCKCUDA_FAIL=cuLaunchKernel expect 3 "CUDA_ERROR_LAUNCH_FAILED" "${verify[@]}" --isa cuda
    MOCKCUDA_MEMORY=1000000 expect 3 "bytes beside" "${verify[@]}" --isa cuda
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
        if MOCKCUDA_MUTANT=$mutant "$tests" --gtest_filter='*DeviceKernels*conv2d:*DeviceKernels*aggregation' \
            > "$folder/$mutant.log" 2>&1; then
            echo "FAILED: mutant $mutant was not found out"
            exit 1
        fi
        echo "mutant $mutant: $(grep -m 1 -E 'mockcuda:|value [0-9]+ of|wrote|kernel error' "$folder/$mutant.log")"
    done
    ;;
esac
