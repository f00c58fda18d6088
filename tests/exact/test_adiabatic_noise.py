"""The adiabatic route with forces that are noisy or break the symmetry of the crystal."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes
from models import librating_unit as model
from models.memory_runner import MemoryRunner

from reticulum.engines.build import Engine
from reticulum.errors import CalculationError
from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.adiabatic_run import adiabatic_redshift
from reticulum.thermal.mechanism import Band, ErrorKind

SOFT = AdiabaticOptions(max_cm1=130.0, other_floors_cm1=(100.0,))


class Noisy(Calculator):
    """The librating crystal with errors in its forces that depend on the geometry alone.

    `noise` is the standard deviation of a random force on every component, `grain` rounds forces,
    `forbidden` is the size of a constant force that has no symmetry at all, eV/Å. Displaced by more
    than 0.1 Å√u along one of `lost` (mass-weighted vectors), the forces are random by 0.3 eV/Å.
    """

    implemented_properties = ("energy", "forces")

    def __init__(self, rest, *, noise=0.0, grain=0.0, forbidden=0.0, lost=()):
        super().__init__()
        self.inner, self.rest = model.LibratingUnits(), rest.copy()
        self.inner.calculate(self.rest)
        self.noise, self.grain, self.lost = noise, grain, lost
        constant = np.random.default_rng(1).uniform(-1.0, 1.0, (len(rest), 3))
        constant -= constant.mean(axis=0)
        self.constant = forbidden * constant / np.abs(constant).max()
        self.parameters["model"] = f"noisy {noise} {grain} {forbidden} {len(lost)}"

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        self.inner.calculate(self.atoms)
        digest = hashlib.sha256(np.round(self.atoms.positions, 7).tobytes()).digest()
        random = np.random.default_rng(list(digest))
        moved = (self.atoms.positions - self.rest.positions).ravel()
        moved = moved * np.sqrt(np.repeat(self.atoms.get_masses(), 3))
        noise = 0.3 if any(abs(moved @ vector) > 0.1 for vector in self.lost) else self.noise
        forces = self.inner.results["forces"] + self.constant
        forces = forces + noise * random.normal(size=forces.shape)
        if self.grain:
            forces = self.grain * np.round(forces / self.grain)
        self.results["energy"] = self.inner.results["energy"]
        self.results["forces"] = forces


class CountingRunner(MemoryRunner):
    """Counts the calculations of each kind."""

    def __init__(self, engine):
        super().__init__(engine)
        self.kinds = {}

    def evaluate(self, structures, *, kind, show=True):
        self.kinds[kind] = self.kinds.get(kind, 0) + len(structures)
        return super().evaluate(structures, kind=kind, show=show)


@pytest.fixture(scope="module")
def crystal(tmp_path_factory):
    """Run and modes without noise, and the slopes."""
    with model.run_phonons(tmp_path_factory.mktemp("quiet") / "run") as (run, _, table):
        yield run, table, adiabatic_redshift(run, table, options=SOFT)


def route(crystal, *, precision="float32", options=SOFT, **errors):
    """Result with forces that are wrong in some way, and the calculations by their kind."""
    run, table, _ = crystal
    engine = Engine.from_ase(Noisy(table.phonons.atoms, **errors), precision=precision)
    runner = CountingRunner(engine)
    noisy = dataclasses.replace(run, engine=engine, runner=runner)
    return adiabatic_redshift(noisy, table, options=options), runner.kinds


def slopes(result):
    return np.array([result.mechanism.slope(band).slope_cm1_per_k for band in Band])


def stated(result):
    """Errors of both slopes by everything but the sets left out above 130 cm⁻¹."""
    return np.array(
        [
            np.hypot.reduce(
                [
                    error.size_cm1_per_k
                    for error in result.mechanism.errors(band)
                    if error.kind is ErrorKind.STEP_SIZE
                ]
            )
            for band in Band
        ]
    )


@pytest.mark.parametrize(
    "errors",
    [
        {"noise": 3e-4},
        {"grain": 2e-4},
        {"noise": 1e-4, "forbidden": 3e-3},
    ],
    ids=["random", "rounded", "random and without symmetry"],
)
def test_slopes_agree_with_those_without_noise_within_the_stated_error(crystal, errors):
    _, _, quiet = crystal
    result, kinds = route(crystal, **errors)
    assert np.all(np.abs(slopes(result) - slopes(quiet)) <= stated(result) + stated(quiet))
    # ... which says something: it is no larger than a quarter of the antisymmetric slope.
    assert stated(result)[0] < 0.25 * abs(slopes(quiet)[0])
    assert not result.left_out
    # Both sets were relaxed again with two other settings. Without noise it is two to three.
    geometries = sum(len(entry.amplitudes) for entry in result.contributions) + 4
    assert kinds["soft-path"] <= 5 * geometries
    assert any("noise of the forces" in error.origin for error in result.antisymmetric_errors)


def test_forces_that_symmetry_forbids_change_nothing(crystal):
    """Constant forces without symmetry drop out wholly, and cost one calculation for each band."""
    options = dataclasses.replace(SOFT, check_settings=False, band_displacement_a=0.005)
    run, table, _ = crystal
    quiet = adiabatic_redshift(run, table, options=options)
    result, _ = route(crystal, precision="float64", options=options, forbidden=3e-3)
    np.testing.assert_allclose(slopes(result), slopes(quiet), rtol=1e-4)
    n_bands = sum(len(entry.band_amplitudes) for entry in quiet.contributions)
    assert result.n_calls == quiet.n_calls + n_bands
    assert any("breaks the symmetry" in sentence for sentence in result.warnings)


def test_a_set_that_cannot_be_followed_is_left_out_and_counted(crystal):
    _, table, quiet = crystal
    kept, lost = quiet.contributions
    options = dataclasses.replace(SOFT, check_settings=False, band_displacement_a=0.005)
    vector = table.labels.eigenvectors[:, table.labels.sets[lost.number]][:, 0]
    result, kinds = route(crystal, options=options, lost=(vector,))
    (entry,) = result.contributions
    assert entry.irrep == kept.irrep
    np.testing.assert_allclose(entry.slopes_cm1_per_k[:2], kept.slopes_cm1_per_k[:2], rtol=0.02)
    (name,) = result.left_out
    assert lost.irrep in name
    assert any(name in sentence and "left out" in sentence for sentence in result.warnings)
    (error,) = [e for e in result.antisymmetric_errors if "could not be followed" in e.origin]
    assert error.kind is ErrorKind.TRUNCATION
    assert error.size_cm1_per_k == pytest.approx(abs(entry.slopes_cm1_per_k[0]))
    assert error.size_cm1_per_k > abs(lost.slopes_cm1_per_k[0])
    assert "could not be followed" in result.mechanism.untrusted_because
    # Four amplitudes of at most twelve steps are tried, no more.
    assert kinds["soft-path"] <= 4 * 12 + 5 * len(entry.amplitudes)


def test_where_no_set_can_be_followed_the_route_stops(crystal):
    _, table, quiet = crystal
    vectors = tuple(
        table.labels.eigenvectors[:, table.labels.sets[entry.number]][:, 0]
        for entry in quiet.contributions
    )
    with pytest.raises(CalculationError, match="do not follow 2 of 2 sets"):
        route(crystal, lost=vectors)
