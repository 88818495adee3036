"""The molecular dynamics that a force field is judged by."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeFloat, PositiveFloat, Tag, model_validator

from brine.settings.section import Section, choice

STRONG_FRICTION_PER_PS = 0.1
"""Water's D is 36 % low at 10 ps⁻¹ and 81 % low at 50 (`studies/friction.py`). At 1 and
below nothing is seen within 10 %; a tenth of that is safe."""


class VelocityRescaling(Section):
    """Stochastic velocity rescaling (10.1063/1.2408420): leaves diffusion alone."""

    kind: Literal["svr"] = "svr"
    time_constant_fs: PositiveFloat = 100.0
    bond_time_constant_fs: PositiveFloat | None = 200.0
    """Of a bath for the stretching of every covalent bond, which rescaling hardly
    reaches; it leaves diffusion alone. Null: none."""


class Langevin(Section):
    """Langevin dynamics: its friction slows diffusion."""

    kind: Literal["langevin"]
    friction_per_ps: PositiveFloat


Thermostat = Annotated[
    Annotated[VelocityRescaling, Tag("svr")] | Annotated[Langevin, Tag("langevin")],
    choice("svr"),
]


class Dynamics(Section):
    """Runs: NVE drift, a hotter one, NVT for g(r) and D, NPT for the density."""

    temperature_K: PositiveFloat = 298.15
    timestep_fs: PositiveFloat = Field(default=0.5, le=5.0)
    thermostat: Thermostat = VelocityRescaling()
    equilibration_ps: NonNegativeFloat = 10.0
    """NVT before every production run, not analysed."""
    nvt_ps: PositiveFloat = 100.0
    """Production at constant volume: g(r), diffusion, coordination."""
    npt_ps: NonNegativeFloat = 100.0
    """Production at constant pressure: density; 0 leaves it out."""
    pressure_bar: float = 1.0
    """Of runs at constant pressure."""
    barostat_time_constant_fs: PositiveFloat = 1000.0
    nve_ps: PositiveFloat = 10.0
    """Without thermostat: energy drift."""
    hot_ps: PositiveFloat = 10.0
    """Stability above the target temperature."""
    hot_above_K: PositiveFloat = 100.0
    """How far above the target temperature."""
    interval_fs: PositiveFloat = 50.0
    """Time between the frames of a trajectory."""
    hydrogen_mass_amu: PositiveFloat | None = None
    """Mass of every H, for deuterium; changes diffusion, and the verdict says so."""
    engine: Literal["brine", "lammps"] = "brine"
    """Who integrates: brine's own loop, or LAMMPS, which runs native potentials and
    DeePMD models on many MPI ranks, NequIP and Allegro in a build that has their pair
    styles, and must agree with them on the first frame."""
    ranks: int = Field(default=1, ge=1, le=100_000)
    """MPI ranks of each run in LAMMPS."""
    measure: tuple[Literal["density", "rdf", "diffusion"], ...] = (
        "density",
        "rdf",
        "diffusion",
    )
    """Observables that are judged."""

    @model_validator(mode="after")
    def _friction_must_leave_diffusion_alone(self) -> Self:
        thermostat = self.thermostat
        if (
            isinstance(thermostat, Langevin)
            and "diffusion" in self.measure
            and thermostat.friction_per_ps > STRONG_FRICTION_PER_PS
        ):
            raise ValueError(
                f"thermostat.friction_per_ps = {thermostat.friction_per_ps:g} would "
                "slow the diffusion that is measured (water: -36 % at 10, -81 % at "
                "50 ps⁻¹); "
                "use `kind: svr`, a friction of at most "
                f"{STRONG_FRICTION_PER_PS:g}, or leave `diffusion` out of `measure`."
            )
        return self
