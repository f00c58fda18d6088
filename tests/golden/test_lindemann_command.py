"""The command `reticulum lindemann`: table, files, JSON, and what it refuses."""

from __future__ import annotations

import csv
import json
import shutil

import numpy as np
import pytest

from reticulum.frameworks.bond_types import Grouping
from reticulum.phonons.modes import mode_table
from reticulum.plotting.lindemann import figure_lindemann
from reticulum.thermal.lindemann import lindemann_ratios


def test_table_says_what_is_not_claimed(command_line, spring_run):
    status, out, _ = command_line("lindemann", spring_run[0], "-T", "100,298.15")
    assert status == 0
    assert "No melting point is claimed" in out
    assert "Gamma only" in out
    row = next(line for line in out.splitlines() if line.strip().startswith("Cu-O"))
    result = lindemann_ratios(mode_table(spring_run[1]), [100.0, 298.15])
    assert row.split()[-2:] == [f"{value:.4f}" for value in result.along[0]]


def test_files_and_json_agree(command_line, spring_run, tmp_path):
    arguments = ("lindemann", spring_run[0], "--temperatures", "300")
    status, _, err = command_line(
        *arguments, "-o", "ratios.csv", "-o", "ratios.png", "-o", "ratios.svg", "--json", "r.json"
    )
    assert status == 0
    assert err.count("Written") == 3
    lines = (tmp_path / "ratios.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    content = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert len(rows) == len(content["bonds"])
    for row, entry in zip(rows, content["bonds"], strict=True):
        assert row["bond"] == entry["label"]
        assert float(row["along_bond"]) == pytest.approx(entry["along_bond"][0], abs=1e-6)
        assert float(row["total"]) == pytest.approx(entry["total"][0], abs=1e-6)
    status, _, err = command_line(*arguments, "-o", "ratios.csv")
    assert status == 2
    assert "exists already" in err
    assert command_line(*arguments, "-o", "ratios.csv", "--force")[0] == 0


def test_files_of_another_program_give_the_same(command_line, spring_run, tmp_path):
    shutil.copy(spring_run[0] / "phonopy_params.yaml", tmp_path / "phonopy_params.yaml")
    values = []
    for source in (spring_run[0], "phonopy_params.yaml"):
        status, out, _ = command_line("lindemann", source, "-T", "300", "--json", "-")
        assert status == 0
        values.append([entry["total"] for entry in json.loads(out)["bonds"]])
    assert np.array(values[1]) == pytest.approx(np.array(values[0]), rel=1e-4)


def test_figure_shows_what_was_computed(spring_run):
    result = lindemann_ratios(mode_table(spring_run[1]), grouping=Grouping.ORBIT)
    axes = figure_lindemann(result).axes
    for place, expected in zip(axes, (result.along, result.total), strict=True):
        assert len(place.lines) == len(result.types)
        for line, values in zip(place.lines, expected, strict=True):
            assert line.get_xdata() == pytest.approx(result.temperatures_k)
            assert line.get_ydata() == pytest.approx(values)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-T", "100,warm"), "no list of temperatures"),
        (("-T", "-100"), "absolute zero"),
        (("-o", "ratios.txt"), "endings"),
        (("-o", "nowhere/ratios.csv"), "no folder"),
        (("-o", "a.csv", "-o", "a.csv"), "named twice"),
        (("--force",), "none is named"),
        (("--supercell", "2,2,2"), "run folder"),
    ],
)
def test_bad_input_is_refused(command_line, spring_run, arguments, words):
    status, _, err = command_line("lindemann", spring_run[0], *arguments)
    assert status == 2
    assert words in " ".join(err.split())
