"""Relaxation that keeps the space group, through the store of forces."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from reticulum.engines.executor import ForceRunner
from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.phonons.options import FORCE_LIMIT_EV_A
from reticulum.phonons.strain_logarithm import strain_logarithm

if TYPE_CHECKING:
    from ase import Atoms

#: Steps after which a relaxation is given up.
MAX_STEPS = 400

#: Weight of cell against positions in ASE's FrechetCellFilter. Its default (the number of atoms)
#: crawls for frameworks of over a hundred atoms; with 10 they converge in some 30 steps.
CELL_FACTOR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxation:
    """End of a relaxation.

    Parameters
    ----------
    atoms
        Relaxed structure with the symmetry of the one given.
    n_steps
        Force calculations it took, stored ones included.
    energy_ev, energy_before_ev
        Energy per cell after and before, eV.
    largest_force_ev_a
        Largest force component left, eV/Å.
    force_asymmetry_ev_a
        Largest part of a force at the relaxed geometry that the space group forbids, eV/Å. It
        measures how far the calculator breaks the crystal's symmetry.
    moved_a
        Largest move of an atom, Å (with the cell's strain taken out).
    cell_relaxed
        Whether the cell was relaxed too.

    """

    atoms: Atoms
    n_steps: int
    energy_ev: float
    energy_before_ev: float
    largest_force_ev_a: float
    force_asymmetry_ev_a: float
    moved_a: float
    cell_relaxed: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "n_steps": self.n_steps,
            "energy_ev": self.energy_ev,
            "energy_gained_ev": self.energy_before_ev - self.energy_ev,
            "largest_force_ev_per_a": self.largest_force_ev_a,
            "force_asymmetry_ev_per_a": self.force_asymmetry_ev_a,
            "largest_move_a": self.moved_a,
            "cell_relaxed": self.cell_relaxed,
            "cell_lengths_a": [float(x) for x in self.atoms.cell.lengths()],
            "cell_angles_deg": [float(x) for x in self.atoms.cell.angles()],
        }


def relax(
    atoms: Atoms,
    symmetry: CrystalSymmetry,
    runner: ForceRunner,
    *,
    force_limit_ev_a: float = FORCE_LIMIT_EV_A,
    relax_cell: bool = False,
    constant_volume: bool = False,
    max_steps: int = MAX_STEPS,
) -> Relaxation:
    """Relaxed structure in the same space group (ASE's BFGS with its FixSymmetry constraint).

    Every force calculation goes through the store, so a relaxation that was killed repeats its
    finished steps from there and goes on.

    Parameters
    ----------
    atoms
        A symmetrised primitive cell; not changed.
    symmetry
        Its space group.
    runner
        Computes forces.
    force_limit_ev_a
        Largest force component that is left, eV/Å (for the cell: of the generalised force).
    relax_cell
        Relax the cell within its crystal system.
    constant_volume
        Keep the volume while the cell is relaxed: only its shape changes.
    max_steps
        Steps after which it is given up.

    Raises
    ------
    CalculationError
        If it does not converge, or the structure leaves its space group.
    InputError
        If the cell is to be relaxed and the calculator gives no stress.

    """
    from ase.constraints import FixSymmetry
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS

    if relax_cell and "stress" not in runner.engine.card.gives:
        raise InputError(
            f"The calculator {runner.engine.name} gives no stress.",
            why="Relaxing the cell needs it.",
            fix="Leave out --relax-cell, or use another calculator.",
        )
    work = atoms.copy()
    work.calc = _stored_calculator(runner)
    work.set_constraint(FixSymmetry(work, symprec=_constraint_tolerance(), verbose=False))
    progress = runner.progress
    progress.start("relaxation", 0, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        target = (
            FrechetCellFilter(work, exp_cell_factor=CELL_FACTOR, constant_volume=constant_volume)
            if relax_cell
            else work
        )
        # Which of the two takes the logarithm depends on the version of ASE.
        for owner in (target, getattr(target, "_utility", None)):
            if owner is not None and hasattr(owner, "logm"):
                owner.logm = strain_logarithm
        optimiser = BFGS(target, logfile=None)
        before = float(work.get_potential_energy())
        for _ in optimiser.irun(fmax=force_limit_ev_a, steps=max_steps):
            left = float(np.abs(target.get_forces()).max())
            progress.advance("relaxation", work.calc.seconds, f"largest force {left:.4f} eV/Å")
        left = float(np.linalg.norm(target.get_forces(), axis=1).max())
    progress.finish("relaxation")
    if not left <= force_limit_ev_a:
        raise CalculationError(
            f"The relaxation did not converge in {max_steps} steps.",
            why=f"A force of {left:.1e} eV/Å is left; the limit is {force_limit_ev_a:g} eV/Å.",
            fix="Use a looser --fmax, start from a better geometry, or try another calculator.",
        )
    relaxed = work.copy()
    relaxed.set_constraint()
    relaxed.calc = None
    after = symmetry_of(relaxed)
    if after.order < symmetry.order:
        raise CalculationError(
            f"The relaxed structure is {after.symbol}, not {symmetry.symbol} any more.",
            why="Rounding has broken the symmetry.",
            fix="Use a larger --symprec.",
        )
    final = runner.evaluate([relaxed], kind="relaxation", show=False)[0].result
    forces = final.forces_ev_per_a
    return Relaxation(
        atoms=relaxed,
        n_steps=int(optimiser.nsteps) + 1,
        energy_ev=final.energy_ev,
        energy_before_ev=before,
        largest_force_ev_a=float(np.abs(symmetry.symmetrise_vectors(forces)).max()),
        force_asymmetry_ev_a=float(np.abs(forces - symmetry.symmetrise_vectors(forces)).max()),
        moved_a=_largest_move(atoms, relaxed),
        cell_relaxed=relax_cell,
    )


def _constraint_tolerance() -> float:
    """Tolerance for ASE's constraint; the structure is symmetrised, so a tight one serves, Å."""
    return 1e-4


def _largest_move(before: Atoms, after: Atoms) -> float:
    shift = after.get_scaled_positions(wrap=False) - before.get_scaled_positions(wrap=False)
    shift -= np.rint(shift)
    moved = shift @ after.cell[:]
    return float(np.linalg.norm(moved - moved.mean(axis=0), axis=1).max())


def _stored_calculator(runner: ForceRunner) -> Any:
    """ASE calculator whose answers come from the runner."""
    from ase.calculators.calculator import Calculator, all_changes

    class StoredForces(Calculator):  # type: ignore[misc]
        implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]
        seconds = 0.0

        def calculate(
            self,
            atoms: Any = None,
            properties: Any = ("energy",),
            system_changes: Any = all_changes,
        ) -> None:
            super().calculate(atoms, properties, system_changes)
            found = runner.evaluate([self.atoms], kind="relaxation", show=False)[0]
            self.seconds = found.seconds
            self.results["energy"] = found.result.energy_ev
            self.results["forces"] = np.array(found.result.forces_ev_per_a)
            if found.result.stress_ev_per_a3 is not None:
                self.results["stress"] = np.array(found.result.stress_ev_per_a3)

    return StoredForces()
