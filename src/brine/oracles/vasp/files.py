"""Files of a VASP calculation: POSCAR and POTCAR in, vasprun.xml and OUTCAR out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from ase.io import read, write
from numpy.typing import NDArray

from brine.errors import DataFileError, InputError, UnconvergedError, in_one_line
from brine.oracles.oracle import Labels

NAMES: Final = {
    "Li": "Li_sv",
    "Na": "Na_pv",
    "K": "K_sv",
    "Ca": "Ca_sv",
    "Mg": "Mg_pv",
    "Mn": "Mn_pv",
}
"""Pseudopotentials that are recommended where they are not called by the element."""
CONVERGED: Final = "aborting loop because EDIFF is reached"
FINISHED: Final = "General timing and accounting"


@dataclass(frozen=True)
class Potentials:
    """The user's own library of pseudopotentials.

    Attributes
    ----------
    library : Path
        Folder with a folder for each name, which holds a POTCAR.
    names : mapping of str to str
        By element, where the default is not wanted.
    """

    library: Path
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, symbol: str) -> str:
        """Of the pseudopotential of an element."""
        return self.names.get(symbol, NAMES.get(symbol, symbol))

    def text(self, symbol: str) -> str:
        """Its POTCAR.

        Raises
        ------
        InputError
            It is not in the library.
        """
        path = Path(self.library) / self.name(symbol) / "POTCAR"
        if not path.is_file():
            raise InputError(
                f"`potcar_library` must hold {self.name(symbol)}/POTCAR for "
                f"{symbol}, got none in {self.library}; correct the folder, or name "
                "another pseudopotential in `potcars`."
            )
        return path.read_text(encoding="utf-8", errors="replace")

    def title(self, symbol: str) -> str:
        """What stands after TITEL in it, such as ``PAW_PBE O 08Apr2002``."""
        for line in self.text(symbol).splitlines():
            key, equals, value = line.partition("=")
            if equals and key.strip() == "TITEL":
                return " ".join(value.split())
        return self.name(symbol)


def species_order(atoms: Atoms) -> NDArray[np.int64]:
    """Indices that put atoms of one element together, as a POSCAR wants them."""
    symbols = list(dict.fromkeys(atoms.symbols))
    places = [symbols.index(symbol) for symbol in atoms.symbols]
    return np.argsort(places, kind="stable")


def write_structure(folder: Path, atoms: Atoms, potentials: Potentials) -> None:
    """POSCAR and POTCAR of `atoms`, which are in `species_order`."""
    write(folder / "POSCAR", atoms, format="vasp", direct=True)
    symbols = dict.fromkeys(atoms.symbols)
    text = "".join(potentials.text(symbol) for symbol in symbols)
    (folder / "POTCAR").write_text(text)


def read_labels(folder: Path, atoms: Atoms, *, version: str = "") -> Labels:
    """Labels of a single point.

    Parameters
    ----------
    folder : Path
        With vasprun.xml and OUTCAR.
    atoms : ase.Atoms
        What was calculated, in the order of the POSCAR.
    version : str
        What VASP's own must begin with.

    Raises
    ------
    DataFileError
        A file is missing or incomplete, or belongs to another structure or version.
    UnconvergedError
        The electronic loop did not reach EDIFF.
    """
    _check_outcar(folder / "OUTCAR", version)
    try:
        found = read(folder / "vasprun.xml", index=-1)
        # Forces derive from the free energy, not from its limit of no smearing.
        energy = found.calc.get_property("free_energy", found)
        forces = found.get_forces(apply_constraint=False)
        stress = found.get_stress(voigt=False)
    except Exception as error:
        # ASE's parser raises anything from ParseError to AttributeError.
        raise DataFileError(
            f"VASP's vasprun.xml must hold energy, forces and stress: "
            f"{in_one_line(error)}."
        ) from error
    if list(found.numbers) != list(atoms.numbers):
        raise DataFileError(
            f"VASP's vasprun.xml must be of {atoms.get_chemical_formula()}, got "
            f"{found.get_chemical_formula()}."
        )
    return Labels(float(energy), np.array(forces), np.array(stress))


def _check_outcar(outcar: Path, version: str) -> None:
    """Whether the run ended, converged, and was of this version."""
    text = outcar.read_text(errors="replace") if outcar.is_file() else ""
    if FINISHED not in text:
        raise DataFileError(
            "VASP must end its OUTCAR with its timing, but this one is "
            f"{'incomplete' if text else 'missing'}: the calculation was stopped."
        )
    if not text.lstrip().startswith(f"vasp.{version}"):
        raise DataFileError(
            f"VASP's version must be {version}, as the fingerprint says, got "
            f"{text.split()[0]}; correct `version`."
        )
    if CONVERGED not in text:
        raise UnconvergedError(
            "the electronic loop must reach EDIFF, and VASP ended without; such a "
            "label is not used."
        )
