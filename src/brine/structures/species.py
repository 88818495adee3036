"""Rigid geometries of the molecules and ions that a box can be built from."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import InputError
from brine.structures.files import read_frames


@dataclass(frozen=True)
class Species:
    """A molecule or a monatomic ion.

    Attributes
    ----------
    symbols : tuple of str
        Element of each atom.
    positions : tuple of 3-tuples of float, Å
    charge : int, e
    """

    symbols: tuple[str, ...]
    positions: tuple[tuple[float, float, float], ...]
    charge: int

    @property
    def atoms(self) -> Atoms:
        """The molecule alone, without a cell."""
        return Atoms(symbols=list(self.symbols), positions=self._array())

    def _array(self) -> NDArray[np.float64]:
        return np.array(self.positions, dtype=np.float64)


def _water() -> Species:
    """Equilibrium geometry of the isolated molecule: 0.9572 Å, 104.52°."""
    half = np.radians(104.52) / 2
    x, y = float(0.9572 * np.sin(half)), float(0.9572 * np.cos(half))
    return Species(
        ("O", "H", "H"), ((0.0, 0.0, 0.0), (x, y, 0.0), (-x, y, 0.0)), charge=0
    )


def _ion(symbol: str, charge: int) -> Species:
    return Species((symbol,), ((0.0, 0.0, 0.0),), charge)


SPECIES: Final[dict[str, Species]] = {
    "H2O": _water(),
    **{f"{s}+": _ion(s, 1) for s in ("Li", "Na", "K", "Rb", "Cs")},
    **{f"{s}+2": _ion(s, 2) for s in ("Mg", "Ca", "Sr", "Ba", "Mn", "Zn")},
    **{f"{s}-": _ion(s, -1) for s in ("F", "Cl", "Br", "I")},
}
"""Everything `build_box` knows, by the name used in a protocol."""


def find_species(name: str, templates: Mapping[str, Species] = SPECIES) -> Species:
    """The molecule or ion called `name`, among `templates`.

    Raises
    ------
    InputError
        There is none of that name; the nearest names are suggested.
    """
    if name in templates:
        return templates[name]
    lowered = {known.lower(): known for known in templates}
    near = difflib.get_close_matches(name.lower(), lowered, n=3, cutoff=0.4)
    advice = (
        f"Did you mean {' or '.join(repr(lowered[n]) for n in near)}?"
        if near
        else f"Known are {', '.join(templates)}."
    )
    raise InputError(f"a molecule's name must be a known one, got {name!r}. {advice}")


def read_species(path: str | Path, *, charge: int = 0) -> Species:
    """The molecule in a file that ASE reads, as a template for `build_box`.

    Parameters
    ----------
    path : str or Path
        One molecule, such as an XYZ file; its last frame is taken.
    charge : int, e

    Raises
    ------
    DataFileError
        The file cannot be read.
    """
    atoms = read_frames(Path(path), index=-1, what="molecule")[0]
    return Species(
        tuple(atoms.get_chemical_symbols()),
        tuple((float(x), float(y), float(z)) for x, y, z in atoms.positions),
        charge,
    )


def check_neutral(
    molecules: Mapping[str, int], templates: Mapping[str, Species] = SPECIES
) -> None:
    """Refuse molecules and ions that carry a net charge together.

    Raises
    ------
    InputError
        They do, or a name is unknown.
    """
    charge = sum(n * find_species(m, templates).charge for m, n in molecules.items())
    if charge:
        listed = ", ".join(f"{count} {name}" for name, count in molecules.items())
        raise InputError(
            f"a periodic box must be neutral, got a charge of {charge:+d} e from "
            f"{listed}; change the number of ions."
        )
