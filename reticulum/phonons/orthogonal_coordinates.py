"""Internal coordinates as orthonormal directions in mass-weighted space, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, find_bonds
from reticulum.frameworks.carboxylates import Carboxylate, find_carboxylates
from reticulum.phonons.bends import bend_coordinates
from reticulum.phonons.internal_coordinates import (
    STRETCH_GROUPS,
    CoordinateGroup,
    internal_coordinates,
)
from reticulum.phonons.linker_motions import linker_motions

#: Eigenvalues of the Gram matrix of the unit coordinate vectors below this are redundancies. The
#: vectors have unit length, so the cutoff is a pure number. In the bundled frameworks the smallest
#: eigenvalue of an independent combination is 0.053 in the first stage and 0.1 in the second, that
#: of a redundant one 1e-15. In the third the smallest that is kept is 0.013. In HKUST-1 and MUV-10
#: a few combinations (6 of 192) lie between: linkers held by their metals so that they hardly move
#: in them. They are left out too, and what they would describe, below 200 cm⁻¹, is "other".
REDUNDANCY_CUTOFF = 0.01

#: Groups that are orthogonalised together; each stage gets what the stages before it leave.
STAGES: tuple[tuple[CoordinateGroup, ...], ...] = (
    STRETCH_GROUPS,
    (
        CoordinateGroup.CARBOXYLATE_ROCK,
        CoordinateGroup.CARBOXYLATE_WAG,
        CoordinateGroup.CARBOXYLATE_TWIST,
        CoordinateGroup.CH_IN_PLANE,
        CoordinateGroup.CH_OUT_OF_PLANE,
        CoordinateGroup.XH_BEND,
    ),
    (
        CoordinateGroup.RING_IN_PLANE,
        CoordinateGroup.RING_OUT_OF_PLANE,
        CoordinateGroup.LINKER,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrthogonalCoordinates:
    """Internal coordinates as orthonormal directions in mass-weighted space.

    Attributes
    ----------
    vectors
        Shape (3 n_atoms, n_coordinates), dimensionless: column k is the direction w_k. The
        columns are orthonormal unless coordinates are redundant, as those of rings are; in any
        case W Wᵀ is the projector on the space of all coordinates.
    groups
        `CoordinateGroup` of each column, shape (n_coordinates,).
    carboxylate
        Number of the carboxylate of each column, -1 for none, shape (n_coordinates,).
    n_carboxylates
        Number of carboxylates.

    """

    vectors: NDArray[np.float64]
    groups: NDArray[np.int64]
    carboxylate: NDArray[np.int64]
    n_carboxylates: int

    def __post_init__(self) -> None:
        n_coordinates = len(self.groups)
        if self.vectors.ndim != 2 or self.vectors.shape[1] != n_coordinates:
            raise ValueError("vectors must have the shape (3 n_atoms, n_coordinates)")
        if self.carboxylate.shape != (n_coordinates,):
            raise ValueError(f"carboxylate must have the shape ({n_coordinates},)")
        for name in ("vectors", "groups", "carboxylate"):
            getattr(self, name).setflags(write=False)

    def group_vectors(self, group: CoordinateGroup) -> NDArray[np.float64]:
        """Directions of one group.

        Parameters
        ----------
        group
            Group of coordinates.

        Returns
        -------
        numpy.ndarray
            Shape (3 n_atoms, n_in_group), dimensionless; for the two C-O stretches one column
            per carboxylate, in the order of `find_carboxylates`.

        """
        return self.vectors[:, self.groups == group]

    def n_independent(self, group: CoordinateGroup) -> float:
        """Sum of the fractions of a group over all modes.

        It is the number of its coordinates if none is redundant. Redundant coordinates of one stage
        share what is independent, and a group's part of it need not be whole.
        """
        return float(np.sum(self.group_vectors(group) ** 2))


def orthogonal_coordinates(
    atoms: Atoms,
    graph: BondGraph | None = None,
    carboxylates: Sequence[Carboxylate] | None = None,
) -> OrthogonalCoordinates:
    """Orthonormal directions of the internal coordinates in mass-weighted space.

    The derivative b_k of each coordinate is mass-weighted and brought to unit length,
    s_k = M^(-1/2) b_k / |M^(-1/2) b_k|. The coordinates of one of the `STAGES` are orthogonalised
    together in the symmetric way [Lowdin1950]_, which changes the set least and treats them all
    alike: W = S (SᵀS)^(-1/2). Combinations whose eigenvalue of SᵀS is below `REDUNDANCY_CUTOFF`
    are redundant and left out of the inverse root. From the coordinates of a later stage the
    directions of the earlier ones are projected out first, S - P S with P = Σ W Wᵀ. A motion along
    what is left changes no coordinate of an earlier stage: it bends at fixed bond lengths. So the
    directions of the stretches do not depend on which bends there are.

    Parameters
    ----------
    atoms
        Structure with its masses. Not changed.
    graph
        Bonded graph; found from `atoms` if not given.
    carboxylates
        Carboxylates; found from `atoms` if not given.

    Returns
    -------
    OrthogonalCoordinates
        In the order of `internal_coordinates`, `bend_coordinates` and `linker_motions`, stage by
        stage.

    Raises
    ------
    InputError
        If the structure has overlapping atoms.

    """
    bonded = find_bonds(atoms) if graph is None else graph
    found = find_carboxylates(atoms, bonded) if carboxylates is None else carboxylates
    parts = (
        internal_coordinates(atoms, bonded, found),
        bend_coordinates(atoms, bonded, found),
        linker_motions(atoms, bonded),
    )
    groups = np.concatenate([part.groups for part in parts])
    carboxylate = np.concatenate([part.carboxylate for part in parts])
    norms = np.concatenate([part.mass_weighted_norms for part in parts])
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    units = (np.concatenate([part.b_rows for part in parts]) / roots / norms[:, None]).T
    columns: list[NDArray[np.int64]] = []
    vectors = np.zeros((len(roots), 0))
    for stage in STAGES:
        members = np.flatnonzero(np.isin(groups, stage))
        left = units[:, members] - vectors @ (vectors.T @ units[:, members])
        vectors = np.hstack([vectors, orthogonalised(left)])
        columns.append(members)
    order = np.concatenate(columns)
    return OrthogonalCoordinates(
        vectors=vectors,
        groups=groups[order],
        carboxylate=carboxylate[order],
        n_carboxylates=len(found),
    )


def orthogonalised(directions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Directions orthogonalised together in the symmetric way, redundancies left out.

    Parameters
    ----------
    directions
        Columns, shape (n, m), of length one or less (what other directions have left of them).

    Returns
    -------
    numpy.ndarray
        S (SᵀS)^(-1/2), shape (n, m) [Lowdin1950]_. W Wᵀ is the projector on the space of all
        combinations whose eigenvalue of SᵀS is above `REDUNDANCY_CUTOFF`.

    """
    eigenvalues, eigenvectors = np.linalg.eigh(directions.T @ directions)
    kept = eigenvalues > REDUNDANCY_CUTOFF
    vectors = eigenvectors[:, kept]
    return np.asarray(directions @ (vectors / np.sqrt(eigenvalues[kept])) @ vectors.T)
