"""Labels that are missing, not finite, all zero, or far outside the rest."""

from collections.abc import Iterator

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray

from brine.datasets.assembly import NO_LABELS
from brine.datasets.auditing.classes import similar_frames
from brine.datasets.auditing.findings import Finding, named, per_source
from brine.datasets.dataset import Dataset

FORCE_SIGMAS = 12.0
"""Robust standard deviations beyond which a force is an outlier."""
NET_FORCE = 0.1
"""Net force over what independent errors as large as the forces would give."""
LABELS = ("energy", "forces", "stress")


def presence_findings(dataset: Dataset) -> Iterator[Finding]:
    """Missing and impossible labels."""
    for label, bad in dataset.not_finite().items():
        for source, frames in per_source(dataset, bad):
            yield Finding(
                "error",
                f"{label}_not_finite",
                f"{named(frames)}: `{label}` holds NaN or infinity; leave them out.",
                source,
                frames,
            )
    for remark in dataset.assumptions:
        if NO_LABELS in remark:
            yield Finding("warning", "unconverged", f"{remark}.")
    yield from _missing(dataset)
    yield from _zero(dataset)


def _missing(dataset: Dataset) -> Iterator[Finding]:
    if not dataset.has_energy.any() and not dataset.has_forces.any():
        yield Finding(
            "error",
            "no_labels",
            "No frame has an energy or forces: there is nothing to learn from; check "
            "the names of the labels in the files.",
        )
        return
    for label in LABELS:
        has = getattr(dataset, f"has_{label}")
        if not has.any():
            severity = "note" if label == "stress" else "warning"
            message = f"No frame has `{label}`."
            yield Finding(severity, f"missing_{label}", message)  # type: ignore[arg-type]
            continue
        for source, frames in per_source(dataset, np.flatnonzero(~has)):
            yield Finding(
                "note" if label == "stress" else "warning",
                f"missing_{label}",
                f"{named(frames)}: no `{label}`, though other frames have it.",
                source,
                frames,
            )


def _zero(dataset: Dataset) -> Iterator[Finding]:
    largest = np.array(
        [
            np.abs(dataset.forces[dataset.atoms_of(k)]).max(initial=0.0)
            for k in range(len(dataset))
        ]
    )
    zero = {
        "energy": dataset.has_energy & (dataset.energy == 0),
        "forces": dataset.has_forces & (largest == 0) & (dataset.n_atoms > 1),
        "stress": dataset.has_stress & (dataset.stress == 0).all(axis=(1, 2)),
    }
    for label, frames_zero in zero.items():
        for source, frames in per_source(dataset, np.flatnonzero(frames_zero)):
            yield Finding(
                "error",
                f"zero_{label}",
                f"{named(frames)}: `{label}` is exactly zero, as if a missing label "
                "had been filled in; remove it.",
                source,
                frames,
            )


def net_forces(dataset: Dataset) -> NDArray[np.float64]:
    """(n_frames,) array, eV/Å: length of the sum of forces; NaN without forces."""
    net = np.full((len(dataset), 3), np.nan)
    for k in np.flatnonzero(dataset.has_forces).tolist():
        net[k] = dataset.forces[dataset.atoms_of(k)].sum(axis=0)
    return np.asarray(np.linalg.norm(net, axis=1))


def net_force_findings(dataset: Dataset) -> Iterator[Finding]:
    """Files whose forces do not add up to zero."""
    net = net_forces(dataset)
    for index, source in enumerate(dataset.source_names):
        chosen = np.flatnonzero((dataset.source == index) & np.isfinite(net))
        if not chosen.size:
            continue
        forces = np.concatenate(
            [dataset.forces[dataset.atoms_of(k)] for k in chosen.tolist()]
        )
        scale = np.sqrt(np.mean(np.square(forces)) * dataset.n_atoms[chosen])
        share = np.divide(net[chosen], scale, out=np.zeros_like(scale), where=scale > 0)
        if dataset.n_atoms[chosen].min() > 1 and np.median(share) > NET_FORCE:
            yield Finding(
                "warning",
                "net_force",
                f"the forces of a frame add up to {np.median(net[chosen]):.2f} eV/Å "
                "at the median where they should cancel: too coarse a grid, atoms "
                "held fixed, or atoms left out.",
                source,
            )


def outlier_atoms(dataset: Dataset) -> NDArray[np.int64]:
    """Rows of `forces` far outside the distribution of their element.

    Each element is judged by median and median absolute deviation of force
    lengths, compressed frames only among frames compressed alike.
    """
    frame = np.repeat(np.arange(len(dataset)), dataset.n_atoms)
    length = np.linalg.norm(dataset.forces, axis=1)
    found: list[NDArray[np.int64]] = []
    for frames in similar_frames(dataset):
        inside = np.isin(frame, frames) & np.isfinite(length)
        for z in dataset.elements:
            rows = np.flatnonzero(inside & (dataset.numbers == z))
            if rows.size < 20:
                continue
            middle = np.median(length[rows])
            spread = 1.4826 * np.median(np.abs(length[rows] - middle))
            limit = middle + FORCE_SIGMAS * max(spread, 1e-3)
            found.append(rows[length[rows] > limit])
    return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)


def outlier_findings(dataset: Dataset, atoms: NDArray[np.int64]) -> Iterator[Finding]:
    """The atoms that `outlier_atoms` found, by file, frame and atom."""
    frame = np.searchsorted(dataset.offsets, atoms, side="right") - 1
    length = np.linalg.norm(dataset.forces[atoms], axis=1)
    for source, frames in per_source(dataset, frame):
        index = dataset.source_names.index(source)
        here = np.flatnonzero(dataset.source[frame] == index)
        worst = here[np.argsort(-length[here])][:3]
        words = [
            f"frame {dataset.source_frame[frame[k]]} atom "
            f"{atoms[k] - dataset.offsets[frame[k]]} "
            f"({chemical_symbols[dataset.numbers[atoms[k]]]}, {length[k]:.1f} eV/Å)"
            for k in worst
        ]
        yield Finding(
            "warning",
            "force_outliers",
            f"{len(here)} force(s) far outside the distribution, the largest: "
            f"{'; '.join(words)}.",
            source,
            frames,
        )
