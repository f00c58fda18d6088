"""Small molecules with carboxylate groups, built from stated distances."""

from __future__ import annotations

import numpy as np
from ase import Atoms

CU_CU = 2.56
CU_O = 1.95
O_O = 2.23
C_HEIGHT = 0.60  # of the carbon atom above the O-O line, so that C-O is 1.266
C_H = 1.10
BOX = 14.0


def paddlewheel(box: float | None = BOX, centre=(0.0, 0.0, 0.0)) -> Atoms:
    """Cu2(HCOO)4 with D4h symmetry: atoms 0, 1 are copper, then C, O, O, H of each formate."""
    radius = np.sqrt(CU_O**2 - ((CU_CU - O_O) / 2) ** 2)
    symbols, positions = ["Cu", "Cu"], [(0, 0, CU_CU / 2), (0, 0, -CU_CU / 2)]
    for direction in ((1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0)):
        out, up = np.array(direction, dtype=float), np.array((0.0, 0.0, O_O / 2))
        symbols += ["C", "O", "O", "H"]
        positions += [
            (radius + C_HEIGHT) * out,
            radius * out + up,
            radius * out - up,
            (radius + C_HEIGHT + C_H) * out,
        ]
    atoms = Atoms(symbols, positions=np.array(positions, dtype=float) + np.array(centre))
    if box is not None:
        atoms.set_cell([box, box, box])
        atoms.set_pbc(True)
    return atoms


def formate(*extra: tuple[str, tuple[float, float, float]]) -> Atoms:
    """HCOO in the xz plane (C at the origin, O at ±1.115 in z, H at +x) and further atoms."""
    symbols = ["C", "O", "O", "H"]
    positions = [(0.0, 0.0, 0.0), (-0.6, 0.0, 1.115), (-0.6, 0.0, -1.115), (1.1, 0.0, 0.0)]
    for symbol, position in extra:
        symbols.append(symbol)
        positions.append(position)
    return Atoms(symbols, positions=positions, cell=[12.0, 12.0, 12.0], pbc=True)
