"""CP2K's input language: nested sections of keys and values."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from ase import Atoms

Section: TypeAlias = "Mapping[str, object]"
"""Keys to values, to sections or to lists of either; ``_`` is a section's parameter."""


def single_point(method: Section, box: Section) -> str:
    """The input of a calculation of energy, forces and stress.

    Parameters
    ----------
    method : mapping
        What stands in ``FORCE_EVAL`` of how the energy is calculated.
    box : mapping
        The section ``SUBSYS``.
    """
    section: Section = {
        "GLOBAL": {
            "PROJECT": "label",
            "RUN_TYPE": "ENERGY_FORCE",
            "PRINT_LEVEL": "LOW",
        },
        "FORCE_EVAL": {
            **method,
            "STRESS_TENSOR": "ANALYTICAL",
            "SUBSYS": box,
            "PRINT": {"FORCES": {"_": "ON"}, "STRESS_TENSOR": {"_": "ON"}},
        },
    }
    return "\n".join(_lines(section)) + "\n"


def periodic_box(atoms: Atoms, labels: Sequence[str]) -> Section:
    """Cell and coordinates, each atom under its label."""
    a, b, c = (_triple(row) for row in atoms.cell.array)
    return {
        "CELL": {"A": a, "B": b, "C": c, "PERIODIC": "XYZ"},
        "COORD": {
            "": [
                f"{label} {_triple(position)}"
                for label, position in zip(labels, atoms.positions, strict=True)
            ]
        },
    }


def _triple(vector: Sequence[float]) -> str:
    return " ".join(f"{x:.12f}" for x in vector)


def _lines(section: Section, depth: int = 0) -> Iterator[str]:
    indent = "  " * depth
    for key, value in section.items():
        if key == "_":
            continue
        values = value if isinstance(value, list) else [value]
        for one in values:
            if not isinstance(one, Mapping):
                yield f"{indent}{key} {one}".rstrip() if key else f"{indent}{one}"
                continue
            yield f"{indent}&{key} {one.get('_', '')}".rstrip()
            yield from _lines(one, depth + 1)
            yield f"{indent}&END {key}"
