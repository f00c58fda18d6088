"""The table of Gamma modes: wavenumber, symmetry, infrared activity and carboxylate character."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondGraph, find_bonds
from reticulum.frameworks.carboxylates import Carboxylate, find_carboxylates
from reticulum.phonons.character import (
    FRACTION_LABELS,
    ModeCharacters,
    assign_carboxylate_character,
)
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.internal_coordinates import STRETCH_GROUPS, CoordinateGroup
from reticulum.phonons.irreps import ModeLabels, label_modes
from reticulum.phonons.orthogonal_coordinates import (
    OrthogonalCoordinates,
    orthogonal_coordinates,
)

#: Wavenumber above which carboxylate-stretch character belongs to the stretching bands, cm⁻¹; the
#: C-O stretches of carboxylates lie at 1300-1700, O-C-O bends and C-COO stretches below 1000.
STRETCH_LIMIT_CM1 = 1150.0

#: Modes below this wavenumber whose square is negative within noise are not called imaginary,
#: cm⁻¹: the acoustic modes of finite-difference force constants scatter by about a tenth of it.
IMAGINARY_LIMIT_CM1 = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeTable:
    """Gamma modes as degenerate sets, with symmetry and character.

    Parameters
    ----------
    phonons
        The phonons.
    labels
        Sets, irreducible representations and activities.
    characters
        Averages of the fractions over each set.
    carboxylates
        The carboxylates of the cell.
    basis
        Directions onto which the characters are projected.

    """

    phonons: GammaPhonons
    labels: ModeLabels
    characters: ModeCharacters
    carboxylates: tuple[Carboxylate, ...]
    basis: OrthogonalCoordinates

    @property
    def antisymmetric(self) -> NDArray[np.float64]:
        """Antisymmetric C-O stretch character of each set, (n_sets,)."""
        return self.characters.fraction(CoordinateGroup.ANTISYMMETRIC_CO)

    @property
    def symmetric(self) -> NDArray[np.float64]:
        """Symmetric C-O stretch character of each set, (n_sets,)."""
        return self.characters.fraction(CoordinateGroup.SYMMETRIC_CO)

    @property
    def imaginary(self) -> tuple[int, ...]:
        """Numbers of the sets with imaginary wavenumbers (translations excluded)."""
        return tuple(
            number
            for number in range(self.labels.n_sets)
            if self.labels.wavenumbers_cm1[number] < -IMAGINARY_LIMIT_CM1
            and not self.labels.acoustic[number]
        )

    @property
    def n_imaginary_modes(self) -> int:
        """Number of imaginary modes, degenerate partners counted."""
        return int(sum(self.labels.dimensions[number] for number in self.imaginary))

    def band_sets(self, group: CoordinateGroup) -> tuple[int, ...]:
        """Numbers of the infrared-active sets that make a band: the stretch leads in them.

        A stretch leads when it is the largest of the fractions of `STRETCH_GROUPS`.

        Parameters
        ----------
        group
            ``ANTISYMMETRIC_CO`` or ``SYMMETRIC_CO``.

        """
        leading = self.characters.fractions[:, : len(STRETCH_GROUPS)].argmax(axis=1) == int(group)
        high = self.labels.wavenumbers_cm1 > STRETCH_LIMIT_CM1
        return tuple(
            int(number) for number in np.flatnonzero(self.labels.infrared_active & leading & high)
        )

    def band_cm1(self, group: CoordinateGroup) -> tuple[float, float] | None:
        """Lowest and highest infrared-active wavenumber of a band, cm⁻¹; None if there is none."""
        found = list(self.band_sets(group))
        if not found:
            return None
        values = self.labels.wavenumbers_cm1[found]
        return float(values.min()), float(values.max())

    def band_centre_cm1(self, group: CoordinateGroup) -> tuple[float, float] | None:
        """Centre and spread of a band, cm⁻¹; None if there is none.

        The mean of the wavenumbers of `band_sets` weighted with the share of the stretch, and the
        standard deviation with the same weights. The red-shift follows the same centre
        (`reticulum.thermal.band_tracking`). A stretch that is mixed into modes which another motion
        leads, such as the C-C stretch at 1267 cm⁻¹ of HKUST-1, does not count.

        Parameters
        ----------
        group
            ``ANTISYMMETRIC_CO`` or ``SYMMETRIC_CO``.

        """
        found = list(self.band_sets(group))
        if not found:
            return None
        weights = self.characters.fraction(group)[found] * self.labels.dimensions[found]
        return weighted_mean(self.labels.wavenumbers_cm1[found], weights)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        groups = list(FRACTION_LABELS)
        antisymmetric = self.band_cm1(CoordinateGroup.ANTISYMMETRIC_CO)
        symmetric = self.band_cm1(CoordinateGroup.SYMMETRIC_CO)
        return {
            "point_group": self.labels.point_group,
            "space_group": self.phonons.symmetry.symbol,
            "n_modes": int(self.labels.dimensions.sum()),
            "n_imaginary_modes": self.n_imaginary_modes,
            "n_carboxylates": len(self.carboxylates),
            "binding_modes": _binding_modes(self.carboxylates),
            "infrared_antisymmetric_band_cm1": antisymmetric,
            "infrared_symmetric_band_cm1": symmetric,
            "character_groups": groups,
            "sets": [
                {
                    "modes": (self.labels.sets[number] + 1).tolist(),
                    "wavenumber_cm1": float(self.labels.wavenumbers_cm1[number]),
                    "imaginary": number in self.imaginary,
                    "irrep": self.labels.labels[number],
                    "reason_without_irrep": self.labels.reasons[number],
                    "degeneracy": int(self.labels.dimensions[number]),
                    "infrared_active": bool(self.labels.infrared_active[number]),
                    "raman_active": bool(self.labels.raman_active[number]),
                    "acoustic": bool(self.labels.acoustic[number]),
                    "character": dict(
                        zip(groups, self.characters.fractions[number].tolist(), strict=True)
                    ),
                }
                for number in range(self.labels.n_sets)
            ],
        }


def weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation of values with weights, in the unit of the values.

    Parameters
    ----------
    values
        (n,).
    weights
        (n,), not negative, not all zero.

    """
    mean = float(weights @ values / weights.sum())
    return mean, float(np.sqrt(weights @ (values - mean) ** 2 / weights.sum()))


def _binding_modes(carboxylates: tuple[Carboxylate, ...]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for group in carboxylates:
        counts[group.binding_mode.value] = counts.get(group.binding_mode.value, 0) + 1
    return counts


def mode_table(phonons: GammaPhonons) -> ModeTable:
    """Symmetry and carboxylate character of all Gamma modes.

    Parameters
    ----------
    phonons
        Gamma phonons of a primitive cell.

    """
    graph: BondGraph = find_bonds(phonons.atoms)
    carboxylates = find_carboxylates(phonons.atoms, graph)
    labels = label_modes(
        phonons.atoms,
        np.array(phonons.wavenumbers_cm1),
        np.array(phonons.eigenvectors),
        symprec=phonons.tolerance_a,
    )
    basis = orthogonal_coordinates(phonons.atoms, graph, carboxylates)
    characters = assign_carboxylate_character(
        phonons.atoms, np.array(labels.eigenvectors), basis=basis
    ).average_over(labels.sets)
    return ModeTable(
        phonons=phonons,
        labels=labels,
        characters=characters,
        carboxylates=carboxylates,
        basis=basis,
    )
