"""The laws themselves: how each is measured, and when it counts as obeyed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reticulum.engines.build import SinglePoint, evaluate
from reticulum.engines.probe import (
    FORCE_LIMIT_EV_PER_A,
    N_DIRECTIONS,
    RATTLE_A,
    STEP_A,
    SYMMETRY_NOISE_EV_PER_A,
    Check,
    Probe,
    largest,
)

#: Strain of the wide finite difference; the narrow one is half, and both together cancel the error
#: of second order (Richardson). Wider in single precision, where rounding of the energy dominates.
_STEP_STRAIN = {"float64": 0.002, "float32": 0.005}

#: Two stresses count as equal below this, eV/Å³ (1e-4 eV/Å³ is 16 MPa).
STRESS_LIMIT_EV_PER_A3 = {"float64": 1e-4, "float32": 3e-4}

#: A broken symmetry up to this is removed by symmetrising and reported, eV/Å; above, what remains
#: after symmetrising cannot be trusted either. SevenNet-0 breaks mirror symmetry by up to
#: 4.5e-3 eV/Å in the frameworks and 1.0e-2 eV/Å in the displaced test structure.
SYMMETRY_BREAK_LIMIT_EV_PER_A = 0.02

#: Forces along a path of ±STEP_A count as smooth below this deviation from a cubic, eV/Å. Measured
#: on the copper formate paddlewheel: 1e-6 for GFN1-xTB, 2e-4 for SevenNet-0, 2.5e-2 to 5e-2 for
#: CHGNet, whose curvature along one direction changes by 16 % within the path.
SMOOTHNESS_LIMIT_EV_PER_A = {"float64": 1e-3, "float32": 3e-3}


def _forces_are_gradient(probe: Probe) -> Check:
    """E(s) - E(-s) against the work of the forces along the path, by Simpson's rule.

    The comparison holds for any energy surface with continuous forces, so that a surface that is
    not smooth is not mistaken for forces that are no gradient: the limit grows by the difference
    between the rule on all points and on every second one (1e-5 eV/Å on a smooth surface).
    """
    worst, unsure = 0.0, 0.0
    for path in probe.paths:
        width = float(path.lengths_a[-1] - path.lengths_a[0])
        mean_force = _simpson_mean(path.forces_ev_per_a)
        rise = float(path.energies_ev[-1] - path.energies_ev[0])
        worst = max(worst, abs(rise / width + mean_force))
        unsure = max(unsure, abs(mean_force - _simpson_mean(path.forces_ev_per_a[::2])))
    limit = FORCE_LIMIT_EV_PER_A[probe.precision] + unsure
    return Check(
        name="gradient",
        status="passed" if worst <= limit else "failed",
        value=worst,
        limit=limit,
        unit="eV/Å",
        sentence=f"Energy differences against the work of the forces along {N_DIRECTIONS} random "
        f"directions of all atoms (±{STEP_A[probe.precision]:g} Å), for each Å of the path; the "
        f"work is known to {unsure:.0e} eV/Å.",
    )


def _simpson_mean(values: NDArray[np.float64]) -> float:
    """Mean over a path of equidistant values, an odd number of them."""
    weights = np.ones(len(values))
    weights[1:-1:2] = 4.0
    weights[2:-1:2] = 2.0
    return float(weights @ values / weights.sum())


def _forces_are_smooth(probe: Probe) -> Check:
    """Deviation of the forces along each path from a polynomial of third degree."""
    worst = 0.0
    for path in probe.paths:
        scaled = path.lengths_a / path.lengths_a[-1]
        fit = np.polynomial.polynomial.Polynomial.fit(scaled, path.forces_ev_per_a, 3)
        worst = max(worst, largest(path.forces_ev_per_a - fit(scaled)))
    limit = SMOOTHNESS_LIMIT_EV_PER_A[probe.precision]
    smooth = worst <= limit
    return Check(
        name="smoothness",
        status="passed" if smooth else "noted",
        value=worst,
        limit=limit,
        unit="eV/Å",
        sentence="Forces along the same paths against a polynomial of third degree."
        + (
            ""
            if smooth
            else " They have kinks: force constants depend on the displacement; compare two."
        ),
    )


def _stress_is_strain_derivative(probe: Probe) -> Check:
    """dE/dη : S / V for random symmetric strains S, by Richardson's central differences."""
    if "stress" not in probe.engine.card.gives:
        return Check(name="stress", status="not claimed", sentence="It gives no stress.")
    stress = probe.run(probe.atoms, stress=True).stress_ev_per_a3
    if stress is None:
        return Check(name="stress", status="failed", sentence="It is claimed and was not given.")
    xx, yy, zz, yz, xz, xy = stress
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    worst = 0.0
    for _ in range(N_DIRECTIONS):
        shape = probe.random.normal(size=(3, 3))
        strain = shape + shape.T
        strain /= np.linalg.norm(strain)

        def energy(length: float, strain: NDArray[np.float64] = strain) -> float:
            strained = probe.atoms.copy()
            deformation = np.eye(3) + length * strain
            strained.set_cell(strained.cell[:] @ deformation, scale_atoms=True)
            return probe.run(strained).energy_ev

        slope = _derivative(energy, _STEP_STRAIN[probe.precision])
        slope /= probe.atoms.get_volume()
        worst = max(worst, abs(float(slope) - float((tensor * strain).sum())))
    limit = STRESS_LIMIT_EV_PER_A3[probe.precision]
    return Check(
        name="stress",
        status="passed" if worst <= limit else "failed",
        value=worst,
        limit=limit,
        unit="eV/Å³",
        sentence=f"Stress against the derivative of the energy along {N_DIRECTIONS} random "
        "strains, for each volume.",
    )


def _derivative(function: Callable[[float], float], step: float) -> float:
    """Derivative at zero from four values; the error is of fourth order in the step."""
    wide = (function(step) - function(-step)) / (2 * step)
    half = step / 2
    narrow = (function(half) - function(-half)) / step
    return (4 * narrow - wide) / 3


def _translation(probe: Probe) -> Check:
    moved = probe.atoms.copy()
    moved.positions += probe.random.uniform(-1, 1, size=3)
    result = probe.run(moved)
    check = probe.equivalent(
        "translation", result.energy_ev, result.forces_ev_per_a, "The whole crystal moved."
    )
    limit = FORCE_LIMIT_EV_PER_A[probe.precision]
    total = largest(probe.base.forces_ev_per_a.sum(axis=0))
    return Check(
        name=check.name,
        status=check.status if total <= limit else "failed",
        value=max(total, check.value or 0.0),
        limit=limit,
        unit=check.unit,
        sentence=f"{check.sentence} The forces add up to {total:.1e} eV/Å.",
    )


def _lattice_translation(probe: Probe) -> Check:
    moved = probe.atoms.copy()
    steps = probe.random.integers(-1, 2, size=(len(moved), 3))
    moved.positions += steps @ moved.cell[:]
    result = probe.run(moved)
    return probe.equivalent(
        "lattice translation",
        result.energy_ev,
        result.forces_ev_per_a,
        "Single atoms replaced by their periodic images.",
    )


def _turned(probe: Probe, matrix: NDArray[np.float64]) -> SinglePoint:
    """Single point of the crystal and its cell turned by an orthogonal matrix, forces back."""
    moved = probe.atoms.copy()
    moved.set_cell(moved.cell[:] @ matrix.T, scale_atoms=False)
    moved.positions = moved.positions @ matrix.T
    result = probe.run(moved)
    return SinglePoint(energy_ev=result.energy_ev, forces_ev_per_a=result.forces_ev_per_a @ matrix)


def _random_rotation(random: np.random.Generator) -> NDArray[np.float64]:
    matrix, triangle = np.linalg.qr(random.normal(size=(3, 3)))
    matrix = matrix * np.sign(np.diag(triangle))
    return np.asarray(matrix * np.linalg.det(matrix), dtype=np.float64)


def _rotation(probe: Probe) -> Check:
    result = _turned(probe, _random_rotation(probe.random))
    return probe.equivalent(
        "rotation",
        result.energy_ev,
        result.forces_ev_per_a,
        "Crystal and cell rotated; forces turned back.",
    )


def _reflection(probe: Probe) -> Check:
    result = _turned(probe, -_random_rotation(probe.random))
    check = probe.equivalent(
        "reflection",
        result.energy_ev,
        result.forces_ev_per_a,
        "Crystal and cell inverted and rotated; forces turned back.",
    )
    if check.status == "passed":
        return check
    value = largest(result.forces_ev_per_a - probe.base.forces_ev_per_a)
    gap_energy = abs(result.energy_ev - probe.base.energy_ev)
    # The work of the largest tolerated break over the displacements of the test structure.
    energy_limit = SYMMETRY_BREAK_LIMIT_EV_PER_A * RATTLE_A * len(probe.atoms)
    repaired = value <= SYMMETRY_BREAK_LIMIT_EV_PER_A and gap_energy <= energy_limit
    return Check(
        name=check.name,
        status="symmetrised" if repaired else "failed",
        value=value,
        limit=SYMMETRY_BREAK_LIMIT_EV_PER_A,
        unit=check.unit,
        sentence=f"{check.sentence} Mirror images are not equivalent to this calculator"
        + ("; forces are symmetrised over the space group." if repaired else "."),
    )


def _permutation(probe: Probe) -> Check:
    order = probe.random.permutation(len(probe.atoms))
    result = probe.run(probe.atoms[order])
    forces = np.empty_like(result.forces_ev_per_a)
    forces[order] = result.forces_ev_per_a
    return probe.equivalent("permutation", result.energy_ev, forces, "Atoms in another order.")


def _site_symmetry(probe: Probe) -> Check:
    from reticulum.frameworks.symmetry import symmetry_of

    symmetry = symmetry_of(probe.symmetric)
    if symmetry.order == 1:
        return Check(
            name="site symmetry",
            status="not claimed",
            sentence="The test structure has no symmetry beyond its lattice.",
        )
    forces = probe.run(probe.symmetric).forces_ev_per_a
    value = largest(forces - symmetry.symmetrise_vectors(forces))
    noise = SYMMETRY_NOISE_EV_PER_A[probe.precision]
    sentence = (
        f"Forces of the symmetric crystal ({symmetry.symbol}, {symmetry.order} operations) against "
        "their average over the space group"
    )
    if value <= noise:
        return Check(
            name="site symmetry",
            status="passed",
            value=value,
            limit=noise,
            unit="eV/Å",
            sentence=f"{sentence}.",
        )
    broken = value > SYMMETRY_BREAK_LIMIT_EV_PER_A
    return Check(
        name="site symmetry",
        status="failed" if broken else "symmetrised",
        value=value,
        limit=SYMMETRY_BREAK_LIMIT_EV_PER_A,
        unit="eV/Å",
        sentence=f"{sentence}: the symmetry is broken"
        + ("." if broken else f" above noise ({noise:.0e} eV/Å); forces are symmetrised."),
    )


def _repeatability(probe: Probe) -> Check:
    """The same structure after others (warm), and by a fresh calculator (cold)."""
    warm = probe.run(probe.atoms)
    gap_warm = largest(warm.forces_ev_per_a - probe.base.forces_ev_per_a)
    fresh = probe.engine.make(probe.atoms)
    if fresh is probe.calculator:
        reset = getattr(fresh, "reset", None)
        if callable(reset):
            reset()
    probe.n_evaluations += 1
    cold = evaluate(fresh, probe.atoms)
    gap_cold = largest(cold.forces_ev_per_a - probe.base.forces_ev_per_a)
    gap_energy = max(abs(each.energy_ev - probe.base.energy_ev) for each in (warm, cold))
    limit = SYMMETRY_NOISE_EV_PER_A[probe.precision]
    value = max(gap_warm, gap_cold)
    return Check(
        name="repeatability",
        status="passed" if value <= limit and gap_energy <= probe.energy_limit() else "failed",
        value=value,
        limit=limit,
        unit="eV/Å",
        sentence=f"The same structure again: {gap_warm:.1e} eV/Å after other structures, "
        f"{gap_cold:.1e} by a fresh calculator; energies differ by {gap_energy:.1e} eV.",
    )


#: The laws in the order in which they are checked.
LAWS: tuple[tuple[str, Callable[[Probe], Check]], ...] = (
    ("gradient", _forces_are_gradient),
    ("smoothness", _forces_are_smooth),
    ("stress", _stress_is_strain_derivative),
    ("translation", _translation),
    ("lattice translation", _lattice_translation),
    ("rotation", _rotation),
    ("reflection", _reflection),
    ("permutation", _permutation),
    ("site symmetry", _site_symmetry),
    ("repeatability", _repeatability),
)
