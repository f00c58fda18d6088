"""A warning where a calculator that knows the Gamma point only meets a small cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.cards import CalculatorCard

if TYPE_CHECKING:
    from ase import Atoms

#: Lattice planes closer than this are warned of, Å. Assumed, from the stiffness against moving one
#: atom with GFN1-xTB (`benchmarks/gamma_only.py`): right to 0.04 % at 6.2 Å in sodium benzoate and
#: to 0.2 % at 6.5 Å in Zn-MOF-74; 23 % off at 5.1 Å and 6 % at 7.7 Å along the chain of
#: polyethylene, more in dense oxides. So larger cells are not safe by that alone.
SMALLEST_SPACING_A = 6.0


def lattice_spacings(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    """Distances of neighbouring lattice planes, (3,), Å.

    Parameters
    ----------
    cell
        (3, 3) lattice vectors as rows, Å.

    """
    return np.asarray(1.0 / np.linalg.norm(np.linalg.inv(cell), axis=0))


def small_cell_warning(card: CalculatorCard, atoms: Atoms) -> str:
    """Sentence on a cell that is too small for a calculator of the Gamma point; else empty.

    Parameters
    ----------
    card
        The calculator.
    atoms
        A periodic structure.

    """
    smallest = float(lattice_spacings(np.array(atoms.cell[:])).min())
    if not card.gamma_only or smallest >= SMALLEST_SPACING_A:
        return ""
    return (
        f"Planes of the lattice lie {smallest:.1f} Å apart, and {card.name} describes electrons at "
        f"the Gamma point only: below {SMALLEST_SPACING_A:g} Å (a limit assumed here) energies and "
        "wavenumbers may be far off. A calculator with k-points or a learned potential has no such "
        "limit."
    )
