"""Synthetic series of spectra, from two states, one moving band or an oscillator; seeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData, band_data
from reticulum.spectra.band_models import BandModel
from reticulum.units import ZERO_CELSIUS_K


@dataclass(frozen=True, slots=True, kw_only=True)
class Imperfections:
    """What keeps a measured series from being that of the model.

    Attributes
    ----------
    noise
        Standard deviation of the noise of each point, as a part of the largest value.
    area_scatter
        Relative standard deviation of the overall area from spectrum to spectrum (packing of a
        powder, focus).
    baseline_drift
        Largest height of a straight baseline that wanders from spectrum to spectrum, as a part of
        the largest value.
    lag_k
        Hysteresis: the sample is colder than the thermometer by this while heating and hotter
        while cooling, K.
    cycle_change_cm1
        Irreversibility: the wavenumber axis of each cycle is shifted by this against the one
        before, cm⁻¹.

    """

    noise: float = 0.01
    area_scatter: float = 0.0
    baseline_drift: float = 0.0
    lag_k: float = 0.0
    cycle_change_cm1: float = 0.0

    def __post_init__(self) -> None:
        for name in ("noise", "area_scatter", "baseline_drift"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0.0):
                raise InputError(
                    f"The imperfection {name} is {value}.",
                    why="It is a size: a part of the largest value, zero or more.",
                    fix="Give 0.01 for one per cent, for instance.",
                )
        if not np.isfinite([self.lag_k, self.cycle_change_cm1]).all():
            raise InputError(
                f"The lag is {self.lag_k} K and the change from cycle to cycle "
                f"{self.cycle_change_cm1} cm⁻¹.",
                why="Both must be finite numbers.",
            )


def simulate_series(
    model: BandModel,
    parameters: Mapping[str, float],
    temperatures_k: Sequence[float],
    wavenumbers_cm1: Sequence[float],
    *,
    cycles: int = 3,
    imperfections: Imperfections | None = None,
    seed: int = 0,
) -> BandData:
    """Series of spectra that a model would give.

    Parameters
    ----------
    model
        What the band does.
    parameters
        Values of all its parameters.
    temperatures_k
        Temperatures of one cycle in the order of measurement, K.
    wavenumbers_cm1
        Axis of all spectra, cm⁻¹.
    cycles
        How often the temperatures are run through: odd cycles as given, even ones backwards.
    imperfections
        Noise and the like; 1 % noise if None.
    seed
        The same seed gives the same series.

    Returns
    -------
    BandData
        The largest value of the noiseless series is 1.

    Raises
    ------
    InputError
        If a parameter is missing, or the series cannot be made.

    """
    missing = [name for name in model.parameters if name not in parameters]
    if missing:
        raise InputError(
            f"{model.name} needs {', '.join(missing)}.",
            why="A simulation needs a value for each parameter.",
            fix="Give all of: " + ", ".join(model.parameters),
        )
    if cycles < 1:
        raise InputError(
            f"{cycles} cycles cannot be simulated.", why="At least one is needed.", fix="Give 1."
        )
    values = np.array([float(parameters[name]) for name in model.parameters])
    flaws = Imperfections() if imperfections is None else imperfections
    random = np.random.default_rng(seed)
    x = np.asarray(wavenumbers_cm1, dtype=np.float64)
    shown, numbers, spectra = [], [], []
    for cycle in range(1, cycles + 1):
        order = list(temperatures_k) if cycle % 2 else list(reversed(temperatures_k))
        for place, t in enumerate(order):
            following = order[min(place + 1, len(order) - 1)] - order[max(place - 1, 0)]
            true = t - flaws.lag_k * float(np.sign(following))
            axis = x - flaws.cycle_change_cm1 * (cycle - 1)
            columns = model.columns(values, true, axis)[0]
            spectra.append(columns.sum(axis=1))
            shown.append(t)
            numbers.append(cycle)
    top = max(float(spectrum.max()) for spectrum in spectra)
    across = (x - x.mean()) / (x.max() - x.min())
    measured = []
    for spectrum in spectra:
        scale = (1.0 + flaws.area_scatter * random.normal()) / top
        drift = flaws.baseline_drift * (random.uniform(0.0, 0.5) + across * random.uniform(-1, 1))
        measured.append(scale * spectrum + drift + flaws.noise * random.normal(size=len(x)))
    return band_data(
        shown,
        x,
        measured,
        cycles=numbers,
        labels=[
            f"cycle {c}, {t - ZERO_CELSIUS_K:.0f} °C" for c, t in zip(numbers, shown, strict=True)
        ],
    )
