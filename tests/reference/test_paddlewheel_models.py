"""Built frameworks against the published cells and distances, and against crystal chemistry."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import lru_cache

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.frameworks.axial_ligands import axial_orders, axial_places, with_anions
from reticulum.frameworks.bonds import BondKind, PeriodicSite, find_bonds
from reticulum.frameworks.carboxylates import BindingMode, find_carboxylates
from reticulum.frameworks.cluster_graph import ClusterKind
from reticulum.frameworks.clusters import find_clusters
from reticulum.frameworks.framework_formulas import build_framework, parse_formula
from reticulum.frameworks.metal_swap import swap_metals
from reticulum.frameworks.paddlewheel_models import (
    build_a2b4btc4,
    build_m3btc2,
    build_ru2cu4btc4cl,
)
from reticulum.frameworks.paddlewheel_table import (
    load_mixed_phase,
    load_paddlewheel,
    paddlewheel_metals,
)
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive, symmetry_of

#: Every number with the standing "measured", as its source prints it, Å.
MEASURED = {
    ("Cu", "metal_oxygen_a"): 1.951,
    ("Cu", "metal_metal_a"): 2.629,
    ("Cu", "lattice_parameter_a"): 26.36724,
    ("Ru", "metal_oxygen_a"): 2.02,
    ("Ru", "metal_metal_a"): 2.289,
    ("Ru", "lattice_parameter_a"): 26.7499,
    ("Mo", "metal_metal_a"): 2.0934,
    ("Rh", "metal_metal_a"): 2.3963,
    ("Co", "metal_metal_a"): 2.784,
}

METALS = paddlewheel_metals()


@lru_cache(maxsize=32)
def built(formula, **options):
    return build_framework(formula, **options)


@lru_cache(maxsize=1)
def hkust1():
    return symmetrised_primitive(read_structure("HKUST-1")).atoms


def lengths(atoms):
    """Bond lengths by pair of elements, from the bonds that are found in the structure itself."""
    symbols = atoms.get_chemical_symbols()
    found = {}
    for first, second, _ in find_bonds(atoms).bonds():
        end = atoms.positions[second.index] + np.array(second.shift) @ atoms.cell[:]
        pair = "-".join(sorted((symbols[first], symbols[second.index])))
        found.setdefault(pair, []).append(float(np.linalg.norm(end - atoms.positions[first])))
    return {pair: np.sort(values) for pair, values in found.items()}


def angles(atoms):
    """Angles of the linkers by elements, degrees, sorted."""
    graph = find_bonds(atoms)
    symbols = atoms.get_chemical_symbols()

    def place(site: PeriodicSite):
        return atoms.positions[site.index] + np.array(site.shift) @ atoms.cell[:]

    found = {}
    for atom in range(len(atoms)):
        ends = graph.neighbours(atom, BondKind.COVALENT)
        for one, other in itertools.combinations(ends, 2):
            a, b = place(one) - atoms.positions[atom], place(other) - atoms.positions[atom]
            value = np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
            key = (symbols[atom], *sorted((symbols[one.index], symbols[other.index])))
            found.setdefault(key, []).append(float(value))
    return {key: np.sort(values) for key, values in found.items()}


def test_measured_numbers_of_the_table_are_those_that_were_read():
    found = {}
    for metal in METALS:
        pair = load_paddlewheel(metal)
        for name in ("metal_oxygen_a", "metal_metal_a", "lattice_parameter_a"):
            number = getattr(pair, name)
            if number is not None and number.standing == "measured":
                found[metal, name] = number.value
            assert number is None or len(number.source) > 20
    assert found == MEASURED
    phase = load_mixed_phase("Ru", "Cu")
    assert phase.lattice_parameter_a is not None
    assert phase.lattice_parameter_c is not None
    assert (phase.lattice_parameter_a.value, phase.lattice_parameter_c.value) == (18.781, 26.43)


@pytest.mark.parametrize("metal", METALS)
def test_every_tabulated_metal_builds(metal):
    pair = load_paddlewheel(metal)
    model = built("M3(btc)2", metal=metal, anions="none")
    atoms = model.atoms
    assert symmetry_of(atoms, 1e-4).symbol == "Fm-3m" == model.space_group
    assert Counter(atoms.get_chemical_symbols()) == {metal: 12, "O": 48, "C": 72, "H": 24}
    if pair.lattice_parameter_a is not None:
        edge = atoms.cell.lengths()[0] * np.sqrt(2.0)
        assert edge == pytest.approx(pair.lattice_parameter_a.value, abs=1e-9)
        assert model.cell["a"].standing == pair.lattice_parameter_a.standing
    else:
        assert model.cell["a"].standing == "estimated"

    met = lengths(atoms)
    bond = "-".join(sorted((metal, "O")))
    assert len(met[bond]) == 48
    assert np.abs(met[bond] - pair.metal_oxygen_a.value).max() < 0.001
    clusters = find_clusters(atoms).clusters
    assert [cluster.kind for cluster in clusters] == [ClusterKind.PADDLEWHEEL] * 6
    for cluster in clusters:
        assert cluster.metal_distance_a == pytest.approx(pair.metal_metal_a.value, abs=0.001)
    assert model.largest_miss_a < 0.001

    # the linker is still the one of HKUST-1
    old = lengths(hkust1())
    for kind in ("C-C", "C-O", "C-H"):
        assert np.abs(met[kind] - old[kind]).max() < 0.002, kind
    new_angles, old_angles = angles(atoms), angles(hkust1())
    assert new_angles.keys() == old_angles.keys()
    for kind, values in new_angles.items():
        assert np.abs(values - old_angles[kind]).max() < 1.2, kind

    # every metal binds four bridging carboxylates, and no atoms overlap
    bridging = find_carboxylates(atoms)
    assert {group.binding_mode for group in bridging} == {BindingMode.BRIDGING}
    bound = Counter(site.index for group in bridging for site in group.bound_metals)
    assert set(bound.values()) == {4}
    assert len(bound) == 12
    apart = atoms.get_all_distances(mic=True)[np.triu_indices(len(atoms), 1)]
    assert apart.min() == pytest.approx(1.083, abs=0.002)  # C-H


def test_measured_cells_follow_from_the_distances():
    """With a free cell nothing but Ru-O, Ru-Ru and the linker gives a of [Ru6(btc)4Cl3]."""
    ru = load_paddlewheel("Ru")
    from reticulum.frameworks.paddlewheel_fit import meet_paddlewheel_distances

    fit = meet_paddlewheel_distances(swap_metals(hkust1(), "Ru"), free_cell=True)
    edge = fit.atoms.cell.lengths()[0] * np.sqrt(2.0)
    assert ru.lattice_parameter_a is not None
    # 26.724 Å; 0.01 Å of Ru-O, its uncertainty, is 0.04 Å of a
    assert edge == pytest.approx(ru.lattice_parameter_a.value, abs=0.04)
    assert edge - 26.343 > 0.3


def test_ordered_ruthenium_copper_phase_at_its_published_cell():
    model = build_ru2cu4btc4cl()
    atoms = model.atoms
    assert (model.space_group, model.space_group_number) == ("I4/mmm", 139)
    assert symmetry_of(atoms, 1e-4).number == 139
    assert {name: (n.value, n.standing) for name, n in model.cell.items()} == {
        "a": (18.781, "measured"),
        "c": (26.43, "measured"),
    }
    assert atoms.get_volume() == pytest.approx(18.781**2 * 26.43 / 2.0, rel=1e-9)
    assert model.formula == "Ru2Cu4(btc)4Cl"
    found = lengths(atoms)
    assert np.abs(found["O-Ru"] - 2.03).max() < 0.001
    assert np.abs(found["Cu-O"] - 1.960).max() < 0.001
    graph = find_clusters(atoms)
    for number, cluster in enumerate(graph.clusters):
        wanted = {"Ru2": 2.282, "Cu2": 2.66}[cluster.label]
        assert cluster.metal_distance_a == pytest.approx(wanted, abs=0.001)
        neighbours = {"Ru2": {"Cu2": 8}, "Cu2": {"Cu2": 4, "Ru2": 4}}[cluster.label]
        assert graph.neighbour_labels(number) == neighbours
    assert graph.linker_environments() == {"Cu2+Cu2+Ru2": 8}
    met = {entry.label: entry for entry in model.met}
    assert set(met) == {"Cu-Cu", "Cu-O", "Ru-O", "Ru-Ru", "Ru-Cl"}
    assert met["Ru-Cl"].shortest_a == pytest.approx(2.40, abs=1e-6)
    assert model.largest_miss_a < 0.001
    assert model.strain.largest_bond_change_a < 0.001
    assert model.strain.largest_angle_change_deg < 0.2
    assert model.charge.total == 0
    assert {(site.element, site.occupancy) for site in model.partial_sites} == {("Cl", 0.5)}
    assert len(model.partial_sites) == 4
    assert "Fmm2" in model.notes[-1]


def test_chloride_of_the_ordered_phase():
    model = build_ru2cu4btc4cl(anions="ordered")
    assert [(o.multiplicity, o.space_group, o.polar) for o in model.orders] == [(4, "Fmm2", True)]
    assert symmetry_of(model.atoms, 1e-4).symbol == "Fmm2" == model.space_group
    assert model.average_space_group == "I4/mmm"
    chlorides = [i for i, s in enumerate(model.atoms.symbols) if s == "Cl"]
    rutheniums = [i for i, s in enumerate(model.atoms.symbols) if s == "Ru"]
    assert len(chlorides) == 2
    for chloride in chlorides:
        away = np.sort(model.atoms.get_distances(chloride, rutheniums, mic=True))
        assert away[0] == pytest.approx(2.40, abs=1e-6)
        assert away[1] == pytest.approx(2.40 + 2.282, abs=1e-4)  # on the axis


def test_chloride_orders_of_the_ruthenium_phase_against_all_64():
    model = built("Ru6(btc)4Cl3", anions="none")
    assert sum(order.multiplicity for order in model.orders) == 64
    assert [(o.space_group, o.multiplicity) for o in model.orders] == [
        ("R3", 16),
        ("Cm", 24),
        ("Cm", 24),
    ]
    ends = axial_places(model.atoms, find_clusters(model.atoms), {"Ru": 2.40})
    groups = Counter(
        symmetry_of(with_anions(model.atoms, ends, chosen, "Cl")).symbol
        for chosen in itertools.product(*((a[0], b[0]) for a, b in ends))
    )
    assert groups == {"R3": 16, "Cm": 48}


def test_chloride_orders_of_the_inverse_phase():
    model = built("Ru4Cu2(btc)4Cl2")
    assert sum(order.multiplicity for order in model.orders) == 16
    assert model.orders[0].multiplicity == min(order.multiplicity for order in model.orders)
    assert [order.polar for order in model.orders if order.space_group == "I-42m"] == [False]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_order_is_built(number):
    model = built("Ru6(btc)4Cl3", anions="ordered", order=number)
    assert model.order == number
    assert symmetry_of(model.atoms, 1e-4).number == model.orders[number].space_group_number
    assert model.charge.sentence() == "3 Ru2[II,III] (+5) + 4 btc (-3) + 3 Cl (-1) = 0"
    assert model.space_group in model.notes[-1]


def test_charge_without_chloride_is_told():
    model = built("Ru6(btc)4Cl3", anions="none")
    assert model.charge.total == 3
    assert any("charge +3" in note for note in model.notes)


def test_distances_kept_are_those_of_the_parent():
    model = built("Zn3(btc)2", adjust=False)
    np.testing.assert_allclose(model.atoms.positions, hkust1().positions)
    assert not model.adjusted
    assert model.cell["a"].value == 26.343
    met = {entry.label: entry for entry in model.met}
    assert met["Zn-Zn"].longest_a == pytest.approx(2.630, abs=0.001)
    assert met["Zn-Zn"].largest_deviation_a == pytest.approx(0.35, abs=0.001)
    assert "only the metals were exchanged" in model.notes[0]


def test_a_cell_that_does_not_fit_is_told_of():
    model = built("Cu3(btc)2", lattice_parameter_a=25.0)
    assert any("suspicion" in note for note in model.notes)
    assert any("linker is strained" in note for note in model.notes)
    for metal in METALS:
        words = " ".join(built("M3(btc)2", metal=metal, anions="none").notes)
        assert "suspicion" not in words
        assert "strained" not in words
    scaled = built("Cu3(btc)2", lattice_parameter_a=27.0, adjust=False)
    assert "scaled with the cell" in scaled.notes[0]


def test_an_untabulated_pair_gets_an_estimated_tetragonal_cell():
    model = build_a2b4btc4("Mo", "Zn")
    assert model.space_group == "I4/mmm"
    assert {n.standing for n in model.cell.values()} == {"estimated"}
    a, c = model.cell["a"].value, model.cell["c"].value
    assert model.atoms.get_volume() == pytest.approx(a * a * c / 2.0, rel=1e-9)
    cubic = [built("M3(btc)2", metal=m, anions="none").cell["a"].value for m in ("Zn", "Mo")]
    assert min(cubic) - 0.1 < c < max(cubic) + 0.1
    assert model.largest_miss_a < 0.001


def test_swap_of_whole_clusters():
    parent = hkust1()
    graph = find_clusters(parent)
    swapped = swap_metals(parent, {0: "Ru", 3: "Zn"}, graph=graph)
    assert Counter(swapped.get_chemical_symbols())["Cu"] == 8
    assert [swapped.symbols[s.index] for s in graph.clusters[0].metals] == ["Ru", "Ru"]
    assert [swapped.symbols[s.index] for s in graph.clusters[3].metals] == ["Zn", "Zn"]
    assert set(parent.get_chemical_symbols()) == {"Cu", "O", "C", "H"}
    masses = dict(zip(swapped.get_chemical_symbols(), swapped.get_masses(), strict=True))
    assert masses["Ru"] == pytest.approx(101.07)
    with pytest.raises(InputError, match="no chemical element"):
        swap_metals(parent, "Xq")
    with pytest.raises(InputError, match="no cluster 6"):
        swap_metals(parent, {6: "Ru"})


@pytest.mark.parametrize(
    ("text", "metals", "chlorides"),
    [
        ("Cu3(btc)2", {"Cu": 6}, None),
        (" [Cu3 (BTC)2] ", {"Cu": 6}, None),
        ("Ru₆(btc)₄Cl₃", {"Ru": 6}, 3),
        ("Ru3btc2Cl1.5", {"Ru": 6}, 3),
        ("[Ru2Cu4(btc)4Cl]", {"Ru": 2, "Cu": 4}, 1),
        ("M_3(btc)_2", {"M": 6}, None),
    ],
)
def test_formulas(text, metals, chlorides):
    parsed = parse_formula(text)
    assert (parsed.metals, parsed.chlorides) == (metals, chlorides)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "no formula"),
        ("", "no formula"),
        ("Cu3(btc)0", "no formula"),
        ("Cu2(btc)2", "4 metal atoms to four btc"),
        ("Cu3(bdc)2", "no formula"),
        ("Ru6(btc)4Cl2", "asks for 3"),
        ("Cu3(btc)2Cl", "asks for 0"),
        ("Ru3Cu3(btc)4", "no ordered model"),
        ("M3(btc)2", "Which metal"),
        ("Xx3(btc)2", "no tabulated paddlewheel"),
    ],
)
def test_formulas_that_cannot_be_built(text, message):
    with pytest.raises(InputError, match=message):
        build_framework(text)


def test_options_that_cannot_be_met():
    with pytest.raises(InputError, match="impossible"):
        build_m3btc2("Cu", lattice_parameter_a=-1.0)
    with pytest.raises(InputError, match="impossible for this framework"):
        build_m3btc2("Cu", lattice_parameter_a=20.0)
    with pytest.raises(InputError, match="no axial anion"):
        build_m3btc2("Cu", anions="ordered")
    with pytest.raises(InputError, match="no order 3"):
        build_m3btc2("Ru", anions="ordered", order=3)
    with pytest.raises(InputError, match="Only one of a and c"):
        build_a2b4btc4("Zn", "Cu", lattice_parameter_a=18.7)
    with pytest.raises(InputError, match="needs two metals"):
        build_a2b4btc4("Cu", "Cu")
    with pytest.raises(InputError, match="No paddlewheel"):
        axial_places(hkust1(), find_clusters(hkust1()), {"Ru": 2.4})
    ends = axial_places(hkust1(), find_clusters(hkust1()), {"Cu": 2.4})
    with pytest.raises(InputError, match="2\\^15"):
        axial_orders(hkust1(), (ends * 3)[:15], "Cl")
