"""Each fault that labels really have, planted in a file, is named with its frame."""

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import audit, dataset_from_atoms, read_dataset
from brine.datasets.auditing.molecular_stress import _judged, stress_shares
from brine.errors import DataFileError
from brine.oracles import SamplingPlan, SPCFw, sample_frames
from brine.units import BAR, BOHR, HARTREE

ODD = 7
"""The frame that gets a fault where only one does."""


@pytest.fixture(scope="module")
def frames():
    """Water at one density, with stress, as CP2K or VASP would leave it."""
    plan = SamplingPlan(
        density_factors=(1.0,),
        temperatures=(300.0, 400.0),
        frames_per_run=12,
        interval=100.0,
        equilibration=500.0,
        scaled_frames=0,
    )
    found = sample_frames(SPCFw(cutoff=4.5), {"H2O": 32}, plan=plan, seed=1)
    frames = list(found.frames())
    for atoms, group in zip(frames, found.group, strict=True):
        atoms.info["group"] = found.group_names[group]
    return frames


def relabelled(atoms: Atoms, *, move=None, info=None, **changes) -> Atoms:
    """A copy whose positions, info or labels are others; a label None is absent."""
    copy = atoms.copy()
    copy.calc = None
    if move is not None:
        move(copy)
    copy.info |= info or {}
    labels = {
        "energy": atoms.get_potential_energy(),
        "forces": atoms.get_forces(),
        "stress": atoms.get_stress(voigt=False),
    }
    labels |= {k: v(labels[k]) if v else None for k, v in changes.items()}
    copy.calc = SinglePointCalculator(
        copy, **{k: v for k, v in labels.items() if v is not None}
    )
    return copy


def found(tmp_path, frames, *, only=None, **fault):
    """What the audit says of a file with the fault in all frames, or in one."""
    path = tmp_path / "water.extxyz"
    planted = [
        relabelled(atoms, **(fault if only in (None, k) else {}))
        for k, atoms in enumerate(frames)
    ]
    ase.io.write(path, planted)
    return audit(read_dataset(path))


def named(result, code):
    """The one finding of a check, which names the file."""
    (finding,) = result.of_code(code)
    assert finding.source is None or finding.source.endswith("water.extxyz")
    return finding


def test_sound_frames_have_no_fault(tmp_path, frames):
    result = found(tmp_path, frames)

    assert {f.severity for f in result.findings} == {"note"}


@pytest.mark.parametrize(
    ("factor", "code", "words"),
    [
        (1e-3 / BAR, "stress_unit", "in kbar; convert it to eV/Å³"),
        (-1e-3 / BAR, "stress_unit", "in kbar; convert it to eV/Å³ and reverse"),
        (1e-4 / BAR, "stress_unit", "in GPa"),
        (-1.0, "stress_sign", "sign is reversed"),
    ],
)
def test_a_stress_of_another_unit_or_sign(tmp_path, frames, factor, code, words):
    finding = named(found(tmp_path, frames, stress=lambda s: factor * s), code)

    assert finding.severity == "error"
    assert words in finding.message


def test_one_stress_in_kbar(tmp_path, frames):
    result = found(tmp_path, frames, only=ODD, stress=lambda s: 1e-3 / BAR * s)

    finding = named(result, "stress_frame")

    assert finding.frames == (ODD,)
    assert f"frame {ODD}" in finding.message
    assert "in kbar" in finding.message


def test_the_stress_of_forces_inside_molecules_is_theirs_exactly(frames):
    """V·σ = −Σ F ⊗ (r − R) where molecules do not push each other: a share of one."""
    shares = []
    for factor in (1.0, 1.5):
        alone = []
        for atoms in frames[:3]:
            force = np.random.default_rng(2).normal(size=(32, 3, 3))
            arm = atoms.get_positions().reshape(32, 3, 3)
            arm -= arm.mean(axis=1, keepdims=True)
            virial = np.einsum("nik,nil->kl", force, arm)
            stress = -(virial + virial.T) / 2 / atoms.get_volume()
            alone.append(
                relabelled(
                    atoms,
                    forces=lambda _, f=force: f.reshape(96, 3),
                    stress=lambda _, s=factor * stress: s,
                )
            )
        data = dataset_from_atoms(
            alone, groups=["a"] * 3, fingerprint="x", source="water"
        )
        shares.append(stress_shares(data, np.arange(3)))

    np.testing.assert_allclose(shares[0], 1.0, atol=1e-9)
    np.testing.assert_allclose(shares[1], 1.5, atol=1e-9)


def stress_share(expected, given):
    return np.sum(expected * given) / np.sum(expected**2)


def test_a_frame_whose_bonds_give_little_shear_is_not_judged(frames):
    """There what molecules do to each other is most of it: 3.75 times is no unit."""
    rng, data = (
        np.random.default_rng(3),
        dataset_from_atoms(
            frames[:20], groups=["a"] * 20, fingerprint="x", source="water"
        ),
    )
    shears = rng.normal(size=(2, 20, 3, 3))
    shears[0, ODD] *= 0.02
    shears[1] = shears[0] + 0.2 * shears[1]
    assert abs(stress_share(*shears[:, ODD]) - 1) > 2
    assert not list(_judged(data, np.arange(20), shears, None))

    shears[:, 3] = shears[0, 3] * np.array([1.0, -1.0])[:, None, None]
    (finding,) = _judged(data, np.arange(20), shears, None)
    assert finding.frames == (3,)
    assert "sign is reversed" in finding.message


def test_few_frames_with_the_sign_flipped(tmp_path, frames):
    result = found(tmp_path, frames[:12], stress=lambda s: -s)

    assert "sign is reversed" in named(result, "stress_sign").message


def test_small_files_are_judged_together_and_the_odd_one_is_named(tmp_path, frames):
    """Eight frames of a salt tell nothing alone."""
    for name, some in {"a": frames[:8], "b": frames[8:16], "c": frames[16:]}.items():
        factor = 1e-3 / BAR if name == "b" else 1.0
        planted = [relabelled(a, stress=lambda s, f=factor: f * s) for a in some]
        ase.io.write(tmp_path / f"{name}.extxyz", planted)

    sound = audit(read_dataset(tmp_path / "a.extxyz", tmp_path / "c.extxyz"))
    assert not sound.of_code("stress_frame")
    found = audit(read_dataset(tmp_path)).of_code("stress_frame")

    assert len(found) == 8
    assert all(f.source.endswith("b.extxyz") for f in found)
    assert sorted(f.frames for f in found) == [(k,) for k in range(8)]


def test_a_virial_that_holds_the_stress(tmp_path, frames):
    path = tmp_path / "water.extxyz"
    planted = [
        relabelled(a, stress=None, info={"virial": a.get_stress(voigt=False)})
        for a in frames
    ]
    ase.io.write(path, planted)

    finding = named(audit(read_dataset(path)), "stress_unit")

    assert "a virial holds the stress" in finding.message


def test_a_virial_called_stress(tmp_path, frames):
    volume = frames[0].get_volume()

    result = found(tmp_path, frames, stress=lambda s: -volume * s)

    assert "it is a virial" in named(result, "stress_unit").message


def test_a_pressure_alone_says_nothing_of_unit_or_sign(tmp_path, frames):
    result = found(tmp_path, frames, stress=lambda s: -np.trace(s) / 3 * np.eye(3))

    assert not result.of_code("stress_unit")
    assert not result.of_code("stress_sign")


def test_energies_in_hartree(tmp_path, frames):
    result = found(tmp_path, frames, energy=lambda e: e / HARTREE)

    assert "hartree" in named(result, "energy_unit").message


@pytest.mark.parametrize("only", [None, ODD])
def test_positions_in_bohr(tmp_path, frames, only):
    def move(atoms: Atoms) -> None:
        atoms.set_cell(atoms.cell / BOHR, scale_atoms=True)

    finding = named(found(tmp_path, frames, only=only, move=move), "length_unit")

    assert "bohr" in finding.message
    assert finding.frames == (tuple(range(24)) if only is None else (ODD,))


def test_forces_missing_in_one_frame(tmp_path, frames):
    result = found(tmp_path, frames, only=ODD, forces=None)

    assert named(result, "missing_forces").frames == (ODD,)


def test_one_frame_of_another_functional(tmp_path, frames):
    with pytest.raises(DataFileError, match=rf"mixes .* frame {ODD} states .PBE"):
        found(tmp_path, frames, only=ODD, info={"fingerprint": "PBE"})


@pytest.mark.parametrize("key", ["converged", "scf_converged"])
@pytest.mark.parametrize("value", [False, "no", "maybe"])
def test_one_frame_that_did_not_converge(tmp_path, frames, key, value):
    result = found(tmp_path, frames, only=ODD, info={key: value})

    remark = named(result, "unconverged").message

    assert f"water.extxyz, frame {ODD}" in remark
    assert "did not converge" in remark
    assert named(result, "missing_forces").frames == (ODD,)


def test_a_frame_that_occurs_twice(tmp_path, frames):
    result = found(tmp_path, [*frames, frames[ODD]])

    assert named(result, "duplicates").frames == (24,)


def test_a_water_that_lost_a_hydrogen(tmp_path, frames):
    def move(atoms: Atoms) -> None:
        atoms.positions[1] += [1.5, 0.0, 0.0]

    result = found(tmp_path, frames, only=ODD, move=move)

    assert named(result, "broken_molecules").frames == (ODD,)
