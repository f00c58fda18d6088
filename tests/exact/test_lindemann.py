"""Lindemann ratios: one oscillator exactly, and invariances on a crystal of springs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.frameworks.bond_types import Grouping
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.force_constants import gamma_modes
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.modes import mode_table
from reticulum.thermal.harmonic import harmonic_mean_square_a2
from reticulum.thermal.lindemann import (
    NO_MELTING_POINT,
    lindemann_ratios,
    relative_mean_squares_a2,
)
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Masses of Cu and O, u: their reduced mass is 12.78 u.
MASSES = np.array([63.546, 15.999])


def diatomic(wavenumber, temperatures, masses=MASSES):
    """Mean squares of a diatomic along x."""
    shares = np.sqrt(masses[::-1] / masses.sum()) * [-1.0, 1.0]
    vector = np.zeros((6, 1))
    vector[[0, 3], 0] = shares
    return relative_mean_squares_a2(
        np.array([wavenumber]),
        vector,
        masses,
        pairs=np.array([[0, 1]]),
        directions=np.array([[1.0, 0.0, 0.0]]),
        temperatures_k=temperatures,
    )


@pytest.mark.parametrize(
    ("wavenumber", "ratio"), [(250.0, 0.05074), (100.0, 0.1211), (400.0, 0.0341)]
)
def test_published_check_values(wavenumber, ratio):
    """Reduced mass 12.77 u, 1.95 Å, 298.15 K; the tolerance is half the last printed digit."""
    other = 1.0 / (1.0 / 12.77 - 1.0 / 100.0)
    along, total = diatomic(wavenumber, [298.15], np.array([100.0, other]))
    digit = 0.5e-5 if wavenumber == 250.0 else 0.5e-4
    assert np.sqrt(along[0, 0]) / 1.95 == pytest.approx(ratio, abs=digit)
    assert total[0, 0] == pytest.approx(along[0, 0], rel=1e-12)


def test_a_diatomic_is_an_oscillator_of_its_reduced_mass():
    t = [20.0, 300.0, 900.0]
    along, _ = diatomic(321.0, t)
    reduced = MASSES.prod() / MASSES.sum()
    assert along[0] == pytest.approx(harmonic_mean_square_a2(321.0, reduced, t), rel=1e-12)


def test_motion_across_the_bond_counts_in_the_total_only():
    vector = np.zeros((6, 1))
    vector[[1, 4], 0] = np.sqrt(MASSES[::-1] / MASSES.sum()) * [-1.0, 1.0]
    along, total = relative_mean_squares_a2(
        np.array([100.0]),
        vector,
        MASSES,
        pairs=np.array([[0, 1]]),
        directions=np.array([[1.0, 0.0, 0.0]]),
        temperatures_k=[300.0],
    )
    assert along[0, 0] == pytest.approx(0.0, abs=1e-20)
    assert total[0, 0] > 1e-3


def turned(phonons: GammaPhonons, rotation, order) -> GammaPhonons:
    """The same crystal in another orientation and order of atoms."""
    atoms = phonons.atoms.copy()[order]
    atoms.set_cell(phonons.atoms.cell[:] @ rotation.T)
    atoms.positions = phonons.atoms.positions[order] @ rotation.T
    n = len(order)
    places = (3 * np.array(order)[:, None] + np.arange(3)).ravel()
    big = np.kron(np.eye(n), rotation)
    hessian = big @ phonons.hessian_ev_a2[np.ix_(places, places)] @ big.T
    wavenumbers, vectors = gamma_modes(hessian, atoms.get_masses())
    return replace(
        phonons,
        atoms=atoms,
        symmetry=symmetry_of(atoms, phonons.tolerance_a),
        hessian_ev_a2=hessian,
        wavenumbers_cm1=wavenumbers,
        eigenvectors=vectors,
    )


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("grouping", list(Grouping))
def test_orientation_order_and_choice_of_degenerate_vectors_do_not_matter(
    spring_run, seed, grouping
):
    phonons = spring_run[1]
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.sign(np.linalg.det(rotation))
    order = rng.permutation(len(phonons.atoms))
    t = [50.0, 300.0]
    before = lindemann_ratios(mode_table(phonons), t, grouping=grouping)
    after = lindemann_ratios(mode_table(turned(phonons, rotation, order)), t, grouping=grouping)

    def rows(result):
        return sorted(
            (entry.label, entry.n_bonds, *result.along[n].round(9), *result.total[n].round(9))
            for n, entry in enumerate(result.types)
        )

    for one, other in zip(rows(before), rows(after), strict=True):
        assert one[:2] == other[:2]
        assert one[2:] == pytest.approx(other[2:], rel=1e-6)


def test_types_of_bonds_of_a_paddlewheel(spring_run):
    result = lindemann_ratios(mode_table(spring_run[1]))
    found = {entry.label: entry.n_bonds for entry in result.types}
    assert found == {
        "Cu-O (carboxylate)": 8,
        "Cu-Cu": 1,
        "C-O (carboxylate)": 8,
        "C-H (carboxylate)": 4,
    }
    assert next(iter(found)).startswith("Cu-O")
    # Bonds of one type are equivalent here, so the ratios of a type have no spread.
    assert np.ptp(result.along_range, axis=2).max() < 1e-8
    assert np.all(np.diff(result.along, axis=1) > 0.0)
    assert np.all(result.total >= result.along)


def test_symmetry_tells_bonds_of_one_type_apart(spring_run):
    """The paddlewheel has one orbit of each type; a strained one in lower symmetry has two."""
    table = mode_table(spring_run[1])
    assert len(lindemann_ratios(table, grouping=Grouping.ORBIT).types) == 4
    atoms = spring_run[1].atoms.copy()
    oxygen = int(np.flatnonzero(atoms.numbers == 8)[0])
    atoms.positions[oxygen] += 0.03
    lower = replace(spring_run[1], atoms=atoms, symmetry=symmetry_of(atoms))
    with_less = lindemann_ratios(mode_table(lower), grouping=Grouping.ORBIT)
    assert sum(entry.n_bonds for entry in with_less.types) == 21
    assert len(with_less.types) > 4


def test_what_is_left_out_is_said(spring_run):
    result = lindemann_ratios(mode_table(spring_run[1]))
    said = " ".join(result.statements)
    assert NO_MELTING_POINT in said
    assert "acoustic" in said
    assert "Gamma only" in said
    assert NO_MELTING_POINT in result.to_csv()
    assert result.to_dict()["statements"] == list(result.statements)


def test_imaginary_modes_add_nothing_and_are_counted(spring_run):
    phonons = spring_run[1]
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    table = mode_table(phonons)
    number = next(n for n in range(table.labels.n_sets) if not table.labels.acoustic[n])
    members = table.labels.sets[number]
    values = table.labels.mode_wavenumbers_cm1**2 * np.sign(table.labels.mode_wavenumbers_cm1)
    turned_over = values.copy()
    turned_over[members] *= -1.0
    vectors = table.labels.eigenvectors
    weighted = (vectors * turned_over) @ vectors.T / SQRT_EV_PER_U_A2_TO_CM1**2
    hessian = weighted * np.outer(roots, roots)
    w, e = gamma_modes(hessian, phonons.atoms.get_masses())
    changed = replace(phonons, hessian_ev_a2=hessian, wavenumbers_cm1=w, eigenvectors=e)
    result = lindemann_ratios(mode_table(changed), [300.0])
    whole = lindemann_ratios(table, [300.0])
    assert result.n_imaginary == len(members)
    assert "imaginary" in " ".join(result.statements)
    assert np.all(result.total <= whole.total + 1e-12)
    assert np.any(result.total < whole.total - 1e-9)


@pytest.mark.parametrize("temperatures", [[-100.0, 200.0], [0.0], [np.nan], []])
def test_temperatures_that_make_no_sense(spring_run, temperatures):
    with pytest.raises(InputError):
        lindemann_ratios(mode_table(spring_run[1]), temperatures)
