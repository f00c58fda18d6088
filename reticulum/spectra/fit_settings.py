"""Settings of a band fit: everything that, with the spectra, makes it what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reticulum.errors import InputError
from reticulum.spectra.cycle_bootstrap import DEFAULT_SAMPLES
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.verdict import DEFAULT_SYSTEMATICS_PERCENT

#: Orders of a baseline: none, constant, straight line.
BASELINE_ORDERS = (-1, 0, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """Everything that, with the spectra, makes a fit what it is.

    Attributes
    ----------
    window_cm1, baseline_order, systematics_percent, extinction_ratio, extinction_factor, shape,
    evidence, bootstrap_samples, seed, start_from, order_is_measured
        As for `fit_band`.

    """

    window_cm1: tuple[float, float]
    baseline_order: int = 1
    systematics_percent: float = DEFAULT_SYSTEMATICS_PERCENT
    extinction_ratio: float = 1.0
    extinction_factor: float | None = None
    shape: LineShape = LineShape.GAUSSIAN
    evidence: bool = True
    bootstrap_samples: int = DEFAULT_SAMPLES
    seed: int = 0
    start_from: Mapping[str, float] | None = None
    order_is_measured: bool = False

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "window_cm1": list(self.window_cm1),
            "baseline_order": self.baseline_order,
            "systematics_percent": self.systematics_percent,
            "extinction_ratio": self.extinction_ratio,
            "extinction_factor": self.extinction_factor,
            "shape": self.shape.value,
            "evidence": self.evidence,
            "bootstrap_samples": self.bootstrap_samples,
            "seed": self.seed,
            "start_from": None if self.start_from is None else dict(self.start_from),
            "order_is_measured": self.order_is_measured,
        }


def window_limits(window_cm1: tuple[float, float]) -> tuple[float, float]:
    """Lower and upper end of a window, cm⁻¹; anything else is refused."""
    low, high = sorted(float(end) for end in window_cm1)
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(
            f"The window {window_cm1[0]} to {window_cm1[1]} cm⁻¹ is none.",
            why="It has two different ends.",
            fix="Give two wavenumbers, below and above the band.",
        )
    return low, high


def check_settings(settings: FitSettings) -> None:
    """Refuse settings that cannot be.

    Raises
    ------
    InputError
        If one is out of its range.

    """
    if settings.baseline_order not in BASELINE_ORDERS:
        raise InputError(
            f"There is no baseline of order {settings.baseline_order}.",
            why="A curved baseline cannot be told from a change of the band.",
            fix="Give -1 (none), 0 (constant) or 1 (straight line).",
        )
    if not (np.isfinite(settings.systematics_percent) and settings.systematics_percent > 0.0):
        raise InputError(
            f"Systematic errors of {settings.systematics_percent} % were given.",
            why="Spectra are never free of them.",
            fix="Give a positive number of per cent.",
        )
    if not (np.isfinite(settings.extinction_ratio) and settings.extinction_ratio > 0.0):
        raise InputError(
            f"The extinction ratio loose/tight is {settings.extinction_ratio}.",
            why="Both components must absorb.",
            fix="Give a positive number.",
        )
    factor = settings.extinction_factor
    if factor is not None and not (np.isfinite(factor) and factor > 1.0):
        raise InputError(
            f"The extinction ratio is said to be known to a factor of {factor}.",
            why="A factor above 1 says how far it may be off, up or down.",
            fix="Give 1.2 for 20 %, for instance, or leave it out.",
        )
    if settings.bootstrap_samples < 1 or settings.seed < 0:
        raise InputError(
            f"{settings.bootstrap_samples} samples with the seed {settings.seed} were asked for.",
            why="A bootstrap has at least one sample, and seeds are not negative.",
            fix="Leave the bootstrap out with evidence=False, or correct the numbers.",
        )
