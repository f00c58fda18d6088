"""One checked evaluation of an ASE calculator: energy and forces, finite and of the right shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.provenance import to_jsonable

if TYPE_CHECKING:
    from ase import Atoms

#: What a single point can raise. tblite: ase CalculationFailed (SCF not converged, LAPACK failure,
#: impossible spin) and ase InputError (overlapping atoms, unknown element), both RuntimeError;
#: tblite.exceptions.TBLiteValueError and TBLiteTypeError. ase PropertyNotImplementedError is a
#: NotImplementedError, and torch raises RuntimeError, out of memory included.
_RUNNING_ERRORS = (
    RuntimeError,
    ValueError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    AssertionError,
    OSError,
    MemoryError,
)

#: Fragments of messages, why it happens and what to do.
_REASONS: tuple[tuple[str, str, str], ...] = (
    (
        "not converged",
        "The self-consistent electronic structure did not settle, as happens for strongly "
        "distorted geometries or an unsuitable spin state.",
        "Check the structure, or use a card of your own with a larger max_iterations or a "
        "smaller mixer_damping in [kwargs].",
    ),
    (
        "too close",
        "Two atoms lie almost on top of each other.",
        "Check the structure: disorder in a CIF gives such pairs.",
    ),
    (
        "unpaired electrons",
        "The spin state does not fit the number of electrons.",
        "Check that the cell is complete (hydrogen atoms, counter-ions), or set the spin in a "
        "card of your own.",
    ),
    (
        "out of memory",
        "The structure is too large for the memory of this device.",
        "Use a smaller cell, or fewer workers.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglePoint:
    """Energy and forces of one structure.

    Parameters
    ----------
    energy_ev
        Total energy, eV.
    forces_ev_per_a
        (n, 3), eV/Å.
    stress_ev_per_a3
        (6,) in the order xx, yy, zz, yz, xz, xy, eV/Å³, tension positive; None where the
        calculator gives none.
    charges_e
        (n,) atomic charges, e; None where the calculator gives none.

    """

    energy_ev: float
    forces_ev_per_a: NDArray[np.float64]
    stress_ev_per_a3: NDArray[np.float64] | None = None
    charges_e: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        n_atoms = len(self.forces_ev_per_a)
        if self.forces_ev_per_a.shape != (n_atoms, 3):
            raise ValueError(f"forces have the shape {self.forces_ev_per_a.shape}")
        if self.stress_ev_per_a3 is not None and self.stress_ev_per_a3.shape != (6,):
            raise ValueError(f"stress has the shape {self.stress_ev_per_a3.shape}")
        if self.charges_e is not None and self.charges_e.shape != (n_atoms,):
            raise ValueError(f"charges have the shape {self.charges_e.shape}")
        for array in (self.forces_ev_per_a, self.stress_ev_per_a3, self.charges_e):
            if array is not None:
                array.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types for JSON."""
        return {
            "energy_ev": self.energy_ev,
            "forces_ev_per_a": to_jsonable(self.forces_ev_per_a),
            "stress_ev_per_a3": to_jsonable(self.stress_ev_per_a3),
            "charges_e": to_jsonable(self.charges_e),
        }


def evaluate(calculator: Any, atoms: Atoms, *, stress: bool = False) -> SinglePoint:
    """Energy and forces of one structure, checked to be finite and of the right shape.

    The structure is copied, so it is never changed, and its constraints do not count. The
    calculator object may be used again: a self-consistent one then starts from the last density.

    Parameters
    ----------
    calculator
        An ASE calculator, see `Engine.make`.
    atoms
        Structure.
    stress
        Ask for the stress even where that costs an extra calculation. Without it, the stress is
        returned where it came with the forces.

    Raises
    ------
    CalculationError
        If the calculator failed or gave something that is not finite.

    """
    work = atoms.copy()
    work.set_constraint()
    name = type(calculator).__name__
    formula = atoms.get_chemical_formula()
    try:
        forces = calculator.get_property("forces", work)
        energy = calculator.get_property("energy", work)
        results = dict(getattr(calculator, "results", None) or {})
        if stress and "stress" not in results:
            results["stress"] = calculator.get_property("stress", work)
    except _RUNNING_ERRORS as error:
        why, fix = _explain(str(error))
        raise CalculationError(
            f"{name} gave no forces for {formula}: {error}.".replace("..", "."), why=why, fix=fix
        ) from error
    try:
        result = SinglePoint(
            energy_ev=float(np.asarray(energy, dtype=np.float64)),
            forces_ev_per_a=np.array(forces, dtype=np.float64),
            stress_ev_per_a3=_voigt(results.get("stress")),
            charges_e=_copied(results.get("charges")),
        )
        if len(result.forces_ev_per_a) != len(atoms):
            raise ValueError(f"there are {len(result.forces_ev_per_a)} forces")
    except (ValueError, TypeError) as error:
        raise CalculationError(
            f"{name} gave results of a wrong shape for {formula}: {error}.",
            why=f"Energy must be one number and forces ({len(atoms)}, 3).",
            fix="Check the calculator with `reticulum calculators check`.",
        ) from error
    _require_finite(result, name, formula)
    return result


def _require_finite(result: SinglePoint, name: str, formula: str) -> None:
    values = {
        "energy": np.array(result.energy_ev),
        "forces": result.forces_ev_per_a,
        "stress": result.stress_ev_per_a3,
        "charges": result.charges_e,
    }
    for what, array in values.items():
        if array is None or np.isfinite(array).all():
            continue
        raise CalculationError(
            f"{name} gave {what} that are not finite for {formula} "
            f"({int((~np.isfinite(array)).sum())} of {array.size} values).",
            why="Overlapping atoms or a geometry far outside the method's range cause this.",
            fix="Check the structure for atoms that lie too close together.",
        )


def _explain(message: str) -> tuple[str, str]:
    for fragment, why, fix in _REASONS:
        if fragment in message.lower():
            return why, fix
    return (
        "The calculator refused this structure.",
        "Check it with `reticulum calculators check`, and the structure for overlapping or "
        "missing atoms.",
    )


def _voigt(stress: Any) -> NDArray[np.float64] | None:
    """(6,) stress from either of ASE's two forms."""
    if stress is None:
        return None
    array = np.array(stress, dtype=np.float64)
    if array.shape == (3, 3):
        return array[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
    return array


def _copied(values: Any) -> NDArray[np.float64] | None:
    return None if values is None else np.array(values, dtype=np.float64)
