"""When a measured value agrees with its reference."""

import math
from dataclasses import dataclass

from brine.settings.validation import Agreement, ValidationSettings
from brine.validation.measurements import Measured, Origin, Reference
from brine.validation.numbers import with_error
from brine.validation.verdict import Status


@dataclass(frozen=True)
class Comparison:
    """A value against its reference.

    Attributes
    ----------
    status : Status
    blocks : bool
        Whether more work with the same labels could settle it.
    tolerance : float
        Largest difference that passes.
    reason : str
    """

    status: Status
    blocks: bool
    tolerance: float
    reason: str


def compare(
    found: Measured,
    reference: Reference,
    agreement: Agreement,
    *,
    settings: ValidationSettings,
    what: str,
    unit: str,
) -> Comparison:
    r"""Whether `found` agrees with `reference`.

    .. math::
        |x - x_0| \le \max(k \sqrt{\sigma^2 + \sigma_0^2},\ \epsilon |x_0|)

    with :math:`k` from `settings` and :math:`\epsilon` from `agreement`. Beyond that,
    a difference from experiment within ``agreement.experiment`` is undetermined: it
    may be the level of theory's.

    Parameters
    ----------
    found : Measured
    reference : Reference
    agreement : Agreement
    settings : ValidationSettings
    what, unit : str
        For the reason.
    """
    combined = math.hypot(found.error, _or_zero(reference.error))
    difference = found.value - reference.value
    scale = abs(reference.value)
    tolerance = max(
        settings.standard_errors * _or_zero(combined), agreement.relative * scale
    )
    expected = with_error(reference.value, reference.error)
    numbers = (
        f"{what} is {with_error(found.value, found.error)}{_space(unit)}, "
        f"{difference / scale:+.1%} from {expected} ({reference.source})"
    )
    too_wide = not combined <= agreement.largest_error * scale
    if not math.isfinite(found.value):
        return Comparison(Status.FAIL, True, tolerance, f"{what} is not finite.")
    if too_wide and abs(difference) <= max(tolerance, agreement.relative * scale):
        return Comparison(
            Status.UNDETERMINED,
            True,
            tolerance,
            f"The error bars are too wide: {numbers}, combined standard error "
            f"{combined / scale:.1%}, at most {agreement.largest_error:.1%} tells "
            "anything; run longer.",
        )
    if abs(difference) <= tolerance:
        return Comparison(Status.PASS, False, tolerance, f"{numbers}.")
    if reference.origin is Origin.EXPERIMENT and abs(difference) <= (
        agreement.experiment * scale
    ):
        return Comparison(
            Status.UNDETERMINED,
            False,
            tolerance,
            f"{numbers}: experiment cannot tell whether the potential or the labels' "
            "level of theory is to blame; compare with dynamics on the same labels.",
        )
    return Comparison(Status.FAIL, True, tolerance, f"{numbers}.")


def _or_zero(error: float) -> float:
    return error if math.isfinite(error) else 0.0


def _space(unit: str) -> str:
    return f" {unit}" if unit else ""
