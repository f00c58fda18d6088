"""Phonons that other programs computed: every format gives the wavenumbers of our own run."""

from __future__ import annotations

import lzma
import shutil
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from foreign_calculations import (
    DISPLACEMENT_A,
    doubled,
    foreign_calculation,
    own_run,
    vasprun_with_hessian,
    with_random_displacements,
)
from phonopy.file_IO import (
    parse_FORCE_SETS,
    write_FORCE_CONSTANTS,
    write_force_constants_to_hdf5,
    write_FORCE_SETS,
)
from phonopy.interface.vasp import write_vasp
from phonopy.physical_units import get_calculator_physical_units

from reticulum.phonons.foreign_phonons import read_gamma_phonons
from reticulum.phonons.gamma import load_gamma_phonons
from reticulum.phonons.modes import mode_table
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

DATA = Path(__file__).parents[1] / "data"

#: Largest difference to our own run, cm⁻¹; the acoustic modes are rounding.
TOLERANCE_CM1 = 1e-3

#: The same for FORCE_SETS, which keeps ten decimals of forces of about 0.01 eV/Å.
ROUNDED_CM1 = 5e-3


@pytest.fixture(scope="module")
def ours(spring_run, tmp_path_factory):
    """Our own phonons with displacements as short as those of the other program."""
    return own_run(spring_run[1].atoms, tmp_path_factory.mktemp("own") / "run")


@pytest.fixture(scope="module")
def theirs(ours):
    """Phonopy with the forces of a supercell of the same crystal."""
    return foreign_calculation(ours.atoms)


def assert_same_phonons(found, ours):
    """Same crystal, same wavenumbers, same symmetry of the modes."""
    rounded = found.calculator["source"] == "forces in FORCE_SETS"
    assert len(found.atoms) == len(ours.atoms)
    assert found.symmetry.symbol == ours.symmetry.symbol
    np.testing.assert_allclose(
        found.wavenumbers_cm1[3:],
        ours.wavenumbers_cm1[3:],
        atol=ROUNDED_CM1 if rounded else TOLERANCE_CM1,
    )
    assert np.abs(found.wavenumbers_cm1[:3]).max() < 0.01
    assert not found.warnings


def gamma_of(phonopy):
    """Wavenumbers that phonopy itself finds at Gamma, cm⁻¹."""
    matrix = phonopy.dynamical_matrix
    matrix.run([0, 0, 0])
    values = np.linalg.eigvalsh(matrix.dynamical_matrix)
    return np.sign(values) * np.sqrt(np.abs(values)) * SQRT_EV_PER_U_A2_TO_CM1


def save(phonopy, path, **settings):
    phonopy.save(filename=str(path), settings=settings)
    return path


def files_in(folder, theirs, *, forces="FORCE_SETS", cells=("POSCAR", "SPOSCAR")):
    """Files without any YAML."""
    if forces == "FORCE_SETS":
        write_FORCE_SETS(theirs.dataset, folder / forces)
    elif forces == "FORCE_CONSTANTS":
        write_FORCE_CONSTANTS(theirs.force_constants, folder / forces)
    else:
        write_force_constants_to_hdf5(
            theirs.force_constants, folder / forces, p2s_map=theirs.primitive.p2s_map
        )
    for name in cells:
        cell = theirs.unitcell if name == "POSCAR" else theirs.supercell
        write_vasp(folder / name, cell)
    return folder


def test_parameters_with_forces(theirs, ours, tmp_path):
    path = save(theirs, tmp_path / "phonopy_params.yaml")
    found = read_gamma_phonons(path)
    assert_same_phonons(found, ours)
    assert found.n_displacements == len(theirs.dataset["first_atoms"])
    assert found.displacement_a == pytest.approx(DISPLACEMENT_A, rel=1e-6)
    assert found.quality is not None
    assert found.calculator["source"] == "forces in phonopy_params.yaml"
    assert found.calculator["n_atoms_of_supercell"] == 36
    assert_same_phonons(read_gamma_phonons(tmp_path), ours)
    one, two = mode_table(ours), mode_table(found)
    assert one.labels.labels[3:] == two.labels.labels[3:]
    np.testing.assert_allclose(
        one.characters.fractions[3:], two.characters.fractions[3:], atol=1e-4
    )


def test_stored_force_constants(theirs, ours, tmp_path):
    path = save(
        theirs, tmp_path / "phonopy.yaml", force_constants=True, force_sets=False,
        displacements=False,
    )  # fmt: skip
    found = read_gamma_phonons(path)
    assert_same_phonons(found, ours)
    assert found.n_displacements is None
    assert found.displacement_a is None


def test_compressed_yaml(theirs, ours, tmp_path):
    path = save(theirs, tmp_path / "phonopy_params.yaml")
    packed = tmp_path / "packed" / "phonopy_params.yaml.xz"
    packed.parent.mkdir()
    packed.write_bytes(lzma.compress(path.read_bytes()))
    assert_same_phonons(read_gamma_phonons(packed), ours)
    assert_same_phonons(read_gamma_phonons(packed.parent), ours)


@pytest.mark.parametrize("forces", ["FORCE_SETS", "FORCE_CONSTANTS", "force_constants.hdf5"])
def test_displacements_beside_forces(theirs, ours, tmp_path, forces):
    files_in(tmp_path, theirs, forces=forces, cells=())
    path = save(theirs, tmp_path / "phonopy_disp.yaml", force_sets=False)
    assert_same_phonons(read_gamma_phonons(tmp_path), ours)
    assert_same_phonons(read_gamma_phonons(path), ours)
    assert_same_phonons(read_gamma_phonons(tmp_path / forces), ours)


@pytest.mark.parametrize("forces", ["FORCE_SETS", "FORCE_CONSTANTS", "force_constants.hdf5"])
def test_supercell_beside_forces(theirs, ours, tmp_path, forces):
    files_in(tmp_path, theirs, forces=forces)
    found = read_gamma_phonons(tmp_path)
    assert_same_phonons(found, ours)
    assert found.calculator["source"].endswith(forces)


@pytest.mark.parametrize("forces", ["FORCE_SETS", "FORCE_CONSTANTS"])
def test_unit_cell_and_supercell_named(theirs, ours, tmp_path, forces):
    files_in(tmp_path, theirs, forces=forces, cells=("POSCAR",))
    found = read_gamma_phonons(tmp_path, supercell=np.diag([1, 1, 2]))
    assert_same_phonons(found, ours)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(tmp_path / "POSCAR", elsewhere / "structure.vasp")
    found = read_gamma_phonons(
        tmp_path / forces,
        structure=elsewhere / "structure.vasp",
        supercell=np.diag([1, 1, 2]),
    )
    assert_same_phonons(found, ours)


def test_phonopy_finds_the_same(theirs, ours, tmp_path):
    files_in(tmp_path, theirs)
    again = foreign_calculation(ours.atoms)
    again.dataset = parse_FORCE_SETS(filename=tmp_path / "FORCE_SETS")
    again.produce_force_constants(show_drift=False)
    found = read_gamma_phonons(tmp_path)
    # phonopy's masses of the elements, and no averaging over what is not symmetric.
    np.testing.assert_allclose(found.wavenumbers_cm1[3:], gamma_of(again)[3:], atol=1e-3)


def test_structure_named_as_yaml(theirs, ours, tmp_path):
    files_in(tmp_path, theirs, cells=())
    (tmp_path / "cells").mkdir()
    path = save(theirs, tmp_path / "cells" / "phonopy_disp.yaml", force_sets=False)
    assert_same_phonons(read_gamma_phonons(tmp_path / "FORCE_SETS", structure=path), ours)


def test_a_cell_that_is_not_primitive_is_reduced(ours, tmp_path):
    larger = foreign_calculation(ours.atoms, unitcell=doubled(ours.atoms))
    assert len(larger.primitive) == 36
    found = read_gamma_phonons(save(larger, tmp_path / "phonopy_params.yaml"))
    assert_same_phonons(found, ours)
    assert found.calculator["n_atoms_of_supercell"] == 72


def test_random_displacements(ours, tmp_path):
    random = with_random_displacements(ours.atoms, 1e-5)
    save(random, tmp_path / "phonopy_params.yaml")
    found = read_gamma_phonons(tmp_path)
    # Fitted to displacements of all atoms to one side, cubic terms among them, it is less exact.
    np.testing.assert_allclose(found.wavenumbers_cm1[3:], ours.wavenumbers_cm1[3:], atol=1.0)
    assert found.n_displacements == len(random.dataset["displacements"])
    assert found.displacement_a is None
    # FORCE_SETS keeps eight decimals only; phonopy reads the same from it as we do.
    beside = tmp_path / "beside"
    beside.mkdir()
    random = with_random_displacements(ours.atoms, 0.01)
    write_FORCE_SETS(random.dataset, beside / "FORCE_SETS")
    save(random, beside / "phonopy_disp.yaml", force_sets=False)
    random.dataset = parse_FORCE_SETS(filename=beside / "FORCE_SETS", natom=len(random.supercell))
    random.produce_force_constants(fc_calculator="symfc", show_drift=False)
    np.testing.assert_allclose(
        read_gamma_phonons(beside).wavenumbers_cm1[3:], gamma_of(random)[3:], atol=0.01
    )


@pytest.mark.parametrize("calculator", ["qe", "abinit", "cp2k"])
def test_units_of_other_calculators(theirs, ours, tmp_path, calculator):
    units = get_calculator_physical_units(calculator)
    scaled = foreign_calculation(ours.atoms, units=units, calculator=calculator)
    found = read_gamma_phonons(save(scaled, tmp_path / "phonopy_params.yaml"))
    assert_same_phonons(found, ours)
    np.testing.assert_allclose(found.atoms.cell.lengths(), ours.atoms.cell.lengths(), rtol=1e-9)
    assert found.displacement_a == pytest.approx(DISPLACEMENT_A, rel=1e-6)
    assert found.calculator["name"].startswith(calculator)


def test_old_spelling_of_a_unit(theirs, ours, tmp_path):
    path = save(theirs, tmp_path / "phonopy_params.yaml")
    text = path.read_text()
    assert 'length: "angstrom"' in text
    path.write_text(text.replace('length: "angstrom"', 'length: "Angstrom"'))
    assert_same_phonons(read_gamma_phonons(path), ours)


@pytest.mark.parametrize("unit", ["", "THz^2"])
def test_hessian_of_vasp(theirs, ours, tmp_path, unit):
    path = tmp_path / "vasprun.xml"
    path.write_text(vasprun_with_hessian(theirs, unit=unit))
    found = read_gamma_phonons(path)
    assert_same_phonons(found, ours)
    assert found.calculator["name"] == "VASP"
    assert_same_phonons(read_gamma_phonons(tmp_path), ours)


def test_a_real_hessian_of_vasp():
    path = DATA / "vasprun_nacl_hessian.xml.xz"
    found = read_gamma_phonons(path)
    assert (str(found.atoms.symbols), found.symmetry.symbol) == ("NaCl", "Fm-3m")
    # The same from the numbers of the file: 32 Na, then 32 Cl, x y z; Φ = -H √(M M') with VASP's
    # masses. Along x the sublattices are joined by one spring k; ω² = k/μ with natural masses.
    root = ElementTree.fromstring(lzma.decompress(path.read_bytes()))
    hessian = np.array(
        [[float(x) for x in v.text.split()] for v in root.iterfind(".//dynmat/varray/v")]
    )
    masses = [float(rc[2].text) for rc in root.iterfind(".//array[@name='atomtypes']/set/rc")]
    na_na = -masses[0] * hessian[0, 0:96:3].sum()
    na_cl = -np.sqrt(masses[0] * masses[1]) * hessian[0, 96::3].sum()
    cl_cl = -masses[1] * hessian[96, 96::3].sum()
    spring = (na_na - 2.0 * na_cl + cl_cl) / 4.0
    natural = found.atoms.get_masses()
    expected = np.sqrt(spring / (natural.prod() / natural.sum())) * SQRT_EV_PER_U_A2_TO_CM1
    assert expected == pytest.approx(154.4, abs=0.1)
    assert found.wavenumbers_cm1[3:] == pytest.approx(expected, abs=1e-3)
    assert found.quality is not None
    assert found.quality.translation_ev_a2 == pytest.approx(
        max(abs(na_na + na_cl), abs(cl_cl + na_cl)), rel=1e-4
    )


def test_run_folders_are_read_too(spring_run):
    folder, phonons = spring_run
    found = read_gamma_phonons(folder)
    np.testing.assert_allclose(found.wavenumbers_cm1, phonons.wavenumbers_cm1, atol=0.01)
    assert found.calculator["name"] == "SpringCrystal"


def test_files_of_the_working_folder_are_not_picked_up(
    theirs, ours, spring_run, tmp_path, monkeypatch
):
    # phonopy.load takes FORCE_CONSTANTS, FORCE_SETS and BORN from wherever one is.
    trap = tmp_path / "trap"
    trap.mkdir()
    write_FORCE_CONSTANTS(np.zeros_like(theirs.force_constants), trap / "FORCE_CONSTANTS")
    (trap / "BORN").write_text("garbage\n")
    monkeypatch.chdir(trap)
    path = save(theirs, tmp_path / "phonopy_params.yaml")
    found = read_gamma_phonons(path)
    assert_same_phonons(found, ours)
    assert found.born is None
    np.testing.assert_allclose(
        load_gamma_phonons(spring_run[0]).wavenumbers_cm1,
        spring_run[1].wavenumbers_cm1,
        atol=0.01,
    )


def test_code_in_yaml_is_not_run(theirs, tmp_path):
    from reticulum.errors import InputError

    path = save(theirs, tmp_path / "phonopy_params.yaml")
    witness = tmp_path / "witness"
    path.write_text(path.read_text() + f"\nextra: !!python/object/apply:os.mkdir ['{witness}']\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_gamma_phonons(path)
    assert not witness.exists()


def test_forces_in_yaml_come_before_those_beside_it_unless_named(theirs, ours, tmp_path):
    path = save(theirs, tmp_path / "phonopy_params.yaml")
    write_FORCE_CONSTANTS(2.0 * theirs.force_constants, tmp_path / "FORCE_CONSTANTS")
    assert_same_phonons(read_gamma_phonons(tmp_path), ours)
    assert_same_phonons(read_gamma_phonons(path), ours)
    named = read_gamma_phonons(tmp_path / "FORCE_CONSTANTS")
    np.testing.assert_allclose(
        named.wavenumbers_cm1[3:], np.sqrt(2.0) * ours.wavenumbers_cm1[3:], atol=2e-3
    )
