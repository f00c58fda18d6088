"""`reticulum fit` and `reticulum simulate-vtir`: from a folder of spectra to a verdict."""

from __future__ import annotations

import json
import math
import os
import re

import numpy as np
import pytest

from reticulum.cli.fit_options import settings_from
from reticulum.cli.main import app

WINDOW = ("--window", 1545, 1639)


@pytest.fixture
def call(command_line, monkeypatch):
    """The command line on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    return command_line


@pytest.fixture(scope="module")
def spectra(tmp_path_factory):
    """Folder of 21 spectra of 39 points: the published parameters, 1 % noise."""
    return simulated(tmp_path_factory, "two", "--seed", 1)


@pytest.fixture(scope="module")
def one_cycle(tmp_path_factory):
    """Folder of seven spectra."""
    return simulated(tmp_path_factory, "short", "--cycles", 1)


def simulated(tmp_path_factory, name, *options):
    folder = tmp_path_factory.mktemp("spectra") / name
    with pytest.raises(SystemExit) as end:
        app(["simulate-vtir", str(folder), "--spacing", "2.5", *map(str, options)])
    assert end.value.code == 0
    return folder


@pytest.fixture(scope="module")
def saved(spectra, tmp_path_factory):
    """The fit of these spectra in a folder, with figures; and what the command printed as JSON."""
    folder = tmp_path_factory.mktemp("fits") / "saved"
    page, result = folder.with_name("page.svg"), folder.with_name("result.json")
    arguments = ["fit", spectra, *WINDOW, "-o", folder, "--figure", page, "--json", result]
    with pytest.raises(SystemExit) as end:
        app([str(argument) for argument in arguments])
    assert end.value.code == 0
    return folder


def test_simulated_two_states_come_back(saved):
    found = json.loads(saved.with_name("result.json").read_text(encoding="utf-8"))
    assert found["verdict"] == "two states"
    law = next(
        m for m in found["models"] if m["model"] == "two states, gaussian, equal widths, ΔCp"
    )
    evidence = found["evidence"]
    for name, value in (("dh_kj_mol", 5.9), ("ds_j_mol_k", 22.0), ("dcp_j_mol_k", 37.0)):
        error = law["standard_errors"][name]
        assert abs(law["parameters"][name] - value) < 4.0 * error
        profile = next(p for p in evidence["profiles"] if p["parameter"] == name)
        low, high = profile["interval_95"]
        assert high - low == pytest.approx(2.0 * 1.96 * error, rel=0.1)
    # precision at 1 % noise, seven temperatures, three cycles and points every 2 cm⁻¹
    thinner = math.sqrt(2.5 / 2.0)
    assert law["standard_errors"]["dh_kj_mol"] == pytest.approx(0.045 * thinner, rel=0.2)
    assert law["standard_errors"]["ds_j_mol_k"] == pytest.approx(0.18 * thinner, rel=0.2)
    assert law["standard_errors"]["dcp_j_mol_k"] == pytest.approx(0.9 * thinner, rel=0.2)
    low, high = found["slope"]["interval_cm1_per_k"]
    assert low < found["slope"]["slope_cm1_per_k"] < high < 0.0
    assert len(found["centres_cm1"]) == 21
    assert set(found["cycles"]) == {1, 2, 3}
    assert evidence["singular_values"]["n_above_noise"] == 2
    assert found["settings"]["window_cm1"] == [1545.0, 1639.0]


def test_the_folder_and_the_page(saved, spectra):
    names = {str(path.relative_to(saved)) for path in saved.rglob("*") if path.is_file()}
    tables = {"models.csv", "positions.csv", "profiles.csv", "spectra.csv", "vant_hoff.csv"}
    figures = (
        "summary", "spectra", "positions", "residuals", "vant_hoff", "profiles", "singular_values",
    )  # fmt: skip
    pages = {f"figures/{name}.png" for name in figures}
    assert names == {"fit.json", *tables, *pages}
    content = json.loads((saved / "fit.json").read_text(encoding="utf-8"))
    assert len(content["sources"]) == 21
    assert all(len(entry["sha256"]) == 64 for entry in content["sources"])
    assert {os.path.dirname(entry["path"]) for entry in content["sources"]} == {str(spectra)}
    assert "Verdict: two states" in saved.with_name("page.svg").read_text(encoding="utf-8")


def test_the_report_of_a_saved_fit_in_80_columns(call, saved):
    code, out, err = call("fit", saved)
    assert code == 0
    assert "Error" not in err
    assert max(len(line) for line in out.splitlines()) <= 80
    found = json.loads(saved.with_name("result.json").read_text(encoding="utf-8"))
    flat = " ".join(out.split())
    order = [
        "21 spectra, 1545 to 1639 cm⁻¹, baseline in the fit: straight line",
        "One gaussian band in each spectrum",
        f"Slope of the centre: {found['slope']['slope_cm1_per_k']:.4f} cm⁻¹/K (95 %:",
        "The centre against temperature: curved",
        "Heating, cooling, cycles:",
        "Models of the whole series",
        "two states: gaussian, equal widths, ΔCp",
        "one shifting band:",
        "tight centre",
        "one step beside two steps",
        "Warning: Two-step fit",
        "Intervals of the two-state law",
        "Cycles: 3 cycles have 10 different resamples",
        "Singular values in % of the first: 100,",
        "The spectra cross best",
        "The law with centres held 1 cm⁻¹ off their best",
        "Null: one band with a linear shift",
        "no evidence for two states",
        "R ln r",
        "Verdict: two states.",
        "above the 1 % that spectra are usually wrong by.",
    ]
    places = [flat.find(words) for words in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert flat.endswith("usually wrong by.")  # the verdict is the last word
    # no table row is broken: each model has its numbers on its own line
    rows = [line for line in out.splitlines() if re.match(r"   \S", line)]
    models = [row for row in rows if re.search(r"\d\.\d\d +\d+ +\d+$", row)]
    assert len(models) == len(found["models"])


def test_going_on_from_the_command_line(call, saved):
    """Other assumptions about the same spectra: with 50 % of systematics nothing is proven."""
    code, out, _ = call("fit", saved, "--systematics", 50, "--no-evidence", "--json", "-")
    assert code == 0
    before = json.loads(saved.with_name("result.json").read_text(encoding="utf-8"))
    after = json.loads(out)
    assert after["verdict"] == "inconclusive"
    assert after["evidence"] is None
    assert after["settings"]["window_cm1"] == [1545.0, 1639.0]
    assert after["centres_cm1"] == pytest.approx(before["centres_cm1"], abs=1e-6)
    for one, two in zip(before["models"], after["models"], strict=True):
        assert two["misfit_percent"] == pytest.approx(one["misfit_percent"], abs=1e-6)


def test_one_moving_band_in_print(call, tmp_path_factory):
    folder = simulated(tmp_path_factory, "one", "--picture", "one-band", "--fwhm", 9,
                       "--cycles", 1, "--step", 75)  # fmt: skip
    code, out, _ = call("fit", folder, "--window", 1555, 1627, "--no-evidence")
    assert code == 0
    flat = " ".join(out.split())
    assert "Verdict: one shifting band." in flat
    assert "one step beside two steps" not in flat


def test_a_quick_look_at_prepared_spectra(call, one_cycle):
    code, out, err = call(
        "fit", one_cycle, *WINDOW, "--no-evidence", "--baseline", "constant", "--shape", "voigt",
        "--subtract-baseline", "linear", "--baseline-setting", "end_points=4",
        "--baseline-window", 1545, 1639, "--mask", "1550 1553", "--normalise", "area",
    )  # fmt: skip
    assert code == 0
    flat = " ".join(out.split())
    assert "baseline in the fit: constant. Done before: mask → window → baseline" in flat
    assert "One voigt band in each spectrum" in flat
    assert "one step beside two steps" not in flat
    assert "Verdict:" in flat
    assert "normalised by their area" in " ".join(err.split())


def test_the_seed_decides(call, tmp_path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        call("simulate-vtir", folder, "--seed", seed, "--cycles", 1)
    name = "cycle1_0C.csv"
    one, two, three = (
        next(path for path in (tmp_path / folder).iterdir() if "_0C" in path.name).read_text()
        for folder in "abc"
    )
    assert one == two != three, name


def test_options_of_the_evidence_ask_for_it():
    """A saved quick look gets its evidence when a number of it is asked for."""
    given = dict.fromkeys(
        ("window", "baseline", "shape", "systematics", "extinction_ratio", "extinction_factor",
         "bootstrap", "seed", "evidence")
    )  # fmt: skip
    assert settings_from(**given) == {}
    assert settings_from(**given | {"bootstrap": 9}) == {"bootstrap_samples": 9, "evidence": True}
    assert settings_from(**given | {"evidence": False}) == {"evidence": False}
    assert settings_from(**given | {"evidence": True, "seed": 0}) == {"evidence": True, "seed": 0}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fit", "none", *WINDOW), "none"),
        (("fit", "SPECTRA"), "--window LOW HIGH is missing"),
        (("fit", "SPECTRA", "--window", 2000, 2100), "0 points in the window"),
        (("fit", "SPECTRA", "--window", 1600, 1600), "two different ends"),
        (("fit", "SPECTRA", *WINDOW, "--baseline", "cubic"), "'cubic'"),
        (("fit", "SPECTRA", *WINDOW, "--shape", "square"), "'square'"),
        (("fit", "SPECTRA", *WINDOW, "--systematics", "0"), "0.0 %"),
        (("fit", "SPECTRA", *WINDOW, "--extinction-ratio", "-1"), "-1"),
        (("fit", "SPECTRA", *WINDOW, "--extinction-factor", "0.5"), "factor of 0.5"),
        (("fit", "SPECTRA", *WINDOW, "--bootstrap", "0"), "0 samples"),
        (("fit", "SPECTRA", *WINDOW, "--convert", "soup"), "'soup'"),
        (("fit", "SPECTRA", *WINDOW, "--quantity", "reflectance"), "4.78"),
        (("fit", "SPECTRA", *WINDOW, "--mask", "1550"), "no mask '1550'"),
        (("fit", "SPECTRA", *WINDOW, "--mask", "a b"), "no range"),
        (("fit", "SPECTRA", *WINDOW, "--mask", "1500 1700"), "covers the whole window"),
        (("fit", "SPECTRA", *WINDOW, "--mask-air"), "covers the whole window"),
        (("fit", "SPECTRA", *WINDOW, "--subtract-baseline", "soup"), "'soup'"),
        (("fit", "SPECTRA", *WINDOW, "--baseline-window", 1, 2), "--subtract-baseline"),
        (("fit", "SPECTRA", *WINDOW, "--baseline-setting", "lam=1"), "--subtract-baseline"),
        (("fit", "SPECTRA", *WINDOW, "--subtract-baseline", "linear", "--baseline-setting",
          "lam=x"), "'x' is no number"),
        (("fit", "SPECTRA", *WINDOW, "--subtract-baseline", "linear", "--baseline-setting",
          "lam=1"), "lam has no meaning"),
        (("fit", "SPECTRA", *WINDOW, "--normalise", "soup"), "'soup'"),
        (("fit", "SPECTRA", *WINDOW, "--normalise", "reference-band"), "belong together"),
        (("fit", "SPECTRA", *WINDOW, "--reference-band", 1, 2), "belong together"),
        (("fit", "SPECTRA", *WINDOW, "--no-evidence", "--seed", "1"), "--seed"),
        (("fit", "SPECTRA", *WINDOW, "--no-evidence", "--bootstrap", "9"), "--bootstrap"),
        (("fit", "SPECTRA", *WINDOW, "-o", "SPECTRA"), "exists already"),
        (("fit", "SPECTRA", *WINDOW, "--figure", "page.bmp"), "none of the endings"),
        (("fit", "SPECTRA", *WINDOW, "--json", "no/where.json"), "no folder"),
        (("fit", "SAVED", "--mask", "1550 1552"), "is a saved fit"),
        (("fit", "SAVED", "--in-order"), "is a saved fit"),
        (("fit", "SAVED", "--window", 1500, 1700), "Nothing outside was stored"),
        (("simulate-vtir", "SPECTRA"), "exists already"),
        (("simulate-vtir", "x", "--picture", "three"), "'three'"),
        (("simulate-vtir", "x", "--hot", "-200"), "upwards"),
        (("simulate-vtir", "x", "--noise", "-1"), "noise is -1"),
        (("simulate-vtir", "x", "--cycles", "0"), "0 cycles"),
    ],
)  # fmt: skip
def test_bad_input(call, tmp_path, one_cycle, saved, arguments, words):
    named = {"SPECTRA": one_cycle, "SAVED": saved}
    code, out, err = call(*(named.get(argument, argument) for argument in arguments))
    assert code == 2, (out, err)
    assert out == ""
    assert err.count("Error") == 1
    assert words in " ".join(err.split())
    assert not list(tmp_path.iterdir())


def test_a_damaged_folder_is_told(call, saved, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("fit.json", "spectra.csv"):
        text = (saved / name).read_text(encoding="utf-8")
        (copy / name).write_text(text[: len(text) // 2] if name == "spectra.csv" else text,
                                 encoding="utf-8")  # fmt: skip
    code, out, err = call("fit", copy)
    assert (code, out) == (2, "")
    assert "cut short" in " ".join(err.split())


def test_numbers_of_the_saved_tables_are_those_of_the_result(saved):
    found = json.loads(saved.with_name("result.json").read_text(encoding="utf-8"))
    lines = (saved / "positions.csv").read_text(encoding="utf-8").splitlines()
    table = np.genfromtxt([line for line in lines if not line.startswith("#")][1:], delimiter=",",
                          usecols=(5, 7))  # fmt: skip
    assert table[:, 0].tolist() == found["centres_cm1"]
    assert table[:, 1].tolist() == found["fwhms_cm1"]
