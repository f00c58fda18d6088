"""Symmetry operations of a CIF: read, completed from the space group, checked to form a group."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
from ase.io.cif import CIFBlock
from ase.spacegroup import Spacegroup
from ase.spacegroup.spacegroup import SpacegroupError
from numpy.typing import NDArray

from reticulum.errors import InputError

#: Denominators of translations in symmetry operations divide 24 in all settings of the
#: International Tables; decimals such as 0.3333 are brought back to such fractions.
_TRANSLATION_DENOMINATOR = 24

#: Largest distance of a printed translation from such a fraction.
_TRANSLATION_TOLERANCE = 2e-3

_OPERATION_TAGS = (
    "_space_group_symop_operation_xyz",
    "_space_group_symop.operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
    "_symmetry_equiv.pos_as_xyz",
)
_NUMBER_TAGS = (
    "_space_group_it_number",
    "_space_group.it_number",
    "_symmetry_int_tables_number",
    "_symmetry.int_tables_number",
)
_NAME_TAGS = (
    "_space_group_name_h-m_alt",
    "_space_group.name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_symmetry.space_group_name_h-m",
)
_TERM = re.compile(r"([+-]?)(?:(\d+/\d+|\d*\.\d+|\d+\.?)|([xyz]))")


def symmetry_operations(
    block: CIFBlock, path: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    """Symmetry operations of a CIF, listed or taken from the table of its space group.

    Parameters
    ----------
    block
        The data block of the crystal.
    path
        Name of the file, for messages.

    Returns
    -------
    rotations
        (g, 3, 3), acting on fractional coordinates.
    translations
        (g, 3), fractional coordinates.
    notes
        What the user should know, one sentence each.

    Raises
    ------
    InputError
        If operations cannot be understood or form no group, or if the file names a space group
        that is not in the table without listing its operations.

    """
    listed = next((block[tag] for tag in _OPERATION_TAGS if tag in block), None)
    if listed is not None:
        texts = listed if isinstance(listed, list) else [listed]
        parsed = [_parse_operation(str(text), path) for text in texts]
        rotations = np.array([rotation for rotation, _ in parsed])
        translations = np.array([translation for _, translation in parsed])
        _require_group(rotations, translations, path)
        return rotations, translations, []
    if any("symop" in tag for tag in block):
        raise InputError(
            f"{path} lists symmetry operations in a form that is not supported (magnetic CIF?).",
            why="Only operations such as x,-y,z+1/2 of ordinary space groups are read.",
            fix="Export the crystal as an ordinary CIF.",
        )
    number = next((block[tag] for tag in _NUMBER_TAGS if tag in block), None)
    name = next((str(block[tag]) for tag in _NAME_TAGS if tag in block), None)
    if number is None and name is None:
        note = f"{path} states no symmetry: its sites were taken as all atoms of the cell."
        return np.eye(3, dtype=np.int64)[None], np.zeros((1, 3)), [note]
    return _tabulated_operations(block, number, name, path)


def _tabulated_operations(
    block: CIFBlock, number: object, name: str | None, path: str
) -> tuple[NDArray[np.int64], NDArray[np.float64], list[str]]:
    """Operations of a space group that the file names without listing its operations."""
    symbol, _, choice = (name or "").partition(":")
    choice = choice.strip().upper()
    gamma = block.get("_cell_angle_gamma", block.get("_cell.angle_gamma"))
    rhombohedral_axes = choice == "R" or (symbol.strip()[:1] == "R" and gamma != 120.0)
    setting = 2 if choice in {"2", "Z"} or rhombohedral_axes else 1
    try:
        key = int(str(number)) if number is not None else symbol.strip()
        group = Spacegroup(key, setting)
        rotations, translations = group.get_op()
    except (SpacegroupError, ValueError) as error:
        raise InputError(
            f"{path} lists no symmetry operations and its space group {name or number!r} is not "
            "in the table.",
            why="Without the operations the atoms of the cell cannot be generated.",
            fix="Export the CIF again with its symmetry operations.",
        ) from error
    notes = [
        f"{path} lists no symmetry operations: those of {group.symbol} (number {group.no}, "
        f"setting {setting}) were used."
    ]
    return np.rint(rotations).astype(np.int64), np.asarray(translations, dtype=np.float64), notes


def _parse_operation(text: str, path: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rotation (3, 3) and translation (3,) of an operation such as ``-y+1/2,x,z``."""
    rotation = np.zeros((3, 3), dtype=np.int64)
    translation = np.zeros(3)
    parts = re.sub(r"\s", "", text.lower()).split(",")
    well_formed = len(parts) == 3
    for row, part in enumerate(parts if well_formed else []):
        terms = list(_TERM.finditer(part))
        well_formed &= bool(part) and "".join(term.group(0) for term in terms) == part
        for term in terms:
            sign = -1 if term.group(1) == "-" else 1
            if term.group(3):
                rotation[row, "xyz".index(term.group(3))] += sign
            else:
                translation[row] += sign * float(_exact_translation(term.group(2)))
    if not well_formed or abs(round(float(np.linalg.det(rotation)))) != 1:
        raise InputError(
            f"{path} has the symmetry operation {text!r}, which cannot be understood.",
            why="An operation reads like x,-y,z+1/2.",
            fix="Correct the list of symmetry operations in the CIF.",
        )
    return rotation, translation


def _exact_translation(text: str) -> Fraction:
    """Translation as a fraction; decimals near a twenty-fourth are taken as that."""
    try:
        printed = Fraction(text)
    except ZeroDivisionError:
        return Fraction(0)
    nearest = Fraction(round(printed * _TRANSLATION_DENOMINATOR), _TRANSLATION_DENOMINATOR)
    return nearest if abs(printed - nearest) < _TRANSLATION_TOLERANCE else printed


def _require_group(
    rotations: NDArray[np.int64], translations: NDArray[np.float64], path: str
) -> None:
    """Refuse operations whose products are not in the list (a list that is cut off)."""
    products = np.einsum("gij,hjk->ghik", rotations, rotations)
    shifts = np.einsum("gij,hj->ghi", rotations, translations) + translations[:, None, :]
    listed = np.unique(_operation_keys(rotations, translations))
    complete = len(listed) == len(rotations) and bool(
        np.isin(_operation_keys(products, shifts), listed).all()
    )
    if not complete:
        raise InputError(
            f"The {len(rotations)} symmetry operations in {path} form no group.",
            why="Some are missing, repeated or mistyped, so atoms would be missing or doubled.",
            fix="Export the CIF again with its full list of symmetry operations.",
        )


def _operation_keys(
    rotations: NDArray[np.int64], translations: NDArray[np.float64]
) -> NDArray[np.int64]:
    """One integer for each operation modulo lattice translations.

    Rotation entries lie in -3..3 (7 values); translations are told apart to 1/1000, and no
    multiple of 1/24 lies half-way between two of those.
    """
    digits = (rotations + 3).reshape(*rotations.shape[:-2], 9)
    thousandths = np.rint(translations * 1000.0).astype(np.int64) % 1000
    rotation_key = digits @ (7 ** np.arange(9, dtype=np.int64))
    shift_key = thousandths @ np.array([1, 1000, 1000000], dtype=np.int64)
    return np.asarray(rotation_key * 1000000000 + shift_key, dtype=np.int64)
