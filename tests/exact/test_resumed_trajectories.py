"""Trajectories that are killed, interrupted, lengthened or shortened are the same trajectories."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from models import librating_unit as model

from reticulum.engines.executor import Silent
from reticulum.errors import InputError
from reticulum.provenance import geometry_digest
from reticulum.thermal import (
    molecular_dynamics_run,
    molecular_dynamics_steps,
    trajectory_chunks,
)
from reticulum.thermal.langevin import langevin_step, starting_point
from reticulum.thermal.mechanism import Band
from reticulum.thermal.molecular_dynamics_options import MolecularDynamicsOptions
from reticulum.thermal.molecular_dynamics_run import STEPS_PER_CHUNK, molecular_dynamics_redshift
from reticulum.thermal.trajectory_chunks import GrowingTrajectory, TrajectoryFolder

# --- files ---------------------------------------------------------------------------------------

PER_CHUNK, EVERY, N_STEPS = 10, 3, 27
MASSES = np.array([1.0, 2.0, 16.0])


def start():
    rest = np.zeros((3, 3))
    return starting_point(rest, rest, MASSES, temperature_k=300.0, seed=(1,))


def opened(path):
    return GrowingTrajectory(
        TrajectoryFolder(path), start(), steps_per_chunk=PER_CHUNK, sample_every=EVERY
    )


def advance(growing, n_steps):
    """Springs; the samples are the velocities along x."""
    while growing.point.step < n_steps:
        point = langevin_step(
            growing.point,
            lambda positions: -3.0 * positions,
            MASSES,
            temperature_k=300.0,
            time_step=0.1,
            friction=0.1,
            seed=(1,),
        )
        sample = (point.velocities[:, 0].copy(), float(point.step))
        growing.add(point, sample if growing.sampled(point.step) else None)


def files_of(path):
    return {file.name: file.read_bytes() for file in sorted(path.iterdir())}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("trajectories") / "whole"
    growing = opened(path)
    advance(growing, N_STEPS)
    growing.save()
    return path


def test_a_trajectory_is_complete_chunks_and_one_that_grows(whole):
    assert list(files_of(whole)) == ["chunk-00000.npz", "chunk-00001.npz", "growing-00002.npz"]
    folder = TrajectoryFolder(whole)
    assert (folder.n_chunks(), folder.n_steps(PER_CHUNK, EVERY)) == (2, N_STEPS)
    series, kinetic = folder.samples()
    # every third of 27 steps, those of the growing chunk included
    np.testing.assert_array_equal(kinetic, np.arange(3.0, 28.0, 3.0))
    assert series.shape == (9, 3)
    assert [folder.point_after(step, PER_CHUNK).step for step in (1, 10, 11, 21, 27)] == [
        10, 10, 20, 27, 27
    ]  # fmt: skip
    with np.load(whole / "chunk-00000.npz") as content:
        assert set(content) == {
            "series", "kinetic_k", "step", "positions_a", "velocities", "forces_ev_a"
        }  # fmt: skip


@pytest.mark.parametrize("stops", [(1,), (7,), (10,), (11, 12, 13), (19, 20, 26)])
def test_interrupted_trajectories_are_the_same_bit_by_bit(whole, tmp_path, stops):
    for stop in (*stops, N_STEPS):
        growing = opened(tmp_path / "again")
        advance(growing, stop)
        growing.save()
        assert opened(tmp_path / "again").point.step == stop
    assert files_of(tmp_path / "again") == files_of(whole)


def test_an_interrupt_between_sample_and_step_leaves_no_sample_too_many(whole, tmp_path):
    growing = opened(tmp_path / "again")
    advance(growing, 17)
    growing._series.append(np.full(3, 9.0))
    growing._kinetic.append(9.0)
    growing.save()
    growing = opened(tmp_path / "again")
    advance(growing, N_STEPS)
    growing.save()
    assert files_of(tmp_path / "again") == files_of(whole)


def test_a_growing_chunk_is_written_when_it_is_time(tmp_path, monkeypatch):
    now = 100.0
    monkeypatch.setattr(trajectory_chunks.time, "monotonic", lambda: now)
    growing = opened(tmp_path / "run")
    seen = []
    for step in range(1, 9):
        now += 4.0
        advance(growing, step)
        seen.append(TrajectoryFolder(tmp_path / "run").n_steps(PER_CHUNK, EVERY))
    assert seen == [0, 0, 0, 4, 4, 4, 4, 8]


def test_what_is_left_of_a_chunk_that_was_completed_does_no_harm(whole, tmp_path):
    """Killed between the complete chunk and the removal of the growing one."""
    growing = opened(tmp_path / "again")
    advance(growing, 8)
    growing.save()
    left_over = (tmp_path / "again" / "growing-00000.npz").read_bytes()
    advance(growing, 10)
    (tmp_path / "again" / "growing-00000.npz").write_bytes(left_over)
    growing = opened(tmp_path / "again")
    assert growing.point.step == 10
    advance(growing, N_STEPS)
    growing.save()
    assert files_of(tmp_path / "again") == files_of(whole)


def cut(file):
    file.write_bytes(file.read_bytes()[:300])


def emptied(file):
    file.write_bytes(b"")


def flipped(file):
    content = bytearray(file.read_bytes())
    content[150] ^= 0xFF
    file.write_bytes(bytes(content))


def exchanged(file):
    shutil.copy(file.with_name("chunk-00000.npz"), file)


@pytest.mark.parametrize("damage", [cut, emptied, flipped, exchanged])
@pytest.mark.parametrize("name", ["chunk-00001.npz", "growing-00002.npz"])
def test_damaged_files_are_named_before_anything_is_computed(whole, tmp_path, damage, name):
    again = tmp_path / "again"
    shutil.copytree(whole, again)
    damage(again / name)
    folder = TrajectoryFolder(again)
    with pytest.raises(InputError, match=f"{name} is not part of a trajectory") as caught:
        folder.n_steps(PER_CHUNK, EVERY)
    assert "Delete it and all later files" in caught.value.fix
    # and what the message says helps
    for file in sorted(again.iterdir()):
        if int(file.stem[-5:]) >= int(name[-9:-4]):
            file.unlink()
    growing = opened(again)
    advance(growing, N_STEPS)
    growing.save()
    assert files_of(again) == files_of(whole)


# --- the driver ----------------------------------------------------------------------------------

SHORT = MolecularDynamicsOptions(
    temperatures_k=(100.0, 200.0),
    time_step_fs=0.5,
    equilibration_ps=0.1,
    production_ps=0.5,
    segment_ps=0.25,
    sample_every=2,
)
STEPS = SHORT.n_steps  # 1200: three chunks


class Messages(Silent):
    def __init__(self):
        self.texts = []

    def message(self, text):
        self.texts.append(text)


def simulate(folder, options=SHORT):
    """Result and messages."""
    progress = Messages()
    with model.run_phonons(folder) as (run, _, table):
        run.runner.progress = progress
        result = molecular_dynamics_redshift(run, table, options=options)
    return result, progress.texts


def trajectories(folder):
    return {path.name: files_of(path) for path in (folder / "molecular-dynamics").iterdir()}


def starts(folder):
    """Steps from which trajectories were taken up, in order."""
    log = (folder / "run.log").read_text()
    return [int(n) for n in re.findall(r"molecular dynamics at \d+ K from step (\d+)", log)]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Folder of a run with phonons only, and result and folder of a whole simulation."""
    folder = tmp_path_factory.mktemp("reference")
    with model.run_phonons(folder / "phonons"):
        pass
    shutil.copytree(folder / "phonons", folder / "whole")
    result, texts = simulate(folder / "whole")
    return folder / "phonons", result, folder / "whole", texts


def same(result, expected):
    for band in Band:
        np.testing.assert_array_equal(result.raw_cm1(band), expected.raw_cm1(band))
        assert result.statistical_error_cm1_per_k(band) == expected.statistical_error_cm1_per_k(
            band
        )


KILLED = """
import os, signal, sys
from pathlib import Path
from models import librating_unit as model
from exact.test_resumed_trajectories import SHORT
from reticulum.thermal import molecular_dynamics_run, trajectory_chunks
from reticulum.thermal.molecular_dynamics_run import molecular_dynamics_redshift
trajectory_chunks.SAVED_EVERY_S = 0.02
molecular_dynamics_run._seconds_per_step = lambda *_: 0.001
right, calls = model.energy_and_forces, []
with model.run_phonons(Path(sys.argv[1])) as (run, _, table):
    def counted(*arguments):
        calls.append(1)
        if len(calls) == 1700:  # of which none is timed
            os.kill(os.getpid(), signal.SIGKILL)
        return right(*arguments)
    model.energy_and_forces = counted
    molecular_dynamics_redshift(run, table, options=SHORT)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
def test_a_killed_process_goes_on_within_a_chunk_and_takes_the_same_path(reference, tmp_path):
    """`kill -9` within the second chunk of the second trajectory."""
    phonons, expected, whole, _ = reference
    shutil.copytree(phonons, tmp_path / "run")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    result, texts = simulate(tmp_path / "run")
    *before, step = starts(tmp_path / "run")
    assert before == [0, 0]
    # not from the beginning of the chunk at 400
    assert 400 < step < 500
    assert f"{STEPS - step} steps" in texts[-1]
    same(result, expected)
    assert trajectories(tmp_path / "run") == trajectories(whole)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, MemoryError])
def test_ctrl_c_and_errors_lose_no_step(reference, tmp_path, monkeypatch, stop):
    phonons, expected, whole, _ = reference
    shutil.copytree(phonons, tmp_path / "run")
    right = molecular_dynamics_steps.langevin_step
    calls = []

    def counted(*arguments, **keywords):
        calls.append(1)
        if len(calls) == 600:
            raise stop
        return right(*arguments, **keywords)

    monkeypatch.setattr(molecular_dynamics_run, "_seconds_per_step", lambda *_: 0.001)
    monkeypatch.setattr(molecular_dynamics_steps, "langevin_step", counted)
    with pytest.raises(stop):
        simulate(tmp_path / "run")
    result, _ = simulate(tmp_path / "run")
    assert starts(tmp_path / "run") == [0, 599, 0]
    same(result, expected)
    assert trajectories(tmp_path / "run") == trajectories(whole)


def test_trajectories_go_on_if_more_is_asked_for_and_are_cut_if_less(reference, tmp_path):
    """150 steps more, which is no whole number of chunks."""
    phonons, expected, whole, _ = reference
    longer = dataclasses.replace(SHORT, production_ps=0.575)
    shutil.copytree(phonons, tmp_path / "fresh")
    shutil.copytree(whole, tmp_path / "run")
    fresh, _ = simulate(tmp_path / "fresh", longer)
    result, _ = simulate(tmp_path / "run", longer)
    assert starts(tmp_path / "run")[2:] == [STEPS, STEPS]
    same(result, fresh)
    assert trajectories(tmp_path / "run") == trajectories(tmp_path / "fresh")
    for folder in (tmp_path / "run" / "molecular-dynamics").iterdir():
        assert TrajectoryFolder(folder).n_steps(STEPS_PER_CHUNK, SHORT.sample_every) == 1350
    kept = trajectories(tmp_path / "run")
    result, texts = simulate(tmp_path / "run", SHORT)
    same(result, expected)
    assert texts == [
        f"Molecular dynamics at 100 K and 200 K, 0.1 + 0.5 ps each: all {2 * STEPS} steps are "
        "there."
    ]
    assert trajectories(tmp_path / "run") == kept


def test_folders_are_named_by_all_that_decides_the_trajectory_but_its_length(reference):
    """The names of earlier versions: their trajectories are taken up."""
    _, _, whole, _ = reference
    with model.run_phonons(whole) as (run, phonons, _):
        atoms = phonons.atoms
        fingerprint = run.engine.fingerprint(atoms).digest
    for temperature in SHORT.temperatures_k:
        identity = json.dumps(
            [geometry_digest(atoms.numbers, atoms.cell[:], atoms.positions), fingerprint,
             0.5, 0.1, 5.0, 0.5, 2, 0, temperature]
        )  # fmt: skip
        digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
        name = f"{temperature:.0f}K-{digest}"
        assert (whole / "molecular-dynamics" / name / "chunk-00002.npz").is_file()


def test_the_estimate_is_that_of_what_is_left(reference, tmp_path, monkeypatch):
    """One trajectory is longer than asked for, the other ends within a chunk."""
    phonons, _, whole, _ = reference
    monkeypatch.setattr(molecular_dynamics_run, "_seconds_per_step", lambda *_: 10.0)
    longer = dataclasses.replace(SHORT, production_ps=1.0, longest_hours=4.0)
    # 4400 steps of 10 s are 12.2 hours
    with pytest.raises(InputError, match=r"4400 steps at 10 s each, 12\.2 hours\."):
        simulate(phonons, longer)
    shutil.copytree(whole, tmp_path / "run")
    first, second = sorted((tmp_path / "run" / "molecular-dynamics").iterdir())
    half = dataclasses.replace(longer, longest_hours=8.0)

    def stop(point, *_arguments, **_keywords):
        if point.step == 1500:
            raise KeyboardInterrupt
        return right(point, *_arguments, **_keywords)

    right = molecular_dynamics_steps.langevin_step
    monkeypatch.setattr(molecular_dynamics_steps, "langevin_step", stop)
    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "run", half)
    assert [path.n_steps(400, 2) for path in map(TrajectoryFolder, (first, second))] == [1500, 1200]
    # 700 + 1000 steps are left of 4400
    with pytest.raises(InputError, match=r"1700 steps at 10 s each, 4\.7 hours \(2700 of 4400 are"):
        simulate(tmp_path / "run", longer)
    # and only 200 of the second if 1400 are asked for: the first has more and spares it none
    monkeypatch.setattr(molecular_dynamics_steps, "langevin_step", right)
    shorter = dataclasses.replace(SHORT, production_ps=0.6)
    _, texts = simulate(tmp_path / "run", shorter)
    assert "200 steps at 10 s each, 33 minutes (2600 of 2800 are there)." in texts[-1]


@pytest.mark.parametrize("half_finished", [False, True])
def test_the_time_of_a_step_is_measured(reference, tmp_path, monkeypatch, half_finished):
    phonons, _, whole, _ = reference
    right = model.energy_and_forces

    def slow(*arguments):
        time.sleep(0.03)
        return right(*arguments)

    monkeypatch.setattr(model, "energy_and_forces", slow)
    options = dataclasses.replace(SHORT, production_ps=20.0, longest_hours=1e-4)
    shutil.copytree(whole if half_finished else phonons, tmp_path / "run")
    with pytest.raises(InputError) as caught:
        simulate(tmp_path / "run", options)
    steps, seconds, minutes = re.search(
        r"each: (\d+) steps at ([\d.]+) s each, (\d+) minutes", caught.value.what
    ).groups()
    assert int(steps) == 2 * (40200 - (STEPS if half_finished else 0))
    assert 0.03 <= float(seconds) < 0.3
    assert float(minutes) == pytest.approx(int(steps) * float(seconds) / 60.0, rel=0.05)


def test_a_damaged_growing_file_stops_a_run_before_it_starts(reference, tmp_path):
    phonons, _, _, _ = reference
    shutil.copytree(phonons, tmp_path / "run")
    simulate(tmp_path / "run", dataclasses.replace(SHORT, production_ps=0.52))
    second = sorted((tmp_path / "run" / "molecular-dynamics").iterdir())[1]
    cut(second / "growing-00003.npz")
    with pytest.raises(InputError, match=r"growing-00003\.npz is not part of a trajectory"):
        simulate(tmp_path / "run", dataclasses.replace(SHORT, production_ps=1.0))
    assert len(starts(tmp_path / "run")) == 2
