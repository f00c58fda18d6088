"""The one Gaussian that a spectroscopist would fit to a sum of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import CalculationError, InputError

#: FWHM over standard deviation of a Gaussian, 2√(2 ln 2); a mathematical constant.
FWHM_PER_SIGMA: float = 2.0 * float(np.sqrt(2.0 * np.log(2.0)))

#: Newton steps allowed; quadratic convergence needs fewer than 20 even for resolved components.
_MAX_STEPS = 200

#: Scaled gradient at which the optimum counts as found; the centre is then good to about 1e-10
#: of the width.
_GRADIENT_LIMIT = 1e-11

#: Relative rounding of the objective: some hundred units of the last place of a float64.
_ROUNDING = 1e-13

#: Shortest fraction of a Newton step that is tried before giving up.
_SHORTEST_STEP = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class OneGaussian:
    """Single Gaussian closest to a sum of Gaussians in the least-squares sense.

    Parameters
    ----------
    centre_cm1
        Centre, cm⁻¹.
    fwhm_cm1
        Full width at half maximum, cm⁻¹.
    height
        Height, in units of the given areas per cm⁻¹.
    relative_misfit
        Root of ∫(sum - Gaussian)² dν / ∫ sum² dν: 0 where the sum is one Gaussian.

    """

    centre_cm1: float
    fwhm_cm1: float
    height: float
    relative_misfit: float


def fit_one_gaussian(areas: ArrayLike, centres_cm1: ArrayLike, fwhms_cm1: ArrayLike) -> OneGaussian:
    """Centre, FWHM and height of the Gaussian closest to a sum of Gaussians, cm⁻¹.

    The misfit ∫(S - hG)² dν over all wavenumbers is minimised exactly, without a grid. For given
    centre c and standard deviation σ the best height is ⟨S,G⟩/⟨G,G⟩, which leaves

    max over (c, σ) of  ½ ln σ + ln Σ_i A_i v_i^(-1/2) exp(-(m_i - c)²/(2 v_i)),  v_i = s_i² + σ²,

    found by damped Newton steps from the moments of the sum and from every component; the best of
    these optima is returned. Where two optima tie (well-resolved equal components) the one
    started from the earlier component wins.

    Parameters
    ----------
    areas
        Non-negative areas of the components, shape (n,), any unit.
    centres_cm1, fwhms_cm1
        Centres and full widths at half maximum, shape (n,), cm⁻¹.

    Raises
    ------
    InputError
        If shapes differ, a number is not finite, an area is negative or all are zero, or a width
        is not positive.
    CalculationError
        If no optimum was found.

    """
    area = np.array(areas, dtype=np.float64, ndmin=1)
    centre = np.array(centres_cm1, dtype=np.float64, ndmin=1)
    sigma = np.array(fwhms_cm1, dtype=np.float64, ndmin=1) / FWHM_PER_SIGMA
    _check(area, centre, sigma)
    kept = area > 0.0
    area, centre, sigma = area[kept], centre[kept], sigma[kept]

    # Work in units of the widest component around the mean: wavenumbers near 1600 would otherwise
    # cost three digits.
    origin = float(area @ centre / area.sum())
    scale = float(sigma.max())
    m = (centre - origin) / scale
    s2 = (sigma / scale) ** 2
    log_area = np.log(area)
    moment = float(area @ (m**2 + s2) / area.sum())
    starts = [(0.0, 0.5 * np.log(moment))]
    if area.size > 1:
        starts += [(float(c), 0.5 * float(np.log(v))) for c, v in zip(m, s2, strict=True)]
    optima = [_climb(log_area, m, s2, *start) for start in starts]
    c, log_sigma, objective = max(optima, key=lambda optimum: optimum[2])

    log_overlap = objective - 0.5 * log_sigma
    height = float(np.exp(log_overlap)) / (np.sqrt(np.pi) * scale)
    separation = m[:, None] - m[None, :]
    variance = s2[:, None] + s2[None, :]
    square = float(
        np.sum(
            area[:, None]
            * area[None, :]
            * np.exp(-(separation**2) / (2.0 * variance))
            / np.sqrt(2.0 * np.pi * variance)
        )
    )
    explained = float(np.exp(2.0 * objective)) / np.sqrt(np.pi)
    return OneGaussian(
        centre_cm1=origin + scale * c,
        fwhm_cm1=FWHM_PER_SIGMA * scale * float(np.exp(log_sigma)),
        height=float(height),
        relative_misfit=float(np.sqrt(max(0.0, 1.0 - explained / square))),
    )


def _check(
    area: NDArray[np.float64], centre: NDArray[np.float64], sigma: NDArray[np.float64]
) -> None:
    if not area.shape == centre.shape == sigma.shape or area.ndim != 1:
        raise InputError(
            f"Areas, centres and widths have the shapes {area.shape}, {centre.shape} and "
            f"{sigma.shape}.",
            why="Every component needs one area, one centre and one width.",
        )
    if not (np.all(np.isfinite(area)) and np.all(np.isfinite(centre))):
        raise InputError("An area or a centre is not a finite number.")
    if np.any(area < 0.0) or not np.any(area > 0.0):
        raise InputError(
            f"The areas {area.tolist()} are not all at least zero with one above zero.",
            why="A band without intensity has no centre.",
        )
    if not np.all(np.isfinite(sigma) & (sigma > 0.0)):
        raise InputError(
            f"The widths {(sigma * FWHM_PER_SIGMA).tolist()} cm⁻¹ are not all positive.",
            why="A Gaussian needs a finite positive width.",
        )


def _objective(
    log_area: NDArray[np.float64],
    m: NDArray[np.float64],
    s2: NDArray[np.float64],
    c: float,
    t: float,
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Objective, gradient (2,) and Hessian (2, 2) with respect to c and t = ln σ."""
    sigma2 = float(np.exp(2.0 * t))
    v = s2 + sigma2
    d = m - c
    h = log_area - 0.5 * np.log(v) - d**2 / (2.0 * v)
    top = float(h.max())
    weight = np.exp(h - top)
    total = float(weight.sum())
    p = weight / total
    first = np.stack([d / v, sigma2 * (d**2 / v**2 - 1.0 / v)])
    mean = first @ p
    cross = -2.0 * sigma2 * d / v**2
    second = np.array(
        [
            [p @ (-1.0 / v), p @ cross],
            [
                p @ cross,
                p @ (2.0 * first[1] + 2.0 * sigma2**2 * (1.0 / v**2 - 2.0 * d**2 / v**3)),
            ],
        ]
    )
    hessian = second + (first * p) @ first.T - np.outer(mean, mean)
    gradient = mean + np.array([0.0, 0.5])
    return 0.5 * t + top + float(np.log(total)), gradient, hessian


def _climb(
    log_area: NDArray[np.float64],
    m: NDArray[np.float64],
    s2: NDArray[np.float64],
    c: float,
    t: float,
) -> tuple[float, float, float]:
    """Damped Newton ascent from (c, t) to a maximum: centre, ln σ, objective."""
    value, gradient, hessian = _objective(log_area, m, s2, c, t)
    for _ in range(_MAX_STEPS):
        # In units of the present standard deviation both variables have curvatures near one.
        unit = np.array([np.exp(t), 1.0])
        scaled = unit * gradient
        steepness = float(np.abs(scaled).max())
        if steepness < _GRADIENT_LIMIT:
            return c, t, value
        eigenvalues, vectors = np.linalg.eigh(unit[:, None] * hessian * unit)
        # Negative curvature enforced: always uphill. The step is capped at one standard deviation
        # in c and a factor e in σ.
        step = vectors @ ((vectors.T @ scaled) / np.maximum(np.abs(eigenvalues), 1e-8))
        step *= unit * min(1.0, 1.0 / float(np.abs(step).max()))
        fraction = 1.0
        while True:
            trial = (c + fraction * float(step[0]), t + fraction * float(step[1]))
            new = _objective(log_area, m, s2, *trial)
            # Close to the maximum the objective is flat to rounding; there the falling gradient
            # tells that a step was good.
            flat = new[0] >= value - _ROUNDING * (1.0 + abs(value))
            if new[0] > value or (flat and float(np.abs(unit * new[1]).max()) < steepness):
                break
            fraction *= 0.5
            if fraction < _SHORTEST_STEP:
                raise _not_found()
        (c, t), (value, gradient, hessian) = trial, new
    raise _not_found()


def _not_found() -> CalculationError:
    return CalculationError(
        "No single Gaussian could be fitted to the sum of components.",
        why="The least-squares optimum was not reached.",
        fix="Check the widths and centres of the components; their ratio may be extreme.",
    )
