"""Molecular dynamics of a crystal as a cross-check: for calculators that are fast enough.

Classical trajectories at both ends of the temperature window, with all motions and all couplings
that the calculator knows. Only the projected velocities are kept, chunk by chunk, so that memory
does not grow and a killed process goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.durations import in_words
from reticulum.errors import InputError
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run, changed_bonds
from reticulum.provenance import geometry_digest
from reticulum.thermal.band_tracking import TrackedModes
from reticulum.thermal.carboxylate_bands import track_carboxylate_modes
from reticulum.thermal.langevin import FEMTOSECOND, PhasePoint, kinetic_share
from reticulum.thermal.local_frames import local_frames
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.molecular_dynamics_result import MolecularDynamicsResult
from reticulum.thermal.molecular_dynamics_steps import (
    Dynamics,
    StepperBeside,
    StepperHere,
    finished,
)
from reticulum.thermal.slopes import checked_temperatures_k, slope_temperatures_k
from reticulum.thermal.stretch_artefact import bond_anharmonicity, stretch_artefact
from reticulum.thermal.trajectory_chunks import GrowingTrajectory, TrajectoryFolder
from reticulum.thermal.velocity_spectra import BandCentre, band_centre, power_spectra

if TYPE_CHECKING:
    from ase import Atoms

#: Steps in a chunk, a file of its own: what is in memory at most.
STEPS_PER_CHUNK = 400

#: Time for which steps are timed before the start, s (one step at least).
_TIMED_S = 0.5

#: Time of a step from which processes of their own pay for trajectories, s: sending one takes 1 ms.
BESIDE_FROM_S = 0.02

#: Digits of the digest that tells trajectories of different settings apart.
_DIGITS = 8


def molecular_dynamics_redshift(
    run: Run, table: ModeTable, *, options: MolecularDynamicsOptions | None = None
) -> MolecularDynamicsResult:
    """Slopes of the carboxylate bands from velocity spectra, the classical artefact removed.

    Parameters
    ----------
    run
        An open run.
    table
        Modes of its relaxed structure.
    options
        What decides the trajectories.

    Raises
    ------
    InputError
        If it would take longer than allowed.
    CalculationError
        If a force calculation failed or a band is lost. Finished chunks are kept.

    """
    options = options or MolecularDynamicsOptions()
    given = slope_temperatures_k()[[0, -1]] if options.temperatures_k is None else None
    temperatures = np.array(given if given is not None else options.temperatures_k)
    if len(np.unique(checked_temperatures_k(temperatures))) < 2:
        raise InputError(
            "All trajectories are at one temperature.",
            why="A slope needs at least two different temperatures.",
        )
    atoms = table.phonons.atoms
    tracked = track_carboxylate_modes(table, only_bands=True)
    at_rest = np.array(
        run.runner.evaluate([atoms], kind="reference", show=False)[0].result.forces_ev_per_a
    )
    dynamics = Dynamics(
        atoms=atoms.copy(),
        tracked=tracked,
        frames=local_frames(atoms),
        forces_at_rest=at_rest,
        options=options,
    )
    anharmonicity = bond_anharmonicity(run, atoms, table.carboxylates[0], at_rest)
    rest = [
        float(np.average(_wavenumbers(table, tracked), weights=weights))
        for weights in (tracked.antisymmetric, tracked.symmetric)
    ]
    folders = [_folder(run, atoms, options, float(t)) for t in temperatures]
    done = [folder.n_steps(STEPS_PER_CHUNK, options.sample_every) for folder in folders]
    here = StepperHere(run.engine, dynamics)
    groups = _announce(run, dynamics, temperatures, done, here)
    there = sum(min(steps, options.n_steps) for steps in done)
    run.progress.start("molecular-dynamics", len(folders) * options.n_steps, there)
    for group in groups:
        taken_up = [_taken_up(run, dynamics, folders[n], float(temperatures[n])) for n in group]
        _compute(run, dynamics, taken_up, here)
    run.progress.finish("molecular-dynamics")
    bands: list[tuple[BandCentre, BandCentre]] = []
    kinetic: list[float] = []
    broken = ""
    seen = kinetic_share(
        np.array(table.labels.mode_wavenumbers_cm1), options.time_step_fs * FEMTOSECOND
    )
    for folder in folders:
        after = atoms.copy()
        after.positions = folder.point_after(options.n_steps, STEPS_PER_CHUNK).positions_a
        broken = broken or changed_bonds(atoms, after).replace("The relaxation", "The dynamics")
        series, temperature_seen = _production(folder, options)
        kinetic.append(temperature_seen / seen)
        found = []
        for weights, place in zip((tracked.antisymmetric, tracked.symmetric), rest, strict=True):
            spectra = power_spectra(
                series,
                weights,
                sample_time=options.sample_every * options.time_step_fs * FEMTOSECOND,
                time_step=options.time_step_fs * FEMTOSECOND,
                n_segments=options.n_segments,
            )
            found.append(band_centre(spectra, place))
        bands.append((found[0], found[1]))
    return MolecularDynamicsResult(
        temperatures_k=temperatures,
        bands=tuple(bands),
        bands_at_rest_cm1=(rest[0], rest[1]),
        artefact_cm1=stretch_artefact(anharmonicity[1], rest[0], rest[1], temperatures),
        bond_cm1=anharmonicity,
        kinetic_k=np.array(kinetic),
        options=options,
        changed_bonds=broken,
    )


def _wavenumbers(table: ModeTable, tracked: TrackedModes) -> NDArray[np.float64]:
    members = np.concatenate([list(modes) for modes in tracked.sets])
    found: NDArray[np.float64] = np.array(table.labels.mode_wavenumbers_cm1)[members]
    return found


def _folder(
    run: Run, atoms: Atoms, options: MolecularDynamicsOptions, temperature_k: float
) -> TrajectoryFolder:
    """Folder of a trajectory, named by all that decides it (not by its length)."""
    identity = json.dumps(
        [
            geometry_digest(atoms.numbers, atoms.cell[:], atoms.positions),
            run.engine.fingerprint(atoms).digest,
            options.time_step_fs,
            options.equilibration_ps,
            options.equilibration_friction_per_ps,
            options.friction_per_ps,
            options.sample_every,
            options.seed,
            temperature_k,
        ]
    )
    digest = hashlib.sha256(identity.encode()).hexdigest()[:_DIGITS]
    return TrajectoryFolder(
        run.folder.path / "molecular-dynamics" / f"{temperature_k:.0f}K-{digest}"
    )


def _announce(
    run: Run,
    dynamics: Dynamics,
    temperatures_k: NDArray[np.float64],
    done: list[int],
    here: StepperHere,
) -> list[list[int]]:
    """Say what it costs before it starts, and refuse what takes too long.

    What is there of a trajectory that is longer than asked for spares no other its steps.
    Returns the numbers of the trajectories that are computed together, group after group.
    """
    options = dynamics.options
    total = len(done) * options.n_steps
    left = [max(options.n_steps - steps, 0) for steps in done]
    what = (
        "Molecular dynamics at "
        + " and ".join(f"{t:.0f} K" for t in temperatures_k)
        + f", {options.equilibration_ps:g} + {options.production_ps:g} ps each"
    )
    if not any(left):
        run.progress.message(f"{what}: all {total} steps are there.")
        return []
    seconds = _seconds_per_step(dynamics, float(temperatures_k[0]), here)
    groups = _groups(run, left, seconds)
    hours = sum(max(left[n] for n in group) for group in groups) * seconds / 3600.0
    message = f"{what}: {sum(left)} steps at {seconds:.2g} s each"
    if any(len(group) > 1 for group in groups):
        message += ", side by side"
    message += f", {in_words(3600.0 * hours)}"
    message += f" ({total - sum(left)} of {total} are there)." if sum(left) < total else "."
    if hours > options.longest_hours:
        raise InputError(
            message,
            why=f"More than {options.longest_hours:g} hours are not begun: it is a cross-check for "
            "fast calculators.",
            fix=f"Allow more with --hours {math.ceil(hours)}, ask for less with --picoseconds, or "
            "use --methods sampling or a faster calculator.",
        )
    run.progress.message(message)
    return groups


def _groups(run: Run, left: list[int], seconds: float) -> list[list[int]]:
    """Trajectories that are computed at the same time, by their numbers."""
    unfinished = [number for number, steps in enumerate(left) if steps]
    beside = not run.engine.runs_in_one_process and seconds >= BESIDE_FROM_S
    size = max(run.runner.workers, 1) if beside else 1
    return [unfinished[n : n + size] for n in range(0, len(unfinished), size)]


def _seconds_per_step(dynamics: Dynamics, temperature_k: float, here: StepperHere) -> float:
    """Mean time of a step with its share of a sample, s; the first one warms up."""
    point = here.step(dynamics.start(temperature_k), temperature_k)
    steps = sampling = 0.0
    n_steps = 0
    while steps + sampling < _TIMED_S:
        started = time.perf_counter()
        point = here.step(point, temperature_k)
        between = time.perf_counter()
        dynamics.sample(point)
        steps += between - started
        sampling += time.perf_counter() - between
        n_steps += 1
    return (steps + sampling / dynamics.options.sample_every) / n_steps


@dataclass(frozen=True, slots=True)
class _Trajectory:
    """A trajectory that is not finished."""

    temperature_k: float
    growing: GrowingTrajectory


def _taken_up(
    run: Run,
    dynamics: Dynamics,
    folder: TrajectoryFolder,
    temperature_k: float,
) -> _Trajectory:
    """What there is of a trajectory, ready for more."""
    growing = GrowingTrajectory(
        folder,
        dynamics.start(temperature_k),
        steps_per_chunk=STEPS_PER_CHUNK,
        sample_every=dynamics.options.sample_every,
    )
    run.folder.log(f"molecular dynamics at {temperature_k:.0f} K from step {growing.point.step}")
    return _Trajectory(temperature_k, growing)


def _compute(
    run: Run, dynamics: Dynamics, trajectories: list[_Trajectory], here: StepperHere
) -> None:
    """All missing steps; with more trajectories than one, each in a process of its own."""
    beside: list[StepperBeside] = []
    n_steps = dynamics.options.n_steps

    def add(number: int, point: PhasePoint, seconds: float) -> bool:
        growing = trajectories[number].growing
        growing.add(point, dynamics.sample(point) if growing.sampled(point.step) else None)
        run.progress.advance("molecular-dynamics", seconds)
        return point.step < n_steps

    try:
        if len(trajectories) == 1:
            (only,) = trajectories
            more = only.growing.point.step < n_steps
            while more:
                started = time.perf_counter()
                point = here.step(only.growing.point, only.temperature_k)
                more = add(0, point, time.perf_counter() - started)
            return
        waiting: dict[Future[PhasePoint], int] = {}
        asked = [0.0] * len(trajectories)

        def ask(number: int) -> None:
            trajectory = trajectories[number]
            asked[number] = time.perf_counter()
            future = beside[number].submit(trajectory.growing.point, trajectory.temperature_k)
            waiting[future] = number

        for number in range(len(trajectories)):
            beside.append(StepperBeside(run.engine, dynamics))
            ask(number)
        while waiting:
            for number, point in finished(waiting):
                if add(number, point, time.perf_counter() - asked[number]):
                    ask(number)
    finally:  # also after Ctrl-C and where a calculation failed
        for trajectory in trajectories:
            trajectory.growing.save()
        for stepper in beside:
            stepper.close()


def _production(
    folder: TrajectoryFolder, options: MolecularDynamicsOptions
) -> tuple[NDArray[np.float64], float]:
    """Projected velocities after the equilibration, and their mean kinetic temperature, K."""
    series, kinetic = folder.samples()
    first = options.n_equilibration // options.sample_every
    last = options.n_steps // options.sample_every
    return series[first:last], float(kinetic[first:last].mean())
