"""What `fit_band` gives back: courses, reversibility, settings, processing, notes, evidence."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reticulum.provenance import to_jsonable
from reticulum.spectra.band_fit import fit_band
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.reversibility import Return
from reticulum.spectra.simulated_spectra import simulated_spectra
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.spectrum import SpectralSeries
from reticulum.spectra.straightness import Course

X = np.arange(1541.5, 1642.0, 3.0)
WINDOW = (1541.0, 1642.0)
TEMPERATURES = np.arange(-100.0, 201.0, 60.0) + 273.15
MODEL = TwoStateModel(heat_capacity=True)
TRUTH = dict(zip(MODEL.parameters, [1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0], strict=True))


def simulated(**flaws):
    return simulated_spectra(
        simulate_series(
            MODEL, TRUTH, TEMPERATURES, X, cycles=3, seed=4,
            imperfections=Imperfections(noise=0.003, baseline_drift=0.02, **flaws),
        )
    )  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return fit_band(simulated(), WINDOW, evidence=True, bootstrap_samples=20, seed=7)


def test_everything_has_its_place(found):
    assert found.slope is found.trend.slope
    assert found.slope.slope_cm1_per_k == pytest.approx(-0.019, abs=0.003)
    assert found.trend.quantity == "centre"
    assert found.trend.straightness.course is Course.CURVED
    assert found.width_trend.quantity == "width"
    # equal widths: the band is widest where both states are there, and narrower at both ends
    assert found.width_trend.straightness.course is Course.CURVED
    assert found.width_trend.straightness.terms[0].departure_cm1 > 0.5
    assert found.reversibility is found.verdict.reversibility
    assert found.reversibility.verdict is Return.REVERSIBLE
    assert found.data.directions == ("heating",) * 6 + ("cooling",) * 6 + ("heating",) * 6
    assert found.evidence is not None
    assert found.evidence.curved.parameters["dh_kj_mol"] == pytest.approx(5.9, abs=0.2)
    assert found.notes == ()


def test_json_holds_all_of_it(found):
    content = json.loads(json.dumps(to_jsonable(found.to_dict()), allow_nan=False))
    assert content["settings"] == {
        "window_cm1": [1541.0, 1642.0], "baseline_order": 1, "systematics_percent": 1.0,
        "extinction_ratio": 1.0, "extinction_factor": None, "shape": "gaussian",
        "evidence": True, "bootstrap_samples": 20, "seed": 7, "start_from": None,
        "order_is_measured": False,
    }  # fmt: skip
    assert content["reversibility"]["verdict"] == "reversible"
    assert content["trend"]["straightness"]["course"] == "curved"
    assert content["evidence"]["model"] == found.evidence.model
    assert content["processing"] == [{"spectrum": "all", "steps": []}]
    assert content["directions"][6] == "cooling"
    assert any("any shape" in model["model"] for model in content["models"])


def test_directions_are_not_guessed():
    known = simulated(lag_k=15.0)
    from dataclasses import replace

    silent = SpectralSeries(spectra=tuple(replace(s, direction=None) for s in known.spectra))
    unknown = fit_band(silent, WINDOW, evidence=False)
    assert unknown.reversibility.verdict in (Return.CHANGED, Return.CANNOT_TELL)
    assert any("not known for 18 of 18" in note for note in unknown.notes)
    told = fit_band(silent, WINDOW, evidence=False, order_is_measured=True)
    assert told.reversibility.verdict is Return.HYSTERESIS
    assert any("from the order of the spectra" in note for note in told.notes)


def test_start_values_and_shape(found):
    series = simulated()
    again = fit_band(
        series, WINDOW, evidence=False, shape=LineShape.PSEUDO_VOIGT,
        start_from=found.evidence.curved.parameters,
    )  # fmt: skip
    assert again.positions.shape is LineShape.PSEUDO_VOIGT
    assert again.evidence is None
    best = min(o.sum_of_squares for o in again.verdict.outcomes)
    assert best <= min(o.sum_of_squares for o in found.verdict.outcomes) * (1 + 1e-9)
    assert again.settings.start_from == found.evidence.curved.parameters
