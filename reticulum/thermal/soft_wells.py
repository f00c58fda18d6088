"""Modes that are no minima in thermal draws: their distribution in the well along each of them.

An imaginary mode, or one that is too soft for a parabola, has no harmonic distribution. The
adiabatic route follows it to larger amplitudes, with the stiff modes relaxed, and solves the
Schrödinger equation on the way; its thermal density is what such a mode is drawn from. Unit normals
become amplitudes by equal probability (inverse transform sampling), so that the same
random numbers serve at all temperatures and for both draws of a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.special import ndtri

from reticulum.durations import in_words
from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run
from reticulum.phonons.symmetry_adapted import images
from reticulum.thermal.adiabatic_left_out import name_of
from reticulum.thermal.adiabatic_options import AdiabaticOptions
from reticulum.thermal.adiabatic_path import add_amplitudes, find_amplitudes
from reticulum.thermal.deep_wells import another_structure, is_deep
from reticulum.thermal.rigid_units import rigid_units
from reticulum.thermal.soft_exploration import Exploration, SoftWorkspace, rounded, soft_workspace
from reticulum.thermal.soft_sets import TYPICAL_RELAXATION_CALLS, SoftSet, soft_sets
from reticulum.thermal.soft_states import SoftCourse, SoftStates, potential_cm1, soft_states
from reticulum.units import EV_TO_CM1

#: Probability beyond which the tails of a density are those of the outermost known point.
_TAIL = 1e-9

#: Step of the numerical derivative of the potential, as a part of the largest known amplitude.
_STEP = 1e-4

#: Amplitudes that a set takes on average, for the estimate of the cost (HKUST-1 and MOF-5: 4 to 8).
_AMPLITUDES = 6

#: Probability beyond the last known energy from which a well is not known.
_MOST_UNKNOWN = 0.3

#: Least part of a partner that is not in those before it.
_LEAST_PART = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftWell:
    """The well along one mode, the same for all its partners, and the motion in it.

    Parameters
    ----------
    course
        Energies along the relaxed path.
    states
        Quantum states of the motion along it.
    directions
        (3n, d) orthonormal mass-weighted directions of the partners; the first is that of `course`.

    """

    course: SoftCourse
    states: SoftStates
    directions: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse wells without mirror symmetry."""
        if self.course.odd:
            raise ValueError("both senses of a well must be alike")
        self.directions.setflags(write=False)

    def amplitudes(self, normals: NDArray[np.float64], temperature_k: float) -> NDArray[np.float64]:
        """Amplitudes that are as probable as unit normals, Å√u, of the shape of `normals`.

        Parameters
        ----------
        normals
            Unit normals.
        temperature_k
            K.

        """
        rising = self._transform(temperature_k)
        found: NDArray[np.float64] = 0.5 * (rising(normals) - rising(-normals))
        return found

    def stretches(self, normals: NDArray[np.float64], temperature_k: float) -> NDArray[np.float64]:
        """dq/dz of `amplitudes`, Å√u.

        Parameters
        ----------
        normals
            Unit normals.
        temperature_k
            K.

        """
        slope = self._transform(temperature_k).derivative()
        found: NDArray[np.float64] = 0.5 * (slope(normals) + slope(-normals))
        return found

    def root_mean_square(self, temperature_k: float) -> float:
        """√⟨q²⟩, Å√u.

        Parameters
        ----------
        temperature_k
            K.

        """
        return float(np.sqrt(self._density(temperature_k) @ self.states.q**2))

    def twice_kinetic_energy_ev(self, temperature_k: float) -> float:
        """2⟨T⟩ = ⟨s dV/ds⟩ along the arc (virial theorem), eV.

        Parameters
        ----------
        temperature_k
            K.

        """
        force = np.gradient(self.states.potential_cm1, self.states.arc)
        return float(self._density(temperature_k) @ (self.states.arc * force)) / EV_TO_CM1

    def energies_ev(self, amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy above the crystal at rest, eV.

        Parameters
        ----------
        amplitudes
            Å√u.

        """
        return potential_cm1(self.course, amplitudes) / EV_TO_CM1

    def pulls(self, amplitudes: NDArray[np.float64]) -> NDArray[np.float64]:
        """dV/dq, eV/(Å√u).

        Parameters
        ----------
        amplitudes
            Å√u.

        """
        step = _STEP * float(np.abs(self.course.amplitudes).max())
        ends = [self.energies_ev(amplitudes + sign * step) for sign in (1.0, -1.0)]
        found: NDArray[np.float64] = (ends[0] - ends[1]) / (2.0 * step)
        return found

    def _density(self, temperature_k: float) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.states.density(np.array([temperature_k]))[0]
        return found

    def _transform(self, temperature_k: float) -> PchipInterpolator:
        """Amplitude against the unit normal of equal probability: rising, linear in the tails."""
        density = self._density(temperature_k)
        below = np.cumsum(density) - 0.5 * density
        inside = (below > _TAIL) & (below < 1.0 - _TAIL) & (density > 0.1 * _TAIL)
        z, q = ndtri(below[inside]), self.states.q[inside]
        ends = [(z[k], q[k], (q[k] - q[m]) / (z[k] - z[m])) for k, m in ((0, 1), (-1, -2))]
        far = [(s * 10.0, q0 + slope * (s * 10.0 - z0)) for s, (z0, q0, slope) in
               zip((-1.0, 1.0), ends, strict=True)]  # fmt: skip
        return PchipInterpolator(
            [far[0][0], *z, far[1][0]], [far[0][1], *q, far[1][1]], extrapolate=True
        )


def soft_wells(
    run: Run, table: ModeTable, numbers: Sequence[int], warmest_k: float
) -> tuple[dict[int, SoftWell], str, int]:
    """Wells along modes that are no minima.

    The energies are those of the adiabatic route with its default settings: what it has stored is
    not computed again. Left out are totally symmetric sets, those along which the stiff modes do
    not follow far enough (`_MOST_UNKNOWN`), and deep ones.

    Parameters
    ----------
    run
        An open run.
    table
        Its modes, from `mode_table`.
    numbers
        Numbers of the sets.
    warmest_k
        Upper end of the window of temperature, K.

    Returns
    -------
    tuple
        Wells by number of the set; why the crystal has another structure, from
        `another_structure`, empty if no well is deep; force calculations.

    Raises
    ------
    CalculationError
        If a force calculation failed.

    """
    if not len(numbers):
        return {}, "", 0
    options = AdiabaticOptions()
    workspace = soft_workspace(run, table, warmest_k)
    sets = soft_sets(table, workspace.bands, workspace.frames, rigid_units(table), list(numbers))
    explorations = [Exploration(soft=soft) for soft in sets if not soft.totally_symmetric]
    n_calls = sum(len(e.soft.senses) for e in explorations) * _AMPLITUDES * TYPICAL_RELAXATION_CALLS
    seconds = n_calls * workspace.seconds_per_call / run.runner.workers
    run.progress.message(
        f"Wells along {len(explorations)} sets of modes that are no minima: about {n_calls} force "
        f"calculations, {in_words(seconds)}, unless the adiabatic route has stored them."
    )
    find_amplitudes(
        workspace, explorations, floor_cm1=options.floor_cm1, force_limit=options.force_limit
    )
    followed = [e for e in explorations if e.points]
    _outwards(workspace, followed, options)
    found, courses = {}, []
    for exploration in followed:
        course = exploration.course(workspace)
        courses.append((name_of(exploration), course))
        if is_deep(course, warmest_k) or not is_known(course, warmest_k):
            continue
        found[exploration.soft.number] = SoftWell(
            course=course,
            states=soft_states(course, warmest_k),
            directions=partner_directions(table, exploration.soft),
        )
    reason = another_structure(courses, warmest_k)
    return found, reason, sum(e.n_calls for e in explorations)


def is_known(course: SoftCourse, warmest_k: float) -> bool:
    """Whether the energies reach as far as the motion, so that a well is not made of extrapolation.

    Parameters
    ----------
    course
        What is known.
    warmest_k
        Highest temperature of the window, K.

    """
    outermost = np.abs(course.amplitudes) > 0.99 * np.abs(course.amplitudes).max()
    if course.energies_cm1[outermost].min() <= -course.depth_cm1:
        return False  # it still falls
    states = soft_states(course, warmest_k)
    beyond = np.abs(states.q) > np.abs(course.amplitudes).max()
    return float(states.density(np.array([warmest_k]))[0][beyond].sum()) < _MOST_UNKNOWN


def _outwards(
    workspace: SoftWorkspace, explorations: Sequence[Exploration], options: AdiabaticOptions
) -> None:
    """The two larger amplitudes that the adiabatic route gives to such modes, one after another."""
    wanted = [
        [
            (e, e.near(amplitude) or rounded(amplitude))
            for amplitude in e.larger_amplitudes(workspace)
        ]
        for e in explorations
    ]
    for place in (0, 1):
        unknown = [
            pair[place]
            for pair in wanted
            if pair[place][1] not in pair[place][0].points
            and pair[place][1] < pair[place][0].largest
        ]
        if unknown:
            add_amplitudes(
                workspace, unknown, floor_cm1=options.floor_cm1, force_limit=options.force_limit
            )


def partner_directions(table: ModeTable, soft: SoftSet) -> NDArray[np.float64]:
    """Orthonormal directions of a degenerate set, (3n, d), its displaced direction first.

    The others are its images under the operations of the crystal where these are orthogonal to
    those before (three axes of a cubic crystal), otherwise what is left of them.

    Parameters
    ----------
    table
        Modes of the crystal.
    soft
        The set.

    """
    basis = table.labels.eigenvectors[:, table.labels.sets[soft.number]]
    found = [soft.vector / np.linalg.norm(soft.vector)]
    turned = [image[:, 0] for image in images(table.phonons.symmetry, found[0][:, None])]
    while len(found) < soft.dimension:
        known = np.array(found).T
        left = [image - known @ (known.T @ image) for image in turned]
        sizes = np.round([np.linalg.norm(part) for part in left], 6)
        best = left[int(np.argmax(sizes))]
        if sizes.max() < _LEAST_PART:  # images do not span the set: fill up from its modes
            best = max((b - known @ (known.T @ b) for b in basis.T), key=lambda b: float(b @ b))
        found.append(best / np.linalg.norm(best))
    return np.array(found).T
