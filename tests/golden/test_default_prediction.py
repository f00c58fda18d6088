"""`reticulum redshift` without methods: the adiabatic route too, unless it takes long."""

from __future__ import annotations

import json

from models import librating_unit as model

from reticulum.thermal.adiabatic_cost import adiabatic_cost
from reticulum.thermal.adiabatic_run import adiabatic_redshift


def names(folder):
    content = json.loads((folder / "RUN" / "redshift.json").read_text())
    return [entry["name"] for entry in content["mechanisms"]], content["not_computed"]


def computed(folder):
    lines = (folder / "RUN" / "run.log").read_text().splitlines()
    return sum(line.split()[1] == "computed" for line in lines)


def test_a_short_prediction_is_made_unasked_and_once(command_line, librating_rod, tmp_path):
    code, out, err = command_line(*librating_rod)
    assert code == 0, err
    assert "sets of soft modes from" in err
    assert "was not computed" not in out
    found, not_computed = names(tmp_path)
    assert found[-1] == "adiabatic"
    assert not_computed == {}
    before = computed(tmp_path)
    code, out, err = command_line(*librating_rod)
    assert code == 0
    assert "sets of soft modes from" not in err
    assert computed(tmp_path) == before
    assert names(tmp_path)[0] == found


def test_a_long_prediction_is_named_with_its_cost_and_made_if_asked(
    command_line, librating_rod, tmp_path, monkeypatch
):
    monkeypatch.setattr("reticulum.thermal.mechanisms.DEFAULT_MINUTES", 1e-9)
    code, out, err = command_line(*librating_rod)
    assert code == 0, err
    assert "The adiabatic route, the prediction proper, was not computed: it takes up to" in out
    assert "Give the same command with --methods adiabatic for it." in out
    found, not_computed = names(tmp_path)
    assert "adiabatic" not in found
    assert not_computed["adiabatic"]["n_calls_at_most"] > 50
    # who sets its options asks for it
    code, out, err = command_line(*librating_rod, "--no-checks")
    assert code == 0, err
    assert names(tmp_path)[0][-1] == "adiabatic"


def test_the_stated_cost_is_not_exceeded(tmp_path):
    with model.run_phonons(tmp_path / "run") as (run, _, table):
        cost = adiabatic_cost(run, table)
        found = adiabatic_redshift(run, table)
    assert found.mechanism.n_calls <= cost.n_calls < 10 * found.mechanism.n_calls
    assert cost.minutes > 0.0
