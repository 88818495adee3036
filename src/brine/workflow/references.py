"""What the observables of a protocol are compared with."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from brine.observables import Diffusion, Estimate
from brine.settings import (
    ExperimentReference,
    LabelsReference,
    OracleReference,
    TrajectoryReference,
)
from brine.validation import (
    Origin,
    PeakReference,
    Reference,
    labels_density,
    water_density,
    water_diffusion,
    water_first_peak,
)
from brine.workflow.gathering import Gathered
from brine.workflow.labelling import MAIN
from brine.workflow.measuring import attempted, is_pure_water


@dataclass(frozen=True, eq=False)
class References:
    """What the model's observables are compared with."""

    gathered: Gathered

    @property
    def origin(self) -> Origin:
        """Where they come from."""
        match self.gathered.protocol.reference:
            case OracleReference():
                return Origin.ORACLE
            case TrajectoryReference():
                return Origin.TRAJECTORY
            case LabelsReference():
                return Origin.LABELS
        return Origin.EXPERIMENT

    @property
    def source(self) -> str:
        """The same in words."""
        settings = self.gathered.protocol.reference
        if isinstance(settings, TrajectoryReference):
            return settings.path
        return f"molecular dynamics of {self.gathered.dataset.fingerprint}"

    def density(self) -> Reference | None:
        """Density, g/mL."""
        found = self.gathered.reference
        if self.origin is Origin.LABELS:
            return self._density_of_labels()
        if found is None:
            return attempted(partial(water_density, self._water_temperature))
        return self._reference(found.density)

    def diffusion(self) -> Reference | None:
        """Self-diffusion coefficient, 1e-9 m²/s."""
        found = self.gathered.reference
        if found is None:
            return attempted(partial(water_diffusion, self._water_temperature))
        main = found.diffusion
        return self._reference(main.estimate if main else None)

    def rdf(self) -> PeakReference | None:
        """The first maximum of g(r)."""
        found = self.gathered.reference
        if found is None:
            return water_first_peak() if np.isfinite(self._water_temperature) else None
        rdf = found.rdf
        peak = attempted(lambda: rdf.first_peak) if rdf is not None else None
        if rdf is None or peak is None:
            return None
        position, height = map(self._reference, (peak.position, peak.height))
        if position is None or height is None:
            return None
        return PeakReference(position=position, height=height, r=rdf.r, g=rdf.g)

    def comparable(self, diffusion: Diffusion) -> Estimate:
        """D of the same box for simulations; of an infinite one for experiment."""
        if isinstance(self.gathered.protocol.reference, ExperimentReference):
            return diffusion.corrected or diffusion.estimate
        return diffusion.estimate

    def _reference(self, found: Estimate | None) -> Reference | None:
        if found is None:
            return None
        return Reference(found.value, found.error, self.origin, self.source)

    def _density_of_labels(self) -> Reference | None:
        density, stress = self.gathered.model.density, self.gathered.errors[MAIN].stress
        if density is None or stress is None:
            return None
        return attempted(
            partial(
                labels_density,
                density,
                self.gathered.runs["npt"].log["volume_A3"],
                Estimate(stress.pressure_mean, stress.pressure_mean_error),
                temperature=self.gathered.protocol.dynamics.temperature_K,
            )
        )

    @property
    def _water_temperature(self) -> float:
        """Of pure water beside experiment; else NaN, which no measured value fits."""
        if self.origin is not Origin.EXPERIMENT:
            return float("nan")
        trajectory = self.gathered.runs["equilibrate"].trajectory
        if not is_pure_water(trajectory):
            return float("nan")
        return self.gathered.protocol.dynamics.temperature_K
