"""Labels water with CP2K: what ``water-revpbe-d3.extxyz`` is made with.

``python examples/data/label_water.py --work FOLDER`` runs for some hours on two cores;
every label is kept in FOLDER, and a second call goes on; what the file beside this
script holds already is not made again. Two generations of 16 molecules: frames of
SPC/Fw dynamics and shrunken copies of some, then frames of the dynamics of a potential
fitted to the first. A group is a run.
"""

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from ase import Atoms

import brine
from brine.datasets import Dataset, concatenate, write_dataset
from brine.dynamics import Guards
from brine.oracles import (
    CP2K,
    Oracle,
    SamplingPlan,
    SPCFw,
    label_frames,
    sample_frames,
)
from brine.structures import scale_cell

MOLECULES = {"H2O": 16}
DENSITIES = (0.85, 0.925, 1.0, 1.075, 1.15)
FIRST = SamplingPlan(
    density_factors=DENSITIES,
    temperatures=(300.0, 400.0, 600.0),
    frames_per_run=2,
    interval=1000.0,
    scaled_frames=0,
)
SHRUNKEN = {
    0.92: ("T300_rho1.00", "T400_rho0.85", "T600_rho1.15"),
    0.80: ("T300_rho0.85", "T400_rho1.00", "T600_rho0.93"),
}
"""Groups of which a frame is copied, by the factor of its lengths."""
TEMPERATURES = (300.0, 450.0)
"""Of the second generation, K"""
CLOSER = Guards(short_range_margin=-0.2)
"""Atoms may come this much closer than in the first generation, Å: to learn from."""
FRAMES = 6
"""Of each run of the second generation, 1 ps apart after as long"""


def main() -> None:
    """Label both generations and write them beside this script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="keeps every label")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    path = arguments.out / "water-revpbe-d3.extxyz"
    known = brine.read_dataset(path) if path.exists() else None
    write_dataset(label_water(CP2K(), arguments.work, known=known), path)


def label_water(oracle: Oracle, work: Path, *, known: Dataset | None = None) -> Dataset:
    """Both generations, labelled by `oracle`; each label is kept in `work`.

    Frames of the first that `known` holds already are taken from there.
    """
    done, missing = _known_and_missing(list(_first_frames()), known)
    made = [_labelled(oracle, missing, work)] if missing else []
    first = concatenate([*done, *made])
    second = _labelled(oracle, list(_second_frames(first)), work)
    return concatenate([first, second])


def _known_and_missing(
    named: list[tuple[str, Atoms]], known: Dataset | None
) -> tuple[list[Dataset], list[tuple[str, Atoms]]]:
    """Frames of the groups that `known` holds, and those of all others."""
    if known is None:
        return [], named
    names = {Path(name).name for name in known.group_names}
    wanted = {name for name, _ in named}
    chosen = [
        frame
        for frame, group in enumerate(known.group)
        if Path(known.group_names[group]).name in wanted
    ]
    return [known.select(chosen)], [pair for pair in named if pair[0] not in names]


def _labelled(oracle: Oracle, named: list[tuple[str, Atoms]], work: Path) -> Dataset:
    groups = [name for name, _ in named]
    return label_frames(
        oracle, [atoms for _, atoms in named], groups=groups, kept=work / "labels"
    )


def _first_frames() -> Iterator[tuple[str, Atoms]]:
    """Of SPC/Fw's dynamics, and shrunken copies."""
    found = sample_frames(SPCFw(cutoff=3.6), MOLECULES, plan=FIRST, seed=1)
    frames = {name: [] for name in found.group_names}
    for index, atoms in enumerate(found.frames()):
        frames[found.group_names[found.group[index]]].append(atoms)
    yield from ((name, atoms) for name, run in frames.items() for atoms in run)
    for factor, names in SHRUNKEN.items():
        for name in names:
            yield f"{name}_cell{factor:.2f}", scale_cell(frames[name][0], factor)


def _second_frames(first: Dataset) -> Iterator[tuple[str, Atoms]]:
    """Of the dynamics of a potential fitted to the first frames."""
    potential = brine.fit(first)
    names = [first.group_names[group] for group in first.group]
    for seed, (temperature, factor) in enumerate(product(TEMPERATURES, DENSITIES)):
        start = first.frame(names.index(f"T400_rho{factor:.2f}"))
        run = brine.MDSettings(
            brine.NVT(temperature),
            n_steps=2000 * FRAMES,
            interval=2000,
            seed=seed,
            guards=CLOSER,
        )
        trajectory = brine.run_md(start, potential, run).trajectory
        for index in range(1, len(trajectory.times)):
            atoms = Atoms(
                trajectory.numbers,
                trajectory.positions[index],
                cell=trajectory.cells[index],
                pbc=True,
            )
            yield f"T{temperature:g}_rho{factor:.2f}_second", atoms


if __name__ == "__main__":
    main()
