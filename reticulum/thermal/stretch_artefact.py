"""What the anharmonicity of a C-O bond adds to a slope from classical dynamics, from a few forces.

Two equal bonds that share an atom vibrate in step and against each other; each bond is a local
anharmonic oscillator with ω_e x_e = x. In normal modes x_aa = x_ss = -x/2 and x_as = -2x
[Mills1985]_, so that the mean of a power spectrum, which weights by the energy, shifts by
-2x (E_a/ω_a + E_s/ω_s)/hc: as much as that of a single bond. Classical E is kT, quantum E is n ħω.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.frameworks.carboxylates import Carboxylate
from reticulum.phonons.run import Run
from reticulum.thermal.harmonic import bose_occupation
from reticulum.units import BOLTZMANN_CM1_PER_K, EV_TO_CM1, HBAR2_OVER_2U_A2_CM1

if TYPE_CHECKING:
    from ase import Atoms

#: Changes of the length of the bond, Å: half and all of the thermal amplitude of a C-O bond.
BOND_STEPS_A: tuple[float, ...] = (-0.05, -0.025, 0.025, 0.05)


def local_anharmonicity(
    stretches_a: NDArray[np.float64], pulls_ev_a: NDArray[np.float64], mass_amu: float
) -> tuple[float, float]:
    """ω_e and ω_e x_e of a bond from the forces along it, cm⁻¹.

    The forces are fitted by a polynomial of the third degree, and ω_e x_e = 5φ₃²/48ω - φ₄/16 with
    the derivatives in dimensionless coordinates (second-order perturbation; exact for a Morse
    oscillator).

    Parameters
    ----------
    stretches_a
        (n,) changes of the length, at least four different ones, Å.
    pulls_ev_a
        (n,) dV/dr there less that at rest, eV/Å.
    mass_amu
        Reduced mass, u.

    """
    powers = np.stack([stretches_a, stretches_a**2 / 2.0, stretches_a**3 / 6.0], axis=1)
    second, third, fourth = np.linalg.lstsq(powers, pulls_ev_a, rcond=None)[0] * EV_TO_CM1
    omega = float(np.sqrt(max(2.0 * HBAR2_OVER_2U_A2_CM1 * second / mass_amu, 0.0)))
    if omega == 0.0:
        return 0.0, 0.0
    unit = float(np.sqrt(2.0 * HBAR2_OVER_2U_A2_CM1 / (omega * mass_amu)))
    cubic, quartic = third * unit**3, fourth * unit**4
    return omega, float(5.0 * cubic**2 / (48.0 * omega) - quartic / 16.0)


def bond_anharmonicity(
    run: Run, atoms: Atoms, carboxylate: Carboxylate, forces_at_rest: NDArray[np.float64]
) -> tuple[float, float]:
    """ω_e and ω_e x_e of a C-O bond of a crystal, cm⁻¹, by four force calculations.

    The oxygen and the carbon atom move along the bond with their centre of mass at rest; all else
    stays.

    Parameters
    ----------
    run
        An open run.
    atoms
        The crystal at rest.
    carboxylate
        One of its carboxylates; its first bond is taken.
    forces_at_rest
        (n, 3), eV/Å.

    """
    oxygen = carboxylate.oxygens[0]
    shift = np.asarray(oxygen.shift, dtype=float) @ np.asarray(atoms.cell)
    arm = atoms.positions[oxygen.index] + shift - atoms.positions[carboxylate.carbon]
    along = arm / np.linalg.norm(arm)
    masses = atoms.get_masses()[[oxygen.index, carboxylate.carbon]]
    reduced = float(masses.prod() / masses.sum())
    parts = {oxygen.index: reduced / masses[0], carboxylate.carbon: -reduced / masses[1]}
    structures = []
    for step in BOND_STEPS_A:
        moved = atoms.copy()
        for index, part in parts.items():
            moved.positions[index] += step * part * along
        structures.append(moved)
    found = run.runner.evaluate(structures, kind="bond-anharmonicity", show=False)
    pulls = [
        -sum(
            part * float((answer.result.forces_ev_per_a - forces_at_rest)[index] @ along)
            for index, part in parts.items()
        )
        for answer in found
    ]
    return local_anharmonicity(np.array(BOND_STEPS_A), np.array(pulls), reduced)


def stretch_artefact(
    anharmonicity_cm1: float,
    antisymmetric_cm1: float,
    symmetric_cm1: float,
    temperatures_k: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Shift that classical dynamics adds to either band, (n_temperatures,), cm⁻¹.

    *Valid when* the band is the mean of a power spectrum and the stretches couple to nothing else.

    Parameters
    ----------
    anharmonicity_cm1
        ω_e x_e of a bond, cm⁻¹.
    antisymmetric_cm1, symmetric_cm1
        The bands, cm⁻¹.
    temperatures_k
        (n_temperatures,), K.

    """
    excess = np.zeros_like(temperatures_k)
    for wavenumber in (antisymmetric_cm1, symmetric_cm1):
        classical = BOLTZMANN_CM1_PER_K * temperatures_k / wavenumber
        excess = excess + classical - bose_occupation(wavenumber, temperatures_k)
    result: NDArray[np.float64] = -2.0 * anharmonicity_cm1 * excess
    return result
