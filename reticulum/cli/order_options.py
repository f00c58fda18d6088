"""Options of `reticulum order`: contradictions, numbers, symbols of metals, the supercell."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reticulum.errors import InputError

if TYPE_CHECKING:
    from reticulum.ordering.sublattice import ClusterSublattice

#: Entries of a supercell up to which determinants fit into 64 bits.
_LARGEST_ENTRY = 10_000

#: Options that make no sense together: the first one with each of the others.
_CONTRADICTIONS = (
    ("--study", ("--sample", "--quasirandom", "--count-only", "--up-to-index", "--supercell",
                 "--conventional", "--count", "--limit", "--top", "--seed", "--write")),
    ("--sample", ("--quasirandom", "--count-only", "--up-to-index", "--limit")),
    ("--quasirandom", ("--count-only", "--up-to-index", "--limit", "--per-linker", "--top")),
    ("--up-to-index", ("--supercell", "--conventional")),
    ("--count-only", ("--limit", "--top", "--write")),
)  # fmt: skip

#: Options that need another one of these.
_NEEDED = {
    "--seed": ("--sample", "--quasirandom"),
    "--format": ("--write",),
    "--p1": ("--write",),
    "--distances": ("--write",),
    "--study": ("--per-linker",),
    "--figure": ("--study",),
}


def check_options(given: dict[str, bool]) -> None:
    """Refuse options that contradict each other or would be ignored."""
    for first, others in _CONTRADICTIONS:
        clash = [other for other in others if given[first] and given[other]]
        if clash:
            raise InputError(
                f"{first} and {clash[0]} cannot be given together.",
                why="One of them would be ignored.",
                fix="Leave one of them out.",
            )
    for option, needs in _NEEDED.items():
        if given[option] and not any(given[need] for need in needs):
            raise InputError(
                f"{option} was given without {' or '.join(needs)}.",
                why="It has no effect without it.",
                fix=f"Add {needs[0]}, or leave {option} out.",
            )


def check_positive(option: str, value: int | None) -> None:
    """Refuse a number of orderings below one."""
    if value is not None and value < 1:
        raise InputError(
            f"{option} {value} is below 1.",
            why="It is a number of orderings.",
            fix="Give 1 or more.",
        )


def check_two_targets(json: str | None, folder: str | None) -> None:
    """Refuse one path for the JSON file and the folder of structures."""
    if json is not None and folder is not None and Path(json).absolute() == Path(folder).absolute():
        raise InputError(
            f"{json} is named after --json and after --write.",
            why="It cannot be a file and a folder.",
            fix="Give two names.",
        )


def with_metal_symbols(text: str) -> str:
    """Text of --count or --per-linker with its element symbols in their usual case.

    Raises
    ------
    InputError
        If a word before ``=`` is no element.

    """
    from ase.data import atomic_names, chemical_symbols

    def symbol(match: re.Match[str]) -> str:
        word = match.group(0).capitalize()
        if word in chemical_symbols[1:]:
            return word
        known = dict(zip(atomic_names[1:], chemical_symbols[1:], strict=False))
        near = difflib.get_close_matches(word, [*known], n=1, cutoff=0.8)
        raise InputError(
            f"{match.group(0)!r} is not the symbol of an element.",
            why="Whole metal clusters are replaced by those of another metal.",
            fix=f"Write {known[near[0]]} for {near[0].lower()}."
            if near
            else "Write an element symbol such as Ru, Zn or Mo.",
        )

    return re.sub(r"[A-Za-z]+(?=\s*<?=)", symbol, text)


def supercell_rows(sublattice: ClusterSublattice, supercell: str | None, conventional: bool) -> Any:
    """Supercell in units of the primitive vectors."""
    import numpy as np

    from reticulum.ordering.supercells import supercell_matrix

    base = sublattice.conventional if conventional else np.eye(3, dtype=np.int64)
    if supercell is None:
        return base
    words = [word for word in re.split(r"[\s,]+", supercell.strip()) if word]
    if not all(re.fullmatch(r"[+-]?\d+", word) for word in words):
        raise InputError(
            f"The supercell {supercell!r} is not made of integers.",
            why="Three integers multiply the cell vectors; nine are the rows of a matrix.",
            fix='For instance --supercell "2 2 2".',
        )
    largest = max((abs(int(word)) for word in words), default=0)
    if largest > _LARGEST_ENTRY:
        raise InputError(
            f"The supercell {supercell} has the entry {largest}.",
            why=f"No cell with entries above {_LARGEST_ENTRY} can be ordered.",
            fix='Give a smaller one, for instance --supercell "2 2 2".',
        )
    return supercell_matrix([int(word) for word in words]) @ base
