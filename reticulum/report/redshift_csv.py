"""The table of predicted and measured slopes as CSV."""

from __future__ import annotations

from collections.abc import Sequence

from reticulum.report.redshift_notes import INCOMPLETE_MARK, UNTRUSTED_MARK, notes_of
from reticulum.report.redshift_row import RedShiftTableRow
from reticulum.thermal.mechanism import Band

_HEAD = (
    "# Predicted and measured red-shift slopes, least squares over -100 to 200 degC, cm-1/K; "
    "negative = red shift on heating.",
    "# peak, single_mode: slopes of the maximum of the band, nearest to what a fit sees, and of "
    "its single infrared-active mode, beside that of its centre; empty where not told.",
    "# error: statistics, step sizes and truncation together; empty where not determined. "
    "error_lacks: what it does not hold; empty where it holds all kinds.",
    "material,structure,status,band,measured,method,predicted,error,peak,single_mode,"
    "error_lacks,not_to_be_trusted_because,warnings",
)


def table_csv(rows: Sequence[RedShiftTableRow]) -> str:
    """The table as CSV: a line for each material, method and band.

    Parameters
    ----------
    rows
        The table. A row without numbers has one line for each band, with what is wrong, if
        anything is, among the warnings.

    """
    lines = list(_HEAD)
    for row in rows:
        start = f"{_quoted(row.measured.material)},{row.structure},{row.status.value}"
        for band in Band:
            head = f"{start},{band.value},{row.measured_slope(band)}"
            written = False
            for method in row.methods():
                found = row.predicted(method, band)
                if found is None:
                    continue
                numbers = (
                    found.slope_cm1_per_k,
                    found.error_cm1_per_k,
                    found.peak_cm1_per_k,
                    found.mode_cm1_per_k,
                )
                others = [
                    note.text
                    for note in notes_of(row, method)
                    if note.mark not in {INCOMPLETE_MARK, UNTRUSTED_MARK}
                ]
                texts = (" ".join(found.missing_errors), found.doubt, " ".join(others))
                lines.append(
                    ",".join(
                        (head, method, *map(_number, numbers), *(_quoted(text) for text in texts))
                    )
                )
                written = True
            if not written:
                lines.append(f'{head},,,,,,"","",{_quoted(row.problem)}')
    return "\n".join(lines) + "\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
