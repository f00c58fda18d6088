"""Least squares for a whole series in one step, with the linear parameters projected out.

Heights of bands and baselines enter linearly: for any values of the other parameters they follow
from a small linear problem in each spectrum. Only the few shared parameters are searched
[Golub1973]_, with the analytic Jacobian of Kaufman [Kaufman1975]_ (`series_projection`). Errors are
those of the joint fit of all parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reticulum.spectra.band_basis import BandModel
from reticulum.spectra.band_data import BandData
from reticulum.spectra.series_fit import SeriesFit
from reticulum.spectra.series_search import CONVERGED, Found, SeriesSearch

__all__ = ["CONVERGED", "Found", "SeriesFit", "SeriesSearch", "fit_series"]


def fit_series(
    data: BandData,
    model: BandModel,
    start: Mapping[str, float],
    *,
    baseline_order: int = -1,
    held: Sequence[str] = (),
    relative_change: float = CONVERGED,
) -> SeriesFit:
    """Fit a model to all spectra in one step.

    Parameters
    ----------
    data
        The band.
    model
        The model.
    start
        Start values of its parameters; those in `held` keep them.
    baseline_order
        Baseline under the band in each spectrum: -1 none, 0 constant, 1 straight line.
    held
        Names of parameters that are not fitted.
    relative_change
        Change of the misfit and of the parameters at which the search ends.

    Raises
    ------
    InputError
        If a start value is missing, or the model gives no band with the start values.

    """
    search = SeriesSearch(data, model, baseline_order=baseline_order, held=held)
    found = search.settled(search.run(start, relative_change=relative_change), relative_change)
    return search.fit(found)
