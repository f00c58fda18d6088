"""What a two-state equilibrium does to a band: populations, one fitted Gaussian, and the null.

Run: python examples/two_state_bands.py
"""

from __future__ import annotations

from reticulum.thermal.linear_shift_null import linear_shift_null_dcp
from reticulum.thermal.two_state import (
    published_parameters,
    two_state_prediction,
)
from reticulum.units import ZERO_CELSIUS_K


def main() -> None:
    parameters = published_parameters(with_heat_capacity=True)
    result = two_state_prediction(parameters)
    print(" T/°C   ln K   loose   mean     one Gaussian   FWHM")
    for row in zip(
        result.temperatures_k - ZERO_CELSIUS_K,
        result.ln_k,
        result.loose_fraction,
        result.mean_cm1,
        result.one_gaussian_cm1,
        result.one_gaussian_fwhm_cm1,
        strict=True,
    ):
        print("{:5.0f} {:7.4f} {:6.3f} {:9.3f} {:9.3f} {:11.2f}".format(*row))
    null = linear_shift_null_dcp(parameters.dh_kj_mol, parameters.ds_j_mol_k)
    print(f"published ΔCp {parameters.dcp_j_mol_k:.0f} J/mol/K; a linear shift alone: {null:.0f}")


if __name__ == "__main__":
    main()
