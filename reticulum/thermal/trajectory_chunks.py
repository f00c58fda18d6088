"""Trajectories on disk, a chunk at a time: what a killed process had finished is taken up again."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.scratch import publish, scratch_folder
from reticulum.thermal.langevin import PhasePoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a trajectory.

    Parameters
    ----------
    series
        (n_samples, m) projected velocities, √eV.
    kinetic_k
        (n_samples,) kinetic temperature, K.
    end
        Where the trajectory is after it.

    """

    series: NDArray[np.float64]
    kinetic_k: NDArray[np.float64]
    end: PhasePoint

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if len(self.series) != len(self.kinetic_k):
            raise ValueError("every sample has velocities and a temperature")
        for array in (self.series, self.kinetic_k):
            array.setflags(write=False)


class TrajectoryFolder:
    """Chunks of one trajectory, one file each; a file is there whole or not at all.

    Parameters
    ----------
    path
        The folder; made when the first chunk is written.

    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def n_chunks(self) -> int:
        """Number of chunks without a gap from the first."""
        number = 0
        while self._file(number).is_file():
            number += 1
        return number

    def read(self, number: int) -> Chunk:
        """One chunk.

        Raises
        ------
        InputError
            If its file is damaged.

        """
        file = self._file(number)
        try:
            with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
                return Chunk(
                    series=content["series"],
                    kinetic_k=content["kinetic_k"],
                    end=PhasePoint(
                        step=int(content["step"]),
                        positions_a=content["positions_a"],
                        velocities=content["velocities"],
                        forces_ev_a=content["forces_ev_a"],
                    ),
                )
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{file} is not part of a trajectory.",
                why=f"{type(error).__name__}: {error}.",
                fix="Delete it and all later files of its folder; the trajectory goes on from the "
                "one before.",
            ) from error

    def write(self, number: int, chunk: Chunk) -> None:
        """Keep a chunk; the file gets its name when it is complete.

        Raises
        ------
        OSError
            If it cannot be written.

        """
        self.path.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        np.savez(
            content,
            series=chunk.series,
            kinetic_k=chunk.kinetic_k,
            step=np.array(chunk.end.step),
            positions_a=chunk.end.positions_a,
            velocities=chunk.end.velocities,
            forces_ev_a=chunk.end.forces_ev_a,
        )
        with scratch_folder(self.path) as folder:
            draft = folder / "chunk.npz"
            draft.write_bytes(content.getvalue())
            publish(draft, self._file(number), overwrite=True)

    def _file(self, number: int) -> Path:
        return self.path / f"chunk-{number:05d}.npz"
