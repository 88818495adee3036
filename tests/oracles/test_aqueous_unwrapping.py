import numpy as np

from brine.observables import unwrapped_positions
from brine.oracles.aqueous_unwrapping import unwrapped
from brine.structures.trajectory import Trajectory

HEADS = np.repeat([0, 3, 6], 3)
CELL = np.array([[9.0, 0.0, 0.0], [2.0, 8.0, 0.0], [-1.0, 1.5, 8.5]])


def wrapped_walk(n_frames):
    """Three waters whose fractions walk, wrapped, in a box that breathes by 1 %."""
    rng = np.random.default_rng(0)
    cells = CELL * (1 + 0.01 * rng.normal(size=(n_frames, 1, 1)))
    fractions = np.cumsum(rng.normal(scale=0.05, size=(n_frames, 3, 3)), axis=0)
    oxygens = (fractions - np.floor(fractions)) @ cells
    arms = np.array([[0, 0, 0], [0.8, 0.6, 0], [-0.8, 0.6, 0]])
    return (oxygens[:, :, None] + arms).reshape(n_frames, 9, 3), cells


def test_unwrapped_waters_stay_on_the_lattice_of_their_frame():
    """Images are whole lattice vectors, to the rounding of positions."""
    wrapped, cells = wrapped_walk(800)

    found = unwrapped(wrapped, cells, HEADS)

    images = (found - wrapped) @ np.linalg.inv(cells)
    assert np.abs(images).max() > 1
    np.testing.assert_allclose(images, np.round(images), rtol=0, atol=1e-9)


def test_unwrapped_waters_move_as_the_wrapped_ones_do():
    wrapped, cells = wrapped_walk(800)
    as_wrapped, as_unwrapped = (
        Trajectory(
            numbers=np.tile([8, 1, 1], 3),
            masses=np.ones(9),
            positions=positions,
            cells=cells,
            times=np.arange(800.0),
            unwrapped=flag,
        )
        for positions, flag in (
            (wrapped, False),
            (unwrapped(wrapped, cells, HEADS), True),
        )
    )
    expected = unwrapped_positions(as_wrapped)[:, ::3]
    assert np.abs(expected).max() > 15
    np.testing.assert_allclose(
        unwrapped_positions(as_unwrapped)[:, ::3], expected, rtol=0, atol=1e-8
    )
