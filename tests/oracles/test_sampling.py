from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from brine.errors import InputError
from brine.oracles import Labels, SamplingPlan, SPCFw, label_frames, sample_frames
from brine.structures import build_box, mass_density

PLAN = SamplingPlan(
    density_factors=(0.9, 1.1),
    temperatures=(300.0, 450.0),
    frames_per_run=2,
    interval=20.0,
    equilibration=40.0,
)


@pytest.fixture(scope="module")
def sampled():
    return sample_frames(SPCFw(4.0), {"H2O": 32}, plan=PLAN, seed=1)


def test_groups_are_runs_and_scaled_copies_belong_to_theirs(sampled):
    assert sampled.group_names == (
        "T300_rho0.90",
        "T300_rho1.10",
        "T450_rho0.90",
        "T450_rho1.10",
    )
    assert len(sampled) == 4 * (2 + 4)
    for group, source in zip(sampled.group, sampled.source, strict=True):
        run = sampled.group_names[group]
        assert sampled.source_names[source].startswith(run)
    assert "T300_rho0.90_cell0.80" in sampled.source_names
    assert sampled.fingerprint == SPCFw(4.0).fingerprint


def test_frames_have_the_densities_of_the_plan(sampled):
    densities = {
        sampled.source_names[source]: mass_density(frame)
        for source, frame in zip(sampled.source, sampled.frames(), strict=True)
    }

    assert densities["T300_rho0.90"] == pytest.approx(0.9, abs=1e-3)
    assert densities["T450_rho1.10"] == pytest.approx(1.1, abs=1e-3)
    assert densities["T300_rho0.90_cell0.80"] == pytest.approx(0.9 / 0.8**3, rel=1e-3)
    assert densities["T300_rho0.90_molecules1.03"] == pytest.approx(0.9 / 1.03**3, 1e-3)


def test_shrunken_frames_repel(sampled):
    """Bonds 20 % short cost 1.5 eV each: over 1000 kbar of compression."""
    names = np.array(sampled.source_names)[sampled.source]
    pressure = -np.trace(sampled.stress, axis1=1, axis2=2) / 3
    shrunken = np.char.endswith(names, "cell0.80")

    assert shrunken.sum() == 4
    assert pressure[shrunken].min() > 3 * np.abs(pressure[~shrunken]).max()


def test_labels_are_the_oracles_own_and_all_present(sampled):
    frame = sampled.frame(3)
    labels = SPCFw(4.0).label(frame)

    assert sampled.has_energy.all()
    assert sampled.has_forces.all()
    assert sampled.has_stress.all()
    assert sampled.energy[3] == pytest.approx(labels.energy, abs=1e-5)
    np.testing.assert_allclose(
        sampled.forces[sampled.atoms_of(3)], labels.forces, atol=1e-5
    )


def test_one_seed_gives_the_same_frames_with_any_number_of_workers():
    plan = SamplingPlan(
        density_factors=(1.0,),
        temperatures=(300.0, 400.0),
        frames_per_run=1,
        interval=10.0,
        equilibration=0.0,
        cell_factors=(),
        molecule_factors=(),
    )
    first, again, other = (
        sample_frames(SPCFw(4.0), {"H2O": 32}, plan=plan, seed=seed, workers=workers)
        for seed, workers in ((5, 1), (5, 2), (6, 2))
    )

    np.testing.assert_array_equal(first.positions, again.positions)
    assert np.abs(first.positions - other.positions).max() > 0.1
    assert np.abs(first.positions[:96] - first.positions[96:]).max() > 0.1


def test_the_frame_that_cannot_be_labelled_is_named():
    water = build_box({"H2O": 8}, density=1.0, rng=np.random.default_rng(0))
    salt = Atoms("Na", cell=[9] * 3, pbc=True)

    with pytest.raises(InputError, match=r"frame 1 cannot be labelled: .*water"):
        label_frames(SPCFw(4.0), [water, salt], groups=["a", "a"])


def test_groups_must_be_given_for_every_frame():
    with pytest.raises(InputError, match="0 frames, 1 groups"):
        label_frames(SPCFw(), [], groups=["a"])


class Lattice:
    """An oracle without any package: energy is the number of the first atom."""

    fingerprint = "lattice"

    def label(self, atoms):
        return Labels(float(atoms.numbers[0]), np.zeros((len(atoms), 3)), np.eye(3))


def test_frames_of_different_sizes_keep_their_order_and_places_in_their_source():
    frames = [Atoms("H" * k, cell=[9] * 3, pbc=True) for k in (1, 3, 2)]
    frames[1].numbers[0] = 8
    told = []

    dataset = label_frames(
        Lattice(),
        frames,
        groups=["a", "b", "a"],
        workers=2,
        report=lambda task, numbers: told.append((task, numbers["done"])),
    )

    assert dataset.n_atoms.tolist() == [1, 3, 2]
    assert dataset.energy.tolist() == [1.0, 8.0, 1.0]
    assert dataset.group.tolist() == [0, 1, 0]
    assert dataset.source_frame.tolist() == [0, 0, 1]
    assert told[-1] == ("labelling", 1.0)


def test_an_empty_plan_is_refused():
    with pytest.raises(InputError, match="a density and a temperature"):
        SamplingPlan(temperatures=())
    with pytest.raises(InputError, match="`frames_per_run`"):
        SamplingPlan(frames_per_run=0)


def test_rattled_copies_and_clusters_are_labelled_too():
    plan = replace(
        PLAN,
        density_factors=(1.0,),
        temperatures=(300.0,),
        molecule_factors=(),
        cell_factors=(),
        rattles=(0.05,),
        cluster_contacts=(1.8, 3.0),
        cluster_edge=14.0,
    )
    found = sample_frames(SPCFw(4.0), {"H2O": 32}, plan=plan, seed=1)

    assert found.source_names == (
        "T300_rho1.00",
        "T300_rho1.00_rattle0.05",
        "clusters_H2O",
        "clusters_H2O+H2O_1.80",
        "clusters_H2O+H2O_3.00",
        "clusters_H2O+H2O+H2O_1.80",
        "clusters_H2O+H2O+H2O_3.00",
    )
    moved = found.frame(2).positions - found.frame(0).positions
    assert 0.035 < moved.std() < 0.065
    alone = found.frame(found.source_names.index("clusters_H2O") + 1)
    assert len(alone) == 3
    assert alone.cell.lengths() == pytest.approx(14.0)
    assert found.has_stress.all()


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 half a file"])
def test_a_damaged_label_is_made_again(tmp_path, damage):
    water = build_box({"H2O": 16}, density=1.0, rng=np.random.default_rng(0))
    oracle = SPCFw(3.6)
    first = label_frames(oracle, [water], groups=["a"], kept=tmp_path)
    (kept,) = tmp_path.glob("*.npz")
    kept.write_bytes(damage)

    again = label_frames(oracle, [water], groups=["a"], kept=tmp_path)

    np.testing.assert_allclose(again.forces, first.forces, atol=1e-9)
    assert np.load(kept)["energy"] == pytest.approx(first.energy[0])


def test_densities_that_differ_little_are_groups_of_their_own():
    plan = SamplingPlan(density_factors=(1.0, 1.001, 1.1), temperatures=(300.0,))
    assert plan.groups == ("T300_rho1.000", "T300_rho1.001", "T300_rho1.100")
    assert SamplingPlan(cluster_contacts=(2.0,)).groups[-1] == "clusters"
    assert SamplingPlan().groups[0] == "T300_rho0.90"
