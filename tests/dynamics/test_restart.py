import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk, molecule

from brine.dynamics import (
    NPT,
    NVE,
    NVT,
    MDSettings,
    ideal_gas,
    lennard_jones,
    run_md,
)
from brine.dynamics import record as record_module
from brine.dynamics.interruption import Interruption
from brine.errors import DataFileError, InputError, OutputError

# An odd number of random numbers before a checkpoint: one is left over.
SETTINGS = MDSettings(
    NPT(90.0, 300.0), 500, timestep=4.0, interval=7, checkpoint_interval=99
)
FILES = ("trajectory.nc", "log.csv", "checkpoint.npz")


def argon():
    atoms = bulk("Ar", "fcc", a=5.4, cubic=True).repeat(3)
    atoms.rattle(0.05, seed=1)
    del atoms[0]
    return atoms


def run(out, settings=SETTINGS, **keywords):
    field = lennard_jones(0.0104, 3.4, cutoff=7.0)
    return run_md(argon(), field, settings, out=out, **keywords)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.mark.parametrize("kind", ["svr", "langevin"])
def test_a_run_killed_at_any_moment_ends_with_the_same_bytes(tmp_path, kind):
    """SIGKILL twice, once in the middle of writing and once between checkpoints."""
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[1])
        from brine.dynamics import record
        from test_restart import SETTINGS, run, settings_of
        write = record.FolderRecord.write
        def write_and_die(self, line, positions, cell):
            write(self, line, positions, cell)
            if line[0] >= int(sys.argv[3]):
                os.kill(os.getpid(), signal.SIGKILL)
        record.FolderRecord.write = write_and_die
        run(Path(sys.argv[2]), settings_of(sys.argv[4]))
        """
    )
    settings = settings_of(kind)
    whole = run(tmp_path / "whole", settings)
    for step in (150, 333):
        command = [sys.executable, "-c", script, os.path.dirname(__file__)]
        command += [str(tmp_path / "killed"), str(step), kind]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, env=environment, check=False)
        assert done.returncode == -signal.SIGKILL

    again = run(tmp_path / "killed", settings)

    assert len(whole.trajectory) == 72
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    np.testing.assert_array_equal(again.final.positions, whole.final.positions)


def settings_of(kind):
    if kind == "svr":
        return SETTINGS
    return replace(SETTINGS, ensemble=NVT((90.0, 120.0), "langevin", 300.0))


def test_a_run_in_memory_is_the_run_on_disk(tmp_path):
    on_disk, in_memory = run(tmp_path), run(None)
    for name, column in on_disk.log.items():
        np.testing.assert_array_equal(in_memory.log[name], column)
    np.testing.assert_array_equal(
        in_memory.trajectory.positions, on_disk.trajectory.positions
    )


def test_ctrl_c_leaves_a_run_that_goes_on(tmp_path, monkeypatch):
    whole = run(tmp_path / "whole")
    write = record_module.FolderRecord.write

    def write_and_interrupt(self, line, positions, cell):
        write(self, line, positions, cell)
        if line[0] == 245:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(record_module.FolderRecord, "write", write_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "cut")
    monkeypatch.undo()

    again = run(tmp_path / "cut")

    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert again.log["step"][-1] == whole.log["step"][-1]


def test_the_first_ctrl_c_waits_for_the_end_of_a_step_and_the_second_does_not():
    before = signal.getsignal(signal.SIGINT)
    with Interruption() as interruption:
        assert not interruption.asked
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.asked
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_finished_run_is_read_back_without_a_step(tmp_path):
    first = run(tmp_path)
    second = run(tmp_path)
    assert np.isnan(second.ns_per_day)
    np.testing.assert_array_equal(
        second.log["conserved_energy_eV"], first.log["conserved_energy_eV"]
    )


def test_a_run_can_be_extended(tmp_path):
    run(tmp_path / "short", replace(SETTINGS, n_steps=198))
    run(tmp_path / "short")
    run(tmp_path / "whole")
    assert contents(tmp_path / "short") == contents(tmp_path / "whole")


def test_a_folder_of_another_run_is_refused(tmp_path):
    run(tmp_path, replace(SETTINGS, n_steps=100))
    with pytest.raises(DataFileError, match="holds another run"):
        run(tmp_path, replace(SETTINGS, seed=1))
    with pytest.raises(InputError, match="100 steps already done"):
        run(tmp_path, replace(SETTINGS, n_steps=50))


def test_a_damaged_checkpoint_is_named(tmp_path):
    run(tmp_path, replace(SETTINGS, n_steps=100))
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 nonsense")
    with pytest.raises(DataFileError, match=r"checkpoint\.npz must be a checkpoint"):
        run(tmp_path)


def test_a_hop_under_way_is_remembered_across_a_restart(tmp_path):
    """A water broken 40 fs before the checkpoint has 60 fs left, not 100."""
    frames = molecule("H2O", cell=[8] * 3, pbc=True)
    settings = MDSettings(
        NVE(300.0), 2000, interval=4, checkpoint_interval=20, centre_of_mass="free"
    )
    whole = run_md(frames, ideal_gas(3), settings, out=tmp_path / "whole").stopped
    for stop in range(20, whole.step, 20):
        short = replace(settings, n_steps=stop)
        run_md(frames, ideal_gas(3), short, out=tmp_path / "parts")
    parts = run_md(frames, ideal_gas(3), settings, out=tmp_path / "parts").stopped
    assert parts.step == whole.step
    assert parts.reason == whole.reason


def test_a_trajectory_cut_short_by_others_is_named(tmp_path):
    run(tmp_path, replace(SETTINGS, n_steps=100))
    (tmp_path / "trajectory.nc").write_bytes(b"CDF")
    with pytest.raises(DataFileError, match=r"trajectory\.nc is missing or shorter"):
        run(tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_is_one_sentence(tmp_path):
    (tmp_path / "log.csv").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="full; free some space and run again"):
        run(tmp_path)


def test_a_disk_that_fills_later_loses_nothing(tmp_path, monkeypatch):
    """NetCDF reports a full disk as a RuntimeError."""
    append = record_module.AmberNetCDFWriter.append

    def append_until_full(self, time, positions, cell):
        if time > 1000:
            raise RuntimeError("No space left on device")
        append(self, time, positions, cell)

    monkeypatch.setattr(record_module.AmberNetCDFWriter, "append", append_until_full)
    with pytest.raises(OutputError, match="goes on from its last checkpoint"):
        run(tmp_path / "filled")
    monkeypatch.undo()

    run(tmp_path / "filled")
    run(tmp_path / "whole")
    assert contents(tmp_path / "filled") == contents(tmp_path / "whole")
