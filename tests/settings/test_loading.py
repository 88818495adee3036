"""A protocol says everything that is wrong with it, at once and by key path."""

from pathlib import Path

import pytest

from brine.errors import BrineError, SettingsError
from brine.settings import (
    CompositionSystem,
    LastPartSplit,
    MoleculesSystem,
    NativeSettings,
    Protocol,
    SolutionSystem,
    dump_protocol,
    load_protocol,
    parse_protocol,
)

EXAMPLES = Path(__file__).parents[2] / "examples"

MINIMAL = """
name: water
system: {molecules: {H2O: 64}, density_g_per_mL: 0.997}
labels: {kind: oracle}
"""


def message(text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_protocol(text)
    return str(caught.value)


def test_the_minimal_protocol_has_fewer_than_twenty_lines():
    assert len(MINIMAL.split("\n")) < 20
    assert parse_protocol(MINIMAL).split == LastPartSplit()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda p: p.name)
def test_every_example_is_a_protocol(path):
    assert isinstance(load_protocol(path), Protocol)


def test_a_written_protocol_reads_back_equal():
    protocol = parse_protocol(MINIMAL)

    assert parse_protocol(dump_protocol(protocol)) == protocol


def test_a_typo_names_the_key_path_and_the_nearest_key():
    found = message(MINIMAL + "dynamics: {temprature_K: 300}")

    assert "`dynamics.temprature_K`" in found
    assert "Did you mean `temperature_K`?" in found


def test_a_typo_inside_a_choice_is_looked_up_in_that_choice():
    found = message(MINIMAL + "split: {kind: time-block, train: 1, gap: 0, tset: 1}")

    assert "`split.tset`" in found
    assert "Did you mean `test`?" in found


def test_a_typo_inside_a_named_split_is_looked_up_there():
    found = message(
        MINIMAL + "compare_splits: {folders: {kind: group, test: [a], tset: [b]}}"
    )

    assert "`compare_splits.folders.tset`" in found
    assert "Did you mean `test`?" in found


def test_a_key_of_another_section_is_pointed_to():
    assert "Did you mean `dynamics.nvt_ps`?" in message(MINIMAL + "nvt_ps: 10")


def test_a_misspelled_kind_is_answered_with_the_nearest():
    found = message(MINIMAL.replace("kind: oracle", "kind: orcale"))

    assert "`labels.kind` must be `oracle` or `files`, got 'orcale'" in found
    assert "Did you mean `oracle`?" in found


def test_all_problems_come_in_one_report():
    found = message(MINIMAL.replace("0.997", "-1") + "sed: 3\ndynamics: {measure: [d]}")

    assert "3 problems" in found
    assert "`system.density_g_per_mL` must be above 0, got -1" in found
    assert "`sed`" in found
    assert "`dynamics.measure[0]`" in found


def test_a_repeated_key_is_an_error_and_not_a_silent_choice():
    assert "line 5 gives `seed` a second time (first on line 1)" in message(
        "seed: 1" + MINIMAL + "seed: 2"
    )


def test_text_that_is_no_yaml_names_the_line():
    assert "line 2" in message("a: [1,\nb: {")


def test_a_file_that_does_not_exist_says_how_to_write_one(tmp_path):
    with pytest.raises(SettingsError, match="brine init"):
        load_protocol(tmp_path / "none.yaml")


def test_a_settings_error_is_a_brine_error_and_a_value_error():
    with pytest.raises(ValueError, match="keys and values") as caught:
        parse_protocol("[1, 2]")
    assert isinstance(caught.value, BrineError)


def test_labels_from_files_have_no_oracle_to_be_judged_against():
    text = MINIMAL.replace("kind: oracle", "kind: files, paths: [a.xyz]")

    assert "needs labels.kind `oracle`" in message(text + "reference: {kind: oracle}")


def test_diffusion_under_strong_friction_is_refused_and_explained():
    strong = "dynamics: {thermostat: {kind: langevin, friction_per_ps: 50}"

    assert "-81 %" in message(MINIMAL + strong + "}")
    parse_protocol(MINIMAL + strong + ", measure: [density, rdf]}")
    parse_protocol(MINIMAL + strong.replace("50", "0.1") + "}")


def test_infinity_is_no_setting():
    assert "finite" in message(MINIMAL + "dynamics: {nvt_ps: .inf}")


def test_names_of_splits_name_folders():
    split = "{kind: last-part}"

    assert "`compare_splits" in message(MINIMAL + f"compare_splits: {{a/b: {split}}}")
    assert "`main`" in message(MINIMAL + f"compare_splits: {{main: {split}}}")
    parse_protocol(MINIMAL + f"compare_splits: {{folders: {split}}}")


def test_a_network_has_defaults_of_its_own():
    """Fewer functions than a regression; what is given stays; a dump reads back."""
    network = NativeSettings(readout="neural", two_body_channels=11)
    assert network.preset == "balanced"
    assert network.three_body_channels == 8
    assert network.two_body_channels == 11
    assert NativeSettings().two_body_channels == 20
    assert NativeSettings.model_validate(network.model_dump()) == network


def test_a_preset_is_a_network_whose_size_other_keys_change():
    fast, accurate = (NativeSettings(preset=name) for name in ("fast", "accurate"))
    assert fast.readout == accurate.readout == "neural"
    assert fast.three_body_cutoff_A < accurate.three_body_cutoff_A
    assert fast.body_order < accurate.body_order
    assert NativeSettings(preset="accurate", hidden=32).hidden == 32
    assert NativeSettings.model_validate(accurate.model_dump()) == accurate
    assert NativeSettings(preset="balanced") == NativeSettings(readout="neural")
    with pytest.raises(ValueError, match="`preset` belongs to readout `neural`"):
        NativeSettings(readout="linear", preset="fast")
    assert "`fast` or `balanced`" in message(MINIMAL + "potential: {preset: quick}")


def test_a_setting_that_the_readout_never_reads_is_refused():
    with pytest.raises(ValueError, match=r"`hidden` belongs to readout `neural`"):
        NativeSettings(hidden=64)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("? [a, b]\n: 1\n", "line 1: a key must be a word"),
        ("5: water\n", "line 1: a key must be a word, got 5"),
        ("name: 2024-99-99\n", "holds a value that cannot be: month must be"),
        ("seed: !!int abc\n", "holds a value that cannot be"),
    ],
)
def test_keys_and_values_that_no_protocol_can_hold(text, sentence):
    assert sentence in message(text)


@pytest.mark.parametrize(
    ("system", "kind"),
    [
        ("{molecules: {H2O: 64}}", MoleculesSystem),
        ("{composition: Li2MnCl4·9H2O, formula_units: 10}", CompositionSystem),
        ("{molality_mol_per_kg: {LiCl: 5}, waters: 100}", SolutionSystem),
        ("{mole_fraction: {LiCl: 0.1}, waters: 100}", SolutionSystem),
    ],
)
def test_a_system_is_known_by_what_it_gives(system, kind):
    protocol = parse_protocol(
        f"name: x\nsystem: {system}\nlabels: {{kind: files, paths: [a.extxyz]}}\n"
    )

    assert type(protocol.system) is kind


def test_a_solution_has_one_concentration():
    text = "name: x\nlabels: {paths: [a]}\nsystem: {kind: solution, waters: 9}\n"
    with pytest.raises(SettingsError, match="either `molality_mol_per_kg` or"):
        parse_protocol(text)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("seed: yes", "seed"),
        ("dynamics: {nvt_ps: true}", "dynamics.nvt_ps"),
        ("system: {molecules: {H2O: on}}", "system.molecules"),
        ("system: {composition: H2O, formula_units: yes}", "system.formula_units"),
    ],
)
def test_a_truth_value_is_no_number(line, key):
    name = line.split(":")[0]
    kept = [m for m in MINIMAL.splitlines() if m and not m.startswith(name)]
    text = "\n".join([*kept, line])

    assert f"`{key}`: must not be true or false" in message(text)


def test_wrong_kinds_bounds_and_repetitions_are_said_in_plain_words(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(
        "name: [1]\n"
        "seed: a\n"
        "system: {molecules: [H2O], density_g_per_mL: x}\n"
        "labels:\n"
        "  kind: oracle\n"
        "  oracle: {kind: calculator, factory: emt, fingerprint: x}\n"
        "  sampling: {temperatures_K: [300, 300], density_factors: [7]}\n"
        "potential: 3\n"
    )
    with pytest.raises(SettingsError) as caught:
        load_protocol(path)

    found = str(caught.value)
    for sentence in (
        "`name` must be text, got [1].",
        "`seed` must be a whole number, got 'a'.",
        "`system.density_g_per_mL` must be a number, got 'x'.",
        "`system.molecules` must be a section of keys and values, got ['H2O'].",
        "`labels.oracle.factory`: must be `module:function`, got 'emt'.",
        "`labels.sampling.temperatures_K`: must differ, got 300 twice.",
        "`labels.sampling.density_factors[0]` must be at most 5, got 7.",
        "`potential` must be a section with a `kind`, got 3.",
    ):
        assert sentence in found
    assert "8 problems" in found


def test_a_calculators_arguments_may_be_true_or_false():
    protocol = parse_protocol(
        "name: x\n"
        "system: {molecules: {H2O: 64}}\n"
        "labels: {kind: oracle, oracle: {kind: calculator, factory: a:b, "
        "arguments: {dispersion: true}, fingerprint: x}}\n"
    )
    assert protocol.labels.oracle.arguments == {"dispersion": True}
