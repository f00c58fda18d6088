"""What one mechanism says of the shift of the carboxylate bands, in the same form for all of them.

A mechanism is one cause of the shift with one way of computing it: the adiabatic route, thermal
sampling, the expansion of the cell, two states, ... Each gives band positions against temperature,
their slopes on a stated window, the errors of the slopes by their kind, what it cost and what it
takes for granted. `reticulum.thermal.mechanism_sum` says which of them may be added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.slopes import SlopeResult, band_slope

#: Errors below this have no digit among four, cm⁻¹/K.
_LEAST_ERROR = 5e-5


class Band(StrEnum):
    """The two carboxylate stretching bands."""

    ANTISYMMETRIC = "antisymmetric"
    SYMMETRIC = "symmetric"


class ErrorKind(StrEnum):
    """Where the error of a slope comes from."""

    #: scatter of a finite number of draws or time steps
    STATISTICAL = "statistical"
    #: finite differences, amplitudes and relaxation steps
    STEP_SIZE = "step size"
    #: what was left out: modes not counted, terms beyond the last, grid points
    TRUNCATION = "truncation"


class Part(StrEnum):
    """Physical cause that a mechanism accounts for; two that share one must not be added."""

    #: the cell changes its volume or shape
    CELL = "thermal expansion of the cell"
    #: the metal-oxygen distance moves and expands
    METAL_OXYGEN = "metal-oxygen stretch"
    #: librations, rotations and other soft motions of the linkers and clusters
    SOFT_MOTIONS = "librations and other soft motions"
    #: all other modes, with the soft ones at rest
    STIFF_MOTIONS = "stiffer motions"
    #: the anharmonicity of the C-O stretch itself
    SELF = "anharmonicity of the C-O stretch"
    #: molecules change between two structures
    POPULATIONS = "two structures in equilibrium"


#: Kinds of error that every computed slope has; statistical ones only where something is drawn.
KINDS_OF_COMPUTED = (ErrorKind.STEP_SIZE, ErrorKind.TRUNCATION)

#: Words of a warning that says which errors are missing in the stated one.
ERROR_TOO_SMALL = "the error stated is too small"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlopeError:
    """One error of a slope.

    Parameters
    ----------
    kind
        Where it comes from.
    size_cm1_per_k
        Standard error, or the largest change seen when the setting was changed, cm⁻¹/K.
    origin
        How it was found, in a few words.

    """

    kind: ErrorKind
    size_cm1_per_k: float
    origin: str

    def __post_init__(self) -> None:
        """Refuse what is no size."""
        if math.isnan(self.size_cm1_per_k) or self.size_cm1_per_k < 0.0:
            raise ValueError("an error must be zero or positive")

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "kind": self.kind.value,
            "size_cm1_per_k": self.size_cm1_per_k,
            "origin": self.origin,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> SlopeError:
        """Inverse of `to_dict`."""
        return cls(
            kind=ErrorKind(content["kind"]),
            size_cm1_per_k=float(content["size_cm1_per_k"]),
            origin=str(content["origin"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one motion gives to the slopes.

    Parameters
    ----------
    label
        The motion in words (`reticulum.thermal.rigid_units.motion_in_words`), after its
        irreducible representation: "Eg, libration of linkers as rigid units".
    wavenumber_cm1
        Its harmonic wavenumber (imaginary: negative), cm⁻¹; None if it is no mode.
    degeneracy
        Number of partners that are counted in the slopes.
    antisymmetric_cm1_per_k, symmetric_cm1_per_k
        Slopes, cm⁻¹/K; None where nothing was computed.
    note
        Anything a reader must know of it.

    """

    label: str
    wavenumber_cm1: float | None = None
    degeneracy: int = 1
    antisymmetric_cm1_per_k: float | None = None
    symmetric_cm1_per_k: float | None = None
    note: str = ""

    def size(self) -> float:
        """The larger of the two slopes without its sign, cm⁻¹/K: the order of a ranked table."""
        return max(abs(self.antisymmetric_cm1_per_k or 0.0), abs(self.symmetric_cm1_per_k or 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "label": self.label,
            "wavenumber_cm1": self.wavenumber_cm1,
            "degeneracy": self.degeneracy,
            "antisymmetric_cm1_per_k": self.antisymmetric_cm1_per_k,
            "symmetric_cm1_per_k": self.symmetric_cm1_per_k,
            "note": self.note,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Contribution:
        """Inverse of `to_dict`."""
        return cls(**content)


@dataclass(frozen=True, slots=True, kw_only=True)
class MechanismResult:
    """Band positions against temperature that follow from one mechanism, with their errors.

    Parameters
    ----------
    name
        Word of the command line, such as ``"adiabatic"``.
    title
        Name for a table.
    standing
        ``"computed"``, ``"fitted"``, ``"published"`` or ``"given"``.
    temperatures_k
        (n_temperatures,), K.
    antisymmetric_cm1, symmetric_cm1
        (n_temperatures,) positions of the bands, cm⁻¹; None where the mechanism says nothing.
    antisymmetric_errors, symmetric_errors
        Errors of the slopes; an empty tuple means that none was determined.
    parts
        What it accounts for.
    contributions
        What single motions give, in any order.
    n_calls
        Force calculations behind the result, including those of the phonons it starts from only
        where it needs more of them.
    assumptions
        What it takes for granted, in sentences.
    warnings
        What went wrong or is doubtful, in sentences. One that says that errors are missing has the
        words `ERROR_TOO_SMALL`.
    untrusted_because
        Why the slopes should not be believed; empty if nothing speaks against them.
    details
        Further numbers for JSON, in plain types.

    """

    name: str
    title: str
    temperatures_k: NDArray[np.float64]
    antisymmetric_cm1: NDArray[np.float64] | None
    symmetric_cm1: NDArray[np.float64] | None
    parts: frozenset[Part]
    n_calls: int
    assumptions: tuple[str, ...]
    standing: str = "computed"
    antisymmetric_errors: tuple[SlopeError, ...] = ()
    symmetric_errors: tuple[SlopeError, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    warnings: tuple[str, ...] = ()
    untrusted_because: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        self.temperatures_k.setflags(write=False)
        for values in (self.antisymmetric_cm1, self.symmetric_cm1):
            if values is None:
                continue
            if values.shape != self.temperatures_k.shape:
                raise ValueError("a band must have one position for each temperature")
            values.setflags(write=False)

    def positions_cm1(self, band: Band) -> NDArray[np.float64] | None:
        """Positions of one band, (n_temperatures,), cm⁻¹; None where nothing is said of it."""
        return self.antisymmetric_cm1 if band is Band.ANTISYMMETRIC else self.symmetric_cm1

    def errors(self, band: Band) -> tuple[SlopeError, ...]:
        """Errors of the slope of one band."""
        return self.antisymmetric_errors if band is Band.ANTISYMMETRIC else self.symmetric_errors

    def slope(self, band: Band) -> SlopeResult | None:
        """Slope of one band over all temperatures; None where nothing is said of it."""
        positions = self.positions_cm1(band)
        return None if positions is None else band_slope(self.temperatures_k, positions)

    def slope_error_cm1_per_k(self, band: Band) -> float | None:
        """All errors of a slope together (root of the sum of squares), cm⁻¹/K; None if unknown."""
        errors = self.errors(band)
        if not errors or self.positions_cm1(band) is None:
            return None
        return math.hypot(*(error.size_cm1_per_k for error in errors))

    def missing_errors(self, band: Band) -> tuple[str, ...]:
        """What the error of a slope does not hold, in sentences; empty if nothing is missing.

        Missing is a kind of `KINDS_OF_COMPUTED` that was not determined, and what the warnings
        name as missing. Nothing is asked of slopes that are not computed.
        """
        if self.standing != "computed" or self.positions_cm1(band) is None:
            return ()
        if not self.errors(band):
            return ("No error was determined.",)
        kinds = {error.kind for error in self.errors(band)}
        absent = [kind.value for kind in KINDS_OF_COMPUTED if kind not in kinds]
        return (
            *(f"No error by {kind} was determined." for kind in absent),
            *(sentence for sentence in self.warnings if ERROR_TOO_SMALL in sentence),
        )

    def ranked(self) -> tuple[Contribution, ...]:
        """Contributions, the largest first."""
        return tuple(sorted(self.contributions, key=Contribution.size, reverse=True))

    def doubted(self, why: str) -> MechanismResult:
        """The same, not to be trusted for a reason unless it is not already; as it is without."""
        return replace(self, untrusted_because=self.untrusted_because or why)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        bands: dict[str, Any] = {}
        for band in Band:
            positions, slope = self.positions_cm1(band), self.slope(band)
            if positions is not None and slope is not None:
                bands[band.value] = {
                    "positions_cm1": positions.tolist(),
                    "slope": slope.to_dict(),
                    "slope_error_cm1_per_k": self.slope_error_cm1_per_k(band),
                    "errors": [error.to_dict() for error in self.errors(band)],
                }
        return {
            "name": self.name,
            "title": self.title,
            "standing": self.standing,
            "temperatures_k": self.temperatures_k.tolist(),
            "bands": bands,
            "accounts_for": sorted(part.value for part in self.parts),
            "contributions": [entry.to_dict() for entry in self.ranked()],
            "n_calls": self.n_calls,
            "assumptions": list(self.assumptions),
            "warnings": list(self.warnings),
            "untrusted_because": self.untrusted_because,
            "details": self.details,
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> MechanismResult:
        """Inverse of `to_dict`.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no form of a mechanism.

        """
        bands: Mapping[str, Any] = content["bands"]

        def positions(band: Band) -> NDArray[np.float64] | None:
            return _finite(bands[band]["positions_cm1"]) if band in bands else None

        def errors(band: Band) -> tuple[SlopeError, ...]:
            found: Sequence[Any] = bands[band]["errors"] if band in bands else ()
            return tuple(SlopeError.from_dict(error) for error in found)

        return cls(
            name=content["name"],
            title=content["title"],
            standing=content["standing"],
            temperatures_k=_finite(content["temperatures_k"]),
            antisymmetric_cm1=positions(Band.ANTISYMMETRIC),
            symmetric_cm1=positions(Band.SYMMETRIC),
            antisymmetric_errors=errors(Band.ANTISYMMETRIC),
            symmetric_errors=errors(Band.SYMMETRIC),
            parts=frozenset(Part(part) for part in content["accounts_for"]),
            contributions=tuple(Contribution.from_dict(c) for c in content["contributions"]),
            n_calls=int(content["n_calls"]),
            assumptions=tuple(content["assumptions"]),
            warnings=tuple(content["warnings"]),
            untrusted_because=content["untrusted_because"],
            details=dict(content["details"]),
        )


def band_slopes_in_words(result: MechanismResult) -> str:
    """Both slopes with their whole errors, as every table has them, and the statistical part."""
    parts = []
    for band in Band:
        slope, error = result.slope(band), result.slope_error_cm1_per_k(band)
        if slope is None:
            continue
        text = f"{band.value} {slope.slope_cm1_per_k:+.4f}"
        if error is not None:
            by_chance = [
                entry.size_cm1_per_k
                for entry in result.errors(band)
                if entry.kind is ErrorKind.STATISTICAL
            ]
            text += f" ± {_size(error)}"
            if by_chance:
                text += f" ({_size(float(np.linalg.norm(by_chance)))} by statistics)"
        parts.append(text)
    return " and ".join(parts) + " cm⁻¹/K"


def _size(error: float) -> str:
    """An error with four digits, or with its power of ten where these are zero."""
    return f"{error:.4f}" if error >= _LEAST_ERROR or error == 0.0 else f"{error:.0e}"


def _finite(values: Sequence[float]) -> NDArray[np.float64]:
    found = np.array(values, dtype=np.float64)
    if not np.isfinite(found).all():
        raise ValueError("temperatures and positions must be numbers")
    return found
