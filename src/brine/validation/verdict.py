"""Gates and the verdict they add up to, and their form on disk.

A gate is one question with an answer in numbers. A verdict is *accepted* when no
gate fails and none is left open that more work with the same labels could settle:
a gate that was not run, or whose error bars are too wide, withholds acceptance
(`Gate.blocks`); what the labels themselves cannot support does not.
"""

import json
import math
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    model_validator,
)

SCHEMA_VERSION: Final = 1
"""Raised when a field changes its meaning or goes; added fields leave it."""

GATE_NAMES: Final = (
    "label_audit",
    "held_out_energy",
    "held_out_forces",
    "short_range",
    "pressure_volume",
    "energy_drift",
    "stability",
    "density",
    "rdf",
    "diffusion",
)
"""Gates of every verdict, in this order; later ones are added, these stay."""


class Status(StrEnum):
    """The answer of a gate."""

    PASS = "pass"
    FAIL = "fail"
    UNDETERMINED = "undetermined"


def _finite(value: object) -> object:
    """None for numbers that JSON cannot hold."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        return number if math.isfinite(number) else None
    return value


Number = Annotated[float | None, BeforeValidator(_finite)]


class Gate(BaseModel):
    """One question, its answer, and the numbers behind it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="which question")
    status: Status = Field(description="pass, fail or undetermined")
    value: Number = Field(default=None, description="what was found, in `unit`")
    error: Number = Field(default=None, description="standard error of `value`")
    reference: Number = Field(
        default=None, description="what `value` is compared with, in `unit`"
    )
    tolerance: Number = Field(
        default=None,
        description="largest difference of `value` from `reference` that passes",
    )
    unit: str = Field(default="", description="of the four numbers")
    reason: str = Field(description="one sentence: why this status")
    blocks: bool = Field(
        default=False,
        description="whether this gate withholds acceptance: it fails, or is "
        "undetermined although more work with these labels could settle it",
    )
    reference_error: Number = Field(
        default=None, description="standard error of `reference`"
    )
    reference_source: str = Field(default="", description="where it comes from")
    details: dict[str, Number] = Field(
        default_factory=dict, description="further numbers, unit in the name"
    )

    @model_validator(mode="after")
    def _blocks_follows_status(self) -> Self:
        """A failed gate always blocks, a passed one never."""
        if self.status is not Status.UNDETERMINED:
            object.__setattr__(self, "blocks", self.status is Status.FAIL)
        return self


class Verdict(BaseModel):
    """Whether a force field may be used, and what that rests on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = Field(default=SCHEMA_VERSION, description="of this form")
    accepted: bool = Field(description="whether no gate blocks")
    gates: tuple[Gate, ...] = Field(description="every question that was asked")
    diagnosis: tuple[str, ...] = Field(
        default=(), description="why gates failed, as far as the evidence says"
    )
    info: dict[str, JsonValue] = Field(
        default_factory=dict, description="what it takes to reproduce the verdict"
    )

    @model_validator(mode="after")
    def _accepted_follows_gates(self) -> Self:
        if self.accepted != accepted(self.gates):
            raise ValueError(
                f"`accepted` must be {accepted(self.gates)} for these gates, "
                f"got {self.accepted}."
            )
        return self

    def gate(self, name: str) -> Gate:
        """The gate called `name`.

        Raises
        ------
        KeyError
            There is none.
        """
        for gate in self.gates:
            if gate.name == name:
                return gate
        raise KeyError(name)

    @property
    def blocking(self) -> tuple[Gate, ...]:
        """The gates that withhold acceptance."""
        return tuple(gate for gate in self.gates if gate.blocks)

    def to_json(self) -> str:
        """The text of ``verdict.json``."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False)

    def write(self, path: Path) -> None:
        """Write ``verdict.json``, all of it or nothing."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(self.to_json() + "\n", encoding="utf-8")
        partial.replace(path)

    @classmethod
    def from_gates(
        cls,
        gates: Sequence[Gate],
        *,
        diagnosis: Sequence[str] = (),
        info: Mapping[str, JsonValue] | None = None,
    ) -> "Verdict":
        """The verdict that `gates` add up to."""
        return cls(
            accepted=accepted(gates),
            gates=tuple(gates),
            diagnosis=tuple(diagnosis),
            info=dict(info or {}),
        )

    @classmethod
    def from_json(cls, text: str) -> "Verdict":
        """The verdict in the text of a ``verdict.json``."""
        return cls.model_validate_json(text)


def accepted(gates: Sequence[Gate]) -> bool:
    """Whether there are gates and none of them blocks."""
    return bool(gates) and not any(gate.blocks for gate in gates)


def verdict_schema() -> dict[str, Any]:
    """JSON schema of ``verdict.json``."""
    return Verdict.model_json_schema(mode="serialization")
