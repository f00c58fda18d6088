"""The adiabatic route on crystals whose answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import spring_models
from ase.calculators.calculator import Calculator, all_changes
from models import librating_unit as model
from models.anharmonic_crystal import AnharmonicCrystal, run_at_rest
from scipy.interpolate import CubicSpline
from scipy.optimize import minimize

from reticulum.engines.build import Engine
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal.adiabatic_left_out import (
    extrapolated_errors,
    extrapolation_distrust,
    extrapolation_warnings,
    unsettled,
)
from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.adiabatic_run import adiabatic_redshift
from reticulum.thermal.local_frames import LocalFrames
from reticulum.thermal.mechanism import ERROR_TOO_SMALL, Band, ErrorKind, MechanismResult, Part
from reticulum.thermal.mode_coupling import ModeCouplings, coupling_terms, thermal_shift_cm1
from reticulum.thermal.oscillator import solve_dvr, thermal_average
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.units import EV_TO_CM1, SQRT_EV_PER_U_A2_TO_CM1

T = slope_temperatures_k()
SOFT = AdiabaticOptions(max_cm1=130.0, check_settings=False, band_displacement_a=0.002)


def slope(values):
    return float(np.polyfit(T, values, 1)[0])


@pytest.fixture(scope="module")
def librating(tmp_path_factory):
    with model.run_phonons(tmp_path_factory.mktemp("librating") / "run") as (run, phonons, table):
        yield phonons, adiabatic_redshift(run, table, options=SOFT)


def test_what_is_extrapolated_is_in_the_error(librating):
    """Of paths known for 5 and 40 % of their distribution; not of one known for 57 %."""
    _, result = librating
    assert all(c.outside < 0.5 for c in result.contributions)
    assert extrapolated_errors(result.contributions) == ([], [])
    first, second, *rest = result.contributions
    chosen = [
        dataclasses.replace(first, outside=0.95),
        dataclasses.replace(second, outside=0.60),
        *(dataclasses.replace(c, outside=0.43) for c in rest),
    ]
    found = extrapolated_errors(chosen)
    expected = 0.95 * np.abs(first.slopes_cm1_per_k[:2]) + 0.6 * np.abs(second.slopes_cm1_per_k[:2])
    assert expected.max() > 1e-4
    for (error,), size in zip(found, expected, strict=True):
        assert error.kind is ErrorKind.TRUNCATION
        assert error.size_cm1_per_k == pytest.approx(size)
        assert "extrapolation of 2 sets" in error.origin
    warned = extrapolation_warnings(chosen, 1e-9)
    assert len(warned) == 2
    assert "known only for 5% of its thermal distribution" in warned[0]
    assert extrapolation_warnings(chosen, 1.0) == []


def test_a_sum_that_ends_below_all_real_modes_says_what_its_error_lacks():
    assert unsettled(True, 300.0, 0) == ()
    assert "had not settled at 700 cm⁻¹" in unsettled(False, 700.0, 0)[0]
    (sentence,) = unsettled(True, 0.001, 12)
    assert "No real mode lies below 0.001 cm⁻¹" in sentence
    assert ERROR_TOO_SMALL in sentence


def test_slopes_that_rest_on_extrapolation_are_not_to_be_trusted(librating):
    _, result = librating
    assert extrapolation_distrust(result.contributions) == ""
    leading, *rest = sorted(
        result.contributions, key=lambda c: -np.abs(c.slopes_cm1_per_k[:2]).max()
    )
    share = np.abs(leading.slopes_cm1_per_k[:2]) / np.sum(
        [np.abs(c.slopes_cm1_per_k[:2]) for c in result.contributions], axis=0
    )
    assert share.max() > 0.55
    short = dataclasses.replace(leading, outside=0.95)
    assert "1 set of soft modes is known" in extrapolation_distrust([short, *rest])
    least = dataclasses.replace(rest[-1], outside=0.95)
    assert extrapolation_distrust([leading, *rest[:-1], least]) == ""


def brute_force_slopes(phonons, vector):
    """Slopes by one libration: minimum at each q, complete Hessian there, DVR along the path."""
    atoms = phonons.atoms
    units, cell = model.units_of(atoms), atoms.cell[:]
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    others = phonons.eigenvectors[:, 3:]
    others = others[:, np.abs(others.T @ vector) < 0.5]
    scale = np.sqrt(np.einsum("ik,ij,jk->k", others / roots[:, None], phonons.hessian_ev_a2,
                              others / roots[:, None]))  # fmt: skip
    places, energies, bands = [], [], []
    nodes = np.linspace(0.0, 5.2, 40)
    start = np.zeros(others.shape[1])
    for q in nodes:

        def positions(x, q=q):
            moved = (q * vector + others @ (x / scale)) / roots
            return atoms.positions + moved.reshape(-1, 3)

        def value(x):
            energy, forces = model.energy_and_forces(positions(x), cell, units)
            return energy, -(others.T @ (forces.ravel() / roots)) / scale

        found = minimize(value, start, jac=True, options={"gtol": 1e-8})
        start = found.x
        moved = atoms.copy()
        moved.positions = positions(found.x)
        values, vectors = np.linalg.eigh(model.hessian(moved) / np.outer(roots, roots))
        wavenumbers = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
        places.append((moved.positions - atoms.positions).ravel() * roots)
        energies.append(found.fun * EV_TO_CM1)
        bands.append(model._centres(wavenumbers, vectors, moved))
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))])
    grid = np.linspace(-length[-1], length[-1], 401)

    def even(values):
        both = np.concatenate([values[:0:-1], values])
        return CubicSpline(np.concatenate([-length[:0:-1], length]), both)(grid)

    levels = solve_dvr(even(energies), grid, 1.0)
    return [slope(thermal_average(levels, column, T).values) for column in even(bands).T]


def test_librations_shift_the_bands_as_a_brute_force_calculation_says(librating):
    """Minimum at each amplitude by a general minimiser, bands from complete Hessians."""
    phonons, result = librating
    assert [entry.irrep for entry in result.contributions] == ["B3g", "Au"]
    for entry, column in zip(result.contributions, (3, 4), strict=True):
        expected = brute_force_slopes(phonons, phonons.eigenvectors[:, column])
        np.testing.assert_allclose(entry.slopes_cm1_per_k[:2], expected, rtol=0.01)


def test_the_two_dimensional_quantum_answer_of_rigid_rotors(librating):
    """The sum over both librations against both at once: the antisymmetric band to a few per cent.

    The symmetric one differs more: bonds that turn are stretched by the centrifugal force, which
    rigid rotors leave out.
    """
    _, result = librating
    rigid = [slope(values) for values in model.quantum_answer(T, dressed=False)]
    found = [slope(result.mechanism.positions_cm1(band)) for band in Band]
    assert found[0] == pytest.approx(rigid[0], rel=0.03)
    assert found[1] == pytest.approx(rigid[1], rel=0.15)


def test_straight_displacements_would_fail(librating):
    """At the same amplitude without relaxation the shift is several times as large."""
    phonons, result = librating
    entry = result.contributions[0]
    vector = phonons.eigenvectors[:, 3]
    amplitude = float(np.abs(entry.band_amplitudes).min())
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    straight = phonons.atoms.copy()
    straight.positions = straight.positions + (amplitude * vector / roots).reshape(-1, 3)
    values, vectors = np.linalg.eigh(model.hessian(straight) / np.outer(roots, roots))
    wavenumbers = np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1
    shift = model._centres(wavenumbers, vectors, straight)[0] - model.bands(0.0, 0.0)[0]
    relaxed = float(entry.shifts_cm1[np.abs(entry.band_amplitudes).argmin(), 0])
    assert relaxed < 0.0
    assert shift < 2.0 * relaxed


def test_the_common_form(librating):
    _, result = librating
    mechanism = result.mechanism
    assert mechanism.name == "adiabatic"
    assert mechanism.parts == {Part.SOFT_MOTIONS, Part.METAL_OXYGEN}
    for band in Band:
        kinds = {error.kind for error in mechanism.errors(band)}
        assert kinds == {ErrorKind.TRUNCATION, ErrorKind.STEP_SIZE}
        total = sum(
            (c.antisymmetric_cm1_per_k, c.symmetric_cm1_per_k)[band is Band.SYMMETRIC]
            for c in mechanism.contributions
        )
        assert slope(mechanism.positions_cm1(band)) == pytest.approx(total, abs=1e-9)
    assert mechanism.ranked()[0].label == "B3g, libration of linkers as rigid units"
    again = MechanismResult.from_dict(mechanism.to_dict())
    np.testing.assert_allclose(again.antisymmetric_cm1, mechanism.antisymmetric_cm1)
    assert not result.converged
    assert any("had not settled" in sentence for sentence in result.warnings)
    assert any("were not varied" in sentence for sentence in result.warnings)


@pytest.fixture
def copper_formate(tmp_path):
    """Function that opens the run of the spring crystal, in one folder."""
    from contextlib import contextmanager

    options = PhononOptions(displacement_a=0.003, force_limit_ev_a=1e-6)

    @contextmanager
    def opened(calculator=None):
        engine = Engine.from_ase(calculator or spring_models.SpringCrystal())
        with open_run(
            spring_models.spring_crystal(), engine, tmp_path / "run", options=options
        ) as run:
            yield run, mode_table(gamma_phonons(run))

    return opened


FEW = AdiabaticOptions(max_cm1=100.0, check_settings=False, leading_share=0.01, most_leading=1)


def turned_sets(table):
    """The same table with other partners in each degenerate set."""
    vectors = np.array(table.labels.eigenvectors)
    for members in table.labels.sets:
        if len(members) == 2:
            c, s = np.cos(0.9), np.sin(0.9)
            vectors[:, members] = vectors[:, members] @ np.array([[c, -s], [s, c]])
        else:
            vectors[:, members] *= -1.0
    return dataclasses.replace(
        table, labels=dataclasses.replace(table.labels, eigenvectors=vectors)
    )


def test_partners_may_be_chosen_in_any_way_and_stored_forces_are_found_again(copper_formate):
    with copper_formate() as (run, table):
        one = adiabatic_redshift(run, table, options=FEW)
        n_computed = run.runner.n_computed
        stored = run.runner.store.kinds()
        assert one.n_calls == sum(
            stored[kind] for kind in ("soft-path", "soft-bands", "bands-at-rest")
        )
        two = adiabatic_redshift(run, turned_sets(table), options=FEW)
        assert run.runner.n_computed == n_computed
    assert any(entry.dimension == 2 for entry in one.contributions)
    for a, b in zip(one.contributions, two.contributions, strict=True):
        np.testing.assert_allclose(a.thermal_shifts_cm1, b.thermal_shifts_cm1, atol=1e-5)


class Interrupted(Calculator):
    """The spring crystal until a number of calls is reached."""

    implemented_properties = ("energy", "forces")

    def __init__(self, calls):
        super().__init__()
        self.parameters["model"] = "springs of copper formate, 1"
        self.inner, self.left = spring_models.SpringCrystal(), calls
        # The springs are those of the first structure that it sees.
        self.inner.calculate(symmetrised_primitive(spring_models.spring_crystal()).atoms)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        self.inner.calculate(self.atoms)
        self.results |= self.inner.results


def test_a_run_that_was_killed_computes_nothing_twice(tmp_path):
    options = PhononOptions(displacement_a=0.003, force_limit_ev_a=1e-6)
    narrow = dataclasses.replace(FEW, max_cm1=60.0)

    def once(folder, calls):
        calculator = Interrupted(calls)
        engine = Engine.from_ase(calculator, label="springs")
        try:
            with open_run(spring_models.spring_crystal(), engine, folder, options=options) as run:
                table = mode_table(gamma_phonons(run))
                return adiabatic_redshift(run, table, options=narrow), calls - calculator.left
        except KeyboardInterrupt:
            return None, calls - calculator.left

    whole, n_calls = once(tmp_path / "whole", 10_000)
    stopped, first = once(tmp_path / "stopped", n_calls // 2)
    assert stopped is None
    resumed, second = once(tmp_path / "stopped", 10_000)
    assert first + second == n_calls
    for a, b in zip(whole.contributions, resumed.contributions, strict=True):
        np.testing.assert_array_equal(a.thermal_shifts_cm1, b.thermal_shifts_cm1)


def test_slopes_of_a_crystal_with_known_couplings(tmp_path, monkeypatch):
    """Quartic and cubic terms among two bands, a degenerate pair and a totally symmetric mode."""
    # The force constants of this model belong to fixed axes and do not turn with the atoms.
    monkeypatch.setattr(
        LocalFrames, "rotations", lambda self, x: np.tile(np.eye(3), (len(x), 1, 1))
    )
    with open_run(
        spring_models.spring_crystal(),
        Engine.from_ase(spring_models.SpringCrystal()),
        tmp_path / "r",
    ) as run:
        phonons = gamma_phonons(run)
    crystal = AnharmonicCrystal(phonons, (36, 32, 13, 12), cubic_cm1=2.0, quartic_cm1=1.0)
    run, phonons = run_at_rest(crystal, tmp_path / "model")
    table = mode_table(phonons)
    options = AdiabaticOptions(max_cm1=150.0, check_settings=False, band_displacement_a=0.002)
    result = adiabatic_redshift(run, table, options=options)
    sets = tuple(tuple(np.flatnonzero(crystal.sets == n)) for n in dict.fromkeys(crystal.sets))
    for band, number in ((Band.ANTISYMMETRIC, 36), (Band.SYMMETRIC, 32)):
        couplings = ModeCouplings.from_tensors(
            int(np.flatnonzero(crystal.sets == number)[0]),
            wavenumbers_cm1=crystal.wavenumbers, cubic_cm1=crystal.cubic,
            quartic_cm1=np.einsum("iijj->ij", crystal.quartic), sets=sets,
        )  # fmt: skip
        x = sum(coupling_terms(couplings).values())
        expected = slope(thermal_shift_cm1(couplings, x, T))
        found = result.mechanism.slope(band).slope_cm1_per_k
        assert found == pytest.approx(expected, rel=0.01)
    coupled = [e.irrep for e in result.contributions if abs(e.slopes_cm1_per_k[0]) > 1e-5]
    assert sorted(coupled) == ["A1g", "Eu"]


class DoubleWell(Calculator):
    """Harmonic crystal of which one mode is a double well that stiffens the antisymmetric band.

    V = ½ u H u + ½ (λ' - λ) q² + β q⁴ + ½ g q² Q², mass-weighted, with λ' negative.
    """

    implemented_properties = ("energy", "forces")

    def __init__(self, table, soft, band, *, wavenumber_cm1=-55.0, quartic=1e-4, coupling=-4e-3):
        super().__init__()
        labels = table.labels
        self.atoms_at_rest = table.phonons.atoms.copy()
        self.roots = np.sqrt(np.repeat(self.atoms_at_rest.get_masses(), 3))
        self.hessian = np.array(table.phonons.hessian_ev_a2)
        (self.soft,) = labels.eigenvectors[:, labels.sets[soft]].T
        (self.band,) = labels.eigenvectors[:, labels.sets[band]].T
        unit = SQRT_EV_PER_U_A2_TO_CM1
        before = (labels.wavenumbers_cm1[soft] / unit) ** 2
        self.curvature = -((wavenumber_cm1 / unit) ** 2)
        self.change = self.curvature - before
        self.stiffness = (labels.wavenumbers_cm1[band] / unit) ** 2
        self.quartic, self.coupling = quartic, coupling
        self.parameters["model"] = "double well"

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        u = (self.atoms.positions - self.atoms_at_rest.positions).ravel()
        q, other = self.soft @ (u * self.roots), self.band @ (u * self.roots)
        g = self.coupling
        self.results["energy"] = (
            0.5 * u @ self.hessian @ u + 0.5 * self.change * q**2 + self.quartic * q**4
            + 0.5 * g * q**2 * other**2
        )  # fmt: skip
        by_q = self.change * q + 4.0 * self.quartic * q**3 + g * q * other**2
        by_other = g * q**2 * other
        force = self.hessian @ u + self.roots * (by_q * self.soft + by_other * self.band)
        self.results["forces"] = -force.reshape(-1, 3)


def test_an_imaginary_mode_is_followed_into_its_wells_and_averaged(
    copper_formate, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        LocalFrames, "rotations", lambda self, x: np.tile(np.eye(3), (len(x), 1, 1))
    )
    with copper_formate() as (_, table):
        labels = table.labels
    soft = next(n for n in range(labels.n_sets)
                if labels.labels[n] == "B2g" and labels.wavenumbers_cm1[n] > 100.0)  # fmt: skip
    band = next(n for n in range(labels.n_sets)
                if labels.labels[n] == "A2u" and labels.wavenumbers_cm1[n] > 1900.0)  # fmt: skip
    crystal = DoubleWell(table, soft, band)
    run, phonons = run_at_rest(crystal, tmp_path / "wells")
    options = AdiabaticOptions(max_cm1=1.0, check_settings=False, band_displacement_a=0.002)
    result = adiabatic_redshift(run, mode_table(phonons), options=options)
    (entry,) = result.contributions
    assert entry.is_imaginary
    grid = np.linspace(-14.0, 14.0, 801)
    energy = 0.5 * crystal.curvature * grid**2 + crystal.quartic * grid**4
    assert entry.energies_cm1.min() == pytest.approx(energy.min() * EV_TO_CM1, rel=0.05)
    levels = solve_dvr(energy * EV_TO_CM1, grid, 1.0)
    stretch = np.sqrt(crystal.stiffness + crystal.coupling * grid**2) * SQRT_EV_PER_U_A2_TO_CM1
    expected = thermal_average(levels, stretch, T).values
    at_rest = np.sqrt(crystal.stiffness) * SQRT_EV_PER_U_A2_TO_CM1
    np.testing.assert_allclose(entry.thermal_shifts_cm1[:, 0], expected - at_rest, rtol=0.005)
    assert entry.slopes_cm1_per_k[0] == pytest.approx(slope(expected), rel=0.02)
    assert any("imaginary" in sentence for sentence in result.warnings)
    assert "imaginary" in result.mechanism.ranked()[0].note
