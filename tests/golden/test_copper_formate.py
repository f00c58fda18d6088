"""`reticulum redshift` from a file to figures on a small real crystal with the default calculator.

The crystal: the copper formate paddlewheel Cu2(HCOO)4 in a tetragonal box, 18 atoms, P4/mmm.
"""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import phonopy
import pytest
from exact.carboxylate_molecules import paddlewheel

BOX_A = 9.6


def redshift(folder, *more):
    return subprocess.run(
        [sys.executable, "-c", "from reticulum.cli.main import run; run()", "redshift",
         "formate.cif", "--material", "HKUST-1", "-m", "quick", "-o", "run", *more],
        cwd=folder, capture_output=True, text=True, check=False, timeout=400,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formate")
    paddlewheel(BOX_A, centre=(1.0, 2.0, 3.0)).write(folder / "formate.cif")
    answer = redshift(folder)
    assert answer.returncode == 0, answer.stderr
    return folder, answer


@pytest.fixture(scope="module")
def content(first):
    return json.loads((first[0] / "run" / "redshift.json").read_text())


@pytest.fixture(scope="module")
def variants(content):
    """The oscillator with stiffer motions following, and with all."""
    found = content["metal_oxygen_oscillator"]["variants"]
    assert [v["follow"] for v in found] == ["stiffer", "all"]
    return found


def computed(folder):
    lines = (folder / "run" / "run.log").read_text().splitlines()
    return [line for line in lines if line.split()[1] == "computed"]


def test_every_file_is_written(first):
    folder, answer = first
    written = {p.name for p in (folder / "run").iterdir()}
    assert {
        "redshift.json", "redshift.csv", "redshift.png", "redshift.svg", "phonopy_params.yaml",
        "forces.db", "run.json", "run.log", "relaxed.extxyz", "phonons.json",
    } <= written  # fmt: skip
    assert not [name for name in written if "writing" in name]
    for name in ("json", "csv", "png", "svg"):
        assert f"redshift.{name}" in answer.stdout
    assert "Traceback" not in answer.stderr
    assert "High spin" in answer.stderr + answer.stdout
    assert "antiferromagnetic" in answer.stderr + answer.stdout


def test_json_has_every_section(content):
    assert content["structure"] == "formate"
    assert content["measured"]["material"] == "HKUST-1"
    assert [line["standing"] for line in content["slopes"]].count("computed") == 2
    assert len(content["two_state"]["variants"]) == 2
    assert content["phonons"]["n_displacements"] == 10
    assert content["phonons"]["space_group"] == "P4/mmm"
    assert content["modes"]["binding_modes"] == {"bridging": 4}
    assert len(content["modes"]["sets"]) > 20
    oscillator = content["metal_oxygen_oscillator"]
    assert oscillator["neglects"]
    for variant in oscillator["variants"]:
        assert len(variant["verdicts"]) == 2
        assert variant["scan"]["n_carboxylates"] == 4
        assert len(variant["prediction"]["antisymmetric_cm1"]) == 7


def test_geometry_and_bands_of_the_default_calculator(content, variants):
    """GFN1-xTB, high spin: distances and bands of the copper formate paddlewheel."""
    for variant in variants:
        scan = variant["scan"]
        k = int(np.argmin(np.abs(scan["energies_per_carboxylate_cm1"])))
        assert scan["distances_a"][k] == pytest.approx(2.04, abs=0.02)
        assert scan["carbon_oxygen_a"][k] == pytest.approx(1.25, abs=0.02)
        assert scan["metal_metal_a"][k] == pytest.approx(2.55, abs=0.08)
    symmetric = content["modes"]["infrared_symmetric_band_cm1"]
    antisymmetric = content["modes"]["infrared_antisymmetric_band_cm1"]
    assert 1330 <= symmetric[0] <= symmetric[1] <= 1450
    assert 1560 <= antisymmetric[0] <= antisymmetric[1] <= 1720


def test_the_oscillator_expands_and_broadens_on_heating(variants):
    for variant in variants:
        scan, prediction = variant["scan"], variant["prediction"]
        energies = np.array(scan["energies_per_carboxylate_cm1"])
        assert (energies[[0, -1]] > 1000).all()
        assert energies.min() > -1.0
        assert 50 < prediction["harmonic_cm1"] < 700
        assert (np.diff(prediction["mean_distance_a"]) > 0).all()
        spread = np.array(prediction["distance_spread_a"])
        assert (np.diff(spread) > 0).all()
        assert 0.01 < spread[0] < spread[-1] < 0.2
    held, free = variants
    assert held["prediction"]["harmonic_cm1"] >= free["prediction"]["harmonic_cm1"] - 1.0


def computed_lines(content):
    return [line for line in content["slopes"] if line["standing"] == "computed"]


def test_slope_is_that_of_the_band_positions_given(content, variants):
    for line, variant in zip(computed_lines(content), variants, strict=True):
        prediction = variant["prediction"]
        for name in ("antisymmetric", "symmetric"):
            slope = np.polyfit(prediction["temperatures_k"], prediction[f"{name}_cm1"], 1)[0]
            assert line[f"{name}_slope_cm1_per_k"] == pytest.approx(slope, rel=1e-6)
            parts = (
                prediction["slope_from_mean_displacement_cm1_per_k"][name]
                + prediction["slope_from_width_cm1_per_k"][name]
            )
            # Linear and quadratic terms of ν(s) carry most of it; the rest is cubic and higher.
            assert parts == pytest.approx(slope, rel=0.5, abs=2e-3)


def test_verdicts_state_sign_and_size_truly(content, variants):
    measured = content["measured"]
    for line, variant in zip(computed_lines(content), variants, strict=True):
        for sentence, name, key in zip(
            variant["verdicts"],
            ("antisymmetric", "symmetric"),
            ("X_a_cm1_per_k", "X_s_cm1_per_k"),
            strict=True,
        ):
            slope = line[f"{name}_slope_cm1_per_k"]
            assert f"{slope:+.4f}" in sentence
            assert ("wrong sign" in sentence) == (slope * measured[key] < 0)


def test_csv_has_units_and_a_row_for_each_picture(first, content):
    lines = (first[0] / "run" / "redshift.csv").read_text().splitlines()
    assert lines[0].startswith("#")
    assert "cm-1/K" in lines[1]
    rows = [line for line in lines if not line.startswith("#")]
    assert rows[0].startswith("picture,standing,antisymmetric,symmetric,antisymmetric_error,")
    assert len(rows) == 1 + len(content["slopes"])


def test_figures_show_the_bands_and_the_scan(first):
    folder, _ = first
    png = (folder / "run" / "redshift.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", png[16:24])
    assert width > 600
    assert height > 600
    svg = (folder / "run" / "redshift.svg").read_text()
    root = ElementTree.fromstring(svg)
    text = " ".join("".join(root.itertext()).split())
    if "antisymmetric" not in text:  # text drawn as outlines keeps its words in comments
        text = svg
    for words in (
        "antisymmetric C-O stretch", "temperature / °C", "mean metal-oxygen distance / Å",
        "measured", "two states", "oscillator", "formate", "gfn1-xtb",
    ):  # fmt: skip
        assert words in text, words
    assert svg.count("<path") > 30


def test_phonopy_loads_the_run_with_the_same_optical_modes(first, content):
    loaded = phonopy.load(str(first[0] / "run" / "phonopy_params.yaml"), log_level=0)
    loaded.run_qpoints([[0, 0, 0]])
    theirs = np.sort(loaded.qpoints.frequencies[0]) * 33.3564095
    ours = np.repeat(
        [s["wavenumber_cm1"] for s in content["modes"]["sets"]],
        [s["degeneracy"] for s in content["modes"]["sets"]],
    )
    optical = np.abs(ours) > 30.0
    np.testing.assert_allclose(theirs[optical], np.sort(ours)[optical], atol=0.1)


def test_the_same_command_again_computes_nothing(first, content):
    folder, _ = first
    before = len(computed(folder))
    keys = [line.split()[3] for line in computed(folder)]
    assert len(keys) == len(set(keys))
    answer = redshift(folder, "--json", "-")
    assert answer.returncode == 0, answer.stderr
    again = json.loads(answer.stdout)
    assert len(computed(folder)) == before
    assert "end: 0 computed" in (folder / "run" / "run.log").read_text().splitlines()[-1]
    for one, two in zip(
        content["metal_oxygen_oscillator"]["variants"],
        again["metal_oxygen_oscillator"]["variants"],
        strict=True,
    ):
        assert one["prediction"]["antisymmetric_cm1"] == pytest.approx(
            two["prediction"]["antisymmetric_cm1"], abs=1e-9
        )


@pytest.mark.parametrize("follow", ["all", "stiffer"])
def test_one_choice_of_following_motions_computes_nothing_new(first, follow):
    folder, _ = first
    before = len(computed(folder))
    answer = redshift(folder, "--follow", follow, "--json", "-")
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)["metal_oxygen_oscillator"]["variants"]
    assert [variant["follow"] for variant in found] == [follow]
    assert len(computed(folder)) == before


def test_modes_of_the_run(first):
    answer = subprocess.run(
        [sys.executable, "-c", "from reticulum.cli.main import run; run()", "modes",
         str(Path(first[0]) / "run"), "--infrared"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "4 bridging" in answer.stdout
    assert "antisymmetric C-O stretch" in answer.stdout
