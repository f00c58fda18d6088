"""Distinct colourings against brute force, for groups small enough to try everything."""

from __future__ import annotations

from itertools import permutations, product
from math import comb

import numpy as np
import pytest

from reticulum.ordering.colouring_counts import n_assignments, n_unchanged
from reticulum.ordering.colourings import distinct_colourings, distinct_subsets
from reticulum.ordering.cycles import cycle_types


def cyclic(n):
    return np.array([[(site + shift) % n for site in range(n)] for shift in range(n)], np.int32)


def dihedral(n):
    turns = cyclic(n)
    return np.concatenate([turns, turns[:, ::-1]]).astype(np.int32)


def symmetric(n):
    return np.array(list(permutations(range(n))), dtype=np.int32)


def cube_edges():
    """The 48 operations of a cube on its twelve edges."""
    edges = [
        point for point in product((-1, 0, 1), repeat=3) if sum(value == 0 for value in point) == 1
    ]
    rows = []
    for axes in permutations(range(3)):
        for signs in product((-1, 1), repeat=3):
            image = [tuple(signs[k] * edge[axes[k]] for k in range(3)) for edge in edges]
            rows.append([edges.index(point) for point in image])
    return np.array(rows, dtype=np.int32)


GROUPS = {
    "cyclic 7": cyclic(7),
    "dihedral 8": dihedral(8),
    "symmetric 4": symmetric(4),
    "cube edges": cube_edges(),
    "trivial": np.arange(6, dtype=np.int32)[None, :],
}


def brute_force(group, counts):
    """Smallest member and size of each class, by trying every colouring."""
    n = group.shape[1]
    classes = {}
    for colours in product(range(len(counts)), repeat=n):
        if all(colours.count(c) == count for c, count in enumerate(counts)):
            images = set()
            for row in group:
                image = [0] * n
                for site in range(n):
                    image[row[site]] = colours[site]
                images.add(tuple(image))
            classes[min(images)] = len(images)
    return classes


def canonical(group, colours):
    images = np.empty(group.shape, dtype=np.int64)
    np.put_along_axis(images, group.astype(np.int64), np.broadcast_to(colours, group.shape), axis=1)
    return min(map(tuple, images.tolist()))


#: Three colours on the twelve edges are 531441 colourings: too many one by one.
CASES = [(name, parts) for name in GROUPS for parts in (2, 3) if (name, parts) != ("cube edges", 3)]


@pytest.mark.parametrize(("name", "parts"), CASES)
def test_classes_are_those_of_brute_force(name, parts):
    group = GROUPS[name]
    n = group.shape[1]
    for counts in product(range(n + 1), repeat=parts):
        if sum(counts) != n:
            continue
        expected = brute_force(group, counts)
        found = list(distinct_colourings(group, counts))
        assert {canonical(group, c.colours): c.multiplicity for c in found} == expected
        assert len(found) == len(expected)
        for one in found:
            kept = one.stabiliser.tolist()
            moved = group[kept]
            assert all((one.colours[row] == one.colours).all() for row in moved)
            assert len(kept) * one.multiplicity == len(group)
        burnside = sum(
            number * n_unchanged(cycles, counts) for cycles, number in cycle_types(group).items()
        )
        assert burnside == len(expected) * len(group)
        assert sum(expected.values()) == n_assignments(counts)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_subsets_of_more_sites_than_a_word_holds(size):
    n = 70
    found = list(distinct_subsets(cyclic(n).astype(np.int64), size))
    total = sum(n // len(kept) for _, kept in found)
    assert total == comb(n, size)
    assert len({tuple(subset) for subset, _ in found}) == len(found)
    assert all(subset[0] == 0 for subset, _ in found)


def test_words_and_lists_give_the_same_subsets():
    from reticulum.ordering.colourings import _subsets_as_lists, _subsets_as_words

    group = cube_edges().astype(np.int64)
    for size in range(1, 7):
        words = {tuple(s): tuple(k) for s, k in _subsets_as_words(group, size)}
        lists = {tuple(s): tuple(k) for s, k in _subsets_as_lists(group, size)}
        assert words == lists


def test_counts_must_add_up():
    with pytest.raises(ValueError, match="do not add up"):
        next(distinct_colourings(cyclic(5), (2, 2)))
