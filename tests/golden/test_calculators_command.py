"""`reticulum calculators NAME`, and the warning of small cells in `reticulum phonons`."""

from __future__ import annotations

import json

import pytest
from ase.build import bulk


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
