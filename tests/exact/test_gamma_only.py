"""Small cells and calculators that know the Gamma point only."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from reticulum.engines.cards import load_calculator_card
from reticulum.engines.gamma_only import SMALLEST_SPACING_A, lattice_spacings, small_cell_warning
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive


def test_spacings_are_volume_over_area_of_a_face():
    cell = np.array([[6.0, 0.5, 0.1], [1.0, 7.0, -0.4], [0.3, 2.0, 9.0]])
    volume = abs(np.linalg.det(cell))
    expected = [
        volume / np.linalg.norm(np.cross(cell[(axis + 1) % 3], cell[(axis + 2) % 3]))
        for axis in range(3)
    ]
    np.testing.assert_allclose(lattice_spacings(cell), expected)


def test_a_primitive_fcc_cell_counts_by_its_planes_not_its_edges():
    atoms = bulk("Cu", a=9.0)
    assert atoms.cell.lengths().min() > SMALLEST_SPACING_A
    assert lattice_spacings(np.array(atoms.cell[:])).min() < SMALLEST_SPACING_A
    assert "5.2 Å apart" in small_cell_warning(load_calculator_card("gfn1-xtb"), atoms)


@pytest.mark.parametrize(
    ("name", "length", "warned"),
    [("gfn1-xtb", 5.9, True), ("gfn1-xtb", 6.1, False), ("7net-0", 2.0, False)],
)
def test_warned_below_the_limit_and_for_such_calculators_only(name, length, warned):
    atoms = Atoms("He", cell=[length, 12.0, 12.0], pbc=True)
    assert bool(small_cell_warning(load_calculator_card(name), atoms)) == warned


@pytest.mark.parametrize(
    ("structure", "warned"), [("calcite", True), ("Zn-MOF-74", False), ("sodium-benzoate", False)]
)
def test_bundled_structures(structure, warned):
    atoms = symmetrised_primitive(read_structure(structure)).atoms
    assert bool(small_cell_warning(load_calculator_card("gfn1-xtb"), atoms)) == warned


def test_all_cards_of_tblite_say_so():
    for name in ("gfn1-xtb", "gfn1-xtb-antiferromagnetic", "gfn1-xtb-closed-shell"):
        assert load_calculator_card(name).gamma_only
