"""The figures of docs/vtir-worked-example.md, from the chain of vtir_hkust1.py beside this file.

Run: python examples/vtir_hkust1_figures.py [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.figure import Figure
from vtir_hkust1 import (
    CELSIUS,
    ONE_BAND,
    PRINTED_CENTRES,
    PRINTED_WIDEST_C,
    TWO_STATES,
    Line,
    extinction,
    figure_4,
    fitted,
    linear_null,
    other_centres,
    published,
    reflectance,
    simulated,
)

from reticulum.plotting.files import STYLE, save_figure
from reticulum.plotting.vtir_style import (
    LOOSE_COLOUR,
    ONE_BAND_COLOUR,
    SECOND_LAW_COLOUR,
    TIGHT_COLOUR,
)
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_fit import BandFit
from reticulum.spectra.band_models import OneBandModel
from reticulum.spectra.fitted_curves import fitted_curves
from reticulum.spectra.two_step import TwoStepFit
from reticulum.thermal.two_state import published_parameters, two_state_prediction
from reticulum.units import ZERO_CELSIUS_K


def figure_course(fit: BandFit) -> Figure:
    """Centre and width against temperature beside what the paper prints."""
    figure = Figure(figsize=(6.6, 3.2))
    fine = np.linspace(-100.0, 200.0, 61)
    t = fit.data.temperatures_k - ZERO_CELSIUS_K
    panels = figure.subplots(1, 2)
    found = fit.positions
    for axes, values, errors in (
        (panels[0], found.centres_cm1, found.centre_errors_cm1),
        (panels[1], found.fwhms_cm1, found.fwhm_errors_cm1),
    ):
        axes.errorbar(t, values, errors, fmt="o", color="0.3", markersize=3, elinewidth=0.8,
                      label="simulated, three cycles")  # fmt: skip
        axes.set_xlabel("temperature / °C")
    for dcp, colour in ((True, TIGHT_COLOUR), (False, SECOND_LAW_COLOUR)):
        exact = two_state_prediction(
            published_parameters(with_heat_capacity=dcp), fine + ZERO_CELSIUS_K
        )
        name = "published ΔH, ΔS, " + ("ΔCp 37" if dcp else "ΔCp 0")
        panels[0].plot(fine, exact.one_gaussian_cm1, color=colour, label=name)
        panels[1].plot(fine, exact.one_gaussian_fwhm_cm1, color=colour, label=name)
    panels[0].plot(*zip(*PRINTED_CENTRES.items(), strict=True), "*:", color=LOOSE_COLOUR,
                   markersize=9, linewidth=1.2, label="published ends, straight line")  # fmt: skip
    panels[1].axvline(PRINTED_WIDEST_C, color=LOOSE_COLOUR, linestyle=":",
                      label="published: widest about here")  # fmt: skip
    panels[0].set_ylabel("centre of one Gaussian / cm⁻¹")
    panels[1].set_ylabel("FWHM of one Gaussian / cm⁻¹")
    panels[1].set_ylim(12.2, 18.0)
    panels[0].legend(loc="upper right", fontsize=7)
    panels[1].legend(loc="lower center", fontsize=7, frameon=True, framealpha=1, edgecolor="none")
    return figure


def figure_components(fit: BandFit, moving: BandData, null: TwoStepFit) -> Figure:
    """Two components in two states, and in one band that only shifts."""
    figure = Figure(figsize=(6.6, 4.6))
    shown, fine = (-100.0, 50.0, 200.0), np.linspace(1562.0, 1621.0, 119)
    grid = figure.subplots(2, 3, sharex=True, sharey=True)
    for row, (name, data, areas) in enumerate(
        (
            ("two states", fit.data, fit.evidence.two_step.areas),
            ("one shifting band", moving, null.areas),
        )
    ):
        for axes, celsius in zip(grid[row], shown, strict=True):
            celsius_of = data.temperatures_k - ZERO_CELSIUS_K
            number = int(np.flatnonzero(np.isclose(celsius_of, celsius))[0])
            t, x = float(data.temperatures_k[number]), data.wavenumbers_cm1[number]
            parts = areas.model.columns(areas.values, t, fine)[0] * areas.linear[number, :2]
            for part, colour in zip(parts.T, (TIGHT_COLOUR, LOOSE_COLOUR), strict=True):
                axes.fill_between(fine, part, color=colour, alpha=0.35, linewidth=0)
            baseline = fitted_curves(data, areas, number).baseline
            axes.plot(x, data.values[number] - baseline, "o", color="0.2", markersize=2)
            axes.plot(fine, parts.sum(axis=1), color="0.2", linewidth=0.9)
            axes.plot(x, areas.residuals[number] - 0.15, color="0.4", linewidth=0.8)
            axes.set_title(f"{name}, {celsius:.0f} °C", fontsize=8)
            axes.set_yticks([])
            axes.set_xlim(1621.0, 1562.0)
            if row == 1:
                axes.set_xlabel("wavenumber / cm⁻¹")
    grid[0, 0].annotate("residual", (1619.0, -0.1), fontsize=7, color="0.4")
    grid[0, 0].annotate("tight\n1596", (1612.0, 0.25), fontsize=7, color=TIGHT_COLOUR, ha="center")
    grid[0, 0].annotate("loose\n1587", (1569.0, 0.25), fontsize=7, color=LOOSE_COLOUR, ha="center")
    return figure


def figure_vant_hoff(real: TwoStepFit, null: TwoStepFit) -> Figure:
    """K against temperature as the paper draws it: means of the cycles, and both laws."""
    figure = Figure(figsize=(6.6, 3.4))
    fine = np.linspace(-110.0, 210.0, 81)
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name, chain in zip(panels, ("two states", "one shifting band"), (real, null),
                                 strict=True):  # fmt: skip
        t = chain.points.temperatures_k - ZERO_CELSIUS_K
        k = [np.exp(chain.points.ln_k[np.isclose(t, celsius)]) for celsius in CELSIUS]
        axes.errorbar(CELSIUS, [v.mean() for v in k], [v.std(ddof=1) for v in k], fmt="o",
                      color="0.2", markersize=4, label="mean of three cycles ± sd")  # fmt: skip
        for law, colour, dashes in zip(
            chain.laws, (TIGHT_COLOUR, ONE_BAND_COLOUR), ((5, 2), (None, None)), strict=True
        ):
            numbers = f"ΔH {law.dh_kj_mol:.1f}, ΔS {law.ds_j_mol_k:.1f}, ΔCp {law.dcp_j_mol_k:.0f}"
            axes.plot(fine, np.exp(law.ln_k(fine + ZERO_CELSIUS_K)), color=colour, dashes=dashes,
                      label=numbers)  # fmt: skip
        axes.set_title(f"{name} through the chain", fontsize=8.5)
        axes.set_xlabel("temperature / °C")
        axes.set_ylim(0.0, 5.6)
        axes.legend(loc="upper left", fontsize=7, title="ΔH kJ/mol; ΔS, ΔCp J/mol/K",
                    title_fontsize=7, alignment="left")  # fmt: skip
    panels[0].set_ylabel("K = [loose]/[tight]")
    return figure


def figure_questions(lines: list[Line]) -> Figure:
    """ΔH, ΔS and ΔCp as they come out of each question."""
    figure = Figure(figsize=(6.6, 3.4))
    colours = {"published": "0.2", "chain": TIGHT_COLOUR, "question": SECOND_LAW_COLOUR,
               "null": LOOSE_COLOUR}  # fmt: skip
    panels = figure.subplots(1, 3, sharey=True)
    heights = np.arange(len(lines))[::-1]
    for column, (axes, name) in enumerate(
        zip(panels, ("ΔH / kJ/mol", "ΔS / J/mol/K", "ΔCp / J/mol/K"), strict=True)
    ):
        known = lines[0]
        low, high = (known.values[column] + s * known.errors[column] for s in (-1.0, 1.0))
        axes.axvspan(low, high, color="0.9", linewidth=0)
        for height, line in zip(heights, lines, strict=True):
            axes.errorbar(line.values[column], height, fmt="o", markersize=4, elinewidth=1.2,
                          xerr=None if line.errors is None else line.errors[column],
                          color=colours[line.kind])  # fmt: skip
        axes.set_xlabel(name)
        axes.set_xlim(left=0.0)
    panels[0].set_yticks(heights, [line.name for line in lines], fontsize=7.5)
    return figure


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    folder.mkdir(parents=True, exist_ok=True)
    fit = fitted(simulated(TWO_STATES, published()))
    moving = simulated(OneBandModel(), ONE_BAND)
    known, stated, _, joint = figure_4(fit)
    lines = [known, stated, joint]
    null, line = linear_null(moving)
    lines += [*other_centres(fit), reflectance((0.3,)), extinction(fit.data, fit.evidence.curved)]
    with style.context(STYLE):
        figures = {
            "course": figure_course(fit),
            "components": figure_components(fit, moving, null),
            "vant-hoff": figure_vant_hoff(fit.evidence.two_step, null),
            "questions": figure_questions([*lines, line]),
        }
        for name, figure in figures.items():
            path = folder / f"vtir-hkust1-{name}.png"
            save_figure(figure, path)
            print(f"{path} written")


if __name__ == "__main__":
    main()
