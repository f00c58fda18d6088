"""Computed carboxylate bands of metal environments beside measured ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING, Any

import numpy as np

from reticulum.frameworks.bonds import is_metal
from reticulum.phonons.environments import EnvironmentTable
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import ModeTable
from reticulum.reference.environment_bands import MeasuredEnvironmentBand, load_environment_bands

if TYPE_CHECKING:
    from ase import Atoms

#: Infrared-active sets within this distance of a measured band are named beside it, cm⁻¹.
NEAR_CM1 = 60.0

#: Motions that a set is named by have at least this share.
_NAMED_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentComparison:
    """A measured band and the computed one of the same motion and environment.

    Attributes
    ----------
    environment
        Label of the environment.
    measured
        The measured band.
    centre_cm1, strongest_cm1
        Computed centre, and strongest line where there are intensities, cm⁻¹; None if there is no
        such band.
    near
        The infrared-active set nearest to the measured band within `NEAR_CM1`: wavenumber, cm⁻¹,
        and the motions that lead in it; None if there is none.

    """

    environment: str
    measured: MeasuredEnvironmentBand
    centre_cm1: float | None
    strongest_cm1: float | None
    near: tuple[float, str] | None

    @property
    def computed_cm1(self) -> float | None:
        """What is compared: the strongest line, else the centre, cm⁻¹."""
        return self.centre_cm1 if self.strongest_cm1 is None else self.strongest_cm1

    @property
    def deviation_cm1(self) -> float | None:
        """Computed less measured, cm⁻¹; None if there is no such band."""
        return (
            None if self.computed_cm1 is None else self.computed_cm1 - self.measured.wavenumber_cm1
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "environment": self.environment,
            "motion": self.measured.motion,
            "measured_cm1": self.measured.wavenumber_cm1,
            "compound": self.measured.compound,
            "source": self.measured.source,
            "original_sources": list(self.measured.original_sources),
            "assigned_by": self.measured.assigned_by,
            "computed_centre_cm1": self.centre_cm1,
            "computed_strongest_cm1": self.strongest_cm1,
            "deviation_cm1": self.deviation_cm1,
            "nearest_infrared_active": None
            if self.near is None
            else {"wavenumber_cm1": self.near[0], "motions": self.near[1]},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentDifference:
    """How far the bands of two environments of one crystal lie apart, computed and measured.

    Attributes
    ----------
    motion, first, second
        Motion and labels of the environments.
    computed_cm1
        First less second, of the centres, cm⁻¹; None if one has no band.
    alone_cm1
        The same of single groups with all else held, cm⁻¹; None if one has no such motion.
    measured_cm1
        The same of the measured bands, cm⁻¹; None if not both were measured.
    parents_cm1
        The same of the compounds that have one of the environments each, cm⁻¹; None likewise.

    """

    motion: str
    first: str
    second: str
    computed_cm1: float | None
    alone_cm1: float | None
    measured_cm1: float | None
    parents_cm1: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "motion": self.motion,
            "first": self.first,
            "second": self.second,
            "computed_cm1": self.computed_cm1,
            "computed_alone_cm1": self.alone_cm1,
            "measured_cm1": self.measured_cm1,
            "measured_in_parents_cm1": self.parents_cm1,
        }


def matching_compound(atoms: Atoms, n_carboxylates: int) -> str | None:
    """Measured compound that a structure is: same metals in the same ratio, same linker.

    Linkers are told by the number of carbon atoms for each carboxylate; halide, water and guests
    without carbon do not count.

    Parameters
    ----------
    atoms
        Structure.
    n_carboxylates
        Its carboxylates.

    """
    counts = Counter(atoms.get_chemical_symbols())
    for band in load_environment_bands():
        known = _counts_of(band.formula)
        same_metals = _metal_ratio(counts) == _metal_ratio(known)
        # the formulas are of empty frameworks of carboxylates: two oxygen atoms for each group
        same_linker = counts["C"] * known["O"] == 2 * known["C"] * n_carboxylates
        if same_metals and same_linker and n_carboxylates:
            return band.compound
    return None


def _counts_of(formula: str) -> Counter[str]:
    from ase.formula import Formula

    return Counter(Formula(formula).count())


def _metal_ratio(counts: Counter[str]) -> dict[str, int]:
    """Numbers of metals without common factor."""
    from ase.data import atomic_numbers

    symbols = sorted(counts)
    metallic = is_metal(np.array([atomic_numbers[symbol] for symbol in symbols], dtype=np.int64))
    metals = {s: counts[s] for s, metal in zip(symbols, metallic, strict=True) if metal}
    factor = gcd(*metals.values()) if metals else 1
    return {symbol: number // factor for symbol, number in metals.items()}


def compare_environments(
    table: ModeTable, found: EnvironmentTable
) -> tuple[EnvironmentComparison, ...]:
    """Measured bands of a crystal beside the computed ones [Gao2020]_.

    Parameters
    ----------
    table
        The modes.
    found
        Its environments.

    Returns
    -------
    tuple of EnvironmentComparison
        Empty if the compound was not measured.

    """
    compound = matching_compound(table.phonons.atoms, len(table.carboxylates))
    bands = {
        (environment.metals, band.motion): band
        for environment, row in zip(found.environments, found.bands, strict=True)
        for band in row
    }
    return tuple(
        EnvironmentComparison(
            environment=bands[key].environment,
            measured=measured,
            centre_cm1=bands[key].centre_cm1,
            strongest_cm1=bands[key].strongest_cm1,
            near=_nearest(table, measured.wavenumber_cm1),
        )
        for measured in load_environment_bands()
        if measured.compound == compound and (key := (measured.metals, measured.motion)) in bands
    )


def environment_differences(
    table: ModeTable, found: EnvironmentTable
) -> tuple[EnvironmentDifference, ...]:
    """Distances between the bands of environments, computed and measured [Gao2020]_.

    Parameters
    ----------
    table
        The modes.
    found
        Its environments.

    Returns
    -------
    tuple of EnvironmentDifference
        Empty if there is one environment.

    """
    compound = matching_compound(table.phonons.atoms, len(table.carboxylates))
    metals = {environment.label: environment.metals for environment in found.environments}

    def measured(motion: str, label: str, *, parent: bool) -> float | None:
        return next(
            (
                band.wavenumber_cm1
                for band in load_environment_bands()
                if band.motion == motion
                and band.metals == metals[label]
                and (_is_parent(band) if parent else band.compound == compound)
            ),
            None,
        )

    def difference(motion: str, labels: tuple[str, str], *, parent: bool) -> float | None:
        if compound is None:
            return None
        return _less(*(measured(motion, label, parent=parent) for label in labels))

    return tuple(
        EnvironmentDifference(
            motion=one.motion,
            first=one.environment,
            second=other.environment,
            computed_cm1=_less(one.centre_cm1, other.centre_cm1),
            alone_cm1=_less(one.alone_cm1, other.alone_cm1),
            measured_cm1=difference(one.motion, (one.environment, other.environment), parent=False),
            parents_cm1=difference(one.motion, (one.environment, other.environment), parent=True),
        )
        for one, other in found.pairs()
    )


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def environments_to_dict(table: ModeTable, found: EnvironmentTable) -> dict[str, Any]:
    """Environments, measured bands beside them and differences, in plain form for JSON.

    Parameters
    ----------
    table
        The modes.
    found
        Its environments.

    """
    return {
        **found.to_dict(),
        "beside_measured": [entry.to_dict() for entry in compare_environments(table, found)],
        "differences": [entry.to_dict() for entry in environment_differences(table, found)],
    }


def _is_parent(band: MeasuredEnvironmentBand) -> bool:
    """Whether the compound of a band has no other metal than its environment."""
    return set(_metal_ratio(_counts_of(band.formula))) == set(band.metals)


def _nearest(table: ModeTable, wavenumber_cm1: float) -> tuple[float, str] | None:
    """Nearest infrared-active set and the motions that lead in it."""
    labels = table.labels
    distances = np.where(
        labels.infrared_active, np.abs(labels.wavenumbers_cm1 - wavenumber_cm1), np.inf
    )
    number = int(np.argmin(distances))
    if distances[number] > NEAR_CM1:
        return None
    fractions = table.characters.fractions[number, : len(CoordinateGroup)]
    order = np.argsort(-fractions, kind="stable")
    named = [
        f"{CoordinateGroup(int(group)).label} {fractions[group]:.2f}"
        for group in order
        if fractions[group] >= _NAMED_SHARE
    ]
    return float(labels.wavenumbers_cm1[number]), ", ".join(named)
