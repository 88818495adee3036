"""A number with its standard error."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A value and its standard error, in one unit.

    Attributes
    ----------
    value : float
    error : float
        One standard error; ``nan`` where the data cannot tell.
    """

    value: float
    error: float

    def __float__(self) -> float:
        return self.value

    def __str__(self) -> str:
        if not math.isfinite(self.error):
            return f"{self.value:.4g} ± unknown"
        if self.error <= 0:
            return f"{self.value:.6g} ± 0"
        digits = max(0, 1 - math.floor(math.log10(self.error)))
        return f"{self.value:.{digits}f} ± {self.error:.{digits}f}"

    def to_json(self) -> dict[str, float | None]:
        """Value and error; what is not finite becomes null."""
        return {"value": _finite(self.value), "error": _finite(self.error)}


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
