"""The mechanism "mode coupling" of an open run: cost first, then couplings, then slopes."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run, displacement_length
from reticulum.thermal.mechanism import Band, MechanismResult
from reticulum.thermal.mode_coupling_measure import measure_couplings
from reticulum.thermal.mode_coupling_plan import STEP_A, CouplingPlan, plan_mode_couplings
from reticulum.thermal.mode_coupling_result import mode_coupling_result
from reticulum.thermal.mode_coupling_shift import TrackedShift, terms_sentence, tracked_shift
from reticulum.thermal.slopes import checked_temperatures_k, slope_temperatures_k


def mode_coupling_redshift(
    run: Run,
    table: ModeTable,
    *,
    temperatures_k: ArrayLike | None = None,
    bands: Sequence[Band] = tuple(Band),
    n_sets: int = 1,
    step_a: float = STEP_A,
    second_step: bool = False,
) -> MechanismResult:
    """Shift of the carboxylate bands by the coupling to all modes, in straight-line coordinates.

    Every force calculation goes through the store of the run: a calculation that was killed goes on
    from there. The number of calculations is announced before the first.

    Parameters
    ----------
    run
        An open run.
    table
        Modes of its Gamma phonons.
    temperatures_k
        (n_temperatures,), K; -100 to 200 °C if not given.
    bands
        The bands to follow.
    n_sets
        Number of infrared-active sets to follow in each band, the strongest first.
    step_a
        Largest displacement of an atom along a mode, Å.
    second_step
        Whether all is done again with half the step, for its error; doubles the cost.

    Raises
    ------
    InputError
        If the numbers make no sense.
    CalculationError
        If a band has no infrared-active mode or a force calculation failed. Everything finished is
        kept.

    """
    plan = plan_of_run(
        run, table, bands=bands, n_sets=n_sets, step_a=step_a, second_step=second_step
    )
    run.progress.message(plan.sentence)
    shifts = mode_coupling_shifts(run, table, plan, temperatures_k=temperatures_k)
    for shift in shifts:
        run.progress.message(terms_sentence(shift) + ".")
    return mode_coupling_result(table, shifts, n_calls=plan.n_calls)


def plan_of_run(
    run: Run,
    table: ModeTable,
    *,
    bands: Sequence[Band] = tuple(Band),
    n_sets: int = 1,
    step_a: float = STEP_A,
    second_step: bool = False,
) -> CouplingPlan:
    """What `mode_coupling_redshift` with the same arguments would compute; computes nothing."""
    steps = (step_a, 0.5 * step_a) if second_step else (step_a,)
    length = displacement_length(run.engine, run.options)
    return plan_mode_couplings(
        table, displacement_a=length, bands=bands, n_sets=n_sets, steps_a=steps
    )


def mode_coupling_shifts(
    run: Run, table: ModeTable, plan: CouplingPlan, *, temperatures_k: ArrayLike | None = None
) -> tuple[TrackedShift, ...]:
    """Shift of every tracked set with all its couplings: the detailed result.

    Parameters
    ----------
    run
        An open run.
    table
        Modes of its Gamma phonons.
    plan
        From `plan_of_run`.
    temperatures_k
        (n_temperatures,), K; -100 to 200 °C if not given.

    Raises
    ------
    CalculationError
        If a force calculation failed. Everything finished is kept.

    """
    t = checked_temperatures_k(slope_temperatures_k() if temperatures_k is None else temperatures_k)
    shifts = []
    for tracked in plan.tracked:
        measured, *checked = (
            measure_couplings(run.runner, table, plan, tracked, step) for step in plan.steps_a
        )
        shifts.append(
            tracked_shift(table, tracked, measured, t, checked=checked[0] if checked else None)
        )
    return tuple(shifts)
