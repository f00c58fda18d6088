"""The relaxed path against constrained minima found by another optimiser."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from scipy.optimize import minimize
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.engines.executor import ForceRunner
from reticulum.engines.store import ForceStore
from reticulum.errors import CalculationError
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal.metal_oxygen_scan import metal_oxygen_coordinate
from reticulum.thermal.relaxed_path import PATH_FORCE_LIMIT_EV_A, relaxed_points


class Triatomic(Calculator):
    """Cu-O-C: two Morse bonds, a bend and a coupling; no symmetry, translations cost nothing."""

    implemented_properties = ("energy", "forces")
    wells = ((2.5, 1.7, 1.95), (6.0, 2.1, 1.28))

    def __init__(self):
        super().__init__(label=None)
        self.parameters["model"] = "triatomic"
        self.calls = 0

    def energy(self, x):
        x = x.reshape(3, 3)
        one, two, far = x[0] - x[1], x[2] - x[1], x[2] - x[0]
        r, s, t = (np.linalg.norm(v) for v in (one, two, far))
        total = 0.5 * 3.0 * (t - 2.8) ** 2 + 1.5 * (r - 1.95) * (s - 1.28)
        for (depth, steep, rest), length in zip(self.wells, (r, s), strict=True):
            total += depth * (1 - np.exp(-steep * (length - rest))) ** 2
        return total

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        x = self.atoms.positions
        one, two, far = x[0] - x[1], x[2] - x[1], x[2] - x[0]
        r, s, t = (np.linalg.norm(v) for v in (one, two, far))
        slopes = []
        for (depth, steep, rest), length in zip(self.wells, (r, s), strict=True):
            fall = np.exp(-steep * (length - rest))
            slopes.append(2 * depth * steep * fall * (1 - fall))
        dr = slopes[0] + 1.5 * (s - 1.28)
        ds = slopes[1] + 1.5 * (r - 1.95)
        dt = 3.0 * (t - 2.8)
        gradient = np.zeros((3, 3))
        gradient[0] += dr * one / r - dt * far / t
        gradient[1] += -dr * one / r - ds * two / s
        gradient[2] += ds * two / s + dt * far / t
        self.results["energy"] = float(self.energy(x.ravel()))
        self.results["forces"] = -gradient


def first_distance(positions):
    apart = positions[0] - positions[1]
    length = float(np.linalg.norm(apart))
    gradient = np.zeros_like(positions)
    gradient[0], gradient[1] = apart / length, -apart / length
    return length, gradient


def numerical_hessian(forces, x, step=1e-5):
    columns = []
    for k in range(len(x)):
        up, down = x.copy(), x.copy()
        up[k] += step
        down[k] -= step
        columns.append(-(forces(up) - forces(down)) / (2 * step))
    hessian = np.array(columns)
    return 0.5 * (hessian + hessian.T)


@pytest.fixture
def triatomic(tmp_path):
    calculator = Triatomic()
    start = np.array([[1.9, 0.2, 0.1], [0.0, 0.0, 0.0], [-0.5, 1.2, 0.3]])
    best = minimize(calculator.energy, start.ravel(), method="BFGS", options={"gtol": 1e-9})
    atoms = Atoms("CuOC", positions=best.x.reshape(3, 3), cell=[15, 15, 15], pbc=True)

    def forces(x):
        moved = atoms.copy()
        moved.positions = x.reshape(3, 3)
        moved.calc = Triatomic()
        return moved.get_forces().ravel()

    hessian = numerical_hessian(forces, atoms.positions.ravel())
    with ForceRunner(Engine.from_ase(calculator), ForceStore(tmp_path / "f.db")) as runner:
        yield atoms, runner, calculator, hessian


def constrained_minimum(calculator, target, guess):
    """Lowest energy at a held first distance, by scipy's SLSQP."""
    found = minimize(
        calculator.energy,
        guess.ravel(),
        method="SLSQP",
        constraints={
            "type": "eq",
            "fun": lambda x: np.linalg.norm(x[:3] - x[3:6]) - target,
        },
        options={"ftol": 1e-14, "maxiter": 500},
    )
    return found.fun


def test_points_are_the_constrained_minima(triatomic):
    atoms, runner, calculator, hessian = triatomic
    start, _ = first_distance(atoms.positions)
    targets = [[start + 0.06 * k for k in range(1, 6)], [start - 0.05 * k for k in range(1, 5)]]
    before = atoms.positions.tobytes()
    points = relaxed_points(
        atoms,
        runner,
        first_distance,
        displacements=np.eye(9),
        hessian_ev_a2=hessian,
        targets_a=targets,
        energy_limit_ev=100.0,
    )
    assert atoms.positions.tobytes() == before
    assert [p.coordinate_a for p in points] == sorted(p.coordinate_a for p in points)
    np.testing.assert_allclose(
        [p.coordinate_a for p in points], sorted([*targets[0], *targets[1], start]), atol=1e-6
    )
    for point in points:
        lowest = constrained_minimum(calculator, point.coordinate_a, point.positions_a)
        # What is left of the force, 0.01 eV/Å, on the softest direction, some 3 eV/Å².
        assert point.energy_ev == pytest.approx(lowest, abs=2e-5)
        assert point.energy_ev > lowest - 1e-7
        value, gradient = first_distance(point.positions_a)
        assert value == pytest.approx(point.coordinate_a, abs=1e-9)
        along = gradient.ravel() / np.linalg.norm(gradient)
        rest = point.forces_ev_a.ravel() - along * (along @ point.forces_ev_a.ravel())
        assert np.linalg.norm(rest) <= PATH_FORCE_LIMIT_EV_A
    # Some four steps for each point: a Newton method with a good Hessian, not a crawl.
    assert sum(p.n_calls for p in points) <= 5 * len(points)
    assert calculator.calls == sum(p.n_calls for p in points)


def test_the_slope_of_the_energy_along_the_path_is_the_force_on_the_coordinate(triatomic):
    """dE/ds = -F·(dx/ds): the path has no other force, so the projection gives the slope."""
    atoms, runner, _, hessian = triatomic
    start, _ = first_distance(atoms.positions)
    step = 0.01
    points = relaxed_points(
        atoms, runner, first_distance, displacements=np.eye(9), hessian_ev_a2=hessian,
        targets_a=[[start + step * k for k in range(1, 8)]], energy_limit_ev=100.0,
    )  # fmt: skip
    energy = np.array([p.energy_ev for p in points])
    for k in range(1, len(points) - 1):
        _, gradient = first_distance(points[k].positions_a)
        multiplier = (points[k].forces_ev_a * gradient).sum() / (gradient**2).sum()
        assert (energy[k + 1] - energy[k - 1]) / (2 * step) == pytest.approx(-multiplier, abs=5e-3)


def test_an_arm_ends_with_the_first_point_above_the_energy_limit(triatomic):
    atoms, runner, _, hessian = triatomic
    start, _ = first_distance(atoms.positions)
    points = relaxed_points(
        atoms, runner, first_distance, displacements=np.eye(9), hessian_ev_a2=hessian,
        targets_a=[[start + 0.05 * k for k in range(1, 30)], [start - 0.05]],
        energy_limit_ev=0.2,
    )  # fmt: skip
    above = [p for p in points if p.energy_ev - points[1].energy_ev >= 0.2 and
             p.coordinate_a > start]  # fmt: skip
    assert len(above) == 1
    assert above[0] is points[-1]
    assert 4 < len(points) < 15


def test_an_interrupted_path_goes_on_from_the_store(triatomic):
    atoms, runner, calculator, hessian = triatomic
    start, _ = first_distance(atoms.positions)
    arguments = {
        "displacements": np.eye(9),
        "hessian_ev_a2": hessian,
        "targets_a": [[start + 0.06, start + 0.12], [start - 0.05]],
        "energy_limit_ev": 100.0,
    }
    first = relaxed_points(atoms, runner, first_distance, **arguments)
    calls = calculator.calls
    again = relaxed_points(atoms, runner, first_distance, **arguments)
    assert calculator.calls == calls  # the same steps, all found again
    for one, two in zip(first, again, strict=True):
        assert one.energy_ev == two.energy_ev
        assert one.positions_a.tobytes() == two.positions_a.tobytes()


def test_a_point_that_cannot_be_relaxed_is_named(triatomic):
    atoms, runner, _, _ = triatomic
    start, _ = first_distance(atoms.positions)
    with pytest.raises(CalculationError, match="metal-oxygen distance of") as caught:
        relaxed_points(
            atoms, runner, first_distance, displacements=np.eye(9),
            hessian_ev_a2=np.eye(9) * 1e9,  # steps far too short to arrive anywhere
            targets_a=[[start + 0.3]], energy_limit_ev=100.0,
        )  # fmt: skip
    assert "eV/Å" in caught.value.why


def test_a_symmetric_path_equals_the_minimum_over_the_free_wyckoff_parameters(tmp_path):
    calculator = SpringCrystal()
    with open_run(spring_crystal(), Engine.from_ase(calculator), tmp_path / "run") as run:
        phonons = gamma_phonons(run)
        atoms = phonons.atoms
        columns = phonons.symmetry.symmetric_displacements()
        assert columns.shape == (54, 5)
        coordinate = metal_oxygen_coordinate(atoms, find_carboxylates(atoms))
        start, _ = coordinate(np.array(atoms.positions))
        calls = calculator.calls
        points = relaxed_points(
            atoms,
            run.runner,
            coordinate,
            displacements=columns,
            hessian_ev_a2=np.array(phonons.hessian_ev_a2),
            targets_a=[[start + 0.05, start + 0.1, start + 0.15], [start - 0.05, start - 0.1]],
            energy_limit_ev=100.0,
        )
    assert len(points) == 6
    assert calculator.calls - calls <= 6 * 6
    origin = np.array(atoms.positions)

    def place(q):
        return origin + (columns @ q).reshape(-1, 3)

    for point in points:
        guess = columns.T @ (point.positions_a - origin).ravel()
        np.testing.assert_allclose(place(guess), point.positions_a, atol=1e-9)  # stays symmetric
        found = minimize(
            lambda q: calculator.energy_and_forces(place(q), atoms.cell[:])[0],
            guess,
            method="SLSQP",
            constraints={
                "type": "eq",
                "fun": lambda q, target=point.coordinate_a: coordinate(place(q))[0] - target,
            },
            options={"ftol": 1e-15, "maxiter": 500},
        )
        # A force of 0.01 eV/Å that is left on the softest of the motions, some 4 eV/Å².
        assert point.energy_ev == pytest.approx(found.fun, abs=2e-5)
        moved = atoms.copy()
        moved.positions = point.positions_a
        assert symmetry_of(moved, 1e-5).symbol == "P4/mmm"
