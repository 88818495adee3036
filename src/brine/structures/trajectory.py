"""A trajectory as plain arrays, whoever produced it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brine.errors import ShapeError


@dataclass(frozen=True)
class Trajectory:
    """Positions of the same atoms at successive times.

    Attributes
    ----------
    numbers : (n_atoms,) array of int
        Atomic numbers.
    masses : (n_atoms,) array, amu
        As simulated: deuterium and repartitioned masses included.
    positions : (n_frames, n_atoms, 3) array, Å
        Unwrapped where `unwrapped` is true: a molecule that leaves the box goes on,
        its images on the lattice of their own frame.
    cells : (n_frames, 3, 3) array, Å
        Rows are the cell vectors; zero where there is no cell.
    times : (n_frames,) array, fs
    unwrapped : bool
    """

    numbers: NDArray[np.int64]
    masses: NDArray[np.float64]
    positions: NDArray[np.float64]
    cells: NDArray[np.float64]
    times: NDArray[np.float64]
    unwrapped: bool

    def __post_init__(self) -> None:
        """Check that every array speaks of the same frames and atoms."""
        n_frames, n_atoms = len(self.times), len(self.numbers)
        expected = {
            "masses": (n_atoms,),
            "positions": (n_frames, n_atoms, 3),
            "cells": (n_frames, 3, 3),
        }
        for name, shape in expected.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                raise ShapeError(f"`{name}` must have shape {shape}, got {found}.")

    def __len__(self) -> int:
        return len(self.times)
