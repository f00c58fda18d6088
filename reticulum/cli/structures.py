"""`reticulum structures`: what is bundled, with source and status."""

from __future__ import annotations

from typing import Annotated

import typer

from reticulum.cli.console import check_json_target, print_table, reporting, write_result
from reticulum.cli.options import JsonOption


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
            rows = [(key.replace("_", " "), _text(value)) for key, value in card.to_dict().items()]
            print_table(card.title, ("", ""), [row for row in rows if row[1]])
            return
        cards = list_structures()
        if json is not None:
            write_result([card.to_dict() for card in cards], json)
            return
        print_table(
            "Bundled structures (reticulum structures NAME shows one in full)",
            ("name", "space group", "atoms ", "status", "source"),
            [
                (
                    card.name,
                    card.space_group,
                    str(card.n_atoms_primitive),
                    card.status
                    + ("" if card.verification == "verified" else ", unverified")
                    + (", low confidence" if card.confidence == "low" else ""),
                    card.doi if card.doi else card.source,
                )
                for card in cards
            ],
        )


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return "; ".join(_text(item) for item in value)
    return "" if value is None else str(value)
