"""Velocity spectra and Langevin dynamics against oscillators that are solved on paper."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest
from models import librating_unit as model

from reticulum.engines.blas import THREAD_VARIABLES, one_thread_for_new_libraries
from reticulum.errors import CalculationError, InputError
from reticulum.thermal.band_tracking import TrackedModes
from reticulum.thermal.classical_artefact import morse_artefact
from reticulum.thermal.harmonic import bose_occupation
from reticulum.thermal.langevin import (
    FEMTOSECOND,
    kinetic_share,
    kinetic_temperature_k,
    langevin_step,
    starting_point,
)
from reticulum.thermal.local_frames import local_frames
from reticulum.thermal.mechanism import Band, ErrorKind, MechanismResult, Part
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.molecular_dynamics_run import molecular_dynamics_redshift
from reticulum.thermal.morse import MorseOscillator
from reticulum.thermal.stretch_artefact import (
    BOND_STEPS_A,
    local_anharmonicity,
    stretch_artefact,
)
from reticulum.thermal.velocity_spectra import (
    PowerSpectra,
    band_centre,
    power_spectra,
    projected_velocities,
)
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    BOLTZMANN_EV_PER_K,
    EV_TO_CM1,
    SQRT_EV_PER_U_A2_TO_CM1,
)

MASS = 6.857
STEP = 0.5 * FEMTOSECOND


def test_a_femtosecond_in_the_unit_of_time():
    assert pytest.approx(10.1805, abs=1e-4) == 1.0 / FEMTOSECOND


# --- dynamics ------------------------------------------------------------------------------------


def chain(wavenumber_cm1, anharmonicity_cm1, temperature_k, *, n_steps, n_atoms=1500, friction=0.5):
    """Velocities along x, (n_samples, n_atoms), of Morse oscillators bound to fixed places.

    Every fourth step, after a thousand steps with a high friction.
    """
    morse = MorseOscillator(
        harmonic_cm1=wavenumber_cm1, anharmonicity_cm1=anharmonicity_cm1, mass_amu=MASS
    )
    depth, steepness = morse.depth_cm1 / EV_TO_CM1, morse.exponent_per_a
    masses = np.full(n_atoms, MASS)

    def forces(positions):
        fall = np.exp(-steepness * positions[:, 0])
        return np.stack(
            [
                -2 * depth * steepness * fall * (1 - fall),
                -5 * positions[:, 1],
                -5 * positions[:, 2],
            ],
            axis=1,
        )

    rest = np.zeros((n_atoms, 3))
    point = starting_point(rest, rest, masses, temperature_k=temperature_k, seed=(4,))
    found = []
    for step in range(1000 + n_steps):
        point = langevin_step(
            point,
            forces,
            masses,
            temperature_k=temperature_k,
            time_step=STEP,
            friction=(20.0 if step < 1000 else friction) / (1000 * FEMTOSECOND),
            seed=(4,),
        )
        if step >= 1000 and step % 4 == 0:
            found.append(point.velocities[:, 0].copy())
    return np.array(found), point


def test_dynamics_has_the_temperature_asked_for():
    velocities, point = chain(1620.0, 10.0, 300.0, n_steps=400)
    seen = MASS * (velocities**2).mean() / BOLTZMANN_EV_PER_K
    # energies of 1500 oscillators are known within 2.6 %
    assert seen == pytest.approx(300.0, rel=0.08)
    assert kinetic_temperature_k(point.velocities, np.full(1500, MASS)) == pytest.approx(
        300.0, rel=0.08
    )
    # the whole does not drift
    np.testing.assert_allclose(point.velocities.mean(axis=0), 0.0, atol=0.02)


def test_velocities_fall_short_of_the_temperature_by_the_time_step():
    """Harmonic atoms at 1620 cm⁻¹ in steps of 2.5 fs: 15 % too slow, at places that are right."""
    step = 2.5 * FEMTOSECOND
    omega = 1620.0 / SQRT_EV_PER_U_A2_TO_CM1
    masses = np.full(3000, MASS)
    rest = np.zeros((3000, 3))
    point = starting_point(rest, rest, masses, temperature_k=300.0, seed=(2,))
    kinetic, potential = [], []
    for number in range(600):
        point = langevin_step(
            point,
            lambda positions: -MASS * omega**2 * positions,
            masses,
            temperature_k=300.0,
            time_step=step,
            friction=10.0 / (1000 * FEMTOSECOND),
            seed=(2,),
        )
        if number >= 200:
            kinetic.append(kinetic_temperature_k(point.velocities, masses))
            squares = (point.positions_a**2).mean()
            potential.append(MASS * omega**2 * squares / BOLTZMANN_EV_PER_K)
    assert np.mean(potential) == pytest.approx(300.0, rel=0.01)
    share = kinetic_share(np.full(9000, 1620.0), step)
    assert share == pytest.approx(0.8544, abs=1e-3)
    assert np.mean(kinetic) == pytest.approx(300.0 * share, rel=0.01)
    # three translations, which do not count, and an imaginary mode
    assert kinetic_share(np.array([0.0, 0.0, 0.0, 1620.0]), step) == pytest.approx(share, abs=1e-4)
    assert kinetic_share(np.array([-50.0, 0.0, 0.0, 0.0]), step) == 1.0


def test_classical_morse_oscillators_shift_twice_two_x_per_quantum_of_kt():
    """Mean of the power spectrum: -4 (k/hc) x/ω = -0.01716 cm⁻¹/K, all an artefact."""
    centres, errors = [], []
    for temperature in (173.15, 473.15):
        velocities, _ = chain(1620.0, 10.0, temperature, n_steps=4000)
        spectra = power_spectra(
            velocities,
            np.ones(velocities.shape[1]),
            sample_time=4 * STEP,
            time_step=STEP,
            n_segments=2,
        )
        found = band_centre(spectra, 1620.0)
        centres.append(found.centre_cm1)
        errors.append(found.error_cm1)
        classical = -4.0 * BOLTZMANN_CM1_PER_K * temperature * 10.0 / 1620.0
        assert found.centre_cm1 == pytest.approx(1620.0 + classical, abs=0.8)
        assert found.fitted_cm1 == pytest.approx(found.centre_cm1, abs=1.5)
    raw = (centres[1] - centres[0]) / 300.0
    artefact = morse_artefact(1620.0, 10.0)
    assert raw == pytest.approx(artefact.classical_cm1_per_k, abs=0.003)
    assert artefact.corrected(raw) == pytest.approx(artefact.quantum_cm1_per_k, abs=0.003)
    assert max(errors) < 1.0


def test_the_axis_is_corrected_for_the_time_step():
    """A harmonic oscillator at 3000 cm⁻¹ in steps of 1 fs is 40 cm⁻¹ too fast as simulated."""
    omega = 3000.0 / SQRT_EV_PER_U_A2_TO_CM1
    step = 1.0 * FEMTOSECOND
    seen = 2.0 / step * np.arcsin(0.5 * omega * step)
    assert seen * SQRT_EV_PER_U_A2_TO_CM1 > 3035.0
    times = step * np.arange(8000)
    series = np.stack([np.cos(seen * times), np.sin(seen * times + 0.3)], axis=1)
    spectra = power_spectra(
        series, np.array([1.0, 2.0]), sample_time=step, time_step=step, n_segments=4
    )
    assert band_centre(spectra, 2980.0).centre_cm1 == pytest.approx(3000.0, abs=0.02)


def test_the_centre_weights_the_modes_and_ignores_distant_bands():
    step = 2.0 * FEMTOSECOND
    times = step * np.arange(20000)
    lines = np.array([1600.0, 1620.0, 1300.0]) / SQRT_EV_PER_U_A2_TO_CM1
    series = np.cos(lines[None, :] * times[:, None])
    spectra = power_spectra(
        series, np.array([3.0, 1.0, 50.0]), sample_time=step, time_step=1e-6, n_segments=5
    )
    found = band_centre(spectra, 1590.0)
    assert found.centre_cm1 == pytest.approx(1605.0, abs=0.05)
    assert found.error_cm1 < 0.01
    assert band_centre(spectra, 1310.0).centre_cm1 == pytest.approx(1300.0, abs=0.02)
    with pytest.raises(CalculationError, match="no band"):
        band_centre(spectra, 2600.0)


def test_a_band_of_few_points_has_no_fit():
    """Segments of 0.04 ps: 210 cm⁻¹ between the points of the spectrum."""
    step = 2.0 * FEMTOSECOND
    line = 1600.0 / SQRT_EV_PER_U_A2_TO_CM1
    series = np.cos(line * step * np.arange(40))[:, None]
    spectra = power_spectra(series, np.ones(1), sample_time=step, time_step=1e-6, n_segments=4)
    found = band_centre(spectra, 1600.0)
    assert np.isfinite(found.centre_cm1)
    assert np.isnan(found.fitted_cm1)


def lorentzians(*peaks):
    """Spectra of two equal segments with peaks of given place, width and height."""
    axis = np.arange(1000.0, 1800.0, 2.0)
    power = sum(
        height / (1.0 + (2.0 * (axis - place) / width) ** 2) for place, width, height in peaks
    )
    return PowerSpectra(wavenumbers_cm1=axis, power=np.array([power, power]))


def test_a_lorentzian_describes_one_peak_and_not_two():
    one = band_centre(lorentzians((1382.0, 15.0, 1.0)), 1370.0)
    assert one.unexplained < 1e-6
    assert one.peaks_cm1 == pytest.approx([1382.0])
    assert one.fitted_cm1 == pytest.approx(1382.0, abs=1e-3)
    assert one.narrow_cm1 == pytest.approx(1382.0, abs=0.01)
    two = band_centre(lorentzians((1330.0, 15.0, 1.0), (1382.0, 15.0, 0.8)), 1370.0)
    assert two.unexplained > 0.3
    assert two.peaks_cm1 == pytest.approx([1330.0, 1382.0])
    mean = (1330.0 + 0.8 * 1382.0) / 1.8
    assert two.centre_cm1 == pytest.approx(mean, abs=0.5)
    assert two.narrow_cm1 == pytest.approx(mean, abs=2.0)
    assert abs(two.narrow_cm1 - two.centre_cm1) > 0.01
    assert abs(two.fitted_cm1 - mean) > 15.0


def test_the_error_is_that_of_the_mean_of_segments():
    """Segments whose lines scatter by 4 cm⁻¹: the mean of 16 is known within 1 cm⁻¹."""
    random = np.random.default_rng(0)
    step = 2.0 * FEMTOSECOND
    misses, errors = [], []
    for _ in range(20):
        lines = (1600.0 + 4.0 * random.normal(size=16)) / SQRT_EV_PER_U_A2_TO_CM1
        times = step * np.arange(1500)
        series = np.concatenate([np.cos(line * times) for line in lines])[:, None]
        spectra = power_spectra(series, np.ones(1), sample_time=step, time_step=1e-6, n_segments=16)
        found = band_centre(spectra, 1600.0)
        misses.append(found.centre_cm1 - 1600.0)
        errors.append(found.error_cm1)
    assert np.mean(errors) == pytest.approx(1.0, rel=0.2)
    assert np.std(misses) == pytest.approx(1.0, rel=0.4)


def test_projections_turn_with_the_carboxylates():
    """A stretch of a unit turned by 0.4 rad has the projection of the unit at rest."""
    atoms = model.librating_crystal()
    units = model.units_of(atoms)
    masses = atoms.get_masses()
    vectors = np.array(model.stretch_vectors(atoms, units)).T
    rest = np.linalg.qr(np.hstack([vectors, np.random.default_rng(0).normal(size=(27, 25))]))[0]
    tracked = TrackedModes(
        sets=((0,), (1,)),
        vectors=vectors,
        antisymmetric=np.array([1.0, 0.0]),
        symmetric=np.array([0.0, 1.0]),
        rest_vectors=rest[:, 2:],
        rest_eigenvalues=np.ones(25),
        labels=("A", "S"),
    )
    frames = local_frames(atoms)
    for angles in ((0.0, 0.0), (0.4, 0.4), (0.4, -0.2)):
        turned = model.turned(atoms, *angles)
        for number, vector in enumerate(model.stretch_vectors(turned, units)):
            velocities = (vector / np.sqrt(np.repeat(masses, 3))).reshape(-1, 3)
            found = projected_velocities(tracked, frames, masses, turned.positions, velocities)
            np.testing.assert_allclose(found, np.eye(2)[number], atol=1e-6)


# --- the classical artefact of a carboxylate -----------------------------------------------------


@pytest.mark.parametrize(("omega", "anharmonicity"), [(1620.0, 10.0), (1400.0, 12.0)])
def test_the_anharmonicity_of_a_bond_is_that_of_its_morse_curve(omega, anharmonicity):
    morse = MorseOscillator(harmonic_cm1=omega, anharmonicity_cm1=anharmonicity, mass_amu=MASS)
    steps = np.array(BOND_STEPS_A)
    depth, steepness = morse.depth_cm1 / EV_TO_CM1, morse.exponent_per_a
    fall = np.exp(-steepness * steps)
    found = local_anharmonicity(steps, 2 * depth * steepness * fall * (1 - fall), MASS)
    assert found[0] == pytest.approx(omega, rel=1e-3)
    assert found[1] == pytest.approx(anharmonicity, rel=0.03)


def test_a_harmonic_bond_has_no_anharmonicity():
    steps = np.array(BOND_STEPS_A)
    assert local_anharmonicity(steps, 40.0 * steps, MASS)[1] == pytest.approx(0.0, abs=1e-9)
    assert local_anharmonicity(steps, -40.0 * steps, MASS) == (0.0, 0.0)


def test_the_artefact_of_two_coupled_bonds_is_that_of_one():
    """-4 (k/hc) x/ω less the quantum part where both stretches have the same wavenumber."""
    temperatures = np.array([173.15, 473.15])
    found = np.diff(stretch_artefact(10.0, 1620.0, 1620.0, temperatures))[0] / 300.0
    quantum = np.diff(-4 * 10.0 * bose_occupation(1620.0, temperatures))[0] / 300.0
    classical = morse_artefact(1620.0, 10.0).classical_cm1_per_k
    assert found == pytest.approx(classical - quantum, rel=1e-9)
    assert stretch_artefact(0.0, 1600.0, 1400.0, temperatures).tolist() == [0.0, 0.0]


# --- the driver ----------------------------------------------------------------------------------

SHORT = MolecularDynamicsOptions(
    temperatures_k=(100.0, 200.0),
    equilibration_ps=0.1,
    production_ps=0.6,
    segment_ps=0.3,
    sample_every=2,
)


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """A short simulation."""
    folder = tmp_path_factory.mktemp("dynamics")
    with model.run_phonons(folder / "run") as (run, _, table):
        return molecular_dynamics_redshift(run, table, options=SHORT)


def test_a_simulation_shows_both_slopes(simulated):
    result = simulated
    mechanism = result.mechanism
    for column, band in enumerate(Band):
        assert abs(result.raw_cm1(band) - result.bands_at_rest_cm1[column]).max() < 40.0
        found = mechanism.slope(band)
        assert found is not None
        assert found.slope_cm1_per_k == pytest.approx(result.slope_cm1_per_k(band), abs=1e-9)
        assert result.slope_cm1_per_k(band) == pytest.approx(
            result.raw_slope_cm1_per_k(band) - result.artefact_slope_cm1_per_k
        )
        assert mechanism.errors(band)[0].kind is ErrorKind.STATISTICAL
    assert result.artefact_slope_cm1_per_k < 0.0
    assert f"{result.artefact_slope_cm1_per_k:+.4f}" in result.verdict
    assert mechanism.parts >= {Part.SOFT_MOTIONS, Part.SELF}
    again = MechanismResult.from_dict(mechanism.to_dict())
    np.testing.assert_allclose(again.symmetric_cm1, mechanism.symmetric_cm1)
    assert mechanism.details["slopes_as_simulated_cm1_per_k"].keys() == {
        "antisymmetric", "symmetric"
    }  # fmt: skip


def test_a_band_of_two_peaks_is_not_measured_with_one_lorentzian(simulated):
    """The higher peak changes sides: the mean moves by -10, a Lorentzian by -50 cm⁻¹."""
    cold = band_centre(lorentzians((1330.0, 15.0, 0.8), (1380.0, 15.0, 1.0)), 1355.0)
    hot = band_centre(lorentzians((1330.0, 15.0, 1.0), (1380.0, 15.0, 0.7)), 1355.0)
    one = band_centre(lorentzians((1280.0, 15.0, 1.0)), 1280.0)
    result = dataclasses.replace(simulated, bands=((cold, one), (hot, one)))
    assert result.is_one_peak(Band.SYMMETRIC)
    assert not result.is_one_peak(Band.ANTISYMMETRIC)
    mechanism = result.mechanism
    origins = {band: [error.origin for error in mechanism.errors(band)[1:]] for band in Band}
    window = "mean in a window of ±60 instead of ±90 cm⁻¹"
    heat = f"kinetic temperatures {np.ptp(simulated.kinetic_k):.0f} instead of 100 K apart"
    fit = "Lorentzian fitted instead of the mean in the window"
    assert origins == {Band.ANTISYMMETRIC: [window, heat], Band.SYMMETRIC: [window, heat, fit]}
    off = np.ptp(simulated.kinetic_k) / 100.0 - 1.0
    assert mechanism.errors(Band.ANTISYMMETRIC)[2].size_cm1_per_k == pytest.approx(
        abs(off * result.raw_slope_cm1_per_k(Band.ANTISYMMETRIC))
    )
    size = mechanism.errors(Band.ANTISYMMETRIC)[1].size_cm1_per_k
    change = (hot.narrow_cm1 - hot.centre_cm1) - (cold.narrow_cm1 - cold.centre_cm1)
    assert size == pytest.approx(abs(change) / 100.0)
    (warning,) = [text for text in mechanism.warnings if "no single peak" in text]
    assert "antisymmetric band" in warning
    assert "at 100 K 1330, 1380; at 200 K 1330, 1380" in warning
    assert mechanism.details["peaks_cm1"]["symmetric"] == [[1280.0], [1280.0]]


def test_what_takes_too_long_is_refused_with_its_time(tmp_path):
    long = dataclasses.replace(SHORT, production_ps=1e6, longest_hours=0.1)
    with (
        model.run_phonons(tmp_path / "run") as (run, _, table),
        pytest.raises(InputError, match=r"--hours \d+"),
    ):
        molecular_dynamics_redshift(run, table, options=long)


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_step_fs": 0.0},
        {"production_ps": float("inf")},
        {"production_ps": 3.0, "segment_ps": 2.0},
        {"sample_every": 0},
        {"seed": -1},
    ],
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(InputError):
        MolecularDynamicsOptions(**wrong)


@pytest.mark.parametrize(
    ("picoseconds", "n_segments", "segment_ps"),
    [
        (4.0, 4, 1.0),
        (7.5, 4, 1.875),
        (12.0, 4, 3.0),
        (13.0, 4, 3.25),
        (24.0, 8, 3.0),
        (49, 16, 3.06),
    ],
)
def test_segments_follow_the_length(picoseconds, n_segments, segment_ps):
    """At least four, of three ps if there are so many, and nothing is left out."""
    chosen = MolecularDynamicsOptions.chosen(picoseconds=picoseconds)
    assert chosen.production_ps == picoseconds
    assert chosen.n_segments == n_segments
    assert chosen.segment_ps == pytest.approx(segment_ps, abs=0.01)
    assert chosen.n_segments * chosen.segment_ps == pytest.approx(picoseconds)


def test_what_was_not_chosen_has_its_default():
    assert MolecularDynamicsOptions.chosen() == MolecularDynamicsOptions()
    assert MolecularDynamicsOptions.chosen(hours=3.0) == MolecularDynamicsOptions(longest_hours=3.0)
    # the default by its number is the default
    assert MolecularDynamicsOptions.chosen(picoseconds=24.0) == MolecularDynamicsOptions()


@pytest.mark.parametrize("picoseconds", [0.0, -5.0, 3.99, float("nan"), float("inf")])
def test_lengths_that_make_no_sense_are_refused(picoseconds):
    with pytest.raises(InputError, match="--picoseconds is") as caught:
        MolecularDynamicsOptions.chosen(picoseconds=picoseconds)
    assert caught.value.fix == "Give 4 ps or more."


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan"), float("inf")])
def test_hours_that_make_no_sense_are_refused(hours):
    with pytest.raises(InputError, match="--hours is"):
        MolecularDynamicsOptions.chosen(hours=hours)


def test_new_libraries_get_one_thread_and_the_environment_comes_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with one_thread_for_new_libraries():
        assert {os.environ[name] for name in THREAD_VARIABLES} == {"1"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ
