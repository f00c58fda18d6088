"""Mode couplings of a model crystal whose cubic and quartic terms are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from models.anharmonic_crystal import AnharmonicCrystal, run_at_rest
from models.librating_unit import quantum_answer, run_phonons
from scipy.spatial.transform import Rotation
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.phonons.modes import mode_table
from reticulum.phonons.reduced_hessian import reduced_displacements
from reticulum.phonons.run import gamma_phonons, open_run
from reticulum.thermal.mechanism import Band, ErrorKind, MechanismResult
from reticulum.thermal.mode_coupling import (
    ModeCouplings,
    Term,
    coupling_terms,
    high_temperature_slopes,
    thermal_shift_cm1,
)
from reticulum.thermal.mode_coupling_measure import measure_couplings
from reticulum.thermal.mode_coupling_plan import (
    TrackedSet,
    displacements_at_rest,
    plan_mode_couplings,
)
from reticulum.thermal.mode_coupling_result import mode_coupling_result
from reticulum.thermal.mode_coupling_run import (
    mode_coupling_redshift,
    mode_coupling_shifts,
    plan_of_run,
)
from reticulum.thermal.mode_coupling_shift import terms_sentence
from reticulum.thermal.mode_space import mode_space
from reticulum.thermal.polarised_mode import polarised_mode
from reticulum.thermal.slopes import band_slope, slope_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K

#: Sets of the harmonic crystal that are coupled: the antisymmetric (A2u) and the symmetric band
#: (Eu, a pair), their A1g and Eg relatives, and modes at 112 to 603 cm⁻¹, two pairs among them.
COUPLED = (36, 32, 33, 35, 10, 11, 12, 13, 19, 26)

ROTATION = Rotation.from_rotvec([0.3, -0.7, 0.4]).as_matrix()


class Listener:
    """Progress that keeps what it is told, in order."""

    def __init__(self):
        self.heard = []

    def start(self, kind, total, reused):
        self.heard.append(("start", kind, total, reused))

    def advance(self, kind, seconds, note=""): ...

    def finish(self, kind): ...

    def message(self, text):
        self.heard.append(("message", text))


@pytest.fixture(scope="module")
def model(spring_run):
    return AnharmonicCrystal(spring_run[1], COUPLED, cubic_cm1=20.0, quartic_cm1=6.0)


@pytest.fixture(scope="module")
def turned(model, tmp_path_factory):
    """(crystal, run, table) of the model in a turned cell."""
    crystal = model.turned(ROTATION)
    run, phonons = run_at_rest(crystal, tmp_path_factory.mktemp("turned"))
    return crystal, run, mode_table(phonons)


def known_couplings(crystal, table, vector, number):
    """Couplings of a mode in the coordinates of a table, from the tensors of the model."""
    space = mode_space(table)
    basis = crystal.in_basis(space.vectors, space.wavenumbers_cm1)
    omega = table.labels.wavenumbers_cm1[number]
    one = crystal.in_basis(vector[:, None], [omega])[:, 0]
    with_one = np.einsum("ijk,i->jk", crystal.cubic, one)
    towards = basis.T @ (with_one @ one)
    pairs = np.einsum("ijk,ia,ja,kb->ab", crystal.cubic, basis, basis, basis, optimize=True)
    fourth = np.einsum("ijkl,i,j->kl", crystal.quartic, one, one)
    return {
        "quartic_cm1": space.member @ np.einsum("ka,kl,la->a", basis, fourth, basis),
        "relaxation_cm1": space.member @ (pairs @ (towards / space.wavenumbers_cm1)),
        "cubic_squares_cm2": space.member @ (basis.T @ with_one @ basis) ** 2 @ space.member.T,
    }


def assert_couplings(measured, known):
    for name, expected in known.items():
        found = getattr(measured.couplings, name)
        largest = np.abs(expected).max()
        assert largest > 10.0
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6 * largest, err_msg=name)


@pytest.mark.parametrize("band", list(Band))
def test_couplings_are_recovered_in_a_turned_cell(turned, band):
    crystal, run, table = turned
    plan = plan_of_run(run, table, bands=[band])
    (tracked,) = plan.tracked
    assert len(table.labels.sets[tracked.number]) == (1 if band is Band.ANTISYMMETRIC else 2)
    assert tracked.n_signs == 1
    (step,) = plan.steps_a
    measured = measure_couplings(run.runner, table, plan, tracked, step)
    assert_couplings(measured, known_couplings(crystal, table, tracked.mode.vector, tracked.number))
    assert measured.response_mismatch < 1e-6


def test_a_mode_that_no_operation_reverses(turned):
    """The totally symmetric stretch: both signs are computed, with all symmetry left."""
    crystal, run, table = turned
    number = next(
        n for n in np.flatnonzero(table.symmetric > 0.3)
        if table.labels.labels[n] == "A1g" and table.labels.wavenumbers_cm1[n] > 1400.0
    )  # fmt: skip
    plan = plan_of_run(run, table)
    symmetry = table.phonons.symmetry
    mode = polarised_mode(
        symmetry, np.array(table.labels.eigenvectors[:, table.labels.sets[number]])
    )
    tracked = TrackedSet(
        band=Band.SYMMETRIC, number=int(number), weight=1.0, mode=mode,
        displacements=reduced_displacements(symmetry, plan.at_rest, mode.kept),
    )  # fmt: skip
    assert tracked.n_signs == 2
    assert len(mode.kept) == symmetry.order
    measured = measure_couplings(run.runner, table, plan, tracked, 0.03)
    assert_couplings(measured, known_couplings(crystal, table, mode.vector, number))


def slope_from_tensors(crystal, number):
    """Slope from the tensors of the model in its own coordinates, averaged over all partners."""
    sets = tuple(
        tuple(np.flatnonzero(crystal.sets == entry)) for entry in dict.fromkeys(crystal.sets)
    )
    t = slope_temperatures_k()
    slopes = []
    for tracked in np.flatnonzero(crystal.sets == number):
        couplings = ModeCouplings.from_tensors(
            int(tracked), wavenumbers_cm1=crystal.wavenumbers, cubic_cm1=crystal.cubic,
            quartic_cm1=np.einsum("iijj->ij", crystal.quartic), sets=sets,
        )  # fmt: skip
        x = sum(coupling_terms(couplings).values())
        slopes.append(band_slope(t, thermal_shift_cm1(couplings, x, t)).slope_cm1_per_k)
    # By symmetry one partner stands for all.
    np.testing.assert_allclose(slopes, slopes[0], rtol=1e-6)
    return np.mean(slopes)


@pytest.fixture(scope="module")
def redshift(turned):
    _, run, table = turned
    return mode_coupling_redshift(run, table)


def test_slopes_are_those_of_the_tensors(turned, redshift):
    crystal = turned[0]
    for band, number in ((Band.ANTISYMMETRIC, 36), (Band.SYMMETRIC, 32)):
        expected = slope_from_tensors(crystal, number)
        assert abs(expected) > 0.01
        assert redshift.slope(band).slope_cm1_per_k == pytest.approx(expected, rel=0.01)
        assert redshift.slope_error_cm1_per_k(band) < 0.01 * abs(expected)
    assert redshift.untrusted_because == ""


def test_contributions_add_up_and_name_all_terms(redshift):
    for band in Band:
        parts = [getattr(entry, f"{band.value}_cm1_per_k") for entry in redshift.contributions]
        assert sum(parts) == pytest.approx(redshift.slope(band).slope_cm1_per_k, rel=1e-6)
    for entry in redshift.contributions[:3]:
        assert all(term.value in entry.note for term in Term)
    again = MechanismResult.from_dict(json.loads(json.dumps(redshift.to_dict())))
    assert again.slope(Band.SYMMETRIC) == redshift.slope(Band.SYMMETRIC)
    for details in redshift.details["tracked"]:
        assert set(details["slopes_cm1_per_k"]) == {term.value for term in Term}


def test_the_cost_is_said_first_and_nothing_is_computed_twice(model, tmp_path):
    crystal = model.turned(np.eye(3))
    run, phonons = run_at_rest(crystal, tmp_path / "run")
    table = mode_table(phonons)
    listener = run.runner.progress = Listener()
    plan = plan_of_run(run, table)
    before = crystal.calls
    result = mode_coupling_redshift(run, table)
    assert crystal.calls - before == plan.n_calls == result.n_calls
    assert listener.heard[0] == ("message", plan.sentence)
    assert f"{plan.n_calls} force calculations" in plan.sentence
    # Without symmetry: six displacements of each atom, at both ends of mode and response.
    assert plan.n_calls < 0.15 * 2 * 4 * (1 + 6 * len(phonons.atoms))
    again = mode_coupling_redshift(run, table)
    assert crystal.calls - before == plan.n_calls
    np.testing.assert_allclose(again.symmetric_cm1, result.symmetric_cm1, rtol=1e-12)


def test_a_killed_calculation_goes_on(model, tmp_path):
    crystal = model.turned(np.eye(3))
    run, phonons = run_at_rest(crystal, tmp_path / "run", stored=True)
    table = mode_table(phonons)
    plan = plan_of_run(run, table, bands=[Band.ANTISYMMETRIC])
    before, real = crystal.calls, crystal.calculate

    def failing(*args, **kwargs):
        if crystal.calls - before >= plan.n_calls // 2:
            raise CalculationError("the machine is on fire")
        real(*args, **kwargs)

    crystal.calculate = failing
    with pytest.raises(CalculationError, match="on fire"):
        mode_coupling_redshift(run, table, bands=[Band.ANTISYMMETRIC])
    crystal.calculate = real
    # Another session makes the phonons anew, with other eigenvectors of degenerate modes perhaps.
    run, phonons = run_at_rest(crystal, tmp_path / "run", stored=True)
    result = mode_coupling_redshift(run, mode_table(phonons), bands=[Band.ANTISYMMETRIC])
    assert crystal.calls - before == plan.n_calls
    assert result.symmetric_cm1 is None
    assert result.slope(Band.SYMMETRIC) is None


def test_a_second_step_costs_double_and_shows_what_the_step_does(tmp_path):
    """Springs of Morse form: terms beyond the fourth order make the slope depend on the step."""
    with open_run(spring_crystal(), Engine.from_ase(SpringCrystal()), tmp_path / "run") as run:
        table = mode_table(gamma_phonons(run))
        once = plan_of_run(run, table, bands=[Band.SYMMETRIC])
        twice = plan_of_run(run, table, bands=[Band.SYMMETRIC], second_step=True)
        (shift,) = mode_coupling_shifts(run, table, twice)
        (single,) = mode_coupling_shifts(run, table, once)
    assert twice.n_calls == 2 * once.n_calls
    change = abs(sum(shift.slopes().values()) - shift.checked_cm1_per_k)
    assert change > 0.0
    assert shift.step_error()[0] >= change
    # What one step says of itself is not smaller than what a second one shows.
    assert single.step_error()[0] >= change


def test_soft_modes_make_the_expansion_untrusted(spring_run, tmp_path):
    crystal = AnharmonicCrystal(spring_run[1], (36, 4, 5, 8, 13), cubic_cm1=5.0, quartic_cm1=6.0)
    run, phonons = run_at_rest(crystal, tmp_path)
    table = mode_table(phonons)
    listener = run.runner.progress = Listener()
    result = mode_coupling_redshift(run, table, bands=[Band.ANTISYMMETRIC])
    assert "below 100 cm⁻¹" in result.untrusted_because
    assert "adiabatic" in result.untrusted_because
    assert result.details["tracked"][0]["share_of_modes_below_100_cm1"] > 0.5
    # All that they give counts as an error.
    soft = sum(result.details["tracked"][0]["slopes_of_modes_below_100_cm1"].values())
    assert result.slope_error_cm1_per_k(Band.ANTISYMMETRIC) >= abs(soft) > 0.0
    # A quartic-only number is never printed alone.
    texts = [entry[1] for entry in listener.heard if entry[0] == "message"]
    texts += [result.untrusted_because]
    assert any("quartic" in text for text in texts)
    assert all("relaxation" in text and "bubble" in text for text in texts if "quartic" in text)


def test_imaginary_modes_are_left_out_and_said(model, tmp_path):
    crystal = model.turned(np.eye(3))
    phonons = run_at_rest(crystal, tmp_path / "before")[1]
    table = mode_table(phonons)
    (soft,) = table.labels.sets[11]
    vector = table.labels.eigenvectors[:, soft]
    curvature = vector @ (crystal.hessian / np.outer(crystal.roots, crystal.roots)) @ vector
    unstable = crystal.roots * vector
    crystal.hessian = crystal.hessian - 1.5 * curvature * np.outer(unstable, unstable)
    crystal.parameters = {"model": "with an imaginary mode"}
    run, phonons = run_at_rest(crystal, tmp_path / "run")
    table = mode_table(phonons)
    assert table.n_imaginary_modes == 1
    result = mode_coupling_redshift(run, table, bands=[Band.ANTISYMMETRIC])
    assert any(text.startswith("1 imaginary mode") for text in result.warnings)
    assert all((entry.wavenumber_cm1 or 0.0) >= 0.0 for entry in result.contributions)
    assert np.all(np.isfinite(result.antisymmetric_cm1))


# --- resonances -----------------------------------------------------------------------------------


def test_resonances_are_kept_out_with_their_number(spring_run, tmp_path):
    """The A2u and Eg stretches lie 2 cm⁻¹ apart; an Eu mode at 54 cm⁻¹ couples them strongly."""
    source = AnharmonicCrystal(spring_run[1], (36, 35, 4, 13), cubic_cm1=80.0, quartic_cm1=2.0)
    run, phonons = run_at_rest(source, tmp_path)
    table = mode_table(phonons)
    plan = plan_of_run(run, table, bands=[Band.ANTISYMMETRIC])
    (shift,) = mode_coupling_shifts(run, table, plan)
    assert shift.resonances.n_resonances > 0
    assert "kept out" in terms_sentence(shift)
    result = mode_coupling_redshift(run, table, bands=[Band.ANTISYMMETRIC])
    assert any("Fermi resonance" in text and "kept out" in text for text in result.warnings)
    truncation = [e for e in result.antisymmetric_errors if e.kind is ErrorKind.TRUNCATION]
    assert truncation[0].size_cm1_per_k == pytest.approx(abs(shift.resonant_slope))
    assert shift.mixing_cm1_per_k != 0.0


# --- a rigid unit that librates -------------------------------------------------------------------


def test_straight_lines_cancel_for_a_librating_unit(tmp_path):
    """Term by term the straight line fails tenfold; only all three terms together come near.

    The exact answer averages the bands over the quantum states of two rigid rotors.
    """
    t = slope_temperatures_k()
    exact = [band_slope(t, band).slope_cm1_per_k for band in quantum_answer(t)]
    with run_phonons(tmp_path / "run") as (run, _, table):
        shifts = mode_coupling_shifts(run, table, plan_of_run(run, table))
    # motions have the names that all mechanisms give them
    named = {
        entry.label: entry.wavenumber_cm1
        for entry in mode_coupling_result(table, shifts, n_calls=1).contributions
    }
    soft = {label for label, wavenumber in named.items() if 0.0 < wavenumber < 150.0}
    assert soft == {
        "B3g, libration of linkers as rigid units",
        "Au, libration of linkers as rigid units",
    }
    for shift, expected in zip(shifts, exact, strict=True):
        librations = shift.measured.couplings.wavenumbers_cm1 < 150.0
        assert librations.sum() == 2
        terms = {term: float(x[librations].sum()) for term, x in shift.set_slopes.items()}
        assert terms[Term.QUARTIC] / expected > 8.0
        assert (terms[Term.QUARTIC] + terms[Term.RELAXATION]) / expected > 3.0
        assert sum(terms.values()) == pytest.approx(expected, rel=0.2)
        # Without the bubble the turning of the stretch itself would count as a shift.
        assert terms[Term.BUBBLE] / expected < -1.0


# --- the pieces -----------------------------------------------------------------------------------


def test_the_polarised_partner_does_not_depend_on_the_eigenvectors(turned):
    table = turned[2]
    symmetry = table.phonons.symmetry
    number = next(n for n in range(table.labels.n_sets) if table.labels.labels[n] == "Eu"
                  and not table.labels.acoustic[n])  # fmt: skip
    vectors = np.array(table.labels.eigenvectors[:, table.labels.sets[number]])
    modes = []
    for angle in (0.0, 0.4, 2.0):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        modes.append(polarised_mode(symmetry, vectors @ turn))
    for mode in modes:
        np.testing.assert_allclose(mode.vector, modes[0].vector, atol=1e-9)
        assert len(mode.kept) == 4  # of 16; a general direction keeps two
        assert mode.reversing is not None
        np.testing.assert_allclose(np.linalg.norm(vectors.T @ mode.vector), 1.0, rtol=1e-9)


def test_a_reduced_hessian_is_the_complete_one(spring_run):
    """At a displaced geometry of the springs, against differences of all 54 coordinates."""
    phonons = spring_run[1]
    table = mode_table(phonons)
    calculator = SpringCrystal()
    calculator.calculate(phonons.atoms)
    cell = phonons.atoms.cell[:]
    symmetry = phonons.symmetry
    mode = polarised_mode(symmetry, np.array(table.labels.eigenvectors[:, table.labels.sets[32]]))
    at_rest = displacements_at_rest(phonons.atoms, phonons.tolerance_a, 1e-3)
    reduced = reduced_displacements(symmetry, at_rest, mode.kept)
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    moved = phonons.atoms.copy()
    moved.positions += 0.1 * (mode.vector / roots).reshape(-1, 3)

    def forces(positions):
        return calculator.energy_and_forces(positions, cell)[1]

    start = forces(moved.positions)
    found = reduced.hessian([forces(s.positions) - start for s in reduced.structures(moved)])
    size = 3 * len(moved)
    complete = np.empty((size, size))
    for column in range(size):
        step = np.zeros(size)
        step[column] = 1e-3
        ends = [forces(moved.positions + sign * step.reshape(-1, 3)) for sign in (1, -1)]
        complete[:, column] = -(ends[0] - ends[1]).ravel() / 2e-3
    np.testing.assert_allclose(found, complete, atol=2e-4 * np.abs(complete).max())
    assert len(reduced.chosen) <= size // 4 + 20


def test_impossible_settings_are_refused(turned):
    _, run, table = turned
    for settings in ({"n_sets": 0}, {"bands": ()}, {"step_a": -0.01}):
        with pytest.raises(InputError, match="cannot be followed"):
            plan_of_run(run, table, **settings)
    with pytest.raises(InputError, match="cannot be followed"):
        plan_mode_couplings(table, displacement_a=0.01, steps_a=())


def test_a_unit_of_q_makes_the_hessian_diagonal(turned):
    """q = 1 is √(2 ħ²/2ω): then ∂²V/∂q∂q is the wavenumber, and the force -ω q."""
    crystal, _, table = turned
    space = mode_space(table)
    in_q = space.matrix_cm1(np.array(table.phonons.hessian_ev_a2))
    np.testing.assert_allclose(in_q, np.diag(space.wavenumbers_cm1), atol=1e-6)
    q = np.random.default_rng(0).normal(size=len(space.wavenumbers_cm1)) * 1e-5
    moved = table.phonons.atoms.copy()
    moved.positions += space.displacement_a(q)
    moved.calc = crystal
    np.testing.assert_allclose(
        space.forces_cm1(moved.get_forces()), -space.wavenumbers_cm1 * q, rtol=2e-3, atol=1e-6
    )


def test_high_temperature_slope_is_that_of_classical_modes():
    couplings = ModeCouplings.from_tensors(
        0, wavenumbers_cm1=[1620.0, 200.0], cubic_cm1=np.zeros((2, 2, 2)),
        quartic_cm1=[[0.0, -6.0], [-6.0, 0.0]],
    )  # fmt: skip
    x = sum(coupling_terms(couplings).values())
    t = np.array([20000.0, 21000.0])
    slope = band_slope(t, thermal_shift_cm1(couplings, x, t)).slope_cm1_per_k
    expected = -1.5 * BOLTZMANN_CM1_PER_K / 200.0
    assert high_temperature_slopes(couplings, x)[1] == pytest.approx(expected, rel=1e-12)
    assert slope == pytest.approx(expected, rel=1e-4)


def test_couplings_of_one_band_of_hkust1_cost_181_calls_at_most():
    """24 calls at rest; 1862 straight-line calls for a band, a tenth with the symmetry left."""
    crystal = symmetrised_primitive(read_structure("HKUST-1"))
    symmetry = crystal.symmetry
    at_rest = displacements_at_rest(crystal.atoms, 1e-3, 0.01)
    assert len(at_rest) == 24
    axis = np.array([0.0, 0.0, 1.0])
    along = symmetry.cartesian_rotations @ axis
    kept = np.flatnonzero(np.linalg.norm(along - axis, axis=1) < 1e-6)
    assert len(kept) == 8  # what a T1u mode polarised along an axis leaves of 48
    displaced = reduced_displacements(symmetry, at_rest, kept)
    response = reduced_displacements(symmetry, at_rest, np.arange(48))
    # One end of the mode (inversion gives the other), and both ends of the symmetric response.
    assert (1 + len(displaced.chosen)) + 2 * (1 + len(response.chosen)) <= 181
    nothing = reduced_displacements(symmetry, at_rest, kept[:1])
    assert len(nothing.chosen) == 6 * len(crystal.atoms)
