"""Carboxylate bands from velocities: power spectra of projected velocities, their centres, errors.

The velocities of a trajectory, projected on the infrared-active stretches in frames that turn with
the atoms, have a power spectrum with one band for each carboxylate stretch. Trajectories are cut in
segments; their scatter gives the error.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.signal import find_peaks

from reticulum.errors import CalculationError
from reticulum.thermal.band_tracking import TrackedModes
from reticulum.thermal.local_frames import LocalFrames, turned_pattern
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Half width of the window around a band centre, cm⁻¹.
WINDOW_CM1 = 90.0

#: Half width of the narrower window that shows how much the mean depends on it, as a share.
NARROWER = 2.0 / 3.0

#: Least height above its surroundings of a maximum that counts as a peak, share of the highest.
_LEAST_PROMINENCE = 0.2

#: Factor by which segments are padded with zeros: points of the spectrum per resolution element.
_PADDING = 4

#: Rounds in which the window follows the centre, and the move at which it stops, cm⁻¹.
_MOST_ROUNDS, _SETTLED_CM1 = 20, 0.01

#: Place, width, height and floor.
_LORENTZIAN_PARAMETERS = 4

#: Share of the power of a spectrum that must lie in the window of its band.
_LEAST_SHARE = 0.02


def projected_velocities(
    tracked: TrackedModes,
    frames: LocalFrames,
    masses_amu: NDArray[np.float64],
    positions_a: NDArray[np.float64],
    velocities: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Mass-weighted velocities along the tracked modes, (m,), unit of the velocities times √u.

    Parameters
    ----------
    tracked
        The m modes.
    frames
        Frames that turn with the atoms, in which the modes are fixed.
    masses_amu
        (n,), u.
    positions_a
        (n, 3), Å.
    velocities
        (n, 3).

    """
    back = frames.rotations(positions_a).transpose(0, 2, 1)
    weighted = turned_pattern(back, velocities * np.sqrt(masses_amu)[:, None])
    found: NDArray[np.float64] = tracked.vectors.T @ weighted.ravel()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerSpectra:
    """Power spectra of the segments of a trajectory.

    Parameters
    ----------
    wavenumbers_cm1
        (w,) ascending, cm⁻¹.
    power
        (n_segments, w) in arbitrary units.

    """

    wavenumbers_cm1: NDArray[np.float64]
    power: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.power.ndim != 2 or self.power.shape[1] != len(self.wavenumbers_cm1):
            raise ValueError("every segment must have one power for each wavenumber")
        for array in (self.wavenumbers_cm1, self.power):
            array.setflags(write=False)


def power_spectra(
    series: NDArray[np.float64],
    weights: NDArray[np.float64],
    *,
    sample_time: float,
    time_step: float,
    n_segments: int,
) -> PowerSpectra:
    """Weighted power spectra Σ_k w_k |c_k(ν)|² of the segments of a trajectory.

    A Hann window keeps strong bands from leaking into the window of weak ones. The time step of the
    velocity-Verlet scheme raises every wavenumber, sin(ω̃ Δt/2) = (ω/2) Δt ; the axis is corrected
    for it exactly (harmonic oscillator).

    Parameters
    ----------
    series
        (n_samples, m) projected velocities.
    weights
        (m,) weight of each mode in the band.
    sample_time
        Time between samples, Å√(u/eV).
    time_step
        Time step of the dynamics, Å√(u/eV).
    n_segments
        Number of segments.

    Raises
    ------
    ValueError
        If a segment would have fewer than eight samples.

    """
    length = len(series) // n_segments
    if length < 8:
        raise ValueError("the segments are too short for a spectrum")
    window = np.hanning(length + 2)[1:-1]
    n_points = _PADDING * length
    angular = 2.0 * np.pi * np.fft.rfftfreq(n_points, sample_time)
    wavenumbers = 2.0 / time_step * np.sin(0.5 * angular * time_step) * SQRT_EV_PER_U_A2_TO_CM1
    power = []
    for number in range(n_segments):
        part = series[number * length : (number + 1) * length] * window[:, None]
        power.append((np.abs(np.fft.rfft(part, n_points, axis=0)) ** 2) @ weights)
    return PowerSpectra(wavenumbers_cm1=wavenumbers, power=np.array(power))


@dataclass(frozen=True, slots=True, kw_only=True)
class BandCentre:
    """Centre of one band of a power spectrum.

    Parameters
    ----------
    centre_cm1
        Mean wavenumber of the power in the window, cm⁻¹.
    error_cm1
        Its standard error from the segments (jackknife), cm⁻¹.
    fitted_cm1, fwhm_cm1
        Centre and full width at half maximum of a Lorentzian fitted in the window, cm⁻¹; NaN if the
        fit failed.
    unexplained
        Share of the variance of the power in the window that the Lorentzian leaves: 0.02 to 0.1 for
        one peak, 0.4 and more for two; NaN if the fit failed.
    narrow_cm1
        Mean wavenumber in a window of two thirds of the width around the centre, cm⁻¹.
    peaks_cm1
        Maxima in the window, in ascending order, cm⁻¹.
    window_cm1
        Lower and upper end of the window.

    """

    centre_cm1: float
    error_cm1: float
    fitted_cm1: float
    fwhm_cm1: float
    unexplained: float
    narrow_cm1: float
    peaks_cm1: tuple[float, ...]
    window_cm1: tuple[float, float]


def band_centre(
    spectra: PowerSpectra, expected_cm1: float, *, half_width_cm1: float = WINDOW_CM1
) -> BandCentre:
    """Centre of a band, by its mean and by a Lorentzian fit, with the error from the segments.

    The window starts at the expected place and follows the mean until it rests.

    Parameters
    ----------
    spectra
        Of at least two segments.
    expected_cm1
        Where the band should be, cm⁻¹.
    half_width_cm1
        Half width of the window, cm⁻¹.

    Raises
    ------
    CalculationError
        If there is no band in the window.

    """
    axis, total = spectra.wavenumbers_cm1, spectra.power.sum(axis=0)
    centre = _resting_mean(axis, total, expected_cm1, half_width_cm1)
    inside = np.abs(axis - centre) <= half_width_cm1
    if (
        not np.isfinite(centre)
        or abs(centre - expected_cm1) > 3.0 * half_width_cm1
        or total[inside].sum() < _LEAST_SHARE * total.sum()
    ):
        raise CalculationError(
            f"The velocity spectrum has no band near {expected_cm1:.0f} cm⁻¹.",
            why="The carboxylates changed so much that their stretches cannot be followed, or the "
            "trajectory is too short.",
            fix="Use a longer trajectory or a lower temperature.",
        )
    n = len(spectra.power)
    left_out = np.array(
        [_mean(axis, total - part, centre, half_width_cm1) for part in spectra.power]
    )
    error = float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    fitted, width, unexplained = _lorentzian(axis[inside], total[inside])
    peaks, _ = find_peaks(total[inside], prominence=_LEAST_PROMINENCE * total[inside].max())
    return BandCentre(
        centre_cm1=centre,
        error_cm1=error,
        fitted_cm1=fitted,
        fwhm_cm1=width,
        unexplained=unexplained,
        narrow_cm1=_resting_mean(axis, total, centre, NARROWER * half_width_cm1),
        peaks_cm1=tuple(axis[inside][peaks].tolist()),
        window_cm1=(centre - half_width_cm1, centre + half_width_cm1),
    )


def _resting_mean(
    axis: NDArray[np.float64], power: NDArray[np.float64], centre: float, half_width: float
) -> float:
    """Mean wavenumber in the window that it is the centre of."""
    for _ in range(_MOST_ROUNDS):
        before, centre = centre, _mean(axis, power, centre, half_width)
        if abs(centre - before) < _SETTLED_CM1:
            break
    return centre


def _mean(
    axis: NDArray[np.float64], power: NDArray[np.float64], centre: float, half_width: float
) -> float:
    """Mean wavenumber in a window whose edges fall smoothly (no step when a point enters)."""
    weights = power * np.clip((half_width - np.abs(axis - centre)) / (0.1 * half_width), 0.0, 1.0)
    total = float(weights.sum())
    return float(weights @ axis / total) if total > 0.0 else float("nan")


def _lorentzian(
    axis: NDArray[np.float64], power: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Place and width of a fitted Lorentzian, and the share of the variance that it leaves."""

    def shape(
        x: NDArray[np.float64], place: float, fwhm: float, height: float, floor: float
    ) -> NDArray[np.float64]:
        return height / (1.0 + (2.0 * (x - place) / fwhm) ** 2) + floor

    failed = (float("nan"),) * 3
    if len(axis) <= _LORENTZIAN_PARAMETERS:
        return failed
    scale = float(power.max())
    reach = float(axis[-1] - axis[0])
    try:
        with warnings.catch_warnings():
            # Few points or a flat band have no covariance, which is not asked for.
            warnings.simplefilter("ignore", OptimizeWarning)
            found, _ = curve_fit(
                shape,
                axis,
                power / scale,
                p0=(float(axis[power.argmax()]), 0.1 * reach, 1.0, 0.0),
                bounds=((axis[0], 1e-3 * reach, 0.0, 0.0), (axis[-1], 2.0 * reach, 10.0, 1.0)),
            )
    except RuntimeError:
        return failed
    left = ((power / scale - shape(axis, *found)) ** 2).sum()
    variance = ((power - power.mean()) ** 2).sum() / scale**2
    return float(found[0]), float(found[1]), float(left / variance)
