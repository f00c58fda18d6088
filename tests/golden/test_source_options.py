"""`spectrum` and `mode-picture` read what `modes` reads, with the same options, and give JSON."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from foreign_calculations import foreign_calculation
from phonopy.file_IO import write_FORCE_SETS
from phonopy.interface.vasp import write_vasp

from reticulum.cli.phonons import print_phonons

BARE = ("FORCE_SETS", "--structure", "POSCAR", "--supercell", "1,1,2")


@pytest.fixture
def here(spring_run, tmp_path):
    """FORCE_SETS and POSCAR of a phonopy calculation in the working folder."""
    phonopy = foreign_calculation(spring_run[1].atoms)
    write_FORCE_SETS(phonopy.dataset, tmp_path / "FORCE_SETS")
    write_vasp(tmp_path / "POSCAR", phonopy.unitcell)
    return tmp_path


def test_spectrum_takes_supercell_and_symprec_and_gives_json(command_line, here):
    status, out, err = command_line("spectrum", *BARE, "--symprec", "0.01", "--json", "-")
    assert status == 0, err
    content = json.loads(out)
    assert set(content) == {"spectrum", "lines", "versions"}
    status, _, _ = command_line("spectrum", *BARE, "--symprec", "0.01", "-o", "ir.json")
    assert status == 0
    assert json.loads((here / "ir.json").read_text())["lines"] == content["lines"]
    status, _, err = command_line("spectrum", *BARE, "-o", "x.json", "--json", "x.json")
    assert status != 0
    assert "named twice" in err


@pytest.mark.parametrize("command", [("spectrum",), ("mode-picture",)])
def test_a_wrong_supercell_is_refused(command_line, here, command):
    mode = ("40", "--json", "-") if command == ("mode-picture",) else ()
    source, *options = BARE[:3]
    status, _, err = command_line(*command, source, *mode, *options, "--supercell", "1,1")
    assert status != 0
    assert "is no supercell" in err


def test_mode_picture_gives_the_drawn_motion_as_json(command_line, here, spring_run):
    source, *options = BARE
    status, out, err = command_line(
        "mode-picture", source, "40", *options, "--symprec", "0.01", "--json", "-"
    )
    assert status == 0, err
    content = json.loads(out)
    assert content["cluster"] == "Cu2"
    assert len(content["atoms"]) == len(spring_run[1].atoms)
    lengths = [np.linalg.norm(atom["displacement"]) for atom in content["atoms"]]
    assert max(lengths) == pytest.approx(1.0)
    _, table, _ = command_line("modes", source, *options, "--symprec", "0.01", "--json", "-")
    found = next(entry for entry in json.loads(table)["sets"] if 40 in entry["modes"])
    assert content["wavenumber_cm1"] == found["wavenumber_cm1"]
    assert content["irrep"] == found["irrep"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "No file is named for the picture"),
        (("--json", "-", "--view", "side"), "are for a picture"),
        (("--json", "-", "--amplitude", "2"), "are for a picture"),
    ],
)
def test_mode_picture_refuses_what_it_would_ignore(command_line, here, arguments, words):
    source, *options = BARE
    status, out, err = command_line("mode-picture", source, "40", *options, *arguments)
    assert status != 0
    assert out == ""
    assert words in " ".join(err.split())


def test_phonons_without_displacements_are_printed(spring_run, capsys):
    """Force constants of other programs come without displacements, relaxation and quality."""
    _, phonons = spring_run
    print_phonons(phonons)
    assert "displacements of 0.01 Å; raw force constants" in capsys.readouterr().out
    bare = dataclasses.replace(phonons, n_displacements=None, displacement_a=None, relaxation=None)
    print_phonons(bare)
    out = capsys.readouterr().out
    assert "raw force constants: asymmetry" in out
    assert "displacements" not in out
    print_phonons(dataclasses.replace(bare, quality=None, calculator={}))
    assert "unknown calculator" in capsys.readouterr().out
