"""Verdicts on synthetic series whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.reversibility import Return
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.verdict import Verdict, judge

X = np.linspace(1540.0, 1640.0, 51)
TEMPERATURES = np.arange(-100.0, 201.0, 50.0) + 273.15
TWO_STATES = TwoStateModel(heat_capacity=True)
PUBLISHED = dict(zip(TWO_STATES.parameters, [1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0], strict=True))


def simulated(model, parameters, seed=0, **flaws):
    return simulate_series(
        model, parameters, TEMPERATURES, X, imperfections=Imperfections(**flaws), seed=seed
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_two_states_are_found(seed):
    found = judge(simulated(TWO_STATES, PUBLISHED, seed))
    assert found.verdict is Verdict.TWO_STATES
    assert found.excess_one_band_percent > 1.5
    assert found.noise_percent == pytest.approx(1.0, rel=0.3)


@pytest.mark.parametrize("shape", [LineShape.GAUSSIAN, LineShape.PSEUDO_VOIGT])
def test_one_moving_band_is_never_two_states(shape):
    model = OneBandModel(shape=shape, centre_order=1, width_order=1)
    parameters = {"centre_0": 1591.0, "centre_1": -2.0, "fwhm_0": 14.0, "fwhm_1": 0.3, "eta": 0.4}
    found = judge(simulated(model, parameters, 3))
    assert found.verdict in (Verdict.ONE_SHIFTING_BAND, Verdict.INCONCLUSIVE)
    assert found.excess_one_band_percent < 0.3


def test_a_wide_band_that_moves_little_is_inconclusive():
    parameters = {"centre_0": 1591.0, "centre_1": -1.0, "fwhm_0": 25.0}
    found = judge(simulated(OneBandModel(), parameters, 4))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "half their width" in found.what_would_decide


def test_the_stated_systematics_decide():
    data = simulated(TWO_STATES, PUBLISHED, 1)
    assert judge(data, systematics_percent=5.0).verdict is Verdict.INCONCLUSIVE


def test_hysteresis_and_drift_between_cycles_are_irreversible():
    lag = judge(simulated(TWO_STATES, PUBLISHED, 5, noise=0.002, lag_k=15.0))
    assert lag.verdict is Verdict.IRREVERSIBLE
    assert lag.reversibility.verdict is Return.HYSTERESIS
    assert "cooling less heating" in lag.reasons[0]
    change = judge(simulated(TWO_STATES, PUBLISHED, 5, noise=0.002, cycle_change_cm1=0.5))
    assert change.verdict is Verdict.IRREVERSIBLE
    assert change.reversibility.verdict is Return.DRIFT


def test_noise_alone_is_not_fittable():
    random = np.random.default_rng(0)
    data = band_data(TEMPERATURES, X, random.normal(size=(7, len(X))))
    found = judge(data)
    assert found.verdict is Verdict.NOT_FITTABLE
    assert found.outcomes == ()


def test_simulations_repeat_with_their_seed_and_show_what_was_asked():
    one = simulated(TWO_STATES, PUBLISHED, 7, noise=0.01, baseline_drift=0.05, area_scatter=0.1)
    two = simulated(TWO_STATES, PUBLISHED, 7, noise=0.01, baseline_drift=0.05, area_scatter=0.1)
    other = simulated(TWO_STATES, PUBLISHED, 8, noise=0.01, baseline_drift=0.05, area_scatter=0.1)
    assert all((a == b).all() for a, b in zip(one.values, two.values, strict=True))
    assert not (one.values[0] == other.values[0]).all()
    assert one.n_spectra == 21
    assert one.temperatures_k[7] == TEMPERATURES[-1]  # the second cycle runs backwards
    clean = simulated(TWO_STATES, PUBLISHED, noise=0.0)
    assert clean.maximum == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "word"),
    [
        (lambda: Imperfections(noise=-0.1), "noise is -0.1"),
        (lambda: Imperfections(lag_k=np.inf), "finite"),
        (lambda: simulate_series(TWO_STATES, {"tight_cm1": 1.0}, TEMPERATURES, X), "needs loose"),
        (
            lambda: simulate_series(TWO_STATES, PUBLISHED, TEMPERATURES, X, cycles=0),
            "0 cycles",
        ),
    ],
)
def test_impossible_simulations(call, word):
    with pytest.raises(InputError, match=word):
        call()
