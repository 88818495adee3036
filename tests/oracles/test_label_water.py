"""The script that made the labels in ``examples/data``, with a cheap oracle."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brine.datasets import audit
from brine.oracles import SPCFw

SCRIPT = Path(__file__).parents[2] / "examples" / "data" / "label_water.py"


class WaterOfAnySize(SPCFw):
    """SPC/Fw that counts what it labels."""

    calls = 0

    def label(self, atoms):
        type(self).calls += 1
        return super().label(atoms)


@pytest.mark.slow
def test_two_generations_are_labelled_and_nothing_twice(tmp_path):
    spec = importlib.util.spec_from_file_location("label_water", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.FIRST = replace(script.FIRST, interval=100.0, equilibration=500.0)
    # Cool: SPC/Fw labels no water that a potential of 36 frames has torn apart.
    script.FRAMES, script.TEMPERATURES = 1, (150.0, 200.0)
    oracle = WaterOfAnySize(cutoff=3.6)

    dataset = script.label_water(oracle, tmp_path)

    second = [name for name in dataset.group_names if name.endswith("_second")]
    # A run of a potential of 36 frames may stop before its first frame.
    assert 5 <= len(second) <= 10
    assert len(dataset) == 30 + 6 + len(second)
    assert audit(dataset).ok
    assert np.isfinite(dataset.energy).all()
    calls = WaterOfAnySize.calls
    script.label_water(oracle, tmp_path)
    assert WaterOfAnySize.calls == calls
    again = script.label_water(oracle, tmp_path / "elsewhere", known=dataset)
    assert WaterOfAnySize.calls == calls + len(second)
    assert len(again) == len(dataset)
