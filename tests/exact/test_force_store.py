"""The store of forces: exact to the bit, found by geometry and calculator, damage is named."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones
from ase.constraints import FixAtoms
from ase.db import connect

from reticulum.engines.build import SinglePoint
from reticulum.engines.store import ForceStore, calculation_key
from reticulum.errors import InputError

N_ATOMS = 156


def crystal(seed=0):
    """As many atoms as HKUST-1 has, so that a row needs more than one page of the database."""
    random = np.random.default_rng(seed)
    return Atoms(
        "CuC2O2H" * (N_ATOMS // 6),
        positions=random.uniform(-3, 3, (N_ATOMS, 3)),
        cell=random.normal(size=(3, 3)) * 9,
        pbc=True,
    )


def answer(seed=1, *, stress=True, charges=True):
    random = np.random.default_rng(seed)
    return SinglePoint(
        energy_ev=float(random.normal() * 1e4) / 3,
        forces_ev_per_a=random.normal(size=(N_ATOMS, 3)) / 3,
        stress_ev_per_a3=random.normal(size=6) / 7 if stress else None,
        charges_e=random.normal(size=N_ATOMS) / 7 if charges else None,
    )


@pytest.mark.parametrize("stress", [True, False])
@pytest.mark.parametrize("charges", [True, False])
def test_what_is_put_comes_back_to_the_bit(tmp_path, stress, charges):
    result = answer(stress=stress, charges=charges)
    ForceStore(tmp_path / "forces.db").put(
        "k1", crystal(), result, kind="displacement", seconds=1.5
    )
    store = ForceStore(tmp_path / "forces.db")  # read by another object, as after a restart
    back = store.get("k1")
    assert back is not None
    assert back.result.energy_ev == result.energy_ev
    assert back.result.forces_ev_per_a.tobytes() == result.forces_ev_per_a.tobytes()
    for name in ("stress_ev_per_a3", "charges_e"):
        given, found = getattr(result, name), getattr(back.result, name)
        assert (given is None) == (found is None)
        assert given is None or given.tobytes() == found.tobytes()
    assert (back.key, back.kind, back.seconds) == ("k1", "displacement", 1.5)
    assert len(store) == 1
    assert "k1" in store
    assert store.kinds() == {"displacement": 1}


def test_results_from_the_store_cannot_be_changed(tmp_path):
    store = ForceStore(tmp_path / "forces.db")
    store.put("k1", crystal(), answer(), kind="scan", seconds=0.0)
    with pytest.raises(ValueError, match="read-only"):
        store.get("k1").result.forces_ev_per_a[0] = 0.0


def test_ase_reads_the_database_and_its_structures(tmp_path):
    atoms, result = crystal(), answer()
    ForceStore(tmp_path / "forces.db").put("k1", atoms, result, kind="scan", seconds=0.0)
    row = connect(tmp_path / "forces.db").get(key="k1")
    assert row.toatoms().positions.tobytes() == atoms.positions.tobytes()
    assert row.toatoms().get_chemical_formula() == atoms.get_chemical_formula()
    assert row.forces.tobytes() == result.forces_ev_per_a.tobytes()


def test_the_wall_times_of_the_latest_calculations(tmp_path):
    store = ForceStore(tmp_path / "forces.db")
    assert store.recent_seconds(3) == ()
    atoms = crystal()
    for number in range(5):
        store.put(f"k{number}", atoms, answer(), kind="scan", seconds=float(number))
    assert ForceStore(tmp_path / "forces.db").recent_seconds(3) == (4.0, 3.0, 2.0)
    assert len(store.recent_seconds(9)) == 5
    with sqlite3.connect(tmp_path / "forces.db") as database:
        database.execute("UPDATE systems SET key_value_pairs = 'no JSON' WHERE id = 4")
    with pytest.raises(InputError, match="damaged row"):
        store.recent_seconds(3)


def test_an_unknown_key_is_none(tmp_path):
    store = ForceStore(tmp_path / "sub" / "forces.db")
    assert store.get("k-unknown") is None
    assert "k-unknown" not in store
    assert len(store) == 0


def test_key_depends_on_geometry_and_fingerprint_only():
    # Coordinates of a crystal on special positions; rounding of the last digits is no new geometry.
    atoms = Atoms("NaCl", scaled_positions=[(0, 0, 0), (0.5, 0.5, 0.5)], cell=[4.12, 4.12, 5.0],
                  pbc=True)  # fmt: skip
    key = calculation_key(atoms, "fingerprint")
    near = atoms.copy()
    near.positions += np.random.default_rng(0).uniform(-1e-9, 1e-9, (2, 3))
    assert calculation_key(near, "fingerprint") == key
    dressed = atoms.copy()
    dressed.calc = LennardJones()
    dressed.set_constraint(FixAtoms([0]))
    dressed.info["name"] = "table salt"
    assert calculation_key(dressed, "fingerprint") == key
    assert calculation_key(atoms, "another fingerprint") != key
    far = atoms.copy()
    far.positions[1, 2] += 1e-5
    assert calculation_key(far, "fingerprint") != key
    strained = atoms.copy()
    strained.cell[0, 0] += 1e-5
    assert calculation_key(strained, "fingerprint") != key


@pytest.mark.parametrize(
    "damage", [b"this is no database at all" * 40, b"SQLite format 3\x00" + b"\x07" * 4096]
)
def test_a_file_that_is_no_database_is_an_input_error(tmp_path, damage):
    path = tmp_path / "forces.db"
    path.write_bytes(damage)
    with pytest.raises(InputError, match="not a usable database") as caught:
        ForceStore(path)
    assert str(path) in caught.value.what
    assert path.read_bytes() == damage  # nothing is thrown away


def test_a_folder_in_its_place_is_an_input_error(tmp_path):
    (tmp_path / "forces.db").mkdir()
    with pytest.raises(InputError):
        ForceStore(tmp_path / "forces.db")


def test_a_database_of_something_else_is_an_input_error(tmp_path):
    path = tmp_path / "forces.db"
    with sqlite3.connect(path) as database:
        database.execute("create table systems (colour text)")
    database.close()
    with pytest.raises(InputError):
        ForceStore(path)
    other = tmp_path / "other.db"
    connect(other).write(crystal())  # a database of ASE's without our keys
    with pytest.raises(InputError):
        ForceStore(other)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_database_is_an_input_error_wherever_it_shows(tmp_path, share):
    path = tmp_path / "forces.db"
    store = ForceStore(path)
    for number in range(40):
        store.put(f"k{number}", crystal(number), answer(number), kind="scan", seconds=0.0)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])

    def read_and_write():
        damaged = ForceStore(path)
        for number in range(40):
            found = damaged.get(f"k{number}")
            assert found is not None
            expected = answer(number).forces_ev_per_a
            assert found.result.forces_ev_per_a.tobytes() == expected.tobytes()
        damaged.put("new", crystal(), answer(), kind="scan", seconds=0.0)

    with pytest.raises(InputError) as caught:
        read_and_write()
    assert str(path) in caught.value.what


def test_a_page_overwritten_in_the_middle_is_named_or_harmless(tmp_path):
    path = tmp_path / "forces.db"
    store = ForceStore(path)
    for number in range(40):
        store.put(f"k{number}", crystal(number), answer(number), kind="scan", seconds=0.0)
    content = bytearray(path.read_bytes())
    page = 4096
    refused = 0
    for first in range(page, len(content), page):
        damaged = bytearray(content)
        damaged[first : first + page] = b"\x5a" * page
        path.write_bytes(damaged)
        try:
            again = ForceStore(path)
            for number in range(40):
                found = again.get(f"k{number}")
                assert found is not None
                expected = answer(number).forces_ev_per_a
                assert found.result.forces_ev_per_a.tobytes() == expected.tobytes()
        except InputError:
            refused += 1
    assert refused > 0
