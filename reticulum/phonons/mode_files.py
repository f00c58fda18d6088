"""Files of modes: tables, films, arrows, and force constants for phonopy.

Everything is written beside its place and given its name when it is complete.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

from reticulum import __version__
from reticulum.errors import InputError
from reticulum.phonons.drawing_options import Drawing
from reticulum.phonons.fragments import FragmentShares
from reticulum.phonons.mode_csv import mode_table_csv
from reticulum.phonons.mode_drawing import mode_arrows, mode_frames, mode_sentence
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.phonopy_export import (
    write_force_constants,
    write_phonopy_yaml,
    write_v_sim,
)
from reticulum.scratch import publish, scratch_folder

#: Modes that one range may name, more than any primitive cell of a framework has.
_MOST_MODES = 100_000


class ModeFile(Enum):
    """Kinds of files, with the endings or names that tell them and what they are."""

    TABLE = ((".csv",), "table of the modes")
    PHONOPY_YAML = ((".yaml", ".yaml.xz"), "force constants for phonopy, with the cell")
    FORCE_CONSTANTS = (("FORCE_CONSTANTS",), "force constants for phonopy, without the cell")
    V_SIM = ((".ascii",), "all modes for v_sim and its like, written by phonopy")
    FILM = ((".extxyz", ".xyz"), "film of single modes")
    ARROWS = ((".axsf", ".xsf"), "arrows of modes for XCrySDen, all or single ones")

    @property
    def endings(self) -> tuple[str, ...]:
        """Endings, or whole names, that tell this kind."""
        endings: tuple[str, ...] = self.value[0]
        return endings

    @property
    def words(self) -> str:
        """What the file is."""
        words: str = self.value[1]
        return words

    @classmethod
    def of(cls, path: Path) -> ModeFile:
        """Kind that a name tells.

        Raises
        ------
        InputError
            If it tells none.

        """
        for kind in cls:
            if path.name.endswith(kind.endings):
                return kind
        known = "; ".join(f"{', '.join(kind.endings)} ({kind.words})" for kind in cls)
        raise InputError(
            f"The name {path.name!r} tells no kind of file.",
            why=f"Known are {known}.",
            fix="Choose one of these endings.",
        )

    @property
    def draws_single_modes(self) -> bool:
        """Whether single modes can be chosen for it."""
        return self in (ModeFile.FILM, ModeFile.ARROWS)


def require_writable_mode_file(path: Path, *, overwrite: bool = False) -> ModeFile:
    """Kind of a file to come; refused before anything is computed if it cannot be written.

    Raises
    ------
    InputError
        If its name tells no kind, it exists and must not be replaced, or its folder does not.

    """
    kind = ModeFile.of(path)
    if os.path.isdir(path) or not os.path.isdir(path.absolute().parent):
        raise InputError(
            f"{path} cannot be written.",
            why="It is a folder." if os.path.isdir(path) else f"There is no folder {path.parent}.",
            fix="Give a file in an existing folder.",
        )
    if os.path.lexists(path) and not overwrite:
        raise _exists_already(path)
    return kind


def write_mode_file(
    table: ModeTable,
    path: Path,
    *,
    drawing: Drawing | None = None,
    fragments: FragmentShares | None = None,
    overwrite: bool = False,
) -> ModeFile:
    """Write a file of modes; its name tells the kind.

    Parameters
    ----------
    table
        The modes.
    path
        The file.
    drawing
        Modes, amplitude and frames of films and arrows.
    fragments
        Shares of fragments, for tables.
    overwrite
        Replace an existing file.

    Raises
    ------
    InputError
        If it cannot be written, or a film is asked for without saying of which modes.

    """
    kind = require_writable_mode_file(path, overwrite=overwrite)
    drawing = drawing or Drawing()
    try:
        with scratch_folder(path.absolute().parent) as scratch:
            draft = scratch / path.name
            if kind is ModeFile.TABLE:
                draft.write_text(mode_table_csv(table, fragments), encoding="utf-8")
            elif kind is ModeFile.PHONOPY_YAML:
                write_phonopy_yaml(table.phonons, draft)
            elif kind is ModeFile.FORCE_CONSTANTS:
                write_force_constants(table.phonons, draft)
            elif kind is ModeFile.V_SIM:
                write_v_sim(table.phonons, draft)
            elif kind is ModeFile.FILM:
                _write_film(table, draft, drawing)
            else:
                _write_arrows(table, draft, drawing)
            publish(draft, path, overwrite=overwrite)
    except FileExistsError as error:
        raise _exists_already(path) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be written.",
            why=str(error.strerror or error),
            fix="Give a path in a folder that you may write to, on a disk that is not full.",
        ) from error
    return kind


def _write_film(table: ModeTable, draft: Path, drawing: Drawing) -> None:
    from ase.io import write

    if not drawing.modes:
        raise InputError(
            f"Of which modes shall {draft.name} be a film?",
            why="A film shows single modes, one after the other.",
            fix="Name them: --animate 12,15",
        )
    frames = [
        frame
        for mode in drawing.modes
        for frame in mode_frames(
            table, mode, amplitude_a=drawing.amplitude_a, n_frames=drawing.n_frames
        )
    ]
    write(draft, frames, format="extxyz")


def _write_arrows(table: ModeTable, draft: Path, drawing: Drawing) -> None:
    from ase.io import write
    from ase.units import Hartree

    modes = drawing.modes or tuple(range(1, table.labels.eigenvectors.shape[1] + 1))
    images = [mode_arrows(table, mode, drawing.amplitude_a) for mode in modes]
    for image in images:
        # ASE divides forces by this when it writes them; arrows stay in Å.
        image.calc.results["forces"] = image.calc.results["forces"] * Hartree
    write(draft, images, format="xsf")
    head = [f"# arrows in A, the longest {drawing.amplitude_a:g}; reticulum {__version__}"]
    head += [f"# step {i}: {mode_sentence(table, mode)}" for i, mode in enumerate(modes, start=1)]
    body = draft.read_text(encoding="utf-8")
    draft.write_text("\n".join([*head, body]), encoding="utf-8")


def drawn_modes(words: Sequence[str] | str) -> tuple[int, ...]:
    """Numbers of modes from text such as ``12,15`` or ``30-33``.

    Raises
    ------
    InputError
        If it is something else.

    """
    text = words if isinstance(words, str) else ",".join(words)
    numbers: list[int] = []
    for part in text.replace(" ", ",").split(","):
        if not part:
            continue
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise InputError(
                f"{text!r} names no modes.",
                why="Modes are named by their numbers in the table.",
                fix="Give numbers, 12,15 or 30-33 for instance.",
            )
        if int(last or first) - int(first) > _MOST_MODES:
            raise InputError(
                f"{part} names more than {_MOST_MODES} modes.",
                why="They do not fit into one film.",
                fix="Give fewer.",
            )
        numbers += range(int(first), int(last or first) + 1)
    if not numbers:
        raise InputError("No modes were named.", fix="Give numbers, 12,15 for instance.")
    return tuple(dict.fromkeys(numbers))


def _exists_already(path: Path) -> InputError:
    return InputError(
        f"{path} exists already.", fix="Choose another name, or overwrite it with --force."
    )
