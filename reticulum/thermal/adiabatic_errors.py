"""Errors of the adiabatic slopes: what changes when amplitudes and settings are changed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.adiabatic import soft_average
from reticulum.thermal.adiabatic_noise import noise_errors, shift_scatter_cm1
from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.adiabatic_path import band_calls, band_shifts, relax_points
from reticulum.thermal.adiabatic_result import SoftContribution
from reticulum.thermal.adiabatic_sum import leading
from reticulum.thermal.mechanism import ErrorKind, SlopeError
from reticulum.thermal.rest_bands import rest_displacements
from reticulum.thermal.slopes import band_slope
from reticulum.thermal.soft_exploration import Exploration, SoftWorkspace
from reticulum.thermal.stiff_relaxation import StiffRelaxed

#: The force limit is divided, and the displacement for the Hessian columns multiplied, by these.
_TIGHTER = 5.0
_SHORTER = 0.5

#: A band shift smaller than this says nothing about relative changes, cm⁻¹.
_SMALLEST_SHIFT_CM1 = 1e-3


def amplitude_changes(
    workspace: SoftWorkspace,
    explorations: Sequence[Exploration],
    temperatures_k: NDArray[np.float64],
) -> tuple[SlopeError, SlopeError]:
    """Errors by the amplitudes, for both bands.

    For sets with several amplitudes: the change of the sum when the largest one is left out, with
    its energy. For those with one: their own part of the sum times the relative change that more
    amplitudes made in the others.

    Parameters
    ----------
    workspace
        The crystal.
    explorations
        All sets of the sum.
    temperatures_k
        Window, K.

    """
    full, fewer, single, alone = [], [], [], []
    for exploration in explorations:
        sizes = sorted({abs(a) for a in exploration.shifts})
        everything = _slopes(workspace, exploration, temperatures_k, sizes[-1])
        if len(sizes) < 2:
            alone.append(everything)
            continue
        full.append(everything)
        fewer.append(_slopes(workspace, exploration, temperatures_k, sizes[-2]))
        single.append(_slopes(workspace, exploration, temperatures_k, sizes[0]))
    errors = []
    for band in (0, 1):
        size = _size(np.array([a[band] - b[band] for a, b in zip(full, fewer, strict=True)]))
        if full and alone:
            total = float(np.abs([a[band] for a in full]).sum())
            changes = [a[band] - b[band] for a, b in zip(full, single, strict=True)]
            moved = float(np.abs(changes).sum())
            rest = np.array([a[band] for a in alone])
            size = float(np.hypot(size, moved / total * _size(rest))) if total > 0.0 else size
        errors.append(
            SlopeError(
                kind=ErrorKind.STEP_SIZE,
                size_cm1_per_k=size,
                origin="amplitudes: without the largest; for sets with one, as much as more "
                "amplitudes changed the others",
            )
        )
    return errors[0], errors[1]


def _size(changes: NDArray[np.float64]) -> float:
    """The larger of the sum and the root of the sum of squares."""
    if changes.size == 0:
        return 0.0
    return max(abs(float(changes.sum())), float(np.sqrt((changes**2).sum())))


def _slopes(
    workspace: SoftWorkspace,
    exploration: Exploration,
    temperatures_k: NDArray[np.float64],
    largest: float,
) -> NDArray[np.float64]:
    average = soft_average(exploration.course(workspace, largest), temperatures_k)
    values = exploration.soft.dimension * average.shifts_cm1[:, :2]
    return np.array([band_slope(temperatures_k, column).slope_cm1_per_k for column in values.T])


def setting_errors(
    workspace: SoftWorkspace,
    explorations: Sequence[Exploration],
    contributions: Sequence[SoftContribution],
    options: AdiabaticOptions,
    temperatures_k: NDArray[np.float64],
) -> tuple[tuple[list[SlopeError], list[SlopeError]], int]:
    """Errors by floor, Newton tolerance and finite differences, for both bands, and their cost.

    The sets that make most of each slope are computed again at their base amplitude with other
    settings; each slope is taken to change as the shift does. The change of their sum is scaled up
    to all sets. For a calculator whose forces are noisy, what the noise adds is told beside it.

    Parameters
    ----------
    workspace
        The crystal.
    explorations, contributions
        All sets of the sum, in the same order.
    options
        Settings.
    temperatures_k
        Window, K.

    Returns
    -------
    tuple
        The errors of the antisymmetric and the symmetric slope; number of force calculations.

    """
    slopes = np.array([entry.slopes_cm1_per_k[:2] for entry in contributions])
    largest_a = options.band_displacement_a or workspace.band_displacement_a
    chosen = leading(slopes, options.checked_share, options.most_checked)
    checked = [explorations[number] for number in chosen]
    before = sum(e.n_calls for e in checked)
    n_calls = 0
    reference = [_mean_shift(e, {a: e.shifts[a] for a in _base(e)}) for e in checked]
    errors: tuple[list[SlopeError], list[SlopeError]] = ([], [])

    def changed(floor_cm1: float, force_limit: float) -> tuple[list[NDArray[np.float64]], int]:
        requests = [(e, a) for e in checked for a in _base(e)]
        points = relax_points(workspace, requests, floor_cm1=floor_cm1, force_limit=force_limit)
        return _shifts_at(workspace, checked, requests, points, largest_a)

    variants: list[tuple[str, list[list[NDArray[np.float64]]]]] = []
    found = []
    for floor in options.other_floors_cm1:
        values, calls = changed(floor, options.force_limit)
        found.append(values)
        n_calls += calls
    if found:
        named = " and ".join(f"{floor:.0f}" for floor in options.other_floors_cm1)
        variants.append((f"modes that follow: from {named} cm⁻¹ on", found))
    values, calls = changed(options.floor_cm1, options.force_limit / _TIGHTER)
    n_calls += calls
    variants.append((f"forces left on them {_TIGHTER:.0f} times smaller", [values]))
    requests = [(e, a) for e in checked for a in _base(e)]
    points = [e.points[a] for e, a in requests]
    shorter = _SHORTER * largest_a
    values, calls = _shifts_at(workspace, checked, requests, points, shorter)
    at_rest = rest_displacements([e.soft.plan for e in checked], workspace.obeyed)[0]
    n_calls += calls + len(at_rest)
    variants.append((f"finite differences {_SHORTER:g} times as long", [values]))
    n_calls += sum(e.n_calls for e in checked) - before
    total = np.abs(slopes).sum(axis=0)
    part = np.abs(slopes[chosen]).sum(axis=0) if chosen else np.zeros(2)
    for origin, alternatives in variants:
        for band in (0, 1):
            scale = float(total[band] / part[band]) if part[band] > 0.0 else 1.0
            size = max(
                _size(_slope_changes(slopes[chosen, band], reference, values, band)) * scale
                for values in alternatives
            )
            errors[band].append(
                SlopeError(kind=ErrorKind.STEP_SIZE, size_cm1_per_k=size, origin=origin)
            )
    if workspace.is_noisy and checked:
        scatter = shift_scatter_cm1(reference, variants[-2][1][0], variants[-1][1][0])
        noise = noise_errors(workspace, explorations, scatter, temperatures_k)
        for band in (0, 1):
            errors[band].append(noise[band])
    return errors, n_calls


def _base(exploration: Exploration) -> list[float]:
    return [sense * exploration.base for sense in exploration.soft.senses]


def _mean_shift(
    exploration: Exploration, shifts: dict[float, NDArray[np.float64]]
) -> NDArray[np.float64]:
    return np.asarray(np.mean([shifts[a] for a in _base(exploration)], axis=0))


def _shifts_at(
    workspace: SoftWorkspace,
    checked: Sequence[Exploration],
    requests: Sequence[tuple[Exploration, float]],
    points: Sequence[StiffRelaxed],
    largest_a: float,
) -> tuple[list[NDArray[np.float64]], int]:
    """Mean shift of both senses for each checked set, and the number of calculations."""
    places = [(e.soft.plan, p.positions_a) for (e, _), p in zip(requests, points, strict=True)]
    found = band_shifts(workspace, places, largest_a=largest_a)
    by_set: dict[int, dict[float, NDArray[np.float64]]] = {}
    for (exploration, amplitude), shift in zip(requests, found, strict=True):
        by_set.setdefault(id(exploration), {})[amplitude] = shift
    values = [_mean_shift(e, by_set[id(e)]) for e in checked]
    return values, sum(band_calls(workspace, plan) for plan, _ in places)


def _slope_changes(
    slopes: NDArray[np.float64],
    reference: Sequence[NDArray[np.float64]],
    values: Sequence[NDArray[np.float64]],
    band: int,
) -> NDArray[np.float64]:
    changes = []
    for slope, before, after in zip(slopes, reference, values, strict=True):
        if abs(before[band]) > _SMALLEST_SHIFT_CM1:
            changes.append(slope * (after[band] - before[band]) / before[band])
        else:
            changes.append(0.0)
    return np.array(changes)
