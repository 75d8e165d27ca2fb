# Sourced by the tests that run programs for ARM under QEMU.
emulator="qemu-aarch64 -L /usr/aarch64-linux-gnu -E LD_LIBRARY_PATH=/usr/aarch64-linux-gnu/lib"
arm_compiler=aarch64-linux-gnu-gcc

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# require FILE TARGET: that the preset aarch64 builds with this target; and what runs it. Bits are
# those of AVX2, without whose fused multiply-adds they are others.
require() {
    local program
    for program in qemu-aarch64 $arm_compiler; do
        command -v "$program" > /dev/null ||
            skip "$program is missing (apt-get install g++-aarch64-linux-gnu qemu-user)"
    done
    [ -e "$1" ] ||
        skip "$1 is missing (cmake --preset aarch64; cmake --build --preset aarch64 --target $2)"
    grep -q avx2 /proc/cpuinfo || skip "this CPU has no AVX2 to compare with"
    unset INVOLUTE_MAX_ISA CC
}

# Enters a folder that is gone at the end, named NAME.
own_folder() {
    folder=$(mktemp -d "${TMPDIR:-/tmp}/involute-$1-XXXXXX")
    trap 'rm -rf "$folder"' EXIT
    cd "$folder"
}
