"""Joint thermal draws of soft modes: the draws, and the slope of a band with its statistical error.

Normal coordinates of a quantum-harmonic crystal are independent and Gaussian with the variance
(2n + 1) ħ/2ω, whatever the temperature. A draw is one set of unit normals, scaled by the amplitudes
of each temperature (common random numbers), and comes with its mirror image (± pairs), so that
everything odd in the coordinates drops out exactly. Pairs come in blocks in which every mode takes
each part of its distribution once (Latin hypercube [McKay1979]_); blocks are independent, and their
scatter gives the error. What the slope owes to the squares of the coordinates is learned from the
other blocks and replaced by its known mean (control variates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import t as student

from reticulum.errors import InputError
from reticulum.thermal.harmonic import harmonic_mean_square_a2

#: Pairs of draws in a block. Four parts of |z| take 64 % off the variance of what is quadratic in
#: the coordinates; more pairs would take more off and leave fewer blocks to tell the error from.
PAIRS_PER_BLOCK = 4

#: Variance of the noise over that of the effect of one set, as tried by the regression.
_NOISE_RATIOS = 10.0 ** np.arange(-4.0, 6.1, 0.5)

#: Seed of the random patterns that fix a basis within degenerate sets.
_BASIS_SEED = 1

#: Probability of one standard deviation of a Gaussian, one-sided: Φ(1).
_ONE_SIGMA = 0.8413447460685429


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


def slope_weights(temperatures_k: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights w with Σ w ν(T) the least-squares slope, (n_temperatures,), 1/K.

    Raises
    ------
    InputError
        If there are not two different temperatures.

    """
    centred = temperatures_k - temperatures_k.mean()
    square = float(centred @ centred)
    if square == 0.0:
        raise InputError(
            "All draws are at one temperature.",
            why="A slope needs at least two different temperatures.",
        )
    found: NDArray[np.float64] = centred / square
    return found


def one_sigma_factor(n_blocks: int) -> float:
    """Factor from the standard error of a mean over few blocks to an interval of 68 %.

    Student's t: 1.84 for two blocks, 1.11 for six, 1 for many.

    Parameters
    ----------
    n_blocks
        Number of independent blocks, at least two.

    """
    return float(student.ppf(_ONE_SIGMA, n_blocks - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockSample:
    """One block of pairs.

    Parameters
    ----------
    shifts_cm1
        (n_pairs, n_temperatures, n_bands) shift of each band from the crystal at rest, mean over
        both draws of a pair, cm⁻¹.
    mean_forces
        (n_pairs, n_temperatures, n_symmetric) force on each totally symmetric drawn mode, likewise,
        eV/(Å√u).
    squares
        (n_pairs, n_sets) Σ (z² - 1) over the modes of each degenerate set: what the squares of the
        coordinates exceed their mean by.

    """

    shifts_cm1: NDArray[np.float64]
    mean_forces: NDArray[np.float64]
    squares: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.mean_forces.shape[:2] != self.shifts_cm1.shape[:2]:
            raise ValueError("forces and shifts must have the same pairs and temperatures")
        if len(self.squares) != len(self.shifts_cm1):
            raise ValueError("squares and shifts must have the same pairs")
        for array in (self.shifts_cm1, self.mean_forces, self.squares):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledSlopes:
    """Mean shifts and slopes of bands over blocks of draws.

    Parameters
    ----------
    shifts_cm1
        (n_temperatures, n_bands) mean shift, that from the mean displacement included, cm⁻¹.
    displacement_shifts_cm1
        (n_temperatures, n_bands) part of it that comes from the mean displacement of the totally
        symmetric modes, cm⁻¹.
    slopes_cm1_per_k
        (n_bands,), cm⁻¹/K.
    errors_cm1_per_k
        (n_bands,) half width of the interval that holds the slope with 68 % probability, cm⁻¹/K.
    plain_errors_cm1_per_k
        (n_bands,) the same without control variates.
    set_slopes_cm1_per_k
        (n_sets, n_bands) what the squares of each set give to the slopes by regression, cm⁻¹/K;
        shrunk towards zero where the draws do not tell.
    n_blocks
        Blocks behind it.

    """

    shifts_cm1: NDArray[np.float64]
    displacement_shifts_cm1: NDArray[np.float64]
    slopes_cm1_per_k: NDArray[np.float64]
    errors_cm1_per_k: NDArray[np.float64]
    plain_errors_cm1_per_k: NDArray[np.float64]
    set_slopes_cm1_per_k: NDArray[np.float64]
    n_blocks: int

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (
            self.shifts_cm1,
            self.displacement_shifts_cm1,
            self.slopes_cm1_per_k,
            self.errors_cm1_per_k,
            self.plain_errors_cm1_per_k,
            self.set_slopes_cm1_per_k,
        ):
            array.setflags(write=False)


def sampled_slopes(
    blocks: Sequence[BlockSample],
    temperatures_k: NDArray[np.float64],
    responses: NDArray[np.float64],
    partners: NDArray[np.int64],
) -> SampledSlopes:
    """Slopes of bands from blocks of draws, with their statistical error.

    A harmonic distribution is centred on the crystal at rest, but thermal motion pushes on totally
    symmetric modes and moves their mean. The mean force F on such a mode over the draws gives its
    mean displacement F/λ and that the shift F/λ ∂ν/∂q, in first order.

    Parameters
    ----------
    blocks
        At least two.
    temperatures_k
        (n_temperatures,), K.
    responses
        (n_symmetric, n_bands) (∂ν/∂q)/λ of each totally symmetric mode, cm⁻¹ per eV/(Å√u).
    partners
        (n_sets,) number of modes of each set of `BlockSample.squares`.

    Raises
    ------
    ValueError
        If there are fewer than two blocks.

    """
    if len(blocks) < 2:
        raise ValueError("the scatter of one block is not known")
    n = len(blocks)
    moved = np.array([block.mean_forces @ responses for block in blocks])
    shifts = np.array([block.shifts_cm1 for block in blocks]) + moved
    squares = np.array([block.squares for block in blocks])
    # Shifts at each temperature, and the slopes after them: all have the same control variates.
    slopes = np.einsum("t,bptk->bpk", slope_weights(temperatures_k), shifts)
    n_t = len(temperatures_k)
    values = np.concatenate([shifts, slopes[:, :, None, :]], axis=2).reshape(*shifts.shape[:2], -1)
    adjusted = values.mean(axis=1)
    for b in range(n):
        others = np.arange(n) != b
        known = shrunk_regression(
            np.concatenate(squares[others]), np.concatenate(values[others]), partners
        )
        adjusted[b] -= squares[b].mean(axis=0) @ known
    mean = adjusted.mean(axis=0).reshape(n_t + 1, -1)
    factor = one_sigma_factor(n) / np.sqrt(n)
    all_squares = shrunk_regression(np.concatenate(squares), np.concatenate(slopes), partners)
    return SampledSlopes(
        shifts_cm1=mean[:n_t],
        displacement_shifts_cm1=moved.mean(axis=(0, 1)),
        slopes_cm1_per_k=mean[n_t],
        errors_cm1_per_k=adjusted.std(axis=0, ddof=1).reshape(n_t + 1, -1)[n_t] * factor,
        plain_errors_cm1_per_k=slopes.mean(axis=1).std(axis=0, ddof=1) * factor,
        set_slopes_cm1_per_k=all_squares * partners[:, None],
        n_blocks=n,
    )


def shrunk_regression(
    squares: NDArray[np.float64], values: NDArray[np.float64], partners: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Coefficients of values on squared coordinates, (n_sets, n_values), shrunk towards zero.

    Ridge regression: the effects of the sets are taken as Gaussian with one variance for each mode,
    whose ratio to the noise makes the values most probable [MacKay1992]_. So hundreds of sets do no
    harm where there are few draws.

    Parameters
    ----------
    squares
        (n, n_sets), of mean zero.
    values
        (n, n_values).
    partners
        (n_sets,) number of modes of each set.

    """
    scale = np.sqrt(2.0 * partners)
    x = (squares - squares.mean(axis=0)) / scale
    y = values - values.mean(axis=0)
    left, singular, right = np.linalg.svd(x, full_matrices=False)
    inside = left.T @ y
    outside = np.maximum((y**2).sum(axis=0) - (inside**2).sum(axis=0), 0.0)
    n_free = len(x) - 1
    found = np.empty((len(scale), values.shape[1]))
    for column in range(values.shape[1]):
        best, chosen = np.inf, np.zeros_like(singular)
        for ratio in _NOISE_RATIOS:
            # Covariance of the values: σ² (1 + x xᵀ/ratio); σ² at its most probable value.
            spread = 1.0 + singular**2 / ratio
            square = outside[column] + float((inside[:, column] ** 2 / spread).sum())
            misfit = n_free * np.log(max(square, np.finfo(float).tiny)) + np.log(spread).sum()
            if misfit < best:
                best, chosen = misfit, singular / (singular**2 + ratio)
        found[:, column] = right.T @ (chosen * inside[:, column])
    result: NDArray[np.float64] = found / scale[:, None]
    return result
