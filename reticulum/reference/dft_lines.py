"""Infrared lines of frameworks from density-functional calculations of others."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).resolve().parent / "dft_infrared_lines.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class DftLine:
    """One infrared line [Bristow2016]_.

    Attributes
    ----------
    material
        Name of the bundled structure.
    wavenumber_cm1
        cm⁻¹.
    relative_height
        Intensity over that of the strongest line of the material.
    label
        Assignment by region, made by the curators of this table, not by the source.
    kind
        Motion that lines are matched by; empty for lines that are not matched.
    source
        Citation key.

    """

    material: str
    wavenumber_cm1: float
    relative_height: float
    label: str
    kind: str
    source: str


@lru_cache(maxsize=1)
def load_dft_lines() -> tuple[DftLine, ...]:
    """Lines of all materials, ascending in each [Bristow2016]_."""
    with _FILE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    return tuple(
        DftLine(
            material=row["material"],
            wavenumber_cm1=float(row["wavenumber"]),
            relative_height=float(row["relative_height"]),
            label=row["label"],
            kind=row["kind"],
            source=row["source"],
        )
        for row in rows
    )
