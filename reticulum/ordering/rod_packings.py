"""Orderings of tbo frameworks in which each linker meets exactly one cluster of a metal.

The clusters of a tbo framework such as HKUST-1 are the midpoints of the edges of a simple cubic
lattice, whose points are the small octahedral cages (edge a/2). Four linkers lie on faces of each
cage; the linker on the face of the three edges s1 x, s2 y, s3 z is there when the product of the
signs is that of the cage. If each linker meets exactly one cluster of the metal, the clusters of
that metal on a cage are the two at the ends of one axis; so they form endless straight rods, and
every cage lies on exactly one rod. Rods of three directions cannot fill the lattice together:
some direction is missing, and perpendicular to it each layer of cages (a/2 thick) has rods of one
direction only. An ordering is therefore a sequence of layers, each with rods along x or y.

The derivation is in `docs/linker-rule.md`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from math import gcd

import numpy as np

from reticulum.ordering.linker_rule import LinkerRule
from reticulum.ordering.orderings import Ordering
from reticulum.ordering.sublattice import ClusterSublattice
from reticulum.ordering.supercells import IntMatrix, cell_numbers, hermite_normal_form

#: Number of the space group Fm-3m, in which the clusters of HKUST-1 lie on 24d.
_FM3M = 225

#: Distance of a centre from the quarter of the cell on which it belongs, in units of a/4.
_QUARTER_TOLERANCE = 0.02

#: Names of the axes of the parent's conventional cell.
AXES = "abc"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CageLattice:
    """Clusters of a tbo framework as edges of the simple cubic lattice of its cages.

    Attributes
    ----------
    quarters
        (n, 3) centres of the clusters of the primitive cell in units of a/4: the coordinate
        along the edge is even, the two others are odd.
    axes
        (n,) axis of each edge, 0 to 2.
    vectors
        (3, 3) primitive vectors in units of a/4, rows.

    """

    quarters: IntMatrix
    axes: IntMatrix
    vectors: IntMatrix


def cage_lattice(sublattice: ClusterSublattice) -> CageLattice | None:
    """Lattice of cages of a cubic tbo framework, or None if the parent is none.

    Everything that the derivation uses is checked: the space group, the places of the clusters,
    and that each linker joins three edges of one cage with a product of signs that alternates
    from cage to cage.

    Parameters
    ----------
    sublattice
        The parent.

    """
    if sublattice.space_group_number != _FM3M or sublattice.n_sites != 6:
        return None
    to_quarters = 4.0 * np.linalg.inv(sublattice.conventional.astype(np.float64))
    exact = sublattice.centres @ to_quarters
    quarters = np.rint(exact).astype(np.int64)
    if np.abs(exact - quarters).max() > _QUARTER_TOLERANCE:
        return None
    even = quarters % 2 == 0
    if not (even.sum(axis=1) == 1).all():
        return None
    vectors = np.rint(to_quarters).astype(np.int64)
    cages = CageLattice(quarters=quarters, axes=even.argmax(axis=1), vectors=vectors)
    return cages if _linkers_on_alternate_faces(sublattice, cages) else None


def _linkers_on_alternate_faces(sublattice: ClusterSublattice, cages: CageLattice) -> bool:
    """Check the one fact about the linkers that the derivation needs."""
    products: set[int] = set()
    faces: set[tuple[int, ...]] = set()
    for joints in sublattice.joints:
        if len(joints) != 3:
            return False
        axes = cages.axes[joints[:, 0]]
        if sorted(axes.tolist()) != [0, 1, 2]:
            return False
        ends = cages.quarters[joints[:, 0]] + joints[:, 1:] @ cages.vectors
        # Each edge fixes the two odd coordinates of its cages; all three must agree.
        cage = np.array(
            [ends[(np.flatnonzero(axes != axis))[0], axis] for axis in range(3)], dtype=np.int64
        )
        for row, axis in zip(ends, axes.tolist(), strict=True):
            away = row - cage
            if abs(int(away[axis])) != 1 or np.delete(away, axis).any():
                return False
        signs = np.array([ends[np.flatnonzero(axes == axis)[0], axis] for axis in range(3)]) - cage
        parity = 1 if int(((cage - 1) // 2).sum()) % 2 == 0 else -1
        products.add(int(np.prod(signs)) * parity)
        faces.add(tuple(signs.tolist()))
    return len(products) == 1 and len(faces) == 8 and len(sublattice.joints) == 8


def metal_of_rods(sublattice: ClusterSublattice, rules: tuple[LinkerRule, ...]) -> str | None:
    """Metal of which a rule puts exactly one cluster on each linker, or None.

    With three clusters on a linker, two of a metal leave one of the parent's own.

    Parameters
    ----------
    sublattice
        The parent.
    rules
        Rules for each linker.

    """
    if len(rules) != 1 or rules[0].fewest != rules[0].most:
        return None
    if rules[0].most == 1:
        return rules[0].metal
    if rules[0].most == 2 and rules[0].metal != sublattice.metal:
        return sublattice.metal
    return None


def n_rod_packings(sublattice: ClusterSublattice, form: IntMatrix) -> int:
    """Number of orderings of a supercell with one cluster of a metal on each linker.

    With g the period of the supercell along an axis in layers (the greatest common divisor of the
    components of its vectors), each axis has 2^g sequences of layers, and the three packings with
    all rods parallel belong to two axes each: 2^g_a + 2^g_b + 2^g_c - 3.

    Parameters
    ----------
    sublattice
        A cubic tbo parent (`cage_lattice` is not None).
    form
        Supercell, rows in units of the primitive vectors.

    """
    a, b, c = layer_periods(sublattice, form)
    return (1 << a) + (1 << b) + (1 << c) - 3


def layer_periods(sublattice: ClusterSublattice, form: IntMatrix) -> tuple[int, int, int]:
    """Period of a supercell along each cubic axis, in layers of a/2."""
    halves = np.rint(2.0 * form @ np.linalg.inv(sublattice.conventional)).astype(np.int64)
    a, b, c = (gcd(*map(int, column)) for column in halves.T)
    return a, b, c


@dataclass(frozen=True, slots=True, kw_only=True)
class RodPacking:
    """An ordering in words: rods of clusters in layers.

    Attributes
    ----------
    stacking_axis
        Axis of the parent's conventional cell (a, b or c) along which the layers follow; for
        parallel rods the first axis perpendicular to them.
    sequence
        Direction of the rods in each layer of one period, ``x`` or ``y`` for the two axes
        perpendicular to the stacking axis; the representative that comes first in the alphabet.

    """

    stacking_axis: str
    sequence: str

    @property
    def period(self) -> int:
        """Number of layers of a/2 in one period."""
        return len(self.sequence)

    @property
    def runs(self) -> str:
        """Lengths of the runs of parallel layers, as in a Zhdanov symbol: ``22``, ``31``."""
        if len(set(self.sequence)) == 1:
            return "∞"
        start = next(i for i in range(self.period) if self.sequence[i] != self.sequence[i - 1])
        turned = self.sequence[start:] + self.sequence[:start]
        lengths = [len(list(group)) for _, group in groupby(turned)]
        return "".join(str(n) if n < 10 else f"({n})" for n in lengths)

    @property
    def in_words(self) -> str:
        """Return what a crystallographer would call it."""
        if self.period == 1:
            return "all rods parallel"
        return (
            f"layers a/2 thick with rods along x or y in the sequence {self.sequence} "
            f"(run lengths {self.runs}), period {_halves(self.period)}"
        )

    @property
    def autocorrelation(self) -> tuple[int, ...]:
        """Layers n apart with parallel rods, less those with crossed rods, n = 0 to the period."""
        return autocorrelation(self.sequence)


def _halves(period: int) -> str:
    whole = period // 2
    if period % 2:
        return f"{period}a/2"
    return "a" if whole == 1 else f"{whole}a"


def autocorrelation(sequence: str) -> tuple[int, ...]:
    """Autocorrelation of a periodic sequence of x (+1) and y (-1) over one period."""
    signs = np.array([1 if letter == "x" else -1 for letter in sequence])
    return tuple(int(signs @ np.roll(signs, -shift)) for shift in range(len(signs)))


def canonical_sequence(sequence: str) -> str:
    """First in the alphabet of all sequences that symmetry makes equal.

    Translations turn the sequence, a mirror reverses it, and the fourfold axis exchanges x and y.
    The sequence is first cut down to its shortest period.
    """
    shortest = next(
        n
        for n in range(1, len(sequence) + 1)
        if len(sequence) % n == 0 and sequence[:n] * (len(sequence) // n) == sequence
    )
    sequence = sequence[:shortest]
    swapped = sequence.translate(str.maketrans("xy", "yx"))
    return min(
        variant[shift:] + variant[:shift]
        for one in (sequence, swapped)
        for variant in (one, one[::-1])
        for shift in range(shortest)
    )


def rod_packing(ordering: Ordering, metal: str, cages: CageLattice) -> RodPacking:
    """Describe an ordering with one cluster of a metal on each linker.

    Parameters
    ----------
    ordering
        The ordering.
    metal
        The metal of which each linker meets one.
    cages
        Cages of its parent.

    Raises
    ------
    ValueError
        If the clusters of the metal do not form such a packing.

    """
    sites = ordering.sites
    n = sites.sublattice.n_sites
    chosen = np.flatnonzero(ordering.colours == ordering.metals.index(metal))
    quarters = cages.quarters[chosen % n] + sites.cells[chosen // n] @ cages.vectors
    axes = cages.axes[chosen % n]
    present = sorted(set(axes.tolist()))
    if len(present) == 1:
        first = next(axis for axis in range(3) if axis != present[0])
        return RodPacking(stacking_axis=AXES[first], sequence="x")
    missing = ({0, 1, 2} - set(present)).pop()
    period = layer_periods(sites.sublattice, sites.form)[missing]
    directions: dict[int, set[int]] = defaultdict(set)
    for row, axis in zip(quarters, axes.tolist(), strict=True):
        directions[((int(row[missing]) - 1) // 2) % period].add(axis)
    if len(present) != 2 or sorted(directions) != list(range(period)):
        raise ValueError("the clusters do not form rods in layers")
    if any(len(found) != 1 for found in directions.values()):
        raise ValueError("a layer has rods of two directions")
    sequence = "".join("x" if directions[layer] == {present[0]} else "y" for layer in range(period))
    return RodPacking(stacking_axis=AXES[missing], sequence=canonical_sequence(sequence))


def stacking_sequences(period: int) -> tuple[str, ...]:
    """All inequivalent sequences of layers whose shortest period divides a number of layers.

    Parameters
    ----------
    period
        Number of layers.

    Returns
    -------
    tuple of str
        Canonical sequences, shortest first.

    """
    found = {
        canonical_sequence("".join("y" if bits >> layer & 1 else "x" for layer in range(period)))
        for bits in range(1 << (period - 1))  # the last layer may be called x
    }
    return tuple(sorted(found, key=lambda sequence: (len(sequence), sequence)))


def indistinguishable_sequences(period: int) -> tuple[tuple[str, ...], ...]:
    """Sets of different sequences that no powder pattern tells apart.

    They have the same autocorrelation, hence the same distances between like metals in the same
    number and the same kinematic powder pattern at any wavelength (homometric structures
    [Patterson1944]_).

    *Valid when* only the metals differ between the orderings: same cell, same places of all atoms.

    Parameters
    ----------
    period
        Number of layers; sequences whose period divides it are compared.

    """
    groups: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for sequence in stacking_sequences(period):
        full = sequence * (period // len(sequence))
        groups[autocorrelation(full)].append(sequence)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def like_distances(
    ordering: Ordering, metal: str, cages: CageLattice, largest_quarters: int
) -> dict[int, int]:
    """How many pairs of clusters of one metal have which distance, in one primitive cell.

    Parameters
    ----------
    ordering
        The ordering.
    metal
        The metal.
    cages
        Cages of its parent.
    largest_quarters
        Largest distance in units of a/4.

    Returns
    -------
    dict
        Squared distance in (a/4)² to the number of ordered pairs whose first cluster lies in the
        primitive cell.

    """
    sites = ordering.sites
    n = sites.sublattice.n_sites
    chosen = np.flatnonzero(ordering.colours == ordering.metals.index(metal))
    quarters = cages.quarters[chosen % n] + sites.cells[chosen // n] @ cages.vectors
    span = np.arange(-largest_quarters, largest_quarters + 1)
    offsets = np.stack(np.meshgrid(span, span, span, indexing="ij"), axis=-1).reshape(-1, 3)
    offsets = offsets[(offsets**2).sum(axis=1) <= largest_quarters**2]
    lattice = hermite_normal_form(sites.form @ cages.vectors)
    present = np.zeros(int(np.prod(np.diag(lattice))), dtype=bool)
    present[cell_numbers(quarters, lattice)] = True
    squares = (offsets**2).sum(axis=1)
    found: dict[int, int] = defaultdict(int)
    for point in quarters:
        met = present[cell_numbers(point + offsets, lattice)]
        for square, number in zip(*np.unique(squares[met], return_counts=True), strict=True):
            found[int(square)] += int(number)
    return dict(sorted(found.items()))
