"""Everything after the forces of the Γ phonons of HKUST-1, step by step, beside phonopy's irreps.

    python benchmarks/gamma_analysis.py [RUN]

RUN is a finished run folder of `reticulum phonons`; without it, forces are those of random force
constants with the crystal's symmetry, and charges are made up. CPU seconds of one thread.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import CrystalSymmetry, symmetrised_primitive, symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.born_charges import born_charges_from_flux, charge_flux
from reticulum.phonons.force_constants import (
    gamma_modes,
    hessian_from_phonopy,
    symmetrise_hessian,
)
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.infrared import infrared_lines
from reticulum.phonons.irreps import ModeLabels, label_modes
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import phonopy_of

DISPLACEMENT_A = 0.01

#: Made-up changes of charges, small enough for the sum rule of the Born charges to hold, e.
CHARGE_CHANGE_E = 1e-5


@dataclass(kw_only=True)
class Forces:
    """What a run leaves: displacements, forces, charges at rest and their changes."""

    atoms: Atoms
    dataset: dict[str, Any]
    forces: NDArray[np.float64]
    charges: NDArray[np.float64]
    changes: NDArray[np.float64]


@dataclass(kw_only=True)
class Analysis:
    """Results of the steps, and the CPU seconds of each."""

    seconds: dict[str, float] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        """Do a step and keep its CPU time."""
        started = time.process_time()
        self.results[name] = work()
        self.seconds[name] = time.process_time() - started
        return self.results[name]


def made_up_forces(atoms: Atoms, seed: int = 7) -> Forces:
    """Forces of random force constants that commute with every operation of the crystal."""
    symmetry = symmetry_of(atoms)
    hessian = _symmetric_hessian(symmetry, len(atoms), seed)
    phonopy = phonopy_of(atoms, SYMMETRY_TOLERANCE_A)
    phonopy.generate_displacements(distance=DISPLACEMENT_A)
    entries = phonopy.dataset["first_atoms"]
    forces = [
        -(hessian[:, 3 * entry["number"] : 3 * entry["number"] + 3] @ entry["displacement"])
        for entry in entries
    ]
    random = np.random.default_rng(seed)
    charges = 0.1 * random.normal(size=len(atoms))[symmetry.orbits]
    return Forces(
        atoms=atoms,
        dataset=phonopy.dataset,
        forces=np.array(forces).reshape(len(entries), -1, 3),
        charges=charges - charges.mean(),
        changes=_without_sum(random.normal(size=(len(entries), len(atoms)))),
    )


def stored_forces(run: Path) -> Forces:
    """Forces of a run folder; charges are made up, since its results hold Born charges only."""
    import phonopy

    found = phonopy.load(run / "phonopy_params.yaml", produce_fc=False, log_level=0)
    cell = found.unitcell
    atoms = Atoms(cell.symbols, cell=cell.cell, positions=cell.positions, pbc=True)
    atoms.set_masses(cell.masses)
    made_up = made_up_forces(atoms)
    made_up.dataset = {
        "natom": len(atoms),
        "first_atoms": [
            {"number": entry["number"], "displacement": entry["displacement"]}
            for entry in found.dataset["first_atoms"]
        ],
    }
    made_up.forces = np.array(found.forces)
    random = np.random.default_rng(1).normal(size=(len(found.forces), len(atoms)))
    made_up.changes = _without_sum(random)
    return made_up


def analyse(forces: Forces) -> Analysis:
    """Do all that `reticulum phonons` and `modes` do once the forces are there."""
    done = Analysis()
    atoms = forces.atoms
    masses = atoms.get_masses()
    tolerance = SYMMETRY_TOLERANCE_A

    def force_constants() -> NDArray[np.float64]:
        phonopy = phonopy_of(atoms, tolerance)
        phonopy.dataset = forces.dataset
        phonopy.forces = forces.forces
        phonopy.produce_force_constants(show_drift=False)
        return np.array(phonopy.force_constants)

    def charges() -> Any:
        entries = forces.dataset["first_atoms"]
        flux = charge_flux(
            symmetry,
            [int(entry["number"]) for entry in entries],
            np.array([entry["displacement"] for entry in entries]),
            forces.changes,
        )
        return born_charges_from_flux(atoms, symmetry, forces.charges, flux)

    symmetry = done.step("symmetry", lambda: symmetry_of(atoms, tolerance))
    constants = done.step("force constants (phonopy)", force_constants)
    hessian, quality = done.step(
        "symmetrising", lambda: symmetrise_hessian(hessian_from_phonopy(constants))
    )
    wavenumbers, vectors = done.step("diagonalising", lambda: gamma_modes(hessian, masses))
    born = done.step("Born charges", charges)
    phonons = GammaPhonons(
        atoms=atoms, symmetry=symmetry, hessian_ev_a2=hessian, wavenumbers_cm1=wavenumbers,
        eigenvectors=vectors, n_displacements=len(forces.forces), displacement_a=DISPLACEMENT_A,
        quality=quality, relaxation=None, calculator={"name": "benchmark"}, warnings=(), born=born,
    )  # fmt: skip
    table = done.step("labels and character", lambda: mode_table(phonons))
    done.step("intensities", lambda: infrared_lines(table))
    return done


def parts_of_the_table(phonons: GammaPhonons) -> Analysis:
    """CPU time of what the table of modes is made of, done once more."""
    done = Analysis()
    graph = done.step("bonds", lambda: find_bonds(phonons.atoms))
    done.step("carboxylates", lambda: find_carboxylates(phonons.atoms, graph))
    wavenumbers, vectors = np.array(phonons.wavenumbers_cm1), np.array(phonons.eigenvectors)
    done.step("labels", lambda: label_modes(phonons.atoms, wavenumbers, vectors))
    return done


def phonopy_irreps(phonons: GammaPhonons) -> tuple[float, int, int]:
    """CPU seconds of phonopy's irreps, its sets, and how many of them have no label."""
    phonopy = phonopy_of(phonons.atoms, SYMMETRY_TOLERANCE_A)
    n_atoms = len(phonons.atoms)
    phonopy.force_constants = (
        np.array(phonons.hessian_ev_a2).reshape(n_atoms, 3, n_atoms, 3).transpose(0, 2, 1, 3)
    )
    started = time.process_time()
    phonopy.run_irreps([0, 0, 0], degeneracy_tolerance=1e-4)
    seconds = time.process_time() - started
    labels = phonopy.irreps._ir_labels
    return seconds, len(labels), sum(label is None for label in labels)


def _symmetric_hessian(symmetry: CrystalSymmetry, n_atoms: int, seed: int) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
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
    return np.asarray(symmetrise_hessian(total / symmetry.order)[0])


def _without_sum(changes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(changes - changes.mean(axis=1, keepdims=True)) * CHARGE_CHANGE_E


def main(arguments: Sequence[str]) -> None:
    if arguments:
        forces = stored_forces(Path(arguments[0]))
    else:
        forces = made_up_forces(symmetrised_primitive(read_structure("HKUST-1")).atoms)
    analyse(made_up_forces(symmetrised_primitive(read_structure("calcite")).atoms))
    done = analyse(forces)
    print(f"{forces.atoms.get_chemical_formula()}, {len(forces.atoms)} atoms; CPU seconds")
    for name, seconds in done.seconds.items():
        print(f"  {name:28} {seconds:6.3f}")
    table = done.results["labels and character"]
    parts = parts_of_the_table(table.phonons)
    for name, seconds in parts.seconds.items():
        print(f"    of these: {name:18} {seconds:6.3f}")
    total = sum(done.seconds.values())
    labels: ModeLabels = table.labels
    print(f"reticulum, everything: {total:6.2f} s, {labels.n_sets} sets, all labelled: "
          f"{labels.is_complete}")  # fmt: skip
    theirs, n_sets, unlabelled = phonopy_irreps(table.phonons)
    print(f"phonopy, irreps only:  {theirs:6.2f} s, {n_sets} sets, {unlabelled} without label")
    print(f"ratio to everything: {theirs / total:.0f}; to our labels alone: "
          f"{theirs / parts.seconds['labels']:.0f}")  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1:])
