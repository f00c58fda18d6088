"""One band of any shape that moves and broadens: what no change of shape is needed to explain.

Spectrum i is a_i S((ν - c_i)/w_i) on its baseline, with one shape S for the whole series, a cubic
spline, and a centre c_i and a width w_i that are free in each spectrum. A band with a shoulder or
a long wing looks like two components to models with symmetric lines; if it moves as a whole, this
model describes it. Two fixed components that exchange intensity change the shape, and are not
described.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline
from scipy.optimize import least_squares

from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_positions import BandPositions
from reticulum.spectra.model_comparison import ModelOutcome, Picture

#: Name in tables.
ANY_SHAPE = "one band, any shape, centre and width free in each spectrum"

#: Knots of the shape on one side of the centre, in units of the FWHM: a quarter of the width apart
#: across the band, so that a shoulder half a width away is seen; farther out by a factor.
_KNOTS = (0.25, 0.5, 0.75, 1.0, 1.25, 1.75, 2.5)
_KNOT_FACTOR = 1.5

#: The shape reaches so much farther than the spectra at the start, since bands move in the fit.
_ROOM = 1.15

#: Relative change of the misfit at which the search ends, and evaluations at most.
_CONVERGED = 1e-5
_MOST_EVALUATIONS = 100

_DEGREE = 3


def any_shape_outcome(data: BandData, alone: BandPositions, *, baseline_order: int) -> ModelOutcome:
    """Misfit of one band of any shape.

    Parameters
    ----------
    data
        The band.
    alone
        One band in each spectrum, from which the search starts.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.

    """
    problem = _Problem(data, alone, baseline_order)
    found = least_squares(
        problem.residuals,
        problem.start,
        problem.jacobian,
        method="trf",
        x_scale="jac",
        ftol=_CONVERGED,
        xtol=_CONVERGED,
        gtol=_CONVERGED,
        max_nfev=_MOST_EVALUATIONS,
    )
    squares = 2.0 * float(found.cost)
    return ModelOutcome(
        name=ANY_SHAPE,
        picture=Picture.ONE_BAND,
        fit=None,
        sum_of_squares=squares,
        n_points=data.n_points,
        n_parameters=len(problem.start) + data.n_spectra * (baseline_order + 2),
        misfit_percent=100.0 * math.sqrt(squares / data.n_points) / data.maximum,
        converged=bool(found.status > 0),
    )


class _Problem:
    """Projected residuals of a series and their Jacobian.

    Parameters are the shifts of all centres, the logarithms of all widths and the coefficients of
    the shape, but those of the middle spectrum and the top of the shape, which are held: shape,
    place, width and height are only known up to a common one. Heights and baselines are projected
    out, as in `variable_projection`.
    """

    def __init__(self, data: BandData, alone: BandPositions, baseline_order: int) -> None:
        self._data = data
        self._centres, self._widths = alone.centres_cm1, alone.fwhms_cm1
        n = data.n_spectra
        reach = _ROOM * max(
            float(np.abs((x - c) / w).max())
            for x, c, w in zip(data.wavenumbers_cm1, self._centres, self._widths, strict=True)
        )
        self._knots = _knots(reach)
        self._edge = float(self._knots[-1]) * (1.0 - 1e-9)
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
        shape = _gaussian_coefficients(self._knots)
        self._all = np.concatenate([np.zeros(2 * n), shape])
        self._free = np.ones(len(self._all), dtype=bool)
        self._free[[n // 2, n + n // 2, 2 * n + int(np.argmax(shape))]] = False
        self._cached: tuple[bytes, NDArray[np.float64], NDArray[np.float64]] | None = None
        #: Start values of the free parameters.
        self.start = self._all[self._free]

    def residuals(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """All residuals, one spectrum after another."""
        return self._evaluated(values)[0]

    def jacobian(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Derivatives of the projected residuals, (points, parameters), after Kaufman."""
        return self._evaluated(values)[1]

    def _evaluated(
        self, values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        key = values.tobytes()
        if self._cached is None or self._cached[0] != key:
            self._cached = (key, *self._evaluate(values))
        return self._cached[1:]

    def _evaluate(
        self, values: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        full = self._all.copy()
        full[self._free] = values
        n = self._data.n_spectra
        shape = full[2 * n :]
        slope = BSpline(self._knots, shape, _DEGREE).derivative()
        residuals, jacobian, row = [], np.zeros((self._data.n_points, len(full))), 0
        for number in range(n):
            x, y = self._data.wavenumbers_cm1[number], self._data.values[number]
            width = float(self._widths[number] * np.exp(full[n + number]))
            centre = self._centres[number] + full[number]
            u = np.clip((x - centre) / width, -self._edge, self._edge)
            basis = BSpline.design_matrix(u, self._knots, _DEGREE).toarray()
            q, r = np.linalg.qr(np.column_stack([basis @ shape, self._baselines[number]]))
            projected = q.T @ y
            height = float(np.linalg.lstsq(r, projected, rcond=None)[0][0])
            residuals.append(y - q @ projected)
            steep = slope(u)
            change = height * np.column_stack([-steep / width, -steep * u, basis])
            change -= q @ (q.T @ change)
            rows = slice(row, row + len(x))
            jacobian[rows, number] = -change[:, 0]
            jacobian[rows, n + number] = -change[:, 1]
            jacobian[rows, 2 * n :] = -change[:, 2:]
            row += len(x)
        return np.concatenate(residuals), jacobian[:, self._free]


def _knots(reach: float) -> NDArray[np.float64]:
    """Knots of the shape, the ends repeated as a spline needs them."""
    half: list[float] = list(_KNOTS)
    while half[-1] < reach:
        half.append(half[-1] * _KNOT_FACTOR)
    kept: Sequence[float] = half[: int(np.searchsorted(half, reach)) + 1]
    inner = np.array([*(-knot for knot in reversed(kept)), 0.0, *kept])
    return np.concatenate([[inner[0]] * _DEGREE, inner, [inner[-1]] * _DEGREE])


def _gaussian_coefficients(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of a Gaussian of unit FWHM and height."""
    u = np.linspace(knots[0], knots[-1], 20 * len(knots))
    basis = BSpline.design_matrix(u, knots, _DEGREE).toarray()
    target = np.exp(-4.0 * math.log(2.0) * u**2)
    return np.asarray(np.linalg.lstsq(basis, target, rcond=None)[0])
