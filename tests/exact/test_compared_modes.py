"""Two calculations of the modes of one crystal: partners, shifts, bonds and energies."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from ase import Atoms
from scipy.spatial.transform import Rotation

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.compared_modes import compare_modes
from reticulum.phonons.environments import environment_table
from reticulum.phonons.force_constants import gamma_modes
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.modes import STRETCH_LIMIT_CM1, mode_table
from reticulum.thermal.band_tracking import band_positions
from reticulum.thermal.carboxylate_bands import track_carboxylate_modes
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

SCALE = 0.98


def settings(name, multiplicity, **more):
    return {
        "name": name,
        "state": f"{name} state: words",
        "fingerprint": {
            "distribution": "springs",
            "version": "1",
            "weights_sha256": "",
            "settings": {"charge": 0, "multiplicity": multiplicity, **more},
        },
    }


def phonons_like(phonons, atoms, hessian, **changes):
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
    return dataclasses.replace(
        phonons,
        atoms=atoms,
        symmetry=symmetry_of(atoms, phonons.tolerance_a),
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=eigenvectors,
        **changes,
    )


@pytest.fixture(scope="module")
def phonons(spring_run):
    return dataclasses.replace(spring_run[1], calculator=settings("high", 3))


@pytest.fixture(scope="module")
def table(phonons):
    return mode_table(phonons)


@pytest.fixture(scope="module")
def softer(phonons):
    """Springs weaker by the square of `SCALE`, the crystal turned, moved and in another order."""
    turn = Rotation.from_rotvec([0.3, -0.7, 1.1]).as_matrix()
    order = np.random.default_rng(2).permutation(len(phonons.atoms))
    atoms = phonons.atoms.copy()
    atoms.set_cell(np.array(atoms.cell[:]) @ turn.T)
    atoms.positions = phonons.atoms.positions @ turn.T + [0.5, 0.2, -0.4]
    atoms = atoms[order]
    n_atoms = len(atoms)
    blocks = phonons.hessian_ev_a2.reshape(n_atoms, 3, n_atoms, 3)[order][:, :, order]
    hessian = SCALE**2 * np.einsum("xu,aubv,yv->axby", turn, blocks, turn)
    relaxation = dict(phonons.relaxation)
    relaxation["energy_ev"] += 0.3
    return phonons_like(
        phonons,
        atoms,
        np.ascontiguousarray(hessian.reshape(3 * n_atoms, -1)),
        relaxation=relaxation,
        calculator=settings("low", 1),
    )


def test_a_crystal_beside_itself_shows_no_difference(table):
    found = compare_modes(table, table)
    assert found.largest_distance_a < 1e-6
    assert found.n_unpaired_sets == (0, 0)
    assert [pair.first for pair in found.pairs] == [pair.second for pair in found.pairs]
    for pair in found.pairs:
        assert pair.overlap == pytest.approx(1.0, abs=1e-9)
        assert pair.shift_cm1 == 0.0
    assert all(motion.shift_cm1 == 0.0 for motion in found.motions if motion.first is not None)
    assert found.energy_per_pair_ev == 0.0


def test_partners_are_found_whatever_orientation_origin_and_order(table, softer):
    found = compare_modes(table, mode_table(softer))
    assert found.n_unpaired_sets == (0, 0)
    assert len(found.pairs) == int((~table.labels.acoustic).sum())
    for pair in found.pairs:
        assert pair.overlap == pytest.approx(1.0, abs=1e-6)
        first, second = pair.wavenumbers_cm1
        assert second == pytest.approx(SCALE * first, abs=1e-3)
        assert not pair.mixed


def test_motions_shift_as_the_springs(table, softer):
    found = compare_modes(table, mode_table(softer))
    by_name = {motion.name: motion for motion in found.motions}
    for name in ("antisymmetric COO stretch", "symmetric COO stretch"):
        motion = by_name[name]
        assert motion.shift_cm1 == pytest.approx((SCALE - 1.0) * motion.first.centre_cm1, rel=1e-4)
        assert motion.second.range_cm1 == pytest.approx(
            tuple(SCALE * value for value in motion.first.range_cm1), rel=1e-4
        )
    assert by_name["M-O stretch"].shift_cm1 < 0.0
    backwards = compare_modes(mode_table(softer), table)
    for there, back in zip(found.motions, backwards.motions, strict=True):
        assert there.shift_cm1 == pytest.approx(-back.shift_cm1, abs=1e-4)


def test_a_band_has_one_centre_here_in_the_table_of_modes_and_in_the_red_shift(table):
    """Traces of the stretch in modes that another motion leads (C-H at 3338 cm⁻¹) do not count."""
    tracked = track_carboxylate_modes(table)
    wavenumbers = [table.labels.mode_wavenumbers_cm1[list(members)] for members in tracked.sets]
    eigenvalues = (np.concatenate(wavenumbers) / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    red_shift = band_positions(tracked, tracked.vectors * eigenvalues)
    (bands,) = environment_table(table).bands
    motions = {motion.name: motion.first for motion in compare_modes(table, table).motions}
    active = table.labels.infrared_active & (table.labels.wavenumbers_cm1 > STRETCH_LIMIT_CM1)
    for name, group, followed, band in (
        ("antisymmetric", CoordinateGroup.ANTISYMMETRIC_CO, red_shift.antisymmetric_cm1, bands[1]),
        ("symmetric", CoordinateGroup.SYMMETRIC_CO, red_shift.symmetric_cm1, bands[0]),
    ):
        centre = motions[f"{name} COO stretch"].centre_cm1
        assert centre == table.band_centre_cm1(group)[0]
        assert centre == pytest.approx(followed, abs=1e-6)
        assert centre == pytest.approx(band.centre_cm1, abs=1e-9)
        assert band.motion.startswith(name)
        low, high = table.band_cm1(group)
        assert low - 1e-9 <= centre <= high + 1e-9
    weights = table.symmetric * table.labels.dimensions * active
    of_all = float(weights @ table.labels.wavenumbers_cm1 / weights.sum())
    assert of_all - motions["symmetric COO stretch"].centre_cm1 > 5.0


def test_motions_of_metals_have_the_mean_of_all_their_modes(table):
    """Not a band: silent modes count too, and every mode once for each partner."""
    low = ~table.labels.acoustic & (table.labels.wavenumbers_cm1 > 0.0)
    low &= table.labels.wavenumbers_cm1 < STRETCH_LIMIT_CM1
    share = table.characters.fraction(CoordinateGroup.METAL_OXYGEN)[low]
    weights = share * table.labels.dimensions[low]
    mean = np.average(table.labels.wavenumbers_cm1[low], weights=weights)
    (found,) = [m for m in compare_modes(table, table).motions if m.name == "M-O stretch"]
    assert not found.is_band
    assert found.first.centre_cm1 == pytest.approx(float(mean))
    assert found.first.range_cm1 is None


def test_energy_is_for_one_metal_pair_and_only_within_a_method(table, softer):
    found = compare_modes(table, mode_table(softer))
    assert found.n_metal_pairs == 1
    assert found.same_method
    assert found.energy_per_pair_ev == pytest.approx(0.3)
    other = dataclasses.replace(softer, calculator=settings("low", 1, charge=1))
    different = compare_modes(table, mode_table(other))
    assert not different.same_method
    assert different.energy_per_pair_ev is None
    foreign = dataclasses.replace(softer, calculator={"name": "VASP"}, relaxation=None)
    assert compare_modes(table, mode_table(foreign)).energy_per_pair_ev is None


def test_modes_that_trade_places_are_told_by_their_motion(phonons, table):
    """Two sets of one representation exchange their wavenumbers: partners stay with the motion."""
    labels = table.labels
    label = next(
        name for name in labels.labels
        if sum(name == other and not labels.acoustic[n] and labels.dimensions[n] == 1
               for n, other in enumerate(labels.labels)) > 1
    )  # fmt: skip
    one, two = [
        n for n in range(labels.n_sets) if labels.labels[n] == label and not labels.acoustic[n]
    ][-2:]
    values = np.array(labels.mode_wavenumbers_cm1) ** 2 * np.sign(labels.mode_wavenumbers_cm1)
    first, second = int(labels.sets[one][0]), int(labels.sets[two][0])
    values[[first, second]] = values[[second, first]]
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    dynamical = (labels.eigenvectors * values) @ labels.eigenvectors.T
    hessian = dynamical / SQRT_EV_PER_U_A2_TO_CM1**2 * np.outer(roots, roots)
    swapped = mode_table(phonons_like(phonons, phonons.atoms, hessian))
    pairs = {pair.first: pair for pair in compare_modes(table, swapped).pairs}
    for here, there in ((one, two), (two, one)):
        assert pairs[here].overlap == pytest.approx(1.0, abs=1e-6)
        assert pairs[here].wavenumbers_cm1[1] == pytest.approx(
            labels.wavenumbers_cm1[there], abs=1e-3
        )


def test_bonds_carry_their_elements(table, softer):
    names = {bond.name: bond for bond in compare_modes(table, mode_table(softer)).bonds}
    assert set(names) == {"Cu-Cu", "Cu-O", "C-O (carboxylate)"}
    assert names["Cu-O"].n_bonds == (8, 8)
    for bond in names.values():
        assert bond.first_a == pytest.approx(bond.second_a, abs=1e-6)
        assert bond.first_a[1] <= bond.first_a[0] <= bond.first_a[2]


def test_another_crystal_is_refused(phonons, table):
    atoms = Atoms("NaCl", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[3.0] * 3, pbc=True)
    hessian = np.kron(np.array([[1.0, -1.0], [-1.0, 1.0]]), np.eye(3))
    salt = phonons_like(phonons, atoms, hessian, born=None)
    with pytest.raises(InputError, match="is not the crystal"):
        compare_modes(table, mode_table(salt))


def test_json_holds_every_set(table, softer):
    found = compare_modes(table, mode_table(softer)).to_dict()
    assert len(found["sets"]) == len(compare_modes(table, table).pairs)
    assert found["energy_per_metal_pair_ev"] == pytest.approx(0.3)
    assert found["motions"][0]["first"]["infrared_range_cm1"] is not None


def test_a_crystal_of_lower_symmetry_is_compared_by_motion_alone(phonons, table):
    """A copper atom 0.01 Å off its place: sets split, and each part still finds its motion."""
    atoms = phonons.atoms.copy()
    atoms.positions[0] += [0.006, 0.003, 0.008]
    lower = mode_table(phonons_like(phonons, atoms, np.array(phonons.hessian_ev_a2)))
    assert lower.phonons.symmetry.order < phonons.symmetry.order
    found = compare_modes(table, lower)
    assert found.n_unpaired_sets[0] == 0
    assert found.n_unpaired_sets[1] > 0
    assert all(abs(pair.shift_cm1) < 0.01 for pair in found.pairs)
    assert min(pair.overlap for pair in found.pairs) > 0.99
