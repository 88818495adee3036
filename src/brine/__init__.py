"""brine: machine-learned force fields that have proved themselves in MD.

>>> import brine
>>> dataset = brine.read_dataset("frames.extxyz")        # doctest: +SKIP
>>> potential = brine.fit(dataset)                       # doctest: +SKIP
>>> run = brine.MDSettings(brine.NVT(300.0), n_steps=20_000)  # doctest: +SKIP
>>> simulation = brine.run_md(dataset.frame(0), potential, run)  # doctest: +SKIP
>>> brine.self_diffusion(simulation.trajectory)          # doctest: +SKIP

Names below are imported when they are first used, so that ``import brine`` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "brine.datasets": ("Dataset", "audit", "read_dataset", "write_dataset"),
    "brine.dynamics": (
        "NPT",
        "NVE",
        "NVT",
        "MDSettings",
        "Ramp",
        "Replica",
        "run_md",
        "run_replicas",
    ),
    "brine.observables": (
        "coordination_number",
        "density",
        "mean_squared_displacement",
        "observe",
        "radial_distribution",
        "read_trajectory",
        "self_diffusion",
    ),
    "brine.oracles": ("SPCFw", "label_frames"),
    "brine.potentials": ("Potential", "load"),
    "brine.settings": ("NativeSettings", "Protocol", "load_protocol"),
    "brine.structures": ("build_box",),
    "brine.training": ("fit",),
    "brine.validation": ("Evidence", "Verdict", "judge"),
    "brine.workflow": ("run_protocol",),
}
_HOME_OF = {name: room for room, names in _HOMES.items() for name in names}

__all__ = [*sorted(_HOME_OF), "__version__"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """The public name `name`, imported from the room it lives in."""
        if name not in _HOME_OF:
            raise AttributeError(f"module 'brine' has no attribute {name!r}")
        value = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return __all__
