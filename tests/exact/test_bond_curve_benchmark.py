"""Plain relaxations of an elongated bond end above the search, the nearer the further they go."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bond_curve.py"


@pytest.fixture(scope="module")
def benchmark():
    specification = importlib.util.spec_from_file_location("bond_curve", SCRIPT)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    yield module
    del sys.modules[specification.name]


def test_plain_relaxations_come_down_towards_the_search(benchmark, tmp_path):
    lengths, stops = (2.05, 2.20), (0.5, 0.1, 0.02, 1e-4)
    curve, plain = benchmark.compared(
        spring_crystal(),
        Engine.from_ase(SpringCrystal()),
        tmp_path / "run",
        lengths,
        stops=stops,
    )
    for length, row in zip(lengths, plain, strict=True):
        assert row.length_a == length
        found, energies = curve.energy_at(length), np.array(row.energies_kj_mol)
        assert np.all(np.diff(energies) < 0.0)
        assert np.all(np.diff(row.n_calls) > 0)
        assert energies[0] > found + 1.5
        assert energies[-1] == pytest.approx(found, abs=0.005)
    assert curve.n_calls / 3 < min(row.n_calls[1] for row in plain)


def test_a_plain_relaxation_that_does_not_get_there_has_no_energy(benchmark, monkeypatch, tmp_path):
    monkeypatch.setattr(benchmark, "MOST_CALLS", 15)
    engine = Engine.from_ase(SpringCrystal())
    _, (row,) = benchmark.compared(
        spring_crystal(), engine, tmp_path / "run", (2.05,), stops=(0.1, 1e-4)
    )
    assert row.n_calls == (12, -1)
    assert np.isfinite(row.energies_kj_mol).tolist() == [True, False]
