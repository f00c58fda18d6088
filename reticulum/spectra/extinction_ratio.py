"""Extinction ratio of the two states: what it does to ΔS, and that it does nothing else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from reticulum.errors import InputError
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.variable_projection import SeriesFit
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K


class ExtinctionTreatment(StrEnum):
    """What is known of the extinction ratio r of loose over tight."""

    FIXED = "fixed at 1"
    GIVEN = "given"
    MARGINALISED = "known to a factor"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtinctionEffect:
    """What the extinction ratio does to ΔS: all it can do.

    Attributes
    ----------
    treatment
        Whether r was set to 1, given, or given with an uncertainty.
    ratio
        The ratio r, loose over tight.
    factor
        Uncertainty g of r: ln r is normal with the standard deviation ln g; 1 if none was given.
    ds_j_mol_k
        ΔS with this r, J/mol/K.
    ds_apparent_j_mol_k
        ΔS + R ln r, what the spectra determine, J/mol/K.
    fit_error_j_mol_k
        Standard error of either from the fit, J/mol/K.
    ds_error_j_mol_k
        Standard error of ΔS with the uncertainty of r, √(fit² + (R ln g)²), J/mol/K.

    """

    treatment: ExtinctionTreatment
    ratio: float
    factor: float
    ds_j_mol_k: float
    ds_apparent_j_mol_k: float
    fit_error_j_mol_k: float
    ds_error_j_mol_k: float

    @property
    def statement(self) -> str:
        """ΔS in words."""
        if self.treatment is ExtinctionTreatment.FIXED:
            return (
                f"ΔS {self.ds_j_mol_k:.2f} ± {self.fit_error_j_mol_k:.2f} J/mol/K is ΔS + R ln r: "
                "the extinction ratio r (loose/tight) was set to 1 and no spectrum can tell it "
                f"(a factor of 2 is {GAS_CONSTANT_J_PER_MOL_K * math.log(2.0):.1f} J/mol/K)."
            )
        known = (
            f"given as {self.ratio:g}"
            if self.treatment is ExtinctionTreatment.GIVEN
            else f"{self.ratio:g} to a factor of {self.factor:g}"
        )
        return (
            f"ΔS {self.ds_j_mol_k:.2f} ± {self.ds_error_j_mol_k:.2f} J/mol/K with the extinction "
            f"ratio (loose/tight) {known}."
        )

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return found | {"treatment": self.treatment.value, "statement": self.statement}


def extinction_effect(fit: SeriesFit, factor: float | None = None) -> ExtinctionEffect:
    """What the extinction ratio of a fit does to its ΔS.

    With free overall areas another ratio r' gives the same fit with ΔS less by R ln(r'/r): ΔH and
    ΔCp, every other parameter and the misfit stay as they are. So the uncertainty of r adds to the
    variance of ΔS and to nothing else.

    Parameters
    ----------
    fit
        Fit of a `TwoStateModel`, with its extinction ratio.
    factor
        Factor to which the ratio is known.

    Raises
    ------
    InputError
        If the factor is not above 1, or the model is another one.

    """
    if factor is not None and not (math.isfinite(factor) and factor > 1.0):
        raise InputError(
            f"The extinction ratio is to be known to a factor of {factor}.",
            why="A factor of 1 is no uncertainty, and one below 1 is none either.",
            fix="Give 1.5 for a ratio known to ± 50 %, for instance.",
        )
    model, named = two_state_law(fit)
    ratio = model.extinction_ratio
    if factor is not None:
        treatment = ExtinctionTreatment.MARGINALISED
    elif ratio == 1.0:
        treatment = ExtinctionTreatment.FIXED
    else:
        treatment = ExtinctionTreatment.GIVEN
    g = 1.0 if factor is None else factor
    error = fit.errors["ds_j_mol_k"]
    return ExtinctionEffect(
        treatment=treatment,
        ratio=ratio,
        factor=g,
        ds_j_mol_k=named["ds_j_mol_k"],
        ds_apparent_j_mol_k=named["ds_j_mol_k"] + GAS_CONSTANT_J_PER_MOL_K * math.log(ratio),
        fit_error_j_mol_k=error,
        ds_error_j_mol_k=math.hypot(error, GAS_CONSTANT_J_PER_MOL_K * math.log(g)),
    )


def two_state_law(fit: SeriesFit) -> tuple[TwoStateModel, dict[str, float]]:
    """Model and parameters of the fit of a two-state law; anything else is refused."""
    if not isinstance(fit.model, TwoStateModel):
        raise InputError(
            f"{fit.model.name} has no ΔH and ΔS.",
            why="Only two-state laws have.",
            fix="Give the fit of a two-state law.",
        )
    return fit.model, fit.parameters
