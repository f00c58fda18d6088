"""Force constants and Born charges from VASP's vasprun.xml and OUTCAR.

The reference structure is the first of the file: the last one may be a displaced one
(IBRION = 5, 6), and linear response (7, 8) moves nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.formats.damaged import reading
from reticulum.phonons.formats.force_files import SupercellForceConstants
from reticulum.phonons.formats.phonopy_cell import phonopy_of_structure

if TYPE_CHECKING:
    from ase import Atoms


def read_vasp_hessian(
    path: Path, tolerance_a: float = SYMMETRY_TOLERANCE_A
) -> SupercellForceConstants:
    """Force constants of a vasprun.xml of IBRION = 5, 6, 7 or 8.

    VASP divides them by its own masses (POMASS); phonopy's reader multiplies with the same, so
    that the masses of the modes are the natural ones, as for all other sources.

    Parameters
    ----------
    path
        vasprun.xml, or one compressed by xz, gzip or bzip2.
    tolerance_a
        Symmetry tolerance, Å.

    Raises
    ------
    InputError
        If the file is damaged or holds no Hessian.

    """
    from phonopy.interface.vasp import parse_force_constants

    run = _parsed(path)
    atoms = _first_structure(run, path)
    if not _mentions(path, b'name="hessian"'):
        raise InputError(
            f"{path} holds no Hessian.",
            why="VASP writes one with IBRION = 5, 6, 7 or 8 only.",
            fix="Give the vasprun.xml of such a calculation, or FORCE_SETS made by phonopy.",
        )
    with reading(path, "a vasprun.xml with a Hessian of all its atoms"):
        force_constants, _ = parse_force_constants(path)
    if force_constants.shape[0] != len(atoms):
        raise InputError(
            f"{path} has a Hessian of {force_constants.shape[0]} atoms for a structure of "
            f"{len(atoms)}.",
            why="The file is inconsistent, or atoms were held fixed (selective dynamics).",
            fix="Compute the derivatives of all atoms.",
        )
    return SupercellForceConstants(
        phonopy=phonopy_of_structure(
            atoms, np.eye(3, dtype=np.int64), primitive="P", tolerance_a=tolerance_a
        ),
        force_constants_ev_a2=np.array(force_constants, dtype=np.float64),
        sets=None,
        origin=f"VASP's Hessian in {path.name}",
    )


def read_vasprun_born(path: Path) -> tuple[Atoms, NDArray[np.float64], NDArray[np.float64] | None]:
    """Structure, Born charges and ε∞ of a vasprun.xml with LEPSILON or LCALCEPS.

    The first index of VASP's charges is the direction of the electric field, so that of the
    dipole; the second is the direction of the force, so that of the displacement.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    tuple
        Structure; (n, 3, 3) charges, e, with the first index that of the dipole; (3, 3) ε∞.

    Raises
    ------
    InputError
        If the file is damaged or has no Born charges.

    """
    run = _parsed(path)
    atoms = _first_structure(run, path)
    with reading(path, "a vasprun.xml with whole tensors"):
        charges = np.array(run.born, dtype=np.float64)
        dielectric = np.array(run.epsilon, dtype=np.float64)
    if charges.shape != (len(atoms), 3, 3):
        raise _no_born_charges(path, charges.shape, len(atoms))
    return atoms, charges, dielectric if dielectric.shape == (3, 3) else None


def read_outcar_born(path: Path) -> tuple[Atoms, NDArray[np.float64], NDArray[np.float64] | None]:
    """Structure, Born charges and ε∞ of an OUTCAR with LEPSILON or LCALCEPS.

    Parameters
    ----------
    path
        The file, not compressed or by gzip.

    Returns
    -------
    tuple
        As of `read_vasprun_born`.

    Raises
    ------
    InputError
        If the file is damaged or has no Born charges.

    """
    from ase.io import read
    from pymatgen.io.vasp.outputs import Outcar

    with reading(path, "an OUTCAR of VASP"):
        atoms: Atoms = read(path, index=0, format="vasp-out")
        outcar = Outcar(str(path))
        outcar.read_lepsilon()
        charges = np.array(outcar.born, dtype=np.float64)
        dielectric = np.array(outcar.dielectric_tensor, dtype=np.float64)
    if charges.shape != (len(atoms), 3, 3):
        raise _no_born_charges(path, charges.shape, len(atoms))
    return atoms, charges, dielectric if dielectric.any() else None


def has_born_charges(path: Path) -> bool:
    """Whether a vasprun.xml holds Born charges."""
    return _mentions(path, b'name="born_charges"')


def _parsed(path: Path) -> Any:
    """Parsed vasprun.xml."""
    from phonopy.file_IO import get_io_module_to_decompress
    from phonopy.interface.vasp import VasprunxmlExpat

    with (
        reading(path, "a vasprun.xml"),
        get_io_module_to_decompress(path).open(path, "rb") as stream,
    ):
        run = VasprunxmlExpat(stream)
        run.parse()
        return run


def _first_structure(run: Any, path: Path) -> Atoms:
    from ase import Atoms

    with reading(path, "a vasprun.xml with whole structures"):
        whole = len(run.points) > 0 and len(run.lattice) > 0 and bool(run.symbols)
    if not whole or len(run.symbols) != len(run.points[0]):
        raise InputError(
            f"{path} holds no structure.",
            why="It is not a complete vasprun.xml.",
            fix="Give the vasprun.xml of a finished calculation.",
        )
    with reading(path, "a vasprun.xml of known elements"):
        return Atoms(
            symbols=run.symbols, cell=run.lattice[0], scaled_positions=run.points[0], pbc=True
        )


def _mentions(path: Path, word: bytes) -> bool:
    """Whether a file, compressed or not, has a line with a word."""
    from phonopy.file_IO import get_io_module_to_decompress

    with (
        reading(path, "a vasprun.xml"),
        get_io_module_to_decompress(path).open(path, "rb") as stream,
    ):
        return any(word in line for line in stream)


def _no_born_charges(path: Path, shape: tuple[int, ...], n_atoms: int) -> InputError:
    found = f"There are {shape[0]} tensors for {n_atoms} atoms." if len(shape) == 3 else ""
    return InputError(
        f"{path} holds no Born charges of its {n_atoms} atoms.",
        why=found or "VASP writes them with LEPSILON = .TRUE. or LCALCEPS = .TRUE.",
        fix="Give the file of such a calculation.",
    )
