"""The linear readout: Bayesian ridge regression on streamed frames."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brine.potentials import Calibration, LinearReadout, NativePotential
from brine.structures.progress import Report
from brine.training.demands import Demands
from brine.training.regression import NormalEquations, Regression, bayesian_ridge
from brine.training.targets import VOIGT, Targets

_CHUNK = 8
LEARNING_SHARES = (0.125, 0.25, 0.5)
"""Parts of the data after which `watch` is called."""
Watch = Callable[[int, NativePotential], None]
"""Called with an amount of training and the potential that it gives."""

Rows = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weighted rows (n, n_columns) of the design matrix and their targets (n,)."""


def fit_linear(
    targets: Targets,
    provenance: Mapping[str, Any],
    *,
    threads: int,
    watch: Watch | None,
    report: Report,
) -> NativePotential:
    """The regression whose prior and noise maximise the evidence.

    Frames stream through, so memory does not grow with their number.
    """
    equations = NormalEquations(targets.descriptor.n_columns)
    for demands in (targets.lone_pairs(), *chain.from_iterable(targets.demands())):
        equations.add(*_demanded(targets, demands))
    n_frames = len(targets.dataset)
    due = [max(1, round(share * n_frames)) for share in LEARNING_SHARES]
    for n_seen, rows, values in _blocks(targets, due, threads, report):
        equations.add(rows, values)
        if watch and n_seen in due:
            watch(n_seen, _potential(equations, targets, provenance))
    report("fit", {"done": 0.95})
    return _potential(equations, targets, provenance)


def _potential(
    equations: NormalEquations, targets: Targets, provenance: Mapping[str, Any]
) -> NativePotential:
    regression = bayesian_ridge(equations)
    weights = regression.weights.reshape(len(targets.references), -1).copy()
    weights[:, 0] += targets.references
    return NativePotential(
        descriptor=targets.descriptor,
        readout=LinearReadout(weights, regression.posterior),
        calibration=uncalibrated(regression, targets),
        shortest=targets.shortest,
        provenance={
            **provenance,
            "effective_parameters": regression.effective_parameters,
            "log_evidence": regression.log_evidence,
            "noise": regression.noise,
        },
    )


def uncalibrated(regression: Regression, targets: Targets) -> Calibration:
    """What the noise of the regression alone says of the errors."""
    settings, scales = targets.descriptor.settings, targets.scales
    return Calibration(
        force_floor=float(regression.noise * scales.force / settings.force_weight),
        force_factor=1.0,
        energy_floor=float(regression.noise * scales.energy / settings.energy_weight),
        energy_factor=1.0,
        n_frames=0,
    )


def _demanded(targets: Targets, demands: Demands) -> Rows:
    n_atoms = len(demands.atoms)
    features = targets.descriptor.design_rows(demands.atoms)[1 : 1 + 3 * n_atoms]
    directions = demands.directions.reshape(-1, 3 * n_atoms)
    return (
        directions @ features / demands.margins[:, None],
        demands.targets / demands.margins,
    )


def _blocks(
    targets: Targets, stops: Sequence[int], threads: int, report: Report
) -> Iterator[tuple[int, NDArray[np.float64], NDArray[np.float64]]]:
    """Blocks of (frames so far, rows, values), each prefix spread over the data.

    A block ends at every number of frames in `stops`; frames of a block are
    computed side by side.
    """
    n_frames = len(targets.dataset)
    # Multiples of the golden ratio: every prefix covers the data evenly.
    order = np.argsort(np.arange(n_frames) * 0.6180339887498949 % 1.0)
    ends = sorted({*range(_CHUNK, n_frames, _CHUNK), *stops, n_frames})
    with ThreadPoolExecutor(threads) as pool:
        for start, end in pairwise([0, *ends]):
            chunk = order[start:end]
            parts = list(pool.map(lambda index: frame_rows(targets, int(index)), chunk))
            yield (
                end,
                np.concatenate([rows for rows, _ in parts]),
                np.concatenate([values for _, values in parts]),
            )
            report("fit", {"done": 0.9 * end / n_frames})


def frame_rows(
    targets: Targets,
    index: int,
    *,
    rows: NDArray[np.float64] | None = None,
) -> Rows:
    """Weighted rows and values of every label of frame `index`.

    Parameters
    ----------
    targets : Targets
    index : int
    rows : (1 + 3 n_atoms + 6, n_columns) array, optional
        Unweighted; those of the descriptor unless given.
    """
    atoms, settings = targets.dataset.frame(index), targets.descriptor.settings
    n_atoms, data, scales = len(atoms), targets.dataset, targets.scales
    if rows is None:
        rows = targets.descriptor.design_rows(atoms)
    energy, forces, stress = targets.residual(index, atoms)
    volume = atoms.get_volume() if data.has_stress[index] else 1.0
    values = np.concatenate([[energy], forces.ravel(), volume * stress[VOIGT]])
    weights = np.zeros(len(rows))
    if data.has_energy[index]:
        weights[0] = settings.energy_weight / (scales.energy * n_atoms)
    if data.has_forces[index]:
        weights[1 : 1 + 3 * n_atoms] = settings.force_weight / scales.force
    if data.has_stress[index]:
        weights[1 + 3 * n_atoms :] = settings.stress_weight / (scales.stress * volume)
    weights *= targets.trust(index, forces)
    used = weights > 0
    return rows[used] * weights[used, None], values[used] * weights[used]
