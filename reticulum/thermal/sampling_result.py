"""What joint thermal draws give: slopes, errors, and what speaks against them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.mechanism import (
    ERROR_TOO_SMALL,
    Contribution,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
    band_slopes_in_words,
)
from reticulum.thermal.sampled_bands import Tally
from reticulum.thermal.sampling import SampledSlopes, slope_weights
from reticulum.thermal.sampling_modes import DrawnModes
from reticulum.thermal.sampling_options import LIMIT_CHECK, SamplingOptions
from reticulum.thermal.thermal_draws import PAIRS_PER_BLOCK

#: Excess of the mean energy of the draws over the harmonic one from which a warning is given, and
#: from which the result is not to be trusted. A quartic term that adds the fraction r to the energy
#: narrows the true distribution by about 2r.
_EXCESS_WARNED, _EXCESS_DISTRUSTED = 0.15, 0.5

#: Change of a slope, relative to it, from which modes that are held matter.
_LARGE_CHANGE = 0.25

#: Fraction of geometries that may stay unrelaxed.
_UNCONVERGED_ALLOWED = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingResult:
    """Slopes from joint thermal draws.

    Parameters
    ----------
    temperatures_k
        (n_temperatures,), K.
    bands_at_rest_cm1
        (2,) antisymmetric and symmetric band of the crystal at rest, cm⁻¹.
    slopes
        Mean shifts and slopes with their statistical errors.
    limit_change_cm1_per_k, step_change_cm1_per_k
        (2,) change of the slopes when the limit is raised and when steps are finer, cm⁻¹/K; None
        if it was not looked for.
    held_change_cm1_per_k
        (2,) change of the slopes when the modes that are held are drawn like minima, cm⁻¹/K; None
        if there are none or it was not looked for.
    modes
        What was drawn.
    tally
        What happened.
    options
        What was asked for.
    reached
        Whether the precision was reached.
    motions
        What each drawn set does, in words.
    soft_parts
        Causes that the drawn modes hold.
    third_derivative_step_a
        Displacement of an atom, Å, if what the bands shift along totally symmetric modes comes
        from third derivatives; None if each such mode was displaced.
    another_structure
        Why the crystal has another structure than the one that was given; empty if it has not.

    """

    temperatures_k: NDArray[np.float64]
    bands_at_rest_cm1: NDArray[np.float64]
    slopes: SampledSlopes
    limit_change_cm1_per_k: NDArray[np.float64] | None
    step_change_cm1_per_k: NDArray[np.float64] | None
    held_change_cm1_per_k: NDArray[np.float64] | None
    modes: DrawnModes
    tally: Tally
    options: SamplingOptions
    reached: bool
    motions: tuple[str, ...]
    soft_parts: frozenset[Part]
    third_derivative_step_a: float | None = None
    another_structure: str = ""

    @property
    def n_pairs(self) -> int:
        """Pairs of draws behind the slopes."""
        return self.slopes.n_blocks * PAIRS_PER_BLOCK

    @property
    def verdict(self) -> str:
        """One sentence on what was found."""
        slopes = band_slopes_in_words(self.mechanism)
        return (
            f"{self.n_pairs} pairs of draws of {len(self.modes.drawn)} soft modes give {slopes}"
            + ("." if self.reached else ": the precision asked for was not reached.")
        )

    @property
    def mechanism(self) -> MechanismResult:
        """The result in the form of all mechanisms."""
        positions = self.bands_at_rest_cm1 + self.slopes.shifts_cm1
        return MechanismResult(
            name="sampling",
            title="thermal sampling",
            temperatures_k=np.array(self.temperatures_k),
            antisymmetric_cm1=np.array(positions[:, 0]),
            symmetric_cm1=np.array(positions[:, 1]),
            antisymmetric_errors=self._errors(0),
            symmetric_errors=self._errors(1),
            parts=self.soft_parts,
            contributions=self._contributions(),
            n_calls=self.tally.n_calls,
            assumptions=self._assumptions(),
            warnings=self._warnings(),
            untrusted_because=self._distrust(),
            details=self._details(),
        )

    def _contributions(self) -> tuple[Contribution, ...]:
        if self.n_pairs < len(self.motions):
            return ()  # fewer draws than motions do not tell them apart
        rows = zip(
            self.motions,
            self.modes.set_wavenumbers_cm1,
            self.modes.partners,
            self.slopes.set_slopes_cm1_per_k,
            strict=True,
        )
        return tuple(
            Contribution(
                label=label,
                wavenumber_cm1=float(wavenumber),
                degeneracy=int(partners),
                antisymmetric_cm1_per_k=float(antisymmetric),
                symmetric_cm1_per_k=float(symmetric),
            )
            for label, wavenumber, partners, (antisymmetric, symmetric) in rows
        )

    def _errors(self, band: int) -> tuple[SlopeError, ...]:
        found = [
            SlopeError(
                kind=ErrorKind.STATISTICAL,
                size_cm1_per_k=float(self.slopes.errors_cm1_per_k[band]),
                origin=f"scatter of {self.slopes.n_blocks} blocks of {PAIRS_PER_BLOCK} pairs",
            )
        ]
        for change, kind, origin in (
            (
                self._shape_change() if self.options.relax_stiff else None,
                ErrorKind.TRUNCATION,
                "anharmonic shape of the distribution, in first order",
            ),
            (
                self.limit_change_cm1_per_k,
                ErrorKind.TRUNCATION,
                f"modes up to {LIMIT_CHECK * self.options.limit_cm1:.0f} cm⁻¹ drawn",
            ),
            (
                self.step_change_cm1_per_k,
                ErrorKind.STEP_SIZE,
                "finer relaxation and smaller displacements along the stretches"
                + (
                    "" if self.third_derivative_step_a is None else ", longer for third derivatives"
                ),
            ),
            (
                self.held_change_cm1_per_k,
                ErrorKind.TRUNCATION,
                f"{len(self.modes.held_cm1)} held modes drawn like minima",
            ),
        ):
            if change is not None:
                found.append(
                    SlopeError(kind=kind, size_cm1_per_k=abs(float(change[band])), origin=origin)
                )
        return tuple(found)

    def _assumptions(self) -> tuple[str, ...]:
        found = [
            f"Minima below {self.options.limit_cm1:.0f} cm⁻¹ have the Gaussian distribution of "
            "quantum-harmonic oscillators; their mean displacement is added in first order.",
            "What single motions give is a regression over the draws, shrunk towards zero.",
            "The cell is fixed and holds one primitive cell (Gamma point).",
        ]
        if self._in_wells:
            found.append(
                f"{len(self._in_wells)} modes that are no minima or too soft ("
                + ", ".join(f"{w:.0f}" for w in self._in_wells)
                + " cm⁻¹) have the quantum distribution in the well along each of them, "
                "independently of each other. The well is that of the adiabatic route: in it modes "
                f"above {AdiabaticOptions().floor_cm1:.0f} cm⁻¹ follow, of which some are drawn."
            )
        if self.third_derivative_step_a is not None:
            found.append(
                "The bands shift in proportion to the mean displacement of totally symmetric modes "
                "(responses from third derivatives at rest, displacements of "
                f"{self.third_derivative_step_a:g} Å)."
            )
        if self.options.relax_stiff:
            found.append("All stiffer modes follow the drawn ones and have no motion of their own.")
        else:
            found.append("Straight lines: no mode follows.")
        return tuple(found)

    def _warnings(self) -> tuple[str, ...]:
        found = []
        if not self.reached:
            found.append(
                f"The precision of {self.options.precision_cm1_per_k:g} cm⁻¹/K was not reached "
                f"with {self.n_pairs} pairs of draws."
            )
        if self.third_derivative_step_a is not None:
            shift = slope_weights(self.temperatures_k) @ self.slopes.displacement_shifts_cm1
            found.append(
                f"The mean displacement of the {len(self.modes.symmetric)} totally symmetric modes "
                f"makes {shift[0]:+.4f} and {shift[1]:+.4f} cm⁻¹/K of the slopes, with responses "
                "from third derivatives at rest. How they change over the thermal amplitudes was "
                f"not determined, and {ERROR_TOO_SMALL} by that."
            )
        if self.modes.held_cm1:
            held = ", ".join(f"{w:.0f}" for w in self.modes.held_cm1)
            found.append(
                f"{len(self.modes.held_cm1)} modes that are no minima or too soft are held at rest "
                f"({held} cm⁻¹): they have no harmonic distribution, and "
                + (
                    "they are totally symmetric, lie in a deep well or could not be followed."
                    if self.options.relax_stiff
                    else "without relaxation no well is known."
                )
            )
        if self.tally.n_unconverged:
            found.append(
                f"{self.tally.n_unconverged} of {self.tally.n_geometries} drawn crystals were not "
                f"fully relaxed (largest force {self.tally.worst_residual:.1e} eV/(Å√u))."
            )
        if self.tally.energy_excess > _EXCESS_WARNED:
            found.append(
                f"The drawn crystals lie {100 * self.tally.energy_excess:.0f} % higher than "
                f"{self._singles}: the true distribution is narrower than the one drawn from."
            )
        return tuple(found)

    def _distrust(self) -> str:
        if not self.options.relax_stiff:
            return "the stiff modes did not follow; straight lines stretch stiff bonds"
        if self.another_structure:
            return self.another_structure
        if self.tally.energy_excess > _EXCESS_DISTRUSTED:
            return (
                f"the drawn crystals lie {100 * self.tally.energy_excess:.0f} % higher than "
                f"{self._singles}, so that the drawn distribution is not the true one"
            )
        held = self.held_change_cm1_per_k
        if held is not None and bool(
            (np.abs(held) > np.maximum(self.slopes.errors_cm1_per_k, self._slope_sizes())).any()
        ):
            return (
                f"the {len(self.modes.held_cm1)} modes that are no minima or too soft matter: "
                f"drawn like minima they change the slopes by {held[0]:+.4f} and {held[1]:+.4f} "
                "cm⁻¹/K"
            )
        if self.tally.n_unconverged > _UNCONVERGED_ALLOWED * max(self.tally.n_geometries, 1):
            return (
                f"{self.tally.n_unconverged} of {self.tally.n_geometries} drawn crystals could not "
                "be relaxed"
            )
        return ""

    @property
    def _singles(self) -> str:
        """What the energy of the draws is compared with."""
        return "single modes do" if self._in_wells else "harmonic ones"

    @property
    def _in_wells(self) -> list[float]:
        """Wavenumbers of the modes that were drawn from a well, cm⁻¹."""
        modes = self.modes
        return [
            float(wavenumber)
            for wavenumber, well in zip(modes.wavenumbers_cm1, modes.wells, strict=True)
            if well is not None
        ]

    def _shape_change(self) -> NDArray[np.float64]:
        """What the true width may change, (2,), cm⁻¹/K.

        The larger of the first-order change and of the slope times the mean change of the widths:
        with few draws the regression behind the former tells nothing.
        """
        rough = np.abs(self.slopes.slopes_cm1_per_k * self.slopes.width_change)
        found: NDArray[np.float64] = np.maximum(np.abs(self.slopes.shape_slopes_cm1_per_k), rough)
        return found

    def _slope_sizes(self) -> NDArray[np.float64]:
        """What would be a large change of each slope, (2,), cm⁻¹/K."""
        found: NDArray[np.float64] = _LARGE_CHANGE * np.abs(self.slopes.slopes_cm1_per_k)
        return found

    def _details(self) -> dict[str, Any]:
        weights = slope_weights(self.temperatures_k)
        return {
            "seed": self.options.seed,
            "n_pairs": self.n_pairs,
            "n_drawn_modes": len(self.modes.drawn),
            "drawn_cm1": self.modes.wavenumbers_cm1.tolist(),
            "held_cm1": list(self.modes.held_cm1),
            "in_wells_cm1": self._in_wells,
            "root_mean_square_a_sqrt_amu": self.modes.amplitudes(self.temperatures_k).tolist(),
            "bands_at_rest_cm1": self.bands_at_rest_cm1.tolist(),
            "slope_from_mean_displacement_cm1_per_k": (
                weights @ self.slopes.displacement_shifts_cm1
            ).tolist(),
            "error_without_control_variates_cm1_per_k": (
                self.slopes.plain_errors_cm1_per_k.tolist()
            ),
            "slope_from_shape_of_distribution_cm1_per_k": (
                self.slopes.shape_slopes_cm1_per_k.tolist()
            ),
            "its_error_cm1_per_k": self.slopes.shape_errors_cm1_per_k.tolist(),
            "relative_change_of_widths": self.slopes.width_change,
            "energy_excess_over_single_modes": self.tally.energy_excess,
            "mean_relaxation_steps": self.tally.n_steps / max(self.tally.n_geometries, 1),
            "n_unconverged": self.tally.n_unconverged,
            "stiff_modes_follow": self.options.relax_stiff,
        }
