"""What one model leaves unexplained beyond another, and beyond the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reticulum.spectra.model_comparison import ModelOutcome

#: The noise of a series, from second differences, is known to about this part: a model is said to
#: miss the band only if it leaves more than noise that much larger.
_NOISE_MARGIN = 0.1

#: One-sided confidence of the lower limit of an excess: 1.645 standard errors, 95 %.
_SURE_SIGMAS = 1.645


@dataclass(frozen=True, slots=True, kw_only=True)
class Excess:
    """Misfit of one model beyond that of another.

    Attributes
    ----------
    percent
        In quadrature, per cent of the largest value; 0 if it is smaller.
    least_percent
        Lower end of its one-sided 95 % interval, from the noise.

    """

    percent: float
    least_percent: float


def residual_variance(outcome: ModelOutcome) -> float:
    """Squared residuals for each degree of freedom, squared per cent of the largest value.

    Parameters
    ----------
    outcome
        A model with fewer parameters than points.

    """
    n = outcome.n_points
    return outcome.misfit_percent**2 * n / (n - outcome.n_parameters)


def misfit_excess(worse: ModelOutcome, better: ModelOutcome) -> Excess:
    """Misfit of one model beyond that of another, with the noise taken off.

    With the noise variance s², estimated from the model that leaves less, a model with p parameters
    leaves (n - p) s² of n points beside what it misses. The difference of two such sums has the
    variance 4 s² n e² + 2 |p - q| s⁴ for a true excess e.

    *Valid when* the noise of neighbouring points is independent and the same everywhere.

    Parameters
    ----------
    worse, better
        Models on the same data.

    """
    n = worse.n_points
    noise = min(residual_variance(worse), residual_variance(better))
    more = worse.n_parameters - better.n_parameters
    square = worse.misfit_percent**2 - better.misfit_percent**2 + more * noise / n
    positive = max(square, 0.0)
    error = np.sqrt(4.0 * positive * noise / n + 2.0 * abs(more) * noise**2 / n**2)
    return Excess(
        percent=float(np.sqrt(positive)),
        least_percent=float(np.sqrt(max(square - _SURE_SIGMAS * float(error), 0.0))),
    )


def missed_beyond_noise(outcome: ModelOutcome, noise_percent: float) -> float:
    """Misfit of a model beyond the noise, in quadrature, per cent of the largest value.

    Parameters
    ----------
    outcome
        The model.
    noise_percent
        Noise of the points, per cent of the largest value; it may be a tenth larger.

    """
    largest = noise_percent * (1.0 + _NOISE_MARGIN)
    return float(np.sqrt(max(residual_variance(outcome) - largest**2, 0.0)))
