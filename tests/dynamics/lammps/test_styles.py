"""Which LAMMPS runs which potential, and what it is told."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from brine.dynamics import NVE, MDSettings
from brine.dynamics.engine import start_state
from brine.dynamics.lammps import check_agreement, find_lammps, style_of, styles
from brine.dynamics.lammps.program import LammpsProgram
from brine.dynamics.lammps.script import beginning
from brine.errors import InputError, MissingPackageError, PotentialFileError
from brine.potentials.file import load
from brine.potentials.foreign import ForeignPotential
from brine.structures import build_box


@pytest.fixture
def state():
    box = build_box({"H2O": 8}, density=1.0, rng=np.random.default_rng(1))
    return start_state(box, MDSettings(NVE(300.0), n_steps=1))


def packaged(*modules):
    """A package with an empty file of each module's code."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for module in modules:
            archive.writestr(f"model/{module}/nn/layer.py", "")
        archive.writestr("model/weights", "")
    return stream.getvalue()


def model(*modules):
    name = "water.nequip.pt2"
    return ForeignPotential(name, b"ase", source=packaged(*modules))


def fake_lmp(folder: Path, styles_line: str) -> Path:
    folder.mkdir()
    path = folder / "lmp"
    path.write_text(
        "#!/bin/sh\n"
        f"printf '* Pair styles:\\n\\n{styles_line}\\n'\n"
        "echo '  1 by 1 by 1 MPI processor grid' > log.lammps\n"
    )
    path.chmod(0o755)
    return path


def test_the_lammps_that_has_the_pair_style_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "bin" / "python"))
    plain = fake_lmp(tmp_path / "plain", "lj/cut zbl nequip/extra")
    own = fake_lmp(tmp_path / "own", "allegro lj/cut nequip zbl")
    folders = [str(plain.parent), str(own.parent), "/usr/bin", "/bin"]
    monkeypatch.setenv("PATH", os.pathsep.join(folders))

    assert find_lammps("nequip").words == (str(own),)
    assert find_lammps("allegro").words == (str(own),)
    assert find_lammps("deepmd").words == (str(plain),)
    monkeypatch.setenv("PATH", os.pathsep.join([folders[0], *folders[2:]]))
    with pytest.raises(MissingPackageError, match=r"pair_style nequip.*plain/lmp; bu"):
        find_lammps("nequip")


def test_messages_do_not_cross_from_rank_to_rank():
    with pytest.raises(InputError, match=r"`ranks` must be 1 for NequIP.* got 4"):
        find_lammps("nequip", ranks=4)


@pytest.mark.parametrize(
    ("modules", "style"), [(["nequip"], "nequip"), (["nequip", "allegro"], "allegro")]
)
def test_a_package_is_compiled_for_its_pair_style(
    modules, style, state, tmp_path, monkeypatch
):
    def compiled(package, target, name):
        return f"{len(package)} {target} {name}".encode()

    potential = model(*modules)
    monkeypatch.setattr(styles, "compiled", compiled)
    commands = styles.interactions(potential, state, tmp_path)

    assert style_of(potential) == style
    assert commands[1:] == [
        f"pair_style {style}",
        "pair_coeff * * model.nequip.pt2 H O",
    ]
    expected = f"{len(potential.source)} pair_{style} water.nequip.pt2"
    assert (tmp_path / "model.nequip.pt2").read_text() == expected
    newton = "newton off" if style == "nequip" else "newton on"
    assert newton in beginning("read_data start.data", style)


def test_what_lammps_has_nothing_for_is_refused():
    with pytest.raises(InputError, match=r"needs a packaged model .* water.nequip.pt2"):
        style_of(ForeignPotential("water.nequip.pt2", b"ase"))
    with pytest.raises(PotentialFileError, match=r"must hold a model and its code"):
        style_of(ForeignPotential("water.nequip.pt2", b"ase", source=b"no zip"))
    with pytest.raises(PotentialFileError, match=r"must hold a model and its code"):
        style_of(model("numpy"))


def test_a_file_keeps_the_package(tmp_path):
    potential = model("nequip")
    potential.save(tmp_path / "kept.brine")
    assert load(tmp_path / "kept.brine").source == potential.source


def test_processes_that_do_not_know_of_each_other_are_refused(
    state, tmp_path, monkeypatch
):
    lmp = fake_lmp(tmp_path / "bin", "")
    program = LammpsProgram((str(lmp),), ("/usr/bin/env",), ranks=2)
    monkeypatch.setattr(styles, "compiled", lambda *_: b"")
    potential = model("nequip", "allegro")
    monkeypatch.setattr(ForeignPotential, "evaluate", lambda *_: None)
    with pytest.raises(InputError, match=r"run on 2 ranks, got 1, for /usr/bin/env"):
        check_agreement(state, potential, program, tmp_path / "run")
