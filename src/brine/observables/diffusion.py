r"""Self-diffusion coefficients with error bars and finite-size correction.

:math:`D` is a sixth of the slope of the mean squared displacement in its diffusive
window; `brine.observables.einstein_fit` says how the window is chosen and where the
error comes from.

A periodic box slows diffusion down (Yeh and Hummer 2004, 10.1021/jp0477147; Dünweg
and Kremer 1993, 10.1063/1.465445):

.. math:: D_\infty = D + \xi \frac{k_B T}{6 \pi \eta L}, \quad \xi = 2.837297

Hydrogen masses other than nature's, and thermostats with friction, change :math:`D`.
"""

import math
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols
from numpy.typing import NDArray

from brine.errors import InputError
from brine.observables.boxes import cell_volumes
from brine.observables.centres import molecule_centres, molecule_formulas
from brine.observables.einstein_fit import einstein_fit
from brine.observables.estimate import Estimate
from brine.observables.unwrapping import unwrapped_positions, without_drift
from brine.structures.molecules import molecule_labels
from brine.structures.trajectory import Trajectory
from brine.units import BOLTZMANN, DIFFUSION

XI = 2.837297
"""Lattice constant of a cubic periodic box"""
FEWEST_FRAMES = 20
JOULE_PER_EV = 1.602176634e-19


@dataclass(frozen=True)
class Diffusion:
    """A self-diffusion coefficient and what it was read from.

    Attributes
    ----------
    name : str
        Element or formula.
    n_particles : int
    value, error : float, 1e-9 m²/s
        In the simulated box.
    corrected : Estimate or None, 1e-9 m²/s
        For an infinite box; None without a viscosity.
    exponent : Estimate
        Log-log slope of the MSD in the window; one where motion is diffusive.
    fit_window : (float, float), fs
    intercept : float, Å²
    times : (n_lags,) array, fs
    msd, msd_error : (n_lags,) arrays, Å²
    """

    name: str
    n_particles: int
    value: float
    error: float
    corrected: Estimate | None
    exponent: Estimate
    fit_window: tuple[float, float]
    intercept: float
    times: NDArray[np.float64]
    msd: NDArray[np.float64]
    msd_error: NDArray[np.float64]

    @property
    def estimate(self) -> Estimate:
        """The uncorrected coefficient, 1e-9 m²/s."""
        return Estimate(self.value, self.error)

    @property
    def diffusive(self) -> bool:
        """Whether the log-log slope is one within 0.1 or two standard errors."""
        return abs(self.exponent.value - 1) <= max(0.1, 2 * self.exponent.error)

    def to_json(self) -> dict[str, object]:
        """Every number, units in the names."""
        return {
            "name": self.name,
            "n_particles": self.n_particles,
            "D_1e-9_m2_per_s": self.estimate.to_json(),
            "D_corrected_1e-9_m2_per_s": (
                self.corrected.to_json() if self.corrected else None
            ),
            "exponent": self.exponent.to_json(),
            "diffusive": self.diffusive,
            "fit_window_fs": list(self.fit_window),
            "intercept_A2": self.intercept,
            "times_fs": self.times.tolist(),
            "msd_A2": self.msd.tolist(),
            "msd_error_A2": self.msd_error.tolist(),
        }


def self_diffusion(
    trajectory: Trajectory,
    *,
    species: str | None = None,
    molecules: bool | str = False,
    viscosity: float | None = None,
    temperature: float | None = None,
    drift: str = "remove",
) -> Diffusion:
    """Self-diffusion coefficient of an element, or of the centres of molecules.

    Parameters
    ----------
    trajectory : Trajectory
        Equilibrated, with equal times between frames.
    species : str or None
        Symbol of an element.
    molecules : bool or str
        A formula such as ``"H2O"``, or True for the most numerous kind; molecules are
        told from the bonds in the first frame.
    viscosity : float or None, mPa·s
        For the finite-size correction, together with `temperature`.
    temperature : float or None, K
    drift : {"remove", "keep"}
        What to do with the motion of the centre of mass of all atoms.

    Raises
    ------
    InputError
        The species is absent, there are fewer than 20 frames, times are unknown or
        not equidistant, or frames are too far apart to unwrap.
    """
    name, moving, masses, selected = _particles(trajectory, species, molecules)
    interval = frame_interval(trajectory)
    positions = unwrapped_positions(moving)
    if drift == "remove":
        positions = without_drift(positions, masses)
    elif drift != "keep":
        raise InputError(f'`drift` must be "remove" or "keep", got {drift!r}.')
    fit = einstein_fit(positions[:, selected])
    factor = 1 / (6 * interval * DIFFUSION)
    estimate = Estimate(fit.slope.value * factor, fit.slope.error * factor)
    return Diffusion(
        name=name,
        n_particles=len(selected),
        value=estimate.value,
        error=estimate.error,
        corrected=_corrected(trajectory, estimate, viscosity, temperature),
        exponent=fit.exponent,
        fit_window=(fit.window[0] * interval, fit.window[1] * interval),
        intercept=fit.intercept,
        times=fit.lags.astype(np.float64) * interval,
        msd=fit.msd,
        msd_error=fit.msd_error,
    )


def finite_size_correction(
    temperature: float, viscosity: float, *, length: float
) -> float:
    r"""What a cubic box takes off D, 1e-9 m²/s: :math:`\xi k_B T / (6 \pi \eta L)`.

    Parameters
    ----------
    temperature : float, K
    viscosity : float, mPa·s
    length : float, Å
        Edge of the box.

    Raises
    ------
    InputError
        A value is not positive.
    """
    for name, value in (
        ("temperature", temperature),
        ("viscosity", viscosity),
        ("length", length),
    ):
        if not value > 0:
            raise InputError(f"`{name}` must be positive, got {value}.")
    energy = BOLTZMANN * temperature * JOULE_PER_EV
    metres = energy * XI / (6 * math.pi * viscosity * 1e-3 * length * 1e-10)
    return metres / 1e-9


def frame_interval(trajectory: Trajectory) -> float:
    """Time between frames, fs.

    Parameters
    ----------
    trajectory : Trajectory

    Raises
    ------
    InputError
        There are fewer than 20 frames, or times are unknown or not equidistant.
    """
    times = trajectory.times
    if len(times) < FEWEST_FRAMES:
        raise InputError(
            f"diffusion needs at least {FEWEST_FRAMES} frames, got {len(times)}."
        )
    if not np.isfinite(times).all():
        raise InputError(
            "the times of the frames are unknown; give `interval_fs` when reading."
        )
    steps = np.diff(times)
    interval = float((times[-1] - times[0]) / (len(times) - 1))
    # Single precision files keep picoseconds to seven digits.
    uneven = np.abs(steps - interval) > max(1e-3 * interval, 4e-7 * abs(times[-1]))
    if not interval > 0 or uneven.any():
        worst = int(np.argmax(np.abs(steps - interval)))
        raise InputError(
            f"frames must be equally spaced in time, got {steps[worst]:g} fs after "
            f"frame {worst} and {interval:g} fs on average."
        )
    return interval


def _particles(
    trajectory: Trajectory, species: str | None, molecules: bool | str
) -> tuple[str, Trajectory, NDArray[np.float64], NDArray[np.int64]]:
    """Name, trajectory that moves, its masses, and the particles asked for."""
    if (species is None) == (molecules is False):
        raise InputError("give either `species` or `molecules`.")
    if species is not None:
        number = atomic_numbers.get(species, -1)
        selected = np.flatnonzero(trajectory.numbers == number)
        if not selected.size:
            present = ", ".join(chemical_symbols[z] for z in set(trajectory.numbers))
            raise InputError(
                f"`species` must be an element of the trajectory ({present}), "
                f"got {species!r}."
            )
        return species, trajectory, trajectory.masses, selected
    first = Atoms(
        trajectory.numbers,
        trajectory.positions[0],
        cell=trajectory.cells[0],
        pbc=bool(trajectory.cells[0].any()),
    )
    labels = molecule_labels(first)
    formulas = np.array(molecule_formulas(trajectory.numbers, labels))
    kinds, counts = np.unique(formulas, return_counts=True)
    name = str(kinds[np.argmax(counts)]) if molecules is True else str(molecules)
    if name not in kinds:
        raise InputError(
            f"`molecules` must be a formula of the trajectory ({', '.join(kinds)}), "
            f"got {name!r}."
        )
    centres = molecule_centres(trajectory, labels)
    return name, centres, centres.masses, np.flatnonzero(formulas == name)


def _corrected(
    trajectory: Trajectory,
    estimate: Estimate,
    viscosity: float | None,
    temperature: float | None,
) -> Estimate | None:
    if viscosity is None:
        return None
    if temperature is None:
        raise InputError("`viscosity` must come with `temperature`, got None.")
    length = float(cell_volumes(trajectory.cells).mean()) ** (1 / 3)
    shift = finite_size_correction(temperature, viscosity, length=length)
    return Estimate(estimate.value + shift, estimate.error)
