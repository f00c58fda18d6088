"""Whether a window holds a band that can be fitted, and temperatures that look like a slip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData, temperature_groups
from reticulum.spectra.band_positions import BandPositions, noise_level

#: Depth below the line between the ends, in units of the noise and of the height above it, from
#: which on a band points down.
_DEEP_IN_NOISE = 5.0
_DEEP_IN_HEIGHT = 2.0

#: Temperatures below liquid nitrogen need a helium cryostat: rather °C taken for K.
_COLD_K = 77.0

#: Above this carboxylate frameworks decompose (roughly): rather K taken for °C.
_HOT_K = 900.0


def check_upright(data: BandData) -> None:
    """Refuse bands that point down, and windows that end near the top of a band.

    Parameters
    ----------
    data
        The band.

    Raises
    ------
    InputError
        If a spectrum falls below the line between its ends by more than it rises above; where the
        ends differ by more than that, the window cuts the band.

    """
    down, cut = [], []
    for number in range(data.n_spectra):
        x, y = data.wavenumbers_cm1[number], data.values[number]
        ends = max(len(y) // 10, 1)
        start, stop = float(y[:ends].mean()), float(y[-ends:].mean())
        lifted = y - start - (stop - start) * (x - x[0]) / (x[-1] - x[0])
        depth, height = -float(lifted.min()), float(lifted.max())
        if depth > max(_DEEP_IN_NOISE * noise_level(y), _DEEP_IN_HEIGHT * height):
            if abs(stop - start) > depth:
                cut.append((data.labels[number], float(x[0] if start > stop else x[-1])))
            else:
                down.append((data.labels[number], float(x[np.argmin(lifted)])))
    if cut:
        raise InputError(
            f"The window cuts the band of {cut[0][0]}, which is highest near its end at "
            f"{cut[0][1]:g} cm⁻¹"
            + (f" (and of {len(cut) - 1} more spectra)." if len(cut) > 1 else "."),
            why="Part of the band is missing, and no baseline is left beside it.",
            fix="Move or widen the window, so that the band and some baseline are inside.",
        )
    if down:
        raise InputError(
            f"The band of {down[0][0]} points down at {down[0][1]:g} cm⁻¹"
            + (f" (and in {len(down) - 1} more spectra)." if len(down) > 1 else "."),
            why="A band that is fitted has a positive area.",
            fix="Convert transmittance or reflectance first; turn difference spectra round.",
        )


def check_inside(data: BandData, positions: BandPositions) -> None:
    """Refuse bands that the window cuts through.

    Parameters
    ----------
    data
        The band.
    positions
        One band in each spectrum.

    Raises
    ------
    InputError
        If a band has its centre within half its width of an end of its window.

    """
    low = np.array([axis[0] for axis in data.wavenumbers_cm1])
    high = np.array([axis[-1] for axis in data.wavenumbers_cm1])
    room = np.minimum(positions.centres_cm1 - low, high - positions.centres_cm1)
    bad = np.flatnonzero(room < 0.5 * positions.fwhms_cm1)
    if bad.size:
        worst = int(bad[np.argmin(room[bad] - 0.5 * positions.fwhms_cm1[bad])])
        raise InputError(
            f"The band of {data.labels[worst]} lies at the edge of the window: centre "
            f"{positions.centres_cm1[worst]:.1f}, width {positions.fwhms_cm1[worst]:.1f}, window "
            f"{low[worst]:g} to {high[worst]:g} cm⁻¹"
            + (f" (and {bad.size - 1} more spectra)." if bad.size > 1 else "."),
            why="Half of the band is missing, and no baseline is left beside it.",
            fix="Move or widen the window, so that the band and some baseline are inside.",
        )


def condition_notes(data: BandData) -> tuple[str, ...]:
    """Temperatures that look like a slip, repeats, and directions that are not known.

    Parameters
    ----------
    data
        The band.

    """
    notes = []
    t = data.temperatures_k
    if t.min() < _COLD_K:
        notes.append(
            f"Temperatures from {t.min():.0f} to {t.max():.0f} K: below {_COLD_K:.0f} K a helium "
            "cryostat is needed. If they are °C, say so (temperature_unit='C')."
        )
    if t.max() > _HOT_K:
        notes.append(
            f"Temperatures up to {t.max():.0f} K: few frameworks stand that. If they are K and "
            "not °C, say so (temperature_unit='K')."
        )
    notes += _repeats(data, temperature_groups(t))
    unknown = sum(direction is None for direction in data.directions)
    if unknown and len(set(data.cycles.tolist())) > 1:
        notes.append(
            f"Whether the sample was heated or cooled is not known for {unknown} of "
            f"{data.n_spectra} spectra."
        )
    return tuple(notes)


def _repeats(data: BandData, groups: NDArray[np.int64]) -> list[str]:
    """Spectra of one set point, cycle and direction: they count as independent repeats."""
    places: dict[tuple[int, int, str | None], list[int]] = {}
    for number, key in enumerate(
        zip(groups.tolist(), data.cycles.tolist(), data.directions, strict=True)
    ):
        places.setdefault(key, []).append(number)
    several = [entry for entry in places.values() if len(entry) > 1]
    if not several:
        return []
    shown = "; ".join(", ".join(data.labels[n] for n in entry) for entry in several[:3])
    return [
        f"{len(several)} set points were measured more than once in a cycle; the spectra count as "
        f"independent repeats ({shown}{'; ...' if len(several) > 3 else ''})."
    ]
