"""What trains a family in its own package."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from brine.datasets import Dataset
from brine.settings.potential import TrainedElsewhere


@dataclass(frozen=True)
class Order:
    """What is to be trained, and where.

    Attributes
    ----------
    settings : TrainedElsewhere
    training, validation : Dataset
        Frames whose gradients move the weights, and frames that are only looked at.
    folder : Path
        For the package's inputs, checkpoints and logs.
    n_steps : int
        Batches.
    seed : int
    """

    settings: TrainedElsewhere
    training: Dataset
    validation: Dataset
    folder: Path
    n_steps: int
    seed: int


@dataclass(frozen=True)
class Point:
    """How far training is, and its errors on the validation frames.

    Attributes
    ----------
    step : int
    energy : float, eV/atom
    force : float, eV/Å
        Both NaN where the package has not looked yet.
    """

    step: int
    energy: float
    force: float


class Trainer(Protocol):
    """A package's program: what it reads, how it is called, how far it is."""

    name: str
    """Of the package, for errors."""

    def write_inputs(self, order: Order) -> None:
        """Write everything that the program reads into the order's folder."""
        ...

    def train_command(self, folder: Path) -> list[str]:
        """Trains; goes on from the last checkpoint where there is one."""
        ...

    def points(self, folder: Path) -> list[Point]:
        """What the program has said of its progress, ascending."""
        ...

    def finish_commands(self, order: Order) -> list[list[str]]:
        """Make a model file of the weights, one command after the other."""
        ...

    def model(self, folder: Path) -> Path | None:
        """The model file, once it is there."""
        ...

    def source(self, folder: Path) -> Path | None:
        """What the model is compiled from, for other programs; None without it."""
        ...

    def environment(self, threads: int) -> Mapping[str, str]:
        """Of the program, which may keep `threads` busy."""
        ...


def overlaid(
    inputs: Mapping[str, object], extra: Mapping[str, object]
) -> dict[str, object]:
    """`inputs` with `extra` laid over it, sections merged key by key."""
    found = dict(inputs)
    for key, value in extra.items():
        below = found.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            found[key] = overlaid(below, value)
        else:
            found[key] = value
    return found
