"""The split that fits any data: the end of every source is held out."""

import numpy as np

from brine.datasets.dataset import Dataset
from brine.datasets.splits import Split
from brine.errors import InputError


def split_by_last_part(
    dataset: Dataset, *, fraction: float = 0.2, gap_fraction: float = 0.05
) -> Split:
    """The last part of every source held out, after a gap; the first part to train.

    A source is a file, a folder, or one run of a sampling plan.

    Parameters
    ----------
    dataset : Dataset
        The frames of each source stand in the order of time.
    fraction, gap_fraction : float
        Shares of each source that are held out, and left out.

    Raises
    ------
    InputError
        Nothing is left to train on, or nothing is held out.
    """
    if not (0 < fraction < 1 and gap_fraction >= 0 and fraction + gap_fraction < 1):
        raise InputError(
            "`fraction` + `gap_fraction` must lie between 0 and 1, got "
            f"{fraction} + {gap_fraction}."
        )
    train, test = [], []
    for source in range(len(dataset.source_names)):
        frames = np.flatnonzero(dataset.source == source)
        n_test = round(fraction * len(frames))
        n_train = len(frames) - n_test - round(gap_fraction * len(frames))
        train.append(frames[:n_train])
        test.append(frames[len(frames) - n_test :])
    return Split(
        train=np.sort(np.concatenate(train)),
        test=np.sort(np.concatenate(test)),
        kind="time_block",
        random=False,
        note=(
            f"last {100 * fraction:.0f} % of every source held out, "
            f"{100 * gap_fraction:.0f} % before it left out"
        ),
    )
