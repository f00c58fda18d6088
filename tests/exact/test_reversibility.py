"""Heating against cooling and first against last cycle, with differences that are known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.provenance import to_jsonable
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.band_positions import band_positions
from reticulum.spectra.cycle_effects import EffectKind, cycle_effects
from reticulum.spectra.reversibility import Return, band_reversibility, compare_cycles
from reticulum.spectra.simulation import Imperfections, simulate_series

ONE_CYCLE = np.arange(-100.0, 201.0, 50.0) + 273.15
SIGMA = 0.02
SLOPE = -0.02


def runs(*entries, sigma=SIGMA, seed=0, hysteresis=0.0, drift=0.0, tilt=0.0):
    """Centres of runs (cycle, direction); cooling lies higher, and each cycle above the last."""
    t = np.tile(ONE_CYCLE, len(entries))
    cycles = np.repeat([cycle for cycle, _ in entries], 7)
    directions = [way for _, way in entries for _ in range(7)]
    side = np.array([{"cooling": 0.5, "heating": -0.5, None: 0.0}[way] for way in directions])
    y = 1590.0 + SLOPE * (t - 300.0) + side * (hysteresis + tilt * (t - 323.15))
    y += drift * (cycles - 1) + sigma * np.random.default_rng(seed).normal(size=len(t))
    return t, (y, np.full(len(t), max(sigma, 1e-4))), cycles, directions


def compared(*entries, **more):
    t, centres, cycles, directions = runs(*entries, **more)
    widths = (np.full(len(t), 12.0), np.full(len(t), 0.1))
    return compare_cycles(t, centres, widths, cycles, directions)


H1, C1, H2, C2, H3 = (
    (1, "heating"), (1, "cooling"), (2, "heating"), (2, "cooling"), (3, "heating")
)  # fmt: skip
ALTERNATING = (H1, C2, H3)


def kinds(found):
    return [effect.kind for effect in found.centre_effects]


@pytest.mark.parametrize(
    ("entries", "more", "verdict"),
    [
        (ALTERNATING, {}, Return.REVERSIBLE),
        (ALTERNATING, {"hysteresis": 0.4}, Return.HYSTERESIS),
        (ALTERNATING, {"drift": 0.3}, Return.DRIFT),
        (ALTERNATING, {"hysteresis": 0.4, "drift": 0.3}, Return.BOTH),
        (ALTERNATING, {"hysteresis": 0.05}, Return.REVERSIBLE),  # proven, but below 0.2 cm⁻¹
        (ALTERNATING, {"sigma": 0.3}, Return.CANNOT_TELL),
        ((H1, C1, H2, C2), {"hysteresis": 0.4}, Return.HYSTERESIS),
        ((H1, C1, H2, C2), {"drift": 0.4}, Return.DRIFT),
        ((H1, H2, H3), {"drift": 0.3}, Return.DRIFT),
        ((H1, C1), {"hysteresis": 0.4}, Return.CHANGED),
        ((H1, C2), {"drift": 0.4}, Return.CHANGED),
        ((H1, C2), {}, Return.REVERSIBLE),
        (((1, None), (2, None), (3, None)), {"drift": 0.3}, Return.CHANGED),
        ((H1,), {}, Return.NOT_TESTED),
        (((1, None),), {}, Return.NOT_TESTED),
    ],
)
def test_causes_are_told_apart_where_they_can_be(entries, more, verdict):
    found = compared(*entries, **more)
    assert found.verdict is verdict
    assert found.is_irreversible == (
        verdict in (Return.HYSTERESIS, Return.DRIFT, Return.BOTH, Return.CHANGED)
    )
    assert found.sentences
    json.dumps(to_jsonable(found.to_dict()), allow_nan=False)


def test_sizes_are_those_of_the_differences():
    found = compared(*ALTERNATING, hysteresis=0.4, drift=-0.3, sigma=1e-6)
    hysteresis, drift = found.centre_effects
    assert (hysteresis.kind, drift.kind) == (EffectKind.HYSTERESIS, EffectKind.DRIFT)
    assert hysteresis.differences_cm1 == pytest.approx(np.full(7, 0.4), abs=1e-4)
    assert drift.differences_cm1 == pytest.approx(np.full(7, -0.6), abs=1e-4)  # over two steps
    assert hysteresis.mean_cm1 == pytest.approx(0.4, abs=1e-4)
    assert drift.mean_cm1 == pytest.approx(-0.6, abs=1e-4)
    # a red shift on heating: cooling spectra that lie higher look colder
    assert hysteresis.kelvin == pytest.approx(0.4 / SLOPE, rel=0.05)
    assert drift.comparison == "cycle 3 less cycle 1"
    assert hysteresis.temperatures_k == pytest.approx(ONE_CYCLE)


def test_a_difference_that_changes_with_temperature():
    found = compared(*ALTERNATING, tilt=0.004)
    effect = found.centre_effects[0]
    assert abs(effect.mean_cm1) < 4.0 * effect.mean_error_cm1
    assert abs(effect.largest_cm1) == pytest.approx(0.6, abs=0.1)
    assert effect.largest_k in (ONE_CYCLE[0], ONE_CYCLE[-1])
    assert found.verdict is Return.HYSTERESIS


def test_errors_are_those_of_repetition():
    """Scatter of the mean difference over many draws against its stated error."""
    found = []
    for seed in range(100):
        t, (y, errors), cycles, directions = runs(*ALTERNATING, seed=seed)
        # errors of the fits that are three times too large are put right by the scatter
        found.append(cycle_effects(t, y, 3.0 * errors, cycles, directions)[0])
    scatter = np.std([effect.mean_cm1 for effect in found])
    stated = np.sqrt(np.mean([effect.mean_error_cm1**2 for effect in found]))
    assert scatter == pytest.approx(stated, rel=0.3)
    assert np.mean([effect.scatter for effect in found]) == pytest.approx(1 / 3, rel=0.1)
    # p-values are even: about a tenth below 0.1
    assert 3 <= sum(effect.p_value < 0.1 for effect in found) <= 20


def test_small_differences_of_temperature_are_taken_out():
    t, (y, errors), cycles, directions = runs(*ALTERNATING, sigma=1e-6)
    moved = t + np.where(cycles == 2, 0.9, 0.0)
    plain = cycle_effects(moved, y + SLOPE * (moved - t), errors, cycles, directions)
    right = cycle_effects(
        moved, y + SLOPE * (moved - t), errors, cycles, directions, slope=(SLOPE, 1e-4)
    )
    assert abs(plain[0].mean_cm1) == pytest.approx(0.018, abs=1e-3)
    assert abs(right[0].mean_cm1) < 1e-4


def test_a_slope_of_zero_gives_no_kelvin():
    t, (y, errors), cycles, directions = runs(*ALTERNATING, hysteresis=0.4)
    effect = cycle_effects(
        t, y - SLOPE * (t - 300.0), errors, cycles, directions, slope=(1e-6, 1e-4)
    )[0]
    assert np.isnan(effect.kelvin)


@pytest.mark.parametrize(
    ("flaws", "verdict"),
    [
        ({"lag_k": 12.0}, Return.HYSTERESIS),
        ({"cycle_change_cm1": 0.3}, Return.DRIFT),
        ({"conversion_ln_k": 0.3}, Return.DRIFT),
        ({}, Return.REVERSIBLE),
    ],
)
def test_simulated_series(flaws, verdict):
    model = TwoStateModel(heat_capacity=True)
    parameters = dict(zip(model.parameters, [1596.0, 1587.0, 12.0, 5.9, 22.0, 37.0], strict=True))
    data = simulate_series(
        model, parameters, ONE_CYCLE, np.arange(1541.5, 1642.0, 2.0),
        imperfections=Imperfections(noise=0.005, area_scatter=0.05, **flaws), seed=2,
    )  # fmt: skip
    assert data.directions == ("heating",) * 7 + ("cooling",) * 7 + ("heating",) * 7
    found = band_reversibility(data, band_positions(data, baseline_order=1))
    assert found.verdict is verdict
    if "lag_k" in flaws:  # heating lags by 12 K, cooling by 12 K the other way
        assert found.centre_effects[0].kelvin == pytest.approx(24.0, abs=5.0)


def test_only_two_states_convert():
    with pytest.raises(InputError, match="no two states"):
        simulate_series(
            OneBandModel(), {"centre_0": 1591.0, "centre_1": -2.0, "fwhm_0": 12.0}, ONE_CYCLE,
            np.arange(1541.5, 1642.0, 2.0), imperfections=Imperfections(conversion_ln_k=0.1),
        )  # fmt: skip


def test_directions_follow_from_the_order_only_if_told():
    x = np.linspace(1500.0, 1600.0, 21)
    t = [300.0, 320.0, 340.0, 340.0, 320.0, 300.0, 310.0, 300.0]
    cycles = [1, 1, 1, 1, 1, 1, 2, 2]
    spectra = [np.ones(21)] * 8
    assert band_data(t, x, spectra, cycles=cycles).directions == (None,) * 8
    found = band_data(
        t, x, spectra, cycles=cycles, order_is_measured=True,
        directions=[None, "cooling", *(None,) * 6],
    ).directions  # fmt: skip
    up, down = "heating", "cooling"
    assert found == (up, down, up, up, down, down, down, down)
    thinned = band_data(t, x, spectra, cycles=cycles, order_is_measured=True).thinned(10)
    assert thinned.chosen([2, 4]).directions == (up, down)


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"directions": ["up", None, None]}, "'up'"),
        ({"directions": [None, None]}, "3 temperatures came with 2 directions"),
        ({"cycles": [1, 2]}, "3 temperatures came with 2 cycles"),
        ({"labels": ["a"]}, "3 temperatures came with 1 labels"),
    ],
)
def test_lists_that_do_not_fit(more, word):
    x = np.linspace(1500.0, 1600.0, 21)
    with pytest.raises(InputError, match=word):
        band_data([300.0, 310.0, 320.0], x, [np.ones(21)] * 3, **more)
    with pytest.raises(InputError, match="3 temperatures came with 2 spectra"):
        band_data([300.0, 310.0, 320.0], x, [np.ones(21)] * 2)
