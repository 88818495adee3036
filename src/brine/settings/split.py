"""Which frames train and which are held out."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, Tag

from brine.settings.section import Section, choice


class TimeBlockSplit(Section):
    """The first frames in time train, a gap is left out, the next are held out.

    With several trajectories each gives its share of the three blocks.
    """

    kind: Literal["time-block"]
    train: PositiveInt
    gap: int = Field(ge=0)
    test: PositiveInt


class GroupSplit(Section):
    """Whole groups (trajectories, files) are held out."""

    kind: Literal["group"]
    test: tuple[str, ...] = Field(min_length=1)
    """Names of the groups held out."""


class CompositionSplit(Section):
    """Every frame of one composition is held out."""

    kind: Literal["composition"]
    held_out: dict[str, PositiveInt] = Field(min_length=1)
    """Atoms of each element: ``{H: 112, O: 56, Na: 4, Cl: 4}``."""


class RandomSplit(Section):
    """Frames drawn at random: flattering, because neighbours in time are alike."""

    kind: Literal["random"]
    fraction: float = Field(gt=0, lt=1)
    """Fraction held out."""


class LastPartSplit(Section):
    """The last part of every group is held out, after a gap: fits any data."""

    kind: Literal["last-part"] = "last-part"
    fraction: float = Field(default=0.2, gt=0, lt=1)
    """Fraction of each group held out."""
    gap_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Fraction of each group left out between the two."""


Split = Annotated[
    Annotated[TimeBlockSplit, Tag("time-block")]
    | Annotated[GroupSplit, Tag("group")]
    | Annotated[CompositionSplit, Tag("composition")]
    | Annotated[RandomSplit, Tag("random")]
    | Annotated[LastPartSplit, Tag("last-part")],
    choice("last-part"),
]
