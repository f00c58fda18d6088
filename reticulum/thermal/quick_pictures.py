"""The two quick pictures of the red-shift: two fitted states, and the metal-oxygen oscillator."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.reference.tables import RedShiftRow
from reticulum.thermal.mechanism import Band, ErrorKind, MechanismResult, Part, SlopeError
from reticulum.thermal.metal_oxygen import MetalOxygenPrediction, MetalOxygenScan, predict_from_scan
from reticulum.thermal.two_state import (
    TwoStateParameters,
    TwoStateResult,
    published_parameters,
    two_state_prediction,
)

#: Material whose band the published two-state parameters were fitted to.
TWO_STATE_MATERIAL = "HKUST-1"

#: Standing of the published parameters beside any other material.
BORROWED = f"borrowed from {TWO_STATE_MATERIAL}"

#: Fewest positions of a band from which a course of it, a parabola, can be told.
_FEWEST_BANDS = 3

#: A prediction with more of its thermal probability outside the scan is not to be trusted. The grid
#: ends a third beyond the scan: a scan of nothing but the bottom of a wide well has 0.3.
_MOST_OUTSIDE = 0.25

#: What the two-state picture with the published parameters leaves open.
TWO_STATE_NEGLECTS = (
    f"It is fitted to the measured band of {TWO_STATE_MATERIAL}, so its slope is no prediction; a "
    "single band that shifts linearly gives a similar ΔCp (linear-shift null)."
)

#: The same with parameters of the user's.
GIVEN_NEGLECTS = (
    "The slope follows from the parameters that were given, so it is no prediction; those that "
    f"were not given are the published ones of {TWO_STATE_MATERIAL}."
)

#: What the metal-oxygen oscillator leaves out.
METAL_OXYGEN_NEGLECTS = (
    "One coordinate: all metal-oxygen distances move in step, the cell is fixed, each carboxylate "
    "is an independent oscillator. In step and in a fixed cell, longer metal-oxygen bonds squeeze "
    "the linkers, which by itself shifts bands to the blue. Librations and other soft modes, "
    "thermal expansion, and the anharmonicity of the C-O stretches themselves are left out."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTwoState:
    """A two-state prediction with the origin of its parameters."""

    name: str
    origin: str
    result: TwoStateResult

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "name": self.name,
            "origin": self.origin,
            "neglects": self.neglects,
            **self.result.to_dict(),
        }

    @property
    def neglects(self) -> str:
        """What it leaves open, in sentences."""
        return GIVEN_NEGLECTS if self.origin == "given" else TWO_STATE_NEGLECTS

    def mechanism(self) -> MechanismResult:
        """The same in the form of all mechanisms: one Gaussian where it is there, else the mean.

        Errors are left open: those of ΔH and ΔS are correlated, and how strongly is not published.
        """
        result = self.result
        curve = result.mean_cm1 if result.one_gaussian_slope is None else result.one_gaussian_cm1
        return MechanismResult(
            name="two-state",
            title=f"two states, {self.name}",
            standing=self.origin,
            temperatures_k=np.array(result.temperatures_k),
            antisymmetric_cm1=np.array(curve),
            symmetric_cm1=None,
            parts=frozenset({Part.POPULATIONS}),
            n_calls=0,
            assumptions=(self.neglects,),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OscillatorResult:
    """A metal-oxygen scan, the band positions that follow from it, and the errors of the slopes.

    Parameters
    ----------
    scan
        Energies and bands along the metal-oxygen distance.
    prediction
        Thermal means of the bands.
    antisymmetric_errors, symmetric_errors
        Errors of the slopes; empty where none was determined.
    untrusted_because
        Why the crystal is another one than was given; empty if it is not.

    """

    scan: MetalOxygenScan
    prediction: MetalOxygenPrediction
    antisymmetric_errors: tuple[SlopeError, ...] = ()
    symmetric_errors: tuple[SlopeError, ...] = ()
    untrusted_because: str = ""

    @classmethod
    def from_scan(cls, scan: MetalOxygenScan, untrusted_because: str = "") -> OscillatorResult:
        """Prediction from a scan, with the errors of its range and of the spacing of the bands.

        Parameters
        ----------
        scan
            From `reticulum.thermal.metal_oxygen_scan.scan_metal_oxygen`.
        untrusted_because
            Why the crystal is another one than was given.

        Raises
        ------
        CalculationError
            If the scan does not enclose a minimum.

        """
        prediction = predict_from_scan(scan)
        errors: dict[Band, list[SlopeError]] = {band: [] for band in Band}
        for other, kind, origin in (
            (
                _prediction_without_ends(scan, prediction),
                ErrorKind.TRUNCATION,
                "the scan without its outermost points",
            ),
            (
                _prediction_from_half_the_bands(scan, prediction),
                ErrorKind.STEP_SIZE,
                "bands at half as many points of the scan",
            ),
        ):
            if other is None:
                continue
            for band, ours, theirs in (
                (Band.ANTISYMMETRIC, prediction.antisymmetric_slope, other.antisymmetric_slope),
                (Band.SYMMETRIC, prediction.symmetric_slope, other.symmetric_slope),
            ):
                change = abs(ours.slope_cm1_per_k - theirs.slope_cm1_per_k)
                errors[band].append(SlopeError(kind=kind, size_cm1_per_k=change, origin=origin))
        if prediction.outside > _MOST_OUTSIDE:
            untrusted_because = untrusted_because or (
                f"{prediction.outside:.0%} of the thermal probability at the highest temperature "
                "lies outside the scanned range"
            )
        return cls(
            scan=scan,
            prediction=prediction,
            antisymmetric_errors=tuple(errors[Band.ANTISYMMETRIC]),
            symmetric_errors=tuple(errors[Band.SYMMETRIC]),
            untrusted_because=untrusted_because,
        )

    @property
    def name(self) -> str:
        """What follows the metal-oxygen distance, in a few words."""
        return "all motions follow" if self.scan.follow == "all" else "stiffer motions follow"

    def mechanism(self) -> MechanismResult:
        """The same in the form of all mechanisms."""
        return MechanismResult(
            name="oscillator-all" if self.scan.follow == "all" else "oscillator",
            title=f"metal-oxygen oscillator, {self.name}",
            temperatures_k=np.array(self.prediction.temperatures_k),
            antisymmetric_cm1=np.array(self.prediction.antisymmetric_cm1),
            symmetric_cm1=np.array(self.prediction.symmetric_cm1),
            antisymmetric_errors=self.antisymmetric_errors,
            symmetric_errors=self.symmetric_errors,
            parts=frozenset({Part.METAL_OXYGEN}),
            n_calls=self.scan.n_calls,
            assumptions=(METAL_OXYGEN_NEGLECTS,),
            warnings=self.prediction.warnings,
            untrusted_because=self.untrusted_because,
        )

    def verdicts(self, measured: RedShiftRow) -> tuple[str, str]:
        """Sentences that hold the computed slopes against the measured ones."""
        doubt = " (not to be trusted)" if self.untrusted_because else ""
        return (
            verdict_sentence(
                f"{self.name}{doubt}: antisymmetric",
                self.prediction.antisymmetric_slope.slope_cm1_per_k,
                measured.antisymmetric_cm1_per_k,
                measured.antisymmetric_text,
                self.mechanism().slope_error_cm1_per_k(Band.ANTISYMMETRIC),
            ),
            verdict_sentence(
                f"{self.name}{doubt}: symmetric",
                self.prediction.symmetric_slope.slope_cm1_per_k,
                measured.symmetric_cm1_per_k,
                measured.symmetric_text,
                self.mechanism().slope_error_cm1_per_k(Band.SYMMETRIC),
            ),
        )

    def to_dict(self, measured: RedShiftRow | None) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "follow": self.scan.follow,
            "scan": self.scan.to_dict(),
            "prediction": self.prediction.to_dict(),
            "verdicts": [] if measured is None else list(self.verdicts(measured)),
        }


def _prediction_without_ends(
    scan: MetalOxygenScan, prediction: MetalOxygenPrediction
) -> MetalOxygenPrediction | None:
    """Prediction from the scan without its first and last point; None where too little is left."""
    inner = {
        name: getattr(scan, name)[1:-1].copy()
        for name in MetalOxygenScan.__dataclass_fields__
        if isinstance(getattr(scan, name), np.ndarray)
    }
    try:
        return predict_from_scan(
            replace(scan, equilibrium=scan.equilibrium - 1, **inner), prediction.temperatures_k
        )
    except CalculationError:
        return None


def _prediction_from_half_the_bands(
    scan: MetalOxygenScan, prediction: MetalOxygenPrediction
) -> MetalOxygenPrediction | None:
    """Prediction with the bands at every second of their points; None where too few are left.

    The relaxed structure stays among them; the energies stay as they are.
    """
    known = np.flatnonzero(np.isfinite(scan.antisymmetric_cm1))
    if scan.equilibrium not in known:
        return None
    place = int(np.flatnonzero(known == scan.equilibrium)[0])
    kept = known[place % 2 :: 2]
    if len(kept) < _FEWEST_BANDS:
        return None

    def thinned(values: NDArray[np.float64]) -> NDArray[np.float64]:
        left = np.full_like(values, np.nan)
        left[kept] = values[kept]
        return left

    fewer = replace(
        scan,
        antisymmetric_cm1=thinned(scan.antisymmetric_cm1),
        symmetric_cm1=thinned(scan.symmetric_cm1),
    )
    return predict_from_scan(fewer, prediction.temperatures_k)


def verdict_sentence(
    name: str, computed: float, measured: float, text: str, error: float | None = None
) -> str:
    """Sentence that holds a computed slope against the measured one, with sign and size.

    Parameters
    ----------
    name
        What was computed.
    computed, measured
        Slopes, cm⁻¹/K.
    text
        The measured slope as printed.
    error
        Of the computed slope, cm⁻¹/K; None where not determined.

    """
    start = f"{name} slope {computed:+.4f} cm⁻¹/K, measured {text}: "
    away = f"{abs(computed - measured):.4f} cm⁻¹/K away"
    if error is not None and error >= abs(computed):
        return start + f"{away}; its error of {error:.4f} leaves its sign open."
    if computed * measured < 0:
        return start + f"the wrong sign, {away}."
    return start + f"the right sign, {100 * computed / measured:.0f} % of the size."


def two_state_variants(
    given: TwoStateParameters | None = None, material: str | None = TWO_STATE_MATERIAL
) -> tuple[NamedTwoState, ...]:
    """Two-state predictions with the published parameters, without and with ΔCp, and given ones.

    Parameters
    ----------
    given
        Parameters of the user's; None if there are none.
    material
        What the predictions are shown beside; the published parameters were fitted to HKUST-1.

    """
    variants = [
        NamedTwoState(
            name=f"HKUST-1, ΔCp {parameters.dcp_j_mol_k:g}",
            origin="fitted" if material == TWO_STATE_MATERIAL else BORROWED,
            result=two_state_prediction(parameters),
        )
        for parameters in (
            published_parameters(with_heat_capacity=False),
            published_parameters(with_heat_capacity=True),
        )
    ]
    if given is not None:
        variants.append(
            NamedTwoState(name="given", origin="given", result=two_state_prediction(given))
        )
    return tuple(variants)
