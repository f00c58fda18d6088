"""Crystals of springs with a second well of a metal-oxygen bond: they have a loose state."""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from spring_models import SpringCrystal


def well(length, depth_ev, place_a, width_a):
    """Energy (eV) and slope (eV/Å) of a Gaussian well."""
    away = (length - place_a) / width_a
    energy = -depth_ev * np.exp(-(away**2))
    return energy, -2.0 * away / width_a * energy


class DoubleWellCrystal(SpringCrystal):
    """Copper formate with a Gaussian well in every Cu-O bond.

    In its second minimum the oxygen atom leaves the plane of its formate: within the symmetry that
    an elongated bond keeps, the second minimum is a saddle.
    """

    #: Depth (eV), place (Å) and half width at 1/e (Å) of the second well.
    second_well = (0.60, 2.35, 0.12)

    def __init__(self, reference=None, **kwargs):
        super().__init__(reference, **kwargs)
        self.parameters["model"] = (
            f"springs of copper formate with second wells, {self.second_well}"
        )
        self.copper_oxygen = None

    def energy_and_forces(self, positions, cell):
        """Energy (eV) and forces (eV/Å) at any positions."""
        energy, forces = super().energy_and_forces(positions, cell)
        if self.copper_oxygen is None:
            symbols = np.array(self.atoms.get_chemical_symbols())
            pairs = np.sort(np.stack([symbols[self.i], symbols[self.j]]), axis=0)
            self.copper_oxygen = self.morse & (pairs[0] == "Cu") & (pairs[1] == "O")
        i, j = self.i[self.copper_oxygen], self.j[self.copper_oxygen]
        apart = positions[j] + self.shift[self.copper_oxygen] @ cell - positions[i]
        length = np.linalg.norm(apart, axis=1)
        extra, slope = well(length, *self.second_well)
        along = (slope / length)[:, None] * apart
        np.add.at(forces, i, along)
        np.add.at(forces, j, -along)
        return energy + float(extra.sum()), forces


def formate_chain() -> Atoms:
    """Zinc formate without symmetry: five atoms, each oxygen atom on one zinc atom."""
    positions = [
        (-2.00, 0.20, 2.51),
        (0.00, 0.00, 0.00),
        (-0.60, 0.00, 1.115),
        (-0.60, 0.00, -1.115),
        (1.10, 0.00, 0.00),
    ]
    cell = [(6.2, 0.0, 0.3), (0.2, 4.9, 0.0), (0.0, 0.4, 5.02)]
    return Atoms("ZnCO2H", positions=positions, cell=cell, pbc=True)


class ChainOfSprings(Calculator):
    """Springs at rest in `formate_chain` between all atoms within 5.8 Å; second well in one Zn-O.

    Nothing is under strain in the tight structure, so that its energy is zero or nearly so.
    """

    implemented_properties = ("energy", "forces")

    #: Depth (eV), place (Å) and half width at 1/e (Å) of the second well; None: one well only.
    second_well = (0.25, 2.42, 0.12)

    def __init__(self, *, second_well=second_well, **kwargs):
        super().__init__(**kwargs)
        self.second_well = second_well
        self.parameters["model"] = f"springs of zinc formate, {second_well}"
        self.calls = 0
        self.rest = None

    def springs(self, atoms):
        """Make the springs, at rest in a structure."""
        i, j, d, s = neighbor_list("ijdS", atoms, 5.8)
        keep = [(a, *t) < (b, *(-t)) for a, b, t in zip(i, j, s, strict=True)]
        self.i, self.j, self.rest, self.shift = i[keep], j[keep], d[keep], s[keep]
        metal = (atoms.numbers[self.i] == 30) | (atoms.numbers[self.j] == 30)
        self.stiffness = np.where(metal, 0.25, 0.6) + 0.01 * self.rest
        self.stiffness[~metal & (self.rest < 2.4)] = 6.0
        self.stiffness[~metal & (self.rest < 1.6)] = 25.0
        bonds = metal & (self.rest < 2.2)
        self.stiffness[bonds] = 3.0
        self.loose = np.flatnonzero(bonds)[:1]  # one of the two bonds may open

    def energy_and_forces(self, positions, cell):
        """Energy (eV) and forces (eV/Å) at any positions."""
        apart = positions[self.j] + self.shift @ cell - positions[self.i]
        length = np.linalg.norm(apart, axis=1)
        stretch = length - self.rest
        energy = 0.5 * float(self.stiffness @ stretch**2)
        slope = self.stiffness * stretch
        if self.second_well is not None:
            extra, more = well(length[self.loose], *self.second_well)
            energy += float(extra.sum())
            slope[self.loose] += more
        along = (slope / length)[:, None] * apart
        forces = np.zeros_like(positions)
        np.add.at(forces, self.i, along)
        np.add.at(forces, self.j, -along)
        return energy, forces

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        if self.rest is None:
            self.springs(self.atoms)
        self.results["energy"], self.results["forces"] = self.energy_and_forces(
            self.atoms.positions, self.atoms.cell[:]
        )
