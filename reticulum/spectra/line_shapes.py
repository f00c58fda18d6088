"""Line shapes of unit area with their derivatives: Gaussian, Lorentzian, pseudo-Voigt."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

#: 4 ln 2: the Gaussian exp(-4 ln 2 x²/w²) has the full width w at half maximum.
_FOUR_LN2 = 4.0 * math.log(2.0)


class LineShape(StrEnum):
    """Shape of a component; all have unit area and the FWHM as their width."""

    GAUSSIAN = "gaussian"
    LORENTZIAN = "lorentzian"
    #: η Lorentzian + (1 - η) Gaussian of the same FWHM, η from 0 to 1
    PSEUDO_VOIGT = "pseudo-voigt"


def gaussian(
    x: NDArray[np.float64], fwhm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Gaussian of unit area and its derivatives.

    Parameters
    ----------
    x
        (n,) distance from the centre, cm⁻¹.
    fwhm
        Full width at half maximum, cm⁻¹.

    Returns
    -------
    tuple of numpy.ndarray
        Value (cm), derivative by the centre and by the FWHM (cm²), each (n,).

    """
    value = math.sqrt(_FOUR_LN2 / math.pi) / fwhm * np.exp(-_FOUR_LN2 * (x / fwhm) ** 2)
    by_centre = value * (2.0 * _FOUR_LN2 / fwhm**2) * x
    by_fwhm = value * (2.0 * _FOUR_LN2 * x**2 / fwhm**3 - 1.0 / fwhm)
    return value, by_centre, by_fwhm


def lorentzian(
    x: NDArray[np.float64], fwhm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Lorentzian of unit area and its derivatives; arguments and results as for `gaussian`."""
    spread = fwhm**2 + 4.0 * x**2
    value = 2.0 * fwhm / (math.pi * spread)
    by_centre = value * 8.0 * x / spread
    by_fwhm = value * (1.0 / fwhm - 2.0 * fwhm / spread)
    return value, by_centre, by_fwhm


def line(
    x: NDArray[np.float64], fwhm: float, eta: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Pseudo-Voigt of unit area and its derivatives by centre, FWHM and η.

    Parameters
    ----------
    x
        (n,) distance from the centre, cm⁻¹.
    fwhm
        Full width at half maximum of both parts, cm⁻¹.
    eta
        Lorentzian part of the area: 0 is a Gaussian, 1 a Lorentzian.

    """
    if eta == 0.0:
        value, by_centre, by_fwhm = gaussian(x, fwhm)
        return value, by_centre, by_fwhm, lorentzian(x, fwhm)[0] - value
    g, g_centre, g_fwhm = gaussian(x, fwhm)
    lo, l_centre, l_fwhm = lorentzian(x, fwhm)
    rest = 1.0 - eta
    return (
        eta * lo + rest * g,
        eta * l_centre + rest * g_centre,
        eta * l_fwhm + rest * g_fwhm,
        lo - g,
    )
