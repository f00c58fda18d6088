"""The table of predicted and measured slopes: scores, sums, what does not count."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reticulum.engines.cards import DEFAULT_CALCULATOR
from reticulum.errors import InputError
from reticulum.reference.tables import load_table1
from reticulum.report.gamma_modes import table1_structures
from reticulum.report.redshift_csv import table_csv
from reticulum.report.redshift_notes import Note, footnotes, marks_of, notes_of
from reticulum.report.redshift_row import SUM, RedShiftTableRow, row_without_numbers
from reticulum.report.redshift_score import methods_in, score
from reticulum.report.redshift_table import shipped_calculators, shipped_table, table_of_runs
from reticulum.report.row_status import RowStatus, structure_digest
from reticulum.thermal.mechanism import (
    ERROR_TOO_SMALL,
    Band,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
)
from reticulum.thermal.quasi_harmonic_result import GAMMA_ONLY
from reticulum.thermal.stored_mechanisms import store_mechanism, stored_mechanism

T = np.array([200.0, 300.0, 400.0])


STEP = SlopeError(kind=ErrorKind.STEP_SIZE, size_cm1_per_k=0.002, origin="test")
TRUNCATION = SlopeError(kind=ErrorKind.TRUNCATION, size_cm1_per_k=0.0, origin="test")


def _mechanism(name: str, slope: float, part: Part, doubt: str = "") -> MechanismResult:
    return MechanismResult(
        name=name,
        title=name,
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + slope * T,
        symmetric_cm1=1400.0 - slope * T,
        antisymmetric_errors=(STEP, TRUNCATION),
        symmetric_errors=(STEP, TRUNCATION),
        parts=frozenset({part}),
        n_calls=3,
        assumptions=(),
        untrusted_because=doubt,
    )


def _rows(factor: float = 1.0) -> tuple[RedShiftTableRow, ...]:
    """Rows whose adiabatic slope is the measured antisymmetric one times a factor."""
    return tuple(
        RedShiftTableRow(
            measured=row,
            structure="x",
            status=RowStatus.COMPUTED,
            results={
                "adiabatic": _mechanism(
                    "adiabatic", factor * row.antisymmetric_cm1_per_k, Part.SOFT_MOTIONS
                ),
                "quasi-harmonic": _mechanism("quasi-harmonic", 0.001, Part.CELL),
                "loose-state": None,
            },
            verdicts={"loose-state": "There is no second minimum."},
            provenance={},
        )
        for row in load_table1()
    )


def test_a_perfect_prediction_has_all_signs_no_error_and_rank_one() -> None:
    found = score(_rows(), "adiabatic", Band.ANTISYMMETRIC)
    assert (found.n_rows, found.sign_hits) == (10, 10)
    assert found.mean_error_cm1_per_k == pytest.approx(0.0, abs=1e-12)
    assert found.rank_correlation == pytest.approx(1.0)


def test_a_sign_that_its_error_leaves_open_is_no_hit() -> None:
    found = score(_rows(0.1), "adiabatic", Band.ANTISYMMETRIC)  # ±0.002 on -0.0009 to -0.0036
    large = sum(abs(0.1 * row.antisymmetric_cm1_per_k) > 0.002 for row in load_table1())
    assert 0 < found.sign_hits == large < 10


def test_the_wrong_sign_is_counted_as_such() -> None:
    found = score(_rows(-1.0), "adiabatic", Band.ANTISYMMETRIC)
    assert found.sign_hits == 0
    assert found.rank_correlation == pytest.approx(-1.0)
    mean = -2.0 * np.mean([row.antisymmetric_cm1_per_k for row in load_table1()])
    assert found.mean_error_cm1_per_k == pytest.approx(mean)
    assert found.mean_absolute_error_cm1_per_k == pytest.approx(mean)


def test_what_is_not_to_be_trusted_does_not_count() -> None:
    rows = list(_rows())
    doubtful = _mechanism("adiabatic", 5.0, Part.SOFT_MOTIONS, doubt="it diverges")
    rows[0] = RedShiftTableRow(
        measured=rows[0].measured,
        structure="x",
        status=RowStatus.COMPUTED,
        results={"adiabatic": doubtful},
        verdicts={},
        provenance={},
    )
    found = score(rows, "adiabatic", Band.ANTISYMMETRIC)
    assert (found.n_rows, found.n_untrusted) == (9, 1)
    assert found.mean_error_cm1_per_k == pytest.approx(0.0, abs=1e-12)
    assert rows[0].predicted(SUM, Band.ANTISYMMETRIC) is None


def test_the_sum_and_its_error_stand_in_the_table() -> None:
    row = _rows()[0]
    total = row.predicted(SUM, Band.ANTISYMMETRIC)
    assert total is not None
    assert total.slope_cm1_per_k == pytest.approx(row.measured.antisymmetric_cm1_per_k + 0.001)
    assert total.error_cm1_per_k == pytest.approx(0.002 * np.sqrt(2.0))
    assert methods_in([row]) == ("adiabatic", "quasi-harmonic", "loose-state", SUM)
    assert row.predicted("loose-state", Band.ANTISYMMETRIC) is None


def test_one_mechanism_alone_is_no_sum() -> None:
    row = _rows()[0]
    alone = replace(row, results={"quasi-harmonic": row.results["quasi-harmonic"]})
    assert alone.predicted(SUM, Band.ANTISYMMETRIC) is None
    assert alone.summed_methods(Band.ANTISYMMETRIC) == ()
    assert methods_in([alone]) == ("quasi-harmonic",)
    assert row.summed_methods(Band.ANTISYMMETRIC) == ("adiabatic", "quasi-harmonic")


def test_there_is_no_sum_without_a_trusted_method_that_holds_the_soft_motions() -> None:
    row = _rows()[0]
    others = {
        "oscillator": _mechanism("oscillator", 0.002, Part.METAL_OXYGEN),
        "quasi-harmonic": row.results["quasi-harmonic"],
    }
    doubtful = _mechanism("adiabatic", -0.02, Part.SOFT_MOTIONS, doubt="It diverges.")
    for results, why in (
        (others, "no method that holds the soft motions has a slope"),
        ({**others, "sampling": None}, "no method that holds the soft motions has a slope"),
        (
            {**others, "adiabatic": doubtful},
            "no method that holds the soft motions can be trusted",
        ),
    ):
        bare = replace(row, results=results)
        assert SUM not in bare.methods()
        for band in Band:
            assert bare.predicted(SUM, band) is None
            assert bare.summed_methods(band) == ()
            assert bare.no_sum_because(band) == why
        assert score([bare, *_rows()[1:]], SUM, Band.ANTISYMMETRIC).n_rows == 9
    drawn = _mechanism("sampling", -0.01, Part.SOFT_MOTIONS)
    row = replace(row, results={**others, "adiabatic": doubtful, "sampling": drawn})
    assert set(row.summed_methods(Band.SYMMETRIC)) == {"oscillator", "quasi-harmonic", "sampling"}
    assert row.no_sum_because(Band.SYMMETRIC) == ""
    # of one band alone
    drawn = replace(drawn, symmetric_cm1=None, symmetric_errors=())
    row = replace(row, results={**others, "sampling": drawn})
    assert row.predicted(SUM, Band.ANTISYMMETRIC) is not None
    assert row.predicted(SUM, Band.SYMMETRIC) is None
    assert row.methods()[-1] == SUM


def test_one_method_alone_needs_no_reason_for_having_no_sum() -> None:
    row = _rows()[0]
    alone = replace(row, results={"quasi-harmonic": row.results["quasi-harmonic"]})
    assert alone.no_sum_because(Band.SYMMETRIC) == ""
    assert row.no_sum_because(Band.SYMMETRIC) == ""


def test_csv_has_a_line_for_every_prediction() -> None:
    lines = table_csv(_rows()).splitlines()
    assert len(lines) == 4 + 10 * 2 * 3
    assert lines[4].startswith('"HKUST-1",x,computed,antisymmetric,-0.021,adiabatic,-0.021')


def test_peak_and_single_mode_stand_beside_the_centre() -> None:
    import csv

    slopes = {"antisymmetric": -0.01, "antisymmetric mode": -0.04, "antisymmetric peak": -0.03}
    row = _rows()[0]
    plain = row.results["adiabatic"]
    assert plain is not None
    told = replace(plain, details={"slopes_cm1_per_k": slopes})
    row = replace(row, results={**row.results, "adiabatic": told})
    found = row.predicted("adiabatic", Band.ANTISYMMETRIC)
    assert found is not None
    assert (found.peak_cm1_per_k, found.mode_cm1_per_k) == (-0.03, -0.04)
    forms = {(e["method"], e["band"]): e for e in row.to_dict()["slopes"]}
    form = forms["adiabatic", "antisymmetric"]
    assert form["peak_slope_cm1_per_k"] == -0.03
    assert form["single_mode_slope_cm1_per_k"] == -0.04
    assert forms["adiabatic", "symmetric"]["peak_slope_cm1_per_k"] is None  # not told
    assert forms[SUM, "antisymmetric"]["peak_slope_cm1_per_k"] is None  # of the centres alone
    lines = [line for line in table_csv([row]).splitlines() if not line.startswith("#")]
    entries = {(e["method"], e["band"]): e for e in csv.DictReader(lines)}
    entry = entries["adiabatic", "antisymmetric"]
    assert (float(entry["peak"]), float(entry["single_mode"])) == (-0.03, -0.04)
    assert entries["adiabatic", "symmetric"]["peak"] == ""
    empty = row_without_numbers(row.measured, "x", problem="It is torn.")
    lines = [line for line in table_csv([empty]).splitlines() if not line.startswith("#")]
    assert {e["warnings"] for e in csv.DictReader(lines)} == {"It is torn."}


# --- what an error lacks --------------------------------------------------------------------------

NOT_VARIED = f"Settings were not varied, and {ERROR_TOO_SMALL} by that."


def _incomplete_row() -> RedShiftTableRow:
    """The adiabatic error lacks settings; that of the oscillator a kind, for one band."""
    row = _rows()[0]
    adiabatic = row.results["adiabatic"]
    assert adiabatic is not None
    oscillator = replace(
        _mechanism("oscillator", 0.002, Part.METAL_OXYGEN), symmetric_errors=(STEP,)
    )
    results = {
        "oscillator": oscillator,
        **row.results,
        "adiabatic": replace(adiabatic, warnings=("It mixes.", NOT_VARIED)),
    }
    return replace(row, results=results)


def test_an_error_lacks_what_warnings_name_and_kinds_that_are_not_there() -> None:
    row = _incomplete_row()
    for band in Band:
        found = row.predicted("adiabatic", band)
        assert found is not None
        assert found.missing_errors == (NOT_VARIED,)
    lacking = row.predicted("oscillator", Band.SYMMETRIC)
    whole = row.predicted("oscillator", Band.ANTISYMMETRIC)
    assert lacking is not None
    assert whole is not None
    assert lacking.missing_errors == ("No error by truncation was determined.",)
    assert whole.missing_errors == ()


def test_a_slope_without_any_error_says_so_and_a_fitted_one_need_not() -> None:
    bare = replace(
        _mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS),
        antisymmetric_errors=(),
        warnings=(NOT_VARIED,),
    )
    assert bare.missing_errors(Band.ANTISYMMETRIC) == ("No error was determined.",)
    assert replace(bare, standing="fitted").missing_errors(Band.ANTISYMMETRIC) == ()
    assert replace(bare, antisymmetric_cm1=None).missing_errors(Band.ANTISYMMETRIC) == ()


def test_the_adiabatic_route_words_its_missing_errors_so_that_they_are_found() -> None:
    from types import SimpleNamespace

    from reticulum.thermal import adiabatic_run
    from reticulum.thermal.adiabatic_options import AdiabaticOptions

    still = SimpleNamespace(is_imaginary=False, slopes_cm1_per_k=np.zeros(6), outside=0.0)
    for checked in (True, False):
        warnings = adiabatic_run._warnings(
            SimpleNamespace(is_asymmetric=False),  # type: ignore[arg-type]
            [],
            [still],  # type: ignore[list-item]
            AdiabaticOptions(check_settings=checked),
        )
        assert any(ERROR_TOO_SMALL in text for text in warnings) is not checked


def test_a_sum_lacks_what_its_terms_lack() -> None:
    row = _incomplete_row()
    found = row.predicted(SUM, Band.SYMMETRIC)
    assert found is not None
    assert "oscillator" in row.summed_methods(Band.SYMMETRIC)
    assert sorted(found.missing_errors) == [
        f"adiabatic: {NOT_VARIED}",
        "oscillator: No error by truncation was determined.",
    ]


def test_rows_whose_errors_lack_something_count_and_are_counted() -> None:
    rows = [_incomplete_row(), *_rows()[1:]]
    found = score(rows, "adiabatic", Band.ANTISYMMETRIC)
    assert (found.n_rows, found.n_incomplete, found.sign_hits) == (10, 1, 10)
    assert score(rows, SUM, Band.ANTISYMMETRIC).n_incomplete == 1
    assert score(rows, "quasi-harmonic", Band.ANTISYMMETRIC).n_incomplete == 0
    assert found.to_dict()["n_incomplete_errors"] == 1
    doubtful = replace(_incomplete_row(), results={
        "adiabatic": replace(rows[0].results["adiabatic"], untrusted_because="no")})  # fmt: skip
    only = score([doubtful], "adiabatic", Band.ANTISYMMETRIC)
    assert (only.n_rows, only.n_untrusted, only.n_incomplete) == (0, 1, 0)


def test_footnotes_say_each_sentence_once_and_marks_point_to_them() -> None:
    first = _incomplete_row()
    second = replace(_rows()[5], results=dict(first.results))
    found = footnotes([first, second])
    # both materials have the same notes, so they share the footnotes
    assert [entry.number for entry in found] == [1, 2]
    materials = (first.measured.material, second.measured.material)
    assert found[0].places == tuple((name, "oscillator") for name in materials)
    assert found[0].notes == (
        Note(mark="†", text="symmetric band: No error by truncation was determined."),
    )
    assert found[1].notes == (Note(mark="†", text=NOT_VARIED), Note(mark="", text="It mixes."))
    for row in (first, second):
        assert marks_of(row, "adiabatic", Band.ANTISYMMETRIC, found) == "†[2]"
        assert marks_of(row, "oscillator", Band.SYMMETRIC, found) == "†[1]"
        assert marks_of(row, "oscillator", Band.ANTISYMMETRIC, found) == "[1]"
        assert marks_of(row, SUM, Band.ANTISYMMETRIC, found) == "†[2]"
        assert marks_of(row, SUM, Band.SYMMETRIC, found) == "†[1,2]"
        assert marks_of(row, "quasi-harmonic", Band.SYMMETRIC, found) == ""
        assert marks_of(row, "loose-state", Band.SYMMETRIC, found) == ""


def test_a_doubt_is_a_note_and_has_its_mark() -> None:
    row = _rows()[0]
    doubtful = _mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS, doubt="It diverges.")
    row = replace(row, results={"adiabatic": doubtful})
    assert notes_of(row, "adiabatic") == (Note(mark="(!)", text="It diverges."),)
    assert marks_of(row, "adiabatic", Band.SYMMETRIC, footnotes([row])) == " (!)[1]"


def test_the_expansion_that_was_used_is_the_first_note() -> None:
    row = _rows()[0]
    plain = replace(_mechanism("quasi-harmonic", 0.001, Part.CELL), warnings=("It is soft.",))
    stated = replace(plain, assumptions=("A band.", "α_V -15.3e-6 /K (measured)."))
    computed = replace(
        plain,
        assumptions=("A band.", GAMMA_ONLY),
        details={"expansion_per_k": -2.5e-5, "expansion_origin": "computed at 298 K"},
    )
    for result, words in (
        (stated, "Expansion used: α_V -15.3e-6 /K (measured). A computed one is not used."),
        (computed, "Expansion used: α_V -25.0e-6 /K, computed at 298 K."),
        (replace(computed, details={}), "Expansion used: the computed one."),
    ):
        found = notes_of(replace(row, results={"quasi-harmonic": result}), "quasi-harmonic")
        assert found == (Note(mark="", text=words), Note(mark="", text="It is soft."))
    measured = [r for r in shipped_table(DEFAULT_CALCULATOR) if r.structure == "HKUST-1"]
    text = notes_of(measured[0], "quasi-harmonic")[0].text
    assert text.startswith("Expansion used: α_V -15.3e-6 /K at all temperatures (measured: ")


def test_csv_and_json_say_what_errors_lack() -> None:
    import csv

    row = _incomplete_row()
    lines = table_csv([row]).splitlines()
    entries = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    lacking = {(e["method"], e["band"]): e["error_lacks"] for e in entries if e["error_lacks"]}
    assert lacking["adiabatic", "antisymmetric"] == NOT_VARIED
    assert ("oscillator", "antisymmetric") not in lacking
    assert lacking["oscillator", "symmetric"] == "No error by truncation was determined."
    assert "adiabatic: " + NOT_VARIED in lacking["sum", "symmetric"]
    warned = {e["method"]: e["warnings"] for e in entries}
    assert warned == {"oscillator": "", "adiabatic": "It mixes.", "quasi-harmonic": "", "sum": ""}
    slopes = {(e["method"], e["band"]): e for e in row.to_dict()["slopes"]}
    assert slopes["adiabatic", "symmetric"]["error_lacks"] == [NOT_VARIED]
    assert slopes["oscillator", "antisymmetric"]["error_lacks"] == []
    assert slopes["sum", "symmetric"]["error_cm1_per_k"] == pytest.approx(0.002 * np.sqrt(3.0))


# --- run folders ----------------------------------------------------------------------------------


def _run(runs: Path, structure: str, *, calculator: str = "test", of: str = "") -> Path:
    """Run folder of a bundled structure."""
    folder = runs / f"{structure}_{calculator}"
    folder.mkdir()
    identity = {"structure": structure_digest(of or structure), "calculator": calculator}
    (folder / "run.json").write_text(json.dumps({"layout": 1, "identity": identity}))
    return folder


def _by_material(runs: Path) -> dict[str, RedShiftTableRow]:
    return {row.measured.material: row for row in table_of_runs(runs, "test")}


def test_rows_of_runs_are_read(tmp_path: Path) -> None:
    folder = _run(tmp_path, table1_structures()["MOF-5"])
    store_mechanism(folder, "adiabatic", _mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS), "ok")
    store_mechanism(folder, "loose-state", None, "There is no second minimum.")
    row = _by_material(tmp_path)["MOF-5"]
    assert row.status is RowStatus.COMPUTED
    assert row.results["loose-state"] is None
    assert row.verdicts["loose-state"] == "There is no second minimum."
    found = row.predicted("adiabatic", Band.ANTISYMMETRIC)
    assert found is not None
    assert found.slope_cm1_per_k == pytest.approx(-0.01)


def test_run_folders_that_cannot_be_used_leave_the_others(tmp_path: Path) -> None:
    names = table1_structures()
    good = _run(tmp_path, names["MOF-5"])
    store_mechanism(good, "adiabatic", _mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS), "ok")
    _run(tmp_path, names["UiO-66"])
    _run(tmp_path, names["HKUST-1"], of=names["MOF-5"])
    torn = _run(tmp_path, names["MIL-125"])
    store_mechanism(torn, "adiabatic", _mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS), "ok")
    (torn / "mechanism-sampling.json").write_text('{"mechanism": {"name"')
    (tmp_path / f"{names['Zn-MOF-74']}_test").mkdir()
    (tmp_path / f"{names['MUV-10 (Mn)']}_test").mkdir()
    (tmp_path / f"{names['Zn-MOF-74']}_test" / "forces.db").touch()
    other = _run(tmp_path, names["Mg-MOF-74"])
    identity = {"structure": structure_digest(names["Mg-MOF-74"]), "calculator": "another"}
    (other / "run.json").write_text(json.dumps({"layout": 1, "identity": identity}))
    odd = _run(tmp_path, names["MUV-10 (Ca)"])
    (odd / "run.json").write_text(json.dumps({"identity": {"symprec (Å)": "fine"}}))
    rows = _by_material(tmp_path)
    assert {name: row.status.value for name, row in rows.items()} == {
        "HKUST-1": "foreign",
        "MUV-10 (Ca)": "damaged",
        "MUV-10 (Mn)": "missing",
        "Mg-MOF-74": "foreign",
        "Zn-MOF-74": "damaged",
        "MOF-5": "computed",
        "MIL-125": "damaged",
        "MIL-125-NH2": "missing",
        "UiO-66": "unfinished",
        "Sodium benzoate": "missing",
    }
    words = {
        "HKUST-1": "structure is another",
        "MUV-10 (Ca)": "'fine'",
        "Mg-MOF-74": "computed with another, not test",
        "Zn-MOF-74": "no run.json",
        "MIL-125": "mechanism-sampling.json is not a complete JSON file",
    }
    for name, row in rows.items():
        assert words.get(name, "") in row.problem
        assert bool(row.problem) == (name in words)
        assert "\n" not in row.problem
    # a row with one damaged method shows none: its sum would be another one
    assert not rows["MIL-125"].results
    assert f'"{rows["HKUST-1"].problem}"' in table_csv(list(rows.values()))
    assert score(list(rows.values()), "adiabatic", Band.ANTISYMMETRIC).n_rows == 1


@pytest.mark.parametrize(
    "change",
    [
        {"temperatures_k": [200.0, "warm", 400.0]},
        {"temperatures_k": [200.0, None, 400.0]},
        {"bands": {"antisymmetric": {"positions_cm1": [1600.0, None, 1599.0], "errors": []}}},
        {"bands": 1},
        {"contributions": [{"name": "x"}]},
        {"warnings": None},
    ],
)
def test_a_damaged_result_is_refused_with_its_name(tmp_path: Path, change: dict) -> None:
    store_mechanism(tmp_path, "adiabatic", _mechanism("adiabatic", -0.01, Part.CELL), "ok")
    assert stored_mechanism(tmp_path, "adiabatic") is not None
    file = tmp_path / "mechanism-adiabatic.json"
    content = json.loads(file.read_text())
    content["mechanism"] |= change
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"mechanism-adiabatic\.json"):
        stored_mechanism(tmp_path, "adiabatic")
    assert stored_mechanism(tmp_path, "sampling") is None


def test_the_shipped_table_has_all_ten_materials_and_names_what_is_missing() -> None:
    assert DEFAULT_CALCULATOR in shipped_calculators()
    for calculator in shipped_calculators():
        rows = shipped_table(calculator)
        assert [row.measured.material for row in rows] == [r.material for r in load_table1()]
        for row in rows:
            assert (row.status is RowStatus.MISSING) == (not row.results)
            assert row.provenance.get("identity", {}).get("calculator", calculator) == calculator
