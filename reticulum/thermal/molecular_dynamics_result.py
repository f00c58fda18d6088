"""What molecular dynamics gives: raw and corrected bands, slopes and errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.mechanism import (
    ERROR_TOO_SMALL,
    Band,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
    band_slopes_in_words,
)
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.sampling import one_sigma_factor, slope_weights
from reticulum.thermal.velocity_spectra import NARROWER, WINDOW_CM1, BandCentre

#: Relative difference between the kinetic temperature and that asked for from which it is said.
_TEMPERATURE_WARNED = 0.05

#: What no error holds: zinc formate, whose slope is known otherwise, is too red by 0.016 cm⁻¹/K.
CLASSICAL_REST = (
    "Stiff modes other than the C-O bonds keep their classical energy and couple to the stretches: "
    f"{ERROR_TOO_SMALL} by what that makes (0.016 cm⁻¹/K in the one crystal where it is known)."
)

#: Share of a band that one Lorentzian may leave: with more it is no single peak, and the fit jumps
#: from one peak to the other.
_ONE_PEAK = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class MolecularDynamicsResult:
    """Slopes from velocity spectra.

    Parameters
    ----------
    temperatures_k
        (n_temperatures,), K.
    bands
        Antisymmetric and symmetric band at each temperature, as the classical dynamics gives them.
    bands_at_rest_cm1
        Both bands of the crystal at rest, cm⁻¹.
    artefact_cm1
        (n_temperatures,) what the anharmonicity of the C-O bonds adds classically, cm⁻¹.
    bond_cm1
        ω_e and ω_e x_e of a C-O bond, cm⁻¹.
    kinetic_k
        (n_temperatures,) mean kinetic temperature, corrected for the time step, K.
    options
        What was asked for.
    changed_bonds
        Sentence on bonds that opened or closed; empty if none did.

    """

    temperatures_k: NDArray[np.float64]
    bands: tuple[tuple[BandCentre, BandCentre], ...]
    bands_at_rest_cm1: tuple[float, float]
    artefact_cm1: NDArray[np.float64]
    bond_cm1: tuple[float, float]
    kinetic_k: NDArray[np.float64]
    options: MolecularDynamicsOptions
    changed_bonds: str = ""

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if not len(self.bands) == len(self.artefact_cm1) == len(self.temperatures_k):
            raise ValueError("every temperature needs its bands")
        for array in (self.temperatures_k, self.artefact_cm1, self.kinetic_k):
            array.setflags(write=False)

    def raw_cm1(self, band: Band) -> NDArray[np.float64]:
        """Classical positions of a band, (n_temperatures,), cm⁻¹."""
        column = list(Band).index(band)
        return np.array([pair[column].centre_cm1 for pair in self.bands])

    def raw_slope_cm1_per_k(self, band: Band) -> float:
        """Slope of the classical positions, cm⁻¹/K."""
        return float(slope_weights(self.temperatures_k) @ self.raw_cm1(band))

    @property
    def artefact_slope_cm1_per_k(self) -> float:
        """Slope of the classical artefact, cm⁻¹/K."""
        return float(slope_weights(self.temperatures_k) @ self.artefact_cm1)

    def slope_cm1_per_k(self, band: Band) -> float:
        """Slope without the classical artefact, cm⁻¹/K."""
        return self.raw_slope_cm1_per_k(band) - self.artefact_slope_cm1_per_k

    def statistical_error_cm1_per_k(self, band: Band) -> float:
        """Error of the slope from the segments, with Student's factor for their number, cm⁻¹/K."""
        column = list(Band).index(band)
        errors = np.array([pair[column].error_cm1 for pair in self.bands])
        spread = float(np.linalg.norm(slope_weights(self.temperatures_k) * errors))
        return one_sigma_factor(self.options.n_segments) * spread

    @property
    def verdict(self) -> str:
        """What was found, with and without the classical artefact."""
        slopes = band_slopes_in_words(self.mechanism)
        simulated = " and ".join(f"{self.raw_slope_cm1_per_k(band):+.4f}" for band in Band)
        return (
            f"Velocity spectra without the classical artefact: {slopes}; as simulated "
            f"{simulated}, of which {self.artefact_slope_cm1_per_k:+.4f} is the classical "
            "anharmonicity of the C-O bonds."
        )

    @property
    def mechanism(self) -> MechanismResult:
        """The result in the form of all mechanisms; positions are without the artefact."""
        return MechanismResult(
            name="md",
            title="molecular dynamics",
            temperatures_k=np.array(self.temperatures_k),
            antisymmetric_cm1=self.raw_cm1(Band.ANTISYMMETRIC) - self.artefact_cm1,
            symmetric_cm1=self.raw_cm1(Band.SYMMETRIC) - self.artefact_cm1,
            antisymmetric_errors=self._errors(Band.ANTISYMMETRIC),
            symmetric_errors=self._errors(Band.SYMMETRIC),
            parts=frozenset({Part.SOFT_MOTIONS, Part.METAL_OXYGEN, Part.STIFF_MOTIONS, Part.SELF}),
            n_calls=len(self.temperatures_k) * self.options.n_steps,
            assumptions=(
                "Nuclei are classical. The anharmonicity of the C-O bonds (ω_e x_e = "
                f"{self.bond_cm1[1]:.1f} cm⁻¹) is put right; other stiff modes keep their "
                "classical energy kT, more than they have.",
                "The cell is fixed and holds one primitive cell.",
            ),
            warnings=self._warnings(),
            untrusted_because=self.changed_bonds,
            details=self._details(),
        )

    def is_one_peak(self, band: Band) -> bool:
        """Whether one Lorentzian describes a band at all temperatures."""
        column = list(Band).index(band)
        return all(pair[column].unexplained <= _ONE_PEAK for pair in self.bands)

    def _errors(self, band: Band) -> tuple[SlopeError, ...]:
        column = list(Band).index(band)

        def change(others: list[float]) -> float:
            weights = slope_weights(self.temperatures_k)
            return abs(float(weights @ (np.array(others) - self.raw_cm1(band))))

        found = [
            SlopeError(
                kind=ErrorKind.STATISTICAL,
                size_cm1_per_k=self.statistical_error_cm1_per_k(band),
                origin=f"scatter of {self.options.n_segments} segments of "
                f"{self.options.segment_ps:g} ps",
            ),
            SlopeError(
                kind=ErrorKind.TRUNCATION,
                size_cm1_per_k=change([pair[column].narrow_cm1 for pair in self.bands]),
                origin=f"mean in a window of ±{NARROWER * WINDOW_CM1:.0f} instead of "
                f"±{WINDOW_CM1:.0f} cm⁻¹",
            ),
        ]
        seen = float(np.ptp(self.kinetic_k) / np.ptp(self.temperatures_k))
        found.append(
            SlopeError(
                kind=ErrorKind.STATISTICAL,
                size_cm1_per_k=abs(self.raw_slope_cm1_per_k(band) * (seen - 1.0)),
                origin=f"kinetic temperatures {np.ptp(self.kinetic_k):.0f} instead of "
                f"{np.ptp(self.temperatures_k):.0f} K apart",
            )
        )
        if self.is_one_peak(band):
            found.append(
                SlopeError(
                    kind=ErrorKind.TRUNCATION,
                    size_cm1_per_k=change([pair[column].fitted_cm1 for pair in self.bands]),
                    origin="Lorentzian fitted instead of the mean in the window",
                )
            )
        return tuple(found)

    def _several_peaks(self, band: Band) -> str:
        column = list(Band).index(band)
        if not any(pair[column].unexplained > _ONE_PEAK for pair in self.bands):
            return ""
        peaks = "; ".join(
            f"at {temperature:.0f} K "
            + (", ".join(f"{peak:.0f}" for peak in pair[column].peaks_cm1) or "none")
            for temperature, pair in zip(self.temperatures_k, self.bands, strict=True)
        )
        return (
            f"The {band.value} band is no single peak (peaks in cm⁻¹: {peaks}): its slope is that "
            "of the mean over all of them, and a change of their heights counts as a shift."
        )

    def _warnings(self) -> tuple[str, ...]:
        found = [
            f"The trajectory at {asked:.0f} K has the mean kinetic temperature {seen:.0f} K: a "
            "longer one comes closer."
            for asked, seen in zip(self.temperatures_k, self.kinetic_k, strict=True)
            if abs(seen / asked - 1.0) > _TEMPERATURE_WARNED
        ]
        found += [text for text in map(self._several_peaks, Band) if text]
        if self.bond_cm1[1] <= 0.0:
            found.append(
                "The C-O bond shows no anharmonicity of the usual sign, so that the classical "
                "artefact is doubtful."
            )
        found.append(CLASSICAL_REST)
        return tuple(found)

    def _details(self) -> dict[str, Any]:
        return {
            "slopes_as_simulated_cm1_per_k": {
                band.value: self.raw_slope_cm1_per_k(band) for band in Band
            },
            "slopes_without_artefact_cm1_per_k": {
                band.value: self.slope_cm1_per_k(band) for band in Band
            },
            "classical_artefact_cm1_per_k": self.artefact_slope_cm1_per_k,
            "bond_harmonic_cm1": self.bond_cm1[0],
            "bond_anharmonicity_cm1": self.bond_cm1[1],
            "kinetic_temperatures_k": self.kinetic_k.tolist(),
            "positions_as_simulated_cm1": {
                band.value: self.raw_cm1(band).tolist() for band in Band
            },
            "widths_cm1": {
                band.value: [pair[list(Band).index(band)].fwhm_cm1 for pair in self.bands]
                for band in Band
            },
            "peaks_cm1": {
                band.value: [list(pair[list(Band).index(band)].peaks_cm1) for pair in self.bands]
                for band in Band
            },
            "bands_at_rest_cm1": list(self.bands_at_rest_cm1),
            "seed": self.options.seed,
        }
