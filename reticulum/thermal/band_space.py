"""Positions of the carboxylate bands from Hessian columns, with the mixing among the stretches.

In a distorted crystal the infrared-active stretches mix with silent ones of nearly the same
wavenumber. That shares the intensity out and moves no band; what mixes in from other modes does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.band_tracking import TrackedModes, band_weights, mixed_modes

#: Names of the band positions that are followed, in the order of `DisplacedBands.values`.
POSITIONS = (
    "antisymmetric",
    "symmetric",
    "antisymmetric mode",
    "symmetric mode",
    "antisymmetric peak",
    "symmetric peak",
)

#: Width of one line, cm⁻¹: that of the components into which the published bands were taken apart
#: [Andreeva2020].
LINE_FWHM_CM1 = 12.0

#: Single mode or peak differ from the centre by more than this part where mixing is warned of.
_MIXING_WARNING = 0.2

#: Slopes that are nearer than this are the same as printed, cm⁻¹/K.
_LEAST_APART_CM1_PER_K = 1e-4

#: Steps of the climb to the maximum of a band, and the last one, cm⁻¹.
_MOST_CLIMBS = 500
_SMALLEST_CLIMB_CM1 = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class BandSpace:
    """Tracked modes, and which of all modes make each carboxylate band.

    Parameters
    ----------
    tracked
        The infrared-active modes whose Hessian columns are computed.
    eigenvalues
        (m,) of the tracked vectors in the crystal at rest, eV/(u Å²).
    antisymmetric_tracked, symmetric_tracked
        (m,) whether a tracked vector belongs to the stretches of the band.
    antisymmetric_rest, symmetric_rest
        (r,) the same of the other vectors, infrared-active or not.

    """

    tracked: TrackedModes
    eigenvalues: NDArray[np.float64]
    antisymmetric_tracked: NDArray[np.bool_]
    symmetric_tracked: NDArray[np.bool_]
    antisymmetric_rest: NDArray[np.bool_]
    symmetric_rest: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        size, rest = self.tracked.vectors.shape[1], len(self.tracked.rest_eigenvalues)
        for array, length in (
            (self.eigenvalues, size),
            (self.antisymmetric_tracked, size),
            (self.symmetric_tracked, size),
            (self.antisymmetric_rest, rest),
            (self.symmetric_rest, rest),
        ):
            if array.shape != (length,):
                raise ValueError("the marks do not match the vectors")
            array.setflags(write=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplacedBands:
    """Positions of the two carboxylate bands at one geometry, cm⁻¹.

    Parameters
    ----------
    antisymmetric_cm1, symmetric_cm1
        Infrared-weighted centre over the stretches of the band: the infrared-active sets at rest
        share out their character to the modes (`band_weights`), which count by their share in the
        space of all stretches of this kind. Where an infrared-active stretch mixes with another or
        with a silent one, both lines count, and the centre does not move; what mixes in from
        outside moves it, but takes no weight away from the set.
    antisymmetric_mode_cm1, symmetric_mode_cm1
        Mean of the modes with the largest overlap with the infrared-active ones, as many as there
        are partners: the mixing among stretches counts as a shift here.
    antisymmetric_peak_cm1, symmetric_peak_cm1
        Maximum of the band when every line is a Gaussian of `LINE_FWHM_CM1`: lines closer than that
        act like the centre, others like the single mode.

    """

    antisymmetric_cm1: float
    symmetric_cm1: float
    antisymmetric_mode_cm1: float
    symmetric_mode_cm1: float
    antisymmetric_peak_cm1: float
    symmetric_peak_cm1: float

    def values(self) -> NDArray[np.float64]:
        """The six positions in the order of `POSITIONS`, (6,), cm⁻¹."""
        return np.array(
            [
                self.antisymmetric_cm1,
                self.symmetric_cm1,
                self.antisymmetric_mode_cm1,
                self.symmetric_mode_cm1,
                self.antisymmetric_peak_cm1,
                self.symmetric_peak_cm1,
            ]
        )


def band_centres(space: BandSpace, columns: NDArray[np.float64]) -> DisplacedBands:
    """Positions of the bands from the Hessian columns of the tracked modes.

    Parameters
    ----------
    space
        What is tracked.
    columns
        (3n, m), eV/(u Å²).

    """
    tracked = space.tracked
    wavenumbers, vectors = mixed_modes(tracked, columns)
    shares = vectors**2
    size = tracked.vectors.shape[1]
    centres, modes, peaks = [], [], []
    for characters, in_tracked, in_rest in (
        (tracked.antisymmetric, space.antisymmetric_tracked, space.antisymmetric_rest),
        (tracked.symmetric, space.symmetric_tracked, space.symmetric_rest),
    ):
        inside = in_tracked @ shares[:size] + in_rest @ shares[size:]
        weights = band_weights(tracked, characters, shares[:size], inside)
        total = float(weights.sum())
        centres.append(float(wavenumbers @ weights / total) if total > 0 else float("nan"))
        followed, peak = _followed(tracked, characters, wavenumbers, shares[:size])
        modes.append(followed)
        peaks.append(peak)
    return DisplacedBands(
        antisymmetric_cm1=centres[0],
        symmetric_cm1=centres[1],
        antisymmetric_mode_cm1=modes[0],
        symmetric_mode_cm1=modes[1],
        antisymmetric_peak_cm1=peaks[0],
        symmetric_peak_cm1=peaks[1],
    )


def _followed(
    tracked: TrackedModes,
    characters: NDArray[np.float64],
    wavenumbers: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> tuple[float, float]:
    """Means over the sets of a band, by character, of the largest modes and of the peaks."""
    mode, peak, weight = 0.0, 0.0, 0.0
    offset = 0
    for members in tracked.sets:
        part = slice(offset, offset + len(members))
        offset += len(members)
        character = float(characters[part].sum())
        if character > 0.0:
            share = shares[part].sum(axis=0)
            largest = np.argsort(-share)[: len(members)]
            mode += character * float(wavenumbers[largest].mean())
            peak += character * _peak_cm1(wavenumbers, share, float(wavenumbers[largest[0]]))
            weight += character
    if weight == 0.0:
        return float("nan"), float("nan")
    return mode / weight, peak / weight


def _peak_cm1(
    wavenumbers: NDArray[np.float64], weights: NDArray[np.float64], start: float
) -> float:
    """Maximum of a sum of Gaussians uphill from a line (mean shift, which always climbs)."""
    width = LINE_FWHM_CM1 / np.sqrt(8.0 * np.log(2.0))
    place = start
    for _ in range(_MOST_CLIMBS):
        heights = weights * np.exp(-0.5 * ((wavenumbers - place) / width) ** 2)
        moved = float(wavenumbers @ heights / heights.sum())
        if abs(moved - place) < _SMALLEST_CLIMB_CM1:
            break
        place = moved
    return place


def mixing_warning(name: str, centre: float, mode: float, peak: float) -> str:
    """Sentence where mixing of stretches makes the three positions of a band move apart, or empty.

    Parameters
    ----------
    name
        Of the band.
    centre, mode, peak
        Slopes of the centre, the single mode and the maximum of the band, cm⁻¹/K.

    """
    apart = max(abs(mode - centre), abs(peak - centre))
    if apart <= max(_MIXING_WARNING * abs(centre), _LEAST_APART_CM1_PER_K):
        return ""
    return (
        f"Stretches of the {name} band mix: its centre moves by {centre:+.4f}, the single "
        f"infrared-active mode by {mode:+.4f}, the maximum of lines of {LINE_FWHM_CM1:.0f} cm⁻¹ "
        f"width by {peak:+.4f} cm⁻¹/K."
    )


def random_directions(space: BandSpace, random: np.random.Generator) -> BandSpace:
    """The same bands with one random unit vector for each tracked set; its partners join the rest.

    Columns of these vectors cost two force calculations for each set at a geometry without
    symmetry, instead of two for each partner. The mean over draws of <v|H|v> is the mean over the
    partners, so that shifts relative to the same vectors in the crystal at rest are unbiased.

    Parameters
    ----------
    space
        What is tracked.
    random
        Source of random numbers.

    """
    tracked = space.tracked
    chosen, others = [], []
    picked: list[int] = []
    joined: list[int] = []
    offset = 0
    for members in tracked.sets:
        size = len(members)
        basis = tracked.vectors[:, offset : offset + size]
        turn, triangle = np.linalg.qr(random.normal(size=(size, size)))
        turned = basis @ (turn * np.sign(np.diag(triangle)))
        chosen.append(turned[:, 0])
        others.append(turned[:, 1:])
        picked.append(offset)
        joined += range(offset + 1, offset + size)
        offset += size

    def moved(
        of_tracked: NDArray[np.bool_], of_rest: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        return of_tracked[picked], np.concatenate([of_rest, of_tracked[joined]])

    antisymmetric = moved(space.antisymmetric_tracked, space.antisymmetric_rest)
    symmetric = moved(space.symmetric_tracked, space.symmetric_rest)
    return BandSpace(
        tracked=TrackedModes(
            sets=tuple((members[0],) for members in tracked.sets),
            vectors=np.array(chosen).T,
            antisymmetric=tracked.antisymmetric[picked],
            symmetric=tracked.symmetric[picked],
            rest_vectors=np.hstack([tracked.rest_vectors, *others]),
            rest_eigenvalues=np.concatenate([tracked.rest_eigenvalues, space.eigenvalues[joined]]),
            labels=tracked.labels,
        ),
        eigenvalues=space.eigenvalues[picked],
        antisymmetric_tracked=antisymmetric[0],
        symmetric_tracked=symmetric[0],
        antisymmetric_rest=antisymmetric[1],
        symmetric_rest=symmetric[1],
    )
