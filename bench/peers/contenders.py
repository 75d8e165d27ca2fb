"""The processes that are timed: a worker with a peer in it, or the command involute.

Answers for: starting them, checking their answers against the reference before any timing, and
measuring one round. Both kinds have start(), measure(seconds), stop() and the dictionary `row`.
"""
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

import networks
import peer as peers

HERE = Path(__file__).resolve().parent
# Largest difference over largest value of the reference. f32: room for Winograd convolutions.
BOUNDS = {"f32": 1e-4, "f16": 2e-2, "bf16": 1e-1}
MIN_ITERATIONS = 10


def relative_error(answers, expected):
    """Largest |answer - expected| over the largest |expected|, over all input sets."""
    worst = 0.0
    for name, want in expected.items():
        got = answers.get(name)
        if got is None or got.shape != want.shape or not np.isfinite(got).all():
            return float("inf")
        difference = np.abs(got.astype(np.float64) - want).max()
        worst = max(worst, float(difference / np.abs(want).max()))
    return worst


class Contender:
    """A row of the table under way; `cpus` are the processors it is bound to (none: free)."""

    def __init__(self, name, what, task, folder, threads, cpus):
        self.task, self.folder, self.threads = task, folder, threads
        self.prefix = ["taskset", "-c", ",".join(cpus[:threads])] if cpus else []
        self.row = {"task": task.name, "model": task.model, "batch": task.batch, "peer": name,
                    "what": what, "threads": threads, "precision": "f32", "ms_rounds": []}

    def stop_with(self, status, reason):
        self.row.update(status=status, reason=reason)
        return False

    def check(self, answers):
        """Compares with the reference; False if the row ends here."""
        expected = networks.read_tensors(self.folder / "expected.safetensors")
        error = relative_error(answers, expected)
        self.row["error"] = error if np.isfinite(error) else None
        bound = BOUNDS[self.row["precision"]]
        if not error <= bound:
            return self.stop_with("wrong", f"differs from the reference by {error:.1e} of its "
                                           f"largest value, allowed {bound:.0e}; not timed")
        self.row["status"] = "ok"
        return True

    def stop(self):
        pass


class Worker(Contender):
    """A peer of peer.PEERS in a Python process that lives through all rounds."""

    def __init__(self, name, task, folder, threads, cpus, plain):
        super().__init__(name, peers.PEERS[name][4], task, folder, threads, cpus)
        self.plain, self.process = plain, None

    def start(self):
        count = str(self.threads)
        environment = dict(os.environ, OMP_NUM_THREADS=count, MKL_NUM_THREADS=count,
                           OPENBLAS_NUM_THREADS=count, PYTHONDONTWRITEBYTECODE="1")
        label = f"{self.row['peer']}-{self.threads}"
        answers = self.folder / f"{label}.safetensors"
        self.log = self.folder / f"{label}.log"
        onnx = self.folder / "network.onnx"
        job = {"model": self.task.model, "threads": self.threads,
               "tensors": str(self.folder / "tensors.safetensors"),
               "weights": str(self.folder / "weights.safetensors"),
               "onnx": str(onnx) if onnx.is_file() else "", "plain": str(self.plain)}
        begin = time.monotonic()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, str(HERE / "worker.py")], env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        reply = self.ask({"peer": self.row["peer"], "job": job, "answers": str(answers)})
        if "ready" not in reply:
            return self.stop_with(*next(iter(reply.items())))
        ready = reply["ready"]
        self.row.update({key: ready[key] for key in ("precision", "versions", "disk_mb",
                                                     "prepare_s", "peak_rss_mb")})
        self.row["first_answer_s"] = ready["first_answer_at"] - begin
        return self.check(networks.read_tensors(answers))

    def ask(self, message):
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        last = self.log.read_text(errors="replace").strip().splitlines()[-1:] or ["no message"]
        return {"failed": f"the process ended with {self.process.wait()}: {last[0]}"}

    def measure(self, seconds):
        reply = self.ask({"seconds": seconds, "iterations": MIN_ITERATIONS})
        if "ms" not in reply:
            return self.stop_with(*next(iter(reply.items())))
        self.row["ms_rounds"].append(statistics.median(reply["ms"]))
        self.row["peak_rss_mb"] = reply["peak_rss_mb"]
        return True

    def stop(self):
        if self.process:
            self.process.stdin.close()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:  # in the middle of something, after an interrupt
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None


class Involute(Contender):
    """`involute bench`, a new process each round."""

    def __init__(self, isa, task, folder, threads, cpus, command):
        name = f"involute {isa}" if isa else "involute"
        super().__init__(name, "this project", task, folder, threads, cpus)
        self.command, self.isa = command, ["--isa", isa] if isa else []

    def call(self, *arguments):
        return subprocess.run([*self.prefix, self.command, *arguments], text=True,
                              capture_output=True, check=False)

    @staticmethod
    def status_of(done):
        """Exit code 3 says that this machine lacks something, an instruction set above all."""
        return "skipped" if done.returncode == 3 else "failed"

    def size_mb(self):
        """Of the command and of the library that holds the kernels, if it is a shared one."""
        linked = subprocess.run(["ldd", self.command], text=True, capture_output=True,
                                check=False).stdout.splitlines()
        libraries = [line.split()[2] for line in linked if "libinvolute" in line]
        return sum(os.path.getsize(path) for path in [self.command, *libraries]) / 1e6

    def start(self):
        self.row["disk_mb"] = self.size_mb()
        if self.task.channels:
            # The command has no way to hand single operators data; it checks them by itself.
            done = self.call("verify", str(networks.ROOT / "tests/reference/layers.safetensors"),
                             "--filter", "output", *self.isa)
            if done.returncode:
                status = "wrong" if done.returncode == 1 else self.status_of(done)
                return self.stop_with(status, done.stderr.strip() or done.stdout.strip()[-300:])
            self.row.update(status="ok", verified=done.stdout.strip().splitlines()[-1])
            return True
        answers = {}
        weights = str(self.folder / "weights.safetensors")
        expected = networks.read_tensors(self.folder / "expected.safetensors")
        for index in expected:
            out = self.folder / f"involute{index}.safetensors"
            begin = time.monotonic()
            done = self.call("run", "--model", self.task.model, "--weights", weights,
                             "--threads", str(self.threads), *self.isa, "--output", str(out),
                             "--tensor", str(self.folder / f"input{index}.safetensors"))
            self.row.setdefault("first_answer_s", time.monotonic() - begin)
            if done.returncode:
                return self.stop_with(self.status_of(done), done.stderr.strip())
            answers[index] = networks.read_tensors(out)["logits"]
        return self.check(answers)

    def measure(self, seconds):
        task = self.task
        what = (["--op", task.model, "--channels", str(task.channels), "--kernel", "7"]
                if task.channels else
                ["--model", task.model, "--weights", str(self.folder / "weights.safetensors")])
        done = self.call("bench", *what, "--size", f"{task.height}x{task.width}", "--batch",
                         str(task.batch), "--threads", str(self.threads), *self.isa,
                         "--min-time", str(seconds), "--json")
        if done.returncode:
            return self.stop_with(self.status_of(done), done.stderr.strip())
        bench = json.loads(done.stdout)[0]
        self.row["ms_rounds"].append(bench["ms_median"])
        for key in ("peak_rss_mb", "isa", "commit"):
            self.row[key] = bench[key]
        self.row.setdefault("fma_peak_gflops", []).append(bench["fma_peak_gflops"])
        self.row.setdefault("peak_fraction", []).append(bench["peak_fraction"])
        return True
