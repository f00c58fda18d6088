"""Rules on how many clusters of a metal each linker meets, and every ordering that obeys them.

The rule is a set of sums over a few sites each, so orderings under it are found by a search that
never tries what the rule already excludes: after each choice everything that follows from it is
fixed (bounds on each sum), and the next choice is taken where the fewest are left. All solutions
are found, each once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LinkerRule:
    """How many clusters of a metal each linker meets.

    Attributes
    ----------
    metal
        Element.
    fewest, most
        Allowed number of its clusters on each linker, both included.

    """

    metal: str
    fewest: int
    most: int

    def __str__(self) -> str:
        """Return the rule as the user writes it."""
        span = f"{self.fewest}" if self.fewest == self.most else f"{self.fewest}-{self.most}"
        return f"{self.metal}={span}"

    @property
    def in_words(self) -> str:
        """The rule as part of a sentence."""
        if self.fewest == self.most:
            return f"exactly {self.fewest} {self.metal}"
        return f"{self.fewest} to {self.most} {self.metal}"


def parse_linker_rule(text: str) -> LinkerRule:
    """Rule from text: ``Ru=1``, ``Ru=0-1`` or ``Ru<=1``.

    Raises
    ------
    InputError
        If the text is none of these.

    """
    match = re.fullmatch(r"\s*([A-Z][a-z]?)\s*(?:(<)?=)\s*(\d+)(?:\s*-\s*(\d+))?\s*", text)
    if match is None or (match.group(2) and match.group(4)):
        raise InputError(
            f"The rule {text!r} cannot be read.",
            why="A rule says how many clusters of one metal each linker meets.",
            fix="Write for instance --per-linker Ru=1, --per-linker Ru=0-1 or --per-linker Ru<=1.",
        )
    number = int(match.group(3))
    fewest = 0 if match.group(2) else number
    most = int(match.group(4)) if match.group(4) else number
    if most < fewest:
        raise InputError(
            f"The rule {text!r} runs from {fewest} down to {most}.",
            why="The first number is the fewest, the second the most.",
            fix=f"Write --per-linker {match.group(1)}={most}-{fewest}.",
        )
    return LinkerRule(metal=match.group(1), fewest=fewest, most=most)


@dataclass(frozen=True, slots=True, kw_only=True)
class SumRule:
    """Bounds on a weighted number of sites of one colour.

    Attributes
    ----------
    colour
        The colour that is counted.
    sites
        Sites and how often each is met: a linker that meets two images of a site counts it twice.
    fewest, most
        Bounds on the sum, both included.

    """

    colour: int
    sites: Mapping[int, int]
    fewest: int
    most: int


def sum_rules(
    linkers: NDArray[np.int64], metals: Sequence[str], rules: Sequence[LinkerRule]
) -> tuple[SumRule, ...]:
    """Rules of each linker of a supercell.

    Parameters
    ----------
    linkers
        (n_linkers, j) sites met by each linker, -1 for none.
    metals
        Metal of each colour.
    rules
        Rules for each linker.

    """
    return tuple(
        SumRule(
            colour=metals.index(rule.metal),
            sites=dict(Counter(site for site in row if site >= 0)),
            fewest=rule.fewest,
            most=rule.most,
        )
        for rule in rules
        for row in linkers.tolist()
    )


def composition_rules(n_sites: int, counts: Sequence[int]) -> tuple[SumRule, ...]:
    """Rules that fix the number of sites of each colour."""
    everywhere = dict.fromkeys(range(n_sites), 1)
    return tuple(
        SumRule(colour=colour, sites=everywhere, fewest=count, most=count)
        for colour, count in enumerate(counts)
    )


def solutions(
    n_sites: int, n_colours: int, rules: Sequence[SumRule]
) -> Iterator[NDArray[np.uint8]]:
    """Every colouring that obeys the rules, each once.

    Parameters
    ----------
    n_sites, n_colours
        Number of sites and of colours.
    rules
        The rules; a site in none of them is free.

    Yields
    ------
    numpy.ndarray
        (n_sites,) colours.

    """
    search = _Search(n_sites, n_colours, rules)
    if not search.start():
        return
    # Each entry: length of the trail before the choice, the site, and the colours yet to try.
    choices: list[tuple[int, int, int]] = []
    while True:
        site = search.next_site()
        if site is None:
            yield search.colours()
        else:
            choices.append((len(search.trail), site, search.allowed[site]))
        while choices:
            mark, chosen, left = choices.pop()
            search.undo(mark)
            if not left:
                continue
            # the highest colour first: the parent's own metal, colour 0, is tried last
            colour = left.bit_length() - 1
            choices.append((mark, chosen, left & ~(1 << colour)))
            if search.choose(chosen, colour):
                break
        if not choices:
            return


class _Search:
    """Allowed colours of each site as bits, with the sums that follow; changes can be undone."""

    def __init__(self, n_sites: int, n_colours: int, rules: Sequence[SumRule]) -> None:
        self.allowed = [(1 << n_colours) - 1] * n_sites
        self.trail: list[tuple[int, int]] = []
        self._rules = rules
        self._sure = [0] * len(rules)
        self._possible = [sum(rule.sites.values()) for rule in rules]
        self._of_site: list[list[tuple[int, int, int]]] = [[] for _ in range(n_sites)]
        for number, rule in enumerate(rules):
            for site, weight in rule.sites.items():
                self._of_site[site].append((number, 1 << rule.colour, weight))
        self._heaviest = [max(rule.sites.values(), default=0) for rule in rules]
        self._local = [n for n, rule in enumerate(rules) if len(rule.sites) < n_sites]

    def start(self) -> bool:
        """Draw the first conclusions; False if the rules contradict each other."""
        return self._follow(list(range(len(self._rules))))

    def colours(self) -> NDArray[np.uint8]:
        return np.array([bits.bit_length() - 1 for bits in self.allowed], dtype=np.uint8)

    def next_site(self) -> int | None:
        """Site to decide next: in the rule with the fewest open sites that still needs some."""
        best: int | None = None
        fewest = 1 << 30
        for number in self._local:
            rule = self._rules[number]
            if self._sure[number] >= rule.fewest:
                continue
            bit = 1 << rule.colour
            open_sites = [
                site
                for site in rule.sites
                if self.allowed[site] & bit and self.allowed[site] != bit
            ]
            if open_sites and len(open_sites) < fewest:
                best, fewest = open_sites[0], len(open_sites)
                if fewest <= 2:
                    break
        if best is not None:
            return best
        return next((s for s, bits in enumerate(self.allowed) if bits & (bits - 1)), None)

    def choose(self, site: int, colour: int) -> bool:
        """Give a site a colour and draw the conclusions; False on a contradiction."""
        touched: list[int] = []
        self._restrict(site, 1 << colour, touched)
        return self._follow(touched)

    def undo(self, mark: int) -> None:
        """Take back all changes after a mark."""
        while len(self.trail) > mark:
            site, before = self.trail.pop()
            after = self.allowed[site]
            self.allowed[site] = before
            for number, bit, weight in self._of_site[site]:
                if after == bit and before != bit:
                    self._sure[number] -= weight
                if before & bit and not after & bit:
                    self._possible[number] += weight

    def _restrict(self, site: int, bits: int, touched: list[int]) -> None:
        before = self.allowed[site]
        after = before & bits
        if after == before:
            return
        self.trail.append((site, before))
        self.allowed[site] = after
        for number, bit, weight in self._of_site[site]:
            if after == bit:
                self._sure[number] += weight
                touched.append(number)
            if before & bit and not after & bit:
                self._possible[number] -= weight
                touched.append(number)

    def _follow(self, touched: list[int]) -> bool:
        while touched:
            number = touched.pop()
            rule = self._rules[number]
            if self._sure[number] > rule.most or self._possible[number] < rule.fewest:
                return False
            spare = rule.most - self._sure[number]
            needed = self._possible[number] - rule.fewest
            if spare >= self._heaviest[number] and needed >= self._heaviest[number]:
                continue
            bit = 1 << rule.colour
            for site, weight in rule.sites.items():
                allowed = self.allowed[site]
                if not allowed & bit or allowed == bit:
                    continue
                if weight > spare and weight > needed:
                    return False
                if weight > spare:
                    self._restrict(site, ~bit, touched)
                elif weight > needed:
                    self._restrict(site, bit, touched)
        return True
