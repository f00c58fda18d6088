"""Degenerate sets of soft modes, each with one direction along which it is displaced.

At second order the shift of a band is the same for every direction within one irreducible set: a
quadratic form that has the symmetry of the crystal is a multiple of the unit matrix there
[Wilson1955]_. So one direction stands for all partners; that with the least work is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.phonons.modes import ModeTable
from reticulum.phonons.order_parameters import mode_matrices, order_parameter_directions
from reticulum.phonons.symmetry_adapted import images
from reticulum.thermal.band_space import BandSpace
from reticulum.thermal.displaced_bands import (
    BandPlan,
    fix_one_direction,
    fixed_patterns,
    plan_bands,
)
from reticulum.thermal.local_frames import LocalFrames
from reticulum.thermal.rigid_units import RigidUnits, motion_in_words
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Largest component of the difference between equal unit vectors.
_SAME = 1e-6

#: Force calculations that one relaxation takes on average (measured on HKUST-1 and MOF-5 it is 3
#: to 6); only for the estimate of the cost.
TYPICAL_RELAXATION_CALLS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftSet:
    """One degenerate set and the direction that stands for it.

    Parameters
    ----------
    number
        Number of the set in the table of modes.
    irrep
        Its irreducible representation, or "?".
    motion
        What moves, in words.
    wavenumber_cm1
        Harmonic, imaginary negative, cm⁻¹.
    eigenvalue
        Of the mass-weighted Hessian, eV/(u Å²).
    dimension
        Number of partners.
    totally_symmetric
        Whether all operations of the crystal keep it.
    vector
        (3n,) mass-weighted unit vector of the direction.
    operations
        Numbers of the operations that a displacement keeps.
    reversible
        Whether an operation turns it into its opposite.
    members
        (m,) marks the modes of the set among all.
    plan
        Displacements that give the bands on the way.
    largest_a
        Largest displacement of an atom for an amplitude of 1 Å√u, Å.

    """

    number: int
    irrep: str
    motion: str
    wavenumber_cm1: float
    eigenvalue: float
    dimension: int
    totally_symmetric: bool
    vector: NDArray[np.float64]
    operations: tuple[int, ...]
    reversible: bool
    members: NDArray[np.bool_]
    plan: BandPlan
    largest_a: float

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        self.vector.setflags(write=False)
        self.members.setflags(write=False)

    @property
    def label(self) -> str:
        """Irreducible representation and motion."""
        return f"{self.irrep}, {self.motion}"

    @property
    def senses(self) -> tuple[float, ...]:
        """Senses of the direction that must be computed."""
        return (1.0,) if self.reversible else (1.0, -1.0)

    @property
    def planned_calls(self) -> int:
        """Force calculations for one amplitude, as far as they are known beforehand."""
        return len(self.senses) * (TYPICAL_RELAXATION_CALLS + self.plan.n_calls)


def soft_sets(
    table: ModeTable,
    space: BandSpace,
    frames: LocalFrames,
    units: RigidUnits,
    numbers: Sequence[int],
) -> tuple[SoftSet, ...]:
    """Sets with the direction that keeps most symmetry for the least work.

    The choice does not depend on the basis in which a degenerate set happens to be given, so that
    stored calculations are found again on another machine.

    Parameters
    ----------
    table
        Modes of the crystal.
    space
        The tracked carboxylate modes.
    frames, units
        From `local_frames` and `rigid_units`.
    numbers
        Numbers of the sets.

    """
    return tuple(_soft_set(table, space, frames, units, number) for number in numbers)


def _soft_set(
    table: ModeTable, space: BandSpace, frames: LocalFrames, units: RigidUnits, number: int
) -> SoftSet:
    phonons, labels = table.phonons, table.labels
    symmetry, masses = phonons.symmetry, phonons.atoms.get_masses()
    members = labels.sets[number]
    basis = np.ascontiguousarray(labels.eigenvectors[:, members])
    probe = fixed_patterns(len(basis))[:, 0]
    matrices = mode_matrices(symmetry, basis)
    best: tuple[tuple[int, float], NDArray[np.float64], tuple[int, ...], bool, BandPlan] | None
    best = None
    for entry in order_parameter_directions(matrices):
        start = basis @ entry.direction
        if not fix_one_direction(matrices, entry.operations):
            # Any direction is as good as another: one that does not depend on the basis.
            start = basis @ (basis.T @ probe)
            start = start / np.linalg.norm(start)
        found = [image[:, 0] for image in images(symmetry, start[:, None])]
        vector = max((s * image for image in found for s in (1.0, -1.0)), key=probe.__matmul__)
        turned = [image[:, 0] for image in images(symmetry, vector[:, None])]
        kept = tuple(k for k, image in enumerate(turned) if np.abs(image - vector).max() < _SAME)
        reversible = any(np.abs(image + vector).max() < _SAME for image in turned)
        plan = plan_bands(space, symmetry, kept, masses, frames)
        work = (TYPICAL_RELAXATION_CALLS + plan.n_calls) * (1 if reversible else 2)
        rank = (-work, float(probe @ vector))
        if best is None or rank > best[0]:
            best = rank, vector, kept, reversible, plan
    if best is None:
        raise ValueError("a set of modes without any direction")
    _, vector, kept, reversible, plan = best
    wavenumber = float(labels.wavenumbers_cm1[number])
    marks = np.zeros(len(labels.mode_wavenumbers_cm1), dtype=bool)
    marks[members] = True
    shape = (vector / np.sqrt(np.repeat(masses, 3))).reshape(-1, 3)
    return SoftSet(
        number=number,
        irrep=labels.labels[number] or "?",
        motion=motion_in_words(table, units, number),
        wavenumber_cm1=wavenumber,
        eigenvalue=float(np.sign(wavenumber) * (wavenumber / SQRT_EV_PER_U_A2_TO_CM1) ** 2),
        dimension=len(members),
        totally_symmetric=len(kept) == symmetry.order,
        vector=vector,
        operations=kept,
        reversible=reversible,
        members=marks,
        plan=plan,
        largest_a=float(np.linalg.norm(shape, axis=1).max()),
    )
