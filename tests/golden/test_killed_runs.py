"""A run that is killed or interrupted goes on where it was and computes nothing twice.

Real processes, real signals; the calculator is ASE's EMT made slow on purpose.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")

SLOW_MODULE = """
import os, time
from ase.calculators.emt import EMT

class SlowEMT(EMT):
    def calculate(self, *args, **kwargs):
        time.sleep(float(os.environ.get("SLOW_S", "0")))
        super().calculate(*args, **kwargs)
"""

SLOW_CARD = """
name = "slow-emt"
title = "EMT that sleeps"
factory = "slow_emt_for_tests:SlowEMT"
distribution = "ase"
extra = ""
elements = ["Cu", "Ag", "Au"]
gives = ["energy", "forces", "stress"]
parallel = "processes"

[kwargs]
asap_cutoff = false
"""

N_DISPLACEMENTS = 24
PATIENCE_S = 60.0


class Workshop:
    """A folder with the structure, the slow calculator, and commands in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "code").mkdir()
        (folder / "code" / "slow_emt_for_tests.py").write_text(SLOW_MODULE)
        (folder / "slow.toml").write_text(SLOW_CARD)
        atoms = bulk("Cu", cubic=True, a=3.9)
        atoms.numbers[:] = (29, 29, 47, 79)
        atoms.rattle(0.08, seed=2)
        atoms.write(folder / "alloy.xyz", format="extxyz")
        self.run = folder / "run"

    def command(self, *more: str) -> list[str]:
        script = Path(sys.executable).with_name("reticulum")
        program = (
            [str(script)]
            if script.exists()
            else [sys.executable, "-c", "from reticulum.cli.main import run; run()"]
        )
        return [
            *program, "phonons", "alloy.xyz", "-o", "run", "-c", "slow.toml", "--workers", "1",
            "--fmax", "0.02", *more,
        ]  # fmt: skip

    def start(self, slow_s: float, *more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*more),
            cwd=self.folder,
            env={
                **os.environ,
                "SLOW_S": str(slow_s),
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": str(self.folder / "code"),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self, *more: str) -> subprocess.CompletedProcess[str]:
        with self.start(0.0, *more) as process:
            out, err = process.communicate(timeout=PATIENCE_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def log(self) -> list[list[str]]:
        """Words of each line of the log, without the time."""
        file = self.run / "run.log"
        return [line.split()[1:] for line in file.read_text().splitlines()] if file.exists() else []

    def computed(self, kind: str = "") -> list[str]:
        return [words[2] for words in self.log() if words[0] == "computed" and kind in words[1]]

    def wait_for(self, kind: str, count: int, process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while len(self.computed(kind)) < count:
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def wavenumbers(self) -> list[float]:
        return json.loads((self.run / "phonons.json").read_text())["wavenumbers_cm1"]


@pytest.fixture
def workshop(tmp_path):
    return Workshop(tmp_path)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    workshop = Workshop(tmp_path_factory.mktemp("uninterrupted"))
    answer = workshop.finish()
    assert answer.returncode == 0, answer.stderr
    return workshop


def living(group: int) -> list[int]:
    """Processes of a process group that have not ended (zombies have)."""
    found = []
    if Path("/proc/self/stat").exists():
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    if fields[0] != "Z" and int(fields[2]) == group:
                        found.append(int(entry.name))
        return found
    rows = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True,
                          check=True).stdout.split("\n")  # fmt: skip
    for row in rows:
        words = row.split()
        if len(words) == 3 and int(words[1]) == group and not words[2].startswith("Z"):
            found.append(int(words[0]))
    return found


def all_end(group: int, within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while living(group):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def check_continued(workshop: Workshop, uninterrupted: Workshop, before: int) -> None:
    """Finish the run; nothing may have been computed twice, and the result is the same."""
    answer = workshop.finish()
    assert answer.returncode == 0, answer.stderr
    assert "Traceback" not in answer.stderr
    keys = Counter(workshop.computed())
    assert max(keys.values()) == 1, keys.most_common(3)
    assert len(set(workshop.computed("displacement"))) == N_DISPLACEMENTS
    assert len(workshop.computed()) == len(uninterrupted.computed())
    reused = [words for words in workshop.log() if words[:2] == ["reused", "displacement"]]
    assert len(reused) >= before
    np.testing.assert_allclose(
        workshop.wavenumbers(), uninterrupted.wavenumbers(), rtol=1e-7, atol=1e-3
    )


def test_the_uninterrupted_run_is_what_the_others_are_compared_with(uninterrupted):
    assert len(uninterrupted.computed("displacement")) == N_DISPLACEMENTS
    assert len(set(uninterrupted.computed())) == len(uninterrupted.computed())
    assert len(uninterrupted.computed("relaxation")) >= 3
    wavenumbers = uninterrupted.wavenumbers()
    assert min(wavenumbers) > -1.0
    assert max(wavenumbers) > 100.0


def test_kill_9_in_the_middle_of_the_displacements(workshop, uninterrupted):
    process = workshop.start(0.3)
    try:
        workshop.wait_for("displacement", 3, process)
        assert len(living(process.pid)) >= 2  # the command and its worker
        os.kill(process.pid, signal.SIGKILL)  # the command only: no worker hears of it
        process.communicate(timeout=PATIENCE_S)
        assert process.returncode == -signal.SIGKILL
        before = len(workshop.computed("displacement"))
        assert 3 <= before < N_DISPLACEMENTS
        assert all_end(process.pid, 10.0), "workers outlive their parent"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert not (workshop.run / "phonons.json").exists()
    unfinished = subprocess.run(
        [*workshop.command()[:-10], "modes", "run"]
        if Path(workshop.command()[0]).name == "reticulum"
        else [*workshop.command()[:3], "modes", "run"],
        cwd=workshop.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert unfinished.returncode == 2
    check_continued(workshop, uninterrupted, before)


def test_kill_9_during_the_relaxation_and_again_during_the_displacements(workshop, uninterrupted):
    for kind, count in (("relaxation", 2), ("displacement", 2), ("displacement", 8)):
        process = workshop.start(0.15)
        try:
            workshop.wait_for(kind, count, process)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=PATIENCE_S)
    check_continued(workshop, uninterrupted, 8)


@pytest.mark.parametrize("whole_group", [False, True], ids=["command", "as a terminal does"])
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_and_sigterm_say_how_to_go_on(workshop, uninterrupted, whole_group, sent, status):
    process = workshop.start(0.3)
    try:
        workshop.wait_for("displacement", 3, process)
        if whole_group:
            os.killpg(process.pid, sent)
        else:
            os.kill(process.pid, sent)
        started = time.monotonic()
        out, err = process.communicate(timeout=PATIENCE_S)
        assert time.monotonic() - started < 10
        assert process.returncode == status
        assert out == ""
        assert "Traceback" not in err
        assert "leaked" not in err
        assert "same command again" in err
        before = len(workshop.computed("displacement"))
        assert all_end(process.pid, 5.0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert before >= 3
    check_continued(workshop, uninterrupted, before)


@pytest.mark.parametrize("delay_s", [0.2, 0.5, 0.8])
def test_ctrl_c_while_workers_start_shows_no_traceback(workshop, delay_s):
    """A terminal sends the signal to workers too, which may still be importing."""
    process = workshop.start(0.3)
    try:
        deadline = time.monotonic() + PATIENCE_S
        while not workshop.log():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(delay_s)
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "same command again" in err


def test_two_commands_in_one_folder_do_not_mix(workshop):
    process = workshop.start(0.3)
    try:
        workshop.wait_for("", 1, process)
        second = workshop.finish()
        assert second.returncode == 2
        assert "Another process" in second.stderr
        assert "Traceback" not in second.stderr
        assert process.poll() is None  # the first goes on
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE_S)
