"""Voigt line: a Lorentzian convolved with a Gaussian, by its total width."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import wofz

#: a in w = a w_L + √((1 - a)² w_L² + w_G²) of [Olivero1977]_, within 0.03 % of the true FWHM. They
#: print 0.5346 and 0.2166; (1 - 0.5346)² = 0.216597 makes a pure Lorentzian exact.
_OLIVERO_A = 0.5346

#: σ² of a Gaussian of FWHM 1.
_VARIANCE_OF_UNIT_FWHM = 1.0 / (8.0 * math.log(2.0))

#: |z|² above which the Faddeeva function and its derivatives follow from their asymptotic series:
#: the first term left out is below 1e-11 of the first, where differences of `wofz` begin to cancel.
_ASYMPTOTIC = 1000.0

#: (2k - 1)!! of the terms of that series.
_SERIES = (1.0, 1.0, 3.0, 15.0, 105.0)

Array = NDArray[np.float64]


def voigt_parts(fwhm: ArrayLike, lorentz_share: ArrayLike) -> tuple[Array, Array]:
    """FWHMs of the Lorentzian and of the Gaussian in a Voigt line.

    Parameters
    ----------
    fwhm
        FWHM of the line, cm⁻¹.
    lorentz_share
        Width of the Lorentzian over that of the line, 0 to 1.

    Returns
    -------
    tuple of numpy.ndarray
        Widths of the Lorentzian and of the Gaussian, cm⁻¹: the equation of [Olivero1977]_ solved
        for the second.

    """
    w = np.asarray(fwhm, dtype=np.float64)
    m = np.asarray(lorentz_share, dtype=np.float64)
    return w * m, w * np.sqrt((1.0 - m) * (1.0 + (1.0 - 2.0 * _OLIVERO_A) * m))


def voigt(x: Array, fwhm: ArrayLike, lorentz_share: ArrayLike) -> tuple[Array, Array, Array, Array]:
    """Voigt line of unit area and its derivatives by centre, FWHM and Lorentzian share.

    Parameters
    ----------
    x
        Distances from the centre, cm⁻¹.
    fwhm
        Full width at half maximum of the line, cm⁻¹, to 0.03 %; one, or an array that broadcasts
        with `x`.
    lorentz_share
        Width of the Lorentzian over `fwhm`: 0 is a Gaussian, 1 a Lorentzian.

    Returns
    -------
    tuple of numpy.ndarray
        Value, derivatives by the centre, the FWHM and the share, of the shape of `x`.

    """
    w = np.asarray(fwhm, dtype=np.float64)
    m = np.asarray(lorentz_share, dtype=np.float64)
    bend = 1.0 - 2.0 * _OLIVERO_A
    variance = w**2 * (1.0 - m) * (1.0 + bend * m) * _VARIANCE_OF_UNIT_FWHM
    value, slope, by_gamma, curvature = _profile(x, variance, 0.5 * w * m)
    # a Gaussian spreads like heat: the derivative by its variance is half the curvature
    by_variance = 0.5 * curvature
    variance_by_share = w**2 * _VARIANCE_OF_UNIT_FWHM * ((1.0 - m) * bend - (1.0 + bend * m))
    return (
        value,
        -slope,
        by_gamma * (0.5 * m) + by_variance * (2.0 * variance / w),
        by_gamma * (0.5 * w) + by_variance * variance_by_share,
    )


def _profile(x: Array, variance: Array, gamma: Array) -> tuple[Array, Array, Array, Array]:
    """Voigt function of variance σ² and half width γ; derivatives by x, by γ, and twice by x."""
    u = x + 1j * gamma
    square = u**2
    variance = np.broadcast_to(variance, u.shape)
    far = np.abs(square) > 2.0 * _ASYMPTOTIC * variance
    # F(u) = w(z)/(σ√2π), z = u/(σ√2): the line is its real part
    parts = [np.empty_like(u) for _ in range(3)]
    near = ~far
    if near.any():
        sigma = np.sqrt(variance[near])
        z = u[near] / (sigma * math.sqrt(2.0))
        w = wofz(z)
        first = -2.0 * z * w + 2j / math.sqrt(math.pi)
        norm = 1.0 / (sigma * math.sqrt(2.0 * math.pi))
        parts[0][near] = w * norm
        parts[1][near] = first * norm / (sigma * math.sqrt(2.0))
        parts[2][near] = (-2.0 * w - 2.0 * z * first) * norm / (2.0 * sigma**2)
    if far.any():
        ratio = variance[far] / square[far]
        one_over = 1.0 / u[far]
        for order in range(3):
            # each derivative of u^-(2k+1) brings down one more factor
            total = np.zeros_like(ratio)
            for k in reversed(range(len(_SERIES))):
                factor = math.prod(-(2.0 * k + 1.0 + step) for step in range(order))
                total = total * ratio + _SERIES[k] * factor
            parts[order][far] = total * one_over ** (order + 1) * (1j / math.pi)
    return parts[0].real, parts[1].real, -parts[1].imag, parts[2].real
