"""Lines of a computed infrared spectrum: of a powder, or for light along one direction.

In a powder of crystallites all directions of the wave vector and of the field occur, and the usual
first picture is that of transverse (TO) lines averaged over orientations: each set of modes absorbs
|Z|²/3 at its transverse wavenumber. The field that polar modes make inside of a crystallite depends
on its shape, and moves the strong bands of a real powder to somewhere between TO and LO: that is
left out, not done by default.

For light along one direction q through a crystal the field of the longitudinal part of each mode
counts (`longitudinal_wavenumbers_cm1`), and light absorbs through the components of Z across q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from reticulum.errors import InputError
from reticulum.phonons.born_charges import BornCharges
from reticulum.phonons.character import assign_carboxylate_character
from reticulum.phonons.infrared import (
    KM_PER_MOL_PER_E2_PER_U,
    InfraredLines,
    IntensityKind,
    infrared_lines,
    longitudinal_wavenumbers_cm1,
)
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.irreps import DEGENERACY_TOLERANCE_CM1
from reticulum.phonons.modes import ModeTable
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: e²/(ε₀ Å³) in eV/Å² for charges in e.
_FIELD_EV_A = constants.e / constants.epsilon_0 * 1e10

#: Largest and smallest factor on wavenumbers that is taken for one: published factors lie between
#: 0.8 and 1.1; beyond 0.5 to 2 a wavenumber was given in its place.
SCALE_LIMITS = (0.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PowderLines:
    """Lines of a spectrum, ascending.

    Attributes
    ----------
    kind
        What the heights are.
    reason
        Where they come from, or why they are no intensities.
    wavenumbers_cm1
        (n,) cm⁻¹, scaled.
    heights
        (n,) integrated napierian absorption, km/mol of primitive cells; or character times
        degeneracy.
    antisymmetric, symmetric
        (n,) fractions of the carboxylate C-O stretches.
    labels
        Irreducible representation of each line; ``?`` where it is not known.
    members
        Numbers of the modes of each line from 1; along a direction those of the set of transverse
        modes that the line has most of.
    longitudinal_cm1
        Wavenumbers of lines that are longitudinal along `direction` and hardly absorb, cm⁻¹,
        scaled.
    scale
        Factor on all wavenumbers; None if none was asked for.
    direction
        (3,) Cartesian unit vector along which light travels; None for a powder.
    imaginary_cm1
        Wavenumbers of the imaginary sets, which are left out, cm⁻¹, negative.

    """

    kind: IntensityKind
    reason: str
    wavenumbers_cm1: NDArray[np.float64]
    heights: NDArray[np.float64]
    antisymmetric: NDArray[np.float64]
    symmetric: NDArray[np.float64]
    labels: tuple[str, ...]
    members: tuple[tuple[int, ...], ...]
    longitudinal_cm1: NDArray[np.float64]
    scale: float | None
    direction: tuple[float, float, float] | None
    imaginary_cm1: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = (len(self.labels),)
        for name in ("wavenumbers_cm1", "heights", "antisymmetric", "symmetric"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have the shape {shape}")
            getattr(self, name).setflags(write=False)
        for array in (self.longitudinal_cm1, self.imaginary_cm1):
            array.setflags(write=False)
        if len(self.members) != len(self.labels):
            raise ValueError("each line has modes")

    @property
    def unit(self) -> str:
        """Unit of the heights."""
        return "km/mol" if self.kind is IntensityKind.INTENSITY else "character"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the spectrum must know, in sentences."""
        found = []
        if self.kind is IntensityKind.CHARACTER:
            found.append(
                "NO INTENSITIES: heights are carboxylate stretch character of modes that symmetry "
                "allows to absorb."
            )
        found.append(self.reason)
        if self.scale is not None:
            found.append(f"Wavenumbers are scaled by {self.scale:g}.")
        if self.direction is not None:
            x, y, z = self.direction
            found.append(
                f"Light along ({x:.3g}, {y:.3g}, {z:.3g}), unpolarised, with the field of "
                "longitudinal modes."
            )
        if len(self.imaginary_cm1):
            named = ", ".join(f"{value:.0f}" for value in self.imaginary_cm1)
            how = "" if self.scale is None else " (not scaled)"
            found.append(f"Imaginary modes are left out: {named} cm⁻¹{how}.")
        return tuple(found)

    def strongest(self, low_cm1: float, high_cm1: float) -> NDArray[np.int64]:
        """Numbers of the lines within a range that have a height, strongest first."""
        inside = (self.wavenumbers_cm1 >= low_cm1) & (self.wavenumbers_cm1 <= high_cm1)
        found = np.flatnonzero(inside & (self.heights > 0.0))
        return np.asarray(found[np.argsort(-self.heights[found], kind="stable")])

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "kind": self.kind.value,
            "unit": self.unit,
            "notes": list(self.notes),
            "scale": self.scale,
            "direction": None if self.direction is None else list(self.direction),
            "longitudinal_cm1": self.longitudinal_cm1.tolist(),
            "imaginary_cm1": self.imaginary_cm1.tolist(),
            "lines": [
                {
                    "wavenumber_cm1": float(self.wavenumbers_cm1[line]),
                    "height": float(self.heights[line]),
                    "irrep": self.labels[line],
                    "modes": list(self.members[line]),
                    "antisymmetric_carboxylate": float(self.antisymmetric[line]),
                    "symmetric_carboxylate": float(self.symmetric[line]),
                }
                for line in range(len(self.labels))
            ],
        }


def powder_lines(
    table: ModeTable,
    *,
    scale: float | None = None,
    direction: NDArray[np.float64] | None = None,
) -> PowderLines:
    """Lines of the spectrum of a powder, or for light along a direction.

    Parameters
    ----------
    table
        The modes; their phonons hold the Born charges.
    scale
        Factor on all wavenumbers; none by default.
    direction
        (3,) Cartesian direction of light through a crystal; that of a powder by default.

    Raises
    ------
    InputError
        If the factor is no such factor, or a direction is asked for without intensities or
        without ε∞.

    """
    low, high = SCALE_LIMITS
    if scale is not None and not (math.isfinite(scale) and low <= scale <= high):
        raise InputError(
            f"The scaling factor of wavenumbers is {scale:g}.",
            why=f"Such factors lie near one, within {low:g} to {high:g}.",
            fix="Give --scale 0.97 for instance, or none.",
        )
    lines = infrared_lines(table)
    imaginary = list(table.imaginary)
    if direction is not None:
        return _along(table, lines, np.asarray(direction, dtype=np.float64), scale)
    labels = table.labels
    kept = np.flatnonzero(
        labels.infrared_active & ~labels.acoustic & (labels.wavenumbers_cm1 > 0.0)
    )
    return PowderLines(
        kind=lines.kind,
        reason=lines.reason,
        wavenumbers_cm1=lines.wavenumbers_cm1[kept] * (scale or 1.0),
        heights=lines.heights[kept],
        antisymmetric=table.antisymmetric[kept],
        symmetric=table.symmetric[kept],
        labels=tuple(labels.labels[number] or "?" for number in kept),
        members=tuple(_numbers(labels.sets[number]) for number in kept),
        longitudinal_cm1=np.zeros(0),
        scale=scale,
        direction=None,
        imaginary_cm1=labels.wavenumbers_cm1[imaginary],
    )


def _numbers(members: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple((members + 1).tolist())


def _along(
    table: ModeTable, lines: InfraredLines, direction: NDArray[np.float64], scale: float | None
) -> PowderLines:
    born = table.phonons.born
    if lines.kind is not IntensityKind.INTENSITY or born is None:
        raise InputError(
            "There is no LO-TO splitting for a direction without intensities.",
            why=f"It is the field of mode charges. {lines.reason}",
            fix="Give Born charges with ε∞: --born FILE, or leave out --direction.",
        )
    longitudinal_wavenumbers_cm1(table, lines, born, direction)  # refuses what cannot be done
    q = direction / np.linalg.norm(direction)
    wavenumbers, mixing = longitudinal_modes(table, lines, born, q)
    charges = mixing.T @ lines.mode_charges_e_per_sqrt_u
    along = (charges @ q) ** 2
    # unpolarised light sees half of what lies across it, a powder a third of everything
    across = 1.5 * ((charges**2).sum(axis=1) - along)
    characters = assign_carboxylate_character(
        table.phonons.atoms, np.array(table.labels.eigenvectors) @ mixing, basis=table.basis
    )
    shares = np.array([(mixing[members] ** 2).sum(axis=0) for members in table.labels.sets])
    parents = shares.argmax(axis=0)
    absorbing = table.labels.infrared_active & ~table.labels.acoustic
    kept = [
        mode
        for mode in range(len(wavenumbers))
        if wavenumbers[mode] > 0.0 and absorbing[parents[mode]]
    ]
    groups: list[list[int]] = []
    for mode in kept:
        near = groups and wavenumbers[mode] - wavenumbers[groups[-1][0]] < DEGENERACY_TOLERANCE_CM1
        if near and parents[mode] == parents[groups[-1][0]]:
            groups[-1].append(mode)
        else:
            groups.append([mode])
    strength = KM_PER_MOL_PER_E2_PER_U * across
    factor = scale or 1.0
    x, y, z = q.tolist()

    def mean(group: CoordinateGroup) -> NDArray[np.float64]:
        fractions = characters.fraction(group)
        return np.array([fractions[modes].mean() for modes in groups])

    return PowderLines(
        kind=lines.kind,
        reason=lines.reason,
        wavenumbers_cm1=factor * np.array([wavenumbers[modes].mean() for modes in groups]),
        heights=np.array([strength[modes].sum() for modes in groups]),
        antisymmetric=mean(CoordinateGroup.ANTISYMMETRIC_CO),
        symmetric=mean(CoordinateGroup.SYMMETRIC_CO),
        labels=tuple(table.labels.labels[parents[modes[0]]] or "?" for modes in groups),
        members=tuple(_numbers(table.labels.sets[parents[modes[0]]]) for modes in groups),
        longitudinal_cm1=factor
        * np.array([wavenumbers[mode] for mode in kept if along[mode] > across[mode]]),
        scale=scale,
        direction=(x, y, z),
        imaginary_cm1=table.labels.wavenumbers_cm1[list(table.imaginary)],
    )


def longitudinal_modes(
    table: ModeTable, lines: InfraredLines, born: BornCharges, direction: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Modes with the field of their longitudinal part, for a wave vector along a direction.

    The matrix of `longitudinal_wavenumbers_cm1` [Gonze1997]_ with its eigenvectors.

    Parameters
    ----------
    table
        The modes.
    lines
        Their infrared lines, with intensities.
    born
        Born charges with a dielectric constant.
    direction
        (3,) Cartesian unit vector.

    Returns
    -------
    tuple of numpy.ndarray
        (n_modes,) wavenumbers, ascending, cm⁻¹, imaginary negative; (n_modes, n_modes) transverse
        modes (rows) in each mode (columns).

    """
    if born.dielectric is None:
        raise ValueError("there is no dielectric constant")
    along = lines.mode_charges_e_per_sqrt_u @ direction
    screening = float(direction @ born.dielectric @ direction)
    wavenumbers = table.labels.mode_wavenumbers_cm1
    eigenvalues = np.sign(wavenumbers) * (wavenumbers / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    field = _FIELD_EV_A / (float(table.phonons.atoms.get_volume()) * screening)
    found, vectors = np.linalg.eigh(np.diag(eigenvalues) + field * np.outer(along, along))
    return np.sign(found) * np.sqrt(np.abs(found)) * SQRT_EV_PER_U_A2_TO_CM1, vectors
