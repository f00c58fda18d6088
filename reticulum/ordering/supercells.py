"""Superlattices of a lattice, by integer matrices.

A superlattice is a 3 x 3 integer matrix whose rows are its basis in units of the parent's basis.
Two matrices span the same lattice when their Hermite normal forms agree; that form (upper
triangular, positive diagonal, each entry above a diagonal element smaller than it) is the name of
a lattice here [Santoro1972]_.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError

IntMatrix: TypeAlias = NDArray[np.int64]

#: Hermite normal form as a hashable name of a lattice: its six entries row by row.
LatticeName: TypeAlias = tuple[int, int, int, int, int, int]


def supercell_matrix(numbers: Sequence[int]) -> IntMatrix:
    """Supercell matrix from three multipliers or nine entries (rows are the new vectors).

    Raises
    ------
    InputError
        If there are neither three nor nine integers, a multiplier is not positive, or the
        vectors lie in a plane.

    """
    if len(numbers) == 3:
        if min(numbers) < 1:
            raise InputError(
                f"The supercell {' '.join(map(str, numbers))} has a multiplier below 1.",
                why="Each cell vector is repeated at least once.",
                fix='Give three positive integers, for instance --supercell "2 2 2".',
            )
        return np.diag(np.array(numbers, dtype=np.int64))
    if len(numbers) != 9:
        raise InputError(
            f"A supercell of {len(numbers)} numbers is neither three nor nine integers.",
            why="Three multiply the cell vectors; nine are the rows of a matrix.",
            fix='For instance --supercell "2 2 2" or --supercell "-1 1 1  1 -1 1  1 1 -1".',
        )
    matrix = np.array(numbers, dtype=np.int64).reshape(3, 3)
    if determinant(matrix) == 0:
        raise InputError(
            f"The supercell vectors {matrix.tolist()} lie in a plane.",
            why="The determinant of the matrix is 0, so it spans no cell.",
            fix="Give three independent vectors.",
        )
    return matrix


def determinant(matrix: IntMatrix) -> int:
    """Exact determinant of an integer 3 x 3 matrix."""
    a, b, c = (list(map(int, row)) for row in matrix)
    return (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        - a[1] * (b[0] * c[2] - b[2] * c[0])
        + a[2] * (b[0] * c[1] - b[1] * c[0])
    )


def hermite_normal_form(vectors: IntMatrix) -> IntMatrix:
    """Hermite normal form of the lattice spanned by integer vectors.

    Parameters
    ----------
    vectors
        (m, 3) generators as rows; m may exceed 3.

    Returns
    -------
    numpy.ndarray
        (3, 3) upper triangular.

    Raises
    ------
    ValueError
        If the vectors do not span three dimensions.

    """
    rows = [list(map(int, row)) for row in vectors]
    form: list[list[int]] = []
    for column in range(3):
        pivot: list[int] | None = None
        rest: list[list[int]] = []
        for row in rows:
            current = row
            if pivot is None:
                if current[column]:
                    pivot = current
                else:
                    rest.append(current)
                continue
            while current[column]:
                factor = pivot[column] // current[column]
                pivot = [p - factor * q for p, q in zip(pivot, current, strict=True)]
                pivot, current = current, pivot
            rest.append(current)
        if pivot is None:
            raise ValueError("the vectors do not span three dimensions")
        if pivot[column] < 0:
            pivot = [-value for value in pivot]
        for above in form:
            factor = above[column] // pivot[column]
            for position in range(3):
                above[position] -= factor * pivot[position]
        form.append(pivot)
        rows = rest
    return np.array(form, dtype=np.int64)


def lattice_name(form: IntMatrix) -> LatticeName:
    """Hashable name of a Hermite normal form."""
    a, b, c, d, e, f = (
        int(form[0, 0]),
        int(form[0, 1]),
        int(form[0, 2]),
        int(form[1, 1]),
        int(form[1, 2]),
        int(form[2, 2]),
    )
    return a, b, c, d, e, f


def reduce_to_cell(points: IntMatrix, form: IntMatrix) -> IntMatrix:
    """Representatives of lattice points modulo a superlattice.

    Parameters
    ----------
    points
        (..., 3) integer points of the parent lattice.
    form
        Hermite normal form.

    Returns
    -------
    numpy.ndarray
        (..., 3), each entry from 0 to the diagonal element less one.

    """
    reduced = np.array(points, dtype=np.int64)
    for axis in range(3):
        factor = reduced[..., axis] // form[axis, axis]
        reduced -= factor[..., None] * form[axis]
    return reduced


def cell_numbers(points: IntMatrix, form: IntMatrix) -> NDArray[np.int64]:
    """Running number of each lattice point modulo a superlattice, shape (...)."""
    reduced = reduce_to_cell(points, form)
    _, d, e = np.diag(form)
    return np.asarray((reduced[..., 0] * d + reduced[..., 1]) * e + reduced[..., 2])


def cells_of(form: IntMatrix) -> IntMatrix:
    """All lattice points modulo a superlattice, (index, 3), in the order of `cell_numbers`."""
    a, d, f = np.diag(form).tolist()
    return np.array(list(product(range(a), range(d), range(f))), dtype=np.int64)


def kept_by(form: IntMatrix, rotations: IntMatrix) -> NDArray[np.bool_]:
    """Whether each rotation (g, 3, 3) of column vectors carries a lattice onto itself, (g,)."""
    return _same_lattice(form @ rotations.transpose(0, 2, 1), form)


def equivalent_lattices(form: IntMatrix, rotations: IntMatrix) -> set[LatticeName]:
    """Names of the images of a lattice under a point group (g, 3, 3) of column vectors."""
    names = set()
    images = form @ rotations.transpose(0, 2, 1)
    while len(images):
        names.add(lattice_name(hermite_normal_form(images[0])))
        images = images[~_same_lattice(images, images[0])]
    return names


def _same_lattice(bases: IntMatrix, basis: IntMatrix) -> NDArray[np.bool_]:
    """Whether each of some bases (g, 3, 3) of one volume spans the lattice of another basis."""
    first, second, third = basis
    adjugate = np.stack(
        [np.cross(second, third), np.cross(third, first), np.cross(first, second)], axis=1
    )
    remainders = (bases @ adjugate) % determinant(basis)
    return np.asarray(~remainders.any(axis=(1, 2)))


def superlattices(index: int) -> Iterator[IntMatrix]:
    """All superlattices of an index, as Hermite normal forms, in a fixed order."""
    for a in range(1, index + 1):
        if index % a:
            continue
        for d in range(1, index // a + 1):
            if (index // a) % d:
                continue
            f = index // (a * d)
            for b, c, e in product(range(d), range(f), range(f)):
                yield np.array([[a, b, c], [0, d, e], [0, 0, f]], dtype=np.int64)


def inequivalent_superlattices(index: int, rotations: IntMatrix) -> Iterator[IntMatrix]:
    """One superlattice of each class under a point group.

    Parameters
    ----------
    index
        Volume in units of the parent cell.
    rotations
        (g, 3, 3) in the parent's basis, acting on columns.

    """
    seen: set[LatticeName] = set()
    for form in superlattices(index):
        if lattice_name(form) in seen:
            continue
        seen |= equivalent_lattices(form, rotations)
        yield form


def finer_lattices(form: IntMatrix) -> tuple[IntMatrix, ...]:
    """All lattices between a superlattice and the parent lattice, both included.

    Parameters
    ----------
    form
        Hermite normal form of the superlattice.

    Returns
    -------
    tuple of numpy.ndarray
        Hermite normal forms, smallest cells first.

    """
    found = {lattice_name(form): form}
    queue = [form]
    while queue:
        lattice = queue.pop()
        for prime in _prime_factors(int(np.prod(np.diag(lattice)))):
            for finer in _one_step_finer(lattice, prime):
                if found.setdefault(lattice_name(finer), finer) is finer:
                    queue.append(finer)
    return tuple(sorted(found.values(), key=lambda m: (int(np.prod(np.diag(m))), lattice_name(m))))


def _one_step_finer(form: IntMatrix, prime: int) -> Iterator[IntMatrix]:
    """Integer lattices that hold a lattice with a prime index."""
    for factors in product(range(prime), repeat=3):
        leading = next((value for value in factors if value), 0)
        if leading != 1:  # multiples of one vector give the same lattice
            continue
        vector = np.array(factors, dtype=np.int64) @ form
        if not (vector % prime).any():
            yield hermite_normal_form(np.vstack([form, vector // prime]))


def _prime_factors(number: int) -> list[int]:
    """Distinct prime factors, ascending."""
    factors = []
    prime = 2
    while number > 1:
        if number % prime == 0:
            factors.append(prime)
            while number % prime == 0:
                number //= prime
        prime += 1
    return factors


def mobius(inner: IntMatrix, outer: IntMatrix) -> int:
    """Möbius function of the lattices between two lattices [Hall1936]_.

    It is the product over the primes p of (-1)^k p^(k(k-1)/2) when the quotient of the finer by
    the coarser lattice is a product of groups (Z/p)^k, and 0 otherwise.

    Parameters
    ----------
    inner
        The coarser lattice (larger cell), Hermite normal form.
    outer
        The finer lattice that contains it.

    """
    quotient = np.rint(inner @ np.linalg.inv(outer)).astype(np.int64)
    order = abs(determinant(quotient))
    value = 1
    prime = 2
    while order > 1:
        if order % prime:
            prime += 1
            continue
        rank = 0
        while order % prime == 0:
            order //= prime
            rank += 1
        # (Z/p)^k with k = rank: every p-th multiple falls into the coarser lattice.
        if _rank_modulo(quotient, prime) != 3 - rank:
            return 0
        value *= (-1) ** rank * prime ** (rank * (rank - 1) // 2)
    return value


def _rank_modulo(matrix: IntMatrix, prime: int) -> int:
    """Rank of an integer matrix over the field of `prime` elements."""
    rows = [[int(value) % prime for value in row] for row in matrix]
    rank = 0
    for column in range(3):
        pivot = next((r for r in range(rank, 3) if rows[r][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        inverse = pow(rows[rank][column], -1, prime)
        for r in range(3):
            if r != rank and rows[r][column]:
                factor = rows[r][column] * inverse % prime
                rows[r] = [
                    (x - factor * y) % prime for x, y in zip(rows[r], rows[rank], strict=True)
                ]
        rank += 1
    return rank
