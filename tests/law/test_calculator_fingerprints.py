"""Fingerprints differ when, and only when, the numbers of a calculator may differ."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator

from reticulum.engines import fingerprint as fingerprints
from reticulum.engines.build import Engine, evaluate, resolve_engine

PADDLEWHEEL = Atoms("Cu2C4H4O8")
CARD = """
name = "mine"
title = "Mine"
factory = "ase.calculators.lj:LennardJones"
distribution = "ase"
elements = "H-Og"
gives = ["energy", "forces"]
{kwargs}
[weights]
argument = "weights"
"""


def card_file(tmp_path, kwargs="[kwargs]\nsigma = 2.0"):
    path = tmp_path / "mine.toml"
    path.write_text(CARD.format(kwargs=kwargs), encoding="utf-8")
    return path


def digest(engine, atoms=PADDLEWHEEL):
    return engine.fingerprint(atoms).digest


def test_digest_is_a_sha256_and_repeats():
    engine = resolve_engine("gfn1-xtb")
    assert len(digest(engine)) == 64
    assert int(digest(engine), 16) > 0
    assert digest(engine) == digest(resolve_engine("gfn1-xtb"))


def test_digest_depends_on_composition_only_through_spin():
    engine = resolve_engine("gfn1-xtb")
    assert digest(engine, Atoms("H2O")) == digest(engine, Atoms("Zn4O13C24H12"))
    assert digest(engine, Atoms("Cu2O2")) == digest(engine, PADDLEWHEEL)
    assert digest(engine, Atoms("Cu4O4")) != digest(engine, PADDLEWHEEL)
    assert engine.fingerprint(PADDLEWHEEL).to_dict()["settings"] == {
        "accuracy": 0.01,
        "charge": 0,
        "method": "GFN1-xTB",
        "multiplicity": 3,
        "spin_polarization": 1.0,
        "verbosity": 0,
    }


def test_closed_shell_differs_from_high_spin():
    closed = resolve_engine("gfn1-xtb-closed-shell")
    assert digest(closed) != digest(resolve_engine("gfn1-xtb"))


def test_digest_depends_on_keywords(tmp_path):
    first = digest(resolve_engine(card_file(tmp_path)))
    assert digest(resolve_engine(card_file(tmp_path, "[kwargs]\nsigma = 2.1"))) != first
    assert digest(resolve_engine(card_file(tmp_path, "[kwargs]\nrc = 2.0"))) != first
    assert digest(resolve_engine(card_file(tmp_path))) == first


def test_digest_does_not_depend_on_the_order_of_keywords(tmp_path):
    one = digest(resolve_engine(card_file(tmp_path, "[kwargs]\nsigma = 2.0\nrc = 5.0")))
    other = digest(resolve_engine(card_file(tmp_path, "[kwargs]\nrc = 5.0\nsigma = 2.0")))
    assert one == other


def test_digest_depends_on_weights_and_not_on_their_place(tmp_path):
    card = card_file(tmp_path)
    first, second = tmp_path / "a.model", tmp_path / "b.model"
    first.write_bytes(b"one")
    second.write_bytes(b"one")
    without = digest(resolve_engine(card))
    with_first = digest(resolve_engine(card, weights=first))
    assert with_first != without
    assert digest(resolve_engine(card, weights=second)) == with_first
    second.write_bytes(b"two")
    os.utime(second, ns=(1, 1))
    assert digest(resolve_engine(card, weights=second)) != with_first


def test_digest_depends_on_the_version(monkeypatch):
    engine = resolve_engine("gfn1-xtb")
    before = engine.fingerprint(PADDLEWHEEL)
    assert before.version
    assert dataclasses.replace(before, version="0.0.0").digest != before.digest
    fingerprints.version_of.cache_clear()
    monkeypatch.setattr(fingerprints.metadata, "version", lambda name: "99.0")
    after = engine.fingerprint(PADDLEWHEEL)
    fingerprints.version_of.cache_clear()
    assert after.version == "99.0"
    assert after.digest != before.digest


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_digest_is_the_same_in_another_process(hash_seed):
    code = (
        "from ase import Atoms; from ase.calculators.lj import LennardJones;"
        "from reticulum.engines.build import resolve_engine;"
        "print(resolve_engine('gfn1-xtb').fingerprint(Atoms('Cu2C4H4O8')).digest);"
        "lj = LennardJones(sigma=2.0);"
        "print(resolve_engine(lj).fingerprint(Atoms('Ar')).digest)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    here = [
        digest(resolve_engine("gfn1-xtb")),
        digest(resolve_engine(LennardJones(sigma=2.0)), Atoms("Ar")),
    ]
    assert answer.stdout.split() == here


def test_objects_with_other_parameters_differ():
    atoms = Atoms("Ar")
    first = digest(resolve_engine(LennardJones(sigma=2.0)), atoms)
    assert digest(resolve_engine(LennardJones(sigma=2.5)), atoms) != first
    assert digest(resolve_engine(EMT()), atoms) != first
    fingerprint = resolve_engine(LennardJones(sigma=2.0)).fingerprint(atoms)
    assert fingerprint.distribution == "ase"
    assert fingerprint.complete


def test_object_keeps_its_fingerprint_after_a_calculation():
    calculator = LennardJones(sigma=2.0)
    engine = resolve_engine(calculator)
    atoms = bulk("Ar", cubic=True, a=5.26)
    before = digest(engine, atoms)
    evaluate(engine.make(atoms), atoms)
    assert digest(engine, atoms) == before


def test_object_that_does_not_describe_itself_wants_a_label():
    atoms = Atoms("H")
    silent = SinglePointCalculator(atoms, energy=0.0, forces=np.zeros((1, 3)))
    silent.todict = dict
    assert not Engine.from_ase(silent).fingerprint(atoms).complete
    labelled = Engine.from_ase(silent, label="first")
    assert labelled.fingerprint(atoms).complete
    assert digest(labelled, atoms) != digest(Engine.from_ase(silent, label="second"), atoms)


class Tensor:
    """Looks like a torch tensor on a processor."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array


class Model:
    def __init__(self, values):
        self.values = values

    def state_dict(self):
        return {"layer.weight": Tensor(np.array(self.values)), "note": "no tensor"}


def test_parameters_of_a_model_inside_an_object_count():
    atoms = Atoms("H")

    def with_model(values):
        calculator = LennardJones()
        calculator.model = Model(values)
        return resolve_engine(calculator)

    assert digest(with_model([1.0, 2.0]), atoms) == digest(with_model([1.0, 2.0]), atoms)
    assert digest(with_model([1.0, 2.0]), atoms) != digest(with_model([1.0, 2.5]), atoms)
    assert digest(with_model([1.0, 2.0]), atoms) != digest(resolve_engine(LennardJones()), atoms)
