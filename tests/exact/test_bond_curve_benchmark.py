"""Plain relaxations of an elongated bond end above the search, the nearer the further they go."""

from __future__ import annotations

import numpy as np
import pytest
from benchmark_scripts import benchmark_script
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine, resolve_engine
from reticulum.frameworks.reading import read_structure


@pytest.fixture(scope="module")
def benchmark():
    with benchmark_script("bond_curve") as module:
        yield module


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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of torch and SevenNet
def test_one_point_of_the_earlier_curve_of_hkust1(benchmark, tmp_path):
    """7.6 kJ/mol at 2.10 Å; two minutes, where the extra 7net is installed."""
    pytest.importorskip("sevenn", reason="needs the extra 7net")
    curve, (row,) = benchmark.compared(
        read_structure("HKUST-1"),
        resolve_engine("7net-0"),
        tmp_path / "run",
        (2.10,),
        stops=(0.05,),
    )
    assert row.energies_kj_mol[0] == pytest.approx(7.6, rel=0.04)
    assert curve.energy_at(2.10) == pytest.approx(5.4, abs=0.1)
