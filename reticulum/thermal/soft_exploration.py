"""What is known along each soft mode, and which amplitude is needed next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.probe import SYMMETRY_NOISE_EV_PER_A
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run
from reticulum.thermal.adiabatic import harmonic_amplitude, soft_average
from reticulum.thermal.band_space import POSITIONS, BandSpace
from reticulum.thermal.carboxylate_bands import carboxylate_band_space
from reticulum.thermal.displaced_bands import BAND_DISPLACEMENT_A
from reticulum.thermal.local_frames import LocalFrames, local_frames
from reticulum.thermal.rest_bands import obeyed_symmetry
from reticulum.thermal.soft_sets import SoftSet
from reticulum.thermal.soft_states import SoftCourse
from reticulum.thermal.stiff_relaxation import MOST_STEPS, ModeSpace, StiffRelaxed
from reticulum.units import EV_TO_CM1, SQRT_EV_PER_U_A2_TO_CM1

if TYPE_CHECKING:
    from ase import Atoms

#: Temperature whose root mean square amplitude the first displacement takes, K. A band shift at
#: ±√<q²> is its harmonic mean up to fourth order (two-point Gauss-Hermite quadrature).
BASE_TEMPERATURE_K = 298.15

#: An amplitude serves as the base if it is that close to the root mean square one (ratio).
_CLOSE = 1.2

#: Largest displacement of an atom with which an imaginary mode is first tried, and with which any
#: mode is tried at once, Å.
_FIRST_TRY_A = 0.1
_LARGEST_TRY_A = 0.4

#: Amplitudes closer than this part of them are one.
_EQUAL = 0.05

#: Forces at rest that symmetry forbids count as a property of the calculator above this size, eV/Å;
#: below it they are the convergence of a calculator that keeps the symmetry.
FORBIDDEN_EV_A = SYMMETRY_NOISE_EV_PER_A["float64"]

#: Force calculations after which a geometry is given up, for calculators whose forces are noisy:
#: 141 of MOF-5 with 7net-0 took 3.7 each, 12 at most.
_MOST_STEPS_WITH_NOISE = 12

#: From one amplitude to the next the path goes no further outwards than by this factor.
_LARGEST_STRIDE = 1.7

#: Deviation of the energy from ½λq² from which a mode is anharmonic: its energy is then computed
#: at a larger amplitude too.
ANHARMONIC = 0.10

#: The outermost amplitude is at least this many times the base.
_LEAST_OUTER = 1.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftWorkspace:
    """What all soft modes of one crystal share.

    Parameters
    ----------
    run
        Open run whose store keeps all forces.
    table
        Modes of the crystal.
    space
        Modes in which geometries relax.
    totally_symmetric
        (m,) marks the totally symmetric modes.
    bands
        Tracked carboxylate modes.
    frames
        Frames that turn with the atoms.
    energy_at_rest_ev
        Energy of the crystal at rest, eV.
    seconds_per_call
        Wall time that a calculation is likely to take, s.
    warmest_k
        Upper end of the window of temperature, K.
    asymmetry_ev_a
        Largest force at rest that the symmetry of the crystal forbids, eV/Å.
    forces_at_rest
        (n, 3) forces at rest as the calculator gives them, eV/Å.
    obeyed
        Operations of the crystal that the calculator obeys.
    single_precision
        Whether the calculator computes in single precision.

    """

    run: Run
    table: ModeTable
    space: ModeSpace
    totally_symmetric: NDArray[np.bool_]
    bands: BandSpace
    frames: LocalFrames
    energy_at_rest_ev: float
    seconds_per_call: float
    warmest_k: float
    asymmetry_ev_a: float
    forces_at_rest: NDArray[np.float64]
    obeyed: CrystalSymmetry
    single_precision: bool

    @property
    def is_asymmetric(self) -> bool:
        """Whether the calculator breaks the symmetry of the crystal noticeably.

        Then what breaks it at rest is subtracted from the forces that relax a geometry, as far as
        the geometry has not the symmetry to forbid it: otherwise each would relax towards the
        distorted crystal that the calculator prefers, while the crystal at rest stays where it is.
        For the bands the forces at the geometry are computed as well and subtracted: what breaks
        the symmetry would count as a curvature.
        """
        return self.asymmetry_ev_a > FORBIDDEN_EV_A

    @property
    def is_noisy(self) -> bool:
        """Whether the forces are less exact than those of a converged double-precision one."""
        return self.single_precision or self.is_asymmetric

    @property
    def most_steps(self) -> int:
        """Force calculations after which a geometry is given up."""
        return _MOST_STEPS_WITH_NOISE if self.is_noisy else MOST_STEPS

    @property
    def band_displacement_a(self) -> float:
        """Largest displacement of an atom for the Hessian columns of the bands, Å.

        In single precision that of the phonons, which the card of the calculator names.
        """
        card = self.run.engine.card
        return card.displacement_a if self.single_precision else BAND_DISPLACEMENT_A

    @property
    def atoms(self) -> Atoms:
        """The crystal at rest."""
        return self.table.phonons.atoms


def soft_workspace(run: Run, table: ModeTable, warmest_k: float) -> SoftWorkspace:
    """What all soft modes share, with the calculation of the crystal at rest.

    Parameters
    ----------
    run
        An open run.
    table
        Its modes.
    warmest_k
        Upper end of the window of temperature, K.

    """
    phonons, labels = table.phonons, table.labels
    at_rest = run.runner.evaluate([phonons.atoms], kind="reference", show=False)[0]
    forces = np.array(at_rest.result.forces_ev_per_a)
    allowed = phonons.symmetry.symmetrise_vectors(forces)
    asymmetry = float(np.abs(forces - allowed).max())
    wavenumbers = labels.mode_wavenumbers_cm1
    symmetric = phonons.symmetry.symmetric_displacements()
    roots = np.sqrt(np.repeat(phonons.atoms.get_masses(), 3))
    basis, _ = np.linalg.qr(roots[:, None] * symmetric)
    share = ((basis.T @ labels.eigenvectors) ** 2).sum(axis=0)
    acoustic = np.repeat(labels.acoustic, labels.dimensions)
    return SoftWorkspace(
        run=run,
        table=table,
        space=ModeSpace(
            vectors=np.array(labels.eigenvectors),
            eigenvalues=np.sign(wavenumbers) * (wavenumbers / SQRT_EV_PER_U_A2_TO_CM1) ** 2,
            masses_amu=phonons.atoms.get_masses(),
            forces_at_rest=allowed if asymmetry > FORBIDDEN_EV_A else forces,
        ),
        totally_symmetric=(share > 0.5) & ~acoustic,
        bands=carboxylate_band_space(table),
        frames=local_frames(phonons.atoms),
        energy_at_rest_ev=at_rest.result.energy_ev,
        seconds_per_call=run.runner.expected_seconds(),
        warmest_k=warmest_k,
        asymmetry_ev_a=asymmetry,
        forces_at_rest=forces,
        obeyed=obeyed_symmetry(phonons.symmetry, forces)
        if asymmetry > FORBIDDEN_EV_A
        else phonons.symmetry,
        single_precision=run.engine.card.precision == "float32",
    )


@dataclass(slots=True)
class Exploration:
    """What has been computed along one soft mode so far.

    Parameters
    ----------
    soft
        The set and its direction.
    points
        Relaxed geometries by signed amplitude, Å√u.
    shifts
        Shifts of the band positions by signed amplitude, (6,), cm⁻¹.
    base
        Amplitude near the root mean square one; 0 before it is known.
    largest
        Largest amplitude that may be tried, Å√u.
    failed
        Amplitudes at which the stiff modes did not relax.
    n_calls
        Force calculations.

    """

    soft: SoftSet
    points: dict[float, StiffRelaxed] = field(default_factory=dict)
    shifts: dict[float, NDArray[np.float64]] = field(default_factory=dict)
    base: float = 0.0
    largest: float = float("inf")
    failed: list[float] = field(default_factory=list)
    n_calls: int = 0

    def course(self, workspace: SoftWorkspace, largest: float | None = None) -> SoftCourse:
        """Energies and shifts as arrays.

        Parameters
        ----------
        workspace
            The crystal.
        largest
            Largest amplitude whose bands are used, and whose energies unless the mode is
            imaginary; all if None.

        """
        amplitudes = sorted(self.points)
        known = sorted(self.shifts)
        if largest is not None:
            limit = largest * (1.0 + _EQUAL)
            known = [a for a in known if abs(a) <= limit]
            if self.soft.eigenvalue > 0.0:
                amplitudes = [a for a in amplitudes if abs(a) <= limit]
        return SoftCourse(
            eigenvalue=self.soft.eigenvalue,
            odd=self.soft.totally_symmetric,
            amplitudes=np.array(amplitudes),
            energies_cm1=np.array([self._energy_cm1(workspace, a) for a in amplitudes]),
            followed=np.array([self._followed(workspace, a) for a in amplitudes]),
            band_amplitudes=np.array(known or [amplitudes[-1]]),
            shifts_cm1=np.array([self.shifts[a] for a in known])
            if known
            else np.zeros((1, len(POSITIONS))),
        )

    def _energy_cm1(self, workspace: SoftWorkspace, amplitude: float) -> float:
        return (self.points[amplitude].energy_ev - workspace.energy_at_rest_ev) * EV_TO_CM1

    def relaxation_a(self, workspace: SoftWorkspace, amplitude: float) -> NDArray[np.float64]:
        """Part of the displacement that followed, (n, 3), Å."""
        straight = amplitude * self.soft.vector / workspace.space.roots
        moved = self.points[amplitude].positions_a - workspace.atoms.positions
        return np.asarray(moved - straight.reshape(-1, 3))

    def _followed(self, workspace: SoftWorkspace, amplitude: float) -> float:
        moved = self.relaxation_a(workspace, amplitude).ravel() * workspace.space.roots
        return float(np.linalg.norm(moved))

    def wanted(self, workspace: SoftWorkspace) -> float:
        """Next amplitude whose energy is needed; 0 when there are enough."""
        if not self.points:
            first = _FIRST_TRY_A / self.soft.largest_a
            if self.soft.eigenvalue > 0.0:
                first = harmonic_amplitude(self.soft.eigenvalue, BASE_TEMPERATURE_K)
            limit = min(_LARGEST_TRY_A / self.soft.largest_a, self.largest)
            return rounded(min(first, limit))
        course = self.course(workspace)
        sizes = np.abs(course.amplitudes)
        average = soft_average(course, np.array([BASE_TEMPERATURE_K]))
        size = float(average.root_mean_square[0])
        close = sizes[(sizes < _CLOSE * size) & (sizes > size / _CLOSE)]
        if close.size == 0:
            reach = min(_LARGEST_STRIDE * float(sizes.max()), self.largest)
            self.base = float(sizes[np.abs(np.log(sizes / size)).argmin()])
            return self._fresh(min(size, reach))
        self.base = float(close[np.abs(np.log(close / size)).argmin()])
        middle, outer = self.larger_amplitudes(workspace)
        if course.anharmonicity > ANHARMONIC and sizes.max() < middle:
            reach = min(_LARGEST_STRIDE * float(sizes.max()), self.largest)
            return self._fresh(min(outer, reach))
        return 0.0

    def larger_amplitudes(self, workspace: SoftWorkspace) -> tuple[float, float]:
        """Two amplitudes beyond the base that cover the distribution at the highest temperature.

        The outer one is √3 root mean square amplitudes for a harmonic mode; the other is halfway.
        """
        average = soft_average(self.course(workspace), np.array([workspace.warmest_k]))
        outer = max(float(average.upper[0]), _LEAST_OUTER * self.base)
        return 0.5 * (self.base + outer), outer

    def near(self, amplitude: float) -> float:
        """Size of a known amplitude within 5 % of one; 0 if there is none."""
        close = [abs(a) for a in self.points if abs(abs(a) / amplitude - 1.0) < _EQUAL]
        return min(close, key=lambda a: abs(a - amplitude), default=0.0)

    def _fresh(self, amplitude: float) -> float:
        """An amplitude that is not there yet; 0 if it is (within 5 %)."""
        known = np.abs(np.array([*self.points, *self.failed]))
        if np.any(np.abs(known / amplitude - 1.0) < _EQUAL):
            return 0.0
        return rounded(amplitude)


def rounded(amplitude: float) -> float:
    """An amplitude with four digits, so that it does not depend on rounding elsewhere."""
    return float(f"{amplitude:.3e}")
