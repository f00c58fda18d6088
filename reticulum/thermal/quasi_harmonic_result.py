"""The quasi-harmonic mechanism: what a changing cell does to the carboxylate bands, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.band_against_volume import BandAgainstVolume
from reticulum.thermal.grueneisen import GrueneisenParameters
from reticulum.thermal.mechanism import (
    Band,
    Contribution,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
)
from reticulum.thermal.quasi_harmonic import ComputedExpansion
from reticulum.thermal.slopes import band_slope
from reticulum.thermal.volume_series import VolumePoint
from reticulum.units import REFERENCE_TEMPERATURE_K

#: Name of the mechanism.
NAME = "quasi-harmonic"

#: What every variant takes for granted.
ASSUMPTIONS: tuple[str, ...] = (
    "A band follows the volume of the cell alone: wavenumbers are harmonic ones of each volume.",
    "Band centres are weighted with the carboxylate character of infrared-active modes.",
)

#: What the computed expansion takes for granted besides.
GAMMA_ONLY = (
    "The computed expansion rests on modes at Gamma only: acoustic modes and those of the zone "
    "boundary, which carry much of the contraction of frameworks, are missing."
)

#: Sets of modes that are named in the ranked table; the others are added up.
_NAMED_SETS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedExpansion:
    """A thermal expansion that was measured, or that the user gave.

    Parameters
    ----------
    volumetric_per_k
        α_V, 1/K, the same at all temperatures.
    error_per_k
        Half of its range, 1/K.
    origin
        Where it comes from, in words.

    """

    volumetric_per_k: float
    error_per_k: float
    origin: str

    def log_volumes(self, temperatures_k: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ln(V/V₀) at temperatures, (n_temperatures,); V₀ is taken as that at 298.15 K."""
        return self.volumetric_per_k * (temperatures_k - REFERENCE_TEMPERATURE_K)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuasiHarmonicResult:
    """What the quasi-harmonic mechanism found.

    Attributes
    ----------
    label
        Name of the structure.
    points
        The crystal at each volume.
    parameters
        Mode Grüneisen parameters.
    bands
        Both band centres against the volume.
    computed
        Expansion from the free energy; None if there is none.
    no_computed_because
        Why there is none.
    variants
        Mechanism with each expansion, the preferred one first.
    warnings
        Sentences for the user.

    """

    label: str
    points: tuple[VolumePoint, ...]
    parameters: GrueneisenParameters
    bands: Mapping[Band, BandAgainstVolume]
    computed: ComputedExpansion | None
    no_computed_because: str
    variants: tuple[MechanismResult, ...]
    warnings: tuple[str, ...]

    @property
    def mechanism(self) -> MechanismResult | None:
        """The preferred variant: given, else measured, else computed expansion; None without."""
        return self.variants[0] if self.variants else None

    @property
    def verdict(self) -> str:
        """What was found, with the signs spelled out."""
        if not self.variants:
            return f"No expansion is known: {self.no_computed_because}"
        found = self.variants[0].details
        return " ".join([found["expansion_sentence"], *found["sign_sentences"]])

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "structure": self.label,
            "verdict": self.verdict,
            "volumes": [point.to_dict() for point in self.points],
            "bands": {
                band.value: {
                    "centres_cm1": entry.centres_cm1.tolist(),
                    "grueneisen": entry.grueneisen,
                    "grueneisen_error": entry.grueneisen_error,
                }
                for band, entry in self.bands.items()
            },
            "modes": self.parameters.to_dict(),
            "computed_expansion": None if self.computed is None else self.computed.to_dict(),
            "no_computed_expansion_because": self.no_computed_because,
            "variants": [variant.to_dict() for variant in self.variants],
            "warnings": list(self.warnings),
        }


def expansion_sentence(volumetric_per_k: float, origin: str) -> str:
    """What the cell does on heating, in words."""
    if volumetric_per_k == 0.0:
        return f"The framework keeps its volume on heating ({origin})."
    verb = "contracts" if volumetric_per_k < 0.0 else "expands"
    return f"The framework {verb} on heating: α_V {1e6 * volumetric_per_k:+.1f}e-6 /K ({origin})."


def sign_sentence(
    band: Band, grueneisen: float, slope_cm1_per_k: float, volumetric_per_k: float
) -> str:
    """Where a band goes on heating and why, in words.

    Parameters
    ----------
    band
        Which band.
    grueneisen
        Its γ.
    slope_cm1_per_k
        Its slope, cm⁻¹/K.
    volumetric_per_k
        α_V, 1/K.

    """
    name = f"The {band.value} band (γ {grueneisen:+.3f})"
    if volumetric_per_k == 0.0 or grueneisen == 0.0:
        return f"{name} does not move."
    cell = "smaller" if volumetric_per_k < 0.0 else "larger"
    stiffness = "higher" if slope_cm1_per_k > 0.0 else "lower"
    colour = "blue" if slope_cm1_per_k > 0.0 else "red"
    sign = "positive" if grueneisen > 0.0 else "negative"
    return (
        f"{name}: γ is {sign}, so in a {cell} cell its wavenumber is {stiffness}; it shifts to the "
        f"{colour} on heating, by {slope_cm1_per_k:+.4f} cm⁻¹/K."
    )


def variant_with_stated(
    bands: Mapping[Band, BandAgainstVolume],
    expansion: StatedExpansion,
    temperatures_k: NDArray[np.float64],
    *,
    n_calls: int,
    warnings: tuple[str, ...],
) -> MechanismResult:
    """Bands against temperature with an expansion from elsewhere.

    Parameters
    ----------
    bands
        Band centres against the volume.
    expansion
        Measured or given.
    temperatures_k
        (n_temperatures,), K.
    n_calls, warnings
        Of the volume series.

    """
    return _variant(
        bands,
        temperatures_k,
        expansion.log_volumes(temperatures_k),
        alpha=expansion.volumetric_per_k,
        origin=expansion.origin,
        expansion_errors=(
            (ErrorKind.STATISTICAL, expansion.error_per_k, "range of the expansion"),
        ),
        assumptions=(
            *ASSUMPTIONS,
            f"α_V {1e6 * expansion.volumetric_per_k:+.1f}e-6 /K at all temperatures "
            f"({expansion.origin}); the volume of the run is taken as that at 298.15 K.",
        ),
        n_calls=n_calls,
        warnings=warnings,
    )


def variant_with_computed(
    bands: Mapping[Band, BandAgainstVolume],
    expansion: ComputedExpansion,
    parameters: GrueneisenParameters,
    *,
    n_calls: int,
    warnings: tuple[str, ...],
) -> MechanismResult:
    """Bands against temperature with the expansion of the quasi-harmonic free energy.

    Parameters
    ----------
    bands
        Band centres against the volume.
    expansion
        From `computed_expansion`.
    parameters
        Modes behind it.
    n_calls, warnings
        Of the volume series.

    """
    alpha = expansion.at_reference_per_k
    where = (
        "from the minimum of the free energy"
        if expansion.from_minimum
        else "linear in the Grüneisen parameters at the volume of the run, held by a pressure of "
        f"{expansion.pressure_gpa:+.2f} GPa"
    )
    return _variant(
        bands,
        np.array(expansion.temperatures_k),
        np.array(expansion.log_volumes),
        alpha=alpha,
        origin=f"computed at 298 K, {where}",
        expansion_errors=(
            (
                ErrorKind.STEP_SIZE,
                expansion.step_error_per_k,
                "computed expansion from different steps of the volume",
            ),
            (
                ErrorKind.TRUNCATION,
                expansion.route_error_per_k,
                "expansion from the minimum of the free energy or linear",
            ),
        ),
        untrusted_because=(
            "the computed expansion leaves the volumes that were computed"
            if expansion.leaves_series
            else ""
        ),
        assumptions=(
            *ASSUMPTIONS,
            GAMMA_ONLY,
            *(
                (
                    f"{expansion.n_modes_left_out} modes that are imaginary at some volume are "
                    "left out at all volumes.",
                )
                if expansion.n_modes_left_out
                else ()
            ),
        ),
        n_calls=n_calls,
        warnings=warnings,
        contributions=_contributions(bands, expansion, parameters),
    )


def _variant(
    bands: Mapping[Band, BandAgainstVolume],
    temperatures_k: NDArray[np.float64],
    log_volumes: NDArray[np.float64],
    *,
    alpha: float,
    origin: str,
    expansion_errors: tuple[tuple[ErrorKind, float, str], ...],
    assumptions: tuple[str, ...],
    n_calls: int,
    warnings: tuple[str, ...],
    contributions: tuple[Contribution, ...] = (),
    untrusted_because: str = "",
) -> MechanismResult:
    positions, errors, sentences = {}, {}, []
    for band, entry in bands.items():
        positions[band] = entry.positions_cm1(log_volumes)
        slope = band_slope(temperatures_k, positions[band]).slope_cm1_per_k
        errors[band] = (
            *entry.slope_errors(temperatures_k, log_volumes),
            *(
                SlopeError(
                    kind=kind,
                    size_cm1_per_k=abs(entry.grueneisen) * entry.at_rest_cm1 * size_per_k,
                    origin=words,
                )
                for kind, size_per_k, words in expansion_errors
            ),
        )
        sentences.append(sign_sentence(band, entry.grueneisen, slope, alpha))
    return MechanismResult(
        name=NAME,
        title="quasi-harmonic expansion",
        temperatures_k=np.array(temperatures_k),
        antisymmetric_cm1=positions[Band.ANTISYMMETRIC],
        symmetric_cm1=positions[Band.SYMMETRIC],
        antisymmetric_errors=errors[Band.ANTISYMMETRIC],
        symmetric_errors=errors[Band.SYMMETRIC],
        parts=frozenset({Part.CELL}),
        contributions=contributions,
        n_calls=n_calls,
        assumptions=assumptions,
        warnings=warnings,
        untrusted_because=untrusted_because,
        details={
            "expansion_per_k": alpha,
            "expansion_origin": origin,
            "expansion_sentence": expansion_sentence(alpha, origin),
            "sign_sentences": sentences,
            "grueneisen": {band.value: entry.grueneisen for band, entry in bands.items()},
            "grueneisen_error": {
                band.value: entry.grueneisen_error for band, entry in bands.items()
            },
            "log_volumes": log_volumes.tolist(),
        },
    )


def _contributions(
    bands: Mapping[Band, BandAgainstVolume],
    expansion: ComputedExpansion,
    parameters: GrueneisenParameters,
) -> tuple[Contribution, ...]:
    """What each set of modes gives to the slopes by expanding or contracting the cell."""
    shares = expansion.shares_per_k
    order = np.argsort(-np.abs(shares), kind="stable")
    rates = {band: -entry.grueneisen * entry.at_rest_cm1 for band, entry in bands.items()}

    def contribution(
        label: str, share: float, wavenumber: float | None, number: int, note: str
    ) -> Contribution:
        return Contribution(
            label=label,
            wavenumber_cm1=wavenumber,
            degeneracy=number,
            antisymmetric_cm1_per_k=rates[Band.ANTISYMMETRIC] * share,
            symmetric_cm1_per_k=rates[Band.SYMMETRIC] * share,
            note=f"α_V {1e6 * share:+.2f}e-6 /K{note}",
        )

    named = [
        contribution(
            f"expansion by {parameters.labels[number] or 'unlabelled'} modes",
            float(shares[number]),
            float(parameters.wavenumbers_cm1[parameters.centre, number]),
            int(parameters.dimensions[number]),
            f", γ {parameters.values[number]:+.2f}",
        )
        for number in order[:_NAMED_SETS]
        if shares[number] != 0.0
    ]
    rest = float(shares[order[_NAMED_SETS:]].sum())
    if rest != 0.0:
        named.append(contribution("expansion by all other modes", rest, None, 1, ""))
    return tuple(named)
