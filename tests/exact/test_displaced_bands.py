"""Bands at distorted geometries, in frames that turn with the atoms, with and without symmetry."""

from __future__ import annotations

import numpy as np
import pytest
import spring_models
from ase import Atoms
from models import librating_unit as model
from scipy.spatial.transform import Rotation

from reticulum.engines.build import Engine
from reticulum.phonons.modes import mode_table
from reticulum.phonons.options import PhononOptions
from reticulum.phonons.order_parameters import mode_matrices, order_parameter_directions
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal.band_space import (
    LINE_FWHM_CM1,
    BandSpace,
    band_centres,
    mixing_warning,
    random_directions,
)
from reticulum.thermal.band_tracking import TrackedModes
from reticulum.thermal.carboxylate_bands import carboxylate_band_space
from reticulum.thermal.displaced_bands import plan_bands
from reticulum.thermal.local_frames import local_frames, turned_pattern
from reticulum.thermal.rest_bands import bands_at_rest
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1


class Crystal:
    """A model crystal with its modes, bands and frames, and its forces without a store."""

    def __init__(self, table, forces):
        self.table, self.forces = table, forces
        self.atoms, self.symmetry = table.phonons.atoms, table.phonons.symmetry
        self.masses = self.atoms.get_masses()
        self.roots = np.sqrt(np.repeat(self.masses, 3))
        self.space = carboxylate_band_space(table)
        self.frames = local_frames(self.atoms)

    def plan(self, operations, **keywords):
        return plan_bands(
            self.space, self.symmetry, operations, self.masses, self.frames, **keywords
        )

    def bands(self, plan, positions):
        structures = plan.structures(self.atoms, positions)
        return plan.bands(positions, [self.forces(s.positions) for s in structures])


@pytest.fixture(scope="module")
def librating(tmp_path_factory):
    with model.run_phonons(tmp_path_factory.mktemp("librating") / "run") as (_, phonons, table):
        units, cell = model.units_of(phonons.atoms), phonons.atoms.cell[:]
        return Crystal(table, lambda x: model.energy_and_forces(x, cell, units)[1])


@pytest.fixture(scope="module")
def paddlewheel(tmp_path_factory):
    """P4/mmm with twofold sets; table and forces of copper formate made of springs."""
    calculator = spring_models.SpringCrystal()
    options = PhononOptions(displacement_a=0.003, force_limit_ev_a=1e-6)
    folder = tmp_path_factory.mktemp("paddlewheel") / "run"
    engine = Engine.from_ase(calculator)
    with open_run(spring_models.spring_crystal(), engine, folder, options=options) as run:
        table = mode_table(gamma_phonons(run))
    atoms = table.phonons.atoms
    fresh = spring_models.SpringCrystal()
    start = atoms.copy()
    start.calc = fresh
    start.get_forces()
    return Crystal(table, lambda x: fresh.energy_and_forces(x, atoms.cell[:])[1])


@pytest.mark.parametrize("angles", [(0.1, 0.1), (0.3, 0.3), (0.3, -0.3), (0.25, 0.0)])
def test_bands_of_turned_carboxylates_are_those_of_the_complete_hessian(librating, angles):
    turned = model.turned(librating.atoms, *angles)
    plan = librating.plan(None, largest_a=0.002)
    found = librating.bands(plan, turned.positions).values()
    rest = librating.bands(plan, librating.atoms.positions).values()
    exact, exact_rest = np.array(model.bands(*angles)), np.array(model.bands(0.0, 0.0))
    np.testing.assert_allclose((found - rest)[:2], exact - exact_rest, rtol=2e-3)


def test_in_fixed_frames_a_turn_would_lower_the_band(librating, monkeypatch):
    """The curvature along the old eigenvector falls although nothing softened."""
    from reticulum.thermal.local_frames import LocalFrames

    turned = model.turned(librating.atoms, 0.3, 0.3)
    plan = librating.plan(None, largest_a=0.001)
    good = librating.bands(plan, turned.positions).antisymmetric_cm1
    monkeypatch.setattr(
        LocalFrames, "rotations", lambda self, x: np.tile(np.eye(3), (len(x), 1, 1))
    )
    bad = librating.bands(plan, turned.positions).antisymmetric_cm1
    exact = model.bands(0.3, 0.3)[0]
    assert abs(good - exact) < 0.05
    assert abs(bad - exact) > 1.0


def test_silent_partners_share_the_band_and_do_not_shift_it(librating):
    """With one unit turned the two stretches localise: the mode jumps, the centre does not."""
    plan = librating.plan(None)
    rest = librating.bands(plan, librating.atoms.positions)
    one = librating.bands(plan, model.turned(librating.atoms, 0.3, 0.0).positions)
    both = librating.bands(plan, model.turned(librating.atoms, 0.3, 0.3).positions)
    half = 0.5 * (both.antisymmetric_cm1 - rest.antisymmetric_cm1)
    assert one.antisymmetric_cm1 - rest.antisymmetric_cm1 == pytest.approx(half, rel=0.03)
    assert one.antisymmetric_mode_cm1 - rest.antisymmetric_mode_cm1 < 1.7 * half


def displaced(crystal, direction, size_a):
    pattern = (direction / crystal.roots).reshape(-1, 3)
    pattern = pattern * size_a / np.linalg.norm(pattern, axis=1).max()
    return crystal.atoms.positions + pattern


def test_the_little_group_saves_calls_and_changes_nothing(paddlewheel):
    """Every kind of set, every direction that keeps symmetry: as without any symmetry."""
    labels = paddlewheel.table.labels
    seen = set()
    for number in range(labels.n_sets):
        if labels.acoustic[number] or labels.labels[number] in seen:
            continue
        seen.add(labels.labels[number])
        basis = labels.eigenvectors[:, labels.sets[number]]
        for entry in order_parameter_directions(mode_matrices(paddlewheel.symmetry, basis)):
            positions = displaced(paddlewheel, basis @ entry.direction, 0.08)
            few = paddlewheel.plan(entry.operations, largest_a=0.001)
            many = paddlewheel.plan(None, largest_a=0.001)
            assert few.n_calls < many.n_calls
            np.testing.assert_allclose(
                paddlewheel.bands(few, positions).values(),
                paddlewheel.bands(many, positions).values(),
                atol=0.01,
            )
    assert "Eu" in seen
    assert "Eg" in seen


def test_bands_at_rest_come_from_few_calculations(paddlewheel, tmp_path):
    """Displacements that the space group carries onto each other are computed once."""
    from reticulum.engines.executor import ForceRunner
    from reticulum.engines.store import ForceStore

    labels = paddlewheel.table.labels
    plans = []
    for number in range(3, labels.n_sets):
        basis = labels.eigenvectors[:, labels.sets[number]]
        for entry in order_parameter_directions(mode_matrices(paddlewheel.symmetry, basis)):
            plans.append(paddlewheel.plan(entry.operations))
    calculator = spring_models.SpringCrystal()
    start = paddlewheel.atoms.copy()
    start.calc = calculator
    start.get_forces()
    with ForceRunner(Engine.from_ase(calculator), ForceStore(tmp_path / "f.db")) as runner:
        found = bands_at_rest(plans, paddlewheel.atoms, paddlewheel.symmetry, runner)
        assert runner.n_computed <= 4 * len(paddlewheel.space.tracked.sets)
    for plan, bands in zip(plans, found, strict=True):
        direct = paddlewheel.bands(plan, np.array(paddlewheel.atoms.positions))
        np.testing.assert_allclose(bands.values(), direct.values(), atol=1e-3)


def test_second_order_shifts_are_the_same_along_every_direction_of_a_set(paddlewheel):
    """Also where the direction keeps no symmetry."""
    labels = paddlewheel.table.labels
    plan = paddlewheel.plan(None, largest_a=0.002)
    rest = paddlewheel.bands(plan, np.array(paddlewheel.atoms.positions)).values()
    for number in [n for n in range(labels.n_sets) if labels.dimensions[n] == 2][-6:-2]:
        basis = labels.eigenvectors[:, labels.sets[number]]
        shifts = []
        for angle in (0.0, 0.4, 1.1):
            vector = basis @ np.array([np.cos(angle), np.sin(angle)])
            size = 0.15
            moved = [
                paddlewheel.atoms.positions + s * size * (vector / paddlewheel.roots).reshape(-1, 3)
                for s in (1.0, -1.0)
            ]
            values = np.mean([paddlewheel.bands(plan, x).values() for x in moved], axis=0)
            shifts.append((values - rest)[:2])
        np.testing.assert_allclose(shifts, np.mean(shifts, axis=0)[None].repeat(3, 0), rtol=0.02,
                                   atol=0.003)  # fmt: skip


def test_the_plan_does_not_depend_on_the_basis_of_a_degenerate_set(paddlewheel):
    """Stored forces must be found again on a machine with other eigenvectors."""
    import dataclasses

    tracked = paddlewheel.space.tracked
    vectors = np.array(tracked.vectors)
    offset = 0
    for members in tracked.sets:
        if len(members) == 2:
            angle = 0.7
            turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
            vectors[:, offset : offset + 2] = vectors[:, offset : offset + 2] @ turn
        else:
            vectors[:, offset] *= -1.0
        offset += len(members)
    space = dataclasses.replace(
        paddlewheel.space, tracked=dataclasses.replace(tracked, vectors=vectors)
    )
    basis = paddlewheel.table.labels.eigenvectors[:, paddlewheel.table.labels.sets[4]]
    entries = order_parameter_directions(mode_matrices(paddlewheel.symmetry, basis))
    for operations in [None, *(entry.operations for entry in entries)]:
        one = paddlewheel.plan(operations)
        two = plan_bands(
            space, paddlewheel.symmetry, operations, paddlewheel.masses, paddlewheel.frames
        )
        for a, b in zip(one.displacements, two.displacements, strict=True):
            np.testing.assert_allclose(a.pattern_a, b.pattern_a, atol=1e-9)


def test_random_vectors_of_the_bands_are_unbiased(librating, paddlewheel):
    """The mean over two orthogonal vectors is the mean over the partners."""

    class Fixed:
        """Gives a chosen matrix instead of random numbers."""

        def __init__(self, angle):
            self.angle = angle

        def normal(self, size):
            if size == (1, 1):
                return np.ones((1, 1))
            c, s = np.cos(self.angle), np.sin(self.angle)
            return np.array([[c, -s], [s, c]])

    basis = paddlewheel.table.labels.eigenvectors[:, 10]
    positions = displaced(paddlewheel, basis, 0.06)
    everything = paddlewheel.plan(None, largest_a=0.002)
    full = paddlewheel.bands(everything, positions).values()
    rest = paddlewheel.bands(everything, np.array(paddlewheel.atoms.positions)).values()
    single = []
    for angle in (0.3, 0.3 + np.pi / 2):
        space = random_directions(paddlewheel.space, Fixed(angle))
        plan = plan_bands(
            space, paddlewheel.symmetry, None, paddlewheel.masses, paddlewheel.frames,
            largest_a=0.002,
        )  # fmt: skip
        assert plan.n_calls == 2 * len(space.tracked.sets)
        now = paddlewheel.bands(plan, positions).values()
        then = paddlewheel.bands(plan, np.array(paddlewheel.atoms.positions)).values()
        single.append(now - then)
    np.testing.assert_allclose(np.mean(single, axis=0)[:2], (full - rest)[:2], rtol=0.03, atol=0.02)


def test_centres_at_rest_are_the_harmonic_ones(paddlewheel):
    tracked = paddlewheel.space.tracked
    bands = band_centres(paddlewheel.space, tracked.vectors * paddlewheel.space.eigenvalues)
    wavenumbers = paddlewheel.table.labels.mode_wavenumbers_cm1
    for name in ("antisymmetric", "symmetric"):
        weights = getattr(tracked, name)
        chosen = wavenumbers[np.concatenate([np.array(m) for m in tracked.sets])]
        expected = float(chosen @ weights / weights.sum())
        assert getattr(bands, f"{name}_cm1") == pytest.approx(expected, abs=1e-6)
        assert getattr(bands, f"{name}_mode_cm1") == pytest.approx(expected, abs=1e-6)


def test_frames_follow_rotations_of_the_whole_and_of_units(librating):
    atoms = librating.atoms
    rotation = Rotation.from_rotvec([0.2, -0.5, 0.3]).as_matrix()
    formate = Atoms(
        "HCO2",
        positions=[[4, 4, 5.1], [4, 4, 4], [4, 5.1, 3.4], [4, 2.9, 3.4]],
        cell=[9, 9, 9],
        pbc=True,
    )
    middle = formate.positions.mean(axis=0)
    found = local_frames(formate).rotations((formate.positions - middle) @ rotation.T + middle)
    np.testing.assert_allclose(found, np.tile(rotation, (4, 1, 1)), atol=2e-3)
    turned = model.turned(atoms, 0.3, 0.0)
    rotations = librating.frames.rotations(turned.positions)
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0)
    angles = np.degrees(Rotation.from_matrix(rotations).magnitude())
    _, units = model.units_of(atoms)
    oxygen, still = units[0][1], units[1][1]
    assert angles[oxygen] == pytest.approx(np.degrees(0.3), rel=1e-3)
    assert angles[still] < 0.01
    pattern = np.random.default_rng(0).normal(size=(len(atoms), 3))
    assert np.linalg.norm(turned_pattern(rotations, pattern)) == pytest.approx(
        np.linalg.norm(pattern)
    )


@pytest.mark.parametrize("gap", [2.0, 6.0, 12.0, 60.0])
def test_close_lines_act_as_one_band_and_far_ones_do_not(gap):
    """An active stretch mixes with a silent one: centre, single mode, and peak between them."""
    coupling = 0.02 * gap
    matrix = np.array([[1600.0, coupling], [coupling, 1600.0 - gap]])
    scale = SQRT_EV_PER_U_A2_TO_CM1**2
    squared = matrix @ matrix / scale
    tracked = TrackedModes(
        sets=((0,),), vectors=np.eye(2)[:, :1], antisymmetric=np.ones(1), symmetric=np.ones(1),
        rest_vectors=np.eye(2)[:, 1:], rest_eigenvalues=squared[1:, 1], labels=("T1u",),
    )  # fmt: skip
    yes = np.ones(1, dtype=bool)
    space = BandSpace(
        tracked=tracked, eigenvalues=squared[:1, 0],
        antisymmetric_tracked=yes, symmetric_tracked=yes.copy(),
        antisymmetric_rest=yes.copy(), symmetric_rest=~yes,
    )  # fmt: skip
    bands = band_centres(space, squared[:, :1])
    # Second-order perturbation: the line moves by c²/Δ, its satellite takes c²/Δ² of the intensity.
    moved = coupling**2 / gap
    assert bands.antisymmetric_cm1 - 1600.0 == pytest.approx(0.0, abs=0.01 * moved)
    assert bands.antisymmetric_mode_cm1 - 1600.0 == pytest.approx(moved, rel=0.01)
    assert bands.symmetric_cm1 - 1600.0 == pytest.approx(moved, rel=0.01)
    width = LINE_FWHM_CM1 / np.sqrt(8.0 * np.log(2.0))
    between = moved * (1.0 - np.exp(-0.5 * (gap / width) ** 2))
    assert bands.antisymmetric_peak_cm1 - 1600.0 == pytest.approx(between, rel=0.02, abs=1e-5)


@pytest.mark.parametrize("coupling", [0.2, 1.0, 3.0])
def test_a_set_that_mixes_with_a_motion_that_is_no_stretch_keeps_its_weight(coupling):
    """Two active stretches 55 cm-1 apart, a ring mode 3 cm-1 from the lower one."""
    lower, ring, upper = 1325.0, 1328.0, 1380.0
    matrix = np.diag([lower, upper, ring])
    matrix[0, 2] = matrix[2, 0] = coupling
    squared = matrix @ matrix / SQRT_EV_PER_U_A2_TO_CM1**2
    tracked = TrackedModes(
        sets=((0,), (1,)), vectors=np.eye(3)[:, :2],
        antisymmetric=np.array([0.5, 0.5]), symmetric=np.zeros(2),
        rest_vectors=np.eye(3)[:, 2:], rest_eigenvalues=squared[2:, 2], labels=("T1u", "T1u"),
    )  # fmt: skip
    yes, no = np.ones(2, dtype=bool), np.zeros(1, dtype=bool)
    space = BandSpace(
        tracked=tracked, eigenvalues=np.diag(squared)[:2].copy(),
        antisymmetric_tracked=yes, symmetric_tracked=~yes,
        antisymmetric_rest=no, symmetric_rest=no.copy(),
    )  # fmt: skip
    bands = band_centres(space, squared[:, :2])
    # What the lower stretch has become lies between its two lines, so that the centre moves by
    # less than half their distance; with weights that it loses it would move by up to 14 cm-1.
    lines, vectors = np.linalg.eigh(matrix[np.ix_([0, 2], [0, 2])])
    shares = vectors[0] ** 4
    expected = 0.5 * (lines @ shares / shares.sum() + upper)
    assert bands.antisymmetric_cm1 == pytest.approx(expected, abs=0.02)
    assert abs(bands.antisymmetric_cm1 - 0.5 * (lower + upper)) < 0.5 * np.ptp(lines)


def test_positions_that_move_apart_are_warned_of():
    assert mixing_warning("antisymmetric", -0.020, -0.022, -0.018) == ""
    assert mixing_warning("symmetric", 2e-6, 4e-5, -3e-5) == ""  # all +0.0000 as printed
    for mode, peak in ((-0.030, -0.019), (-0.021, -0.008)):
        sentence = mixing_warning("antisymmetric", -0.020, mode, peak)
        assert "antisymmetric band mix" in sentence
        for slope in ("-0.0200", f"{mode:+.4f}", f"{peak:+.4f}"):
            assert slope in sentence
