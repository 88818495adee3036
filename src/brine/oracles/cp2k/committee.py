"""CP2K's committee of neural networks for water: density-functional truth in a second.

Eight networks of Behler's kind, trained to revPBE0-D3 by Schran, Brezina and Marsalek
(10.1063/5.0016004), which Debian's `cp2k-data` holds. Their mean is smooth, has forces
and stress, and is the truth for whoever is trained to it; energies have a constant
offset.
"""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ase import Atoms

from brine.errors import InputError, MissingPackageError
from brine.oracles.cp2k.input import periodic_box, single_point

MEMBERS: Final = 8
NAME: Final = "bulkH2O-jcp2020-cnnp"
DATA: Final = ("/usr/share/cp2k", "/usr/local/share/cp2k", "/opt/cp2k/data")


@dataclass(frozen=True)
class Committee:
    """The mean of the first `members` networks."""

    members: int = MEMBERS

    def __post_init__(self) -> None:
        """Refuse a committee that is not there."""
        if not 1 <= self.members <= MEMBERS:
            raise InputError(
                f"`members` must lie between 1 and {MEMBERS}, got {self.members}."
            )

    @property
    def fingerprint(self) -> str:
        """In one line, without the version of the program."""
        return f"{NAME} members={self.members}"

    def check(self, elements: Collection[str]) -> None:
        """Refuse what is no water.

        Raises
        ------
        InputError
            There is another element.
        """
        strange = sorted(set(elements) - {"H", "O"})
        if strange:
            raise InputError(
                f"the committee knows water alone, got {', '.join(strange)}; label "
                "other liquids with another oracle."
            )

    def input_text(self, atoms: Atoms, *, restart: str | None = None) -> str:
        """The input of a single point with energy, forces and stress.

        Raises
        ------
        InputError
            Something else than water.
        MissingPackageError
            The files of the networks are not found.
        """
        del restart
        self.check(set(atoms.symbols))
        folder = _folder()
        networks = {
            "NNP_INPUT_FILE_NAME": str(folder / "nnp-1" / "input.nn"),
            "SCALE_FILE_NAME": str(folder / "nnp-1" / "scaling.data"),
            "MODEL": [
                {"WEIGHTS": str(folder / f"nnp-{member}" / "weights")}
                for member in range(1, self.members + 1)
            ],
        }
        box = periodic_box(atoms, list(atoms.symbols))
        return single_point({"METHOD": "NNP", "NNP": networks}, box)


def _folder() -> Path:
    places = [os.environ.get("CP2K_DATA_DIR"), *DATA]
    found = [Path(p) / "NNP" / NAME for p in places if p]
    for folder in found:
        if folder.is_dir():
            return folder
    raise MissingPackageError(
        f"CP2K's data must hold NNP/{NAME}, got none in "
        f"{', '.join(p for p in places if p)}; install it (`apt install cp2k-data` on "
        "Debian), or set CP2K_DATA_DIR."
    )
