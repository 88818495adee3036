"""Settings of a potential and of its fit."""

from typing import Literal

from pydantic import Field

from brine.settings.section import Section


class NativeSettings(Section):
    """The native potential: ZBL, two-body channels, three-body power spectrum."""

    kind: Literal["native"] = "native"
    readout: Literal["linear"] = "linear"
    """Features enter the energy as they are."""
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
