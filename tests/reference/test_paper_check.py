"""The statements of two papers, recomputed here once more by formulas written out."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

from reticulum.errors import CalculationError, InputError
from reticulum.reference.paper_claims import (
    PrintedNumbers,
    load_ru2cu4_numbers,
    load_vtir_numbers,
    read_printed_numbers,
)
from reticulum.reference.tables import (
    load_band_positions,
    load_comparison_slopes,
    load_two_state_parameters,
)
from reticulum.report.paper_check import Paper, Verdict, check_paper
from reticulum.report.paper_check_course import moving_band_null
from reticulum.report.paper_check_finding import QUOTED_ERROR_FACTOR, Allowance, verdict_of
from reticulum.report.paper_check_positions import width_ratio_for_maximum
from reticulum.report.paper_check_slopes import steepest_slope
from reticulum.report.paper_check_text import markdown, terminal_lines
from reticulum.report.paper_check_two_state import (
    ln_k_error,
    ln_k_error_of_one_fit,
    parameters,
)
from reticulum.thermal.two_state import loose_fraction, one_gaussian

#: J/mol/K, CODATA 2018, to the digits that matter here.
GAS = 8.31446262
ZERO = 273.15
ROOM = 298.15


@pytest.fixture(scope="module")
def vtir():
    return check_paper("vtir")


@pytest.fixture(scope="module")
def ru2cu4():
    return check_paper(Paper.RU2CU4)


def ln_k(t, dh=5900.0, ds=22.0, dcp=37.0):
    """The published law, written out."""
    return -(dh + dcp * (t - ROOM) - t * (ds + dcp * math.log(t / ROOM))) / (GAS * t)


def numeric_allowance(function, values, errors):
    """Errors propagated by finite differences, without correlation."""
    squares = 0.0
    for name, error in errors.items():
        up = function(**{**values, name: values[name] + error})
        down = function(**{**values, name: values[name] - error})
        squares += (0.5 * (up - down)) ** 2
    return math.sqrt(squares)


# --- tables ---------------------------------------------------------------------------------------


def test_numbers_agree_with_the_other_tables():
    printed = load_vtir_numbers()
    two = load_two_state_parameters()
    for key, value in (("dh", two.dh), ("ds", two.ds), ("dcp", two.dcp)):
        assert printed[key].value == value.value
        assert printed[key].uncertainty == value.uncertainty
    assert printed["tight_centre"].value == two.tight.value
    assert printed["loose_centre"].value == two.loose.value
    bands = {
        (band.assignment.split()[0], round(band.temperature_k - ZERO)): band.wavenumber_text
        for band in load_band_positions("HKUST-1")
        if band.temperature_k is not None
    }
    for band in ("antisymmetric", "symmetric"):
        assert printed[f"{band}_cold"].text == bands[(band, -100)]
        assert printed[f"{band}_hot"].text == bands[(band, 200)]
    slopes = {(row.material, row.phase): row.slope_text for row in load_comparison_slopes()}
    assert printed["antisymmetric_slope"].text == slopes[("HKUST-1", "crystal")]
    for phase in ("crystal", "glass", "liquid"):
        assert printed[f"zif_{phase}_slope"].text == slopes[("ZIF-UC-4", phase)]


@pytest.mark.parametrize("printed", [load_vtir_numbers(), load_ru2cu4_numbers()])
def test_every_number_has_passage_unit_and_source(printed):
    for number in printed:
        assert number.passage
        assert number.unit
        assert number.source == printed.source
        assert float(number.text) == number.value
    for formula in printed.formulas:
        assert formula.passage
        assert formula.source == printed.source


def test_rounding_is_half_the_last_digit_unless_the_table_says_otherwise():
    printed = load_vtir_numbers()
    assert printed["antisymmetric_cold"].rounding == pytest.approx(0.05)
    assert printed["antisymmetric_slope"].rounding == pytest.approx(0.0005)
    assert printed["log_k"].rounding == pytest.approx(0.1)
    assert load_ru2cu4_numbers()["exchange_ru3"].rounding == pytest.approx(0.05e-6)


# --- slopes ---------------------------------------------------------------------------------------


def test_end_points_against_the_printed_slopes(vtir):
    slope = (1589.0 - 1594.8) / 300.0
    rounding = 0.1 / 300.0 + 0.0005
    for key, claimed in (("slope-text", -0.023), ("slope-table-antisymmetric", -0.021)):
        found = vtir.finding(key)
        assert found.claimed == claimed
        assert found.recomputed == pytest.approx(slope, abs=1e-12)
        assert found.disagreement == pytest.approx(abs(slope - claimed), abs=1e-12)
        assert found.allowance.total == pytest.approx(rounding, abs=1e-12)
        assert found.verdict is Verdict.CONTRADICTS
    between = vtir.finding("slope-text-table")
    assert between.disagreement == pytest.approx(0.002, abs=1e-12)
    assert between.allowance.total == pytest.approx(0.001, abs=1e-12)
    assert between.verdict is Verdict.CONTRADICTS
    symmetric = vtir.finding("slope-table-symmetric")
    assert symmetric.recomputed == pytest.approx((1362.1 - 1367.9) / 300.0, abs=1e-12)
    assert symmetric.verdict is Verdict.AGREES


def test_no_points_between_the_printed_ends_are_steeper_than_a_step():
    steepest = steepest_slope(load_vtir_numbers())
    assert steepest == pytest.approx(-600.0 * 2.9 / 70000.0, abs=1e-12)
    t = np.linspace(-100.0, 200.0, 7)
    rng = np.random.default_rng(1)
    for _ in range(200):
        trial = rng.choice([1589.0, 1594.8, *rng.uniform(1589.0, 1594.8, 4)], 7)
        assert np.polyfit(t, trial, 1)[0] >= steepest - 1e-12


def test_ranks_of_the_materials_named_smallest(vtir):
    found = vtir.finding("smallest-MIL-125-NH2")
    assert (found.claimed, found.recomputed, found.disagreement) == (3.0, 10.0, 7.0)
    assert "largest" in found.remark
    assert found.verdict is Verdict.CONTRADICTS
    assert vtir.finding("smallest-antisymmetric").verdict is Verdict.AGREES
    symmetric = vtir.finding("smallest-symmetric")
    assert symmetric.claimed == 0.0095  # third smallest: MOF-5
    assert symmetric.recomputed == 0.020  # UiO-66
    assert symmetric.verdict is Verdict.CONTRADICTS
    assert vtir.finding("sodium-benzoate").claimed == pytest.approx(0.5 * (0.019 + 0.021))


# --- thermodynamics -------------------------------------------------------------------------------


def test_log_k_at_room_temperature_in_both_bases(vtir):
    natural = -(5900.0 / ROOM - 22.0) / GAS
    error = math.hypot(200.0 / (GAS * ROOM), 0.6 / GAS)
    for key, scale in (("ln-k", 1.0), ("log10-k", math.log(10.0))):
        found = vtir.finding(key)
        assert found.recomputed == pytest.approx(natural / scale, abs=1e-6)
        assert found.allowance.total == pytest.approx(0.1 + 2.0 * error / scale, abs=1e-6)
        assert found.verdict is Verdict.CONTRADICTS
    assert vtir.finding("ln-k").recomputed == pytest.approx(0.266, abs=5e-4)
    assert vtir.finding("ln-k").narrow
    assert not vtir.finding("log10-k").narrow


def test_log_k_has_the_other_direction_than_the_molecular_constants(vtir):
    found = vtir.finding("direction-of-k")
    assert found.recomputed == -0.6
    assert found.disagreement == pytest.approx(0.1 + 0.6)
    assert found.verdict is Verdict.CONTRADICTS


@pytest.mark.parametrize("dcp", [0.0, 37.0])
def test_equal_populations(vtir, dcp):
    def temperature(dh, ds, dcp):
        low, high = 200.0, 320.0
        for _ in range(80):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if ln_k(middle, dh, ds, dcp) < 0.0 else (low, middle)
        return low

    found = vtir.finding("equal-populations-dcp" if dcp else "equal-populations-no-dcp")
    values = {"dh": 5900.0, "ds": 22.0, "dcp": dcp}
    expected = temperature(**values)
    assert found.recomputed == pytest.approx(expected - ZERO, abs=1e-6)
    errors = {"dh": 200.0, "ds": 0.6, **({"dcp": 4.0} if dcp else {})}
    # Central differences over the whole error: T depends on it with a slight curvature.
    error = numeric_allowance(temperature, values, errors)
    assert found.allowance.error == pytest.approx(error, rel=0.01)
    assert found.allowance.rounding == 25.0
    assert found.verdict is Verdict.CONTRADICTS
    if not dcp:
        assert expected == pytest.approx(5900.0 / 22.0, abs=1e-9)


def test_printed_positions_put_equal_populations_elsewhere_than_the_thermodynamics(vtir):
    found = vtir.finding("equal-populations-position")
    assert found.recomputed == pytest.approx(-100.0 + 300.0 * 3.3 / 5.8, abs=1e-9)
    assert found.verdict is Verdict.AGREES
    # The extremes of all roundings reach as far as the linear allowance says.
    far = [
        -100.0 + 300.0 * (1594.8 + a - 1591.5 - m) / (5.8 + a - b)
        for a in (-0.05, 0.05)
        for b in (-0.05, 0.05)
        for m in (-0.5, 0.5)
    ]
    room = max(abs(t - found.recomputed) for t in far)
    assert found.allowance.total - 25.0 == pytest.approx(room, rel=0.05)


def test_fraction_that_the_printed_positions_take(vtir):
    for end, t, position in (("cold", 173.15, 1594.8), ("hot", 473.15, 1589.0)):
        for dcp in (0.0, 37.0):
            found = vtir.finding(f"fraction-{end}-{'dcp' if dcp else 'no-dcp'}")
            assert found.claimed == pytest.approx((1596.0 - position) / 9.0, abs=1e-12)
            given = 1.0 / (1.0 + math.exp(-ln_k(t, dcp=dcp)))
            assert found.recomputed == pytest.approx(given, abs=1e-9)

            def fraction(dh, ds, dcp, t=t):
                return 1.0 / (1.0 + math.exp(-ln_k(t, dh, ds, dcp)))

            values = {"dh": 5900.0, "ds": 22.0, "dcp": dcp}
            errors = {"dh": 200.0, "ds": 0.6, **({"dcp": 4.0} if dcp else {})}
            assert found.allowance.error == pytest.approx(
                numeric_allowance(fraction, values, errors), rel=0.01
            )
            assert found.allowance.rounding == pytest.approx(0.55 / 9.0, abs=1e-12)
    assert vtir.finding("fraction-cold-dcp").verdict is Verdict.CONTRADICTS
    assert vtir.finding("fraction-cold-dcp").claimed == pytest.approx(0.13, abs=0.005)
    assert vtir.finding("fraction-cold-dcp").recomputed == pytest.approx(0.34, abs=0.005)
    assert vtir.finding("fraction-hot-dcp").verdict is Verdict.AGREES


def test_width_maximum_needs_unequal_widths(vtir):
    assert vtir.finding("width-maximum").verdict is Verdict.CONTRADICTS
    chosen = parameters(load_vtir_numbers(), with_heat_capacity=True)
    ratio = width_ratio_for_maximum(chosen, 323.15)
    assert 1.1 < ratio < 1.5
    wide = replace(chosen, fwhm_loose_cm1=ratio * chosen.fwhm_tight_cm1)
    t = np.linspace(280.0, 370.0, 181)
    widths = [one_gaussian(wide, float(f)).fwhm_cm1 for f in loose_fraction(wide, t)]
    assert t[int(np.argmax(widths))] == pytest.approx(323.15, abs=1.0)


def test_width_on_the_grid_rises_and_falls_with_the_maximum_at_equal_areas(vtir):
    found = vtir.finding("width-course")
    assert found.verdict is Verdict.AGREES
    chosen = parameters(load_vtir_numbers(), with_heat_capacity=True)
    widths = [one_gaussian(chosen, f).fwhm_cm1 for f in np.linspace(0.05, 0.95, 91)]
    assert int(np.argmax(widths)) == 45  # f = ½


def test_errors_of_ln_k_with_and_without_correlation():
    printed = load_vtir_numbers()
    for t in (173.15, 265.0, 298.15, 473.15):
        values = {"dh": 5900.0, "ds": 22.0, "dcp": 37.0}
        errors = {"dh": 200.0, "ds": 0.6, "dcp": 4.0}

        def law(dh, ds, dcp, t=t):
            return ln_k(t, dh, ds, dcp)

        expected = numeric_allowance(law, values, errors)
        assert ln_k_error(printed, t, with_heat_capacity=True) == pytest.approx(expected, rel=1e-6)
    # Scatter of ln K at seven temperatures, fitted many times: correlation, and error at 298 K.
    rng = np.random.default_rng(7)
    t = np.linspace(-100.0, 200.0, 7) + ZERO
    design = np.array([[ln_k(x, *row) for row in ((1e3, 0, 0), (0, 1, 0), (0, 0, 1))] for x in t])
    fits = np.linalg.lstsq(design, rng.normal(size=(7, 20000)), rcond=None)[0]
    correlation = np.corrcoef(fits)
    quoted = np.array([0.2, 0.6, 4.0])
    assert fits.std(axis=1) / fits[0].std() == pytest.approx(quoted / 0.2, rel=0.07)
    row = np.array([ln_k(ROOM, 1e3, 0, 0), ln_k(ROOM, 0, 1, 0), 0.0]) * quoted
    expected = math.sqrt(row @ correlation @ row)
    found = ln_k_error_of_one_fit(printed, ROOM, with_heat_capacity=True)
    assert found == pytest.approx(expected, rel=0.03)


def test_one_moving_band_returns_the_published_numbers_without_any_equilibrium(vtir):
    """The chain once more by ordinary least squares on a grid of its own."""
    from scipy.optimize import minimize_scalar

    x = np.arange(1540.0, 1642.0, 1.0)
    t = np.linspace(-100.0, 200.0, 7) + ZERO
    centres = 1594.8 - 5.8 * (t - t[0]) / 300.0

    def gauss(centre, fwhm):
        return np.exp(-4.0 * math.log(2.0) * ((x - centre) / fwhm) ** 2)

    band = np.stack([gauss(c, 15.0) for c in centres], axis=1)

    def areas(fwhm):
        columns = np.stack([gauss(1596.0, fwhm), gauss(1587.0, fwhm)], axis=1)
        heights, left, _, _ = np.linalg.lstsq(columns, band, rcond=None)
        return float(left.sum()), heights

    width = minimize_scalar(lambda w: areas(w)[0], bounds=(8.0, 20.0), method="bounded").x
    heights = areas(width)[1]
    y = np.log(heights[1] / heights[0])
    design = np.array([[ln_k(v, *row) for row in ((1e3, 0, 0), (0, 1, 0), (0, 0, 1))] for v in t])
    expected = np.linalg.lstsq(design, y, rcond=None)[0]
    law = moving_band_null(load_vtir_numbers()).with_dcp
    # ln K is weighted by its errors there, here it is not.
    assert law.dh_kj_mol == pytest.approx(expected[0], rel=0.03)
    assert law.ds_j_mol_k == pytest.approx(expected[1], rel=0.03)
    assert law.dcp_j_mol_k == pytest.approx(expected[2], rel=0.05)
    # The worked example with noise: 5.83 ± 0.08, 16.9 ± 0.3, 32 ± 2.
    assert law.dh_kj_mol == pytest.approx(5.83, abs=0.08)
    assert law.ds_j_mol_k == pytest.approx(16.9, abs=0.3)
    assert law.dcp_j_mol_k == pytest.approx(32.0, abs=2.0)
    found = vtir.finding("null-chain")
    assert found.recomputed == law.dcp_j_mol_k
    assert found.verdict is Verdict.UNDECIDED


def test_null_formula(vtir):
    f = 1.0 / (1.0 + math.exp(-ln_k(ROOM)))
    expected = 2 * 5900.0 / ROOM - 5900.0**2 * (1.0 - 2.0 * f) / (GAS * ROOM**2)
    found = vtir.finding("null-formula")
    assert found.recomputed == pytest.approx(expected, abs=1e-6)
    assert 40.0 < found.recomputed < 46.0
    assert found.verdict is Verdict.UNDECIDED


def test_components_lie_around_the_antisymmetric_band(vtir):
    found = vtir.finding("which-band")
    assert found.disagreement == pytest.approx(1587.0 - 1367.9)
    assert found.verdict is Verdict.CONTRADICTS


# --- the other paper ------------------------------------------------------------------------------


def test_cells_of_the_mixed_framework(ru2cu4):
    assert ru2cu4.finding("contraction-c").verdict is Verdict.AGREES
    split = ru2cu4.finding("tetragonal")
    assert split.recomputed == pytest.approx(26.43 - 18.781 * math.sqrt(2.0), abs=1e-9)
    assert split.verdict is Verdict.AGREES


def test_masses_and_surface_areas(ru2cu4):
    mass = {"Ru": 101.07, "Cu": 63.546, "C": 12.011, "H": 1.008, "O": 15.999, "Cl": 35.45}
    btc = 9 * mass["C"] + 3 * mass["H"] + 6 * mass["O"]
    mixed = 2 * mass["Ru"] + 4 * mass["Cu"] + 4 * btc + mass["Cl"]
    ruthenium = 6 * mass["Ru"] + 4 * btc + 3 * mass["Cl"]
    found = ru2cu4.finding("mass-ratio")
    assert found.recomputed == pytest.approx(ruthenium / mixed, abs=1e-4)
    assert found.verdict is Verdict.AGREES
    assert ru2cu4.finding("surface-bet").recomputed == pytest.approx(1051 / 958)
    assert ru2cu4.finding("surface-bet").verdict is Verdict.AGREES
    assert ru2cu4.finding("surface-langmuir").recomputed == pytest.approx(1433 / 1082)
    assert ru2cu4.finding("surface-langmuir").verdict is Verdict.CONTRADICTS


def test_distances_against_their_errors(ru2cu4):
    chlorine = ru2cu4.finding("distance-Ru-Cl")
    assert chlorine.disagreement == pytest.approx(0.132)
    assert chlorine.allowance.total == pytest.approx(2.0 * math.hypot(0.06, 0.001))
    assert chlorine.narrow
    for name in ("Ru-O", "Ru-Ru", "Cu-O", "Cu-Cu"):
        assert ru2cu4.finding(f"distance-{name}").verdict is Verdict.AGREES


def test_neighbours_of_paddlewheels_count_every_pair_twice(ru2cu4):
    around_ru, cu_cu, ru_cu = (
        ru2cu4.finding(f"{key}").recomputed
        for key in ("cu-nodes-around-ru", "cu-nodes-around-cu", "ru-nodes-around-cu")
    )
    assert around_ru == 2 * ru_cu  # twice as many Cu2 as Ru2
    assert cu_cu + ru_cu == around_ru == 8
    assert ru2cu4.finding("cu-nodes-around-ru").verdict is Verdict.AGREES


def test_formulas_that_are_not_neutral(vtir, ru2cu4):
    charges = {
        found.key: (found.recomputed, found.verdict)
        for report in (vtir, ru2cu4)
        for found in report.findings
        if found.key.startswith("charge-")
    }
    assert charges == {
        "charge-Mg2(2,5-dihydroxyterephthalate)": (2.0, Verdict.CONTRADICTS),
        "charge-Zn2(2,5-dihydroxyterephthalate)": (2.0, Verdict.CONTRADICTS),
        "charge-Ti3Ca3O2(btc)4": (2.0, Verdict.UNDECIDED),
        "charge-Ti3Mn3O2(btc)4": (2.0, Verdict.UNDECIDED),
        "charge-Ru3(btc)4Cl3": (-6.0, Verdict.CONTRADICTS),
    }


# --- the check can fail ---------------------------------------------------------------------------

#: Number, what it would have to be printed as, and the finding that it turns into agreement.
CURES = [
    ("antisymmetric_slope", "-0.019", "slope-text"),
    ("antisymmetric_slope", "-0.021", "slope-text-table"),
    ("log_k", "0.27", "ln-k"),
    ("log_k", "0.12", "log10-k"),
    ("log_k", "-0.4", "direction-of-k"),
    ("equal_populations_at", "-5", "equal-populations-dcp"),
    ("equal_populations_at", "-5", "equal-populations-no-dcp"),
    ("widest_at", "0", "width-maximum"),
    ("dh", "7.1", "equal-populations-no-dcp"),
    ("antisymmetric_cold", "1593.0", "fraction-cold-dcp"),
]


@pytest.mark.parametrize(("key", "text", "finding"), CURES)
def test_another_printed_number_takes_the_contradiction_away(vtir, key, text, finding):
    assert vtir.finding(finding).verdict is Verdict.CONTRADICTS
    changed = check_paper("vtir", load_vtir_numbers().with_value(key, text))
    assert changed.finding(finding).verdict is Verdict.AGREES


#: Number, what it would have to be printed as, and the finding that it spoils.
SPOILS = [
    ("vtir", "antisymmetric_shift", "6.1", "shift"),
    ("vtir", "symmetric_hot", "1360.1", "slope-table-symmetric"),
    ("vtir", "dh", "10.5", "thermoneutral"),
    ("vtir", "bands_gone_above", "340", "magnetic-bands"),
    ("vtir", "antisymmetric_hot", "1588.0", "fraction-hot-no-dcp"),
    ("vtir", "equal_populations_at", "150", "equal-populations-position"),
    ("ru2cu4", "c_mixed", "26.93", "contraction-c"),
    ("ru2cu4", "a_mixed", "18.689", "tetragonal"),
    ("ru2cu4", "cu_per_ru", "3", "composition"),
    ("ru2cu4", "cu_nodes_around_ru", "6", "cu-nodes-around-ru"),
    ("ru2cu4", "exafs_cu_cu", "2.71", "distance-Cu-Cu"),
    ("ru2cu4", "bet_mixed", "1351", "surface-bet"),
    ("ru2cu4", "mass_ratio", "1.4", "mass-ratio"),
    ("ru2cu4", "exchange_ru2", "0.18", "inert-ions"),
    ("ru2cu4", "ru_o_molecule", "1.92", "bond-lengths"),
    ("ru2cu4", "tcne_amidate", "2232", "tcne-order"),
]


@pytest.mark.parametrize(("paper", "key", "text", "finding"), SPOILS)
def test_another_printed_number_spoils_an_agreement(paper, key, text, finding):
    printed = load_vtir_numbers() if paper == "vtir" else load_ru2cu4_numbers()
    assert check_paper(paper).finding(finding).verdict is Verdict.AGREES
    changed = check_paper(paper, printed.with_value(key, text))
    assert changed.finding(finding).verdict is Verdict.CONTRADICTS


#: Changes of one row of Table 1, and the finding that turns: to agreement or away from it.
ROWS = [
    ("MIL-125-NH2", (-0.009, -0.004), "smallest-MIL-125-NH2", Verdict.AGREES),
    ("Sodium benzoate", (-0.030, -0.024), "sodium-benzoate", Verdict.AGREES),
    ("MOF-5", (-0.008, -0.0095), "more-sensitive", Verdict.CONTRADICTS),
    ("UiO-66", (-0.025, -0.020), "smallest-antisymmetric", Verdict.CONTRADICTS),
    ("Zn-MOF-74", (-0.023, 0.0042), "all-red", Verdict.CONTRADICTS),
    ("Zn-MOF-74", (-0.023, -0.0087), "isostructural", Verdict.CONTRADICTS),
]


@pytest.mark.parametrize(("material", "slopes", "finding", "verdict"), ROWS)
def test_another_row_of_table_1_turns_a_finding(vtir, material, slopes, finding, verdict):
    assert vtir.finding(finding).verdict is not verdict
    printed = load_vtir_numbers()
    rows = tuple(
        replace(row, antisymmetric_cm1_per_k=slopes[0], symmetric_cm1_per_k=slopes[1])
        if row.material == material
        else row
        for row in printed.table1
    )
    changed = check_paper("vtir", replace(printed, table1=rows))
    assert changed.finding(finding).verdict is verdict


def test_larger_quoted_errors_take_narrow_contradictions_away(vtir):
    printed = load_vtir_numbers()
    numbers = {
        key: replace(number, uncertainty=1.5 * number.uncertainty) if number.uncertainty else number
        for key, number in printed.numbers.items()
    }
    loose = check_paper("vtir", replace(printed, numbers=numbers))
    narrow = {found.key for found in vtir.findings if found.narrow}
    assert narrow == {"ln-k", "equal-populations-dcp", "equal-populations-no-dcp", "width-maximum"}
    for key in narrow:
        assert loose.finding(key).verdict is Verdict.AGREES
    assert loose.finding("log10-k").verdict is Verdict.CONTRADICTS


def test_a_missing_value_is_no_agreement():
    allowed = Allowance(rounding=0.1, error=0.2, reason="")
    assert allowed.total == pytest.approx(0.1 + QUOTED_ERROR_FACTOR * 0.2)
    assert verdict_of(allowed.total, allowed) is Verdict.AGREES
    assert verdict_of(1.001 * allowed.total, allowed) is Verdict.CONTRADICTS
    for value in (math.nan, math.inf):
        with pytest.raises(ValueError, match="disagreement"):
            verdict_of(value, allowed)


# --- bad input ------------------------------------------------------------------------------------


def test_unknown_papers_and_numbers_are_refused():
    with pytest.raises(InputError, match="vtir, ru2cu4"):
        check_paper("nature")
    with pytest.raises(InputError, match="antisymmetric_cold"):
        load_vtir_numbers()["cold_end"]
    with pytest.raises(InputError, match="not a number"):
        load_vtir_numbers().with_value("dh", "six")
    with pytest.raises(InputError, match="finite"):
        load_vtir_numbers().with_value("dh", "NaN")
    with pytest.raises(InputError, match="Gao2020"):
        check_paper("vtir", load_ru2cu4_numbers())
    printed = load_vtir_numbers()
    few = PrintedNumbers(source=printed.source, numbers={}, table1=printed.table1)
    with pytest.raises(InputError, match="has no number"):
        check_paper("vtir", few)
    with pytest.raises(CalculationError, match="equal populations at no temperature"):
        check_paper("vtir", printed.with_value("dh", "-40"))
    none = replace(printed, table1=())
    with pytest.raises(InputError, match="has no row"):
        check_paper("vtir", none)


HEAD = "key,value,uncertainty,rounding,unit,passage,source,note\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "a,six,,,K,p,s,n\n", "not a number"),
        (HEAD + "a,6,,,K,p,s,n\na,7,,,K,p,s,n\n", "twice"),
        (HEAD + "a,6,,,K\n", "without note, passage, source"),
        (HEAD + "a,6,-1,,K,p,s,n\n", "not negative"),
        (HEAD + "a,inf,,,K,p,s,n\n", "no last digit"),
    ],
)
def test_broken_tables_are_refused(tmp_path, text, words):
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_printed_numbers(path)


# --- text -----------------------------------------------------------------------------------------


def test_text_fits_the_terminal_and_names_every_finding(vtir, ru2cu4):
    lines = terminal_lines((vtir, ru2cu4), 80)
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for report in (vtir, ru2cu4):
        for found in report.findings:
            assert found.claim in text
            assert found.recomputed_from in text


def test_markdown_has_one_row_for_each_finding(vtir, ru2cu4):
    rows = [line for line in markdown((vtir, ru2cu4)).splitlines() if line.startswith("| ")]
    titles = [row for row in rows if row.startswith("| claim |")]
    assert len(rows) - len(titles) == len(vtir.findings) + len(ru2cu4.findings)
    for row in rows:
        assert len(next(csv.reader([row.replace("\\|", "")], delimiter="|"))) == 9
