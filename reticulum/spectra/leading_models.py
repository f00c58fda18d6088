"""The model of each picture that a comparison puts first: what figures and tables show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from reticulum.spectra.band_models import FreeAreasModel, OneBandModel, TwoStateModel
from reticulum.spectra.model_comparison import ModelOutcome, Picture


def leading_two_state(outcomes: Sequence[ModelOutcome]) -> ModelOutcome | None:
    """Two-state model with the lowest BIC among those with curves; None without any."""
    return _first(
        outcomes,
        lambda outcome: (
            outcome.fit is not None
            and isinstance(outcome.fit.model, (TwoStateModel, FreeAreasModel))
        ),
    )


def leading_one_band(outcomes: Sequence[ModelOutcome]) -> ModelOutcome | None:
    """Model of one band with the lowest BIC among those with a law; None without any.

    Bands that are free in each spectrum have no law and no parameters to show.
    """
    return _first(
        outcomes,
        lambda outcome: outcome.picture is Picture.ONE_BAND and outcome.fit is not None,
    )


def leading_rival(outcomes: Sequence[ModelOutcome]) -> ModelOutcome | None:
    """Single band, moving or of an oscillator, with the lowest BIC among those with curves."""
    return _first(
        outcomes,
        lambda outcome: outcome.picture is not Picture.TWO_STATES and outcome.fit is not None,
    )


def leading_oscillator(outcomes: Sequence[ModelOutcome]) -> ModelOutcome | None:
    """Oscillator with the lowest BIC; None without any."""
    return _first(
        outcomes,
        lambda outcome: outcome.picture is Picture.OSCILLATOR and outcome.fit is not None,
    )


def leading_law(
    outcomes: Sequence[ModelOutcome], *, heat_capacity: bool | None = None
) -> ModelOutcome | None:
    """Two-state law K(T) with the lowest BIC; None without any.

    Parameters
    ----------
    outcomes
        Every model.
    heat_capacity
        Only laws with ΔCp, or only those without; either if None.

    """
    return _first(
        outcomes,
        lambda outcome: (
            outcome.fit is not None
            and isinstance(outcome.fit.model, TwoStateModel)
            and heat_capacity in (None, outcome.fit.model.heat_capacity)
        ),
    )


def without_heat_capacity(
    outcomes: Sequence[ModelOutcome], law: ModelOutcome | None
) -> ModelOutcome | None:
    """Law with the same components but ΔCp = 0; None without any.

    Parameters
    ----------
    outcomes
        Every model.
    law
        A two-state law with ΔCp, or None.

    """
    if law is None or law.fit is None or not isinstance(law.fit.model, TwoStateModel):
        return leading_law(outcomes, heat_capacity=False)
    sibling = replace(law.fit.model, heat_capacity=False)
    return _first(
        outcomes, lambda outcome: outcome.fit is not None and outcome.fit.model == sibling
    )


def linear_shift(outcomes: Sequence[ModelOutcome]) -> ModelOutcome | None:
    """One band with a linear centre and one width, the simplest rival of two states."""
    return _first(
        outcomes,
        lambda outcome: (
            outcome.fit is not None
            and isinstance(outcome.fit.model, OneBandModel)
            and (outcome.fit.model.centre_order, outcome.fit.model.width_order) == (1, 0)
        ),
    )


def _first(
    outcomes: Sequence[ModelOutcome], chosen: Callable[[ModelOutcome], bool]
) -> ModelOutcome | None:
    known = [o for o in outcomes if chosen(o) and np.isfinite(o.bic)]
    return min(known, key=lambda outcome: outcome.bic, default=None)
