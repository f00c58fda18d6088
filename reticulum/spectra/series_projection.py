"""Residuals of a whole series with the linear parameters projected out, all spectra at once.

Columns of a model are mixtures of a few functions, the basis B (`band_basis`). With the baseline
projected out once and B = Q R, all that a spectrum y can tell about the parameters are the few
numbers Qᵀy and the size of what is left of y; residuals and their Jacobian after Kaufman
[Kaufman1975]_ are found among those few. Nothing is approximated: lengths and angles of residuals
and Jacobian are those of the full ones. Spectra that share a basis are projected together; axes of
different lengths are filled up with points without weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.spectra.band_basis import BandModel
from reticulum.spectra.band_data import BandData

#: Columns shorter than this are zero: the reciprocals of smaller numbers overflow.
_NOTHING = 1e-150

#: Columns of a spectrum count as dependent when they add less than this part of the largest.
_DEPENDENT = 1e-12

Array = NDArray[np.float64]
Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """Residuals in the few coordinates that parameters can reach.

    Attributes
    ----------
    residuals
        (s + 1,) coordinates of all spectra, and the length of what no parameter changes.
    jacobian
        (s + 1, p) derivatives.

    """

    residuals: Array
    jacobian: Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LinearParameters:
    """Heights of columns and baselines at given values of the other parameters.

    Attributes
    ----------
    heights
        (n, c + baseline).
    unscaled_variances
        (n, c + baseline) variances over that of a point, the other parameters known.
    by_parameter
        (n, c + baseline, p) change of the heights with the other parameters.
    residuals
        Data less fit, one array a spectrum.

    """

    heights: Array
    unscaled_variances: Array
    by_parameter: Array
    residuals: tuple[Array, ...]


class ProjectedSeries:
    """A series and a model, prepared for many evaluations.

    Parameters
    ----------
    data
        The band.
    model
        The model.
    baseline_order
        -1: none; 0: a constant; 1: a straight line under the band in each spectrum.

    """

    def __init__(self, data: BandData, model: BandModel, baseline_order: int) -> None:
        self.data, self.model = data, model
        self._order = baseline_order
        self._axes, self._weights, self._axis_of_spectrum = _different_axes(data)
        self._baselines = self._make_baselines()
        self._projected_baselines = np.linalg.qr(self._baselines)[0]
        self._group_axes, self._group_temperatures, self._group_of = self._groups()
        self._slots = _places(self._group_of)
        self._spectra = self._arranged_spectra()
        self._cached: tuple[bytes, Projection | None] = (b"", None)

    def _make_baselines(self) -> Array:
        """Powers of position in each axis, (a, m, baseline)."""
        ends = self._axes[:, -1] - self._axes[:, 0]
        position = (self._axes - self.data.middle_cm1) / ends[:, None]
        powers = position[:, :, None] ** np.arange(self._order + 1)
        weighted: Array = powers * self._weights[:, :, None]
        return weighted

    def _groups(self) -> tuple[Indices, Array, Indices]:
        """Axis and temperature of each different basis, and which one a spectrum has."""
        if not self.model.basis_moves:
            n_axes = len(self._axes)
            return np.arange(n_axes), np.zeros(n_axes), self._axis_of_spectrum
        pairs = np.stack([self._axis_of_spectrum, self.data.temperatures_k], axis=1)
        different, group_of = np.unique(pairs, axis=0, return_inverse=True)
        return different[:, 0].astype(np.int64), different[:, 1], group_of.ravel()

    def _arranged_spectra(self) -> Array:
        """Spectra less their baselines, (g, m, r): r spectra a group, some of them empty."""
        n_groups, n_slots = len(self._group_axes), int(self._slots.max()) + 1
        arranged = np.zeros((n_groups, n_slots, self._axes.shape[1]))
        self._slot_temperatures = np.full((n_groups, n_slots), self.data.temperatures_k[0])
        for number, values in enumerate(self.data.values):
            place = (self._group_of[number], self._slots[number])
            arranged[(*place, slice(len(values)))] = values
            self._slot_temperatures[place] = self.data.temperatures_k[number]
        return self._without_baseline(np.ascontiguousarray(arranged.transpose(0, 2, 1)))

    def _without_baseline(self, columns: Array) -> Array:
        """Columns (g, m, k) with the part along the baselines taken off."""
        if self._order < 0:
            return columns
        q = self._projected_baselines[self._group_axes]
        return columns - q @ (q.transpose(0, 2, 1) @ columns)

    def _basis(self, values: Array) -> Array:
        basis = self.model.basis(values, self._group_temperatures, self._axes, self._group_axes)
        if not self._weights.all():
            basis = basis * self._weights[self._group_axes][:, :, None]
        return basis

    def project(self, values: Array) -> Projection | None:
        """Projected residuals and their Jacobian; None where the model gives no band."""
        key = values.tobytes()
        if self._cached[0] != key:
            self._cached = (key, self._project(values))
        return self._cached[1]

    def _project(self, values: Array) -> Projection | None:
        basis = self._basis(values)
        if not np.isfinite(basis).all():
            return None
        q, r = np.linalg.qr(self._without_baseline(basis))
        seen = q.transpose(0, 2, 1) @ self._spectra  # (g, k, r)
        unseen = self._spectra - q @ seen
        columns, derivatives = self.model.mixing(values, self._slot_temperatures.ravel())
        n_groups, n_slots = self._slot_temperatures.shape
        r = np.repeat(r, n_slots, axis=0) if n_slots > 1 else r  # (s, k, k), s = g r
        y = seen.transpose(0, 2, 1).reshape(n_groups * n_slots, -1)
        directions, heights = _best_heights(r @ columns, y)
        moved = r @ (derivatives @ heights[:, None, :, None])[..., 0].transpose(0, 2, 1)
        residuals = y - _along(directions, y[:, :, None])[:, :, 0]
        jacobian = _along(directions, moved) - moved
        length = float(np.sqrt(np.vdot(unseen, unseen)))
        n_parameters = len(values)
        return Projection(
            residuals=np.append(residuals.ravel(), length),
            jacobian=np.vstack([jacobian.reshape(-1, n_parameters), np.zeros((1, n_parameters))]),
        )

    def linear(self, values: Array) -> LinearParameters:
        """Heights of columns and baselines with what their errors need, and the residuals."""
        basis = self._basis(values)[self._group_of]  # (n, m, k)
        columns, derivatives = self.model.mixing(values, self.data.temperatures_k)
        matrix = np.concatenate([basis @ columns, self._baselines[self._axis_of_spectrum]], axis=2)
        y = np.zeros((len(basis), basis.shape[1]))
        for number, spectrum in enumerate(self.data.values):
            y[number, : len(spectrum)] = spectrum
        q, r = np.linalg.qr(matrix)
        inverse = np.linalg.pinv(r, rcond=_DEPENDENT)
        heights = (inverse @ (q.transpose(0, 2, 1) @ y[:, :, None]))[:, :, 0]
        in_columns = heights[:, None, : columns.shape[2], None]
        moved = basis @ (derivatives @ in_columns)[..., 0].transpose(0, 2, 1)  # (n, m, p)
        residuals = y - (matrix @ heights[:, :, None])[:, :, 0]
        return LinearParameters(
            heights=heights,
            unscaled_variances=(inverse**2).sum(axis=2),
            by_parameter=-inverse @ (q.transpose(0, 2, 1) @ moved),
            residuals=tuple(
                residuals[number, : len(spectrum)].copy()
                for number, spectrum in enumerate(self.data.values)
            ),
        )


def _different_axes(data: BandData) -> tuple[Array, Array, Indices]:
    """Different axes (a, m), weights 1 and 0 of their points, and the axis of each spectrum."""
    numbers: dict[bytes, int] = {}
    different: list[Array] = []
    axis_of = np.empty(data.n_spectra, dtype=np.int64)
    for number, axis in enumerate(data.wavenumbers_cm1):
        key = axis.tobytes()
        if key not in numbers:
            numbers[key] = len(different)
            different.append(axis)
        axis_of[number] = numbers[key]
    longest = max(len(axis) for axis in different)
    filled = np.array([np.pad(axis, (0, longest - len(axis)), mode="edge") for axis in different])
    weights = np.array([np.arange(longest) < len(axis) for axis in different], dtype=np.float64)
    return filled, weights, axis_of


def _places(group_of: Indices) -> Indices:
    """Place of each spectrum in its group: 0, 1, ..."""
    places = np.empty(len(group_of), dtype=np.int64)
    counted: dict[int, int] = {}
    for number, group in enumerate(group_of.tolist()):
        places[number] = counted.get(group, 0)
        counted[group] = places[number] + 1
    return places


def _best_heights(columns: Array, y: Array) -> tuple[Array, Array]:
    """Orthonormal directions (s, k, c) of the columns (s, k, c), and their heights (s, c) in y."""
    if columns.shape[2] == 1:
        length = np.sqrt((columns**2).sum(axis=1, keepdims=True))
        inverse = np.divide(1.0, length, out=np.zeros_like(length), where=length > _NOTHING)
        directions = columns * inverse
        return directions, (directions.transpose(0, 2, 1) @ y[:, :, None] * inverse)[:, :, 0]
    u, sizes, vt = np.linalg.svd(columns, full_matrices=False)
    kept = (sizes > _DEPENDENT * sizes[:, :1]) & (sizes > _NOTHING)
    directions = u * kept[:, None, :]
    inverse = np.divide(1.0, sizes, out=np.zeros_like(sizes), where=kept)
    along = (directions.transpose(0, 2, 1) @ y[:, :, None])[:, :, 0] * inverse
    return directions, (vt.transpose(0, 2, 1) @ along[:, :, None])[:, :, 0]


def _along(directions: Array, vectors: Array) -> Array:
    """Part of vectors (s, k, j) along orthonormal directions (s, k, c)."""
    part: Array = directions @ (directions.transpose(0, 2, 1) @ vectors)
    return part
