"""Settings of a potential and of its fit."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, Tag, model_validator

from brine.settings.families import AllegroSettings, DeePMDSettings, NequIPSettings
from brine.settings.section import Section, choice

_NETWORK = {"two_body_channels": 8, "energy_weight": 2.0, "stress_weight": 2.0}
PRESETS: dict[str, dict[str, float]] = {
    "fast": {
        **_NETWORK,
        **{"two_body_cutoff_A": 4.5, "three_body_cutoff_A": 4.5},
        **{"three_body_channels": 6, "angular_momentum": 2},
    },
    "balanced": {
        **_NETWORK,
        **{"two_body_cutoff_A": 6.0, "three_body_cutoff_A": 5.0},
        **{"three_body_channels": 8, "angular_momentum": 3},
    },
    "accurate": {
        **_NETWORK,
        **{"two_body_cutoff_A": 6.0, "three_body_cutoff_A": 6.0},
        **{"three_body_channels": 8, "angular_momentum": 3},
        **{"body_order": 4, "epochs": 100},
    },
}
"""Networks from the fastest to the most accurate; other keys keep their defaults."""


_ONLY_NEURAL = (
    *("products", "body_order", "hidden", "epochs"),
    *("weight_decay", "validation_share", "learning_rate"),
)


class NativeSettings(Section):
    """The native potential: ZBL, two-body channels, three-body power spectrum."""

    kind: Literal["native"] = "native"
    readout: Literal["linear", "neural"] = "linear"
    """`linear`: features enter the energy as they are. `neural`: a network per element
    reads the two-body channels and products of two mixes of the density's channels."""
    preset: Literal["fast", "balanced", "accurate"] | None = None
    """`neural`: sizes and cutoffs, where no other key says otherwise; `balanced` where
    only the readout is named."""
    two_body_cutoff_A: float = Field(default=6.0, gt=1.0, le=12.0)
    """Where two-body channels vanish."""
    three_body_cutoff_A: float = Field(default=6.0, gt=1.0, le=10.0)
    """Where the density of the power spectrum vanishes."""
    two_body_channels: int = Field(default=20, ge=2, le=40)
    """Radial functions of a pair of elements."""
    three_body_channels: int | None = Field(default=None, ge=1, le=16)
    """Radial functions of the density of an element; features grow with the square of
    channels times elements. Left out, 20 are shared among the elements, at least 4."""
    angular_momentum: int = Field(default=3, ge=0, le=5)
    """Highest l of the power spectrum."""
    two_body_scale_A: float = Field(default=2.0, gt=0.1)
    """Distances below it are resolved more finely by the two-body channels."""
    three_body_scale_A: float = Field(default=2.0, gt=0.1)
    """The same for the density."""
    energy_weight: float = Field(default=20.0, gt=0.0)
    """Weight of an energy per atom, in units of the scatter of all of them."""
    force_weight: float = Field(default=1.0, gt=0.0)
    """Weight of a force component, in units of the scatter of all of them."""
    stress_weight: float = Field(default=15.0, gt=0.0)
    """Weight of a stress component, in units of the scatter of all of them."""
    products: int = Field(default=16, ge=16, le=128, multiple_of=16)
    """`neural`: products of two mixes, for each l."""
    body_order: int = Field(default=3, ge=3, le=4)
    """`neural`: 4 adds invariants of three densities, which tell apart environments
    whose pairs of angles agree."""
    hidden: int = Field(default=32, ge=16, le=256, multiple_of=16)
    """`neural`: width of both hidden layers."""
    epochs: int = Field(default=40, ge=1)
    """`neural`: how often training sees every frame."""
    weight_decay: float = Field(default=0.05, ge=0.0, le=1.0)
    """`neural`: how much matrices shrink in a step, in units of the learning rate."""
    validation_share: float = Field(default=0.0, ge=0.0, le=0.5)
    """`neural`: the last part of the frames of each file that training only looks at.
    It keeps the weights that predict them best, and stops once they get worse."""
    learning_rate: float = Field(default=4e-3, gt=0.0, le=0.1)
    """`neural`: how far weights move in a step, at its highest; it ends at zero."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in_the_preset(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        neural = given.get("readout") == "neural"
        preset = given.get("preset") or ("balanced" if neural else None)
        if preset not in PRESETS:
            return given
        return {"readout": "neural", **PRESETS[preset], **given, "preset": preset}

    @model_validator(mode="after")
    def _settings_must_have_a_reader(self) -> Self:
        if self.readout == "neural":
            return self
        for name in ("preset", *_ONLY_NEURAL):
            value = getattr(self, name)
            if value != type(self).model_fields[name].default:
                raise ValueError(
                    f"`{name}` belongs to readout `neural`, got {value} beside readout "
                    "`linear`; remove it or write `readout: neural`."
                )
        return self


class ModelPotential(Section):
    """A trained model from elsewhere, judged as it is."""

    kind: Literal["model"]
    path: str = Field(min_length=1)
    """A frozen DeePMD model (.pb, .pth), a NequIP or Allegro model that is packaged
    (.nequip.zip) or compiled (.nequip.pt2), or a file of brine; relative to the
    protocol's own folder."""


TrainedElsewhere = NequIPSettings | AllegroSettings | DeePMDSettings
"""Families that their own packages train"""

PotentialSettings = Annotated[
    Annotated[NativeSettings, Tag("native")]
    | Annotated[NequIPSettings, Tag("nequip")]
    | Annotated[AllegroSettings, Tag("allegro")]
    | Annotated[DeePMDSettings, Tag("deepmd")]
    | Annotated[ModelPotential, Tag("model")],
    choice("native"),
]
