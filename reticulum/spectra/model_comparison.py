"""All models of a shifting band on the same data, and which of them the data can tell apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from reticulum.spectra.band_basis import BandModel
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import (
    FreeAreasModel,
    HotBandModel,
    OneBandModel,
    TwoStateModel,
)
from reticulum.spectra.band_positions import BandPositions, band_positions
from reticulum.spectra.information_criteria import corrected_akaike, schwarz
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.several_starts import (
    best_fit,
    one_band_start,
    oscillator_starts,
    two_state_starts,
)
from reticulum.spectra.variable_projection import SeriesFit

__all__ = ["ModelOutcome", "Picture", "best_fit", "compare_models", "two_state_starts"]

#: Orders of centre and width of a moving band.
_ONE_BAND_ORDERS = ((1, 0), (1, 1), (2, 0), (2, 2))


class Picture(StrEnum):
    """What a model says about the band."""

    TWO_STATES = "two states"
    ONE_BAND = "one shifting band"
    OSCILLATOR = "one anharmonic oscillator"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelOutcome:
    """One model on the data.

    Attributes
    ----------
    name, picture
        The model.
    fit
        The fit; None for bands fitted to each spectrum alone.
    sum_of_squares
        Of all residuals.
    n_points, n_parameters
        Of the fit; the noise is not counted.
    misfit_percent
        Root mean square of the residuals in per cent of the largest value.
    converged
        Whether the search (of every spectrum, for bands fitted to each alone) ended at a minimum.
    at_bound
        Parameters that ended at a limit of what they can be.

    """

    name: str
    picture: Picture
    fit: SeriesFit | None
    sum_of_squares: float
    n_points: int
    n_parameters: int
    misfit_percent: float
    converged: bool = True
    at_bound: tuple[str, ...] = ()

    @property
    def flaw(self) -> str:
        """What forbids that the model wins a comparison; empty if nothing does."""
        if not np.isfinite(self.sum_of_squares):
            return "the misfit is not finite"
        if self.n_points <= self.n_parameters + 2:
            return "there are too few points for so many parameters"
        return "" if self.converged else "the fit did not end at a minimum"

    @property
    def aicc(self) -> float:
        """Corrected Akaike criterion; infinite, the worst there is, for a model with a flaw."""
        if self.flaw:
            return float("inf")
        return corrected_akaike(
            self.sum_of_squares, self.n_points, self.n_parameters, self._largest_value
        )

    @property
    def bic(self) -> float:
        """Bayesian criterion; infinite, the worst there is, for a model with a flaw."""
        if self.flaw:
            return float("inf")
        return schwarz(self.sum_of_squares, self.n_points, self.n_parameters, self._largest_value)

    @property
    def _largest_value(self) -> float:
        """Largest value of the data; NaN if residuals without any size do not tell it."""
        if self.misfit_percent <= 0.0:
            return float("nan") if self.fit is None else self.fit.largest_value
        return 100.0 * float(np.sqrt(self.sum_of_squares / self.n_points)) / self.misfit_percent

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "model": self.name,
            "picture": self.picture.value,
            "misfit_percent": self.misfit_percent,
            "aicc": self.aicc,
            "bic": self.bic,
            "n_points": self.n_points,
            "n_parameters": self.n_parameters,
            "parameters": None if self.fit is None else self.fit.parameters,
            "standard_errors": None if self.fit is None else self.fit.errors,
            "converged": self.converged,
            "at_bound": list(self.at_bound),
            "flaw": self.flaw,
        }


def compare_models(
    data: BandData,
    *,
    baseline_order: int = -1,
    shapes: Sequence[LineShape] = (LineShape.GAUSSIAN, LineShape.PSEUDO_VOIGT),
    extinction_ratio: float = 1.0,
) -> tuple[ModelOutcome, ...]:
    """Fit every model of a shifting band to a series.

    Parameters
    ----------
    data
        The band.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.
    shapes
        Shapes of bands and components.
    extinction_ratio
        Extinction of loose over tight, for the two-state models.

    Returns
    -------
    tuple of ModelOutcome
        Two states first, then one band, then the oscillator; models whose fit did not end at a
        minimum are included and say so.

    """
    comparison = _Comparison(
        data=data, baseline_order=baseline_order, extinction_ratio=extinction_ratio
    )
    outcomes: list[ModelOutcome] = []
    # a shape that has others as its limits is started from them too
    ordered = sorted(shapes, key=lambda shape: list(LineShape).index(shape))
    for shape in dict.fromkeys(ordered):
        alone = band_positions(data, shape, baseline_order=baseline_order)
        outcomes += comparison.two_states(shape, alone)
        outcomes += comparison.one_band(shape, alone)
        outcomes.append(comparison.oscillator(shape, alone))
    order = list(Picture)
    return tuple(sorted(outcomes, key=lambda outcome: order.index(outcome.picture)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Comparison:
    """Fits of one series; each starts from simpler ones before it, too."""

    data: BandData
    baseline_order: int
    extinction_ratio: float
    found: dict[tuple[LineShape, BandModel], dict[str, float]] = field(default_factory=dict)

    def _outcome(
        self,
        picture: Picture,
        model: TwoStateModel | FreeAreasModel | OneBandModel | HotBandModel,
        starts: Sequence[Mapping[str, float]],
    ) -> ModelOutcome:
        plain = replace(model, shape=LineShape.GAUSSIAN)
        fit = best_fit(
            self.data,
            model,
            [*starts, *self._of_other_shapes(plain, model.shape)],
            baseline_order=self.baseline_order,
        )
        self.found[model.shape, plain] = fit.parameters
        return ModelOutcome(
            name=fit.model.name,
            picture=picture,
            fit=fit,
            sum_of_squares=fit.sum_of_squares,
            n_points=fit.n_points,
            n_parameters=fit.n_parameters,
            misfit_percent=100.0 * fit.rms / self.data.maximum,
            converged=fit.converged,
            at_bound=fit.at_bound,
        )

    def _of_other_shapes(self, plain: BandModel, shape: LineShape) -> list[dict[str, float]]:
        if shape.mixing is None:
            return []
        limits = {LineShape.GAUSSIAN: 0.0, LineShape.LORENTZIAN: 1.0}
        starts = []
        for (other, model), parameters in self.found.items():
            if model == plain:
                mixing = limits[other] if other.mixing is None else parameters[other.mixing]
                starts.append({**parameters, shape.mixing: mixing})
        return starts

    def two_states(self, shape: LineShape, alone: BandPositions) -> list[ModelOutcome]:
        """Two states, each model started from the simpler ones before it."""
        plain = TwoStateModel(shape=shape, extinction_ratio=self.extinction_ratio)
        starts = two_state_starts(self.data, alone)
        first = self._outcome(Picture.TWO_STATES, plain, starts)
        curved = self._outcome(
            Picture.TWO_STATES,
            replace(plain, heat_capacity=True),
            [{"dcp_j_mol_k": 0.0, **start} for start in (_parameters(first), *starts)],
        )
        wide = [
            self._outcome(
                Picture.TWO_STATES,
                replace(plain, equal_widths=False, heat_capacity=heat_capacity),
                [_parameters(simpler)
                 | dict.fromkeys(("fwhm_tight_cm1", "fwhm_loose_cm1"),
                                 _parameters(simpler)["fwhm_cm1"])],
            )
            for simpler, heat_capacity in ((first, False), (curved, True))
        ]  # fmt: skip
        free = self._outcome(Picture.TWO_STATES, FreeAreasModel(shape=shape), [_parameters(curved)])
        return [first, curved, *wide, free]

    def one_band(self, shape: LineShape, alone: BandPositions) -> list[ModelOutcome]:
        """One moving band, and one that is free in each spectrum."""
        data = self.data
        outcomes = []
        for centre_order, width_order in _ONE_BAND_ORDERS:
            model = OneBandModel(shape=shape, centre_order=centre_order, width_order=width_order)
            start = one_band_start(data, alone, model)
            outcomes.append(self._outcome(Picture.ONE_BAND, model, [start]))
        squares = alone.sum_of_squares
        outcomes.append(
            ModelOutcome(
                name=f"one band, {shape.value}, centre and width free in each spectrum",
                picture=Picture.ONE_BAND,
                fit=None,
                sum_of_squares=squares,
                n_points=data.n_points,
                n_parameters=sum(fit.n_parameters for fit in alone.fits),
                misfit_percent=100.0 * float(np.sqrt(squares / data.n_points)) / data.maximum,
                converged=all(fit.converged for fit in alone.fits),
                at_bound=tuple(sorted({name for fit in alone.fits for name in fit.at_bound})),
            )
        )
        return outcomes

    def oscillator(self, shape: LineShape, alone: BandPositions) -> ModelOutcome:
        """One anharmonic oscillator."""
        starts = oscillator_starts(self.data, alone)
        return self._outcome(Picture.OSCILLATOR, HotBandModel(shape=shape), starts)


def _parameters(outcome: ModelOutcome) -> dict[str, float]:
    assert outcome.fit is not None
    return outcome.fit.parameters
