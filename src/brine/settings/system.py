"""What is simulated: the box that molecular dynamics starts from."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, Tag, model_validator

from brine.settings.section import Section, choice


class Template(Section):
    """A molecule that brine does not know."""

    path: str
    """A file that ASE reads with one molecule, relative to the protocol's folder."""
    charge: int = 0
    """Elementary charges of the whole molecule."""


class _PackedSystem(Section):
    """What all packed boxes share."""

    density_g_per_mL: PositiveFloat | None = None
    """Density of the box that is built (NPT finds its own). Null: Laliberté's model
    for water and chlorides (10.1021/je8008123) at the temperature of the dynamics."""


class MoleculesSystem(_PackedSystem):
    """A periodic cube packed with molecules, by their numbers."""

    kind: Literal["molecules"] = "molecules"
    molecules: dict[str, PositiveInt] = Field(min_length=1)
    """How many of each: ``{H2O: 64}``, ``{H2O: 100, Li+: 10, Cl-: 10}``."""
    templates: dict[str, Template] = Field(default_factory=dict)
    """Molecules of your own, by the names used in `molecules`."""


class CompositionSystem(_PackedSystem):
    """A periodic cube packed with formula units."""

    kind: Literal["composition"] = "composition"
    composition: str
    """Salts and water joined by ``·`` or ``*``: ``Li2MnCl4·9H2O``."""
    formula_units: PositiveInt
    """How many of them."""


class SolutionSystem(_PackedSystem):
    """A periodic cube packed with salts in water, by their concentrations."""

    kind: Literal["solution"] = "solution"
    molality_mol_per_kg: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Of each salt, per kg of water: ``{LiCl: 5.0}``."""
    mole_fraction: dict[str, PositiveFloat] = Field(default_factory=dict)
    """Of each salt among formula units and waters: ``{LiCl: 0.08}``."""
    waters: PositiveInt
    """Number of H2O; ions are rounded to whole numbers."""

    @model_validator(mode="after")
    def _one_concentration(self) -> Self:
        if bool(self.molality_mol_per_kg) == bool(self.mole_fraction):
            raise ValueError(
                "a solution must have either `molality_mol_per_kg` or `mole_fraction`, "
                "got both or neither."
            )
        return self


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
    | Annotated[CompositionSystem, Tag("composition")]
    | Annotated[SolutionSystem, Tag("solution")]
    | Annotated[LabelledFrameSystem, Tag("from-labels")]
    | Annotated[FileSystem, Tag("file")],
    choice(
        "molecules",
        by_key={
            "composition": "composition",
            "molality_mol_per_kg": "solution",
            "mole_fraction": "solution",
        },
    ),
]

PackedSystem = MoleculesSystem | CompositionSystem | SolutionSystem
"""Boxes that are built rather than read."""
