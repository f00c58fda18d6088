"""Figures of the red-shift: carboxylate modes, band positions against temperature, the scan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure, SubFigure
from matplotlib.text import Annotation

from reticulum.plotting.files import STYLE
from reticulum.plotting.free_labels import free_labels
from reticulum.plotting.mechanisms import SHORT_TITLES, bars_in_words, draw_mechanism_slopes
from reticulum.reference.tables import load_band_positions
from reticulum.thermal.mechanism import Band
from reticulum.thermal.quick_pictures import TWO_STATE_MATERIAL
from reticulum.thermal.slopes import SLOPE_WINDOW_CELSIUS
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.phonons.modes import ModeTable
    from reticulum.reference.tables import BandPosition
    from reticulum.thermal.mechanism import MechanismResult
    from reticulum.thermal.quick_pictures import OscillatorResult
    from reticulum.thermal.redshift_report import RedShiftReport

#: Colours that stay apart for colour-blind readers (Okabe and Ito).
ANTISYMMETRIC_COLOUR = "#0072B2"
SYMMETRIC_COLOUR = "#D55E00"
MEASURED_COLOUR = "#000000"
FITTED_COLOUR = "#009E73"
GIVEN_COLOUR = "#CC79A7"

#: Wavenumbers shown in the spectrum of carboxylate modes, cm⁻¹; higher ones where bands lie there.
SPECTRUM_WINDOW_CM1 = (1200.0, 1750.0)

#: By how much the axis of the spectrum goes on beyond its window, cm⁻¹.
_ROOM_CM1 = 15.0

#: Line styles of the oscillators: the first has the stiffer motions following, the second all.
_LINES = ("o-", "s--")

#: Height of a line of a legend, and the most that a legend may take, as shares of a panel.
_LEGEND_LINE = 0.077
_LARGEST_LEGEND = 0.7

#: Heights of a row of panels, of one bar with its name, and of what is below the bars, inches.
_ROW_HEIGHT = 2.8
_BAR_HEIGHT = 0.27
_BELOW_BARS = 0.85

#: Fewer temperatures than these are marked: a line alone would look as if it had many.
_MARKED_BELOW = 4

#: Fraction from which a bar gets a label.
_LABELLED_FRACTION = 0.25


def draw_carboxylate_bars(
    axes: Axes, table: ModeTable, observed: Sequence[BandPosition] = ()
) -> None:
    """Draw infrared-active modes as bars whose height and depth of colour are the character.

    Parameters
    ----------
    axes
        Where.
    table
        Modes with symmetry and character.
    observed
        Published bands of the material, marked below the axis.

    """
    labels = table.labels
    low, high = SPECTRUM_WINDOW_CM1
    stretches = labels.infrared_active & (table.antisymmetric >= _LABELLED_FRACTION)
    high = max([high, *labels.wavenumbers_cm1[stretches].tolist()])
    for number in range(labels.n_sets):
        position = float(labels.wavenumbers_cm1[number])
        if not (labels.infrared_active[number] and low <= position <= high):
            continue
        base = 0.0
        for fraction, colour in (
            (float(table.antisymmetric[number]), ANTISYMMETRIC_COLOUR),
            (float(table.symmetric[number]), SYMMETRIC_COLOUR),
        ):
            axes.bar(
                position,
                fraction,
                bottom=base,
                width=5.0,
                color=colour,
                alpha=0.25 + 0.75 * fraction,
                linewidth=0,
            )
            base += fraction
        axes.plot([position, position], [0.0, 1.0], color="0.85", linewidth=0.6, zorder=0)
        if base >= _LABELLED_FRACTION:
            axes.annotate(
                f"{position:.0f}  {labels.labels[number] or '?'}",
                (position, base),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                fontsize=7,
            ).set_in_layout(False)
    seen = [band for band in observed if low <= band.wavenumber_cm1 <= high]
    if seen:
        sources = ", ".join(dict.fromkeys(band.source for band in seen))
        axes.plot(
            [band.wavenumber_cm1 for band in seen],
            [-0.06] * len(seen),
            "^",
            color=MEASURED_COLOUR,
            markersize=4.5,
            clip_on=False,
            label=f"observed bands [{sources}]",
        )
    axes.bar(0, 0, color=ANTISYMMETRIC_COLOUR, label="antisymmetric C-O stretch")
    axes.bar(0, 0, color=SYMMETRIC_COLOUR, label="symmetric C-O stretch")
    axes.set_xlim(high + _ROOM_CM1, low - _ROOM_CM1)
    axes.set_ylim(-0.12, 1.5)
    axes.axhline(0.0, color="0.3", linewidth=0.6)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_xlabel("wavenumber / cm⁻¹")
    axes.set_ylabel("fraction of mode")
    axes.legend(loc="upper right", ncols=3)


def draw_band_shift(axes: Axes, report: RedShiftReport, *, antisymmetric: bool) -> None:
    """Draw the shift of one band from its place at the lowest temperature.

    Parameters
    ----------
    axes
        Where.
    report
        Results.
    antisymmetric
        The antisymmetric band, else the symmetric one.

    """
    name = "antisymmetric" if antisymmetric else "symmetric"
    colour = ANTISYMMETRIC_COLOUR if antisymmetric else SYMMETRIC_COLOUR
    if report.measured is not None:
        measured = (
            report.measured.antisymmetric_cm1_per_k
            if antisymmetric
            else report.measured.symmetric_cm1_per_k
        )
        printed = (
            report.measured.antisymmetric_text if antisymmetric else report.measured.symmetric_text
        )
        window = _window_celsius(report)
        axes.plot(
            window,
            [0.0, measured * (window[1] - window[0])],
            color=MEASURED_COLOUR,
            linestyle="--",
            label=f"measured: {printed} cm⁻¹/K",
        )
    if antisymmetric:
        styles = iter([":", "-.", "-"])
        for entry in report.two_state:
            result = entry.result
            axes.plot(
                result.temperatures_k - ZERO_CELSIUS_K,
                result.one_gaussian_cm1 - result.one_gaussian_cm1[0],
                color=GIVEN_COLOUR if entry.origin == "given" else FITTED_COLOUR,
                linestyle=next(styles, "-"),
                label=f"two states ({entry.origin}), ΔCp {result.parameters.dcp_j_mol_k:g} J/mol/K",
            )
    band = Band.ANTISYMMETRIC if antisymmetric else Band.SYMMETRIC
    for mechanism in report.mechanisms:
        positions, slope_of_it = mechanism.positions_cm1(band), mechanism.slope(band)
        if mechanism.untrusted_because or positions is None or slope_of_it is None:
            continue
        axes.plot(
            mechanism.temperatures_k - ZERO_CELSIUS_K,
            positions - positions[0],
            _line_of(mechanism),
            markersize=3.5,
            linewidth=1.4 if mechanism.name == "adiabatic" else 0.8,
            color="0.2" if mechanism.name == "adiabatic" else "0.6",
            label=f"{SHORT_TITLES.get(mechanism.name, mechanism.title)}: "
            f"{slope_of_it.slope_cm1_per_k:+.4f}",
        )
    for oscillator, line in zip(report.oscillators, _LINES, strict=False):
        if oscillator.untrusted_because:
            continue
        prediction = oscillator.prediction
        values = prediction.antisymmetric_cm1 if antisymmetric else prediction.symmetric_cm1
        slope = prediction.antisymmetric_slope if antisymmetric else prediction.symmetric_slope
        axes.plot(
            prediction.temperatures_k - ZERO_CELSIUS_K,
            values - values[0],
            line,
            markersize=3.5,
            color=colour,
            label=f"M-O oscillator, {oscillator.name}: {slope.slope_cm1_per_k:+.4f}",
        )
    axes.axhline(0.0, color="0.85", linewidth=0.6, zorder=0)
    axes.set_xlabel("temperature / °C")
    axes.set_ylabel(f"shift of {name} band / cm⁻¹")
    low, high = axes.get_ylim()
    entries = len(axes.get_legend_handles_labels()[0])
    share = min(_LEGEND_LINE * entries, _LARGEST_LEGEND)
    axes.set_ylim(low, high + share / (1.0 - share) * (high - low))
    if entries:
        # A legend that counts in the layout would squeeze all panels.
        axes.legend(loc="upper left", fontsize=6.5).set_in_layout(False)


def _line_of(mechanism: MechanismResult) -> str:
    """Marks and line of a mechanism: marks where it is the prediction proper, or has few points."""
    if mechanism.name == "adiabatic":
        return "v-"
    if len(mechanism.temperatures_k) >= _MARKED_BELOW:
        return "-"
    return "s-" if mechanism.name == "sampling" else "o-"


def _window_celsius(report: RedShiftReport) -> tuple[float, float]:
    temperatures = [entry.prediction.temperatures_k for entry in report.oscillators]
    temperatures += [entry.result.temperatures_k for entry in report.two_state]
    if not temperatures:
        return SLOPE_WINDOW_CELSIUS
    first = temperatures[0] - ZERO_CELSIUS_K
    return float(first[0]), float(first[-1])


def draw_potentials(axes: Axes, oscillators: Sequence[OscillatorResult]) -> None:
    """Draw the energy along the metal-oxygen distance, with the levels of each oscillator."""
    for oscillator, line, shade in zip(oscillators, _LINES, ("0.1", "0.55"), strict=False):
        scan, prediction = oscillator.scan, oscillator.prediction
        axes.plot(
            scan.distances_a,
            scan.energies_cm1,
            line,
            color=shade,
            markersize=3.5,
            label=f"{oscillator.name}, 0→1 at {prediction.first_transition_cm1:.0f} cm⁻¹",
        )
        inside = prediction.levels_cm1[prediction.levels_cm1 < scan.energies_cm1.max()]
        for level in inside:
            left = np.interp(
                level,
                scan.energies_cm1[scan.equilibrium :: -1],
                scan.distances_a[scan.equilibrium :: -1],
            )
            right = np.interp(
                level, scan.energies_cm1[scan.equilibrium :], scan.distances_a[scan.equilibrium :]
            )
            axes.plot([left, right], [level, level], color=shade, linewidth=0.6, alpha=0.6)
    axes.set_xlabel("mean metal-oxygen distance / Å")
    axes.set_ylabel("energy per carboxylate / cm⁻¹")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.25 * (high - low))
    axes.legend(loc="upper center")


def draw_bands_along_scan(axes: Axes, oscillators: Sequence[OscillatorResult]) -> None:
    """Draw the change of both band centres along the metal-oxygen distance."""
    for oscillator, line in zip(oscillators, _LINES, strict=False):
        scan = oscillator.scan
        for values, colour, name in (
            (scan.antisymmetric_cm1, ANTISYMMETRIC_COLOUR, r"$\nu_\mathrm{as}$"),
            (scan.symmetric_cm1, SYMMETRIC_COLOUR, r"$\nu_\mathrm{s}$"),
        ):
            reference = values[scan.equilibrium]
            known = np.isfinite(values)
            axes.plot(
                scan.distances_a[known],
                values[known] - reference,
                line,
                markersize=3.5,
                color=colour,
                label=f"{name} ({reference:.0f}), {oscillator.name}",
            )
    axes.axhline(0.0, color="0.85", linewidth=0.6, zorder=0)
    axes.set_xlabel("mean metal-oxygen distance / Å")
    axes.set_ylabel("change of band centre / cm⁻¹")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.5 * (high - low))
    axes.legend(loc="upper left")


def figure_redshift(report: RedShiftReport) -> Figure:
    """Figure of a report: modes on top, then band shifts, the scan, and what each mechanism gives.

    Parts that a report does not have are left out.

    Parameters
    ----------
    report
        Results of `reticulum redshift`.

    """
    rows: list[list[Callable[[Any], None]]] = []
    table = report.modes
    if table is not None:
        name = report.label if report.measured is None else report.measured.material
        observed = load_band_positions(name)
        rows.append([lambda axes: draw_carboxylate_bars(axes, table, observed)])
    shifts: list[Callable[[Any], None]] = [
        lambda axes: draw_band_shift(axes, report, antisymmetric=True)
    ]
    if report.oscillators or report.mechanisms:
        shifts.append(lambda axes: draw_band_shift(axes, report, antisymmetric=False))
    rows.append(shifts)
    if report.oscillators:
        rows.append(
            [
                lambda axes: draw_potentials(axes, report.oscillators),
                lambda axes: draw_bands_along_scan(axes, report.oscillators),
            ]
        )
    bars = [_mechanism_bars(report, band) for band in Band] if report.mechanisms else []
    n_bars = 2 + sum(result.standing == "computed" for result in report.results())
    heights = [_ROW_HEIGHT * len(rows), max(_ROW_HEIGHT, _BAR_HEIGHT * n_bars + _BELOW_BARS)]
    heights = heights if bars else heights[:1]
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, sum(heights)))
        # Names of mechanisms are long: in a part of their own they leave the other panels wide.
        upper, *lower = figure.subfigures(len(heights), height_ratios=heights, squeeze=False)[:, 0]
        _fill(upper, rows)
        for part in lower:
            _fill(part, [bars])
            part.supxlabel(bars_in_words(report.results(), report.shipped), fontsize=7)
        figure.suptitle(_title(report), fontsize=10)
        if table is not None:
            modes = upper.axes[0]
            free_labels(modes, [text for text in modes.texts if isinstance(text, Annotation)])
    return figure


def _fill(figure: SubFigure, rows: Sequence[Sequence[Callable[[Any], None]]]) -> None:
    """Draw rows of one or two panels."""
    grid = figure.add_gridspec(len(rows), 2)
    for number, row in enumerate(rows):
        places = [grid[number, :]] if len(row) == 1 else [grid[number, 0], grid[number, 1]]
        for place, draw in zip(places, row, strict=True):
            draw(figure.add_subplot(place))


def _mechanism_bars(report: RedShiftReport, band: Band) -> Callable[[Any], None]:
    measured = None
    if report.measured is not None:
        measured = (
            report.measured.antisymmetric_cm1_per_k
            if band is Band.ANTISYMMETRIC
            else report.measured.symmetric_cm1_per_k
        )
    return lambda axes: draw_mechanism_slopes(
        axes, report.results(), band, measured, stored=report.shipped
    )


def _title(report: RedShiftReport) -> str:
    if report.modes is None:
        whose = f" with the parameters of {TWO_STATE_MATERIAL}" if report.two_state_note() else ""
        return f"{report.label}: two-state picture{whose}"
    name = report.modes.phonons.calculator.get("name", "")
    return (
        f"{report.label}, {name} (bars: symmetry-allowed positions by character, not intensities)"
    )
