"""Labelled frames, immutable and columnar."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import chemical_symbols
from numpy.typing import ArrayLike, NDArray

from brine.errors import InputError, ShapeError


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Frames of any size with their labels; a missing label is missing, never zero.

    Atoms of all frames stand one after the other; frame ``k`` owns the atoms
    ``offsets[k]:offsets[k + 1]``. Missing labels are NaN *and* false in their
    ``has_…`` mask; a NaN whose mask is true is a bad label, and an audit says so.

    Attributes
    ----------
    offsets : (n_frames + 1,) array of int
    numbers : (n_atoms_total,) array of int
        Atomic numbers.
    positions : (n_atoms_total, 3) array, Å
    cells : (n_frames, 3, 3) array, Å
        Rows are the cell vectors; zero where there is no cell.
    periodic : (n_frames, 3) array of bool
    energy : (n_frames,) array, eV
    forces : (n_atoms_total, 3) array, eV/Å
    stress : (n_frames, 3, 3) array, eV/Å³
        Cauchy stress, tension positive, no kinetic term.
    has_energy, has_forces, has_stress : (n_frames,) array of bool
    group : (n_frames,) array of int
        Index into `group_names`: which trajectory a frame came from.
    group_names : tuple of str
    source : (n_frames,) array of int
        Index into `source_names`.
    source_names : tuple of str
        Files, as the user named them.
    source_frame : (n_frames,) array of int
        Index of the frame inside its file.
    fingerprint : str
        Level of theory; two different ones never mix.
    assumptions : tuple of str
        What the readers assumed about units and signs.
    """

    offsets: NDArray[np.int64]
    numbers: NDArray[np.int64]
    positions: NDArray[np.float64]
    cells: NDArray[np.float64]
    periodic: NDArray[np.bool_]
    energy: NDArray[np.float64]
    forces: NDArray[np.float64]
    stress: NDArray[np.float64]
    has_energy: NDArray[np.bool_]
    has_forces: NDArray[np.bool_]
    has_stress: NDArray[np.bool_]
    group: NDArray[np.int64]
    group_names: tuple[str, ...]
    source: NDArray[np.int64]
    source_names: tuple[str, ...]
    source_frame: NDArray[np.int64]
    fingerprint: str
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and make every array read-only."""
        n_frames, n_atoms = len(self.energy), len(self.numbers)
        shapes = {
            "offsets": (n_frames + 1,),
            "positions": (n_atoms, 3),
            "cells": (n_frames, 3, 3),
            "periodic": (n_frames, 3),
            "forces": (n_atoms, 3),
            "stress": (n_frames, 3, 3),
            **dict.fromkeys(
                ("has_energy", "has_forces", "has_stress", "group", "source"),
                (n_frames,),
            ),
            "source_frame": (n_frames,),
        }
        for name, shape in shapes.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                raise ShapeError(f"`{name}` must have shape {shape}, got {found}.")
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value = value.view()
                value.flags.writeable = False
                object.__setattr__(self, field.name, value)

    def __len__(self) -> int:
        return len(self.energy)

    def atoms_of(self, frame: int) -> slice:
        """The rows of `positions`, `numbers` and `forces` that `frame` owns."""
        return slice(int(self.offsets[frame]), int(self.offsets[frame + 1]))

    @property
    def n_atoms(self) -> NDArray[np.int64]:
        """(n_frames,) array: atoms in each frame."""
        return np.diff(self.offsets)

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers present, ascending."""
        return tuple(int(z) for z in np.unique(self.numbers))

    def frame(self, index: int) -> Atoms:
        """Frame `index` as `ase.Atoms`, its labels attached where present."""
        rows = self.atoms_of(index)
        atoms = Atoms(
            numbers=self.numbers[rows],
            positions=self.positions[rows],
            cell=self.cells[index],
            pbc=self.periodic[index],
        )
        labels: dict[str, ArrayLike] = {}
        if self.has_energy[index]:
            labels["energy"] = float(self.energy[index])
        if self.has_forces[index]:
            labels["forces"] = self.forces[rows]
        if self.has_stress[index]:
            s = self.stress[index]
            labels["stress"] = s[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        atoms.calc = SinglePointCalculator(atoms, **labels)
        return atoms

    def frames(self) -> Iterator[Atoms]:
        """Every frame as `ase.Atoms`."""
        return (self.frame(k) for k in range(len(self)))

    def select(self, indices: ArrayLike) -> "Dataset":
        """The frames `indices`, in that order (integers or a boolean mask)."""
        chosen = np.arange(len(self))[np.asarray(indices)]
        rows = np.concatenate(
            [np.arange(self.offsets[k], self.offsets[k + 1]) for k in chosen]
            or [np.empty(0, dtype=np.int64)]
        )
        per_frame = {
            name: getattr(self, name)[chosen]
            for name in (
                *("cells", "periodic", "energy", "stress", "group", "source"),
                *("has_energy", "has_forces", "has_stress", "source_frame"),
            )
        }
        per_atom = {
            name: getattr(self, name)[rows]
            for name in ("numbers", "positions", "forces")
        }
        offsets = np.concatenate([[0], np.cumsum(self.n_atoms[chosen])])
        return replace(self, offsets=offsets, **per_frame, **per_atom)

    def __repr__(self) -> str:
        """One line, for notebooks."""
        elements = " ".join(chemical_symbols[z] for z in self.elements)
        labels = ", ".join(
            f"{int(known.sum())} with {name}"
            for name, known in (
                ("energy", self.has_energy),
                ("forces", self.has_forces),
                ("stress", self.has_stress),
            )
        )
        return (
            f"Dataset({len(self)} frames of {len(self.numbers)} atoms ({elements}) in "
            f"{len(self.group_names)} groups; {labels}; {self.fingerprint!r})"
        )

    def require_finite(self) -> "Dataset":
        """The same dataset, once every position and every present label is finite.

        Raises
        ------
        InputError
            With the file, the frame and the quantity that is not.
        """
        for name, frames in self.not_finite().items():
            if frames.size:
                k = int(frames[0])
                raise InputError(
                    f"{self.source_names[self.source[k]]}, frame "
                    f"{self.source_frame[k]}: `{name}` must be finite, got NaN or "
                    f"infinity ({frames.size} such frames); leave them out."
                )
        return self

    def not_finite(self) -> dict[str, NDArray[np.int64]]:
        """For positions, cells and labels the frames where they should be finite."""
        atom_frame = np.repeat(np.arange(len(self)), self.n_atoms)

        def of_atoms(values: NDArray[np.float64]) -> NDArray[np.bool_]:
            good = np.ones(len(self), dtype=bool)
            good[atom_frame[~np.isfinite(values).all(axis=1)]] = False
            return good

        finite = {
            "positions": of_atoms(self.positions),
            "cells": np.isfinite(self.cells).all(axis=(1, 2)),
            "energy": np.isfinite(self.energy) | ~self.has_energy,
            "forces": of_atoms(self.forces) | ~self.has_forces,
            "stress": np.isfinite(self.stress).all(axis=(1, 2)) | ~self.has_stress,
        }
        return {name: np.flatnonzero(~good) for name, good in finite.items()}

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 over everything that changes a fit, as hexadecimal digits."""
        digest = hashlib.sha256(self.fingerprint.encode())
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                digest.update(field.name.encode())
                digest.update(np.ascontiguousarray(value).tobytes())
        return digest.hexdigest()


def concatenate(datasets: Sequence[Dataset]) -> Dataset:
    """All frames of `datasets`, one after the other.

    Groups keep their names: the same name in two datasets is the same group.

    Raises
    ------
    InputError
        There is none, or the fingerprints differ.
    """
    if not datasets:
        raise InputError("`datasets` must hold at least one dataset, got none.")
    fingerprints = {d.fingerprint for d in datasets}
    if len(fingerprints) > 1:
        raise InputError(
            "labels of different levels of theory must not mix, got "
            f"{sorted(fingerprints)}; train one potential for each."
        )
    group_names = tuple(dict.fromkeys(n for d in datasets for n in d.group_names))
    source_names = tuple(dict.fromkeys(n for d in datasets for n in d.source_names))

    def joined(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(d, name) for d in datasets])

    def renumbered(name: str, names: tuple[str, ...]) -> NDArray[np.int64]:
        parts = [
            np.array([names.index(n) for n in getattr(d, f"{name}_names")], dtype=int)[
                getattr(d, name)
            ]
            for d in datasets
        ]
        return np.concatenate(parts)

    columns = {
        field.name: joined(field.name)
        for field in fields(Dataset)
        if isinstance(getattr(datasets[0], field.name), np.ndarray)
    }
    columns["offsets"] = np.concatenate(
        [[0], np.cumsum(np.concatenate([d.n_atoms for d in datasets]))]
    )
    columns["group"] = renumbered("group", group_names)
    columns["source"] = renumbered("source", source_names)
    return Dataset(
        **columns,  # type: ignore[arg-type]
        group_names=group_names,
        source_names=source_names,
        fingerprint=datasets[0].fingerprint,
        assumptions=tuple(dict.fromkeys(a for d in datasets for a in d.assumptions)),
    )
