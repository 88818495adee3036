"""How long work tells whoever waits for it how far it is."""

from collections.abc import Callable, Mapping

Report = Callable[[str, Mapping[str, float]], None]
"""Called as ``report(task, numbers)`` with a short task name and named numbers.

``numbers["done"]`` is the fraction finished, 0 to 1; the other names carry their
unit, such as ``temperature_K`` or ``time_left_s``. A report must be cheap and must
not raise, unless it wants the work to stop.
"""


def silent(task: str, numbers: Mapping[str, float]) -> None:
    """Tell nobody.

    Parameters
    ----------
    task : str
    numbers : mapping of str to float
    """


def part_of(report: Report, before: float, share: float) -> Report:
    """A report of one stage of several, `before` of which is done when it begins.

    Parameters
    ----------
    report : Report
        Of the whole.
    before, share : float
        Fractions of the whole: done before the stage, and the stage's own.
    """

    def tell(task: str, numbers: Mapping[str, float]) -> None:
        if "done" in numbers:
            numbers = {**numbers, "done": before + share * numbers["done"]}
        report(task, numbers)

    return tell
