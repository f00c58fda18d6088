"""Findings that compare one printed number with one recomputed from others."""

from __future__ import annotations

from reticulum.reference.paper_claims import PrintedFormula, PrintedNumber, PrintedNumbers
from reticulum.report.paper_check_finding import Allowance, Finding, Verdict, verdict_of


def compared(
    number: PrintedNumber,
    recomputed: float,
    allowed: Allowance,
    *,
    key: str,
    claim: str,
    recomputed_from: str,
    passage: str = "",
    remark: str = "",
) -> Finding:
    """Finding on a printed number and the value recomputed for it.

    Parameters
    ----------
    number
        As printed.
    recomputed
        What other printed numbers give, in the same unit.
    allowed
        What the digits and errors of both permit.
    key, claim, recomputed_from, passage, remark
        See `Finding`; the passage is that of the number if empty.

    """
    disagreement = abs(recomputed - number.value)
    return Finding(
        key=key,
        claim=claim,
        passage=passage or number.passage,
        source=number.source,
        recomputed_from=recomputed_from,
        unit=number.unit,
        claimed=number.value,
        recomputed=recomputed,
        disagreement=disagreement,
        allowance=allowed,
        verdict=verdict_of(disagreement, allowed),
        remark=remark,
    )


def charge_findings(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Whether the formulas as printed are neutral, one finding a formula that is not, one for all.

    Formal charges are assumed. A formula that is off is a contradiction only where every part can
    have no other charge.
    """
    exact = Allowance(rounding=0.0, error=0.0, reason="charges are whole numbers")
    neutral = [formula for formula in printed.formulas if formula.total_charge == 0]
    findings = []
    if neutral:
        findings.append(
            Finding(
                key="charges",
                claim="Formulas: " + ", ".join(formula.formula for formula in neutral),
                passage="; ".join(dict.fromkeys(formula.passage for formula in neutral)),
                source=printed.source,
                recomputed_from="sum of formal charges (assumed, the usual ones)",
                unit="e",
                claimed=0.0,
                recomputed=0.0,
                disagreement=0.0,
                allowance=exact,
                verdict=Verdict.AGREES,
            )
        )
    findings += [
        _charged(formula, exact) for formula in printed.formulas if formula.total_charge != 0
    ]
    return tuple(findings)


def _charged(formula: PrintedFormula, exact: Allowance) -> Finding:
    total = formula.total_charge
    terms = " + ".join(f"{count} {name} ({charge:+d})" for name, count, charge in formula.parts)
    return Finding(
        key=f"charge-{formula.formula}",
        claim=f"Formula {formula.formula}",
        passage=formula.passage,
        source=formula.source,
        recomputed_from=f"sum of formal charges (assumed): {terms} = {total:+d}",
        unit="e",
        claimed=0.0,
        recomputed=float(total),
        disagreement=float(abs(total)),
        allowance=exact,
        verdict=Verdict.CONTRADICTS if formula.fixed else Verdict.UNDECIDED,
        remark=formula.note,
    )
