"""A picture of the periodic box: shaded atoms, nearer ones larger and clearer."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors
from numpy.typing import NDArray

from brine.structures.molecules import molecule_labels, whole_molecules
from brine.structures.neighbours import neighbour_pairs

SIZE = 520
"""Side of the picture"""
LEVELS = 6
"""Steps of fading into the background"""
BACKGROUND = np.array([0.957, 0.965, 0.976])
COLOURS = {
    "H": (0.97, 0.975, 0.985),
    "O": (0.86, 0.24, 0.22),
    "Na": (0.53, 0.38, 0.82),
    "Cl": (0.22, 0.65, 0.36),
    "Li": (0.72, 0.45, 0.86),
}
RADIUS_FACTOR = 0.74
TURN, TILT = np.radians(28.0), np.radians(-16.0)
DISTANCE = 4.0
"""Of the eye, in units of the box's half diagonal"""

Array = NDArray[np.float64]


def box_picture(atoms: Atoms) -> str:
    """SVG of `atoms`, molecules whole, seen from a corner in perspective.

    Parameters
    ----------
    atoms : ase.Atoms
        With or without a cell.
    """
    whole = _wrapped_molecules(atoms)
    view = _View.of(whole)
    places, depth, zoom = view.project(whole.positions)
    level = _levels(depth)
    kinds = sorted({int(z) for z in whole.numbers})
    items = _atoms(whole, places, depth, zoom, level)
    items += _bonds(whole, places, depth, zoom)
    items.sort(key=lambda item: -item[0])
    edges = _edges(whole, view)
    half = len(edges) * 3 // 4
    inner = "".join(edges[:half]) + "".join(text for _, text in items)
    return (
        f'<svg class="box" viewBox="{_crop(whole, view, places)}" role="img" '
        f'aria-label="Box of {len(atoms)} atoms"><defs>{_gradients(kinds)}</defs>'
        f"{inner}{''.join(edges[half:])}</svg>"
    )


class _View:
    """Where the eye is: rotation, centre and magnification."""

    def __init__(self, centre: Array, half: float) -> None:
        turn = np.array(
            [
                [np.cos(TURN), 0, np.sin(TURN)],
                [0, 1, 0],
                [-np.sin(TURN), 0, np.cos(TURN)],
            ]
        )
        tilt = np.array(
            [
                [1, 0, 0],
                [0, np.cos(TILT), -np.sin(TILT)],
                [0, np.sin(TILT), np.cos(TILT)],
            ]
        )
        self.rotation = tilt @ turn
        self.centre, self.half = centre, half

    @classmethod
    def of(cls, atoms: Atoms) -> "_View":
        if atoms.cell.rank == 3:
            corners = _corners(atoms)
            centre = corners.mean(axis=0)
        else:
            corners = atoms.positions
            centre = corners.mean(axis=0)
        half = float(np.linalg.norm(corners - centre, axis=1).max())
        return cls(centre, max(half, 2.0))

    def project(self, positions: Array) -> tuple[Array, Array, Array]:
        """Places on paper, depth (larger is farther), and magnification."""
        turned = (positions - self.centre) @ self.rotation.T / self.half
        depth = -turned[:, 2]
        zoom = DISTANCE / (DISTANCE + depth) * SIZE * 0.50 / self.half
        places = SIZE / 2 + turned[:, :2] * [1, -1] * (zoom * self.half)[:, None]
        return places, depth, zoom


def _wrapped_molecules(atoms: Atoms) -> Atoms:
    """Whole molecules whose first atom lies in the box."""
    if atoms.cell.rank < 3 or not atoms.pbc.any():
        return atoms
    whole = whole_molecules(atoms)
    labels = molecule_labels(atoms)
    first = np.unique(labels, return_index=True)[1]
    scaled = whole.cell.scaled_positions(whole.positions[first])
    whole.positions -= (np.floor(scaled) @ whole.cell.array)[labels]
    return whole


def _corners(atoms: Atoms) -> Array:
    bits = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return np.asarray(bits @ atoms.cell.array)


def _edges(atoms: Atoms, view: _View) -> list[str]:
    """The twelve edges of the box, the farthest first."""
    if atoms.cell.rank < 3:
        return []
    places, depth, _ = view.project(_corners(atoms))
    pairs = [(a, a | bit) for a in range(8) for bit in (1, 2, 4) if not a & bit]
    pairs.sort(key=lambda pair: -(depth[pair[0]] + depth[pair[1]]))
    return [
        f'<path class="edge" d="M{places[a][0]:.1f} {places[a][1]:.1f}'
        f'L{places[b][0]:.1f} {places[b][1]:.1f}"/>'
        for a, b in pairs
    ]


def _crop(atoms: Atoms, view: _View, places: Array) -> str:
    """The part of the paper that holds box and atoms."""
    seen = places
    if atoms.cell.rank == 3:
        seen = np.concatenate([places, view.project(_corners(atoms))[0]])
    low, high = seen.min(axis=0) - 14, seen.max(axis=0) + 14
    return f"{low[0]:.0f} {low[1]:.0f} {high[0] - low[0]:.0f} {high[1] - low[1]:.0f}"


def _levels(depth: Array) -> NDArray[np.int64]:
    span = np.ptp(depth) or 1.0
    fraction = (depth - depth.min()) / span
    return np.asarray(np.minimum(fraction * LEVELS, LEVELS - 1), dtype=np.int64)


def _colour(number: int) -> Array:
    symbol = chemical_symbols[number]
    return np.array(COLOURS.get(symbol, tuple(jmol_colors[number])))


def _hex(colour: Array) -> str:
    levels = np.clip(np.round(colour * 255), 0, 255).astype(int)
    return "#{:02x}{:02x}{:02x}".format(*levels)


def _gradients(kinds: Sequence[int]) -> str:
    """A sphere's light for every element and depth."""
    parts = []
    for number in kinds:
        for level in range(LEVELS):
            fog = 0.72 * level / (LEVELS - 1)
            base = _colour(number)
            tones = (base * 0.55 + 0.45, base, base * 0.66)
            bright, middle, dark = (_hex(t + (BACKGROUND - t) * fog) for t in tones)
            parts.append(
                f'<radialGradient id="a{number}-{level}" cx=".36" cy=".32" r=".72">'
                f'<stop offset="0" stop-color="{bright}"/>'
                f'<stop offset=".55" stop-color="{middle}"/>'
                f'<stop offset="1" stop-color="{dark}"/></radialGradient>'
            )
    return "".join(parts)


def _atoms(
    atoms: Atoms, places: Array, depth: Array, zoom: Array, level: NDArray[np.int64]
) -> list[tuple[float, str]]:
    radii = covalent_radii[atoms.numbers] * RADIUS_FACTOR * zoom
    return [
        (
            float(depth[k]),
            f'<circle cx="{places[k, 0]:.1f}" cy="{places[k, 1]:.1f}" '
            f'r="{radii[k]:.1f}" fill="url(#a{atoms.numbers[k]}-{level[k]})"/>',
        )
        for k in range(len(atoms))
    ]


def _bonds(
    atoms: Atoms, places: Array, depth: Array, zoom: Array
) -> list[tuple[float, str]]:
    """Sticks between the atoms of a molecule, behind its atoms."""
    free = atoms.copy()
    free.pbc = False
    pairs = neighbour_pairs(free, 1.3)
    items = []
    for a, b in zip(pairs.centre, pairs.neighbour, strict=True):
        if a < b:
            tone = BACKGROUND * 0.62 + (BACKGROUND * 0.36) * (depth[a] + 1) / 2
            items.append(
                (
                    float(max(depth[a], depth[b])) + 1e-3,
                    f'<path d="M{places[a, 0]:.1f} {places[a, 1]:.1f}'
                    f'L{places[b, 0]:.1f} {places[b, 1]:.1f}" stroke="{_hex(tone)}" '
                    f'stroke-width="{0.2 * zoom[a]:.1f}" stroke-linecap="round"/>',
                )
            )
    return items
