"""Which frames train and which are held out."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, Tag

from brine.settings.section import Section, choice


class TimeBlockSplit(Section):
    """The first frames in time train, a gap is left out, the last are held out."""

    kind: Literal["time-block"]
    train: PositiveInt
    gap: int = Field(ge=0)
    test: PositiveInt
    order: str = "as-read"
    """Order of time: ``as-read``; ``rebuilt`` from displacements, for shuffled frames;
    or a file with a line ``folder frame`` for each, relative to the protocol."""


class GroupSplit(Section):
    """Whole groups (trajectories, files) are held out."""

    kind: Literal["group"]
    test: tuple[str, ...] = Field(min_length=1)
    """Names of the groups held out."""


class CompositionSplit(Section):
    """Every frame of one composition is held out."""

    kind: Literal["composition"]
    held_out: str
    """Formula of the whole frame, in any order: ``Na8Cl8O48H96``."""


class RandomSplit(Section):
    """Frames drawn at random: flattering, because neighbours in time are alike."""

    kind: Literal["random"]
    fraction: float = Field(gt=0, lt=1)
    """Fraction held out."""


class LastPartSplit(Section):
    """The last part of every source (file, run) is held out, after a gap."""

    kind: Literal["last-part"] = "last-part"
    fraction: float = Field(default=0.2, gt=0, lt=1)
    """Fraction of each source held out."""
    gap_fraction: float = Field(default=0.05, ge=0, lt=1)
    """Fraction of each source left out between the two."""


Split = Annotated[
    Annotated[TimeBlockSplit, Tag("time-block")]
    | Annotated[GroupSplit, Tag("group")]
    | Annotated[CompositionSplit, Tag("composition")]
    | Annotated[RandomSplit, Tag("random")]
    | Annotated[LastPartSplit, Tag("last-part")],
    choice("last-part"),
]
