"""The neural readout: gradient descent on labels and demands, frame by frame."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from brine.native import _native
from brine.potentials import (
    Calibration,
    NativePotential,
    NetworkLayout,
    NeuralReadout,
    Posterior,
)
from brine.structures.neighbours import neighbour_pairs
from brine.structures.progress import Report
from brine.threads import thread_count
from brine.training.descent import Descent
from brine.training.linear_fit import Watch, frame_rows, uncalibrated
from brine.training.neural_loss import Loss
from brine.training.regression import NormalEquations, bayesian_ridge
from brine.training.soap import Soap
from brine.training.targets import Targets

LEARNING_POINTS = 8
"""How often `watch` is called."""
LAST_LAYER_FRAMES = 40
"""Frames that tell how well the last layer is determined."""
_SAMPLE = 12
_DAMPING = 1e-3


def fit_neural(
    targets: Targets,
    provenance: Mapping[str, Any],
    *,
    seed: int,
    watch: Watch | None,
    checkpoint: Path | None,
    report: Report,
) -> NativePotential:
    """Weights averaged over the last steps of SOAP, one frame a step.

    How well the last layer is determined by the data is found by Bayesian regression
    on what it reads.
    """
    settings = targets.descriptor.settings
    layout = NetworkLayout.of(targets.descriptor)
    loss = Loss(targets, thread_count())
    rng = np.random.default_rng(seed)
    theta = _start(layout, len(targets.references), rng)
    scaling = _scaling(targets, loss, theta)
    descent = Descent(
        theta=theta,
        soap=Soap(theta, layout, decay=settings.weight_decay),
        rng=rng,
        n_epochs=settings.epochs,
        steps_per_epoch=len(loss.epoch(np.random.default_rng(0))),
        learning_rate=settings.learning_rate,
    )
    key = _key(settings.model_dump(mode="json"), provenance, seed)
    if checkpoint:
        descent.read(checkpoint, key)
    for _ in _epochs(descent, loss, scaling, report):
        if checkpoint:
            descent.write(checkpoint, key)
        if watch and descent.epoch in _learning_points(settings.epochs):
            weights = scaling.weights(descent.average)
            watch(descent.epoch, _potential(targets, weights, provenance))
    potential = _potential(targets, scaling.weights(descent.best), provenance)
    return _with_posterior(potential, targets, report)


def _epochs(
    descent: Descent, loss: Loss, scaling: "_Scaling", report: Report
) -> Iterator[None]:
    """Train until the end; pauses after each epoch."""

    def gradient(theta: NDArray[np.float64], samples: list[int]) -> NDArray[np.float64]:
        return scaling.gradient(loss.gradient(scaling.weights(theta), samples))

    def tell(step: int) -> None:
        if step % 50 == 0:
            done = 0.9 * step / (descent.n_epochs * descent.steps_per_epoch)
            report("fit", {"done": done, "force_error_meV_per_A": loss.force_error})

    while not descent.ended:
        # Threads of BLAS would wait in a loop for tiny products, on the kernel's cores.
        with threadpool_limits(1, user_api="blas"):
            descent.run_epoch(loss.epoch(descent.rng), gradient, tell)
        descent.judge(loss.held_back(scaling.weights(descent.average)))
        yield


def _learning_points(n_epochs: int) -> set[int]:
    """Epochs after which `watch` is called, none of them the last."""
    points = range(1, LEARNING_POINTS)
    return {max(1, round(n_epochs * k / LEARNING_POINTS)) for k in points} - {n_epochs}


def _key(settings: Mapping[str, Any], provenance: Mapping[str, Any], seed: int) -> str:
    """Of a training: two with the same key take the same way."""
    content = json.dumps([settings, provenance, seed], sort_keys=True, default=float)
    return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class _Scaling:
    """Weights as linear functions of numbers θ that are all of order one.

    Density channels are made independent of each other, and what the network reads
    has zero mean and unit scatter at the start.

    Attributes
    ----------
    layout : NetworkLayout
    channels : (n_elements, n_channels, n_channels) array
        Mixes are these times θ.
    mean, scale : (n_elements, n_inputs) array
        The first layer reads (x − mean)·scale.
    """

    layout: NetworkLayout
    channels: NDArray[np.float64]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def weights(self, theta: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weights that θ stands for; both are (n_elements, size)."""
        weights = theta.copy()
        parts = self.layout.views(weights)
        parts["mixes"][:] = self.channels[:, None] @ parts["mixes"]
        parts["w1"] *= self.scale[:, :, None]
        parts["b1"] -= (self.mean[:, None] @ parts["w1"])[:, 0]
        return weights

    def gradient(self, by_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """dL/dθ from dL/d(weights)."""
        parts = self.layout.views(by_weights)
        parts["mixes"][:] = self.channels.transpose(0, 2, 1)[:, None] @ parts["mixes"]
        parts["w1"] -= self.mean[:, :, None] * parts["b1"][:, None]
        parts["w1"] *= self.scale[:, :, None]
        return by_weights


def _start(
    layout: NetworkLayout, n_elements: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Random θ: every layer's outputs are of order one, energies small."""
    theta = np.zeros((n_elements, layout.size))
    sizes = {
        "mixes": layout.n_channels**-0.5,
        "w1": layout.n_inputs**-0.5,
        "w2": (1.5 / layout.hidden) ** 0.5,
        "w3": 0.3 * layout.hidden**-0.5,
    }
    parts = layout.views(theta)
    for name, size in sizes.items():
        parts[name][:] = size * rng.normal(size=parts[name].shape)
    return theta


def _scaling(targets: Targets, loss: Loss, theta: NDArray[np.float64]) -> _Scaling:
    descriptor, data = targets.descriptor, targets.dataset
    layout, n_elements = NetworkLayout.of(descriptor), len(descriptor.elements)
    frames = [int(k) for k in np.linspace(0, len(data) - 1, _SAMPLE)]
    scaling = _Scaling(
        layout,
        _independent_channels(targets, frames),
        np.zeros((n_elements, layout.n_inputs)),
        np.ones((n_elements, layout.n_inputs)),
    )
    inputs = loss.trainer.layers(scaling.weights(theta), frames)
    inputs = inputs[:, : layout.n_inputs]
    element = np.concatenate([descriptor.index(data.frame(k).numbers) for k in frames])
    n_products = layout.n_products
    for z in range(n_elements):
        of_element = inputs[element == z]
        if not len(of_element):
            continue
        scatter = of_element.std(0)
        # A product that hardly varies at the start may vary a lot once mixes change.
        typical = np.sqrt(np.square(of_element).mean(0))
        scatter[:n_products] = np.maximum(scatter, typical)[:n_products]
        used = scatter > 1e-12 * scatter.max()
        scaling.mean[z] = of_element.mean(0)
        scaling.scale[z] = np.where(used, 1 / np.where(used, scatter, 1.0), 0.0)
    return scaling


def _independent_channels(
    targets: Targets, frames: Sequence[int]
) -> NDArray[np.float64]:
    """Mixes of each element's radial functions that are independent in the data.

    The inverse root of ⟨Σ_j g_n(r_ij) g_n'(r_ij)⟩, damped where functions are nearly
    alike.
    """
    descriptor, settings = targets.descriptor, targets.descriptor.settings
    n, n_elements = descriptor.n_three, len(descriptor.elements)
    overlap = np.zeros((n_elements, n_elements, n, n))
    counts = np.zeros(n_elements)
    for frame in frames:
        atoms = targets.dataset.frame(frame)
        element = descriptor.index(atoms.numbers)
        pairs = neighbour_pairs(atoms, settings.three_body_cutoff_A)
        g, _ = _native.radial_functions(
            pairs.distances,
            n,
            settings.three_body_cutoff_A,
            settings.three_body_scale_A,
        )
        counts += np.bincount(element, minlength=n_elements)
        for z in range(n_elements):
            for a in range(n_elements):
                both = (element[pairs.centre] == z) & (element[pairs.neighbour] == a)
                overlap[z, a] += g[both].T @ g[both]
    channels = np.zeros((n_elements, n_elements * n, n_elements * n))
    for z in range(n_elements):
        for a in range(n_elements):
            value, vector = np.linalg.eigh(overlap[z, a] / max(counts[z], 1.0))
            own = slice(a * n, (a + 1) * n)
            if value[-1] > 0:
                channels[z, own, own] = vector / np.sqrt(value + _DAMPING * value[-1])
    return channels


def _potential(
    targets: Targets, weights: NDArray[np.float64], provenance: Mapping[str, Any]
) -> NativePotential:
    """The potential with these weights, its certainty unknown."""
    layout = NetworkLayout.of(targets.descriptor)
    weights = weights.copy()
    layout.views(weights)["b3"][:, 0] += targets.references
    n_columns = len(weights) * (layout.hidden + 1)
    return NativePotential(
        descriptor=targets.descriptor,
        readout=NeuralReadout(
            weights, Posterior(np.ones(n_columns), np.eye(n_columns))
        ),
        calibration=Calibration(0.0, 1.0, 0.0, 1.0, 0),
        shortest=targets.shortest,
        provenance=dict(provenance),
    )


def _with_posterior(
    potential: NativePotential, targets: Targets, report: Report
) -> NativePotential:
    """The same potential, knowing how well the data determine its last layer."""
    readout, descriptor = potential.readout, potential.descriptor
    equations = NormalEquations(len(readout.posterior.scale))
    n_frames = len(targets.dataset)
    frames = np.unique(np.linspace(0, n_frames - 1, LAST_LAYER_FRAMES).astype(int))
    for count, index in enumerate(map(int, frames)):
        rows = readout.design_rows(descriptor, targets.dataset.frame(index))
        equations.add(*frame_rows(targets, index, rows=rows))
        report("fit", {"done": 0.9 + 0.1 * (count + 1) / len(frames)})
    regression = bayesian_ridge(equations)
    return replace(
        potential,
        readout=replace(readout, posterior=regression.posterior),
        calibration=uncalibrated(regression, targets),
    )
