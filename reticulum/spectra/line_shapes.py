"""Line shapes of unit area with their derivatives: Gaussian, Lorentzian, pseudo-Voigt, Voigt."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.spectra.voigt import voigt

#: 4 ln 2: the Gaussian exp(-4 ln 2 x²/w²) has the full width w at half maximum.
_FOUR_LN2 = 4.0 * math.log(2.0)

Array = NDArray[np.float64]


class LineShape(StrEnum):
    """Shape of a component; all have unit area and the FWHM as their width."""

    GAUSSIAN = "gaussian"
    LORENTZIAN = "lorentzian"
    #: η Lorentzian + (1 - η) Gaussian of the same FWHM, η from 0 to 1
    PSEUDO_VOIGT = "pseudo-voigt"
    #: convolution of a Lorentzian with a Gaussian; the Lorentzian has a share 0 to 1 of the FWHM
    VOIGT = "voigt"

    @property
    def mixing(self) -> str | None:
        """Name of the parameter that mixes Gaussian (0) and Lorentzian (1); None without one."""
        return {LineShape.PSEUDO_VOIGT: "eta", LineShape.VOIGT: "lorentz_share"}.get(self)


def gaussian(x: Array, fwhm: ArrayLike) -> tuple[Array, Array, Array]:
    """Gaussian of unit area and its derivatives.

    Parameters
    ----------
    x
        Distances from the centre, cm⁻¹.
    fwhm
        Full width at half maximum, cm⁻¹; one, or an array that broadcasts with `x`.

    Returns
    -------
    tuple of numpy.ndarray
        Value (cm), derivative by the centre and by the FWHM (cm²), each of the shape of `x`.

    """
    w = np.asarray(fwhm, dtype=np.float64)
    square = (x / w) ** 2
    value = np.exp(-_FOUR_LN2 * square) * (math.sqrt(_FOUR_LN2 / math.pi) / w)
    by_centre = value * x * (2.0 * _FOUR_LN2 / w**2)
    by_fwhm = value * (2.0 * _FOUR_LN2 * square - 1.0) / w
    return value, by_centre, by_fwhm


def lorentzian(x: Array, fwhm: ArrayLike) -> tuple[Array, Array, Array]:
    """Lorentzian of unit area and its derivatives; arguments and results as for `gaussian`."""
    w = np.asarray(fwhm, dtype=np.float64)
    spread = w**2 + 4.0 * x**2
    value = 2.0 * w / (math.pi * spread)
    by_centre = value * 8.0 * x / spread
    by_fwhm = value * (1.0 / w - 2.0 * w / spread)
    return value, by_centre, by_fwhm


def line(x: Array, fwhm: ArrayLike, eta: ArrayLike) -> tuple[Array, Array, Array, Array]:
    """Pseudo-Voigt of unit area and its derivatives by centre, FWHM and η.

    Parameters
    ----------
    x
        Distances from the centre, cm⁻¹.
    fwhm
        Full width at half maximum of both parts, cm⁻¹.
    eta
        Lorentzian part of the area: 0 is a Gaussian, 1 a Lorentzian.

    """
    g, g_centre, g_fwhm = gaussian(x, fwhm)
    lo, l_centre, l_fwhm = lorentzian(x, fwhm)
    part = np.asarray(eta, dtype=np.float64)
    rest = 1.0 - part
    return (
        part * lo + rest * g,
        part * l_centre + rest * g_centre,
        part * l_fwhm + rest * g_fwhm,
        lo - g,
    )


def component(
    shape: LineShape, x: Array, fwhm: ArrayLike, mixing: ArrayLike = 0.0
) -> tuple[Array, ...]:
    """Line of unit area and its derivatives by centre, FWHM and, where it has one, mixing.

    Parameters
    ----------
    shape
        Shape of the line.
    x
        Distances from the centre, cm⁻¹.
    fwhm
        Full width at half maximum, cm⁻¹; one, or an array that broadcasts with `x`.
    mixing
        0 is a Gaussian, 1 a Lorentzian; used by the shapes that have a mixing.

    Returns
    -------
    tuple of numpy.ndarray
        Three arrays of the shape of `x`, four if the shape has a mixing.

    """
    if shape is LineShape.GAUSSIAN:
        return gaussian(x, fwhm)
    if shape is LineShape.LORENTZIAN:
        return lorentzian(x, fwhm)
    return (line if shape is LineShape.PSEUDO_VOIGT else voigt)(x, fwhm, mixing)
