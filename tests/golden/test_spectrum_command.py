"""`reticulum spectrum` and `reticulum mode-picture`: files, sentences and refusals."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest


@pytest.fixture
def run(spring_run, tmp_path):
    shutil.copytree(spring_run[0], tmp_path / "run")
    tensors = [f"{q} 0 0 0 {q} 0 0 0 {q}" for q in (2.0, 1.0, 1.0, -0.8, 0.1)]  # ε∞, Cu C O H
    (tmp_path / "BORN").write_text("\n".join(["default", *tensors]))
    return tmp_path


def test_files_of_a_spectrum_agree(command_line, run):
    options = ("--born", "BORN", "--shape", "voigt", "--fwhm", "8", "--scale", "0.96",
               "--range", "300", "2100")  # fmt: skip
    code, out, err = command_line(
        "spectrum", "run", *options, "-o", "s.png", "-o", "s.csv", "-o", "s.json"
    )
    assert (code, out) == (0, ""), err
    content = json.loads((run / "s.json").read_text(encoding="utf-8"))
    rows = np.loadtxt(
        [line for line in (run / "s.csv").read_text(encoding="utf-8").splitlines()
         if not line.startswith(("#", "wavenumber"))], delimiter=",",
    )  # fmt: skip
    np.testing.assert_array_equal(rows[:, 0], content["spectrum"]["wavenumbers_cm1"])
    np.testing.assert_array_equal(rows[:, 1], content["spectrum"]["values"])
    assert content["lines"]["scale"] == 0.96
    assert content["spectrum"]["unit"] == "L mol-1 cm-1"
    notes = " ".join(content["spectrum"]["notes"])
    assert "scaled by 0.96" in notes
    assert "voigt lines (0.5 Lorentzian), FWHM 8 cm⁻¹" in notes
    assert (run / "s.png").read_bytes()[:4] == b"\x89PNG"
    before = (run / "s.csv").read_bytes()
    code, _, err = command_line("spectrum", "run", *options, "-o", "s.csv")
    assert code == 2
    assert "It exists already." in err
    assert (run / "s.csv").read_bytes() == before


def test_lines_are_printed_without_files(command_line, run):
    code, out, _ = command_line("spectrum", "run", "--born", "BORN", "--direction", "0", "0", "1")
    assert code == 0
    assert "Light along (0, 0, 1)" in out
    assert "Longitudinal along the direction:" in out
    code, out, _ = command_line("spectrum", "run")
    assert code == 0
    assert "NO INTENSITIES" in out
    assert "km/mol" not in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fwhm", "nan"), "A line of width nan"),
        (("--scale", "0"), "scaling factor of wavenumbers is 0"),
        (("--range", "2000", "400"), "2000 to 400 cm⁻¹ is no range"),
        (("--shape", "square"), "--shape='square' is not known"),
        (("--lorentz-share", "0.4"), "have no Lorentzian share"),
        (("--direction", "0", "0", "1"), "no LO-TO splitting"),
        (("-o", "s.docx"), "tells no kind of file"),
        (("-o", "no/s.csv"), "There is no folder"),
        (("-o", "s.csv", "-o", "./s.csv"), "named twice"),
        (("--measured", "HKUST-1"), "--measured marks bands in a figure"),
        (("--measured", "Atlantis", "-o", "s.png"), "no published bands of Atlantis"),
        (("--widths", "BORN"), "no table of line widths"),
        (("--spacing", "20"), "miss lines that are 10 cm⁻¹ wide"),
        (("--born", "BORN", "--direction", "0", "0", "0"), "0 0 0 is no direction"),
    ],
)
def test_refusals(command_line, run, options, words):
    code, out, err = command_line("spectrum", "run", *options)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert sorted(path.name for path in run.iterdir()) == ["BORN", "run"]


def test_a_picture_of_a_mode(command_line, run):
    code, _, err = command_line("mode-picture", "run", "54", "-o", "m.svg", "--view", "1,1,0.5")
    assert code == 0, err
    assert "view from" in (run / "m.svg").read_text(encoding="utf-8")
    for options, words in (
        (("54", "-o", "m.svg"), "It exists already."),
        (("540", "-o", "n.svg"), "There is no mode 540"),
        (("54", "-o", "n.svg", "--view", "sideways"), "The view 'sideways' is not known"),
        (("54", "-o", "n.svg", "--view", "1,2"), "'1,2' is no view"),
        (("54", "-o", "n.svg", "--cluster", "0"), "no metal cluster 0"),
        (("54", "-o", "n.csv"), "none of the endings"),
    ):
        code, _, err = command_line("mode-picture", "run", *options)
        assert code == 2, options
        assert words in " ".join(err.split())


def test_widths_that_no_line_has_are_said(command_line, run):
    (run / "widths.csv").write_text("mode,fwhm_cm1\n1,30\n9999,30\n")
    code, _, err = command_line("spectrum", "run", "--born", "BORN", "--widths", "widths.csv")
    assert code == 0
    assert "are not used: 1, 9999." in err  # an acoustic mode, and none at all
    (run / "widths.csv").write_text("from_cm1,to_cm1,fwhm_cm1\n0,4000,30\n5000,6000,30\n")
    code, _, err = command_line("spectrum", "run", "--born", "BORN", "--widths", "widths.csv")
    assert code == 0
    assert err == "Warning: No line lies at 5000 to 6000 cm⁻¹: this width is not used.\n"


def test_a_range_without_lines_is_said(command_line, run):
    code, _, err = command_line("spectrum", "run", "--born", "BORN", "--range", "5000", "6000")
    assert code == 0
    assert "no line lies from 5000 to 6000 cm⁻¹" in err
