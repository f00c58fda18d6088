"""ΔH, ΔS and ΔCp of a loose state from energies and phonons, and the band shift they give."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from reticulum.errors import InputError
from reticulum.reference.tables import load_two_state_parameters
from reticulum.thermal.slopes import checked_temperatures_k, slope_temperatures_k
from reticulum.thermal.two_state import (
    TwoStateParameters,
    TwoStateResult,
    two_state_prediction,
)
from reticulum.thermal.vibrational_thermochemistry import (
    CommonModes,
    mode_heat_capacities,
    vibrational_thermochemistry,
)
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, REFERENCE_TEMPERATURE_K

#: Error of a calculator's energy difference that is assumed, kJ/mol per carboxylate: the middle of
#: the 2 to 4 kJ/mol by which good methods differ for such small changes of geometry.
ASSUMED_ENERGY_ERROR_KJ_MOL = 3.0

#: A mode counts as softened when its wavenumber falls by more than this part.
_SOFTENED = 0.01

#: Temperatures between which equal populations are looked for, K.
_EQUAL_POPULATIONS_K = (10.0, 3000.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseBands:
    """Carboxylate bands of the converted carboxylates in the two states, cm⁻¹.

    Parameters
    ----------
    antisymmetric_tight, antisymmetric_loose, symmetric_tight, symmetric_loose
        Mean wavenumber of the C-O stretching modes, weighted with their share in the stretch of
        these carboxylates alone; both states by the same weights' rule.

    """

    antisymmetric_tight: float
    antisymmetric_loose: float
    symmetric_tight: float
    symmetric_loose: float

    def to_dict(self) -> dict[str, float]:
        """Plain form for JSON."""
        return {f"{name}_cm1": getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseThermodynamics:
    """Thermodynamics of tight → loose for each carboxylate that is converted.

    Parameters
    ----------
    bonds
        Which bonds are longer.
    n_carboxylates
        Carboxylates converted together.
    energy_kj_mol
        ΔE per carboxylate, kJ/mol.
    energy_error_kj_mol
        Its error, assumed.
    degeneracy
        g_l/g_t: loose structures that the space group makes of one, for each set of carboxylates
        that is converted.
    modes
        Wavenumbers of the tight (first) and the loose (second) structure.
    bands
        Carboxylate bands of the two states; None if they were not determined.
    n_imaginary_loose
        Imaginary modes of the loose structure.
    n_calls
        Force calculations of its phonons.

    Raises
    ------
    InputError
        If a number is not finite, or a count or the degeneracy is not positive.

    """

    bonds: str
    n_carboxylates: int
    energy_kj_mol: float
    energy_error_kj_mol: float
    degeneracy: float
    modes: CommonModes
    bands: LooseBands | None = None
    n_imaginary_loose: int = 0
    n_calls: int = 0

    def __post_init__(self) -> None:
        """Refuse what has no thermodynamics."""
        if not (math.isfinite(self.energy_kj_mol) and math.isfinite(self.energy_error_kj_mol)):
            raise InputError(
                f"The energy of the loose state is {self.energy_kj_mol} ± "
                f"{self.energy_error_kj_mol} kJ/mol.",
                why="Both must be finite numbers.",
            )
        if self.n_carboxylates < 1 or not self.degeneracy > 0.0:
            raise InputError(
                f"{self.n_carboxylates} carboxylates are converted, with a degeneracy of "
                f"{self.degeneracy:g}.",
                why="Both must be positive.",
            )

    def _per_carboxylate(self, name: str, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        tight = vibrational_thermochemistry(self.modes.first_cm1, temperatures_k)
        loose = vibrational_thermochemistry(self.modes.second_cm1, temperatures_k)
        difference: NDArray[np.float64] = getattr(loose, name) - getattr(tight, name)
        return difference / self.n_carboxylates

    @property
    def _degeneracy_j_mol_k(self) -> float:
        return GAS_CONSTANT_J_PER_MOL_K * math.log(self.degeneracy) / self.n_carboxylates

    def enthalpy_kj_mol(self, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        """ΔH = ΔE + ΔU_vib, (t,), kJ/mol per carboxylate."""
        return self.energy_kj_mol + self._per_carboxylate("energy_j_mol", temperatures_k) / 1000.0

    def entropy_j_mol_k(self, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        """ΔS = ΔS_vib + R ln(g_l/g_t), (t,), J/mol/K per carboxylate."""
        return self._per_carboxylate("entropy_j_mol_k", temperatures_k) + self._degeneracy_j_mol_k

    def heat_capacity_j_mol_k(self, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        """ΔCp = ΔC_vib, (t,), J/mol/K per carboxylate."""
        return self._per_carboxylate("heat_capacity_j_mol_k", temperatures_k)

    def free_energy_kj_mol(self, temperatures_k: ArrayLike) -> NDArray[np.float64]:
        """ΔG = ΔH - TΔS with the harmonic functions at each temperature, (t,), kJ/mol."""
        t = checked_temperatures_k(temperatures_k)
        return self.enthalpy_kj_mol(t) - t * self.entropy_j_mol_k(t) / 1000.0

    @property
    def classical_entropy_j_mol_k(self) -> float:
        """Classical limit R Σ ln(ω_t/ω_l) + R ln(g_l/g_t), J/mol/K per carboxylate."""
        ratios = np.log(self.modes.first_cm1).sum() - np.log(self.modes.second_cm1).sum()
        return float(
            GAS_CONSTANT_J_PER_MOL_K * ratios / self.n_carboxylates + self._degeneracy_j_mol_k
        )

    @property
    def n_softened(self) -> int:
        """Modes, in the order of wavenumber, that are softer in the loose structure."""
        return int((self.modes.second_cm1 < (1.0 - _SOFTENED) * self.modes.first_cm1).sum())

    @property
    def heat_capacity_bound_j_mol_k(self) -> float:
        """Bound R for each softened mode, J/mol/K per carboxylate."""
        return GAS_CONSTANT_J_PER_MOL_K * self.n_softened / self.n_carboxylates

    @property
    def sharper_heat_capacity_bound_j_mol_k(self) -> float:
        """Bound R - C of the tight structure for each softened mode at 298.15 K, J/mol/K."""
        soft = self.modes.second_cm1 < (1.0 - _SOFTENED) * self.modes.first_cm1
        left = GAS_CONSTANT_J_PER_MOL_K - mode_heat_capacities(
            self.modes.first_cm1, REFERENCE_TEMPERATURE_K
        )
        return float(left[soft].sum() / self.n_carboxylates)

    def equal_populations_k(self, energy_shift_kj_mol: float = 0.0) -> float | None:
        """Temperature of equal populations, K; None if there is none from 10 to 3000 K.

        Parameters
        ----------
        energy_shift_kj_mol
            Added to ΔE, kJ/mol.

        """

        def difference(t: float) -> float:
            return float(self.free_energy_kj_mol(t)[0]) + energy_shift_kj_mol

        low, high = _EQUAL_POPULATIONS_K
        if difference(low) * difference(high) > 0.0:
            return None
        return float(brentq(difference, low, high, xtol=1e-6))

    def two_state_parameters(
        self, *, antisymmetric: bool, energy_shift_kj_mol: float = 0.0
    ) -> TwoStateParameters | None:
        """Parameters at 298.15 K for one band; None if the states have no different positions.

        The widths are those assumed for the published parameters.

        Parameters
        ----------
        antisymmetric
            The antisymmetric band, else the symmetric one.
        energy_shift_kj_mol
            Added to ΔE, kJ/mol.

        """
        if self.bands is None:
            return None
        name = "antisymmetric" if antisymmetric else "symmetric"
        tight = getattr(self.bands, f"{name}_tight")
        loose = getattr(self.bands, f"{name}_loose")
        if not (math.isfinite(tight) and math.isfinite(loose)) or tight == loose:
            return None
        fwhm = load_two_state_parameters().fwhm.value
        reference = REFERENCE_TEMPERATURE_K
        return TwoStateParameters(
            dh_kj_mol=float(self.enthalpy_kj_mol(reference)[0]) + energy_shift_kj_mol,
            ds_j_mol_k=float(self.entropy_j_mol_k(reference)[0]),
            dcp_j_mol_k=float(self.heat_capacity_j_mol_k(reference)[0]),
            tight_cm1=tight,
            loose_cm1=loose,
            fwhm_tight_cm1=fwhm,
            fwhm_loose_cm1=fwhm,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        t = slope_temperatures_k()
        reference = REFERENCE_TEMPERATURE_K
        shift = self.energy_error_kj_mol
        return {
            "bonds": self.bonds,
            "n_carboxylates": self.n_carboxylates,
            "energy_kj_mol": self.energy_kj_mol,
            "energy_error_kj_mol_assumed": shift,
            "enthalpy_kj_mol_298": float(self.enthalpy_kj_mol(reference)[0]),
            "entropy_j_mol_k_298": float(self.entropy_j_mol_k(reference)[0]),
            "heat_capacity_j_mol_k_298": float(self.heat_capacity_j_mol_k(reference)[0]),
            "degeneracy_loose_over_tight": self.degeneracy,
            "classical_entropy_j_mol_k": self.classical_entropy_j_mol_k,
            "n_modes": len(self.modes.first_cm1),
            "n_modes_held_imaginary_tight": self.modes.n_held_first,
            "n_modes_held_imaginary_loose": self.modes.n_held_second,
            "n_imaginary_loose": self.n_imaginary_loose,
            "n_modes_softened": self.n_softened,
            "heat_capacity_bound_j_mol_k": self.heat_capacity_bound_j_mol_k,
            "sharper_heat_capacity_bound_j_mol_k": self.sharper_heat_capacity_bound_j_mol_k,
            "equal_populations_k": self.equal_populations_k(),
            "equal_populations_k_at_energy_errors": [
                self.equal_populations_k(-shift),
                self.equal_populations_k(shift),
            ],
            "temperatures_k": t.tolist(),
            "enthalpy_kj_mol": self.enthalpy_kj_mol(t).tolist(),
            "entropy_j_mol_k": self.entropy_j_mol_k(t).tolist(),
            "heat_capacity_j_mol_k": self.heat_capacity_j_mol_k(t).tolist(),
            "bands": None if self.bands is None else self.bands.to_dict(),
            "n_force_calculations": self.n_calls,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LoosePrediction:
    """Two-state prediction of one band with the error of the energy difference carried through.

    Parameters
    ----------
    result
        At the computed ΔE.
    slope_cm1_per_k
        Slope of the population mean, cm⁻¹/K.
    slope_low_cm1_per_k, slope_high_cm1_per_k
        Lowest and highest slope with ΔE anywhere within its error, cm⁻¹/K.
    equal_populations_k, equal_populations_range_k
        Temperature of equal populations, and at ΔE less and plus its error, K.

    """

    result: TwoStateResult
    slope_cm1_per_k: float
    slope_low_cm1_per_k: float
    slope_high_cm1_per_k: float
    equal_populations_k: float | None
    equal_populations_range_k: tuple[float | None, float | None]

    @property
    def slope_error_cm1_per_k(self) -> float:
        """Larger deviation of the slope within the error of ΔE, cm⁻¹/K."""
        return max(
            self.slope_high_cm1_per_k - self.slope_cm1_per_k,
            self.slope_cm1_per_k - self.slope_low_cm1_per_k,
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            **self.result.to_dict(),
            "slope_cm1_per_k": self.slope_cm1_per_k,
            "slope_range_cm1_per_k": [self.slope_low_cm1_per_k, self.slope_high_cm1_per_k],
            "equal_populations_k": self.equal_populations_k,
            "equal_populations_range_k": list(self.equal_populations_range_k),
        }


#: Energy shifts, in units of the error, at which the slope is computed: it has an extremum where
#: the populations cross within the window, which the two ends alone would miss.
_SHIFTS = np.linspace(-1.0, 1.0, 9)


def loose_prediction(
    thermodynamics: LooseThermodynamics, *, antisymmetric: bool
) -> LoosePrediction | None:
    """Two-state prediction of one band from a computed loose state; None if it has no positions.

    Parameters
    ----------
    thermodynamics
        Of the loose state.
    antisymmetric
        The antisymmetric band, else the symmetric one.

    """
    error = thermodynamics.energy_error_kj_mol
    slopes: list[float] = []
    central: TwoStateResult | None = None
    for shift in _SHIFTS:
        parameters = thermodynamics.two_state_parameters(
            antisymmetric=antisymmetric, energy_shift_kj_mol=float(shift) * error
        )
        if parameters is None:
            return None
        result = two_state_prediction(parameters)
        if result.mean_slope is None:
            return None
        slopes.append(result.mean_slope.slope_cm1_per_k)
        if shift == 0.0:
            central = result
    if central is None or central.mean_slope is None:
        return None
    return LoosePrediction(
        result=central,
        slope_cm1_per_k=central.mean_slope.slope_cm1_per_k,
        slope_low_cm1_per_k=min(slopes),
        slope_high_cm1_per_k=max(slopes),
        equal_populations_k=thermodynamics.equal_populations_k(),
        equal_populations_range_k=(
            thermodynamics.equal_populations_k(-error),
            thermodynamics.equal_populations_k(error),
        ),
    )
