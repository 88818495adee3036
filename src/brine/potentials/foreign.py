"""A trained model of another package as a potential."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, Final
from weakref import finalize

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.data import chemical_symbols
from ase.stress import voigt_6_to_full_3x3_stress

from brine.errors import InputError, PotentialFileError, UnknownElementError
from brine.potentials.nequip_models import COMPILED, PACKAGED, compiled
from brine.potentials.packages import (
    PACKAGES,
    Package,
    open_model,
    package_of,
    suffix_of,
)
from brine.potentials.potential import Evaluation, Uncertainty
from brine.structures.neighbours import neighbour_pairs

CLOSEST: Final = 0.05
"""Å: below it two atoms are in one place."""
FARTHEST: Final = 1e6
"""Å from the origin"""
_ONE_AT_A_TIME: Final = Lock()
"""ASE's calculators hold one structure's results, whichever thread asked for them."""


@dataclass(frozen=True, eq=False)
class ForeignPotential:
    """A model file, and the package that runs it.

    Attributes
    ----------
    name : str
        Of the file, whose suffix says the package.
    content : bytes
    provenance : mapping
    source : bytes
        The packaged model that `content` was compiled from, empty where there is none.
    """

    name: str
    content: bytes
    provenance: Mapping[str, Any] = field(default_factory=dict)
    source: bytes = b""

    @property
    def package(self) -> Package:
        """That runs it."""
        return package_of(Path(self.name))

    @property
    def file_name(self) -> str:
        """Under which programs are given it: they stumble over blanks in names."""
        return f"model{suffix_of(Path(self.name))}"

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers it was trained on, ascending."""
        return self._opened[1]

    def evaluate(self, atoms: Atoms) -> Evaluation:
        """Energy, forces and stress of `atoms`.

        Raises
        ------
        UnknownElementError
            The model was not trained on an element of them.
        InputError
            There is no atom, a periodic cell has no volume, or the package treats a
            slab as periodic in all directions.
        """
        bare = self.ready(atoms)
        if bare is None:
            return Evaluation.unknown(len(atoms))
        with _ONE_AT_A_TIME:
            calculator, _ = self._opened
            stress = np.full((3, 3), np.nan)
            if atoms.pbc.all():
                found = np.asarray(calculator.get_property("stress", bare), dtype=float)
                stress = found if found.size == 9 else voigt_6_to_full_3x3_stress(found)
            return Evaluation(
                float(calculator.get_property("energy", bare)),
                np.array(calculator.get_property("forces", bare), dtype=np.float64),
                np.array(stress, dtype=np.float64).reshape(3, 3),
            )

    def ready(self, atoms: Atoms) -> Atoms | None:
        """`atoms` as the package can take them; None where it would give nonsense.

        Raises
        ------
        UnknownElementError, InputError
            As for `evaluate`.
        """
        self._check_shape(atoms)
        if _hopeless(atoms):
            return None
        with _ONE_AT_A_TIME:
            known = self.elements
        if strange := sorted(set(atoms.numbers.tolist()) - set(known)):
            names = ", ".join(chemical_symbols[z] for z in known)
            raise UnknownElementError(
                f"`atoms` must hold only {names}, which {self.name} was trained on, "
                f"got {chemical_symbols[strange[0]]}; take another model."
            )
        cell, periodic = atoms.cell.array, atoms.pbc
        if np.linalg.det(cell) < 0:
            # The same lattice, right-handed: DeePMD's forces change sign otherwise.
            cell, periodic = cell[[0, 2, 1]], periodic[[0, 2, 1]]
        return Atoms(atoms.numbers, atoms.positions, cell=cell, pbc=periodic)

    def _check_shape(self, atoms: Atoms) -> None:
        if not len(atoms):
            raise InputError(f"`atoms` must hold an atom for {self.name}, got none.")
        if atoms.pbc.any() and not abs(np.linalg.det(atoms.cell.array)) > 0:
            raise InputError(
                "`atoms` that are periodic must have a cell with a volume, got "
                f"{atoms.cell.array.tolist()}; set the cell, or `pbc` to False."
            )
        slab = atoms.pbc.any() and not atoms.pbc.all()
        if slab and self.package.name == "deepmd":
            raise InputError(
                "`atoms` must be periodic in all directions or in none for DeePMD-kit, "
                f"got pbc {atoms.pbc.tolist()}; put vacuum along the open ones."
            )

    def uncertainty(self, atoms: Atoms) -> Uncertainty | None:
        """None: these packages give none."""
        del atoms
        return None

    def calculator(self) -> Calculator:
        """The package's own ASE calculator, a new one."""
        return self._open()[0]

    def save(self, path: Path) -> None:
        """Write one file that `brine.load` reads back."""
        from brine.potentials.file import write_foreign

        write_foreign(self, path)

    @cached_property
    def _opened(self) -> tuple[Calculator, tuple[int, ...]]:
        return self._open()

    def _open(self) -> tuple[Calculator, tuple[int, ...]]:
        try:
            return open_model(self.package, self._path, self.name)
        except PotentialFileError:
            if not self.source:
                raise
        # Compiled for another kind of device.
        self._path.write_bytes(compiled(self.source, "ase", self.name))
        return open_model(self.package, self._path, self.name)

    @cached_property
    def _path(self) -> Path:
        """The file anew, for as long as this potential is used."""
        folder = TemporaryDirectory(prefix="brine-model-")
        finalize(self, folder.cleanup)
        path = Path(folder.name) / self.file_name
        path.write_bytes(self.content)
        return path


def _hopeless(atoms: Atoms) -> bool:
    """Whether packages give nonsense for places that are no numbers, or shared."""
    if not (np.abs(atoms.positions) < FARTHEST).all():
        return True
    distances = neighbour_pairs(atoms, 2 * CLOSEST).distances
    return bool((distances < CLOSEST).any())


def is_foreign(path: Path) -> bool:
    """Whether the name of a file says that another package made it."""
    return any(path.name.endswith(package.suffixes) for package in PACKAGES.values())


def read_foreign(path: Path) -> ForeignPotential:
    """The model of another package in the file `path`; packaged ones are compiled.

    Raises
    ------
    PotentialFileError
        There is no such file, no package that reads it, or it cannot be compiled.
    """
    suffix = suffix_of(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise PotentialFileError(
            f"no model at {path} ({error.strerror}); name the file of a frozen, "
            "packaged or compiled model."
        ) from None
    if suffix != PACKAGED:
        return ForeignPotential(path.name, content)
    name = path.name.removesuffix(PACKAGED) + COMPILED
    return ForeignPotential(name, compiled(content, "ase", path.name), source=content)
