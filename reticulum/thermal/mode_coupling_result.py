"""Band positions and slopes from measured mode couplings, with errors and cancellation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from reticulum.phonons.modes import ModeTable
from reticulum.thermal.mechanism import (
    Band,
    Contribution,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
)
from reticulum.thermal.mode_coupling import Term
from reticulum.thermal.mode_coupling_shift import TrackedShift, distrust
from reticulum.thermal.rigid_units import motion_in_words, rigid_units

#: Number of contributions that a result lists.
_LISTED = 40


def mode_coupling_result(
    table: ModeTable, shifts: Sequence[TrackedShift], *, n_calls: int
) -> MechanismResult:
    """The mechanism "mode coupling" from the shifts of the tracked sets of both bands.

    Parameters
    ----------
    table
        The modes.
    shifts
        Of every tracked set; those of one band are averaged with their infrared weights.
    n_calls
        Force calculations behind them.

    """
    temperatures = shifts[0].temperatures_k
    positions: dict[Band, NDArray[np.float64]] = {}
    errors: dict[Band, tuple[SlopeError, ...]] = {}
    for band in _bands(shifts):
        members, weights = _members(shifts, band)
        positions[band] = np.sum(
            [w * s.total_cm1 for w, s in zip(weights, members, strict=True)], axis=0
        )
        errors[band] = _errors(members, weights)
    return MechanismResult(
        name="mode-coupling",
        title="mode coupling (straight-line expansion)",
        temperatures_k=temperatures.copy(),
        antisymmetric_cm1=positions.get(Band.ANTISYMMETRIC),
        symmetric_cm1=positions.get(Band.SYMMETRIC),
        antisymmetric_errors=errors.get(Band.ANTISYMMETRIC, ()),
        symmetric_errors=errors.get(Band.SYMMETRIC, ()),
        parts=frozenset({Part.METAL_OXYGEN, Part.SOFT_MOTIONS, Part.STIFF_MOTIONS, Part.SELF}),
        contributions=_contributions(table, shifts),
        n_calls=n_calls,
        assumptions=_assumptions(shifts),
        warnings=_warnings(table, shifts),
        untrusted_because=" ".join(filter(None, (distrust(entry) for entry in shifts))),
        details={"tracked": [entry.to_dict() for entry in shifts]},
    )


def _bands(shifts: Sequence[TrackedShift]) -> list[Band]:
    """The bands that were followed."""
    return [band for band in Band if any(entry.tracked.band is band for entry in shifts)]


def _members(
    shifts: Sequence[TrackedShift], band: Band
) -> tuple[list[TrackedShift], NDArray[np.float64]]:
    """Tracked sets of a band and their weights, which sum to one."""
    members = [entry for entry in shifts if entry.tracked.band is band]
    weights = np.array([entry.tracked.weight for entry in members])
    return members, weights / weights.sum()


def _errors(
    members: Sequence[TrackedShift], weights: NDArray[np.float64]
) -> tuple[SlopeError, ...]:
    steps = [entry.step_error() for entry in members]
    resonant = sum(w * s.resonant_slope for w, s in zip(weights, members, strict=True))
    errors = [
        SlopeError(
            kind=ErrorKind.STEP_SIZE,
            size_cm1_per_k=float(
                np.hypot.reduce([w * e[0] for w, e in zip(weights, steps, strict=True)])
            ),
            origin=steps[0][1],
        ),
        SlopeError(
            kind=ErrorKind.TRUNCATION,
            size_cm1_per_k=abs(float(resonant)),
            origin="resonances kept out, each as two levels",
        ),
    ]
    soft = sum(w * s.soft_slope for w, s in zip(weights, members, strict=True) if distrust(s))
    if soft:
        errors.append(
            SlopeError(
                kind=ErrorKind.TRUNCATION,
                size_cm1_per_k=abs(float(soft)),
                origin="all that modes give whose expansion is not to be trusted",
            )
        )
    return tuple(errors)


def _contributions(table: ModeTable, shifts: Sequence[TrackedShift]) -> tuple[Contribution, ...]:
    by_set: dict[int, dict[Band, dict[Term, float]]] = {}
    for band in _bands(shifts):
        members, weights = _members(shifts, band)
        for weight, entry in zip(weights, members, strict=True):
            for column, number in enumerate(entry.measured.sets.tolist()):
                terms = by_set.setdefault(number, {}).setdefault(band, dict.fromkeys(Term, 0.0))
                for term, values in entry.set_slopes.items():
                    terms[term] += float(weight * values[column])
    units = rigid_units(table)
    found = []
    for number, bands in by_set.items():
        motion = motion_in_words(table, units, number)
        notes = "; ".join(
            f"{band.value}: " + ", ".join(f"{term.value} {value:+.4f}" for term, value in t.items())
            for band, t in bands.items()
        )
        found.append(
            Contribution(
                label=f"{table.labels.labels[number] or '?'}, {motion}",
                wavenumber_cm1=float(table.labels.wavenumbers_cm1[number]),
                degeneracy=int(table.labels.dimensions[number]),
                antisymmetric_cm1_per_k=_sum(bands.get(Band.ANTISYMMETRIC)),
                symmetric_cm1_per_k=_sum(bands.get(Band.SYMMETRIC)),
                note=notes,
            )
        )
    found.sort(key=Contribution.size, reverse=True)
    listed, rest = found[:_LISTED], found[_LISTED:]
    if rest:
        listed.append(
            Contribution(
                label=f"{len(rest)} further sets of modes",
                degeneracy=sum(entry.degeneracy for entry in rest),
                antisymmetric_cm1_per_k=_total(e.antisymmetric_cm1_per_k for e in rest),
                symmetric_cm1_per_k=_total(e.symmetric_cm1_per_k for e in rest),
            )
        )
    return tuple(listed)


def _sum(terms: dict[Term, float] | None) -> float | None:
    return None if terms is None else sum(terms.values())


def _total(slopes: Iterable[float | None]) -> float | None:
    known = [slope for slope in slopes if slope is not None]
    return sum(known) if known else None


def _assumptions(shifts: Sequence[TrackedShift]) -> tuple[str, ...]:
    followed = ", ".join(
        f"{band.value} {sum(e.tracked.weight for e in _members(shifts, band)[0]):.0%}"
        for band in _bands(shifts)
    )
    return (
        "Fixed cell; only modes at Gamma move, one cell of the crystal stands for all.",
        "Second-order perturbation in straight-line normal coordinates; occupations are harmonic. "
        "Higher orders enter the errors only as the whole share of soft modes, where these lead.",
        f"Followed share of the infrared heights of each band: {followed}.",
    )


def _warnings(table: ModeTable, shifts: Sequence[TrackedShift]) -> tuple[str, ...]:
    sentences = []
    if table.n_imaginary_modes:
        sentences.append(
            f"{table.n_imaginary_modes} imaginary modes are left out: perturbation theory has no "
            "place for them."
        )
    for entry in shifts:
        if table.labels.labels[entry.tracked.number] is None:
            sentences.append(
                f"The {entry.tracked.band.value} set {entry.tracked.number + 1} is no single "
                "representation; one of its partners stands for all."
            )
        left = entry.resonances
        if left.n_resonances:
            formula = entry.resonant_slope_by_formula
            count = left.n_resonances
            are = "resonance is" if count == 1 else "resonances are"
            sentences.append(
                f"{entry.tracked.band.value} band: {count} Fermi {are} kept out; by formula "
                f"{formula:+.4f} cm⁻¹/K more, each solved as two levels "
                f"{entry.resonant_slope:+.4f}."
            )
    return tuple(sentences)
