"""Where energies, forces and stresses come from."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, Tag

from brine.settings.section import Section, choice


class SPCFwOracle(Section):
    """Flexible SPC/Fw water (10.1063/1.2136877): cheap enough to run MD itself."""

    kind: Literal["spcfw"] = "spcfw"
    cutoff_A: PositiveFloat = 6.0
    """Cutoff of the direct-space interactions; at most half the smallest box."""


Oracle = SPCFwOracle


class Sampling(Section):
    """Which structures the oracle labels: densities × temperatures, and shrunken."""

    temperatures_K: tuple[PositiveFloat, ...] = Field(
        default=(300.0, 400.0), min_length=1
    )
    """Temperatures of the oracle's sampling runs."""
    density_factors: tuple[PositiveFloat, ...] = Field(
        default=(0.9, 1.0, 1.1), min_length=1
    )
    """Densities of the sampling runs, as multiples of the system's."""
    frames_per_run: PositiveInt = 40
    """Frames kept of each pair of temperature and density."""
    interval_fs: PositiveFloat = 250.0
    """Time between kept frames."""
    equilibration_ps: PositiveFloat = 2.0
    """Discarded at the beginning of each sampling run."""
    shrink_factors: tuple[PositiveFloat, ...] = (0.92, 0.80)
    """Lengths, as multiples, of shrunken copies that teach repulsion."""
    shrunken_frames: int = Field(default=10, ge=0)
    """Shrunken frames for each factor."""


class OracleLabels(Section):
    """Labels made by an oracle, on structures that it samples itself."""

    kind: Literal["oracle"]
    oracle: Oracle = SPCFwOracle()
    sampling: Sampling = Sampling()


class FileLabels(Section):
    """Labels read from files."""

    kind: Literal["files"]
    paths: tuple[str, ...] = Field(min_length=1)
    """Files, folders or globs, relative to the protocol's own folder."""
    every: PositiveInt = 1
    """Keep every n-th frame of each file."""
    fingerprint: str | None = None
    """Level of theory; needed where the files do not say it and are mixed."""
    order: str | None = None
    """File with the frames in the order of time, where the data were shuffled:
    a line ``folder index`` for each; without it the order is rebuilt."""


Labels = Annotated[
    Annotated[OracleLabels, Tag("oracle")] | Annotated[FileLabels, Tag("files")],
    choice("files"),
]
