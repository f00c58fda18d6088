"""What is done to spectra before a fit, as one thing that is stated once and recorded in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reticulum.errors import InputError
from reticulum.spectra.conversion import (
    to_absorbance,
    to_kubelka_munk,
    to_pseudo_absorbance,
)
from reticulum.spectra.preprocessing import (
    BASELINES,
    CARBON_DIOXIDE_CM1,
    NORMALISATIONS,
    WATER_VAPOUR_CM1,
    cut_window,
    mask_ranges,
    normalise,
    subtract_baseline,
)
from reticulum.spectra.spectrum import Quantity, SpectralSeries, Spectrum

#: Ranges that have a name.
NAMED_MASKS = {"co2": CARBON_DIOXIDE_CM1, "water": WATER_VAPOUR_CM1}

#: What spectra can be converted to, and how.
CONVERSIONS = {
    Quantity.ABSORBANCE: to_absorbance,
    Quantity.KUBELKA_MUNK: to_kubelka_munk,
    Quantity.PSEUDO_ABSORBANCE: to_pseudo_absorbance,
}

#: Settings of each baseline.
_BASELINE_SETTINGS = {
    "linear": ("end_points",),
    "asls": ("lam", "p"),
    "arpls": ("lam",),
    "modpoly": ("order",),
}

#: Settings that are whole numbers.
_WHOLE = ("end_points", "order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """Steps before a fit, in the order in which they are done.

    Attributes
    ----------
    convert
        Quantity to convert to; None leaves the values as they are.
    masks
        Ranges to leave out: pairs of cm⁻¹, or ``"co2"`` and ``"water"``.
    baseline
        ``"linear"``, ``"asls"``, ``"arpls"``, ``"modpoly"``, or None.
    baseline_window_cm1
        Part of the axis on which the baseline is found, wider than the window of the fit, cm⁻¹;
        the rest is cut off. None: the whole spectrum.
    baseline_settings
        ``lam``, ``p``, ``order``, ``end_points``, as for `subtract_baseline`.
    normalisation
        ``"maximum"``, ``"area"``, ``"reference-band"``, or None.
    reference_band_cm1
        Limits of the reference band, cm⁻¹.

    Raises
    ------
    InputError
        If a name is not known, or a setting belongs to nothing.

    """

    convert: Quantity | None = None
    masks: tuple[str | tuple[float, float], ...] = ()
    baseline: str | None = None
    baseline_window_cm1: tuple[float, float] | None = None
    baseline_settings: Mapping[str, float] = field(default_factory=dict)
    normalisation: str | None = None
    reference_band_cm1: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for mask in self.masks:
            if isinstance(mask, str) and mask not in NAMED_MASKS:
                raise _unknown("mask", mask, NAMED_MASKS, "or give a range as (low, high)")
        if self.convert is not None and self.convert not in CONVERSIONS:
            raise _unknown("conversion to", str(self.convert), CONVERSIONS)
        if self.baseline is not None and self.baseline not in BASELINES:
            raise _unknown("baseline", self.baseline, BASELINES)
        if self.normalisation is not None and self.normalisation not in NORMALISATIONS:
            raise _unknown("normalisation", self.normalisation, NORMALISATIONS)
        allowed = () if self.baseline is None else _BASELINE_SETTINGS[self.baseline]
        extra = [name for name in self.baseline_settings if name not in allowed]
        if extra or (self.baseline is None and self.baseline_window_cm1 is not None):
            name = extra[0] if extra else "baseline_window_cm1"
            raise InputError(
                f"The setting {name} has no meaning for the baseline {self.baseline}.",
                why="It would be left out in silence.",
                fix=f"Leave it out{'; possible: ' + ', '.join(allowed) if allowed else ''}.",
            )
        if (self.normalisation == "reference-band") != (self.reference_band_cm1 is not None):
            raise InputError(
                "A reference band and its limits belong together.",
                why=f"The normalisation is {self.normalisation}, the limits are "
                f"{self.reference_band_cm1}.",
                fix="Give normalisation='reference-band' with reference_band_cm1=(low, high).",
            )
        object.__setattr__(self, "masks", tuple(self.masks))

    @property
    def is_empty(self) -> bool:
        """Whether nothing is done."""
        return self == Preparation()

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "convert": None if self.convert is None else self.convert.value,
            "masks": [mask if isinstance(mask, str) else list(mask) for mask in self.masks],
            "baseline": self.baseline,
            "baseline_window_cm1": _listed(self.baseline_window_cm1),
            "baseline_settings": dict(self.baseline_settings),
            "normalisation": self.normalisation,
            "reference_band_cm1": _listed(self.reference_band_cm1),
        }


def prepare_series(series: SpectralSeries, preparation: Preparation) -> SpectralSeries:
    """Series with the same done to each spectrum, and notes on what that does to a fit.

    Every step stands with its parameters in ``steps`` of each spectrum. Spectra that are what
    `preparation` would convert to already are not converted again.

    Parameters
    ----------
    series
        Spectra.
    preparation
        What to do.

    Raises
    ------
    InputError
        If a step cannot be done; the message names the spectrum.
    MissingExtraError
        If a baseline needs `pybaselines` and it is not installed.

    """
    spectra = tuple(_prepared(spectrum, preparation) for spectrum in series.spectra)
    return replace(series, spectra=spectra, notes=(*series.notes, *_warnings(preparation, spectra)))


def _prepared(spectrum: Spectrum, preparation: Preparation) -> Spectrum:
    found = spectrum
    if preparation.convert is not None and found.quantity is not preparation.convert:
        found = CONVERSIONS[preparation.convert](found)
    if preparation.masks:
        ranges = [NAMED_MASKS[m] if isinstance(m, str) else m for m in preparation.masks]
        found = mask_ranges(found, ranges)
    if preparation.baseline is not None:
        if preparation.baseline_window_cm1 is not None:
            found = cut_window(found, *preparation.baseline_window_cm1)
        settings: dict[str, Any] = {
            name: int(value) if name in _WHOLE else float(value)
            for name, value in preparation.baseline_settings.items()
        }
        found = subtract_baseline(found, preparation.baseline, **settings)
    if preparation.normalisation is not None:
        found = normalise(found, preparation.normalisation, band_cm1=preparation.reference_band_cm1)
    return found


def _warnings(preparation: Preparation, spectra: tuple[Spectrum, ...]) -> tuple[str, ...]:
    notes = []
    if preparation.baseline in ("asls", "arpls", "modpoly"):
        notes.append(
            f"The baseline {preparation.baseline} bends under a band and takes part of its area "
            "and its wings, by some per cent to tens of per cent, differently for wide and narrow "
            "bands: widths and areas are no longer those of the sample, and its error is in none "
            "of the standard errors. A straight line in the fit (baseline_order=1) does not do "
            "that."
        )
        stuck = [
            spectrum.name
            for spectrum in spectra
            if any(step.parameters.get("converged") is False for step in spectrum.steps)
        ]
        if stuck:
            notes.append(f"The baseline did not converge for {', '.join(stuck[:5])}.")
    if preparation.normalisation in ("maximum", "area"):
        notes.append(
            f"Spectra were normalised by their {preparation.normalisation}. In every model the "
            "overall area of each spectrum is free, so that centres, widths, ΔH, ΔS and ΔCp do not "
            "change but for the weight of the spectra (weak ones count more, with their noise). "
            "The areas themselves have lost their meaning: what is left of their course with "
            "temperature is made by the normalisation."
        )
    if "water" in preparation.masks:
        notes.append(
            "Masking water vapour removes everything from "
            f"{WATER_VAPOUR_CM1[0]:g} to {WATER_VAPOUR_CM1[1]:g} cm⁻¹, the carboxylate bands with "
            "it; give single lines as ranges for a band there."
        )
    return tuple(notes)


def _unknown(what: str, name: str, known: Any, more: str = "") -> InputError:
    return InputError(
        f"There is no {what} {name!r}.",
        why="It has to be one of: " + ", ".join(str(entry) for entry in known) + ".",
        fix=f"Check the spelling{', ' + more if more else ''}.",
    )


def _listed(pair: tuple[float, float] | None) -> list[float] | None:
    return None if pair is None else [float(pair[0]), float(pair[1])]
