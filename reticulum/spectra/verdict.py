"""What a series can prove: two states, one shifting band, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from reticulum.errors import CalculationError
from reticulum.spectra.any_shape import any_shape_outcome
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_positions import BandPositions, band_positions, noise_level
from reticulum.spectra.misfit_excess import (
    Excess,
    misfit_excess,
    missed_beyond_noise,
    residual_variance,
)
from reticulum.spectra.model_comparison import ModelOutcome, Picture, compare_models
from reticulum.spectra.restarts import restarted
from reticulum.spectra.reversibility import Reversibility, band_reversibility

#: Part of the largest value, per cent, by which spectra are usually wrong in ways that no noise
#: estimate shows (baseline, detector, contact). Models that differ by less cannot be told apart.
DEFAULT_SYSTEMATICS_PERCENT = 1.0

#: Misfit of the best model, per cent of the largest value, above which none describes the data.
_WORST_MISFIT_PERCENT = 10.0


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
        Misfit of two states beyond one band with a symmetric line, and of one band of any shape
        beyond two states, in quadrature, with the noise that its number of parameters takes up
        made equal, per cent of the largest value; NaN if nothing was fitted.
    excess_two_states_least_percent, excess_one_band_least_percent
        Lower end of their one-sided 95 % intervals, from the noise: these are held against the
        systematics.
    reversibility
        Comparison of cycles; None if no band was found.

    """

    verdict: Verdict
    reasons: tuple[str, ...]
    what_would_decide: str
    outcomes: tuple[ModelOutcome, ...]
    noise_percent: float
    systematics_percent: float
    excess_two_states_percent: float
    excess_one_band_percent: float
    excess_two_states_least_percent: float = float("nan")
    excess_one_band_least_percent: float = float("nan")
    reversibility: Reversibility | None = None

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "what_would_decide": self.what_would_decide,
            "noise_percent": self.noise_percent,
            "systematics_percent": self.systematics_percent,
            "excess_two_states_percent": self.excess_two_states_percent,
            "excess_two_states_least_percent": self.excess_two_states_least_percent,
            "excess_one_band_percent": self.excess_one_band_percent,
            "excess_one_band_least_percent": self.excess_one_band_least_percent,
            "reversibility": None if self.reversibility is None else self.reversibility.to_dict(),
            "models": [outcome.to_dict() for outcome in self.outcomes],
        }


def judge(
    data: BandData,
    *,
    baseline_order: int = -1,
    systematics_percent: float = DEFAULT_SYSTEMATICS_PERCENT,
    extinction_ratio: float = 1.0,
    positions: BandPositions | None = None,
    start_from: Mapping[str, float] | None = None,
) -> BandVerdict:
    """Say what a series can prove about its band.

    The best two-state model and the best single-band model are compared by what each leaves
    unexplained beyond the other. A picture is excluded only if that exceeds the systematic errors
    of the spectra with 95 % confidence; noise is taken off in quadrature. The picture that is left
    has to describe the band: what it misses beyond the noise must not exceed the systematic errors
    either. One band may move and broaden freely from spectrum to spectrum, so that two states are
    never inferred from a poor law for one band; and they are not inferred either where one band of
    any shape, a shoulder included, does that. Models whose fit did not end at a minimum are left
    out.

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
    positions
        One band in each spectrum, for the comparison of cycles; fitted here if None.
    start_from
        More start values for the models whose parameters are all among them.

    """
    noise = 100.0 * float(np.median([noise_level(v) for v in data.values])) / data.maximum
    try:
        alone = positions or band_positions(data, baseline_order=baseline_order)
        outcomes = compare_models(
            data, baseline_order=baseline_order, extinction_ratio=extinction_ratio
        )
    except CalculationError as error:
        return _without_models((str(error),), noise, systematics_percent)
    if start_from is not None:
        outcomes = restarted(data, outcomes, start_from)
    any_shape = any_shape_outcome(data, alone, baseline_order=baseline_order)
    returned = band_reversibility(data, alone)
    two = _best(outcomes, (Picture.TWO_STATES,))
    one = _best(outcomes, (Picture.ONE_BAND, Picture.OSCILLATOR))
    if two is None or one is None:
        return _without_models(
            ("No model of one of the pictures came to a minimum.",),
            noise,
            systematics_percent,
            outcomes=outcomes,
            reversibility=returned,
        )
    rival = (
        one
        if any_shape.flaw or residual_variance(one) < residual_variance(any_shape)
        else any_shape
    )
    excess_two, excess_one = misfit_excess(two, one), misfit_excess(rival, two)
    verdict, reasons, decide = _decide(
        _Compared(
            two=two,
            one=one,
            any_shape=any_shape,
            excess_two=excess_two,
            excess_one=excess_one,
            missed_by_two=missed_beyond_noise(two, noise),
            missed_by_one=missed_beyond_noise(one, noise),
            systematics=systematics_percent,
        )
    )
    if returned.is_irreversible:
        verdict, reasons = Verdict.IRREVERSIBLE, (*returned.sentences, *reasons)
        decide = (
            "Cycle until heating and cooling agree, or fit each cycle alone: an average over "
            "cycles that differ describes none of them."
        )
    return BandVerdict(
        verdict=verdict,
        reasons=reasons,
        what_would_decide=decide,
        outcomes=(*outcomes, any_shape),
        noise_percent=noise,
        systematics_percent=systematics_percent,
        excess_two_states_percent=excess_two.percent,
        excess_one_band_percent=excess_one.percent,
        excess_two_states_least_percent=excess_two.least_percent,
        excess_one_band_least_percent=excess_one.least_percent,
        reversibility=returned,
    )


def _without_models(
    reasons: tuple[str, ...],
    noise: float,
    systematics: float,
    *,
    outcomes: tuple[ModelOutcome, ...] = (),
    reversibility: Reversibility | None = None,
) -> BandVerdict:
    return BandVerdict(
        verdict=Verdict.NOT_FITTABLE,
        reasons=reasons,
        what_would_decide="Choose another window, or measure with less noise.",
        outcomes=outcomes,
        noise_percent=noise,
        systematics_percent=systematics,
        excess_two_states_percent=float("nan"),
        excess_one_band_percent=float("nan"),
        reversibility=reversibility,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """Best models of the pictures and what each misses, per cent of the maximum.

    ``excess_two`` is that of two states over one band with a symmetric line, ``excess_one`` that of
    one band of whatever shape is best over two states.
    """

    two: ModelOutcome
    one: ModelOutcome
    any_shape: ModelOutcome
    excess_two: Excess
    excess_one: Excess
    missed_by_two: float
    missed_by_one: float
    systematics: float


def _best(outcomes: Sequence[ModelOutcome], pictures: tuple[Picture, ...]) -> ModelOutcome | None:
    """Model with the least residual variance; many parameters alone do not win."""
    chosen = [o for o in outcomes if o.picture in pictures and not o.flaw]
    return min(chosen, key=residual_variance, default=None)


def _decide(found: _Compared) -> tuple[Verdict, tuple[str, ...], str]:
    two, one, systematics = found.two, found.one, found.systematics
    excess_one, excess_two = found.excess_one, found.excess_two
    wrong_by = f"the {systematics:g} % that spectra are usually wrong by"
    fits = (
        f"Best two-state model ({two.name}): {two.misfit_percent:.2f} % of the maximum left over; "
        f"best single band ({one.name}): {one.misfit_percent:.2f} %; one band of any shape: "
        f"{found.any_shape.misfit_percent:.2f} %."
    )
    if min(two.misfit_percent, one.misfit_percent) > _WORST_MISFIT_PERCENT:
        return (
            Verdict.NOT_FITTABLE,
            (fits, "No model describes the band."),
            "Choose a window with one band only, or subtract the neighbouring bands.",
        )
    prefers_two = excess_one.least_percent > systematics
    prefers_one = excess_two.least_percent > systematics
    missed = found.missed_by_two if prefers_two else found.missed_by_one
    if (prefers_two or prefers_one) and missed > systematics:
        name = "two-state model" if prefers_two else "single band"
        return (
            Verdict.INCONCLUSIVE,
            (
                fits,
                f"The best {name} misses {missed:.2f} % beyond the noise, more than {wrong_by}: "
                "neither picture describes the band.",
            ),
            "Choose a window without neighbouring bands, and look at the residuals: an asymmetric "
            "line or a shoulder is in no model that could be told apart.",
        )
    if prefers_two:
        return (
            Verdict.TWO_STATES,
            (
                fits,
                f"One band, whatever its shape and even free in each spectrum, leaves "
                f"{excess_one.percent:.2f} % more than two states (at least "
                f"{excess_one.least_percent:.2f} % at 95 %), above {wrong_by}.",
            ),
            "",
        )
    if prefers_one:
        return (
            Verdict.ONE_SHIFTING_BAND,
            (
                fits,
                f"Two fixed components leave {excess_two.percent:.2f} % more than one moving band "
                f"(at least {excess_two.least_percent:.2f} % at 95 %), above {wrong_by}.",
            ),
            "",
        )
    by_line = misfit_excess(one, two)
    larger = max(by_line, excess_two, key=lambda excess: excess.percent)
    if by_line.least_percent > systematics:
        differ = (
            f"One band with a symmetric line leaves {by_line.percent:.2f} % more than two states, "
            f"but one of any shape only {excess_one.percent:.2f} %: no change of shape is proven "
            f"beyond {wrong_by}."
        )
    else:
        sure = "not surely more" if larger.percent > systematics else "less"
        differ = f"The first two differ by {larger.percent:.2f} %, {sure} than {wrong_by}."
    reasons = [fits, differ]
    better = min(one, two, key=residual_variance)
    if (
        not found.any_shape.flaw
        and misfit_excess(better, found.any_shape).least_percent > systematics
    ):
        reasons.append(
            "One band of another shape describes the spectra better than both: the line is "
            "asymmetric, has a shoulder, or overlaps with another that moves along."
        )
    return (
        Verdict.INCONCLUSIVE,
        tuple(reasons),
        "A wider range of temperature, or a narrower band (lower temperature, higher resolution): "
        "two components show when they are further apart than about half their width.",
    )
