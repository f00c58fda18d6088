"""What a reader must know of the numbers in the table of slopes: footnotes, and their marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reticulum.report.redshift_row import SUM, RedShiftTableRow
from reticulum.thermal.mechanism import Band, MechanismResult
from reticulum.thermal.quasi_harmonic_result import GAMMA_ONLY

#: Marks a slope that is not to be trusted, and the reason below the table.
UNTRUSTED_MARK = "(!)"

#: Marks an error that lacks kinds of error, and what it lacks below the table.
INCOMPLETE_MARK = "†"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One sentence on a result.

    Parameters
    ----------
    mark
        `UNTRUSTED_MARK`, `INCOMPLETE_MARK`, or empty for any other warning.
    text
        The sentence.

    """

    mark: str
    text: str

    @property
    def line(self) -> str:
        """Mark and sentence."""
        return f"{self.mark} {self.text}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Footnote:
    """The notes of a result, or of several with the same notes.

    Parameters
    ----------
    number
        Its number, from 1 on.
    places
        Material and stored name of the method of each result.
    notes
        What is said of them, each sentence once.

    """

    number: int
    places: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]


def notes_of(row: RedShiftTableRow, method: str) -> tuple[Note, ...]:
    """All that is to be said of one method of one material: doubts, missing errors, warnings.

    What a result rests on (`expansion_used`) is said before all else.

    Parameters
    ----------
    row
        The material.
    method
        A stored name.

    """
    result = row.results.get(method)
    if result is None:
        return ()
    missing = {
        band: result.missing_errors(band) for band in Band if result.positions_cm1(band) is not None
    }
    notes = [
        Note(mark="", text=expansion_used(result)),
        Note(mark=UNTRUSTED_MARK, text=result.untrusted_because),
    ]
    for sentence in dict.fromkeys(text for found in missing.values() for text in found):
        concerned = [band for band, found in missing.items() if sentence in found]
        only = "" if len(concerned) == len(missing) else f"{concerned[0].value} band: "
        notes.append(Note(mark=INCOMPLETE_MARK, text=only + sentence))
    said = {text for found in missing.values() for text in found}
    notes += [Note(mark="", text=text) for text in result.warnings if text not in said]
    return tuple(dict.fromkeys(note for note in notes if note.text))


def expansion_used(result: MechanismResult) -> str:
    """Thermal expansion that a result rests on, in a sentence; empty if it rests on none.

    Parameters
    ----------
    result
        Any mechanism; of a shipped row too.

    """
    for sentence in result.assumptions:
        if sentence.startswith("α_V "):
            return f"Expansion used: {sentence} A computed one is not used."
    if GAMMA_ONLY not in result.assumptions:
        return ""
    size = result.details.get("expansion_per_k")
    if size is None:
        return "Expansion used: the computed one."
    return f"Expansion used: α_V {1e6 * size:+.1f}e-6 /K, {result.details['expansion_origin']}."


def footnotes(rows: Sequence[RedShiftTableRow]) -> tuple[Footnote, ...]:
    """Footnotes of a table, numbered from the top; results with the same notes share one."""
    places: dict[tuple[Note, ...], list[tuple[str, str]]] = {}
    for row in rows:
        for method in row.methods():
            notes = notes_of(row, method)
            if notes:
                places.setdefault(notes, []).append((row.measured.material, method))
    return tuple(
        Footnote(number=number, places=tuple(found), notes=notes)
        for number, (notes, found) in enumerate(places.items(), start=1)
    )


def marks_of(row: RedShiftTableRow, method: str, band: Band, found: Sequence[Footnote]) -> str:
    """Marks at a number of the table, such as ``"†[1]"``; empty if nothing is to be said.

    A sum has the numbers of its terms whose errors lack something.

    Parameters
    ----------
    row, method, band
        The number.
    found
        From `footnotes`.

    """
    predicted = row.predicted(method, band)
    if predicted is None:
        return ""
    numbers = {place: entry.number for entry in found for place in entry.places}
    if method == SUM:
        named = [
            name
            for name in row.summed_methods(band)
            if (result := row.results[name]) is not None and result.missing_errors(band)
        ]
    else:
        named = [method]
    places = [(row.measured.material, name) for name in named]
    shown = ",".join(str(numbers[place]) for place in places if place in numbers)
    return (
        (f" {UNTRUSTED_MARK}" if predicted.doubt else "")
        + (INCOMPLETE_MARK if predicted.missing_errors else "")
        + (f"[{shown}]" if shown else "")
    )
