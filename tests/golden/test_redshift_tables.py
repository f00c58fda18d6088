"""Slopes that `reticulum redshift` prints: errors that lack something are marked, in sums too."""

from __future__ import annotations

import numpy as np
import pytest

from reticulum.cli.redshift_tables import print_report
from reticulum.thermal.mechanism import (
    ERROR_TOO_SMALL,
    Band,
    ErrorKind,
    MechanismResult,
    Part,
    SlopeError,
)
from reticulum.thermal.redshift_report import RedShiftReport

T = np.array([200.0, 300.0, 400.0])
BOTH = (ErrorKind.STEP_SIZE, ErrorKind.TRUNCATION)


def _mechanism(
    name: str, slope: float, part: Part, kinds: tuple[ErrorKind, ...], *warnings: str
) -> MechanismResult:
    errors = tuple(SlopeError(kind=k, size_cm1_per_k=0.003, origin="test") for k in kinds)
    return MechanismResult(
        name=name,
        title=name,
        temperatures_k=T.copy(),
        antisymmetric_cm1=1600.0 + slope * T,
        symmetric_cm1=1400.0 + slope * T,
        antisymmetric_errors=errors,
        symmetric_errors=errors,
        parts=frozenset({part}),
        n_calls=1,
        assumptions=(),
        warnings=warnings,
    )


def test_errors_that_lack_something_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    not_varied = f"Settings were not varied: {ERROR_TOO_SMALL}."
    report = RedShiftReport(
        label="model",
        measured=None,
        mechanisms=(
            _mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS, BOTH, not_varied),
            _mechanism("quasi-harmonic", 0.004, Part.CELL, BOTH),
        ),
        shipped=frozenset({"adiabatic"}),
    )
    print_report(report)
    text = capsys.readouterr().out
    marked = {line.split("  ")[0].strip() for line in text.splitlines() if "0042†" in line}
    assert marked == {"adiabatic (stored)"}
    assert "-0.0060±0.0060†" in text  # the sum
    assert "+0.0040±0.0042 " in text
    notes = [line for line in text.splitlines() if line.startswith("†")]
    assert notes == [f"† Errors are missing. adiabatic: {not_varied}"]


def test_whole_errors_are_not_marked(capsys: pytest.CaptureFixture[str]) -> None:
    whole = (_mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS, BOTH),)
    print_report(RedShiftReport(label="model", measured=None, mechanisms=whole))
    assert "†" not in capsys.readouterr().out
    lacking = (_mechanism("adiabatic", -0.01, Part.SOFT_MOTIONS, BOTH[:1]),)
    print_report(RedShiftReport(label="model", measured=None, mechanisms=lacking))
    text = capsys.readouterr().out
    assert text.count("±0.0030†") == len(Band)
    assert "† Errors are missing. adiabatic: No error by truncation was determined." in text
