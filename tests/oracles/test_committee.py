"""CP2K's committee of networks for water."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from brine.errors import InputError, MissingPackageError
from brine.oracles import CP2K
from brine.oracles.cp2k import Committee, Program
from brine.oracles.cp2k.convergence import convergence
from brine.structures import build_box, rattle
from brine.testing.oracle import OracleTolerances, check_oracle
from brine.units import BAR

WATER = Atoms("OHH", [[0, 0, 0], [0.96, 0, 0], [0, 0.96, 0]], cell=[6] * 3, pbc=True)
needs_networks = pytest.mark.skipif(
    shutil.which("cp2k.psmp") is None or not Path("/usr/share/cp2k/NNP").is_dir(),
    reason="CP2K or its data are not installed",
)


@needs_networks
def test_the_committee_for_water_passes_as_an_oracle():
    """A cutoff shorter than half the box, and every derivative checked."""
    rng = np.random.default_rng(0)
    water = rattle(
        build_box({"H2O": 30}, density=0.9, rng=rng), deviation=0.03, rng=rng
    )
    oracle = CP2K(Committee(2))

    check_oracle(
        oracle,
        [water],
        tolerances=OracleTolerances(
            energy=1e-6, forces=1e-3, stress=20 * BAR, n_coordinates=2
        ),
    )
    assert "bulkH2O-jcp2020-cnnp members=2" in oracle.fingerprint


def test_the_committee_says_what_it_cannot_do(monkeypatch, tmp_path):
    with pytest.raises(InputError, match="`members` must lie between"):
        Committee(9)
    with pytest.raises(InputError, match="knows water alone, got Cl, Na"):
        Committee().input_text(Atoms("NaCl", cell=[9] * 3, pbc=True))
    with pytest.raises(InputError, match="has a grid to converge"):
        convergence(
            CP2K(Committee(), Program("none")),
            WATER,
            cutoffs=[400],
            relative_cutoffs=[60],
            scf=[1e-6],
        )
    monkeypatch.setattr("brine.oracles.cp2k.committee.DATA", ())
    monkeypatch.setenv("CP2K_DATA_DIR", str(tmp_path))
    with pytest.raises(MissingPackageError, match=r"apt install cp2k-data"):
        Committee().input_text(WATER)
