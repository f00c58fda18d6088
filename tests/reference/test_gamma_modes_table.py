"""The shipped table of computed Gamma modes: fresh, complete in what it says, and checkable."""

import json

import pytest

from reticulum.engines.build import resolve_engine
from reticulum.errors import InputError
from reticulum.report import gamma_modes
from reticulum.report.gamma_modes import row_of_run, shipped_rows, table1_structures
from reticulum.report.row_status import RowStatus


@pytest.fixture(scope="module")
def rows():
    return {row.material: row for row in shipped_rows()}


def test_every_material_of_the_table_with_a_structure_has_a_row(rows):
    assert set(table1_structures()) <= set(rows)
    for row in rows.values():
        assert row.status is not RowStatus.STALE, f"{row.material}: compute the row again"
        if row.status is RowStatus.COMPUTED:
            assert row.provenance["identity"]["calculator"] == "gfn1-xtb"
            assert len(row.provenance["identity"]["calculator fingerprint"]) == 64
            assert row.n_displacements > 0


def test_rows_agree_with_independent_gfn1_numbers(rows):
    """MOF-5: 1353 and 1647 cm⁻¹; HKUST-1, high spin: 1357-1439 and 1588-1688, 12 imaginary."""
    mof5 = rows["MOF-5"]
    assert mof5.bands["symmetric"].strongest_cm1 == pytest.approx(1353, abs=1)
    assert mof5.bands["antisymmetric"].strongest_cm1 == pytest.approx(1647, abs=1)
    assert (mof5.n_displacements, mof5.n_imaginary) == (19, 0)
    hkust = rows["HKUST-1"]
    assert (hkust.n_displacements, hkust.n_imaginary) == (24, 12)
    assert 1588 <= hkust.bands["antisymmetric"].strongest_cm1 <= 1688


def test_deviation_is_from_the_middle_of_the_observed_positions(rows):
    row = rows["HKUST-1"]
    seen = [float(entry.wavenumber_text) for entry in row.observed["symmetric"]]
    expected = row.bands["symmetric"].strongest_cm1 - 0.5 * (min(seen) + max(seen))
    assert row.deviation_cm1("symmetric") == pytest.approx(expected)
    assert rows["MOF-5"].deviation_cm1("symmetric") is None, "no checked observation is at hand"


def test_a_row_whose_structure_has_changed_is_stale(tmp_path, monkeypatch):
    content = json.loads(gamma_modes.SHIPPED_FILE.read_text(encoding="utf-8"))
    for entry in content["rows"]:
        if entry["material"] == "MOF-5":
            entry["provenance"]["identity"]["structure"] = "0" * 64
    content["rows"] = [entry for entry in content["rows"] if entry["material"] != "UiO-66"]
    changed = tmp_path / "rows.json"
    changed.write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(gamma_modes, "SHIPPED_FILE", changed)
    status = {row.material: row.status for row in shipped_rows()}
    assert status["MOF-5"] is RowStatus.STALE
    assert status["UiO-66"] is RowStatus.MISSING
    assert status["HKUST-1"] is RowStatus.COMPUTED


def test_a_run_of_another_structure_makes_no_row(spring_run):
    folder, _ = spring_run
    with pytest.raises(InputError, match="not a run of the bundled HKUST-1"):
        row_of_run("HKUST-1", "HKUST-1", folder, resolve_engine("gfn1-xtb", None))
