"""The Morse oscillator: levels, transitions and their thermal mean.

E_n = ω_e (n + ½) - ω_e x_e (n + ½)² above the bottom of V(x) = D (1 - exp(-a x))² [Morse1929].
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma

from reticulum.errors import InputError
from reticulum.thermal.oscillator import boltzmann_populations
from reticulum.thermal.slopes import SlopeResult, band_slope, slope_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K, HBAR2_OVER_2U_A2_CM1


class TransitionWeight(StrEnum):
    """How the transitions n → n + 1 of a hot oscillator are weighted in one band."""

    POPULATION = "p_n"
    ABSORPTION = "p_n (n+1)"
    NET_ABSORPTION = "(p_n - p_{n+1}) (n+1)"


@dataclass(frozen=True, slots=True, kw_only=True)
class MorseOscillator:
    """Morse oscillator [Morse1929].

    Parameters
    ----------
    harmonic_cm1
        Harmonic wavenumber ω_e, cm⁻¹.
    anharmonicity_cm1
        Anharmonicity ω_e x_e, cm⁻¹.
    mass_amu
        Reduced mass, amu.

    Raises
    ------
    InputError
        If a number is not positive or the well holds no level.

    """

    harmonic_cm1: float
    anharmonicity_cm1: float
    mass_amu: float

    def __post_init__(self) -> None:
        for name in ("harmonic_cm1", "anharmonicity_cm1", "mass_amu"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(
                    f"The Morse parameter {name} is {value}.",
                    why="It must be a finite positive number.",
                )
        if self.well_parameter <= 0.5:
            raise InputError(
                f"A Morse oscillator with ω_e {self.harmonic_cm1:g} cm⁻¹ and ω_e x_e "
                f"{self.anharmonicity_cm1:g} cm⁻¹ holds no level.",
                why="The zero-point energy exceeds the depth of the well.",
            )

    @classmethod
    def from_potential(
        cls, *, depth_cm1: float, exponent_per_a: float, mass_amu: float
    ) -> MorseOscillator:
        """Morse oscillator from the depth D (cm⁻¹), the exponent a (1/Å) and the mass (amu).

        Raises
        ------
        InputError
            If a number is not positive or the well holds no level.

        """
        for name, value in (
            ("depth_cm1", depth_cm1),
            ("exponent_per_a", exponent_per_a),
            ("mass_amu", mass_amu),
        ):
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(
                    f"The Morse parameter {name} is {value}.",
                    why="It must be a finite positive number.",
                )
        unit = HBAR2_OVER_2U_A2_CM1 / mass_amu
        return cls(
            harmonic_cm1=2.0 * exponent_per_a * math.sqrt(depth_cm1 * unit),
            anharmonicity_cm1=exponent_per_a**2 * unit,
            mass_amu=mass_amu,
        )

    @property
    def well_parameter(self) -> float:
        """λ = ω_e/(2 ω_e x_e); the well holds the levels with n < λ - ½."""
        return self.harmonic_cm1 / (2.0 * self.anharmonicity_cm1)

    @property
    def depth_cm1(self) -> float:
        """Depth D = ω_e²/(4 ω_e x_e) of the well, cm⁻¹."""
        return self.harmonic_cm1**2 / (4.0 * self.anharmonicity_cm1)

    @property
    def exponent_per_a(self) -> float:
        """Exponent a of the potential, 1/Å."""
        return math.sqrt(self.anharmonicity_cm1 * self.mass_amu / HBAR2_OVER_2U_A2_CM1)

    @property
    def n_levels(self) -> int:
        """Number of bound levels."""
        return math.ceil(self.well_parameter - 0.5)

    def potential_cm1(self, displacement_a: ArrayLike) -> NDArray[np.float64]:
        """Potential energy D (1 - exp(-a x))², same shape as the displacements (Å), cm⁻¹."""
        x = np.asarray(displacement_a, dtype=np.float64)
        return np.asarray(
            self.depth_cm1 * np.expm1(-self.exponent_per_a * x) ** 2, dtype=np.float64
        )

    def levels_cm1(self) -> NDArray[np.float64]:
        """Bound levels above the bottom of the well, shape (n_levels,), cm⁻¹."""
        n = np.arange(self.n_levels) + 0.5
        return np.asarray(self.harmonic_cm1 * n - self.anharmonicity_cm1 * n**2, dtype=np.float64)

    def transitions_cm1(self) -> NDArray[np.float64]:
        """Wavenumbers of n → n + 1 between bound levels, shape (n_levels - 1,), cm⁻¹."""
        n = np.arange(self.n_levels - 1)
        return np.asarray(
            self.harmonic_cm1 - 2.0 * self.anharmonicity_cm1 * (n + 1.0), dtype=np.float64
        )

    def populations(self, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        """Boltzmann populations of the bound levels, shape (n_temperatures, n_levels)."""
        return boltzmann_populations(self.levels_cm1(), temperatures_k)

    @property
    def mean_displacement_a(self) -> float:
        """Mean displacement ⟨x⟩ in the ground state, [ln 2λ - ψ(2λ - 1)]/a, Å."""
        two_lambda = 2.0 * self.well_parameter
        return float(math.log(two_lambda) - digamma(two_lambda - 1.0)) / self.exponent_per_a

    def band_cm1(
        self, temperatures_k: ArrayLike, weight: TransitionWeight = TransitionWeight.NET_ABSORPTION
    ) -> NDArray[np.float64]:
        """Mean wavenumber of the transitions n → n + 1, shape (n_temperatures,), cm⁻¹.

        *Valid when* the transitions are not resolved, the dipole moment is linear (intensities
        grow as n + 1), and the levels near the limit of the well are not populated.

        Parameters
        ----------
        temperatures_k
            Shape (n_temperatures,), K.
        weight
            Weights of the transitions: populations, absorption, or absorption less stimulated
            emission.

        Raises
        ------
        InputError
            If a temperature is not above 0 K or the well holds only one level.

        """
        if self.n_levels < 2:
            raise InputError(
                "The Morse well holds one level only.", why="There is no transition between levels."
            )
        populations = self.populations(temperatures_k)
        quanta = np.arange(1.0, self.n_levels)
        lower, upper = populations[:, :-1], populations[:, 1:]
        weights = {
            TransitionWeight.POPULATION: lower,
            TransitionWeight.ABSORPTION: lower * quanta,
            TransitionWeight.NET_ABSORPTION: (lower - upper) * quanta,
        }[weight]
        transitions = self.transitions_cm1()
        shift = weights @ (transitions - transitions[0]) / weights.sum(axis=1)
        return np.asarray(transitions[0] + shift, dtype=np.float64)

    def slope(
        self,
        temperatures_k: ArrayLike | None = None,
        weight: TransitionWeight = TransitionWeight.NET_ABSORPTION,
    ) -> SlopeResult:
        """Slope and curvature of `band_cm1`; -100 to 200 °C if no temperatures are given."""
        t = slope_temperatures_k() if temperatures_k is None else temperatures_k
        return band_slope(t, self.band_cm1(t, weight))

    @property
    def classical_slopes_cm1_per_k(self) -> tuple[float, float]:
        """Slopes dν/dT that classical dynamics would give, cm⁻¹/K, at low temperature.

        A classical Morse oscillator of energy E vibrates at ω_e √(1 - E/D). With ⟨E⟩ = kT the mean
        over trajectories shifts by -2 (k/hc) ω_e x_e/ω_e per kelvin (first number); the mean of a
        power spectrum, which weights by the energy, shifts twice as fast (second). A quantum
        oscillator of high wavenumber stays in its ground state and hardly shifts, so that a slope
        from molecular dynamics holds this artefact.
        """
        slope = -2.0 * BOLTZMANN_CM1_PER_K * self.anharmonicity_cm1 / self.harmonic_cm1
        return slope, 2.0 * slope
