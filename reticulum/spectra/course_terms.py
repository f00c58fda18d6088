"""Line, quadratic and cubic term of a course with temperature, with an offset for each cycle.

Weighted least squares in Legendre polynomials of the temperature. Each cycle has an offset of its
own, so that neither drift nor hysteresis passes for curvature.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.stats import f as fisher

from reticulum.errors import InputError
from reticulum.spectra.band_data import temperature_groups

#: Values are rounded to about this, cm⁻¹: scatter below it is none.
_ROUNDING_CM1 = 1e-9

#: Smallest error of a point in units of the largest: a point that claims more is not believed.
_SMALLEST_RELATIVE_ERROR = 1e-9

#: Largest departure from the chord over -1 to 1 of the Legendre polynomials P2 (at 0) and P3 (at
#: -1/√3, opposite at the other side).
_CHORD = {2: -1.5, 3: 5.0 / (3.0 * np.sqrt(3.0))}

#: Terms beyond the line.
TERMS = {2: "quadratic", 3: "cubic"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvatureTerm:
    """One term beyond the straight line.

    Attributes
    ----------
    name
        ``"quadratic"`` or ``"cubic"``.
    departure_cm1, departure_error_cm1
        How far the term takes the course from the straight line between its ends, and the
        standard error. Quadratic: in the middle, positive above the line. Cubic: at its farthest,
        positive above the line in the cold half and below it in the hot half.
    f, p_value
        F-test of the term against the model with all lower terms.
    aicc_change
        AICc with the term less that without it; negative speaks for it. NaN where points are too
        few.

    """

    name: str
    departure_cm1: float
    departure_error_cm1: float
    f: float
    p_value: float
    aicc_change: float

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class LackOfFit:
    """The straight line against the scatter of repeats.

    Attributes
    ----------
    f, p_value
        F-test of the line against one free value for each set point.
    largest_departure_cm1, largest_departure_k
        Mean of the set point that lies farthest from the line, less the line, cm⁻¹, and its
        temperature, K.
    pure_error_cm1
        Scatter of repeats (about the means of set points and cycles), cm⁻¹.
    pure_error_freedom
        Its degrees of freedom.

    """

    f: float
    p_value: float
    largest_departure_cm1: float
    largest_departure_k: float
    pure_error_cm1: float
    pure_error_freedom: int

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def weights(errors_cm1: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,) inverse standard errors, cm; all 1 where no error is known.

    Parameters
    ----------
    errors_cm1
        (n,) standard errors, cm⁻¹.

    Raises
    ------
    InputError
        If an error is negative or no finite number.

    """
    bad = ~(np.isfinite(errors_cm1) & (errors_cm1 >= 0.0))
    if bad.any():
        raise InputError(
            f"A standard error is {errors_cm1[bad][0]} cm⁻¹.",
            why="Points are weighted with their errors.",
            fix="Leave the spectrum out, or give all points the same error.",
        )
    largest = float(errors_cm1.max())
    if largest == 0.0:
        return np.ones_like(errors_cm1)
    return np.asarray(1.0 / np.maximum(errors_cm1, _SMALLEST_RELATIVE_ERROR * largest))


class BlockedCourse:
    """Weighted least squares with an offset for each block and Legendre terms in temperature.

    Parameters
    ----------
    temperatures_k, values_cm1, errors_cm1
        (n,) K, cm⁻¹ and standard errors, cm⁻¹; only the ratios of the errors count.
    blocks
        n names of the cycles, each of which has an offset.

    """

    def __init__(
        self,
        temperatures_k: NDArray[np.float64],
        values_cm1: NDArray[np.float64],
        errors_cm1: NDArray[np.float64],
        blocks: Sequence[Hashable],
    ) -> None:
        names = list(dict.fromkeys(blocks))
        low, high = float(temperatures_k.min()), float(temperatures_k.max())
        self._groups = temperature_groups(temperatures_k)
        self._n_groups = int(self._groups.max()) + 1
        self._weight = weights(errors_cm1)
        self._x = 2.0 * (temperatures_k - low) / (high - low) - 1.0
        self._t = temperatures_k
        self._y = values_cm1 - values_cm1.mean()
        self._offsets = np.array([[float(block == name) for name in names] for block in blocks])
        floor = _ROUNDING_CM1 * self._weight
        self._floor = float(floor @ floor)
        self._order = 1
        for order in TERMS:
            # a term is tested only where points are left over
            matrix = self._matrix(order)
            if self._n_groups > order and _rank(matrix) == matrix.shape[1] < len(self._y):
                self._order = order
        #: Degrees of freedom left beside the largest model.
        self.freedom = len(self._y) - self._matrix(self._order).shape[1]

    def _matrix(self, order: int, x: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        powers = legendre.legvander(self._x if x is None else x, order)[:, 1:]
        return np.hstack([self._offsets, powers])

    def _fit(
        self, matrix: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], float]:
        """Coefficients and weighted sum of squares."""
        weighted = matrix * self._weight[:, None]
        coefficients, *_ = np.linalg.lstsq(weighted, y * self._weight, rcond=None)
        left = y * self._weight - weighted @ coefficients
        return np.asarray(coefficients), float(left @ left) + self._floor

    def terms(self) -> tuple[tuple[CurvatureTerm, ...], float]:
        """Terms beyond the line, and the F-test of all of them; NaN without terms."""
        if self._order < min(TERMS):
            return (), float("nan")
        n = len(self._y)
        matrix = self._matrix(self._order)
        coefficients, full = self._fit(matrix, self._y)
        variance = full / self.freedom
        weighted = matrix * self._weight[:, None]
        sigmas = np.sqrt(np.diag(np.linalg.inv(weighted.T @ weighted)) * variance)
        squares = {k: self._fit(self._matrix(k), self._y)[1] for k in range(1, self._order + 1)}
        n_blocks = self._offsets.shape[1]
        found = []
        for order in range(2, self._order + 1):
            ratio = max((squares[order - 1] - squares[order]) / variance, 0.0)
            place = n_blocks + order - 1
            found.append(
                CurvatureTerm(
                    name=TERMS[order],
                    departure_cm1=float(_CHORD[order] * coefficients[place]),
                    departure_error_cm1=float(abs(_CHORD[order]) * sigmas[place]),
                    f=float(ratio),
                    p_value=float(fisher.sf(ratio, 1, self.freedom)),
                    aicc_change=_aicc(squares[order], n, place + 1)
                    - _aicc(squares[order - 1], n, place),
                )
            )
        more = self._order - 1
        ratio = max((squares[1] - full) / more / variance, 0.0)
        return tuple(found), float(fisher.sf(ratio, more, self.freedom))

    def lack_of_fit(self) -> LackOfFit | None:
        """The line against one free value for each set point; None without repeats."""
        line, _ = self._fit(self._matrix(1), self._y)
        # small differences of temperature within a set point are taken out with the line
        means = np.array([self._x[self._groups == g].mean() for g in range(self._n_groups)])
        x = means[self._groups]
        y = self._y - line[-1] * (self._x - x)
        matrix = self._matrix(1, x)
        free = np.hstack([self._offsets, np.eye(self._n_groups)[self._groups]])
        coefficients, straight = self._fit(matrix, y)
        _, pure = self._fit(free, y)
        freedom, more = len(y) - _rank(free), _rank(free) - _rank(matrix)
        if freedom < 1 or more < 1:
            return None
        ratio = max((straight - pure) / more / (pure / freedom), 0.0)
        left = y - matrix @ coefficients
        away = np.array([left[self._groups == group].mean() for group in range(self._n_groups)])
        far = int(np.argmax(np.abs(away)))
        typical = float(np.sqrt(np.mean(self._weight**2)))
        return LackOfFit(
            f=float(ratio),
            p_value=float(fisher.sf(ratio, more, freedom)),
            largest_departure_cm1=float(away[far]),
            largest_departure_k=float(self._t[self._groups == far].mean()),
            pure_error_cm1=float(np.sqrt(pure / freedom)) / typical,
            pure_error_freedom=freedom,
        )

    def bend(self) -> str:
        """How the slope of the fitted curve changes on heating, in words."""
        coefficients, _ = self._fit(self._matrix(self._order), self._y)
        series = np.concatenate([[0.0], coefficients[self._offsets.shape[1] :]])
        cold, middle, hot = legendre.legval(np.array([-1.0, 0.0, 1.0]), legendre.legder(series))
        sizes = [abs(_CHORD[order] * series[order]) for order in range(2, self._order + 1)]
        if len(sizes) > 1 and sizes[1] > sizes[0]:
            ends = 0.5 * (abs(cold) + abs(hot))
            return "steepest in the middle" if abs(middle) > ends else "steepest at the ends"
        if cold * hot < 0.0:
            return "turns around"
        return "steepens on heating" if abs(hot) > abs(cold) else "flattens on heating"


def _rank(matrix: NDArray[np.float64]) -> int:
    return int(np.linalg.matrix_rank(matrix))


def _aicc(squares: float, n: int, parameters: int) -> float:
    """Corrected Akaike criterion; the scatter is one more parameter."""
    k = parameters + 1
    if n - k - 1 <= 0:
        return float("nan")
    return n * float(np.log(squares / n)) + 2.0 * k + 2.0 * k * (k + 1) / (n - k - 1)
