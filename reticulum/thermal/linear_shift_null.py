"""What a van't Hoff analysis returns for one band that only moves: the linear-shift null."""

from __future__ import annotations

import math

from reticulum.errors import InputError
from reticulum.thermal.slopes import checked_temperatures_k
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K


def linear_shift_null_dcp(
    dh_kj_mol: float,
    ds_j_mol_k: float,
    temperature_k: float = REFERENCE_TEMPERATURE_K,
) -> float:
    """Heat capacity that a single band with a linear shift would give, J/mol/K.

    A single band whose centre moves linearly with temperature, forced into two components with
    fixed centres, has an apparent loose fraction linear in T. Then d ln K/dT = ΔH/RT² and
    d² ln K/dT² = -(ΔH/RT²)²(1 - 2f), so that the van't Hoff plot is curved as if

    ΔCp = 2 ΔH/T - ΔH² (1 - 2f)/(R T²).

    A ΔCp close to this number is therefore no evidence for two states: a better fit with ΔCp is
    what one moving band would give as well. For the published ΔH and ΔS of HKUST-1 it is 40 (f = ½)
    to 46 J/mol/K at 298 K; the published ΔCp is 37 ± 4 [Andreeva2020].

    Parameters
    ----------
    dh_kj_mol, ds_j_mol_k
        Apparent ΔH (kJ/mol) and ΔS (J/mol/K) at the temperature.
    temperature_k
        Temperature, K.

    Raises
    ------
    InputError
        If the temperature is not above 0 K or a parameter is not finite.

    """
    t = float(checked_temperatures_k(temperature_k)[0])
    if not (math.isfinite(dh_kj_mol) and math.isfinite(ds_j_mol_k)):
        raise InputError(
            f"ΔH = {dh_kj_mol} kJ/mol and ΔS = {ds_j_mol_k} J/mol/K must be finite numbers."
        )
    dh = 1000.0 * dh_kj_mol
    ln_k = -(dh - t * ds_j_mol_k) / (GAS_CONSTANT_J_PER_MOL_K * t)
    one_minus_2f = -math.tanh(0.5 * ln_k)
    return 2.0 * dh / t - dh**2 * one_minus_2f / (GAS_CONSTANT_J_PER_MOL_K * t**2)
