"""What a two-state fit is worth: every check of its ΔH, ΔS and ΔCp in one result."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import FreeAreasModel, TwoStateModel
from reticulum.spectra.centre_sensitivity import CentreSensitivity, centre_sensitivity
from reticulum.spectra.cycle_bootstrap import DEFAULT_SAMPLES, CycleBootstrap, cycle_bootstrap
from reticulum.spectra.extinction_ratio import (
    ExtinctionEffect,
    extinction_effect,
    two_state_law,
)
from reticulum.spectra.isosbestic import IsosbesticSpread, isosbestic_spread
from reticulum.spectra.leading_models import leading_law, leading_one_band
from reticulum.spectra.model_comparison import ModelOutcome
from reticulum.spectra.profile_likelihood import ProfileLikelihood, profile_likelihood
from reticulum.spectra.singular_values import SingularValues, least_noise, singular_values
from reticulum.spectra.two_step import TwoStepFit, two_step_fit
from reticulum.spectra.vant_hoff import known_covariance
from reticulum.spectra.variable_projection import SeriesFit, fit_series
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K

#: Parameters that are profiled; the mixing of line shapes is of no interest by itself.
PROFILED = ("dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k", "tight_cm1", "loose_cm1", "fwhm_cm1",
            "fwhm_tight_cm1", "fwhm_loose_cm1")  # fmt: skip

#: Rounds of profiles: another one whenever a lower minimum was found in the last.
_MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearShiftNull:
    """Heat capacity that one band with a linear shift would return, beside the fitted one.

    A fitted ΔCp near the null is no evidence for two states, and one off it is no proof: the null
    holds for a loose fraction linear in T at 298.15 K. Over a range where areas run out of 0 to 1 a
    moving band returns another number: 55 ± 9 J/mol/K against a null of 38 ± 6 for a band of FWHM
    14 cm⁻¹ that moved by 2 cm⁻¹/100 K (simulated, -100 to 200 °C, 1 % noise).

    Attributes
    ----------
    dcp_j_mol_k, error_j_mol_k
        ΔCp of the null at 298.15 K from the fitted ΔH and apparent ΔS, and its standard error from
        theirs, J/mol/K.
    fitted_j_mol_k, fitted_error_j_mol_k
        ΔCp of the fit, J/mol/K.
    difference_sigmas
        Fitted less null in standard errors of the difference, with all covariances.

    """

    dcp_j_mol_k: float
    error_j_mol_k: float
    fitted_j_mol_k: float
    fitted_error_j_mol_k: float
    difference_sigmas: float

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoStateEvidence:
    """Every check of a two-state fit.

    Attributes
    ----------
    curved, plain
        One-step fits of the law with ΔCp and of the same without.
    model
        Name of the law with ΔCp.
    bic_gain
        BIC of `plain` less that of `curved`: positive if ΔCp pays for itself.
    two_step
        The procedure of papers.
    profiles
        Profile likelihoods of `curved`.
    bootstrap
        Refits of `curved` to resampled cycles.
    singular
        Rank of the series.
    isosbestic
        How well the spectra cross, beside the best law of one moving band.
    centres
        What other centres would have given.
    null
        ΔCp of one band with a linear shift.
    extinction
        What the extinction ratio does to ΔS.
    notes
        What happened on the way.

    """

    curved: SeriesFit
    plain: SeriesFit
    model: str
    bic_gain: float
    two_step: TwoStepFit
    profiles: tuple[ProfileLikelihood, ...]
    bootstrap: CycleBootstrap
    singular: SingularValues
    isosbestic: IsosbesticSpread
    centres: CentreSensitivity
    null: LinearShiftNull
    extinction: ExtinctionEffect
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        laws = {"with_heat_capacity": self.curved, "without_heat_capacity": self.plain}
        return {
            "model": self.model,
            "one_step": {
                name: {"parameters": fit.parameters, "standard_errors": fit.errors}
                for name, fit in laws.items()
            },
            "bic_gain_of_heat_capacity": self.bic_gain,
            "two_step": self.two_step.to_dict(),
            "profiles": [profile.to_dict() for profile in self.profiles],
            "cycle_bootstrap": self.bootstrap.to_dict(),
            "singular_values": self.singular.to_dict(),
            "isosbestic": self.isosbestic.to_dict(),
            "centre_sensitivity": self.centres.to_dict(),
            "linear_shift_null": self.null.to_dict(),
            "extinction_ratio": self.extinction.to_dict(),
            "notes": list(self.notes),
        }


def two_state_evidence(
    data: BandData,
    outcomes: Sequence[ModelOutcome],
    *,
    baseline_order: int,
    extinction_ratio: float = 1.0,
    extinction_factor: float | None = None,
    bootstrap_samples: int = DEFAULT_SAMPLES,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> TwoStateEvidence | None:
    """Check the best two-state law with a heat capacity in every way.

    Parameters
    ----------
    data
        The band.
    outcomes
        Every model that was fitted to it, with the same baseline and extinction ratio.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.
    extinction_ratio
        Integrated extinction r of loose over tight.
    extinction_factor
        Factor g to which r is known, above 1: ln r is normal with the standard deviation ln g.
    bootstrap_samples, seed, progress
        As for `cycle_bootstrap`.

    Returns
    -------
    TwoStateEvidence or None
        None if no two-state law with ΔCp is among the outcomes.

    Raises
    ------
    InputError
        If the factor is not above 1, or the outcomes were fitted with another baseline or
        extinction ratio.

    """
    chosen = leading_law(outcomes, heat_capacity=True)
    if chosen is None or chosen.fit is None:
        return None
    model = chosen.fit.model
    assert isinstance(model, TwoStateModel)
    _check(chosen.fit, model, baseline_order, extinction_ratio)
    extinction_effect(chosen.fit, extinction_factor)  # refuses a bad factor before the long work
    curved, profiles, notes = _profiled(data, chosen.fit)
    plain = _without_heat_capacity(data, outcomes, curved, model)
    rival = leading_one_band(outcomes)
    one_band = None if rival is None else rival.fit
    fits = [curved] if one_band is None else [curved, one_band]
    return TwoStateEvidence(
        curved=curved,
        plain=plain,
        model=model.name,
        bic_gain=plain.bic - curved.bic,
        two_step=two_step_fit(
            data,
            FreeAreasModel(shape=model.shape, equal_widths=model.equal_widths),
            curved.parameters,
            baseline_order=baseline_order,
            extinction_ratio=extinction_ratio,
        ),
        profiles=profiles,
        bootstrap=cycle_bootstrap(data, curved, bootstrap_samples, seed, progress),
        singular=singular_values(
            data, baseline_order=baseline_order, noise=least_noise(data, fits)
        ),
        isosbestic=isosbestic_spread(data, curved, one_band),
        centres=centre_sensitivity(data, curved),
        null=linear_shift_null(curved),
        extinction=extinction_effect(curved, extinction_factor),
        notes=notes,
    )


def linear_shift_null(fit: SeriesFit) -> LinearShiftNull:
    """Heat capacity of the linear-shift null with its error, at 298.15 K.

    A single band with a linear shift, forced into two fixed components, has areas whose loose part
    is linear in T, and so ΔCp = 2ΔH/T - ΔH²(1 - 2f)/(RT²); the formula is derived in
    `reticulum.thermal.linear_shift_null.linear_shift_null_dcp`. The areas know ΔS + R ln r
    only, so that this apparent ΔS enters.

    Parameters
    ----------
    fit
        Fit of a `TwoStateModel` with ΔCp.

    Raises
    ------
    InputError
        If the model is another one.

    """
    model, named = two_state_law(fit)
    if not model.heat_capacity:
        raise InputError(
            f"{model.name} has no ΔCp to compare with the null.",
            why="The null is a statement about a fitted ΔCp.",
            fix="Give the fit of a law with ΔCp.",
        )
    t, gas = REFERENCE_TEMPERATURE_K, GAS_CONSTANT_J_PER_MOL_K
    dh = 1000.0 * named["dh_kj_mol"]
    ds = named["ds_j_mol_k"] + gas * math.log(model.extinction_ratio)
    one_minus_2f = -math.tanh(0.5 * (ds - dh / t) / gas)
    # d(1 - 2f)/d ln K = -(1 - (1 - 2f)²)/2
    by_ln_k = 0.5 * dh**2 / (gas * t**2) * (1.0 - one_minus_2f**2)
    by_dh = 2.0 / t - 2.0 * dh * one_minus_2f / (gas * t**2) - by_ln_k / (gas * t)
    gradient = np.array([1000.0 * by_dh, by_ln_k / gas, 0.0])
    value = 2.0 * dh / t - dh**2 * one_minus_2f / (gas * t**2)
    thermal = known_covariance(fit)[-3:, -3:]
    apart = np.array([0.0, 0.0, 1.0]) - gradient
    error = math.sqrt(float(apart @ thermal @ apart))
    fitted = named["dcp_j_mol_k"]
    return LinearShiftNull(
        dcp_j_mol_k=value,
        error_j_mol_k=math.sqrt(float(gradient @ thermal @ gradient)),
        fitted_j_mol_k=fitted,
        fitted_error_j_mol_k=fit.errors["dcp_j_mol_k"],
        difference_sigmas=(fitted - value) / error if error > 0.0 else math.nan,
    )


def _check(
    fit: SeriesFit, model: TwoStateModel, baseline_order: int, extinction_ratio: float
) -> None:
    if (fit.baseline_order, model.extinction_ratio) != (baseline_order, extinction_ratio):
        raise InputError(
            f"The models were fitted with baselines of order {fit.baseline_order} and the "
            f"extinction ratio {model.extinction_ratio:g}, not {baseline_order} and "
            f"{extinction_ratio:g}.",
            why="Checks of a fit have to make the same assumptions.",
            fix="Compare the models again with the same settings.",
        )


def _profiled(
    data: BandData, fit: SeriesFit
) -> tuple[SeriesFit, tuple[ProfileLikelihood, ...], tuple[str, ...]]:
    """Best fit, its profiles, and what happened: a profile may find a lower minimum."""
    notes: tuple[str, ...] = ()
    names = [name for name in PROFILED if name in fit.model.parameters]
    for _ in range(_MOST_ROUNDS):
        profiles = tuple(profile_likelihood(data, fit, name) for name in names)
        best = min(profiles, key=lambda profile: profile.fit.sum_of_squares).fit
        if best.sum_of_squares >= fit.sum_of_squares:
            break
        gain = fit.n_points * math.log(fit.sum_of_squares / best.sum_of_squares)
        notes = (
            "A profile found a lower minimum than the comparison of models: twice the "
            f"log-likelihood rose by {gain:.2g}.",
        )
        fit = best
    return fit, profiles, notes


def _without_heat_capacity(
    data: BandData, outcomes: Sequence[ModelOutcome], curved: SeriesFit, model: TwoStateModel
) -> SeriesFit:
    """Fit of the same law without ΔCp: from the outcomes, or from the curved one."""
    sibling = replace(model, heat_capacity=False)
    known = [o.fit for o in outcomes if o.fit is not None and o.fit.model == sibling]
    fitted = fit_series(data, sibling, curved.parameters, baseline_order=curved.baseline_order)
    return min([*known, fitted], key=lambda fit: fit.sum_of_squares)
