"""Settings of the families whose own packages train them: NequIP, Allegro, DeePMD."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from brine.settings.section import Section

Weight = Annotated[float, Field(ge=0.0)]
Widths = Annotated[list[Annotated[int, Field(ge=1, le=1024)]], Field(min_length=1)]
DeePMDDescriptor = Literal[
    "se_e2_a", "se_e2_r", "se_e3", "se_a_tpe", "se_a_ebd_v2", "se_atten_v2"
]


class PackageSettings(Section):
    """What all of them share."""

    cutoff_A: float = Field(default=5.0, gt=1.0, le=12.0)
    """Atoms further apart do not see each other directly."""
    epochs: int | None = Field(default=None, ge=1, le=10**7)
    """How often training sees every frame."""
    steps: int | None = Field(default=None, ge=1, le=10**9)
    """Batches instead of epochs."""
    minutes: float | None = Field(default=None, gt=0.0, le=1e5)
    """Time for training instead of epochs, turned into steps by timing the first few;
    what the package needs to start, compile and freeze comes on top."""
    batch_size: int = Field(default=1, ge=1)
    """Frames whose mean gradient makes one step."""
    learning_rate: float = Field(default=0.01, gt=0.0, le=0.1)
    """The highest."""
    validation_share: float = Field(default=0.1, gt=0.0, le=0.5)
    """The last part of the frames of each file that training only looks at."""
    repulsion: Literal["zbl", "none"] = "zbl"
    """Screened nuclear repulsion, through the package's own option, in training too."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Laid over the package's own input, key by key, unchanged."""

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        given = [n for n in ("epochs", "steps", "minutes") if getattr(self, n)]
        if len(given) > 1:
            raise ValueError(
                f"only one of `epochs`, `steps` and `minutes` can be the budget, got "
                f"`{given[0]}` and `{given[1]}`; remove one."
            )
        return self


class _EquivariantSettings(PackageSettings):
    """NequIP and Allegro, which one program trains."""

    layers: int = Field(default=2, ge=1, le=8)
    """Interaction layers; in NequIP each widens what an atom sees by the cutoff."""
    angular_momentum: int = Field(default=1, ge=0, le=4)
    """Highest l of features."""
    bessels: int = Field(default=8, ge=2, le=32)
    """Radial functions."""
    energy_weight: Weight = 1.0
    """Of the mean squared error of energies per atom, eV²."""
    force_weight: Weight = 1.0
    """Of the mean squared error of force components, (eV/Å)²."""
    stress_weight: Weight = 1.0
    """Of the mean squared error of components of the virial per atom, eV²."""

    @model_validator(mode="after")
    def _something_is_learned(self) -> Self:
        if not (self.energy_weight or self.force_weight or self.stress_weight):
            raise ValueError(
                "one of `energy_weight`, `force_weight` and `stress_weight` must be "
                "above 0, got none."
            )
        return self


class NequIPSettings(_EquivariantSettings):
    """NequIP: equivariant message passing (10.1038/s41467-022-29939-5)."""

    kind: Literal["nequip"]
    layers: int = Field(default=3, ge=1, le=8)
    """Interaction layers; each widens what an atom sees by the cutoff."""
    features: int = Field(default=32, ge=1, le=512)
    """Channels of each l."""


class AllegroSettings(_EquivariantSettings):
    """Allegro: strictly local and equivariant (10.1038/s41467-023-36329-y)."""

    kind: Literal["allegro"]
    scalar_features: int = Field(default=64, ge=2, le=512, multiple_of=2)
    """Channels of l = 0."""
    tensor_features: int = Field(default=16, ge=1, le=256)
    """Channels of each l."""


class DeePMDSettings(PackageSettings):
    """DeePMD-kit with TensorFlow (10.1063/5.0155600), any of its descriptors."""

    kind: Literal["deepmd"]
    descriptor: DeePMDDescriptor = "se_e2_a"
    """Several together go through `hybrid`."""
    hybrid: list[DeePMDDescriptor] = Field(default_factory=list)
    """Descriptors side by side, instead of `descriptor`."""
    cutoff_A: float = Field(default=6.0, gt=1.0, le=12.0)
    """Atoms further apart do not see each other; `se_e3` sees no further than
    `three_body_cutoff_A`."""
    three_body_cutoff_A: float = Field(default=4.0, gt=1.0, le=12.0)
    """Of `se_e3`, whose triples grow with its sixth power."""
    embedding: Widths = Field(default_factory=lambda: [25, 50, 100])
    """Widths of the embedding network."""
    axis_neurons: int = Field(default=16, ge=1, le=64)
    """Columns of the embedding that make the descriptor."""
    fitting: Widths = Field(default_factory=lambda: [120, 120, 120])
    """Widths of the fitting network."""
    precision: Literal["float64", "float32"] = "float64"
    """Of the networks; `float32` trains faster."""
    learning_rate: float = Field(default=5e-3, gt=0.0, le=0.1)
    """At the start; it falls exponentially to a twentieth of this."""
    energy_weight: tuple[Weight, Weight] = (0.02, 1.0)
    """DeePMD's prefactor of energies, at the start and at the end."""
    force_weight: tuple[Weight, Weight] = (1000.0, 1.0)
    """The same of forces."""
    stress_weight: tuple[Weight, Weight] = (0.02, 1.0)
    """The same of virials."""
    model_file: Literal["compressed", "frozen"] = "compressed"
    """`compressed` tabulates the embedding network of the frozen model, where the
    descriptor can, and runs faster."""

    @model_validator(mode="after")
    def _something_is_fitted(self) -> Self:
        schedules = (self.energy_weight, self.force_weight, self.stress_weight)
        for place, when in ((0, "start"), (1, "end")):
            if not any(schedule[place] for schedule in schedules):
                raise ValueError(
                    "one of `energy_weight`, `force_weight` and `stress_weight` must "
                    f"be above 0 at the {when} of training, got none."
                )
        return self
