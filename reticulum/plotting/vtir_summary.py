"""One page of a band fit, with its verdict as the title; and all figures of a saved fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from reticulum.plotting.files import STYLE, save_figure
from reticulum.plotting.vant_hoff import draw_vant_hoff, figure_vant_hoff
from reticulum.plotting.vtir_positions import (
    course_title,
    draw_course,
    figure_positions,
    legend_of_courses,
)
from reticulum.plotting.vtir_profiles import figure_profiles
from reticulum.plotting.vtir_residuals import (
    draw_residual_map,
    figure_residuals,
    label_cycles,
    label_rows,
    residual_limit,
    residual_title,
    residuals_percent,
)
from reticulum.plotting.vtir_singular_values import draw_singular_values, figure_singular_values
from reticulum.plotting.vtir_spectra import draw_stacked_spectra, figure_spectra, legend_of_curves
from reticulum.plotting.vtir_style import set_title
from reticulum.spectra.leading_models import leading_rival, leading_two_state
from reticulum.spectra.verdict import Verdict

if TYPE_CHECKING:
    from reticulum.spectra.band_fit import BandFit

#: Spectra of the stack on the summary page; of a cycle with more, some are shown.
_STACKED = 7


def verdict_title(found: BandFit) -> str:
    """Verdict with the reason that decided."""
    verdict = found.verdict
    reason = ""
    if verdict.reasons:
        changed = verdict.verdict is Verdict.IRREVERSIBLE
        reason = verdict.reasons[0 if changed else -1]
    return f"Verdict: {verdict.verdict.value}. {reason}"


def figure_band_fit(found: BandFit) -> Figure:
    """Summary page: spectra, courses, residuals, van't Hoff, singular values.

    Parameters
    ----------
    found
        The fit. Parts that it lacks are left out.

    """
    data, positions, outcomes = found.data, found.positions, found.verdict.outcomes
    two_states, one_band = leading_two_state(outcomes), leading_rival(outcomes)
    evidence = found.evidence
    with style.context(STYLE):
        figure = Figure(figsize=(9.6, 10.4 if outcomes else 3.8))
        rows = figure.subfigures(3 if outcomes else 1, 1, squeeze=False)[:, 0]
        stack, centre, width = rows[0].subplots(1, 3)
        numbers, words = _stacked(found)
        height = max(float(values.max()) for values in data.values)
        draw_stacked_spectra(stack, data, numbers, two_states, one_band, distance=0.7 * height)
        stack.set_title(words, fontsize=8)
        stack.set_ylabel("value, each spectrum moved up")
        for axes, values, errors, course, name in (
            (centre, positions.centres_cm1, positions.centre_errors_cm1, found.trend, "centre"),
            (width, positions.fwhms_cm1, positions.fwhm_errors_cm1, found.width_trend, "FWHM"),
        ):
            draw_course(axes, data, values, errors, course)
            axes.set_ylabel(f"{name} of one {positions.shape.value} band / cm⁻¹")
            axes.set_title(course_title(course), fontsize=8)
            axes.legend(loc="best", fontsize=6.5)
        rows[0].legend(
            handles=[*legend_of_curves(two_states, one_band), *legend_of_courses(data)],
            loc="outside lower center",
            ncols=3,
            fontsize=6.5,
        )
        if outcomes:
            _draw_residuals(rows[1], found)
            left, right = rows[2].subplots(1, 2, width_ratios=(3, 2))
            draw_vant_hoff(left, data, outcomes, evidence)
            rows[2].legend(
                *left.get_legend_handles_labels(),
                loc="outside lower center",
                ncols=2,
                fontsize=6.5,
            )
            if evidence is not None:
                draw_singular_values(right, evidence.singular)
                right.legend(loc="center right", fontsize=6.5)
            else:
                right.set_axis_off()
        set_title(figure, verdict_title(found))
    return figure


def _draw_residuals(part: object, found: BandFit) -> None:
    data, outcomes = found.data, found.verdict.outcomes
    shown = [o for o in (leading_two_state(outcomes), leading_rival(outcomes)) if o is not None]
    grid = part.subplots(1, max(len(shown), 1), sharey=True, squeeze=False)[0]  # type: ignore[attr-defined]
    if not shown:
        grid[0].set_axis_off()
        return
    residuals = [residuals_percent(data, outcome) for outcome in shown]
    limit = residual_limit(residuals)
    for axes, outcome, entry in zip(grid, shown, residuals, strict=True):
        cells = draw_residual_map(axes, data, entry, limit)
        axes.set_title(residual_title(outcome), fontsize=8)
        label_cycles(axes, data)
    label_rows(grid[0], data)
    bar = part.colorbar(cells, ax=list(grid), extend="both", pad=0.02)  # type: ignore[attr-defined]
    bar.set_label("data less fit / % of maximum")


def _stacked(found: BandFit) -> tuple[list[int], str]:
    """Spectra of the first cycle, spread over its temperatures, and what they are."""
    data = found.data
    first = int(data.cycles.min())
    members = np.flatnonzero(data.cycles == first)
    members = members[np.argsort(data.temperatures_k[members], kind="stable")]
    places = np.unique(np.rint(np.linspace(0, len(members) - 1, _STACKED)).astype(np.int64))
    n = len(set(data.cycles.tolist()))
    part = "" if len(places) == len(members) else f"{len(places)} of {len(members)} spectra of "
    return members[places].tolist(), f"{part}cycle {first}" + (f" (of {n})" if n > 1 else "")


def all_figures(found: BandFit) -> Iterator[tuple[str, Figure]]:
    """Every figure of a fit with its name.

    Parameters
    ----------
    found
        The fit. Figures that it has no content for are left out.

    """
    data, outcomes, evidence = found.data, found.verdict.outcomes, found.evidence
    title = f"Verdict: {found.verdict.verdict.value}"
    yield "summary", figure_band_fit(found)
    yield "spectra", figure_spectra(data, outcomes, title)
    yield (
        "positions",
        figure_positions(data, found.positions, found.trend, found.width_trend, title),
    )
    if outcomes:
        yield "residuals", figure_residuals(data, outcomes, title)
        yield "vant_hoff", figure_vant_hoff(data, outcomes, evidence, title)
    if evidence is not None:
        yield "profiles", figure_profiles(evidence.profiles, title)
        yield "singular_values", figure_singular_values(evidence.singular, title)


def write_figures(found: BandFit, folder: Path) -> None:
    """Write every figure as PNG into an existing folder."""
    for name, figure in all_figures(found):
        save_figure(figure, folder / f"{name}.png")
