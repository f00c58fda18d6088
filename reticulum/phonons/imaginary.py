"""From a stationary point with imaginary modes down to a minimum, one mode at a time.

A structure that was relaxed within its space group may be a saddle: force constants at Gamma then
have negative eigenvalues. Each step displaces the atoms along the most negative set, in the
directions that keep most symmetry, relaxes in the subgroup that is left, and computes the phonons
there. The primitive cell stays the same: only distortions at Gamma are followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.phonons.folder import LAYOUT, RunFolder
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.modes import ModeTable, mode_table
from reticulum.phonons.order_parameters import (
    OrderParameterDirection,
    mode_matrices,
    order_parameter_directions,
)
from reticulum.phonons.relaxation import Relaxation, relax
from reticulum.phonons.run import Run, phonons_at
from reticulum.provenance import write_json

if TYPE_CHECKING:
    from ase import Atoms

#: Largest move of an atom in the structures that look for the bottom of the well, Å. They double
#: as long as the energy falls.
_FIRST_AMPLITUDE_A = 0.05
_LARGEST_AMPLITUDE_A = 0.8

#: An energy that falls by less than this for the whole cell is not told from the scatter of
#: self-consistent energies, eV.
LEAST_GAIN_EV = 1e-4

#: Most steps down.
MOST_STEPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentStep:
    """One imaginary mode that was followed.

    Parameters
    ----------
    irrep
        Its Mulliken symbol in the group that it was found in; None if it has none.
    wavenumber_cm1
        Its wavenumber, negative because imaginary, cm⁻¹.
    degeneracy
        Modes of the set.
    space_group_before, space_group, space_group_number
        Symbols before and after, and the number after.
    n_directions
        Directions and senses that were tried.
    energy_gained_ev
        Energy of the cell before less that after, eV.
    largest_move_a
        Largest move of an atom, Å.

    """

    irrep: str | None
    wavenumber_cm1: float
    degeneracy: int
    space_group_before: str
    space_group: str
    space_group_number: int
    n_directions: int
    energy_gained_ev: float
    largest_move_a: float

    @property
    def sentence(self) -> str:
        """The step in words."""
        return (
            f"{self.irrep or 'mode without label'} at {self.wavenumber_cm1:.1f} cm⁻¹ followed: "
            f"{self.space_group_before} to {self.space_group} ({self.space_group_number}), "
            f"{1000.0 * self.energy_gained_ev:.1f} meV per cell gained, atoms moved up to "
            f"{self.largest_move_a:.3f} Å"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Descent:
    """Way from a symmetric stationary point to a minimum.

    Attributes
    ----------
    steps
        What was followed, in order; empty if nothing was imaginary.
    phonons
        At the end.
    table
        Its modes.
    end
        How it ended, in words.
    folder
        Where the phonons of the end are stored.

    """

    steps: tuple[DescentStep, ...]
    phonons: GammaPhonons
    table: ModeTable
    end: str
    folder: RunFolder

    @property
    def is_minimum(self) -> bool:
        """Whether no imaginary mode is left."""
        return self.table.n_imaginary_modes == 0

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "steps": [step.to_dict() for step in self.steps],
            "end": self.end,
            "n_imaginary_modes_left": self.table.n_imaginary_modes,
            "run_folder": str(self.folder.path),
        }


def follow_imaginary(run: Run, phonons: GammaPhonons, *, most_steps: int = MOST_STEPS) -> Descent:
    """Minimum below a stationary point with imaginary modes.

    Parameters
    ----------
    run
        An open run; all forces go through its store, so that a killed descent resumes.
    phonons
        Of the run's relaxed structure (`gamma_phonons`).
    most_steps
        Steps after which it is given up, with what is imaginary then said in `Descent.end`.

    Returns
    -------
    Descent
        The phonons after step n are stored in ``descent-n`` of the run folder, a run folder too.

    Raises
    ------
    CalculationError
        If a force calculation or a relaxation fails; everything finished is kept.

    """
    table = mode_table(phonons)
    folder = run.folder
    steps: list[DescentStep] = []
    end = "No imaginary mode is left: this is a minimum at Gamma."
    while table.imaginary:
        if len(steps) == most_steps:
            end = f"Given up after {most_steps} steps: {_left(table)}."
            break
        below = _step_down(run, phonons, table)
        if below is None:
            end = (
                f"{_left(table)}; along none of them does the energy fall by more than "
                f"{1000.0 * LEAST_GAIN_EV:g} meV per cell: flat within the accuracy of energies."
            )
            break
        step, relaxation = below
        run.progress.message(step.sentence)
        steps.append(step)
        folder = _folder(run, len(steps), relaxation.atoms, step)
        phonons = phonons_at(run, relaxation.atoms, relaxation=relaxation, folder=folder)
        table = mode_table(phonons)
    descent = Descent(steps=tuple(steps), phonons=phonons, table=table, end=end, folder=folder)
    write_json(run.folder.path / "descent.json", descent.to_dict())
    return descent


def _left(table: ModeTable) -> str:
    values = table.labels.wavenumbers_cm1[list(table.imaginary)]
    return (
        f"{table.n_imaginary_modes} imaginary modes are left "
        f"({values.min():.1f} to {values.max():.1f} cm⁻¹)"
    )


def _folder(run: Run, number: int, atoms: Atoms, step: DescentStep) -> RunFolder:
    """Run folder of the phonons after a step; its forces stay in that of the run."""
    folder = RunFolder(run.folder.path / f"descent-{number}")
    folder.path.mkdir(exist_ok=True)
    identity = RunFolder.identity_of(run.folder.path)
    write_json(
        folder.identity_file,
        {
            "layout": LAYOUT,
            "identity": {
                **identity,
                "space group": step.space_group,
                "followed": step.to_dict(),
                "forces": str(run.folder.forces_file.name) + " of the folder above",
            },
        },
    )
    return folder


def _step_down(
    run: Run, phonons: GammaPhonons, table: ModeTable
) -> tuple[DescentStep, Relaxation] | None:
    """Lowest structure next to a saddle, along its most negative sets in turn."""
    before = run.runner.evaluate([phonons.atoms], kind="reference", show=False)[0].result.energy_ev
    for number in table.imaginary:
        members = table.labels.sets[number]
        vectors = np.array(table.labels.eigenvectors[:, members])
        directions = order_parameter_directions(mode_matrices(phonons.symmetry, vectors))
        ends: list[Relaxation] = []
        tried = 0
        for direction in directions:
            for sense in (1.0,) if direction.reversible else (1.0, -1.0):
                tried += 1
                pattern = _pattern(phonons, vectors @ (sense * direction.direction), direction)
                start = _bottom(run, phonons.atoms, pattern, before)
                if start is None:
                    continue
                relaxed = _relaxed(run, start)
                if before - relaxed.energy_ev > LEAST_GAIN_EV:
                    ends.append(relaxed)
        if not ends:
            continue
        best = min(ends, key=lambda entry: entry.energy_ev)
        after = symmetry_of(best.atoms, run.options.tolerance_a)
        return (
            DescentStep(
                irrep=table.labels.labels[number],
                wavenumber_cm1=float(table.labels.wavenumbers_cm1[number]),
                degeneracy=len(members),
                space_group_before=phonons.symmetry.symbol,
                space_group=after.symbol,
                space_group_number=after.number,
                n_directions=tried,
                energy_gained_ev=before - best.energy_ev,
                largest_move_a=_largest_move(phonons.atoms, best.atoms),
            ),
            best,
        )
    return None


def _pattern(
    phonons: GammaPhonons, mode: NDArray[np.float64], direction: OrderParameterDirection
) -> NDArray[np.float64]:
    """Cartesian displacements of a mode, (n, 3), the largest of unit length.

    They are averaged over the operations that keep the direction, so that rounding does not lower
    the symmetry further.
    """
    moves = mode.reshape(-1, 3) / np.sqrt(phonons.atoms.get_masses())[:, None]
    moves = _averaged(phonons.symmetry, direction.operations, moves)
    return np.asarray(moves / np.linalg.norm(moves, axis=1).max())


def _averaged(
    symmetry: CrystalSymmetry, operations: tuple[int, ...], vectors: NDArray[np.float64]
) -> NDArray[np.float64]:
    total = np.zeros_like(vectors)
    for number in operations:
        total[symmetry.permutations[number]] += vectors @ symmetry.cartesian_rotations[number].T
    return total / len(operations)


def _bottom(run: Run, atoms: Atoms, pattern: NDArray[np.float64], energy_ev: float) -> Atoms | None:
    """Structure displaced along a pattern as far as the energy falls; None if it does not."""
    lowest, best = energy_ev, None
    amplitude = _FIRST_AMPLITUDE_A
    while amplitude <= _LARGEST_AMPLITUDE_A:
        moved = atoms.copy()
        moved.positions += amplitude * pattern
        found = run.runner.evaluate([moved], kind="descent", show=False)[0].result.energy_ev
        if found >= lowest:
            break
        lowest, best = found, moved
        amplitude *= 2.0
    return best


def _relaxed(run: Run, start: Atoms) -> Relaxation:
    """Relax in the space group of a displaced structure."""
    tolerance = min(run.options.tolerance_a, 0.02 * _FIRST_AMPLITUDE_A)
    return relax(
        start,
        symmetry_of(start, tolerance),
        run.runner,
        force_limit_ev_a=run.options.force_limit_ev_a,
        relax_cell=run.options.relax_cell,
    )


def _largest_move(before: Atoms, after: Atoms) -> float:
    moved = after.positions - before.positions
    return float(np.linalg.norm(moved - moved.mean(axis=0), axis=1).max())
