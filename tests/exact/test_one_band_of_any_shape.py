"""Two states are inferred only from a change of shape; the rule behind the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from reticulum.spectra.any_shape import any_shape_outcome
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.band_positions import band_positions
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.misfit_excess import misfit_excess, missed_beyond_noise, residual_variance
from reticulum.spectra.model_comparison import ModelOutcome, Picture
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.verdict import Verdict, judge

X = np.arange(1541.5, 1642.0, 2.0)
TEMPERATURES = np.arange(-100.0, 201.0, 50.0) + 273.15
TWO_STATES = TwoStateModel(heat_capacity=True)
PUBLISHED = dict(zip(TWO_STATES.parameters, [1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0], strict=True))
MOVING = {"centre_0": 1591.5, "centre_1": -2.0, "fwhm_0": 9.0, "fwhm_1": 0.5, "eta": 0.3}


@dataclass(frozen=True)
class Shouldered:
    """A model with a weaker copy of itself beside it."""

    model: Any
    name: str = "shouldered"

    @property
    def parameters(self):
        """Names of the parameters."""
        return self.model.parameters

    def columns(self, values, temperature_k, x):
        """Columns of both copies."""
        here, beside = (self.model.columns(values, temperature_k, a)[0] for a in (x, x - 8.0))
        return 0.75 * here + 0.25 * beside, None


def simulated(model, parameters, *, cycles=2, noise=0.005, seed=1):
    return simulate_series(
        model, parameters, TEMPERATURES, X, cycles=cycles,
        imperfections=Imperfections(noise=noise, baseline_drift=0.02, area_scatter=0.05),
        seed=seed,
    )  # fmt: skip


def any_shape(data):
    return any_shape_outcome(data, band_positions(data, baseline_order=1), baseline_order=1)


@pytest.mark.parametrize(
    "model",
    [
        OneBandModel(width_order=1),
        OneBandModel(width_order=1, shape=LineShape.PSEUDO_VOIGT),
        Shouldered(OneBandModel()),
    ],
)
def test_a_band_that_moves_as_a_whole_is_described_whatever_its_shape(model):
    found = any_shape(simulated(model, MOVING))
    assert found.converged
    assert found.picture is Picture.ONE_BAND
    # noise alone is left, at the degrees of freedom that are left
    assert np.sqrt(residual_variance(found)) == pytest.approx(0.5, abs=0.06)


def test_a_change_of_shape_is_not_described():
    """Without noise: what is left of two states at the published parameters, per cent."""
    found = any_shape(simulated(TWO_STATES, PUBLISHED, noise=0.0))
    assert 1.4 < found.misfit_percent < 1.8


def test_parameters_are_counted():
    found = any_shape(simulated(OneBandModel(), MOVING))
    # 14 spectra: centre, width, height and two of the baseline; what is common to all is held
    shape = found.n_parameters - 14 * 5 + 3
    assert 15 <= shape <= 25


def test_a_moving_band_with_a_shoulder_is_not_two_states():
    """Symmetric lines alone would have called it two states."""
    data = simulated(Shouldered(OneBandModel()), MOVING | {"centre_1": -0.9, "fwhm_0": 12.0})
    found = judge(data, baseline_order=1)
    assert found.verdict is Verdict.INCONCLUSIVE
    one = min(
        o.misfit_percent
        for o in found.outcomes
        if o.picture is Picture.ONE_BAND and "any shape" not in o.name
    )
    two = min(o.misfit_percent for o in found.outcomes if o.picture is Picture.TWO_STATES)
    assert np.sqrt(one**2 - two**2) > 1.0
    assert "no change of shape is proven" in " ".join(found.reasons)


def test_models_that_miss_the_band_prove_nothing():
    data = simulated(Shouldered(OneBandModel()), MOVING | {"fwhm_0": 8.0, "centre_1": -3.0})
    found = judge(data, baseline_order=1)
    assert found.verdict is Verdict.INCONCLUSIVE
    one_less_two = found.excess_two_states_percent
    assert one_less_two > 2.0  # symmetric lines alone would have called it one band
    assert "neither picture describes the band" in " ".join(found.reasons)


def outcome(misfit, n_parameters, picture=Picture.ONE_BAND, n=1000):
    return ModelOutcome(
        name="x", picture=picture, fit=None, sum_of_squares=n * (misfit / 100) ** 2, n_points=n,
        n_parameters=n_parameters, misfit_percent=misfit,
    )  # fmt: skip


def test_excess_takes_noise_and_parameters_off():
    """Two models that leave nothing but noise differ by nothing, whatever their parameters."""
    n, noise = 1000, 2.0
    few, many = (outcome(noise * np.sqrt((n - p) / n), p) for p in (10, 110))
    assert misfit_excess(few, many).percent == pytest.approx(0.0, abs=1e-6)
    assert misfit_excess(few, many).least_percent == 0.0
    worse = outcome(np.sqrt(noise**2 * (n - 10) / n + 1.5**2), 10)
    found = misfit_excess(worse, many)
    assert found.percent == pytest.approx(1.5, rel=1e-9)
    assert 1.2 < found.least_percent < 1.5
    assert misfit_excess(many, worse).percent == 0.0
    assert missed_beyond_noise(few, noise) == 0.0
    assert missed_beyond_noise(worse, 0.0) == pytest.approx(np.hypot(noise, 1.5), rel=5e-3)


def test_the_lower_limit_of_an_excess_is_one():
    """Above the true excess in about 5 % of draws: residuals of two nested linear models."""
    random = np.random.default_rng(2)
    n, true = 400, 0.6
    q, _ = np.linalg.qr(random.normal(size=(n, 41)))
    missing = q[:, 40] * true / 100 * np.sqrt(n)
    above, sizes = 0, []
    for _ in range(400):
        y = missing + 0.01 * random.normal(size=n)
        left = [y - q[:, :p] @ (q[:, :p].T @ y) for p in (5, 41)]
        rms = [100 * np.sqrt(np.mean(r**2)) for r in left]
        found = misfit_excess(outcome(rms[0], 5, n=n), outcome(rms[1], 41, n=n))
        above += found.least_percent > true
        sizes.append(found.percent**2)
    assert 5 <= above <= 36  # 20 expected
    assert np.mean(sizes) == pytest.approx(true**2, rel=0.05)
