"""`reticulum order`: what it prints, its JSON, its files, and what it refuses."""

from __future__ import annotations

import json
import os
from functools import partial
from math import comb

import pytest

from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.structure_folder import UNFINISHED
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of
from reticulum.ordering import study


@pytest.fixture
def call(command_line):
    """Call the command: (exit status, standard output, standard error)."""
    return partial(command_line, "order")


def refused(answer, *words):
    code, out, err = answer
    assert code == 2, (out, err)
    assert out == ""
    assert err.count("Error") == 1
    for word in words:
        assert word in " ".join(err.split()), err


def test_json_of_a_primitive_cell(call):
    code, out, err = call("HKUST-1", "--count", "Ru=2", "--json", "-")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["n_total"], found["n_inequivalent"]) == (15, 2)
    assert found["n_clusters"] == 6
    first = found["orderings"][0]
    assert first["space_group"] == "I4/mmm"
    assert first["space_group_number"] == 139
    assert first["multiplicity"] == 3
    assert first["counts"] == {"Cu": 4, "Ru": 2}
    assert first["linker_environments"] == {"Cu2+Cu2+Ru2": 8}
    assert first["index"] == 3
    assert first["long_range_order"] == pytest.approx(1.0)


def test_json_of_a_range_adds_up(call):
    _, out, _ = call("HKUST-1", "--count", "Ru=0-6", "--json", "-")
    found = json.loads(out)
    assert found["n_total"] == 2**6
    assert found["n_inequivalent"] == len(found["orderings"]) == 11
    assert [entry["n_total"] for entry in found["compositions"]] == [comb(6, k) for k in range(7)]


def test_printed_tables(call):
    code, out, _ = call("HKUST-1", "--conventional", "--count", "Ru=8", "--per-linker", "Ru=1")
    assert code == 0
    assert "rule: each linker meets exactly 1 Ru2" in out
    assert "16 Cu2, 8 Ru2: 9 assignments, 2 inequivalent orderings" in out
    assert out.index("I4/mmm (139)") < out.index("P4_2/nnm (134)")


def test_symbols_in_any_case_and_numbers_with_their_nouns(call):
    _, out, _ = call("HKUST-1", "--count", "ru=6")
    assert "0 Cu2, 6 Ru2: 1 assignment, 1 inequivalent ordering\n" in out
    _, lower, _ = call("HKUST-1", "--count", "ru=2,zn=0", "--per-linker", "rU<=1", "--json", "-")
    _, usual, _ = call("HKUST-1", "--count", "Ru=2,Zn=0", "--per-linker", "Ru<=1", "--json", "-")
    assert json.loads(lower) == json.loads(usual)
    _, out, _ = call("HKUST-1", "--count", "RU=2", "--sample", 1)
    assert "1 random ordering, every" in out
    _, out, _ = call("HKUST-1", "--count", "RU=2", "--sample", 22)
    assert len([line for line in out.splitlines() if "k1" in line]) == 22
    _, out, _ = call("HKUST-1", "--count", "RU=2", "--sample", 3, "--top", 1)
    assert "as they were drawn, the first of 3" in out
    _, out, _ = call("HKUST-1", "--count", "Ru=2", "--top", 1, "--write", "one")
    assert "the first of 2" in out
    assert "1 structure written" in out


def test_counting_does_not_list(call):
    code, out, _ = call("HKUST-1", "--supercell", "2 2 2", "--count", "Ru=16", "--count-only")
    assert code == 0
    assert "2,254,848,913,647 assignments, 5,872,580,142 inequivalent orderings" in out
    assert "space group" not in out


def test_cells_of_low_symmetry_say_so(call):
    _, out, _ = call("HKUST-1", "--supercell", "2 1 1", "--count", "Ru=4", "--count-only")
    assert "34 inequivalent" in out
    assert "36 are distinct under the operations that keep this supercell" in " ".join(out.split())


def test_matrix_and_multipliers_are_the_same_cell(call):
    _, one, _ = call("HKUST-1", "--supercell", "1 1 2", "--count", "Ru=2", "--json", "-")
    _, two, _ = call(
        "HKUST-1", "--supercell", "1 0 0  0 1 0  1 1 2", "--count", "Ru=2", "--json", "-"
    )
    assert json.loads(one) == json.loads(two)


def test_samples_repeat_with_their_seed(call):
    options = ("HKUST-1", "--conventional", "--count", "Ru=1/3", "--sample", 3, "--json", "-")
    _, one, _ = call(*options, "--seed", 4)
    _, two, _ = call(*options, "--seed", 4)
    _, three, _ = call(*options, "--seed", 5)
    assert one == two != three
    assert len(json.loads(one)["orderings"]) == 3


def test_study(call, tmp_path, monkeypatch):
    known = study.study_rule
    answers = []
    monkeypatch.setattr(
        study, "study_rule", lambda *what: answers.append(known(*what)) or answers[0]
    )
    code, out, err = call(
        "HKUST-1", "--per-linker", "Ru=1", "--study", "--figure", "rods.svg", "--json", "-"
    )
    assert code == 0
    assert "rods.svg" in err
    assert "polytypes" not in (tmp_path / "rods.svg").read_text(encoding="utf-8")
    assert "xxyxyy" in (tmp_path / "rods.svg").read_text(encoding="utf-8")
    found = json.loads(out)
    assert found["forced"] is False
    assert [cell["n_total"] for cell in found["cells"]] == [3, 9, 21, 45, 93, 189]
    assert found["cells"][-1]["n_predicted"] == 189
    assert {o["sequence"] for o in found["orderings"]} >= {"x", "xy", "xxy"}
    assert set(found["powder_identical"]) == {"12", "13", "14"}
    monkeypatch.setattr(study, "study_rule", lambda *what: answers[0])
    for width, row in ((80, "18 0.577 xxy"), (150, "the sequence xxy (run lengths 21)")):
        monkeypatch.setenv("COLUMNS", str(width))
        _, out, _ = call("HKUST-1", "--per-linker", "Ru=1", "--study")
        assert row in " ".join(out.split())
        assert [line for line in out.splitlines() if "6 x 6 x 6" in line and "189 " in line]


def test_written_structures_are_read_back(call, tmp_path):
    code, out, _ = call(
        "HKUST-1", "--conventional", "--count", "Ru=8", "--per-linker", "Ru=1", "--write", "found"
    )
    assert code == 0
    assert "2 structures written" in out
    files = sorted((tmp_path / "found").iterdir())
    assert [file.name for file in files] == ["1_I4_mmm.cif", "2_P4_2_nnm.cif"]
    for file, symbol in zip(files, ("I4/mmm", "P4_2/nnm"), strict=True):
        atoms = read_structure(file)
        assert symmetry_of(atoms).symbol == symbol
        ruthenium = atoms.get_chemical_symbols().count("Ru")
        assert ruthenium * 2 == atoms.get_chemical_symbols().count("Cu") > 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("HKUST-1",), ("Neither counts nor a rule",)),
        (("HKUST-1", "--count", "Ru=7"), ("does not fit", "6 clusters")),
        (("HKUST-1", "--count", "Ru=1/4"), ("not a whole number", "multiple of 4")),
        (
            ("HKUST-1", "--supercell", "2 2 2", "--count", "Ru=15", "--per-linker", "Ru=1"),
            ("15 Ru2 make 60", "needs 16 Ru2"),
        ),
        (("UiO-66", "--supercell", "2 2 2", "--per-linker", "Hf=1"), ("Parity",)),
        (
            ("HKUST-1", "--supercell", "2 2 2", "--count", "Ru=16"),
            ("5,872,580,142 inequivalent", "--sample", "--quasirandom", "--count-only"),
        ),
        (("Mg-MOF-74", "--count", "Zn=1"), ("endless rods",)),
        (("ZIF-4", "--count", "Co=16", "--supercell", "3 3 3"), ("more than the 100,000",)),
        (("MUV-10-Ca", "--count", "Zr=1"), ("more than one metal",)),
        (("HKUST-1", "--count", "Ru=two"), ("cannot be read",)),
        (("HKUST-1", "--count", "foo=2"), ("'foo' is not the symbol",)),
        (("HKUST-1", "--per-linker", "xx=1"), ("'xx' is not the symbol",)),
        (("HKUST-1", "--count", "ruthenium=2"), ("Write Ru for ruthenium",)),
        (("calcite", "--count", "Mg=1"), ("one three-dimensional network", "Ca-O-Ca")),
        (("HKUST-1", "--count", "Cl=2"), ("not the symbol of a metal",)),
        (("HKUST-1", "--count", "Ru=2", "--supercell", "2 2"), ("neither three nor nine",)),
        (("HKUST-1", "--count", "Ru=2", "--supercell", "2 a 2"), ("not made of integers",)),
        (("HKUST-1", "--count", "Ru=2", "--seed", "1"), ("--seed was given without",)),
        (("HKUST-1", "--count", "Ru=2", "--p1"), ("--p1 was given without --write",)),
        (
            ("HKUST-1", "--count", "Ru=2", "--sample", "2", "--sqs"),
            ("--sample and --quasirandom cannot",),
        ),
        (("HKUST-1", "--count", "Ru=2", "--sample", "0"), ("At least one can be drawn",)),
        (("HKUST-1", "--count", "Ru=2", "--top", "0"), ("--top 0 is below 1",)),
        (("HKUST-1", "--study"), ("--study was given without --per-linker",)),
        (("HKUST-1", "--per-linker", "Ru=one"), ("cannot be read",)),
        (("HKUST-1", "--per-linker", "Ru=1", "--count", "Zn=2"), ("on Ru, of which no",)),
        (("HKUST-1", "--up-to-index", "0", "--count", "Ru=1"), ("index 0",)),
        (("HKUST-1", "--up-to-index", "2", "--supercell", "2 2 2"), ("cannot be given together",)),
        (("no-such-thing", "--count", "Ru=1"), ("no bundled structure",)),
        (
            ("MOF-5", "--per-linker", "Mg<=1", "--study", "--figure", "x.png"),
            ("There is no figure",),
        ),
    ],
)
def test_bad_input(call, arguments, words):
    refused(call(*arguments), *words)


def test_an_existing_folder_is_left_alone(call, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note.txt").write_text("keep")
    refused(
        call("HKUST-1", "--count", "Ru=2", "--write", "mine"), "mine exists already", "new folder"
    )
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["note.txt"]


def test_an_unfinished_folder_is_for_the_same_command_only(call, tmp_path):
    record = {"what": "1 of 2 structures are complete; more", "command": "reticulum order X"}
    (tmp_path / "found").mkdir()
    (tmp_path / "found" / UNFINISHED).write_text(json.dumps(record | {"identity": {}}))
    answer = call("HKUST-1", "--count", "Ru=2", "--write", "found")
    assert answer[0] == 2
    words = " ".join(answer[2].split())
    assert "unfinished structures of another command" in words
    assert "1 of 2 structures are complete. It was: reticulum order X." in words
    assert [p.name for p in (tmp_path / "found").iterdir()] == [UNFINISHED]


def test_written_with_the_distances_of_the_metals(call, tmp_path):
    code, out, _ = call(
        "HKUST-1", "--count", "Ru=2", "--top", 1, "--write", "found", "--distances", "adjusted",
        "--format", "extxyz",
    )  # fmt: skip
    assert code == 0
    assert "geometry alone" in out
    from reticulum.frameworks.clusters import find_clusters

    atoms = read_structure(tmp_path / "found" / "1_I4_mmm.extxyz")
    assert symmetry_of(atoms).symbol == "I4/mmm"
    pairs = {c.label: c.metal_distance_a for c in find_clusters(atoms).clusters}
    assert pairs == pytest.approx({"Cu2": 2.629, "Ru2": 2.289}, abs=2e-3)


def test_distances_need_files(call):
    refused(call("HKUST-1", "--count", "Ru=2", "--distances", "kept"), "without --write")
    refused(
        call("HKUST-1", "--count", "Ru=2", "--write", "x", "--distances", "good"),
        "--distances good is not known",
    )


def test_at_most_one_means_exactly_one_where_the_counts_leave_no_play(call):
    options = ("HKUST-1", "--supercell", "4 4 4", "--count", "Ru=1/3", "--json", "-")
    _, at_most, _ = call(*options, "--per-linker", "Ru<=1")
    _, exactly, _ = call(*options, "--per-linker", "Ru=1")
    assert json.loads(at_most)["orderings"] == json.loads(exactly)["orderings"]
    assert json.loads(at_most)["n_total"] == 45


def test_counts_beyond_reach_are_bounds(call):
    _, out, _ = call(
        "HKUST-1", "--supercell", "10 10 10", "--count", "Ru=2", "--count-only", "--json", "-"
    )
    found = json.loads(out)
    assert found["n_total"] == comb(6000, 2)
    assert found["n_inequivalent"] is None
    low, high = found["n_inequivalent_bounds"]
    assert low == -(-comb(6000, 2) // 48000)
    assert high == comb(6000, 2)


def test_a_parent_without_symmetry_is_noted(call, tmp_path):
    atoms = symmetrised_primitive(read_structure("MOF-5")).atoms
    atoms.rattle(0.02, seed=1)
    atoms.write(tmp_path / "shaken.vasp")
    _, out, err = call("shaken.vasp", "--count", "Mg=1", "--count-only")
    assert "2 assignments, 2 inequivalent orderings" in out
    assert "no symmetry but translations within 0.001 Å" in " ".join(err.split())
    _, out, err = call("shaken.vasp", "--count", "Mg=1", "--count-only", "--symprec", 0.2)
    assert "2 assignments, 1 inequivalent ordering\n" in out
    assert "no symmetry" not in err


def test_axial_ligands_of_the_parent_are_noted(call):
    code, _, err = call("Ru-HKUST-1", "--count", "Cu=1")
    assert code == 0
    assert "6 Cl in the primitive cell" in " ".join(err.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--symprec", "-1"), ("symmetry tolerance is -1",)),
        (("--symprec", "0"), ("symmetry tolerance is 0",)),
        (("--symprec", "nan"), ("symmetry tolerance is nan",)),
        (("--supercell", "200 200 200"), ("48,000,000 clusters",)),
        (("--per-linker", "Ru=1", "--per-linker", "Ru=2"), ("Ru has 2 rules",)),
        (("--write", "x", "--format", "foo"), ("no format 'foo'",)),
        (("--write", "x", "--format", "xyz"), ("holds no cell",)),
        (("--write", "x", "--format", "vasp", "--p1"), ("--p1 has no meaning",)),
        (("--write", "no/such/place"), ("There is no folder",)),
        (("--write", "x", "--json", "./x"), ("after --json and after --write",)),
        (("--supercell", "99999999999999999999 1 1"), ("entries above 10000",)),
    ],
)
def test_bad_options_leave_nothing_behind(call, tmp_path, arguments, words):
    refused(call("HKUST-1", "--count", "Ru=2", *arguments), *words)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("parent", "count", "word"), [("HKUST-1", "Ag=2", "Ag"), ("MOF-5", "Mg=1", "no paddlewheels")]
)
def test_unknown_distances_are_refused_first(call, tmp_path, parent, count, word):
    refused(call(parent, "--count", count, "--write", "x", "--distances", "adjusted"), word)
    assert list(tmp_path.iterdir()) == []


def test_json_replaces_earlier_results_and_nothing_else(call, tmp_path):
    (tmp_path / "model.cif").write_text("mine")
    refused(call("HKUST-1", "--count", "Ru=2", "--json", "model.cif"), "not named .json")
    assert (tmp_path / "model.cif").read_text() == "mine"
    for _ in range(2):
        assert call("HKUST-1", "--count", "Ru=2", "--json", "found.json")[0] == 0
    assert json.loads((tmp_path / "found.json").read_text())["n_total"] == 15
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert call("HKUST-1", "--count", "Ru=2", "--count-only", "--json", "pipe")[0] == 0
        assert json.loads(os.read(reader, 1 << 20))["n_total"] == 15
    finally:
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
