"""Executed ARM instructions by class of cases of tests/perf/counted, counted by QEMU with the
plugin tools/instruction_mix.c."""
import concurrent.futures
import json
import os
import sys

from hot_loops import run


def emulator(*arguments):
    root = "/usr/aarch64-linux-gnu"
    return ["qemu-aarch64", "-L", root, "-E", f"LD_LIBRARY_PATH={root}/lib", *arguments]


class Mixes:
    def __init__(self, build, plugin):
        self.plugin = plugin
        self.program = os.path.join(build, "perf", "involute_counted_kernels")
        listed = run(emulator(self.program, "--isa", "neon", "--list")).stdout.split("\n")
        self.cases = {line.split()[1]: line.split()[2:] for line in listed
                      if line.startswith("case ")}

    def counted(self, case, runs):
        told = run(emulator("-plugin", f"{self.plugin},symbol=inv_", self.program, "--isa", "neon",
                            "--filter", case, "--exact", "--runs", str(runs))).stderr
        return json.loads(told.strip().split("\n")[-1])

    def of(self, case):
        """Row, multiply-adds of the definition, and the instructions of one run."""
        if case not in self.cases:
            sys.exit(f"case {case}: not among those of {self.program} --list")
        # A session runs its kernels once when it is made: what a second run adds is one run's.
        one, two = self.counted(case, 1), self.counted(case, 2)
        counts = {name: two[name] - one[name] for name in one}
        if counts["unknown"]:
            sys.exit(f"case {case}: {counts['unknown']} instructions that QEMU cannot name")
        return {"row": self.cases[case][0], "macs": int(self.cases[case][1]), **counts}

    def of_all(self, cases):
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return dict(zip(cases, pool.map(self.of, cases)))
