"""Joins the JSON of several runs of a Google Benchmark program for compare.py (bench/README.md):
every repetition of every run, and the median of a name's repetitions."""
import json
import statistics
import sys

files = []
for path in sys.argv[1:]:
    with open(path) as file:
        files.append(json.load(file))
rows = [row for file in files for row in file["benchmarks"]
        if row["run_type"] == "iteration" and not row.get("error_occurred")]
for name in {row["name"]: None for row in rows}:
    own = [row for row in rows if row["name"] == name]
    middle = {key: statistics.median(row[key] for row in own) for key in ("real_time", "cpu_time")}
    rows.append({**own[0], **middle, "name": name + "_median", "run_type": "aggregate",
                 "aggregate_name": "median"})
json.dump({**files[0], "benchmarks": rows}, sys.stdout)
