"""What CP2K prints: energy, forces, stress, and whether the SCF converged.

CP2K prints hartree and bohr; its stress tensor is in GPa (or bar) and compressive
positive, without the kinetic term; the contract suite of oracles settles that by finite
differences of the energy.
"""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brine.errors import DataFileError, UnconvergedError
from brine.oracles.oracle import Labels
from brine.units import BAR, BOHR, HARTREE

_NUMBER = r"([-+]?\d+\.\d+(?:[Ee][-+]?\d+)?)"
_ENERGY = re.compile(r"ENERGY\| Total FORCE_EVAL.*?:?\s+" + _NUMBER)
_FORCE = re.compile(
    rf"^(?: FORCES\|\s+\d+|\s+\d+\s+\d+\s+\S+)\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}",
    re.MULTILINE,
)
_STRESS_UNIT = re.compile(r"STRESS\| Analytical stress tensor \[(\w+)\]")
_STRESS_ROW = re.compile(
    rf"^\s*STRESS\|\s+[xyz]\s+{_NUMBER}\s+{_NUMBER}\s+{_NUMBER}", re.MULTILINE
)
_STRESS_UNITS: Final = {"GPa": 1e4 * BAR, "bar": BAR}
_FAILED = "SCF run NOT converged"


def read_output(text: str, n_atoms: int, *, name: str) -> Labels:
    """Labels printed by an ``ENERGY_FORCE`` run.

    Parameters
    ----------
    text : str
        The whole output.
    n_atoms : int
    name : str
        Of the file, for errors.

    Raises
    ------
    UnconvergedError
        The SCF did not converge.
    DataFileError
        Energy, forces or stress are missing.
    """
    if _FAILED in text:
        steps = re.findall(r"^\s+(\d+) \S+/\S+", text, re.MULTILINE)
        after = f" after {steps[-1]} steps" if steps else ""
        raise UnconvergedError(
            f"the SCF must converge, but CP2K did not reach its threshold{after} "
            f"({name}); such a label is not used."
        )
    energy = _ENERGY.findall(text)
    if not energy:
        raise DataFileError(f"{name} must hold a total energy, got none{_cause(text)}")
    return Labels(
        float(energy[-1]) * HARTREE, _forces(text, n_atoms, name), _stress(text, name)
    )


def _forces(text: str, n_atoms: int, name: str) -> NDArray[np.float64]:
    start = max(text.rfind("ATOMIC FORCES in"), text.rfind("FORCES| Atomic forces"))
    rows = _FORCE.findall(text[start:])[:n_atoms] if start >= 0 else []
    if len(rows) != n_atoms:
        raise DataFileError(
            f"{name} must hold forces on {n_atoms} atoms, got {len(rows)}{_cause(text)}"
        )
    return np.array(rows, dtype=np.float64) * (HARTREE / BOHR)


def _stress(text: str, name: str) -> NDArray[np.float64]:
    unit = _STRESS_UNIT.search(text)
    rows = _STRESS_ROW.findall(text[unit.end() :])[:3] if unit else []
    if unit is None or len(rows) != 3 or unit.group(1) not in _STRESS_UNITS:
        raise DataFileError(f"{name} must hold a stress tensor, got none{_cause(text)}")
    compressive = np.array(rows, dtype=np.float64) * _STRESS_UNITS[unit.group(1)]
    return np.asarray(-(compressive + compressive.T) / 2)


def _cause(text: str) -> str:
    """What CP2K says of its end, for the end of a sentence."""
    _, abort, rest = text.partition("[ABORT]")
    if not abort:
        return "; look at its end."
    box = rest.partition(" ******")[0].splitlines()[1:]
    # A man at a gallows stands in the first ten columns, the source in the last line.
    said = " ".join(" ".join(line[10:79].strip(" *") for line in box[:-1]).split())
    return f": CP2K says {said!r}."
