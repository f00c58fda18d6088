"""Fits from several start values: the misfit of a shifting band has more than one minimum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from reticulum.spectra.band_basis import BandModel
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_positions import BandPositions
from reticulum.spectra.series_fit import SeriesFit
from reticulum.spectra.series_search import Found, SeriesSearch
from reticulum.spectra.single_band import POLYNOMIAL_SCALE_K, OneBandModel
from reticulum.spectra.two_components import TwoStateModel
from reticulum.spectra.variable_projection import fit_series
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    GAS_CONSTANT_J_PER_MOL_K,
    REFERENCE_TEMPERATURE_K,
)

#: Distances between the two components that fits start from, in units of the band's FWHM. The
#: misfit has several minima; the widths follow from the distance.
_START_DISTANCES = (0.4, 0.7, 1.0)

#: Loose fractions at the lowest temperature that fits start from, with 1 less this at the highest.
_START_FRACTIONS = (0.15, 0.35)

#: Width of a component over that of the whole band that fits start from.
_START_WIDTH = 0.85

#: Mixings of Gaussian and Lorentzian that fits start from.
START_MIXINGS = {"eta": 0.1, "lorentz_share": 0.1}

#: Slow modes that oscillator fits start from, cm⁻¹.
_START_MODES_CM1 = (60.0, 150.0, 300.0)

#: Averaged points of each spectrum, and relative change of the misfit, in the search for the best
#: of several minima; the fit that is reported starts from it and uses all points. More points are
#: kept where a line would have fewer than so many.
_ROUGH_POINTS = 40
_ROUGH_POINTS_A_LINE = 5.0
_ROUGH_CHANGE = 1e-6

#: Evaluations for each parameter before only the best few searches go on.
_FIRST_EVALUATIONS = 5
_GO_ON = 3

#: Minima of the averaged data whose misfits are closer than this part are compared on all points,
#: unless misfit and parameters are the same to such parts.
_CLOSE_MISFIT = 0.02
_SAME_MISFIT = 1e-5
_SAME_PARAMETERS = 1e-3


def best_fit(
    data: BandData,
    model: BandModel,
    starts: Sequence[Mapping[str, float]],
    *,
    baseline_order: int = -1,
    held: Sequence[str] = (),
) -> SeriesFit:
    """Fit from several start values on averaged points, and the best again on all.

    Of two states, the one that grows on heating is called loose, unless parameters are held.

    Parameters
    ----------
    data, model, baseline_order, held
        As for `fit_series`.
    starts
        Start values.

    Raises
    ------
    InputError
        If a start value is missing, or the model gives no band with one.

    """
    rough = SeriesSearch(
        averaged(data, _rough_points(data, starts)),
        model,
        baseline_order=baseline_order,
        held=held,
    )
    first = [
        rough.run(start, relative_change=_ROUGH_CHANGE, most_evaluations=_FIRST_EVALUATIONS)
        for start in starts
    ]
    minima = [_at_minimum(rough, model, end, held) for end in _different(first)[:_GO_ON]]
    close = [
        end
        for end in _different(minima)
        if end.cost <= (1.0 + _CLOSE_MISFIT) * min(entry.cost for entry in minima)
    ]
    fits = [
        fit_series(data, model, _named(model, end), baseline_order=baseline_order, held=held)
        for end in close
    ]
    return min(fits, key=lambda fit: (not fit.converged, fit.sum_of_squares))


def _at_minimum(rough: SeriesSearch, model: BandModel, end: Found, held: Sequence[str]) -> Found:
    """End of a search that goes on to a minimum, with the states of two named by heating."""
    going_on = end if end.ended else rough.run(_named(model, end), relative_change=_ROUGH_CHANGE)
    found = rough.settled(going_on, _ROUGH_CHANGE)
    if isinstance(model, TwoStateModel) and not held:
        return replace(found, values=model.named_by_heating(found.values))
    return found


def averaged(data: BandData, most_points: int) -> BandData:
    """Series with neighbouring points averaged, so that no spectrum has more than so many.

    Parameters
    ----------
    data
        The band.
    most_points
        Points of a spectrum at most.

    """
    axes, values = [], []
    for axis, spectrum in zip(data.wavenumbers_cm1, data.values, strict=True):
        starts = np.arange(0, len(axis), -(-len(axis) // most_points))
        counts = np.diff(np.append(starts, len(axis)))
        axes.append(np.add.reduceat(axis, starts) / counts)
        values.append(np.add.reduceat(spectrum, starts) / counts)
    return replace(data, wavenumbers_cm1=tuple(axes), values=tuple(values))


def _rough_points(data: BandData, starts: Sequence[Mapping[str, float]]) -> int:
    """Points that leave enough of them in the narrowest line of the starts."""
    widths = [
        value
        for start in starts
        for name, value in start.items()
        if name in ("fwhm_0", "fwhm_cm1", "fwhm_tight_cm1", "fwhm_loose_cm1") and value > 0.0
    ]
    if not widths:
        return _ROUGH_POINTS
    window = max(float(axis[-1] - axis[0]) for axis in data.wavenumbers_cm1)
    return max(_ROUGH_POINTS, int(np.ceil(_ROUGH_POINTS_A_LINE * window / min(widths))))


def _different(ends: Sequence[Found]) -> list[Found]:
    """Ends of searches, the best first, without those that are the same."""
    kept: list[Found] = []
    for end in sorted(ends, key=lambda entry: entry.cost):
        if not any(
            end.cost <= (1.0 + _SAME_MISFIT) * other.cost
            and np.allclose(end.values, other.values, rtol=_SAME_PARAMETERS, atol=0.0)
            for other in kept
        ):
            kept.append(end)
    return kept


def _named(model: BandModel, end: Found) -> dict[str, float]:
    return dict(zip(model.parameters, end.values.tolist(), strict=True))


def two_state_starts(data: BandData, alone: BandPositions) -> list[dict[str, float]]:
    """Start values of two-state fits from the centres and widths of single bands.

    Parameters
    ----------
    data
        The band.
    alone
        One band in each spectrum.

    """
    t = data.temperatures_k
    cold, hot = float(t.min()), float(t.max())
    slope, intercept = np.polyfit(t, alone.centres_cm1, 1)
    first, last = intercept + slope * cold, intercept + slope * hot
    width = float(np.median(alone.fwhms_cm1))
    downward = -1.0 if last <= first else 1.0
    starts = []
    for fraction in _START_FRACTIONS:
        # ln K at the two ends gives ΔH and ΔS
        logit = float(np.log(fraction / (1.0 - fraction)))
        dh = GAS_CONSTANT_J_PER_MOL_K * 2.0 * logit / (1.0 / hot - 1.0 / cold)
        ds = GAS_CONSTANT_J_PER_MOL_K * logit + dh / cold
        middle = 0.5 * (first + last)
        shift = abs(last - first) / (1.0 - 2.0 * fraction)
        for distance in (shift, *(part * width for part in _START_DISTANCES)):
            starts.append(
                {
                    "tight_cm1": middle - downward * 0.5 * distance,
                    "loose_cm1": middle + downward * 0.5 * distance,
                    "fwhm_cm1": _START_WIDTH * width,
                    "dh_kj_mol": dh / 1000.0,
                    "ds_j_mol_k": ds,
                    **START_MIXINGS,
                }
            )
    return starts


def one_band_start(data: BandData, alone: BandPositions, model: OneBandModel) -> dict[str, float]:
    """Start values of a moving band: polynomials through centres and widths of single bands.

    Parameters
    ----------
    data
        The band.
    alone
        One band in each spectrum.
    model
        The model.

    """
    scaled = (data.temperatures_k - REFERENCE_TEMPERATURE_K) / POLYNOMIAL_SCALE_K
    widths = np.polynomial.polynomial.polyfit(scaled, alone.fwhms_cm1, model.width_order)
    if (np.polynomial.polynomial.polyval(scaled, widths) <= 0.0).any():
        widths = np.zeros(model.width_order + 1)
        widths[0] = np.median(alone.fwhms_cm1)
    centres = np.polynomial.polynomial.polyfit(scaled, alone.centres_cm1, model.centre_order)
    return {
        **{f"centre_{n}": float(value) for n, value in enumerate(centres)},
        **{f"fwhm_{n}": float(value) for n, value in enumerate(widths)},
        **START_MIXINGS,
    }


def oscillator_starts(data: BandData, alone: BandPositions) -> list[dict[str, float]]:
    """Start values of an anharmonic oscillator from the course of the centres.

    Parameters
    ----------
    data
        The band.
    alone
        One band in each spectrum.

    """
    slope, intercept = np.polyfit(data.temperatures_k, alone.centres_cm1, 1)
    starts = []
    for mode in _START_MODES_CM1:
        # at high temperature the mean moves by χ k/(hcω) for each kelvin
        shift = float(slope) * mode / BOLTZMANN_CM1_PER_K
        starts.append(
            {
                "origin_cm1": float(intercept) - 0.5 * shift,
                "shift_per_quantum_cm1": shift,
                "mode_cm1": mode,
                "fwhm_cm1": float(alone.fwhms_cm1.min()),
                **START_MIXINGS,
            }
        )
    return starts
