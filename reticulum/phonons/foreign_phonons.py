"""Gamma phonons from force constants that other programs computed.

Whatever the supercell, the force constants are folded onto Gamma of the primitive cell and made
symmetric, free of translations and invariant under the space group, and how far they were from
that is kept. The field of LO modes (NAC) is no part of them: wavenumbers are those of TO modes.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.born_charges import BornCharges
from reticulum.phonons.born_files import born_charges_of, read_born
from reticulum.phonons.folding import (
    FoldedCell,
    fold_to_gamma,
    reduce_to_primitive,
    space_group_average,
)
from reticulum.phonons.force_constants import ForceConstantQuality, gamma_modes, symmetrise_hessian
from reticulum.phonons.foreign_forces import ForeignForces, read_foreign_forces
from reticulum.phonons.formats.force_files import SupercellForceConstants
from reticulum.phonons.formats.phonopy_cell import to_ase
from reticulum.phonons.gamma import GammaPhonons, load_gamma_phonons
from reticulum.phonons.source_files import PhononFiles, find_phonon_files

#: Raw force constants that break their laws by more, as a share of the largest, are those of
#: another structure or order of atoms. Converged calculations of soft NaCl reach a twentieth.
BROKEN_LAWS_REFUSED = 0.3

#: From here on the user is told.
BROKEN_LAWS_NOTED = 0.1


def read_gamma_phonons(
    path: Path,
    *,
    structure: Path | None = None,
    supercell: NDArray[np.int64] | None = None,
    born: Path | None = None,
    tolerance_a: float | None = None,
) -> GammaPhonons:
    """Gamma phonons of a run folder, or of files of phonopy or VASP.

    Born charges are those of `born`, else those of the YAML file, of BORN beside it or of the
    vasprun.xml, else those of the run.

    Parameters
    ----------
    path
        A run folder; a folder with files of phonopy or VASP; a YAML file of phonopy, FORCE_SETS,
        FORCE_CONSTANTS, force_constants.hdf5 or vasprun.xml.
    structure
        Structure of FORCE_SETS or FORCE_CONSTANTS, if none that lies beside them shall be used.
    supercell
        (3, 3) integers: the supercell of that unit cell that the forces are of.
    born
        File of Born charges (see `read_born`).
    tolerance_a
        Distance within which atoms count as equivalent, Å; default: that of the run or of the
        YAML file, at least `SYMMETRY_TOLERANCE_A`.

    Raises
    ------
    InputError
        If a file is missing, damaged, of an unknown kind, or does not belong to the others.

    """
    if os.path.isfile(path / "run.json"):
        if structure is not None or supercell is not None or tolerance_a is not None:
            raise InputError(
                f"{path} is a run folder: its structure and symmetry are known.",
                why="Another structure, supercell or tolerance would not fit its forces.",
                fix="Leave out --structure, --supercell and --symprec.",
            )
        phonons = load_gamma_phonons(path)
    else:
        files = find_phonon_files(path)
        forces = read_foreign_forces(
            files, structure=structure, supercell=supercell, tolerance_a=tolerance_a
        )
        phonons = _assembled(forces, files, with_born=born is None)
    if born is not None:
        charges = read_born(born, phonons.atoms, phonons.tolerance_a)
        phonons = replace(phonons, born=charges)
    return phonons


def _assembled(forces: ForeignForces, files: PhononFiles, *, with_born: bool) -> GammaPhonons:
    constants, tolerance_a = forces.constants, forces.tolerance_a
    folded = folded_cell(constants, tolerance_a)
    symmetry = symmetry_of(folded.atoms, tolerance_a)
    hessian, quality = symmetrise_hessian(np.array(folded.hessian_ev_a2))
    hessian, change = space_group_average(hessian, symmetry)
    warnings = list(_broken_laws(quality, change, symmetry, constants.origin))
    charges = None
    if with_born:
        charges, sentence = _born_of(forces, files, folded, symmetry)
        if sentence:
            warnings.append(sentence)
    wavenumbers, eigenvectors = gamma_modes(hessian, folded.atoms.get_masses())
    sets = constants.sets
    return GammaPhonons(
        atoms=folded.atoms,
        symmetry=symmetry,
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=eigenvectors,
        n_displacements=None if sets is None else sets.n_displacements,
        displacement_a=None if sets is None else sets.displacement_a,
        quality=quality,
        relaxation=None,
        calculator={
            "name": _calculator_name(constants),
            "state": "",
            "source": constants.origin,
            "n_atoms_of_supercell": len(constants.phonopy.supercell),
        },
        warnings=tuple(warnings),
        tolerance_a=tolerance_a,
        born=charges,
    )


def folded_cell(
    constants: SupercellForceConstants, tolerance_a: float = SYMMETRY_TOLERANCE_A
) -> FoldedCell:
    """Primitive cell and Hessian of Gamma of force constants of a supercell.

    phonopy's primitive cell is the one that a user asked for, and may be larger.

    Parameters
    ----------
    constants
        Force constants of a supercell.
    tolerance_a
        Distance within which atoms count as equivalent, Å.

    Raises
    ------
    InputError
        If lattice translations do not leave the force constants as they are.

    """
    primitive = constants.phonopy.primitive
    images = np.array([primitive.p2p_map[atom] for atom in primitive.s2p_map], dtype=np.int64)
    hessian = fold_to_gamma(
        constants.force_constants_ev_a2, images, np.asarray(primitive.p2s_map, dtype=np.int64)
    )
    return reduce_to_primitive(to_ase(primitive, constants.length_a), hessian, tolerance_a)


def _calculator_name(constants: SupercellForceConstants) -> str:
    if constants.origin.startswith("VASP"):
        return "VASP"
    name = constants.phonopy.calculator
    return "unknown calculator" if name is None else f"{name} (as phonopy calls it)"


def _broken_laws(
    quality: ForceConstantQuality, change: float, symmetry: CrystalSymmetry, origin: str
) -> tuple[str, ...]:
    """Sentences on force constants that break their laws; refused if they do so grossly."""
    largest = max(quality.largest_ev_a2, np.finfo(float).tiny)
    worst = max(quality.asymmetry_ev_a2, change) / largest
    found = (
        f"asymmetry {quality.asymmetry_ev_a2:.2g}, change by averaging over {symmetry.symbol} "
        f"{change:.2g}, largest {quality.largest_ev_a2:.2g} eV/Å²"
    )
    if worst > BROKEN_LAWS_REFUSED:
        raise InputError(
            f"The {origin} are no force constants of this structure ({found}).",
            why="They are neither symmetric nor have the symmetry of the crystal: they belong to "
            "another structure, or its atoms are in another order.",
            fix="Give the structure of the calculation that the forces come from.",
        )
    if worst > BROKEN_LAWS_NOTED:
        return (
            f"The {origin} are far from symmetric ({found}): wavenumbers of soft modes are "
            "uncertain.",
        )
    return ()


def _born_of(
    forces: ForeignForces, files: PhononFiles, folded: FoldedCell, symmetry: CrystalSymmetry
) -> tuple[BornCharges | None, str]:
    """Born charges found with the force constants, and a sentence where they cannot be used."""
    content = forces.yaml
    try:
        if content is not None and content.data.nac_params is not None:
            return (
                born_charges_of(
                    folded.average_over_images(np.array(content.data.nac_params["born"])),
                    np.array(content.data.nac_params["dielectric"], dtype=np.float64),
                    symmetry,
                    f"from {content.path.name}",
                    content.path,
                ),
                "",
            )
        if files.born is not None:
            return read_born(files.born, folded.atoms, forces.tolerance_a), ""
        if files.vasp is not None and forces.constants.origin.startswith("VASP"):
            return _born_of_vasp(files.vasp, folded, forces.tolerance_a), ""
    except InputError as error:
        return None, f"Born charges were found and not used: {error.what} {error.why}"
    return None, ""


def _born_of_vasp(path: Path, folded: FoldedCell, tolerance_a: float) -> BornCharges | None:
    from reticulum.phonons.formats.vasp_files import has_born_charges

    return read_born(path, folded.atoms, tolerance_a) if has_born_charges(path) else None
