"""Many force calculations: order, reuse, failing and dying workers, executors of the caller's."""

from __future__ import annotations

import os
import time
from concurrent import futures

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.lj import LennardJones

from reticulum.engines import executor as executor_module
from reticulum.engines.build import Engine, resolve_engine
from reticulum.engines.executor import ForceRunner, free_cores
from reticulum.engines.store import ForceStore
from reticulum.errors import CalculationError, InputError

#: A calculator whose behaviour is chosen by the x coordinate of the last atom.
MOODY_MODULE = """
import os, time
from ase.calculators.lj import LennardJones

class Moody(LennardJones):
    def calculate(self, atoms=None, properties=None, system_changes=()):
        x = atoms.positions[-1, 0]
        if x > 30:
            os._exit(3)
        if x > 20:
            raise RuntimeError("the SCF is not converged")
        if x > 10:
            raise AttributeError("a slip in the calculator's own code")
        time.sleep(0.2 * abs(atoms.positions[-1, 1]))
        super().calculate(atoms, properties, system_changes)
"""

MOODY_CARD = """
name = "moody"
title = "A calculator that fails on request"
factory = "moody_calculator:Moody"
distribution = "ase"
extra = ""
elements = "H-Og"
gives = ["energy", "forces", "stress"]

[kwargs]
epsilon = 0.01
sigma = 3.0
rc = 6.0
"""


def pair(x=0.0, delay=0.0, apart=3.3):
    """Two argon atoms in a box; the last one carries the request to the calculator."""
    return Atoms("Ar2", [(x, delay, apart), (x, delay, 0.0)], cell=[40, 40, 40], pbc=True)


@pytest.fixture
def moody(tmp_path, monkeypatch):
    folder = tmp_path / "user code"
    folder.mkdir()
    (folder / "moody_calculator.py").write_text(MOODY_MODULE)
    (folder / "moody.toml").write_text(MOODY_CARD)
    monkeypatch.syspath_prepend(folder)
    return resolve_engine(folder / "moody.toml")


def forces_of(structures):
    result = []
    for atoms in structures:
        work = atoms.copy()
        work.calc = LennardJones(epsilon=0.01, sigma=3.0, rc=6.0)
        result.append(work.get_forces())
    return result


def rattled(number):
    atoms = bulk("Cu", cubic=True)
    atoms.rattle(0.05, seed=number)
    return atoms


class Counting(Calculator):
    """Harmonic wells at the origin; counts its calls."""

    implemented_properties = ("energy", "forces")

    def __init__(self):
        super().__init__()
        self.parameters["stiffness"] = 2.0
        self.calls = 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        self.results["energy"] = float((self.atoms.positions**2).sum())
        self.results["forces"] = -2.0 * self.atoms.positions


class Recorder:
    def __init__(self):
        self.events = []

    def start(self, kind, total, reused):
        self.events.append(("start", kind, total, reused))

    def advance(self, kind, seconds, note=""):
        self.events.append(("advance", kind))

    def finish(self, kind):
        self.events.append(("finish", kind))

    def message(self, text):
        self.events.append(("message", text))


def test_equal_structures_are_computed_once_and_results_keep_their_order(tmp_path):
    calculator, lines, shown = Counting(), [], Recorder()
    a, b, c = (rattled(number) for number in (1, 2, 3))
    with ForceRunner(
        Engine.from_ase(calculator), ForceStore(tmp_path / "f.db"), log=lines.append, progress=shown
    ) as runner:
        found = runner.evaluate([a, b, a, c, b], kind="displacement")
        for atoms, answer in zip([a, b, a, c, b], found, strict=True):
            np.testing.assert_array_equal(answer.result.forces_ev_per_a, -2.0 * atoms.positions)
        assert calculator.calls == 3
        assert (runner.n_computed, runner.n_reused) == (3, 0)
        assert shown.events[0] == ("start", "displacement", 3, 0)
        again = runner.evaluate([c, rattled(4)], kind="scan")
        assert calculator.calls == 4
        assert [answer.reused for answer in again] == [True, False]
        assert (runner.n_computed, runner.n_reused) == (4, 1)
    assert sum(line.startswith("computed displacement k") for line in lines) == 3
    assert sum(line.startswith("reused scan k") for line in lines) == 1
    assert sum(line.startswith("computed scan k") for line in lines) == 1


def test_the_expected_time_is_the_median_of_the_latest(tmp_path, monkeypatch):
    monkeypatch.setattr(executor_module, "_RECENT", 3)
    store = ForceStore(tmp_path / "forces.db")
    calculator = LennardJones(epsilon=0.01, sigma=3.0, rc=6.0)
    with ForceRunner(Engine.from_ase(calculator), store) as runner:
        assert runner.expected_seconds() == 0.0
        result = runner.evaluate([pair()], kind="test")[0].result
        for number, seconds in enumerate((100.0, 2.0, 60.0, 3.0)):
            store.put(f"k{number}", pair(), result, kind="test", seconds=seconds)
        assert runner.expected_seconds() == 3.0


def test_nothing_of_the_structures_is_changed(tmp_path):
    atoms = rattled(1)
    before = atoms.positions.tobytes()
    with ForceRunner(Engine.from_ase(Counting()), ForceStore(tmp_path / "f.db")) as runner:
        runner.evaluate([atoms], kind="x")
    assert atoms.positions.tobytes() == before
    assert atoms.calc is None


def test_no_structures_need_no_pool(tmp_path):
    with ForceRunner(resolve_engine("lj"), ForceStore(tmp_path / "f.db")) as runner:
        assert runner.evaluate([], kind="x") == ()
        assert runner._executor is None


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_are_refused(tmp_path, workers):
    with pytest.raises(InputError, match="workers"):
        ForceRunner(resolve_engine("lj"), ForceStore(tmp_path / "f.db"), workers=workers)


def test_a_pool_gives_what_one_process_gives_in_order(tmp_path, moody):
    # The first takes longest, so that answers come back in another order than they went out.
    structures = [pair(delay=3.0 - number, apart=3.2 + 0.1 * number) for number in range(4)]
    lines = []
    with ForceRunner(moody, ForceStore(tmp_path / "f.db"), workers=2, log=lines.append) as runner:
        found = runner.evaluate(structures, kind="x")
    for answer, expected in zip(found, forces_of(structures), strict=True):
        np.testing.assert_allclose(answer.result.forces_ev_per_a, expected, atol=1e-14)
        assert answer.seconds > 0
    with ForceRunner(moody, ForceStore(tmp_path / "f.db"), workers=2) as runner:
        again = runner.evaluate(structures, kind="x")
        assert runner._executor is None  # nothing to compute: no worker was started
    assert all(answer.reused for answer in again)
    for one, two in zip(found, again, strict=True):
        assert one.result.forces_ev_per_a.tobytes() == two.result.forces_ev_per_a.tobytes()


def test_a_failing_calculation_keeps_the_finished_ones(tmp_path, moody):
    structures = [pair(apart=3.2), pair(x=25.0), pair(apart=3.4), *(pair(apart=4 + k / 10)
                  for k in range(6))]  # fmt: skip
    store = ForceStore(tmp_path / "f.db")
    with (
        pytest.raises(CalculationError, match="not converged") as caught,
        ForceRunner(moody, store, workers=1) as runner,
    ):
        runner.evaluate(structures, kind="x")
    assert caught.value.fix
    assert 1 <= len(store) <= 3  # the one before, and at most what was in flight; no more started
    with ForceRunner(moody, store, workers=1) as runner:
        runner.evaluate([structures[0]], kind="x")
        assert runner.n_reused == 1


def test_a_slip_in_the_calculators_code_is_a_calculation_error(tmp_path, moody):
    store = ForceStore(tmp_path / "f.db")
    with (
        pytest.raises(CalculationError, match="slip in the calculator"),
        ForceRunner(moody, store, workers=1) as runner,
    ):
        runner.evaluate([pair(apart=3.2), pair(x=15.0)], kind="x")
    assert len(store) == 1


def test_a_worker_that_dies_is_a_calculation_error_with_a_hint(tmp_path, moody):
    store = ForceStore(tmp_path / "f.db")
    started = time.monotonic()
    with (
        pytest.raises(CalculationError, match="worker process ended") as caught,
        ForceRunner(moody, store, workers=1) as runner,
    ):
        runner.evaluate([pair(apart=3.2), pair(apart=3.3), pair(x=35.0), pair()], kind="x")
    assert "--workers 1" in caught.value.fix
    assert "kept" in caught.value.fix
    assert len(store) == 2
    assert time.monotonic() - started < 30


def test_leaving_with_an_error_ends_the_workers_at_once(tmp_path, moody):
    started = time.monotonic()
    runner = ForceRunner(moody, ForceStore(tmp_path / "f.db"), workers=1)
    runner.evaluate([pair()], kind="x")
    processes = list(runner._executor._processes.values())
    runner._executor.submit(time.sleep, 60)
    runner.__exit__(ValueError, ValueError(), None)
    while any(process.exitcode is None for process in processes):
        assert time.monotonic() - started < 30
        time.sleep(0.05)


def test_ctrl_c_reaches_the_caller_and_keeps_what_is_finished(tmp_path, moody):
    """KeyboardInterrupt between two answers: what was stored before stays stored."""

    class Interrupting(Recorder):
        def advance(self, kind, seconds, note=""):
            raise KeyboardInterrupt

    store = ForceStore(tmp_path / "f.db")
    with (
        pytest.raises(KeyboardInterrupt),
        ForceRunner(moody, store, workers=1, progress=Interrupting()) as runner,
    ):
        runner.evaluate([pair(apart=3.2), pair(apart=3.3)], kind="x")
    assert len(store) == 1


def test_an_executor_of_the_callers_is_used_and_left_open(tmp_path, moody):
    with futures.ThreadPoolExecutor(1) as pool:
        with ForceRunner(moody, ForceStore(tmp_path / "f.db"), executor=pool) as runner:
            runner.evaluate([pair(apart=3.2)], kind="x")
        assert pool.submit(os.getpid).result() == os.getpid()


def test_threads_never_share_a_calculator(tmp_path):
    """Structures of different sizes and delays side by side in threads of one process."""
    folder = tmp_path / "shared"
    folder.mkdir()
    structures = []
    for number in range(12):
        atoms = bulk("Ar", "fcc", a=5.2, cubic=True) * (1 + number % 2, 1, 1)
        atoms.rattle(0.1, seed=number)
        structures.append(atoms)
    with (
        futures.ThreadPoolExecutor(4) as pool,
        ForceRunner(
            resolve_engine("lj"), ForceStore(tmp_path / "f.db"), executor=pool, workers=4
        ) as runner,
    ):
        found = runner.evaluate(structures, kind="x")
    engine = resolve_engine("lj")
    for atoms, answer in zip(structures, found, strict=True):
        atoms.calc = engine.make(atoms)
        np.testing.assert_allclose(answer.result.forces_ev_per_a, atoms.get_forces(), atol=1e-12)


def test_a_worker_keeps_its_calculator_for_one_composition(monkeypatch):
    monkeypatch.setattr(executor_module, "_CALCULATOR", type(executor_module._CALCULATOR)())
    engine = resolve_engine("lj")
    first, _ = executor_module._work(engine, pair(), False)
    second, _ = executor_module._work(engine, pair(apart=3.5), False)
    assert first.energy_ev != second.energy_ev


def test_free_cores_obey_the_affinity_of_the_process():
    assert 1 <= free_cores() <= (os.cpu_count() or 1)
    if hasattr(os, "sched_getaffinity"):
        assert free_cores() == len(os.sched_getaffinity(0))


def test_default_is_one_worker_for_each_free_core(tmp_path):
    store = ForceStore(tmp_path / "f.db")
    assert ForceRunner(resolve_engine("lj"), store).workers == free_cores()
    assert ForceRunner(Engine.from_ase(LennardJones(), label="a"), store).workers == 1
