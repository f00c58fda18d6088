"""The benchmark of the Γ analysis does the steps that a run does; nothing is timed here."""

from __future__ import annotations

import numpy as np
import pytest
from benchmark_scripts import benchmark_script

from reticulum.phonons.modes import mode_table


@pytest.fixture(scope="module")
def benchmark():
    with benchmark_script("gamma_analysis") as module:
        yield module


def test_stored_forces_give_the_modes_of_the_run(benchmark, spring_run):
    folder, phonons = spring_run
    done = benchmark.analyse(benchmark.stored_forces(folder))
    table, expected = done.results["labels and character"], mode_table(phonons)
    np.testing.assert_allclose(
        table.labels.wavenumbers_cm1, expected.labels.wavenumbers_cm1, atol=1e-2
    )
    assert table.labels.labels == expected.labels.labels
    np.testing.assert_allclose(table.characters.fractions, expected.characters.fractions, atol=1e-4)
    assert done.results["intensities"].kind.value == "infrared intensity"
    assert set(done.seconds) == set(done.results)


def test_made_up_forces_have_the_symmetry_of_the_crystal(benchmark, spring_run):
    _, phonons = spring_run
    table = benchmark.analyse(benchmark.made_up_forces(phonons.atoms)).results[
        "labels and character"
    ]
    assert table.labels.is_complete


def test_phonopy_gets_the_same_modes(benchmark, spring_run):
    _, phonons = spring_run
    _, n_sets, unlabelled = benchmark.phonopy_irreps(phonons)
    ours = mode_table(phonons).labels
    assert n_sets - unlabelled <= ours.n_sets
    assert n_sets > ours.n_sets // 2
