"""Carboxylate groups of a framework: where they are and how they bind the metals."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import (
    BondGraph,
    BondKind,
    PeriodicSite,
    Shift,
    find_bonds,
    is_metal,
)

_CARBON = atomic_numbers["C"]
_HYDROGEN = atomic_numbers["H"]
_OXYGEN = atomic_numbers["O"]
_HOME: Shift = (0, 0, 0)


class BindingMode(Enum):
    """How the two oxygen atoms of a carboxylate bind metals.

    The mode does not count how many metals an oxygen atom binds; `Carboxylate.harris_notation`
    does (2.11 in a paddlewheel, 3.21 in MOF-74).
    """

    #: both oxygen atoms bind metals, and they share none
    BRIDGING = "bridging"
    #: only one oxygen atom binds a metal
    MONODENTATE = "monodentate"
    #: both oxygen atoms bind one and the same metal, and no other metal is bound
    CHELATING = "chelating"
    #: a metal is bound by both oxygen atoms and at least one more metal is bound
    BRIDGING_CHELATING = "bridging-chelating"
    #: no metal is bound
    FREE = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carboxylate:
    """A carboxylate group R-CO2 with the metals it binds.

    Images (`PeriodicSite.shift`) are counted from the cell of the carbon atom.

    Attributes
    ----------
    carbon
        Index of the carboxyl carbon atom.
    oxygens
        The two oxygen atoms, in the order of index and image.
    attached
        The atom that bears the group: carbon (of a ring or chain), or hydrogen in formate.
    metals
        For each of the two oxygen atoms, the metals that it binds.
    binding_mode
        How the group binds.
    co_distances
        The two C-O distances, Å.
    oco_angle_deg
        O-C-O angle, degrees.
    metal_oxygen_distances
        For each of the two oxygen atoms, the distances to its `metals`, Å.

    """

    carbon: int
    oxygens: tuple[PeriodicSite, PeriodicSite]
    attached: PeriodicSite
    metals: tuple[tuple[PeriodicSite, ...], tuple[PeriodicSite, ...]]
    binding_mode: BindingMode
    co_distances: tuple[float, float]
    oco_angle_deg: float
    metal_oxygen_distances: tuple[tuple[float, ...], tuple[float, ...]]

    @property
    def mean_co_distance(self) -> float:
        """Mean of the two C-O distances, Å."""
        return (self.co_distances[0] + self.co_distances[1]) / 2.0

    @property
    def mean_metal_oxygen_distance(self) -> float | None:
        """Mean of all metal-oxygen distances, Å; None if no metal is bound."""
        distances = [*self.metal_oxygen_distances[0], *self.metal_oxygen_distances[1]]
        return float(np.mean(distances)) if distances else None

    @property
    def bound_metals(self) -> tuple[PeriodicSite, ...]:
        """The distinct metals bound by the group, in the order of index and image."""
        return tuple(sorted(set(self.metals[0]) | set(self.metals[1])))

    @property
    def harris_notation(self) -> str:
        """Harris notation: number of metals, then how many each oxygen atom binds (2.11)."""
        counts = sorted((len(metals) for metals in self.metals), reverse=True)
        return f"{len(self.bound_metals)}.{counts[0]}{counts[1]}"

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON; sites are [index, [a, b, c]]."""
        return {
            "carbon": self.carbon,
            "oxygens": [_plain(site) for site in self.oxygens],
            "attached": _plain(self.attached),
            "metals": [[_plain(site) for site in metals] for metals in self.metals],
            "binding_mode": self.binding_mode.value,
            "harris_notation": self.harris_notation,
            "co_distances_angstrom": list(self.co_distances),
            "oco_angle_deg": self.oco_angle_deg,
            "metal_oxygen_distances_angstrom": [
                list(distances) for distances in self.metal_oxygen_distances
            ],
        }


def _plain(site: PeriodicSite) -> list[object]:
    return [site.index, list(site.shift)]


def find_carboxylates(atoms: Atoms, graph: BondGraph | None = None) -> tuple[Carboxylate, ...]:
    """Carboxylate groups of a structure, in the order of their carbon atoms.

    A carboxylate is a carbon atom bonded to exactly two oxygen atoms and one carbon or hydrogen
    atom (formate), whose oxygen atoms bear nothing but metals. So carbonate (three oxygen atoms),
    carbon dioxide, esters, phenolates and the protonated acid COOH are not carboxylates; see
    `find_carboxylic_acids` for the last. Groups that cross cell faces count.

    Parameters
    ----------
    atoms
        Structure; positions need not be wrapped. Not changed.
    graph
        Bonded graph, if it is at hand, for instance that of the undistorted structure when the
        bonds of a strongly displaced one are to be kept. Found from `atoms` otherwise.

    Returns
    -------
    tuple of Carboxylate
        Empty if there is none.

    Raises
    ------
    InputError
        If `graph` belongs to another number of atoms, or atoms overlap.

    """
    bonded = _graph_of(atoms, graph)
    return tuple(
        _describe(atoms, bonded, carbon, oxygens, attached)
        for carbon, oxygens, attached in _carboxyl_groups(atoms, bonded)
        if not _covalent_on_oxygen(bonded, carbon, oxygens)
    )


def find_carboxylic_acids(atoms: Atoms, graph: BondGraph | None = None) -> tuple[int, ...]:
    """Carbon atoms of protonated acid groups R-COOH.

    Parameters
    ----------
    atoms, graph
        As for `find_carboxylates`.

    Returns
    -------
    tuple of int
        Indices of the carboxyl carbon atoms, ascending.

    Raises
    ------
    InputError
        As for `find_carboxylates`.

    """
    numbers = atoms.get_atomic_numbers()
    bonded = _graph_of(atoms, graph)
    return tuple(
        carbon
        for carbon, oxygens, _ in _carboxyl_groups(atoms, bonded)
        if any(
            numbers[site.index] == _HYDROGEN
            for site in _covalent_on_oxygen(bonded, carbon, oxygens)
        )
    )


def require_carboxylates(atoms: Atoms, graph: BondGraph | None = None) -> tuple[Carboxylate, ...]:
    """Carboxylate groups of a structure that must have some.

    Parameters
    ----------
    atoms, graph
        As for `find_carboxylates`.

    Returns
    -------
    tuple of Carboxylate
        At least one.

    Raises
    ------
    InputError
        If the structure has no carboxylate.

    """
    bonded = _graph_of(atoms, graph)
    found = find_carboxylates(atoms, bonded)
    if found:
        return found
    acids = len(find_carboxylic_acids(atoms, bonded))
    remark = f" It has {acids} protonated COOH group(s), which do not count." if acids else ""
    raise InputError(
        f"No carboxylate group was found in {atoms.get_chemical_formula()}.{remark}",
        why="The carboxylate bands are those of a carbon atom with two oxygen atoms that bear "
        "only metals and one carbon or hydrogen atom.",
        fix="Give a framework with carboxylate linkers (for instance HKUST-1), without disorder "
        "and with all its hydrogen atoms.",
    )


def _graph_of(atoms: Atoms, graph: BondGraph | None) -> BondGraph:
    if graph is None:
        return find_bonds(atoms)
    if graph.n_atoms != len(atoms):
        raise InputError(
            f"The bonded graph has {graph.n_atoms} atoms, the structure {len(atoms)}.",
            why="They do not belong together.",
            fix="Find the bonds of the structure itself, or leave the graph out.",
        )
    return graph


def _carboxyl_groups(
    atoms: Atoms, graph: BondGraph
) -> list[tuple[int, tuple[PeriodicSite, PeriodicSite], PeriodicSite]]:
    """Carbon atoms with two oxygen atoms and one carbon or hydrogen atom."""
    numbers = atoms.get_atomic_numbers()
    groups = []
    for carbon in np.flatnonzero(numbers == _CARBON).tolist():
        around = graph.neighbours(carbon)
        oxygens = [site for site in around if numbers[site.index] == _OXYGEN]
        others = [site for site in around if numbers[site.index] != _OXYGEN]
        if len(oxygens) != 2 or len(others) != 1:
            continue
        if numbers[others[0].index] in (_CARBON, _HYDROGEN):
            groups.append((carbon, (oxygens[0], oxygens[1]), others[0]))
    return groups


def _covalent_on_oxygen(
    graph: BondGraph, carbon: int, oxygens: tuple[PeriodicSite, PeriodicSite]
) -> list[PeriodicSite]:
    """Non-metals on the two oxygen atoms besides the carboxyl carbon itself."""
    home = PeriodicSite(carbon, _HOME)
    return [
        site
        for oxygen in oxygens
        for site in graph.site_neighbours(oxygen, BondKind.COVALENT)
        if site != home
    ]


def _describe(
    atoms: Atoms,
    graph: BondGraph,
    carbon: int,
    oxygens: tuple[PeriodicSite, PeriodicSite],
    attached: PeriodicSite,
) -> Carboxylate:
    metallic = is_metal(atoms.get_atomic_numbers().astype(np.int64))
    metals = tuple(
        tuple(
            site
            for site in graph.site_neighbours(oxygen, BondKind.COORDINATION)
            if metallic[site.index]
        )
        for oxygen in oxygens
    )
    home = _position(atoms, PeriodicSite(carbon, _HOME))
    first, second = (_position(atoms, oxygen) for oxygen in oxygens)
    arms = (first - home, second - home)
    lengths = tuple(float(np.linalg.norm(arm)) for arm in arms)
    cosine = float(arms[0] @ arms[1]) / (lengths[0] * lengths[1])
    to_metals = tuple(
        tuple(float(np.linalg.norm(_position(atoms, metal) - oxygen)) for metal in bound)
        for oxygen, bound in zip((first, second), metals, strict=True)
    )
    return Carboxylate(
        carbon=carbon,
        oxygens=oxygens,
        attached=attached,
        metals=(metals[0], metals[1]),
        binding_mode=_binding_mode(set(metals[0]), set(metals[1])),
        co_distances=(lengths[0], lengths[1]),
        oco_angle_deg=float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))),
        metal_oxygen_distances=(to_metals[0], to_metals[1]),
    )


def _binding_mode(first: set[PeriodicSite], second: set[PeriodicSite]) -> BindingMode:
    if not first and not second:
        return BindingMode.FREE
    if not first or not second:
        return BindingMode.MONODENTATE
    if not first & second:
        return BindingMode.BRIDGING
    if len(first | second) == 1:
        return BindingMode.CHELATING
    return BindingMode.BRIDGING_CHELATING


def _position(atoms: Atoms, site: PeriodicSite) -> NDArray[np.float64]:
    position: NDArray[np.float64] = atoms.positions[site.index] + np.array(
        site.shift, dtype=float
    ) @ np.asarray(atoms.cell)
    return position
