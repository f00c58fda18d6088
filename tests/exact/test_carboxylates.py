from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from carboxylate_molecules import CU_O, O_O, formate, paddlewheel

from reticulum.errors import InputError
from reticulum.frameworks.bonds import PeriodicSite, find_bonds
from reticulum.frameworks.carboxylates import (
    BindingMode,
    find_carboxylates,
    find_carboxylic_acids,
    require_carboxylates,
)


def test_paddlewheel_has_four_bridging_formates():
    found = find_carboxylates(paddlewheel())
    assert [group.carbon for group in found] == [2, 6, 10, 14]
    for group in found:
        assert group.binding_mode is BindingMode.BRIDGING
        assert group.harris_notation == "2.11"
        assert group.attached == PeriodicSite(group.carbon + 3, (0, 0, 0))
        assert [site.index for site in group.oxygens] == [group.carbon + 1, group.carbon + 2]
        assert [site.index for site in group.bound_metals] == [0, 1]
        arm = np.hypot(0.6, O_O / 2)
        assert group.mean_co_distance == pytest.approx(arm, abs=1e-12)
        assert group.oco_angle_deg == pytest.approx(
            2 * np.degrees(np.arcsin(O_O / 2 / arm)), abs=1e-9
        )
        assert group.mean_metal_oxygen_distance == pytest.approx(CU_O, abs=1e-12)


def test_groups_across_cell_faces_are_the_same_groups():
    inside = find_carboxylates(paddlewheel(centre=(7.0, 7.0, 7.0)))
    for centre in ((0.0, 0.0, 0.0), (2.5, 0.1, -0.4), (13.0, 9.0, 1.0)):
        atoms = paddlewheel(centre=centre)
        atoms.wrap()
        across = find_carboxylates(atoms)
        assert [group.carbon for group in across] == [group.carbon for group in inside]
        for one, other in zip(across, inside, strict=True):
            assert one.binding_mode is other.binding_mode
            assert sorted(one.co_distances) == pytest.approx(sorted(other.co_distances))
            assert one.oco_angle_deg == pytest.approx(other.oco_angle_deg)
            for oxygen, metals, distances in zip(
                one.oxygens, one.metals, one.metal_oxygen_distances, strict=True
            ):
                for metal, distance in zip(metals, distances, strict=True):
                    shift = np.subtract(metal.shift, oxygen.shift)
                    vector = (
                        atoms.positions[metal.index]
                        + shift @ atoms.cell.array
                        - atoms.positions[oxygen.index]
                    )
                    assert np.linalg.norm(vector) == pytest.approx(distance, abs=1e-12)


@pytest.mark.parametrize(
    ("extra", "mode", "harris"),
    [
        ((), BindingMode.FREE, "0.00"),
        ((("Zn", (-0.6, 0.0, 3.1)),), BindingMode.MONODENTATE, "1.10"),
        ((("Zn", (-2.2, 0.0, 0.0)),), BindingMode.CHELATING, "1.11"),
        (
            (("Zn", (-0.6, 0.0, 3.1)), ("Zn", (-0.6, 0.0, -3.1))),
            BindingMode.BRIDGING,
            "2.11",
        ),
        (
            (("Zn", (-2.2, 0.0, 0.0)), ("Zn", (-0.6, 0.0, 3.1))),
            BindingMode.BRIDGING_CHELATING,
            "2.21",
        ),
        (
            (
                ("Zn", (-0.6, 1.6, 2.2)),
                ("Zn", (-0.6, -1.6, 2.2)),
                ("Zn", (-0.6, 0.0, -3.1)),
            ),
            BindingMode.BRIDGING,
            "3.21",
        ),
    ],
)
def test_binding_modes(extra, mode, harris):
    (group,) = find_carboxylates(formate(*extra))
    assert group.binding_mode is mode
    assert group.harris_notation == harris
    assert (group.mean_metal_oxygen_distance is None) == (not extra)


def test_two_images_of_one_metal_are_two_metals():
    """A chain -Zn-O-C-O-Zn- along z with one metal per cell bridges, it does not chelate."""
    chain = formate(("Zn", (-0.6, 0.0, 3.1)))
    chain.set_cell([12.0, 12.0, 6.2])
    (group,) = find_carboxylates(chain)
    assert group.binding_mode is BindingMode.BRIDGING
    assert {site.index for site in group.bound_metals} == {4}
    assert len(group.bound_metals) == 2


@pytest.mark.parametrize(
    "atoms",
    [
        pytest.param(
            Atoms(
                "CO3",
                positions=[(0, 0, 0), (1.28, 0, 0), (-0.64, 1.108, 0), (-0.64, -1.108, 0)],
            ),
            id="carbonate",
        ),
        pytest.param(
            Atoms("CO2", positions=[(0, 0, 0), (0, 0, 1.16), (0, 0, -1.16)]), id="carbon dioxide"
        ),
        pytest.param(formate(("H", (-1.5, 0.0, 1.4))), id="acid"),
        pytest.param(formate(("C", (-1.9, 0.0, 1.6))), id="ester"),
        pytest.param(
            Atoms("COH", positions=[(0, 0, 0), (0, 0, 1.2), (0.9, 0, -0.5)]), id="aldehyde"
        ),
    ],
)
def test_what_is_not_a_carboxylate(atoms):
    assert find_carboxylates(atoms) == ()
    with pytest.raises(InputError, match="No carboxylate group"):
        require_carboxylates(atoms)


def test_protonated_acids_are_told_apart():
    acid = formate(("H", (-1.5, 0.0, 1.4)))
    assert find_carboxylic_acids(acid) == (0,)
    assert find_carboxylic_acids(formate()) == ()
    assert find_carboxylic_acids(formate(("C", (-1.9, 0.0, 1.6)))) == ()
    with pytest.raises(InputError, match="1 protonated COOH"):
        require_carboxylates(acid)


def test_require_returns_what_find_returns():
    atoms = paddlewheel()
    assert require_carboxylates(atoms) == find_carboxylates(atoms)


def test_a_given_graph_keeps_bonds_that_distance_would_lose():
    atoms = paddlewheel()
    graph = find_bonds(atoms)
    torn = atoms.copy()
    torn.positions[0, 2] += 2.0
    assert find_carboxylates(torn)[0].binding_mode is BindingMode.MONODENTATE
    kept = find_carboxylates(torn, graph)[0]
    assert kept.binding_mode is BindingMode.BRIDGING
    assert max(map(max, kept.metal_oxygen_distances)) > 2.8


def test_a_graph_of_another_structure_is_refused():
    with pytest.raises(InputError, match="bonded graph has 4 atoms"):
        find_carboxylates(paddlewheel(), find_bonds(formate()))


def test_json_form_has_plain_types():
    entry = find_carboxylates(paddlewheel())[0].to_dict()
    assert json.loads(json.dumps(entry)) == entry
    assert entry["binding_mode"] == "bridging"
