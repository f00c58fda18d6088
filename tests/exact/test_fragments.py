"""Fragments of a user: patterns, numbers, stretches and bends, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell, molecule
from valence_models import two_paddlewheels, valence_phonons

from reticulum.errors import InputError
from reticulum.frameworks.bonds import find_bonds
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.fragment_patterns import find_pattern, parse_pattern
from reticulum.phonons.fragment_requests import FragmentKind, parse_fragments
from reticulum.phonons.fragments import find_fragment, fragment_shares, share_of_fragment
from reticulum.phonons.internal_coordinates import CoordinateGroup
from reticulum.phonons.mode_csv import mode_table_csv
from reticulum.phonons.modes import mode_table


@pytest.fixture(scope="module")
def table():
    return mode_table(valence_phonons(two_paddlewheels()))


def places(text: str, atoms: Atoms) -> set[tuple[int, ...]]:
    """Sets of atoms that a pattern matches."""
    found = find_pattern(parse_pattern(text), atoms, find_bonds(atoms))
    return {tuple(sorted(site.index for site in place)) for place in found}


def share(text: str, atoms: Atoms, vectors: np.ndarray) -> np.ndarray:
    (request,) = parse_fragments([text])
    return share_of_fragment(find_fragment(request, atoms), atoms, vectors)


def test_parsed_patterns():
    pattern = parse_pattern("Cu~O~C(~O)~[C,N]1~*~*~1")
    assert [set(entry) for entry in pattern.elements] == [
        {"Cu"}, {"O"}, {"C"}, {"O"}, {"C", "N"}, set(), set(),
    ]  # fmt: skip
    assert pattern.bonds == ((0, 1), (1, 2), (2, 3), (2, 4), (4, 5), (5, 6), (4, 6))
    assert parse_pattern("C1~C~C1").bonds == parse_pattern("C~1~C~C~1").bonds


def test_patterns_match_molecules():
    ethanol = molecule("CH3CH2OH")
    symbols = ethanol.get_chemical_symbols()
    carbons = [i for i, symbol in enumerate(symbols) if symbol == "C"]
    oxygen = symbols.index("O")
    assert places("C~C~O", ethanol) == {tuple(sorted([*carbons, oxygen]))}
    assert len(places("C~H", ethanol)) == 5
    assert len(places("C(~H)(~H)~H", ethanol)) == 1
    assert len(places("[C,O]~H", ethanol)) == 6
    assert len(places("*~O", ethanol)) == 2
    assert places("O~O", ethanol) == set()
    benzene = molecule("C6H6")
    assert places("C1~C~C~C~C~C1", benzene) == {(0, 1, 2, 3, 4, 5)}
    assert len(find_pattern(parse_pattern("C1~C~C~C~C~C1"), benzene, find_bonds(benzene))) == 12
    assert places("C1~C~C~C~C1", benzene) == set()
    assert len(places("C1(~H)~C~C~C~C~C1", benzene)) == 6


def test_patterns_cross_cell_faces():
    atoms = symmetrised_primitive(read_structure("MOF-5")).atoms
    assert len(places("C1~C~C~C~C~C1", atoms)) == 6
    assert len(places("O~C~O", atoms)) == 12
    assert len(places("Zn~O(~Zn)(~Zn)~Zn", atoms)) == 2
    assert len(places("C~C(~O~Zn)~O~Zn", atoms)) == 12
    chain = Atoms("C", positions=[(0, 0, 0)], cell=[1.3, 9.0, 9.0], pbc=True)
    assert len(find_pattern(parse_pattern("C~C"), chain, find_bonds(chain))) == 2


def test_shares_of_atoms_add_to_one(table):
    n = len(table.phonons.atoms)
    requests = parse_fragments(["Cu=Cu", "Ru=Ru", "O=O", "C=C", "H=H", "all=*", f"too=1-{n}"])
    found = fragment_shares(table, requests)
    np.testing.assert_allclose(found.shares[:, :5].sum(axis=1), 1.0, atol=1e-12)
    np.testing.assert_allclose(found.shares[:, 5:], 1.0, atol=1e-12)
    assert found.overlapping
    totals = table.labels.dimensions @ found.shares
    np.testing.assert_allclose(totals[:2], 3 * 2, atol=1e-9)
    assert not fragment_shares(table, requests[:5]).overlapping
    assert fragment_shares(table, ()).shares.shape == (table.labels.n_sets, 0)


def test_stretches_and_bends_count_their_coordinates(table):
    requests = parse_fragments(
        ["CO=stretch:C~O", "OC=stretch:O~C", "OCO=bend:O~C~O", "X=bend:C(~O)~O", "one=stretch:1,4"]
    )
    found = fragment_shares(table, requests)
    assert [len(fragment.coordinates) for fragment in found.fragments] == [16, 16, 8, 8, 1]
    totals = table.labels.dimensions @ found.shares
    np.testing.assert_allclose(totals, [16, 16, 8, 8, 1], atol=1e-9)
    np.testing.assert_allclose(found.shares[:, 0], found.shares[:, 1], atol=1e-12)
    np.testing.assert_allclose(found.shares[:, 2], found.shares[:, 3], atol=1e-12)
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()


def test_share_of_a_stretch_is_that_of_its_motion():
    """Along the bond of a diatomic molecule the share is one, across it none."""
    atoms = Atoms("CO", positions=[(0, 0, 0), (0, 0, 1.13)])
    roots = np.sqrt(atoms.get_masses())
    along, across = np.zeros((2, 3)), np.zeros((2, 3))
    along[:, 2], across[:, 0] = (1 / roots[0], -1 / roots[1]), (1 / roots[0], -1 / roots[1])
    vectors = np.array([v.ravel() / np.linalg.norm(v) for v in (along, across)]).T
    np.testing.assert_allclose(share("x=stretch:1,2", atoms, vectors), [1.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(share("x=1", atoms, vectors).sum(), 2 * 16 / 28, rtol=1e-3)


def test_numbers_take_bonds_else_the_nearest_images():
    atoms = two_paddlewheels()
    (bonded,) = parse_fragments(["x=stretch:1,4"])
    assert len(find_fragment(bonded, atoms).coordinates) == 1
    (through,) = parse_fragments(["x=bend:2,1,4"])
    assert find_fragment(through, atoms).coordinates[0][1].index == 0
    (far,) = parse_fragments(["x=stretch:1,19"])  # a copper and a ruthenium of the next molecule
    (sites,) = find_fragment(far, atoms).coordinates
    assert {site.index for site in sites} == {0, 18}
    half = Atoms("HeNe", positions=[(0, 0, 0), (2.0, 0, 0)], cell=[4.0, 9, 9], pbc=True)
    (both,) = parse_fragments(["x=stretch:1,2"])
    assert len(find_fragment(both, half).coordinates) == 2


@pytest.mark.parametrize("text", ["x=C1~C~C~C~C~C1", "x=stretch:Zn~O", "x=bend:O~C~O"])
def test_shares_do_not_depend_on_how_the_crystal_is_written(text):
    atoms = symmetrised_primitive(read_structure("MOF-5")).atoms
    rng = np.random.default_rng(5)
    vectors, _ = np.linalg.qr(rng.standard_normal((3 * len(atoms), 7)))
    expected = share(text, atoms, vectors)
    order = rng.permutation(len(atoms))
    moved = atoms.copy()
    moved.set_scaled_positions(atoms.get_scaled_positions() + np.array([0.3, 0.1, 0.7]))
    moved.wrap()
    by_atom = vectors.reshape(-1, 3, 7)
    again = share(text, moved[order], by_atom[order].reshape(vectors.shape))
    np.testing.assert_allclose(again, expected, atol=1e-9)
    tagged = atoms.copy()
    tagged.set_tags(np.arange(len(atoms)))
    double = make_supercell(tagged, np.diag([1, 2, 1]))
    images = by_atom[double.get_tags()].reshape(-1, 7) / np.sqrt(2.0)
    np.testing.assert_allclose(share(text, double, images), expected, atol=1e-9)


def test_stretch_of_all_bonds_of_a_kind_agrees_with_the_character(table):
    """C-H stretches are nearly orthogonal to all else, so both ways of counting agree."""
    (request,) = parse_fragments(["CH=stretch:C~H"])
    found = fragment_shares(table, [request]).shares[:, 0]
    np.testing.assert_allclose(found, table.characters.fraction(CoordinateGroup.CH), atol=0.08)


def test_csv_has_a_column_for_each_fragment(table):
    found = fragment_shares(table, parse_fragments(["metal=[Cu,Ru]", "MO=stretch:Cu~O"]))
    lines = mode_table_csv(table, found).splitlines()
    assert "# fragment MO: stretch Cu~O" in lines
    header, *rows = [line.split(",") for line in lines if not line.startswith("#")]
    column = header.index("fragment_metal")
    np.testing.assert_allclose([float(row[column]) for row in rows], found.shares[:, 0], atol=1e-6)


def test_kinds_of_selections():
    ring, number, stretch = parse_fragments(["ring = C~C", "n=3-5, 9", "s=stretch: 1,2"])
    assert (ring.kind, ring.text) == (FragmentKind.ATOMS, "C~C")
    assert number.selection == (3, 4, 5, 9)
    assert (stretch.kind, stretch.selection) == (FragmentKind.STRETCH, (1, 2))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "names no fragment"),
        ("x=", "names no fragment"),
        ("1x=C", "names no fragment"),
        ("x=foo:C~O", "no coordinate"),
        ("x=stretch:C~O~C", "names 3 atoms"),
        ("x=bend:1,2", "names 2 atoms"),
        ("x=stretch:", "empty"),
        ("x=0-3", "no range of atoms"),
        ("x=5-3", "no range of atoms"),
        ("x=1,,2", "no range of atoms"),
        ("x=1,1", "twice"),
        ("x=1-9999999", "too many"),
        ("x=C~", "position 3"),
        ("x=C(O)", "position 3"),
        ("x=C(~O", "position 2"),
        ("x=C~O)", "position 4"),
        ("x=C1~C", "position 2"),
        ("x=C1~C1", "position 5"),
        ("x=CO", "position 2"),
        ("x=Cx", "position 1"),
        ("x=c1ccccc1", "position 1"),
        ("x=[C;N]", "position 3"),
        ("x=[C,N", "position 1"),
        ("x=C-O", "position 2"),
        ("x=C~²", "position 3"),
    ],
)
def test_what_cannot_be_read_is_refused(text, words):
    with pytest.raises(InputError, match=words):
        parse_fragments([text])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x=Fe~O", "matches nothing"),
        ("x=O1~C~O1", "matches nothing"),
        ("x=*~*~*~*~*~*~*~*~*~*~*~*~*~Fe", "matches nothing"),
        ("x=37", "no atom 37"),
        ("x=bend:Cu~Cu~Cu", "matches nothing"),
        ("x=bend:O~Cu~Cu", None),
    ],
)
def test_what_is_not_there_is_refused(text, words):
    (request,) = parse_fragments([text])
    if words is None:
        assert find_fragment(request, two_paddlewheels()).coordinates
    else:
        with pytest.raises(InputError, match=words):
            find_fragment(request, two_paddlewheels())


@pytest.mark.parametrize(("limit", "words"), [("MATCHES", "occurs more"), ("TRIALS", "were tried")])
def test_patterns_that_fit_everywhere_are_refused(monkeypatch, limit, words):
    monkeypatch.setattr(f"reticulum.phonons.fragment_patterns.MOST_{limit}", 50)
    (request,) = parse_fragments(["x=*~*~*~*"])
    with pytest.raises(InputError, match=words):
        find_fragment(request, two_paddlewheels())


def test_straight_angles_and_rings_of_three_have_no_bend():
    dioxide = Atoms("OCO", positions=[(-1.16, 0, 0), (0, 0, 0), (1.16, 0, 0)])
    (request,) = parse_fragments(["x=bend:O~C~O"])
    with pytest.raises(InputError, match="straight"):
        find_fragment(request, dioxide)
    (request,) = parse_fragments(["x=bend:C1~C~C1"])
    with pytest.raises(InputError, match="ring of three"):
        find_fragment(request, molecule("C3H4_C2v"))
    with pytest.raises(InputError, match="Two fragments"):
        parse_fragments(["x=C", "x=O"])
