"""What peers do to the dimers of HKUST-1, in the interpreter that they are installed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

#: Distribution and pip command of each peer.
PEERS = {
    "SHRY": ("shry", "python -m pip install shry"),
    "bsym": ("bsym", "python -m pip install bsym"),
    "icet": ("icet", "python -m pip install icet"),
}


class Side(NamedTuple):
    """What a program is to do: its input, how far it goes, and whether it names space groups."""

    sites: dict[str, Any]
    cell: str
    n_ru: int | None
    asked: str
    named: bool

    @property
    def counts(self) -> tuple[int, ...]:
        """Clusters of Ru."""
        return tuple(range(len(self.sites["dimers"]) + 1)) if self.n_ru is None else (self.n_ru,)


class Answer(NamedTuple):
    """What a program found; lists are empty where it was not asked or does not say."""

    count: int
    multiplicities: list[int]
    space_groups: list[int]


def space_groups(side: Side, labels: Iterable[Sequence[int]]) -> list[int]:
    """Space group numbers by spglib, for labels of the dimers; the markers are kept."""
    import spglib

    positions = side.sites["dimers"] + side.sites["markers"]
    rest = [6] * len(side.sites["markers"])
    return [
        _number(spglib.get_spacegroup((side.sites["lattice"], positions, [*chosen, *rest]), 1e-3))
        for chosen in labels
    ]


def _number(text: str) -> int:
    """Number of a space group written as in ``I4/mmm (139)``."""
    return int(text[text.rindex("(") + 1 : -1])


def with_shry(side: Side) -> Callable[[], Answer]:
    """Pólya count, or letters and weights of all patterns."""
    from pymatgen.core import Structure
    from shry import Substitutor

    sites = side.sites
    share = side.n_ru / len(sites["dimers"])
    structure = Structure(
        sites["lattice"],
        [{"Cu": 1 - share, "Ru": share}] * len(sites["dimers"]) + ["C"] * len(sites["markers"]),
        sites["dimers"] + sites["markers"],
    )

    def work() -> Answer:
        substitutor = Substitutor(structure)
        if side.asked == "count":
            return Answer(int(substitutor.count()), [], [])
        patterns = [
            (packet["letter"], int(packet["weight"]))
            for packet in substitutor.quantities(("letter", "weight"))
        ]
        labels = (letters.encode() for letters, _ in patterns)
        named = space_groups(side, labels) if side.named else []
        return Answer(len(patterns), [weight for _, weight in patterns], named)

    return work


def with_bsym(side: Side) -> Callable[[], Answer]:
    """Configurations with their multiplicities."""
    from bsym.interface.pymatgen import configuration_space_from_structure
    from pymatgen.core import Structure

    sites = side.sites
    n_sites = len(sites["dimers"])
    structure = Structure(
        sites["lattice"],
        ["Cu"] * n_sites + ["C"] * len(sites["markers"]),
        sites["dimers"] + sites["markers"],
    )
    subset = list(structure.indices_from_symbol("Cu"))

    def work() -> Answer:
        space = configuration_space_from_structure(structure, subset=subset)
        found = space.unique_configurations({29: n_sites - side.n_ru, 44: side.n_ru})
        labels = (configuration.tolist() for configuration in found)
        named = space_groups(side, labels) if side.named else []
        return Answer(len(found), [int(configuration.count) for configuration in found], named)

    return work


def with_icet(side: Side) -> Callable[[], Answer]:
    """Structures of every composition, without multiplicities."""
    import spglib
    from ase import Atoms
    from icet.tools import enumerate_structures

    sites = side.sites
    n_sites, n_markers = len(sites["dimers"]), len(sites["markers"])
    atoms = Atoms(
        ["Cu"] * n_sites + ["C"] * n_markers,
        scaled_positions=sites["dimers"] + sites["markers"],
        cell=sites["lattice"],
        pbc=True,
    )
    symbols = [["Cu", "Ru"]] * n_sites + [["C"]] * n_markers

    def work() -> Answer:
        found = list(enumerate_structures(atoms, sizes=[1], chemical_symbols=symbols))
        named = []
        if side.named:
            for entry in found:
                cell = (entry.cell[:], entry.get_scaled_positions(), entry.numbers)
                named.append(_number(spglib.get_spacegroup(cell, 1e-3)))
        return Answer(len(found), [], named)

    return work
