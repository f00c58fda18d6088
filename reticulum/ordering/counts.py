"""How many orderings a problem has, exactly where possible, without listing them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reticulum.ordering.colouring_counts import (
    n_assignments,
    n_distinct,
    n_distinct_in_cell,
)
from reticulum.ordering.linker_rule import SumRule
from reticulum.ordering.orderings import iterate_orderings
from reticulum.ordering.problem import OrderingProblem
from reticulum.ordering.rule_counting import RuleCount, count_under_rules

#: Assignments under a rule that are simply listed to count them; beyond it the transfer matrix
#: takes over.
_LISTED_ASSIGNMENTS = 2_000

#: Operations times clusters up to which classes are counted exactly: half a minute.
_MOST_WORK = 80_000_000

#: Steps (operations times clusters) after which the count of classes under a rule is given as a
#: bound: each operation takes a transfer matrix of its own.
_MOST_OPERATIONS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderingCount:
    """Number of orderings of a problem.

    Attributes
    ----------
    n_clusters, n_linkers
        In the supercell.
    n_total
        Assignments in the given cell; None if only bounds are known.
    n_total_bounds
        Lower and upper bound of it, equal if it is known.
    n_inequivalent
        Orderings distinct under the parent's whole space group; None if only bounds are known.
    n_inequivalent_bounds
        Lower and upper bound of it, equal if it is known.
    n_distinct_in_cell
        Orderings distinct under the operations that keep the supercell; larger than
        `n_inequivalent` where the supercell is less symmetric than the parent. None if unknown.

    """

    n_clusters: int
    n_linkers: int
    n_total: int | None
    n_total_bounds: tuple[int, int]
    n_inequivalent: int | None
    n_inequivalent_bounds: tuple[int, int]
    n_distinct_in_cell: int | None

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "n_clusters": self.n_clusters,
            "n_linkers": self.n_linkers,
            "n_total": self.n_total,
            "n_total_bounds": list(self.n_total_bounds),
            "n_inequivalent": self.n_inequivalent,
            "n_inequivalent_bounds": list(self.n_inequivalent_bounds),
            "n_distinct_in_cell": self.n_distinct_in_cell,
        }


def count_orderings(problem: OrderingProblem) -> OrderingCount:
    """Number of orderings of a problem.

    Without a rule the counts are exact for every cell. Under a rule they are exact when the
    orderings are few or the cross-section of the cell is small; otherwise they are bounds.

    Parameters
    ----------
    problem
        What is to be ordered.

    """
    sites = problem.sites
    if not problem.rules:
        assert problem.counts is not None
        total = n_assignments(problem.counts)
        if sites.n_operations * sites.n_sites > _MOST_WORK:
            return _result(problem, (total, total), None, None)
        in_cell = n_distinct_in_cell(sites, problem.counts)
        distinct = in_cell if sites.is_invariant else n_distinct(sites, problem.counts)
        return _result(problem, (total, total), distinct, in_cell)
    listed = 0
    for _ in problem.assignments():
        listed += 1
        if listed > _LISTED_ASSIGNMENTS:
            break
    else:
        return _result(problem, (listed, listed), sum(1 for _ in iterate_orderings(problem)), None)
    counted = count_under_rules(sites.n_sites, len(problem.metals), problem.sum_rules())
    if counted is None:
        upper = (
            len(problem.metals) ** sites.n_sites
            if problem.counts is None
            else n_assignments(problem.counts)
        )
        return _result(problem, (listed, upper), None, None)
    classes = _classes_under_rules(problem)
    return _result(
        problem, (counted.total, counted.total), classes if sites.is_invariant else None, classes
    )


def _result(
    problem: OrderingProblem,
    total: tuple[int, int],
    inequivalent: int | None,
    in_cell: int | None,
) -> OrderingCount:
    sites = problem.sites
    # A class has at most one member for each operation of the parent in the cell.
    largest_class = sites.sublattice.order * sites.index
    bounds = (
        (-(-total[0] // largest_class), total[1])
        if inequivalent is None
        else (inequivalent, inequivalent)
    )
    return OrderingCount(
        n_clusters=sites.n_sites,
        n_linkers=len(sites.linkers),
        n_total=total[0] if total[0] == total[1] else None,
        n_total_bounds=total,
        n_inequivalent=inequivalent,
        n_inequivalent_bounds=bounds,
        n_distinct_in_cell=in_cell,
    )


def _classes_under_rules(problem: OrderingProblem) -> int | None:
    """Classes under the operations of the cell: Burnside, one transfer matrix an operation."""
    sites = problem.sites
    if sites.n_operations > _MOST_OPERATIONS:
        return None
    rules = problem.sum_rules()
    cycles_of: Counter[tuple[int, ...]] = Counter()
    for operation in sites.operations:
        for row in sites.operation_block(operation):
            cycles_of[_cycle_numbers(row.tolist())] += 1
    total = 0
    for cycles, times in cycles_of.items():
        counted = _count_unchanged(cycles, len(problem.metals), rules)
        if counted is None:
            return None
        total += times * counted.total
    return total // sites.n_operations


def _cycle_numbers(row: list[int]) -> tuple[int, ...]:
    """Return the number of the cycle of each site."""
    numbers = [-1] * len(row)
    cycle = 0
    for start in range(len(row)):
        if numbers[start] >= 0:
            continue
        site = start
        while numbers[site] < 0:
            numbers[site] = cycle
            site = row[site]
        cycle += 1
    return tuple(numbers)


def _count_unchanged(
    cycles: tuple[int, ...], n_colours: int, rules: tuple[SumRule, ...]
) -> RuleCount | None:
    """Colourings under the rules in which each cycle has one colour."""
    merged: dict[tuple[int, tuple[tuple[int, int], ...], int, int], SumRule] = {}
    for rule in rules:
        weights: Counter[int] = Counter()
        for site, weight in rule.sites.items():
            weights[cycles[site]] += weight
        sites: Mapping[int, int] = dict(sorted(weights.items()))
        key = (rule.colour, tuple(sites.items()), rule.fewest, rule.most)
        merged[key] = SumRule(colour=rule.colour, sites=sites, fewest=rule.fewest, most=rule.most)
    return count_under_rules(int(np.max(cycles)) + 1, n_colours, tuple(merged.values()))
