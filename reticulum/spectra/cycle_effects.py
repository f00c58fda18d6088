"""What heating and cooling, and first and last cycle, change at one temperature.

At each set point the spectra of all cycles are compared with each other. An effect is a difference
that runs smoothly (as a parabola) with temperature; its columns stand beside one free value for
each set point, in weighted least squares over all spectra.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2 as chi_squared
from scipy.stats import f as fisher

from reticulum.spectra.band_data import COOLING, HEATING, temperature_groups
from reticulum.spectra.course_terms import weights

#: Degrees of freedom from which on the scatter of repeats sets the errors.
ENOUGH_FREEDOM = 6

#: Fewest set points for a difference that is a parabola of temperature; below, it is a line.
_FEWEST_OF_A_PARABOLA = 5

#: Sum of squares, in units of the errors of the fits, that is no more than rounding.
_ROUNDING = 1e-12


class EffectKind(StrEnum):
    """What is compared."""

    #: cooling less heating, with the drift between cycles taken out
    HYSTERESIS = "hysteresis"
    #: last less first cycle, with the difference of heating and cooling taken out
    DRIFT = "drift"
    #: last less first, where heating and cooling cannot be told from a change with time
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CycleEffect:
    """One difference between spectra at the same temperature.

    Attributes
    ----------
    kind
        What is compared.
    comparison
        The same in words.
    temperatures_k
        (m,) set points that were compared, K.
    differences_cm1, difference_errors_cm1
        (m,) difference at each, the other effect taken out, and its standard error.
    mean_cm1, mean_error_cm1
        Of the parabola through the differences, over these set points.
    largest_cm1, largest_error_cm1, largest_k
        Of the same parabola where it is largest, and the temperature there.
    chi2, freedom
        Squared parabola in units of its errors, and the degrees of freedom: 3, or fewer if few set
        points were compared.
    p_value
        Chance of so large a `chi2` without an effect (F-test where the scatter sets the errors).
    scatter, scatter_freedom
        Scatter of the spectra about set points and effects in units of the errors of their fits,
        and its degrees of freedom. All errors here are those of the fits times `scatter`, which
        is at least 1 where it is known from less than `ENOUGH_FREEDOM`.
    kelvin, kelvin_error
        The mean through the slope of the band: so much hotter the sample seems; NaN where the
        slope is not known to be other than zero.

    """

    kind: EffectKind
    comparison: str
    temperatures_k: NDArray[np.float64]
    differences_cm1: NDArray[np.float64]
    difference_errors_cm1: NDArray[np.float64]
    mean_cm1: float
    mean_error_cm1: float
    largest_cm1: float
    largest_error_cm1: float
    largest_k: float
    chi2: float
    freedom: int
    p_value: float
    scatter: float
    scatter_freedom: int
    kelvin: float
    kelvin_error: float

    def __post_init__(self) -> None:
        shape = (len(self.temperatures_k),)
        for array in (self.temperatures_k, self.differences_cm1, self.difference_errors_cm1):
            if array.shape != shape:
                raise ValueError("an effect has one difference and error for each set point")
            array.setflags(write=False)

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "kind": self.kind.value,
            "comparison": self.comparison,
            "temperatures_k": self.temperatures_k.tolist(),
            "differences_cm1": self.differences_cm1.tolist(),
            "difference_errors_cm1": self.difference_errors_cm1.tolist(),
            **{
                name: getattr(self, name)
                for name in (
                    "mean_cm1", "mean_error_cm1", "largest_cm1", "largest_error_cm1", "largest_k",
                    "chi2", "freedom", "p_value", "scatter",
                    "scatter_freedom", "kelvin", "kelvin_error",
                )
            },
        }  # fmt: skip


def cycle_effects(
    temperatures_k: NDArray[np.float64],
    values_cm1: NDArray[np.float64],
    errors_cm1: NDArray[np.float64],
    cycles: NDArray[np.int64],
    directions: Sequence[str | None],
    *,
    slope: tuple[float, float] = (float("nan"), float("nan")),
) -> tuple[CycleEffect, ...]:
    """Differences between cycles and directions at the same set points.

    Hysteresis and drift are told apart where both directions are known and one of them was
    measured in two cycles. A drift is taken to grow evenly from cycle to cycle: a first cycle
    unlike all others looks like both.

    Parameters
    ----------
    temperatures_k, values_cm1, errors_cm1
        (n,) K, centre or width, and its standard error, cm⁻¹.
    cycles
        (n,) cycle numbers.
    directions
        ``"heating"``, ``"cooling"`` or None for each.
    slope
        Slope of the values with temperature and its standard error, cm⁻¹/K; it takes out small
        differences of temperature at a set point.

    Returns
    -------
    tuple of CycleEffect
        Hysteresis and drift, one of them, or the difference that cannot be put down to either;
        empty if no set point was measured in two cycles or directions.

    """
    problem = _Problem(temperatures_k, values_cm1, errors_cm1, slope)
    span = int(cycles.max() - cycles.min())
    across = (cycles - cycles.min()) / span if span else np.zeros(len(cycles))
    last = f"cycle {cycles.max()} less cycle {cycles.min()}"
    if all(direction is not None for direction in directions):
        way = np.array([{COOLING: 0.5, HEATING: -0.5}[str(d)] for d in directions])
    else:
        way = np.zeros(len(cycles))
    unknown = len(set(directions)) > 1 or None in directions
    kinds = []
    if problem.tells(way, across) and problem.tells(across, way):
        kinds = [
            (EffectKind.HYSTERESIS, "cooling less heating", way),
            (EffectKind.DRIFT, last, across),
        ]
    elif problem.tells(across):
        kinds = [(EffectKind.DIFFERENCE if unknown else EffectKind.DRIFT, last, across)]
    elif problem.tells(way):
        kinds = [(EffectKind.DIFFERENCE, "cooling less heating", way)]
    columns = [column for _, _, column in kinds]
    return tuple(
        problem.effect(kind, comparison, columns, place)
        for place, (kind, comparison, _) in enumerate(kinds)
    )


class _Problem:
    """One free value for each set point, and columns of effects beside them."""

    def __init__(
        self,
        t: NDArray[np.float64],
        y: NDArray[np.float64],
        errors: NDArray[np.float64],
        slope: tuple[float, float],
    ) -> None:
        self._groups = temperature_groups(t)
        n_groups = int(self._groups.max()) + 1
        self._points = np.array([t[self._groups == g].mean() for g in range(n_groups)])
        self._slope = slope
        steepness = slope[0] if np.isfinite(slope[0]) else 0.0
        self._y = y - y.mean() - steepness * (t - self._points[self._groups])
        self._weight = weights(errors)
        self._free = np.eye(n_groups)[self._groups]

    def tells(self, effect: NDArray[np.float64], *others: NDArray[np.float64]) -> bool:
        """Whether an effect can be told from set points and other effects."""
        beside = np.column_stack([self._free, *others])
        return _rank(np.column_stack([beside, effect])) > _rank(beside)

    def _columns(self, effects: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """For each effect its course with temperature, as far as it can be told."""
        beside = np.column_stack([self._free, *effects])
        found = [[effect] for effect in effects]
        for power in (1, 2):
            for place, effect in enumerate(effects):
                course = self._courses(effect)
                if course.shape[1] <= power or len(found[place]) < power:
                    continue
                column = effect * course[self._groups, power]
                if _rank(np.column_stack([beside, column])) > _rank(beside):
                    beside = np.column_stack([beside, column])
                    found[place].append(column)
        return [np.column_stack(columns) for columns in found]

    def _courses(self, effect: NDArray[np.float64]) -> NDArray[np.float64]:
        """Constant, line and parabola at all set points, each with no part of those before it.

        Orthogonal over the set points that an effect compares; fewer columns where they are few.
        """
        compared = self._compared(effect)
        middle = float(self._points[compared].mean())
        half = max(0.5 * float(np.ptp(self._points[compared])), 1.0)
        order = 2 if len(compared) >= _FEWEST_OF_A_PARABOLA else min(len(compared) - 1, 1)
        powers = np.vander((self._points - middle) / half, order + 1, increasing=True)
        for column in range(1, order + 1):
            for before in range(column):
                other = powers[compared, before]
                part = float(powers[compared, column] @ other) / float(other @ other)
                powers[:, column] -= part * powers[:, before]
        return powers

    def _compared(self, effect: NDArray[np.float64]) -> NDArray[np.int64]:
        """Set points at which an effect takes different values."""
        return np.array(
            [
                group
                for group in range(len(self._points))
                if np.ptp(effect[self._groups == group]) > 0.0
            ]
        )

    def effect(
        self,
        kind: EffectKind,
        comparison: str,
        effects: Sequence[NDArray[np.float64]],
        place: int,
    ) -> CycleEffect:
        """One of the effects with the others beside it."""
        columns = self._columns(effects)
        matrix = np.column_stack([self._free, *columns])
        weighted = matrix * self._weight[:, None]
        coefficients, *_ = np.linalg.lstsq(weighted, self._y * self._weight, rcond=None)
        left = self._y * self._weight - weighted @ coefficients
        freedom = len(self._y) - _rank(matrix)
        scatter, by_scatter = _scatter(float(left @ left), freedom)
        first = self._free.shape[1] + sum(block.shape[1] for block in columns[:place])
        mine = slice(first, first + columns[place].shape[1])
        covariance = np.linalg.pinv(weighted.T @ weighted)[mine, mine] * scatter**2
        line = coefficients[mine]
        chi2 = float(line @ np.linalg.solve(covariance, line))
        n = len(line)
        p_value = (
            float(fisher.sf(chi2 / n, n, freedom)) if by_scatter else float(chi_squared.sf(chi2, n))
        )
        compared = self._compared(effects[place])
        points = self._points[compared]
        design = self._courses(effects[place])[compared, :n]
        course = design @ line
        errors = np.sqrt(np.einsum("ij,jk,ik->i", design, covariance, design))
        worst = int(np.argmax(np.abs(course)))
        others = self._y - matrix @ np.where(
            np.isin(np.arange(matrix.shape[1]), np.arange(first, first + n))
            | (np.arange(matrix.shape[1]) < self._free.shape[1]),
            0.0,
            coefficients,
        )
        differences = [self._difference(others, effects[place], group) for group in compared]
        kelvin, kelvin_error = self._in_kelvin(float(line[0]), float(np.sqrt(covariance[0, 0])))
        return CycleEffect(
            kind=kind,
            comparison=comparison,
            temperatures_k=points,
            differences_cm1=np.array([difference for difference, _ in differences]),
            difference_errors_cm1=scatter * np.array([error for _, error in differences]),
            mean_cm1=float(line[0]),
            mean_error_cm1=float(np.sqrt(covariance[0, 0])),
            largest_cm1=float(course[worst]),
            largest_error_cm1=float(errors[worst]),
            largest_k=float(points[worst]),
            chi2=chi2,
            freedom=n,
            p_value=p_value,
            scatter=scatter,
            scatter_freedom=freedom,
            kelvin=kelvin,
            kelvin_error=kelvin_error,
        )

    def _difference(
        self, y: NDArray[np.float64], effect: NDArray[np.float64], group: int
    ) -> tuple[float, float]:
        """Difference at one set point and its error, from the spectra there alone."""
        here = self._groups == group
        weight = self._weight[here] ** 2
        centred = effect[here] - np.average(effect[here], weights=weight)
        spread = float((weight * centred**2).sum())
        return float((weight * centred * y[here]).sum()) / spread, float(1.0 / np.sqrt(spread))

    def _in_kelvin(self, size: float, error: float) -> tuple[float, float]:
        slope, slope_error = self._slope
        if not (np.isfinite([slope, slope_error]).all() and abs(slope) > 2.0 * slope_error):
            return float("nan"), float("nan")
        kelvin = size / slope
        return kelvin, float(np.hypot(error / slope, kelvin * slope_error / slope))


def _scatter(squares: float, freedom: int) -> tuple[float, bool]:
    """Factor on the errors of the fits, and whether it comes from the scatter.

    Errors of fits hold what the shape of the line misses, which is the same in all cycles and no
    error of a difference: a scatter that is known well enough goes before them, up or down.
    """
    seen = float(np.sqrt(max(squares, _ROUNDING) / freedom)) if freedom > 0 else 0.0
    if freedom >= ENOUGH_FREEDOM:
        return seen, True
    return max(seen, 1.0), seen > 1.0


def _rank(matrix: NDArray[np.float64]) -> int:
    scale = np.linalg.norm(matrix, axis=0)
    scale[scale == 0.0] = 1.0
    return int(np.linalg.matrix_rank(matrix / scale))
