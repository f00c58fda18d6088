"""Measured thermal expansion of frameworks, with what was checked of each number."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from reticulum.reference.tables import (
    _half_last_digit,
    _normalised,
    _read,
    find_table1_row,
)


class ExpansionStatus(StrEnum):
    """What was checked of a number."""

    #: read in the abstract of the source
    ABSTRACT = "abstract"
    #: from general knowledge; not to be used as measured
    RECALLED = "recalled"


#: Units of the table, 1/K.
_PER_MILLION = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredExpansion:
    """Volumetric thermal expansion of a material, 1/K.

    Parameters
    ----------
    material
        Name as in the table of slopes.
    volumetric_per_k
        α_V, 1/K; three times the linear coefficient where that is printed (cubic cells).
    rounding_per_k
        What half a unit of the last printed digit is of α_V, 1/K.
    printed
        The number as printed, with its kind.
    range_k
        Range of temperature, K; None where it is not known.
    status
        What was checked.
    source
        Citation key.
    note
        Remark.

    """

    material: str
    volumetric_per_k: float
    rounding_per_k: float
    printed: str
    range_k: tuple[float, float] | None
    status: ExpansionStatus
    source: str
    note: str

    @property
    def checked(self) -> bool:
        """Whether the number was read in its source."""
        return self.status is ExpansionStatus.ABSTRACT

    @property
    def sentence(self) -> str:
        """The number with its standing, in words."""
        if self.checked:
            return f"{self.printed} [{self.source}], read in the abstract"
        return f"{self.printed} [{self.source}], recalled and not checked"


@lru_cache(maxsize=1)
def load_thermal_expansion() -> tuple[MeasuredExpansion, ...]:
    """All rows of the table, checked or not."""
    rows = []
    for row in _read("thermal_expansion.csv"):
        factor = _PER_MILLION * (3.0 if row["kind"] == "linear" else 1.0)
        rows.append(
            MeasuredExpansion(
                material=row["material"],
                volumetric_per_k=float(row["alpha"]) * factor,
                rounding_per_k=_half_last_digit(row["alpha"]) * factor,
                printed=f"{row['kind']} {row['alpha']}e-6 /K",
                range_k=(float(row["lowest"]), float(row["highest"])) if row["lowest"] else None,
                status=ExpansionStatus(row["status"]),
                source=row["source"],
                note=row["note"],
            )
        )
    return tuple(rows)


def find_thermal_expansion(material: str) -> tuple[MeasuredExpansion, ...]:
    """Rows of a material, the checked ones first; empty where the table has none.

    Parameters
    ----------
    material
        Name as for `find_table1_row`, or as in the table.

    """
    row = find_table1_row(material)
    wanted = _normalised(material if row is None else row.material)
    found = [entry for entry in load_thermal_expansion() if _normalised(entry.material) == wanted]
    return tuple(sorted(found, key=lambda entry: not entry.checked))
