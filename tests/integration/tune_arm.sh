#!/usr/bin/env bash
# A search for ARM without such a machine: candidates are built here, checked and counted under QEMU;
# the same count twice, wisdom that says what it was found by, and no search by time.
#   tune_arm.sh BUILD_FOLDER ARM_BUILD_FOLDER
set -euo pipefail
. "$(dirname "$0")/arm.sh"
require "$2/involute" involute_command
build=$(realpath "$1") arm=$(realpath "$2")
own_folder tune-arm
export INVOLUTE_EMIT=$build/emit/involute_emit
$emulator "$arm/involute" tune --help > log 2>&1 ||
    skip "that build has no tuner (docs/tuning.md: SQLite for ARM)"
options="--op conv2d --kernel 1 --channels 64 --out-channels 64 --size 14x14 --threads 1"
# shellcheck disable=SC2086 # options are words
! $emulator "$arm/involute" tune $options --wisdom time.json > log 2>&1 || fail "times were searched"
grep -q 'times mean nothing' log || fail "$(cat log)"
for name in first second; do
    # shellcheck disable=SC2086
    $emulator "$arm/involute" tune $options --cost instructions --trials 8 --wisdom $name.json \
        > log 2>&1 || fail "$(cat log)"
    grep -q ', 0 rejected' log || fail "$(cat log)"
done
python3 - << 'PYTHON'
import json, sqlite3
trials = [sqlite3.connect(f"{name}.history.sqlite").execute(
    "select knobs, median, incumbent from trials where stage = 'search' order by knobs").fetchall()
    for name in ("first", "second")]
assert trials[0] == trials[1], "counts are not exact"
assert len({median for _, median, _ in trials[0]}) > 4, trials
wisdom = json.load(open("first.json"))
assert wisdom["cpu"]["family"] == "aarch64-emulated", wisdom["cpu"]
for entry in wisdom["entries"]:
    assert entry["cost"] == "instructions" and entry["key"]["isa"] == "neon", entry
print(f"{len(trials[0])} trials, {min(m / i for _, m, i in trials[0]):.3f} of the hand schedule's")
PYTHON
