"""What a benchmark returns."""

from typing import TypedDict


class Measurement(TypedDict):
    """A figure of a program; `peer` None is brine."""

    name: str
    value: float
    unit: str
    peer: str | None


def measurement(
    name: str, value: float, unit: str, peer: str | None = None
) -> Measurement:
    """Its figure."""
    return {"name": name, "value": float(value), "unit": unit, "peer": peer}


def print_all(rows: list[Measurement]) -> None:
    """One line each."""
    for row in rows:
        line = f"{row['name']:44} {row['value']:10.3f} {row['unit']:10}"
        print(f"{line} {row['peer'] or ''}".rstrip())
