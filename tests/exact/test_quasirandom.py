"""Special quasirandom structures: running sums, seeds, and the best ordering of a small cell."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.frameworks.reading import read_structure
from reticulum.ordering.linker_rule import parse_linker_rule
from reticulum.ordering.orderings import iterate_orderings
from reticulum.ordering.problem import ordering_problem
from reticulum.ordering.quasirandom import _State, quasirandom_ordering
from reticulum.ordering.sublattice import cluster_sublattice


@pytest.fixture(scope="module")
def problem():
    parent = cluster_sublattice(read_structure("HKUST-1"))
    return ordering_problem(parent, parent.conventional, {"Ru": 8, "Zn": 4})


def test_swaps_keep_the_sums_of_a_fresh_count(problem):
    random = Random(2)
    state = _State(problem, 6)
    colours = np.array([0] * 12 + [1] * 8 + [2] * 4)
    random.shuffle(colours)
    state.set(colours)
    for _ in range(60):
        state.swap(*state.unlike_pair(random))
    fresh = _State(problem, 6)
    fresh.set(state.colours)
    assert state.misfit() == pytest.approx(fresh.misfit(), abs=1e-12)
    assert state.environments() == fresh.environments()
    assert sorted(state.colours.tolist()) == sorted(colours.tolist())


def test_shells_of_hkust1(problem):
    """8 neighbours on a linker at a/(2√2), 6 at a/2, ... from the positions 24d."""
    a = 26.343
    state = _State(problem, 6)
    state.set(np.zeros(24, dtype=np.int64))
    shells = state.shell_statistics()
    squares = [2, 4, 6, 8, 10, 12]  # of the distances in units of a/4
    assert [s.distance_a for s in shells] == pytest.approx([a / 4 * n**0.5 for n in squares])
    assert [s.n_neighbours for s in shells] == [8, 6, 16, 12, 16, 8]
    assert all(s.like_fraction == pytest.approx(1.0) for s in shells)


def test_result_is_better_than_random_and_repeats_with_its_seed(problem):
    one = quasirandom_ordering(problem, 5, steps=1500)
    assert one.misfit < one.first_misfit
    assert one.to_dict() == quasirandom_ordering(problem, 5, steps=1500).to_dict()
    assert one.ordering.counts == {"Cu": 12, "Ru": 8, "Zn": 4}
    assert sum(here for here, _ in one.linker_environments.values()) == pytest.approx(1.0)
    assert sum(random for _, random in one.linker_environments.values()) == pytest.approx(1.0)
    environments = one.ordering.linker_environments
    for key, (share, _) in one.linker_environments.items():
        assert share == pytest.approx(environments.get(key, 0) / 32)


def test_search_finds_the_best_ordering_of_a_small_cell():
    """Against all orderings of the cell, one by one."""
    parent = cluster_sublattice(read_structure("HKUST-1"))
    problem = ordering_problem(parent, np.diag([2, 1, 1]), {"Ru": 6})
    state = _State(problem, 4)
    misfits = []
    for ordering in iterate_orderings(problem):
        state.set(ordering.colours_in(problem.sites.form).astype(np.int64))
        misfits.append(state.misfit())
    found = quasirandom_ordering(problem, 1, shells=4, steps=3000)
    assert found.misfit == pytest.approx(min(misfits), abs=1e-12)
    assert max(misfits) > 10 * min(misfits)


def test_what_makes_no_sense_is_refused():
    parent = cluster_sublattice(read_structure("HKUST-1"))
    one = np.eye(3, dtype=np.int64)
    with pytest.raises(InputError, match="under a linker rule"):
        quasirandom_ordering(
            ordering_problem(parent, one, {"Ru": 2}, [parse_linker_rule("Ru=1")]), 1
        )
    with pytest.raises(InputError, match="of one metal"):
        quasirandom_ordering(ordering_problem(parent, one, {"Ru": 6}), 1)
