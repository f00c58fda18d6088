"""What the disk refuses is an error with what, why and what to do, whatever is written."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest

from reticulum.errors import InputError
from reticulum.provenance import write_json
from reticulum.scratch import publish, scratch_folder


def _refusing(number: int):
    def refuse(*_: object, **__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_a_folder_that_takes_no_scratch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(tempfile, "mkdtemp", _refusing(number))
    with pytest.raises(InputError) as caught:
        write_json(tmp_path / "x.json", [])
    assert caught.value.what == f"{tmp_path} cannot be written to."
    assert caught.value.why == f"{os.strerror(number)}."
    assert caught.value.fix


def test_a_folder_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="cannot be written to"), scratch_folder(tmp_path / "file"):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_a_disk_that_gets_full_while_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="No space"), scratch_folder(tmp_path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    monkeypatch.setattr(os, "fsync", _refusing(errno.ENOSPC))
    with pytest.raises(InputError, match=r"x\.json cannot be written to\. No space"):
        write_json(tmp_path / "x.json", [])
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    with pytest.raises(InputError, match=r"x\.json cannot be written to"):
        write_json(tmp_path / "x.json", [])
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_other_errors_pass_as_they_are(tmp_path: Path) -> None:
    """Files that exist, files that were read meanwhile, and what is no error of a disk."""
    (tmp_path / "there").write_text("mine")
    (tmp_path / "draft").write_text("x")
    with pytest.raises(FileExistsError), scratch_folder(tmp_path):
        publish(tmp_path / "draft", tmp_path / "there", overwrite=False)
    for error in (
        PermissionError(errno.EACCES, "no", str(tmp_path / "read")),
        FileNotFoundError(errno.ENOENT, "no", str(tmp_path / "read")),
        TimeoutError("lock"),
    ):
        with pytest.raises(type(error)), scratch_folder(tmp_path):
            raise error
