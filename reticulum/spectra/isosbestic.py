"""Isosbestic spread: how well the spectra of a series cross in one point.

Two states with fixed components cross where both absorb alike, whatever the temperature. Bands
that move pass through each other too, but not in one point. How much that differs for the data at
hand is what this module says.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.optimize import minimize_scalar

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.singular_values import least_noise, on_common_axis
from reticulum.spectra.variable_projection import SeriesFit

#: Wavenumbers between the two centres at which the spread is drawn and searched.
_N_DRAWN = 201

#: Order of the spline between measured points: its error is then far below that of noise for bands
#: of four points or more a FWHM.
_SPLINE_ORDER = 5

#: Points on each side that the spline at one place draws on.
_SPLINE_REACH = 12

#: Accuracy of the crossing, cm⁻¹.
_CROSSING_CM1 = 1e-10

#: Difference of two spreads that counts, in standard errors of a spread.
_CLEAR_SIGMAS = 3.0

Spectra = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IsosbesticSpread:
    """Spread of normalised spectra between the two centres.

    All spreads are standard deviations over the spectra in per cent of the maximum of the mean
    normalised spectrum.

    Attributes
    ----------
    wavenumber_cm1, spread_percent
        Where the measured spread is smallest, and how large it is there. The smallest of many noisy
        numbers: with noise alone it is up to a fifth below `noise_percent`.
    noise_percent
        Spread that noise alone gives there.
    two_state_cm1, two_state_percent
        Smallest spread of the curves of the two-state fit, free of noise.
    one_band_cm1, one_band_percent
        The same for the curves of the one-band fit, treated as the spectra are; NaN without one.
    one_band
        Name of that model; empty without one.
    n_spectra
        Spectra compared; those without a positive area are left out.
    wavenumbers_cm1, measured_percent, two_states_percent, one_bands_percent
        (k,) the spreads against wavenumber.
    reason
        Why nothing could be compared, with NaN for all numbers; empty if it could.

    """

    wavenumber_cm1: float
    spread_percent: float
    noise_percent: float
    two_state_cm1: float
    two_state_percent: float
    one_band_cm1: float
    one_band_percent: float
    one_band: str
    n_spectra: int
    wavenumbers_cm1: NDArray[np.float64]
    measured_percent: NDArray[np.float64]
    two_states_percent: NDArray[np.float64]
    one_bands_percent: NDArray[np.float64]
    reason: str = ""

    def __post_init__(self) -> None:
        for array in (self.wavenumbers_cm1, self.measured_percent, self.two_states_percent,
                      self.one_bands_percent):  # fmt: skip
            if array.shape != self.wavenumbers_cm1.shape:
                raise ValueError("spreads share one axis")
            array.setflags(write=False)

    @property
    def discriminates(self) -> bool:
        """Whether the two models expect spreads that differ clearly beside the noise.

        The standard error of a spread over m spectra is its size over √(2(m - 1)).
        """
        if math.isnan(self.one_band_percent):
            return False
        two = math.hypot(self.two_state_percent, self.noise_percent)
        one = math.hypot(self.one_band_percent, self.noise_percent)
        error = max(two, one) / math.sqrt(2.0 * (self.n_spectra - 1))
        return abs(one - two) > _CLEAR_SIGMAS * error

    @property
    def summary(self) -> str:
        """One sentence with the numbers, or why there are none."""
        if self.reason:
            return self.reason
        text = (
            f"The spectra cross best at {self.wavenumber_cm1:.2f} cm⁻¹ with a spread of "
            f"{self.spread_percent:.2f} % of the maximum; noise alone gives "
            f"{self.noise_percent:.2f} %, the two-state curves {self.two_state_percent:.2g} %"
        )
        if math.isnan(self.one_band_percent):
            return text + "."
        return (
            f"{text}, one moving band {self.one_band_percent:.2g} %: the crossing "
            f"{'can' if self.discriminates else 'cannot'} tell the two apart here."
        )

    def rows(self) -> tuple[tuple[str, ...], list[list[object]]]:
        """Return header and rows of plain numbers for a table."""
        columns = (self.wavenumbers_cm1, self.measured_percent, self.two_states_percent,
                   self.one_bands_percent)  # fmt: skip
        header = ("wavenumber_cm1", "measured_percent", "two_states_percent", "one_band_percent")
        return header, [list(row) for row in np.stack(columns, axis=1).tolist()]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "wavenumber_cm1": self.wavenumber_cm1,
            "spread_percent": self.spread_percent,
            "noise_percent": self.noise_percent,
            "two_state_cm1": self.two_state_cm1,
            "two_state_percent": self.two_state_percent,
            "one_band_cm1": self.one_band_cm1,
            "one_band_percent": self.one_band_percent,
            "one_band": self.one_band,
            "n_spectra": self.n_spectra,
            "discriminates": self.discriminates,
            "summary": self.summary,
            "reason": self.reason,
        }


def isosbestic_spread(
    data: BandData, two_states: SeriesFit, one_band: SeriesFit | None = None
) -> IsosbesticSpread:
    """Spread of the spectra of a series about their crossing.

    The baseline of the two-state fit is taken off each spectrum and the rest divided by the fitted
    overall amount of absorber, so that spectra of two states cross at one height. Between measured
    points a spline of order 5 is used.

    *Valid when* the band has four or more points a FWHM. The areas come from the data themselves,
    which lowers the spread of noise by a few per cent.

    Parameters
    ----------
    data
        The band.
    two_states
        Fit of a `TwoStateModel`: baselines, overall areas, and the centres to search between.
    one_band
        Fit of a model of one band, for comparison.

    Raises
    ------
    InputError
        If the model of `two_states` is another one.

    Returns
    -------
    IsosbesticSpread
        Without numbers and with the reason if the spectra do not cover both centres.

    """
    if not isinstance(two_states.model, TwoStateModel):
        raise InputError(
            f"{two_states.model.name} has no overall area to normalise with.",
            why="Only a two-state law has one amount of absorber in each spectrum.",
            fix="Give the fit of a two-state law.",
        )
    named = two_states.parameters
    low, high = sorted((named["tight_cm1"], named["loose_cm1"]))
    kept = np.flatnonzero(two_states.linear[:, 0] > 0.0).tolist()
    if len(kept) < 2:
        return _nothing("Fewer than two spectra have a positive area: nothing crosses.")
    axis, spectra = _normalised(data, two_states, kept, None)
    if len(axis) <= _SPLINE_ORDER or not axis[0] < low < high < axis[-1]:
        return _nothing(
            f"The spectra do not all cover both centres, {low:.1f} and {high:.1f} cm⁻¹, between "
            "which they cross."
        )
    drawn = np.linspace(low, high, _N_DRAWN)
    where, smallest, spreads = _crossing(_spline(axis, spectra), drawn)
    two_where, two_smallest, two_spreads = _crossing(_curves(data, two_states, kept), drawn)
    one_where, one_smallest, one_spreads = math.nan, math.nan, np.full(_N_DRAWN, np.nan)
    if one_band is not None:
        curves = _spline(*_normalised(data, two_states, kept, one_band))
        one_where, one_smallest, one_spreads = _crossing(curves, drawn)
    fits = [two_states] if one_band is None else [two_states, one_band]
    noise = least_noise(data, fits) / two_states.linear[kept, 0]
    top = float(spectra.mean(axis=0).max())
    return IsosbesticSpread(
        wavenumber_cm1=where,
        spread_percent=smallest,
        noise_percent=100.0 * float(np.sqrt(np.mean(noise**2))) * _smoothing(axis, where) / top,
        two_state_cm1=two_where,
        two_state_percent=two_smallest,
        one_band_cm1=one_where,
        one_band_percent=one_smallest,
        one_band="" if one_band is None else one_band.model.name,
        n_spectra=len(kept),
        wavenumbers_cm1=drawn,
        measured_percent=spreads,
        two_states_percent=two_spreads,
        one_bands_percent=one_spreads,
    )


def _nothing(reason: str) -> IsosbesticSpread:
    return IsosbesticSpread(
        wavenumber_cm1=math.nan,
        spread_percent=math.nan,
        noise_percent=math.nan,
        two_state_cm1=math.nan,
        two_state_percent=math.nan,
        one_band_cm1=math.nan,
        one_band_percent=math.nan,
        one_band="",
        n_spectra=0,
        wavenumbers_cm1=np.empty(0),
        measured_percent=np.empty(0),
        two_states_percent=np.empty(0),
        one_bands_percent=np.empty(0),
        reason=reason,
    )


def _normalised(
    data: BandData, fit: SeriesFit, spectra: list[int], instead: SeriesFit | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Spectra, or the curves of another fit, less the baseline of a fit and over its area."""
    found = []
    for number in spectra:
        x, t = data.wavenumbers_cm1[number], float(data.temperatures_k[number])
        height = float(fit.linear[number, 0])
        # data = band + baseline + residual, so that band + residual needs no form of the baseline
        band = fit.model.columns(fit.values, t, x)[0][:, 0] * height + fit.residuals[number]
        if instead is not None:
            band = band - instead.residuals[number]
        found.append(band / height)
    axis, values, _ = on_common_axis([data.wavenumbers_cm1[n] for n in spectra], found)
    return axis, values


def _spline(axis: NDArray[np.float64], spectra: NDArray[np.float64]) -> Spectra:
    spline = make_interp_spline(axis, spectra, k=_SPLINE_ORDER, axis=1)

    def values(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(spline(x))

    return values


def _curves(data: BandData, fit: SeriesFit, spectra: list[int]) -> Spectra:
    """Fitted bands of one amount of absorber at any wavenumbers."""
    temperatures = data.temperatures_k[spectra].tolist()

    def values(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([fit.model.columns(fit.values, t, x)[0][:, 0] for t in temperatures])

    return values


def _crossing(
    spectra: Spectra, drawn: NDArray[np.float64]
) -> tuple[float, float, NDArray[np.float64]]:
    """Where the spread is smallest, the spread there, and all spreads, per cent of the maximum."""
    top = float(spectra(drawn).mean(axis=0).max())
    spreads = 100.0 * spectra(drawn).std(axis=0, ddof=1) / top
    best = int(np.argmin(spreads))
    # relative to the best place drawn, so that the search is not limited by 16 digits of 1600 cm⁻¹
    step, origin = float(drawn[1] - drawn[0]), float(drawn[best])
    found = minimize_scalar(
        lambda shift: float(spectra(np.array([origin + shift])).var(axis=0, ddof=1)[0]),
        bounds=(max(-step, float(drawn[0]) - origin), min(step, float(drawn[-1]) - origin)),
        method="bounded",
        options={"xatol": _CROSSING_CM1},
    )
    smallest = 100.0 * float(np.sqrt(found.fun)) / top
    if smallest > spreads[best]:
        return origin, float(spreads[best]), spreads
    return origin + float(found.x), smallest, spreads


def _smoothing(axis: NDArray[np.float64], where: float) -> float:
    """Noise of the spline at a place over that of a point."""
    near = int(np.searchsorted(axis, where))
    part = axis[max(near - _SPLINE_REACH, 0) : near + _SPLINE_REACH]
    weights = make_interp_spline(part, np.eye(len(part)), k=_SPLINE_ORDER)(where)
    return float(np.linalg.norm(weights))
