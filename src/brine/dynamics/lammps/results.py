"""What LAMMPS leaves: its log, its frames, its errors."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brine.dynamics.lammps.script import COLUMNS

Table = NDArray[np.float64]


def thermo(path: Path) -> Table:
    """(n_lines, n_columns) array: the lines of ``thermo`` in a log, in `COLUMNS`.

    Empty where the run never began.
    """
    rows: list[list[float]] = []
    inside = False
    for line in _lines(path):
        words = line.split()
        if words[:1] == ["Step"]:
            inside = True
        elif line.startswith("Loop time"):
            inside = False
        elif inside and len(words) == len(COLUMNS):
            try:
                rows.append([float(word) for word in words])
            except ValueError:
                continue
    return np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))


def dumped(path: Path) -> Iterator[tuple[int, Table]]:
    """Step and (n_atoms, n_columns) array, without ids, of each complete frame."""
    lines = _lines(path)
    for line in lines:
        if line != "ITEM: TIMESTEP":
            continue
        head = [next(lines, "") for _ in range(8)]
        if not head[-1].startswith("ITEM: ATOMS"):
            return
        step, n_atoms = int(head[0]), int(head[2])
        rows = [next(lines, "").split()[1:] for _ in range(n_atoms)]
        if not rows[-1] or len(rows[-1]) != len(rows[0]):
            return
        yield step, np.array(rows, dtype=np.float64)


def complaint(path: Path) -> str:
    """The last error in a log; empty without one."""
    found = [line for line in _lines(path) if line.startswith("ERROR")]
    return re.sub(r"\s*\(src/.*", "", found[-1]) if found else ""


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                yield line.strip()
    except OSError:
        return
