"""Table of Gamma modes as CSV, with units and where it comes from in the first lines."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from reticulum import __version__
from reticulum.phonons.character import FRACTION_LABELS
from reticulum.phonons.environments import BANDS, EnvironmentTable, environment_table
from reticulum.phonons.fragments import FragmentShares
from reticulum.phonons.infrared import IntensityKind, infrared_lines
from reticulum.phonons.modes import ModeTable

if TYPE_CHECKING:
    from reticulum.phonons.gamma import GammaPhonons

#: Digits of wavenumbers and fractions.
_DIGITS = 6


def mode_table_csv(table: ModeTable, fragments: FragmentShares | None = None) -> str:
    """Table of the sets of modes as CSV, with units and origin in the first lines.

    The first lines also have the bands of each metal environment. With more than one environment
    there is a column for each motion on each, and for each fragment one.

    Parameters
    ----------
    table
        The modes.
    fragments
        Shares of fragments.

    """
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
    environments = environment_table(table, lines)
    comments += _environment_comments(environments)
    apart = len(environments.environments) > 1
    columns = [
        (row, column, f"{motion.label} {environment.label}".replace(" ", "_"))
        for row, environment in enumerate(environments.environments)
        for column, motion in enumerate(BANDS)
        if apart
    ]
    shares = fragments or FragmentShares(fragments=(), shares=np.zeros((labels.n_sets, 0)))
    comments += [
        f"fragment {fragment.request.name}: {fragment.request.kind.word or 'atoms'} "
        f"{fragment.request.text}"
        for fragment in shares.fragments
    ]
    for comment in (*comments, f"written by reticulum {__version__}"):
        stream.write(f"# {comment}\n")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(
        (
            "first_mode", "last_mode", "wavenumber_cm1", "irrep", "degeneracy", "infrared_active",
            "raman_active", "acoustic", "imaginary",
            *(("intensity_km_per_mol",) if with_intensity else ()),
            *(label.replace(" ", "_") for label in FRACTION_LABELS),
            *(name for _, _, name in columns),
            *(f"fragment_{name}" for name in shares.names),
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
                *(
                    round(float(environments.shares[number, row, column]), _DIGITS)
                    for row, column, _ in columns
                ),
                *(round(float(x), _DIGITS) for x in shares.shares[number]),
            )
        )
    return stream.getvalue()


def _environment_comments(environments: EnvironmentTable) -> list[str]:
    """A line for each band of each environment."""
    lines = []
    for bands in environments.bands:
        for band in bands:
            if band.centre_cm1 is None:
                continue
            text = f"{band.environment}, {band.motion}: centre {band.centre_cm1:.1f} cm-1"
            if band.range_cm1 is not None:
                text += f", infrared-active from {band.range_cm1[0]:.1f} to {band.range_cm1[1]:.1f}"
            if band.strongest_cm1 is not None:
                text += f", strongest {band.strongest_cm1:.1f}"
            lines.append(f"{text}; part on this environment {band.apart:.2f}")
    return lines


def _origin(phonons: GammaPhonons) -> str:
    """Where the force constants come from, in words."""
    source = phonons.calculator.get("source")
    name = str(phonons.calculator.get("name", "unknown calculator"))
    return name if source is None else f"{source} ({name})"
