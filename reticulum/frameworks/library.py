"""The bundled structures: a card for each, with its source, licence, edits and expected facts."""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from reticulum.errors import InputError
from reticulum.resources import data_folder

StructureStatus = Literal["experimental", "computed", "constructed model"]
Confidence = Literal["high", "medium", "low"]
Verification = Literal["verified", "unverified"]

#: How many similar names an error message offers.
_N_SUGGESTIONS = 3

#: Similarity ratio (difflib, 0 to 1) above which a name counts as similar; 0.5 finds "HKUST1" and
#: "UIO66" and offers nothing for words that have little in common with any name.
_SUGGESTION_CUTOFF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class CellParameters:
    """Conventional cell: edges a, b, c in Å and angles alpha, beta, gamma in degrees."""

    a: float
    b: float
    c: float
    alpha: float
    beta: float
    gamma: float

    def to_dict(self) -> dict[str, float]:
        """Return plain Python types."""
        return {name: getattr(self, name) for name in ("a", "b", "c", "alpha", "beta", "gamma")}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetalCoordination:
    """Expected neighbours of a metal: how many of one element, and how far.

    Parameters
    ----------
    metal
        Element of the metal.
    neighbours
        Element of the bonded atoms.
    count
        Number of neighbours of each atom of that metal.
    shortest_a, longest_a
        Interval that contains every one of these bond lengths, Å.

    """

    metal: str
    neighbours: str
    count: int
    shortest_a: float
    longest_a: float

    def __post_init__(self) -> None:
        """Check that the interval is one."""
        if self.count < 1 or not 0.0 < self.shortest_a < self.longest_a:
            raise ValueError(f"impossible coordination {self.metal}-{self.neighbours}")

    def to_dict(self) -> dict[str, str | int | float]:
        """Return plain Python types."""
        return {
            "metal": self.metal,
            "neighbours": self.neighbours,
            "count": self.count,
            "shortest_a": self.shortest_a,
            "longest_a": self.longest_a,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureCard:
    """What is known about a bundled structure and where it comes from.

    Parameters
    ----------
    name
        Name by which every command finds the structure.
    title
        One line for tables and plots.
    aliases
        Other names that find it.
    formula
        Per formula unit.
    primitive_formula, n_atoms_primitive
        Content of the primitive cell, Hill order.
    space_group, space_group_number
        International short symbol and number.
    cell
        Conventional cell.
    status
        Measured, computed, or a constructed model without a published geometry behind it.
    confidence
        How far the geometry can be trusted as a starting point.
    verification, verification_note
        Whether the numbers were compared with the named source, and what was not.
    source, doi
        Citation, and its DOI; ``None`` where none is known for certain.
    provenance, licence_remark, edits
        Where the numbers were taken from, on what terms, and what was changed.
    sha256
        Of the CIF.
    coordination
        Expected metal coordination.
    notes
        What a user should know before using it.
    table1_row
        Row of the published table of red-shift slopes this structure stands for, or ``None``.
    experimental_cell
        Measured cell, or ``None``.
    cif_path
        The CIF.

    """

    name: str
    title: str
    aliases: tuple[str, ...]
    formula: str
    primitive_formula: str
    n_atoms_primitive: int
    space_group: str
    space_group_number: int
    cell: CellParameters
    status: StructureStatus
    confidence: Confidence
    verification: Verification
    verification_note: str
    source: str
    provenance: str
    licence_remark: str
    edits: str
    sha256: str
    coordination: tuple[MetalCoordination, ...]
    notes: str
    cif_path: Path
    doi: str | None = None
    table1_row: str | None = None
    experimental_cell: str | None = None

    def __post_init__(self) -> None:
        """Check the fields that have a fixed set of values."""
        for value, allowed in (
            (self.status, get_args(StructureStatus)),
            (self.confidence, get_args(Confidence)),
            (self.verification, get_args(Verification)),
        ):
            if value not in allowed:
                raise ValueError(f"{value!r} is none of {', '.join(allowed)}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types; the path of the CIF is left out (it differs by machine)."""
        return {
            "name": self.name,
            "title": self.title,
            "aliases": list(self.aliases),
            "formula": self.formula,
            "primitive_formula": self.primitive_formula,
            "n_atoms_primitive": self.n_atoms_primitive,
            "space_group": self.space_group,
            "space_group_number": self.space_group_number,
            "cell": self.cell.to_dict(),
            "status": self.status,
            "confidence": self.confidence,
            "verification": self.verification,
            "verification_note": self.verification_note,
            "source": self.source,
            "doi": self.doi,
            "provenance": self.provenance,
            "licence_remark": self.licence_remark,
            "edits": self.edits,
            "sha256": self.sha256,
            "table1_row": self.table1_row,
            "experimental_cell": self.experimental_cell,
            "coordination": [item.to_dict() for item in self.coordination],
            "notes": self.notes,
        }


def list_structures() -> tuple[StructureCard, ...]:
    """Cards of all bundled structures, in alphabetical order of their names.

    Raises
    ------
    ReticulumError
        If the installation lacks its data.
    InputError
        If a card is damaged.

    """
    return _cards_in(data_folder("structures") / "frameworks")


def load_structure_card(name: str) -> StructureCard:
    """Card of a bundled structure, found by its name or an alias without regard to case.

    Raises
    ------
    InputError
        If there is no such structure; the message offers the nearest names.

    """
    card = find_structure_card(name)
    if card is not None:
        return card
    near = nearest_structure_names(name)
    raise InputError(
        f"There is no bundled structure {name!r}.",
        why=f"Similar names: {', '.join(near)}." if near else "No bundled name is similar.",
        fix="List the bundled structures with: reticulum structures",
    )


def find_structure_card(name: str) -> StructureCard | None:
    """Card of a bundled structure, or ``None`` if no structure has this name or alias."""
    return _cards_by_name(data_folder("structures") / "frameworks").get(name.strip().casefold())


def nearest_structure_names(name: str) -> tuple[str, ...]:
    """Names of bundled structures that resemble a name, the nearest first."""
    by_name = _cards_by_name(data_folder("structures") / "frameworks")
    close = difflib.get_close_matches(
        name.strip().casefold(), by_name, n=2 * _N_SUGGESTIONS, cutoff=_SUGGESTION_CUTOFF
    )
    return tuple(dict.fromkeys(by_name[key].name for key in close))[:_N_SUGGESTIONS]


@lru_cache(maxsize=4)
def _cards_in(folder: Path) -> tuple[StructureCard, ...]:
    """Read every card below a folder."""
    cards = [_read_card(path) for path in folder.glob("*/card.toml")]
    return tuple(sorted(cards, key=lambda card: card.name.casefold()))


@lru_cache(maxsize=4)
def _cards_by_name(folder: Path) -> dict[str, StructureCard]:
    """Cards by case-folded name and alias; a name wins over an alias."""
    cards = _cards_in(folder)
    by_name = {alias.casefold(): card for card in cards for alias in card.aliases}
    by_name.update({card.name.casefold(): card for card in cards})
    return by_name


def _read_card(path: Path) -> StructureCard:
    """Read one card.

    Raises
    ------
    InputError
        If the file is no valid card.

    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        values["cell"] = CellParameters(**values["cell"])
        values["coordination"] = tuple(MetalCoordination(**c) for c in values["coordination"])
        values["aliases"] = tuple(values["aliases"])
        return StructureCard(cif_path=path.with_name(f"{values['name']}.cif"), **values)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The structure card {path} cannot be read: {error}.",
            why="A card must be valid TOML and have all its fields.",
            fix="Reinstall with: python -m pip install --force-reinstall reticulum",
        ) from error
