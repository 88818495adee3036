"""Extended XYZ, and every labelled format that ASE reads."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.io
import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets.assembly import (
    NO_LABELS,
    UNSTATED,
    Frame,
    Origin,
    assemble,
    frame_from_atoms,
)
from brine.datasets.dataset import Dataset
from brine.errors import DataFileError, in_one_line
from brine.structures.files import why_unreadable

ASSUMPTIONS = (
    "ASE files: positions in Å, energies in eV, forces in eV/Å, stress in eV/Å³ "
    "with tension positive"
)
VIRIAL_ASSUMPTION = "extended XYZ: a `virial` is in eV and equals −stress·volume"
PREFIXES = ("", "REF_", "ref_", "dft_", "DFT_")
"""What label names are looked for under, when ASE attached no labels itself."""

CONVERGED = ("converged", "scf_converged")
"""Entries of ``info`` that say whether the labels can be used."""


def read_ase(path: Path, *, name: str) -> Dataset:
    """Every frame of a file that ASE reads.

    A frame belongs to the group named by ``info["group"]`` or ``info["set"]``,
    else all frames of the file are one group. The fingerprint is
    ``info["fingerprint"]``. Where ``info["converged"]`` is false, labels are not used.

    Raises
    ------
    DataFileError
        The file is truncated or not a format that ASE knows, frames state
        different fingerprints, or a label has the wrong shape.
    """
    images = _images(path, name)
    fingerprint = _fingerprint(images, name)
    assumptions = [ASSUMPTIONS]
    frames = []
    for index, atoms in enumerate(images):
        frame = _frame(atoms, default_group=name, where=f"{name}, frame {index}")
        if frame.stress is None and _find("virial", atoms.info) is not None:
            frame = _stress_from_virial(frame, atoms, f"{name}, frame {index}")
            assumptions.append(VIRIAL_ASSUMPTION)
        if not all(_says_yes(atoms.info.get(key, True)) for key in CONVERGED):
            frame = replace(frame, energy=None, forces=None, stress=None)
            assumptions.append(f"{name}, frame {index}{NO_LABELS}it did not converge")
        frames.append(frame)
    return assemble(
        frames, Origin(name, fingerprint, tuple(dict.fromkeys(assumptions)))
    )


def _says_yes(value: Any) -> bool:
    words = ("true", "t", "yes", "y", "1")
    return value.lower() in words if isinstance(value, str) else bool(value)


def _fingerprint(images: list[Atoms], name: str) -> str:
    """What most frames state; the first that states another is named."""
    stated = [str(atoms.info.get("fingerprint", UNSTATED)) for atoms in images]
    usual = max(stated, key=stated.count, default=UNSTATED)
    for index, fingerprint in enumerate(stated):
        if fingerprint != usual:
            raise DataFileError(
                f"{name} mixes levels of theory: frame {index} states "
                f"{fingerprint!r}, most frames {usual!r}; split the file."
            )
    return usual


def _images(path: Path, name: str) -> list[Atoms]:
    try:
        images = ase.io.read(path, index=":")
    except Exception as error:
        raise DataFileError(f"{name} {why_unreadable(path, error)}") from error
    return images if isinstance(images, list) else [images]


def _frame(atoms: Atoms, *, default_group: str, where: str) -> Frame:
    group = atoms.info.get("group", atoms.info.get("set", default_group))
    nameless = np.flatnonzero(atoms.numbers < 1)
    if nameless.size:
        raise DataFileError(
            f"{where}: every atom must be an element, got "
            f"{atoms.symbols[nameless[0]]!r} for atom {nameless[0]}; name it."
        )
    frame = _attached(atoms, str(group), where)
    energy, forces, stress = frame.energy, frame.forces, frame.stress
    if energy is None:
        found = _find("energy", atoms.info)
        energy = None if found is None else _number(found, where)
    if forces is None:
        forces = _find("forces", atoms.arrays)
        forces = _find("force", atoms.arrays) if forces is None else forces
    if stress is None and (found := _find("stress", atoms.info)) is not None:
        stress = _tensor(found, "stress", where)
    return replace(frame, energy=energy, forces=forces, stress=stress)


def _attached(atoms: Atoms, group: str, where: str) -> Frame:
    """The frame with the labels that ASE has recognised."""
    try:
        return frame_from_atoms(atoms, group=group)
    except (TypeError, ValueError) as error:
        raise DataFileError(
            f"{where}: labels must be numbers ({in_one_line(error)}); mend or remove "
            "the frame."
        ) from None


def _find(label: str, values: Mapping[str, Any]) -> Any | None:
    for prefix in PREFIXES:
        if prefix + label in values:
            return values[prefix + label]
    return None


def _number(value: Any, where: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataFileError(
            f"{where}: `energy` must be a number, got {value!r}."
        ) from None


def _tensor(value: Any, label: str, where: str) -> NDArray[np.float64]:
    """(3, 3) array from nine numbers, or from six in Voigt order."""
    array: NDArray[np.float64] = np.asarray(value, dtype=float)
    if array.size == 9:
        return array.reshape(3, 3)
    if array.shape == (6,):
        full: NDArray[np.float64] = array[np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])]
        return full
    raise DataFileError(
        f"{where}: `{label}` must hold 9 or 6 numbers, got shape {array.shape}."
    )


def _stress_from_virial(frame: Frame, atoms: Atoms, where: str) -> Frame:
    volume = abs(np.linalg.det(atoms.cell.array))
    if volume == 0:
        raise DataFileError(f"{where}: a `virial` needs a cell with a volume.")
    virial = _tensor(_find("virial", atoms.info), "virial", where)
    return replace(frame, stress=-virial / volume)
