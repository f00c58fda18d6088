"""Windows, baselines, normalisation, masks and common axes; every step is recorded."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError, MissingExtraError
from reticulum.spectra.conversion import BASELINE, NORMALISE
from reticulum.spectra.spectrum import ProcessingStep, SpectralSeries, Spectrum

#: Names of the steps made here, besides those of `conversion`.
WINDOW = "window"
MASK = "mask"
RESAMPLE = "resample"

#: Ranges where the lines of air lie: carbon dioxide, and the bending band of water vapour, cm⁻¹.
CARBON_DIOXIDE_CM1 = (2280.0, 2400.0)
WATER_VAPOUR_CM1 = (1300.0, 1900.0)

#: Fewest points of a window: a band on a straight baseline has five parameters.
FEWEST_POINTS = 8

#: Points averaged at each end of a spectrum for a straight baseline.
END_POINTS = 5

#: Stiffness of the asls and arpls baselines (dimensionless, scales with the fourth power of the
#: number of points across a band) and weight of points above the asls baseline, after Eilers.
ASLS_LAM, ASLS_P = 1e6, 0.01
ARPLS_LAM = 1e5

#: Relative change at which the baselines of `pybaselines` stop.
_TOLERANCE = 1e-3

#: Order of the modpoly baseline.
POLYNOMIAL_ORDER = 2

#: A step of the axis so many times the median step is a gap.
_GAP = 3.0

BASELINES = ("linear", "asls", "arpls", "modpoly")
NORMALISATIONS = ("maximum", "area", "reference-band")


def cut_window(
    spectrum: Spectrum, low_cm1: float, high_cm1: float, *, fewest_points: int = FEWEST_POINTS
) -> Spectrum:
    """Part of a spectrum between two wavenumbers, cm⁻¹, both included.

    Raises
    ------
    InputError
        If it holds fewer points than `fewest_points`.

    """
    low, high = _range((low_cm1, high_cm1))
    axis = spectrum.wavenumbers_cm1
    inside = (axis >= low) & (axis <= high)
    count = int(inside.sum())
    if count < max(2, fewest_points):
        raise InputError(
            f"The window {low:g} to {high:g} cm⁻¹ holds {count or 'no'} point"
            f"{'' if count == 1 else 's'} of {spectrum.name}.",
            why=(
                f"The spectrum runs from {axis[0]:g} to {axis[-1]:g} cm⁻¹ in steps of about "
                f"{float(np.median(np.diff(axis))):g}; at least {max(2, fewest_points)} points "
                "are needed."
            ),
            fix="Widen or move the window.",
        )
    return spectrum.after(
        ProcessingStep(name=WINDOW, parameters={"low_cm1": low, "high_cm1": high}),
        wavenumbers_cm1=axis[inside],
        values=spectrum.values[inside],
    )


def mask_ranges(spectrum: Spectrum, ranges_cm1: Sequence[tuple[float, float]]) -> Spectrum:
    """Spectrum without the points in some ranges, such as `CARBON_DIOXIDE_CM1`.

    Raises
    ------
    InputError
        If fewer than two points are left.

    """
    axis = spectrum.wavenumbers_cm1
    keep = np.ones(len(axis), dtype=bool)
    ordered = [_range(pair) for pair in ranges_cm1]
    for low, high in ordered:
        keep &= (axis < low) | (axis > high)
    if int(keep.sum()) < 2:
        raise InputError(
            f"The masks leave {int(keep.sum())} points of {spectrum.name}.",
            why="A spectrum has at least two.",
            fix="Mask narrower ranges.",
        )
    return spectrum.after(
        ProcessingStep(
            name=MASK, parameters={"ranges_cm1": ordered, "n_removed": int((~keep).sum())}
        ),
        wavenumbers_cm1=axis[keep],
        values=spectrum.values[keep],
    )


def subtract_baseline(
    spectrum: Spectrum,
    method: str = "linear",
    *,
    lam: float | None = None,
    p: float = ASLS_P,
    order: int = POLYNOMIAL_ORDER,
    end_points: int = END_POINTS,
) -> Spectrum:
    """Spectrum less its baseline.

    Parameters
    ----------
    spectrum
        Usually a window; convert reflectance and transmittance first.
    method
        ``"linear"``: straight line between the means at both ends; ``"asls"``, ``"arpls"``,
        ``"modpoly"``: those of `pybaselines`. Whether they converged, and what the library
        warned of, stands in the recorded step.
    lam
        Stiffness of asls and arpls, dimensionless; their defaults if None.
    p
        Weight of points above the asls baseline.
    order
        Order of the modpoly polynomial.
    end_points
        Points averaged at each end for the straight line.

    Raises
    ------
    InputError
        If the method is unknown, or a parameter does not fit.
    MissingExtraError
        If `pybaselines` is not installed and needed.

    """
    axis, values = spectrum.wavenumbers_cm1, spectrum.values
    parameters: dict[str, Any]
    if method == "linear":
        if not 1 <= end_points <= len(axis) // 2:
            raise InputError(
                f"{end_points} points at each end cannot be taken from {len(axis)}.",
                why="The ends would overlap, or be empty.",
                fix=f"Give 1 to {len(axis) // 2}.",
            )
        parameters = {"end_points": end_points}
        baseline = _line(axis, values, end_points)
    elif method in BASELINES:
        stiffness = (ASLS_LAM if method == "asls" else ARPLS_LAM) if lam is None else float(lam)
        choices: dict[str, dict[str, Any]] = {
            "asls": {"lam": stiffness, "p": p},
            "arpls": {"lam": stiffness},
            "modpoly": {"poly_order": order},
        }
        parameters = choices[method]
        baseline, outcome = _by_pybaselines(axis, values, method, parameters)
        parameters = {**parameters, **outcome}
    else:
        raise InputError(
            f"There is no baseline {method!r}.",
            why="It has to be one of: " + ", ".join(BASELINES) + ".",
            fix="Give 'linear' for a narrow window.",
        )
    return spectrum.after(
        ProcessingStep(name=BASELINE, parameters={"method": method, **parameters}),
        values=values - baseline,
    )


def normalise(
    spectrum: Spectrum,
    method: str = "maximum",
    *,
    band_cm1: tuple[float, float] | None = None,
) -> Spectrum:
    """Spectrum divided by its maximum, its area, or the area of a reference band.

    Parameters
    ----------
    spectrum
        With the baseline subtracted.
    method
        ``"maximum"``, ``"area"`` (trapezoids over the whole axis) or ``"reference-band"``.
    band_cm1
        Limits of the reference band, cm⁻¹.

    Raises
    ------
    InputError
        If the method is unknown, the divisor is not positive, or the band holds no points.

    """
    axis, values = spectrum.wavenumbers_cm1, spectrum.values
    parameters: dict[str, Any] = {"method": method}
    if method == "maximum":
        divisor = float(values.max())
    elif method == "area":
        divisor = float(np.trapezoid(values, axis))
    elif method == "reference-band" and band_cm1 is not None:
        low, high = _range(band_cm1)
        inside = (axis >= low) & (axis <= high)
        if int(inside.sum()) < 2:
            raise InputError(
                f"The reference band {low:g} to {high:g} cm⁻¹ holds {int(inside.sum())} points of "
                f"{spectrum.name}.",
                why=f"The spectrum runs from {axis[0]:g} to {axis[-1]:g} cm⁻¹.",
                fix="Give a band inside, or normalise before the window is cut.",
            )
        divisor = float(np.trapezoid(values[inside], axis[inside]))
        parameters["band_cm1"] = [low, high]
    else:
        raise InputError(
            f"Normalisation {method!r} is not possible"
            + (" without band_cm1." if method == "reference-band" else "."),
            why="It has to be one of: " + ", ".join(NORMALISATIONS) + ".",
            fix="Give 'maximum', 'area', or 'reference-band' with band_cm1=(low, high).",
        )
    if not (np.isfinite(divisor) and divisor > 0.0):
        raise InputError(
            f"{spectrum.name} cannot be normalised: its {method} is {divisor:g}.",
            why="A spectrum is divided by something positive.",
            fix="Check the baseline and the window.",
        )
    return spectrum.after(
        ProcessingStep(name=NORMALISE, parameters={**parameters, "divisor": divisor}),
        values=values / divisor,
    )


def resample(spectrum: Spectrum, wavenumbers_cm1: ArrayLike) -> Spectrum:
    """Spectrum on another axis, by straight lines between its points.

    Errors of neighbouring points become correlated; fits do not need a common axis.

    Raises
    ------
    InputError
        If the axis leaves the spectrum, or has points in a gap of it (a mask).

    """
    target = np.array(wavenumbers_cm1, dtype=np.float64)
    axis = spectrum.wavenumbers_cm1
    if target.size and (target.min() < axis[0] or target.max() > axis[-1]):
        raise InputError(
            f"The axis {target.min():g} to {target.max():g} cm⁻¹ leaves {spectrum.name}, which "
            f"runs from {axis[0]:g} to {axis[-1]:g}.",
            why="Nothing was measured outside.",
            fix="Cut the axis to the range that all spectra have.",
        )
    steps = np.diff(axis)
    for gap in np.flatnonzero(steps > _GAP * float(np.median(steps))):
        inside = (target > axis[gap]) & (target < axis[gap + 1])
        if inside.any():
            raise InputError(
                f"The axis has {int(inside.sum())} points in the gap of {spectrum.name} between "
                f"{axis[gap]:g} and {axis[gap + 1]:g} cm⁻¹.",
                why="Nothing was measured there, or it was masked.",
                fix="Leave these points out of the axis.",
            )
    return spectrum.after(
        ProcessingStep(
            name=RESAMPLE,
            parameters={
                "method": "linear interpolation",
                "n_points": len(target),
                "first_cm1": float(target[0]) if target.size else None,
                "last_cm1": float(target[-1]) if target.size else None,
            },
        ),
        wavenumbers_cm1=target,
        values=np.interp(target, axis, spectrum.values),
    )


def process_series(
    series: SpectralSeries, process: Callable[[Spectrum], Spectrum]
) -> SpectralSeries:
    """Series with the same done to each spectrum."""
    return replace(series, spectra=tuple(process(spectrum) for spectrum in series.spectra))


def _range(pair: tuple[float, float]) -> tuple[float, float]:
    low, high = sorted(float(limit) for limit in pair)
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(
            f"{pair[0]} to {pair[1]} cm⁻¹ is no range.",
            why="It has two different ends.",
            fix="Give two wavenumbers.",
        )
    return low, high


def _line(
    axis: NDArray[np.float64], values: NDArray[np.float64], end_points: int
) -> NDArray[np.float64]:
    """Straight line through the means at both ends."""
    first, last = slice(None, end_points), slice(-end_points, None)
    x0, x1 = float(axis[first].mean()), float(axis[last].mean())
    y0, y1 = float(values[first].mean()), float(values[last].mean())
    return np.asarray(y0 + (y1 - y0) * (axis - x0) / (x1 - x0))


def _by_pybaselines(
    axis: NDArray[np.float64],
    values: NDArray[np.float64],
    method: str,
    parameters: dict[str, Any],
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Baseline; version of the library, whether it converged, and what it warned of."""
    try:
        import pybaselines
    except ImportError as error:
        raise MissingExtraError(
            f"The baseline {method!r} needs the Python package pybaselines ({error}).",
            why="It is not among the core packages.",
            fix=(
                "Install it with: python -m pip install 'reticulum[spectra]' (in a checkout: "
                "python -m pip install -e '.[spectra]'), or take the baseline 'linear'."
            ),
        ) from error
    try:
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            fitter = pybaselines.Baseline(x_data=axis)
            baseline, details = getattr(fitter, method)(values, tol=_TOLERANCE, **parameters)
    except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        raise InputError(
            f"The baseline {method!r} cannot be fitted ({error}).",
            why=f"Its parameters are {parameters}, for {len(values)} points.",
            fix="Give others, or take the baseline 'linear'.",
        ) from error
    if not np.isfinite(baseline).all():
        raise InputError(
            f"The baseline {method!r} has values that are no numbers.",
            why=f"Its parameters are {parameters}, for {len(values)} points.",
            fix="Give others, or take the baseline 'linear'.",
        )
    outcome: dict[str, Any] = {
        "pybaselines": str(pybaselines.__version__),
        "converged": bool(np.ravel(details["tol_history"])[-1] < _TOLERANCE),
    }
    if raised:
        outcome["warnings"] = sorted({str(entry.message) for entry in raised})
    return np.asarray(baseline, dtype=np.float64), outcome
