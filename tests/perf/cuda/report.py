#!/usr/bin/env python3
"""How near CUDA kernels are to the limit, without a device: PTX of the emit program -> ptxas ->
disassembly.

    tests/perf/cuda/report.py [--check | --write]     in the source folder, after a build

Without an option the tables are printed. --write makes docs/results/cuda.md and pins.json anew.
--check, by default for sm_90 only, fails where a kernel of the library spills at the 64 registers
that Halide's runtime allows, takes more memory on the chip than it can launch with, or falls below
a pinned figure. It must find out a kernel that spills, too. Exit code 77 where a program is
missing.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.dirname(HERE))

from markdown import table
from sass import assembled, count, find, kernels, occupancy

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
PINS = os.path.join(HERE, "pins.json")
TARGETS = ["sm_80", "sm_90", "sm_120"]
REGISTERS = 64         # Halide's runtime has the driver compile for so many
MAX_SHARED = 48 * 1024  # and never asks for more
SLACK = 0.01
SPILLING = ("conv2d_point_n32", "pixels=64")

# Rows in the tables: what RedNet takes. Loads from memory on the chip: of a turn of the hot loop so
# many differ from lane to lane, each in so many passes (four for 16 bytes a lane, two for 8); the
# others are the same for all lanes that are served at once, one pass.
TABLE = {
    "conv2d_point_n32": (0, 1), "conv2d_strided_n32": (0, 1), "conv2d_window_n32": (0, 1),
    "aggregation_k3_s1": (6, 4), "aggregation_k7_s1": (14, 2), "involution_k3_s1": (6, 4),
    "involution_k7_s1": (14, 2), "involution_k7_s2": (13, 4),
}


class Emit:
    def __init__(self, program, folder):
        self.program, self.folder = program, folder

    def rows(self):
        listed = subprocess.run([self.program, "--list"], text=True, capture_output=True,
                                check=True).stdout.split()
        with open(os.path.join(ROOT, "generators", "inventory.def")) as file:
            built = dict(re.findall(r"INVOLUTE_ROW\((\w+),.*, (\d+)\)", file.read()))
        return [row for row in listed if built[row] != "0"]

    def ptx(self, row, knobs=""):
        subprocess.run([self.program, "--row", row, "--isa", "cuda", "--out", self.folder,
                        "--outputs", "device_code,conceptual_stmt"]
                       + (["--knobs", knobs] if knobs else []), check=True, capture_output=True)
        base = os.path.join(self.folder, f"inv_{row}_f32__cuda_hand")
        with open(base + ".conceptual.stmt", errors="replace") as file:
            return base + ".device_code", blocks(file.read())


def blocks(statement):
    """Of each kernel of a pipeline, by its stage, the last one of a name: threads of a block, bytes
    of memory on the chip (None: known at run time)."""
    starts = {produced[1]: produced.start()
              for produced in re.finditer(r"produce ([a-z_]+)\$?\d* \{", statement)}
    nests = [(at, name) for name, at in starts.items()
             if "gpu_block" in statement[at:statement.find("produce", at + 8)]]
    found = {}
    for (at, name), end in zip(sorted(nests), [at for at, _ in sorted(nests)[1:]] + [None]):
        nest, threads = statement[at:end], 1
        for axis in "xyz":
            extents = re.findall(rf"gpu_(?:thread|lane)<CUDA> \(\.thread_id_{axis}, 0, (\d+)\)",
                                 nest)
            threads *= max(map(int, extents), default=1)
        sizes = re.findall(r"allocate \S+\[float32 \* ([^\]]+)\] in GPUShared", nest)
        known = all(size.isdigit() for size in sizes)
        found[name] = (threads, 4 * sum(map(int, sizes)) if known else None)
    return found


def figures(kernel, apart=0, each=1):
    mix = kernel.hot_loop()
    fma, total = count(mix, "FFMA"), sum(mix.values())
    loads = count(mix, "LDS")
    passes = loads + (each - 1) * min(apart, loads)
    return {"registers": kernel.registers, "spilled": kernel.spilled, "instructions": total,
            "fma": fma, "shared_loads": loads,
            "global_loads": count(mix, "LDG"),
            "issue": round(fma / total, 3),
            # An SM's four schedulers share one pass a cycle.
            "bound": round(fma / max(total, 4 * passes), 3)}


def stage(name):
    """_kernel_hidden__2_s0_b_block_id_z__2 -> hidden"""
    return re.match(r"_kernel_([a-z_]*?)_*\d", name)[1]


def measure(emit, targets):
    found = {}
    for row, (apart, each) in TABLE.items():
        code, shapes = emit.ptx(row)
        for target in targets:
            for kernel in kernels(code, target, REGISTERS, emit.folder):
                name = stage(kernel.name)
                if count(kernel.hot_loop(), "FFMA") == 0:
                    continue
                entry = figures(kernel, apart if name == "out" else 0, each)
                entry["threads"], entry["shared"] = shapes[name]
                found[f"{row}/{name}/{target}"] = entry
    return found


def faults(emit, targets):
    """Of all kernels: what would be slow or refused on a device."""
    def of_row(row):
        code, shapes = emit.ptx(row)
        wrong = [f"{row}: {shared} bytes of memory on the chip" for _, shared in shapes.values()
                 if shared is not None and shared > MAX_SHARED]
        return wrong + [f"{row} {target}: {kernel.name} spills {kernel.spilled} bytes"
                        for target in targets
                        for kernel in assembled(code, target, REGISTERS) if kernel.spilled]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for wrong in pool.map(of_row, emit.rows()) for line in wrong]


def plain(folder):
    """A thread an output value, in CUDA C++, by nvcc; None without one."""
    nvcc = shutil.which("nvcc")
    if not nvcc:
        return None
    cubin = os.path.join(folder, "plain.cubin")
    source = os.path.join(ROOT, "bench", "peers", "plain_aggregation.cu")
    if subprocess.run([nvcc, "-arch=sm_90", "-O3", "-cubin", source, "-o", cubin],
                      capture_output=True).returncode != 0:
        return None
    return figures(kernels(cubin, "sm_90", REGISTERS, folder)[0])


def page(found, peer):
    rows = []
    for key, of in found.items():
        row, name, target = key.split("/")
        if target == "sm_120":
            continue
        shared = of["shared"]
        rows.append([row, name, target, str(of["registers"]), str(of["spilled"]),
                     "run time" if shared is None else f"{shared:,}",
                     "" if shared is None else
                     f"{100 * occupancy(target, of['threads'], of['registers'], shared):.0f}%",
                     str(of["instructions"]), str(of["fma"]),
                     f"{of['shared_loads'] / of['fma']:.3f}",
                     f"{of['global_loads'] / of['fma']:.3f}",
                     f"{100 * of['issue']:.0f}%", f"{100 * of['bound']:.0f}%"])
    if peer:
        rows.append(["plain, nvcc", "out", "sm_90", str(peer["registers"]), "0", "0", "",
                     str(peer["instructions"]), str(peer["fma"]), "0",
                     f"{peer['global_loads'] / peer['fma']:.3f}", f"{100 * peer['issue']:.0f}%",
                     ""])
    return f"""# CUDA kernels without a device

What ptxas {version()} makes of them at {REGISTERS} registers, the most that Halide's runtime lets
the driver use. Written by `tests/perf/cuda/report.py --write`. No figure here was timed: bounds
are what the hot loop alone would reach of the FMA peak if nothing was waited for. Issue: the share
of multiply-adds among its instructions. Bound: the lower of that and what memory on the chip gives,
one pass a cycle for the four schedulers of an SM; loads that are the same for the lanes served at
once take one pass, others four for 16 bytes a lane and two for 8. L1, L2 and memory are left out.

No kernel of the library spills on {", ".join(TARGETS)}; none takes more than 48 KiB of memory on
the chip. `out` of an involution is the aggregation with the generation of its tile's kernels before
it, in loops of their own; `hidden` is the first layer of the generation, for all groups at once.
Halide 21 has no tensor cores: products are bounded by the f32 FMA peak.

{table(["row", "kernel", "target", "registers", "spilled", "on the chip", "occupancy",
        "instructions", "multiply-adds", "loads on the chip each", "global loads each", "issue",
        "bound"], rows)}
## Where windows stay below

Memory on the chip bounds the aggregation. For a row of K taps a thread of p pixels and c channels
reads (p - 1) * stride + K columns of the input, c passes for its warp each, and its kernels in
K * p / 4 passes; its multiply-adds are K * p * c / 4 cycles of the four schedulers. So the share of
the peak is 1 / (4 * columns / (K * p) + 1 / c):

| pixels x channels of a thread | 7x7 | 7x7, stride 2 | 3x3 | registers |
|---|---|---|---|---|
| 4 x 4 | 60% | 48% | 44% | 64 |
| 8 x 2 | 67% | 50% | 46% | 64 |
| 8 x 4 | 80% | 57% | 52% | 84 to 96; at 64 spills of 8 to 20 bytes |
| 4 x 4, two rows that share their columns | 93% | 69% | 63% | more than 64; not built |

7x7 has 8 x 2. With stride 2 that takes 15% more memory on the chip for 2 points, so 4 x 4 stays, as
for 3x3, whose loop ptxas would unroll. The last two lines are for a build for more registers, which
the process would have to ask Halide's runtime for (`HL_CUDA_JIT_MAX_REGISTERS`).
"""


def version():
    told = subprocess.run([find("ptxas"), "--version"], text=True, capture_output=True).stdout
    return re.search(r"V([\d.]+)", told)[1]


def check(found, emit, targets):
    with open(PINS) as file:
        pins = json.load(file)
    wrong = faults(emit, targets)
    for key, pinned in pins.items():
        if key.split("/")[-1] not in targets:
            continue
        if key not in found:
            wrong.append(f"{key}: pinned, but not found")
        elif found[key]["bound"] < pinned * (1 - SLACK):
            wrong.append(f"{key}: bound {found[key]['bound']}, pinned {pinned}")
    code, _ = emit.ptx(*SPILLING)
    if not any(kernel.spilled for kernel in kernels(code, "sm_90", REGISTERS, emit.folder)):
        wrong.append(f"{' '.join(SPILLING)}: spills were not found out")
    for line in wrong:
        print(line)
    print(f"{len(found)} bounds compared, all kernels of {len(emit.rows())} rows assembled for"
          f" {', '.join(targets)}: {len(wrong)} wrong")
    return 1 if wrong else 0


def main():
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--check", action="store_true")
    options.add_argument("--write", action="store_true")
    options.add_argument("--all", action="store_true", help="check all targets")
    options.add_argument("--emit", default=os.path.join(ROOT, "build/release/emit/involute_emit"))
    chosen = options.parse_args()
    for name in ("ptxas", "cuobjdump", "nvdisasm"):
        if not find(name):
            print(f"SKIPPED: no {name}: pip install -r requirements-cuda.txt")
            return 77
    if not os.path.exists(chosen.emit):
        print(f"SKIPPED: no {chosen.emit}: build the preset release")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        emit = Emit(chosen.emit, folder)
        targets = ["sm_90"] if chosen.check and not chosen.all else TARGETS
        found = measure(emit, targets)
        if chosen.check:
            return check(found, emit, targets)
        text = page(found, plain(folder))
    if chosen.write:
        with open(PINS, "w") as file:
            json.dump({key: of["bound"] for key, of in sorted(found.items())}, file, indent=2)
            file.write("\n")
        with open(os.path.join(ROOT, "docs/results/cuda.md"), "w") as file:
            file.write(text)
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
