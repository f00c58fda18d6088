"""What each mechanism gives to the slope of a band, the sum that may be made, and the gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reticulum.plotting.redshift_table import INCOMPLETE_DASHES
from reticulum.thermal.mechanism import Band, MechanismResult
from reticulum.thermal.mechanism_sum import sum_slopes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Colours that stay apart for colour-blind readers (Okabe and Ito), for the terms of the sum.
TERM_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7")

#: Colour of mechanisms that are not in the sum.
OTHER_COLOUR = "0.75"

#: Untrusted slopes this many times as large as all others are not drawn to scale.
_LIMIT_OF_SHOWN = 2.0

#: Below the name of a mechanism whose error lacks kinds of error.
_INCOMPLETE = "\n(errors are missing)"

#: Letters of a title that fit beside a bar; longer ones are broken.
_LINE_LETTERS = 26


def draw_mechanism_slopes(
    axes: Axes,
    results: Sequence[MechanismResult],
    band: Band,
    measured: float | None = None,
) -> None:
    """Draw slopes of one band as bars, the terms of the sum stacked in one bar.

    Bars of mechanisms that are not in the sum are grey; those not to be trusted are hollow. Errors
    that lack kinds of error are dashed, and the name says so.

    Parameters
    ----------
    axes
        Where.
    results
        Mechanisms of one structure; those that are not computed, or say nothing of the band, are
        left out.
    band
        Which band.
    measured
        Measured slope, cm⁻¹/K; None if there is none.

    """
    total = sum_slopes(results, band)
    shown = [
        (result, line.slope_cm1_per_k)
        for result in results
        if result.standing == "computed" and (line := result.slope(band)) is not None
    ]
    colours = dict(zip(total.terms, TERM_COLOURS, strict=False))
    limit = _LIMIT_OF_SHOWN * max(
        [abs(slope) for result, slope in shown if not result.untrusted_because]
        + [abs(measured or 0.0)]
    )
    names: list[str] = []
    for place, (result, slope) in enumerate(shown):
        colour = colours.get(result.title, OTHER_COLOUR)
        hollow = bool(result.untrusted_because)
        incomplete = bool(result.missing_errors(band))
        names.append(_broken(result.title) + (_INCOMPLETE if incomplete else ""))
        if hollow and 0.0 < limit < abs(slope):
            # A senseless value would make all others invisible: it is written instead of drawn.
            axes.text(0.0, place, f"{slope:+.3g} (not drawn) ", ha="right", va="center", fontsize=7)
            continue
        bar = axes.barh(
            place,
            slope,
            xerr=result.slope_error_cm1_per_k(band),
            color="none" if hollow else colour,
            edgecolor=OTHER_COLOUR if hollow else colour,
            height=0.65,
            error_kw={"elinewidth": 0.8, "capsize": 2},
        )
        if incomplete and bar.errorbar is not None:
            for line in bar.errorbar[2]:
                line.set_linestyle(INCOMPLETE_DASHES)
    place = len(shown)
    if len(total.terms) > 1 and total.slope_cm1_per_k is not None:
        left, right = 0.0, 0.0
        for result, slope in shown:
            if result.title in colours:
                start = left if slope < 0.0 else right
                axes.barh(place, slope, left=start, color=colours[result.title], height=0.65)
                if slope < 0.0:
                    left += slope
                else:
                    right += slope
        axes.plot([total.slope_cm1_per_k] * 2, [place - 0.4, place + 0.4], color="0.0")
        names.append("sum (line)")
        place += 1
    if measured is not None:
        axes.barh(place, measured, color="0.25", height=0.65)
        names.append("measured")
        axes.axvline(measured, color="0.25", linestyle=":", linewidth=0.8, zorder=0)
    axes.axvline(0.0, color="0.6", linewidth=0.6, zorder=0)
    axes.set_yticks(range(len(names)), names, fontsize=6.5)
    axes.invert_yaxis()
    axes.set_xlabel(f"{band.value} slope / cm⁻¹ K⁻¹")


def _broken(title: str) -> str:
    if len(title) <= _LINE_LETTERS:
        return title
    cut = title.rfind(" ", 0, _LINE_LETTERS)
    return title if cut < 0 else f"{title[:cut]}\n{title[cut + 1 :]}"
