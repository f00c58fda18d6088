"""AICc and BIC of least-squares fits, such that a fit without meaning never has the smallest."""

from __future__ import annotations

import numpy as np

#: Root mean square of residuals, over the largest value of the data, that counts as none: rounding
#: and the end of a search leave less, and no spectrum is measured better. Models that all fit data
#: made without noise then differ by their number of parameters only.
ROUNDING = 1e-7


def corrected_akaike(
    sum_of_squares: float, n_points: int, n_parameters: int, largest_value: float
) -> float:
    """Corrected Akaike criterion; the noise is one more parameter.

    Parameters
    ----------
    sum_of_squares
        Of the residuals.
    n_points, n_parameters
        Of the fit; the noise is not counted.
    largest_value
        Of the data.

    Returns
    -------
    float
        Infinite, the worst there is, if the residuals are not finite or the points too few.

    """
    k = n_parameters + 1
    room = n_points - k - 1
    if room <= 0 or not np.isfinite(sum_of_squares):
        return float("inf")
    likelihood = _likelihood(sum_of_squares, n_points, largest_value)
    return likelihood + 2.0 * k + 2.0 * k * (k + 1) / room


def schwarz(sum_of_squares: float, n_points: int, n_parameters: int, largest_value: float) -> float:
    """Bayesian criterion of Schwarz; arguments and result as for `corrected_akaike`."""
    k = n_parameters + 1
    if n_points - k - 1 <= 0 or not np.isfinite(sum_of_squares):
        return float("inf")
    return _likelihood(sum_of_squares, n_points, largest_value) + k * float(np.log(n_points))


def _likelihood(sum_of_squares: float, n_points: int, largest_value: float) -> float:
    """-2 ln L of normal residuals up to a constant."""
    tiny = float(np.finfo(np.float64).tiny)
    floor = max((ROUNDING * largest_value) ** 2 if np.isfinite(largest_value) else 0.0, tiny)
    return n_points * float(np.log(max(sum_of_squares / n_points, floor)))
