"""Figure of Lindemann ratios against temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib import style
from matplotlib.figure import Figure

from reticulum.frameworks.bonds import BondKind
from reticulum.plotting.files import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from reticulum.thermal.lindemann import LindemannResult

#: Colours that stay apart for colour-blind readers (Okabe and Ito).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

#: Line of each kind of bond.
_LINES = {BondKind.COORDINATION: "-", BondKind.METAL_METAL: "--", BondKind.COVALENT: ":"}


def draw_lindemann(axes: Axes, result: LindemannResult, *, along: bool) -> None:
    """Draw the ratios of all types of bonds against temperature.

    Parameters
    ----------
    axes
        Where.
    result
        Ratios.
    along
        Those along the bonds, else the total ones.

    """
    ratios = result.along if along else result.total
    alone = len(result.temperatures_k) == 1
    for number, (entry, values) in enumerate(zip(result.types, ratios, strict=True)):
        axes.plot(
            result.temperatures_k,
            values,
            _LINES[entry.kind],
            marker="o" if alone else None,
            color=_COLOURS[number % len(_COLOURS)],
            label=f"{entry.label}, {entry.distance_a:.2f} Å",
        )
    axes.set_ylim(bottom=0.0)
    axes.set_xlabel("temperature / K")
    axes.set_ylabel("rms motion over bond length")
    axes.set_title("along the bond" if along else "in all directions", fontsize=9)


def figure_lindemann(result: LindemannResult) -> Figure:
    """Figure of the ratios along the bonds and in total.

    Parameters
    ----------
    result
        From `reticulum.thermal.lindemann.lindemann_ratios`.

    """
    phonons = result.table.phonons
    with style.context(STYLE):
        figure = Figure(figsize=(7.2, 3.6 + 0.12 * len(result.types)))
        axes = figure.subplots(1, 2)
        for place, along in zip(axes, (True, False), strict=True):
            draw_lindemann(place, result, along=along)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=3)
        left_out = f"; {result.n_imaginary} imaginary modes left out" if result.n_imaginary else ""
        figure.suptitle(
            f"Lindemann ratios of {phonons.atoms.get_chemical_formula()}, "
            f"{phonons.calculator.get('name', 'unknown calculator')}\n"
            f"(modes at Γ only{left_out}; no melting point is claimed)",
            fontsize=9,
        )
    return figure
