"""What the HIP compiler reports on its kernels: registers, scratch memory, occupancy."""
import re

ARCHITECTURES = ("gfx90a", "gfx942", "gfx1100")
LINE = "HIP, bytes of scratch and spilled vector registers, worst kernel"


def groups(build):
    """A group an architecture of the build's report, of counts in place of times; empty when there is no report."""
    report = build / "backends" / "hip" / "nsameta_hip.resources.txt"
    kernels = {}
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else []:
        facts = dict(re.findall(r"\| ([^|:]+?): (\S+)", line))
        if "VGPRs" in facts:
            kernels.setdefault(line.split(" ")[0], []).append(
                (int(facts["ScratchSize [bytes/lane]"]) + int(facts["VGPRs Spill"]),
                 int(facts["Occupancy [waves/SIMD]"])))
    return [{"name": f"hip/{architecture}", "requests": 0, "rows": 0, "bytes": 0, "unit": "count",
             "samples": {"kernels": [len(found)], "spilled": [max(spilled for spilled, _ in found)],
                         "fewest_waves": [min(waves for _, waves in found)],
                         "most_waves": [max(waves for _, waves in found)]}}
            for architecture, found in kernels.items()]


def answers(found):
    """What the groups of a run say about the target: nothing spills."""
    made = []
    for architecture in ARCHITECTURES:
        group = found.get(f"hip/{architecture}")
        answer = {"line": LINE, "case": architecture, "sense": "<=", "limit": 0}
        if group:
            counts = {name: round(count["median"]) for name, count in group["times"].items()}
            answer |= {"value": counts["spilled"], "verdict": "miss" if counts["spilled"] else "pass",
                       "of": [f"hip/{architecture} {name}" for name in counts],
                       "note": f"{counts['kernels']} kernels, {counts['fewest_waves']} to {counts['most_waves']} "
                               "waves a SIMD"}
        else:
            answer |= {"value": None, "verdict": "not run", "reason": "the build has no HIP module for it"}
        made.append(answer)
    return made
