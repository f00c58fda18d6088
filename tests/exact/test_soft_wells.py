"""Modes that are no minima: drawn from the well along them, or refused where it is deep."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from models import librating_unit as model
from models.memory_runner import MemoryRunner

from reticulum.errors import InputError
from reticulum.thermal.adiabatic_run import adiabatic_redshift
from reticulum.thermal.deep_wells import DEEP_WELL_KT, another_structure, is_deep
from reticulum.thermal.mechanism import Band, ErrorKind
from reticulum.thermal.sampling_options import SamplingOptions
from reticulum.thermal.sampling_run import sampling_redshift
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.soft_states import SoftCourse, soft_states
from reticulum.thermal.soft_wells import SoftWell, is_known, partner_directions, soft_wells
from reticulum.thermal.thermal_draws import thermal_amplitudes
from reticulum.units import BOLTZMANN_CM1_PER_K, EV_TO_CM1, SQRT_EV_PER_U_A2_TO_CM1

WARM = 473.15
LIMIT = 150.0


def course(curvature_ev, quartic_ev, amplitudes):
    """Energies ½ curvature q² + quartic q⁴ at some amplitudes."""
    q = np.array(amplitudes)
    energies = EV_TO_CM1 * (0.5 * curvature_ev * q**2 + quartic_ev * q**4)
    return SoftCourse(
        eigenvalue=curvature_ev,
        odd=False,
        amplitudes=q,
        energies_cm1=energies,
        followed=np.zeros(len(q)),
        band_amplitudes=q[:1],
        shifts_cm1=np.zeros((1, 2)),
    )


def well(known):
    return SoftWell(course=known, states=soft_states(known, WARM), directions=np.eye(3)[:, :1])


Z = np.linspace(-3.0, 3.0, 25)


@pytest.mark.parametrize("wavenumber", [8.0, 60.0])
def test_the_well_of_a_minimum_gives_gaussian_amplitudes(wavenumber):
    curvature = (wavenumber / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    found = well(course(curvature, 0.0, [2.0, 3.0]))
    for temperature in (173.15, WARM):
        width = thermal_amplitudes(np.array([wavenumber]), np.array([temperature]))[0, 0]
        np.testing.assert_allclose(found.amplitudes(Z, temperature), width * Z, atol=0.01 * width)
        np.testing.assert_allclose(found.stretches(Z, temperature), width, rtol=0.03)
        assert found.root_mean_square(temperature) == pytest.approx(width, rel=1e-4)
        kinetic = found.twice_kinetic_energy_ev(temperature)
        assert kinetic == pytest.approx(curvature * width**2, rel=1e-3)
        np.testing.assert_allclose(found.pulls(Z), curvature * Z, atol=1e-9)


def test_amplitudes_of_a_double_well_have_its_quantum_density():
    """Moments over unit normals are those of the states; classical where it is warm."""
    found = well(course(-0.004, 2e-5, [4.0, 7.0, 10.0, 12.0]))
    z = np.random.default_rng(0).normal(size=400_000)
    q = np.linspace(-25.0, 25.0, 20001)
    for temperature, tolerance in ((173.15, 0.02), (WARM, 0.01)):
        drawn = found.amplitudes(z, temperature)
        square = found.root_mean_square(temperature) ** 2
        assert (drawn**2).mean() == pytest.approx(square, rel=5e-3)
        classical = np.exp(-found.energies_ev(q) * EV_TO_CM1 / (BOLTZMANN_CM1_PER_K * temperature))
        classical /= classical.sum()
        assert (drawn**2).mean() == pytest.approx(classical @ q**2, rel=tolerance)
        assert (drawn**4).mean() == pytest.approx(classical @ q**4, rel=2 * tolerance)
        # equipartition, but for a few quanta
        kinetic = found.twice_kinetic_energy_ev(temperature) * EV_TO_CM1
        assert kinetic == pytest.approx(BOLTZMANN_CM1_PER_K * temperature, rel=tolerance)
    step = 1e-4
    numerical = (found.amplitudes(Z + step, WARM) - found.amplitudes(Z - step, WARM)) / (2 * step)
    np.testing.assert_allclose(found.stretches(Z, WARM), numerical, rtol=0.05)
    np.testing.assert_allclose(found.amplitudes(-Z, WARM), -found.amplitudes(Z, WARM))


def test_a_well_is_deep_at_two_thermal_energies():
    limit = DEEP_WELL_KT * BOLTZMANN_CM1_PER_K * WARM
    curvature = -0.02
    for factor, deep in ((0.98, False), (1.02, True)):
        quartic = curvature**2 / 16.0 / (factor * limit / EV_TO_CM1)
        bottom = np.sqrt(-curvature / (4.0 * quartic))
        known = course(curvature, quartic, [0.5 * bottom, bottom, 1.4 * bottom])
        assert known.depth_cm1 == pytest.approx(factor * limit, rel=1e-6)
        assert is_deep(known, WARM) is deep
        sentence = another_structure([("T1u at -30 cm⁻¹", known)], WARM)
        assert ("T1u at -30 cm⁻¹" in sentence and "2.0 k_B T at 200 °C" in sentence) is deep
    assert another_structure([("a", course(0.02, 0.0, [1.0]))], WARM) == ""


def test_a_well_whose_walls_were_not_reached_is_not_made_up():
    """Energies that still fall, or that end within the motion, tell no distribution."""
    assert is_known(course(-0.004, 2e-5, [4.0, 7.0, 10.0, 12.0]), WARM)
    assert not is_known(course(-0.004, 2e-5, [2.0]), WARM)
    assert not is_known(course(-0.004, 2e-5, [2.0, 4.0, 6.0]), WARM)
    flat = course((0.5 / SQRT_EV_PER_U_A2_TO_CM1) ** 2, 0.0, [2.0, 3.0])
    assert not is_known(flat, WARM)


def of_model(folder, soft):
    return model.run_phonons(folder, soft=soft)


@pytest.fixture(scope="module")
def double_well(tmp_path_factory):
    """(run, table) of librating units with two wells of 80 cm⁻¹."""
    with of_model(tmp_path_factory.mktemp("wells") / "run", model.DOUBLE_WELL) as (run, _, table):
        yield dataclasses.replace(run, runner=MemoryRunner(run.engine)), table


@pytest.fixture(scope="module")
def sampled(double_well):
    options = SamplingOptions(limit_cm1=LIMIT, precision_cm1_per_k=5e-4)
    return sampling_redshift(*double_well, options=options)


def slope(values):
    return float(np.polyfit(slope_temperatures_k(), values, 1)[0])


def test_draws_of_a_double_well_agree_with_the_exact_quantum_answer(sampled):
    """Held at its middle, the softest mode would give nothing; drawn, the slopes are right.

    Both librations share a quartic energy, so that independent draws spread 16 % too far: the error
    must hold that.
    """
    assert sampled.modes.wavenumbers_cm1[0] < -40.0
    assert sampled.modes.held_cm1 == ()
    answer = model.quantum_answer(
        slope_temperatures_k(), dressed=False, centrifugal=True, soft=model.DOUBLE_WELL
    )
    mechanism = sampled.mechanism
    assert mechanism.untrusted_because == ""
    assert any("1 modes that are no minima" in sentence for sentence in mechanism.assumptions)
    for column, band in enumerate(Band):
        exact = slope(answer[column])
        found = sampled.slopes.slopes_cm1_per_k[column]
        error = mechanism.slope_error_cm1_per_k(band)
        assert found == pytest.approx(exact, rel=0.35)
        assert abs(found - exact) < error < 0.4 * abs(exact)
    assert -0.25 < sampled.slopes.width_change < -0.05


def test_the_softest_mode_matters(double_well, sampled, monkeypatch):
    """What the test above shows: without its draws the slopes are far off, and it is said."""
    monkeypatch.setattr(
        "reticulum.thermal.sampling_run.soft_wells", lambda *_args, **_kwargs: ({}, "", 0)
    )
    options = SamplingOptions(limit_cm1=LIMIT, fewest_pairs=8, most_pairs=8)
    held = sampling_redshift(*double_well, options=options)
    assert held.modes.held_cm1 == pytest.approx((sampled.modes.wavenumbers_cm1[0],))
    assert abs(held.slopes.slopes_cm1_per_k[0]) < 0.6 * abs(sampled.slopes.slopes_cm1_per_k[0])
    assert "matter" in held.mechanism.untrusted_because
    kinds = [error.kind for error in held.mechanism.errors(Band.SYMMETRIC)]
    assert kinds.count(ErrorKind.TRUNCATION) == 3


def test_wells_take_what_the_adiabatic_route_has_stored(double_well):
    run, table = double_well
    runner = MemoryRunner(run.engine)
    run = dataclasses.replace(run, runner=runner)
    adiabatic_redshift(run, table)
    before = len(runner.known)
    found, reason, n_calls = soft_wells(run, table, [0], WARM)
    assert len(runner.known) == before
    assert n_calls > 3
    assert reason == ""
    np.testing.assert_allclose(found[0].directions.T @ found[0].directions, np.eye(1), atol=1e-12)


def test_a_deep_well_is_another_structure(tmp_path):
    """Wells of 9 k_B T: both routes say so, and neither is to be trusted."""
    deep = model.Soft(barrier=-1.5, coupling=2.0, quartic=3.0)
    with of_model(tmp_path / "run", deep) as (opened, _, table):
        run = dataclasses.replace(opened, runner=MemoryRunner(opened.engine))
        options = SamplingOptions(limit_cm1=300.0, fewest_pairs=8, most_pairs=8, checks=False)
        nothing = sampling_redshift(run, table, options=options)
        options = dataclasses.replace(options, draw_unstable=True)
        sampled = sampling_redshift(run, table, options=options).mechanism
        adiabatic = adiabatic_redshift(run, table).mechanism
    for mechanism in (sampled, adiabatic):
        assert "another structure" in mechanism.untrusted_because
        assert "--follow-imaginary" in mechanism.untrusted_because
    assert any("held at rest" in sentence for sentence in sampled.warnings)
    assert nothing.mechanism is None
    assert nothing.verdict.startswith("Nothing was drawn: with this calculator the crystal has")


def test_partners_are_orthonormal_and_start_with_the_direction(spring_run):
    from reticulum.phonons.modes import mode_table
    from reticulum.thermal.carboxylate_bands import carboxylate_band_space
    from reticulum.thermal.local_frames import local_frames
    from reticulum.thermal.rigid_units import rigid_units
    from reticulum.thermal.soft_sets import soft_sets

    _, phonons = spring_run
    table = mode_table(phonons)
    numbers = [n for n, members in enumerate(table.labels.sets) if len(members) > 1]
    assert numbers
    space, frames = carboxylate_band_space(table), local_frames(phonons.atoms)
    for soft in soft_sets(table, space, frames, rigid_units(table), numbers):
        found = partner_directions(table, soft)
        members = table.labels.eigenvectors[:, table.labels.sets[soft.number]]
        assert found.shape == members.shape
        np.testing.assert_allclose(found[:, 0], soft.vector, atol=1e-9)
        np.testing.assert_allclose(found.T @ found, np.eye(soft.dimension), atol=1e-9)
        np.testing.assert_allclose(found @ found.T, members @ members.T, atol=1e-6)


def test_modes_kept_in_a_folder_change_set_by_set(spring_run, tmp_path):
    """Other directions of one set leave the last bits of all other sets as they were."""
    from reticulum.phonons.modes import mode_table
    from reticulum.thermal.kept_modes import kept_modes

    table = mode_table(spring_run[1])
    file = tmp_path / "modes.npz"
    first = kept_modes(table, file).labels
    number = next(n for n, members in enumerate(first.sets) if len(members) == 2)
    members = first.sets[number]
    turned = first.eigenvectors[:, members][:, ::-1]
    noisy = np.array(table.labels.eigenvectors) + 1e-12
    again = dataclasses.replace(table, labels=dataclasses.replace(table.labels, eigenvectors=noisy))
    second = kept_modes(again, file, {number: turned}).labels
    others = np.setdiff1d(np.arange(len(noisy)), members)
    np.testing.assert_array_equal(second.eigenvectors[:, others], first.eigenvectors[:, others])
    np.testing.assert_array_equal(second.eigenvectors[:, members], turned)
    third = kept_modes(table, file, {number: turned}).labels
    np.testing.assert_array_equal(third.eigenvectors, second.eigenvectors)


@pytest.mark.parametrize("kept", [0, 1, 500])
def test_a_truncated_file_of_modes_is_named(spring_run, tmp_path, kept):
    """An empty one ends in an EOFError, which the command line takes for an abort."""
    from reticulum.phonons.modes import mode_table
    from reticulum.thermal.kept_modes import kept_modes

    table = mode_table(spring_run[1])
    file = tmp_path / "modes.npz"
    kept_modes(table, file)
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"modes\.npz does not hold modes") as caught:
        kept_modes(table, file)
    assert "Delete it" in str(caught.value)
