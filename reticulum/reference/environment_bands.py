"""Measured carboxylate bands by the metals that the carboxylates bind."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).resolve().parent / "environment_bands.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredEnvironmentBand:
    """A measured band of the carboxylates of one metal environment [Gao2020]_.

    Attributes
    ----------
    compound
        As printed.
    formula
        Of the empty framework with its counter ions.
    metals
        Symbols of the metals that one carboxylate binds, sorted.
    motion
        What moves.
    wavenumber_cm1
        cm⁻¹.
    assigned_by
        ``source``, or ``position``: by the makers of the table, from where the band lies.
    source
        Citation key.
    original_sources
        Citation keys of the works that the source cites for it.
    note
        The statement of the source.

    """

    compound: str
    formula: str
    metals: tuple[str, ...]
    motion: str
    wavenumber_cm1: float
    assigned_by: str
    source: str
    original_sources: tuple[str, ...]
    note: str


@lru_cache(maxsize=1)
def load_environment_bands() -> tuple[MeasuredEnvironmentBand, ...]:
    """All measured bands, in the order of the table, cm⁻¹ [Gao2020]_."""
    with _FILE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    return tuple(
        MeasuredEnvironmentBand(
            compound=row["compound"],
            formula=row["formula"],
            metals=tuple(row["metals"].split()),
            motion=row["motion"],
            wavenumber_cm1=float(row["wavenumber"]),
            assigned_by=row["assigned_by"],
            source=row["source"],
            original_sources=tuple(row["original_source"].split(";")),
            note=row["note"],
        )
        for row in rows
    )
