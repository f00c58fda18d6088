"""One band of a series of spectra: positions, slope, models and verdict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from scipy.stats import theilslopes

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData, band_data
from reticulum.spectra.band_positions import BandPositions, band_positions
from reticulum.spectra.conversion import require_quantitative
from reticulum.spectra.spectrum import SpectralSeries
from reticulum.spectra.verdict import DEFAULT_SYSTEMATICS_PERCENT, BandVerdict, judge

#: Confidence of the intervals that are reported.
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSlope:
    """Slope of the centre of a band with temperature.

    Attributes
    ----------
    slope_cm1_per_k
        Weighted least-squares slope.
    interval_cm1_per_k
        95 % confidence interval from the scatter about the line (not from the errors of the
        centres, which leave out what changes from spectrum to spectrum).
    robust_slope_cm1_per_k, robust_interval_cm1_per_k
        Median of the slopes of all pairs (Theil and Sen) with its 95 % interval.

    """

    slope_cm1_per_k: float
    interval_cm1_per_k: tuple[float, float]
    robust_slope_cm1_per_k: float
    robust_interval_cm1_per_k: tuple[float, float]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "slope_cm1_per_k": self.slope_cm1_per_k,
            "interval_cm1_per_k": list(self.interval_cm1_per_k),
            "robust_slope_cm1_per_k": self.robust_slope_cm1_per_k,
            "robust_interval_cm1_per_k": list(self.robust_interval_cm1_per_k),
            "confidence": CONFIDENCE,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandFit:
    """One band of a series.

    Attributes
    ----------
    data
        What was fitted.
    positions
        One Gaussian in each spectrum.
    slope
        Of its centre.
    verdict
        What the series can prove, with every model.
    notes
        What the reader of the files had to settle, and files left out.

    """

    data: BandData
    positions: BandPositions
    slope: BandSlope
    verdict: BandVerdict
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        found = self.positions
        return {
            "temperatures_k": self.data.temperatures_k.tolist(),
            "cycles": self.data.cycles.tolist(),
            "labels": list(self.data.labels),
            "centres_cm1": found.centres_cm1.tolist(),
            "centre_errors_cm1": found.centre_errors_cm1.tolist(),
            "fwhms_cm1": found.fwhms_cm1.tolist(),
            "fwhm_errors_cm1": found.fwhm_errors_cm1.tolist(),
            "areas": found.areas.tolist(),
            "area_errors": found.area_errors.tolist(),
            "slope": self.slope.to_dict(),
            **self.verdict.to_dict(),
            "notes": list(self.notes),
        }


def fit_band(
    series: SpectralSeries,
    window_cm1: tuple[float, float],
    *,
    baseline_order: int = 1,
    systematics_percent: float = DEFAULT_SYSTEMATICS_PERCENT,
    extinction_ratio: float = 1.0,
) -> BandFit:
    """Fit one band of a series.

    Parameters
    ----------
    series
        Absorbance, pseudo-absorbance or Kubelka-Munk spectra with their temperatures.
    window_cm1
        Part of the axis around the band, cm⁻¹.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.
    systematics_percent
        Systematic errors of the spectra, per cent of the largest value.
    extinction_ratio
        Integrated extinction of loose over tight.

    Raises
    ------
    InputError
        If values are not proportional to the amount of absorber, a temperature is missing, or the
        window holds too few points.
    CalculationError
        If a spectrum has no band in the window.

    """
    if not (np.isfinite(systematics_percent) and systematics_percent > 0.0):
        raise InputError(
            f"Systematic errors of {systematics_percent} % were given.",
            why="Spectra are never free of them.",
            fix="Give a positive number of per cent.",
        )
    if not (np.isfinite(extinction_ratio) and extinction_ratio > 0.0):
        raise InputError(
            f"The extinction ratio loose/tight is {extinction_ratio}.",
            why="Both components must absorb.",
            fix="Give a positive number.",
        )
    for spectrum in series.spectra:
        require_quantitative(spectrum)
    data = band_data(
        series.temperatures_k,
        [spectrum.wavenumbers_cm1 for spectrum in series.spectra],
        [spectrum.values for spectrum in series.spectra],
        cycles=series.cycles,
        labels=[spectrum.name for spectrum in series.spectra],
        window_cm1=window_cm1,
    )
    positions = band_positions(data, baseline_order=baseline_order)
    return BandFit(
        data=data,
        positions=positions,
        slope=centre_slope(data.temperatures_k, positions.centres_cm1, positions.centre_errors_cm1),
        verdict=judge(
            data,
            baseline_order=baseline_order,
            systematics_percent=systematics_percent,
            extinction_ratio=extinction_ratio,
        ),
        notes=(
            *series.notes,
            *(f"{entry.path} was left out: {entry.reason}" for entry in series.skipped),
        ),
    )


def centre_slope(
    temperatures_k: NDArray[np.float64],
    centres_cm1: NDArray[np.float64],
    errors_cm1: NDArray[np.float64],
) -> BandSlope:
    """Slope of band centres with temperature.

    Parameters
    ----------
    temperatures_k, centres_cm1, errors_cm1
        (n,) K, cm⁻¹ and standard errors of the centres, cm⁻¹; n of 3 or more.

    """
    weight = 1.0 / np.maximum(errors_cm1, 1e-9 * max(float(errors_cm1.max()), 1e-30))
    matrix = np.stack([np.ones_like(temperatures_k), temperatures_k - temperatures_k.mean()], 1)
    weighted, target = matrix * weight[:, None], centres_cm1 * weight
    coefficients, *_ = np.linalg.lstsq(weighted, target, rcond=None)
    left = target - weighted @ coefficients
    freedom = len(target) - 2
    covariance = np.linalg.inv(weighted.T @ weighted) * float(left @ left) / freedom
    half = float(student.ppf(0.5 + CONFIDENCE / 2.0, freedom) * np.sqrt(covariance[1, 1]))
    slope = float(coefficients[1])
    robust = theilslopes(centres_cm1, temperatures_k, CONFIDENCE)
    return BandSlope(
        slope_cm1_per_k=slope,
        interval_cm1_per_k=(slope - half, slope + half),
        robust_slope_cm1_per_k=float(robust.slope),
        robust_interval_cm1_per_k=(float(robust.low_slope), float(robust.high_slope)),
    )
