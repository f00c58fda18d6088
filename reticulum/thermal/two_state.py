"""Two states, tight and loose, in thermal equilibrium under one infrared band.

K(T) = [loose]/[tight]. The band is the sum of two Gaussians with fixed centres and widths; their
areas follow the populations. Two positions are reported for it, which differ by up to 2 cm⁻¹ and
have different slopes: the population mean of the centres, and the centre of the one Gaussian that
would be fitted to the sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from reticulum.errors import InputError
from reticulum.reference.tables import load_two_state_parameters
from reticulum.thermal.linear_shift_null import linear_shift_null_dcp
from reticulum.thermal.one_gaussian import FWHM_PER_SIGMA, OneGaussian, fit_one_gaussian
from reticulum.thermal.slopes import (
    SlopeResult,
    band_slope,
    checked_temperatures_k,
    slope_temperatures_k,
)
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStateParameters:
    """Thermodynamics and band shape of a tight/loose equilibrium.

    Parameters
    ----------
    dh_kj_mol, ds_j_mol_k
        ΔH (kJ/mol) and ΔS (J/mol/K) of tight → loose at 298.15 K.
    dcp_j_mol_k
        ΔCp of tight → loose, J/mol/K.
    tight_cm1, loose_cm1
        Centres of the two components, cm⁻¹.
    fwhm_tight_cm1, fwhm_loose_cm1
        Full widths at half maximum of the components, cm⁻¹.
    extinction_ratio
        Integrated extinction of loose over tight; the loose component's area is this number times
        the loose population. Spectra alone cannot tell it from ΔS: ΔS_apparent = ΔS + R ln r.

    Raises
    ------
    InputError
        If a number is not finite, a width or the ratio is not positive, or the centres coincide.

    """

    dh_kj_mol: float
    ds_j_mol_k: float
    dcp_j_mol_k: float = 0.0
    tight_cm1: float
    loose_cm1: float
    fwhm_tight_cm1: float
    fwhm_loose_cm1: float
    extinction_ratio: float = 1.0

    def __post_init__(self) -> None:
        for name, value in self.to_dict().items():
            if not math.isfinite(value):
                raise InputError(
                    f"The two-state parameter {name} is {value}.", why="It must be a finite number."
                )
        for name in ("tight_cm1", "loose_cm1", "fwhm_tight_cm1", "fwhm_loose_cm1"):
            if getattr(self, name) <= 0.0:
                raise InputError(
                    f"The two-state parameter {name} is {getattr(self, name):g} cm⁻¹.",
                    why="Band centres and widths are positive wavenumbers.",
                )
        if self.extinction_ratio <= 0.0:
            raise InputError(
                f"The extinction ratio loose/tight is {self.extinction_ratio:g}.",
                why="Both components must absorb.",
            )
        if self.tight_cm1 == self.loose_cm1:
            raise InputError(
                f"The tight and the loose component both lie at {self.tight_cm1:g} cm⁻¹.",
                why="Two states with one band position cannot shift a band.",
                fix="Give two different band centres.",
            )

    def to_dict(self) -> dict[str, float]:
        """Return the parameters as plain Python numbers."""
        return {
            "dh_kj_mol": float(self.dh_kj_mol),
            "ds_j_mol_k": float(self.ds_j_mol_k),
            "dcp_j_mol_k": float(self.dcp_j_mol_k),
            "tight_cm1": float(self.tight_cm1),
            "loose_cm1": float(self.loose_cm1),
            "fwhm_tight_cm1": float(self.fwhm_tight_cm1),
            "fwhm_loose_cm1": float(self.fwhm_loose_cm1),
            "extinction_ratio": float(self.extinction_ratio),
        }


def published_parameters(*, with_heat_capacity: bool = True) -> TwoStateParameters:
    """Published tight/loose parameters of HKUST-1 [Andreeva2020]; both FWHM are assumed.

    Parameters
    ----------
    with_heat_capacity
        Use the published ΔCp; with False ΔCp is zero and ΔH, ΔS keep their published values,
        although these were fitted together with ΔCp.

    """
    published = load_two_state_parameters()
    return TwoStateParameters(
        dh_kj_mol=published.dh.value,
        ds_j_mol_k=published.ds.value,
        dcp_j_mol_k=published.dcp.value if with_heat_capacity else 0.0,
        tight_cm1=published.tight.value,
        loose_cm1=published.loose.value,
        fwhm_tight_cm1=published.fwhm.value,
        fwhm_loose_cm1=published.fwhm.value,
    )


def ln_equilibrium_constant(
    parameters: TwoStateParameters, temperatures_k: ArrayLike
) -> NDArray[np.float64]:
    """Natural logarithm of K = [loose]/[tight], shape (n_temperatures,).

    ln K = -(ΔH + ΔCp (T - T₀) - T (ΔS + ΔCp ln(T/T₀))) / RT with T₀ = 298.15 K, the form used by
    [Andreeva2020] after [Huang2003].

    *Valid when* ΔCp does not depend on temperature. With ΔCp ≠ 0 extrapolation far from the fitted
    range turns ΔH around and is not physical.

    Parameters
    ----------
    parameters
        Thermodynamics of the equilibrium.
    temperatures_k
        Shape (n_temperatures,), K.

    Raises
    ------
    InputError
        If a temperature is not above 0 K.

    """
    t = checked_temperatures_k(temperatures_k)
    ratio = t / REFERENCE_TEMPERATURE_K
    dh = 1000.0 * parameters.dh_kj_mol + parameters.dcp_j_mol_k * (t - REFERENCE_TEMPERATURE_K)
    ds = parameters.ds_j_mol_k + parameters.dcp_j_mol_k * np.log(ratio)
    with np.errstate(over="ignore"):  # near 0 K ln K goes to ±infinity, and f to 0 or 1
        return -(dh - t * ds) / (GAS_CONSTANT_J_PER_MOL_K * t)


def loose_fraction(
    parameters: TwoStateParameters, temperatures_k: ArrayLike
) -> NDArray[np.float64]:
    """Population of the loose state, f = K/(1 + K), shape (n_temperatures,), from 0 to 1.

    Raises
    ------
    InputError
        If a temperature is not above 0 K.

    """
    return np.asarray(expit(ln_equilibrium_constant(parameters, temperatures_k)), dtype=np.float64)


def population_mean_cm1(
    parameters: TwoStateParameters, temperatures_k: ArrayLike
) -> NDArray[np.float64]:
    """Population-weighted mean of the two centres, shape (n_temperatures,), cm⁻¹.

    The extinction ratio does not enter: this is a mean over the states, not over the spectrum.

    Raises
    ------
    InputError
        If a temperature is not above 0 K.

    """
    f = loose_fraction(parameters, temperatures_k)
    return parameters.tight_cm1 + f * (parameters.loose_cm1 - parameters.tight_cm1)


def one_gaussian(parameters: TwoStateParameters, fraction: float) -> OneGaussian:
    """Gaussian closest to the two-component band at a loose fraction; unit total population.

    The areas are 1 - f (tight) and r f (loose). See `fit_one_gaussian` for the misfit that is
    minimised.

    Parameters
    ----------
    parameters
        Centres, widths and extinction ratio.
    fraction
        Loose fraction f, 0 to 1.

    Raises
    ------
    InputError
        If the fraction is not between 0 and 1.

    """
    if not 0.0 <= fraction <= 1.0:
        raise InputError(
            f"The loose fraction is {fraction}.", why="A population lies between 0 and 1."
        )
    return fit_one_gaussian(
        [1.0 - fraction, parameters.extinction_ratio * fraction],
        [parameters.tight_cm1, parameters.loose_cm1],
        [parameters.fwhm_tight_cm1, parameters.fwhm_loose_cm1],
    )


def isosbestic_points_cm1(parameters: TwoStateParameters) -> tuple[float, ...]:
    """Wavenumbers at which the band's height does not depend on temperature, cm⁻¹.

    Where both states absorb equally, (1/s_t) exp(-(ν-ν_t)²/2s_t²) = (r/s_l) exp(-(ν-ν_l)²/2s_l²).
    Equal widths give one point, ½(ν_t + ν_l) + s² ln r/(ν_t - ν_l); different widths give two,
    the one nearer to the midpoint of the centres first, or none.
    """
    s_t = parameters.fwhm_tight_cm1 / FWHM_PER_SIGMA
    s_l = parameters.fwhm_loose_cm1 / FWHM_PER_SIGMA
    middle = 0.5 * (parameters.tight_cm1 + parameters.loose_cm1)
    half = 0.5 * (parameters.tight_cm1 - parameters.loose_cm1)
    # With x = ν - middle, tight at +half and loose at -half: a x² + b x + c = 0.
    p, q = 0.5 / s_t**2, 0.5 / s_l**2
    a = q - p
    b = 2.0 * half * (p + q)
    c = half**2 * (q - p) - math.log(parameters.extinction_ratio * s_t / s_l)
    if a == 0.0:
        return (middle - c / b,)
    discriminant = b * b - 4.0 * a * c
    if discriminant < 0.0:
        return ()
    stable = -0.5 * (b + math.copysign(math.sqrt(discriminant), b))
    if stable == 0.0:
        return (middle,)
    roots = {stable / a, c / stable}
    return tuple(middle + root for root in sorted(roots, key=abs))


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoStateResult:
    """Two-state prediction of a band against temperature.

    Parameters
    ----------
    parameters
        What it was computed from.
    temperatures_k
        Shape (n,), K.
    ln_k
        Natural logarithm of [loose]/[tight], shape (n,).
    loose_fraction
        Shape (n,).
    mean_cm1
        Population mean of the centres, shape (n,), cm⁻¹.
    one_gaussian_cm1, one_gaussian_fwhm_cm1
        Centre and FWHM of the one fitted Gaussian, shape (n,), cm⁻¹.
    one_gaussian_misfit
        Relative misfit of that Gaussian, shape (n,); see `OneGaussian`.
    mean_slope, one_gaussian_slope
        Slopes with curvature verdict; None with fewer than two different temperatures.
    isosbestic_cm1
        See `isosbestic_points_cm1`.
    linear_shift_null_dcp_j_mol_k
        See `linear_shift_null_dcp`, at 298.15 K.

    """

    parameters: TwoStateParameters
    temperatures_k: NDArray[np.float64]
    ln_k: NDArray[np.float64]
    loose_fraction: NDArray[np.float64]
    mean_cm1: NDArray[np.float64]
    one_gaussian_cm1: NDArray[np.float64]
    one_gaussian_fwhm_cm1: NDArray[np.float64]
    one_gaussian_misfit: NDArray[np.float64]
    mean_slope: SlopeResult | None
    one_gaussian_slope: SlopeResult | None
    isosbestic_cm1: tuple[float, ...]
    linear_shift_null_dcp_j_mol_k: float

    def __post_init__(self) -> None:
        shape = self.temperatures_k.shape
        for name in (
            "temperatures_k",
            "ln_k",
            "loose_fraction",
            "mean_cm1",
            "one_gaussian_cm1",
            "one_gaussian_fwhm_cm1",
            "one_gaussian_misfit",
        ):
            array = getattr(self, name)
            if array.shape != shape or array.ndim != 1:
                raise InputError(f"{name} has the shape {array.shape}, expected {shape}.")
            array.setflags(write=False)

    def to_dict(self) -> dict[str, object]:
        """Return the prediction as plain Python types."""
        return {
            "parameters": self.parameters.to_dict(),
            "temperatures_k": self.temperatures_k.tolist(),
            "ln_k": self.ln_k.tolist(),
            "loose_fraction": self.loose_fraction.tolist(),
            "mean_cm1": self.mean_cm1.tolist(),
            "one_gaussian_cm1": self.one_gaussian_cm1.tolist(),
            "one_gaussian_fwhm_cm1": self.one_gaussian_fwhm_cm1.tolist(),
            "one_gaussian_misfit": self.one_gaussian_misfit.tolist(),
            "mean_slope": self.mean_slope.to_dict() if self.mean_slope else None,
            "one_gaussian_slope": (
                self.one_gaussian_slope.to_dict() if self.one_gaussian_slope else None
            ),
            "isosbestic_cm1": list(self.isosbestic_cm1),
            "linear_shift_null_dcp_j_mol_k": self.linear_shift_null_dcp_j_mol_k,
        }


def two_state_prediction(
    parameters: TwoStateParameters, temperatures_k: ArrayLike | None = None
) -> TwoStateResult:
    """Populations, band positions, widths and slopes of a tight/loose equilibrium.

    Parameters
    ----------
    parameters
        Thermodynamics and band shape.
    temperatures_k
        Shape (n,), K; -100 to 200 °C in 50 K steps if None. The slopes are over these temperatures.

    Raises
    ------
    InputError
        If a temperature is not above 0 K.

    """
    t = checked_temperatures_k(slope_temperatures_k() if temperatures_k is None else temperatures_k)
    f = loose_fraction(parameters, t)
    mean = population_mean_cm1(parameters, t)
    gaussians = [one_gaussian(parameters, float(value)) for value in f]
    centre = np.array([gaussian.centre_cm1 for gaussian in gaussians])
    several = np.unique(t).size > 1
    return TwoStateResult(
        parameters=parameters,
        temperatures_k=t,
        ln_k=ln_equilibrium_constant(parameters, t),
        loose_fraction=f,
        mean_cm1=mean,
        one_gaussian_cm1=centre,
        one_gaussian_fwhm_cm1=np.array([gaussian.fwhm_cm1 for gaussian in gaussians]),
        one_gaussian_misfit=np.array([gaussian.relative_misfit for gaussian in gaussians]),
        mean_slope=band_slope(t, mean) if several else None,
        one_gaussian_slope=band_slope(t, centre) if several else None,
        isosbestic_cm1=isosbestic_points_cm1(parameters),
        linear_shift_null_dcp_j_mol_k=linear_shift_null_dcp(
            parameters.dh_kj_mol, parameters.ds_j_mol_k
        ),
    )
