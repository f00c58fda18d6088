"""`reticulum build`: what it prints and writes, its JSON, its errors, and what its help imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial

import pytest

from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetry_of

HELP = """
import sys
from reticulum.cli.main import app
try:
    app(["build", "--help"])
except SystemExit as end:
    assert end.code == 0, end.code
heavy = {"ase", "matplotlib", "numpy", "scipy", "spglib", "pymatgen"}
print("HEAVY", sorted(heavy & set(sys.modules)))
"""


@pytest.fixture
def call(command_line):
    """Call the command: (exit status, standard output, standard error)."""
    return partial(command_line, "build")


def test_help_imports_nothing_heavy():
    answer = subprocess.run(
        [sys.executable, "-c", HELP], capture_output=True, text=True, check=True
    )
    assert "Usage: " in answer.stdout
    assert "FORMULA" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "HEAVY []"


def test_printed_answer_and_file(call, tmp_path):
    code, out, err = call("Ru2Cu4(btc)4Cl", "-o", "model.cif")
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    assert "I4/mmm (no. 139), a = 18.7810 Å (measured), c = 26.4300 Å (measured)" in words
    for row in (
        "Cu-Cu 4 2.660 2.660 0.000 measured",
        "Cu-O 32 1.960 1.960 0.000 measured",
        "Ru-O 16 2.030 2.030 0.000 measured",
        "Ru-Ru 2 2.282 2.282 0.000 measured",
        "Ru-Cl 4 2.400 2.400 0.000 measured",
    ):
        assert row in words
    charge = "1 Ru2[II,III] (+5) + 2 Cu2[II,II] (+4) + 4 btc (-3) + 1 Cl (-1) = 0"
    assert charge in words
    assert "An ordered chloride would lower I4/mmm: of 4 orders" in words
    assert "0 Fmm2 42 4 yes" in words
    assert "model.cif (cif, asymmetric unit and operations; read back by ase, pymatgen)" in words
    head = (tmp_path / "model.cif").read_text(encoding="ascii")
    assert head.startswith("# Ru2Cu4(btc)4Cl, I4/mmm: a constructed model")
    assert "Written by reticulum" in head


def test_ordered_chloride_in_several_files(call, tmp_path):
    code, out, _ = call(
        "[Ru6(btc)4Cl3]", "--chloride", "ordered", "--chloride-order", 1, "-o", "a.vasp",
        "-o", "b.extxyz",
    )  # fmt: skip
    assert code == 0
    assert "lowers Fm-3m to Cm" in " ".join(out.split())
    assert symmetry_of(read_structure(tmp_path / "a.vasp")).symbol == "Cm"
    assert len(read_structure(tmp_path / "b.extxyz")) == 162


def test_p1_holds_the_primitive_cell(call, tmp_path):
    assert call("M3(btc)2", "-m", "rh", "-o", "x.cif", "--p1")[0] == 0
    assert "_space_group_name_H-M_alt 'P 1'" in (tmp_path / "x.cif").read_text()
    atoms = read_structure(tmp_path / "x.cif")
    assert len(atoms) == 156
    assert symmetry_of(atoms, 1e-4).symbol == "Fm-3m"


def test_json(call, tmp_path):
    code, out, err = call("M3(btc)2", "--metal", "Mn", "--json", "-", "-o", "POSCAR")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert answer["formula"] == "Mn3(btc)2"
    assert answer["space_group_number"] == 225
    assert answer["distances"] == "adjusted"
    assert answer["cell_angstrom"]["a"]["standing"] == "estimated"
    assert answer["largest_miss_angstrom"] < 0.02
    assert answer["charge_balance"]["total"] == 0
    assert answer["targets_angstrom"]["Mn-O"]["standing"] == "assumed"
    assert answer["files"] == [
        {
            "path": "POSCAR",
            "format": "vasp",
            "symmetrised": False,
            "checked_by": ["reticulum", "ase", "pymatgen"],
        }
    ]
    assert (tmp_path / "POSCAR").exists()


def test_kept_distances_are_said(call):
    code, out, _ = call("M3(btc)2", "--metal", "Zn", "--distances", "kept")
    words = " ".join(out.split())
    assert code == 0
    assert "Distances kept as in HKUST-1" in words
    assert "Zn-Zn 6 2.980 2.630 0.350 assumed" in words
    assert "only the metals were exchanged" in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["M3(btc)2"], "Which metal does M stand for"),
        (["M3(btc)2", "--metal", "Xx"], "no tabulated paddlewheel of 'Xx'"),
        (["M3(btc)2", "--metal", "Cuu"], "Did you mean Cu?"),
        (["Cu3(btc)2", "--metal", "Zn"], "--metal Zn contradicts"),
        (["Cu3(btc)2", "--chloride", "ordered"], "carries no axial anion"),
        (["Cu3(btc)2", "--a", "-1"], "-1 Å is impossible"),
        (["Cu3(btc)2", "--a", "nan"], "nan Å is impossible"),
        (["Cu3(btc)2", "--c", "26"], "has no lattice parameter c"),
        (["Ru6(btc)4Cl2"], "its charge asks for 3"),
        (["Ru6(btc)4Cl3", "--chloride-order", "1"], "Add: --chloride ordered"),
        (["Ru6(btc)4Cl3", "--chloride", "ordered", "--chloride-order", "9"], "no order 9"),
        (["Ru6(btc)4Cl3", "-o", "x.vasp"], "cannot hold half-occupied sites"),
        (["Cu3(btc)2", "--force"], "none is named"),
        (["Cu3(btc)2", "-o", "x.vasp", "--p1"], "--p1 has no meaning for vasp"),
        (["Cu3(btc)2", "-o", "x.cif.gz"], "Name it x.cif and compress it"),
        (["Cu3(btc)2", "-o", "x.cif", "-o", "no/../x.cif"], "named twice"),
        (["Cu3(btc)2", "-o", "x" * 300 + ".cif"], "File name too long"),
        (["Cu3(btc)2", "--json", ""], "No file is named after --json"),
        (["Cu3(btc)2", "-o", "x.cif", "-o", "./x.cif"], "named twice"),
        (["Cu3(btc)2", "-o", "x.nothing"], "tells no format"),
        (["Cu3(btc)2", "-o", "x", "--format", "cfi"], "no format 'cfi'"),
        (["Cu3(btc)2", "-o", "ok.vasp", "-o", "no/where.cif"], "no folder no"),
        (["Cu3(btc)2", "--json", "no/where.json"], "cannot be written"),
        (["nonsense"], "no formula that can be built"),
    ],
)
def test_bad_input_is_one_message(call, tmp_path, arguments, message):
    code, out, err = call(*arguments)
    assert code == 2
    assert out == ""
    assert message in " ".join(err.split())
    assert "What to do:" in err
    assert list(tmp_path.iterdir()) == []  # nothing is half done


def test_existing_files_are_kept_without_force(call, tmp_path):
    (tmp_path / "x.vasp").write_text("mine")
    code, _, err = call("Cu3(btc)2", "-o", "x.vasp")
    assert code == 2
    assert "exists already" in err
    assert (tmp_path / "x.vasp").read_text() == "mine"
    assert call("Cu3(btc)2", "-o", "x.vasp", "--force")[0] == 0
    assert len(read_structure(tmp_path / "x.vasp")) == 156


def test_a_pipe_is_not_replaced(call, tmp_path):
    os.mkfifo(tmp_path / "x.cif")
    code, _, err = call("Cu3(btc)2", "-o", "x.cif", "--force")
    assert code == 2
    assert "a device or a pipe" in err
    assert (tmp_path / "x.cif").is_fifo()


def test_one_name_for_two_files_is_refused(call, tmp_path):
    code, out, err = call("Cu3(btc)2", "-o", "same.json", "--json", "same.json")
    assert (code, out) == (2, "")
    assert "after -o and after --json" in " ".join(err.split())
    assert not (tmp_path / "same.json").exists()


def test_unknown_state_of_anions_in_python():
    from reticulum.errors import InputError
    from reticulum.frameworks.framework_formulas import build_framework

    with pytest.raises(InputError, match="'foo'"):
        build_framework("Ru3(btc)2", anions="foo")
