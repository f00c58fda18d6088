"""Random orderings: uniform over all assignments with given counts and rules."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.ordering.orderings import Ordering, describe_ordering
from reticulum.ordering.problem import OrderingProblem
from reticulum.ordering.rule_counting import count_under_rules

#: Assignments under a rule that are listed to draw from them; beyond it the transfer matrix draws.
_LISTED_ASSIGNMENTS = 2_000


def random_orderings(problem: OrderingProblem, number: int, seed: int) -> tuple[Ordering, ...]:
    """Random orderings of a cell.

    Every assignment of the cell has the same probability, so a class of equivalent orderings comes
    up in proportion to its multiplicity: that is what complete disorder under the rule means.

    Parameters
    ----------
    problem
        What is to be ordered.
    number
        How many to draw, with replacement.
    seed
        The same seed gives the same orderings.

    Raises
    ------
    InputError
        If the number is below 1, or the orderings under the rule are too many to be drawn from
        with equal probability.

    """
    if number < 1:
        raise InputError(
            f"{number} random orderings were asked for.",
            why="At least one can be drawn.",
            fix="Give --sample 1 or more.",
        )
    draw = _drawing(problem, Random(seed))
    return tuple(describe_ordering(problem.sites, problem.metals, draw()) for _ in range(number))


def _drawing(problem: OrderingProblem, random: Random) -> Callable[[], NDArray[np.uint8]]:
    """Return the function that draws one assignment."""
    if not problem.rules:
        assert problem.counts is not None
        colours = [c for c, count in enumerate(problem.counts) for _ in range(count)]

        def shuffled() -> NDArray[np.uint8]:
            random.shuffle(colours)
            return np.array(colours, dtype=np.uint8)

        return shuffled
    listed = []
    for colours_under_rule in problem.assignments():
        listed.append(colours_under_rule)
        if len(listed) > _LISTED_ASSIGNMENTS:
            break
    else:
        return lambda: random.choice(listed)
    counted = count_under_rules(problem.sites.n_sites, len(problem.metals), problem.sum_rules())
    if counted is None:
        raise InputError(
            f"The orderings of {problem.sites.n_sites} clusters under this rule cannot be drawn "
            "with equal probability.",
            why="The cross-section of the cell is too large to count how each choice goes on.",
            fix="Use a smaller or longer and narrower cell, or no rule.",
        )
    return lambda: counted.sample(random)
