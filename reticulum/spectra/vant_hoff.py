"""Van't Hoff law ln K(T): its points, its least squares, and its error in a one-step fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from reticulum.errors import InputError
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.variable_projection import SeriesFit
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K

#: Header and rows of plain values for a table.
Rows = tuple[tuple[str, ...], list[list[object]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VantHoffPoints:
    """Equilibrium constants from the areas of two components, one a spectrum.

    Attributes
    ----------
    labels
        Names of the spectra.
    cycles
        (n,) cycle numbers.
    temperatures_k
        (n,) K.
    ln_k
        (n,) ln K with K = [loose]/[tight] = (area ratio)/r; NaN where left out.
    ln_k_errors
        (n,) standard errors as the two-step procedure has them: centres and widths exactly known.
    joint_covariance
        (n, n) covariance of ln K with the errors of centres and widths, which all points share;
        NaN where left out.
    loose_fractions
        (n,) K/(1 + K).
    kept
        (n,) whether both areas are positive; other spectra are left out.

    """

    labels: tuple[str, ...]
    cycles: NDArray[np.int64]
    temperatures_k: NDArray[np.float64]
    ln_k: NDArray[np.float64]
    ln_k_errors: NDArray[np.float64]
    joint_covariance: NDArray[np.float64]
    loose_fractions: NDArray[np.float64]
    kept: NDArray[np.bool_]

    def __post_init__(self) -> None:
        shape = (len(self.labels),)
        for array in (self.cycles, self.temperatures_k, self.ln_k, self.ln_k_errors,
                      self.loose_fractions, self.kept):  # fmt: skip
            if array.shape != shape:
                raise ValueError(f"expected {shape}, got {array.shape}")
            array.setflags(write=False)
        if self.joint_covariance.shape != shape * 2:
            raise ValueError(f"expected {shape * 2}, got {self.joint_covariance.shape}")
        self.joint_covariance.setflags(write=False)

    @property
    def joint_ln_k_errors(self) -> NDArray[np.float64]:
        """Standard errors of each ln K with those of centres and widths, (n,)."""
        return np.asarray(np.sqrt(np.diag(self.joint_covariance)))

    @property
    def left_out(self) -> tuple[str, ...]:
        """Names of the spectra with an area that is not positive."""
        return tuple(label for label, kept in zip(self.labels, self.kept, strict=True) if not kept)

    def rows(self) -> Rows:
        """Return header and rows of plain numbers for a table; NaN where left out."""
        header = ("label", "cycle", "temperature_k", "inverse_temperature_per_k", "ln_k",
                  "ln_k_error", "joint_ln_k_error", "loose_fraction", "kept")  # fmt: skip
        return header, [
            [label, *(array[n].item() for array in self._columns())]
            for n, label in enumerate(self.labels)
        ]

    def _columns(self) -> tuple[NDArray[np.generic], ...]:
        t = self.temperatures_k
        return (self.cycles, t, 1.0 / t, self.ln_k, self.ln_k_errors, self.joint_ln_k_errors,
                self.loose_fractions, self.kept)  # fmt: skip

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        return {
            "labels": list(self.labels),
            "cycles": self.cycles.tolist(),
            "temperatures_k": self.temperatures_k.tolist(),
            "ln_k": self.ln_k.tolist(),
            "ln_k_errors": self.ln_k_errors.tolist(),
            "joint_ln_k_errors": self.joint_ln_k_errors.tolist(),
            "loose_fractions": self.loose_fractions.tolist(),
            "kept": self.kept.tolist(),
            "left_out": list(self.left_out),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class VantHoffLaw:
    """Law fitted to ln K against T, with or without a heat capacity.

    Attributes
    ----------
    heat_capacity
        Whether ΔCp was fitted; else it is 0 with the error 0.
    dh_kj_mol, ds_j_mol_k, dcp_j_mol_k
        ΔH (kJ/mol), ΔS and ΔCp (J/mol/K) of tight → loose at 298.15 K; NaN if the points are too
        few.
    dh_error_kj_mol, ds_error_j_mol_k, dcp_error_j_mol_k
        Standard errors as the procedure states them, from the scatter of the points about the law;
        NaN without spare points.
    dh_joint_error_kj_mol, ds_joint_error_j_mol_k, dcp_joint_error_j_mol_k
        Standard errors of the same numbers with those of centres and widths, from the noise of
        the spectra.
    understatement
        Errors of ΔH, ΔS and ΔCp with those of centres and widths over the errors that known
        centres and widths would give, both from the noise of the spectra; NaN for a ΔCp of 0.
    rms
        Root mean square of ln K less the law.
    n_points
        Points fitted.

    """

    heat_capacity: bool
    dh_kj_mol: float
    ds_j_mol_k: float
    dcp_j_mol_k: float
    dh_error_kj_mol: float
    ds_error_j_mol_k: float
    dcp_error_j_mol_k: float
    dh_joint_error_kj_mol: float
    ds_joint_error_j_mol_k: float
    dcp_joint_error_j_mol_k: float
    understatement: tuple[float, float, float]
    rms: float
    n_points: int

    def ln_k(self, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        """Law at temperatures (n,) in K; (n,)."""
        values = np.array([self.dh_kj_mol, self.ds_j_mol_k, self.dcp_j_mol_k])
        return np.asarray(ln_k_columns(temperatures_k, heat_capacity=True) @ values)

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types for JSON."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return found | {"understatement": list(self.understatement)}


def ln_k_columns(temperatures_k: ArrayLike, *, heat_capacity: bool) -> NDArray[np.float64]:
    """Derivatives of ln K by ΔH (kJ/mol), ΔS and ΔCp (J/mol/K), in which it is linear.

    ln K = -(ΔH + ΔCp (T - T₀) - T (ΔS + ΔCp ln(T/T₀)))/RT with T₀ = 298.15 K [Andreeva2020].

    Parameters
    ----------
    temperatures_k
        (n,) K.
    heat_capacity
        Whether to include ΔCp.

    Returns
    -------
    numpy.ndarray
        (n, 2) or (n, 3), mol/kJ and K mol/J.

    """
    t = np.atleast_1d(np.asarray(temperatures_k, dtype=np.float64))
    rt = GAS_CONSTANT_J_PER_MOL_K * t
    columns = [-1000.0 / rt, np.full_like(t, 1.0 / GAS_CONSTANT_J_PER_MOL_K)]
    if heat_capacity:
        t0 = REFERENCE_TEMPERATURE_K
        columns.append((t * np.log(t / t0) - (t - t0)) / rt)
    return np.stack(columns, axis=1)


def ln_k_errors(fit: SeriesFit, temperatures_k: ArrayLike) -> NDArray[np.float64]:
    """Standard errors of the law ln K(T) of a one-step fit, from its joint covariance.

    They hold for the law, which draws on all spectra; errors of the ln K of one spectrum are in
    `VantHoffPoints.joint_ln_k_errors`.

    Parameters
    ----------
    fit
        Fit of a `TwoStateModel`.
    temperatures_k
        (n,) K.

    Returns
    -------
    numpy.ndarray
        (n,); a thermal parameter that was held counts as exactly known; NaN if one has no error.

    Raises
    ------
    InputError
        If the model is another one.

    """
    model = fit.model
    if not isinstance(model, TwoStateModel):
        raise InputError(
            f"{model.name} has no law for ln K.",
            why="Only two-state models have ΔH and ΔS.",
            fix="Give the fit of a two-state model.",
        )
    columns = ln_k_columns(temperatures_k, heat_capacity=model.heat_capacity)
    n = columns.shape[1]
    thermal = known_covariance(fit)[-n:, -n:]
    return np.asarray(np.sqrt(np.einsum("ti,ij,tj->t", columns, thermal, columns)))


def known_covariance(fit: SeriesFit) -> NDArray[np.float64]:
    """Covariance of the shared parameters (p, p) with those held or at a limit exactly known.

    What the data do not determine stays NaN.

    Parameters
    ----------
    fit
        The fit.

    """
    covariance = fit.covariance.copy()
    for number, name in enumerate(fit.model.parameters):
        if name in fit.held or name in fit.at_bound:
            covariance[number, :] = covariance[:, number] = 0.0
    return covariance


def van_t_hoff_law(points: VantHoffPoints, *, heat_capacity: bool) -> VantHoffLaw:
    """Weighted least squares of ln K on T.

    Parameters
    ----------
    points
        ln K of the spectra; weights are the inverse squares of `ln_k_errors`.
    heat_capacity
        Whether to fit ΔCp.

    """
    kept = points.kept
    t, y = points.temperatures_k[kept], points.ln_k[kept]
    sigma = points.ln_k_errors[kept]
    weight = 1.0 / sigma if (sigma > 0.0).all() else np.ones_like(sigma)
    columns = ln_k_columns(t, heat_capacity=heat_capacity)
    p = columns.shape[1]
    values, stated, joint = (np.array([np.nan, np.nan, np.nan if heat_capacity else 0.0])
                             for _ in range(3))  # fmt: skip
    factors, rms = np.full(3, np.nan), float("nan")
    if len(np.unique(t)) >= p:
        solve = np.linalg.pinv(columns * weight[:, None]) * weight
        values[:p] = solve @ y
        joint[:p] = np.sqrt(np.diag(solve @ points.joint_covariance[np.ix_(kept, kept)] @ solve.T))
        # with weights 1/σ these are the squares of the errors at known centres and widths
        known = np.diag((solve / weight) @ (solve / weight).T)
        if (sigma > 0.0).all():
            factors[:p] = joint[:p] / np.sqrt(known)
        left = y - columns @ values[:p]
        rms = float(np.sqrt(np.mean(left**2)))
        if len(y) > p:
            scatter = float(((left * weight) ** 2).sum()) / (len(y) - p)
            stated[:p] = np.sqrt(scatter * known)
    return VantHoffLaw(
        heat_capacity=heat_capacity,
        dh_kj_mol=float(values[0]),
        ds_j_mol_k=float(values[1]),
        dcp_j_mol_k=float(values[2]),
        dh_error_kj_mol=float(stated[0]),
        ds_error_j_mol_k=float(stated[1]),
        dcp_error_j_mol_k=float(stated[2]),
        dh_joint_error_kj_mol=float(joint[0]),
        ds_joint_error_j_mol_k=float(joint[1]),
        dcp_joint_error_j_mol_k=float(joint[2]),
        understatement=(float(factors[0]), float(factors[1]), float(factors[2])),
        rms=rms,
        n_points=len(y),
    )
