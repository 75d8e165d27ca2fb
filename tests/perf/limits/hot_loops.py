"""How much of a core's multiply-adders the hot loop of a row can keep at work: the emit program's
assembly, and llvm-mca, a model of pipelines without caches."""
import os
import re
import subprocess
import sys

# Of an instruction set: llvm-mca's target, and a multiply-add of register number `%d` by itself.
TARGETS = {
    "neon": ("aarch64-linux-gnu", "fmla v%d.4s, v30.4s, v31.4s"),
    "avx2": ("x86_64-linux-gnu", "vfmadd231ps %%ymm15, %%ymm14, %%ymm%d"),
    "avx512": ("x86_64-linux-gnu", "vfmadd231ps %%zmm31, %%zmm30, %%zmm%d"),
}
INDEPENDENT = {"neon": 24, "avx2": 12, "avx512": 24}
MULTIPLY_ADD = r"\s+(?:fml[as]\s+v\d+\.4s|vfn?m(?:add|sub)\d+ps)\b"
STORE = r"\s+(?:st\w*\s|v?mov\w+\s+%[^,]+,\s*[-\w]*\()"
JUMP = (r"\s+(?:(?:b\.\w+|j\w+|cbn?z\s+\w+,|tbn?z\s+\w+,\s*#\d+,)\s*)(\.L\w+)")
ITERATIONS = 300


def run(words, **options):
    done = subprocess.run(words, capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def innermost_loops(lines):
    """Of all loops without another one inside, the lines of the label and of the jump to it."""
    places = {}
    for i, line in enumerate(lines):
        label = re.match(r"(\.L\w+):", line)
        if label:
            places[label[1]] = i
    loops = []
    for i, line in enumerate(lines):
        jump = re.match(JUMP, line)
        if jump and places.get(jump[1], i) < i:
            loops.append((places[jump[1]], i))
    return [a for a in loops if not any(b != a and a[0] <= b[0] and b[1] <= a[1] for b in loops)]


def instructions(lines):
    return [re.split(r"//|#(?!\d|-\d)", line)[0].rstrip() for line in lines
            if re.match(r"\s+[a-z]", line)]


def count(pattern, body):
    return sum(bool(re.match(pattern, line)) for line in body)


class Pipelines:
    """llvm-mca for the cores of one instruction set."""

    def __init__(self, mca, isa, cores):
        self.mca, self.isa, self.cores = mca, isa, cores
        loop = [TARGETS[isa][1] % i for i in range(INDEPENDENT[isa])]
        self.peak = {core: len(loop) / self.cycles(core, loop) for core in cores}

    def cycles(self, core, body):
        told = run([self.mca, f"-mtriple={TARGETS[self.isa][0]}", f"-mcpu={core}",
                    f"-iterations={ITERATIONS}", "-instruction-info=0"],
                   input="\n".join(body) + "\n").stdout
        return int(re.search(r"Total Cycles:\s+(\d+)", told)[1]) / ITERATIONS

    def hot_loop(self, emit, folder, row, knobs=""):
        """The loop with most multiply-adds of a row: instructions, multiply-adds, stores, and of
        each core the share of the multiply-adds that it could do."""
        run([emit, "--row", row, "--isa", self.isa, "--outputs", "assembly", "--out", folder]
            + (["--knobs", knobs] if knobs else []))
        with open(os.path.join(folder, f"inv_{row}_f32__{self.isa}_hand.s")) as file:
            lines = file.read().split("\n")
        body = max((instructions(lines[a + 1:b + 1]) for a, b in innermost_loops(lines)),
                   key=lambda loop: count(MULTIPLY_ADD, loop))
        products = count(MULTIPLY_ADD, body)
        found = {"instructions": len(body), "fma": products, "stores": count(STORE, body)}
        for core in self.cores:
            cycles = self.cycles(core, body[:-1])  # the jump's label is not there
            found[core] = round(products / cycles / self.peak[core], 3)
        return found
