"""The own band of a one-dimensional oscillator of any potential: populations, ν(T) and slope."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import CalculationError
from reticulum.thermal.morse import TransitionWeight
from reticulum.thermal.oscillator import POPULATION_LIMIT, OscillatorLevels, boltzmann_populations
from reticulum.thermal.slopes import SlopeResult, band_slope, slope_temperatures_k


def transition_strengths(levels: OscillatorLevels) -> NDArray[np.float64]:
    """Strengths |⟨n+1|x|n⟩|² relative to the first, shape (n_levels - 1,); n + 1 if harmonic.

    Parameters
    ----------
    levels
        Levels with their wavefunctions.

    """
    vectors = levels.wavefunctions * np.sqrt(levels.step_a)
    moments = np.einsum("g,gn,gn->n", levels.grid_a, vectors[:, 1:], vectors[:, :-1])
    return np.asarray((moments / moments[0]) ** 2)


def oscillator_band_cm1(
    levels: OscillatorLevels,
    temperatures_k: ArrayLike,
    weight: TransitionWeight = TransitionWeight.NET_ABSORPTION,
) -> NDArray[np.float64]:
    """Mean wavenumber of the transitions n → n + 1, shape (n_temperatures,), cm⁻¹.

    The weights are those of a Morse oscillator with the strengths of `transition_strengths` in
    place of n + 1.

    *Valid when* the transitions are not resolved, the dipole moment is linear in x, and the levels
    form one ladder (in a double well they come in pairs, and this mean has no meaning).

    Parameters
    ----------
    levels
        Levels from `solve_dvr`; ask for no more than the grid holds well.
    temperatures_k
        (n_temperatures,), K.
    weight
        Weights of the transitions.

    Raises
    ------
    CalculationError
        If there are fewer than two levels, or levels above the highest would be populated.

    """
    if levels.energies_cm1.size < 2:
        raise CalculationError(
            "There is one level only.", why="A transition needs two.", fix="Ask for more levels."
        )
    populations = boltzmann_populations(levels.energies_cm1, temperatures_k)
    tail = float(populations[:, -1].max())
    if tail > POPULATION_LIMIT:
        raise CalculationError(
            f"The highest level holds {tail:.1e} of the population.",
            why="Levels above it are missing in the average.",
            fix="Ask for more levels, or for lower temperatures.",
        )
    lower, upper = populations[:, :-1], populations[:, 1:]
    strengths = transition_strengths(levels)
    weights = {
        TransitionWeight.POPULATION: lower,
        TransitionWeight.ABSORPTION: lower * strengths,
        TransitionWeight.NET_ABSORPTION: (lower - upper) * strengths,
    }[weight]
    transitions = np.diff(levels.energies_cm1)
    shift = weights @ (transitions - transitions[0]) / weights.sum(axis=1)
    return np.asarray(transitions[0] + shift)


def oscillator_slope(
    levels: OscillatorLevels,
    temperatures_k: ArrayLike | None = None,
    weight: TransitionWeight = TransitionWeight.NET_ABSORPTION,
) -> SlopeResult:
    """Slope and curvature of the own band of an oscillator; -100 to 200 °C if not said otherwise.

    Parameters
    ----------
    levels
        Levels from `solve_dvr`.
    temperatures_k
        (n_temperatures,), K.
    weight
        Weights of the transitions.

    Raises
    ------
    CalculationError
        As for `oscillator_band_cm1`.

    """
    t = slope_temperatures_k() if temperatures_k is None else temperatures_k
    return band_slope(t, oscillator_band_cm1(levels, t, weight))
