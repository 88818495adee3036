"""What the observables of a force field are judged against."""

from typing import Annotated, Literal

from pydantic import PositiveFloat, Tag

from brine.settings.section import Section, choice


class OracleReference(Section):
    """The oracle's own molecular dynamics: known truth, free of any functional."""

    kind: Literal["oracle"]
    timestep_fs: PositiveFloat = 1.0
    """Of the oracle's dynamics."""
    length: PositiveFloat = 1.5
    """Of its runs, as a multiple of the model's: the error bar of what both are
    compared by is the longer one, and the oracle's steps cost less."""


class ExperimentReference(Section):
    """Measured values, built in for water."""

    kind: Literal["experiment"] = "experiment"


class LabelsReference(Section):
    """The labels' own density, where they have stress and nobody ran their dynamics.

    The model's density is corrected by the mean error of its pressure on held-out
    frames; of g(r) and diffusion these labels say nothing.
    """

    kind: Literal["labels"]


class TrajectoryReference(Section):
    """A trajectory of the level of theory that made the labels."""

    kind: Literal["trajectory"]
    path: str
    """Relative to the protocol's own folder."""
    topology: str | None = None
    """Structure file, where the trajectory itself does not name the elements."""


Reference = Annotated[
    Annotated[OracleReference, Tag("oracle")]
    | Annotated[ExperimentReference, Tag("experiment")]
    | Annotated[LabelsReference, Tag("labels")]
    | Annotated[TrajectoryReference, Tag("trajectory")],
    choice("experiment"),
]
