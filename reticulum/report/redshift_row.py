"""One material of the table of predicted and measured slopes: what each method says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reticulum.reference.tables import RedShiftRow
from reticulum.report.row_status import RowStatus
from reticulum.thermal.mechanism import Band, MechanismResult
from reticulum.thermal.mechanism_sum import SummedSlope, sum_slopes
from reticulum.thermal.stored_mechanisms import STORED_NAMES

#: Name of the sum of what may be summed.
SUM = "sum"


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
    missing_errors
        What the error does not hold, in sentences; empty if it holds all kinds.
    peak_cm1_per_k, mode_cm1_per_k
        Slope of the maximum of the band, nearest to what a fit sees unless a motion splits the
        band, and of its single infrared-active mode, cm⁻¹/K; None where the
        method tells only the centre, or was stored without them.

    """

    slope_cm1_per_k: float
    error_cm1_per_k: float | None
    doubt: str = ""
    missing_errors: tuple[str, ...] = ()
    peak_cm1_per_k: float | None = None
    mode_cm1_per_k: float | None = None

    @property
    def sign_is_certain(self) -> bool:
        """Whether the slope is larger than its error, as far as that was determined."""
        return self.error_cm1_per_k is None or self.error_cm1_per_k < abs(self.slope_cm1_per_k)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "slope_cm1_per_k": self.slope_cm1_per_k,
            "error_cm1_per_k": self.error_cm1_per_k,
            "error_lacks": list(self.missing_errors),
            "not_to_be_trusted_because": self.doubt,
            "peak_slope_cm1_per_k": self.peak_cm1_per_k,
            "single_mode_slope_cm1_per_k": self.mode_cm1_per_k,
        }


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
        Identity of the run, and the versions that it was begun with.
    computed
        By name of the mechanism when it was computed (UTC), and with which versions; without those
        whose files do not say it.
    problem
        Why a run folder cannot be used and what to do, in one line; empty if it can.

    """

    measured: RedShiftRow
    structure: str
    status: RowStatus
    results: Mapping[str, MechanismResult | None]
    verdicts: Mapping[str, str]
    provenance: dict[str, Any]
    computed: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    problem: str = ""

    def predicted(self, method: str, band: Band) -> PredictedSlope | None:
        """Slope of a method, or of the sum of `summed_methods`; None where there is none.

        Parameters
        ----------
        method
            A stored name, or `SUM`.
        band
            Which band.

        """
        if method == SUM:
            return self._sum(band)
        result = self.results.get(method)
        slope = None if result is None else result.slope(band)
        if result is None or slope is None:
            return None
        return PredictedSlope(
            slope_cm1_per_k=slope.slope_cm1_per_k,
            error_cm1_per_k=result.slope_error_cm1_per_k(band),
            doubt=result.untrusted_because,
            missing_errors=result.missing_errors(band),
            peak_cm1_per_k=_position_slope(result, f"{band.value} peak"),
            mode_cm1_per_k=_position_slope(result, f"{band.value} mode"),
        )

    def _sum(self, band: Band) -> PredictedSlope | None:
        names, total = self.summed_methods(band), self._summed(band)
        if not names or total.slope_cm1_per_k is None:
            return None
        return PredictedSlope(
            slope_cm1_per_k=total.slope_cm1_per_k,
            error_cm1_per_k=total.error_cm1_per_k,
            missing_errors=tuple(
                f"{name}: {sentence}"
                for name in names
                if (result := self.results[name]) is not None
                for sentence in result.missing_errors(band)
            ),
        )

    def _summed(self, band: Band) -> SummedSlope:
        return sum_slopes([r for r in self.results.values() if r is not None], band)

    def summed_methods(self, band: Band) -> tuple[str, ...]:
        """Names of the methods in the sum of a band; empty where there is no sum.

        A sum has at least two terms, all to be trusted, and one of them holds the soft motions.
        """
        total = self._summed(band)
        if not total.is_made:
            return ()
        return tuple(
            name for name, result in self.results.items() if result and result.title in total.terms
        )

    def no_sum_because(self, band: Band) -> str:
        """Why methods that may be added make no sum of a band; empty if they do or are too few."""
        return self._summed(band).no_sum_because

    def methods(self) -> tuple[str, ...]:
        """Names of its methods, in the order of `STORED_NAMES`; last the sum, if there is one."""
        found = tuple(name for name in STORED_NAMES if name in self.results)
        return (*found, SUM) if any(self._sum(band) is not None for band in Band) else found

    def measured_slope(self, band: Band) -> float:
        """Measured slope, cm⁻¹/K."""
        if band is Band.ANTISYMMETRIC:
            return self.measured.antisymmetric_cm1_per_k
        return self.measured.symmetric_cm1_per_k

    def shipped_form(self) -> dict[str, Any]:
        """Plain form for JSON, as it is shipped: what was computed, and nothing that follows."""
        return {
            "material": self.measured.material,
            "structure": self.structure,
            "status": self.status.value,
            "measured": self.measured.to_dict(),
            "mechanisms": {
                name: {
                    "verdict": self.verdicts.get(name, ""),
                    "mechanism": None if result is None else result.to_dict(),
                    **self.computed.get(name, {}),
                }
                for name, result in self.results.items()
            },
            "provenance": self.provenance,
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON, with the slopes of all methods and of the sum."""
        return {
            **self.shipped_form(),
            "problem": self.problem,
            "slopes": [
                {"method": method, "band": band.value, **found.to_dict()}
                for method in self.methods()
                for band in Band
                if (found := self.predicted(method, band)) is not None
            ],
        }


def _position_slope(result: MechanismResult, position: str) -> float | None:
    """Slope of one of `reticulum.thermal.band_space.POSITIONS`, cm⁻¹/K; None without it."""
    value = result.details.get("slopes_cm1_per_k", {}).get(position)
    return None if value is None else float(value)


def row_without_numbers(
    measured: RedShiftRow,
    structure: str,
    status: RowStatus = RowStatus.MISSING,
    problem: str = "",
) -> RedShiftTableRow:
    """Row of a material without any finished method.

    Parameters
    ----------
    measured
        Row of the published table.
    structure
        Name of the bundled structure; empty if there is none.
    status, problem
        Why it has none.

    """
    return RedShiftTableRow(
        measured=measured,
        structure=structure,
        status=status,
        results={},
        verdicts={},
        provenance={},
        problem=problem,
    )
