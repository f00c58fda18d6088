"""Computed infrared lines beside those of density-functional theory, matched by motion."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.errors import InputError
from reticulum.phonons.infrared import InfraredLines, IntensityKind
from reticulum.phonons.internal_coordinates import STRETCH_GROUPS, CoordinateGroup
from reticulum.phonons.modes import STRETCH_LIMIT_CM1, ModeTable
from reticulum.reference.dft_lines import DftLine, load_dft_lines

#: Lines of MOF-5 and UiO-66 computed with GFN1-xTB, shipped with their identity.
SHIPPED_FILE = Path(__file__).parent / "gfn1_infrared_lines.csv"

#: Least share of a coordinate in a mode that it leads.
LEADING_SHARE = 0.2

#: Motions by which lines are matched, in the order of the tables.
KINDS: dict[str, CoordinateGroup] = {
    "antisymmetric C-O stretch": CoordinateGroup.ANTISYMMETRIC_CO,
    "symmetric C-O stretch": CoordinateGroup.SYMMETRIC_CO,
    "ring stretch": CoordinateGroup.RING,
    "O-C-O bend": CoordinateGroup.OCO_BEND,
    "metal-oxide stretch": CoordinateGroup.METAL_OTHER,
    "O-H stretch": CoordinateGroup.XH,
}

#: The kind that intensities are compared with.
_REFERENCE_KIND = "symmetric C-O stretch"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOfKind:
    """A computed line and the motion that leads in it.

    Attributes
    ----------
    material
        Name of the material.
    kind
        One of `KINDS`.
    wavenumber_cm1
        cm⁻¹.
    height
        Intensity, km/mol.

    """

    material: str
    kind: str
    wavenumber_cm1: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KindComparison:
    """Lines of one motion, computed and of the reference.

    Attributes
    ----------
    material, kind
        Material and motion.
    computed_cm1, reference_cm1
        Strongest line of each, cm⁻¹.
    computed_share, reference_share
        Intensity of all lines of the motion over that of all symmetric C-O stretches.

    """

    material: str
    kind: str
    computed_cm1: float
    reference_cm1: float
    computed_share: float
    reference_share: float

    @property
    def deviation_cm1(self) -> float:
        """Computed less reference, cm⁻¹."""
        return self.computed_cm1 - self.reference_cm1

    @property
    def intensity_ratio(self) -> float:
        """Share computed over share of the reference."""
        return self.computed_share / self.reference_share

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "material": self.material,
            "kind": self.kind,
            "computed_cm1": self.computed_cm1,
            "reference_cm1": self.reference_cm1,
            "deviation_cm1": self.deviation_cm1,
            "computed_share": self.computed_share,
            "reference_share": self.reference_share,
            "intensity_ratio": self.intensity_ratio,
        }


def lines_of_kinds(table: ModeTable, lines: InfraredLines, material: str) -> tuple[LineOfKind, ...]:
    """Infrared-active lines with the motion that leads in each, ascending.

    A motion leads when its share is the largest among those of `STRETCH_GROUPS` and at least
    `LEADING_SHARE`; the C-O stretches lead only above `STRETCH_LIMIT_CM1`.

    Parameters
    ----------
    table
        The modes.
    lines
        Their lines, with intensities.
    material
        Name of the material.

    Raises
    ------
    InputError
        If there are no intensities.

    """
    if lines.kind is not IntensityKind.INTENSITY:
        raise InputError(
            "Without intensities there are no strongest lines to compare.",
            why=lines.reason,
            fix="Give Born charges.",
        )
    names = {int(group): name for name, group in KINDS.items()}
    fractions = table.characters.fractions[:, : len(STRETCH_GROUPS)]
    leading = fractions.argmax(axis=1)
    stretches = (int(CoordinateGroup.ANTISYMMETRIC_CO), int(CoordinateGroup.SYMMETRIC_CO))
    return tuple(
        LineOfKind(
            material=material,
            kind=names[int(leading[number])],
            wavenumber_cm1=float(lines.wavenumbers_cm1[number]),
            height=float(lines.heights[number]),
        )
        for number in np.flatnonzero(lines.heights > 0.0).tolist()
        if int(leading[number]) in names
        and fractions[number, leading[number]] >= LEADING_SHARE
        and (leading[number] not in stretches or lines.wavenumbers_cm1[number] > STRETCH_LIMIT_CM1)
    )


def compare_with_dft(
    computed: Sequence[LineOfKind], reference: Sequence[DftLine] | None = None
) -> tuple[KindComparison, ...]:
    """Strongest lines of each motion beside those of PBEsol [Bristow2016]_.

    Parameters
    ----------
    computed
        Lines of one material.
    reference
        Lines to compare with; the shipped ones of that material if not given.

    Returns
    -------
    tuple of KindComparison
        Motions that both have, in the order of `KINDS`.

    Raises
    ------
    InputError
        If the lines are of several materials, or one side has no symmetric C-O stretch.

    """
    materials = {line.material for line in computed}
    if len(materials) != 1:
        raise InputError(
            f"Lines of {len(materials)} materials are compared at once.",
            fix="Give the lines of one material.",
        )
    (material,) = materials
    known = load_dft_lines() if reference is None else reference
    mine: dict[str, list[tuple[float, float]]] = {}
    theirs: dict[str, list[tuple[float, float]]] = {}
    for line in computed:
        mine.setdefault(line.kind, []).append((line.height, line.wavenumber_cm1))
    for entry in known:
        if entry.material == material and entry.kind:
            pair = (entry.relative_height, entry.wavenumber_cm1)
            theirs.setdefault(entry.kind, []).append(pair)
    if _REFERENCE_KIND not in mine or _REFERENCE_KIND not in theirs:
        raise InputError(
            f"The lines of {material} cannot be compared.",
            why=f"Intensities are counted against the {_REFERENCE_KIND}, which one side lacks.",
            fix="Compare MOF-5 or UiO-66.",
        )
    scale, other_scale = (
        sum(height for height, _ in side[_REFERENCE_KIND]) for side in (mine, theirs)
    )
    return tuple(
        KindComparison(
            material=material,
            kind=kind,
            computed_cm1=max(mine[kind])[1],
            reference_cm1=max(theirs[kind])[1],
            computed_share=sum(height for height, _ in mine[kind]) / scale,
            reference_share=sum(height for height, _ in theirs[kind]) / other_scale,
        )
        for kind in KINDS
        if kind in mine and kind in theirs
    )


def comparison_markdown(rows: Sequence[KindComparison]) -> str:
    """Table of comparisons in Markdown."""
    lines = [
        "| | motion | computed / cm⁻¹ | PBEsol / cm⁻¹ | deviation | share of ν_s, computed | "
        "PBEsol | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.material} | {row.kind} | {row.computed_cm1:.0f} | {row.reference_cm1:.0f} | "
        f"{row.deviation_cm1:+.0f} | {row.computed_share:.3f} | {row.reference_share:.3f} | "
        f"{row.intensity_ratio:.2g} |"
        for row in rows
    ]
    return "\n".join(lines)


def shipped_lines(material: str) -> tuple[LineOfKind, ...]:
    """Shipped GFN1-xTB lines of a material.

    Parameters
    ----------
    material
        MOF-5 or UiO-66.

    Raises
    ------
    InputError
        If there are none.

    """
    with SHIPPED_FILE.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
    found = tuple(
        LineOfKind(
            material=row["material"],
            kind=row["kind"],
            wavenumber_cm1=float(row["wavenumber"]),
            height=float(row["height"]),
        )
        for row in rows
        if row["material"] == material
    )
    if not found:
        known = ", ".join(dict.fromkeys(row["material"] for row in rows))
        raise InputError(f"There are no shipped lines of {material}.", fix=f"Known are {known}.")
    return found
