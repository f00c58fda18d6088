"""Orderings of whole metal clusters: how many there are, and what each one is.

An ordering gives each cluster of a supercell a metal. Two orderings are the same when an operation
of the parent's space group carries one onto the other. Each is described in its own primitive
cell, which may be smaller than the supercell it was found in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.ordering.colourings import ColouringClass, distinct_colourings
from reticulum.ordering.problem import OrderingProblem
from reticulum.ordering.sites import SupercellSites, supercell_sites
from reticulum.ordering.supercells import (
    IntMatrix,
    LatticeName,
    cell_numbers,
    equivalent_lattices,
    finer_lattices,
    hermite_normal_form,
    lattice_name,
)
from reticulum.ordering.symmetry import OrderingSymmetry, ordering_symmetry

#: Orderings that are listed at most; beyond it they are counted and sampled. A class takes about
#: 300 bytes until it is described.
LISTING_LIMIT = 100_000

#: Assignments under a rule that are held at once to sort them into classes.
SOLUTION_LIMIT = 200_000

#: Entries of the table of permutations (operations times clusters) that are held at most: 1.2 GB.
_LARGEST_TABLE = 300_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ordering:
    """One ordered arrangement of whole clusters.

    Attributes
    ----------
    sites
        Clusters of its primitive cell.
    metals
        Metal of each colour; the parent's own metal is the first.
    colours
        (n_sites,) colour of each cluster of the primitive cell.
    multiplicity
        Assignments of the supercell asked for that belong to this class.
    n_clusters
        Clusters in the supercell asked for.
    stabiliser
        Numbers of the operations among ``sites.permutations`` that leave it unchanged.

    """

    sites: SupercellSites
    metals: tuple[str, ...]
    colours: NDArray[np.uint8]
    multiplicity: int
    n_clusters: int
    stabiliser: NDArray[np.int64]

    @property
    def symmetry(self) -> OrderingSymmetry:
        """Space group, its place in the parent's, and the split of the clusters."""
        return ordering_symmetry(self.sites, self.stabiliser)

    @property
    def index(self) -> int:
        """Index of its space group in the parent's."""
        return self.sites.sublattice.order // len(self.stabiliser) * self.sites.index

    @property
    def _copies(self) -> int:
        return self.n_clusters // self.sites.n_sites

    @property
    def counts(self) -> dict[str, int]:
        """Clusters of each metal in the supercell asked for."""
        return {
            metal: int((self.colours == colour).sum()) * self._copies
            for colour, metal in enumerate(self.metals)
        }

    @property
    def linker_environments(self) -> dict[str, int]:
        """Linkers of the supercell by the clusters that they meet, as in ``Cu2+Cu2+Ru2``."""
        label = self.sites.sublattice.label_of
        found: Counter[str] = Counter()
        rows = np.where(self.sites.linkers >= 0, self.colours[self.sites.linkers], len(self.metals))
        kinds, numbers = np.unique(np.sort(rows, axis=1), axis=0, return_counts=True)
        for kind, number in zip(kinds.tolist(), numbers.tolist(), strict=True):
            names = sorted(label(self.metals[c]) for c in kind if c < len(self.metals))
            found["+".join(names)] += number * self._copies
        return dict(sorted(found.items()))

    @property
    def wyckoff_split(self) -> dict[str, list[str]]:
        """Wyckoff positions of the clusters of each metal: multiplicity and letter."""
        split: dict[str, list[str]] = {}
        for number, (size, letter, _) in enumerate(self.symmetry.wyckoff):
            site = self.symmetry.orbits.index(number)
            label = self.sites.sublattice.label_of(self.metals[self.colours[site]])
            split.setdefault(label, []).append(f"{size}{letter}")
        return dict(sorted(split.items()))

    @property
    def long_range_order(self) -> float | None:
        """Long-range order parameter of the parent's sublattices, 0 to 1; None for one metal.

        With f the fraction of a metal on each of the clusters of the parent's primitive cell and
        c its fraction overall, this is √(Σ (f - c)² / Σ c (1 - c)), summed over clusters and
        metals. It is 1 when each sublattice holds one metal only, and 0 when every sublattice has
        the overall composition: then all order, if there is any, lies in reflections that the
        parent's cell does not have. For two sublattices that is the order parameter of
        [Bragg1934]_.
        """
        parent = self.sites.sublattice
        by_cell = self.colours.reshape(-1, parent.n_sites)
        squares = weight = 0.0
        for colour in range(len(self.metals)):
            fraction = (by_cell == colour).mean(axis=0)
            mean = fraction.mean()
            squares += float(((fraction - mean) ** 2).sum())
            weight += float(parent.n_sites * mean * (1.0 - mean))
        return float(np.sqrt(squares / weight)) if weight > 0.0 else None

    def colours_in(self, matrix: IntMatrix) -> NDArray[np.uint8]:
        """Colour of each cluster of a supercell that is a multiple of the primitive cell."""
        larger = supercell_sites(self.sites.sublattice, matrix)
        cells = cell_numbers(larger.cells, self.sites.form)
        return np.asarray(self.colours.reshape(-1, self.sites.sublattice.n_sites)[cells].ravel())

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        symmetry = self.symmetry
        return {
            "multiplicity": self.multiplicity,
            "space_group": symmetry.space_group,
            "space_group_number": symmetry.space_group_number,
            "counts": self.counts,
            "linker_environments": self.linker_environments,
            "index": symmetry.index,
            "translationengleiche_index": symmetry.translationengleiche_index,
            "klassengleiche_index": symmetry.klassengleiche_index,
            "transformation": symmetry.transformation,
            "wyckoff_split": self.wyckoff_split,
            "long_range_order": self.long_range_order,
            "primitive_cell": self.sites.form.tolist(),
            "primitive_cell_metals": [self.metals[colour] for colour in self.colours],
        }


def iterate_orderings(problem: OrderingProblem) -> Iterator[Ordering]:
    """Yield one ordering of each class, smallest primitive cells first, without listing them.

    Parameters
    ----------
    problem
        What is to be ordered. Under a rule the assignments must be fewer than
        `SOLUTION_LIMIT`.

    Yields
    ------
    Ordering
        Each class once.

    Raises
    ------
    InputError
        If the table of operations would be too large.

    """
    for smaller, n_lattices in _lattices(problem):
        for found in _primitive_classes(smaller):
            yield Ordering(
                sites=smaller.sites,
                metals=problem.metals,
                colours=found.colours,
                multiplicity=found.multiplicity * n_lattices,
                n_clusters=problem.sites.n_sites,
                stabiliser=found.stabiliser,
            )


def sort_by_symmetry(orderings: Sequence[Ordering]) -> tuple[Ordering, ...]:
    """Orderings with the highest symmetry (lowest index in the parent's group) first."""
    return tuple(
        sorted(
            orderings,
            key=lambda o: (o.symmetry.index, -o.symmetry.space_group_number, o.multiplicity),
        )
    )


def iterate_primitive_orderings(problem: OrderingProblem) -> Iterator[Ordering]:
    """Yield the orderings that repeat in no smaller cell than that of the problem."""
    for found in _primitive_classes(problem):
        yield Ordering(
            sites=problem.sites,
            metals=problem.metals,
            colours=found.colours,
            multiplicity=found.multiplicity,
            n_clusters=problem.sites.n_sites,
            stabiliser=found.stabiliser,
        )


def _lattices(problem: OrderingProblem) -> Iterator[tuple[OrderingProblem, int]]:
    """Yield cells in which an ordering of the supercell can repeat, and how many are equivalent."""
    rotations = problem.sites.sublattice.rotations
    forms = {lattice_name(form): form for form in finer_lattices(problem.sites.form)}
    seen: set[LatticeName] = set()
    for name, form in forms.items():
        if name in seen:
            continue
        equivalent = equivalent_lattices(form, rotations)
        seen |= equivalent
        smaller = problem.in_cell(form)
        if smaller is not None:
            yield smaller, len(equivalent & forms.keys())


def _primitive_classes(problem: OrderingProblem) -> Iterator[ColouringClass]:
    """Classes of colourings that no translation but those of the cell leaves unchanged."""
    sites = problem.sites
    require_table(sites)
    if problem.rules:
        classes = classes_of(sites, problem.assignments())
    else:
        assert problem.counts is not None
        classes = distinct_colourings(sites.permutations, problem.counts)
    if sites.index == 1:
        yield from classes
        return
    first = _identity(sites) * sites.index
    pure = np.zeros(sites.n_operations, dtype=np.bool_)
    pure[first + 1 : first + sites.index] = True
    for found in classes:
        if not pure[found.stabiliser].any():
            yield found


def require_table(sites: SupercellSites) -> None:
    """Refuse cells whose table of operations would not fit into memory.

    Raises
    ------
    InputError
        If it is too large.

    """
    if sites.n_operations * sites.n_sites > _LARGEST_TABLE:
        raise InputError(
            f"A cell of {sites.n_sites} clusters with {sites.n_operations} operations is too "
            "large to list orderings.",
            why="Every operation is tried on every ordering.",
            fix="Use a smaller cell, or --count-only.",
        )


def _identity(sites: SupercellSites) -> int:
    """Place of the identity among the operations of a supercell."""
    parent = sites.sublattice
    return next(
        place
        for place, number in enumerate(sites.operations)
        if np.array_equal(parent.rotations[number], np.eye(3, dtype=np.int64))
    )


def classes_of(
    sites: SupercellSites, assignments: Iterator[NDArray[np.uint8]]
) -> Iterator[ColouringClass]:
    """Sort assignments into classes under the operations that keep the supercell.

    Parameters
    ----------
    sites
        The supercell.
    assignments
        All colourings of whole classes.

    Yields
    ------
    ColouringClass
        One for each class.

    Raises
    ------
    InputError
        If there are more than `SOLUTION_LIMIT` assignments.

    """
    seen: set[bytes] = set()
    total = 0
    for colours in assignments:
        total += 1
        if total > SOLUTION_LIMIT:
            raise InputError(
                f"More than {SOLUTION_LIMIT} assignments obey the rule in this cell.",
                why="They are too many to be listed and sorted into classes.",
                fix="Use --count-only or --sample N --seed S, or a smaller cell.",
            )
        if colours.tobytes() in seen:
            continue
        images = images_of(sites, colours)
        stabiliser = np.flatnonzero((images == colours).all(axis=1))
        orbit = {row.tobytes() for row in images}
        seen |= orbit
        yield ColouringClass(colours=colours, stabiliser=stabiliser, multiplicity=len(orbit))


def images_of(sites: SupercellSites, colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(n_operations, n_sites) images of a colouring under all operations of a supercell."""
    images = np.empty(sites.permutations.shape, dtype=np.uint8)
    np.put_along_axis(images, sites.permutations, np.broadcast_to(colours, images.shape), axis=1)
    return images


def describe_ordering(
    sites: SupercellSites, metals: Sequence[str], colours: NDArray[np.uint8]
) -> Ordering:
    """Ordering of a given assignment: its primitive cell, space group and multiplicity.

    Parameters
    ----------
    sites
        Clusters of a supercell.
    metals
        Metal of each colour.
    colours
        (n_sites,) colour of each cluster.

    Raises
    ------
    InputError
        If the cell is too large.

    """
    require_table(sites)
    parent = sites.sublattice
    shifted = sites.operation_block(sites.operations[_identity(sites)])
    kept = (colours[shifted] == colours).all(axis=1)
    form = hermite_normal_form(np.vstack([sites.form, sites.cells[kept]]))
    own = supercell_sites(parent, form)
    chosen = np.empty(own.n_sites, dtype=np.uint8)
    cells = cell_numbers(sites.cells, form)
    chosen.reshape(-1, parent.n_sites)[cells] = colours.reshape(-1, parent.n_sites)
    stabiliser = np.flatnonzero((images_of(own, chosen) == chosen).all(axis=1))
    known = {lattice_name(lattice) for lattice in finer_lattices(sites.form)}
    equivalent = equivalent_lattices(form, parent.rotations)
    return Ordering(
        sites=own,
        metals=tuple(metals),
        colours=chosen,
        multiplicity=own.n_operations // len(stabiliser) * len(known & equivalent),
        n_clusters=sites.n_sites,
        stabiliser=stabiliser,
    )
