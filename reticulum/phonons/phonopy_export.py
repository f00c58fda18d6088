"""Force constants of Gamma as files of phonopy.

Only Gamma of them has a meaning: the force constants of the primitive cell are sums over all
images, so that other wave vectors, and anything made from them, would be wrong.
"""

from __future__ import annotations

import lzma
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reticulum.phonons.formats.phonopy_cell import to_phonopy

if TYPE_CHECKING:
    from reticulum.phonons.gamma import GammaPhonons


def phonopy_object(phonons: GammaPhonons, *, with_born: bool = False) -> Any:
    """Phonopy object of the primitive cell with the force constants of Gamma.

    Parameters
    ----------
    phonons
        Gamma phonons.
    with_born
        Give it Born charges and ε∞ too, where both are known. Its modes are then still those
        without the field of LO modes, at Gamma itself.

    """
    from phonopy import Phonopy
    from phonopy.physical_units import get_calculator_physical_units

    n_atoms = len(phonons.atoms)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        phonopy = Phonopy(
            to_phonopy(phonons.atoms),
            supercell_matrix=np.eye(3, dtype=int),
            primitive_matrix="P",
            symprec=phonons.tolerance_a,
        )
    blocks = np.array(phonons.hessian_ev_a2).reshape(n_atoms, 3, n_atoms, 3)
    phonopy.force_constants = np.ascontiguousarray(blocks.transpose(0, 2, 1, 3))
    born = phonons.born
    if with_born and born is not None and born.dielectric is not None:
        phonopy.nac_params = {
            "born": np.array(born.charges_e),
            "dielectric": np.array(born.dielectric),
            "factor": get_calculator_physical_units().nac_factor,
        }
    return phonopy


def write_phonopy_yaml(phonons: GammaPhonons, path: Path) -> None:
    """Write a phonopy YAML file with cell, force constants and, with ε∞, Born charges.

    Parameters
    ----------
    phonons
        Gamma phonons.
    path
        The file; compressed if it ends in .xz.

    """
    phonopy = phonopy_object(phonons, with_born=True)
    plain = path.with_name(path.name.removesuffix(".xz"))
    phonopy.save(
        filename=str(plain),
        settings={"force_constants": True, "force_sets": False, "displacements": False},
    )
    if plain != path:
        path.write_bytes(lzma.compress(plain.read_bytes()))


def write_force_constants(phonons: GammaPhonons, path: Path) -> None:
    """Write FORCE_CONSTANTS of the primitive cell."""
    from phonopy.file_IO import write_FORCE_CONSTANTS

    write_FORCE_CONSTANTS(phonopy_object(phonons).force_constants, filename=path)


def write_v_sim(phonons: GammaPhonons, path: Path) -> None:
    """Write all modes in the ASCII format of v_sim, by phonopy, wavenumbers in THz.

    Partners of degenerate sets are another choice than in the table.
    """
    phonopy_object(phonons).write_animation(anime_type="v_sim", filename=path)
