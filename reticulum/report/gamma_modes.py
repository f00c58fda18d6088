"""Gamma modes of the materials of the published table, computed, beside experiment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.engines.build import Engine
from reticulum.frameworks.library import list_structures
from reticulum.phonons.gamma import load_gamma_phonons
from reticulum.phonons.infrared import infrared_lines
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import ModeTable, mode_table
from reticulum.phonons.run_progress import RunProgress
from reticulum.provenance import read_json
from reticulum.reference.tables import BandPosition, load_band_positions
from reticulum.report.row_status import RowStatus, require_run_of, structure_digest

#: Computed rows that come with the package.
SHIPPED_FILE = Path(__file__).parent / "gamma_modes_gfn1_xtb.json"

#: Bands of the table: name, coordinate, and the words of the reference table.
_BANDS = {
    "antisymmetric": CoordinateGroup.ANTISYMMETRIC_CO,
    "symmetric": CoordinateGroup.SYMMETRIC_CO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputedBand:
    """A carboxylate band of infrared-active modes.

    Parameters
    ----------
    strongest_cm1
        Strongest line, cm⁻¹.
    range_cm1
        Lowest and highest line, cm⁻¹.
    height
        Height of the strongest line.

    """

    strongest_cm1: float
    range_cm1: tuple[float, float]
    height: float

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "strongest_cm1": self.strongest_cm1,
            "range_cm1": list(self.range_cm1),
            "height": self.height,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaModesRow:
    """Gamma modes of one material.

    Parameters
    ----------
    material
        Name in the published table.
    structure
        Name of the bundled structure; empty if there is none.
    status
        Where the numbers come from.
    space_group, n_atoms, n_displacements, n_imaginary
        Of the relaxed primitive cell; None if missing.
    bands
        Antisymmetric and symmetric band by name; None where no mode leads with the stretch.
    heights
        What the heights of lines are, in words.
    warnings
        What the run warned of.
    provenance
        Digests of structure and calculator, options and versions.
    progress
        How far an unfinished run came; None of others.
    problem
        Why a run folder cannot be used and what to do, in one line; empty if it can.

    """

    material: str
    structure: str
    status: RowStatus
    space_group: str | None = None
    n_atoms: int | None = None
    n_displacements: int | None = None
    n_imaginary: int | None = None
    bands: dict[str, ComputedBand | None]
    heights: str = ""
    warnings: tuple[str, ...] = ()
    provenance: dict[str, Any]
    progress: RunProgress | None = None
    problem: str = ""

    @property
    def observed(self) -> dict[str, tuple[BandPosition, ...]]:
        """Observed positions of both bands from the reference table."""
        return {
            name: tuple(
                entry
                for entry in load_band_positions(self.material)
                if entry.assignment == f"{name} carboxylate stretch"
            )
            for name in _BANDS
        }

    def deviation_cm1(self, band: str) -> float | None:
        """Computed strongest line less the middle of what was observed, cm⁻¹; None without both.

        Parameters
        ----------
        band
            ``"antisymmetric"`` or ``"symmetric"``.

        """
        computed, seen = self.bands.get(band), self.observed[band]
        if computed is None or not seen:
            return None
        values = [float(entry.wavenumber_text) for entry in seen]
        return computed.strongest_cm1 - 0.5 * (min(values) + max(values))

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON, with the observed bands and the deviations."""
        return {
            "material": self.material,
            "structure": self.structure,
            "status": self.status.value,
            "space_group": self.space_group,
            "n_atoms": self.n_atoms,
            "n_displacements": self.n_displacements,
            "n_imaginary": self.n_imaginary,
            "bands": {
                name: None if band is None else band.to_dict() for name, band in self.bands.items()
            },
            "observed_cm1": {
                name: [float(entry.wavenumber_text) for entry in entries]
                for name, entries in self.observed.items()
            },
            "deviation_cm1": {name: self.deviation_cm1(name) for name in _BANDS},
            "heights": self.heights,
            "warnings": list(self.warnings),
            "provenance": self.provenance,
            "progress": None if self.progress is None else self.progress.to_dict(),
            "problem": self.problem,
        }


def table1_structures() -> dict[str, str]:
    """Name of the bundled structure of each material of the published table.

    A material with several structures has the first one that its card names.
    """
    found: dict[str, str] = {}
    for card in list_structures():
        if card.table1_row is not None:
            found.setdefault(card.table1_row, card.name)
    return found


def row_of_run(material: str, structure: str, folder: Path, engine: Engine) -> GammaModesRow:
    """Row from a finished run folder.

    Parameters
    ----------
    material
        Name in the published table.
    structure
        Name of the bundled structure.
    folder
        The run folder.
    engine
        The calculator whose results are asked for; another one's are refused.

    Raises
    ------
    ForeignRunError
        If the folder is of another structure or calculator.
    InputError
        If it is not finished, or damaged.

    """
    identity = require_run_of(structure, folder, engine.name)
    phonons = load_gamma_phonons(folder)
    table = mode_table(phonons)
    lines = infrared_lines(table)
    bands = {name: _band(table, lines.heights, group) for name, group in _BANDS.items()}
    versions = read_json(folder / "run.json").get("versions", {})
    return GammaModesRow(
        material=material,
        structure=structure,
        status=RowStatus.COMPUTED,
        space_group=phonons.symmetry.symbol,
        n_atoms=len(phonons.atoms),
        n_displacements=phonons.n_displacements,
        n_imaginary=table.n_imaginary_modes,
        bands=bands,
        heights=f"{lines.kind.value}: {lines.reason}",
        warnings=phonons.warnings,
        provenance={"identity": identity, "versions": versions},
    )


def _band(
    table: ModeTable, heights: np.ndarray[Any, np.dtype[np.float64]], group: CoordinateGroup
) -> ComputedBand | None:
    sets = list(table.band_sets(group))
    if not sets:
        return None
    values = table.labels.wavenumbers_cm1[sets]
    strongest = int(np.argmax(heights[sets]))
    return ComputedBand(
        strongest_cm1=float(values[strongest]),
        range_cm1=(float(values.min()), float(values.max())),
        height=float(heights[sets][strongest]),
    )


def shipped_rows() -> tuple[GammaModesRow, ...]:
    """Rows that come with the package, one for each material; those not computed are missing.

    A row is stale if the bundled structure is no longer the one that was computed.
    """
    stored = read_json(SHIPPED_FILE)["rows"]
    by_material = {entry["material"]: entry for entry in stored}
    structures = table1_structures()
    rows = []
    for material in sorted(structures | by_material):
        entry = by_material.get(material)
        structure = structures.get(material, "")
        if entry is None:
            rows.append(missing_row(material, structure))
            continue
        digest = entry["provenance"]["identity"]["structure"]
        tolerance = entry["provenance"]["identity"].get("symprec (Å)")
        fresh = bool(structure) and digest == structure_digest(structure, tolerance)
        rows.append(_from_dict(entry, RowStatus.COMPUTED if fresh else RowStatus.STALE))
    return tuple(rows)


def missing_row(
    material: str,
    structure: str,
    status: RowStatus = RowStatus.MISSING,
    *,
    progress: RunProgress | None = None,
    problem: str = "",
) -> GammaModesRow:
    """Row without numbers.

    Parameters
    ----------
    material
        Name in the published table.
    structure
        Name of the bundled structure; empty if there is none.
    status
        Why there are none.
    progress
        How far an unfinished run came.
    problem
        Why a run folder cannot be used and what to do.

    """
    return GammaModesRow(
        material=material,
        structure=structure,
        status=status,
        bands=dict.fromkeys(_BANDS),
        provenance={},
        progress=progress,
        problem=problem,
    )


def _from_dict(entry: dict[str, Any], status: RowStatus) -> GammaModesRow:
    bands: dict[str, ComputedBand | None] = {}
    for name in _BANDS:
        band = entry["bands"][name]
        bands[name] = (
            None
            if band is None
            else ComputedBand(
                strongest_cm1=float(band["strongest_cm1"]),
                range_cm1=(float(band["range_cm1"][0]), float(band["range_cm1"][1])),
                height=float(band["height"]),
            )
        )
    return GammaModesRow(
        material=entry["material"],
        structure=entry["structure"],
        status=status,
        space_group=entry["space_group"],
        n_atoms=entry["n_atoms"],
        n_displacements=entry["n_displacements"],
        n_imaginary=entry["n_imaginary"],
        bands=bands,
        heights=entry["heights"],
        warnings=tuple(entry["warnings"]),
        provenance=entry["provenance"],
    )
