"""Rows that come with the package: written from run folders, found by calculator, shipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reticulum.engines.cards import DEFAULT_CALCULATOR
from reticulum.errors import InputError
from reticulum.provenance import read_json, write_json
from reticulum.report import redshift_table
from reticulum.report.gamma_modes import table1_structures
from reticulum.report.redshift_row import SUM
from reticulum.report.redshift_table import (
    KEPT_CONTRIBUTIONS,
    SHIPPED_FOLDER,
    shipped_calculators,
    shipped_mechanisms,
    shipped_table,
    write_shipped_rows,
)
from reticulum.report.row_status import RowStatus, structure_digest
from reticulum.thermal.mechanism import Band, Contribution, MechanismResult, Part
from reticulum.thermal.stored_mechanisms import mechanism_file, store_mechanism

T = np.array([200.0, 300.0, 400.0])
NAME = "a-model"
DETAILS = {
    "slopes_cm1_per_k": {"antisymmetric": -0.01, "antisymmetric peak": -0.02},
    "expansion_per_k": -2e-5,
    "expansion_origin": "given",
}


def _mechanism(name: str, slope: float, n_motions: int = 0) -> MechanismResult:
    return MechanismResult(
        name=name,
        title=name,
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + slope * T,
        symmetric_cm1=None,
        parts=frozenset({Part.SOFT_MOTIONS}),
        n_calls=3,
        assumptions=("Cold.",),
        warnings=("Careful.",),
        contributions=tuple(
            Contribution(label=f"motion {k}", antisymmetric_cm1_per_k=1e-4 * k)
            for k in range(n_motions)
        ),
        details={"sets": [1, 2, 3], **DETAILS},
    )


def _run(runs: Path, material: str, *, fingerprint: str = "f", **slopes: float) -> Path:
    structure = table1_structures()[material]
    folder = runs / f"{structure}_{NAME}"
    folder.mkdir(parents=True, exist_ok=True)
    identity = {
        "structure": structure_digest(structure),
        "calculator": NAME,
        "calculator fingerprint": fingerprint,
    }
    content = {"layout": 1, "identity": identity, "versions": {"reticulum": "9"}}
    (folder / "run.json").write_text(json.dumps(content))
    for word, slope in slopes.items():
        name = word.replace("_", "-")
        store_mechanism(folder, name, _mechanism(name, slope, 30), f"{name} is computed.")
    return folder


def _slopes(shipped: Path) -> dict[tuple[str, str], float]:
    return {
        (row.measured.material, method): found.slope_cm1_per_k
        for row in shipped_table(NAME, shipped)
        for method in row.results
        if (found := row.predicted(method, Band.ANTISYMMETRIC)) is not None
    }


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    runs, shipped = tmp_path / "runs", tmp_path / "shipped"
    folder = _run(runs, "MOF-5", adiabatic=-0.01, quasi_harmonic=0.002)
    store_mechanism(folder, "loose-state", None, "There is no second minimum.")
    _run(runs, "UiO-66")  # unfinished: passed over
    file = shipped / "redshift_a_model.json"
    assert write_shipped_rows(runs, NAME, file) == ("MOF-5",)
    assert shipped_calculators(shipped) == (NAME,)
    rows = {row.measured.material: row for row in shipped_table(NAME, shipped)}
    assert {m for m, row in rows.items() if row.status is RowStatus.COMPUTED} == {"MOF-5"}
    row = rows["MOF-5"]
    assert list(row.results) == ["adiabatic", "quasi-harmonic", "loose-state"]
    assert row.results["loose-state"] is None
    assert row.verdicts["loose-state"] == "There is no second minimum."
    assert row.provenance["versions"] == {"reticulum": "9"}
    found, expected = row.results["adiabatic"], _mechanism("adiabatic", -0.01, 30)
    assert found is not None
    np.testing.assert_array_equal(found.antisymmetric_cm1, expected.antisymmetric_cm1)
    # the largest motions are kept and the details that are shown; all else as it was
    assert found.contributions == expected.ranked()[:KEPT_CONTRIBUTIONS]
    assert found.details == DETAILS
    assert found.to_dict() == (
        replace(expected, contributions=found.contributions, details=DETAILS).to_dict()
    )
    identity = json.loads((folder / "run.json").read_text())["identity"]
    assert set(shipped_mechanisms(identity, shipped)) == set(row.results)
    assert shipped_mechanisms(identity | {"calculator fingerprint": "g"}, shipped) == {}
    # written a second time the file is the same
    before = file.read_text()
    write_shipped_rows(runs, NAME, file)
    assert file.read_text() == before


def test_rows_are_merged_by_material_and_methods_of_one_calculation_too(tmp_path: Path) -> None:
    runs, shipped = tmp_path / "runs", tmp_path / "shipped"
    file = shipped / "redshift_a_model.json"
    _run(runs, "MOF-5", adiabatic=-0.01, oscillator=0.001)
    _run(runs, "HKUST-1", adiabatic=-0.02)
    write_shipped_rows(runs, NAME, file)
    assert [entry["material"] for entry in read_json(file)["rows"]] == ["HKUST-1", "MOF-5"]

    later = tmp_path / "later"
    _run(later, "MOF-5", adiabatic=-0.03, quasi_harmonic=0.005)  # the same calculation
    _run(later, "UiO-66", adiabatic=-0.04)
    assert write_shipped_rows(later, NAME, file) == ("MOF-5", "UiO-66")
    assert _slopes(shipped) == pytest.approx(
        {
            ("HKUST-1", "adiabatic"): -0.02,
            ("MOF-5", "oscillator"): 0.001,
            ("MOF-5", "adiabatic"): -0.03,
            ("MOF-5", "quasi-harmonic"): 0.005,
            ("UiO-66", "adiabatic"): -0.04,
        }
    )
    mechanisms = read_json(file)["rows"][1]["mechanisms"]
    assert list(mechanisms) == ["oscillator", "adiabatic", "quasi-harmonic"]

    another = tmp_path / "another"
    _run(another, "MOF-5", fingerprint="g", adiabatic=-0.05)  # another version of the calculator
    write_shipped_rows(another, NAME, file)
    assert {key for key in _slopes(shipped) if key[0] == "MOF-5"} == {("MOF-5", "adiabatic")}
    assert ("UiO-66", "adiabatic") in _slopes(shipped)

    write_shipped_rows(another, NAME, file, keep_existing=False)
    assert _slopes(shipped) == pytest.approx({("MOF-5", "adiabatic"): -0.05})


def _say_computed(folder: Path, name: str, computed: str, versions: dict[str, str]) -> None:
    """Set when a stored mechanism was computed and with what."""
    file = mechanism_file(folder, name)
    write_json(file, read_json(file) | {"computed": computed, "versions": versions})


def test_each_mechanism_keeps_the_versions_that_it_was_computed_with(tmp_path: Path) -> None:
    runs, shipped = tmp_path / "runs", tmp_path / "shipped"
    file = shipped / "redshift_a_model.json"
    folder = _run(runs, "MOF-5", adiabatic=-0.01, oscillator=0.001)
    _say_computed(folder, "adiabatic", "2026-01-01", {"tblite": "1"})
    _say_computed(folder, "oscillator", "2026-01-02", {"tblite": "2"})
    write_shipped_rows(runs, NAME, file)

    later = tmp_path / "later"
    folder = _run(later, "MOF-5", adiabatic=-0.03)
    _say_computed(folder, "adiabatic", "2026-02-01", {"tblite": "3"})
    write_shipped_rows(later, NAME, file)
    stored = read_json(file)["rows"][0]["mechanisms"]
    expected = {
        "oscillator": ("2026-01-02", {"tblite": "2"}),
        "adiabatic": ("2026-02-01", {"tblite": "3"}),
    }
    assert {n: (e["computed"], e["versions"]) for n, e in stored.items()} == expected
    (row,) = (row for row in shipped_table(NAME, shipped) if row.results)
    assert row.shipped_form()["mechanisms"]["oscillator"]["versions"] == {"tblite": "2"}


def test_rows_that_do_not_say_it_are_read_and_keep_the_versions_they_stood_under(
    tmp_path: Path,
) -> None:
    shipped = tmp_path / "shipped"
    file = shipped / "redshift_a_model.json"
    _run(tmp_path / "runs", "MOF-5", oscillator=0.001)
    write_shipped_rows(tmp_path / "runs", NAME, file)
    content = read_json(file)
    content["rows"][0]["provenance"]["versions"] = {"tblite": "old"}
    for word in ("computed", "versions"):
        del content["rows"][0]["mechanisms"]["oscillator"][word]
    write_json(file, content)
    (row,) = (row for row in shipped_table(NAME, shipped) if row.results)
    assert "computed" not in row.shipped_form()["mechanisms"]["oscillator"]

    _run(tmp_path / "later", "MOF-5", adiabatic=-0.03)
    write_shipped_rows(tmp_path / "later", NAME, file)
    (entry,) = read_json(file)["rows"]
    assert entry["provenance"]["versions"] == {"reticulum": "9"}
    assert entry["mechanisms"]["oscillator"]["versions"] == {"tblite": "old"}
    assert "computed" not in entry["mechanisms"]["oscillator"]


def test_nothing_is_written_from_what_cannot_be_used(tmp_path: Path) -> None:
    runs, file = tmp_path / "runs", tmp_path / "redshift_a_model.json"
    _run(runs, "UiO-66")
    with pytest.raises(InputError, match="No method has finished"):
        write_shipped_rows(runs, NAME, file)
    _run(runs, "HKUST-1", adiabatic=-0.02)
    torn = _run(runs, "MOF-5", adiabatic=-0.01)
    mechanism_file(torn, "adiabatic").write_text("{")
    with pytest.raises(InputError, match="MOF-5") as caught:
        write_shipped_rows(runs, NAME, file)
    assert "mechanism-adiabatic.json" in caught.value.why
    assert not file.exists()
    mechanism_file(torn, "adiabatic").unlink()
    entry = {"material": "MOF-5", "provenance": {"identity": {"calculator": "another"}}}
    write_json(file, {"rows": [entry]})
    with pytest.raises(InputError, match="rows of another"):
        write_shipped_rows(runs, NAME, file)
    assert read_json(file) == {"rows": [entry]}


def test_each_calculator_has_its_rows_and_another_is_refused_by_name(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    _run(runs, "MOF-5", adiabatic=-0.01)
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    for file in SHIPPED_FOLDER.glob("redshift_*.json"):
        (shipped / file.name).write_bytes(file.read_bytes())
    write_shipped_rows(runs, NAME, shipped / "redshift_a_model.json")
    assert set(shipped_calculators(shipped)) == {NAME, *shipped_calculators()}
    ours = {row.measured.material for row in shipped_table(NAME, shipped) if row.results}
    theirs = [row.to_dict() for row in shipped_table(DEFAULT_CALCULATOR, shipped)]
    assert ours == {"MOF-5"}
    assert theirs == [row.to_dict() for row in shipped_table(DEFAULT_CALCULATOR)]
    with pytest.raises(InputError, match="No rows computed with chgnet") as caught:
        shipped_table("chgnet", shipped)
    assert NAME in caught.value.why
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="No rows"):
        shipped_table(NAME, empty)


def test_a_changed_structure_makes_a_row_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, shipped = tmp_path / "runs", tmp_path / "shipped"
    _run(runs, "MOF-5", adiabatic=-0.01)
    write_shipped_rows(runs, NAME, shipped / "redshift_a_model.json")
    monkeypatch.setattr(redshift_table, "structure_digest", lambda *_: "another")
    rows = {row.measured.material: row for row in shipped_table(NAME, shipped)}
    assert rows["MOF-5"].status is RowStatus.STALE
    assert rows["MOF-5"].results


def test_shipped_files_have_one_calculator_each_and_no_material_twice() -> None:
    seen = set()
    for file in sorted(SHIPPED_FOLDER.glob("redshift_*.json")):
        rows = read_json(file)["rows"]
        names = {entry["provenance"]["identity"]["calculator"] for entry in rows}
        assert len(names) == 1, file.name
        assert not names & seen, file.name
        seen |= names
        materials = [entry["material"] for entry in rows]
        assert len(set(materials)) == len(materials), file.name


def test_every_shipped_sum_has_a_trusted_term_that_holds_the_soft_motions() -> None:
    for calculator in shipped_calculators():
        for row in shipped_table(calculator):
            for band in Band:
                terms = [row.results[name] for name in row.summed_methods(band)]
                assert (row.predicted(SUM, band) is not None) == bool(terms)
                assert not any(term is None or term.untrusted_because for term in terms)
                assert not terms or any(t and Part.SOFT_MOTIONS in t.parts for t in terms)


def test_shipped_rows_are_as_they_would_be_written(tmp_path: Path) -> None:
    """Run folders made from the shipped rows give the shipped file again."""
    for file in sorted(SHIPPED_FOLDER.glob("redshift_*.json")):
        entries = read_json(file)["rows"]
        name = entries[0]["provenance"]["identity"]["calculator"]
        for row in shipped_table(name):
            if row.status is not RowStatus.COMPUTED:
                continue
            folder = tmp_path / f"{row.structure}_{name}"
            folder.mkdir()
            write_json(folder / "run.json", {"layout": 1, **row.provenance})
            for method, result in row.results.items():
                store_mechanism(folder, method, result, row.verdicts[method])
        write_shipped_rows(tmp_path, name, tmp_path / file.name)
        again = {entry["material"]: entry for entry in read_json(tmp_path / file.name)["rows"]}
        stored = {entry["material"]: entry for entry in entries}
        assert again
        for material, ours in again.items():
            for method, mechanism in ours["mechanisms"].items():
                for word in ("computed", "versions"):  # of the files that were made just now
                    del mechanism[word]
                    stored[material]["mechanisms"][method].pop(word, None)
            _same(ours, stored[material])


def _same(ours: object, theirs: object) -> None:
    """Equal, numbers to rounding: slopes are computed from the positions again."""
    if isinstance(theirs, dict):
        assert isinstance(ours, dict)
        assert list(ours) == list(theirs)
        for key, value in theirs.items():
            _same(ours[key], value)
    elif isinstance(theirs, list):
        assert isinstance(ours, list)
        assert len(ours) == len(theirs)
        for mine, other in zip(ours, theirs, strict=True):
            _same(mine, other)
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-12)
    else:
        assert ours == theirs
