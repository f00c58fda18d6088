"""Modes kept in the run folder to the last bit, so that draws made from them are found again.

A diagonalisation repeated on another day or with another number of threads differs in the last
bits, and degenerate modes may be turned at will. Draws differ with them; stored forces, which are
found by the positions of the atoms within 1e-7 Å, would now and then be missed.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.phonons.modes import ModeTable
from reticulum.scratch import publish, scratch_folder
from reticulum.thermal.thermal_draws import fixed_basis

#: Largest difference of components of eigenvectors, and of wavenumbers in cm⁻¹, that is rounding.
_SAME = 1e-6


def kept_modes(
    table: ModeTable, file: Path, directions: Mapping[int, NDArray[np.float64]] | None = None
) -> ModeTable:
    """The table with the eigenvectors and wavenumbers of its first use in a folder.

    They are written if the file does not exist or belongs to other modes, or for those sets whose
    directions are others now.

    Parameters
    ----------
    table
        From `mode_table`.
    file
        Where they are kept (NumPy's npz).
    directions
        (3n, d) orthonormal directions of some degenerate sets, by their number; the others get a
        basis of random patterns.

    Raises
    ------
    InputError
        If the file is damaged.

    """
    labels = table.labels
    vectors = fixed_basis(np.array(labels.eigenvectors), labels.sets)
    for number, wanted in (directions or {}).items():
        vectors[:, labels.sets[number]] = wanted
    wavenumbers = np.array(labels.mode_wavenumbers_cm1)
    if file.is_file():
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
                before = content["eigenvectors"], content["wavenumbers_cm1"]
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{file} does not hold modes.",
                why=f"{type(error).__name__}: {error}.",
                fix="Delete it and give the command again; stored forces are kept.",
            ) from error
        if before[0].shape == vectors.shape and np.abs(before[1] - wavenumbers).max() < _SAME:
            wavenumbers = before[1]
            # Set by set: directions that are asked for now change no other set.
            same = [np.abs(before[0][:, m] - vectors[:, m]).max() < _SAME for m in labels.sets]
            for members, kept in zip(labels.sets, same, strict=True):
                if kept:
                    vectors[:, members] = before[0][:, members]
            if all(same):
                return replace(
                    table,
                    labels=replace(labels, eigenvectors=vectors, mode_wavenumbers_cm1=wavenumbers),
                )
    content_now = io.BytesIO()
    np.savez(content_now, eigenvectors=vectors, wavenumbers_cm1=wavenumbers)
    with scratch_folder(file.parent) as folder:
        draft = folder / "modes.npz"
        draft.write_bytes(content_now.getvalue())
        publish(draft, file, overwrite=True)
    return replace(
        table, labels=replace(labels, eigenvectors=vectors, mode_wavenumbers_cm1=wavenumbers)
    )
