import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk

from brine.dynamics import (
    NVT,
    MDSettings,
    Replica,
    lennard_jones,
    no_guards,
    run_md,
    run_replicas,
)
from brine.errors import InputError

SETTINGS = MDSettings(NVT(90.0), 400, timestep=4.0, interval=20, guards=no_guards())


class Argon:
    """A potential whose native force field counts as the threads it is given."""

    def __init__(self):
        self.threads = []

    def evaluate(self, atoms):
        raise NotImplementedError

    def force_field(self, atoms, *, threads=0):
        self.threads.append(threads)
        return lennard_jones(0.0104, 3.4, cutoff=7.0)


def replicas(n, settings=SETTINGS, out=None):
    atoms = bulk("Ar", "fcc", a=5.4, cubic=True).repeat(3)
    return [
        Replica(
            atoms,
            replace(settings, ensemble=NVT(60.0 + 10 * k), seed=k),
            out / str(k) if out else None,
        )
        for k in range(n)
    ]


def test_each_ends_as_it_would_alone():
    potential, told = Argon(), []
    found = run_replicas(replicas(5), potential, report=lambda _, n: told.append(n))
    assert potential.threads == [1] * 5
    for replica, simulation in zip(replicas(5), found, strict=True):
        alone = run_md(replica.atoms, potential, replica.settings)
        np.testing.assert_array_equal(simulation.final.positions, alone.final.positions)
    done = [numbers["done"] for numbers in told]
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_one_that_cannot_start_ends_all_with_its_reason(tmp_path):
    some = replicas(3, replace(SETTINGS, n_steps=10**9), out=tmp_path)
    some[1].atoms.positions[0] = np.nan
    with pytest.raises(InputError, match="finite"):
        run_replicas(some, Argon())


def test_ctrl_c_stops_all_and_they_go_on(tmp_path):
    long = replace(SETTINGS, n_steps=20_000, checkpoint_interval=200)

    def interrupt():
        while not (tmp_path / "1" / "checkpoint.npz").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_replicas(replicas(2, long, out=tmp_path), Argon())
    thread.join()
    again = run_replicas(replicas(2, long, out=tmp_path), Argon())
    alone = run_replicas(replicas(2, long), Argon())
    for one, other in zip(again, alone, strict=True):
        np.testing.assert_array_equal(one.final.positions, other.final.positions)


def test_what_cannot_run_side_by_side_is_refused(tmp_path):
    field = lennard_jones(0.0104, 3.4, cutoff=7.0)
    with pytest.raises(InputError, match="several threads"):
        run_replicas(replicas(2), field)
    with pytest.raises(InputError, match="got none"):
        run_replicas([], Argon())
    same = [replace(replica, out=tmp_path) for replica in replicas(2)]
    with pytest.raises(InputError, match="stands twice"):
        run_replicas(same, Argon())
