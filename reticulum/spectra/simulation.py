"""Synthetic series of spectra, from two states, one moving band or an oscillator; seeded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.band_data import COOLING, HEATING, BandData, band_data
from reticulum.spectra.band_models import BandModel
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, ZERO_CELSIUS_K

#: Parameter of two states that a conversion changes.
_ENTROPY = "ds_j_mol_k"

#: Parameters of a width that may be negative: its change with temperature.
_CHANGES = ("fwhm_1", "fwhm_2", "fwhm_3")

#: A lag never takes the sample below this, K.
_COLDEST_K = 1.0

#: Most points of a series: some 100 MB of text.
_MOST_POINTS = 5_000_000


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
        Drift: the wavenumber axis of each cycle is shifted by this against the one before, cm⁻¹.
    conversion_ln_k
        Irreversible change: ln K of two states rises by this from each cycle to the next, because
        some of the sample stays loose.
    baseline_curvature
        Largest height of a parabola under the band that differs from spectrum to spectrum, as a
        part of the largest value; a straight baseline does not take it up.

    """

    noise: float = 0.01
    area_scatter: float = 0.0
    baseline_drift: float = 0.0
    lag_k: float = 0.0
    cycle_change_cm1: float = 0.0
    conversion_ln_k: float = 0.0
    baseline_curvature: float = 0.0

    def __post_init__(self) -> None:
        for name in ("noise", "area_scatter", "baseline_drift", "baseline_curvature"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0.0):
                raise InputError(
                    f"The imperfection {name} is {value}.",
                    why="It is a size: a part of the largest value, zero or more.",
                    fix="Give 0.01 for one per cent, for instance.",
                )
        if not np.isfinite([self.lag_k, self.cycle_change_cm1, self.conversion_ln_k]).all():
            raise InputError(
                f"The lag is {self.lag_k} K, the change from cycle to cycle "
                f"{self.cycle_change_cm1} cm⁻¹ and that of ln K {self.conversion_ln_k}.",
                why="All must be finite numbers.",
                fix="Give 0 for none.",
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
        The largest value of the noiseless series is 1. Directions are those of the order: odd
        cycles as the temperatures are given, even ones the other way.

    Raises
    ------
    InputError
        If a parameter is missing or impossible, or the series cannot be made.

    """
    _check(model, parameters, temperatures_k, wavenumbers_cm1, cycles)
    values = np.array([float(parameters[name]) for name in model.parameters])
    flaws = Imperfections() if imperfections is None else imperfections
    conversion = np.array([name == _ENTROPY for name in model.parameters]) * (
        GAS_CONSTANT_J_PER_MOL_K * flaws.conversion_ln_k
    )
    if flaws.conversion_ln_k and not conversion.any():
        raise InputError(
            f"{model.name} has no two states that could convert.",
            why="A change of ln K from cycle to cycle was asked for.",
            fix="Take two states, or leave the conversion out.",
        )
    x = np.asarray(wavenumbers_cm1, dtype=np.float64)
    shown, numbers, directions, spectra = [], [], [], []
    for cycle in range(1, cycles + 1):
        order = list(temperatures_k) if cycle % 2 else list(reversed(temperatures_k))
        for place, t in enumerate(order):
            following = order[min(place + 1, len(order) - 1)] - order[max(place - 1, 0)]
            true = max(t - flaws.lag_k * float(np.sign(following)), _COLDEST_K)
            axis = x - flaws.cycle_change_cm1 * (cycle - 1)
            columns = model.columns(values + conversion * (cycle - 1), true, axis)[0]
            spectrum = columns.sum(axis=1)
            if not (np.isfinite(spectrum).all() and float(spectrum.max()) > 0.0):
                raise InputError(
                    f"{model.name} has no band at {true:.0f} K with these parameters.",
                    why="The width or the populations are no longer possible there.",
                    fix="Change the parameters or the range of temperature.",
                )
            spectra.append(spectrum)
            shown.append(t)
            numbers.append(cycle)
            directions.append(HEATING if following > 0.0 else COOLING)
    return band_data(
        shown,
        x,
        _measured(spectra, x, flaws, seed),
        cycles=numbers,
        labels=[
            f"cycle {c}, {t - ZERO_CELSIUS_K:.0f} °C" for c, t in zip(numbers, shown, strict=True)
        ],
        directions=directions,
    )


def _measured(
    spectra: Sequence[NDArray[np.float64]], x: NDArray[np.float64], flaws: Imperfections, seed: int
) -> list[NDArray[np.float64]]:
    """Spectra with areas that scatter, baselines and noise; the largest true value becomes 1."""
    random = np.random.default_rng(seed)
    curvatures = np.random.default_rng([seed, 1]).uniform(-1.0, 1.0, len(spectra))
    top = max(float(spectrum.max()) for spectrum in spectra)
    across = (x - x.mean()) / (x.max() - x.min())
    parabola = flaws.baseline_curvature * (1.0 - 4.0 * across**2)
    measured = []
    for spectrum, curvature in zip(spectra, curvatures, strict=True):
        scale = (1.0 + flaws.area_scatter * random.normal()) / top
        drift = flaws.baseline_drift * (random.uniform(0.0, 0.5) + across * random.uniform(-1, 1))
        noise = flaws.noise * random.normal(size=len(x))
        measured.append(scale * spectrum + drift + curvature * parabola + noise)
    return measured


def _check(
    model: BandModel,
    parameters: Mapping[str, float],
    temperatures_k: Sequence[float],
    wavenumbers_cm1: Sequence[float],
    cycles: int,
) -> None:
    missing = [name for name in model.parameters if name not in parameters]
    if missing:
        raise InputError(
            f"{model.name} needs {', '.join(missing)}.",
            why="A simulation needs a value for each parameter.",
            fix="Give all of: " + ", ".join(model.parameters),
        )
    bad = [name for name in model.parameters if not np.isfinite(float(parameters[name]))]
    positive = [n for n in model.parameters if n.startswith("fwhm") and n not in _CHANGES]
    positive += [name for name in model.parameters if name == "mode_cm1"]
    bad += [name for name in positive if not float(parameters[name]) > 0.0]
    mixing = [name for name in ("eta", "lorentz_share") if name in model.parameters]
    bad += [name for name in mixing if not 0.0 <= float(parameters[name]) <= 1.0]
    if bad:
        raise InputError(
            f"{model.name} cannot have {bad[0]} = {parameters[bad[0]]}.",
            why="Numbers must be finite, widths and modes positive, and mixings from 0 to 1.",
            fix="Correct it.",
        )
    if cycles < 1:
        raise InputError(
            f"{cycles} cycles cannot be simulated.", why="At least one is needed.", fix="Give 1."
        )
    if len(wavenumbers_cm1) * len(temperatures_k) * cycles > _MOST_POINTS:
        raise InputError(
            f"{len(temperatures_k) * cycles} spectra of {len(wavenumbers_cm1)} points are asked "
            "for.",
            why=f"More than {_MOST_POINTS} points in all are surely a slip.",
            fix="Take a wider spacing or step, or fewer cycles.",
        )
