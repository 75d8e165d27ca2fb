#!/usr/bin/env python3
"""Records sweeps: every legal point of four spaces, measured once by `involute tune --effort
exhaustive`, as files that tests replay searches on. Wants a quiet machine with AVX-512 for about an
hour; goes on where it was stopped.

    tests/autotune/sweeps/record.py build/release/involute FOLDER [NAME ...]
"""
import json
import os
import sqlite3
import subprocess
import sys

SPACES = {
    "conv2d_avx512": "--op conv2d --kernel 1 --channels 64 --out-channels 256 --size 28x28"
                     " --isa avx512 --knob tile=1..14 --knob task_pixels=0|98|392"
                     " --knob task_blocks=0|2|8",
    "conv2d_avx2": "--op conv2d --kernel 1 --channels 64 --out-channels 256 --size 28x28"
                   " --isa avx2 --knob task_blocks=0|4|16",
    "involution_avx512": "--op involution --kernel 7 --channels 64 --size 20x20 --isa avx512"
                         " --knob pixels=4|6|7|8|10|12|14 --knob unroll_taps=1 --knob prefetch=1"
                         " --knob task_rows=0 --knob block_rows=0|5|20 --knob unroll_k=2|8",
    "involution_avx2": "--op involution --kernel 7 --channels 64 --size 20x20 --isa avx2"
                       " --knob unroll_taps=1 --knob prefetch=1 --knob task_rows=0",
}


def record(program, folder, name):
    tune = [program, "tune", *SPACES[name].split()]
    wisdom = os.path.join(folder, name + ".wisdom.json")
    space = json.loads(subprocess.check_output([*tune, "--dry-run", "--json"]))[0]
    for _ in range(2):  # the second time what was noisy
        subprocess.check_call([*tune, "--effort", "exhaustive", "--resume", "--wisdom", wisdom])
    database = sqlite3.connect(os.path.join(folder, name + ".wisdom.history.sqlite"))
    trials = database.execute(
        "select knobs, outcome, ratio from trials where stage = 'search' order by rowid"
    ).fetchall()
    names = [knob for knob in space["knobs"]]
    usual = json.loads(trials[0][0])  # the search begins there
    costs = {}
    for knobs, outcome, ratio in trials:  # of two trials the later counts
        values = json.loads(knobs)
        costs[tuple(values[knob] for knob in names)] = round(ratio, 5) if outcome == "ok" else None
    points = [[*values, cost] for values, cost in sorted(costs.items())]
    with open(os.path.join(folder, name + ".json"), "w") as file:
        file.write(json.dumps({
            "key": space["key"],
            "knobs": [{"name": knob, "values": space["knobs"][knob]} for knob in names],
            "usual": [usual[knob] for knob in names],
        })[:-1] + ', "points": [\n')
        file.write(",\n".join(json.dumps(point) for point in points))
        file.write("\n]}\n")
    rejected = sum(point[-1] is None for point in points)
    print(f"{name}: {len(points)} points, {rejected} rejected,"
          f" best {min(p[-1] for p in points if p[-1]):.3f} of the hand schedule's time")


if __name__ == "__main__":
    for wanted in sys.argv[3:] or SPACES:
        record(sys.argv[1], sys.argv[2], wanted)
