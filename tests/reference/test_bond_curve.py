"""One Cu-O bond of HKUST-1 made longer with SevenNet-0, recorded by `benchmarks/bond_curve.py`.

An earlier calculation with a machine-learned potential, the rest relaxed to an unstated limit, had
7.6, 21.5, 36.8 and 50.3 kJ/mol at 2.10, 2.25, 2.40 and 2.55 Å, without a second minimum. A plain
relaxation that stops at 0.05 eV/Å reproduces it; further relaxation shows what it lacked. These
tests hold the record; `test_bond_curve_benchmark.py` computes a point of it where SevenNet is.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from reticulum.thermal.loose_curve import LooseCurve

RECORD = Path(__file__).resolve().parents[1] / "data" / "bond_curve_hkust-1_7net-0.json"
LENGTHS_A = (2.10, 2.25, 2.40, 2.55)
EARLIER_KJ_MOL = (7.6, 21.5, 36.8, 50.3)


@pytest.fixture(scope="module")
def record():
    return json.loads(RECORD.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def curve(record):
    found = record["search"]
    return LooseCurve(
        label=found["bonds"],
        pattern=found["pattern"],
        n_carboxylates=found["n_carboxylates"],
        n_sets=found["n_equivalent_sets"],
        distances_a=np.array(found["distances_a"]),
        energies_kj_mol=np.array(found["energies_kj_mol_per_carboxylate"]),
        slopes_kj_mol_a=np.array(found["slopes_kj_mol_per_a"]),
        lengths_a=np.array(found["bond_lengths_a"]),
        jumped=np.array(found["jumped"]),
        n_held=found["n_imaginary_modes_held"],
        symmetry_order=found["n_operations_kept"],
        n_calls=found["n_force_calculations"],
        complete=found["complete"],
    )


def plain(record, stop_ev_a):
    """Energies of the plain relaxations at one stop, NaN where it was not reached."""
    place = record["stops_ev_per_a"].index(stop_ev_a)
    assert [row["length_a"] for row in record["plain"]] == list(LENGTHS_A)
    return np.array([row["energies_kj_mol"][place] for row in record["plain"]], dtype=float)


def test_a_plain_relaxation_reproduces_the_earlier_energies(record):
    np.testing.assert_allclose(plain(record, 0.05), EARLIER_KJ_MOL, rtol=0.04)


def test_energies_fall_the_further_one_relaxes(record, curve):
    found = np.array([curve.energy_at(length) for length in LENGTHS_A])
    np.testing.assert_allclose(found, (5.4, 15.6, 26.3, 35.8), atol=0.05)
    series = [plain(record, stop) for stop in record["stops_ev_per_a"]]
    for further, less in zip([*series[1:], found], series, strict=True):
        both = np.isfinite(further) & np.isfinite(less)
        assert np.all(further[both] < less[both])
    assert np.isfinite(series[0]).all()


def test_the_energy_rises_without_a_second_minimum(record, curve):
    assert np.all(np.diff(plain(record, 0.05)) > 0.0)
    assert curve.decided
    assert not curve.jumped.any()
    assert np.all(curve.slopes_kj_mol_a[1:] > 40.0)
    assert curve.starts(test=False) == ()
