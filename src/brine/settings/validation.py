"""Tolerances of the gates.

A value that is compared with a reference passes when they differ by no more than
`standard_errors` combined standard errors, or by no more than `relative` of the
reference, whichever is larger: a difference that the error bars cannot see is no
failure, and neither is one too small to matter. When the combined standard error
itself exceeds `largest_error`, agreement would mean nothing, and the gate is
undetermined.
"""

from pydantic import Field

from brine.settings.section import Section


class Agreement(Section):
    """When a value agrees with its reference."""

    relative: float = Field(gt=0)
    """Difference that does not matter, as a fraction of the reference."""
    largest_error: float = Field(gt=0)
    """Largest combined standard error, as a fraction of the reference."""
    experiment: float = Field(gt=0)
    """Largest difference from experiment, as a fraction of it, for which the level of
    theory may be to blame instead of the potential."""


class ValidationSettings(Section):
    """What each gate of the verdict asks for."""

    standard_errors: float = Field(default=2.0, gt=0)
    """Combined standard errors that still agree."""
    energy_rmse_meV_per_atom: float = Field(default=1.0, gt=0)
    """Held-out energy, mean of the error removed."""
    force_rmse_meV_per_A: float = Field(default=60.0, gt=0)
    """Held-out forces, over components."""
    energy_drift_meV_per_atom_per_ns: float = Field(default=5.0, gt=0)
    """Of the conserved energy in NVE."""
    short_range_well_eV: float = Field(default=0.05, gt=0)
    """Deepest well inside the shortest distance in the data."""
    pressure_error_bar: float = Field(default=300.0, gt=0)
    """Mean error of the pressure on held-out frames."""
    pressure_roughness: float = Field(default=0.05, gt=0)
    """Departure of P(V) from a smooth curve, as a fraction of its range."""
    density_window: float = Field(default=0.10, gt=0)
    """Half width, relative to the density, over which P(V) must fall with V."""
    density_span: float = Field(default=0.05, gt=0)
    """Relative span of the labels' volumes from which a density can be learned."""
    hot_offset_K: float = Field(default=100.0, gt=0)
    """How much above the target temperature a run must be stable as well."""
    temperature_offset: float = Field(default=0.1, gt=0)
    """Relative departure of the mean temperature from the one asked for."""
    first_peak_A: float = Field(default=0.02, gt=0)
    """Shift of the first maximum of g(r)."""
    density: Agreement = Agreement(relative=0.005, largest_error=0.015, experiment=0.25)
    rdf: Agreement = Agreement(relative=0.03, largest_error=0.05, experiment=0.5)
    diffusion: Agreement = Agreement(relative=0.05, largest_error=0.15, experiment=0.9)
    diffusion_exponent: float = Field(default=0.15, gt=0)
    """Departure from one of the slope of log MSD against log time."""
    friction_per_ps: float = Field(default=0.1, ge=0)
    """Langevin friction under which dynamics is still worth measuring."""
