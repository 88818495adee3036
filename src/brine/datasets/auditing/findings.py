"""What an audit says: findings, a summary of every file, and all of it as JSON."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np

from brine.datasets.dataset import Dataset
from brine.datasets.leak import Leak
from brine.datasets.reference_energies import ReferenceEnergies

Severity = Literal["error", "warning", "note"]
SCHEMA_VERSION = 1
RANK = {"error": 0, "warning": 1, "note": 2}
"""Errors first."""
NAMED_FRAMES = 5
"""Frames named in a sentence; the finding holds all of them."""


@dataclass(frozen=True)
class Finding:
    """One thing the audit has to say.

    Attributes
    ----------
    severity : str
        ``error``: must be fixed before training; ``warning``: look at it;
        ``note``: good to know.
    code : str
        Stable name of the check.
    message : str
    source : str or None
        File, or None where it concerns several.
    frames : tuple of int
        Indices inside that file, or inside the dataset where `source` is None.
    """

    severity: Severity
    code: str
    message: str
    source: str | None = None
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class FileSummary:
    """One file in numbers; None where it has nothing to say.

    Pairs are (lowest, highest). `closest` maps pairs of elements to Å, `missing`
    labels to numbers of frames. Densities are in g/mL, energies in eV/atom, forces
    in eV/Å, pressures in GPa (a third of the trace of −stress); `hydroxyl_distance`
    is the median distance in Å of H to its nearest O, `stretch_constant` the O–H
    force constant in eV/Å² that the forces imply.
    """

    source: str
    groups: tuple[str, ...]
    n_frames: int
    compositions: dict[str, int]
    density: tuple[float, float] | None
    energy_per_atom: tuple[float, float] | None
    force_rms: float | None
    force_max: float | None
    net_force_max: float | None
    pressure: tuple[float, float] | None
    missing: dict[str, int]
    closest: dict[str, float]
    hydroxyl_distance: float | None
    stretch_constant: float | None
    duplicates: int
    outliers: int
    broken_molecules: int


@dataclass(frozen=True, eq=False)
class BlockSplit:
    """A split in time to use instead of one that leaks.

    `order` lists the frames of the dataset in the order of time.
    """

    train: int
    gap: int
    test: int
    order: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Audit:
    """Everything an audit found.

    Attributes
    ----------
    files : tuple of FileSummary
    findings : tuple of Finding
        Errors first.
    n_frames : int
    fingerprint : str
    assumptions : tuple of str
        What the readers assumed about units and signs.
    reference_energies : ReferenceEnergies or None
    group_leaks : dict of str to Leak
        For every group its distance to the other groups.
    block_split : BlockSplit or None
        Offered where groups leak and the order of time could be rebuilt.
    """

    files: tuple[FileSummary, ...]
    findings: tuple[Finding, ...]
    n_frames: int
    fingerprint: str
    assumptions: tuple[str, ...]
    reference_energies: ReferenceEnergies | None
    group_leaks: dict[str, Leak]
    block_split: BlockSplit | None

    @property
    def ok(self) -> bool:
        """Whether nothing must be fixed."""
        return not any(f.severity == "error" for f in self.findings)

    def with_findings(self, more: Iterable[Finding]) -> "Audit":
        """The same audit, with what somebody else has found."""
        findings = sorted((*more, *self.findings), key=lambda f: RANK[f.severity])
        return replace(self, findings=tuple(findings))

    def of_code(self, code: str) -> tuple[Finding, ...]:
        """The findings of one check."""
        return tuple(f for f in self.findings if f.code == code)

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``; numbers that do not exist are None."""
        reference = self.reference_energies
        return {
            "schema_version": SCHEMA_VERSION,
            "ok": self.ok,
            "n_frames": self.n_frames,
            "fingerprint": self.fingerprint,
            "assumptions": list(self.assumptions),
            "files": [asdict(summary) for summary in self.files],
            "findings": [asdict(finding) for finding in self.findings],
            "reference_energies": None
            if reference is None
            else {
                "elements": list(reference.elements),
                "energies_eV": reference.energies.tolist(),
                "rank": reference.rank,
                "determined": list(reference.determined),
                "residual_eV_per_atom": reference.residual,
            },
            "group_leaks": {k: v.to_json() for k, v in self.group_leaks.items()},
            "block_split": None
            if self.block_split is None
            else asdict(self.block_split),
        }


def per_source(
    dataset: Dataset, frames: Iterable[int]
) -> list[tuple[str, tuple[int, ...]]]:
    """Frames of the dataset as (file, indices inside it), in the order of files."""
    chosen = np.fromiter(frames, dtype=np.int64)
    result = []
    for index in np.unique(dataset.source[chosen]):
        inside = dataset.source_frame[chosen[dataset.source[chosen] == index]]
        unique = tuple(sorted({int(k) for k in inside}))
        result.append((dataset.source_names[index], unique))
    return result


def named(frames: tuple[int, ...]) -> str:
    """``frame 3`` or ``frames 3, 7, 8 and 20 more``."""
    first = ", ".join(str(k) for k in frames[:NAMED_FRAMES])
    more = len(frames) - NAMED_FRAMES
    return ("frame " if len(frames) == 1 else "frames ") + (
        f"{first} and {more} more" if more > 0 else first
    )
