"""From a card to a calculator: spin, weights, extras, elements, and one checked evaluation."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.constraints import FixAtoms

from reticulum.engines.build import Engine, SinglePoint, evaluate, resolve_engine
from reticulum.engines.cards import list_calculators, load_calculator_card
from reticulum.engines.check_crystals import default_test_structure
from reticulum.errors import CalculationError, InputError, MissingExtraError

#: A module of the tests that stands for the package of a machine-learned potential.
MODEL_MODULE = """
from ase.calculators.lj import LennardJones

class Model:
    def __init__(self, path, scale):
        self.path, self.scale = path, scale

def load(path, scale=1.0):
    return Model(path, scale)

def load_with_adapter(path):
    return Model(path, 1.0), "adapter"

class Potential(LennardJones):
    def __init__(self, model=None, adapter=None, weights=None, **kwargs):
        print("this model says hello")
        super().__init__(**kwargs)
        self.model, self.adapter, self.weights = model, adapter, weights
"""
MODEL_CARD = """
name = "trained"
title = "A trained model"
factory = "trained_model:Potential"
distribution = "trained-model"
extra = ""
elements = "H-Og"
gives = ["energy", "forces", "stress"]

[weights]
needed = true
what = "a file of trained parameters (.model)"
"""


def water(n=1):
    atoms = molecule("H2O")
    atoms.set_cell([8.0, 8.0, 8.0])
    atoms.pbc = True
    return atoms.repeat((1, 1, n))


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """Path of a card whose weights block is given by the test."""
    (tmp_path / "trained_model.py").write_text(MODEL_MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    def card(weights_lines):
        path = tmp_path / "trained.toml"
        path.write_text(MODEL_CARD + weights_lines, encoding="utf-8")
        return path

    return card


# --- spin ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "unpaired", "words"),
    [
        ("Cu24C144H48O96", 24, ("24 Cu", "multiplicity 25", "antiferromagnetic")),
        ("Cu2C4H4O8", 2, ("high-spin state is the stand-in",)),
        ("Mn2Ti2O2", 10, ("S = 5/2", "multiplicity 11")),
        ("Ru4Cl2C8H8O16", 6, ("4 Ru with 1.5 unpaired", "Ru2(II,III)")),
        ("Zn4O13C24H12", 0, ("Closed shell",)),
    ],
)
def test_spin_follows_from_the_composition(formula, unpaired, words):
    state = resolve_engine("gfn1-xtb").spin_state(Atoms(formula))
    assert state.n_unpaired == unpaired
    assert state.multiplicity == unpaired + 1
    for word in words:
        assert word in state.sentence
    assert state.warning == ""


def test_high_spin_reaches_the_calculator():
    calculator = resolve_engine("gfn1-xtb").make(Atoms("Cu2C4H4O8"))
    assert calculator.parameters.multiplicity == 3
    assert calculator.parameters.spin_polarization == 1.0
    assert calculator.parameters.accuracy == 0.01
    closed = resolve_engine("gfn1-xtb-closed-shell").make(Atoms("Cu2C4H4O8"))
    assert closed.parameters.multiplicity == 1
    assert closed.parameters.spin_polarization is None


def test_open_shell_metal_without_a_rule_is_doubted():
    state = resolve_engine("gfn1-xtb").spin_state(Atoms("Fe2O2"))
    assert state.n_unpaired == 0
    assert "Fe is often open-shell" in state.warning


@pytest.mark.parametrize(
    ("name", "formula", "words"),
    [
        ("gfn1-xtb-closed-shell", "CuC2H2O4", ("odd", "closed shell", "hydrogen")),
        ("gfn1-xtb", "C2H3", ("odd number", "15 electrons")),
        ("gfn1-xtb", "Ru2C4H4O8", ("even number", "3 unpaired electrons")),
        ("gfn1-xtb", "RuC2H2O4", ("1.5 unpaired electrons", "odd number")),
    ],
)
def test_impossible_spin_is_refused(name, formula, words):
    engine = resolve_engine(name)
    with pytest.raises(InputError) as caught:
        engine.check_supports(Atoms(formula))
    for word in words:
        assert word in str(caught.value)


def test_calculators_without_spin_say_so():
    state = resolve_engine("emt").spin_state(bulk("Cu"))
    assert state.n_unpaired is None
    assert state.multiplicity is None
    assert "no spin" in state.sentence


# --- extras, weights, elements -------------------------------------------------------------------


@pytest.mark.parametrize(
    "card", [card for card in list_calculators() if card.extra], ids=lambda card: card.name
)
def test_missing_extra_names_its_pip_command(card, monkeypatch):
    import importlib.util
    import sys

    module = card.factories[0].partition(".")[0]
    monkeypatch.delitem(sys.modules, module, raising=False)
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == module else find_spec(name)
    )
    with pytest.raises(MissingExtraError) as caught:
        resolve_engine(card.name).make(water())
    assert f"python -m pip install 'reticulum[{card.extra}]'" in str(caught.value)
    if card.needs_weights:
        assert "--weights PATH" in str(caught.value)
        assert card.weights.what in str(caught.value)


def test_missing_weights_are_named_before_anything_is_imported(trained):
    engine = resolve_engine(trained('argument = "weights"'))
    with pytest.raises(InputError) as caught:
        engine.check_available()
    assert "a file of trained parameters (.model)" in str(caught.value)
    assert "--weights PATH" in str(caught.value)
    with pytest.raises(InputError, match=r"no\.model of the calculator trained does not exist"):
        resolve_engine(trained('argument = "weights"'), weights="no.model").check_available()


def test_weights_reach_the_factory(trained, tmp_path, capsys):
    weights = tmp_path / "best.model"
    weights.write_bytes(b"parameters")
    card = trained('argument = "weights"')
    calculator = resolve_engine(card, weights=weights).make(water())
    assert calculator.weights == str(weights)
    named = resolve_engine(trained('argument = "weights"\npath = "best.model"'))
    assert named.make(water()).weights == str(weights)
    assert capsys.readouterr().out == ""


def test_weights_go_through_a_loader(trained, tmp_path):
    weights = tmp_path / "best.model"
    weights.write_bytes(b"parameters")
    lines = 'argument = "path"\nloader = "trained_model:load"\nloader_kwargs = { scale = 2.0 }'
    calculator = resolve_engine(trained(lines), weights=str(weights)).make(water())
    assert (calculator.model.path, calculator.model.scale) == (str(weights), 2.0)
    lines = 'argument = "path"\nloader = "trained_model:load_with_adapter"'
    calculator = resolve_engine(trained(lines), weights=str(weights)).make(water())
    assert calculator.model.path == str(weights)
    assert calculator.adapter == "adapter"


def test_weights_that_nobody_takes_are_refused(tmp_path):
    with pytest.raises(InputError, match="takes no weight file"):
        resolve_engine("gfn1-xtb", weights=tmp_path / "x").check_available()
    with pytest.raises(InputError, match="finished object"):
        resolve_engine(EMT(), weights=tmp_path / "x")


def test_wrong_keyword_of_a_card_is_reported(tmp_path):
    path = tmp_path / "wrong.toml"
    path.write_text(
        'name = "wrong"\ntitle = "Wrong"\nfactory = "ase.calculators.harmonic:HarmonicCalculator"\n'
        'distribution = "ase"\nelements = "H-Og"\ngives = ["energy", "forces"]\n'
        "[kwargs]\nnonsense = 1\n",
        encoding="utf-8",
    )
    with pytest.raises(InputError, match="cannot be made") as caught:
        resolve_engine(path).make(water())
    assert "nonsense" in str(caught.value)
    assert str(path) in str(caught.value)


def test_unsupported_elements_are_named():
    with pytest.raises(InputError, match="does not know: Zn"):
        resolve_engine("emt").make(bulk("Zn"))


# --- engines -------------------------------------------------------------------------------------


def test_engine_from_a_card_goes_to_other_processes():
    engine = resolve_engine("emt")
    copy = pickle.loads(pickle.dumps(engine))
    assert copy == engine
    assert copy.fingerprint(bulk("Cu")).digest == engine.fingerprint(bulk("Cu")).digest
    assert not engine.must_stay_in_process
    assert not engine.runs_in_one_process
    assert resolve_engine("gfn1-xtb").uses_lapack
    assert resolve_engine("7net-0").runs_in_one_process


def test_object_of_the_users_is_used_as_it_is():
    calculator = LennardJones(sigma=2.0)
    engine = resolve_engine(calculator)
    assert engine.make(bulk("Ar")) is calculator
    assert engine.must_stay_in_process
    assert engine.runs_in_one_process
    assert set(engine.card.gives) == {"energy", "forces", "stress"}
    assert resolve_engine(engine) is engine


def test_class_or_nonsense_is_no_calculator():
    for wrong in (EMT, 3, object()):
        with pytest.raises(InputError, match="not an ASE calculator object"):
            resolve_engine(wrong)


# --- one evaluation ------------------------------------------------------------------------------


def test_evaluation_agrees_with_ase_and_changes_nothing():
    atoms = bulk("Cu", cubic=True)
    atoms.positions += 0.05 * np.random.default_rng(1).normal(size=(4, 3))
    reference = atoms.copy()
    reference.calc = EMT()
    constrained = atoms.copy()
    constrained.set_constraint(FixAtoms([0]))
    before = constrained.copy()
    result = evaluate(resolve_engine("emt").make(atoms), constrained, stress=True)
    assert result.energy_ev == pytest.approx(reference.get_potential_energy(), abs=1e-12)
    np.testing.assert_allclose(result.forces_ev_per_a, reference.get_forces(), atol=1e-12)
    np.testing.assert_allclose(result.stress_ev_per_a3, reference.get_stress(), atol=1e-12)
    assert result.charges_e is None
    assert constrained == before
    assert constrained.calc is None
    assert len(constrained.constraints) == 1
    with pytest.raises(ValueError, match="read-only"):
        result.forces_ev_per_a[0, 0] = 1.0


def test_calculator_object_can_be_used_again():
    atoms, other = water(), water()
    other.positions[1] += 0.05
    engine = resolve_engine("gfn1-xtb")
    calculator = engine.make(atoms)
    first = evaluate(calculator, atoms)
    evaluate(calculator, other)
    again = evaluate(calculator, atoms)
    assert again.energy_ev == pytest.approx(first.energy_ev, abs=1e-8)
    np.testing.assert_allclose(again.forces_ev_per_a, first.forces_ev_per_a, atol=1e-5)
    assert first.charges_e.sum() == pytest.approx(0.0, abs=1e-8)
    assert first.stress_ev_per_a3.shape == (6,)


def own_card(tmp_path, **changes):
    lines = {"method": '"GFN1-xTB"', "verbosity": "0", "multiplicity": "1", **changes}
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\ntitle = "Own"\nfactory = "tblite.ase:TBLite"\ndistribution = "tblite"\n'
        'elements = "H-Og"\ngives = ["energy", "forces"]\n[kwargs]\n'
        + "".join(f"{key} = {value}\n" for key, value in lines.items()),
        encoding="utf-8",
    )
    return resolve_engine(path)


@pytest.mark.parametrize(
    ("changes", "squeeze", "words"),
    [
        ({"max_iterations": "2"}, 1.0, ("not converged in 2 cycles", "max_iterations")),
        ({}, 0.0, ("Too close", "on top of each other")),
        ({"multiplicity": "2"}, 1.0, ("electrons", "spin state does not fit")),
        ({"method": '"GFN7-xTB"'}, 1.0, ("GFN7-xTB", "refused")),
    ],
)
def test_failures_of_tblite_say_what_why_and_what_to_do(tmp_path, changes, squeeze, words):
    atoms = water()
    atoms.positions *= squeeze
    with pytest.raises(CalculationError) as caught:
        evaluate(own_card(tmp_path, **changes).make(atoms), atoms)
    assert "H2O" in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.why
    assert caught.value.fix
    assert caught.value.exit_status == 1


class Given(Calculator):
    """Gives what it is told to give."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, **given):
        super().__init__()
        self.given = given

    def calculate(self, atoms=None, properties=("energy",), system_changes=()):
        super().calculate(atoms, properties, system_changes)
        self.results = dict(self.given)


def test_results_that_are_not_finite_are_refused():
    forces = np.zeros((1, 3))
    broken = np.array([[0.0, np.nan, np.inf]])
    for given in (
        {"energy": np.nan, "forces": forces},
        {"energy": 1.0, "forces": broken},
        {"energy": 1.0, "forces": forces, "stress": np.full(6, np.inf)},
    ):
        with pytest.raises(CalculationError, match="not finite"):
            evaluate(Given(**given), bulk("Cu"))


@pytest.mark.parametrize("shape", [(3,), (2, 3), (1, 2)])
def test_results_of_a_wrong_shape_are_refused(shape):
    with pytest.raises(CalculationError, match="wrong shape"):
        evaluate(Given(energy=0.0, forces=np.zeros(shape)), bulk("Cu"))


def test_full_stress_tensor_becomes_voigt():
    tensor = np.array([[1.0, 6.0, 5.0], [6.0, 2.0, 4.0], [5.0, 4.0, 3.0]])
    result = evaluate(Given(energy=0.0, forces=np.zeros((1, 3)), stress=tensor), bulk("Cu"))
    np.testing.assert_array_equal(result.stress_ev_per_a3, [1, 2, 3, 4, 5, 6])


def test_single_point_checks_its_shapes():
    with pytest.raises(ValueError, match="charges"):
        SinglePoint(energy_ev=0.0, forces_ev_per_a=np.zeros((2, 3)), charges_e=np.zeros(3))


def test_property_that_is_missing_is_a_calculation_error():
    with pytest.raises(CalculationError, match="stress"):
        evaluate(Given(energy=0.0, forces=np.zeros((1, 3))), bulk("Cu"), stress=True)


def test_default_test_structures_are_supported():
    for card in list_calculators():
        engine = Engine(card=card)
        engine.check_supports(default_test_structure(engine))
    only = dataclasses.replace(load_calculator_card("emt"), elements=("Pt",))
    with pytest.raises(InputError, match="no test structure"):
        default_test_structure(Engine(card=only))
