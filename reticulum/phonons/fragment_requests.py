"""Fragments as a user names them: numbers of atoms, patterns, stretches and bends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from reticulum.errors import InputError
from reticulum.phonons.fragment_patterns import FragmentPattern, parse_pattern

_NAME = re.compile(r"[A-Za-z][\w+-]*", re.ASCII)
_NUMBERS = re.compile(r"[\d\s,-]+", re.ASCII)
_HELP = "For example ring=1-6,12 or bridge=Cu~O~C or MCl=stretch:Cu~Cl"


class FragmentKind(Enum):
    """What of a fragment is counted, with the word that asks for it and its number of atoms."""

    #: the motion of its atoms
    ATOMS = ("", None)
    #: the distance between two atoms
    STRETCH = ("stretch", 2)
    #: the angle at the middle one of three atoms
    BEND = ("bend", 3)

    @property
    def word(self) -> str:
        """The word before the selection."""
        word: str = self.value[0]
        return word

    @property
    def n_atoms(self) -> int | None:
        """Atoms of one coordinate; None if any number will do."""
        number: int | None = self.value[1]
        return number


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentRequest:
    """A fragment as the user wrote it.

    Attributes
    ----------
    name
        Its name.
    kind
        What is counted.
    selection
        Numbers of atoms, from 1, or a pattern.

    """

    name: str
    kind: FragmentKind
    selection: tuple[int, ...] | FragmentPattern

    @property
    def text(self) -> str:
        """The selection in words."""
        if isinstance(self.selection, FragmentPattern):
            return self.selection.text
        runs: list[list[int]] = []
        for number in self.selection:
            if self.kind is FragmentKind.ATOMS and runs and number == runs[-1][1] + 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in runs)


def parse_fragments(texts: Sequence[str]) -> tuple[FragmentRequest, ...]:
    """Fragments from texts such as ``ring=1-6``, ``bridge=Cu~O~C`` or ``MCl=stretch:Cu~Cl``.

    Raises
    ------
    InputError
        If a text cannot be read, or a name is given twice.

    """
    requests = tuple(_parse(text) for text in texts)
    names = [request.name for request in requests]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"Two fragments have the name {name!r}.", fix="Give each one its own name."
            )
    return requests


def _parse(text: str) -> FragmentRequest:
    name, equals, rest = text.partition("=")
    name, rest = name.strip(), rest.strip()
    if not equals or not rest or not _NAME.fullmatch(name):
        raise InputError(
            f"{text!r} names no fragment.",
            why="It is NAME=SELECTION; a name begins with a letter and has letters, digits, _ + -.",
            fix=_HELP,
        )
    word, colon, tail = rest.partition(":")
    kind = FragmentKind.ATOMS
    if colon:
        known = {entry.word: entry for entry in FragmentKind if entry.word}
        if word.strip() not in known:
            raise InputError(
                f"{word.strip()!r} in {text!r} is no coordinate.",
                why=f"Known are {' and '.join(known)}.",
                fix=_HELP,
            )
        kind, rest = known[word.strip()], tail.strip()
    selection: tuple[int, ...] | FragmentPattern
    selection = _numbers(rest, text) if _NUMBERS.fullmatch(rest) else parse_pattern(rest)
    count = len(selection) if isinstance(selection, tuple) else len(selection.elements)
    if kind.n_atoms is not None and count != kind.n_atoms:
        raise InputError(
            f"{text!r} names {count} atoms.",
            why=f"A {kind.word} has {kind.n_atoms}.",
            fix=_HELP,
        )
    return FragmentRequest(name=name, kind=kind, selection=selection)


def _numbers(text: str, whole: str) -> tuple[int, ...]:
    """Numbers of atoms, ranges written out, in the order given."""
    found: list[int] = []
    for part in text.split(","):
        ends = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part)
        if ends is None or int(ends[1]) < 1 or int(ends[2] or ends[1]) < int(ends[1]):
            raise InputError(
                f"{part.strip()!r} in {whole!r} is no atom and no range of atoms.",
                why="Atoms are numbered from 1.",
                fix="Give numbers and ranges, 1-6,12 for instance.",
            )
        if len(ends[2] or "") > 6:
            raise InputError(f"{part.strip()!r} names too many atoms.", fix="Give fewer.")
        found += range(int(ends[1]), int(ends[2] or ends[1]) + 1)
    if len(set(found)) < len(found):
        raise InputError(f"{whole!r} names an atom twice.", fix="Name each atom once.")
    return tuple(found)
