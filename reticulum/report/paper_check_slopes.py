"""End points and slopes of HKUST-1 that the paper on red-shifts prints, against each other."""

from __future__ import annotations

import numpy as np

from reticulum.reference.paper_claims import PrintedNumbers
from reticulum.report.paper_check_finding import Allowance, Finding, Verdict, allowance, verdict_of
from reticulum.report.paper_check_numbers import compared
from reticulum.thermal.slopes import band_slope
from reticulum.units import ZERO_CELSIUS_K

_TABLE1 = "Table 1"


def slope_findings(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Findings on the ends and slopes of the two bands of HKUST-1 [Andreeva2020]_.

    Parameters
    ----------
    printed
        What the paper prints.

    """
    return (
        _shift(printed),
        *_end_point_slopes(printed),
        _text_against_table(printed),
        _most_distinctive(printed),
    )


def end_point_slope(printed: PrintedNumbers, band: str) -> tuple[float, float]:
    """Slope from the printed ends of a band, and its rounding, cm⁻¹/K.

    Parameters
    ----------
    printed
        What the paper prints.
    band
        ``antisymmetric`` or ``symmetric``.

    """
    cold, hot = printed[f"{band}_cold"], printed[f"{band}_hot"]
    span = printed["hot"].value - printed["cold"].value
    return (hot.value - cold.value) / span, (hot.rounding + cold.rounding) / span


def steepest_slope(printed: PrintedNumbers) -> float:
    """Steepest least-squares slope that points between the printed ends can have, cm⁻¹/K.

    All points of the temperatures measured lie between the printed highest and lowest position;
    the least-squares slope is largest for a step in the middle.
    """
    low, high = printed["cold"].value, printed["hot"].value
    step = printed["temperature_step"].value
    t = np.linspace(low, high, round((high - low) / step) + 1)
    top, bottom = printed["antisymmetric_cold"].value, printed["antisymmetric_hot"].value
    middle = 0.5 * (low + high)
    positions = 0.5 * (top + bottom) - 0.5 * (top - bottom) * np.sign(t - middle)
    return band_slope(t + ZERO_CELSIUS_K, positions).slope_cm1_per_k


def _shift(printed: PrintedNumbers) -> Finding:
    cold, hot = printed["antisymmetric_cold"], printed["antisymmetric_hot"]
    shift = printed["antisymmetric_shift"]
    return compared(
        shift,
        cold.value - hot.value,
        allowance("rounding of three positions", [(1, cold), (1, hot), (1, shift)]),
        key="shift",
        claim=f"The HKUST-1 band moves by {shift.text} cm⁻¹ from {cold.text} to {hot.text}",
        recomputed_from="difference of the two positions",
    )


def _end_point_slopes(printed: PrintedNumbers) -> tuple[Finding, ...]:
    slope, rounding = end_point_slope(printed, "antisymmetric")
    steepest = steepest_slope(printed)
    text = printed["antisymmetric_slope"]
    hkust = printed.row("HKUST-1")
    ends = (
        f"({printed['antisymmetric_hot'].text} - {printed['antisymmetric_cold'].text}) cm⁻¹ over "
        f"{printed['hot'].value - printed['cold'].value:g} K"
    )
    words = "rounding of both positions and of the slope"
    findings = [
        compared(
            text,
            slope,
            Allowance(rounding=rounding + text.rounding, error=0.0, reason=words),
            key="slope-text",
            claim=f"X_a of HKUST-1 is {text.text} cm⁻¹/K, a linear relationship",
            recomputed_from=ends,
            remark=(
                "The printed positions are the highest and the lowest. Points between them reach "
                f"at most {steepest:.4f} cm⁻¹/K by least squares, as a step in the middle; "
                + _part_of_step(text.text, slope, steepest)
            ),
        )
    ]
    for band, letter, value, half, shown in (
        (
            "antisymmetric",
            "a",
            hkust.antisymmetric_cm1_per_k,
            hkust.antisymmetric_rounding_cm1_per_k,
            hkust.antisymmetric_text,
        ),
        (
            "symmetric",
            "s",
            hkust.symmetric_cm1_per_k,
            hkust.symmetric_rounding_cm1_per_k,
            hkust.symmetric_text,
        ),
    ):
        found, room = end_point_slope(printed, band)
        allowed = Allowance(rounding=room + half, error=0.0, reason=words)
        difference = abs(found - value)
        findings.append(
            Finding(
                key=f"slope-table-{band}",
                claim=f"X_{letter} of HKUST-1 is {shown} cm⁻¹/K",
                passage=_TABLE1,
                source=printed.source,
                recomputed_from=(
                    f"printed ends of the {band} band, {printed[f'{band}_cold'].text} and "
                    f"{printed[f'{band}_hot'].text} cm⁻¹, over the range"
                ),
                unit="cm-1/K",
                claimed=value,
                recomputed=found,
                disagreement=difference,
                allowance=allowed,
                verdict=verdict_of(difference, allowed),
                remark="No error of the slope is printed."
                + (f" {_part_of_step(shown, slope, steepest)}" if letter == "a" else ""),
            )
        )
    return tuple(findings)


def _part_of_step(text: str, straight: float, step: float) -> str:
    """Where a printed slope lies between that of a straight line and of a step."""
    part = 100.0 * (float(text) - straight) / (step - straight)
    return f"{text} is {part:.0f} % of the way from a straight line to that step."


def _text_against_table(printed: PrintedNumbers) -> Finding:
    text, row = printed["antisymmetric_slope"], printed.row("HKUST-1")
    return compared(
        text,
        row.antisymmetric_cm1_per_k,
        allowance("rounding of both", [(1, text)], rounding=row.antisymmetric_rounding_cm1_per_k),
        key="slope-text-table",
        claim=f"X_a of HKUST-1 is {text.text} cm⁻¹/K in the text",
        passage=f"{text.passage}; {_TABLE1}",
        recomputed_from="Table 1 of the same paper",
    )


def _most_distinctive(printed: PrintedNumbers) -> Finding:
    shifts = {
        band: printed[f"{band}_cold"].value - printed[f"{band}_hot"].value
        for band in ("symmetric", "antisymmetric")
    }
    row = printed.row("HKUST-1")
    return Finding(
        key="most-distinctive",
        claim="Of the bands of HKUST-1 the symmetric one shows the most distinctive red-shift",
        passage="Results, paragraph between Figures 1 and 2",
        source=printed.source,
        recomputed_from="shift of the symmetric band over that of the antisymmetric band",
        unit="1",
        claimed=None,
        recomputed=shifts["symmetric"] / shifts["antisymmetric"],
        disagreement=None,
        allowance=None,
        verdict=Verdict.UNDECIDED,
        remark=(
            f"Both move by {shifts['symmetric']:.1f} cm⁻¹; in Table 1 the antisymmetric slope is "
            f"the larger ({row.antisymmetric_text} against {row.symmetric_text}). What makes a "
            "shift distinctive is not said."
        ),
    )
