"""The conformance check: laws that every calculator must obey before its phonons mean anything.

Checked are the form of the results, the equality of forces and stress with derivatives of the
energy, smoothness, and the invariances of a crystal: translation, lattice translation of single
atoms, rotation, reflection, permutation, site symmetry, and repeatability.

Forces of some machine-learned potentials break mirror symmetry by about 2e-3 eV/Å. The phonon
driver symmetrises forces, so such a break is reported with the status ``"symmetrised"`` and is a
failure only above `reticulum.engines.laws.SYMMETRY_BREAK_LIMIT_EV_PER_A`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reticulum.engines.build import Engine, resolve_engine
from reticulum.engines.check_crystals import default_test_structure
from reticulum.engines.laws import LAWS
from reticulum.engines.probe import Check, Probe
from reticulum.engines.result_form import form_checks
from reticulum.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

__all__ = ["Check", "ConformanceReport", "check_calculator", "default_test_structure"]

#: Seed of all random displacements, rotations and strains of the check.
DEFAULT_SEED = 20240229


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

    About 50 single points. A calculator that gives wrong numbers gives a report with failed
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
    probe = Probe(engine, symmetric, seed)
    form = form_checks(probe)
    checks = list(form)
    if any(check.status == "failed" for check in form if check.name == "shapes"):
        checks.extend(
            Check(name=name, status="not run", sentence="The results have a wrong shape.")
            for name, _ in LAWS
        )
    else:
        for _, law in LAWS:
            checks.append(law(probe))
    return ConformanceReport(
        calculator=engine.name,
        fingerprint=engine.fingerprint(symmetric).digest,
        formula=symmetric.get_chemical_formula(),
        spin=engine.spin_state(symmetric).sentence,
        checks=tuple(checks),
        n_evaluations=probe.n_evaluations,
    )
