"""Infrared intensities of Gamma modes: mode effective charges, oscillator strengths, LO-TO.

A mode with the mass-weighted eigenvector e has the effective charge

    Z_m,α = Σ_jβ Z_j,αβ e_jβ / √m_j,

and absorbs in proportion to |Z_m|² (averaged over orientations of a powder) [Gonze1997]_.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from reticulum.errors import InputError
from reticulum.phonons.born_charges import BornCharges
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import ModeTable
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Integrated absorption (napierian, averaged over orientations) of a mode with an effective
#: charge of 1 e/√u, km/mol: N_A e²/(12 ε₀ c² u).
KM_PER_MOL_PER_E2_PER_U = (
    constants.N_A
    * constants.e**2
    / (12.0 * constants.epsilon_0 * constants.c**2 * constants.atomic_mass)
    / 1000.0
)

#: e²/(ε₀ Å³) in eV/Å² for charges in e: scale of the field that an LO mode makes.
_FIELD_EV_A = constants.e / constants.epsilon_0 * 1e10


class IntensityKind(StrEnum):
    """What heights of lines stand for."""

    #: integrated absorption from Born charges
    INTENSITY = "infrared intensity"
    #: carboxylate stretch character of modes that symmetry allows to absorb
    CHARACTER = "carboxylate stretch character, no intensity"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InfraredLines:
    """Lines of the infrared spectrum of a crystal at Gamma.

    Attributes
    ----------
    kind
        What the heights are.
    reason
        Where they come from, or why they are no intensities.
    wavenumbers_cm1
        (n_sets,) transverse wavenumbers, cm⁻¹; imaginary negative.
    heights
        (n_sets,) km/mol of primitive cells, or character times degeneracy; summed over the
        partners of each set. Imaginary and acoustic sets have none (zero).
    mode_charges_e_per_sqrt_u
        (n_modes, 3) mode effective charges, e/√u; zeros without Born charges.

    """

    kind: IntensityKind
    reason: str
    wavenumbers_cm1: NDArray[np.float64]
    heights: NDArray[np.float64]
    mode_charges_e_per_sqrt_u: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.heights.shape != self.wavenumbers_cm1.shape:
            raise ValueError("each set has one wavenumber and one height")
        for array in (self.wavenumbers_cm1, self.heights, self.mode_charges_e_per_sqrt_u):
            array.setflags(write=False)

    @property
    def unit(self) -> str:
        """Unit of the heights."""
        return "km/mol" if self.kind is IntensityKind.INTENSITY else "character"

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "kind": self.kind.value,
            "reason": self.reason,
            "unit": self.unit,
            "wavenumbers_cm1": self.wavenumbers_cm1.tolist(),
            "heights": self.heights.tolist(),
        }


def infrared_lines(table: ModeTable, born: BornCharges | None = None) -> InfraredLines:
    """Infrared lines of all sets of modes.

    Without Born charges, or with such that break the sum rule, positions are those that symmetry
    allows and heights the carboxylate stretch character: said in `InfraredLines.kind`.

    Parameters
    ----------
    table
        The modes.
    born
        Born charges; those of the phonons if not given.

    Raises
    ------
    InputError
        If the Born charges belong to another number of atoms.

    """
    charges = table.phonons.born if born is None else born
    labels = table.labels
    absorbing = labels.infrared_active & ~labels.acoustic
    absorbing = absorbing & (labels.wavenumbers_cm1 > 0.0)
    n_modes = len(labels.mode_wavenumbers_cm1)
    if charges is not None and len(charges.charges_e) != len(table.phonons.atoms):
        raise InputError(
            f"There are Born charges for {len(charges.charges_e)} atoms, and "
            f"{len(table.phonons.atoms)} atoms in the primitive cell.",
            why="They belong to another cell.",
            fix="Give the Born charges of this primitive cell.",
        )
    if charges is None or not charges.trusted:
        stretch = table.antisymmetric + table.symmetric
        return InfraredLines(
            kind=IntensityKind.CHARACTER,
            reason="There are no Born charges." if charges is None else f"{charges.sentence}.",
            wavenumbers_cm1=labels.wavenumbers_cm1.copy(),
            heights=np.where(absorbing, stretch * labels.dimensions, 0.0),
            mode_charges_e_per_sqrt_u=np.zeros((n_modes, 3)),
        )
    modes = mode_charges(
        np.array(labels.eigenvectors), table.phonons.atoms.get_masses(), charges.charges_e
    )
    strength = (modes**2).sum(axis=1)
    heights = KM_PER_MOL_PER_E2_PER_U * np.array(
        [strength[members].sum() for members in labels.sets]
    )
    return InfraredLines(
        kind=IntensityKind.INTENSITY,
        reason=f"{charges.sentence}.",
        wavenumbers_cm1=labels.wavenumbers_cm1.copy(),
        heights=np.where(absorbing, heights, 0.0),
        mode_charges_e_per_sqrt_u=modes,
    )


def mode_charges(
    eigenvectors: NDArray[np.float64],
    masses_u: NDArray[np.float64],
    charges_e: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Effective charges of modes, (n_modes, 3), e/√u.

    Parameters
    ----------
    eigenvectors
        (3n, n_modes) mass-weighted, orthonormal.
    masses_u
        (n,) u.
    charges_e
        (n, 3, 3) Born charges, e.

    """
    moves = (eigenvectors / np.sqrt(np.repeat(masses_u, 3))[:, None]).reshape(len(masses_u), 3, -1)
    return np.asarray(np.einsum("jab,jbm->ma", charges_e, moves))


def ionic_dielectric(table: ModeTable, lines: InfraredLines) -> NDArray[np.float64]:
    """Part of the static dielectric constant that the modes make, ε₀ - ε∞, (3, 3).

    Σ_m Z_m Z_mᵀ / (ε₀ V ω_m²) over real modes [Gonze1997]_.

    Parameters
    ----------
    table
        The modes.
    lines
        Their infrared lines, with intensities.

    Raises
    ------
    InputError
        If there are no intensities.

    """
    _require_intensities(lines)
    labels = table.labels
    real = np.zeros(len(labels.mode_wavenumbers_cm1), dtype=bool)
    for number, members in enumerate(labels.sets):
        real[members] = labels.wavenumbers_cm1[number] > 0.0 and not labels.acoustic[number]
    eigenvalues = (labels.mode_wavenumbers_cm1[real] / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    charges = lines.mode_charges_e_per_sqrt_u[real]
    volume = float(table.phonons.atoms.get_volume())
    return np.asarray(_FIELD_EV_A / volume * (charges.T / eigenvalues) @ charges)


def longitudinal_wavenumbers_cm1(
    table: ModeTable, lines: InfraredLines, born: BornCharges, direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Wavenumbers for light that travels along a direction: polar modes along it stiffen (LO).

    The field of the modes adds (Z_m·q)(Z_n·q)/(ε₀ V q·ε∞·q) to the dynamical matrix among the
    modes [Gonze1997]_.

    Parameters
    ----------
    table
        The modes.
    lines
        Their infrared lines, with intensities.
    born
        Born charges with a dielectric constant.
    direction
        (3,) Cartesian, any length.

    Returns
    -------
    numpy.ndarray
        (n_modes,) ascending, cm⁻¹; imaginary negative.

    Raises
    ------
    InputError
        If there are no intensities, no dielectric constant, or no direction.

    """
    _require_intensities(lines)
    if born.dielectric is None:
        raise InputError(
            "LO-TO splitting needs the electronic dielectric constant ε∞.",
            why="It screens the field of the longitudinal modes, and these Born charges come "
            "without it.",
            fix="Give a BORN file or a VASP run with it.",
        )
    q = np.asarray(direction, dtype=np.float64)
    if q.shape != (3,) or not np.isfinite(q).all() or not np.linalg.norm(q) > 0.0:
        raise InputError(
            f"{' '.join(f'{value:g}' for value in q.ravel())} is no direction.",
            why="It has three finite components, not all zero.",
            fix="Give 0 0 1, for instance.",
        )
    q = q / np.linalg.norm(q)
    along = lines.mode_charges_e_per_sqrt_u @ q
    screening = float(q @ born.dielectric @ q)
    volume = float(table.phonons.atoms.get_volume())
    wavenumbers = table.labels.mode_wavenumbers_cm1
    eigenvalues = np.sign(wavenumbers) * (wavenumbers / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    matrix = np.diag(eigenvalues) + _FIELD_EV_A / (volume * screening) * np.outer(along, along)
    found = np.linalg.eigvalsh(matrix)
    return np.asarray(np.sign(found) * np.sqrt(np.abs(found)) * SQRT_EV_PER_U_A2_TO_CM1)


def strongest_sets(
    table: ModeTable, lines: InfraredLines, group: CoordinateGroup, count: int = 1
) -> tuple[int, ...]:
    """Numbers of the strongest lines of a carboxylate band, strongest first.

    Parameters
    ----------
    table
        The modes.
    lines
        Their infrared lines.
    group
        ``ANTISYMMETRIC_CO`` or ``SYMMETRIC_CO``.
    count
        How many at most.

    """
    found = sorted(table.band_sets(group), key=lambda number: -lines.heights[number])
    return tuple(found[:count])


def _require_intensities(lines: InfraredLines) -> None:
    if lines.kind is not IntensityKind.INTENSITY:
        raise InputError(
            "There are no infrared intensities.",
            why=lines.reason,
            fix="Give Born charges, or a calculator that gives atomic charges.",
        )
