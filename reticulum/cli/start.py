"""Entry point of the installed command: quiet when Ctrl-C comes while it starts or ends."""

from __future__ import annotations

import os
import signal
from types import FrameType

#: Exit status after Ctrl-C, as shells count it (the same as in `reticulum.cli.console`, which is
#: not imported here: nothing slow is, before the signal is taken care of).
INTERRUPTED_STATUS = 130


def run() -> None:
    """Run the command `reticulum`.

    While modules are imported nothing is open yet, and Ctrl-C ends the process without a word.
    While the command works, Ctrl-C is a `KeyboardInterrupt`, which it answers. When it is done, a
    further one ends the process at once instead of interrupting Python's own cleaning up, which
    shows a traceback. Where Ctrl-C was ignored from the start (`nohup`, a job in the background),
    it stays so.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, _leave)
    from reticulum.cli import main

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        main.run()
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _leave(_number: int, _frame: FrameType | None) -> None:
    os._exit(INTERRUPTED_STATUS)
