"""Crystals from CIF: sites, occupancies and symmetry operations turned into every atom of a cell.

The lexing is that of ASE. The expansion is done here, because the readers of ASE and pymatgen keep
one of several atoms on the same place in silence, or guess a setting when the file lists its own
symmetry operations; a phonon calculation must not start from a guess.
"""

from __future__ import annotations

import io
import re
import warnings
from collections import Counter
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers
from ase.geometry import cellpar_to_cell
from ase.io.cif import CIFBlock, parse_cif
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.frameworks.cif_operations import symmetry_operations

#: Occupancies of at least this count as full; CIFs print 0.9999 or 0.999 for 1.
FULL_OCCUPANCY = 0.999

#: Images of one site closer than this are one atom on a special position, Å. Published files miss
#: special positions by rounding (0.333 for 1/3 is 0.01 Å off in a cell of 40 Å) and by up to
#: 0.05 Å in hydrogens placed by hand.
SPECIAL_POSITION_TOLERANCE_A = 0.1

#: Mass of deuterium, amu (CODATA 2018: 2.013553212745 for the nucleus plus one electron).
DEUTERIUM_MASS_AMU = 2.01410177812

_CELL_TAGS = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
#: What ASE's CIF lexer raises on text that is no CIF or ends in the middle of one.
_LEXER_ERRORS = (RuntimeError, ValueError, IndexError, KeyError, AssertionError, AttributeError)


@dataclass(frozen=True, slots=True, kw_only=True)
class CifCrystal:
    """All atoms of the cell of a CIF.

    Parameters
    ----------
    atoms
        Periodic crystal in the cell of the file.
    labels
        For each atom the label of the site it comes from.
    notes
        What the user should know about the file, one sentence each.

    """

    atoms: Atoms
    labels: tuple[str, ...]
    notes: tuple[str, ...]


def expand_cif(text: str, path: str) -> CifCrystal:
    """Atoms of the cell described by a CIF.

    Each site is carried through every symmetry operation of the file; images that fall together
    lie on a special position and are averaged.

    Parameters
    ----------
    text
        Content of the file.
    path
        Name of the file, for messages.

    Raises
    ------
    InputError
        If the text is no CIF, holds no or several structures, lacks a cell or coordinates, has
        partly occupied sites, unknown elements, or symmetry operations that form no group.

    """
    block = _only_block(text, path)
    cell = _cell(block, path)
    labels, symbols = _elements(block, path)
    fractional = _fractional_coordinates(block, labels, cell, path)
    _require_full_occupancy(block, labels, symbols, path)
    rotations, translations, notes = symmetry_operations(block, path)

    numbers: list[int] = []
    masses: list[float] = []
    site_of: list[str] = []
    images: list[NDArray[np.float64]] = []
    for label, symbol, site in zip(labels, symbols, fractional, strict=True):
        orbit = _orbit(site, rotations, translations, cell)
        element = "H" if symbol == "D" else symbol
        number = atomic_numbers[element]
        mass = DEUTERIUM_MASS_AMU if symbol == "D" else float(atomic_masses[number])
        numbers += [number] * len(orbit)
        masses += [mass] * len(orbit)
        site_of += [label] * len(orbit)
        images.append(orbit)
    atoms = Atoms(
        numbers=numbers,
        scaled_positions=np.concatenate(images),
        cell=cell,
        pbc=True,
        masses=masses if "D" in symbols else None,
    )
    notes += _formula_notes(block, atoms)
    return CifCrystal(atoms=atoms, labels=tuple(site_of), notes=tuple(notes))


def _only_block(text: str, path: str) -> CIFBlock:
    """The one data block that holds atoms."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            blocks = list(parse_cif(io.StringIO(text)))
    except _LEXER_ERRORS as error:
        raise InputError(
            f"{path} is not a complete CIF: {_first_line(error)}.",
            why="The file is cut off in the middle or is no CIF at all.",
            fix="Download or export the file again and check its last lines.",
        ) from error
    with_atoms = [block for block in blocks if _column(block, "label", "type_symbol")]
    if len(with_atoms) == 1:
        return with_atoms[0]
    if with_atoms:
        names = ", ".join(block.name for block in with_atoms)
        raise InputError(
            f"{path} holds {len(with_atoms)} structures ({names}).",
            why="Which one is meant cannot be guessed.",
            fix="Save the wanted data block in a file of its own.",
        )
    raise InputError(
        f"{path} holds no atoms.",
        why="No data block of this CIF has a list of atom sites (_atom_site_label).",
        fix="Export the file again with its atomic coordinates.",
    )


def _column(block: CIFBlock, *names: str) -> list[object]:
    """First of several columns of the atom-site loop that is present, as a list."""
    for name in names:
        for tag in (f"_atom_site_{name}", f"_atom_site.{name}"):
            value = block.get(tag)
            if value is not None:
                return value if isinstance(value, list) else [value]
    return []


def _cell(block: CIFBlock, path: str) -> NDArray[np.float64]:
    """Cell, (3, 3) row vectors in Å."""
    values: list[float] = []
    for name in _CELL_TAGS:
        value = block.get(f"_cell_{name}", block.get(f"_cell.{name}"))
        if not isinstance(value, (int, float)):
            raise InputError(
                f"{path} states no _cell_{name} (found: {value!r}).",
                why="Without its six cell parameters a crystal has no periodicity.",
                fix="Add the cell parameters to the CIF.",
            )
        values.append(float(value))
    possible = min(values[:3]) > 0.0 and all(0.0 < angle < 180.0 for angle in values[3:])
    with np.errstate(invalid="ignore"):
        cell = np.asarray(cellpar_to_cell(values), dtype=np.float64) if possible else np.eye(3)
    if not possible or not np.isfinite(cell).all():
        raise InputError(
            f"{path} has an impossible cell: {', '.join(f'{value:g}' for value in values)}.",
            why="Edges must be positive and the three angles must close a parallelepiped.",
            fix="Correct the cell parameters in the CIF.",
        )
    return cell


def _elements(block: CIFBlock, path: str) -> tuple[list[str], list[str]]:
    """Labels of the sites and their element symbols (``"D"`` for deuterium)."""
    types = [str(value) for value in _column(block, "type_symbol")]
    labels = [str(value) for value in _column(block, "label")] or types
    symbols: list[str] = []
    for index, label in enumerate(labels):
        given = types[index] if types and types[index] not in {".", "?"} else None
        symbol = _element_of_type(given) if given is not None else _element_of_label(label)
        if symbol is None:
            raise InputError(
                f"Site {label} in {path} has no known element (found: {given or label!r}).",
                why="Dummy atoms and centroids have no mass and no forces.",
                fix="Give the site a chemical element or delete it.",
            )
        symbols.append(symbol)
    return labels, symbols


def _element_of_type(text: str) -> str | None:
    """Element in a type symbol such as ``Cu2+`` or ``CU``."""
    match = re.match(r"[A-Za-z]{1,3}", text)
    symbol = match.group(0).capitalize() if match else ""
    return symbol if _is_element(symbol) else None


def _element_of_label(text: str) -> str | None:
    """Element in a site label such as ``Cu1``, ``C12A`` or ``H1B``."""
    match = re.match(r"([A-Z])([a-z]?)", text)
    if match is None:
        return None
    candidates = (match.group(0), match.group(1))
    return next((symbol for symbol in candidates if _is_element(symbol)), None)


def _is_element(symbol: str) -> bool:
    """Whether a symbol is an element (or deuterium) and not ASE's placeholder ``X``."""
    return symbol == "D" or atomic_numbers.get(symbol, 0) > 0


def _fractional_coordinates(
    block: CIFBlock, labels: list[str], cell: NDArray[np.float64], path: str
) -> NDArray[np.float64]:
    """Fractional coordinates of the sites, (n, 3)."""
    columns = [_column(block, f"fract_{axis}") for axis in "xyz"]
    cartesian = not all(columns)
    if cartesian:
        columns = [_column(block, f"cartn_{axis}") for axis in "xyz"]
    if not all(len(column) == len(labels) for column in columns):
        raise InputError(
            f"{path} lists atom sites without coordinates.",
            why="The columns _atom_site_fract_x, _y and _z are missing or incomplete.",
            fix="Export the file again with its atomic coordinates.",
        )
    coordinates = np.empty((len(labels), 3))
    for axis, column in enumerate(columns):
        for index, value in enumerate(column):
            if not isinstance(value, (int, float)):
                raise InputError(
                    f"Site {labels[index]} in {path} has no {'xyz'[axis]} coordinate "
                    f"(found: {value!r}).",
                    why="Every atom needs a position.",
                    fix="Place the atom, or delete the site if it is not part of the framework.",
                )
            coordinates[index, axis] = value
    return coordinates @ np.linalg.inv(cell) if cartesian else coordinates


def _require_full_occupancy(
    block: CIFBlock, labels: list[str], symbols: list[str], path: str
) -> None:
    """Refuse sites that are occupied only in part."""
    column = _column(block, "occupancy")
    partial = [
        (label, symbol, float(value))
        for label, symbol, value in zip(labels, symbols, column, strict=False)
        if isinstance(value, (int, float)) and not FULL_OCCUPANCY <= value <= 2.0 - FULL_OCCUPANCY
    ]
    if partial:
        raise_partial_occupancy(partial, path)


def raise_partial_occupancy(sites: list[tuple[str, str, float]], path: str) -> None:
    """Refuse a disordered structure.

    Parameters
    ----------
    sites
        Label, element and occupancy of each site that is not full.
    path
        Name of the file, for the message.

    Raises
    ------
    InputError
        Always.

    """
    label, symbol, occupancy = sites[0]
    more = f" ({len(sites)} sites are not fully occupied)" if len(sites) > 1 else ""
    raise InputError(
        f"Site {label} ({symbol}) in {path} has the occupancy {occupancy:g}{more}.",
        why="Every site must hold one whole atom: an average over disorder has no bonds and no "
        "forces.",
        fix="Write an ordered model: keep one of the alternative sites with occupancy 1, delete "
        "the others (and guests), and lower the symmetry where the choice requires it.",
    )


def _orbit(
    site: NDArray[np.float64],
    rotations: NDArray[np.int64],
    translations: NDArray[np.float64],
    cell: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Fractional coordinates of all images of a site, (m, 3), each once.

    Images within `SPECIAL_POSITION_TOLERANCE_A` are averaged, which puts a site whose printed
    coordinates are rounded exactly on its special position.
    """
    images = (rotations @ site + translations) % 1.0
    orbit: list[NDArray[np.float64]] = []
    remaining = np.ones(len(images), dtype=bool)
    for index, image in enumerate(images):
        if not remaining[index]:
            continue
        difference = images - image
        difference -= np.rint(difference)
        near = np.linalg.norm(difference @ cell, axis=1) < SPECIAL_POSITION_TOLERANCE_A
        orbit.append((image + difference[near & remaining].mean(axis=0)) % 1.0)
        remaining &= ~near
    return np.array(orbit)


def _formula_notes(block: CIFBlock, atoms: Atoms) -> list[str]:
    """Say where the atoms disagree with the formula that the file declares."""
    declared_text = block.get("_chemical_formula_sum")
    if not isinstance(declared_text, str):
        return []
    declared: dict[str, float] = {}
    for printed, count in re.findall(r"([A-Z][a-z]?)\s*(\d*\.?\d*)", declared_text):
        element = "H" if printed == "D" else printed
        declared[element] = declared.get(element, 0.0) + float(count or 1)
    found = Counter(atoms.get_chemical_symbols())
    anchor = next((element for element in declared if found[element]), None)
    if anchor is None or not declared[anchor]:
        return []
    ratio = found[anchor] / declared[anchor]
    elements = sorted(set(declared) | set(found))
    if all(
        abs(found[e] - ratio * declared.get(e, 0.0)) < 0.01 * max(found[e], 1) for e in elements
    ):
        return []
    return [
        f"The CIF declares the formula {declared_text!r} but its sites give "
        f"{atoms.get_chemical_formula('hill')}: atoms (often hydrogen) may be missing, or guests "
        "were left out."
    ]


def _first_line(error: BaseException) -> str:
    """First line of an error message, without its final stop."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else "an entry is incomplete").rstrip(".")
