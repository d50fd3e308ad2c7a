"""What ran it: facts that a reader needs to judge the figures."""
import datetime
import os
import pathlib
import platform
import re
import subprocess


def _output(*command):
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _cpu_model():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    return found[1] if found else platform.machine()


def facts(repository, commit=None):
    """`commit`: for a copy of the source without its history."""
    gpu = _output("nvidia-smi", "--query-gpu=name,driver_version,clocks.max.sm,clocks.max.mem,power.limit",
                  "--format=csv,noheader")
    head = _output("git", "-C", str(repository), "rev-parse", "HEAD")
    changed = _output("git", "-C", str(repository), "status", "--porcelain", "--untracked-files=no")
    return {"date": datetime.date.today().isoformat(),
            "commit": commit or (head and head + ("+changes" if changed else "")),
            "cpu": _cpu_model(), "hardware_threads": len(os.sched_getaffinity(0)),
            "load_at_start": round(os.getloadavg()[0], 2), "system": platform.platform(),
            "python": platform.python_version(),
            "nvidia_smi": gpu.splitlines() if gpu else None}
