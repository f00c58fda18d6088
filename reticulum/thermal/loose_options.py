"""What a search for a loose state looks at."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.thermal.loose_curve import LOOSE_ELONGATION_A
from reticulum.thermal.loose_patterns import Pattern
from reticulum.thermal.loose_thermodynamics import ASSUMED_ENERGY_ERROR_KJ_MOL


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseStateOptions:
    """What a search for a loose state looks at.

    Parameters
    ----------
    patterns
        Which bonds are elongated together.
    step_a, farthest_a
        Step and end of the elongation, Å.
    energy_limit_kj_mol
        A curve ends with the first point this far above the start, kJ/mol per carboxylate.
    hold_imaginary
        Hold the imaginary modes of the start; otherwise the path may leave a saddle along them.
    test_release
        Release a relaxation from the flattest point where the curve shows no second minimum.
    phonons
        Compute the phonons of a loose state.
    energy_error_kj_mol
        Error of the calculator's energy differences that is assumed, kJ/mol per carboxylate.

    Raises
    ------
    InputError
        If a number is not positive or there is no point beyond the start.

    """

    patterns: tuple[Pattern, ...] = tuple(Pattern)
    step_a: float = 0.1
    farthest_a: float = 0.6
    energy_limit_kj_mol: float = 150.0
    hold_imaginary: bool = True
    test_release: bool = True
    phonons: bool = True
    energy_error_kj_mol: float = ASSUMED_ENERGY_ERROR_KJ_MOL

    def __post_init__(self) -> None:
        """Refuse what cannot be searched."""
        for name, value, unit in (
            ("step of the elongation", self.step_a, "Å"),
            ("largest elongation", self.farthest_a, "Å"),
            ("energy limit", self.energy_limit_kj_mol, "kJ/mol"),
            ("error of the energy", self.energy_error_kj_mol, "kJ/mol"),
        ):
            if not (math.isfinite(value) and value > 0.0):
                raise InputError(
                    f"The {name} is {value} {unit}.",
                    why="It must be a positive number.",
                    fix="Change it.",
                )
        if self.farthest_a < self.step_a or self.farthest_a <= LOOSE_ELONGATION_A:
            raise InputError(
                f"The largest elongation is {self.farthest_a:g} Å, the step {self.step_a:g} Å.",
                why=f"A loose state has a bond that is {LOOSE_ELONGATION_A:g} Å longer or more; "
                "the search must go beyond that, in at least one step.",
                fix="Use a larger elongation or a smaller step.",
            )

    def elongations_a(self) -> NDArray[np.float64]:
        """Elongations at which the energy is computed, without the start, Å."""
        n_steps = math.floor(self.farthest_a / self.step_a + 1e-9)
        return np.array([self.step_a * number for number in range(1, n_steps + 1)])
