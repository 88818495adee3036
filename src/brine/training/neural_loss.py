"""What training the neural readout makes small: errors of labels, and demands."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from brine.datasets import Dataset, split_by_last_part
from brine.native import _native
from brine.potentials import NetworkLayout, bare_network
from brine.training.demands import Demands
from brine.training.targets import Targets

ROBUST = 0.5
"""Errors below this share of the labels' scatter count as squares; larger ones, as in
frames far more violent than the rest, by their size."""
STRICT = 5.0
"""How much smaller than a regression's the margins of demands are: a network meets
them only as far as it must."""
DEMANDED_SHARE = 3
"""Every so many labelled frames have demands beside them."""


class Loss:
    """The loss of each sample, and its gradient with respect to the weights.

    Of a frame with n atoms, errors of force, energy per atom and stress components,
    each over its scatter and times its weight, are squared, added and divided by 3n,
    but for the largest; what is demanded counts like forces.
    """

    def __init__(self, targets: Targets, threads: int) -> None:
        descriptor, data = targets.descriptor, targets.dataset
        self._descriptor = descriptor
        nothing = np.zeros((len(data.elements), NetworkLayout.of(descriptor).size))
        model = bare_network(descriptor, nothing)
        self.trainer = _native.SinglePrecisionNeuralTrainer(model, threads)
        self._labels = []
        for index, atoms in enumerate(data.frames()):
            self.trainer.add_frame(*descriptor.arrays(atoms))
            self._labels.append(label_of(targets, index, atoms))
        self._samples: list[Label | Demanded] = [*self._labels]
        held_back = _last_parts(data, descriptor.settings.validation_share)
        everything = np.arange(len(data))
        self._labelled, self._held_back = everything[~held_back], everything[held_back]
        self._square = _RunningMean(len(self._labelled))
        usual = 3 * float(data.n_atoms.mean())
        self._lone_pairs = self._add_demands(targets.lone_pairs(), usual)
        self._kinds = [
            [self._add_demands(demands, usual) for demands in kind]
            for kind in targets.demands(squeezed=True)
        ]

    def _add_demands(self, demands: Demands, usual: float) -> int:
        """The sample that stands for them."""
        self.trainer.add_frame(*self._descriptor.arrays(demands.atoms))
        weight = 2 / max(usual, len(demands.targets))
        self._samples.append(Demanded(demands, weight))
        return len(self._samples) - 1

    def epoch(self, rng: np.random.Generator) -> list[list[int]]:
        """Every labelled frame in random order, some with demands beside them.

        Beside those stand the lone pairs, and a structure of one of the kinds, each
        as often as the others.
        """
        steps = [[int(frame)] for frame in rng.permutation(self._labelled)]
        n_demanded = -(-len(steps) // DEMANDED_SHARE)
        for place in rng.choice(len(steps), n_demanded, replace=False):
            steps[place].append(self._lone_pairs)
            if self._kinds:
                kind = self._kinds[rng.integers(len(self._kinds))]
                steps[place].append(kind[rng.integers(len(kind))])
        return steps

    @property
    def force_error(self) -> float:
        """Root mean square over about the last epoch's frames, meV/Å."""
        return 1e3 * float(np.sqrt(self._square.value))

    def held_back(self, weights: NDArray[np.float64]) -> float | None:
        """Mean loss of the frames held back; None where there are none."""
        losses = [
            self._labels[k].loss(*prediction)
            for k in map(int, self._held_back)
            for prediction in self._predict(weights, [k])
        ]
        return float(np.mean(losses)) if losses else None

    def gradient(
        self, weights: NDArray[np.float64], samples: list[int]
    ) -> NDArray[np.float64]:
        """(n_elements, size) array: dL/d(weights), summed over samples."""
        slopes = []
        for k, (energy, forces, virial) in zip(
            samples, self._predict(weights, samples), strict=True
        ):
            sample = self._samples[k]
            slopes.append(sample.slope(energy, forces, virial))
            if isinstance(sample, Label) and sample.weights[1]:
                self._square.add(float(np.square(forces - sample.forces).mean()))
        return self.trainer.gradient(
            weights,
            samples,
            np.array([slope.energy for slope in slopes]),
            -np.concatenate([slope.forces for slope in slopes]),
            np.array([slope.strain for slope in slopes]),
        )

    def _predict(
        self, weights: NDArray[np.float64], samples: list[int]
    ) -> Iterator[tuple[float, NDArray[np.float64], NDArray[np.float64]]]:
        """Energy, forces and virial of each sample."""
        energy, forces, virial = self.trainer.evaluate(weights, samples)
        ends = np.cumsum([self._samples[k].n_atoms for k in samples])
        for e, f, v in zip(energy, np.split(forces, ends[:-1]), virial, strict=True):
            yield float(e), f, v


def _last_parts(data: Dataset, share: float) -> NDArray[np.bool_]:
    """Which frames lie in the last `share` of their group."""
    chosen = np.zeros(len(data), dtype=bool)
    if share:
        chosen[split_by_last_part(data, fraction=share).test] = True
    return chosen


@dataclass
class _RunningMean:
    """The mean of about the last `memory` numbers."""

    memory: int
    value: float = 0.0
    count: int = 0

    def add(self, number: float) -> None:
        self.count += 1
        self.value += (number - self.value) / min(self.memory, self.count)


@dataclass(frozen=True, eq=False)
class _Slope:
    """Derivatives of a loss by energy, by forces, and by stress over the volume."""

    energy: float
    forces: NDArray[np.float64]
    strain: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Label:
    """Labels of a frame less references and baseline.

    Attributes
    ----------
    energy, forces, stress
        Per frame, atom and volume: eV, eV/Å, eV/Å³. What is missing has no weight.
    volume : float, Å³
    scatter : tuple of three floats
        Of the energy of a frame, of forces, of stress components.
    weights : tuple of three floats
        Of squared errors over squared scatter, halved.
    """

    energy: float
    forces: NDArray[np.float64]
    stress: NDArray[np.float64]
    volume: float
    scatter: tuple[float, float, float]
    weights: tuple[float, float, float]

    @property
    def n_atoms(self) -> int:
        """Of the frame."""
        return len(self.forces)

    def loss(
        self, energy: float, forces: NDArray[np.float64], virial: NDArray[np.float64]
    ) -> float:
        """What predictions as wrong as these cost."""
        e, f, s = map(_robust, self._errors(energy, forces, virial))
        of_energy, of_forces, of_stress = self.weights
        by_stress = of_stress * (_ONCE * s).sum()
        return float(of_energy * e + of_forces * f.sum() + by_stress)

    def slope(
        self, energy: float, forces: NDArray[np.float64], virial: NDArray[np.float64]
    ) -> _Slope:
        """How the loss changes with each prediction."""
        errors = self._errors(energy, forces, virial)
        by_energy, by_forces, by_stress = (
            weight / scatter * _bounded(error)
            for weight, scatter, error in zip(
                self.weights, self.scatter, errors, strict=True
            )
        )
        return _Slope(float(by_energy), by_forces, _ONCE * by_stress / self.volume)

    def _errors(
        self, energy: float, forces: NDArray[np.float64], virial: NDArray[np.float64]
    ) -> list[NDArray[np.float64]]:
        """Of energy, forces and stress, each over its scatter."""
        stress = -(virial + virial.T) / (2 * self.volume)
        energies, force, pressure = self.scatter
        return [
            np.asarray((energy - self.energy) / energies),
            (forces - self.forces) / force,
            (stress - self.stress) / pressure,
        ]


_ONCE = (1 + np.eye(3)) / 2
"""Shear stands twice in a tensor and counts once."""


def _robust(error: ArrayLike) -> NDArray[np.float64]:
    """Half a square below `ROBUST`, then nearly a straight line."""
    error = np.asarray(error, dtype=np.float64)
    return np.asarray(ROBUST**2 * (np.sqrt(1 + np.square(error / ROBUST)) - 1))


def _bounded(error: ArrayLike) -> NDArray[np.float64]:
    """The slope of `_robust`."""
    error = np.asarray(error, dtype=np.float64)
    return np.asarray(error / np.sqrt(1 + np.square(error / ROBUST)))


def label_of(targets: Targets, index: int, atoms: Atoms) -> Label:
    """What frame `index`, `atoms`, has to teach."""
    data, scales, n_atoms = targets.dataset, targets.scales, len(atoms)
    settings = targets.descriptor.settings
    energy, forces, stress = targets.residual(index, atoms)
    has = data.has_energy[index], data.has_forces[index], data.has_stress[index]
    of_energy, of_forces, of_stress = (
        2 * weight**2 / (3 * n_atoms) if known else 0.0
        for weight, known in zip(
            (settings.energy_weight, settings.force_weight, settings.stress_weight),
            has,
            strict=True,
        )
    )
    return Label(
        energy if has[0] else 0.0,
        forces if has[1] else np.zeros_like(forces),
        stress if has[2] else np.zeros((3, 3)),
        atoms.get_volume() if has[2] else 1.0,
        (scales.energy * n_atoms, scales.force, scales.stress),
        (of_energy, of_forces, of_stress),
    )


@dataclass(frozen=True, eq=False)
class Demanded:
    """What is asked for in a structure without labels; each counts `weight`.

    As much as a force on an atom, but a structure no more than a frame.
    """

    demands: Demands
    weight: float

    @property
    def n_atoms(self) -> int:
        """Of the structure."""
        return len(self.demands.atoms)

    def slope(
        self, energy: float, forces: NDArray[np.float64], virial: NDArray[np.float64]
    ) -> _Slope:
        """How the loss changes with each prediction."""
        demands = self.demands
        found = np.tensordot(demands.directions, forces, 2)
        wrong = found - np.clip(found, demands.targets, demands.ceilings)
        error = STRICT * wrong / demands.margins
        pull = self.weight * _bounded(error) * STRICT / demands.margins
        return _Slope(0.0, np.tensordot(pull, demands.directions, 1), np.zeros((3, 3)))
