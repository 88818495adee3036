"""The standard set of observables of a trajectory, each with its error bar."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import InputError
from brine.observables.centres import molecule_formulas
from brine.observables.density import density
from brine.observables.diffusion import Diffusion, self_diffusion
from brine.observables.estimate import Estimate
from brine.observables.radial_distribution import (
    RadialDistribution,
    coordination_number,
    radial_distributions,
)
from brine.observables.series import equilibration
from brine.structures.molecules import molecule_labels
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation
from brine.structures.trajectory import Trajectory

LARGEST_CUT = 0.5
"""Of the frames"""


@dataclass(frozen=True)
class Observables:
    """What a trajectory says, after its equilibration.

    Attributes
    ----------
    n_frames : int
        Frames used.
    start : int
        First frame used.
    density : Estimate or None, g/mL
        Error zero where the volume is fixed; None without a periodic box.
    radial : mapping of str to RadialDistribution
        ``"H-O"`` and so on in the order of atomic numbers, pairs within molecules
        included.
    intermolecular : mapping of str to RadialDistribution
        The same without pairs within molecules, for pairs that have some.
    coordination : mapping of str to Estimate
        ``"Na-O"``: O around Na up to the first minimum, where there is one.
    diffusion : mapping of str to Diffusion
        By element, and by formula for molecules of several atoms.
    notes : tuple of str
        What could not be computed and why.
    """

    n_frames: int
    start: int
    density: Estimate | None
    radial: Mapping[str, RadialDistribution]
    intermolecular: Mapping[str, RadialDistribution]
    coordination: Mapping[str, Estimate]
    diffusion: Mapping[str, Diffusion]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """Every number, units in the names."""
        return {
            "n_frames": self.n_frames,
            "start": self.start,
            "density_g_per_mL": self.density.to_json() if self.density else None,
            "radial": {k: v.to_json() for k, v in self.radial.items()},
            "intermolecular": {k: v.to_json() for k, v in self.intermolecular.items()},
            "coordination": {k: v.to_json() for k, v in self.coordination.items()},
            "diffusion": {k: v.to_json() for k, v in self.diffusion.items()},
            "notes": list(self.notes),
        }


def observe(
    run: Simulation | Trajectory,
    *,
    viscosity: float | None = None,
    temperature: float | None = None,
    report: Report = silent,
) -> Observables:
    """Density, g(r), coordination numbers and self-diffusion of a run.

    What the trajectory cannot give (no box, unknown times, too few frames) is left
    out with a note.

    Parameters
    ----------
    run : Simulation or Trajectory
    viscosity : float or None, mPa·s
        For the finite-size correction of diffusion, together with `temperature`.
    temperature : float or None, K
    report : callable

    Raises
    ------
    InputError
        There are no frames, or a viscosity comes without a temperature.
    """
    trajectory = run if isinstance(run, Trajectory) else run.trajectory
    if not len(trajectory):
        raise InputError("the trajectory must have at least one frame, got none.")
    if viscosity is not None and temperature is None:
        raise InputError("`viscosity` must come with `temperature`, got None.")
    notes: list[str] = []
    start = _start(run, notes)
    kept = _from_frame(trajectory, start)
    labels = molecule_labels(_first_frame(kept))
    radial, intermolecular = _radial(kept, labels, notes, report)
    return Observables(
        n_frames=len(kept),
        start=start,
        density=_density(run, kept),
        radial=radial,
        intermolecular=intermolecular,
        coordination=_coordination(radial),
        diffusion=_diffusion(kept, labels, (viscosity, temperature), notes, report),
        notes=tuple(notes),
    )


def production_start(run: Simulation | Trajectory) -> int:
    """First frame at which density and potential energy have equilibrated.

    Parameters
    ----------
    run : Simulation or Trajectory
        Of a bare trajectory only the volume can tell.
    """
    trajectory = run if isinstance(run, Trajectory) else run.trajectory
    n_frames = len(trajectory)
    if isinstance(run, Trajectory):
        return equilibration(np.abs(np.linalg.det(trajectory.cells)))
    logged = [run.log.get(k) for k in ("volume_A3", "potential_energy_eV")]
    known = [s for s in logged if s is not None and len(s) and np.isfinite(s).all()]
    # Lines of the log and frames span the same time.
    starts = [int(np.ceil(equilibration(s) / len(s) * n_frames)) for s in known]
    return min(max(starts, default=0), n_frames - 1)


def _start(run: Simulation | Trajectory, notes: list[str]) -> int:
    n_frames = len(run if isinstance(run, Trajectory) else run.trajectory)
    start, limit = production_start(run), int(LARGEST_CUT * n_frames)
    if start <= limit:
        return start
    notes.append(
        f"not equilibrated before frame {start} of {n_frames}; the second half is used"
    )
    return limit


def _from_frame(trajectory: Trajectory, start: int) -> Trajectory:
    return replace(
        trajectory,
        positions=trajectory.positions[start:],
        cells=trajectory.cells[start:],
        times=trajectory.times[start:],
    )


def _first_frame(trajectory: Trajectory) -> Atoms:
    cell = trajectory.cells[0]
    return Atoms(
        trajectory.numbers, trajectory.positions[0], cell=cell, pbc=bool(cell.any())
    )


def _density(run: Simulation | Trajectory, kept: Trajectory) -> Estimate | None:
    try:
        return density(kept if isinstance(run, Trajectory) else run)
    except InputError:
        return None


Radial = dict[str, RadialDistribution]


def _radial(
    trajectory: Trajectory,
    labels: NDArray[np.int64],
    notes: list[str],
    report: Report,
) -> tuple[Radial, Radial]:
    """Of all pairs; and without molecules, of those pairs that have some."""
    try:
        found = radial_distributions(trajectory, report=report)
    except InputError as error:
        notes.append(f"no g(r): {error}")
        return {}, {}
    radial = {"-".join(pair): rdf for pair, rdf in found.items()}
    if len(np.unique(labels)) == len(labels):
        return radial, {}
    apart = radial_distributions(trajectory, molecules=labels, report=report)
    changed = {
        "-".join(pair): rdf
        for pair, rdf in apart.items()
        if not np.array_equal(rdf.neighbours, found[pair].neighbours)
    }
    return radial, changed


def _coordination(radial: Radial) -> dict[str, Estimate]:
    """Both ways round, of the pairs that have a first minimum."""
    numbers = {}
    for rdf in radial.values():
        for way in (rdf, rdf.reversed()):
            with suppress(InputError):
                numbers["-".join(way.pair)] = coordination_number(way)
    return numbers


def _diffusion(
    trajectory: Trajectory,
    labels: NDArray[np.int64],
    correction: tuple[float | None, float | None],
    notes: list[str],
    report: Report,
) -> dict[str, Diffusion]:
    formulas = molecule_formulas(trajectory.numbers, labels)
    several = np.bincount(np.unique(labels, return_inverse=True)[1]) > 1
    molecules = sorted({f for f, s in zip(formulas, several, strict=True) if s})
    elements = list(dict.fromkeys(_first_frame(trajectory).get_chemical_symbols()))
    viscosity, temperature = correction
    found: dict[str, Diffusion] = {}
    for k, name in enumerate([*elements, *molecules]):
        try:
            found[name] = self_diffusion(
                trajectory,
                species=name if name in elements else None,
                molecules=False if name in elements else name,
                viscosity=viscosity,
                temperature=temperature,
            )
        except InputError as error:
            notes.append(f"no diffusion: {error}")
            break
        report("diffusion", {"done": (k + 1) / (len(elements) + len(molecules))})
    return found
