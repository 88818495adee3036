import numpy as np
import pytest

from brine.errors import InputError
from brine.structures import molecule_labels
from brine.structures.clusters import neutral_clusters, place_cluster


def test_clusters_are_neutral_and_complete():
    assert neutral_clusters(["H2O"]) == (("H2O",), 2 * ("H2O",), 3 * ("H2O",))
    assert neutral_clusters(["Mn+2", "Cl-", "H2O"]) == (
        ("H2O",),
        ("H2O", "H2O"),
        ("Mn+2", "Cl-", "Cl-"),
        ("H2O", "H2O", "H2O"),
    )
    assert ("Na+", "Cl-", "H2O") in neutral_clusters(["Na+", "Cl-", "H2O"])


@pytest.mark.parametrize("members", [("Na+", "Cl-"), 2 * ("H2O",), 3 * ("H2O",)])
@pytest.mark.parametrize("contact", [1.5, 2.5, 4.0])
def test_molecules_are_as_close_as_was_asked(members, contact):
    rng = np.random.default_rng(0)
    for _ in range(20):
        atoms = place_cluster(members, contact, edge=20.0, rng=rng)
        distances = atoms.get_all_distances()
        sizes = [3 if name == "H2O" else 1 for name in members]
        molecule = np.repeat(np.arange(len(members)), sizes)
        for k in range(1, len(members)):
            earlier = distances[molecule == k][:, molecule < k]
            assert earlier.min() == pytest.approx(contact, abs=1e-9)
        assert atoms.pbc.all()
        assert 0 < atoms.positions.min() < atoms.positions.max() < 20


def test_waters_stay_whole():
    rng = np.random.default_rng(1)
    atoms = place_cluster(3 * ["H2O"], 2.0, edge=15.0, rng=rng)

    assert molecule_labels(atoms).tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_box_that_is_too_small_is_named():
    rng = np.random.default_rng(1)
    with pytest.raises(InputError, match=r"does not fit a box of 5 Å"):
        place_cluster(["Na+", "Cl-"], 4.0, edge=5.0, rng=rng)
    with pytest.raises(InputError, match="`contact` must be positive"):
        place_cluster(["Na+", "Cl-"], 0.0, edge=5.0, rng=rng)
