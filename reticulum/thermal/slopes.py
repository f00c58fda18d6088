"""Slope and curvature of a band position against temperature."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError
from reticulum.units import ZERO_CELSIUS_K

#: Window of the measured slopes, °C: the range of the published spectra [Andreeva2020].
SLOPE_WINDOW_CELSIUS: tuple[float, float] = (-100.0, 200.0)

#: Step between the published spectra, K [Andreeva2020].
SLOPE_STEP_K: float = 50.0

#: Two halves whose slopes differ by less than this fraction of the whole slope are straight.
#: Origin: an X_a of -0.021 cm⁻¹/K printed to two digits is known to 2.5 %; a difference between
#: the halves of twice that is the least that such a number could show.
STRAIGHT_RELATIVE: float = 0.05

#: A bow smaller than this, cm⁻¹, is straight whatever the relative difference of the halves.
#: Origin: a tenth of the last digit (0.1 cm⁻¹) of the published band positions.
STRAIGHT_BOW_CM1: float = 0.01


class Curvature(StrEnum):
    """How the slope of a band changes on heating."""

    STEEPENS = "steepens on heating"
    FLATTENS = "flattens on heating"
    STRAIGHT = "straight"
    TURNS = "turns around"
    UNDETERMINED = "not determined (fewer than three temperatures)"


def slope_temperatures_k() -> NDArray[np.float64]:
    """Temperatures of the published spectra, shape (7,), K: -100 to 200 °C in 50 K steps."""
    low, high = SLOPE_WINDOW_CELSIUS
    n_steps = round((high - low) / SLOPE_STEP_K)
    return np.linspace(low, high, n_steps + 1) + ZERO_CELSIUS_K


def checked_temperatures_k(temperatures_k: ArrayLike) -> NDArray[np.float64]:
    """Temperatures as a read-only array, shape (n_temperatures,), K.

    Raises
    ------
    InputError
        If a temperature is not a finite number above 0 K, or there is none.

    """
    values = np.array(temperatures_k, dtype=np.float64, ndmin=1)
    if values.ndim != 1 or values.size == 0:
        raise InputError(
            f"Temperatures have the shape {values.shape}.",
            why="A list of at least one temperature is needed.",
            fix="Give temperatures in K as one list.",
        )
    bad = values[~(np.isfinite(values) & (values > 0.0))]
    if bad.size:
        raise InputError(
            f"{bad[0]:g} K is not a temperature above absolute zero.",
            why="Populations are defined only for finite T > 0 K.",
            fix="Give temperatures in K, not in °C.",
        )
    values.setflags(write=False)
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeResult:
    """Slope of a band position against temperature, cm⁻¹/K, and how it changes on heating.

    Parameters
    ----------
    slope_cm1_per_k
        Least-squares slope over all points, cm⁻¹/K; negative is a red shift.
    intercept_cm1
        Value of the fitted line at the middle of the window, cm⁻¹.
    window_k
        Lowest and highest temperature, K.
    lower_slope_cm1_per_k, upper_slope_cm1_per_k
        Least-squares slopes of the lower and the upper half of the temperatures (the middle one
        counts in both if their number is odd), cm⁻¹/K; None with fewer than three temperatures.
    bow_cm1
        Height of the least-squares parabola above its chord in the middle of the window, cm⁻¹;
        None with fewer than three temperatures.
    rms_deviation_cm1
        Root mean square deviation of the points from the line, cm⁻¹.
    curvature
        Verdict; see `band_slope`.

    """

    slope_cm1_per_k: float
    intercept_cm1: float
    window_k: tuple[float, float]
    lower_slope_cm1_per_k: float | None
    upper_slope_cm1_per_k: float | None
    bow_cm1: float | None
    rms_deviation_cm1: float
    curvature: Curvature

    def to_dict(self) -> dict[str, object]:
        """Return the result as plain Python types."""
        return {
            "slope_cm1_per_k": self.slope_cm1_per_k,
            "line_at_middle_cm1": self.intercept_cm1,
            "window_k": list(self.window_k),
            "lower_half_slope_cm1_per_k": self.lower_slope_cm1_per_k,
            "upper_half_slope_cm1_per_k": self.upper_slope_cm1_per_k,
            "bow_cm1": self.bow_cm1,
            "rms_deviation_cm1": self.rms_deviation_cm1,
            "curvature": self.curvature.value,
        }


def band_slope(temperatures_k: ArrayLike, wavenumbers_cm1: ArrayLike) -> SlopeResult:
    """Slope dν/dT of a band by least squares, cm⁻¹/K, with a verdict on its curvature.

    The verdict compares the slope of the upper half of the temperatures with that of the lower
    half. The curve is *straight* when they differ by less than `STRAIGHT_RELATIVE` of the whole
    slope or when its bow is below `STRAIGHT_BOW_CM1`. Otherwise it *turns around* when the slopes
    of the halves have opposite signs, *steepens on heating* when the upper half is steeper, and
    *flattens on heating* when it is less steep. The verdict is about the shape of the curve; with
    noisy data compare the bow with the scatter before believing it.

    Parameters
    ----------
    temperatures_k
        Shape (n,), K; repeated temperatures (several cycles) are allowed.
    wavenumbers_cm1
        Band positions, shape (n,), cm⁻¹.

    Raises
    ------
    InputError
        If the shapes differ, a number is not finite, a temperature is not above 0 K, or there are
        fewer than two different temperatures.

    """
    temperatures = checked_temperatures_k(temperatures_k)
    positions = np.array(wavenumbers_cm1, dtype=np.float64, ndmin=1)
    if positions.shape != temperatures.shape:
        raise InputError(
            f"{temperatures.size} temperatures came with band positions of the shape "
            f"{positions.shape}.",
            why="Every temperature needs exactly one band position.",
        )
    if not np.all(np.isfinite(positions)):
        raise InputError(
            f"The band position {positions[~np.isfinite(positions)][0]} is not a finite number.",
            why="A slope through missing values would be meaningless.",
            fix="Leave out the temperatures without a band position.",
        )
    distinct = np.unique(temperatures)
    if distinct.size < 2:
        raise InputError(
            f"All band positions are at {distinct[0]:g} K.",
            why="A slope needs at least two different temperatures.",
        )
    low, high = float(distinct[0]), float(distinct[-1])
    middle = 0.5 * (low + high)
    # Offsets are removed before fitting so that the result does not depend on the band's place.
    origin = float(positions.mean())
    shifted = positions - origin
    slope, value_at_middle = _line(temperatures - middle, shifted)
    residuals = shifted - value_at_middle - slope * (temperatures - middle)

    lower = upper = bow = None
    curvature = Curvature.UNDETERMINED
    if distinct.size >= 3:
        n_half = (distinct.size + 1) // 2
        in_lower = temperatures <= distinct[n_half - 1]
        in_upper = temperatures >= distinct[-n_half]
        lower = _line(temperatures[in_lower] - middle, shifted[in_lower])[0]
        upper = _line(temperatures[in_upper] - middle, shifted[in_upper])[0]
        half_width = 0.5 * (high - low)
        scaled = (temperatures - middle) / half_width
        design = np.stack([np.ones_like(scaled), scaled, scaled**2], axis=1)
        bow = -float(np.linalg.lstsq(design, shifted, rcond=None)[0][2])
        curvature = _verdict(slope, lower, upper, bow)
    return SlopeResult(
        slope_cm1_per_k=slope,
        intercept_cm1=value_at_middle + origin,
        window_k=(low, high),
        lower_slope_cm1_per_k=lower,
        upper_slope_cm1_per_k=upper,
        bow_cm1=bow,
        rms_deviation_cm1=float(np.sqrt(np.mean(residuals**2))),
        curvature=curvature,
    )


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Least-squares slope and value at x = 0."""
    centred = x - x.mean()
    slope = float(centred @ (y - y.mean()) / (centred @ centred))
    return slope, float(y.mean() - slope * x.mean())


def _verdict(slope: float, lower: float, upper: float, bow: float) -> Curvature:
    if abs(bow) < STRAIGHT_BOW_CM1 or abs(upper - lower) < STRAIGHT_RELATIVE * abs(slope):
        return Curvature.STRAIGHT
    if lower * upper < 0.0:
        return Curvature.TURNS
    return Curvature.STEEPENS if abs(upper) > abs(lower) else Curvature.FLATTENS
