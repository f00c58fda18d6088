"""Centre and width of a band against temperature, with the line or curve that the test chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reticulum.plotting.files import STYLE
from reticulum.plotting.vtir_style import MARKS, cycle_colour, set_title
from reticulum.spectra.course_terms import weights
from reticulum.spectra.straightness import KINKED, SIGNIFICANCE, Course
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from reticulum.spectra.band_data import BandData
    from reticulum.spectra.band_positions import BandPositions
    from reticulum.spectra.band_trend import BandTrend

#: Spectra from which marks are small.
_CROWDED = 40

#: Cycles that have an entry each in the legend.
_MOST_CYCLES = 6

#: Orders of curves by the name of their highest term.
_ORDERS = {"quadratic": 2, "cubic": 3}

#: Points of a curve.
_CURVE_POINTS = 121


def draw_course(
    axes: Axes,
    data: BandData,
    values_cm1: NDArray[np.float64],
    errors_cm1: NDArray[np.float64],
    trend: BandTrend,
) -> None:
    """Draw centres or widths with standard errors and the course that the test chose.

    Colours are cycles, marks are directions. The straight line is always drawn; a curve is added
    where the test calls the course curved.

    Parameters
    ----------
    axes
        Where.
    data
        Temperatures, cycles and directions.
    values_cm1, errors_cm1
        (n,) cm⁻¹.
    trend
        Their course.

    """
    celsius = data.temperatures_k - ZERO_CELSIUS_K
    cycles = sorted({int(cycle) for cycle in data.cycles})
    for cycle in cycles:
        for direction, mark in MARKS.items():
            here = (data.cycles == cycle) & np.array([d == direction for d in data.directions])
            if not here.any():
                continue
            axes.errorbar(
                celsius[here],
                values_cm1[here],
                errors_cm1[here],
                fmt=mark,
                color=cycle_colour(cycle, cycles),
                markersize=2.5 if data.n_spectra > _CROWDED else 4.0,
                markeredgewidth=0,
                elinewidth=0.7,
                alpha=0.85,
            )
    t = data.temperatures_k
    fine = np.linspace(t.min(), t.max(), _CURVE_POINTS)
    weight = weights(errors_cm1)
    middle = float(np.average(t, weights=weight**2))
    height = float(np.average(values_cm1, weights=weight**2))
    low, high = trend.slope.interval_cm1_per_k
    axes.plot(
        fine - ZERO_CELSIUS_K,
        height + trend.slope.slope_cm1_per_k * (fine - middle),
        color="0.35",
        linewidth=1.0,
        dashes=(5, 2),
        label=f"line: {trend.slope.slope_cm1_per_k:.4f} cm⁻¹/K\n(95 %: {low:.4f} to {high:.4f})",
    )
    order = curve_order(trend)
    if order > 1:
        curve = np.polynomial.Polynomial.fit(t, values_cm1, order, w=weight)
        name = "quadratic" if order == 2 else "cubic"
        axes.plot(
            fine - ZERO_CELSIUS_K, curve(fine), color="0.1", linewidth=1.0, label=f"{name} (fitted)"
        )
    axes.set_xlabel("temperature / °C")
    axes.margins(x=0.04)


def curve_order(trend: BandTrend) -> int:
    """Order of the polynomial that a curved course asks for; 1 for any other."""
    found = trend.straightness
    if found.course is not Course.CURVED or found.bend == KINKED:
        return 1
    orders = [_ORDERS[term.name] for term in found.terms if term.p_value < SIGNIFICANCE]
    return max(orders, default=max((_ORDERS[term.name] for term in found.terms), default=1))


def course_title(trend: BandTrend) -> str:
    """Verdict on a course in a few words."""
    found = trend.straightness
    return f"{trend.quantity}: {found.course.value}" + (f", {found.bend}" if found.bend else "")


def legend_of_courses(data: BandData) -> list[Line2D]:
    """Entries of cycles and directions."""
    cycles = sorted({int(cycle) for cycle in data.cycles})
    entries = []
    if len(cycles) <= _MOST_CYCLES:
        entries += [
            Line2D([], [], marker="s", linestyle="", markersize=4, markeredgewidth=0,
                   color=cycle_colour(cycle, cycles), label=f"cycle {cycle}")
            for cycle in cycles
        ]  # fmt: skip
    names = {"heating": "heating", "cooling": "cooling", None: "direction not known"}
    entries += [
        Line2D([], [], marker=mark, linestyle="", markersize=4, color="0.4", label=names[direction])
        for direction, mark in MARKS.items()
        if direction in data.directions
    ]
    return entries


def figure_positions(
    data: BandData,
    positions: BandPositions,
    trend: BandTrend,
    width_trend: BandTrend,
    title: str = "",
) -> Figure:
    """Figure of centre and FWHM against temperature.

    Parameters
    ----------
    data
        The band.
    positions
        One band in each spectrum.
    trend, width_trend
        Courses of centre and width.
    title
        First line of the title.

    """
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 3.8))
        left, right = figure.subplots(1, 2)
        for axes, values, errors, course, name in (
            (left, positions.centres_cm1, positions.centre_errors_cm1, trend, "centre"),
            (right, positions.fwhms_cm1, positions.fwhm_errors_cm1, width_trend, "FWHM"),
        ):
            draw_course(axes, data, values, errors, course)
            axes.set_ylabel(f"{name} of one {positions.shape.value} band / cm⁻¹")
            axes.set_title(course_title(course), fontsize=8, wrap=True)
            axes.legend(loc="best")
        figure.legend(handles=legend_of_courses(data), loc="outside lower center", ncols=6)
        set_title(figure, title)
    return figure
