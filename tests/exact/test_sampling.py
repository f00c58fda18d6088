"""Joint thermal draws: the draws themselves, their statistics, and the librating model."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from models import librating_unit as model
from models.memory_runner import MemoryRunner
from spring_models import SpringCrystal

from reticulum.errors import CalculationError, InputError
from reticulum.phonons.modes import mode_table
from reticulum.thermal.band_space import band_centres
from reticulum.thermal.carboxylate_bands import carboxylate_band_space
from reticulum.thermal.kept_modes import kept_modes
from reticulum.thermal.local_frames import local_frames
from reticulum.thermal.mechanism import Band, ErrorKind, MechanismResult, Part
from reticulum.thermal.sampled_bands import BandSampler, DrawSetting, Tally, one_direction
from reticulum.thermal.sampling import (
    BlockSample,
    one_sigma_factor,
    sampled_slopes,
    shape_correction,
    slope_weights,
)
from reticulum.thermal.sampling_choice import choose_modes
from reticulum.thermal.sampling_options import LEAST_PAIRS, SamplingOptions
from reticulum.thermal.sampling_run import sampling_redshift
from reticulum.thermal.slopes import slope_temperatures_k
from reticulum.thermal.thermal_draws import (
    PAIRS_PER_BLOCK,
    block_normals,
    fixed_basis,
    thermal_amplitudes,
)
from reticulum.units import EV_TO_CM1, HBAR2_OVER_2U_A2_CM1

ENDS = slope_temperatures_k()[[0, -1]]
#: Both librations of the model lie below, all else above.
LIMIT = 150.0


def test_draws_are_standard_normal_and_take_each_part_once():
    found = np.array([block_normals(3, block, 4) for block in range(400)])
    assert found.shape == (400, PAIRS_PER_BLOCK, 4)
    assert found.mean() == pytest.approx(0.0, abs=0.03)
    assert (found**2).mean() == pytest.approx(1.0, abs=0.03)
    assert (found**4).mean() == pytest.approx(3.0, abs=0.3)
    quartiles = np.array([0.3186, 0.6745, 1.1503])  # of |z|
    parts = np.sort(np.searchsorted(quartiles, np.abs(found)), axis=1)
    assert (parts == np.arange(4)[None, :, None]).all()
    # modes are independent
    assert abs((found[..., 0] * found[..., 1]).mean()) < 0.05
    assert abs(((found[..., 0] ** 2 - 1) * (found[..., 1] ** 2 - 1)).mean()) < 0.1


def test_draws_are_the_same_again_and_do_not_depend_on_later_modes():
    np.testing.assert_array_equal(block_normals(1, 2, 5), block_normals(1, 2, 9)[:, :5])
    assert not np.array_equal(block_normals(1, 2, 5), block_normals(1, 3, 5))
    assert not np.array_equal(block_normals(1, 2, 5), block_normals(2, 2, 5))


def test_the_basis_does_not_depend_on_the_diagonalisation():
    random = np.random.default_rng(0)
    vectors = np.linalg.qr(random.normal(size=(12, 12)))[0]
    sets = [np.array([0]), np.array([1, 2, 3]), np.array([4, 5]), np.arange(6, 12)]
    other = vectors.copy()
    for members in sets:
        turn = np.linalg.qr(random.normal(size=(len(members), len(members))))[0]
        other[:, members] = other[:, members] @ turn
    first, second = fixed_basis(vectors, sets), fixed_basis(other, sets)
    np.testing.assert_allclose(first, second, atol=1e-12)
    np.testing.assert_allclose(first.T @ first, np.eye(12), atol=1e-12)
    for members in sets:
        projection = first[:, members] @ first[:, members].T
        np.testing.assert_allclose(
            projection, vectors[:, members] @ vectors[:, members].T, atol=1e-12
        )


def test_amplitudes_are_those_of_quantum_oscillators():
    """q² = (2 HB/ω)(n + ½); n at 250 cm⁻¹ is tabulated."""
    temperatures = np.array([173.15, 298.15, 473.15])
    expected = 2 * HBAR2_OVER_2U_A2_CM1 / 250.0 * (
        np.array([0.14319807, 0.42707635, 0.87817193]) + 0.5
    )  # fmt: skip
    found = thermal_amplitudes(np.array([250.0, 100.0]), temperatures)
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found[:, 0] ** 2, expected, rtol=1e-7)


def test_weights_give_the_least_squares_slope():
    values = np.random.default_rng(0).normal(size=7)
    weights = slope_weights(slope_temperatures_k())
    assert weights @ values == pytest.approx(np.polyfit(slope_temperatures_k(), values, 1)[0])
    with pytest.raises(InputError):
        slope_weights(np.array([300.0, 300.0]))


def test_the_one_sigma_factor_tends_to_one():
    assert one_sigma_factor(2) == pytest.approx(1.8373, abs=1e-3)
    assert one_sigma_factor(10**6) == pytest.approx(1.0, abs=1e-5)


# --- statistics on bands that are polynomials of the coordinates ---------------------------------


def polynomial_blocks(seed, n_blocks, quadratic, bilinear, quartic, *, odd=0.0):
    """Blocks for ν = Σ a q² + q·C·q + c (Σ a q²)² + odd terms, at two temperatures."""
    variances = np.array([1.0, 2.5])
    blocks = []
    for number in range(n_blocks):
        z = block_normals(seed, number, len(quadratic))
        pair = []
        for sign in (1.0, -1.0):
            q = sign * np.sqrt(variances)[None, :, None] * z[:, None, :]
            square = q**2 @ quadratic
            shift = square + np.einsum("pti,ij,ptj->pt", q, bilinear, q) + quartic * square**2
            pair.append(shift + odd * (q.sum(axis=2) + q.sum(axis=2) ** 3))
        blocks.append(
            BlockSample(
                shifts_cm1=np.mean(pair, axis=0)[..., None],
                mean_forces=np.zeros((PAIRS_PER_BLOCK, 2, 0)),
                squares=z**2 - 1.0,
                fourths=z**4 - 6 * z**2 + 3,
                virials=np.zeros((PAIRS_PER_BLOCK, 2, z.shape[1])),
            )
        )
    total = quadratic.sum()
    exact = [
        v * (total + np.trace(bilinear)) + quartic * v**2 * (total**2 + 2 * quadratic @ quadratic)
        for v in variances
    ]
    return blocks, (exact[1] - exact[0]) / 300.0


NO_RESPONSE = np.zeros((0, 1))


def random_polynomial(random, n_modes):
    quadratic = 0.1 * random.normal(size=n_modes)
    bilinear = 0.03 * random.normal(size=(n_modes, n_modes)) / np.sqrt(n_modes)
    return quadratic, bilinear, 0.03


def test_pairs_take_out_everything_odd():
    random = np.random.default_rng(0)
    polynomial = random_polynomial(random, 5)
    found = [
        sampled_slopes(
            polynomial_blocks(0, 3, *polynomial, odd=odd)[0], ENDS, NO_RESPONSE, np.ones(5, int)
        ).slopes_cm1_per_k
        for odd in (0.0, 10.0)
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-10)


@pytest.mark.parametrize(("n_modes", "n_blocks"), [(10, 8), (30, 6)])
def test_the_error_covers_two_thirds_of_all_seeds(n_modes, n_blocks):
    """Of 200 calculations 68 % should lie within their error (binomial spread: 3 %)."""
    random = np.random.default_rng(n_modes)
    inside, plain, errors, misses = 0, [], [], []
    for seed in range(200):
        blocks, exact = polynomial_blocks(seed, n_blocks, *random_polynomial(random, n_modes))
        found = sampled_slopes(blocks, ENDS, NO_RESPONSE, np.ones(n_modes, int))
        miss = found.slopes_cm1_per_k[0] - exact
        inside += abs(miss) <= found.errors_cm1_per_k[0]
        misses.append(miss)
        errors.append(found.errors_cm1_per_k[0])
        plain.append(found.plain_errors_cm1_per_k[0])
    assert 0.58 < inside / 200 < 0.78
    spread = np.std(misses)
    assert abs(np.mean(misses)) < 4 * spread / np.sqrt(200)
    assert np.median(errors) < np.median(plain)


def test_control_variates_leave_nothing_of_what_is_quadratic():
    random = np.random.default_rng(1)
    quadratic = random.normal(size=4)
    blocks, exact = polynomial_blocks(0, 6, quadratic, np.zeros((4, 4)), 0.0)
    found = sampled_slopes(blocks, ENDS, NO_RESPONSE, np.ones(4, int))
    assert found.slopes_cm1_per_k[0] == pytest.approx(exact, rel=1e-4)
    assert found.errors_cm1_per_k[0] < 1e-3 * found.plain_errors_cm1_per_k[0]
    each = quadratic * 1.5 / 300.0
    np.testing.assert_allclose(found.set_slopes_cm1_per_k[:, 0], each, rtol=1e-3)


def test_the_mean_displacement_is_that_of_a_cubic_coupling():
    """V = ½λ₁q₁² + ½λ₂q₂² + ½c q₁²q₂ and ν = a q₂: ⟨q₂⟩ = -c⟨q₁²⟩/2λ₂ in first order."""
    stiffness, cubic, slope = np.array([1.0, 3.0]), 0.4, -5.0
    variances = np.array([[1.0, 0.5], [2.5, 1.2]])
    blocks = []
    for number in range(300):
        z = block_normals(0, number, 2)
        forces, shifts = [], []
        for sign in (1.0, -1.0):
            q = sign * np.sqrt(variances) * z[:, None, :]
            forces.append(-stiffness[1] * q[..., 1] - 0.5 * cubic * q[..., 0] ** 2)
            shifts.append(slope * q[..., 1])
        blocks.append(
            BlockSample(
                shifts_cm1=np.mean(shifts, axis=0)[..., None],
                mean_forces=np.mean(forces, axis=0)[..., None],
                squares=z**2 - 1.0,
                fourths=z**4 - 6 * z**2 + 3,
                virials=np.zeros((PAIRS_PER_BLOCK, 2, z.shape[1])),
            )
        )
    responses = np.array([[slope / stiffness[1]]])
    found = sampled_slopes(blocks, ENDS, responses, np.ones(2, int))
    expected = -slope * cubic / (2 * stiffness[1]) * variances[:, 0]
    np.testing.assert_allclose(found.shifts_cm1[:, 0], expected, rtol=1e-3)
    plain = np.mean([block.mean_forces.mean(axis=0) @ responses for block in blocks], axis=0)
    np.testing.assert_allclose(found.displacement_shifts_cm1, plain)


def test_a_quartic_energy_narrows_the_distribution_by_first_order():
    """E = g z⁴ kT: ⟨z²⟩ changes by -g (⟨z⁶⟩ - ⟨z²⟩⟨z⁴⟩) = -12 g; 24 draws give it exactly."""
    quartic, effects = np.array([0.01, -0.02, 0.0]), np.array([-1.0, 2.0, 5.0])
    variances = np.array([1.0, 2.5])
    z = np.array([block_normals(2, number, 3) for number in range(6)])
    shifts = np.einsum("t,bps,s->bpt", variances, z**2, effects)[..., None]
    virials = np.repeat((4 * quartic * z**4)[:, :, None, :], 2, axis=2) * variances[:, None]
    change, error = shape_correction(
        shifts,
        z**2 - 1.0,
        z**4 - 6 * z**2 + 3,
        virials,
        temperatures_k=ENDS,
        partners=np.ones(3, int),
    )
    # the quartic term in units of kT grows with the variance here
    expected = -12 * quartic @ effects * (2.5**2 - 1.0) / 300.0
    assert change[0] == pytest.approx(expected, rel=1e-3)
    assert error[0] < 1e-2 * abs(expected)


def test_one_block_has_no_scatter():
    blocks, _ = polynomial_blocks(0, 1, np.ones(2), np.zeros((2, 2)), 0.0)
    with pytest.raises(ValueError, match="scatter"):
        sampled_slopes(blocks, ENDS, NO_RESPONSE, np.ones(2, int))


# --- the librating model -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def librating(tmp_path_factory):
    """(run with forces in memory, table)."""
    with model.run_phonons(tmp_path_factory.mktemp("sampling") / "run") as (run, _, table):
        yield dataclasses.replace(run, runner=MemoryRunner(run.engine)), table


@pytest.fixture(scope="module")
def sampled(librating):
    run, table = librating
    options = SamplingOptions(limit_cm1=LIMIT, precision_cm1_per_k=5e-4)
    return sampling_redshift(run, table, options=options)


def slope(values):
    return float(np.polyfit(slope_temperatures_k(), values, 1)[0])


def harmonic_average():
    """Slopes that draws must give: rigid turns by Gaussian angles, and the centrifugal pull.

    Mean over Gauss nodes of the exact bands of turned crystals, and the response to the kinetic
    energy of the oscillators.
    """
    wavenumbers = model.modes_at(0.0, 0.0)[0][3:5]
    nodes, weights = np.polynomial.hermite_e.hermegauss(9)
    weights = np.outer(weights, weights) / weights.sum() ** 2
    one, other = np.meshgrid(nodes, nodes, indexing="ij")
    radius = np.sqrt(2 * model.OXYGEN_MASS) * model.HALF_O_O * np.sqrt(2)
    means = []
    for in_step, against in thermal_amplitudes(wavenumbers, ENDS):
        angles = [(in_step * one + sign * against * other) / radius for sign in (1, -1)]
        # Nodes beyond the table have next to no weight.
        inside = np.clip(angles, -0.85, 0.85)
        bands = np.einsum("ab,abk->k", weights, model.tabulated(*inside)[..., :2])
        kinetic = (
            0.5 * wavenumbers**2 * np.array([in_step, against]) ** 2 / (2 * HBAR2_OVER_2U_A2_CM1)
        )
        means.append(bands + model.centrifugal_response() * kinetic.sum())
    return (means[1] - means[0]) / 300.0


def test_draws_give_the_average_over_the_harmonic_distribution(sampled):
    found, errors = sampled.slopes.slopes_cm1_per_k, sampled.slopes.errors_cm1_per_k
    # 24 pairs: the error of other seeds is 7e-5
    np.testing.assert_allclose(found, harmonic_average(), rtol=0.02, atol=3 * errors.max())


def test_draws_agree_with_the_exact_quantum_answer(sampled):
    """Rotors that turn rigidly and stretch by the centrifugal force, all levels populated.

    The true distribution is wider than the harmonic one: sin²θ is softer than θ². The first-order
    correction for that says so and counts as an error.
    """
    temperatures = slope_temperatures_k()
    answer = model.quantum_answer(temperatures, dressed=False, centrifugal=True)
    exact = np.array([slope(values) for values in answer])
    found, shape = sampled.slopes.slopes_cm1_per_k, sampled.slopes.shape_slopes_cm1_per_k
    np.testing.assert_allclose(found, exact, rtol=0.08)
    np.testing.assert_allclose(found + shape, exact, rtol=0.025)
    for column, band in enumerate(Band):
        error = sampled.mechanism.slope_error_cm1_per_k(band)
        assert abs(found[column] - exact[column]) < error


def test_a_libration_turns_its_unit_and_pulls_on_its_bonds(librating):
    """Angle q/√I, no stiff energy, and the centrifugal force 2⟨T⟩/r, shared by four atoms."""
    run, table = librating
    frames = local_frames(table.phonons.atoms)
    rest = run.runner.evaluate([table.phonons.atoms], kind="reference")[0].result
    modes = choose_modes(table, rest.forces_ev_per_a, limit_cm1=LIMIT)
    symbols = np.array(table.phonons.atoms.get_chemical_symbols())
    inertial = modes.inertial_forces(frames, ENDS)
    stiffness = modes.space.eigenvalues[modes.drawn]
    energy = (stiffness * modes.amplitudes(ENDS) ** 2).sum(axis=1)
    np.testing.assert_allclose(np.abs(inertial[:, symbols == "O", 2]).T,
                               np.tile(energy / model.HALF_O_O / 4, (4, 1)), rtol=2e-3)  # fmt: skip
    np.testing.assert_allclose(inertial[:, symbols != "O"], 0.0, atol=1e-4)
    moved = table.phonons.atoms.copy()
    for q in (np.array([1.5, 0.0]), np.array([1.0, 3.0])):
        moved.positions = modes.start(frames, q, np.zeros((9, 3))).positions_a
        _, units = model.units_of(table.phonons.atoms)
        angles = []
        for _, upper, lower, _ in units:
            across = moved.get_distance(lower, upper, mic=True, vector=True)
            angles.append(np.arctan2(across[1], across[2]))
        assert 2 * model.OXYGEN_MASS * model.HALF_O_O**2 * np.square(angles).sum() == pytest.approx(
            q @ q, rel=2e-3
        )
        run_energy = run.runner.evaluate([moved], kind="path")[0].result.energy_ev
        soft = model.soft_energy_cm1(*angles) / EV_TO_CM1
        assert run_energy - rest.energy_ev == pytest.approx(soft, abs=1e-4)


def test_straight_lines_fail_visibly(librating, sampled):
    run, table = librating
    options = SamplingOptions(
        limit_cm1=LIMIT, relax_stiff=False, fewest_pairs=8, most_pairs=8, checks=False
    )
    straight = sampling_redshift(run, table, options=options)
    right = sampled.slopes.slopes_cm1_per_k
    assert (straight.slopes.slopes_cm1_per_k < 4 * right).all()
    assert "straight" in straight.mechanism.untrusted_because


def test_the_common_form(sampled):
    mechanism = sampled.mechanism
    assert mechanism.name == "sampling"
    assert sampled.reached
    assert sampled.n_pairs == 24
    assert Part.SOFT_MOTIONS in mechanism.parts
    assert mechanism.untrusted_because == ""
    assert mechanism.n_calls == sampled.tally.n_calls > 0
    for band in Band:
        kinds = [error.kind for error in mechanism.errors(band)]
        assert kinds == [
            ErrorKind.STATISTICAL,
            ErrorKind.TRUNCATION,
            ErrorKind.TRUNCATION,
            ErrorKind.STEP_SIZE,
        ]
        found = mechanism.slope(band)
        assert found is not None
        column = list(Band).index(band)
        assert found.slope_cm1_per_k == pytest.approx(
            sampled.slopes.slopes_cm1_per_k[column], abs=1e-9
        )
    assert {c.label for c in mechanism.contributions} == {
        "B3g, libration of linkers as rigid units",
        "Au, libration of linkers as rigid units",
    }
    total = sum(c.antisymmetric_cm1_per_k for c in mechanism.contributions)
    # the centrifugal part does not belong to the squares of the coordinates
    assert total == pytest.approx(sampled.slopes.slopes_cm1_per_k[0], rel=0.06)
    again = MechanismResult.from_dict(mechanism.to_dict())
    np.testing.assert_allclose(again.antisymmetric_cm1, mechanism.antisymmetric_cm1)
    assert abs(sampled.tally.energy_excess) < 0.02
    # sin²θ is softer than θ²: the true distribution is wider
    assert 0.0 < sampled.slopes.width_change < 0.15
    assert "24 pairs" in sampled.verdict


def test_mirror_images_of_a_pair_have_the_same_bands_and_opposite_forces(librating):
    """The model has an operation that reverses each libration: pairs agree to rounding."""
    run, table = librating
    rest = run.runner.evaluate([table.phonons.atoms], kind="reference")[0].result
    sampler = BandSampler(run, table, temperatures_k=ENDS, seed=0, energy_at_rest_ev=rest.energy_ev)
    modes = choose_modes(table, rest.forces_ev_per_a, limit_cm1=LIMIT)
    setting = DrawSetting(modes=modes, force_limit=1e-5)
    plan = sampler._plan(sampler.space, setting, every=False)
    q = modes.amplitudes(ENDS)[1] * np.array([0.7, -1.1])
    relaxed = sampler._relaxed([q, -q], [np.zeros((9, 3))] * 2, setting, Tally())
    bands, _ = sampler._bands(relaxed, [plan, plan])
    np.testing.assert_allclose(bands[0], bands[1], atol=1e-3)


def with_imaginary_mode(table, wavenumber):
    """The table with the softer libration called imaginary."""
    wavenumbers = np.array(table.labels.mode_wavenumbers_cm1)
    wavenumbers[3] = wavenumber
    return dataclasses.replace(
        table, labels=dataclasses.replace(table.labels, mode_wavenumbers_cm1=wavenumbers)
    )


def test_modes_that_are_no_minima_are_held_unless_they_get_a_width(librating):
    _, table = librating
    stiffer = table.labels.mode_wavenumbers_cm1[4]
    changed = with_imaginary_mode(table, -40.0)
    forces = np.zeros((9, 3))
    modes = choose_modes(changed, forces, limit_cm1=LIMIT)
    assert modes.held_cm1 == (-40.0,)
    assert modes.drawn.tolist() == [4]
    assert not modes.free[:5].any()
    modes = choose_modes(changed, forces, limit_cm1=LIMIT, effective_cm1=60.0)
    assert modes.held_cm1 == ()
    np.testing.assert_allclose(modes.wavenumbers_cm1, [60.0, stiffer])
    modes = choose_modes(changed, forces, limit_cm1=LIMIT, like_minima=True)
    np.testing.assert_allclose(modes.wavenumbers_cm1, [40.0, stiffer])
    with pytest.raises(CalculationError, match="No mode"):
        choose_modes(changed, forces, limit_cm1=50.0)


def test_one_random_partner_stands_for_all_of_a_set(spring_run):
    """Mean over directions within E_u against all partners, in a crystal distorted at random.

    What remains is of third order: partners that are not displaced keep their old eigenvalue.
    """
    _, phonons = spring_run
    space = carboxylate_band_space(mode_table(phonons))
    assert [len(members) for members in space.tracked.sets] == [2, 1]
    atoms, calculator = phonons.atoms, SpringCrystal()
    calculator.get_property("energy", atoms)
    roots = np.sqrt(np.repeat(atoms.get_masses(), 3))
    place = atoms.positions + 0.01 * np.random.default_rng(0).normal(size=atoms.positions.shape)
    hessian = np.array(
        [
            calculator.energy_and_forces(place - step.reshape(-1, 3), atoms.cell[:])[1].ravel()
            - calculator.energy_and_forces(place + step.reshape(-1, 3), atoms.cell[:])[1].ravel()
            for step in 1e-4 * np.eye(3 * len(atoms))
        ]
    ) / (2e-4 * np.outer(roots, roots))
    rest = band_centres(space, space.tracked.vectors * space.eigenvalues).values()[:2]
    shift = band_centres(space, hessian @ space.tracked.vectors).values()[:2] - rest
    found = []
    for seed in range(200):
        one = one_direction(space, np.random.default_rng(seed))
        found.append(band_centres(one, hessian @ one.tracked.vectors).values()[:2] - rest)
    noise = np.std(found, axis=0) / np.sqrt(200)
    np.testing.assert_array_less(abs(np.mean(found, axis=0) - shift), 4 * noise + 0.03 * abs(shift))


def test_modes_are_kept_to_the_last_bit(librating, tmp_path):
    """Reversed eigenvectors and noise in the last bits give the modes of the first time."""
    _, table = librating
    file = tmp_path / "modes.npz"
    first = kept_modes(table, file).labels
    vectors = np.array(table.labels.eigenvectors)
    vectors *= np.where(np.arange(vectors.shape[1]) % 2, -1.0, 1.0)
    noisy = dataclasses.replace(
        table,
        labels=dataclasses.replace(
            table.labels,
            eigenvectors=vectors + 1e-12,
            mode_wavenumbers_cm1=table.labels.mode_wavenumbers_cm1 + 1e-11,
        ),
    )
    again = kept_modes(noisy, file).labels
    np.testing.assert_array_equal(again.eigenvectors, first.eigenvectors)
    np.testing.assert_array_equal(again.mode_wavenumbers_cm1, first.mode_wavenumbers_cm1)
    other = kept_modes(with_imaginary_mode(table, -40.0), file).labels
    assert other.mode_wavenumbers_cm1[3] == -40.0
    file.write_bytes(b"no modes")
    with pytest.raises(InputError, match="does not hold modes"):
        kept_modes(table, file)


class KilledError(Exception):
    """A killed process."""


def test_a_killed_calculation_computes_nothing_twice(tmp_path, monkeypatch):
    calls, most = [], 10**9
    right = model.energy_and_forces

    def counted(*arguments):
        if len(calls) >= most:
            raise KilledError
        calls.append(1)
        return right(*arguments)

    monkeypatch.setattr(model, "energy_and_forces", counted)

    def one_block(folder):
        with model.run_phonons(tmp_path / folder) as (run, _, table):
            rest = run.runner.evaluate([table.phonons.atoms], kind="reference")[0].result
            sampler = BandSampler(
                run,
                table,
                temperatures_k=np.array([300.0]),
                seed=0,
                energy_at_rest_ev=rest.energy_ev,
            )
            modes = choose_modes(table, rest.forces_ev_per_a, limit_cm1=LIMIT)
            return sampler.block(0, DrawSetting(modes=modes), Tally()).shifts_cm1

    whole = one_block("whole")
    n_whole = len(calls)
    calls.clear()
    most = n_whole // 2
    with pytest.raises(KilledError):
        one_block("killed")
    most = 10**9
    again = one_block("killed")
    assert len(calls) == n_whole
    np.testing.assert_array_equal(again, whole)


@pytest.mark.parametrize(
    "wrong",
    [
        {"precision_cm1_per_k": 0.0},
        {"limit_cm1": float("nan")},
        {"fewest_pairs": LEAST_PAIRS - 1},
        {"fewest_pairs": 20, "most_pairs": 10},
        {"seed": -1},
        {"effective_cm1": -5.0},
    ],
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(InputError):
        SamplingOptions(**wrong)


def test_fewer_pairs_at_most_are_fewer_at_least_too():
    chosen = SamplingOptions.chosen(most_pairs=8)
    assert (chosen.fewest_pairs, chosen.most_pairs) == (8, 8)
    assert SamplingOptions.chosen() == SamplingOptions()
    assert SamplingOptions.chosen(precision_cm1_per_k=0.01).precision_cm1_per_k == 0.01
    assert LEAST_PAIRS == 2 * PAIRS_PER_BLOCK
    with pytest.raises(InputError, match="7 pairs of draws"):
        SamplingOptions.chosen(most_pairs=7)
