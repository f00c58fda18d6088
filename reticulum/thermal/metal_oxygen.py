"""The anharmonic metal-oxygen oscillator and the carboxylate bands that ride on it.

Picture (the coupled oscillators of [Andreeva2020]): the metal-oxygen distance of a carboxylate is
an anharmonic oscillator; its thermal motion and expansion carry the C-O bands along.

Coordinate: the mean metal-oxygen distance of all carboxylates, moved in step so that the space
group is kept, in a fixed cell (`reticulum.thermal.metal_oxygen_scan` computes it). Energy and mass
are divided by the number of carboxylates: each carboxylate is one oscillator, and neighbours are
taken as independent.

What it neglects: coupling to other soft modes (librations of linkers and carboxylates), thermal
expansion of the cell, dispersion of the metal-oxygen modes, and the self-anharmonicity of the C-O
stretches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import BSpline, make_interp_spline

from reticulum.errors import CalculationError
from reticulum.thermal.oscillator import mass_weighted_arc_length, solve_dvr, thermal_average
from reticulum.thermal.slopes import SlopeResult, band_slope, slope_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K, HBAR2_OVER_2U_A2_CM1

_Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

#: Points of the grid on which the one-dimensional Schrödinger equation is solved.
_GRID_POINTS = 401

#: The grid goes beyond the scanned range by this share of it on either side.
_GRID_MARGIN = 0.35

#: Probability outside the scanned range above which a result carries a warning.
OUTSIDE_LIMIT = 0.01

#: No metal-oxygen stretch of a carboxylate lies higher, cm⁻¹; those of Zr and Ti come nearest.
_STIFFEST_CM1 = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetalOxygenScan:
    """Energy and carboxylate bands along the metal-oxygen distance.

    Parameters
    ----------
    distances_a
        (k,) mean metal-oxygen distance, Å, ascending.
    energies_cm1
        (k,) energy per carboxylate above the relaxed structure, cm⁻¹.
    masses_amu
        (k,) effective mass per carboxylate, u: Σ_i m_i |dx_i/ds|² divided by the number of
        carboxylates.
    antisymmetric_cm1, symmetric_cm1
        (k,) band centres, cm⁻¹; NaN at points where they were not computed.
    strongest_antisymmetric_cm1, strongest_symmetric_cm1
        (k,) wavenumber of the single tracked mode with most of each character, cm⁻¹; NaN likewise.
    metal_metal_a
        (k,) mean distance of metals that share a carboxylate, Å; NaN where none do.
    carbon_oxygen_a
        (k,) mean C-O distance of the carboxylates, Å.
    angle_deg
        (k,) mean O-C-O angle, degrees.
    n_carboxylates, n_bonds
        Carboxylates and metal-oxygen bonds of carboxylates in the primitive cell.
    n_calls
        Force calculations behind the scan.
    equilibrium
        Index of the relaxed structure.
    tracked
        Irreducible representation and wavenumber (cm⁻¹) of each tracked set.
    follow
        ``"stiffer"`` or ``"all"``: which motions follow the distance.
    held_cm1
        Wavenumbers of the totally symmetric modes that are held, cm⁻¹.
    space_group
        Symbol of the symmetry that is kept.
    notes
        Sentences on what the scan did not reach.

    """

    distances_a: NDArray[np.float64]
    energies_cm1: NDArray[np.float64]
    masses_amu: NDArray[np.float64]
    antisymmetric_cm1: NDArray[np.float64]
    symmetric_cm1: NDArray[np.float64]
    strongest_antisymmetric_cm1: NDArray[np.float64]
    strongest_symmetric_cm1: NDArray[np.float64]
    metal_metal_a: NDArray[np.float64]
    carbon_oxygen_a: NDArray[np.float64]
    angle_deg: NDArray[np.float64]
    n_carboxylates: int
    n_bonds: int
    n_calls: int
    equilibrium: int
    tracked: tuple[tuple[str, float], ...]
    follow: str
    held_cm1: tuple[float, ...]
    space_group: str
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        for name in (
            "distances_a",
            "energies_cm1",
            "masses_amu",
            "antisymmetric_cm1",
            "symmetric_cm1",
            "strongest_antisymmetric_cm1",
            "strongest_symmetric_cm1",
            "metal_metal_a",
            "carbon_oxygen_a",
            "angle_deg",
        ):
            array = getattr(self, name)
            if array.shape != self.distances_a.shape:
                raise ValueError(f"{name} has the shape {array.shape}")
            array.setflags(write=False)
        if np.any(np.diff(self.distances_a) <= 0):
            raise ValueError("the distances do not ascend")

    @property
    def description(self) -> str:
        """What is moved and what follows, in words."""
        rest = "all else relaxed"
        if self.held_cm1:
            held = ", ".join(f"{value:.0f}" for value in self.held_cm1)
            rest = f"all stiffer motions relaxed, slower totally symmetric modes ({held} cm⁻¹) held"
        return (
            f"mean metal-oxygen distance of all {self.n_carboxylates} carboxylates, moved in step; "
            f"{self.space_group} and the cell kept, {rest}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "coordinate": self.description,
            "follow": self.follow,
            "held_modes_cm1": list(self.held_cm1),
            "notes": list(self.notes),
            "distances_a": self.distances_a.tolist(),
            "energies_per_carboxylate_cm1": self.energies_cm1.tolist(),
            "masses_per_carboxylate_amu": self.masses_amu.tolist(),
            "antisymmetric_cm1": self.antisymmetric_cm1.tolist(),
            "symmetric_cm1": self.symmetric_cm1.tolist(),
            "strongest_antisymmetric_mode_cm1": self.strongest_antisymmetric_cm1.tolist(),
            "strongest_symmetric_mode_cm1": self.strongest_symmetric_cm1.tolist(),
            "metal_metal_a": self.metal_metal_a.tolist(),
            "carbon_oxygen_a": self.carbon_oxygen_a.tolist(),
            "oco_angle_deg": self.angle_deg.tolist(),
            "n_carboxylates": self.n_carboxylates,
            "n_metal_oxygen_bonds": self.n_bonds,
            "n_force_calculations": self.n_calls,
            "tracked_modes": [
                {"irrep": label, "wavenumber_cm1": value} for label, value in self.tracked
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MetalOxygenPrediction:
    """Band positions against temperature from the metal-oxygen oscillator.

    Parameters
    ----------
    temperatures_k
        (t,), K.
    antisymmetric_cm1, symmetric_cm1
        (t,) thermal means of the band centres, cm⁻¹.
    antisymmetric_slope, symmetric_slope
        Their slopes.
    mean_distance_a, spread_a
        (t,) thermal mean of the metal-oxygen distance and its standard deviation, Å.
    levels_cm1
        (l,) lowest levels above the bottom of the well, cm⁻¹.
    first_transition_cm1
        Transition from the lowest level, cm⁻¹.
    harmonic_cm1
        Harmonic wavenumber at the minimum, cm⁻¹.
    outside
        Largest probability, over the temperatures, of a distance outside the scanned range.
    linear_slopes_cm1_per_k
        Contribution of the mean displacement, ν'(s₀) d⟨s⟩/dT, to the antisymmetric and the
        symmetric slope.
    quadratic_slopes_cm1_per_k
        Contribution of the width, ½ν''(s₀) d⟨(s-s₀)²⟩/dT, likewise.
    warnings
        Sentences for the user.

    """

    temperatures_k: NDArray[np.float64]
    antisymmetric_cm1: NDArray[np.float64]
    symmetric_cm1: NDArray[np.float64]
    antisymmetric_slope: SlopeResult
    symmetric_slope: SlopeResult
    mean_distance_a: NDArray[np.float64]
    spread_a: NDArray[np.float64]
    levels_cm1: NDArray[np.float64]
    first_transition_cm1: float
    harmonic_cm1: float
    outside: float
    linear_slopes_cm1_per_k: tuple[float, float]
    quadratic_slopes_cm1_per_k: tuple[float, float]
    warnings: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        for name in ("antisymmetric_cm1", "symmetric_cm1", "mean_distance_a", "spread_a"):
            array = getattr(self, name)
            if array.shape != self.temperatures_k.shape:
                raise ValueError(f"{name} has the shape {array.shape}")
            array.setflags(write=False)
        self.temperatures_k.setflags(write=False)
        self.levels_cm1.setflags(write=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "temperatures_k": self.temperatures_k.tolist(),
            "antisymmetric_cm1": self.antisymmetric_cm1.tolist(),
            "symmetric_cm1": self.symmetric_cm1.tolist(),
            "antisymmetric_slope": self.antisymmetric_slope.to_dict(),
            "symmetric_slope": self.symmetric_slope.to_dict(),
            "mean_distance_a": self.mean_distance_a.tolist(),
            "distance_spread_a": self.spread_a.tolist(),
            "levels_cm1": self.levels_cm1.tolist(),
            "first_transition_cm1": self.first_transition_cm1,
            "harmonic_cm1": self.harmonic_cm1,
            "probability_outside_scan": self.outside,
            "slope_from_mean_displacement_cm1_per_k": {
                "antisymmetric": self.linear_slopes_cm1_per_k[0],
                "symmetric": self.linear_slopes_cm1_per_k[1],
            },
            "slope_from_width_cm1_per_k": {
                "antisymmetric": self.quadratic_slopes_cm1_per_k[0],
                "symmetric": self.quadratic_slopes_cm1_per_k[1],
            },
            "warnings": list(self.warnings),
        }


def predict_from_scan(
    scan: MetalOxygenScan, temperatures_k: ArrayLike | None = None
) -> MetalOxygenPrediction:
    """Thermal means of the carboxylate bands over the metal-oxygen oscillator.

    The one-dimensional Schrödinger equation is solved along the mass-weighted arc length of the
    path with a discrete variable representation [Colbert1992]; levels are populated by Boltzmann
    factors and the band centres averaged over the squared wave functions.

    *Valid when* the metal-oxygen motion of one carboxylate is independent of its neighbours' and
    slower than the C-O stretches.

    Parameters
    ----------
    scan
        From `scan_metal_oxygen`.
    temperatures_k
        (t,), K; default -100 to 200 °C in steps of 50 K.

    Raises
    ------
    CalculationError
        If the scan has fewer than five points or does not enclose a minimum.

    """
    temperatures = slope_temperatures_k() if temperatures_k is None else np.asarray(temperatures_k)
    temperatures = np.array(temperatures, dtype=np.float64)
    s = scan.distances_a
    if len(s) < 5 or scan.energies_cm1.argmin() in (0, len(s) - 1):
        raise CalculationError(
            f"The scan of {len(s)} points does not enclose a minimum.",
            why="The energy must rise on both sides of the relaxed structure.",
            fix="Relax the structure further with a smaller --fmax.",
        )
    span = s[-1] - s[0]
    fine = np.linspace(s[0] - _GRID_MARGIN * span, s[-1] + _GRID_MARGIN * span, 2001)
    mass = np.interp(fine, s, scan.masses_amu)
    arc = mass_weighted_arc_length(fine, mass)
    grid = np.linspace(arc[0], arc[-1], _GRID_POINTS)
    distance = np.interp(grid, arc, fine)
    potential = _continued(s, scan.energies_cm1)(distance)
    levels = solve_dvr(potential, grid, 1.0)
    antisymmetric = _line_continued(s, scan.antisymmetric_cm1)
    symmetric = _line_continued(s, scan.symmetric_cm1)
    s0 = float(s[scan.equilibrium])
    outside = ((distance < s[0]) | (distance > s[-1])).astype(np.float64)

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.array(thermal_average(levels, values, temperatures).values)

    shift, square = mean(distance - s0), mean((distance - s0) ** 2)
    nu_a, nu_s = mean(antisymmetric(distance)), mean(symmetric(distance))
    missed = float(mean(outside).max())
    shift_slope = float(np.polyfit(temperatures, shift, 1)[0])
    square_slope = float(np.polyfit(temperatures, square, 1)[0])
    first = [_derivative(f, s0, 1, span) for f in (antisymmetric, symmetric)]
    second = [_derivative(f, s0, 2, span) for f in (antisymmetric, symmetric)]
    energies = np.asarray(levels.energies_cm1)
    bottom = float(potential.min())
    keep = energies - bottom < 10.0 * BOLTZMANN_CM1_PER_K * float(temperatures.max())
    warnings = list(scan.notes)
    if missed > OUTSIDE_LIMIT:
        warnings.append(
            f"{100 * missed:.1f} % of the thermal probability at the highest temperature lies "
            "outside the scanned range, where the energy is extrapolated."
        )
    harmonic = _harmonic(scan)
    if harmonic > _STIFFEST_CM1:
        warnings.append(
            f"At {harmonic:.0f} cm⁻¹ this is no metal-oxygen stretch: with these motions "
            "following, the distance changes by way of stiffer bonds."
        )
    return MetalOxygenPrediction(
        temperatures_k=temperatures,
        antisymmetric_cm1=nu_a,
        symmetric_cm1=nu_s,
        antisymmetric_slope=band_slope(temperatures, nu_a),
        symmetric_slope=band_slope(temperatures, nu_s),
        mean_distance_a=s0 + shift,
        spread_a=np.sqrt(np.maximum(square - shift**2, 0.0)),
        levels_cm1=energies[keep] - bottom,
        first_transition_cm1=float(energies[1] - energies[0]),
        harmonic_cm1=harmonic,
        outside=missed,
        linear_slopes_cm1_per_k=(first[0] * shift_slope, first[1] * shift_slope),
        quadratic_slopes_cm1_per_k=(
            0.5 * second[0] * square_slope,
            0.5 * second[1] * square_slope,
        ),
        warnings=tuple(warnings),
    )


def _spline(s: NDArray[np.float64], values: NDArray[np.float64]) -> BSpline:
    """Interpolating spline of degree five, of three, or a parabola, as the points allow."""
    return make_interp_spline(s, values, k=5 if len(s) > 6 else min(3, len(s) - 1))


def _continued(s: NDArray[np.float64], energies: NDArray[np.float64]) -> _Curve:
    """Spline through the energies, continued by parabolas that open upwards."""
    inside = _spline(s, energies)

    def curve(x: NDArray[np.float64]) -> NDArray[np.float64]:
        result = np.array(inside(np.clip(x, s[0], s[-1])), dtype=np.float64)
        for end, outward in ((s[0], -1.0), (s[-1], 1.0)):
            beyond = np.maximum(outward * (x - end), 0.0)
            slope = max(outward * float(inside(end, 1)), 0.0)
            bend = max(float(inside(end, 2)), 0.0)
            result += slope * beyond + 0.5 * bend * beyond**2
        return result

    return curve


def _line_continued(s: NDArray[np.float64], values: NDArray[np.float64]) -> _Curve:
    """Spline through the values that are there, continued by straight lines."""
    known = np.isfinite(values)
    inside = _spline(s[known], values[known])
    low, high = s[known][[0, -1]]

    def curve(x: NDArray[np.float64]) -> NDArray[np.float64]:
        near = np.clip(x, low, high)
        return np.asarray(inside(near) + inside(near, 1) * (x - near), dtype=np.float64)

    return curve


def _derivative(curve: _Curve, at: float, order: int, span: float) -> float:
    """First or second derivative by central differences over a hundredth of the range."""
    step = 0.01 * span
    low, middle, high = curve(np.array([at - step, at, at + step]))
    if order == 1:
        return float((high - low) / (2.0 * step))
    return float((high - 2.0 * middle + low) / step**2)


def _harmonic(scan: MetalOxygenScan) -> float:
    """Harmonic wavenumber at the minimum, cm⁻¹: √(2 B V''/m) with B = ħ²/(2 u Å²)."""
    curvature = float(
        _spline(scan.distances_a, scan.energies_cm1)(scan.distances_a[scan.equilibrium], 2)
    )
    mass = float(scan.masses_amu[scan.equilibrium])
    return float(np.sqrt(max(2.0 * HBAR2_OVER_2U_A2_CM1 * curvature / mass, 0.0)))
