"""Special quasirandom structures of whole clusters: the disordered solid solution in one cell.

Of all orderings of a cell with the wanted composition the one is sought whose pairs, and whose
linker environments, occur as often as in an endless random solution [Zunger1990]_.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from math import factorial
from random import Random

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.ordering.orderings import Ordering, describe_ordering
from reticulum.ordering.problem import OrderingProblem
from reticulum.ordering.sites import SupercellSites

#: Shells of neighbours that are compared with the random solution by default. In HKUST-1 the
#: first is that of clusters on one linker, and the sixth lies one cell edge away.
DEFAULT_SHELLS = 6

#: Swaps that are tried by default.
DEFAULT_STEPS = 20_000

#: Distances that differ by less than this are one shell, Å.
_SHELL_WIDTH_A = 1e-3

#: Weight of the linker environments beside a shell of pairs.
_LINKER_WEIGHT = 1.0

#: Temperature of the annealing at its start and end, in units of the misfit. A single swap in a
#: cell of 50 clusters changes the misfit by 1e-3 to 1e-2.
_HOT, _COLD = 1e-2, 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellStatistics:
    """Pairs of one shell in an ordering and in the random solution.

    Attributes
    ----------
    distance_a
        Distance between the clusters, Å.
    n_neighbours
        Neighbours of a cluster in this shell, on average.
    like_fraction
        Fraction of pairs of clusters of the same metal.
    random_like_fraction
        The same in an endless random solution.

    """

    distance_a: float
    n_neighbours: float
    like_fraction: float
    random_like_fraction: float

    def to_dict(self) -> dict[str, float]:
        """Return plain Python types for JSON."""
        return {
            "distance_angstrom": self.distance_a,
            "n_neighbours": self.n_neighbours,
            "like_fraction": self.like_fraction,
            "random_like_fraction": self.random_like_fraction,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuasirandomOrdering:
    """A special quasirandom structure.

    Attributes
    ----------
    ordering
        The ordering.
    misfit
        Sum over shells and linker environments of the squared deviations from the random
        solution; 0 is perfect.
    first_misfit
        Misfit of the random ordering that the search began with.
    shells
        Pairs of each shell.
    linker_environments
        Fraction of linkers in each environment, and the same in the random solution.
    seed, steps
        Of the search.

    """

    ordering: Ordering
    misfit: float
    first_misfit: float
    shells: tuple[ShellStatistics, ...]
    linker_environments: dict[str, tuple[float, float]]
    seed: int
    steps: int

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "ordering": self.ordering.to_dict(),
            "misfit": self.misfit,
            "first_misfit": self.first_misfit,
            "shells": [shell.to_dict() for shell in self.shells],
            "linker_environments": {
                key: {"fraction": here, "random": random}
                for key, (here, random) in self.linker_environments.items()
            },
            "seed": self.seed,
            "steps": self.steps,
        }


def quasirandom_ordering(
    problem: OrderingProblem,
    seed: int,
    *,
    shells: int = DEFAULT_SHELLS,
    steps: int = DEFAULT_STEPS,
) -> QuasirandomOrdering:
    """Search for a special quasirandom structure by simulated annealing.

    Parameters
    ----------
    problem
        Cell and composition; rules are not allowed.
    seed
        The same seed gives the same structure.
    shells
        Shells of neighbours that are compared.
    steps
        Swaps that are tried.

    Raises
    ------
    InputError
        If a rule was given, or there is one metal only.

    """
    if problem.rules or problem.counts is None:
        raise InputError(
            "A special quasirandom structure was asked for under a linker rule.",
            why="It stands for the random solution, which obeys no rule.",
            fix="Leave out --per-linker, or draw orderings under the rule with --sample N.",
        )
    if sum(count > 0 for count in problem.counts) < 2:
        raise InputError(
            "A special quasirandom structure of one metal was asked for.",
            why="There is nothing to mix.",
            fix="Give --count of another metal, fewer than all clusters.",
        )
    random = Random(seed)
    state = _State(problem, shells)
    start = [colour for colour, count in enumerate(problem.counts) for _ in range(count)]
    random.shuffle(start)
    state.set(np.array(start, dtype=np.int64))
    misfit = first = state.misfit()
    best, best_misfit = state.colours.copy(), misfit
    for step in range(steps):
        if best_misfit == 0.0:
            break
        temperature = _HOT * (_COLD / _HOT) ** (step / steps)
        one, other = state.unlike_pair(random)
        state.swap(one, other)
        trial = state.misfit()
        if trial <= misfit or random.random() < math.exp((misfit - trial) / temperature):
            misfit = trial
            if misfit < best_misfit:
                best, best_misfit = state.colours.copy(), misfit
        else:
            state.swap(one, other)
    state.set(best)
    return QuasirandomOrdering(
        ordering=describe_ordering(problem.sites, problem.metals, best.astype(np.uint8)),
        misfit=state.misfit(),
        first_misfit=first,
        shells=state.shell_statistics(),
        linker_environments=state.environments(),
        seed=seed,
        steps=steps,
    )


class _State:
    """Colours of a cell with the pair and linker sums that follow from them."""

    def __init__(self, problem: OrderingProblem, shells: int) -> None:
        assert problem.counts is not None
        self._problem = problem
        sites = problem.sites
        self._distances, self._weights = _pair_weights(sites, shells)
        self._pairs = self._weights.sum(axis=(1, 2))
        counts = np.array(problem.counts, dtype=np.float64)
        self._fractions = counts / counts.sum()
        self._n_colours = len(counts)
        self._random_pairs = np.outer(self._fractions, self._fractions)
        self._rows = [
            [(row, int((sites.linkers[row] == site).sum())) for row in
             np.flatnonzero((sites.linkers == site).any(axis=1)).tolist()]
            for site in range(sites.n_sites)
        ]  # fmt: skip
        self._joints = (sites.linkers >= 0).sum(axis=1)
        self.colours = np.zeros(sites.n_sites, dtype=np.int64)

    def set(self, colours: NDArray[np.int64]) -> None:
        """Start from these colours."""
        self.colours = colours.copy()
        one_hot = np.eye(self._n_colours)[self.colours]
        self._toward = np.einsum("sij,jc->sic", self._weights, one_hot)
        self._sums = np.einsum("ic,sid->scd", one_hot, self._toward)
        linkers = self._problem.sites.linkers
        self._met = np.zeros((len(linkers), self._n_colours), dtype=np.int64)
        for row, sites in enumerate(linkers.tolist()):
            for site in sites:
                if site >= 0:
                    self._met[row, self.colours[site]] += 1
        self._kinds = Counter(map(tuple, self._met.tolist()))

    def unlike_pair(self, random: Random) -> tuple[int, int]:
        """Two sites of different colour."""
        while True:
            one = random.randrange(len(self.colours))
            other = random.randrange(len(self.colours))
            if self.colours[one] != self.colours[other]:
                return one, other

    def swap(self, one: int, other: int) -> None:
        """Exchange the colours of two sites."""
        a, b = int(self.colours[one]), int(self.colours[other])
        self._recolour(one, a, b)
        self._recolour(other, b, a)

    def _recolour(self, site: int, before: int, after: int) -> None:
        own = self._weights[:, site, site]
        toward = self._toward[:, site, :]
        self._sums[:, before, :] -= toward
        self._sums[:, :, before] -= toward
        self._sums[:, before, before] += own
        self._toward[:, :, before] -= self._weights[:, :, site]
        self._toward[:, :, after] += self._weights[:, :, site]
        toward = self._toward[:, site, :]
        self._sums[:, after, :] += toward
        self._sums[:, :, after] += toward
        self._sums[:, after, after] -= own
        self.colours[site] = after
        for row, times in self._rows[site]:
            self._kinds[tuple(self._met[row].tolist())] -= 1
            self._met[row, before] -= times
            self._met[row, after] += times
            self._kinds[tuple(self._met[row].tolist())] += 1

    def misfit(self) -> float:
        """Squared deviations from the random solution."""
        shares = self._sums / self._pairs[:, None, None]
        value = float(((shares - self._random_pairs) ** 2).sum())
        for here, expected in self._environment_shares().values():
            value += _LINKER_WEIGHT * (here - expected) ** 2
        return value

    def _environment_shares(self) -> dict[tuple[int, ...], tuple[float, float]]:
        total = len(self._joints)
        shares: dict[tuple[int, ...], tuple[float, float]] = {}
        for joints, linkers in Counter(self._joints.tolist()).items():
            for kind in _compositions(joints, self._n_colours):
                probability = float(factorial(joints))
                for count, fraction in zip(kind, self._fractions, strict=True):
                    probability *= float(fraction) ** count / factorial(count)
                shares[kind] = (self._kinds[kind] / total, probability * linkers / total)
        return shares

    def environments(self) -> dict[str, tuple[float, float]]:
        """Share of linkers in each environment, and in the random solution."""
        label = self._problem.sites.sublattice.label_of
        metals = self._problem.metals
        return {
            "+".join(
                sorted(label(metals[c]) for c, count in enumerate(kind) for _ in range(count))
            ): shares
            for kind, shares in sorted(self._environment_shares().items(), reverse=True)
        }

    def shell_statistics(self) -> tuple[ShellStatistics, ...]:
        """Like pairs of each shell."""
        n = len(self.colours)
        return tuple(
            ShellStatistics(
                distance_a=float(distance),
                n_neighbours=float(pairs / n),
                like_fraction=float(np.trace(sums) / pairs),
                random_like_fraction=float((self._fractions**2).sum()),
            )
            for distance, pairs, sums in zip(self._distances, self._pairs, self._sums, strict=True)
        )


def _compositions(total: int, parts: int) -> list[tuple[int, ...]]:
    """All ways to write a number as an ordered sum of so many numbers from 0."""
    if parts == 1:
        return [(total,)]
    return [
        (first, *rest)
        for first in range(total + 1)
        for rest in _compositions(total - first, parts - 1)
    ]


def _pair_weights(
    sites: SupercellSites, shells: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distances of the nearest shells, and how many images of site j each site i has in them."""
    from ase import Atoms
    from ase.neighborlist import neighbor_list

    parent = sites.sublattice
    primitive = np.asarray(parent.atoms.cell[:], dtype=np.float64)
    centres = (sites.cells[:, None, :] + parent.centres[None, :, :]).reshape(-1, 3) @ primitive
    markers = Atoms(f"X{len(centres)}", positions=centres, cell=sites.form @ primitive, pbc=True)
    reach = float(np.linalg.norm(primitive, axis=1).min()) / 2.0
    while True:
        i, j, distances = neighbor_list("ijd", markers, reach)
        keys = np.rint(distances / _SHELL_WIDTH_A).astype(np.int64)
        radii = np.unique(keys)
        radii = radii[np.insert(np.diff(radii) > 1, 0, True)] if len(radii) else radii
        if len(radii) > shells:
            break
        reach *= 1.3
    weights = np.zeros((shells, sites.n_sites, sites.n_sites))
    for number, radius in enumerate(radii[:shells]):
        inside = np.abs(keys - radius) <= 1
        np.add.at(weights[number], (i[inside], j[inside]), 1.0)
    means = [float(distances[np.abs(keys - radius) <= 1].mean()) for radius in radii[:shells]]
    return np.array(means), weights
