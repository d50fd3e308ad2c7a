"""What the HIP compiler reports on each kernel: registers, scratch memory, occupancy."""
import re

ARCHITECTURES = ("gfx90a", "gfx942", "gfx1100")
LINE = "HIP, bytes of scratch and spilled vector registers, worst kernel"


def kernels(build):
    """The kernels of the build's report; empty when it has none."""
    report = build / "backends" / "hip" / "nsameta_hip.resources.txt"
    found = []
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else []:
        facts = dict(re.findall(r"\| ([^|:]+?): (\S+)", line))
        if "VGPRs" not in facts:
            continue
        architecture, _, name = line.split(" ")[:3]
        found.append({"architecture": architecture, "kernel": name, "vector_registers": int(facts["VGPRs"]),
                      "scratch_bytes": int(facts["ScratchSize [bytes/lane]"]),
                      "vector_spills": int(facts["VGPRs Spill"]),
                      "waves_per_simd": int(facts["Occupancy [waves/SIMD]"])})
    return found


def answers(found):
    made = []
    for architecture in ARCHITECTURES:
        here = [kernel for kernel in found if kernel["architecture"] == architecture]
        answer = {"line": LINE, "case": architecture, "sense": "<=", "limit": 0}
        if here:
            worst = max(kernel["scratch_bytes"] + kernel["vector_spills"] for kernel in here)
            waves = [kernel["waves_per_simd"] for kernel in here]
            answer |= {"value": worst, "verdict": "pass" if worst == 0 else "miss",
                       "note": f"{len(here)} kernels, {min(waves)} to {max(waves)} waves a SIMD"}
        else:
            answer |= {"value": None, "verdict": "not run", "reason": "the build has no HIP module for it"}
        made.append(answer)
    return made
