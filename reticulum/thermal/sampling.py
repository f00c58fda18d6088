"""Slopes of bands from blocks of joint thermal draws, with their statistical error.

Blocks are independent, and their scatter gives the error. What the slope owes to the squares of the
coordinates is learned from the other blocks and replaced by its known mean (control variates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from reticulum.errors import InputError

#: Variance of the noise over that of the effect of one set, as tried by the regression.
_NOISE_RATIOS = 10.0 ** np.arange(-4.0, 6.1, 0.5)

#: Probability of one standard deviation of a Gaussian, one-sided: Φ(1).
_ONE_SIGMA = 0.8413447460685429


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
    fourths
        (n_pairs, n_sets) Σ (z⁴ - 6z² + 3) likewise, the next polynomial of mean zero.
    virials
        (n_pairs, n_temperatures, n_sets) Σ q (∂V/∂q - λq) over the modes of each set: what they
        push back beyond the harmonic force, in units of the thermal energy of each mode λ⟨q²⟩, mean
        over both draws.

    """

    shifts_cm1: NDArray[np.float64]
    mean_forces: NDArray[np.float64]
    squares: NDArray[np.float64]
    fourths: NDArray[np.float64]
    virials: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check shapes and make the arrays read-only."""
        if self.mean_forces.shape[:2] != self.shifts_cm1.shape[:2]:
            raise ValueError("forces and shifts must have the same pairs and temperatures")
        if len(self.squares) != len(self.shifts_cm1):
            raise ValueError("squares and shifts must have the same pairs")
        if self.virials.shape[:2] != self.shifts_cm1.shape[:2]:
            raise ValueError("virials and shifts must have the same pairs and temperatures")
        if self.fourths.shape != self.squares.shape:
            raise ValueError("squares and fourth powers must have the same sets")
        for array in (
            self.shifts_cm1,
            self.mean_forces,
            self.squares,
            self.fourths,
            self.virials,
        ):
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
    shape_slopes_cm1_per_k, shape_errors_cm1_per_k
        (n_bands,) change of the slopes in first order if the draws had the true distribution, and
        its error, cm⁻¹/K; not part of `slopes_cm1_per_k`.
    width_change
        Relative change of ⟨z²⟩ at the highest temperature in first order if the draws had the true
        distribution, mean over the modes.
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
    shape_slopes_cm1_per_k: NDArray[np.float64]
    shape_errors_cm1_per_k: NDArray[np.float64]
    width_change: float
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
            self.shape_slopes_cm1_per_k,
            self.shape_errors_cm1_per_k,
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
    hottest = int(np.argmax(temperatures_k))
    push = float(np.mean([b.virials[:, hottest].sum(axis=1).mean() for b in blocks]))
    shape = shape_correction(
        shifts,
        squares,
        np.array([block.fourths for block in blocks]),
        np.array([block.virials for block in blocks]),
        temperatures_k=temperatures_k,
        partners=partners,
    )
    all_squares = shrunk_regression(np.concatenate(squares), np.concatenate(slopes), partners)
    return SampledSlopes(
        shifts_cm1=mean[:n_t],
        displacement_shifts_cm1=moved.mean(axis=(0, 1)),
        slopes_cm1_per_k=mean[n_t],
        errors_cm1_per_k=adjusted.std(axis=0, ddof=1).reshape(n_t + 1, -1)[n_t] * factor,
        plain_errors_cm1_per_k=slopes.mean(axis=1).std(axis=0, ddof=1) * factor,
        shape_slopes_cm1_per_k=shape[0],
        shape_errors_cm1_per_k=shape[1] * one_sigma_factor(n),
        width_change=-push / float(partners.sum()),
        set_slopes_cm1_per_k=all_squares * partners[:, None],
        n_blocks=n,
    )


def shape_correction(
    shifts_cm1: NDArray[np.float64],
    squares: NDArray[np.float64],
    fourths: NDArray[np.float64],
    virials: NDArray[np.float64],
    *,
    temperatures_k: NDArray[np.float64],
    partners: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Change of the slopes by the anharmonic width of the distribution, and its error, cm⁻¹/K.

    Draws with the energy E beyond the harmonic one should count by exp(-E/kT). In first order the
    mean of z² changes by -⟨(z² - 1) E⟩/kT, which for Gaussian z is -⟨z ∂E/∂z⟩/kT, the virial; and
    the mean of a band by that times what the regression on the squares says.

    Parameters
    ----------
    shifts_cm1
        (n_blocks, n_pairs, n_temperatures, n_bands), cm⁻¹.
    squares, fourths
        (n_blocks, n_pairs, n_sets); what the virial of a set owes to them is replaced by its mean,
        zero.
    virials
        (n_blocks, n_pairs, n_temperatures, n_sets).
    temperatures_k
        (n_temperatures,), K.
    partners
        (n_sets,) number of modes of each set.

    """
    weights = slope_weights(temperatures_k)
    n, n_sets = len(shifts_cm1), len(partners)

    def change(chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        values = shifts_cm1[chosen].reshape(-1, shifts_cm1.shape[2] * shifts_cm1.shape[3])
        known = shrunk_regression(squares[chosen].reshape(-1, n_sets), values, partners)
        effects = known.reshape(n_sets, len(temperatures_k), -1)
        means = np.empty((len(temperatures_k), n_sets))
        for number in range(n_sets):
            design = np.stack(
                [
                    np.ones(len(values)),
                    squares[chosen][..., number].ravel(),
                    fourths[chosen][..., number].ravel(),
                ],
                axis=1,
            )
            pushed = virials[chosen][..., number].reshape(-1, len(temperatures_k))
            means[:, number] = np.linalg.lstsq(design, pushed, rcond=None)[0][0]
        found: NDArray[np.float64] = -np.einsum("t,stk,ts->k", weights, effects, means)
        return found

    left_out = np.array([change(np.arange(n) != b) for b in range(n)])
    spread = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
    return change(np.ones(n, dtype=bool)), np.sqrt((n - 1) / n * spread)


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
