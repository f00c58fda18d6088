"""One band that moves: centre and width as polynomials of temperature, or hot bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
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
from reticulum.units import BOLTZMANN_CM1_PER_K, REFERENCE_TEMPERATURE_K

#: Scale of temperature in polynomials: centres and widths are series in (T - 298.15 K)/100 K.
POLYNOMIAL_SCALE_K = 100.0

#: Levels of an oscillator above which less than this part of the population is left are left out:
#: far below any noise, so that a fit does not see their number change.
_NEGLIGIBLE_POPULATION = 1e-10

#: Slowest and fastest mode of an oscillator, cm⁻¹. The slowest optical modes of the frameworks here
#: lie near 30 (MOF-5), and slower ones act alike (classically only shift/mode enters); the fastest
#: stretch O-H.
_SLOWEST_MODE_CM1 = 20.0
_FASTEST_MODE_CM1 = 4000.0

#: Values of lines that are computed in one go: few enough to stay in the cache of a processor.
_LINES_AT_ONCE = 65_536


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
            *mixing_names(self.shape),
        )

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the band."""
        return 1

    @property
    def basis_moves(self) -> bool:
        """Return whether centre or width depend on temperature."""
        return self.centre_order > 0 or self.width_order > 0

    def limits(self, narrowest_cm1: float) -> Limits:
        """Return the limits; a width that depends on temperature has none at 298.15 K."""
        width = (narrowest_cm1, np.inf) if self.width_order == 0 else ANY_VALUE
        return (
            *(ANY_VALUE for _ in range(self.centre_order + 1)),
            width,
            *(ANY_VALUE for _ in range(self.width_order)),
            *(MIXING_LIMITS for _ in mixing_names(self.shape)),
        )

    def basis(
        self, values: Array, temperatures_k: Array, axes: Array, axis_of: NDArray[np.int64]
    ) -> Array:
        """Return the band and its derivatives by centre, width and mixing."""
        n, m = self.centre_order + 1, self.centre_order + self.width_order + 2
        powers = self._powers(temperatures_k)
        centres = powers[:, :n] @ values[:n]
        widths = powers[:, : m - n] @ values[n:m]
        if (widths <= 0.0).any():
            # no line at all: the misfit is infinite, and a search turns back
            widths = np.where(widths > 0.0, widths, np.nan)
        mixing = values[m] if self.shape.mixing else 0.0
        parts = component(self.shape, axes[axis_of] - centres[:, None], widths[:, None], mixing)
        return np.stack(parts, axis=-1)

    def mixing(self, values: Array, temperatures_k: Array) -> Columns:
        """Return the band itself; its derivatives are powers of temperature."""
        n, m = self.centre_order + 1, self.centre_order + self.width_order + 2
        powers = self._powers(temperatures_k)
        n_basis = 3 + len(mixing_names(self.shape))
        columns = np.zeros((len(powers), n_basis, 1))
        columns[:, 0, 0] = 1.0
        derivatives = np.zeros((len(powers), len(self.parameters), n_basis, 1))
        derivatives[:, :n, 1, 0] = powers[:, :n]
        derivatives[:, n:m, 2, 0] = powers[:, : m - n]
        if self.shape.mixing:
            derivatives[:, m, 3, 0] = 1.0
        return columns, derivatives

    def _powers(self, temperatures_k: Array) -> Array:
        scaled = (temperatures_k - REFERENCE_TEMPERATURE_K) / POLYNOMIAL_SCALE_K
        powers: Array = scaled[:, None] ** np.arange(max(self.centre_order, self.width_order) + 1)
        return powers

    def columns(self, values: Array, temperature_k: float, x: Array) -> Columns:
        """Band of unit area, and its derivatives."""
        return columns_of(self, values, temperature_k, x)


@dataclass(frozen=True, slots=True, kw_only=True)
class HotBandModel:
    """One anharmonic oscillator: a series of hot bands of a slow mode that shifts the band.

    With the slow mode in level n, populated as (1 - q) qⁿ with q = exp(-hcω/kT), the band lies at
    ν₀ + n χ. Levels are summed until 1e-10 of the population is left.

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
                *mixing_names(self.shape))  # fmt: skip

    @property
    def n_columns(self) -> int:
        """Return the number of columns: the band."""
        return 1

    @property
    def basis_moves(self) -> bool:
        """Return that populations make the band of each temperature."""
        return True

    def limits(self, narrowest_cm1: float) -> Limits:
        """Return the limits of the mode, the width and the mixing."""
        return (
            ANY_VALUE,
            ANY_VALUE,
            (_SLOWEST_MODE_CM1, _FASTEST_MODE_CM1),
            (narrowest_cm1, np.inf),
            *(MIXING_LIMITS for _ in mixing_names(self.shape)),
        )

    def basis(
        self, values: Array, temperatures_k: Array, axes: Array, axis_of: NDArray[np.int64]
    ) -> Array:
        """Return the band and its derivatives by all parameters.

        Raises
        ------
        InputError
            If the mode is slower than 20 cm⁻¹.

        """
        origin, shift, mode, fwhm = (float(value) for value in values[:4])
        if not mode >= _SLOWEST_MODE_CM1:
            raise InputError(
                f"A slow mode of {mode:g} cm⁻¹ was given.",
                why=f"Modes below {_SLOWEST_MODE_CM1:g} cm⁻¹ act alike: only the ratio of shift "
                "and mode counts.",
                fix="Give a faster mode with the same ratio.",
            )
        slope = 1.0 / (BOLTZMANN_CM1_PER_K * temperatures_k[:, None])
        most = -np.log(_NEGLIGIBLE_POPULATION) / (mode * float(slope.min()))
        levels = np.arange(int(np.ceil(most)) + 1, dtype=np.float64)
        boltzmann = np.exp(-mode * slope * levels)
        q = np.exp(-mode * slope)
        populations = (1.0 - q) * boltzmann
        by_mode = -slope * boltzmann * (levels * (1.0 - q) - q)
        basis = np.empty((len(temperatures_k), axes.shape[1], len(self.parameters) + 1))
        # the lines are those of the axis, whatever the temperature
        for number, axis in enumerate(axes):
            here = np.flatnonzero(axis_of == number)
            sums = _LevelSums(origin + levels * shift, levels, populations[here], by_mode[here])
            if self.shape is LineShape.PSEUDO_VOIGT:
                # sums of both parts are mixed, not both parts of each level
                g = sums.over(LineShape.GAUSSIAN, axis, fwhm, 0.0)
                lo = sums.over(LineShape.LORENTZIAN, axis, fwhm, 0.0)
                basis[here, :, :5] = g + values[4] * (lo - g)
                basis[here, :, 5] = lo[:, :, 0] - g[:, :, 0]
            else:
                mixing = float(values[4]) if self.shape.mixing else 0.0
                basis[here] = sums.over(self.shape, axis, fwhm, mixing)
        return basis

    def mixing(self, values: Array, temperatures_k: Array) -> Columns:
        """Return the band and its derivatives, which are the basis."""
        n_parameters = len(self.parameters)
        derivatives = np.zeros((n_parameters, n_parameters + 1, 1))
        derivatives[np.arange(n_parameters), np.arange(n_parameters) + 1, 0] = 1.0
        columns = np.zeros((n_parameters + 1, 1))
        columns[0, 0] = 1.0
        n = len(temperatures_k)
        return (
            np.broadcast_to(columns, (n, *columns.shape)),
            np.broadcast_to(derivatives, (n, *derivatives.shape)),
        )

    def columns(self, values: Array, temperature_k: float, x: Array) -> Columns:
        """Band of unit area, and its derivatives."""
        return columns_of(self, values, temperature_k, x)


class _LevelSums:
    """Sums over the levels of an oscillator of lines and their derivatives.

    Parameters
    ----------
    centres
        (l,) centres of the lines, cm⁻¹.
    levels
        (l,) numbers of the levels.
    populations, by_mode
        (g, l) populations at each temperature and their derivatives by the mode.

    """

    def __init__(self, centres: Array, levels: Array, populations: Array, by_mode: Array) -> None:
        self._centres = centres
        self._populations = populations
        self._for_values = np.concatenate([populations, by_mode])
        self._for_slopes = np.concatenate([populations, populations * levels])

    def over(self, shape: LineShape, axis: Array, fwhm: float, mixing: float) -> Array:
        """Band, derivatives by origin, shift, mode, width and mixing: (g, m, k)."""
        n = len(self._populations)
        total = np.empty((n, len(axis), 5 + len(mixing_names(shape))))
        step = max(_LINES_AT_ONCE // len(self._centres), 1)
        for first in range(0, len(axis), step):
            here = slice(first, first + step)
            parts = component(shape, axis[here] - self._centres[:, None], fwhm, mixing)
            values = self._for_values @ parts[0]
            slopes = self._for_slopes @ parts[1]
            total[:, here, 0], total[:, here, 3] = values[:n], values[n:]
            total[:, here, 1], total[:, here, 2] = slopes[:n], slopes[n:]
            for column, part in enumerate(parts[2:], start=4):
                total[:, here, column] = self._populations @ part
        return total
