"""Forces on disk: every finished calculation, stored at once, found again by its geometry."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.build import SinglePoint
from reticulum.errors import InputError
from reticulum.provenance import geometry_digest

if TYPE_CHECKING:
    from ase import Atoms

#: Number of hexadecimal digits of the SHA-256 that name a calculation.
_KEY_DIGITS = 32


def calculation_key(atoms: Atoms, fingerprint: str) -> str:
    """Name of one calculation: a digest of geometry and calculator.

    Parameters
    ----------
    atoms
        Structure; its calculator and constraints do not count.
    fingerprint
        Digest of the calculator, see `reticulum.engines.build.Engine.fingerprint`.

    """
    geometry = geometry_digest(atoms.numbers, atoms.cell[:], atoms.positions)
    both = hashlib.sha256(f"{geometry}{fingerprint}".encode()).hexdigest()
    return f"k{both[:_KEY_DIGITS]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCalculation:
    """One row of a store."""

    key: str
    kind: str
    seconds: float
    result: SinglePoint


class ForceStore:
    """An SQLite database in ASE's format with one row for each finished calculation.

    Rows are committed one by one (SQLite's own journal makes that atomic), so a process killed at
    any moment loses at most the calculations in flight. Any ASE tool can read the file.

    Parameters
    ----------
    path
        Database file; made when it does not exist.

    Raises
    ------
    InputError
        If the file is not a database that this program can use.

    """

    def __init__(self, path: Path) -> None:
        from ase.db import connect

        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database: Any = connect(str(path), type="db", use_lock_file=False)
        self._rows: dict[str, int] = {}
        try:
            for row in self._database.select(columns=["id", "key_value_pairs"], include_data=False):
                self._rows[row.key] = row.id
        except (sqlite3.DatabaseError, AttributeError, ValueError, OSError) as error:
            raise InputError(
                f"{path} is not a usable database of forces.",
                why=f"It is damaged or was written by another program ({error}).",
                fix="Choose another folder with -o, or move this file away to start anew.",
            ) from error

    def __len__(self) -> int:
        """Return the number of stored calculations."""
        return len(self._rows)

    def __contains__(self, key: object) -> bool:
        """Return whether a calculation is stored."""
        return key in self._rows

    def get(self, key: str) -> StoredCalculation | None:
        """Stored calculation with this key, or None."""
        number = self._rows.get(key)
        if number is None:
            return None
        row = self._database.get(id=number)
        charges: NDArray[np.float64] | None = row.data.get("charges_e")
        stress = row.get("stress")
        result = SinglePoint(
            energy_ev=float(row.energy),
            forces_ev_per_a=np.array(row.forces, dtype=np.float64),
            stress_ev_per_a3=None if stress is None else np.array(stress, dtype=np.float64),
            charges_e=None if charges is None else np.array(charges, dtype=np.float64),
        )
        return StoredCalculation(
            key=key, kind=str(row.kind), seconds=float(row.seconds), result=result
        )

    def structure(self, key: str) -> Atoms | None:
        """Structure of the stored calculation with this key, or None.

        Parameters
        ----------
        key
            From `calculation_key`.

        Raises
        ------
        InputError
            If its row is damaged.

        """
        number = self._rows.get(key)
        if number is None:
            return None
        try:
            atoms: Atoms = self._database.get(id=number).toatoms()
        except (sqlite3.DatabaseError, LookupError, AttributeError, ValueError, OSError) as error:
            raise self._damaged(f"Calculation {key} cannot be read ({error}).") from error
        atoms.calc = None
        return atoms

    def put(
        self, key: str, atoms: Atoms, result: SinglePoint, *, kind: str, seconds: float
    ) -> None:
        """Store a finished calculation; returns when it is on disk.

        Parameters
        ----------
        key
            From `calculation_key`.
        atoms
            The structure that was computed.
        result
            Energy, forces and, where the calculator gives them, stress and charges.
        kind
            What it was for: ``relaxation``, ``displacement``, ``scan`` ...
        seconds
            Wall time.

        """
        from ase import Atoms as PlainAtoms
        from ase.calculators.singlepoint import SinglePointCalculator

        row = PlainAtoms(
            numbers=atoms.numbers, positions=atoms.positions, cell=atoms.cell, pbc=atoms.pbc
        )
        results: dict[str, Any] = {
            "energy": result.energy_ev,
            "forces": np.array(result.forces_ev_per_a),
        }
        if result.stress_ev_per_a3 is not None:
            results["stress"] = np.array(result.stress_ev_per_a3)
        row.calc = SinglePointCalculator(row, **results)
        data = {} if result.charges_e is None else {"charges_e": np.array(result.charges_e)}
        number = self._database.write(
            row, key_value_pairs={"key": key, "kind": kind, "seconds": seconds}, data=data
        )
        self._rows[key] = number

    def recent_seconds(self, n_calculations: int) -> tuple[float, ...]:
        """Wall times of the calculations stored last, s, the latest first.

        Parameters
        ----------
        n_calculations
            How many, if there are so many.

        Raises
        ------
        InputError
            If a row is damaged.

        """
        try:
            rows = self._database.select(
                sort="-id",
                limit=n_calculations,
                columns=["id", "key_value_pairs"],
                include_data=False,
            )
            return tuple(float(row.seconds) for row in rows)
        except (sqlite3.DatabaseError, LookupError, AttributeError, ValueError, OSError) as error:
            raise self._damaged(f"Latest wall times cannot be read ({error}).") from error

    def kinds(self) -> dict[str, int]:
        """Number of stored calculations of each kind."""
        counts: dict[str, int] = {}
        for row in self._database.select(columns=["id", "key_value_pairs"], include_data=False):
            counts[row.kind] = counts.get(row.kind, 0) + 1
        return counts

    def _damaged(self, why: str) -> InputError:
        return InputError(
            f"{self.path} has a damaged row.",
            why=why,
            fix="Choose another folder with -o, or move this file away to start anew.",
        )
