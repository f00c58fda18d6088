"""Fit of one model to a series: shared parameters, heights, errors and criteria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.band_basis import BandModel
from reticulum.spectra.information_criteria import corrected_akaike, schwarz


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
        effect, was held, or ended at a limit. The others are those with it held there. All NaN if
        there are no more points than parameters.
    residuals
        Data less fit, one array a spectrum.
    linear
        (n, c + baseline) heights of the columns of each spectrum.
    linear_errors
        Their standard errors in the joint fit of all parameters.
    converged
        Whether the search ended at a minimum: there the parameters would move by less than 0.001
        of their standard errors.
    n_parameters
        Shared and linear parameters together, less those held.
    held
        Parameters held at given values.
    at_bound
        Parameters that ended at a limit of what they can be (a mixing at 0 or 1, a width at the
        distance of points): they have no standard error.
    largest_value
        Of the data; NaN if not given.

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
    at_bound: tuple[str, ...] = ()
    largest_value: float = float("nan")

    @property
    def parameters(self) -> dict[str, float]:
        """Shared parameters by name."""
        return dict(zip(self.model.parameters, self.values.tolist(), strict=True))

    @property
    def errors(self) -> dict[str, float]:
        """Standard errors of the shared parameters by name; NaN for those that have none."""
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
        return corrected_akaike(
            self.sum_of_squares, self.n_points, self.n_parameters, self.largest_value
        )

    @property
    def bic(self) -> float:
        """Bayesian criterion of Schwarz; the noise is one more parameter."""
        return schwarz(self.sum_of_squares, self.n_points, self.n_parameters, self.largest_value)
