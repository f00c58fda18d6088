"""Reading gives back what was written, whatever the format, the order and the rounding."""

from __future__ import annotations

import gzip
import warnings
from pathlib import Path

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator
from ase.constraints import FixAtoms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reticulum.errors import InputError
from reticulum.frameworks.reading import StructureWarning, read_structure, structure_label

#: Formats in which a crystal travels, with the digits they keep of a coordinate, Å.
FORMATS = {
    "POSCAR": ("vasp", 1e-10),
    "CONTCAR": ("vasp", 1e-10),
    "crystal.vasp": ("vasp", 1e-10),
    "crystal.xyz": ("extxyz", 1e-7),
    "crystal.extxyz": ("extxyz", 1e-7),
    "crystal.xsf": ("xsf", 1e-10),
    "crystal.json": ("json", 1e-10),
    "crystal.traj": ("traj", 1e-12),
    "crystal.cell": ("castep-cell", 1e-4),
    "geometry.in": ("aims", 1e-7),
    "crystal.gen": ("gen", 1e-7),
    "crystal.cif": ("cif", 1e-6),
}


@pytest.fixture
def anatase() -> Atoms:
    """Tetragonal TiO2, a crystal with two elements and a non-cubic cell."""
    return ase.spacegroup.crystal(
        ["Ti", "O"],
        [(0, 0, 0), (0, 0, 0.2081)],
        spacegroup=141,
        cellpar=[3.785, 3.785, 9.514, 90, 90, 90],
    )


def assert_same_crystal(found: Atoms, expected: Atoms, tolerance_a: float) -> None:
    """Same cell lengths and angles, same distances: crystals equal up to orientation and order."""
    assert found.get_chemical_formula() == expected.get_chemical_formula()
    np.testing.assert_allclose(
        found.cell.cellpar(), expected.cell.cellpar(), rtol=0, atol=10 * tolerance_a
    )
    for symbol in set(expected.get_chemical_symbols()):
        one, two = (
            np.sort(a[a.symbols == symbol].get_all_distances(mic=True), axis=None)
            for a in (found, expected)
        )
        np.testing.assert_allclose(one, two, rtol=0, atol=10 * tolerance_a)


@pytest.mark.parametrize("name", FORMATS)
def test_round_trip(name: str, anatase: Atoms, tmp_path: Path) -> None:
    file_format, tolerance_a = FORMATS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ase.io.write(tmp_path / name, anatase, format=file_format)
    found = read_structure(tmp_path / name)
    assert_same_crystal(found, anatase, tolerance_a)
    assert found.pbc.all()
    assert found.info == {"name": Path(name).stem}


@pytest.mark.parametrize("name", ["crystal.json", "crystal.yaml", "crystal.cssr"])
def test_files_that_only_pymatgen_reads(name: str, anatase: Atoms, tmp_path: Path) -> None:
    from pymatgen.io.ase import AseAtomsAdaptor

    structure = AseAtomsAdaptor.get_structure(anatase)
    structure.to(str(tmp_path / name), fmt=name.split(".")[1])
    assert_same_crystal(read_structure(str(tmp_path / name)), anatase, 1e-4)


def test_pymatgen_object(anatase: Atoms) -> None:
    from pymatgen.io.ase import AseAtomsAdaptor

    structure = AseAtomsAdaptor.get_structure(anatase)
    found = read_structure(structure)
    np.testing.assert_allclose(found.positions, structure.cart_coords, atol=1e-12)
    assert_same_crystal(found, anatase, 1e-10)
    assert structure_label(structure) == "TiO2"


def test_compressed_cif(anatase: Atoms, tmp_path: Path) -> None:
    ase.io.write(tmp_path / "plain.cif", anatase)
    packed = tmp_path / "packed.cif.gz"
    packed.write_bytes(gzip.compress((tmp_path / "plain.cif").read_bytes()))
    assert_same_crystal(read_structure(packed), read_structure(tmp_path / "plain.cif"), 1e-10)
    assert structure_label(packed) == "packed"


def test_cif_without_ending(anatase: Atoms, tmp_path: Path) -> None:
    ase.io.write(tmp_path / "structure", anatase, format="cif")
    assert_same_crystal(read_structure(tmp_path / "structure"), anatase, 1e-6)


def test_bundled_name_alias_and_file_are_the_same() -> None:
    from reticulum.frameworks.library import load_structure_card

    by_name = read_structure("HKUST-1")
    for source in ("cu3(BTC)2", Path("hkust-1"), load_structure_card("HKUST-1").cif_path):
        other = read_structure(source)
        assert (other.positions == by_name.positions).all()
        assert other.info == {"name": "HKUST-1"}


def test_file_of_exactly_this_path_wins(
    anatase: Atoms, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ase.io.write("HKUST-1", anatase, format="vasp")
    # a file without ending and known name is no POSCAR for anybody: it is refused, not replaced
    with pytest.raises(InputError, match="HKUST-1 cannot be read"):
        read_structure("HKUST-1")
    Path("HKUST-1").unlink()
    Path("HKUST-1").mkdir()  # a run folder of this name does not hide the bundled structure
    assert len(read_structure("HKUST-1")) == 624
    ase.io.write("POSCAR", anatase, format="vasp")
    assert len(read_structure("POSCAR")) == 12


def test_atoms_are_copied_bare(anatase: Atoms) -> None:
    anatase.calc = EMT()
    anatase.set_constraint(FixAtoms([0]))
    anatase.set_initial_magnetic_moments(np.ones(len(anatase)))
    anatase.info = {"name": "my anatase/2", "spacegroup": object()}
    positions = anatase.positions.copy()
    found = read_structure(anatase)
    assert found is not anatase
    assert found.calc is None
    assert not found.constraints
    assert set(found.arrays) == {"numbers", "positions"}
    assert found.info == {"name": "my_anatase_2"}
    found.positions += 1.0
    assert (anatase.positions == positions).all()
    assert anatase.calc is not None


def test_masses_of_isotopes_survive_and_natural_ones_do_not_linger(anatase: Atoms) -> None:
    anatase.set_masses(anatase.get_masses())
    assert not read_structure(anatase).has("masses")
    masses = anatase.get_masses()
    masses[anatase.symbols == "O"] = 17.999
    anatase.set_masses(masses)
    np.testing.assert_array_equal(read_structure(anatase).get_masses(), masses)


def test_last_frame_of_a_trajectory(anatase: Atoms, tmp_path: Path) -> None:
    frames = [anatase.copy() for _ in range(3)]
    for step, frame in enumerate(frames):
        frame.positions += 0.01 * step
        frame.calc = SinglePointCalculator(frame, energy=float(step))
    ase.io.write(tmp_path / "relaxation.traj", frames)
    with pytest.warns(StructureWarning, match="3 frames: the last one was taken"):
        found = read_structure(tmp_path / "relaxation.traj")
    np.testing.assert_allclose(found.positions, frames[-1].positions, atol=1e-12)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(digits=st.integers(3, 7), order=st.permutations(range(18)), spaces=st.booleans())
def test_special_positions_survive_rounding_and_any_order_of_operations(
    digits: int, order: list[int], spaces: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Calcite carbon and oxygen printed with few digits: every atom once, exactly in place.

    The calcium is put on (1/3, 2/3, 2/3), an equivalent of the origin, so that its rounded
    coordinates miss the special position by up to 0.0005 of 17 Å.
    """
    from reticulum.frameworks.library import load_structure_card

    exact = read_structure("calcite")
    lines = load_structure_card("calcite").cif_path.read_text(encoding="utf-8").splitlines()
    operations = [line for line in lines if line.startswith("'") and "," in line]
    assert len(operations) == 36
    shuffled = [operations[2 * i + half] for i in order for half in (1, 0)]
    if spaces:
        shuffled = [operation.replace(",", ", ").replace("+1", " + 1") for operation in shuffled]
    first = lines.index(operations[0])
    lines[first : first + 36] = shuffled
    third, two_thirds = round(1 / 3, digits), round(2 / 3, digits)
    lines = [
        f"Ca1 Ca 6 b {third} {two_thirds} {two_thirds} 1" if line.startswith("Ca1") else line
        for line in lines
    ]
    path = tmp_path_factory.mktemp("cif") / "calcite.cif"
    path.write_text("\n".join(lines), encoding="utf-8")
    found = read_structure(path)
    assert_same_crystal(found, exact, 1e-9)


def test_space_group_without_operations(tmp_path: Path) -> None:
    """Rhombohedral calcite by its number alone; the operations come from the table."""
    from reticulum.frameworks.library import load_structure_card

    lines = load_structure_card("calcite").cif_path.read_text(encoding="utf-8").splitlines()
    kept = [
        line
        for line in lines
        if not (line.startswith("'") and "," in line)
        and "symop" not in line
        and "name_H" not in line
    ]
    first = next(i for i, line in enumerate(kept) if line == "loop_")
    del kept[first]
    path = tmp_path / "calcite.cif"
    path.write_text("\n".join(kept), encoding="utf-8")
    with pytest.warns(StructureWarning, match=r"lists no symmetry operations: those of R -3 c"):
        found = read_structure(path)
    assert_same_crystal(found, read_structure("calcite"), 1e-9)


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("some/where/My MOF (new).cif", "My_MOF_(new)"),
        ("x/POSCAR", "POSCAR"),
        ("..cif", "structure"),
        (Path("a/b.c.xyz"), "b.c"),
        ("cu-btc", "HKUST-1"),
    ],
)
def test_labels(source: str | Path, label: str) -> None:
    assert structure_label(source) == label
