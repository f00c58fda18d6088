"""What is written is read back: formats, crystal systems, settings, occupancies, and damage."""

from __future__ import annotations

import warnings
from functools import lru_cache

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from ase.spacegroup import crystal
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Structure

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.axial_ligands import PartialSite
from reticulum.frameworks.cif import expand_cif
from reticulum.frameworks.cif_writing import cif_text
from reticulum.frameworks.paddlewheel_models import build_ru2cu4btc4cl
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.frameworks.writing import structure_format, structure_suffix, write_structure
from reticulum.frameworks.written_check import verify_written


@lru_cache(maxsize=2)
def model(anions):
    return build_ru2cu4btc4cl(anions=anions)


def salt():
    return crystal(
        ["Na", "Cl"], [(0, 0, 0), (0.5, 0.5, 0.5)], spacegroup=225, cellpar=[5.64] * 3 + [90] * 3
    )


#: A crystal of each system, with screw axes, glides, two origins and rhombohedral centrings.
CRYSTALS = [
    (2, [5.1, 6.2, 7.3, 81, 97, 103]),
    (5, [9.1, 6.2, 7.3, 90, 107, 90]),
    (14, [5.1, 6.2, 7.3, 90, 107, 90]),
    (19, [5.1, 6.2, 7.3, 90, 90, 90]),
    (48, [8.1, 9.2, 10.3, 90, 90, 90]),  # two origins
    (70, [12.1, 13.2, 14.3, 90, 90, 90]),  # two origins, d glides
    (88, [8.1, 8.1, 11.3, 90, 90, 90]),
    (122, [8.1, 8.1, 11.3, 90, 90, 90]),
    (146, [9.1, 9.1, 12.3, 90, 90, 120]),
    (161, [9.1, 9.1, 15.3, 90, 90, 120]),
    (180, [8.1, 8.1, 12.3, 90, 90, 120]),
    (205, [9.1, 9.1, 9.1, 90, 90, 90]),
    (203, [14.1, 14.1, 14.1, 90, 90, 90]),  # two origins
]


def general(number, cellpar, second=(0.047, 0.321, 0.094)):
    """Two elements on general positions."""
    return crystal(
        ["Ti", "O"],
        [(0.21, 0.076, 0.138), second],
        spacegroup=number,
        cellpar=cellpar,
    )


@pytest.mark.parametrize(("number", "cellpar"), CRYSTALS)
def test_every_setting_survives_a_symmetrised_cif(number, cellpar, tmp_path):
    atoms = general(number, cellpar)
    assert symmetry_of(atoms).number == number
    written = write_structure(atoms, tmp_path / "x.cif")
    assert written.checked_by == ("reticulum", "ase", "pymatgen")
    again = read_structure(tmp_path / "x.cif")
    assert symmetry_of(again, 1e-4).number == number
    text = (tmp_path / "x.cif").read_text(encoding="ascii")
    assert f"_space_group_IT_number {number}\n" in text
    sites = [line for line in text.splitlines() if line[:2] in {"Ti", "O1"}]
    assert len(sites) == 2  # the asymmetric unit, not the cell


@pytest.mark.parametrize(
    ("name", "options", "checked"),
    [
        ("x.cif", {}, ("reticulum", "ase", "pymatgen")),
        ("x.cif", {"symmetrised": False}, ("reticulum", "ase", "pymatgen")),
        ("POSCAR", {}, ("reticulum", "ase", "pymatgen")),
        ("x.vasp", {}, ("reticulum", "ase", "pymatgen")),
        ("x.extxyz", {}, ("reticulum", "ase")),
        ("x.xyz", {}, ("reticulum", "ase")),
        ("x.xsf", {}, ("reticulum", "ase")),
        ("x.json", {}, ("reticulum", "ase")),
        ("x.traj", {}, ("reticulum", "ase")),
        ("x.dat", {"format": "poscar"}, ("reticulum", "ase", "pymatgen")),
    ],
)
def test_every_format_holds_the_ordered_model(name, options, checked, tmp_path):
    if name == "x.dat":
        checked = ("ase", "pymatgen")
        options = options | {"verify": False}
    path = tmp_path / name
    atoms = model("ordered").atoms
    written = write_structure(atoms, path, **options)
    assert written.path == path
    if options.get("verify", True):
        assert written.checked_by == checked
    again = read(path, format=written.file_format, do_not_split_by_at_sign=True)
    factor = len(again) // len(atoms)
    assert factor == (2 if name == "x.cif" and not options else 1) or factor == 4
    for symbol in ("Ru", "Cu", "Cl", "C", "H", "O"):
        assert list(again.symbols).count(symbol) == factor * list(atoms.symbols).count(symbol)
    assert again.get_volume() == pytest.approx(factor * atoms.get_volume(), rel=1e-6)
    assert symmetry_of(again).symbol == symmetry_of(again, 1e-4).symbol == "Fmm2"


def test_half_occupied_sites_in_cif(tmp_path):
    disordered = model("disordered")
    path = tmp_path / "x.cif"
    written = write_structure(
        disordered.atoms, path, partial_sites=disordered.partial_sites, provenance=["2.03(1) Å"]
    )
    assert written.checked_by == ("ase", "pymatgen")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        structure = Structure.from_file(str(path))
    composition = structure.composition.get_el_amt_dict()
    assert composition["Cl"] == pytest.approx(composition["Ru"] / 2.0)
    assert composition["C"] == pytest.approx(36 * composition["Cl"])
    text = path.read_text(encoding="ascii")
    assert "_chemical_formula_sum 'C36 H12 Cl Cu4 O24 Ru2'" in text
    assert "_space_group_name_H-M_alt 'I 4/m m m'" in text
    assert "# 2.03(1) A\n" in text
    with pytest.raises(InputError, match=r"Cl1 .* has the occupancy 0\.5"):
        read_structure(path)
    with pytest.raises(InputError, match="cannot hold half-occupied"):
        write_structure(
            disordered.atoms, tmp_path / "POSCAR", partial_sites=disordered.partial_sites
        )


@settings(max_examples=20, deadline=None)
@given(
    origin=st.tuples(*[st.floats(-3, 3)] * 3),
    turn=st.integers(0, 5),
    repeat=st.sampled_from([(1, 1, 1), (2, 1, 1), (1, 2, 2)]),
)
def test_origin_orientation_and_supercell_change_nothing(origin, turn, repeat):
    """The same asymmetric unit comes out of any cell of a crystal, up to the origin."""
    atoms = general(122, [8.1, 8.1, 11.3, 90, 90, 90])
    other = atoms.repeat(repeat)
    other.positions += origin
    other.rotate(60.0 * turn, (1, 2, 3), rotate_cell=True)
    text = cif_text(other)
    again = expand_cif(text, "x.cif").atoms
    assert text.count("\nTi") == text.count("\nO1") == 1
    assert len(again) == len(atoms)
    np.testing.assert_allclose(again.cell.cellpar(), atoms.cell.cellpar(), atol=1e-6)
    wanted = np.sort(atoms.get_all_distances(mic=True).ravel())
    found = np.sort(again.get_all_distances(mic=True).ravel())
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("_cell_length_a 5.64000000", "_cell_length_a 5.65000000", "volume"),
        ("Cl1 Cl", "Cl1 Br", "composition"),
        ("Na1 Na 4 0.0000000000", "Na1 Na 4 0.0900000000", "composition"),
    ],
)
def test_damage_is_seen(old, new, message, tmp_path):
    path = tmp_path / "x.cif"
    write_structure(salt(), path)
    verify_written(path, salt(), file_format="cif", symmetrised=True)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(CalculationError, match=message):
        verify_written(path, salt(), file_format="cif", symmetrised=True)


def test_moved_atom_and_lost_symmetry_are_seen(tmp_path):
    atoms = general(14, [5.1, 6.2, 7.3, 90, 107, 90])
    path = tmp_path / "x.vasp"
    moved = atoms.copy()
    moved.positions[0] += (0.01, 0.0, 0.0)
    write_structure(moved, path, verify=False)
    with pytest.raises(CalculationError, match="space groups"):
        verify_written(path, atoms, file_format="vasp")
    # all atoms moved within the space group: only the distances tell
    shifted = general(14, [5.1, 6.2, 7.3, 90, 107, 90], second=(0.049, 0.321, 0.094))
    write_structure(shifted, path, verify=False, overwrite=True)
    with pytest.raises(CalculationError, match="a distance"):
        verify_written(path, atoms, file_format="vasp")
    path.write_text("nothing")
    with pytest.raises(CalculationError, match="cannot read it"):
        verify_written(path, atoms, file_format="vasp")


def test_files_are_whole_or_absent(tmp_path):
    path = tmp_path / "x.cif"
    write_structure(salt(), path)
    before = path.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        write_structure(salt(), path)
    overlapping = salt()
    overlapping.positions[1] = overlapping.positions[0] + 0.1
    with pytest.raises(InputError, match="Å apart"):
        write_structure(overlapping, tmp_path / "y.cif")
    other = crystal(["K"], [(0, 0, 0)], spacegroup=229, cellpar=[5.3] * 3 + [90] * 3)
    assert path.read_bytes() == before
    write_structure(other, path, overwrite=True)
    assert path.read_bytes() != before
    # three decimals of PDB do not hold this cell: nothing is left of the attempt
    with pytest.raises(CalculationError, match="not written faithfully"):
        write_structure(general(146, [9.10041, 9.10041, 12.30037, 90, 90, 120]), tmp_path / "x.pdb")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.cif"]


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("x.foo", {}, "tells no format"),
        ("x.png", {}, "cannot be written and read back"),
        ("x.cif", {"format": "cfi"}, "no format 'cfi'"),
        ("x.xyz", {"format": "xyz"}, "holds no cell"),
        ("x.xtl", {}, "cannot write this structure"),
        ("nowhere/x.cif", {}, "no folder"),
        (".", {"format": "cif"}, "It is a folder"),
    ],
)
def test_what_cannot_be_written(name, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        write_structure(salt(), tmp_path / name, **options)
    assert list(tmp_path.iterdir()) == []


def test_molecules_are_no_crystals(tmp_path):
    with pytest.raises(InputError, match="has no cell"):
        write_structure(Atoms("H2", positions=[(0, 0, 0), (0, 0, 0.74)]), tmp_path / "x.cif")


def test_names_of_formats():
    assert structure_format("CONTCAR") == structure_format("x", "poscar") == "vasp"
    assert structure_suffix("cif") == ".cif"
    assert structure_suffix("POSCAR") == ".vasp"
    assert structure_suffix("extxyz") == ".extxyz"
    assert structure_suffix("xsf") == ".xsf"
    with pytest.raises(InputError, match="Similar names: cif"):
        structure_suffix("ciff")
    with pytest.raises(ValueError, match="occupancy"):
        PartialSite(element="Cl", position=(0.0, 0.0, 0.0), occupancy=1.5)


def test_coordinates_near_a_third_are_written_as_they_are(tmp_path):
    """pymatgen moves 0.33342 onto 1/3 unless told not to; that is no fault of the file."""
    atoms = crystal(
        ["Cu", "O"],
        [(0.0, 0.0, 0.1), (0.33342, 0.12, 0.25)],
        spacegroup=146,
        cellpar=[18.0, 18.0, 30.0, 90.0, 90.0, 120.0],
    )
    written = write_structure(atoms, tmp_path / "third.cif")
    assert "pymatgen" in written.checked_by
    assert "0.66675333" in written.path.read_text(encoding="utf-8")  # 0.33342 + 1/3


def test_half_occupied_sites_are_not_lost(tmp_path):
    model = build_ru2cu4btc4cl(anions="disordered")
    with pytest.raises(InputError, match="half-occupied sites beside"):
        write_structure(model.atoms, tmp_path / "lost.vasp")
    assert list(tmp_path.iterdir()) == []
    write_structure(model.atoms, tmp_path / "kept.cif", partial_sites=model.partial_sites)


@pytest.mark.parametrize(("name", "form"), [("x.cif", "vasp"), ("x.vasp", "cif")])
def test_names_that_contradict_the_format(tmp_path, name, form):
    model = build_ru2cu4btc4cl(anions="none")
    with pytest.raises(InputError, match="does not end as a file"):
        write_structure(model.atoms, tmp_path / name, format=form)
