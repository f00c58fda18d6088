"""Does a linker rule alone fix the order? Arrangements of growing cells, and what they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reticulum.ordering.counts import OrderingCount, count_orderings
from reticulum.ordering.linker_rule import LinkerRule
from reticulum.ordering.orderings import (
    Ordering,
    iterate_orderings,
    sort_by_symmetry,
)
from reticulum.ordering.problem import OrderingProblem, ordering_problem
from reticulum.ordering.rod_packings import (
    CageLattice,
    RodPacking,
    cage_lattice,
    indistinguishable_sequences,
    metal_of_rods,
    n_rod_packings,
    rod_packing,
    stacking_sequences,
)
from reticulum.ordering.sublattice import ClusterSublattice

#: Cells of the study: multiples of the primitive cell in all three directions.
STUDY_MULTIPLES = (1, 2, 3, 4, 5, 6)

#: Clusters of the largest cell of a study without a known law: its count is a search.
_LARGEST_UNKNOWN = 60

#: Orderings that a study describes one by one at most.
DESCRIBED = 40

#: Longest period, in layers, for which powder-identical sequences are looked for.
POWDER_PERIOD = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """Arrangements of one cell.

    Attributes
    ----------
    multiple
        The cell is so many primitive cells in each direction.
    count
        What was counted.
    predicted
        What the law predicts, if there is one.

    """

    multiple: int
    count: OrderingCount
    predicted: int | None

    @property
    def entropy_per_cluster(self) -> float | None:
        """ln(number of arrangements) / clusters: configurational entropy in units of k_B."""
        total = self.count.n_total
        return math.log(total) / self.count.n_clusters if total else None

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return self.count.to_dict() | {
            "multiple": self.multiple,
            "n_predicted": self.predicted,
            "entropy_per_cluster_kb": self.entropy_per_cluster,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderingStudy:
    """What a linker rule does to growing cells.

    Attributes
    ----------
    parent
        Name of the parent.
    rules
        The rules.
    rows
        One for each cell.
    described_multiple
        Multiple of the cell whose orderings are described.
    orderings
        Orderings of that cell, highest symmetry first; empty if they are too many.
    packings
        For each ordering what it is in words, where the law is known.
    n_sequences
        For each period in layers the number of inequivalent sequences that it allows.
    indistinguishable
        For each period the sets of sequences with the same powder pattern.
    law
        The law in words; empty if none is known for this parent and rule.

    """

    parent: str
    rules: tuple[LinkerRule, ...]
    rows: tuple[StudyRow, ...]
    described_multiple: int
    orderings: tuple[Ordering, ...]
    packings: tuple[RodPacking | None, ...]
    n_sequences: dict[int, int]
    indistinguishable: dict[int, tuple[tuple[str, ...], ...]]
    law: str

    @property
    def forced(self) -> bool | None:
        """Whether the rule leaves one ordering up to symmetry in every cell; None if unknown."""
        known = [row.count.n_inequivalent for row in self.rows]
        if any(n is not None and n > 1 for n in known):
            return False
        return None if not known or None in known else True

    @property
    def answer(self) -> str:
        """Return the outcome in one paragraph."""
        rule = ", ".join(str(entry) for entry in self.rules)
        first = next((r for r in self.rows if (r.count.n_inequivalent or 0) > 1), None)
        if all(row.count.n_total == 0 for row in self.rows):
            return f"No ordering obeys the rule {rule} in any of the cells studied."
        if first is None:
            return f"In the cells studied the rule {rule} leaves one ordering at most."
        smallest = self.rows[0]
        within = (
            "Within the primitive cell there is one ordering, but from"
            if smallest.count.n_inequivalent == 1
            else "From"
        )
        text = (
            f"No: the rule {rule} alone does not fix the order. {within} {first.multiple} x "
            f"{first.multiple} x {first.multiple} primitive cells on there is more than one."
        )
        return f"{text} {self.law}" if self.law else text

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        orderings = []
        for ordering, packing in zip(self.orderings, self.packings, strict=True):
            entry = ordering.to_dict()
            if packing is not None:
                entry |= {
                    "stacking_axis": packing.stacking_axis,
                    "sequence": packing.sequence,
                    "runs": packing.runs,
                    "in_words": packing.in_words,
                }
            orderings.append(entry)
        return {
            "parent": self.parent,
            "rules": [str(rule) for rule in self.rules],
            "cells": [row.to_dict() for row in self.rows],
            "forced": self.forced,
            "answer": self.answer,
            "law": self.law,
            "described_multiple": self.described_multiple,
            "orderings": orderings,
            "n_sequences": {str(period): n for period, n in self.n_sequences.items()},
            "powder_identical": {
                str(period): [list(group) for group in groups]
                for period, groups in self.indistinguishable.items()
                if groups
            },
        }


_LAW = (
    "The {label} paddlewheels form endless straight rods along the cubic axes. All rods are "
    "perpendicular to one axis, and along it each layer (a/2 thick) has rods of one direction, "
    "x or y, chosen freely: a one-dimensional stacking freedom like that of close-packed or SiC "
    "polytypes. A cell of g_a, g_b, g_c layers has 2^g_a + 2^g_b + 2^g_c - 3 arrangements, and "
    "exactly one third of the paddlewheels are {label}. I4/mmm is the one with all rods "
    "parallel. The entropy is k_B ln 2 for each layer, so that per paddlewheel it goes to zero "
    "in the limit of a large crystal."
)


def study_rule(
    sublattice: ClusterSublattice,
    rules: Sequence[LinkerRule],
    multiples: Sequence[int] = STUDY_MULTIPLES,
) -> OrderingStudy:
    """Study what a linker rule leaves open in growing cells.

    Parameters
    ----------
    sublattice
        The parent.
    rules
        Rules for each linker.
    multiples
        Cells: multiples of the primitive cell in all directions.

    Notes
    -----
    For cubic tbo frameworks with exactly one cluster of a metal on each linker the law is known
    (`rod_packings`), and every cell is both searched and compared with it.

    """
    rules = tuple(rules)
    metal = metal_of_rods(sublattice, rules)
    cages = cage_lattice(sublattice) if metal is not None else None
    rows: list[StudyRow] = []
    described: tuple[int, tuple[Ordering, ...]] = (0, ())
    for multiple, problem in _cells(sublattice, rules, multiples, known=cages is not None):
        count = count_orderings(problem)
        predicted = n_rod_packings(sublattice, problem.sites.form) if cages else None
        rows.append(StudyRow(multiple=multiple, count=count, predicted=predicted))
        number = count.n_inequivalent
        if number is not None and 0 < number <= DESCRIBED:
            described = (multiple, sort_by_symmetry(list(iterate_orderings(problem))))
    packings: tuple[RodPacking | None, ...] = tuple(
        rod_packing(ordering, metal, cages) if cages is not None and metal is not None else None
        for ordering in described[1]
    )
    periods = range(1, POWDER_PERIOD + 1) if cages is not None else range(0)
    return OrderingStudy(
        parent=sublattice.name,
        rules=rules,
        rows=tuple(rows),
        described_multiple=described[0],
        orderings=described[1],
        packings=packings,
        n_sequences={period: len(stacking_sequences(period)) for period in periods},
        indistinguishable={period: indistinguishable_sequences(period) for period in periods},
        law=_law(sublattice, metal, cages),
    )


def _cells(
    sublattice: ClusterSublattice,
    rules: tuple[LinkerRule, ...],
    multiples: Sequence[int],
    *,
    known: bool,
) -> Iterator[tuple[int, OrderingProblem]]:
    for multiple in multiples:
        matrix = multiple * np.eye(3, dtype=np.int64)
        problem = ordering_problem(sublattice, matrix, None, rules)
        if not known and multiple > 1 and problem.sites.n_sites > _LARGEST_UNKNOWN:
            break
        yield multiple, problem


def _law(sublattice: ClusterSublattice, metal: str | None, cages: CageLattice | None) -> str:
    if cages is None or metal is None:
        return ""
    return _LAW.format(label=sublattice.label_of(metal))
