"""One band at several temperatures, ready to be fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError

#: Fewest points of a spectrum in the window: a band with a baseline has five parameters.
_FEWEST_POINTS = 8

#: Fewest different temperatures of a series.
_FEWEST_TEMPERATURES = 3

#: Temperatures closer than this count as the same set point, K: a sample stage holds one to about
#: half a kelvin (assumed).
SAME_TEMPERATURE_K = 1.0

HEATING = "heating"
COOLING = "cooling"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BandData:
    """Spectra of one band; each may have an axis of its own.

    Attributes
    ----------
    temperatures_k
        (n,) temperature of each spectrum, K.
    cycles
        (n,) number of the temperature cycle of each spectrum.
    wavenumbers_cm1
        n arrays, ascending, cm⁻¹.
    values
        n arrays: absorbance or Kubelka-Munk function, linear in the amount of absorber.
    labels
        Name of each spectrum.
    directions
        ``"heating"``, ``"cooling"`` or None (not known) for each spectrum; all None if not given.

    """

    temperatures_k: NDArray[np.float64]
    cycles: NDArray[np.int64]
    wavenumbers_cm1: tuple[NDArray[np.float64], ...]
    values: tuple[NDArray[np.float64], ...]
    labels: tuple[str, ...]
    directions: tuple[str | None, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.temperatures_k)
        if not self.directions:
            object.__setattr__(self, "directions", (None,) * n)
        if not (
            self.cycles.shape == (n,)
            and len(self.wavenumbers_cm1) == len(self.values) == len(self.labels) == n
            and len(self.directions) == n
        ):
            raise ValueError(
                "a series needs one temperature, cycle, axis, label and direction a spectrum"
            )
        for array in (self.temperatures_k, self.cycles, *self.wavenumbers_cm1, *self.values):
            array.setflags(write=False)

    @property
    def n_spectra(self) -> int:
        """Number of spectra."""
        return len(self.temperatures_k)

    @property
    def n_points(self) -> int:
        """Number of all data points."""
        return sum(len(values) for values in self.values)

    @property
    def maximum(self) -> float:
        """Largest value of the series: misfits are given in per cent of it."""
        return max(float(values.max()) for values in self.values)

    @property
    def middle_cm1(self) -> float:
        """Middle of the window, cm⁻¹."""
        low = min(float(axis[0]) for axis in self.wavenumbers_cm1)
        high = max(float(axis[-1]) for axis in self.wavenumbers_cm1)
        return 0.5 * (low + high)

    def thinned(self, most_points: int) -> BandData:
        """Return every n-th point, so that no spectrum has more than so many points."""
        steps = [-(-len(axis) // most_points) for axis in self.wavenumbers_cm1]
        return BandData(
            temperatures_k=self.temperatures_k,
            cycles=self.cycles,
            wavenumbers_cm1=tuple(
                np.array(axis[::step])
                for axis, step in zip(self.wavenumbers_cm1, steps, strict=True)
            ),
            values=tuple(
                np.array(values[::step]) for values, step in zip(self.values, steps, strict=True)
            ),
            labels=self.labels,
            directions=self.directions,
        )

    def chosen(self, spectra: Sequence[int]) -> BandData:
        """Return some of the spectra, repeats allowed."""
        return BandData(
            temperatures_k=self.temperatures_k[list(spectra)],
            cycles=self.cycles[list(spectra)],
            wavenumbers_cm1=tuple(self.wavenumbers_cm1[n] for n in spectra),
            values=tuple(self.values[n] for n in spectra),
            labels=tuple(self.labels[n] for n in spectra),
            directions=tuple(self.directions[n] for n in spectra),
        )


def band_data(
    temperatures_k: ArrayLike,
    wavenumbers_cm1: Sequence[ArrayLike] | NDArray[np.float64],
    values: Sequence[ArrayLike] | NDArray[np.float64],
    *,
    cycles: ArrayLike | None = None,
    labels: Sequence[str] | None = None,
    directions: Sequence[str | None] | None = None,
    order_is_measured: bool = False,
    window_cm1: tuple[float, float] | None = None,
) -> BandData:
    """Band of a series, checked.

    Parameters
    ----------
    temperatures_k
        (n,) K.
    wavenumbers_cm1
        One axis for all spectra (m,), or one a spectrum; ascending or descending, cm⁻¹.
    values
        n spectra: absorbance or Kubelka-Munk function.
    cycles
        (n,) cycle numbers; all 1 if None.
    labels
        Names for messages; numbers if None.
    directions
        ``"heating"``, ``"cooling"`` or None for each spectrum. Where it is not given it stays not
        known, unless `order_is_measured`.
    order_is_measured
        The spectra of each cycle stand in the order in which they were measured, so that a
        direction that is not given follows from the temperature before.
    window_cm1
        Part of the axis to keep, cm⁻¹.

    Raises
    ------
    InputError
        If a value is not finite, an axis is not monotonic, the window holds too few points, a
        direction is none, numbers of temperatures, cycles and spectra differ, or there are fewer
        than three temperatures.

    """
    t = np.asarray(temperatures_k, dtype=np.float64).ravel()
    names = (
        tuple(labels) if labels is not None else tuple(f"spectrum {n + 1}" for n in range(len(t)))
    )
    number = np.ones(len(t), np.int64) if cycles is None else np.asarray(cycles, np.int64).ravel()
    one_axis = np.ndim(wavenumbers_cm1[0]) == 0
    known = (None,) * len(t) if directions is None else tuple(directions)
    _check_counts(
        len(t),
        spectra=len(values),
        axes=len(t) if one_axis else len(wavenumbers_cm1),
        cycles=len(number),
        labels=len(names),
        directions=len(known),
    )
    _check_temperatures(t, names)
    _check_directions(known, names)
    if order_is_measured:
        known = _directions_of_the_order(t, number, known)
    axes, spectra = [], []
    for position, name in enumerate(names):
        axis = np.asarray(
            wavenumbers_cm1 if one_axis else wavenumbers_cm1[position], dtype=np.float64
        ).ravel()
        spectrum = np.asarray(values[position], dtype=np.float64).ravel()
        axis, spectrum = _ascending(axis, spectrum, name)
        if window_cm1 is not None:
            low, high = sorted(window_cm1)
            inside = (axis >= low) & (axis <= high)
            axis, spectrum = axis[inside], spectrum[inside]
        if len(axis) < _FEWEST_POINTS:
            raise InputError(
                f"{name} has {len(axis)} points in the window.",
                why=f"A band and its baseline need at least {_FEWEST_POINTS}.",
                fix="Widen the window, or check that the spectra cover it.",
            )
        axes.append(axis)
        spectra.append(spectrum)
    return BandData(
        temperatures_k=t,
        cycles=number,
        wavenumbers_cm1=tuple(axes),
        values=tuple(spectra),
        labels=names,
        directions=known,
    )


def temperature_groups(temperatures_k: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) number of the set point of each temperature, counted from the lowest.

    Temperatures within `SAME_TEMPERATURE_K` of the lowest of a group belong to it.

    Parameters
    ----------
    temperatures_k
        (n,) K.

    """
    groups = np.zeros(len(temperatures_k), dtype=np.int64)
    first, group = -np.inf, -1
    for place in np.argsort(temperatures_k, kind="stable"):
        if temperatures_k[place] - first > SAME_TEMPERATURE_K:
            first, group = float(temperatures_k[place]), group + 1
        groups[place] = group
    return groups


def _directions_of_the_order(
    t: NDArray[np.float64], cycles: NDArray[np.int64], known: tuple[str | None, ...]
) -> tuple[str | None, ...]:
    """Directions from the temperature before; the first of a cycle goes with the one after."""
    found = list(known)
    for cycle in np.unique(cycles):
        here = np.flatnonzero(cycles == cycle)
        steps = np.diff(t[here])
        moving = [str(HEATING if step > 0.0 else COOLING) for step in steps if step != 0.0]
        if not moving:
            continue
        current = moving[0]
        for place, number in enumerate(here):
            if place and steps[place - 1] != 0.0:
                current = HEATING if steps[place - 1] > 0.0 else COOLING
            if found[number] is None:
                found[number] = current
    return tuple(found)


def _check_counts(temperatures: int, **counts: int) -> None:
    for name, count in counts.items():
        if count != temperatures:
            raise InputError(
                f"{temperatures} temperatures came with {count} {name}.",
                why="Each spectrum has one of each.",
                fix="Check the lists for missing or repeated entries.",
            )


def _check_directions(directions: Sequence[str | None], names: tuple[str, ...]) -> None:
    for direction, name in zip(directions, names, strict=True):
        if direction not in (None, HEATING, COOLING):
            raise InputError(
                f"The direction of {name} is {direction!r}.",
                why="A sample is being heated or cooled.",
                fix="Give 'heating', 'cooling' or None.",
            )


def _check_temperatures(t: NDArray[np.float64], names: tuple[str, ...]) -> None:
    if not np.isfinite(t).all() or (t <= 0.0).any():
        bad = int(np.flatnonzero(~np.isfinite(t) | (t <= 0.0))[0])
        raise InputError(
            f"The temperature of {names[bad]} is {t[bad]} K.",
            why="Temperatures are positive numbers in kelvin.",
            fix="Correct it, or leave the spectrum out.",
        )
    different = len(np.unique(t))
    if different < _FEWEST_TEMPERATURES:
        raise InputError(
            f"The series has {different} different temperature{'' if different == 1 else 's'}.",
            why=f"A dependence on temperature needs at least {_FEWEST_TEMPERATURES}.",
            fix="Add spectra at other temperatures.",
        )


def _ascending(
    axis: NDArray[np.float64], spectrum: NDArray[np.float64], name: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if axis.shape != spectrum.shape:
        raise InputError(
            f"{name} has {len(axis)} wavenumbers and {len(spectrum)} values.",
            why="Each value belongs to one wavenumber.",
            fix="Check the file for missing numbers.",
        )
    finite = np.isfinite(axis) & np.isfinite(spectrum)
    if not finite.all():
        bad = int(np.flatnonzero(~finite)[0])
        raise InputError(
            f"{name} has {spectrum[bad]} at point {bad + 1} ({axis[bad]:g} cm⁻¹).",
            why="A fit of numbers that are none gives none.",
            fix="Cut the point out, or choose a window without it.",
        )
    if len(axis) > 1 and axis[0] > axis[-1]:
        axis, spectrum = axis[::-1], spectrum[::-1]
    if (np.diff(axis) <= 0.0).any():
        bad = int(np.flatnonzero(np.diff(axis) <= 0.0)[0])
        raise InputError(
            f"The wavenumbers of {name} go back or repeat near {axis[bad]:g} cm⁻¹.",
            why="Each wavenumber may occur once, in order.",
            fix="Check how the file was written; sort it or remove the repeats.",
        )
    return np.array(axis), np.array(spectrum)
