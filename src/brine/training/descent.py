"""Gradient descent on a loss, epoch by epoch, that can be put down and taken up."""

import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brine.training.soap import Soap

Array = NDArray[np.float64]

WARM_UP = 100
"""Steps over which the learning rate rises."""
AVERAGE = 200
"""Steps over which weights are averaged."""
PATIENCE = 4
"""Training stops when this part of all epochs has brought nothing better."""


@dataclass(eq=False)
class Descent:
    """Numbers θ on their way down.

    The learning rate rises over `WARM_UP` steps and falls to zero on a cosine.

    Attributes
    ----------
    theta, average : (n_elements, size) array
        Where the descent stands, and its average over the last `AVERAGE` steps.
    soap : Soap
        Moves `theta`.
    rng : numpy.random.Generator
        Draws the order of samples.
    n_epochs, steps_per_epoch : int
    learning_rate : float
        At its highest.
    epoch : int
        Epochs that are done.
    best, best_epoch, least : array, int, float
        The average that had the least loss on frames held back, when, and how much.
    """

    theta: Array
    soap: Soap
    rng: np.random.Generator
    n_epochs: int
    steps_per_epoch: int
    learning_rate: float
    average: Array = field(init=False)
    epoch: int = 0
    best: Array = field(init=False)
    best_epoch: int = 0
    least: float = np.inf

    def __post_init__(self) -> None:
        self.average = self.theta.copy()
        self.best = self.theta.copy()

    @property
    def ended(self) -> bool:
        """Whether all epochs are done, or the last ones brought nothing better."""
        vain = self.epoch - self.best_epoch if np.isfinite(self.least) else 0
        return self.epoch >= self.n_epochs or PATIENCE * vain >= self.n_epochs

    def run_epoch(
        self,
        samples: list[list[int]],
        gradient_of: Callable[[Array, list[int]], Array],
        tell: Callable[[int], None],
    ) -> None:
        """One step for each of `samples`; `tell` hears of the steps done."""
        step, n_steps = self.epoch * self.steps_per_epoch, self._n_steps
        for chosen in samples:
            rate = 0.5 * (1 + np.cos(np.pi * step / n_steps))
            rate *= min(1.0, (step + 1) / WARM_UP)
            gradient = gradient_of(self.theta, chosen)
            self.soap.step(gradient, self.learning_rate * rate)
            step += 1
            self.average += (self.theta - self.average) / min(AVERAGE, 1 + step / 2)
            tell(step)
        self.epoch += 1

    @property
    def _n_steps(self) -> int:
        return self.n_epochs * self.steps_per_epoch

    def judge(self, loss: float | None) -> None:
        """Keep the average if its `loss` is the least; if None is known, anyway."""
        if loss is None or loss < self.least:
            self.best, self.best_epoch = self.average.copy(), self.epoch
            self.least = np.inf if loss is None else loss

    def write(self, path: Path, key: str) -> None:
        """Write the state to `path`, whole or not at all."""
        header = {
            "key": key,
            "rng": self.rng.bit_generator.state,
            "epoch": self.epoch,
            "best_epoch": self.best_epoch,
            "least": self.least,
        }
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with temporary.open("wb") as stream:
                np.savez(stream, header=np.array(json.dumps(header)), **self._arrays())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def _arrays(self) -> dict[str, Any]:
        own = {"theta": self.theta, "average": self.average, "best": self.best}
        return own | self.soap.state()

    def read(self, path: Path, key: str) -> None:
        """Go on from `path`, if it holds the state of the same training."""
        try:
            with path.open("rb") as stream, np.load(stream) as file:
                arrays = dict(file)
            header = json.loads(str(arrays.pop("header")))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return
        if header["key"] != key:
            return
        for name in ("theta", "average", "best"):
            getattr(self, name)[:] = arrays.pop(name)
        self.soap.restore(arrays)
        self.rng.bit_generator.state = header["rng"]
        self.epoch, self.best_epoch = header["epoch"], header["best_epoch"]
        self.least = header["least"]
