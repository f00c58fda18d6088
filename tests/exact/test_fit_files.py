"""Saved band fits: every number comes back, damage is told, and a saved fit can be gone on with."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.provenance import to_jsonable
from reticulum.spectra.band_fit import fit_band_data
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.fit_continuation import continue_band_fit
from reticulum.spectra.fit_csv import read_spectra_csv, spectra_csv
from reticulum.spectra.fit_files import (
    is_saved_fit,
    load_band_fit,
    save_band_fit,
    source_hashes,
    stored_sources,
)
from reticulum.spectra.fit_settings import FitSettings
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.spectrum import ProcessingStep

TRUE = {"tight_cm1": 1596.0, "loose_cm1": 1587.0, "fwhm_cm1": 12.0,
        "dh_kj_mol": 5.9, "ds_j_mol_k": 22.0, "dcp_j_mol_k": 37.0}  # fmt: skip
GAS = 8.31446261815324


@pytest.fixture(scope="module")
def found():
    """A fit with three cycles, a masked range, and all evidence."""
    x = np.arange(1553.0, 1631.0, 2.5)
    x = x[(x < 1562.0) | (x > 1566.0)]
    data = simulate_series(
        TwoStateModel(heat_capacity=True), TRUE, [173.15, 248.15, 348.15, 473.15], list(x),
        cycles=3, imperfections=Imperfections(noise=0.01, baseline_drift=0.02), seed=4,
    )  # fmt: skip
    steps = (ProcessingStep(name="kubelka-munk"), ProcessingStep(name="mask", parameters={"n": 2}))
    settings = FitSettings(window_cm1=(1553.0, 1631.0), extinction_factor=1.5)
    return fit_band_data(data, settings, processing=(steps,) * data.n_spectra, notes=("as read",))


@pytest.fixture(scope="module")
def saved(found, tmp_path_factory):
    """Folder of that fit; not to be changed."""
    folder = tmp_path_factory.mktemp("fits") / "saved"
    source = folder.parent / "measured.csv"
    source.write_text("1,2\n")
    save_band_fit(found, folder, sources=source_hashes([source, source, "not there"]))
    return folder


def arrays(fit):
    yield fit.values
    yield fit.covariance
    yield fit.linear
    yield fit.linear_errors
    yield from fit.residuals


def test_every_number_comes_back(found, saved):
    back = load_band_fit(saved)
    assert to_jsonable(back.to_dict()) == to_jsonable(found.to_dict())
    assert back.settings == found.settings
    assert back.processing == found.processing
    assert back.notes == ("as read",)
    limit = 1e-12 * found.data.maximum
    pairs = [(a.fit, b.fit) for a, b in zip(found.verdict.outcomes, back.verdict.outcomes,
                                            strict=True) if a.fit is not None]  # fmt: skip
    pairs += list(zip(found.positions.fits, back.positions.fits, strict=True))
    pairs.append((found.evidence.two_step.areas, back.evidence.two_step.areas))
    assert len(pairs) > 30
    for one, two in pairs:
        assert type(two.model) is type(one.model)
        assert two.model == one.model
        for a, b in zip(arrays(one), arrays(two), strict=True):
            np.testing.assert_allclose(b, a, rtol=1e-9, atol=limit, equal_nan=True)
    assert back.evidence.bootstrap.intervals() == found.evidence.bootstrap.intervals()
    assert back.evidence.null == found.evidence.null
    for a, b in zip(found.data.values, back.data.values, strict=True):
        assert a.tobytes() == b.tobytes()
    # what was read can be saved again, and is the same again
    assert spectra_csv(back.data, back.verdict.outcomes) == (saved / "spectra.csv").read_text()


def test_the_tables_say_what_they_hold(found, saved):
    assert sorted(path.name for path in saved.iterdir()) == [
        "fit.json", "models.csv", "positions.csv", "profiles.csv", "spectra.csv", "vant_hoff.csv",
    ]  # fmt: skip
    for name in ("models.csv", "positions.csv", "profiles.csv", "spectra.csv", "vant_hoff.csv"):
        lines = (saved / name).read_text(encoding="utf-8").splitlines()
        comments = [line for line in lines if line.startswith("#")]
        assert len(comments) >= 2
        assert "reticulum" in comments[-1]
        rows = list(csv.DictReader(lines[len(comments) :]))
        assert rows
        if name == "positions.csv":
            assert [
                float(row["centre_cm1"]) for row in rows
            ] == found.positions.centres_cm1.tolist()
        if name == "spectra.csv":
            assert len(rows) == found.data.n_points
            for kind in ("two_states", "one_band"):
                for row in rows[:5]:
                    whole = float(row[f"fit_{kind}"]) + float(row[f"residual_{kind}"])
                    assert whole == pytest.approx(float(row["value"]), abs=1e-12)
        if name == "vant_hoff.csv":
            assert [float(row["ln_k"]) for row in rows] == pytest.approx(
                found.evidence.two_step.points.ln_k
            )
    content = json.loads((saved / "fit.json").read_text(encoding="utf-8"))
    assert content["versions"]["reticulum"]
    assert content["result"]["verdict"] == found.verdict.verdict.value
    measured = hashlib.sha256(b"1,2\n").hexdigest()
    assert [entry["sha256"] for entry in content["sources"]] == [measured, None]
    assert stored_sources(saved) == content["sources"]
    assert is_saved_fit(saved)
    assert is_saved_fit(saved / "fit.json")
    assert not is_saved_fit(saved.parent)


def test_going_on_without_a_change_ends_where_it_was(found, saved):
    again = continue_band_fit(saved, evidence=False)
    for a, b in zip(found.verdict.outcomes, again.verdict.outcomes, strict=True):
        assert b.misfit_percent == pytest.approx(a.misfit_percent, abs=1e-9)
        if a.fit is not None and not a.fit.at_bound:
            np.testing.assert_allclose(b.fit.values, a.fit.values, rtol=1e-5, atol=1e-4)
    assert again.verdict.verdict is found.verdict.verdict
    assert again.evidence is None
    assert "Continued from" in again.notes[-1]


def test_going_on_with_other_options(found, saved):
    other = continue_band_fit(saved, extinction_ratio=2.0, bootstrap_samples=3)
    shift = other.evidence.extinction.ds_j_mol_k - found.evidence.extinction.ds_j_mol_k
    assert shift == pytest.approx(-GAS * math.log(2.0), abs=1e-3)
    assert len(other.evidence.bootstrap.weights) == 3 < len(found.evidence.bootstrap.weights)
    narrow = continue_band_fit(saved, window_cm1=(1560.0, 1625.0), baseline_order=0, evidence=False)
    assert narrow.data.wavenumbers_cm1[0][[0, -1]].tolist() == [1560.5, 1623.0]
    assert narrow.settings.baseline_order == 0
    assert narrow.data.directions == found.data.directions


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"window_cm1": (1500.0, 1600.0)}, "Nothing outside was stored"),
        ({"winow": (1560.0, 1600.0)}, "no setting 'winow'"),
        ({"extinction_ratio": -1.0}, "must absorb"),
        ({"baseline_order": 4}, "no baseline of order 4"),
    ],
)
def test_changes_that_cannot_be(saved, changes, words):
    with pytest.raises(InputError, match=words):
        continue_band_fit(saved, **changes)


def damaged(saved, tmp_path, name, change):
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in saved.iterdir():
        text = path.read_text(encoding="utf-8")
        (copy / path.name).write_text(change(text) if path.name == name else text, encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("spectra.csv", lambda text: text[: len(text) // 2], "cut short"),
        ("spectra.csv", lambda text: text.replace("1553.0,0", "1553.0,1", 1), "changed"),
        ("fit.json", lambda text: text[: len(text) // 2], "not complete"),
        ("fit.json", lambda text: text.replace('"seed": 0', '"seed": 1'), "changed after"),
        ("fit.json", lambda text: "", "not complete"),
        ("fit.json", lambda text: "[]", "no saved band fit"),
        ("fit.json", lambda text: text.replace('"layout": 1', '"layout": 99'), "another version"),
    ],
)
def test_damage_is_told_in_one_message(saved, tmp_path, name, change, words):
    copy = damaged(saved, tmp_path, name, change)
    with pytest.raises(InputError, match=words) as caught:
        load_band_fit(copy)
    assert name in caught.value.what
    assert caught.value.fix


def test_what_is_missing_is_told(saved, tmp_path):
    with pytest.raises(InputError, match=r"fit\.json cannot be read"):
        load_band_fit(tmp_path)
    copy = damaged(saved, tmp_path, "", str)
    (copy / "spectra.csv").unlink()
    with pytest.raises(InputError, match=r"spectra\.csv cannot be read"):
        load_band_fit(copy)
    with pytest.raises(InputError, match="table of spectra"):
        read_spectra_csv("number,spectrum\n1,a\n")


def test_a_later_class_is_refused(saved, tmp_path):
    """A fit with a model that this version lacks names it, check sums intact."""
    content = json.loads((saved / "fit.json").read_text(encoding="utf-8"))
    content.pop("sha256")
    text = json.dumps(content, ensure_ascii=False).replace("OneBandModel", "ThreeBandModel")
    content = json.loads(text)
    whole = json.dumps(content, ensure_ascii=False, sort_keys=True)
    content["sha256"] = hashlib.sha256(whole.encode()).hexdigest()
    copy = damaged(saved, tmp_path, "fit.json", lambda _: json.dumps(content))
    with pytest.raises(InputError, match="ThreeBandModel"):
        load_band_fit(copy)


def test_nothing_is_overwritten(found, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for folder, words in (("mine", "exists already"), ("no/where", "no folder")):
        with pytest.raises(InputError, match=words):
            save_band_fit(found, tmp_path / folder)
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "notes.txt"]
    # a figure that fails takes everything with it

    def fail(folder):
        raise RuntimeError("no ink")

    with pytest.raises(RuntimeError, match="no ink"):
        save_band_fit(found, tmp_path / "new", draw=fail)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]


#: A child is forked for every moment; it is killed just before the n-th change of the disk.
KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from reticulum.spectra.fit_files import load_band_fit, save_band_fit

found, base = load_band_fit(sys.argv[1]), Path(sys.argv[2])
few = replace(found.verdict, outcomes=found.verdict.outcomes[:2])
found = replace(found, verdict=few, evidence=None)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.rename", "os.mkdir", "os.remove", "os.rmdir"}

def draw(folder):
    (folder / "a.png").write_bytes(b"figure")

for moment in range(1, 1000):
    where = base / str(moment)
    where.mkdir()
    child = os.fork()
    if not child:
        count = 0

        def hook(event, arguments):
            global count
            changes = event in CHANGES or (
                event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
            )
            if changes and str(arguments[0]).startswith(str(where)):
                count += 1
                if count == moment:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        save_band_fit(found, where / "fit", draw=draw)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    names = sorted(str(p.relative_to(where / "fit")) for p in (where / "fit").rglob("*"))
    print(moment, status, *names)
    if status == 0:
        break
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_a_killed_process_leaves_all_or_nothing(saved, tmp_path):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", KILLED, str(saved), str(tmp_path)],
        capture_output=True, text=True, check=False, env=environment, timeout=60,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    lines = [line.split() for line in answer.stdout.splitlines()]
    whole = lines[-1][2:]
    assert "fit.json" in whole
    assert "figures/a.png" in whole
    assert len(lines) > 10
    assert all(int(line[1]) == -signal.SIGKILL for line in lines[:-1])
    assert all(line[2:] in ([], whole) for line in lines)
    assert [] in [line[2:] for line in lines]
    # the next one that writes there takes away what the dead left
    killed = tmp_path / lines[len(lines) // 2][0]
    assert any(path.name.startswith(".reticulum-") for path in killed.iterdir())
    save_band_fit(load_band_fit(saved), killed / "fit")
    assert [path.name for path in killed.iterdir()] == ["fit"]
