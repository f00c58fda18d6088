"""The model crystal of librating carboxylates is what its description says."""

from __future__ import annotations

import numpy as np
import pytest
from models import librating_unit as model

from reticulum.thermal.carboxylate_bands import track_carboxylate_modes
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.units import EV_TO_CM1


def slope(values):
    return np.polyfit(slope_temperatures_k(), values, 1)[0]


def test_forces_are_minus_the_gradient_and_add_up_to_nothing():
    atoms = model.librating_crystal()
    units = model.units_of(atoms)
    random = np.random.default_rng(0)
    positions = atoms.positions + random.normal(size=(9, 3)) * 0.1
    direction = random.normal(size=(9, 3))
    step = 1e-5
    up, down = (
        model.energy_and_forces(positions + s * step * direction, atoms.cell[:], units)[0]
        for s in (1, -1)
    )
    forces = model.energy_and_forces(positions, atoms.cell[:], units)[1]
    assert (down - up) / (2 * step) == pytest.approx((forces * direction).sum(), rel=1e-6)
    np.testing.assert_allclose(forces.sum(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("angles", [(0.3, 0.3), (0.3, -0.2), (-0.5, 0.1)])
def test_a_rigid_turn_costs_the_soft_energy_only(angles):
    atoms = model.turned(model.librating_crystal(), *angles)
    energy, _ = model.energy_and_forces(atoms.positions, atoms.cell[:], model.units_of(atoms))
    assert energy * EV_TO_CM1 == pytest.approx(model.soft_energy_cm1(*angles), abs=1e-8)


def test_the_librations_are_rigid_rotors():
    """ω² = 4 B V'' / 2 for each normal mode of the two angles."""
    wavenumbers = model.modes_at(0.0, 0.0)[0]
    in_step, against = (
        2 * np.sqrt(model.ROTATIONAL_CM1 * EV_TO_CM1 * (model.SOFT.barrier + extra))
        for extra in (0.0, 2 * model.SOFT.coupling)
    )
    np.testing.assert_allclose(wavenumbers[3:5], [in_step, against], rtol=1e-5)
    assert wavenumbers[5] > 220.0


def test_a_straight_libration_lengthens_stiff_bonds_and_a_turn_does_not():
    """The C-O bonds of oxygen atoms moved sideways by r tan θ are longer by about y²/(2 C-O)."""
    atoms = model.librating_crystal()
    straight = atoms.copy()
    _, units = model.units_of(atoms)
    for _, upper, lower, _ in units:
        straight.positions[upper, 1] += model.HALF_O_O * np.tan(0.25)
        straight.positions[lower, 1] -= model.HALF_O_O * np.tan(0.25)
    energies = [
        model.energy_and_forces(a.positions, a.cell[:], units_)[0] * EV_TO_CM1
        for a, units_ in ((straight, (0, units)), (model.turned(atoms, 0.25, 0.25), (0, units)))
    ]
    assert energies[0] > 2 * energies[1]


def test_the_quantum_answer_is_red_and_converged(monkeypatch):
    temperatures = slope_temperatures_k()
    dressed = model.quantum_answer(temperatures)
    bare = model.quantum_answer(temperatures, dressed=False)
    assert slope(dressed[0]) == pytest.approx(-0.01281, abs=5e-5)
    assert slope(dressed[1]) == pytest.approx(-0.00873, abs=5e-5)
    assert slope(bare[0]) == pytest.approx(slope(dressed[0]), rel=0.05)
    monkeypatch.setattr(model, "_GRID_POINTS", 61)
    monkeypatch.setattr(model, "_ROTOR_STATES", 29)
    better = model.quantum_answer(temperatures)
    np.testing.assert_allclose(better, dressed, atol=0.02)


def test_the_table_of_bands_is_that_of_the_complete_hessian():
    for angles in ((0.0, 0.0), (0.2, 0.1), (-0.3, 0.25)):
        np.testing.assert_allclose(model.tabulated(*angles)[:2], model.bands(*angles), atol=0.05)


def test_adiabatic_transitions_are_those_of_the_exact_quantum_problem():
    exact, adiabatic, mean = model.exact_transition_shift(slope_temperatures_k()).T
    np.testing.assert_allclose(adiabatic, exact, atol=1e-3)
    assert slope(mean) == pytest.approx(slope(exact), rel=0.02)


def test_phonons_and_carboxylates_are_found(tmp_path):
    with model.run_phonons(tmp_path / "run") as (_, phonons, table):
        assert phonons.symmetry.symbol == "Pmmm"
        assert len(table.carboxylates) == 2
        tracked = track_carboxylate_modes(table)
        assert tracked.labels == ("B3u", "B1u")
        expected = model.modes_at(0.0, 0.0)[0]
        np.testing.assert_allclose(phonons.wavenumbers_cm1[3:], expected[3:], atol=0.5)
        at_rest = phonons.wavenumbers_cm1[[24, 22]]
        np.testing.assert_allclose(at_rest, model.bands(0.0, 0.0), atol=0.5)
