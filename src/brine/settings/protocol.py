"""The protocol: everything that decides a result, in one file."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from brine.settings.dynamics import Dynamics
from brine.settings.labels import (
    ForceFieldOracle,
    Labels,
    OracleLabels,
    SPCFwOracle,
)
from brine.settings.potential import NativeSettings, PotentialSettings
from brine.settings.reference import ExperimentReference, OracleReference, Reference
from brine.settings.section import Section
from brine.settings.split import LastPartSplit, Split
from brine.settings.system import PackedSystem, System
from brine.settings.validation import ValidationSettings

SplitName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
"""Names a folder: letters, digits, `-` and `_`."""


class Protocol(Section):
    """From labels to a verdict."""

    name: str = Field(min_length=1, max_length=80)
    """Title of the report."""
    seed: int = Field(default=1, ge=0, lt=2**32)
    """All randomness comes from it."""
    system: System
    labels: Labels
    split: Split = LastPartSplit()
    compare_splits: dict[SplitName, Split] = Field(default_factory=dict)
    """Further splits, by name, whose errors are reported beside the first."""
    potential: PotentialSettings = NativeSettings()
    dynamics: Dynamics = Dynamics()
    reference: Reference = ExperimentReference()
    validation: ValidationSettings = ValidationSettings()

    @model_validator(mode="after")
    def _sections_must_fit_together(self) -> Self:
        labels = self.labels
        from_oracle = isinstance(labels, OracleLabels)
        cheap = isinstance(labels, OracleLabels) and isinstance(
            labels.oracle, SPCFwOracle | ForceFieldOracle
        )
        if isinstance(self.reference, OracleReference) and not cheap:
            raise ValueError(
                "reference.kind `oracle` needs labels.kind `oracle` with oracle.kind "
                "`spcfw` or `openmm`, cheap enough to run dynamics itself; use "
                "`experiment` or `trajectory`."
            )
        if from_oracle and not isinstance(self.system, PackedSystem):
            raise ValueError(
                "labels.kind `oracle` needs system.kind `molecules`, `composition` or "
                "`solution`: the oracle samples the boxes that are built from them."
            )
        engine = self.dynamics.engine
        if self.dynamics.ranks > 1 and engine != "lammps":
            raise ValueError(
                f"dynamics.ranks is for engine `lammps`, got {self.dynamics.ranks} "
                f"with engine `{engine}`; remove it, or name the engine."
            )
        if "main" in self.compare_splits:
            raise ValueError(
                "compare_splits must not be called `main`, which is the verdict's own "
                "split; rename it."
            )
        return self
