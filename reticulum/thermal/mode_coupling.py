"""Mode coupling: how the thermal motion of all modes shifts one mode, in second-order perturbation.

The potential in dimensionless normal coordinates is V = Σ ω_i q_i²/2 + Σ φ_ijk q_i q_j q_k/6 +
Σ φ_ijkl q_i q_j q_k q_l/24 (all in cm⁻¹, sums over all indices). The band of mode i is at
ν_i(T) = ω_i + Σ_j x_ij (n_j + ½) with the Bose occupation n_j and [Barone2005]

    x_ij = ¼ φ_iijj - ¼ Σ_k φ_iik φ_jjk/ω_k + ½ Σ_k φ_ijk² ω_k (ω_k² - ω_i² - ω_j²)/D,

the *quartic*, *relaxation* and *bubble* terms. The sum runs over j = i too, where the expression is
four times the diagonal anharmonicity x_ii, so that ν_i holds 2 x_ii (2 n_i + 1): absorption less
stimulated emission. The bubble is kept as its four partial fractions
-⅛ φ_ijk² [1/(ω_i+ω_j+ω_k) + 1/(ω_j+ω_k-ω_i) + 1/(ω_i+ω_k-ω_j) - 1/(ω_i+ω_j-ω_k)],
so that only the fraction that is resonant has to be left out.

Modes come as degenerate sets, and all sums run over complete sets. So nothing depends on the choice
of eigenvectors within a set, neither of j and k nor of i if its set is one representation.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError
from reticulum.thermal.harmonic import bose_occupation
from reticulum.thermal.slopes import checked_temperatures_k
from reticulum.units import BOLTZMANN_CM1_PER_K

#: A fraction of the bubble is resonant when second-order perturbation misses the exact shift of
#: the two levels by more than this, cm⁻¹: W⁴/|δ|³, the usual test of vibrational perturbation
#: theory [Martin1995]; here W holds the occupations at the highest temperature.
RESONANCE_LIMIT_CM1 = 1.0

#: ... and by more than this part of the shift itself, (W/δ)². A large and distant fraction is no
#: resonance: the librations of carboxylates have such ones, and without them the other terms would
#: not cancel.
RESONANCE_SHARE = 0.1


class Term(StrEnum):
    """Terms of the coupling between two modes."""

    QUARTIC = "quartic"
    RELAXATION = "relaxation"
    BUBBLE = "bubble"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeCouplings:
    """Couplings of one mode i to the degenerate sets of all modes.

    Parameters
    ----------
    tracked_cm1
        Harmonic wavenumber ω_i, cm⁻¹.
    wavenumbers_cm1
        Harmonic wavenumber of each set, positive, shape (n_sets,), cm⁻¹.
    dimensions
        Number of partners of each set, shape (n_sets,).
    quartic_cm1
        Σ_j φ_iijj over the partners of each set, shape (n_sets,), cm⁻¹.
    relaxation_cm1
        Σ_j Σ_k φ_iik φ_jjk/ω_k over the partners j of each set and all k, shape (n_sets,), cm⁻¹.
    cubic_squares_cm2
        Σ_jk φ_ijk² over the partners of two sets, symmetric, shape (n_sets, n_sets), cm⁻².

    Raises
    ------
    InputError
        If shapes differ, a number is not finite or a wavenumber is not positive.

    """

    tracked_cm1: float
    wavenumbers_cm1: NDArray[np.float64]
    dimensions: NDArray[np.int64]
    quartic_cm1: NDArray[np.float64]
    relaxation_cm1: NDArray[np.float64]
    cubic_squares_cm2: NDArray[np.float64]

    def __post_init__(self) -> None:
        n = self.wavenumbers_cm1.size
        for name, shape in (
            ("wavenumbers_cm1", (n,)),
            ("dimensions", (n,)),
            ("quartic_cm1", (n,)),
            ("relaxation_cm1", (n,)),
            ("cubic_squares_cm2", (n, n)),
        ):
            array = getattr(self, name)
            if array.shape != shape or not np.all(np.isfinite(array)):
                raise InputError(f"{name} is not an array of {shape} finite numbers.")
            array.setflags(write=False)
        if not (self.tracked_cm1 > 0.0 and np.all(self.wavenumbers_cm1 > 0.0)):
            raise InputError(
                "A wavenumber is not positive.",
                why="Perturbation theory starts from a stable harmonic oscillator in every mode.",
                fix="Leave imaginary modes and translations out.",
            )

    @classmethod
    def from_tensors(
        cls,
        tracked: int,
        *,
        wavenumbers_cm1: ArrayLike,
        cubic_cm1: ArrayLike,
        quartic_cm1: ArrayLike,
        sets: tuple[tuple[int, ...], ...] | None = None,
    ) -> ModeCouplings:
        """Couplings of a mode from all constants of a force field.

        Parameters
        ----------
        tracked
            Index of the mode i.
        wavenumbers_cm1
            (n,) harmonic wavenumbers, cm⁻¹.
        cubic_cm1
            (n, n, n) φ_ijk, symmetric, cm⁻¹.
        quartic_cm1
            (n, n) φ_iijj, cm⁻¹.
        sets
            Indices of degenerate modes; each mode for itself if not given.

        """
        omega = np.asarray(wavenumbers_cm1, dtype=np.float64)
        cubic = np.asarray(cubic_cm1, dtype=np.float64)
        quartic = np.asarray(quartic_cm1, dtype=np.float64)
        groups = tuple((j,) for j in range(omega.size)) if sets is None else sets
        member = np.zeros((len(groups), omega.size))
        for number, modes in enumerate(groups):
            member[number, list(modes)] = 1.0
        dimensions = member.sum(axis=1).astype(np.int64)
        relaxation = np.einsum("k,jjk->j", cubic[tracked, tracked] / omega, cubic)
        return cls(
            tracked_cm1=float(omega[tracked]),
            wavenumbers_cm1=member @ omega / dimensions,
            dimensions=dimensions,
            quartic_cm1=member @ quartic[tracked],
            relaxation_cm1=member @ relaxation,
            cubic_squares_cm2=member @ cubic[tracked] ** 2 @ member.T,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BubbleFractions:
    """Partial fractions of the bubble, and which of them are resonant.

    Parameters
    ----------
    denominators_cm1
        (3, n_sets, n_sets), cm⁻¹: ω_i+ω_j+ω_k, then ω_j+ω_k-ω_i (the mode decays into two), then
        ω_i+ω_k-ω_j (the mode and k combine into j).
    resonant
        Same shape: left out of the bubble.

    """

    denominators_cm1: NDArray[np.float64]
    resonant: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.resonant.shape != self.denominators_cm1.shape:
            raise ValueError("each fraction is resonant or not")
        self.denominators_cm1.setflags(write=False)
        self.resonant.setflags(write=False)


def bubble_fractions(
    couplings: ModeCouplings, hottest_k: float, *, limit_cm1: float = RESONANCE_LIMIT_CM1
) -> BubbleFractions:
    """Partial fractions of the bubble with the Fermi resonances among them.

    Parameters
    ----------
    couplings
        Couplings of the mode.
    hottest_k
        Highest temperature of interest, K; occupations there enter the test.
    limit_cm1
        Error of second-order perturbation from which a fraction may count as resonant, cm⁻¹.

    """
    omega, i = couplings.wavenumbers_cm1, couplings.tracked_cm1
    n = _occupations(omega, np.array([hottest_k]))[0]
    j, k = omega[:, None], omega[None, :]
    denominators = np.array([i + j + k, j + k - i, i + k - j])
    strength = couplings.cubic_squares_cm2 / 8.0
    thermal = np.array(
        [
            n[:, None] + n[None, :] + 1.0,
            n[:, None] + n[None, :] + 1.0,
            np.abs(n[:, None] - n[None, :]),
        ]
    )
    # Two sets that are one and the same: the pair (j, k) is counted twice in the sum over squares.
    diagonal = np.where(np.eye(omega.size, dtype=bool), 0.5, 1.0)
    squares = strength[None] * thermal * diagonal[None]
    with np.errstate(invalid="ignore"):
        wrong = squares**2 > limit_cm1 * np.abs(denominators) ** 3
    resonant = wrong & (squares > RESONANCE_SHARE * denominators**2)
    return BubbleFractions(denominators_cm1=denominators, resonant=resonant)


def coupling_terms(
    couplings: ModeCouplings, fractions: BubbleFractions | None = None
) -> dict[Term, NDArray[np.float64]]:
    """Terms of x_ij summed over the partners j of each set, (n_sets,) each, cm⁻¹.

    Parameters
    ----------
    couplings
        Couplings of the mode.
    fractions
        Fractions of the bubble; resonant ones are left out. None: nothing is left out.

    """
    parts = fractions or bubble_fractions(couplings, 1.0, limit_cm1=np.inf)
    return {
        Term.QUARTIC: 0.25 * couplings.quartic_cm1,
        Term.RELAXATION: -0.25 * couplings.relaxation_cm1,
        Term.BUBBLE: pair_bubbles(couplings, parts).sum(axis=1),
    }


def pair_bubbles(couplings: ModeCouplings, fractions: BubbleFractions) -> NDArray[np.float64]:
    """Bubble terms of x_ij before the sum over k, without resonances, (n_sets, n_sets), cm⁻¹."""
    inverse = np.zeros_like(fractions.denominators_cm1)
    # A denominator of exactly zero that is not resonant belongs to a coupling of zero.
    kept = ~fractions.resonant & (fractions.denominators_cm1 != 0.0)
    np.divide(1.0, fractions.denominators_cm1, out=inverse, where=kept)
    total, decay, combine = inverse
    return np.asarray(-0.125 * couplings.cubic_squares_cm2 * (total + decay + combine - combine.T))


def thermal_shift_cm1(
    couplings: ModeCouplings, x_cm1: NDArray[np.float64], temperatures_k: ArrayLike
) -> NDArray[np.float64]:
    """Shift Σ_j x_ij (n_j + ½), shape (n_temperatures,), cm⁻¹.

    *Valid when* the modes stay harmonic in population, and the shifts are small against the
    wavenumbers of the modes that cause them. Straight-line coordinates of soft modes break the
    second condition in frameworks.

    Parameters
    ----------
    couplings
        Couplings of the mode.
    x_cm1
        (n_sets,) x_ij summed over the partners of each set, cm⁻¹.
    temperatures_k
        (n_temperatures,), K.

    """
    return np.asarray((_occupations(couplings.wavenumbers_cm1, temperatures_k) + 0.5) @ x_cm1)


def high_temperature_slopes(
    couplings: ModeCouplings, x_cm1: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Slope that each set gives where it is classical, x_ij k/(hc ω_j), (n_sets,), cm⁻¹/K."""
    return np.asarray(x_cm1 * BOLTZMANN_CM1_PER_K / couplings.wavenumbers_cm1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResonanceShifts:
    """What the resonances that were left out would give.

    Parameters
    ----------
    n_resonances
        Number of resonant pairs of sets.
    second_order_cm1
        (n_temperatures,) by the formula, cm⁻¹: meaningless where a denominator is near zero.
    two_levels_cm1
        (n_temperatures,) each resonance solved exactly for its two levels, cm⁻¹, with the mode
        followed adiabatically.
    strongest
        (ω_j, ω_k, denominator δ, matrix element W at the highest temperature) of each, cm⁻¹, the
        strongest first.

    """

    n_resonances: int
    second_order_cm1: NDArray[np.float64]
    two_levels_cm1: NDArray[np.float64]
    strongest: tuple[tuple[float, float, float, float], ...]

    def __post_init__(self) -> None:
        self.second_order_cm1.setflags(write=False)
        self.two_levels_cm1.setflags(write=False)


def resonance_shifts(
    couplings: ModeCouplings, fractions: BubbleFractions, temperatures_k: ArrayLike
) -> ResonanceShifts:
    """Shifts by the resonances that the bubble leaves out.

    A state that lies δ above the mode and is mixed in with W pushes it by
    -[√(δ² + 4W²) - |δ|] sign(δ)/2; second-order perturbation gives -W²/δ.

    Parameters
    ----------
    couplings
        Couplings of the mode.
    fractions
        From `bubble_fractions`.
    temperatures_k
        (n_temperatures,), K.

    """
    t = checked_temperatures_k(temperatures_k)
    omega = couplings.wavenumbers_cm1
    n = _occupations(omega, t)
    second, exact = np.zeros(t.size), np.zeros(t.size)
    found = []
    hottest = int(t.argmax())
    for kind, j, k in np.argwhere(fractions.resonant):
        if kind < 2 and k < j:
            continue  # the same pair of sets
        delta = float(fractions.denominators_cm1[kind, j, k])
        occupation = n[:, k] - n[:, j] if kind == 2 else n[:, j] + n[:, k] + 1.0
        square = couplings.cubic_squares_cm2[j, k] / 8.0 * occupation
        if j == k:
            square = 0.5 * square
        # The pair i + k -> j pulls the mode towards j: the other sign of the denominator.
        towards = -delta if kind == 2 else delta
        second += -square / towards if towards else np.zeros(t.size)
        root = np.sqrt(delta**2 + 4.0 * np.abs(square))
        sign = 1.0 if towards >= 0.0 else -1.0
        exact += -0.5 * np.sign(square) * sign * (root - abs(delta))
        matrix_element = float(np.sqrt(abs(square[hottest])))
        found.append((float(omega[j]), float(omega[k]), delta, matrix_element))
    found.sort(key=lambda entry: -entry[3])
    return ResonanceShifts(
        n_resonances=len(found),
        second_order_cm1=second,
        two_levels_cm1=exact,
        strongest=tuple(found),
    )


def _occupations(
    wavenumbers_cm1: NDArray[np.float64], temperatures_k: ArrayLike
) -> NDArray[np.float64]:
    """Bose occupations, (n_temperatures, n_sets)."""
    t = checked_temperatures_k(temperatures_k)
    columns = [bose_occupation(float(omega), t) for omega in wavenumbers_cm1]
    return np.array(columns).T.reshape(t.size, wavenumbers_cm1.size)
