#!/usr/bin/env bash
# `involute verify` on ARM, under QEMU: every result within its bound, and with the bits that AVX2 has.
#   verify_arm.sh BUILD_FOLDER ARM_BUILD_FOLDER FILE
set -euo pipefail
. "$(dirname "$0")/arm.sh"
require "$2/involute" involute_command
build=$(realpath "$1") arm=$(realpath "$2") file=$(realpath "$3")
own_folder verify-arm
"$build/involute" verify "$file" --isa avx2 --json > avx2.json
$emulator "$arm/involute" verify "$file" --json > neon.json || fail "$(cat neon.json)"
python3 - << 'PYTHON'
import json, sys
here, there = (json.load(open(f"{isa}.json")) for isa in ("avx2", "neon"))
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
