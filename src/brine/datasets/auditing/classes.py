"""Frames that may be judged against each other."""

import numpy as np
from numpy.typing import NDArray

from brine.datasets.dataset import Dataset
from brine.datasets.splits import compositions

COMPRESSED = 0.93
"""Frames below this share of the median volume per atom are judged apart."""
CLASS_WIDTH = 0.05
"""Width in ln(volume) of the classes of compressed frames."""
SMALLEST_CLASS = 8
"""Fewer frames cannot show what is usual."""


def volumes(dataset: Dataset) -> NDArray[np.float64]:
    """(n_frames,) array, Å³; NaN where a frame is not periodic in all directions."""
    volume = np.abs(np.linalg.det(np.nan_to_num(dataset.cells)))
    periodic = dataset.periodic.all(axis=1) & (volume > 0)
    return np.where(periodic, volume, np.nan)


def composition_sets(dataset: Dataset) -> dict[str, NDArray[np.int64]]:
    """For every chemical formula the frames that have it."""
    formulas = np.array(compositions(dataset))
    return {str(f): np.flatnonzero(formulas == f) for f in dict.fromkeys(formulas)}


def similar_frames(
    dataset: Dataset, among: NDArray[np.int64] | None = None
) -> list[NDArray[np.int64]]:
    """Sets of frames under similar compression, large enough to judge by.

    Frames near or above the median volume per atom form one set; compressed frames,
    whose forces and energies are large for good reason, form sets of like volume.
    The most compressed come first.
    """
    frames = np.arange(len(dataset)) if among is None else among
    per_atom = (volumes(dataset) / np.maximum(dataset.n_atoms, 1))[frames]
    label = np.zeros(len(frames), dtype=np.int64)
    if np.isfinite(per_atom).any():
        share = per_atom / np.nanmedian(per_atom)
        small = share < COMPRESSED
        label[small] = np.floor(np.log(share[small]) / CLASS_WIDTH).astype(np.int64)
        label[np.isnan(share)] = 1
    classes = [frames[label == value] for value in np.unique(label)]
    return [c for c in classes if len(c) >= SMALLEST_CLASS]
