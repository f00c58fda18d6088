"""Directions in which metals are joined without end by atoms that they share."""

from __future__ import annotations

import pytest
from ase.build import bulk
from ase.spacegroup import crystal

from reticulum.errors import InputError
from reticulum.frameworks.metal_networks import metal_network, require_no_metal_network
from reticulum.frameworks.reading import read_structure

#: CdCl2, layers of octahedra; rutile, chains of which share corners in both other directions.
CADMIUM_CHLORIDE = crystal(
    ["Cd", "Cl"],
    [(0, 0, 0), (0, 0, 0.25)],
    spacegroup=166,
    cellpar=[3.85, 3.85, 17.46, 90, 90, 120],
)
RUTILE = crystal(
    ["Ti", "O"],
    [(0, 0, 0), (0.305, 0.305, 0)],
    spacegroup=136,
    cellpar=[4.594, 4.594, 2.959, 90, 90, 90],
)


@pytest.mark.parametrize(
    ("atoms", "directions", "bridges"),
    [
        (read_structure("calcite"), 3, ("Ca-O-Ca",)),
        (read_structure("calcite").repeat((1, 1, 2)), 3, ("Ca-O-Ca",)),
        (bulk("NaCl", "rocksalt", a=5.64), 3, ("Na-Cl-Na",)),
        (RUTILE, 3, ("Ti-O-Ti",)),
        (CADMIUM_CHLORIDE, 2, ("Cd-Cl-Cd",)),
        (CADMIUM_CHLORIDE.repeat((2, 1, 1)), 2, ("Cd-Cl-Cd",)),
        (read_structure("Mg-MOF-74"), 1, ("Mg-O-Mg",)),
        (read_structure("MOF-5"), 0, ("Zn-O-Zn",)),
        (read_structure("HKUST-1"), 0, ()),
    ],
)  # fmt: skip
def test_known_crystals(atoms, directions, bridges):
    assert metal_network(atoms) == (directions, bridges)


def test_layers_and_networks_are_refused_by_name():
    with pytest.raises(InputError, match=r"metals of the salt form layers .*Cd-Cl-Cd"):
        require_no_metal_network(CADMIUM_CHLORIDE, "the salt")
    require_no_metal_network(read_structure("Mg-MOF-74"), "rods are refused elsewhere")
