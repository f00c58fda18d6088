"""The adiabatic route: soft modes move, stiff ones follow, bands are averaged over the motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.durations import in_words
from reticulum.errors import InputError
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run
from reticulum.thermal.adiabatic import soft_average
from reticulum.thermal.adiabatic_cost import first_calls, further_sets, soft_numbers
from reticulum.thermal.adiabatic_errors import amplitude_changes, setting_errors
from reticulum.thermal.adiabatic_left_out import (
    distrust,
    extrapolated_errors,
    extrapolation_distrust,
    extrapolation_warnings,
    followed_and_lost,
    left_out_cm1_per_k,
    left_out_warnings,
    name_of,
    refuse_if_most_are_lost,
    unsettled,
)
from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.adiabatic_path import add_amplitudes, add_bands, find_amplitudes
from reticulum.thermal.adiabatic_result import AdiabaticResult, SoftContribution
from reticulum.thermal.adiabatic_sum import (
    SetSlopes,
    intervals,
    is_converged,
    leading,
    tail_cm1_per_k,
)
from reticulum.thermal.band_space import POSITIONS, band_centres, mixing_warning
from reticulum.thermal.deep_wells import another_structure
from reticulum.thermal.mechanism import ERROR_TOO_SMALL, ErrorKind, SlopeError
from reticulum.thermal.rest_bands import rest_displacements
from reticulum.thermal.rigid_units import METAL_OXYGEN_STRETCH, motion_in_words, rigid_units
from reticulum.thermal.slopes import band_slope, checked_temperatures_k, slope_temperatures_k
from reticulum.thermal.soft_exploration import (
    Exploration,
    SoftWorkspace,
    rounded,
    soft_workspace,
)
from reticulum.thermal.soft_sets import soft_sets

#: Passes in which new leading sets get their larger amplitudes.
_LEADING_PASSES = 2


def adiabatic_redshift(
    run: Run,
    table: ModeTable,
    *,
    temperatures_k: ArrayLike | None = None,
    options: AdiabaticOptions | None = None,
) -> AdiabaticResult:
    """Carboxylate bands against temperature by the adiabatic route.

    Set by set from the softest up, a soft mode is displaced by its thermal amplitude, the stiffer
    modes relax, and the bands are taken there; the shifts are averaged over the quantum
    distribution of the soft mode and summed, until an interval of wavenumber adds little. All
    force calculations go through the run's store: a run that was killed goes on from there.

    Parameters
    ----------
    run
        An open run.
    table
        Its modes, from `mode_table(gamma_phonons(run))`.
    temperatures_k
        K; default: those of the published slopes.
    options
        Settings.

    Raises
    ------
    InputError
        If no mode lies below the largest wavenumber.
    CalculationError
        If a force calculation failed, a band has no infrared-active mode, or the stiff modes follow
        less than half of the soft ones. Everything finished is kept.

    """
    options = options or AdiabaticOptions()
    temperatures = checked_temperatures_k(
        slope_temperatures_k() if temperatures_k is None else temperatures_k
    )
    workspace = soft_workspace(run, table, float(temperatures.max()))
    if options.band_displacement_a is None:
        options = replace(options, band_displacement_a=workspace.band_displacement_a)
    labels = table.labels
    numbers = soft_numbers(table, workspace.bands)
    parts, stretches, converged = _explored_upwards(workspace, numbers, temperatures, options)
    everything, lost = followed_and_lost([e for part in (*parts, stretches) for e in part])
    _refine_leading(workspace, everything, temperatures, options)
    contributions = tuple(_contribution(workspace, e, temperatures) for e in everything)
    last_cm1 = max(e.soft.wavenumber_cm1 for part in parts for e in part)
    reached = {e.soft.number for e in (*everything, *lost)}
    rest = [
        (float(labels.wavenumbers_cm1[n]), int(labels.dimensions[n]))
        for n in numbers
        if n not in reached
    ]
    known = [_slopes(workspace, e, temperatures) for e in everything]
    at_most = left_out_cm1_per_k(known, lost)
    courses = [(name_of(e), e.course(workspace)) for e in everything]
    untrusted = (
        another_structure(courses, workspace.warmest_k)
        or distrust(known, lost)
        or extrapolation_distrust(contributions)
    )
    last = [
        _slopes(workspace, e, temperatures)
        for e in followed_and_lost([e for part in parts[-2:] for e in part])[0]
    ]
    tail = tail_cm1_per_k(last, rest, temperatures)
    truncation = [
        [
            SlopeError(
                kind=ErrorKind.TRUNCATION,
                size_cm1_per_k=float(size),
                origin=f"modes above {last_cm1:.0f} cm⁻¹, taken to act like those just below",
            )
        ]
        for size in tail
    ] or [[], []]
    if lost:
        origin = (
            f"{len(lost)} sets that could not be followed, each taken to act like the strongest"
        )
        lost_errors = [
            [SlopeError(kind=ErrorKind.TRUNCATION, size_cm1_per_k=float(size), origin=origin)]
            for size in at_most
        ]
    else:
        lost_errors = [[], []]
    extrapolated = extrapolated_errors(contributions)
    amplitude = amplitude_changes(workspace, everything, temperatures)
    settings, n_settings_calls = (
        setting_errors(workspace, everything, contributions, options, temperatures)
        if options.check_settings
        else (([], []), 0)
    )
    at_rest = rest_displacements([e.soft.plan for e in everything], workspace.obeyed)[0]
    return AdiabaticResult(
        temperatures_k=temperatures,
        at_rest_cm1=_at_rest(workspace),
        contributions=contributions,
        antisymmetric_errors=(
            *truncation[0],
            *lost_errors[0],
            *extrapolated[0],
            amplitude[0],
            *settings[0],
        ),
        symmetric_errors=(
            *truncation[1],
            *lost_errors[1],
            *extrapolated[1],
            amplitude[1],
            *settings[1],
        ),
        reached_cm1=last_cm1,
        converged=converged,
        n_calls=sum(e.n_calls for e in (*everything, *lost)) + len(at_rest) + n_settings_calls,
        options=options,
        warnings=(
            *left_out_warnings(lost, at_most),
            *unsettled(converged, options.max_cm1, 0 if len(tail) else len(rest)),
            *_warnings(workspace, everything, contributions, options),
        ),
        left_out=tuple(name_of(e) for e in lost),
        untrusted_because=untrusted,
    )


def _explored_upwards(
    workspace: SoftWorkspace,
    numbers: Sequence[int],
    temperatures: NDArray[np.float64],
    options: AdiabaticOptions,
) -> tuple[list[list[Exploration]], list[Exploration], bool]:
    """Sets in intervals until the sum settles, the metal-oxygen stretches above, and whether."""
    table = workspace.table
    units = rigid_units(table)
    wavenumbers = [float(table.labels.wavenumbers_cm1[n]) for n in numbers]
    waiting = [[numbers[k] for k in place] for place in intervals(wavenumbers, options.max_cm1)]
    if not waiting:
        raise InputError(
            f"No mode lies below {options.max_cm1:.0f} cm⁻¹.",
            why="There is no soft motion to displace.",
            fix="Give a larger max_cm1, or leave it out.",
        )

    largest_a = options.band_displacement_a or workspace.band_displacement_a

    def explored(chosen: Sequence[int], n_left: int) -> list[Exploration]:
        found = soft_sets(table, workspace.bands, workspace.frames, units, chosen)
        part = [Exploration(soft=soft) for soft in found]
        _announce(workspace, part, n_left, options)
        find_amplitudes(
            workspace, part, floor_cm1=options.floor_cm1, force_limit=options.force_limit
        )
        refuse_if_most_are_lost(part)
        followed, _ = followed_and_lost(part)
        add_bands(workspace, [(e, e.base) for e in followed], largest_a=largest_a)
        return part

    parts: list[list[Exploration]] = []
    slopes: list[list[SetSlopes]] = []
    converged = False
    while waiting and not converged:
        chosen = waiting.pop(0)
        parts.append(explored(chosen, sum(len(place) for place in waiting)))
        followed, _ = followed_and_lost(parts[-1])
        slopes.append([_slopes(workspace, e, temperatures) for e in followed])
        converged = is_converged(
            slopes, relative=options.relative, absolute_cm1_per_k=options.absolute_cm1_per_k
        )
    # Reported as a motion of its own, so all of them count, however small.
    stretches = [
        n
        for place in waiting
        for n in place
        if motion_in_words(table, units, n) == METAL_OXYGEN_STRETCH
    ]
    return parts, explored(stretches, 0) if stretches else [], converged


def _announce(
    workspace: SoftWorkspace, part: Sequence[Exploration], n_left: int, options: AdiabaticOptions
) -> None:
    """Say what the next interval costs before it starts, and what may follow at most."""
    n_calls = first_calls(workspace, [e.soft for e in part])
    mean = n_calls / len(part)
    more = n_left + further_sets(options)
    low, high = part[0].soft.wavenumber_cm1, part[-1].soft.wavenumber_cm1
    runner = workspace.run.runner
    each = workspace.seconds_per_call / runner.workers
    runner.progress.message(
        f"{len(part)} sets of soft modes from {low:.0f} to {high:.0f} cm⁻¹: about {n_calls} force "
        f"calculations, {in_words(n_calls * each)} on {runner.workers} worker(s) unless they are "
        f"stored. After that at most {mean * more:.0f} more ({in_words(mean * more * each)}), "
        "fewer if the sum settles."
    )


def _at_rest(workspace: SoftWorkspace) -> NDArray[np.float64]:
    """Harmonic positions of the bands in the crystal at rest, (6,), cm⁻¹."""
    tracked = workspace.bands.tracked
    columns = np.array(tracked.vectors) * workspace.bands.eigenvalues
    return band_centres(workspace.bands, columns).values()


def _slopes(
    workspace: SoftWorkspace, exploration: Exploration, temperatures: NDArray[np.float64]
) -> SetSlopes:
    soft = exploration.soft
    average = soft_average(exploration.course(workspace), temperatures)
    values = soft.dimension * average.shifts_cm1[:, :2]
    return SetSlopes(
        wavenumber_cm1=soft.wavenumber_cm1,
        dimension=soft.dimension,
        slopes_cm1_per_k=np.array(
            [band_slope(temperatures, column).slope_cm1_per_k for column in values.T]
        ),
    )


def _refine_leading(
    workspace: SoftWorkspace,
    explorations: Sequence[Exploration],
    temperatures: NDArray[np.float64],
    options: AdiabaticOptions,
) -> None:
    """Give the sets that make most of the slopes two more amplitudes."""
    refined: set[int] = set()
    for _ in range(_LEADING_PASSES):
        slopes = np.array(
            [_slopes(workspace, e, temperatures).slopes_cm1_per_k for e in explorations]
        )
        chosen = set(leading(slopes, options.leading_share, options.most_leading))
        chosen |= {k for k, e in enumerate(explorations) if e.soft.eigenvalue <= 0.0}
        fresh = sorted(chosen - refined)
        if not fresh:
            return
        refined |= chosen
        wanted = []
        for number in fresh:
            exploration = explorations[number]
            for amplitude in exploration.larger_amplitudes(workspace):
                wanted.append((exploration, exploration.near(amplitude) or rounded(amplitude)))
        # The outer amplitude starts from the relaxation at the middle one.
        for half in (wanted[0::2], wanted[1::2]):
            unknown = [(e, a) for e, a in half if a not in e.points and a < e.largest]
            if unknown:
                add_amplitudes(
                    workspace,
                    unknown,
                    floor_cm1=options.floor_cm1,
                    force_limit=options.force_limit,
                )
        add_bands(
            workspace,
            wanted,
            largest_a=options.band_displacement_a or workspace.band_displacement_a,
        )


def _contribution(
    workspace: SoftWorkspace, exploration: Exploration, temperatures: NDArray[np.float64]
) -> SoftContribution:
    soft = exploration.soft
    course = exploration.course(workspace)
    average = soft_average(course, temperatures)
    values = soft.dimension * average.shifts_cm1
    return SoftContribution(
        number=soft.number,
        irrep=soft.irrep,
        motion=soft.motion,
        wavenumber_cm1=soft.wavenumber_cm1,
        dimension=soft.dimension,
        amplitudes=np.array(course.amplitudes),
        energies_cm1=np.array(course.energies_cm1),
        band_amplitudes=np.array(course.band_amplitudes),
        shifts_cm1=np.array(course.shifts_cm1),
        thermal_shifts_cm1=values,
        root_mean_square=average.root_mean_square,
        outside=float(average.outside.max()),
        anharmonicity=course.anharmonicity,
        displaced_positions_a=np.array(exploration.points[exploration.base].positions_a),
        n_calls=exploration.n_calls,
        residual=max(point.residual for point in exploration.points.values()),
        slopes_cm1_per_k=np.array(
            [band_slope(temperatures, column).slope_cm1_per_k for column in values.T]
        ),
    )


def _warnings(
    workspace: SoftWorkspace,
    explorations: Sequence[Exploration],
    contributions: Sequence[SoftContribution],
    options: AdiabaticOptions,
) -> tuple[str, ...]:
    sentences = []
    if workspace.is_asymmetric:
        sentences.append(
            "The calculator breaks the symmetry of the crystal: forces at rest that it forbids "
            f"reach {workspace.asymmetry_ev_a:.1e} eV/Å. Only symmetric forces were used."
        )
    if not options.check_settings:
        sentences.append(
            "Floor, force limit and finite differences were not varied: the errors that they make "
            f"are missing, and {ERROR_TOO_SMALL} by them."
        )
    imaginary = [c for c in contributions if c.is_imaginary]
    if imaginary:
        part = np.sum([c.slopes_cm1_per_k[:2] for c in imaginary], axis=0)
        are = "set of modes is" if len(imaginary) == 1 else "sets of modes are"
        sentences.append(
            f"{len(imaginary)} {are} imaginary: with this calculator the structure is "
            "no minimum. Each was averaged over its own double well, the others at rest; together "
            f"they give {part[0]:+.4f} (antisymmetric) and {part[1]:+.4f} cm⁻¹/K (symmetric)."
        )
    total = np.sum([c.slopes_cm1_per_k for c in contributions], axis=0)
    for band, name in enumerate(POSITIONS[:2]):
        sentence = mixing_warning(name, *(float(total[band + 2 * k]) for k in range(3)))
        if sentence:
            sentences.append(sentence)
    sentences += extrapolation_warnings(contributions, options.absolute_cm1_per_k)
    for exploration in explorations:
        if exploration.failed:
            soft = exploration.soft
            sentences.append(
                f"The stiff modes did not follow {soft.irrep} at {soft.wavenumber_cm1:.0f} cm⁻¹ to "
                f"amplitudes of {min(exploration.failed):.2f} Å√u and more."
            )
    return tuple(sentences)
