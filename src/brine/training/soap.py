"""SOAP: Adam in the eigenbasis of Shampoo's factors.

The loss of a force field is far steeper along some mixes of weights than along others,
and Adam, which scales each weight by itself, crawls along the flat ones. For a matrix
of weights with gradient G, the eigenvectors of ⟨G Gᵀ⟩ and ⟨Gᵀ G⟩ turn it to where the
mixes stand alone; Adam works there. 10.48550/arXiv.2409.11321, of Adam itself
10.48550/arXiv.1412.6980.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from brine.potentials import NetworkLayout

Array = NDArray[np.float64]

MATRICES = ("mixes", "w1", "w2")
"""What is turned; biases and the last layer are not."""
LONGEST = 1.5
"""Times the usual length of a gradient: longer ones are cut."""
USUAL = 200
"""Steps over which that length is averaged."""
TURN_EVERY = 10
"""Steps between two looks at the eigenvectors."""
_MOMENTUM, _SQUARES, _FACTORS = 0.9, 0.99, 0.95
_FLOOR = 1e-6
"""Of a gradient's usual length: smaller components are rounding errors."""


class Soap:
    """Moves the weights of a network, in place; remembers gradients.

    No step's gradient is much longer than the usual one: otherwise a few violent
    samples would hold up all others for a hundred steps.
    """

    def __init__(
        self, theta: Array, layout: NetworkLayout, *, decay: float = 0.0
    ) -> None:
        """Of `theta`, (n_elements, size), which is moved in place.

        Matrices shrink by `decay` times the rate in each step.
        """
        self._theta, self._layout, self._decay = theta, layout, decay
        self._n_steps, self._usual = 0, 0.0
        self._mean, self._square = np.zeros_like(theta), np.zeros_like(theta)
        parts = layout.views(theta)
        self._sides = {name: _Sides(parts[name]) for name in MATRICES}

    def step(self, gradient: Array, rate: float) -> None:
        """Move against `gradient`, of the shape of the weights (overwritten)."""
        if not gradient.any():
            return
        self._n_steps += 1
        self._cut(gradient)
        parts = self._layout.views(gradient)
        for name, sides in self._sides.items():
            sides.see(parts[name], self._n_steps)
        self._mean += (1 - _MOMENTUM) * (gradient - self._mean)
        self._turn(gradient, back=False)
        np.square(gradient, out=gradient)
        self._square += (1 - _SQUARES) * (gradient - self._square)
        move = self._mean / (1 - _MOMENTUM**self._n_steps)
        self._turn(move, back=False)
        floor = _FLOOR * self._usual
        move /= np.sqrt(self._square / (1 - _SQUARES**self._n_steps)) + floor
        self._turn(move, back=True)
        self._theta -= rate * move
        for name, matrices in self._layout.views(self._theta).items():
            if name in MATRICES:
                matrices *= 1 - rate * self._decay

    def state(self) -> dict[str, Array]:
        """All that later steps depend on, but for the weights."""
        arrays = {
            "counters": np.array([self._n_steps, self._usual]),
            "mean": self._mean,
            "square": self._square,
        }
        for name, sides in self._sides.items():
            for k, (factor, basis) in enumerate(
                zip(sides.factors, sides.bases, strict=True)
            ):
                arrays[f"{name}_factor_{k}"] = factor
                arrays[f"{name}_basis_{k}"] = basis
        return arrays

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Go on from what `state` gave after at least one step."""
        self._n_steps, self._usual = int(arrays["counters"][0]), arrays["counters"][1]
        self._mean[:], self._square[:] = arrays["mean"], arrays["square"]
        for name, sides in self._sides.items():
            sides.factors = [arrays[f"{name}_factor_{k}"] for k in range(2)]
            sides.bases = [arrays[f"{name}_basis_{k}"] for k in range(2)]

    def _cut(self, gradient: Array) -> None:
        length = float(np.sqrt(np.vdot(gradient, gradient)))
        if self._n_steps > 1 and length > LONGEST * self._usual:
            gradient *= LONGEST * self._usual / length
            length = LONGEST * self._usual
        self._usual += (length - self._usual) / min(USUAL, self._n_steps)

    def _turn(self, numbers: Array, *, back: bool) -> None:
        parts = self._layout.views(numbers)
        for name, sides in self._sides.items():
            parts[name][:] = sides.turned(parts[name], back=back)


class _Sides:
    """Eigenvectors of ⟨G Gᵀ⟩ and ⟨Gᵀ G⟩ for a stack of matrices."""

    def __init__(self, matrices: Array) -> None:
        *stack, n_rows, n_columns = matrices.shape
        self.factors = [np.zeros((*stack, n, n)) for n in (n_rows, n_columns)]
        self.bases: list[Array] = []

    def see(self, gradient: Array, n_steps: int) -> None:
        """Average, and now and then look for the eigenvectors again.

        One step of orthogonal iteration from the old ones follows them.
        """
        kept = min(_FACTORS, 1 - 1 / n_steps)
        across = gradient.swapaxes(-1, -2)
        for factor, product in zip(
            self.factors, (gradient @ across, across @ gradient), strict=True
        ):
            factor *= kept
            factor += (1 - kept) * product
        if not self.bases:
            self.bases = [np.linalg.eigh(factor)[1] for factor in self.factors]
        elif n_steps % TURN_EVERY == 0:
            self.bases = [
                np.linalg.qr(factor @ basis)[0]
                for factor, basis in zip(self.factors, self.bases, strict=True)
            ]

    def turned(self, matrices: Array, *, back: bool) -> Array:
        """Into the eigenbasis, or back."""
        left, right = self.bases
        if back:
            return left @ matrices @ right.swapaxes(-1, -2)
        return left.swapaxes(-1, -2) @ matrices @ right
