"""Ln K of one moving band forced into two fixed components: the null of a van't Hoff plot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.spectra.band_data import BandData, band_data
from reticulum.spectra.band_models import FreeAreasModel, OneBandModel, TwoStateModel
from reticulum.spectra.variable_projection import SeriesFit, fit_series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ForcedNull:
    """What a two-step analysis would make of a single moving band.

    Attributes
    ----------
    temperatures_k
        (n,) K.
    ln_k
        (n,) logarithm of the areas loose/tight, extinction ratio divided out; NaN where an area
        came out negative, so that no K exists.
    one_band, components
        Names of the models.

    """

    temperatures_k: NDArray[np.float64]
    ln_k: NDArray[np.float64]
    one_band: str
    components: str

    def __post_init__(self) -> None:
        if self.temperatures_k.shape != self.ln_k.shape:
            raise ValueError("the null has one ln K a temperature")
        self.temperatures_k.setflags(write=False)
        self.ln_k.setflags(write=False)


def forced_null(
    data: BandData, one_band: SeriesFit, two_states: SeriesFit, temperatures_k: ArrayLike
) -> ForcedNull:
    """Force a fitted moving band into fitted components and take ln K.

    The band of `one_band` is drawn without noise on the axis of the first spectrum and its areas
    are fitted with the centres and widths of `two_states` held, on the same kind of baseline.
    ln K of the result owes nothing to an equilibrium.

    Parameters
    ----------
    data
        What both models were fitted to.
    one_band
        Fit of a `OneBandModel`.
    two_states
        Fit of a model with two components.
    temperatures_k
        (n,) K, three or more different ones.

    """
    if not isinstance(one_band.model, OneBandModel):
        raise ValueError(f"{one_band.model.name} is no moving band")
    if not isinstance(two_states.model, (TwoStateModel, FreeAreasModel)):
        raise ValueError(f"{two_states.model.name} has no two components")
    t = np.array(temperatures_k, dtype=np.float64).ravel()
    x = data.wavenumbers_cm1[0]
    drawn = band_data(
        t,
        x,
        [one_band.model.columns(one_band.values, float(value), x)[0][:, 0] for value in t],
    )
    components = FreeAreasModel(
        shape=two_states.model.shape, equal_widths=two_states.model.equal_widths
    )
    forced = fit_series(
        drawn,
        components,
        two_states.parameters,
        baseline_order=two_states.baseline_order,
        held=components.parameters,
    )
    ratio = getattr(two_states.model, "extinction_ratio", 1.0)
    tight, loose = forced.linear[:, 0], forced.linear[:, 1]
    positive = (tight > 0.0) & (loose > 0.0)
    ln_k = np.full(len(t), np.nan)
    ln_k[positive] = np.log(loose[positive] / (ratio * tight[positive]))
    return ForcedNull(
        temperatures_k=t,
        ln_k=ln_k,
        one_band=one_band.model.name,
        components=two_states.model.name,
    )
