"""Imaginary modes followed to minima of a model whose wells are known in closed form."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from reticulum.engines.build import Engine
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.phonons.gamma import load_gamma_phonons
from reticulum.phonons.imaginary import follow_imaginary
from reticulum.phonons.order_parameters import mode_matrices, order_parameter_directions
from reticulum.phonons.run import gamma_phonons, open_run

EDGE_A = 4.0
SPRING_EV_A2 = 6.0
WELL_EV_A2 = 0.5
QUARTIC_EV_A4 = 1.0


class OffCentre(Calculator):
    """Perovskite whose central atom sits in -a u² + b u⁴ + c (x⁴ + y⁴ + z⁴), u from its cage.

    The cage and the corner are held together by springs between all pairs, so that the lowest
    structure is the rigid cage around a shifted centre.
    """

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self, anisotropy, well=WELL_EV_A2, **options):
        super().__init__(**options)
        self.anisotropy = anisotropy
        self.well = well

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        rest = perovskite().positions
        moves = self.atoms.positions - rest
        frame = [0, 2, 3, 4]
        forces = np.zeros_like(moves)
        energy = 0.0
        for i in frame:
            for j in frame:
                if i < j:
                    apart = moves[i] - moves[j]
                    energy += 0.5 * SPRING_EV_A2 * apart @ apart
                    forces[i] -= SPRING_EV_A2 * apart
                    forces[j] += SPRING_EV_A2 * apart
        u = moves[1] - moves[2:5].mean(axis=0)
        energy += -self.well * u @ u + QUARTIC_EV_A4 * (u @ u) ** 2 + self.anisotropy * (u**4).sum()
        slope = -2 * self.well * u + 4 * QUARTIC_EV_A4 * (u @ u) * u + 4 * self.anisotropy * u**3
        forces[1] -= slope
        forces[2:5] += slope / 3.0
        self.results = {"energy": float(energy), "forces": forces}


def perovskite():
    half = 0.5
    return Atoms(
        "SrTiO3",
        scaled_positions=[
            (0, 0, 0),
            (half, half, half),
            (0, half, half),
            (half, 0, half),
            (half, half, 0),
        ],
        cell=[EDGE_A] * 3,
        pbc=True,
    )


@pytest.mark.parametrize(
    ("anisotropy", "space_group", "share"),
    [(-0.4, 99, 1.0), (0.4, 160, 1.0 / 3.0)],  # P4mm along an axis, R3m along a diagonal
)
def test_a_descent_ends_in_the_well_that_algebra_gives(tmp_path, anisotropy, space_group, share):
    engine = Engine.from_ase(OffCentre(anisotropy), label=f"off centre {anisotropy}")
    with open_run(perovskite(), engine, tmp_path / "run") as run:
        symmetric = gamma_phonons(run)
        descent = follow_imaginary(run, symmetric)
        computed = run.runner.n_computed
        again = follow_imaginary(run, symmetric)
        assert run.runner.n_computed == computed, "a second descent computes nothing"
    well = WELL_EV_A2**2 / (4.0 * (QUARTIC_EV_A4 + anisotropy * share))
    assert [step.irrep for step in descent.steps] == ["T1u"]
    assert descent.steps[0].space_group_number == space_group
    assert descent.steps[0].energy_gained_ev == pytest.approx(well, rel=1e-4)
    assert descent.is_minimum
    assert "minimum" in descent.end
    assert again.steps == descent.steps
    stored = load_gamma_phonons(descent.folder.path)
    np.testing.assert_allclose(stored.wavenumbers_cm1, descent.phonons.wavenumbers_cm1, atol=0.01)
    assert stored.symmetry.number == space_group


def test_a_minimum_is_left_as_it_is(tmp_path):
    engine = Engine.from_ase(OffCentre(0.4, well=-0.5), label="centred")
    with open_run(perovskite(), engine, tmp_path / "run") as run:
        descent = follow_imaginary(run, gamma_phonons(run))
    assert descent.steps == ()
    assert descent.is_minimum


def test_a_well_shallower_than_the_energies_are_exact_is_called_flat(tmp_path, monkeypatch):
    monkeypatch.setattr("reticulum.phonons.imaginary.LEAST_GAIN_EV", 1.0)
    engine = Engine.from_ase(OffCentre(-0.4), label="off centre")
    with open_run(perovskite(), engine, tmp_path / "run") as run:
        descent = follow_imaginary(run, gamma_phonons(run))
    assert descent.steps == ()
    assert not descent.is_minimum
    assert descent.table.n_imaginary_modes == 3
    assert "flat" in descent.end


def test_directions_of_a_vector_in_a_cubic_crystal():
    """Axis, body and face diagonal; the groups that keep them are 4mm, 3m and mm2."""
    symmetry = symmetry_of(perovskite())
    uniform = np.tile(np.eye(3), (5, 1)) / np.sqrt(5.0)
    found = order_parameter_directions(mode_matrices(symmetry, uniform))
    assert [len(entry.operations) for entry in found] == [8, 6, 4]
    assert [entry.n_equivalent for entry in found] == [6, 8, 12]
    assert all(entry.reversible for entry in found)
    sizes = [np.sort(np.abs(entry.direction)) for entry in found]
    np.testing.assert_allclose(
        sizes, [[0, 0, 1], np.full(3, 3**-0.5), [0, 2**-0.5, 2**-0.5]], atol=1e-9
    )


def test_a_twofold_set_of_a_cubic_crystal_has_two_senses():
    """E of m-3m: 2z²-x²-y² long or short; x²-y² lies in the general direction."""
    corners = np.exp(2j * np.pi * np.arange(3) / 3)
    rotation = np.array([[corners[1].real, -corners[1].imag], [corners[1].imag, corners[1].real]])
    mirror = np.diag([1.0, -1.0])
    group = np.array(
        [np.linalg.matrix_power(rotation, n) @ m for n in range(3) for m in (np.eye(2), mirror)]
    )
    (only,) = order_parameter_directions(group)
    assert len(only.operations) == 2
    assert only.n_equivalent == 3
    assert not only.reversible


def test_a_pair_without_mirror_planes_takes_any_direction():
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    group = np.array([np.linalg.matrix_power(quarter, n) for n in range(4)])
    (only,) = order_parameter_directions(group)
    assert len(only.operations) == 1
    assert only.reversible
    assert only.n_equivalent == 4
