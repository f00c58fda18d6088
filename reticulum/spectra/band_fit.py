"""One band of a series of spectra: positions, their course, models, verdict and evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reticulum.spectra.band_data import BandData, band_data
from reticulum.spectra.band_positions import BandPositions, band_positions
from reticulum.spectra.band_trend import BandSlope, BandTrend, band_trend
from reticulum.spectra.conversion import require_quantitative
from reticulum.spectra.cycle_bootstrap import DEFAULT_SAMPLES
from reticulum.spectra.fit_settings import FitSettings, check_settings, window_limits
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.reversibility import Reversibility
from reticulum.spectra.saturation import check_saturation
from reticulum.spectra.spectrum import ProcessingStep, SpectralSeries
from reticulum.spectra.two_state_evidence import TwoStateEvidence, two_state_evidence
from reticulum.spectra.verdict import DEFAULT_SYSTEMATICS_PERCENT, BandVerdict, judge
from reticulum.spectra.window_checks import check_inside, check_upright, condition_notes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandFit:
    """One band of a series.

    Attributes
    ----------
    data
        What was fitted.
    positions
        One band in each spectrum.
    trend, width_trend
        Course of its centre and of its FWHM with temperature.
    verdict
        What the series can prove, with every model.
    evidence
        Every check of the two-state law; None if it was not asked for, or no such law was fitted.
    processing
        What was done to each spectrum before.
    settings
        What the fit was made with.
    notes
        What the reader of the files had to settle, files left out, and what looks wrong with the
        spectra.

    """

    data: BandData
    positions: BandPositions
    trend: BandTrend
    width_trend: BandTrend
    verdict: BandVerdict
    evidence: TwoStateEvidence | None
    processing: tuple[tuple[ProcessingStep, ...], ...]
    settings: FitSettings
    notes: tuple[str, ...]

    @property
    def slope(self) -> BandSlope:
        """Slope of the centre over all spectra."""
        return self.trend.slope

    @property
    def reversibility(self) -> Reversibility | None:
        """Comparison of heating with cooling and of cycles."""
        return self.verdict.reversibility

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        found = self.positions
        return {
            "temperatures_k": self.data.temperatures_k.tolist(),
            "cycles": self.data.cycles.tolist(),
            "directions": list(self.data.directions),
            "labels": list(self.data.labels),
            "shape": found.shape.value,
            "centres_cm1": found.centres_cm1.tolist(),
            "centre_errors_cm1": found.centre_errors_cm1.tolist(),
            "fwhms_cm1": found.fwhms_cm1.tolist(),
            "fwhm_errors_cm1": found.fwhm_errors_cm1.tolist(),
            "areas": found.areas.tolist(),
            "area_errors": found.area_errors.tolist(),
            "slope": self.slope.to_dict(),
            "trend": self.trend.to_dict(),
            "width_trend": self.width_trend.to_dict(),
            **self.verdict.to_dict(),
            "evidence": None if self.evidence is None else self.evidence.to_dict(),
            "processing": _processing(self.data.labels, self.processing),
            "settings": self.settings.to_dict(),
            "notes": list(self.notes),
        }


def fit_band(
    series: SpectralSeries,
    window_cm1: tuple[float, float],
    *,
    baseline_order: int = 1,
    systematics_percent: float = DEFAULT_SYSTEMATICS_PERCENT,
    extinction_ratio: float = 1.0,
    extinction_factor: float | None = None,
    shape: LineShape = LineShape.GAUSSIAN,
    evidence: bool = True,
    bootstrap_samples: int = DEFAULT_SAMPLES,
    seed: int = 0,
    start_from: Mapping[str, float] | None = None,
    order_is_measured: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> BandFit:
    """Fit one band of a series.

    Parameters
    ----------
    series
        Absorbance, pseudo-absorbance or Kubelka-Munk spectra with their temperatures.
    window_cm1
        Part of the axis around the band, cm⁻¹.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.
    systematics_percent
        Systematic errors of the spectra, per cent of the largest value.
    extinction_ratio
        Integrated extinction of loose over tight.
    extinction_factor
        Factor to which it is known, above 1; None if it is taken as it is.
    shape
        Shape of the one band in each spectrum, whose centre and width are reported. The models are
        always fitted with every shape.
    evidence
        Whether to check the two-state law in every way (profiles, bootstrap, rank, ...), which
        takes longer than all the rest.
    bootstrap_samples, seed
        Resampled series of the bootstrap, and the seed of its random numbers.
    start_from
        More start values, such as the parameters of an earlier fit.
    order_is_measured
        The spectra of each cycle stand in the order in which they were measured, so that heating
        and cooling follow from it where nothing says them.
    progress
        Called with done and total samples of the bootstrap.

    Raises
    ------
    InputError
        If values are not proportional to the amount of absorber, a temperature is missing, the
        window holds too few points, the band points down, is cut off at its top or lies at the
        edge of the window, or a setting is impossible.
    CalculationError
        If a spectrum has no band in the window.

    """
    low, high = window_limits(window_cm1)
    settings = FitSettings(
        window_cm1=(low, high),
        baseline_order=baseline_order,
        systematics_percent=systematics_percent,
        extinction_ratio=extinction_ratio,
        extinction_factor=extinction_factor,
        shape=LineShape(shape),
        evidence=evidence,
        bootstrap_samples=bootstrap_samples,
        seed=seed,
        start_from=None if start_from is None else dict(start_from),
        order_is_measured=order_is_measured,
    )
    check_settings(settings)
    for spectrum in series.spectra:
        require_quantitative(spectrum)
    data = band_data(
        series.temperatures_k,
        [spectrum.wavenumbers_cm1 for spectrum in series.spectra],
        [spectrum.values for spectrum in series.spectra],
        cycles=series.cycles,
        labels=[spectrum.name for spectrum in series.spectra],
        directions=[spectrum.direction for spectrum in series.spectra],
        order_is_measured=order_is_measured,
        window_cm1=(low, high),
    )
    return fit_band_data(
        data,
        settings,
        processing=tuple(spectrum.steps for spectrum in series.spectra),
        notes=(
            *series.notes,
            *(f"{entry.path} was left out: {entry.reason}" for entry in series.skipped),
            *check_saturation(series.spectra, (low, high)),
            *condition_notes(data),
            *(
                ("Heating and cooling were taken from the order of the spectra in each cycle.",)
                if order_is_measured
                else ()
            ),
        ),
        progress=progress,
    )


def fit_band_data(
    data: BandData,
    settings: FitSettings,
    *,
    processing: tuple[tuple[ProcessingStep, ...], ...] = (),
    notes: tuple[str, ...] = (),
    progress: Callable[[int, int], None] | None = None,
) -> BandFit:
    """Fit one band whose spectra are cut to the window already.

    Parameters
    ----------
    data
        The band.
    settings
        What to fit; the window and `order_is_measured` are not applied again.
    processing, notes
        As in `BandFit`.
    progress
        Called with done and total samples of the bootstrap.

    Raises
    ------
    InputError
        If the band points down or lies at the edge of the window, or a setting is impossible.
    CalculationError
        If a spectrum has no band.

    """
    check_settings(settings)
    check_upright(data)
    positions = band_positions(data, settings.shape, baseline_order=settings.baseline_order)
    check_inside(data, positions)
    verdict = judge(
        data,
        baseline_order=settings.baseline_order,
        systematics_percent=settings.systematics_percent,
        extinction_ratio=settings.extinction_ratio,
        positions=positions,
        start_from=settings.start_from,
    )
    evidence = None
    if settings.evidence and verdict.outcomes:
        evidence = two_state_evidence(
            data,
            verdict.outcomes,
            baseline_order=settings.baseline_order,
            extinction_ratio=settings.extinction_ratio,
            extinction_factor=settings.extinction_factor,
            bootstrap_samples=settings.bootstrap_samples,
            seed=settings.seed,
            progress=progress,
        )
    return BandFit(
        data=data,
        positions=positions,
        trend=_trend("centre", data, positions.centres_cm1, positions.centre_errors_cm1),
        width_trend=_trend("width", data, positions.fwhms_cm1, positions.fwhm_errors_cm1),
        verdict=verdict,
        evidence=evidence,
        processing=processing,
        settings=settings,
        notes=notes,
    )


def _trend(
    quantity: str,
    data: BandData,
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
    errors: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> BandTrend:
    return band_trend(
        quantity,
        data.temperatures_k,
        values,
        errors,
        cycles=data.cycles,
        directions=data.directions,
    )


def _processing(
    labels: Sequence[str], processing: Sequence[Sequence[ProcessingStep]]
) -> list[dict[str, object]]:
    """Steps of each spectrum; once if they are the same for all."""
    listed: list[list[dict[str, object]]] = [
        [{"name": step.name, "parameters": dict(step.parameters)} for step in steps]
        for steps in processing
    ]
    if all(steps == listed[0] for steps in listed):
        return [{"spectrum": "all", "steps": listed[0]}]
    return [
        {"spectrum": label, "steps": steps} for label, steps in zip(labels, listed, strict=True)
    ]
