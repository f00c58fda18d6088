"""Course of a band's centre or width with temperature: slopes, and straight line or curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm
from scipy.stats import t as student

from reticulum.errors import InputError
from reticulum.spectra.band_data import temperature_groups
from reticulum.spectra.course_terms import weights
from reticulum.spectra.straightness import Straightness, straightness_of

#: Confidence of the intervals that are reported.
CONFIDENCE = 0.95

#: Fewest spectra, and different set points among them, of a slope with an interval.
_FEWEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSlope:
    """Slope of the centre or width of a band with temperature.

    Attributes
    ----------
    slope_cm1_per_k
        Weighted least-squares slope.
    interval_cm1_per_k
        95 % confidence interval from the scatter about the line (not from the errors of the
        points, which leave out what changes from spectrum to spectrum).
    robust_slope_cm1_per_k
        Median of the slopes of all pairs at different set points (Theil and Sen).
    robust_interval_cm1_per_k
        Its 95 % interval, repeats at one set point counted as ties; NaN where so few points have
        none.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSlope:
    """Slope of a part of a series: one cycle, or one direction.

    Attributes
    ----------
    part
        ``"cycle 2"``, ``"heating"`` and the like.
    n_spectra
        Spectra of the part.
    slope
        Their slope.

    """

    part: str
    n_spectra: int
    slope: BandSlope

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {"part": self.part, "n_spectra": self.n_spectra, **self.slope.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class BandTrend:
    """Course of one property of a band with temperature.

    Attributes
    ----------
    quantity
        ``"centre"`` or ``"width"``.
    slope
        Of all spectra together.
    cycle_slopes, direction_slopes
        Of each cycle and direction alone; empty where there is only one, and without those parts
        that hold fewer than three set points.
    straightness
        Straight line or curve.

    """

    quantity: str
    slope: BandSlope
    cycle_slopes: tuple[PartSlope, ...]
    direction_slopes: tuple[PartSlope, ...]
    straightness: Straightness

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "quantity": self.quantity,
            "slope": self.slope.to_dict(),
            "cycle_slopes": [part.to_dict() for part in self.cycle_slopes],
            "direction_slopes": [part.to_dict() for part in self.direction_slopes],
            "straightness": self.straightness.to_dict(),
        }


def band_trend(
    quantity: str,
    temperatures_k: ArrayLike,
    values_cm1: ArrayLike,
    errors_cm1: ArrayLike,
    *,
    cycles: Sequence[int] | NDArray[np.int64] | None = None,
    directions: Sequence[str | None] | None = None,
) -> BandTrend:
    """Course of the centre or width of a band with temperature.

    Parameters
    ----------
    quantity
        Name for sentences: ``"centre"`` or ``"width"``.
    temperatures_k, values_cm1, errors_cm1
        (n,) K, cm⁻¹ and standard errors, cm⁻¹.
    cycles
        (n,) cycle numbers; all 1 if None.
    directions
        ``"heating"``, ``"cooling"`` or None for each; all None if None.

    Raises
    ------
    InputError
        If shapes differ, a number is not finite, or there are fewer than three set points.

    """
    t, y, errors = (
        np.asarray(array, dtype=np.float64).ravel()
        for array in (temperatures_k, values_cm1, errors_cm1)
    )
    number = np.ones(len(t), np.int64) if cycles is None else np.asarray(cycles, np.int64).ravel()
    ways: tuple[str | None, ...] = (
        (None,) * len(t) if directions is None else tuple(str(w) if w else None for w in directions)
    )
    if not (t.shape == y.shape == errors.shape == number.shape and len(ways) == len(t)):
        raise InputError(
            f"{len(t)} temperatures, {len(y)} values, {len(errors)} errors, {len(number)} cycles "
            f"and {len(ways)} directions were given.",
            why="Each spectrum has one of each.",
        )
    if not _has_a_slope(t):
        raise InputError(
            f"The course of the {quantity} has {len(set(temperature_groups(t).tolist()))} "
            "different set points.",
            why=f"A slope with an interval needs {_FEWEST}.",
            fix="Add spectra at other temperatures.",
        )
    return BandTrend(
        quantity=quantity,
        slope=course_slope(t, y, errors),
        cycle_slopes=_parts([f"cycle {n}" for n in number.tolist()], t, y, errors),
        direction_slopes=_parts(ways, t, y, errors),
        straightness=straightness_of(
            quantity,
            t,
            y,
            errors,
            blocks=[f"{n} {way}" for n, way in zip(number.tolist(), ways, strict=True)],
        ),
    )


def course_slope(
    temperatures_k: NDArray[np.float64],
    values_cm1: NDArray[np.float64],
    errors_cm1: NDArray[np.float64],
) -> BandSlope:
    """Slope of band centres or widths with temperature.

    Parameters
    ----------
    temperatures_k, values_cm1, errors_cm1
        (n,) K, cm⁻¹ and standard errors, cm⁻¹; n of 3 or more.

    Raises
    ------
    InputError
        If a number is not finite.

    """
    weight = weights(errors_cm1)
    for name, array in (("temperature", temperatures_k), ("value", values_cm1)):
        if not np.isfinite(array).all():
            raise InputError(
                f"A {name} of the course is {array[~np.isfinite(array)][0]}.",
                why="A slope through missing values would be meaningless.",
                fix="Leave the spectrum out.",
            )
    matrix = np.stack([np.ones_like(temperatures_k), temperatures_k - temperatures_k.mean()], 1)
    weighted, target = matrix * weight[:, None], values_cm1 * weight
    coefficients, *_ = np.linalg.lstsq(weighted, target, rcond=None)
    left = target - weighted @ coefficients
    freedom = len(target) - 2
    covariance = np.linalg.inv(weighted.T @ weighted) * float(left @ left) / freedom
    half = float(student.ppf(0.5 + CONFIDENCE / 2.0, freedom) * np.sqrt(covariance[1, 1]))
    slope = float(coefficients[1])
    robust, interval = _robust_slope(temperatures_k, values_cm1)
    return BandSlope(
        slope_cm1_per_k=slope,
        interval_cm1_per_k=(slope - half, slope + half),
        robust_slope_cm1_per_k=robust,
        robust_interval_cm1_per_k=interval,
    )


def _robust_slope(
    t: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[float, tuple[float, float]]:
    """Slope of Theil and Sen; repeats of a set point are ties, so that no pair of them counts.

    As `scipy.stats.theilslopes`, which cannot do with values that are all equal, and gives an
    interval even where so few points have none.
    """
    groups = temperature_groups(t)
    means = np.array([t[groups == group].mean() for group in range(int(groups.max()) + 1)])[groups]
    higher, lower = np.nonzero(means[:, None] > means[None, :])
    step = means[higher] - means[lower]
    slope = 0.0
    for _ in range(2):
        # small differences of temperature at a set point are taken out with the slope itself
        level = y - slope * (t - means)
        slopes = np.sort((level[higher] - level[lower]) / step)
        slope = float(np.median(slopes))
    n, ties, pairs = len(t), np.bincount(groups), len(slopes)
    variance = (
        n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())
    ) / 18.0
    reach = float(norm.ppf(0.5 + CONFIDENCE / 2.0) * np.sqrt(variance))
    # With so few points even complete agreement in sign is no rarer than the confidence asks.
    if reach + 1.0 >= pairs:
        return slope, (float("nan"), float("nan"))
    last = min(round(0.5 * (pairs + reach)), pairs - 1)
    first = max(round(0.5 * (pairs - reach)) - 1, 0)
    return slope, (float(slopes[first]), float(slopes[last]))


def _has_a_slope(t: NDArray[np.float64]) -> bool:
    return len(t) >= _FEWEST and len(set(temperature_groups(t).tolist())) >= _FEWEST


def _parts(
    names: Sequence[str | None],
    t: NDArray[np.float64],
    y: NDArray[np.float64],
    errors: NDArray[np.float64],
) -> tuple[PartSlope, ...]:
    """Slopes of the parts of a series that have names; nothing where there is one part only."""
    different = list(dict.fromkeys(name for name in names if name is not None))
    if len(different) < 2:
        return ()
    parts = []
    for part in different:
        here = np.array([name == part for name in names])
        if _has_a_slope(t[here]):
            parts.append(
                PartSlope(
                    part=part,
                    n_spectra=int(here.sum()),
                    slope=course_slope(t[here], y[here], errors[here]),
                )
            )
    return tuple(parts)
