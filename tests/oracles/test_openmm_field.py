from xml.etree import ElementTree

import numpy as np
import pytest
from ase import Atoms

from brine.errors import InputError
from brine.oracles import Conditions, OpenMMOracle
from brine.oracles.amoeba import MANGANESE, completed
from brine.oracles.aqueous_system import aqueous_box, cpu_context
from brine.oracles.bias import Bias
from brine.oracles.force_field import KILOJOULE_PER_MOLE
from brine.oracles.openmm_field import LABEL
from brine.structures import build_box
from brine.testing.oracle import OracleTolerances, check_oracle
from brine.units import BAR


@pytest.fixture(scope="module")
def salt():
    """Just wider than two cutoffs of 3.5 Å."""
    counts = {"Mn+2": 1, "Cl-": 2, "H2O": 4}
    return build_box(counts, density=0.75, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def brine():
    counts = {"Li+": 2, "Mn+2": 1, "Cl-": 4, "H2O": 24}
    return build_box(counts, density=1.2, rng=np.random.default_rng(1))


def test_amoeba_passes_as_an_oracle_with_manganese_by_analogy(salt):
    oracle = OpenMMOracle(cutoff=3.5)

    check_oracle(
        oracle,
        [salt],
        tolerances=OracleTolerances(
            energy=1e-3, forces=3e-3, stress=100 * BAR, n_coordinates=3
        ),
    )
    assert "amoeba2018.xml Mn=by-analogy cutoff=3.5A" in oracle.fingerprint


def test_manganese_lies_between_zinc_and_calcium_as_its_radius_does():
    """9/26 of the way, such as from 0.268 to 0.359 nm and from 0.26 to 0.55 Å³."""
    root = ElementTree.fromstring(completed(()))
    vdw = root.find(f".//Vdw[@class='{MANGANESE}']").attrib
    polarize = root.find(f".//Polarize[@type='{MANGANESE}']").attrib
    charge = root.find(f".//Multipole[@type='{MANGANESE}']").attrib["c0"]

    assert float(vdw["sigma"]) == pytest.approx(0.2995, abs=1e-6)
    assert float(vdw["epsilon"]) == pytest.approx(1.114231, abs=1e-5)
    assert float(polarize["polarizability"]) == pytest.approx(3.60385e-4, abs=1e-8)
    assert float(polarize["thole"]) == pytest.approx(0.199354, abs=1e-5)
    assert float(charge) == 2.0


def ion_and_water(symbol: str) -> float:
    """Energy of an ion 2.2 Å from a water, and 8 Å from two chlorides, eV."""
    atoms = Atoms(
        f"{symbol}OH2Cl2",
        [
            *([0, 0, 0], [2.2, 0, 0], [2.8, 0.76, 0], [2.8, -0.76, 0]),
            *([-6, 6, 0], [-6, -6, 0]),
        ],
        cell=[15] * 3,
        pbc=True,
    )
    return OpenMMOracle(cutoff=7.0).label(atoms).energy


def test_manganese_binds_water_more_weakly_than_zinc_and_more_strongly_than_calcium():
    zinc, manganese, calcium = map(ion_and_water, ("Zn", "Mn", "Ca"))

    assert zinc < manganese - 0.02 < calcium - 0.04


def pair_energy(distance: float, *biases: Bias) -> float:
    """Of one Na–Cl pair in a box of 30 Å, eV."""
    pair = Atoms("NaCl", [[0, 0, 0], [distance, 0, 0]], cell=[30] * 3, pbc=True)
    box = aqueous_box(pair)
    context = cpu_context(OpenMMOracle(cutoff=12.0)._system(box, biases, LABEL))
    context.setPositions(box.positions / 10)
    energy = context.getState(getEnergy=True).getPotentialEnergy()
    return energy._value * KILOJOULE_PER_MOLE


def test_a_bias_is_the_buffered_potential_at_another_diameter():
    """Exact: ε (1.07/(ρ+0.07))⁷ (1.12/(ρ⁷+0.12) − 2), ρ = r/sσ (10.1021/jp027815+)."""
    r, a, b = 2.6, 2.955, 4.12
    sigma = (a**3 + b**3) / (a**2 + b**2)
    e, f = 1.17152**0.5, 1.42256**0.5
    depth = 4 * (e * f / (e + f)) ** 2 * KILOJOULE_PER_MOLE

    def buffered(s):
        rho = r / (s * sigma)
        return depth * (1.07 / (rho + 0.07)) ** 7 * (1.12 / (rho**7 + 0.12) - 2)

    plain = pair_energy(r)

    assert pair_energy(r, Bias("Na", "Cl", 1.0)) == pytest.approx(plain, abs=1e-6)
    short = pair_energy(r, Bias("Na", "Cl", 0.9)) - plain
    assert short < -0.05
    assert short == pytest.approx(buffered(0.9) - buffered(1.0), rel=1e-3)


def test_other_force_fields_serve_and_cannot_be_biased():
    water = build_box({"H2O": 30}, density=1.0, rng=np.random.default_rng(0))
    oracle = OpenMMOracle(("amber14/tip3pfb.xml",), cutoff=4.0)

    check_oracle(
        oracle,
        [water],
        tolerances=OracleTolerances(energy=1e-3, forces=5e-3, stress=200 * BAR),
    )
    with pytest.raises(InputError, match=r"only amoeba2018\.xml can be biased"):
        oracle.simulate_with(
            [Bias("Na", "Cl", 0.9)], water, Conditions(300.0, 10.0, interval=10.0)
        )


def test_steps_of_two_femtoseconds_keep_the_temperature_and_run_amoeba_too(salt):
    water = build_box({"H2O": 30}, density=1.0, rng=np.random.default_rng(0))
    run = OpenMMOracle(("amber14/tip3pfb.xml",), cutoff=4.0).simulate(
        water,
        Conditions(*(300.0, 8000.0), equilibration=2000.0, timestep=2.0, interval=20.0),
    )
    short = Conditions(300.0, 20.0, timestep=2.0, interval=2.0)

    # Over 8 ps the mean of 180 degrees of freedom scatters by 6 K.
    assert 265 < np.mean(run.log["temperature_K"]) < 335
    assert OpenMMOracle(cutoff=3.5).simulate(salt, short).stopped is None


def test_what_it_cannot_do_is_said(brine):
    with pytest.raises(InputError, match="wider than twice the cutoff"):
        OpenMMOracle().label(brine)
    with pytest.raises(InputError, match="`cutoff` must lie between"):
        OpenMMOracle(cutoff=1.0)
    with pytest.raises(InputError, match=r"OpenMM must be able to read none\.xml"):
        OpenMMOracle(("none.xml",))
    with pytest.raises(InputError, match="must know every molecule"):
        OpenMMOracle(("spce.xml",), cutoff=4.0).label(brine)
    water = build_box({"H2O": 30}, density=1.0, rng=np.random.default_rng(0))
    with pytest.raises(InputError, match="missing 1 extra site"):
        OpenMMOracle(("tip4pew.xml",), cutoff=4.0).label(water)
