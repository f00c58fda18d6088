"""Langevin dynamics of a crystal: classical canonical trajectories that can be taken up anywhere.

The BAOAB splitting [Leimkuhler2013]_ keeps the positions canonical to second order in the time step
with any friction. The noise of a step depends on the seed and the number of the step only, so that
a trajectory that was killed goes on exactly as it would have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from reticulum.units import BOLTZMANN_EV_PER_K, SQRT_EV_PER_U_A2_TO_CM1

#: One fs in the time unit of Å, eV and u: Å√(u/eV) is about 10.18 fs.
FEMTOSECOND: float = 1e-15 / (1e-10 * (constants.atomic_mass / constants.e) ** 0.5)

Forces = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasePoint:
    """Where a trajectory is.

    Parameters
    ----------
    step
        Steps done.
    positions_a
        (n, 3), Å.
    velocities
        (n, 3), Å per Å√(u/eV).
    forces_ev_a
        (n, 3) at the positions, eV/Å.

    """

    step: int
    positions_a: NDArray[np.float64]
    velocities: NDArray[np.float64]
    forces_ev_a: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if not self.positions_a.shape == self.velocities.shape == self.forces_ev_a.shape:
            raise ValueError("positions, velocities and forces must have one shape")
        for array in (self.positions_a, self.velocities, self.forces_ev_a):
            array.setflags(write=False)


def starting_point(
    positions_a: NDArray[np.float64],
    forces_ev_a: NDArray[np.float64],
    masses_amu: NDArray[np.float64],
    *,
    temperature_k: float,
    seed: tuple[int, ...],
) -> PhasePoint:
    """A crystal at rest with velocities of twice the temperature, half of which becomes potential.

    Parameters
    ----------
    positions_a, forces_ev_a
        (n, 3) at rest.
    masses_amu
        (n,), u.
    temperature_k
        K.
    seed
        Numbers that decide the velocities.

    """
    random = np.random.default_rng([*seed, 0])
    spread = np.sqrt(2.0 * BOLTZMANN_EV_PER_K * temperature_k / masses_amu)[:, None]
    velocities = spread * random.normal(size=positions_a.shape)
    velocities = velocities - masses_amu @ velocities / masses_amu.sum()
    return PhasePoint(
        step=0,
        positions_a=np.array(positions_a),
        velocities=velocities,
        forces_ev_a=np.array(forces_ev_a),
    )


def langevin_step(
    point: PhasePoint,
    forces: Forces,
    masses_amu: NDArray[np.float64],
    *,
    temperature_k: float,
    time_step: float,
    friction: float,
    seed: tuple[int, ...],
) -> PhasePoint:
    """One step on.

    Parameters
    ----------
    point
        Where the trajectory is.
    forces
        Forces, (n, 3), eV/Å, at positions, (n, 3), Å.
    masses_amu
        (n,), u.
    temperature_k
        K.
    time_step
        Å√(u/eV).
    friction
        Rate at which velocities are forgotten, per Å√(u/eV).
    seed
        Numbers that decide the noise together with the number of the step.

    """
    masses = masses_amu[:, None]
    velocities = point.velocities + 0.5 * time_step * point.forces_ev_a / masses
    positions = point.positions_a + 0.5 * time_step * velocities
    kept = np.exp(-friction * time_step)
    noise = np.random.default_rng([*seed, point.step + 1]).normal(size=positions.shape)
    noise = noise * np.sqrt((1.0 - kept**2) * BOLTZMANN_EV_PER_K * temperature_k / masses)
    # The crystal as a whole is not pushed: it would only drift.
    noise = noise - masses_amu @ noise / masses_amu.sum()
    velocities = kept * velocities + noise
    positions = positions + 0.5 * time_step * velocities
    after = forces(positions)
    return PhasePoint(
        step=point.step + 1,
        positions_a=positions,
        velocities=velocities + 0.5 * time_step * after / masses,
        forces_ev_a=after,
    )


def kinetic_temperature_k(
    velocities: NDArray[np.float64], masses_amu: NDArray[np.float64]
) -> float:
    """Temperature of the velocities of a crystal that does not drift, K."""
    twice = float((masses_amu @ velocities**2).sum())
    return twice / (BOLTZMANN_EV_PER_K * 3.0 * (len(masses_amu) - 1))


def kinetic_share(wavenumbers_cm1: NDArray[np.float64], time_step: float) -> float:
    """Kinetic temperature that steps of this length show, as a share of the true one.

    The positions of BAOAB are those of the temperature asked for; its velocities are too slow by
    ⟨v²⟩ = (kT/m)(1 - (ωΔt)²/4) [Leimkuhler2013]_.

    *Valid when* the crystal is harmonic.

    Parameters
    ----------
    wavenumbers_cm1
        (3n,) of all modes at Γ, cm⁻¹.
    time_step
        Å√(u/eV).

    """
    squares = (np.maximum(wavenumbers_cm1, 0.0) / SQRT_EV_PER_U_A2_TO_CM1 * time_step) ** 2
    # The three translations do not move.
    return 1.0 - float(squares.sum()) / 4.0 / (len(wavenumbers_cm1) - 3)
