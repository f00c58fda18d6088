"""The published tables: red-shift slopes, two-state parameters, observed bands."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from reticulum.errors import InputError, ReticulumError
from reticulum.units import ZERO_CELSIUS_K

_FOLDER = Path(__file__).resolve().parent

#: Citation key of the paper whose Table 1 holds the measured slopes.
TABLE1_SOURCE = "Andreeva2020"

_SUBSCRIPT_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_IGNORED_IN_NAMES = str.maketrans("", "", " -‐–()[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedShiftRow:
    """Measured red-shift slopes of one material, cm⁻¹/K: one row of Table 1 [Andreeva2020].

    Parameters
    ----------
    material
        Name as printed.
    antisymmetric_cm1_per_k, symmetric_cm1_per_k
        X_a and X_s, cm⁻¹/K; negative is a red shift on heating.
    antisymmetric_text, symmetric_text
        The same numbers as printed, with their significant digits.
    aliases
        Other names under which the row is found.
    source
        Citation key.

    """

    material: str
    antisymmetric_cm1_per_k: float
    symmetric_cm1_per_k: float
    antisymmetric_text: str
    symmetric_text: str
    aliases: tuple[str, ...] = ()
    source: str = TABLE1_SOURCE

    @property
    def antisymmetric_rounding_cm1_per_k(self) -> float:
        """Half a unit of the last printed digit of X_a, cm⁻¹/K."""
        return _half_last_digit(self.antisymmetric_text)

    @property
    def symmetric_rounding_cm1_per_k(self) -> float:
        """Half a unit of the last printed digit of X_s, cm⁻¹/K."""
        return _half_last_digit(self.symmetric_text)

    def to_dict(self) -> dict[str, object]:
        """Return the row as plain Python types."""
        return {
            "material": self.material,
            "X_a_cm1_per_k": self.antisymmetric_cm1_per_k,
            "X_s_cm1_per_k": self.symmetric_cm1_per_k,
            "X_a_as_printed": self.antisymmetric_text,
            "X_s_as_printed": self.symmetric_text,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSlope:
    """Slope of another temperature-dependent band, cm⁻¹/K, as quoted in [Andreeva2020].

    ``slope_cm1_per_k`` is None where the source states that the band does not move.
    """

    material: str
    phase: str
    band: str
    slope_cm1_per_k: float | None
    slope_text: str
    source: str
    original_source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedValue:
    """A number with its unit, uncertainty and standing (published or assumed here).

    ``uncertainty`` and ``source`` are None where there is none.
    """

    value: float
    uncertainty: float | None
    unit: str
    assumed: bool
    source: str | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTwoState:
    """Tight/loose parameters of the HKUST-1 carboxylate band [Andreeva2020].

    ΔH in kJ/mol, ΔS and ΔCp in J/mol/K, centres and FWHM in cm⁻¹. The FWHM is not published; it is
    marked ``assumed``.
    """

    dh: PublishedValue
    ds: PublishedValue
    dcp: PublishedValue
    tight: PublishedValue
    loose: PublishedValue
    fwhm: PublishedValue


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPosition:
    """Observed infrared band, cm⁻¹, with its assignment and source.

    ``temperature_k`` is None where the source does not state a temperature.
    """

    material: str
    formula: str
    assignment: str
    wavenumber_cm1: float
    wavenumber_text: str
    approximate: bool
    temperature_k: float | None
    source: str
    original_sources: tuple[str, ...]
    note: str = ""


def _half_last_digit(text: str) -> float:
    exponent = Decimal(text).as_tuple().exponent
    if not isinstance(exponent, int):
        raise InputError(f"{text!r} is not a finite number.", why="It has no last digit.")
    return float(Decimal(5).scaleb(exponent - 1))


def _read(name: str) -> list[dict[str, str]]:
    """Rows of a reference table; header lines start with ``#``."""
    path = _FOLDER / name
    if not path.is_file():
        raise ReticulumError(
            f"The reference table {path} is missing.",
            why="The installation is incomplete.",
            fix="Reinstall with: python -m pip install --force-reinstall reticulum",
        )
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(line for line in stream if not line.startswith("#")))


def _normalised(name: str) -> str:
    return name.translate(_SUBSCRIPT_DIGITS).translate(_IGNORED_IN_NAMES).casefold()


@lru_cache(maxsize=1)
def load_table1() -> tuple[RedShiftRow, ...]:
    """Measured slopes X_a and X_s of every material in Table 1, cm⁻¹/K [Andreeva2020].

    Returns
    -------
    tuple of RedShiftRow
        In the order of the paper.

    """
    return tuple(
        RedShiftRow(
            material=row["material"],
            antisymmetric_cm1_per_k=float(row["X_a"]),
            symmetric_cm1_per_k=float(row["X_s"]),
            antisymmetric_text=row["X_a"],
            symmetric_text=row["X_s"],
            aliases=tuple(name for name in row["aliases"].split(";") if name),
        )
        for row in _read("table1_slopes.csv")
    )


def find_table1_row(material_name: str) -> RedShiftRow | None:
    """Row of Table 1 for a material, or None where the table has none.

    Capitals, spaces, hyphens, brackets and subscripts in the name do not matter; the names and
    aliases must otherwise match whole, so ``Ru-HKUST-1`` never finds ``HKUST-1``.

    Parameters
    ----------
    material_name
        Name of a material or of a bundled structure.

    """
    wanted = _normalised(material_name)
    for row in load_table1():
        if wanted in {_normalised(name) for name in (row.material, *row.aliases)}:
            return row
    return None


@lru_cache(maxsize=1)
def load_comparison_slopes() -> tuple[ComparisonSlope, ...]:
    """Slopes of calcite, ZIF-UC-4 and Zn-CFA-1 bands, cm⁻¹/K, quoted in [Andreeva2020]."""
    return tuple(
        ComparisonSlope(
            material=row["material"],
            phase=row["phase"],
            band=row["band"],
            slope_cm1_per_k=float(row["slope"]) if row["slope"] else None,
            slope_text=row["slope"],
            source=row["source"],
            original_source=row["original_source"],
            note=row["note"],
        )
        for row in _read("comparison_slopes.csv")
    )


@lru_cache(maxsize=1)
def load_two_state_parameters() -> PublishedTwoState:
    """Published ΔH, ΔS, ΔCp and band centres of HKUST-1, with an assumed FWHM [Andreeva2020]."""
    values = {
        row["quantity"]: PublishedValue(
            value=float(row["value"]),
            uncertainty=float(row["uncertainty"]) if row["uncertainty"] else None,
            unit=row["unit"],
            assumed=row["status"] == "assumed",
            source=row["source"] or None,
            note=row["note"],
        )
        for row in _read("two_state_parameters.csv")
    }
    return PublishedTwoState(**values)


@lru_cache(maxsize=1)
def _all_band_positions() -> tuple[BandPosition, ...]:
    return tuple(
        BandPosition(
            material=row["material"],
            formula=row["formula"],
            assignment=row["assignment"],
            wavenumber_cm1=float(row["wavenumber"]),
            wavenumber_text=row["wavenumber"],
            approximate=row["approximate"] == "1",
            temperature_k=(
                float(row["temperature"]) + ZERO_CELSIUS_K if row["temperature"] else None
            ),
            source=row["source"],
            original_sources=tuple(row["original_source"].split(";")),
            note=row["note"],
        )
        for row in _read("band_positions.csv")
    )


def load_band_positions(material: str | None = None) -> tuple[BandPosition, ...]:
    """Observed infrared bands of a material, cm⁻¹ [Andreeva2020] [Gao2020].

    Parameters
    ----------
    material
        Name of the material as for `find_table1_row`, or a formula of the table; all materials
        if None.

    Returns
    -------
    tuple of BandPosition
        Empty where the tables hold no band of that material.

    """
    bands = _all_band_positions()
    if material is None:
        return bands
    wanted = {_normalised(material)}
    row = find_table1_row(material)
    if row is not None:
        wanted.add(_normalised(row.material))
    return tuple(
        band for band in bands if {_normalised(band.material), _normalised(band.formula)} & wanted
    )
