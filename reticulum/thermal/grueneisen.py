"""Mode Grüneisen parameters γ = -d ln ω / d ln V, with the modes followed from volume to volume.

Sets of degenerate modes are followed as sets: a set at one volume belongs to the set of the same
irreducible representation at the next volume whose space it shares most, and all pairs are chosen
together so that the sum of their overlaps is largest. Sets of different representations may cross.
Two sets of one representation that come close exchange their vectors (an avoided crossing); where
no set of the next volume holds half of one, it has no successor, and its parameter is taken from
the derivative of the dynamical matrix at the reference volume alone, dω²/d ln V = ⟨e|dD/d ln V|e⟩
averaged over the set, which needs no successor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from reticulum.errors import InputError
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.irreps import ModeLabels
from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1
from reticulum.thermal.band_tracking import TrackedModes, band_weights
from reticulum.thermal.volume_derivatives import LOG_DEGREE, derivative_weights, grueneisen
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Share of a set's space that its successor must hold: with more than half there is only one.
SMALLEST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SetMatch:
    """Which set at another volume continues each set of the reference.

    Parameters
    ----------
    partners
        (n_sets,) number of the set there; -1 where there is none.
    overlaps
        (n_sets,) share of the space of the set that its partner holds, 0 to 1.

    """

    partners: NDArray[np.int64]
    overlaps: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.partners.shape != self.overlaps.shape:
            raise ValueError("every set has one partner and one overlap")
        self.partners.setflags(write=False)
        self.overlaps.setflags(write=False)

    def then(self, following: SetMatch) -> SetMatch:
        """Match over two steps; the overlap is the smaller of the two."""
        known = self.partners >= 0
        partners = np.where(known, following.partners[self.partners], -1)
        overlaps = np.where(
            known, np.minimum(self.overlaps, following.overlaps[self.partners]), 0.0
        )
        return SetMatch(partners=partners, overlaps=overlaps)


def match_sets(reference: ModeLabels, other: ModeLabels) -> SetMatch:
    """Sets of other modes that continue the sets of reference modes.

    Parameters
    ----------
    reference, other
        Labelled modes of the same atoms in the same order, in one orientation.

    Raises
    ------
    InputError
        If the two have different numbers of modes.

    """
    if reference.eigenvectors.shape != other.eigenvectors.shape:
        raise InputError(
            f"The modes have {len(reference.eigenvectors)} and {len(other.eigenvectors)} "
            "components.",
            why="Only modes of the same atoms can be followed into each other.",
        )
    shares = (reference.eigenvectors.T @ other.eigenvectors) ** 2
    for axis, labels in ((0, reference), (1, other)):
        starts = np.concatenate([[0], np.cumsum(labels.dimensions)[:-1]])
        shares = np.add.reduceat(shares, starts, axis=axis)
    shares = shares / reference.dimensions[:, None]
    partners = np.full(reference.n_sets, -1, dtype=np.int64)
    overlaps = np.zeros(reference.n_sets)
    kinds = [_kinds(reference), _kinds(other)]
    for kind in dict.fromkeys(kinds[0]):
        rows = np.flatnonzero([entry == kind for entry in kinds[0]])
        columns = np.flatnonzero([entry == kind for entry in kinds[1]])
        if not len(columns):
            continue
        chosen_rows, chosen_columns = linear_sum_assignment(
            shares[np.ix_(rows, columns)], maximize=True
        )
        partners[rows[chosen_rows]] = columns[chosen_columns]
        overlaps[rows[chosen_rows]] = shares[rows[chosen_rows], columns[chosen_columns]]
    return SetMatch(partners=partners, overlaps=overlaps)


def _kinds(labels: ModeLabels) -> list[tuple[str | None, int, bool]]:
    return [
        (labels.labels[number], int(labels.dimensions[number]), bool(labels.acoustic[number]))
        for number in range(labels.n_sets)
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrueneisenParameters:
    """Mode Grüneisen parameters of all sets at the reference volume.

    Parameters
    ----------
    log_volumes
        (n_volumes,) ln(V/V₀), ascending.
    labels
        Irreducible representation of each set.
    dimensions
        (n_sets,) number of modes of each.
    wavenumbers_cm1
        (n_volumes, n_sets), cm⁻¹; NaN where a set has no successor.
    overlaps
        (n_sets,) smallest overlap with a successor.
    followed
        (n_sets,) γ from ln ω at all volumes; NaN where a set is imaginary or not followed.
    projected
        (n_sets,) γ from the derivative of the dynamical matrix; NaN where it is imaginary.
    vibrations
        (n_sets,) whether the set is no translation.

    """

    log_volumes: NDArray[np.float64]
    labels: tuple[str | None, ...]
    dimensions: NDArray[np.int64]
    wavenumbers_cm1: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    followed: NDArray[np.float64]
    projected: NDArray[np.float64]
    vibrations: NDArray[np.bool_]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        n_sets = len(self.labels)
        if self.wavenumbers_cm1.shape != (len(self.log_volumes), n_sets):
            raise ValueError("one wavenumber is needed for each volume and set")
        for name in ("dimensions", "overlaps", "followed", "projected", "vibrations"):
            array = getattr(self, name)
            if array.shape != (n_sets,):
                raise ValueError(f"{name} must have the shape ({n_sets},)")
            array.setflags(write=False)
        self.log_volumes.setflags(write=False)
        self.wavenumbers_cm1.setflags(write=False)

    @property
    def values(self) -> NDArray[np.float64]:
        """γ of each set, (n_sets,): followed where it can be, else projected, else NaN."""
        return np.where(np.isfinite(self.followed), self.followed, self.projected)

    @property
    def centre(self) -> int:
        """Index of the reference volume."""
        return int(np.abs(self.log_volumes).argmin())

    @property
    def real_everywhere(self) -> NDArray[np.bool_]:
        """Vibrations that are followed and real at every volume, (n_sets,)."""
        with np.errstate(invalid="ignore"):
            real = np.all(self.wavenumbers_cm1 > IMAGINARY_LIMIT_CM1, axis=0)
        return np.asarray(self.vibrations & real)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        values = self.values
        return {
            "log_volumes": self.log_volumes.tolist(),
            "sets": [
                {
                    "wavenumber_cm1": float(self.wavenumbers_cm1[self.centre, number]),
                    "irrep": self.labels[number],
                    "degeneracy": int(self.dimensions[number]),
                    "grueneisen": float(values[number]),
                    "from_derivative": float(self.projected[number]),
                    "smallest_overlap": float(self.overlaps[number]),
                    "wavenumbers_cm1": self.wavenumbers_cm1[:, number].tolist(),
                }
                for number in range(len(self.labels))
                if self.vibrations[number]
            ],
        }


def grueneisen_parameters(
    log_volumes: NDArray[np.float64],
    labels: Sequence[ModeLabels],
    phonons: Sequence[GammaPhonons],
) -> GrueneisenParameters:
    """Mode Grüneisen parameters from modes at several volumes.

    Parameters
    ----------
    log_volumes
        (n_volumes,) ln(V/V₀), ascending, with 0 for the reference.
    labels, phonons
        Modes and Hessians at each volume.

    Raises
    ------
    InputError
        If the volumes do not ascend across the reference, or the modes differ in number.

    """
    centre = _centre_of(log_volumes)
    reference = labels[centre]
    matches = _outwards(labels, centre)
    wavenumbers = np.array(
        [
            np.where(match.partners >= 0, entry.wavenumbers_cm1[match.partners], np.nan)
            for match, entry in zip(matches, labels, strict=True)
        ]
    )
    overlaps = np.min([match.overlaps for match in matches], axis=0)
    followed = np.full(reference.n_sets, np.nan)
    with np.errstate(invalid="ignore"):
        fit = np.all(wavenumbers > IMAGINARY_LIMIT_CM1, axis=0)
    fit &= (overlaps > SMALLEST_OVERLAP) & ~reference.acoustic
    if fit.any():
        followed[fit] = grueneisen(log_volumes, wavenumbers[:, fit])
    return GrueneisenParameters(
        log_volumes=np.array(log_volumes),
        labels=reference.labels,
        dimensions=np.array(reference.dimensions),
        wavenumbers_cm1=wavenumbers,
        overlaps=overlaps,
        followed=followed,
        projected=_projected(log_volumes, reference, phonons),
        vibrations=~reference.acoustic,
    )


def _centre_of(log_volumes: NDArray[np.float64]) -> int:
    centre = int(np.abs(log_volumes).argmin())
    inside = 0 < centre < len(log_volumes) - 1
    if not inside or log_volumes[centre] != 0.0 or np.any(np.diff(log_volumes) <= 0.0):
        raise InputError(
            f"The volumes {', '.join(f'{x:g}' for x in np.exp(log_volumes))} do not enclose 1.",
            why="A derivative is taken across the volume of the run.",
            fix="Give the volumes in ascending order, relative to that of the run.",
        )
    return centre


def _outwards(labels: Sequence[ModeLabels], centre: int) -> list[SetMatch]:
    """Matches of every volume with the reference, step by step from it."""
    n_sets = labels[centre].n_sets
    found: dict[int, SetMatch] = {
        centre: SetMatch(partners=np.arange(n_sets), overlaps=np.ones(n_sets))
    }
    for step in (1, -1):
        place = centre + step
        while 0 <= place < len(labels):
            here = match_sets(labels[place - step], labels[place])
            found[place] = found[place - step].then(here)
            place += step
    return [found[place] for place in range(len(labels))]


def _projected(
    log_volumes: NDArray[np.float64], reference: ModeLabels, phonons: Sequence[GammaPhonons]
) -> NDArray[np.float64]:
    """γ of each set from ⟨e|dD/d ln V|e⟩, (n_sets,)."""
    weights = derivative_weights(log_volumes, LOG_DEGREE)
    roots = np.sqrt(np.repeat(phonons[0].atoms.get_masses(), 3))
    change = sum(
        weight * entry.hessian_ev_a2 for weight, entry in zip(weights, phonons, strict=True)
    ) / np.outer(roots, roots)
    vectors = reference.eigenvectors
    diagonal = np.einsum("im,im->m", vectors, change @ vectors)
    result = np.full(reference.n_sets, np.nan)
    for number, members in enumerate(reference.sets):
        wavenumber = reference.wavenumbers_cm1[number]
        if wavenumber > IMAGINARY_LIMIT_CM1 and not reference.acoustic[number]:
            square = (wavenumber / SQRT_EV_PER_U_A2_TO_CM1) ** 2
            result[number] = -float(diagonal[members].mean()) / (2.0 * square)
    return result


def band_centres(
    tracked: TrackedModes,
    wavenumbers_cm1: NDArray[np.float64],
    eigenvectors: NDArray[np.float64],
) -> tuple[float, float]:
    """Centres of the antisymmetric and the symmetric carboxylate band at another volume, cm⁻¹.

    NaN where no mode has weight in the band.

    The character of the reference modes goes with their vectors
    (`reticulum.thermal.band_tracking.band_weights`). So a band stays the same motion where its
    modes mix or cross.

    Parameters
    ----------
    tracked
        The carboxylate modes at the reference volume.
    wavenumbers_cm1
        (3n,) of all modes at the other volume, cm⁻¹.
    eigenvectors
        (3n, 3n) their mass-weighted orthonormal eigenvectors.

    """
    shares = (tracked.vectors.T @ eigenvectors) ** 2
    inside = shares.sum(axis=0)
    centres = []
    for character in (tracked.antisymmetric, tracked.symmetric):
        weights = band_weights(tracked, character, shares, inside)
        total = float(weights.sum())
        centres.append(float(wavenumbers_cm1 @ weights / total) if total > 0 else float("nan"))
    return centres[0], centres[1]
