"""Which modes of a crystal are drawn, which follow, and which are held."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.phonons.modes import ModeTable
from reticulum.thermal.sampling_modes import DrawnModes
from reticulum.thermal.soft_wells import SoftWell
from reticulum.thermal.stiff_relaxation import ModeSpace
from reticulum.units import SQRT_EV_PER_U_A2_TO_CM1

#: Modes softer than this are not drawn from a harmonic distribution, cm⁻¹. At 473 K a mode of
#: 10 cm⁻¹ and 12 u spreads over 0.9 Å: no parabola holds that far.
SOFTEST_CM1 = 10.0

#: Share of a mode in the totally symmetric space from which it belongs there.
_SYMMETRIC_SHARE = 0.5


def too_soft_sets(table: ModeTable) -> tuple[int, ...]:
    """Numbers of the sets that have no harmonic distribution: imaginary, or below `SOFTEST_CM1`.

    Parameters
    ----------
    table
        From `mode_table`.

    """
    labels = table.labels
    modes = ~labels.acoustic[labels.set_of_mode] & (labels.mode_wavenumbers_cm1 < SOFTEST_CM1)
    return tuple(int(number) for number in np.unique(labels.set_of_mode[modes]))


def choose_modes(
    table: ModeTable,
    forces_at_rest: NDArray[np.float64],
    *,
    limit_cm1: float,
    effective_cm1: float | None = None,
    like_minima: bool = False,
    wells: Mapping[int, SoftWell] | None = None,
) -> DrawnModes:
    """Modes to be drawn: all below a limit that are minima, or whose well is known.

    Imaginary modes and those below `SOFTEST_CM1` have no harmonic distribution; they are held at
    rest unless their well is known or the user states an effective wavenumber for them.

    Parameters
    ----------
    table
        From `mode_table` and `kept_modes`.
    forces_at_rest
        (n, 3), eV/Å.
    limit_cm1
        Modes below are drawn, cm⁻¹.
    effective_cm1
        Wavenumber that gives imaginary and too soft modes a width, cm⁻¹.
    like_minima
        Give these modes the width of a minimum of the same wavenumber without its sign instead
        (`SOFTEST_CM1` at least): no physics, but it shows whether they matter.
    wells
        Wells by number of the set, from `soft_wells`.

    Raises
    ------
    CalculationError
        If no mode is to be drawn.

    """
    labels, phonons = table.labels, table.phonons
    wavenumbers = np.array(labels.mode_wavenumbers_cm1)
    acoustic = labels.acoustic[labels.set_of_mode]
    too_soft = np.isin(labels.set_of_mode, too_soft_sets(table))
    masses = phonons.atoms.get_masses()
    eigenvalues = np.sign(wavenumbers) * (wavenumbers / SQRT_EV_PER_U_A2_TO_CM1) ** 2
    vectors = np.array(labels.eigenvectors)
    soft = ~acoustic & ~too_soft & (wavenumbers < limit_cm1)
    known = wells or {}
    in_well = too_soft & np.isin(labels.set_of_mode, list(known))
    chosen = soft | (too_soft if like_minima or effective_cm1 is not None else in_well)
    drawn = np.flatnonzero(chosen)
    if not len(drawn):
        raise CalculationError(
            f"No mode lies between {SOFTEST_CM1:.0f} and {limit_cm1:.0f} cm⁻¹.",
            why="Nothing can be drawn.",
            fix="Raise the limit of the soft modes.",
        )
    widths, other = wavenumbers[drawn], (too_soft & ~in_well)[drawn]
    if like_minima:
        widths = np.where(other, np.maximum(np.abs(widths), SOFTEST_CM1), widths)
    elif effective_cm1 is not None:
        widths = np.where(other, effective_cm1, widths)
    symmetric_space, _ = np.linalg.qr(
        np.sqrt(np.repeat(masses, 3))[:, None] * phonons.symmetry.symmetric_displacements()
    )
    chosen_sets, set_of_drawn = np.unique(labels.set_of_mode[drawn], return_inverse=True)
    share = ((symmetric_space.T @ vectors[:, drawn]) ** 2).sum(axis=0)
    return DrawnModes(
        space=ModeSpace(
            vectors=vectors,
            eigenvalues=eigenvalues,
            masses_amu=masses,
            forces_at_rest=forces_at_rest,
        ),
        drawn=drawn,
        wavenumbers_cm1=widths,
        symmetric=np.flatnonzero((share > _SYMMETRIC_SHARE) & soft[drawn]),
        set_of_drawn=set_of_drawn.astype(np.int64),
        sets=chosen_sets,
        free=~acoustic & ~too_soft & ~soft,
        held_cm1=tuple(float(w) for w in wavenumbers[too_soft & ~chosen]),
        wells=tuple(
            known[int(labels.set_of_mode[mode])] if in_well[mode] else None for mode in drawn
        ),
    )
