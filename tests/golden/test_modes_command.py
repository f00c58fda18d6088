"""`reticulum modes` on files of other programs, its files, and what it refuses."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from ase.io import read
from foreign_calculations import foreign_calculation
from phonopy.file_IO import write_FORCE_SETS
from phonopy.interface.vasp import write_vasp


@pytest.fixture(scope="module")
def calculation(spring_run, tmp_path_factory):
    """A phonopy calculation: phonopy_disp.yaml, SPOSCAR, POSCAR and FORCE_SETS."""
    folder = tmp_path_factory.mktemp("phonopy") / "calculation"
    folder.mkdir()
    phonopy = foreign_calculation(spring_run[1].atoms)
    phonopy.save(filename=str(folder / "phonopy_disp.yaml"), settings={"force_sets": False})
    write_FORCE_SETS(phonopy.dataset, folder / "FORCE_SETS")
    write_vasp(folder / "SPOSCAR", phonopy.supercell)
    write_vasp(folder / "POSCAR", phonopy.unitcell)
    return folder


@pytest.fixture
def here(calculation, tmp_path):
    """A copy in the working folder of `command_line`."""
    shutil.copytree(calculation, tmp_path / "calculation")
    return tmp_path


def test_the_table_of_a_phonopy_calculation(command_line, here):
    code, out, err = command_line("modes", "calculation")
    assert (code, err) == (0, "")
    assert "P4/mmm, 18 atoms, unknown calculator" in out
    assert "forces in FORCE_SETS, of a supercell of 36 atoms" in out
    assert "raw force constants: asymmetry" in out
    assert "Carboxylates: 4 bridging" in out
    assert "Infrared-active antisymmetric COO stretch: 1978 cm⁻¹" in out
    assert "km/mol" not in out


def test_bands_of_the_metal_environment(command_line, here):
    code, out, _ = command_line("modes", "calculation")
    assert code == 0
    assert "Infrared-active bands by the metals of the carboxylates" in out
    assert "COO-Cu2, 4 groups" in out
    (row,) = [line for line in out.splitlines() if line.split()[:1] == ["ν_as(COO)"]]
    assert row.split()[1] == "1978"
    assert "Beside measured bands" not in out  # copper formate is no HKUST-1
    assert "Difference between environments" not in out
    _, out, _ = command_line("modes", "calculation", "--json", "-")
    found = json.loads(out)["metal_environments"]
    assert [entry["label"] for entry in found["environments"]] == ["COO-Cu2"]
    assert found["beside_measured"] == found["differences"] == []


@pytest.mark.parametrize("width", [60, 80, 200])
def test_numbers_are_never_cut_off(command_line, here, monkeypatch, width):
    """Where a column is broken into lines, its characters stay; only the last one folds at 80."""
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = command_line("modes", "calculation", "--fragment", "all=1-18")
    assert code == 0
    assert "Fragment all = 1-18: 18 atoms, 1 place: " in out
    assert "…" not in out
    table = out[out.index("Γ modes") : out.index("Character: ")]
    if width >= 80:
        rows = [line.split() for line in table.splitlines() if re.match(r" *\d+(-\d+)? ", line)]
        assert rows
        assert all("1.00" in row for row in rows)
        assert (
            sum(1 + int(row[0].rsplit("-", 1)[-1]) - int(row[0].split("-")[0]) for row in rows)
            == 54
        )


def test_fragments_have_columns(command_line, here):
    arguments = (
        "--fragment",
        "copper=Cu",
        "--fragment",
        "rest=3-18",
        "--fragment",
        "CO=stretch:C~O",
    )
    code, out, err = command_line("modes", "calculation", *arguments)
    assert (code, err) == (0, "")
    assert "Fragment copper = Cu: 2 atoms, 2 places: Cu1 Cu2" in out
    assert "Fragment CO = C~O: 8 stretch coordinates, 8 places" in out
    assert "copper   rest     CO   character" in out
    assert "share atoms" not in out
    code, out, _ = command_line("modes", "calculation", *arguments, "--json", "-")
    copper, rest, stretch = json.loads(out)["fragments"]["fragments"]
    assert copper["atoms"] == [1, 2]
    for one, other in zip(copper["shares_by_set"], rest["shares_by_set"], strict=True):
        assert one + other == pytest.approx(1.0)
    code, _, _ = command_line("modes", "calculation", *arguments, "-o", "table.csv")
    assert code == 0
    header, *rows = [
        line.split(",")
        for line in (here / "table.csv").read_text().splitlines()
        if not line.startswith("#")
    ]
    assert header[-3:] == ["fragment_copper", "fragment_rest", "fragment_CO"]
    assert [float(row[-1]) for row in rows] == pytest.approx(stretch["shares_by_set"], abs=1e-6)
    code, out, _ = command_line("modes", "calculation", "--fragment", "a=*", "--fragment", "b=1")
    assert "their shares may add to more than one" in out


def test_every_name_of_it_gives_the_same(command_line, here):
    _, expected, _ = command_line("modes", "calculation", "--json", "-")
    for arguments in (
        ("calculation/phonopy_disp.yaml",),
        ("calculation/FORCE_SETS",),
        ("calculation/FORCE_SETS", "--structure", "calculation/SPOSCAR"),
        ("calculation/FORCE_SETS", "--structure", "calculation/POSCAR", "--supercell", "1,1,2"),
        ("calculation/FORCE_SETS", "--structure", "calculation/POSCAR", "--supercell",
         "1 0 0 0 1 0 0 0 2"),
    ):  # fmt: skip
        code, out, _ = command_line("modes", *arguments, "--json", "-")
        assert code == 0, arguments
        one, two = json.loads(expected), json.loads(out)
        assert [s["irrep"] for s in one["sets"]][3:] == [s["irrep"] for s in two["sets"]][3:]
        for left, right in zip(one["sets"][3:], two["sets"][3:], strict=True):
            # Masses in the YAML have six decimals, those of POSCAR are ase's.
            assert left["wavenumber_cm1"] == pytest.approx(right["wavenumber_cm1"], abs=1e-3)


def test_born_charges_give_intensities(command_line, here):
    tensors = [f"{q} 0 0 0 {q} 0 0 0 {q}" for q in (2.0, 1.0, 1.0, -0.8, 0.1)]  # ε∞, Cu C O H
    (here / "BORN").write_text("\n".join(["default", *tensors]))
    code, out, _ = command_line("modes", "calculation", "--born", "BORN")
    assert code == 0
    assert "Born charges from BORN" in out
    assert "km/mol" in out
    code, out, _ = command_line("modes", "calculation", "--born", "BORN", "--json", "-")
    content = json.loads(out)
    assert content["phonons"]["born_charges"]["source"] == "from BORN"
    assert content["infrared"]["unit"] == "km/mol"
    strongest = content["infrared"]["wavenumbers_cm1"][
        content["infrared"]["heights"].index(max(content["infrared"]["heights"]))
    ]
    assert strongest == pytest.approx(1978.6, abs=1.0)


def test_files_are_written(command_line, here):
    code, out, err = command_line(
        "modes", "calculation", "-o", "table.csv", "-o", "mode.extxyz", "-o", "modes.axsf",
        "--write", "gamma.yaml", "--animate", "19,20", "--amplitude", "0.2", "--frames", "6",
    )  # fmt: skip
    assert (code, out) == (0, "")
    assert "Written: mode.extxyz, film of single modes" in err
    frames = read(here / "mode.extxyz", index=":")
    assert len(frames) == 12
    assert len(read(here / "modes.axsf", index=":", format="xsf")) == 2
    code, again, _ = command_line("modes", "gamma.yaml", "--json", "-")
    assert code == 0
    table = (here / "table.csv").read_text().splitlines()
    found = [s["wavenumber_cm1"] for s in json.loads(again)["sets"]]
    column = [line.split(",")[2] for line in table if not line.startswith("#")][1:]
    assert [float(x) for x in column][3:] == pytest.approx(found[3:], abs=1e-3)


def test_existing_files_are_kept(command_line, here):
    (here / "table.csv").write_text("mine")
    code, out, err = command_line("modes", "calculation", "-o", "table.csv")
    assert (code, out) == (2, "")
    assert "table.csv exists already" in err
    assert (here / "table.csv").read_text() == "mine"
    code, _, _ = command_line("modes", "calculation", "-o", "table.csv", "--force")
    assert code == 0
    assert "wavenumber_cm1" in (here / "table.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent",), "not a run folder"),
        (("calculation/POSCAR",), "no file of phonons"),
        (("calculation/FORCE_SETS", "--structure", "absent"), "no file"),
        (("calculation", "--supercell", "1,1,2"), "stands in"),
        (("calculation", "--supercell", "1,1"), "is no supercell"),
        (("calculation", "--supercell", "0,1,1"), "is no supercell"),
        (("calculation", "--symprec", "-1"), "symmetry tolerance"),
        (("calculation", "--symprec", "nan"), "symmetry tolerance"),
        (("calculation", "--born", "absent"), "no file absent"),
        (("calculation", "--born", "calculation/POSCAR"), "not a file of Born charges"),
        (("calculation", "-o", "modes.txt"), "tells no kind of file"),
        (("calculation", "-o", "no/modes.csv"), "no folder"),
        (("calculation", "-o", "a.extxyz"), "none is named"),
        (("calculation", "-o", "a.extxyz", "--animate", "x"), "names no modes"),
        (("calculation", "-o", "a.extxyz", "--animate", "99"), "There is no mode 99"),
        (("calculation", "-o", "a.extxyz", "--animate", "9", "--frames", "1"), "no film"),
        (("calculation", "-o", "a.extxyz", "--animate", "9", "--amplitude", "0"), "amplitude"),
        (("calculation", "-o", "a.extxyz", "--animate", "9", "--amplitude", "100"), "2 Å at most"),
        # refused before SOURCE is read and the first file is written
        (
            ("absent", "-o", "a.csv", "-o", "a.extxyz", "--animate", "9", "--amplitude", "3"),
            "2 Å at most",
        ),
        (("calculation", "-o", "a.axsf", "--amplitude", "100"), "20 Å at most"),
        (("calculation", "-o", "a.csv", "--animate", "9"), "no file for them is named"),
        (("calculation", "-o", "a.axsf", "--frames", "9"), "number of frames of a film"),
        (("calculation", "-o", "a.csv", "-o", "a.csv"), "named twice"),
        (("calculation", "--animate", "9"), "no file for them is named"),
        (("calculation", "--force"), "none is named"),
        (("calculation", "--infrared", "-o", "a.csv"), "nothing is printed"),
        (("calculation", "--fragment", "ring=Zn~O"), "matches nothing"),
        (("calculation", "--fragment", "ring"), "names no fragment"),
        (("calculation", "--fragment", "x=C~(O)"), "cannot be read at position 3"),
        (("absent", "--fragment", "x=99"), "not a run folder"),
        (("calculation", "--fragment", "x=99", "-o", "a.csv"), "no atom 99"),
        (("--all-table1", "--fragment", "x=C"), "--fragment"),
    ],
)
def test_refused_with_one_message(command_line, here, arguments, words):
    before = sorted(path.name for path in here.iterdir())
    code, out, err = command_line("modes", *arguments)
    assert code == 2, err
    assert out == ""
    message = " ".join(err.split())
    assert message.count("Error:") == 1
    assert words in message
    assert sorted(path.name for path in here.iterdir()) == before
