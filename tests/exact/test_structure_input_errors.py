"""Each kind of bad structure input is refused with one message that names it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from reticulum.errors import InputError
from reticulum.frameworks.crystal_checks import OVERLAP_DISTANCE_A
from reticulum.frameworks.reading import StructureWarning, read_structure

GOOD_CIF = """data_salt
_chemical_formula_sum 'Cl Na'
_cell_formula_units_Z 4
_cell_length_a 5.64
_cell_length_b 5.64
_cell_length_c 5.64
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
loop_
_symmetry_equiv_pos_as_xyz
'x,y,z'
'x,y+1/2,z+1/2'
'x+1/2,y,z+1/2'
'x+1/2,y+1/2,z'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Na1 Na1+ 0.0 0.0 0.0 1.0
Cl1 Cl1- 0.5 0.5 0.5 1.0
"""


@pytest.fixture
def refused(tmp_path: Path):
    """Write a file, expect its refusal, and return the error."""

    def refuse(name: str, content: str | bytes) -> InputError:
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        with pytest.raises(InputError) as caught:
            read_structure(path)
        assert caught.value.exit_status == 2
        assert str(path) in caught.value.what
        assert caught.value.fix
        return caught.value

    return refuse


def test_the_good_cif_is_good(tmp_path: Path) -> None:
    (tmp_path / "salt.cif").write_text(GOOD_CIF)
    assert read_structure(tmp_path / "salt.cif").get_chemical_formula() == "Cl4Na4"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.5 0.5 0.5 1.0", "0.5 0.5 0.5 0.5", r"Site Cl1 \(Cl\) in .* has the occupancy 0.5\."),
        ("0.5 0.5 0.5 1.0", "0.5 0.5 0.5 0.8(2)", r"occupancy 0.8\."),
        ("Cl1 Cl1- 0.5 0.5 0.5 1.0", "Cl1 Cl 0.5 0.5 0.5 .7\nBr1 Br 0.5 0.5 0.5 .3", "2 sites"),
        ("Cl1 Cl1- 0.5 0.5 0.5", "Cl1 Cl1- 0.5 ? 0.5", r"Site Cl1 in .* has no y coordinate"),
        ("Cl1 Cl1- 0.5 0.5 0.5", "Cl1 Q 0.5 0.5 0.5", r"Site Cl1 in .* has no known element"),
        ("Cl1 Cl1- 0.5 0.5 0.5", "Cl1 Cl 0.0 0.0 0.03", "Site Na1 and Site Cl1 of .* 0.17 Å apart"),
        ("Cl1 Cl1- 0.5 0.5 0.5", "Cl1 Cl 0.5 0.5 0.5 1\nCl2 Cl 0 0.5 0", "Cl1 and Site Cl2"),
        ("_cell_length_b 5.64", "", r"states no _cell_length_b"),
        ("_cell_length_b 5.64", "_cell_length_b ?", r"states no _cell_length_b \(found: '\?'\)"),
        ("_cell_length_b 5.64", "_cell_length_b -5.64", "impossible cell: 5.64, -5.64, 5.64"),
        ("_cell_angle_gamma 90", "_cell_angle_gamma 250", "impossible cell"),
        ("_cell_length_b 5.64", "_cell_length_b 0.01", "Å³ of volume for each atom"),
        ("'x+1/2,y+1/2,z'\n", "", "The 3 symmetry operations in .* form no group"),
        ("'x+1/2,y+1/2,z'", "'x+1/2,y+1/2'", "symmetry operation 'x.1/2,y.1/2', which cannot"),
        ("'x+1/2,y+1/2,z'", "'x+1/2,y+1/2,w'", "which cannot be understood"),
        ("'x+1/2,y+1/2,z'", "'x+1/2,x+1/2,z'", "which cannot be understood"),
        ("_symmetry_equiv_pos_as_xyz", "_space_group_symop_magn_operation.xyz", "magnetic CIF"),
        ("Cl1 Cl1- 0.5 0.5 0.5 1.0\n", "Cl1 Cl1- 0.5", "is not a complete CIF"),
        ("_atom_site_fract_z\n", "_atom_site_other\n", "lists atom sites without coordinates"),
    ],
)
def test_bad_cif(old: str, new: str, message: str, refused) -> None:
    assert GOOD_CIF.count(old) == 1
    error = refused("bad.cif", GOOD_CIF.replace(old, new))
    with pytest.raises(InputError, match=message):
        raise error


def test_cif_with_two_structures(refused) -> None:
    error = refused("two.cif", GOOD_CIF + GOOD_CIF.replace("data_salt", "data_sugar"))
    assert "holds 2 structures (salt, sugar)" in error.what


def test_cif_without_atoms(refused) -> None:
    error = refused("none.cif", GOOD_CIF[: GOOD_CIF.index("loop_\n_atom")])
    assert "holds no atoms" in error.what


@pytest.mark.parametrize(
    ("operation", "tabulated"), [("", "_space_group_name_H-M_alt 'X 9 q'"), ("", "")]
)
def test_cif_without_operations(operation: str, tabulated: str, tmp_path: Path, refused) -> None:
    first, last = GOOD_CIF.index("loop_"), GOOD_CIF.index("loop_\n_atom")
    text = GOOD_CIF[:first] + tabulated + "\n" + operation + GOOD_CIF[last:]
    if tabulated:
        assert "is not in the table" in refused("unknown.cif", text).what
        return
    path = tmp_path / "p1.cif"
    path.write_text(text)
    with pytest.warns(StructureWarning, match="states no symmetry"):
        assert len(read_structure(path)) == 2


def test_missing_hydrogen_is_told_where_the_formula_shows_it(tmp_path: Path) -> None:
    path = tmp_path / "wet.cif"
    path.write_text(GOOD_CIF.replace("'Cl Na'", "'Cl H2 Na O'"))
    with pytest.warns(StructureWarning, match=r"'Cl H2 Na O' but its sites give Cl4Na4"):
        read_structure(path)


@pytest.mark.parametrize("name", ["empty.cif", "POSCAR", "empty.xyz", "empty"])
def test_empty_file(name: str, refused) -> None:
    assert "is empty" in refused(name, " \n").what


def test_binary_file(refused) -> None:
    content = bytes(range(256)) * 20
    assert "is a binary file, not text" in refused("photo.cif", content).what
    assert "binary file" in refused("photo.png", content).what
    assert "cannot be read" in refused("broken.cif.gz", content).what


def test_file_of_no_structure_format(refused) -> None:
    error = refused("letter.txt", "Dear colleague,\nthe crystals look fine.\n")
    assert "cannot be read as a crystal structure" in error.what
    assert "CIF, POSCAR or extended XYZ" in error.fix


def test_truncated_poscar(tmp_path: Path, refused) -> None:
    write(tmp_path / "good", bulk("NaCl", "rocksalt", a=5.64), format="vasp")
    text = (tmp_path / "good").read_text()
    for length in (40, 100, len(text) - 30):
        assert "cannot be read as a crystal structure" in refused("POSCAR", text[:length]).what


def test_poscar_without_elements(refused) -> None:
    text = "a crystal\n1.0\n4 0 0\n0 4 0\n0 0 4\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n"
    assert "does not name its elements" in refused("POSCAR", text).what


def test_trajectory_of_different_crystals(tmp_path: Path) -> None:
    path = tmp_path / "set.extxyz"
    write(path, [bulk("Cu"), bulk("NaCl", "rocksalt", a=5.64)], format="extxyz")
    with pytest.raises(InputError, match=r"holds 2 structures of 2 compositions \(Cu, ClNa\)"):
        read_structure(path)


@pytest.mark.parametrize(
    ("first_line", "message"),
    [
        ("", "has no cell"),
        ('Lattice="4 0 0 0 4 0 4 4 0"', "has a cell without volume"),
        ('Lattice="4 0 0 0 4 0 0 0 0" pbc="T T F"', "has a cell without volume"),
        ('Lattice="4 0 0 0 4 0 0 0 9" pbc="T T F"', "is not periodic along c"),
    ],
)
def test_no_crystal(first_line: str, message: str, refused) -> None:
    error = refused("molecule.xyz", f"2\n{first_line}\nC 0 0 0\nO 1.1 0 0\n")
    assert message in error.what


def cell_of(length_a: float = 4.0) -> dict[str, object]:
    return {"cell": [length_a] * 3, "pbc": True}


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (Atoms(**cell_of()), "The Atoms object holds no atoms"),
        (Atoms("CO", [[0, 0, 0], [np.nan, 0, 0]], **cell_of()), r"Atom 2 \(O\) of .* no number"),
        (Atoms("CO", [[0, 0, 0], [0, np.inf, 0]], **cell_of()), r"Atom 2 \(O\) of .* no number"),
        (Atoms("CX", [[0, 0, 0], [0, 2, 0]], **cell_of()), r"Atom 2 .* has no chemical element"),
        (Atoms("CO", [[0, 0, 0], [0, 2, 0]], cell=[4, 4, 4]), "is not periodic along a, b, c"),
        (Atoms("CO", [[0, 0, 0], [0, 2, 0]], cell=[4, 4, np.nan], pbc=True), "cell that is no num"),
        (Atoms("CO", [[0, 0, 0], [0, 2, 0]], **cell_of(0.4)), "0.032 Å³ of volume for each atom"),
        (Atoms("CO", [[0, 0, 0], [0, 0, 3.8]], **cell_of()), "are 0.20 Å apart"),
    ],
)
def test_bad_atoms_object(atoms: Atoms, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_structure(atoms)


@pytest.mark.parametrize(("distance_a", "good"), [(0.499, False), (0.501, True)])
def test_overlap_limit_is_sharp_and_crosses_faces(distance_a: float, good: bool) -> None:
    assert OVERLAP_DISTANCE_A == 0.5
    atoms = Atoms("H2", [[0.1, 0, 0], [4.1 - distance_a, 0, 0]], **cell_of())
    if good:
        assert len(read_structure(atoms)) == 2
    else:
        with pytest.raises(InputError, match="apart"):
            read_structure(atoms)


def test_disordered_pymatgen_structure() -> None:
    from pymatgen.core import Lattice, Structure

    structure = Structure(Lattice.cubic(4), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]])
    with pytest.raises(InputError, match=r"Site 1 \((Na|K)\) in The Structure object has the occ"):
        read_structure(structure)


def test_pymatgen_slab_and_dummy() -> None:
    from pymatgen.core import DummySpecies, Lattice, Structure

    slab = Structure(
        Lattice([[4, 0, 0], [0, 4, 0], [0, 0, 4]], pbc=(True, True, False)), ["C"], [[0, 0, 0]]
    )
    with pytest.raises(InputError, match="not periodic along c"):
        read_structure(slab)
    dummy = Structure(Lattice.cubic(4), [DummySpecies("X")], [[0, 0, 0]])
    with pytest.raises(InputError, match="unknown element X"):
        read_structure(dummy)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("HKUST", "Did you mean the bundled structure HKUST-1"),
        ("HKUST1.cif", "Did you mean the bundled structure HKUST-1"),
        ("folder/uio66.cif.gz", "Did you mean the bundled structure UiO-66"),
        ("xyzzy.cif", "no file 'xyzzy.cif'.*Check the path"),
    ],
)
def test_missing_file(source: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_structure(source)


def test_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, not a structure file"):
        read_structure(tmp_path)


def test_unknown_object() -> None:
    with pytest.raises(InputError, match="from an object of type int"):
        read_structure(42)
