"""Carboxylate bands told apart by the metals that the carboxylates bind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from reticulum.frameworks.bonds import BondKind, find_bonds
from reticulum.frameworks.carboxylates import Carboxylate
from reticulum.phonons.infrared import InfraredLines, IntensityKind, infrared_lines
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import STRETCH_LIMIT_CM1, ModeTable

#: A set belongs to a band of a motion that is no C-O stretch when at least this share of it is that
#: motion. To that of C-O stretches it belongs when the stretch leads (`ModeTable.band_sets`).
LEAST_SHARE = 0.2

#: A set of a band belongs to the environment that has at least this part of the motion.
LEAST_PART = 0.5

#: A band of which no set has this share of the motion on an environment has no centre there.
LEAST_SHARE_OF_CENTRE = 0.1

#: Metal-oxygen stretches lie below this, deformations of CO2 and the low C-C stretch above, cm⁻¹.
METAL_LIMIT_CM1 = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BandOfMotion:
    """A kind of band: the coordinates that make it and where it is looked for.

    Attributes
    ----------
    label, symbol
        In words, and short for the head of a table.
    groups
        Coordinates that count to it.
    lowest_cm1, highest_cm1
        Where the band is looked for, cm⁻¹.

    """

    label: str
    symbol: str
    groups: tuple[CoordinateGroup, ...]
    lowest_cm1: float
    highest_cm1: float


#: Bands of the table, in its order.
BANDS: tuple[BandOfMotion, ...] = (
    BandOfMotion(
        label="symmetric C-O stretch",
        symbol="ν_s(COO)",
        groups=(CoordinateGroup.SYMMETRIC_CO,),
        lowest_cm1=STRETCH_LIMIT_CM1,
        highest_cm1=np.inf,
    ),
    BandOfMotion(
        label="antisymmetric C-O stretch",
        symbol="ν_as(COO)",
        groups=(CoordinateGroup.ANTISYMMETRIC_CO,),
        lowest_cm1=STRETCH_LIMIT_CM1,
        highest_cm1=np.inf,
    ),
    BandOfMotion(
        label="C-C stretch to the carboxylate",
        symbol="ν(C-COO)",
        groups=(CoordinateGroup.CARBOXYL_CC,),
        lowest_cm1=METAL_LIMIT_CM1,
        highest_cm1=STRETCH_LIMIT_CM1,
    ),
    BandOfMotion(
        label="CO2 bend and wag",
        symbol="δ,ω(COO)",
        groups=(CoordinateGroup.OCO_BEND, CoordinateGroup.CARBOXYLATE_WAG),
        lowest_cm1=METAL_LIMIT_CM1,
        highest_cm1=STRETCH_LIMIT_CM1,
    ),
    BandOfMotion(
        label="M-O stretch",
        symbol="ν(M-O)",
        groups=(CoordinateGroup.METAL_OXYGEN,),
        lowest_cm1=0.0,
        highest_cm1=METAL_LIMIT_CM1,
    ),
    BandOfMotion(
        label="M-M stretch",
        symbol="ν(M-M)",
        groups=(CoordinateGroup.METAL_METAL,),
        lowest_cm1=0.0,
        highest_cm1=METAL_LIMIT_CM1,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Carboxylates that bind the same metals.

    Attributes
    ----------
    metals
        Symbols of the metals that one of them binds, sorted; empty for free ones.
    carboxylates
        Their numbers.

    """

    metals: tuple[str, ...]
    carboxylates: tuple[int, ...]

    @property
    def label(self) -> str:
        """Short name: COO-Cu2, COO-CuRu, or COO for free carboxylates."""
        counts = Counter(self.metals)
        words = [f"{metal}{number if number > 1 else ''}" for metal, number in counts.items()]
        return "COO-" + "".join(words) if words else "COO"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentBand:
    """A band of one environment, of infrared-active modes.

    Attributes
    ----------
    environment, motion
        Labels of both.
    centre_cm1
        Mean wavenumber of all infrared-active modes of the band, also of those shared with other
        environments, weighted with the share of the motion on this one, cm⁻¹; None if there are
        none. Modes of two environments that mix hardly move it.
    range_cm1
        Lowest and highest set with most of the motion on this environment, cm⁻¹; None if there
        is none.
    strongest_cm1
        Strongest line of these, cm⁻¹; None without intensities.
    apart
        Part of the motion in these modes that is on this environment and not on others, mean with
        the weights of the centre: one if the band is of this environment alone.
    alone_cm1
        Wavenumber of the motion on one group with all else held, √(wᵀDw) of the mass-weighted
        Hessian D along its directions w, the root of the mean over the environment, cm⁻¹; None if
        there is no such motion. It has no coupling to other groups or motions, so it is no
        position of a band, but tells environments apart where their modes mix.

    """

    environment: str
    motion: str
    centre_cm1: float | None
    range_cm1: tuple[float, float] | None
    strongest_cm1: float | None
    apart: float | None
    alone_cm1: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "environment": self.environment,
            "motion": self.motion,
            "centre_cm1": self.centre_cm1,
            "range_cm1": None if self.range_cm1 is None else list(self.range_cm1),
            "strongest_cm1": self.strongest_cm1,
            "apart": self.apart,
            "alone_cm1": self.alone_cm1,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnvironmentTable:
    """Bands of all environments of a crystal.

    Attributes
    ----------
    environments
        The environments.
    shares
        Share of each motion on each environment in each set, shape
        (n_sets, n_environments, n_motions), dimensionless, motions as in `BANDS`.
    bands
        For each environment, those of `BANDS`.

    """

    environments: tuple[Environment, ...]
    shares: NDArray[np.float64]
    bands: tuple[tuple[EnvironmentBand, ...], ...]

    def __post_init__(self) -> None:
        if self.shares.shape[1:] != (len(self.environments), len(BANDS)):
            raise ValueError("shares must have the shape (n_sets, n_environments, n_motions)")
        if len(self.bands) != len(self.environments):
            raise ValueError("each environment has its bands")
        self.shares.setflags(write=False)

    def pairs(self) -> tuple[tuple[EnvironmentBand, EnvironmentBand], ...]:
        """Bands of the same motion of two environments each."""
        return tuple(
            (self.bands[i][number], self.bands[j][number])
            for number in range(len(BANDS))
            for i, j in combinations(range(len(self.environments)), 2)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "environments": [
                {
                    "label": environment.label,
                    "metals": list(environment.metals),
                    "n_carboxylates": len(environment.carboxylates),
                    "bands": [band.to_dict() for band in bands],
                }
                for environment, bands in zip(self.environments, self.bands, strict=True)
            ],
            "motions": [motion.label for motion in BANDS],
            "shares_by_set": self.shares.tolist(),
        }


def carboxylate_environments(
    atoms: Atoms, carboxylates: Sequence[Carboxylate]
) -> tuple[Environment, ...]:
    """Carboxylates sorted by the metals that they bind.

    Only elements count: axial ligands, charges and how the group binds do not make another one.

    Parameters
    ----------
    atoms
        Structure.
    carboxylates
        From `find_carboxylates`.

    Returns
    -------
    tuple of Environment
        In the order of their metals.

    """
    symbols = atoms.get_chemical_symbols()
    found: dict[tuple[str, ...], list[int]] = {}
    for number, group in enumerate(carboxylates):
        metals = tuple(sorted(symbols[site.index] for site in group.bound_metals))
        found.setdefault(metals, []).append(number)
    return tuple(
        Environment(metals=metals, carboxylates=tuple(found[metals])) for metals in sorted(found)
    )


def environment_table(table: ModeTable, lines: InfraredLines | None = None) -> EnvironmentTable:
    """Carboxylate bands of each metal environment of a crystal.

    Parameters
    ----------
    table
        The modes.
    lines
        Their infrared lines; made from `table` if not given.

    Returns
    -------
    EnvironmentTable
        No environment if there is no carboxylate.

    """
    environments = carboxylate_environments(table.phonons.atoms, table.carboxylates)
    owners = _environment_of_columns(table, environments)
    squares = (np.array(table.labels.eigenvectors).T @ table.basis.vectors) ** 2
    per_set = np.array([squares[members].mean(axis=0) for members in table.labels.sets])
    shares = np.zeros((table.labels.n_sets, len(environments), len(BANDS)))
    for column, motion in enumerate(BANDS):
        of_motion = np.isin(table.basis.groups, motion.groups)
        for row in range(len(environments)):
            shares[:, row, column] = per_set[:, of_motion & (owners == row)].sum(axis=1)
    lines = infrared_lines(table) if lines is None else lines
    return EnvironmentTable(
        environments=environments,
        shares=shares,
        bands=tuple(
            tuple(
                _band(table, lines, environment.label, motion, shares=(shares[:, :, column], row))
                for column, motion in enumerate(BANDS)
            )
            for row, environment in enumerate(environments)
        ),
    )


def _environment_of_columns(
    table: ModeTable, environments: Sequence[Environment]
) -> NDArray[np.int64]:
    """Number of the environment of each direction of the basis; -1 for none.

    A metal-metal stretch has the environment of the carboxylates that bind these two metals.
    """
    basis, atoms = table.basis, table.phonons.atoms
    owner_of_carboxylate = np.full(len(table.carboxylates) + 1, -1)
    for number, environment in enumerate(environments):
        owner_of_carboxylate[list(environment.carboxylates)] = number
    owners = owner_of_carboxylate[basis.carboxylate]
    symbols = atoms.get_chemical_symbols()
    of_metals = {environment.metals: number for number, environment in enumerate(environments)}
    pairs = find_bonds(atoms).bonds(BondKind.METAL_METAL)
    for column, (first, second, _) in zip(
        np.flatnonzero(basis.groups == CoordinateGroup.METAL_METAL), pairs, strict=True
    ):
        metals = tuple(sorted((symbols[first], symbols[second.index])))
        owners[column] = of_metals.get(metals, -1)
    return owners


def _band(
    table: ModeTable,
    lines: InfraredLines,
    environment: str,
    motion: BandOfMotion,
    *,
    shares: tuple[NDArray[np.float64], int],
) -> EnvironmentBand:
    """Band of an environment; shares of the motion on all, and the column of this one."""
    labels = table.labels
    wavenumbers = labels.wavenumbers_cm1
    inside = labels.infrared_active & ~labels.acoustic
    inside &= (wavenumbers > motion.lowest_cm1) & (wavenumbers < motion.highest_cm1)
    own, total = shares[0][:, shares[1]], shares[0].sum(axis=1)
    if motion.groups[0] in (CoordinateGroup.SYMMETRIC_CO, CoordinateGroup.ANTISYMMETRIC_CO):
        inside &= np.isin(np.arange(labels.n_sets), table.band_sets(motion.groups[0]))
    else:
        inside &= total >= LEAST_SHARE
    weights = np.where(inside, own * labels.dimensions, 0.0)
    members = np.flatnonzero(inside & (own >= LEAST_PART * total))
    found = bool(np.any(own[inside] >= LEAST_SHARE_OF_CENTRE))
    fractions = np.divide(own, total, out=np.zeros_like(own), where=total > 0.0)
    # the trace of D over the directions of the motion, from all modes
    counts = own * labels.dimensions
    square = float(counts @ (wavenumbers * np.abs(wavenumbers)))
    n_directions = float(counts.sum())
    with_intensity = lines.kind is IntensityKind.INTENSITY and len(members) > 0
    return EnvironmentBand(
        environment=environment,
        motion=motion.label,
        centre_cm1=float(weights @ wavenumbers / weights.sum()) if found else None,
        range_cm1=(float(wavenumbers[members].min()), float(wavenumbers[members].max()))
        if len(members)
        else None,
        strongest_cm1=float(wavenumbers[members[np.argmax(lines.heights[members])]])
        if with_intensity
        else None,
        apart=float(weights @ fractions / weights.sum()) if found else None,
        alone_cm1=float(np.sign(square) * np.sqrt(abs(square) / n_directions))
        if n_directions > LEAST_SHARE
        else None,
    )
