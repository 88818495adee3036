"""Many protocols in one: the same data and dynamics, one thing varied."""

import hashlib
import math
import random
import re
from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from brine.errors import SettingsError
from brine.settings.section import Section

NAME: Final = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]{0,59}")
"""Of a member, and of its folder"""
Overlay = dict[str, Any]
"""Sections of a protocol, laid over the rest of the file."""
DEFAULT_KINDS: Final = {
    **{"potential": "native", "labels": "files", "split": "last-part"},
    **{"reference": "experiment", "thermostat": "svr"},
    **{"oracle": "spcfw", "sampler": "spcfw"},
}
"""Of sections that name none"""
LONGEST_NAME: Final = 100
"""Of a member that is called by its values."""
MOST_MEMBERS: Final = 10_000
WAYS: Final = ("members", "grid", "random", "optuna")


class Range(Section):
    """Numbers between two bounds."""

    low: float
    """The least."""
    high: float
    """The most."""
    scale: Literal["linear", "log"] = "linear"
    """`log`: every decade is as likely as another."""
    numbers: Literal["real", "whole"] = "real"

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.high <= self.low or (self.scale == "log" and self.low <= 0):
            raise ValueError(
                "`low` must lie below `high`, and above 0 on a `log` scale, got "
                f"{self.low:g} and {self.high:g}."
            )
        return self

    @model_validator(mode="after")
    def _whole_bounds(self) -> Self:
        whole = self.low == round(self.low) and self.high == round(self.high)
        if self.numbers == "whole" and not whole:
            raise ValueError(
                "`low` and `high` must be whole for `numbers: whole`, got "
                f"{self.low:g} and {self.high:g}."
            )
        return self

    def at(self, share: float) -> float | int:
        """The number at a `share` of the way, 0 to 1."""
        if self.scale == "log":
            value = self.low * math.exp(share * math.log(self.high / self.low))
        else:
            value = self.low + (self.high - self.low) * share
        return round(value) if self.numbers == "whole" else value


Space = Annotated[
    Annotated[list[Any], Tag("list")] | Annotated[Range, Tag("range")],
    Discriminator(
        lambda space: "range" if isinstance(space, Mapping | Range) else "list"
    ),
]
"""What a value is drawn from"""


class FirstRung(Section):
    """A short training that decides who is trained in full and runs dynamics."""

    overlay: Overlay
    """What makes training short, such as `potential: {epochs: 4}`."""
    keep: int = Field(ge=1)
    """How many of the best in held-out forces go on."""


class Sweep(Section):
    """What is varied: one of `members`, `grid`, `random` and `optuna`."""

    members: dict[str, Overlay] = Field(default_factory=dict)
    """By name, what each lays over the rest of the file; a section with another
    `kind` replaces the one below it."""
    grid: dict[str, list[Any]] = Field(default_factory=dict)
    """Values by the path of their key, such as `potential.cutoff_A`; every
    combination is a member."""
    random: dict[str, Space] = Field(default_factory=dict)
    """Values or a range by the path of their key; `trials` draws are members."""
    optuna: dict[str, Space] = Field(default_factory=dict)
    """The same, drawn by Optuna, which learns from the held-out forces before."""
    trials: int = Field(default=20, ge=1, le=10_000)
    """Members of `random` and `optuna`."""
    first_rung: FirstRung | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in WAYS if getattr(self, name)]
        if len(given) != 1:
            ways = ", ".join(f"`{way}`" for way in WAYS)
            got = " and ".join(f"`{way}`" for way in given) or "none"
            raise ValueError(f"exactly one of {ways} must be given, got {got}.")
        spaces = {**self.grid, **self.random, **self.optuna}
        for key in spaces:
            if inner := [other for other in spaces if other.startswith(f"{key}.")]:
                raise ValueError(
                    f"`{given[0]}` must not vary a section and a key inside it, got "
                    f"{key} and {inner[0]}."
                )
        if (size := math.prod(map(len, self.grid.values()))) > MOST_MEMBERS:
            raise ValueError(
                f"`grid` must have at most {MOST_MEMBERS} members, got {size}; take "
                "fewer values, or `random`."
            )
        if empty := [key for key, space in spaces.items() if space == []]:
            raise ValueError(f"`{given[0]}.{empty[0]}` must list at least one value.")
        return self

    @model_validator(mode="after")
    def _names_of_folders(self) -> Self:
        if strange := [name for name in self.members if not NAME.fullmatch(name)]:
            raise ValueError(
                "`members` must be named by letters, digits, `_`, `+`, `-` and `.`, at "
                f"most 60 of them, for each has a folder, got {strange[0]!r}."
            )
        return self


class SweepFile(Section):
    """The part of a protocol file that is not the protocol."""

    sweep: Sweep


def overlays(sweep: Sweep, seed: int) -> dict[str, Overlay]:
    """Every member that is known before anything has run, by name.

    Draws that repeat an earlier one are that member.
    """
    if sweep.members:
        return dict(sweep.members)
    if sweep.grid:
        values = (
            dict(zip(sweep.grid, values, strict=True))
            for values in product(*sweep.grid.values())
        )
        return dict(combination(chosen) for chosen in values)
    generator = random.Random(seed)
    draws = (
        {key: drawn(space, generator) for key, space in sweep.random.items()}
        for _ in range(sweep.trials if sweep.random else 0)
    )
    return dict(combination(chosen) for chosen in draws)


def combination(values: Mapping[str, Any]) -> tuple[str, Overlay]:
    """Name and overlay of a member whose keys have these values.

    The name says the last word of each path, the whole path where two end alike. What
    no folder may be called becomes `-`, and a few digits tell such names apart.
    """
    overlay: Overlay = {}
    for path, value in values.items():
        *sections, key = path.split(".")
        inside = overlay
        for section in sections:
            inside = inside.setdefault(section, {})
        inside[key] = value
    ends = [path.split(".")[-1] for path in values]
    words = [
        f"{path if ends.count(end) > 1 else end}={_word(value)}"
        for (path, value), end in zip(values.items(), ends, strict=True)
    ]
    name = ",".join(words)
    plain = re.sub(r"[^A-Za-z0-9_+.,=-]", "-", name).lstrip(".")
    if plain != name or len(plain) > LONGEST_NAME:
        digest = hashlib.sha256(name.encode()).hexdigest()[:6]
        plain = f"{plain[: LONGEST_NAME - 7]}-{digest}"
    return plain, overlay


def drawn(space: list[Any] | Range, generator: random.Random) -> Any:
    """One value at random."""
    if isinstance(space, Range):
        return space.at(generator.random())
    return generator.choice(space)


def laid_over(below: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with `overlay` over it, section by section.

    A section whose `kind` differs is replaced as a whole.
    """
    found = dict(below)
    for key, value in overlay.items():
        under = found.get(key)
        found[key] = value
        if not (isinstance(value, Mapping) and isinstance(under, Mapping)):
            continue
        # Where no kind is named, it is the default: another one differs from it.
        usual = DEFAULT_KINDS.get(key)
        if "kind" not in value or value["kind"] == under.get("kind", usual):
            found[key] = laid_over(under, value)
    return found


def _word(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.12g}"
    if isinstance(value, list | tuple):
        return "-".join(map(_word, value))
    if isinstance(value, Mapping):
        raise SettingsError(
            "a sweep must vary plain values, got a section; name whole sections under "
            "`sweep.members`."
        )
    return str(value)
