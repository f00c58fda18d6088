"""All models of a shifting band on the same data, and which of them the data can tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import (
    BandModel,
    FreeAreasModel,
    HotBandModel,
    OneBandModel,
    TwoStateModel,
)
from reticulum.spectra.band_positions import BandPositions, band_positions
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.variable_projection import SeriesFit, fit_series
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K

#: Distances between the two components that fits start from, in units of the band's FWHM. The
#: misfit has several minima; the widths follow from the distance.
_START_DISTANCES = (0.4, 0.7, 1.0)

#: Loose fractions at the lowest temperature that fits start from, with 1 less this at the highest.
_START_FRACTIONS = (0.15, 0.35)


#: Points of each spectrum, and relative change of the misfit, in the search for the best of
#: several minima; the fit that is reported starts from it and uses all points.
_ROUGH_POINTS = 40
_ROUGH_CHANGE = 1e-6


class Picture(StrEnum):
    """What a model says about the band."""

    TWO_STATES = "two states"
    ONE_BAND = "one shifting band"
    OSCILLATOR = "one anharmonic oscillator"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelOutcome:
    """One model on the data.

    Attributes
    ----------
    name, picture
        The model.
    fit
        The fit; None for bands fitted to each spectrum alone.
    sum_of_squares
        Of all residuals.
    n_points, n_parameters
        Of the fit; the noise is not counted.
    misfit_percent
        Root mean square of the residuals in per cent of the largest value.

    """

    name: str
    picture: Picture
    fit: SeriesFit | None
    sum_of_squares: float
    n_points: int
    n_parameters: int
    misfit_percent: float

    @property
    def aicc(self) -> float:
        """Corrected Akaike criterion; the noise is one more parameter."""
        n, k = self.n_points, self.n_parameters + 1
        return self._likelihood + 2.0 * k + 2.0 * k * (k + 1) / (n - k - 1)

    @property
    def bic(self) -> float:
        """Bayesian criterion; the noise is one more parameter."""
        return self._likelihood + (self.n_parameters + 1) * float(np.log(self.n_points))

    @property
    def _likelihood(self) -> float:
        return self.n_points * float(np.log(self.sum_of_squares / self.n_points))

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "model": self.name,
            "picture": self.picture.value,
            "misfit_percent": self.misfit_percent,
            "aicc": self.aicc,
            "bic": self.bic,
            "n_points": self.n_points,
            "n_parameters": self.n_parameters,
            "parameters": None if self.fit is None else self.fit.parameters,
            "standard_errors": None if self.fit is None else self.fit.errors,
            "converged": True if self.fit is None else self.fit.converged,
        }


def compare_models(
    data: BandData,
    *,
    baseline_order: int = -1,
    shapes: Sequence[LineShape] = (LineShape.GAUSSIAN, LineShape.PSEUDO_VOIGT),
    extinction_ratio: float = 1.0,
) -> tuple[ModelOutcome, ...]:
    """Fit every model of a shifting band to a series.

    Parameters
    ----------
    data
        The band.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.
    shapes
        Shapes of bands and components.
    extinction_ratio
        Extinction of loose over tight, for the two-state models.

    Returns
    -------
    tuple of ModelOutcome
        Two states first, then one band, then the oscillator; models whose fit did not end at a
        minimum are included and say so.

    """
    outcomes: list[ModelOutcome] = []
    for shape in shapes:
        alone = band_positions(data, shape, baseline_order=baseline_order)
        outcomes += _two_state_outcomes(data, shape, alone, baseline_order, extinction_ratio)
        outcomes += _one_band_outcomes(data, shape, alone, baseline_order)
        outcomes.append(_oscillator_outcome(data, shape, alone, baseline_order))
    order = list(Picture)
    return tuple(sorted(outcomes, key=lambda outcome: order.index(outcome.picture)))


def _outcome(data: BandData, picture: Picture, fit: SeriesFit) -> ModelOutcome:
    return ModelOutcome(
        name=fit.model.name,
        picture=picture,
        fit=fit,
        sum_of_squares=fit.sum_of_squares,
        n_points=fit.n_points,
        n_parameters=fit.n_parameters,
        misfit_percent=100.0 * fit.rms / data.maximum,
    )


def _two_state_outcomes(
    data: BandData,
    shape: LineShape,
    alone: BandPositions,
    baseline_order: int,
    extinction_ratio: float,
) -> Iterator[ModelOutcome]:
    """Two-state models, each started from the simpler ones before it."""
    plain = TwoStateModel(shape=shape, extinction_ratio=extinction_ratio)
    first = best_fit(data, plain, two_state_starts(data, alone), baseline_order=baseline_order)
    yield _outcome(data, Picture.TWO_STATES, first)
    curved = best_fit(
        data,
        replace(plain, heat_capacity=True),
        [
            first.parameters | {"dcp_j_mol_k": 0.0},
            *(start | {"dcp_j_mol_k": 0.0} for start in two_state_starts(data, alone)),
        ],
        baseline_order=baseline_order,
    )
    yield _outcome(data, Picture.TWO_STATES, curved)
    for simpler, heat_capacity in ((first, False), (curved, True)):
        wide = simpler.parameters | dict.fromkeys(
            ("fwhm_tight_cm1", "fwhm_loose_cm1"), simpler.parameters["fwhm_cm1"]
        )
        yield _outcome(
            data,
            Picture.TWO_STATES,
            fit_series(
                data,
                replace(plain, equal_widths=False, heat_capacity=heat_capacity),
                wide,
                baseline_order=baseline_order,
            ),
        )
    yield _outcome(
        data,
        Picture.TWO_STATES,
        fit_series(
            data,
            FreeAreasModel(shape=shape),
            curved.parameters,
            baseline_order=baseline_order,
        ),
    )


def _one_band_outcomes(
    data: BandData, shape: LineShape, alone: BandPositions, baseline_order: int
) -> Iterator[ModelOutcome]:
    scaled = (data.temperatures_k - REFERENCE_TEMPERATURE_K) / 100.0
    for centre_order, width_order in ((1, 0), (1, 1), (2, 0), (2, 2)):
        model = OneBandModel(shape=shape, centre_order=centre_order, width_order=width_order)
        start = {
            **_polynomial("centre", scaled, alone.centres_cm1, centre_order),
            **_polynomial("fwhm", scaled, alone.fwhms_cm1, width_order),
            "eta": 0.2,
        }
        fit = fit_series(data, model, start, baseline_order=baseline_order)
        yield _outcome(data, Picture.ONE_BAND, fit)
    n_each = 3 + (shape is LineShape.PSEUDO_VOIGT) + baseline_order + 1
    squares = alone.sum_of_squares
    yield ModelOutcome(
        name=f"one band, {shape.value}, centre and width free in each spectrum",
        picture=Picture.ONE_BAND,
        fit=None,
        sum_of_squares=squares,
        n_points=data.n_points,
        n_parameters=n_each * data.n_spectra,
        misfit_percent=100.0 * float(np.sqrt(squares / data.n_points)) / data.maximum,
    )


def _polynomial(
    name: str, x: NDArray[np.float64], y: NDArray[np.float64], order: int
) -> dict[str, float]:
    coefficients = np.polynomial.polynomial.polyfit(x, y, order)
    return {f"{name}_{n}": float(value) for n, value in enumerate(coefficients)}


def _oscillator_outcome(
    data: BandData, shape: LineShape, alone: BandPositions, baseline_order: int
) -> ModelOutcome:
    slope, intercept = np.polyfit(data.temperatures_k, alone.centres_cm1, 1)
    starts = []
    for mode in (60.0, 150.0, 300.0):
        # at high temperature the mean moves by χ k/(hcω) for each kelvin
        shift = float(slope) * mode / 0.695
        starts.append(
            {
                "origin_cm1": float(intercept) - 0.5 * shift,
                "shift_per_quantum_cm1": shift,
                "mode_cm1": mode,
                "fwhm_cm1": float(alone.fwhms_cm1.min()),
                "eta": 0.2,
            }
        )
    fit = best_fit(data, HotBandModel(shape=shape), starts, baseline_order=baseline_order)
    return _outcome(data, Picture.OSCILLATOR, fit)


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
                    "fwhm_cm1": 0.85 * width,
                    "dh_kj_mol": dh / 1000.0,
                    "ds_j_mol_k": ds,
                    "eta": 0.1,
                }
            )
    return starts


def best_fit(
    data: BandData,
    model: BandModel,
    starts: Sequence[Mapping[str, float]],
    *,
    baseline_order: int = -1,
    held: Sequence[str] = (),
) -> SeriesFit:
    """Fit from several start values on fewer points, and the best again on all.

    Parameters
    ----------
    data, model, baseline_order, held
        As for `fit_series`.
    starts
        Start values.

    """
    rough = data.thinned(_ROUGH_POINTS)
    fits = [
        fit_series(
            rough,
            model,
            start,
            baseline_order=baseline_order,
            held=held,
            relative_change=_ROUGH_CHANGE,
        )
        for start in starts
    ]
    best = min(fits, key=lambda fit: (not np.isfinite(fit.sum_of_squares), fit.sum_of_squares))
    return fit_series(data, model, best.parameters, baseline_order=baseline_order, held=held)
