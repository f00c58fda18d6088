"""Carboxylate bands of the crystal at rest by the same displacements as in the distorted crystal.

A displacement of finite length lifts a band by the anharmonicity of the C-O stretch, more along one
direction of a degenerate set than along another. In the difference between the distorted crystal
and the crystal at rest this drops out if both are displaced in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.executor import ForceRunner
from reticulum.frameworks.symmetry import CrystalSymmetry
from reticulum.phonons.symmetry_adapted import images
from reticulum.thermal.band_space import DisplacedBands
from reticulum.thermal.band_tracking import carried
from reticulum.thermal.displaced_bands import BandPlan, fixed_patterns

if TYPE_CHECKING:
    from ase import Atoms

#: Largest component of the difference between equal displacements, relative to their length.
_SAME = 1e-5

#: Rotations are obeyed if they change the forces at rest by no more than this part of what the
#: worst of the other operations changes.
_OBEYED = 0.1


def bands_at_rest(
    plans: Sequence[BandPlan],
    atoms: Atoms,
    symmetry: CrystalSymmetry,
    runner: ForceRunner,
    *,
    kind: str = "bands-at-rest",
    forces_at_rest: NDArray[np.float64] | None = None,
) -> tuple[DisplacedBands, ...]:
    """Bands of the crystal at rest, one result for each plan.

    Displacements that the space group carries onto each other are computed once.

    Parameters
    ----------
    plans
        Displacements, from `plan_bands`.
    atoms
        The crystal at rest.
    symmetry
        Its operations, those that the calculator obeys (`obeyed_symmetry`).
    runner
        Computes and stores forces.
    kind
        Name under which calculations are stored.
    forces_at_rest
        (n, 3) forces of the crystal at rest, eV/Å, to be subtracted; see `BandPlan.columns`.

    Raises
    ------
    CalculationError
        If a force calculation failed. Everything finished is kept.

    """
    known, places = rest_displacements(plans, symmetry)
    structures = []
    for pattern in known:
        moved = atoms.copy()
        moved.positions = moved.positions + pattern.reshape(-1, 3)
        structures.append(moved)
    forces = [
        np.array(entry.result.forces_ev_per_a) for entry in runner.evaluate(structures, kind=kind)
    ]
    if forces_at_rest is not None:
        forces = [entry - forces_at_rest for entry in forces]
    rest = np.array(atoms.positions)
    results = []
    for plan, found in zip(plans, places, strict=True):
        turned = [
            carried(
                forces[number].ravel(),
                symmetry.cartesian_rotations[operation],
                symmetry.permutations[operation],
            ).reshape(-1, 3)
            for number, operation in found
        ]
        results.append(plan.bands(rest, turned))
    return tuple(results)


def obeyed_symmetry(
    symmetry: CrystalSymmetry, forces_at_rest: NDArray[np.float64]
) -> CrystalSymmetry:
    """The operations that a calculator obeys which breaks the symmetry of the crystal.

    A potential without parity (SevenNet-0) obeys rotations, to 2e-6 eV/Å, and breaks mirror planes
    and inversion, by 7e-3 eV/Å. What it says of one displacement then holds for images by rotations
    only. If it breaks rotations as well, its forces are noisy, and all operations are kept: noise
    is no reason to compute every image. In a crystal without rotations parity is taken to be what
    is broken.

    Parameters
    ----------
    symmetry
        Operations of the crystal.
    forces_at_rest
        (n, 3), as the calculator gives them, eV/Å.

    Returns
    -------
    CrystalSymmetry
        With the operations that are left; its symbol and number stay those of the crystal.

    """
    changes = np.array(
        [
            np.linalg.norm(
                carried(forces_at_rest.ravel(), rotation, permutation) - forces_at_rest.ravel()
            )
            for rotation, permutation in zip(
                symmetry.cartesian_rotations, symmetry.permutations, strict=True
            )
        ]
    )
    # The norm of the change is the same for an operation and its inverse: what is kept is closed.
    proper = np.linalg.det(symmetry.cartesian_rotations) > 0.0
    worst = float(changes[~proper].max(initial=0.0))
    if worst == 0.0 or float(changes[proper].max()) > _OBEYED * worst:
        return symmetry
    return replace(
        symmetry,
        rotations=symmetry.rotations[proper],
        translations=symmetry.translations[proper],
        cartesian_rotations=symmetry.cartesian_rotations[proper],
        permutations=symmetry.permutations[proper],
    )


def rest_displacements(
    plans: Sequence[BandPlan], symmetry: CrystalSymmetry
) -> tuple[list[NDArray[np.float64]], list[list[tuple[int, int]]]]:
    """Displacements of the crystal at rest that are needed for some plans.

    Parameters
    ----------
    plans
        From `plan_bands`.
    symmetry
        Operations of the crystal at rest that the calculator obeys.

    Returns
    -------
    tuple
        Displacements, (3n,) each, Å, none the image of another; and for each plan the number of the
        displacement and of the operation that give each of its own.

    """
    probe = fixed_patterns(3 * symmetry.permutations.shape[1])[:, 0]
    known: list[NDArray[np.float64]] = []
    orbits: list[NDArray[np.float64]] = []
    places: list[list[tuple[int, int]]] = []
    for plan in plans:
        found = []
        for displacement in plan.displacements:
            for sign in (1.0, -1.0) if displacement.opposite else (1.0,):
                pattern = sign * displacement.pattern_a.ravel()
                place = _place(orbits, pattern)
                if place is None:
                    # The image that stands for all does not depend on which one came first.
                    found_images = np.array([i[:, 0] for i in images(symmetry, pattern[:, None])])
                    first = found_images[int((found_images @ probe).argmax())]
                    known.append(first)
                    orbits.append(np.array([i[:, 0] for i in images(symmetry, first[:, None])]))
                    place = _place(orbits, pattern)
                if place is None:
                    raise ValueError("a displacement is not among its own images")
                found.append(place)
        places.append(found)
    return known, places


def _place(
    orbits: Sequence[NDArray[np.float64]], pattern: NDArray[np.float64]
) -> tuple[int, int] | None:
    """Which known displacement a pattern is an image of, and by which operation."""
    limit = _SAME * float(np.linalg.norm(pattern))
    for number, orbit in enumerate(orbits):
        apart = np.abs(orbit - pattern).max(axis=1)
        operation = int(apart.argmin())
        if apart[operation] < limit:
            return number, operation
    return None
