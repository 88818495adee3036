"""Fitting the native potential to labelled frames."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

import brine
from brine.datasets import Dataset, fit_reference_energies
from brine.errors import InputError, MissingLabelError
from brine.potentials import Calibration, Descriptor, NativePotential
from brine.settings.potential import NativeSettings
from brine.structures.progress import Report, silent
from brine.training.closest_approach import ClosestApproach, closest_approach
from brine.training.nuclear_repulsion import NuclearRepulsion
from brine.training.regression import NormalEquations, Regression, bayesian_ridge
from brine.training.short_range import short_range_rows
from brine.training.stretched_bonds import stretched_bond_rows

_CHUNK = 8
LEARNING_SHARES = (0.125, 0.25, 0.5)
"""Parts of the data after which `watch` is called."""
Watch = Callable[[int, NativePotential], None]
"""Called with a number of frames and the potential that they alone would give."""
_VOIGT = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])


@dataclass(frozen=True)
class LabelScales:
    """Robust scatter of each kind of label, after references and baseline."""

    energy: float
    """eV/atom"""
    force: float
    """eV/Å"""
    stress: float
    """eV/Å³"""


def fit(
    dataset: Dataset,
    settings: NativeSettings | None = None,
    *,
    watch: Watch | None = None,
    report: Report = silent,
) -> NativePotential:
    """The native potential fitted to `dataset` by Bayesian ridge regression.

    Labels are fitted after element reference energies and ZBL are subtracted; each
    kind of label is divided by its scatter. Rows of no label hold the fit where atoms
    come closer, or bonds get longer, than anywhere in the data. Frames stream
    through, so memory does not grow with their number. The same data, settings and
    thread count give the same potential.

    Parameters
    ----------
    dataset : Dataset
        Energy, forces and stress are each used where present.
    settings : NativeSettings, optional
    watch : callable, optional
        Called on the way with fits to an eighth, a quarter and a half of the frames,
        spread evenly: a learning curve for the price of solving three times more.
    report : Report

    Raises
    ------
    MissingLabelError
        No frame has forces or energies.
    InputError
        A label is not finite.
    """
    settings = settings or NativeSettings()
    _check(dataset)
    descriptor = Descriptor(dataset.elements, settings)
    references = _references(dataset)
    closest = closest_approach(dataset, descriptor)
    targets = _Targets(dataset, descriptor, references, closest.of_atoms)
    equations = NormalEquations(descriptor.n_columns)
    _add_beyond_data(equations, targets, closest)
    due = [max(1, round(share * len(dataset))) for share in LEARNING_SHARES]
    for n_frames, rows, values in targets.blocks(due, report):
        equations.add(rows, values)
        if watch and n_frames in due:
            watch(n_frames, _potential(equations, targets))
    report("fit", {"done": 0.95})
    potential = _potential(equations, targets)
    report("fit", {"done": 1.0})
    return potential


def _add_beyond_data(
    equations: NormalEquations, targets: "_Targets", closest: ClosestApproach
) -> None:
    for beyond_data in (short_range_rows, stretched_bond_rows):
        for rows, values in beyond_data(
            targets.dataset,
            targets.descriptor,
            closest,
            force_scale=targets.scales.force,
        ):
            equations.add(rows, values)


def _potential(equations: NormalEquations, targets: "_Targets") -> NativePotential:
    regression = bayesian_ridge(equations)
    references = targets.references
    weights = regression.weights.reshape(len(references), -1).copy()
    weights[:, 0] += references
    return NativePotential(
        descriptor=targets.descriptor,
        weights=weights,
        posterior=regression.posterior,
        calibration=_uncalibrated(regression, targets),
        shortest=targets.shortest,
        provenance=_provenance(targets.dataset, regression, targets),
    )


class _Targets:
    """Weighted rows and targets of a dataset, frame by frame."""

    def __init__(
        self,
        dataset: Dataset,
        descriptor: Descriptor,
        references: NDArray[np.float64],
        shortest: NDArray[np.float64],
    ) -> None:
        self.dataset, self.descriptor = dataset, descriptor
        self._baseline = NuclearRepulsion(descriptor, shortest)
        self.references, self.shortest = references, shortest
        self.scales = self._scatter()

    def blocks(
        self, stops: Sequence[int], report: Report
    ) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
        """Blocks of (frames so far, rows, targets), each prefix spread over the data.

        A block ends at every number of frames in `stops`; frames of a block are
        computed side by side.
        """
        n_frames = len(self.dataset)
        # Multiples of the golden ratio: every prefix covers the data evenly.
        order = np.argsort(np.arange(n_frames) * 0.6180339887498949 % 1.0)
        ends = sorted({*range(_CHUNK, n_frames, _CHUNK), *stops, n_frames})
        with ThreadPoolExecutor(thread_count()) as pool:
            for start, end in pairwise([0, *ends]):
                parts = list(pool.map(self._frame, order[start:end]))
                yield (
                    end,
                    np.concatenate([rows for rows, _ in parts]),
                    np.concatenate([values for _, values in parts]),
                )
                report("fit", {"done": 0.9 * end / n_frames})

    def _frame(self, index: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        atoms, settings = self.dataset.frame(index), self.descriptor.settings
        n_atoms = len(atoms)
        rows = self.descriptor.design_rows(atoms)
        energy, forces, stress = self._residual(index, atoms)
        volume = atoms.get_volume() if self.dataset.has_stress[index] else 1.0
        values = np.concatenate([[energy], forces.ravel(), volume * stress[_VOIGT]])
        weights = np.zeros(len(rows))
        if self.dataset.has_energy[index]:
            weights[0] = settings.energy_weight / (self.scales.energy * n_atoms)
        if self.dataset.has_forces[index]:
            weights[1 : 1 + 3 * n_atoms] = settings.force_weight / self.scales.force
        if self.dataset.has_stress[index]:
            weights[1 + 3 * n_atoms :] = settings.stress_weight / (
                self.scales.stress * volume
            )
        weights *= self._trust(index, forces)
        used = weights > 0
        rows *= weights[:, None]
        if used.all():
            return rows, values * weights
        return rows[used], (values * weights)[used]

    def _trust(self, index: int, forces: NDArray[np.float64]) -> float:
        """Less than one for frames far more violent than the rest.

        So a few strongly compressed frames teach repulsion without ruling the fit.
        """
        if not self.dataset.has_forces[index]:
            return 1.0
        violence = float(np.sqrt(np.mean(np.square(forces)))) / self.scales.force
        return min(1.0, 2.0 / violence) if violence > 0 else 1.0

    def _residual(
        self, index: int, atoms: Atoms
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Labels minus references and baseline; missing ones are NaN."""
        energy, forces, virial = self._baseline.compute(atoms)
        element, data = self.descriptor.index(atoms.numbers), self.dataset
        energy = data.energy[index] - energy - self.references[element].sum()
        stress = data.stress[index]
        if data.has_stress[index]:
            stress = stress + (virial + virial.T) / (2 * atoms.get_volume())
        return float(energy), data.forces[data.atoms_of(index)] - forces, stress

    def _scatter(self) -> LabelScales:
        data = self.dataset
        energies, forces, stresses = [], [], []
        for index, atoms in enumerate(data.frames()):
            energy, force, stress = self._residual(index, atoms)
            energies.append(energy / len(atoms))
            forces.append(force.ravel())
            stresses.append(stress[_VOIGT])
        return LabelScales(
            energy=_robust(np.array(energies)[data.has_energy], 1e-3),
            force=_robust(
                np.concatenate(
                    [f for f, has in zip(forces, data.has_forces, strict=True) if has]
                    or [np.empty(0)]
                ),
                1e-2,
            ),
            stress=_robust(np.array(stresses)[data.has_stress].ravel(), 1e-4),
        )


def _robust(values: NDArray[np.float64], least: float) -> float:
    """Standard deviation from the median absolute deviation, at least `least`."""
    if values.size < 2:
        return least
    return max(float(1.4826 * np.median(np.abs(values - np.median(values)))), least)


def _check(dataset: Dataset) -> None:
    if not (dataset.has_energy.any() or dataset.has_forces.any()):
        raise MissingLabelError(
            f"a fit needs forces or energies, got {len(dataset)} frames without; "
            "`brine audit` shows what each file holds."
        )
    for frame in range(len(dataset)):
        labels = {
            "energy": dataset.energy[frame] if dataset.has_energy[frame] else 0.0,
            "forces": dataset.forces[dataset.atoms_of(frame)]
            if dataset.has_forces[frame]
            else 0.0,
            "stress": dataset.stress[frame] if dataset.has_stress[frame] else 0.0,
        }
        for name, value in labels.items():
            if not np.isfinite(value).all():
                source = dataset.source_names[dataset.source[frame]]
                raise InputError(
                    f"{source}, frame {dataset.source_frame[frame]}: {name} must be "
                    "finite, got NaN or infinity; remove the frame or label it again."
                )


def _references(dataset: Dataset) -> NDArray[np.float64]:
    if not dataset.has_energy.any():
        return np.zeros(len(dataset.elements))
    fitted = fit_reference_energies(dataset.select(dataset.has_energy))
    energies = dict(zip(fitted.elements, fitted.energies, strict=True))
    return np.array([energies.get(z, 0.0) for z in dataset.elements])


def _uncalibrated(regression: Regression, targets: _Targets) -> Calibration:
    settings, scales = targets.descriptor.settings, targets.scales
    return Calibration(
        force_floor=float(regression.noise * scales.force / settings.force_weight),
        force_factor=1.0,
        energy_floor=float(regression.noise * scales.energy / settings.energy_weight),
        energy_factor=1.0,
        n_frames=0,
    )


def _provenance(
    dataset: Dataset, regression: Regression, targets: _Targets
) -> dict[str, Any]:
    return {
        "brine": brine.__version__,
        "data_hash": dataset.content_hash,
        "fingerprint": dataset.fingerprint,
        "n_frames": len(dataset),
        "effective_parameters": regression.effective_parameters,
        "log_evidence": regression.log_evidence,
        "noise": regression.noise,
        "label_scales": vars(targets.scales),
    }


def thread_count() -> int:
    """Threads to use: OMP_NUM_THREADS where set, else the cores given to us."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
