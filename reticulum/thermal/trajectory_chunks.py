"""Trajectories on disk: whole chunks and the one that grows, of which seconds are lost at most.

A trajectory that was killed goes on from the last step that was written.
"""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.scratch import publish, scratch_folder
from reticulum.thermal.langevin import PhasePoint

#: Time between two files of a growing chunk, s: what `kill -9` may cost. Writing one takes
#: milliseconds.
SAVED_EVERY_S = 15.0


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
        """Number of complete chunks without a gap from the first."""
        number = 0
        while self._file(number).is_file():
            number += 1
        return number

    def read(self, number: int) -> Chunk:
        """One complete chunk.

        Raises
        ------
        InputError
            If its file is damaged.

        """
        return _read(self._file(number))

    def read_growing(self) -> Chunk | None:
        """What there is of the chunk after the last complete one; None if there is nothing.

        Raises
        ------
        InputError
            If its file is damaged.

        """
        file = self._growing(self.n_chunks())
        return _read(file) if file.is_file() else None

    def n_steps(self, steps_per_chunk: int, sample_every: int) -> int:
        """Steps that are there, every file looked at.

        Parameters
        ----------
        steps_per_chunk
            Steps in a complete chunk.
        sample_every
            Steps between samples.

        Raises
        ------
        InputError
            If a file is damaged, or does not hold the steps that its name says.

        """
        complete = self.n_chunks()
        done = 0
        for number in range(complete + 1):
            file = self._file(number) if number < complete else self._growing(number)
            if not file.is_file():
                break
            chunk = _read(file)
            done, before = chunk.end.step, number * steps_per_chunk
            full = done == before + steps_per_chunk
            right = full if number < complete else before < done and not full
            n_samples = done // sample_every - before // sample_every
            if not right or len(chunk.series) != n_samples:
                raise _damaged(
                    file,
                    f"It ends with step {done} and holds {len(chunk.series)} samples, which is not "
                    f"what comes after step {before}.",
                )
        return done

    def samples(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """All projected velocities, (n_samples, m), √eV, and kinetic temperatures, (n_samples,), K.

        Raises
        ------
        InputError
            If a file is damaged.

        """
        growing = self.read_growing()
        chunks = [self.read(number) for number in range(self.n_chunks())]
        if growing is not None and len(growing.series):
            chunks.append(growing)
        return (
            np.concatenate([chunk.series for chunk in chunks]),
            np.concatenate([chunk.kinetic_k for chunk in chunks]),
        )

    def point_after(self, step: int, steps_per_chunk: int) -> PhasePoint:
        """Where the trajectory is at the end of the chunk that holds a step.

        Raises
        ------
        InputError
            If a file is damaged or the step is not there.

        """
        number = (step - 1) // steps_per_chunk
        file = self._file(number) if number < self.n_chunks() else self._growing(number)
        return _read(file).end

    def write(self, number: int, chunk: Chunk) -> None:
        """Keep a complete chunk; the file gets its name when it is complete.

        Raises
        ------
        InputError
            If it cannot be written.

        """
        self._write(self._file(number), chunk)
        for file in self.path.glob("growing-*.npz"):
            file.unlink(missing_ok=True)

    def write_growing(self, number: int, chunk: Chunk) -> None:
        """Keep what there is of a chunk, instead of what there was of it.

        Raises
        ------
        InputError
            If it cannot be written.

        """
        self._write(self._growing(number), chunk)

    def _write(self, file: Path, chunk: Chunk) -> None:
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
            publish(draft, file, overwrite=True)

    def _file(self, number: int) -> Path:
        return self.path / f"chunk-{number:05d}.npz"

    def _growing(self, number: int) -> Path:
        return self.path / f"growing-{number:05d}.npz"


def _read(file: Path) -> Chunk:
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
    except (OSError, EOFError, ValueError, KeyError, zlib.error, zipfile.BadZipFile) as error:
        raise _damaged(file, f"{type(error).__name__}: {error}.") from error


def _damaged(file: Path, why: str) -> InputError:
    return InputError(
        f"{file} is not part of a trajectory.",
        why=why,
        fix="Delete it and all later files of its folder; the trajectory goes on from the one "
        "before.",
    )


class GrowingTrajectory:
    """A trajectory while it is computed: keeps a chunk in memory and the steps of it on disk.

    Parameters
    ----------
    folder
        Where it is kept, and what there is of it.
    start
        Where it begins if nothing is there.
    steps_per_chunk
        Steps in a complete chunk.
    sample_every
        Steps between samples.

    Raises
    ------
    InputError
        If what is there is damaged.

    """

    def __init__(
        self,
        folder: TrajectoryFolder,
        start: PhasePoint,
        *,
        steps_per_chunk: int,
        sample_every: int,
    ) -> None:
        self.folder = folder
        self._steps_per_chunk, self._sample_every = steps_per_chunk, sample_every
        self._number = folder.n_chunks()
        growing = folder.read_growing()
        if growing is not None:
            self._series, self._kinetic = list(growing.series), list(growing.kinetic_k)
            self.point = growing.end
        else:
            self._series, self._kinetic = [], []
            self.point = folder.read(self._number - 1).end if self._number else start
        self._saved_step, self._saved_at = self.point.step, time.monotonic()

    def sampled(self, step: int) -> bool:
        """Whether velocities are taken at a step."""
        return step % self._sample_every == 0

    def add(
        self, point: PhasePoint, sample: tuple[NDArray[np.float64], float] | None = None
    ) -> None:
        """One more step, and its sample if it is to have one; it is written when it is time.

        Parameters
        ----------
        point
            Where the trajectory is now.
        sample
            Projected velocities, (m,), and kinetic temperature, K; None between samples.

        """
        if sample is not None:
            self._series.append(sample[0])
            self._kinetic.append(sample[1])
        self.point = point  # last, so that an interrupt leaves at most a sample too many
        complete = point.step == (self._number + 1) * self._steps_per_chunk
        if complete or time.monotonic() - self._saved_at >= SAVED_EVERY_S:
            self.save()

    def save(self) -> None:
        """Write what is not yet on disk."""
        step, before = self.point.step, self._number * self._steps_per_chunk
        if step in (self._saved_step, before):
            return
        n_samples = step // self._sample_every - before // self._sample_every
        chunk = Chunk(
            series=np.array(self._series[:n_samples]) if n_samples else np.zeros((0, 0)),
            kinetic_k=np.array(self._kinetic[:n_samples]),
            end=self.point,
        )
        if step == before + self._steps_per_chunk:
            self.folder.write(self._number, chunk)
            self._number += 1
            self._series, self._kinetic = [], []
        else:
            self.folder.write_growing(self._number, chunk)
        self._saved_step, self._saved_at = step, time.monotonic()
