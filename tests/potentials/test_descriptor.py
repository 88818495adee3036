import numpy as np
import pytest
from ase import Atoms
from numpy.polynomial import Chebyshev, Legendre

from brine.native import _native
from brine.potentials import Descriptor
from brine.settings.potential import NativeSettings

SETTINGS = NativeSettings(
    two_body_channels=3, three_body_channels=2, angular_momentum=5
)


def _radial(distance, n, cutoff, scale):
    """T_n(x) (1 − r²/R²)³ with x linear in 1/(1 + r²/s²), +1 at 0 and −1 at R."""
    start, end = 1.0, 1 / (1 + (cutoff / scale) ** 2)
    x = (2 / (1 + (distance / scale) ** 2) - start - end) / (start - end)
    return Chebyshev.basis(n)(x) * (1 - (distance / cutoff) ** 2) ** 3


@pytest.mark.parametrize("angle", [0.3, 1.2, 2.9])
def test_three_body_features_are_legendre_polynomials_of_the_angle(angle):
    """Exact: a centre with two neighbours has p_l = g(r1) g'(r2) P_l(cos θ) + swap.

    The neighbours' terms with themselves are subtracted.
    """
    r1, r2 = 1.1, 1.7
    atoms = Atoms(
        "OH2", [[0, 0, 0], [0, 0, r1], [r2 * np.sin(angle), 0, r2 * np.cos(angle)]]
    )
    descriptor = Descriptor((1, 8), SETTINGS)
    three = descriptor.atom_features(atoms)[0, descriptor.shape.three_start :]
    g = np.array(
        [
            [
                _radial(r, n, SETTINGS.three_body_cutoff_A, SETTINGS.three_body_scale_A)
                for n in range(2)
            ]
            for r in (r1, r2)
        ]
    )
    by_degree = three.reshape(6, -1)
    for degree in range(6):
        legendre = Legendre.basis(degree)(np.cos(angle))
        # Channels α = (element, n): hydrogen's two come first; pairs 00, 01, …, 11.
        expected = {0: 2 * g[0, 0] * g[1, 0], 1: g[0, 0] * g[1, 1] + g[0, 1] * g[1, 0]}
        for place, product in expected.items():
            assert abs(product) > 1e-3
            assert by_degree[degree, place] == pytest.approx(
                product * legendre, rel=0, abs=1e-12
            )


def test_two_body_features_are_radial_functions():
    atoms = Atoms("OH", [[0, 0, 0], [0.6, 0.8, 0.0]])
    descriptor = Descriptor((1, 8), SETTINGS)
    oxygen = descriptor.atom_features(atoms)[0]
    two = oxygen[1 : 1 + 3]
    expected = [
        _radial(1.0, n, SETTINGS.two_body_cutoff_A, SETTINGS.two_body_scale_A)
        for n in range(3)
    ]
    np.testing.assert_allclose(two, expected, rtol=0, atol=1e-12)


def test_an_isolated_pair_has_no_three_body_features():
    atoms = Atoms("OH", [[0, 0, 0], [0.6, 0.8, 0.3]])
    descriptor = Descriptor((1, 8), SETTINGS)
    features = descriptor.atom_features(atoms)
    assert np.abs(features[:, 1 : descriptor.shape.three_start]).max() > 0.1
    np.testing.assert_allclose(
        features[:, descriptor.shape.three_start :], 0, rtol=0, atol=1e-12
    )


def test_design_rows_are_derivatives_of_the_first_row():
    """Every feature at once: forces and six strains by central differences."""
    rng = np.random.default_rng(0)
    atoms = Atoms(
        "OHHOH",
        rng.uniform(0, 4, size=(5, 3)),
        cell=[[4.5, 0, 0], [1, 5, 0], [0.3, -0.4, 4.8]],
        pbc=True,
    )
    descriptor = Descriptor((1, 8), SETTINGS)
    rows = descriptor.design_rows(atoms)
    step = 1e-5
    for row, (atom, axis) in enumerate(np.ndindex(5, 3)):
        sums = 0.0
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[atom, axis] += sign * step
            sums = sums - sign * descriptor.design_rows(moved)[0]
        np.testing.assert_allclose(
            rows[1 + row], sums / (2 * step), rtol=0, atol=1e-7 * np.abs(rows).max()
        )
    for row, (first, second) in enumerate(
        [(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]
    ):
        sums = 0.0
        for sign in (1, -1):
            strain = np.eye(3)
            strain[first, second] += sign * step / 2
            strain[second, first] += sign * step / 2
            bent = atoms.copy()
            bent.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            sums = sums + sign * descriptor.design_rows(bent)[0]
        np.testing.assert_allclose(
            rows[16 + row], sums / (2 * step), rtol=0, atol=1e-7 * np.abs(rows).max()
        )


def test_radial_functions_and_two_derivatives_vanish_at_the_cutoff():
    r = np.array([3.0, 5.0 - 1e-4, 5.0, 5.1])
    value, slope = _native.radial_functions(r, 4, 5.0, 2.0)
    assert np.abs(value[0]).max() > 0.1
    assert np.abs(value[1]).max() < 1e-12
    assert np.abs(slope[1]).max() < 1e-6
    assert not value[2:].any()
    assert not slope[2:].any()
