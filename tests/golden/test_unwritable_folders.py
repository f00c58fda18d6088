"""Commands that cannot write where they were told to say so, without a traceback."""

from __future__ import annotations

import errno
import os
import tempfile

import pytest


@pytest.mark.parametrize(
    "arguments",
    [
        ("table1", "-o", "t.csv"),
        ("table1", "-o", "t.png"),
        ("redshift", "MOF-5", "-m", "two-state", "-o", "out"),
        ("paper", "check", "-o", "report.md"),
    ],
    ids=" ".join,
)
def test_a_folder_for_reading_only(command_line, monkeypatch, arguments):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)  # root may write anywhere
    code, out, err = command_line(*arguments)
    assert (code, out) == (2, "")
    for words in ("cannot be written to.", "Why: Permission denied.", "What to do: "):
        assert words in err
