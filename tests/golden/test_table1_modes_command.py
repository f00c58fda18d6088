"""`reticulum modes --all-table1` as a user meets it."""

import json
import re
import shutil

import pytest
from ase.db import connect

from reticulum.errors import CalculationError
from reticulum.report.gamma_modes import table1_structures
from reticulum.report.row_status import structure_digest


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
        (("--all-table1", "-o", "m.csv"), "-o (--output, --write) cannot be combined"),
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


@pytest.fixture
def runs(spring_run, tmp_path):
    """Make a copy of a finished run that claims to be of a bundled structure with GFN1-xTB."""

    def make(structure):
        folder = tmp_path / "runs" / f"{structure}_gfn1-xtb"
        shutil.copytree(spring_run[0], folder)
        content = json.loads((folder / "run.json").read_text())
        identity = content["identity"]
        identity["structure"] = structure_digest(structure, identity["symprec (Å)"])
        identity["calculator"] = "gfn1-xtb"
        (folder / "run.json").write_text(json.dumps(content))
        return folder

    return make


def test_other_rows_stand_beside_damaged_unfinished_and_foreign_runs(
    command_line, runs, spring_run, tmp_path
):
    """HKUST-1 whole, MOF-5 damaged, UiO-66 unfinished, Zn-MOF-74 foreign, the rest missing."""
    runs("HKUST-1")
    damaged = runs("MOF-5") / "phonopy_params.yaml"
    damaged.write_bytes(damaged.read_bytes()[:3000])
    unfinished = runs("UiO-66")
    (unfinished / "phonons.json").unlink()
    with connect(str(unfinished / "forces.db"), use_lock_file=False) as database:
        database.delete([next(database.select(kind="displacement")).id])
    shutil.copytree(spring_run[0], tmp_path / "runs" / "Zn-MOF-74_gfn1-xtb")
    needed = spring_run[1].n_displacements

    code, out, err = command_line("modes", "--all-table1", "--runs", "runs")
    assert code == 1
    cells = {line.split("  ")[0].strip(): line.split() for line in out.splitlines()}
    assert float(cells["HKUST-1"][3]) > 1000.0
    assert "damaged" in cells["MOF-5"]
    assert cells["UiO-66"][1:5] == [str(needed - 1), "of", str(needed), "-"]
    assert "unfinished" in cells["UiO-66"]
    assert "foreign" in cells["Zn-MOF-74"]
    assert "missing" in cells["MIL-125"]
    assert re.search(r"^MOF-5 is damaged: runs/MOF-5_gfn1-xtb/phonopy_params.yaml .*", out, re.M)
    assert re.search(r"^Zn-MOF-74 is foreign: .* is not a run of the bundled Zn-MOF-74", out, re.M)
    assert (
        f"UiO-66 is unfinished, {needed - 1} of {needed} displacements; it goes on with: "
        "reticulum phonons UiO-66 -o runs/UiO-66_gfn1-xtb\n" in out
    )
    assert err.count("Error:") == 1
    assert "MOF-5 (damaged), Zn-MOF-74 (foreign)" in err
    assert "UiO-66" not in err

    code, out, err = command_line("modes", "--all-table1", "--runs", "runs", "--json", "-")
    assert code == 1
    rows = {row["material"]: row for row in json.loads(out)["rows"]}
    status = {name: rows[name]["status"] for name in ("HKUST-1", "MOF-5", "UiO-66", "MIL-125")}
    assert [*status.values()] == ["computed", "damaged", "unfinished", "missing"]
    assert "phonopy_params.yaml" in rows["MOF-5"]["problem"]
    assert "\n" not in rows["MOF-5"]["problem"]
    assert rows["UiO-66"]["progress"]["n_finished"] == needed - 1
    assert rows["UiO-66"]["progress"]["n_displacements"] == needed
    assert rows["HKUST-1"]["bands"]["antisymmetric"]["strongest_cm1"] > 1000.0
    assert rows["HKUST-1"]["problem"] == rows["UiO-66"]["problem"] == ""


def test_missing_and_unfinished_runs_are_no_error(command_line, runs):
    (runs("UiO-66") / "phonons.json").unlink()
    code, out, err = command_line("modes", "--all-table1", "--runs", "runs")
    assert (code, err) == (0, "")
    assert "MOF-5 is missing: reticulum phonons MOF-5 -o runs/MOF-5_gfn1-xtb\n" in out


@pytest.mark.parametrize("name", ["run.json", "phonons.json", "phonopy_params.yaml"])
@pytest.mark.parametrize("part", [0.0, 0.5, 0.95])
def test_a_file_that_was_cut_makes_one_damaged_row(command_line, runs, name, part):
    file = runs("MOF-5") / name
    file.write_bytes(file.read_bytes()[: int(part * file.stat().st_size)])
    code, out, _ = command_line("modes", "--all-table1", "--runs", "runs", "--json", "-")
    assert code == 1
    rows = {row["material"]: row["status"] for row in json.loads(out)["rows"]}
    assert rows.pop("MOF-5") == "damaged"
    assert set(rows.values()) == {"missing"}


def test_a_calculation_that_fails_leaves_the_others(command_line, runs, monkeypatch):
    """Computing goes on with the next material, and the reason stands below."""
    runs("HKUST-1")
    asked = []

    def fail(structure, engine, folder):
        asked.append(structure)
        if structure in ("MOF-5", "HKUST-1"):
            raise CalculationError("It did not converge.", why="The charges oscillate.", fix="Try.")

    monkeypatch.setattr("reticulum.cli.table1_modes._compute", fail)
    code, out, err = command_line("modes", "--all-table1", "--runs", "runs", "--compute")
    assert code == 1
    assert set(asked) == set(table1_structures().values())
    assert "MOF-5 is missing: reticulum phonons MOF-5" in out
    assert "MOF-5 failed: It did not converge. The charges oscillate. Try.\n" in out
    # a row that was there before stands, and is not said to be wrong
    assert "HKUST-1 failed: It did not converge." in out
    assert "HKUST-1 is computed" not in out
    named = re.search(r"Not computed: (.*)\.", err)
    assert set(named[1].split(", ")) == {"MOF-5", "HKUST-1"}
    assert "cannot be used" not in err
