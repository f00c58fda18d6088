"""Places of atoms in any image of the cell: distances, angles, heights over planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.bonds import PeriodicSite

if TYPE_CHECKING:
    from ase import Atoms


class Places:
    """Positions of atoms in any image of the cell, Å, and their symbols.

    Parameters
    ----------
    atoms
        The structure.
    symbols
        Symbols to use instead of its own.

    """

    def __init__(self, atoms: Atoms, symbols: list[str] | None = None) -> None:
        self.symbols: list[str] = atoms.get_chemical_symbols() if symbols is None else symbols
        self._positions = np.asarray(atoms.positions, dtype=np.float64)
        self._cell = np.asarray(atoms.cell[:], dtype=np.float64)

    def of(self, site: PeriodicSite) -> NDArray[np.float64]:
        """Position of a site."""
        place: NDArray[np.float64] = (
            self._positions[site.index] + np.array(site.shift, dtype=np.float64) @ self._cell
        )
        return place

    def distance(self, one: PeriodicSite, other: PeriodicSite) -> float:
        """Distance of two sites, Å."""
        return float(np.linalg.norm(self.of(one) - self.of(other)))

    def angle(self, atom: int, one: PeriodicSite, other: PeriodicSite) -> float:
        """Angle at an atom of the home cell, degrees."""
        centre = self.of(PeriodicSite(atom, (0, 0, 0)))
        a, b = self.of(one) - centre, self.of(other) - centre
        cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
        return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))

    def height(self, sites: tuple[PeriodicSite, ...]) -> float:
        """Height of the first site over the plane of the other three, Å."""
        top, a, b, c = (self.of(site) for site in sites)
        normal = np.cross(b - a, c - a)
        return float((top - a) @ normal / np.linalg.norm(normal))
