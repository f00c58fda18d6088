"""Every bundled structure is what its card says, for ASE, pymatgen and our own reader alike."""

from __future__ import annotations

import hashlib
import re
import sys
import warnings
from subprocess import run

import ase.io
import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.formula import Formula
from ase.neighborlist import neighbor_list
from pymatgen.io.cif import CifParser

from reticulum.errors import InputError
from reticulum.frameworks.library import (
    StructureCard,
    list_structures,
    load_structure_card,
    nearest_structure_names,
)
from reticulum.frameworks.reading import read_structure, structure_label

SYMMETRY_TOLERANCE_A = 1e-3

#: Rows of Table 1 of the published red-shifts.
TABLE1_ROWS = {
    "HKUST-1",
    "MUV-10 (Ca)",
    "MUV-10 (Mn)",
    "Mg-MOF-74",
    "Zn-MOF-74",
    "MOF-5",
    "MIL-125",
    "MIL-125-NH2",
    "UiO-66",
    "Sodium benzoate",
}

#: Bonds counted as coordination, Å: from a metal of any bundled structure to the atoms of C, N, O
#: and Cl there is nothing between the longest bond (2.56 Å, Na-O) and 2.84 Å but Na-C, which is
#: not asked for.
BOND_CUTOFF_A = 2.7

#: The shortest distance a bundled structure may have: O-H bonds of 0.96 Å are the shortest bonds.
SHORTEST_BOND_A = 0.95

CARDS = list_structures()


@pytest.fixture(params=CARDS, ids=lambda card: card.name)
def card(request: pytest.FixtureRequest) -> StructureCard:
    return request.param


# spglib warns that it will raise instead of returning None; both fail these tests
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")


def conventional(card: StructureCard) -> Atoms:
    return read_structure(card.name)


def spglib_cell(atoms: Atoms) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers


def primitive(atoms: Atoms) -> Atoms:
    cell, positions, numbers = spglib.find_primitive(
        spglib_cell(atoms), symprec=SYMMETRY_TOLERANCE_A
    )
    return Atoms(numbers=numbers, scaled_positions=positions, cell=cell, pbc=True)


def largest_mismatch_a(one: Atoms, other: Atoms) -> float:
    """Largest distance from an atom of one structure to its nearest like atom of the other, Å."""
    worst = 0.0
    for number in set(one.numbers):
        a = one.get_scaled_positions()[one.numbers == number]
        b = other.get_scaled_positions()[other.numbers == number]
        difference = a[:, None, :] - b[None, :, :]
        difference -= np.rint(difference)
        distances = np.linalg.norm(difference @ one.cell.array, axis=-1)
        worst = max(worst, float(distances.min(axis=1).max()))
    return worst


def test_hash(card: StructureCard) -> None:
    content = card.cif_path.read_bytes().replace(b"\r\n", b"\n")
    assert hashlib.sha256(content).hexdigest() == card.sha256


def test_conventional_cell(card: StructureCard) -> None:
    expected = list(card.cell.to_dict().values())
    np.testing.assert_allclose(conventional(card).cell.cellpar(), expected, rtol=0, atol=1e-6)


def test_primitive_cell_content(card: StructureCard) -> None:
    atoms = primitive(conventional(card))
    assert len(atoms) == card.n_atoms_primitive
    assert atoms.get_chemical_formula("hill") == card.primitive_formula


def test_primitive_cell_is_a_whole_number_of_formula_units(card: StructureCard) -> None:
    unit = Formula(re.sub(r"-", "", card.formula)).count()
    content = Formula(card.primitive_formula).count()
    ratios = {content[element] / count for element, count in unit.items()}
    assert unit.keys() == content.keys()
    assert len(ratios) == 1
    assert ratios.pop() % 1 == 0


@pytest.mark.parametrize("symprec", [SYMMETRY_TOLERANCE_A, 1e-5])
def test_space_group(card: StructureCard, symprec: float) -> None:
    dataset = spglib.get_symmetry_dataset(spglib_cell(conventional(card)), symprec=symprec)
    assert (dataset.number, dataset.international) == (card.space_group_number, card.space_group)


def test_no_clash(card: StructureCard) -> None:
    atoms = primitive(conventional(card))
    assert neighbor_list("d", atoms, BOND_CUTOFF_A).min() > SHORTEST_BOND_A


def test_metal_coordination(card: StructureCard) -> None:
    atoms = primitive(conventional(card))
    first, second, distances = neighbor_list("ijd", atoms, BOND_CUTOFF_A)
    symbols = np.array(atoms.get_chemical_symbols())
    assert card.coordination
    for expected in card.coordination:
        metals = np.flatnonzero(symbols == expected.metal)
        chosen = np.isin(first, metals) & (symbols[second] == expected.neighbours)
        counts = np.bincount(first[chosen], minlength=len(atoms))[metals]
        assert set(counts) == {expected.count}
        assert distances[chosen].min() > expected.shortest_a
        assert distances[chosen].max() < expected.longest_a
        # the interval is tight: it would notice a shift of 0.02 Å
        assert distances[chosen].min() - expected.shortest_a < 0.02
        assert expected.longest_a - distances[chosen].max() < 0.02


def test_ase_reads_the_same_atoms(card: StructureCard) -> None:
    ours = conventional(card)
    theirs = ase.io.read(card.cif_path)
    assert len(theirs) == len(ours)
    assert largest_mismatch_a(theirs, ours) < 1e-5
    assert largest_mismatch_a(ours, theirs) < 1e-5


def test_pymatgen_reads_the_same_atoms(card: StructureCard) -> None:
    ours = conventional(card)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen remarks on coordinates such as 0.33333333
        structure = CifParser(card.cif_path).parse_structures(primitive=False)[0]
    theirs = Atoms(
        numbers=[site.specie.Z for site in structure],
        scaled_positions=structure.frac_coords,
        cell=ours.cell,
        pbc=True,
    )
    np.testing.assert_allclose(structure.lattice.parameters, ours.cell.cellpar(), atol=1e-6)
    assert structure.is_ordered
    assert len(theirs) == len(ours)
    assert largest_mismatch_a(theirs, ours) < 1e-5
    assert largest_mismatch_a(ours, theirs) < 1e-5


def test_card_is_filled_in(card: StructureCard) -> None:
    for text in (card.title, card.source, card.provenance, card.licence_remark, card.edits):
        assert len(text) > 4
    assert card.table1_row is None or card.table1_row in TABLE1_ROWS
    assert card.doi is None or re.fullmatch(r"10\.\d{4,}/\S+", card.doi)
    if card.verification == "unverified":
        assert "ot " in card.verification_note or "No cell" in card.verification_note
    if card.confidence == "high":
        assert card.status != "constructed model"
    assert not re.search(r"/(home|work|tmp)/", card.cif_path.read_text(encoding="utf-8"))


def test_every_measured_row_has_a_structure() -> None:
    assert {card.table1_row for card in CARDS} - {None} == TABLE1_ROWS


def test_names_and_aliases_are_unambiguous() -> None:
    names = [name.casefold() for card in CARDS for name in (card.name, *card.aliases)]
    assert len(names) == len(set(names))
    assert [card.name for card in CARDS] == sorted((c.name for c in CARDS), key=str.casefold)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("hkust-1", "HKUST-1"),
        ("Cu3(btc)2", "HKUST-1"),
        ("CU-BTC", "HKUST-1"),
        (" MOF-5 ", "MOF-5"),
        ("irmof-1", "MOF-5"),
        ("MUV-10 (Ca)", "MUV-10-Ca"),
        ("Ru-HKUST-1-R-3m", "Ru-HKUST-1-R-3m"),
    ],
)
def test_names_are_found_without_regard_to_case(given: str, name: str) -> None:
    assert load_structure_card(given).name == name
    assert structure_label(given) == name


@pytest.mark.parametrize(
    ("given", "name"), [("HKUST", "HKUST-1"), ("uio66x", "UiO-66"), ("calcit", "calcite")]
)
def test_unknown_name_offers_the_nearest(given: str, name: str) -> None:
    assert nearest_structure_names(given)[0] == name
    with pytest.raises(InputError, match=f"no bundled structure '{given}'.*{name}"):
        load_structure_card(given)


def test_unrelated_name_offers_none() -> None:
    assert nearest_structure_names("qqqqqqqq") == ()
    with pytest.raises(InputError, match="No bundled name is similar"):
        load_structure_card("qqqqqqqq")


def test_listing_imports_no_heavy_package() -> None:
    code = (
        "import sys; from reticulum.frameworks.library import list_structures; list_structures();"
        "sys.exit(any(name in sys.modules for name in ('ase', 'numpy', 'pymatgen', 'scipy')))"
    )
    assert run([sys.executable, "-c", code], check=False).returncode == 0
