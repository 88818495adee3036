import numpy as np
import pytest
from ase import Atoms

from brine.errors import InputError
from brine.oracles import Conditions, SPCFw
from brine.oracles.aqueous_system import (
    aqueous_box,
    aqueous_system,
    cpu_context,
    electrostatics,
)
from brine.oracles.bias import Bias
from brine.oracles.force_field import KILOCALORIE, KILOJOULE_PER_MOLE
from brine.structures import build_box


def pair_energy(distance, *biases):
    """Of one Na–Cl pair in a box of 40 Å, eV."""
    pair = Atoms("NaCl", [[0, 0, 0], [distance, 0, 0]], cell=[40] * 3, pbc=True)
    box = aqueous_box(pair)
    system = aqueous_system(box.numbers, box.cell, electrostatics(box.cell, 9.0, 1e-5))
    for bias in biases:
        system.addForce(bias.force(box.numbers, 9.0))
    context = cpu_context(system)
    context.setPositions(box.positions / 10)
    state = context.getState(getEnergy=True)
    return state.getPotentialEnergy()._value * KILOJOULE_PER_MOLE


@pytest.mark.parametrize("scale", [0.9, 1.125])
def test_a_bias_is_the_pair_energy_at_another_diameter(scale):
    """Exact: 4ε[(sσ/r)¹² − (sσ/r)⁶] in place of the same with s = 1."""
    r = 2.6
    epsilon = np.sqrt(0.3526418 * 0.0127850) * KILOCALORIE * KILOJOULE_PER_MOLE
    sixth = 0.5 * ((1.212 + 2.711) / r) ** 6

    def lennard_jones(s):
        return 4 * epsilon * (s**12 * sixth**2 - s**6 * sixth)

    expected = lennard_jones(scale) - lennard_jones(1.0)
    found = pair_energy(r, Bias("Na", "Cl", scale)) - pair_energy(r)

    assert abs(expected) > 0.1
    assert found == pytest.approx(expected, abs=2e-5)


def test_a_bias_moves_the_first_shell():
    """Ten Na–Cl pairs in water at 500 K, pulled together and pushed apart."""
    counts = {"Na+": 10, "Cl-": 10, "H2O": 60}
    salt = build_box(counts, density=1.15, rng=np.random.default_rng(0))
    conditions = Conditions(500.0, 4000.0, equilibration=4000.0, interval=50.0)
    close = []
    for scale in (0.85, 1.15):
        run = SPCFw(cutoff=4.5).simulate_with(
            [Bias("Na", "Cl", scale)], salt, conditions
        )
        sodium = run.trajectory.positions[:, :10, None]
        apart = run.trajectory.positions[:, None, 10:20] - sodium
        edges = np.diagonal(run.trajectory.cells, axis1=1, axis2=2)[:, None, None]
        apart -= edges * np.round(apart / edges)
        close.append((np.linalg.norm(apart, axis=-1) < 3.4).sum(axis=2).mean())

    assert close[0] > close[1] + 0.5


def test_a_bias_that_cannot_act_is_refused():
    with pytest.raises(InputError, match="`scale` must lie between"):
        Bias("Na", "Cl", 3.0)
    with pytest.raises(InputError, match="must hold Zn, got none"):
        pair_energy(3.0, Bias("Zn", "Cl", 0.9))
