"""Gamma phonons: the result of a run, and reading it back from a run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.born_charges import BornCharges
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.force_constants import (
    ForceConstantQuality,
    gamma_modes,
    hessian_from_phonopy,
    symmetrise_hessian,
)
from reticulum.phonons.formats.force_files import force_constants_from_sets
from reticulum.phonons.formats.phonopy_cell import to_ase
from reticulum.phonons.formats.phonopy_yaml import forces_in, phonopy_of_yaml, read_phonopy_yaml
from reticulum.provenance import read_json

if TYPE_CHECKING:
    from ase import Atoms


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaPhonons:
    """Harmonic vibrations of a crystal at Gamma.

    Parameters
    ----------
    atoms
        Primitive cell at which forces were differentiated.
    symmetry
        Its space group and operations.
    hessian_ev_a2
        (3n, 3n), eV/Å², symmetric and free of translations.
    wavenumbers_cm1
        (3n,), ascending; imaginary modes negative.
    eigenvectors
        (3n, 3n) mass-weighted, orthonormal columns.
    n_displacements
        Displaced structures that were needed; None if the force constants came from elsewhere.
    displacement_a
        Their length, Å; None likewise.
    quality
        How far the raw force constants broke their laws; None likewise.
    relaxation
        End of the relaxation; None if there was none.
    calculator
        Name and state of the calculator in words.
    warnings
        Sentences for the user.
    tolerance_a
        Distance within which atoms count as symmetry-equivalent, Å.
    born
        Born charges; None if there are none.

    """

    atoms: Atoms
    symmetry: CrystalSymmetry
    hessian_ev_a2: NDArray[np.float64]
    wavenumbers_cm1: NDArray[np.float64]
    eigenvectors: NDArray[np.float64]
    n_displacements: int | None
    displacement_a: float | None
    quality: ForceConstantQuality | None
    relaxation: dict[str, Any] | None
    calculator: dict[str, Any]
    warnings: tuple[str, ...]
    tolerance_a: float = SYMMETRY_TOLERANCE_A
    born: BornCharges | None = None

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        size = 3 * len(self.atoms)
        if self.hessian_ev_a2.shape != (size, size) or self.eigenvectors.shape != (size, size):
            raise ValueError("the Hessian and the eigenvectors must be (3n, 3n)")
        if self.born is not None and len(self.born.charges_e) != len(self.atoms):
            raise ValueError("Born charges belong to another number of atoms")
        for array in (self.hessian_ev_a2, self.wavenumbers_cm1, self.eigenvectors):
            array.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON (without the matrices)."""
        return {
            "formula": self.atoms.get_chemical_formula(),
            "n_atoms": len(self.atoms),
            "space_group": self.symmetry.symbol,
            "space_group_number": self.symmetry.number,
            "n_displacements": self.n_displacements,
            "displacement_a": self.displacement_a,
            "raw_force_constants": None if self.quality is None else self.quality.to_dict(),
            "relaxation": self.relaxation,
            "calculator": self.calculator,
            "wavenumbers_cm1": self.wavenumbers_cm1.tolist(),
            "warnings": list(self.warnings),
            "born_charges": None if self.born is None else self.born.to_dict(),
        }


def load_gamma_phonons(path: Path) -> GammaPhonons:
    """Gamma phonons of a finished run folder.

    Parameters
    ----------
    path
        The run folder.

    Raises
    ------
    InputError
        If it is not a run folder, or its phonons are not finished.

    """
    identity = RunFolder.identity_of(path)
    folder = RunFolder(path)
    summary_file = path / "phonons.json"
    if not folder.phonopy_file.is_file() or not summary_file.is_file():
        raise InputError(
            f"The run in {path} is not finished: it has no force constants yet.",
            why="It was interrupted before its last displacement.",
            fix="Run the command that made it again; finished calculations are kept.",
        )
    summary = read_json(summary_file)
    if not (isinstance(summary, dict) and "raw_force_constants" in summary):
        raise InputError(
            f"{summary_file} does not describe phonons.",
            why="It has no entry 'raw_force_constants'.",
            fix="Run the command that made it again; finished calculations are kept.",
        )
    try:
        tolerance = float(identity.get("symprec (Å)", SYMMETRY_TOLERANCE_A))
        quality = ForceConstantQuality.from_dict(summary["raw_force_constants"])
        born = BornCharges.from_dict(summary.get("born_charges"))
        warnings = tuple(str(sentence) for sentence in summary.get("warnings", ()))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{summary_file} or run.json beside it is damaged.",
            why=f"An entry is missing or of another kind ({type(error).__name__}: {error}).",
            fix="Run the command that made it again; finished calculations are kept.",
        ) from error
    atoms, force_constants = read_phonopy_file(folder.phonopy_file)
    hessian, _ = symmetrise_hessian(hessian_from_phonopy(force_constants))
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
    return GammaPhonons(
        atoms=atoms,
        symmetry=symmetry_of(atoms, tolerance),
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=eigenvectors,
        n_displacements=summary.get("n_displacements"),
        displacement_a=summary.get("displacement_a"),
        quality=quality,
        relaxation=summary.get("relaxation"),
        calculator=summary.get("calculator", {}),
        warnings=warnings,
        tolerance_a=tolerance,
        born=born,
    )


def read_phonopy_file(path: Path) -> tuple[Atoms, NDArray[np.float64]]:
    """Structure and force constants of a phonopy YAML file whose supercell is the primitive cell.

    Parameters
    ----------
    path
        ``phonopy_params.yaml``.

    Returns
    -------
    tuple
        Primitive cell and (n, n, 3, 3) force constants, eV/Å².

    Raises
    ------
    InputError
        If the file is damaged or holds no force constants.

    """
    try:
        content = read_phonopy_yaml(path)
        tolerance = content.tolerance_a or SYMMETRY_TOLERANCE_A
        phonopy = phonopy_of_yaml(content, tolerance)
        if not forces_in(content) or len(phonopy.supercell) != len(phonopy.primitive):
            raise InputError(
                f"{path} holds no force constants of the primitive cell.",
                why="Only Gamma phonons of a single cell are handled.",
            )
        constants = force_constants_from_sets(phonopy, content.data.dataset, path, tolerance)
    except InputError as error:
        raise InputError(
            error.what,
            why=error.why,
            fix="Delete it and run the command that made it again; stored forces are kept.",
        ) from error
    return to_ase(phonopy.primitive), np.array(constants.force_constants_ev_a2)
