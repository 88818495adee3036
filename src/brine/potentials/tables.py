"""What the kernels evaluate: pair tables, and the linear readout's quadratic forms."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from brine.native import _native
from brine.potentials.baselines.zbl import zbl, zbl_cutoff
from brine.potentials.descriptor import Descriptor

SUPPORT = 0.8
"""Share of the closest approach in the data down to which dynamics may go."""
_START = 0.3
_STEP = 0.01

PairFunction = Callable[
    [NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]
]
"""Distances (Å) to energy (eV) and slope (eV/Å)."""


def linear_model(
    descriptor: Descriptor,
    weights: NDArray[np.float64],
    shortest: NDArray[np.float64],
) -> _native.LinearModel:
    """What the kernel evaluates: everything of one distance as one table.

    Parameters
    ----------
    descriptor : Descriptor
    weights : (n_elements, n_features) array, eV
    shortest : (n_elements, n_elements) array, Å
        Closest approach of each pair in the data: ZBL ends there, and dynamics may
        not go below `SUPPORT` of it.
    """
    settings = descriptor.settings
    return _native.LinearModel(
        descriptor.shape,
        np.ascontiguousarray(weights[:, 0]),
        _pair_tables(
            lambda z, a: pair_function(descriptor, weights, (z, a), shortest[z, a]),
            max(settings.two_body_cutoff_A, settings.three_body_cutoff_A),
            shortest,
        ),
        np.ascontiguousarray([quadratic_forms(descriptor, w) for w in weights]),
    )


def repulsion_tables(
    descriptor: Descriptor, shortest: NDArray[np.float64]
) -> _native.PairTables:
    """Half of ZBL for every ordered pair, and nothing else."""
    numbers = descriptor.elements

    def function(z: int, a: int) -> PairFunction:
        pair = numbers[z], numbers[a]
        wall = zbl_cutoff(pair, shortest[z, a])

        def half(
            r: NDArray[np.float64],
        ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            energy, slope = zbl(r, pair, cutoff=wall)
            return 0.5 * energy, 0.5 * slope

        return half

    end = max(
        zbl_cutoff((first, second), shortest[z, a])
        for z, first in enumerate(numbers)
        for a, second in enumerate(numbers)
    )
    return _pair_tables(function, end, shortest)


def _pair_tables(
    function: Callable[[int, int], PairFunction],
    end: float,
    shortest: NDArray[np.float64],
) -> _native.PairTables:
    n_intervals = int(np.ceil((end - _START) / _STEP))
    n_elements = len(shortest)
    values = [
        [_quintic(function(z, a), end, n_intervals) for a in range(n_elements)]
        for z in range(n_elements)
    ]
    return _native.PairTables(
        _START,
        (end - _START) / n_intervals,
        np.array(values),
        np.ascontiguousarray(SUPPORT * shortest),
    )


def pair_function(
    descriptor: Descriptor,
    weights: NDArray[np.float64],
    pair: tuple[int, int],
    shortest: float,
) -> PairFunction:
    """What a neighbour `pair[1]` alone adds to the energy of a centre `pair[0]`.

    Half of ZBL, the two-body channels, and minus the power spectrum's self terms,
    which the quadratic form of the density holds in excess.
    """
    settings = descriptor.settings
    centre, neighbour = pair
    numbers = descriptor.elements[centre], descriptor.elements[neighbour]
    wall = zbl_cutoff(numbers, shortest)
    columns = descriptor.two_body_columns(centre, neighbour)
    two = weights.reshape(-1)[columns]
    n_three = descriptor.n_three
    own = slice(neighbour * n_three, (neighbour + 1) * n_three)
    self_form = 0.5 * quadratic_forms(descriptor, weights[centre])[:, own, own].sum(0)

    def function(
        r: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        nuclear, nuclear_slope = zbl(r, numbers, cutoff=wall)
        h, h_slope = _native.radial_functions(
            r, len(two), settings.two_body_cutoff_A, settings.two_body_scale_A
        )
        g, g_slope = _native.radial_functions(
            r, n_three, settings.three_body_cutoff_A, settings.three_body_scale_A
        )
        half = g @ self_form
        return (
            0.5 * nuclear + h @ two - (half * g).sum(1),
            0.5 * nuclear_slope + h_slope @ two - 2 * (half * g_slope).sum(1),
        )

    return function


def quadratic_forms(
    descriptor: Descriptor, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Symmetric S_l with ``E = ½ Σ_l Σ_m A_lm S_l A_lm`` for one centre's weights.

    Returns
    -------
    forms : (l_max + 1, n_channels, n_channels) array, eV
    """
    settings = descriptor.settings
    n_channels = len(descriptor.elements) * descriptor.n_three
    upper = np.triu_indices(n_channels)
    forms = np.zeros((settings.angular_momentum + 1, n_channels, n_channels))
    forms[:, upper[0], upper[1]] = weights[descriptor.shape.three_start :].reshape(
        len(forms), -1
    )
    return forms + forms.transpose(0, 2, 1)


def _quintic(
    function: PairFunction, reach: float, n_intervals: int
) -> NDArray[np.float64]:
    """Quintics that match value and slope at edges and the value at thirds."""
    edges = np.linspace(_START, reach, n_intervals + 1)
    step = edges[1] - edges[0]
    value, slope = function(edges)
    thirds = [function(edges[:-1] + step * t)[0] for t in (1 / 3, 2 / 3)]
    conditions = np.array(
        [
            [1, 0, 0, 0, 0, 0],
            [0, 1, 0, 0, 0, 0],
            [1, 1, 1, 1, 1, 1],
            [0, 1, 2, 3, 4, 5],
            [(1 / 3) ** p for p in range(6)],
            [(2 / 3) ** p for p in range(6)],
        ]
    )
    targets = [value[:-1], step * slope[:-1], value[1:], step * slope[1:], *thirds]
    return np.ascontiguousarray(np.linalg.solve(conditions, np.array(targets)).T)
