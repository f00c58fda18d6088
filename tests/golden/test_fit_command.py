"""`reticulum fit` and `reticulum simulate-vtir`: from a folder of spectra to a verdict."""

from __future__ import annotations

import json

import pytest

from reticulum.cli.main import app


@pytest.fixture
def call(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return end.value.code, out, err

    return run


def test_simulated_two_states_come_back(call, tmp_path):
    code, out, _ = call("simulate-vtir", "sim", "--seed", 1)
    assert code == 0
    assert "21 spectra written" in out
    assert len(list((tmp_path / "sim").iterdir())) == 21
    code, out, err = call("fit", "sim", "--window", 1544, 1640, "--json", "-")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["verdict"] == "two states"
    law = next(
        m for m in found["models"] if m["model"] == "two states, gaussian, equal widths, ΔCp"
    )
    for name, value in (("dh_kj_mol", 5.9), ("ds_j_mol_k", 22.0), ("dcp_j_mol_k", 37.0)):
        error = law["standard_errors"][name]
        assert abs(law["parameters"][name] - value) < 4.0 * error
    # precision at 1 % noise, seven temperatures and three cycles
    assert law["standard_errors"]["dh_kj_mol"] == pytest.approx(0.045, rel=0.2)
    assert law["standard_errors"]["ds_j_mol_k"] == pytest.approx(0.18, rel=0.2)
    assert law["standard_errors"]["dcp_j_mol_k"] == pytest.approx(0.9, rel=0.2)
    low, high = found["slope"]["interval_cm1_per_k"]
    assert low < found["slope"]["slope_cm1_per_k"] < high < 0.0
    assert len(found["centres_cm1"]) == 21
    assert set(found["cycles"]) == {1, 2, 3}


def test_one_moving_band_in_print(call):
    call("simulate-vtir", "one", "--picture", "one-band", "--fwhm", 9, "--cycles", 1)
    code, out, _ = call("fit", "one", "--window", 1555, 1627)
    assert code == 0
    assert "Verdict: one shifting band." in out
    assert "no evidence for two states" in " ".join(out.split())
    assert "Slope -0.0" in out


def test_the_seed_decides(call, tmp_path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        call("simulate-vtir", folder, "--seed", seed, "--cycles", 1)
    name = "cycle1_0C.csv"
    one, two, three = ((tmp_path / folder / name).read_text() for folder in "abc")
    assert one == two != three


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fit", "none", "--window", 1500, 1600), ("none",)),
        (("fit", "sim", "--window", 2000, 2100), ("0 points in the window",)),
        (("fit", "sim", "--window", 1544, 1640, "--baseline", "cubic"), ("'cubic'",)),
        (("fit", "sim", "--window", 1544, 1640, "--systematics", "0"), ("0.0 %",)),
        (("fit", "sim", "--window", 1544, 1640, "--extinction-ratio", "-1"), ("-1",)),
        (("fit", "sim", "--window", 1544, 1640, "--convert", "soup"), ("'soup'",)),
        (("fit", "sim", "--window", 1544, 1640, "--quantity", "reflectance"), ("4.78",)),
        (("simulate-vtir", "sim"), ("exists already",)),
        (("simulate-vtir", "x", "--picture", "three"), ("'three'",)),
        (("simulate-vtir", "x", "--hot", "-200"), ("upwards",)),
        (("simulate-vtir", "x", "--noise", "-1"), ("noise is -1",)),
        (("simulate-vtir", "x", "--cycles", "0"), ("0 cycles",)),
    ],
)
def test_bad_input(call, tmp_path, arguments, words):
    call("simulate-vtir", "sim", "--cycles", 1)
    code, out, err = call(*arguments)
    assert code == 2, (out, err)
    assert out == ""
    assert err.count("Error") == 1
    for word in words:
        assert word in " ".join(err.split())
    assert not (tmp_path / "x").exists()
