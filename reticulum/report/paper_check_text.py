"""A report on the numbers of a paper as text: for the terminal and as Markdown."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

from reticulum.reference.citations import find_citation
from reticulum.report.paper_check_finding import (
    QUOTED_ERROR_FACTOR,
    Finding,
    PaperReport,
    Verdict,
)

#: Decimals shown by unit; other units get four significant digits.
_DECIMALS = {
    "cm-1": 2,
    "cm-1/K": 5,
    "degC": 1,
    "K": 0,
    "kJ/mol": 2,
    "J/mol/K": 1,
    "1": 3,
    "angstrom": 3,
    "count": 0,
    "rank": 0,
    "e": 0,
}

#: Units as a reader writes them.
_UNITS = {
    "cm-1": "cm⁻¹",
    "cm-1/K": "cm⁻¹/K",
    "degC": "°C",
    "angstrom": "Å",
    "m2/g": "m²/g",
    "1": "",
    "count": "",
    "rank": "",
}

#: Headings of the groups, in the order shown.
_GROUPS = {
    Verdict.CONTRADICTS: "Contradicted by the paper's own numbers",
    Verdict.UNDECIDED: "Cannot be decided from what is printed",
    Verdict.AGREES: "Checked, and agrees",
}

#: Columns of the Markdown tables.
_COLUMNS = ("claim", "where", "recomputed from", "claimed", "recomputed", "off by", "allowed")

#: Explanation under every report.
ALLOWANCE_RULE = (
    "Allowed is what the printed digits leave open (half a unit of the last one, more for "
    f'"about") plus {QUOTED_ERROR_FACTOR:g} times the quoted errors, which are added as squares '
    "without correlation. Only what exceeds this is called a contradiction; up to 1.25 times is "
    "called narrow."
)


def number_text(value: float, unit: str) -> str:
    """Number with the digits that make sense for its unit."""
    if not math.isfinite(value):
        return str(value)
    if unit not in _DECIMALS:
        return f"{value:.4g}"
    text = f"{value:.{_DECIMALS[unit]}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def unit_text(unit: str) -> str:
    """Unit as a reader writes it, with a space before it, or nothing."""
    shown = _UNITS.get(unit, unit)
    return f" {shown}" if shown else ""


def numbers_line(finding: Finding) -> str:
    """Claimed, recomputed, disagreement and allowance in one sentence."""
    unit = finding.unit
    parts = []
    if finding.claimed is not None:
        parts.append(f"claimed {number_text(finding.claimed, unit)}")
    if finding.recomputed is not None:
        parts.append(f"recomputed {number_text(finding.recomputed, unit)}")
    line = ", ".join(parts) + unit_text(unit)
    if finding.disagreement is None or finding.allowance is None:
        return line
    if finding.disagreement == 0.0:
        return f"{line}; no disagreement"
    line += f"; off by {number_text(finding.disagreement, unit)}"
    line += f", allowed {number_text(finding.allowance.total, unit)}"
    ratio = finding.ratio
    if finding.verdict is Verdict.CONTRADICTS and ratio is not None and math.isfinite(ratio):
        line += f": {ratio:.1f} times" if ratio < 10 else f": {ratio:.0f} times"
        line += " (narrow)" if finding.narrow else ""
    return line


def terminal_lines(reports: Sequence[PaperReport], width: int = 80) -> list[str]:
    """Lines of a report for the terminal.

    Parameters
    ----------
    reports
        One or more papers.
    width
        Characters a line.

    """
    lines: list[str] = []
    for report in reports:
        lines += _wrapped(_heading(report), width, "", "")
        for verdict, heading in _GROUPS.items():
            found = report.of(verdict)
            if not found:
                continue
            lines += ["", f"{heading} ({len(found)})", "-" * (len(heading) + 5)]
            for finding in found:
                lines += _block(finding, width)
        lines += ["", "Left open by the paper", "-" * 22]
        for sentence in report.left_open:
            lines += _wrapped(sentence, width, "- ", "  ")
        lines += ["", *_wrapped(counts_sentence(report), width, "", ""), ""]
    return lines + _wrapped(ALLOWANCE_RULE, width, "", "")


def _heading(report: PaperReport) -> str:
    return f"{report.paper}: {find_citation(report.source).short()}, as in {report.version}"


def counts_sentence(report: PaperReport) -> str:
    """How many checks were made, and how they came out."""
    counts = report.counts()
    return (
        f"{len(report.findings)} checks: {counts['contradicts']} contradict "
        f"({sum(found.narrow for found in report.findings)} of them narrowly), "
        f"{counts['agrees']} agree, {counts['cannot be decided']} cannot be decided. A statement "
        "that can be read in two ways counts twice."
    )


def _wrapped(text: str, width: int, first: str, other: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _block(finding: Finding, width: int) -> list[str]:
    indent = "    "
    lines = _wrapped(finding.claim, width, "* ", "  ")
    short = finding.verdict is Verdict.AGREES
    if not short:
        lines += _wrapped(f"at: {finding.passage}", width, indent, indent + "  ")
    lines += _wrapped(f"from: {finding.recomputed_from}", width, indent, indent + "  ")
    lines += _wrapped(numbers_line(finding), width, indent, indent + "  ")
    if finding.allowance is not None and not short:
        reason = f"allowed for: {finding.allowance.reason}"
        lines += _wrapped(reason, width, indent, indent + "  ")
    if finding.remark:
        lines += _wrapped(finding.remark, width, indent, indent)
    return lines


def markdown(reports: Sequence[PaperReport]) -> str:
    """Report as Markdown, one table of all findings of a verdict and the remarks below it.

    Parameters
    ----------
    reports
        One or more papers.

    """
    parts = ["# Do the printed numbers agree with each other?", "", ALLOWANCE_RULE]
    for report in reports:
        parts += ["", f"## {_heading(report)}", ""]
        parts.append(counts_sentence(report))
        for verdict, heading in _GROUPS.items():
            found = report.of(verdict)
            if not found:
                continue
            parts += ["", f"### {heading}", ""]
            parts += [
                "| claim | where | recomputed from | claimed | recomputed | off by | allowed |"
            ]
            parts += ["|---|---|---|---|---|---|---|"]
            parts += [_row(finding) for finding in found]
            remarks = [
                f"- **{finding.claim}.** {finding.remark}" for finding in found if finding.remark
            ]
            if remarks:
                parts += ["", *remarks]
        parts += ["", "### Left open by the paper", ""]
        parts += [f"- {sentence}" for sentence in report.left_open]
    return "\n".join(parts) + "\n"


def _row(finding: Finding) -> str:
    allowed = finding.allowance

    def cell(value: float | None, extra: str = "") -> str:
        if value is None:
            return "–"
        return number_text(value, finding.unit) + unit_text(finding.unit) + extra

    cells = (
        finding.claim,
        finding.passage,
        finding.recomputed_from,
        cell(finding.claimed),
        cell(finding.recomputed),
        cell(finding.disagreement, ", narrow" if finding.narrow else ""),
        "–" if allowed is None else cell(allowed.total, f" ({allowed.reason})"),
    )
    return "| " + " | ".join(text.replace("|", "\\|") for text in cells) + " |"
