#!/usr/bin/env python3
"""How near kernels are to the limit, without the machine: executed NEON instructions by class
(QEMU, mixes.py), the share of the multiply-adders that llvm-mca gives the hot loops (hot_loops.py),
and, of both, the predicted share of peak of whole networks on ARM.

    tests/perf/limits/report.py [--check | --write]     in the source folder, after
    cmake --preset aarch64 && cmake --build --preset aarch64 --target involute_counted_kernels

Without an option the table of ARM is printed. --write makes docs/results/arm.md, the last section
of docs/results/x86.md and the pins (pins.json) anew, which takes minutes; --check counts the pinned
cases and compares: counts are exact and may not move by more than 1% without new pins. It must find
out schedules that spill, too. Exit code 77 where a program is missing.
"""
import argparse
import json
import os
import re
import shutil
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.dirname(HERE))

from hot_loops import Pipelines, run
from markdown import table
from mixes import Mixes

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PINS = os.path.join(HERE, "pins.json")
LANES = 4
SLACK = 0.01

# Cases of tests/perf/counted that the gate counts: products, windows, involutions, aggregations and
# gradients at RedNet's sizes and at widths that no tile divides.
PINNED = [
    "conv2d/k1s1/512-128/28x28", "conv2d/k1s1/2048-512/7x7", "conv2d/k3s1/256-256/14x14",
    "involution/k7s1/128/28x28/h32", "involution/k7s1/512/7x7/h128",
    "involution/k7s2/512/14x14/h128", "involution/k3s1/32/112x112/h8",
    "involution/k7s1/64/13x13/h16", "involution/k7s1/64/20x20/h16",
    "kernel_generation/k7s1/128/14x14/h32", "aggregation/k7s1/128/14x14",
    "aggregation/k3s1/128/14x14", "aggregation_grad_input/k7s1/128/14x14",
    "aggregation_grad_weight/k7s1/128/14x14",
]
# Those that only --write counts, beside the layers of the networks.
OTHERS = ["involution/k7s1/64/57x57/h16", "conv2d/k3s1/64-64/56x56", "conv2d/k3s1/512-512/7x7"]
NETWORKS = ["rednet26", "rednet50"]
ROWS = ["conv2d_point", "conv2d_strided", "conv2d_window", "kernel_generation_s1",
        "aggregation_k7_s1", "aggregation_k7_sn", "aggregation_k3_s1",
        "aggregation_grad_input_k7_s1", "aggregation_grad_weight_k7_s1", "dense"]
# Tiles that registers would hold, but LLVM spills.
MUTANTS = {"conv2d_point": "tile=6,unroll_k=4", "kernel_generation_s1": "pixels=6",
           "aggregation_k7_s1": "tile=12"}
ARM_CORES = ["neoverse-n1", "neoverse-v2"]
# Instructions a cycle outside of hot loops: half of what the core can dispatch.
OUTSIDE = {"neoverse-n1": 2, "neoverse-v2": 4}
X86_CORES = {"avx2": ["haswell", "znver3"], "avx512": ["skylake-avx512", "znver4"]}
X86_ROWS = {"avx2": ROWS, "avx512": [row + "_n32" * (row in ("conv2d_point", "conv2d_strided",
                                                             "conv2d_window")) for row in ROWS]}


def case_of(layer):
    """What tests/perf/counted calls a layer of `involute info`."""
    shape, out = layer["input_shape"], layer["shape"]
    size, channels = "x".join(map(str, shape[2:])), layer["in_channels"]
    window = f"k{layer['kernel']}s{layer['stride']}"
    return {
        "conv2d": f"conv2d/{window}/{channels}-{out[1]}/{size}",
        "involution": f"involution/{window}/{channels}/{size}/h{layer['hidden']}",
        "max_pool": f"max_pool/{window}/{channels}/{size}",
        "global_pool": f"global_pool/{channels}/{size}",
        "dense": f"dense/{channels}-{layer['out_channels']}/1x1",
    }[layer["op"]]


def layers_of(command, network, known):
    """Of a network the case and the description of every layer that has a kernel."""
    told = json.loads(run([command, "info", "--model", network, "--size", "224x224", "--threads",
                           "1", "--isa", "baseline", "--json"]).stdout)
    layers = []
    for layer in told["layers"]:
        case = case_of(layer)
        layers.append((case if case in known else case + "/residual", layer))
    return layers


def products_share(layer):
    """Of an involution the share of its multiply-adds that make kernels."""
    pixels = layer["shape"][2] * layer["shape"][3]
    return 1 - layer["kernel"] ** 2 * layer["in_channels"] * pixels / layer["macs"]


def hot_loops_of(layer, loops):
    """The hot loops of a layer, each with its share of the multiply-adds."""
    if layer["op"] == "involution":
        products = products_share(layer)
        window = {(3, 1): "aggregation_k3_s1", (7, 1): "aggregation_k7_s1"}.get(
            (layer["kernel"], layer["stride"]), "aggregation_k7_sn")
        return [(products, loops["kernel_generation_s1"]), (1 - products, loops[window])]
    return [(1, loops[layer["row"]])] if layer["row"] in loops else []


def predicted(network, mixes, loops, peaks):
    """The share of each core's multiply-adders over all layers."""
    shares = {}
    for core in ARM_CORES:
        least = cycles = 0
        for case, layer in network:
            counts = mixes[case]
            rest = counts["total"]
            for share, loop in hot_loops_of(layer, loops):
                products = share * counts["fma"]
                rest -= products * loop["instructions"] / loop["fma"]
                cycles += products / peaks[core] / loop[core]
            cycles += max(0, rest) / OUTSIDE[core]
            least += counts["macs"] / LANES / peaks[core]
        shares[core] = round(least / cycles, 3)
    return shares


def percent(value):
    return f"{100 * value:.1f}%"


def output_vectors(case):
    """Vectors of the result of a case, from what it is called: op[/kKsS]/channels/HxW[/...]."""
    op, *parts = case.split("/")
    kernel, stride = 1, 1
    if parts[0].startswith("k"):
        kernel, stride = map(int, re.match(r"k(\d+)s(\d+)", parts.pop(0)).groups())
    channels = int(parts[0].split("-")[-1])
    height, width = (-(-int(size) // stride) for size in parts[1].split("x"))
    if op in ("kernel_generation", "aggregation_grad_weight"):
        channels = kernel * kernel * channels // 16
    pixels = 1 if op in ("global_pool", "dense") else height * width
    return channels * pixels / LANES


def mix_row(case, counts):
    least, fma = counts["macs"] / LANES, counts["fma"]
    each = [f"{counts['total'] / fma:.2f}"] if fma else [""]
    return [case, counts["row"], f"{fma:,}", percent(fma / least - 1) if fma else "", *each,
            f"{counts['store'] / output_vectors(case):.2f}"]


def loop_table(loops, cores):
    return table(["row", "instructions", "multiply-adds", "each", "stores", *cores],
                 [[row, str(loop["instructions"]), str(loop["fma"]),
                   f"{loop['instructions'] / loop['fma']:.2f}", str(loop["stores"]),
                   *(percent(loop[core]) for core in cores)] for row, loop in loops.items()])


def arm_page(result):
    outside = ", ".join(f"{OUTSIDE[core]} on {core}" for core in ARM_CORES)
    return f"""# NEON kernels without an ARM machine

Executed instructions of one call are counted by QEMU and exact; shares of a core's multiply-adders
are what llvm-mca gives the hot loop alone, without caches. Written by
`tests/perf/limits/report.py --write`.

## Whole networks, predicted

Multiply-adds of all layers (`involute info`) at the share that llvm-mca gives their hot loops, and
behind them the other executed instructions at half of what the core can dispatch a cycle
({outside}). Memory is left out.

{table(["network, 224x224", *ARM_CORES],
       [[name, *(percent(shares[core]) for core in ARM_CORES)]
        for name, shares in result["networks"].items()])}
## Executed instructions

The least number of multiply-adds is that of the definition, four to an instruction. Involutions pad
their kernel columns to whole blocks besides. Stores are counted for each vector of the result: one
writes it, another the copy with a border; an involution also stores hidden units and kernels.

{table(["case", "row", "multiply-adds", "over the least", "instructions each", "stores per output"],
       [mix_row(case, counts) for case, counts in result["mixes"].items()])}
## Hot loops

{loop_table(result["loops"], ARM_CORES)}
## Where it stays below the aims

Aims were 95% of the multiply-adders in every hot loop, and 1.8 instructions a multiply-add for the
aggregation of 7x7, 1.6 for fused involutions, 1.45 for 3x3 windows.

- Aggregation of a stride at run time: neighbouring pixels share no column that is known when the
  kernel is built, so each multiply-add loads its input. Networks take the row of stride 2.
- Aggregation 3x3: a tile of pixels has 3 taps a row to share its columns by; wider groups of
  accumulators would need another default than 7x7 has, and knobs do not see the window.
- dense: one load a multiply-add; memory bounds it on every machine.
- Gradient of kernels: 16 channels are summed by a tree of shuffles and additions for each tap, four
  instructions a result. LLVM schedules 49 taps at once and spills; a tree by pairwise additions, a
  loop over taps and barriers between them were tried and were slower or the same. Its limit is
  about half of the multiply-adders.
- Whole calls add the border's copy and the tails: 1.91 for the aggregation of 14x14 (its hot loop
  has 1.56), 1.69 for the involution of 64@56x56, 1.5 to 1.86 for stride 2.

Activations stored in half precision were not built.
"""


X86_SECTION = "## Hot loops by llvm-mca\n"


def x86_section(loops):
    text = X86_SECTION + """
The loop with most multiply-adds of a row by the hand schedule, and the share of a core's
multiply-adders that llvm-mca (LLVM 19) gives it, without caches. Written by
`tests/perf/limits/report.py --write`.
"""
    for isa, cores in X86_CORES.items():
        text += f"\n{isa}\n\n{loop_table(loops[isa], cores)}"
    return text


def changed_counts(mixes, pins):
    wrong = []
    for case, counts in mixes.items():
        for what in ("total", "fma", "store"):
            now, then = counts[what], pins[case][what]
            if abs(now - then) > SLACK * then:
                wrong.append(f"{case}: {what} {now}, pinned {then}")
    return wrong


def worse_loops(loops, pins):
    wrong = []
    for row, found in loops.items():
        pinned = pins[row]
        for core in ARM_CORES:
            if found[core] < pinned[core] - SLACK:
                wrong.append(f"{row}: {core} {found[core]}, pinned {pinned[core]}")
        if found["stores"] > pinned["stores"]:
            wrong.append(f"{row}: {found['stores']} stores in the hot loop, pinned"
                         f" {pinned['stores']}: registers are spilled")
    return wrong


def check(mixes, model, options, folder):
    with open(PINS) as file:
        pins = json.load(file)
    wrong = worse_loops({row: model.hot_loop(options.emit, folder, row) for row in ROWS},
                        pins["loops"])
    for row, knobs in MUTANTS.items():
        found = worse_loops({row: model.hot_loop(options.emit, folder, row, knobs)}, pins["loops"])
        print(f"mutant {row} {knobs}: " + (", ".join(found) or "not found out"))
        if not any("spilled" in line for line in found):
            wrong.append(f"{row} {knobs}: is not found out")
    wrong += changed_counts(mixes.of_all(PINNED), pins["mixes"])
    print("\n".join(wrong) or "as pinned")
    return 1 if wrong else 0


def write(result, x86):
    with open(PINS, "w") as file:
        json.dump({"mixes": {case: result["mixes"][case] for case in PINNED},
                   "loops": result["loops"]}, file, indent=1)
        file.write("\n")
    results = os.path.join(ROOT, "docs", "results")
    with open(os.path.join(results, "arm.md"), "w") as file:
        file.write(arm_page(result))
    path = os.path.join(results, "x86.md")
    with open(path) as file:
        text = file.read().split(X86_SECTION)[0].rstrip("\n") + "\n\n"
    with open(path, "w") as file:
        file.write(text + x86_section(x86))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    release = os.path.join(ROOT, "build/release")
    parser.add_argument("--build", default=os.path.join(ROOT, "build/aarch64"))
    parser.add_argument("--emit", default=os.path.join(release, "emit/involute_emit"))
    parser.add_argument("--command", default=os.path.join(release, "involute"))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    mca = shutil.which("llvm-mca-19") or shutil.which("llvm-mca")
    if not shutil.which("qemu-aarch64") or not mca:
        print("qemu-aarch64 or llvm-mca is missing: apt-get install qemu-user llvm-19")
        return 77
    if not os.path.exists(os.path.join(options.build, "perf", "involute_counted_kernels")):
        print("nothing was built for ARM: cmake --preset aarch64 &&"
              " cmake --build --preset aarch64 --target involute_counted_kernels")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        model = Pipelines(mca, "neon", ARM_CORES)
        mixes = Mixes(options.build,
                      os.path.join(os.path.dirname(options.emit), "instruction_mix.so"))
        if options.check:
            return check(mixes, model, options, folder)
        loops = {row: model.hot_loop(options.emit, folder, row) for row in ROWS}
        networks = {name: layers_of(options.command, name, mixes.cases) for name in NETWORKS}
        cases = [case for layers in networks.values() for case, _ in layers] + PINNED + OTHERS
        result = {"mixes": mixes.of_all([case for case in mixes.cases if case in cases]),
                  "loops": loops}
        result["networks"] = {name: predicted(layers, result["mixes"], loops, model.peak)
                              for name, layers in networks.items()}
        if options.write:
            x86 = {}
            for isa, cores in X86_CORES.items():
                model = Pipelines(mca, isa, cores)
                x86[isa] = {row: model.hot_loop(options.emit, folder, row)
                            for row in X86_ROWS[isa]}
            write(result, x86)
        else:
            print(arm_page(result), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
