"""How large a cell GFN1-xTB needs at the Gamma point: cells doubled, tripled... along one axis.

Printed are the energy for each atom and the stiffness against moving one atom of the unit (with all
its images), against the largest cell. The limit in `reticulum.engines.gamma_only` rests on it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.build import bulk

from reticulum.engines.blas import load_fast_blas, use_one_thread
from reticulum.engines.build import evaluate, resolve_engine
from reticulum.engines.gamma_only import lattice_spacings
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive

STEP_A = 0.02


def polyethylene() -> Atoms:
    """Return one C2H4 of the zigzag chain, 2.55 Å long."""
    return Atoms(
        "C2H4",
        positions=[
            (0.0, 0.42, 0.0), (1.275, -0.42, 0.0), (0.0, 1.05, 0.89), (0.0, 1.05, -0.89),
            (1.275, -1.05, 0.89), (1.275, -1.05, -0.89),
        ],
        cell=[2.55, 14.0, 14.0],
        pbc=True,
    )  # fmt: skip


def series(name: str, unit: Atoms, axis: int, repeats: Sequence[int], atom: int) -> None:
    """Print energies and stiffnesses of longer and longer cells."""
    engine = resolve_engine("gfn1-xtb")
    rows = []
    for number in repeats:
        cell = unit.repeat([number if a == axis else 1 for a in range(3)])
        calculator = engine.make(cell)
        energy = evaluate(calculator, cell).energy_ev / len(cell)
        forces = []
        for sense in (1.0, -1.0):
            moved = cell.copy()
            moved.positions[atom :: len(unit), 0] += sense * STEP_A
            forces.append(evaluate(calculator, moved).forces_ev_per_a[atom, 0])
        spacing = lattice_spacings(np.array(cell.cell[:]))[axis]
        rows.append((spacing, energy, (forces[1] - forces[0]) / (2.0 * STEP_A)))
    for spacing, energy, stiffness in rows:
        print(
            f"{name:16} {spacing:6.2f} Å  {1e3 * (energy - rows[-1][1]):9.2f} meV/atom  "
            f"{100.0 * (stiffness / rows[-1][2] - 1.0):+8.2f} %"
        )


def main() -> None:
    use_one_thread()
    load_fast_blas()
    print("crystal          planes apart     energy error     stiffness error")
    series("polyethylene", polyethylene(), 0, (1, 2, 3, 4, 6), 0)
    series("MgO", bulk("MgO", "rocksalt", a=4.21, cubic=True), 0, (1, 2, 3, 4), 0)
    for name, repeats in (("sodium-benzoate", (1, 2, 3)), ("Zn-MOF-74", (1, 2))):
        unit = symmetrised_primitive(read_structure(name)).atoms
        axis = int(np.argmin(lattice_spacings(np.array(unit.cell[:]))))
        series(name, unit, axis, repeats, int(np.flatnonzero(unit.numbers == 6)[0]))


if __name__ == "__main__":
    main()
