"""Settings of the adiabatic route; the defaults live here."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from reticulum.errors import InputError
from reticulum.thermal.stiff_relaxation import MODE_FORCE_LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class AdiabaticOptions:
    """Settings of the adiabatic route.

    Parameters
    ----------
    max_cm1
        Sets above this wavenumber are never displaced, cm⁻¹. Above 700 cm⁻¹ less than a quarter of
        a quantum is excited at 200 °C.
    relative
        The sum over sets ends when two intervals of 100 cm⁻¹ add less than this part of it,
    absolute_cm1_per_k
        or less than this to each slope, cm⁻¹/K.
    floor_cm1
        Modes below this wavenumber do not follow, unless they are totally symmetric, cm⁻¹.
    other_floors_cm1
        Floors with which leading sets are computed again, cm⁻¹.
    force_limit
        Largest force left on a mode that follows, eV/(Å√u).
    band_displacement_a
        Largest displacement of an atom for the Hessian columns of the bands, Å; None: 0.005 Å in
        double precision, in single precision what the card of the calculator says of phonons.
    leading_share
        The sets that make this share of the sum of sizes get two more amplitudes.
    most_leading
        Most such sets for each band.
    checked_share
        Those that make this share are computed with other settings to find the error.
    most_checked
        Most such sets for each band.
    check_settings
        Whether that is done; without it no error by the step size of settings is given.

    """

    max_cm1: float = 700.0
    relative: float = 0.02
    absolute_cm1_per_k: float = 0.0005
    floor_cm1: float = 60.0
    other_floors_cm1: tuple[float, ...] = (30.0, 100.0)
    force_limit: float = MODE_FORCE_LIMIT
    band_displacement_a: float | None = None
    leading_share: float = 0.9
    most_leading: int = 8
    checked_share: float = 0.8
    most_checked: int = 4
    check_settings: bool = True

    def __post_init__(self) -> None:
        """Refuse settings that make no sense.

        Raises
        ------
        InputError
            If one is not positive.

        """
        for name in ("max_cm1", "floor_cm1", "force_limit", "band_displacement_a"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise InputError(
                    f"{name} is {value}.",
                    why="The adiabatic route needs a positive number here.",
                    fix="Leave it out for the default.",
                )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return asdict(self)
