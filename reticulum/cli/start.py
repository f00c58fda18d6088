"""Entry point of the installed command: what Ctrl-C does when, and that SIGTERM does the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Exit status after Ctrl-C, as shells count it (the same as in `reticulum.cli.console`, which is
#: not imported here: nothing slow is, before the signal is taken care of).
INTERRUPTED_STATUS = 130

#: Exit status after SIGTERM, which batch systems and `timeout` send.
TERMINATED_STATUS = 143


def run() -> None:
    """Run the command `reticulum`.

    While modules are imported nothing is open yet, and Ctrl-C ends the process without a word.
    While the command works, Ctrl-C is a `KeyboardInterrupt`, which it answers. When it is done, a
    further one ends the process at once instead of interrupting Python's own cleaning up, which
    shows a traceback. Where Ctrl-C was ignored from the start (`nohup`, a job in the background),
    it stays so. SIGTERM is answered in the same words while the command works.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _leave)
    from reticulum.cli import main

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with _terminated_like_interrupted():
            main.run()
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Answer SIGTERM like Ctrl-C, with a status of its own; a second one ends the process at once.

    Where it was ignored from the start, it stays so.
    """
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    came = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except SystemExit as end:
        if came and end.code:
            raise SystemExit(TERMINATED_STATUS) from end
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED_STATUS)
