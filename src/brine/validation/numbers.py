"""Numbers as people write them."""

import math

MOST_DIGITS = 6
"""After the point; an error smaller than that is no error worth telling"""


def plain(value: float | None, digits: int = 3) -> str:
    """`value` with `digits` significant digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if power >= 6 or power < -4:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    text = f"{value:,.{max(digits - 1 - power, 0)}f}"
    return text.replace("-", "−").replace(",", "\u2009")


def with_error(value: float | None, error: float | None) -> str:
    """``value ± error`` with two digits of the error."""
    if value is None or not math.isfinite(value):
        return "–"
    if error is None or not math.isfinite(error) or error < 10.0**-MOST_DIGITS:
        return plain(value, 4)
    digits = min(max(0, 1 - math.floor(math.log10(error))), MOST_DIGITS)
    return f"{value:.{digits}f} ± {error:.{digits}f}".replace("-", "−")
