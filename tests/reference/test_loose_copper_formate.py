"""Elongated Cu-O bonds of the molecule Cu2(HCOO)4 with GFN1-xTB, high spin, against known numbers.

Known from an earlier calculation: both Cu-O bonds of one formate stretched together, the
antisymmetric stretch of that formate shifts by +100 cm⁻¹/Å and the symmetric one by -40; one Cu-O
bond stretched, there is a minimum of lower symmetry 9 kJ/mol down with bonds of 1.96 and 2.12 Å.
"""

from __future__ import annotations

import numpy as np
import pytest
from ase.optimize import BFGS
from exact.carboxylate_molecules import paddlewheel
from scipy.linalg import null_space
from tblite.ase import TBLite

from reticulum.engines.build import Engine
from reticulum.engines.executor import ForceRunner
from reticulum.engines.store import ForceStore
from reticulum.thermal.loose_patterns import BondSet, Pattern
from reticulum.thermal.relaxed_path import PathSettings, relaxed_points
from reticulum.thermal.released_relaxation import ReleaseEnd, released
from reticulum.units import EV_TO_KJ_PER_MOL, SQRT_EV_PER_U_A2_TO_CM1

#: Carbon and oxygen atoms of the first formate; the first oxygen atom is on copper atom 0.
CARBON, OXYGENS = 2, (3, 4)

SETTINGS = PathSettings(
    force_limit_ev_a=0.005, smallest_curvature_ev_a2=0.1, most_iterations=80, fewest_points=0
)


def calculator():
    return TBLite(method="GFN1-xTB", multiplicity=3, spin_polarization=1.0, verbosity=0)


def columns(atoms, positions, numbers, step=0.005):
    """Columns of the Hessian, eV/Å²."""
    moved = atoms.copy()
    moved.calc = calculator()
    found = []
    for number in numbers:
        forces = []
        for sign in (1.0, -1.0):
            x = positions.ravel().copy()
            x[number] += sign * step
            moved.positions = x.reshape(-1, 3)
            forces.append(moved.get_forces().ravel())
        found.append((forces[1] - forces[0]) / (2 * step))
    return np.array(found).T


def modes(hessian, masses):
    roots = np.sqrt(np.repeat(masses, 3))
    values, vectors = np.linalg.eigh(hessian / np.outer(roots, roots))
    return np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1, vectors


def stretch_centre(hessian, positions, masses, sign):
    """Centre of the C-O stretches of the first formate, cm⁻¹ (sign -1: antisymmetric)."""
    wavenumbers, vectors = modes(hessian, masses)
    stretch = np.zeros_like(positions)
    for oxygen, factor in zip(OXYGENS, (1.0, sign), strict=True):
        apart = positions[oxygen] - positions[CARBON]
        stretch[oxygen] += factor * apart / np.linalg.norm(apart)
        stretch[CARBON] -= factor * apart / np.linalg.norm(apart)
    direction = (stretch / np.sqrt(masses)[:, None]).ravel()
    direction /= np.linalg.norm(direction)
    high = wavenumbers > 1150.0
    weights = (vectors[:, high].T @ direction) ** 2
    return float(wavenumbers[high] @ weights / weights.sum())


def elongated(bonds):
    return BondSet(
        pattern=Pattern.ONE_BOND,
        metals=np.array([metal for metal, _ in bonds]),
        oxygens=np.array([oxygen for _, oxygen in bonds]),
        shifts_a=np.zeros((len(bonds), 3)),
        carboxylates=(0,),
        n_carboxylates=1,
        n_sets=1,
        n_units=4,
        operations=(0,),
        label="Cu-O",
    )


@pytest.fixture(scope="module")
def molecule():
    """(atoms, Hessian, displacements without and with the imaginary mode)."""
    atoms = paddlewheel(None)
    atoms.calc = calculator()
    BFGS(atoms, logfile=None).run(fmax=1e-3, steps=300)
    atoms.calc = None
    hessian = columns(atoms, np.array(atoms.positions), range(3 * len(atoms)))
    hessian = 0.5 * (hessian + hessian.T)
    masses = atoms.get_masses()
    wavenumbers, vectors = modes(hessian, masses)
    roots = np.sqrt(np.repeat(masses, 3))
    centred = atoms.positions - atoms.positions.mean(axis=0)
    rigid = [np.tile(axis, (len(atoms), 1)) for axis in np.eye(3)]
    rigid += [np.cross(axis, centred) for axis in np.eye(3)]
    still = roots[:, None] * np.array([motion.ravel() for motion in rigid]).T
    still /= np.linalg.norm(still, axis=0)

    def space(held):
        basis, _ = np.linalg.qr(null_space(held.T) / roots[:, None])
        return basis

    imaginary = vectors[:, wavenumbers < -20.0]
    return atoms, hessian, wavenumbers, space(np.hstack([still, imaginary])), space(still)


@pytest.mark.slow
def test_both_bonds_shift_the_bands_apart(molecule, tmp_path):
    atoms, hessian, wavenumbers, held, _ = molecule
    assert (wavenumbers < -20.0).sum() == 1  # the twist that lowers the symmetry, below
    masses = atoms.get_masses()
    entry = elongated([(0, 3), (1, 4)])
    start = float(entry.lengths_a(atoms.positions).mean())
    assert start == pytest.approx(2.041, abs=0.005)
    with ForceRunner(
        Engine.from_ase(calculator(), label="gfn1"), ForceStore(tmp_path / "f.db")
    ) as runner:
        points = relaxed_points(
            atoms, runner, entry.coordinate(), displacements=held, hessian_ev_a2=hessian,
            targets_a=[[start + 0.05, start + 0.1]], energy_limit_ev=3.0, settings=SETTINGS,
        )  # fmt: skip
    energies = [(p.energy_ev - points[0].energy_ev) * EV_TO_KJ_PER_MOL for p in points]
    np.testing.assert_allclose(energies, [0.0, 0.96, 3.65], atol=0.1)
    bands = {-1.0: [], 1.0: []}
    own = [3 * atom + axis for atom in (CARBON, *OXYGENS) for axis in range(3)]
    for point in points:
        there = hessian.copy()
        if point is not points[0]:
            there[:, own] = columns(atoms, point.positions_a, own)
            there[own, :] = there[:, own].T
        for sign, values in bands.items():
            values.append(stretch_centre(there, point.positions_a, masses, sign))
    slopes = {sign: (values[2] - values[0]) / 0.1 for sign, values in bands.items()}
    # Computed 87 and -32: within 15 of the known ones, whose step and band are not recorded.
    assert slopes[-1.0] == pytest.approx(100.0, abs=15.0)
    assert slopes[1.0] == pytest.approx(-40.0, abs=15.0)


@pytest.mark.slow
def test_the_lower_minimum_is_reached_along_the_imaginary_mode_only(molecule, tmp_path):
    atoms, hessian, _, held, free = molecule
    entry = elongated([(0, 3)])
    start = float(entry.lengths_a(atoms.positions)[0])
    with ForceRunner(
        Engine.from_ase(calculator(), label="gfn1"), ForceStore(tmp_path / "f.db")
    ) as runner:
        ends = {}
        for name, space in (("held", held), ("free", free)):
            points = relaxed_points(
                atoms, runner, entry.coordinate(), displacements=space, hessian_ev_a2=hessian,
                targets_a=[[start + 0.05, start + 0.1]], energy_limit_ev=3.0, settings=SETTINGS,
            )  # fmt: skip
            end = released(
                atoms, runner, points[-1].positions_a, displacements=space,
                hessian_ev_a2=hessian, force_limit_ev_a=0.005, smallest_curvature_ev_a2=0.1,
                most_iterations=80, kind="released", stop=lambda positions, energy: False,
            )  # fmt: skip
            assert end.end is ReleaseEnd.RELAXED
            x = end.positions_a
            lengths = [
                np.linalg.norm(x[metal] - x[3 + 4 * k + metal])
                for metal in (0, 1)
                for k in range(4)
            ]
            energy = (end.energy_ev - points[0].energy_ev) * EV_TO_KJ_PER_MOL
            ends[name] = energy, np.sort(lengths)
    # With the imaginary mode at rest, an elongated bond goes back: it has no second minimum.
    assert ends["held"][0] == pytest.approx(0.0, abs=0.05)
    np.testing.assert_allclose(ends["held"][1], start, atol=2e-3)
    # Free, the molecule twists: each copper atom has two short and two long bonds.
    assert ends["free"][0] == pytest.approx(-9.0, abs=1.0)
    np.testing.assert_allclose(ends["free"][1], [1.96] * 4 + [2.12] * 4, atol=0.005)
