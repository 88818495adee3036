"""The tables hold what the audit says."""

import io

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from rich.console import Console

from brine.cli.audit_view import audit_tables
from brine.datasets import audit, concatenate, dataset_from_atoms


def dataset(source, *, force):
    atoms = Atoms("OHH", positions=[[0, 0, 0], [0.97, 0, 0], [0, 0.97, 0]])
    forces = np.full((3, 3), force)
    atoms.calc = SinglePointCalculator(atoms, energy=-468.0, forces=forces)
    return dataset_from_atoms(
        [atoms], groups=[source], fingerprint="test", source=source
    )


@pytest.mark.parametrize("width", [80, 160])
def test_every_finding_and_the_verdict_are_shown(width):
    result = audit(
        concatenate([dataset("run/[a].xyz", force=0.5), dataset("run/b.xyz", force=0)])
    )
    console = Console(file=io.StringIO(), width=width, color_system=None)
    for table in audit_tables(result):
        console.print(table)
    text = console.file.getvalue()
    assert "2 frames in run/" in text
    assert "[a].xyz" in text
    assert "exactly zero" in text
    assert "1 error(s) must be fixed." in text
    assert "Level of theory: test" in text
