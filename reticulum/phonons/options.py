"""The options of a phonon run and their defaults (no heavy imports)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reticulum.errors import InputError
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A

#: Largest force component left after a relaxation, eV/Å. Displaced forces are of the order of
#: 0.1 eV/Å, and what is left is subtracted from them.
FORCE_LIMIT_EV_A = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class PhononOptions:
    """What decides which structures are computed.

    Parameters
    ----------
    relax
        Relax the positions first.
    relax_cell
        Relax the cell too.
    force_limit_ev_a
        Largest force component left by the relaxation, eV/Å.
    displacement_a
        Length of a displacement, Å; None: what the calculator's card recommends.
    tolerance_a
        Symmetry tolerance, Å.

    """

    relax: bool = True
    relax_cell: bool = False
    force_limit_ev_a: float = FORCE_LIMIT_EV_A
    displacement_a: float | None = None
    tolerance_a: float = SYMMETRY_TOLERANCE_A

    def __post_init__(self) -> None:
        """Refuse contradictory or impossible options."""
        if self.relax_cell and not self.relax:
            raise InputError(
                "The cell is to be relaxed, but not the positions.",
                why="A cell cannot be relaxed around fixed atoms.",
                fix="Use --relax-cell or --no-relax, not both.",
            )
        for name, value in (
            ("--fmax", self.force_limit_ev_a),
            ("--displacement", self.displacement_a),
            ("--symprec", self.tolerance_a),
        ):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(
                    f"{name} is {value}.", why="It must be a positive number.", fix="Change it."
                )
