"""Thermal sampling of a crystal: draws until the slope is known well enough, resumable.

All soft modes are drawn together, minima from their quantum-harmonic distribution and others from
the well along them; the stiff ones follow,
and the carboxylate bands are taken there. So the shift is not a sum over modes, and nothing cancels
between large terms. Every force goes through the run's store, and a draw depends on its seed and
number only: a calculation that was killed computes nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from reticulum.durations import in_words
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run
from reticulum.thermal.displaced_bands import BAND_DISPLACEMENT_A
from reticulum.thermal.kept_modes import kept_modes
from reticulum.thermal.mechanism import Band, Part
from reticulum.thermal.rigid_units import motion_in_words, rigid_units
from reticulum.thermal.sampled_bands import BandSampler, DrawSetting, Tally
from reticulum.thermal.sampling import (
    BlockSample,
    SampledSlopes,
    one_sigma_factor,
    sampled_slopes,
    slope_weights,
)
from reticulum.thermal.sampling_choice import choose_modes, too_soft_sets
from reticulum.thermal.sampling_modes import DrawnModes
from reticulum.thermal.sampling_options import LIMIT_CHECK, SamplingOptions
from reticulum.thermal.sampling_result import SamplingResult
from reticulum.thermal.slopes import checked_temperatures_k, slope_temperatures_k
from reticulum.thermal.soft_wells import SoftWell, soft_wells
from reticulum.thermal.stiff_relaxation import MODE_FORCE_LIMIT
from reticulum.thermal.thermal_draws import PAIRS_PER_BLOCK

#: File of a run folder with the modes that are drawn.
MODES_FILE = "sampling-modes.npz"

#: Blocks that are repeated for each check.
_CHECK_BLOCKS = 2

#: Finer steps of the check: factor to the force limit and to the displacement for the bands.
_FINER_FORCES, _FINER_DISPLACEMENT = 0.2, 0.5

#: If more totally symmetric modes than this are drawn in any setting, none is displaced by itself:
#: the responses of all settings come from third derivatives, so that changes are not those of the
#: method. Crystals with little symmetry have hundreds.
MOST_DISPLACED = 50

#: Least displacement of an atom for third derivatives, Å. A force error e gives 2e/A² instead of
#: e/A: on disordered springs with 1e-4 eV/Å the shifts are off by 4 times their size at 0.005 Å
#: and by a quarter at 0.02 Å, while anharmonicity changes them by 1 %.
THIRD_DERIVATIVE_STEP_A = 0.02

#: The check of that step takes a longer one, which does not make more of the noise.
_LONGER_STEP = 2.0

#: Relaxation steps of a drawn crystal that are assumed for the estimate of the cost.
_EXPECTED_STEPS = 8

#: Share of the metal-oxygen stretch that must lie in drawn modes to say that it is accounted for.
_MOST_OF_IT = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingDrawn:
    """The calculator puts the crystal into another structure: there is nothing to draw about.

    Parameters
    ----------
    verdict
        Why, in one sentence.

    """

    verdict: str
    mechanism: None = None


def sampling_redshift(
    run: Run, table: ModeTable, *, options: SamplingOptions | None = None
) -> SamplingResult | NothingDrawn:
    """Slopes of the carboxylate bands from joint thermal draws of all soft modes.

    Parameters
    ----------
    run
        An open run.
    table
        Modes of its relaxed structure.
    options
        What decides the draws.

    Returns
    -------
    SamplingResult or NothingDrawn
        The latter if modes lie in deep wells, unless the options ask for draws all the same.

    Raises
    ------
    CalculationError
        If a force calculation failed or no mode is soft. Everything finished is kept.

    """
    options = options or SamplingOptions()
    given = slope_temperatures_k()[[0, -1]] if options.temperatures_k is None else None
    temperatures = np.array(given if given is not None else options.temperatures_k)
    slope_weights(checked_temperatures_k(temperatures))
    wells: dict[int, SoftWell] = {}
    another, n_well_calls = "", 0
    if options.relax_stiff and options.effective_cm1 is None:
        numbers = too_soft_sets(table)
        wells, another, n_well_calls = soft_wells(run, table, numbers, float(temperatures.max()))
    if another and not options.draw_unstable:
        return NothingDrawn(verdict=f"Nothing was drawn: {another}.")
    directions = {number: well.directions for number, well in wells.items()}
    table = kept_modes(table, run.folder.path / MODES_FILE, directions)
    at_rest = run.runner.evaluate([table.phonons.atoms], kind="reference", show=False)[0]
    forces = at_rest.result.forces_ev_per_a
    sampler = BandSampler(
        run,
        table,
        temperatures_k=temperatures,
        seed=options.seed,
        energy_at_rest_ev=at_rest.result.energy_ev,
    )
    setting, checks = draw_settings(table, forces, run.engine.card.displacement_a, options, wells)
    if another:
        # No need to find out whether the modes that are held matter.
        checks = (checks[0], checks[1], None)
    modes = setting.modes
    run.progress.message(_cost(sampler, setting, checks, options, run.runner.expected_seconds()))
    tally = Tally(n_well_calls=n_well_calls)
    responses = sampler.responses(setting, tally)
    blocks: list[BlockSample] = []
    # Only whole blocks are drawn: never more than the most that was asked for.
    most = options.most_pairs // PAIRS_PER_BLOCK
    fewest = min(-(-options.fewest_pairs // PAIRS_PER_BLOCK), most)
    reached = False
    while len(blocks) < most and not reached:
        blocks.append(sampler.block(len(blocks), setting, tally))
        if len(blocks) >= fewest:
            slopes = sampled_slopes(blocks, temperatures, responses, modes.partners)
            reached = bool((slopes.errors_cm1_per_k <= options.precision_cm1_per_k).all())
            run.progress.message(_so_far(slopes))
    changes = [
        None if check is None else _change(sampler, blocks, responses, check, tally)
        for check in checks
    ]
    return SamplingResult(
        temperatures_k=temperatures,
        bands_at_rest_cm1=sampler.bands_at_rest,
        slopes=slopes,
        limit_change_cm1_per_k=changes[0],
        step_change_cm1_per_k=changes[1],
        held_change_cm1_per_k=changes[2],
        modes=modes,
        tally=tally,
        options=options,
        reached=reached,
        motions=_motions(table, modes),
        soft_parts=_parts(table, modes),
        third_derivative_step_a=setting.third_derivative_step_a,
        another_structure=another,
    )


def draw_settings(
    table: ModeTable,
    forces_at_rest: NDArray[np.float64],
    displacement_a: float,
    options: SamplingOptions,
    wells: Mapping[int, SoftWell] | None = None,
) -> tuple[DrawSetting, tuple[DrawSetting | None, DrawSetting | None, DrawSetting | None]]:
    """How crystals are drawn, and how for the checks that will be made.

    Parameters
    ----------
    table
        From `mode_table` and `kept_modes`.
    forces_at_rest
        (n, 3), eV/Å.
    displacement_a
        What the calculator's card recommends for force constants, Å.
    options
        What decides the draws.
    wells
        Wells of modes that are no minima, from `soft_wells`.

    Returns
    -------
    tuple
        The setting of the draws; those with a higher limit, with other steps, and with the held
        modes drawn. None where nothing is checked or held.

    """
    limit = options.limit_cm1
    choose = partial(
        choose_modes, table, forces_at_rest, effective_cm1=options.effective_cm1, wells=wells
    )
    modes = choose(limit_cm1=limit)
    higher = all_soft = None
    if options.checks:
        higher = choose(limit_cm1=LIMIT_CHECK * limit)
        if modes.held_cm1:
            all_soft = choose(limit_cm1=limit, like_minima=True)
    widest = max(len(chosen.symmetric) for chosen in (modes, higher, all_soft) if chosen)
    step = max(THIRD_DERIVATIVE_STEP_A, displacement_a) if widest > MOST_DISPLACED else None
    setting = DrawSetting(
        modes=modes, relax_stiff=options.relax_stiff, third_derivative_step_a=step
    )
    if not options.checks:
        return setting, (None, None, None)
    finer = replace(
        setting,
        force_limit=_FINER_FORCES * MODE_FORCE_LIMIT,
        band_displacement_a=_FINER_DISPLACEMENT * BAND_DISPLACEMENT_A,
        third_derivative_step_a=None if step is None else _LONGER_STEP * step,
    )
    # One copy of all modes does for all.
    others = [
        None if chosen is None else replace(setting, modes=replace(chosen, space=modes.space))
        for chosen in (higher, all_soft)
    ]
    return setting, (others[0], finer, others[1])


def _change(
    sampler: BandSampler,
    blocks: list[BlockSample],
    responses: NDArray[np.float64],
    setting: DrawSetting,
    tally: Tally,
) -> NDArray[np.float64]:
    """Change of the slopes, (2,), cm⁻¹/K, when the first blocks are repeated otherwise.

    What it found to be smaller than its own scatter counts with that scatter.
    """
    apart = Tally()
    other = sampler.responses(setting, apart)
    weights = slope_weights(sampler.temperatures_k)
    found = []
    for number in range(_CHECK_BLOCKS):
        block = sampler.block(number, setting, apart)
        after = block.shifts_cm1 + block.mean_forces @ other
        before = blocks[number].shifts_cm1 + blocks[number].mean_forces @ responses
        found.append(weights @ (after - before).mean(axis=0))
    tally.n_steps += apart.n_steps
    tally.n_band_calls += apart.n_band_calls
    changes = np.array(found)
    scatter = changes.std(axis=0, ddof=1) / np.sqrt(_CHECK_BLOCKS) * one_sigma_factor(_CHECK_BLOCKS)
    mean = changes.mean(axis=0)
    larger: NDArray[np.float64] = np.where(np.abs(mean) > scatter, mean, scatter)
    return larger


def _cost(
    sampler: BandSampler,
    setting: DrawSetting,
    checks: Sequence[DrawSetting | None],
    options: SamplingOptions,
    seconds: float,
) -> str:
    steps = _EXPECTED_STEPS if options.relax_stiff else 0
    each = 2 * len(sampler.temperatures_k) * (steps + sampler.n_band_calls)
    made = [check for check in checks if check is not None]
    repeated = len(made) * _CHECK_BLOCKS * PAIRS_PER_BLOCK
    once = sum(sampler.n_response_calls(entry, steps) for entry in (setting, *made))
    bounds = [
        (pairs + repeated) * each + once for pairs in (options.fewest_pairs, options.most_pairs)
    ]
    times = [in_words(bound * seconds / sampler.run.runner.workers) for bound in bounds]
    start = f"Thermal sampling: about {each} calculations for a pair of draws, "
    if bounds[0] == bounds[1]:
        return start + f"{bounds[0]} in all ({times[0]})."
    return start + (
        f"{bounds[0]} to {bounds[1]} in all ({times[0]} to {times[1]}); it stops "
        f"when both slopes are known within {options.precision_cm1_per_k:g} cm⁻¹/K."
    )


def _so_far(slopes: SampledSlopes) -> str:
    values = ", ".join(
        f"{band.value} {value:+.4f} ± {error:.4f}"
        for band, value, error in zip(
            Band, slopes.slopes_cm1_per_k, slopes.errors_cm1_per_k, strict=True
        )
    )
    return f"After {slopes.n_blocks * PAIRS_PER_BLOCK} pairs: {values} cm⁻¹/K."


def _motions(table: ModeTable, modes: DrawnModes) -> tuple[str, ...]:
    units = rigid_units(table)
    return tuple(
        f"{table.labels.labels[number] or '?'}, {motion_in_words(table, units, number)}"
        for number in modes.sets.tolist()
    )


def _parts(table: ModeTable, modes: DrawnModes) -> frozenset[Part]:
    """Soft motions, and the metal-oxygen stretch if most of it is in the drawn modes."""
    fractions = table.characters.fraction(CoordinateGroup.METAL_OXYGEN)
    per_mode = fractions[table.labels.set_of_mode]
    total = float(per_mode.sum())
    inside = float(per_mode[modes.drawn].sum())
    parts = {Part.SOFT_MOTIONS}
    if total > 0.0 and inside > _MOST_OF_IT * total:
        parts.add(Part.METAL_OXYGEN)
    return frozenset(parts)
