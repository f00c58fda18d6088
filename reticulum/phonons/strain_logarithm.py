"""Logarithm of a deformation of the cell, for ASE's filter that relaxes cells."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError

#: Relative error of the logarithm that is let pass. scipy remarks on 2e-13, which for deformations
#: near one is rounding; cells relax to about 1e-6.
LARGEST_ERROR = 1e-9


def strain_logarithm(deformation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Matrix logarithm, checked against its exponential instead of with a remark on rounding.

    Parameters
    ----------
    deformation
        (3, 3) deformation gradient, positive determinant.

    Returns
    -------
    numpy.ndarray
        (3, 3) real.

    Raises
    ------
    CalculationError
        If the logarithm is not accurate: the cell is inverted or far from where it started.

    """
    from scipy.linalg import expm, logm

    # Older versions of scipy print the remark on standard output, newer ones warn.
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "logm result may be inaccurate", RuntimeWarning)
        found = np.asarray(logm(deformation))
    error = float(np.abs(expm(found) - deformation).max() / np.abs(deformation).max())
    if not error < LARGEST_ERROR or np.abs(found.imag).max() > LARGEST_ERROR:
        raise CalculationError(
            "The cell has gone too far from where its relaxation started.",
            why=f"The logarithm of its deformation has an error of {error:.1e}.",
            fix="Start from a better cell, or keep it: leave out --relax-cell.",
        )
    return np.ascontiguousarray(found.real)
