"""Figure of predicted beside measured red-shift slopes, material by material."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.markers import CARETLEFT, CARETRIGHT
from matplotlib.ticker import MaxNLocator

from reticulum.plotting.files import STYLE
from reticulum.reference.tables import load_table1
from reticulum.thermal.mechanism import Band

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.reference.tables import RedShiftRow

#: Colour and marker of each method; a method has the same ones whatever others there are. The
#: colours stay apart for colour-blind readers, most are those of Okabe and Ito.
METHOD_MARKS = {
    "oscillator": ("#0072B2", "o"),
    "oscillator-all": ("#56B4E9", "s"),
    "adiabatic": ("#D55E00", "D"),
    "quasi-harmonic": ("#009E73", "^"),
    "mode-coupling": ("#CC79A7", "v"),
    "loose-state": ("#999933", "h"),
    "sampling": ("#E69F00", "P"),
    "md": ("#8C564B", "X"),
    "sum": ("#000000", "*"),
}

#: Names of tables for methods whose stored names are too long.
_SHORT_NAMES = {"M-O oscillator": "oscillator", "M-O all follow": "oscillator-all"}

#: Of a method that is not among them.
_UNKNOWN_MARK = ("0.5", "d")

#: Intervals on the horizontal axis at most; more numbers would run into each other.
_MOST_TICKS = 4

#: Size of the arrow of a slope outside the axis, points.
_ARROW_SIZE = 5.0

#: Part of the height of a material that its methods take.
_SPREAD = 0.8

#: Dashes of an error bar that lacks kinds of error.
INCOMPLETE_DASHES = (0, (2, 1.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlottedSlope:
    """A predicted slope beside the measured one.

    Parameters
    ----------
    material, method, band
        What it is of.
    measured, predicted
        cm⁻¹/K.
    error
        Of the predicted one, cm⁻¹/K; None where not determined.
    doubtful
        Whether it is not to be trusted.
    incomplete
        Whether the error lacks kinds of error, or was not determined.

    """

    material: str
    method: str
    band: Band
    measured: float
    predicted: float
    error: float | None
    doubtful: bool
    incomplete: bool = False

    @property
    def reach(self) -> tuple[float, float]:
        """Ends of the error bar, cm⁻¹/K."""
        error = self.error or 0.0
        return self.predicted - error, self.predicted + error


def draw_slopes_by_material(axes: Axes, slopes: Sequence[PlottedSlope], band: Band) -> None:
    """Draw the slopes of one band, a row for each material with a line at the measured slope.

    Doubtful slopes are hollow, and do not stretch the axis: one that lies outside is an arrow at
    the edge with its number, and an error bar that goes on outside ends in an arrow. Errors that
    lack kinds of error are dashed.

    Parameters
    ----------
    axes
        Where.
    slopes
        All slopes; those of the other band only give rows and marks.
    band
        Which band.

    """
    materials = list(dict.fromkeys(entry.material for entry in slopes))
    marks = _marks(slopes)
    shown = [entry for entry in slopes if entry.band is band]
    low, high = _limits(shown)
    step = _SPREAD / max(len(marks), 1)
    for entry in shown:
        colour, marker = marks[entry.method]
        row = materials.index(entry.material)
        place = row - 0.5 * _SPREAD + (list(marks).index(entry.method) + 0.5) * step
        if not low <= entry.predicted <= high:
            left = entry.predicted < low
            _draw_arrow(axes, low if left else high, place, colour, left=left, entry=entry)
            axes.annotate(
                f"{entry.predicted:+.3f}",
                (low if left else high, place),
                xytext=(_ARROW_SIZE + 1.0 if left else -_ARROW_SIZE - 1.0, 0.0),
                textcoords="offset points",
                ha="left" if left else "right",
                va="center",
                fontsize=5.5,
                color=colour,
            )
            continue
        bars = axes.errorbar(
            entry.predicted,
            place,
            xerr=entry.error,
            fmt=marker,
            color=colour,
            markersize=4,
            markerfacecolor="none" if entry.doubtful else colour,
            elinewidth=0.9,
        )
        if entry.incomplete:
            for line in bars[2]:
                line.set_linestyle(INCOMPLETE_DASHES)
        for end, edge in zip(entry.reach, (low, high), strict=True):
            if (end - edge) * (entry.predicted - edge) < 0.0:  # the bar goes on outside
                _draw_arrow(axes, edge, place, colour, left=edge == low)
    measured = {entry.material: entry.measured for entry in shown}
    _draw_rows(axes, materials, measured, band, (low, high))


def draw_measured_slopes(axes: Axes, rows: Sequence[RedShiftRow], band: Band) -> None:
    """Draw the measured slopes of one band alone, a row for each material.

    Parameters
    ----------
    axes
        Where.
    rows
        Measured slopes.
    band
        Which band.

    """
    measured = {
        row.material: (
            row.antisymmetric_cm1_per_k if band is Band.ANTISYMMETRIC else row.symmetric_cm1_per_k
        )
        for row in rows
    }
    _draw_rows(axes, list(measured), measured, band, _with_margin([0.0, *measured.values()]))


def _draw_rows(
    axes: Axes,
    materials: Sequence[str],
    measured: Mapping[str, float],
    band: Band,
    limits: tuple[float, float],
) -> None:
    """Draw measured slopes, and what separates and names the rows."""
    for material, slope in measured.items():
        row = materials.index(material)
        axes.plot([slope] * 2, [row - 0.45, row + 0.45], color="0.25", linewidth=1.5, zorder=0)
    axes.axvline(0.0, color="0.75", linewidth=0.6, zorder=0)
    for row in range(1, len(materials)):
        axes.axhline(row - 0.5, color="0.9", linewidth=0.6, zorder=0)
    axes.set_xlim(limits)
    axes.set_yticks(range(len(materials)), materials, fontsize=7.5)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(len(materials), 1) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(_MOST_TICKS))
    axes.set_xlabel(f"{band.value} slope / cm⁻¹ K⁻¹")


def _draw_arrow(
    axes: Axes,
    edge: float,
    place: float,
    colour: str,
    *,
    left: bool,
    entry: PlottedSlope | None = None,
) -> None:
    """Draw an arrow whose tip is at an edge: of a slope outside, else of an error bar."""
    axes.plot(
        [edge],
        [place],
        marker=CARETLEFT if left else CARETRIGHT,
        markersize=_ARROW_SIZE if entry is not None else 0.6 * _ARROW_SIZE,
        color=colour,
        markerfacecolor="none" if entry is not None and entry.doubtful else colour,
        linestyle="none",
        clip_on=False,
    )


def _marks(slopes: Sequence[PlottedSlope]) -> dict[str, tuple[str, str]]:
    methods = dict.fromkeys(entry.method for entry in slopes)
    return {name: METHOD_MARKS.get(_SHORT_NAMES.get(name, name), _UNKNOWN_MARK) for name in methods}


def _limits(shown: Sequence[PlottedSlope]) -> tuple[float, float]:
    """Ends of the axis: zero, what was measured and what is trusted, cm⁻¹/K."""
    values = [0.0, *(entry.measured for entry in shown)]
    values += [end for entry in shown if not entry.doubtful for end in entry.reach]
    return _with_margin(values)


def _with_margin(values: Sequence[float]) -> tuple[float, float]:
    margin = 0.08 * ((max(values) - min(values)) or 0.02)
    return min(values) - margin, max(values) + margin


def figure_redshift_table(
    slopes: Sequence[PlottedSlope], title: str = "", *, n_materials_of_table: int | None = None
) -> Figure:
    """Figure of the table: predicted beside measured slopes of both bands.

    Without any predicted slope all measured ones are drawn, and the title says so.

    Parameters
    ----------
    slopes
        All slopes; the methods of a material are drawn below each other in their order.
    title
        Put before "-100 to 200 °C".
    n_materials_of_table
        How many materials the table has. Where there are slopes of fewer, the title says so.

    """
    measured = () if slopes else load_table1()
    n_materials = len({entry.material for entry in slopes} | {row.material for row in measured})
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 1.5 + 0.75 * max(n_materials, 1)))
        first = None
        for place, band in enumerate(Band):
            axes = figure.add_subplot(1, 2, place + 1, sharey=first)
            if slopes:
                draw_slopes_by_material(axes, slopes, band)
            else:
                draw_measured_slopes(axes, measured, band)
            if first is None:
                first = axes
            else:
                axes.tick_params(labelleft=False)
        figure.legend(handles=_legend(slopes), loc="outside lower center", ncols=4, fontsize=6.5)
        words = f"{title or 'Red-shift slopes'}, -100 to 200 °C"
        if not slopes:
            words += "\nnothing computed yet, measured slopes only"
        elif n_materials_of_table is not None and n_materials < n_materials_of_table:
            words += f"\n{n_materials} of {n_materials_of_table} materials (others: no prediction)"
        figure.suptitle(words, fontsize=10)
    return figure


def _legend(slopes: Sequence[PlottedSlope]) -> list[Line2D]:
    """What lines and marks mean; what does not occur is left out."""
    handles = [Line2D([], [], color="0.25", linewidth=1.5, label="measured")]
    handles += [
        _symbol(colour, marker, colour, method)
        for method, (colour, marker) in _marks(slopes).items()
    ]
    if any(entry.doubtful for entry in slopes):
        handles.append(_symbol("0.4", "o", "none", "hollow: not to be trusted"))
    if any(entry.incomplete for entry in slopes):
        handles.append(
            Line2D(
                [],
                [],
                color="0.4",
                linewidth=0.9,
                linestyle=INCOMPLETE_DASHES,
                label="dashed: errors are missing",
            )
        )
    return handles


def _symbol(colour: str, marker: str, face: str, label: str) -> Line2D:
    return Line2D(
        [],
        [],
        color=colour,
        marker=marker,
        markerfacecolor=face,
        linestyle="none",
        markersize=4,
        label=label,
    )
