"""A relaxed path along one coordinate: it is held, everything else that is free relaxes.

With totally symmetric displacements alone the path stays in the crystal's space group and cell, so
that few are free (12 for HKUST-1); without symmetry all may be. The harmonic Hessian preconditions
every step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.executor import ForceRunner
from reticulum.errors import CalculationError
from reticulum.thermal.quasi_newton import positive_curvatures, updated_curvatures

if TYPE_CHECKING:
    from ase import Atoms

#: Largest force left on the free coordinates, eV/Å (norm in the space of symmetric displacements).
#: At 0.01 eV/Å slopes of a model with exactly known forces were off by 3 %, at 0.002 by 0.1 %.
PATH_FORCE_LIMIT_EV_A = 0.002

#: Deviation allowed from the held value of the coordinate, Å.
PATH_COORDINATE_LIMIT_A = 1e-6

#: Longest step of one iteration, Å (norm over all atoms, divided by the root of their number).
_LONGEST_STEP_RMS_A = 0.05

#: Iterations after which a point is given up.
MOST_ITERATIONS = 40

#: A step of all atoms this many times as long as the one before, for equal steps of the coordinate,
#: is a jump to another structure (a bond that opens), not a path. Steps of smooth scans of HKUST-1
#: and MOF-5 change by less than a third, those of a path that bends sharply by a factor of two.
_LARGEST_STEP_RATIO = 4.0

#: Points that an arm must have; with fewer, a point that does not converge is an error.
FEWEST_POINTS = 2

#: Smallest curvature that a preconditioner may have, eV/Å².
SMALLEST_CURVATURE_EV_A2 = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPoint:
    """One relaxed geometry on the path.

    Parameters
    ----------
    coordinate_a
        Value of the held coordinate, Å.
    energy_ev
        Energy of the cell, eV.
    positions_a
        (n, 3) Cartesian, Å.
    forces_ev_a
        (n, 3), eV/Å: what is left is along the held coordinate.
    residual_ev_a
        Norm of the force on the free coordinates, eV/Å.
    n_calls
        Force calculations that the point took.
    jumped
        Whether the point does not continue the path before it (only where jumps are kept).

    """

    coordinate_a: float
    energy_ev: float
    positions_a: NDArray[np.float64]
    forces_ev_a: NDArray[np.float64]
    residual_ev_a: float
    n_calls: int
    jumped: bool = False


#: Value (Å) and gradient ((n, 3), dimensionless) of a coordinate at positions ((n, 3), Å).
Coordinate = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]


@dataclass(slots=True)
class _Arm:
    """State of one direction of the path while it is followed."""

    start: NDArray[np.float64]
    hessian: NDArray[np.float64]
    done: list[PathPoint]
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PathSettings:
    """How a path is followed.

    Parameters
    ----------
    force_limit_ev_a
        Largest force left on the free coordinates, eV/Å (norm over all of them).
    smallest_curvature_ev_a2
        Floor of the preconditioner's curvatures, eV/Å².
    most_iterations
        Force calculations after which a point is given up.
    keep_jumps
        Go on after a jump to another structure, with that point marked; otherwise the arm ends.
    fewest_points
        Points that an arm must have; with fewer, a point that does not converge is an error.
    what
        Name of the coordinate in messages.

    """

    force_limit_ev_a: float = PATH_FORCE_LIMIT_EV_A
    smallest_curvature_ev_a2: float = SMALLEST_CURVATURE_EV_A2
    most_iterations: int = MOST_ITERATIONS
    keep_jumps: bool = False
    fewest_points: int = FEWEST_POINTS
    what: str = "metal-oxygen distance"


def relaxed_points(
    atoms: Atoms,
    runner: ForceRunner,
    coordinate: Coordinate,
    *,
    displacements: NDArray[np.float64],
    hessian_ev_a2: NDArray[np.float64],
    targets_a: Sequence[Sequence[float]],
    energy_limit_ev: float,
    kind: str = "scan",
    settings: PathSettings | None = None,
) -> tuple[PathPoint, ...]:
    """Relaxed points of the path, followed outwards from a minimum.

    Parameters
    ----------
    atoms
        The relaxed structure.
    runner
        Computes forces; the arms are followed side by side.
    coordinate
        What is held.
    displacements
        (3n, m) orthonormal displacements that are free.
    hessian_ev_a2
        (3n, 3n) Hessian at the start, the preconditioner.
    targets_a
        For each arm the values of the coordinate, Å, outwards.
    energy_limit_ev
        An arm ends with the first point that lies this far above the start, eV per cell.
    kind
        Name under which calculations are stored.
    settings
        How the path is followed; default: what suits a path of totally symmetric displacements.

    Returns
    -------
    tuple
        The points in order of the coordinate, the start among them.

    Raises
    ------
    CalculationError
        If one of the first two points of an arm does not converge. Further out the arm ends there,
        and the user is told.

    """
    settings = settings or PathSettings()
    origin = np.array(atoms.positions)
    first = runner.evaluate([atoms], kind=kind, show=False)[0].result
    value, _ = coordinate(origin)
    reduced = displacements.T @ hessian_ev_a2 @ displacements
    start = PathPoint(
        coordinate_a=value,
        energy_ev=first.energy_ev,
        positions_a=origin,
        forces_ev_a=np.array(first.forces_ev_per_a),
        residual_ev_a=float(np.linalg.norm(displacements.T @ first.forces_ev_per_a.ravel())),
        n_calls=1,
    )
    preconditioner = positive_curvatures(reduced, settings.smallest_curvature_ev_a2)
    arms = [_Arm(start=origin, hessian=preconditioner, done=[start]) for _ in targets_a]
    runner.progress.start(kind, 0, 0)
    for level in range(max((len(t) for t in targets_a), default=0)):
        open_arms = [
            (arm, targets[level])
            for arm, targets in zip(arms, targets_a, strict=True)
            if level < len(targets)
            and not arm.ended
            and arm.done[-1].energy_ev - start.energy_ev < energy_limit_ev
        ]
        if not open_arms:
            break
        _relax_together(
            atoms,
            runner,
            coordinate,
            displacements=displacements,
            open_arms=open_arms,
            kind=kind,
            settings=settings,
        )
        for arm, _ in open_arms:
            if arm.done[-1].jumped:
                arm.hessian = preconditioner  # what was learnt belongs to another structure
    runner.progress.finish(kind)
    points = [start, *(point for arm in arms for point in arm.done[1:])]
    return tuple(sorted(points, key=lambda point: point.coordinate_a))


def _relax_together(
    atoms: Atoms,
    runner: ForceRunner,
    coordinate: Coordinate,
    *,
    displacements: NDArray[np.float64],
    open_arms: list[tuple[_Arm, float]],
    kind: str,
    settings: PathSettings,
) -> None:
    """Relax the next point of every open arm, one batch of forces for each iteration."""
    working = {
        number: _Relaxing(arm, target, coordinate, displacements, settings)
        for number, (arm, target) in enumerate(open_arms)
    }
    while working:
        numbers = list(working)
        structures = []
        for number in numbers:
            trial = atoms.copy()
            trial.positions = working[number].positions
            structures.append(trial)
        found = runner.evaluate(structures, kind=kind, show=False)
        for number, answer in zip(numbers, found, strict=True):
            state = working[number]
            runner.progress.advance(kind, answer.seconds, f"{settings.what} {state.target:.3f} Å")
            try:
                arrived = state.absorb(answer.result.energy_ev, answer.result.forces_ev_per_a)
            except CalculationError as error:
                if len(state.arm.done) - 1 < settings.fewest_points:
                    raise
                state.arm.ended = arrived = True
                runner.progress.message(f"{error.what} The scan ends before it on this side.")
            if arrived:
                del working[number]
                _mind_a_jump(state.arm, runner, settings)


def _mind_a_jump(arm: _Arm, runner: ForceRunner, settings: PathSettings) -> None:
    """Mark the last point of an arm if it does not continue the path, or give it up and end."""
    if arm.ended or len(arm.done) <= FEWEST_POINTS + 1:
        return
    if any(point.jumped for point in arm.done[-2:]):
        return  # the step before is that of the jump, no measure of this one
    steps = np.diff([point.positions_a for point in arm.done[-3:]], axis=0)
    steps = steps - steps.mean(axis=1, keepdims=True)  # a drift of the whole crystal is no jump
    before, now = np.linalg.norm(steps, axis=(1, 2))
    if now <= _LARGEST_STEP_RATIO * before:
        return
    lost = arm.done.pop()
    sentence = (
        f"Between {arm.done[-1].coordinate_a:.3f} and {lost.coordinate_a:.3f} Å the relaxed path "
        f"jumps to another structure ({lost.energy_ev - arm.done[-1].energy_ev:+.3f} eV per cell)."
    )
    if settings.keep_jumps:
        arm.done.append(replace(lost, jumped=True))
    else:
        arm.ended = True
        sentence += " The scan ends before it on this side."
    runner.progress.message(sentence)


class _Relaxing:
    """Constrained quasi-Newton iteration for one point (BFGS on the Lagrangian)."""

    def __init__(
        self,
        arm: _Arm,
        target: float,
        coordinate: Coordinate,
        displacements: NDArray[np.float64],
        settings: PathSettings,
    ) -> None:
        self.settings = settings
        self.arm = arm
        self.target = target
        self.coordinate = coordinate
        self.displacements = displacements
        self.n_calls = 0
        self.last: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None
        self.positions = self._predicted()

    def _predicted(self) -> NDArray[np.float64]:
        """Start from the line through the last two points, or from the harmonic response."""
        previous = self.arm.done[-1]
        if len(self.arm.done) > 1 and not previous.jumped:
            before = self.arm.done[-2]
            share = (self.target - previous.coordinate_a) / (
                previous.coordinate_a - before.coordinate_a
            )
            guess = previous.positions_a + share * (previous.positions_a - before.positions_a)
        else:
            guess = previous.positions_a
        return self._on_target(guess)

    def _on_target(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Move along the softest way of changing the coordinate until it has its value."""
        for _ in range(20):
            value, gradient = self.coordinate(positions)
            if abs(value - self.target) < 0.1 * PATH_COORDINATE_LIMIT_A:
                break
            along = self.displacements.T @ gradient.ravel()
            response = np.linalg.solve(self.arm.hessian, along)
            step = response * (self.target - value) / float(along @ response)
            positions = positions + (self.displacements @ step).reshape(-1, 3)
        return positions

    def absorb(self, energy_ev: float, forces_ev_a: NDArray[np.float64]) -> bool:
        """Take in the forces at the present geometry; True when the point is relaxed."""
        self.n_calls += 1
        value, gradient = self.coordinate(self.positions)
        force = self.displacements.T @ forces_ev_a.ravel()
        along = self.displacements.T @ gradient.ravel()
        multiplier = float(along @ force) / float(along @ along)
        free = force - multiplier * along
        place = self.displacements.T @ (self.positions - self.arm.start).ravel()
        if self.last is not None:
            self.arm.hessian = updated_curvatures(
                self.arm.hessian, place - self.last[0], self.last[1] - free
            )
        self.last = (place, free)
        residual = float(np.linalg.norm(free))
        settled = residual < self.settings.force_limit_ev_a
        if settled and abs(value - self.target) < PATH_COORDINATE_LIMIT_A:
            self.arm.done.append(
                PathPoint(
                    coordinate_a=value,
                    energy_ev=energy_ev,
                    positions_a=np.array(self.positions),
                    forces_ev_a=np.array(forces_ev_a),
                    residual_ev_a=residual,
                    n_calls=self.n_calls,
                )
            )
            return True
        if self.n_calls >= self.settings.most_iterations:
            raise CalculationError(
                f"The scan did not converge at a {self.settings.what} of {self.target:.3f} Å.",
                why=f"After {self.n_calls} steps a force of {residual:.3f} eV/Å is left.",
                fix="Scan a smaller range, or try another calculator.",
            )
        response = np.linalg.solve(self.arm.hessian, along)
        newton = np.linalg.solve(self.arm.hessian, force)
        step = newton - response * float(along @ newton) / float(along @ response)
        longest = _LONGEST_STEP_RMS_A * np.sqrt(len(self.positions))
        step *= min(1.0, longest / max(float(np.linalg.norm(step)), 1e-12))
        moved = self.positions + (self.displacements @ step).reshape(-1, 3)
        self.positions = self._on_target(moved)
        return False
