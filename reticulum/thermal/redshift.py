"""The red-shift of the carboxylate bands: what each mechanism gives, beside the measured slopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reticulum.errors import InputError
from reticulum.frameworks.library import list_structures
from reticulum.reference.tables import RedShiftRow, find_table1_row, load_table1
from reticulum.thermal.mechanism import Band, MechanismResult
from reticulum.thermal.mechanism_sum import SummedSlope, causes_left_out, sum_slopes
from reticulum.thermal.mechanisms import QUICK, find_mechanism
from reticulum.thermal.quick_pictures import (
    METAL_OXYGEN_NEGLECTS,
    TWO_STATE_NEGLECTS,
    NamedTwoState,
    OscillatorResult,
    two_state_variants,
    verdict_sentence,
)
from reticulum.thermal.slopes import SlopeResult
from reticulum.thermal.stored_mechanisms import store_mechanism, stored_mechanisms

if TYPE_CHECKING:
    from reticulum.phonons.modes import ModeTable
    from reticulum.phonons.run import Run
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.two_state import TwoStateParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeLine:
    """One line of the comparison: a picture, its slopes and their standing.

    Parameters
    ----------
    picture
        What gives the slopes.
    standing
        ``"measured"``, ``"fitted"``, ``"computed"`` or ``"given"``.
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
        Further mechanisms, computed now or earlier in the same run folder.
    verdicts_by_mechanism
        One sentence for each of them, and for those that do not exist in this crystal.

    """

    label: str
    measured: RedShiftRow | None
    two_state: tuple[NamedTwoState, ...] = ()
    modes: ModeTable | None = None
    oscillators: tuple[OscillatorResult, ...] = ()
    mechanisms: tuple[MechanismResult, ...] = ()
    verdicts_by_mechanism: Mapping[str, str] | None = None

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
        lines += [_line(result) for result in self.mechanisms]
        sums = {entry.band: entry for entry in self.sums()}
        if any(entry.slope_cm1_per_k is not None for entry in sums.values()):
            terms = list(dict.fromkeys(t for entry in sums.values() for t in entry.terms))
            lines.append(
                SlopeLine(
                    picture="sum of " + ", ".join(terms),
                    standing="computed",
                    antisymmetric=sums[Band.ANTISYMMETRIC].slope_cm1_per_k,
                    symmetric=sums[Band.SYMMETRIC].slope_cm1_per_k,
                    antisymmetric_error=sums[Band.ANTISYMMETRIC].error_cm1_per_k,
                    symmetric_error=sums[Band.SYMMETRIC].error_cm1_per_k,
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
                    sentences.append(
                        verdict_sentence(
                            f"{result.title}: {band.value}",
                            slope.slope_cm1_per_k,
                            *_measured(measured, band),
                        )
                    )
        for entry in self.sums():
            if entry.slope_cm1_per_k is not None and len(entry.terms) > 1:
                sentences.append(
                    verdict_sentence(
                        f"sum: {entry.band.value}",
                        entry.slope_cm1_per_k,
                        *_measured(measured, entry.band),
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
        content["verdicts_by_mechanism"] = dict(self.verdicts_by_mechanism or {})
        content["sums"] = [entry.to_dict() for entry in self.sums()]
        content["causes_left_out"] = [part.value for part in causes_left_out(self.results())]
        return content

    def to_csv(self) -> str:
        """Slopes of every picture as CSV with units on the header lines."""
        rows = [
            f"# Red-shift slopes of {self.label}, least squares over -100 to 200 degC.",
            "# Units: cm-1/K; negative = red shift on heating. standing: measured, fitted to the "
            "measured band, given by the user, or computed. Errors are empty where not determined.",
            "picture,standing,antisymmetric,symmetric,antisymmetric_error,symmetric_error,"
            "n_calls,curvature,not_to_be_trusted_because",
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
        line.doubt,
    )


def _csv_field(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return str(value) if isinstance(value, int) else f"{value:.6f}"


def _line(result: MechanismResult) -> SlopeLine:
    antisymmetric, symmetric = (result.slope(band) for band in Band)
    return SlopeLine(
        picture=result.title,
        standing=result.standing,
        antisymmetric=None if antisymmetric is None else antisymmetric.slope_cm1_per_k,
        symmetric=None if symmetric is None else symmetric.slope_cm1_per_k,
        antisymmetric_error=result.slope_error_cm1_per_k(Band.ANTISYMMETRIC),
        symmetric_error=result.slope_error_cm1_per_k(Band.SYMMETRIC),
        n_calls=result.n_calls,
        curvature=_curvature(antisymmetric, symmetric),
        doubt=result.untrusted_because,
    )


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


def measured_slopes(label: str, material: str | None = None) -> RedShiftRow | None:
    """Row of the published table that a structure is compared with.

    Parameters
    ----------
    label
        Name of the structure; a bundled one knows its row.
    material
        Name of the material in the table, overriding that.

    Returns
    -------
    RedShiftRow or None
        None where the structure is not of a measured material.

    Raises
    ------
    InputError
        If `material` is given and not in the table.

    """
    if material is not None:
        row = find_table1_row(material)
        if row is None:
            names = ", ".join(entry.material for entry in load_table1())
            raise InputError(
                f"There is no measured slope of {material!r}.",
                why=f"The published table has: {names}.",
                fix="Give one of these names, or leave --material out.",
            )
        return row
    for card in list_structures():
        if card.name == label:
            return None if card.table1_row is None else find_table1_row(card.table1_row)
    return None


def predict_redshift(
    run: Run,
    *,
    measured: RedShiftRow | None = None,
    methods: Sequence[str] = QUICK,
    given: TwoStateParameters | None = None,
    follow: Sequence[Follow] | None = None,
    keywords: Mapping[str, Mapping[str, Any]] | None = None,
    after_each: Callable[[RedShiftReport], object] | None = None,
) -> RedShiftReport:
    """Phonons and the mechanisms that were asked for, in an open run.

    Mechanisms that were computed in the same run folder before are in the report too. Each result
    is stored when it is finished.

    Parameters
    ----------
    run
        From `reticulum.phonons.run.open_run`.
    measured
        Slopes to compare with.
    methods
        Names from `reticulum.thermal.mechanisms.chosen_methods`.
    given
        Two-state parameters of the user's.
    follow
        Which motions follow the metal-oxygen distance, one scan for each entry; default: the
        stiffer ones, then all.
    keywords
        Keywords for single mechanisms, by name.
    after_each
        Called with what is finished so far, after each method.

    Raises
    ------
    InputError
        If the structure has no carboxylate that binds a metal.
    CalculationError
        If a calculation failed; all that finished is kept.

    """
    from reticulum.phonons.modes import mode_table
    from reticulum.phonons.run import gamma_phonons
    from reticulum.thermal.carboxylate_bands import track_carboxylate_modes
    from reticulum.thermal.free_motions import Follow
    from reticulum.thermal.metal_oxygen import predict_from_scan
    from reticulum.thermal.metal_oxygen_scan import scan_metal_oxygen

    table = mode_table(gamma_phonons(run))
    tracked = track_carboxylate_modes(table)
    oscillators: tuple[OscillatorResult, ...] = ()
    if "oscillator" in methods:
        scans = [
            scan_metal_oxygen(run, table.phonons, tracked, follow=which)
            for which in (tuple(Follow) if follow is None else follow)
        ]
        oscillators = tuple(
            OscillatorResult(scan=scan, prediction=predict_from_scan(scan)) for scan in scans
        )
    material = None if measured is None else measured.material

    def report() -> RedShiftReport:
        stored = stored_mechanisms(run.folder.path)
        return RedShiftReport(
            label=run.label,
            measured=measured,
            two_state=two_state_variants(given, material) if "two-state" in methods else (),
            modes=table,
            oscillators=oscillators,
            mechanisms=tuple(result for result, _ in stored.values() if result is not None),
            verdicts_by_mechanism={name: verdict for name, (_, verdict) in stored.items()},
        )

    for name in methods:
        if name in QUICK:
            continue
        outcome = find_mechanism(name).compute(run, table, **dict((keywords or {}).get(name, {})))
        store_mechanism(run.folder.path, name, outcome.mechanism, outcome.verdict)
        if after_each is not None:
            after_each(report())
    return report()
