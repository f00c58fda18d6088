"""Exact levels of two coupled modes, in a basis of products of harmonic oscillators."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.thermal.coupled_modes import CoupledLevels, CoupledModes

#: Largest change of a level on enlarging the basis that counts as converged, cm⁻¹: a hundredth of
#: the last digit of published band positions.
LEVEL_LIMIT_CM1 = 1e-3

#: Largest basis that is tried (number of product states): some seconds and 60 MB.
LARGEST_BASIS = 2800

#: Factor by which both sides of the basis grow.
_GROWTH = 1.25


def exact_levels(
    modes: CoupledModes,
    *,
    n_watched: int = 3,
    n_moving: int = 30,
    limit_cm1: float = LEVEL_LIMIT_CM1,
    largest_basis: int = LARGEST_BASIS,
) -> CoupledLevels:
    """Exact levels of two coupled modes.

    Each level is named after the state of zeroth order that it overlaps most with: an oscillator
    function of i times a level of j in the mean potential of that function.

    *Valid when* the well is deep: a quartic force field may fall without limit far out. The basis
    then converges to the levels of the well before it reaches that region, or this fails.

    Parameters
    ----------
    modes
        The force field.
    n_watched, n_moving
        Number of levels of i and j that are wanted.
    limit_cm1
        Largest change of a wanted level on enlarging the basis, cm⁻¹.
    largest_basis
        Number of product states at which it gives up.

    Raises
    ------
    CalculationError
        If the levels do not converge.

    """
    size = (n_watched + 8, int(1.5 * n_moving) + 10)
    before = _levels_in_basis(modes, size, (n_watched, n_moving))
    change = np.inf
    while True:
        size = (int(_GROWTH * size[0]) + 1, int(_GROWTH * size[1]) + 1)
        if size[0] * size[1] > largest_basis:
            raise CalculationError(
                "The levels of the two coupled modes do not converge.",
                why=f"With {size[0]} x {size[1]} oscillator functions they still change by "
                f"{change:.2g} cm⁻¹; the force field may have no bottom.",
                fix="Ask for fewer levels, or check the signs of the quartic constants.",
            )
        now = _levels_in_basis(modes, size, (n_watched, n_moving))
        change = float(np.abs(now[0] - before[0]).max())
        if change <= limit_cm1:
            return CoupledLevels(
                levels_cm1=now[0], overlaps=now[1], level_error_cm1=change, basis=size
            )
        before = now


def _levels_in_basis(
    modes: CoupledModes, size: tuple[int, int], wanted: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wanted levels and squared overlaps, in one basis."""
    hamiltonian = _hamiltonian(modes, size)
    energies, vectors = np.linalg.eigh(hamiltonian.reshape(size[0] * size[1], -1))
    shares = np.empty((wanted[0] * wanted[1], energies.size))
    for n in range(wanted[0]):
        _, states = np.linalg.eigh(hamiltonian[n, :, n, :])
        block = vectors.reshape(*size, -1)[n]
        shares[n * wanted[1] : (n + 1) * wanted[1]] = (states[:, : wanted[1]].T @ block) ** 2
    taken = np.empty(len(shares), dtype=np.int64)
    free = np.ones(energies.size, dtype=bool)
    # The clearest levels are named first, so that a shared one cannot take another's place.
    for state in np.argsort(-shares.max(axis=1), kind="stable"):
        taken[state] = np.where(free, shares[state], -1.0).argmax()
        free[taken[state]] = False
    overlaps = shares[np.arange(len(shares)), taken]
    return energies[taken].reshape(wanted), overlaps.reshape(wanted)


def _hamiltonian(modes: CoupledModes, size: tuple[int, int]) -> NDArray[np.float64]:
    """(n_i, n_j, n_i, n_j) matrix in products of oscillator functions, cm⁻¹."""
    powers = [_powers(n) for n in size]
    identities = [np.eye(n) for n in size]
    result = np.zeros((*size, *size))
    for mode in (0, 1):
        energies = modes.wavenumbers_cm1[mode] * (np.arange(size[mode]) + 0.5)
        pair = list(identities)
        pair[mode] = np.diag(energies)
        result += np.einsum("ac,bd->abcd", *pair)
    for tensor, factorial in ((modes.cubic_cm1, 6.0), (modes.quartic_cm1, 24.0)):
        order = tensor.ndim
        for in_j in range(order + 1):
            indices = (0,) * (order - in_j) + (1,) * in_j
            times = len(set(itertools.permutations(indices)))
            value = times * tensor[indices] / factorial
            if value != 0.0:
                result += value * np.einsum("ac,bd->abcd", powers[0][order - in_j], powers[1][in_j])
    return result


def _powers(size: int) -> list[NDArray[np.float64]]:
    """Matrices of q⁰ to q⁴ among the lowest oscillator functions, without error of truncation."""
    larger = size + 4
    up = np.sqrt(np.arange(1, larger) / 2.0)
    q = np.diag(up, 1) + np.diag(up, -1)
    return [np.linalg.matrix_power(q, power)[:size, :size] for power in range(5)]
