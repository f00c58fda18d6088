"""Models fitted again from start values that the user gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.model_comparison import ModelOutcome
from reticulum.spectra.variable_projection import fit_series


def restarted(
    data: BandData, outcomes: Sequence[ModelOutcome], start: Mapping[str, float]
) -> tuple[ModelOutcome, ...]:
    """Outcomes with a better minimum wherever one is reached from the given values.

    A model is fitted again if all its parameters are among the given ones. An outcome is replaced
    only by a fit that ended at a minimum with a smaller misfit.

    Parameters
    ----------
    data
        The band.
    outcomes
        Every model on it.
    start
        Values by the names of parameters, such as those of an earlier fit.

    Raises
    ------
    InputError
        If a name is that of no parameter, a value is not finite, or no model has all its parameters
        among them.

    """
    known = {name for o in outcomes if o.fit is not None for name in o.fit.model.parameters}
    for name, value in start.items():
        if name not in known or not np.isfinite(float(value)):
            raise InputError(
                f"The start value {name} = {value} cannot be used.",
                why="It has to be a finite number for a parameter of a model: "
                + ", ".join(sorted(known))
                + ".",
                fix="Correct it, or leave it out.",
            )
    found, tried = [], False
    for outcome in outcomes:
        fit = outcome.fit
        if fit is None or not set(fit.model.parameters) <= set(start):
            found.append(outcome)
            continue
        tried = True
        again = fit_series(data, fit.model, start, baseline_order=fit.baseline_order)
        better = again.converged and again.sum_of_squares < fit.sum_of_squares
        if not better and outcome.converged:
            found.append(outcome)
            continue
        chosen = again if better else fit
        found.append(
            replace(
                outcome,
                fit=chosen,
                sum_of_squares=chosen.sum_of_squares,
                misfit_percent=100.0 * chosen.rms / data.maximum,
                converged=chosen.converged,
                at_bound=chosen.at_bound,
            )
        )
    if not tried:
        raise InputError(
            f"No model can start from {', '.join(start) or 'nothing'} alone.",
            why="A fit needs a start value for each of its parameters.",
            fix="Give all parameters of a model, for instance tight_cm1, loose_cm1, fwhm_cm1, "
            "dh_kj_mol, ds_j_mol_k.",
        )
    return tuple(found)
