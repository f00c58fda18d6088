from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from carboxylate_molecules import CU_CU, CU_O, paddlewheel

from reticulum.errors import InputError
from reticulum.frameworks.bonds import BondGraph, BondKind, PeriodicSite, find_bonds, is_metal


def pairs(atoms: Atoms, graph: BondGraph, *kinds: BondKind) -> dict[str, int]:
    symbols = atoms.get_chemical_symbols()
    found: dict[str, int] = {}
    for first, second, _ in graph.bonds(*kinds):
        key = "-".join(sorted((symbols[first], symbols[second.index])))
        found[key] = found.get(key, 0) + 1
    return found


@pytest.mark.parametrize("box", [None, 14.0])
def test_paddlewheel_has_the_bonds_of_its_formula(box):
    atoms = paddlewheel(box)
    graph = find_bonds(atoms)
    assert pairs(atoms, graph, BondKind.COVALENT) == {"C-O": 8, "C-H": 4}
    assert pairs(atoms, graph, BondKind.COORDINATION) == {"Cu-O": 8}
    assert pairs(atoms, graph, BondKind.METAL_METAL) == {"Cu-Cu": 1}
    copper = graph.kinds == BondKind.METAL_METAL
    np.testing.assert_allclose(graph.distances[copper], CU_CU, atol=1e-12)
    bound = graph.kinds == BondKind.COORDINATION
    np.testing.assert_allclose(graph.distances[bound], CU_O, atol=1e-12)
    assert graph.neighbours(0, BondKind.METAL_METAL) == (PeriodicSite(1, (0, 0, 0)),)
    assert len(graph.neighbours(0)) == 4  # contacts of metals are not followed by default


def test_bonds_cross_cell_faces_with_their_image():
    atoms = paddlewheel(centre=(0.0, 0.0, 0.3))
    atoms.wrap()
    graph = find_bonds(atoms)
    for first, second, shift, distance in zip(
        graph.first, graph.second, graph.shifts, graph.distances, strict=True
    ):
        vector = atoms.positions[second] + shift @ atoms.cell.array - atoms.positions[first]
        assert np.linalg.norm(vector) == pytest.approx(distance, abs=1e-12)
    assert np.any(graph.shifts != 0)
    assert graph.n_bonds == find_bonds(paddlewheel()).n_bonds


def test_neighbours_are_mutual():
    atoms = paddlewheel(centre=(0.0, 0.0, 0.3))
    atoms.wrap()
    graph = find_bonds(atoms)
    for atom in range(len(atoms)):
        home = PeriodicSite(atom, (0, 0, 0))
        for site in graph.neighbours(atom):
            assert home in graph.site_neighbours(site)


def test_an_atom_bonds_to_its_own_images():
    chain = Atoms("C", positions=[(0.1, 0, 0)], cell=[1.3, 9.0, 9.0], pbc=True)
    graph = find_bonds(chain)
    assert graph.n_bonds == 1
    assert graph.neighbours(0) == (PeriodicSite(0, (-1, 0, 0)), PeriodicSite(0, (1, 0, 0)))
    np.testing.assert_allclose(graph.distances, 1.3, atol=1e-12)


def test_two_images_of_one_neighbour_are_two_bonds():
    chain = Atoms("CN", positions=[(0, 0, 0), (1.3, 0, 0)], cell=[2.6, 9.0, 9.0], pbc=True)
    graph = find_bonds(chain)
    assert graph.neighbours(0) == (PeriodicSite(1, (-1, 0, 0)), PeriodicSite(1, (0, 0, 0)))


@pytest.mark.parametrize(
    ("metal", "length"),
    [("Cu", 1.95), ("Zn", 2.177), ("Mg", 2.08), ("Ti", 2.04), ("Zr", 2.26), ("Ca", 2.360)],
)
def test_metal_oxygen_bonds_survive_a_stretch_of_035_angstrom(metal, length):
    stretched = Atoms([metal, "O"], positions=[(0, 0, 0), (length + 0.35, 0, 0)])
    assert find_bonds(stretched).n_bonds == 1


@pytest.mark.parametrize("metal", ["Cu", "Ti", "Zr", "Mg"])
def test_hydrogen_never_bonds_to_a_metal(metal):
    assert find_bonds(Atoms([metal, "H"], positions=[(0, 0, 0), (1.6, 0, 0)])).n_bonds == 0


def test_carbon_across_a_chelate_is_not_bonded_to_the_metal():
    assert find_bonds(Atoms("ZnC", positions=[(0, 0, 0), (2.4, 0, 0)])).n_bonds == 0
    assert find_bonds(Atoms("ZnC", positions=[(0, 0, 0), (1.95, 0, 0)])).n_bonds == 1


def test_metals_held_by_a_single_oxygen_are_no_metal_metal_pair():
    atoms = paddlewheel()
    half = np.sqrt(1.95**2 - (CU_CU / 2) ** 2)
    atoms += Atoms("O", positions=[(half / np.sqrt(2), half / np.sqrt(2), 0.0)])
    assert not np.any(find_bonds(atoms).kinds == BondKind.METAL_METAL)


def test_metals_without_a_bridge_are_no_metal_metal_pair():
    bare = Atoms("Cu2", positions=[(0, 0, 0), (0, 0, CU_CU)])
    assert find_bonds(bare).n_bonds == 0


def test_stretched_paddlewheel_keeps_its_graph():
    atoms = paddlewheel()
    reference = find_bonds(atoms)
    for scale in (0.9, 1.12):
        moved = atoms.copy()
        moved.positions[:2, 2] *= scale
        moved.positions[2:, :2] *= 1.1
        graph = find_bonds(moved)
        np.testing.assert_array_equal(graph.first, reference.first)
        np.testing.assert_array_equal(graph.kinds, reference.kinds)


def test_overlapping_atoms_are_refused():
    with pytest.raises(InputError, match=r"only 0\.300 Å apart"):
        find_bonds(Atoms("OO", positions=[(0, 0, 0), (0.3, 0, 0)]))


def test_structures_without_bonds_give_an_empty_graph():
    graph = find_bonds(Atoms("Ar2", positions=[(0, 0, 0), (6, 0, 0)]))
    assert graph.n_bonds == 0
    assert graph.shifts.shape == (0, 3)
    assert graph.neighbours(1) == ()


def test_result_is_read_only_and_input_unchanged():
    atoms = paddlewheel()
    before = atoms.copy()
    graph = find_bonds(atoms)
    assert atoms == before
    with pytest.raises(ValueError, match="read-only"):
        graph.distances[0] = 1.0


def test_wrong_shapes_are_refused():
    graph = find_bonds(paddlewheel())
    with pytest.raises(ValueError, match="shifts"):
        BondGraph(
            n_atoms=graph.n_atoms,
            first=graph.first,
            second=graph.second,
            shifts=graph.shifts[:-1],
            distances=graph.distances,
            kinds=graph.kinds,
        )


def test_metals_and_non_metals():
    non_metals = np.array([1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 35, 53])
    metals = np.array([3, 11, 12, 13, 20, 22, 25, 29, 30, 40, 44])
    assert not is_metal(non_metals).any()
    assert is_metal(metals).all()
