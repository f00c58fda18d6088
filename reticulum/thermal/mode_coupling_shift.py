"""Shift of one tracked mode against temperature by terms: what cancels, and whether to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.phonons.modes import ModeTable
from reticulum.thermal.harmonic import bose_occupation
from reticulum.thermal.mode_coupling import (
    ResonanceShifts,
    Term,
    bubble_fractions,
    coupling_terms,
    high_temperature_slopes,
    pair_bubbles,
    resonance_shifts,
    thermal_shift_cm1,
)
from reticulum.thermal.mode_coupling_measure import MeasuredCouplings
from reticulum.thermal.mode_coupling_plan import TrackedSet
from reticulum.thermal.slopes import band_slope

#: Modes below this wavenumber are soft motions of linkers and clusters, which a straight-line
#: expansion does not describe, cm⁻¹: terms of ±0.3 cm⁻¹/K cancelled there in HKUST-1.
SOFT_LIMIT_CM1 = 100.0

#: Share of the soft modes in the sizes of all terms from which the expansion is not to be trusted.
LARGEST_SOFT_SHARE = 0.5

#: A set is a carboxylate stretch when this much of it is one.
_STRETCH_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedShift:
    """Shift of one tracked set against temperature, by terms.

    Parameters
    ----------
    tracked
        The set.
    measured
        Its couplings; with the second step, if there was one, in `checked`.
    temperatures_k
        (n_temperatures,), K.
    shifts_cm1
        (n_temperatures,) of each term, with the zero-point part, without resonances, cm⁻¹.
    set_slopes
        (n_sets,) slope that each coupled set gives, of each term, cm⁻¹/K.
    mixing_cm1_per_k
        Part of the bubble that comes from pairs of one carboxylate stretch and another mode: it
        mixes the modes of a band and hardly moves its centre.
    high_temperature_cm1_per_k
        Slope where all modes are classical.
    resonances
        What was left out.
    checked_cm1_per_k
        Slope by the second step length; None without one.

    """

    tracked: TrackedSet
    measured: MeasuredCouplings
    temperatures_k: NDArray[np.float64]
    shifts_cm1: dict[Term, NDArray[np.float64]]
    set_slopes: dict[Term, NDArray[np.float64]]
    mixing_cm1_per_k: float
    high_temperature_cm1_per_k: float
    resonances: ResonanceShifts
    checked_cm1_per_k: float | None

    @property
    def total_cm1(self) -> NDArray[np.float64]:
        """ν(T): harmonic wavenumber and all three terms, (n_temperatures,), cm⁻¹."""
        return np.asarray(
            self.measured.couplings.tracked_cm1 + sum(self.shifts_cm1.values(), np.zeros(1))
        )

    def slopes(self) -> dict[Term, float]:
        """Slope of each term, cm⁻¹/K."""
        return {
            term: band_slope(self.temperatures_k, shift).slope_cm1_per_k
            for term, shift in self.shifts_cm1.items()
        }

    @property
    def resonant_slope(self) -> float:
        """Slope that the resonances would add, each solved as two levels, cm⁻¹/K."""
        return band_slope(self.temperatures_k, self.resonances.two_levels_cm1).slope_cm1_per_k

    @property
    def resonant_slope_by_formula(self) -> float:
        """Slope that the resonances would add by second-order perturbation, cm⁻¹/K."""
        return band_slope(self.temperatures_k, self.resonances.second_order_cm1).slope_cm1_per_k

    @property
    def soft(self) -> NDArray[np.bool_]:
        """Which coupled sets are soft motions, (n_sets,)."""
        return np.asarray(self.measured.couplings.wavenumbers_cm1 < SOFT_LIMIT_CM1)

    @property
    def soft_share(self) -> float:
        """Share of the soft modes in the sizes of all terms, before they cancel."""
        sizes = np.sum([np.abs(values) for values in self.set_slopes.values()], axis=0)
        total = float(sizes.sum())
        return float(sizes[self.soft].sum()) / total if total > 0.0 else 0.0

    @property
    def soft_slope(self) -> float:
        """Slope that the soft modes give, all terms together, cm⁻¹/K."""
        return float(np.sum([values[self.soft].sum() for values in self.set_slopes.values()]))

    @property
    def cancellation(self) -> float:
        """Sizes of the terms of all sets over what is left of them."""
        sizes = float(np.sum([np.abs(values) for values in self.set_slopes.values()]))
        left = abs(float(np.sum(list(self.set_slopes.values()))))
        return sizes / left if left > 0.0 else float("inf")

    def step_error(self) -> tuple[float, str]:
        """Error of the slope by finite differences, cm⁻¹/K, and how it was found."""
        measured = self.measured
        growth = _occupation_slopes(measured.couplings.wavenumbers_cm1, self.temperatures_k)
        noise = 0.25 * float(
            np.sqrt(
                np.sum((growth * measured.quartic_noise_cm1) ** 2)
                + np.sum((growth * measured.relaxation_noise_cm1) ** 2)
            )
        )
        if self.checked_cm1_per_k is not None:
            change = abs(sum(self.slopes().values()) - self.checked_cm1_per_k)
            return float(np.hypot(noise, change)), "asymmetry of raw Hessians; second step length"
        size = sum(abs(value) for value in self.slopes().values())
        return (
            float(np.hypot(noise, measured.response_mismatch * size)),
            "asymmetry of raw Hessians; φ_iik from Hessians against forces",
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        soft = {
            term.value: float(values[self.soft].sum()) for term, values in self.set_slopes.items()
        }
        return {
            "band": self.tracked.band.value,
            "set": self.tracked.number + 1,
            "share_of_band": self.tracked.weight,
            "wavenumber_cm1": self.measured.couplings.tracked_cm1,
            "step_a": self.measured.step_a,
            "step_q": self.measured.step_q,
            "operations_left": len(self.tracked.mode.kept),
            "slopes_cm1_per_k": {term.value: value for term, value in self.slopes().items()},
            "slope_cm1_per_k": sum(self.slopes().values()),
            "slopes_of_modes_below_100_cm1": soft,
            "share_of_modes_below_100_cm1": self.soft_share,
            "band_mixing_within_bubble_cm1_per_k": self.mixing_cm1_per_k,
            "terms_over_what_is_left": self.cancellation if self.cancellation < np.inf else None,
            "high_temperature_slope_cm1_per_k": self.high_temperature_cm1_per_k,
            "classical_artefact_cm1_per_k": self.high_temperature_cm1_per_k
            - sum(self.slopes().values()),
            "zero_point_and_thermal_shift_cm1": {
                term.value: values.tolist() for term, values in self.shifts_cm1.items()
            },
            "resonances": {
                "number": self.resonances.n_resonances,
                "slope_by_formula_cm1_per_k": self.resonant_slope_by_formula,
                "slope_by_two_levels_cm1_per_k": self.resonant_slope,
                "strongest_cm1": [list(entry) for entry in self.resonances.strongest[:10]],
            },
            "phi_iik_mismatch": self.measured.response_mismatch,
        }


def tracked_shift(
    table: ModeTable,
    tracked: TrackedSet,
    measured: MeasuredCouplings,
    temperatures_k: NDArray[np.float64],
    checked: MeasuredCouplings | None = None,
) -> TrackedShift:
    """Shift of one tracked set from its couplings.

    Parameters
    ----------
    table
        The modes.
    tracked
        The set.
    measured
        Its couplings.
    temperatures_k
        (n_temperatures,), K.
    checked
        Couplings by a second step length.

    """
    couplings = measured.couplings
    fractions = bubble_fractions(couplings, float(temperatures_k.max()))
    terms = coupling_terms(couplings, fractions)
    growth = _occupation_slopes(couplings.wavenumbers_cm1, temperatures_k)
    stretch = np.zeros(table.labels.n_sets, dtype=bool)
    for fraction in (table.antisymmetric, table.symmetric):
        stretch |= fraction >= _STRETCH_SHARE
    is_stretch = stretch[measured.sets]
    pairs = pair_bubbles(couplings, fractions)
    mixing = np.where(is_stretch[:, None] ^ is_stretch[None, :], pairs, 0.0).sum(axis=1)
    total = np.sum(list(terms.values()), axis=0)
    second_slope = None
    if checked is not None:
        # The denominators are the same, so the same resonances are left out.
        other = coupling_terms(checked.couplings, fractions)
        second_slope = float(np.sum(list(other.values()), axis=0) @ growth)
    return TrackedShift(
        tracked=tracked,
        measured=measured,
        temperatures_k=temperatures_k,
        shifts_cm1={
            term: thermal_shift_cm1(couplings, x, temperatures_k) for term, x in terms.items()
        },
        set_slopes={term: x * growth for term, x in terms.items()},
        mixing_cm1_per_k=float(mixing @ growth),
        high_temperature_cm1_per_k=float(high_temperature_slopes(couplings, total).sum()),
        resonances=resonance_shifts(couplings, fractions, temperatures_k),
        checked_cm1_per_k=second_slope,
    )


def distrust(shift: TrackedShift) -> str:
    """Why the expansion is not to be trusted for one tracked set; empty if nothing speaks against.

    Parameters
    ----------
    shift
        Its shift.

    """
    if shift.soft_share <= LARGEST_SOFT_SHARE:
        return ""
    soft = ", ".join(
        f"{term.value} {float(values[shift.soft].sum()):+.3f}"
        for term, values in shift.set_slopes.items()
    )
    return (
        f"Modes below {SOFT_LIMIT_CM1:g} cm⁻¹ carry {shift.soft_share:.0%} of the terms of the "
        f"{shift.tracked.band.value} band ({soft} cm⁻¹/K): moved in straight lines they stretch "
        f"stiff bonds, and the terms of all modes are {shift.cancellation:.0f} times as large as "
        "what is left of them. The adiabatic route avoids this."
    )


def terms_sentence(shift: TrackedShift) -> str:
    """The slope of one tracked set with all its terms, in words (never one term alone)."""
    slopes = shift.slopes()
    parts = ", ".join(f"{term.value} {value:+.4f}" for term, value in slopes.items())
    left = shift.resonances.n_resonances
    kept_out = ""
    if left:
        noun = "resonance" if left == 1 else "resonances"
        kept_out = f"; {left} {noun} kept out ({shift.resonant_slope:+.4f} as two levels each)"
    return (
        f"{shift.tracked.band.value} {shift.measured.couplings.tracked_cm1:.1f} cm⁻¹: "
        f"{sum(slopes.values()):+.4f} cm⁻¹/K = {parts}{kept_out}"
    )


def _occupation_slopes(
    wavenumbers_cm1: NDArray[np.float64], temperatures_k: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Least-squares slope of the Bose occupation of each mode, (n_sets,), 1/K."""
    return np.array(
        [
            band_slope(temperatures_k, bose_occupation(float(w), temperatures_k)).slope_cm1_per_k
            for w in wavenumbers_cm1
        ]
    )
