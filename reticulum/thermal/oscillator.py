"""One-dimensional oscillators: levels of any potential and thermal averages over them.

Levels come from the Colbert-Miller discrete variable representation [Colbert1992] on a uniform
grid. Coordinates are in Å, masses in amu, energies in cm⁻¹.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.linalg import eigh

from reticulum.errors import InputError
from reticulum.thermal.slopes import checked_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K, HBAR2_OVER_2U_A2_CM1

#: Largest relative deviation of a grid step from the mean step that still counts as uniform;
#: well above the rounding of `numpy.linspace`.
UNIFORM_STEP_TOLERANCE: float = 1e-8

#: Fewest grid points: below this not even one level is resolved.
MIN_GRID_POINTS: int = 8

#: Largest thermal population of the highest kept level for which an average counts as converged;
#: an omitted level then changes an average of values that differ by 100 cm⁻¹ by 1e-4 cm⁻¹.
POPULATION_LIMIT: float = 1e-6

#: Largest thermal probability density at an end of the grid, relative to its maximum, for which an
#: average counts as converged; same reasoning as for the population.
EDGE_DENSITY_LIMIT: float = 1e-6


def checked_mass_amu(mass_amu: float) -> float:
    """Mass as a float, amu.

    Raises
    ------
    InputError
        If it is not a finite positive number.

    """
    if not (np.isfinite(mass_amu) and mass_amu > 0.0):
        raise InputError(f"The mass is {mass_amu} amu.", why="A finite positive mass is needed.")
    return float(mass_amu)


@dataclass(frozen=True, slots=True, kw_only=True)
class OscillatorLevels:
    """Energy levels of a one-dimensional oscillator, cm⁻¹, with their wavefunctions.

    Parameters
    ----------
    energies_cm1
        Rising, shape (n_levels,), cm⁻¹, on the scale of the potential.
    wavefunctions
        Shape (n_grid, n_levels), Å^-½: the sum of squares times the grid step is 1.
    grid_a
        Shape (n_grid,), Å.
    mass_amu
        Mass, amu.
    momentum_limit_cm1
        Highest energy that the step of the grid can hold, cm⁻¹; levels near it are not converged.

    """

    energies_cm1: NDArray[np.float64]
    wavefunctions: NDArray[np.float64]
    grid_a: NDArray[np.float64]
    mass_amu: float
    momentum_limit_cm1: float

    def __post_init__(self) -> None:
        expected = (self.grid_a.size, self.energies_cm1.size)
        if self.wavefunctions.shape != expected:
            raise InputError(
                f"The wavefunctions have the shape {self.wavefunctions.shape}, expected {expected}."
            )
        for array in (self.energies_cm1, self.wavefunctions, self.grid_a):
            array.setflags(write=False)

    @property
    def step_a(self) -> float:
        """Step of the grid, Å."""
        return float(self.grid_a[-1] - self.grid_a[0]) / (self.grid_a.size - 1)

    def expectation(self, values_on_grid: ArrayLike) -> NDArray[np.float64]:
        """Expectation value ⟨n|A|n⟩ of every level, shape (n_levels,), unit of the values.

        Parameters
        ----------
        values_on_grid
            A(x) at the grid points, shape (n_grid,).

        Raises
        ------
        InputError
            If the shape is wrong or a value is not finite.

        """
        values = np.asarray(values_on_grid, dtype=np.float64)
        if values.shape != self.grid_a.shape:
            raise InputError(
                f"The values on the grid have the shape {values.shape}, "
                f"expected {self.grid_a.shape}.",
                why="One value per grid point is needed.",
            )
        if not np.all(np.isfinite(values)):
            raise InputError("A value on the grid is not a finite number.")
        # An offset is removed first, so that a shift of 0.01 in 1600 keeps its digits.
        offset = float(values.mean())
        return offset + self.step_a * ((values - offset) @ self.wavefunctions**2)


def solve_dvr(
    potential_cm1: ArrayLike,
    grid_a: ArrayLike,
    mass_amu: float,
    n_levels: int | None = None,
) -> OscillatorLevels:
    """Levels of a one-dimensional potential on a uniform grid, cm⁻¹ [Colbert1992].

    H_ij = (ħ²/2m Δx²) (-1)^(i-j) {π²/3 if i = j, else 2/(i-j)²} + V(x_i) δ_ij.

    *Valid when* the wavefunctions of interest vanish at both ends of the grid (beyond it the
    potential is taken as infinite) and the step is shorter than half their shortest de Broglie
    wavelength; `thermal_average` reports on both.

    Parameters
    ----------
    potential_cm1
        Potential energy at the grid points, shape (n_grid,), cm⁻¹.
    grid_a
        Uniform rising grid, shape (n_grid,), Å.
    mass_amu
        Mass, amu.
    n_levels
        Number of levels to keep, from the lowest; all (n_grid) if None.

    Raises
    ------
    InputError
        If the grid is not uniform and rising or too short, shapes differ, the potential is not
        finite, the mass is not positive, or more levels than grid points are wanted.

    """
    grid = np.array(grid_a, dtype=np.float64)
    potential = np.array(potential_cm1, dtype=np.float64)
    mass = checked_mass_amu(mass_amu)
    if grid.ndim != 1 or grid.size < MIN_GRID_POINTS or potential.shape != grid.shape:
        raise InputError(
            f"The grid has the shape {grid.shape} and the potential {potential.shape}.",
            why=f"Both need the same length of at least {MIN_GRID_POINTS} points.",
        )
    if not (np.all(np.isfinite(grid)) and np.all(np.isfinite(potential))):
        raise InputError(
            "The grid or the potential holds a value that is not a finite number.",
            fix="Replace an infinite wall by the end of the grid.",
        )
    step = float(grid[-1] - grid[0]) / (grid.size - 1)
    if step <= 0.0 or float(np.abs(np.diff(grid) - step).max()) > UNIFORM_STEP_TOLERANCE * step:
        raise InputError(
            "The grid is not uniform and rising.",
            why="The discrete variable representation is defined on equal steps.",
            fix="Interpolate the potential onto numpy.linspace(first, last, n).",
        )
    kept = grid.size if n_levels is None else n_levels
    if not 1 <= kept <= grid.size:
        raise InputError(
            f"{kept} levels were asked for on a grid of {grid.size} points.",
            fix=f"Ask for 1 to {grid.size} levels.",
        )
    unit = HBAR2_OVER_2U_A2_CM1 / (mass * step**2)
    distance = np.arange(grid.size)
    column = np.empty(grid.size)
    column[0] = np.pi**2 / 3.0
    column[1:] = 2.0 * (-1.0) ** distance[1:] / distance[1:] ** 2
    kinetic = unit * column[np.abs(distance[:, None] - distance[None, :])]
    # The minimum is taken off before diagonalising: small levels on a large offset lose digits.
    bottom = float(potential.min())
    hamiltonian = kinetic + np.diag(potential - bottom)
    energies, vectors = eigh(hamiltonian, subset_by_index=(0, kept - 1))
    largest = np.abs(vectors).argmax(axis=0)
    vectors = vectors * np.sign(vectors[largest, np.arange(kept)])
    return OscillatorLevels(
        energies_cm1=np.asarray(energies + bottom, dtype=np.float64),
        wavefunctions=np.asarray(vectors / np.sqrt(step), dtype=np.float64),
        grid_a=grid,
        mass_amu=mass,
        momentum_limit_cm1=bottom + unit * np.pi**2,
    )


def boltzmann_populations(
    energies_cm1: ArrayLike, temperatures_k: ArrayLike
) -> NDArray[np.float64]:
    """Boltzmann populations of levels, shape (n_temperatures, n_levels); each row sums to 1.

    Parameters
    ----------
    energies_cm1
        Shape (n_levels,), cm⁻¹, any zero.
    temperatures_k
        Shape (n_temperatures,), K.

    Raises
    ------
    InputError
        If a temperature is not above 0 K or an energy is not finite.

    """
    energies = np.atleast_1d(np.asarray(energies_cm1, dtype=np.float64))
    if energies.ndim != 1 or energies.size == 0 or not np.all(np.isfinite(energies)):
        raise InputError("The energies are not a list of finite numbers.")
    t = checked_temperatures_k(temperatures_k)
    with np.errstate(over="ignore", under="ignore"):
        exponent = -(energies - energies.min())[None, :] / (BOLTZMANN_CM1_PER_K * t[:, None])
        weights = np.exp(exponent)
        populations: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return populations


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalAverage:
    """Thermal average of a function of the coordinate against temperature.

    Parameters
    ----------
    temperatures_k
        Shape (n,), K.
    values
        Averages, shape (n,), unit of the function.
    highest_level_population
        Population of the highest kept level, shape (n,): what was left out is smaller than the
        tail that starts here.
    edge_density
        Thermal probability density at the first and the last grid point relative to its maximum,
        shape (n, 2).

    """

    temperatures_k: NDArray[np.float64]
    values: NDArray[np.float64]
    highest_level_population: NDArray[np.float64]
    edge_density: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = self.temperatures_k.size
        for name, expected in (
            ("temperatures_k", (n,)),
            ("values", (n,)),
            ("highest_level_population", (n,)),
            ("edge_density", (n, 2)),
        ):
            array = getattr(self, name)
            if array.shape != expected:
                raise InputError(f"{name} has the shape {array.shape}, expected {expected}.")
            array.setflags(write=False)

    @property
    def is_converged(self) -> bool:
        """Whether levels and grid suffice at every temperature.

        True when no highest-level population exceeds `POPULATION_LIMIT` and no edge density
        exceeds `EDGE_DENSITY_LIMIT`.
        """
        return bool(
            self.highest_level_population.max() <= POPULATION_LIMIT
            and self.edge_density.max() <= EDGE_DENSITY_LIMIT
        )

    def to_dict(self) -> dict[str, object]:
        """Return the averages as plain Python types."""
        return {
            "temperatures_k": self.temperatures_k.tolist(),
            "values": self.values.tolist(),
            "highest_level_population": self.highest_level_population.tolist(),
            "edge_density": self.edge_density.tolist(),
            "is_converged": self.is_converged,
        }


def thermal_average(
    levels: OscillatorLevels, values_on_grid: ArrayLike, temperatures_k: ArrayLike
) -> ThermalAverage:
    """Thermal average ⟨A⟩(T) = Σ p_n(T) ⟨n|A|n⟩ over the levels of an oscillator.

    Parameters
    ----------
    levels
        Levels and wavefunctions.
    values_on_grid
        A(x) at the grid points, shape (n_grid,), for instance a band position in cm⁻¹.
    temperatures_k
        Shape (n_temperatures,), K.

    Raises
    ------
    InputError
        If the values do not fit the grid or a temperature is not above 0 K.

    """
    t = checked_temperatures_k(temperatures_k)
    populations = boltzmann_populations(levels.energies_cm1, t)
    density = populations @ (levels.wavefunctions**2).T
    return ThermalAverage(
        temperatures_k=t,
        values=populations @ levels.expectation(values_on_grid),
        highest_level_population=populations[:, -1].copy(),
        edge_density=density[:, [0, -1]] / density.max(axis=1, keepdims=True),
    )


def mass_weighted_arc_length(
    s_grid_a: ArrayLike, mass_amu_of_s: ArrayLike, *, reference_mass_amu: float = 1.0
) -> NDArray[np.float64]:
    """Coordinate in which a position-dependent mass becomes constant, shape (n,), Å.

    q(s) = ∫ √(m(s')/m_ref) ds' from the first point, so that ½ m(s) ṡ² = ½ m_ref q̇². Solve the
    oscillator on a uniform grid of q with the mass m_ref. The integrand is interpolated by a cubic
    spline (a straight line through fewer than four points).

    *Valid when* the path is one-dimensional: the small extra potential that the change of variable
    adds to the quantum kinetic energy, of order ħ²(m'/m)²/m, is left out.

    Parameters
    ----------
    s_grid_a
        Points of the path, shape (n,), Å, rising, not necessarily uniform.
    mass_amu_of_s
        Mass for motion along s at these points, shape (n,), amu.
    reference_mass_amu
        Mass that belongs to q, amu; with 1 amu q is in Å·√amu.

    Raises
    ------
    InputError
        If the points do not rise, shapes differ, a mass is not positive, or the mass varies too
        abruptly between two points to be interpolated.

    """
    s = np.asarray(s_grid_a, dtype=np.float64)
    mass = np.asarray(mass_amu_of_s, dtype=np.float64)
    reference = checked_mass_amu(reference_mass_amu)
    if s.ndim != 1 or s.size < 2 or mass.shape != s.shape:
        raise InputError(
            f"The path has the shape {s.shape} and the masses {mass.shape}.",
            why="At least two points with one mass each are needed.",
        )
    if not np.all(np.isfinite(s)) or np.any(np.diff(s) <= 0.0):
        raise InputError("The points of the path do not rise.", fix="Sort the scan by coordinate.")
    if not np.all(np.isfinite(mass) & (mass > 0.0)):
        raise InputError("A mass along the path is not a finite positive number.")
    root = np.sqrt(mass / reference)
    if s.size < 4:
        steps = 0.5 * (root[1:] + root[:-1]) * np.diff(s)
        return np.concatenate([[0.0], np.cumsum(steps)])
    spline = CubicSpline(s, root)
    # The minimum of a cubic lies at a knot or at a root of its derivative.
    inside = spline.derivative().roots(extrapolate=False)
    if inside.size and np.nanmin(spline(inside[np.isfinite(inside)]), initial=np.inf) <= 0.0:
        raise InputError(
            "The mass along the path varies too abruptly between two points.",
            why="Its interpolation becomes negative.",
            fix="Add points to the scan where the mass changes.",
        )
    return np.asarray(spline.antiderivative()(s), dtype=np.float64)
