"""Every example runs to its end and prints what its title promises."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

#: Texts that the output of each example must contain.
EXPECTED = {
    "two_state_bands.py": ("published ΔCp 37 J/mol/K; a linear shift alone: 46",),
    "ordered_paddlewheels.py": ("45 assignments of 384 paddlewheels, 4 inequivalent",),
    "own_calculator.py": ("4 carboxylates",),
    "paper_check.py": (
        "16 contradict (4 of them narrowly)",
        "ΔS 22.0 J/mol/K: equal at -5 °C, contradicts",
        "ΔS 20.0 J/mol/K: equal at 22 °C, agrees",
    ),
    "vtir_hkust1.py": (
        "Verdict on these spectra: two states",
        "verdict: inconclusive",  # on one band that only shifts
        "as such it is refused",
        "lag 5 K: irreversible",
        "as the paper says, need r = 1.6",
    ),
    "vtir_hkust1_figures.py": tuple(
        f"vtir-hkust1-{name}.png written"
        for name in ("course", "components", "vant-hoff", "questions")
    ),
}

#: Arguments of examples that would take long without.
ARGUMENTS = {"vtir_hkust1.py": ("--small",)}


def test_every_example_is_listed() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_example_runs(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *ARGUMENTS.get(name, ())],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    for text in EXPECTED[name]:
        assert text in done.stdout


def test_worked_example_returns_its_input_and_lets_the_null_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    example = importlib.import_module("vtir_hkust1")
    published = (5.9, 22.0, 37.0)
    fit = example.one_step(example.simulated(example.TWO_STATES, example.published()))
    for name, truth in zip(example.LAW, published, strict=True):
        assert abs(fit.parameters[name] - truth) < 3.0 * fit.errors[name]
    moving = example.simulated(example.OneBandModel(), example.ONE_BAND)
    plain, curved = example.forced(moving).laws
    # one band that is no mixture returns the published ΔH and ΔCp within their printed errors
    assert curved.dh_kj_mol == pytest.approx(published[0], abs=0.2)
    assert curved.dcp_j_mol_k == pytest.approx(published[2], abs=2 * 4.0)
    assert curved.rms < 0.3 * plain.rms
    # reflectance returns too small a ΔH, the more so the deeper the band
    shallow, deep = (example.reflectance((strength,)).values[0] for strength in (0.1, 0.3))
    assert 4.0 < deep < shallow < 5.2
    assert "refused" in capsys.readouterr().out
