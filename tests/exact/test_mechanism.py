"""The common form of the results of mechanisms."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reticulum.thermal.mechanism import (
    Band,
    Contribution,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
)

T = np.array([200.0, 300.0, 400.0])


def _result(**changes: object) -> MechanismResult:
    entries: dict[str, object] = {
        "name": "adiabatic",
        "title": "adiabatic route",
        "temperatures_k": T.copy(),
        "antisymmetric_cm1": 1600.0 - 0.02 * T,
        "symmetric_cm1": None,
        "antisymmetric_errors": (
            SlopeError(kind=ErrorKind.STEP_SIZE, size_cm1_per_k=0.003, origin="half the amplitude"),
            SlopeError(kind=ErrorKind.TRUNCATION, size_cm1_per_k=0.004, origin="modes left out"),
        ),
        "parts": frozenset({Part.SOFT_MOTIONS, Part.METAL_OXYGEN}),
        "contributions": (
            Contribution(label="small", wavenumber_cm1=50.0, antisymmetric_cm1_per_k=0.001),
            Contribution(label="large", wavenumber_cm1=-20.0, symmetric_cm1_per_k=-0.02),
        ),
        "n_calls": 12,
        "assumptions": ("The cell is fixed.",),
    }
    return MechanismResult(**(entries | changes))  # type: ignore[arg-type]


def test_slope_and_errors_in_quadrature() -> None:
    result = _result()
    slope = result.slope(Band.ANTISYMMETRIC)
    assert slope is not None
    assert slope.slope_cm1_per_k == pytest.approx(-0.02, abs=1e-12)
    assert result.slope_error_cm1_per_k(Band.ANTISYMMETRIC) == pytest.approx(0.005)
    assert result.slope(Band.SYMMETRIC) is None
    assert result.slope_error_cm1_per_k(Band.SYMMETRIC) is None


def test_an_error_that_was_not_determined_is_not_zero() -> None:
    assert _result(antisymmetric_errors=()).slope_error_cm1_per_k(Band.ANTISYMMETRIC) is None


def test_contributions_are_ranked_by_size_whatever_their_sign() -> None:
    assert [entry.label for entry in _result().ranked()] == ["large", "small"]


def test_json_round_trip_is_exact() -> None:
    result = _result()
    text = json.dumps(result.to_dict())
    back = MechanismResult.from_dict(json.loads(text))
    assert json.dumps(back.to_dict()) == text
    assert back.parts == result.parts
    np.testing.assert_array_equal(back.antisymmetric_cm1, result.antisymmetric_cm1)


def test_wrong_shapes_and_negative_errors_are_refused() -> None:
    with pytest.raises(ValueError, match="one position for each temperature"):
        _result(antisymmetric_cm1=np.zeros(2))
    with pytest.raises(ValueError, match="zero or positive"):
        SlopeError(kind=ErrorKind.STATISTICAL, size_cm1_per_k=float("nan"), origin="")
