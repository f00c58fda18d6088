"""A folder of structures that is written one by one, and gone on with after a kill.

While structures are missing the folder holds ``UNFINISHED.json``: what is being written, by which
command, and which files are complete. The same call later writes the missing ones only; another
one is refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.provenance import read_json, to_jsonable, write_json
from reticulum.scratch import is_scratch

#: Name of the record of a folder in which structures are missing.
UNFINISHED = "UNFINISHED.json"

#: Locked by the process that writes into the folder.
_LOCK = ".reticulum-writing"

#: Time after which the record is written again, s. After a kill, what was completed since then is
#: written once more.
_RECORD_EVERY_S = 2.0


class StructureFolder:
    """Which structures of a folder are complete.

    Attributes
    ----------
    path
        The folder.
    n_wanted
        Number of structures that it will hold.
    resumed
        Whether an earlier call had begun.
    n_before
        How many structures it had completed.

    """

    def __init__(
        self, path: Path, identity: Mapping[str, Any], n_wanted: int, command: str
    ) -> None:
        self.path = path
        self.n_wanted = n_wanted
        self._record = path / UNFINISHED
        self._identity = to_jsonable(dict(identity))
        self._command = command
        self._recorded = 0.0
        self.resumed = self._record.exists()
        self._done: dict[str, Any] = self._earlier() if self.resumed else {}
        self.n_before = len(self._done)

    @property
    def n_done(self) -> int:
        """Number of complete structures."""
        return len(self._done)

    def facts(self, name: str) -> Any:
        """What was told to `complete` about a complete file, or None if it is missing."""
        return self._done.get(name)

    def begin(self) -> None:
        """Record which structures are complete and that others are missing."""
        self._recorded = time.monotonic()
        write_json(
            self._record,
            {
                "what": f"{self.n_done} of {self.n_wanted} structures are complete; the same "
                "command again writes the others.",
                "command": self._command,
                "identity": self._identity,
                "complete": self._done,
            },
        )

    def complete(self, name: str, facts: Any) -> None:
        """Note that a file is complete; `facts` can be asked for when the call is made again."""
        self._done[name] = to_jsonable(facts)
        if time.monotonic() - self._recorded > _RECORD_EVERY_S:
            self.begin()

    def end(self) -> None:
        """Remove the record: nothing is missing, or nothing was written."""
        self._record.unlink(missing_ok=True)

    def _earlier(self) -> dict[str, Any]:
        """Complete files of an earlier call that wrote the same."""
        earlier = _record(self.path)
        if earlier.get("identity") != self._identity:
            raise _unfinished_by_another(self.path)
        return {
            name: facts
            for name, facts in earlier.get("complete", {}).items()
            if (self.path / name).is_file()
        }


@contextmanager
def structure_folder(
    path: Path, identity: Mapping[str, Any], n_wanted: int, command: str = ""
) -> Iterator[StructureFolder]:
    """Hold a folder while structures are written into it.

    Parameters
    ----------
    path
        New or empty folder, or one that an earlier call left unfinished; its parent must exist.
    identity
        All that decides the content of the files; an unfinished folder must agree with it.
    n_wanted
        Number of structures.
    command
        What to call again to finish the folder, for people.

    Raises
    ------
    InputError
        If the folder cannot be made or written to, another process writes into it, or what is
        unfinished there is something else.

    """
    from filelock import FileLock, Timeout

    new = not path.exists()
    lock = FileLock(path / _LOCK, timeout=0)
    try:
        path.mkdir(exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"Another process is writing structures into {path}.",
            why="Two of them would mix their files.",
            fix="Wait for it to end, or give another folder.",
        ) from error
    except OSError as error:
        raise _not_writable(path, error) from error
    folder: StructureFolder | None = None
    try:
        folder = StructureFolder(path, identity, n_wanted, command)
        folder.begin()
        yield folder
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        # The record goes last: killed in between, the same call again comes here and ends.
        with suppress(OSError):
            empty = not _others(path)
            ended = folder is not None and (folder.n_done == n_wanted or empty)
            if folder is not None and not ended:
                folder.begin()
            (path / _LOCK).unlink(missing_ok=True)
            lock.release()
            if folder is not None and ended:
                folder.end()
            if new and empty:
                path.rmdir()
        lock.release()


def require_structure_folder(path: Path) -> None:
    """Refuse a folder that `structure_folder` would refuse, as far as can be told before.

    Raises
    ------
    InputError
        If it holds anything but unfinished structures, or has no parent.

    """
    try:
        foreign = _others(path)
    except FileNotFoundError:
        foreign = []
    except OSError as error:
        raise _not_writable(path, error) from error
    if path.is_symlink() and not path.exists():
        raise InputError(
            f"{path} is a link that leads nowhere.",
            why="No folder can be made in its place.",
            fix="Give a new folder, or an empty one.",
        )
    if foreign and not (path / UNFINISHED).exists():
        raise InputError(
            f"{path} exists already.",
            why=f"It holds {', '.join(foreign[:3])}{' and more' if foreign[3:] else ''}; files in "
            "it could be overwritten.",
            fix="Give a new folder, or an empty one.",
        )
    if not path.absolute().parent.is_dir():
        raise InputError(
            f"The folder {path} cannot be made.",
            why=f"There is no folder {path.absolute().parent}.",
            fix="Give a new folder in an existing one.",
        )


def _others(path: Path) -> list[str]:
    """What a folder holds beside the record, the lock and scratch folders."""
    return sorted(
        entry.name
        for entry in path.iterdir()
        if not is_scratch(entry.name) and entry.name not in (UNFINISHED, _LOCK)
    )


def _record(path: Path) -> dict[str, Any]:
    """Record of an unfinished folder; nothing if it cannot be read."""
    with suppress(InputError):
        found = read_json(path / UNFINISHED)
        if isinstance(found, dict):
            return found
    return {}


def _unfinished_by_another(path: Path) -> InputError:
    earlier = _record(path)
    what = str(earlier.get("what", "")).split(";", maxsplit=1)[0]
    command = str(earlier.get("command", ""))
    return InputError(
        f"{path} holds unfinished structures of another command or another version.",
        why=" ".join(f"{part}." for part in (what, command and f"It was: {command}") if part),
        fix="Give that command again to finish it, delete the folder, or give another one.",
    )


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"The folder {path} cannot be written.",
        why=str(error.strerror or error),
        fix="Give a folder in a place that you may write to.",
    )
