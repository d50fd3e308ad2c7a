"""From samples to the one JSON of a run."""
import json
import statistics


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


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))
