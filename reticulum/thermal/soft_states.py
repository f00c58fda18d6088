"""Energy along one soft coordinate, and the quantum states of the motion along its relaxed path.

Energies are known at a few amplitudes q of a soft mode, with the stiff modes relaxed. They are
interpolated with the harmonic curvature at q = 0, and the Schrödinger equation is solved along the
arc length of the path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from reticulum.thermal.oscillator import OscillatorLevels, boltzmann_populations, solve_dvr
from reticulum.units import (
    BOLTZMANN_CM1_PER_K,
    EV_TO_CM1,
    HBAR2_OVER_2U_A2_CM1,
    SQRT_EV_PER_U_A2_TO_CM1,
)

#: Points by which the path is described before the grid for the Schrödinger equation is laid.
_DENSE_POINTS = 2401

#: Number of grid points in units of the least that hold the momentum of the highest energy, and
#: how many more there are.
_GRID_FINENESS = 1.25
_MORE_GRID_POINTS = 24

#: No grid has more than so many points and those above: a mode of 15 cm⁻¹ at 200 °C needs 500.
_MOST_GRID_POINTS = 600

#: The grid ends where the potential is this many k_B T above its minimum (e^-13 is 2e-6), plus
#: some quanta of a stiff mode.
_GRID_ENERGY_KT = 13.0
_GRID_QUANTA = 4.0

#: The end of the grid is sought outwards up to this factor, in so many steps.
_FARTHEST = 300.0
_MOST_STRIDES = 120

#: Least slope in q² with which a potential is continued that softens outwards, as a part of that
#: at rest.
_LEAST_SLOPE = 0.2

#: Most amplitudes whose energies are interpolated by one polynomial; more by a spline.
_LARGEST_POLYNOMIAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftCourse:
    """What is known along one soft coordinate.

    Parameters
    ----------
    eigenvalue
        Curvature of the energy at rest, eV/(u Å²); negative for an imaginary mode.
    odd
        Whether both senses differ for the band (totally symmetric modes); else the mean of both
        senses counts.
    amplitudes
        (k,) signed amplitudes at which energies are known, Å√u.
    energies_cm1
        (k,) of the relaxed geometries above the crystal at rest, cm⁻¹.
    followed
        (k,) mass-weighted length of what relaxed, Å√u.
    band_amplitudes
        (l,) signed amplitudes at which bands are known, Å√u.
    shifts_cm1
        (l, b) shifts of some band positions there, cm⁻¹.

    """

    eigenvalue: float
    odd: bool
    amplitudes: NDArray[np.float64]
    energies_cm1: NDArray[np.float64]
    followed: NDArray[np.float64]
    band_amplitudes: NDArray[np.float64]
    shifts_cm1: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if not (self.amplitudes.shape == self.energies_cm1.shape == self.followed.shape):
            raise ValueError("amplitudes, energies and followed lengths must match")
        if self.shifts_cm1.ndim != 2 or len(self.shifts_cm1) != len(self.band_amplitudes):
            raise ValueError("the shifts do not match their amplitudes")
        for array in (
            self.amplitudes,
            self.energies_cm1,
            self.followed,
            self.band_amplitudes,
            self.shifts_cm1,
        ):
            array.setflags(write=False)

    @property
    def harmonic_energies_cm1(self) -> NDArray[np.float64]:
        """½λq² at the amplitudes, cm⁻¹."""
        found: NDArray[np.float64] = 0.5 * self.eigenvalue * self.amplitudes**2 * EV_TO_CM1
        return found

    @property
    def depth_cm1(self) -> float:
        """How far the lowest known energy is below that at rest, cm⁻¹; zero if none is."""
        return max(0.0, -float(self.energies_cm1.min(initial=0.0)))

    @property
    def anharmonicity(self) -> float:
        """Largest |E/(½λq²) - 1| over the amplitudes; infinite for an imaginary mode."""
        if self.eigenvalue <= 0.0:
            return float("inf")
        ratio = self.energies_cm1 / self.harmonic_energies_cm1
        return float(np.abs(ratio - 1.0).max(initial=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftStates:
    """Quantum states of the motion along one relaxed path.

    Parameters
    ----------
    q
        (n_grid,) amplitudes, rising, Å√u.
    arc
        (n_grid,) length of the path from q = 0, uniform, Å√u.
    potential_cm1
        (n_grid,) energy above the crystal at rest, cm⁻¹.
    levels
        Energies and wavefunctions.

    """

    q: NDArray[np.float64]
    arc: NDArray[np.float64]
    potential_cm1: NDArray[np.float64]
    levels: OscillatorLevels

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.q, self.arc, self.potential_cm1):
            array.setflags(write=False)

    def density(self, temperatures_k: NDArray[np.float64]) -> NDArray[np.float64]:
        """Thermal probability of each grid point, (n_temperatures, n_grid), of sum 1.

        Parameters
        ----------
        temperatures_k
            (n_temperatures,), K.

        """
        populations = boltzmann_populations(self.levels.energies_cm1, temperatures_k)
        found: NDArray[np.float64] = (
            populations @ (self.levels.wavefunctions**2).T * self.levels.step_a
        )
        return found


def soft_states(course: SoftCourse, warmest_k: float) -> SoftStates:
    """Quantum states of the motion along a relaxed path.

    The kinetic energy is that of motion along the relaxed path (see `arc_length`).

    Parameters
    ----------
    course
        What is known.
    warmest_k
        Highest temperature at which they are populated, K.

    """
    quantum = float(np.sqrt(abs(course.eigenvalue))) * SQRT_EV_PER_U_A2_TO_CM1
    reach = _GRID_ENERGY_KT * warmest_k * BOLTZMANN_CM1_PER_K + _GRID_QUANTA * quantum
    low, high = _range(course, reach)
    dense = np.linspace(low, high, _DENSE_POINTS)
    arc = arc_length(course, dense)
    # A wave of the highest energy has the length 2π √(HB/E).
    least = float(arc[-1] - arc[0]) * np.sqrt(reach / HBAR2_OVER_2U_A2_CM1) / np.pi
    n_points = min(int(_GRID_FINENESS * least), _MOST_GRID_POINTS) + _MORE_GRID_POINTS
    grid = np.linspace(arc[0], arc[-1], n_points)
    q = np.interp(grid, arc, dense)
    potential = potential_cm1(course, q)
    return SoftStates(
        q=q, arc=grid, potential_cm1=potential, levels=solve_dvr(potential, grid, 1.0)
    )


def arc_length(course: SoftCourse, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Length of the relaxed path from q = 0, Å√u, negative for negative q.

    ds = √(1 + r'²) dq with the length r = a q² + b q⁴ of the relaxation through the known points
    (b only from two amplitudes on), of which r' goes on as a straight line outside them.

    Parameters
    ----------
    course
        What is known.
    q
        Amplitudes, rising, Å√u.

    """
    scale = float(np.abs(course.amplitudes).max())
    sizes, lengths = even_part(course.amplitudes / scale, course.followed)
    powers = np.array([2, 4][: len(sizes)])
    factors = np.linalg.lstsq(sizes[:, None] ** powers, lengths / scale, rcond=None)[0]
    relaxation = np.polynomial.Polynomial([0.0, 0.0, factors[0], 0.0, *factors[1:]])
    first, second = relaxation.deriv(), relaxation.deriv(2)
    x = np.abs(q) / scale
    beyond = np.maximum(x - 1.0, 0.0)
    stretch = np.hypot(1.0, first(np.minimum(x, 1.0)) + second(1.0) * beyond)
    steps = 0.5 * (stretch[1:] + stretch[:-1]) * np.diff(q)
    length: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(steps)])
    return length - np.interp(0.0, q, length)


def _range(course: SoftCourse, reach_cm1: float) -> tuple[float, float]:
    """Ends of the grid: where the potential exceeds its minimum by so much, outwards of all."""
    largest = float(np.abs(course.amplitudes).max(initial=0.0))
    known = np.linspace(-largest, largest, 201)
    bottom = float(potential_cm1(course, known).min())
    outwards = np.geomspace(largest, largest * _FARTHEST, _MOST_STRIDES)
    ends = []
    for sense in (-1.0, 1.0):
        above = potential_cm1(course, sense * outwards) - bottom >= reach_cm1
        ends.append(sense * float(outwards[int(above.argmax()) if above.any() else -1]))
    return ends[0], ends[1]


def potential_cm1(course: SoftCourse, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Energy along the path above that at rest, cm⁻¹.

    Interpolated with the known curvature at rest. Outside the known amplitudes it is continued as
    the quadratic function of q² through the outermost two (exact for a harmonic and a quartic
    potential), which never turns down; for totally symmetric modes as a parabola with the larger
    of the curvature at the edge and that at rest.

    Parameters
    ----------
    course
        What is known.
    q
        Amplitudes, Å√u.

    """
    scale = float(np.abs(course.amplitudes).max())
    half = 0.5 * course.eigenvalue * EV_TO_CM1 * scale**2
    x, energies = course.amplitudes / scale, course.energies_cm1
    if course.odd:
        # E = half x² + x³ (c0 + c1 x + ...), exactly through all points.
        powers = 3 + np.arange(len(x))
        factors = np.linalg.solve(x[:, None] ** powers, energies - half * x**2)
        polynomial = np.polynomial.Polynomial([0.0, 0.0, half, *factors])
        return _continued(polynomial, q / scale, float(x.min()), float(x.max()), abs(half))
    places, means = even_part(x, energies)
    squares = places**2
    u = (q / scale) ** 2
    inner, beyond = np.minimum(u, 1.0), np.maximum(u - 1.0, 0.0)
    if len(places) <= _LARGEST_POLYNOMIAL:
        powers = 2 + np.arange(len(places))
        factors = np.linalg.solve(squares[:, None] ** powers, means - half * squares)
        inside = np.polynomial.Polynomial([0.0, half, *factors])(inner)
    else:
        inside = CubicSpline(
            np.concatenate([[0.0], squares]),
            np.concatenate([[0.0], means]),
            bc_type=((1, half), "not-a-knot"),
        )(inner)
    # a u + b u² through the two outermost points, or through one with the curvature at rest.
    if len(places) > 1:
        linear, bend = np.linalg.solve(squares[-2:, None] ** np.array([1, 2]), means[-2:])
    else:
        linear, bend = half, means[0] - half
    slope, bend = float(linear) + 2.0 * float(bend), float(bend)
    if bend >= 0.0:
        return np.asarray(inside + slope * beyond + bend * beyond**2)
    # It softens outwards, down to a least slope.
    least = _LEAST_SLOPE * abs(half)
    softening = max(slope - least, 0.0) / (-2.0 * bend)
    first, second = np.minimum(beyond, softening), np.maximum(beyond - softening, 0.0)
    return np.asarray(inside + max(slope, least) * first + bend * first**2 + least * second)


def _continued(
    polynomial: np.polynomial.Polynomial,
    x: NDArray[np.float64],
    low: float,
    high: float,
    least_curvature: float,
) -> NDArray[np.float64]:
    inner: NDArray[np.float64] = polynomial(np.clip(x, low, high))
    first, second = polynomial.deriv(), polynomial.deriv(2)
    for edge, beyond in ((low, np.minimum(x - low, 0.0)), (high, np.maximum(x - high, 0.0))):
        curvature = max(float(second(edge)), least_curvature)
        inner = inner + float(first(edge)) * beyond + 0.5 * curvature * beyond**2
    return inner


def even_part(
    x: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rising |x| and the mean over both senses of the values there.

    Parameters
    ----------
    x
        (n,) signed places.
    values
        (n, ...) there.

    """
    sizes = np.round(np.abs(x), 9)
    places: NDArray[np.float64] = np.unique(sizes).astype(np.float64)
    return places, np.array([values[sizes == place].mean(axis=0) for place in places])
