"""Centre and width of one band in each spectrum, and their course with temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import OneBandModel
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.variable_projection import SeriesFit, fit_series

#: Height of a band over the scatter of the data below which no band is found.
_FAINTEST_BAND = 3.0

#: The first and the last tenth of a window show the baseline.
_PART_OF_END = 10

#: Mixings of Gaussian and Lorentzian that fits start from.
_START_MIXINGS = {"eta": 0.2, "lorentz_share": 0.2}

#: Median absolute deviation of normal noise in units of its standard deviation.
_MAD_OF_SIGMA = 0.6745


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandPositions:
    """One band fitted to each spectrum alone.

    Attributes
    ----------
    shape
        Shape of the band.
    centres_cm1, centre_errors_cm1
        (n,) cm⁻¹.
    fwhms_cm1, fwhm_errors_cm1
        (n,) cm⁻¹.
    areas, area_errors
        (n,) data times cm⁻¹.
    fits
        The fit of each spectrum.

    """

    shape: LineShape
    centres_cm1: NDArray[np.float64]
    centre_errors_cm1: NDArray[np.float64]
    fwhms_cm1: NDArray[np.float64]
    fwhm_errors_cm1: NDArray[np.float64]
    areas: NDArray[np.float64]
    area_errors: NDArray[np.float64]
    fits: tuple[SeriesFit, ...]

    @property
    def converged(self) -> NDArray[np.bool_]:
        """(n,) whether the fit of each spectrum ended at a minimum."""
        return np.array([fit.converged for fit in self.fits])

    @property
    def sum_of_squares(self) -> float:
        """Squared residuals of all spectra."""
        return sum(fit.sum_of_squares for fit in self.fits)


def band_positions(
    data: BandData, shape: LineShape = LineShape.GAUSSIAN, *, baseline_order: int = -1
) -> BandPositions:
    """Fit one band to each spectrum alone.

    Parameters
    ----------
    data
        The band.
    shape
        Shape of the band.
    baseline_order
        -1: none; 0: a constant; 1: a straight line.

    Raises
    ------
    CalculationError
        If a spectrum shows no band in the window.

    """
    model = OneBandModel(shape=shape, centre_order=0, width_order=0)
    fits = []
    for number in range(data.n_spectra):
        alone = data.chosen([number])
        x, y = alone.wavenumbers_cm1[0], alone.values[0]
        centre, fwhm = _start(x, y, baseline_order, data.labels[number])
        start = {"centre_0": centre, "fwhm_0": fwhm, **_START_MIXINGS}
        fit = fit_series(alone, model, start, baseline_order=baseline_order)
        if not x[0] <= fit.values[0] <= x[-1] or fit.linear[0, 0] <= 0.0:
            raise CalculationError(
                f"No band was found in {data.labels[number]} between {x[0]:g} and {x[-1]:g} cm⁻¹.",
                why="The fit ran out of the window or to a negative area.",
                fix="Choose a window around the band, or leave the spectrum out.",
            )
        fits.append(fit)
    values = np.array([fit.values[:2] for fit in fits])
    errors = np.array([np.sqrt(np.diag(fit.covariance)[:2]) for fit in fits])
    return BandPositions(
        shape=shape,
        centres_cm1=values[:, 0],
        centre_errors_cm1=errors[:, 0],
        fwhms_cm1=values[:, 1],
        fwhm_errors_cm1=errors[:, 1],
        areas=np.array([fit.linear[0, 0] for fit in fits]),
        area_errors=np.array([fit.linear_errors[0, 0] for fit in fits]),
        fits=tuple(fits),
    )


def noise_level(values: NDArray[np.float64]) -> float:
    """Standard deviation of the noise of a spectrum, from its second differences.

    A band is smooth on the scale of three points, so that second differences hold the noise
    alone; their median is not moved by the few points where a band is narrow.

    Parameters
    ----------
    values
        (n,) one spectrum on an even axis.

    """
    second = np.diff(values, 2)
    # the variance of y₋ - 2y + y₊ is 6 σ²
    return float(np.median(np.abs(second)) / _MAD_OF_SIGMA / np.sqrt(6.0))


def _start(
    x: NDArray[np.float64], y: NDArray[np.float64], baseline_order: int, label: str
) -> tuple[float, float]:
    """Centre and width from the top of the band."""
    n_end = max(len(y) // _PART_OF_END, 1)
    first, last = float(np.median(y[:n_end])), float(np.median(y[-n_end:]))
    if baseline_order < 1:
        first = last = float(np.median(np.concatenate([y[:n_end], y[-n_end:]])))
    floor = first + (last - first) * (x - x[0]) / (x[-1] - x[0])
    lifted = y - floor
    height = float(lifted.max())
    if height <= _FAINTEST_BAND * noise_level(y):
        raise CalculationError(
            f"{label} shows no band between {x[0]:g} and {x[-1]:g} cm⁻¹.",
            why=f"The highest point is less than {_FAINTEST_BAND:g} times the noise above the ends "
            "of the window.",
            fix="Choose a window around the band, or leave the spectrum out.",
        )
    weight = np.where(lifted >= 0.5 * height, lifted, 0.0)
    centre = float((x * weight).sum() / weight.sum())
    # points may be missing: each stands for half the distance of its neighbours
    steps = np.gradient(x)
    return centre, max(float(steps[weight > 0.0].sum()), 2.0 * float(np.median(steps)))
