"""Couplings of carboxylate modes to all modes, from Hessians of the displaced crystal.

With the crystal displaced by ±δ along one partner of the tracked mode i, the Hessian gives
φ_ijk = [H_jk(+) - H_jk(-)]/2δ and φ_iijj = [H_jj(+) + H_jj(-) - 2 H_jj(0)]/δ² for all j and k.
Only totally symmetric modes k survive in Σ_j φ_jjk over a degenerate set, so that the relaxation
term needs the Hessian along one direction more, the totally symmetric response
Σ_k (φ_iik/ω_k) q_k.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.executor import ForceRunner
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.reduced_hessian import ReducedDisplacements
from reticulum.thermal.mode_coupling import ModeCouplings
from reticulum.thermal.mode_coupling_plan import CouplingPlan, TrackedSet
from reticulum.thermal.mode_space import ModeSpace, mode_space
from reticulum.units import HBAR2_OVER_2U_A2_CM1

if TYPE_CHECKING:
    from ase import Atoms

#: A symmetric response shorter than this for q_i² = 1 is rounding, Å.
_NO_RESPONSE_A = 1e-9

#: Name under which the calculations are stored.
KIND = "mode-coupling"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredCouplings:
    """Couplings of one tracked set as measured, with signs of their accuracy.

    Parameters
    ----------
    couplings
        The couplings.
    sets
        (n_sets,) numbers in the table of the sets that are coupled to.
    step_a, step_q
        Largest displacement of an atom along the mode, Å, and the same in units of q.
    quartic_noise_cm1, relaxation_noise_cm1
        (n_sets,) standard errors of Σ_j φ_iijj and of Σ_jk φ_iik φ_jjk/ω_k, cm⁻¹, from how far the
        raw Hessians are from symmetric.
    response_mismatch
        Relative disagreement of φ_iik from Hessians with φ_iik from the forces at the displaced
        crystal: what the next order of the potential adds over the step, and noise.

    """

    couplings: ModeCouplings
    sets: NDArray[np.int64]
    step_a: float
    step_q: float
    quartic_noise_cm1: NDArray[np.float64]
    relaxation_noise_cm1: NDArray[np.float64]
    response_mismatch: float

    def __post_init__(self) -> None:
        shape = self.couplings.wavenumbers_cm1.shape
        for name in ("sets", "quartic_noise_cm1", "relaxation_noise_cm1"):
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} must have the shape {shape}")
            getattr(self, name).setflags(write=False)


def measure_couplings(
    runner: ForceRunner, table: ModeTable, plan: CouplingPlan, tracked: TrackedSet, step_a: float
) -> MeasuredCouplings:
    """Couplings of one tracked set to all modes with a positive wavenumber.

    Every calculation goes through the runner's store: what is there is not computed again.

    Parameters
    ----------
    runner
        Computes forces.
    table
        The modes.
    plan
        From `plan_mode_couplings`.
    tracked
        One of its sets.
    step_a
        Largest displacement of an atom along the mode, Å.

    Raises
    ------
    CalculationError
        If a force calculation failed. Everything finished is kept.

    """
    atoms, symmetry = table.phonons.atoms, table.phonons.symmetry
    space = mode_space(table)
    omega = float(table.labels.wavenumbers_cm1[tracked.number])
    shape = (tracked.mode.vector / space.roots).reshape(-1, 3)
    amplitude = step_a / float(np.linalg.norm(shape, axis=1).max())
    step_q = amplitude / float(np.sqrt(2.0 * HBAR2_OVER_2U_A2_CM1 / omega))

    rest = runner.evaluate(
        [atoms, *(d.applied_to(atoms) for d in plan.at_rest)], kind=KIND, show=False
    )
    at_rest = rest[0].result.forces_ev_per_a
    known = [r.result.forces_ev_per_a - at_rest for r in rest[1:]]
    raw_rest = tracked.displacements.hessian(
        tracked.displacements.responses_at_rest(symmetry, known)
    )
    signs = (1.0, -1.0)[: tracked.n_signs]
    moved = _hessians(
        runner, atoms, tracked.displacements, [sign * amplitude * shape for sign in signs]
    )
    if tracked.mode.reversing is not None:
        moved.append(_reversed(symmetry, tracked.mode.reversing, *moved[0]))
    (forward, plus), (backward, minus) = moved
    first = space.matrix_cm1((plus - minus) / (2.0 * step_q))
    second = space.matrix_cm1((plus + minus - 2.0 * raw_rest) / step_q**2)
    towards = first @ (space.vectors.T @ tracked.mode.vector)  # φ_iik
    by_force = -space.forces_cm1(forward + backward - 2.0 * at_rest) / step_q**2
    noise = np.array([space.noise_cm1(raw) for raw in (plus, minus, raw_rest)])
    quartic_noise = np.sqrt(noise[0] ** 2 + noise[1] ** 2 + 4.0 * noise[2] ** 2) / step_q**2

    relaxation, relaxation_noise, mismatch = _relaxation(
        runner, table, space, plan, towards=towards, by_force=by_force, step_a=step_a
    )
    member = space.member
    return MeasuredCouplings(
        couplings=ModeCouplings(
            tracked_cm1=omega,
            wavenumbers_cm1=table.labels.wavenumbers_cm1[space.sets].copy(),
            dimensions=table.labels.dimensions[space.sets].copy(),
            quartic_cm1=member @ np.diag(second),
            relaxation_cm1=member @ relaxation,
            cubic_squares_cm2=member @ first**2 @ member.T,
        ),
        sets=space.sets.copy(),
        step_a=step_a,
        step_q=step_q,
        quartic_noise_cm1=np.sqrt(member @ quartic_noise**2),
        relaxation_noise_cm1=np.sqrt(member @ relaxation_noise**2),
        response_mismatch=mismatch,
    )


def _relaxation(
    runner: ForceRunner,
    table: ModeTable,
    space: ModeSpace,
    plan: CouplingPlan,
    *,
    towards: NDArray[np.float64],
    by_force: NDArray[np.float64],
    step_a: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Σ_k φ_iik φ_jjk/ω_k of each mode j with its noise, and the mismatch of φ_iik."""
    pattern, other = (
        table.phonons.symmetry.symmetrise_vectors(space.displacement_a(phi / space.wavenumbers_cm1))
        for phi in (towards, by_force)
    )
    longest = float(np.linalg.norm(pattern, axis=1).max())
    nothing = np.zeros(len(towards))
    if plan.along_response is None or longest < _NO_RESPONSE_A:
        return nothing, nothing, 0.0
    mismatch = float(np.linalg.norm(pattern - other) / np.linalg.norm(pattern))
    scale = step_a / longest
    (_, plus), (_, minus) = _hessians(
        runner, table.phonons.atoms, plan.along_response, [scale * pattern, -scale * pattern]
    )
    slope = np.diag(space.matrix_cm1(plus - minus)) / (2.0 * scale)
    noise = np.hypot(space.noise_cm1(plus), space.noise_cm1(minus)) / (2.0 * scale)
    return slope, noise, mismatch


def _hessians(
    runner: ForceRunner,
    atoms: Atoms,
    displacements: ReducedDisplacements,
    patterns_a: list[NDArray[np.float64]],
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Forces (n, 3) and raw Hessian (3n, 3n) of the crystal displaced by each pattern."""
    batch = []
    for pattern in patterns_a:
        moved = atoms.copy()
        moved.positions += pattern
        batch += [moved, *displacements.structures(moved)]
    found = [r.result.forces_ev_per_a for r in runner.evaluate(batch, kind=KIND)]
    size = 1 + len(displacements.chosen)
    result = []
    for start in range(0, len(found), size):
        at_rest, *displaced = found[start : start + size]
        result.append((at_rest, displacements.hessian([f - at_rest for f in displaced])))
    return result


def _reversed(
    symmetry: CrystalSymmetry,
    operation: int,
    forces: NDArray[np.float64],
    hessian: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Forces and Hessian of the crystal displaced the other way, by symmetry."""
    rotation = symmetry.cartesian_rotations[operation]
    permutation = symmetry.permutations[operation]
    n_atoms = len(permutation)
    turned = np.empty_like(forces)
    turned[permutation] = forces @ rotation.T
    blocks = hessian.reshape(n_atoms, 3, n_atoms, 3)
    image = np.empty_like(blocks)
    image[np.ix_(permutation, range(3), permutation, range(3))] = np.einsum(
        "ij,ajbk,lk->aibl", rotation, blocks, rotation, optimize=True
    )
    return turned, image.reshape(hessian.shape)
