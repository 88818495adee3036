"""How close held-out frames are to frames that were trained on."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brine.datasets.dataset import Dataset
from brine.datasets.displacements import (
    Reduced,
    comparable_sets,
    displacements,
    reduced_positions,
)
from brine.datasets.splits import Split

NEAR = 0.35
"""A median nearest distance below this share of the independent one is a leak."""
TWIN = 0.15
"""A frame nearer than this share of the independent distance has a twin."""
TWIN_SHARE = 0.05
"""More held-out frames with a twin than this share are a leak."""
MAX_FRAMES = 2000
"""Held-out frames compared at most; beyond, an even subsample of them."""
PAIRS_FOR_SCALE = 200
"""Frames used at most to find the distance of any two."""


@dataclass(frozen=True)
class Leak:
    """Distance of held-out frames to the nearest training frame.

    Attributes
    ----------
    median, least : float, Å
        Over held-out frames that have training frames of the same atoms; NaN
        when none has.
    independent : float, Å
        Median distance of any two frames of the same atoms.
    twins : float
        Share of compared frames whose nearest training frame is closer than
        0.15 of the independent distance.
    compared : int
        Held-out frames that could be compared.
    leaks : bool
    message : str
        The finding in one sentence.
    """

    median: float
    least: float
    independent: float
    twins: float
    compared: int
    leaks: bool
    message: str

    def to_json(self) -> dict[str, Any]:
        """Plain values; None for a distance that does not exist."""
        return {
            key: None if isinstance(value, float) and np.isnan(value) else value
            for key, value in asdict(self).items()
        }


def measure_leak(dataset: Dataset, split: Split) -> Leak:
    """How much of `split`'s held-out part was practically trained on.

    Frames are compared by the RMS displacement of all their atoms to the nearest
    image; only frames with the same atoms in the same order are comparable.
    Nothing leaks when every distance is like that of any two frames.

    Parameters
    ----------
    dataset : Dataset
    split : Split
    """
    nearest: list[NDArray[np.float64]] = []
    scales: list[NDArray[np.float64]] = []
    stride = -(-len(split.test) // MAX_FRAMES)
    tested = split.test[::stride]
    for frames in comparable_sets(dataset):
        train = frames[np.isin(frames, split.train)]
        test = frames[np.isin(frames, tested)]
        if not train.size or not test.size:
            continue
        known, unseen = (reduced_positions(dataset, part) for part in (train, test))
        nearest.append(np.array([d.min() for _, d in displacements(unseen, known)]))
        everything = reduced_positions(dataset, np.concatenate([train, test]))
        scales.append(np.full(test.size, independent_distance(everything)))
    if not nearest:
        return Leak(
            *(np.nan, np.nan, np.nan, 0.0, 0, False),
            "No held-out frame has the atoms of a training frame: nothing to compare.",
        )
    return judge_distances(np.concatenate(nearest), np.concatenate(scales))


def independent_distance(frames: Reduced) -> float:
    """Median RMS displacement of any two frames, Å; 0 for fewer than two."""
    n_frames = len(frames.positions)
    chosen = np.unique(
        np.linspace(0, n_frames - 1, min(n_frames, PAIRS_FOR_SCALE)).astype(int)
    )
    part = Reduced(frames.positions[chosen], frames.cells[chosen], frames.periodic)
    pairs = [d[:k] for k, d in displacements(part, part)]
    distances = np.concatenate(pairs) if pairs else np.empty(0)
    return float(np.median(distances)) if distances.size else 0.0


def judge_distances(nearest: NDArray[np.float64], scale: NDArray[np.float64]) -> Leak:
    """Whether distances to the nearest frame are too small against `scale`.

    Parameters
    ----------
    nearest, scale : (n,) arrays, Å
        For each held-out frame the distance to the nearest training frame, and
        that of any two frames of the same atoms.
    """
    # Frames all at one place (scale 0) are copies: they leak.
    share = np.divide(nearest, scale, out=np.zeros_like(nearest), where=scale > 0)
    twins = float(np.mean(share < TWIN))
    leaks = bool(np.median(share) < NEAR or twins > TWIN_SHARE)
    median, least = float(np.median(nearest)), float(nearest.min())
    independent = float(np.median(scale))
    verdict = "errors on them flatter" if leaks else "they are new to the model"
    message = (
        f"Held-out frames are {median:.2f} Å (median; least {least:.3f} Å) from the "
        f"nearest training frame, any two frames are {independent:.2f} Å apart: "
        f"{verdict}."
    )
    return Leak(median, least, independent, twins, nearest.size, leaks, message)
