"""The options of thermal sampling and their defaults (no heavy imports)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from reticulum.errors import InputError

#: Error of the slope at which sampling stops, cm⁻¹/K: a tenth of the published slopes.
PRECISION_CM1_PER_K = 0.002

#: Modes below this wavenumber are drawn, cm⁻¹: librations, rotations of linkers, metal-oxygen
#: stretches of most carboxylates. What a higher limit changes is computed and reported.
SOFT_LIMIT_CM1 = 250.0

#: Factor to the limit when its effect is checked.
LIMIT_CHECK = 1.5

#: Fewest pairs that have an error: two blocks.
LEAST_PAIRS = 8

#: Pairs of draws at least: six blocks, whose scatter is known within a third.
FEWEST_PAIRS = 24

#: Pairs of draws at most.
MOST_PAIRS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions:
    """What decides the draws.

    Parameters
    ----------
    precision_cm1_per_k
        Sampling stops when the errors of both slopes are below, cm⁻¹/K.
    limit_cm1
        Modes below are drawn, cm⁻¹.
    fewest_pairs, most_pairs
        Pairs of draws.
    seed
        Seed of the draws; the same seed gives the same draws.
    temperatures_k
        Temperatures of the draws, K; None: both ends of the window of the published slopes. The
        slope of more temperatures costs more and is no more precise.
    effective_cm1
        Wavenumber that gives modes that are no minima a width, cm⁻¹; None: they are drawn from the
        wells along them. With it, wells are not looked for, and deep ones not noticed.
    relax_stiff
        Let the stiff modes follow. Without it the result is that of straight lines, wrong, and
        there to be seen.
    checks
        Whether to repeat draws with a higher limit and with finer steps, for the errors.
    draw_unstable
        Draw a crystal that the calculator puts into another structure, its modes in deep wells held
        at rest; the result is marked as not to be trusted. Otherwise nothing is drawn.

    """

    precision_cm1_per_k: float = PRECISION_CM1_PER_K
    limit_cm1: float = SOFT_LIMIT_CM1
    fewest_pairs: int = FEWEST_PAIRS
    most_pairs: int = MOST_PAIRS
    seed: int = 0
    temperatures_k: tuple[float, ...] | None = None
    effective_cm1: float | None = None
    relax_stiff: bool = True
    checks: bool = True
    draw_unstable: bool = False

    def __post_init__(self) -> None:
        """Refuse impossible options."""
        for name, value in (
            ("--precision", self.precision_cm1_per_k),
            ("the limit of the soft modes", self.limit_cm1),
            ("the effective wavenumber", self.effective_cm1),
        ):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(
                    f"{name} is {value}.", why="It must be a positive number.", fix="Change it."
                )
        if not LEAST_PAIRS <= self.fewest_pairs <= self.most_pairs:
            few, many = self.fewest_pairs, self.most_pairs
            raise InputError(
                f"At least {few} and at most {many} pairs of draws are asked for."
                if few != many
                else f"{many} pairs of draws are asked for.",
                why=f"An error takes at least {LEAST_PAIRS}, in two blocks of four, and the most "
                "cannot be fewer than the least.",
                fix="Give a larger number of pairs.",
            )
        if self.seed < 0:
            raise InputError(
                f"The seed is {self.seed}.", why="Seeds are not negative.", fix="Change it."
            )

    @classmethod
    def chosen(
        cls, *, precision_cm1_per_k: float | None = None, most_pairs: int | None = None
    ) -> SamplingOptions:
        """Options with what a user chose; fewer pairs at most are fewer at least too."""
        most = MOST_PAIRS if most_pairs is None else most_pairs
        return cls(
            precision_cm1_per_k=(
                PRECISION_CM1_PER_K if precision_cm1_per_k is None else precision_cm1_per_k
            ),
            most_pairs=most,
            fewest_pairs=min(FEWEST_PAIRS, most),
        )
