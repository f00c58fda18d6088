"""The report on the red-shift: lines, sums, stored results, and a mechanism that fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reticulum.errors import CalculationError, InputError
from reticulum.reference.tables import find_table1_row
from reticulum.thermal import mechanisms
from reticulum.thermal.mechanism import (
    KINDS_OF_COMPUTED,
    Band,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
)
from reticulum.thermal.mechanisms import (
    ExpectedCost,
    chosen_methods,
    find_mechanism,
    unasked_methods,
)
from reticulum.thermal.quick_pictures import two_state_variants, verdict_sentence
from reticulum.thermal.redshift import predict_redshift
from reticulum.thermal.redshift_report import RedShiftReport
from reticulum.thermal.stored_mechanisms import stored_mechanism

T = np.array([200.0, 300.0, 400.0])


def _mechanism(name: str, slope: float, part: Part, doubt: str = "") -> MechanismResult:
    return MechanismResult(
        name=name,
        title=name,
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + slope * T,
        symmetric_cm1=None,
        antisymmetric_errors=(
            SlopeError(kind=ErrorKind.STEP_SIZE, size_cm1_per_k=0.002, origin="test"),
        ),
        parts=frozenset({part}),
        n_calls=7,
        assumptions=("The cell is fixed.",),
        untrusted_because=doubt,
    )


REPORT = RedShiftReport(
    label="HKUST-1",
    measured=find_table1_row("HKUST-1"),
    two_state=two_state_variants(),
    mechanisms=(
        _mechanism("adiabatic", -0.012, Part.SOFT_MOTIONS),
        _mechanism("quasi-harmonic", 0.004, Part.CELL),
        _mechanism("mode-coupling", -0.3, Part.SOFT_MOTIONS, doubt="it cancels"),
    ),
    shipped=frozenset({"quasi-harmonic"}),
)


def test_measured_stands_first_and_the_sum_last() -> None:
    lines = REPORT.lines()
    assert lines[0].standing == "measured"
    assert lines[-1].picture == "sum of adiabatic, quasi-harmonic"
    assert lines[-1].antisymmetric == pytest.approx(-0.008)
    assert lines[-1].antisymmetric_error == pytest.approx(0.002 * np.sqrt(2.0))
    assert any(line.picture == "quasi-harmonic (stored)" for line in lines)
    assert [line.doubt for line in lines if line.doubt] == ["it cancels"]


def test_fitted_two_states_are_never_in_the_sum() -> None:
    (total,) = (entry for entry in REPORT.sums() if entry.band is Band.ANTISYMMETRIC)
    why = dict(total.left_out)
    assert all("fitted" in why[title] for title in why if title.startswith("two states"))
    assert "not to be trusted" in why["mode-coupling"]


def test_sentences_tell_sign_and_size_of_the_sum() -> None:
    (sentence,) = (s for s in REPORT.verdicts() if s.startswith("sum: antisymmetric"))
    assert "-0.0080" in sentence
    assert "38 % of the size" in sentence


def test_csv_and_json_hold_errors_calls_and_doubts() -> None:
    header, *rows = (r for r in REPORT.to_csv().splitlines() if not r.startswith("#"))
    row = next(r for r in rows if r.startswith('"mode-coupling"'))
    lacks = "mode-coupling: No error by truncation was determined."
    assert row == (
        f'"mode-coupling","computed",-0.300000,,0.002000,,7,"straight","{lacks}","it cancels"'
    )
    assert header.split(",")[-2:] == ["errors_lack", "not_to_be_trusted_because"]
    measured = next(r for r in rows if '"measured"' in r)
    assert measured.endswith(',"","",""')
    content = REPORT.to_dict()
    assert content["mechanisms_stored_with_the_package"] == ["quasi-harmonic"]
    assert content["causes_left_out"] == [
        part.value for part in (Part.METAL_OXYGEN, Part.STIFF_MOTIONS, Part.SELF, Part.POPULATIONS)
    ]


def test_lines_carry_what_their_errors_lack() -> None:
    """Two mechanisms of one kind, stored or not, and the sum; fitted and measured lines nothing."""
    lines = {line.picture: line for line in REPORT.lines()}
    absent = "No error by truncation was determined."
    assert [kind.value for kind in KINDS_OF_COMPUTED if kind is not ErrorKind.STEP_SIZE] == [
        ErrorKind.TRUNCATION.value
    ]
    assert lines["adiabatic"].missing_errors == {Band.ANTISYMMETRIC: (f"adiabatic: {absent}",)}
    assert lines["quasi-harmonic (stored)"].missing_errors == {
        Band.ANTISYMMETRIC: (f"quasi-harmonic: {absent}",)
    }
    total = lines["sum of adiabatic, quasi-harmonic"].missing_errors
    # not what the error of the doubtful one lacks, which is not in the sum
    assert total == {
        Band.ANTISYMMETRIC: (f"adiabatic: {absent}", f"quasi-harmonic: {absent}"),
    }
    others = [line for line in lines.values() if line.standing != "computed"]
    assert others
    assert not any(line.missing_errors for line in others)
    written = {entry["picture"]: entry["errors_lack"] for entry in REPORT.to_dict()["slopes"]}
    assert written["adiabatic"] == {"antisymmetric": [f"adiabatic: {absent}"]}


def test_methods_are_chosen_by_name_and_group() -> None:
    assert chosen_methods(["adiabatic,two-state"]) == ("two-state", "adiabatic")
    assert chosen_methods(["quick", "quick"]) == ("two-state", "oscillator")
    assert chosen_methods(["default"]) == ("two-state", "oscillator", "adiabatic")
    assert "md" not in chosen_methods(["all"])
    for words in (["magic"], [","], []):
        with pytest.raises(InputError, match=r"[Nn]o method"):
            chosen_methods(words)


def test_only_the_word_default_brings_the_prediction_unasked() -> None:
    assert unasked_methods(["default"]) == {"adiabatic": 30.0}
    assert unasked_methods(["default,quasi-harmonic", "quick"]) == {"adiabatic": 30.0}
    for words in (["default", "adiabatic"], ["all,default"], ["adiabatic"], ["quick"]):
        assert unasked_methods(words) == {}
    with pytest.raises(InputError, match="no method"):
        unasked_methods(["default,magic"])


def test_every_mechanism_of_the_catalogue_can_be_imported() -> None:
    import importlib

    for entry in mechanisms.CATALOGUE:
        for place in filter(None, (entry.place, entry.cost_place)):
            module, _, function = place.partition(":")
            assert callable(getattr(importlib.import_module(module), function))
        assert find_mechanism(entry.name) is entry
    with pytest.raises(ValueError, match="not known"):
        find_mechanism("md").cost(None, None)  # type: ignore[arg-type]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A run whose phonons cost nothing; mechanisms are replaced by what a test wants."""
    monkeypatch.setattr("reticulum.phonons.run.gamma_phonons", lambda run: None)
    table = SimpleNamespace(phonons=SimpleNamespace(atoms="relaxed"))
    monkeypatch.setattr("reticulum.phonons.modes.mode_table", lambda phonons: table)
    monkeypatch.setattr("reticulum.phonons.run.changed_bonds", lambda before, after: "")
    monkeypatch.setattr(
        "reticulum.thermal.carboxylate_bands.track_carboxylate_modes", lambda table: None
    )
    messages: list[str] = []
    return SimpleNamespace(
        label="x",
        primitive=SimpleNamespace(atoms="given"),
        folder=SimpleNamespace(path=tmp_path),
        progress=SimpleNamespace(message=messages.append),
        messages=messages,
    )


def test_a_mechanism_that_fails_leaves_the_others_standing(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(entry: Any, run: Any, table: Any, **keywords: Any) -> Any:
        if entry.name == "adiabatic":
            raise CalculationError("The soft mode diverged.", why="Why.", fix="Fix.")
        return SimpleNamespace(mechanism=_mechanism(entry.name, 0.004, Part.CELL), verdict="blue")

    monkeypatch.setattr(mechanisms.MechanismEntry, "compute", compute)
    seen: list[str] = []
    report = predict_redshift(
        run,
        methods=("adiabatic", "quasi-harmonic"),
        after_each=lambda so_far, name, outcome: seen.append(name),
    )
    assert report.failures == {"adiabatic": "The soft mode diverged. Why. Fix."}
    assert [result.name for result in report.mechanisms] == ["quasi-harmonic"]
    assert report.verdicts_by_mechanism == {"quasi-harmonic": "blue"}
    assert seen == ["quasi-harmonic"]
    assert "diverged" in run.messages[0]
    again = predict_redshift(run, methods=())
    assert [result.name for result in again.mechanisms] == ["quasi-harmonic"]
    assert not again.failures


def test_slopes_of_a_crystal_with_other_bonds_are_not_to_be_trusted(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that were stored before; a doubt that a mechanism has itself stays."""
    doubts = {"quasi-harmonic": "", "mode-coupling": "It cancels."}

    def compute(entry: Any, run: Any, table: Any, **keywords: Any) -> Any:
        found = _mechanism(entry.name, 0.004, Part.CELL, doubt=doubts[entry.name])
        return SimpleNamespace(mechanism=found, verdict="blue")

    monkeypatch.setattr(mechanisms.MechanismEntry, "compute", compute)
    assert predict_redshift(run, methods=("quasi-harmonic",)).mechanisms[0].untrusted_because == ""
    opened = "The relaxation opened 6 Zn-O bonds."
    monkeypatch.setattr(
        "reticulum.phonons.run.changed_bonds",
        lambda before, after: opened if (before, after) == ("given", "relaxed") else "",
    )
    report = predict_redshift(run, methods=("mode-coupling",))
    found = {result.name: result.untrusted_because for result in report.mechanisms}
    assert found == {"quasi-harmonic": opened, "mode-coupling": "It cancels."}
    assert all(total.slope_cm1_per_k is None for total in report.sums())
    predict_redshift(run, methods=("quasi-harmonic",))
    stored, _ = stored_mechanism(run.folder.path, "quasi-harmonic") or (None, "")
    assert stored is not None
    assert stored.untrusted_because == opened


def test_a_mechanism_that_refuses_leaves_the_others_standing(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute(entry: Any, run: Any, table: Any, **keywords: Any) -> Any:
        if entry.name == "quasi-harmonic":
            raise InputError("This calculator has no stress.")
        return SimpleNamespace(mechanism=_mechanism(entry.name, -0.01, Part.CELL), verdict="")

    monkeypatch.setattr(mechanisms.MechanismEntry, "compute", compute)
    report = predict_redshift(run, methods=("quasi-harmonic", "mode-coupling"))
    assert [result.name for result in report.mechanisms] == ["mode-coupling"]
    assert "no stress" in (report.failures or {})["quasi-harmonic"]
    with pytest.raises(InputError, match="no stress"):
        predict_redshift(run, methods=("quasi-harmonic",))


def test_a_scan_that_fails_leaves_the_others_standing(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scan(*arguments: Any, **keywords: Any) -> Any:
        raise CalculationError("The scan found no minimum.", why="Why.", fix="Fix.")

    def compute(entry: Any, run: Any, table: Any, **keywords: Any) -> Any:
        return SimpleNamespace(mechanism=_mechanism(entry.name, 0.004, Part.CELL), verdict="blue")

    monkeypatch.setattr("reticulum.thermal.metal_oxygen_scan.scan_metal_oxygen", scan)
    monkeypatch.setattr(mechanisms.MechanismEntry, "compute", compute)
    report = predict_redshift(run, methods=("two-state", "oscillator", "quasi-harmonic"))
    assert list(report.failures or {}) == ["oscillator"]
    assert [result.name for result in report.mechanisms] == ["quasi-harmonic"]
    assert len(report.two_state) == 2


def test_a_prediction_that_nobody_named_is_computed_once_and_only_if_it_is_short(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    computed: list[str] = []

    def compute(entry: Any, run: Any, table: Any, **keywords: Any) -> Any:
        computed.append(entry.name)
        return SimpleNamespace(mechanism=_mechanism(entry.name, 0.004, Part.CELL), verdict="")

    monkeypatch.setattr(mechanisms.MechanismEntry, "compute", compute)
    monkeypatch.setattr(
        mechanisms.MechanismEntry,
        "cost",
        lambda *given, **keywords: ExpectedCost(n_calls=1800, minutes=54.0),
    )
    limits = {"adiabatic": 30.0}
    report = predict_redshift(run, methods=("adiabatic",), within_minutes=limits)
    assert computed == []
    assert not report.failures
    (note,) = report.not_begun_notes()
    assert "up to 1800 force calculations, 54 minutes" in note
    assert "--methods adiabatic" in note
    assert replace(report, modes=None).to_dict()["not_computed"] == {
        "adiabatic": {"n_calls_at_most": 1800, "minutes_at_most": 54.0}
    }
    report = predict_redshift(
        run, methods=("adiabatic",), within_minutes=limits, known={"adiabatic"}
    )
    assert computed == []
    assert report.not_begun_notes() == ()
    for _ in range(2):  # the second time it is in the folder
        report = predict_redshift(run, methods=("adiabatic",), within_minutes={"adiabatic": 60.0})
        assert computed == ["adiabatic"]
        assert [result.name for result in report.mechanisms] == ["adiabatic"]
    (tmp_path / "mechanism-adiabatic.json").write_text('{"mechanism": ')
    with pytest.raises(InputError, match="mechanism-adiabatic"):
        predict_redshift(run, methods=("adiabatic",), within_minutes=limits)
    assert ExpectedCost(n_calls=9, minutes=300.0).text == "9 force calculations, 5.0 hours"


def test_a_damaged_result_stops_before_anything_is_computed_unless_it_is_made_anew(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    computed: list[str] = []

    def compute(entry: Any, run: Any, table: Any, **keywords: Any) -> Any:
        computed.append(entry.name)
        return SimpleNamespace(mechanism=_mechanism(entry.name, 0.004, Part.CELL), verdict="")

    monkeypatch.setattr(mechanisms.MechanismEntry, "compute", compute)
    (tmp_path / "mechanism-mode-coupling.json").write_text('{"mechanism": ')
    with pytest.raises(InputError, match="mechanism-mode-coupling"):
        predict_redshift(run, methods=("quasi-harmonic",))
    assert computed == []
    report = predict_redshift(
        run, methods=("quasi-harmonic", "mode-coupling"), after_each=lambda *finished: None
    )
    assert [result.name for result in report.mechanisms] == ["quasi-harmonic", "mode-coupling"]


def test_what_is_not_to_be_trusted_is_said_where_it_is_compared() -> None:
    for sentence in REPORT.verdicts():
        assert sentence.startswith("mode-coupling") == ("not to be trusted" in sentence)


def test_an_error_larger_than_the_slope_leaves_the_sign_open() -> None:
    assert "right sign, 50 %" in verdict_sentence("x", -0.01, -0.02, "-0.020", 0.009)
    assert "wrong sign, 0.0300" in verdict_sentence("x", 0.01, -0.02, "-0.020", None)
    open_sign = verdict_sentence("x", -0.01, -0.02, "-0.020", 0.03)
    assert "right" not in open_sign
    assert "error of 0.0300 leaves its sign open" in open_sign
