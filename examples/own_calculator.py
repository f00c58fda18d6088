"""Gamma phonons and carboxylate modes with any ASE calculator: copper formate in a box.

Run: python examples/own_calculator.py [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from ase import Atoms
from tblite.ase import TBLite

from reticulum.engines.build import Engine
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import gamma_phonons, open_run


def paddlewheel(box_a: float = 9.5) -> Atoms:
    """Dicopper tetraformate, a paddlewheel of D4h symmetry, in a tetragonal box (Å)."""
    symbols, positions = ["Cu", "Cu"], [[0.0, 0.0, 1.25], [0.0, 0.0, -1.25]]
    for angle in np.radians([0, 90, 180, 270]):
        outward = np.array([np.cos(angle), np.sin(angle), 0.0])
        symbols += ["O", "O", "C", "H"]
        positions += [
            1.93 * outward + [0.0, 0.0, 1.12],
            1.93 * outward - [0.0, 0.0, 1.12],
            2.49 * outward,
            3.59 * outward,
        ]
    return Atoms(symbols, positions=positions, cell=[box_a, box_a, 9.0], pbc=True)


def main(folder: Path) -> None:
    calculator = TBLite(
        method="GFN1-xTB", multiplicity=3, spin_polarization=1.0, accuracy=0.01, verbosity=0
    )
    engine = Engine.from_ase(calculator, label="GFN1-xTB, triplet")
    with open_run(paddlewheel(), engine, folder, label="Cu2(HCOO)4") as run:
        table = mode_table(gamma_phonons(run))
    print(f"{len(table.carboxylates)} carboxylates, {table.phonons.n_displacements} displacements")
    for number in range(table.labels.n_sets):
        share = table.antisymmetric[number] + table.symmetric[number]
        if table.labels.infrared_active[number] and share > 0.3:
            print(
                f"{table.labels.wavenumbers_cm1[number]:8.1f} cm⁻¹  {table.labels.labels[number]}"
                f"  antisymmetric {table.antisymmetric[number]:.2f}"
                f"  symmetric {table.symmetric[number]:.2f}"
            )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as scratch:
            main(Path(scratch) / "run")
