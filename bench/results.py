"""From samples to a run, and from a run to the table that is kept of it.

bench/run writes a run as JSON, with everything. What is worth keeping is in CSVs of fewer than 100 lines, each with its
device, its commit and its date: the times that decide a target (docs/runs/bench-*.csv, a line a time), and the medians
of the grid of steps (docs/runs/steps-*.csv, a line a variant, a column a point). All load as groups of times."""
import csv
import json
import re
import statistics

ORIGIN = ("device", "host", "software", "commit", "date")
COLUMNS = ("benchmark", "case", "variant", "median", "q1", "q3", "unit", "requests", "rows", "bytes", *ORIGIN)
MOST_LINES = 99  # of a CSV, with its head


def summary(samples):
    """Median and quartiles: what a time is, and how far it wanders."""
    q1, median, q3 = statistics.quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
    return {"median": round(median, 5), "q1": round(q1, 5), "q3": round(q3, 5), "min": round(min(samples), 5),
            "samples": len(samples)}


def summarised(groups):
    """Groups as the programs print them, by name, with summaries in place of samples."""
    return {group["name"]: {**{key: group[key] for key in ("requests", "rows", "bytes", "unit")},
                            "times": {name: summary(samples) for name, samples in group["samples"].items()}}
            for group in groups}


def from_google_benchmark(report):
    """Its repetitions, as groups: the name is GROUP/CONTESTANT, and then how it was timed."""
    groups = {}
    for entry in report["benchmarks"]:
        if entry["run_type"] != "iteration":
            continue
        called = re.sub("(/(iterations|repeats):[0-9]+|/(real|manual)_time)+$", "", entry["run_name"])
        name, contestant = called.rsplit("/", 1)
        group = groups.setdefault(name, {"name": name, "unit": entry["time_unit"], "samples": {},
                                         **{key: int(entry[key]) for key in ("requests", "rows", "bytes")}})
        group["samples"].setdefault(contestant, []).append(entry["real_time"])
    for group in groups.values():
        samples = group["samples"]
        if {"serial", "tbb"} <= samples.keys():
            samples["better"] = min(samples["serial"], samples["tbb"], key=statistics.median)
    return list(groups.values())


def from_first_calls(reports):
    """Reports of fresh processes: each tells its first call, and the median of its later ones."""
    samples = {"first": [], "later": [], "first_done": [], "later_done": []}
    for report in reports:
        for key, suffix in (("call", ""), ("done", "_done")):
            samples["first" + suffix].append(report[key][0])
            samples["later" + suffix].append(statistics.median(report[key][1:]))
    return {"name": "cuda/first_call", "requests": 32, "rows": 0, "bytes": 0, "unit": "us", "samples": samples}


def provenance(run):
    """Where the times of a run are from: the last five columns."""
    if "provenance" in run:
        return run["provenance"]
    machine = run["machine"]
    host = f"{machine['hardware_threads']} threads of {machine['cpu']}"
    software = {name: version for name, version in run.get("versions", {}).items() if version}
    if machine.get("nvidia_smi"):
        software = {"driver": machine["nvidia_smi"][0].split(", ")[1]} | software
    return {"device": run["device"]["name"] if "device" in run else host, "host": host,
            "software": "; ".join(f"{name} {version}" for name, version in software.items()),
            "commit": (machine.get("commit") or "unknown")[:12], "date": machine.get("date", "")}


def _rows(run, names):
    for group_name, group in run["groups"].items():
        parts = group_name.split("/")
        benchmark = "/".join(part for part in parts if ":" not in part)
        case = "/".join(part for part in parts if ":" in part)
        for variant, time in group["times"].items():
            if f"{group_name} {variant}" in names:
                yield {"benchmark": benchmark, "case": case, "variant": variant, "unit": group["unit"],
                       **{key: f"{time[key]:.7g}" for key in ("median", "q1", "q3")},
                       **{key: group[key] for key in ("requests", "rows", "bytes")}, **provenance(run)}


def _write(path, columns, rows):
    if len(rows) > MOST_LINES - 1:
        raise ValueError(f"{path}: {len(rows)} lines, more than the {MOST_LINES - 1} that a kept run may have")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def save(run, names, path):
    """Keeps the times called `names` ("GROUP VARIANT") of a run, in the order of their sizes."""
    def order(row):
        return row["benchmark"], [(part.split(":")[0], float(part.split(":")[1])) for part in row["case"].split("/")
                                  if part], row["variant"]
    _write(path, COLUMNS, sorted(_rows(run, names), key=order))


def save_steps(run, path):
    """Keeps the medians of the groups step/..., called step/KIND/MODE/tables:T/live:L/bs:B. A column is a L and a B."""
    rows, points = {}, {}
    for name, group in run["groups"].items():
        if name.startswith("step/"):
            benchmark, point = name.split("/live:")
            points[f"live:{point}"] = None
            for variant, time in group["times"].items():
                row = rows.setdefault((benchmark, variant), {"benchmark": benchmark, "variant": variant,
                                                             "unit": group["unit"]})
                row[f"live:{point}"] = f"{time['median']:.4g}"
    _write(path, ("benchmark", "variant", "unit", *points, *ORIGIN), [row | provenance(run) for row in rows.values()])


def _times(row):
    """What a line of a CSV tells: the ends of its groups' names, and their times."""
    if "median" in row:
        median = float(row["median"])
        yield "/" + row["case"] if row["case"] else "", {"median": median, "q1": float(row["q1"] or median),
                                                         "q3": float(row["q3"] or median)}
    for point, median in row.items():
        if point.startswith("live:") and median:
            yield "/" + point, dict.fromkeys(("median", "q1", "q3"), float(median))


def _load_csv(path):
    groups, origin = {}, None
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            origin = origin or {key: row[key] for key in ORIGIN}
            for case, time in _times(row):
                group = groups.setdefault(row["benchmark"] + case, {
                    "unit": row["unit"], "times": {},
                    **{key: int(row.get(key) or 0) for key in ("requests", "rows", "bytes")}})
                group["times"][row["variant"]] = time
    return {"provenance": origin, "groups": groups}


def load(path):
    """A run of bench/run (JSON), or what was kept of one (CSV)."""
    if path.suffix == ".csv":
        return _load_csv(path)
    return json.loads(path.read_text(encoding="utf-8"))
