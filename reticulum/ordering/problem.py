"""What is to be ordered: a cell, the metals, how many clusters of each, rules for the linkers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import NON_METALS
from reticulum.ordering.linker_rule import (
    LinkerRule,
    SumRule,
    composition_rules,
    solutions,
    sum_rules,
)
from reticulum.ordering.sites import SupercellSites, supercell_sites
from reticulum.ordering.sublattice import ClusterSublattice
from reticulum.ordering.supercells import IntMatrix


def parse_counts(texts: Sequence[str]) -> dict[str, tuple[int | Fraction, ...]]:
    """Counts of clusters from text: ``Ru=16``, ``Ru=1/3`` of all clusters, or ``Ru=0-6``.

    Parameters
    ----------
    texts
        One or more counts each, separated by commas or spaces.

    Returns
    -------
    dict
        Metal to the counts that were asked for; several for a range.

    Raises
    ------
    InputError
        If a count cannot be read, a metal comes twice, or is no metal.

    """
    counts: dict[str, tuple[int | Fraction, ...]] = {}
    for text in (part for entry in texts for part in re.split(r"[,\s]+", entry.strip()) if part):
        match = re.fullmatch(r"([A-Z][a-z]?)=(\d+)(?:([-/])(\d+))?", text)
        if match is None:
            raise InputError(
                f"The count {text!r} cannot be read.",
                why="A count gives the clusters of one metal in the cell.",
                fix="Write for instance --count Ru=16, --count Ru=1/3 (a third of all clusters) "
                "or --count Ru=0-6 (each of these numbers).",
            )
        metal, first, sign, second = match.groups()
        require_metal(metal)
        if metal in counts:
            raise InputError(
                f"{metal} is counted twice.",
                why="Each metal has one count.",
                fix="Give each metal once.",
            )
        counts[metal] = _count_values(text, int(first), sign, second)
    return counts


def _count_values(
    text: str, first: int, sign: str | None, second: str | None
) -> tuple[int | Fraction, ...]:
    if sign is None or second is None:
        return (first,)
    last = int(second)
    if sign == "/":
        if last == 0 or first > last:
            raise InputError(
                f"The fraction in {text!r} does not lie between 0 and 1.",
                why="It is the part of all clusters that a metal takes.",
                fix="Write for instance --count Ru=1/3.",
            )
        return (Fraction(first, last),)
    if last < first:
        raise InputError(
            f"The range {text!r} runs downwards.",
            why="The first number is the smallest count, the second the largest.",
            fix="Exchange the two numbers.",
        )
    return tuple(range(first, last + 1))


def require_metal(symbol: str) -> None:
    """Refuse what is not the symbol of a metal.

    Raises
    ------
    InputError
        If it is none.

    """
    number = atomic_numbers.get(symbol, 0)
    if number == 0 or number in NON_METALS:
        raise InputError(
            f"{symbol!r} is not the symbol of a metal.",
            why="Whole metal clusters are replaced.",
            fix="Write an element symbol such as Ru, Zn or Mo.",
        )


def composition(
    sublattice: ClusterSublattice,
    n_clusters: int,
    counts: Mapping[str, int | Fraction],
    rules: Sequence[LinkerRule] = (),
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Metals and number of clusters of each, the parent's own metal first.

    Parameters
    ----------
    sublattice
        The parent.
    n_clusters
        Clusters in the cell.
    counts
        Clusters of each metal, or its fraction of all clusters; what is left keeps the parent's
        metal.
    rules
        Their metals are included.

    Raises
    ------
    InputError
        If the counts do not fit into the cell, or a rule is on a metal of which there is none.

    """
    wanted: dict[str, int] = {}
    for metal, count in counts.items():
        whole = count * n_clusters if isinstance(count, Fraction) else Fraction(count)
        if whole.denominator != 1:
            raise InputError(
                f"{metal}={count} of the {n_clusters} clusters of this cell is not a whole number "
                f"({float(whole):.4g}).",
                why="Whole clusters are ordered.",
                fix="Choose a supercell whose number of clusters is a multiple of "
                f"{Fraction(count).denominator}.",
            )
        wanted[metal] = int(whole)
    own = sublattice.metal
    rest = n_clusters - sum(count for metal, count in wanted.items() if metal != own)
    if rest < 0 or min(wanted.values(), default=0) < 0:
        asked = ", ".join(f"{metal}={count}" for metal, count in wanted.items())
        raise InputError(
            f"{asked} does not fit: the cell has {n_clusters} clusters.",
            why="Counts are clusters in the cell, and none can be negative.",
            fix="Give smaller counts or a larger supercell.",
        )
    if wanted.get(own, rest) != rest:
        raise InputError(
            f"The counts leave {rest} of {n_clusters} clusters to {own}, but {own}={wanted[own]} "
            "was asked for.",
            why="The counts of all metals must add up to the clusters of the cell.",
            fix=f"Leave {own} out, or correct the counts.",
        )
    metals = [own, *(metal for metal in wanted if metal != own)]
    for rule in rules:
        if rule.metal not in metals:
            raise InputError(
                f"The rule {rule} is on {rule.metal}, of which no clusters were asked for.",
                why=f"The metals are {', '.join(metals)}.",
                fix=f"Add --count {rule.metal}=N, or correct the rule.",
            )
    return tuple(metals), (rest, *(wanted[metal] for metal in metals[1:]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderingProblem:
    """What is to be ordered: a cell, the metals, their numbers, and rules for the linkers.

    Attributes
    ----------
    sites
        Clusters of the supercell.
    metals
        Metal of each colour.
    counts
        Clusters of each colour; None if the rules alone decide.
    rules
        Rules for each linker.

    """

    sites: SupercellSites
    metals: tuple[str, ...]
    counts: tuple[int, ...] | None
    rules: tuple[LinkerRule, ...]

    def in_cell(self, form: IntMatrix) -> OrderingProblem | None:
        """Return the same problem in a smaller cell, or None if its counts do not divide."""
        sites = supercell_sites(self.sites.sublattice, form)
        counts = None
        if self.counts is not None:
            ratio = self.sites.index // sites.index
            if any(count % ratio for count in self.counts):
                return None
            counts = tuple(count // ratio for count in self.counts)
        return OrderingProblem(sites=sites, metals=self.metals, counts=counts, rules=self.rules)

    def sum_rules(self) -> tuple[SumRule, ...]:
        """Return all rules as sums: those of the linkers, then the composition.

        Where the counts leave no play, a range becomes exact: if each linker meets at most one
        Ru2 and there are so many that it must be one on average, each meets exactly one.
        """
        local = sum_rules(self.sites.linkers, self.metals, self._tightened())
        if self.counts is None:
            return local
        return (*local, *composition_rules(self.sites.n_sites, self.counts))

    def _tightened(self) -> tuple[LinkerRule, ...]:
        met = np.bincount(self.sites.linkers[self.sites.linkers >= 0], minlength=self.sites.n_sites)
        if self.counts is None or len(np.unique(met)) != 1:
            return self.rules
        n_linkers = len(self.sites.linkers)
        rules = []
        for rule in self.rules:
            meetings = self.counts[self.metals.index(rule.metal)] * int(met[0])
            exact = next((n for n in (rule.fewest, rule.most) if meetings == n * n_linkers), None)
            rules.append(
                rule if exact is None else LinkerRule(metal=rule.metal, fewest=exact, most=exact)
            )
        return tuple(rules)

    def assignments(self) -> Iterator[NDArray[np.uint8]]:
        """Yield every assignment that obeys the rules, one by one."""
        yield from solutions(self.sites.n_sites, len(self.metals), self.sum_rules())


def ordering_problem(
    sublattice: ClusterSublattice,
    matrix: IntMatrix,
    counts: Mapping[str, int | Fraction] | None = None,
    rules: Sequence[LinkerRule] = (),
) -> OrderingProblem:
    """Problem from what a user gives.

    Parameters
    ----------
    sublattice
        The parent.
    matrix
        Supercell, rows in units of the primitive vectors.
    counts
        Clusters of each metal, or fractions; may be left out when there are rules.
    rules
        Rules for each linker.

    Raises
    ------
    InputError
        If there is nothing to order, or the counts do not fit.

    """
    ruled = [rule.metal for rule in rules]
    twice = next((metal for metal in ruled if ruled.count(metal) > 1), None)
    if twice is not None:
        raise InputError(
            f"{twice} has {ruled.count(twice)} rules.",
            why="Each metal has one rule; a range allows several numbers.",
            fix=f"Give one, for instance --per-linker {twice}=0-1.",
        )
    sites = supercell_sites(sublattice, matrix)
    if not counts:
        if not rules:
            raise InputError(
                "Neither counts nor a rule was given.",
                why="Nothing says which metals are to be ordered.",
                fix="Give --count Ru=16, or --per-linker Ru=1, or both.",
            )
        metals = tuple(dict.fromkeys([sublattice.metal, *(rule.metal for rule in rules)]))
        return OrderingProblem(sites=sites, metals=metals, counts=None, rules=tuple(rules))
    metals, numbers = composition(sublattice, sites.n_sites, counts, rules)
    return OrderingProblem(sites=sites, metals=metals, counts=numbers, rules=tuple(rules))
