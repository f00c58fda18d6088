"""One direction for each degenerate set, and words for what moves."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import spring_models
from models import librating_unit as model

from reticulum.engines.build import Engine
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.phonons.symmetry_adapted import images
from reticulum.thermal.carboxylate_bands import carboxylate_band_space
from reticulum.thermal.local_frames import local_frames
from reticulum.thermal.rigid_units import (
    BENDING,
    LIBRATION,
    METAL_OXYGEN_STRETCH,
    SLIDING,
    motion_in_words,
    rigid_units,
)
from reticulum.thermal.soft_sets import soft_sets


@pytest.fixture(scope="module")
def paddlewheel(tmp_path_factory):
    """Modes of the copper formate crystal, P4/mmm."""
    options = PhononOptions(displacement_a=0.003, force_limit_ev_a=1e-6)
    engine = Engine.from_ase(spring_models.SpringCrystal())
    folder = tmp_path_factory.mktemp("paddlewheel") / "run"
    with open_run(spring_models.spring_crystal(), engine, folder, options=options) as run:
        return mode_table(gamma_phonons(run))


@pytest.fixture(scope="module")
def librating(tmp_path_factory):
    with model.run_phonons(tmp_path_factory.mktemp("librating") / "run") as (_, _, table):
        return table


def all_sets(table):
    labels = table.labels
    numbers = [n for n in range(labels.n_sets) if not labels.acoustic[n]]
    frames = local_frames(table.phonons.atoms)
    return soft_sets(table, carboxylate_band_space(table), frames, rigid_units(table), numbers)


def turned(table):
    """The same table with other partners in every set."""
    vectors = np.array(table.labels.eigenvectors)
    for members in table.labels.sets:
        if len(members) == 2:
            c, s = np.cos(0.9), np.sin(0.9)
            vectors[:, members] = vectors[:, members] @ np.array([[c, -s], [s, c]])
        else:
            vectors[:, members] *= -1.0
    labels = dataclasses.replace(table.labels, eigenvectors=vectors)
    return dataclasses.replace(table, labels=labels)


def test_directions_lie_in_their_set_and_keep_their_operations(paddlewheel):
    symmetry = paddlewheel.phonons.symmetry
    for soft in all_sets(paddlewheel):
        basis = paddlewheel.labels.eigenvectors[:, soft.members]
        assert np.linalg.norm(soft.vector) == pytest.approx(1.0)
        assert np.linalg.norm(basis.T @ soft.vector) == pytest.approx(1.0)
        turned_vectors = [image[:, 0] for image in images(symmetry, soft.vector[:, None])]
        for number, image in enumerate(turned_vectors):
            assert (number in soft.operations) == bool(np.allclose(image, soft.vector, atol=1e-6))
        reversing = any(np.allclose(image, -soft.vector, atol=1e-6) for image in turned_vectors)
        assert soft.reversible == reversing
        assert len(soft.senses) == (1 if reversing else 2)
        assert soft.totally_symmetric == (soft.irrep == "A1g")
        # Only totally symmetric modes need both senses in this crystal.
        assert soft.reversible != soft.totally_symmetric


def test_the_direction_keeps_much_symmetry(paddlewheel):
    """Along an axis or a diagonal of a pair, not just anywhere."""
    order = paddlewheel.phonons.symmetry.order
    for soft in all_sets(paddlewheel):
        assert len(soft.operations) >= (order // 4 if soft.dimension == 2 else order // 2)
        full = 2 * sum(len(members) for members in soft.plan.space.tracked.sets)
        assert soft.plan.n_calls < full


def test_the_choice_does_not_depend_on_the_basis(paddlewheel):
    for one, two in zip(all_sets(paddlewheel), all_sets(turned(paddlewheel)), strict=True):
        np.testing.assert_allclose(one.vector, two.vector, atol=1e-9)
        assert one.operations == two.operations
        for a, b in zip(one.plan.displacements, two.plan.displacements, strict=True):
            np.testing.assert_allclose(a.pattern_a, b.pattern_a, atol=1e-9)


def test_rigid_motions_of_the_linkers(librating):
    """Two formate units: three translations and three rotations each, no motion within them."""
    units = rigid_units(librating)
    assert units.translations.shape == (27, 6)
    assert units.rotations.shape == (27, 6)
    everything = np.hstack([units.translations, units.rotations])
    np.testing.assert_allclose(everything.T @ everything, np.eye(12), atol=1e-10)
    assert units.atoms.sum() == 8
    metal, groups = model.units_of(librating.phonons.atoms)
    assert not units.atoms[metal]
    _, upper, lower, _ = groups[0]
    turn = np.zeros((9, 3))
    turn[upper, 1], turn[lower, 1] = 1.0, -1.0
    roots = np.sqrt(librating.phonons.atoms.get_masses())[:, None]
    turn = (turn * roots).ravel()
    turn /= np.linalg.norm(turn)
    assert np.linalg.norm(units.rotations.T @ turn) == pytest.approx(1.0, abs=1e-6)


def test_motions_in_words(librating):
    units = rigid_units(librating)
    words = {
        round(float(w)): motion_in_words(librating, units, n)
        for n, w in enumerate(librating.labels.wavenumbers_cm1)
    }
    assert words[95] == LIBRATION
    assert words[120] == LIBRATION
    assert METAL_OXYGEN_STRETCH in words.values()
    assert "antisymmetric C-O stretch" in words.values()


def test_a_mode_led_by_whole_linkers_is_a_libration_or_a_sliding(librating):
    """Its share is enough, also where less than half of the mode is rigid."""
    number = next(
        n
        for n, w in enumerate(librating.labels.wavenumbers_cm1)
        if w > 1500.0 and not librating.labels.acoustic[n]
    )
    fractions = np.array(librating.characters.fractions)
    fractions[number] = 0.0
    fractions[number, CoordinateGroup.LINKER] = 0.4
    changed = dataclasses.replace(
        librating, characters=dataclasses.replace(librating.characters, fractions=fractions)
    )
    assert motion_in_words(changed, rigid_units(librating), number) in {LIBRATION, SLIDING}
    fractions = fractions.copy()
    fractions[number, CoordinateGroup.LINKER] = 0.2
    changed = dataclasses.replace(
        changed, characters=dataclasses.replace(changed.characters, fractions=fractions)
    )
    assert motion_in_words(changed, rigid_units(librating), number) == BENDING
