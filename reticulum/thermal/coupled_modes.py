"""Two coupled anharmonic modes: levels exactly and by second-order perturbation.

V = Σ ω_m q_m²/2 + Σ φ_lmn q_l q_m q_n/6 + Σ φ_klmn q_k q_l q_m q_n/24 in dimensionless normal
coordinates (all in cm⁻¹). The perturbation is that of [Barone2005]; `coupled_modes_exact` has the
exact levels. Mode 0 is the one that is watched (i), mode 1 the one that moves it (j).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import CalculationError, InputError
from reticulum.thermal.mode_coupling import (
    ModeCouplings,
    Term,
    bubble_fractions,
    coupling_terms,
)
from reticulum.thermal.morse import TransitionWeight
from reticulum.thermal.oscillator import POPULATION_LIMIT, boltzmann_populations
from reticulum.thermal.slopes import SlopeResult, band_slope, slope_temperatures_k

#: Square of the overlap with the zeroth-order state below which a level has no quantum numbers of
#: its own: it is shared between two states (a Fermi resonance).
SMALLEST_OVERLAP = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoupledModes:
    """Force field of two coupled modes, cm⁻¹, in dimensionless normal coordinates.

    Parameters
    ----------
    wavenumbers_cm1
        (2,) harmonic wavenumbers of i and j, cm⁻¹.
    cubic_cm1
        (2, 2, 2) φ_lmn, symmetric, cm⁻¹.
    quartic_cm1
        (2, 2, 2, 2) φ_klmn, symmetric, cm⁻¹.

    Raises
    ------
    InputError
        If a wavenumber is not positive, a shape is wrong or a tensor is not symmetric.

    """

    wavenumbers_cm1: NDArray[np.float64]
    cubic_cm1: NDArray[np.float64]
    quartic_cm1: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.wavenumbers_cm1.shape != (2,) or not np.all(self.wavenumbers_cm1 > 0.0):
            raise InputError("Two positive harmonic wavenumbers are needed.")
        for name, order in (("cubic_cm1", 3), ("quartic_cm1", 4)):
            tensor = getattr(self, name)
            if tensor.shape != (2,) * order or not np.all(np.isfinite(tensor)):
                raise InputError(f"{name} is not an array of {(2,) * order} finite numbers.")
            turned = tensor.transpose(*range(1, order), 0)
            swapped = tensor.transpose(1, 0, *range(2, order))
            if not (np.allclose(tensor, turned) and np.allclose(tensor, swapped)):
                raise InputError(f"{name} changes when its indices are exchanged.")
        for array in (self.wavenumbers_cm1, self.cubic_cm1, self.quartic_cm1):
            array.setflags(write=False)

    @classmethod
    def from_constants(
        cls, watched_cm1: float, moving_cm1: float, **constants_cm1: float
    ) -> CoupledModes:
        """Force field from its constants by name.

        Parameters
        ----------
        watched_cm1, moving_cm1
            Harmonic wavenumbers of i and j, cm⁻¹.
        constants_cm1
            ``iij``, ``jjj``, ``iijj``, ... : φ with these indices, cm⁻¹; zero where not given.

        Raises
        ------
        InputError
            If a name has other letters or another length.

        """
        cubic, quartic = np.zeros((2,) * 3), np.zeros((2,) * 4)
        for name, value in constants_cm1.items():
            if set(name) - set("ij") or len(name) not in (3, 4):
                raise InputError(
                    f"{name} is no name of a coupling of two modes.",
                    why="It must consist of three or four letters i and j.",
                    fix="Give iij or iijj, for instance.",
                )
            tensor = cubic if len(name) == 3 else quartic
            for order in itertools.permutations("ij".index(letter) for letter in name):
                tensor[order] = value
        return cls(
            wavenumbers_cm1=np.array([watched_cm1, moving_cm1], dtype=np.float64),
            cubic_cm1=cubic,
            quartic_cm1=quartic,
        )

    def scaled(self, factor: float) -> CoupledModes:
        """The same with cubic constants times λ and quartic ones times λ²."""
        return CoupledModes(
            wavenumbers_cm1=self.wavenumbers_cm1.copy(),
            cubic_cm1=factor * self.cubic_cm1,
            quartic_cm1=factor**2 * self.quartic_cm1,
        )

    def couplings(self, mode: int = 0) -> ModeCouplings:
        """Couplings of one of the two modes (0: i, 1: j), for perturbation theory."""
        return ModeCouplings.from_tensors(
            mode,
            wavenumbers_cm1=self.wavenumbers_cm1,
            cubic_cm1=self.cubic_cm1,
            quartic_cm1=np.einsum("kkll->kl", self.quartic_cm1),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CoupledLevels:
    """Levels of two coupled modes by the quanta of each, cm⁻¹.

    Parameters
    ----------
    levels_cm1
        (n_i, n_j) energies above the bottom of the well (exact), or up to a constant
        (perturbation), cm⁻¹.
    overlaps
        (n_i, n_j) square of the overlap with the zeroth-order state; ones by perturbation.
    level_error_cm1
        Largest change of these levels on the last enlargement of the basis, cm⁻¹; zero by
        perturbation, which has no basis.
    basis
        Number of oscillator functions of each mode; zeros by perturbation.

    """

    levels_cm1: NDArray[np.float64]
    overlaps: NDArray[np.float64]
    level_error_cm1: float
    basis: tuple[int, int]

    def __post_init__(self) -> None:
        if self.levels_cm1.shape != self.overlaps.shape or self.levels_cm1.ndim != 2:
            raise ValueError("each level has one overlap")
        self.levels_cm1.setflags(write=False)
        self.overlaps.setflags(write=False)

    @property
    def is_clear(self) -> bool:
        """Whether every level belongs to one zeroth-order state (no Fermi resonance)."""
        return bool(self.overlaps.min() >= SMALLEST_OVERLAP)

    @property
    def transitions_cm1(self) -> NDArray[np.float64]:
        """Transitions (n_i, n_j) to (n_i + 1, n_j), (n_i - 1, n_j), cm⁻¹."""
        return np.diff(self.levels_cm1, axis=0)

    @property
    def fundamentals_cm1(self) -> NDArray[np.float64]:
        """ν_i in each state of j: transitions (0, n_j) to (1, n_j), (n_j,), cm⁻¹."""
        return np.asarray(self.transitions_cm1[0])

    def populations(self, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        """Boltzmann populations of the levels, (n_temperatures, n_i, n_j)."""
        flat = boltzmann_populations(self.levels_cm1.ravel(), temperatures_k)
        return flat.reshape(-1, *self.levels_cm1.shape)

    def band_cm1(
        self, temperatures_k: ArrayLike, weight: TransitionWeight = TransitionWeight.NET_ABSORPTION
    ) -> NDArray[np.float64]:
        """Mean wavenumber of the transitions of i, (n_temperatures,), cm⁻¹.

        *Valid when* the transitions are not resolved, the dipole moment is linear in q_i, and the
        levels keep their quantum numbers (`is_clear`).

        Parameters
        ----------
        temperatures_k
            (n_temperatures,), K.
        weight
            As for a Morse oscillator.

        Raises
        ------
        CalculationError
            If levels above the highest of j would be populated.

        """
        populations = self.populations(temperatures_k)
        tail = float(populations[:, 0, -1].max())
        if tail > POPULATION_LIMIT:
            raise CalculationError(
                f"The highest level of the moving mode holds {tail:.1e} of the population.",
                why="Levels above it are missing in the average.",
                fix="Ask for more levels, or for lower temperatures.",
            )
        lower, upper = populations[:, :-1], populations[:, 1:]
        quanta = np.arange(1.0, self.levels_cm1.shape[0])[None, :, None]
        weights = {
            TransitionWeight.POPULATION: lower,
            TransitionWeight.ABSORPTION: lower * quanta,
            TransitionWeight.NET_ABSORPTION: (lower - upper) * quanta,
        }[weight]
        transitions = self.transitions_cm1
        first = float(transitions[0, 0])
        shift = (weights * (transitions - first)).sum(axis=(1, 2)) / weights.sum(axis=(1, 2))
        return np.asarray(first + shift)

    def slope(
        self,
        temperatures_k: ArrayLike | None = None,
        weight: TransitionWeight = TransitionWeight.NET_ABSORPTION,
    ) -> SlopeResult:
        """Slope and curvature of the band of i; -100 to 200 °C if no temperatures are given."""
        t = slope_temperatures_k() if temperatures_k is None else temperatures_k
        return band_slope(t, self.band_cm1(t, weight))


def perturbed_levels(
    modes: CoupledModes, *, n_watched: int = 3, n_moving: int = 30
) -> CoupledLevels:
    """Levels in second-order perturbation, up to a constant.

    E = Σ_m ω_m (n_m + ½) + Σ_l≤m x_lm (n_l + ½)(n_m + ½).

    *Valid when* no resonance is near: `perturbation_terms` of the same modes tells.

    Parameters
    ----------
    modes
        The force field.
    n_watched, n_moving
        Number of levels of i and j that are wanted.

    """
    first, second = modes.couplings(0), modes.couplings(1)
    x = [sum(coupling_terms(c).values(), np.zeros(2)) for c in (first, second)]
    i = np.arange(n_watched)[:, None] + 0.5
    j = np.arange(n_moving)[None, :] + 0.5
    omega = modes.wavenumbers_cm1
    levels = omega[0] * i + omega[1] * j + x[0][0] / 4.0 * i**2 + x[1][1] / 4.0 * j**2
    levels = levels + x[0][1] * i * j
    return CoupledLevels(
        levels_cm1=levels, overlaps=np.ones_like(levels), level_error_cm1=0.0, basis=(0, 0)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbationTerms:
    """Cross anharmonicity x_ij of two modes by terms, cm⁻¹.

    Parameters
    ----------
    quartic_cm1, relaxation_cm1, bubble_cm1
        The three terms, cm⁻¹; the bubble with its resonant fractions.
    resonant
        Whether a fraction of the bubble is a Fermi resonance: the sum is then not to be used.

    """

    quartic_cm1: float
    relaxation_cm1: float
    bubble_cm1: float
    resonant: bool

    @property
    def total_cm1(self) -> float:
        """x_ij, cm⁻¹."""
        return self.quartic_cm1 + self.relaxation_cm1 + self.bubble_cm1


def perturbation_terms(modes: CoupledModes, *, hottest_k: float | None = None) -> PerturbationTerms:
    """Terms of x_ij, with a flag for Fermi resonances.

    Parameters
    ----------
    modes
        The force field.
    hottest_k
        Highest temperature of interest, K; that of the published spectra if not given.

    """
    couplings = modes.couplings(0)
    hottest = float(slope_temperatures_k()[-1]) if hottest_k is None else hottest_k
    terms = coupling_terms(couplings)
    return PerturbationTerms(
        quartic_cm1=float(terms[Term.QUARTIC][1]),
        relaxation_cm1=float(terms[Term.RELAXATION][1]),
        bubble_cm1=float(terms[Term.BUBBLE][1]),
        resonant=bool(bubble_fractions(couplings, hottest).resonant.any()),
    )
