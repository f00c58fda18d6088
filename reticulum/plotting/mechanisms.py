"""What each mechanism gives to the slope of a band, the sum that may be made, and the gap."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import MaxNLocator

from reticulum.plotting.redshift_table import INCOMPLETE_DASHES
from reticulum.thermal.mechanism import Band, MechanismResult
from reticulum.thermal.mechanism_sum import sum_slopes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import ErrorbarContainer

#: Colours that stay apart for colour-blind readers (Okabe and Ito), for the terms of the sum.
TERM_COLOURS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#CC79A7")

#: Colour of mechanisms that are not in the sum.
OTHER_COLOUR = "0.75"

#: Untrusted slopes this many times as large as all others are not drawn to scale.
_LIMIT_OF_SHOWN = 2.0

#: Below the name of a mechanism: that its error lacks kinds of error, that it was not computed now.
_INCOMPLETE = "errors are missing"
_STORED = "stored"

#: Names of mechanisms that are too long for a figure.
SHORT_TITLES = {
    "oscillator": "M-O oscillator, stiffer follow",
    "oscillator-all": "M-O oscillator, all follow",
    "mode-coupling": "mode coupling",
}

#: Letters of a title that fit beside a bar; longer ones are broken.
_LINE_LETTERS = 30

#: Intervals on the horizontal axis at most, their first digits, and the size of the numbers; more,
#: longer or larger ones would run into each other.
_MOST_INTERVALS = 4
_DIGITS_OF_INTERVALS = (1, 2, 5, 10)
_NUMBER_SIZE = 7.5

#: How the errors of all bars are drawn.
_ERROR_BAR: dict[str, Any] = {"elinewidth": 0.8, "capsize": 2}


def draw_mechanism_slopes(
    axes: Axes,
    results: Sequence[MechanismResult],
    band: Band,
    measured: float | None = None,
    *,
    stored: Collection[str] = (),
) -> None:
    """Draw slopes of one band as bars, the terms of the sum stacked in one bar.

    Bars of mechanisms that are not in the sum are grey; those not to be trusted are hollow. Errors
    that lack kinds of error are dashed, and the name says so (`bars_in_words`).

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
    stored
        Names of mechanisms that are stored with the package.

    """
    total = sum_slopes(results, band)
    shown = [
        (result, line.slope_cm1_per_k)
        for result in results
        if result.standing == "computed" and (line := result.slope(band)) is not None
    ]
    colours = dict(zip(_coloured(results, band), TERM_COLOURS, strict=False))
    limit = _LIMIT_OF_SHOWN * max(
        [abs(slope) for result, slope in shown if not result.untrusted_because]
        + [abs(measured or 0.0)]
    )
    names: list[str] = []
    for place, (result, slope) in enumerate(shown):
        colour = colours.get(result.title, OTHER_COLOUR)
        hollow = bool(result.untrusted_because)
        incomplete = bool(result.missing_errors(band))
        names.append(
            _named(
                SHORT_TITLES.get(result.name, result.title),
                stored=result.name in stored,
                incomplete=incomplete,
            )
        )
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
            error_kw=_ERROR_BAR,
        )
        if incomplete and bar.errorbar is not None:
            _dash(bar.errorbar)
    place = len(shown)
    if total.is_made and total.slope_cm1_per_k is not None:
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
        incomplete = any(r.missing_errors(band) for r, _ in shown if r.title in colours)
        if total.error_cm1_per_k is not None:
            whisker = axes.errorbar(
                total.slope_cm1_per_k,
                place,
                xerr=total.error_cm1_per_k,
                fmt="none",
                ecolor="0.0",
                **_ERROR_BAR,
            )
            if incomplete:
                _dash(whisker)
        names.append(_named("sum (line)", incomplete=incomplete))
        place += 1
    if measured is not None:
        axes.barh(place, measured, color="0.25", height=0.65)
        names.append("measured")
        axes.axvline(measured, color="0.25", linestyle=":", linewidth=0.8, zorder=0)
    axes.axvline(0.0, color="0.6", linewidth=0.6, zorder=0)
    axes.set_yticks(range(len(names)), names, fontsize=6.5)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(_MOST_INTERVALS, steps=_DIGITS_OF_INTERVALS))
    axes.tick_params(axis="x", labelsize=_NUMBER_SIZE)
    axes.set_xlabel(f"{band.value} slope / cm⁻¹ K⁻¹")


def _coloured(results: Sequence[MechanismResult], band: Band) -> tuple[str, ...]:
    """Titles of the terms of the sum of a band, or of the only one; none without a sum."""
    total = sum_slopes(results, band)
    return () if total.no_sum_because else total.terms


def bars_in_words(results: Sequence[MechanismResult], stored: Collection[str] = ()) -> str:
    """What colours and notes of the bars mean, of both bands; what does not occur is left out.

    Parameters
    ----------
    results
        Mechanisms of one structure.
    stored
        Names of mechanisms that are stored with the package.

    """
    terms = {band: _coloured(results, band) for band in Band}
    shown = [
        (result, band)
        for result in results
        for band in Band
        if result.standing == "computed" and result.positions_cm1(band) is not None
    ]
    trusted = [(result, band) for result, band in shown if not result.untrusted_because]
    words = []
    if any(terms.values()):
        alone = max(len(titles) for titles in terms.values()) == 1
        words.append("coloured: " + ("the only term of the sum" if alone else "terms of the sum"))
    if any(result.title not in terms[band] for result, band in trusted):
        words.append("grey: not in the sum" if any(terms.values()) else "grey: there is no sum")
    if len(trusted) < len(shown):
        words.append("hollow or not drawn: not to be trusted")
    if any(result.name in stored for result, _ in shown):
        words.append("stored: comes with the package")
    return "; ".join(words)


def _dash(bars: ErrorbarContainer) -> None:
    """Dash the lines of error bars that lack kinds of error."""
    for line in bars[2]:
        line.set_linestyle(INCOMPLETE_DASHES)


def _named(title: str, *, stored: bool = False, incomplete: bool = False) -> str:
    """Name beside a bar, with notes below it."""
    notes = [note for note, holds in ((_STORED, stored), (_INCOMPLETE, incomplete)) if holds]
    return _broken(title) + (f"\n({', '.join(notes)})" if notes else "")


def _broken(title: str) -> str:
    if len(title) <= _LINE_LETTERS:
        return title
    cut = title.rfind(" ", 0, _LINE_LETTERS)
    return title if cut < 0 else f"{title[:cut]}\n{title[cut + 1 :]}"
