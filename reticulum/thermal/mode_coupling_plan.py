"""What mode couplings cost: the modes to follow and the displacements that symmetry leaves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reticulum.errors import CalculationError, InputError
from reticulum.phonons.infrared import infrared_lines
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.reduced_hessian import (
    AtomDisplacement,
    ReducedDisplacements,
    reduced_displacements,
)
from reticulum.phonons.run import phonopy_of
from reticulum.thermal.mechanism import Band
from reticulum.thermal.polarised_mode import PolarisedMode, polarised_mode

if TYPE_CHECKING:
    from ase import Atoms

#: Largest displacement of an atom along the tracked mode and along its response, Å. The curvature
#: of a C-O bond (Morse exponent about 2.3 /Å) changes by 7 % over it: far above the noise of
#: forces, and what the next order adds is below a percent of the couplings.
STEP_A = 0.03

_GROUPS = {
    Band.ANTISYMMETRIC: CoordinateGroup.ANTISYMMETRIC_CO,
    Band.SYMMETRIC: CoordinateGroup.SYMMETRIC_CO,
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackedSet:
    """A set of modes whose couplings are to be computed.

    Parameters
    ----------
    band
        The band that it belongs to.
    number
        Its number in the table.
    weight
        Its share of the infrared heights of the band.
    mode
        The partner along which the crystal is displaced.
    displacements
        Atoms to displace in the crystal displaced along it.

    """

    band: Band
    number: int
    weight: float
    mode: PolarisedMode
    displacements: ReducedDisplacements

    @property
    def n_signs(self) -> int:
        """One if symmetry reverses the mode, else two."""
        return 1 if self.mode.reversing is not None else 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CouplingPlan:
    """What has to be computed for the mode couplings, and what it costs.

    Parameters
    ----------
    tracked
        The sets that are followed.
    at_rest
        Displacements that gave the force constants.
    along_response
        Atoms to displace in the crystal displaced along a totally symmetric response; None where
        no displacement is totally symmetric.
    steps_a
        Largest displacements of an atom, Å; the first gives the result, a second one its error.

    """

    tracked: tuple[TrackedSet, ...]
    at_rest: tuple[AtomDisplacement, ...]
    along_response: ReducedDisplacements | None
    steps_a: tuple[float, ...]

    @property
    def n_calls(self) -> int:
        """Force calculations, without those of the phonons."""
        response = 0 if self.along_response is None else 2 * (1 + len(self.along_response.chosen))
        each = [s.n_signs * (1 + len(s.displacements.chosen)) + response for s in self.tracked]
        return len(self.steps_a) * sum(each)

    @property
    def sentence(self) -> str:
        """The cost in words."""
        sets = ", ".join(
            f"{entry.band.value} set {entry.number + 1} "
            f"({len(entry.mode.kept)} operations left, {entry.weight:.0%} of the band)"
            for entry in self.tracked
        )
        return f"Mode coupling takes {self.n_calls} force calculations: {sets}."


def plan_mode_couplings(
    table: ModeTable,
    *,
    displacement_a: float,
    bands: Sequence[Band] = tuple(Band),
    n_sets: int = 1,
    steps_a: tuple[float, ...] = (STEP_A,),
) -> CouplingPlan:
    """What mode couplings take; computes nothing.

    Parameters
    ----------
    table
        The modes.
    displacement_a
        Length of the displacements of single atoms, as at rest, Å.
    bands
        The bands to follow.
    n_sets
        Number of infrared-active sets to follow in each band, the strongest first.
    steps_a
        Largest displacements of an atom along the modes, Å.

    Raises
    ------
    InputError
        If the numbers make no sense.
    CalculationError
        If a band has no infrared-active set, or the force constants lack the symmetry.

    """
    if n_sets < 1 or not bands or not steps_a or min(steps_a) <= 0.0:
        raise InputError(
            f"{n_sets} sets with steps of {steps_a} Å cannot be followed.",
            why="At least one band, one set of modes and one positive step are needed.",
        )
    phonons = table.phonons
    symmetry = phonons.symmetry
    at_rest = displacements_at_rest(phonons.atoms, phonons.tolerance_a, displacement_a)
    heights = infrared_lines(table).heights
    tracked = []
    for band in bands:
        found = sorted(table.band_sets(_GROUPS[band]), key=lambda number: -heights[number])
        if not found:
            raise CalculationError(
                f"No infrared-active mode is led by the {band.value} carboxylate stretch.",
                why="There is no band to follow.",
                fix="Look at the modes with `reticulum modes RUN`.",
            )
        total = float(heights[found].sum())
        for number in found[:n_sets]:
            members = table.labels.sets[number]
            mode = polarised_mode(symmetry, np.array(table.labels.eigenvectors[:, members]))
            tracked.append(
                TrackedSet(
                    band=band,
                    number=number,
                    weight=float(heights[number]) / total if total > 0.0 else 1.0 / len(found),
                    mode=mode,
                    displacements=reduced_displacements(symmetry, at_rest, mode.kept),
                )
            )
    everything = np.arange(symmetry.order)
    has_response = symmetry.symmetric_displacements().shape[1] > 0
    return CouplingPlan(
        tracked=tuple(tracked),
        at_rest=at_rest,
        along_response=reduced_displacements(symmetry, at_rest, everything)
        if has_response
        else None,
        steps_a=steps_a,
    )


def displacements_at_rest(
    atoms: Atoms, tolerance_a: float, displacement_a: float
) -> tuple[AtomDisplacement, ...]:
    """The displacements that a phonon run makes of this structure."""
    phonopy = phonopy_of(atoms, tolerance_a)
    phonopy.generate_displacements(distance=displacement_a)
    return tuple(
        AtomDisplacement(
            atom=int(entry["number"]), vector_a=np.array(entry["displacement"], dtype=np.float64)
        )
        for entry in phonopy.dataset["first_atoms"]
    )
