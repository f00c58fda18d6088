"""A statement of a paper beside what its own numbers give: the form of one finding."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from reticulum.reference.paper_claims import PrintedNumber

#: Quoted errors are taken this many times: 2 standard errors hold 95 % of a normal distribution.
#: The papers do not say what their errors are; as standard errors they allow the most.
QUOTED_ERROR_FACTOR = 2.0

#: Disagreement over allowance up to which a contradiction is called narrow: with the correlation
#: of the errors, or another reading of "about", it could go away.
NARROW_RATIO = 1.25

#: Relative room for rounding of the computer where allowance and disagreement are equal.
_COMPUTER_ROUNDING = 1e-9


class Verdict(StrEnum):
    """What the numbers of a paper say about one of its statements."""

    CONTRADICTS = "contradicts"
    AGREES = "agrees"
    UNDECIDED = "cannot be decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How far two numbers may lie apart before they contradict each other.

    The roundings of printed digits are hard limits and are added; quoted errors are added as
    squares, without correlation, and taken `QUOTED_ERROR_FACTOR` times.

    Attributes
    ----------
    rounding
        Sum of what the printed digits allow, in the unit of the finding.
    error
        Root of the sum of squares of the quoted errors, once, in the same unit.
    reason
        What went in.

    """

    rounding: float
    error: float
    reason: str

    @property
    def total(self) -> float:
        """Rounding and `QUOTED_ERROR_FACTOR` times the error."""
        return self.rounding + QUOTED_ERROR_FACTOR * self.error


def allowance(
    reason: str, parts: Iterable[tuple[float, PrintedNumber]], *, rounding: float = 0.0
) -> Allowance:
    """Allowance of a quantity from the printed numbers that it is computed from.

    A number with a quoted error counts with that error, which holds its rounding; another counts
    with its rounding.

    Parameters
    ----------
    reason
        Words for the reader.
    parts
        Derivative of the quantity by each printed number, and the number.
    rounding
        More hard room, in the unit of the quantity.

    """
    squares = 0.0
    for derivative, number in parts:
        if number.uncertainty is None:
            rounding += abs(derivative) * number.rounding
        else:
            squares += (derivative * number.uncertainty) ** 2
    return Allowance(rounding=rounding, error=math.sqrt(squares), reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One statement of a paper, recomputed from its own numbers.

    Attributes
    ----------
    key
        Name of the finding.
    claim
        What the paper states.
    passage
        Where.
    source
        Citation key.
    recomputed_from
        What is recomputed and from which printed numbers.
    unit
        Unit of the numbers below; 1 for pure numbers.
    claimed, recomputed
        Printed and recomputed value, in `unit`; None where the statement is in words.
    disagreement
        Distance of the two (or of the claim from the nearest value that the numbers permit), in
        `unit`, zero or more; None where there is nothing to subtract.
    allowance
        What rounding and quoted errors permit, in `unit`; None with `disagreement`.
    verdict
        See `Verdict`.
    remark
        What else a reader should know.

    """

    key: str
    claim: str
    passage: str
    source: str
    recomputed_from: str
    unit: str
    claimed: float | None
    recomputed: float | None
    disagreement: float | None
    allowance: Allowance | None
    verdict: Verdict
    remark: str = ""

    def __post_init__(self) -> None:
        if (self.disagreement is None) != (self.allowance is None):
            raise ValueError(f"{self.key}: a disagreement comes with its allowance")
        if self.disagreement is not None and not self.disagreement >= 0.0:
            raise ValueError(f"{self.key}: the disagreement is {self.disagreement}")
        if self.disagreement is None and self.verdict is Verdict.CONTRADICTS:
            raise ValueError(f"{self.key}: a contradiction needs a size")

    @property
    def ratio(self) -> float | None:
        """Disagreement over allowance; infinite where nothing is allowed; None without numbers."""
        if self.disagreement is None or self.allowance is None:
            return None
        if self.allowance.total == 0.0:
            return math.inf if self.disagreement > 0.0 else 0.0
        return self.disagreement / self.allowance.total

    @property
    def narrow(self) -> bool:
        """Whether it is a contradiction by little: see `NARROW_RATIO`."""
        ratio = self.ratio
        return self.verdict is Verdict.CONTRADICTS and ratio is not None and ratio < NARROW_RATIO

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        allowed = self.allowance
        return {
            "key": self.key,
            "claim": self.claim,
            "passage": self.passage,
            "source": self.source,
            "recomputed_from": self.recomputed_from,
            "unit": self.unit,
            "claimed": self.claimed,
            "recomputed": self.recomputed,
            "disagreement": self.disagreement,
            "allowance": None if allowed is None else allowed.total,
            "allowance_rounding": None if allowed is None else allowed.rounding,
            "allowance_quoted_error": None if allowed is None else allowed.error,
            "allowance_from": None if allowed is None else allowed.reason,
            "disagreement_over_allowance": self.ratio,
            "verdict": self.verdict.value,
            "narrow": self.narrow,
            "remark": self.remark,
        }


def verdict_of(disagreement: float, allowed: Allowance) -> Verdict:
    """Contradiction where the disagreement exceeds what is allowed, else agreement.

    Raises
    ------
    ValueError
        If a number is not finite: a missing value must not pass as agreement.

    """
    if not (math.isfinite(disagreement) and math.isfinite(allowed.total)):
        raise ValueError(f"disagreement {disagreement}, allowance {allowed.total}")
    exceeded = disagreement > allowed.total * (1.0 + _COMPUTER_ROUNDING)
    return Verdict.CONTRADICTS if exceeded else Verdict.AGREES


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperReport:
    """All findings on one paper.

    Attributes
    ----------
    paper
        Short name.
    source
        Citation key.
    version
        Version of the paper that the numbers were read in; another may differ.
    findings
        In the order of the check.
    left_open
        What the paper does not say and a recomputation would need, a sentence each.

    """

    paper: str
    source: str
    version: str
    findings: tuple[Finding, ...]
    left_open: tuple[str, ...]

    def __post_init__(self) -> None:
        keys = [finding.key for finding in self.findings]
        if len(set(keys)) != len(keys):
            raise ValueError("two findings have the same key")

    def finding(self, key: str) -> Finding:
        """One finding by its key."""
        return next(found for found in self.findings if found.key == key)

    def of(self, verdict: Verdict) -> tuple[Finding, ...]:
        """Findings with one verdict."""
        return tuple(found for found in self.findings if found.verdict is verdict)

    def counts(self) -> dict[str, int]:
        """Return how many findings have each verdict."""
        return {verdict.value: len(self.of(verdict)) for verdict in Verdict}

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "paper": self.paper,
            "source": self.source,
            "version": self.version,
            "quoted_error_factor": QUOTED_ERROR_FACTOR,
            "counts": self.counts(),
            "findings": [finding.to_dict() for finding in self.findings],
            "left_open": list(self.left_open),
        }
