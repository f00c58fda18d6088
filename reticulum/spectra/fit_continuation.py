"""Going on with a saved fit: the same spectra, other options, the stored parameters as a start."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData, band_data
from reticulum.spectra.band_fit import BandFit, fit_band_data
from reticulum.spectra.fit_files import load_band_fit
from reticulum.spectra.fit_settings import FitSettings
from reticulum.spectra.leading_models import (
    leading_law,
    leading_one_band,
    leading_oscillator,
    leading_two_state,
)
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K

#: Rounding of limits of a window that were printed with few digits, cm⁻¹.
_SLACK_CM1 = 1e-6


def continue_band_fit(
    path: str | Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    **changes: Any,
) -> BandFit:
    """Fit the spectra of a saved fit again with some settings changed.

    Every search starts from the stored parameters as well as from the usual places, so that the
    misfit of a model with the same settings never comes out larger. The spectra are those of the
    saved fit: converted, prepared, and cut to its window.

    Parameters
    ----------
    path
        Folder of a saved fit.
    progress
        Called with done and total samples of the bootstrap.
    **changes
        Fields of `FitSettings`: another window inside the stored one, baseline, shape, extinction
        ratio, number of bootstrap samples and so on.

    Raises
    ------
    InputError
        If the folder cannot be read, a name is no setting, or the window leaves the stored one.

    """
    stored = load_band_fit(path)
    known = [field.name for field in fields(FitSettings)]
    for name in changes:
        if name not in known:
            raise InputError(
                f"A fit has no setting {name!r}.",
                why="It would be left out in silence.",
                fix="Possible: " + ", ".join(known) + ".",
            )
    settings = replace(stored.settings, **changes)
    if "start_from" not in changes:
        settings = replace(settings, start_from=stored_start(stored, settings.extinction_ratio))
    return fit_band_data(
        _inside(stored.data, stored.settings, settings, Path(path)),
        settings,
        processing=stored.processing,
        notes=(*stored.notes, f"Continued from the saved fit {path}."),
        progress=progress,
    )


def stored_start(found: BandFit, extinction_ratio: float) -> dict[str, float]:
    """Start values for every picture from the models that a fit puts first.

    Another extinction ratio r' moves ΔS by -R ln(r'/r) and nothing else.

    Parameters
    ----------
    found
        A fit.
    extinction_ratio
        Of the fit to come.

    """
    outcomes = found.verdict.outcomes
    start: dict[str, float] = {}
    for outcome in (
        leading_oscillator(outcomes),
        leading_one_band(outcomes),
        leading_two_state(outcomes),
        leading_law(outcomes, heat_capacity=False),
        leading_law(outcomes, heat_capacity=True),
    ):
        if outcome is not None and outcome.fit is not None:
            start.update(outcome.fit.parameters)
    if found.evidence is not None:
        start.update(found.evidence.curved.parameters)
    if "ds_j_mol_k" in start:
        ratio = extinction_ratio / found.settings.extinction_ratio
        start["ds_j_mol_k"] -= GAS_CONSTANT_J_PER_MOL_K * math.log(ratio) if ratio > 0.0 else 0.0
    return start


def _inside(data: BandData, old: FitSettings, new: FitSettings, path: Path) -> BandData:
    """Part of the stored spectra inside another window."""
    if new.window_cm1 == old.window_cm1:
        return data
    low, high = sorted(new.window_cm1)
    first, last = old.window_cm1
    if low < first - _SLACK_CM1 or high > last + _SLACK_CM1:
        raise InputError(
            f"The window {low:g} to {high:g} cm⁻¹ leaves that of the saved fit, {first:g} to "
            f"{last:g} cm⁻¹ ({path}).",
            why="Nothing outside was stored.",
            fix="Give a window inside, or fit the measured files again.",
        )
    return band_data(
        data.temperatures_k,
        data.wavenumbers_cm1,
        data.values,
        cycles=data.cycles,
        labels=data.labels,
        directions=data.directions,
        window_cm1=(low, high),
    )
