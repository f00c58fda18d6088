"""Search for a loose state on crystals of springs with one well and with two."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from loose_models import ChainOfSprings, DoubleWellCrystal, formate_chain
from scipy.optimize import minimize
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.errors import InputError
from reticulum.frameworks.carboxylates import find_carboxylates
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal.loose_curve import CandidateVerdict, LooseCurve, StartReason
from reticulum.thermal.loose_options import LooseStateOptions
from reticulum.thermal.loose_patterns import (
    Pattern,
    bond_sets,
    carried,
    free_space,
    n_keeping,
)
from reticulum.thermal.loose_state import LooseStateResult
from reticulum.thermal.loose_state_search import loose_state_redshift
from reticulum.thermal.mechanism import Band, MechanismResult, Part
from reticulum.thermal.vibrational_thermochemistry import vibrational_thermochemistry
from reticulum.units import EV_TO_KJ_PER_MOL, GAS_CONSTANT_J_PER_MOL_K, SQRT_EV_PER_U_A2_TO_CM1

ONE_BOND = LooseStateOptions(patterns=(Pattern.ONE_BOND,))


class Notes:
    """Progress that keeps the messages."""

    def __init__(self):
        self.messages = []

    def start(self, kind, total, reused): ...
    def advance(self, kind, seconds, note=""): ...
    def finish(self, kind): ...

    def message(self, text):
        self.messages.append(text)


def searched(calculator, folder, options=ONE_BOND, structure=None, progress=None):
    with open_run(
        spring_crystal() if structure is None else structure,
        Engine.from_ase(calculator),
        folder,
        label="copper formate",
        progress=progress,
    ) as run:
        table = mode_table(gamma_phonons(run))
        return table, loose_state_redshift(run, table, options=options)


@pytest.fixture(scope="module")
def loose(tmp_path_factory):
    """Search on the chain with two wells: (folder, calculator, table, result, messages)."""
    calculator, notes = ChainOfSprings(), Notes()
    folder = tmp_path_factory.mktemp("loose") / "run"
    table, result = searched(calculator, folder, structure=formate_chain(), progress=notes)
    return folder, calculator, table, result, notes.messages


@pytest.fixture(scope="module")
def single(tmp_path_factory):
    """Search on the crystal with one well, all patterns: (table, result)."""
    folder = tmp_path_factory.mktemp("single") / "run"
    return searched(SpringCrystal(), folder, LooseStateOptions())


def model_hessian(calculator, atoms, step=1e-4):
    def forces(positions):
        return calculator.energy_and_forces(positions, atoms.cell[:])[1].ravel()

    columns = []
    for k in range(3 * len(atoms)):
        move = np.zeros(3 * len(atoms))
        move[k] = step
        move = move.reshape(-1, 3)
        columns.append(
            -(forces(atoms.positions + move) - forces(atoms.positions - move)) / (2 * step)
        )
    hessian = np.array(columns)
    return 0.5 * (hessian + hessian.T)


def model_minimum(calculator, atoms, positions):
    def energy(x):
        value, forces = calculator.energy_and_forces(x.reshape(-1, 3), atoms.cell[:])
        return value, -forces.ravel()

    found = minimize(energy, positions.ravel(), jac=True, method="L-BFGS-B",
                     options={"ftol": 1e-16, "gtol": 1e-7, "maxiter": 5000})  # fmt: skip
    return found.fun, found.x.reshape(-1, 3)


def model_wavenumbers(calculator, atoms, positions):
    moved = atoms.copy()
    moved.positions = positions
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    values = np.linalg.eigvalsh(model_hessian(calculator, moved) / np.outer(roots, roots))
    return np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1


def second_minimum(result):
    (curve,) = [curve for curve in result.curves if curve.loose]
    return curve, curve.loose[0]


def test_the_second_well_is_found_with_its_energy(loose):
    _, calculator, table, result, _ = loose
    assert result.has_loose_state
    assert len(result.curves) == 2  # two bonds that no symmetry connects; one has a second well
    curve, best = second_minimum(result)
    assert best.reason is StartReason.MINIMUM
    assert curve.distances_a[0] == pytest.approx(1.986, abs=2e-3)
    atoms = table.phonons.atoms
    tight, _ = model_minimum(calculator, atoms, np.array(atoms.positions))
    energy, place = model_minimum(calculator, atoms, np.array(best.positions_a))
    assert best.energy_kj_mol == pytest.approx((energy - tight) * EV_TO_KJ_PER_MOL, abs=1e-3)
    assert best.energy_kj_mol == pytest.approx(13.1, abs=0.1)
    entry = {e.label: e for e in bond_sets(atoms, table.phonons.symmetry, table.carboxylates)}
    length = entry[curve.label].lengths_a(place)[0]
    assert best.lengths_a[0] == pytest.approx(length, abs=2e-3)
    assert length == pytest.approx(2.351, abs=2e-3)


def test_entropy_and_enthalpy_are_those_of_the_models_frequencies(loose):
    _, calculator, table, result, _ = loose
    state = result.thermodynamics
    atoms = table.phonons.atoms
    _, best = second_minimum(result)
    t = np.array([200.0, 298.15, 450.0])
    functions = []
    for start in (atoms.positions, best.positions_a):
        _, place = model_minimum(calculator, atoms, np.array(start))
        wavenumbers = model_wavenumbers(calculator, atoms, place)
        assert np.all(np.abs(wavenumbers[:3]) < 1.0)
        assert wavenumbers[3] > 1.0
        functions.append(vibrational_thermochemistry(wavenumbers[3:], t))
    tight, loose_ = functions
    assert state.degeneracy == pytest.approx(1.0)
    np.testing.assert_allclose(
        state.entropy_j_mol_k(t),
        loose_.entropy_j_mol_k - tight.entropy_j_mol_k,
        atol=0.05,
    )
    np.testing.assert_allclose(
        state.enthalpy_kj_mol(t),
        best.energy_kj_mol + (loose_.energy_j_mol - tight.energy_j_mol) / 1000.0,
        atol=0.01,
    )
    np.testing.assert_allclose(
        state.heat_capacity_j_mol_k(t),
        loose_.heat_capacity_j_mol_k - tight.heat_capacity_j_mol_k,
        atol=0.02,
    )
    assert state.n_imaginary_loose == 0


def test_the_mechanism_carries_the_error_of_the_energy(loose):
    _, _, _, result, messages = loose
    mechanism = result.mechanism
    assert mechanism.name == "loose-state"
    assert mechanism.parts == {Part.POPULATIONS}
    assert mechanism.n_calls == result.n_calls
    error = mechanism.slope_error_cm1_per_k(Band.ANTISYMMETRIC)
    prediction = result.prediction(antisymmetric=True)
    assert error == pytest.approx(prediction.slope_error_cm1_per_k)
    assert error > 0.0
    again = MechanismResult.from_dict(mechanism.to_dict())
    np.testing.assert_allclose(again.antisymmetric_cm1, mechanism.antisymmetric_cm1)
    assert "second minimum" in result.verdict
    assert "force calculations" in messages[messages.index(
        next(m for m in messages if m.startswith("Search for a loose state"))
    )]  # fmt: skip


def test_a_search_that_was_killed_computes_nothing_twice(loose):
    folder, _, _, result, _ = loose
    again_calculator = ChainOfSprings()
    _, again = searched(again_calculator, folder, structure=formate_chain())
    assert again_calculator.calls == 0
    assert again.verdict == result.verdict
    np.testing.assert_array_equal(again.curves[0].energies_kj_mol, result.curves[0].energies_kj_mol)
    written = json.loads((folder / "loose-state.json").read_text(encoding="utf-8"))
    assert written["verdict"] == result.verdict
    assert again.thermodynamics.to_dict() == result.thermodynamics.to_dict()


def test_one_well_has_no_loose_state(single):
    _, result = single
    assert not result.has_loose_state
    assert result.thermodynamics is None
    assert result.mechanism is None
    assert "no loose state" in result.verdict
    labels = [curve.label for curve in result.curves]
    # The single cluster of the cell is all there is: it is not searched twice.
    assert labels == ["one bond, Cu-O", "one carboxylate, Cu-O", "one cluster, Cu-O"]
    assert [curve.n_sets for curve in result.curves] == [8, 4, 1]
    for curve in result.curves:
        assert np.all(np.diff(curve.energies_kj_mol) > 0.0)
        assert [c.verdict for c in curve.candidates] == [CandidateVerdict.RETURNED]
        assert not curve.jumped.any()
        # The slope from the force is the derivative of the energy.
        middle = 0.5 * (curve.distances_a[0] + curve.distances_a[1])
        assert curve.energy_at(middle) < curve.energies_kj_mol[1]
    for bound in result.bounds():
        assert bound.fall_needed_kj_mol > 0.0
        assert 0.0 < bound.elongation_at_published_dh_a < 0.15
        assert bound.product_of_ratios_needed == pytest.approx(
            np.exp(bound.entropy_needed_j_mol_k / GAS_CONSTANT_J_PER_MOL_K)
        )
    assert result.to_dict()["has_loose_state"] is False
    opened = replace(result, start_changed="The relaxation opened 1 Cu-O bonds in the cell.")
    assert any("loose one already" in sentence for sentence in opened.warnings)


def test_the_energies_are_constrained_minima(loose):
    """Of the model, by another optimiser with the bond held."""
    _, calculator, table, result, _ = loose
    atoms = table.phonons.atoms
    start = calculator.energy_and_forces(atoms.positions, atoms.cell[:])[0]
    sets = bond_sets(atoms, table.phonons.symmetry, table.carboxylates, [Pattern.ONE_BOND])

    def energy(x):
        value, forces = calculator.energy_and_forces(x.reshape(-1, 3), atoms.cell[:])
        return value, -forces.ravel()

    for entry, curve in zip(sets, result.curves, strict=True):
        coordinate = entry.coordinate()
        for k in (1, 2):  # before the barrier, where the tight structure is a good start
            found = minimize(
                energy,
                atoms.positions.ravel(),
                jac=True,
                method="SLSQP",
                constraints={
                    "type": "eq",
                    "fun": lambda x, t=curve.distances_a[k], c=coordinate: (
                        c(x.reshape(-1, 3))[0] - t
                    ),
                    "jac": lambda x, c=coordinate: c(x.reshape(-1, 3))[1].ravel(),
                },
                options={"ftol": 1e-13, "maxiter": 500},
            )
            expected = (found.fun - start) * EV_TO_KJ_PER_MOL
            assert curve.energies_kj_mol[k] == pytest.approx(expected, abs=0.03)


@pytest.mark.slow
def test_a_saddle_is_followed_down_to_a_loose_state_of_lower_symmetry(tmp_path):
    _, result = searched(DoubleWellCrystal(), tmp_path / "run")
    state = result.thermodynamics
    assert state.n_imaginary_loose == 0
    # Eight bonds on four carboxylates, and the atom leaves the plane to either side.
    assert state.degeneracy == pytest.approx(4.0)
    assert (state.modes.n_held_first, state.modes.n_held_second) == (0, 0)
    _, best = second_minimum(result)
    assert best.energy_kj_mol == pytest.approx(3.42, abs=0.02)


def test_a_turned_and_relabelled_crystal_gives_the_same_curves(single, tmp_path):
    _, reference = single
    turned = spring_crystal()
    turned.rotate(37.0, (1.0, 2.0, -0.5), rotate_cell=True)
    turned = turned[np.random.default_rng(3).permutation(len(turned))]
    turned.translate([1.1, -0.4, 2.0])
    _, result = searched(SpringCrystal(), tmp_path / "run", ONE_BOND, turned)
    np.testing.assert_allclose(
        result.curves[0].energies_kj_mol, reference.curves[0].energies_kj_mol, atol=0.05
    )


def test_sets_of_bonds_in_any_orientation(spring_run):
    _, phonons = spring_run
    turned = phonons.atoms.copy()
    turned.rotate(20.0, (1.0, 1.0, 0.3), rotate_cell=True)
    order = np.random.default_rng(1).permutation(len(turned))
    turned = turned[order]
    symmetry = symmetry_of(turned)
    sets = bond_sets(turned, symmetry, find_carboxylates(turned))
    assert [(entry.n_sets, entry.n_units, len(entry.operations)) for entry in sets] == [
        (8, 4, 2),
        (4, 4, 4),
        (1, 1, 16),
    ]
    entry = sets[0]
    _, gradient = entry.coordinate()(turned.positions)
    for number in entry.operations:
        np.testing.assert_allclose(carried(gradient, symmetry, number), gradient, atol=1e-6)
    assert n_keeping(symmetry, 0.1 * gradient, 0.02) == len(entry.operations)
    assert n_keeping(symmetry, np.ones_like(gradient), 0.02) == symmetry.order


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Sets, carboxylates or clusters that they are counted for, operations kept, carboxylates.
        ("HKUST-1", [(48, 24, 1, 1), (24, 24, 2, 1), (6, 6, 8, 4), (1, 1, 48, 24)]),
        ("MOF-5", [(24, 12, 2, 1), (12, 12, 4, 1), (2, 2, 24, 6), (1, 1, 48, 12)]),
        ("UiO-66", [(24, 12, 1, 1), (12, 12, 2, 1), (1, 1, 24, 12)]),
    ],
)
def test_sets_of_bonds_of_frameworks(name, expected):
    cell = symmetrised_primitive(read_structure(name))
    sets = bond_sets(cell.atoms, cell.symmetry, find_carboxylates(cell.atoms))
    found = [(e.n_sets, e.n_units, len(e.operations), e.n_carboxylates) for e in sets]
    assert found == expected


def test_imaginary_modes_of_the_start_are_held(spring_run):
    _, phonons = spring_run
    mode = 10
    wavenumbers = np.array(phonons.wavenumbers_cm1)
    wavenumbers[mode] = -40.0
    saddle = replace(phonons, wavenumbers_cm1=wavenumbers)
    every = tuple(range(1))  # the identity alone
    assert phonons.symmetry.permutations[0].tolist() == list(range(18))
    free = free_space(phonons, every)
    assert free.n_held == 0
    assert free.displacements.shape == (54, 51)  # all but translations
    held = free_space(saddle, every)
    assert held.n_held == 1
    assert held.displacements.shape == (54, 50)
    assert free_space(saddle, every, hold_imaginary=False).displacements.shape == (54, 51)
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    overlap = phonons.eigenvectors[:, mode] @ (roots[:, None] * held.displacements)
    np.testing.assert_allclose(overlap, 0.0, atol=1e-9)
    np.testing.assert_allclose(held.displacements.T @ held.displacements, np.eye(50), atol=1e-9)


def curve_of(energies, slopes, jumped=None, **kwargs):
    n = len(energies)
    distances = 2.0 + 0.1 * np.arange(n)
    return LooseCurve(
        label="one bond",
        pattern="one bond",
        n_carboxylates=1,
        n_sets=1,
        distances_a=distances,
        energies_kj_mol=np.array(energies, dtype=float),
        slopes_kj_mol_a=np.array(slopes, dtype=float),
        lengths_a=distances[:, None],
        jumped=np.zeros(n, dtype=bool) if jumped is None else np.array(jumped),
        n_held=0,
        symmetry_order=1,
        n_calls=n,
        **kwargs,
    )


def test_where_a_relaxation_is_released():
    rising = curve_of([0, 3, 10, 20], [0, 50, 80, 70])
    assert rising.starts(test=True) == ((3, StartReason.FLATTEST),)
    assert rising.starts(test=False) == ()
    well = curve_of([0, 9, 12, 8, 20], [0, 60, -10, 20, 90])
    assert well.starts(test=True) == ((3, StartReason.MINIMUM),)
    falling = curve_of([0, 9, 12, 8], [0, 60, -10, -60])
    assert falling.starts(test=True) == ((3, StartReason.FALLING_END),)
    jump = curve_of([0, 9, 12, 2], [0, 60, 60, 40], jumped=[False, False, False, True])
    assert jump.starts(test=True) == ((3, StartReason.JUMP),)
    assert jump.pieces() == ((0, 2), (3, 3))
    assert np.isnan(jump.energy_at(2.25))
    assert jump.energy_at(2.3) == 2.0


def test_a_search_that_did_not_get_to_its_end_is_not_called_done():
    def verdict(curve):
        return LooseStateResult(
            label="x", calculator="y", curves=(curve,), energy_error_kj_mol=3.0,
            thermodynamics=None, start_is_minimum=True,
        ).verdict  # fmt: skip

    rising = curve_of([0, 3, 10, 20], [0, 50, 80, 70])
    assert "has no loose state" in verdict(rising)
    assert "not complete" in verdict(replace(rising, complete=False))
    assert "not complete" in verdict(curve_of([0], [0]))
    assert "not complete" in verdict(curve_of([0, 9, 12, 8], [0, 60, -10, -60]))


def test_the_curve_is_interpolated_with_its_slopes():
    x = 0.1 * np.arange(5)
    parabola = curve_of(60 * x**2, 120 * x)
    assert parabola.energy_at(2.17) == pytest.approx(60 * 0.17**2)
    assert parabola.elongation_at(5.9) == pytest.approx(np.sqrt(5.9 / 60))
    assert np.isnan(parabola.elongation_at(1e3))
    assert np.isnan(parabola.energy_at(3.0))


@pytest.mark.parametrize(
    "bad",
    [
        {"step_a": 0.0},
        {"step_a": np.nan},
        {"farthest_a": 0.05, "step_a": 0.05},
        {"farthest_a": 0.2, "step_a": 0.3},
        {"energy_error_kj_mol": -1.0},
        {"energy_limit_kj_mol": np.inf},
    ],
)
def test_searches_that_cannot_find_anything_are_refused(bad):
    with pytest.raises(InputError):
        LooseStateOptions(**bad)


def test_crystals_without_metal_oxygen_bonds_are_refused(spring_run):
    _, phonons = spring_run
    with pytest.raises(InputError, match="binds a metal"):
        bond_sets(phonons.atoms, phonons.symmetry, ())
    with pytest.raises(InputError, match="pattern"):
        bond_sets(phonons.atoms, phonons.symmetry, find_carboxylates(phonons.atoms), ())
