"""Gamma modes of one crystal in two electronic states, or by two calculators, side by side.

The crystals are laid upon each other, and each set of degenerate modes of the first is paired with
the set of the second that spans most nearly the same space, among those of the same irreducible
representation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondKind, find_bonds
from reticulum.phonons.crystal_match import match_crystals
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.infrared import infrared_lines
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.mode_comparison import (
    ComparedBonds,
    ComparedMotion,
    ModeComparison,
    MotionPosition,
    PairedSet,
    StateOfModes,
)
from reticulum.phonons.modes import STRETCH_LIMIT_CM1, ModeTable, weighted_mean

#: Settings of a calculator that choose the electronic state and not the method.
STATE_SETTINGS = frozenset({"multiplicity", "spin_polarization", "antiparallel"})

#: Motions whose wavenumbers are compared: name, coordinate, and whether it makes a band.
_MOTIONS: tuple[tuple[str, CoordinateGroup, bool], ...] = (
    ("antisymmetric COO stretch", CoordinateGroup.ANTISYMMETRIC_CO, True),
    ("symmetric COO stretch", CoordinateGroup.SYMMETRIC_CO, True),
    ("M-O stretch", CoordinateGroup.METAL_OXYGEN, False),
    ("M-M stretch", CoordinateGroup.METAL_METAL, False),
)


def compare_modes(first: ModeTable, second: ModeTable) -> ModeComparison:
    """Compare the Gamma modes of one crystal in two calculations.

    Parameters
    ----------
    first, second
        Mode tables of primitive cells of the same crystal; orientation, origin and order of atoms
        may differ.

    Raises
    ------
    InputError
        If they are different crystals.

    """
    match = match_crystals(
        second.phonons.atoms, first.phonons.atoms, tolerance_a=first.phonons.tolerance_a
    )
    if match is None or len(match.image_of) != len(first.phonons.atoms):
        raise InputError(
            f"{second.phonons.atoms.get_chemical_formula()} ({second.phonons.symmetry.symbol}) is "
            f"not the crystal {first.phonons.atoms.get_chemical_formula()} "
            f"({first.phonons.symmetry.symbol}).",
            why="Their primitive cells do not lie on each other, atom by atom.",
            fix="Compare two runs of the same structure.",
        )
    vectors = np.array(second.labels.eigenvectors).reshape(len(match.image_of), 3, -1)
    carried = np.empty_like(vectors)
    carried[match.image_of] = np.einsum("xy,aym->axm", match.rotation, vectors)
    overlaps = (first.labels.eigenvectors.T @ carried.reshape(len(vectors) * 3, -1)) ** 2
    pairs = _paired_sets(first, second, overlaps)
    graph = find_bonds(first.phonons.atoms)
    return ModeComparison(
        first=_state(first),
        second=_state(second),
        same_method=_same_method(first.phonons, second.phonons),
        motions=tuple(
            ComparedMotion(
                name=name,
                is_band=is_band,
                first=(band_position if is_band else motion_position)(first, group),
                second=(band_position if is_band else motion_position)(second, group),
            )
            for name, group, is_band in _MOTIONS
        ),
        bonds=_compared_bonds(first, second),
        pairs=pairs,
        n_unpaired_sets=(
            int(np.sum(~first.labels.acoustic)) - len(pairs),
            int(np.sum(~second.labels.acoustic)) - len(pairs),
        ),
        largest_distance_a=match.largest_distance_a,
        n_metal_pairs=int(np.sum(graph.kinds == BondKind.METAL_METAL)),
    )


def band_position(table: ModeTable, group: CoordinateGroup) -> MotionPosition | None:
    """Where a carboxylate band lies: its centre, range and strongest line.

    Parameters
    ----------
    table
        The modes.
    group
        ``ANTISYMMETRIC_CO`` or ``SYMMETRIC_CO``.

    Returns
    -------
    MotionPosition or None
        None if the stretch leads in no infrared-active set.

    """
    centre = table.band_centre_cm1(group)
    if centre is None:
        return None
    leading = list(table.band_sets(group))
    lines = infrared_lines(table)
    strongest = None
    if lines.unit == "km/mol":
        wavenumbers = table.labels.wavenumbers_cm1[leading]
        strongest = float(wavenumbers[int(np.argmax(lines.heights[leading]))])
    return MotionPosition(
        centre_cm1=centre[0],
        spread_cm1=centre[1],
        range_cm1=table.band_cm1(group),
        strongest_cm1=strongest,
    )


def motion_position(table: ModeTable, group: CoordinateGroup) -> MotionPosition | None:
    """Where a motion of metals lies: the mean over all real modes below `STRETCH_LIMIT_CM1`.

    Each mode counts with the share of the motion in it, whether it is infrared-active or not. That
    is no position of a band.

    Parameters
    ----------
    table
        The modes.
    group
        The motion.

    Returns
    -------
    MotionPosition or None
        None if the motion has no share in any of them.

    """
    labels = table.labels
    wavenumbers = labels.wavenumbers_cm1
    counted = ~labels.acoustic & (wavenumbers > 0.0) & (wavenumbers <= STRETCH_LIMIT_CM1)
    weights = table.characters.fraction(group) * labels.dimensions * counted
    if not weights.sum() > 0.0:
        return None
    mean, spread = weighted_mean(wavenumbers, weights)
    return MotionPosition(centre_cm1=mean, spread_cm1=spread, range_cm1=None, strongest_cm1=None)


def _paired_sets(
    first: ModeTable, second: ModeTable, overlaps: NDArray[np.float64]
) -> tuple[PairedSet, ...]:
    """Sets of both tables paired so that the sum of their overlaps is largest."""
    from scipy.optimize import linear_sum_assignment

    blocks = np.add.reduceat(overlaps, [int(s[0]) for s in first.labels.sets], axis=0)
    blocks = np.add.reduceat(blocks, [int(s[0]) for s in second.labels.sets], axis=1)
    sizes = np.minimum(first.labels.dimensions[:, None], second.labels.dimensions[None, :])
    gain = np.array(blocks)
    if first.labels.point_group == second.labels.point_group:
        same = np.array([[a == b for b in second.labels.labels] for a in first.labels.labels])
        gain = np.where(same, gain, 0.0)
    gain[first.labels.acoustic] = 0.0
    gain[:, second.labels.acoustic] = 0.0
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return tuple(
        PairedSet(
            first=int(row),
            second=int(column),
            label=first.labels.labels[row] or "?",
            wavenumbers_cm1=(
                float(first.labels.wavenumbers_cm1[row]),
                float(second.labels.wavenumbers_cm1[column]),
            ),
            overlap=float(blocks[row, column] / sizes[row, column]),
        )
        for row, column in zip(rows, columns, strict=True)
        if gain[row, column] > 0.0
    )


def _state(table: ModeTable) -> StateOfModes:
    phonons = table.phonons
    energy = None if phonons.relaxation is None else phonons.relaxation.get("energy_ev")
    return StateOfModes(
        calculator=str(phonons.calculator.get("name", "unknown calculator")),
        state=str(phonons.calculator.get("state") or ""),
        n_imaginary=table.n_imaginary_modes,
        energy_ev=None if energy is None else float(energy),
    )


def _same_method(first: GammaPhonons, second: GammaPhonons) -> bool:
    """Whether two fingerprints differ in nothing but the electronic state."""
    prints = [phonons.calculator.get("fingerprint") for phonons in (first, second)]
    if not all(isinstance(found, dict) for found in prints):
        return False
    methods = [
        (
            found.get("distribution"),
            found.get("version"),
            found.get("weights_sha256"),
            {
                key: value
                for key, value in found.get("settings", {}).items()
                if key not in STATE_SETTINGS
            },
        )
        for found in prints
        if isinstance(found, dict)
    ]
    return methods[0] == methods[1] and bool(methods[0][0])


def _compared_bonds(first: ModeTable, second: ModeTable) -> tuple[ComparedBonds, ...]:
    """Metal-metal, metal-oxygen and carboxylate C-O bonds, the elements in their names."""
    found = [_bond_lengths(table) for table in (first, second)]
    return tuple(
        ComparedBonds(
            name=name,
            n_bonds=(len(found[0][name]), len(found[1][name])),
            first_a=_summary(found[0][name]),
            second_a=_summary(found[1][name]),
        )
        for name in found[0]
        if name in found[1]
    )


def _bond_lengths(table: ModeTable) -> dict[str, list[float]]:
    symbols = table.phonons.atoms.get_chemical_symbols()
    graph = find_bonds(table.phonons.atoms)
    named: dict[BondKind, dict[str, list[float]]] = {
        BondKind.METAL_METAL: {},
        BondKind.COORDINATION: {},
    }
    for i, j, kind, length in zip(
        graph.first, graph.second, graph.kinds, graph.distances, strict=True
    ):
        pair = {symbols[i], symbols[j]}
        if kind == BondKind.METAL_METAL:
            name = "-".join(sorted((symbols[i], symbols[j])))
        elif kind == BondKind.COORDINATION and "O" in pair:
            name = f"{next(iter(pair - {'O'}))}-O"
        else:
            continue
        named[BondKind(kind)].setdefault(name, []).append(float(length))
    lengths = {name: values for names in named.values() for name, values in sorted(names.items())}
    carboxylates = [d for group in table.carboxylates for d in group.co_distances]
    if carboxylates:
        lengths["C-O (carboxylate)"] = carboxylates
    return lengths


def _summary(lengths: list[float]) -> tuple[float, float, float]:
    return float(np.mean(lengths)), min(lengths), max(lengths)
