"""What a series can prove: two states, one shifting band, or neither."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from reticulum.errors import CalculationError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_positions import BandPositions, band_positions, noise_level
from reticulum.spectra.model_comparison import ModelOutcome, Picture, compare_models
from reticulum.spectra.restarts import restarted
from reticulum.spectra.reversibility import Reversibility, band_reversibility

#: Part of the largest value, per cent, by which spectra are usually wrong in ways that no noise
#: estimate shows (baseline, detector, contact). Models that differ by less cannot be told apart.
DEFAULT_SYSTEMATICS_PERCENT = 1.0

#: Misfit of the best model, per cent of the largest value, above which none describes the data.
_WORST_MISFIT_PERCENT = 10.0

#: One-sided confidence with which an excess of misfit has to be above the systematics: 1.645
#: standard errors, 95 %.
_SURE_SIGMAS = 1.645


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
        Misfit of the best model of each picture beyond the better of the two, in quadrature, with
        the noise that its number of parameters takes up made equal, per cent of the largest value;
        NaN if nothing was fitted.
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
    of the spectra with 95 % confidence; noise is taken off in quadrature. One band may move and
    broaden freely from spectrum to spectrum, so that two states are never inferred from a poor law
    for one band. Models whose fit did not end at a minimum are left out.

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
    excess_two, excess_one = _excess(two, one), _excess(one, two)
    verdict, reasons, decide = _decide(two, one, excess_two, excess_one, systematics_percent)
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
        outcomes=outcomes,
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
class _Excess:
    """Misfit of one model beyond that of another, and its lower limit, per cent of the maximum."""

    percent: float
    least_percent: float


def _best(outcomes: Sequence[ModelOutcome], pictures: tuple[Picture, ...]) -> ModelOutcome | None:
    """Model with the least residual variance; many parameters alone do not win."""
    chosen = [o for o in outcomes if o.picture in pictures and not o.flaw]
    return min(chosen, key=_variance, default=None)


def _variance(outcome: ModelOutcome) -> float:
    """Residual variance, squared per cent of the maximum."""
    n = outcome.n_points
    return outcome.misfit_percent**2 * n / (n - outcome.n_parameters)


def _excess(worse: ModelOutcome, better: ModelOutcome) -> _Excess:
    """Misfit of one model beyond that of another, in quadrature; 0 if it is smaller.

    With the noise variance s², estimated from the model that leaves less, a model with p parameters
    leaves (n - p) s² of n points beside what it misses. The difference of two such sums has the
    variance 4 s² n e² + 2 |p - q| s⁴ for a true excess e.
    """
    n = worse.n_points
    noise = min(_variance(worse), _variance(better))
    more = worse.n_parameters - better.n_parameters
    square = worse.misfit_percent**2 - better.misfit_percent**2 + more * noise / n
    positive = max(square, 0.0)
    error = np.sqrt(4.0 * positive * noise / n + 2.0 * abs(more) * noise**2 / n**2)
    return _Excess(
        percent=float(np.sqrt(positive)),
        least_percent=float(np.sqrt(max(square - _SURE_SIGMAS * float(error), 0.0))),
    )


def _decide(
    two: ModelOutcome,
    one: ModelOutcome,
    excess_two: _Excess,
    excess_one: _Excess,
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
    if excess_one.least_percent > systematics:
        return (
            Verdict.TWO_STATES,
            (
                fits,
                f"One band, even free in each spectrum, leaves {excess_one.percent:.2f} % more "
                f"than two states (at least {excess_one.least_percent:.2f} % at 95 %), above the "
                f"{systematics:g} % that spectra are usually wrong by.",
            ),
            "",
        )
    if excess_two.least_percent > systematics:
        return (
            Verdict.ONE_SHIFTING_BAND,
            (
                fits,
                f"Two fixed components leave {excess_two.percent:.2f} % more than one moving band "
                f"(at least {excess_two.least_percent:.2f} % at 95 %), above the {systematics:g} % "
                "that spectra are usually wrong by.",
            ),
            "",
        )
    larger = max(excess_one, excess_two, key=lambda excess: excess.percent)
    sure = "not surely more" if larger.percent > systematics else "less"
    return (
        Verdict.INCONCLUSIVE,
        (
            fits,
            f"They differ by {larger.percent:.2f} %, {sure} than the {systematics:g} % that "
            "spectra are usually wrong by.",
        ),
        "A wider range of temperature, or a narrower band (lower temperature, higher resolution): "
        "two components show when they are further apart than about half their width.",
    )
