"""Energy of one metal-oxygen bond made longer: reticulum's search against a plain relaxation.

The plain one is what a few lines of ASE do: move the oxygen atom along the bond, hold both atoms,
relax the rest (BFGS) until no force is larger than a limit. Along soft motions of a framework much
energy is left at forces of that size, so that the curve comes out too steep; how much is printed,
with the force calculations that both take.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms
from ase.optimize import BFGS

from reticulum.engines.build import Engine, resolve_engine
from reticulum.engines.executor import Progress
from reticulum.frameworks.reading import read_structure
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal.loose_curve import LooseCurve
from reticulum.thermal.loose_options import LooseStateOptions
from reticulum.thermal.loose_patterns import BondSet, Pattern, bond_sets
from reticulum.thermal.loose_state_search import loose_state_redshift
from reticulum.units import EV_TO_KJ_PER_MOL

#: Largest forces at which a plain relaxation is looked at, eV/Å. ASE stops at 0.05 by itself.
STOPS_EV_A = (0.05, 0.03, 0.02, 0.01)

#: A plain relaxation ends after so many force calculations.
MOST_CALLS = 150


@dataclass(frozen=True)
class Plain:
    """Energies (kJ/mol) and force calculations of one plain relaxation, for each stop.

    NaN and -1 where it was not reached within `MOST_CALLS`.
    """

    length_a: float
    energies_kj_mol: tuple[float, ...]
    n_calls: tuple[int, ...]


def plain_relaxation(
    atoms: Atoms, calculator: Any, bond: BondSet, length_a: float, stops: Sequence[float]
) -> Plain:
    """Relax all but the two atoms of a bond of this length, from the crystal at rest."""
    moved = atoms.copy()
    moved.calc = calculator
    at_rest = float(moved.get_potential_energy())
    metal, oxygen = int(bond.metals[0]), int(bond.oxygens[0])
    arm = moved.positions[oxygen] - (moved.positions[metal] + bond.shifts_a[0])
    moved.positions[oxygen] += arm * (length_a / np.linalg.norm(arm) - 1.0)
    moved.set_constraint(FixAtoms([metal, oxygen]))
    energies, calls = [], []
    with BFGS(moved, logfile=None) as descent:
        for stop in stops:
            left = MOST_CALLS - descent.nsteps
            reached = left > 0 and descent.run(fmax=stop, steps=left)
            energy = float(moved.get_potential_energy()) - at_rest
            energies.append(energy * EV_TO_KJ_PER_MOL if reached else float("nan"))
            calls.append(descent.nsteps + 1 if reached else -1)
    return Plain(length_a, tuple(energies), tuple(calls))


def compared(
    structure: Atoms,
    engine: Engine,
    folder: Path,
    lengths_a: Sequence[float],
    *,
    stops: Sequence[float] = STOPS_EV_A,
    progress: Progress | None = None,
) -> tuple[LooseCurve, list[Plain]]:
    """Curve of one bond by the search, and plain relaxations at some lengths (Å)."""
    with open_run(structure, engine, folder, workers=1, progress=progress) as run:
        table = mode_table(gamma_phonons(run))
        atoms, symmetry = table.phonons.atoms, table.phonons.symmetry
        (bond, *_) = bond_sets(atoms, symmetry, table.carboxylates, [Pattern.ONE_BOND])
        start = float(bond.lengths_a(atoms.positions)[0])
        step = LooseStateOptions().step_a
        n_steps = max(2, int(np.ceil((max(lengths_a) - start) / step)))
        options = LooseStateOptions(
            patterns=(Pattern.ONE_BOND,),
            farthest_a=n_steps * step,
            test_release=False,
            phonons=False,
        )
        curve = loose_state_redshift(run, table, options=options).curves[0]
    calculator = engine.make(atoms)
    return curve, [plain_relaxation(atoms, calculator, bond, x, stops) for x in lengths_a]


def main() -> None:
    """Compare on one framework and print the table."""
    from reticulum.cli.console import TerminalProgress

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("structure", nargs="?", default="HKUST-1")
    parser.add_argument("-c", "--calculator", default="7net-0")
    parser.add_argument(
        "--lengths", type=float, nargs="+", default=[2.10, 2.25, 2.40, 2.55], metavar="Å"
    )
    parser.add_argument("--folder", type=Path, help="run folder of the search; kept")
    parser.add_argument("-o", "--output", type=Path, help="JSON with all numbers")
    chosen = parser.parse_args()
    structure, engine = read_structure(chosen.structure), resolve_engine(chosen.calculator)
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch) / "run"
        curve, plain = compared(
            structure, engine, folder, chosen.lengths, progress=TerminalProgress()
        )
    print(f"{chosen.structure}, {engine.name}: {curve.label}, {curve.distances_a[0]:.3f} Å at rest")
    print("kJ/mol (force calculations)")
    stops = "".join(f"{f'to {stop:g} eV/Å':>18}" for stop in STOPS_EV_A)
    print(f"{'length, Å':>10}{stops}{'search':>10}")
    for row in plain:
        cells = (
            f"{energy:.1f} ({calls})" if calls > 0 else "not reached"
            for energy, calls in zip(row.energies_kj_mol, row.n_calls, strict=True)
        )
        found = curve.energy_at(row.length_a)
        print(f"{row.length_a:10.2f}" + "".join(f"{cell:>18}" for cell in cells) + f"{found:10.1f}")
    each = curve.n_calls / (len(curve.distances_a) - 1)
    print(f"search: {curve.n_calls} force calculations, {each:.1f} for each point")
    if chosen.output:
        content = {
            "structure": chosen.structure,
            "calculator": engine.fingerprint(structure).to_dict(),
            "stops_ev_per_a": STOPS_EV_A,
            "plain": [
                {
                    "length_a": row.length_a,
                    "energies_kj_mol": [None if np.isnan(e) else e for e in row.energies_kj_mol],
                    "n_force_calculations": row.n_calls,
                }
                for row in plain
            ],
            "search": {**curve.to_dict(), "candidates": []},
        }
        chosen.output.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
