"""`reticulum table1` as a user meets it."""

from __future__ import annotations

import itertools
import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from reticulum.cli.main import app
from reticulum.errors import CalculationError
from reticulum.plotting.redshift_table import PlottedSlope, figure_redshift_table
from reticulum.report.gamma_modes import structure_digest
from reticulum.thermal.mechanism import Band, MechanismResult, Part
from reticulum.thermal.stored_mechanisms import store_mechanism

T = np.array([200.0, 300.0, 400.0])


def _invoke(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["table1", *arguments])
    return answer.exit_code, answer.output


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "MOF-5_gfn1-xtb"
    folder.mkdir(parents=True)
    identity = {"structure": structure_digest("MOF-5"), "calculator": "gfn1-xtb"}
    (folder / "run.json").write_text(json.dumps({"layout": 1, "identity": identity}))
    for name, slope, doubt in (("adiabatic", -0.013, ""), ("mode-coupling", -0.3, "it cancels")):
        result = MechanismResult(
            name=name,
            title=name,
            temperatures_k=T.copy(),
            antisymmetric_cm1=1600.0 + slope * T,
            symmetric_cm1=None,
            parts=frozenset({Part.SOFT_MOTIONS}),
            n_calls=3,
            assumptions=(),
            untrusted_because=doubt,
        )
        store_mechanism(folder, name, result, "")
    store_mechanism(folder, "loose-state", None, "There is no second minimum.")
    return tmp_path / "runs"


def test_rows_scores_and_reasons_are_printed(runs: Path) -> None:
    status, text = _invoke("--runs", str(runs))
    assert status == 0
    assert "-0.0130" in text
    assert "+0.0130" in text  # predicted less measured, -0.013 against -0.026
    assert "1/1" in text
    assert "(!) MOF-5, mode-coupling: it cancels" in text
    assert "There is no second minimum." in text
    assert "HKUST-1 is missing: reticulum redshift HKUST-1 --methods all" in text


def test_tables_fit_a_narrow_terminal(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, text = _invoke("--runs", str(runs))
    assert " mode-coupling " in text
    assert " sum " not in text  # one mechanism that may be summed makes no sum
    ruled = [line for line in text.splitlines() if line.startswith(" ─")]
    assert len(ruled) == 3
    assert all(len(line) <= 80 for line in ruled)


def test_files_are_written_and_not_overwritten(runs: Path, tmp_path: Path) -> None:
    figure, table = tmp_path / "t.png", tmp_path / "t.csv"
    status, _ = _invoke("--runs", str(runs), "-o", str(figure), "-o", str(table))
    assert status == 0
    assert figure.read_bytes()[:4] == b"\x89PNG"
    assert ",adiabatic,-0.013" in table.read_text()
    status, text = _invoke("--runs", str(runs), "-o", str(table))
    assert status != 0
    assert "exists already" in text
    status, _ = _invoke("--runs", str(runs), "-o", str(table), "--force")
    assert status == 0


def test_a_material_that_fails_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []

    def predict(run: str, **keywords: object) -> SimpleNamespace:
        computed.append(run)
        if run == "MOF-5":
            raise CalculationError("No density.", why="Why.", fix="Fix.")
        return SimpleNamespace(failures={"adiabatic": "It diverged."})

    monkeypatch.setattr(
        "reticulum.phonons.run.open_run",
        lambda *arguments, label, **keywords: nullcontext(label),
    )
    monkeypatch.setattr("reticulum.thermal.redshift.predict_redshift", predict)
    arguments = ["--only", "MOF-5", "--only", "UiO-66", "--compute", "adiabatic"]
    status, text = _invoke("--runs", str(tmp_path), *arguments)
    assert computed == ["MOF-5", "UiO-66"]
    assert status != 0
    assert "Not computed: MOF-5, UiO-66 adiabatic" in text
    assert "UiO-66 is missing" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--compute", "oscillator"), "need a folder"),
        (("--only", "MOF-5", "--runs", "."), "belongs to --compute"),
        (("-c", "7net-0"), "default calculator"),
        (("--runs", "nowhere"), "no folder nowhere"),
        (("-o", "table.docx"), "no ending"),
    ],
)
def test_contradictions_are_refused(arguments: tuple[str, ...], words: str) -> None:
    status, text = _invoke(*arguments)
    assert status != 0
    assert words in " ".join(text.split())
    assert "Traceback" not in text


def test_doubtful_slopes_are_hollow_in_the_figure() -> None:
    slopes = [
        PlottedSlope(
            material=f"M{place}",
            method="adiabatic",
            band=Band.ANTISYMMETRIC,
            measured=-0.02,
            predicted=-0.01,
            error=None,
            doubtful=doubtful,
        )
        for place, doubtful in enumerate((True, False))
    ]
    axes = figure_redshift_table(slopes).axes[0]
    faces = [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "o"]
    assert faces == ["none", "#0072B2"]


def test_numbers_on_the_axis_do_not_run_into_each_other() -> None:
    slopes = [
        PlottedSlope(
            material=name,
            method="adiabatic",
            band=Band.ANTISYMMETRIC,
            measured=measured,
            predicted=measured,
            error=None,
            doubtful=False,
        )
        for name, measured in (("A", -0.0095), ("B", -0.026))
    ]
    figure = figure_redshift_table(slopes)
    axes = figure.axes[0]
    figure.draw_without_rendering()
    boxes = [
        label.get_window_extent()
        for tick, label in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        if axes.get_xlim()[0] <= tick <= axes.get_xlim()[1]
    ]
    assert all(left.x1 < right.x0 for left, right in itertools.pairwise(boxes))
