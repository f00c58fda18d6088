"""`reticulum structures`: what is bundled, with source and status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli.console import (
    check_json_target,
    print_table,
    reporting,
    standard_output,
    write_result,
)
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.frameworks.library import StructureCard

#: Width of a terminal in characters that holds DOIs too.
_WIDE = 116

#: The longest status in a word.
_SHORT_STATUS = {"constructed model": "model"}


def structures(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Show one structure in full.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """List the bundled structures, or show one with its source, edits and caveats."""
    with reporting():
        from reticulum.frameworks.library import list_structures, load_structure_card

        check_json_target(json)
        if name is not None:
            card = load_structure_card(name)
            if json is not None:
                write_result(card.to_dict(), json)
                return
            _print_card(card)
            return
        cards = list_structures()
        if json is not None:
            write_result([card.to_dict() for card in cards], json)
            return
        _print_list(cards)


def _print_card(card: StructureCard) -> None:
    """Print a card in full; its digest, one long word, stands under the table."""
    content = card.to_dict()
    digest = content.pop("sha256")
    rows = [(key.replace("_", " "), _text(value)) for key, value in content.items()]
    print_table(card.title, ("", ""), [row for row in rows if row[1]])
    typer.echo(f"sha256 of the CIF: {digest}")


def _print_list(cards: Sequence[StructureCard]) -> None:
    """Print one line for each structure; a terminal of 80 characters holds it without DOIs."""
    rows = [
        (
            card.name,
            card.space_group,
            str(card.n_atoms_primitive),
            _SHORT_STATUS.get(card.status, card.status) + _marks(card),
            short_source(card),
            card.doi or "",
        )
        for card in cards
    ]
    columns = ("name", "group", "atoms ", "status", "source", "DOI")
    n_columns = len(columns) if standard_output().width >= _WIDE else len(columns) - 1
    print_table(
        "Bundled structures (in full: reticulum structures NAME)",
        columns[:n_columns],
        [row[:n_columns] for row in rows],
    )
    typer.echo(
        "atoms: in the primitive cell. model: constructed, without published geometry.\n"
        "*  not every number could be compared with its source\n"
        "** in addition the geometry is of low confidence"
    )


def _marks(card: StructureCard) -> str:
    if card.confidence == "low":
        return " **"
    return "" if card.verification == "verified" else " *"


def short_source(card: StructureCard) -> str:
    """First author and year of what a structure was taken from; its DOI if they are not told.

    Sources are written as ``Chui, Lo, ..., Science 283, 1148 (1999)``, perhaps with a word and a
    colon before, and more of them after a semicolon.
    """
    first = re.sub(r"^[^:]*: ", "", card.source.split(";")[0])
    given = re.search(r"\bby (?:[A-Z]\. )*(\w[\w'-]+) \((\d{4})\)", first)
    if given is not None:
        return " ".join(given.groups())
    author = re.match(r"(\w[\w'-]+)(?=,| et al)", first)
    year = re.search(r"\b(?:19|20)\d\d\b", first)
    if author is None:
        return card.doi or ""
    return author.group(1) + (f" {year.group(0)}" if year else "")


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_text(item) for item in value)
    return "" if value is None else str(value)
