"""Models of M3(btc)2 and of the ordered A2B4(btc)4 on the net of HKUST-1.

The linker is that of the bundled HKUST-1. The metals of whole paddlewheels are exchanged, the cell
is set, and the atoms are moved within the space group until metal-oxygen and metal-metal distances
are met (or nothing is moved, which the result says). Anions on charged pairs are left out, put on
both ends with half occupancy, or ordered.
"""

from __future__ import annotations

import numpy as np

from reticulum.errors import InputError
from reticulum.frameworks.axial_ligands import AnionState
from reticulum.frameworks.paddlewheel_assembly import assemble
from reticulum.frameworks.paddlewheel_result import PaddlewheelModel
from reticulum.frameworks.paddlewheel_table import (
    KnownNumber,
    load_mixed_phase,
    load_paddlewheel,
)


def build_m3btc2(
    metal: str,
    *,
    lattice_parameter_a: float | None = None,
    adjust: bool = True,
    anions: AnionState | None = None,
    order: int = 0,
) -> PaddlewheelModel:
    """Model of M3(btc)2 in the space group Fm-3m.

    Parameters
    ----------
    metal
        Symbol of a tabulated metal (`paddlewheel_metals`).
    lattice_parameter_a
        Cubic a, Å. Tabulated where None; where none is tabulated it is estimated: then the cell
        changes too until the shape around the metals is that of HKUST-1.
    adjust
        Meet the tabulated distances. Otherwise HKUST-1 is taken as it is, with other metals
        (scaled if `lattice_parameter_a` is given).
    anions
        What to do with the anions that a charged pair carries: None for ``disordered`` where
        there are any.
    order
        Number of the order when `anions` is ``ordered``; 0 has the highest symmetry.

    Returns
    -------
    PaddlewheelModel
        It says which numbers were measured, assumed, estimated or given, and what was missed.

    Raises
    ------
    InputError
        If the metal is unknown, the cell impossible, or anions are asked for that do not exist.

    """
    pair = load_paddlewheel(metal)
    known: KnownNumber | None = pair.lattice_parameter_a
    if lattice_parameter_a is not None:
        known = _given("a", lattice_parameter_a)
    elif not adjust:
        known = None
    return assemble(
        pairs=(pair, pair),
        cell={"a": known},
        adjust=adjust,
        anions=anions,
        order=order,
    )


def build_a2b4btc4(
    minority: str,
    majority: str,
    *,
    lattice_parameter_a: float | None = None,
    lattice_parameter_c: float | None = None,
    adjust: bool = True,
    anions: AnionState | None = None,
    order: int = 0,
) -> PaddlewheelModel:
    """Ordered A2B4(btc)4 in I4/mmm: every linker meets one pair A2 and two pairs B2.

    Parameters
    ----------
    minority, majority
        Metals A and B.
    lattice_parameter_a, lattice_parameter_c
        Tetragonal cell, Å; tabulated or estimated where None.
    adjust, anions, order
        As for `build_m3btc2`.

    Raises
    ------
    InputError
        As for `build_m3btc2`; also if A and B are the same, or only one of a and c is known.

    """
    phase = load_mixed_phase(minority, majority)
    if phase.minority.metal == phase.majority.metal:
        raise InputError(
            f"A2B4(btc)4 needs two metals, not {phase.minority.metal} twice.",
            fix=f"Build {phase.minority.metal}3(btc)2 instead.",
        )
    tabulated = (phase.lattice_parameter_a, phase.lattice_parameter_c) if adjust else (None, None)
    given = (lattice_parameter_a, lattice_parameter_c)
    cell = {
        name: table if value is None else _given(name, value)
        for name, table, value in zip("ac", tabulated, given, strict=True)
    }
    if (cell["a"] is None) != (cell["c"] is None):
        raise InputError(
            f"Only one of a and c is known for {phase.minority.metal}2{phase.majority.metal}4"
            "(btc)4.",
            why="The tetragonal cell has two free lengths.",
            fix="Give both --a and --c, or neither to have them estimated.",
        )
    return assemble(
        pairs=(phase.minority, phase.majority),
        cell=cell,
        adjust=adjust,
        anions=anions,
        order=order,
    )


def build_ru2cu4btc4cl(
    *, anions: AnionState = "disordered", order: int = 0, adjust: bool = True
) -> PaddlewheelModel:
    """[Ru2Cu4(btc)4Cl] at its published cell with the distances of its EXAFS analysis.

    Parameters
    ----------
    anions, order, adjust
        As for `build_m3btc2`.

    """
    return build_a2b4btc4("Ru", "Cu", anions=anions, order=order, adjust=adjust)


def _given(name: str, value: float) -> KnownNumber:
    """A lattice parameter from the user."""
    if not (np.isfinite(value) and value > 0.0):
        raise InputError(
            f"A lattice parameter {name} of {value:g} Å is impossible.",
            fix="Give a positive length in Å.",
        )
    return KnownNumber(value=float(value), standing="given", source="given by the user")
