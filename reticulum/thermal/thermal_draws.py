"""Random draws of normal coordinates: unit normals in blocks of ± pairs, and thermal amplitudes.

Normal coordinates of a quantum-harmonic crystal are independent and Gaussian with the variance
(2n + 1) ħ/2ω, whatever the temperature. A draw is one set of unit normals, scaled by the amplitudes
of each temperature (common random numbers), and comes with its mirror image (± pairs), so that
everything odd in the coordinates drops out exactly. Pairs come in blocks in which every mode takes
each part of its distribution once (Latin hypercube [McKay1979]_).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from reticulum.thermal.harmonic import harmonic_mean_square_a2

#: Pairs of draws in a block. Four parts of |z| take 64 % off the variance of what is quadratic in
#: the coordinates; more pairs would take more off and leave fewer blocks to tell the error from.
PAIRS_PER_BLOCK = 4

#: Seed of the random patterns that fix a basis within degenerate sets.
_BASIS_SEED = 1


def block_normals(seed: int, block: int, n_modes: int) -> NDArray[np.float64]:
    """Unit normals of a block, (`PAIRS_PER_BLOCK`, n_modes), always the same for the same numbers.

    Each mode takes each of the equally probable parts of |z| once; signs are random. The numbers of
    a mode do not depend on how many modes come after it.

    Parameters
    ----------
    seed
        Seed of the whole calculation.
    block
        Number of the block.
    n_modes
        Number of modes.

    """
    found = np.empty((PAIRS_PER_BLOCK, n_modes))
    for mode in range(n_modes):
        random = np.random.default_rng([seed, block, mode])
        part = random.permutation(PAIRS_PER_BLOCK) + random.random(PAIRS_PER_BLOCK)
        sign = random.choice((-1.0, 1.0), PAIRS_PER_BLOCK)
        found[:, mode] = sign * ndtri(0.5 + 0.5 * part / PAIRS_PER_BLOCK)
    return found


def fixed_basis(
    vectors: NDArray[np.float64], sets: Sequence[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """The same modes in a basis that does not depend on how they were diagonalised, (3n, m).

    Eigenvectors are free up to their sign, those of a degenerate set up to a rotation, and differ
    from one computer to the next. Here each set is spanned by the images of fixed random patterns,
    so that draws that were stored are found again.

    Parameters
    ----------
    vectors
        (3n, m) orthonormal.
    sets
        Columns of each degenerate set.

    """
    result = np.array(vectors)
    for number, members in enumerate(sets):
        random = np.random.default_rng([_BASIS_SEED, number])
        inner = vectors[:, members].T @ random.normal(size=(len(vectors), len(members)))
        turn, triangle = np.linalg.qr(inner)
        result[:, members] = vectors[:, members] @ (turn * np.sign(np.diag(triangle)))
    return result


def thermal_amplitudes(
    wavenumbers_cm1: NDArray[np.float64], temperatures_k: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Standard deviations of mass-weighted normal coordinates, (n_temperatures, n_modes), Å√u.

    Parameters
    ----------
    wavenumbers_cm1
        (n_modes,), positive, cm⁻¹.
    temperatures_k
        (n_temperatures,), K.

    """
    squares = [harmonic_mean_square_a2(float(w), 1.0, temperatures_k) for w in wavenumbers_cm1]
    found: NDArray[np.float64] = np.sqrt(np.array(squares).T).reshape(len(temperatures_k), -1)
    return found
