"""Cycles of permutations."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Cycles of a permutation as sorted pairs (length, how many).
CycleType: TypeAlias = tuple[tuple[int, int], ...]


def cycle_types(permutations: NDArray[np.integer[Any]]) -> Counter[CycleType]:
    """Cycle types of permutations and how often each occurs.

    Parameters
    ----------
    permutations
        (m, n).

    """
    m, n = permutations.shape
    lengths = np.zeros((m, n), dtype=np.int64)
    start = np.arange(n)
    images = permutations.astype(np.int64)
    power = images
    step = 1
    while True:
        back = (power == start) & (lengths == 0)
        lengths[back] = step
        if lengths.all():
            break
        power = np.take_along_axis(images, power, axis=1)
        step += 1
    sizes = np.unique(lengths)
    numbers = np.stack([(lengths == size).sum(axis=1) // size for size in sizes], axis=1)
    kinds, times = np.unique(numbers, axis=0, return_counts=True)
    return Counter(
        {
            tuple((int(size), int(n)) for size, n in zip(sizes, row, strict=True) if n): int(many)
            for row, many in zip(kinds, times, strict=True)
        }
    )
