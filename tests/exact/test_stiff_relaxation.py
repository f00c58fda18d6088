"""Stiff modes relax to the minimum at held coordinates."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes
from models import librating_unit as model
from scipy.optimize import minimize

from reticulum.engines.build import Engine
from reticulum.engines.executor import ForceRunner
from reticulum.engines.store import ForceStore
from reticulum.thermal.stiff_relaxation import (
    ModeSpace,
    StiffStart,
    relax_stiff_modes,
)
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

HELD = 3  # the softest mode after three translations


@pytest.fixture(scope="module")
def crystal():
    atoms = model.librating_crystal()
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    values, vectors = np.linalg.eigh(model.hessian(atoms) / np.outer(roots, roots))
    space = ModeSpace(
        vectors=vectors,
        eigenvalues=values,
        masses_amu=atoms.get_masses(),
        forces_at_rest=np.zeros((len(atoms), 3)),
    )
    return atoms, space


def runner_in(folder, calculator=None):
    engine = Engine.from_ase(calculator or model.LibratingUnits())
    return ForceRunner(engine, ForceStore(folder / "forces.db"))


def start_at(atoms, space, amplitude, held=HELD):
    free = space.wavenumbers_cm1 > 130.0
    amplitudes = np.zeros(len(free))
    amplitudes[held] = amplitude
    return StiffStart(positions_a=atoms.positions + space.displacement_a(amplitudes), free=free)


def exact_minimum(atoms, space, start):
    """Energy and positions of the minimum over the free modes, by a general minimiser."""
    units = model.units_of(atoms)
    free = np.flatnonzero(start.free)

    def positions(x):
        amplitudes = np.zeros(len(space.eigenvalues))
        amplitudes[free] = x / np.sqrt(space.eigenvalues[free])
        return start.positions_a + space.displacement_a(amplitudes)

    def value(x):
        energy, forces = model.energy_and_forces(positions(x), atoms.cell[:], units)
        gradient = -space.forces(forces)[free] / np.sqrt(space.eigenvalues[free])
        return energy, gradient

    found = minimize(value, np.zeros(len(free)), jac=True, options={"gtol": 1e-9})
    return found.fun, positions(found.x)


def test_relaxed_geometries_are_the_minima_at_the_held_coordinate(crystal, tmp_path):
    atoms, space = crystal
    starts = [start_at(atoms, space, a) for a in (0.8, -0.8, 2.0, 3.5)]
    with runner_in(tmp_path) as runner:
        found = relax_stiff_modes(atoms, runner, space, starts)
    for start, relaxed in zip(starts, found, strict=True):
        energy, positions = exact_minimum(atoms, space, start)
        assert relaxed.converged
        assert relaxed.residual <= 3e-4
        assert relaxed.energy_ev == pytest.approx(energy, abs=1e-7)
        np.testing.assert_allclose(relaxed.positions_a, positions, atol=1e-4)
        moved = space.amplitudes(relaxed.positions_a - start.positions_a)
        np.testing.assert_allclose(moved[~start.free], 0.0, atol=1e-10)
    straight = model.energy_and_forces(starts[3].positions_a, atoms.cell[:], model.units_of(atoms))
    assert straight[0] > 1.2 * found[3].energy_ev


def test_a_tighter_limit_comes_closer(crystal, tmp_path):
    atoms, space = crystal
    start = start_at(atoms, space, 3.0)
    _, exact = exact_minimum(atoms, space, start)
    with runner_in(tmp_path) as runner:
        errors = [
            np.abs(
                relax_stiff_modes(atoms, runner, space, [start], force_limit=limit)[0].positions_a
                - exact
            ).max()
            for limit in (1e-2, 1e-4, 1e-6)
        ]
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 1e-6


def test_it_goes_on_from_the_store(crystal, tmp_path):
    atoms, space = crystal
    starts = [start_at(atoms, space, a) for a in (1.0, 2.0)]
    first, second = model.LibratingUnits(), model.LibratingUnits()
    with runner_in(tmp_path, first) as runner:
        one = relax_stiff_modes(atoms, runner, space, starts)
        assert runner.n_computed == sum(r.n_calls for r in one)
    with runner_in(tmp_path, second) as runner:
        two = relax_stiff_modes(atoms, runner, space, starts)
        assert runner.n_computed == 0
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.positions_a, b.positions_a)


def test_what_does_not_relax_says_so(crystal, tmp_path):
    atoms, space = crystal
    with runner_in(tmp_path) as runner:
        (found,) = relax_stiff_modes(
            atoms, runner, space, [start_at(atoms, space, 3.5)], most_steps=2
        )
    assert not found.converged
    assert found.n_calls == 2
    assert found.residual > 3e-4


class Noisy(Calculator):
    """The librating crystal with random forces that depend on the geometry alone, eV/Å."""

    implemented_properties = ("energy", "forces")

    def __init__(self, rest, noise):
        super().__init__()
        self.inner, self.noise = model.LibratingUnits(), noise
        self.inner.calculate(rest.copy())
        self.parameters["model"] = f"noisy {noise}"

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.inner.calculate(self.atoms)
        digest = hashlib.sha256(np.round(self.atoms.positions, 7).tobytes()).digest()
        random = np.random.default_rng(list(digest))
        self.results |= self.inner.results
        size = self.results["forces"].shape
        self.results["forces"] = self.results["forces"] + self.noise * random.normal(size=size)


def test_forces_that_stop_falling_are_the_noise_of_the_calculator(crystal, tmp_path):
    """Several times the limit: the best geometry seen is kept, and what is left is told."""
    atoms, space = crystal
    starts = [start_at(atoms, space, a) for a in (0.8, 2.0, 3.5)]
    with runner_in(tmp_path, Noisy(atoms, 1e-3)) as runner:
        found = relax_stiff_modes(atoms, runner, space, starts, most_steps=12, noisy=True)
    for start, relaxed in zip(starts, found, strict=True):
        assert relaxed.converged
        assert relaxed.at_noise
        assert 3e-4 < relaxed.residual < 3e-3
        assert relaxed.n_calls <= 12
        # The harmonic energy of the forces left: a few hundredths of 1 cm⁻¹.
        energy, positions = exact_minimum(atoms, space, start)
        assert relaxed.energy_ev == pytest.approx(energy, abs=2e-5)
        np.testing.assert_allclose(relaxed.positions_a, positions, atol=3e-3)


def test_forces_that_stay_large_are_no_noise(crystal, tmp_path):
    atoms, space = crystal
    with runner_in(tmp_path, Noisy(atoms, 0.3)) as runner:
        (found,) = relax_stiff_modes(
            atoms, runner, space, [start_at(atoms, space, 2.0)], most_steps=12, noisy=True
        )
    assert not found.converged
    assert found.n_calls == 12


def test_modes_without_a_minimum_cannot_relax(crystal, tmp_path):
    atoms, space = crystal
    values = np.array(space.eigenvalues)
    values[-1] = -1.0
    broken = ModeSpace(
        vectors=np.array(space.vectors),
        eigenvalues=values,
        masses_amu=np.array(space.masses_amu),
        forces_at_rest=np.array(space.forces_at_rest),
    )
    with runner_in(tmp_path) as runner, pytest.raises(ValueError, match="positive"):
        relax_stiff_modes(
            atoms,
            runner,
            broken,
            [StiffStart(positions_a=atoms.positions, free=np.ones(27, dtype=bool))],
        )


class Quartic(Calculator):
    """One atom whose potential is far stiffer away from rest than there: Newton steps overshoot."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        x = self.atoms.positions - np.array([[0.3, 0.0, 0.0]])
        self.results["energy"] = float((0.5 * x**2 + 50.0 * x**4).sum())
        self.results["forces"] = -(x + 200.0 * x**3)


def test_steps_that_go_too_far_are_taken_back(tmp_path):
    from ase import Atoms

    atoms = Atoms("H", positions=[[0.3, 0.0, 0.0]], cell=[9, 9, 9], pbc=True)
    atoms.set_masses([1.0])
    space = ModeSpace(
        vectors=np.eye(3),
        eigenvalues=np.ones(3),
        masses_amu=np.ones(1),
        forces_at_rest=np.zeros((1, 3)),
    )
    start = StiffStart(
        positions_a=atoms.positions + np.array([[0.4, -0.2, 0.1]]), free=np.ones(3, dtype=bool)
    )
    with runner_in(tmp_path, Quartic()) as runner:
        (found,) = relax_stiff_modes(atoms, runner, space, [start], most_steps=60)
    assert found.converged
    np.testing.assert_allclose(found.positions_a, atoms.positions, atol=1e-3)


def test_forces_at_rest_do_not_count(crystal, tmp_path):
    """A crystal that is not quite at rest counts as stationary: nothing moves without a push."""
    atoms, space = crystal
    drifted = atoms.copy()
    drifted.positions[1] += 0.002
    _, forces = model.energy_and_forces(drifted.positions, atoms.cell[:], model.units_of(atoms))
    shifted = ModeSpace(
        vectors=np.array(space.vectors),
        eigenvalues=np.array(space.eigenvalues),
        masses_amu=np.array(space.masses_amu),
        forces_at_rest=forces,
    )
    with runner_in(tmp_path) as runner:
        (found,) = relax_stiff_modes(drifted, runner, shifted, [start_at(drifted, shifted, 0.0)])
    assert found.n_calls == 1
    np.testing.assert_allclose(found.positions_a, drifted.positions, atol=1e-12)


def test_wavenumbers_and_amplitudes(crystal):
    _, space = crystal
    assert space.wavenumbers_cm1[-1] == pytest.approx(
        np.sqrt(space.eigenvalues[-1]) * SQRT_EV_PER_U_A2_TO_CM1
    )
    amplitudes = np.random.default_rng(1).normal(size=27)
    np.testing.assert_allclose(
        space.amplitudes(space.displacement_a(amplitudes)), amplitudes, atol=1e-12
    )
