"""Small symmetric crystals on which calculators are checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reticulum.engines.build import Engine
from reticulum.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

#: Geometry of the copper(II) formate paddlewheel, Å: distances of the experimental HKUST-1 node
#: (Cu-Cu 2.63, Cu-O 1.95, C-O 1.26), O-C-O 124°, C-H 1.10.
_PADDLEWHEEL = {
    "Cu": (0.0, 0.0, 1.315),
    "O": (1.939, 0.0, 1.1125),
    "C": (2.531, 0.0, 0.0),
    "H": (3.631, 0.0, 0.0),
}
_PADDLEWHEEL_BOX_A = (9.6, 9.6, 7.5)

#: Bends the four arms in their plane and leaves P2/m in the box: carbon and hydrogen then lie on a
#: mirror plane and on no rotation axis, as carboxylates do in HKUST-1, so that a calculator that
#: knows rotations but no reflections shows it.
_PADDLEWHEEL_SHEAR = np.array([[1.01, 0.04, 0.0], [0.0, 0.99, 0.0], [0.0, 0.0, 1.0]])

#: Cubic cells, Å: fcc copper 3.61, solid argon 5.26.
_COPPER_A = 3.61
_ARGON_A = 5.26

#: Outward shift of the first shell around the foreign atom, Å, so that symmetric forces are large.
_SHELL_SHIFT_A = 0.06


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
    bent = np.array(positions) @ _PADDLEWHEEL_SHEAR.T
    return Atoms(symbols, positions=bent + box / 2, cell=box, pbc=True)


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
