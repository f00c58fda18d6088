"""How ΔH, ΔS and ΔCp move when the centres of the two components are held off their optimum.

Papers fix the two centres by eye. What another choice would have given is often more than the
standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.profile_walk import conditional_start
from reticulum.spectra.variable_projection import SeriesFit, fit_series

#: Distance by which centres are held off the optimum, cm⁻¹: what centres read off a spectrum by
#: eye are good for.
DEFAULT_SHIFT_CM1 = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedCentres:
    """One refit with centres held.

    Attributes
    ----------
    name
        What was held, in words.
    tight_cm1, loose_cm1
        Centres of the refit, cm⁻¹.
    held
        Names of the centres that were held; the other one was fitted again.
    dh_kj_mol, ds_j_mol_k, dcp_j_mol_k
        ΔH (kJ/mol), ΔS and ΔCp (J/mol/K); ΔCp is NaN for a law without.
    misfit_percent
        Root mean square of the residuals in per cent of the largest value.
    converged
        Whether the refit ended at a minimum.

    """

    name: str
    tight_cm1: float
    loose_cm1: float
    held: tuple[str, ...]
    dh_kj_mol: float
    ds_j_mol_k: float
    dcp_j_mol_k: float
    misfit_percent: float
    converged: bool

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            name: list(value) if isinstance(value := getattr(self, name), tuple) else value
            for name in self.__dataclass_fields__
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreSensitivity:
    """Refits with centres held off the optimum.

    Attributes
    ----------
    shift_cm1
        How far, cm⁻¹.
    best
        The optimum.
    cases
        Each centre up and down with the other free; both outward, inward, up and down.

    """

    shift_cm1: float
    best: ShiftedCentres
    cases: tuple[ShiftedCentres, ...]

    def largest_change(self, name: str) -> float:
        """Largest change of ``dh_kj_mol``, ``ds_j_mol_k`` or ``dcp_j_mol_k``, with its sign."""
        changes = [getattr(case, name) - getattr(self.best, name) for case in self.cases]
        return float(max(changes, key=abs))

    def rows(self) -> tuple[tuple[str, ...], list[list[object]]]:
        """Return header and rows of plain values for a table, the optimum first."""
        header = ("case", "tight_cm1", "loose_cm1", "dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k",
                  "misfit_percent", "converged")  # fmt: skip
        return header, [
            [case.name, *(getattr(case, name) for name in header[1:])]
            for case in (self.best, *self.cases)
        ]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "shift_cm1": self.shift_cm1,
            "best": self.best.to_dict(),
            "cases": [case.to_dict() for case in self.cases],
        }


def centre_sensitivity(
    data: BandData, fit: SeriesFit, shift_cm1: float = DEFAULT_SHIFT_CM1
) -> CentreSensitivity:
    """Fit again with centres held off their optimum.

    Parameters
    ----------
    data
        What was fitted.
    fit
        Fit of a `TwoStateModel` with both centres free.
    shift_cm1
        How far off, cm⁻¹.

    Raises
    ------
    InputError
        If the model is another one, a centre was held, or the shift is not positive.

    """
    if not isinstance(fit.model, TwoStateModel) or {"tight_cm1", "loose_cm1"} & set(fit.held):
        raise InputError(
            f"The fit of {fit.model.name} has no two free centres.",
            why="Only free centres can be moved off their optimum.",
            fix="Give the fit of a two-state law with both centres fitted.",
        )
    if not (math.isfinite(shift_cm1) and shift_cm1 > 0.0):
        raise InputError(
            f"The shift of the centres is {shift_cm1} cm⁻¹.",
            why="Both signs are tried of a positive number.",
            fix="Give 1, for instance.",
        )
    named = fit.parameters
    tight, loose = named["tight_cm1"], named["loose_cm1"]
    out = shift_cm1 if tight > loose else -shift_cm1
    moves: tuple[tuple[str, float | None, float | None], ...] = (
        ("tight up", shift_cm1, None),
        ("tight down", -shift_cm1, None),
        ("loose up", None, shift_cm1),
        ("loose down", None, -shift_cm1),
        ("both outward", out, -out),
        ("both inward", -out, out),
        ("both up", shift_cm1, shift_cm1),
        ("both down", -shift_cm1, -shift_cm1),
    )
    cases = []
    for name, by_tight, by_loose in moves:
        held = {}
        if by_tight is not None:
            held["tight_cm1"] = tight + by_tight
        if by_loose is not None:
            held["loose_cm1"] = loose + by_loose
        refit = fit_series(
            data,
            fit.model,
            conditional_start(fit, held),
            baseline_order=fit.baseline_order,
            held=(*fit.held, *held),
        )
        cases.append(_case(name, data, refit, tuple(held)))
    return CentreSensitivity(
        shift_cm1=shift_cm1, best=_case("optimum", data, fit, ()), cases=tuple(cases)
    )


def _case(name: str, data: BandData, fit: SeriesFit, held: tuple[str, ...]) -> ShiftedCentres:
    named = fit.parameters
    return ShiftedCentres(
        name=name,
        tight_cm1=named["tight_cm1"],
        loose_cm1=named["loose_cm1"],
        held=held,
        dh_kj_mol=named["dh_kj_mol"],
        ds_j_mol_k=named["ds_j_mol_k"],
        dcp_j_mol_k=named.get("dcp_j_mol_k", math.nan),
        misfit_percent=100.0 * fit.rms / data.maximum,
        converged=bool(fit.converged),
    )
