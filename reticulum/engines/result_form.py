"""The form of a calculator's raw results: shapes, number type, untouched input, charges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.probe import Check, Probe, largest
from reticulum.errors import CalculationError

if TYPE_CHECKING:
    from ase import Atoms

#: Atomic charges must add up to a whole number within this, e.
_CHARGE_SUM_LIMIT_E = 1e-3


def form_checks(probe: Probe) -> tuple[Check, ...]:
    """Shapes, number type and untouched input, from the calculator's own raw results.

    Raises
    ------
    CalculationError
        If the calculator gives no result at all.

    """
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
    moved = largest(atoms.positions - before["positions"])
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
