"""Memory of thermal sampling and dynamics does not grow with the number of draws or steps.

Small siblings of ``benchmarks/sampling_memory.py``. Python's own count of memory is exact, so that
a single array kept for each crystal would be seen.
"""

from __future__ import annotations

import dataclasses
import gc
import tracemalloc

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
from reticulum.thermal import molecular_dynamics_run, sampled_bands
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.molecular_dynamics_run import molecular_dynamics_redshift
from reticulum.thermal.sampled_bands import BandSampler, DrawSetting, Tally
from reticulum.thermal.sampling_modes import DrawnModes, choose_modes
from reticulum.thermal.sampling_options import SamplingOptions
from reticulum.thermal.sampling_run import sampling_redshift
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.thermal_draws import PAIRS_PER_BLOCK, thermal_amplitudes

ENDS = slope_temperatures_k()[[0, -1]]
LIMIT = 150.0

#: Bytes of the positions of one crystal of the librating model.
POSITIONS = 9 * 3 * 8


class ForgetfulRunner:
    """Computes forces and keeps nothing; notes how many structures come together."""

    workers = 1

    def __init__(self, engine, progress=None):
        self.engine = engine
        self.progress = progress or Silent()
        self.batches = []

    def evaluate(self, structures, *, kind, show=True):
        self.batches.append(len(structures))
        return tuple(
            ForceResult(
                result=evaluate(self.engine.make(atoms), atoms, stress=False),
                key="",
                reused=False,
                seconds=0.0,
            )
            for atoms in structures
        )


class Watch(Silent):
    """Notes the memory after each block of draws, or each so many steps."""

    def __init__(self, every=0):
        self.every, self.steps, self.bytes = every, 0, []

    def message(self, text):
        if text.startswith("After "):
            self.note()

    def advance(self, kind, seconds, note=""):
        self.steps += 1
        if self.every and self.steps % self.every == 0:
            self.note()

    def note(self):
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
    run = dataclasses.replace(run, runner=ForgetfulRunner(run.engine, watch))
    pairs = 8 * PAIRS_PER_BLOCK
    options = SamplingOptions(
        limit_cm1=LIMIT, precision_cm1_per_k=1e-9, fewest_pairs=8, most_pairs=pairs, checks=False
    )
    sampling_redshift(run, table, options=options)
    growth = np.diff(watch.bytes)[1:]
    assert len(growth) == 5
    # A block has 16 crystals; what it gives (shifts, squares of the coordinates) takes 2 kB.
    assert growth.mean() < 4 * PAIRS_PER_BLOCK * POSITIONS


@pytest.mark.filterwarnings("ignore:Covariance of the parameters")
@pytest.mark.usefixtures("traced")
def test_steps_of_dynamics_leave_nothing_behind(librating, monkeypatch):
    monkeypatch.setattr(molecular_dynamics_run, "STEPS_PER_CHUNK", 40)
    run, table = librating
    watch = Watch(every=40)
    run = dataclasses.replace(run, runner=ForgetfulRunner(run.engine, watch))
    options = MolecularDynamicsOptions(
        temperatures_k=(100.0, 200.0),
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
    assert abs(first.mean()) < 2 * POSITIONS


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


@pytest.mark.parametrize("disordered", [False, True])
def test_third_derivatives_give_the_response_of_the_bands(tmp_path, monkeypatch, disordered):
    """Shifts along totally symmetric modes: each displaced, or two calls for a tracked mode."""
    monkeypatch.setattr(
        DrawnModes,
        "amplitudes",
        lambda modes, t: 0.1 * thermal_amplitudes(modes.wavenumbers_cm1, t),
    )
    atoms, calculator = spring_crystal(), SpringCrystal()
    if disordered:
        atoms.positions += 0.02 * np.random.default_rng(0).normal(size=atoms.positions.shape)
        calculator = DisorderedSprings()
    options = PhononOptions(displacement_a=0.004, force_limit_ev_a=1e-6)
    engine = Engine.from_ase(calculator)
    with open_run(atoms, engine, tmp_path / "run", options=options) as run:
        table = mode_table(gamma_phonons(run))
        sampler, setting = sampler_of(run, table, 118.0 if disordered else 450.0)
        symmetric = setting.modes.symmetric
        assert len(symmetric) == (11 if disordered else 2)
        amplitudes = setting.modes.amplitudes(ENDS)[0][symmetric]
        stiffness = setting.modes.space.eigenvalues[setting.modes.drawn[symmetric]]
        found = []
        for most in (50, 0):
            monkeypatch.setattr(sampled_bands, "MOST_DISPLACED", most)
            tally = Tally()
            response = sampler.responses(setting, tally)
            found.append(response * (stiffness * amplitudes)[:, None])
            assert tally.n_calls <= sampler.n_response_calls(setting, 25)
        # The last one took no relaxations.
        assert tally.n_calls == sampler.n_response_calls(setting, 0)
    # Along two modes of 11 cm⁻¹ a tenth of the thermal amplitude is still 0.1 Å.
    chosen = setting.modes.wavenumbers_cm1[symmetric] > 20.0
    assert chosen.sum() >= 2
    found = [values[chosen] for values in found]
    np.testing.assert_allclose(found[1], found[0], rtol=0.02, atol=0.02 * np.abs(found[0]).max())
    assert np.abs(found[0]).max() > 0.1
