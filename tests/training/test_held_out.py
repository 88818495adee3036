import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import Dataset, dataset_from_atoms
from brine.errors import ShapeError
from brine.potentials.potential import Evaluation
from brine.training import Predictions, held_out_errors, predict
from brine.units import BAR

WATER = np.array([[0.0, 0.0, 0.0], [0.76, 0.59, 0.0], [-0.76, 0.59, 0.0]])


def dataset(**labels: bool) -> Dataset:
    """Three boxes with one water cut by the boundary."""
    frames = []
    for k in range(3):
        box = Atoms("OH2", WATER, cell=[4.0 + 0.1 * k] * 3, pbc=True)
        box.wrap()
        known = {
            "energy": -10.0 - k,
            "forces": np.full((3, 3), 0.5),
            "stress": np.zeros(6),
        }
        chosen = {name: known[name] for name in known if labels.get(name)}
        box.calc = SinglePointCalculator(box, **chosen)
        frames.append(box)
    return dataset_from_atoms(frames, groups=["a"] * 3, fingerprint="made up")


class Wrong:
    """Every force 0.02 eV/Å along x off, every pressure 40 bar too high."""

    elements = (1, 8)

    def evaluate(self, atoms: Atoms) -> Evaluation:
        forces = np.full((len(atoms), 3), 0.5) + np.array([0.02, 0, 0])
        return Evaluation(-11.0, forces, -40 * BAR * np.eye(3))


def test_errors_are_measured_for_every_label_there_is():
    data = dataset(energy=True, forces=True, stress=True)
    done = []
    predictions = predict(Wrong(), data, report=lambda _, n: done.append(n["done"]))
    errors = held_out_errors(data, predictions)

    assert done[-1] == 1.0
    assert errors.energy.mean == pytest.approx(0, abs=1e-9)
    assert errors.energy.rmse == pytest.approx(1e3 / 3 * np.sqrt(2 / 3), abs=1e-9)
    assert np.isfinite(errors.energy.volume_slope)
    assert errors.forces.elements["O"].rmse == pytest.approx(20 / 3**0.5, abs=1e-9)
    assert errors.stress.pressure_mean == pytest.approx(40, abs=1e-9)


def test_molecules_cut_by_the_boundary_are_split_as_whole_ones():
    """Equal forces on unequal masses: an exact split of the uncut molecule."""
    data = dataset(forces=True)
    errors = held_out_errors(data, predict(Wrong(), data))
    masses = np.array([15.999, 1.008, 1.008])
    expected = 60 * np.sqrt(np.mean((masses / masses.sum()) ** 2) / 3)

    assert errors.molecular.n_molecules == 3
    assert errors.molecular.translation.rmse == pytest.approx(expected, abs=1e-9)


def test_labels_that_are_missing_give_no_error_at_all():
    data = dataset(energy=True)
    errors = held_out_errors(data, predict(Wrong(), data))
    assert errors.energy is not None
    assert errors.forces is None
    assert errors.molecular is None
    assert errors.stress is None


def test_predictions_of_other_frames_are_refused():
    data = dataset(energy=True)
    other = Predictions(np.zeros(2), np.zeros((6, 3)), np.zeros((2, 3, 3)))
    with pytest.raises(ShapeError, match="same frames in the same order"):
        held_out_errors(data, other)
