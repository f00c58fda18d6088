"""Figures of band fits: what is drawn is what was fitted, and no label is cut or covered."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from matplotlib import style
from matplotlib.collections import PolyCollection
from matplotlib.legend import Legend

from reticulum.plotting.files import STYLE
from reticulum.plotting.vant_hoff import figure_vant_hoff
from reticulum.plotting.vtir_positions import curve_order, figure_positions
from reticulum.plotting.vtir_profiles import figure_profiles
from reticulum.plotting.vtir_residuals import figure_residuals
from reticulum.plotting.vtir_singular_values import figure_singular_values
from reticulum.plotting.vtir_spectra import MOST_CYCLES, figure_spectra, shown_cycles
from reticulum.plotting.vtir_summary import all_figures, figure_band_fit, verdict_title
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_fit import fit_band_data
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.fit_settings import FitSettings
from reticulum.spectra.leading_models import leading_two_state
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.verdict import Verdict

TRUE = {"tight_cm1": 1596.0, "loose_cm1": 1587.0, "fwhm_cm1": 12.0,
        "dh_kj_mol": 5.9, "ds_j_mol_k": 22.0, "dcp_j_mol_k": 37.0}  # fmt: skip
KELVIN = [173.15, 223.15, 298.15, 373.15, 473.15]


@pytest.fixture(scope="module")
def found():
    """A fit with two cycles and a masked range."""
    x = np.arange(1553.0, 1631.0, 2.5)
    x = x[(x < 1562.0) | (x > 1566.0)]
    data = simulate_series(
        TwoStateModel(heat_capacity=True), TRUE, KELVIN, list(x), cycles=2,
        imperfections=Imperfections(noise=0.01), seed=4,
    )  # fmt: skip
    data = band_data(
        data.temperatures_k, x, data.values, cycles=data.cycles, labels=data.labels,
        directions=["heating"] * 5 + ["cooling"] * 5,
    )  # fmt: skip
    return fit_band_data(data, FitSettings(window_cm1=(1553.0, 1631.0)))


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda o: hasattr(o, "get_text"))]


def test_spectra_one_column_a_cycle_and_nothing_averaged(found):
    figure = figure_spectra(found.data, found.verdict.outcomes, verdict_title(found))
    columns = figure.axes[:2]
    assert [axes.get_title() for axes in columns] == ["cycle 1", "cycle 2"]
    for cycle, axes in enumerate(columns, start=1):
        left, right = axes.get_xlim()
        assert left > right  # descending
        points = [line for line in axes.lines if line.get_marker() == "o"]
        members = np.flatnonzero(found.data.cycles == cycle)
        members = members[np.argsort(found.data.temperatures_k[members])]
        assert len(points) == len(members)
        for line, number in zip(points, members, strict=True):
            moved = line.get_ydata() - found.data.values[number]
            assert np.ptp(moved) < 1e-12  # each spectrum as it is, moved as a whole
        # points, two components, their sum and the single band for each spectrum
        assert len(axes.lines) == 5 * len(members)
    words = " ".join(texts(figure))
    fit = leading_two_state(found.verdict.outcomes).fit
    assert f"tight component, {fit.parameters['tight_cm1']:.1f} cm⁻¹ (fitted)" in words
    assert "Verdict: two states" in words


def test_many_cycles_are_chosen_aloud():
    x = np.linspace(1560.0, 1620.0, 21)
    y = np.exp(-(((x - 1590.0) / 8.0) ** 2))
    n = 10
    data = band_data(KELVIN * n, x, [y] * (5 * n), cycles=np.repeat(np.arange(1, n + 1), 5))
    chosen = shown_cycles(data)
    assert len(chosen) == MOST_CYCLES
    assert (chosen[0], chosen[-1]) == (1, n)
    figure = figure_spectra(data, ())
    assert f"of {n} are shown" in " ".join(texts(figure))
    assert len(figure.axes) == MOST_CYCLES + 1


def test_long_cycles_go_on_in_the_next_column():
    x = np.linspace(1560.0, 1620.0, 11)
    y = np.exp(-(((x - 1590.0) / 8.0) ** 2))
    data = band_data(np.linspace(100.0, 500.0, 60), x, [y] * 60)
    figure = figure_spectra(data, ())
    columns = figure.axes[:-1]
    assert [len(axes.lines) for axes in columns] == [20, 20, 20]
    assert "is shown" not in " ".join(texts(figure))
    longer = band_data(np.linspace(100.0, 500.0, 300), x, [y] * 300)
    figure = figure_spectra(longer, ())
    assert sum(len(axes.lines) for axes in figure.axes[:-1]) == 150
    assert "one of 2 spectra of each cycle is shown" in " ".join(texts(figure))


def test_positions_with_errors_directions_and_course(found):
    figure = figure_positions(found.data, found.positions, found.trend, found.width_trend, "t")
    left = figure.axes[0]
    drawn = {bars.lines[0].get_marker() for bars in left.containers}
    assert drawn == {"^", "v"}
    values = np.concatenate([bars.lines[0].get_ydata() for bars in left.containers])
    assert sorted(values) == sorted(found.positions.centres_cm1)
    assert f"{found.trend.slope.slope_cm1_per_k:.4f}" in " ".join(texts(figure))
    order = curve_order(found.trend)
    course = [line for line in left.lines if len(line.get_xdata()) > 50]
    assert len(course) == (1 if order == 1 else 2)


def test_vant_hoff_has_points_laws_and_the_null(found):
    figure = figure_vant_hoff(found.data, found.verdict.outcomes, found.evidence)
    axes = figure.axes[0]
    labels = axes.get_legend_handles_labels()[1]
    assert sum("two steps" in label for label in labels) == 2
    assert any("ΔCp 0 (assumed)" in label for label in labels)
    assert any("(fitted)" in label for label in labels)
    (null,) = [line for line in axes.lines if line.get_label().startswith("null")]
    (law,) = [line for line in axes.lines if "(fitted)" in line.get_label()]
    named = found.evidence.curved.parameters
    t = 1000.0 / law.get_xdata()
    at = np.abs(t - 298.15).argmin()
    expected = (named["ds_j_mol_k"] - 1000.0 * named["dh_kj_mol"] / t[at]) / 8.31446261815324
    assert law.get_ydata()[at] == pytest.approx(expected, abs=0.01)
    # the null is no straight line: a moving band gives a heat capacity by itself
    x, y = (array[np.isfinite(null.get_ydata())] for array in null.get_data())
    assert np.abs(y - np.polyval(np.polyfit(x, y, 1), x)).max() > 0.05
    points = [bars.lines[0] for bars in axes.containers if bars.lines[0] is not None]
    assert sum(len(line.get_xdata()) for line in points) == int(
        found.evidence.two_step.points.kept.sum()
    )


def test_residual_maps_are_symmetrical_and_leave_masks_white(found):
    figure = figure_residuals(found.data, found.verdict.outcomes)
    maps = [axes.collections[0] for axes in figure.axes[:2]]
    assert all(isinstance(cells, PolyCollection) for cells in maps)
    two, one = (float(np.sqrt(np.mean(cells.get_array() ** 2))) for cells in maps)
    best = leading_two_state(found.verdict.outcomes)
    assert two == pytest.approx(best.misfit_percent, rel=1e-9)
    assert one > two
    for cells in maps:
        assert cells.norm.vmin == -cells.norm.vmax
        assert len(cells.get_paths()) == found.data.n_points
        # no cell lies in the masked range, 1562 to 1566 cm⁻¹, but for half a step
        x = np.concatenate([path.vertices[:, 0] for path in cells.get_paths()])
        assert not ((x > 1562.1) & (x < 1566.4)).any()


def test_profiles_and_singular_values(found):
    figure = figure_profiles(found.evidence.profiles)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert len(drawn) == len(found.evidence.profiles)
    for axes, profile in zip(drawn, found.evidence.profiles, strict=True):
        levels = [line.get_ydata()[0] for line in axes.lines[:2]]
        assert levels == pytest.approx([1.0, 3.84], abs=0.01)
        curve = axes.lines[2]
        low, high = profile.interval_95
        at = np.interp([low, high], curve.get_xdata(), curve.get_ydata())
        assert at == pytest.approx([3.84, 3.84], abs=0.1)
    axes = figure_singular_values(found.evidence.singular).axes[0]
    filled = next(line for line in axes.lines if "above the noise" in line.get_label())
    assert len(filled.get_xdata()) == found.evidence.singular.n_above_noise


def test_no_label_is_cut_and_no_legend_covers_points(found):
    """Every figure at its real size: text inside the page, legends off the data."""
    names = []
    for name, figure in all_figures(found):
        names.append(name)
        with style.context(STYLE):
            figure.draw_without_rendering()  # warnings are errors here
        page, beyond = figure.bbox, _ticks_beyond_the_limits(figure)
        for text in figure.findobj(lambda o: hasattr(o, "get_text") and o.get_visible()):
            if not text.get_text().strip() or not text.get_window_extent().width:
                continue
            if id(text) in beyond:
                continue
            box = text.get_window_extent()
            inside = box.x0 > -2 and box.y0 > -2 and box.x1 < page.x1 + 2 and box.y1 < page.y1 + 2
            assert inside, (name, text.get_text(), box.extents, page.extents)
        for axes in figure.axes:
            low, high = sorted(axes.get_xlim())
            ticks = [t for t in axes.xaxis.get_major_ticks() if low <= t.get_loc() <= high]
            boxes = sorted(
                (tick.label1.get_window_extent() for tick in ticks), key=lambda box: box.x0
            )
            assert all(a.x1 < b.x0 for a, b in pairwise(boxes) if a.width and b.width), name
            legend = axes.get_legend()
            if isinstance(legend, Legend):
                box = legend.get_window_extent()
                for line in axes.lines:
                    if line.get_marker() in ("o", "^", "v", "s") and len(line.get_xdata()) > 1:
                        places = axes.transData.transform(np.column_stack(line.get_data()))
                        covered = [box.contains(x, y) for x, y in places]
                        assert not any(covered), (name, axes.get_title())
    assert names == ["summary", "spectra", "positions", "residuals", "vant_hoff", "profiles",
                     "singular_values"]  # fmt: skip


def _ticks_beyond_the_limits(figure):
    """Labels of ticks that are not drawn since they lie outside of their axis."""
    beyond = set()
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            low, high = sorted(limits)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if not low <= tick.get_loc() <= high:
                    beyond |= {id(tick.label1), id(tick.label2)}
    return beyond


def test_summary_without_evidence_and_without_models(found):
    words = " ".join(texts(figure_band_fit(replace(found, evidence=None))))
    assert "Verdict: two states" in words
    assert "null: one linearly moving band" in words
    assert "two steps" not in words
    bare = replace(
        found,
        evidence=None,
        verdict=replace(found.verdict, verdict=Verdict.NOT_FITTABLE, outcomes=(), reasons=()),
    )
    figure = figure_band_fit(bare)
    assert len(figure.axes) == 3
    assert "Verdict: not fittable" in " ".join(texts(figure))
    assert [name for name, _ in all_figures(bare)] == ["summary", "spectra", "positions"]
