"""Which metal-oxygen bonds are elongated in a search for a loose state.

One bond of one carboxylate, both bonds of one carboxylate, the bonds of all carboxylates of one
cluster, or all in step; of sets that the space group carries into each other, one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.carboxylates import Carboxylate
from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1
from reticulum.thermal.relaxed_path import Coordinate

if TYPE_CHECKING:
    from ase import Atoms

#: Two sets of bonds are the same when the derivatives of their mean lengths agree within this
#: part of their norm; atoms sit on their special positions to about 1e-5 Å.
_SAME_GRADIENT = 1e-3

#: Singular value below which a held motion does not belong to a space of displacements.
_SMALLEST_SHARE = 1e-6


class Pattern(StrEnum):
    """Which bonds are elongated together."""

    ONE_BOND = "one bond"
    ONE_CARBOXYLATE = "one carboxylate"
    ONE_CLUSTER = "one cluster"
    ALL = "all in step"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BondSet:
    """Metal-oxygen bonds whose mean length is the coordinate.

    Parameters
    ----------
    pattern
        Which bonds.
    metals, oxygens
        (b,) atom indices.
    shifts_a
        (b, 3) lattice vector that the metal is moved by, Å.
    carboxylates
        Numbers of the carboxylates that the bonds belong to.
    n_carboxylates
        Number of carboxylates that the elongation converts.
    n_sets
        Number of sets of the cell that the space group makes of this one.
    n_units
        Number of carboxylates (one bond, one carboxylate), clusters, or cells (all) among them.
    operations
        Numbers of the operations that carry the set into itself.
    label
        Name in words: ``"one bond Cu-O"``.

    """

    pattern: Pattern
    metals: NDArray[np.int64]
    oxygens: NDArray[np.int64]
    shifts_a: NDArray[np.float64]
    carboxylates: tuple[int, ...]
    n_carboxylates: int
    n_sets: int
    n_units: int
    operations: tuple[int, ...]
    label: str

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        n_bonds = len(self.metals)
        if self.oxygens.shape != (n_bonds,) or self.shifts_a.shape != (n_bonds, 3):
            raise ValueError("bonds need a metal, an oxygen atom and a lattice vector each")
        for array in (self.metals, self.oxygens, self.shifts_a):
            array.setflags(write=False)

    def lengths_a(self, positions_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Length of each bond, (b,), Å."""
        lengths: NDArray[np.float64] = np.linalg.norm(self._vectors(positions_a), axis=1)
        return lengths

    def _vectors(self, positions_a: NDArray[np.float64]) -> NDArray[np.float64]:
        vectors: NDArray[np.float64] = (
            positions_a[self.metals] + self.shifts_a - positions_a[self.oxygens]
        )
        return vectors

    def coordinate(self) -> Coordinate:
        """Mean length of the bonds as a function of the positions (fixed cell)."""

        def mean_length(positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            apart = self._vectors(positions)
            lengths = np.linalg.norm(apart, axis=1)
            unit = apart / lengths[:, None] / len(lengths)
            gradient = np.zeros_like(positions)
            np.add.at(gradient, self.metals, unit)
            np.add.at(gradient, self.oxygens, -unit)
            return float(lengths.mean()), gradient

        return mean_length


@dataclass(frozen=True, slots=True)
class _Bonds:
    """Bonds of one possible set: (metal, oxygen, lattice vector), and their carboxylates."""

    pattern: Pattern
    bonds: tuple[tuple[int, int, tuple[float, float, float]], ...]
    carboxylates: tuple[int, ...]


def bond_sets(
    atoms: Atoms,
    symmetry: CrystalSymmetry,
    carboxylates: Sequence[Carboxylate],
    patterns: Sequence[Pattern] = tuple(Pattern),
) -> tuple[BondSet, ...]:
    """Sets of bonds to elongate, one of each symmetry-equivalent kind.

    A set that is the same as one of a smaller pattern (a carboxylate with a single bond, a crystal
    with a single cluster) is not repeated.

    Parameters
    ----------
    atoms
        The structure that the carboxylates refer to.
    symmetry
        Its space group.
    carboxylates
        From `reticulum.frameworks.carboxylates.find_carboxylates`.
    patterns
        Which to make.

    Raises
    ------
    InputError
        If no carboxylate binds a metal, or no pattern is given.

    """
    if not patterns:
        raise InputError(
            "No pattern of bonds is given.",
            why="A search needs bonds to elongate.",
            fix=f"Choose among: {', '.join(pattern.value for pattern in Pattern)}.",
        )
    everything = metal_oxygen_bonds(atoms, carboxylates)
    found: list[BondSet] = []
    images: list[NDArray[np.float64]] = []
    positions = np.array(atoms.positions)
    for candidate in _candidates(atoms, everything, [p for p in Pattern if p in patterns]):
        metals, oxygens, shifts = zip(*candidate.bonds, strict=True)
        draft = BondSet(
            pattern=candidate.pattern,
            metals=np.array(metals, dtype=np.int64),
            oxygens=np.array(oxygens, dtype=np.int64),
            shifts_a=np.array(shifts, dtype=np.float64),
            carboxylates=candidate.carboxylates,
            n_carboxylates=len(candidate.carboxylates),
            n_sets=1,
            n_units=1,
            operations=(),
            label="",
        )
        _, gradient = draft.coordinate()(positions)
        if any(_same(gradient, image) for image in images):
            continue
        own = _images(gradient, symmetry)
        images.extend(own)
        keeps = tuple(n for n, image in enumerate(own) if _same(gradient, image))
        n_sets = symmetry.order // len(keeps)
        carbon = carboxylates[candidate.carboxylates[0]].carbon
        n_units = {
            Pattern.ONE_CLUSTER: n_sets,
            Pattern.ALL: 1,
        }.get(candidate.pattern, len(np.unique(symmetry.permutations[:, carbon])))
        found.append(
            replace(
                draft,
                n_sets=n_sets,
                n_units=n_units,
                operations=keeps,
                label=_label(atoms, candidate),
            )
        )
    return _numbered(found)


def metal_oxygen_bonds(
    atoms: Atoms, carboxylates: Sequence[Carboxylate]
) -> tuple[tuple[int, tuple[int, int, tuple[float, float, float]]], ...]:
    """All bonds between metals and carboxylates: (number of carboxylate, bond).

    Raises
    ------
    InputError
        If there is none.

    """
    cell = np.array(atoms.cell[:])
    bonds = []
    for number, carboxylate in enumerate(carboxylates):
        for oxygen, metals in zip(carboxylate.oxygens, carboxylate.metals, strict=True):
            for metal in metals:
                x, y, z = (np.subtract(metal.shift, oxygen.shift) @ cell).tolist()
                bonds.append((number, (metal.index, oxygen.index, (x, y, z))))
    if not bonds:
        raise InputError(
            "No carboxylate of this structure binds a metal.",
            why="A loose state is one with a longer metal-oxygen bond.",
            fix="Check the structure: is it a framework of carboxylates?",
        )
    return tuple(bonds)


def _candidates(
    atoms: Atoms,
    everything: Sequence[tuple[int, tuple[int, int, tuple[float, float, float]]]],
    patterns: Sequence[Pattern],
) -> list[_Bonds]:
    numbers = sorted({number for number, _ in everything})
    sets: list[_Bonds] = []
    for pattern in patterns:
        if pattern is Pattern.ONE_BOND:
            sets += [_Bonds(pattern, (bond,), (number,)) for number, bond in everything]
        elif pattern is Pattern.ONE_CARBOXYLATE:
            for wanted in numbers:
                bonds = tuple(bond for number, bond in everything if number == wanted)
                sets.append(_Bonds(pattern, bonds, (wanted,)))
        elif pattern is Pattern.ONE_CLUSTER:
            owner = find_clusters(atoms).cluster_of_metal
            for cluster in sorted({owner[bond[0]].index for _, bond in everything}):
                inside = [entry for entry in everything if owner[entry[1][0]].index == cluster]
                sets.append(
                    _Bonds(
                        pattern,
                        tuple(bond for _, bond in inside),
                        tuple(sorted({number for number, _ in inside})),
                    )
                )
        else:
            sets.append(_Bonds(pattern, tuple(bond for _, bond in everything), tuple(numbers)))
    return sets


def _label(atoms: Atoms, candidate: _Bonds) -> str:
    symbols = sorted({atoms.symbols[bond[0]] for bond in candidate.bonds})
    return f"{candidate.pattern.value}, {'/'.join(symbols)}-O"


def _numbered(sets: Sequence[BondSet]) -> tuple[BondSet, ...]:
    """Labels that tell inequivalent sets of one kind apart."""
    labels = [entry.label for entry in sets]
    return tuple(
        replace(entry, label=f"{entry.label} ({labels[: number + 1].count(entry.label)})")
        if labels.count(entry.label) > 1
        else entry
        for number, entry in enumerate(sets)
    )


def carried(
    vectors: NDArray[np.float64], symmetry: CrystalSymmetry, operation: int
) -> NDArray[np.float64]:
    """Image of a vector for each atom, (n, 3), under an operation of the space group."""
    image = np.empty_like(vectors)
    image[symmetry.permutations[operation]] = vectors @ symmetry.cartesian_rotations[operation].T
    return image


def _images(gradient: NDArray[np.float64], symmetry: CrystalSymmetry) -> list[NDArray[np.float64]]:
    return [carried(gradient, symmetry, number) for number in range(symmetry.order)]


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.linalg.norm(one - other) < _SAME_GRADIENT * np.linalg.norm(one))


def n_keeping(
    symmetry: CrystalSymmetry, displacements_a: NDArray[np.float64], tolerance_a: float
) -> int:
    """Number of operations that a displaced structure keeps.

    Parameters
    ----------
    symmetry
        Space group before the displacement.
    displacements_a
        (n, 3), Å; a drift of the whole crystal does not count.
    tolerance_a
        Largest deviation of an atom, Å.

    """
    moved = displacements_a - displacements_a.mean(axis=0)
    return sum(
        bool(np.linalg.norm(image - moved, axis=1).max() < tolerance_a)
        for image in _images(moved, symmetry)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSpace:
    """Displacements that relax while a set of bonds is elongated.

    Parameters
    ----------
    displacements
        (3n, m) orthonormal, Cartesian.
    n_held
        Imaginary modes of the starting structure that are held.

    """

    displacements: NDArray[np.float64]
    n_held: int


def free_space(
    phonons: GammaPhonons, operations: Sequence[int], *, hold_imaginary: bool = True
) -> FreeSpace:
    """Displacements that keep the symmetry of a set of bonds, without translations.

    Parameters
    ----------
    phonons
        Of the starting structure.
    operations
        Operations of its space group that are kept.
    hold_imaginary
        Hold its imaginary modes, so that a path does not leave a saddle along them.

    """
    symmetry = phonons.symmetry
    kept = np.array(operations, dtype=np.int64)
    permutations = symmetry.permutations[kept]
    subgroup = CrystalSymmetry(
        symbol=f"subgroup of {symmetry.symbol}",
        number=symmetry.number,
        point_group=symmetry.point_group,
        rotations=symmetry.rotations[kept],
        translations=symmetry.translations[kept],
        cartesian_rotations=symmetry.cartesian_rotations[kept],
        permutations=permutations,
        orbits=permutations.min(axis=0),
    )
    masses = phonons.atoms.get_masses()
    roots = np.sqrt(np.repeat(masses, 3))
    basis, _ = np.linalg.qr(roots[:, None] * subgroup.symmetric_displacements())
    translations = roots[:, None] * np.tile(np.eye(3), (len(masses), 1)) / np.sqrt(masses.sum())
    imaginary = phonons.eigenvectors[:, phonons.wavenumbers_cm1 < -IMAGINARY_LIMIT_CM1]
    if not hold_imaginary:
        imaginary = imaginary[:, :0]
    n_held = _rank(basis.T @ imaginary)
    inside = _complement(basis.T @ np.hstack([translations, imaginary]))
    displacements, _ = np.linalg.qr((basis @ inside) / roots[:, None])
    return FreeSpace(displacements=np.ascontiguousarray(displacements), n_held=n_held)


def _complement(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Orthonormal columns that span what is orthogonal to the columns given."""
    left, singular, _ = np.linalg.svd(columns)
    rank = int((singular > _SMALLEST_SHARE).sum())
    rest: NDArray[np.float64] = left[:, rank:]
    return rest


def _rank(matrix: NDArray[np.float64]) -> int:
    if matrix.size == 0:
        return 0
    return int((np.linalg.svd(matrix, compute_uv=False) > _SMALLEST_SHARE).sum())
