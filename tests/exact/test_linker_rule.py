"""Rules for linkers: reading them, all solutions, counts, samples, and why there are none."""

from __future__ import annotations

from collections import Counter
from itertools import product
from random import Random

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.frameworks.reading import read_structure
from reticulum.ordering.linker_rule import (
    LinkerRule,
    SumRule,
    composition_rules,
    parse_linker_rule,
    solutions,
    sum_rules,
)
from reticulum.ordering.problem import ordering_problem, parse_counts
from reticulum.ordering.random_orderings import random_orderings
from reticulum.ordering.rule_counting import count_under_rules
from reticulum.ordering.rule_obstructions import require_possible
from reticulum.ordering.sites import supercell_sites
from reticulum.ordering.study import study_rule
from reticulum.ordering.sublattice import cluster_sublattice


@pytest.fixture(scope="module")
def hkust1():
    return cluster_sublattice(read_structure("HKUST-1"))


@pytest.fixture(scope="module")
def uio66():
    return cluster_sublattice(read_structure("UiO-66"))


def obeys(colours, rules):
    return all(
        rule.fewest
        <= sum(weight for site, weight in rule.sites.items() if colours[site] == rule.colour)
        <= rule.most
        for rule in rules
    )


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Ru=1", ("Ru", 1, 1)),
        (" Ru = 0-2 ", ("Ru", 0, 2)),
        ("Zn<=1", ("Zn", 0, 1)),
    ],
)
def test_rules_are_read(text, rule):
    found = parse_linker_rule(text)
    assert (found.metal, found.fewest, found.most) == rule
    assert parse_linker_rule(str(found)) == found


@pytest.mark.parametrize("text", ["Ru", "Ru=", "Ru=2-1", "Ru<=0-1", "ru=1", "Ru=-1", ""])
def test_what_is_no_rule_is_refused(text):
    with pytest.raises(InputError):
        parse_linker_rule(text)


RULES = [
    [SumRule(colour=1, sites={0: 1, 1: 1, 2: 1}, fewest=1, most=2)],
    [
        SumRule(colour=1, sites={0: 2, 1: 1}, fewest=1, most=2),
        SumRule(colour=0, sites={1: 1, 2: 1, 3: 1}, fewest=0, most=1),
        SumRule(colour=2, sites={3: 1, 4: 3}, fewest=3, most=4),
    ],
    [
        SumRule(colour=1, sites={a: 1, (a + 1) % 5: 1}, fewest=1, most=1) for a in range(5)
    ],  # an odd ring: no solution
    [SumRule(colour=1, sites={a: 1, (a + 1) % 5: 1}, fewest=0, most=1) for a in range(5)],
    list(composition_rules(5, (1, 2, 2))),
]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("n_colours", [2, 3])
def test_solutions_are_those_of_brute_force(rules, n_colours):
    rules = [rule for rule in rules if rule.colour < n_colours]
    expected = {colours for colours in product(range(n_colours), repeat=5) if obeys(colours, rules)}
    found = [tuple(colours.tolist()) for colours in solutions(5, n_colours, rules)]
    assert len(found) == len(set(found))
    assert set(found) == expected
    counted = count_under_rules(5, n_colours, rules)
    assert counted is not None
    assert counted.total == len(expected)


@pytest.mark.parametrize("span", [(0, 1), (1, 1), (1, 2), (0, 2)])
def test_search_and_transfer_matrix_agree_on_hkust1(hkust1, span):
    sites = supercell_sites(hkust1, np.diag([1, 1, 2]))
    rule = LinkerRule(metal="Ru", fewest=span[0], most=span[1])
    rules = sum_rules(sites.linkers, ["Cu", "Ru"], [rule])
    by_search = Counter(int(c.sum()) for c in solutions(sites.n_sites, 2, rules))
    assert sum(by_search.values()) == count_under_rules(sites.n_sites, 2, rules).total
    for number in (2, 4, 5):
        both = (*rules, *composition_rules(sites.n_sites, (sites.n_sites - number, number)))
        assert count_under_rules(sites.n_sites, 2, both).total == by_search[number]


def test_the_transfer_matrix_gives_up_where_it_says(hkust1):
    sites = supercell_sites(hkust1, hkust1.conventional)
    rules = sum_rules(sites.linkers, ["Cu", "Ru"], [LinkerRule(metal="Ru", fewest=0, most=1)])
    assert count_under_rules(sites.n_sites, 2, rules, max_states=10) is None
    assert count_under_rules(sites.n_sites, 2, rules).total == 2332


def test_transfer_matrix_samples_are_uniform():
    rules = RULES[3]
    expected = {c for c in product(range(2), repeat=5) if obeys(c, rules)}
    counted = count_under_rules(5, 2, rules)
    random = Random(7)
    n = 6600
    found = Counter(tuple(counted.sample(random).tolist()) for _ in range(n))
    assert set(found) == expected
    mean = n / len(expected)
    assert max(abs(number - mean) for number in found.values()) < 5 * mean**0.5


def test_random_orderings_obey_the_rule_and_the_seed(hkust1):
    rule = parse_linker_rule("Ru<=1")
    problem = ordering_problem(hkust1, hkust1.conventional, {"Ru": 6}, [rule])
    one = random_orderings(problem, 5, 11)
    assert [o.to_dict() for o in one] == [o.to_dict() for o in random_orderings(problem, 5, 11)]
    assert [o.to_dict() for o in one] != [o.to_dict() for o in random_orderings(problem, 5, 12)]
    for ordering in one:
        assert ordering.counts == {"Cu": 18, "Ru": 6}
        assert set(ordering.linker_environments) <= {"Cu2+Cu2+Cu2", "Cu2+Cu2+Ru2"}


def test_free_samples_are_uniform(hkust1):
    problem = ordering_problem(hkust1, np.eye(3, dtype=np.int64), {"Ru": 2})
    n = 3000
    found = Counter(o.symmetry.space_group for o in random_orderings(problem, n, 3))
    # 3 of the 15 assignments are I4/mmm
    assert set(found) == {"I4/mmm", "C2/m"}
    assert abs(found["I4/mmm"] - n / 5) < 5 * (n * 0.2 * 0.8) ** 0.5


def refusal(problem):
    with pytest.raises(InputError) as caught:
        require_possible(problem)
    return caught.value.why


def test_a_wrong_count_is_told_by_counting(hkust1):
    rule = parse_linker_rule("Ru=1")
    problem = ordering_problem(hkust1, 2 * np.eye(3, dtype=np.int64), {"Ru": 15}, [rule])
    assert "15 Ru2 make 60" in refusal(problem)
    assert "needs 16 Ru2" in refusal(problem)


def test_too_much_for_a_linker(hkust1):
    problem = ordering_problem(hkust1, np.eye(3, dtype=np.int64), None, [parse_linker_rule("Ru=4")])
    assert "meets 3 clusters" in refusal(problem)


def test_a_number_that_does_not_divide(uio66):
    problem = ordering_problem(uio66, np.eye(3, dtype=np.int64), None, [parse_linker_rule("Hf=1")])
    assert "6 is not a multiple of 12" in refusal(problem)


def test_an_odd_ring_is_told_by_parity(uio66):
    # three clusters of a face-centred net share three linkers
    problem = ordering_problem(
        uio66, 2 * np.eye(3, dtype=np.int64), None, [parse_linker_rule("Hf=1")]
    )
    assert "Parity: add the rule over 3 linkers" in refusal(problem)


def test_contradictions_on_average_are_told(hkust1):
    rules = [parse_linker_rule("Ru=1-2"), parse_linker_rule("Zn=2-3")]
    problem = ordering_problem(hkust1, np.eye(3, dtype=np.int64), {"Ru": 2, "Zn": 3}, rules)
    assert refusal(problem)


def test_what_is_possible_passes(hkust1):
    require_possible(
        ordering_problem(
            hkust1, 2 * np.eye(3, dtype=np.int64), {"Ru": 16}, [parse_linker_rule("Ru=1")]
        )
    )


@pytest.mark.parametrize(
    ("counts", "word"),
    [
        (["Ru"], "cannot be read"),
        (["Ru=1.5"], "cannot be read"),
        (["Ru=1", "Ru=2"], "twice"),
        (["Xx=1"], "not the symbol of a metal"),
        (["O=1"], "not the symbol of a metal"),
        (["Ru=3-1"], "downwards"),
        (["Ru=4/3"], "between 0 and 1"),
    ],
)
def test_counts_that_cannot_be_read(counts, word):
    with pytest.raises(InputError, match=word):
        parse_counts(counts)


@pytest.mark.parametrize(
    ("counts", "word"),
    [({"Ru": 7}, "does not fit"), ({"Ru": 2, "Cu": 3}, "leave 4"), ({}, "Neither counts")],
)
def test_counts_that_do_not_fit(hkust1, counts, word):
    with pytest.raises(InputError, match=word):
        ordering_problem(hkust1, np.eye(3, dtype=np.int64), counts)


def test_a_fraction_that_gives_no_whole_number(hkust1):
    counts = {metal: values[0] for metal, values in parse_counts(["Ru=1/4"]).items()}
    with pytest.raises(InputError, match="multiple of 4"):
        ordering_problem(hkust1, np.eye(3, dtype=np.int64), counts)


@pytest.mark.parametrize(
    ("matrix", "word"),
    [
        ([[1, 0], [0, 1]], "no 3 x 3 matrix"),
        (1.5 * np.eye(3), "no 3 x 3 matrix"),
        (np.zeros((3, 3), dtype=int), "plane"),
        (np.diag([100, 100, 100]), "6,000,000 clusters"),
    ],
)
def test_impossible_cells(hkust1, matrix, word):
    with pytest.raises(InputError, match=word):
        supercell_sites(hkust1, matrix)


def test_a_rule_that_no_cell_obeys_is_said_to_be_impossible(uio66):
    study = study_rule(uio66, [parse_linker_rule("Hf=1")], multiples=(1, 2))
    assert study.answer.startswith("No ordering obeys the rule Hf=1")
