"""What the adiabatic route costs, before it is computed."""

from __future__ import annotations

from collections.abc import Sequence

from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run
from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.band_space import BandSpace
from reticulum.thermal.mechanisms import ExpectedCost
from reticulum.thermal.rigid_units import rigid_units
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.soft_exploration import SoftWorkspace, soft_workspace
from reticulum.thermal.soft_sets import SoftSet, soft_sets


def soft_numbers(table: ModeTable, bands: BandSpace) -> list[int]:
    """Sets that may count as soft: neither acoustic nor a tracked carboxylate stretch."""
    labels = table.labels
    tracked = {index for members in bands.tracked.sets for index in members}
    return [
        n
        for n in range(labels.n_sets)
        if not labels.acoustic[n] and not tracked & {int(i) for i in labels.sets[n]}
    ]


def first_calls(workspace: SoftWorkspace, sets: Sequence[SoftSet]) -> int:
    """Force calculations for one amplitude of each set, as far as they are known beforehand."""
    return sum(
        soft.planned_calls + len(soft.senses) * int(workspace.is_asymmetric) for soft in sets
    )


def further_sets(options: AdiabaticOptions) -> int:
    """Amplitudes beyond the first and settings that are varied, at most, each the work of a set."""
    # Two more amplitudes for leading sets, and four other settings for those that are checked.
    more = 2 * 2 * options.most_leading
    if options.check_settings:
        more += 2 * options.most_checked * (2 + len(options.other_floors_cm1))
    return more


def adiabatic_cost(
    run: Run, table: ModeTable, *, options: AdiabaticOptions | None = None
) -> ExpectedCost:
    """Force calculations and time of `adiabatic_redshift`, at most, if nothing of it is stored.

    Takes one force calculation, that of the crystal at rest.

    Parameters
    ----------
    run
        An open run.
    table
        Its modes.
    options
        Settings.

    """
    options = options or AdiabaticOptions()
    workspace = soft_workspace(run, table, float(slope_temperatures_k().max()))
    numbers = [
        n
        for n in soft_numbers(table, workspace.bands)
        if table.labels.wavenumbers_cm1[n] <= options.max_cm1
    ]
    sets = soft_sets(table, workspace.bands, workspace.frames, rigid_units(table), numbers)
    n_calls = first_calls(workspace, sets)
    if sets:
        n_calls += round(further_sets(options) * n_calls / len(sets))
    return ExpectedCost(
        n_calls=n_calls,
        minutes=n_calls * workspace.seconds_per_call / run.runner.workers / 60.0,
    )
