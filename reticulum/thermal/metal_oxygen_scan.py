"""Scan of the metal-oxygen distance of the carboxylates, with their bands at every point."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.carboxylates import Carboxylate, require_carboxylates
from reticulum.phonons.gamma import GammaPhonons
from reticulum.phonons.run import Run
from reticulum.thermal.band_tracking import (
    BandPositions,
    TrackedModes,
    band_positions,
    displaced_structures,
    hessian_columns,
    mode_displacements,
)
from reticulum.thermal.free_motions import Follow, free_motions
from reticulum.thermal.metal_oxygen import MetalOxygenScan
from reticulum.thermal.relaxed_path import Coordinate, PathPoint, relaxed_points
from reticulum.units import EV_TO_CM1

if TYPE_CHECKING:
    from ase import Atoms


#: Energy up to which the scan goes, cm⁻¹ per carboxylate: about 6 k_B T at 200 °C, so that under
#: 1 % of the thermal probability lies outside.
SCAN_ENERGY_CM1 = 2000.0

#: Points on each side of the minimum at which the harmonic energy would reach that limit.
POINTS_PER_SIDE = 4

#: Most points on a side (a soft side goes on until the energy is reached).
MOST_POINTS_PER_SIDE = 7

#: On each side the bands are computed at this many points at least.
_FEWEST_BANDS_ON_A_SIDE = 2

#: Largest displacement of an atom along a tracked mode, Å. At 0.01 Å the quartic part of the C-O
#: potential lifts the antisymmetric band by 0.8 cm⁻¹ all along a scan, at 0.005 Å by 0.2 cm⁻¹.
MODE_DISPLACEMENT_A = 0.005


def metal_oxygen_coordinate(atoms: Atoms, carboxylates: tuple[Carboxylate, ...]) -> Coordinate:
    """Mean metal-oxygen distance of carboxylates as a function of the positions (fixed cell).

    Parameters
    ----------
    atoms
        The structure whose images the carboxylates refer to.
    carboxylates
        From `reticulum.frameworks.carboxylates.find_carboxylates`.

    Raises
    ------
    InputError
        If no carboxylate binds a metal.

    """
    cell = np.array(atoms.cell[:])
    bonds = [
        (metal.index, oxygen.index, np.subtract(metal.shift, oxygen.shift) @ cell)
        for carboxylate in carboxylates
        for oxygen, metals in zip(carboxylate.oxygens, carboxylate.metals, strict=True)
        for metal in metals
    ]
    if not bonds:
        raise InputError(
            "No carboxylate of this structure binds a metal.",
            why="The metal-oxygen oscillator needs a metal-oxygen bond.",
            fix="Check the structure, or use --methods two-state.",
        )
    metal = np.array([bond[0] for bond in bonds])
    oxygen = np.array([bond[1] for bond in bonds])
    shift = np.array([bond[2] for bond in bonds])

    def coordinate(positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        apart = positions[metal] + shift - positions[oxygen]
        lengths = np.linalg.norm(apart, axis=1)
        unit = apart / lengths[:, None] / len(lengths)
        gradient = np.zeros_like(positions)
        np.add.at(gradient, metal, unit)
        np.add.at(gradient, oxygen, -unit)
        return float(lengths.mean()), gradient

    return coordinate


def scan_metal_oxygen(
    run: Run, phonons: GammaPhonons, tracked: TrackedModes, *, follow: Follow = Follow.STIFFER
) -> MetalOxygenScan:
    """Scan of the metal-oxygen distance with the carboxylate bands at every point.

    All force calculations go through the run's store: a scan that was killed goes on from there.

    Parameters
    ----------
    run
        An open run.
    phonons
        Its Gamma phonons.
    tracked
        The carboxylate modes to follow.
    follow
        Which motions follow the distance.

    Raises
    ------
    InputError
        If the structure has no carboxylate that binds a metal.
    CalculationError
        If a point does not converge.

    """
    atoms = phonons.atoms
    carboxylates = require_carboxylates(atoms)
    coordinate = metal_oxygen_coordinate(atoms, carboxylates)
    start, gradient = coordinate(np.array(atoms.positions))
    free = free_motions(phonons, gradient, follow)
    displacements = free.displacements
    along = displacements.T @ gradient.ravel()
    reduced = displacements.T @ phonons.hessian_ev_a2 @ displacements
    stiffness = 1.0 / float(along @ np.linalg.solve(reduced, along))
    if stiffness <= 0:
        raise CalculationError(
            "The relaxed structure is not a minimum along the metal-oxygen distance.",
            why=f"Its curvature there is {stiffness:.2f} eV/Å².",
            fix="Relax it further with a smaller --fmax.",
        )
    limit_ev = SCAN_ENERGY_CM1 * len(carboxylates) / EV_TO_CM1
    step = float(np.sqrt(2.0 * limit_ev / stiffness)) / POINTS_PER_SIDE
    levels = np.arange(1, MOST_POINTS_PER_SIDE + 1) * step
    points = relaxed_points(
        atoms,
        run.runner,
        coordinate,
        displacements=displacements,
        hessian_ev_a2=np.array(phonons.hessian_ev_a2),
        targets_a=[(start + levels).tolist(), (start - levels).tolist()],
        energy_limit_ev=limit_ev,
        kind="metal-oxygen-scan",
    )
    equilibrium = int(np.abs([point.coordinate_a - start for point in points]).argmin())
    bands, n_band_calls = _bands_along(
        run, phonons, tracked, points, places_of_bands(len(points), equilibrium)
    )
    return _scan_result(
        phonons,
        tracked,
        carboxylates,
        points,
        bands=bands,
        start=start,
        n_band_calls=n_band_calls,
        follow=follow,
        held_cm1=free.held_cm1,
    )


def places_of_bands(n_points: int, equilibrium: int) -> tuple[int, ...]:
    """Points at which the bands are computed: every second one, counted from the equilibrium.

    Bands change more smoothly than the energy: on HKUST-1 the slopes from every second point of
    ten differ by 2e-5 cm⁻¹/K from those of all. Short scans get all their points.

    Parameters
    ----------
    n_points
        Points of the scan.
    equilibrium
        Index of the relaxed structure.

    """
    sides = equilibrium, n_points - 1 - equilibrium
    step = 2 if min(sides) >= 2 * _FEWEST_BANDS_ON_A_SIDE else 1
    return tuple(range(equilibrium % step, n_points, step))


def _bands_along(
    run: Run,
    phonons: GammaPhonons,
    tracked: TrackedModes,
    points: tuple[PathPoint, ...],
    places: tuple[int, ...],
) -> tuple[dict[int, BandPositions], int]:
    masses = phonons.atoms.get_masses()
    moves = mode_displacements(tracked, phonons.symmetry, masses, MODE_DISPLACEMENT_A)
    structures = [
        structure
        for place in places
        for structure in displaced_structures(phonons.atoms, points[place].positions_a, moves)
    ]
    found = run.runner.evaluate(structures, kind="scan-bands")
    per_point = len(structures) // len(places)
    bands = {}
    for number, place in enumerate(places):
        part = found[number * per_point : (number + 1) * per_point]
        columns = hessian_columns(
            tracked,
            phonons.symmetry,
            masses,
            moves,
            forces_at_rest=points[place].forces_ev_a,
            forces=[entry.result.forces_ev_per_a for entry in part],
        )
        bands[place] = band_positions(tracked, columns)
    return bands, len(structures)


def _scan_result(
    phonons: GammaPhonons,
    tracked: TrackedModes,
    carboxylates: tuple[Carboxylate, ...],
    points: tuple[PathPoint, ...],
    *,
    bands: dict[int, BandPositions],
    start: float,
    n_band_calls: int,
    follow: Follow,
    held_cm1: tuple[float, ...],
) -> MetalOxygenScan:
    distances = np.array([point.coordinate_a for point in points])
    equilibrium = int(np.abs(distances - start).argmin())
    n_units = len(carboxylates)
    energies = np.array([point.energy_ev for point in points])
    energies = (energies - energies[equilibrium]) * EV_TO_CM1 / n_units
    geometry = _geometry_along(phonons.atoms, carboxylates, points)

    def along(value: Callable[[BandPositions], float]) -> NDArray[np.float64]:
        found = [bands.get(number) for number in range(len(points))]
        return np.array([np.nan if band is None else value(band) for band in found])

    return MetalOxygenScan(
        distances_a=distances,
        energies_cm1=energies,
        masses_amu=_path_masses(phonons.atoms.get_masses(), points) / n_units,
        antisymmetric_cm1=along(lambda band: band.antisymmetric_cm1),
        symmetric_cm1=along(lambda band: band.symmetric_cm1),
        strongest_antisymmetric_cm1=along(
            lambda band: float(band.wavenumbers_cm1[band.antisymmetric_weights.argmax()])
        ),
        strongest_symmetric_cm1=along(
            lambda band: float(band.wavenumbers_cm1[band.symmetric_weights.argmax()])
        ),
        metal_metal_a=geometry[0],
        carbon_oxygen_a=geometry[1],
        angle_deg=geometry[2],
        n_carboxylates=n_units,
        n_bonds=sum(len(m) for c in carboxylates for m in c.metals),
        n_calls=sum(point.n_calls for point in points) + n_band_calls,
        equilibrium=equilibrium,
        tracked=tuple(
            (label, float(phonons.wavenumbers_cm1[list(members)].mean()))
            for label, members in zip(tracked.labels, tracked.sets, strict=True)
        ),
        follow=follow.value,
        held_cm1=held_cm1,
        space_group=phonons.symmetry.symbol,
        notes=tuple(
            f"The scan ends at {distances[end]:.3f} Å, {energies[end]:.0f} cm⁻¹ above the minimum, "
            f"before it reaches {SCAN_ENERGY_CM1:.0f} cm⁻¹."
            for end in (0, -1)
            if energies[end] < SCAN_ENERGY_CM1
        ),
    )


def _path_masses(
    masses_amu: NDArray[np.float64], points: tuple[PathPoint, ...]
) -> NDArray[np.float64]:
    """Σ_i m_i |dx_i/ds|² at each point, u, from a spline through the positions."""
    distances = np.array([point.coordinate_a for point in points])
    positions = np.array([point.positions_a for point in points])
    tangents = CubicSpline(distances, positions, axis=0)(distances, 1)
    # A uniform drift of the whole crystal is no motion of the oscillator.
    drift = np.einsum("a,kax->kx", masses_amu, tangents) / masses_amu.sum()
    result: NDArray[np.float64] = np.einsum(
        "a,kax->k", masses_amu, (tangents - drift[:, None, :]) ** 2
    )
    return result


def _geometry_along(
    atoms: Atoms, carboxylates: tuple[Carboxylate, ...], points: tuple[PathPoint, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean M···M distance of metals sharing a carboxylate, mean C-O distance and O-C-O angle."""
    cell = np.array(atoms.cell[:])
    pairs: list[tuple[int, int, NDArray[np.float64]]] = []
    arms: list[list[tuple[int, NDArray[np.float64]]]] = []
    for group in carboxylates:
        sites = group.bound_metals
        pairs.extend(
            (a.index, b.index, np.subtract(b.shift, a.shift) @ cell)
            for number, a in enumerate(sites)
            for b in sites[number + 1 :]
        )
        arms.append([(o.index, np.asarray(o.shift) @ cell) for o in group.oxygens])
    metal_metal, carbon_oxygen, angles = [], [], []
    for point in points:
        x = point.positions_a
        spans = [np.linalg.norm(x[j] + shift - x[i]) for i, j, shift in pairs]
        metal_metal.append(float(np.mean(spans)) if spans else float("nan"))
        lengths: list[float] = []
        openings: list[float] = []
        for group, ((i, shift_i), (j, shift_j)) in zip(carboxylates, arms, strict=True):
            left = x[i] + shift_i - x[group.carbon]
            right = x[j] + shift_j - x[group.carbon]
            size = float(np.linalg.norm(left)), float(np.linalg.norm(right))
            lengths += size
            openings.append(np.degrees(np.arccos(left @ right / (size[0] * size[1]))))
        carbon_oxygen.append(float(np.mean(lengths)))
        angles.append(float(np.mean(openings)))
    return np.array(metal_metal), np.array(carbon_oxygen), np.array(angles)
