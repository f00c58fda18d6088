"""`reticulum paper check`: help without heavy imports, the figure and what it shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reticulum.cli.main import app
from reticulum.plotting.paper_check import figure_paper_check
from reticulum.reference.paper_claims import load_vtir_numbers
from reticulum.report.paper_check import check_paper
from reticulum.report.paper_check_text import counts_sentence

_HELP = """
import sys
from reticulum.cli.main import app
try:
    app(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
heavy = {"ase", "matplotlib", "numpy", "scipy", "phonopy", "pymatgen", "spglib", "tblite"}
print("HEAVY", sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize("command", [("paper",), ("paper", "check")], ids=" ".join)
def test_help_is_complete_and_imports_nothing_heavy(command):
    answer = subprocess.run(
        [sys.executable, "-c", _HELP, *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    *text, last = answer.stdout.splitlines()
    assert " ".join(command) in "\n".join(text)
    assert last == "HEAVY []"


def test_figure_shows_printed_and_recomputed_positions():
    figure = figure_paper_check(load_vtir_numbers())
    left, right = figure.axes
    lines = {line.get_label(): line for line in left.lines}
    x, y = lines["printed positions"].get_data()
    assert (list(x), list(y)) == ([-100.0, 200.0], [1594.8, 1589.0])
    x, y = lines["two states, ΔCp 0, FWHM 12 assumed"].get_data()
    assert (x[0], x[-1]) == pytest.approx((-100.0, 200.0))
    assert (y[0], y[-1]) == pytest.approx((1594.87, 1588.59), abs=0.01)
    fractions = {line.get_label(): line for line in right.lines}
    x, y = fractions["from ΔH, ΔS, ΔCp 37"].get_data()
    assert (y[0], y[-1]) == pytest.approx((0.3412, 0.8257), abs=1e-4)
    # The linear null passes one half where the band passes the middle of the centres.
    x, y = fractions["linear in T: one moving band"].get_data()
    assert np.interp(0.5, y, x) == pytest.approx(-100.0 + 300.0 * 3.3 / 5.8)
    assert 0.0 < y[0] < y[1] < 1.0


def test_another_printed_number_is_drawn():
    figure = figure_paper_check(load_vtir_numbers().with_value("antisymmetric_cold", "1593.0"))
    points = next(line for line in figure.axes[0].lines if line.get_label() == "printed positions")
    assert points.get_ydata()[0] == 1593.0


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_command_writes_the_figure_and_overwrites_none(command_line, tmp_path, suffix):
    path = tmp_path / f"course.{suffix}"
    code, out, err = command_line("paper", "check", "-o", str(path))
    assert (code, err) == (0, "")
    assert f"written: {path}" in out
    before = path.read_bytes()
    assert before.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")
    code, _, err = command_line("paper", "check", "-o", str(path))
    assert code == 2
    assert "exists already" in err
    assert path.read_bytes() == before


def test_the_document_states_what_the_check_finds():
    text = (Path(__file__).resolve().parents[2] / "docs" / "paper-check.md").read_text("utf-8")
    for paper in ("vtir", "ru2cu4"):
        report = check_paper(paper)
        assert counts_sentence(report) in text
    report = check_paper("vtir")
    for key, words in (
        ("log10-k", "0.116"),
        ("ln-k", "0.266"),
        ("fraction-cold-dcp", "0.341"),
        ("fraction-cold-dcp", "takes 0.133"),
    ):
        assert words in text
        finding = report.finding(key)
        shown = {f"{finding.recomputed:.3f}", f"takes {finding.claimed:.3f}"}
        assert words in shown
    equal = report.finding("equal-populations-position").recomputed
    assert f"put equal populations at {equal:.0f} °C" in text


@pytest.fixture
def call(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            app(["paper", "check", *arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return end.value.code, out, err

    return run


def test_command_prints_both_contradictions_and_agreements(call):
    code, out, err = call()
    assert (code, err) == (0, "")
    assert "16 contradict (4 of them narrowly), 14 agree" in " ".join(out.split())
    assert "Left open by the paper" in out


def test_command_writes_json_and_a_report(call, tmp_path):
    code, out, err = call("all", "--json", "-", "-o", "report.md")
    assert (code, err) == (0, "")
    papers = json.loads(out)["papers"]
    assert [paper["paper"] for paper in papers] == ["vtir", "ru2cu4"]
    found = {row["key"]: row for row in papers[0]["findings"]}
    assert found["slope-text"]["verdict"] == "contradicts"
    assert found["slope-text"]["recomputed"] == pytest.approx(-5.8 / 300)
    assert found["dominant-species"]["disagreement"] is None
    assert "## ru2cu4" in (tmp_path / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-o", "report.txt"), "neither a report nor a figure"),
        (("foo",), "There is no paper 'foo' to check."),
        (("foo",), "Give one of: vtir, ru2cu4, all."),
        (("-o", "nowhere/report.md"), "no folder"),
        (("ru2cu4", "-o", "figure.png"), "no figure"),
        (("--json", "nowhere/a.json"), "no folder"),
        (("nature",), "nature"),
    ],
)
def test_command_refuses_bad_input(call, tmp_path, arguments, words):
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


def test_command_overwrites_no_report(call, tmp_path):
    (tmp_path / "report.md").write_text("mine")
    code, _, err = call("-o", "report.md")
    assert code == 2
    assert "exists already" in err
    assert (tmp_path / "report.md").read_text() == "mine"
