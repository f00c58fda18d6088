"""Profile likelihoods of the two-state law, one small panel a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure
from scipy.interpolate import PchipInterpolator
from scipy.stats import chi2

from reticulum.plotting.files import STYLE
from reticulum.plotting.vtir_style import TIGHT_COLOUR, set_title
from reticulum.spectra.parameter_names import interval_words, symbol

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.spectra.profile_likelihood import ProfileLikelihood

#: Excess at which the 68 % and 95 % intervals end, and the top of the panels.
_LEVELS = {"68 %": float(chi2.ppf(0.6826894921370859, 1)), "95 %": float(chi2.ppf(0.95, 1))}
_TOP = 6.0

#: Values from which labels are so long that few find room.
_LONG_NUMBERS = 1000.0

#: Panels in one row.
_COLUMNS = 3


def draw_profile(axes: Axes, profile: ProfileLikelihood) -> None:
    """Draw the excess of one parameter, its refits, and the parabola of its standard error.

    Parameters
    ----------
    axes
        Where.
    profile
        The profile.

    """
    name, unit = symbol(profile.parameter)
    axes.set_xlabel(f"{name} / {unit}" if unit else name)
    for label, level in _LEVELS.items():
        axes.axhline(level, color="0.55", linewidth=0.7, linestyle=":")
        axes.annotate(label, (1.0, level), xycoords=("axes fraction", "data"), xytext=(2, 0),
                      textcoords="offset points", fontsize=6.5, va="center", color="0.35",
                      annotation_clip=False)  # fmt: skip
    values, excess = profile.values, np.maximum(profile.excess, 0.0)
    if len(values) > 2:
        # the signed root is nearly straight, so that few refits give a smooth curve
        root = np.sqrt(excess) * np.sign(values - profile.best)
        fine = np.linspace(values[0], values[-1], 201)
        axes.plot(fine, PchipInterpolator(values, root)(fine) ** 2, color=TIGHT_COLOUR)
        axes.plot(values, excess, "o", color=TIGHT_COLOUR, markersize=2.5)
        error = profile.standard_error
        if np.isfinite(error) and error > 0.0:
            axes.plot(
                fine,
                ((fine - profile.best) / error) ** 2,
                color="0.3",
                linewidth=0.8,
                dashes=(4, 2),
            )
        axes.set_xlim(values[0], values[-1])
    else:
        axes.annotate(profile.note or "no profile", (0.5, 0.5), xycoords="axes fraction",
                      ha="center", va="center", fontsize=7, wrap=True)  # fmt: skip
    axes.set_title(f"95 %: {interval_words(profile.interval_95)}", fontsize=8)
    axes.set_ylim(0.0, _TOP)
    axes.locator_params(axis="x", nbins=2 if profile.best >= _LONG_NUMBERS else 4)
    axes.ticklabel_format(axis="x", useOffset=False)


def figure_profiles(profiles: Sequence[ProfileLikelihood], title: str = "") -> Figure:
    """Figure of all profiles.

    Parameters
    ----------
    profiles
        What to draw.
    title
        First line of the title.

    """
    rows = max(-(-len(profiles) // _COLUMNS), 1)
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 2.0 * rows + 0.8))
        grid = figure.subplots(rows, _COLUMNS, squeeze=False, sharey=True)
        for axes, profile in zip(grid.flat, profiles, strict=False):
            draw_profile(axes, profile)
        for axes in list(grid.flat)[len(profiles) :]:
            axes.set_axis_off()
        for row in grid:
            row[0].set_ylabel("-2 ln(L/Lmax)")
        set_title(
            figure, title, "line: all others fitted again; dashed: parabola of the standard error"
        )
    return figure
