"""Curves of a fitted model in each spectrum: the whole, its components, its baseline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import FreeAreasModel, TwoStateModel
from reticulum.spectra.vant_hoff import ln_k_columns
from reticulum.spectra.variable_projection import SeriesFit
from reticulum.units import REFERENCE_TEMPERATURE_K


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedCurves:
    """Curves of one spectrum on its own axis.

    Attributes
    ----------
    total
        (n,) the whole fit, baseline included; data less residual.
    baseline
        (n,) straight line or constant under the band; zero without one.
    tight, loose
        (n,) the two components without the baseline; None for a model of one band.

    """

    total: NDArray[np.float64]
    baseline: NDArray[np.float64]
    tight: NDArray[np.float64] | None
    loose: NDArray[np.float64] | None

    def __post_init__(self) -> None:
        for array in (self.total, self.baseline, self.tight, self.loose):
            if array is None:
                continue
            if array.shape != self.total.shape:
                raise ValueError("the curves of a spectrum share its axis")
            array.setflags(write=False)

    @property
    def band(self) -> NDArray[np.float64]:
        """(n,) the fit without its baseline."""
        return self.total - self.baseline


def fitted_curves(data: BandData, fit: SeriesFit, number: int) -> FittedCurves:
    """Curves of a fit in one spectrum.

    The baseline is what the model's columns leave of the fit, so that it needs no second copy of
    how baselines are built.

    Parameters
    ----------
    data
        What was fitted.
    fit
        The fit.
    number
        Which spectrum, from 0.

    """
    x = data.wavenumbers_cm1[number]
    total = data.values[number] - fit.residuals[number]
    heights = fit.linear[number, : fit.model.n_columns]
    columns = fit.model.columns(fit.values, float(data.temperatures_k[number]), x)[0]
    band = columns @ heights
    tight = loose = None
    if isinstance(fit.model, (TwoStateModel, FreeAreasModel)):
        lines = _unit_components(fit, x)
        areas = component_areas(data, fit)[number]
        tight, loose = lines[:, 0] * areas[0], lines[:, 1] * areas[1]
    return FittedCurves(
        total=total,
        baseline=total - band if fit.baseline_order >= 0 else np.zeros_like(total),
        tight=tight,
        loose=loose,
    )


def component_areas(data: BandData, fit: SeriesFit) -> NDArray[np.float64]:
    """Areas of the tight and the loose component in each spectrum, (n, 2), data times cm⁻¹.

    Parameters
    ----------
    data
        What was fitted.
    fit
        Fit of a model with two components.

    """
    if isinstance(fit.model, FreeAreasModel):
        return np.array(fit.linear[:, :2])
    if not isinstance(fit.model, TwoStateModel):
        raise ValueError(f"{fit.model.name} has no two components")
    f = loose_fractions(fit, data.temperatures_k)
    parts = np.stack([1.0 - f, fit.model.extinction_ratio * f], axis=1)
    return np.asarray(parts * fit.linear[:, :1])


def loose_fractions(fit: SeriesFit, temperatures_k: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loose fraction f = K/(1 + K) of a fitted two-state law, (n,).

    Parameters
    ----------
    fit
        Fit of a `TwoStateModel`.
    temperatures_k
        (n,) K.

    """
    return np.asarray(expit(ln_k_of_fit(fit, temperatures_k)))


def ln_k_of_fit(fit: SeriesFit, temperatures_k: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of K = [loose]/[tight] of a fitted two-state law, (n,).

    Parameters
    ----------
    fit
        Fit of a `TwoStateModel`.
    temperatures_k
        (n,) K.

    """
    named = fit.parameters
    thermal = [named["dh_kj_mol"], named["ds_j_mol_k"], named.get("dcp_j_mol_k", 0.0)]
    return np.asarray(ln_k_columns(temperatures_k, heat_capacity=True) @ np.array(thermal))


def _unit_components(fit: SeriesFit, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Both components with unit area, (n, 2)."""
    assert isinstance(fit.model, (TwoStateModel, FreeAreasModel))
    model = FreeAreasModel(shape=fit.model.shape, equal_widths=fit.model.equal_widths)
    named = fit.parameters
    values = np.array([named[name] for name in model.parameters])
    return model.columns(values, REFERENCE_TEMPERATURE_K, x)[0]
