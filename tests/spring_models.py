"""A copper formate crystal of springs: exact energies and forces in microseconds.

The paddlewheel Cu2(HCOO)4 stands in a tetragonal box and touches its neighbours through weak
springs between hydrogen atoms. Bonds are Morse oscillators, 1-3 contacts harmonic springs; each
spring carries the lattice vector that it crosses, so the model is that of a crystal.
"""

from __future__ import annotations

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from exact.carboxylate_molecules import paddlewheel

#: Length of the box, Å: hydrogen atoms of neighbours are then 2.2 Å apart.
BOX_A = 9.6

#: Bonds: elements -> well depth (eV), steepness (1/Å), rest length (Å), reach (Å).
MORSE = {
    ("C", "O"): (7.0, 2.3, 1.26, 1.6),
    ("C", "H"): (5.0, 1.8, 1.10, 1.4),
    ("Cu", "O"): (2.2, 1.6, 1.95, 2.3),
}

#: Springs: elements -> constant (eV/Å²), reach from and to (Å); at rest in the starting geometry.
SPRINGS = {
    ("O", "O"): (6.0, 1.8, 3.0),
    ("C", "Cu"): (1.5, 2.3, 3.2),
    ("Cu", "Cu"): (2.0, 2.0, 3.0),
    ("H", "O"): (3.5, 1.7, 2.6),
    ("Cu", "H"): (1.0, 3.0, 4.6),
    ("H", "H"): (0.3, 1.5, 2.6),
    ("C", "O far"): (0.4, 2.6, 3.6),
}


def spring_crystal():
    """Starting structure: 18 atoms, P4/mmm, not yet at rest."""
    return paddlewheel(BOX_A, centre=(0.3, 0.4, 0.5))


def springs_of(atoms):
    """(i, j, lattice vector, kind, three parameters) of every spring, each once."""
    first, second, distance, shift = neighbor_list("ijdS", atoms, 4.7)
    symbols = atoms.get_chemical_symbols()
    rows = []
    for i, j, d, s in zip(first, second, distance, shift, strict=True):
        if (i, *s) > (j, *(-s)):
            continue
        pair = tuple(sorted((symbols[i], symbols[j])))
        if pair in MORSE and d < MORSE[pair][3]:
            rows.append((i, j, s, 0, *MORSE[pair][:3]))
            continue
        for name, (constant, low, high) in SPRINGS.items():
            if tuple(word.split()[0] for word in name) == pair and low < d < high:
                rows.append((i, j, s, 1, constant, 0.0, d))
    return rows


class SpringCrystal(Calculator):
    """Energy, forces and stress of the springs of a reference structure."""

    implemented_properties = ("energy", "forces")

    def __init__(self, reference=None, **kwargs):
        super().__init__(**kwargs)
        self.parameters["model"] = "springs of copper formate, 1"
        self.reference = spring_crystal() if reference is None else reference
        self.calls = 0
        self.rows = None

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        if self.rows is None:
            # Springs of the first structure seen, with rest lengths of the ideal molecule.
            self.rows = springs_of(self.atoms)
            self.i = np.array([row[0] for row in self.rows])
            self.j = np.array([row[1] for row in self.rows])
            self.shift = np.array([row[2] for row in self.rows])
            self.morse = np.array([row[3] == 0 for row in self.rows])
            self.a, self.b, self.rest = np.array([row[4:] for row in self.rows]).T
        energy, forces = self.energy_and_forces(self.atoms.positions, self.atoms.cell[:])
        self.results["energy"], self.results["forces"] = energy, forces

    def energy_and_forces(self, positions, cell):
        """Energy (eV) and forces (eV/Å) at any positions."""
        apart = positions[self.j] + self.shift @ cell - positions[self.i]
        length = np.linalg.norm(apart, axis=1)
        stretch = length - self.rest
        fall = np.exp(-self.b * stretch)
        energy = np.where(self.morse, self.a * (1 - fall) ** 2, 0.5 * self.a * stretch**2)
        slope = np.where(self.morse, 2 * self.a * self.b * fall * (1 - fall), self.a * stretch)
        along = (slope / length)[:, None] * apart
        forces = np.zeros_like(positions)
        np.add.at(forces, self.i, along)
        np.add.at(forces, self.j, -along)
        return float(energy.sum()), forces
