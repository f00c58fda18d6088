"""Thermal expansion from a volume series.

Quasi-harmonic free energy F(V, T) = E(V) + Σ [ħω/2 + k_B T ln(1 - exp(-ħω/k_B T))], with the
harmonic wavenumbers of each volume. Its minimum at each temperature is the volume. Beside it stands
the expansion linear in the Grüneisen parameters at the volume of the run,
α_V = Σ γ_i C_i/(V B), ln V(T)/V₀ = Σ γ_i [U_i(T) - U_i(298 K)]/(V B), with B from E(V) alone. It
exists where F has no minimum among the volumes (the run is under pressure, or a soft mode falls to
zero there, where harmonic F goes to minus infinity and describes nothing). The difference of the
two is an error of both.

*Valid when* the modes at Gamma stand for all of the zone: the acoustic modes and those of the zone
boundary are missing, which in frameworks carry much of the contraction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import CalculationError
from reticulum.thermal.grueneisen import GrueneisenParameters
from reticulum.thermal.slopes import checked_temperatures_k
from reticulum.thermal.volume_derivatives import derivative_error
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    BOLTZMANN_EV_PER_K,
    EV_PER_A3_TO_GPA,
    EV_TO_CM1,
    REFERENCE_TEMPERATURE_K,
)

#: Highest degree of the polynomial of F in ln V: the third describes how the bulk modulus changes,
#: more would follow the scatter of soft modes.
ENERGY_DEGREE = 3

#: Imaginary part below which a root of a polynomial is real.
_REAL_ROOT = 1e-12


def vibrational_free_energy_ev(
    wavenumbers_cm1: NDArray[np.float64],
    dimensions: NDArray[np.int64],
    temperatures_k: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Harmonic free energy of modes, (n_temperatures, n_volumes), eV.

    Parameters
    ----------
    wavenumbers_cm1
        (n_volumes, n_sets), positive, cm⁻¹.
    dimensions
        (n_sets,) modes of each set.
    temperatures_k
        (n_temperatures,), K.

    """
    thermal = BOLTZMANN_CM1_PER_K * temperatures_k[:, None, None]
    free = 0.5 * wavenumbers_cm1 + thermal * np.log(-np.expm1(-wavenumbers_cm1 / thermal))
    return np.asarray(free @ dimensions / EV_TO_CM1)


def vibrational_entropy_ev_per_k(
    wavenumbers_cm1: NDArray[np.float64],
    dimensions: NDArray[np.int64],
    temperatures_k: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Harmonic entropy of modes, (n_temperatures, n_volumes), eV/K; arguments as for the energy."""
    y = wavenumbers_cm1 / (BOLTZMANN_CM1_PER_K * temperatures_k[:, None, None])
    with np.errstate(over="ignore"):
        entropy = y / np.expm1(y) - np.log(-np.expm1(-y))
    return np.asarray(entropy @ dimensions * BOLTZMANN_EV_PER_K)


def mode_heat_capacity(
    wavenumbers_cm1: NDArray[np.float64], temperatures_k: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Heat capacity of harmonic modes in units of k_B, (n_temperatures, n_modes)."""
    half = 0.5 * wavenumbers_cm1 / (BOLTZMANN_CM1_PER_K * temperatures_k[:, None])
    with np.errstate(over="ignore"):
        return np.asarray((half / np.sinh(half)) ** 2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComputedExpansion:
    """Volume against temperature from the quasi-harmonic free energy.

    Parameters
    ----------
    temperatures_k
        (n_temperatures,), K.
    log_volumes
        (n_temperatures,) ln(V/V₀), V₀ the volume of the run.
    from_minimum
        Whether they are the minima of the free energy; otherwise they are linear in the Grüneisen
        parameters, and zero at 298.15 K.
    minimum_per_k
        α_V at 298.15 K at the minimum of the free energy, 1/K; None where it has none.
    linear_per_k
        α_V at 298.15 K linear in the Grüneisen parameters, 1/K.
    step_error_per_k
        Change of the latter with the volumes that it is taken from, 1/K.
    static_bulk_modulus_gpa
        B from E(V) at the volume of the run, GPa.
    bulk_modulus_gpa
        B from F(V) there at 298.15 K, GPa.
    pressure_gpa
        Pressure that holds the volume of the run at 298.15 K, GPa.
    shares_per_k
        (n_sets,) what each set of modes gives to `linear_per_k`, 1/K; zero for those left out.
    n_modes_left_out
        Vibrations that are imaginary or not followed at some volume, left out at all of them.
    leaves_series
        Whether a volume lies outside those computed.

    """

    temperatures_k: NDArray[np.float64]
    log_volumes: NDArray[np.float64]
    from_minimum: bool
    minimum_per_k: float | None
    linear_per_k: float
    step_error_per_k: float
    static_bulk_modulus_gpa: float
    bulk_modulus_gpa: float
    pressure_gpa: float
    shares_per_k: NDArray[np.float64]
    n_modes_left_out: int
    leaves_series: bool

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.log_volumes.shape != self.temperatures_k.shape:
            raise ValueError("one volume is needed for each temperature")
        for array in (self.temperatures_k, self.log_volumes, self.shares_per_k):
            array.setflags(write=False)

    @property
    def at_reference_per_k(self) -> float:
        """α_V at 298.15 K by the route that the volumes are taken from, 1/K."""
        if self.from_minimum and self.minimum_per_k is not None:
            return self.minimum_per_k
        return self.linear_per_k

    @property
    def route_error_per_k(self) -> float:
        """Difference of the two routes, 1/K; by the bulk moduli where F has no minimum."""
        if self.minimum_per_k is not None:
            return abs(self.minimum_per_k - self.linear_per_k)
        if self.bulk_modulus_gpa <= 0.0:
            return abs(self.linear_per_k)
        ratio = self.static_bulk_modulus_gpa / self.bulk_modulus_gpa
        return abs(self.linear_per_k * (ratio - 1.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "temperatures_k": self.temperatures_k.tolist(),
            "log_volumes": self.log_volumes.tolist(),
            "from_minimum_of_free_energy": self.from_minimum,
            "volumetric_at_298_k_per_k": self.at_reference_per_k,
            "at_minimum_per_k": self.minimum_per_k,
            "linear_per_k": self.linear_per_k,
            "step_error_per_k": self.step_error_per_k,
            "route_error_per_k": self.route_error_per_k,
            "static_bulk_modulus_gpa": self.static_bulk_modulus_gpa,
            "bulk_modulus_at_298_k_gpa": self.bulk_modulus_gpa,
            "pressure_gpa": self.pressure_gpa,
            "n_modes_left_out": self.n_modes_left_out,
            "leaves_series": self.leaves_series,
        }


def computed_expansion(
    parameters: GrueneisenParameters,
    energies_ev: NDArray[np.float64],
    volume_a3: float,
    temperatures_k: ArrayLike,
) -> ComputedExpansion:
    """Volume against temperature from energies and modes at several volumes.

    Parameters
    ----------
    parameters
        Modes followed over the volumes.
    energies_ev
        (n_volumes,) energy of the cell at rest, eV.
    volume_a3
        V₀, Å³.
    temperatures_k
        (n_temperatures,), K.

    Raises
    ------
    CalculationError
        If no mode can be used, or the crystal is not stable against a change of its volume.

    """
    temperatures = checked_temperatures_k(temperatures_k)
    used = parameters.real_everywhere
    if not used.any():
        raise CalculationError(
            "No vibration is real and followed at all volumes.",
            why="There is no free energy without them.",
            fix="Relax the crystal to a minimum first (`reticulum phonons --follow-imaginary`), or "
            "use smaller strains from Python (QuasiHarmonicOptions).",
        )
    x = parameters.log_volumes
    w, dimensions = parameters.wavenumbers_cm1[:, used], parameters.dimensions[used]
    degree = min(ENERGY_DEGREE, len(x) - 1)
    fit = np.linalg.pinv(np.vander(x, degree + 1, increasing=True))
    static = fit @ (energies_ev - energies_ev.mean())
    stiffness = float(2.0 * static[2] - static[1])
    if stiffness <= 0.0:
        raise CalculationError(
            "The crystal is not stable against a change of its volume.",
            why=f"Its bulk modulus is {stiffness / volume_a3 * EV_PER_A3_TO_GPA:.2f} GPa.",
            fix="Take the expansion from a measurement.",
        )

    def free_energy(t: NDArray[np.float64]) -> NDArray[np.float64]:
        vibrational: NDArray[np.float64] = vibrational_free_energy_ev(w, dimensions, t) @ fit.T
        return np.asarray(static + vibrational)

    reference = np.array([REFERENCE_TEMPERATURE_K])
    at_reference = free_energy(reference)
    entropies = vibrational_entropy_ev_per_k(w, dimensions, reference)
    minima = _minima(free_energy(temperatures), x)
    here = _minima(at_reference, x)
    minimum = None
    if here is not None:
        minimum = _expansion_at(at_reference[0], fit @ entropies[0], float(here[0]))
    weights = parameters.values[used] * dimensions / stiffness
    shares = np.zeros(len(used))
    capacity = mode_heat_capacity(w[parameters.centre], reference)[0]
    shares[used] = BOLTZMANN_EV_PER_K * weights * capacity
    if minima is None:
        energies = _thermal_energies_ev(w[parameters.centre], temperatures)
        places = (energies - _thermal_energies_ev(w[parameters.centre], reference)) @ weights
    else:
        places = minima
    to_gpa = EV_PER_A3_TO_GPA / volume_a3
    return ComputedExpansion(
        temperatures_k=temperatures,
        log_volumes=places,
        from_minimum=minima is not None,
        minimum_per_k=minimum,
        linear_per_k=float(shares.sum()),
        step_error_per_k=derivative_error(x, entropies[0]) / stiffness,
        static_bulk_modulus_gpa=stiffness * to_gpa,
        bulk_modulus_gpa=float(2.0 * at_reference[0, 2] - at_reference[0, 1]) * to_gpa,
        pressure_gpa=float(-at_reference[0, 1]) * to_gpa,
        shares_per_k=shares,
        n_modes_left_out=int(parameters.dimensions[parameters.vibrations & ~used].sum()),
        leaves_series=bool(np.any((places < x[0]) | (places > x[-1]))),
    )


def _thermal_energies_ev(
    wavenumbers_cm1: NDArray[np.float64], temperatures_k: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Thermal energy ħω n of each mode, (n_temperatures, n_modes), eV."""
    with np.errstate(over="ignore"):
        quanta = 1.0 / np.expm1(wavenumbers_cm1 / (BOLTZMANN_CM1_PER_K * temperatures_k[:, None]))
    return np.asarray(wavenumbers_cm1 * quanta / EV_TO_CM1)


def _minima(free: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return ln V of the minimum at each temperature; None if one lies outside the volumes."""
    places = []
    for row in free:
        polynomial = np.polynomial.Polynomial(row)
        roots = polynomial.deriv().roots()
        real = np.real(roots[np.abs(np.imag(roots)) < _REAL_ROOT])
        inside = [
            float(root)
            for root in real
            if x[0] <= root <= x[-1] and float(polynomial.deriv(2)(root)) > 0.0
        ]
        if not inside:
            return None
        places.append(min(inside, key=lambda root: float(polynomial(root))))
    return np.array(places)


def _expansion_at(free: NDArray[np.float64], entropy: NDArray[np.float64], place: float) -> float:
    """Return α_V = S_x/(F_xx - F_x) at ln V = x, 1/K."""
    energy = np.polynomial.Polynomial(free)
    stiffness = float(energy.deriv(2)(place)) - float(energy.deriv()(place))
    return float(np.polynomial.Polynomial(entropy).deriv()(place)) / stiffness
