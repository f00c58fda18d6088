"""Straight-line terms of HKUST-1's soft modes with SevenNet-0, as they come with the package.

An earlier calculation with a machine-learned potential had, below 100 cm⁻¹, a quartic part of
-0.16 to -0.34 and a relaxation part of +0.17 to +0.35 cm⁻¹/K, and a sum that was noise.
"""

from __future__ import annotations

import re

import pytest

from reticulum.report.redshift_table import shipped_table
from reticulum.thermal.mechanism import Band

PARTS = re.compile(
    r"Modes below 100 cm⁻¹ carry \d+% of the terms of the (\w+) band "
    r"\(quartic ([+-][\d.]+), relaxation ([+-][\d.]+), bubble ([+-][\d.]+) cm⁻¹/K\)"
)


@pytest.fixture(scope="module")
def coupling():
    (row,) = (r for r in shipped_table("7net-0") if r.measured.material == "HKUST-1")
    return row.results["mode-coupling"]


def test_quartic_and_relaxation_cancel_as_they_did_before(coupling):
    found = {
        band: tuple(map(float, parts)) for band, *parts in PARTS.findall(coupling.untrusted_because)
    }
    assert set(found) == {band.value for band in Band}
    for quartic, relaxation, _ in found.values():
        assert -0.34 <= quartic <= -0.16
        assert 0.17 <= relaxation <= 0.35
        assert abs(quartic + relaxation) < 0.2 * max(-quartic, relaxation)


def test_their_sum_is_noise_and_not_to_be_trusted(coupling):
    for band in Band:
        slope, error = coupling.slope(band), coupling.slope_error_cm1_per_k(band)
        assert slope is not None
        assert error is not None
        assert error > abs(slope.slope_cm1_per_k)
