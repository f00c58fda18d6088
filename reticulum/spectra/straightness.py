"""Whether a course with temperature is a straight line or a curve, or data cannot tell.

Beside the line a quadratic and a cubic term are tested: the mean of two states whose fractions run
evenly from one side to the other is an S, which has no quadratic term. Where set points were
measured more than once, the line is also held against the scatter of the repeats (lack of fit
against pure error), which sees steps and kinks that neither term describes.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from reticulum.spectra.course_terms import TERMS, BlockedCourse, CurvatureTerm, LackOfFit

#: Chance at which each of the two tests (terms, lack of fit) calls a straight course curved: 1 %
#: together.
SIGNIFICANCE = 0.005

#: Departures from the line between the ends that are too small to matter, cm⁻¹ (assumed: what the
#: wavenumber axis of an interferometer is good for over such a series).
NEGLIGIBLE_CM1 = 0.2

#: Bend of a course that only the repeats show to be no line.
KINKED = "neither quadratic nor cubic (a step or a kink)"

#: Confidence of the interval of a departure.
_CONFIDENCE = 0.95


class Course(StrEnum):
    """Shape of a course with temperature."""

    STRAIGHT = "straight"
    CURVED = "curved"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Straightness:
    """Straight line or curve.

    Attributes
    ----------
    course
        Curved if a test says so and the departure is not negligible; straight if the departures
        are known to be negligible; else the data cannot tell.
    bend
        How the slope changes, in words; empty unless curved.
    terms
        Quadratic and cubic, as far as points allow.
    terms_p_value
        F-test of all terms together; NaN without terms.
    lack_of_fit
        None where no set point was measured twice.
    negligible_cm1
        Departure that does not matter, cm⁻¹ (assumed).
    sentence
        The finding with its numbers.

    """

    course: Course
    bend: str
    terms: tuple[CurvatureTerm, ...]
    terms_p_value: float
    lack_of_fit: LackOfFit | None
    negligible_cm1: float
    sentence: str

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "course": self.course.value,
            "bend": self.bend,
            "terms": [term.to_dict() for term in self.terms],
            "terms_p_value": self.terms_p_value,
            "lack_of_fit": None if self.lack_of_fit is None else self.lack_of_fit.to_dict(),
            "negligible_cm1": self.negligible_cm1,
            "sentence": self.sentence,
        }


def straightness_of(
    quantity: str,
    temperatures_k: NDArray[np.float64],
    values_cm1: NDArray[np.float64],
    errors_cm1: NDArray[np.float64],
    *,
    blocks: Sequence[Hashable],
    negligible_cm1: float = NEGLIGIBLE_CM1,
) -> Straightness:
    """Test a straight line against curves.

    *Valid when* the scatter about the course is about normal and independent from spectrum to
    spectrum.

    Parameters
    ----------
    quantity
        Name for the sentence.
    temperatures_k, values_cm1, errors_cm1
        (n,) K, cm⁻¹ and standard errors, cm⁻¹ (only their ratios count: the scatter sets the
        scale).
    blocks
        n names of the cycles, each of which may lie apart from the others.
    negligible_cm1
        Departure from the line that does not matter, cm⁻¹.

    """
    course = BlockedCourse(temperatures_k, values_cm1, errors_cm1, blocks)
    terms, p_terms = course.terms()
    lack = course.lack_of_fit()
    by_terms = bool(p_terms < SIGNIFICANCE)
    by_repeats = (
        lack is not None
        and lack.p_value < SIGNIFICANCE
        and abs(lack.largest_departure_cm1) > negligible_cm1
    )
    widest = float(student.ppf(0.5 + _CONFIDENCE / 2.0, max(course.freedom, 1)))
    inside = len(terms) == len(TERMS) and all(
        abs(term.departure_cm1) + widest * term.departure_error_cm1 < negligible_cm1
        for term in terms
    )
    verdict, bend = Course.CANNOT_TELL, ""
    if by_terms and not inside:
        verdict, bend = Course.CURVED, course.bend()
    elif by_repeats and not by_terms:
        verdict, bend = Course.CURVED, KINKED
    elif inside:
        verdict = Course.STRAIGHT
    return Straightness(
        course=verdict,
        bend=bend,
        terms=terms,
        terms_p_value=p_terms,
        lack_of_fit=lack,
        negligible_cm1=negligible_cm1,
        sentence=_sentence(
            f"The {quantity} against temperature: ", verdict, bend, (terms, lack), negligible_cm1
        ),
    )


def _sentence(
    start: str,
    course: Course,
    bend: str,
    tests: tuple[Sequence[CurvatureTerm], LackOfFit | None],
    negligible: float,
) -> str:
    terms, lack = tests
    numbers = [
        f"{term.name} {term.departure_cm1:+.2f} ± {term.departure_error_cm1:.2f} cm⁻¹"
        f" (p = {term.p_value:.2g})"
        for term in terms
    ]
    sizes = ""
    if numbers:
        sizes = f" Departure from the line between the ends: {', '.join(numbers)}."
    if lack is not None:
        sizes += (
            f" Lack of fit of the line against repeats: p = {lack.p_value:.2g}, at most "
            f"{lack.largest_departure_cm1:+.2f} cm⁻¹ at {lack.largest_departure_k:.0f} K."
        )
    if course is Course.CURVED:
        return f"{start}curved, {bend}.{sizes}"
    if course is Course.STRAIGHT:
        return f"{start}straight within {negligible:g} cm⁻¹ (assumed to be negligible).{sizes}"
    if len(terms) < len(TERMS):
        return f"{start}cannot tell a line from a curve, the set points are too few.{sizes}"
    return (
        f"{start}cannot tell a line from a curve: none is proven, and one of more than "
        f"{negligible:g} cm⁻¹ is not excluded.{sizes}"
    )
