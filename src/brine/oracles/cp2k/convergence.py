"""How far labels are from converged ones: no model can be better than its labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from ase import Atoms

from brine.errors import InputError
from brine.oracles.cp2k.level import LevelOfTheory
from brine.oracles.cp2k.oracle import CP2K
from brine.oracles.oracle import Labels
from brine.structures.progress import Report, silent
from brine.units import BAR


@dataclass(frozen=True)
class Trial:
    """Labels of one level against those of the tightest.

    Attributes
    ----------
    change : str
        What is looser than in the tightest, in words.
    energy : float, eV/atom
        Difference.
    forces : dict of str to float, eV/Å
        Root mean square of the differences of components, by element.
    force_noise : float, eV/Å
        The same of all atoms: what a parity plot of forces cannot resolve.
    pressure : float, bar
        Difference.
    seconds : float
        Of the calculation.
    """

    change: str
    energy: float
    forces: dict[str, float]
    force_noise: float
    pressure: float
    seconds: float


def convergence(
    oracle: CP2K,
    atoms: Atoms,
    *,
    cutoffs: Sequence[float] = (400.0, 600.0, 800.0, 1000.0, 1500.0),
    relative_cutoffs: Sequence[float] = (40.0, 60.0, 100.0),
    scf: Sequence[float] = (1e-5, 1e-6, 1e-7),
    report: Report = silent,
) -> tuple[Trial, ...]:
    """Trials of one frame: one setting loosened at a time, and the level as it is set.

    Parameters
    ----------
    oracle : CP2K
        Its level is the last trial, ``as set``.
    atoms : ase.Atoms
    cutoffs, relative_cutoffs : sequence of float, Ry
    scf : sequence of float
        Convergence thresholds of the density matrix.
    report : Report

    Raises
    ------
    InputError
        The oracle is a committee of networks.
    """
    asked = oracle.level
    if not isinstance(asked, LevelOfTheory):
        raise InputError(
            f"only density-functional theory has a grid to converge, got "
            f"{asked.fingerprint}."
        )
    tightest = replace(
        asked,
        cutoff=max(cutoffs),
        relative_cutoff=max(relative_cutoffs),
        scf=min(scf),
    )
    levels = {
        **{
            f"cutoff {value:g} Ry": replace(tightest, cutoff=value)
            for value in sorted(cutoffs)[:-1]
        },
        **{
            f"relative cutoff {value:g} Ry": replace(tightest, relative_cutoff=value)
            for value in sorted(relative_cutoffs)[:-1]
        },
        **{f"scf {value:g}": replace(tightest, scf=value) for value in sorted(scf)[1:]},
        "as set": asked,
    }
    truth = replace(oracle, level=tightest).label(atoms)
    trials = []
    for done, (change, level) in enumerate(levels.items()):
        report("convergence", {"done": (done + 1) / (len(levels) + 1)})
        begin = perf_counter()
        labels = replace(oracle, level=level).label(atoms)
        seconds = perf_counter() - begin
        trials.append(_trial(change, atoms, labels, truth, seconds))
    return tuple(trials)


def _trial(
    change: str, atoms: Atoms, labels: Labels, truth: Labels, seconds: float
) -> Trial:
    squares = np.square(labels.forces - truth.forces)
    return Trial(
        change,
        (labels.energy - truth.energy) / len(atoms),
        {
            symbol: float(np.sqrt(squares[atoms.symbols == symbol].mean()))
            for symbol in dict.fromkeys(atoms.symbols)
        },
        float(np.sqrt(squares.mean())),
        float(-np.trace(labels.stress - truth.stress) / 3 / BAR),
        seconds,
    )
