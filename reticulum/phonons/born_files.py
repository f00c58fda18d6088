"""Born charges computed elsewhere, carried onto the atoms of a primitive cell.

Read are: phonopy's BORN and YAML files, VASP's vasprun.xml and OUTCAR, and CP2K's table of atomic
polar tensors. phonopy and VASP put the direction of the field, so of the dipole, first; CP2K puts
it last, and its tensors are transposed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.born_charges import BornCharges, symmetrised, with_sum_rule
from reticulum.phonons.crystal_match import CrystalMatch, match_crystals
from reticulum.phonons.formats.cp2k_files import read_cp2k_apt
from reticulum.phonons.formats.damaged import no_file, reading
from reticulum.phonons.formats.phonopy_cell import calculator_units, to_ase, to_phonopy
from reticulum.phonons.formats.phonopy_yaml import phonopy_of_yaml, read_phonopy_yaml
from reticulum.phonons.formats.vasp_files import read_outcar_born, read_vasprun_born
from reticulum.phonons.source_files import COMPRESSED

if TYPE_CHECKING:
    from ase import Atoms

#: phonopy's own symmetry tolerance, by which the lines of most BORN files were chosen, Å.
_PHONOPY_TOLERANCE_A = 1e-5

#: Charges that the space group changes by more are of other atoms, e. Symmetric DFT calculations
#: stay below 0.01.
SYMMETRY_LIMIT_E = 0.3


def read_born(path: Path, atoms: Atoms, tolerance_a: float = SYMMETRY_TOLERANCE_A) -> BornCharges:
    """Born charges of a file for the atoms of a primitive cell.

    The charges are averaged over the space group, and the acoustic sum rule is enforced; how far
    it was broken is reported.

    Parameters
    ----------
    path
        BORN or a YAML file of phonopy, vasprun.xml or OUTCAR of VASP, or CP2K's file of atomic
        polar tensors; the format is told by the content.
    atoms
        Primitive cell. The structure in the file may be another cell of the same crystal, turned
        or shifted. Files without a structure must list its atoms in its order: BORN the first of
        each set of equivalent ones, CP2K all.
    tolerance_a
        Distance within which atoms count as equivalent, Å.

    Raises
    ------
    InputError
        If the file is damaged, of an unknown format, without Born charges or of another crystal.

    """
    symmetry = symmetry_of(atoms, tolerance_a)
    kind = _kind(path)
    other: Atoms | None = None
    dielectric: NDArray[np.float64] | None
    if kind == "BORN":
        raw, dielectric = _read_phonopy_born(path, atoms, tolerance_a)
    elif kind == "YAML":
        other, raw, dielectric = _read_yaml_born(path, tolerance_a)
    elif kind == "vasprun":
        other, raw, dielectric = read_vasprun_born(path)
    elif kind == "OUTCAR":
        other, raw, dielectric = read_outcar_born(path)
    else:
        raw, dielectric = read_cp2k_apt(path), None
    source = f"from {path.name}"
    if other is not None:
        match = _match(path, other, atoms, tolerance_a)
        raw, distance = match.carry_tensors(raw), match.largest_distance_a
        if dielectric is not None:
            dielectric = match.rotation @ dielectric @ match.rotation.T
        if distance > tolerance_a:
            source += f", whose atoms lie up to {distance:.2f} Å elsewhere"
    return born_charges_of(raw, dielectric, symmetry, source, path)


def born_charges_of(
    raw_e: NDArray[np.float64],
    dielectric: NDArray[np.float64] | None,
    symmetry: CrystalSymmetry,
    source: str,
    path: Path,
) -> BornCharges:
    """Born charges with symmetry and sum rule from those of a file.

    Parameters
    ----------
    raw_e
        (n, 3, 3) e, the first index that of the dipole.
    dielectric
        (3, 3) ε∞; None if not given.
    symmetry
        Operations of the cell.
    source
        Where they come from, in words.
    path
        The file, for messages.

    Raises
    ------
    InputError
        If there is not one finite tensor an atom, or they break the symmetry of the crystal.

    """
    n_atoms = len(symmetry.orbits)
    if raw_e.shape != (n_atoms, 3, 3):
        raise InputError(
            f"{path} has Born charges of {len(raw_e)} atoms, but the primitive cell has {n_atoms}.",
            why="They belong to another cell or another structure.",
            fix="Give Born charges of the primitive cell whose modes are listed.",
        )
    if not np.isfinite(raw_e).all():
        raise InputError(
            f"{path} has Born charges that are not numbers.",
            why="The calculation failed, or the system is a metal, which has none.",
            fix="Leave out --born, or compute them again.",
        )
    change = float(np.abs(symmetrised(symmetry, raw_e) - raw_e).max())
    if change > SYMMETRY_LIMIT_E:
        raise InputError(
            f"The Born charges in {path} do not have the symmetry of the crystal: averaging over "
            f"{symmetry.symbol} changes them by {change:.2g} e.",
            why="They are of another structure, or their atoms are in another order.",
            fix="Compute them for the structure whose modes are listed.",
        )
    if dielectric is not None:
        rotations = symmetry.cartesian_rotations
        dielectric = np.mean(rotations @ dielectric @ rotations.transpose(0, 2, 1), axis=0)
    return with_sum_rule(raw_e, symmetry=symmetry, dielectric=dielectric, source=source)


def _kind(path: Path) -> str:
    """Format of a file of Born charges, told by its name and first bytes."""
    if os.path.isdir(path):
        raise InputError(
            f"{path} is a folder, not a file of Born charges.",
            fix="Name the file in it, for instance BORN or vasprun.xml.",
        )
    if not os.path.isfile(path):
        raise no_file(path)
    suffixes = [suffix for suffix in path.suffixes if suffix not in COMPRESSED[1:]]
    if suffixes[-1:] in ([".yaml"], [".yml"]):
        return "YAML"
    if suffixes[-1:] == [".xml"]:
        return "vasprun"
    if path.suffix in COMPRESSED[1:] and "OUTCAR" not in path.name:
        raise InputError(
            f"{path} is compressed.",
            why="Only YAML files and vasprun.xml are read in that form.",
            fix="Unpack it first.",
        )
    if "OUTCAR" in path.name:
        return "OUTCAR"
    with reading(path, "Born charges"):
        text = path.read_text(encoding="utf-8")
    if "APT | Atom" in text:
        return "CP2K"
    if text.lstrip().startswith("vasp."):
        return "OUTCAR"
    lines = text.splitlines()
    if len(lines) >= 3 and len(lines[1].split()) == len(lines[2].split()) == 9:
        return "BORN"
    raise InputError(
        f"{path} is not a file of Born charges that is known.",
        why="It is neither phonopy's BORN or YAML, nor VASP's vasprun.xml or OUTCAR, nor CP2K's "
        "table of atomic polar tensors.",
        fix="Write the charges as BORN: a comment, nine numbers of the dielectric constant, nine "
        "numbers of each inequivalent atom.",
    )


def _read_phonopy_born(
    path: Path, atoms: Atoms, tolerance_a: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Charges and ε∞ of BORN, expanded by symmetry as phonopy does.

    Which atoms it lists depends on the tolerance with which equivalent ones were told.
    """
    from phonopy.file_IO import parse_BORN

    cell = to_phonopy(atoms)
    found: Any = None
    for tolerance in (tolerance_a, _PHONOPY_TOLERANCE_A):
        try:
            with reading(path, "BORN of the inequivalent atoms of this primitive cell"):
                found = parse_BORN(cell, symprec=tolerance, filename=path)
            break
        except InputError:
            if tolerance == _PHONOPY_TOLERANCE_A:
                raise
    return np.array(found["born"], dtype=np.float64), np.array(found["dielectric"])


def _read_yaml_born(
    path: Path, tolerance_a: float
) -> tuple[Atoms, NDArray[np.float64], NDArray[np.float64] | None]:
    """Primitive cell of phonopy, charges and ε∞ of a YAML file."""
    content = read_phonopy_yaml(path)
    if content.data.nac_params is None:
        raise InputError(
            f"{path} holds no Born charges.",
            why="It has no entries born_effective_charge and dielectric_constant.",
            fix="Give BORN, or the vasprun.xml or OUTCAR of a calculation with LEPSILON.",
        )
    phonopy = phonopy_of_yaml(content, tolerance_a)
    cell = to_ase(phonopy.primitive, calculator_units(phonopy)[0])
    charges = np.array(content.data.nac_params["born"], dtype=np.float64)
    if len(charges) != len(cell):
        raise InputError(
            f"{path} has Born charges of {len(charges)} atoms in a primitive cell of {len(cell)}.",
            why="The file is inconsistent.",
            fix="Give Born charges of the primitive cell, as BORN for instance.",
        )
    return cell, charges, np.array(content.data.nac_params["dielectric"], dtype=np.float64)


def _match(path: Path, other: Atoms, atoms: Atoms, tolerance_a: float) -> CrystalMatch:
    match = match_crystals(other, atoms, tolerance_a=tolerance_a)
    if match is None:
        raise InputError(
            f"The structure in {path} ({other.get_chemical_formula()}) is not that of the modes "
            f"({atoms.get_chemical_formula()} in the primitive cell).",
            why="Lattice, atoms or their places differ too much to tell which atom is which.",
            fix="Compute Born charges for the structure whose modes are listed (a run folder "
            "holds it as relaxed.extxyz).",
        )
    return match
