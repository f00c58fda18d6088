"""Born charges of other programs: order of indices, atoms and orientation, and bad files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from foreign_calculations import vasprun
from phonopy.file_IO import write_BORN
from phonopy.structure.atoms import PhonopyAtoms

from reticulum.errors import InputError
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.born_charges import symmetrised, with_sum_rule
from reticulum.phonons.born_files import read_born
from reticulum.phonons.force_constants import gamma_modes
from reticulum.phonons.formats.phonopy_cell import to_phonopy
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.phonopy_export import write_phonopy_yaml

DATA = Path(__file__).parents[1] / "data"

#: A tensor without any symmetry; the first index is that of the dipole.
ASYMMETRIC = np.array([[1.0, 0.2, -0.3], [0.7, 2.0, 0.4], [-0.6, 0.1, 3.0]])

EPSILON = np.array([[2.0, 0.1, 0.0], [0.1, 2.5, 0.2], [0.0, 0.2, 3.0]])


@pytest.fixture
def triclinic():
    """Two atoms without any symmetry but P1."""
    return Atoms(
        "ZnO",
        cell=[[4.0, 0.1, 0.2], [0.3, 5.0, -0.4], [0.5, 0.6, 6.0]],
        scaled_positions=[[0.0, 0.0, 0.0], [0.31, 0.43, 0.37]],
        pbc=True,
    )


@pytest.fixture
def rutile():
    """SnO2 of the real vasprun.xml, a little displaced as another relaxation would have it."""
    a, c, u = 4.77258125, 3.21637939, 0.3060
    oxygen = [[u, u, 0], [-u, -u, 0], [0.5 - u, 0.5 + u, 0.5], [0.5 + u, 0.5 - u, 0.5]]
    return Atoms(
        "O4Sn2",
        cell=[a, a, c],
        scaled_positions=[*oxygen, [0, 0, 0], [0.5, 0.5, 0.5]],
        pbc=True,
    )


def assert_charges(found, expected, *, atol=1e-6):
    """The same tensors once the sum rule is enforced."""
    np.testing.assert_allclose(
        found.charges_e, expected - expected.mean(axis=0), rtol=0.0, atol=atol
    )


def born_block(charges):
    """VASP's layout: one set an ion, one line a direction of the field."""
    sets = "".join(
        "    <set>\n"
        + "".join(f"     <v>{x:f} {y:f} {z:f}</v>\n" for x, y, z in tensor)
        + "    </set>\n"
        for tensor in charges
    )
    epsilon = "".join(f"    <v>{x:f} {y:f} {z:f}</v>\n" for x, y, z in EPSILON)
    return (
        f'  <varray name="epsilon" >\n{epsilon}  </varray>\n'
        f'  <array name="born_charges" >\n   <dimension dim="1">ion</dimension>\n{sets}  </array>\n'
    )


def test_order_of_indices_in_vasprun(triclinic, tmp_path):
    charges = np.array([ASYMMETRIC, -ASYMMETRIC])
    path = tmp_path / "vasprun.xml"
    path.write_text(vasprun(to_phonopy(triclinic), born_block(charges)))
    found = read_born(path, triclinic)
    # First index: field, so dipole. A displacement of Zn along y changes the dipole along x by
    # 0.2 e, not 0.7 e.
    assert found.charges_e[0, 0, 1] == pytest.approx(0.2, abs=1e-6)
    assert_charges(found, charges)
    np.testing.assert_allclose(found.dielectric, EPSILON, atol=1e-6)
    assert found.sum_rule_error_e < 1e-12


def test_order_of_indices_in_born(triclinic, tmp_path):
    path = tmp_path / "BORN"
    rows = [EPSILON, ASYMMETRIC, -ASYMMETRIC]
    path.write_text(
        "default\n" + "\n".join(" ".join(f"{x:f}" for x in row.ravel()) for row in rows)
    )
    found = read_born(path, triclinic)
    assert_charges(found, np.array(rows[1:]))
    np.testing.assert_allclose(found.dielectric, EPSILON, atol=1e-6)


def test_order_of_indices_in_cp2k(triclinic, tmp_path):
    # Rows are displacements, columns dipoles.
    lines = ["APT | Write the final apt matrix per atom (Position perturbation)"]
    for number, tensor in enumerate((ASYMMETRIC, -ASYMMETRIC), start=1):
        lines.append(f"APT | Atom{number:3d} - GAPT {np.trace(tensor) / 3:15.6f}")
        lines += ["APT | " + "".join(f"{x:15.6f}" for x in row) for row in tensor.T]
    lines += ["APT | Write the total apt matrix"]
    lines += ["APT | " + "".join(f"{0.0:15.6f}" for _ in range(3)) for _ in range(3)]
    lines += ["APT | End Write the final apt matrix"]
    path = tmp_path / "water-dcdr-1_0.data"
    path.write_text("\n".join(lines))
    found = read_born(path, triclinic)
    assert_charges(found, np.array([ASYMMETRIC, -ASYMMETRIC]))
    assert found.dielectric is None


def test_order_of_indices_in_outcar(triclinic, tmp_path):
    path = tmp_path / "OUTCAR"
    charges = np.array([ASYMMETRIC, -ASYMMETRIC])
    path.write_text(outcar(triclinic, charges))
    found = read_born(path, triclinic)
    assert_charges(found, charges, atol=1e-5)
    np.testing.assert_allclose(found.dielectric, EPSILON, atol=1e-5)


def outcar(atoms, charges):
    """The lines of an OUTCAR with LEPSILON that the readers look for, in VASP's layout."""

    def vector(row):
        return "".join(f"{x:16.9f}" for x in row)

    symbols = atoms.get_chemical_symbols()
    reciprocal = np.linalg.inv(atoms.cell[:]).T
    lattice = "\n".join(
        f"  {vector(a)}  {vector(b)}" for a, b in zip(atoms.cell[:], reciprocal, strict=True)
    )
    places = "\n".join(f"  {vector(r)}  {vector((0, 0, 0))}" for r in atoms.positions)
    tensors = "\n".join(
        f" ion {number:4d}\n"
        + "\n".join(
            f"  {i:3d}" + "".join(f"{x:12.5f}" for x in row)
            for i, row in enumerate(tensor, start=1)
        )
        for number, tensor in enumerate(charges, start=1)
    )
    epsilon = "\n".join("    " + "".join(f"{x:12.6f}" for x in row) for row in EPSILON)
    rule = " " + "-" * 86
    bands = "number of bands    NBANDS=     10"
    return f"""vasp.5.4.4.18Apr17 (build Jun 06 2020) complex
 POTCAR:    PAW_PBE Zn 06Sep2000
 POTCAR:    PAW_PBE O 08Apr2002
 POTCAR:    PAW_PBE Zn 06Sep2000
   VRHFIN =Zn: d10 p2
 POTCAR:    PAW_PBE O 08Apr2002
   VRHFIN =O: s2p4
   number of dos      NEDOS =    301   number of ions     NIONS =      {len(symbols)}
   total plane-waves  NPLWV =   1000
   ions per type =               1   1
   IBRION =     -1    ionic relax: 0-MD 1-quasi-New 2-CG
   LEPSILON=     T    determine dielectric tensor
   ISPIN  =      1    spin polarized calculation?
   LSORBIT =      F    spin-orbit coupling
   NELECT =      18.0000    total number of electrons
   k-points           NKPTS =      1   k-points in BZ     NKDIM =      1   {bands}
 k-points in reciprocal lattice and weights: Automatic mesh
   0.00000000  0.00000000  0.00000000       1.000

--------------------------------------- Iteration      1(   1)  ------------------------
      direct lattice vectors                 reciprocal lattice vectors
{lattice}

 BORN EFFECTIVE CHARGES (in e, cummulative output)
{rule}
{tensors}
{rule}

 MACROSCOPIC STATIC DIELECTRIC TENSOR (including local field effects in DFT)
{rule}
{epsilon}
{rule}

 POSITION                                       TOTAL-FORCE (eV/Angst)
{rule}
{places}
{rule}
    total drift:                                0.000000      0.000000      0.000000

  FREE ENERGIE OF THE ION-ELECTRON SYSTEM (eV)
  ---------------------------------------------------
  free  energy   TOTEN  =       -10.00000000 eV

  energy  without entropy=      -10.00000000  energy(sigma->0) =      -10.00000000
"""


def test_a_real_file_of_vasp(rutile):
    found = read_born(DATA / "vasprun_sno2_born.xml", rutile)
    # From the file: its atoms are Sn first, and its oxygen lies elsewhere in the list.
    assert found.charges_e[4, 0, 0] == pytest.approx(4.09429, abs=1e-4)
    assert found.charges_e[4, 2, 2] == pytest.approx(4.48213, abs=1e-4)
    assert abs(found.charges_e[4, 0, 1]) == pytest.approx(0.47310, abs=1e-4)
    # Atom 5 of the file, at (0.306, 0.306, 0), is the first here.
    assert found.charges_e[0, 0, 1] == pytest.approx(-0.71775, abs=2e-4)
    assert found.charges_e[0, 2, 2] == pytest.approx(-2.24106, abs=1e-4)
    assert found.dielectric[2, 2] == pytest.approx(4.77663, abs=1e-5)
    assert found.sum_rule_error_e < 1e-6
    assert "from vasprun_sno2_born.xml" in found.source


def test_orientation_origin_and_cell_may_differ(rutile):
    straight = read_born(DATA / "vasprun_sno2_born.xml", rutile)
    turned = rutile.copy()
    turned.rotate(37.0, (1, 2, 3), rotate_cell=True)
    turned.translate((0.3, -0.2, 0.1))
    turned.wrap()
    found = read_born(DATA / "vasprun_sno2_born.xml", turned)
    rotation = np.linalg.solve(rutile.cell[:], turned.cell[:]).T
    np.testing.assert_allclose(
        found.charges_e, rotation @ straight.charges_e @ rotation.T, atol=1e-6
    )
    np.testing.assert_allclose(
        found.dielectric, rotation @ straight.dielectric @ rotation.T, atol=1e-6
    )


def test_born_of_phonopy_is_expanded_by_symmetry(rutile, tmp_path):
    expected = read_born(DATA / "vasprun_sno2_born.xml", rutile)
    path = tmp_path / "BORN"
    write_BORN(to_phonopy(rutile), np.array(expected.charges_e), expected.dielectric, path)
    assert len(path.read_text().splitlines()) == 4  # a comment, epsilon, one O and one Sn
    found = read_born(path, rutile)
    np.testing.assert_allclose(found.charges_e, expected.charges_e, atol=1e-6)


def test_charges_are_written_to_yaml_and_read_back(rutile, tmp_path):
    charges = read_born(DATA / "vasprun_sno2_born.xml", rutile)
    phonons = phonons_of(rutile, born=charges)
    path = tmp_path / "phonopy.yaml"
    write_phonopy_yaml(phonons, path)
    found = read_born(path, rutile)
    np.testing.assert_allclose(found.charges_e, charges.charges_e, atol=1e-9)
    np.testing.assert_allclose(found.dielectric, charges.dielectric, atol=1e-9)


def phonons_of(atoms, born=None):
    """Phonons with some symmetric force constants."""
    from reticulum.phonons.folding import space_group_average
    from reticulum.phonons.force_constants import symmetrise_hessian

    size = 3 * len(atoms)
    raw = np.random.default_rng(3).normal(size=(size, size))
    symmetry = symmetry_of(atoms)
    hessian, quality = symmetrise_hessian(space_group_average(raw + raw.T, symmetry)[0])
    wavenumbers, eigenvectors = gamma_modes(hessian, atoms.get_masses())
    return GammaPhonons(
        atoms=atoms,
        symmetry=symmetry,
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=eigenvectors,
        n_displacements=None,
        displacement_a=None,
        quality=quality,
        relaxation=None,
        calculator={"name": "none"},
        warnings=(),
        born=born,
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("BORN", "", "not a file of Born charges"),
        ("BORN", "default\n1 0 0 0 1 0 0 0 1\n", "not a file of Born charges"),
        ("BORN", "default\n1 0 0 0 1 0 0 0 1\n1 0 0 0 1 0 0 0 1\n", "cannot be read as BORN"),
        ("BORN", "default\n" + "1 0 0 0 1 0 0 0 1\n" * 9, "cannot be read as BORN"),
        ("BORN", "default\n" + "nan 0 0 0 1 0 0 0 1\n" * 3, "not numbers"),
        ("x.xml", "<modeling><calculation>", "cannot be read as a vasprun.xml"),
        ("x.xml", "<modeling/>", "no structure"),
        ("x.yaml", "a: [1, 2", "cannot be read as a phonopy YAML"),
        ("x.yaml", "a: 1", "no unit cell"),
        ("OUTCAR", "vasp.5\n", "cannot be read as an OUTCAR"),
        ("apt.data", "APT | Atom  1 - GAPT 1.0\nAPT | 1.0 2.0\n", "no atomic polar tensors"),
        ("apt.data", "APT | Atom  1 - GAPT 1.0\nAPT | 1 2 x\n", "cannot be read as atomic"),
        ("BORN.xz", "x", "compressed"),
        ("cp2k.out", "CP2K", "not a file of Born charges"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_a_reason(triclinic, tmp_path, name, content, words):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(InputError, match=words) as caught:
        read_born(path, triclinic)
    assert caught.value.why
    assert caught.value.fix


def test_files_that_are_not_there(triclinic, tmp_path):
    with pytest.raises(InputError, match="no file"):
        read_born(tmp_path / "BORN", triclinic)
    with pytest.raises(InputError, match="is a folder"):
        read_born(tmp_path, triclinic)


def test_charges_of_another_crystal_are_refused(triclinic, rutile, tmp_path):
    with pytest.raises(InputError, match="is not that of the modes"):
        read_born(DATA / "vasprun_sno2_born.xml", triclinic)
    # Charges in another order: equivalent atoms no longer have equivalent charges.
    charges = read_born(DATA / "vasprun_sno2_born.xml", rutile).charges_e
    lines = []
    for number, tensor in enumerate(np.roll(charges, 1, axis=0), start=1):
        lines.append(f"APT | Atom{number:3d} - GAPT 0.0")
        lines += ["APT | " + "".join(f"{x:15.6f}" for x in row) for row in tensor.T]
    path = tmp_path / "apt.data"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="do not have the symmetry"):
        read_born(path, rutile)
    path.write_text("\n".join(lines[:4]))
    with pytest.raises(InputError, match="of 1 atoms"):
        read_born(path, rutile)


def test_a_broken_sum_rule_is_reported(triclinic, tmp_path):
    path = tmp_path / "vasprun.xml"
    path.write_text(vasprun(to_phonopy(triclinic), born_block([ASYMMETRIC, 0.5 * ASYMMETRIC])))
    found = read_born(path, triclinic)
    assert found.sum_rule_error_e == pytest.approx(4.5)
    assert "misses zero by 4.5 e" in found.sentence
    np.testing.assert_allclose(found.charges_e.sum(axis=0), 0.0, atol=1e-12)


def test_the_average_over_the_space_group_has_its_symmetry(rutile):
    found = read_born(DATA / "vasprun_sno2_born.xml", rutile)
    symmetry = symmetry_of(rutile)
    np.testing.assert_allclose(
        symmetrised(symmetry, np.array(found.charges_e)), found.charges_e, atol=1e-12
    )
    assert with_sum_rule(np.array(found.charges_e)).sum_rule_error_e < 1e-12


def test_elements_with_numbers_are_elements():
    cell = PhonopyAtoms(
        symbols=["Zn", "O1"], cell=np.eye(3) * 4, scaled_positions=[[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    from reticulum.phonons.formats.phonopy_cell import to_ase

    assert str(to_ase(cell).symbols) == "ZnO"
