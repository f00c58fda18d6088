"""Spectrum of computed lines: an even axis, and lines of given areas and widths summed on it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.line_shapes import LineShape, component

#: Lorentzian part of a Voigt or pseudo-Voigt line if none is given: half, an assumption.
DEFAULT_MIXING = 0.5

#: Points on the width of the narrowest line if no spacing is given. Half that many already give
#: the area of a Gaussian within 1e-9; the rest is for the eye.
POINTS_PER_FWHM = 10

#: More points than these are refused: no plot shows them, and they would take a GB.
MOST_POINTS = 2_000_000

#: Points that are summed at once, to bound the memory.
_CHUNK = 4096

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Profile:
    """Shape and widths of the lines of a spectrum.

    Attributes
    ----------
    shape
        Shape of all lines.
    fwhm_cm1
        (n_lines,) full width at half maximum of each line, cm⁻¹.
    mixing
        Lorentzian part of `LineShape.PSEUDO_VOIGT` (of the area) and `LineShape.VOIGT` (of the
        width), 0 to 1; of no effect on the other shapes.

    """

    shape: LineShape
    fwhm_cm1: Array
    mixing: float = DEFAULT_MIXING

    def __post_init__(self) -> None:
        if self.fwhm_cm1.ndim != 1:
            raise ValueError("each line has one width")
        for width in self.fwhm_cm1:
            require_fwhm(float(width))
        if not 0.0 <= self.mixing <= 1.0:
            raise InputError(
                f"The Lorentzian part of a line is {self.mixing:g}.",
                why="It lies between 0 (Gaussian) and 1 (Lorentzian).",
                fix=f"Give --lorentz-share {DEFAULT_MIXING:g}, for instance.",
            )
        self.fwhm_cm1.setflags(write=False)

    @property
    def sentence(self) -> str:
        """Shape and width in words."""
        mixed = "" if self.shape.mixing is None else f" ({self.mixing:g} Lorentzian)"
        if not len(self.fwhm_cm1):
            return f"{self.shape.value} lines{mixed}"
        low, high = float(self.fwhm_cm1.min()), float(self.fwhm_cm1.max())
        width = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        return f"{self.shape.value} lines{mixed}, FWHM {width} cm⁻¹"


def require_fwhm(fwhm_cm1: float) -> None:
    """Refuse what is no width of a line.

    Raises
    ------
    InputError
        If it is not positive and finite.

    """
    if not (math.isfinite(fwhm_cm1) and fwhm_cm1 > 0.0):
        raise InputError(
            f"A line of width {fwhm_cm1:g} cm⁻¹ cannot be drawn.",
            why="The full width at half maximum is a positive number.",
            fix="Give --fwhm 10, for instance.",
        )


def even_axis(low_cm1: float, high_cm1: float, spacing_cm1: float) -> Array:
    """Evenly spaced ascending wavenumbers from one end to the other, both included.

    Parameters
    ----------
    low_cm1, high_cm1
        Ends, cm⁻¹.
    spacing_cm1
        Largest distance of neighbours, cm⁻¹; the distance itself is the range over an integer.

    Raises
    ------
    InputError
        If the ends are reversed or negative, the spacing is not positive, or there are too many
        points.

    """
    if not (math.isfinite(low_cm1) and math.isfinite(high_cm1) and 0.0 <= low_cm1 < high_cm1):
        raise InputError(
            f"{low_cm1:g} to {high_cm1:g} cm⁻¹ is no range.",
            why="It goes from a lower wavenumber, zero at least, to a higher one.",
            fix="Give --range 400 2000, for instance.",
        )
    if not (math.isfinite(spacing_cm1) and spacing_cm1 > 0.0):
        raise InputError(
            f"Points {spacing_cm1:g} cm⁻¹ apart are no axis.",
            why="The spacing is a positive number.",
            fix="Give --spacing 1, for instance.",
        )
    steps = (high_cm1 - low_cm1) / spacing_cm1
    if steps > MOST_POINTS:
        raise InputError(
            f"The spectrum would have {steps:.3g} points.",
            why=f"More than {MOST_POINTS} are not written.",
            fix="Give a wider --spacing or a narrower --range.",
        )
    return np.linspace(low_cm1, high_cm1, max(1, math.ceil(steps - 1e-9)) + 1)


def sum_of_lines(axis_cm1: Array, positions_cm1: Array, areas: Array, profile: Profile) -> Array:
    """Sum of lines of given areas.

    Parameters
    ----------
    axis_cm1
        (n,) wavenumbers, cm⁻¹.
    positions_cm1
        (n_lines,) centres, cm⁻¹; also those outside of the axis count with their wings.
    areas
        (n_lines,) areas, any unit.
    profile
        Shape and widths.

    Returns
    -------
    numpy.ndarray
        (n,) unit of the areas per cm⁻¹. Its integral over all wavenumbers is the sum of the
        areas, whatever shape and widths.

    """
    if not len(positions_cm1) == len(areas) == len(profile.fwhm_cm1):
        raise ValueError("each line has a centre, an area and a width")
    found = np.zeros(len(axis_cm1))
    drawn = areas != 0.0
    centres, heights, widths = positions_cm1[drawn], areas[drawn], profile.fwhm_cm1[drawn]
    for start in range(0, len(axis_cm1), _CHUNK):
        part = axis_cm1[start : start + _CHUNK, None] - centres
        found[start : start + _CHUNK] = (
            component(profile.shape, part, widths, profile.mixing)[0] @ heights
        )
    return found
