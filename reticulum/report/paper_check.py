"""Whether the numbers of a paper agree: its statements recomputed from its own numbers."""

from __future__ import annotations

from enum import StrEnum

from reticulum.errors import InputError
from reticulum.reference.paper_claims import (
    PrintedNumbers,
    load_ru2cu4_numbers,
    load_vtir_numbers,
)
from reticulum.report.paper_check_course import course_findings
from reticulum.report.paper_check_finding import Finding, PaperReport, Verdict
from reticulum.report.paper_check_numbers import charge_findings
from reticulum.report.paper_check_positions import position_findings
from reticulum.report.paper_check_ru2cu4 import ru2cu4_findings
from reticulum.report.paper_check_slopes import slope_findings
from reticulum.report.paper_check_table1 import table1_findings
from reticulum.report.paper_check_two_state import constant_findings

__all__ = ["Finding", "Paper", "PaperReport", "Verdict", "check_paper"]


class Paper(StrEnum):
    """Papers that can be checked."""

    VTIR = "vtir"
    RU2CU4 = "ru2cu4"


#: Versions that the numbers were read in.
_VERSIONS = {
    Paper.VTIR: "the ChemRxiv version of 4 September 2020",
    Paper.RU2CU4: "the accepted manuscript",
}

#: What the paper on red-shifts leaves open and a recomputation would need.
_VTIR_OPEN: tuple[str, ...] = (
    "The widths of the two components, and whether they are equal (Figure 3).",
    "What was fitted: baseline-subtracted reflectance, as Figure 2A shows, or the Kubelka-Munk "
    "function, which alone is linear in the amount.",
    "The base of log K, the room temperature it is for, and what ± stands for.",
    "The extinctions of both states: a ratio r adds R ln r to ΔS and moves equal populations.",
    "What one mole is: a bond, a carboxylate or a paddlewheel.",
    "ΔH and ΔS of the fit without ΔCp, and what either fit leaves over.",
    "The errors of the slopes, and the positions and widths behind Figure 2.",
    "The wavenumber of sodium benzoate, said to be the highest, and of the bands whose slopes are "
    "compared with those of carboxylates.",
    "The van't Hoff formulas are printed with RT under TΔS only; the form with RT under all is "
    "used here. K appears as K, as K_sp⁻¹ and as an inverse constant; K = [loose]/[tight] is used.",
    "An endothermic ΔH is called a barrier; it is a difference between two states.",
    "The text speaks of Figure 3B and of bands in Figure 2A; the captions show these in Figures 2B "
    "and 1A.",
)

#: The same for the paper on mixed frameworks.
_RU2CU4_OPEN: tuple[str, ...] = (
    "Errors of the surface areas and of the metal ratio (the text has none; tables are in its "
    "supporting information, which was not read).",
    "Resolution of the infrared spectra.",
    "Whether other orders fit the powder pattern as well as I4/mmm; the rule of one Ru2 on each "
    "linker alone does not force it (reticulum order HKUST-1 --per-linker Ru=1 --study).",
)


def load_printed(paper: Paper | str) -> PrintedNumbers:
    """Return what a paper prints, from the shipped tables.

    Raises
    ------
    InputError
        If there is no such paper.

    """
    return load_vtir_numbers() if _known(paper) is Paper.VTIR else load_ru2cu4_numbers()


def check_paper(
    paper: Paper | str = Paper.VTIR, printed: PrintedNumbers | None = None
) -> PaperReport:
    """Recompute the statements of a paper from the numbers that it prints itself.

    Parameters
    ----------
    paper
        ``vtir`` [Andreeva2020]_ or ``ru2cu4`` [Gao2020]_.
    printed
        What it prints; the shipped tables if None. With a changed number (see
        `PrintedNumbers.with_value`) the report says what would follow from that.

    Raises
    ------
    InputError
        If there is no such paper, or `printed` lacks a number or is of another paper.

    """
    known = _known(paper)
    shipped = load_printed(known)
    numbers = shipped if printed is None else printed
    if numbers.source != shipped.source:
        raise InputError(
            f"The numbers are those of {numbers.source}.",
            why=f"The paper {known.value} is {shipped.source}.",
        )
    if known is Paper.VTIR:
        findings = (
            *slope_findings(numbers),
            *table1_findings(numbers),
            *constant_findings(numbers),
            *position_findings(numbers),
            *course_findings(numbers),
        )
        open_points = _VTIR_OPEN
    else:
        findings = ru2cu4_findings(numbers)
        open_points = _RU2CU4_OPEN
    return PaperReport(
        paper=known.value,
        source=numbers.source,
        version=_VERSIONS[known],
        findings=(*findings, *charge_findings(numbers)),
        left_open=open_points,
    )


def _known(paper: Paper | str) -> Paper:
    try:
        return Paper(paper)
    except ValueError as error:
        raise InputError(
            f"There is no paper {str(paper)!r} to check.",
            fix=f"Papers: {', '.join(paper.value for paper in Paper)}.",
        ) from error
