"""The answer to the question whether a structure has a loose state, in the form of a mechanism."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from reticulum.reference.tables import load_two_state_parameters
from reticulum.thermal.loose_curve import CandidateVerdict, LooseCurve
from reticulum.thermal.loose_thermodynamics import (
    LoosePrediction,
    LooseThermodynamics,
    loose_prediction,
)
from reticulum.thermal.mechanism import ErrorKind, MechanismResult, Part, SlopeError
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K

#: What a prediction from a loose state takes for granted.
_ASSUMPTIONS = (
    "Each carboxylate is tight or loose independently of its neighbours.",
    "Both states vibrate harmonically at Gamma; the cell is fixed; bonds are elongated in one "
    "primitive cell and so in all of its images.",
    "The widths of both components are the published ones and do not enter the population mean.",
)

#: Exponents above this overflow.
_LARGEST_EXPONENT = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveBound:
    """What a curve without a second minimum says of a loose state on it.

    Parameters
    ----------
    bonds
        Which bonds.
    farthest_elongation_a, farthest_energy_kj_mol, farthest_slope_kj_mol_a
        End of the curve: elongation (Å), energy per carboxylate (kJ/mol), slope (kJ/mol/Å).
    published_dh_kj_mol
        Published ΔH of HKUST-1, kJ/mol.
    elongation_at_published_dh_a
        Elongation at which the curve reaches it, Å; NaN if it never does.
    fall_needed_kj_mol
        How far below the end of the curve a loose state of the published ΔH would lie, kJ/mol.
    entropy_needed_j_mol_k
        ΔS that would make the end of the curve as populated as the start at 298.15 K, J/mol/K.
    product_of_ratios_needed
        Product of ω_t/ω_l for each carboxylate that this takes classically.

    """

    bonds: str
    farthest_elongation_a: float
    farthest_energy_kj_mol: float
    farthest_slope_kj_mol_a: float
    published_dh_kj_mol: float
    elongation_at_published_dh_a: float
    fall_needed_kj_mol: float
    entropy_needed_j_mol_k: float
    product_of_ratios_needed: float

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseStateResult:
    """Energy curves of elongated metal-oxygen bonds and the loose state, if there is one.

    Parameters
    ----------
    label
        Name of the structure.
    calculator
        Name of the calculator.
    curves
        One for each inequivalent set of bonds.
    energy_error_kj_mol
        Error of energy differences that is assumed, kJ/mol per carboxylate.
    thermodynamics
        Of the lowest loose state; None if there is none or its phonons were not computed.
    start_is_minimum
        Whether the structure that was searched has no imaginary mode.
    start_changed
        Sentence on bonds that the relaxation before the search opened or closed; empty if none.

    """

    label: str
    calculator: str
    curves: tuple[LooseCurve, ...]
    energy_error_kj_mol: float
    thermodynamics: LooseThermodynamics | None
    start_is_minimum: bool
    start_changed: str = ""

    @property
    def has_loose_state(self) -> bool:
        """Whether a second minimum was found."""
        return any(curve.loose for curve in self.curves)

    @property
    def n_calls(self) -> int:
        """Force calculations of the search and of the loose state's phonons."""
        phonons = 0 if self.thermodynamics is None else self.thermodynamics.n_calls
        return sum(curve.total_calls for curve in self.curves) + phonons

    @property
    def verdict(self) -> str:
        """The answer in one or two sentences."""
        if self.has_loose_state:
            curve, best = min(
                ((curve, curve.loose[0]) for curve in self.curves if curve.loose),
                key=lambda pair: pair[1].energy_kj_mol,
            )
            lengths = ", ".join(f"{length:.2f}" for length in best.lengths_a)
            sentence = (
                f"{self.label} has a second minimum with {self.calculator} ({curve.label}): "
                f"{best.energy_kj_mol:+.1f} kJ/mol per carboxylate, bonds of {lengths} Å against "
                f"{curve.distances_a[0]:.2f} Å, longest elongation "
                f"{best.longest_elongation_a:.2f} Å."
            )
            if best.energy_kj_mol < 0.0:
                sentence += " It lies below the start, which is then the less stable structure."
            if self.thermodynamics is not None and self.thermodynamics.n_imaginary_loose:
                sentence += (
                    f" {self.thermodynamics.n_imaginary_loose} modes are imaginary there: it is a "
                    "minimum only within the symmetry that the elongation keeps."
                )
            return sentence
        open_ends = [curve.label for curve in self.curves if not curve.decided]
        if open_ends:
            return (
                f"No second minimum of {self.label} was found with {self.calculator}, but the "
                f"search is not complete for: {'; '.join(open_ends)}."
            )
        ends = "; ".join(
            f"{curve.label}: {curve.energies_kj_mol[-1]:.0f} kJ/mol per carboxylate at "
            f"{curve.distances_a[-1] - curve.distances_a[0]:+.2f} Å"
            for curve in self.curves
        )
        return (
            f"{self.label} has no loose state with {self.calculator} within the searched range: "
            f"the energy rises without a second minimum ({ends})."
        )

    def bounds(self) -> tuple[CurveBound, ...]:
        """What the curves without a second minimum leave open."""
        published = load_two_state_parameters().dh.value
        bounds = []
        for curve in self.curves:
            if curve.loose:
                continue
            end = float(curve.energies_kj_mol[-1])
            needed = 1000.0 * end / REFERENCE_TEMPERATURE_K
            bounds.append(
                CurveBound(
                    bonds=curve.label,
                    farthest_elongation_a=float(curve.distances_a[-1] - curve.distances_a[0]),
                    farthest_energy_kj_mol=end,
                    farthest_slope_kj_mol_a=float(curve.slopes_kj_mol_a[-1]),
                    published_dh_kj_mol=published,
                    elongation_at_published_dh_a=curve.elongation_at(published),
                    fall_needed_kj_mol=end - published,
                    entropy_needed_j_mol_k=needed,
                    product_of_ratios_needed=math.exp(
                        min(needed / GAS_CONSTANT_J_PER_MOL_K, _LARGEST_EXPONENT)
                    ),
                )
            )
        return tuple(bounds)

    def prediction(self, *, antisymmetric: bool) -> LoosePrediction | None:
        """Two-state prediction of one band; None without a loose state and its phonons."""
        if self.thermodynamics is None:
            return None
        return loose_prediction(self.thermodynamics, antisymmetric=antisymmetric)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is doubtful, in sentences."""
        sentences = [note for curve in self.curves for note in curve.notes]
        if self.start_changed:
            sentences.append(
                f"{self.start_changed} The search starts from that structure, which may be a loose "
                "one already."
            )
        if self.thermodynamics is not None and self.thermodynamics.n_imaginary_loose:
            sentences.append(
                f"The loose structure has {self.thermodynamics.n_imaginary_loose} imaginary modes, "
                "which are held in both states."
            )
        if any(
            candidate.verdict is CandidateVerdict.LOOSE and candidate.energy_kj_mol < 0.0
            for curve in self.curves
            for candidate in curve.candidates
        ):
            sentences.append(
                "A structure with longer bonds lies below the start: the populations are those of "
                "a start that is not the ground state."
            )
        return tuple(dict.fromkeys(sentences))

    @property
    def mechanism(self) -> MechanismResult | None:
        """Band positions against temperature; None if there is no loose state with phonons."""
        loose = self.thermodynamics
        bands = {
            name: self.prediction(antisymmetric=name == "antisymmetric")
            for name in ("antisymmetric", "symmetric")
        }
        known = [prediction for prediction in bands.values() if prediction is not None]
        if loose is None or not known:
            return None

        def errors(prediction: LoosePrediction | None) -> tuple[SlopeError, ...]:
            if prediction is None:
                return ()
            return (
                SlopeError(
                    kind=ErrorKind.TRUNCATION,
                    size_cm1_per_k=prediction.slope_error_cm1_per_k,
                    origin=f"energy difference of the states ± {loose.energy_error_kj_mol:g} "
                    "kJ/mol (assumed)",
                ),
            )

        untrusted = ""
        if loose.n_imaginary_loose:
            untrusted = "the loose structure is a saddle, not a minimum"
        elif all(p.slope_error_cm1_per_k > abs(p.slope_cm1_per_k) for p in known):
            untrusted = "the error of the energy difference is larger than the slope"
        positions = {
            name: None if prediction is None else np.array(prediction.result.mean_cm1)
            for name, prediction in bands.items()
        }
        return MechanismResult(
            name="loose-state",
            title="Loose state",
            temperatures_k=np.array(known[0].result.temperatures_k),
            antisymmetric_cm1=positions["antisymmetric"],
            symmetric_cm1=positions["symmetric"],
            antisymmetric_errors=errors(bands["antisymmetric"]),
            symmetric_errors=errors(bands["symmetric"]),
            parts=frozenset({Part.POPULATIONS}),
            n_calls=self.n_calls,
            assumptions=_ASSUMPTIONS,
            warnings=self.warnings,
            untrusted_because=untrusted,
            details=self.to_dict(),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        predictions = {
            name: self.prediction(antisymmetric=name == "antisymmetric")
            for name in ("antisymmetric", "symmetric")
        }
        return {
            "structure": self.label,
            "calculator": self.calculator,
            "verdict": self.verdict,
            "has_loose_state": self.has_loose_state,
            "start_is_minimum": self.start_is_minimum,
            "curves": [curve.to_dict() for curve in self.curves],
            "bounds": [bound.to_dict() for bound in self.bounds()],
            "thermodynamics": (
                None if self.thermodynamics is None else self.thermodynamics.to_dict()
            ),
            "predictions": {
                name: None if prediction is None else prediction.to_dict()
                for name, prediction in predictions.items()
            },
            "n_force_calculations": self.n_calls,
            "warnings": list(self.warnings),
        }
