"""A run folder: what it was made for, its log, its lock and its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.provenance import read_json, software_versions, timestamp, to_jsonable, write_json
from reticulum.scratch import is_scratch

#: Version of the layout of a run folder; raised when older folders can no longer be read.
LAYOUT = 1


#: Entries of an identity that are digests, in words for a user.
_DIGESTS = {
    "structure": "another structure or geometry",
    "calculator fingerprint": "another calculator, or other settings or another version of it",
}

#: What a folder may hold before a run claims it: the lock, and `redshift --methods two-state -o`.
_MAY_BE_THERE = frozenset(
    {".lock", "two-state.json", "two-state.csv", "two-state.png", "two-state.svg"}
)


class RunFolder:
    """A folder that belongs to one structure, one calculator and one set of options.

    Files: ``run.json`` (identity and versions), ``run.log`` (a line for each calculation),
    ``forces.db`` (ASE database), ``relaxed.extxyz``, ``phonopy_params.yaml`` and results.

    Parameters
    ----------
    path
        The folder; made by `claim`.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.identity_file = path / "run.json"
        self.log_file = path / "run.log"
        self.forces_file = path / "forces.db"
        self.relaxed_file = path / "relaxed.extxyz"
        self.phonopy_file = path / "phonopy_params.yaml"
        self.modes_file = path / "modes.json"

    @contextmanager
    def claim(self, identity: dict[str, Any]) -> Iterator[None]:
        """Hold the folder for one run.

        Parameters
        ----------
        identity
            What must agree with an earlier run in this folder.

        Raises
        ------
        InputError
            If another process works in the folder, if it belongs to another structure, calculator
            or set of options, or if it is full of something else.

        """
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"The run folder {self.path} cannot be made.",
                why=str(error.strerror or error),
                fix="Choose another folder with -o.",
            ) from error
        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise InputError(
                f"Another process is working in {self.path}.",
                why="Two runs in one folder would compute the same structures twice.",
                fix="Wait for it to end, or choose another folder with -o.",
            ) from error
        except OSError as error:
            raise InputError(
                f"The run folder {self.path} cannot be written to.",
                why=str(error.strerror or error),
                fix="Choose another folder with -o.",
            ) from error
        try:
            self._identify(to_jsonable(identity))
            yield
        finally:
            lock.release()

    def _identify(self, identity: dict[str, Any]) -> None:
        if self.identity_file.exists():
            before = self.identity_of(self.path)
            layout = read_json(self.identity_file).get("layout")
            differing = [
                _DIGESTS.get(name, f"{name} {before.get(name)} there, {value} now")
                for name, value in identity.items()
                if before.get(name) != value
            ]
            if layout != LAYOUT:
                differing.insert(0, f"layout: {layout} there, {LAYOUT} now")
            if differing:
                raise InputError(
                    f"The run folder {self.path} belongs to another calculation.",
                    why="It differs: " + "; ".join(differing) + ".",
                    fix="Use the options of that run to go on with it, or another folder with -o.",
                )
            return
        others = [
            p.name
            for p in self.path.iterdir()
            if p.name not in _MAY_BE_THERE and not is_scratch(p.name)
        ]
        if others:
            raise InputError(
                f"The folder {self.path} is not empty and is not a run folder.",
                why=f"It holds {', '.join(sorted(others)[:4])}; nothing is overwritten.",
                fix="Choose a new folder with -o.",
            )
        write_json(
            self.identity_file,
            {
                "layout": LAYOUT,
                "identity": identity,
                "started": timestamp(),
                "versions": software_versions(),
            },
        )

    def log(self, line: str) -> None:
        """Append a line with the time to ``run.log``."""
        with self.log_file.open("a", encoding="utf-8") as stream:
            stream.write(f"{timestamp()} {line}\n")

    @staticmethod
    def identity_of(path: Path) -> dict[str, Any]:
        """Identity of an existing run folder.

        Raises
        ------
        InputError
            If the folder is not one.

        """
        file = path / "run.json"
        if not file.is_file():
            raise InputError(
                f"{path} is not a run folder.",
                why="It has no run.json.",
                fix="Make one with: reticulum phonons STRUCTURE -o RUN",
            )
        content = read_json(file)
        if not (isinstance(content, dict) and isinstance(content.get("identity"), dict)):
            raise InputError(
                f"{file} does not describe a run.",
                why="It has no entry 'identity'.",
                fix="Make the run again in another folder.",
            )
        identity: dict[str, Any] = content["identity"]
        return identity
