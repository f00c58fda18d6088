"""Table of Gamma modes as CSV, with units and where it comes from in the first lines."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from reticulum import __version__
from reticulum.phonons.character import FRACTION_LABELS
from reticulum.phonons.infrared import IntensityKind, infrared_lines
from reticulum.phonons.modes import ModeTable

if TYPE_CHECKING:
    from reticulum.phonons.gamma import GammaPhonons

#: Digits of wavenumbers and fractions.
_DIGITS = 6


def mode_table_csv(table: ModeTable) -> str:
    """Table of the sets of modes as CSV, with units and origin in the first lines."""
    labels = table.labels
    lines = infrared_lines(table)
    with_intensity = lines.kind is IntensityKind.INTENSITY
    stream = io.StringIO()
    comments = [
        f"Gamma modes of {table.phonons.atoms.get_chemical_formula()}, "
        f"{table.phonons.symmetry.symbol}, from {_origin(table.phonons)}",
        "wavenumbers cm-1, imaginary ones negative; numbers of modes from 1; fractions of internal "
        "coordinates, averaged over a set",
    ]
    if with_intensity:
        comments.append(f"intensities km/mol of primitive cells: {lines.reason}")
    for comment in (*comments, f"written by reticulum {__version__}"):
        stream.write(f"# {comment}\n")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        (
            "first_mode", "last_mode", "wavenumber_cm1", "irrep", "degeneracy", "infrared_active",
            "raman_active", "acoustic", "imaginary",
            *(("intensity_km_per_mol",) if with_intensity else ()),
            *(label.replace(" ", "_") for label in FRACTION_LABELS),
        )
    )  # fmt: skip
    for number in range(labels.n_sets):
        members = labels.sets[number]
        writer.writerow(
            (
                int(members[0]) + 1,
                int(members[-1]) + 1,
                round(float(labels.wavenumbers_cm1[number]), _DIGITS),
                labels.labels[number] or "",
                int(labels.dimensions[number]),
                int(labels.infrared_active[number]),
                int(labels.raman_active[number]),
                int(labels.acoustic[number]),
                int(number in table.imaginary),
                *((round(float(lines.heights[number]), _DIGITS),) if with_intensity else ()),
                *(round(float(x), _DIGITS) for x in table.characters.fractions[number]),
            )
        )
    return stream.getvalue()


def _origin(phonons: GammaPhonons) -> str:
    """Where the force constants come from, in words."""
    source = phonons.calculator.get("source")
    name = str(phonons.calculator.get("name", "unknown calculator"))
    return name if source is None else f"{source} ({name})"
