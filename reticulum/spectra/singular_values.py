"""Singular values of a series: how many independent spectra it is made of.

Two states with fixed components give spectra that are mixtures of two, whatever the areas: rank 2
exactly. One moving band has no finite rank, but its singular values fall off by about the shift
over the width at each step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_positions import noise_level
from reticulum.spectra.variable_projection import SeriesFit

#: Axes that differ by less than this part of their step are the same.
_SAME_AXIS = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SingularValues:
    """Singular values of the matrix of spectra.

    Attributes
    ----------
    values
        Singular values, largest first, in the units of the data; as many as spectra or as points
        less baseline, whichever is smaller.
    noise
        Standard deviation of the noise of a point.
    noise_edge
        Largest singular value that noise alone gives, σ(√m + √n).
    baseline_order
        Order of the polynomials that were taken out of each spectrum; -1: none.
    interpolated
        Whether spectra were interpolated to a common axis: the noise is then smoothed and the
        edge is an upper bound.

    """

    values: NDArray[np.float64]
    noise: float
    noise_edge: float
    baseline_order: int
    interpolated: bool

    def __post_init__(self) -> None:
        if self.values.ndim != 1:
            raise ValueError("singular values are one row of numbers")
        self.values.setflags(write=False)

    @property
    def n_above_noise(self) -> int:
        """How many singular values exceed those of noise alone."""
        return int((self.values > self.noise_edge).sum())

    @property
    def third_percent(self) -> float:
        """Third singular value in per cent of the first; 0 for exactly two components."""
        return self._percent(float(self.values[2])) if len(self.values) > 2 else 0.0

    @property
    def noise_edge_percent(self) -> float:
        """Noise edge in per cent of the first singular value."""
        return self._percent(self.noise_edge)

    def _percent(self, value: float) -> float:
        return 100.0 * value / float(self.values[0]) if self.values[0] > 0.0 else float("nan")

    def rows(self) -> tuple[tuple[str, ...], list[list[object]]]:
        """Return header and rows of plain numbers for a table."""
        return ("number", "singular_value", "above_noise"), [
            [n + 1, value, value > self.noise_edge] for n, value in enumerate(self.values.tolist())
        ]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "values": self.values.tolist(),
            "noise": self.noise,
            "noise_edge": self.noise_edge,
            "n_above_noise": self.n_above_noise,
            "third_percent": self.third_percent,
            "noise_edge_percent": self.noise_edge_percent,
            "baseline_order": self.baseline_order,
            "interpolated": self.interpolated,
        }


def singular_values(
    data: BandData, *, baseline_order: int = -1, noise: float | None = None
) -> SingularValues:
    """Singular values of a series of spectra.

    Baselines add to the rank, so that polynomials are projected out of every spectrum first.
    Spectra are not normalised: their overall areas change no rank, and noise stays the same in
    all. A matrix of m spectra and n points of pure noise σ has no singular value above
    σ(√m + √n) in the limit of many of both (the edge of Marchenko and Pastur); for a finite matrix
    this bounds the mean of the largest one. Polynomials taken out lower n by their number.

    *Valid when* the noise is independent and equal in all points. A sloping detector or a baseline
    that is no polynomial shows as a further component.

    Parameters
    ----------
    data
        The band.
    baseline_order
        Polynomials to take out: -1 none, 0 constant, 1 straight line.
    noise
        Standard deviation of the noise; that of `least_noise` if None.

    Raises
    ------
    InputError
        If the spectra have too few points in common.

    """
    axis, matrix, interpolated = on_common_axis(data.wavenumbers_cm1, data.values)
    if len(axis) <= baseline_order + 3:
        raise InputError(
            f"The spectra have {len(axis)} points in common.",
            why="Nothing is left for the band beside the baseline.",
            fix="Leave out the spectra that do not cover the window.",
        )
    if baseline_order >= 0:
        across = (2.0 * axis - axis[0] - axis[-1]) / (axis[-1] - axis[0])
        basis = np.linalg.qr(np.polynomial.legendre.legvander(across, baseline_order))[0]
        matrix = matrix - (matrix @ basis) @ basis.T
    sigma = least_noise(data) if noise is None else noise
    n_free = len(axis) - (baseline_order + 1)
    values = np.asarray(np.linalg.svd(matrix, compute_uv=False), dtype=np.float64)
    return SingularValues(
        values=values[: min(data.n_spectra, n_free)].copy(),
        noise=sigma,
        noise_edge=sigma * (math.sqrt(n_free) + math.sqrt(data.n_spectra)),
        baseline_order=baseline_order,
        interpolated=interpolated,
    )


def least_noise(data: BandData, fits: Sequence[SeriesFit] = ()) -> float:
    """Standard deviation of the noise of a point: the smallest of several upper bounds.

    Second differences hold the curvature of a band of few points beside the noise; residuals hold
    what a model gets wrong beside the noise. Neither is below the noise but by chance.

    Parameters
    ----------
    data
        The band.
    fits
        Fits to it, for their residuals.

    """
    bounds = [float(np.median([noise_level(values) for values in data.values]))]
    bounds += [
        math.sqrt(fit.sum_of_squares / (fit.n_points - fit.n_parameters))
        for fit in fits
        if fit.n_points > fit.n_parameters
    ]
    return min(bounds)


def on_common_axis(
    axes: Sequence[NDArray[np.float64]], spectra: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Axis (n,), spectra on it (m, n), and whether they were interpolated.

    Spectra with one axis are left alone; others are interpolated linearly to the coarsest axis,
    since a finer one would count the same information twice.

    Parameters
    ----------
    axes
        m ascending axes, cm⁻¹.
    spectra
        m spectra.

    """
    first = axes[0]
    step = float(np.median(np.diff(first)))
    if all(len(a) == len(first) and np.abs(a - first).max() < _SAME_AXIS * step for a in axes):
        return first, np.stack(list(spectra)), False
    steps = [float(np.median(np.diff(axis))) for axis in axes]
    coarsest = axes[int(np.argmax(steps))]
    low, high = max(float(axis[0]) for axis in axes), min(float(axis[-1]) for axis in axes)
    common = coarsest[(coarsest >= low) & (coarsest <= high)]
    return (
        common,
        np.stack([np.interp(common, x, y) for x, y in zip(axes, spectra, strict=True)]),
        True,
    )
