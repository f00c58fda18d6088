"""The two-step procedure of papers: areas of two components, then van't Hoff least squares.

It is here for comparison with papers. Both steps are least squares, but the second takes the
centres and widths of the first as exactly known, so that its standard errors are too small; the
one-step fit of `variable_projection` has no such gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from reticulum.errors import InputError
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import FreeAreasModel
from reticulum.spectra.vant_hoff import (
    VantHoffLaw,
    VantHoffPoints,
    known_covariance,
    van_t_hoff_law,
)
from reticulum.spectra.variable_projection import SeriesFit, fit_series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoStepFit:
    """Result of the two-step procedure.

    Attributes
    ----------
    areas
        First step: free areas of both components.
    points
        ln K of each spectrum.
    laws
        Second step: without and with ΔCp.
    warning
        What its standard errors leave out.

    """

    areas: SeriesFit
    points: VantHoffPoints
    laws: tuple[VantHoffLaw, VantHoffLaw]
    warning: str

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "components": self.areas.parameters,
            "component_errors": self.areas.errors,
            "held": list(self.areas.held),
            "points": self.points.to_dict(),
            "laws": [law.to_dict() for law in self.laws],
            "warning": self.warning,
        }


def two_step_fit(
    data: BandData,
    model: FreeAreasModel,
    components: Mapping[str, float],
    *,
    baseline_order: int = -1,
    hold: bool = False,
    extinction_ratio: float = 1.0,
) -> TwoStepFit:
    """Areas of two components in each spectrum, then van't Hoff least squares of ln K on T.

    The second step is weighted with the errors of ln K and takes its standard errors from the
    scatter about the law. These are too small by a factor that grows with the overlap of the
    components. From the joint covariance, for components 9 cm⁻¹ apart of equal widths at -100 to
    200 °C with a straight baseline, the errors of ΔH and ΔS should be 1.04 and 1.05 times as large
    at a FWHM of 8 cm⁻¹, 1.3 and 1.4 at 12, 1.9 and 2.2 at 16, 3.0 and 3.6 at 20; that of ΔCp 1.0 to
    1.2. Widths of their own take ΔS to 1.1, 1.6, 2.5 and 3.8; a ΔCp of 37 J/mol/K takes ΔCp to
    1.7 at 20 cm⁻¹. The scatter of 150 simulated series at 12 cm⁻¹ agrees: 1.3, 1.4 and 1.0. So "two
    times too small" is right for components about half as far apart as they are wide. The joint
    errors of the laws hold for the data at hand.

    Parameters
    ----------
    data
        The band.
    model
        Shape of the components.
    components
        Centres and widths, cm⁻¹: start values, or the values themselves with `hold`.
    baseline_order
        Baseline in each spectrum: -1 none, 0 constant, 1 straight line.
    hold
        Hold centres and widths at the numbers given instead of fitting them.
    extinction_ratio
        Integrated extinction of loose over tight.

    Raises
    ------
    InputError
        If the extinction ratio is not positive.

    """
    if not (np.isfinite(extinction_ratio) and extinction_ratio > 0.0):
        raise InputError(
            f"The extinction ratio loose/tight is {extinction_ratio}.",
            why="Both components must absorb.",
            fix="Give a positive number.",
        )
    areas = fit_series(
        data,
        model,
        components,
        baseline_order=baseline_order,
        held=model.parameters if hold else (),
    )
    points = _points(data, areas, extinction_ratio)
    plain, curved = (van_t_hoff_law(points, heat_capacity=flag) for flag in (False, True))
    return TwoStepFit(
        areas=areas, points=points, laws=(plain, curved), warning=_warning(points, curved, hold)
    )


def _warning(points: VantHoffPoints, law: VantHoffLaw, hold: bool) -> str:
    sentences = ["Two-step fit, for comparison with papers: its standard errors count centres and "
                 "widths as exactly known."]  # fmt: skip
    if hold:
        sentences.append(
            "They were held at given numbers; what is wrong with these is in no error."
        )
    else:
        factors = law.understatement
        sentences.append(
            "For these spectra that makes the errors of ΔH, ΔS and ΔCp too small by factors of "
            + ", ".join(f"{factor:.1f}" for factor in factors[:2])
            + f" and {factors[2]:.1f} (law with ΔCp)."
            if np.isfinite(factors).all()
            else "By how much cannot be said: too few points, or too little in them."
        )
    if points.left_out:
        sentences.append("Left out, an area is not positive: " + ", ".join(points.left_out) + ".")
    return " ".join(sentences)


def _points(data: BandData, areas: SeriesFit, extinction_ratio: float) -> VantHoffPoints:
    tight, loose = areas.linear[:, 0], areas.linear[:, 1]
    kept = (tight > 0.0) & (loose > 0.0)
    ln_k, own = np.full(data.n_spectra, np.nan), np.full(data.n_spectra, np.nan)
    ln_k[kept] = np.log(loose[kept] / tight[kept]) - np.log(extinction_ratio)
    by_shared = np.full((data.n_spectra, len(areas.values)), np.nan)
    for number in np.flatnonzero(kept):
        own[number], by_shared[number] = _ln_ratio(data, areas, int(number))
    joint = by_shared @ known_covariance(areas) @ by_shared.T
    joint[np.diag_indices_from(joint)] += own
    return VantHoffPoints(
        labels=data.labels,
        cycles=data.cycles.copy(),
        temperatures_k=data.temperatures_k.copy(),
        ln_k=ln_k,
        ln_k_errors=np.sqrt(own),
        joint_covariance=joint,
        loose_fractions=expit(ln_k),
        kept=kept,
    )


def _ln_ratio(data: BandData, areas: SeriesFit, number: int) -> tuple[float, NDArray[np.float64]]:
    """Variance of ln(area ratio) at fixed centres and widths, and its derivatives by these."""
    x = data.wavenumbers_cm1[number]
    columns, change = areas.model.columns(areas.values, float(data.temperatures_k[number]), x)
    # any basis of the same polynomials gives the same areas
    across = (2.0 * x - x[0] - x[-1]) / (x[-1] - x[0])
    baseline = np.polynomial.legendre.legvander(across, max(areas.baseline_order, 0))
    inverse = np.linalg.pinv(np.hstack([columns, baseline[:, : areas.baseline_order + 1]]))
    heights = areas.linear[number, :2]
    row = (np.array([-1.0, 1.0]) / heights) @ inverse[:2]
    variance = areas.sum_of_squares / max(areas.n_points - areas.n_parameters, 1)
    # heights follow the shared parameters: dβ/dθ = -X⁺ (dX/dθ) β
    return variance * float(row @ row), -(change @ heights) @ row
