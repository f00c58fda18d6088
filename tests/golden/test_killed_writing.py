"""Structures written by a process that is killed or interrupted at every change of the disk.

A child process is forked for every moment; an audit hook sends the signal just before the n-th
file, or one of a certain name, is made, linked, renamed or removed. Then the same call is made
again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from reticulum.frameworks.structure_folder import UNFINISHED
from reticulum.scratch import remove_left_over_scratch, scratch_folder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")

PATIENCE_S = 60.0

#: What the command of the driver writes.
ORDERED = ("1_I4_mmm.extxyz", "2_C2_m.extxyz")

#: What the child processes run: `single`, `folder` and `command` take the folder to write into.
DRIVER = """
import json, os, shutil, signal, sys
from pathlib import Path

from ase.spacegroup import crystal

from reticulum.cli.main import app
from reticulum.frameworks.structure_folder import require_structure_folder, structure_folder
from reticulum.frameworks.writing import write_structure

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = {"os.rename", "os.link", "os.mkdir", "os.remove", "os.rmdir"}
SALTS = [
    crystal(["Na", halide], [(0, 0, 0), (0.5, 0.5, 0.5)], spacegroup=225,
            cellpar=[5.6] * 3 + [90] * 3)
    for halide in ("F", "Cl")
]


def single(where):
    write_structure(SALTS[0], where / "salt.cif", overwrite=True, verify=False)


def folder(where):
    require_structure_folder(where / "found")
    with structure_folder(where / "found", {"salts": 2}, len(SALTS)) as held:
        for number, salt in enumerate(SALTS):
            name = f"{number}.extxyz"
            if held.facts(name) is None:
                write_structure(
                    salt, held.path / name, verify=False, overwrite=held.resumed
                )
                held.complete(name, [number])


def command(where):
    os.chdir(where)
    app(["order", "HKUST-1", "--count", "ru=2", "--write", "found", "--format", "extxyz"])


def content(where):
    return {
        str(path.relative_to(where)): path.read_text() if path.is_file() else None
        for path in sorted(where.rglob("*"))
    }


def run(action, where, moment, sent, heard):
    # Exit status of a child (minus the signal that ended it) that is sent a signal at a moment.
    child = os.fork()
    if child:
        code = os.waitpid(child, 0)[1]
        return os.waitstatus_to_exitcode(code)
    for stream in (1, 2):
        os.dup2(os.open(heard, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
    count = 0

    def hook(event, arguments):
        nonlocal count
        changes = event in CHANGES or (
            event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        )
        if not changes or not isinstance(arguments[0], (str, bytes, os.PathLike)):
            return
        if not os.path.abspath(os.fsdecode(arguments[0])).startswith(str(where)):
            return
        count += 1
        here = f"{event} {os.path.basename(os.fsdecode(arguments[0]))}"
        if moment in (count, here):
            os.kill(os.getpid(), sent)

    sys.addaudithook(hook)
    status = 0
    try:
        action(where)
    except SystemExit as end:
        status = end.code or 0
    except KeyboardInterrupt:
        status = 130
    except BaseException as error:
        print(type(error).__name__, error)
        status = 99
    sys.stdout.flush()
    os._exit(status)


name, sent, moments, base = sys.argv[1:]
sent, moments, base = int(sent), json.loads(moments), Path(base)
action = globals()[name]
whole = base / "whole"
whole.mkdir()
try:
    action(whole)  # in this process, so that its children have everything imported
except SystemExit as end:
    assert not end.code, end.code
answers = []
for moment in moments or range(1, 1000):
    where = base / f"moment{moment}"
    where.mkdir()
    heard = base / f"heard{moment}.txt"
    first = run(action, where, moment, sent, heard)
    between, said = content(where), heard.read_text()
    if first == 0:
        break  # no such moment: all have been seen
    again = run(action, where, 0, 0, heard)
    answers.append({
        "moment": moment, "first": first, "said": said, "between": between, "again": again,
        "then": content(where), "heard": heard.read_text(),
    })
    shutil.rmtree(where)
print(json.dumps({"whole": content(whole), "answers": answers}))
"""


def driven(tmp_path, action, sent, moments=()):
    """Content of an uninterrupted folder, and what happened at each moment."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    answer = subprocess.run(
        [sys.executable, "-c", DRIVER, action, str(int(sent)), json.dumps(moments), str(tmp_path)],
        capture_output=True, text=True, check=False, env=environment, timeout=PATIENCE_S,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout.splitlines()[-1])
    return found["whole"], found["answers"]


def named(content):
    """Files with their final names."""
    return {
        name: text
        for name, text in content.items()
        if text is not None and ".reticulum-" not in name and not name.endswith(UNFINISHED)
    }


def check(whole, answers):
    """What has its name is whole, and the same call again leaves what an unbroken one does."""
    for answer in answers:
        files = named(answer["between"])
        assert files == {name: whole[name] for name in files}, answer["moment"]
        if answer["again"] != 0:  # only where nothing was missing any more
            assert answer["between"] == whole, (answer["moment"], answer["heard"])
            assert "found exists already" in answer["heard"]
        assert answer["then"] == whole, answer["moment"]
        assert "Traceback" not in answer["heard"], answer["heard"]


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_one_file_at_every_moment(tmp_path, sent):
    whole, answers = driven(tmp_path, "single", sent)
    assert list(whole) == ["salt.cif"]
    assert len(answers) >= 5
    check(whole, answers)
    if sent == signal.SIGINT:
        for answer in answers:  # nothing hidden is left
            assert not [name for name in answer["between"] if ".reticulum" in name], answer
    else:
        assert {answer["first"] for answer in answers} == {-signal.SIGKILL}
        assert any("salt.cif" in answer["between"] for answer in answers)
        assert any(".reticulum-" in name for answer in answers for name in answer["between"])


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_folder_at_every_moment(tmp_path, sent):
    whole, answers = driven(tmp_path, "folder", sent)
    assert list(whole) == ["found", *(f"found/{number}.extxyz" for number in range(2))]
    assert len(answers) > 25
    check(whole, answers)
    for answer in answers:  # a folder that is not marked as unfinished is complete or empty
        if f"found/{UNFINISHED}" not in answer["between"]:
            assert len(named(answer["between"])) in (0, 2), answer["moment"]


def test_order_goes_on_after_kill_9_and_ctrl_c(tmp_path):
    killed = tmp_path / "killed"
    killed.mkdir()
    whole, answers = driven(
        killed, "command", signal.SIGKILL, [f"os.link {name}" for name in ORDERED]
    )
    check(whole, answers)
    assert [list(named(answer["between"])) for answer in answers] == [[], [f"found/{ORDERED[0]}"]]
    stopped = tmp_path / "stopped"
    stopped.mkdir()
    whole, (answer,) = driven(stopped, "command", signal.SIGINT, [f"os.link {ORDERED[1]}"])
    check(whole, [answer])
    assert answer["first"] == 130
    assert "1 of 2 structures are complete in found; the same command again" in answer["said"]
    assert "Stopped." in answer["said"]
    assert not any(".reticulum-" in name for name in answer["between"])


def test_scratch_of_the_living_is_left_alone(tmp_path):
    """Neither its lock nor its process id nor its age alone makes a scratch folder left over."""
    program = (
        "import sys, time; from pathlib import Path; from reticulum.scratch import scratch_folder\n"
        "with scratch_folder(Path(sys.argv[1])) as folder:\n"
        "    (folder / 'draft').write_text('mine'); print(folder.name, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            mine = tmp_path / process.stdout.readline().strip()
            # also if it looks old, and as if it came from another host
            os.utime(mine, (1.0, 1.0))
            remove_left_over_scratch(tmp_path)
            assert (mine / "draft").read_text() == "mine"
            foreign = tmp_path / f".reticulum-00000000-{process.pid}-abc"
            mine.rename(foreign)
            os.utime(foreign, (1.0, 1.0))
            remove_left_over_scratch(tmp_path)
            assert (foreign / "draft").read_text() == "mine"
            foreign.rename(mine)
        finally:
            process.kill()
    # it is dead now
    with scratch_folder(tmp_path) as own:
        assert [entry.name for entry in tmp_path.iterdir()] == [own.name]
    assert list(tmp_path.iterdir()) == []


def test_only_our_own_scratch_is_removed(tmp_path):
    host = "00000000"
    fresh = tmp_path / f".reticulum-{host}-1-abc"  # of another host, where nobody can be asked
    old = tmp_path / f".reticulum-{host}-2-abc"
    for folder in (fresh, old, tmp_path / ".reticulum-notes", tmp_path / ".other-0-1-a"):
        folder.mkdir()
        (folder / "draft").write_text("x")
    (tmp_path / f".reticulum-{host}-3-abc").write_text("a file")
    (tmp_path / f".reticulum-{host}-4-abc").symlink_to(old)
    for path in (old, tmp_path / ".reticulum-notes"):
        os.utime(path, (time.time() - 1e6,) * 2)
    remove_left_over_scratch(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        ".other-0-1-a", fresh.name, f".reticulum-{host}-3-abc", f".reticulum-{host}-4-abc",
        ".reticulum-notes",
    ]  # fmt: skip
