"""Labels of Gamma modes: degenerate sets, Mulliken symbols, activities, acoustic modes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.point_group import Representation, irreducible_representations
from reticulum.phonons.symmetry_adapted import SymmetrySet, project, split_cluster
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Modes closer than this are first taken as one set and then split by symmetry, cm⁻¹. Partners
#: from symmetrised force constants agree within 1e-6 cm⁻¹; forces of finite accuracy spoil that.
DEGENERACY_TOLERANCE_CM1 = 0.05

#: At least this part of each uniform translation must lie in the modes taken as acoustic.
ACOUSTIC_OVERLAP = 0.9

#: Eigenvectors whose scalar products differ from the unit matrix by more are refused.
_ORTHONORMALITY_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeLabels:
    """Degenerate sets of Gamma modes with their symmetry, in the order of wavenumber.

    Attributes
    ----------
    point_group
        International symbol of the crystal class.
    sets
        Indices of the modes of each set, into the columns of `eigenvectors`.
    labels
        Mulliken symbol of each set, or None where it cannot be told.
    reasons
        Why a set has no label; empty for the others.
    dimensions
        Number of modes of each set, shape (n_sets,).
    wavenumbers_cm1
        Wavenumber of each set, shape (n_sets,), cm⁻¹, imaginary negative.
    infrared_active, raman_active
        Whether symmetry allows the set to absorb or scatter light, shape (n_sets,). Uniform
        translations change neither dipole nor polarisability and are not active. A set without
        label is active if it contains an active representation.
    acoustic
        Whether the set is made of uniform translations, shape (n_sets,).
    mode_wavenumbers_cm1
        Wavenumber of each mode, that of its set, shape (n_modes,), cm⁻¹.
    eigenvectors
        Symmetry-adapted, orthonormal, mass-weighted eigenvectors, shape (3 n_atoms, n_modes);
        they span the same spaces as the modes that were given.
    expected
        How often each representation occurs among all 3 n_atoms displacements, counted from the
        characters of the permutations, without any eigenvector.

    """

    point_group: str
    sets: tuple[NDArray[np.int64], ...]
    labels: tuple[str | None, ...]
    reasons: tuple[str, ...]
    dimensions: NDArray[np.int64]
    wavenumbers_cm1: NDArray[np.float64]
    infrared_active: NDArray[np.bool_]
    raman_active: NDArray[np.bool_]
    acoustic: NDArray[np.bool_]
    mode_wavenumbers_cm1: NDArray[np.float64]
    eigenvectors: NDArray[np.float64]
    expected: dict[str, int]

    def __post_init__(self) -> None:
        n_sets = len(self.sets)
        n_modes = len(self.mode_wavenumbers_cm1)
        if len(self.labels) != n_sets or len(self.reasons) != n_sets:
            raise ValueError("labels and reasons must have one entry per set")
        for name in (
            "dimensions",
            "wavenumbers_cm1",
            "infrared_active",
            "raman_active",
            "acoustic",
        ):
            if getattr(self, name).shape != (n_sets,):
                raise ValueError(f"{name} must have the shape ({n_sets},)")
            getattr(self, name).setflags(write=False)
        if self.eigenvectors.shape != (n_modes, n_modes):
            raise ValueError(f"eigenvectors must have the shape ({n_modes}, {n_modes})")
        if sum(len(members) for members in self.sets) != n_modes:
            raise ValueError("the sets must contain every mode once")
        for array in (*self.sets, self.mode_wavenumbers_cm1, self.eigenvectors):
            array.setflags(write=False)

    @property
    def n_sets(self) -> int:
        """Number of sets."""
        return len(self.sets)

    @property
    def set_of_mode(self) -> NDArray[np.int64]:
        """Number of the set of each mode, shape (n_modes,)."""
        numbers = np.empty(len(self.mode_wavenumbers_cm1), dtype=np.int64)
        for number, members in enumerate(self.sets):
            numbers[members] = number
        return numbers

    @property
    def counts(self) -> dict[str, int]:
        """How many sets carry each label, in the order of `expected`."""
        return {label: self.labels.count(label) for label in self.expected}

    @property
    def is_complete(self) -> bool:
        """Whether every set has a label and the counts are those of group theory."""
        return None not in self.labels and self.counts == self.expected

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON (without the eigenvectors)."""
        return {
            "point_group": self.point_group,
            "expected": dict(self.expected),
            "sets": [
                {
                    "modes": self.sets[number].tolist(),
                    "wavenumber_cm1": float(self.wavenumbers_cm1[number]),
                    "label": self.labels[number],
                    "reason": self.reasons[number],
                    "infrared_active": bool(self.infrared_active[number]),
                    "raman_active": bool(self.raman_active[number]),
                    "acoustic": bool(self.acoustic[number]),
                }
                for number in range(self.n_sets)
            ],
        }


def label_modes(
    atoms: Atoms,
    wavenumbers_cm1: NDArray[np.float64],
    eigenvectors: NDArray[np.float64],
    *,
    symprec: float = SYMMETRY_TOLERANCE_A,
    degeneracy_tolerance_cm1: float = DEGENERACY_TOLERANCE_CM1,
) -> ModeLabels:
    """Degenerate sets of Gamma modes and their irreducible representations.

    Modes closer than the tolerance form a cluster. The projectors
    P_Γ = d_Γ/(g n_Γ) Σ_R χ_Γ(R) D(R) split each cluster into representations (n_Γ is 2 for pairs
    of complex conjugates, else 1), and several copies of one representation are separated such
    that the dynamical matrix stays diagonal. So every set is one representation, also where
    different ones are degenerate by accident. Acoustic modes are told by their overlap with the
    uniform translations, not by their wavenumber.

    Parameters
    ----------
    atoms
        Primitive cell at which the modes were computed, with its masses. Not changed.
    wavenumbers_cm1
        All wavenumbers, ascending, imaginary negative, shape (3 n_atoms,), cm⁻¹.
    eigenvectors
        Orthonormal mass-weighted eigenvectors as columns, real, shape (3 n_atoms, 3 n_atoms).
    symprec
        Distance within which atoms count as equivalent, Å.
    degeneracy_tolerance_cm1
        Largest gap between neighbours of one cluster, cm⁻¹.

    Returns
    -------
    ModeLabels
        Sets in the order of wavenumber. A set whose symmetry cannot be told has the label None
        and a reason, for instance when the force constants lack the symmetry of the structure.

    Raises
    ------
    InputError
        If the cell is not primitive, no space group is found, symmetry-equivalent atoms have
        different masses, or the modes are not a complete orthonormal set in ascending order.
    CalculationError
        If the uniform translations are not modes (the acoustic sum rule is broken).

    """
    _check_modes(atoms, wavenumbers_cm1, eigenvectors)
    symmetry = symmetry_of(atoms, symprec)
    representations = irreducible_representations(atoms, symprec, symmetry)
    masses = atoms.get_masses()
    _check_masses(symmetry, masses)
    eigenvalues = np.sign(wavenumbers_cm1) * (wavenumbers_cm1 / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    projected = project(symmetry, representations, eigenvectors)
    translations = np.kron(np.sqrt(masses / masses.sum())[:, None], np.eye(3))

    found: list[SymmetrySet] = []
    clusters = _clusters(wavenumbers_cm1, eigenvectors, translations, degeneracy_tolerance_cm1)
    for number, members in enumerate(clusters):
        vectors = eigenvectors[:, members]
        blocks = [vectors.T @ image[:, members] for image in projected]
        if number == 0:
            uniform, rest = _acoustic_space(translations.T @ vectors)
            spaces = [(uniform, True), (rest, False)]
        else:
            spaces = [(np.eye(len(members)), False)]
        for space, acoustic in spaces:
            found += split_cluster(
                symmetry,
                representations,
                vectors=vectors @ space,
                dynamical=space.T @ (eigenvalues[members][:, None] * space),
                projectors=[space.T @ block @ space for block in blocks],
                acoustic=acoustic,
            )
    found.sort(key=lambda entry: entry.eigenvalue)
    return _assemble(symmetry, representations, found)


def _check_modes(
    atoms: Atoms, wavenumbers_cm1: NDArray[np.float64], eigenvectors: NDArray[np.float64]
) -> None:
    size = 3 * len(atoms)
    if np.iscomplexobj(eigenvectors):
        raise InputError(
            "The eigenvectors are complex.",
            why="Modes at Gamma can be taken real, and real ones are expected here.",
            fix="Diagonalise the real dynamical matrix of Gamma.",
        )
    if wavenumbers_cm1.shape != (size,) or eigenvectors.shape != (size, size):
        raise InputError(
            f"There are {wavenumbers_cm1.shape} wavenumbers and {eigenvectors.shape} components "
            f"of eigenvectors for {len(atoms)} atoms.",
            why=f"All {size} modes are needed to split degenerate sets.",
            fix="Give all modes of the primitive cell, one column per mode.",
        )
    if np.any(np.diff(wavenumbers_cm1) < 0.0):
        raise InputError(
            "The wavenumbers are not in ascending order.",
            why="Degenerate modes must be neighbours.",
            fix="Sort the modes by wavenumber, imaginary ones negative and first.",
        )
    deviation = float(np.abs(eigenvectors.T @ eigenvectors - np.eye(size)).max())
    if not deviation <= _ORTHONORMALITY_TOLERANCE:
        raise InputError(
            f"The eigenvectors are not orthonormal (deviation {deviation:.3g}).",
            why="Symmetry acts on mass-weighted orthonormal eigenvectors.",
            fix="Give mass-weighted eigenvectors, not Cartesian displacements.",
        )


def _check_masses(symmetry: CrystalSymmetry, masses: NDArray[np.float64]) -> None:
    if np.any(masses[symmetry.permutations] != masses):
        raise InputError(
            "Symmetry-equivalent atoms have different masses.",
            why="The isotopes lower the symmetry of the modes below that of the structure.",
            fix="Give equivalent atoms one mass.",
        )


def _clusters(
    wavenumbers_cm1: NDArray[np.float64],
    eigenvectors: NDArray[np.float64],
    translations: NDArray[np.float64],
    tolerance_cm1: float,
) -> list[NDArray[np.int64]]:
    """Clusters of neighbouring modes; the first holds the modes nearest to translations."""
    overlaps = np.sum((translations.T @ eigenvectors) ** 2, axis=0)
    uniform = np.argsort(-overlaps, kind="stable")[:3]
    starts = np.flatnonzero(np.diff(wavenumbers_cm1) > tolerance_cm1) + 1
    clusters = np.split(np.arange(len(wavenumbers_cm1)), starts)
    joined = [members for members in clusters if np.isin(uniform, members).any()]
    others = [members for members in clusters if not np.isin(uniform, members).any()]
    return [np.concatenate(joined), *others]


def _acoustic_space(
    overlaps: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Acoustic part of a cluster and the rest, from overlaps with translations (3, n_modes)."""
    _, singular, rows = np.linalg.svd(overlaps, full_matrices=True)
    worst = float(singular[2] ** 2)
    if worst < ACOUSTIC_OVERLAP:
        raise CalculationError(
            f"Only {worst:.0%} of a uniform translation is found in the modes nearest to it.",
            why="The force constants break the acoustic sum rule, so that translations of the "
            "crystal mix with vibrations.",
            fix="Symmetrise the force constants, or compute forces with a tighter accuracy.",
        )
    return rows[:3].T, rows[3:].T


def _assemble(
    symmetry: CrystalSymmetry,
    representations: Sequence[Representation],
    found: Sequence[SymmetrySet],
) -> ModeLabels:
    sizes = np.array([entry.vectors.shape[1] for entry in found], dtype=np.int64)
    eigenvalues = np.array([entry.eigenvalue for entry in found])
    wavenumbers = np.sign(eigenvalues) * np.sqrt(np.abs(eigenvalues)) * SQRT_EV_PER_U_A2_TO_CM1
    fixed = np.sum(
        symmetry.permutations == np.arange(symmetry.permutations.shape[1]), axis=1
    ) * np.trace(symmetry.rotations, axis1=1, axis2=2)
    return ModeLabels(
        point_group=symmetry.point_group.strip(),
        sets=tuple(np.split(np.arange(sizes.sum()), np.cumsum(sizes)[:-1])),
        labels=tuple(entry.label for entry in found),
        reasons=tuple(entry.reason for entry in found),
        dimensions=sizes,
        wavenumbers_cm1=wavenumbers,
        infrared_active=np.array([entry.infrared_active for entry in found]),
        raman_active=np.array([entry.raman_active for entry in found]),
        acoustic=np.array([entry.acoustic for entry in found]),
        mode_wavenumbers_cm1=np.repeat(wavenumbers, sizes),
        eigenvectors=np.hstack([entry.vectors for entry in found]),
        expected={entry.label: entry.multiplicity(fixed) for entry in representations},
    )
