"""Predicted and measured slopes of all materials of the published table, method by method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reticulum.errors import InputError
from reticulum.phonons.folder import RunFolder
from reticulum.provenance import read_json
from reticulum.reference.tables import RedShiftRow, load_table1
from reticulum.report.gamma_modes import RowStatus, structure_digest, table1_structures
from reticulum.thermal.mechanism import Band, MechanismResult
from reticulum.thermal.mechanism_sum import sum_slopes
from reticulum.thermal.stored_mechanisms import STORED_NAMES, stored_mechanisms

#: Rows that come with the package.
SHIPPED_FILE = Path(__file__).parent / "redshift_gfn1_xtb.json"

#: Name of the sum of what may be summed.
SUM = "sum"

#: Contributions of single motions that are kept in a shipped row; the others are in the run folder.
KEPT_CONTRIBUTIONS = 20

#: Fewest mechanisms that make a sum; one alone stands in the table already.
_FEWEST_TERMS = 2

#: Fewest rows from which a rank correlation is given.
_FEWEST_RANKED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedSlope:
    """A slope with its error and whether it may be believed.

    Parameters
    ----------
    slope_cm1_per_k
        cm⁻¹/K.
    error_cm1_per_k
        cm⁻¹/K; None where not determined.
    doubt
        Why it is not to be trusted; empty if nothing speaks against it.

    """

    slope_cm1_per_k: float
    error_cm1_per_k: float | None
    doubt: str = ""

    @property
    def sign_is_certain(self) -> bool:
        """Whether the slope is larger than its error, as far as that was determined."""
        return self.error_cm1_per_k is None or self.error_cm1_per_k < abs(self.slope_cm1_per_k)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedShiftTableRow:
    """All finished methods of one material.

    Parameters
    ----------
    measured
        Row of the published table.
    structure
        Name of the bundled structure; empty if there is none.
    status
        Where the numbers come from.
    results
        Results by stored name; None where the mechanism does not exist in the crystal.
    verdicts
        One sentence for each.
    provenance
        Identity of the run and versions.

    """

    measured: RedShiftRow
    structure: str
    status: RowStatus
    results: Mapping[str, MechanismResult | None]
    verdicts: Mapping[str, str]
    provenance: dict[str, Any]

    def predicted(self, method: str, band: Band) -> PredictedSlope | None:
        """Slope of a method, or of the sum of at least two; None where there is none.

        Parameters
        ----------
        method
            A stored name, or `SUM`.
        band
            Which band.

        """
        if method == SUM:
            total = sum_slopes([r for r in self.results.values() if r is not None], band)
            if total.slope_cm1_per_k is None or len(total.terms) < _FEWEST_TERMS:
                return None
            return PredictedSlope(
                slope_cm1_per_k=total.slope_cm1_per_k, error_cm1_per_k=total.error_cm1_per_k
            )
        result = self.results.get(method)
        slope = None if result is None else result.slope(band)
        if result is None or slope is None:
            return None
        return PredictedSlope(
            slope_cm1_per_k=slope.slope_cm1_per_k,
            error_cm1_per_k=result.slope_error_cm1_per_k(band),
            doubt=result.untrusted_because,
        )

    def summed_methods(self, band: Band) -> tuple[str, ...]:
        """Names of the methods in the sum of a band; empty where there is no sum."""
        total = sum_slopes([r for r in self.results.values() if r is not None], band)
        titles = total.terms if len(total.terms) >= _FEWEST_TERMS else ()
        return tuple(
            name for name, result in self.results.items() if result and result.title in titles
        )

    def measured_slope(self, band: Band) -> float:
        """Measured slope, cm⁻¹/K."""
        if band is Band.ANTISYMMETRIC:
            return self.measured.antisymmetric_cm1_per_k
        return self.measured.symmetric_cm1_per_k

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON, as it is shipped."""
        return {
            "material": self.measured.material,
            "structure": self.structure,
            "status": self.status.value,
            "measured": self.measured.to_dict(),
            "mechanisms": {
                name: {
                    "verdict": self.verdicts.get(name, ""),
                    "mechanism": None if result is None else result.to_dict(),
                }
                for name, result in self.results.items()
            },
            "provenance": self.provenance,
        }


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

    predicted, measured, sure, untrusted = [], [], [], 0
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
    ours, theirs = np.array(predicted), np.array(measured)
    ranked = len(ours) >= _FEWEST_RANKED and len(set(predicted)) > 1 and len(set(measured)) > 1
    return MethodScore(
        method=method,
        band=band,
        n_rows=len(ours),
        n_untrusted=untrusted,
        sign_hits=int(np.sum((ours * theirs > 0.0) & np.array(sure, dtype=bool))),
        mean_error_cm1_per_k=float(np.mean(ours - theirs)) if len(ours) else None,
        mean_absolute_error_cm1_per_k=float(np.mean(np.abs(ours - theirs))) if len(ours) else None,
        rank_correlation=float(spearmanr(ours, theirs).statistic) if ranked else None,
    )


def methods_in(rows: Sequence[RedShiftTableRow]) -> tuple[str, ...]:
    """Names of the methods that any row has, in the order of `STORED_NAMES`; last a sum, if any."""
    present = {name for row in rows for name in row.results}
    found = tuple(name for name in STORED_NAMES if name in present)
    summed = any(row.predicted(SUM, band) is not None for row in rows for band in Band)
    return (*found, SUM) if summed else found


def shipped_table() -> tuple[RedShiftTableRow, ...]:
    """All ten rows as they come with the package; what was not computed is missing.

    A row is stale if the bundled structure is no longer the one that was computed.
    """
    stored = {entry["material"]: entry for entry in read_json(SHIPPED_FILE)["rows"]}
    structures = table1_structures()
    rows = []
    for measured in load_table1():
        structure = structures.get(measured.material, "")
        entry = stored.get(measured.material)
        if entry is None:
            rows.append(_missing(measured, structure))
            continue
        identity = entry["provenance"]["identity"]
        digest = structure_digest(structure, identity.get("symprec (Å)")) if structure else ""
        fresh = digest == identity["structure"]
        found = entry["mechanisms"]
        rows.append(
            RedShiftTableRow(
                measured=measured,
                structure=structure,
                status=RowStatus.COMPUTED if fresh else RowStatus.STALE,
                results={
                    name: None
                    if value["mechanism"] is None
                    else MechanismResult.from_dict(value["mechanism"])
                    for name, value in found.items()
                },
                verdicts={name: value["verdict"] for name, value in found.items()},
                provenance=entry["provenance"],
            )
        )
    return tuple(rows)


def shipped_mechanisms(
    identity: Mapping[str, Any],
) -> dict[str, tuple[MechanismResult | None, str]]:
    """Mechanisms that come with the package for exactly one calculation; empty if there are none.

    Parameters
    ----------
    identity
        Of a run folder: structure, calculator with its fingerprint and options must agree.

    """
    for row in shipped_table():
        if row.provenance.get("identity") == dict(identity):
            return {
                name: (result, row.verdicts.get(name, "")) for name, result in row.results.items()
            }
    return {}


def row_of_run(measured: RedShiftRow, structure: str, folder: Path) -> RedShiftTableRow:
    """Row from a run folder.

    Parameters
    ----------
    measured
        Row of the published table.
    structure
        Name of the bundled structure.
    folder
        The run folder.

    Raises
    ------
    InputError
        If the folder is none, is of another structure or is damaged.

    """
    identity = RunFolder.identity_of(folder)
    if identity.get("structure") != structure_digest(structure, identity.get("symprec (Å)")):
        raise InputError(
            f"{folder} is not a run of the bundled {structure}.",
            why="Its structure is another one.",
            fix=f"Run: reticulum redshift {structure} -o {folder} (after moving this one away).",
        )
    found = stored_mechanisms(folder)
    if not found:
        return _missing(measured, structure)
    return RedShiftTableRow(
        measured=measured,
        structure=structure,
        status=RowStatus.COMPUTED,
        results={name: result for name, (result, _) in found.items()},
        verdicts={name: verdict for name, (_, verdict) in found.items()},
        provenance={
            "identity": identity,
            "versions": read_json(folder / "run.json").get("versions", {}),
        },
    )


def table_of_runs(folder: Path, calculator: str) -> tuple[RedShiftTableRow, ...]:
    """All ten rows from the run folders ``NAME_CALCULATOR`` of a folder.

    Parameters
    ----------
    folder
        Holds the run folders.
    calculator
        Name of the calculator.

    """
    structures = table1_structures()
    rows = []
    for measured in load_table1():
        structure = structures.get(measured.material, "")
        run = folder / f"{structure}_{calculator}"
        if structure and (run / "run.json").is_file():
            rows.append(row_of_run(measured, structure, run))
        else:
            rows.append(_missing(measured, structure))
    return tuple(rows)


def _missing(measured: RedShiftRow, structure: str) -> RedShiftTableRow:
    return RedShiftTableRow(
        measured=measured,
        structure=structure,
        status=RowStatus.MISSING,
        results={},
        verdicts={},
        provenance={},
    )


def table_csv(rows: Sequence[RedShiftTableRow]) -> str:
    """The table as CSV: a line for each material, method and band."""
    lines = [
        "# Predicted and measured red-shift slopes, least squares over -100 to 200 degC, cm-1/K; "
        "negative = red shift on heating.",
        "# error: statistics, step sizes and truncation together; empty where not determined.",
        "material,structure,status,band,measured,method,predicted,error,not_to_be_trusted_because",
    ]
    for row in rows:
        start = f'"{row.measured.material}",{row.structure},{row.status.value}'
        for band in Band:
            head = f"{start},{band.value},{row.measured_slope(band)}"
            written = False
            for method in methods_in([row]):
                found = row.predicted(method, band)
                if found is None:
                    continue
                error = "" if found.error_cm1_per_k is None else f"{found.error_cm1_per_k:.6f}"
                doubt = found.doubt.replace('"', '""')
                lines.append(f'{head},{method},{found.slope_cm1_per_k:.6f},{error},"{doubt}"')
                written = True
            if not written:
                lines.append(f'{head},,,,""')
    return "\n".join(lines) + "\n"
