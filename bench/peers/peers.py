#!/usr/bin/env python3
"""Compares involute with other engines on this machine's CPU, all in one run.

Every engine runs in a process of its own for each task and number of threads. All of a task are
prepared and checked against a float64 reference first; then they are timed in turns, round by
round. Engines whose package is missing are named and skipped.

    python3 -m venv .venv-peers && .venv-peers/bin/pip install -r requirements-peers.txt
    cmake --build --preset release --target involute_peer_plain
    .venv-peers/bin/python bench/peers/peers.py --markdown docs/results/peers-x86.md

Exit codes: 0 done (engines may have been skipped); 1 an engine gave wrong answers or failed;
2 wrong use; 3 involute or NumPy is not there.
"""
import argparse
import datetime
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy  # noqa: F401
except ModuleNotFoundError:
    print("peers.py needs NumPy: pip install -r requirements-peers.txt", file=sys.stderr)
    sys.exit(3)

import contenders
import peer as peers
import report
import tasks

ROOT = Path(__file__).resolve().parents[2]
OPERATORS = "aggregation-64@56x56,aggregation-128@28x28,aggregation-256@14x14,aggregation-512@7x7"


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    split = lambda text: [part for part in text.split(",") if part]  # noqa: E731
    counts = lambda text: [int(part) for part in split(text)]  # noqa: E731
    add = parser.add_argument
    add("--model", type=split, default=["rednet50", "resnet50"], metavar="NAME,...",
        help="networks (rednet50,resnet50); none: ''")
    add("--size", default="224x224", metavar="HxW", help="height and width (224x224)")
    add("--op", type=split, default=split(OPERATORS), metavar="TASK,...",
        help=f"aggregations ({OPERATORS}); none: ''")
    add("--batch", type=int, default=1, help="pictures at once (1)")
    add("--threads", type=counts, default=[1, 2], metavar="N,...", help="(1,2)")
    add("--isa", type=split, default=[""], metavar="NAME,...",
        help="instruction sets of involute (the best)")
    add("--peers", type=split, default=list(peers.PEERS), metavar="NAME,...",
        help="engines (all): " + ", ".join(peers.PEERS))
    add("--rounds", type=int, default=5, help="rounds (5)")
    add("--min-time", type=float, default=2.0, metavar="SECONDS", help="of a round (2)")
    add("--cpus", type=split, default=[], metavar="N,...",
        help="processors to run on; the first THREADS of them (whatever the system gives)")
    add("--involute", default=str(ROOT / "build/release/involute"), metavar="PATH")
    add("--plain", default=str(ROOT / "build/release/libinvolute_peer_plain.so"), metavar="PATH")
    add("--json", metavar="FILE", help="write everything there")
    add("--markdown", metavar="FILE", help="write the page there (standard output)")
    add("--smoke", action="store_true", help="say on the page that the machine was not quiet")
    options = parser.parse_args()
    try:
        names = [f"{model}@{options.size}" for model in options.model] + options.op
        options.tasks = [tasks.parse(name, options.batch) for name in names]
    except ValueError as error:
        parser.error(str(error))
    unknown = [name for name in options.peers if name not in peers.PEERS]
    if unknown:
        parser.error(f"no engine is called '{unknown[0]}'; there are {', '.join(peers.PEERS)}")
    if not options.tasks or options.rounds < 1 or min(options.threads) < 1:
        parser.error("tasks, rounds and threads have to be 1 or more")
    if options.cpus and len(options.cpus) < max(options.threads):
        parser.error(f"--cpus names {len(options.cpus)} processors for {max(options.threads)} "
                     "threads")
    return options


def say(text):
    print(text, file=sys.stderr, flush=True)


def machine():
    """What the page says about the computer."""
    cpu, flags = "unknown CPU", set()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = (part.strip() for part in line.partition(":"))
        cpu = value if key == "model name" else cpu
        flags = set(value.split()) if key == "flags" else flags
    known = [name for name in ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16")
             if name in flags]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {"cpu": cpu, "cores": len(os.sched_getaffinity(0)), "features": " ".join(known),
            "memory_gb": memory, "system": f"{platform.system()} {platform.release()}",
            "load": os.getloadavg()[0]}


def commit():
    done = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], text=True,
                          capture_output=True, check=False)
    return done.stdout.strip() or "unknown"


def command(words):
    """The line that repeats the page; where else the numbers were put does not matter to it."""
    if "--json" in words:
        at = words.index("--json")
        words = words[:at] + words[at + 2:]
    return "python3 bench/peers/peers.py " + shlex.join(words)


def compare(task, options, folder):
    """Rows of one task, and the versions of what made its files."""
    say(f"{task.name}: weights, inputs and reference")
    made = subprocess.run([sys.executable, str(contenders.HERE / "tasks.py"), task.name,
                           str(task.batch), str(folder)], text=True, check=False,
                          stdout=subprocess.PIPE)
    if made.returncode:
        raise RuntimeError(f"{task.name}: tasks.py ended with {made.returncode}, see above")
    versions = {name: version for name, version in json.loads(made.stdout).items()
                if name == "onnx"}
    every, running = [], []
    for threads in options.threads:
        common = (task, folder, threads, options.cpus)
        every += [contenders.Involute(isa, *common, options.involute) for isa in options.isa]
        every += [contenders.Worker(name, *common, options.plain) for name in options.peers
                  if peers.suits(name, task.model)]
    try:
        for contender in every:
            name = f"  {contender.row['peer']}, {contender.row['threads']} threads"
            if contender.start():
                running.append(contender)
                error = contender.row.get("error")
                say(f"{name}: ready" + (f", error {error:.1e}" if error is not None else ""))
            else:
                say(f"{name}: {contender.row['status']}: {contender.row['reason']}")
                contender.stop()
        for number in range(options.rounds):
            say(f"  round {number + 1} of {options.rounds}")
            running = [one for one in running if one.measure(options.min_time)]
    finally:
        for contender in every:
            contender.stop()
    for contender in every:
        versions.update(contender.row.get("versions", {}))
    return [report.summarise(contender.row) for contender in every], versions


def main():
    options = arguments()
    if not os.access(options.involute, os.X_OK):
        say(f"involute is not at {options.involute}: build it with cmake --build --preset "
            "release, or name it with --involute PATH")
        return 3
    result = {"command": command(sys.argv[1:]),
              "machine": machine(), "commit": commit(), "rounds": options.rounds,
              "min_time": options.min_time, "smoke": options.smoke, "versions": {}, "rows": [],
              "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")}
    with tempfile.TemporaryDirectory(prefix="involute-peers-") as work:
        for number, task in enumerate(options.tasks):
            folder = Path(work) / str(number)
            folder.mkdir()
            try:
                rows, versions = compare(task, options, folder)
            except RuntimeError as error:
                say(str(error))
                return 1
            result["rows"] += rows
            result["versions"].update(versions)
    result["ratios"] = report.ratios(result["rows"])
    text = report.page(result)
    if options.json:
        Path(options.json).write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.markdown:
        Path(options.markdown).write_text(text, encoding="utf-8")
    else:
        print(text)
    bad = [row for row in result["rows"] if row.get("status") in ("wrong", "failed")]
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
