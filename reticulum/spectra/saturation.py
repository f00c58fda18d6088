"""Bands whose top is cut off, or too strong for a detector to be linear."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.conversion import NORMALISE
from reticulum.spectra.spectrum import Quantity, Spectrum

#: Values above which detectors, or the Kubelka-Munk law, are no longer linear (assumed): 1 % of
#: the light for transmission, a tenth of it for reflection, of which the surface reflects some.
LINEAR_UP_TO = {
    Quantity.ABSORBANCE: 2.0,
    Quantity.KUBELKA_MUNK: 4.05,
    Quantity.PSEUDO_ABSORBANCE: 1.0,
}

#: Fewest points on one line at the top of a band that is cut off.
_FEWEST_FLAT = 3

#: Fewest of them where a curved baseline was subtracted, so that they are not exactly on a line.
_FEWEST_NEARLY_FLAT = 5

#: Second differences below this part of the range of values are zero, or below this part of what
#: the width of the band asks for where the line is not exact.
_ROUNDING = 1e-7
_NEARLY = 0.02

#: Only points above this part of the height are looked at: a band has straight flanks.
_NEAR_TOP = 0.9

#: A flat top is natural if the band would fall by less than so many steps of the last digit.
_STEPS_OF_LAST_DIGIT = 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatTop:
    """Top of a band that is cut off.

    Attributes
    ----------
    low_cm1, high_cm1
        Where it begins and ends, cm⁻¹.
    n_points
        Its points.

    """

    low_cm1: float
    high_cm1: float
    n_points: int


def flat_top(wavenumbers_cm1: NDArray[np.float64], values: NDArray[np.float64]) -> FlatTop | None:
    """Top of a spectrum that is cut off; None if it is round.

    At least three neighbouring points near the highest one lie on a straight line (level, unless a
    baseline was subtracted), over which a band of this width would fall by more than the last digit
    of the values shows.

    Parameters
    ----------
    wavenumbers_cm1, values
        (n,) ascending axis, cm⁻¹, and one spectrum in the window of the band.

    """
    x, y = wavenumbers_cm1, values
    if len(y) < _FEWEST_FLAT + 2:
        return None
    ends = max(len(y) // 10, 1)
    base = float(np.median(np.concatenate([y[:ends], y[-ends:]])))
    height = float(y.max()) - base
    if height <= 0.0:
        return None
    step = float(np.median(np.diff(x)))
    fwhm = max(float((y - base >= 0.5 * height).sum()), 1.0) * step
    second = np.diff(y, 2)
    exact = np.abs(second) <= _ROUNDING * float(np.ptp(y))
    rest = np.abs(second[~exact])
    last_digit = float(rest.min()) if rest.size else 0.0
    curvature = 8.0 * math.log(2.0) * height * (step / fwhm) ** 2
    nearly = np.abs(second) <= _NEARLY * curvature
    high = y - base >= _NEAR_TOP * height
    for flat, fewest in ((exact, _FEWEST_FLAT), (nearly, _FEWEST_NEARLY_FLAT)):
        first, last = _longest_run(flat, high)
        count = last - first + 1
        fall = 0.5 * curvature * (0.5 * (count - 1)) ** 2
        if count >= fewest and fall > _STEPS_OF_LAST_DIGIT * last_digit:
            return FlatTop(low_cm1=float(x[first]), high_cm1=float(x[last]), n_points=count)
    return None


def _longest_run(flat: NDArray[np.bool_], high: NDArray[np.bool_]) -> tuple[int, int]:
    """First and last point of the longest straight piece of points near the top.

    ``flat[i]`` says that points i, i + 1 and i + 2 lie on a line.
    """
    usable = flat & high[:-2] & high[1:-1] & high[2:]
    best, first = (0, 0), None
    for place, on in enumerate([*usable.tolist(), False]):
        if on and first is None:
            first = place
        elif not on and first is not None:
            if place + 1 - first > best[1] - best[0]:
                best = (first, place + 1)
            first = None
    return best


def check_saturation(
    spectra: Sequence[Spectrum], window_cm1: tuple[float, float]
) -> tuple[str, ...]:
    """Refuse bands that are cut off; notes on those too strong for a linear detector.

    Parameters
    ----------
    spectra
        Spectra with their quantities; a normalisation among their steps is undone for the check.
    window_cm1
        Part of the axis around the band, cm⁻¹.

    Raises
    ------
    InputError
        If the top of a band is cut off.

    """
    low, high = sorted(window_cm1)
    cut, strong = [], []
    for spectrum in spectra:
        inside = (spectrum.wavenumbers_cm1 >= low) & (spectrum.wavenumbers_cm1 <= high)
        if not inside.any():
            continue
        top = flat_top(spectrum.wavenumbers_cm1[inside], spectrum.values[inside])
        if top is not None:
            cut.append((spectrum.name, top))
        limit = LINEAR_UP_TO.get(spectrum.quantity, math.inf)
        largest = float(spectrum.values[inside].max()) * _undone(spectrum)
        if largest > limit:
            strong.append((largest, limit, spectrum))
    if cut:
        name, top = cut[0]
        raise InputError(
            f"The band of {name} is cut off: {top.n_points} points from {top.low_cm1:g} to "
            f"{top.high_cm1:g} cm⁻¹ lie on one line at its top"
            + (f" (and {len(cut) - 1} more spectra)." if len(cut) > 1 else "."),
            why="The detector or the file stops there; area, width and centre are lost.",
            fix="Dilute the sample, leave these spectra out, or fit another band.",
        )
    if not strong:
        return ()
    worst = max(strong, key=lambda entry: entry[0])
    names = ", ".join(spectrum.name for _, _, spectrum in strong[:5])
    more = f" and {len(strong) - 5} more" if len(strong) > 5 else ""
    return (
        f"The band reaches {worst[0]:.2f} ({worst[2].quantity}) in {worst[2].name}; above "
        f"{worst[1]:g} (assumed) values are no longer proportional to the amount of absorber, so "
        f"that strong bands come out too flat and too wide: {names}{more}.",
    )


def _undone(spectrum: Spectrum) -> float:
    """Factor that takes normalisations back."""
    divisors = [
        float(step.parameters["divisor"])
        for step in spectrum.steps
        if step.name == NORMALISE and "divisor" in step.parameters
    ]
    return math.prod(divisors)
