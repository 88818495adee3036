"""What the simulations of a protocol say: density, g(r), diffusion, coordination."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from ase import Atoms

from brine.errors import InputError
from brine.observables import (
    Diffusion,
    Estimate,
    Observables,
    RadialDistribution,
    density,
    observe,
)
from brine.structures import Simulation, Trajectory
from brine.validation import water_viscosity

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Measured:
    """Measured on one set of runs; what could not be measured is absent.

    Attributes
    ----------
    density : Estimate or None, g/mL
        At constant pressure.
    observables : Observables or None
        At constant volume.
    """

    density: Estimate | None = None
    observables: Observables | None = None

    @property
    def rdf(self) -> RadialDistribution | None:
        """g(r) of oxygens, or of the last pair where there are none."""
        if self.observables is None or not self.observables.radial:
            return None
        radial = self.observables.radial
        return radial.get("O-O", list(radial.values())[-1])

    @property
    def diffusion(self) -> Diffusion | None:
        """That of water, or of the most numerous species where there is none."""
        if self.observables is None or not self.observables.diffusion:
            return None
        found = self.observables.diffusion
        most = max(found.values(), key=lambda one: one.n_particles)
        return found.get("H2O", most)

    def to_json(self) -> dict[str, Any]:
        """Every number, units in the names."""
        return {
            "density_g_per_mL": self.density.to_json() if self.density else None,
            "constant_volume": self.observables.to_json() if self.observables else None,
        }


def measure(
    constant_volume: Simulation | Trajectory | None,
    constant_pressure: Simulation | None = None,
    *,
    temperature: float,
) -> Measured:
    """Everything that the runs at constant volume and constant pressure can say.

    A run that a guard stopped says nothing.

    Parameters
    ----------
    constant_volume : Simulation, Trajectory or None
    constant_pressure : Simulation or None
    temperature : float, K
        For the finite-size correction of diffusion in water.
    """
    found = observables = None
    if constant_pressure is not None and constant_pressure.stopped is None:
        run = constant_pressure
        found = attempted(lambda: density(run))
    stopped = isinstance(constant_volume, Simulation) and constant_volume.stopped
    if constant_volume is not None and not stopped:
        fixed = constant_volume
        trajectory = fixed.trajectory if isinstance(fixed, Simulation) else fixed
        viscosity = None
        if is_pure_water(trajectory):
            viscosity = attempted(lambda: water_viscosity(temperature).value)
        observables = attempted(
            lambda: observe(fixed, viscosity=viscosity, temperature=temperature)
        )
    return Measured(found, observables)


def is_pure_water(trajectory: Trajectory) -> bool:
    """Whether there are two H for every O and nothing else."""
    hydrogens, oxygens = (int((trajectory.numbers == z).sum()) for z in (1, 8))
    return hydrogens == 2 * oxygens and hydrogens + oxygens == len(trajectory.numbers)


def attempted(measurement: Callable[[], Result]) -> Result | None:
    """The result, or None where the data do not allow it."""
    try:
        return measurement()
    except InputError:
        return None


def frame_of(trajectory: Trajectory, index: int = 0) -> Atoms:
    """Frame `index` of a trajectory."""
    cell = trajectory.cells[index]
    return Atoms(
        numbers=trajectory.numbers,
        positions=trajectory.positions[index],
        cell=cell,
        pbc=bool(np.any(cell)),
    )


def write_observables(path: Path, found: Mapping[str, Measured]) -> None:
    """Write what was measured, by the name of whose runs they are."""
    content = {name: measured.to_json() for name, measured in found.items()}
    path.write_text(json.dumps(content), encoding="utf-8")
