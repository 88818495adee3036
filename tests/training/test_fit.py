from dataclasses import replace

import numpy as np
import pytest

from brine.errors import InputError, MissingLabelError
from brine.settings.potential import NativeSettings
from brine.training import calibrate, fit
from tests.potentials.training_frames import water_like_frames

SMALL = NativeSettings(two_body_channels=8, three_body_channels=3, angular_momentum=1)


def test_the_same_data_give_the_same_potential():
    data = water_like_frames(12)
    one, other = fit(data, SMALL), fit(data, SMALL)
    np.testing.assert_array_equal(one.readout.weights, other.readout.weights)


def test_a_watcher_sees_fits_to_parts_of_the_data():
    """A fit to fewer frames is what the frames' own fit would be, and errs more."""
    data, other = water_like_frames(40), water_like_frames(4, seed=8)
    errors = {}

    def watch(n_frames, potential):
        found = [potential.evaluate(atoms).forces for atoms in other.frames()]
        errors[n_frames] = np.sqrt(np.mean((np.concatenate(found) - other.forces) ** 2))

    watch(40, fit(data, SMALL, watch=watch))
    assert sorted(errors) == [5, 10, 20, 40]
    assert errors[5] > 2 * errors[40] > 0


def test_missing_labels_are_not_zeros():
    """Frames without forces teach their energy alone.

    Taken as zero forces they would flatten the potential.
    """
    data = water_like_frames(60)
    missing = data.has_forces.copy()
    missing[30:] = False
    forces = data.forces.copy()
    forces[data.offsets[30] :] = np.nan
    partial = fit(replace(data, has_forces=missing, forces=forces), SMALL)
    other = water_like_frames(1, seed=7)
    assert np.abs(other.forces).max() > 0.3
    found = partial.evaluate(other.frame(0)).forces
    np.testing.assert_allclose(found, other.forces, rtol=0, atol=0.15)


def test_a_label_that_is_not_a_number_names_its_frame():
    data = water_like_frames(6)
    forces = data.forces.copy()
    forces[data.offsets[4] + 1, 2] = np.nan
    with pytest.raises(InputError, match="frame 4: forces must be finite"):
        fit(replace(data, forces=forces), SMALL)


def test_frames_without_labels_are_refused():
    data = water_like_frames(3)
    nothing = np.zeros(3, dtype=bool)
    with pytest.raises(MissingLabelError, match="forces or energies"):
        fit(replace(data, has_forces=nothing, has_energy=nothing), SMALL)


def test_calibrated_deviations_hold_on_other_frames():
    """Labels with known noise: two thirds of the errors lie within one deviation."""
    data = water_like_frames(60)
    noise = np.random.default_rng(5).normal(scale=0.05, size=data.forces.shape)
    noisy = replace(data, forces=data.forces + noise)
    potential = fit(noisy.select(np.arange(20)), SMALL)
    calibrated = calibrate(potential, noisy.select(np.arange(20, 40)))
    assert calibrated.calibration.n_frames == 20
    rest = noisy.select(np.arange(40, 60))
    sizes = [
        np.abs(potential.evaluate(atoms).forces - rest.forces[rest.atoms_of(k)])
        / calibrated.uncertainty(atoms).forces
        for k, atoms in enumerate(rest.frames())
    ]
    # 20 frames of 18 components: the standard error of the share is about 0.025.
    assert np.mean(np.array(sizes) <= 1) == pytest.approx(0.683, abs=0.1)
    assert np.mean(np.array(sizes) <= 2) == pytest.approx(0.954, abs=0.05)
