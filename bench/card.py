"""All that a CUDA card shows, in one run: tests, aggregations beside the plain kernel, RedNet-50
beside PyTorch's `unfold` on the same card. Says what was skipped; exit code 77 without a card.

    python3 bench/card.py [--build build/release] [--write]     # --write: docs/results/card.md
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "tests", "perf"), os.path.join(ROOT, "bench", "peers")]

from markdown import table  # noqa: E402

BATCHES = (1, 8, 64)
SKIPPED = 77


def output_of(command):
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if run.returncode == SKIPPED:
        print(run.stdout.strip())
        sys.exit(SKIPPED)
    run.check_returncode()
    return run.stdout


def tests(build):
    """The last lines of the tests that run on the card."""
    run = subprocess.run(["ctest", "--test-dir", build, "-R", "^gpu_card_"],
                         stdout=subprocess.PIPE, text=True)
    print(run.stdout)
    return [line.strip() for line in run.stdout.splitlines() if "tests passed" in line]


def torch_milliseconds(batch):
    """RedNet-50 by the published unfold on the card; None, and why, where that cannot be."""
    try:
        import torch
    except ImportError as error:
        return None, str(error)
    if not torch.cuda.is_available():
        return None, f"torch {torch.__version__} sees no card"
    import peer_torch
    with torch.inference_mode():
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        model = peer_torch.published("rednet50").eval().cuda()
        images = torch.randn(batch, 3, 224, 224, device="cuda")
        times = []
        for _ in range(12):
            torch.cuda.synchronize()
            start = time.perf_counter()
            model(images)
            torch.cuda.synchronize()
            times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times[2:]), f"torch {torch.__version__}"


def page(aggregations, networks, peers, passed):
    rows = [[row["shape"], str(row["batch"]), f"{row['ms']:.4f}",
             f"{100 * row['peak_fraction']:.0f}%",
             "" if row["plain_ms"] is None else f"{row['plain_ms']:.4f}",
             "" if row["ratio"] is None else f"{row['ratio']:.2f}"]
            for row in aggregations["rows"]]
    lines = []
    for row in networks:
        copies = row["copy_ms"]
        peer, what = peers[row["batch"]]
        lines.append([str(row["batch"]), f"{row['ms_median']:.3f}", f"{copies:.3f}",
                      f"{row['ms_median'] - copies:.3f}",
                      what if peer is None else f"{peer:.3f} ({what})",
                      "" if peer is None else f"{peer / (row['ms_median'] - copies):.2f}"])
    return f"""# On a card: {aggregations['card']}

Written by `python3 bench/card.py --write`. Tests on the card: {'; '.join(passed) or 'none'}.

## Aggregation, 7x7, groups of 16

Medians of seven rounds in turns, without copies; the share of the card's f32 peak at its highest
clock.

{table(["channels@side", "batch", "ms", "of the peak", "plain kernel, ms", "plain / ours"], rows)}
## RedNet-50, 224x224

PyTorch: the published form, `unfold`, on tensors that lie on the card, f32 without TF32.

{table(["batch", "ms", "copies, ms", "without, ms", "unfold, ms", "unfold / ours"], lines)}"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    aggregations = json.loads(output_of([os.path.join(arguments.build, "involute_bench_card")]))
    networks = json.loads(output_of(
        [os.path.join(arguments.build, "involute"), "bench", "--isa", "cuda", "--model", "rednet50",
         "--batch", ",".join(map(str, BATCHES)), "--json"]))
    peers = {batch: torch_milliseconds(batch) for batch in BATCHES}
    text = page(aggregations, networks, peers, tests(arguments.build))
    print(text)
    if arguments.write:
        with open(os.path.join(ROOT, "docs", "results", "card.md"), "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
