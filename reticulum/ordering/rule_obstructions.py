"""Why a rule for the linkers cannot be met: a counting or parity argument where there is one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.ordering.linker_rule import SumRule
from reticulum.ordering.problem import OrderingProblem

#: Linkers that a parity argument names one by one at most.
_NAMED_LINKERS = 12


def require_possible(problem: OrderingProblem) -> None:
    """Refuse a problem whose rules contradict each other, with the argument.

    Parameters
    ----------
    problem
        What is to be ordered.

    Raises
    ------
    InputError
        If no assignment obeys the rules.

    """
    if not problem.rules:
        return
    reason = (
        _too_few_joints(problem)
        or _miscounted(problem)
        or _odd_sum(problem)
        or _impossible_on_average(problem)
    )
    if not reason and next(problem.assignments(), None) is None:
        reason = (
            "Counting and parity allow it, but the search went through every case and each one "
            "ends in a linker that breaks the rule."
        )
    if reason:
        rules = ", ".join(str(rule) for rule in problem.rules)
        raise InputError(
            f"No ordering obeys the rule {rules} in a cell of {problem.sites.n_sites} clusters "
            f"and {len(problem.sites.linkers)} linkers.",
            why=reason,
            fix="Change the counts, the rule or the supercell; without --count the rule alone "
            "decides how many there are.",
        )


def _labels(problem: OrderingProblem) -> list[str]:
    return [problem.sites.sublattice.label_of(metal) for metal in problem.metals]


def _too_few_joints(problem: OrderingProblem) -> str:
    """Compare what the rules ask of one linker with what it has."""
    joints = (problem.sites.linkers >= 0).sum(axis=1)
    smallest = int(joints.min())
    needed = sum(rule.fewest for rule in problem.rules)
    if needed > smallest:
        asked = " and ".join(rule.in_words for rule in problem.rules)
        return f"A linker meets {smallest} clusters, fewer than {needed} ({asked})."
    allowed = sum(rule.most for rule in problem.rules)
    if len(problem.metals) == 1 and allowed < int(joints.max()):
        return (
            f"No metal but {problem.metals[0]} was named, so each linker meets "
            f"{int(joints.max())} of it. Name another one, for instance with --count Ru=N."
        )
    if len(problem.rules) == len(problem.metals) and allowed < int(joints.max()):
        return f"A linker meets {int(joints.max())} clusters, and the rules allow {allowed}."
    return ""


def _miscounted(problem: OrderingProblem) -> str:
    """Count meetings of linkers and clusters in two ways."""
    linkers = problem.sites.linkers
    met = np.bincount(linkers[linkers >= 0], minlength=problem.sites.n_sites)
    if len(set(met.tolist())) != 1:
        return ""
    each = int(met[0])
    n_linkers = len(linkers)
    labels = _labels(problem)
    for rule in problem.rules:
        colour = problem.metals.index(rule.metal)
        label = labels[colour]
        low, high = n_linkers * rule.fewest, n_linkers * rule.most
        start = (
            f"Count the meetings of linkers and {label} in two ways: {n_linkers} linkers with "
            f"{rule.in_words.replace(rule.metal, label)} make {_span(low, high)}, and each "
            f"{label} is met by {each} linkers"
        )
        if problem.counts is None:
            if low == high and low % each:
                return f"{start}; {low} is not a multiple of {each}."
            continue
        have = problem.counts[colour] * each
        if not low <= have <= high:
            return (
                f"{start}, so {problem.counts[colour]} {label} make {have}. The rule needs "
                f"{_needed(low, high, each, label)}."
            )
    return ""


def _span(low: int, high: int) -> str:
    return f"{low} meetings" if low == high else f"{low} to {high} meetings"


def _needed(low: int, high: int, each: int, label: str) -> str:
    fewest, most = -(-low // each), high // each
    if fewest > most:
        return f"a number of {label} that is not whole ({low / each:.4g})"
    return f"{fewest} {label}" if fewest == most else f"{fewest} to {most} {label}"


def _exact(problem: OrderingProblem) -> list[tuple[int, SumRule]]:
    """Return the rules that fix a sum, with their numbers."""
    return [
        (number, rule)
        for number, rule in enumerate(problem.sum_rules())
        if rule.fewest == rule.most
    ]


def _odd_sum(problem: OrderingProblem) -> str:
    """Find linkers over which every cluster counts an even number of times and the sum is odd."""
    labels = _labels(problem)
    for colour, label in enumerate(labels):
        chosen = [
            (number, rule)
            for number, rule in _exact(problem)
            if rule.colour == colour and len(rule.sites) < problem.sites.n_sites
        ]
        rows = _odd_combination([rule for _, rule in chosen], problem.sites.n_sites)
        if rows:
            linkers = [chosen[row][0] % len(problem.sites.linkers) for row in rows]
            total = sum(chosen[row][1].fewest for row in rows)
            named = (
                f" (numbers {', '.join(map(str, sorted(linkers)))})"
                if len(linkers) <= _NAMED_LINKERS
                else ""
            )
            return (
                f"Parity: add the rule over {len(linkers)} linkers{named}. Each cluster is met "
                f"by an even number of them, so the {label} met are even in number, but the rule "
                f"makes them {total}."
            )
    return ""


def _odd_combination(rules: Sequence[SumRule], n_sites: int) -> list[int]:
    """Rows that add up to an even number at every site while their sums add up to an odd one."""
    # Each row as one integer: bits of the sites, then of the sum, then of the rows added so far.
    target = 1 << n_sites
    rows = []
    for number, rule in enumerate(rules):
        bits = sum(1 << site for site, weight in rule.sites.items() if weight % 2)
        rows.append(bits | (target if rule.fewest % 2 else 0) | (1 << (n_sites + 1 + number)))
    mask = target - 1
    pivots: dict[int, int] = {}
    best: list[int] = []
    for row in rows:
        current = row
        while current & mask:
            lead = (current & mask).bit_length() - 1
            if lead not in pivots:
                pivots[lead] = current
                break
            current ^= pivots[lead]
        else:
            if current & target:
                members = current >> (n_sites + 1)
                found = [n for n in range(len(rules)) if members >> n & 1]
                if not best or len(found) < len(best):
                    best = found
    return best


def _impossible_on_average(problem: OrderingProblem) -> str:
    """Ask whether fractions of clusters could obey the rules."""
    from scipy.optimize import linprog
    from scipy.sparse import coo_array

    n_sites, n_colours = problem.sites.n_sites, len(problem.metals)
    rules = problem.sum_rules()
    row, column, value = [], [], []
    for number, rule in enumerate(rules):
        for site, weight in rule.sites.items():
            row.append(number)
            column.append(site * n_colours + rule.colour)
            value.append(float(weight))
    sums = coo_array((value, (row, column)), shape=(len(rules), n_sites * n_colours)).tocsr()
    one = coo_array(
        (
            np.ones(n_sites * n_colours),
            (np.repeat(np.arange(n_sites), n_colours), np.arange(n_sites * n_colours)),
        )
    ).tocsr()
    high = np.array([float(rule.most) for rule in rules])
    low = np.array([float(rule.fewest) for rule in rules])
    found = linprog(
        np.zeros(n_sites * n_colours),
        A_ub=_stacked(sums, -sums),
        b_ub=np.concatenate([high, -low]),
        A_eq=one,
        b_eq=np.ones(n_sites),
        bounds=(0.0, 1.0),
        method="highs",
    )
    if found.status == 2:
        return (
            "Not even fractions of clusters on each site can obey it: the sums that the linkers "
            "ask for contradict each other on average."
        )
    return ""


def _stacked(upper: object, lower: object) -> NDArray[np.float64]:
    from scipy.sparse import vstack

    stacked: NDArray[np.float64] = vstack([upper, lower])
    return stacked
