"""Refits with one parameter held ever further off its optimum, until the misfit is too large."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.stats import chi2

from reticulum.spectra.band_data import BandData
from reticulum.spectra.variable_projection import SeriesFit, fit_series

#: Confidence of the two intervals: one standard error of a normal distribution, and 95 %.
LEVEL_68, LEVEL_95 = 0.6826894921370859, 0.95

#: Square roots of the excess at which the two intervals end (one parameter).
ROOT_68, ROOT_95 = float(np.sqrt(chi2.ppf(LEVEL_68, 1))), float(np.sqrt(chi2.ppf(LEVEL_95, 1)))

#: Roots of the excess that a walk away from the optimum aims at, on each side.
_WAYPOINTS = (0.5 * ROOT_68, ROOT_68, 0.5 * (ROOT_68 + ROOT_95), ROOT_95, 1.2 * ROOT_95)

#: A crossing is interpolated once a refit lies this close to it; the root of the excess is nearly
#: straight on this scale.
_NEAR_CROSSING = 0.1

#: Aim this far beyond a crossing, so that one refit brackets it.
_AIM = 1.03

#: Refits on each side at most, and the longest step in units of the one before.
_MOST_REFITS = 16
_LONGEST_STEP = 3.0

#: Distance from the optimum, in standard errors, beyond which an interval counts as open.
_FARTHEST = 100.0

#: Excess below zero at which a refit counts as a lower minimum.
_LOWER = -1e-2

#: Excess above which a refit is tried a second time from its nearest neighbour: beyond the last
#: waypoint it need not be known.
_SURPRISING = 2.0 * (1.2 * ROOT_95) ** 2

#: Parameters that a window bounds: lines lie in it and are not wider.
_CENTRES = ("tight_cm1", "loose_cm1", "centre_0", "origin_cm1")
_WIDTHS = ("fwhm_cm1", "fwhm_tight_cm1", "fwhm_loose_cm1", "fwhm_0")


def conditional_start(fit: SeriesFit, moved: Mapping[str, float]) -> dict[str, float]:
    """Start values of a refit with some parameters held off the optimum.

    The others are where the joint covariance has them once these are given: exact for a linear
    model.

    Parameters
    ----------
    fit
        The optimum.
    moved
        Values of the parameters that will be held.

    """
    names = list(fit.model.parameters)
    held = [names.index(name) for name in moved]
    others = [n for n in range(len(names)) if n not in held and names[n] not in fit.held]
    covariance = np.nan_to_num(fit.covariance)
    change = np.array(list(moved.values())) - fit.values[held]
    values = fit.values.copy()
    values[others] += (
        covariance[np.ix_(others, held)] @ np.linalg.pinv(covariance[np.ix_(held, held)]) @ change
    )
    values[held] += change
    return dict(zip(names, values.tolist(), strict=True))


class ProfileWalk:
    """Refits on one side of the optimum, outwards.

    Parameters
    ----------
    data, fit
        The data and the optimum.
    parameter
        Name of the parameter that is held.
    side
        -1.0: below the optimum; 1.0: above.

    """

    def __init__(self, data: BandData, fit: SeriesFit, parameter: str, side: float) -> None:
        self._data, self._fit, self._name, self._side = data, fit, parameter, side
        self._freedom = max(fit.n_points - fit.n_parameters, 1)
        error = fit.errors[parameter]
        self.best = fit.parameters[parameter]
        self._unit = error if np.isfinite(error) and error > 0.0 else 0.01 * abs(self.best) + 1e-3
        self._limit = self._farthest()
        # distance from the optimum, root of the excess, parameters
        self.found: list[tuple[float, float, NDArray[np.float64]]] = [(0.0, 0.0, fit.values)]
        self.converged, self.swapped, self.given_up = True, False, False

    def _farthest(self) -> float:
        """Largest distance: inside the limits of the model, lines inside the window."""
        axes = self._data.wavenumbers_cm1
        low, high = min(float(x[0]) for x in axes), max(float(x[-1]) for x in axes)
        limits = self._fit.model.limits(min(float(np.median(np.diff(x))) for x in axes))
        least, most = limits[self._fit.model.parameters.index(self._name)]
        if self._name in _CENTRES:
            least, most = max(least, low), min(most, high)
        elif self._name in _WIDTHS:
            most = min(most, high - low)
        room = most - self.best if self._side > 0.0 else self.best - least
        return float(np.clip(room, 0.0, _FARTHEST * self._unit))

    def run(self) -> SeriesFit | None:
        """Walk until the excess is above all levels; return a lower minimum if one is met."""
        for _ in range(_MOST_REFITS):
            distance = self._next()
            if distance is None:
                break
            refit = self._refit(distance)
            if self._excess(refit) > _SURPRISING:
                # the line through the neighbours may have led to a worse minimum
                near = min(self.found, key=lambda entry: abs(entry[0] - distance))
                again = self._refit(distance, near[2])
                refit = min(refit, again, key=lambda entry: entry.sum_of_squares)
            excess = self._excess(refit)
            if excess < _LOWER:
                free = fit_series(
                    self._data,
                    self._fit.model,
                    refit.parameters,
                    baseline_order=self._fit.baseline_order,
                    held=self._fit.held,
                )
                if free.sum_of_squares <= refit.sum_of_squares:
                    return free
            if self._order(refit.values) != self._order(self._fit.values):
                self.swapped = True
                break
            self.converged = self.converged and bool(refit.converged)
            self.found.append((distance, float(np.sqrt(max(excess, 0.0))), refit.values))
            self.found.sort(key=lambda entry: entry[0])
        else:
            self.given_up = self._next() is not None
        return None

    def _order(self, values: NDArray[np.float64]) -> bool:
        """Which component lies higher; beyond a change of places all repeats itself mirrored."""
        named = dict(zip(self._fit.model.parameters, values.tolist(), strict=True))
        return bool(named.get("tight_cm1", 1.0) > named.get("loose_cm1", 0.0))

    def _excess(self, refit: SeriesFit) -> float:
        ratio = refit.sum_of_squares / self._fit.sum_of_squares
        return self._freedom * float(np.log(ratio))

    def _refit(self, distance: float, near: NDArray[np.float64] | None = None) -> SeriesFit:
        start = self._start(distance)
        if near is not None:
            names = self._fit.model.parameters
            start = dict(zip(names, near.tolist(), strict=True)) | {self._name: start[self._name]}
        return fit_series(
            self._data,
            self._fit.model,
            start,
            baseline_order=self._fit.baseline_order,
            held=(*self._fit.held, self._name),
        )

    def _start(self, distance: float) -> dict[str, float]:
        """Start values on the line through the two nearest solutions."""
        value = self.best + self._side * distance
        if len(self.found) == 1:
            return conditional_start(self._fit, {self._name: value})
        first, second = sorted(self.found, key=lambda entry: abs(entry[0] - distance))[:2]
        # no further beyond both than they are apart: a long step leaves the line soon
        part = max((distance - first[0]) / (second[0] - first[0]), -1.0)
        values = first[2] + part * (second[2] - first[2])
        names = self._fit.model.parameters
        return dict(zip(names, values.tolist(), strict=True)) | {self._name: value}

    def _next(self) -> float | None:
        """Distance of the next refit; None when both crossings are known or out of reach."""
        for target in _WAYPOINTS:
            inner, outer = self._bracket(target)
            if outer is None:
                return self._beyond(inner, target)
            if target in (ROOT_68, ROOT_95):
                near = min(abs(inner[1] - target), abs(outer[1] - target))
                if near > _NEAR_CROSSING and outer[0] - inner[0] > 1e-3 * self._unit:
                    part = (target - inner[1]) / (outer[1] - inner[1])
                    return inner[0] + float(np.clip(part, 0.05, 0.95)) * (outer[0] - inner[0])
        return None

    def _beyond(
        self, last: tuple[float, float, NDArray[np.float64]], target: float
    ) -> float | None:
        if last[0] >= self._limit:
            return None
        before = self.found[-2] if len(self.found) > 1 else None
        if before is None:
            step = self._unit * target * _AIM
        else:
            slope = (last[1] - before[1]) / (last[0] - before[0])
            step = (_AIM * target - last[1]) / slope if slope > 0.0 else np.inf
            step = min(step, _LONGEST_STEP * last[0])
            step = max(step, 0.1 * self._unit)
        return float(min(last[0] + step, self._limit))

    def _bracket(
        self, target: float
    ) -> tuple[
        tuple[float, float, NDArray[np.float64]], tuple[float, float, NDArray[np.float64]] | None
    ]:
        """Last refit below the target, and the first above it."""
        inner = self.found[0]
        for entry in self.found[1:]:
            if entry[1] >= target:
                return inner, entry
            inner = entry
        return inner, None

    def end(self, target: float) -> float | None:
        """Value of the parameter at a root of the excess; None if it is not reached."""
        inner, outer = self._bracket(target)
        if outer is None:
            return None
        rising = [self.found[0]]
        for entry in self.found[1:]:
            if entry[1] <= rising[-1][1]:
                break
            rising.append(entry)
        distances = np.array([entry[0] for entry in rising])
        roots = np.array([entry[1] for entry in rising])
        if roots[-1] >= target and len(rising) > 2:
            distance = float(PchipInterpolator(roots, distances)(target))
        else:
            part = (target - inner[1]) / (outer[1] - inner[1])
            distance = inner[0] + part * (outer[0] - inner[0])
        return self.best + self._side * distance
