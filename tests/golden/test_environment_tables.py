"""Printed tables of bands told apart by metal environment."""

from __future__ import annotations

from dataclasses import replace

import pytest
from valence_models import softened, valence_phonons

from reticulum.cli.environment_tables import band_text, print_environments
from reticulum.frameworks.bonds import BondKind, find_bonds
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.environments import BANDS, EnvironmentBand
from reticulum.phonons.modes import mode_table


@pytest.fixture(scope="module")
def ordered():
    """HKUST-1 with one of three paddlewheels of ruthenium, its stretches softer."""
    atoms = symmetrised_primitive(read_structure("HKUST-1")).atoms
    pairs = [(i, j.index) for i, j, _ in find_bonds(atoms).bonds(BondKind.METAL_METAL)]
    for pair in pairs[:2]:
        atoms.symbols[list(pair)] = "Ru"
    return mode_table(valence_phonons(atoms, softened(atoms, ("Ru", "Ru"), 0.97)))


def test_printed_tables_of_two_environments(ordered, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    print_environments(ordered)
    text = capsys.readouterr().out
    assert "COO-Cu2, 16 groups" in text
    assert "COO-Ru2, 8 groups" in text
    assert "Measured on [Ru2Cu4(btc)4Cl] [Gao2020]" in text
    (line,) = (row for row in text.splitlines() if "ν_s(COO) of COO-Ru2" in row)
    assert line.split()[4] == "1426"
    (line,) = (
        row for row in text.splitlines() if row.strip().startswith("ν_s(COO)") and " less " in row
    )
    assert "COO-Cu2 less Ru2" in line
    assert line.split()[-2:] == ["+21", "+11"]


def test_tables_of_two_environments_fit_a_terminal(ordered, capsys, monkeypatch):
    """At 80 columns no number and no symbol is broken."""
    monkeypatch.setenv("COLUMNS", "80")
    print_environments(ordered)
    tables = [line for line in capsys.readouterr().out.splitlines() if line.startswith(" ")]
    words = {word for line in tables for word in line.split()}
    assert {motion.symbol for motion in BANDS} <= words
    assert not any(word.endswith("-") for word in words if len(word) > 1)
    assert not any(word.count("(") != word.count(")") for word in words)


def test_shared_bands_are_marked():
    band = EnvironmentBand(
        environment="COO-Cu2",
        motion="M-O stretch",
        centre_cm1=412.3,
        range_cm1=(400.0, 450.0),
        strongest_cm1=None,
        apart=0.62,
        alone_cm1=380.0,
    )
    assert band_text(band) == "412 (400-450) *0.62"
    assert band_text(replace(band, apart=0.95, range_cm1=(412.0, 412.4))) == "412"
    assert band_text(replace(band, centre_cm1=None, apart=None)) == "-"
