"""`reticulum modes --all-table1` as a user meets it."""

import json
import re
import shutil

import pytest


def test_table_of_shipped_rows_names_what_is_missing_and_how_to_get_it(command_line):
    code, out, err = command_line("modes", "--all-table1")
    assert (code, err) == (0, "")
    row = next(line for line in out.splitlines() if line.strip().startswith("MOF-5"))
    assert row.split() == ["MOF-5", "19", "0", "1647", "1353"]
    assert "1367 (1367-1425)" in out
    assert re.search(r"Observed, HKUST-1, antisymmetric: .*1594.8.* cm⁻¹ \[Andreeva2020", out)
    assert "reticulum modes --all-table1 --runs runs --compute" in out


def test_json_holds_bands_observations_and_identity(command_line):
    code, out, _ = command_line("modes", "--all-table1", "--json", "-")
    assert code == 0
    rows = {row["material"]: row for row in json.loads(out)["rows"]}
    hkust = rows["HKUST-1"]
    assert 1594.8 in hkust["observed_cm1"]["antisymmetric"]
    assert hkust["deviation_cm1"]["antisymmetric"] == pytest.approx(76.2, abs=0.1)
    assert hkust["provenance"]["identity"]["calculator"] == "gfn1-xtb"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--all-table1", "MOF-5"), "SOURCE cannot be combined with --all-table1"),
        (("--compute",), "belong to --all-table1"),
        (("--all-table1", "--compute"), "--compute needs a folder"),
        (("--all-table1", "--runs", "nowhere"), "There is no folder nowhere"),
        ((), "No phonons were named"),
    ],
)
def test_contradictions_are_refused(command_line, arguments, words):
    code, out, err = command_line("modes", *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_folder_of_another_structure_is_refused(command_line, spring_run, tmp_path):
    folder, _ = spring_run
    shutil.copytree(folder, tmp_path / "runs" / "MOF-5_gfn1-xtb")
    code, _, err = command_line("modes", "--all-table1", "--runs", str(tmp_path / "runs"))
    assert code == 2
    assert "is not a run of the bundled MOF-5" in err
