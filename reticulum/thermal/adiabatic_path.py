"""Relaxed geometries along soft modes, and the bands there: many modes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1
from reticulum.thermal.displaced_bands import BAND_DISPLACEMENT_A, BandPlan
from reticulum.thermal.rest_bands import bands_at_rest
from reticulum.thermal.soft_exploration import FORBIDDEN_EV_A, Exploration, SoftWorkspace
from reticulum.thermal.stiff_relaxation import (
    StiffRelaxed,
    StiffStart,
    relax_stiff_modes,
)

#: Rounds in which amplitudes of one mode are looked for.
_MOST_ROUNDS = 8

#: A mode is given up after so many amplitudes, each at most 0.7 times the one before, at which the
#: stiff modes did not follow: where the smallest fails too, the next would not be better.
_MOST_FAILURES = 4


def relax_points(
    workspace: SoftWorkspace,
    requests: Sequence[tuple[Exploration, float]],
    *,
    floor_cm1: float,
    force_limit: float,
) -> tuple[StiffRelaxed, ...]:
    """Relaxed geometries at signed amplitudes of soft modes, side by side.

    The soft set is held. All modes above the floor relax, and all totally symmetric ones (they
    alone move the centre of a band in second order); imaginary modes do not.

    Parameters
    ----------
    workspace
        The crystal.
    requests
        Explorations and amplitudes, Å√u; what is known of a path gives the start.
    floor_cm1
        Lowest wavenumber of a mode that relaxes, cm⁻¹.
    force_limit
        Largest force left, eV/(Å√u).

    """
    wavenumbers = workspace.space.wavenumbers_cm1
    high = (wavenumbers >= floor_cm1) | workspace.totally_symmetric
    symmetry = workspace.table.phonons.symmetry
    starts = []
    for exploration, amplitude in requests:
        soft = exploration.soft
        moved = (amplitude * soft.vector / workspace.space.roots).reshape(-1, 3)
        known = [a for a in exploration.points if a * amplitude > 0.0]
        if known:
            near = min(known, key=lambda a: abs(np.log(a / amplitude)))
            share = (amplitude / near) ** 2
            moved = moved + share * exploration.relaxation_a(workspace, near)
        kept = list(soft.operations)
        start = StiffStart(
            positions_a=workspace.atoms.positions + moved,
            free=high & (wavenumbers > IMAGINARY_LIMIT_CM1) & ~soft.members,
            rotations=symmetry.cartesian_rotations[kept],
            permutations=symmetry.permutations[kept],
        )
        starts.append(_less_forbidden(workspace, start))
    found = relax_stiff_modes(
        workspace.atoms,
        workspace.run.runner,
        workspace.space,
        starts,
        force_limit=force_limit,
        most_steps=workspace.most_steps,
        noisy=workspace.is_noisy,
        kind="soft-path",
    )
    for (exploration, _), point in zip(requests, found, strict=True):
        exploration.n_calls += point.n_calls
    return found


def _less_forbidden(workspace: SoftWorkspace, start: StiffStart) -> StiffStart:
    """The start of a geometry that leaves forces at rest in it which the crystal forbids.

    They are subtracted as well: the geometry would relax by them, the crystal at rest does not.
    """
    at_rest = start.symmetric(workspace.forces_at_rest)
    forbidden = np.abs(at_rest - workspace.space.forces_at_rest).max()
    if not workspace.is_asymmetric or forbidden < FORBIDDEN_EV_A:
        return start
    return replace(start, space=replace(workspace.space, forces_at_rest=at_rest))


def find_amplitudes(
    workspace: SoftWorkspace,
    explorations: Sequence[Exploration],
    *,
    floor_cm1: float,
    force_limit: float,
) -> None:
    """Compute energies until each soft mode has one at its root mean square amplitude.

    Where the stiff modes do not relax, a smaller amplitude is tried. A mode along which none can be
    followed comes back without any point.

    Parameters
    ----------
    workspace
        The crystal.
    explorations
        The soft modes; they are filled.
    floor_cm1
        Lowest wavenumber of a mode that relaxes, cm⁻¹.
    force_limit
        Largest force left, eV/(Å√u).

    """
    for _ in range(_MOST_ROUNDS):
        trying = [e for e in explorations if e.points or len(e.failed) < _MOST_FAILURES]
        wanted = [(e, a) for e in trying if (a := e.wanted(workspace)) > 0.0]
        if not wanted:
            break
        add_amplitudes(workspace, wanted, floor_cm1=floor_cm1, force_limit=force_limit)
    for exploration in explorations:
        if exploration.points and exploration.base == 0.0:
            exploration.base = max(abs(a) for a in exploration.points)


def add_amplitudes(
    workspace: SoftWorkspace,
    wanted: Sequence[tuple[Exploration, float]],
    *,
    floor_cm1: float,
    force_limit: float,
) -> None:
    """Compute relaxed geometries at some amplitudes, in both senses where they differ.

    Parameters
    ----------
    workspace
        The crystal.
    wanted
        Explorations and sizes of amplitudes, Å√u.
    floor_cm1
        Lowest wavenumber of a mode that relaxes, cm⁻¹.
    force_limit
        Largest force left, eV/(Å√u).

    """
    requests = [(e, s * a) for e, a in wanted for s in e.soft.senses]
    found = relax_points(workspace, requests, floor_cm1=floor_cm1, force_limit=force_limit)
    by_request = {(id(e), a): point for (e, a), point in zip(requests, found, strict=True)}
    for exploration, amplitude in wanted:
        points = {s * amplitude: by_request[id(exploration), s * amplitude]
                  for s in exploration.soft.senses}  # fmt: skip
        if all(point.converged for point in points.values()):
            exploration.points |= points
        else:
            exploration.failed.append(amplitude)
            exploration.largest = min(exploration.largest, 0.7 * amplitude)


def add_bands(
    workspace: SoftWorkspace, wanted: Sequence[tuple[Exploration, float]], *, largest_a: float
) -> None:
    """Compute the shifts of the bands at known points.

    Parameters
    ----------
    workspace
        The crystal.
    wanted
        Explorations and sizes of amplitudes, Å√u; unknown ones are left out.
    largest_a
        Largest displacement of an atom for the Hessian columns, Å.

    """
    requests = [
        (e, s * a)
        for e, a in wanted
        for s in e.soft.senses
        if s * a in e.points and s * a not in e.shifts
    ]
    found = band_shifts(
        workspace,
        [(e.soft.plan, e.points[a].positions_a) for e, a in requests],
        largest_a=largest_a,
    )
    for (exploration, amplitude), shift in zip(requests, found, strict=True):
        exploration.shifts[amplitude] = shift
        exploration.n_calls += band_calls(workspace, exploration.soft.plan)


def band_shifts(
    workspace: SoftWorkspace,
    places: Sequence[tuple[BandPlan, NDArray[np.float64]]],
    *,
    largest_a: float,
) -> tuple[NDArray[np.float64], ...]:
    """Shifts of the band positions at geometries, against the crystal at rest, cm⁻¹.

    Parameters
    ----------
    workspace
        The crystal.
    places
        Plan and positions, (n, 3), Å, of each geometry.
    largest_a
        Largest displacement of an atom for the Hessian columns, Å.

    """
    phonons = workspace.table.phonons
    runner = workspace.run.runner
    plans = [plan.scaled(largest_a / BAND_DISPLACEMENT_A) for plan, _ in places]
    undisplaced = 1 if workspace.is_asymmetric else 0
    reference = None
    if undisplaced:
        known = runner.evaluate([phonons.atoms], kind="reference", show=False)[0]
        reference = np.array(known.result.forces_ev_per_a)
    at_rest = bands_at_rest(
        plans, phonons.atoms, workspace.obeyed, runner, forces_at_rest=reference
    )
    structures = []
    for plan, (_, positions) in zip(plans, places, strict=True):
        if undisplaced:
            structures.append(phonons.atoms.copy())
            structures[-1].positions = positions
        structures += plan.structures(phonons.atoms, positions)
    forces = iter(runner.evaluate(structures, kind="soft-bands"))
    shifts = []
    for plan, (_, positions), rest in zip(plans, places, at_rest, strict=True):
        part = [
            np.array(next(forces).result.forces_ev_per_a) for _ in range(undisplaced + plan.n_calls)
        ]
        bands = plan.bands(
            positions, part[undisplaced:], undisplaced=part[0] if undisplaced else None
        )
        shifts.append(bands.values() - rest.values())
    return tuple(shifts)


def band_calls(workspace: SoftWorkspace, plan: BandPlan) -> int:
    """Force calculations for the bands at one geometry."""
    return plan.n_calls + int(workspace.is_asymmetric)
