"""Course of the band with temperature: what two states and one moving band give for it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from reticulum.reference.paper_claims import PrintedNumbers
from reticulum.report.paper_check_finding import Allowance, Finding, Verdict, verdict_of
from reticulum.report.paper_check_slopes import end_point_slope
from reticulum.report.paper_check_two_state import kelvin, parameters
from reticulum.spectra.band_models import FreeAreasModel, OneBandModel
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.two_step import two_step_fit
from reticulum.spectra.vant_hoff import VantHoffLaw
from reticulum.spectra.variable_projection import fit_series
from reticulum.thermal.linear_shift_null import linear_shift_null_dcp
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.two_state import two_state_prediction

#: FWHM of the moving band of the null, cm⁻¹. Assumed: the paper prints no width. In the middle of
#: what one Gaussian has in two states of the assumed component width, 14 to 17 cm⁻¹.
NULL_FWHM_CM1 = 15.0

#: Other widths of the moving band, cm⁻¹, that show how much depends on the assumption.
NULL_FWHM_RANGE_CM1 = (14.0, 17.0)

#: Points of the drawn spectra, cm⁻¹ apart, and distance of their ends from the band, cm⁻¹.
_STEP_CM1, _MARGIN_CM1 = 0.5, 50.0

#: Widths of components between which one that gives a slope is looked for, cm⁻¹.
_WIDTHS_CM1 = (6.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingBandNull:
    """Van't Hoff laws of one band that only moves, forced into the printed components.

    Attributes
    ----------
    fwhm_cm1
        Width of the moving band, cm⁻¹; assumed.
    without_dcp, with_dcp
        Fitted laws.

    """

    fwhm_cm1: float
    without_dcp: VantHoffLaw
    with_dcp: VantHoffLaw


def course_findings(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Findings on the course of the band and on ΔCp [Andreeva2020]_.

    Parameters
    ----------
    printed
        What the paper prints.

    """
    return (
        _linear(printed),
        _slope_of_one_gaussian(printed),
        _width_course(printed),
        _heat_capacity(printed),
        _null_formula(printed),
        _magnetic_bands(printed),
    )


def moving_band_null(printed: PrintedNumbers, fwhm_cm1: float = NULL_FWHM_CM1) -> MovingBandNull:
    """One band that moves in a straight line between the printed ends, taken for two states.

    Noiseless Gaussians of one width at the seven temperatures are fitted with two components at
    the printed centres, of one common width; the ratio of their areas is K, and van't Hoff least
    squares follow, as in the paper. No equilibrium goes in.

    Parameters
    ----------
    printed
        What the paper prints.
    fwhm_cm1
        Full width at half maximum of the moving band, cm⁻¹.

    """
    slope, _ = end_point_slope(printed, "antisymmetric")
    cold = printed["antisymmetric_cold"].value
    to_reference = kelvin(printed["reference_temperature"]) - kelvin(printed["cold"])
    x = np.arange(
        printed["loose_centre"].value - _MARGIN_CM1,
        printed["tight_centre"].value + _MARGIN_CM1,
        _STEP_CM1,
    )
    data = simulate_series(
        OneBandModel(),
        # The model counts the shift per 100 K from 298.15 K.
        {
            "centre_0": cold + slope * to_reference,
            "centre_1": 100.0 * slope,
            "fwhm_0": fwhm_cm1,
        },
        [float(t) for t in slope_temperatures_k()],
        [float(value) for value in x],
        cycles=1,
        imperfections=Imperfections(noise=0.0),
    )
    components = {
        "tight_cm1": printed["tight_centre"].value,
        "loose_cm1": printed["loose_centre"].value,
        "fwhm_cm1": parameters(printed, with_heat_capacity=True).fwhm_tight_cm1,
    }
    model = FreeAreasModel()
    areas = fit_series(data, model, components, held=("tight_cm1", "loose_cm1"))
    plain, curved = two_step_fit(data, model, areas.parameters, hold=True).laws
    return MovingBandNull(fwhm_cm1=fwhm_cm1, without_dcp=plain, with_dcp=curved)


def _linear(printed: PrintedNumbers) -> Finding:
    rows = []
    for with_dcp in (True, False):
        found = two_state_prediction(parameters(printed, with_heat_capacity=with_dcp))
        assert found.one_gaussian_slope is not None  # seven temperatures
        rows.append(found.one_gaussian_slope)
    bows = [abs(row.bow_cm1 or 0.0) for row in rows]
    return Finding(
        key="linear",
        claim="The position is linear in temperature",
        passage=printed["antisymmetric_slope"].passage,
        source=printed.source,
        recomputed_from=(
            "sag of the two-state course (one Gaussian, ΔCp included, FWHM 12 cm⁻¹ assumed) below "
            "its chord in the middle"
        ),
        unit="cm-1",
        claimed=None,
        recomputed=bows[0],
        disagreement=bows[0],
        allowance=Allowance(
            rounding=printed["antisymmetric_cold"].rounding,
            error=0.0,
            reason="rounding of a position; the error bars of Figure 2B are not printed",
        ),
        verdict=Verdict.UNDECIDED,
        remark=(
            f"Two states are no straight line: {rows[0].lower_slope_cm1_per_k:.4f} cm⁻¹/K in the "
            f"lower half, {rows[0].upper_slope_cm1_per_k:.4f} in the upper; without ΔCp the sag "
            f"is {bows[1]:.2f} cm⁻¹. One moving band is. Error bars would decide."
        ),
    )


def _gap_rounding(printed: PrintedNumbers) -> float:
    """Relative rounding of the distance of the two centres."""
    tight, loose = printed["tight_centre"], printed["loose_centre"]
    return (tight.rounding + loose.rounding) / (tight.value - loose.value)


def _slope_error(printed: PrintedNumbers) -> float:
    """Error of the slope of one Gaussian from the quoted errors, without correlation, cm⁻¹/K."""
    chosen = parameters(printed, with_heat_capacity=True)
    squares = 0.0
    for name, number in (
        ("dh_kj_mol", printed["dh"]),
        ("ds_j_mol_k", printed["ds"]),
        ("dcp_j_mol_k", printed["dcp"]),
    ):
        step = number.uncertainty or 0.0
        ends = []
        for sign in (1.0, -1.0):
            moved = replace(chosen, **{name: number.value + sign * step})
            found = two_state_prediction(moved).one_gaussian_slope
            assert found is not None  # seven temperatures
            ends.append(found.slope_cm1_per_k)
        squares += (0.5 * (ends[0] - ends[1])) ** 2
    return float(np.sqrt(squares))


def _slope_of_one_gaussian(printed: PrintedNumbers) -> Finding:
    row = printed.row("HKUST-1")
    chosen = parameters(printed, with_heat_capacity=True)

    def slope(width: float) -> float:
        wide = replace(chosen, fwhm_tight_cm1=width, fwhm_loose_cm1=width)
        found = two_state_prediction(wide).one_gaussian_slope
        assert found is not None  # seven temperatures
        return found.slope_cm1_per_k

    mean = two_state_prediction(chosen).mean_slope
    assert mean is not None  # seven temperatures
    assumed, target = slope(chosen.fwhm_tight_cm1), row.antisymmetric_cm1_per_k
    low, high = _WIDTHS_CM1
    if (slope(low) - target) * (slope(high) - target) < 0.0:
        width = float(brentq(lambda w: slope(w) - target, low, high, xtol=1e-4))
        words = f"A width of {width:.1f} cm⁻¹ gives the printed slope."
    else:
        words = f"No width between {low:g} and {high:g} cm⁻¹ gives the printed slope."
    return Finding(
        key="slope-of-one-gaussian",
        claim=f"X_a of HKUST-1 is {row.antisymmetric_text} cm⁻¹/K, from Gaussian fits",
        passage="Table 1; Results, paragraph after Figure 2",
        source=printed.source,
        recomputed_from=(
            "least-squares slope of the one Gaussian of two states, ΔCp included, both FWHM "
            f"{chosen.fwhm_tight_cm1:g} cm⁻¹ (assumed)"
        ),
        unit="cm-1/K",
        claimed=target,
        recomputed=assumed,
        disagreement=abs(assumed - target),
        allowance=Allowance(
            rounding=row.antisymmetric_rounding_cm1_per_k + abs(assumed) * _gap_rounding(printed),
            error=_slope_error(printed),
            reason="rounding of the slope and the centres; errors of ΔH, ΔS and ΔCp",
        ),
        verdict=Verdict.UNDECIDED,
        remark=(
            f"It depends on the width, which is not printed. {words} The mean of the populations, "
            f"whatever the width, has {mean.slope_cm1_per_k:.4f}."
        ),
    )


def _width_course(printed: PrintedNumbers) -> Finding:
    found = two_state_prediction(parameters(printed, with_heat_capacity=True))
    widths = found.one_gaussian_fwhm_cm1
    rise = float(min(widths.max() - widths[0], widths.max() - widths[-1]))
    wrong = max(0.0, -rise) if 0 < int(np.argmax(widths)) < len(widths) - 1 else float("inf")
    allowed = Allowance(rounding=0.0, error=0.0, reason="a maximum inside the range, or none")
    return Finding(
        key="width-course",
        claim="The width grows on heating, has a maximum, and falls again",
        passage="Figure 2C; Results, end of the paragraph after Figure 2",
        source=printed.source,
        recomputed_from=(
            "FWHM of the one Gaussian of two states (component FWHM 12 cm⁻¹ assumed): least rise "
            "from an end to the maximum; above 0 agrees"
        ),
        unit="cm-1",
        claimed=None,
        recomputed=rise,
        disagreement=wrong if np.isfinite(wrong) else float(np.ptp(widths)),
        allowance=allowed,
        verdict=Verdict.AGREES if wrong == 0.0 else Verdict.CONTRADICTS,
        remark=(
            f"{widths[0]:.1f}, {widths.max():.1f} and {widths[-1]:.1f} cm⁻¹ at the cold end, the "
            "maximum and the hot end. One band that only moves keeps its width: of all that is "
            "printed, this speaks most for two components."
        ),
    )


def _heat_capacity(printed: PrintedNumbers) -> Finding:
    number = printed["dcp"]
    null = moving_band_null(printed)
    others = [moving_band_null(printed, width).with_dcp for width in NULL_FWHM_RANGE_CM1]
    law = null.with_dcp
    missing = printed["ds"].value - law.ds_j_mol_k
    spread = [other.dcp_j_mol_k for other in others] + [law.dcp_j_mol_k]
    return Finding(
        key="null-chain",
        claim=(
            f"The far better fit with a ΔCp of {number.text} ± {number.uncertainty:g} J/mol/K "
            "supports two states"
        ),
        passage=number.passage,
        source=printed.source,
        recomputed_from=(
            "ΔCp of one band that moves in a straight line between the printed ends (FWHM "
            f"{null.fwhm_cm1:g} cm⁻¹ assumed, no noise), areas of two components at the printed "
            "centres, van't Hoff"
        ),
        unit=number.unit,
        claimed=number.value,
        recomputed=law.dcp_j_mol_k,
        disagreement=abs(law.dcp_j_mol_k - number.value),
        allowance=Allowance(
            rounding=max(spread) - min(spread),
            error=number.uncertainty or 0.0,
            reason="printed error; spread over widths of "
            + " to ".join(f"{width:g}" for width in NULL_FWHM_RANGE_CM1)
            + " cm⁻¹",
        ),
        verdict=Verdict.UNDECIDED,
        remark=(
            f"Without any equilibrium: ΔH {law.dh_kj_mol:.2f} kJ/mol, ΔS {law.ds_j_mol_k:.1f} and "
            f"ΔCp {law.dcp_j_mol_k:.0f} J/mol/K; ΔCp takes the rms of ln K from "
            f"{null.without_dcp.rms:.2f} to {law.rms:.3f}. So neither ΔH, nor ΔCp, nor the better "
            f"fit tells two states from one band. ΔS differs by {missing:.1f}. What a fit of "
            "both leaves over would tell; it is not printed."
        ),
    )


def _null_formula(printed: PrintedNumbers) -> Finding:
    number = printed["dcp"]
    dh, ds = printed["dh"], printed["ds"]
    t = kelvin(printed["reference_temperature"])
    value = linear_shift_null_dcp(dh.value, ds.value, t)
    half = linear_shift_null_dcp(dh.value, 1000.0 * dh.value / t, t)
    squares = 0.0
    for dh_step, ds_step in ((dh.uncertainty or 0.0, 0.0), (0.0, ds.uncertainty or 0.0)):
        up = linear_shift_null_dcp(dh.value + dh_step, ds.value + ds_step, t)
        down = linear_shift_null_dcp(dh.value - dh_step, ds.value - ds_step, t)
        squares += (0.5 * (up - down)) ** 2
    return Finding(
        key="null-formula",
        claim=f"ΔCp is {number.text} ± {number.uncertainty:g} J/mol/K, of two states",
        passage=number.passage,
        source=printed.source,
        recomputed_from=(
            "2ΔH/T - ΔH²(1-2f)/(RT²) at 298.15 K: curvature of ln K when the loose fraction is "
            "linear in T"
        ),
        unit=number.unit,
        claimed=number.value,
        recomputed=value,
        disagreement=abs(value - number.value),
        allowance=Allowance(
            rounding=0.0,
            error=float(np.sqrt(squares + (number.uncertainty or 0.0) ** 2)),
            reason="printed errors of ΔH, ΔS and ΔCp",
        ),
        verdict=Verdict.UNDECIDED,
        remark=(
            f"{value:.1f} J/mol/K at the f of ΔH and ΔS, {half:.1f} at f = ½. A ΔCp this close to "
            "them is no evidence for two states by itself."
        ),
    )


def _magnetic_bands(printed: PrintedNumbers) -> Finding:
    below, gone = printed["antiferromagnetic_below"], printed["bands_gone_above"]
    gap = abs(gone.value - below.value)
    allowed = Allowance(
        rounding=gone.rounding + below.rounding,
        error=0.0,
        reason="half a step between spectra",
    )
    return Finding(
        key="magnetic-bands",
        claim=f"Bands of the antiferromagnet are gone above {gone.text} K",
        passage=gone.passage,
        source=printed.source,
        recomputed_from=f"ordering below {below.text} K, as the same paragraph has it",
        unit="K",
        claimed=gone.value,
        recomputed=below.value,
        disagreement=gap,
        allowance=allowed,
        verdict=verdict_of(gap, allowed),
        remark="Spectra every 50 K cannot tell the two temperatures apart.",
    )
