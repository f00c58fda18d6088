"""The equilibrium constant of the paper on red-shifts, against its own ΔH, ΔS and ΔCp."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from reticulum.errors import CalculationError
from reticulum.reference.paper_claims import PrintedNumber, PrintedNumbers
from reticulum.report.paper_check_finding import (
    QUOTED_ERROR_FACTOR,
    Allowance,
    Finding,
    Verdict,
    allowance,
    verdict_of,
)
from reticulum.report.paper_check_numbers import compared
from reticulum.spectra.vant_hoff import ln_k_columns
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.two_state import (
    TwoStateParameters,
    ln_equilibrium_constant,
    published_parameters,
)
from reticulum.units import (
    GAS_CONSTANT_J_PER_MOL_K,
    REFERENCE_TEMPERATURE_K,
    ZERO_CELSIUS_K,
)

#: Range in which equal populations are looked for, K, and points of the first look.
_SEARCH_K = (100.0, 1000.0)
_SEARCH_POINTS = 181


def constant_findings(printed: PrintedNumbers) -> tuple[Finding, ...]:
    """Findings on the equilibrium constant [Andreeva2020]_.

    Parameters
    ----------
    printed
        What the paper prints.

    """
    return (
        *_log_k(printed),
        _direction_of_k(printed),
        _near_thermoneutral(printed),
        _polymers(printed),
    )


def parameters(printed: PrintedNumbers, *, with_heat_capacity: bool) -> TwoStateParameters:
    """Two states with the printed numbers; the width, which the paper does not print, is assumed.

    Parameters
    ----------
    printed
        What the paper prints.
    with_heat_capacity
        Use the printed ΔCp, else 0 with the same ΔH and ΔS.

    """
    return replace(
        published_parameters(),
        dh_kj_mol=printed["dh"].value,
        ds_j_mol_k=printed["ds"].value,
        dcp_j_mol_k=printed["dcp"].value if with_heat_capacity else 0.0,
        tight_cm1=printed["tight_centre"].value,
        loose_cm1=printed["loose_centre"].value,
    )


def kelvin(number: PrintedNumber) -> float:
    """Printed temperature in K."""
    return number.value + (ZERO_CELSIUS_K if number.unit == "degC" else 0.0)


def ln_k_parts(
    printed: PrintedNumbers, temperature_k: float, *, with_heat_capacity: bool
) -> list[tuple[float, PrintedNumber]]:
    """Derivatives of ln K by the printed ΔH, ΔS and ΔCp, with these numbers.

    Parameters
    ----------
    printed
        What the paper prints.
    temperature_k
        K.
    with_heat_capacity
        Whether ΔCp enters.

    """
    t, t0 = temperature_k, kelvin(printed["reference_temperature"])
    gas = GAS_CONSTANT_J_PER_MOL_K
    parts = [(-1000.0 / (gas * t), printed["dh"]), (1.0 / gas, printed["ds"])]
    if with_heat_capacity:
        parts.append(((t * math.log(t / t0) - (t - t0)) / (gas * t), printed["dcp"]))
    return parts


def ln_k_error(printed: PrintedNumbers, temperature_k: float, *, with_heat_capacity: bool) -> float:
    """Error of ln K from the quoted errors of ΔH, ΔS and ΔCp, without correlation."""
    parts = ln_k_parts(printed, temperature_k, with_heat_capacity=with_heat_capacity)
    return allowance("", parts).error


def ln_k_error_of_one_fit(
    printed: PrintedNumbers, temperature_k: float, *, with_heat_capacity: bool
) -> float:
    """Error of ln K from the quoted errors, with the correlation of a least-squares fit.

    The paper prints no correlation. Least squares at the seven temperatures of the spectra, all
    equally good, has one of 0.89 between ΔH and ΔS, and errors in the ratio of 0.2 kJ/mol to 0.63
    and 4.2 J/mol/K; the paper prints 0.2, 0.6 and 4.

    *Valid when* the printed errors are standard errors of such a fit.
    """
    design = ln_k_columns(slope_temperatures_k(), heat_capacity=True)
    covariance = np.linalg.inv(design.T @ design)
    sigma = np.sqrt(np.diag(covariance))
    quoted = [printed[name].uncertainty or 0.0 for name in ("dh", "ds", "dcp")]
    row = ln_k_columns([temperature_k], heat_capacity=True)[0] * quoted
    if not with_heat_capacity:
        row[2] = 0.0
    return math.sqrt(float(row @ (covariance / np.outer(sigma, sigma)) @ row))


def of_one_fit(disagreement: float, rounding: float, error: float) -> str:
    """Sentence on a disagreement with the allowance of correlated errors."""
    ratio = disagreement / (rounding + QUOTED_ERROR_FACTOR * error)
    return (
        f"With the correlation that errors of one fit have, the disagreement is {ratio:.1f} "
        "times what is allowed."
    )


def temperature_of_ln_k(chosen: TwoStateParameters, value: float) -> float | None:
    """Temperature nearest to room temperature at which ln K has a value, K; None if there is none.

    With ΔCp the law turns round far from the fitted range, so that a value may come twice.
    """
    t = np.linspace(*_SEARCH_K, _SEARCH_POINTS)
    above = ln_equilibrium_constant(chosen, t) > value
    crossings = np.flatnonzero(above[1:] != above[:-1])
    if crossings.size == 0:
        return None
    roots = [
        float(brentq(lambda x: first(ln_equilibrium_constant(chosen, [x])) - value, *t[k : k + 2]))
        for k in crossings
    ]
    return min(roots, key=lambda root: abs(root - REFERENCE_TEMPERATURE_K))


def equal_population_temperature_k(chosen: TwoStateParameters) -> float:
    """Temperature at which K = 1, K.

    Raises
    ------
    CalculationError
        If there is none between 100 and 1000 K.

    """
    found = temperature_of_ln_k(chosen, 0.0)
    if found is None:
        raise CalculationError(
            f"ΔH {chosen.dh_kj_mol:g} kJ/mol, ΔS {chosen.ds_j_mol_k:g} and ΔCp "
            f"{chosen.dcp_j_mol_k:g} J/mol/K give equal populations at no temperature.",
            why=f"ln K has no zero between {_SEARCH_K[0]:g} and {_SEARCH_K[1]:g} K.",
            fix="Check the numbers.",
        )
    return found


def first(curve: NDArray[np.float64]) -> float:
    """Only value of a curve at one temperature."""
    return float(curve[0])


def _log_k(printed: PrintedNumbers) -> tuple[Finding, ...]:
    number, t = printed["log_k"], kelvin(printed["reference_temperature"])
    chosen = parameters(printed, with_heat_capacity=True)
    ln_k = first(ln_equilibrium_constant(chosen, [t]))
    error = ln_k_error(printed, t, with_heat_capacity=True)
    correlated = ln_k_error_of_one_fit(printed, t, with_heat_capacity=True)
    reached = temperature_of_ln_k(chosen, number.value)
    reason = "one unit of the last digit for ~; errors of ΔH and ΔS"
    source = "-(ΔH - TΔS)/RT at 298.15 K, where ΔCp drops out"
    return (
        compared(
            number,
            ln_k / math.log(10.0),
            Allowance(rounding=number.rounding, error=error / math.log(10.0), reason=reason),
            key="log10-k",
            claim=f"log K is about {number.text} at room temperature (read as base 10)",
            recomputed_from=f"{source}, over ln 10",
            remark="Base 10 is what the molecular constants beside it are printed in.",
        ),
        compared(
            number,
            ln_k,
            Allowance(rounding=number.rounding, error=error, reason=reason),
            key="ln-k",
            claim=f"log K is about {number.text} at room temperature (read as natural)",
            recomputed_from=source,
            remark=(
                of_one_fit(abs(ln_k - number.value), number.rounding, correlated)
                + (
                    f" ln K of {number.text} is reached at {reached - ZERO_CELSIUS_K:.0f} °C."
                    if reached is not None
                    else ""
                )
                + " No spectrum of the 50 K grid is at room temperature."
            ),
        ),
    )


def _direction_of_k(printed: PrintedNumbers) -> Finding:
    log_k, low, high = printed["log_k"], printed["log_kf_low"], printed["log_kf_high"]
    log_kf = -log_k.value
    outside = max(0.0, low.value - log_kf, log_kf - high.value)
    allowed = Allowance(
        rounding=low.rounding + log_k.rounding,
        error=0.0,
        reason="one unit of the last digit of both",
    )
    return Finding(
        key="direction-of-k",
        claim=f"log K is like the log K_f of molecular complexes, {low.text} to {high.text}",
        passage=log_k.passage,
        source=printed.source,
        recomputed_from=(
            "log K_f = -log K: the Introduction has K_f as bound over unbound, Figure 4 has K as "
            "loose over tight"
        ),
        unit="1",
        claimed=low.value,
        recomputed=log_kf,
        disagreement=outside,
        allowance=allowed,
        verdict=verdict_of(outside, allowed),
        remark=(
            "In the same direction the framework is on the unbound side, the molecules on the "
            "bound one. Constants of 1:1 complexes in solution also have a unit, this K has none."
        ),
    )


def _near_thermoneutral(printed: PrintedNumbers) -> Finding:
    t = kelvin(printed["reference_temperature"])
    dg = printed["dh"].value - t * printed["ds"].value / 1000.0
    rt = GAS_CONSTANT_J_PER_MOL_K * t / 1000.0
    allowed = allowance("errors of ΔH and ΔS", [(1.0, printed["dh"]), (t / 1000.0, printed["ds"])])
    beyond = max(0.0, abs(dg) - rt)
    return Finding(
        key="thermoneutral",
        claim="The equilibrium is near thermoneutral",
        passage="Scheme 2, caption",
        source=printed.source,
        recomputed_from="|ΔG| at 298.15 K from ΔH and ΔS against RT; near: not above RT",
        unit="kJ/mol",
        claimed=rt,
        recomputed=abs(dg),
        disagreement=beyond,
        allowance=allowed,
        verdict=verdict_of(beyond, allowed),
        remark=f"ΔG is {dg:+.2f} kJ/mol: the loose state is already the more stable one.",
    )


def _polymers(printed: PrintedNumbers) -> Finding:
    number = printed["polymer_log_kf"]
    unbound = 1.0 / (1.0 + 10.0**number.value)
    return Finding(
        key="polymer-linkages",
        claim=f"A log K_f of {number.text} leaves a significant part of polymer linkages unbound",
        passage=number.passage,
        source=printed.source,
        recomputed_from="1/(1 + K_f), with K_f as bound over unbound, as defined there",
        unit="1",
        claimed=None,
        recomputed=unbound,
        disagreement=None,
        allowance=None,
        verdict=Verdict.UNDECIDED,
        remark=(
            f"As defined, {100 * unbound:.1f} % are unbound. Constants of association have a unit "
            "and the part then depends on the concentration, which is not given."
        ),
    )
