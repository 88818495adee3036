"""Frames of any origin put together as a `Dataset`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.stress import voigt_6_to_full_3x3_stress
from numpy.typing import ArrayLike, NDArray

from brine.datasets.dataset import Dataset
from brine.errors import DataFileError, InputError

UNSTATED = "unstated"
"""The fingerprint of labels whose level of theory nobody named."""

NO_LABELS = " has no labels: "
"""In the remark on a frame whose labels are not used, between frame and reason."""


@dataclass(frozen=True)
class Frame:
    """One structure with those of its labels that are present.

    Attributes
    ----------
    numbers : (n_atoms,) array of int
    positions : (n_atoms, 3) array, Å
    cell : (3, 3) array, Å
        Zero where there is none.
    periodic : (3,) array of bool
    energy : float, eV, or None
    forces : (n_atoms, 3) array, eV/Å, or None
    stress : (3, 3) array, eV/Å³, tension positive, or None
    group : str
    """

    numbers: ArrayLike
    positions: ArrayLike
    cell: ArrayLike
    periodic: ArrayLike
    energy: float | None
    forces: ArrayLike | None
    stress: ArrayLike | None
    group: str


@dataclass(frozen=True)
class Origin:
    """Where frames come from: the file, the level of theory, what was assumed."""

    source: str
    fingerprint: str = UNSTATED
    assumptions: tuple[str, ...] = ()


def assemble(frames: Sequence[Frame], origin: Origin) -> Dataset:
    """The dataset of `frames`, in their order.

    Raises
    ------
    DataFileError
        There is no frame, or an array of one has the wrong shape; the message
        names the file and the frame.
    """
    if not frames:
        raise DataFileError(f"{origin.source} holds no frame; remove it from the list.")
    for index, frame in enumerate(frames):
        _check_shapes(frame, f"{origin.source}, frame {index}")
    n_atoms = [len(np.asarray(f.numbers)) for f in frames]
    group_names = tuple(dict.fromkeys(f.group for f in frames))
    return Dataset(
        offsets=np.concatenate([[0], np.cumsum(n_atoms)]).astype(np.int64),
        numbers=np.concatenate([np.asarray(f.numbers, dtype=np.int64) for f in frames]),
        positions=np.concatenate([np.asarray(f.positions, float) for f in frames]),
        cells=np.array([f.cell for f in frames], dtype=float),
        periodic=np.array([f.periodic for f in frames], dtype=bool),
        energy=np.array([np.nan if f.energy is None else f.energy for f in frames]),
        forces=np.concatenate(
            [
                _or_missing(f.forces, (n, 3))
                for f, n in zip(frames, n_atoms, strict=True)
            ]
        ),
        stress=np.array([_or_missing(f.stress, (3, 3)) for f in frames]),
        has_energy=np.array([f.energy is not None for f in frames]),
        has_forces=np.array([f.forces is not None for f in frames]),
        has_stress=np.array([f.stress is not None for f in frames]),
        group=np.array([group_names.index(f.group) for f in frames], dtype=np.int64),
        group_names=group_names,
        source=np.zeros(len(frames), dtype=np.int64),
        source_names=(origin.source,),
        source_frame=np.arange(len(frames)),
        fingerprint=origin.fingerprint,
        assumptions=origin.assumptions,
    )


def dataset_from_atoms(
    frames: Sequence[Atoms],
    *,
    groups: Sequence[str],
    fingerprint: str,
    source: str = "in memory",
    assumptions: tuple[str, ...] = (),
) -> Dataset:
    """The dataset of labelled `ase.Atoms`; labels are what their calculators hold.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        Energy in eV, forces in eV/Å, stress in eV/Å³ with tension positive.
    groups : sequence of str
        For every frame the trajectory it belongs to.
    fingerprint : str
        Level of theory of the labels.

    Raises
    ------
    InputError
        `groups` does not have one entry per frame.
    DataFileError
        There is no frame, or a label has the wrong shape.
    """
    if len(groups) != len(frames):
        raise InputError(
            f"`groups` must name a group for each of {len(frames)} frames, "
            f"got {len(groups)}."
        )
    converted = [
        frame_from_atoms(atoms, group=group)
        for atoms, group in zip(frames, groups, strict=True)
    ]
    return assemble(converted, Origin(source, fingerprint, assumptions))


def frame_from_atoms(atoms: Atoms, *, group: str) -> Frame:
    """One frame with the labels that the calculator of `atoms` holds already."""
    results = {} if atoms.calc is None else dict(atoms.calc.results)
    energy = results.get("energy", results.get("free_energy"))
    stress = results.get("stress")
    if stress is not None and np.shape(stress) == (6,):
        stress = voigt_6_to_full_3x3_stress(stress)
    return Frame(
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        periodic=atoms.pbc,
        energy=None if energy is None else float(energy),
        forces=results.get("forces"),
        stress=stress,
        group=group,
    )


def _check_shapes(frame: Frame, where: str) -> None:
    n_atoms = len(np.asarray(frame.numbers))
    expected = {
        "numbers": (n_atoms,),
        "positions": (n_atoms, 3),
        "cell": (3, 3),
        "periodic": (3,),
        "forces": (n_atoms, 3),
        "stress": (3, 3),
    }
    for name, shape in expected.items():
        value = getattr(frame, name)
        if value is not None and np.shape(value) != shape:
            raise DataFileError(
                f"{where}: `{name}` must have shape {shape}, got {np.shape(value)}."
            )


def _or_missing(
    values: ArrayLike | None, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    return np.full(shape, np.nan) if values is None else np.asarray(values, float)
