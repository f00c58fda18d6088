"""Carboxylate character of Gamma modes: fractions of internal coordinates in each mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondGraph
from reticulum.frameworks.carboxylates import Carboxylate
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.orthogonal_coordinates import (
    OrthogonalCoordinates,
    orthogonal_coordinates,
)

#: Label of the part of a mode that no coordinate describes (bends at metals, for instance).
OTHER_LABEL = "other"

#: Labels of the columns of `ModeCharacters.fractions`.
FRACTION_LABELS: tuple[str, ...] = (*(group.label for group in CoordinateGroup), OTHER_LABEL)

#: Eigenvectors whose length differs from one by more than this are refused.
_NORM_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeCharacters:
    """Fractions of internal coordinates in modes (or averages over sets of modes).

    Attributes
    ----------
    fractions
        Shape (n_modes, 20), dimensionless, columns as in `FRACTION_LABELS`: the groups in the
        order of `CoordinateGroup`, then the rest. Each row sums to one.
    antisymmetric_by_carboxylate
        Fraction of the antisymmetric C-O stretch on each carboxylate, shape
        (n_modes, n_carboxylates), dimensionless.
    symmetric_by_carboxylate
        Same for the symmetric C-O stretch.

    """

    fractions: NDArray[np.float64]
    antisymmetric_by_carboxylate: NDArray[np.float64]
    symmetric_by_carboxylate: NDArray[np.float64]

    def __post_init__(self) -> None:
        n_modes = len(self.fractions)
        if self.fractions.shape != (n_modes, len(FRACTION_LABELS)):
            raise ValueError(f"fractions must have the shape (n_modes, {len(FRACTION_LABELS)})")
        shape = self.antisymmetric_by_carboxylate.shape
        if len(shape) != 2 or shape[0] != n_modes or self.symmetric_by_carboxylate.shape != shape:
            raise ValueError("fractions by carboxylate must have (n_modes, n_carboxylates)")
        for name in (
            "fractions",
            "antisymmetric_by_carboxylate",
            "symmetric_by_carboxylate",
        ):
            getattr(self, name).setflags(write=False)

    @property
    def n_modes(self) -> int:
        """Number of modes (rows)."""
        return len(self.fractions)

    @property
    def other(self) -> NDArray[np.float64]:
        """Fraction that no coordinate describes, shape (n_modes,), dimensionless."""
        return self.fractions[:, -1]

    def fraction(self, group: CoordinateGroup) -> NDArray[np.float64]:
        """Fraction of one group, shape (n_modes,), dimensionless."""
        return self.fractions[:, int(group)]

    def average_over(self, sets: Sequence[NDArray[np.int64]]) -> ModeCharacters:
        """Averages over sets of modes, such as degenerate ones.

        The average over a degenerate set does not depend on how its eigenvectors were chosen;
        the fractions of its single members do.

        Parameters
        ----------
        sets
            Indices of the modes of each set.

        Returns
        -------
        ModeCharacters
            One row per set.

        """

        def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
            rows = [values[np.asarray(members)].mean(axis=0) for members in sets]
            return np.array(rows).reshape(len(rows), values.shape[1])

        return ModeCharacters(
            fractions=mean(self.fractions),
            antisymmetric_by_carboxylate=mean(self.antisymmetric_by_carboxylate),
            symmetric_by_carboxylate=mean(self.symmetric_by_carboxylate),
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON: one list of fractions per label."""
        return {
            label: self.fractions[:, column].tolist()
            for column, label in enumerate(FRACTION_LABELS)
        }


def carboxylate_stretch_vectors(
    atoms: Atoms,
    graph: BondGraph | None = None,
    carboxylates: Sequence[Carboxylate] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions of the antisymmetric and symmetric C-O stretches in mass-weighted space.

    Parameters
    ----------
    atoms, graph, carboxylates
        As for `orthogonal_coordinates`.

    Returns
    -------
    tuple of numpy.ndarray
        W_antisymmetric and W_symmetric, each of shape (3 n_atoms, n_carboxylates),
        dimensionless: the fraction of the stretch in a unit mass-weighted vector e is |Wᵀe|².

    Raises
    ------
    InputError
        If the structure has overlapping atoms.

    """
    basis = orthogonal_coordinates(atoms, graph, carboxylates)
    return (
        basis.group_vectors(CoordinateGroup.ANTISYMMETRIC_CO),
        basis.group_vectors(CoordinateGroup.SYMMETRIC_CO),
    )


def assign_carboxylate_character(
    atoms: Atoms,
    eigenvectors: NDArray[np.float64],
    *,
    graph: BondGraph | None = None,
    carboxylates: Sequence[Carboxylate] | None = None,
    basis: OrthogonalCoordinates | None = None,
) -> ModeCharacters:
    """Fraction of each group of internal coordinates in each mode.

    The fraction of group g in the mode e is Σ_{k in g} (w_k·e)² with the directions w_k of
    `orthogonal_coordinates`; what is left of |e|² = 1 is "other". The fractions do not depend on
    orientation, origin, order of atoms or choice of the cell. Summed over all modes, an
    independent coordinate gives one.

    Parameters
    ----------
    atoms
        Structure at which the modes were computed, with its masses. Not changed.
    eigenvectors
        Mass-weighted, normalised Gamma eigenvectors as columns, shape (3 n_atoms, n_modes),
        real, dimensionless.
    graph
        Bonded graph; found from `atoms` if not given.
    carboxylates
        Carboxylates; found from `atoms` if not given.
    basis
        Directions, if at hand; `graph` and `carboxylates` are then not used.

    Returns
    -------
    ModeCharacters
        One row per mode. A structure without carboxylates is allowed: its carboxylate fractions
        are zero.

    Raises
    ------
    InputError
        If the eigenvectors are complex, of the wrong length or not normalised.

    Notes
    -----
    *Valid when* read as shares, not as energies: neighbouring coordinates overlap (the symmetric
    stretch with the O-C-O bend and the C-C bond), and the symmetric orthogonalisation divides
    what they share evenly. In HKUST-1 the symmetric carboxylate bands carry 0.5 to 0.7 of
    symmetric stretch by this measure, the antisymmetric ones above 0.9. Where a bend and a
    stretch overlap through the masses of the atoms that they share, the stretch takes the whole
    overlap (see `orthogonal_coordinates`): shares of bends, and more so of rings, are what is
    left at fixed bonds.

    """
    _check_eigenvectors(atoms, eigenvectors)
    if basis is None:
        basis = orthogonal_coordinates(atoms, graph, carboxylates)
    if len(basis.vectors) != len(eigenvectors):
        raise InputError(
            f"The coordinates have {len(basis.vectors)} components, the eigenvectors "
            f"{len(eigenvectors)}.",
            why="They belong to different cells.",
            fix="Make the coordinates from the structure of the modes.",
        )
    shares = (eigenvectors.T @ basis.vectors) ** 2
    fractions = np.zeros((eigenvectors.shape[1], len(FRACTION_LABELS)))
    for group in CoordinateGroup:
        fractions[:, group] = shares[:, basis.groups == group].sum(axis=1)
    fractions[:, -1] = np.clip(1.0 - fractions.sum(axis=1), 0.0, None)
    return ModeCharacters(
        fractions=fractions,
        antisymmetric_by_carboxylate=shares[:, basis.groups == CoordinateGroup.ANTISYMMETRIC_CO],
        symmetric_by_carboxylate=shares[:, basis.groups == CoordinateGroup.SYMMETRIC_CO],
    )


def _check_eigenvectors(atoms: Atoms, eigenvectors: NDArray[np.float64]) -> None:
    if np.iscomplexobj(eigenvectors):
        raise InputError(
            "The eigenvectors are complex.",
            why="Modes at Gamma can be taken real, and fractions are defined for real ones.",
            fix="Diagonalise the real dynamical matrix of Gamma.",
        )
    if eigenvectors.ndim != 2 or len(eigenvectors) != 3 * len(atoms):
        raise InputError(
            f"The eigenvectors have the shape {eigenvectors.shape}, the structure "
            f"{len(atoms)} atoms.",
            why=f"Each column must have {3 * len(atoms)} components.",
            fix="Give the modes of the same cell, one column per mode.",
        )
    worst = float(np.abs(np.linalg.norm(eigenvectors, axis=0) - 1.0).max(initial=0.0))
    if not worst <= _NORM_TOLERANCE:
        raise InputError(
            f"The length of an eigenvector differs from one by {worst:.3g}.",
            why="Fractions are parts of one.",
            fix="Give normalised mass-weighted eigenvectors, not Cartesian displacements.",
        )
