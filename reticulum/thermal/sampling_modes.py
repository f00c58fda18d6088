"""Which modes are drawn, which follow, which are held, and the crystals that draws make of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.phonons.modes import ModeTable
from reticulum.thermal.local_frames import LocalFrames, turned_pattern
from reticulum.thermal.stiff_relaxation import ModeSpace, StiffStart
from reticulum.thermal.thermal_draws import thermal_amplitudes
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Modes softer than this are not drawn from a harmonic distribution, cm⁻¹. At 473 K a mode of
#: 10 cm⁻¹ and 12 u spreads over 0.9 Å: no parabola holds that far.
SOFTEST_CM1 = 10.0

#: Steps (midpoint rule) of the path of a draw. A unit that turns by 1 rad comes out within 1e-3 Å.
_PATH_STEPS = 8

#: Largest displacement of an atom for the curvature of a path, Å.
_CURVATURE_STEP_A = 0.01

#: Share of a mode in the totally symmetric space from which it belongs there.
_SYMMETRIC_SHARE = 0.5


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
        (m,) wavenumbers that decide their amplitudes, cm⁻¹.
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

    """

    space: ModeSpace
    drawn: NDArray[np.int64]
    wavenumbers_cm1: NDArray[np.float64]
    symmetric: NDArray[np.int64]
    set_of_drawn: NDArray[np.int64]
    sets: NDArray[np.int64]
    free: NDArray[np.bool_]
    held_cm1: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
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
        """Standard deviations of the drawn modes, (n_temperatures, m), Å√u."""
        return thermal_amplitudes(self.wavenumbers_cm1, temperatures_k)

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

        -√m Σ_j ⟨q̇_j²⟩ d(R v_j)/dq_j, with ⟨q̇²⟩ = ω² ⟨q²⟩: the centrifugal force of units that
        librate, which stretches their bonds. Motion in straight lines has none.

        Parameters
        ----------
        frames
            Frames of the crystal at rest.
        temperatures_k
            (n_temperatures,), K.

        """
        stiffness = (self.wavenumbers_cm1 / SQRT_EV_PER_U_A2_TO_CM1) ** 2
        energies = stiffness * self.amplitudes(temperatures_k) ** 2
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
        coordinates: NDArray[np.float64],
        forces: NDArray[np.float64],
        amplitudes: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Σ q (-F - λq)/λ⟨q²⟩ over the modes of each set, (n_sets,).

        Parameters
        ----------
        coordinates
            (m,) of the drawn modes, Å√u.
        forces
            (m,) on the drawn modes, eV/(Å√u).
        amplitudes
            (m,) their standard deviations, Å√u.

        """
        stiffness = (self.wavenumbers_cm1 / SQRT_EV_PER_U_A2_TO_CM1) ** 2
        each = coordinates * (-forces - stiffness * coordinates) / (stiffness * amplitudes**2)
        found: NDArray[np.float64] = self.over_sets(each[None, :])[0]
        return found

    def harmonic_energy_ev(self, coordinates: NDArray[np.float64]) -> float:
        """Energy of the harmonic modes that are drawn from, eV."""
        stiffness = (self.wavenumbers_cm1 / SQRT_EV_PER_U_A2_TO_CM1) ** 2
        return float(0.5 * stiffness @ coordinates**2)


def choose_modes(
    table: ModeTable,
    forces_at_rest: NDArray[np.float64],
    *,
    limit_cm1: float,
    effective_cm1: float | None = None,
    like_minima: bool = False,
) -> DrawnModes:
    """Modes to be drawn: all below a limit that are minima.

    Imaginary modes and those below `SOFTEST_CM1` have no harmonic distribution; they are held at
    rest unless the user states an effective wavenumber for them.

    Parameters
    ----------
    table
        From `mode_table` and `kept_modes`.
    forces_at_rest
        (n, 3), eV/Å.
    limit_cm1
        Modes below are drawn, cm⁻¹.
    effective_cm1
        Wavenumber that gives imaginary and too soft modes a width, cm⁻¹.
    like_minima
        Give these modes the width of a minimum of the same wavenumber without its sign instead
        (`SOFTEST_CM1` at least): no physics, but it shows whether they matter.

    Raises
    ------
    CalculationError
        If no mode is to be drawn.

    """
    labels, phonons = table.labels, table.phonons
    wavenumbers = np.array(labels.mode_wavenumbers_cm1)
    acoustic = labels.acoustic[labels.set_of_mode]
    masses = phonons.atoms.get_masses()
    eigenvalues = np.sign(wavenumbers) * (wavenumbers / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    vectors = np.array(labels.eigenvectors)
    too_soft = ~acoustic & (wavenumbers < SOFTEST_CM1)
    soft = ~acoustic & ~too_soft & (wavenumbers < limit_cm1)
    chosen = soft | too_soft if like_minima or effective_cm1 is not None else soft
    drawn = np.flatnonzero(chosen)
    if not len(drawn):
        raise CalculationError(
            f"No mode lies between {SOFTEST_CM1:.0f} and {limit_cm1:.0f} cm⁻¹.",
            why="Nothing can be drawn.",
            fix="Raise the limit of the soft modes.",
        )
    widths = wavenumbers[drawn]
    if like_minima:
        widths = np.maximum(np.abs(widths), SOFTEST_CM1)
    elif effective_cm1 is not None:
        widths = np.where(too_soft[drawn], effective_cm1, widths)
    symmetric_space, _ = np.linalg.qr(
        np.sqrt(np.repeat(masses, 3))[:, None] * phonons.symmetry.symmetric_displacements()
    )
    chosen_sets, set_of_drawn = np.unique(labels.set_of_mode[drawn], return_inverse=True)
    share = ((symmetric_space.T @ vectors[:, drawn]) ** 2).sum(axis=0)
    return DrawnModes(
        space=ModeSpace(
            vectors=vectors,
            eigenvalues=eigenvalues,
            masses_amu=masses,
            forces_at_rest=forces_at_rest,
        ),
        drawn=drawn,
        wavenumbers_cm1=widths,
        symmetric=np.flatnonzero((share > _SYMMETRIC_SHARE) & soft[drawn]),
        set_of_drawn=set_of_drawn.astype(np.int64),
        sets=chosen_sets,
        free=~acoustic & ~too_soft & ~soft,
        held_cm1=tuple(float(w) for w in wavenumbers[too_soft & ~chosen]),
    )
