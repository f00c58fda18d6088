"""Calculators that obey the rotations of a crystal and break its mirror planes and inversion."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from models.memory_runner import MemoryRunner
from spring_models import SpringCrystal

from reticulum.engines.build import Engine
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import open_run
from reticulum.thermal.adiabatic_path import relax_points
from reticulum.thermal.band_tracking import carried
from reticulum.thermal.rest_bands import obeyed_symmetry
from reticulum.thermal.rigid_units import rigid_units
from reticulum.thermal.soft_exploration import Exploration, soft_workspace
from reticulum.thermal.soft_sets import soft_sets

FORBIDDEN = 0.01


class OneHanded(SpringCrystal):
    """Springs of copper formate and a constant force that only mirror planes forbid."""

    def __init__(self, constant):
        super().__init__()
        self.constant = constant
        self.parameters["model"] = "one-handed springs"

    def calculate(self, atoms=None, properties=("energy",), *changes):
        super().calculate(atoms, properties, *changes)
        self.results["forces"] = self.results["forces"] + self.constant


def one_handed(symmetry, size=FORBIDDEN):
    """(n, 3) forces that rotations keep and other operations reverse, eV/Å."""
    n = symmetry.permutations.shape[1]
    raw = np.random.default_rng(0).normal(size=3 * n)
    found = np.mean(
        [
            np.linalg.det(rotation) * carried(raw, rotation, permutation)
            for rotation, permutation in zip(
                symmetry.cartesian_rotations, symmetry.permutations, strict=True
            )
        ],
        axis=0,
    )
    return size * found.reshape(-1, 3) / np.abs(found).max()


def test_rotations_are_what_is_left_without_parity(spring_run):
    symmetry = spring_run[1].symmetry
    quiet = np.zeros((symmetry.permutations.shape[1], 3))
    assert obeyed_symmetry(symmetry, quiet) is symmetry
    left = obeyed_symmetry(symmetry, one_handed(symmetry))
    assert left.order == symmetry.order // 2
    assert (np.linalg.det(left.cartesian_rotations) > 0.0).all()
    noise = FORBIDDEN * np.random.default_rng(1).normal(size=quiet.shape)
    assert obeyed_symmetry(symmetry, noise) is symmetry


def test_without_any_rotation_inversion_goes(spring_run):
    """A crystal with inversion only: what breaks it is parity, not noise."""
    symmetry = spring_run[1].symmetry
    rotations = symmetry.cartesian_rotations
    same = np.abs(rotations - np.eye(3)).max(axis=(1, 2)) < 1e-9
    inverted = np.abs(rotations + np.eye(3)).max(axis=(1, 2)) < 1e-9
    kept = np.flatnonzero(same | inverted)[:2]
    assert len(kept) == 2
    small = dataclasses.replace(
        symmetry,
        rotations=symmetry.rotations[kept],
        translations=symmetry.translations[kept],
        cartesian_rotations=rotations[kept],
        permutations=symmetry.permutations[kept],
    )
    left = obeyed_symmetry(small, one_handed(small))
    assert left.order == 1
    np.testing.assert_allclose(left.cartesian_rotations[0], np.eye(3), atol=1e-12)


@pytest.fixture(scope="module")
def workspaces(spring_run, tmp_path_factory):
    """The crystal with springs alone, and with the forbidden forces."""
    phonons = spring_run[1]
    table = mode_table(phonons)
    found = []
    for calculator in (SpringCrystal(), OneHanded(one_handed(phonons.symmetry))):
        engine = Engine.from_ase(calculator)
        folder = tmp_path_factory.mktemp("hands") / "run"
        with open_run(phonons.atoms, engine, folder, options=PhononOptions(relax=False)) as run:
            run = dataclasses.replace(run, runner=MemoryRunner(engine))  # noqa: PLW2901
            found.append(soft_workspace(run, table, 473.15))
    return found


def test_a_geometry_without_mirrors_does_not_relax_by_what_is_forbidden_at_rest(workspaces):
    """Constant forbidden forces are subtracted: the same geometries as without them.

    Before, a twist that keeps rotations only relaxed by them, and its path did not start at rest.
    """
    quiet, handed = workspaces
    assert handed.is_asymmetric
    assert not quiet.is_asymmetric
    table = quiet.table
    labels, rotations = table.labels, table.phonons.symmetry.cartesian_rotations
    # The twist (A1u) is free and what the forbidden forces push on; another mode is displaced.
    number = next(n for n in range(labels.n_sets) if labels.labels[n] == "B2g")
    (entry,) = soft_sets(table, quiet.bands, quiet.frames, rigid_units(table), [number])
    proper = tuple(k for k in entry.operations if np.linalg.det(rotations[k]) > 0.0)
    assert 1 < len(proper) < len(entry.operations)
    turning = dataclasses.replace(entry, operations=proper)
    points = [
        relax_points(
            workspace, [(Exploration(soft=turning), 0.5)], floor_cm1=80.0, force_limit=1e-4
        )[0]
        for workspace in workspaces
    ]
    apart = points[0].positions_a - points[1].positions_a
    assert np.abs(apart).max() < 1e-3
