"""Steps of molecular dynamics, in this process or in one of its own for each trajectory."""

from __future__ import annotations

import multiprocessing
import os
from concurrent import futures
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.blas import load_fast_blas, one_thread_for_new_libraries
from reticulum.engines.build import Engine, evaluate
from reticulum.engines.executor import clear_broken_pool, deaf_to_ctrl_c, start_worker
from reticulum.thermal.band_tracking import TrackedModes
from reticulum.thermal.langevin import (
    FEMTOSECOND,
    PhasePoint,
    kinetic_temperature_k,
    langevin_step,
    starting_point,
)
from reticulum.thermal.local_frames import LocalFrames
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.velocity_spectra import projected_velocities

if TYPE_CHECKING:
    from ase import Atoms

#: Time between two looks of the parent at its workers, s (keeps Ctrl-C responsive).
_POLL_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics:
    """What decides the steps of a trajectory, and what is kept of them.

    Parameters
    ----------
    atoms
        The crystal at rest.
    tracked
        The modes on which velocities are projected.
    frames
        Frames that turn with the atoms.
    forces_at_rest
        (n, 3), eV/Å.
    options
        What decides the trajectories.

    """

    atoms: Atoms
    tracked: TrackedModes
    frames: LocalFrames
    forces_at_rest: NDArray[np.float64]
    options: MolecularDynamicsOptions

    def start(self, temperature_k: float) -> PhasePoint:
        """Where a trajectory begins."""
        return starting_point(
            np.array(self.atoms.positions),
            self.forces_at_rest,
            self.atoms.get_masses(),
            temperature_k=temperature_k,
            seed=(self.options.seed,),
        )

    def step(self, point: PhasePoint, temperature_k: float, calculator: Any) -> PhasePoint:
        """One step on."""
        options = self.options
        friction = (
            options.equilibration_friction_per_ps
            if point.step < options.n_equilibration
            else options.friction_per_ps
        )

        def forces(positions_a: NDArray[np.float64]) -> NDArray[np.float64]:
            moved = self.atoms.copy()
            moved.positions = positions_a
            return np.array(evaluate(calculator, moved).forces_ev_per_a)

        # Trajectories of different temperatures get the same noise: their difference is less noisy.
        return langevin_step(
            point,
            forces,
            self.atoms.get_masses(),
            temperature_k=temperature_k,
            time_step=options.time_step_fs * FEMTOSECOND,
            friction=friction / (1000.0 * FEMTOSECOND),
            seed=(options.seed,),
        )

    def sample(self, point: PhasePoint) -> tuple[NDArray[np.float64], float]:
        """Projected velocities, (m,), √eV, and kinetic temperature, K."""
        masses = self.atoms.get_masses()
        return (
            projected_velocities(
                self.tracked, self.frames, masses, point.positions_a, point.velocities
            ),
            kinetic_temperature_k(point.velocities, masses),
        )


class StepperHere:
    """Steps in this process, on one thread unless the calculator is made for many.

    Threads that wait for each other on cores that others use as well cost more than they give:
    2.7 s instead of 0.12 s for a step of copper formate with GFN1-xTB on a busy machine.
    """

    def __init__(self, engine: Engine, dynamics: Dynamics) -> None:
        self._dynamics = dynamics
        self._calculator = _calculator(engine, dynamics.atoms)

    def step(self, point: PhasePoint, temperature_k: float) -> PhasePoint:
        """One step on."""
        return self._dynamics.step(point, temperature_k, self._calculator)


class StepperBeside:
    """Steps in a process of their own, which ends with this one and keeps its calculator."""

    def __init__(self, engine: Engine, dynamics: Dynamics) -> None:
        self._pool = futures.ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(os.getpid(), engine, dynamics),
        )

    def submit(self, point: PhasePoint, temperature_k: float) -> futures.Future[PhasePoint]:
        """Ask for one step."""
        with clear_broken_pool(), deaf_to_ctrl_c():
            return self._pool.submit(_step, point, temperature_k)

    def close(self) -> None:
        """End the process, also in the middle of a step."""
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.kill()
        self._pool.shutdown(wait=True, cancel_futures=True)


def finished(
    waiting: dict[futures.Future[PhasePoint], int],
) -> list[tuple[int, PhasePoint]]:
    """Wait for the next steps; those that are finished are taken out.

    Parameters
    ----------
    waiting
        Steps asked for, and the number of the trajectory of each.

    Raises
    ------
    CalculationError
        If a calculation failed or a process ended.

    """
    done: set[futures.Future[PhasePoint]] = set()
    while not done:
        done, _ = futures.wait(waiting, timeout=_POLL_S, return_when=futures.FIRST_COMPLETED)
    with clear_broken_pool():
        return [(waiting.pop(future), future.result()) for future in done]


def _calculator(engine: Engine, atoms: Atoms) -> Any:
    if engine.runs_in_one_process:
        return engine.make(atoms)
    with one_thread_for_new_libraries():
        if engine.uses_lapack:
            load_fast_blas()
        return engine.make(atoms)


#: What a worker process computes with.
_WORK: dict[str, Any] = {}


def _begin(parent: int, engine: Engine, dynamics: Dynamics) -> None:
    """Prepare a worker; the calculator is made with the first step, where errors are answers."""
    start_worker(parent, engine.uses_lapack, engine.runs_in_one_process)
    _WORK.update(engine=engine, dynamics=dynamics, calculator=None)


def _step(point: PhasePoint, temperature_k: float) -> PhasePoint:
    """One step, in a worker."""
    dynamics: Dynamics = _WORK["dynamics"]
    if _WORK["calculator"] is None:
        _WORK["calculator"] = _calculator(_WORK["engine"], dynamics.atoms)
    return dynamics.step(point, temperature_k, _WORK["calculator"])
