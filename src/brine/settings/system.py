"""What is simulated: the box that molecular dynamics starts from."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, Tag

from brine.settings.section import Section, choice


class MoleculesSystem(Section):
    """A periodic cube packed with molecules."""

    kind: Literal["molecules"] = "molecules"
    molecules: dict[str, PositiveInt] = Field(min_length=1)
    """How many of each: ``{H2O: 64}``, ``{H2O: 100, Li+: 10, Cl-: 10}``."""
    density_g_per_mL: PositiveFloat
    """Density of the box that is built (NPT finds its own)."""


class LabelledFrameSystem(Section):
    """A frame of the labelled data, as it stands."""

    kind: Literal["from-labels"]
    frame: int = 0
    """Index of the frame among all labelled frames; negative counts from the end."""
    group: str | None = None
    """Take the frame from this group; `frame` then counts inside it."""


class FileSystem(Section):
    """A structure in any file that ASE reads."""

    kind: Literal["file"]
    path: str
    """Relative to the protocol's own folder."""
    frame: int = -1
    """Index of the frame in the file."""


System = Annotated[
    Annotated[MoleculesSystem, Tag("molecules")]
    | Annotated[LabelledFrameSystem, Tag("from-labels")]
    | Annotated[FileSystem, Tag("file")],
    choice("molecules"),
]
