"""Geometries in which the stiff modes have followed: many relaxed side by side in mode space.

Some coordinates of a distorted crystal are held and the other normal modes relax. In mode space
the harmonic Hessian is diagonal, so that dq_k = F_k/λ_k is nearly the whole way; what the
anharmonicity leaves is taken by quasi-Newton steps that learn from the forces seen [Nocedal1980]_.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.executor import ForceRunner
from reticulum.thermal.local_frames import turned_pattern
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

if TYPE_CHECKING:
    from ase import Atoms

#: Largest force left on a free mode, eV/(Å√u), at the last geometry computed; one more step is
#: taken from there. Along a mode of 300 cm⁻¹ and 12 u it leaves 3e-4 Å before that step. The
#: adiabatic route varies it and reports what changes.
MODE_FORCE_LIMIT = 3e-4

#: Force calculations after which a geometry is given up.
MOST_STEPS = 25

#: A geometry is relaxed to the noise of the forces when so many calculations in a row have come no
#: closer to the minimum than the best before them, and no mode force is left that exceeds the limit
#: by more than this factor. Without noise every few steps come closer. "Closer" means that Σ F²/λ
#: falls at all, and for a calculator known to be noisy, to less than half: noise makes new records.
_FRUITLESS_CALLS = 3
_NOISE_OVER_LIMIT = 10.0
_NOISY_PROGRESS = 0.5

#: Longest move of an atom in one step, Å.
_LONGEST_MOVE_A = 0.08

#: A step is taken back when it makes Σ F²/λ this many times larger than the best seen.
_WORSE = 4.0

#: Differences of positions and forces that are remembered for the quasi-Newton steps.
_MEMORY = 8

#: A remembered difference is used only if the curvature along it is at least this part of the
#: harmonic one (a negative curvature is no stiff mode).
_LEAST_CURVATURE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class StiffStart:
    """A geometry to be relaxed.

    Parameters
    ----------
    positions_a
        (n, 3) Cartesian, Å.
    free
        (m,) whether each mode may relax; the others stay at what `positions_a` gives them.
    rotations, permutations
        (g, 3, 3) and (g, n) operations that the geometry has and keeps: forces are averaged over
        them. None if it has none.
    space
        Modes in which it relaxes, for instance turned with its atoms; None: those of all starts.

    """

    positions_a: NDArray[np.float64]
    free: NDArray[np.bool_]
    rotations: NDArray[np.float64] | None = None
    permutations: NDArray[np.int64] | None = None
    space: ModeSpace | None = None

    def symmetric(self, forces_ev_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Part of the forces that has the symmetry of the geometry, (n, 3), eV/Å."""
        if self.rotations is None or self.permutations is None:
            return forces_ev_a
        total = np.zeros_like(forces_ev_a)
        for rotation, permutation in zip(self.rotations, self.permutations, strict=True):
            total[permutation] += forces_ev_a @ rotation.T
        return total / len(self.rotations)


@dataclass(frozen=True, slots=True, kw_only=True)
class StiffRelaxed:
    """A geometry with its stiff modes relaxed.

    Parameters
    ----------
    positions_a
        (n, 3) Cartesian, Å, after the last step, which is taken without a further calculation.
    energy_ev
        Energy there, eV: that of the last calculation less what the last step gains.
    residual
        Largest force on a degenerate set of free modes at the last calculation, eV/(Å√u).
    last_step_a
        Longest move of an atom in the last step, Å: an upper bound of what is left.
    n_calls
        Force calculations.
    converged
        Whether the residual is below the limit, or at the noise of the forces.
    at_noise
        Whether the forces stopped falling above the limit: the geometry is the best one seen.

    """

    positions_a: NDArray[np.float64]
    energy_ev: float
    residual: float
    last_step_a: float
    n_calls: int
    converged: bool
    at_noise: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeSpace:
    """Normal modes of a crystal at rest, in which distorted geometries relax.

    Parameters
    ----------
    vectors
        (3n, m) orthonormal mass-weighted eigenvectors.
    eigenvalues
        (m,) of the mass-weighted Hessian, eV/(u Å²); negative for imaginary modes.
    masses_amu
        (n,), u.
    forces_at_rest
        (n, 3) forces left at the crystal at rest, eV/Å; they are subtracted everywhere, so that it
        counts as a stationary point.
    rotations
        (n, 3, 3) by which the part of each atom in all vectors has turned; None: not at all. So
        geometries whose modes turn with their atoms share the vectors, 13 MB for 424 atoms.

    """

    vectors: NDArray[np.float64]
    eigenvalues: NDArray[np.float64]
    masses_amu: NDArray[np.float64]
    forces_at_rest: NDArray[np.float64]
    rotations: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        size = 3 * len(self.masses_amu)
        if self.vectors.shape != (size, len(self.eigenvalues)):
            raise ValueError("the vectors do not match the eigenvalues or the masses")
        if self.forces_at_rest.shape != (len(self.masses_amu), 3):
            raise ValueError("the forces do not match the masses")
        for array in (self.vectors, self.eigenvalues, self.masses_amu, self.forces_at_rest):
            array.setflags(write=False)
        if self.rotations is not None:
            if self.rotations.shape != (len(self.masses_amu), 3, 3):
                raise ValueError("the rotations do not match the masses")
            self.rotations.setflags(write=False)

    @property
    def roots(self) -> NDArray[np.float64]:
        """Square roots of the masses of all components, (3n,), √u."""
        return np.sqrt(np.repeat(self.masses_amu, 3))

    @property
    def wavenumbers_cm1(self) -> NDArray[np.float64]:
        """Wavenumbers, (m,), cm⁻¹, imaginary negative."""
        found: NDArray[np.float64] = np.sign(self.eigenvalues) * np.sqrt(np.abs(self.eigenvalues))
        return found * SQRT_EV_PER_U_A2_TO_CM1

    def displacement_a(self, amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Displacement of the atoms, (n, 3), Å, for mode amplitudes (m,), Å√u."""
        moved: NDArray[np.float64] = ((self.vectors @ amplitudes) / self.roots).reshape(-1, 3)
        return moved if self.rotations is None else turned_pattern(self.rotations, moved)

    def amplitudes(self, displacement_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mode amplitudes, (m,), Å√u, of a displacement of the atoms, (n, 3), Å."""
        found: NDArray[np.float64] = self.vectors.T @ (
            self._turned_back(displacement_a).ravel() * self.roots
        )
        return found

    def forces(self, forces_ev_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mode forces, (m,), eV/(Å√u), beyond those at rest, of forces (n, 3), eV/Å."""
        beyond = self._turned_back(forces_ev_a - self.forces_at_rest).ravel() / self.roots
        found: NDArray[np.float64] = self.vectors.T @ beyond
        return found

    def _turned_back(self, pattern: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.rotations is None:
            return pattern
        return turned_pattern(self.rotations.transpose(0, 2, 1), pattern)


def relax_stiff_modes(
    atoms: Atoms,
    runner: ForceRunner,
    space: ModeSpace,
    starts: Sequence[StiffStart],
    *,
    force_limit: float = MODE_FORCE_LIMIT,
    most_steps: int = MOST_STEPS,
    noisy: bool = False,
    kind: str = "stiff-relaxation",
) -> tuple[StiffRelaxed, ...]:
    """Relaxed geometries, in the order of the starts; one batch of forces for each step of all.

    A geometry is finished when no free mode feels more than `force_limit`; then one more step is
    taken. It is finished too when its forces stop falling not far above the limit: that is the
    noise of the calculator, and the best geometry seen is kept as it is. Those that are not
    finished after `most_steps` calculations come back with ``converged=False``: the caller decides
    what they are worth.

    Parameters
    ----------
    atoms
        The crystal at rest.
    runner
        Computes and stores forces.
    space
        Its modes.
    starts
        What to relax. Free modes must have positive eigenvalues.
    force_limit
        eV/(Å√u).
    most_steps
        Most force calculations for a geometry.
    noisy
        Whether the calculator is known to be noisy: slow progress then counts as none, and a
        geometry that is close to the limit after `most_steps` as relaxed to the noise.
    kind
        Name under which calculations are stored.

    Raises
    ------
    CalculationError
        If a force calculation failed. Everything finished is kept.
    ValueError
        If a mode that is no minimum is to relax.

    """
    states = [_Relaxing(start.space or space, start, force_limit, noisy) for start in starts]
    working = list(range(len(states)))
    runner.progress.start(kind, 0, 0)
    while working:
        structures = []
        for number in working:
            trial = atoms.copy()
            trial.positions = states[number].positions
            structures.append(trial)
        found = runner.evaluate(structures, kind=kind, show=False)
        unfinished = []
        for number, answer in zip(working, found, strict=True):
            state = states[number]
            runner.progress.advance(kind, answer.seconds, f"{len(working)} geometries under way")
            state.absorb(answer.result.energy_ev, answer.result.forces_ev_per_a)
            if not state.finished and state.n_calls < most_steps:
                unfinished.append(number)
        working = unfinished
    runner.progress.finish(kind)
    for state in states:
        state.end()
    return tuple(state.result() for state in states)


class _Relaxing:
    """One geometry on its way: limited-memory BFGS that starts from the harmonic Hessian."""

    def __init__(
        self, space: ModeSpace, start: StiffStart, force_limit: float, noisy: bool
    ) -> None:
        self.space = space
        self.start = start
        self.free = np.flatnonzero(start.free)
        self.stiffness = space.eigenvalues[self.free]
        _, self.sets = np.unique(self.stiffness, return_inverse=True)
        if np.any(self.stiffness <= 0.0):
            raise ValueError("only modes with positive eigenvalues can relax by Newton steps")
        self.limit = force_limit
        self.noisy = noisy
        self.place = np.zeros(len(self.free))
        self.n_calls = 0
        self.finished = False
        self.pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self.best_place = self.place
        self.best_force = np.zeros(len(self.free))
        self.best_energy = 0.0
        self.best_measure = np.inf
        # That of the least measure of all; the best one above may be slightly worse.
        self.lowest = (self.place, self.best_force, 0.0)
        self.lowest_measure = np.inf
        self.fruitless = 0
        self.at_noise = False
        self.step = np.zeros(len(self.free))

    @property
    def positions(self) -> NDArray[np.float64]:
        """Present positions, (n, 3), Å."""
        return self.start.positions_a + self._moved(self.place)

    def _moved(self, amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        all_modes = np.zeros(len(self.space.eigenvalues))
        all_modes[self.free] = amplitudes
        return self.space.displacement_a(all_modes)

    def absorb(self, energy_ev: float, forces_ev_a: NDArray[np.float64]) -> None:
        """Take in the forces at the present positions and step on."""
        self.n_calls += 1
        force = self.space.forces(self.start.symmetric(forces_ev_a))[self.free]
        measure = float(np.sum(force**2 / self.stiffness))
        progress = _NOISY_PROGRESS if self.noisy else 1.0
        self.fruitless = 0 if measure < progress * self.lowest_measure else self.fruitless + 1
        if measure < self.lowest_measure:
            self.lowest, self.lowest_measure = (self.place, force, energy_ev), measure
        if self._largest(force) > self.limit and self.fruitless >= _FRUITLESS_CALLS:
            self._accept_noise()
            if self.finished:
                return
        if measure > _WORSE * self.best_measure:
            # Too far: half the step, and the curvature seen on the way is not trusted further on.
            self._remember(self.place - self.best_place, self.best_force - force)
            self.step = 0.5 * self.step
            self.place = self.best_place + self.step
            return
        if self.n_calls > 1:
            self._remember(self.place - self.best_place, self.best_force - force)
        self.best_place, self.best_force = self.place, force
        self.best_energy, self.best_measure = energy_ev, measure
        self.step = self._limited(self._quasi_newton(force))
        self.finished = self._largest(force) <= self.limit
        self.place = self.best_place + self.step

    def _accept_noise(self) -> None:
        """Finish with the best geometry seen if its forces are not far above the limit."""
        if self._largest(self.lowest[1]) <= _NOISE_OVER_LIMIT * self.limit:
            self.best_place, self.best_force, self.best_energy = self.lowest
            self.finished = self.at_noise = True

    def end(self) -> None:
        """No more forces come; a noisy calculator has then done what it can."""
        if self.noisy and not self.finished:
            self._accept_noise()

    def _remember(self, step: NDArray[np.float64], change: NDArray[np.float64]) -> None:
        harmonic = float(step @ (self.stiffness * step))
        if harmonic > 0.0 and float(step @ change) >= _LEAST_CURVATURE * harmonic:
            self.pairs = [*self.pairs, (step, change)][-_MEMORY:]

    def _quasi_newton(self, force: NDArray[np.float64]) -> NDArray[np.float64]:
        """Step by the two-loop recursion of limited-memory BFGS."""
        remaining = np.array(force)
        shares = []
        for step, change in reversed(self.pairs):
            share = float(step @ remaining) / float(step @ change)
            remaining = remaining - share * change
            shares.append(share)
        result: NDArray[np.float64] = remaining / self.stiffness
        for (step, change), share in zip(self.pairs, reversed(shares), strict=True):
            back = float(change @ result) / float(step @ change)
            result = result + (share - back) * step
        return result

    def _largest(self, force: NDArray[np.float64]) -> float:
        """Largest force on a degenerate set, which does not depend on its basis."""
        squares = np.bincount(self.sets, weights=force**2)
        return float(np.sqrt(squares.max(initial=0.0)))

    def _limited(self, step: NDArray[np.float64]) -> NDArray[np.float64]:
        longest = self._longest(step)
        return step * min(1.0, _LONGEST_MOVE_A / longest) if longest > 0.0 else step

    def _longest(self, step: NDArray[np.float64]) -> float:
        return float(np.linalg.norm(self._moved(step), axis=1).max())

    def result(self) -> StiffRelaxed:
        """Geometry after the last step."""
        taken = self.finished and not self.at_noise
        step = self.step if taken else np.zeros_like(self.step)
        return StiffRelaxed(
            positions_a=self.start.positions_a + self._moved(self.best_place + step),
            energy_ev=self.best_energy - 0.5 * float(step @ self.best_force),
            residual=self._largest(self.best_force),
            last_step_a=self._longest(step),
            n_calls=self.n_calls,
            converged=self.finished,
            at_noise=self.at_noise,
        )
