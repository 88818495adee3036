"""What a running protocol tells whoever watches it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Event:
    """Something happened to a step.

    Attributes
    ----------
    step : str
    kind : str
        ``found`` (its result was stored already), ``started``, ``progress``,
        ``finished``, ``failed`` (in one of several plans).
    task : str
        What the step is busy with, for ``progress``.
    numbers : mapping of str to float
        ``done`` from 0 to 1, and others with their unit in the name; ``seconds`` for
        ``finished``.
    """

    step: str
    kind: Literal["found", "started", "progress", "finished", "failed"]
    task: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)


Watcher = Callable[[Event], None]


def nobody(event: Event) -> None:
    """Watch nothing.

    Parameters
    ----------
    event : Event
    """
