"""Two components with fixed centres and widths: in equilibrium, or with free areas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.band_basis import (
    ANY_VALUE,
    MIXING_LIMITS,
    Array,
    Columns,
    Limits,
    columns_of,
    mixing_names,
)
from reticulum.spectra.line_shapes import LineShape, component
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K

#: ln K beyond which a state is empty to any precision, and exp overflows.
_LARGEST_LN_K = 500.0

_CENTRES = ("tight_cm1", "loose_cm1")
_THERMAL = ("dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k")


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
        thermal = _THERMAL if self.heat_capacity else _THERMAL[:2]
        return (*_line_names(self.shape, self.equal_widths), *thermal)

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the whole band."""
        return 1

    @property
    def basis_moves(self) -> bool:
        """Return that the components stay in place."""
        return False

    def limits(self, narrowest_cm1: float) -> Limits:
        """Return the limits of widths and mixing."""
        n_thermal = 3 if self.heat_capacity else 2
        return (
            *_line_limits(self.shape, self.equal_widths, narrowest_cm1),
            *(ANY_VALUE for _ in range(n_thermal)),
        )

    def basis(
        self, values: Array, temperatures_k: Array, axes: Array, axis_of: NDArray[np.int64]
    ) -> Array:
        """Return both lines and their derivatives."""
        return _two_lines(self.shape, self.equal_widths, values, axes[axis_of])

    def mixing(self, values: Array, temperatures_k: Array) -> Columns:
        """Return both lines by their populations, and the derivatives."""
        line_columns, line_derivatives = _line_mixing(self.shape, self.equal_widths)
        n_lines = len(line_derivatives)
        t, t0 = temperatures_k, REFERENCE_TEMPERATURE_K
        by_parameter = [
            -1000.0 / (GAS_CONSTANT_J_PER_MOL_K * t),
            np.full(len(t), 1.0 / GAS_CONSTANT_J_PER_MOL_K),
        ]
        if self.heat_capacity:
            by_parameter.append((t * np.log(t / t0) - (t - t0)) / (GAS_CONSTANT_J_PER_MOL_K * t))
        slopes = np.stack(by_parameter, axis=1)
        ln_k = np.clip(slopes @ values[n_lines:], -_LARGEST_LN_K, _LARGEST_LN_K)
        f = 1.0 / (1.0 + np.exp(-ln_k))
        ratio = self.extinction_ratio
        areas = np.stack([1.0 - f, ratio * f], axis=1)
        change = (f * (1.0 - f))[:, None] * np.array([-1.0, ratio])
        # areas (n, 2) add up the columns (k, 2) of the two components
        columns = areas @ line_columns.T
        derivatives = np.empty((len(t), len(values), line_columns.shape[0]))
        derivatives[:, :n_lines] = np.einsum("ns,pks->npk", areas, line_derivatives)
        derivatives[:, n_lines:] = slopes[:, :, None] * (change @ line_columns.T)[:, None, :]
        return columns[:, :, None], derivatives[:, :, :, None]

    def named_by_heating(self, values: Array) -> Array:
        """Parameters of the same band with loose the state that grows on heating (ΔH > 0).

        With the names of the states exchanged and 1/(r² K) for K, the band is the same.
        """
        named = dict(zip(self.parameters, values.tolist(), strict=True))
        if named["dh_kj_mol"] >= 0.0:
            return values
        exchanged = {name: -value for name, value in named.items() if name in _THERMAL}
        exchanged["ds_j_mol_k"] -= (
            2.0 * GAS_CONSTANT_J_PER_MOL_K * float(np.log(self.extinction_ratio))
        )
        for name, value in named.items():
            if "tight" in name:
                exchanged[name.replace("tight", "loose")] = value
            elif "loose" in name:
                exchanged[name.replace("loose", "tight")] = value
        return np.array([(named | exchanged)[name] for name in self.parameters])

    def columns(self, values: Array, temperature_k: float, x: Array) -> Columns:
        """Whole band with unit area of tight absorbers, and its derivatives."""
        return columns_of(self, values, temperature_k, x)


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
        return _line_names(self.shape, self.equal_widths)

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the two components."""
        return 2

    @property
    def basis_moves(self) -> bool:
        """Return that the components stay in place."""
        return False

    def limits(self, narrowest_cm1: float) -> Limits:
        """Return the limits of widths and mixing."""
        return _line_limits(self.shape, self.equal_widths, narrowest_cm1)

    def basis(
        self, values: Array, temperatures_k: Array, axes: Array, axis_of: NDArray[np.int64]
    ) -> Array:
        """Return both lines and their derivatives."""
        return _two_lines(self.shape, self.equal_widths, values, axes[axis_of])

    def mixing(self, values: Array, temperatures_k: Array) -> Columns:
        """Return each line as a column, and the derivatives."""
        columns, derivatives = _line_mixing(self.shape, self.equal_widths)
        n = len(temperatures_k)
        return (
            np.broadcast_to(columns, (n, *columns.shape)),
            np.broadcast_to(derivatives, (n, *derivatives.shape)),
        )

    def columns(self, values: Array, temperature_k: float, x: Array) -> Columns:
        """Both components with unit area, and their derivatives."""
        return columns_of(self, values, temperature_k, x)


def _line_names(shape: LineShape, equal_widths: bool) -> tuple[str, ...]:
    widths = ("fwhm_cm1",) if equal_widths else ("fwhm_tight_cm1", "fwhm_loose_cm1")
    return (*_CENTRES, *widths, *mixing_names(shape))


def _line_limits(shape: LineShape, equal_widths: bool, narrowest_cm1: float) -> Limits:
    n_widths = 1 if equal_widths else 2
    return (
        *(ANY_VALUE for _ in _CENTRES),
        *((narrowest_cm1, np.inf) for _ in range(n_widths)),
        *(MIXING_LIMITS for _ in mixing_names(shape)),
    )


def _two_lines(shape: LineShape, equal_widths: bool, values: Array, x: Array) -> Array:
    """Tight and loose line, their derivatives by centre, by width and by mixing: (a, m, 2 k)."""
    n_widths = 1 if equal_widths else 2
    mixing = values[2 + n_widths] if shape.mixing else 0.0
    tight = component(shape, x - values[0], values[2], mixing)
    loose = component(shape, x - values[1], values[1 + n_widths], mixing)
    return np.stack([part for pair in zip(tight, loose, strict=True) for part in pair], axis=-1)


def _line_mixing(shape: LineShape, equal_widths: bool) -> tuple[Array, Array]:
    """Lines (k, 2) and derivatives (p, k, 2) as mixtures of what `_two_lines` gives."""
    n_widths = 1 if equal_widths else 2
    n_mixing = len(mixing_names(shape))
    n_basis = 6 + 2 * n_mixing
    columns = np.zeros((n_basis, 2))
    derivatives = np.zeros((2 + n_widths + n_mixing, n_basis, 2))
    for state in (0, 1):
        columns[state, state] = 1.0
        derivatives[state, 2 + state, state] = 1.0
        derivatives[2 + (0 if equal_widths else state), 4 + state, state] = 1.0
        if n_mixing:
            derivatives[2 + n_widths, 6 + state, state] = 1.0
    return columns, derivatives
