"""`reticulum table1` as a user meets it."""

from __future__ import annotations

import itertools
import json
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.markers import CARETLEFT, CARETRIGHT
from typer.testing import CliRunner

from reticulum.cli.main import app
from reticulum.errors import CalculationError, InputError
from reticulum.plotting.redshift_table import (
    INCOMPLETE_DASHES,
    PlottedSlope,
    figure_redshift_table,
)
from reticulum.report import redshift_table
from reticulum.report.row_status import structure_digest
from reticulum.thermal.mechanism import (
    ERROR_TOO_SMALL,
    Band,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
)
from reticulum.thermal.stored_mechanisms import store_mechanism

T = np.array([200.0, 300.0, 400.0])


ERRORS = tuple(
    SlopeError(kind=kind, size_cm1_per_k=0.001, origin="test")
    for kind in (ErrorKind.STEP_SIZE, ErrorKind.TRUNCATION)
)


def _invoke(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(app, ["table1", *arguments])
    return answer.exit_code, answer.output


def _folder(runs: Path, structure: str, calculator: str = "gfn1-xtb") -> Path:
    folder = runs / f"{structure}_{calculator}"
    folder.mkdir(parents=True)
    identity = {"structure": structure_digest(structure), "calculator": calculator}
    (folder / "run.json").write_text(json.dumps({"layout": 1, "identity": identity}))
    return folder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    folder = _folder(tmp_path / "runs", "MOF-5")
    for name, slope, doubt in (("adiabatic", -0.013, ""), ("mode-coupling", -0.3, "it cancels")):
        result = MechanismResult(
            name=name,
            title=name,
            temperatures_k=T.copy(),
            antisymmetric_cm1=1600.0 + slope * T,
            symmetric_cm1=None,
            antisymmetric_errors=ERRORS,
            parts=frozenset({Part.SOFT_MOTIONS}),
            n_calls=3,
            assumptions=(),
            warnings=("Not settled.", f"Settings: {ERROR_TOO_SMALL}."),
            untrusted_because=doubt,
        )
        store_mechanism(folder, name, result, "")
    store_mechanism(folder, "loose-state", None, "There is no second minimum.")
    return tmp_path / "runs"


def test_rows_scores_and_reasons_are_printed(runs: Path) -> None:
    status, text = _invoke("--runs", str(runs))
    assert status == 0
    assert "-0.0130±0.0014†[1]" in text
    assert "-0.3000±0.0014 (!)†[2]" in text
    assert "+0.0130" in text  # predicted less measured, -0.013 against -0.026
    assert "1/1" in text
    lines = text.splitlines()
    first = lines.index("[1] MOF-5, adiabatic:")
    assert lines[first : first + 7] == [
        "[1] MOF-5, adiabatic:",
        f"    † Settings: {ERROR_TOO_SMALL}.",
        "    Not settled.",
        "[2] MOF-5, mode-coupling:",
        "    (!) it cancels",
        f"    † Settings: {ERROR_TOO_SMALL}.",
        "    Not settled.",
    ]
    # one material counts and its error is incomplete; one is not to be trusted and does not count
    scores = [line.split() for line in lines[lines.index("How well each method does") :]]
    assert ["adiabatic", "X_a", "1", "1", "1/1", "+0.0130", "0.0130"] in scores
    assert ["mode-coupling", "X_a", "0", "1"] in scores
    assert "There is no second minimum." in text
    again = f"reticulum redshift HKUST-1 --methods all -o {runs / 'HKUST-1_gfn1-xtb'}"
    assert f"HKUST-1 is missing: {again}" in lines


def test_peak_and_single_mode_stand_under_the_slope_of_the_centre(runs: Path) -> None:
    assert "peak, mode" not in _invoke("--runs", str(runs))[1]
    folder = _folder(runs, "HKUST-1")
    names = ("antisymmetric", "symmetric")
    slopes = {"antisymmetric mode": -0.0459, "antisymmetric peak": -0.0275}
    slopes |= {f"symmetric {word}": -0.01 for word in ("mode", "peak")}  # those of the centre
    centre = dict(zip(names, (-0.0242, -0.01), strict=True))
    result = MechanismResult(
        name="adiabatic",
        title="adiabatic",
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + centre["antisymmetric"] * T,
        symmetric_cm1=1400.0 + centre["symmetric"] * T,
        parts=frozenset({Part.SOFT_MOTIONS}),
        n_calls=3,
        assumptions=(),
        details={"slopes_cm1_per_k": centre | slopes},
    )
    store_mechanism(folder, "adiabatic", result, "")
    text = _invoke("--runs", str(runs))[1]
    lines = text.splitlines()
    (place,) = (k for k, line in enumerate(lines) if line.strip().startswith("peak, mode "))
    assert lines[place].split() == ["peak,", "mode", "-0.0275,", "-0.0459"]
    assert "adiabatic" in lines[place - 1]
    assert "-0.0242" in lines[place - 1]
    assert (
        "peak, mode: slopes of the maximum of the band, which is nearest to what a fit sees" in text
    )


def test_a_table_without_predictions_says_that_nothing_is_scored(tmp_path: Path) -> None:
    _folder(tmp_path, "UiO-66")
    status, text = _invoke("--runs", str(tmp_path))
    assert status == 0
    assert "How well each method does: no row with a prediction." in text.splitlines()


def test_a_folder_without_any_run_is_refused_and_says_what_is_looked_for(
    runs: Path, tmp_path: Path
) -> None:
    unrelated = tmp_path / "unrelated"
    unrelated.mkdir()
    for make in (lambda: None, (unrelated / "notes.txt").touch, (unrelated / "MOF-5").mkdir):
        make()
        status, text = _invoke("--runs", str(unrelated))
        words = " ".join(text.split())
        assert status == 2
        assert "no run of gfn1-xtb" in words
        assert "NAME_gfn1-xtb, such as HKUST-1_gfn1-xtb" in words
        assert "missing" not in words
    status, text = _invoke("--runs", str(runs / "MOF-5_gfn1-xtb"), "--json", "-")
    assert status == 2
    assert "is itself a run folder" in " ".join(text.split())
    assert f"--runs {runs}" in text.replace("\n", "")
    status, text = _invoke("--runs", str(runs), "-c", "7net-0")
    assert status == 2
    assert "There are runs of gfn1-xtb" in " ".join(text.split())


def test_json_says_what_errors_lack(runs: Path, tmp_path: Path) -> None:
    target = tmp_path / "t.json"
    assert _invoke("--runs", str(runs), "--json", str(target))[0] == 0
    content = json.loads(target.read_text())
    row = next(row for row in content["rows"] if row["material"] == "MOF-5")
    lacking = {(e["method"], e["band"]): e["error_lacks"] for e in row["slopes"]}
    assert lacking["adiabatic", "antisymmetric"] == [f"Settings: {ERROR_TOO_SMALL}."]
    scores = {(e["method"], e["band"]): e["n_incomplete_errors"] for e in content["scores"]}
    assert scores["adiabatic", "antisymmetric"] == 1
    assert scores["mode-coupling", "antisymmetric"] == 0


def test_a_damaged_run_folder_leaves_the_others_and_ends_with_status_1(
    runs: Path, tmp_path: Path
) -> None:
    torn = _folder(runs, "HKUST-1")
    (torn / "mechanism-adiabatic.json").write_text('{"mechanism": ')
    _folder(runs, "UiO-66")
    table = tmp_path / "t.csv"
    status, text = _invoke("--runs", str(runs), "-o", str(table))
    assert status == 1
    lines = [line.split() for line in text.splitlines()]
    assert ["HKUST-1", "-0.021", "damaged"] in lines
    assert ["UiO-66", "-0.015", "unfinished"] in lines
    assert "-0.0130±0.0014†[1]" in text
    (reason,) = (line for line in text.splitlines() if line.startswith("HKUST-1 is damaged: "))
    assert "mechanism-adiabatic.json is not a complete JSON file" in reason
    again = f"reticulum redshift UiO-66 -o {runs / 'UiO-66_gfn1-xtb'}"
    assert f"UiO-66 is unfinished, no method has finished; it goes on with: {again}" in text
    assert "Run folders that cannot be used: HKUST-1 (damaged). Why:" in " ".join(text.split())
    assert "Traceback" not in text
    assert ",adiabatic,-0.013" in table.read_text()
    status, text = _invoke("--runs", str(runs), "--json", "-")
    assert status == 1
    assert '"status": "damaged"' in text


def test_runs_without_a_finished_method_are_no_error(runs: Path) -> None:
    """`modes --compute` leaves such folders behind for every material."""
    _folder(runs, "UiO-66")
    (runs / "HKUST-1_gfn1-xtb").mkdir()
    status, text = _invoke("--runs", str(runs))
    assert status == 0
    assert "UiO-66 is unfinished" in text
    assert "HKUST-1 is missing" in text
    assert "Error" not in text


def test_rows_of_the_package_are_chosen_by_the_calculator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _folder(tmp_path / "runs", "MOF-5", "7net-0")
    result = MechanismResult(
        name="adiabatic",
        title="adiabatic",
        temperatures_k=T.copy(),
        antisymmetric_cm1=1400.0 - 0.0123 * T,
        symmetric_cm1=None,
        parts=frozenset({Part.SOFT_MOTIONS}),
        n_calls=3,
        assumptions=(),
    )
    store_mechanism(folder, "adiabatic", result, "")
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    for file in redshift_table.SHIPPED_FOLDER.glob("redshift_gfn1*.json"):
        (shipped / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(redshift_table, "SHIPPED_FOLDER", shipped)
    status, text = _invoke("-c", "7net-0")
    assert status != 0
    words = " ".join(text.split())
    assert "No rows computed with 7net-0 come with the package." in words
    assert "There are rows of: gfn1-xtb." in words
    redshift_table.write_shipped_rows(tmp_path / "runs", "7net-0", shipped / "redshift_7net_0.json")
    status, text = _invoke("-c", "7net-0")
    assert status == 0
    assert "-0.0123†[1]" in text
    assert "    † No error was determined." in text.splitlines()
    assert "Computed with 7net-0" in text
    assert "Rows of gfn1-xtb are stored too" in text
    assert "HKUST-1 is missing: reticulum redshift HKUST-1 --methods all -c 7net-0" in text
    status, text = _invoke()
    assert status == 0
    assert "-0.0123" not in text
    assert "Rows of 7net-0 are stored too" in text


def test_mechanisms_of_the_package_are_added_to_a_run_of_any_calculator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reticulum.cli.redshift import _with_shipped
    from reticulum.thermal.redshift_report import RedShiftReport

    folder = _folder(tmp_path / "runs", "MOF-5", "7net-0")
    result = MechanismResult(
        name="adiabatic",
        title="adiabatic route",
        temperatures_k=T.copy(),
        antisymmetric_cm1=1400.0 - 0.0123 * T,
        symmetric_cm1=None,
        parts=frozenset({Part.SOFT_MOTIONS}),
        n_calls=3,
        assumptions=(),
    )
    store_mechanism(folder, "adiabatic", result, "Found.")
    shipped = tmp_path / "shipped"
    redshift_table.write_shipped_rows(tmp_path / "runs", "7net-0", shipped / "redshift_7net_0.json")
    monkeypatch.setattr(redshift_table, "SHIPPED_FOLDER", shipped)
    report = _with_shipped(RedShiftReport(label="MOF-5", measured=None), folder)
    assert [line.picture for line in report.lines()] == ["adiabatic route (stored)"]
    other = _folder(tmp_path / "other", "MOF-5")
    assert _with_shipped(RedShiftReport(label="MOF-5", measured=None), other).lines() == ()


def test_tables_fit_a_narrow_terminal(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, text = _invoke("--runs", str(runs))
    assert " mode-coupling   -0.3000±0.0014 (!)†[2] " in text
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


def test_written_files_are_named_unless_json_is_on_standard_output(tmp_path: Path) -> None:
    table, target = tmp_path / "t.csv", tmp_path / "t.json"
    assert _invoke("-o", str(table), "--json", str(target)) == (0, f"written: {table}\n")
    status, text = _invoke("-o", str(table), "--force", "--json", "-")
    assert status == 0
    assert json.loads(text)["rows"]


def test_a_material_that_fails_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []

    def predict(run: str, **keywords: object) -> SimpleNamespace:
        computed.append(run)
        if run == "MOF-5":
            raise CalculationError("No density.", why="Why.", fix="Fix.")
        return SimpleNamespace(failures={"adiabatic": "It diverged."})

    def opened(*arguments: object, label: str, **keywords: object) -> object:
        if label == "HKUST-1":
            raise InputError("The run folder belongs to another calculation.", why="It differs.")
        return nullcontext(label)

    monkeypatch.setattr("reticulum.phonons.run.open_run", opened)
    monkeypatch.setattr("reticulum.thermal.redshift.predict_redshift", predict)
    arguments = [word for name in ("HKUST-1", "MOF-5", "UiO-66") for word in ("--only", name)]
    arguments += ["--compute", "adiabatic"]
    status, text = _invoke("--runs", str(tmp_path), *arguments)
    assert computed == ["MOF-5", "UiO-66"]
    assert status == 1
    assert "Not computed: HKUST-1, MOF-5, UiO-66 adiabatic" in text
    assert "belongs to another calculation" in text
    assert "UiO-66 is missing" in text


def test_two_state_alone_is_refused_before_anything_is_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = _without_calculations(monkeypatch)
    runs = tmp_path / "runs"
    for words in (("two-state",), (" Two-State,",), ("two-state", "two-state")):
        given = [argument for word in words for argument in ("--compute", word)]
        status, text = _invoke("--runs", str(runs), *given, "--only", "HKUST-1")
        assert status == 2
        text = " ".join(text.split())
        assert "Error: There is nothing to compute for two-state." in text
        assert "fitted, not computed" in text
        assert "reticulum redshift NAME --methods two-state" in text
    assert not computed
    assert not runs.exists()


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("quick", ("two-state", "oscillator")),
        ("two-state,loose-state", ("two-state", "loose-state")),
        ("default", ("two-state", "oscillator", "adiabatic")),
    ],
)
def test_two_state_among_others_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, names: tuple[str, ...]
) -> None:
    computed = _without_calculations(monkeypatch)
    status, _ = _invoke("--runs", str(tmp_path), "--compute", words, "--only", "HKUST-1")
    assert status == 0
    assert computed == [("HKUST-1", names)]


def _without_calculations(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """Materials and methods that would be computed, filled by the command."""
    computed: list[tuple[str, tuple[str, ...]]] = []

    def predict(run: str, *, methods: tuple[str, ...], **keywords: object) -> SimpleNamespace:
        computed.append((run, methods))
        return SimpleNamespace(failures={})

    def opened(*arguments: object, label: str, **keywords: object) -> object:
        return nullcontext(label)

    monkeypatch.setattr("reticulum.phonons.run.open_run", opened)
    monkeypatch.setattr("reticulum.thermal.redshift.predict_redshift", predict)
    return computed


def test_a_row_left_unfinished_goes_on_with_the_methods_that_were_asked_for(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without_calculations(monkeypatch)
    for name in ("UiO-66", "HKUST-1"):
        _folder(runs, name)
    compute = ["--compute", "oscillator, loose-state", "--compute", "adiabatic"]
    _, text = _invoke("--runs", str(runs), *compute, "--only", "UiO-66")
    goes_on = "is unfinished, no method has finished; it goes on with: reticulum redshift"
    methods = "oscillator,loose-state,adiabatic"
    folder = runs / "UiO-66_gfn1-xtb"
    assert f"UiO-66 {goes_on} UiO-66 --methods {methods} -o {folder}" in text.splitlines()
    # of one that was not computed in this call nothing is known
    assert f"HKUST-1 {goes_on} HKUST-1 -o" in text
    _, text = _invoke("--runs", str(runs))
    assert f"UiO-66 {goes_on} UiO-66 -o" in text


def test_a_row_without_a_sum_says_why(runs: Path) -> None:
    folder = _folder(runs, "HKUST-1")
    for name, part, doubt in (
        ("oscillator", Part.METAL_OXYGEN, ""),
        ("adiabatic", Part.SOFT_MOTIONS, "another crystal"),
        ("quasi-harmonic", Part.CELL, ""),
    ):
        result = MechanismResult(
            name=name,
            title=name,
            temperatures_k=T.copy(),
            antisymmetric_cm1=1600.0 - 0.01 * T,
            symmetric_cm1=1400.0 - 0.01 * T,
            parts=frozenset({part}),
            n_calls=3,
            assumptions=(),
            untrusted_because=doubt,
        )
        store_mechanism(folder, name, result, "")
    why = "no method that holds the soft motions can be trusted"
    status, text = _invoke("--runs", str(runs))
    assert status == 0
    assert f"HKUST-1: no sum, since {why}" in text.splitlines()
    assert " sum  " not in text  # neither a line of the table nor a score
    assert "MOF-5: no sum" not in text  # one method alone
    # a trusted one brings the sum of its band back
    result = MechanismResult(
        name="sampling",
        title="sampling",
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 - 0.01 * T,
        symmetric_cm1=None,
        parts=frozenset({Part.SOFT_MOTIONS}),
        n_calls=3,
        assumptions=(),
    )
    store_mechanism(folder, "sampling", result, "")
    lines = _invoke("--runs", str(runs))[1].splitlines()
    assert f"HKUST-1, symmetric band: no sum, since {why}" in lines
    assert "HKUST-1, antisymmetric sum: oscillator + quasi-harmonic + sampling" in lines


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--compute", "oscillator"), "needs a folder"),
        (("--only", "MOF-5"), "Add both: --compute METHODS --runs FOLDER"),
        (("--compute", "adiabatic,,md", "--runs", "."), "A name is missing in --compute"),
        (("--compute", "no-such", "--runs", "."), "is no method"),
        (("--only", "MOF-5", "--runs", "."), "belongs to --compute"),
        (("--weights", "w.pth"), "without --compute"),
        (("-c", "no-such"), "no calculator named"),
        (("--runs", "nowhere"), "no folder nowhere"),
        (("-o", "table.docx"), "no ending"),
    ],
)
def test_contradictions_are_refused(arguments: tuple[str, ...], words: str) -> None:
    status, text = _invoke(*arguments)
    assert status != 0
    assert words in " ".join(text.split())
    assert "Traceback" not in text


def _plotted(material: str, predicted: float, **changes: object) -> PlottedSlope:
    values: dict[str, object] = {
        "material": material,
        "method": "adiabatic",
        "band": Band.ANTISYMMETRIC,
        "measured": -0.02,
        "predicted": predicted,
        "error": 0.004,
        "doubtful": False,
    }
    return PlottedSlope(**(values | changes))  # type: ignore[arg-type]


def test_doubtful_slopes_are_hollow_in_the_figure() -> None:
    slopes = [_plotted(f"M{k}", -0.01, doubtful=doubt) for k, doubt in enumerate((True, False))]
    figure = figure_redshift_table(slopes)
    faces = [
        line.get_markerfacecolor() for line in figure.axes[0].lines if line.get_marker() == "D"
    ]
    assert faces == ["none", "#D55E00"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["M0", "M1"]
    assert "hollow: not to be trusted" in [t.get_text() for t in figure.legends[0].get_texts()]


def test_errors_that_lack_something_are_dashed_in_the_figure() -> None:
    slopes = [_plotted(f"M{k}", -0.01, incomplete=lacks) for k, lacks in enumerate((True, False))]
    figure = figure_redshift_table(slopes)
    bars = [bar.get_linestyle()[0][1] for bar in figure.axes[0].collections]
    assert bars[0] == pytest.approx([0.9 * dash for dash in INCOMPLETE_DASHES[1]])
    assert bars[1] is None
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["measured", "adiabatic", "dashed: errors are missing"]


def test_a_senseless_slope_is_written_at_the_edge_and_does_not_stretch_the_axis() -> None:
    slopes = [_plotted("M0", -0.01), _plotted("M1", -3.0, doubtful=True)]
    axes = figure_redshift_table(slopes).axes[0]
    low = axes.get_xlim()[0]
    assert low > -0.03
    assert [text.get_text() for text in axes.texts] == ["-3.000"]
    (arrow,) = _arrows(axes)
    assert arrow.get_marker() == CARETLEFT
    assert arrow.get_xdata() == [low]
    assert arrow.get_markerfacecolor() == "none"
    # an error bar that goes on outside ends in an arrow, one that ends inside has none
    slopes = [_plotted("M0", -0.01), _plotted("M1", -0.01, doubtful=True, error=0.02)]
    axes = figure_redshift_table(slopes).axes[0]
    ends = {(line.get_marker(), *line.get_xdata()) for line in _arrows(axes)}
    assert ends == {(CARETLEFT, axes.get_xlim()[0]), (CARETRIGHT, axes.get_xlim()[1])}
    assert axes.get_xlim()[1] < 0.01
    assert axes.texts[:] == []
    trusted = figure_redshift_table([_plotted("M0", -0.01), _plotted("M1", -3.0)]).axes[0]
    assert trusted.get_xlim()[0] < -3.0


def _arrows(axes: Axes) -> list[Line2D]:
    return [line for line in axes.lines if line.get_marker() in {CARETLEFT, CARETRIGHT}]


def test_the_title_says_that_materials_are_left_out() -> None:
    slopes = [_plotted("M0", -0.01), _plotted("M1", -0.02)]
    figure = figure_redshift_table(slopes, n_materials_of_table=10)
    assert "2 of 10 materials" in figure.get_suptitle()
    assert "materials" not in figure_redshift_table(slopes, n_materials_of_table=2).get_suptitle()


def test_every_method_of_the_table_has_a_mark() -> None:
    from reticulum.report.redshift_row import SUM
    from reticulum.thermal.stored_mechanisms import STORED_NAMES

    names = (*STORED_NAMES, SUM)
    figure = figure_redshift_table([_plotted("M", -0.01, method=name) for name in names])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["measured", *names]


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
