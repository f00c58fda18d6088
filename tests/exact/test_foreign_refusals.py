"""Foreign phonons that are damaged or do not belong together: one message, never a result."""

from __future__ import annotations

import re

import numpy as np
import pytest
from foreign_calculations import foreign_calculation, vasprun, vasprun_with_hessian
from phonopy.file_IO import (
    write_FORCE_CONSTANTS,
    write_force_constants_to_hdf5,
    write_FORCE_SETS,
)
from phonopy.interface.vasp import write_vasp

from reticulum.errors import InputError
from reticulum.phonons.foreign_phonons import read_gamma_phonons


@pytest.fixture(scope="module")
def theirs(spring_run):
    return foreign_calculation(spring_run[1].atoms)


@pytest.fixture
def folder(theirs, tmp_path):
    """A complete calculation: phonopy_disp.yaml and FORCE_SETS."""
    theirs.save(filename=str(tmp_path / "phonopy_disp.yaml"), settings={"force_sets": False})
    write_FORCE_SETS(theirs.dataset, tmp_path / "FORCE_SETS")
    return tmp_path


def refused(path, words, **options):
    """The error of reading, with all three sentences."""
    with pytest.raises(InputError, match=words) as caught:
        read_gamma_phonons(path, **options)
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
    return caught.value


def cut(path, share=0.6):
    """Leave only the beginning of a file."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])


def test_the_complete_calculation_is_read(folder):
    assert len(read_gamma_phonons(folder).atoms) == 18


@pytest.mark.parametrize("name", ["FORCE_SETS", "phonopy_disp.yaml"])
def test_truncated_files(folder, name):
    whole = (folder / name).read_text()
    if name == "phonopy_disp.yaml":
        # Cut between two atoms of the supercell it is YAML still.
        where = [m.start() for m in re.finditer("- symbol:", whole[whole.index("\nsupercell:") :])]
        (folder / name).write_text(whole[: whole.index("\nsupercell:") + where[20]])
        refused(folder, "lists 20 atoms of a supercell of 36")
        (folder / name).write_text(whole)
    cut(folder / name, 0.4)
    refused(folder, f"{name} cannot be read|{name} does not hold|no unit cell|{name} lists")
    (folder / name).write_text("")
    refused(folder, f"{name} cannot be read|is not a phonopy YAML")


def test_truncated_parameters(theirs, tmp_path):
    path = tmp_path / "phonopy_params.yaml"
    theirs.save(filename=str(path))
    cut(path, 0.9)
    refused(path, "cannot be read|does not hold forces|do not fix")
    packed = tmp_path / "phonopy_params.yaml.xz"
    packed.write_bytes(b"not xz")
    refused(packed, "cannot be read")


@pytest.mark.parametrize("name", ["FORCE_CONSTANTS", "force_constants.hdf5"])
def test_truncated_force_constants(theirs, folder, name):
    (folder / "FORCE_SETS").unlink()
    path = folder / name
    if name == "FORCE_CONSTANTS":
        write_FORCE_CONSTANTS(theirs.force_constants, path)
    else:
        write_force_constants_to_hdf5(theirs.force_constants, path)
    cut(path)
    refused(folder, "cannot be read")


def test_missing_files(folder, tmp_path):
    (folder / "FORCE_SETS").unlink()
    refused(folder, "holds no forces")
    refused(folder / "phonopy_disp.yaml", "holds no forces")
    refused(tmp_path / "nothing", "not a run folder")
    refused(tmp_path / "phonopy.yaml", "not a run folder")
    empty = tmp_path / "empty"
    empty.mkdir()
    refused(empty, "not a run folder")


def test_forces_without_structure(theirs, tmp_path):
    write_FORCE_SETS(theirs.dataset, tmp_path / "FORCE_SETS")
    refused(tmp_path, "There is no structure for")
    write_vasp(tmp_path / "POSCAR", theirs.unitcell)
    refused(tmp_path, "is of 36 atoms")
    refused(tmp_path, "is of 36 atoms", supercell=np.diag([1, 1, 3]))
    refused(tmp_path, "000 atoms", supercell=np.diag([100, 100, 1]))


def test_files_of_unknown_kinds(theirs, tmp_path):
    path = tmp_path / "POSCAR"
    write_vasp(path, theirs.unitcell)
    refused(path, "no file of phonons")
    path = tmp_path / "band.yaml"
    path.write_text("nqpoint: 51\nnpath: 1\n")
    refused(path, "no unit cell")


def test_forces_of_another_supercell(theirs, folder):
    lines = (folder / "FORCE_SETS").read_text().split("\n")
    (folder / "FORCE_SETS").write_text("\n".join(["18", *lines[1:]]))
    refused(folder, "is of 18 atoms, but the supercell has 36")


def test_force_constants_of_another_cell(theirs, folder):
    write_FORCE_CONSTANTS(theirs.force_constants[:, :18], folder / "FORCE_CONSTANTS")
    refused(folder / "FORCE_CONSTANTS", "is of 18 atoms, but the supercell has 36")
    write_FORCE_CONSTANTS(theirs.force_constants[:9], folder / "FORCE_CONSTANTS")
    refused(folder / "FORCE_CONSTANTS", "of 9 of 36 atoms")


def test_forces_of_other_displacements(theirs, folder):
    dataset = {
        "natom": theirs.dataset["natom"],
        "first_atoms": [
            {**entry, "displacement": 2.0 * np.array(entry["displacement"])}
            for entry in theirs.dataset["first_atoms"]
        ],
    }
    write_FORCE_SETS(dataset, folder / "FORCE_SETS")
    refused(folder, "are not those in")


def test_displacements_that_are_missing(theirs, tmp_path):
    # phonopy leaves zeros for what is never displaced, without a word.
    write_vasp(tmp_path / "SPOSCAR", theirs.supercell)
    entries = theirs.dataset["first_atoms"]
    last = entries[-1]["number"]
    without_an_atom = [entry for entry in entries if entry["number"] != last]
    # One atom lies on a plane and is displaced in it, and across it.
    without_a_direction = [
        entry for entry in entries if np.count_nonzero(entry["displacement"]) != 1
    ]
    moved = {entry["number"] for entry in without_a_direction}
    assert moved == {entry["number"] for entry in entries}
    for kept in (without_an_atom, without_a_direction):
        assert len(kept) < len(entries)
        write_FORCE_SETS({**theirs.dataset, "first_atoms": kept}, tmp_path / "FORCE_SETS")
        refused(tmp_path, "do not fix all force constants")


def test_forces_in_another_order_of_atoms(theirs, folder):
    turned = [
        {**entry, "forces": np.roll(entry["forces"], 7, axis=0)}
        for entry in theirs.dataset["first_atoms"]
    ]
    write_FORCE_SETS({**theirs.dataset, "first_atoms": turned}, folder / "FORCE_SETS")
    refused(folder, "are no force constants of this structure")


def test_numbers_that_are_none(theirs, folder):
    values = theirs.force_constants.copy()
    values[0, 0, 0, 0] = np.nan
    write_FORCE_CONSTANTS(values, folder / "FORCE_CONSTANTS")
    refused(folder / "FORCE_CONSTANTS", "not real numbers")
    write_force_constants_to_hdf5(theirs.force_constants + 1j, folder / "force_constants.hdf5")
    refused(folder / "force_constants.hdf5", "not real numbers")


def test_unknown_elements_and_calculators(theirs, folder):
    path = folder / "phonopy_disp.yaml"
    text = path.read_text()
    path.write_text(text.replace("symbol: Cu", "symbol: Qq"))
    refused(folder, "cannot be read")
    path.write_text(text.replace('version: "', 'calculator: abakus\n  version: "', 1))
    refused(folder, "cannot be read")


def test_damaged_vasp_files(theirs, tmp_path):
    path = tmp_path / "vasprun.xml"
    whole = vasprun_with_hessian(theirs)
    path.write_text(whole[: len(whole) // 2])
    refused(path, "cannot be read as a vasprun.xml")
    path.write_text(vasprun(theirs.supercell, ""))
    refused(path, "holds no Hessian")
    refused(tmp_path, "holds no Hessian")
    path.write_text(whole.replace("<c>Cu</c>", "<c>r </c>"))
    refused(path, "known elements")
    # Selective dynamics: a smaller Hessian.
    rows = whole.split("    <v>")
    path.write_text(whole.replace("    <v>" + rows[-1].split("</v>")[0] + "</v>\n", "", 1))
    refused(path, "Hessian")


def test_options_without_use(folder, spring_run, theirs, tmp_path):
    refused(folder, "stands in", supercell=np.diag([1, 1, 2]))
    refused(spring_run[0], "is a run folder", tolerance_a=0.01)
    path = tmp_path / "vasp" / "vasprun.xml"
    path.parent.mkdir()
    path.write_text(vasprun_with_hessian(theirs))
    refused(path, "no file that needs one", structure=folder / "phonopy_disp.yaml")


def test_a_damaged_born_beside_is_said_and_not_used(folder):
    (folder / "BORN").write_text("default\n1 0 0 0 1 0 0 0 1\n1 0 0 0 1 0 0 0 1\n")
    found = read_gamma_phonons(folder)
    assert found.born is None
    assert [w for w in found.warnings if "found and not used" in w]
    refused(folder, "cannot be read as BORN", born=folder / "BORN")
