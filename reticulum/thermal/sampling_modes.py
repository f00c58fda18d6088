"""Drawn, following and held modes of a crystal, and the crystals that draws make of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reticulum.thermal.local_frames import LocalFrames, turned_pattern
from reticulum.thermal.soft_wells import SoftWell
from reticulum.thermal.stiff_relaxation import ModeSpace, StiffStart
from reticulum.thermal.thermal_draws import thermal_amplitudes
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Steps (midpoint rule) of the path of a draw. A unit that turns by 1 rad comes out within 1e-3 Å.
_PATH_STEPS = 8

#: Largest displacement of an atom for the curvature of a path, Å.
_CURVATURE_STEP_A = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnModes:
    """Modes of a crystal sorted by what a draw does to them.

    Parameters
    ----------
    space
        All modes.
    drawn
        (m,) indices of the modes that are drawn.
    wavenumbers_cm1
        (m,) wavenumbers that decide their amplitudes, cm⁻¹; of modes in a well those at its
        centre, which decide nothing.
    symmetric
        Indices into `drawn` of the totally symmetric ones that are minima.
    set_of_drawn
        (m,) number, from zero, of the degenerate set of each drawn mode.
    sets
        (n_sets,) numbers of these sets in the table of modes.
    free
        (3n,) whether each mode follows.
    held_cm1
        Wavenumbers of the modes that are neither drawn nor follow (translations excluded), cm⁻¹.
    wells
        (m,) well of each drawn mode that has no harmonic distribution, None for the others.

    """

    space: ModeSpace
    drawn: NDArray[np.int64]
    wavenumbers_cm1: NDArray[np.float64]
    symmetric: NDArray[np.int64]
    set_of_drawn: NDArray[np.int64]
    sets: NDArray[np.int64]
    free: NDArray[np.bool_]
    held_cm1: tuple[float, ...]
    wells: tuple[SoftWell | None, ...]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if len(self.wells) != len(self.drawn):
            raise ValueError("every drawn mode has a well or none")
        if not self.wavenumbers_cm1.shape == self.set_of_drawn.shape == self.drawn.shape:
            raise ValueError("every drawn mode needs a wavenumber and a set")
        if self.free.shape != self.space.eigenvalues.shape or self.free[self.drawn].any():
            raise ValueError("a mode is either drawn or free")
        for array in (
            self.drawn,
            self.wavenumbers_cm1,
            self.symmetric,
            self.set_of_drawn,
            self.sets,
            self.free,
        ):
            array.setflags(write=False)

    @property
    def partners(self) -> NDArray[np.int64]:
        """Number of modes of each set, (n_sets,)."""
        return np.bincount(self.set_of_drawn, minlength=len(self.sets))

    @property
    def set_wavenumbers_cm1(self) -> NDArray[np.float64]:
        """Wavenumber of each set, (n_sets,), cm⁻¹."""
        first = np.unique(self.set_of_drawn, return_index=True)[1]
        return self.wavenumbers_cm1[first]

    def over_sets(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums over the modes of each set, (n, n_sets).

        Parameters
        ----------
        values
            (n, m) of the drawn modes.

        """
        member = self.set_of_drawn[:, None] == np.arange(len(self.sets))
        found: NDArray[np.float64] = values @ member
        return found

    def amplitudes(self, temperatures_k: NDArray[np.float64]) -> NDArray[np.float64]:
        """Root mean square amplitudes of the drawn modes, (n_temperatures, m), Å√u."""
        found = np.zeros((len(temperatures_k), len(self.drawn)))
        gauss = self._harmonic
        found[:, gauss] = thermal_amplitudes(self.wavenumbers_cm1[gauss], temperatures_k)
        for place, well in self._in_wells:
            found[:, place] = [well.root_mean_square(float(t)) for t in temperatures_k]
        return found

    def coordinates(
        self, normals: NDArray[np.float64], temperatures_k: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Normal coordinates of draws, (n_temperatures, ..., m), Å√u.

        Parameters
        ----------
        normals
            (..., m) unit normals.
        temperatures_k
            (n_temperatures,), K.

        """
        widths = self.amplitudes(temperatures_k)
        found = np.array([width * normals for width in widths])
        for place, well in self._in_wells:
            for number, temperature in enumerate(temperatures_k):
                found[number, ..., place] = well.amplitudes(normals[..., place], float(temperature))
        return found

    @property
    def _harmonic(self) -> NDArray[np.bool_]:
        """Marks the drawn modes that are minima, (m,)."""
        return np.array([well is None for well in self.wells], dtype=bool)

    @property
    def _in_wells(self) -> list[tuple[int, SoftWell]]:
        """Place among the drawn modes and well of each of the others."""
        return [(place, well) for place, well in enumerate(self.wells) if well is not None]

    def _stiffness(self) -> NDArray[np.float64]:
        """Curvatures of the drawn modes, (m,), eV/(u Å²); zero for those in wells."""
        found: NDArray[np.float64] = np.where(
            self._harmonic, (self.wavenumbers_cm1 / SQRT_EV_PER_U_A2_TO_CM1) ** 2, 0.0
        )
        return found

    def twice_kinetic_energies_ev(self, temperatures_k: NDArray[np.float64]) -> NDArray[np.float64]:
        """⟨q̇²⟩ of the drawn modes, (n_temperatures, m), eV; that of a minimum is ω²⟨q²⟩.

        Parameters
        ----------
        temperatures_k
            (n_temperatures,), K.

        """
        found: NDArray[np.float64] = self._stiffness() * self.amplitudes(temperatures_k) ** 2
        for place, well in self._in_wells:
            found[:, place] = [well.twice_kinetic_energy_ev(float(t)) for t in temperatures_k]
        return found

    def straight(
        self, positions_a: NDArray[np.float64], coordinates: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Positions, (n, 3), Å, with the drawn modes moved in straight lines.

        Parameters
        ----------
        positions_a
            (n, 3) at rest, Å.
        coordinates
            (m,) of the drawn modes, Å√u.

        """
        return positions_a + self._displacement(coordinates)

    def start(
        self,
        frames: LocalFrames,
        coordinates: NDArray[np.float64],
        inertial_ev_a: NDArray[np.float64],
    ) -> StiffStart:
        """Crystal with the drawn modes moved along paths that turn with the atoms.

        dx = R(x) v dq with the rotations R of the surroundings of each atom: a unit that librates
        turns as a whole. The other modes relax in directions that have turned likewise.

        Parameters
        ----------
        frames
            Frames of the crystal at rest.
        coordinates
            (m,) of the drawn modes, Å√u.
        inertial_ev_a
            (n, 3) mean inertial force in these frames, eV/Å, from `inertial_forces`.

        """
        step = self._displacement(coordinates / _PATH_STEPS)
        place = np.array(frames.positions_a)
        for _ in range(_PATH_STEPS):
            middle = place + 0.5 * turned_pattern(frames.rotations(place), step)
            place = place + turned_pattern(frames.rotations(middle), step)
        turned = frames.rotations(place)
        space = replace(
            self.space,
            rotations=turned,
            # What is subtracted from all forces; the inertial force is added by it.
            forces_at_rest=self.space.forces_at_rest - turned_pattern(turned, inertial_ev_a),
        )
        return StiffStart(positions_a=place, free=np.array(self.free), space=space)

    def inertial_forces(
        self, frames: LocalFrames, temperatures_k: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Mean inertial force of motion along curved paths, (n_temperatures, n, 3), eV/Å.

        -√m Σ_j ⟨q̇_j²⟩ d(R v_j)/dq_j: the centrifugal force of units that librate, which stretches
        their bonds. Motion in straight lines has none.

        Parameters
        ----------
        frames
            Frames of the crystal at rest.
        temperatures_k
            (n_temperatures,), K.

        """
        energies = self.twice_kinetic_energies_ev(temperatures_k)
        roots = np.sqrt(self.space.masses_amu)[:, None]
        curvatures = []
        for number, mode in enumerate(self.drawn):
            pattern = self.space.vectors[:, mode].reshape(-1, 3)
            size = _CURVATURE_STEP_A / float(np.linalg.norm(pattern / roots, axis=1).max())
            coordinates = np.zeros(len(self.drawn))
            coordinates[number] = size
            move = self._displacement(coordinates)
            ends = [frames.rotations(frames.positions_a + sign * move) for sign in (1.0, -1.0)]
            curvatures.append(turned_pattern((ends[0] - ends[1]) / (2.0 * size), pattern))
        result: NDArray[np.float64] = -roots * np.einsum("tj,jax->tax", energies, curvatures)
        return result

    def _displacement(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        amplitudes = np.zeros(len(self.free))
        amplitudes[self.drawn] = coordinates
        return self.space.displacement_a(amplitudes)

    def inertial_mode_forces(self, inertial_ev_a: NDArray[np.float64]) -> NDArray[np.float64]:
        """Inertial forces on all modes, (3n,), eV/(Å√u), of (n, 3) in turning frames, eV/Å."""
        found: NDArray[np.float64] = self.space.vectors.T @ (
            inertial_ev_a.ravel() / self.space.roots
        )
        return found

    def virials(
        self,
        normals: NDArray[np.float64],
        forces: NDArray[np.float64],
        temperature_k: float,
    ) -> NDArray[np.float64]:
        """Σ z ∂E/∂z over the modes of each set, in units of ⟨q̇²⟩, (n_sets,).

        E is the energy beyond that of the modes by themselves, ½λq² or that of the well.

        Parameters
        ----------
        normals
            (m,) unit normals z of the draw, with their sign.
        forces
            (m,) on the drawn modes, eV/(Å√u).
        temperature_k
            K.

        """
        at = np.array([temperature_k])
        coordinates = self.coordinates(normals, at)[0]
        beyond = -forces - self._stiffness() * coordinates
        stretches = self.amplitudes(at)[0]
        for place, well in self._in_wells:
            beyond[place] -= float(well.pulls(coordinates[place]))
            stretches[place] = float(well.stretches(normals[place], temperature_k))
        each = normals * stretches * beyond / self.twice_kinetic_energies_ev(at)[0]
        found: NDArray[np.float64] = self.over_sets(each[None, :])[0]
        return found

    def single_energies_ev(self, coordinates: NDArray[np.float64]) -> tuple[float, float]:
        """Energy of the drawn modes, each by itself, and ½ Σ q dV/dq, eV.

        The second has the mean of the kinetic energy (virial theorem) and is positive on average
        where the first, in wells, need not be; for minima both are equal.

        Parameters
        ----------
        coordinates
            (m,) of the drawn modes, Å√u.

        """
        energy = virial = 0.5 * float(self._stiffness() @ coordinates**2)
        for place, well in self._in_wells:
            energy += float(well.energies_ev(coordinates[place]))
            virial += 0.5 * float(coordinates[place] * well.pulls(coordinates[place]))
        return energy, virial
