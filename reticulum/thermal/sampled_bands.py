"""Carboxylate bands of drawn crystals: relaxation of the stiff modes, then Hessian columns."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from reticulum.phonons.modes import ModeTable
from reticulum.phonons.run import Run
from reticulum.thermal.band_space import BandSpace, band_centres, random_directions
from reticulum.thermal.carboxylate_bands import carboxylate_band_space
from reticulum.thermal.displaced_bands import BAND_DISPLACEMENT_A, BandPlan, plan_bands
from reticulum.thermal.local_frames import LocalFrames, local_frames, turned_pattern
from reticulum.thermal.sampling import BlockSample
from reticulum.thermal.sampling_modes import DrawnModes
from reticulum.thermal.sampling_responses import shifts_per_displacement
from reticulum.thermal.stiff_relaxation import (
    MODE_FORCE_LIMIT,
    StiffRelaxed,
    relax_stiff_modes,
)
from reticulum.thermal.thermal_draws import PAIRS_PER_BLOCK, block_normals, fixed_basis

#: Both bands of a drawn crystal, in the order of `DisplacedBands.values`.
_CENTRES = slice(0, 2)

#: Structures whose forces are asked for together, at most (or those of one crystal): 500 of 424
#: atoms take 20 MB; with fewer, workers wait at the end of each batch.
_TOGETHER = 512

#: Crystals that are displaced along totally symmetric modes together.
_SYMMETRIC_TOGETHER = 16


@dataclass(slots=True, kw_only=True)
class Tally:
    """What happened in the blocks so far (counters only, so that memory does not grow)."""

    n_geometries: int = 0
    n_unconverged: int = 0
    n_steps: int = 0
    n_band_calls: int = 0
    worst_residual: float = 0.0
    excess_energy_ev: float = 0.0
    virial_ev: float = 0.0
    n_well_calls: int = 0

    @property
    def n_calls(self) -> int:
        """Force calculations, those found in the store included."""
        return self.n_steps + self.n_band_calls + self.n_well_calls

    @property
    def energy_excess(self) -> float:
        """Energy of the draws beyond that of their modes by themselves, as a part of the latter."""
        return 0.0 if self.virial_ev == 0.0 else self.excess_energy_ev / self.virial_ev


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawSetting:
    """How drawn crystals are computed.

    Parameters
    ----------
    modes
        Which modes are drawn.
    relax_stiff
        Whether the others follow.
    force_limit
        Largest force left on a mode that follows, eV/(Å√u).
    band_displacement_a
        Largest displacement of an atom for a Hessian column, Å.
    third_derivative_step_a
        The same for the third derivatives that give the responses, Å; None: the responses come
        from displacing each totally symmetric mode.

    """

    modes: DrawnModes
    relax_stiff: bool = True
    force_limit: float = MODE_FORCE_LIMIT
    band_displacement_a: float = BAND_DISPLACEMENT_A
    third_derivative_step_a: float | None = None


class BandSampler:
    """Computes blocks of draws of one crystal.

    Parameters
    ----------
    run
        An open run.
    table
        Its modes.
    temperatures_k
        (n_temperatures,), K.
    seed
        Seed of the draws.
    energy_at_rest_ev
        Energy of the crystal at rest, eV.

    """

    def __init__(
        self,
        run: Run,
        table: ModeTable,
        *,
        temperatures_k: NDArray[np.float64],
        seed: int,
        energy_at_rest_ev: float,
    ) -> None:
        self.run = run
        self.phonons = table.phonons
        self.temperatures_k = temperatures_k
        self.seed = seed
        self.energy_at_rest_ev = energy_at_rest_ev
        self.space = _with_fixed_basis(carboxylate_band_space(table))
        self.frames: LocalFrames = local_frames(table.phonons.atoms)
        self.masses = table.phonons.atoms.get_masses()
        self.n_modes = len(table.labels.mode_wavenumbers_cm1)
        at_rest = band_centres(self.space, self.space.tracked.vectors * self.space.eigenvalues)
        #: (2,) bands of the crystal at rest, cm⁻¹.
        self.bands_at_rest = at_rest.values()[_CENTRES]

    @property
    def n_band_calls(self) -> int:
        """Force calculations for the bands of one drawn crystal."""
        return 2 * len(self.space.tracked.sets)

    def block(self, number: int, setting: DrawSetting, tally: Tally) -> BlockSample:
        """One block of ± pairs at all temperatures.

        Parameters
        ----------
        number
            Number of the block.
        setting
            How crystals are computed.
        tally
            Counts what happened.

        """
        modes = setting.modes
        normals = block_normals(self.seed, number, self.n_modes)[:, modes.drawn]
        amplitudes = modes.coordinates(normals, self.temperatures_k)
        coordinates, plans, signed = [], [], []
        inertial = modes.inertial_forces(self.frames, self.temperatures_k)
        for pair in range(PAIRS_PER_BLOCK):
            random = np.random.default_rng([self.seed, number, self.n_modes + pair])
            plan = self._plan(one_direction(self.space, random), setting, every=False)
            for amplitude, temperature in zip(amplitudes, self.temperatures_k, strict=True):
                coordinates += [amplitude[pair], -amplitude[pair]]
                signed += [(sign * normals[pair], float(temperature)) for sign in (1.0, -1.0)]
                plans += [plan, plan]
        # Order of the crystals: pairs, temperatures, signs.
        pulls = [pull for _ in range(PAIRS_PER_BLOCK) for pull in inertial for _ in range(2)]
        relaxed = self._relaxed(coordinates, pulls, setting, tally)
        bands, forces = self._bands(relaxed, plans)
        tally.n_band_calls += sum(plan.n_calls for plan in plans)
        on = modes.drawn[modes.symmetric]
        pushes = np.array(
            [
                self._mode_forces(modes, entry, force)
                for entry, force in zip(relaxed, forces, strict=True)
            ]
        )
        push = pushes[:, on] + np.array([modes.inertial_mode_forces(pull)[on] for pull in pulls])
        virials = np.array(
            [
                modes.virials(z, force[modes.drawn], temperature)
                for (z, temperature), force in zip(signed, pushes, strict=True)
            ]
        )
        shape = (PAIRS_PER_BLOCK, len(self.temperatures_k), 2, -1)
        return BlockSample(
            shifts_cm1=(bands - self.bands_at_rest).reshape(shape).mean(axis=2),
            mean_forces=push.reshape(*shape[:3], len(on)).mean(axis=2),
            squares=modes.over_sets(normals**2 - 1.0),
            fourths=modes.over_sets(normals**4 - 6.0 * normals**2 + 3.0),
            virials=virials.reshape(*shape[:3], -1).mean(axis=2),
        )

    def responses(self, setting: DrawSetting, tally: Tally) -> NDArray[np.float64]:
        """Shift of the bands per mean force on each totally symmetric drawn mode.

        (n_symmetric, 2), cm⁻¹ per eV/(Å√u): (∂ν/∂q)/λ from central differences over the thermal
        amplitude at the middle temperature, the stiff modes following, or from third derivatives
        at rest, as the setting says.

        Parameters
        ----------
        setting
            How crystals are computed.
        tally
            Counts what happened.

        """
        modes = setting.modes
        if not len(modes.symmetric):
            return np.zeros((0, 2))
        stiffness = modes.space.eigenvalues[modes.drawn[modes.symmetric]]
        step = setting.third_derivative_step_a
        if step is None:
            slopes = self._slopes_from_displacements(setting, tally)
        else:
            longer = replace(setting, band_displacement_a=step)
            slopes = self._slopes_at_rest(longer, tally)
        found: NDArray[np.float64] = slopes / stiffness[:, None]
        return found

    def n_response_calls(self, setting: DrawSetting, n_steps: int) -> int:
        """Force calculations for `responses`, at most.

        Parameters
        ----------
        setting
            How crystals are computed.
        n_steps
            Steps of a relaxation.

        """
        n_symmetric = len(setting.modes.symmetric)
        if n_symmetric and setting.third_derivative_step_a is not None:
            return 2 * int(self.space.tracked.vectors.shape[1])
        return 2 * n_symmetric * (n_steps + self.n_band_calls)

    def _slopes_from_displacements(self, setting: DrawSetting, tally: Tally) -> NDArray[np.float64]:
        """∂ν/∂q of both bands, (n_symmetric, 2), cm⁻¹/(Å√u), over the thermal amplitude."""
        modes = setting.modes
        steps = modes.amplitudes(np.array([self.temperatures_k.mean()]))[0][modes.symmetric]
        coordinates = []
        for place, step in zip(modes.symmetric, steps, strict=True):
            for sign in (1.0, -1.0):
                moved = np.zeros(len(modes.drawn))
                moved[place] = sign * step
                coordinates.append(moved)
        plan = self._plan(self.space, setting, every=True)
        # These geometries keep all operations, which the count of excess energy is not about.
        apart = Tally()
        nothing = np.zeros((len(self.masses), 3))
        found = []
        for start in range(0, len(coordinates), _SYMMETRIC_TOGETHER):
            part = coordinates[start : start + _SYMMETRIC_TOGETHER]
            relaxed = self._relaxed(part, [nothing] * len(part), setting, apart)
            found.append(self._bands(relaxed, [plan] * len(part))[0])
        tally.n_steps += apart.n_steps
        tally.n_band_calls += plan.n_calls * len(coordinates)
        bands = np.concatenate(found)
        slopes: NDArray[np.float64] = (bands[::2] - bands[1::2]) / (2.0 * steps[:, None])
        return slopes

    def _slopes_at_rest(self, setting: DrawSetting, tally: Tally) -> NDArray[np.float64]:
        """The same at the crystal at rest, by two calculations for each tracked mode."""
        atoms, modes = self.phonons.atoms, setting.modes
        plan = self._plan(self.space, setting, every=False)
        answers = self.run.runner.evaluate(
            plan.structures(atoms, np.array(atoms.positions)), kind="sampling-responses"
        )
        tally.n_band_calls += plan.n_calls
        shifts = shifts_per_displacement(
            self.space,
            modes.space,
            plan.displacements,
            [answer.result.forces_ev_per_a for answer in answers],
        )
        return shifts[modes.drawn[modes.symmetric]]

    def _plan(self, space: BandSpace, setting: DrawSetting, *, every: bool) -> BandPlan:
        symmetry = self.phonons.symmetry
        return plan_bands(
            space,
            symmetry,
            range(symmetry.order) if every else None,
            self.masses,
            self.frames,
            largest_a=setting.band_displacement_a,
        )

    def _mode_forces(
        self, modes: DrawnModes, relaxed: StiffRelaxed, forces_ev_a: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Forces on all modes, which turn with the atoms, eV/(Å√u)."""
        back = self.frames.rotations(relaxed.positions_a).transpose(0, 2, 1)
        found: NDArray[np.float64] = modes.space.forces(turned_pattern(back, forces_ev_a))
        return found

    def _relaxed(
        self,
        coordinates: list[NDArray[np.float64]],
        inertial_ev_a: list[NDArray[np.float64]],
        setting: DrawSetting,
        tally: Tally,
    ) -> list[StiffRelaxed]:
        atoms, modes = self.phonons.atoms, setting.modes
        if not setting.relax_stiff:
            return [
                _as_it_is(modes.straight(np.array(atoms.positions), entry)) for entry in coordinates
            ]
        starts = [
            modes.start(self.frames, entry, pull)
            for entry, pull in zip(coordinates, inertial_ev_a, strict=True)
        ]
        relaxed = relax_stiff_modes(
            atoms,
            self.run.runner,
            modes.space,
            starts,
            force_limit=setting.force_limit,
            kind="sampling-relaxation",
        )
        tally.n_geometries += len(relaxed)
        tally.n_steps += sum(entry.n_calls for entry in relaxed)
        tally.n_unconverged += sum(not entry.converged for entry in relaxed)
        tally.worst_residual = max(tally.worst_residual, *(r.residual for r in relaxed))
        for q, crystal in zip(coordinates, relaxed, strict=True):
            single, virial = modes.single_energies_ev(q)
            tally.excess_energy_ev += crystal.energy_ev - self.energy_at_rest_ev - single
            tally.virial_ev += virial
        return list(relaxed)

    def _bands(
        self, relaxed: list[StiffRelaxed], plans: list[BandPlan]
    ) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
        """Bands of each crystal, (n, 2), cm⁻¹, and the forces there, eV/Å.

        The mean force of opposite small displacements is that of the crystal itself.
        """
        bands, means = [], []
        for crystals in _groups([plan.n_calls for plan in plans]):
            structures = [
                structure
                for number in crystals
                for structure in plans[number].structures(
                    self.phonons.atoms, relaxed[number].positions_a
                )
            ]
            found = iter(self.run.runner.evaluate(structures, kind="sampling-bands"))
            for number in crystals:
                plan = plans[number]
                forces = [next(found).result.forces_ev_per_a for _ in range(plan.n_calls)]
                bands.append(plan.bands(relaxed[number].positions_a, forces).values()[_CENTRES])
                means.append(np.mean(forces, axis=0))
        return np.array(bands), means


def _groups(sizes: list[int]) -> list[list[int]]:
    """Numbers of consecutive entries that have no more than `_TOGETHER` together."""
    groups: list[list[int]] = []
    total = 0
    for number, size in enumerate(sizes):
        if not groups or total + size > _TOGETHER:
            groups.append([])
            total = 0
        groups[-1].append(number)
        total += size
    return groups


def _as_it_is(positions_a: NDArray[np.float64]) -> StiffRelaxed:
    return StiffRelaxed(
        positions_a=positions_a,
        energy_ev=0.0,
        residual=float("inf"),
        last_step_a=0.0,
        n_calls=0,
        converged=False,
    )


def _with_fixed_basis(space: BandSpace) -> BandSpace:
    ends = np.cumsum([len(members) for members in space.tracked.sets])
    columns = np.split(np.arange(ends[-1]), ends[:-1])
    vectors = fixed_basis(np.array(space.tracked.vectors), columns)
    return replace(space, tracked=replace(space.tracked, vectors=vectors))


def one_direction(space: BandSpace, random: np.random.Generator) -> BandSpace:
    """One random partner of each set, which counts for all of them in the band centre.

    Parameters
    ----------
    space
        What is tracked.
    random
        Source of random numbers.

    """
    chosen = random_directions(space, random)
    partners = np.array([len(members) for members in space.tracked.sets], dtype=np.float64)
    return replace(
        chosen,
        tracked=replace(
            chosen.tracked,
            antisymmetric=chosen.tracked.antisymmetric * partners,
            symmetric=chosen.tracked.symmetric * partners,
        ),
    )
