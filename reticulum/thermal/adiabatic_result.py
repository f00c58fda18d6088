"""Result of the adiabatic route: bands against temperature, motion by motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.band_space import POSITIONS
from reticulum.thermal.mechanism import (
    Contribution,
    MechanismResult,
    Part,
    SlopeError,
)
from reticulum.thermal.rigid_units import METAL_OXYGEN_STRETCH
from reticulum.thermal.slopes import band_slope

#: What the route takes for granted, in sentences.
ASSUMPTIONS: tuple[str, ...] = (
    "Soft motions are slow against the C-O stretches; all stiffer modes follow them at once.",
    "The shifts by different sets of modes add up; joint draws of all soft modes (thermal "
    "sampling) test that.",
    "Partners of a degenerate set shift the bands alike and independently.",
    "The cell is fixed, and only modes at the zone centre of the primitive cell are thermally "
    "excited.",
    "The band is at the infrared-weighted centre of its stretches, with the intensities of the "
    "crystal at rest turning with the carboxylates.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftContribution:
    """What one set of soft modes does.

    Parameters
    ----------
    number
        Number of the set in the table of modes.
    irrep, motion
        Its symmetry and what moves, in words.
    wavenumber_cm1
        Harmonic, imaginary negative, cm⁻¹.
    dimension
        Number of partners.
    amplitudes, energies_cm1
        (k,) amplitudes, Å√u, and energies of the relaxed geometries, cm⁻¹.
    band_amplitudes, shifts_cm1
        (l,) amplitudes, Å√u, and (l, 6) shifts of `POSITIONS` there, cm⁻¹.
    thermal_shifts_cm1
        (n_temperatures, 6) mean shifts by all partners, cm⁻¹.
    root_mean_square
        (n_temperatures,) √<q²> of one partner, Å√u.
    outside
        Largest probability beyond the amplitudes at which the energy is known.
    anharmonicity
        Largest |E/(½λq²) - 1|; infinite for an imaginary mode.
    displaced_positions_a
        (n, 3) relaxed geometry near the root mean square amplitude, Å: the motion to draw.
    n_calls
        Force calculations.
    residual
        Largest force that was left on a mode that followed, eV/(Å√u).
    slopes_cm1_per_k
        (6,) by all partners, cm⁻¹/K.

    """

    number: int
    irrep: str
    motion: str
    wavenumber_cm1: float
    dimension: int
    amplitudes: NDArray[np.float64]
    energies_cm1: NDArray[np.float64]
    band_amplitudes: NDArray[np.float64]
    shifts_cm1: NDArray[np.float64]
    thermal_shifts_cm1: NDArray[np.float64]
    root_mean_square: NDArray[np.float64]
    outside: float
    anharmonicity: float
    displaced_positions_a: NDArray[np.float64]
    n_calls: int
    residual: float
    slopes_cm1_per_k: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (
            self.amplitudes,
            self.energies_cm1,
            self.band_amplitudes,
            self.shifts_cm1,
            self.thermal_shifts_cm1,
            self.root_mean_square,
            self.displaced_positions_a,
            self.slopes_cm1_per_k,
        ):
            array.setflags(write=False)

    @property
    def is_imaginary(self) -> bool:
        """Whether the crystal at rest is no minimum along it."""
        return self.wavenumber_cm1 < 0.0

    def contribution(self) -> Contribution:
        """Row of the ranked table."""
        notes = []
        if self.is_imaginary:
            notes.append("imaginary: averaged over its own well by DVR")
        elif self.anharmonicity > 1.0:
            notes.append("strongly anharmonic")
        return Contribution(
            label=f"{self.irrep}, {self.motion}",
            wavenumber_cm1=self.wavenumber_cm1,
            degeneracy=self.dimension,
            antisymmetric_cm1_per_k=float(self.slopes_cm1_per_k[0]),
            symmetric_cm1_per_k=float(self.slopes_cm1_per_k[1]),
            note="; ".join(notes),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON (without the geometry)."""
        return {
            "set": self.number + 1,
            "irrep": self.irrep,
            "motion": self.motion,
            "wavenumber_cm1": self.wavenumber_cm1,
            "degeneracy": self.dimension,
            "amplitudes_a_sqrt_amu": self.amplitudes.tolist(),
            "energies_cm1": self.energies_cm1.tolist(),
            "band_amplitudes_a_sqrt_amu": self.band_amplitudes.tolist(),
            "shifts_cm1": dict(zip(POSITIONS, self.shifts_cm1.T.tolist(), strict=True)),
            "slopes_cm1_per_k": dict(zip(POSITIONS, self.slopes_cm1_per_k.tolist(), strict=True)),
            "root_mean_square_a_sqrt_amu": self.root_mean_square.tolist(),
            "probability_outside": self.outside,
            "anharmonicity": self.anharmonicity,
            "n_calls": self.n_calls,
            "force_left_ev_per_a_sqrt_amu": self.residual,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AdiabaticResult:
    """Bands against temperature by the adiabatic route.

    Parameters
    ----------
    temperatures_k
        (n_temperatures,), K.
    at_rest_cm1
        (6,) harmonic positions of `POSITIONS` in the crystal at rest, cm⁻¹.
    contributions
        Sets of soft modes, from the lowest wavenumber up.
    antisymmetric_errors, symmetric_errors
        Errors of the two slopes.
    reached_cm1
        Sets up to this wavenumber are in the sum, cm⁻¹.
    converged
        Whether the last interval added little.
    n_calls
        Force calculations beyond the phonons.
    options
        Settings.
    warnings
        Sentences.
    left_out
        Sets that could not be followed, in words.
    untrusted_because
        Why the slopes should not be believed; empty if nothing speaks against them.

    """

    temperatures_k: NDArray[np.float64]
    at_rest_cm1: NDArray[np.float64]
    contributions: tuple[SoftContribution, ...]
    antisymmetric_errors: tuple[SlopeError, ...]
    symmetric_errors: tuple[SlopeError, ...]
    reached_cm1: float
    converged: bool
    n_calls: int
    options: AdiabaticOptions
    warnings: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    untrusted_because: str = ""

    @property
    def positions_cm1(self) -> NDArray[np.float64]:
        """Positions of `POSITIONS` against temperature, (n_temperatures, 6), cm⁻¹."""
        total = np.sum([entry.thermal_shifts_cm1 for entry in self.contributions], axis=0)
        return np.asarray(self.at_rest_cm1 + total)

    def slopes_by_motion(self) -> dict[str, NDArray[np.float64]]:
        """Sum of the slopes, (6,), cm⁻¹/K, for each kind of motion, the largest first."""
        found: dict[str, NDArray[np.float64]] = {}
        for entry in self.contributions:
            before = found.get(entry.motion, np.zeros(len(POSITIONS)))
            found[entry.motion] = before + entry.slopes_cm1_per_k
        return dict(sorted(found.items(), key=lambda item: -float(np.abs(item[1][:2]).max())))

    @property
    def verdict(self) -> str:
        """One sentence on what was found."""
        motions = self.slopes_by_motion()
        if not motions:
            return "No soft motion shifts the carboxylate bands."
        name, slopes = next(iter(motions.items()))
        return (
            f"Of {len(self.contributions)} sets of soft motions up to {self.reached_cm1:.0f} cm⁻¹, "
            f"those of the kind '{name}' shift the bands most: {slopes[0]:+.4f} (antisymmetric) "
            f"and {slopes[1]:+.4f} cm⁻¹/K (symmetric)."
        )

    @property
    def mechanism(self) -> MechanismResult:
        """The result in the common form."""
        positions = self.positions_cm1
        single = {
            name: band_slope(self.temperatures_k, positions[:, column]).slope_cm1_per_k
            for column, name in enumerate(POSITIONS)
        }
        by_motion = self.slopes_by_motion()
        return MechanismResult(
            name="adiabatic",
            title="adiabatic route",
            temperatures_k=np.array(self.temperatures_k),
            antisymmetric_cm1=positions[:, 0].copy(),
            symmetric_cm1=positions[:, 1].copy(),
            parts=frozenset({Part.SOFT_MOTIONS, Part.METAL_OXYGEN}),
            n_calls=self.n_calls,
            assumptions=ASSUMPTIONS,
            antisymmetric_errors=self.antisymmetric_errors,
            symmetric_errors=self.symmetric_errors,
            contributions=tuple(entry.contribution() for entry in self.contributions),
            warnings=self.warnings,
            untrusted_because=self.untrusted_because,
            details={
                "slopes_cm1_per_k": single,
                "slopes_by_motion_cm1_per_k": {
                    motion: dict(zip(POSITIONS, values.tolist(), strict=True))
                    for motion, values in by_motion.items()
                },
                "metal_oxygen_slopes_cm1_per_k": dict(
                    zip(
                        POSITIONS,
                        by_motion.get(METAL_OXYGEN_STRETCH, np.zeros(len(POSITIONS))).tolist(),
                        strict=True,
                    )
                ),
                "sets_up_to_cm1": self.reached_cm1,
                "sum_converged": self.converged,
                "sets_left_out": list(self.left_out),
                "settings": self.options.to_dict(),
                "sets": [entry.to_dict() for entry in self.contributions],
            },
        )
