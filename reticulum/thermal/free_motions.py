"""Which motions of a crystal follow when the metal-oxygen distance changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Norm of the coordinate's symmetric gradient below which symmetry fixes it (dimensionless).
_SMALLEST_GRADIENT = 1e-9


class Follow(StrEnum):
    """Which totally symmetric motions follow the metal-oxygen distance."""

    #: those stiffer than the metal-oxygen mode; slower ones are held
    STIFFER = "stiffer"
    #: all
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeMotions:
    """Totally symmetric motions that follow the metal-oxygen distance.

    Parameters
    ----------
    displacements
        (3n, m) orthonormal Cartesian displacements.
    held_cm1
        Wavenumbers of the totally symmetric modes that are held, cm⁻¹.

    """

    displacements: NDArray[np.float64]
    held_cm1: tuple[float, ...]


def free_motions(
    phonons: GammaPhonons, gradient: NDArray[np.float64], follow: Follow
) -> FreeMotions:
    """Which totally symmetric motions follow the metal-oxygen distance.

    The *metal-oxygen mode* is the totally symmetric mode that carries the largest share of the
    coordinate. With ``Follow.STIFFER`` the modes slower than it are held: they cannot follow an
    oscillator that is faster than they are. In HKUST-1 this holds the sliding of the linkers along
    their threefold axes at 59 cm⁻¹; where it follows too, the oscillator has the mass of linkers
    and a fourth of the frequency, and is no metal-oxygen stretch any more.

    Parameters
    ----------
    phonons
        Gamma phonons.
    gradient
        (n, 3) derivative of the coordinate, dimensionless.
    follow
        Which motions follow.

    Raises
    ------
    CalculationError
        If symmetry fixes the coordinate.

    """
    symmetric = phonons.symmetry.symmetric_displacements()
    along = symmetric.T @ gradient.ravel()
    if np.linalg.norm(along) < _SMALLEST_GRADIENT:
        raise CalculationError(
            "The space group fixes the metal-oxygen distance.",
            why="No totally symmetric displacement changes it in a fixed cell.",
            fix="Use --methods two-state for this structure.",
        )
    if follow is Follow.ALL:
        return FreeMotions(displacements=symmetric, held_cm1=())
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    # Normal modes within the totally symmetric space, so that no label is needed.
    basis, _ = np.linalg.qr(roots[:, None] * symmetric)
    weighted = phonons.hessian_ev_a2 / np.outer(roots, roots)
    values, mixing = np.linalg.eigh(basis.T @ weighted @ basis)
    modes = basis @ mixing
    share = (modes.T @ (gradient.ravel() / roots)) ** 2
    main = int(share.argmax())
    wavenumbers = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
    moving = wavenumbers >= wavenumbers[main]
    # Translations along a polar axis are totally symmetric too; they are neither.
    held = [float(w) for w in wavenumbers[~moving] if abs(w) > IMAGINARY_LIMIT_CM1]
    displacements, _ = np.linalg.qr(modes[:, moving] / roots[:, None])
    return FreeMotions(displacements=displacements, held_cm1=tuple(held))
