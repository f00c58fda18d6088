"""The slope that classical dynamics adds: what must come off a slope from molecular dynamics.

Classical nuclei share out k T to every mode, quantum nuclei n_j + ½ quanta. A mode of 1600 cm⁻¹
hardly leaves its ground state below 200 °C, but a classical one gains energy with every kelvin and
so slides down its own anharmonic well: a Morse oscillator of 1620/10 cm⁻¹ shifts by -0.0086 to
-0.017 cm⁻¹/K classically, by -0.0005 cm⁻¹/K in truth. For a mode of low wavenumber the two agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError
from reticulum.thermal.harmonic import bose_occupation
from reticulum.thermal.morse import MorseOscillator, TransitionWeight
from reticulum.thermal.slopes import band_slope, slope_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassicalArtefact:
    """Classical and quantum slopes of the same oscillator, cm⁻¹/K.

    Parameters
    ----------
    classical_cm1_per_k
        Slope that classical dynamics gives.
    quantum_cm1_per_k
        Slope of the quantum oscillator on the same temperatures.

    """

    classical_cm1_per_k: float
    quantum_cm1_per_k: float

    @property
    def artefact_cm1_per_k(self) -> float:
        """What has to be subtracted from a classical slope, cm⁻¹/K."""
        return self.classical_cm1_per_k - self.quantum_cm1_per_k

    def corrected(self, slope_cm1_per_k: float) -> float:
        """Slope from molecular dynamics less the artefact, cm⁻¹/K."""
        return slope_cm1_per_k - self.artefact_cm1_per_k

    def to_dict(self) -> dict[str, float]:
        """Plain form for JSON."""
        return {
            "classical_cm1_per_k": self.classical_cm1_per_k,
            "quantum_cm1_per_k": self.quantum_cm1_per_k,
            "artefact_cm1_per_k": self.artefact_cm1_per_k,
        }


def classical_slope(
    harmonic_cm1: float, anharmonicity_cm1: float, *, power_spectrum: bool = True
) -> float:
    """Slope dν/dT that classical dynamics gives a Morse oscillator, cm⁻¹/K, at low temperature.

    -2 (k/hc) ω_e x_e/ω_e as the mean over trajectories, and twice that as the mean of a power
    spectrum of velocities, in which each trajectory counts by its energy; derivation at
    `MorseOscillator.classical_slopes_cm1_per_k`.

    Parameters
    ----------
    harmonic_cm1, anharmonicity_cm1
        ω_e and ω_e x_e, cm⁻¹.
    power_spectrum
        Whether the band is the mean of a power spectrum.

    Raises
    ------
    InputError
        If a number is not positive.

    """
    # The mass does not enter the levels.
    morse = MorseOscillator(
        harmonic_cm1=harmonic_cm1, anharmonicity_cm1=anharmonicity_cm1, mass_amu=1.0
    )
    return morse.classical_slopes_cm1_per_k[1 if power_spectrum else 0]


def morse_artefact(
    harmonic_cm1: float,
    anharmonicity_cm1: float,
    *,
    power_spectrum: bool = True,
    temperatures_k: ArrayLike | None = None,
) -> ClassicalArtefact:
    """Classical artefact of one Morse oscillator.

    The quantum slope weights the transitions as the classical one weights the trajectories: by
    absorption less stimulated emission for a power spectrum, by population for their mean.

    Parameters
    ----------
    harmonic_cm1, anharmonicity_cm1
        ω_e and ω_e x_e, cm⁻¹.
    power_spectrum
        Whether the band is the mean of a power spectrum.
    temperatures_k
        (n,), K; -100 to 200 °C if not given.

    Raises
    ------
    InputError
        If a number is not positive.

    """
    t = slope_temperatures_k() if temperatures_k is None else temperatures_k
    morse = MorseOscillator(
        harmonic_cm1=harmonic_cm1, anharmonicity_cm1=anharmonicity_cm1, mass_amu=1.0
    )
    weight = TransitionWeight.NET_ABSORPTION if power_spectrum else TransitionWeight.POPULATION
    return ClassicalArtefact(
        classical_cm1_per_k=classical_slope(
            harmonic_cm1, anharmonicity_cm1, power_spectrum=power_spectrum
        ),
        quantum_cm1_per_k=band_slope(t, morse.band_cm1(t, weight)).slope_cm1_per_k,
    )


def coupling_artefact(
    wavenumbers_cm1: ArrayLike, x_cm1: ArrayLike, temperatures_k: ArrayLike | None = None
) -> ClassicalArtefact:
    """Classical artefact of a mode that is coupled to many, from their x_ij.

    Quantum: Σ_j x_ij (n_j + ½). Classical: Σ_j x_ij k T/(hc ω_j), which is what the first becomes
    where all modes are hot. The mode itself is one of the j, with 4 x_ii. So a stiff mode j adds an
    artefact even where its coupling is ordinary, and a soft one adds none.

    Parameters
    ----------
    wavenumbers_cm1
        (n_modes,) ω_j, positive, cm⁻¹.
    x_cm1
        (n_modes,) x_ij, cm⁻¹.
    temperatures_k
        (n,), K; -100 to 200 °C if not given.

    Raises
    ------
    InputError
        If the shapes differ or a wavenumber is not positive.

    """
    omega = np.atleast_1d(np.asarray(wavenumbers_cm1, dtype=np.float64))
    x = np.atleast_1d(np.asarray(x_cm1, dtype=np.float64))
    if omega.shape != x.shape or omega.ndim != 1:
        raise InputError(
            f"{omega.size} wavenumbers came with {x.size} couplings.",
            why="Every mode has one of each.",
        )
    t = slope_temperatures_k() if temperatures_k is None else temperatures_k
    occupations: NDArray[np.float64] = np.array([bose_occupation(float(w), t) for w in omega])
    return ClassicalArtefact(
        classical_cm1_per_k=float(np.sum(x * BOLTZMANN_CM1_PER_K / omega)),
        quantum_cm1_per_k=band_slope(t, x @ occupations).slope_cm1_per_k,
    )
