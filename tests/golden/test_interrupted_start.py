"""Ctrl-C and SIGTERM while the command starts, works, ends: no traceback, the status of shells."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from reticulum.cli import console, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

#: Sends the signal when a module is looked for that the command needs.
AT_IMPORT = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
from reticulum.cli.start import run
sys.argv = ["reticulum", "structures"]
run()
"""

#: Sends it while Python cleans up: to a thread that is waited for, and to functions at the end.
AT_END = """
import atexit, os, signal, sys, threading, time
def interrupt():
    while threading.main_thread().is_alive() and not done:
        time.sleep(0.01)
    time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5.0)
done = []
threading.Thread(target=interrupt).start()
import reticulum.cli.main as main
main.run = lambda: done.append(True)
from reticulum.cli.start import run
run()
"""

#: Sends it in the middle of a command.
AT_WORK = """
import os, signal, sys
import reticulum.frameworks.library as library
def interrupted(*_):
    os.kill(os.getpid(), signal.{name})
    for _ in range(10**7):
        pass
library.list_structures = interrupted
from reticulum.cli.start import run
sys.argv = ["reticulum", "structures"]
run()
"""


#: Tests themselves may run where Ctrl-C is ignored.
LISTENING = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
DEAF = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"


def ended(program, before=LISTENING):
    return subprocess.run(
        [sys.executable, "-c", before + program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("module", ["reticulum.cli.main", "typer", "reticulum.cli.structures"])
def test_while_it_starts(module):
    done = ended(AT_IMPORT.format(module=module))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_while_it_works(name, status):
    done = ended(AT_WORK.format(name=name))
    assert done.returncode == status
    assert "Stopped." in done.stderr
    assert "Traceback" not in done.stderr


def test_while_it_ends():
    done = ended(AT_END)
    assert done.returncode == -signal.SIGINT
    assert (done.stdout, done.stderr) == ("", "")


def test_it_stays_ignored_where_it_was():
    done = ended(AT_IMPORT.format(module="typer"), before=DEAF)
    assert done.returncode == 0
    assert "HKUST-1" in done.stdout


def test_a_termination_that_is_ignored_stays_so():
    program = AT_WORK.format(name="SIGTERM").replace("    for _", "    sys.exit(7)\n    for _")
    done = ended(program, before=DEAF.replace("SIGINT", "SIGTERM"))
    assert (done.returncode, done.stderr) == (7, "")


def test_the_status_is_that_of_all_commands():
    assert start.INTERRUPTED_STATUS == console.INTERRUPTED_STATUS
