"""Numbers and formulas that the two papers print, each with the passage where it stands."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from reticulum.errors import InputError, ReticulumError
from reticulum.reference.tables import RedShiftRow, load_table1

_FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumber:
    """A number as a paper prints it, with what its digits and quoted error allow.

    Attributes
    ----------
    key
        Name in the table.
    text
        As printed.
    value
        The number, in `unit`.
    uncertainty
        Quoted error, in `unit`; None where there is none.
    rounding
        By how much the number may be off because it is printed that way: half a unit of the last
        digit unless the table says otherwise.
    unit
        Unit; 1 for pure numbers.
    passage
        Where it stands.
    source
        Citation key.
    note
        What it is.

    """

    key: str
    text: str
    value: float
    uncertainty: float | None
    rounding: float
    unit: str
    passage: str
    source: str
    note: str = ""

    def __post_init__(self) -> None:
        sizes = (self.rounding, 0.0 if self.uncertainty is None else self.uncertainty)
        if not (math.isfinite(self.value) and all(math.isfinite(s) and s >= 0.0 for s in sizes)):
            raise InputError(
                f"The printed number {self.key} is {self.text} with the error "
                f"{self.uncertainty} and the rounding {self.rounding}.",
                why="Value, error and rounding must be finite, the last two not negative.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedFormula:
    """A chemical formula as printed, taken apart into parts with formal charges.

    Attributes
    ----------
    formula
        As printed.
    passage, source
        Where it stands, and the citation key.
    parts
        Name, number and formal charge of each part.
    fixed
        Whether every part can have no other charge.
    note
        What would make it neutral, or what else is known.

    """

    formula: str
    passage: str
    source: str
    parts: tuple[tuple[str, int, int], ...]
    fixed: bool
    note: str = ""

    @property
    def total_charge(self) -> int:
        """Sum of the formal charges, elementary charges."""
        return sum(count * charge for _, count, charge in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedNumbers:
    """All that one paper prints and that its check needs.

    Attributes
    ----------
    source
        Citation key.
    numbers
        Printed numbers by their keys.
    formulas
        Printed formulas, in the order of the paper.
    table1
        Rows of its table of slopes; empty if it has none.

    """

    source: str
    numbers: Mapping[str, PrintedNumber]
    formulas: tuple[PrintedFormula, ...] = ()
    table1: tuple[RedShiftRow, ...] = ()

    def __getitem__(self, key: str) -> PrintedNumber:
        if key not in self.numbers:
            raise InputError(
                f"The table of {self.source} has no number {key!r}.",
                fix=f"It has: {', '.join(self.numbers)}.",
            )
        return self.numbers[key]

    def __iter__(self) -> Iterator[PrintedNumber]:
        return iter(self.numbers.values())

    def row(self, material: str) -> RedShiftRow:
        """Row of the table of slopes by the name of the material as printed.

        Raises
        ------
        InputError
            If there is none.

        """
        for row in self.table1:
            if row.material == material:
                return row
        raise InputError(
            f"The table of slopes has no row {material!r}.",
            fix=f"It has: {', '.join(row.material for row in self.table1)}.",
        )

    def with_value(self, key: str, text: str) -> PrintedNumbers:
        """Return a copy with one number printed otherwise; its error and rounding stay.

        Raises
        ------
        InputError
            If there is no such number or the text is none.

        """
        changed = replace(self[key], text=text, value=_number(text, key))
        return replace(self, numbers=MappingProxyType({**self.numbers, key: changed}))


def _number(text: str, where: str) -> float:
    try:
        return float(Decimal(text))
    except InvalidOperation as error:
        raise InputError(f"{where}: {text!r} is not a number.") from error


def _half_last_digit(text: str, where: str) -> float:
    exponent = Decimal(text).as_tuple().exponent
    if not isinstance(exponent, int):
        raise InputError(f"{where}: {text!r} is not a finite number.", why="It has no last digit.")
    return float(Decimal(5).scaleb(exponent - 1))


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise ReticulumError(
            f"The reference table {path} is missing.",
            why="The installation is incomplete.",
            fix="Reinstall with: python -m pip install --force-reinstall reticulum",
        )
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


def read_printed_numbers(path: Path) -> Mapping[str, PrintedNumber]:
    """Printed numbers of one table by their keys.

    Parameters
    ----------
    path
        CSV with the columns key, value, uncertainty, rounding, unit, passage, source, note.

    Raises
    ------
    InputError
        If a number is none, a key comes twice or a column is missing.

    """
    found: dict[str, PrintedNumber] = {}
    columns = {"key", "value", "uncertainty", "rounding", "unit", "passage", "source", "note"}
    for row in _rows(path):
        missing = columns - {name for name, text in row.items() if text is not None}
        if missing:
            raise InputError(
                f"{path} has a row without {', '.join(sorted(missing))}: {row.get('key')!r}."
            )
        key, text = row["key"], row["value"]
        if key in found:
            raise InputError(f"{path} holds the key {key} twice.", fix="Remove one of the rows.")
        where = f"{path}, {key}"
        value = _number(text, where)
        found[key] = PrintedNumber(
            key=key,
            text=text,
            value=value,
            uncertainty=_number(row["uncertainty"], where) if row["uncertainty"] else None,
            rounding=(
                _number(row["rounding"], where)
                if row["rounding"]
                else _half_last_digit(text, where)
            ),
            unit=row["unit"],
            passage=row["passage"],
            source=row["source"],
            note=row["note"],
        )
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def _formulas() -> tuple[PrintedFormula, ...]:
    grouped: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in _rows(_FOLDER / "paper_compositions.csv"):
        grouped.setdefault((row["source"], row["formula"]), []).append(row)
    return tuple(
        PrintedFormula(
            formula=formula,
            passage=rows[0]["passage"],
            source=source,
            parts=tuple((row["part"], int(row["count"]), int(row["charge"])) for row in rows),
            fixed=all(row["fixed"] == "1" for row in rows),
            note=rows[0]["note"],
        )
        for (source, formula), rows in grouped.items()
    )


def _of(source: str) -> tuple[PrintedFormula, ...]:
    return tuple(formula for formula in _formulas() if formula.source == source)


@lru_cache(maxsize=1)
def load_vtir_numbers() -> PrintedNumbers:
    """What the paper on red-shifts prints [Andreeva2020]_."""
    return PrintedNumbers(
        source="Andreeva2020",
        numbers=read_printed_numbers(_FOLDER / "paper_vtir.csv"),
        formulas=_of("Andreeva2020"),
        table1=load_table1(),
    )


@lru_cache(maxsize=1)
def load_ru2cu4_numbers() -> PrintedNumbers:
    """What the paper on mixed ruthenium-copper frameworks prints [Gao2020]_."""
    return PrintedNumbers(
        source="Gao2020",
        numbers=read_printed_numbers(_FOLDER / "paper_ru2cu4.csv"),
        formulas=_of("Gao2020"),
    )
