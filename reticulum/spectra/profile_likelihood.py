"""Profile likelihood of a parameter: how far it can go when all others are fitted again.

Unlike a standard error it needs no straight line: intervals may be lopsided, or open where the
data set no bound at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.profile_walk import ROOT_68, ROOT_95, ProfileWalk
from reticulum.spectra.variable_projection import SeriesFit

#: Searches that start again from a lower minimum, at most.
_MOST_RESTARTS = 3

#: Residuals below this part of the maximum are rounding and not noise.
_NO_NOISE = 1e-9

Interval = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProfileLikelihood:
    """Profile of one parameter.

    Attributes
    ----------
    parameter
        Its name, with units.
    values
        (k,) held values, ascending; the optimum is among them.
    excess
        (k,) twice the loss of log-likelihood against the optimum, ν ln(S/S₀).
    interval_68, interval_95
        Ends where the excess is 1.00 and 3.84; None where it stays lower: the data set no bound.
    best
        Value at the optimum.
    fit
        The optimum: the fit given, or a better one that was found on the way.
    moved
        Whether a lower minimum than that of the fit given was found.
    converged
        Whether every refit ended at a minimum.
    note
        Why there is no profile, or what happened; empty if all went well.

    """

    parameter: str
    values: NDArray[np.float64]
    excess: NDArray[np.float64]
    interval_68: Interval
    interval_95: Interval
    best: float
    fit: SeriesFit
    moved: bool
    converged: bool
    note: str

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.shape != self.excess.shape:
            raise ValueError("a profile has one excess for each value")
        self.values.setflags(write=False)
        self.excess.setflags(write=False)

    @property
    def standard_error(self) -> float:
        """Standard error in the joint fit, for comparison."""
        return self.fit.errors[self.parameter]

    def rows(self) -> tuple[tuple[str, ...], list[list[object]]]:
        """Return header and rows of plain numbers for a table."""
        return ("parameter", "value", "excess"), [
            [self.parameter, value, excess]
            for value, excess in zip(self.values.tolist(), self.excess.tolist(), strict=True)
        ]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "parameter": self.parameter,
            "best": self.best,
            "standard_error": self.standard_error,
            "interval_68": list(self.interval_68),
            "interval_95": list(self.interval_95),
            "values": self.values.tolist(),
            "excess": self.excess.tolist(),
            "moved": self.moved,
            "converged": self.converged,
            "note": self.note,
        }


def profile_likelihood(data: BandData, fit: SeriesFit, parameter: str) -> ProfileLikelihood:
    """Profile likelihood of one shared parameter of a fit.

    The parameter is held at values around the optimum and all others are fitted again. With the
    noise estimated from the fit, twice the loss of log-likelihood is n ln(S/S₀). Areas and
    baselines take up much of the data when spectra have few points, so n is replaced by the
    degrees of freedom ν = n - p: else the intervals would be too narrow by √(ν/n) (3 % for 51
    points a spectrum with straight baselines). The ends follow from the signed root of the excess,
    which is a straight line for a linear parameter.

    *Valid when* the noise is independent from point to point. Errors that spectra share need
    `cycle_bootstrap`.

    Parameters
    ----------
    data
        What was fitted.
    fit
        The fit, converged.
    parameter
        Name of a parameter that was not held.

    Raises
    ------
    InputError
        If the fit has no such free parameter.

    """
    if parameter not in fit.model.parameters or parameter in fit.held:
        free = [name for name in fit.model.parameters if name not in fit.held]
        raise InputError(
            f"{parameter} is not a free parameter of {fit.model.name}.",
            why="A profile needs a parameter that was fitted.",
            fix="Choose one of " + ", ".join(free) + ".",
        )
    best, moved = fit, False
    for _ in range(_MOST_RESTARTS + 1):
        if best.rms <= _NO_NOISE * data.maximum:
            return _single(best, parameter, moved, "The data have no noise: nothing to profile.")
        walks = [ProfileWalk(data, best, parameter, side) for side in (-1.0, 1.0)]
        lower = next((lower for walk in walks if (lower := walk.run()) is not None), None)
        if lower is None:
            return _profile(best, parameter, moved, walks)
        best, moved = lower, True
    return _single(best, parameter, moved, "Lower minima were found again and again.")


def _profile(
    fit: SeriesFit, parameter: str, moved: bool, walks: list[ProfileWalk]
) -> ProfileLikelihood:
    below, above = walks
    left = [(below.best - d, root**2) for d, root, _ in reversed(below.found[1:])]
    right = [(above.best + d, root**2) for d, root, _ in above.found]
    table = np.array(left + right)
    converged = below.converged and above.converged
    notes = []
    if moved:
        notes.append("A lower minimum than the fit given was found and profiled.")
    if below.swapped or above.swapped:
        notes.append("The components change places before the misfit rises enough: open end.")
    if below.given_up or above.given_up:
        notes.append("The search for an end was given up: what was not found counts as open.")
    if not converged:
        notes.append("Some refits did not end at a minimum: the intervals may be too narrow.")
    return ProfileLikelihood(
        parameter=parameter,
        values=table[:, 0].copy(),
        excess=table[:, 1].copy(),
        interval_68=(below.end(ROOT_68), above.end(ROOT_68)),
        interval_95=(below.end(ROOT_95), above.end(ROOT_95)),
        best=below.best,
        fit=fit,
        moved=moved,
        converged=converged,
        note=" ".join(notes),
    )


def _single(fit: SeriesFit, parameter: str, moved: bool, note: str) -> ProfileLikelihood:
    best = fit.parameters[parameter]
    return ProfileLikelihood(
        parameter=parameter,
        values=np.array([best]),
        excess=np.zeros(1),
        interval_68=(None, None),
        interval_95=(None, None),
        best=best,
        fit=fit,
        moved=moved,
        converged=bool(fit.converged),
        note=note,
    )
