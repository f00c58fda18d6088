"""Figure of what the paper on red-shifts prints beside what its own thermodynamics give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure

from reticulum.plotting.files import STYLE
from reticulum.plotting.vtir_style import (
    LOOSE_COLOUR,
    NULL_COLOUR,
    SECOND_LAW_COLOUR,
    TIGHT_COLOUR,
    set_title,
)
from reticulum.thermal.two_state import published_parameters, two_state_prediction
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from reticulum.reference.paper_claims import PrintedNumbers
    from reticulum.thermal.two_state import TwoStateParameters, TwoStateResult

#: Temperatures along a curve.
_CURVE_POINTS = 121

#: Colour of what is printed.
_PRINTED_COLOUR = "#000000"


def _parameters(printed: PrintedNumbers, dcp: float) -> TwoStateParameters:
    return replace(
        published_parameters(),
        dh_kj_mol=printed["dh"].value,
        ds_j_mol_k=printed["ds"].value,
        dcp_j_mol_k=dcp,
        tight_cm1=printed["tight_centre"].value,
        loose_cm1=printed["loose_centre"].value,
    )


def _courses(printed: PrintedNumbers) -> list[tuple[str, str, str, TwoStateResult]]:
    """Colour, line, label and course with and without ΔCp."""
    celsius = np.linspace(printed["cold"].value, printed["hot"].value, _CURVE_POINTS)
    return [
        (
            colour,
            line,
            label,
            two_state_prediction(_parameters(printed, dcp), celsius + ZERO_CELSIUS_K),
        )
        for colour, line, label, dcp in (
            (LOOSE_COLOUR, "-", f"ΔCp {printed['dcp'].text}", printed["dcp"].value),
            (TIGHT_COLOUR, "--", "ΔCp 0", 0.0),
        )
    ]


def _ends(printed: PrintedNumbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Printed ends of the band: °C and cm⁻¹."""
    celsius = np.array([printed["cold"].value, printed["hot"].value])
    return celsius, np.array(
        [printed["antisymmetric_cold"].value, printed["antisymmetric_hot"].value]
    )


def draw_positions(axes: Axes, printed: PrintedNumbers) -> None:
    """Draw the printed ends and slopes of the band, and the one Gaussian of two states.

    Parameters
    ----------
    axes
        Where.
    printed
        What the paper prints.

    """
    celsius, ends = _ends(printed)
    slope = (ends[1] - ends[0]) / (celsius[1] - celsius[0])
    axes.plot(celsius, ends, color=NULL_COLOUR, linewidth=1.0, zorder=1,
              label=f"straight line between the ends, {slope:.4f} cm⁻¹/K")  # fmt: skip
    middle_t, middle = celsius.mean(), ends.mean()
    row = printed.row("HKUST-1")
    for value, text, line in (
        (printed["antisymmetric_slope"].value, printed["antisymmetric_slope"].text, ":"),
        (row.antisymmetric_cm1_per_k, row.antisymmetric_text, "-."),
    ):
        axes.plot(
            celsius,
            middle + value * (celsius - middle_t),
            line,
            color="0.45",
            linewidth=0.9,
            zorder=1,
            label=f"printed slope {text} " + ("(text)" if line == ":" else "(Table 1)"),
        )
    for colour, line, label, course in _courses(printed):
        axes.plot(
            course.temperatures_k - ZERO_CELSIUS_K,
            course.one_gaussian_cm1,
            line,
            color=colour,
            label=f"two states, {label}, FWHM {course.parameters.fwhm_tight_cm1:g} assumed",
        )
    axes.plot(celsius, ends, "o", color=_PRINTED_COLOUR, label="printed positions", zorder=3)
    axes.set_xlabel("temperature / °C")
    axes.set_ylabel("centre of one Gaussian / cm⁻¹")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.75 * (high - low))
    axes.legend(loc="upper right")


def draw_fractions(axes: Axes, printed: PrintedNumbers) -> None:
    """Draw the loose fraction that the printed positions take, and that of the thermodynamics.

    Parameters
    ----------
    axes
        Where.
    printed
        What the paper prints.

    """
    celsius, ends = _ends(printed)
    tight, loose = printed["tight_centre"], printed["loose_centre"]
    gap = tight.value - loose.value
    needed = (tight.value - ends) / gap
    room = np.array(
        [
            (
                printed[key].rounding
                + abs(1.0 - fraction) * tight.rounding
                + abs(fraction) * loose.rounding
            )
            / gap
            for key, fraction in zip(
                ("antisymmetric_cold", "antisymmetric_hot"), needed, strict=True
            )
        ]
    )
    axes.plot(celsius, needed, color=NULL_COLOUR, linewidth=1.0, zorder=1,
              label="linear in T: one moving band")  # fmt: skip
    for colour, line, label, course in _courses(printed):
        axes.plot(
            course.temperatures_k - ZERO_CELSIUS_K,
            course.loose_fraction,
            line,
            color=colour,
            label=f"from ΔH, ΔS, {label}",
        )
    axes.errorbar(celsius, needed, yerr=room, fmt="o", color=_PRINTED_COLOUR, capsize=2.5,
                  zorder=3, label="needed by the printed positions")  # fmt: skip
    equal = printed["equal_populations_at"]
    axes.errorbar([equal.value], [0.5], xerr=[equal.rounding], fmt="s", color=SECOND_LAW_COLOUR,
                  capsize=2.5, zorder=3, label=f"printed: equal near {equal.text} °C")  # fmt: skip
    axes.axhline(0.5, color="0.85", linewidth=0.6, zorder=0)
    axes.set_xlabel("temperature / °C")
    axes.set_ylabel("loose fraction")
    axes.set_ylim(0.0, 1.35)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
    axes.legend(loc="upper left")


def figure_paper_check(printed: PrintedNumbers) -> Figure:
    """Figure with band positions on the left and populations on the right.

    Parameters
    ----------
    printed
        What the paper on red-shifts prints [Andreeva2020]_.

    """
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 3.5))
        left, right = figure.subplots(1, 2)
        draw_positions(left, printed)
        draw_fractions(right, printed)
        set_title(
            figure,
            "HKUST-1: printed positions beside the two states of the printed ΔH, ΔS and ΔCp "
            f"[{printed.source}]",
        )
    return figure
