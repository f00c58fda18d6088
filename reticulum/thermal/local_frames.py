"""Local frames: how the surroundings of each atom have turned in a distorted crystal.

A carboxylate or a ring that turns as a rigid unit keeps its force constants, but in turned axes.
Seen from frames that turn with the atoms, the Hessian of the distorted crystal differs from the
harmonic one only where bonds really became stiffer or softer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds

if TYPE_CHECKING:
    from ase import Atoms

#: Covalent bonds between an atom and the farthest one of its surroundings: two hold a carboxylate
#: oxygen, its carbon atom and what is bound to that, so that the whole carboxylate turns as one.
_REACH = 2

#: Weight of "not turned", relative to the spread of the surroundings. It decides the turn about the
#: axis of surroundings that lie on a line, which say nothing of it.
_NOT_TURNED = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFrames:
    """Surroundings of every atom in the crystal at rest.

    Parameters
    ----------
    positions_a
        (n, 3) at rest, Å.
    atoms, neighbours
        (p,) pairs of an atom and one of its surroundings.
    shifts_a
        (p, 3) lattice vector of the neighbour, Å.

    """

    positions_a: NDArray[np.float64]
    atoms: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    shifts_a: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.neighbours.shape != self.atoms.shape or self.shifts_a.shape != (
            len(self.atoms),
            3,
        ):
            raise ValueError("the pairs do not match")
        for array in (self.positions_a, self.atoms, self.neighbours, self.shifts_a):
            array.setflags(write=False)

    def rotations(self, positions_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rotation of the surroundings of each atom, (n, 3, 3), acting on column vectors.

        The proper rotation that best carries the vectors to the surroundings at rest onto those of
        the distorted crystal, in the sense of least squares [Kabsch1976]_.

        Parameters
        ----------
        positions_a
            (n, 3) of the distorted crystal, Å.

        """
        before = self._arms(self.positions_a)
        after = self._arms(positions_a)
        n_atoms = len(positions_a)
        matrices = np.zeros((n_atoms, 3, 3))
        np.add.at(matrices, self.atoms, after[:, :, None] * before[:, None, :])
        spread = np.zeros(n_atoms)
        np.add.at(spread, self.atoms, (before**2).sum(axis=1))
        matrices += (_NOT_TURNED * np.maximum(spread, 1.0))[:, None, None] * np.eye(3)
        left, _, right = np.linalg.svd(matrices)
        sign = np.sign(np.linalg.det(left @ right))
        left[:, :, 2] *= sign[:, None]
        turned: NDArray[np.float64] = left @ right
        return turned

    def _arms(self, positions_a: NDArray[np.float64]) -> NDArray[np.float64]:
        arms: NDArray[np.float64] = (
            positions_a[self.neighbours] + self.shifts_a - positions_a[self.atoms]
        )
        return arms


def turned_pattern(
    rotations: NDArray[np.float64], pattern: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Pattern of which the part of each atom is turned with its surroundings.

    Parameters
    ----------
    rotations
        (n, 3, 3).
    pattern
        (n, 3), any unit.

    """
    result: NDArray[np.float64] = np.einsum("aij,aj->ai", rotations, pattern)
    return result


def local_frames(atoms: Atoms, graph: BondGraph | None = None) -> LocalFrames:
    """Surroundings of the atoms of a crystal: what covalent bonds join, else the bonded atoms.

    Parameters
    ----------
    atoms
        Crystal at rest.
    graph
        Its bonds; found if not given.

    """
    graph = find_bonds(atoms) if graph is None else graph
    first, second, shifts = [], [], []
    for number in range(len(atoms)):
        for site in _around(number, graph) or graph.neighbours(number):
            first.append(number)
            second.append(site.index)
            shifts.append(site.shift)
    return LocalFrames(
        positions_a=np.array(atoms.positions),
        atoms=np.array(first, dtype=np.int64),
        neighbours=np.array(second, dtype=np.int64),
        shifts_a=np.array(shifts, dtype=np.float64).reshape(-1, 3) @ np.array(atoms.cell[:]),
    )


def _around(number: int, graph: BondGraph) -> list[PeriodicSite]:
    """Sites within `_REACH` covalent bonds of an atom."""
    start = PeriodicSite(number, (0, 0, 0))
    seen = {start}
    edge = {start}
    for _ in range(_REACH):
        edge = {
            other for site in edge for other in graph.site_neighbours(site, BondKind.COVALENT)
        } - seen
        seen |= edge
    return sorted(seen - {start})
