"""Unit and sign of the stress, from compression and from energies."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from brine.datasets.auditing.classes import composition_sets, volumes
from brine.datasets.auditing.findings import Finding, per_source
from brine.datasets.auditing.molecular_stress import GPA, molecular_stress_findings
from brine.datasets.dataset import Dataset
from brine.datasets.displacements import comparable_sets

HUGE = 0.3
"""eV/Å³ (48 GPa): uncompressed matter does not bear it."""
COMPRESSED = 0.9
"""Frames below this share of the median volume may be under huge stress."""
VOLUME_SPREAD = 0.01
"""Relative spread of volume below which a slope says nothing."""
BULK_MODULUS = (0.3, 60.0)
"""GPa: liquids and soft solids."""
SAME_SHAPE = 1e-3
"""Fractional positions of uniformly scaled frames agree to this."""


def stress_findings(dataset: Dataset) -> Iterator[Finding]:
    """Unit, sign and symmetry of the stress; what volumes can determine."""
    volume = volumes(dataset)
    yield from _determined(dataset, volume)
    finite = dataset.has_stress & np.isfinite(dataset.stress).all(axis=(1, 2))
    present = np.flatnonzero(finite & np.isfinite(volume))
    if not present.size:
        return
    yield from _asymmetric(dataset, present)
    per_atom = volume / np.maximum(dataset.n_atoms, 1)
    relaxed = present[per_atom[present] > COMPRESSED * np.nanmedian(per_atom)]
    wrong = list(molecular_stress_findings(dataset, relaxed))
    wrong = wrong or list(_too_large(dataset, relaxed))
    yield from wrong
    if not wrong:
        exact = list(_against_energy(dataset, volume, present))
        yield from exact or _against_volume(dataset, volume, present)


def mean_stress(dataset: Dataset) -> NDArray[np.float64]:
    """(n_frames,) array, eV/Å³: a third of the trace, tension positive."""
    return np.asarray(np.trace(dataset.stress, axis1=1, axis2=2) / 3)


def _determined(dataset: Dataset, volume: NDArray[np.float64]) -> Iterator[Finding]:
    if dataset.has_stress.any():
        return
    for frames in composition_sets(dataset).values():
        known = volume[frames][np.isfinite(volume[frames])]
        if known.size and np.ptp(known) > VOLUME_SPREAD * known.mean():
            return
    if np.isfinite(volume).any():
        yield Finding(
            "note",
            "single_volume",
            "Every composition has frames at a single volume and none has stress: "
            "such labels determine no pressure, hence no density.",
        )


def _asymmetric(dataset: Dataset, present: NDArray[np.int64]) -> Iterator[Finding]:
    stress = dataset.stress[present]
    skew = np.abs(stress - stress.transpose(0, 2, 1)).max(axis=(1, 2))
    scale = np.abs(stress).max(axis=(1, 2))
    for source, frames in per_source(dataset, present[skew > 1e-3 * scale + 1e-6]):
        yield Finding(
            "warning",
            "stress_asymmetric",
            f"{len(frames)} frame(s) have a stress tensor that is not symmetric; "
            "check the order of its components.",
            source,
            frames,
        )


def _too_large(dataset: Dataset, relaxed: NDArray[np.int64]) -> Iterator[Finding]:
    diagonal = np.abs(np.diagonal(dataset.stress, axis1=1, axis2=2)).max(axis=1)
    for index, source in enumerate(dataset.source_names):
        here = relaxed[dataset.source[relaxed] == index]
        if here.size and np.median(diagonal[here]) > HUGE:
            typical = float(np.median(diagonal[here]))
            yield Finding(
                "error",
                "stress_unit",
                f"stresses are {typical:.2g} eV/Å³ = {typical / GPA:.0f} GPa at the "
                "median: they are in kbar, GPa or bar, or a virial not divided by the "
                "volume; convert them to eV/Å³.",
                source,
            )


def _against_energy(
    dataset: Dataset, volume: NDArray[np.float64], present: NDArray[np.int64]
) -> Iterator[Finding]:
    """Uniformly scaled copies of a frame, where dE/dV equals the mean stress."""
    stress = mean_stress(dataset)
    measured, expected = [], []
    for frames in comparable_sets(dataset):
        known = frames[np.isin(frames, present) & np.isfinite(dataset.energy[frames])]
        for a, b in _scaled_pairs(dataset, volume, known):
            measured.append(dataset.energy[b] - dataset.energy[a])
            expected.append((stress[a] + stress[b]) / 2 * (volume[b] - volume[a]))
    if len(measured) < 3:
        return
    ratio = float(np.dot(measured, expected) / np.dot(expected, expected))
    if 0.5 < ratio < 2.0:
        yield Finding(
            "note",
            "stress_matches_energy",
            f"In {len(measured)} pairs of uniformly scaled frames dE/dV is {ratio:.2f} "
            "times the stress: sign and unit are right.",
        )
        return
    yield Finding(
        "error",
        "stress_sign" if -2.0 < ratio < -0.5 else "stress_unit",
        f"In {len(measured)} pairs of uniformly scaled frames dE/dV is {ratio:.3g} "
        "times the stress where 1 is right: "
        + (
            "its sign is reversed; tension must be positive."
            if -2.0 < ratio < -0.5
            else "its unit is not eV/Å³, or it holds a kinetic or Pulay part."
        ),
    )


def _scaled_pairs(
    dataset: Dataset, volume: NDArray[np.float64], frames: NDArray[np.int64]
) -> list[tuple[int, int]]:
    """Frames next to each other in volume whose fractional positions agree."""
    order = frames[np.argsort(volume[frames], kind="stable")]
    fractional = [
        np.linalg.solve(dataset.cells[k].T, dataset.positions[dataset.atoms_of(k)].T).T
        for k in order
    ]
    pairs = []
    for i, a in enumerate(order):
        for j in range(i + 1, len(order)):
            b = order[j]
            if volume[b] > 1.12 * volume[a]:
                break
            if volume[b] < (1 + 1e-4) * volume[a]:
                continue
            difference = fractional[j] - fractional[i]
            if np.abs(difference - np.rint(difference)).max() < SAME_SHAPE:
                pairs.append((int(a), int(b)))
                break
    return pairs


def _against_volume(
    dataset: Dataset, volume: NDArray[np.float64], present: NDArray[np.int64]
) -> Iterator[Finding]:
    """Compression must bring compressive, that is negative, stress."""
    stress = mean_stress(dataset)
    slopes, weights = [], []
    for frames in composition_sets(dataset).values():
        known = frames[np.isin(frames, present)]
        if not known.size:
            continue
        # Strongly compressed frames are stiffer than any liquid.
        known = known[volume[known] > COMPRESSED * np.median(volume[known])]
        strain = np.log(volume[known])
        if len(known) < 10 or strain.std() < VOLUME_SPREAD:
            continue
        centred = strain - strain.mean()
        slopes.append(float(centred @ stress[known] / (centred @ centred)))
        residual = stress[known] - stress[known].mean() - slopes[-1] * centred
        weights.append((centred @ centred) / max(residual.var(), 1e-12))
    if not slopes:
        yield Finding(
            "note",
            "stress_sign_unproved",
            "Volumes vary too little to prove the sign of the stress; add frames "
            "within ±10 % in density.",
        )
        return
    slope = float(np.average(slopes, weights=weights))
    error = 1 / np.sqrt(np.sum(weights))
    modulus = slope / GPA
    if slope < -4 * error:
        yield Finding(
            "error",
            "stress_sign",
            f"The stress falls as the volume grows (bulk modulus {modulus:.1f} GPa): "
            "its sign is reversed; tension must be positive.",
        )
    elif slope > 4 * error and not BULK_MODULUS[0] < modulus < BULK_MODULUS[1]:
        yield Finding(
            "warning",
            "stress_unit",
            f"Stress against volume gives a bulk modulus of {modulus:.3g} GPa, which "
            "no liquid has; check the unit of the stress.",
        )
    elif slope > 4 * error:
        yield Finding(
            "note",
            "stress_grows_with_volume",
            f"Compression makes the stress compressive (bulk modulus {modulus:.1f} "
            "GPa): its sign is right and its unit plausible.",
        )
