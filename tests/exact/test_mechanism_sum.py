"""What may be added, and what may not."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.thermal.mechanism import Band, ErrorKind, MechanismResult, Part, SlopeError
from reticulum.thermal.mechanism_sum import causes_left_out, sum_slopes

T = np.array([200.0, 300.0, 400.0])


def _mechanism(
    name: str, slope: float, parts: set[Part], error: float | None = 0.001, **changes: object
) -> MechanismResult:
    errors = (
        ()
        if error is None
        else (SlopeError(kind=ErrorKind.STEP_SIZE, size_cm1_per_k=error, origin="test"),)
    )
    entries: dict[str, object] = {
        "name": name,
        "title": name,
        "temperatures_k": T.copy(),
        "antisymmetric_cm1": 1600.0 + slope * T,
        "symmetric_cm1": None,
        "antisymmetric_errors": errors,
        "parts": frozenset(parts),
        "n_calls": 1,
        "assumptions": (),
    }
    return MechanismResult(**(entries | changes))  # type: ignore[arg-type]


ADIABATIC = _mechanism("adiabatic", -0.01, {Part.SOFT_MOTIONS, Part.METAL_OXYGEN}, 0.003)
CELL = _mechanism("quasi-harmonic", 0.002, {Part.CELL}, 0.004)
OSCILLATOR = _mechanism("oscillator", 0.0005, {Part.METAL_OXYGEN}, None)


def test_causes_apart_are_added_and_shared_ones_counted_once() -> None:
    total = sum_slopes([OSCILLATOR, CELL, ADIABATIC], Band.ANTISYMMETRIC)
    assert total.terms == ("adiabatic", "quasi-harmonic")
    assert total.slope_cm1_per_k == pytest.approx(-0.008)
    assert total.error_cm1_per_k == pytest.approx(0.005)
    ((title, why),) = total.left_out
    assert title == "oscillator"
    assert "metal-oxygen stretch" in why


def test_the_order_in_which_results_come_does_not_matter() -> None:
    results = [OSCILLATOR, CELL, ADIABATIC]
    assert sum_slopes(results, Band.ANTISYMMETRIC) == sum_slopes(results[::-1], Band.ANTISYMMETRIC)


def test_what_cannot_be_trusted_makes_room_for_the_next() -> None:
    bad = _mechanism(
        "adiabatic", -5.0, {Part.SOFT_MOTIONS, Part.METAL_OXYGEN}, untrusted_because="it diverges"
    )
    total = sum_slopes([bad, OSCILLATOR], Band.ANTISYMMETRIC)
    assert total.terms == ("oscillator",)
    assert total.slope_cm1_per_k == pytest.approx(0.0005)
    assert total.error_cm1_per_k is None  # that of the oscillator is not known: not zero
    assert total.left_out == (("adiabatic", "not to be trusted: it diverges"),)


def test_no_sum_is_made_without_the_soft_motions() -> None:
    doubtful = _mechanism(
        "adiabatic", -0.02, {Part.SOFT_MOTIONS, Part.METAL_OXYGEN}, untrusted_because="it diverges"
    )
    for results, why in (
        ([OSCILLATOR, CELL], "no method that holds the soft motions has a slope"),
        ([OSCILLATOR, CELL, doubtful], "no method that holds the soft motions can be trusted"),
    ):
        total = sum_slopes(results, Band.ANTISYMMETRIC)
        assert total.terms == ("oscillator", "quasi-harmonic")
        assert total.no_sum_because == why
        assert not total.is_made
        assert total.slope_cm1_per_k is None
        assert total.error_cm1_per_k is None
        assert total.to_dict()["no_sum_because"] == why
    made = sum_slopes([CELL, ADIABATIC], Band.ANTISYMMETRIC)
    assert made.is_made
    assert made.no_sum_because == ""
    alone = sum_slopes([CELL], Band.ANTISYMMETRIC)
    assert (alone.is_made, alone.no_sum_because) == (False, "")


def test_fitted_numbers_and_the_other_band_are_never_summed() -> None:
    fitted = _mechanism("two-state", -0.02, {Part.POPULATIONS}, standing="fitted")
    total = sum_slopes([fitted], Band.ANTISYMMETRIC)
    assert total.slope_cm1_per_k is None
    assert "fitted" in total.left_out[0][1]
    assert sum_slopes([ADIABATIC], Band.SYMMETRIC).terms == ()


def test_causes_that_nobody_looked_at_are_named() -> None:
    assert causes_left_out([ADIABATIC, CELL]) == (
        Part.STIFF_MOTIONS,
        Part.SELF,
        Part.POPULATIONS,
    )
    assert causes_left_out([]) == tuple(Part)
