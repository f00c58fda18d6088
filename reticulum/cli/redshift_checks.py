"""What `reticulum redshift` refuses before anything is computed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reticulum.reference.tables import RedShiftRow

#: Options that are wavenumbers.
_WAVENUMBERS = ("--tight", "--loose", "--fwhm-tight", "--fwhm-loose")


def require_names(words: Sequence[str], option: str) -> None:
    """Refuse words with an empty name before a comma; one comma at the end does no harm.

    Parameters
    ----------
    words
        What was given, each possibly several names with commas between.
    option
        The option that they were given with.

    Raises
    ------
    InputError
        If there is one.

    """
    from reticulum.errors import InputError

    for text in words:
        if any(not part.strip() for part in text.split(",")[:-1]):
            raise InputError(
                f"A name is missing in {option} {text!r}.",
                why="Before each comma stands a name.",
                fix="Give names with one comma between, adiabatic,md for instance.",
            )


def require_numbers(given: Mapping[str, float | None]) -> None:
    """Refuse numbers that are not finite, and wavenumbers that are not positive.

    Parameters
    ----------
    given
        Values by option, None where nothing was given.

    Raises
    ------
    InputError
        If there is one.

    """
    from reticulum.errors import InputError

    for option, value in given.items():
        if value is None:
            continue
        if not math.isfinite(value):
            raise InputError(
                f"{option} is {value:g}.",
                why="It must be a finite number.",
                fix="Give a finite number, or leave it out.",
            )
        if option in _WAVENUMBERS and value <= 0.0:
            raise InputError(
                f"{option} is {value:g}.",
                why="Band centres and widths are positive wavenumbers.",
                fix="Give a positive number in cm⁻¹, or leave it out.",
            )


def measured_of(structure: str, material: str | None) -> RedShiftRow | None:
    """Row of the published table that a structure is compared with.

    Parameters
    ----------
    structure
        A bundled name or a file.
    material
        What was given with --material.

    Raises
    ------
    InputError
        If the material is not in the table, or the structure is that of another one.

    """
    import os

    from reticulum.errors import InputError
    from reticulum.frameworks.library import find_structure_card
    from reticulum.frameworks.reading import structure_label
    from reticulum.thermal.redshift import measured_slopes

    measured = measured_slopes(structure_label(structure), material)
    # A file of the user's may be named as a bundled structure and be another one.
    is_file = os.path.isfile(os.path.expanduser(structure))
    card = None if is_file else find_structure_card(structure)
    if material is None or card is None or card.table1_row is None:
        return measured
    own = measured_slopes(card.name)
    if own is not None and measured is not None and own.material != measured.material:
        raise InputError(
            f"--material {material} was given with the bundled {card.name}.",
            why=f"It has a row of its own in the published table: {own.material}.",
            fix="Leave --material out; it belongs to a structure of your own.",
        )
    return measured
