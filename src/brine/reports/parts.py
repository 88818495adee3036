"""Parts of a report from the results they show."""

from collections.abc import Mapping

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray

from brine.datasets import Dataset, compositions
from brine.datasets.fingerprint import force_noise
from brine.observables import Diffusion, RadialDistribution
from brine.potentials.potential import Potential, Uncertainty
from brine.reports.content import (
    Calibration,
    Curve,
    DisplacementFigure,
    Parity,
    RdfFigure,
    TimeSeries,
)
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation
from brine.training.predictions import Predictions
from brine.units import DIFFUSION
from brine.validation.references import SKINNER, water_oxygen_distribution

MILLI = 1e3
PICOSECOND = 1e3
"""fs"""


def energy_parity(dataset: Dataset, predictions: Predictions) -> Parity:
    """Energies per atom about the mean of each composition's labels, meV/atom."""
    predictions.check_shapes(dataset)
    names = np.array(compositions(dataset), dtype=object)
    sizes = dataset.n_atoms
    labelled = MILLI * dataset.energy / sizes
    predicted = MILLI * predictions.energy / sizes
    series = {}
    for name in dict.fromkeys(names):
        rows = dataset.has_energy & (names == name)
        if rows.any():
            zero = labelled[rows].mean()
            shift = (predicted[rows] - labelled[rows]).mean()
            series[str(name)] = labelled[rows] - zero, predicted[rows] - zero - shift
    return Parity("Energy, mean error removed", "meV/atom", series)


def force_parity(dataset: Dataset, predictions: Predictions) -> Parity:
    """Force components of each element, eV/Å."""
    predictions.check_shapes(dataset)
    labelled = np.repeat(dataset.has_forces, dataset.n_atoms)
    series = {}
    for number in dataset.elements:
        rows = labelled & (dataset.numbers == number)
        if rows.any():
            pair = dataset.forces[rows].ravel(), predictions.forces[rows].ravel()
            series[chemical_symbols[number]] = pair
    return Parity("Forces", "eV/Å", series, noise=force_noise(dataset.fingerprint))


def force_calibration(
    potential: Potential,
    dataset: Dataset,
    predictions: Predictions,
    *,
    report: Report = silent,
) -> Calibration | None:
    """Predicted standard deviations of forces beside their errors.

    None where the potential has no uncertainty or no frame has forces.
    """
    predictions.check_shapes(dataset)
    deviations: list[NDArray[np.float64]] = []
    errors: list[NDArray[np.float64]] = []
    frames = np.flatnonzero(dataset.has_forces)
    for done, k in enumerate(frames, start=1):
        uncertainty: Uncertainty | None = potential.uncertainty(dataset.frame(int(k)))
        if uncertainty is None:
            return None
        rows = dataset.atoms_of(int(k))
        deviations.append(MILLI * uncertainty.forces.ravel())
        error = predictions.forces[rows] - dataset.forces[rows]
        errors.append(MILLI * error.ravel())
        report("uncertainty", {"done": done / len(frames)})
    if not deviations:
        return None
    return Calibration(np.concatenate(deviations), np.concatenate(errors))


def time_series(
    simulation: Simulation,
    title: str,
    *,
    target_temperature: float = float("nan"),
    reference_density: float = float("nan"),
) -> TimeSeries:
    """Temperature and density of a run.

    Parameters
    ----------
    simulation : Simulation
    title : str
    target_temperature : float, K
    reference_density : float, g/mL
    """
    log = simulation.log
    return TimeSeries(
        title=title,
        times=np.asarray(log["time_fs"]) / PICOSECOND,
        temperature=np.asarray(log["temperature_K"]),
        density=np.asarray(log["density_g_per_mL"]),
        target_temperature=target_temperature,
        reference_density=reference_density,
    )


def rdf_figures(
    model: Mapping[tuple[str, str], RadialDistribution],
    *,
    reference: Mapping[tuple[str, str], RadialDistribution] | None = None,
    reference_name: str = "reference",
    water: bool = False,
) -> tuple[RdfFigure, ...]:
    """One figure for each pair.

    Parameters
    ----------
    model : mapping of pair to RadialDistribution
    reference : mapping of pair to RadialDistribution, optional
    reference_name : str
        For the legend.
    water : bool
        Show the measured g_OO of pure water too.
    """
    figures = []
    for pair, rdf in model.items():
        other = (reference or {}).get(pair)
        figures.append(
            RdfFigure(
                pair=pair,
                model=Curve("model", rdf.r, rdf.g, rdf.error),
                reference=Curve(reference_name, other.r, other.g, other.error)
                if other is not None
                else None,
                experiment=_measured_water() if water and pair == ("O", "O") else None,
            )
        )
    return tuple(figures)


def displacement(
    diffusion: Diffusion, *, reference: Diffusion | None = None
) -> DisplacementFigure:
    """Mean squared displacement with the line behind the diffusion coefficient."""
    slope = 6 * diffusion.value * DIFFUSION * PICOSECOND
    low, high = diffusion.fit_window
    return DisplacementFigure(
        name=diffusion.name,
        times=diffusion.times / PICOSECOND,
        displacement=diffusion.msd,
        fit_window=(low / PICOSECOND, high / PICOSECOND),
        slope=slope,
        intercept=diffusion.intercept,
        reference_times=reference.times / PICOSECOND if reference else None,
        reference_displacement=reference.msd if reference else None,
        note=_diffusion_note(diffusion),
    )


def last_frame(simulation: Simulation) -> Atoms | None:
    """The last frame of a run, to draw; None where there is none."""
    trajectory = simulation.trajectory
    if not len(trajectory):
        return None
    cell = trajectory.cells[-1]
    return Atoms(
        numbers=trajectory.numbers,
        positions=trajectory.positions[-1],
        cell=cell,
        pbc=bool(np.any(cell)),
    )


def _measured_water() -> Curve:
    r, g = water_oxygen_distribution()
    return Curve(f"experiment ({SKINNER.split(',')[1].strip()})", r, g)


def _diffusion_note(diffusion: Diffusion) -> str:
    text = f"D = {diffusion.estimate} · 10⁻⁹ m²/s in this box"
    if diffusion.corrected is not None:
        text += f", {diffusion.corrected} in an infinite one"
    return f"{text}; log–log slope {diffusion.exponent}"
