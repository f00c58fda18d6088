"""From tabulated pairs to a framework: metals exchanged, cell set, distances met, anions placed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from reticulum.errors import InputError
from reticulum.frameworks.axial_ligands import AnionState, PlacedAnions, place_anions
from reticulum.frameworks.bonds import BondGraph, find_bonds
from reticulum.frameworks.cluster_graph import ClusterGraph
from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.distance_least_squares import (
    DistanceFit,
    evaluate_targets,
    fit_distances,
)
from reticulum.frameworks.distance_targets import MetTarget, TargetKind
from reticulum.frameworks.linker_targets import linker_strain
from reticulum.frameworks.metal_swap import swap_metals
from reticulum.frameworks.paddlewheel_result import (
    PAIRS_OF_A_FORMULA_UNIT,
    PARENT,
    PaddlewheelModel,
    formal_charge,
    formula_of,
    model_notes,
)
from reticulum.frameworks.paddlewheel_table import KnownNumber, PaddlewheelPair
from reticulum.frameworks.paddlewheel_targets import LocalDistances, paddlewheel_targets
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of

if TYPE_CHECKING:
    from ase import Atoms

#: Largest relative change of a lattice parameter against HKUST-1. The metals of the table ask for
#: up to 3 %; at 10 % the linkers would have to reach 1.3 Å further.
LARGEST_STRETCH = 0.10


@lru_cache(maxsize=1)
def _parent() -> tuple[Atoms, BondGraph, ClusterGraph, float]:
    """Primitive cell of HKUST-1 with its bonds and clusters, and its cubic a, Å."""
    from reticulum.frameworks.library import load_structure_card
    from reticulum.frameworks.reading import read_structure

    atoms = symmetrised_primitive(read_structure(PARENT)).atoms
    bonds = find_bonds(atoms)
    return atoms, bonds, find_clusters(atoms, bonds), load_structure_card(PARENT).cell.a


def _ordered_minority(clusters: ClusterGraph, atoms: Atoms, pair: tuple[str, str]) -> Atoms:
    """Metals placed so that every linker meets one minority pair, with the unique axis along z."""
    n_minority = len(clusters.clusters) // PAIRS_OF_A_FORMULA_UNIT
    for chosen in combinations(range(len(clusters.clusters)), n_minority):
        met = [sum(joint.index in chosen for joint in linker.joints) for linker in clusters.linkers]
        if set(met) != {1}:
            continue
        swapped = swap_metals(
            atoms,
            {n: pair[0] if n in chosen else pair[1] for n in range(len(clusters.clusters))},
            graph=clusters,
        )
        turns = symmetry_of(swapped).cartesian_rotations
        if np.allclose(np.abs(turns[:, 2, 2]), 1.0):
            return swapped
    raise InputError(
        f"{PARENT} has no order in which each linker meets one of its pairs.",
        fix="Reinstall with: python -m pip install --force-reinstall reticulum",
    )


def assemble(
    *,
    pairs: tuple[PaddlewheelPair, PaddlewheelPair],
    cell: Mapping[str, KnownNumber | None],
    adjust: bool,
    anions: AnionState | None,
    order: int,
) -> PaddlewheelModel:
    """Framework of one or two pairs on the net of the parent.

    Parameters
    ----------
    pairs
        Pair that each linker meets once, and pair that it meets twice; the same for M3(btc)2.
    cell
        Conventional lattice parameters, ``a`` or ``a`` and ``c``, Å; None where not known: then
        they are estimated if `adjust`, else those of the parent.
    adjust
        Meet the distances of the pairs; otherwise keep those of the parent.
    anions
        What to do with axial anions; None for ``disordered`` where there are any.
    order
        Number of the order when they are ordered.

    Raises
    ------
    InputError
        If the cell is far from that of the parent, or anions are asked for that do not exist.

    """
    parent, bonds, clusters, parent_a = _parent()
    minority, majority = pairs
    mixed = minority.metal != majority.metal
    if mixed:
        atoms = _ordered_minority(clusters, parent, (minority.metal, majority.metal))
    else:
        atoms = swap_metals(parent, majority.metal, graph=clusters)
    atoms.info = {}

    # conventional lengths of the parent in the axes of the model
    lengths = {"a": parent_a / np.sqrt(2.0), "c": parent_a} if mixed else {"a": parent_a}
    known = {name: value for name, value in cell.items() if value is not None}
    if known:
        stretch = {name: value.value / lengths[name] for name, value in known.items()}
        _refuse_far_cell(stretch, known)
        diagonal = [stretch["a"], stretch["a"], stretch.get("c", stretch["a"])]
        atoms.set_cell(np.asarray(atoms.cell[:]) @ np.diag(diagonal), scale_atoms=True)
    symmetry = symmetry_of(atoms)
    by_metal = {pair.metal: pair for pair in (minority, majority)}
    distances, heights = paddlewheel_targets(
        atoms,
        parent,
        {
            metal: LocalDistances(
                metal_oxygen_a=pair.metal_oxygen_a.value, metal_metal_a=pair.metal_metal_a.value
            )
            for metal, pair in by_metal.items()
        },
        graph=bonds,
        clusters=clusters,
    )
    fit: DistanceFit | None = None
    if adjust:
        fit = fit_distances(atoms, distances, heights, free_cell=not known, symmetry=symmetry)
        if not known:
            known = _estimated(lengths, fit)
        atoms = fit.atoms
    elif not known:
        known = {
            name: KnownNumber(
                value=float(length), standing="measured", source=f"cell of the bundled {PARENT}"
            )
            for name, length in lengths.items()
        }
    evaluated = evaluate_targets(atoms, distances, heights)
    met = [entry for entry in evaluated if entry.kind is TargetKind.METAL]
    shape = tuple(entry for entry in evaluated if entry.kind is TargetKind.SHAPE)
    targets = {
        label: number
        for metal, pair in sorted(by_metal.items())
        for label, number in (
            (f"{metal}-O", pair.metal_oxygen_a),
            (f"{metal}-{metal}", pair.metal_metal_a),
        )
    }
    strain = linker_strain(atoms, parent, bonds)
    placed = _with_anions(atoms, clusters, by_metal, anions, order)
    for metal, pair in sorted(by_metal.items()):
        if pair.axial_anion is not None and placed.state != "none":
            targets[f"{metal}-{pair.axial_anion.element}"] = pair.axial_anion.metal_anion_a
    counts = (
        {minority.metal: 1, majority.metal: PAIRS_OF_A_FORMULA_UNIT - 1}
        if mixed
        else {majority.metal: PAIRS_OF_A_FORMULA_UNIT}
    )
    charge = formal_charge(by_metal, counts, with_anions=placed.state != "none")
    return PaddlewheelModel(
        formula=formula_of(by_metal, counts),
        atoms=placed.atoms,
        partial_sites=placed.sites,
        space_group=placed.space_group,
        space_group_number=placed.space_group_number,
        average_space_group=symmetry.symbol,
        average_space_group_number=symmetry.number,
        cell=known,
        adjusted=adjust,
        targets=targets,
        met=_metal_distances(placed, met, targets),
        shape=shape,
        fit=fit,
        strain=strain,
        charge=charge,
        anions=placed.state,
        orders=placed.orders,
        order=placed.order,
        notes=model_notes(
            adjusted=adjust,
            met=met,
            shape=shape,
            strain=strain,
            charge=charge,
            placed=placed,
            average=symmetry.symbol,
        ),
    )


def _refuse_far_cell(stretch: Mapping[str, float], known: Mapping[str, KnownNumber]) -> None:
    """Refuse cells that no linker could span."""
    for name, factor in stretch.items():
        if abs(factor - 1.0) > LARGEST_STRETCH:
            raise InputError(
                f"A lattice parameter {name} of {known[name].value:g} Å is impossible for this "
                "framework.",
                why=f"{PARENT} has {known[name].value / factor:.3f} Å along it; trimesate is "
                "stiff.",
                fix=f"Give a length within {LARGEST_STRETCH:.0%} of that.",
            )


def _estimated(lengths: Mapping[str, float], fit: DistanceFit) -> dict[str, KnownNumber]:
    """Lattice parameters that came out of a fit with a free cell."""
    along = {"a": 1.0 + fit.strain[0, 0], "c": 1.0 + fit.strain[2, 2]}
    return {
        name: KnownNumber(
            value=float(length * along[name]),
            standing="estimated",
            source="shape around the metals and linker as in HKUST-1, distances as in the table",
        )
        for name, length in lengths.items()
    }


def _with_anions(
    atoms: Atoms,
    clusters: ClusterGraph,
    by_metal: Mapping[str, PaddlewheelPair],
    wanted: AnionState | None,
    order: int,
) -> PlacedAnions:
    """Framework with the anions of its charged pairs, or without where none is needed."""
    anions = {m: p.axial_anion for m, p in sorted(by_metal.items()) if p.axial_anion is not None}
    if not anions and wanted in ("disordered", "ordered"):
        names = " and ".join(by_metal[metal].label for metal in sorted(by_metal))
        raise InputError(
            f"{names} carries no axial anion, so there is nothing to place {wanted}.",
            why="The framework is neutral without.",
            fix="Leave the option out, or build a framework of Ru.",
        )
    elements = {anion.element for anion in anions.values()}
    if len(elements) > 1:
        raise InputError(
            f"The pairs carry different anions ({', '.join(sorted(elements))}).",
            why="Orders of two kinds of anions are not enumerated.",
            fix="Combine a charged pair with a neutral one.",
        )
    state: AnionState = wanted if wanted is not None else "disordered" if anions else "none"
    return place_anions(
        atoms,
        clusters,
        {metal: anion.metal_anion_a.value for metal, anion in anions.items()},
        next(iter(elements), ""),
        state=state,
        order=order,
    )


def _metal_distances(
    placed: PlacedAnions, met: list[MetTarget], targets: Mapping[str, KnownNumber]
) -> tuple[MetTarget, ...]:
    """Distances of the metals as met, with those to the anions added."""
    from ase import Atoms as PlainAtoms

    full = placed.atoms + PlainAtoms(
        [site.element for site in placed.sites],
        positions=np.array([site.position for site in placed.sites]).reshape(-1, 3),
    )
    symbols = np.array(full.get_chemical_symbols())
    found = list(met)
    known = {entry.label for entry in met}
    for label, target in targets.items():
        if label in known:
            continue
        metal, anion = label.split("-")
        metals = np.flatnonzero(symbols == metal)
        lengths = [
            float(full.get_distances(index, metals, mic=True).min())
            for index in np.flatnonzero(symbols == anion)
        ]
        found.append(
            MetTarget(
                label=label,
                kind=TargetKind.METAL,
                count=len(lengths),
                target_a=target.value,
                shortest_a=min(lengths),
                longest_a=max(lengths),
                largest_deviation_a=max(abs(length - target.value) for length in lengths),
                sigma_a=0.0,
            )
        )
    return tuple(found)
