"""Distance least squares: analytic solutions, derivatives, symmetry, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.spacegroup import crystal

from reticulum.errors import InputError
from reticulum.frameworks.bonds import PeriodicSite, find_bonds
from reticulum.frameworks.distance_least_squares import (
    _Problem,
    _Terms,
    evaluate_targets,
    fit_distances,
    symmetric_strains,
)
from reticulum.frameworks.distance_targets import DistanceTarget, HeightTarget, TargetKind
from reticulum.frameworks.linker_targets import linker_strain
from reticulum.frameworks.paddlewheel_fit import meet_paddlewheel_distances
from reticulum.frameworks.paddlewheel_targets import LocalDistances, paddlewheel_targets
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of

HOME = (0, 0, 0)


def rutile(a=4.59, c=2.96, u=0.305):
    """TiO2; its one free coordinate is u: apical Ti-O = √2 u a, equatorial by Pythagoras."""
    return crystal(
        ["Ti", "O"], [(0, 0, 0), (u, u, 0)], spacegroup=136, cellpar=[a, a, c, 90, 90, 90]
    )


def target(first, second, value, label="x", shift=HOME, sigma=0.01):
    return DistanceTarget(
        label=label,
        kind=TargetKind.METAL,
        first=first,
        second=PeriodicSite(second, shift),
        value_a=value,
        sigma_a=sigma,
    )


def bonds_of_rutile(atoms, apical, equatorial):
    """Targets for all Ti-O bonds, told apart by whether they lie in the plane c = const."""
    found = []
    for first, second, _ in find_bonds(atoms).bonds():
        vector = (
            atoms.positions[second.index]
            + np.array(second.shift) @ atoms.cell[:]
            - atoms.positions[first]
        )
        flat = abs(vector[2]) < 1e-6
        found.append(
            DistanceTarget(
                label="apical" if flat else "equatorial",
                kind=TargetKind.METAL,
                first=first,
                second=second,
                value_a=apical if flat else equatorial,
                sigma_a=0.01,
            )
        )
    return found


def test_one_free_coordinate_of_rutile():
    atoms = rutile()
    apical = [t for t in bonds_of_rutile(atoms, 1.95, 0.0) if t.label == "apical"]
    fit = fit_distances(atoms, apical)
    assert fit.n_parameters == 1
    oxygen = fit.atoms.get_scaled_positions()[[s == "O" for s in fit.atoms.symbols]]
    # u = 1.95 / (√2 a); the pull to the start, 10 Å wide against 0.01 Å, leaves 1e-6 (O at 1/2 - u)
    assert 0.5 - min(oxygen[:, 0]) == pytest.approx(1.95 / (np.sqrt(2.0) * 4.59), abs=1e-6)
    assert symmetry_of(fit.atoms).number == 136
    assert not fit.strain.any()


def test_free_cell_of_rutile_meets_three_lengths():
    apical, equatorial, c = 1.97, 1.94, 3.01
    atoms = rutile()
    titanium = [i for i, s in enumerate(atoms.symbols) if s == "Ti"]
    wanted = [
        *bonds_of_rutile(atoms, apical, equatorial),
        *(target(i, i, c, label="c", shift=(0, 0, 1)) for i in titanium),
    ]
    fit = fit_distances(atoms, wanted, free_cell=True)
    assert fit.n_parameters == 3
    assert fit.largest_deviation_a(TargetKind.METAL) < 1e-6
    lengths = fit.atoms.cell.lengths()
    assert lengths[2] == pytest.approx(c, abs=1e-6)
    # from the octahedron: half of the equatorial edge along c, the rest along the diagonal
    across = apical + np.sqrt(equatorial**2 - (c / 2.0) ** 2)
    assert lengths[0] == pytest.approx(np.sqrt(2.0) * across, abs=1e-5)
    assert symmetry_of(fit.atoms).number == 136


def test_contradicting_targets_share_the_miss_by_their_weights():
    atoms = Atoms("ArAr", positions=[(0, 0, 0), (3, 0, 0)], cell=[20, 21, 22], pbc=True)
    wanted = [target(0, 1, 3.0, "a", sigma=0.1), target(0, 1, 3.4, "b", sigma=0.2)]
    fit = fit_distances(atoms, wanted)
    length = fit.atoms.get_distance(0, 1)
    # minimum of ((d-3)/0.1)² + ((d-3.4)/0.2)²: weights 100 and 25
    assert length == pytest.approx((100 * 3.0 + 25 * 3.4) / 125, abs=1e-5)
    assert [m.largest_deviation_a for m in fit.met] == pytest.approx([0.08, 0.32], abs=1e-4)


@pytest.mark.parametrize("wanted", [0.0, 0.3, -0.3])
def test_height_over_a_plane_has_a_sign(wanted):
    atoms = Atoms(
        "CH3",
        positions=[(0.1, 0.0, 0.05), (1, 0, 0), (-0.5, 0.87, 0), (-0.5, -0.87, 0)],
        cell=[15, 16, 17],
        pbc=True,
    )
    atoms.positions += 5.0
    sites = tuple(PeriodicSite(i, HOME) for i in range(4))
    height = HeightTarget(
        label="h", kind=TargetKind.LINKER_PLANE, sites=sites, height_a=wanted, sigma_a=0.01
    )
    sides = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    keep = [target(i, j, atoms.get_distance(i, j), sigma=0.001 if i else 1.0) for i, j in sides]
    fit = fit_distances(atoms, keep, [height])
    top, a, b, c = fit.atoms.positions
    normal = np.cross(b - a, c - a)
    # hydrogen atoms turn anticlockwise around +z, so positive heights lie on that side
    assert (top - a) @ normal / np.linalg.norm(normal) == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("free_cell", [False, True])
def test_derivatives_against_differences(free_cell):
    rng = np.random.default_rng(7)
    parent = symmetrised_primitive(read_structure("HKUST-1")).atoms
    distances, heights = paddlewheel_targets(
        parent, parent, {"Cu": LocalDistances(metal_oxygen_a=2.0, metal_metal_a=2.5)}
    )
    group = symmetry_of(parent)
    problem = _Problem(
        atoms=parent,
        terms=_Terms.of(parent, distances, heights),
        moves=group.symmetric_displacements(),
        strains=symmetric_strains(group) if free_cell else np.zeros((0, 3, 3)),
    )
    n_unknowns = problem.moves.shape[1] + len(problem.strains)
    assert n_unknowns == 12 + free_cell
    at = rng.normal(scale=0.2, size=n_unknowns)
    at[12:] *= 0.1
    exact = problem.jacobian(at)
    step = 1e-6
    for column in range(n_unknowns):
        move = np.zeros(n_unknowns)
        move[column] = step
        slope = (problem.residuals(at + move) - problem.residuals(at - move)) / (2 * step)
        np.testing.assert_allclose(exact[:, column], slope, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("number", "cellpar", "count"),
    [
        (225, [5, 5, 5, 90, 90, 90], 1),
        (139, [4, 4, 7, 90, 90, 90], 2),
        (191, [4, 4, 7, 90, 90, 120], 2),
        (62, [4, 5, 7, 90, 90, 90], 3),
        (14, [4, 5, 7, 90, 100, 90], 4),
        (2, [4, 5, 7, 80, 100, 95], 6),
    ],
)
def test_number_of_free_strains_of_each_crystal_system(number, cellpar, count):
    atoms = crystal(["Cu"], [(0.12, 0.23, 0.31)], spacegroup=number, cellpar=cellpar)
    group = symmetry_of(atoms)
    assert group.number == number
    strains = symmetric_strains(group)
    assert len(strains) == count
    for strain in strains:
        np.testing.assert_allclose(strain, strain.T, atol=1e-12)
        for turn in group.cartesian_rotations:
            np.testing.assert_allclose(turn @ strain @ turn.T, strain, atol=1e-9)


def test_nothing_moves_when_every_distance_is_already_met():
    parent = symmetrised_primitive(read_structure("HKUST-1")).atoms
    own = LocalDistances(metal_oxygen_a=1.9510490838559, metal_metal_a=2.6301767278757)
    fit = meet_paddlewheel_distances(parent, distances={"Cu": own}, free_cell=True)
    np.testing.assert_allclose(fit.atoms.positions, parent.positions, atol=1e-6)
    np.testing.assert_allclose(fit.strain, 0.0, atol=1e-8)
    assert fit.sum_of_squares < 1e-6
    unchanged = linker_strain(fit.atoms, parent)
    assert unchanged.largest_bond_change_a < 1e-6


def test_a_parent_of_low_symmetry_with_axial_ligands():
    """The R3 model of Ru6(btc)4Cl3: other distances, and Ru-Cl stays as it is."""
    parent = symmetrised_primitive(read_structure("Ru-HKUST-1")).atoms
    wanted = LocalDistances(metal_oxygen_a=2.03, metal_metal_a=2.31)
    fit = meet_paddlewheel_distances(parent, distances={"Ru": wanted})
    met = {m.label: m for m in fit.met if m.kind is TargetKind.METAL}
    assert met["Ru-O"].shortest_a == pytest.approx(2.03, abs=1e-3)
    assert met["Ru-O"].longest_a == pytest.approx(2.03, abs=1e-3)
    assert met["Ru-Ru"].longest_a == pytest.approx(2.31, abs=1e-3)
    assert met["Ru-Cl"].largest_deviation_a < 1e-3
    assert symmetry_of(fit.atoms).symbol == "R3"
    assert linker_strain(fit.atoms, parent).largest_bond_change_a < 0.003


def test_evaluation_of_a_structure_as_it_stands():
    atoms = Atoms("ArAr", positions=[(0, 0, 0), (3, 0, 0)], cell=[20, 21, 22], pbc=True)
    (met,) = evaluate_targets(atoms, [target(0, 1, 3.25, "Ar-Ar")])
    assert (met.label, met.count) == ("Ar-Ar", 1)
    assert met.largest_deviation_a == pytest.approx(0.25)


def test_what_is_refused():
    atoms = rutile()
    with pytest.raises(InputError, match="No distance target"):
        fit_distances(atoms, [])
    with pytest.raises(InputError, match="outside 0 to 5"):
        fit_distances(atoms, [target(0, 6, 2.0)])
    with pytest.raises(InputError, match="not positive"):
        fit_distances(atoms, [target(0, 3, 2.0, sigma=0.0)])
    with pytest.raises(InputError, match="cannot be met"):
        LocalDistances(metal_oxygen_a=float("nan"), metal_metal_a=2.0)
    parent = symmetrised_primitive(read_structure("HKUST-1")).atoms
    with pytest.raises(InputError, match="fit no paddlewheel"):
        paddlewheel_targets(
            parent, parent, {"Cu": LocalDistances(metal_oxygen_a=1.0, metal_metal_a=5.0)}
        )
    mof5 = symmetrised_primitive(read_structure("MOF-5")).atoms
    with pytest.raises(InputError, match="no paddlewheel"):
        paddlewheel_targets(mof5, mof5, {})
    with pytest.raises(InputError, match="its parent"):
        paddlewheel_targets(parent, mof5, {})
