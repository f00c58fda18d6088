"""Tables of `reticulum fit` on the two-state law: what its numbers are worth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from reticulum.cli.console import print_table
from reticulum.cli.fit_tables import print_text
from reticulum.spectra.parameter_names import digits_for, interval_words, symbol, value_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.spectra.centre_sensitivity import CentreSensitivity, ShiftedCentres
    from reticulum.spectra.cycle_bootstrap import CycleBootstrap
    from reticulum.spectra.isosbestic import IsosbesticSpread
    from reticulum.spectra.profile_likelihood import ProfileLikelihood
    from reticulum.spectra.singular_values import SingularValues
    from reticulum.spectra.two_state_evidence import TwoStateEvidence
    from reticulum.spectra.vant_hoff import VantHoffLaw

_THERMAL = ("dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k")

#: Singular values that are printed.
_SHOWN = 5


def print_evidence(found: TwoStateEvidence) -> None:
    """Print every check of a two-state law."""
    print_one_and_two_steps(found)
    print_intervals(found.profiles, found.bootstrap)
    print_rank(found.singular, found.isosbestic)
    print_centre_sensitivity(found.centres)
    null = found.null
    print_text(
        f"Null: one band with a linear shift, forced into these ΔH and ΔS, gives ΔCp "
        f"{value_words(null.dcp_j_mol_k, null.error_j_mol_k)} J/mol/K; fitted "
        f"{value_words(null.fitted_j_mol_k, null.fitted_error_j_mol_k)}, "
        f"{null.difference_sigmas:+.1f} standard errors off. A ΔCp near the null is no evidence "
        "for two states.",
        found.extinction.statement,
        *found.notes,
        "",
    )


def print_one_and_two_steps(found: TwoStateEvidence) -> None:
    """Print ΔH, ΔS and ΔCp of the one-step fits beside those of the two-step procedure."""
    rows: list[tuple[str, ...]] = []
    for fit, law in zip((found.plain, found.curved), found.two_step.laws, strict=True):
        rows.append(("with ΔCp:" if law.heat_capacity else "ΔCp 0 (assumed):", "", "", ""))
        for name in _THERMAL if law.heat_capacity else _THERMAL[:2]:
            label, unit = symbol(name)
            stated, joint = _errors(law, name)
            rows.append(
                (
                    f"  {label}, {unit}",
                    value_words(fit.parameters[name], fit.errors[name]),
                    value_words(getattr(law, name), stated),
                    f"± {joint:.{digits_for(joint)}f}" if math.isfinite(joint) else "-",
                )
            )
    print_table(
        f"{found.model}: one step beside two steps",
        ("fitted", "one step ", "two steps, as stated ", "joint error "),
        rows,
    )
    print_text(
        f"With ΔCp, BIC {'falls' if found.bic_gain > 0.0 else 'rises'} by "
        f"{abs(found.bic_gain):.0f}.",
        f"Warning: {found.two_step.warning}",
        "",
    )


def _errors(law: VantHoffLaw, name: str) -> tuple[float, float]:
    quantity, _, unit = name.partition("_")
    return (
        float(getattr(law, f"{quantity}_error_{unit}")),
        float(getattr(law, f"{quantity}_joint_error_{unit}")),
    )


def print_intervals(profiles: Sequence[ProfileLikelihood], bootstrap: CycleBootstrap) -> None:
    """Print standard errors beside the intervals of profiles and of resampled cycles."""
    resampled = {} if bootstrap.reason else bootstrap.intervals()
    rows = []
    for profile in profiles:
        label, unit = symbol(profile.parameter)
        rows.append(
            (
                f"{label.removesuffix(' centre')}, {unit}",
                value_words(profile.best, profile.standard_error),
                interval_words(profile.interval_95) if len(profile.values) > 1 else "-",
                interval_words(resampled[profile.parameter])
                if profile.parameter in resampled
                else "-",
            )
        )
    print_table(
        "Intervals of the two-state law",
        ("", "value ± s.e. ", "profile 95 % ", "cycles 95 % "),
        rows,
    )
    notes = dict.fromkeys(profile.note for profile in profiles if profile.note)
    print_text(*notes, f"Cycles: {bootstrap.summary}", "")


def print_rank(found: SingularValues, isosbestic: IsosbesticSpread) -> None:
    """Print singular values and the spread at the crossing."""
    shares = ", ".join(
        f"{100.0 * value / found.values[0]:.3g}" for value in found.values[:_SHOWN].tolist()
    )
    print_text(
        f"Singular values in % of the first: {shares}; noise alone reaches "
        f"{found.noise_edge_percent:.2g} %. {found.n_above_noise} stand above it (two states: 2)."
        + (" (Spectra were interpolated to one axis.)" if found.interpolated else ""),
        isosbestic.summary,
        "",
    )


def print_centre_sensitivity(found: CentreSensitivity) -> None:
    """Print how the law moves when the centres are held elsewhere."""
    print_table(
        f"The law with centres held {found.shift_cm1:g} cm⁻¹ off their best (kJ/mol, J/mol/K)",
        ("", "tight ", "loose ", "ΔH ", "ΔS ", "ΔCp ", "misfit, % "),
        [_case(case) for case in (found.best, *found.cases)],
    )


def _case(case: ShiftedCentres) -> tuple[str, ...]:
    return (
        case.name + ("" if case.converged else " (no minimum)"),
        f"{case.tight_cm1:.1f}",
        f"{case.loose_cm1:.1f}",
        f"{case.dh_kj_mol:.2f}",
        f"{case.ds_j_mol_k:.1f}",
        f"{case.dcp_j_mol_k:.1f}" if math.isfinite(case.dcp_j_mol_k) else "0 (assumed)",
        f"{case.misfit_percent:.2f}",
    )
