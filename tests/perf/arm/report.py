#!/usr/bin/env python3
"""How near the NEON kernels are to the limit, without an ARM machine: executed instructions by
class (QEMU with instruction_mix.c), and the share of the multiply-adders that llvm-mca gives their
hot loops on Neoverse-N1 and V2.

    tests/perf/arm/report.py [--check | --write]     in the source folder, after
    cmake --preset aarch64 && cmake --build --preset aarch64

Without an option the table is printed. --write makes docs/results/arm.md and the pins
(tests/perf/arm/pins.json) of it, --check compares with the pins: counts are exact, and may neither
rise by more than 1% nor fall by more without new pins. Exit code 77 where QEMU is missing.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
LANES = 4
SLACK = 0.01

# Cases of tests/perf/counted: products, windows, involutions and aggregations at RedNet's sizes and
# at widths that no tile divides.
CASES = [
    "conv2d/k1s1/64-256/56x56", "conv2d/k1s1/512-128/28x28", "conv2d/k1s1/1024-256/14x14",
    "conv2d/k1s1/2048-512/7x7", "conv2d/k1s2/256-512/56x56", "conv2d/k3s1/256-256/14x14",
    "involution/k7s1/64/56x56/h16", "involution/k7s1/128/28x28/h32",
    "involution/k7s1/256/14x14/h64", "involution/k7s1/512/7x7/h128",
    "involution/k7s2/128/56x56/h32", "involution/k3s1/32/112x112/h8",
    "involution/k7s1/64/13x13/h16", "involution/k7s1/64/20x20/h16", "involution/k7s1/64/57x57/h16",
    "kernel_generation/k7s1/128/14x14/h32", "aggregation/k7s1/128/14x14",
    "aggregation/k3s1/128/14x14", "aggregation_grad_input/k7s1/128/14x14",
    "aggregation_grad_weight/k7s1/128/14x14",
]
ROWS = ["conv2d_point", "conv2d_strided", "conv2d_window", "kernel_generation_s1",
        "aggregation_k7_s1", "aggregation_k3_s1", "aggregation_grad_input_k7_s1",
        "aggregation_grad_weight_k7_s1", "dense"]
# Floating-point operations a cycle with all multiply-adders at work.
CORES = {"neoverse-n1": 16, "neoverse-v2": 32}


def run(words, **options):
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def emulator(*arguments):
    return ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", *arguments]


def mixes(build, folder):
    """Of every case its row, its multiply-adds and the executed instructions by class."""
    plugin = os.path.join(folder, "libmix.so")
    run(["gcc", "-O2", "-shared", "-fPIC", os.path.join(HERE, "instruction_mix.c"), "-o", plugin])
    program = os.path.join(build, "perf", "involute_counted_kernels")
    listed = run(emulator(program, "--isa", "neon", "--list")).stdout.split("\n")
    known = {line.split()[1]: line.split()[2:] for line in listed if line.startswith("case ")}
    found = {}
    for case in CASES:
        if case not in known:
            sys.exit(f"case {case}: not among those of {program} --list")
        # A session runs its kernels once when it is made: what a second run adds is one run's.
        one, two = (json.loads(run(emulator(
            "-plugin", f"{plugin},symbol=inv_", program, "--isa", "neon", "--filter", case,
            "--exact", "--runs", runs)).stderr.strip().split("\n")[-1]) for runs in ("1", "2"))
        counts = {name: two[name] - one[name] for name in one}
        if counts["unknown"]:
            sys.exit(f"case {case}: {counts['unknown']} instructions that QEMU cannot name")
        found[case] = {"row": known[case][0], "macs": int(known[case][1]), **counts}
    return found


def innermost_loops(lines):
    places = {}
    for i, line in enumerate(lines):
        label = re.match(r"(\.L\w+):", line)
        if label:
            places[label[1]] = i
    loops = []
    for i, line in enumerate(lines):
        jump = re.match(r"\s+(?:b\.\w+|cbn?z\s+\w+,|tbn?z\s+\w+,\s*#\d+,)\s*(\.L\w+)", line)
        if jump and places.get(jump[1], i) < i:
            loops.append((places[jump[1]], i))
    return [a for a in loops if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]


def instructions(lines):
    return [line.split("//")[0].rstrip() for line in lines if re.match(r"\s+[a-z]", line)]


def multiply_adds(body):
    return sum(bool(re.match(r"\s+fml[as]\s+v\d+\.4s", line)) for line in body)


def pipeline(emit, folder, row, mca):
    """The loop with most multiply-adds of a row, and its share of those of each core."""
    run([emit, "--row", row, "--isa", "neon", "--outputs", "assembly", "--out", folder])
    with open(os.path.join(folder, f"inv_{row}_f32__neon_hand.s")) as file:
        lines = file.read().split("\n")
    body = max((instructions(lines[a + 1:b + 1]) for a, b in innermost_loops(lines)),
               key=multiply_adds)
    found = {"instructions": len(body), "fma": multiply_adds(body),
             "stores": sum(bool(re.match(r"\s+st", line)) for line in body)}
    for core, peak in CORES.items():
        told = run([mca, "-mtriple=aarch64-linux-gnu", f"-mcpu={core}", "-iterations=100",
                    "-instruction-info=0"], input="\n".join(body[:-1]) + "\n").stdout
        cycles = int(re.search(r"Total Cycles:\s+(\d+)", told)[1]) / 100
        found[core] = round(found["fma"] * 2 * LANES / cycles / peak, 3)
    return found


HEAD = """# NEON kernels without an ARM machine

Executed instructions of one call are counted by QEMU and exact; shares of a core's multiply-adders
are what llvm-mca gives the hot loop alone, without caches. Written by
`tests/perf/arm/report.py --write`.

## Executed instructions

The least number of multiply-adds is that of the definition, four to an instruction. Involutions
pad their kernel columns to whole blocks besides.

| case | row | multiply-adds | over the least | instructions each | stores each |
|---|---|---|---|---|---|
"""


def page(result):
    text = HEAD
    for case, counts in result["mixes"].items():
        least = counts["macs"] / LANES
        text += (f"| {case} | {counts['row']} | {counts['fma']:,} |"
                 f" {100 * (counts['fma'] / least - 1):.1f}% |"
                 f" {counts['total'] / max(1, counts['fma']):.2f} |"
                 f" {counts['store'] / max(1, counts['fma']):.3f} |\n")
    text += ("\n## Hot loops\n\n| row | instructions | multiply-adds | stores | "
             + " | ".join(CORES) + " |\n|---|---|---|---|" + "---|" * len(CORES) + "\n")
    for row, loop in result["loops"].items():
        text += (f"| {row} | {loop['instructions']} | {loop['fma']} | {loop['stores']} | "
                 + " | ".join(f"{100 * loop[core]:.1f}%" for core in CORES) + " |\n")
    return text


def differences(result, pins):
    wrong = []
    for case, pinned in pins["mixes"].items():
        for what in ("total", "fma", "store"):
            now, then = result["mixes"][case][what], pinned[what]
            if abs(now - then) > SLACK * then:
                wrong.append(f"{case}: {what} {now}, pinned {then}")
    for row, pinned in pins["loops"].items():
        for core in CORES:
            now, then = result["loops"][row][core], pinned[core]
            if now < then - SLACK:
                wrong.append(f"{row}: {core} {now}, pinned {then}")
        if result["loops"][row]["stores"] > pinned["stores"]:
            wrong.append(f"{row}: {result['loops'][row]['stores']} stores in the hot loop, pinned"
                         f" {pinned['stores']}: registers are spilled")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build/aarch64"))
    parser.add_argument("--emit", default=os.path.join(ROOT, "build/release/emit/involute_emit"))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    mca = shutil.which("llvm-mca-19") or shutil.which("llvm-mca")
    if not shutil.which("qemu-aarch64") or not mca:
        print("qemu-aarch64 or llvm-mca is missing: apt-get install qemu-user llvm-19")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        result = {"mixes": mixes(options.build, folder),
                  "loops": {row: pipeline(options.emit, folder, row, mca) for row in ROWS}}
    pins_file = os.path.join(HERE, "pins.json")
    if options.write:
        with open(pins_file, "w") as file:
            json.dump(result, file, indent=1)
            file.write("\n")
        with open(os.path.join(ROOT, "docs/results/arm.md"), "w") as file:
            file.write(page(result))
    elif options.check:
        with open(pins_file) as file:
            wrong = differences(result, json.load(file))
        print("\n".join(wrong) or "as pinned")
        return 1 if wrong else 0
    else:
        print(page(result), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
