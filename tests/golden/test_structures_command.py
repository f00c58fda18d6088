"""`reticulum structures`: one line for each structure, and a structure in full."""

from __future__ import annotations

from functools import partial

import pytest

from reticulum.cli.structures import short_source
from reticulum.frameworks.library import list_structures


@pytest.fixture
def call(command_line):
    """Call the command: (exit status, standard output, standard error)."""
    return partial(command_line, "structures")


@pytest.mark.parametrize(("width", "with_doi"), [(80, False), (140, True)])
def test_one_line_for_each_structure(call, monkeypatch, width, with_doi):
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, err = call()
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= width
    for card in list_structures():
        (line,) = [line for line in lines if line.split()[:1] == [card.name]]
        assert short_source(card) in line
        assert (" *" in line) == (card.verification != "verified" or card.confidence == "low")
        assert ((card.doi or "") in line) if with_doi else "10." not in line
    assert not [line for line in lines if line != line.rstrip()]


def test_sources_are_first_author_and_year():
    found = {card.name: short_source(card) for card in list_structures()}
    assert found["HKUST-1"] == "Chui 1999"
    assert found["Mg-MOF-74"] == "Dubbeldam 2012"
    assert found["MUV-10-Ca"] == "Castells-Gil 2018"
    assert found["Ru-HKUST-1"] == "Gao"  # not 2011, the year of another source behind it


def test_full_source_of_one(call):
    code, out, _ = call("ru-hkust-1")
    assert code == 0
    words = " ".join(out.split())
    assert "Kozachuk et al., Chem. Eur. J. 17, 13652 (2011), doi:10.1002/chem.201101981" in words


def test_no_word_of_one_in_full_is_broken(call, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for card in list_structures():
        code, out, _ = call(card.name)
        assert code == 0
        assert f"sha256 of the CIF: {card.sha256}\n" in out
        words = set(out.split())
        for text in (card.source, card.doi or "", card.edits, card.notes, card.provenance):
            # a path may be longer than its column
            assert {word for word in text.split() if len(word) < 50} <= words, card.name
