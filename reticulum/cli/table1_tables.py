"""Tables, footnotes and files of `reticulum table1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from reticulum.cli.console import print_table, standard_output
from reticulum.cli.redshift_tables import slope_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from reticulum.plotting.redshift_table import PlottedSlope
    from reticulum.report.redshift_notes import Footnote
    from reticulum.report.redshift_row import PredictedSlope, RedShiftTableRow
    from reticulum.thermal.mechanism import Band

#: Short names of methods in the table.
_SHORT = {
    "oscillator": "M-O oscillator",
    "oscillator-all": "M-O all follow",
}

#: Name of the line under a slope of a band whose stretches mix.
_PEAK_AND_MODE = "  peak, mode"

#: Narrowest lines of sentences in a terminal.
_NARROWEST = 40


def table1_content(
    rows: Sequence[RedShiftTableRow], failures: Mapping[str, str]
) -> dict[str, object]:
    """Rows, scores and what failed in this call for JSON."""
    from reticulum.report.redshift_score import scores

    return {
        "rows": [row.to_dict() for row in rows],
        "scores": [entry.to_dict() for entry in scores(rows)],
        "failures": dict(failures),
    }


def write_table1(rows: Sequence[RedShiftTableRow], path: Path, *, calculator: str) -> Path:
    """Write the table (.csv) or the figure (any other ending) and return the path."""
    if path.suffix.lower() == ".csv":
        from reticulum.provenance import write_text_atomically
        from reticulum.report.redshift_csv import table_csv

        write_text_atomically(path, table_csv(rows))
    else:
        from reticulum.plotting.files import save_figure
        from reticulum.plotting.redshift_table import figure_redshift_table

        title = f"Red-shift slopes, {calculator}"
        figure = figure_redshift_table(_plotted(rows), title, n_materials_of_table=len(rows))
        save_figure(figure, path)
    return path


def _plotted(rows: Sequence[RedShiftTableRow]) -> list[PlottedSlope]:
    from reticulum.plotting.redshift_table import PlottedSlope
    from reticulum.report.redshift_score import methods_in
    from reticulum.thermal.mechanism import Band

    return [
        PlottedSlope(
            material=row.measured.material,
            method=_SHORT.get(method, method),
            band=band,
            measured=row.measured_slope(band),
            predicted=found.slope_cm1_per_k,
            error=found.error_cm1_per_k,
            doubtful=bool(found.doubt),
            incomplete=bool(found.missing_errors),
        )
        for method in methods_in(rows)
        for row in rows
        for band in Band
        if (found := row.predicted(method, band)) is not None
    ]


def print_table1(
    rows: Sequence[RedShiftTableRow],
    *,
    calculator: str,
    folder: Path | None,
    others: Sequence[str] = (),
    asked: Mapping[str, str] | None = None,
) -> None:
    """Print the slopes of both bands, the scores and the footnotes.

    Parameters
    ----------
    rows
        The table.
    calculator
        Name of the calculator.
    folder
        Folder of the run folders; None if the rows come with the package.
    others
        Other calculators of which rows come with the package.
    asked
        Methods that were asked for in this call, with commas between, by material.

    """
    from reticulum.report.redshift_notes import footnotes
    from reticulum.thermal.mechanism import Band

    notes = footnotes(rows)
    for band, symbol in ((Band.ANTISYMMETRIC, "X_a"), (Band.SYMMETRIC, "X_s")):
        print_table(
            f"{symbol}, slopes of the {band.value} carboxylate band, cm⁻¹/K ({calculator})",
            ("material", "measured ", "method", "predicted", "gap "),
            [line for row in rows for line in _lines(row, band, notes)],
        )
    if any(
        _beside_the_centre(found)
        for row in rows
        for method in row.methods()
        for band in Band
        if (found := row.predicted(method, band)) is not None
    ):
        _say(
            f"{_PEAK_AND_MODE.strip()}: slopes of the maximum of the band, which is nearest to "
            "what a fit sees unless a motion splits the band, and of its single infrared-active "
            "mode, where they are not those of its centre. The centre, in the line above, alone is "
            "scored and summed."
        )
        typer.echo("")
    _print_scores(rows)
    _print_footnotes(notes)
    _print_remarks(rows, calculator=calculator, folder=folder, asked=asked or {})
    if folder is None:
        _say(
            f"Computed with {calculator} at the cell of the bundled structures and stored with the "
            "package. Any row again: " + _command("NAME", calculator=calculator, folder=None)
        )
        if others:
            _say(f"Rows of {', '.join(others)} are stored too: reticulum table1 -c NAME")


def _lines(row: RedShiftTableRow, band: Band, notes: Sequence[Footnote]) -> list[tuple[str, ...]]:
    """Lines of one material: a method each, or why there is none."""
    from reticulum.report.redshift_notes import marks_of
    from reticulum.thermal.mechanism import Band

    measured = row.measured
    text = measured.antisymmetric_text if band is Band.ANTISYMMETRIC else measured.symmetric_text
    found = [
        (method, predicted)
        for method in row.methods()
        if (predicted := row.predicted(method, band)) is not None
    ]
    if not found:
        return [(measured.material, text, row.status.value, "", "")]
    lines: list[tuple[str, ...]] = []
    for method, predicted in found:
        lines.append(
            (
                "" if lines else measured.material,
                "" if lines else text,
                _SHORT.get(method, method),
                slope_text(predicted.slope_cm1_per_k, predicted.error_cm1_per_k)
                + marks_of(row, method, band, notes),
                f"{predicted.slope_cm1_per_k - row.measured_slope(band):+.4f}",
            )
        )
        if others := _beside_the_centre(predicted):
            lines.append(("", "", _PEAK_AND_MODE, others, ""))
    return lines


def _beside_the_centre(predicted: PredictedSlope) -> str:
    """Slopes of the peak and of the single mode where they are not those of the centre."""
    peak, mode = predicted.peak_cm1_per_k, predicted.mode_cm1_per_k
    if peak is None or mode is None:
        return ""
    texts = [f"{value:+.4f}" for value in (predicted.slope_cm1_per_k, peak, mode)]
    return ", ".join(texts[1:]) if len(set(texts)) > 1 else ""


def _print_scores(rows: Sequence[RedShiftTableRow]) -> None:
    from reticulum.report.redshift_notes import INCOMPLETE_MARK, UNTRUSTED_MARK
    from reticulum.report.redshift_score import scores
    from reticulum.thermal.mechanism import Band

    found = [entry for entry in scores(rows) if entry.n_rows or entry.n_untrusted]
    if not found:
        _say("How well each method does: no row with a prediction.")
        return
    print_table(
        "How well each method does",
        (
            "method",
            "band",
            "rows ",
            f"{INCOMPLETE_MARK} ",
            f"{UNTRUSTED_MARK} ",
            "signs ",
            "mean gap ",
            "size ",
            "rank ρ ",
        ),
        [
            (
                _SHORT.get(entry.method, entry.method),
                "X_a" if entry.band is Band.ANTISYMMETRIC else "X_s",
                str(entry.n_rows),
                str(entry.n_incomplete or ""),
                str(entry.n_untrusted or ""),
                f"{entry.sign_hits}/{entry.n_rows}" if entry.n_rows else "",
                _number(entry.mean_error_cm1_per_k, "+.4f"),
                _number(entry.mean_absolute_error_cm1_per_k, ".4f"),
                _number(entry.rank_correlation, "+.2f"),
            )
            for entry in found
        ],
    )
    for line in (
        "gap: predicted less measured, cm⁻¹/K. rows: materials that count; "
        f"{INCOMPLETE_MARK}: so many of them have a ± that lacks errors of some kind, or none.",
        f"{UNTRUSTED_MARK}: so many more are not to be trusted and do not count.",
        "signs: hit, and not left open by the ±, as far as it goes. size: mean of the gaps without "
        "signs.",
        "rank ρ: rank correlation (Spearman), from four rows on.",
    ):
        _say(line)


def _print_footnotes(notes: Sequence[Footnote]) -> None:
    """One line for each sentence, under the number, materials and methods that it is said of."""
    from reticulum.report.redshift_notes import INCOMPLETE_MARK

    if not notes:
        return
    typer.echo("")
    if any(note.mark == INCOMPLETE_MARK for entry in notes for note in entry.notes):
        _say(f"{INCOMPLETE_MARK}: the ± lacks errors of some kind, the true error is larger.")
    for entry in notes:
        places = "; ".join(f"{material}, {method}" for material, method in entry.places)
        _say(f"[{entry.number}] {places}:")
        for note in entry.notes:
            _say(note.line, indent=4)


def _print_remarks(
    rows: Sequence[RedShiftTableRow],
    *,
    calculator: str,
    folder: Path | None,
    asked: Mapping[str, str],
) -> None:
    """What is summed, what does not exist, and what is missing, a line each."""
    from reticulum.report.row_status import UNUSABLE, RowStatus

    typer.echo("")
    for row in rows:
        material = row.measured.material
        # With which methods a run was begun is not known: none are named for it.
        known = "" if row.status is RowStatus.UNFINISHED else "all"
        again = _command(
            row.structure,
            calculator=calculator,
            folder=folder,
            methods=asked.get(material, known),
        )
        _print_sums(row)
        for method, result in row.results.items():
            if result is None:
                _say(f"{material}, {method}: {row.verdicts.get(method, '')}")
        if row.status in UNUSABLE:
            _say(f"{material} is {row.status.value}: {row.problem}")
        elif row.status is RowStatus.UNFINISHED:
            _say(f"{material} is unfinished, no method has finished; it goes on with: {again}")
        elif row.status is RowStatus.MISSING:
            _say(
                f"{material} is missing: "
                + (again if row.structure else "there is no bundled structure.")
            )
        elif row.status is RowStatus.STALE:
            _say(f"{material} is stale, its bundled structure has changed: {again}")


def _print_sums(row: RedShiftTableRow) -> None:
    """What is summed, or why nothing is; what holds for both bands is said once."""
    from reticulum.thermal.mechanism import Band

    material = row.measured.material
    found = {band: (row.summed_methods(band), row.no_sum_because(band)) for band in Band}
    both = len(set(found.values())) == 1
    for band, (names, why) in found.items():
        if names:
            _say(f"{material}, {'sums' if both else f'{band.value} sum'}: {' + '.join(names)}")
        elif why:
            _say(f"{material}{'' if both else f', {band.value} band'}: no sum, since {why}")
        if both:
            return


def _command(structure: str, *, calculator: str, folder: Path | None, methods: str = "all") -> str:
    """What computes a row again; without methods those of the default."""
    from reticulum.engines.cards import DEFAULT_CALCULATOR

    return (
        f"reticulum redshift {structure}"
        + (f" --methods {methods}" if methods else "")
        + ("" if calculator == DEFAULT_CALCULATOR else f" -c {calculator}")
        + ("" if folder is None else f" -o {folder / f'{structure}_{calculator}'}")
    )


def _say(text: str, indent: int = 0) -> None:
    """Print a sentence: on one line, in a terminal broken between words and indented."""
    from textwrap import fill

    blanks = " " * indent
    console = standard_output()
    if console.is_terminal:
        text = fill(
            text,
            max(console.width, _NARROWEST),
            initial_indent=blanks,
            subsequent_indent=blanks + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        typer.echo(text)
    else:
        typer.echo(blanks + text)


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
