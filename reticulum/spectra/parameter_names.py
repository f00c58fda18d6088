"""Parameters of band models as symbols with units, and their intervals in words."""

from __future__ import annotations

import math

#: Symbol and unit of each parameter.
SYMBOLS = {
    "tight_cm1": ("tight centre", "cm⁻¹"),
    "loose_cm1": ("loose centre", "cm⁻¹"),
    "fwhm_cm1": ("FWHM", "cm⁻¹"),
    "fwhm_tight_cm1": ("FWHM tight", "cm⁻¹"),
    "fwhm_loose_cm1": ("FWHM loose", "cm⁻¹"),
    "dh_kj_mol": ("ΔH", "kJ/mol"),
    "ds_j_mol_k": ("ΔS", "J/mol/K"),
    "dcp_j_mol_k": ("ΔCp", "J/mol/K"),
    "origin_cm1": ("band without hot mode", "cm⁻¹"),
    "shift_per_quantum_cm1": ("shift per quantum", "cm⁻¹"),
    "mode_cm1": ("slow mode", "cm⁻¹"),
    "eta": ("Lorentzian part η", ""),
}


def symbol(parameter: str) -> tuple[str, str]:
    """Return symbol and unit of a parameter; its own name and no unit if it has none."""
    kind, _, order = parameter.rpartition("_")
    if kind in ("centre", "fwhm") and order.isdigit():
        name = "centre" if kind == "centre" else "FWHM"
        at = {"0": "at 298 K", "1": "slope", "2": "curvature"}.get(order, f"order {order}")
        per = "" if order == "0" else "/(100 K)" if order == "1" else f"/(100 K)^{order}"
        return f"{name} {at}", f"cm⁻¹{per}"
    return SYMBOLS.get(parameter, (parameter, ""))


def digits_for(uncertainty: float) -> int:
    """Return the decimals that show two digits of an uncertainty, from 0 to 8."""
    if not (math.isfinite(uncertainty) and uncertainty > 0.0):
        return 4
    return min(max(1 - math.floor(math.log10(uncertainty)), 0), 8)


def value_words(value: float, error: float) -> str:
    """Value with its standard error, two digits of it; no error is said in words."""
    if not math.isfinite(value):
        return "-"
    if not math.isfinite(error) or error <= 0.0:
        return f"{value:.6g} (no error)"
    digits = digits_for(error)
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def interval_words(interval: tuple[float | None, float | None]) -> str:
    """Interval with two digits of its width; an open end is said in words."""
    low, high = interval
    if low is None and high is None:
        return "no bound"
    if low is None or high is None:
        bound = low if low is not None else high
        return f"{'above' if low is not None else 'below'} {bound:.5g}, else no bound"
    digits = digits_for(high - low)
    return f"{low:.{digits}f} to {high:.{digits}f}"
