"""Dimensionless normal coordinates of a crystal: forces and Hessians in them, in cm⁻¹."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.phonons.force_constants import symmetrise_hessian
from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1, ModeTable
from reticulum.units import EV_TO_CM1, HBAR2_OVER_2U_A2_CM1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeSpace:
    """Dimensionless normal coordinates of all modes with a positive wavenumber.

    Parameters
    ----------
    sets
        (n_sets,) numbers of their sets in the table.
    member
        (n_sets, m) one where a mode belongs to a set.
    vectors
        (3n, m) mass-weighted eigenvectors.
    wavenumbers_cm1
        (m,), cm⁻¹.
    roots
        (3n,) roots of the masses, √u.

    """

    sets: NDArray[np.int64]
    member: NDArray[np.float64]
    vectors: NDArray[np.float64]
    wavenumbers_cm1: NDArray[np.float64]
    roots: NDArray[np.float64]

    @property
    def lengths(self) -> NDArray[np.float64]:
        """Mass-weighted displacement that is q = 1, √(2 ħ²/2ω), (m,), Å√u."""
        return np.sqrt(2.0 * HBAR2_OVER_2U_A2_CM1 / self.wavenumbers_cm1)

    def displacement_a(self, q: NDArray[np.float64]) -> NDArray[np.float64]:
        """Displacement of the atoms by dimensionless coordinates (m,): (n, 3), Å."""
        return np.asarray((self.vectors @ (self.lengths * q) / self.roots).reshape(-1, 3))

    def forces_cm1(self, forces_ev_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Forces (n, 3) in eV/Å as -∂V/∂q, (m,), cm⁻¹."""
        weighted = self.vectors.T @ (forces_ev_a.ravel() / self.roots)
        return np.asarray(EV_TO_CM1 * self.lengths * weighted)

    def matrix_cm1(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Raw Hessian (3n, 3n) in eV/Å² as ∂²V/∂q∂q, symmetric, (m, m), cm⁻¹."""
        hessian, _ = symmetrise_hessian(raw)
        return self._transformed(hessian)

    def noise_cm1(self, raw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard error of the diagonal of `matrix_cm1`, (m,), cm⁻¹.

        Independent errors of the elements of a raw Hessian make its antisymmetric part 1/√2 as
        large as they are; the mean over each row stands for the diagonal.
        """
        skew = self._transformed(raw - raw.T) / self.lengths[None, :] / 2.0
        per_mode = np.sqrt(2.0 * np.mean(skew**2, axis=1))
        return np.asarray(per_mode * self.lengths)

    def _transformed(self, hessian: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = self.vectors * self.lengths / self.roots[:, None]
        return np.asarray(EV_TO_CM1 * columns.T @ hessian @ columns)


def mode_space(table: ModeTable) -> ModeSpace:
    """Normal coordinates of all modes but translations and imaginary ones."""
    labels = table.labels
    sets = np.flatnonzero((labels.wavenumbers_cm1 > IMAGINARY_LIMIT_CM1) & ~labels.acoustic)
    modes = np.concatenate([labels.sets[number] for number in sets])
    member = np.zeros((len(sets), len(modes)))
    member[np.repeat(np.arange(len(sets)), labels.dimensions[sets]), np.arange(len(modes))] = 1.0
    return ModeSpace(
        sets=sets,
        member=member,
        vectors=np.array(labels.eigenvectors[:, modes]),
        wavenumbers_cm1=np.array(labels.mode_wavenumbers_cm1[modes]),
        roots=np.sqrt(np.repeat(table.phonons.atoms.get_masses(), 3)),
    )
