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

#: Name of a scratch folder: digest of the host's name, process id, random letters.
_NAME = re.compile(r"\.reticulum-([0-9a-f]{8})-(\d+)-\w+")

#: Locked by the process that works in the folder.
_LOCK = ".reticulum-lock"

#: Age from which an unlocked folder is left over even if its process cannot be asked for (another
#: host, a process id that was given again), s. Writing takes seconds, and is done under the lock.
_LEFT_OVER_S = 86_400.0


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
    OSError
        If nothing can be written there.

    """
    from filelock import FileLock

    remove_left_over_scratch(beside)
    folder = Path(tempfile.mkdtemp(dir=beside, prefix=f".reticulum-{_host()}-{os.getpid()}-"))
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
        yield folder
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
    OSError
        ``FileExistsError`` if there is such a file and it must not be replaced, also one that came
        in the meantime.

    """
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
