"""Memory and time of thermal sampling and of molecular dynamics beside the calculator: 424 atoms.

The crystal is the conventional cell of MOF-5 with atoms moved at random by a few hundredths of an
Å, so that no smaller cell is left: with the operations of Pm-3m kept, or none. The calculator is a
force field of springs that is at rest there and takes milliseconds. Each case runs in a process of
its own; the calculator runs in a worker, so that what is printed is the work of reticulum alone.
Memory is read from /proc (Linux).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from concurrent import futures
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import spglib
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.io import read, write
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from reticulum.engines.build import Engine
from reticulum.engines.cards import CalculatorCard
from reticulum.engines.executor import Silent
from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.molecular_dynamics_run import molecular_dynamics_redshift
from reticulum.thermal.sampling_options import LEAST_PAIRS, SamplingOptions
from reticulum.thermal.sampling_run import sampling_redshift

#: Morse bonds: stiffness, eV/Å², by elements; all others get the last.
BONDS = {"CO": 55.0, "CC": 40.0, "CH": 31.0, "OZn": 9.0}
OTHER_BOND, STEEPNESS_PER_A = 9.0, 2.2

#: Springs between atoms two and three bonds apart, and between all others nearer than the reach.
SECOND, THIRD, OTHERS, REACH_A = 5.0, 0.8, 0.05, 5.5

#: Random displacements, standard deviation of a component, Å.
DISORDER_A = 0.02

#: Crystals in a pair of draws: two temperatures, two signs.
CRYSTALS_PER_PAIR = 4


class Springs(Calculator):  # type: ignore[misc]
    """Morse bonds and springs that are at rest in the structure of a file."""

    implemented_properties = ("energy", "forces")

    def __init__(self, file: str) -> None:
        super().__init__()
        self.cpu_s = 0.0
        rest = read(file)
        first, second, shift = neighbor_list("ijS", rest, REACH_A)
        once = (first < second) | ((first == second) & (shift @ [4, 2, 1] > 0))
        self.i, self.j, self.shift = first[once], second[once], shift[once]
        self.rest = np.linalg.norm(self.arms(rest), axis=1)
        apart = bonds_apart(rest, self.i, self.j, self.shift)
        symbols = rest.get_chemical_symbols()
        names = [
            "".join(sorted((symbols[a], symbols[b]))) for a, b in zip(self.i, self.j, strict=True)
        ]
        bonds = np.array([BONDS.get(name, OTHER_BOND) for name in names])
        self.stiffness = np.select(
            [apart == 1, apart == 2, apart == 3], [bonds, SECOND, THIRD], OTHERS
        )
        self.morse = apart == 1

    def arms(self, atoms: Atoms) -> NDArray[np.float64]:
        """Return vectors between the ends of all springs, Å."""
        x = atoms.positions
        found: NDArray[np.float64] = x[self.j] - x[self.i] + self.shift @ atoms.cell[:]
        return found

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        """Compute energy and forces."""
        super().calculate(atoms, properties, system_changes)
        started = time.process_time()
        arms = self.arms(self.atoms)
        length = np.linalg.norm(arms, axis=1)
        stretch = length - self.rest
        fall = np.exp(-STEEPNESS_PER_A * stretch)
        depth = self.stiffness / (2.0 * STEEPNESS_PER_A**2)
        energy = np.where(self.morse, depth * (1 - fall) ** 2, 0.5 * self.stiffness * stretch**2)
        slope = np.where(
            self.morse, 2 * depth * STEEPNESS_PER_A * fall * (1 - fall), self.stiffness * stretch
        )
        pull = (slope / length)[:, None] * arms
        n = len(self.atoms)
        self.results["energy"] = float(energy.sum())
        self.results["forces"] = np.stack(
            [
                np.bincount(self.i, pull[:, x], n) - np.bincount(self.j, pull[:, x], n)
                for x in range(3)
            ],
            axis=1,
        )
        self.cpu_s += time.process_time() - started


def bonds_apart(
    atoms: Atoms, first: NDArray[np.int64], second: NDArray[np.int64], shifts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number of bonds between two atoms, (p,), 4 for more than three."""
    graph = find_bonds(atoms)
    steps: list[set[tuple[int, int, int, int]]] = [set() for _ in atoms]
    for number in range(len(atoms)):
        steps[number] = {(site.index, *site.shift) for site in graph.neighbours(number)}
    known: dict[tuple[int, ...], int] = {}
    for number in range(len(atoms)):
        edge = {(number, 0, 0, 0)}
        for distance in (1, 2, 3):
            edge = {
                (other, sx + dx, sy + dy, sz + dz)
                for site, sx, sy, sz in edge
                for other, dx, dy, dz in steps[site]
            }
            for site in edge:
                known.setdefault((number, *site), distance)
    return np.array(
        [
            known.get((int(i), int(j), *(int(x) for x in s)), 4)
            for i, j, s in zip(first, second, shifts, strict=True)
        ]
    )


def disordered(symmetry: str) -> Atoms:
    """Conventional cell of MOF-5 with random displacements that keep Pm-3m or nothing."""
    atoms = read_structure("MOF-5")
    moves = DISORDER_A * np.random.default_rng(0).normal(size=(len(atoms), 3))
    if symmetry == "cubic":
        cell = (atoms.cell[:], atoms.get_scaled_positions(), atoms.numbers)
        found = spglib.get_symmetry(cell, symprec=1e-3)
        kept = np.abs(found["translations"]).max(axis=1) < 1e-6
        places = atoms.get_scaled_positions()
        total = np.zeros_like(moves)
        for rotation in found["rotations"][kept]:
            apart = (places @ rotation.T)[:, None] - places[None]
            images = np.abs(apart - np.rint(apart)).max(axis=2).argmin(axis=1)
            total[images] += moves @ rotation.T  # the axes are orthogonal and equally long
        moves = total / np.sqrt(kept.sum())
    atoms.positions += moves
    return atoms


def engine_of(file: Path, in_process: bool) -> Engine:
    """Engine that makes the springs in a worker, or a live one."""
    if in_process:
        return Engine.from_ase(Springs(str(file)), label="springs")
    return Engine(
        card=CalculatorCard(
            name="springs",
            title="Springs at rest in a given structure",
            factories=("sampling_memory:Springs",),
            distribution="",
            elements=("C", "H", "O", "Zn"),
            gives=("energy", "forces"),
            keywords=(("file", str(file)),),
        )
    )


def memory_mb(what: str) -> float:
    """Resident memory of this process, MB: ``VmRSS`` now, ``VmHWM`` at most."""
    with Path("/proc/self/status").open() as stream:
        for line in stream:
            if line.startswith(f"{what}:"):
                return float(line.split()[1]) / 1024.0
    raise RuntimeError(f"/proc/self/status has no {what}")


@dataclass
class Watch(Silent):
    """Notes memory, time and calculations after each block of draws, or each so many steps."""

    every: int = 0
    calculator: Springs | None = None
    rows: list[tuple[int, float, float, float]] = field(default_factory=list)
    calls: int = 0

    def advance(self, kind: str, seconds: float, note: str = "") -> None:
        """Count a calculation or a step."""
        self.calls += 1
        if self.every and self.calls % self.every == 0:
            self.note(self.calls)

    def message(self, text: str) -> None:
        """Note each block of draws; the messages say how many pairs are done."""
        if text.startswith("After "):
            self.note(int(text.split()[1]))

    def note(self, number: int) -> None:
        """Add a row."""
        own = 0.0 if self.calculator is None else self.calculator.cpu_s
        self.rows.append((number, memory_mb("VmRSS"), time.process_time() - own, float(self.calls)))


@dataclass(frozen=True)
class Outcome:
    """What one case took."""

    title: str
    before_mb: float
    peak_mb: float
    rows: list[tuple[int, float, float, float]]
    calls: int
    summary: str


def case(
    folder: Path, structure: Path, method: str, size: int, *, limit_cm1: float, in_process: bool
) -> Outcome:
    """Sampling with so many pairs, or dynamics of so many steps a trajectory, in this process."""
    engine, atoms = engine_of(structure, in_process), read(structure)
    watch = Watch(every=0 if method == "sampling" else 400, calculator=engine.calculator)
    with open_run(
        atoms,
        engine,
        folder,
        options=PhononOptions(relax=False, displacement_a=0.005),
        workers=1,
        progress=watch,
    ) as run:
        table = mode_table(gamma_phonons(run))
        before, watch.calls, watch.rows = memory_mb("VmHWM"), 0, []
        if method == "phonons":
            return Outcome(method, before, before, [], run.runner.n_computed, "")
        if method == "sampling":
            options = SamplingOptions(
                limit_cm1=limit_cm1,
                precision_cm1_per_k=1e-9,
                fewest_pairs=LEAST_PAIRS,
                most_pairs=size,
                checks=False,
            )
            result = sampling_redshift(run, table, options=options)
            summary = f"{len(result.modes.drawn)} of {3 * len(atoms)} modes drawn, "
            summary += f"{len(result.modes.symmetric)} totally symmetric; {result.verdict}"
        else:
            step = MolecularDynamicsOptions().time_step_fs
            picoseconds = size * step / 1000.0
            dynamics = molecular_dynamics_redshift(
                run,
                table,
                options=MolecularDynamicsOptions(
                    equilibration_ps=0.2 * picoseconds,
                    production_ps=0.8 * picoseconds,
                    segment_ps=0.4 * picoseconds,
                ),
            )
            summary = dynamics.verdict
    return Outcome(method, before, memory_mb("VmHWM"), watch.rows, watch.calls, summary)


def alone(*arguments: Any, **keywords: Any) -> Outcome:
    """Run a case in a process of its own."""
    with futures.ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(case, *arguments, **keywords).result()


def show(outcome: Outcome, unit: str, crystals: int) -> None:
    """Print what a case took."""
    rows = outcome.rows
    first, last = rows[0], rows[-1]
    print(f"  {last[0]} {unit}: {outcome.calls} calculations, {outcome.summary}")
    shown = ", ".join(f"{row[0]}: {row[1]:.1f}" for row in rows[:-1][:: -(-len(rows) // 8)])
    print(
        f"    resident, MB: {outcome.before_mb:.1f} at most before; after so many {unit}: {shown}"
        f"{', ' if shown else ''}{last[0]}: {last[1]:.1f}; peak {outcome.peak_mb:.1f}"
    )
    if len(rows) > 1:
        # The first rows hold what is done once.
        n = (last[0] - first[0]) * crystals
        each, calls = (last[2] - first[2]) / n, (last[3] - first[3]) / n
        print(
            f"    CPU beside the calculator: {1000.0 * each:.1f} ms for each crystal or step, "
            f"{1000.0 * each / calls:.2f} ms for each of its {calls:.1f} calculations"
        )


def main() -> None:
    """Run all cases of one crystal and print them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--symmetry", choices=("cubic", "none"), default="cubic")
    parser.add_argument("--pairs", type=int, default=16, help="of the shorter sampling")
    parser.add_argument("--limit", type=float, default=250.0, help="of the soft modes, cm⁻¹")
    parser.add_argument("--steps", type=int, default=1600, help="of the shorter trajectories")
    parser.add_argument("--in-process", action="store_true", help="no worker for the calculator")
    parser.add_argument("--folder", type=Path, help="keep the runs here")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = chosen.folder or Path(scratch)
        place.mkdir(parents=True, exist_ok=True)
        structure = place.resolve() / "structure.extxyz"
        if not structure.exists():
            write(structure, symmetrised_primitive(disordered(chosen.symmetry)).atoms)
        how = {"limit_cm1": chosen.limit, "in_process": chosen.in_process}
        started = time.perf_counter()
        phonons = alone(place / "phonons", structure, "phonons", 0, **how)
        print(
            f"{len(read(structure))} atoms, symmetry {chosen.symmetry}: {phonons.calls} "
            f"calculations for the phonons, {time.perf_counter() - started:.0f} s, "
            f"{phonons.peak_mb:.0f} MB"
        )
        cases = [("sampling", chosen.pairs), ("sampling", 4 * chosen.pairs)]
        cases += [("dynamics", chosen.steps), ("dynamics", 4 * chosen.steps)]
        for method, size in cases:
            if not size:
                continue
            print(method, flush=True)
            folder = place / f"{method}-{size}"
            shutil.copytree(place / "phonons", folder, dirs_exist_ok=True)
            outcome = alone(folder, structure, method, size, **how)
            sampled = method == "sampling"
            show(outcome, "pairs" if sampled else "steps", CRYSTALS_PER_PAIR if sampled else 1)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
