"""Layered packings of sodium benzoate, the search behind the bundled model.

No crystal structure of the anhydrous salt was at hand. The bundled model began as one packing of
such a search in P2_1/c: Na and carboxylates in a layer, phenyl groups on both of its sides, the
motif of lithium benzoate (Plattner, Petter, Seebach, Chimia 48, 138 (1994)). Rigid benzoate ions
and Na are placed at random and moved until the bond valence of Na is 1 and nothing is too close;
each packing is then relaxed for some steps by GFN1-xTB in its cell. What was done with one of them
afterwards is told in its card; the record is the CIF, random numbers differ between versions.

GFN1-xTB samples Gamma only. A packing with an in-plane axis under about 5.5 Å gets an energy that
is wrong by up to 1 eV per formula unit, so the energy of a 1x2x2 supercell is printed too; with
--relax-cell axes collapse for the same reason.

Run: python benchmarks/sodium_benzoate_packing.py FOLDER [--seed 1] [--starts 25] [--steps 60]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import ase.io
import numpy as np
from ase import Atoms
from ase.constraints import FixSymmetry
from ase.filters import FrechetCellFilter
from ase.neighborlist import neighbor_list
from ase.optimize import BFGS
from numpy.typing import NDArray
from scipy.optimize import minimize
from tblite.ase import TBLite

from reticulum.engines.blas import load_fast_blas, use_one_thread

#: Bond-valence parameters of Na-O, Å (Brown and Altermatt 1985; recalled).
VALENCE_LENGTH_A, VALENCE_SOFTNESS_A = 1.803, 0.37

#: Volume of four formula units at 1.50 g/cm³, the density that handbooks give, Å³.
VOLUME_A3 = 639.0

#: Bonds of the rigid benzoate ion, Å, and its O-C-O angle, degrees.
C_C, C_O, C_COO, C_H, O_C_O = 1.397, 1.265, 1.50, 1.085, 124.0

#: Shortest distances allowed between atoms of different ions, Å.
CONTACTS_A = {
    "HH": 2.35,
    "CH": 2.80,
    "CC": 3.40,
    "HO": 2.45,
    "CO": 3.10,
    "OO": 2.95,
    "HNa": 2.90,
    "CNa": 2.75,
    "NaNa": 3.25,
    "NaO": 2.20,
}

#: A packing with less misfit than this is good enough to be relaxed.
GOOD_MISFIT = 0.05

#: P2_1/c, unique axis b: the layers are perpendicular to a*, screw and glide run within them.
OPERATIONS = [
    (np.diag([1, 1, 1]), (0.0, 0.0, 0.0)),
    (np.diag([-1, 1, -1]), (0.0, 0.5, 0.5)),
    (np.diag([-1, -1, -1]), (0.0, 0.0, 0.0)),
    (np.diag([1, -1, 1]), (0.0, 0.5, 0.5)),
]
SHIFTS = np.array([(i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)], float)
HOME = int(np.flatnonzero(~SHIFTS.any(axis=1))[0])

Array = NDArray[np.float64]


def benzoate() -> tuple[list[str], Array]:
    """Ion in the xy plane, the carboxylate's C at the origin and the ring towards +x."""
    half = np.radians(O_C_O / 2)
    symbols, positions = ["C", "O", "O"], [[0.0, 0.0, 0.0]]
    positions += [[-C_O * np.cos(half), s * C_O * np.sin(half), 0.0] for s in (1, -1)]
    for element, radius, first in (("C", C_C, 0), ("H", C_C + C_H, 1)):
        for angle in np.radians(180 + 60 * np.arange(first, 6)):
            symbols.append(element)
            positions.append([C_COO + C_C + radius * np.cos(angle), radius * np.sin(angle), 0.0])
    return symbols, np.array(positions)


SYMBOLS, ION = benzoate()
SYMBOLS.append("Na")
OXYGEN = [SYMBOLS.index("O"), SYMBOLS.index("O") + 1]
SHORTEST = np.array([[CONTACTS_A["".join(sorted((a, b)))] for b in SYMBOLS] for a in SYMBOLS])


def rotation(quaternion: Array) -> Array:
    w, x, y, z = quaternion / np.linalg.norm(quaternion)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def asymmetric_unit(p: Array) -> tuple[Array, Array]:
    """Cell (rows, Å) and fractional coordinates from a, b, c, beta, quaternion, C, Na."""
    a, b, c, beta = p[:4]
    cell = np.array([[a, 0, 0], [0, b, 0], [c * np.cos(beta), 0, c * np.sin(beta)]])
    positions = np.vstack([ION @ rotation(p[4:8]).T + p[8:11] @ cell, p[11:14] @ cell])
    return cell, positions @ np.linalg.inv(cell)


def misfit(p: Array) -> float:
    """Overlaps, bond valences of Na and O, and volume, as one number."""
    cell, sites = asymmetric_unit(p)
    differences = []
    for matrix, shift in OPERATIONS:
        image = (sites @ matrix.T + shift)[None, :, :] - sites[:, None, :]
        differences.append(image - np.rint(image.mean(axis=(0, 1))))
    moved = np.array(differences)[:, None] + SHIFTS[None, :, None, None, :]
    distances = np.linalg.norm(moved @ cell, axis=-1)
    distances[0, HOME][:-1, :-1] = np.inf
    distances[0, HOME][-1, -1] = np.inf
    overlap = np.clip(SHORTEST - distances, 0, None)
    valences = np.exp((VALENCE_LENGTH_A - distances) / VALENCE_SOFTNESS_A)
    valences[distances > 4.0] = 0.0
    of_sodium = valences[:, :, -1, OXYGEN].sum()
    of_oxygen = valences[:, :, OXYGEN, -1].sum(axis=(0, 1))
    volume = abs(float(np.linalg.det(cell)))
    return float(
        1.5 * (overlap**2).sum()
        + 8 * (of_sodium - 1) ** 2
        + 4 * ((of_oxygen - 0.5) ** 2).sum()
        + (12 * (volume / VOLUME_A3 - 1)) ** 2
    )


def random_start(rng: np.random.Generator) -> Array:
    """Ion nearly along a*, at any turn about its axis; Na near the middle of the layer."""
    b, area = rng.uniform(5, 9), rng.uniform(40, 46)
    beta = np.pi / 2 + rng.uniform(-0.35, 0.35)
    a = VOLUME_A3 / area / np.sin(beta)
    turn = rng.uniform(0, np.pi) / 2
    y, z = rng.normal(0, 0.125, 2)
    c, s = np.cos(turn), np.sin(turn)
    quaternion = [c, s, y * c + z * s, z * c - y * s]
    carbon = [rng.uniform(1.8, 2.6) / a, *rng.random(2)]
    sodium = [rng.uniform(-0.03, 0.06), *rng.random(2)]
    return np.array([a, b, area / b, beta, *quaternion, *carbon, *sodium])


def crystal(p: Array) -> Atoms:
    cell, sites = asymmetric_unit(p)
    scaled = np.vstack([sites @ matrix.T + shift for matrix, shift in OPERATIONS])
    atoms = Atoms(SYMBOLS * 4, scaled_positions=scaled, cell=cell, pbc=True)
    atoms.wrap()
    return atoms


def relaxed(atoms: Atoms, steps: int, relax_cell: bool) -> tuple[Atoms, float, float]:
    """Crystal after some steps, its energy and that of a supercell, eV per formula unit."""
    atoms.calc = TBLite(method="GFN1-xTB", accuracy=0.1, verbosity=0)
    atoms.set_constraint(FixSymmetry(atoms, symprec=1e-3, verbose=False))
    target = FrechetCellFilter(atoms, exp_cell_factor=10.0) if relax_cell else atoms
    BFGS(target, logfile=None, maxstep=0.1).run(fmax=0.03, steps=steps)
    energy = float(atoms.get_potential_energy()) / 4
    plain = atoms.copy()
    plain.set_constraint()
    large = plain.repeat((1, 2, 2))
    large.calc = TBLite(method="GFN1-xTB", accuracy=0.1, verbosity=0)
    return plain, energy, float(large.get_potential_energy()) / 16


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--starts", type=int, default=25)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--relax-cell", action="store_true")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    use_one_thread()
    load_fast_blas()
    rng = np.random.default_rng(given.seed)
    for number in range(given.starts):
        found = minimize(misfit, random_start(rng), method="L-BFGS-B", options={"maxiter": 150})
        if found.fun > GOOD_MISFIT:
            print(f"{number:3d}  misfit {found.fun:.2f}, left out", flush=True)
            continue
        atoms, energy, in_supercell = relaxed(crystal(found.x), given.steps, given.relax_cell)
        first, second, lengths = neighbor_list("ijd", atoms, 2.8)
        sodium = atoms.symbols.indices()["Na"][0]
        bonds = np.sort(lengths[(first == sodium) & np.isin(second, atoms.symbols.indices()["O"])])
        print(
            f"{number:3d}  {energy:.4f} eV, supercell {in_supercell:.4f} eV"
            f"  Na-O {' '.join(f'{x:.2f}' for x in bonds)} Å"
            f"  cell {' '.join(f'{x:.2f}' for x in atoms.cell.cellpar())}",
            flush=True,
        )
        ase.io.write(given.folder / f"packing-{number}.extxyz", atoms)


if __name__ == "__main__":
    main()
