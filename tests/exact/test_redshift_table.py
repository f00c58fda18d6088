"""The table of predicted and measured slopes: scores, sums, what does not count."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.reference.tables import load_table1
from reticulum.report.gamma_modes import RowStatus, table1_structures
from reticulum.report.redshift_table import (
    SUM,
    RedShiftTableRow,
    methods_in,
    score,
    shipped_table,
    table_csv,
    table_of_runs,
)
from reticulum.thermal.mechanism import Band, ErrorKind, MechanismResult, Part, SlopeError
from reticulum.thermal.stored_mechanisms import store_mechanism, stored_mechanism

T = np.array([200.0, 300.0, 400.0])


def _mechanism(name: str, slope: float, part: Part, doubt: str = "") -> MechanismResult:
    return MechanismResult(
        name=name,
        title=name,
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + slope * T,
        symmetric_cm1=1400.0 - slope * T,
        antisymmetric_errors=(
            SlopeError(kind=ErrorKind.STEP_SIZE, size_cm1_per_k=0.002, origin="test"),
        ),
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


def test_csv_has_a_line_for_every_prediction() -> None:
    lines = table_csv(_rows()).splitlines()
    assert len(lines) == 3 + 10 * 2 * 3
    assert lines[3].startswith('"HKUST-1",x,computed,antisymmetric,-0.021,adiabatic,-0.021')


def test_rows_of_runs_are_read_and_those_of_other_structures_refused(tmp_path: Path) -> None:
    structure = table1_structures()["MOF-5"]
    folder = tmp_path / f"{structure}_test"
    folder.mkdir()
    identity = {"structure": "another", "calculator": "test"}
    (folder / "run.json").write_text(json.dumps({"layout": 1, "identity": identity}))
    with pytest.raises(InputError, match="not a run of the bundled MOF-5"):
        table_of_runs(tmp_path, "test")
    from reticulum.report.gamma_modes import structure_digest

    identity["structure"] = structure_digest(structure)
    (folder / "run.json").write_text(json.dumps({"layout": 1, "identity": identity}))
    assert all(row.status is RowStatus.MISSING for row in table_of_runs(tmp_path, "test"))
    store_mechanism(folder, "adiabatic", _mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS), "ok")
    store_mechanism(folder, "loose-state", None, "There is no second minimum.")
    row = {r.measured.material: r for r in table_of_runs(tmp_path, "test")}["MOF-5"]
    assert row.status is RowStatus.COMPUTED
    assert row.results["loose-state"] is None
    assert row.verdicts["loose-state"] == "There is no second minimum."
    found = row.predicted("adiabatic", Band.ANTISYMMETRIC)
    assert found is not None
    assert found.slope_cm1_per_k == pytest.approx(-0.01)


def test_a_damaged_result_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "mechanism-adiabatic.json").write_text('{"mechanism": {"name": 1}}')
    with pytest.raises(InputError, match=r"mechanism-adiabatic\.json"):
        stored_mechanism(tmp_path, "adiabatic")
    assert stored_mechanism(tmp_path, "sampling") is None


def test_the_shipped_table_has_all_ten_materials_and_names_what_is_missing() -> None:
    rows = shipped_table()
    assert [row.measured.material for row in rows] == [r.material for r in load_table1()]
    for row in rows:
        assert (row.status is RowStatus.MISSING) == (not row.results)
