"""Every bundled card is complete, and a wrong card of the user's own is refused with reasons."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

from reticulum.engines.cards import (
    ELEMENT_SYMBOLS,
    list_calculators,
    load_calculator_card,
)
from reticulum.errors import InputError

CARDS = list_calculators()
NAMES = (
    "gfn1-xtb",
    "7net-0",
    "chgnet",
    "emt",
    "gfn1-xtb-antiferromagnetic",
    "gfn1-xtb-closed-shell",
    "lj",
    "mace",
    "mattersim",
    "nequip",
    "orb",
)

OWN_CARD = """
name = "mine"
title = "My own"
factory = "ase.calculators.emt:EMT"
distribution = "ase"
elements = ["Cu", "Ni"]
gives = ["energy", "forces"]
"""


def write(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_all_cards_are_there_and_the_default_is_first():
    assert tuple(card.name for card in CARDS) == NAMES


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_card_says_all_that_a_user_must_know(card):
    assert card.name == card.source.stem
    assert card.title
    assert card.description
    assert card.licence
    assert card.weights_licence
    assert card.notes
    assert card.magnetic_states
    assert card.citation_keys
    assert all("doi:10." in text or "arXiv:" in text for text in card.citations)
    assert card.displacement_a == (0.03 if card.precision == "float32" else 0.01)
    assert card.ships_weights != card.needs_weights
    assert bool(card.weights.what) >= card.needs_weights
    assert load_calculator_card(card.name) == card


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_card_survives_the_way_to_another_process(card):
    assert pickle.loads(pickle.dumps(card)) == card


def test_extras_are_those_of_the_package():
    from importlib.metadata import metadata

    offered = set(metadata("reticulum").get_all("Provides-Extra"))
    assert {card.extra for card in CARDS if card.extra} <= offered
    without = {card.name for card in CARDS if not card.extra}
    assert without == {
        "gfn1-xtb",
        "gfn1-xtb-antiferromagnetic",
        "gfn1-xtb-closed-shell",
        "emt",
        "lj",
    }


def test_symbols_are_those_of_ase():
    from ase.data import chemical_symbols

    assert list(ELEMENT_SYMBOLS) == chemical_symbols[1:]


def test_ranges_of_elements():
    assert len(load_calculator_card("gfn1-xtb").elements) == 86
    sevennet = load_calculator_card("7net-0").elements
    assert len(sevennet) == 89
    assert not {"Po", "At", "Rn", "Fr", "Ra", "Am"} & set(sevennet)
    assert {"Bi", "Ac", "Pu"} <= set(sevennet)


def test_kwargs_are_a_copy():
    card = load_calculator_card("gfn1-xtb")
    card.kwargs["accuracy"] = 1.0
    assert card.kwargs == {"method": "GFN1-xTB", "accuracy": 0.01, "charge": 0, "verbosity": 0}


def test_unknown_name_gives_the_nearest():
    with pytest.raises(InputError, match="gfn1-xtb") as caught:
        load_calculator_card("gfn1xtb")
    assert "no calculator named 'gfn1xtb'" in str(caught.value)


def test_own_card_is_used_like_a_bundled_one(tmp_path):
    card = load_calculator_card(write(tmp_path, OWN_CARD))
    assert card.name == "mine"
    assert card.elements == ("Cu", "Ni")
    assert card.parallel == "single"
    assert card.precision == "float64"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("title =", "titel ="), ("'titel'", "'title'", "Allowed are")),
        (('distribution = "ase"', ""), ("lacks: distribution",)),
        (('["energy", "forces"]', '["energy"]'), ("'gives'", "energy and forces")),
        (('["energy", "forces"]', '["energy", "forces", "dipole"]'), ("'gives'", "stress")),
        (('["Cu", "Ni"]', '["Cu", "Xx"]'), ("'Xx' is not a chemical symbol",)),
        (('["Cu", "Ni"]', '"Cu-Q"'), ("'Q' is not a chemical symbol",)),
        (("ase.calculators.emt:EMT", "ase.calculators.emt.EMT"), ("import path",)),
        (('title = "My own"', "title = My own"), ("not a TOML file", "line 3")),
        (("gives", "parallel = 2\ngives"), ("'parallel'", "processes, single")),
        (("gives", "displacement_a = -0.01\ngives"), ("'displacement_a'", "positive")),
        (("gives", "displacement_a = nan\ngives"), ("'displacement_a'", "positive")),
        (("gives", 'spin = "high"\ngives'), ("'spin'", "not a table")),
        (("gives", "spin.rule = 'low-spin'\ngives"), ("'rule' in [spin]", "high-spin")),
        (("gives", "spin.rule = 'closed-shell'\ngives"), ("multiplicity_argument",)),
        (("gives", "spin.unpaired.Cu = -1\ngives"), ("Cu must have a number",)),
        (("gives", "weights.needed = true\ngives"), ("contradicts itself", "argument")),
        (("gives", "weights.neded = true\ngives"), ("'neded' in [weights]", "'needed'")),
    ],
)
def test_wrong_card_is_refused_with_the_reason(tmp_path, change, words):
    old, new = change
    assert old in OWN_CARD
    path = write(tmp_path, OWN_CARD.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_calculator_card(path)
    assert str(path) in str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert caught.value.exit_status == 2


def test_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.toml cannot be read"):
        load_calculator_card(tmp_path / "nothing.toml")


def test_listing_imports_neither_ase_nor_numpy_nor_torch():
    code = (
        "import sys; from reticulum.engines.cards import list_calculators; list_calculators();"
        "print(sorted({'ase', 'numpy', 'torch', 'scipy', 'tblite'} & set(sys.modules)))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )
    assert answer.stdout.strip() == "[]"
