"""Both tables of all materials judge a run folder alike: its status, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reticulum.cli.main import app
from reticulum.cli.table1_status import end_with_status
from reticulum.errors import CalculationError, InputError
from reticulum.report.row_status import (
    UNUSABLE,
    ForeignRunError,
    RowStatus,
    is_begun,
    require_run_of,
    status_and_problem,
    structure_digest,
)

#: What computes or reads each table.
TABLES = (("modes", "--all-table1"), ("table1",))


def _describe(folder: Path, **changes: object) -> None:
    identity = {"structure": structure_digest("MOF-5"), "calculator": "gfn1-xtb"} | changes
    (folder / "run.json").write_text(json.dumps({"layout": 1, "identity": identity}))


def _empty(folder: Path) -> None:
    folder.mkdir()


def _lock(folder: Path) -> None:
    folder.mkdir()
    (folder / ".lock").touch()


def _begun(folder: Path) -> None:
    folder.mkdir()
    _describe(folder)


def _another_structure(folder: Path) -> None:
    folder.mkdir()
    _describe(folder, structure="0" * 64)


def _another_calculator(folder: Path) -> None:
    folder.mkdir()
    _describe(folder, calculator="7net-0")


def _no_tolerance(folder: Path) -> None:
    folder.mkdir()
    _describe(folder, **{"symprec (Å)": "fine"})


def _torn(folder: Path) -> None:
    folder.mkdir()
    (folder / "run.json").write_text('{"identity": ')


def _results_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "mechanism-adiabatic.json").write_text("{}")


def _a_file(folder: Path) -> None:
    folder.write_text("no folder")


def _nowhere(folder: Path) -> None:
    folder.symlink_to("nowhere")


def _loop(folder: Path) -> None:
    """A folder that cannot be looked into: the system refuses with an OSError."""
    folder.symlink_to(folder.name)


STATES: dict[Callable[[Path], None], RowStatus] = {
    lambda folder: None: RowStatus.MISSING,
    _empty: RowStatus.MISSING,
    _lock: RowStatus.MISSING,
    _begun: RowStatus.UNFINISHED,
    _another_structure: RowStatus.FOREIGN,
    _another_calculator: RowStatus.FOREIGN,
    _no_tolerance: RowStatus.DAMAGED,
    _torn: RowStatus.DAMAGED,
    _results_alone: RowStatus.DAMAGED,
    _a_file: RowStatus.DAMAGED,
    _nowhere: RowStatus.DAMAGED,
    _loop: RowStatus.DAMAGED,
}


@pytest.mark.parametrize("make", STATES, ids=lambda make: make.__name__.strip("_<>"))
@pytest.mark.parametrize("table", TABLES, ids=["modes", "table1"])
def test_one_folder_has_one_status_and_only_what_is_wrong_is_an_error(
    make: Callable[[Path], None], table: tuple[str, ...], tmp_path: Path
) -> None:
    make(tmp_path / "MOF-5_gfn1-xtb")
    expected = STATES[make]
    if table == ("table1",) and not any(tmp_path.iterdir()):
        (tmp_path / "UiO-66_gfn1-xtb").mkdir()  # a folder without any run is refused
    answer = CliRunner().invoke(app, [*table, "--runs", str(tmp_path), "--json", "-"])
    assert answer.exit_code == (1 if expected in UNUSABLE else 0)
    assert not isinstance(answer.exception, OSError)
    content = json.loads(answer.stdout)
    rows = {row["structure"]: row for row in content["rows"]}
    assert rows["MOF-5"]["status"] == expected.value
    assert bool(rows["MOF-5"]["problem"]) is (expected in UNUSABLE)
    assert {row["status"] for name, row in rows.items() if name != "MOF-5"} == {"missing"}
    assert content["failures"] == {}
    if expected in UNUSABLE:
        assert "Run folders that cannot be used: MOF-5" in " ".join(answer.stderr.split())


def test_one_word_for_the_same_and_a_fix_with_each(tmp_path: Path) -> None:
    folder = tmp_path / "MOF-5_gfn1-xtb"
    for make, problem in (
        (_another_structure, "is not a run of the bundled MOF-5"),
        (_another_calculator, "was computed with 7net-0, not gfn1-xtb"),
    ):
        make(folder)
        with pytest.raises(ForeignRunError, match=problem) as caught:
            require_run_of("MOF-5", folder, "gfn1-xtb")
        status, text = status_and_problem(folder, caught.value)
        assert status is RowStatus.FOREIGN
        assert text.endswith(caught.value.fix)
        assert caught.value.fix
        (folder / "run.json").unlink()
        folder.rmdir()
    status, text = status_and_problem(folder, PermissionError(13, "Permission denied", "run.json"))
    assert status is RowStatus.DAMAGED
    assert text == (
        f"{folder} cannot be read. Permission denied. Make it readable, or move it away."
    )


def test_a_folder_that_may_not_be_looked_into_is_not_missing(tmp_path: Path) -> None:
    _loop(tmp_path / "loop")
    with pytest.raises(OSError, match="loop"):
        is_begun(tmp_path / "loop")


@pytest.mark.parametrize("table", TABLES, ids=["modes", "table1"])
def test_failures_and_folders_that_cannot_be_used_are_told_apart(
    table: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock and a failed calculation are no reason to move a folder away."""
    runs = tmp_path / "runs"
    runs.mkdir()
    _begun(runs / "MOF-5_gfn1-xtb")
    _torn(runs / "UiO-66_gfn1-xtb")

    def opened(*arguments: object, label: str, **keywords: object) -> object:
        if label == "UiO-66":
            raise InputError("run.json is torn.", fix="Move it.")
        if label == "MOF-5":
            raise InputError("Another process is working.", why="Twice.", fix="Wait for it.")
        raise CalculationError("It did not converge.", why="It swings.", fix="Use more steps.")

    monkeypatch.setattr("reticulum.phonons.run.open_run", opened)
    words = [*table, "--runs", str(runs), "--compute"]
    words += ["adiabatic"] if table == ("table1",) else []
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 1
    lines = answer.stdout.splitlines()
    assert "MOF-5 failed: Another process is working. Twice. Wait for it." in lines
    assert "HKUST-1 failed: It did not converge. It swings. Use more steps." in lines
    (unfinished,) = (line for line in lines if line.startswith("MOF-5 is unfinished"))
    assert "it goes on with: reticulum" in unfinished
    assert str(runs / "MOF-5_gfn1-xtb") in unfinished
    assert any(line.startswith("HKUST-1 is missing: reticulum") for line in lines)
    error = " ".join(answer.stderr.split())
    error = error[error.index("Error:") :]
    named, unusable = error.split("Run folders that cannot be used: ")
    assert "MOF-5" in named
    assert "HKUST-1" in named
    assert unusable.startswith("UiO-66 (damaged). Why:")
    assert "ove these run folders" not in error
    assert "in the table." not in error

    answer = CliRunner().invoke(app, [*words, "--json", "-"])
    assert answer.exit_code == 1
    failures = json.loads(answer.stdout)["failures"]
    assert failures["MOF-5"] == "Another process is working. Twice. Wait for it."


def test_the_last_error_is_short_and_has_no_reason() -> None:
    failures = {f"MOF-5 method {k}": f"It broke for reason {k}." for k in range(9)}
    rows = [(f"M{k}", RowStatus.DAMAGED) for k in range(7)] + [("M8", RowStatus.COMPUTED)]
    with pytest.raises(CalculationError) as caught:
        end_with_status(failures, rows)
    assert "Not computed: MOF-5 method 0, " in caught.value.what
    assert "method 4 and 4 more. Run" in caught.value.what
    assert caught.value.what.endswith("M4 (damaged) and 2 more.")
    assert "It broke" not in str(caught.value)
    with pytest.raises(CalculationError) as caught:
        end_with_status({}, rows[:1])
    assert caught.value.what == "Run folders that cannot be used: M0 (damaged)."
