"""The audit names what is wrong, and nothing else."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from brine.datasets import audit, concatenate, dataset_from_atoms, read_dataset
from brine.datasets.auditing.label_units import (
    STRETCH_PLAUSIBLE,
    _softening,
    _whole_file,
)
from brine.units import BAR, BOHR, HARTREE

from .conftest import BULK_MODULUS, STIFFNESS, labelled, water_frame


def dataset_of(frames, *, source="water.extxyz", fingerprint="test"):
    groups = [source] * len(frames)
    return dataset_from_atoms(
        frames, groups=groups, fingerprint=fingerprint, source=source
    )


def changed(atoms, **factors):
    """A copy with labels multiplied: energy=2, forces=-1, stress=1602."""
    labels = {
        name: np.asarray(value) * factors.get(name, 1.0)
        for name, value in atoms.calc.results.items()
    }
    labels["energy"] = float(labels["energy"])
    return labelled(atoms, **labels)


def codes(result, severity=None):
    return {f.code for f in result.findings if severity in (None, f.severity)}


def stress_volumes(*, factor=1.0):
    rng = np.random.default_rng(3)
    frames = [water_frame(rng, scale=s) for s in np.linspace(0.97, 1.03, 30)]
    return dataset_of([changed(f, stress=factor) for f in frames])


def test_sound_water_has_no_error_and_no_warning(water):
    result = audit(dataset_of(water))
    assert result.ok
    assert codes(result, "warning") == set()
    summary = result.files[0]
    assert summary.n_frames == 30
    assert summary.compositions == {"H54O27": 30}
    assert summary.density == pytest.approx((0.997, 0.997), abs=0.003)
    assert summary.hydroxyl_distance == pytest.approx(0.97, abs=0.005)
    assert summary.stretch_constant == pytest.approx(STIFFNESS, rel=1e-6)
    assert summary.closest["H-O"] == pytest.approx(0.88, abs=0.03)


def test_the_audit_is_plain_json(water):
    result = audit(dataset_of(water[:3]))
    again = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert again["ok"] is True
    assert again["files"][0]["n_frames"] == 3


def test_one_frame_in_bohr_is_named(water):
    """Read as Å, an O–H bond of 0.97 Å is 1.83 long."""
    wrong = water[4].copy()
    wrong.set_cell(wrong.cell / BOHR, scale_atoms=True)
    frames = [*water[:4], labelled(wrong, **water[4].calc.results), *water[5:]]
    result = audit(dataset_of(frames))
    (finding,) = result.of_code("length_unit")
    assert finding.severity == "error"
    assert finding.frames == (4,)
    assert "bohr" in finding.message
    assert not result.ok


@pytest.mark.parametrize(
    ("factor", "unit"),
    [
        (BOHR / HARTREE, "hartree/bohr"),
        (1 / HARTREE, "hartree/Å"),
        (23.06, "kcal/mol/Å"),
        (96.49, "kJ/mol/Å"),
    ],
)
def test_the_stiffness_of_bonds_tells_the_unit_of_forces(water, factor, unit):
    result = audit(dataset_of([changed(f, forces=factor) for f in water]))
    (finding,) = result.of_code("force_unit")
    assert finding.severity == "error"
    assert f"in {unit};" in finding.message


def test_one_frame_of_forces_in_hartree_per_bohr_is_named(water):
    water[8] = changed(water[8], forces=BOHR / HARTREE)
    (finding,) = audit(dataset_of(water)).of_code("force_unit")
    assert (finding.severity, finding.frames) == ("error", (8,))


def test_one_energy_in_hartree_is_an_error(water):
    water[8] = changed(water[8], energy=1 / HARTREE)
    (finding,) = audit(dataset_of(water)).of_code("energy_outliers")
    assert (finding.severity, finding.frames) == ("error", (8,))


def test_gradients_given_as_forces_are_noticed(water):
    result = audit(dataset_of([changed(f, forces=-1.0) for f in water]))
    assert codes(result, "error") == {"force_sign"}


@pytest.mark.parametrize(
    ("factor", "unit"),
    [(1 / HARTREE, "hartree or Ry"), (96.5, "kcal/mol or kJ/mol")],
)
def test_the_scatter_of_energies_tells_their_unit(water, factor, unit):
    result = audit(dataset_of([changed(f, energy=factor) for f in water]))
    (finding,) = result.of_code("energy_unit")
    assert finding.severity == "error"
    assert unit in finding.message


@pytest.mark.parametrize(("factor", "n_found"), [(1.0, 0), (96.5, 1)])
def test_runs_at_other_temperatures_are_no_other_unit(water, factor, n_found):
    """Three groups, each 30 eV above the one before."""
    groups = [name for name in ("cold", "warm", "hot") for _ in range(10)]
    frames = [
        changed(
            labelled(f, **{**f.calc.results, "energy": f.get_potential_energy() + up}),
            energy=factor,
        )
        for f, up in zip(water, np.repeat([0.0, 30.0, 60.0], 10), strict=True)
    ]
    data = dataset_from_atoms(frames, groups=groups, fingerprint="x", source="runs")
    assert len(audit(data).of_code("energy_unit")) == n_found


def test_stress_with_the_right_sign_passes():
    result = audit(stress_volumes())
    assert result.ok
    assert not {"stress_sign", "stress_unit"} & codes(result)
    assert "stress_grows_with_volume" in codes(result, "note")


def test_a_reversed_stress_is_caught_by_compression():
    (finding,) = audit(stress_volumes(factor=-1.0)).of_code("stress_sign")
    assert finding.severity == "error"
    modulus = BULK_MODULUS / (1e4 * BAR)
    assert f"bulk modulus {-modulus:.1f} GPa" in finding.message


def test_a_stress_in_kbar_is_noticed():
    (finding,) = audit(stress_volumes(factor=1e-3 / BAR)).of_code("stress_unit")
    assert finding.severity == "error"


def scaled_copies(*, factor):
    """Uniformly scaled frames with E = B V₀ [x(ln x − 1) + 1]: dE/dV = B ln x."""
    rng = np.random.default_rng(5)
    base = water_frame(rng)
    volume = base.get_volume()
    frames = []
    for length in np.linspace(0.97, 1.03, 7):
        atoms = base.copy()
        atoms.set_cell(base.cell * length, scale_atoms=True)
        strain = 3 * np.log(length)
        energy = BULK_MODULUS * volume * (np.exp(strain) * (strain - 1) + 1)
        stress = factor * BULK_MODULUS * strain * np.array([1, 1, 1, 0, 0, 0.0])
        frames.append(
            labelled(atoms, energy=energy, forces=np.full((81, 3), 0.1), stress=stress)
        )
    return dataset_of(frames)


def test_scaled_copies_prove_the_stress_against_the_energy():
    assert "stress_matches_energy" in codes(audit(scaled_copies(factor=1.0)))
    (finding,) = audit(scaled_copies(factor=-1.0)).of_code("stress_sign")
    assert finding.severity == "error"
    assert "stress_unit" in codes(audit(scaled_copies(factor=0.01)), "error")


def test_nan_forces_are_named_by_file_and_frame(water):
    forces = water[2].get_forces().copy()
    forces[5, 1] = np.nan
    water[2] = labelled(water[2], energy=water[2].get_potential_energy(), forces=forces)
    dataset = dataset_of(water)
    assert dataset.has_forces[2]
    (finding,) = audit(dataset).of_code("forces_not_finite")
    assert (finding.severity, finding.source, finding.frames) == (
        *("error", "water.extxyz"),
        (2,),
    )


def test_labels_that_are_zero_or_missing_are_told_apart(water):
    zero = labelled(water[0], energy=-12636.0, forces=np.zeros((81, 3)))
    missing = labelled(water[1], energy=-12636.0)
    result = audit(dataset_of([zero, missing, *water[2:]]))
    (finding,) = result.of_code("zero_forces")
    assert (finding.severity, finding.frames) == ("error", (0,))
    (finding,) = result.of_code("missing_forces")
    assert (finding.severity, finding.frames) == ("warning", (1,))


def test_frames_without_any_label_must_be_fixed():
    result = audit(dataset_of([Atoms("OHH", positions=np.eye(3))]))
    assert "no_labels" in codes(result, "error")


def test_an_outlying_force_is_named_by_frame_and_atom(water):
    forces = water[6].get_forces().copy()
    forces[10] += [0, 30.0, 0]
    water[6] = labelled(water[6], energy=water[6].get_potential_energy(), forces=forces)
    (finding,) = audit(dataset_of(water)).of_code("force_outliers")
    assert finding.frames == (6,)
    assert "frame 6 atom 10 (H, 30" in finding.message


def test_an_outlying_energy_is_named_by_frame(water):
    energy = water[9].get_potential_energy() + 20
    water[9] = labelled(water[9], energy=energy, forces=water[9].get_forces())
    (finding,) = audit(dataset_of(water)).of_code("energy_outliers")
    assert finding.frames == (9,)
    assert "+20.0 eV" in finding.message


def test_forces_that_do_not_cancel_are_noticed(water):
    shifted = [
        labelled(
            f,
            energy=f.get_potential_energy(),
            forces=f.get_forces() + np.array([0.3, 0, 0]),
        )
        for f in water
    ]
    assert "net_force" in codes(audit(dataset_of(shifted)), "warning")


def test_a_duplicated_frame_is_named(water):
    (finding,) = audit(dataset_of([*water, water[3]])).of_code("duplicates")
    assert finding.frames == (30,)


def test_a_water_that_lost_a_hydrogen_is_noticed(water):
    water[5].positions[1] += 0.5 * (water[5].positions[1] - water[5].positions[0])
    (finding,) = audit(dataset_of(water)).of_code("broken_molecules")
    assert finding.frames == (5,)


def test_atoms_on_top_of_each_other_are_an_error(water):
    water[1].positions[3] = water[1].positions[0] + [0, 0, 0.2]
    (finding,) = audit(dataset_of(water)).of_code("overlap")
    assert (finding.severity, finding.frames) == ("error", (1,))
    assert "O–O at 0.20 Å" in finding.message


def test_a_cell_without_volume_is_an_error_and_stops_nothing(water):
    dataset = dataset_of(water)
    cells = dataset.cells.copy()
    cells[3, 2] = 0
    (finding,) = audit(replace(dataset, cells=cells)).of_code("bad_cell")
    assert (finding.severity, finding.frames) == ("error", (3,))


def test_two_levels_of_theory_under_one_name_are_an_error(water):
    shifted = [
        labelled(f, energy=f.get_potential_energy() + 81 * 0.2, forces=f.get_forces())
        for f in water[15:]
    ]
    parts = [dataset_of(water[:15]), dataset_of(shifted, source="other.extxyz")]
    (finding,) = audit(concatenate(parts)).of_code("energy_offset")
    assert finding.severity == "error"
    assert re.search(r"\+(19\d|20\d) meV/atom", finding.message)


def test_a_step_of_the_energy_between_volumes_is_noticed():
    rng = np.random.default_rng(3)
    frames = []
    for scale in np.repeat(np.linspace(0.98, 1.02, 8), 4):
        atoms = water_frame(rng, scale=scale)
        step = 81 * 0.1 if scale > 1 else 0.0
        energy = atoms.get_potential_energy() + step
        frames.append(labelled(atoms, energy=energy, forces=atoms.get_forces()))
    assert "energy_jump" in codes(audit(dataset_of(frames)), "warning")
    assert "energy_jump" not in codes(audit(stress_volumes()))


def test_one_volume_without_stress_determines_no_density(water):
    frames = [
        labelled(f, energy=f.get_potential_energy(), forces=f.get_forces())
        for f in water
    ]
    assert "single_volume" in codes(audit(dataset_of(frames)), "note")
    assert "single_volume" not in codes(audit(dataset_of(water)))


def test_molecules_without_a_box_are_audited_too(water):
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(12):
        atoms = water_frame(rng)[:3]
        atoms.set_pbc(False)
        atoms.cell[:] = 0
        frames.append(labelled(atoms, energy=-468.0, forces=np.full((3, 3), 0.1)))
    result = audit(dataset_of(frames))
    assert result.files[0].density is None
    assert "broken_molecules" not in codes(result)


def test_an_energy_that_contradicts_the_forces_is_an_error():
    """Frames 0.02 Å apart in a harmonic well, with energies in hartree."""
    rng = np.random.default_rng(1)
    rest = rng.uniform(0, 8, (10, 3))
    frames = []
    for _ in range(15):
        moved = rng.normal(0, 0.02, (10, 3))
        atoms = Atoms("Ar10", positions=rest + moved, cell=[8] * 3, pbc=True)
        energy = 0.5 * 5.0 * np.square(moved).sum()
        frames.append(labelled(atoms, energy=energy, forces=-5.0 * moved))
    assert "energy_matches_forces" in codes(audit(dataset_of(frames)))
    wrong = dataset_of([changed(f, energy=1 / HARTREE) for f in frames])
    assert "energy_forces_disagree" in codes(audit(wrong), "error")


def test_shared_water_leaks_and_is_offered_the_published_block(shared_data):
    result = audit(read_dataset(shared_data / "water-pbe0ts"))
    assert result.ok
    assert codes(result, "warning") == {"leak"}
    split = result.block_split
    assert split is not None
    assert (split.train, split.gap, split.test) == (300, 20, 80)
    assert sorted(split.order) == list(range(400))


def test_shared_nacl_has_no_error(shared_data):
    dataset = read_dataset(shared_data / "nacl-water" / "revPBE0*", every=2)
    result = audit(dataset)
    assert codes(result, "error") == set()
    assert codes(result, "warning") <= {"leak"}
    assert result.reference_energies is not None
    assert result.reference_energies.determined == ("2 H + O", "Na + Cl")


def test_shared_functionals_do_not_mix(shared_data):
    folder = shared_data / "nacl-water"
    result = audit(
        read_dataset(folder / "revPBE0-D3-gen1a.extxyz", folder / "r2SCAN-gen2.extxyz")
    )
    assert codes(result, "error") == {"energy_offset"}


def test_labels_on_bonds_of_another_model_are_not_called_another_unit():
    """SPC/Fw's bonds are 1.03 Å long, where a bond of DFT is three tenths softer."""
    path = Path(__file__).parents[2] / "examples" / "data" / "water-revpbe-d3.extxyz"
    dataset = read_dataset(path)
    assert audit(dataset).ok

    assert _softening(0.98) == 1
    assert _softening(1.03) == pytest.approx(0.709, abs=1e-3)
    low = 0.8 * STRETCH_PLAUSIBLE[0]
    assert list(_whole_file("water", low, 1.0))
    assert not list(_whole_file("water", low, 0.7))
    low = replace(dataset, forces=dataset.forces * 0.3)
    assert not audit(low).ok
