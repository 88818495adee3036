"""How many threads there is room for, and how wide BLAS may calculate."""

import os
from pathlib import Path

WIDE = {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
"""What OpenBLAS's kernels called SkylakeX need."""


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_count() -> int:
    """Threads to use: OMP_NUM_THREADS where set, else the cores given to us."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return int(asked) if asked.isdigit() and int(asked) > 0 else available_cores()


def prefer_wide_blas(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Have OpenBLAS use AVX-512 on AMD processors that know it.

    There it takes kernels for AVX2, at half the speed. It decides when numpy is first
    imported: call this before, in the process or in its parent. What the user has set
    stays.
    """
    try:
        lines = cpuinfo.read_text().split("\n\n")[0].splitlines()
    except OSError:
        return
    parts = (line.partition(":") for line in lines)
    first = {key.strip(): value.split() for key, _, value in parts}
    flags = set(first.get("flags", ()))
    if first.get("vendor_id") == ["AuthenticAMD"] and flags >= WIDE:
        os.environ.setdefault("OPENBLAS_CORETYPE", "SkylakeX")
