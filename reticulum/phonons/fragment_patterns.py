"""Patterns of atoms and bonds, and where they occur in the periodic bonded graph.

A pattern is written like SMARTS, but with elements and bonds only: ``Cu~O~C(~O)~C``. Atoms are
element symbols, ``[C,N]`` for alternatives or ``*`` for any; ``~`` is a bond of any kind; branches
stand in parentheses; two equal digits after two atoms close a ring, as in ``C1~C~C~C~C~C1``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ase import Atoms
from ase.data import atomic_numbers

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite

_SYMBOL = re.compile(r"[A-Z][a-z]?")
_HELP = "For example Cu~O~C(~O)~C, [C,N]~H or C1~C~C~C~C~C1."

#: Most places that one pattern may match in a cell.
MOST_MATCHES = 100_000

#: Most sites that are tried for one pattern; a ring of six in HKUST-1 takes 4000.
MOST_TRIALS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FragmentPattern:
    """Atoms of a pattern and the bonds between them.

    Attributes
    ----------
    text
        The pattern as written.
    elements
        For each atom, the allowed symbols; empty for any.
    bonds
        Pairs of atoms of the pattern, the earlier one first.

    """

    text: str
    elements: tuple[frozenset[str], ...]
    bonds: tuple[tuple[int, int], ...]


def parse_pattern(text: str) -> FragmentPattern:
    """Pattern from its text.

    Parameters
    ----------
    text
        The pattern.

    Raises
    ------
    InputError
        If it cannot be read; the position is shown.

    """
    return _Reader(text).pattern()


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.elements: list[frozenset[str]] = []
        self.bonds: list[tuple[int, int]] = []
        self.open_rings: dict[str, tuple[int, int]] = {}

    def pattern(self) -> FragmentPattern:
        if not self.text:
            raise InputError("A pattern is empty.", fix=f"Write one. {_HELP}")
        branches: list[tuple[int, int]] = []
        last = self.atom(None)
        while self.place < len(self.text):
            letter = self.text[self.place]
            after = self.text[self.place + 1 : self.place + 2]
            if letter == "~" and after.isascii() and after.isdigit():
                self.place += 1  # the bond of a ring may be written: C~1
            elif letter == "~":
                self.place += 1
                last = self.atom(last)
            elif letter == "(":
                branches.append((last, self.place))
                self.place += 1
                if self.text[self.place : self.place + 1] != "~":
                    raise self.error("A branch begins with ~")
            elif letter == ")":
                if not branches:
                    raise self.error("This branch was not opened")
                last, _ = branches.pop()
                self.place += 1
            elif letter.isascii() and letter.isdigit():
                self.ring(letter, last)
            else:
                raise self.error("After an atom comes ~, a branch, or the digit of a ring")
        if branches:
            self.place = branches[-1][1]
            raise self.error("This branch is not closed")
        if self.open_rings:
            self.place = next(iter(self.open_rings.values()))[1]
            raise self.error("This ring is not closed: the digit stands once")
        return FragmentPattern(
            text=self.text, elements=tuple(self.elements), bonds=tuple(self.bonds)
        )

    def atom(self, before: int | None) -> int:
        """Read an atom bonded to an earlier one; its number."""
        start = self.text[self.place : self.place + 1]
        if start == "*":
            self.place += 1
            allowed: frozenset[str] = frozenset()
        elif start == "[":
            end = self.text.find("]", self.place)
            if end < 0:
                raise self.error("This bracket is not closed")
            symbols = set()
            self.place += 1
            while True:
                symbols.add(self.symbol())
                if self.place == end:
                    break
                if self.text[self.place] != ",":
                    raise self.error("Between elements in brackets stands a comma")
                self.place += 1
            self.place = end + 1
            allowed = frozenset(symbols)
        else:
            allowed = frozenset({self.symbol()})
        self.elements.append(allowed)
        number = len(self.elements) - 1
        if before is not None:
            self.bonds.append((before, number))
        return number

    def symbol(self) -> str:
        found = _SYMBOL.match(self.text, self.place)
        if found is None or atomic_numbers.get(found.group(), 0) == 0:
            raise self.error("Here an element symbol is expected, as C or Cu")
        self.place = found.end()
        return found.group()

    def ring(self, digit: str, last: int) -> None:
        if digit in self.open_rings:
            first, _ = self.open_rings.pop(digit)
            if first == last or (min(first, last), max(first, last)) in self.bonds:
                raise self.error("This ring closes a bond that is there already")
            self.bonds.append((min(first, last), max(first, last)))
        else:
            self.open_rings[digit] = (last, self.place)
        self.place += 1

    def error(self, why: str) -> InputError:
        return InputError(
            f"The pattern {self.text!r} cannot be read at position {self.place + 1}:\n"
            f"    {self.text}\n    {' ' * self.place}^",
            why=f"{why}.",
            fix=_HELP,
        )


def find_pattern(
    pattern: FragmentPattern, atoms: Atoms, graph: BondGraph
) -> tuple[tuple[PeriodicSite, ...], ...]:
    """All places of a pattern in a crystal, each once for each way around it.

    Parameters
    ----------
    pattern
        The pattern.
    atoms
        Structure.
    graph
        Its bonded graph; bonds of all kinds count.

    Returns
    -------
    tuple of tuple of PeriodicSite
        For each place, the sites in the order of the pattern, the first in the home cell. A
        pattern that looks the same from both ends is found from both.

    Raises
    ------
    InputError
        If there are more than `MOST_MATCHES`, or it takes more than `MOST_TRIALS` to find them.

    """
    symbols = atoms.get_chemical_symbols()
    partners: list[list[int]] = [[] for _ in pattern.elements]
    for first, second in pattern.bonds:
        partners[second].append(first)
    found: list[tuple[PeriodicSite, ...]] = []
    if any(entry and not entry & set(symbols) for entry in pattern.elements):
        return ()
    trials = 0

    def fits(atom: int, number: int) -> bool:
        return not pattern.elements[number] or symbols[atom] in pattern.elements[number]

    def grow(sites: tuple[PeriodicSite, ...]) -> Iterator[tuple[PeriodicSite, ...]]:
        nonlocal trials
        number = len(sites)
        if number == len(pattern.elements):
            yield sites
            return
        anchors = [sites[partner] for partner in partners[number]]
        for site in graph.site_neighbours(anchors[0], *BondKind):
            trials += 1
            if trials > MOST_TRIALS:
                raise _too_many(pattern, f"More than {MOST_TRIALS} atoms were tried.")
            joined = all(site in graph.site_neighbours(other, *BondKind) for other in anchors[1:])
            if joined and site not in sites and fits(site.index, number):
                yield from grow((*sites, site))

    for atom in range(len(atoms)):
        if fits(atom, 0):
            for sites in grow((PeriodicSite(atom, (0, 0, 0)),)):
                found.append(sites)
                if len(found) > MOST_MATCHES:
                    raise _too_many(pattern, f"It occurs more than {MOST_MATCHES} times.")
    return tuple(found)


def _too_many(pattern: FragmentPattern, why: str) -> InputError:
    return InputError(
        f"The pattern {pattern.text!r} fits too many places.",
        why=f"{why} Each way around a place counts.",
        fix="Name more elements, or give the atoms by their numbers.",
    )
