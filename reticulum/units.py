"""The one unit system and every conversion factor, derived from `scipy.constants`.

Inside the package: Å, eV, amu (u), K and elementary charges, float64. At the spectroscopic
surface: wavenumbers in cm⁻¹. Thermochemistry of the two-state model: kJ/mol and J/mol/K.
"""

from __future__ import annotations

from scipy import constants as _c

#: Boltzmann constant over hc, cm⁻¹/K.
BOLTZMANN_CM1_PER_K: float = _c.k / (_c.h * _c.c * 100.0)

#: Boltzmann constant, eV/K.
BOLTZMANN_EV_PER_K: float = _c.k / _c.e

#: Molar gas constant, J/mol/K.
GAS_CONSTANT_J_PER_MOL_K: float = _c.R

#: One eV as a wavenumber, cm⁻¹.
EV_TO_CM1: float = _c.e / (_c.h * _c.c * 100.0)

#: One eV per particle as a molar energy, kJ/mol.
EV_TO_KJ_PER_MOL: float = _c.e * _c.N_A / 1000.0

#: One eV/Å³ as a pressure, GPa.
EV_PER_A3_TO_GPA: float = _c.e * 1e30 / 1e9

#: ħ²/(2 u Å²) as a wavenumber, cm⁻¹: the kinetic-energy prefactor of vibrational problems.
HBAR2_OVER_2U_A2_CM1: float = _c.hbar**2 / (2.0 * _c.atomic_mass * 1e-20) / (_c.h * _c.c * 100.0)

#: √(eV/(u Å²)) / 2πc as a wavenumber, cm⁻¹: square root of a dynamical-matrix eigenvalue
#: in eV/(u Å²) to cm⁻¹.
SQRT_EV_PER_U_A2_TO_CM1: float = (_c.e / (_c.atomic_mass * 1e-20)) ** 0.5 / (
    2.0 * _c.pi * _c.c * 100.0
)

#: 0 °C, K.
ZERO_CELSIUS_K: float = _c.zero_Celsius

#: Reference temperature of the published van't Hoff law, K.
REFERENCE_TEMPERATURE_K: float = 298.15
