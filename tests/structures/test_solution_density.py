import pytest

from brine.errors import InputError
from brine.structures.composition import molecules_of
from brine.structures.solution_density import _SALTS, solution_density


@pytest.mark.parametrize(
    ("temperature", "density"),
    [(277.13, 0.99997), (298.15, 0.99705), (353.15, 0.97179)],
)
def test_pure_water_has_the_density_of_iapws(temperature, density):
    found = solution_density({"H2O": 64}, temperature=temperature)

    assert found.value == pytest.approx(density, abs=2e-5)
    assert found.extrapolations == ()


@pytest.mark.parametrize(
    ("composition", "density"),
    [
        # Mass fractions of 10, 20, 20 and 40 % (CRC Handbook, 20 °C).
        ("NaCl·29.198H2O", 1.0707),
        ("LiCl·9.412H2O", 1.1150),
        ("MnCl2·27.94H2O", 1.1850),
        ("ZnCl2·11.348H2O", 1.4173),
    ],
)
def test_solutions_have_their_measured_densities(composition, density):
    molecules = molecules_of(composition, formula_units=1000)
    found = solution_density(molecules, temperature=293.15)

    assert found.value == pytest.approx(density, abs=0.006)


def test_a_mixture_lies_between_its_salts():
    salts = [
        solution_density(molecules_of(c, formula_units=10), temperature=298.15).value
        for c in ("LiCl·20H2O", "LiCl·ZnCl2·40H2O", "ZnCl2·20H2O")
    ]
    assert salts[0] + 0.02 < salts[1] < salts[2] - 0.02


def test_the_model_says_where_it_leaves_its_data():
    strong = molecules_of("Li2MnCl4·9H2O", formula_units=10)
    found = solution_density(strong, temperature=360.0)

    assert len(found.extrapolations) == 3
    assert "LiCl was measured up to a mass fraction of 0.454" in found.extrapolations[0]
    assert "from 15 to 75 °C, this box is at 86.9 °C" in found.extrapolations[2]
    weak = molecules_of("Li2MnCl4·30H2O", formula_units=1)
    assert solution_density(weak, temperature=298.15).extrapolations == ()


@pytest.mark.parametrize(
    "molecules", [{"Li+": 1, "Br-": 1, "H2O": 9}, {"Li+": 1, "Cl-": 1}]
)
def test_what_the_model_does_not_know_needs_a_density(molecules):
    with pytest.raises(InputError, match="give the density"):
        solution_density(molecules, temperature=298.15)


def test_coefficients_are_the_published_ones(shared_data):
    rows = (shared_data / "experiment" / "laliberte2009.tsv").read_text().splitlines()
    table = {cells[2]: cells[4:12] for cells in (row.split("\t") for row in rows)}
    for salt in _SALTS.values():
        coefficients = [float(cell) for cell in table[salt.formula][:5]]
        limits = [float(cell) for cell in table[salt.formula][5:8]]
        assert salt.coefficients == pytest.approx(coefficients, rel=1e-8)
        ours = [salt.coldest, salt.hottest, salt.strongest]
        assert ours == pytest.approx(limits, rel=1e-3)


@pytest.mark.parametrize("temperature", [0.0, 600.0, 1e6, float("inf"), float("nan")])
def test_water_has_no_density_where_it_is_no_liquid(temperature):
    with pytest.raises(InputError, match=r"from 263\.15 to 423\.15 K"):
        solution_density({"H2O": 64}, temperature=temperature)
