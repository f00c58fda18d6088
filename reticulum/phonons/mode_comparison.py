"""What a comparison of the modes of two calculations holds: states, motions, bonds, sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reticulum.phonons.modes import STRETCH_LIMIT_CM1

#: Sets that share less than this part of their spaces are mixed anew: a shift between them means
#: little. Half of a space is the least that leaves no better partner for it.
MIXED_OVERLAP = 0.5


#: What the centre of a motion is, in the JSON.
_BAND_CENTRE = "centre of the infrared-active sets that the stretch leads"
_MEAN_OF_ALL = f"mean of all modes below {STRETCH_LIMIT_CM1:g} cm-1, infrared-active or not"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateOfModes:
    """What one of the two calculations is, and how sound.

    Attributes
    ----------
    calculator
        Its name.
    state
        Electronic state in words; empty where it is unknown.
    n_imaginary
        Number of imaginary modes.
    energy_ev
        Energy of the relaxed primitive cell, eV; None if it was not relaxed here.

    """

    calculator: str
    state: str
    n_imaginary: int
    energy_ev: float | None

    @property
    def sentence(self) -> str:
        """What the state is, without what it stands for; empty where it is unknown."""
        return self.state.partition(". ")[0].rstrip(".") + "." if self.state else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionPosition:
    """Where a motion lies in the spectrum of one calculation.

    Attributes
    ----------
    centre_cm1
        Of a carboxylate stretch the centre of its band, as everywhere
        (`ModeTable.band_centre_cm1`); of other motions the mean over all modes, weighted with the
        motion's share, cm⁻¹.
    spread_cm1
        Standard deviation with the same weights, cm⁻¹.
    range_cm1
        Lowest and highest infrared-active set that the motion leads, cm⁻¹; None if it leads in none
        (for motions that make no band: always None).
    strongest_cm1
        Strongest line of those, cm⁻¹; None without infrared intensities.

    """

    centre_cm1: float
    spread_cm1: float
    range_cm1: tuple[float, float] | None
    strongest_cm1: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "centre_cm1": self.centre_cm1,
            "spread_cm1": self.spread_cm1,
            "infrared_range_cm1": None if self.range_cm1 is None else list(self.range_cm1),
            "strongest_infrared_cm1": self.strongest_cm1,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> MotionPosition:
        """Position from its plain form."""
        found = content["infrared_range_cm1"]
        return cls(
            centre_cm1=content["centre_cm1"],
            spread_cm1=content["spread_cm1"],
            range_cm1=None if found is None else (found[0], found[1]),
            strongest_cm1=content["strongest_infrared_cm1"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedMotion:
    """A motion in both calculations; None where it has no band or the crystal no such coordinate.

    Attributes
    ----------
    name
        In words.
    is_band
        Whether it makes a carboxylate band, whose centre is compared; else means are.
    first, second
        Where it lies.

    """

    name: str
    is_band: bool
    first: MotionPosition | None
    second: MotionPosition | None

    @property
    def shift_cm1(self) -> float | None:
        """Centre of the second less that of the first, cm⁻¹."""
        if self.first is None or self.second is None:
            return None
        return self.second.centre_cm1 - self.first.centre_cm1


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedBonds:
    """Lengths of the bonds of two elements: mean, shortest and longest of both, Å."""

    name: str
    n_bonds: tuple[int, int]
    first_a: tuple[float, float, float]
    second_a: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedSet:
    """A set of degenerate modes and its partner.

    Attributes
    ----------
    first, second
        Numbers of the sets in the two tables.
    label
        Irreducible representation in the first.
    wavenumbers_cm1
        Of both, cm⁻¹.
    overlap
        Part of the smaller space that the other one holds: 1 if they are the same.

    """

    first: int
    second: int
    label: str
    wavenumbers_cm1: tuple[float, float]
    overlap: float

    @property
    def shift_cm1(self) -> float:
        """Second less first, cm⁻¹."""
        return self.wavenumbers_cm1[1] - self.wavenumbers_cm1[0]

    @property
    def mixed(self) -> bool:
        """Whether the modes are mixed anew, so that the shift means little."""
        return self.overlap < MIXED_OVERLAP


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeComparison:
    """Two calculations of the Gamma modes of one crystal.

    Attributes
    ----------
    first, second
        What they are.
    same_method
        Whether they differ in the electronic state only.
    motions, bonds, pairs
        Motions, bond lengths, and sets of modes with their partners, all second less first.
    n_unpaired_sets
        Sets without partner, of the first and the second.
    largest_distance_a
        Largest distance between an atom and its partner, Å.
    n_metal_pairs
        Metal-metal bonds of the cell.

    """

    first: StateOfModes
    second: StateOfModes
    same_method: bool
    motions: tuple[ComparedMotion, ...]
    bonds: tuple[ComparedBonds, ...]
    pairs: tuple[PairedSet, ...]
    n_unpaired_sets: tuple[int, int]
    largest_distance_a: float
    n_metal_pairs: int

    @property
    def energy_per_pair_ev(self) -> float | None:
        """Energy of the second less that of the first for each metal pair, eV.

        For the cell if there is no metal pair; None if the methods differ or an energy is unknown.
        """
        if not self.same_method or self.first.energy_ev is None or self.second.energy_ev is None:
            return None
        return (self.second.energy_ev - self.first.energy_ev) / max(self.n_metal_pairs, 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""

        def state(found: StateOfModes) -> dict[str, Any]:
            return {
                "calculator": found.calculator,
                "state": found.state,
                "n_imaginary_modes": found.n_imaginary,
                "energy_ev": found.energy_ev,
            }

        energy = self.energy_per_pair_ev
        return {
            "first": state(self.first),
            "second": state(self.second),
            "same_method": self.same_method,
            "energy_per_metal_pair_ev": energy if self.n_metal_pairs else None,
            "energy_per_cell_ev": None if energy is None else energy * max(self.n_metal_pairs, 1),
            "n_metal_pairs": self.n_metal_pairs,
            "largest_distance_a": self.largest_distance_a,
            "motions": [
                {
                    "name": motion.name,
                    "infrared_active_only": motion.is_band,
                    "centre_is": _BAND_CENTRE if motion.is_band else _MEAN_OF_ALL,
                    "first": None if motion.first is None else motion.first.to_dict(),
                    "second": None if motion.second is None else motion.second.to_dict(),
                    "shift_cm1": motion.shift_cm1,
                }
                for motion in self.motions
            ],
            "bonds_mean_shortest_longest_a": {
                bond.name: {"first": list(bond.first_a), "second": list(bond.second_a)}
                for bond in self.bonds
            },
            "sets": [
                {
                    "first_set": pair.first + 1,
                    "second_set": pair.second + 1,
                    "irrep": pair.label,
                    "first_cm1": pair.wavenumbers_cm1[0],
                    "second_cm1": pair.wavenumbers_cm1[1],
                    "shift_cm1": pair.shift_cm1,
                    "overlap": pair.overlap,
                    "mixed": pair.mixed,
                }
                for pair in self.pairs
            ],
            "n_sets_without_partner": list(self.n_unpaired_sets),
        }
