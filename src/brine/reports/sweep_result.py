"""What a sweep has found."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from scipy.stats import spearmanr

State = Literal["accepted", "not accepted", "pruned", "failed"]


@dataclass(frozen=True)
class MemberResult:
    """What became of one member.

    Attributes
    ----------
    name : str
    overlay : mapping
        What it lays over the rest of the protocol.
    state : str
        ``pruned`` after the first rung, or ``failed``: it has no verdict.
    cause : str
        Why it is not accepted: the error, or the gates.
    force_error : float, meV/Å
    energy_error : float, meV/atom
        On held-out frames; for a pruned member, after the first rung.
    gates : mapping of str to str
        Status of each gate of its verdict.
    values : mapping of str to (value, error, unit)
        What each gate found.
    training_seconds : float
    step_cost : float, µs
        For each atom and step of molecular dynamics.
    """

    name: str
    overlay: Mapping[str, Any]
    state: State
    cause: str = ""
    force_error: float = math.nan
    energy_error: float = math.nan
    gates: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, tuple[float, float | None, str]] = field(default_factory=dict)
    training_seconds: float = math.nan
    step_cost: float = math.nan

    @property
    def n_failed(self) -> int:
        """Gates of its verdict that fail."""
        return sum(status == "fail" for status in self.gates.values())


@dataclass(frozen=True)
class SweepResult:
    """What became of all members.

    Attributes
    ----------
    name : str
        Of the protocol.
    members : tuple of MemberResult
    """

    name: str
    members: tuple[MemberResult, ...]

    @property
    def judged(self) -> tuple[MemberResult, ...]:
        """Members with a verdict: fewest failed gates first, then smallest errors."""
        found = [member for member in self.members if member.gates]
        return tuple(sorted(found, key=lambda m: (m.n_failed, m.force_error)))

    @property
    def rank_correlation(self) -> float:
        """Spearman's, of held-out force error and number of failed gates.

        NaN for fewer than three verdicts, or where all are alike.
        """
        errors = [member.force_error for member in self.judged]
        failed = [member.n_failed for member in self.judged]
        if len(errors) < 3 or len(set(failed)) < 2 or len(set(errors)) < 2:
            return math.nan
        return float(np.asarray(spearmanr(errors, failed).statistic))
