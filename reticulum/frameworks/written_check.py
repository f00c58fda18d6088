"""Whether a written structure reads back as the same crystal, by several readers."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from math import gcd
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray

from reticulum.errors import CalculationError, ReticulumError
from reticulum.frameworks.axial_ligands import PartialSite
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetry_of
from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A

#: Tolerances at which the space group must be found again, Å.
SYMMETRY_TOLERANCES_A = (SYMMETRY_TOLERANCE_A, 1e-4)

#: Largest change of a lattice parameter, of a cell edge or of a distance, Å.
LENGTH_TOLERANCE_A = 1e-4

#: Largest change of an angle of the standard cell, degrees.
ANGLE_TOLERANCE_DEG = 1e-4

#: Distances up to this are compared, Å: all bonds and angles of linkers.
COMPARED_DISTANCE_A = 2.6

#: Largest change of the number of atoms in a cell with partly occupied sites.
OCCUPANCY_TOLERANCE = 1e-3

#: Formats, by their names in ASE, that pymatgen reads too.
PYMATGEN_FORMATS = frozenset({"cif", "vasp"})

#: What the readers raise on a file that is damaged.
_READER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
)


def verify_written(
    path: str | Path,
    atoms: Atoms,
    *,
    file_format: str,
    partial_sites: Sequence[PartialSite] = (),
    symmetrised: bool = False,
) -> tuple[str, ...]:
    """Read a structure file back and compare it with what was meant.

    Composition, volume, standard cell, space group at two tolerances and all short distances are
    compared; the cell may be another one of the same crystal.

    Parameters
    ----------
    path
        The file.
    atoms, partial_sites
        The structure that was meant.
    file_format
        Name of the format in ASE.
    symmetrised
        Whether the file holds the symmetry found at the wider tolerance exactly.

    Returns
    -------
    tuple of str
        Readers that agreed: ``reticulum``, ``ase``, ``pymatgen``. A file with partly occupied
        sites is compared by the other two, since `read_structure` refuses it.

    Raises
    ------
    CalculationError
        If a reader fails or finds another crystal.

    """
    where = Path(path)
    meant = atoms + Atoms(
        [site.element for site in partial_sites],
        positions=np.array([site.position for site in partial_sites]).reshape(-1, 3),
    )
    expected = _Facts(meant)
    agreed = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not partial_sites:
            try:
                found = read_structure(where)
            except ReticulumError as error:
                raise _unreadable("reticulum", where, file_format, error) from error
            expected.compare(_Facts(found), "reticulum", where, file_format, symmetrised)
            agreed.append("reticulum")
        try:
            found = read(str(where), format=file_format, do_not_split_by_at_sign=True)
        except _READER_ERRORS as error:
            raise _unreadable("ase", where, file_format, error) from error
        expected.compare(_Facts(found), "ase", where, file_format, symmetrised)
        agreed.append("ase")
        if file_format in PYMATGEN_FORMATS:
            try:
                found = _by_pymatgen(where, file_format, meant, partial_sites)
            except _READER_ERRORS as error:
                raise _unreadable("pymatgen", where, file_format, error) from error
            expected.compare(_Facts(found), "pymatgen", where, file_format, symmetrised)
            agreed.append("pymatgen")
    return tuple(agreed)


class _Facts:
    """What two cells of one crystal have in common."""

    def __init__(self, atoms: Atoms) -> None:
        self.counts = Counter(atoms.get_chemical_symbols())
        self.n_atoms = len(atoms)
        self.volume = abs(float(np.linalg.det(np.asarray(atoms.cell[:], dtype=np.float64))))
        self.atoms = atoms

    def groups(self) -> list[int]:
        """Space-group numbers at the two tolerances."""
        return [symmetry_of(self.atoms, tolerance).number for tolerance in SYMMETRY_TOLERANCES_A]

    def standard_cell(self) -> NDArray[np.float64]:
        """Parameters of the standard conventional cell: Å and degrees."""
        import spglib

        found = spglib.get_symmetry_dataset(
            (self.atoms.cell[:], self.atoms.get_scaled_positions(), self.atoms.numbers),
            symprec=SYMMETRY_TOLERANCE_A,
        )
        parameters: NDArray[np.float64] = Atoms(cell=found.std_lattice).cell.cellpar()
        return parameters

    def distances(self) -> NDArray[np.float64]:
        """Sorted short distances, Å."""
        return np.sort(neighbor_list("d", self.atoms, COMPARED_DISTANCE_A))

    def compare(
        self, found: _Facts, reader: str, path: Path, file_format: str, symmetrised: bool
    ) -> None:
        """Refuse a crystal that differs."""

        def differ(what: str, meant: object, got: object) -> CalculationError:
            return CalculationError(
                f"{path.name} was not written faithfully: {reader} reads {what} {got} where "
                f"{meant} was meant.",
                why=f"The format {file_format} may not carry it, or not precisely enough.",
                fix="Write cif, vasp (POSCAR) or extxyz instead.",
            )

        if not found.atoms.pbc.all() or found.volume <= 0.0:
            raise differ("the cell", "a crystal", "no crystal")
        factor = found.n_atoms / self.n_atoms
        scaled = {symbol: count * factor for symbol, count in self.counts.items()}
        if scaled != dict(found.counts):
            raise differ("the composition", dict(self.counts), dict(found.counts))
        if abs(found.volume / factor / self.volume - 1.0) > LENGTH_TOLERANCE_A / 3.0:
            raise differ("a volume in Å³ of", f"{self.volume * factor:.4f}", f"{found.volume:.4f}")
        meant_groups = self.groups()
        if symmetrised:
            meant_groups = [meant_groups[0]] * len(meant_groups)
        groups = found.groups()
        if groups != meant_groups:
            raise differ(
                f"space groups (at {' and '.join(f'{t:g}' for t in SYMMETRY_TOLERANCES_A)} Å)",
                meant_groups,
                groups,
            )
        change = np.abs(found.standard_cell() - self.standard_cell())
        if (change[:3] > LENGTH_TOLERANCE_A).any() or (change[3:] > ANGLE_TOLERANCE_DEG).any():
            raise differ("the cell", self.standard_cell(), found.standard_cell())
        # both lists are repeated so often that they belong to the same number of atoms
        mine = np.repeat(self.distances(), found.n_atoms // gcd(self.n_atoms, found.n_atoms))
        other = np.repeat(found.distances(), self.n_atoms // gcd(self.n_atoms, found.n_atoms))
        n_common = min(len(mine), len(other))  # one at the limit may be in one list only
        apart = np.abs(mine[:n_common] - other[:n_common])
        if n_common and apart.max() > LENGTH_TOLERANCE_A:
            worst = int(apart.argmax())
            raise differ("a distance in Å of", f"{mine[worst]:.5f}", f"{other[worst]:.5f}")


def _by_pymatgen(
    path: Path, file_format: str, meant: Atoms, partial_sites: Sequence[PartialSite]
) -> Atoms:
    """Structure as pymatgen reads it, with partly occupied sites made whole."""
    from pymatgen.io.cif import CifParser
    from pymatgen.io.vasp import Poscar

    if file_format == "cif":
        # By default pymatgen moves coordinates within 1e-4 of thirds and the like onto them
        # (0.002 Å in these cells); the check is of what was written.
        parser = CifParser(str(path), frac_tolerance=0.0)
        structure = parser.parse_structures(primitive=False)[0]
    else:
        structure = Poscar.from_file(str(path), check_for_potcar=False).structure
    n_whole = len(meant) - len(partial_sites)
    totals: Counter[str] = Counter(meant.get_chemical_symbols()[:n_whole])
    wanted = {symbol: float(count) for symbol, count in totals.items()}
    for site in partial_sites:
        wanted[site.element] = wanted.get(site.element, 0.0) + site.occupancy
    found = {str(el): float(n) for el, n in structure.composition.get_el_amt_dict().items()}
    factor = sum(found.values()) / sum(wanted.values())
    if any(
        abs(found.get(symbol, 0.0) - factor * wanted.get(symbol, 0.0)) > OCCUPANCY_TOLERANCE
        for symbol in {*found, *wanted}
    ):
        raise CalculationError(
            f"{path.name} was not written faithfully: pymatgen reads {found} where a multiple of "
            f"{wanted} was meant.",
            fix="Report this.",
        )
    return Atoms(
        [max(site.species.items(), key=lambda item: item[1])[0].symbol for site in structure],
        positions=structure.cart_coords,
        cell=structure.lattice.matrix,
        pbc=True,
    )


def _unreadable(
    reader: str, path: Path, file_format: str, error: BaseException
) -> CalculationError:
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return CalculationError(
        f"{path.name} was written as {file_format} but {reader} cannot read it: {reason[0]}",
        why="The format may not carry a cell with its atoms.",
        fix="Write cif, vasp (POSCAR) or extxyz instead.",
    )
