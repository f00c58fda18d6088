"""Irreducible representations of HKUST-1 at Gamma: reticulum against phonopy, in one run.

Force constants are random with the crystal's symmetry: only the labelling is timed. CPU seconds.
"""

from __future__ import annotations

import time

import numpy as np

from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.force_constants import gamma_modes, symmetrise_hessian
from reticulum.phonons.irreps import label_modes
from reticulum.phonons.run import phonopy_of


def symmetric_hessian(symmetry, n_atoms: int) -> np.ndarray:
    """Random Hessian that commutes with every operation, eV/Å²."""
    random = np.random.default_rng(7)
    start = random.normal(size=(3 * n_atoms, 3 * n_atoms))
    start = start @ start.T / n_atoms
    total = np.zeros_like(start)
    for rotation, permutation in zip(
        symmetry.cartesian_rotations, symmetry.permutations, strict=True
    ):
        rows = (3 * permutation[:, None] + np.arange(3)).ravel()
        carried = np.einsum(
            "ij,ajbk,lk->aibl", rotation, start.reshape(n_atoms, 3, n_atoms, 3), rotation
        ).reshape(start.shape)
        total[np.ix_(rows, rows)] += carried
    return symmetrise_hessian(total / symmetry.order)[0]


def main() -> None:
    cell = symmetrised_primitive(read_structure("HKUST-1"))
    hessian = symmetric_hessian(cell.symmetry, len(cell.atoms))
    wavenumbers, eigenvectors = gamma_modes(hessian, cell.atoms.get_masses())

    started = time.process_time()
    labels = label_modes(cell.atoms, wavenumbers, eigenvectors)
    ours = time.process_time() - started

    phonopy = phonopy_of(cell.atoms, 1e-3)
    n_atoms = len(cell.atoms)
    phonopy.force_constants = hessian.reshape(n_atoms, 3, n_atoms, 3).transpose(0, 2, 1, 3)
    started = time.process_time()
    phonopy.set_irreps([0, 0, 0], degeneracy_tolerance=1e-4)
    theirs = time.process_time() - started

    unlabelled = sum(label is None for label in phonopy.irreps._ir_labels)
    print(f"reticulum: {ours:6.2f} s CPU, {labels.n_sets} sets, all labelled: {labels.is_complete}")
    print(f"phonopy:   {theirs:6.2f} s CPU, {unlabelled} sets without label")
    print(f"ratio: {theirs / ours:.0f}")


if __name__ == "__main__":
    main()
