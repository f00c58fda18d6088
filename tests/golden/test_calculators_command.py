"""`reticulum calculators NAME`, and the warning of small cells in `reticulum phonons`."""

from __future__ import annotations

import json

import pytest
from ase.build import bulk

from reticulum.engines.cards import list_calculators
from reticulum.errors import MissingExtraError


def test_a_name_shows_the_card_with_its_magnetic_states(command_line):
    for arguments in (("gfn1-xtb-antiferromagnetic",), ("show", "gfn1-xtb-antiferromagnetic")):
        status, out, _ = command_line("calculators", *arguments)
        assert status == 0
        assert "Magnetic states: Antiferromagnetic within each Cu2 dimer" in out
        assert "Gamma point only" in out
        assert "Noodleman" in out
    _, out, _ = command_line("calculators", "emt")
    assert "Magnetic states: None" in out
    assert "Gamma point only" not in out


def test_json_of_one_card(command_line):
    status, out, _ = command_line("calculators", "gfn1-xtb", "--json", "-")
    assert status == 0
    content = json.loads(out)
    assert content["gamma_only"] is True
    assert content["magnetic_states"].startswith("High spin")
    assert content["status"] == "ready"


@pytest.mark.parametrize("width", [80, 140])
def test_no_word_of_the_list_is_broken(command_line, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    status, out, _ = command_line("calculators")
    assert status == 0
    lines = out.splitlines()
    assert max(map(len, lines)) <= width
    words = set(out.split())
    for card in list_calculators():
        assert len([line for line in lines if line.split()[:1] == [card.name]]) == 1
        assert set(card.title.split()) <= words
        assert (card.licence in out) == (width > 80)


def test_what_is_not_installed_names_its_extra(command_line, monkeypatch):
    missing = "reticulum.engines.build.Engine.check_available"
    extras = {card.name: card.extra for card in list_calculators()}

    def check(engine):
        if engine.card.extra:
            raise MissingExtraError("It is missing.")

    monkeypatch.setattr(missing, check)
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = command_line("calculators")
    for name, extra in extras.items():
        (line,) = [line for line in out.splitlines() if line.split()[:1] == [name]]
        assert f"install [{extra}]" in line if extra else " ready " in line
    assert "install [NAME]: python -m pip install 'reticulum[NAME]'" in out
    _, out, _ = command_line("calculators", "--json", "-")
    statuses = {entry["name"]: entry["status"] for entry in json.loads(out)}
    assert statuses["7net-0"] == "not installed: python -m pip install 'reticulum[7net]'"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("gfn2-xtb",), "There is no calculator named 'gfn2-xtb'"),
        (("--json", "-", "emt"), "Give it last"),
    ],
)
def test_wrong_use_is_explained(command_line, arguments, words):
    status, _, err = command_line("calculators", *arguments)
    assert status != 0
    assert words in err


def test_phonons_of_a_small_cell_warn(command_line, tmp_path):
    bulk("NaCl", "rocksalt", a=5.4).write(tmp_path / "salt.cif")
    status, out, err = command_line("phonons", "salt.cif", "-o", "run", "--workers", "1")
    assert status == 0, err
    assert "Warning: Planes of the lattice lie 3.1 Å apart" in out.replace("\n", " ")
