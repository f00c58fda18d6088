"""Number of orderings under a linker rule without listing them, and uniform samples of them.

Sites are decided one after another. What earlier decisions mean for later ones is contained in the
sums of the linkers that are met by both, so all partial orderings with the same open sums count
together (a transfer matrix along the framework). The number of different open sums grows with the
cross-section of the cell, and beyond a limit the count is given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from reticulum.ordering.linker_rule import SumRule

#: Sums of the open rules, in the order of the rules.
_State: TypeAlias = tuple[int, ...]

#: Open states that are followed before the count is given up: about 100 MB and half a minute.
MAX_STATES = 200_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RuleCount:
    """Exact count of the colourings under rules, with what is needed to sample them.

    Attributes
    ----------
    total
        Number of colourings.

    """

    total: int
    _order: tuple[int, ...]
    _steps: tuple[_Step, ...]
    _completions: tuple[dict[_State, int], ...]

    def sample(self, random: Random) -> NDArray[np.uint8]:
        """One colouring, each with the same probability.

        Raises
        ------
        ValueError
            If there is none.

        """
        if self.total == 0:
            raise ValueError("no colouring obeys the rules")
        colours = np.zeros(len(self._order), dtype=np.uint8)
        state: _State = ()
        for number, step in enumerate(self._steps):
            options = [
                (colour, following, self._completions[number + 1].get(following, 0))
                for colour, following in step.moves(state)
            ]
            at = random.randrange(sum(ways for _, _, ways in options))
            for colour, following, ways in options:
                if at < ways:
                    colours[self._order[number]] = colour
                    state = following
                    break
                at -= ways
        return colours


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """Decision on one site: how it moves the open sums.

    Attributes
    ----------
    added
        For each colour what it adds to each open rule.
    lowest, highest
        Bounds on each open sum after the step.
    kept
        Places of the rules that stay open.
    opened
        Number of rules that open with this site; they start at 0.

    """

    added: tuple[_State, ...]
    lowest: _State
    highest: _State
    kept: tuple[int, ...]
    opened: int

    def moves(self, state: _State) -> list[tuple[int, _State]]:
        """Colours that the rules allow, and the open sums after each."""
        before = (*state, *(0,) * self.opened)
        result = []
        for colour, added in enumerate(self.added):
            after = [x + y for x, y in zip(before, added, strict=True)]
            if all(
                low <= x <= high
                for x, low, high in zip(after, self.lowest, self.highest, strict=True)
            ):
                result.append((colour, tuple(after[place] for place in self.kept)))
        return result


def count_under_rules(
    n_sites: int, n_colours: int, rules: Sequence[SumRule], max_states: int = MAX_STATES
) -> RuleCount | None:
    """Number of colourings that obey rules, or None if there are too many open states.

    Parameters
    ----------
    n_sites, n_colours
        Number of sites and colours.
    rules
        Rules on sums, those of the composition included.
    max_states
        Open states that are followed at most.

    """
    order = _order(n_sites, rules)
    steps = _steps(order, n_colours, rules)
    layers: list[set[_State]] = [{()}]
    for step in steps:
        following = {after for state in layers[-1] for _, after in step.moves(state)}
        if len(following) > max_states:
            return None
        layers.append(following)
    completions: list[dict[_State, int]] = [dict.fromkeys(layers[-1], 1)]
    for step, layer in zip(reversed(steps), reversed(layers[:-1]), strict=True):
        after = completions[-1]
        ways: Counter[_State] = Counter()
        for state in layer:
            ways[state] = sum(after[following] for _, following in step.moves(state))
        completions.append(dict(ways))
    completions.reverse()
    return RuleCount(
        total=completions[0].get((), 0),
        _order=tuple(order),
        _steps=tuple(steps),
        _completions=tuple(completions),
    )


def _order(n_sites: int, rules: Sequence[SumRule]) -> list[int]:
    """Order of sites that keeps few rules open: next the one that opens the fewest new ones."""
    local = [rule for rule in rules if len(rule.sites) < n_sites]
    of_site: list[list[int]] = [[] for _ in range(n_sites)]
    for number, rule in enumerate(local):
        for site in rule.sites:
            of_site[site].append(number)
    left = [len(rule.sites) for rule in local]
    opened: set[int] = set()
    remaining = set(range(n_sites))
    order: list[int] = []
    while remaining:
        site = min(
            remaining,
            key=lambda s: (
                sum(number not in opened for number in of_site[s])
                - sum(left[number] == 1 for number in of_site[s]),
                -sum(number in opened for number in of_site[s]),
                s,
            ),
        )
        remaining.discard(site)
        order.append(site)
        for number in of_site[site]:
            opened.add(number)
            left[number] -= 1
    return order


def _steps(order: Sequence[int], n_colours: int, rules: Sequence[SumRule]) -> list[_Step]:
    place = {site: number for number, site in enumerate(order)}
    first = [min((place[s] for s in rule.sites), default=0) for rule in rules]
    last = [max((place[s] for s in rule.sites), default=0) for rule in rules]
    remaining = [sum(rule.sites.values()) for rule in rules]
    open_rules: list[int] = []
    steps = []
    for number, site in enumerate(order):
        new = [rule for rule in range(len(rules)) if first[rule] == number]
        current = [*open_rules, *new]
        for rule in current:
            remaining[rule] -= rules[rule].sites.get(site, 0)
        kept = tuple(at for at, rule in enumerate(current) if last[rule] > number)
        steps.append(
            _Step(
                added=tuple(
                    tuple(
                        rules[rule].sites.get(site, 0) if rules[rule].colour == colour else 0
                        for rule in current
                    )
                    for colour in range(n_colours)
                ),
                lowest=tuple(rules[rule].fewest - remaining[rule] for rule in current),
                highest=tuple(rules[rule].most for rule in current),
                kept=kept,
                opened=len(new),
            )
        )
        open_rules = [current[at] for at in kept]
    return steps
