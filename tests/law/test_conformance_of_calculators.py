"""Sound calculators pass the conformance check; each kind of broken one fails the right law."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT

from reticulum.engines.build import Engine, resolve_engine
from reticulum.engines.cards import load_calculator_card
from reticulum.engines.check_crystals import default_test_structure
from reticulum.engines.conformance import check_calculator
from reticulum.errors import CalculationError, InputError, MissingExtraError

ALLOY = default_test_structure(resolve_engine("emt"))
LAWS = (
    "gradient",
    "smoothness",
    "stress",
    "translation",
    "lattice translation",
    "rotation",
    "reflection",
    "permutation",
    "site symmetry",
    "repeatability",
)


def failed(report):
    return {check.name for check in report.failures}


def check_object(calculator, **settings):
    return check_calculator(Engine.from_ase(calculator, **settings), ALLOY)


# --- sound ones ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["emt", "lj"])
def test_exact_potentials_pass_far_below_the_limits(name):
    report = check_calculator(name)
    assert report.passed
    assert [check.name for check in report.checks] == [
        "shapes",
        "dtype",
        "no mutation",
        "charges",
        *LAWS,
    ]
    assert report["charges"].status == "not claimed"
    assert report["gradient"].value < 1e-7
    assert report["stress"].value < 1e-7
    for law in ("translation", "rotation", "reflection", "permutation", "site symmetry"):
        assert report[law].value < 1e-10
    forces = report["gradient"]
    assert forces.limit == pytest.approx(1e-3, rel=1e-2)


def test_default_calculator_passes():
    report = check_calculator("gfn1-xtb")
    assert report.passed, [check.sentence for check in report.failures]
    assert report.formula == "C4H4Cu2O8"
    assert "antiferromagnetic" in report.spin
    assert report["charges"].status == "passed"
    assert report["gradient"].value < 2e-5
    assert report["stress"].value < 5e-6
    assert report["repeatability"].value < 2e-5
    assert report.force_asymmetry_ev_per_a < 2e-5


def test_crystal_of_the_users_is_used_and_not_changed():
    crystal = bulk("Cu", cubic=True).repeat((1, 1, 2))
    before = crystal.copy()
    report = check_calculator(EMT(), crystal)
    assert crystal == before
    assert report.passed
    assert report.formula == "Cu8"


def test_crystal_without_symmetry_claims_none():
    crystal = ALLOY.copy()
    crystal.positions += 0.1 * np.random.default_rng(3).normal(size=crystal.positions.shape)
    report = check_calculator("emt", crystal)
    assert report["site symmetry"].status == "not claimed"
    assert report.force_asymmetry_ev_per_a is None


def test_report_becomes_json():
    content = json.loads(json.dumps(check_calculator("lj").to_dict()))
    assert content["calculator"] == "lj"
    assert content["passed"] is True
    assert content["n_evaluations"] == 50
    assert {check["status"] for check in content["checks"]} == {"passed", "not claimed"}
    assert len(content["fingerprint"]) == 64


def test_molecule_without_a_box_is_refused():
    with pytest.raises(InputError, match="not periodic"):
        check_calculator("emt", Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 2.5]]))


def test_missing_package_is_said_at_once():
    try:
        import mattersim  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtraError, match=r"reticulum\[mattersim\]"):
            check_calculator("mattersim")


# --- broken ones ---------------------------------------------------------------------------------


class Changed(EMT):
    """Sound results, changed by a method of the subclass."""

    def calculate(self, atoms=None, properties=("energy",), system_changes=("positions",)):
        super().calculate(atoms, list(properties), list(system_changes))
        self.change(atoms)

    def change(self, atoms):
        raise NotImplementedError


class WrongSign(Changed):
    def change(self, atoms):
        self.results["forces"] = -self.results["forces"]


class TwoPercentOff(Changed):
    def change(self, atoms):
        self.results["forces"] = 1.02 * self.results["forces"]


class SinglePrecision(Changed):
    def change(self, atoms):
        self.results["forces"] = self.results["forces"].astype(np.float32)


class Moving(Changed):
    def change(self, atoms):
        atoms.positions += 1e-4


class Rewrapping(Changed):
    def change(self, atoms):
        atoms.set_cell(1.0000001 * atoms.cell[:])


class WrongStress(Changed):
    def change(self, atoms):
        self.results["stress"] = 1.1 * self.results["stress"]


class WrongOrderOfStress(Changed):
    def change(self, atoms):
        self.results["stress"] = self.results["stress"][[0, 1, 2, 5, 4, 3]]


class NoStress(Changed):
    def change(self, atoms):
        del self.results["stress"]


class WrongShape(Changed):
    def change(self, atoms):
        self.results["forces"] = self.results["forces"].ravel()


class NotANumber(Changed):
    def change(self, atoms):
        self.results["forces"] = self.results["forces"].copy()
        self.results["forces"][3, 1] = np.nan


class Preferring(Changed):
    """Sees the crystal stretched along z: all consistent, but not rotationally invariant."""

    def calculate(self, atoms=None, properties=("energy",), system_changes=("positions",)):
        stretch = np.diag([1.0, 1.0, 1.03])
        seen = atoms.copy()
        seen.set_cell(atoms.cell[:] @ stretch, scale_atoms=True)
        super().calculate(seen, properties, system_changes)
        self.results["forces"] = self.results["forces"] @ stretch
        del self.results["stress"]
        self.atoms = atoms.copy()

    implemented_properties = ("energy", "forces")

    def change(self, atoms):
        pass


class Pulling(Changed):
    """Atoms tied to a point in space."""

    def change(self, atoms):
        shift = atoms.get_scaled_positions(wrap=False)[0] @ atoms.cell[:]
        self.results["energy"] += 0.05 * float(shift @ shift)
        forces = self.results["forces"].copy()
        forces[0] -= 0.1 * shift
        self.results["forces"] = forces


class Numbering(Changed):
    """Ties the first two atoms of the list together."""

    implemented_properties = ("energy", "forces")

    def change(self, atoms):
        vector = atoms.get_distance(0, 1, mic=True, vector=True)
        self.results["energy"] += 0.5 * float(vector @ vector)
        forces = self.results["forces"].copy()
        forces[0] += vector
        forces[1] -= vector
        self.results["forces"] = forces


class Unwrapped(Changed):
    """Ties nickel to its neighbours by coordinates instead of periodic distances."""

    implemented_properties = ("energy", "forces")

    def change(self, atoms):
        nickel = atoms.numbers == 28
        vectors = atoms.positions[~nickel] - atoms.positions[nickel]
        self.results["energy"] += 5e-4 * float((vectors**2).sum())
        forces = self.results["forces"].copy()
        forces[~nickel] -= 1e-3 * vectors
        forces[nickel] += 1e-3 * vectors.sum(axis=0)
        self.results["forces"] = forces


class Drifting(Changed):
    """Every call gives a little more than the one before."""

    calls = 0

    def change(self, atoms):
        self.calls += 1
        self.results["energy"] += 1e-3 * self.calls


class Handed(Changed):
    """A small force that is an axial vector: it follows rotations and not reflections."""

    size = 2e-4

    def change(self, atoms):
        forces = self.results["forces"].copy()
        first = atoms.get_distances(0, range(1, len(atoms)), mic=True, vector=True)
        order = np.argsort(np.linalg.norm(first, axis=1))[:6]
        axial = sum(np.cross(first[i], forces[i + 1]) for i in order)
        forces[1:] += self.size * axial
        forces[0] -= self.size * axial * (len(atoms) - 1)
        self.results["forces"] = forces


class Kinked(Changed):
    """A surface whose curvature jumps at the geometry of the check."""

    implemented_properties = ("energy", "forces")
    centre = None

    def change(self, atoms):
        vector = atoms.get_distance(0, 1, mic=True, vector=True)
        length = float(np.linalg.norm(vector))
        if self.centre is None:
            Kinked.centre = length
        excess = max(length - Kinked.centre, 0.0)
        self.results["energy"] += 150.0 * excess**2
        forces = self.results["forces"].copy()
        forces[0] += 300.0 * excess * vector / length
        forces[1] -= 300.0 * excess * vector / length
        self.results["forces"] = forces


@pytest.mark.parametrize(
    ("kind", "law"),
    [
        (WrongSign, "gradient"),
        (TwoPercentOff, "gradient"),
        (SinglePrecision, "dtype"),
        (WrongStress, "stress"),
        (WrongOrderOfStress, "stress"),
        (Moving, "no mutation"),
        (Rewrapping, "no mutation"),
    ],
)
def test_broken_calculator_fails_exactly_the_law_it_breaks(kind, law):
    report = check_object(kind())
    assert failed(report) == {law}
    assert not report.passed


def test_preferred_direction_in_space():
    report = check_object(Preferring())
    assert {"rotation", "reflection"} <= failed(report)
    for kept in ("gradient", "translation", "lattice translation", "permutation"):
        assert report[kept].status == "passed", kept


def test_point_in_space():
    report = check_object(Pulling())
    assert "translation" in failed(report)
    assert report["gradient"].status == "passed"


def test_numbering_of_atoms():
    report = check_object(Numbering())
    assert "permutation" in failed(report)
    for kept in ("gradient", "translation", "rotation", "reflection", "lattice translation"):
        assert report[kept].status == "passed", kept


def test_coordinates_instead_of_periodic_distances():
    report = check_object(Unwrapped())
    assert "lattice translation" in failed(report)
    for kept in ("gradient", "translation", "rotation", "permutation"):
        assert report[kept].status == "passed", kept


def test_memory_of_earlier_calls():
    assert "repeatability" in failed(check_object(Drifting()))


def test_handedness_is_reported_as_symmetrised():
    report = check_object(Handed())
    assert report["rotation"].status == "passed"
    assert report["reflection"].status == "symmetrised"
    assert report["reflection"].value > 1e-3
    assert "symmetrised" in report["reflection"].sentence


def test_kinks_are_noted_and_do_not_fail_the_gradient():
    Kinked.centre = None
    report = check_object(Kinked())
    assert report["gradient"].status == "passed"
    assert report["smoothness"].status == "noted"
    assert "kinks" in report["smoothness"].sentence


@pytest.mark.parametrize(
    ("kind", "words"),
    [(WrongShape, "shape (96,)"), (NotANumber, "not finite"), (NoStress, "claims is missing")],
)
def test_results_without_form_stop_the_check(kind, words):
    report = check_object(kind())
    assert failed(report) == {"shapes"}
    assert words in report["shapes"].sentence
    assert all(report[law].status == "not run" for law in LAWS)


def test_declared_single_precision_passes_with_wider_limits():
    report = check_object(SinglePrecision(), precision="float32")
    assert report.passed
    assert "as the card declares" in report["dtype"].sentence
    assert report["gradient"].limit == pytest.approx(3e-3, rel=0.5)


def test_calculator_that_cannot_compute_raises():
    class Refusing(Changed):
        def change(self, atoms):
            raise RuntimeError("no parameters")

    with pytest.raises(CalculationError, match="no parameters"):
        check_object(Refusing())


def test_stress_that_is_not_claimed_is_not_checked():
    import dataclasses

    card = dataclasses.replace(load_calculator_card("emt"), gives=("energy", "forces"))
    report = check_calculator(Engine(card=card))
    assert report["stress"].status == "not claimed"
    assert report.passed
