"""Search for a loose state: elongate metal-oxygen bonds, relax the rest, look for a second minimum.

Whether there is one is the question; both answers are results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.carboxylates import require_carboxylates
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run, changed_bonds
from reticulum.provenance import write_json
from reticulum.thermal.loose_curve import (
    LOOSE_ELONGATION_A,
    RETURNED_A,
    RETURNED_KJ_MOL,
    CandidateVerdict,
    LooseCandidate,
    LooseCurve,
    StartReason,
)
from reticulum.thermal.loose_options import LooseStateOptions
from reticulum.thermal.loose_patterns import (
    BondSet,
    FreeSpace,
    bond_sets,
    free_space,
    metal_oxygen_bonds,
)
from reticulum.thermal.loose_phonons import loose_thermodynamics
from reticulum.thermal.loose_state import LooseStateResult
from reticulum.thermal.loose_thermodynamics import LooseThermodynamics
from reticulum.thermal.relaxed_path import PathPoint, PathSettings, relaxed_points
from reticulum.thermal.released_relaxation import Released, ReleaseEnd, released
from reticulum.units import EV_TO_KJ_PER_MOL

if TYPE_CHECKING:
    from ase import Atoms

#: Name under which the calculations of a search are stored.
KIND = "loose-state"

#: File of the result in the run folder.
RESULT_FILE = "loose-state.json"

#: Largest force left on the free coordinates of a held point, eV/Å (norm over all). Without
#: symmetry some are as soft as 0.05 eV/Å²; then 0.01 eV/Å is 1e-3 eV or 0.1 kJ/mol in energy.
PATH_FORCE_EV_A = 0.01

#: Floor of the curvatures that steps are taken with, eV/Å²: that of a mode of 40 cm⁻¹ with the
#: mass of a carbon atom is 0.07 eV/Å².
SMALLEST_CURVATURE_EV_A2 = 0.1

#: Force calculations for one held point, and for one released relaxation, before it is given up.
MOST_POINT_CALLS = 60
MOST_RELEASE_CALLS = 150

#: Force calculations that a held point and a released relaxation take, for the estimate of the
#: cost: 4 to 6 and 8 to 16 on HKUST-1 with GFN1-xTB, 11 a point with SevenNet-0.
_TYPICAL_POINT_CALLS = 8
_TYPICAL_RELEASE_CALLS = 15


def loose_state_redshift(
    run: Run, table: ModeTable, *, options: LooseStateOptions | None = None
) -> LooseStateResult:
    """Second minima of the metal-oxygen bonds of a structure, and the red shift they would give.

    All force calculations go through the run's store: a search that was killed goes on from there.
    Curves and candidates are written to ``loose-state.json`` in the run folder.

    Parameters
    ----------
    run
        An open run.
    table
        Modes of its relaxed structure (`mode_table(gamma_phonons(run))`).
    options
        What is looked at.

    Raises
    ------
    InputError
        If no carboxylate binds a metal.
    CalculationError
        If a force calculation fails; all that finished is kept.

    """
    options = options or LooseStateOptions()
    phonons = table.phonons
    carboxylates = require_carboxylates(phonons.atoms)
    sets = bond_sets(phonons.atoms, phonons.symmetry, carboxylates, options.patterns)
    run.progress.message(cost_sentence(run, sets, options))
    curves = [_searched(run, phonons, entry, options) for entry in sets]
    thermodynamics = None
    if options.phonons:
        thermodynamics = _lowest_loose_state(run, table, sets, curves, options)
    result = LooseStateResult(
        label=run.label or phonons.atoms.get_chemical_formula(),
        calculator=str(phonons.calculator.get("name", run.engine.name)),
        curves=tuple(curves),
        energy_error_kj_mol=options.energy_error_kj_mol,
        thermodynamics=thermodynamics,
        start_is_minimum=table.n_imaginary_modes == 0,
        start_changed=changed_bonds(run.primitive.atoms, phonons.atoms),
    )
    write_json(run.folder.path / RESULT_FILE, result.to_dict())
    return result


def _lowest_loose_state(
    run: Run,
    table: ModeTable,
    sets: Sequence[BondSet],
    curves: list[LooseCurve],
    options: LooseStateOptions,
) -> LooseThermodynamics | None:
    """Thermodynamics of the lowest second minimum that is one; candidates are brought up to date.

    Candidates whose phonons show a saddle between tight structures are marked as such in `curves`.
    """
    found = [
        (candidate.energy_kj_mol, number, place)
        for number, curve in enumerate(curves)
        for place, candidate in enumerate(curve.candidates)
        if candidate.verdict is CandidateVerdict.LOOSE
    ]
    for _, number, place in sorted(found):
        candidates = list(curves[number].candidates)
        candidates[place], thermodynamics = loose_thermodynamics(
            run,
            table,
            sets[number],
            candidates[place],
            energy_error_kj_mol=options.energy_error_kj_mol,
            elongations=elongations(table.phonons.atoms),
        )
        curves[number] = replace(curves[number], candidates=tuple(candidates))
        if thermodynamics is not None:
            return thermodynamics
    return None


def cost_sentence(run: Run, sets: tuple[BondSet, ...], options: LooseStateOptions) -> str:
    """What a search will cost, in words.

    Parameters
    ----------
    run
        Its store knows how long a calculation takes.
    sets
        Bonds to elongate.
    options
        What is looked at.

    """
    points = len(sets) * len(options.elongations_a())
    calls = points * _TYPICAL_POINT_CALLS
    if options.test_release:
        calls += len(sets) * _TYPICAL_RELEASE_CALLS
    return (
        f"Search for a loose state: {len(sets)} inequivalent sets of bonds "
        f"({'; '.join(entry.label for entry in sets)}), {points} points, about {calls} force "
        f"calculations; phonons of a second minimum, if there is one, come on top."
    )


def _searched(
    run: Run, phonons: GammaPhonons, entry: BondSet, options: LooseStateOptions
) -> LooseCurve:
    """Energy curve of one set of bonds with the candidates on it."""
    space = free_space(phonons, entry.operations, hold_imaginary=options.hold_imaginary)
    start, _ = entry.coordinate()(np.array(phonons.atoms.positions))
    targets = (start + options.elongations_a()).tolist()
    run.progress.message(f"Elongating {entry.label}: {start:.3f} to {targets[-1]:.3f} Å.")
    points = relaxed_points(
        phonons.atoms,
        run.runner,
        entry.coordinate(),
        displacements=space.displacements,
        hessian_ev_a2=np.array(phonons.hessian_ev_a2),
        targets_a=[targets],
        energy_limit_ev=options.energy_limit_kj_mol * entry.n_carboxylates / EV_TO_KJ_PER_MOL,
        kind=KIND,
        settings=PathSettings(
            force_limit_ev_a=PATH_FORCE_EV_A,
            smallest_curvature_ev_a2=SMALLEST_CURVATURE_EV_A2,
            most_iterations=MOST_POINT_CALLS,
            keep_jumps=True,
            fewest_points=0,
            what=f"{entry.label} distance",
        ),
    )
    curve = _curve(entry, space, points)
    if len(points) <= len(targets):
        last = float(curve.distances_a[-1])
        limited = float(curve.energies_kj_mol[-1]) >= options.energy_limit_kj_mol
        reason = (
            "the energy limit is reached"
            if limited
            else "the next point does not converge: undecided"
        )
        curve = replace(
            curve,
            complete=limited,
            notes=(*curve.notes, f"The curve of {entry.label} ends at {last:.2f} Å, {reason}."),
        )
    return replace(
        curve,
        candidates=tuple(
            _released_from(run, phonons, entry, space, point=points[k], reason=reason)
            for k, reason in curve.starts(test=options.test_release)
        ),
    )


def _curve(entry: BondSet, space: FreeSpace, points: tuple[PathPoint, ...]) -> LooseCurve:
    per_carboxylate = EV_TO_KJ_PER_MOL / entry.n_carboxylates
    coordinate = entry.coordinate()
    slopes = []
    for point in points:
        _, gradient = coordinate(point.positions_a)
        along = space.displacements.T @ gradient.ravel()
        force = space.displacements.T @ point.forces_ev_a.ravel()
        slopes.append(-float(along @ force) / float(along @ along))
    lengths = np.array([entry.lengths_a(point.positions_a) for point in points])
    notes = []
    if space.n_held:
        modes = "mode is" if space.n_held == 1 else "modes are"
        notes.append(
            f"The start is a saddle: {space.n_held} imaginary {modes} held ({entry.label}), or "
            "the path would leave it along them."
        )
    energies = np.array([point.energy_ev for point in points])
    return LooseCurve(
        label=entry.label,
        pattern=entry.pattern.value,
        n_carboxylates=entry.n_carboxylates,
        n_sets=entry.n_sets,
        distances_a=np.array([point.coordinate_a for point in points]),
        energies_kj_mol=(energies - energies[0]) * per_carboxylate,
        slopes_kj_mol_a=np.array(slopes) * per_carboxylate,
        lengths_a=lengths,
        jumped=np.array([point.jumped for point in points]),
        n_held=space.n_held,
        symmetry_order=len(entry.operations),
        n_calls=sum(point.n_calls for point in points),
        notes=tuple(notes),
    )


def _released_from(
    run: Run,
    phonons: GammaPhonons,
    entry: BondSet,
    space: FreeSpace,
    *,
    point: PathPoint,
    reason: StartReason,
) -> LooseCandidate:
    """Relax with the coordinate free and say what came of it."""
    stretches = elongations(phonons.atoms)
    start_ev = run.runner.evaluate([phonons.atoms], kind=KIND, show=False)[0].result.energy_ev

    def back(positions: NDArray[np.float64], energy_ev: float) -> bool:
        above = (energy_ev - start_ev) * EV_TO_KJ_PER_MOL / entry.n_carboxylates
        near = float(np.abs(stretches(positions)).max()) < RETURNED_A
        return near and abs(above) < RETURNED_KJ_MOL

    run.progress.message(f"Releasing {entry.label} at {point.coordinate_a:.3f} Å ({reason.value}).")
    end = released(
        phonons.atoms,
        run.runner,
        point.positions_a,
        displacements=space.displacements,
        hessian_ev_a2=np.array(phonons.hessian_ev_a2),
        force_limit_ev_a=run.options.force_limit_ev_a,
        smallest_curvature_ev_a2=SMALLEST_CURVATURE_EV_A2,
        most_iterations=MOST_RELEASE_CALLS,
        kind=KIND,
        stop=back,
    )
    moved = phonons.atoms.copy()
    moved.positions = end.positions_a
    longest = float(stretches(end.positions_a).max())
    candidate = LooseCandidate(
        from_distance_a=point.coordinate_a,
        reason=reason,
        verdict=_verdict(end, longest, back(end.positions_a, end.energy_ev)),
        energy_kj_mol=(end.energy_ev - start_ev) * EV_TO_KJ_PER_MOL / entry.n_carboxylates,
        lengths_a=entry.lengths_a(end.positions_a),
        longest_elongation_a=longest,
        bonds=changed_bonds(phonons.atoms, moved),
        residual_ev_a=end.residual_ev_a,
        n_calls=end.n_calls,
        positions_a=np.array(end.positions_a),
    )
    run.progress.message(
        f"{candidate.verdict.value}: {candidate.energy_kj_mol:+.1f} kJ/mol per carboxylate, "
        f"longest elongation {longest:+.3f} Å."
    )
    return candidate


def _verdict(end: Released, longest_a: float, back: bool) -> CandidateVerdict:
    if end.end is ReleaseEnd.GIVEN_UP:
        return CandidateVerdict.NOT_CONVERGED
    if back:
        return CandidateVerdict.RETURNED
    if longest_a > LOOSE_ELONGATION_A:
        return CandidateVerdict.LOOSE
    return CandidateVerdict.SAME_BONDS


def elongations(atoms: Atoms) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Elongation of every metal-oxygen bond of a carboxylate as a function of positions, (b,), Å.

    Parameters
    ----------
    atoms
        The structure that it is counted from.

    """
    bonds = [bond for _, bond in metal_oxygen_bonds(atoms, require_carboxylates(atoms))]
    metals = np.array([bond[0] for bond in bonds])
    oxygens = np.array([bond[1] for bond in bonds])
    shifts = np.array([bond[2] for bond in bonds])

    def lengths(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        apart: NDArray[np.float64] = np.linalg.norm(
            positions[metals] + shifts - positions[oxygens], axis=1
        )
        return apart

    before = lengths(np.array(atoms.positions))
    return lambda positions: lengths(positions) - before
