"""`reticulum simulate-vtir`: what it writes is read with nothing to guess, or it writes nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from reticulum.cli.main import app
from reticulum.scratch import is_scratch
from reticulum.spectra.preparation import Preparation, prepare_series
from reticulum.spectra.reading import read_series
from reticulum.spectra.simulated_spectra import write_simulated
from reticulum.spectra.spectrum import Quantity


@pytest.fixture
def call(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            app(["simulate-vtir", *(str(argument) for argument in arguments)])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return end.value.code, out, err

    return run


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--picture", "one-band", "--broadening", 0.01, "--curvature", -0.1),
        ("--picture", "oscillator", "--shape", "pseudo-voigt", "--eta", 0.4),
        ("--fwhm-loose", 16, "--shape", "lorentzian", "--lag", 5, "--cycle-shift", 0.1),
        ("--quantity", "kubelka-munk", "--conversion", 0.1, "--bow", 0.005, "--drift", 0.02),
        ("--quantity", "reflectance", "--scatter", 0.05),
    ],
)
def test_files_say_all_that_a_fit_asks_for(call, options):
    code, out, err = call("sim", "--cycles", 2, *options)
    assert (code, err) == (0, "")
    series = read_series("sim")
    assert series.notes == series.skipped == ()
    assert len(series.spectra) == 14
    assert series.cycles.tolist() == [1] * 7 + [2] * 7
    assert [s.direction for s in series.spectra] == ["heating"] * 7 + ["cooling"] * 7
    np.testing.assert_allclose(series.temperatures_k[:7], np.arange(-100, 201, 50) + 273.15)
    np.testing.assert_allclose(series.temperatures_k[7:], series.temperatures_k[6::-1])
    words = dict(zip(options[::2], options[1::2], strict=True))
    expected = Quantity(str(words.get("--quantity", "absorbance")))
    assert {s.quantity for s in series.spectra} == {expected}
    if expected is Quantity.REFLECTANCE:
        assert "--convert kubelka-munk" in out
        prepared = prepare_series(series, Preparation(convert=Quantity.KUBELKA_MUNK))
        # the band on a background of 0.1
        assert max(s.values.max() for s in prepared.spectra) == pytest.approx(1.1, abs=0.15)


def test_a_file_states_the_command_that_made_it(call, tmp_path):
    call("a", "--cycles", 1, "--picture", "oscillator", "--slow-mode", 120, "--seed", 5)
    head = (tmp_path / "a" / "cycle1_0C.csv").read_text().splitlines()[0]
    assert head.startswith("# made with reticulum simulate-vtir --picture oscillator")
    call("b", *re.sub(r"# made with reticulum simulate-vtir ", "", head).split())
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--noise", "nan"), "--noise is nan"),
        (("--lag", "inf"), "--lag is inf"),
        (("--cycles", "-1"), "-1 cycles"),
        (("--seed", "-1"), "seed is -1"),
        (("--step", "200"), "fewer than three temperatures"),
        (("--step", "1e-7"), "surely a slip"),
        (("--spacing", "1e-9"), "surely a slip"),
        (("--spacing", "0"), "must be positive"),
        (("--cold", "-300"), "below absolute zero"),
        (("--slope", "-0.02"), "--slope was given with --picture two-states"),
        (("--picture", "one-band", "--dcp", "37"), "--dcp was given with --picture one-band"),
        (("--picture", "one-band", "--conversion", "1"), "--conversion was given"),
        (("--picture", "one-band", "--broadening", "-0.1"), "no band at"),
        (("--picture", "oscillator", "--slow-mode", "0"), "mode_cm1 = 0"),
        (("--shape", "round"), "'round' is not known"),
        (("--eta", "0.5"), "--eta was given"),
        (("--shape", "pseudo-voigt", "--eta", "2"), "eta = 2"),
        (("--quantity", "transmittance"), "'transmittance' cannot be simulated"),
        (("--quantity", "reflectance", "--noise", "3"), "would run from"),
        (("--dh", "nan"), "dh_kj_mol = nan"),
    ],
)
def test_bad_numbers_write_nothing(call, tmp_path, options, words):
    code, out, err = call("x", *options)
    assert (code, out) == (2, "")
    assert words in " ".join(err.split())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_or_cannot_be_made(call, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for folder, words in (("full", "exists already"), ("no/where", "There is no folder")):
        code, _, err = call(folder, "--cycles", 1)
        assert code == 2
        assert words in " ".join(err.split())
    (tmp_path / "empty").mkdir()
    assert call("empty", "--cycles", 1)[0] == 0
    series = read_series(tmp_path / "empty")
    with pytest.raises(Exception, match="exists already"):
        write_simulated(series, tmp_path / "full")


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_a_killed_run_leaves_nothing_in_the_way(tmp_path):
    command = [
        sys.executable, "-c", "from reticulum.cli.main import run; run()", "simulate-vtir", "sim",
        "--spacing", "0.05", "--cycles", "100",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path)
    for _ in range(3000):
        if any(is_scratch(path.name) for path in tmp_path.iterdir()) or process.poll() is not None:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (tmp_path / "sim").exists()
    done = subprocess.run(
        [*command[:-4], "--cycles", "1"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sim"]
    assert len(list((tmp_path / "sim").iterdir())) == 7
