"""CIF text of a crystal: its asymmetric unit with symmetry operations, or every atom in P1."""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError, InputError
from reticulum.frameworks.axial_ligands import PartialSite
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A

if TYPE_CHECKING:
    from ase import Atoms

#: Digits of coordinates and cell edges: in an edge of 30 Å the last digit is 3e-9 Å.
_COORDINATE_DIGITS = 10
_CELL_DIGITS = 8

#: Denominator of every translation in the International Tables.
_TRANSLATION_DENOMINATOR = 24

#: Distance from a site of the standard cell within which an image is that site, Å.
_SAME_SITE_A = 1e-2

_COMMENT_WIDTH = 100

#: Setting names that a Hermann-Mauguin symbol needs to be unambiguous.
_NAMED_SETTINGS = ("1", "2", "H", "R")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crystal:
    """Sites in a cell with operations; `orbits` lists the sites that one of them stands for."""

    cell: NDArray[np.float64]
    scaled: NDArray[np.float64]
    kinds: NDArray[np.int64]
    species: tuple[tuple[str, float], ...]
    rotations: NDArray[np.int64]
    translations: NDArray[np.float64]
    orbits: tuple[tuple[int, ...], ...]
    hermann_mauguin: str
    hall: str
    number: int


def cif_text(
    atoms: Atoms,
    *,
    name: str = "structure",
    partial_sites: Sequence[PartialSite] = (),
    symmetrised: bool = True,
    provenance: Sequence[str] = (),
    tolerance_a: float = SYMMETRY_TOLERANCE_A,
) -> str:
    """CIF of a crystal.

    Parameters
    ----------
    atoms
        Crystal in any cell.
    name
        Of the data block; characters that CIF does not allow there become underscores.
    partial_sites
        Further sites that are occupied in part, in the cell of `atoms`.
    symmetrised
        Write the asymmetric unit in spglib's standard setting of the space group, with the
        operations: the cell is then the conventional one, and atoms lie exactly on their special
        positions. Otherwise every atom in the cell as it is, space group P1.
    provenance
        Lines of comment for the head of the file.
    tolerance_a
        Distance within which atoms count as equivalent, Å.

    Returns
    -------
    str
        ASCII text.

    Raises
    ------
    InputError
        If spglib finds no space group.
    CalculationError
        If the operations do not carry the standardised sites into each other.

    """
    crystal = (
        _symmetrised(atoms, partial_sites, tolerance_a)
        if symmetrised
        else _as_it_is(atoms, partial_sites)
    )
    lines = [
        f"# {line}".rstrip()
        for entry in provenance
        for line in textwrap.wrap(_ascii(entry), _COMMENT_WIDTH - 2) or [""]
    ]
    formula, units = _formula(crystal)
    lengths, angles = _cell_parameters(crystal.cell)
    lines += [
        f"data_{re.sub(r'[^A-Za-z0-9.+()-]+', '_', _ascii(name)).strip('_') or 'structure'}",
        f"_chemical_formula_sum '{formula}'",
        f"_cell_formula_units_Z {units}",
    ]
    lines += [
        f"_cell_length_{axis} {value:.{_CELL_DIGITS}f}"
        for axis, value in zip("abc", lengths, strict=True)
    ]
    lines += [
        f"_cell_angle_{axis} {value:.{_CELL_DIGITS}f}"
        for axis, value in zip(("alpha", "beta", "gamma"), angles, strict=True)
    ]
    lines += [
        f"_cell_volume {abs(np.linalg.det(crystal.cell)):.6f}",
        f"_space_group_name_H-M_alt '{crystal.hermann_mauguin}'",
        f"_space_group_name_Hall '{crystal.hall}'",
        f"_space_group_IT_number {crystal.number}",
        "loop_",
        "_space_group_symop_operation_xyz",
    ]
    lines += [
        f"'{_operation(rotation, translation)}'"
        for rotation, translation in zip(crystal.rotations, crystal.translations, strict=True)
    ]
    lines += [
        "loop_",
        "_atom_site_label",
        "_atom_site_type_symbol",
        "_atom_site_symmetry_multiplicity",
        "_atom_site_fract_x",
        "_atom_site_fract_y",
        "_atom_site_fract_z",
        "_atom_site_occupancy",
    ]
    return "\n".join([*lines, *_site_lines(crystal)]) + "\n"


def _site_lines(crystal: _Crystal) -> list[str]:
    """Lines of the atom-site loop."""
    numbers: dict[str, int] = {}
    lines = []
    for orbit in crystal.orbits:
        symbol, occupancy = crystal.species[crystal.kinds[orbit[0]]]
        numbers[symbol] = numbers.get(symbol, 0) + 1
        place = " ".join(_coordinate(value) for value in crystal.scaled[orbit[0]])
        lines.append(f"{symbol}{numbers[symbol]} {symbol} {len(orbit)} {place} {occupancy:.6g}")
    return lines


def _coordinate(value: float) -> str:
    """Fractional coordinate in [0, 1)."""
    text = f"{value % 1.0:.{_COORDINATE_DIGITS}f}"
    return text if not text.startswith("1") else f"{0.0:.{_COORDINATE_DIGITS}f}"


def _with_partial_sites(
    atoms: Atoms, partial_sites: Sequence[PartialSite]
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], tuple[tuple[str, float], ...]
]:
    """Cell, fractional coordinates, and species (element and occupancy) of all sites."""
    cell = np.asarray(atoms.cell[:], dtype=np.float64)
    places = [
        np.asarray(atoms.get_scaled_positions(wrap=True)),
        np.array([site.position for site in partial_sites]).reshape(-1, 3) @ np.linalg.inv(cell),
    ]
    each = [(symbol, 1.0) for symbol in atoms.get_chemical_symbols()]
    each += [(site.element, site.occupancy) for site in partial_sites]
    species = tuple(dict.fromkeys(each))
    kinds = np.array([species.index(entry) for entry in each], dtype=np.int64)
    return cell, np.concatenate(places) % 1.0, kinds, species


def _as_it_is(atoms: Atoms, partial_sites: Sequence[PartialSite]) -> _Crystal:
    cell, scaled, kinds, species = _with_partial_sites(atoms, partial_sites)
    return _Crystal(
        cell=cell,
        scaled=scaled,
        kinds=kinds,
        species=species,
        rotations=np.eye(3, dtype=np.int64)[None],
        translations=np.zeros((1, 3)),
        orbits=tuple((index,) for index in range(len(kinds))),
        hermann_mauguin="P 1",
        hall="P 1",
        number=1,
    )


def _symmetrised(
    atoms: Atoms, partial_sites: Sequence[PartialSite], tolerance_a: float
) -> _Crystal:
    """Standard cell of a crystal with the operations of its space group."""
    import spglib

    cell, scaled, kinds, species = _with_partial_sites(atoms, partial_sites)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            found = spglib.get_symmetry_dataset((cell, scaled, kinds + 1), symprec=tolerance_a)
        except spglib.SpglibError:
            found = None
        if found is None:
            raise InputError(
                f"spglib finds no space group for {atoms.get_chemical_formula()} at "
                f"{tolerance_a:g} Å.",
                why="Atoms overlap within the tolerance, or the cell is degenerate.",
                fix="Check the structure, or write it in P1.",
            )
        operations = spglib.get_symmetry_from_database(found.hall_number)
        group = spglib.get_spacegroup_type(found.hall_number)
    symbol = group.international.split("=")[-1].strip().replace("_", "")
    if group.choice in _NAMED_SETTINGS:
        symbol = f"{symbol}:{group.choice}"
    standard_cell = np.asarray(found.std_lattice, dtype=np.float64)
    standard = np.asarray(found.std_positions, dtype=np.float64) % 1.0
    standard_kinds = np.asarray(found.std_types, dtype=np.int64) - 1
    rotations = np.asarray(operations["rotations"], dtype=np.int64)
    translations = np.asarray(operations["translations"], dtype=np.float64)
    return _Crystal(
        cell=standard_cell,
        scaled=standard,
        kinds=standard_kinds,
        species=species,
        rotations=rotations,
        translations=translations,
        orbits=_orbits(standard_cell, standard, standard_kinds, rotations, translations),
        hermann_mauguin=symbol,
        hall=group.hall_symbol,
        number=int(found.number),
    )


def _orbits(
    cell: NDArray[np.float64],
    scaled: NDArray[np.float64],
    kinds: NDArray[np.int64],
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
) -> tuple[tuple[int, ...], ...]:
    """Sites that the operations carry into each other, each orbit once."""
    left = np.ones(len(scaled), dtype=bool)
    orbits = []
    for index in range(len(scaled)):
        if not left[index]:
            continue
        images = rotations @ scaled[index] + translations
        same = np.flatnonzero(kinds == kinds[index])
        apart = images[:, None, :] - scaled[same][None, :, :]
        apart -= np.rint(apart)
        distance = np.linalg.norm(apart @ cell, axis=2)
        if distance.min(axis=1).max() > _SAME_SITE_A:
            raise CalculationError(
                "An operation of the space group leads from an atom to an empty place.",
                why="The standardised cell and the table of operations are of different settings.",
                fix="Write the structure in P1, and report this.",
            )
        members = np.unique(same[distance.argmin(axis=1)])
        left[members] = False
        orbits.append(tuple(int(member) for member in members))
    return tuple(orbits)


def _operation(rotation: NDArray[np.int64], translation: NDArray[np.float64]) -> str:
    """Operation as in ``-x+1/2,y,z``."""
    parts = []
    for row, shift in zip(rotation.tolist(), translation.tolist(), strict=True):
        text = "".join(
            f"{'+' if factor > 0 else '-'}{axis}"
            for factor, axis in zip(row, "xyz", strict=True)
            if factor
        ).removeprefix("+")
        amount = Fraction(round(shift * _TRANSLATION_DENOMINATOR), _TRANSLATION_DENOMINATOR) % 1
        parts.append(f"{text}+{amount}" if amount else text)
    return ",".join(parts)


def _formula(crystal: _Crystal) -> tuple[str, int]:
    """Formula in Hill order, and how many such units the cell holds."""
    totals: dict[str, float] = {}
    for kind in crystal.kinds.tolist():
        symbol, occupancy = crystal.species[kind]
        totals[symbol] = totals.get(symbol, 0.0) + occupancy
    whole = {symbol: round(total) for symbol, total in totals.items()}
    exact = all(abs(totals[symbol] - count) < 1e-6 and count for symbol, count in whole.items())
    units = gcd(*whole.values()) if exact else 1
    first = [symbol for symbol in ("C", "H") if "C" in totals and symbol in totals]
    order = first + sorted(symbol for symbol in totals if symbol not in first)

    def count(symbol: str) -> str:
        amount = totals[symbol] / units
        return "" if amount == 1 else f"{amount:.6g}"

    return " ".join(f"{symbol}{count(symbol)}" for symbol in order), units


def _cell_parameters(cell: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Edges, Å, and angles, degrees."""
    lengths = np.linalg.norm(cell, axis=1)
    angles = []
    for i, j in ((1, 2), (0, 2), (0, 1)):
        cosine = cell[i] @ cell[j] / (lengths[i] * lengths[j])
        angles.append(float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))))
    return [float(length) for length in lengths], angles


def _ascii(text: str) -> str:
    """Text in the characters that CIF allows."""
    for letter, plain in (("Å", "A"), ("−", "-"), ("–", "-"), ("·", "."), ("é", "e"), ("í", "i")):
        text = text.replace(letter, plain)
    return text.encode("ascii", "replace").decode("ascii")
