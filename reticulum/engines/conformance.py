"""The conformance check: laws that every calculator must obey before its phonons mean anything.

Checked are the form of the results, the equality of forces and stress with derivatives of the
energy, and the invariances of a crystal: translation, lattice translation of single atoms,
rotation, reflection, permutation, site symmetry, and repeatability.

Forces of some machine-learned potentials break mirror symmetry by about 2e-3 eV/Å. The phonon
driver symmetrises forces, so such a break is reported with the status ``"symmetrised"`` and is a
failure only above `SYMMETRY_BREAK_LIMIT_EV_PER_A`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.build import Engine, SinglePoint, evaluate, resolve_engine
from reticulum.errors import CalculationError, InputError

if TYPE_CHECKING:
    from ase import Atoms

Status = Literal["passed", "failed", "symmetrised", "not claimed", "not run"]

#: Seed of all random displacements, rotations and strains of the check.
DEFAULT_SEED = 20240229

#: Standard deviation of the random displacements that take a crystal off its symmetry, Å: far
#: outside numerical noise and well inside the range of thermal motion.
RATTLE_A = 0.05

#: Largest atomic displacement and strain of the wide finite difference; the narrow one is half.
#: Both together cancel the error of second order (Richardson). Wider for single precision, where
#: rounding of the energy dominates.
_STEP_A = {"float64": 0.01, "float32": 0.03}
_STEP_STRAIN = {"float64": 0.002, "float32": 0.005}

#: Random directions and strains along which derivatives are compared.
_N_DIRECTIONS = 3

#: Two forces count as equal below this, eV/Å. At a displacement of 0.01 Å, 1e-3 eV/Å is an error
#: of 0.1 eV/Å² in a force constant, 0.2 % of that of a carboxylate C-O bond (about 60 eV/Å²), or
#: 2 cm⁻¹ at 1600 cm⁻¹; single precision has displacements three times as wide.
FORCE_LIMIT_EV_PER_A = {"float64": 1e-3, "float32": 3e-3}

#: Two energies of equivalent structures count as equal below this, eV for each atom: in double
#: precision ten times what the default calculator converges to, in single precision a few units
#: in the last place of energies of the order of 10 eV for each atom.
ENERGY_LIMIT_EV_PER_ATOM = {"float64": 1e-6, "float32": 2e-5}

#: Two stresses count as equal below this, eV/Å³ (1e-4 eV/Å³ is 16 MPa).
STRESS_LIMIT_EV_PER_A3 = {"float64": 1e-4, "float32": 3e-4}

#: Forces of a symmetric crystal count as symmetric below this, eV/Å.
SYMMETRY_NOISE_EV_PER_A = {"float64": 1e-4, "float32": 3e-4}

#: A broken symmetry up to this is removed by symmetrising and reported, eV/Å; above, what remains
#: after symmetrising cannot be trusted either: 0.02 eV/Å is ten times the break of SevenNet-0.
SYMMETRY_BREAK_LIMIT_EV_PER_A = 0.02

#: Atomic charges must add up to a whole number within this, e.
_CHARGE_SUM_LIMIT_E = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One law and how well a calculator obeys it.

    Parameters
    ----------
    name
        Short name of the law.
    status
        ``"passed"``; ``"failed"``; ``"symmetrised"``: broken, but repaired by symmetrising;
        ``"not claimed"``: the calculator does not give this property or the structure has nothing
        to test; ``"not run"``: an earlier failure prevents it.
    value, limit
        Measured deviation and the largest one allowed; None where there is no number.
    unit
        Unit of both.
    sentence
        What was compared.

    """

    name: str
    status: Status
    value: float | None = None
    limit: float | None = None
    unit: str = ""
    sentence: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "name": self.name,
            "status": self.status,
            "value": self.value,
            "limit": self.limit,
            "unit": self.unit,
            "sentence": self.sentence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceReport:
    """All checks of one calculator on one structure.

    Parameters
    ----------
    calculator
        Name of the calculator.
    fingerprint
        Digest of its fingerprint for this composition.
    formula
        The test structure.
    spin
        The spin state in words.
    checks
        In the order in which they were made.
    n_evaluations
        Number of single points that the check took.

    """

    calculator: str
    fingerprint: str
    formula: str
    spin: str
    checks: tuple[Check, ...]
    n_evaluations: int

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """Checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    @property
    def force_asymmetry_ev_per_a(self) -> float | None:
        """Largest deviation of forces from the space group, eV/Å; None where not measured."""
        return self["site symmetry"].value

    def __getitem__(self, name: str) -> Check:
        """Return the check with this name."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "calculator": self.calculator,
            "fingerprint": self.fingerprint,
            "formula": self.formula,
            "spin": self.spin,
            "passed": self.passed,
            "n_evaluations": self.n_evaluations,
            "checks": [check.to_dict() for check in self.checks],
        }


def check_calculator(
    engine: Engine | Any, atoms: Atoms | None = None, *, seed: int = DEFAULT_SEED
) -> ConformanceReport:
    """Measure how well a calculator obeys the laws that phonons rest on.

    About 45 single points. A calculator that gives wrong numbers gives a report with failed
    checks; only one that cannot compute the test structure at all raises.

    Parameters
    ----------
    engine
        An `Engine`, or anything that `reticulum.engines.build.resolve_engine` takes.
    atoms
        A periodic test structure with its symmetry, not changed; default: one that the
        calculator supports, see `default_test_structure`.
    seed
        Of the random displacements, rotations and strains.

    Raises
    ------
    MissingExtraError
        If the calculator's package is not installed.
    InputError
        If the calculator does not support the structure, or it is not periodic.
    CalculationError
        If the calculator fails on the test structure or a neighbour of it.

    """
    engine = resolve_engine(engine)
    engine.check_available()
    symmetric = default_test_structure(engine) if atoms is None else atoms.copy()
    symmetric.set_constraint()
    if not symmetric.pbc.all():
        raise InputError(
            f"{symmetric.get_chemical_formula()} is not periodic in three directions.",
            why="Stress and space group are checked too, and they belong to crystals.",
            fix="Give a crystal, or put the molecule in a periodic box.",
        )
    probe = _Probe(engine, symmetric, seed)
    form = _form_checks(probe)
    checks = list(form)
    if any(check.status == "failed" for check in form if check.name == "shapes"):
        checks.extend(
            Check(name=name, status="not run", sentence="The results have a wrong shape.")
            for name, _ in _LAWS
        )
    else:
        for _, law in _LAWS:
            checks.append(law(probe))
    return ConformanceReport(
        calculator=engine.name,
        fingerprint=engine.fingerprint(symmetric).digest,
        formula=symmetric.get_chemical_formula(),
        spin=engine.spin_state(symmetric).sentence,
        checks=tuple(checks),
        n_evaluations=probe.n_evaluations,
    )


def default_test_structure(engine: Engine) -> Atoms:
    """Small symmetric crystal with free coordinates that a calculator supports.

    A copper(II) formate paddlewheel in a periodic box where the calculator's purpose is chemistry;
    a dilute copper-nickel alloy or argon with one krypton for the test potentials.

    Parameters
    ----------
    engine
        The calculator; the elements of its card decide.

    Raises
    ------
    InputError
        If it supports none of the structures.

    """
    elements = set(engine.card.elements)
    for fits, build in (
        ({"Al", "Cu", "Ni", "Au"} <= elements and len(elements) < 20, _dilute_alloy),
        (engine.card.factories[0] == "ase.calculators.lj:LennardJones", _argon_with_krypton),
        ({"Cu", "H", "C", "O"} <= elements, _formate_paddlewheel),
        ({"Cu", "Ni"} <= elements, _dilute_alloy),
        ({"Ar", "Kr"} <= elements, _argon_with_krypton),
    ):
        if fits:
            return build()
    raise InputError(
        f"There is no test structure for the calculator {engine.name}.",
        why=f"It supports {', '.join(sorted(elements)) or 'no element'}.",
        fix="Give a structure of your own.",
    )


# --- test structures -----------------------------------------------------------------------------

#: Geometry of the copper(II) formate paddlewheel, Å: distances of the experimental HKUST-1 node
#: (Cu-Cu 2.63, Cu-O 1.95, C-O 1.26), O-C-O 124°, C-H 1.10; P4/mmm in the box.
_PADDLEWHEEL = {
    "Cu": (0.0, 0.0, 1.315),
    "O": (1.939, 0.0, 1.1125),
    "C": (2.531, 0.0, 0.0),
    "H": (3.631, 0.0, 0.0),
}
_PADDLEWHEEL_BOX_A = (9.6, 9.6, 7.5)

#: Cubic cells, Å: fcc copper 3.61, solid argon 5.26.
_COPPER_A = 3.61
_ARGON_A = 5.26

#: Outward shift of the first shell around the foreign atom, Å, so that symmetric forces are large.
_SHELL_SHIFT_A = 0.06


def _formate_paddlewheel() -> Atoms:
    from ase import Atoms

    symbols, positions = [], []
    for symbol, (x, _, z) in _PADDLEWHEEL.items():
        heights = (z, -z) if z else (0.0,)
        arms = ((1, 0), (0, 1), (-1, 0), (0, -1)) if x else ((0, 0),)
        for height in heights:
            for along_x, along_y in arms:
                symbols.append(symbol)
                positions.append((along_x * x, along_y * x, height))
    box = np.array(_PADDLEWHEEL_BOX_A)
    return Atoms(symbols, positions=np.array(positions) + box / 2, cell=box, pbc=True)


def _dilute_alloy() -> Atoms:
    return _foreign_atom("Cu", "Ni", _COPPER_A)


def _argon_with_krypton() -> Atoms:
    return _foreign_atom("Ar", "Kr", _ARGON_A)


def _foreign_atom(host: str, guest: str, length_a: float) -> Atoms:
    """Cubic cell of 32 atoms, one of them foreign, its first shell moved outward."""
    from ase.build import bulk

    atoms = bulk(host, "fcc", a=length_a, cubic=True).repeat(2)
    atoms.symbols[0] = guest
    vectors = atoms.get_distances(0, range(len(atoms)), mic=True, vector=True)
    lengths = np.linalg.norm(vectors, axis=1)
    shell = (lengths > 0) & (lengths < 0.8 * length_a)
    atoms.positions[shell] += _SHELL_SHIFT_A * vectors[shell] / lengths[shell, None]
    return atoms


# --- evaluations ---------------------------------------------------------------------------------


class _Probe:
    """The calculator, the test structure, and what was computed of it."""

    def __init__(self, engine: Engine, symmetric: Atoms, seed: int) -> None:
        self.engine = engine
        self.precision = engine.card.precision
        self.random = np.random.default_rng(seed)
        self.symmetric = symmetric
        self.atoms = symmetric.copy()
        self.atoms.positions += RATTLE_A * self.random.normal(size=(len(symmetric), 3))
        self.n_evaluations = 0
        self.calculator = engine.make(symmetric)
        self._base: SinglePoint | None = None

    @property
    def base(self) -> SinglePoint:
        """Single point of the displaced structure."""
        if self._base is None:
            self._base = self.run(self.atoms)
        return self._base

    def run(self, atoms: Atoms, *, stress: bool = False) -> SinglePoint:
        self.n_evaluations += 1
        return evaluate(self.calculator, atoms, stress=stress)

    def energy_limit(self) -> float:
        return ENERGY_LIMIT_EV_PER_ATOM[self.precision] * len(self.atoms)

    def equivalent(
        self, name: str, energy: float, forces: NDArray[np.float64], sentence: str
    ) -> Check:
        """Compare with a structure of equal energy whose forces were turned back already."""
        gap_energy = abs(energy - self.base.energy_ev)
        gap_forces = _largest(forces - self.base.forces_ev_per_a)
        limit = FORCE_LIMIT_EV_PER_A[self.precision]
        ok = gap_forces <= limit and gap_energy <= self.energy_limit()
        return Check(
            name=name,
            status="passed" if ok else "failed",
            value=gap_forces,
            limit=limit,
            unit="eV/Å",
            sentence=f"{sentence} Energies differ by {gap_energy:.1e} eV "
            f"(limit {self.energy_limit():.1e}).",
        )


def _largest(array: NDArray[np.float64]) -> float:
    return float(np.abs(array).max())


# --- form of the results -------------------------------------------------------------------------


def _form_checks(probe: _Probe) -> tuple[Check, ...]:
    """Shapes, number type and untouched input, from the calculator's own raw results."""
    atoms = probe.atoms.copy()
    before = {
        "positions": atoms.positions.copy(),
        "cell": np.array(atoms.cell[:]),
        "numbers": atoms.numbers.copy(),
        "pbc": atoms.pbc.copy(),
    }
    probe.n_evaluations += 1
    try:
        raw = {
            "energy": probe.calculator.get_property("energy", atoms),
            "forces": probe.calculator.get_property("forces", atoms),
        }
        for name in ("stress", "charges"):
            if name in probe.engine.card.gives:
                raw[name] = probe.calculator.get_property(name, atoms)
    except NotImplementedError as error:
        return (
            Check(
                name="shapes",
                status="failed",
                sentence=f"A property that the calculator claims is missing: {error}.",
            ),
        )
    except RuntimeError as error:
        raise CalculationError(
            f"{probe.engine.name} cannot compute {atoms.get_chemical_formula()}: {error}",
            why="Nothing can be checked without a first result.",
            fix="Check the installation, or give another test structure.",
        ) from error
    return (
        _shapes(raw, len(atoms)),
        _number_type(raw, probe.precision),
        _untouched(before, atoms),
        _charges(raw.get("charges"), len(atoms), claimed="charges" in probe.engine.card.gives),
    )


def _shapes(raw: dict[str, Any], n_atoms: int) -> Check:
    wanted: dict[str, tuple[tuple[int, ...], ...]] = {
        "energy": ((),),
        "forces": ((n_atoms, 3),),
        "stress": ((6,), (3, 3)),
        "charges": ((n_atoms,),),
    }
    wrong = []
    for name, value in raw.items():
        try:
            array = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            wrong.append(f"{name} is a {type(value).__name__}")
            continue
        if array.shape not in wanted[name]:
            wrong.append(f"{name} has the shape {array.shape}")
        elif not np.isfinite(array).all():
            wrong.append(f"{name} is not finite")
    return Check(
        name="shapes",
        status="failed" if wrong else "passed",
        sentence=f"{'; '.join(wrong)}." if wrong else f"Given: {', '.join(raw)}, all finite.",
    )


def _number_type(raw: dict[str, Any], declared: str) -> Check:
    types = {name: str(np.asarray(value).dtype) for name, value in raw.items()}
    single = sorted(name for name, kind in types.items() if kind != "float64")
    if not single:
        return Check(name="dtype", status="passed", sentence="All results are float64.")
    listed = ", ".join(f"{name} {types[name]}" for name in single)
    if declared == "float32" and all(types[name] == "float32" for name in single):
        return Check(
            name="dtype",
            status="passed",
            sentence=f"{listed}, as the card declares; converted to float64, limits widened.",
        )
    return Check(
        name="dtype",
        status="failed",
        sentence=f"{listed} instead of float64. Compute in double precision, or declare "
        'precision = "float32" in the card (Engine.from_ase(..., precision="float32")).',
    )


def _untouched(before: dict[str, NDArray[Any]], atoms: Atoms) -> Check:
    after = {
        "positions": atoms.positions,
        "cell": np.array(atoms.cell[:]),
        "numbers": atoms.numbers,
        "pbc": atoms.pbc,
    }
    changed = [name for name, array in before.items() if not np.array_equal(array, after[name])]
    moved = _largest(atoms.positions - before["positions"])
    return Check(
        name="no mutation",
        status="failed" if changed else "passed",
        value=moved,
        limit=0.0,
        unit="Å",
        sentence=f"The calculator changed the structure it was given: {', '.join(changed)}."
        if changed
        else "The structure is the same after the calculation.",
    )


def _charges(charges: Any, n_atoms: int, *, claimed: bool) -> Check:
    if not claimed:
        return Check(name="charges", status="not claimed", sentence="It gives no atomic charges.")
    array = np.asarray(charges, dtype=np.float64)
    if array.shape != (n_atoms,):
        return Check(name="charges", status="failed", sentence=f"Their shape is {array.shape}.")
    total = float(array.sum())
    value = abs(total - round(total))
    return Check(
        name="charges",
        status="passed" if value <= _CHARGE_SUM_LIMIT_E else "failed",
        value=value,
        limit=_CHARGE_SUM_LIMIT_E,
        unit="e",
        sentence=f"Atomic charges add up to {total:.2e} e.",
    )


# --- laws ----------------------------------------------------------------------------------------


def _forces_are_gradient(probe: _Probe) -> Check:
    """-dE/ds along random directions s, by Richardson's central differences."""
    base = probe.base
    worst = 0.0
    for _ in range(_N_DIRECTIONS):
        direction = probe.random.normal(size=base.forces_ev_per_a.shape)
        direction /= np.linalg.norm(direction)
        step = _STEP_A[probe.precision] / np.linalg.norm(direction, axis=1).max()

        def energy(length: float, direction: NDArray[np.float64] = direction) -> float:
            moved = probe.atoms.copy()
            moved.positions += length * direction
            return probe.run(moved).energy_ev

        expected = -_derivative(energy, float(step))
        worst = max(worst, abs(expected - float((base.forces_ev_per_a * direction).sum())))
    limit = FORCE_LIMIT_EV_PER_A[probe.precision]
    return Check(
        name="gradient",
        status="passed" if worst <= limit else "failed",
        value=worst,
        limit=limit,
        unit="eV/Å",
        sentence=f"Forces against minus the derivative of the energy along {_N_DIRECTIONS} random "
        "directions of all atoms.",
    )


def _stress_is_strain_derivative(probe: _Probe) -> Check:
    """dE/dη : S / V for random symmetric strains S, by Richardson's central differences."""
    if "stress" not in probe.engine.card.gives:
        return Check(name="stress", status="not claimed", sentence="It gives no stress.")
    stress = probe.run(probe.atoms, stress=True).stress_ev_per_a3
    if stress is None:
        return Check(name="stress", status="failed", sentence="It is claimed and was not given.")
    xx, yy, zz, yz, xz, xy = stress
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    worst = 0.0
    for _ in range(_N_DIRECTIONS):
        shape = probe.random.normal(size=(3, 3))
        strain = shape + shape.T
        strain /= np.linalg.norm(strain)

        def energy(length: float, strain: NDArray[np.float64] = strain) -> float:
            strained = probe.atoms.copy()
            deformation = np.eye(3) + length * strain
            strained.set_cell(strained.cell[:] @ deformation, scale_atoms=True)
            return probe.run(strained).energy_ev

        slope = _derivative(energy, _STEP_STRAIN[probe.precision])
        slope /= probe.atoms.get_volume()
        worst = max(worst, abs(slope - float((tensor * strain).sum())))
    limit = STRESS_LIMIT_EV_PER_A3[probe.precision]
    return Check(
        name="stress",
        status="passed" if worst <= limit else "failed",
        value=worst,
        limit=limit,
        unit="eV/Å³",
        sentence=f"Stress against the derivative of the energy along {_N_DIRECTIONS} random "
        "strains, for each volume.",
    )


def _derivative(function: Callable[[float], float], step: float) -> float:
    """Derivative at zero from four values; the error is of fourth order in the step."""
    wide = (function(step) - function(-step)) / (2 * step)
    half = step / 2
    narrow = (function(half) - function(-half)) / step
    return (4 * narrow - wide) / 3


def _translation(probe: _Probe) -> Check:
    moved = probe.atoms.copy()
    moved.positions += probe.random.uniform(-1, 1, size=3)
    result = probe.run(moved)
    check = probe.equivalent(
        "translation", result.energy_ev, result.forces_ev_per_a, "The whole crystal moved."
    )
    limit = FORCE_LIMIT_EV_PER_A[probe.precision]
    total = _largest(probe.base.forces_ev_per_a.sum(axis=0))
    return Check(
        name=check.name,
        status=check.status if total <= limit else "failed",
        value=max(total, check.value or 0.0),
        limit=limit,
        unit=check.unit,
        sentence=f"{check.sentence} The forces add up to {total:.1e} eV/Å.",
    )


def _lattice_translation(probe: _Probe) -> Check:
    moved = probe.atoms.copy()
    steps = probe.random.integers(-1, 2, size=(len(moved), 3))
    moved.positions += steps @ moved.cell[:]
    result = probe.run(moved)
    return probe.equivalent(
        "lattice translation",
        result.energy_ev,
        result.forces_ev_per_a,
        "Single atoms replaced by their periodic images.",
    )


def _turned(probe: _Probe, matrix: NDArray[np.float64]) -> SinglePoint:
    """Single point of the crystal and its cell turned by an orthogonal matrix, forces back."""
    moved = probe.atoms.copy()
    moved.set_cell(moved.cell[:] @ matrix.T, scale_atoms=False)
    moved.positions = moved.positions @ matrix.T
    result = probe.run(moved)
    return SinglePoint(energy_ev=result.energy_ev, forces_ev_per_a=result.forces_ev_per_a @ matrix)


def _random_rotation(random: np.random.Generator) -> NDArray[np.float64]:
    matrix, triangle = np.linalg.qr(random.normal(size=(3, 3)))
    matrix = matrix * np.sign(np.diag(triangle))
    return np.asarray(matrix * np.linalg.det(matrix), dtype=np.float64)


def _rotation(probe: _Probe) -> Check:
    result = _turned(probe, _random_rotation(probe.random))
    return probe.equivalent(
        "rotation",
        result.energy_ev,
        result.forces_ev_per_a,
        "Crystal and cell rotated; forces turned back.",
    )


def _reflection(probe: _Probe) -> Check:
    result = _turned(probe, -_random_rotation(probe.random))
    check = probe.equivalent(
        "reflection",
        result.energy_ev,
        result.forces_ev_per_a,
        "Crystal and cell inverted and rotated; forces turned back.",
    )
    value = check.value or 0.0
    if check.status == "passed" or value > SYMMETRY_BREAK_LIMIT_EV_PER_A:
        return check
    return Check(
        name=check.name,
        status="symmetrised",
        value=value,
        limit=SYMMETRY_BREAK_LIMIT_EV_PER_A,
        unit=check.unit,
        sentence=f"{check.sentence} Mirror images are not equivalent to this calculator; forces "
        "are symmetrised over the space group.",
    )


def _permutation(probe: _Probe) -> Check:
    order = probe.random.permutation(len(probe.atoms))
    result = probe.run(probe.atoms[order])
    forces = np.empty_like(result.forces_ev_per_a)
    forces[order] = result.forces_ev_per_a
    return probe.equivalent("permutation", result.energy_ev, forces, "Atoms in another order.")


def _site_symmetry(probe: _Probe) -> Check:
    from reticulum.frameworks.symmetry import symmetry_of

    symmetry = symmetry_of(probe.symmetric)
    if symmetry.order == 1:
        return Check(
            name="site symmetry",
            status="not claimed",
            sentence="The test structure has no symmetry beyond its lattice.",
        )
    forces = probe.run(probe.symmetric).forces_ev_per_a
    value = _largest(forces - symmetry.symmetrise_vectors(forces))
    noise = SYMMETRY_NOISE_EV_PER_A[probe.precision]
    sentence = (
        f"Forces of the symmetric crystal ({symmetry.symbol}, {symmetry.order} operations) against "
        "their average over the space group"
    )
    if value <= noise:
        return Check(
            name="site symmetry",
            status="passed",
            value=value,
            limit=noise,
            unit="eV/Å",
            sentence=f"{sentence}.",
        )
    broken = value > SYMMETRY_BREAK_LIMIT_EV_PER_A
    return Check(
        name="site symmetry",
        status="failed" if broken else "symmetrised",
        value=value,
        limit=SYMMETRY_BREAK_LIMIT_EV_PER_A,
        unit="eV/Å",
        sentence=f"{sentence}: the symmetry is broken"
        + ("." if broken else f" above noise ({noise:.0e} eV/Å); forces are symmetrised."),
    )


def _repeatability(probe: _Probe) -> Check:
    """The same structure after others (warm), and by a fresh calculator (cold)."""
    warm = probe.run(probe.atoms)
    gap_warm = _largest(warm.forces_ev_per_a - probe.base.forces_ev_per_a)
    fresh = probe.engine.make(probe.atoms)
    if fresh is probe.calculator:
        reset = getattr(fresh, "reset", None)
        if callable(reset):
            reset()
    probe.n_evaluations += 1
    cold = evaluate(fresh, probe.atoms)
    gap_cold = _largest(cold.forces_ev_per_a - probe.base.forces_ev_per_a)
    gap_energy = max(abs(each.energy_ev - probe.base.energy_ev) for each in (warm, cold))
    limit = SYMMETRY_NOISE_EV_PER_A[probe.precision]
    value = max(gap_warm, gap_cold)
    return Check(
        name="repeatability",
        status="passed" if value <= limit and gap_energy <= probe.energy_limit() else "failed",
        value=value,
        limit=limit,
        unit="eV/Å",
        sentence=f"The same structure again: {gap_warm:.1e} eV/Å after other structures, "
        f"{gap_cold:.1e} by a fresh calculator; energies differ by {gap_energy:.1e} eV.",
    )


_LAWS: tuple[tuple[str, Callable[[_Probe], Check]], ...] = (
    ("gradient", _forces_are_gradient),
    ("stress", _stress_is_strain_derivative),
    ("translation", _translation),
    ("lattice translation", _lattice_translation),
    ("rotation", _rotation),
    ("reflection", _reflection),
    ("permutation", _permutation),
    ("site symmetry", _site_symmetry),
    ("repeatability", _repeatability),
)
