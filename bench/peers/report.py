"""Medians, spreads, ratios and the Markdown page of a comparison.

Answers for: what is said about rows that were measured; it needs nothing but Python.
"""
import statistics


def summarise(row):
    """Adds ms (median over the rounds) and spread ((largest - smallest) / median) to a row."""
    rounds = row["ms_rounds"]
    if row.get("status") == "ok" and rounds:
        row["ms"] = statistics.median(rounds)
        row["spread"] = (max(rounds) - min(rounds)) / row["ms"]
    return row


def is_involute(row):
    return row["peer"].split()[0] == "involute"


def best(rows, **wanted):
    """The fastest measured row whose fields are as wanted, or None."""
    found = [row for row in rows if "ms" in row
             and all(row[key] == value for key, value in wanted.items())]
    return min(found, key=lambda row: row["ms"], default=None)


def ratios(rows):
    """Per involute row of a RedNet and thread count: what the best peers take in its time."""
    result = []
    for row in rows:
        if not is_involute(row) or "ms" not in row or not row["model"].startswith("rednet"):
            continue
        same = {"threads": row["threads"], "batch": row["batch"]}
        peers = [other for other in rows if not is_involute(other)]
        resnet = row["task"].replace("rednet", "resnet")
        published = [other for other in peers if other["peer"].startswith("torch-published")]
        entry = {"task": row["task"], "peer": row["peer"], "threads": row["threads"],
                 "batch": row["batch"]}
        for name, other in (
                ("best f32 peer", best(peers, task=row["task"], precision="f32", **same)),
                ("published code", best(published, task=row["task"], **same)),
                (f"best f32 peer, {resnet}", best(peers, task=resnet, precision="f32", **same))):
            if other:
                entry[name] = {"peer": other["peer"], "ratio": other["ms"] / row["ms"]}
        if any(isinstance(value, dict) for value in entry.values()):
            result.append(entry)
    return result


def label(row):
    """The engine, of involute with its instruction set."""
    isa = row.get("isa", "")
    return row["peer"] if isa in row["peer"] else f"{row['peer']} {isa}"


def peaks(rows):
    """What share of the measured multiply-add peak involute reached, one line a row."""
    return [f"Of the multiply-add peak, {statistics.median(row['fma_peak_gflops']):.1f} GFLOP/s "
            f"on {row['threads']} threads, {label(row)} reached "
            f"{100 * statistics.median(row['peak_fraction']):.0f}%."
            for row in rows if "ms" in row and row.get("peak_fraction")]


def number(value, pattern="{:.1f}"):
    return "" if value is None else pattern.format(value)


def table(rows):
    """The rows of one task as a Markdown table, fastest first for each number of threads."""
    lines = ["| threads | engine | type | ms | spread | x involute | error | first answer s | "
             "of it prepare s | peak RSS MB | on disk MB |",
             "|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|"]
    rows = sorted(rows, key=lambda row: (row["threads"], row.get("ms", float("inf"))))
    for row in rows:
        if "ms" not in row:
            continue
        ours = best([other for other in rows if is_involute(other)], threads=row["threads"])
        small = row["ms"] < 10
        lines.append("| " + " | ".join([
            str(row["threads"]), label(row), row["precision"],
            number(row["ms"], "{:.3f}" if small else "{:.1f}"),
            number(100 * row["spread"], "{:.0f}%"),
            number(row["ms"] / ours["ms"] if ours else None, "{:.2f}"),
            number(row.get("error"), "{:.0e}"), number(row.get("first_answer_s")),
            number(row.get("prepare_s")), number(row.get("peak_rss_mb"), "{:.0f}"),
            number(row.get("disk_mb"), "{:.0f}")]) + " |")
    return lines


def page(report):
    """The whole page: machine, versions, one table a task, ratios, what was not measured."""
    machine, rows = report["machine"], report["rows"]
    lines = ["# Involute and other engines", "",
             f"    {report['command']}", "",
             f"{machine['cpu']}, {machine['cores']} cores ({machine['features']}), "
             f"{machine['memory_gb']:.0f} GB, {machine['system']}. Commit {report['commit']}, "
             f"{report['date']}. {report['rounds']} rounds of {report['min_time']:g} s each, in "
             "turns; ms is the median over the rounds of each round's median, spread the largest "
             f"minus the smallest round over it. Load at the start {machine['load']:.2f}.", "",
             "Versions: " + (", ".join(f"{name} {version}" for name, version
                                       in sorted(report["versions"].items())) or "no peer ran")
             + ".", ""]
    if report.get("smoke"):
        lines += ["**Taken while other programs used the machine: no result, only a proof that "
                  "the comparison runs.**", ""]
    for task in dict.fromkeys(row["task"] for row in rows):
        mine = [row for row in rows if row["task"] == task]
        lines += [f"## {task}, batch {mine[0]['batch']}", "", *table(mine), "",
                  *peaks(mine), ""]
    found = ratios(rows)
    if found:
        lines += ["## How much faster", "", "Time of the other engine over the time of involute.",
                  "", "| involute | threads | against | engine | x |", "|---|---:|---|---|---:|"]
        for entry in found:
            for name, other in entry.items():
                if isinstance(other, dict):
                    lines.append(f"| {entry['task']} {entry['peer']} | {entry['threads']} | {name}"
                                 f" | {other['peer']} | {other['ratio']:.2f} |")
        lines.append("")
    missing = [row for row in rows if "ms" not in row]
    if missing:
        lines += ["## Not measured", ""]
        lines += [f"- {row['task']}, {row['peer']}, {row['threads']} threads: "
                  f"{row.get('status', 'not started')}, {row.get('reason', 'no reason given')}"
                  for row in missing]
        lines.append("")
    lines += ["## Engines", ""]
    lines += [f"- {peer}: {what}" for peer, what in
              dict.fromkeys((row["peer"], row["what"]) for row in rows)]
    lines += ["", "Errors are relative to the largest value of a float64 reference, over several "
              "inputs; first answer runs from the start of the process, weights on disk, to the "
              "first logits; on disk counts the engine's own package (without what it depends "
              "on), of involute the command with all kernels.", ""]
    return "\n".join(lines)
