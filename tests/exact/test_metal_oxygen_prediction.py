"""Band positions from a metal-oxygen scan against oscillators that are solved on paper."""

from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.calculator import all_changes
from scipy.optimize import minimize
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.reference.tables import find_table1_row
from reticulum.thermal.carboxylate_bands import track_carboxylate_modes
from reticulum.thermal.free_motions import Follow, free_motions
from reticulum.thermal.mechanism import Band, ErrorKind
from reticulum.thermal.metal_oxygen import MetalOxygenScan, predict_from_scan
from reticulum.thermal.metal_oxygen_scan import (
    SCAN_ENERGY_CM1,
    _path_masses,
    metal_oxygen_coordinate,
    scan_metal_oxygen,
)
from reticulum.thermal.quick_pictures import OscillatorResult
from reticulum.thermal.relaxed_path import PathPoint
from reticulum.thermal.slopes import Curvature
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    EV_TO_CM1,
    HBAR2_OVER_2U_A2_CM1,
    SQRT_EV_PER_U_A2_TO_CM1,
)

REST_A = 1.95


def scan_of(x, energies, antisymmetric, symmetric=None, *, mass=12.8):
    """A scan with the mass given, from values at displacements x from the minimum (Å)."""
    x = np.asarray(x, dtype=float)
    nothing = np.full_like(x, np.nan)
    symmetric = np.full_like(x, 1400.0) if symmetric is None else np.asarray(symmetric)
    return MetalOxygenScan(
        distances_a=REST_A + x,
        energies_cm1=np.asarray(energies, dtype=float),
        masses_amu=np.broadcast_to(np.asarray(mass, dtype=float), x.shape).copy(),
        antisymmetric_cm1=np.asarray(antisymmetric, dtype=float),
        symmetric_cm1=np.array(symmetric, dtype=float),
        strongest_antisymmetric_cm1=nothing.copy(),
        strongest_symmetric_cm1=nothing.copy(),
        metal_metal_a=nothing.copy(),
        carbon_oxygen_a=nothing.copy(),
        angle_deg=nothing.copy(),
        n_carboxylates=1,
        n_bonds=2,
        n_calls=0,
        equilibrium=int(np.abs(x).argmin()),
        tracked=(),
        follow="all",
        held_cm1=(),
        space_group="P1",
    )


def harmonic_scan(wavenumber, mass=12.8, n=11, slope=-1000.0, bend=0.0):
    stiffness = wavenumber**2 * mass / (2 * HBAR2_OVER_2U_A2_CM1)
    edge = np.sqrt(2 * SCAN_ENERGY_CM1 / stiffness)
    x = np.linspace(-edge, edge, n)
    return scan_of(x, 0.5 * stiffness * x**2, 1596.0 + slope * x + bend * x**2,
                   1400.0 + 300.0 * x, mass=mass)  # fmt: skip


def coth_variance(wavenumber, mass, temperatures):
    """⟨x²⟩ = B/ω coth(ω/2kT) with B = ħ²/(2m) 2 / ..., Å²: (2B/ω)(n + ½)."""
    ratio = wavenumber / (2 * BOLTZMANN_CM1_PER_K * temperatures)
    return HBAR2_OVER_2U_A2_CM1 / (mass * wavenumber) / np.tanh(ratio)


@pytest.mark.parametrize("wavenumber", [120.0, 250.0, 420.0])
@pytest.mark.parametrize("mass", [12.8, 60.0])
def test_a_harmonic_scan_has_no_slope_and_the_coth_spread(wavenumber, mass):
    result = predict_from_scan(harmonic_scan(wavenumber, mass))
    np.testing.assert_allclose(result.antisymmetric_cm1, 1596.0, atol=1e-6)
    np.testing.assert_allclose(result.mean_distance_a, REST_A, atol=1e-9)
    assert abs(result.antisymmetric_slope.slope_cm1_per_k) < 1e-8
    assert abs(result.symmetric_slope.slope_cm1_per_k) < 1e-8
    assert result.antisymmetric_slope.curvature is Curvature.STRAIGHT
    expected = np.sqrt(coth_variance(wavenumber, mass, result.temperatures_k))
    # At 473 K some 1e-4 of the thermal density lies outside the grid.
    np.testing.assert_allclose(result.spread_a, expected, rtol=3e-4)
    np.testing.assert_allclose(result.spread_a[:4], expected[:4], rtol=1e-5)
    assert result.warnings == ()
    assert result.harmonic_cm1 == pytest.approx(wavenumber, rel=1e-9)
    assert result.first_transition_cm1 == pytest.approx(wavenumber, rel=1e-6)
    n = np.arange(5)
    np.testing.assert_allclose(result.levels_cm1[:5], wavenumber * (n + 0.5), rtol=1e-6)


def test_a_scan_that_stretches_stiffer_bonds_says_so():
    sentences = predict_from_scan(harmonic_scan(1336.0, 8.0)).warnings
    assert any("At 1336 cm⁻¹ this is no metal-oxygen stretch" in one for one in sentences)


def test_a_parabola_of_the_band_follows_the_spread():
    bend = 4000.0
    result = predict_from_scan(harmonic_scan(250.0, slope=0.0, bend=bend))
    expected = 1596.0 + bend * coth_variance(250.0, 12.8, result.temperatures_k)
    np.testing.assert_allclose(result.antisymmetric_cm1, expected, atol=0.02)
    assert result.antisymmetric_slope.slope_cm1_per_k > 0
    assert result.quadratic_slopes_cm1_per_k[0] == pytest.approx(
        result.antisymmetric_slope.slope_cm1_per_k, rel=0.01
    )
    assert abs(result.linear_slopes_cm1_per_k[0]) < 1e-8


def morse_scan(n=61, low=-0.28, high=0.75):
    x = np.linspace(low, high, n)
    x[np.abs(x).argmin()] = 0.0
    return scan_of(x, 15000.0 * (1 - np.exp(-1.5 * x)) ** 2, 1596.0 - 1000.0 * x)


def test_the_morse_oscillator_of_the_metal_oxygen_bond():
    """De 15000 cm⁻¹, a 1.5 /Å, 12.8 u and ν = 1596 - 1000 x: values solved independently."""
    result = predict_from_scan(morse_scan())
    assert result.harmonic_cm1 == pytest.approx(421.66, abs=0.02)
    assert result.antisymmetric_cm1[0] == pytest.approx(1588.46825, abs=2e-4)
    assert result.antisymmetric_cm1[-1] == pytest.approx(1583.15207, abs=2e-4)
    assert result.temperatures_k[0] == pytest.approx(173.15)
    assert result.temperatures_k[-1] == pytest.approx(473.15)
    assert result.antisymmetric_slope.curvature is Curvature.STEEPENS
    omega, anharmonicity = 421.66, 421.66**2 / (4 * 15000.0)
    assert result.first_transition_cm1 == pytest.approx(omega - 2 * anharmonicity, abs=0.02)
    assert result.linear_slopes_cm1_per_k[0] == pytest.approx(
        result.antisymmetric_slope.slope_cm1_per_k, rel=1e-6
    )
    assert result.outside < 1e-5
    assert result.warnings == ()


def test_a_scan_as_coarse_as_the_program_makes_them_gives_the_same_slope():
    """Points at the spacing of `scan_metal_oxygen`, up to its energy limit."""
    stiffness = 2 * 15000.0 * 1.5**2
    step = np.sqrt(2 * SCAN_ENERGY_CM1 / stiffness) / 5
    x = step * np.arange(-5, 8)
    energies = 15000.0 * (1 - np.exp(-1.5 * x)) ** 2
    last = int(np.flatnonzero(energies[5:] >= SCAN_ENERGY_CM1)[0]) + 5
    first = int(np.flatnonzero(energies[:6] >= SCAN_ENERGY_CM1)[-1])
    x, energies = x[first : last + 1], energies[first : last + 1]
    result = predict_from_scan(scan_of(x, energies, 1596.0 - 1000.0 * x))
    reference = predict_from_scan(morse_scan()).antisymmetric_slope.slope_cm1_per_k
    assert result.antisymmetric_slope.slope_cm1_per_k == pytest.approx(reference, rel=0.01)
    assert result.antisymmetric_cm1[0] == pytest.approx(1588.46825, abs=0.01)
    assert result.outside < 0.01


def test_only_the_product_of_path_length_and_root_of_mass_matters():
    """Half the distances with four times the mass: the same oscillator on another ruler."""
    x = np.linspace(-0.28, 0.75, 61)
    x[np.abs(x).argmin()] = 0.0
    energies = 15000.0 * (1 - np.exp(-1.5 * x)) ** 2
    other = scan_of(x / 2, energies, 1596.0 - 1000.0 * x, mass=4 * 12.8)
    np.testing.assert_allclose(
        predict_from_scan(other).antisymmetric_cm1,
        predict_from_scan(morse_scan()).antisymmetric_cm1,
        atol=1e-5,
    )


def test_a_mass_that_changes_along_the_path_is_a_stretched_ruler():
    """A harmonic oscillator written in a curved coordinate s(q) = q + 0.3 q²."""
    wavenumber, mass = 250.0, 12.8
    stiffness = wavenumber**2 * mass / (2 * HBAR2_OVER_2U_A2_CM1)
    edge = np.sqrt(2 * SCAN_ENERGY_CM1 / stiffness)
    q = np.linspace(-edge, edge, 61)
    s = q + 0.3 * q**2
    curved = scan_of(s, 0.5 * stiffness * q**2, 1596.0 - 1000.0 * q,
                     mass=mass / (1 + 0.6 * q) ** 2)  # fmt: skip
    result = predict_from_scan(curved)
    assert result.first_transition_cm1 == pytest.approx(wavenumber, rel=1e-4)
    np.testing.assert_allclose(result.antisymmetric_cm1, 1596.0, atol=0.05)


def test_a_shallow_scan_says_that_much_lies_outside():
    x = np.linspace(-0.02, 0.02, 7)
    stiffness = 250.0**2 * 12.8 / (2 * HBAR2_OVER_2U_A2_CM1)
    result = predict_from_scan(scan_of(x, 0.5 * stiffness * x**2, 1596.0 - 1000.0 * x))
    assert result.outside > 0.1
    assert any("outside" in sentence for sentence in result.warnings)


@pytest.mark.parametrize(("wavenumber", "doubtful"), [(250.0, False), (30.0, True)])
def test_a_scan_that_misses_most_of_the_motion_is_not_to_be_trusted(wavenumber, doubtful):
    x = np.linspace(-0.2, 0.2, 7)
    stiffness = wavenumber**2 * 12.8 / (2 * HBAR2_OVER_2U_A2_CM1)
    result = OscillatorResult.from_scan(
        scan_of(x, 0.5 * stiffness * x**2, 1596.0 - 1000.0 * x)
    ).mechanism()
    assert bool(result.untrusted_because) is doubtful
    assert ("outside the scanned range" in result.untrusted_because) is doubtful


def test_temperatures_are_the_callers_where_given():
    result = predict_from_scan(harmonic_scan(250.0), [100.0, 200.0, 300.0])
    np.testing.assert_array_equal(result.temperatures_k, [100.0, 200.0, 300.0])
    with pytest.raises(InputError):
        predict_from_scan(harmonic_scan(250.0), [-5.0, 200.0])


@pytest.mark.parametrize(
    "x",
    [np.linspace(0.0, 0.3, 9), np.linspace(-0.3, 0.0, 9), np.linspace(-0.1, 0.1, 3)],
    ids=["rising only", "falling only", "three points"],
)
def test_a_scan_without_a_minimum_inside_is_a_calculation_error(x):
    with pytest.raises(CalculationError, match="enclose a minimum"):
        predict_from_scan(scan_of(x, 1e4 * x**2, 1596.0 - x))


def test_distances_that_do_not_ascend_are_refused():
    with pytest.raises(ValueError, match="ascend"):
        scan_of([0.0, 0.1, 0.1, 0.2], [0, 1, 1, 2], [1, 2, 2, 3])


def test_the_mass_of_a_path_does_not_depend_on_a_drift_of_the_crystal():
    random = np.random.default_rng(0)
    masses = random.uniform(1, 60, 5)
    tangent, bend = random.normal(size=(5, 3)), random.normal(size=(5, 3))
    values = np.linspace(-0.2, 0.2, 9)

    def points(drift):
        return tuple(
            PathPoint(coordinate_a=v, energy_ev=0.0, forces_ev_a=np.zeros((5, 3)),
                      positions_a=v * tangent + v**2 * bend + drift(v),
                      residual_ev_a=0.0, n_calls=1)
            for v in values
        )  # fmt: skip

    still = _path_masses(masses, points(lambda v: 0.0))
    drifting = _path_masses(masses, points(lambda v: np.array([3.0, -1.0, 0.5]) * (v + v**2)))
    np.testing.assert_allclose(drifting, still, rtol=1e-9)
    middle = tangent - masses @ tangent / masses.sum()
    assert still[4] == pytest.approx(masses @ (middle**2).sum(axis=1), rel=1e-9)


def test_a_diatomic_path_has_the_reduced_mass():
    masses = np.array([63.5, 16.0])
    points = tuple(
        PathPoint(coordinate_a=r, energy_ev=0.0, forces_ev_a=np.zeros((2, 3)), residual_ev_a=0.0,
                  positions_a=np.array([[0.0, 0, 0], [r, 0, 0]]), n_calls=1)
        for r in np.linspace(1.8, 2.2, 7)
    )  # fmt: skip
    np.testing.assert_allclose(
        _path_masses(masses, points), masses.prod() / masses.sum(), rtol=1e-9
    )


@pytest.mark.parametrize("name", ["HKUST-1", "MOF-5", "Mg-MOF-74"])
def test_the_coordinate_is_the_mean_distance_with_the_right_gradient(name):
    atoms = symmetrised_primitive(read_structure(name)).atoms
    coordinate = metal_oxygen_coordinate(atoms, find_carboxylates(atoms))
    positions = np.array(atoms.positions)
    value, gradient = coordinate(positions)
    assert 1.85 < value < 2.15
    np.testing.assert_allclose(gradient.sum(axis=0), 0.0, atol=1e-12)
    direction = np.random.default_rng(0).normal(size=positions.shape)
    h = 1e-5
    up, down = coordinate(positions + h * direction)[0], coordinate(positions - h * direction)[0]
    assert (up - down) / (2 * h) == pytest.approx((gradient * direction).sum(), rel=1e-6)
    shifted = positions + np.array([0.3, -4.0, 7.7])
    assert coordinate(shifted)[0] == pytest.approx(value, abs=1e-12)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A scan of the spring crystal with everything that went into it."""
    calculator = SpringCrystal()
    folder = tmp_path_factory.mktemp("scan") / "run"
    with open_run(spring_crystal(), Engine.from_ase(calculator), folder) as run:
        phonons = gamma_phonons(run)
        tracked = track_carboxylate_modes(mode_table(phonons))
        scans = {
            follow: scan_metal_oxygen(run, phonons, tracked, follow=follow) for follow in Follow
        }
        calls = calculator.calls
        again = scan_metal_oxygen(run, phonons, tracked, follow=Follow.ALL)
        assert calculator.calls == calls  # all stored
    return phonons, scans, again, calculator


def test_a_scan_of_a_crystal_says_what_it_did(scanned):
    phonons, scans, again, _ = scanned
    scan = scans[Follow.ALL]
    assert (scan.n_carboxylates, scan.n_bonds, scan.space_group) == (4, 8, "P4/mmm")
    k = scan.equilibrium
    assert scan.energies_cm1[k] == 0.0
    assert scan.energies_cm1.argmin() in (k - 1, k, k + 1)
    assert (scan.energies_cm1[[0, -1]] >= SCAN_ENERGY_CM1).all()
    assert (scan.energies_cm1[1:-1] < SCAN_ENERGY_CM1).all()
    atoms = phonons.atoms
    assert scan.distances_a[k] == pytest.approx(
        np.mean([c.mean_metal_oxygen_distance for c in find_carboxylates(atoms)]), abs=1e-9
    )
    assert scan.metal_metal_a[k] == pytest.approx(atoms.get_distance(0, 1, mic=True), abs=1e-6)
    assert scan.carbon_oxygen_a[k] == pytest.approx(
        np.mean([c.mean_co_distance for c in find_carboxylates(atoms)]), abs=1e-9
    )
    assert 100 < scan.angle_deg[k] < 150
    np.testing.assert_array_equal(again.antisymmetric_cm1, scan.antisymmetric_cm1)
    np.testing.assert_array_equal(again.energies_cm1, scan.energies_cm1)
    form = scan.to_dict()
    assert len(form["distances_a"]) == len(scan.distances_a)


#: A displacement of 0.01 Å along a C-O stretch of a Morse bond (a = 2.3 /Å) raises the curvature
#: by 7 a² h² / 12 of it, and the wavenumber by half of that: up to 0.9 cm⁻¹ at 2000 cm⁻¹.
STEP_ERROR_CM1 = 1.0


def test_bands_at_the_minimum_are_those_of_the_phonons(scanned):
    phonons, scans, _, _ = scanned
    table = mode_table(phonons)
    tracked = track_carboxylate_modes(table)
    wavenumbers = phonons.wavenumbers_cm1[np.concatenate([list(s) for s in tracked.sets])]
    for scan in scans.values():
        for name in ("antisymmetric", "symmetric"):
            weights = getattr(tracked, name)
            expected = wavenumbers @ weights / weights.sum()
            assert getattr(scan, f"{name}_cm1")[scan.equilibrium] == pytest.approx(
                expected, abs=STEP_ERROR_CM1
            )


def test_bands_away_from_the_minimum_are_those_of_the_full_hessian(scanned):
    """A point of the scan, recomputed without any use of symmetry."""
    phonons, scans, _, calculator = scanned
    scan = scans[Follow.ALL]
    coordinate = metal_oxygen_coordinate(phonons.atoms, find_carboxylates(phonons.atoms))
    columns = phonons.symmetry.symmetric_displacements()
    origin = np.array(phonons.atoms.positions)
    target = scan.distances_a[-2]

    def place(q):
        return origin + (columns @ q).reshape(-1, 3)

    found = minimize(
        lambda q: calculator.energy_and_forces(place(q), phonons.atoms.cell[:])[0], np.zeros(5),
        method="SLSQP", options={"ftol": 1e-15, "maxiter": 500},
        constraints={"type": "eq", "fun": lambda q: coordinate(place(q))[0] - target},
    )  # fmt: skip
    x = place(found.x)
    h, rows = 1e-4, []
    for k in range(54):
        step = np.zeros(54)
        step[k] = h
        step = step.reshape(-1, 3)
        up = calculator.energy_and_forces(x + step, phonons.atoms.cell[:])[1]
        down = calculator.energy_and_forces(x - step, phonons.atoms.cell[:])[1]
        rows.append(-(up - down).ravel() / (2 * h))
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    full = np.array(rows) / np.outer(roots, roots)
    tracked = track_carboxylate_modes(mode_table(phonons))
    values, vectors = np.linalg.eigh(full)
    shares = (tracked.vectors.T @ vectors) ** 2
    wavenumbers = np.sqrt(np.maximum(values, 0.0)) * SQRT_EV_PER_U_A2_TO_CM1
    exact = {}
    for name in ("antisymmetric", "symmetric"):
        weights = (getattr(tracked, name) @ shares) * shares.sum(axis=0)
        exact[name] = wavenumbers @ weights / weights.sum()
    assert abs(exact["antisymmetric"] - scan.antisymmetric_cm1[scan.equilibrium]) > 20
    for name in ("antisymmetric", "symmetric"):
        found_cm1 = getattr(scan, f"{name}_cm1")[-2]
        assert found_cm1 == pytest.approx(exact[name], abs=STEP_ERROR_CM1)


def test_following_all_motions_is_never_higher_in_energy(scanned):
    """Fewer free motions: a higher energy at the same distance, and a faster oscillator."""
    _, scans, _, _ = scanned
    free, held = scans[Follow.ALL], scans[Follow.STIFFER]
    assert (held.follow, free.follow) == ("stiffer", "all")
    assert free.held_cm1 == ()
    both = (held.distances_a > free.distances_a[0]) & (held.distances_a < free.distances_a[-1])
    lowest = np.interp(held.distances_a[both], free.distances_a, free.energies_cm1)
    assert (held.energies_cm1[both] >= lowest - 0.02 * SCAN_ENERGY_CM1).all()
    assert predict_from_scan(held).harmonic_cm1 >= predict_from_scan(free).harmonic_cm1 - 1.0


def test_harmonic_wavenumber_lies_between_the_symmetric_modes(scanned):
    """One coordinate over several normal modes: a Rayleigh quotient of the free ones."""
    phonons, scans, _, _ = scanned
    table = mode_table(phonons)
    symmetric = [
        float(table.labels.wavenumbers_cm1[number])
        for number in range(table.labels.n_sets)
        if table.labels.labels[number] == "A1g"
    ]
    assert len(symmetric) == 5
    value = predict_from_scan(scans[Follow.ALL]).harmonic_cm1
    assert min(symmetric) - 5 <= value <= max(symmetric)


def test_held_motions_are_slower_and_the_free_space_is_symmetric(scanned):
    phonons, scans, _, _ = scanned
    coordinate = metal_oxygen_coordinate(phonons.atoms, find_carboxylates(phonons.atoms))
    _, gradient = coordinate(np.array(phonons.atoms.positions))
    everything = free_motions(phonons, gradient, Follow.ALL)
    stiffer = free_motions(phonons, gradient, Follow.STIFFER)
    assert stiffer.displacements.shape[1] + len(stiffer.held_cm1) == 5
    for motions in (everything, stiffer):
        columns = motions.displacements
        np.testing.assert_allclose(columns.T @ columns, np.eye(columns.shape[1]), atol=1e-10)
        for column in columns.T:
            pattern = column.reshape(-1, 3)
            np.testing.assert_allclose(
                phonons.symmetry.symmetrise_vectors(pattern), pattern, atol=1e-8
            )
    assert scans[Follow.STIFFER].held_cm1 == stiffer.held_cm1


def test_energies_are_for_each_carboxylate(scanned):
    """The harmonic energy of the scan times the carboxylates is that of the cell."""
    phonons, scans, _, _ = scanned
    scan = scans[Follow.ALL]
    coordinate = metal_oxygen_coordinate(phonons.atoms, find_carboxylates(phonons.atoms))
    _, gradient = coordinate(np.array(phonons.atoms.positions))
    columns = phonons.symmetry.symmetric_displacements()
    along = columns.T @ gradient.ravel()
    reduced = columns.T @ phonons.hessian_ev_a2 @ columns
    stiffness = EV_TO_CM1 / float(along @ np.linalg.solve(reduced, along)) / 4
    k = scan.equilibrium
    s = scan.distances_a
    near = np.polyfit(s[k - 2 : k + 3] - s[k], scan.energies_cm1[k - 2 : k + 3], 4)
    assert 2 * near[2] == pytest.approx(stiffness, rel=0.03)


def test_a_structure_without_carboxylates_is_refused():
    atoms = symmetrised_primitive(read_structure("calcite")).atoms
    with pytest.raises(InputError):
        metal_oxygen_coordinate(atoms, find_carboxylates(atoms))


class PolarSpringCrystal(SpringCrystal):
    """Bonds of the upper copper atom are longer: P4mm, so a shift along z is symmetric too."""

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        first = self.rows is None
        super().calculate(atoms, properties, system_changes)
        if first:
            upper = max(0, 1, key=lambda k: self.atoms.positions[k, 2])
            self.rest[self.morse & ((self.i == upper) | (self.j == upper))] += 0.08
            energy, forces = self.energy_and_forces(self.atoms.positions, self.atoms.cell[:])
            self.results["energy"], self.results["forces"] = energy, forces


@pytest.mark.parametrize("follow", list(Follow))
def test_a_polar_crystal_may_drift_without_changing_the_oscillator(tmp_path, follow):
    atoms = spring_crystal()
    atoms.positions[0, 2] += 0.05
    engine = Engine.from_ase(PolarSpringCrystal())
    with open_run(atoms, engine, tmp_path / "run") as run:
        phonons = gamma_phonons(run)
        assert phonons.symmetry.symbol == "P4mm"
        tracked = track_carboxylate_modes(mode_table(phonons))
        scan = scan_metal_oxygen(run, phonons, tracked, follow=follow)
    known = np.isfinite(scan.antisymmetric_cm1)
    assert known[scan.equilibrium]
    assert known.sum() >= len(known) // 2
    assert (scan.energies_cm1[[0, -1]] >= SCAN_ENERGY_CM1).all()
    assert (scan.masses_amu > 0).all()
    # Drift would add the mass of the crystal, 324 u, at every point.
    assert scan.masses_amu.min() < 60
    assert not any(abs(w) < 1.0 for w in scan.held_cm1)
    prediction = predict_from_scan(scan)
    assert 50 < prediction.harmonic_cm1 < 700


def test_the_error_of_the_oscillator_holds_what_half_the_bands_would_change():
    """A band that bends sharply at the points between those that are left."""
    x = np.linspace(-0.15, 0.15, 9)
    stiffness = 250.0**2 * 12.8 / (2 * HBAR2_OVER_2U_A2_CM1)
    bump = np.where(np.arange(9) % 2 == 1, 30.0, 0.0)
    scan = scan_of(x, 0.5 * stiffness * x**2, 1596.0 + bump, 1400.0 + 0.0 * x)
    result = OscillatorResult.from_scan(scan).mechanism()
    slope = result.slope(Band.ANTISYMMETRIC).slope_cm1_per_k
    steps = [e for e in result.errors(Band.ANTISYMMETRIC) if e.kind is ErrorKind.STEP_SIZE]
    # without the bumps nothing is left that moves
    assert [e.size_cm1_per_k for e in steps] == pytest.approx([abs(slope)], rel=1e-6)
    assert abs(slope) > 1e-3
    assert result.slope_error_cm1_per_k(Band.SYMMETRIC) == pytest.approx(0.0, abs=1e-9)


def test_half_the_bands_change_nothing_where_they_follow_a_parabola():
    scan = harmonic_scan(250.0, n=13, slope=-1000.0, bend=500.0)
    result = OscillatorResult.from_scan(scan).mechanism()
    steps = [e for e in result.errors(Band.ANTISYMMETRIC) if e.kind is ErrorKind.STEP_SIZE]
    assert [e.size_cm1_per_k for e in steps] == pytest.approx([0.0], abs=1e-8)


def test_a_doubt_about_the_crystal_goes_with_the_slopes():
    opened = "The relaxation opened 6 Zn-O bonds."
    doubted = OscillatorResult.from_scan(morse_scan(), opened)
    trusted = OscillatorResult.from_scan(morse_scan())
    assert doubted.mechanism().untrusted_because == opened
    assert trusted.mechanism().untrusted_because == ""
    measured = find_table1_row("HKUST-1")
    assert all("(not to be trusted): " in text for text in doubted.verdicts(measured))
    assert not any("trusted" in text for text in trusted.verdicts(measured))
