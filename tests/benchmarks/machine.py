"""The machine a figure was taken on, and where processes run: server and load each have a processor of their own."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import psutil

SERVER_CPU, LOAD_CPU = 0, 1


def describe() -> dict[str, object]:
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "unknown"
    )
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory) / 1024**2, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "revision": subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
        ).stdout.strip(),
        "load_before": os.getloadavg()[0],
    }


def pin(cpu: int) -> None:
    """Keeps this process on one processor, where there are several."""
    if (os.cpu_count() or 1) > cpu:
        os.sched_setaffinity(0, {cpu})


def pin_process(process: int, cpu: int) -> None:
    """Keeps another process, all its threads and those that they start, on one processor, where there are several."""
    if (os.cpu_count() or 1) > cpu:
        for task in Path(f"/proc/{process}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), {cpu})


def processor_seconds(process: int) -> float:
    """Processor time that a process and its threads have had; 0.0 for process 0. To the nanosecond where the kernel
    says so, for a short run is over within a few of its ticks."""
    if not process:
        return 0.0
    found = [line for task in Path(f"/proc/{process}/task").glob("*/schedstat") for line in _lines(str(task))]
    if found:
        return sum(int(line.split()[0]) for line in found) / 1e9
    times = psutil.Process(process).cpu_times()
    return times.user + times.system


def megabytes(process: psutil.Process) -> dict[str, float]:
    """What a process keeps in memory of its own, and with the files it maps, which go when others need the room."""
    lines = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii").splitlines()
    kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith("Rss")}
    return {"own": kilobytes["RssAnon"] / 1024, "with_files": sum(kilobytes.values()) / 1024}


def python(module: str, *args: str) -> list[str]:
    return [sys.executable, "-m", module, *args]


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
