"""How many colourings there are, and how many are distinct under a group: Burnside and Pólya.

A colouring gives each site one colour with a stated number of sites of each. The number of
distinct ones is the mean, over the operations of the group, of the colourings that an operation
leaves unchanged [Polya1937]_; an operation leaves a colouring unchanged when each of its cycles
has one colour. Nothing is listed, so the count costs the same for any number of colourings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import comb, factorial

import numpy as np
from numpy.typing import NDArray

from reticulum.ordering.cycles import CycleType, cycle_types
from reticulum.ordering.sites import SupercellSites, supercell_sites
from reticulum.ordering.supercells import (
    IntMatrix,
    equivalent_lattices,
    finer_lattices,
    kept_by,
    lattice_name,
    mobius,
    reduce_to_cell,
)


def n_assignments(counts: Sequence[int]) -> int:
    """Number of assignments of colours to sites: the multinomial coefficient.

    Parameters
    ----------
    counts
        Number of sites of each colour.

    """
    value = factorial(sum(counts))
    for count in counts:
        value //= factorial(count)
    return value


def n_unchanged(cycles: CycleType, counts: Sequence[int]) -> int:
    """Number of colourings that a permutation leaves unchanged.

    Parameters
    ----------
    cycles
        Its cycle type.
    counts
        Number of sites of each colour; they add up to the number of sites.

    """
    states: dict[tuple[int, ...], int] = {tuple(counts): 1}
    for length, number in cycles:
        following: Counter[tuple[int, ...]] = Counter()
        for left, ways in states.items():
            for rest, choices in _shared_out(length, number, left):
                following[rest] += ways * choices
        states = following
    return states.get(tuple(0 for _ in counts), 0)


def _shared_out(
    length: int, number: int, left: tuple[int, ...]
) -> list[tuple[tuple[int, ...], int]]:
    """Ways to give each of `number` cycles one colour: what remains, and in how many ways."""
    if len(left) == 1:
        remaining = left[0] - length * number
        return [((remaining,), 1)] if remaining >= 0 else []
    result: list[tuple[tuple[int, ...], int]] = []
    for here in range(min(number, left[0] // length) + 1):
        first = left[0] - here * length
        for rest, ways in _shared_out(length, number - here, left[1:]):
            result.append(((first, *rest), comb(number, here) * ways))
    return result


def n_distinct_in_cell(sites: SupercellSites, counts: Sequence[int]) -> int:
    """Number of colourings distinct under the operations that keep the supercell.

    Parameters
    ----------
    sites
        The supercell.
    counts
        Number of sites of each colour.

    """
    total = sum(
        number * n_unchanged(cycles, counts) for cycles, number in sites.cycle_index.items()
    )
    return total // sites.n_operations


def n_distinct(sites: SupercellSites, counts: Sequence[int]) -> int:
    """Number of colourings distinct under the whole space group of the parent.

    Colourings of the supercell that repeat in a smaller cell may be carried onto one another by
    operations that do not keep the supercell; those count as the same. Where all operations keep
    it, this is `n_distinct_in_cell`.

    Parameters
    ----------
    sites
        The supercell.
    counts
        Number of sites of each colour.

    Notes
    -----
    Sum over the lattices between the supercell and the parent, one of each class, of the
    colourings with exactly that lattice; those are counted by Burnside with a Möbius inversion
    over the finer lattices.

    """
    if sites.is_invariant:
        return n_distinct_in_cell(sites, counts)
    parent = sites.sublattice
    seen: set[tuple[int, ...]] = set()
    total = 0
    for form in finer_lattices(sites.form):
        if lattice_name(form) in seen:
            continue
        seen |= equivalent_lattices(form, parent.rotations)
        total += n_distinct_primitive(supercell_sites(parent, form), _scaled(sites, form, counts))
    return total


def _scaled(sites: SupercellSites, form: IntMatrix, counts: Sequence[int]) -> tuple[int, ...]:
    """Counts in a smaller cell; -1 where they do not divide."""
    ratio = sites.index // int(np.prod(np.diag(form)))
    return tuple(count // ratio if count % ratio == 0 else -1 for count in counts)


def n_distinct_primitive(sites: SupercellSites, counts: Sequence[int]) -> int:
    """Number of distinct colourings that repeat in no smaller cell.

    Parameters
    ----------
    sites
        The supercell.
    counts
        Number of sites of each colour.

    """
    if min(counts) < 0:
        return 0
    rotations = sites.sublattice.rotations
    between = [
        (weight, _translations(sites, form), kept_by(form, rotations))
        for form in finer_lattices(sites.form)
        if (weight := mobius(sites.form, form))
    ]
    total = 0
    for operation in sites.operations:
        block = sites.operation_block(operation)
        for weight, added, kept in between:
            if len(added) == 1 and kept[operation]:
                found = cycle_types(block)
            else:
                found = Counter(_joint_orbits(row, added) for row in block)
            total += weight * sum(n * n_unchanged(orbits, counts) for orbits, n in found.items())
    return total // sites.n_operations


def _translations(sites: SupercellSites, form: IntMatrix) -> IntMatrix:
    """Permutations of the translations of a finer lattice, (m, n_sites)."""
    kept = [
        number for number, cell in enumerate(sites.cells) if not reduce_to_cell(cell, form).any()
    ]
    identity = next(
        number
        for number in sites.operations
        if np.array_equal(sites.sublattice.rotations[number], np.eye(3, dtype=np.int64))
    )
    return sites.operation_block(identity)[kept]


def _joint_orbits(row: NDArray[np.int64], others: IntMatrix) -> CycleType:
    """Sizes of the orbits of the group made by a permutation and some others."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(row)
    start = np.tile(np.arange(n), len(others) + 1)
    end = np.concatenate([row, others.ravel()])
    graph = coo_array((np.ones(len(start)), (start, end)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    sizes: Mapping[int, int] = Counter(np.bincount(label).tolist())
    return tuple(sorted(sizes.items()))
