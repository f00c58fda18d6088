"""What a series can prove: two states, one shifting band, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from reticulum.errors import CalculationError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_positions import BandPositions, band_positions, noise_level
from reticulum.spectra.model_comparison import ModelOutcome, Picture, compare_models

#: Part of the largest value, per cent, by which spectra are usually wrong in ways that no noise
#: estimate shows (baseline, detector, contact). Models that differ by less cannot be told apart.
DEFAULT_SYSTEMATICS_PERCENT = 1.0

#: Misfit of the best model, per cent of the largest value, above which none describes the data.
_WORST_MISFIT_PERCENT = 10.0

#: Differences between cycles at one temperature count as irreversible above so many standard
#: errors, and above so many wavenumbers: what the axis of an interferometer is good for.
_IRREVERSIBLE_SIGMAS = 4.0
_IRREVERSIBLE_CM1 = 0.2


class Verdict(StrEnum):
    """What the data say."""

    TWO_STATES = "two states"
    ONE_SHIFTING_BAND = "one shifting band"
    INCONCLUSIVE = "inconclusive"
    IRREVERSIBLE = "irreversible"
    NOT_FITTABLE = "not fittable"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandVerdict:
    """Verdict on a series with its reasons.

    Attributes
    ----------
    verdict
        What the data say.
    reasons
        Sentences with the numbers.
    what_would_decide
        A measurement that would settle it; empty where nothing is open.
    outcomes
        Every model.
    noise_percent
        Noise of the points in per cent of the largest value.
    systematics_percent
        Difference below which models were not told apart, per cent of the largest value.
    excess_two_states_percent, excess_one_band_percent
        Misfit of the best model of each picture beyond the better of the two, in quadrature, per
        cent of the largest value; NaN if nothing was fitted.

    """

    verdict: Verdict
    reasons: tuple[str, ...]
    what_would_decide: str
    outcomes: tuple[ModelOutcome, ...]
    noise_percent: float
    systematics_percent: float
    excess_two_states_percent: float
    excess_one_band_percent: float

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "what_would_decide": self.what_would_decide,
            "noise_percent": self.noise_percent,
            "systematics_percent": self.systematics_percent,
            "excess_two_states_percent": self.excess_two_states_percent,
            "excess_one_band_percent": self.excess_one_band_percent,
            "models": [outcome.to_dict() for outcome in self.outcomes],
        }


def judge(
    data: BandData,
    *,
    baseline_order: int = -1,
    systematics_percent: float = DEFAULT_SYSTEMATICS_PERCENT,
    extinction_ratio: float = 1.0,
) -> BandVerdict:
    """Say what a series can prove about its band.

    The best two-state model and the best single-band model are compared by what each leaves
    unexplained beyond the other. A picture is excluded only if that exceeds the systematic errors
    of the spectra; noise is taken off in quadrature. One band may move and broaden freely from
    spectrum to spectrum, so that two states are never inferred from a poor law for one band.

    Parameters
    ----------
    data
        The band.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.
    systematics_percent
        Systematic errors of the spectra, per cent of the largest value.
    extinction_ratio
        Extinction of loose over tight.

    """
    noise = 100.0 * float(np.median([noise_level(v) for v in data.values])) / data.maximum
    try:
        alone = band_positions(data, baseline_order=baseline_order)
    except CalculationError as error:
        return _without_models(Verdict.NOT_FITTABLE, (str(error),), noise, systematics_percent)
    changed = _irreversible(data, alone)
    outcomes = compare_models(
        data, baseline_order=baseline_order, extinction_ratio=extinction_ratio
    )
    two = _best(outcomes, (Picture.TWO_STATES,))
    one = _best(outcomes, (Picture.ONE_BAND, Picture.OSCILLATOR))
    excess_one = _excess(one, two)
    excess_two = _excess(two, one)
    verdict, reasons, decide = _decide(two, one, excess_two, excess_one, systematics_percent)
    if changed:
        verdict, reasons = Verdict.IRREVERSIBLE, (changed, *reasons)
        decide = (
            "Cycle until heating and cooling agree, or fit each cycle alone: an average over "
            "cycles that differ describes none of them."
        )
    return BandVerdict(
        verdict=verdict,
        reasons=reasons,
        what_would_decide=decide,
        outcomes=outcomes,
        noise_percent=noise,
        systematics_percent=systematics_percent,
        excess_two_states_percent=excess_two,
        excess_one_band_percent=excess_one,
    )


def _without_models(
    verdict: Verdict, reasons: tuple[str, ...], noise: float, systematics: float
) -> BandVerdict:
    return BandVerdict(
        verdict=verdict,
        reasons=reasons,
        what_would_decide="Choose another window, or measure with less noise.",
        outcomes=(),
        noise_percent=noise,
        systematics_percent=systematics,
        excess_two_states_percent=float("nan"),
        excess_one_band_percent=float("nan"),
    )


def _best(outcomes: Sequence[ModelOutcome], pictures: tuple[Picture, ...]) -> ModelOutcome:
    chosen = [o for o in outcomes if o.picture in pictures and np.isfinite(o.misfit_percent)]
    return min(chosen, key=lambda outcome: outcome.misfit_percent)


def _excess(worse: ModelOutcome, better: ModelOutcome) -> float:
    """Misfit of one model beyond that of another, in quadrature, per cent; 0 if it is smaller."""
    return float(np.sqrt(max(worse.misfit_percent**2 - better.misfit_percent**2, 0.0)))


def _decide(
    two: ModelOutcome,
    one: ModelOutcome,
    excess_two: float,
    excess_one: float,
    systematics: float,
) -> tuple[Verdict, tuple[str, ...], str]:
    fits = (
        f"Best two-state model ({two.name}): {two.misfit_percent:.2f} % of the maximum left over; "
        f"best single band ({one.name}): {one.misfit_percent:.2f} %."
    )
    if min(two.misfit_percent, one.misfit_percent) > _WORST_MISFIT_PERCENT:
        return (
            Verdict.NOT_FITTABLE,
            (fits, "No model describes the band."),
            "Choose a window with one band only, or subtract the neighbouring bands.",
        )
    if excess_one > systematics:
        return (
            Verdict.TWO_STATES,
            (
                fits,
                f"One band, even free in each spectrum, leaves {excess_one:.2f} % more than two "
                f"states, above the {systematics:g} % that spectra are usually wrong by.",
            ),
            "",
        )
    if excess_two > systematics:
        return (
            Verdict.ONE_SHIFTING_BAND,
            (
                fits,
                f"Two fixed components leave {excess_two:.2f} % more than one moving band, above "
                f"the {systematics:g} % that spectra are usually wrong by.",
            ),
            "",
        )
    return (
        Verdict.INCONCLUSIVE,
        (
            fits,
            f"They differ by {max(excess_one, excess_two):.2f} %, less than the {systematics:g} % "
            "that spectra are usually wrong by.",
        ),
        "A wider range of temperature, or a narrower band (lower temperature, higher resolution): "
        "two components show when they are further apart than about half their width.",
    )


def _irreversible(data: BandData, alone: BandPositions) -> str:
    """Say where cycles differ at one temperature by more than their errors; else nothing."""
    worst, where = 0.0, ""
    for t in np.unique(data.temperatures_k):
        here = np.flatnonzero(data.temperatures_k == t)
        if len(here) < 2 or len(set(data.cycles[here].tolist())) < 2:
            continue
        centres, errors = alone.centres_cm1[here], alone.centre_errors_cm1[here]
        low, high = int(np.argmin(centres)), int(np.argmax(centres))
        apart = float(centres[high] - centres[low])
        error = float(np.hypot(errors[high], errors[low]))
        if apart > max(_IRREVERSIBLE_SIGMAS * error, _IRREVERSIBLE_CM1) and apart > worst:
            worst = apart
            where = (
                f"At {t:.2f} K the band lies at {centres[low]:.2f} cm⁻¹ in "
                f"{data.labels[here[low]]} and at {centres[high]:.2f} cm⁻¹ in "
                f"{data.labels[here[high]]}: {apart:.2f} cm⁻¹ apart, {apart / error:.0f} standard "
                "errors."
            )
    return where
