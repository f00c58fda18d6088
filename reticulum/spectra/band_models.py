"""Models of one band at many temperatures: what moves, and what its columns are.

A model gives each spectrum a few columns, functions of wavenumber that depend on the model's
parameters; their heights (areas of bands, baseline) are linear and found exactly for any
parameters (`variable_projection`). So a model states only what is not linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.line_shapes import LineShape, line
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    GAS_CONSTANT_J_PER_MOL_K,
    REFERENCE_TEMPERATURE_K,
)

#: Scale of temperature in polynomials: centres and widths are series in (T - 298.15 K)/100 K.
POLYNOMIAL_SCALE_K = 100.0

#: Levels of an oscillator whose Boltzmann factor falls below this are left out.
_NEGLIGIBLE_POPULATION = 1e-6

#: Most levels of an oscillator that are summed.
_MOST_LEVELS = 60

Columns = tuple[NDArray[np.float64], NDArray[np.float64]]


class BandModel(Protocol):
    """Model of one band at many temperatures."""

    @property
    def name(self) -> str:
        """Short name for tables."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters that are not linear, with units."""

    @property
    def n_columns(self) -> int:
        """Number of columns of each spectrum without the baseline."""

    def columns(
        self, values: NDArray[np.float64], temperature_k: float, x: NDArray[np.float64]
    ) -> Columns:
        """Columns (n, c) and their derivatives (p, n, c) at wavenumbers x (n,)."""


def _eta_names(shape: LineShape) -> tuple[str, ...]:
    return ("eta",) if shape is LineShape.PSEUDO_VOIGT else ()


def _fixed_eta(shape: LineShape) -> float:
    return 1.0 if shape is LineShape.LORENTZIAN else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStateModel:
    """Two components with fixed centres and widths in equilibrium, K(T) from ΔH, ΔS and ΔCp.

    Attributes
    ----------
    shape
        Shape of both components.
    equal_widths
        Whether both have one width.
    heat_capacity
        Whether ΔCp is a parameter; else it is 0.
    extinction_ratio
        Integrated extinction of loose over tight; it cannot be told from ΔS.

    """

    shape: LineShape = LineShape.GAUSSIAN
    equal_widths: bool = True
    heat_capacity: bool = False
    extinction_ratio: float = 1.0

    @property
    def name(self) -> str:
        """Short name for tables."""
        parts = ["two states", self.shape.value]
        parts.append("equal widths" if self.equal_widths else "different widths")
        return ", ".join([*parts, "ΔCp" if self.heat_capacity else "no ΔCp"])

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""
        widths = ("fwhm_cm1",) if self.equal_widths else ("fwhm_tight_cm1", "fwhm_loose_cm1")
        thermal = ("dh_kj_mol", "ds_j_mol_k", *(("dcp_j_mol_k",) if self.heat_capacity else ()))
        return ("tight_cm1", "loose_cm1", *widths, *_eta_names(self.shape), *thermal)

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the whole band."""
        return 1

    def columns(
        self, values: NDArray[np.float64], temperature_k: float, x: NDArray[np.float64]
    ) -> Columns:
        """Whole band with unit area of tight absorbers, and its derivatives."""
        named = dict(zip(self.parameters, values.tolist(), strict=True))
        tight, loose = _two_lines(self.shape, self.equal_widths, named, x)
        t, t0 = temperature_k, REFERENCE_TEMPERATURE_K
        by_dh = -1000.0 / (GAS_CONSTANT_J_PER_MOL_K * t)
        by_ds = 1.0 / GAS_CONSTANT_J_PER_MOL_K
        by_dcp = (t * np.log(t / t0) - (t - t0)) / (GAS_CONSTANT_J_PER_MOL_K * t)
        ln_k = (
            named["dh_kj_mol"] * by_dh
            + named["ds_j_mol_k"] * by_ds
            + named.get("dcp_j_mol_k", 0.0) * by_dcp
        )
        f = 1.0 / (1.0 + np.exp(-np.clip(ln_k, -500.0, 500.0)))
        ratio = self.extinction_ratio
        column = (1.0 - f) * tight[0] + ratio * f * loose[0]
        change = f * (1.0 - f) * (ratio * loose[0] - tight[0])
        rows = [(1.0 - f) * tight[1], ratio * f * loose[1]]
        if self.equal_widths:
            rows.append((1.0 - f) * tight[2] + ratio * f * loose[2])
        else:
            rows += [(1.0 - f) * tight[2], ratio * f * loose[2]]
        if self.shape is LineShape.PSEUDO_VOIGT:
            rows.append((1.0 - f) * tight[3] + ratio * f * loose[3])
        rows += [change * by_dh, change * by_ds]
        if self.heat_capacity:
            rows.append(change * by_dcp)
        return column[:, None], np.array(rows)[:, :, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeAreasModel:
    """Two components with fixed centres and widths whose areas are free in each spectrum.

    Attributes
    ----------
    shape, equal_widths
        As for `TwoStateModel`.

    """

    shape: LineShape = LineShape.GAUSSIAN
    equal_widths: bool = True

    @property
    def name(self) -> str:
        """Short name for tables."""
        widths = "equal widths" if self.equal_widths else "different widths"
        return f"two components, {self.shape.value}, {widths}, free areas"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""
        widths = ("fwhm_cm1",) if self.equal_widths else ("fwhm_tight_cm1", "fwhm_loose_cm1")
        return ("tight_cm1", "loose_cm1", *widths, *_eta_names(self.shape))

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the two components."""
        return 2

    def columns(
        self, values: NDArray[np.float64], temperature_k: float, x: NDArray[np.float64]
    ) -> Columns:
        """Both components with unit area, and their derivatives."""
        named = dict(zip(self.parameters, values.tolist(), strict=True))
        tight, loose = _two_lines(self.shape, self.equal_widths, named, x)
        none = np.zeros_like(x)
        rows = [(tight[1], none), (none, loose[1])]
        if self.equal_widths:
            rows.append((tight[2], loose[2]))
        else:
            rows += [(tight[2], none), (none, loose[2])]
        if self.shape is LineShape.PSEUDO_VOIGT:
            rows.append((tight[3], loose[3]))
        derivatives = np.array([np.stack(pair, axis=1) for pair in rows])
        return np.stack([tight[0], loose[0]], axis=1), derivatives


def _two_lines(
    shape: LineShape, equal_widths: bool, named: dict[str, float], x: NDArray[np.float64]
) -> tuple[tuple[NDArray[np.float64], ...], tuple[NDArray[np.float64], ...]]:
    eta = named.get("eta", _fixed_eta(shape))
    first = named["fwhm_cm1" if equal_widths else "fwhm_tight_cm1"]
    second = named["fwhm_cm1" if equal_widths else "fwhm_loose_cm1"]
    return line(x - named["tight_cm1"], first, eta), line(x - named["loose_cm1"], second, eta)


@dataclass(frozen=True, slots=True, kw_only=True)
class OneBandModel:
    """One band whose centre and width are polynomials in temperature.

    Attributes
    ----------
    shape
        Shape of the band.
    centre_order, width_order
        Orders of the polynomials in (T - 298.15 K)/100 K.

    """

    shape: LineShape = LineShape.GAUSSIAN
    centre_order: int = 1
    width_order: int = 0

    @property
    def name(self) -> str:
        """Short name for tables."""
        words = ("constant", "linear", "quadratic", "cubic")
        return (
            f"one band, {self.shape.value}, {words[self.centre_order]} centre, "
            f"{words[self.width_order]} width"
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters; those of order n are in cm⁻¹/(100 K)ⁿ."""
        return (
            *(f"centre_{n}" for n in range(self.centre_order + 1)),
            *(f"fwhm_{n}" for n in range(self.width_order + 1)),
            *_eta_names(self.shape),
        )

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the band."""
        return 1

    def columns(
        self, values: NDArray[np.float64], temperature_k: float, x: NDArray[np.float64]
    ) -> Columns:
        """Band of unit area, and its derivatives."""
        scaled = (temperature_k - REFERENCE_TEMPERATURE_K) / POLYNOMIAL_SCALE_K
        n = self.centre_order + 1
        m = n + self.width_order + 1
        powers = scaled ** np.arange(max(n, m - n))
        centre = float(values[:n] @ powers[:n])
        fwhm = float(values[n:m] @ powers[: m - n])
        eta = float(values[m]) if self.shape is LineShape.PSEUDO_VOIGT else _fixed_eta(self.shape)
        value, by_centre, by_fwhm, by_eta = line(x - centre, fwhm, eta)
        rows = [
            *(by_centre * power for power in powers[:n]),
            *(by_fwhm * power for power in powers[: m - n]),
        ]
        if self.shape is LineShape.PSEUDO_VOIGT:
            rows.append(by_eta)
        return value[:, None], np.array(rows)[:, :, None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HotBandModel:
    """One anharmonic oscillator: a series of hot bands of a slow mode that shifts the band.

    With the slow mode in level n, populated as (1 - q) qⁿ with q = exp(-hcω/kT), the band lies at
    ν₀ + n χ. No levels are left out whose population exceeds 1e-6.

    *Valid when* the slow mode is harmonic and its levels live long enough for lines of their own.

    Attributes
    ----------
    shape
        Shape of each line.

    """

    shape: LineShape = LineShape.GAUSSIAN

    @property
    def name(self) -> str:
        """Short name for tables."""
        return f"one anharmonic oscillator, {self.shape.value}"

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return ("origin_cm1", "shift_per_quantum_cm1", "mode_cm1", "fwhm_cm1",
                *_eta_names(self.shape))  # fmt: skip

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the band."""
        return 1

    def columns(
        self, values: NDArray[np.float64], temperature_k: float, x: NDArray[np.float64]
    ) -> Columns:
        """Band of unit area, and its derivatives."""
        origin, shift, mode, fwhm = (float(value) for value in values[:4])
        eta = float(values[4]) if self.shape is LineShape.PSEUDO_VOIGT else _fixed_eta(self.shape)
        slope = 1.0 / (BOLTZMANN_CM1_PER_K * temperature_k)
        q = float(np.exp(-mode * slope))
        needed = np.log(_NEGLIGIBLE_POPULATION) / np.log(q) if 0.0 < q < 1.0 else 1.0
        levels = np.arange(int(min(max(np.ceil(needed), 1), _MOST_LEVELS)) + 1)
        populations = (1.0 - q) * q**levels
        by_q = -(q**levels)
        by_q[1:] += (1.0 - q) * levels[1:] * q ** (levels[1:] - 1)
        # All levels at once: rows are levels.
        value, by_centre, by_fwhm, by_eta = line(
            x[None, :] - origin - levels[:, None] * shift, fwhm, eta
        )
        total = np.stack(
            [
                populations @ value,
                populations @ by_centre,
                (populations * levels) @ by_centre,
                by_q @ value,
                populations @ by_fwhm,
                populations @ by_eta,
            ]
        )
        rows = [total[1], total[2], total[3] * (-slope * q), total[4]]
        if self.shape is LineShape.PSEUDO_VOIGT:
            rows.append(total[5])
        return total[0][:, None], np.array(rows)[:, :, None]
