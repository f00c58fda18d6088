"""The report on the red-shift of one structure: every picture beside the measured slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from reticulum.reference.tables import RedShiftRow
from reticulum.thermal.mechanism import Band, MechanismResult, Part
from reticulum.thermal.mechanism_sum import SummedSlope, causes_left_out, sum_slopes
from reticulum.thermal.mechanisms import ExpectedCost, find_mechanism
from reticulum.thermal.quick_pictures import (
    BORROWED,
    METAL_OXYGEN_NEGLECTS,
    TWO_STATE_MATERIAL,
    TWO_STATE_NEGLECTS,
    NamedTwoState,
    OscillatorResult,
    verdict_sentence,
)
from reticulum.thermal.slopes import SlopeResult

if TYPE_CHECKING:
    from reticulum.phonons.modes import ModeTable


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeLine:
    """One line of the comparison: a picture, its slopes and their standing.

    Parameters
    ----------
    picture
        What gives the slopes.
    standing
        ``"measured"``, ``"fitted"``, ``"computed"``, ``"given"``, or from where it is borrowed.
    antisymmetric, symmetric
        Slopes, cm⁻¹/K; None where the picture says nothing.
    antisymmetric_error, symmetric_error
        Their errors, cm⁻¹/K; None where not determined.
    n_calls
        Force calculations; None where not counted.
    curvature
        Whether the shift steepens or flattens on heating; empty where not known.
    doubt
        Why the line is not to be trusted; empty if nothing speaks against it.
    missing_errors
        What the errors of each band do not hold, in sentences that name the mechanism; without the
        bands whose errors hold all kinds.

    """

    picture: str
    standing: str
    antisymmetric: float | None
    symmetric: float | None
    antisymmetric_error: float | None = None
    symmetric_error: float | None = None
    n_calls: int | None = None
    curvature: str = ""
    doubt: str = ""
    missing_errors: Mapping[Band, tuple[str, ...]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "picture": self.picture,
            "standing": self.standing,
            "antisymmetric_slope_cm1_per_k": self.antisymmetric,
            "symmetric_slope_cm1_per_k": self.symmetric,
            "antisymmetric_slope_error_cm1_per_k": self.antisymmetric_error,
            "symmetric_slope_error_cm1_per_k": self.symmetric_error,
            "n_calls": self.n_calls,
            "curvature": self.curvature,
            "errors_lack": {band.value: list(text) for band, text in self.missing_errors.items()},
            "not_to_be_trusted_because": self.doubt,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RedShiftReport:
    """Everything that `reticulum redshift` found for one structure.

    Parameters
    ----------
    label
        Name of the structure.
    measured
        Row of Table 1; None where the material was not measured.
    two_state
        Two-state predictions.
    modes
        Gamma modes; None if no phonons were computed.
    oscillators
        The metal-oxygen oscillator with different motions following; empty likewise.
    mechanisms
        Further mechanisms: computed now, earlier in the same run folder, or stored with the
        package.
    shipped
        Names of those among them that are stored with the package.
    verdicts_by_mechanism
        One sentence for each of them, and for those that do not exist in this crystal.
    failures
        Mechanisms that were asked for and could not be computed, with the reason.
    not_begun
        Mechanisms that would have taken too long to be computed unasked, with their cost.

    """

    label: str
    measured: RedShiftRow | None
    two_state: tuple[NamedTwoState, ...] = ()
    modes: ModeTable | None = None
    oscillators: tuple[OscillatorResult, ...] = ()
    mechanisms: tuple[MechanismResult, ...] = ()
    shipped: frozenset[str] = frozenset()
    verdicts_by_mechanism: Mapping[str, str] | None = None
    failures: Mapping[str, str] | None = None
    not_begun: Mapping[str, ExpectedCost] = field(default_factory=dict)

    def results(self) -> tuple[MechanismResult, ...]:
        """All results in the form of mechanisms: two states, oscillators, then the others."""
        return (
            *(entry.mechanism() for entry in self.two_state),
            *(oscillator.mechanism() for oscillator in self.oscillators),
            *self.mechanisms,
        )

    def sums(self) -> tuple[SummedSlope, ...]:
        """Sum of what may be summed, for each band; empty without further mechanisms."""
        if not self.mechanisms:
            return ()
        return tuple(sum_slopes(self.results(), band) for band in Band)

    def open_causes(self) -> tuple[Part, ...]:
        """Physical causes that no computation looked at; a search that found nothing has looked."""
        computed = [result for result in self.results() if result.standing == "computed"]
        looked = (
            {Part.POPULATIONS} if "loose-state" in (self.verdicts_by_mechanism or {}) else set()
        )
        return tuple(part for part in causes_left_out(computed) if part not in looked)

    def not_begun_notes(self) -> tuple[str, ...]:
        """What was not computed since it takes long, and how to compute it."""
        return tuple(
            f"The {find_mechanism(name).title}, the prediction proper, was not computed: it takes "
            f"up to {cost.text}. Give the same command with --methods {name} for it."
            for name, cost in self.not_begun.items()
        )

    def two_state_note(self) -> str:
        """Whose the two-state parameters are if not of this crystal; empty if they are its own."""
        if all(entry.origin != BORROWED for entry in self.two_state):
            return ""
        name = self.label if self.measured is None else self.measured.material
        note = (
            f"The two-state parameters are those fitted to the band of {TWO_STATE_MATERIAL}, not "
            f"to one of {name}: for {name} they are borrowed and predict nothing."
        )
        if self.measured is None:
            note += f" If it is {TWO_STATE_MATERIAL}, say --material {TWO_STATE_MATERIAL}."
        return note

    def lines(self) -> tuple[SlopeLine, ...]:
        """Slopes of every picture, the measured ones first, the sum last."""
        lines = []
        if self.measured is not None:
            lines.append(
                SlopeLine(
                    picture=f"{self.measured.material} [{self.measured.source}]",
                    standing="measured",
                    antisymmetric=self.measured.antisymmetric_cm1_per_k,
                    symmetric=self.measured.symmetric_cm1_per_k,
                    antisymmetric_error=self.measured.antisymmetric_rounding_cm1_per_k,
                    symmetric_error=self.measured.symmetric_rounding_cm1_per_k,
                )
            )
        for entry in self.two_state:
            for what, slope in (
                ("mean", entry.result.mean_slope),
                ("one Gaussian", entry.result.one_gaussian_slope),
            ):
                if slope is not None:
                    lines.append(
                        SlopeLine(
                            picture=f"two states, {entry.name}: {what}",
                            standing=entry.origin,
                            antisymmetric=slope.slope_cm1_per_k,
                            symmetric=None,
                            curvature=slope.curvature.value,
                        )
                    )
        lines += [_line(oscillator.mechanism()) for oscillator in self.oscillators]
        lines += [
            _line(result, note=" (stored)" if result.name in self.shipped else "")
            for result in self.mechanisms
        ]
        sums = {entry.band: entry for entry in self.sums()}
        if any(entry.is_made for entry in sums.values()):
            made = [entry for entry in sums.values() if entry.is_made]
            terms = list(dict.fromkeys(title for entry in made for title in entry.terms))
            lines.append(
                SlopeLine(
                    picture="sum of " + ", ".join(terms),
                    standing="computed",
                    antisymmetric=sums[Band.ANTISYMMETRIC].slope_cm1_per_k,
                    symmetric=sums[Band.SYMMETRIC].slope_cm1_per_k,
                    antisymmetric_error=sums[Band.ANTISYMMETRIC].error_cm1_per_k,
                    symmetric_error=sums[Band.SYMMETRIC].error_cm1_per_k,
                    missing_errors=_missing_errors(
                        {
                            band: [r for r in self.results() if r.title in entry.terms]
                            for band, entry in sums.items()
                        }
                    ),
                )
            )
        return tuple(lines)

    def verdicts(self) -> tuple[str, ...]:
        """Sentences that hold the computed slopes against the measured ones."""
        measured = self.measured
        if measured is None:
            return ()
        sentences = [
            sentence
            for oscillator in self.oscillators
            for sentence in oscillator.verdicts(measured)
        ]
        for result in self.mechanisms:
            for band in Band:
                slope = result.slope(band)
                if slope is not None:
                    doubt = " (not to be trusted)" if result.untrusted_because else ""
                    sentences.append(
                        verdict_sentence(
                            f"{result.title}{doubt}: {band.value}",
                            slope.slope_cm1_per_k,
                            *_measured(measured, band),
                            result.slope_error_cm1_per_k(band),
                        )
                    )
        for entry in self.sums():
            if entry.is_made and entry.slope_cm1_per_k is not None:
                sentences.append(
                    verdict_sentence(
                        f"sum: {entry.band.value}",
                        entry.slope_cm1_per_k,
                        *_measured(measured, entry.band),
                        entry.error_cm1_per_k,
                    )
                )
        return tuple(sentences)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        content: dict[str, Any] = {
            "structure": self.label,
            "measured": None if self.measured is None else self.measured.to_dict(),
            "slopes": [line.to_dict() for line in self.lines()],
        }
        if self.two_state:
            content["two_state"] = {
                "note": self.two_state_note(),
                "neglects": TWO_STATE_NEGLECTS,
                "variants": [entry.to_dict() for entry in self.two_state],
            }
        if self.modes is not None:
            content["phonons"] = {
                name: value
                for name, value in self.modes.phonons.to_dict().items()
                if name != "wavenumbers_cm1"
            }
            content["modes"] = self.modes.to_dict()
        if self.oscillators:
            content["metal_oxygen_oscillator"] = {
                "neglects": METAL_OXYGEN_NEGLECTS,
                "variants": [entry.to_dict(self.measured) for entry in self.oscillators],
            }
        content["mechanisms"] = [result.to_dict() for result in self.results()]
        content["mechanisms_stored_with_the_package"] = sorted(self.shipped)
        content["verdicts_by_mechanism"] = dict(self.verdicts_by_mechanism or {})
        content["failures"] = dict(self.failures or {})
        content["not_computed"] = {
            name: {"n_calls_at_most": cost.n_calls, "minutes_at_most": round(cost.minutes, 1)}
            for name, cost in self.not_begun.items()
        }
        content["sums"] = [entry.to_dict() for entry in self.sums()]
        content["causes_left_out"] = [part.value for part in self.open_causes()]
        return content

    def to_csv(self) -> str:
        """Slopes of every picture as CSV with units on the header lines."""
        rows = [
            f"# Red-shift slopes of {self.label}, least squares over -100 to 200 degC.",
            "# Units: cm-1/K; negative = red shift on heating. standing: measured, fitted to the "
            "measured band, borrowed from another material, given by the user, or computed. "
            "Errors are empty where not determined; errors_lack: kinds that they do not hold.",
            *([f"# {note}"] if (note := self.two_state_note()) else []),
            "picture,standing,antisymmetric,symmetric,antisymmetric_error,symmetric_error,"
            "n_calls,curvature,errors_lack,not_to_be_trusted_because",
        ]
        rows += [",".join(_csv_field(value) for value in _fields(line)) for line in self.lines()]
        return "\n".join(rows) + "\n"


def _fields(line: SlopeLine) -> tuple[str | float | int | None, ...]:
    return (
        line.picture,
        line.standing,
        line.antisymmetric,
        line.symmetric,
        line.antisymmetric_error,
        line.symmetric_error,
        line.n_calls,
        line.curvature,
        " ".join(dict.fromkeys(text for band in line.missing_errors.values() for text in band)),
        line.doubt,
    )


def _csv_field(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return str(value) if isinstance(value, int) else f"{value:.6f}"


def _line(result: MechanismResult, note: str = "") -> SlopeLine:
    antisymmetric, symmetric = (result.slope(band) for band in Band)
    return SlopeLine(
        picture=result.title + note,
        standing=result.standing,
        antisymmetric=None if antisymmetric is None else antisymmetric.slope_cm1_per_k,
        symmetric=None if symmetric is None else symmetric.slope_cm1_per_k,
        antisymmetric_error=result.slope_error_cm1_per_k(Band.ANTISYMMETRIC),
        symmetric_error=result.slope_error_cm1_per_k(Band.SYMMETRIC),
        n_calls=result.n_calls,
        curvature=_curvature(antisymmetric, symmetric),
        doubt=result.untrusted_because,
        missing_errors=_missing_errors({band: [result] for band in Band}),
    )


def _missing_errors(
    results: Mapping[Band, Sequence[MechanismResult]],
) -> dict[Band, tuple[str, ...]]:
    """What the errors of a line lack, from the mechanisms that it holds; empty bands left out."""
    found = {
        band: tuple(
            f"{result.title}: {text}" for result in members for text in result.missing_errors(band)
        )
        for band, members in results.items()
    }
    return {band: sentences for band, sentences in found.items() if sentences}


def _measured(row: RedShiftRow, band: Band) -> tuple[float, str]:
    if band is Band.ANTISYMMETRIC:
        return row.antisymmetric_cm1_per_k, row.antisymmetric_text
    return row.symmetric_cm1_per_k, row.symmetric_text


def _curvature(antisymmetric: SlopeResult | None, symmetric: SlopeResult | None) -> str:
    if antisymmetric is None or symmetric is None:
        one = antisymmetric or symmetric
        return "" if one is None else one.curvature.value
    if antisymmetric.curvature == symmetric.curvature:
        return antisymmetric.curvature.value
    return f"ν_as {antisymmetric.curvature.value}, ν_s {symmetric.curvature.value}"
