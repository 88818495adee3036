"""Where energies, forces and stresses come from."""

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt, Tag

from brine.settings.section import Section, choice


class SPCFwOracle(Section):
    """Flexible SPC/Fw water (10.1063/1.2136877): cheap enough to run MD itself."""

    kind: Literal["spcfw"] = "spcfw"
    cutoff_A: PositiveFloat = 5.5
    """Cutoff of the direct-space interactions; at most half the smallest box."""


Oracle = SPCFwOracle


class Sampling(Section):
    """Which structures the oracle labels: densities × temperatures, and scaled ones."""

    temperatures_K: tuple[PositiveFloat, ...] = Field(
        default=(300.0, 400.0, 600.0), min_length=1
    )
    """Temperatures of the oracle's sampling runs."""
    density_factors: tuple[PositiveFloat, ...] = Field(
        default=(0.90, 0.95, 1.00, 1.05, 1.10), min_length=1
    )
    """Densities of the sampling runs, as multiples of the system's."""
    frames_per_run: PositiveInt = 20
    """Frames kept of each run; every temperature is run at every density."""
    interval_fs: PositiveFloat = 200.0
    """Time between kept frames."""
    equilibration_ps: PositiveFloat = 2.0
    """Discarded at the beginning of each run."""
    timestep_fs: PositiveFloat = 1.0
    molecule_factors: tuple[PositiveFloat, ...] = (0.97, 1.03)
    """Lengths, as multiples, of copies whose molecules are moved but stay rigid."""
    cell_factors: tuple[PositiveFloat, ...] = (0.92, 0.80)
    """Lengths, as multiples, of copies whose bonds scale too: they teach repulsion."""
    scaled_frames: int = Field(default=1, ge=0)
    """Frames of each run that are copied with each factor."""


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


Labels = Annotated[
    Annotated[OracleLabels, Tag("oracle")] | Annotated[FileLabels, Tag("files")],
    choice("files"),
]
