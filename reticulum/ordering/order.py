"""Orderings of a parent framework, from counts and rules to a sorted list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from reticulum.errors import InputError
from reticulum.ordering.colouring_counts import n_assignments, n_distinct_primitive
from reticulum.ordering.counts import OrderingCount, count_orderings
from reticulum.ordering.linker_rule import LinkerRule
from reticulum.ordering.orderings import (
    LISTING_LIMIT,
    Ordering,
    iterate_orderings,
    iterate_primitive_orderings,
    sort_by_symmetry,
)
from reticulum.ordering.problem import OrderingProblem, ordering_problem
from reticulum.ordering.rule_obstructions import require_possible
from reticulum.ordering.sublattice import ClusterSublattice
from reticulum.ordering.supercells import IntMatrix, inequivalent_superlattices

#: Whole numbers of up to so many digits are shown in full.
_MOST_DIGITS = 15

#: Counts as a user gives them: several for a range.
Counts = Mapping[str, Sequence[int | Fraction]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompositionCount:
    """Orderings of one composition in one cell.

    Attributes
    ----------
    cell
        (3, 3) rows in units of the primitive vectors.
    counts
        Clusters of each metal; None where the rules alone decide.
    count
        How many orderings there are.

    """

    cell: IntMatrix
    counts: dict[str, int] | None
    count: OrderingCount

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {"cell": self.cell.tolist(), "counts": self.counts} | self.count.to_dict()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderResult:
    """Orderings of a parent.

    Attributes
    ----------
    sublattice
        The parent.
    rules
        Rules for each linker.
    compositions
        One entry for each composition and cell.
    orderings
        Highest symmetry first; empty if they were only counted.
    listed
        Whether the orderings were listed.

    """

    sublattice: ClusterSublattice
    rules: tuple[LinkerRule, ...]
    compositions: tuple[CompositionCount, ...]
    orderings: tuple[Ordering, ...]
    listed: bool

    @property
    def n_total(self) -> int | None:
        """Assignments of all compositions; None if only bounds are known."""
        return _sum([entry.count.n_total for entry in self.compositions])

    @property
    def n_inequivalent(self) -> int | None:
        """Inequivalent orderings of all compositions; None if only bounds are known."""
        return _sum([entry.count.n_inequivalent for entry in self.compositions])

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return self.summary() | {"orderings": [o.to_dict() for o in self.orderings]}

    def summary(self) -> dict[str, object]:
        """Return plain Python types for JSON, without the list of orderings."""
        parent = self.sublattice
        first = self.compositions[0]
        single = len(self.compositions) == 1
        return {
            "parent": parent.name,
            "parent_space_group": parent.space_group,
            "parent_space_group_number": parent.space_group_number,
            "cluster": parent.cluster_label,
            "rules": [str(rule) for rule in self.rules],
            "supercell": first.cell.tolist() if single else None,
            "counts": first.counts if single else None,
            "n_clusters": first.count.n_clusters if single else None,
            "n_linkers": first.count.n_linkers if single else None,
            "n_total": self.n_total,
            "n_inequivalent": self.n_inequivalent,
            "n_total_bounds": _bounds([e.count.n_total_bounds for e in self.compositions]),
            "n_inequivalent_bounds": _bounds(
                [e.count.n_inequivalent_bounds for e in self.compositions]
            ),
            "n_distinct_in_cell": first.count.n_distinct_in_cell if single else None,
            "compositions": [entry.to_dict() for entry in self.compositions],
            "listed": self.listed,
        }


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _bounds(pairs: Sequence[tuple[int, int]]) -> list[int]:
    return [sum(low for low, _ in pairs), sum(high for _, high in pairs)]


def order(
    sublattice: ClusterSublattice,
    matrix: IntMatrix,
    counts: Counts | None = None,
    rules: Sequence[LinkerRule] = (),
    *,
    count_only: bool = False,
    limit: int = LISTING_LIMIT,
) -> OrderResult:
    """Orderings of whole clusters in one cell.

    Parameters
    ----------
    sublattice
        The parent.
    matrix
        Supercell, rows in units of the primitive vectors.
    counts
        For each metal the numbers of clusters in the cell, or fractions of all clusters.
    rules
        Rules for each linker.
    count_only
        Count without listing.
    limit
        Inequivalent orderings that are listed at most.

    Raises
    ------
    InputError
        If the counts do not fit, the rules contradict each other, or there are too many
        orderings to list.

    """
    problems = [ordering_problem(sublattice, matrix, chosen, rules) for chosen in _each(counts)]
    if len(problems) == 1:
        require_possible(problems[0])
    entries = tuple(_counted(problem) for problem in problems)
    if not count_only:
        _require_listable(entries, limit)
    listed = () if count_only else (o for problem in problems for o in iterate_orderings(problem))
    return OrderResult(
        sublattice=sublattice,
        rules=tuple(rules),
        compositions=entries,
        orderings=sort_by_symmetry(list(listed)),
        listed=not count_only,
    )


def order_up_to_index(
    sublattice: ClusterSublattice,
    index: int,
    counts: Counts | None = None,
    rules: Sequence[LinkerRule] = (),
    *,
    count_only: bool = False,
    limit: int = LISTING_LIMIT,
) -> OrderResult:
    """Orderings of all inequivalent cells up to an index, those of smaller cells dropped.

    Parameters
    ----------
    sublattice
        The parent.
    index
        Largest volume in units of the primitive cell.
    counts
        For each metal the numbers of clusters in the primitive cell, or fractions of all
        clusters; larger cells have the same composition, and cells in which it does not give
        whole clusters are left out.
    rules, count_only, limit
        As for `order`.

    Raises
    ------
    InputError
        As for `order`; if no cell up to the index has the composition.

    """
    if index < 1:
        raise InputError(
            f"Cells up to index {index} were asked for.",
            why="The index is the volume in units of the primitive cell.",
            fix="Give --up-to-index 1 or more.",
        )
    problems = list(_problems_up_to(sublattice, index, counts, rules))
    if not problems:
        raise InputError(
            f"No cell up to index {index} has a whole number of clusters of this composition.",
            why=f"The primitive cell has {sublattice.n_sites} clusters.",
            fix="Give a larger --up-to-index or another composition.",
        )
    entries = []
    orderings: list[Ordering] = []
    for problem in problems:
        entry = _counted_primitive(problem, limit)
        entries.append(entry)
        if not count_only:
            _require_listable(entries, limit)
            orderings += iterate_primitive_orderings(problem)
    return OrderResult(
        sublattice=sublattice,
        rules=tuple(rules),
        compositions=tuple(entries),
        orderings=sort_by_symmetry(orderings),
        listed=not count_only,
    )


def _each(counts: Counts | None) -> Iterator[dict[str, int | Fraction] | None]:
    """All combinations of the counts asked for."""
    if not counts:
        yield None
        return
    for values in product(*counts.values()):
        yield dict(zip(counts, values, strict=True))


def _problems_up_to(
    sublattice: ClusterSublattice,
    index: int,
    counts: Counts | None,
    rules: Sequence[LinkerRule],
) -> Iterator[OrderingProblem]:
    for size in range(1, index + 1):
        for chosen in _each(counts):
            scaled = _scaled(chosen, size, sublattice.n_sites)
            if chosen is not None and scaled is None:
                continue
            for form in inequivalent_superlattices(size, sublattice.rotations):
                yield ordering_problem(sublattice, form, scaled, rules)


def _scaled(
    counts: dict[str, int | Fraction] | None, size: int, n_sites: int
) -> dict[str, int | Fraction] | None:
    """Counts of a cell of so many primitive cells; None where they are not whole."""
    if counts is None:
        return None
    scaled: dict[str, int | Fraction] = {}
    for metal, value in counts.items():
        whole = Fraction(value) * size * (n_sites if isinstance(value, Fraction) else 1)
        if whole.denominator != 1:
            return None
        scaled[metal] = int(whole)
    return scaled


def _counted(problem: OrderingProblem) -> CompositionCount:
    return CompositionCount(
        cell=problem.sites.form, counts=_named(problem), count=count_orderings(problem)
    )


def _counted_primitive(problem: OrderingProblem, limit: int) -> CompositionCount:
    """Count the orderings that repeat in no smaller cell."""
    sites = problem.sites
    if not problem.rules:
        assert problem.counts is not None
        number = n_distinct_primitive(sites, problem.counts)
        total = n_assignments(problem.counts)
    else:
        found = []
        for ordering in iterate_primitive_orderings(problem):
            found.append(ordering.multiplicity)
            if len(found) > limit:
                break
        number, total = len(found), sum(found)
    return CompositionCount(
        cell=sites.form,
        counts=_named(problem),
        count=OrderingCount(
            n_clusters=sites.n_sites,
            n_linkers=len(sites.linkers),
            n_total=total,
            n_total_bounds=(total, total),
            n_inequivalent=number,
            n_inequivalent_bounds=(number, number),
            n_distinct_in_cell=number,
        ),
    )


def _named(problem: OrderingProblem) -> dict[str, int] | None:
    if problem.counts is None:
        return None
    return dict(zip(problem.metals, problem.counts, strict=True))


def readable_number(value: int) -> str:
    """Whole number with separators, or its leading digits and a power of ten."""
    digits = str(value)
    if len(digits) <= _MOST_DIGITS:
        return f"{value:,}"
    return f"{digits[0]}.{digits[1:5]}e{len(digits) - 1}"


def _require_listable(entries: Sequence[CompositionCount], limit: int) -> None:
    low = sum(entry.count.n_inequivalent_bounds[0] for entry in entries)
    if low <= limit:
        return
    exact = all(entry.count.n_inequivalent is not None for entry in entries)
    totals = [entry.count.n_total for entry in entries]
    total = _sum(totals)
    among = f" among {readable_number(total)} assignments" if total is not None else ""
    raise InputError(
        f"There are {'' if exact else 'at least '}{readable_number(low)} inequivalent "
        f"orderings{among}, more than the {limit:,} that are listed.",
        why=f"The cell has {entries[-1].count.n_clusters} clusters.",
        fix="Use --count-only, draw some with --sample N --seed S, take the disordered solid "
        "solution with --quasirandom, use a smaller cell or a rule, or raise --limit.",
    )
