#!/usr/bin/env bash
# `involute verify` on ARM, under QEMU.
#   verify_arm.sh ARM_BUILD_FOLDER FILE
set -euo pipefail
command -v qemu-aarch64 > /dev/null || {
    echo "skipped: qemu-aarch64 is missing (apt-get install qemu-user)"
    exit 77
}
[ -x "$1/involute" ] || {
    echo "skipped: $1/involute is missing (cmake --preset aarch64; cmake --build --preset aarch64)"
    exit 77
}
unset INVOLUTE_MAX_ISA
exec qemu-aarch64 -L /usr/aarch64-linux-gnu "$1/involute" verify "$2"
