"""Where a carboxylate band goes with the volume of the cell, and so with temperature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.mechanism import ErrorKind, SlopeError
from reticulum.thermal.slopes import band_slope
from reticulum.thermal.volume_derivatives import (
    LOG_DEGREE,
    derivative_error,
    grueneisen,
    has_several_steps,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandAgainstVolume:
    """Centre of a band at several volumes.

    Parameters
    ----------
    log_volumes
        (n_volumes,) ln(V/V₀), ascending, with 0.
    centres_cm1
        (n_volumes,), cm⁻¹.

    """

    log_volumes: NDArray[np.float64]
    centres_cm1: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.centres_cm1.shape != self.log_volumes.shape:
            raise ValueError("a band has one centre for each volume")
        self.log_volumes.setflags(write=False)
        self.centres_cm1.setflags(write=False)

    @property
    def at_rest_cm1(self) -> float:
        """Centre at the volume of the run, cm⁻¹."""
        return float(self.centres_cm1[np.abs(self.log_volumes).argmin()])

    @property
    def grueneisen(self) -> float:
        """Grüneisen parameter of the band, -d ln ν/d ln V."""
        return float(grueneisen(self.log_volumes, self.centres_cm1))

    @property
    def grueneisen_error(self) -> float:
        """How much the parameter depends on the volumes that it is taken from."""
        return derivative_error(self.log_volumes, np.log(self.centres_cm1))

    def positions_cm1(
        self, log_volumes: NDArray[np.float64], degree: int = LOG_DEGREE
    ) -> NDArray[np.float64]:
        """Centre at other volumes, from a polynomial of ln ν in ln V, cm⁻¹."""
        highest = min(degree, len(self.log_volumes) - 1)
        fit = np.polynomial.Polynomial.fit(self.log_volumes, np.log(self.centres_cm1), highest)
        return np.asarray(np.exp(fit(log_volumes)), dtype=np.float64)

    def slope_errors(
        self, temperatures_k: NDArray[np.float64], log_volumes: NDArray[np.float64]
    ) -> tuple[SlopeError, ...]:
        """Errors of dν/dT for a given V(T): by the step of the volume, and by the curvature."""
        strain_rate = band_slope(temperatures_k, log_volumes).slope_cm1_per_k
        steps = self.grueneisen_error * self.at_rest_cm1 * abs(strain_rate)
        several = has_several_steps(self.log_volumes)
        straight, curved = (
            band_slope(temperatures_k, self.positions_cm1(log_volumes, degree)).slope_cm1_per_k
            for degree in (1, LOG_DEGREE)
        )
        return (
            SlopeError(
                kind=ErrorKind.STEP_SIZE,
                size_cm1_per_k=steps,
                origin="difference between steps of the volume"
                if several
                else "half the difference between compression and expansion",
            ),
            SlopeError(
                kind=ErrorKind.TRUNCATION,
                size_cm1_per_k=abs(curved - straight),
                origin="ln ν curved or straight in ln V",
            ),
        )
