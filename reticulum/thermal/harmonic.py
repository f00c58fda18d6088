"""Harmonic oscillators: thermal occupation and mean square displacement."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError
from reticulum.thermal.oscillator import checked_mass_amu
from reticulum.thermal.slopes import checked_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K, HBAR2_OVER_2U_A2_CM1


def bose_occupation(wavenumber_cm1: float, temperatures_k: ArrayLike) -> NDArray[np.float64]:
    """Mean quantum number n = 1/(exp(hcν/kT) - 1) of a harmonic mode, shape (n_temperatures,).

    Parameters
    ----------
    wavenumber_cm1
        Wavenumber of the mode, cm⁻¹, positive.
    temperatures_k
        Shape (n_temperatures,), K.

    Raises
    ------
    InputError
        If the wavenumber is not positive or a temperature is not above 0 K.

    """
    if not (np.isfinite(wavenumber_cm1) and wavenumber_cm1 > 0.0):
        raise InputError(
            f"The wavenumber is {wavenumber_cm1} cm⁻¹.",
            why="Only a mode with a positive wavenumber has a harmonic occupation.",
        )
    t = checked_temperatures_k(temperatures_k)
    with np.errstate(over="ignore"):
        return 1.0 / np.expm1(wavenumber_cm1 / (BOLTZMANN_CM1_PER_K * t))


def harmonic_mean_square_a2(
    wavenumber_cm1: float, mass_amu: float, temperatures_k: ArrayLike
) -> NDArray[np.float64]:
    """Thermal mean square displacement of a harmonic oscillator, shape (n_temperatures,), Å².

    ⟨x²⟩ = (ħ/2mω) coth(ħω/2kT) = (ħ/2mω)(2n + 1), with n from `bose_occupation`.

    Parameters
    ----------
    wavenumber_cm1
        Wavenumber, cm⁻¹, positive.
    mass_amu
        Mass, amu.
    temperatures_k
        Shape (n_temperatures,), K.

    Raises
    ------
    InputError
        If the wavenumber or the mass is not positive or a temperature is not above 0 K.

    """
    mass = checked_mass_amu(mass_amu)
    occupation = bose_occupation(wavenumber_cm1, temperatures_k)
    return HBAR2_OVER_2U_A2_CM1 / (mass * wavenumber_cm1) * (2.0 * occupation + 1.0)
