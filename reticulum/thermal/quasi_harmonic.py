"""Thermal expansion from a volume series.

Quasi-harmonic free energy F(V, T) = E(V) + Σ [ħω/2 + k_B T ln(1 - exp(-ħω/k_B T))], with the
harmonic wavenumbers of each volume. Its minimum at each temperature is the volume. Where the
minimum lies outside the computed volumes, the expansion at the volume of the run is taken instead,
α_V = (∂S/∂ ln V)_T / (V B_T) with the bulk modulus B_T at that volume; (∂S/∂ ln V)_T = Σ γ_i C_i.

*Valid when* the modes at Gamma stand for all of the zone: the acoustic modes and those of the zone
boundary are missing, which in frameworks carry much of the contraction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import CalculationError
from reticulum.thermal.grueneisen import GrueneisenParameters, derivatives_by_step
from reticulum.thermal.slopes import checked_temperatures_k
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

#: Coefficients of F (eV) and S (eV/K) in powers of ln V, a row for each temperature.
_Coefficients: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]

#: Steps in which the expansion is integrated over temperature, K.
_TEMPERATURE_STEP_K = 1.0


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
    volumetric_per_k
        (n_temperatures,) α_V, 1/K.
    at_reference_per_k
        α_V at 298.15 K, 1/K.
    step_error_per_k
        Change of that number with the volumes that it is taken from, 1/K.
    from_minimum
        Whether the free energy has its minimum among the volumes at every temperature; otherwise
        the expansion is that at the volume of the run.
    bulk_modulus_gpa
        B_T at 298.15 K and the volume of the run, GPa.
    pressure_gpa
        Pressure that holds the volume of the run at 298.15 K, GPa.
    shares_per_k
        (n_sets,) what each set of modes gives to α_V at 298.15 K and the volume of the run, 1/K;
        zero for those left out.
    n_modes_left_out
        Vibrations that are imaginary or not followed at some volume, left out at all of them.

    """

    temperatures_k: NDArray[np.float64]
    log_volumes: NDArray[np.float64]
    volumetric_per_k: NDArray[np.float64]
    at_reference_per_k: float
    step_error_per_k: float
    from_minimum: bool
    bulk_modulus_gpa: float
    pressure_gpa: float
    shares_per_k: NDArray[np.float64]
    n_modes_left_out: int

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        for array in (self.log_volumes, self.volumetric_per_k):
            if array.shape != self.temperatures_k.shape:
                raise ValueError("one volume and one expansion are needed for each temperature")
        for array in (
            self.temperatures_k,
            self.log_volumes,
            self.volumetric_per_k,
            self.shares_per_k,
        ):
            array.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "temperatures_k": self.temperatures_k.tolist(),
            "log_volumes": self.log_volumes.tolist(),
            "volumetric_per_k": self.volumetric_per_k.tolist(),
            "volumetric_at_298_k_per_k": self.at_reference_per_k,
            "step_error_per_k": self.step_error_per_k,
            "from_minimum_of_free_energy": self.from_minimum,
            "bulk_modulus_gpa": self.bulk_modulus_gpa,
            "pressure_gpa": self.pressure_gpa,
            "n_modes_left_out": self.n_modes_left_out,
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
            fix="Use smaller strains.",
        )
    x = parameters.log_volumes
    w, dimensions = parameters.wavenumbers_cm1[:, used], parameters.dimensions[used]
    degree = min(ENERGY_DEGREE, len(x) - 1)
    fit = np.linalg.pinv(np.vander(x, degree + 1, increasing=True))

    def coefficients(t: NDArray[np.float64]) -> _Coefficients:
        free = energies_ev - energies_ev.mean() + vibrational_free_energy_ev(w, dimensions, t)
        return free @ fit.T, vibrational_entropy_ev_per_k(w, dimensions, t) @ fit.T

    reference = np.array([REFERENCE_TEMPERATURE_K])
    free, entropy = coefficients(reference)
    stiffness = 2.0 * free[0, 2] - free[0, 1]
    if stiffness <= 0.0:
        raise CalculationError(
            "The crystal is not stable against a change of its volume.",
            why=f"Its bulk modulus is {stiffness / volume_a3 * EV_PER_A3_TO_GPA:.2f} GPa at "
            "298 K with these modes.",
            fix="Take the expansion from a measurement.",
        )
    minima = _minima(coefficients(temperatures)[0], x)
    if minima is None:
        places, alpha = _integrated(coefficients, temperatures)
    else:
        places = minima
        free_t, entropy_t = coefficients(temperatures)
        alpha = _expansion_at(free_t, entropy_t, places)
    at_minimum = None if minima is None else _minima(free, x)
    at_reference = _expansion_at(free, entropy, np.zeros(1) if at_minimum is None else at_minimum)
    shares = np.zeros(len(used))
    capacity = mode_heat_capacity(w[parameters.centre], reference)[0]
    shares[used] = BOLTZMANN_EV_PER_K * parameters.values[used] * capacity * dimensions / stiffness
    return ComputedExpansion(
        temperatures_k=temperatures,
        log_volumes=places,
        volumetric_per_k=alpha,
        at_reference_per_k=float(at_reference[0]),
        step_error_per_k=_step_error(
            x, vibrational_entropy_ev_per_k(w, dimensions, reference)[0], stiffness
        ),
        from_minimum=minima is not None,
        bulk_modulus_gpa=float(stiffness / volume_a3 * EV_PER_A3_TO_GPA),
        pressure_gpa=float(-free[0, 1] / volume_a3 * EV_PER_A3_TO_GPA),
        shares_per_k=shares,
        n_modes_left_out=int(parameters.dimensions[parameters.vibrations & ~used].sum()),
    )


def _minima(free: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return ln V of the minimum at each temperature; None if one lies outside the volumes."""
    places = []
    for row in free:
        polynomial = np.polynomial.Polynomial(row)
        roots = polynomial.deriv().roots()
        real = np.real(roots[np.abs(np.imag(roots)) < 1e-12])
        inside = [
            float(root)
            for root in real
            if x[0] <= root <= x[-1] and float(polynomial.deriv(2)(root)) > 0.0
        ]
        if not inside:
            return None
        places.append(min(inside, key=lambda root: float(polynomial(root))))
    return np.array(places)


def _expansion_at(
    free: NDArray[np.float64], entropy: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """α_V = S_x/(F_xx - F_x) at ln V = x, one for each row, 1/K."""
    found = []
    for f, s, place in zip(free, entropy, places, strict=True):
        energy = np.polynomial.Polynomial(f)
        stiffness = float(energy.deriv(2)(place)) - float(energy.deriv()(place))
        found.append(float(np.polynomial.Polynomial(s).deriv()(place)) / stiffness)
    return np.array(found)


def _integrated(
    coefficients: Callable[[NDArray[np.float64]], _Coefficients], temperatures: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ln V (zero at 298.15 K) and α_V, both at the volume of the run."""
    low = min(float(temperatures.min()), REFERENCE_TEMPERATURE_K)
    high = max(float(temperatures.max()), REFERENCE_TEMPERATURE_K)
    steps = max(2, round((high - low) / _TEMPERATURE_STEP_K) + 1)
    fine = np.linspace(low, high, steps)
    free, entropy = coefficients(fine)
    alpha = _expansion_at(free, entropy, np.zeros(steps))
    rise = np.concatenate([[0.0], np.cumsum(0.5 * (alpha[1:] + alpha[:-1]) * np.diff(fine))])
    rise -= np.interp(REFERENCE_TEMPERATURE_K, fine, rise)
    return np.interp(temperatures, fine, rise), np.interp(temperatures, fine, alpha)


def _step_error(x: NDArray[np.float64], entropy: NDArray[np.float64], stiffness: float) -> float:
    """How much α_V changes with the pair of volumes that ∂S/∂ ln V is taken from, 1/K."""
    derivatives = derivatives_by_step(x, entropy)
    return float((derivatives.max() - derivatives.min()) / 2.0 / stiffness)
