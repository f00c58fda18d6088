"""Quasi-harmonic red-shift of an open run: volume series, expansion, bands against temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reticulum.errors import CalculationError, InputError
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run, bond_changes
from reticulum.provenance import write_json
from reticulum.reference.thermal_expansion import find_thermal_expansion
from reticulum.thermal.band_against_volume import BandAgainstVolume
from reticulum.thermal.carboxylate_bands import track_carboxylate_modes
from reticulum.thermal.grueneisen import (
    SMALLEST_OVERLAP,
    GrueneisenParameters,
    band_centres,
    grueneisen_parameters,
)
from reticulum.thermal.mechanism import Band
from reticulum.thermal.quasi_harmonic import ComputedExpansion, computed_expansion
from reticulum.thermal.quasi_harmonic_result import (
    QuasiHarmonicResult,
    StatedExpansion,
    variant_with_computed,
    variant_with_stated,
)
from reticulum.thermal.slopes import checked_temperatures_k, slope_temperatures_k
from reticulum.thermal.volume_series import (
    FOUR_STRAINS,
    TWO_STRAINS,
    VolumePoint,
    checked_strains,
    log_volumes,
    volume_series,
)

#: Largest volumetric expansion that is believed, 1/K: colossal ones reach a tenth of it.
LARGEST_EXPANSION_PER_K = 1e-3

#: Share of the computed expansion from which modes that are soft are named in a warning.
_SOFT_SHARE = 0.5

#: Wavenumber below which a mode counts as soft there, cm⁻¹.
_SOFT_CM1 = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuasiHarmonicOptions:
    """How the quasi-harmonic mechanism is computed.

    Parameters
    ----------
    strains
        Strains of the volume; None: ±1 % where an expansion is known, else ±1 and ±2 %.
    expansion_per_k
        Volumetric expansion α_V, 1/K, or its lowest and highest value; None: the measured one of
        the material, if it is in the table, else the computed one.
    material
        Name under which a measured expansion is looked up; None: that of the structure.
    relax_shape
        Relax the shape of the cell at each volume where the crystal system leaves it free.
    temperatures_k
        Temperatures, K; None: those of the published slopes.

    """

    strains: tuple[float, ...] | None = None
    expansion_per_k: float | tuple[float, float] | None = None
    material: str | None = None
    relax_shape: bool = True
    temperatures_k: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense before anything is computed."""
        if self.strains is not None:
            checked_strains(self.strains)
        if self.temperatures_k is not None:
            checked_temperatures_k(self.temperatures_k)
            if len(set(self.temperatures_k)) < 2:
                raise InputError(
                    "A slope needs at least two different temperatures.",
                    fix="Give more of them.",
                )
        values = np.atleast_1d(0.0 if self.expansion_per_k is None else self.expansion_per_k)
        if values.shape not in {(1,), (2,)}:
            raise InputError(
                f"{len(values)} values of the expansion were given.",
                fix="Give one value, or the lowest and the highest.",
            )
        for value in values.tolist():
            if not (math.isfinite(value) and abs(value) <= LARGEST_EXPANSION_PER_K):
                raise InputError(
                    f"The expansion {value:g} /K cannot be right.",
                    why="The volumetric expansion of a solid is some 1e-6 to 1e-4 /K.",
                    fix="Give α_V in 1/K: -12e-6 for a contraction of 12 millionths per kelvin.",
                )


def quasi_harmonic_redshift(
    run: Run, table: ModeTable, *, options: QuasiHarmonicOptions | None = None
) -> QuasiHarmonicResult:
    """Shift of the carboxylate bands by the thermal expansion of the cell.

    Parameters
    ----------
    run
        An open run; all force calculations go through its store, so that a killed one resumes.
    table
        Its modes, at the volume of the run.
    options
        Strains, expansion, temperatures.

    Returns
    -------
    QuasiHarmonicResult
        It is written to ``quasi-harmonic/result.json`` in the run folder too.

    Raises
    ------
    InputError
        If the options do not fit the run.
    CalculationError
        If a calculation failed; all that finished is kept.

    """
    options = options or QuasiHarmonicOptions()
    stated = stated_expansion(options, run.label)
    strains = options.strains
    if strains is None:
        strains = TWO_STRAINS if stated is not None else FOUR_STRAINS
    track_carboxylate_modes(table)  # refused before anything is computed if there is no band
    points = volume_series(run, table, strains, relax_shape=options.relax_shape)
    result = result_of_series(points, run.label, stated, options)
    folder = run.folder.path / "quasi-harmonic"
    write_json(folder / "result.json", result.to_dict())
    return result


def stated_expansion(options: QuasiHarmonicOptions, label: str) -> StatedExpansion | None:
    """The given expansion, else the measured one whose source was read; None if there is none.

    Parameters
    ----------
    options
        What the user gave.
    label
        Name of the structure.

    """
    if options.expansion_per_k is not None:
        values = np.atleast_1d(options.expansion_per_k)
        return StatedExpansion(
            volumetric_per_k=float(values.mean()),
            error_per_k=float(values.max() - values.min()) / 2.0,
            origin="given",
        )
    found = find_thermal_expansion(options.material or label)
    checked = [entry for entry in found if entry.checked]
    if not checked:
        return None
    values = np.array([entry.volumetric_per_k for entry in checked])
    spread = float(values.max() - values.min()) / 2.0
    return StatedExpansion(
        volumetric_per_k=float(values.mean()),
        error_per_k=max(spread, *(entry.rounding_per_k for entry in checked)),
        origin="measured: " + "; ".join(entry.sentence for entry in checked),
    )


def result_of_series(
    points: Sequence[VolumePoint],
    label: str,
    stated: StatedExpansion | None,
    options: QuasiHarmonicOptions,
) -> QuasiHarmonicResult:
    """Bands against temperature from a finished volume series.

    Parameters
    ----------
    points
        From `volume_series`.
    label
        Name of the structure.
    stated
        A measured or given expansion.
    options
        Temperatures.

    Raises
    ------
    CalculationError
        If the carboxylate bands cannot be followed.

    """
    places = log_volumes(points)
    centre = int(np.abs(places).argmin())
    tables = [point.table for point in points]
    parameters = grueneisen_parameters(
        places, [table.labels for table in tables], [table.phonons for table in tables]
    )
    tracked = track_carboxylate_modes(tables[centre])
    centres = np.array(
        [
            band_centres(tracked, table.labels.mode_wavenumbers_cm1, table.labels.eigenvectors)
            for table in tables
        ]
    )
    bands = {
        band: BandAgainstVolume(log_volumes=places.copy(), centres_cm1=centres[:, column].copy())
        for column, band in enumerate((Band.ANTISYMMETRIC, Band.SYMMETRIC))
    }
    temperatures = (
        slope_temperatures_k()
        if options.temperatures_k is None
        else checked_temperatures_k(options.temperatures_k)
    )
    computed: ComputedExpansion | None = None
    reason = ""
    try:
        computed = computed_expansion(
            parameters,
            np.array([point.energy_ev for point in points]),
            points[centre].volume_a3,
            temperatures,
        )
    except CalculationError as error:
        reason = str(error)
    material = options.material or label
    n_calls = sum(point.n_calls for point in points)
    variants = []
    if stated is not None:
        variants.append(
            variant_with_stated(
                bands,
                stated,
                np.array(temperatures),
                n_calls=n_calls,
                warnings=_warnings(points, parameters, computed, material, computed_is_used=False),
            )
        )
    if computed is not None:
        variants.append(
            variant_with_computed(
                bands,
                computed,
                parameters,
                n_calls=n_calls,
                warnings=_warnings(points, parameters, computed, material),
            )
        )
    another = _changed_bonds(points, centre)
    return QuasiHarmonicResult(
        label=label,
        points=tuple(points),
        parameters=parameters,
        bands=bands,
        computed=computed,
        no_computed_because=reason,
        variants=tuple(variant.doubted(another) for variant in variants),
        warnings=_warnings(points, parameters, computed, material, computed_is_used=stated is None),
    )


def _changed_bonds(points: Sequence[VolumePoint], centre: int) -> str:
    """Which bonds open or close between the volumes, in words; empty if none do."""
    at_rest = points[centre].table.phonons.atoms
    found = {point.strain: bond_changes(at_rest, point.table.phonons.atoms) for point in points}
    parts = [f"{words} at {100 * strain:+g} %" for strain, words in found.items() if words]
    return f"bonds change with the volume: {'; '.join(parts)}" if parts else ""


def _warnings(
    points: Sequence[VolumePoint],
    parameters: GrueneisenParameters,
    computed: ComputedExpansion | None,
    material: str,
    *,
    computed_is_used: bool = True,
) -> tuple[str, ...]:
    """Warnings of a variant; where its expansion is a stated one, of the computed one that too."""
    unused = "" if computed_is_used else ", which is not used here"
    sentences = []
    imaginary = [point.table.n_imaginary_modes for point in points]
    if max(imaginary) > 0:
        counts = ", ".join(
            f"{number} at {100 * point.strain:+g} %"
            for number, point in zip(imaginary, points, strict=True)
        )
        sentences.append(
            f"Imaginary modes: {counts} of volume. They are left out of the computed expansion at "
            f"all volumes alike{unused}."
        )
    lost = parameters.vibrations & (parameters.overlaps <= SMALLEST_OVERLAP)
    if lost.any():
        sentences.append(
            f"{int(lost.sum())} of {int(parameters.vibrations.sum())} sets of modes mix so much "
            "between volumes that none continues them; their γ is taken from the derivative of "
            "the dynamical matrix."
        )
    if computed is not None:
        soft = parameters.wavenumbers_cm1[parameters.centre] < _SOFT_CM1
        total = float(computed.shares_per_k.sum())
        share = float(computed.shares_per_k[soft].sum())
        if total and abs(share) > _SOFT_SHARE * abs(total):
            sentences.append(
                f"Modes below {_SOFT_CM1:.0f} cm⁻¹ give {1e6 * share:+.1f}e-6 of the "
                f"{1e6 * total:+.1f}e-6 /K of the computed expansion at Gamma{unused}: it depends "
                "on the calculator's softest modes."
            )
    unchecked = [entry for entry in find_thermal_expansion(material) if not entry.checked]
    if unchecked:
        sentences.append(
            "Not used: "
            + "; ".join(entry.sentence for entry in unchecked)
            + ". To use such a number, give it as the expansion."
        )
    return tuple(sentences)
