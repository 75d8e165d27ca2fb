#!/usr/bin/env bash
# `involute verify` on ARM, under QEMU: every result within its bound, and with the bits that AVX2 has.
#   verify_arm.sh BUILD_FOLDER ARM_BUILD_FOLDER FILE
set -euo pipefail
command -v qemu-aarch64 > /dev/null || {
    echo "skipped: qemu-aarch64 is missing (apt-get install qemu-user)"
    exit 77
}
[ -x "$2/involute" ] || {
    echo "skipped: $2/involute is missing (cmake --preset aarch64; cmake --build --preset aarch64)"
    exit 77
}
grep -q avx2 /proc/cpuinfo || {
    echo "skipped: this CPU has no AVX2 to compare with"
    exit 77
}
unset INVOLUTE_MAX_ISA
folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-verify-XXXXXX")
trap 'rm -rf "$folder"' EXIT
"$1/involute" verify "$3" --isa avx2 --json > "$folder/avx2.json"
qemu-aarch64 -L /usr/aarch64-linux-gnu "$2/involute" verify "$3" --json > "$folder/neon.json" || {
    cat "$folder/neon.json" >&2
    exit 1
}
python3 - "$folder" << 'PYTHON'
import json, sys
here, there = (json.load(open(f"{sys.argv[1]}/{isa}.json")) for isa in ("avx2", "neon"))
bits = [{(row["tensor"], row["threads"]): row["bits"] for row in report["results"]}
        for report in (here, there)]
differ = sorted(key for key in bits[0].keys() | bits[1].keys()
                if bits[0].get(key) != bits[1].get(key))
for tensor, _ in differ:
    print(f"{tensor}: not the bits of AVX2")
print(f"ARM: {there['passed']} passed, {there['failed']} failed;"
      f" {len(bits[1]) - len(differ)} results with the bits of AVX2, {len(differ)} with others")
sys.exit(bool(differ) or not bits[1])
PYTHON
