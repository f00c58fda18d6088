"""A crystal whose cubic and quartic couplings are known: polynomial in its normal coordinates.

The harmonic part is that of the copper formate of springs (18 atoms of four elements, P4/mmm, with
degenerate pairs). Random cubic and quartic terms among some sets of modes are averaged over the
space group, so that the crystal keeps it. Energy and forces are analytic.
"""

from __future__ import annotations

import itertools

import numpy as np
from ase.calculators.calculator import Calculator, all_changes

from models.memory_runner import MemoryRunner
from reticulum.engines.build import Engine
from reticulum.engines.executor import ForceRunner
from reticulum.engines.store import ForceStore
from reticulum.frameworks.symmetry import PrimitiveCell, symmetry_of
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import Run, phonons_at
from reticulum.phonons.symmetry_adapted import images
from reticulum.units import EV_TO_CM1, HBAR2_OVER_2U_A2_CM1


def lengths_of(wavenumbers_cm1):
    """Mass-weighted displacement that is q = 1, Å√u."""
    return np.sqrt(2.0 * HBAR2_OVER_2U_A2_CM1 / np.asarray(wavenumbers_cm1))


class AnharmonicCrystal(Calculator):
    """Potential ½ u H u + Σ φ q q q/6 + Σ φ q q q q/24 around a structure.

    `modes` are the vectors of the coordinates q (3n, m), `wavenumbers` theirs (m,), `sets` the
    numbers of their sets in the mode table of the harmonic crystal, one for each mode.
    """

    implemented_properties = ("energy", "forces")

    def __init__(self, phonons, number_of_sets, *, cubic_cm1, quartic_cm1, seed=1, **kwargs):
        super().__init__(**kwargs)
        table = mode_table(phonons)
        self.atoms_at_rest = phonons.atoms.copy()
        self.hessian = np.array(phonons.hessian_ev_a2)
        self.roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
        members = [table.labels.sets[number] for number in number_of_sets]
        self.modes = np.array(table.labels.eigenvectors[:, np.concatenate(members)])
        self.wavenumbers = np.array(table.labels.mode_wavenumbers_cm1[np.concatenate(members)])
        self.sets = np.repeat(number_of_sets, [len(m) for m in members])
        representation = np.array(
            [self.modes.T @ image for image in images(phonons.symmetry, self.modes)]
        )
        random = np.random.default_rng(seed)
        self.cubic = symmetric_tensor(random, 3, representation, cubic_cm1)
        self.quartic = symmetric_tensor(random, 4, representation, quartic_cm1)
        self.parameters["model"] = f"anharmonic crystal {seed} {cubic_cm1} {quartic_cm1}"
        self.calls = 0

    def turned(self, rotation):
        """The same crystal in another orientation."""
        other = object.__new__(AnharmonicCrystal)
        other.__dict__.update(self.__dict__)
        other.atoms_at_rest = self.atoms_at_rest.copy()
        other.atoms_at_rest.set_cell(self.atoms_at_rest.cell[:] @ rotation.T, scale_atoms=True)
        turn = np.kron(np.eye(len(self.atoms_at_rest)), rotation)
        other.hessian = turn @ self.hessian @ turn.T
        other.modes = turn @ self.modes
        other.results = {}
        other.calls = 0
        return other

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        u = (self.atoms.positions - self.atoms_at_rest.positions).ravel()
        scale = self.modes / lengths_of(self.wavenumbers)
        q = scale.T @ (u * self.roots)
        third = self.cubic @ q @ q
        fourth = self.quartic @ q @ q @ q
        harmonic = self.hessian @ u
        self.results["energy"] = 0.5 * u @ harmonic + q @ (third / 6.0 + fourth / 24.0) / EV_TO_CM1
        by_q = (third / 2.0 + fourth / 6.0) / EV_TO_CM1
        self.results["forces"] = -(harmonic + self.roots * (scale @ by_q)).reshape(-1, 3)

    def in_basis(self, vectors, wavenumbers_cm1):
        """Matrix (m, n) that gives the model's q from those of other normal coordinates."""
        return (self.modes.T @ vectors) * (
            lengths_of(wavenumbers_cm1)[None, :] / lengths_of(self.wavenumbers)[:, None]
        )


def symmetric_tensor(random, order, representation, size):
    """Random tensor that neither exchanging indices nor an operation of the group changes."""
    n = representation.shape[1]
    tensor = random.normal(size=(n,) * order)
    tensor = sum(tensor.transpose(p) for p in itertools.permutations(range(order)))
    letters = "abcd"[:order]
    formula = letters + "".join(f",{new}{old}" for new, old in zip("wxyz", letters, strict=False))
    total = np.zeros_like(tensor)
    for matrix in representation:
        total += np.einsum(f"{formula}->{'wxyz'[:order]}", tensor, *[matrix] * order, optimize=True)
    return size * total / np.sqrt(np.mean(total[np.abs(total) > 1e-9] ** 2))


def run_at_rest(crystal, folder, *, displacement_a=0.002, stored=False):
    """(open run without a lock, phonons) of a model crystal as it stands, in its own frame.

    Forces are kept in memory, or on disk if they are to be `stored`.
    """
    atoms = crystal.atoms_at_rest
    engine = Engine.from_ase(crystal)
    folder.mkdir(parents=True, exist_ok=True)
    place = RunFolder(folder)
    run = Run(
        label="model",
        primitive=PrimitiveCell(
            atoms=atoms,
            symmetry=symmetry_of(atoms),
            conventional=np.eye(3, dtype=np.int64),
            warning="",
        ),
        engine=engine,
        options=PhononOptions(relax=False, displacement_a=displacement_a),
        folder=place,
        runner=ForceRunner(engine, ForceStore(place.forces_file))
        if stored
        else MemoryRunner(engine),
    )
    return run, phonons_at(run, atoms, relaxation=None, folder=place)
