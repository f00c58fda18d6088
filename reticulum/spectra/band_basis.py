"""What a model of a band is: columns as mixtures of a basis.

A model gives each spectrum a few columns, functions of wavenumber that depend on the model's
parameters; their heights (areas of bands, baseline) are linear and found exactly for any
parameters (`variable_projection`). So a model states only what is not linear.

Columns and their derivatives are mixtures of a few functions, the basis: lines and what changes
when a line moves or widens. Where components stay in place, one basis serves all temperatures, and
temperature enters through the coefficients alone.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.line_shapes import LineShape

#: Limits of a parameter that has none.
ANY_VALUE = (-np.inf, np.inf)

#: Limits of the mixing of Gaussian and Lorentzian.
MIXING_LIMITS = (0.0, 1.0)

Array = NDArray[np.float64]
Columns = tuple[Array, Array]
Limits = tuple[tuple[float, float], ...]


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
        """Number c of columns of each spectrum without the baseline."""

    @property
    def basis_moves(self) -> bool:
        """Whether the basis depends on temperature."""

    def limits(self, narrowest_cm1: float) -> Limits:
        """Lowest and highest value of each parameter; no line is narrower than given."""

    def basis(
        self, values: Array, temperatures_k: Array, axes: Array, axis_of: NDArray[np.int64]
    ) -> Array:
        """Basis (g, m, k) at temperatures (g,) on the axes (a, m), of which each has a number."""

    def mixing(self, values: Array, temperatures_k: Array) -> Columns:
        """Columns (n, k, c) and their derivatives (n, p, k, c) as mixtures of the basis."""

    def columns(self, values: Array, temperature_k: float, x: Array) -> Columns:
        """Columns (m, c) and their derivatives (p, m, c) at wavenumbers x (m,)."""


def columns_of(model: BandModel, values: Array, temperature_k: float, x: Array) -> Columns:
    """Columns of a model at one temperature, from its basis.

    Parameters
    ----------
    model
        The model.
    values
        (p,) its parameters.
    temperature_k
        Temperature, K.
    x
        (m,) wavenumbers, cm⁻¹.

    Returns
    -------
    tuple of numpy.ndarray
        Columns (m, c), cm, and derivatives (p, m, c).

    """
    t = np.array([temperature_k], dtype=np.float64)
    basis = model.basis(values, t, x[None, :], np.zeros(1, dtype=np.int64))[0]
    columns, derivatives = model.mixing(values, t)
    return basis @ columns[0], np.matmul(basis, derivatives[0])


def mixing_names(shape: LineShape) -> tuple[str, ...]:
    """Name of the parameter that mixes Gaussian and Lorentzian, if the shape has one."""
    return () if shape.mixing is None else (shape.mixing,)
