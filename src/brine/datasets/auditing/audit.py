"""The audit of labelled frames: what must be fixed before training on them.

Every check speaks through a `Finding`; an error must be fixed, a warning looked at,
a note is good to know. Checks of units need no reference calculation: O–H bonds are
0.97 Å long and about 38 eV/Å² stiff whatever the functional, energies scatter with
the heat that those bonds show, and stress becomes compressive on compression.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np
from ase.data import atomic_masses, chemical_symbols
from numpy.typing import NDArray

from brine.datasets.assembly import UNSTATED
from brine.datasets.auditing.classes import composition_sets, volumes
from brine.datasets.auditing.energies import energy_findings, outlier_energies
from brine.datasets.auditing.findings import RANK, Audit, FileSummary, Finding
from brine.datasets.auditing.geometry import (
    Geometry,
    geometry_findings,
    measure_geometry,
    stretch_of,
)
from brine.datasets.auditing.label_units import unit_findings
from brine.datasets.auditing.labels import (
    LABELS,
    net_force_findings,
    net_forces,
    outlier_atoms,
    outlier_findings,
    presence_findings,
)
from brine.datasets.auditing.molecular_stress import GPA
from brine.datasets.auditing.sampling import (
    measure_sampling,
    offered_block_split,
    sampling_findings,
)
from brine.datasets.auditing.stress import mean_stress, stress_findings
from brine.datasets.dataset import Dataset
from brine.datasets.reference_energies import (
    ReferenceEnergies,
    fit_reference_energies,
)
from brine.structures.progress import Report, silent
from brine.units import GRAM_PER_ML

DENSITY_PLAUSIBLE = (0.3, 10.0)
"""g/mL: outside, a cell may be in another unit than the positions."""


def audit(dataset: Dataset, *, report: Report = silent) -> Audit:
    """Everything that is wrong, suspicious or worth knowing about `dataset`.

    Parameters
    ----------
    dataset : Dataset
    report : callable, optional
        Told how far the audit is.

    Returns
    -------
    audit : Audit
        ``audit.ok`` is false where something must be fixed.
    """
    geometry = measure_geometry(dataset, report=report)
    sampling = measure_sampling(dataset)
    split = offered_block_split(dataset, sampling)
    atoms, energies = outlier_atoms(dataset), outlier_energies(dataset)
    reference = _reference_energies(dataset)
    findings = chain(
        presence_findings(dataset),
        geometry_findings(dataset, geometry),
        unit_findings(dataset, geometry),
        energy_findings(dataset, energies),
        stress_findings(dataset),
        outlier_findings(dataset, atoms),
        net_force_findings(dataset),
        _density_findings(dataset),
        sampling_findings(dataset, sampling, split),
        _level_findings(dataset, reference),
    )
    frame = np.searchsorted(dataset.offsets, atoms, side="right") - 1
    odd = np.union1d(frame, energies)
    report("audit", {"done": 1.0, "frames": len(dataset)})
    return Audit(
        files=tuple(
            _summary(dataset, geometry, index, (sampling.duplicates, odd))
            for index in range(len(dataset.source_names))
        ),
        findings=tuple(sorted(findings, key=lambda f: RANK[f.severity])),
        n_frames=len(dataset),
        fingerprint=dataset.fingerprint,
        assumptions=dataset.assumptions,
        reference_energies=reference,
        group_leaks=sampling.group_leaks,
        block_split=split,
    )


def _reference_energies(dataset: Dataset) -> ReferenceEnergies | None:
    usable = np.isfinite(dataset.energy)
    return fit_reference_energies(dataset) if usable.any() else None


def densities(dataset: Dataset) -> NDArray[np.float64]:
    """(n_frames,) array, g/mL; NaN where a frame is not periodic."""
    starts = dataset.offsets[:-1]
    masses = np.add.reduceat(atomic_masses[dataset.numbers], starts)
    return np.asarray(masses / volumes(dataset) / GRAM_PER_ML)


def _density_findings(dataset: Dataset) -> Iterator[Finding]:
    density = densities(dataset)
    low, high = DENSITY_PLAUSIBLE
    for index, source in enumerate(dataset.source_names):
        here = density[(dataset.source == index) & np.isfinite(density)]
        if here.size and not low < np.median(here) < high:
            yield Finding(
                "warning",
                "density",
                f"the median density is {np.median(here):.3g} g/mL, which no liquid "
                "has; unless there is vacuum, check the unit of the cell.",
                source,
            )


def _level_findings(
    dataset: Dataset, reference: ReferenceEnergies | None
) -> Iterator[Finding]:
    if dataset.fingerprint == UNSTATED:
        yield Finding(
            "note",
            "fingerprint",
            "The files do not say which level of theory made the labels; name it, so "
            "that labels of two levels never mix.",
        )
    if reference is not None and reference.rank < len(reference.elements):
        rank = f"rank {reference.rank} of {len(reference.elements)}"
        yield Finding(
            "note",
            "reference_energies",
            "Compositions determine the energies of "
            f"{', '.join(reference.determined)} ({rank}), not of each element alone.",
        )


def _summary(
    dataset: Dataset,
    geometry: Geometry,
    index: int,
    marked: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> FileSummary:
    frames = np.flatnonzero(dataset.source == index)
    part = dataset.select(frames)
    duplicates, odd = (int(np.isin(frames, m).sum()) for m in marked)
    forces = np.linalg.norm(part.forces, axis=1)
    forces = forces[np.isfinite(forces)]
    stretch = stretch_of(geometry, frames)
    hydroxyl = geometry.hydroxyl[frames]
    return FileSummary(
        source=dataset.source_names[index],
        groups=tuple(dataset.group_names[g] for g in np.unique(part.group)),
        n_frames=len(frames),
        compositions={k: len(v) for k, v in composition_sets(part).items()},
        density=_range(densities(part)) if len(part) else None,
        energy_per_atom=_range(part.energy / np.maximum(part.n_atoms, 1)),
        force_rms=float(np.sqrt(np.mean(forces**2) / 3)) if forces.size else None,
        force_max=float(forces.max()) if forces.size else None,
        net_force_max=_largest(net_forces(part)),
        pressure=_range(-mean_stress(part) / GPA),
        missing={n: int((~getattr(part, f"has_{n}")).sum()) for n in LABELS},
        closest=_closest(geometry, frames),
        hydroxyl_distance=_middle(hydroxyl),
        stretch_constant=None if stretch is None else stretch[0],
        duplicates=duplicates,
        outliers=odd,
        broken_molecules=int((geometry.broken[frames] > 0).sum()),
    )


def _closest(geometry: Geometry, frames: NDArray[np.int64]) -> dict[str, float]:
    shortest: dict[tuple[int, int], float] = {}
    for k in frames:
        for pair, distance in geometry.closest[k].items():
            shortest[pair] = min(distance, shortest.get(pair, np.inf))
    return {
        f"{chemical_symbols[a]}-{chemical_symbols[b]}": distance
        for (a, b), distance in sorted(shortest.items())
    }


def _range(values: NDArray[np.float64]) -> tuple[float, float] | None:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else None


def _largest(values: NDArray[np.float64]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else None


def _middle(values: NDArray[np.float64]) -> float | None:
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else None
