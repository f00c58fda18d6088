"""Memory of thermal sampling and dynamics does not grow with the number of draws or steps.

Small siblings of ``benchmarks/sampling_memory.py``. Python's own count of memory is exact, so that
a single array kept for each crystal would be seen.
"""

from __future__ import annotations

import dataclasses
import gc
import re
import tracemalloc
import weakref

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from models import librating_unit as model
from models.memory_runner import MemoryRunner
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine, evaluate
from reticulum.engines.executor import ForceResult, ForceRunner, Silent
from reticulum.engines.store import ForceStore
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal import molecular_dynamics_run, sampled_bands, sampling_run
from reticulum.thermal.mechanism import ERROR_TOO_SMALL, Band
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.molecular_dynamics_run import molecular_dynamics_redshift
from reticulum.thermal.sampled_bands import BandSampler, DrawSetting, Tally
from reticulum.thermal.sampling_choice import choose_modes
from reticulum.thermal.sampling_modes import DrawnModes
from reticulum.thermal.sampling_options import SamplingOptions
from reticulum.thermal.sampling_run import draw_settings, sampling_redshift
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.thermal_draws import PAIRS_PER_BLOCK, thermal_amplitudes

ENDS = slope_temperatures_k()[[0, -1]]
LIMIT = 150.0

#: Bytes of the positions of one crystal of the librating model, and of an array that holds nothing.
POSITIONS, ARRAY = 9 * 3 * 8, 112


class ForgetfulRunner:
    """Computes forces and keeps nothing; notes how many structures come together."""

    workers = 1

    def __init__(self, engine, progress=None):
        self.engine = engine
        self.progress = progress or Silent()
        self.batches = []
        self.arrays = []

    def evaluate(self, structures, *, kind, show=True):
        self.batches.append(len(structures))
        found = []
        for atoms in structures:
            result = evaluate(self.engine.make(atoms), atoms, stress=False)
            self.arrays += map(weakref.ref, (atoms.positions, result.forces_ev_per_a))
            found.append(ForceResult(result=result, key="", reused=False, seconds=0.0))
        return tuple(found)

    def expected_seconds(self):
        return 0.001

    def n_alive(self):
        """Arrays of positions and forces that somebody else keeps."""
        gc.collect()
        self.arrays = [array for array in self.arrays if array() is not None]
        return len(self.arrays)


class Watch(Silent):
    """Notes the memory after each block of draws, or each so many steps."""

    def __init__(self, every=0):
        self.every, self.steps, self.bytes, self.alive = every, 0, [], []
        self.runner = None

    def message(self, text):
        if text.startswith("After "):
            self.note()

    def advance(self, kind, seconds, note=""):
        self.steps += 1
        if self.every and self.steps % self.every == 0:
            self.note()

    def note(self):
        if self.runner is not None:
            self.alive.append(self.runner.n_alive())
        self.bytes.append(bytes_in_use())


def bytes_in_use():
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture(scope="module")
def librating(tmp_path_factory):
    with model.run_phonons(tmp_path_factory.mktemp("memory") / "run") as (run, _, table):
        yield run, table


@pytest.mark.usefixtures("traced")
def test_draws_leave_nothing_behind(librating):
    run, table = librating
    watch = Watch()
    watch.runner = ForgetfulRunner(run.engine, watch)
    run = dataclasses.replace(run, runner=watch.runner)
    pairs = 8 * PAIRS_PER_BLOCK
    options = SamplingOptions(
        limit_cm1=LIMIT, precision_cm1_per_k=1e-9, fewest_pairs=8, most_pairs=pairs, checks=False
    )
    sampling_redshift(run, table, options=options)
    growth = np.diff(watch.bytes)[1:]
    assert len(growth) == 5
    # No crystal stays, nor its forces,
    assert sum(watch.runner.batches) > 7 * 16 * 4
    assert set(watch.alive) == {watch.alive[0]}
    # nor a copy: of 16 crystals in a block it would take 5 kB. What a block gives (shifts, squares
    # of the coordinates) takes 2 to 4 kB, depending on the versions of the libraries.
    assert np.median(growth) < 20 * (POSITIONS + ARRAY)


@pytest.mark.filterwarnings("ignore:Covariance of the parameters")
@pytest.mark.usefixtures("traced")
def test_steps_of_dynamics_leave_nothing_behind(librating, monkeypatch):
    monkeypatch.setattr(molecular_dynamics_run, "STEPS_PER_CHUNK", 40)
    run, table = librating
    watch = Watch(every=40)
    run = dataclasses.replace(run, runner=ForgetfulRunner(run.engine, watch))
    options = MolecularDynamicsOptions(
        temperatures_k=(100.0, 200.0),
        time_step_fs=0.5,
        equilibration_ps=0.05,
        production_ps=0.15,
        segment_ps=0.075,
        sample_every=2,
        seed=5,
    )
    molecular_dynamics_redshift(run, table, options=options)
    # All but the last step of a chunk are in memory when it is noted; nothing of earlier chunks.
    first = np.diff(watch.bytes[: options.n_steps // 40])[2:]
    assert len(first) == 7
    # The median: caches of the interpreter grow now and then, by some 500 bytes among other tests.
    # A single array kept of every step would be 40 times the positions.
    assert abs(np.median(first)) < 10 * POSITIONS


class Nothing(Calculator):
    """No forces at all."""

    implemented_properties = ("energy", "forces")

    def __init__(self):
        super().__init__()
        self.parameters["model"] = "nothing"

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.results = {"energy": 0.0, "forces": np.zeros((len(atoms), 3))}


@pytest.mark.usefixtures("traced")
def test_stored_forces_do_not_stay_in_memory(tmp_path):
    """Of 400 atoms, whose forces take 9.6 kB, only the name of a calculation stays."""
    random = np.random.default_rng(0)
    atoms = Atoms("He400", positions=random.random((400, 3)), cell=[30.0] * 3, pbc=True)
    sizes = []
    with ForceRunner(Engine.from_ase(Nothing()), ForceStore(tmp_path / "forces.db")) as runner:
        for _ in range(6):
            structures = []
            for _ in range(12):
                moved = atoms.copy()
                moved.positions = random.random((400, 3))
                structures.append(moved)
            runner.evaluate(structures, kind="test")
            del structures, moved
            sizes.append(bytes_in_use())
    assert (sizes[-1] - sizes[2]) / 36 < 1000.0


def sampler_of(run, table, limit, runner=MemoryRunner):
    run = dataclasses.replace(run, runner=runner(run.engine))
    rest = run.runner.evaluate([table.phonons.atoms], kind="reference")[0].result
    sampler = BandSampler(run, table, temperatures_k=ENDS, seed=0, energy_at_rest_ev=rest.energy_ev)
    modes = choose_modes(table, rest.forces_ev_per_a, limit_cm1=limit)
    return sampler, DrawSetting(modes=modes)


def test_drawn_crystals_share_the_modes(librating):
    sampler, setting = sampler_of(*librating, LIMIT)
    modes = setting.modes
    drawn = modes.start(sampler.frames, np.array([1.0, 3.0]), np.zeros((9, 3)))
    assert np.shares_memory(drawn.space.vectors, modes.space.vectors)
    # and turn them: a pattern comes back as its coordinates
    amplitudes = np.random.default_rng(0).normal(size=27)
    moved = drawn.space.displacement_a(amplitudes)
    assert np.abs(moved - modes.space.displacement_a(amplitudes)).max() > 0.01
    np.testing.assert_allclose(drawn.space.amplitudes(moved), amplitudes, atol=1e-12)
    turned = np.matmul(
        sampler.frames.rotations(drawn.positions_a), modes.space.vectors.reshape(9, 3, 27)
    ).reshape(27, 27)
    forces = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_allclose(
        drawn.space.forces(forces),
        turned.T @ ((forces - drawn.space.forces_at_rest).ravel() / modes.space.roots),
        atol=1e-12,
    )


def test_many_structures_are_computed_in_parts(librating, monkeypatch):
    sampler, setting = sampler_of(*librating, LIMIT, ForgetfulRunner)
    whole = sampler.block(0, setting, Tally())
    together = max(sampler.run.runner.batches)
    assert together == 4 * PAIRS_PER_BLOCK * sampler.n_band_calls
    monkeypatch.setattr(sampled_bands, "_TOGETHER", 10)
    sampler.run.runner.batches.clear()
    parts = sampler.block(0, setting, Tally())
    assert max(sampler.run.runner.batches) == 4 * PAIRS_PER_BLOCK  # relaxations
    np.testing.assert_allclose(parts.shifts_cm1, whole.shifts_cm1, atol=1e-9)
    np.testing.assert_allclose(parts.virials, whole.virials, atol=1e-9)


class DisorderedSprings(SpringCrystal):
    """The springs with rest lengths that differ by 2 % at random: no symmetry."""

    def __init__(self):
        super().__init__()
        self.parameters["model"] = "disordered springs"

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        first = self.rows is None
        super().calculate(atoms, properties, system_changes)
        if first:
            random = np.random.default_rng(1)
            self.rest = self.rest * (1.0 + 0.02 * random.normal(size=len(self.rest)))
            found = self.energy_and_forces(self.atoms.positions, self.atoms.cell[:])
            self.results["energy"], self.results["forces"] = found


class NoisyRunner(MemoryRunner):
    """Adds to the forces what single precision adds, eV/Å, and keeps the kinds asked for."""

    noise = 1e-5

    def __init__(self, engine, progress=None):
        super().__init__(engine, progress)
        self.random = np.random.default_rng(0)
        self.kinds = []

    def evaluate(self, structures, *, kind, show=True):
        self.kinds.append(kind)
        found = []
        for answer in super().evaluate(structures, kind=kind, show=show):
            exact = answer.result.forces_ev_per_a
            forces = exact + self.noise * self.random.normal(size=exact.shape)
            found.append(
                dataclasses.replace(
                    answer, result=dataclasses.replace(answer.result, forces_ev_per_a=forces)
                )
            )
        return tuple(found)


#: Modes of the disordered crystal below: 11, all totally symmetric, two thirds of them from 90 on.
SOFT = 118.0


def springs_with_phonons(folder, disordered):
    atoms, calculator = spring_crystal(), SpringCrystal()
    if disordered:
        atoms.positions += 0.02 * np.random.default_rng(0).normal(size=atoms.positions.shape)
        calculator = DisorderedSprings()
    options = PhononOptions(displacement_a=0.004, force_limit_ev_a=1e-6)
    return open_run(atoms, Engine.from_ase(calculator), folder, options=options)


@pytest.fixture(scope="module")
def disorder(tmp_path_factory):
    with springs_with_phonons(tmp_path_factory.mktemp("disorder") / "run", True) as run:
        yield run, mode_table(gamma_phonons(run))


def at_rest(run, table):
    return MemoryRunner(run.engine).evaluate([table.phonons.atoms], kind="")[0].result


def slopes_along_modes(sampler, setting, tally=None):
    """∂ν/∂q, (n_symmetric, 2)."""
    stiffness = setting.modes.space.eigenvalues[setting.modes.drawn[setting.modes.symmetric]]
    return sampler.responses(setting, tally or Tally()) * stiffness[:, None]


def both_ways(sampler, setting):
    """Each mode displaced, or two calculations for a tracked mode."""
    found = []
    for step in (None, sampling_run.THIRD_DERIVATIVE_STEP_A):
        tally = Tally()
        entry = dataclasses.replace(setting, force_limit=1e-6, third_derivative_step_a=step)
        found.append(slopes_along_modes(sampler, entry, tally))
        assert tally.n_calls <= sampler.n_response_calls(entry, 25)
    # The last one took no relaxations.
    assert tally.n_calls == sampler.n_response_calls(entry, 0)
    return found


@pytest.mark.parametrize("disordered", [False, True])
def test_third_derivatives_are_the_response_to_small_displacements(
    tmp_path, monkeypatch, disordered
):
    """Of all totally symmetric modes; those of 11 cm⁻¹ move atoms by 1 Å at full amplitude."""
    monkeypatch.setattr(
        DrawnModes,
        "amplitudes",
        lambda modes, t: 0.02 * thermal_amplitudes(modes.wavenumbers_cm1, t),
    )
    with springs_with_phonons(tmp_path / "run", disordered) as run:
        table = mode_table(gamma_phonons(run))
        sampler, setting = sampler_of(run, table, SOFT if disordered else 450.0)
        assert len(setting.modes.symmetric) == (11 if disordered else 2)
        displaced, third = both_ways(sampler, setting)
    np.testing.assert_allclose(third, displaced, rtol=0.01, atol=0.01 * np.abs(displaced).max())
    assert np.abs(displaced).max() > 1.0


def test_over_the_thermal_amplitude_the_response_is_another(disorder):
    """What the warning of such results is about."""
    displaced, third = both_ways(*sampler_of(*disorder, SOFT))
    assert np.abs(third - displaced).max() > 0.5 * np.abs(displaced).max()


@pytest.mark.parametrize(("noise", "most"), [(1e-5, 0.05), (1e-4, 0.5)])
def test_noise_of_the_forces_does_not_drown_third_derivatives(disorder, monkeypatch, noise, most):
    """Relative to their size: 0.03 and 0.3; a step of 0.005 Å would give 0.4 and 4."""
    run, table = disorder
    monkeypatch.setattr(NoisyRunner, "noise", noise)
    monkeypatch.setattr(sampling_run, "MOST_DISPLACED", 10)
    setting, _ = draw_settings(
        table, at_rest(run, table).forces_ev_per_a, 0.01, SamplingOptions(limit_cm1=SOFT)
    )
    clean = slopes_along_modes(sampler_of(run, table, SOFT)[0], setting)
    noisy_sampler = sampler_of(run, table, SOFT, NoisyRunner)[0]
    noisy = np.array([slopes_along_modes(noisy_sampler, setting) for _ in range(10)])
    errors = np.sqrt(((noisy - clean) ** 2).mean(axis=(0, 1)))
    assert (errors < most * np.sqrt((clean**2).mean(axis=0))).all()
    assert (errors > 0.0).all()


def test_the_widest_setting_decides_how_responses_are_taken(disorder, monkeypatch):
    run, table = disorder
    forces = at_rest(run, table).forces_ev_per_a
    options = SamplingOptions(limit_cm1=SOFT)

    def steps(displacement_a, options=options):
        setting, checks = draw_settings(table, forces, displacement_a, options)
        return [
            None if entry is None else (len(entry.modes.symmetric), entry.third_derivative_step_a)
            for entry in (setting, *checks)
        ]

    above = steps(0.01)[1][0]
    assert above > 11
    monkeypatch.setattr(sampling_run, "MOST_DISPLACED", above)
    assert steps(0.01) == [(11, None), (above, None), (11, None), None]
    monkeypatch.setattr(sampling_run, "MOST_DISPLACED", above - 1)
    assert steps(0.01) == [(11, 0.02), (above, 0.02), (11, 0.04), None]
    # a calculator that asks for longer displacements gets them
    assert steps(0.03) == [(11, 0.03), (above, 0.03), (11, 0.06), None]
    unchecked = dataclasses.replace(options, checks=False)
    assert steps(0.01, unchecked) == [(11, None), None, None, None]
    setting, checks = draw_settings(table, forces, 0.01, options)
    assert all(c.modes.space is setting.modes.space for c in checks[:2])


def noisy_result(disorder, **options):
    run, table = disorder
    run = dataclasses.replace(run, runner=NoisyRunner(run.engine))
    options = SamplingOptions(limit_cm1=SOFT, fewest_pairs=8, most_pairs=8, **options)
    return sampling_redshift(run, table, options=options), run.runner.kinds


@pytest.mark.parametrize(("most", "third"), [(50, False), (11, True)])
def test_a_result_with_third_derivatives_says_what_its_error_lacks(
    disorder, monkeypatch, most, third
):
    """All amplitudes, noise of the forces; the check draws more than `most` modes."""
    monkeypatch.setattr(sampling_run, "MOST_DISPLACED", most)
    result, kinds = noisy_result(disorder)
    assert kinds.count("sampling-responses") == (3 if third else 0)
    mechanism = result.mechanism
    lacking = [text for text in mechanism.warnings if ERROR_TOO_SMALL in text]
    assert len(lacking) == (1 if third else 0)
    for band in Band:
        assert mechanism.missing_errors(band) == tuple(lacking)
        origins = " ".join(error.origin for error in mechanism.errors(band))
        assert ("third derivatives" in origins) is third
    assert any("third derivatives" in text for text in mechanism.assumptions) is third
    if third:
        shift = mechanism.details["slope_from_mean_displacement_cm1_per_k"]
        assert "11 totally symmetric modes" in lacking[0]
        assert f"{shift[0]:+.4f} and {shift[1]:+.4f} cm⁻¹/K" in lacking[0]


class Messages(Silent):
    def __init__(self):
        self.texts = []

    def message(self, text):
        self.texts.append(text)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("most", [50, 10])
def test_the_stated_cost_is_what_is_computed(disorder, monkeypatch, most, held):
    """On straight lines, where no relaxation steps are guessed."""
    monkeypatch.setattr(sampling_run, "MOST_DISPLACED", most)
    run, table = disorder
    if held:
        wavenumbers = np.array(table.labels.mode_wavenumbers_cm1)
        wavenumbers[np.flatnonzero(wavenumbers > 10.0)[0]] = -40.0
        table = dataclasses.replace(
            table, labels=dataclasses.replace(table.labels, mode_wavenumbers_cm1=wavenumbers)
        )
    progress = Messages()
    run = dataclasses.replace(run, runner=ForgetfulRunner(run.engine, progress))
    options = SamplingOptions(limit_cm1=SOFT, fewest_pairs=8, most_pairs=8, relax_stiff=False)
    result = sampling_redshift(run, table, options=options)
    assert (result.held_change_cm1_per_k is not None) is held
    stated = re.search(r"draws, (\d+) in all", progress.texts[0])
    assert int(stated[1]) == result.tally.n_calls
    # all but the crystal at rest
    assert sum(run.runner.batches) - 1 == result.tally.n_calls
