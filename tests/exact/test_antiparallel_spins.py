"""Opposite spins in metal dimers: a broken-symmetry state, on the copper formate paddlewheel."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import InputError as AseInputError
from exact.carboxylate_molecules import paddlewheel

from reticulum.engines.broken_symmetry import metal_pairs
from reticulum.engines.build import evaluate, resolve_engine
from reticulum.errors import InputError

BOX_A = 9.6
NAME = "gfn1-xtb-antiferromagnetic"


@pytest.fixture(scope="module")
def formate():
    atoms = paddlewheel(BOX_A, centre=(1.0, 2.0, 3.0))
    atoms.rattle(0.02, seed=3)
    return atoms


@pytest.fixture(scope="module")
def calculator(formate):
    found = resolve_engine(NAME).make(formate)
    found.calculate(formate)
    return found


def test_moments_are_opposite_and_sum_to_zero(formate, calculator):
    moments = calculator.results["magmoms"]
    copper = moments[formate.numbers == 29]
    assert copper[0] > 0.5
    assert copper[1] < -0.5
    assert abs(moments.sum()) < 1e-3


def test_the_state_lies_below_both_others(formate, calculator):
    energies = {
        name: evaluate(resolve_engine(name).make(formate), formate).energy_ev
        for name in ("gfn1-xtb", "gfn1-xtb-closed-shell")
    }
    assert calculator.results["energy"] < energies["gfn1-xtb"] - 0.01
    assert energies["gfn1-xtb"] < energies["gfn1-xtb-closed-shell"]


def test_forces_are_slopes_of_the_energy_and_the_state_survives_moves(formate, calculator):
    before = formate.get_positions()
    direction = np.random.default_rng(5).normal(size=before.shape)
    direction /= np.linalg.norm(direction)
    expected = float((calculator.get_property("forces", formate) * direction).sum())
    step_a = 2e-3
    energies = []
    for sign in (1.0, -1.0):
        moved = formate.copy()
        moved.positions += sign * step_a * direction
        energies.append(calculator.get_property("energy", moved))
    assert -(energies[0] - energies[1]) / (2.0 * step_a) == pytest.approx(expected, abs=2e-4)


def test_which_metal_is_up_does_not_matter(formate, calculator):
    order = np.arange(len(formate))[::-1]
    turned = formate[order]
    result = evaluate(resolve_engine(NAME).make(turned), turned)
    assert result.energy_ev == pytest.approx(calculator.get_property("energy", formate), abs=1e-5)
    forces = calculator.get_property("forces", formate)
    assert np.abs(result.forces_ev_per_a - forces[order]).max() < 1e-4


def test_a_structure_without_the_metal_is_computed_as_before():
    water = Atoms("OH2", [(0, 0, 0.12), (0, 0.76, -0.47), (0, -0.76, -0.47)])
    water.set_cell([8.0, 8.0, 8.0])
    water.pbc = True
    engine, plain = resolve_engine(NAME), resolve_engine("gfn1-xtb")
    assert "Closed shell" in engine.spin_state(water).sentence
    found, expected = (evaluate(e.make(water), water) for e in (engine, plain))
    assert found.energy_ev == pytest.approx(expected.energy_ev, abs=1e-8)


def test_only_the_other_metals_count_in_the_multiplicity():
    engine = resolve_engine(NAME)
    state = engine.spin_state(Atoms("Ru4Cu8Cl2H2"))
    assert (state.n_unpaired, state.multiplicity) == (6, 7)
    assert state.antiparallel == (("Cu", 1.0),)
    assert "Antiferromagnetic (broken symmetry): 8 Cu" in state.sentence
    assert "High spin: 4 Ru" in state.sentence
    with pytest.raises(InputError, match="pairs them"):
        engine.spin_state(Atoms("Cu3H"))


def test_the_state_has_a_fingerprint_of_its_own(formate):
    names = (NAME, "gfn1-xtb", "gfn1-xtb-closed-shell")
    assert len({resolve_engine(name).fingerprint(formate).digest for name in names}) == 3


def test_metal_without_a_partner_is_refused(formate):
    assert metal_pairs(formate, {"Cu": 1.0}).tolist() == [
        np.flatnonzero(formate.numbers == 29).tolist()
    ]
    alone = formate[
        [a for a in range(len(formate)) if a != np.flatnonzero(formate.numbers == 29)[0]]
    ]
    with pytest.raises(AseInputError, match="not in dimers"):
        metal_pairs(alone, {"Cu": 1.0})
