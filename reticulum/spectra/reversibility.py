"""Whether a band comes back: heating against cooling, first against last cycle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_positions import BandPositions
from reticulum.spectra.band_trend import CONFIDENCE, course_slope
from reticulum.spectra.cycle_effects import ENOUGH_FREEDOM, CycleEffect, EffectKind, cycle_effects

#: A difference counts as irreversible if it is as unlikely as so many standard errors (assumed),
#: and larger than so many wavenumbers (assumed: what the axis of an interferometer is good for).
IRREVERSIBLE_SIGMAS = 4.0
IRREVERSIBLE_CM1 = 0.2


class Return(StrEnum):
    """Whether the band comes back."""

    REVERSIBLE = "reversible"
    HYSTERESIS = "hysteresis"
    DRIFT = "drift"
    BOTH = "hysteresis and drift"
    CHANGED = "changed, cause not told"
    CANNOT_TELL = "cannot tell"
    NOT_TESTED = "not tested"


#: Findings that forbid an average over cycles.
IRREVERSIBLE = (Return.HYSTERESIS, Return.DRIFT, Return.BOTH, Return.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reversibility:
    """Comparison of cycles and directions at the same temperatures.

    Attributes
    ----------
    verdict
        From the centres. Reversible: every difference is known to be below `limit_cm1`.
    centre_effects, width_effects
        Differences of centre and FWHM; empty if nothing could be compared.
    limit_cm1, sigmas
        Differences that count, cm⁻¹ and standard errors (both assumed).
    sentences
        The findings with their numbers.

    """

    verdict: Return
    centre_effects: tuple[CycleEffect, ...]
    width_effects: tuple[CycleEffect, ...]
    limit_cm1: float
    sigmas: float
    sentences: tuple[str, ...]

    @property
    def is_irreversible(self) -> bool:
        """Whether cycles differ, so that no average describes them."""
        return self.verdict in IRREVERSIBLE

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "verdict": self.verdict.value,
            "centre_effects": [effect.to_dict() for effect in self.centre_effects],
            "width_effects": [effect.to_dict() for effect in self.width_effects],
            "limit_cm1": self.limit_cm1,
            "sigmas": self.sigmas,
            "thresholds": "assumed",
            "sentences": list(self.sentences),
        }


def band_reversibility(
    data: BandData, positions: BandPositions, *, limit_cm1: float = IRREVERSIBLE_CM1
) -> Reversibility:
    """Compare heating with cooling, and the first cycle with the last.

    Hysteresis and drift can be told apart if one direction was measured in two cycles at least.
    Otherwise, or if directions are not known, a difference is reported without a cause.

    *Valid when* errors are independent from spectrum to spectrum. They come from the scatter of the
    spectra about set points and effects where enough repeats are there, else from the fits.

    Parameters
    ----------
    data
        The band.
    positions
        One band in each spectrum.
    limit_cm1
        Smallest difference that counts, cm⁻¹.

    """
    return compare_cycles(
        data.temperatures_k,
        (positions.centres_cm1, positions.centre_errors_cm1),
        (positions.fwhms_cm1, positions.fwhm_errors_cm1),
        data.cycles,
        data.directions,
        limit_cm1=limit_cm1,
    )


def compare_cycles(
    temperatures_k: NDArray[np.float64],
    centres_cm1: tuple[NDArray[np.float64], NDArray[np.float64]],
    fwhms_cm1: tuple[NDArray[np.float64], NDArray[np.float64]],
    cycles: NDArray[np.int64],
    directions: Sequence[str | None],
    *,
    limit_cm1: float = IRREVERSIBLE_CM1,
) -> Reversibility:
    """Compare cycles and directions, from centres and widths.

    Parameters
    ----------
    temperatures_k
        (n,) K.
    centres_cm1, fwhms_cm1
        (n,) values and (n,) standard errors, cm⁻¹.
    cycles
        (n,) cycle numbers.
    directions
        ``"heating"``, ``"cooling"`` or None for each.
    limit_cm1
        Smallest difference that counts, cm⁻¹.

    """
    found = []
    for values, errors in (centres_cm1, fwhms_cm1):
        trend = course_slope(temperatures_k, values, errors)
        half = 0.5 * (trend.interval_cm1_per_k[1] - trend.interval_cm1_per_k[0])
        sigma = half / float(student.ppf(0.5 + CONFIDENCE / 2.0, len(values) - 2))
        found.append(
            cycle_effects(
                temperatures_k,
                values,
                errors,
                cycles,
                directions,
                slope=(trend.slope_cm1_per_k, sigma),
            )
        )
    centre, width = found
    verdict = _verdict(centre, limit_cm1)
    unknown = sum(direction is None for direction in directions)
    return Reversibility(
        verdict=verdict,
        centre_effects=centre,
        width_effects=width,
        limit_cm1=limit_cm1,
        sigmas=IRREVERSIBLE_SIGMAS,
        sentences=(
            *(_sentence("centre", effect, limit_cm1) for effect in centre),
            *(
                _sentence("width", effect, limit_cm1)
                for effect in width
                if _counts(effect, limit_cm1)
            ),
            *_remarks(verdict, centre, unknown, len(cycles)),
        ),
    )


def _counts(effect: CycleEffect, limit: float) -> bool:
    return (
        effect.p_value < 2.0 * float(norm.sf(IRREVERSIBLE_SIGMAS))
        and abs(effect.largest_cm1) > limit
    )


def _verdict(effects: Sequence[CycleEffect], limit: float) -> Return:
    if not effects:
        return Return.NOT_TESTED
    changed = {effect.kind for effect in effects if _counts(effect, limit)}
    if EffectKind.DIFFERENCE in changed:
        return Return.CHANGED
    if changed == {EffectKind.HYSTERESIS, EffectKind.DRIFT}:
        return Return.BOTH
    if changed:
        return Return.HYSTERESIS if EffectKind.HYSTERESIS in changed else Return.DRIFT
    known = all(
        abs(effect.largest_cm1) + 2.0 * effect.largest_error_cm1 < limit for effect in effects
    )
    return Return.REVERSIBLE if known else Return.CANNOT_TELL


def _sentence(quantity: str, effect: CycleEffect, limit: float) -> str:
    word = "differs" if _counts(effect, limit) else "does not provably differ"
    text = (
        f"The {quantity} {word}, {effect.comparison}: {effect.mean_cm1:+.2f} ± "
        f"{effect.mean_error_cm1:.2f} cm⁻¹ on average"
    )
    if len(effect.temperatures_k) > 1:
        text += (
            f", {effect.largest_cm1:+.2f} ± {effect.largest_error_cm1:.2f} cm⁻¹ at "
            f"{effect.largest_k:.0f} K"
        )
    text += (
        f" ({len(effect.temperatures_k)} set points, chi² {effect.chi2:.1f} of {effect.freedom}, "
        f"p = {effect.p_value:.1g}"
    )
    if effect.scatter_freedom >= ENOUGH_FREEDOM:
        text += ", errors from the scatter of the spectra"
    if quantity == "centre" and np.isfinite(effect.kelvin):
        text += f"; as if {effect.kelvin:+.1f} ± {effect.kelvin_error:.1f} K"
    return text + ")."


def _remarks(
    verdict: Return, effects: Sequence[CycleEffect], unknown: int, n: int
) -> tuple[str, ...]:
    remarks = []
    if not effects:
        remarks.append(
            "Whether the band comes back was not tested: no temperature was measured in two "
            "cycles or directions."
        )
    elif unknown:
        remarks.append(
            f"Whether the sample was heated or cooled is not known for {unknown} of {n} spectra: "
            "heating and cooling were not compared, and a difference between cycles may be either."
        )
    elif any(effect.kind is EffectKind.DIFFERENCE for effect in effects):
        remarks.append(
            "No direction was measured in two cycles: hysteresis cannot be told from a change with "
            "time."
        )
    elif verdict is Return.BOTH:
        remarks.append("A first cycle unlike the others looks like hysteresis and drift together.")
    if verdict is Return.CANNOT_TELL:
        remarks.append("The errors are too large to call the band reversible.")
    return tuple(remarks)
