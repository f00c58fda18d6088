"""Populations, widths and band positions of the paper on red-shifts, against its thermodynamics."""

from __future__ import annotations

import math
from dataclasses import replace

from scipy.optimize import brentq

from reticulum.reference.paper_claims import PrintedNumber, PrintedNumbers
from reticulum.report.paper_check_finding import (
    Allowance,
    Finding,
    Verdict,
    allowance,
    verdict_of,
)
from reticulum.report.paper_check_numbers import compared
from reticulum.report.paper_check_two_state import (
    equal_population_temperature_k,
    first,
    kelvin,
    ln_k_error,
    ln_k_error_of_one_fit,
    of_one_fit,
    parameters,
)
from reticulum.thermal.two_state import (
    TwoStateParameters,
    ln_equilibrium_constant,
    loose_fraction,
    one_gaussian,
    population_mean_cm1,
)
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, ZERO_CELSIUS_K


def position_findings(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Findings on populations, widths and band positions [Andreeva2020]_.

    Parameters
    ----------
    printed
        What the paper prints.

    """
    return (
        _equal_populations(printed, with_heat_capacity=False),
        _equal_populations(printed, with_heat_capacity=True),
        _equal_by_position(printed),
        _width_maximum(printed),
        _dominant_species(printed),
        _needed_fraction(printed, "cold", with_heat_capacity=True),
        _needed_fraction(printed, "hot", with_heat_capacity=True),
        _needed_fraction(printed, "cold", with_heat_capacity=False),
        _needed_fraction(printed, "hot", with_heat_capacity=False),
        _one_gaussian_at_cold_end(printed),
        _which_band(printed),
    )


def _equal(printed: PrintedNumbers, *, with_heat_capacity: bool) -> tuple[float, float, float]:
    """Temperature of K = 1, °C, its error from the quoted ones, and that of one fit, K."""
    chosen = parameters(printed, with_heat_capacity=with_heat_capacity)
    t = equal_population_temperature_k(chosen)
    t0 = kelvin(printed["reference_temperature"])
    dh = 1000.0 * chosen.dh_kj_mol + chosen.dcp_j_mol_k * (t - t0)
    per_ln_k = GAS_CONSTANT_J_PER_MOL_K * t**2 / dh
    errors = [
        error(printed, t, with_heat_capacity=with_heat_capacity) * per_ln_k
        for error in (ln_k_error, ln_k_error_of_one_fit)
    ]
    return t - ZERO_CELSIUS_K, errors[0], errors[1]


def _equal_populations(printed: PrintedNumbers, *, with_heat_capacity: bool) -> Finding:
    number = printed["equal_populations_at"]
    celsius, error, correlated = _equal(printed, with_heat_capacity=with_heat_capacity)
    chosen = parameters(printed, with_heat_capacity=with_heat_capacity)
    k = math.exp(first(ln_equilibrium_constant(chosen, [kelvin(number)])))
    name = f"ΔCp {printed['dcp'].text}" if with_heat_capacity else "ΔCp 0"
    return compared(
        number,
        celsius,
        Allowance(
            rounding=number.rounding,
            error=error,
            reason="half a step between spectra; errors of ΔH, ΔS"
            + (" and ΔCp" if with_heat_capacity else ""),
        ),
        key=f"equal-populations-{'dcp' if with_heat_capacity else 'no-dcp'}",
        claim=f"Populations are nearly equal around {number.text} °C",
        recomputed_from=(
            f"temperature of K = 1 with {name}" + ("" if with_heat_capacity else ": ΔH/ΔS")
        ),
        remark=(
            f"At {number.text} °C K is {k:.2f}, {100 * k / (1 + k):.0f} % loose. K is a ratio of "
            f"areas: with an extinction ratio loose/tight of {k:.2f} the populations would be "
            "equal there; the paper takes none. "
            + of_one_fit(abs(celsius - number.value), number.rounding, correlated)
        ),
    )


def _equal_by_position(printed: PrintedNumbers) -> Finding:
    number, cold, hot = (
        printed[key] for key in ("equal_populations_at", "antisymmetric_cold", "antisymmetric_hot")
    )
    tight, loose = printed["tight_centre"], printed["loose_centre"]
    span = printed["hot"].value - printed["cold"].value
    middle, drop = 0.5 * (tight.value + loose.value), cold.value - hot.value
    celsius = printed["cold"].value + span * (cold.value - middle) / drop
    return compared(
        number,
        celsius,
        allowance(
            "half a step between spectra; rounding of positions and centres",
            [
                (1.0, number),
                (span * (middle - hot.value) / drop**2, cold),
                (span * (cold.value - middle) / drop**2, hot),
                (0.5 * span / drop, tight),
                (0.5 * span / drop, loose),
            ],
        ),
        key="equal-populations-position",
        claim=f"Populations are nearly equal around {number.text} °C",
        recomputed_from=(
            f"where a straight line from {cold.text} to {hot.text} cm⁻¹ passes the middle of the "
            "two centres"
        ),
        remark=(
            "So the statement goes with the printed positions; neither goes with the printed ΔH "
            "and ΔS."
        ),
    )


def width_ratio_for_maximum(chosen: TwoStateParameters, temperature_k: float) -> float | None:
    """FWHM loose over tight that makes the one-Gaussian FWHM largest at a temperature.

    The tight width is held at its value in `chosen`, which the paper does not print. None if no
    ratio between ½ and 2 does it.
    """
    f = first(loose_fraction(chosen, [temperature_k]))
    step = 1e-3

    def slope(ratio: float) -> float:
        wide = replace(chosen, fwhm_loose_cm1=ratio * chosen.fwhm_tight_cm1)
        return one_gaussian(wide, f + step).fwhm_cm1 - one_gaussian(wide, f - step).fwhm_cm1

    low, high = (1.0, 2.0) if slope(1.0) < 0.0 else (0.5, 1.0)
    if slope(low) * slope(high) > 0.0:
        return None
    return float(brentq(slope, low, high))


def _width_maximum(printed: PrintedNumbers) -> Finding:
    number = printed["widest_at"]
    celsius, error, correlated = _equal(printed, with_heat_capacity=True)
    chosen = parameters(printed, with_heat_capacity=True)
    ratio = width_ratio_for_maximum(chosen, kelvin(number))
    return compared(
        number,
        celsius,
        Allowance(
            rounding=number.rounding,
            error=error,
            reason="half a step between spectra; errors of ΔH, ΔS and ΔCp",
        ),
        key="width-maximum",
        claim=f"The band is widest around {number.text} °C, where both species are equal",
        recomputed_from=(
            "temperature of K = 1 with ΔCp; components of equal width make the band widest there, "
            "whatever the width"
        ),
        remark=(
            "The paper expects the maximum where the mixture is equal. A maximum at "
            f"{number.text} °C takes a loose component "
            + (f"{ratio:.2f}" if ratio is not None else "less than ½ or more than 2")
            + " times as wide as the tight "
            f"one (tight {chosen.fwhm_tight_cm1:g} cm⁻¹, assumed). No width is printed. "
            + of_one_fit(abs(celsius - number.value), number.rounding, correlated)
        ),
    )


def _dominant_species(printed: PrintedNumbers) -> Finding:
    chosen = parameters(printed, with_heat_capacity=True)
    plain = parameters(printed, with_heat_capacity=False)
    t = [kelvin(printed["cold"]), kelvin(printed["hot"])]
    curved, flat = loose_fraction(chosen, t), loose_fraction(plain, t)
    return Finding(
        key="dominant-species",
        claim="One species dominates at either end of the temperatures",
        passage=printed["equal_populations_at"].passage,
        source=printed.source,
        recomputed_from="share of the tight state at -100 °C with ΔCp",
        unit="1",
        claimed=None,
        recomputed=float(1.0 - curved[0]),
        disagreement=None,
        allowance=None,
        verdict=Verdict.UNDECIDED,
        remark=(
            f"Tight:loose is {100 * (1 - curved[0]):.0f}:{100 * curved[0]:.0f} and "
            f"{100 * (1 - curved[1]):.0f}:{100 * curved[1]:.0f} with ΔCp, "
            f"{100 * (1 - flat[0]):.0f}:{100 * flat[0]:.0f} and "
            f"{100 * (1 - flat[1]):.0f}:{100 * flat[1]:.0f} without. Whether two thirds dominate "
            "is a matter of words."
        ),
    )


def needed_fraction(printed: PrintedNumbers, position: PrintedNumber) -> tuple[float, float]:
    """Loose fraction that puts the mean of the centres at a printed position, and its rounding."""
    tight, loose = printed["tight_centre"], printed["loose_centre"]
    gap = tight.value - loose.value
    fraction = (tight.value - position.value) / gap
    rounding = (
        position.rounding + abs(1.0 - fraction) * tight.rounding + abs(fraction) * loose.rounding
    ) / gap
    return fraction, rounding


def _needed_fraction(printed: PrintedNumbers, end: str, *, with_heat_capacity: bool) -> Finding:
    position = printed[f"antisymmetric_{end}"]
    t = kelvin(printed[end])
    needed, rounding = needed_fraction(printed, position)
    chosen = parameters(printed, with_heat_capacity=with_heat_capacity)
    given = first(loose_fraction(chosen, [t]))
    mean = first(population_mean_cm1(chosen, [t]))
    error = given * (1.0 - given) * ln_k_error(printed, t, with_heat_capacity=with_heat_capacity)
    allowed = Allowance(
        rounding=rounding,
        error=error,
        reason="rounding of position and centres; errors of ΔH, ΔS"
        + (" and ΔCp" if with_heat_capacity else ""),
    )
    disagreement = abs(given - needed)
    name = f"ΔCp {printed['dcp'].text}" if with_heat_capacity else "ΔCp 0 (same ΔH and ΔS)"
    return Finding(
        key=f"fraction-{end}-{'dcp' if with_heat_capacity else 'no-dcp'}",
        claim=(
            f"The band is at {position.text} cm⁻¹ at {printed[end].text} °C, read as the mean of "
            "its two components"
        ),
        passage=f"{position.passage}; {printed['tight_centre'].passage}",
        source=printed.source,
        recomputed_from=(
            f"loose fraction that this takes between {printed['tight_centre'].text} and "
            f"{printed['loose_centre'].text} cm⁻¹ (claimed), and that of ΔH, ΔS and {name}"
        ),
        unit="1",
        claimed=needed,
        recomputed=given,
        disagreement=disagreement,
        allowance=allowed,
        verdict=verdict_of(disagreement, allowed),
        remark=f"With that fraction the mean is at {mean:.2f} cm⁻¹ (printed {position.text}).",
    )


def _one_gaussian_at_cold_end(printed: PrintedNumbers) -> Finding:
    position, t = printed["antisymmetric_cold"], kelvin(printed["cold"])
    chosen = parameters(printed, with_heat_capacity=True)
    f = first(loose_fraction(chosen, [t]))
    centre = one_gaussian(chosen, f).centre_cm1
    hot = one_gaussian(chosen, first(loose_fraction(chosen, [kelvin(printed["hot"])])))
    plain = parameters(printed, with_heat_capacity=False)
    ends = [
        one_gaussian(plain, first(loose_fraction(plain, [kelvin(printed[end])]))).centre_cm1
        for end in ("cold", "hot")
    ]
    step = 1e-3
    by_fraction = (
        one_gaussian(chosen, f + step).centre_cm1 - one_gaussian(chosen, f - step).centre_cm1
    ) / (2.0 * step)
    error = abs(by_fraction) * f * (1.0 - f) * ln_k_error(printed, t, with_heat_capacity=True)
    return Finding(
        key="one-gaussian-cold",
        claim=f"The Gaussian fitted at {printed['cold'].text} °C is at {position.text} cm⁻¹",
        passage=position.passage,
        source=printed.source,
        recomputed_from=(
            "centre of the one Gaussian closest to both components, ΔCp included, both FWHM "
            f"{chosen.fwhm_tight_cm1:g} cm⁻¹ (assumed: the paper prints none)"
        ),
        unit="cm-1",
        claimed=position.value,
        recomputed=centre,
        disagreement=abs(centre - position.value),
        allowance=Allowance(
            rounding=position.rounding
            + max(printed["tight_centre"].rounding, printed["loose_centre"].rounding),
            error=error,
            reason="rounding of position and centres; errors of ΔH, ΔS and ΔCp",
        ),
        verdict=Verdict.UNDECIDED,
        remark=(
            "It depends on the widths. At the other end the same widths give "
            f"{hot.centre_cm1:.2f} (printed {printed['antisymmetric_hot'].text}). With ΔCp 0 the "
            f"ends are {ends[0]:.2f} and {ends[1]:.2f}: the printed positions are those of ΔCp 0."
        ),
    )


def _which_band(printed: PrintedNumbers) -> Finding:
    tight, loose = printed["tight_centre"], printed["loose_centre"]
    symmetric = (printed["symmetric_hot"], printed["symmetric_cold"])
    antisymmetric = (printed["antisymmetric_hot"], printed["antisymmetric_cold"])
    inside = all(loose.value <= number.value <= tight.value for number in antisymmetric)
    nearest = max(number.value for number in symmetric)
    outside = max(0.0, loose.value - nearest)
    allowed = Allowance(
        rounding=loose.rounding + symmetric[1].rounding, error=0.0, reason="rounding of both"
    )
    return Finding(
        key="which-band",
        claim=f"The components at {tight.text} and {loose.text} cm⁻¹ belong to the symmetric band",
        passage="Results, paragraph after Figure 3; captions of Figures 2 to 4 say the other band",
        source=printed.source,
        recomputed_from=(
            "a mixture lies between its components: highest printed position of the symmetric "
            "band against the lower component"
        ),
        unit="cm-1",
        claimed=loose.value,
        recomputed=nearest,
        disagreement=outside,
        allowance=allowed,
        verdict=verdict_of(outside, allowed),
        remark=(
            f"The positions {antisymmetric[1].text} to {antisymmetric[0].text} of the "
            f"antisymmetric band lie {'between' if inside else 'not between'} the components. The "
            "paragraph between Figures 1 and 2 announces the symmetric band, too."
        ),
    )
