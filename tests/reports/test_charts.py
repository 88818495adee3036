import re

import numpy as np
import pytest
from ase import Atoms

from brine.reports.box_picture import box_picture
from brine.reports.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MOST_POINTS,
    RIGHT,
    TOP,
    WIDTH,
    Line,
    line_chart,
    thinned,
)
from brine.reports.parity_chart import MOST_DOTS, parity_chart
from brine.reports.scales import Axis, Scale, scale_for, tick_labels


def coordinates(svg: str) -> np.ndarray:
    """Points of the first solid line."""
    path = re.search(r'class="stroke solid c0" d="M([^"h]+)"', svg)
    assert path is not None
    return np.array(path.group(1).split(), dtype=float).reshape(-1, 2)


def test_a_line_lands_where_its_values_say():
    """The ends of both axes are the corners of the plot."""
    line = Line("", np.array([0.0, 10.0]), np.array([5.0, 7.0]))
    axes = {"x": Axis("x", 0.0, 10.0), "y": Axis("y", 5.0, 7.0)}
    corners = [[LEFT, HEIGHT - BOTTOM], [WIDTH - RIGHT, TOP]]
    np.testing.assert_allclose(coordinates(line_chart([line], **axes)), corners)


def test_a_logarithmic_axis_puts_decades_at_equal_distances():
    places = Scale(1.0, 1000.0, 0.0, 300.0, "log")([1, 10, 100, 1000])
    np.testing.assert_allclose(places, [0, 100, 200, 300], rtol=0, atol=1e-9)


def test_an_asinh_axis_shows_wells_and_walls_together():
    scale = Scale(-5.0, 1e4, 0.0, 100.0, "asinh")
    places = scale([-5, -1, 0, 1, 100, 1e4])
    assert np.all(np.diff(places) > 5)
    assert scale.ticks() == [-1.0, 0.0, 1.0, 10.0, 100.0, 1000.0, 10000.0]


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (-3.3, 8.1), (0.9955, 1.0061), (1e3, 9e5)]
)
def test_ticks_are_round_and_inside_the_axis(low, high):
    ticks = Scale(low, high, 0.0, 1.0).ticks(6)
    assert 3 <= len(ticks) <= 8
    assert all(low <= tick <= high for tick in ticks)
    np.testing.assert_allclose(np.diff(ticks), ticks[1] - ticks[0], rtol=1e-9)


def test_labels_of_one_axis_have_the_same_decimals_and_true_minus_signs():
    assert tick_labels([0.995, 1.0, 1.005], "linear") == ["0.995", "1.000", "1.005"]
    assert tick_labels([-2.0, 0.0], "linear") == ["−2", "0"]


def test_equal_values_still_get_an_axis():
    scale = scale_for(Axis("T"), [np.full(5, 300.0)], place=(0.0, 1.0))
    assert scale.low < 300 < scale.high


def test_a_thinned_line_keeps_its_extremes():
    rng = np.random.default_rng(0)
    x, y = np.arange(100_000.0), rng.normal(size=100_000)
    y[51_234] = 99.0
    thin_x, thin_y = thinned(x, y)
    assert len(thin_x) <= 2 * MOST_POINTS + 2
    assert thin_y.max() == 99.0
    assert thin_y.min() == y.min()
    assert np.all(np.diff(thin_x) > 0)


def test_missing_values_leave_the_chart_alone():
    line = Line("", np.arange(4.0), np.array([1.0, np.nan, 3.0, 4.0]))
    chart = line_chart([line], x=Axis("x"), y=Axis("y"))
    assert "nan" not in chart
    assert len(coordinates(chart)) == 3


def test_few_pairs_are_drawn_as_dots_and_many_as_density():
    rng = np.random.default_rng(0)
    few, many = rng.normal(size=50), rng.normal(size=20 * MOST_DOTS)
    dots = parity_chart(few, few, unit="eV", title="a")
    cells = parity_chart(many, many, unit="eV", title="a")
    assert dots.count("<circle") == 51  # and one in the legend
    assert "cell c0" in cells
    assert len(cells) < 60_000


def test_the_box_draws_every_atom_and_its_twelve_edges():
    water = Atoms("OH2", [(9.9, 1, 1), (10.5, 1.6, 1), (9.3, 1.6, 1)])
    water.set_cell([10, 10, 10])
    water.pbc = True
    picture = box_picture(water)
    assert picture.count("<circle") == 3
    assert picture.count('class="edge"') == 12


def test_the_box_shows_a_molecule_cut_by_the_boundary_in_one_piece():
    """H atoms across the boundary are drawn a bond length from their O."""
    water = Atoms("OH2", [(9.9, 1, 1), (0.5, 1.6, 1), (9.3, 1.6, 1)])
    water.set_cell([10, 10, 10])
    water.pbc = True
    centres = re.findall(r'<circle cx="([\d.-]+)" cy="([\d.-]+)"', box_picture(water))
    points = np.array(centres, dtype=float)
    spread = np.linalg.norm(points[:, None] - points[None], axis=-1).max()
    assert 10 < spread < 90


def test_nearer_atoms_are_drawn_larger():
    atoms = Atoms("Ar2", [(5, 5, 1), (5, 5, 9)], cell=[10] * 3, pbc=True)
    radii = [float(r) for r in re.findall(r' r="([\d.]+)" fill', box_picture(atoms))]
    assert max(radii) > 1.1 * min(radii)


def test_a_molecule_without_a_cell_can_be_drawn():
    picture = box_picture(Atoms("OH2", [(0, 0, 0), (0.6, 0.7, 0), (-0.6, 0.7, 0)]))
    assert picture.count("<circle") == 3
    assert 'class="edge"' not in picture
