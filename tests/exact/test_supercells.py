"""Superlattices: normal forms, how many there are, what lies between them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticulum.errors import InputError
from reticulum.ordering.supercells import (
    cell_numbers,
    cells_of,
    determinant,
    equivalent_lattices,
    finer_lattices,
    hermite_normal_form,
    inequivalent_superlattices,
    kept_by,
    lattice_name,
    mobius,
    reduce_to_cell,
    supercell_matrix,
    superlattices,
)

CUBIC = np.array(
    [
        np.diag(signs) @ np.eye(3, dtype=np.int64)[list(axes)]
        for signs in np.array(np.meshgrid(*[[-1, 1]] * 3)).T.reshape(-1, 3)
        for axes in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    ],
    dtype=np.int64,
)

integers = st.integers(-6, 6)
matrices = st.lists(integers, min_size=9, max_size=9).map(
    lambda values: np.array(values, dtype=np.int64).reshape(3, 3)
)


@given(matrices, matrices)
def test_the_normal_form_names_the_lattice(matrix, change):
    if determinant(matrix) == 0:
        return
    form = hermite_normal_form(matrix)
    assert int(np.prod(np.diag(form))) == abs(determinant(matrix))
    assert np.array_equal(form, np.triu(form))
    for column in range(3):
        assert all(0 <= form[row, column] < form[column, column] for row in range(column))
    # both span the same lattice
    for one, other in ((matrix, form), (form, matrix)):
        coefficients = one @ np.linalg.inv(other)
        assert np.allclose(coefficients, np.rint(coefficients), atol=1e-8)
    if abs(determinant(change)) == 1:
        assert np.array_equal(hermite_normal_form(change @ matrix), form)
    assert np.array_equal(hermite_normal_form(np.vstack([matrix, change @ matrix])), form)


@given(
    matrices, st.lists(integers, min_size=3, max_size=3), st.lists(integers, min_size=3, max_size=3)
)
def test_points_of_one_class_get_one_number(matrix, point, steps):
    if determinant(matrix) == 0:
        return
    form = hermite_normal_form(matrix)
    here = np.array(point)
    there = here + np.array(steps) @ matrix
    assert cell_numbers(here, form) == cell_numbers(there, form)
    assert np.array_equal(reduce_to_cell(here, form), reduce_to_cell(there, form))


def test_cells_are_numbered_in_order():
    form = hermite_normal_form(np.array([[2, 1, 0], [0, 3, 1], [1, 0, 2]]))
    cells = cells_of(form)
    assert cell_numbers(cells, form).tolist() == list(range(len(cells)))


def test_numbers_of_superlattices():
    # sum over divisors d of n of d times the sum of the divisors of d
    assert [len(list(superlattices(n))) for n in range(1, 9)] == [1, 7, 13, 35, 31, 91, 57, 155]
    # inequivalent under the cubic point group, primitive lattice [Hart and Forcade 2008, table]
    assert [len(list(inequivalent_superlattices(n, CUBIC))) for n in range(1, 7)] == [
        1,
        3,
        3,
        9,
        5,
        13,
    ]


@pytest.mark.parametrize(("n", "subgroups"), [(2, 16), (3, 28), (4, 129), (6, 16 * 28)])
def test_lattices_in_between_are_the_subgroups_of_the_quotient(n, subgroups):
    forms = finer_lattices(n * np.eye(3, dtype=np.int64))
    assert len({lattice_name(form) for form in forms}) == len(forms) == subgroups


@pytest.mark.parametrize("rows", [np.diag([2, 2, 2]), np.diag([4, 2, 1]), np.diag([6, 1, 2])])
def test_mobius_function_sums_to_zero(rows):
    form = hermite_normal_form(np.asarray(rows))
    assert sum(mobius(form, finer) for finer in finer_lattices(form)) == 0
    assert mobius(form, form) == 1


@pytest.mark.parametrize(
    ("numbers", "word"),
    [((2, 0, 1), "below 1"), ((1, 2), "neither three nor nine"), ((1,) * 9, "plane")],
)
def test_impossible_supercells(numbers, word):
    with pytest.raises(InputError, match=word):
        supercell_matrix(numbers)


@given(matrices)
def test_images_of_a_lattice_are_those_of_each_rotation(matrix):
    if determinant(matrix) == 0:
        return
    form = hermite_normal_form(matrix)
    images = [hermite_normal_form(form @ rotation.T) for rotation in CUBIC]
    assert kept_by(form, CUBIC).tolist() == [np.array_equal(image, form) for image in images]
    assert equivalent_lattices(form, CUBIC) == {lattice_name(image) for image in images}
