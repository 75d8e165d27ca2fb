"""One peer in a process of its own; peers.py starts it and talks to it in lines of JSON.

Answers for: the order of things (load, compile, first answer, the answers to check, timing on
demand) and for a standard output that only carries the protocol: whatever an engine prints goes
to standard error.

In: one line {"peer", "job", "answers": file}, then {"seconds", "iterations"} for each round.
Out: {"ready": {...}} or {"skipped": why} or {"failed": why}; then {"ms": [...],
"peak_rss_mb"} for each round.
"""
import importlib.metadata
import json
import os
import sys
import time

import numpy as np


def peak_rss_mb():
    """The largest resident size of this process so far, in MB."""
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def installed(packages):
    """Versions, and the megabytes of the packages' own files (without what they depend on)."""
    versions, size = {}, 0
    for package in packages:
        distribution = importlib.metadata.distribution(package)
        versions[package] = distribution.version
        for entry in distribution.files or ():
            path = distribution.locate_file(entry)
            size += os.path.getsize(path) if os.path.isfile(path) else 0
    return versions, size / 1e6


def start(order):
    """Prepares the peer and saves its answers; returns it and what is known then."""
    import networks
    import peer as peers
    fields = dict(order["job"])
    arrays = networks.read_tensors(fields.pop("tensors"))
    names = sorted({name.split("/")[0] for name in arrays}, key=int)
    inputs = [tuple(np.array(arrays[f"{name}/{part}"]) for part in ("input", "kernels")
                    if f"{name}/{part}" in arrays) for name in names]
    peer = peers.create(order["peer"], peers.Job(inputs=inputs, **fields))
    begin = time.monotonic()
    peer.prepare()
    answers = [np.array(peer.run(0))]
    first = time.monotonic()
    answers += [np.array(peer.run(index)) for index in range(1, len(inputs))]
    networks.write_tensors(order["answers"], {str(index): answer
                                              for index, answer in enumerate(answers)})
    versions, disk = installed(peer.packages)
    return peer, {"precision": peer.precision, "versions": versions, "disk_mb": disk,
                  "prepare_s": first - begin, "first_answer_at": first,
                  "peak_rss_mb": peak_rss_mb()}


def measure(peer, seconds, iterations):
    """Milliseconds of each run, after two to warm up; the inputs take turns."""
    count, times = len(peer.job.inputs), []
    for index in range(2):
        peer.run(index % count)
    end = time.perf_counter() + seconds
    while len(times) < iterations or time.perf_counter() < end:
        begin = time.perf_counter_ns()
        peer.run(len(times) % count)
        times.append((time.perf_counter_ns() - begin) / 1e6)
    return times


def main():
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(**message):
        protocol.write(json.dumps(message) + "\n")
        protocol.flush()

    order = json.loads(sys.stdin.readline())
    try:
        import peer as peers
        peer, ready = start(order)
    except peers.Skip as error:
        return say(skipped=str(error))
    except Exception as error:  # noqa: BLE001: whatever an engine throws ends in the table
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return say(failed=text[:300])
    say(ready=ready)
    for line in sys.stdin:
        say(ms=measure(peer, **json.loads(line)), peak_rss_mb=peak_rss_mb())
    return None


if __name__ == "__main__":
    main()
