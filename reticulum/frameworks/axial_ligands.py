"""Anions on the axes of paddlewheels: their places, and every order with one at each pair.

A charged pair such as Ru2[II,III] carries one anion on one of its two ends. On average over a
crystal both ends are half occupied; an ordered model chooses one end of every pair. The group of
the average structure acts on the choices, and choices that it carries into each other are one
order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.cluster_graph import ClusterGraph, ClusterKind
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of

if TYPE_CHECKING:
    from ase import Atoms

#: Key in ``ase.Atoms.info`` of models that have half-occupied sites beside their atoms: how many.
PARTLY_OCCUPIED = "partly_occupied_sites"

AnionState = Literal["none", "disordered", "ordered"]

#: Both ends of a pair: metal atom, and Cartesian place of an anion on it, Å.
Ends: TypeAlias = tuple[tuple[int, NDArray[np.float64]], tuple[int, NDArray[np.float64]]]

#: Most pairs whose orders are enumerated; 2^14 choices take a second.
MOST_PAIRS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class PartialSite:
    """A site that is occupied only on average, which `ase.Atoms` cannot hold.

    Attributes
    ----------
    element
        Symbol.
    position
        Cartesian, Å, in the cell of the structure it belongs to.
    occupancy
        Between 0 and 1.

    """

    element: str
    position: tuple[float, float, float]
    occupancy: float

    def __post_init__(self) -> None:
        if not 0.0 < self.occupancy <= 1.0:
            raise ValueError(f"an occupancy lies in (0, 1], not {self.occupancy!r}")

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {
            "element": self.element,
            "position_angstrom": list(self.position),
            "occupancy": self.occupancy,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AxialOrder:
    """One way to place one anion on each pair, up to symmetry.

    Attributes
    ----------
    ends
        Metal atoms that carry an anion, one of each pair; a representative.
    multiplicity
        Number of choices equivalent to it under the average space group.
    space_group, space_group_number
        Of the structure with this order.
    polar
        Whether its point group lets a polarisation survive.

    """

    ends: tuple[int, ...]
    multiplicity: int
    space_group: str
    space_group_number: int
    polar: bool

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {
            "metal_atoms": list(self.ends),
            "multiplicity": self.multiplicity,
            "space_group": self.space_group,
            "space_group_number": self.space_group_number,
            "polar": self.polar,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedAnions:
    """A framework with its axial anions.

    Attributes
    ----------
    atoms
        With the anions of an ordered model, without those of a disordered one.
    sites
        Half-occupied anions of a disordered model.
    state
        ``none``, ``disordered`` or ``ordered``.
    space_group, space_group_number
        Of the model; of its average when disordered.
    orders
        Every order, highest symmetry first; empty if no pair is charged.
    order
        Number of the one that was built.

    """

    atoms: Atoms
    sites: tuple[PartialSite, ...]
    state: AnionState
    space_group: str
    space_group_number: int
    orders: tuple[AxialOrder, ...]
    order: int | None


def place_anions(
    atoms: Atoms,
    clusters: ClusterGraph,
    lengths: Mapping[str, float],
    element: str,
    *,
    state: AnionState,
    order: int = 0,
) -> PlacedAnions:
    """Framework with the anions of its charged pairs.

    Parameters
    ----------
    atoms
        The framework without axial ligands, in its primitive cell. Not changed.
    clusters
        Its clusters.
    lengths
        Metal-anion distance for each metal that carries anions, Å; may be empty.
    element
        Symbol of the anion.
    state
        Leave them out, half occupy both ends, or order them.
    order
        Number of the order in `axial_orders`.

    Returns
    -------
    PlacedAnions
        The framework itself keeps the positions of the average.

    Raises
    ------
    InputError
        If no pair carries anions but a state other than ``none`` is asked for, or there is no
        such order.

    """
    group = symmetry_of(atoms)
    if state == "none" and not lengths:
        return PlacedAnions(
            atoms=atoms.copy(),
            sites=(),
            state=state,
            space_group=group.symbol,
            space_group_number=group.number,
            orders=(),
            order=None,
        )
    ends = axial_places(atoms, clusters, lengths)
    orders = axial_orders(atoms, ends, element, group)
    if not 0 <= order < len(orders):
        raise InputError(
            f"There is no order {order} of {element}.",
            why=f"There are {len(orders)} inequivalent orders, numbered from 0 to "
            f"{len(orders) - 1}.",
            fix="Choose one of them; 0 has the highest symmetry.",
        )
    symbol, number = group.symbol, group.number
    built = atoms.copy()
    if state == "ordered":
        built = with_anions(atoms, ends, orders[order].ends, element)
        symbol, number = orders[order].space_group, orders[order].space_group_number
    return PlacedAnions(
        atoms=built,
        sites=half_occupied(ends, element) if state == "disordered" else (),
        state=state,
        space_group=symbol,
        space_group_number=number,
        orders=orders,
        order=order if state == "ordered" else None,
    )


def axial_places(
    atoms: Atoms, clusters: ClusterGraph, lengths: Mapping[str, float]
) -> tuple[Ends, ...]:
    """Both ends of each pair with an axial site: metal atom and Cartesian place, Å.

    Parameters
    ----------
    atoms
        The framework without axial ligands.
    clusters
        Its clusters.
    lengths
        Metal-anion distance for each metal that carries anions, Å.

    Returns
    -------
    tuple
        For each such pair its two ends, in the order of `clusters`.

    Raises
    ------
    InputError
        If no paddlewheel has such a metal.

    """
    symbols = atoms.get_chemical_symbols()
    cell = np.asarray(atoms.cell[:], dtype=np.float64)
    pairs = []
    for cluster in clusters.clusters:
        one, other = cluster.metals[0], cluster.metals[-1]
        length = lengths.get(symbols[one.index])
        if cluster.kind is not ClusterKind.PADDLEWHEEL or length is None:
            continue
        places = [
            np.asarray(atoms.positions[site.index]) + np.array(site.shift) @ cell
            for site in (one, other)
        ]
        axis = places[1] - places[0]
        axis = axis / np.linalg.norm(axis)
        home = [np.array(site.shift) @ cell for site in (one, other)]
        pairs.append(
            (
                (one.index, places[0] - length * axis - home[0]),
                (other.index, places[1] + length * axis - home[1]),
            )
        )
    if not pairs:
        raise InputError(
            f"No paddlewheel of {atoms.get_chemical_formula()} carries axial anions.",
            why=f"Anions belong to pairs of {', '.join(sorted(lengths)) or 'no metal'}.",
            fix="Leave the anions out, or choose a metal whose pairs are charged, such as Ru.",
        )
    return tuple(pairs)


def axial_orders(
    atoms: Atoms,
    ends: Sequence[Ends],
    element: str,
    symmetry: CrystalSymmetry | None = None,
) -> tuple[AxialOrder, ...]:
    """Every order with one anion at each pair, in the primitive cell, up to symmetry.

    Parameters
    ----------
    atoms
        The framework without axial ligands, in its primitive cell.
    ends
        From `axial_places`.
    element
        Symbol of the anion.
    symmetry
        Of `atoms`, if at hand.

    Returns
    -------
    tuple of AxialOrder
        Highest symmetry first. The multiplicities add up to 2 to the power of the number of
        pairs.

    Raises
    ------
    InputError
        If there are more than `MOST_PAIRS` pairs.
    CalculationError
        If the space group that spglib finds has not the order of the stabiliser.

    Notes
    -----
    Orders that need a larger cell are not in the list.

    """
    if len(ends) > MOST_PAIRS:
        raise InputError(
            f"{len(ends)} pairs have 2^{len(ends)} orders of their anions.",
            why=f"At most {MOST_PAIRS} pairs are enumerated.",
            fix="Use the primitive cell.",
        )
    group = symmetry_of(atoms) if symmetry is None else symmetry
    pair_of = {metal: number for number, pair in enumerate(ends) for metal, _ in pair}
    seen: set[tuple[int, ...]] = set()
    orders = []
    for chosen in product(*((pair[0][0], pair[1][0]) for pair in ends)):
        if chosen in seen:
            continue
        images = group.permutations[:, list(chosen)]
        orbit = {tuple(sorted(row, key=lambda metal: pair_of[metal])) for row in images.tolist()}
        seen |= orbit
        order = min(orbit)
        found = symmetry_of(with_anions(atoms, ends, order, element))
        if found.order * len(orbit) != group.order:
            raise CalculationError(
                f"An order of {element} has {found.order} operations where "
                f"{group.order // len(orbit)} leave it unchanged.",
                why="spglib and the permutations of the atoms disagree.",
                fix="Report this; the symmetry tolerance may be too loose for the structure.",
            )
        orders.append(
            AxialOrder(
                ends=order,
                multiplicity=len(orbit),
                space_group=found.symbol,
                space_group_number=found.number,
                polar=_is_polar(found),
            )
        )
    return tuple(sorted(orders, key=lambda o: (o.multiplicity, -o.space_group_number, o.ends)))


def with_anions(
    atoms: Atoms,
    ends: Sequence[Ends],
    metals: Sequence[int],
    element: str,
) -> Atoms:
    """Framework with an anion on the axis at each of some metals, after its other atoms."""
    from ase import Atoms as PlainAtoms

    places = {metal: place for pair in ends for metal, place in pair}
    return atoms + PlainAtoms([element] * len(metals), positions=[places[m] for m in metals])


def half_occupied(ends: Sequence[Ends], element: str) -> tuple[PartialSite, ...]:
    """Sites of the disordered average: both ends of each pair, half occupied by one anion."""
    sites = []
    for pair in ends:
        for _, place in pair:
            x, y, z = (float(value) for value in place)
            sites.append(PartialSite(element=element, position=(x, y, z), occupancy=0.5))
    return tuple(sites)


def _is_polar(symmetry: CrystalSymmetry) -> bool:
    """Whether some direction is left unchanged by every rotation."""
    kept = symmetry.cartesian_rotations.mean(axis=0)
    return bool(np.linalg.norm(kept) > 1e-6)
