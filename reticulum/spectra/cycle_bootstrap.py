"""Bootstrap over whole temperature cycles: errors that all spectra of a cycle share.

Packing, contact and drift change from cycle to cycle and not from point to point. The joint
covariance of a fit does not see them; resampling whole cycles does (the block bootstrap).
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.variable_projection import SeriesFit, fit_series

#: Fewest cycles: two hold a difference, three a scatter with something to judge it by.
FEWEST_CYCLES = 3

#: Resamples unless the caller says otherwise.
DEFAULT_SAMPLES = 200

#: Fewest temperatures of a cycle for a model without a law K(T): a mean and a slope.
_FEWEST_TEMPERATURES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CycleBootstrap:
    """Refits to resampled cycles.

    Attributes
    ----------
    parameters
        Names of the p fitted parameters.
    estimates
        (p,) values of the fit to the measured cycles.
    cycles
        (c,) cycle numbers.
    counts
        (k, c) how often each cycle occurs in a resample.
    samples
        (k, p) parameters of its refit.
    weights
        (k,) probability of the resample; they sum to 1.
    n_distinct
        Number of different resamples that c cycles have, C(2c-1, c).
    exhaustive
        Whether all of them were refitted, so that nothing is random.
    n_failed
        Resamples that were dropped since their fit did not end at a minimum.
    reason
        Why there are no samples; empty if there are.

    """

    parameters: tuple[str, ...]
    estimates: NDArray[np.float64]
    cycles: NDArray[np.int64]
    counts: NDArray[np.int64]
    samples: NDArray[np.float64]
    weights: NDArray[np.float64]
    n_distinct: int
    exhaustive: bool
    n_failed: int
    reason: str

    def __post_init__(self) -> None:
        k, p, c = len(self.weights), len(self.parameters), len(self.cycles)
        for array, shape in (
            (self.estimates, (p,)),
            (self.cycles, (c,)),
            (self.counts, (k, c)),
            (self.samples, (k, p)),
            (self.weights, (k,)),
        ):
            if array.shape != shape:
                raise ValueError(f"expected {shape}, got {array.shape}")
            array.setflags(write=False)

    @property
    def correction(self) -> float:
        """Factor √(c/(c-1)) on the scatter: resamples of few cycles scatter too little."""
        c = len(self.cycles)
        return math.sqrt(c / (c - 1)) if c > 1 else float("nan")

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance of the parameters with the correction, (p, p); NaN without samples."""
        if len(self.weights) == 0:
            return np.full((len(self.parameters),) * 2, np.nan)
        off = self.samples - self.weights @ self.samples
        return np.asarray(self.correction**2 * (off * self.weights[:, None]).T @ off)

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors by name; NaN without samples."""
        sigma = np.sqrt(np.diag(self.covariance))
        return dict(zip(self.parameters, sigma.tolist(), strict=True))

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Confidence intervals by name: estimate ± Student's t of c - 1 times the standard error.

        Percentiles of a handful of resamples have no tails, so that they are not used.
        """
        freedom = max(len(self.cycles) - 1, 1)
        factor = float(student.ppf(0.5 + 0.5 * level, freedom))
        return {
            name: (float(value) - factor * error, float(value) + factor * error)
            for (name, error), value in zip(
                self.standard_errors.items(), self.estimates, strict=True
            )
        }

    @property
    def summary(self) -> str:
        """One sentence: what was resampled, or why nothing was."""
        if self.reason:
            return self.reason
        how = (
            "all of them refitted and weighted with their probability"
            if self.exhaustive
            else f"{len(self.weights)} different ones drawn"
        )
        failed = f"; {self.n_failed} did not fit and were dropped" if self.n_failed else ""
        return (
            f"{len(self.cycles)} cycles have {self.n_distinct} different resamples: {how}{failed}. "
            f"Errors hold the small-sample factor {self.correction:.2f}."
        )

    def rows(self) -> tuple[tuple[str, ...], list[list[object]]]:
        """Return header and rows of plain numbers for a table, one row a resample."""
        header = (*(f"cycle_{c}" for c in self.cycles.tolist()), "weight", *self.parameters)
        return header, [
            [*count, weight, *sample]
            for count, weight, sample in zip(
                self.counts.tolist(), self.weights.tolist(), self.samples.tolist(), strict=True
            )
        ]

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "n_cycles": len(self.cycles),
            "n_distinct_resamples": self.n_distinct,
            "n_refitted": len(self.weights),
            "n_failed": self.n_failed,
            "exhaustive": self.exhaustive,
            "correction": self.correction,
            "estimates": dict(zip(self.parameters, self.estimates.tolist(), strict=True)),
            "standard_errors": self.standard_errors,
            "interval_95": {name: list(pair) for name, pair in self.intervals().items()},
            "summary": self.summary,
            "reason": self.reason,
        }


def cycle_bootstrap(
    data: BandData,
    fit: SeriesFit,
    n_samples: int = DEFAULT_SAMPLES,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> CycleBootstrap:
    """Fit again to resampled cycles.

    Each of c cycles is drawn c times with replacement, with all its spectra. Few cycles have few
    different resamples (10 for 3, 35 for 4, 126 for 5): up to `n_samples` all are refitted, once
    each, and weighted with their multinomial probability, which is the bootstrap of infinitely
    many draws; else `n_samples` are drawn. The variance of a mean of c numbers comes out too
    small by (c - 1)/c, which the factor √(c/(c - 1)) puts right.

    *Valid when* cycles are independent repeats. Three cycles know their own scatter to ± 50 % only.

    Parameters
    ----------
    data
        What was fitted.
    fit
        The fit.
    n_samples
        Refits at most.
    seed
        Of the draws, where not all are refitted.
    progress
        Called with the number of refits done and of all.

    Returns
    -------
    CycleBootstrap
        Without samples, and with the reason, if there are fewer than three cycles or a cycle
        covers too few temperatures to be fitted by itself.

    """
    cycles = np.unique(data.cycles)
    reason = _refusal(data, fit, cycles)
    counts, weights, exhaustive = _resamples(len(cycles), n_samples, seed)
    if reason:
        counts, weights, exhaustive = counts[:0], weights[:0], False
    members = [np.flatnonzero(data.cycles == cycle).tolist() for cycle in cycles]
    free = [n for n, name in enumerate(fit.model.parameters) if name not in fit.held]
    samples, kept = np.empty((len(weights), len(free))), np.ones(len(weights), dtype=bool)
    for number, count in enumerate(counts):
        spectra = [n for times, part in zip(count, members, strict=True) for n in part * int(times)]
        refit = fit_series(
            data.chosen(spectra),
            fit.model,
            fit.parameters,
            baseline_order=fit.baseline_order,
            held=fit.held,
        )
        samples[number], kept[number] = refit.values[free], refit.converged
        if progress is not None:
            progress(number + 1, len(weights))
    if not reason and not kept.any():
        reason = "No resample of the cycles could be fitted: nothing can be said from them."
    total = float(weights[kept].sum())
    return CycleBootstrap(
        parameters=tuple(fit.model.parameters[n] for n in free),
        estimates=fit.values[free],
        cycles=cycles,
        counts=counts[kept],
        samples=samples[kept],
        weights=weights[kept] / total if total > 0.0 else weights[kept],
        n_distinct=math.comb(2 * len(cycles) - 1, len(cycles)),
        exhaustive=exhaustive,
        n_failed=int((~kept).sum()),
        reason=reason,
    )


def _refusal(data: BandData, fit: SeriesFit, cycles: NDArray[np.int64]) -> str:
    if len(cycles) < FEWEST_CYCLES:
        return (
            f"The series has {len(cycles)} cycle{'' if len(cycles) == 1 else 's'}: what differs "
            f"from cycle to cycle cannot be learnt from fewer than {FEWEST_CYCLES}."
        )
    model = fit.model
    needed = 2 + model.heat_capacity if isinstance(model, TwoStateModel) else _FEWEST_TEMPERATURES
    for cycle in cycles:
        n = len(np.unique(data.temperatures_k[data.cycles == cycle]))
        if n < needed:
            return (
                f"Cycle {cycle} has {n} different temperature{'' if n == 1 else 's'}, too few for "
                f"{model.name}: cycles cannot stand in for each other."
            )
    return ""


def _resamples(
    n_cycles: int, n_samples: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], bool]:
    """Different resamples as counts of each cycle, their weights, and whether these are all."""
    exhaustive = math.comb(2 * n_cycles - 1, n_cycles) <= n_samples
    weighted: dict[tuple[int, ...], float] = {}
    if exhaustive:
        for drawn in itertools.combinations_with_replacement(range(n_cycles), n_cycles):
            count = tuple(drawn.count(cycle) for cycle in range(n_cycles))
            ways = math.factorial(n_cycles) // math.prod(math.factorial(k) for k in count)
            weighted[count] = ways / n_cycles**n_cycles
    else:
        drawn_cycles = np.random.default_rng(seed).multinomial(
            n_cycles, np.full(n_cycles, 1.0 / n_cycles), size=n_samples
        )
        for count, times in Counter(map(tuple, drawn_cycles.tolist())).items():
            weighted[count] = times / n_samples
    return (
        np.array(list(weighted), dtype=np.int64).reshape(-1, n_cycles),
        np.array(list(weighted.values())),
        exhaustive,
    )
