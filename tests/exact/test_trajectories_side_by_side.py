"""Trajectories in processes of their own are those of one process, and as safe."""

from __future__ import annotations

import dataclasses
import os
import signal

import numpy as np
import pytest
from models import librating_unit as model
from test_resumed_trajectories import SHORT as LONGER
from test_resumed_trajectories import Messages, starts, trajectories

from reticulum.engines.build import resolve_engine
from reticulum.errors import CalculationError
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal import molecular_dynamics_run
from reticulum.thermal.mechanism import Band
from reticulum.thermal.molecular_dynamics_run import molecular_dynamics_redshift
from reticulum.thermal.molecular_dynamics_steps import StepperBeside

#: Its card, in processes side by side.
CARD = model.CARD.replace('"single"', '"processes"')

#: 600 steps: one chunk and a half.
SHORT = dataclasses.replace(LONGER, production_ps=0.2, segment_ps=0.1)

OPTIONS = PhononOptions(displacement_a=0.004, force_limit_ev_a=1e-6)


class Counting(Messages):
    """Messages, and what was done of how much; calls `at` when a step is done."""

    def __init__(self, at=None):
        super().__init__()
        self.done, self.at = 0, at

    def start(self, kind, total, reused):
        self.done, self.total, self.kind = reused, total, kind

    def advance(self, kind, seconds, note=""):
        self.done += 1
        if self.at is not None and kind == "molecular-dynamics":
            self.at(self.done)


def simulate(folder, workers, at=None):
    """Result and progress."""
    card = folder.parent / "card.toml"
    card.write_text(CARD)
    progress = Counting(at)
    with open_run(
        model.librating_crystal(),
        resolve_engine(card),
        folder,
        label="model",
        options=OPTIONS,
        workers=workers,
    ) as run:
        table = mode_table(gamma_phonons(run))
        run.runner.progress = progress
        result = molecular_dynamics_redshift(run, table, options=SHORT)
    return result, progress


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Trajectories one after the other, as a fast calculator's are with any number of workers."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    result, progress = simulate(folder, workers=2)
    assert "side by side" not in progress.texts[-1]
    return result, folder


@pytest.fixture
def processes(monkeypatch):
    """The processes of the trajectories; any calculator is slow enough for them."""
    monkeypatch.setattr(molecular_dynamics_run, "BESIDE_FROM_S", 0.0)
    found = []
    right = StepperBeside.submit

    def seen(stepper, *arguments):
        future = right(stepper, *arguments)
        found.extend(p for p in stepper._pool._processes.values() if p not in found)
        return future

    monkeypatch.setattr(StepperBeside, "submit", seen)
    yield found
    assert not any(process.is_alive() for process in found)


def test_side_by_side_gives_the_same_trajectories(alone, processes, tmp_path, monkeypatch):
    expected, folder = alone
    monkeypatch.setattr(molecular_dynamics_run, "_seconds_per_step", lambda *_: 9.0)
    result, progress = simulate(tmp_path / "run", workers=2)
    assert len(processes) == 2
    assert trajectories(tmp_path / "run") == trajectories(folder)
    for band in Band:
        np.testing.assert_array_equal(result.raw_cm1(band), expected.raw_cm1(band))
    # 1200 steps of 9 s, two at a time, are an hour and a half
    assert "1200 steps at 9 s each, side by side, 90 minutes." in progress.texts[-1]
    assert progress.done == progress.total == 2 * SHORT.n_steps


def test_one_worker_or_one_trajectory_needs_no_processes(alone, processes, tmp_path):
    _, folder = alone
    simulate(tmp_path / "run", workers=1)
    assert not processes
    first, _ = sorted((tmp_path / "run" / "molecular-dynamics").iterdir())
    (first / "growing-00001.npz").unlink()
    _, progress = simulate(tmp_path / "run", workers=2)
    assert not processes
    assert ": 200 steps" in progress.texts[-1]
    assert trajectories(tmp_path / "run") == trajectories(folder)


def test_ctrl_c_loses_no_finished_step(alone, processes, tmp_path):
    _, folder = alone

    def stop(done):
        if done == 501:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "run", workers=2, at=stop)
    assert len(processes) == 2
    assert not any(process.is_alive() for process in processes)
    _, progress = simulate(tmp_path / "run", workers=2)
    one, other = starts(tmp_path / "run")[2:]
    assert one + other == 501
    # both had their share
    assert 100 < one < 400
    assert f"{2 * SHORT.n_steps - 501} steps" in progress.texts[-1]
    assert trajectories(tmp_path / "run") == trajectories(folder)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_a_killed_process_is_an_error_that_says_what_to_do(alone, processes, tmp_path):
    _, folder = alone

    def kill(done):
        if done == 300:
            os.kill(processes[0].pid, signal.SIGKILL)

    with pytest.raises(CalculationError, match="ended without an answer") as caught:
        simulate(tmp_path / "run", workers=2, at=kill)
    assert "Run the same command again" in caught.value.fix
    simulate(tmp_path / "run", workers=2)
    assert sum(starts(tmp_path / "run")[2:]) >= 300
    assert trajectories(tmp_path / "run") == trajectories(folder)
