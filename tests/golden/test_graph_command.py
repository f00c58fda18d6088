"""`reticulum graph`: what it prints, its JSON, its errors, and what its help imports."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

import pytest
from ase.build import bulk
from ase.io import write

from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive

HELP = """
import sys
from reticulum.cli.main import app
try:
    app(["graph", "--help"])
except SystemExit as end:
    assert end.code == 0, end.code
print("HEAVY", sorted({"ase", "matplotlib", "numpy", "scipy", "spglib"} & set(sys.modules)))
"""


@pytest.fixture
def call(command_line):
    """Call the command: (exit status, standard output, standard error)."""
    return partial(command_line, "graph")


def test_help_imports_nothing_heavy():
    answer = subprocess.run(
        [sys.executable, "-c", HELP], capture_output=True, text=True, check=True
    )
    assert "Usage: " in answer.stdout
    assert "STRUCTURE" in answer.stdout
    assert answer.stdout.splitlines()[-1] == "HEAVY []"


def test_printed_answer(call):
    code, out, err = call("hkust-1")
    assert (code, err) == (0, "")
    words = " ".join(out.split())
    assert "Clusters of HKUST-1, 624 atoms in the cell" in words
    assert "Cu2 paddlewheel 24 2.630 Cu-O 1.951 4" in words
    assert "C9H3O6 3 Cu2+Cu2+Cu2 32" in words
    assert "Every Cu2 has 8 Cu2 neighbours." in words
    assert "Net: tbo, known from HKUST-1" in words
    assert "(3,4)-connected, 3-periodic; proven by isomorphism" in words
    assert "Cu2 4 6 4 8 20 30 60 68 120 126 200 180" in words


def test_a_constructed_model_is_called_one(call):
    for name, told in (("MUV-10-Ca", True), ("HKUST-1", False)):
        code, out, _ = call(name)
        assert code == 0
        assert ("constructed model of low confidence" in " ".join(out.split())) is told


def test_json_on_standard_output(call):
    code, out, err = call("MOF-5", "--json", "-")
    assert (code, err) == (0, "")
    values = json.loads(out)
    assert (values["structure"], values["n_atoms"]) == ("MOF-5", 424)
    (kind,) = values["cluster_kinds"]
    assert (kind["label"], kind["count"], kind["linkers"]) == ("Zn4", 8, [6])
    assert kind["metal_distance_angstrom"] is None
    assert kind["neighbours"] == [{"clusters": 8, "neighbours": {"Zn4": 6}}]
    assert values["linker_kinds"] == [
        {"formula": "C8H4O4", "n_joints": 2, "environment": "Zn4+Zn4", "count": 24}
    ]
    (net,) = values["nets"]
    assert (net["name"], net["n_copies"], net["degrees"]) == ("pcu", 1, [6])
    assert len(values["clusters"]) == 8
    assert len(values["linkers"]) == 24


def test_json_file_and_primitive_cell_from_a_file(call, tmp_path):
    write(tmp_path / "cell.cif", symmetrised_primitive(read_structure("HKUST-1")).atoms)
    code, out, _ = call("cell.cif", "--json", "graph.json")
    assert (code, out) == (0, "")
    values = json.loads((tmp_path / "graph.json").read_text(encoding="utf-8"))
    assert values["cluster_kinds"][0]["count"] == 6
    assert values["nets"][0]["name"] == "tbo"


def test_rods_are_refused(call):
    code, out, err = call("Zn-MOF-74")
    assert (code, out) == (2, "")
    assert "The metals of Zn-MOF-74 form endless rods" in err
    assert "What to do" in err


def test_a_mineral_is_not_called_rods(call):
    code, out, err = call("calcite")
    assert (code, out) == (2, "")
    assert "form one three-dimensional network through atoms that they share (Ca-O-Ca)" in err
    assert "form endless rods" not in err


def test_structure_without_metal_is_refused(call, tmp_path):
    write(tmp_path / "diamond.cif", bulk("C", cubic=True))
    code, out, err = call("diamond.cif")
    assert (code, out) == (2, "")
    assert "has no metal atom" in err


def test_folder_as_json_file_is_refused_first(call, tmp_path):
    code, out, err = call("no-such-structure", "--json", tmp_path)
    assert (code, out) == (2, "")
    assert "cannot be written" in err
