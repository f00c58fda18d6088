"""How well each method predicts the measured slopes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reticulum.report.redshift_row import SUM, RedShiftTableRow
from reticulum.thermal.mechanism import Band
from reticulum.thermal.stored_mechanisms import STORED_NAMES

#: Fewest rows from which a rank correlation is given.
_FEWEST_RANKED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodScore:
    """How well a method predicts the measured slopes of one band.

    Parameters
    ----------
    method, band
        Which.
    n_rows
        Materials with a prediction that is not marked as untrusted.
    n_untrusted
        Predictions that are marked so and do not count.
    n_incomplete
        Those of `n_rows` whose error lacks kinds of error, or was not determined.
    sign_hits
        Predictions with the sign of the measurement, larger than their error.
    mean_error_cm1_per_k
        Mean of predicted less measured, cm⁻¹/K; None without rows.
    mean_absolute_error_cm1_per_k
        Mean of its size, cm⁻¹/K.
    rank_correlation
        Spearman's ρ; None with fewer than four rows or equal values throughout.

    """

    method: str
    band: Band
    n_rows: int
    n_untrusted: int
    n_incomplete: int
    sign_hits: int
    mean_error_cm1_per_k: float | None
    mean_absolute_error_cm1_per_k: float | None
    rank_correlation: float | None

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "method": self.method,
            "band": self.band.value,
            "n_rows": self.n_rows,
            "n_untrusted": self.n_untrusted,
            "n_incomplete_errors": self.n_incomplete,
            "sign_hits": self.sign_hits,
            "mean_error_cm1_per_k": self.mean_error_cm1_per_k,
            "mean_absolute_error_cm1_per_k": self.mean_absolute_error_cm1_per_k,
            "rank_correlation": self.rank_correlation,
        }


def score(rows: Sequence[RedShiftTableRow], method: str, band: Band) -> MethodScore:
    """Signs, errors and ranks of a method over all rows that have it.

    Parameters
    ----------
    rows
        The table.
    method
        A stored name, or `SUM`.
    band
        Which band.

    """
    from scipy.stats import spearmanr

    predicted, measured, sure, untrusted, incomplete = [], [], [], 0, 0
    for row in rows:
        found = row.predicted(method, band)
        if found is None:
            continue
        if found.doubt:
            untrusted += 1
            continue
        predicted.append(found.slope_cm1_per_k)
        sure.append(found.sign_is_certain)
        measured.append(row.measured_slope(band))
        incomplete += bool(found.missing_errors)
    ours, theirs = np.array(predicted), np.array(measured)
    ranked = len(ours) >= _FEWEST_RANKED and len(set(predicted)) > 1 and len(set(measured)) > 1
    return MethodScore(
        method=method,
        band=band,
        n_rows=len(ours),
        n_untrusted=untrusted,
        n_incomplete=incomplete,
        sign_hits=int(np.sum((ours * theirs > 0.0) & np.array(sure, dtype=bool))),
        mean_error_cm1_per_k=float(np.mean(ours - theirs)) if len(ours) else None,
        mean_absolute_error_cm1_per_k=float(np.mean(np.abs(ours - theirs))) if len(ours) else None,
        rank_correlation=float(spearmanr(ours, theirs).statistic) if ranked else None,
    )


def scores(rows: Sequence[RedShiftTableRow]) -> list[MethodScore]:
    """Scores of every method of the table, both bands."""
    return [score(rows, method, band) for method in methods_in(rows) for band in Band]


def methods_in(rows: Sequence[RedShiftTableRow]) -> tuple[str, ...]:
    """Names of the methods that any row has, in the order of `STORED_NAMES`; last a sum, if any."""
    present = {name for row in rows for name in row.methods()}
    return tuple(name for name in (*STORED_NAMES, SUM) if name in present)
