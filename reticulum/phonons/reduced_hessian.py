"""Hessians of a crystal at a displaced geometry, from as few displacements as symmetry allows.

A displaced geometry keeps a subgroup of the space group. The displacements of atoms are chosen
among the images of those that gave the force constants at rest: then both Hessians come from the
same directions and lengths, and what is wrong with their finite differences cancels in the
difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.frameworks.symmetry import CrystalSymmetry

if TYPE_CHECKING:
    from ase import Atoms

#: Two displacements that differ by less than this fraction of their length are the same.
_SAME = 1e-4

#: Smallest eigenvalue of Σ d dᵀ, for unit vectors d, with which directions fix all columns.
_SMALLEST_SPAN = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AtomDisplacement:
    """Displacement of one atom.

    Parameters
    ----------
    atom
        Its number.
    vector_a
        (3,) Cartesian, Å.

    """

    atom: int
    vector_a: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.vector_a.shape != (3,):
            raise ValueError("a displacement has three components")
        self.vector_a.setflags(write=False)

    def applied_to(self, atoms: Atoms) -> Atoms:
        """Copy of a structure with the atom moved."""
        moved = atoms.copy()
        moved.positions[self.atom] += self.vector_a
        return moved


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReducedDisplacements:
    """Displacements of atoms that give the Hessian of a geometry with less symmetry.

    Parameters
    ----------
    symmetry
        The operations that the geometry keeps.
    chosen
        The displacements.
    sources, operations
        (n,) each is the image of this displacement at rest under this operation of the full group.

    """

    symmetry: CrystalSymmetry
    chosen: tuple[AtomDisplacement, ...]
    sources: tuple[int, ...]
    operations: tuple[int, ...]

    def structures(self, atoms: Atoms) -> list[Atoms]:
        """Structures whose forces are needed, in the order of the displacements."""
        return [displacement.applied_to(atoms) for displacement in self.chosen]

    def responses_at_rest(
        self, full: CrystalSymmetry, responses: Sequence[NDArray[np.float64]]
    ) -> list[NDArray[np.float64]]:
        """Changes of force by the chosen displacements at rest, from those already known.

        Parameters
        ----------
        full
            The whole space group.
        responses
            (n, 3) change of the forces by each displacement at rest, eV/Å.

        """
        return [
            _carried(responses[source], full.cartesian_rotations[g], full.permutations[g])
            for source, g in zip(self.sources, self.operations, strict=True)
        ]

    def hessian(self, responses: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Raw Hessian, (3n, 3n), eV/Å², neither symmetrised nor freed from translations.

        Parameters
        ----------
        responses
            (n, 3) change of the forces by each chosen displacement, eV/Å.

        Raises
        ------
        CalculationError
            If the displacements with their images do not fix all columns.

        """
        n_atoms = self.symmetry.permutations.shape[1]
        result = np.empty((n_atoms, 3, n_atoms, 3))
        for first in np.unique(self.symmetry.orbits).tolist():
            directions, answers = [], []
            for displacement, response in zip(self.chosen, responses, strict=True):
                to_first = self.symmetry.permutations[:, displacement.atom] == first
                for g in np.flatnonzero(to_first).tolist():
                    rotation = self.symmetry.cartesian_rotations[g]
                    directions.append(rotation @ displacement.vector_a)
                    answers.append(_carried(response, rotation, self.symmetry.permutations[g]))
            if not directions or np.linalg.matrix_rank(np.array(directions), tol=1e-6) < 3:
                raise CalculationError(
                    f"The displacements do not fix the force constants of atom {first + 1}.",
                    why="Their images under the symmetry that is left do not span three "
                    "directions.",
                )
            flat = np.array(answers).reshape(len(answers), -1)
            columns, *_ = np.linalg.lstsq(np.array(directions), -flat, rcond=None)
            block = columns.T.reshape(n_atoms, 3, 3)
            for g in range(self.symmetry.order):
                rotation = self.symmetry.cartesian_rotations[g]
                permutation = self.symmetry.permutations[g]
                result[permutation, :, permutation[first], :] = rotation @ block @ rotation.T
        return result.reshape(3 * n_atoms, 3 * n_atoms)


def subgroup(symmetry: CrystalSymmetry, operations: NDArray[np.int64]) -> CrystalSymmetry:
    """Some operations of a space group as a group of their own.

    Parameters
    ----------
    symmetry
        The space group.
    operations
        Numbers of the operations; they must form a group.

    """
    permutations = symmetry.permutations[operations]
    whole = len(operations) == symmetry.order
    return replace(
        symmetry,
        symbol=symmetry.symbol if whole else f"{len(operations)} operations of {symmetry.symbol}",
        rotations=symmetry.rotations[operations],
        translations=symmetry.translations[operations],
        cartesian_rotations=symmetry.cartesian_rotations[operations],
        permutations=permutations,
        orbits=permutations.min(axis=0),
    )


def reduced_displacements(
    full: CrystalSymmetry, at_rest: Sequence[AtomDisplacement], kept: NDArray[np.int64]
) -> ReducedDisplacements:
    """Fewest displacements, among images of those at rest, for what is left of the symmetry.

    Each direction comes with its opposite, by symmetry or as a displacement of its own, so that
    errors of second order cancel.

    Parameters
    ----------
    full
        The whole space group.
    at_rest
        Displacements that gave the force constants at rest.
    kept
        Numbers of the operations that the displaced geometry keeps.

    Raises
    ------
    CalculationError
        If the displacements at rest do not fix all columns.

    """
    group = subgroup(full, kept)
    chosen, sources, operations = [], [], []
    for first in np.unique(group.orbits).tolist():
        vectors, origins = _images_at(full, at_rest, first)
        site = np.flatnonzero(group.permutations[:, first] == first)
        for index in _cheapest(vectors, group.cartesian_rotations[site], first):
            chosen.append(AtomDisplacement(atom=first, vector_a=vectors[index].copy()))
            sources.append(origins[index][0])
            operations.append(origins[index][1])
    return ReducedDisplacements(
        symmetry=group,
        chosen=tuple(chosen),
        sources=tuple(sources),
        operations=tuple(operations),
    )


def _images_at(
    full: CrystalSymmetry, at_rest: Sequence[AtomDisplacement], atom: int
) -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
    """Different images of the displacements at one atom, with their sources and operations."""
    vectors: list[NDArray[np.float64]] = []
    origins = []
    for source, displacement in enumerate(at_rest):
        for g in np.flatnonzero(full.permutations[:, displacement.atom] == atom).tolist():
            image = full.cartesian_rotations[g] @ displacement.vector_a
            if not any(_equal(image, other) for other in vectors):
                vectors.append(image)
                origins.append((source, g))
    return np.array(vectors).reshape(-1, 3), origins


def _equal(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.linalg.norm(one - other) <= _SAME * np.linalg.norm(one))


def _cheapest(
    vectors: NDArray[np.float64], site_rotations: NDArray[np.float64], atom: int
) -> list[int]:
    """Numbers of the fewest vectors whose images at the site span space, opposites included."""
    kinds: list[list[int]] = []  # the vectors to compute for each kind of direction
    spans = []
    seen: set[int] = set()
    for index, vector in enumerate(vectors):
        if index in seen:
            continue
        images = site_rotations @ vector
        seen |= {k for k, other in enumerate(vectors) if any(_equal(i, other) for i in images)}
        members = [index]
        if not any(_equal(image, -vector) for image in images):
            opposite = [k for k, other in enumerate(vectors) if _equal(-vector, other)]
            members += opposite
            seen |= {k for k, other in enumerate(vectors) if any(_equal(-i, other) for i in images)}
        unit = images / np.linalg.norm(vector)
        kinds.append(members)
        spans.append(unit.T @ unit / len(unit))
    best: tuple[int, float] = (10**6, 0.0)
    found: list[int] = []
    for size in (1, 2, 3):
        for combination in itertools.combinations(range(len(kinds)), size):
            cost = sum(len(kinds[k]) for k in combination)
            if cost > best[0]:
                continue
            span = float(np.linalg.eigvalsh(sum(spans[k] for k in combination))[0])
            if span > _SMALLEST_SPAN and (cost, -span) < best:
                best = (cost, -span)
                found = [index for k in combination for index in kinds[k]]
    if not found:
        raise CalculationError(
            f"The displacements at rest do not fix the force constants of atom {atom + 1}.",
            why="Their images under the space group do not span three directions.",
            fix="Compute the phonons of this structure again.",
        )
    return found


def _carried(
    vectors: NDArray[np.float64], rotation: NDArray[np.float64], permutation: NDArray[np.int64]
) -> NDArray[np.float64]:
    image = np.empty_like(vectors)
    image[permutation] = vectors @ rotation.T
    return image
