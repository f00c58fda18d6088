"""Grüneisen parameters, thermal expansion and fixed-volume relaxation against exact answers."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from scipy.optimize import brentq
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.errors import CalculationError, InputError
from reticulum.phonons.irreps import ModeLabels
from reticulum.phonons.modes import mode_table
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.reference.thermal_expansion import find_thermal_expansion
from reticulum.thermal import quasi_harmonic_run
from reticulum.thermal.band_against_volume import BandAgainstVolume
from reticulum.thermal.grueneisen import (
    GrueneisenParameters,
    grueneisen_parameters,
    match_sets,
)
from reticulum.thermal.mechanism import Band
from reticulum.thermal.quasi_harmonic import (
    computed_expansion,
    mode_heat_capacity,
    vibrational_entropy_ev_per_k,
    vibrational_free_energy_ev,
)
from reticulum.thermal.quasi_harmonic_result import StatedExpansion, sign_sentence
from reticulum.thermal.quasi_harmonic_run import (
    QuasiHarmonicOptions,
    quasi_harmonic_redshift,
    result_of_series,
    stated_expansion,
)
from reticulum.thermal.volume_derivatives import (
    derivative_error,
    derivative_weights,
    derivatives_by_step,
    grueneisen,
)
from reticulum.thermal.volume_series import (
    checked_strains,
    log_volumes,
    n_free_strains,
    volume_series,
)
from reticulum.units import (
    BOLTZMANN_EV_PER_K,
    EV_TO_CM1,
    GAS_CONSTANT_J_PER_MOL_K,
    SQRT_EV_PER_U_A2_TO_CM1,
)

POWER = 9


class PowerLaw(Calculator):
    """Neighbours of different kind repel as r^-n: Γ of rock salt has γ = (n + 2)/6 exactly."""

    implemented_properties = ("energy", "forces")

    def __init__(self):
        super().__init__(label=None)
        self.parameters["model"] = f"power {POWER}"
        self.calls = 0

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.calls += 1
        i, j, d, vectors = neighbor_list("ijdD", self.atoms, 3.4)
        keep = self.atoms.numbers[i] != self.atoms.numbers[j]
        i, d, vectors = i[keep], d[keep], vectors[keep]
        scale = 2000.0
        self.results["energy"] = 0.5 * float((scale * d**-POWER).sum())
        forces = np.zeros((len(self.atoms), 3))
        np.add.at(forces, i, -(scale * POWER * d ** (-POWER - 2))[:, None] * vectors)
        self.results["forces"] = forces


class StrainedSprings(SpringCrystal):
    """The crystal of springs with its stress, exact as well."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        apart = (
            self.atoms.positions[self.j]
            + self.shift @ self.atoms.cell[:]
            - self.atoms.positions[self.i]
        )
        length = np.linalg.norm(apart, axis=1)
        stretch = length - self.rest
        fall = np.exp(-self.b * stretch)
        slope = np.where(self.morse, 2 * self.a * self.b * fall * (1 - fall), self.a * stretch)
        tensor = (apart * (slope / length)[:, None]).T @ apart / self.atoms.get_volume()
        self.results["stress"] = tensor.ravel()[[0, 4, 8, 5, 2, 1]]


def rock_salt():
    return bulk("NaCl", "rocksalt", a=5.6)


def parameters_of(log_volumes, wavenumbers, dimensions):
    n_sets = wavenumbers.shape[1]
    gamma = grueneisen(log_volumes, wavenumbers)
    return GrueneisenParameters(
        log_volumes=log_volumes,
        labels=("A1",) * n_sets,
        dimensions=np.array(dimensions),
        wavenumbers_cm1=wavenumbers,
        overlaps=np.ones(n_sets),
        followed=gamma,
        projected=gamma.copy(),
        vibrations=np.ones(n_sets, dtype=bool),
    )


def labels_of(vectors, wavenumbers, names, sizes=None):
    """Modes with invented labels in the order given."""
    sizes = np.ones(len(names), dtype=np.int64) if sizes is None else np.array(sizes)
    return ModeLabels(
        point_group="m-3m",
        sets=tuple(np.split(np.arange(sizes.sum()), np.cumsum(sizes)[:-1])),
        labels=tuple(names),
        reasons=("",) * len(names),
        dimensions=sizes,
        wavenumbers_cm1=np.array(wavenumbers, dtype=float),
        infrared_active=np.ones(len(names), dtype=bool),
        raman_active=np.zeros(len(names), dtype=bool),
        acoustic=np.zeros(len(names), dtype=bool),
        mode_wavenumbers_cm1=np.repeat(np.array(wavenumbers, dtype=float), sizes),
        eigenvectors=np.array(vectors, dtype=float),
        expected={},
    )


def test_power_law_crystal_has_the_exact_parameter(tmp_path):
    engine = Engine.from_ase(PowerLaw())
    with open_run(rock_salt(), engine, tmp_path / "run") as run:
        table = mode_table(gamma_phonons(run))
        points = volume_series(run, table, (-0.01, 0.01))
    places = log_volumes(points)
    found = grueneisen_parameters(
        places, [p.table.labels for p in points], [p.table.phonons for p in points]
    )
    optical = found.vibrations
    assert int(found.dimensions[optical].sum()) == 3
    # What is left is the third order of the strain and of the displacement, both about 1e-4.
    assert found.values[optical] == pytest.approx((POWER + 2) / 6, rel=2e-4)
    assert found.projected[optical] == pytest.approx((POWER + 2) / 6, rel=1e-3)
    energies = np.array([p.energy_ev for p in points])
    assert derivative_weights(places, 2) @ np.log(energies) == pytest.approx(-POWER / 3, rel=1e-4)


def test_derivatives_are_exact_for_polynomials():
    x = np.log1p([-0.02, -0.01, 0.0, 0.01, 0.02])
    assert derivative_weights(x, 2) @ (3.0 + 5.0 * x - 7.0 * x**2) == pytest.approx(5.0, abs=1e-10)
    assert derivatives_by_step(x, 5.0 * x - 7.0 * x**2) == pytest.approx([5.0, 5.0], abs=1e-10)
    one_sided = derivatives_by_step(x[1:4], x[1:4] ** 2)
    assert one_sided == pytest.approx([x[1], x[3]], abs=1e-12)
    assert derivative_error(x[1:4], x[1:4] ** 2) == pytest.approx(0.01, rel=1e-3)
    assert derivative_error(x, x**2) == pytest.approx(0.0, abs=1e-12)
    # A cubic is told from a line by the difference of the steps, (x₂² - x₁²) here.
    assert derivative_error(x, x**3) == pytest.approx(3e-4, rel=1e-2)


def test_crossing_modes_of_different_symmetry_are_followed():
    x = np.log1p([-0.01, 0.0, 0.01])
    w = np.array([[120.0, 100.0], [105.0, 104.0], [92.0, 108.0]])
    vectors = np.eye(2)
    sorted_labels = []
    for row in w:
        order = np.argsort(row)
        names = [("A1g", "Eu")[k] for k in order]
        sorted_labels.append(labels_of(vectors[:, order], row[order], names))
    first = match_sets(sorted_labels[1], sorted_labels[0])
    # At the centre Eu (104) comes first; at smaller volume it is first too, at larger one second.
    assert list(first.partners) == [0, 1]
    assert list(match_sets(sorted_labels[1], sorted_labels[2]).partners) == [1, 0]
    assert x[1] == 0.0


def test_crossing_modes_of_one_symmetry_are_followed_by_their_vectors():
    reference = labels_of(np.eye(3), [100.0, 105.0, 300.0], ["A1"] * 3)
    mix = np.cos(0.3), np.sin(0.3)
    turned = np.array([[mix[1], mix[0], 0.0], [mix[0], -mix[1], 0.0], [0.0, 0.0, 1.0]])
    other = labels_of(turned, [99.0, 107.0, 301.0], ["A1"] * 3)
    match = match_sets(reference, other)
    assert list(match.partners) == [1, 0, 2]
    assert match.overlaps == pytest.approx([np.cos(0.3) ** 2, np.cos(0.3) ** 2, 1.0])


def test_degenerate_sets_are_followed_whatever_their_vectors():
    rng = np.random.default_rng(3)
    turn = np.eye(5)
    turn[:3, :3], _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn[3:, 3:], _ = np.linalg.qr(rng.normal(size=(2, 2)))
    reference = labels_of(np.eye(5), [100.0, 200.0], ["T1u", "Eg"], [3, 2])
    match = match_sets(reference, labels_of(turn, [90.0, 210.0], ["T1u", "Eg"], [3, 2]))
    assert list(match.partners) == [0, 1]
    assert match.overlaps == pytest.approx([1.0, 1.0], abs=1e-12)


def test_modes_that_mix_beyond_recognition_have_the_parameter_of_the_derivative():
    """Three modes of one symmetry whose vectors turn until no new one holds half of an old one."""
    x = np.log1p([-0.01, 0.0, 0.01])
    turn = np.eye(3) - 2.0 / 3.0 * np.ones((3, 3))
    change = turn @ np.diag([1.0, 2.0, 4.0]) @ turn.T
    modes, matrices = [], []
    for place in x:
        # Masses of 1 u: the dynamical matrix is the Hessian. 1, 1.0001, 1.0002 split the modes.
        matrix = np.diag([1.0, 1.0001, 1.0002]) + place * change
        values, vectors = np.linalg.eigh(matrix)
        modes.append(labels_of(vectors, np.sqrt(values) * SQRT_EV_PER_U_A2_TO_CM1, ["A1"] * 3))
        atoms = Atoms("H", positions=[(0, 0, 0)])
        atoms.set_masses([1.0])
        matrices.append(SimpleNamespace(atoms=atoms, hessian_ev_a2=matrix))
    found = grueneisen_parameters(x, modes, matrices)
    assert found.overlaps == pytest.approx(4.0 / 9.0, abs=0.01)
    assert np.all(np.isnan(found.followed))
    exact = -np.diag(change) / (2.0 * np.array([1.0, 1.0001, 1.0002]))
    assert found.values == pytest.approx(exact, rel=1e-9)


def test_free_energy_entropy_and_heat_capacity_are_those_of_an_oscillator():
    """250 cm⁻¹ at 298.15 K by hand, in J/mol and J/mol/K."""
    w, one, t = np.array([[250.0]]), np.array([1]), np.array([298.15])
    to_joule = GAS_CONSTANT_J_PER_MOL_K / BOLTZMANN_EV_PER_K
    assert vibrational_free_energy_ev(w, one, t)[0, 0] * to_joule == pytest.approx(
        613.746, abs=1e-3
    )
    assert vibrational_entropy_ev_per_k(w, one, t)[0, 0] * to_joule == pytest.approx(
        7.240745, abs=1e-6
    )
    assert mode_heat_capacity(w[0], t)[0, 0] * GAS_CONSTANT_J_PER_MOL_K == pytest.approx(
        7.375377, abs=1e-6
    )


@pytest.mark.parametrize("gamma", [1.5, -2.0])
def test_volume_of_a_crystal_with_known_free_energy(gamma):
    """E = K x²/2 and ω = ω₀ exp(-γ x): the minimum solves K x = γ U(x, T)."""
    x = np.log1p([-0.02, -0.01, 0.0, 0.01, 0.02])
    w0, stiffness, number = 200.0, 40.0, 6
    w = w0 * np.exp(-gamma * x)[:, None]
    t = np.array([150.0, 298.15, 450.0])
    found = computed_expansion(parameters_of(x, w, [number]), 0.5 * stiffness * x**2, 500.0, t)
    assert found.from_minimum

    def energy(place, temperature):
        wave = w0 * np.exp(-gamma * place) / EV_TO_CM1
        return number * wave * (0.5 + 1.0 / np.expm1(wave / (BOLTZMANN_EV_PER_K * temperature)))

    exact = [brentq(lambda p, u=u: stiffness * p - gamma * energy(p, u), -0.02, 0.02) for u in t]
    # The free energy is fitted with a cubic in ln V: its fourth order is what is left.
    assert found.log_volumes == pytest.approx(exact, rel=1e-4)
    step = [
        brentq(lambda p, u=u: stiffness * p - gamma * energy(p, u), -0.02, 0.02)
        for u in (298.05, 298.25)
    ]
    assert found.at_reference_per_k == pytest.approx((step[1] - step[0]) / 0.2, rel=1e-3)
    assert np.sign(found.at_reference_per_k) == np.sign(gamma)
    assert found.shares_per_k.sum() == pytest.approx(found.linear_per_k, rel=1e-12)
    # The linear route has the bulk modulus and the energy at V₀ instead of at the minimum.
    assert found.linear_per_k == pytest.approx(found.minimum_per_k, rel=0.05)
    assert found.route_error_per_k == pytest.approx(
        abs(found.linear_per_k - found.minimum_per_k), rel=1e-9
    )
    assert not found.leaves_series


def test_expansion_at_a_volume_that_is_no_minimum():
    """A pressure shifts the minimum out of the series; α = Σ γ C/(V B) with B = V d²F/dV²."""
    x = np.log1p([-0.01, 0.0, 0.01])
    w = 100.0 * np.exp(-2.0 * x)[:, None]
    energies = 0.5 * 60.0 * x**2 - 5.0 * x
    t = np.array([200.0, 298.15, 400.0])
    found = computed_expansion(parameters_of(x, w, [3]), energies, 400.0, t)
    assert not found.from_minimum
    assert found.pressure_gpa == pytest.approx(5.0 / 400.0 * 160.2177, rel=0.05)
    assert found.log_volumes[1] == pytest.approx(0.0, abs=1e-12)
    capacity = 3 * float(mode_heat_capacity(np.array([100.0]), np.array([298.15]))[0, 0])
    expected = 2.0 * capacity * BOLTZMANN_EV_PER_K / (60.0 + 5.0)
    assert found.at_reference_per_k == pytest.approx(expected, rel=1e-6)
    assert found.static_bulk_modulus_gpa == pytest.approx(65.0 / 400.0 * 160.2177, rel=1e-6)
    rise = found.log_volumes[2] - found.log_volumes[0]
    quanta = 1.0 / np.expm1(100.0 / EV_TO_CM1 / (BOLTZMANN_EV_PER_K * t[[0, 2]]))
    assert rise == pytest.approx(2.0 * 3 * np.diff(quanta)[0] * 100.0 / EV_TO_CM1 / 65.0, rel=1e-6)


def test_an_expansion_beyond_the_volumes_is_said_to_be():
    x = np.log1p([-0.01, 0.0, 0.01])
    w = 20.0 * np.exp(20.0 * x)[:, None]
    energies = 0.5 * 4.0 * x**2 - 1.0 * x
    found = computed_expansion(parameters_of(x, w, [30]), energies, 400.0, [150.0, 500.0])
    assert found.leaves_series


def test_an_unstable_crystal_has_no_expansion():
    x = np.log1p([-0.01, 0.0, 0.01])
    with pytest.raises(CalculationError, match="not stable"):
        computed_expansion(
            parameters_of(x, 100.0 + 0.0 * x[:, None], [3]), -50.0 * x**2, 400.0, [200.0, 300.0]
        )


def test_imaginary_modes_are_left_out_at_all_volumes_alike():
    x = np.log1p([-0.01, 0.0, 0.01])
    good = 100.0 * np.exp(-2.0 * x)
    with_bad = np.stack([good, [-20.0, 10.0, 30.0]], axis=1)
    nan = np.array([2.0, np.nan])
    parameters = GrueneisenParameters(
        log_volumes=x,
        labels=("A1", "A1"),
        dimensions=np.array([3, 2]),
        wavenumbers_cm1=with_bad,
        overlaps=np.ones(2),
        followed=nan,
        projected=np.array([2.0, 40.0]),
        vibrations=np.ones(2, dtype=bool),
    )
    t = [200.0, 298.15, 400.0]
    found = computed_expansion(parameters, 30.0 * x**2, 400.0, t)
    without = computed_expansion(parameters_of(x, good[:, None], [3]), 30.0 * x**2, 400.0, t)
    assert found.n_modes_left_out == 2
    assert found.log_volumes == pytest.approx(without.log_volumes, rel=1e-12)


def test_band_slope_is_minus_gamma_alpha_nu():
    x = np.log1p([-0.01, 0.0, 0.01])
    band = BandAgainstVolume(log_volumes=x, centres_cm1=1600.0 * np.exp(-0.4 * x))
    t = np.linspace(200.0, 400.0, 5)
    alpha = -15e-6
    positions = band.positions_cm1(alpha * (t - 298.15))
    slope = np.polyfit(t, positions, 1)[0]
    assert slope == pytest.approx(0.4 * 15e-6 * 1600.0, rel=1e-3)
    assert band.grueneisen == pytest.approx(0.4, rel=1e-9)
    assert band.grueneisen_error < 1e-9
    assert all(error.size_cm1_per_k < 1e-6 for error in band.slope_errors(t, alpha * (t - 298.15)))


def test_signs_in_words():
    up = sign_sentence(Band.SYMMETRIC, 0.4, 0.01, -15e-6)
    assert all(word in up for word in ("positive", "blue", "smaller", "higher"))
    down = sign_sentence(Band.SYMMETRIC, 0.4, -0.01, 15e-6)
    assert all(word in down for word in ("red", "larger", "lower"))
    assert "red" in sign_sentence(Band.SYMMETRIC, -0.4, -0.01, -15e-6)


@pytest.fixture(scope="module")
def strained(tmp_path_factory):
    """Run on the tetragonal spring crystal with stress, its folder and its result."""
    folder = tmp_path_factory.mktemp("strained") / "run"
    engine = Engine.from_ase(StrainedSprings())
    with open_run(spring_crystal(), engine, folder, label="copper formate") as run:
        table = mode_table(gamma_phonons(run))
        result = quasi_harmonic_redshift(
            run, table, options=QuasiHarmonicOptions(expansion_per_k=(-16e-6, -12e-6))
        )
    return folder, result


def test_shape_is_relaxed_and_the_volume_kept(strained):
    _, result = strained
    volumes = np.array([point.volume_a3 for point in result.points])
    strains = np.array([point.strain for point in result.points])
    assert volumes / volumes[1] - 1.0 == pytest.approx(strains, abs=1e-9)
    ratios = []
    for point in result.points:
        lengths = point.table.phonons.atoms.cell.lengths()
        ratios.append(lengths[2] / lengths[0])
        assert point.table.phonons.symmetry.symbol == "P4/mmm"
    # The soft direction takes up more of the strain, and the shape changes smoothly: that of the
    # run's own cell, which was not relaxed, is relaxed too.
    assert abs(ratios[2] - ratios[0]) > 1e-3
    assert abs(ratios[0] - 2 * ratios[1] + ratios[2]) < 0.2 * abs(ratios[2] - ratios[0])
    energies = np.array([point.energy_ev for point in result.points])
    assert energies[0] - 2 * energies[1] + energies[2] > 0.0


def test_result_of_a_given_expansion(strained):
    folder, result = strained
    mechanism = result.mechanism
    assert mechanism.details["expansion_per_k"] == pytest.approx(-14e-6)
    for band in Band:
        gamma = result.bands[band].grueneisen
        slope = mechanism.slope(band).slope_cm1_per_k
        expected = -gamma * -14e-6 * result.bands[band].at_rest_cm1
        # The middle of the window lies 25 K above the temperature of the run's volume.
        assert slope == pytest.approx(expected, rel=0.02, abs=3e-5)
        spread = next(e for e in mechanism.errors(band) if "range" in e.origin)
        assert spread.size_cm1_per_k == pytest.approx(abs(expected) * 2.0 / 14.0, rel=1e-6)
        word = "blue" if slope > 0 else "red"
        assert word in next(s for s in mechanism.details["sign_sentences"] if band.value in s)
    assert "contracts on heating" in result.verdict
    stored = json.loads((folder / "quasi-harmonic" / "result.json").read_text(encoding="utf-8"))
    assert len(stored["volumes"]) == 3
    assert stored["variants"][0]["name"] == "quasi-harmonic"


def test_a_computed_expansion_that_is_not_used_is_called_so(strained, monkeypatch):
    _, given = strained
    monkeypatch.setattr(quasi_harmonic_run, "_SOFT_CM1", 1e9)  # all modes count as soft
    options = QuasiHarmonicOptions()
    for stated in (StatedExpansion(volumetric_per_k=-1e-5, error_per_k=0.0, origin="given"), None):
        result = result_of_series(given.points, "unknown", stated, options)
        told = [[s for s in v.warnings if "computed exp" in s] for v in result.variants]
        assert len(told) == (1 if stated is None else 2)
        assert all(sentences for sentences in told)
        unused = [all("which is not used here" in s for s in sentences) for sentences in told]
        assert unused == ([False] if stated is None else [True, False])
        assert result.warnings == result.variants[0].warnings


def test_followed_and_projected_parameters_agree(strained):
    """Two routes to γ: the modes of each volume, and the derivative of the dynamical matrix."""
    _, result = strained
    found = result.parameters
    stiff = found.wavenumbers_cm1[1] > 300.0
    both = stiff & np.isfinite(found.followed) & np.isfinite(found.projected)
    assert both.sum() > 10
    assert found.followed[both] == pytest.approx(found.projected[both], abs=0.05)


def test_a_repeated_run_computes_nothing(strained, tmp_path):
    folder, result = strained
    copy = tmp_path / "run"
    shutil.copytree(folder, copy)
    engine = Engine.from_ase(StrainedSprings())
    with open_run(spring_crystal(), engine, copy, label="copper formate") as run:
        table = mode_table(gamma_phonons(run))
        again = quasi_harmonic_redshift(
            run, table, options=QuasiHarmonicOptions(expansion_per_k=(-16e-6, -12e-6))
        )
        assert run.runner.n_computed == 0
    assert again.mechanism.antisymmetric_cm1 == pytest.approx(
        result.mechanism.antisymmetric_cm1, abs=1e-9
    )


def test_without_stress_the_shape_cannot_be_relaxed(spring_run, spring_engine, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(spring_run[0], copy)
    with open_run(spring_crystal(), spring_engine, copy, label="copper formate") as run:
        table = mode_table(spring_run[1])
        with pytest.raises(InputError, match="no stress"):
            quasi_harmonic_redshift(run, table)


def test_free_strains_of_crystal_systems():
    from reticulum.frameworks.symmetry import symmetry_of

    assert n_free_strains(symmetry_of(rock_salt())) == 1
    assert n_free_strains(symmetry_of(spring_crystal())) == 2
    cell = [4.0, 5.0, 6.0, 80.0, 95.0, 101.0]
    odd = Atoms("HHe", scaled_positions=[(0, 0, 0), (0.1, 0.25, 0.37)], cell=cell, pbc=True)
    assert n_free_strains(symmetry_of(odd)) == 6


@pytest.mark.parametrize(
    "strains", [(), (0.01,), (-0.01, 0.0, 0.01), (-0.5, 0.5), (-0.01, 0.01, 0.01), (np.nan, 0.01)]
)
def test_strains_that_make_no_sense(strains):
    with pytest.raises(InputError):
        checked_strains(strains)


@pytest.mark.parametrize(
    "changes",
    [
        {"expansion_per_k": -12.0},
        {"expansion_per_k": float("nan")},
        {"expansion_per_k": (1e-6, 2e-6, 3e-6)},
        {"strains": (0.01,)},
        {"temperatures_k": (300.0,)},
        {"temperatures_k": (-100.0, 200.0)},
    ],
)
def test_options_that_make_no_sense(changes):
    with pytest.raises(InputError):
        QuasiHarmonicOptions(**changes)


def test_only_checked_numbers_count_as_measured():
    hkust = find_thermal_expansion("Cu-BTC")
    assert [entry.checked for entry in hkust] == [True, False]
    stated = stated_expansion(QuasiHarmonicOptions(), "HKUST-1")
    assert stated.volumetric_per_k == pytest.approx(-15.3e-6)
    assert stated.error_per_k == pytest.approx(0.05e-6)
    mof5 = stated_expansion(QuasiHarmonicOptions(), "MOF-5")
    assert mof5.volumetric_per_k == pytest.approx(-48e-6)
    assert "recalled" not in mof5.origin
    assert stated_expansion(QuasiHarmonicOptions(), "unknown") is None
    assert find_thermal_expansion("unknown") == ()


def test_bonds_that_change_with_the_volume_make_the_expansion_doubtful():
    def point(strain, distance):
        atoms = Atoms("ZnO", positions=[(0, 0, 0), (0, 0, distance)], cell=[9, 9, 9], pbc=True)
        phonons = SimpleNamespace(atoms=atoms)
        return SimpleNamespace(strain=strain, table=SimpleNamespace(phonons=phonons))

    points = [point(-0.01, 1.95), point(0.0, 1.97), point(0.01, 2.9)]
    words = quasi_harmonic_run._changed_bonds(points, 1)
    assert words == "bonds change with the volume: opened 1 Zn-O at +1 %"
    assert quasi_harmonic_run._changed_bonds(points[:2], 1) == ""
