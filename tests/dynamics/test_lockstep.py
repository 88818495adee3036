"""Replicas that one model answers together."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones

from brine.dynamics import NVT, MDSettings, Replica, no_guards, replicas, run_md
from brine.dynamics.lockstep import Lockstep
from brine.errors import InputError
from brine.potentials import packages
from brine.potentials.foreign import ForeignPotential
from brine.potentials.packages import PACKAGES
from brine.potentials.potential import Evaluation

SETTINGS = MDSettings(NVT(90.0), 30, timestep=4.0, interval=10, guards=no_guards())


class Argon:
    """A potential that answers one structure after the other."""

    def __init__(self):
        self.sizes = []

    def evaluate(self, atoms):
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
        calculator = LennardJones(epsilon=0.0104, sigma=3.4, rc=7.0, smooth=True)
        energy = calculator.get_property("energy", bare)
        forces = calculator.get_property("forces", bare)
        return Evaluation(energy, forces, np.zeros((3, 3)))

    def together(self, structures):
        self.sizes.append(len(structures))
        return [self.evaluate(atoms) for atoms in structures]


def runs(*lengths):
    atoms = bulk("Ar", "fcc", a=5.4, cubic=True).repeat(2)
    return [
        Replica(atoms, replace(SETTINGS, n_steps=n, ensemble=NVT(60.0 + 10 * k)))
        for k, n in enumerate(lengths)
    ]


@pytest.fixture
def argon(monkeypatch):
    potential = Argon()
    monkeypatch.setattr(replicas, "batched", lambda found: found.together)
    return potential


def test_each_ends_as_it_would_alone_and_waits_for_none_that_has_ended(argon):
    found = replicas.run_replicas(runs(30, 10, 20), argon)

    for replica, simulation in zip(runs(30, 10, 20), found, strict=True):
        alone = run_md(replica.atoms, Argon(), replica.settings)
        np.testing.assert_array_equal(simulation.final.positions, alone.final.positions)
    assert argon.sizes == sorted(argon.sizes, reverse=True)
    assert [argon.sizes.count(n) for n in (2, 1)] == [10, 10]


def test_a_cluster_is_not_asked_for_among_boxes(argon):
    some = runs(10, 10)
    some[1].atoms.pbc = False
    replicas.run_replicas(some, argon)
    assert argon.sizes == []


def test_one_that_cannot_start_ends_all(argon):
    some = runs(10**6, 10**6)
    some[1].atoms.positions[0] = np.nan
    with pytest.raises(InputError, match="finite"):
        replicas.run_replicas(some, argon)


def test_what_the_model_raises_reaches_every_run():
    def fails(structures):
        raise InputError(f"no forces for {len(structures)}")

    together, told = Lockstep(fails, 2), []

    def ask(run):
        with pytest.raises(InputError, match="no forces for 2") as error:
            together.ask(run, Atoms())
        told.append(error.value)

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(told) == 2


class Slow:
    """Like ASE's calculators: results of the structure that was asked for last."""

    def get_property(self, name, atoms):
        self.energy = float(len(atoms))
        threading.Event().wait(0.002)
        if name == "energy":
            return self.energy
        return np.zeros((len(atoms), 3) if name == "forces" else 6)


def test_threads_do_not_get_each_others_results(monkeypatch):
    slow = replace(PACKAGES["deepmd"], opened=lambda path: (Slow(), ("Ar",)))
    monkeypatch.setitem(packages.PACKAGES, "deepmd", slow)
    potential = ForeignPotential("argon.pb", b"")
    wrong = []

    def ask(n_atoms):
        atoms = Atoms(f"Ar{n_atoms}", 3.0 * np.arange(3 * n_atoms).reshape(-1, 3))
        energies = [potential.evaluate(atoms).energy for _ in range(10)]
        wrong.extend(energy for energy in energies if energy != n_atoms)

    threads = [threading.Thread(target=ask, args=(n,)) for n in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
