"""Phonons of a loose structure beside those of the tight one.

A second minimum is found within the symmetry that the elongated bonds keep. Where its phonons are
imaginary it is a saddle, and its imaginary modes are followed: down to a loose structure of lower
symmetry, or back to the tight one. That is left out when the start is a saddle itself: then both
structures keep such modes at rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.carboxylates import Carboxylate
from reticulum.phonons.folder import LAYOUT, RunFolder
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.imaginary import follow_imaginary
from reticulum.phonons.modes import IMAGINARY_LIMIT_CM1, STRETCH_LIMIT_CM1, ModeTable
from reticulum.phonons.run import (
    Run,
    changed_bonds,
    displacement_length,
    phonons_at,
    phonopy_of,
)
from reticulum.provenance import write_json
from reticulum.thermal.loose_curve import (
    LOOSE_ELONGATION_A,
    CandidateVerdict,
    LooseCandidate,
)
from reticulum.thermal.loose_patterns import BondSet, n_keeping
from reticulum.thermal.loose_thermodynamics import LooseBands, LooseThermodynamics
from reticulum.thermal.vibrational_thermochemistry import common_modes
from reticulum.units import EV_TO_KJ_PER_MOL

#: Folder, inside the run's, of the phonons of the loose structure.
FOLDER = "loose-state"

#: An operation is kept by a loose structure when no atom deviates by more than this, Å: well above
#: what a relaxation leaves, well below the elongation of a bond.
_KEPT_A = 0.02


def loose_thermodynamics(
    run: Run,
    table: ModeTable,
    entry: BondSet,
    candidate: LooseCandidate,
    *,
    energy_error_kj_mol: float,
    elongations: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> tuple[LooseCandidate, LooseThermodynamics | None]:
    """Thermodynamics of a second minimum from its phonons (computed here, resumable).

    Parameters
    ----------
    run
        An open run; forces go through its store, files into its subfolder ``loose-state``.
    table
        Modes of the tight structure.
    entry
        Bonds that were elongated.
    candidate
        The second minimum.
    energy_error_kj_mol
        Error of the energy difference that is assumed, kJ/mol per carboxylate.
    elongations
        Elongation of all metal-oxygen bonds as a function of positions, Å.

    Returns
    -------
    tuple
        The candidate, moved down along its imaginary modes where it has some, and its
        thermodynamics; None if it falls back to a structure without a longer bond.

    Raises
    ------
    CalculationError
        If a force calculation fails; all that finished is kept.

    """
    tight = table.phonons
    before = run.runner.n_computed + run.runner.n_reused
    loose = _phonons(run, tight, entry, candidate)
    if table.n_imaginary_modes == 0 and _n_imaginary(loose):
        start = run.runner.evaluate([tight.atoms], kind="reference", show=False)[0].result
        loose = follow_imaginary(
            replace(run, folder=RunFolder(run.folder.path / FOLDER)), loose
        ).phonons
        end = run.runner.evaluate([loose.atoms], kind="reference", show=False)[0].result
        longest = float(elongations(loose.atoms.positions).max())
        candidate = replace(
            candidate,
            verdict=CandidateVerdict.LOOSE
            if longest > LOOSE_ELONGATION_A
            else CandidateVerdict.SADDLE,
            energy_kj_mol=(end.energy_ev - start.energy_ev)
            * EV_TO_KJ_PER_MOL
            / entry.n_carboxylates,
            lengths_a=entry.lengths_a(loose.atoms.positions),
            longest_elongation_a=longest,
            bonds=changed_bonds(tight.atoms, loose.atoms),
            residual_ev_a=float(np.linalg.norm(end.forces_ev_per_a)),
            positions_a=np.array(loose.atoms.positions),
        )
        if candidate.verdict is CandidateVerdict.SADDLE:
            return candidate, None
    n_calls = run.runner.n_computed + run.runner.n_reused - before
    converted = [table.carboxylates[number] for number in entry.carboxylates]
    kept = n_keeping(tight.symmetry, candidate.positions_a - tight.atoms.positions, _KEPT_A)
    return candidate, LooseThermodynamics(
        bonds=entry.label,
        n_carboxylates=entry.n_carboxylates,
        energy_kj_mol=candidate.energy_kj_mol,
        energy_error_kj_mol=energy_error_kj_mol,
        degeneracy=tight.symmetry.order / max(kept, 1) / entry.n_units,
        modes=common_modes(
            np.array(tight.hessian_ev_a2),
            np.array(loose.hessian_ev_a2),
            tight.atoms.get_masses(),
        ),
        bands=LooseBands(
            antisymmetric_tight=stretch_centre_cm1(tight, converted, antisymmetric=True),
            antisymmetric_loose=stretch_centre_cm1(loose, converted, antisymmetric=True),
            symmetric_tight=stretch_centre_cm1(tight, converted, antisymmetric=False),
            symmetric_loose=stretch_centre_cm1(loose, converted, antisymmetric=False),
        ),
        n_imaginary_loose=_n_imaginary(loose),
        n_calls=n_calls,
    )


def _n_imaginary(phonons: GammaPhonons) -> int:
    return int((phonons.wavenumbers_cm1 < -IMAGINARY_LIMIT_CM1).sum())


def _phonons(
    run: Run, tight: GammaPhonons, entry: BondSet, candidate: LooseCandidate
) -> GammaPhonons:
    """Phonons of a second minimum, in a run folder inside that of the run."""
    atoms = tight.atoms.copy()
    atoms.positions = candidate.positions_a
    phonopy = phonopy_of(atoms, run.options.tolerance_a)
    phonopy.generate_displacements(distance=displacement_length(run.engine, run.options))
    run.progress.message(
        f"Phonons of the loose state: {len(phonopy.dataset['first_atoms'])} force calculations."
    )
    folder = RunFolder(run.folder.path / FOLDER)
    folder.path.mkdir(exist_ok=True)
    write_json(
        folder.identity_file,
        {
            "layout": LAYOUT,
            "identity": {
                **RunFolder.identity_of(run.folder.path),
                "loose state of": entry.label,
                "forces": f"{run.folder.forces_file.name} of the folder above",
            },
        },
    )
    return phonons_at(run, atoms, relaxation=None, folder=folder)


def stretch_centre_cm1(
    phonons: GammaPhonons, carboxylates: Sequence[Carboxylate], *, antisymmetric: bool
) -> float:
    """Centre of the C-O stretches of some carboxylates, cm⁻¹; NaN if there are none.

    Mean of the wavenumbers above 1150 cm⁻¹, weighted with the squared overlap between the mode and
    the mass-weighted stretching coordinate of each carboxylate; the mean over near-degenerate
    modes does not depend on how they mix.

    Parameters
    ----------
    phonons
        Of any structure with these atoms.
    carboxylates
        Which; their images must fit the structure's positions.
    antisymmetric
        Difference of the two C-O distances, else their sum.

    """
    positions, cell = phonons.atoms.positions, np.array(phonons.atoms.cell[:])
    roots = np.sqrt(phonons.atoms.get_masses())[:, None]
    high = phonons.wavenumbers_cm1 > STRETCH_LIMIT_CM1
    weights = np.zeros(int(high.sum()))
    for group in carboxylates:
        stretch = np.zeros_like(positions)
        for oxygen, sign in zip(group.oxygens, (1.0, -1.0 if antisymmetric else 1.0), strict=True):
            apart = (
                positions[oxygen.index]
                + np.asarray(oxygen.shift, dtype=float) @ cell
                - positions[group.carbon]
            )
            unit = sign * apart / np.linalg.norm(apart)
            stretch[oxygen.index] += unit
            stretch[group.carbon] -= unit
        direction = (stretch / roots).ravel()
        direction /= np.linalg.norm(direction)
        weights += (phonons.eigenvectors[:, high].T @ direction) ** 2
    total = float(weights.sum())
    if total <= 0.0:
        return float("nan")
    return float(phonons.wavenumbers_cm1[high] @ weights / total)
