import numpy as np
import pytest

from brine.errors import InputError
from brine.structures import atomic_masses

NUMBERS = [8, 1, 1, 11, 1, 8, 1, 17]
MOLECULES = np.array([0, 0, 0, 1, 2, 2, 2, 3])


def test_standard_masses_are_the_atomic_weights():
    masses = atomic_masses(NUMBERS)

    np.testing.assert_allclose(masses[:4], [15.999, 1.008, 1.008, 22.990], atol=1e-3)


def test_deuterium_makes_molecules_heavier():
    masses = atomic_masses(NUMBERS, hydrogen=2.014)

    np.testing.assert_allclose(masses[:3], [15.999, 2.014, 2.014], atol=1e-12)
    assert masses[3] == atomic_masses(NUMBERS)[3]


def test_repartitioned_molecules_keep_their_mass():
    """Water: H 3, O 12 amu to three digits."""
    plain = atomic_masses(NUMBERS)
    masses = atomic_masses(NUMBERS, repartition=3.0, molecules=MOLECULES)

    np.testing.assert_allclose(masses[:3], [12.015, 3, 3], atol=1e-9)
    np.testing.assert_allclose(
        np.bincount(MOLECULES, masses), np.bincount(MOLECULES, plain), atol=1e-12
    )
    np.testing.assert_array_equal(masses[[3, 7]], plain[[3, 7]])


def test_a_hydrogen_without_a_partner_keeps_its_mass():
    masses = atomic_masses([1, 1], repartition=3.0, molecules=np.array([0, 0]))

    np.testing.assert_array_equal(masses, atomic_masses([1, 1]))


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"hydrogen": 2.0, "repartition": 3.0}, "exclude each other"),
        ({"hydrogen": 0.0}, "`hydrogen` must be positive"),
        ({"repartition": 3.0}, "molecule_labels"),
        ({"repartition": 9.5, "molecules": MOLECULES}, "use 3 or less"),
    ],
)
def test_senseless_masses_are_refused(wishes, message):
    with pytest.raises(InputError, match=message):
        atomic_masses(NUMBERS, **wishes)
