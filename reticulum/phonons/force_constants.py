"""Force constants at Gamma: from displaced forces, symmetric and free of translations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1


@dataclass(frozen=True, slots=True, kw_only=True)
class ForceConstantQuality:
    """How far raw force constants are from the laws that exact ones obey.

    Parameters
    ----------
    asymmetry_ev_a2
        Largest |Φ_ij - Φ_ji|, eV/Å²: zero for exact second derivatives.
    translation_ev_a2
        Largest |Σ_j Φ_ij|, eV/Å²: the acoustic sum rule, zero when a shift of the whole crystal
        costs nothing.
    largest_ev_a2
        Largest |Φ_ij|, eV/Å², for scale.

    """

    asymmetry_ev_a2: float
    translation_ev_a2: float
    largest_ev_a2: float

    def to_dict(self) -> dict[str, float]:
        """Plain form for JSON."""
        return {
            "asymmetry_ev_per_a2": self.asymmetry_ev_a2,
            "translation_ev_per_a2": self.translation_ev_a2,
            "largest_ev_per_a2": self.largest_ev_a2,
        }

    @classmethod
    def from_dict(cls, form: dict[str, float] | None) -> ForceConstantQuality | None:
        """Quality from its plain form; None where there is none or a number is missing."""
        try:
            return cls(
                asymmetry_ev_a2=float((form or {})["asymmetry_ev_per_a2"]),
                translation_ev_a2=float((form or {})["translation_ev_per_a2"]),
                largest_ev_a2=float((form or {})["largest_ev_per_a2"]),
            )
        except KeyError:
            return None


def hessian_from_phonopy(force_constants: NDArray[np.float64]) -> NDArray[np.float64]:
    """Hessian matrix of one cell from phonopy's array.

    Parameters
    ----------
    force_constants
        (n, n, 3, 3), eV/Å², of a supercell that is the primitive cell.

    Returns
    -------
    numpy.ndarray
        (3n, 3n), eV/Å², rows and columns ordered atom by atom, x y z.

    """
    n_atoms = len(force_constants)
    return np.ascontiguousarray(
        force_constants.transpose(0, 2, 1, 3).reshape(3 * n_atoms, 3 * n_atoms)
    )


def symmetrise_hessian(
    raw: NDArray[np.float64],
) -> tuple[NDArray[np.float64], ForceConstantQuality]:
    """Symmetric Hessian that obeys the acoustic sum rule, and how much was mended.

    The transpose is averaged in, then rigid translations are projected out on both sides. Both
    steps commute with every space-group operation, so crystal symmetry is untouched.

    Parameters
    ----------
    raw
        (3n, 3n), eV/Å².

    Returns
    -------
    tuple
        The (3n, 3n) Hessian and the quality of the raw one.

    """
    n_atoms = len(raw) // 3
    translations = np.tile(np.eye(3), (n_atoms, 1)) / np.sqrt(n_atoms)
    quality = ForceConstantQuality(
        asymmetry_ev_a2=float(np.abs(raw - raw.T).max()),
        translation_ev_a2=float(np.abs(raw @ translations).max() * np.sqrt(n_atoms)),
        largest_ev_a2=float(np.abs(raw).max()),
    )
    symmetric = 0.5 * (raw + raw.T)
    across = symmetric @ translations
    symmetric = symmetric - across @ translations.T
    symmetric = symmetric - translations @ (translations.T @ symmetric)
    return 0.5 * (symmetric + symmetric.T), quality


def gamma_modes(
    hessian: NDArray[np.float64], masses_amu: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wavenumbers and mass-weighted eigenvectors at Gamma.

    Parameters
    ----------
    hessian
        (3n, 3n), eV/Å².
    masses_amu
        (n,), u.

    Returns
    -------
    tuple
        (3n,) wavenumbers in cm⁻¹, ascending, imaginary ones negative; and (3n, 3n) orthonormal
        columns.

    """
    weights = 1.0 / np.sqrt(np.repeat(masses_amu, 3))
    eigenvalues, eigenvectors = np.linalg.eigh(hessian * weights[:, None] * weights[None, :])
    wavenumbers = np.sign(eigenvalues) * np.sqrt(np.abs(eigenvalues)) * SQRT_EV_PER_U_A2_TO_CM1
    return wavenumbers, eigenvectors
