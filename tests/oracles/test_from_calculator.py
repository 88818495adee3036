import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import SCFError
from ase.calculators.emt import EMT

from brine.errors import InputError, UnconvergedError
from brine.oracles.from_calculator import CalculatorOracle, xtb_oracle
from brine.structures import build_box, rattle
from brine.testing.oracle import OracleTolerances, check_oracle
from brine.units import BAR


def test_a_calculator_of_ase_passes_as_an_oracle():
    rng = np.random.default_rng(0)
    copper = bulk("Cu", cubic=True)
    copper.set_cell(copper.cell.array * 1.03, scale_atoms=True)
    oracle = CalculatorOracle(EMT, fingerprint="EMT of ASE")

    check_oracle(
        oracle,
        [rattle(copper, deviation=0.1, rng=rng)],
        tolerances=OracleTolerances(),
    )


@pytest.mark.parametrize("method", ["GFN1-xTB", "GFN2-xTB"])
def test_xtb_passes_as_an_oracle(method):
    """Self-consistent charges leave 1e-5 eV in differences of the energy."""
    pytest.importorskip("tblite", reason="tblite is not installed")
    rng = np.random.default_rng(1)
    water = rattle(build_box({"H2O": 2}, density=0.9, rng=rng), deviation=0.05, rng=rng)
    tolerances = OracleTolerances(
        energy=1e-4, forces=5e-3, stress=400 * BAR, displacement=5e-3, strain=5e-3
    )
    oracle = xtb_oracle(method, accuracy=0.01)

    check_oracle(oracle, [water], tolerances=tolerances)
    assert method in oracle.fingerprint
    assert "tblite=" in oracle.fingerprint


class Failing(EMT):
    def get_property(self, *arguments, **options):
        raise SCFError("charges oscillate")


def test_what_does_not_converge_or_cannot_be_labelled_is_said():
    copper = Atoms("Cu", cell=[9] * 3, pbc=True)
    with pytest.raises(UnconvergedError, match="charges oscillate"):
        CalculatorOracle(Failing, fingerprint="failing").label(copper)
    with pytest.raises(InputError, match="periodic in three directions"):
        CalculatorOracle(EMT, fingerprint="EMT").label(Atoms("Cu"))
    with pytest.raises(InputError, match="`fingerprint` must say"):
        CalculatorOracle(EMT, fingerprint=" ")
    with pytest.raises(InputError, match="GFN1-xTB or GFN2-xTB"):
        xtb_oracle("GFN9")
