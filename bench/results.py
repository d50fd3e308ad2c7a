"""From samples to a run, and from a run to the table that is kept of it.

bench/run writes a run as JSON, with everything. What is worth keeping is a CSV of fewer than 100 lines
(docs/runs/bench-*.csv): a line a time, each with its device, its commit and its date. Both load as groups of times."""
import csv
import json
import statistics

COLUMNS = ("benchmark", "case", "variant", "median", "q1", "q3", "unit", "requests", "rows", "bytes", "device", "host",
           "software", "commit", "date")
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
    """Its repetitions, as groups: the name is cpu/CASE/SIZE/CONTESTANT/real_time."""
    groups = {}
    for entry in report["benchmarks"]:
        if entry["run_type"] != "iteration":
            continue
        name, contestant = entry["run_name"].removesuffix("/real_time").rsplit("/", 1)
        group = groups.setdefault(name, {"name": name, "unit": entry["time_unit"], "samples": {},
                                         **{key: int(entry[key]) for key in ("requests", "rows", "bytes")}})
        group["samples"].setdefault(contestant, []).append(entry["real_time"])
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


def save(run, names, path):
    """Keeps the times called `names` ("GROUP VARIANT") of a run, in the order of their sizes."""
    def order(row):
        return row["benchmark"], [(part.split(":")[0], float(part.split(":")[1])) for part in row["case"].split("/")
                                  if part], row["variant"]
    rows = sorted(_rows(run, names), key=order)
    if len(rows) > MOST_LINES - 1:
        raise ValueError(f"{path}: {len(rows)} times, more than the {MOST_LINES - 1} that a kept run may have")
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _load_csv(path):
    groups, origin = {}, None
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            origin = origin or {key: row[key] for key in ("device", "host", "software", "commit", "date")}
            name = row["benchmark"] + ("/" + row["case"] if row["case"] else "")
            group = groups.setdefault(name, {"unit": row["unit"], "times": {},
                                             **{key: int(row[key] or 0) for key in ("requests", "rows", "bytes")}})
            median = float(row["median"])
            group["times"][row["variant"]] = {"median": median, "q1": float(row["q1"] or median),
                                              "q3": float(row["q3"] or median)}
    return {"provenance": origin, "groups": groups}


def load(path):
    """A run of bench/run (JSON), or what was kept of one (CSV)."""
    if path.suffix == ".csv":
        return _load_csv(path)
    return json.loads(path.read_text(encoding="utf-8"))
