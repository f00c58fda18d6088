r"""Distance least squares: atoms moved within the space group until distances meet targets.

The sum over all targets of :math:`((d - d_0) / \sigma)^2` is minimised, where :math:`d` is the
distance of two atoms or the height of an atom over the plane of three others, and :math:`\sigma`
says how far that target may be missed. The unknowns are the coefficients of the displacements
that keep every operation of the space group, and optionally the strains that do so too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.distance_targets import (
    DistanceTarget,
    HeightTarget,
    MetTarget,
    TargetKind,
)
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of

if TYPE_CHECKING:
    from ase import Atoms

#: Weak pull of every free displacement back to where it started, Å. It settles atoms that no
#: target holds; against targets of 0.005 to 0.1 Å its weight is below 1e-4.
RESTORING_SIGMA_A = 10.0

#: Relative change of the sum of squares, of its gradient and of the unknowns at which the search
#: ends; the positions are then converged to better than 1e-6 Å.
_CONVERGENCE = 1e-10

#: Evaluations after which the search is given up; models on the net of HKUST-1 take 10 to 60.
_MAX_EVALUATIONS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DistanceFit:
    """Structure whose distances meet targets, as far as they can.

    Attributes
    ----------
    atoms
        The structure; same atoms in the same order.
    met
        Groups of targets, metals first.
    strain
        (3, 3) symmetric strain of the cell; zero when it was fixed.
    n_parameters
        Number of free positional and cell parameters.
    sum_of_squares
        Of all deviations over their σ.

    """

    atoms: Atoms
    met: tuple[MetTarget, ...]
    strain: NDArray[np.float64]
    n_parameters: int
    sum_of_squares: float

    def __post_init__(self) -> None:
        if self.strain.shape != (3, 3):
            raise ValueError("a strain is a 3x3 matrix")
        self.strain.setflags(write=False)

    def largest_deviation_a(self, kind: TargetKind) -> float:
        """Largest miss of the targets of one kind, Å; 0 if there are none."""
        return max((m.largest_deviation_a for m in self.met if m.kind is kind), default=0.0)


def symmetric_strains(symmetry: CrystalSymmetry) -> NDArray[np.float64]:
    """Strains that keep every operation of the point group.

    Parameters
    ----------
    symmetry
        Of the crystal.

    Returns
    -------
    numpy.ndarray
        (m, 3, 3) orthonormal symmetric matrices: one for cubic crystals, two for tetragonal,
        hexagonal and rhombohedral ones, up to six for triclinic ones.

    """
    candidates = []
    for i in range(3):
        for j in range(i, 3):
            trial = np.zeros((3, 3))
            trial[i, j] = trial[j, i] = 1.0
            turned = np.einsum(
                "gij,jk,glk->il",
                symmetry.cartesian_rotations,
                trial,
                symmetry.cartesian_rotations,
            )
            candidates.append(turned.ravel() / symmetry.order)
    _, singular, right = np.linalg.svd(np.array(candidates))
    return np.ascontiguousarray(right[: int(np.sum(singular > 1e-6))].reshape(-1, 3, 3))


def fit_distances(
    atoms: Atoms,
    distances: Sequence[DistanceTarget],
    heights: Sequence[HeightTarget] = (),
    *,
    free_cell: bool = False,
    symmetry: CrystalSymmetry | None = None,
) -> DistanceFit:
    """Move atoms within their space group so that distances meet targets.

    Parameters
    ----------
    atoms
        Start structure, best a primitive cell. Not changed.
    distances, heights
        The targets. Those of symmetry-equivalent atoms may all be given; they count each.
    free_cell
        Let the cell change within its crystal system too.
    symmetry
        Of `atoms`, if at hand.

    Returns
    -------
    DistanceFit
        What was met, and what was missed by how much. A miss is no error here.

    Raises
    ------
    InputError
        If there is no target or one names an atom that does not exist.
    CalculationError
        If the search does not converge.

    Notes
    -----
    *Valid when* the start is near: this is a local search, and distances carry no energy. The
    result is a starting geometry, not a relaxed one.

    """
    terms = _Terms.of(atoms, distances, heights)
    group = symmetry_of(atoms) if symmetry is None else symmetry
    moves = group.symmetric_displacements()
    strains = symmetric_strains(group) if free_cell else np.zeros((0, 3, 3))
    problem = _Problem(atoms=atoms, terms=terms, moves=moves, strains=strains)
    n_unknowns = moves.shape[1] + len(strains)
    unknowns = _least_squares(problem, n_unknowns)
    positions, strain = problem.geometry(unknowns)
    moved = atoms.copy()
    moved.set_cell(np.asarray(atoms.cell[:]) @ (np.eye(3) + strain), scale_atoms=False)
    moved.set_positions(positions @ (np.eye(3) + strain))
    return DistanceFit(
        atoms=moved,
        met=_report(terms, distances, heights, problem.values(unknowns)),
        strain=strain,
        n_parameters=n_unknowns,
        sum_of_squares=float(np.sum(problem.residuals(unknowns) ** 2)),
    )


def _least_squares(problem: _Problem, n_unknowns: int) -> NDArray[np.float64]:
    """Unknowns at the least sum of squares.

    Stiff targets beside weak wishes make a narrow, bent valley, which the trust region of scipy
    follows in some hundred steps where plain damped Gauss-Newton steps take thousands.
    """
    from scipy.optimize import least_squares

    found = least_squares(
        problem.residuals,
        np.zeros(n_unknowns),
        jac=problem.jacobian,
        method="trf",
        x_scale="jac",
        ftol=_CONVERGENCE,
        xtol=_CONVERGENCE,
        gtol=_CONVERGENCE,
        max_nfev=_MAX_EVALUATIONS,
    )
    if not found.success or not np.isfinite(found.x).all():
        raise CalculationError(
            f"The distances of {problem.atoms.get_chemical_formula()} did not settle in "
            f"{_MAX_EVALUATIONS} steps.",
            why="The targets are far from the start or contradict each other.",
            fix="Choose targets or a cell nearer to those of the parent.",
        )
    unknowns: NDArray[np.float64] = found.x
    return unknowns


def evaluate_targets(
    atoms: Atoms, distances: Sequence[DistanceTarget], heights: Sequence[HeightTarget] = ()
) -> tuple[MetTarget, ...]:
    """How well a structure meets targets as it stands.

    Parameters
    ----------
    atoms
        The structure.
    distances, heights
        The targets.

    Raises
    ------
    InputError
        As for `fit_distances`.

    """
    terms = _Terms.of(atoms, distances, heights)
    as_it_stands = _Problem(
        atoms=atoms,
        terms=terms,
        moves=np.zeros((3 * len(atoms), 0)),
        strains=np.zeros((0, 3, 3)),
    )
    return _report(terms, distances, heights, as_it_stands.values(np.zeros(0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terms:
    """Targets as arrays: pairs (n, 2) and quadruples (m, 4) of atoms with images in Å."""

    pairs: NDArray[np.int64]
    pair_images: NDArray[np.float64]
    wanted: NDArray[np.float64]
    pair_sigmas: NDArray[np.float64]
    quads: NDArray[np.int64]
    quad_images: NDArray[np.float64]
    areas: NDArray[np.float64]
    heights: NDArray[np.float64]
    quad_sigmas: NDArray[np.float64]

    @classmethod
    def of(
        cls, atoms: Atoms, distances: Sequence[DistanceTarget], heights: Sequence[HeightTarget]
    ) -> _Terms:
        if not distances:
            raise InputError(
                "No distance target was given.", fix="Give at least one bond length to be met."
            )
        cell = np.asarray(atoms.cell[:], dtype=np.float64)
        pairs = np.array([(t.first, t.second.index) for t in distances], dtype=np.int64)
        quads = np.array(
            [[site.index for site in t.sites] for t in heights], dtype=np.int64
        ).reshape(-1, 4)
        for block in (pairs, quads):
            if block.size and (block.min() < 0 or block.max() >= len(atoms)):
                raise InputError(
                    f"A target names an atom outside 0 to {len(atoms) - 1}.",
                    fix="Make the targets from the same structure.",
                )
        sigmas = [*(t.sigma_a for t in distances), *(t.sigma_a for t in heights)]
        if min(sigmas) <= 0.0:
            raise InputError("A target has a σ that is not positive.", fix="Give σ > 0 Å.")
        quad_images = (
            np.array([[site.shift for site in t.sites] for t in heights], dtype=np.float64).reshape(
                -1, 4, 3
            )
            @ cell
        )
        corners = np.asarray(atoms.positions)[quads] + quad_images
        spanned = np.cross(corners[:, 2] - corners[:, 1], corners[:, 3] - corners[:, 1])
        return cls(
            pairs=pairs,
            pair_images=np.array([t.second.shift for t in distances], dtype=np.float64) @ cell,
            wanted=np.array([t.value_a for t in distances]),
            pair_sigmas=np.array([t.sigma_a for t in distances]),
            quads=quads,
            quad_images=quad_images,
            areas=np.linalg.norm(spanned, axis=1),
            heights=np.array([t.height_a for t in heights]),
            quad_sigmas=np.array([t.sigma_a for t in heights]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """Residuals and their derivatives as functions of the free coefficients."""

    atoms: Atoms
    terms: _Terms
    moves: NDArray[np.float64]
    strains: NDArray[np.float64]

    def geometry(
        self, unknowns: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Positions (n, 3) before the strain, Å, and the strain (3, 3)."""
        n_moves = self.moves.shape[1]
        shift = (self.moves @ unknowns[:n_moves]).reshape(-1, 3)
        strain = np.tensordot(unknowns[n_moves:], self.strains, axes=1)
        return np.asarray(self.atoms.positions) + shift, np.asarray(strain).reshape(3, 3)

    def values(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Distances, then heights over planes, Å."""
        vectors, heights, _, _ = self._parts(unknowns)
        return np.concatenate([np.linalg.norm(vectors, axis=1), heights])

    def residuals(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Deviations over σ, and the pull back to the start."""
        terms = self.terms
        values = self.values(unknowns)
        n = len(terms.wanted)
        return np.concatenate(
            [
                (values[:n] - terms.wanted) / terms.pair_sigmas,
                (values[n:] - terms.heights) / terms.quad_sigmas,
                unknowns[: self.moves.shape[1]] / RESTORING_SIGMA_A,
            ]
        )

    def jacobian(self, unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
        """Derivatives of `residuals`, (residuals, unknowns)."""
        terms = self.terms
        vectors, _, gradients, spokes = self._parts(unknowns)
        _, strain = self.geometry(unknowns)
        forward = np.eye(3) + strain
        n_moves = self.moves.shape[1]
        by_atom = self.moves.reshape(-1, 3, n_moves)
        units = vectors / np.linalg.norm(vectors, axis=1)[:, None]

        moved = by_atom[terms.pairs[:, 1]] - by_atom[terms.pairs[:, 0]]
        pair_moves = np.einsum("pi,pim->pm", units @ forward.T, moved)
        # d(v0 (1 + e)) / de_k = v0 E_k with v0 = v (1 + e)^-1
        unstrained = vectors @ np.linalg.inv(forward)
        pair_strains = np.einsum("pj,pi,kij->pk", units, unstrained, self.strains)

        moved = by_atom[terms.quads[:, 1:]] - by_atom[terms.quads[:, :1]]
        quad_moves = np.einsum("qsi,qsim->qm", gradients @ forward.T, moved)
        quad_strains = np.einsum(
            "qsj,qsi,kij->qk", gradients, spokes @ np.linalg.inv(forward), self.strains
        )
        return np.concatenate(
            [
                np.concatenate([pair_moves, pair_strains], axis=1) / terms.pair_sigmas[:, None],
                np.concatenate([quad_moves, quad_strains], axis=1) / terms.quad_sigmas[:, None],
                np.eye(n_moves, n_moves + len(self.strains)) / RESTORING_SIGMA_A,
            ]
        )

    def _parts(
        self, unknowns: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Pair vectors, heights, their gradients by the three spokes, and the spokes."""
        terms = self.terms
        positions, strain = self.geometry(unknowns)
        forward = np.eye(3) + strain
        vectors = (
            positions[terms.pairs[:, 1]] + terms.pair_images - positions[terms.pairs[:, 0]]
        ) @ forward
        corners = (positions[terms.quads] + terms.quad_images) @ forward
        spokes = corners[:, 1:] - corners[:, :1]
        a, b, c = spokes[:, 0], spokes[:, 1], spokes[:, 2]
        gradients = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
        gradients = -gradients / terms.areas[:, None, None]
        heights = np.einsum("qi,qi->q", a, gradients[:, 0])
        return vectors, heights, gradients, spokes


def _report(
    terms: _Terms,
    distances: Sequence[DistanceTarget],
    heights: Sequence[HeightTarget],
    values: NDArray[np.float64],
) -> tuple[MetTarget, ...]:
    """Targets grouped by kind and label."""
    wanted = np.concatenate([terms.wanted, terms.heights])
    groups: dict[tuple[TargetKind, str], list[int]] = {}
    everything: list[DistanceTarget | HeightTarget] = [*distances, *heights]
    for index, target in enumerate(everything):
        groups.setdefault((target.kind, target.label), []).append(index)
    order = list(TargetKind)
    return tuple(
        MetTarget(
            label=label,
            kind=kind,
            count=len(members),
            target_a=float(np.abs(wanted[members]).mean()),
            shortest_a=float(np.abs(values[members]).min()),
            longest_a=float(np.abs(values[members]).max()),
            largest_deviation_a=float(np.abs(values[members] - wanted[members]).max()),
            sigma_a=everything[members[0]].sigma_a,
        )
        for (kind, label), members in sorted(
            groups.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
        )
    )
