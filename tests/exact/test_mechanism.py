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
    band_slopes_in_words,
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


def test_a_sentence_has_the_whole_error_and_the_part_by_chance() -> None:
    text = band_slopes_in_words(_result())
    assert text == "antisymmetric -0.0200 ± 0.0050 cm⁻¹/K"
    scatter = SlopeError(kind=ErrorKind.STATISTICAL, size_cm1_per_k=8e-6, origin="scatter")
    text = band_slopes_in_words(
        _result(
            antisymmetric_errors=(
                SlopeError(kind=ErrorKind.TRUNCATION, size_cm1_per_k=0.004, origin="left out"),
                SlopeError(kind=ErrorKind.STATISTICAL, size_cm1_per_k=0.003, origin="scatter"),
            ),
            symmetric_cm1=1300.0 + 0.01 * T,
            symmetric_errors=(scatter,),
        )
    )
    assert text == (
        "antisymmetric -0.0200 ± 0.0050 (0.0030 by statistics) and symmetric +0.0100 ± 8e-06 "
        "(8e-06 by statistics) cm⁻¹/K"
    )
    assert band_slopes_in_words(_result(antisymmetric_errors=())) == "antisymmetric -0.0200 cm⁻¹/K"


def test_a_doubt_does_not_replace_an_earlier_one() -> None:
    assert _result().doubted("").untrusted_because == ""
    assert _result().doubted("bonds opened").untrusted_because == "bonds opened"
    assert _result(untrusted_because="it cancels").doubted("x").untrusted_because == "it cancels"
