"""Least squares for a whole series in one step, with the linear parameters projected out.

Heights of bands and baselines enter linearly: for any values of the other parameters they follow
from a small linear problem in each spectrum. Only the few shared parameters are searched
[Golub1973]_, with the analytic Jacobian of Kaufman [Kaufman1975]_. The covariance of the shared
parameters is that of the joint fit of all parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import BandModel

#: Relative change of the misfit at which a fit has converged.
CONVERGED = 1e-12

#: Evaluations of the model at most, for each parameter.
_MOST_EVALUATIONS = 100

#: Residuals stand for a parameter that leaves its range (a width below zero): far worse than any
#: fit, and finite.
_PENALTY = 1e3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesFit:
    """Fit of one model to a series.

    Attributes
    ----------
    model
        The model.
    baseline_order
        -1: none; 0: a constant; 1: a straight line under the band in each spectrum.
    values
        (p,) shared parameters, in the order of ``model.parameters``.
    covariance
        (p, p) of the shared parameters in the joint fit of all; NaN where a parameter has no
        effect or was held.
    residuals
        Data less fit, one array a spectrum.
    linear
        (n, c + baseline) heights of the columns of each spectrum.
    linear_errors
        Their standard errors with the shared parameters at their best values.
    converged
        Whether the search ended at a minimum.
    n_parameters
        Shared and linear parameters together, less those held.
    held
        Parameters held at given values.

    """

    model: BandModel
    baseline_order: int
    values: NDArray[np.float64]
    covariance: NDArray[np.float64]
    residuals: tuple[NDArray[np.float64], ...]
    linear: NDArray[np.float64]
    linear_errors: NDArray[np.float64]
    converged: bool
    n_parameters: int
    held: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, float]:
        """Shared parameters by name."""
        return dict(zip(self.model.parameters, self.values.tolist(), strict=True))

    @property
    def errors(self) -> dict[str, float]:
        """Standard errors of the shared parameters by name; NaN for those held."""
        with np.errstate(invalid="ignore"):
            sigma = np.sqrt(np.diag(self.covariance))
        return dict(zip(self.model.parameters, sigma.tolist(), strict=True))

    @property
    def n_points(self) -> int:
        """Number of data points."""
        return sum(len(residual) for residual in self.residuals)

    @property
    def sum_of_squares(self) -> float:
        """Sum of the squared residuals."""
        return float(sum(float(residual @ residual) for residual in self.residuals))

    @property
    def rms(self) -> float:
        """Root mean square of the residuals, in the units of the data."""
        return float(np.sqrt(self.sum_of_squares / self.n_points))

    @property
    def aicc(self) -> float:
        """Corrected Akaike criterion; the noise is one more parameter."""
        n, k = self.n_points, self.n_parameters + 1
        room = n - k - 1
        if room <= 0 or self.sum_of_squares <= 0.0:
            return float("inf") if room <= 0 else float("-inf")
        return n * float(np.log(self.sum_of_squares / n)) + 2.0 * k + 2.0 * k * (k + 1) / room

    @property
    def bic(self) -> float:
        """Bayesian criterion of Schwarz; the noise is one more parameter."""
        n, k = self.n_points, self.n_parameters + 1
        if self.sum_of_squares <= 0.0:
            return float("-inf")
        return n * float(np.log(self.sum_of_squares / n)) + k * float(np.log(n))


def fit_series(
    data: BandData,
    model: BandModel,
    start: Mapping[str, float],
    *,
    baseline_order: int = -1,
    held: Sequence[str] = (),
    relative_change: float = CONVERGED,
) -> SeriesFit:
    """Fit a model to all spectra in one step.

    Parameters
    ----------
    data
        The band.
    model
        The model.
    start
        Start values of its parameters; those in `held` keep them.
    baseline_order
        Baseline under the band in each spectrum: -1 none, 0 constant, 1 straight line.
    held
        Names of parameters that are not fitted.
    relative_change
        Change of the misfit and of the parameters at which the search ends.

    """
    problem = _Problem(data, model, baseline_order)
    names = model.parameters
    full = np.array([float(start[name]) for name in names])
    free = np.array([name not in held for name in names])

    def residuals(values: NDArray[np.float64]) -> NDArray[np.float64]:
        full_values = full.copy()
        full_values[free] = values
        return problem.residuals(full_values)

    def jacobian(values: NDArray[np.float64]) -> NDArray[np.float64]:
        full_values = full.copy()
        full_values[free] = values
        return problem.jacobian(full_values)[:, free]

    values, converged = full.copy(), True
    if free.any():
        found = least_squares(
            residuals,
            full[free],
            jacobian,
            method="trf",
            x_scale="jac",
            ftol=relative_change,
            xtol=relative_change,
            gtol=relative_change,
            max_nfev=_MOST_EVALUATIONS * int(free.sum()),
        )
        values[free] = found.x
        converged = bool(found.status > 0)
    return problem.result(values, free, converged, tuple(held))


class _Problem:
    """Projected residuals of a series and their Jacobian."""

    def __init__(self, data: BandData, model: BandModel, baseline_order: int) -> None:
        self._data, self._model, self._order = data, model, baseline_order
        middle = data.middle_cm1
        self._baselines = [
            np.stack(
                [((x - middle) / (x[-1] - x[0])) ** power for power in range(baseline_order + 1)],
                axis=1,
            )
            if baseline_order >= 0
            else np.empty((len(x), 0))
            for x in data.wavenumbers_cm1
        ]
        self._cached: tuple[bytes, list[_Solved]] | None = None

    def _solve(self, values: NDArray[np.float64]) -> list[_Solved]:
        key = values.tobytes()
        if self._cached is None or self._cached[0] != key:
            self._cached = (
                key,
                [self._one(number, values) for number in range(len(self._baselines))],
            )
        return self._cached[1]

    def _one(self, number: int, values: NDArray[np.float64]) -> _Solved:
        x, y = self._data.wavenumbers_cm1[number], self._data.values[number]
        columns, derivatives = self._model.columns(
            values, float(self._data.temperatures_k[number]), x
        )
        matrix = np.hstack([columns, self._baselines[number]])
        q, r = np.linalg.qr(matrix)
        projected = q.T @ y
        heights = np.linalg.lstsq(r, projected, rcond=None)[0]
        return _Solved(q=q, r=r, heights=heights, residual=y - q @ projected, change=derivatives)

    def _possible(self, values: NDArray[np.float64]) -> bool:
        named = dict(zip(self._model.parameters, values.tolist(), strict=True))
        widths = [value for name, value in named.items() if name.startswith("fwhm")
                  and not name.endswith(("_1", "_2"))]  # fmt: skip
        eta = named.get("eta", 0.0)
        mode = named.get("mode_cm1", 1.0)
        return bool(min(widths) > 0.0 and -0.5 <= eta <= 1.5 and mode > 0.0)

    def residuals(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """All residuals, one spectrum after another."""
        if not self._possible(values):
            return np.full(self._data.n_points, _PENALTY * self._data.maximum)
        return np.concatenate([solved.residual for solved in self._solve(values)])

    def jacobian(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Derivatives of the projected residuals, (points, p), after Kaufman."""
        blocks = []
        for solved in self._solve(values):
            n_columns = self._model.n_columns
            moved = solved.change @ solved.heights[:n_columns]  # (p, n)
            blocks.append(-(moved - (moved @ solved.q) @ solved.q.T).T)
        return np.concatenate(blocks)

    def result(
        self,
        values: NDArray[np.float64],
        free: NDArray[np.bool_],
        converged: bool,
        held: tuple[str, ...],
    ) -> SeriesFit:
        """Fit with covariances."""
        solved = self._solve(values)
        residuals = tuple(entry.residual for entry in solved)
        linear = np.array([entry.heights for entry in solved])
        n_parameters = int(free.sum()) + linear.size
        n = sum(len(residual) for residual in residuals)
        variance = sum(float(r @ r) for r in residuals) / max(n - n_parameters, 1)
        covariance = np.full((len(values), len(values)), np.nan)
        if free.any():
            chosen = self.jacobian(values)[:, free]
            scale = np.linalg.norm(chosen, axis=0)
            scale[scale == 0.0] = np.inf
            inverse = np.linalg.pinv((chosen / scale).T @ (chosen / scale), rcond=1e-13)
            covariance[np.ix_(free, free)] = variance * inverse / np.outer(scale, scale)
        errors = []
        for entry in solved:
            inverse_r = np.linalg.pinv(entry.r)
            errors.append(np.sqrt(variance * (inverse_r**2).sum(axis=1)))
        return SeriesFit(
            model=self._model,
            baseline_order=self._order,
            values=values,
            covariance=covariance,
            residuals=residuals,
            linear=linear,
            linear_errors=np.array(errors),
            converged=converged,
            n_parameters=n_parameters,
            held=held,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Solved:
    """One spectrum with its linear parameters at their best."""

    q: NDArray[np.float64]
    r: NDArray[np.float64]
    heights: NDArray[np.float64]
    residual: NDArray[np.float64]
    change: NDArray[np.float64]
