"""Search for the shared parameters of a series inside their limits, and the errors at its end.

Searches are those of scipy (trust region, reflected at limits). They approach a limit without end:
whether a minimum is on it or inside is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from reticulum.errors import InputError
from reticulum.spectra.band_basis import BandModel
from reticulum.spectra.band_data import BandData
from reticulum.spectra.information_criteria import ROUNDING
from reticulum.spectra.series_fit import SeriesFit
from reticulum.spectra.series_projection import ProjectedSeries, Projection

#: Relative change of the misfit at which a fit has converged.
CONVERGED = 1e-12

#: Evaluations of the model at most, for each parameter.
_MOST_EVALUATIONS = 100

#: A fit has ended at a minimum if the parameters would still move by less than this part of their
#: standard errors.
_STILL_MOVING = 1e-3

#: Starts are moved this far inside their limits (of the distance between two limits, or of the
#: value of one): a search that starts on a limit leaves it slowly.
_INSIDE = 0.02

#: A parameter that ends closer than this to a limit is tried on it; and the misfit there may be
#: larger by this part, which is rounding.
_NEAR_LIMIT = 0.1
_SAME_MISFIT = 1e-10

#: Unless the search stands still (a step is below this part of a standard error) at a distance from
#: the limit, in units of a mixing or of the limit.
_STANDING = 1e-2
_ON_LIMIT = 1e-5

#: Size of a direction in parameter space, over the largest, below which data do not see it.
_UNSEEN = 1e-8

#: Part of such a direction in a parameter, above which the parameter has no error.
_UNSEEN_PART = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """End of a search: values of all parameters, half the misfit, and whether it ended itself."""

    values: NDArray[np.float64]
    cost: float
    ended: bool
    at_bound: tuple[int, ...] = ()


class SeriesSearch:
    """A series and a model, prepared for searches from several starts.

    Parameters
    ----------
    data, model, baseline_order, held
        As for `fit_series`.

    """

    def __init__(
        self,
        data: BandData,
        model: BandModel,
        *,
        baseline_order: int = -1,
        held: Sequence[str] = (),
    ) -> None:
        self._problem = ProjectedSeries(data, model, baseline_order)
        self._model, self._data, self._order = model, data, baseline_order
        self._held = tuple(name for name in model.parameters if name in held)
        self._free = np.array([name not in held for name in model.parameters])
        narrowest = min(float(np.median(np.diff(axis))) for axis in data.wavenumbers_cm1)
        limits = np.array(model.limits(narrowest), dtype=np.float64)
        self._low, self._high = limits[:, 0], limits[:, 1]

    def run(
        self,
        start: Mapping[str, float],
        *,
        relative_change: float = CONVERGED,
        most_evaluations: int = _MOST_EVALUATIONS,
    ) -> Found:
        """Search from a start, with so many evaluations for each parameter.

        Parameters that start on a limit are tried there first.
        """
        missing = [name for name in self._model.parameters if name not in start]
        if missing:
            raise InputError(
                f"{self._model.name} was given no start value of {', '.join(missing)}.",
                why="Every parameter is searched from a start value, or held at one.",
                fix="Give all of: " + ", ".join(self._model.parameters) + ".",
            )
        values = np.array([float(start[name]) for name in self._model.parameters])
        on_limit = self._free & ((values == self._low) | (values == self._high))
        values = np.where(self._free & ~on_limit, self._inside(values), values)
        if on_limit.any():
            tried = self._search(values, self._free & ~on_limit, relative_change, most_evaluations)
            numbers = tuple(np.flatnonzero(on_limit).tolist())
            if all(self._outward(tried.values, number) for number in numbers):
                return replace(tried, at_bound=numbers)
            values = np.where(self._free, self._inside(tried.values), tried.values)
        return self._search(values, self._free, relative_change, most_evaluations)

    def _inside(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        # one limit alone is that of a width, or of a mode: a part of its value
        low_size = np.where(np.isfinite(self._low), self._low, 0.0)
        one_sided = np.isinf(self._high)
        margin = _INSIDE * (np.where(one_sided, 2.0 * low_size, self._high) - low_size)
        low = np.where(np.isfinite(self._low), low_size + margin, -np.inf)
        high = np.where(one_sided, np.inf, self._high - margin)
        return np.clip(values, low, high)

    def _search(
        self,
        values: NDArray[np.float64],
        free: NDArray[np.bool_],
        relative_change: float,
        most_evaluations: int,
    ) -> Found:
        first = self._problem.project(values)
        if first is None:
            named = ", ".join(
                f"{name} {value:g}"
                for name, value in zip(self._model.parameters, values, strict=True)
            )
            raise InputError(
                f"{self._model.name} has no band at {named}.",
                why="Widths have to be positive at every temperature, and values finite.",
                fix="Give other start values.",
            )
        if not free.any():
            return Found(values=values, cost=_cost(first), ended=True)
        impossible = np.full(first.residuals.shape, np.inf)

        def at(chosen: NDArray[np.float64]) -> Projection | None:
            full = values.copy()
            full[free] = chosen
            return self._problem.project(full)

        def residuals(chosen: NDArray[np.float64]) -> NDArray[np.float64]:
            projection = at(chosen)
            return impossible if projection is None else projection.residuals

        def jacobian(chosen: NDArray[np.float64]) -> NDArray[np.float64]:
            projection = at(chosen)
            assert projection is not None  # only asked for where the residuals are finite
            return projection.jacobian[:, free]

        found = least_squares(
            residuals,
            values[free],
            jacobian,
            bounds=(self._low[free], self._high[free]),
            method="trf",
            x_scale="jac",
            ftol=relative_change,
            xtol=relative_change,
            gtol=None,  # an absolute number: it would depend on the units of the data
            max_nfev=most_evaluations * int(free.sum()),
        )
        best = values.copy()
        best[free] = found.x
        return Found(values=best, cost=float(found.cost), ended=bool(found.status > 0))

    def settled(self, found: Found, relative_change: float = CONVERGED) -> Found:
        """Put parameters that ended near a limit on it, if the misfit is as small there.

        A search inside of limits approaches them without end; whether the minimum is on the limit
        or inside is decided by the misfit and its slope on the limit.
        """
        bound = list(found.at_bound)
        for number in np.flatnonzero(self._free).tolist():
            limit = self._near_limit(number, float(found.values[number]))
            if limit is None or number in bound or self._is_inside(found, bound, number, limit):
                continue
            fixed = self._free.copy()
            fixed[[*bound, number]] = False
            values = found.values.copy()
            values[number] = limit
            if self._problem.project(values) is None:
                continue
            tried = self._search(values, fixed, relative_change, _MOST_EVALUATIONS)
            if tried.cost <= found.cost * (1.0 + _SAME_MISFIT) and self._outward(
                tried.values, number
            ):
                bound.append(number)
                found = tried
        return Found(values=found.values, cost=found.cost, ended=found.ended, at_bound=tuple(bound))

    def _is_inside(self, found: Found, bound: list[int], number: int, limit: float) -> bool:
        """Whether a minimum is inside of a limit: there the search stands still, at a distance."""
        free = self._free.copy()
        free[bound] = False
        projection = self._problem.project(found.values)
        if projection is None:
            return False
        moving = _unscaled_covariance(projection, free)[1]
        noise = np.sqrt(2.0 * found.cost / self._data.n_points)
        distance = abs(float(found.values[number]) - limit)
        return bool(moving <= _STANDING * noise and distance > _ON_LIMIT * max(abs(limit), 1.0))

    def _near_limit(self, number: int, value: float) -> float | None:
        low, high = float(self._low[number]), float(self._high[number])
        reach = _NEAR_LIMIT * (min(high - low, abs(low)) if low > 0.0 else high - low)
        if np.isfinite(low) and value - low < reach:
            return low
        if np.isfinite(high) and high - value < _NEAR_LIMIT * (high - max(low, 0.0)):
            return high
        return None

    def _outward(self, values: NDArray[np.float64], number: int) -> bool:
        """Whether the misfit falls towards the forbidden side of the limit of a parameter."""
        projection = self._problem.project(values)
        if projection is None:
            return False
        slope = float(projection.jacobian[:, number] @ projection.residuals)
        return slope >= 0.0 if values[number] == self._low[number] else slope <= 0.0

    def fit(self, found: Found) -> SeriesFit:
        """Fit with its errors from the end of a search."""
        values = found.values
        free = self._free.copy()
        free[list(found.at_bound)] = False
        projection = self._problem.project(values)
        assert projection is not None
        linear = self._problem.linear(values)
        sum_of_squares = float(sum(float(r @ r) for r in linear.residuals))
        n_parameters = int(self._free.sum()) + linear.heights.size
        room = self._data.n_points - n_parameters
        variance = sum_of_squares / room if room > 0 else float("nan")
        unscaled, moving = _unscaled_covariance(projection, free)
        by_parameter = linear.by_parameter[:, :, free]
        known = np.nan_to_num(unscaled[np.ix_(free, free)])
        variances = linear.unscaled_variances + np.einsum(
            "nlp,pq,nlq->nl", by_parameter, known, by_parameter
        )
        exact = sum_of_squares <= self._data.n_points * (ROUNDING * self._data.maximum) ** 2
        return SeriesFit(
            model=self._model,
            baseline_order=self._order,
            values=values,
            covariance=variance * unscaled,
            residuals=linear.residuals,
            linear=linear.heights,
            linear_errors=np.sqrt(variance * variances),
            converged=found.ended and bool(exact or moving <= _STILL_MOVING * np.sqrt(variance)),
            n_parameters=n_parameters,
            held=self._held,
            at_bound=tuple(self._model.parameters[number] for number in found.at_bound),
            largest_value=self._data.maximum,
        )


def _cost(projection: Projection) -> float:
    return 0.5 * float(projection.residuals @ projection.residuals)


def _unscaled_covariance(
    projection: Projection, free: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    """Covariance over the variance of a point; NaN where there is none.

    Also the part of the residuals that the next step of a search would take away: over the noise
    it is the length of that step in standard errors.
    """
    n = len(free)
    covariance = np.full((n, n), np.nan)
    if not free.any():
        return covariance, 0.0
    jacobian = projection.jacobian[:, free]
    scale = np.linalg.norm(jacobian, axis=0)
    scale[scale < 1e-150] = 1.0  # smaller ones have reciprocals that overflow
    u, sizes, vt = np.linalg.svd(jacobian / scale, full_matrices=False)
    seen = sizes > _UNSEEN * max(float(sizes[0]), np.finfo(np.float64).tiny)
    inverse = vt[seen].T / sizes[seen]
    inside = inverse @ inverse.T / np.outer(scale, scale)
    lost = (vt[~seen] ** 2).sum(axis=0) > _UNSEEN_PART
    inside[lost] = np.nan
    inside[:, lost] = np.nan
    covariance[np.ix_(free, free)] = inside
    return covariance, float(np.linalg.norm(u[:, seen].T @ projection.residuals))
