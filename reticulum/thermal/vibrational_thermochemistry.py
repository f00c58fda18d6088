"""Free energy, energy, entropy and heat capacity of harmonic vibrations, and modes to compare.

Two structures of the same atoms are compared by the same motions: translations, and every motion
along which one of the two is no minimum, are held in both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import null_space

from reticulum.errors import InputError
from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1
from reticulum.thermal.slopes import checked_temperatures_k
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    GAS_CONSTANT_J_PER_MOL_K,
    SQRT_EV_PER_U_A2_TO_CM1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VibrationalThermochemistry:
    """Molar thermodynamic functions of harmonic modes.

    Parameters
    ----------
    temperatures_k
        (t,), K.
    free_energy_j_mol, energy_j_mol
        (t,) F and U with the zero-point energy, J/mol.
    entropy_j_mol_k, heat_capacity_j_mol_k
        (t,) S and C_v, J/mol/K.

    """

    temperatures_k: NDArray[np.float64]
    free_energy_j_mol: NDArray[np.float64]
    energy_j_mol: NDArray[np.float64]
    entropy_j_mol_k: NDArray[np.float64]
    heat_capacity_j_mol_k: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        for name in self.__slots__:
            array = getattr(self, name)
            if array.shape != self.temperatures_k.shape:
                raise ValueError(f"{name} has the shape {array.shape}")
            array.setflags(write=False)


def vibrational_thermochemistry(
    wavenumbers_cm1: ArrayLike, temperatures_k: ArrayLike
) -> VibrationalThermochemistry:
    """Thermodynamic functions of harmonic modes, summed over them.

    With x = hcν/kT and n = 1/(eˣ - 1): U = RT x (n + ½), S = R [x n - ln(1 - e⁻ˣ)],
    C_v = R x² n (n + 1), F = U - TS.

    Parameters
    ----------
    wavenumbers_cm1
        (m,), cm⁻¹, all positive; m may be zero.
    temperatures_k
        (t,), K.

    Raises
    ------
    InputError
        If a wavenumber is not positive or a temperature is not above 0 K.

    """
    t = checked_temperatures_k(temperatures_k)
    x, occupation = _reduced(wavenumbers_cm1, t)
    gas = GAS_CONSTANT_J_PER_MOL_K
    energy = gas * t * (x * (occupation + 0.5)).sum(axis=0)
    entropy = gas * (x * occupation - np.log(-np.expm1(-x))).sum(axis=0)
    capacity = gas * (x**2 * occupation * (occupation + 1.0)).sum(axis=0)
    return VibrationalThermochemistry(
        temperatures_k=t,
        free_energy_j_mol=energy - t * entropy,
        energy_j_mol=energy,
        entropy_j_mol_k=entropy,
        heat_capacity_j_mol_k=capacity,
    )


def mode_heat_capacities(wavenumbers_cm1: ArrayLike, temperature_k: float) -> NDArray[np.float64]:
    """Heat capacity of each harmonic mode, (m,), J/mol/K; it is at most R.

    Parameters
    ----------
    wavenumbers_cm1
        (m,), cm⁻¹, all positive.
    temperature_k
        K.

    Raises
    ------
    InputError
        As for `vibrational_thermochemistry`.

    """
    x, occupation = _reduced(wavenumbers_cm1, checked_temperatures_k(temperature_k))
    capacities: NDArray[np.float64] = (
        GAS_CONSTANT_J_PER_MOL_K * (x**2 * occupation * (occupation + 1.0))[:, 0]
    )
    return capacities


def _reduced(
    wavenumbers_cm1: ArrayLike, temperatures_k: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Reduced energy x = hcν/kT and the mean quantum number, (m, t)."""
    wavenumbers = np.array(wavenumbers_cm1, dtype=np.float64, ndmin=1)
    bad = wavenumbers[~(np.isfinite(wavenumbers) & (wavenumbers > 0.0))]
    if bad.size:
        raise InputError(
            f"A wavenumber is {bad[0]:g} cm⁻¹.",
            why="Only vibrations with positive wavenumbers have harmonic thermodynamic functions.",
            fix="Leave translations and imaginary modes out, in both structures alike.",
        )
    x = wavenumbers[:, None] / (BOLTZMANN_CM1_PER_K * temperatures_k[None, :])
    with np.errstate(over="ignore"):
        return x, 1.0 / np.expm1(x)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonModes:
    """Wavenumbers of two structures in the same space of motions.

    Parameters
    ----------
    first_cm1, second_cm1
        (m,) ascending, all positive, cm⁻¹.
    n_held_first, n_held_second
        Motions held because they are imaginary in the first, and then in the second structure.

    """

    first_cm1: NDArray[np.float64]
    second_cm1: NDArray[np.float64]
    n_held_first: int
    n_held_second: int

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.first_cm1.shape != self.second_cm1.shape:
            raise ValueError("both structures must have the same number of modes")
        self.first_cm1.setflags(write=False)
        self.second_cm1.setflags(write=False)


def common_modes(
    first_ev_a2: NDArray[np.float64],
    second_ev_a2: NDArray[np.float64],
    masses_amu: NDArray[np.float64],
) -> CommonModes:
    """Modes of two structures with translations and all unstable motions held in both.

    An imaginary mode of either structure is projected out of both Hessians, again until none is
    left, so that the same number of motions of the same kind is counted on both sides.

    Parameters
    ----------
    first_ev_a2, second_ev_a2
        (3n, 3n) Hessians of the same atoms in the same order and orientation, eV/Å².
    masses_amu
        (n,), u.

    Raises
    ------
    InputError
        If the shapes do not belong together.

    """
    size = 3 * len(masses_amu)
    if first_ev_a2.shape != (size, size) or second_ev_a2.shape != (size, size):
        raise InputError(
            f"Hessians of the shapes {first_ev_a2.shape} and {second_ev_a2.shape} came with "
            f"{len(masses_amu)} masses.",
            why="Two structures of the same atoms are compared.",
        )
    roots = np.sqrt(np.repeat(masses_amu, 3))
    weighted = [hessian / np.outer(roots, roots) for hessian in (first_ev_a2, second_ev_a2)]
    held = roots[:, None] * np.tile(np.eye(3), (len(masses_amu), 1)) / np.sqrt(masses_amu.sum())
    lowest = (IMAGINARY_LIMIT_CM1 / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    counts = [0, 0]
    while True:
        basis = null_space(held.T)
        values = []
        for number, matrix in enumerate(weighted):
            eigenvalues, vectors = np.linalg.eigh(basis.T @ matrix @ basis)
            unstable = eigenvalues < lowest
            if unstable.any():
                held = np.hstack([held, basis @ vectors[:, unstable]])
                counts[number] += int(unstable.sum())
                break
            values.append(np.sqrt(eigenvalues) * SQRT_EV_PER_U_A2_TO_CM1)
        else:
            return CommonModes(
                first_cm1=values[0],
                second_cm1=values[1],
                n_held_first=counts[0],
                n_held_second=counts[1],
            )
