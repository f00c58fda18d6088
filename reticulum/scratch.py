"""Scratch folders beside the files that come out of them; killed processes leave theirs behind.

A file gets its name only when it is complete: it is written in a scratch folder on the same file
system and then renamed. What a killed process (`kill -9`) leaves is one such folder, told by its
name and by a lock that nobody holds, and the next one that writes there removes it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reticulum.errors import InputError

#: Name of a scratch folder: digest of the host's name, process id, random letters.
_NAME = re.compile(r"\.reticulum-([0-9a-f]{8})-(\d+)-\w+")

#: Locked by the process that works in the folder.
_LOCK = ".reticulum-lock"

#: Age from which an unlocked folder is left over even if its process cannot be asked for (another
#: host, a process id that was given again), s. Writing takes seconds, and is done under the lock.
_LEFT_OVER_S = 86_400.0

#: What the disk refuses: a folder that may not be written to, a medium for reading only, no space
#: left, a quota that is used up, a file that is too large, a failing disk.
_REFUSED_BY_THE_DISK = frozenset(
    number
    for name in ("EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT", "EFBIG", "EIO")
    if (number := getattr(errno, name, None)) is not None
)


def is_scratch(name: str) -> bool:
    """Whether a name is that of a scratch folder of this program."""
    return _NAME.fullmatch(name) is not None


@contextmanager
def scratch_folder(beside: Path) -> Iterator[Path]:
    """Empty folder on the file system of a file to come, removed with what is left in it.

    Scratch folders of processes that were killed are removed first.

    Parameters
    ----------
    beside
        Folder of the file to come.

    Raises
    ------
    InputError
        If nothing can be written there, also if the disk gets full while the file is written.

    """
    from filelock import FileLock

    remove_left_over_scratch(beside)
    try:
        folder = Path(tempfile.mkdtemp(dir=beside, prefix=f".reticulum-{_host()}-{os.getpid()}-"))
    except OSError as error:
        raise _not_writable(beside, error) from error
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
        yield folder
    except OSError as error:
        # what was read elsewhere meanwhile is not ours to explain
        ours = error.filename is None or os.fsdecode(error.filename).startswith(str(folder))
        if ours and error.errno in _REFUSED_BY_THE_DISK:
            raise _not_writable(beside, error) from error
        raise
    finally:
        try:
            lock.release()  # Windows removes no open file
            shutil.rmtree(folder, ignore_errors=True)
        except KeyboardInterrupt:  # Ctrl-C just now leaves nothing behind either
            shutil.rmtree(folder, ignore_errors=True)
            raise


def publish(draft: Path, target: Path, *, overwrite: bool) -> None:
    """Give a complete draft its name, in one step.

    Parameters
    ----------
    draft
        The file, in a scratch folder beside `target`.
    target
        Its name.
    overwrite
        Replace a file of this name.

    Raises
    ------
    FileExistsError
        If there is such a file and it must not be replaced, also one that came in the meantime.
    InputError
        If it cannot be written otherwise: the disk is full, or the name is that of a folder.

    """
    try:
        _publish(draft, target, overwrite=overwrite)
    except FileExistsError:
        raise
    except OSError as error:
        raise _not_writable(target, error) from error


def _publish(draft: Path, target: Path, *, overwrite: bool) -> None:
    with draft.open("r+b") as stream:
        os.fsync(stream.fileno())
    if not overwrite:
        try:
            os.link(draft, target)
        except FileExistsError:
            raise
        except OSError as error:  # a file system without hard links
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        else:
            return
    os.replace(draft, target)


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path.absolute()} cannot be written to.",
        why=f"{error.strerror or error}.",
        fix="Give a path in a folder that you may write to, on a disk that is not full.",
    )


def remove_left_over_scratch(folder: Path) -> None:
    """Remove scratch folders of processes that have ended, and nothing else."""
    try:
        names = [entry.name for entry in os.scandir(folder) if is_scratch(entry.name)]
    except OSError:
        return  # not ours to list; nothing is lost
    for name in names:
        path = folder / name
        if path.is_dir() and not path.is_symlink() and _is_left_over(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_left_over(path: Path) -> bool:
    """Whether no process works in a scratch folder: its lock is free and its owner is gone.

    The lock alone would do but for the moment between making the folder and locking it.
    """
    from filelock import FileLock, Timeout

    match = _NAME.fullmatch(path.name)
    if match is None:
        return False
    host, process = match.groups()
    with suppress(OSError):
        gone = host == _host() and not _is_running(int(process))
        if not gone and time.time() - path.stat().st_mtime < _LEFT_OVER_S:
            return False
        if not (path / _LOCK).exists():
            return True  # killed before it could lock
        lock = FileLock(path / _LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            return False
        lock.release()
        return True
    return False


def _host() -> str:
    """Digest of the host's name, which may hold any character."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_running(process: int) -> bool:
    """Whether a process of this id exists; yes where that cannot be asked without harm."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True  # it belongs to somebody else
    return True
