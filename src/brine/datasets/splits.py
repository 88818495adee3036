"""Which frames are trained on and which are held out."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase.formula import Formula
from ase.symbols import Symbols
from numpy.typing import ArrayLike, NDArray

from brine.datasets.dataset import Dataset
from brine.errors import InputError

Kind = Literal["group", "time_block", "composition", "random"]


@dataclass(frozen=True, eq=False)
class Split:
    """Frames to train on and frames held out.

    Attributes
    ----------
    train, test : (n,) array of int
        Indices of frames; they share none.
    kind : str
    random : bool
        Frames were drawn at random: neighbours in time of a held-out frame may
        be in the training set, and errors on it flatter.
    note : str
        How the split was made, for the report.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    kind: Kind
    random: bool
    note: str

    def __post_init__(self) -> None:
        """Check that both parts hold frames and that they share none."""
        for name in ("train", "test"):
            indices = np.array(getattr(self, name), dtype=np.int64)
            if not indices.size:
                remedy = {
                    "train": "hold out fewer",
                    "test": "hold out more, or give more frames",
                }[name]
                raise InputError(
                    f"the split must put at least one frame into `{name}`, got none; "
                    f"{remedy}."
                )
            indices.flags.writeable = False
            object.__setattr__(self, name, indices)
        shared = np.intersect1d(self.train, self.test)
        if shared.size:
            raise InputError(
                f"`train` and `test` must share no frame, got frame {shared[0]} twice."
            )


def split_by_group(dataset: Dataset, test: str | Iterable[str]) -> Split:
    """The frames of `test` held out, every other group to train.

    Parameters
    ----------
    dataset : Dataset
    test : str or iterable of str
        Names of groups, or the last parts of their paths: ``data_3`` stands for
        ``water/data_3``.

    Raises
    ------
    InputError
        No group has that name, several have, or nothing is left to train on.
    """
    wanted = [test] if isinstance(test, str) else list(test)
    chosen = [_group_index(dataset, name) for name in wanted]
    held_out = np.isin(dataset.group, chosen)
    names = ", ".join(dataset.group_names[k] for k in chosen)
    return Split(
        train=np.flatnonzero(~held_out),
        test=np.flatnonzero(held_out),
        kind="group",
        random=False,
        note=f"held out: {names}",
    )


def split_by_time_block(
    dataset: Dataset,
    *,
    train: int,
    gap: int,
    test: int,
    order: ArrayLike | None = None,
) -> Split:
    """The first `train` frames in time against the last `test`, `gap` apart.

    Parameters
    ----------
    dataset : Dataset
    train, gap, test : int
        Numbers of frames; the gap is at least `gap` and takes what is left over.
    order : (n_frames,) array of int, optional
        Frames in the order of time, such as `time_order` gives; without it the
        frames are in order as they stand.

    Raises
    ------
    InputError
        More frames are asked for than there are, or `order` repeats a frame.
    """
    indices = np.arange(len(dataset)) if order is None else np.asarray(order, dtype=int)
    outside = indices.size and (indices.min() < 0 or indices.max() >= len(dataset))
    if outside or np.unique(indices).size != indices.size:
        raise InputError(
            f"`order` must name each of the {len(dataset)} frames at most once."
        )
    if min(train, test) < 1 or gap < 0 or train + gap + test > indices.size:
        raise InputError(
            "`train` + `gap` + `test` must not exceed the number of frames, got "
            f"{train} + {gap} + {test} for {indices.size}."
        )
    left_out = indices.size - train - test
    return Split(
        train=np.sort(indices[:train]),
        test=np.sort(indices[-test:]),
        kind="time_block",
        random=False,
        note=(
            f"in time: first {train} to train, {left_out} left out, "
            f"last {test} held out"
        ),
    )


def split_by_composition(dataset: Dataset, held_out: str | Iterable[str]) -> Split:
    """The frames of whole compositions held out.

    Parameters
    ----------
    dataset : Dataset
    held_out : str or iterable of str
        Chemical formulas of whole frames, in any order: ``Na8Cl8O48H96``.

    Raises
    ------
    InputError
        A formula cannot be read, no frame has it, or nothing is left to train on.
    """
    wanted = [held_out] if isinstance(held_out, str) else list(held_out)
    formulas = np.array(compositions(dataset))
    present = list(dict.fromkeys(formulas))
    names = [_hill(formula) for formula in wanted]
    for given, name in zip(wanted, names, strict=True):
        if name not in present:
            raise InputError(
                f"`held_out` must be a composition of the dataset, got {given!r}; "
                f"there are {', '.join(present)}."
            )
    mask = np.isin(formulas, names)
    return Split(
        train=np.flatnonzero(~mask),
        test=np.flatnonzero(mask),
        kind="composition",
        random=False,
        note=f"held out: {', '.join(names)}",
    )


def random_split(dataset: Dataset, *, fraction: float, seed: int) -> Split:
    """A share `fraction` of all frames held out at random.

    Frames of one trajectory are alike, so errors on such a split flatter; it is
    marked, and reports say so.

    Raises
    ------
    InputError
        `fraction` is not between 0 and 1, or leaves one part empty.
    """
    if not 0 < fraction < 1:
        raise InputError(f"`fraction` must lie between 0 and 1, got {fraction}.")
    shuffled = np.random.default_rng(seed).permutation(len(dataset))
    n_test = round(fraction * len(dataset))
    return Split(
        train=np.sort(shuffled[n_test:]),
        test=np.sort(shuffled[:n_test]),
        kind="random",
        random=True,
        note=f"{n_test} frames drawn at random (seed {seed}): errors may flatter",
    )


def compositions(dataset: Dataset) -> list[str]:
    """The chemical formula of every frame, in Hill order."""
    known: dict[bytes, str] = {}
    formulas = []
    for k in range(len(dataset)):
        numbers = np.sort(dataset.numbers[dataset.atoms_of(k)])
        key = numbers.tobytes()
        if key not in known:
            known[key] = str(Symbols(numbers).get_chemical_formula("hill"))
        formulas.append(known[key])
    return formulas


def _hill(formula: str) -> str:
    try:
        return str(Formula(formula).convert("hill"))
    except (ValueError, KeyError) as error:
        raise InputError(
            f"`held_out` must be a chemical formula such as 'Na8Cl8O48H96', "
            f"got {formula!r}."
        ) from error


def _group_index(dataset: Dataset, name: str) -> int:
    names: Sequence[str] = dataset.group_names
    if name in names:
        return names.index(name)
    parts = tuple(name.strip("/").split("/"))
    ends = [
        k for k, n in enumerate(names) if tuple(n.split("/")[-len(parts) :]) == parts
    ]
    if len(ends) == 1:
        return ends[0]
    if ends:
        raise InputError(
            f"`test` must name one group each, got {name!r} for "
            f"{', '.join(names[k] for k in ends)}; write more of the path."
        )
    short = {n.split("/")[-1]: n for n in names}
    close = difflib.get_close_matches(name, [*names, *short], n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise InputError(
        f"`test` must name groups of the dataset, got {name!r}; there are "
        f"{', '.join(names)}.{hint}"
    )
