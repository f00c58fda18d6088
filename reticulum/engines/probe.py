"""A calculator under test: its test structure, its single points, and one finding a law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.build import Engine, SinglePoint, evaluate

if TYPE_CHECKING:
    from ase import Atoms

Status = Literal["passed", "failed", "symmetrised", "noted", "not claimed", "not run"]

#: Standard deviation of the random displacements that take a crystal off its symmetry, Å: far
#: outside numerical noise and well inside the range of thermal motion.
RATTLE_A = 0.05

#: Largest atomic displacement along the paths of the gradient check, Å: the recommended
#: displacements of double-precision and single-precision calculators.
STEP_A = {"float64": 0.01, "float32": 0.03}

#: Points on a path; for Simpson's rule on all and on every second one, 4 k + 1.
N_PATH = 9

#: Random directions and strains along which derivatives are compared.
N_DIRECTIONS = 3

#: Two forces count as equal below this, eV/Å. At a displacement of 0.01 Å, 1e-3 eV/Å is an error
#: of 0.1 eV/Å² in a force constant, 0.2 % of that of a carboxylate C-O bond (about 60 eV/Å²), or
#: 2 cm⁻¹ at 1600 cm⁻¹; single precision has displacements three times as wide.
FORCE_LIMIT_EV_PER_A = {"float64": 1e-3, "float32": 3e-3}

#: Two energies of equivalent structures count as equal below this, eV for each atom: in double
#: precision ten times what the default calculator converges to, in single precision a few units
#: in the last place of energies of the order of 10 eV for each atom.
ENERGY_LIMIT_EV_PER_ATOM = {"float64": 1e-6, "float32": 2e-5}

#: Forces of a symmetric crystal count as symmetric below this, eV/Å.
SYMMETRY_NOISE_EV_PER_A = {"float64": 1e-4, "float32": 3e-4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One law and how well a calculator obeys it.

    Parameters
    ----------
    name
        Short name of the law.
    status
        ``"passed"``; ``"failed"``; ``"symmetrised"``: broken, but repaired by symmetrising;
        ``"noted"``: no law is broken, but phonons need care;
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
class _Path:
    """Energies and forces along a straight line through the displaced structure."""

    lengths_a: NDArray[np.float64]
    energies_ev: NDArray[np.float64]
    forces_ev_per_a: NDArray[np.float64]


class Probe:
    """A calculator, a test structure, and what was computed of it.

    Parameters
    ----------
    engine
        The calculator.
    symmetric
        Test structure with its symmetry.
    seed
        Of the random displacements, rotations and strains.

    """

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
        self._paths: tuple[_Path, ...] = ()

    @property
    def paths(self) -> tuple[_Path, ...]:
        """Lines along random directions of all atoms, the structure in their middle."""
        if not self._paths:
            self._paths = tuple(self._path() for _ in range(N_DIRECTIONS))
        return self._paths

    def _path(self) -> _Path:
        direction = self.random.normal(size=(len(self.atoms), 3))
        direction /= np.linalg.norm(direction)
        step = STEP_A[self.precision] / np.linalg.norm(direction, axis=1).max()
        lengths = np.linspace(-step, step, N_PATH)
        energies, forces = [], []
        for length in lengths:
            moved = self.atoms.copy()
            moved.positions += length * direction
            result = self.run(moved)
            energies.append(result.energy_ev)
            forces.append(float((result.forces_ev_per_a * direction).sum()))
        return _Path(
            lengths_a=lengths, energies_ev=np.array(energies), forces_ev_per_a=np.array(forces)
        )

    @property
    def base(self) -> SinglePoint:
        """Single point of the displaced structure."""
        if self._base is None:
            self._base = self.run(self.atoms)
        return self._base

    def run(self, atoms: Atoms, *, stress: bool = False) -> SinglePoint:
        """Single point of a structure, counted."""
        self.n_evaluations += 1
        return evaluate(self.calculator, atoms, stress=stress)

    def energy_limit(self) -> float:
        """Difference up to which two energies count as equal, eV."""
        return ENERGY_LIMIT_EV_PER_ATOM[self.precision] * len(self.atoms)

    def equivalent(
        self, name: str, energy: float, forces: NDArray[np.float64], sentence: str
    ) -> Check:
        """Compare with a structure of equal energy whose forces were turned back already."""
        gap_energy = abs(energy - self.base.energy_ev)
        gap_forces = largest(forces - self.base.forces_ev_per_a)
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


def largest(array: NDArray[np.float64]) -> float:
    """Largest absolute value of an array, in its unit."""
    return float(np.abs(array).max())
