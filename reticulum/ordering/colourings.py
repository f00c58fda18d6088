"""Distinct colourings of sites under a permutation group, one of each class, without repeats.

The representative of a class of subsets is the one whose sorted list of sites is the smallest.
Leaving out its last site leaves the representative of a smaller subset, so that all of them are
reached by adding sites in ascending order and dropping whatever an operation can make smaller: no
two equivalent ones are ever built, and nothing has to be remembered [Read1978]_. Work goes through
batches, deepest first; memory does not grow with the number of colourings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Subsets of as many sites fit into one machine word; larger ones are kept as lists of sites.
_WORD = 64

#: Subsets that are extended at once: small enough for the cache, large enough for numpy.
_BATCH = 2048

#: Operations tried first on each candidate; most candidates fall at once.
_FIRST_OPERATIONS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColouringClass:
    """One class of equivalent colourings.

    Attributes
    ----------
    colours
        (n_sites,) colour of each site of the representative.
    stabiliser
        Numbers of the operations that leave it unchanged.
    multiplicity
        Number of colourings in the class.

    """

    colours: NDArray[np.uint8]
    stabiliser: NDArray[np.int64]
    multiplicity: int


def distinct_colourings(
    permutations: NDArray[np.int32], counts: Sequence[int]
) -> Iterator[ColouringClass]:
    """Yield one colouring of each class under a permutation group.

    Parameters
    ----------
    permutations
        (m, n): operation g carries site a to ``permutations[g, a]``. They form a group.
    counts
        Number of sites of each colour 0, 1, ...; they add up to n.

    Yields
    ------
    ColouringClass
        In a fixed order.

    Raises
    ------
    ValueError
        If the counts do not add up.

    """
    m, n = permutations.shape
    if sum(counts) != n or min(counts) < 0:
        raise ValueError(f"counts {tuple(counts)} do not add up to {n} sites")
    order = sorted(range(len(counts)), key=lambda colour: (counts[colour], colour))
    wanted = [(colour, counts[colour]) for colour in order[:-1] if counts[colour]]
    colours = np.full(n, order[-1], dtype=np.uint8)
    if not wanted:
        yield ColouringClass(colours=colours, stabiliser=np.arange(m), multiplicity=1)
        return
    yield from _colour_by_colour(permutations, np.arange(m), colours, np.arange(n), wanted)


def _colour_by_colour(
    permutations: NDArray[np.int32],
    operations: NDArray[np.int64],
    colours: NDArray[np.uint8],
    free: NDArray[np.int64],
    wanted: list[tuple[int, int]],
) -> Iterator[ColouringClass]:
    """Place the rarest colour, then the next one under the operations that are left."""
    colour, size = wanted[0]
    position = np.zeros(permutations.shape[1], dtype=np.int64)
    position[free] = np.arange(len(free))
    acting = position[permutations[np.ix_(operations, free)]]
    for subset, kept in distinct_subsets(acting, size):
        placed = colours.copy()
        placed[free[subset]] = colour
        left = operations[kept]
        if len(wanted) == 1:
            multiplicity = len(permutations) // len(left)
            yield ColouringClass(colours=placed, stabiliser=left, multiplicity=multiplicity)
        else:
            rest = np.delete(free, subset)
            yield from _colour_by_colour(permutations, left, placed, rest, wanted[1:])


def distinct_subsets(
    permutations: NDArray[np.int64], size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield one subset of each class of equivalent subsets, with its stabiliser.

    Parameters
    ----------
    permutations
        (m, n), a group.
    size
        Number of sites in a subset.

    Yields
    ------
    tuple of numpy.ndarray
        Sites of the subset (size,), ascending, and the numbers of the operations that keep it.

    """
    n = permutations.shape[1]
    if size == 0:
        yield np.empty(0, dtype=np.int64), np.arange(len(permutations))
        return
    if n <= _WORD:
        yield from _subsets_as_words(permutations, size)
    else:
        yield from _subsets_as_lists(permutations, size)


def _subsets_as_words(
    permutations: NDArray[np.int64], size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Subsets as 64-bit words; site 0 is the highest bit, so the representative is the largest."""
    n = permutations.shape[1]
    images = _WordImages(permutations)
    bits = np.uint64(1) << (np.uint64(_WORD - 1) - np.arange(n, dtype=np.uint64))
    stack = [(0, np.zeros(1, dtype=np.uint64), np.full(1, -1))]
    while stack:
        level, words, last = stack.pop()
        children, newest = _extended_words(words, last, bits, n - (size - level - 1))
        best = images.are_largest(children)
        children, newest = children[best], newest[best]
        if level + 1 < size:
            stack += [
                (level + 1, children[at : at + _BATCH], newest[at : at + _BATCH])
                for at in reversed(range(0, len(children), _BATCH))
            ]
            continue
        for at in range(0, len(children), _BATCH):
            chunk = children[at : at + _BATCH]
            members = (chunk[:, None] & bits[None, :]) != 0
            sites = np.nonzero(members)[1].reshape(len(chunk), size)
            equal = images.of(chunk, slice(None)) == chunk[None, :]
            for column in range(len(chunk)):
                yield sites[column], np.flatnonzero(equal[:, column])


def _extended_words(
    words: NDArray[np.uint64], last: NDArray[np.int64], bits: NDArray[np.uint64], end: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Add one site beyond the last one to each subset; `end` leaves room for those to come."""
    room = np.maximum(end - 1 - last, 0)
    parent = np.repeat(np.arange(len(words)), room)
    within = np.arange(len(parent)) - np.repeat(np.cumsum(room) - room, room)
    site = last[parent] + 1 + within
    return words[parent] | bits[site], site


class _WordImages:
    """Images of words under permutations, by tables of bytes."""

    def __init__(self, permutations: NDArray[np.int64]) -> None:
        m, n = permutations.shape
        self._n_bytes = (n + 7) // 8
        target = np.uint64(1) << (np.uint64(_WORD - 1) - permutations.astype(np.uint64))
        self._tables = np.zeros((self._n_bytes, 256, m), dtype=np.uint64)
        for site in range(n):
            holds = (np.arange(256) >> (7 - site % 8)) & 1 == 1
            self._tables[site // 8, holds] |= target[:, site]
        self._tables = np.ascontiguousarray(self._tables.transpose(0, 2, 1))

    def of(self, words: NDArray[np.uint64], operations: slice) -> NDArray[np.uint64]:
        """(m, k) images of k words."""
        result: NDArray[np.uint64] | None = None
        for number in range(self._n_bytes):
            shift = np.uint64(_WORD - 8 - 8 * number)
            byte = ((words >> shift) & np.uint64(255)).astype(np.intp)
            part = self._tables[number, operations].take(byte, axis=1)
            result = part if result is None else np.bitwise_or(result, part, out=result)
        assert result is not None
        return result

    def are_largest(self, words: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Positions of the words that no operation makes larger."""
        m = self._tables.shape[1]
        alive = np.arange(len(words))
        start, width = 0, _FIRST_OPERATIONS
        while start < m and len(alive):
            kept = []
            for at in range(0, len(alive), _BATCH):
                part = alive[at : at + _BATCH]
                images = self.of(words[part], slice(start, start + width))
                kept.append(part[(images <= words[part]).all(axis=0)])
            alive = np.concatenate(kept)
            start, width = start + width, width * 3
        return alive


def _subsets_as_lists(
    permutations: NDArray[np.int64], size: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Subsets as ascending lists of sites, for any number of sites."""
    n = permutations.shape[1]
    stack: list[tuple[int, ...]] = [()]
    while stack:
        subset = stack.pop()
        following = []
        for site in range(subset[-1] + 1 if subset else 0, n - (size - len(subset)) + 1):
            candidate = np.array([*subset, site])
            images = np.sort(permutations[:, candidate], axis=1)
            difference = images - candidate
            first = (difference != 0).argmax(axis=1)
            sign = np.take_along_axis(difference, first[:, None], axis=1)[:, 0]
            if (sign < 0).any():
                continue
            if len(candidate) == size:
                yield candidate, np.flatnonzero(sign == 0)
            else:
                following.append((*subset, site))
        stack += reversed(following)
