"""Copper formate of springs whose Cu-O bonds have a second well: a crystal with a loose state."""

from __future__ import annotations

import numpy as np
from spring_models import SpringCrystal


class DoubleWellCrystal(SpringCrystal):
    """`SpringCrystal` with a Gaussian well at a longer Cu-O distance."""

    #: Depth (eV), place (Å) and half width at 1/e (Å) of the second well.
    depth_ev, place_a, width_a = 0.72, 2.30, 0.09

    def __init__(self, reference=None, **kwargs):
        super().__init__(reference, **kwargs)
        self.parameters["model"] = f"springs with a second well, {self.depth_ev}"
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
        away = (length - self.place_a) / self.width_a
        well = self.depth_ev * np.exp(-(away**2))
        slope = 2.0 * away / self.width_a * well
        along = (slope / length)[:, None] * apart
        np.add.at(forces, i, along)
        np.add.at(forces, j, -along)
        return energy - float(well.sum()), forces
