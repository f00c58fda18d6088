"""Figures of the red-shift: carboxylate modes, band positions against temperature, the scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib import style
from matplotlib.figure import Figure

from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.phonons.modes import ModeTable
    from reticulum.thermal.metal_oxygen import MetalOxygenPrediction, MetalOxygenScan
    from reticulum.thermal.redshift import RedShiftReport

STYLE = Path(__file__).with_name("reticulum.mplstyle")

#: Colours that stay apart for colour-blind readers (Okabe and Ito).
ANTISYMMETRIC_COLOUR = "#0072B2"
SYMMETRIC_COLOUR = "#D55E00"
MEASURED_COLOUR = "#000000"
FITTED_COLOUR = "#009E73"
GIVEN_COLOUR = "#CC79A7"

#: Wavenumbers shown in the spectrum of carboxylate modes, cm⁻¹.
SPECTRUM_WINDOW_CM1 = (1200.0, 1750.0)

#: Fraction from which a bar gets a label.
_LABELLED_FRACTION = 0.25


def draw_carboxylate_bars(axes: Axes, table: ModeTable) -> None:
    """Draw infrared-active modes as bars whose height and depth of colour are the character.

    Parameters
    ----------
    axes
        Where.
    table
        Modes with symmetry and character.

    """
    labels = table.labels
    low, high = SPECTRUM_WINDOW_CM1
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
            )
    axes.bar(0, 0, color=ANTISYMMETRIC_COLOUR, label="antisymmetric C-O stretch")
    axes.bar(0, 0, color=SYMMETRIC_COLOUR, label="symmetric C-O stretch")
    axes.set_xlim(high, low)
    axes.set_ylim(0.0, 1.25)
    axes.set_yticks([0.0, 0.5, 1.0])
    axes.set_xlabel("wavenumber / cm⁻¹")
    axes.set_ylabel("fraction of mode")
    axes.legend(loc="upper right", ncols=2)


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
        slope = (
            report.measured.antisymmetric_cm1_per_k
            if antisymmetric
            else report.measured.symmetric_cm1_per_k
        )
        window = _window_celsius(report)
        axes.plot(
            window,
            [0.0, slope * (window[1] - window[0])],
            color=MEASURED_COLOUR,
            linestyle="--",
            label=f"measured {slope:+.4g} cm⁻¹/K",
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
                label=f"two states ({entry.origin}), ΔCp {result.parameters.dcp_j_mol_k:g}",
            )
    if report.prediction is not None:
        values = (
            report.prediction.antisymmetric_cm1
            if antisymmetric
            else report.prediction.symmetric_cm1
        )
        line = (
            report.prediction.antisymmetric_slope
            if antisymmetric
            else report.prediction.symmetric_slope
        )
        axes.plot(
            report.prediction.temperatures_k - ZERO_CELSIUS_K,
            values - values[0],
            "o-",
            markersize=3.5,
            color=colour,
            label=f"metal-oxygen oscillator (computed) {line.slope_cm1_per_k:+.4f}",
        )
    axes.axhline(0.0, color="0.85", linewidth=0.6, zorder=0)
    axes.set_xlabel("temperature / °C")
    axes.set_ylabel(f"shift of {name} band / cm⁻¹")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.35 * (high - low))
    axes.legend(loc="upper left")


def _window_celsius(report: RedShiftReport) -> tuple[float, float]:
    for source in (report.prediction, *(entry.result for entry in report.two_state)):
        if source is not None:
            values = source.temperatures_k - ZERO_CELSIUS_K
            return float(values[0]), float(values[-1])
    return -100.0, 200.0


def draw_potential(axes: Axes, scan: MetalOxygenScan, prediction: MetalOxygenPrediction) -> None:
    """Draw the energy along the metal-oxygen distance with the lowest levels."""
    axes.plot(scan.distances_a, scan.energies_cm1, "o-", color="0.2", markersize=3.5)
    top = float(scan.energies_cm1.max())
    for level in prediction.levels_cm1[prediction.levels_cm1 < top]:
        inside = scan.distances_a[scan.energies_cm1 <= level]
        if len(inside) >= 2:
            axes.plot([inside[0], inside[-1]], [level, level], color="0.6", linewidth=0.8)
    axes.set_xlabel("mean metal-oxygen distance / Å")
    axes.set_ylabel("energy per carboxylate / cm⁻¹")


def draw_bands_along_scan(axes: Axes, scan: MetalOxygenScan) -> None:
    """Draw the change of both band centres along the metal-oxygen distance."""
    for values, colour, name in (
        (scan.antisymmetric_cm1, ANTISYMMETRIC_COLOUR, "antisymmetric"),
        (scan.symmetric_cm1, SYMMETRIC_COLOUR, "symmetric"),
    ):
        reference = values[scan.equilibrium]
        axes.plot(
            scan.distances_a,
            values - reference,
            "o-",
            markersize=3.5,
            color=colour,
            label=f"{name}, {reference:.0f} cm⁻¹ at the minimum",
        )
    axes.axhline(0.0, color="0.85", linewidth=0.6, zorder=0)
    axes.set_xlabel("mean metal-oxygen distance / Å")
    axes.set_ylabel("change of band centre / cm⁻¹")
    axes.legend(loc="best")


def figure_redshift(report: RedShiftReport) -> Figure:
    """Figure of a report: modes on top, band shifts below, the scan at the bottom.

    Parts that a report does not have are left out.

    Parameters
    ----------
    report
        Results of `reticulum redshift`.

    """
    rows: list[list[Callable[[Any], None]]] = []
    table, scan, prediction = report.modes, report.scan, report.prediction
    if table is not None:
        rows.append([lambda axes: draw_carboxylate_bars(axes, table)])
    shifts: list[Callable[[Any], None]] = [
        lambda axes: draw_band_shift(axes, report, antisymmetric=True)
    ]
    if prediction is not None:
        shifts.append(lambda axes: draw_band_shift(axes, report, antisymmetric=False))
    rows.append(shifts)
    if scan is not None and prediction is not None:
        rows.append(
            [
                lambda axes: draw_potential(axes, scan, prediction),
                lambda axes: draw_bands_along_scan(axes, scan),
            ]
        )
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 2.7 * len(rows)))
        grid = figure.add_gridspec(len(rows), 2)
        for number, row in enumerate(rows):
            places = [grid[number, :]] if len(row) == 1 else [grid[number, 0], grid[number, 1]]
            for place, draw in zip(places, row, strict=True):
                draw(figure.add_subplot(place))
        figure.suptitle(_title(report), fontsize=10)
    return figure


def _title(report: RedShiftReport) -> str:
    if report.modes is None:
        return f"{report.label}: two-state picture"
    name = report.modes.phonons.calculator.get("name", "")
    return (
        f"{report.label}, {name} (bars: symmetry-allowed positions by character, not intensities)"
    )


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure atomically; the suffix chooses the format.

    Parameters
    ----------
    figure
        From `figure_redshift`.
    path
        ``.png``, ``.svg`` or ``.pdf``.

    """
    scratch = path.with_name(f".writing{path.suffix}")
    metadata = {"Date": None} if path.suffix == ".svg" else None
    with style.context(STYLE):
        figure.savefig(scratch, metadata=metadata)
    scratch.replace(path)
