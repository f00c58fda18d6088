"""GFN-xTB with antiparallel spins in the dimers of a metal: a broken-symmetry state of tblite.

tblite's own interface to ASE takes a multiplicity and starts from spins that are spread evenly, so
that an even number of electrons with multiplicity 1 always ends as a closed shell. A state with the
spins of the two metals of a dimer antiparallel [Noodleman1981]_ is another solution of the same
equations. It is reached from the high-spin state: its magnetisation is turned over on one metal of
each dimer, and iterated from there.

*Valid when* dimers hardly feel each other's spins: which metal of a dimer is "up" is chosen by the
order of atoms. In HKUST-1 no choice keeps the space group; forces that break it are reported by the
relaxation.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from ase.calculators.calculator import CalculationFailed, Calculator, InputError, all_changes
from numpy.typing import NDArray
from tblite.ase import TBLite
from tblite.interface import Result

from reticulum.frameworks.bonds import BondKind, find_bonds

if TYPE_CHECKING:
    from ase import Atoms

#: Moments below this have collapsed to a closed shell, Bohr magnetons; of one unpaired electron on
#: copper 0.7 are left on the metal.
LEAST_MOMENT_MUB = 0.2

#: Arrays of tblite's restart file whose last index 1 is the magnetisation, and their index of atoms
#: or shells.
_PER_ATOM = {"qat": 0, "dpat": 1, "qpat": 1}
_PER_SHELL = "qsh"
_ELECTRONS = "nel"


class AntiparallelTBLite(TBLite):  # type: ignore[misc]
    """ASE calculator of tblite with antiparallel spins in metal dimers.

    Keywords are those of `tblite.ase.TBLite`, and `antiparallel`: unpaired electrons for each atom
    of the elements whose dimers are antiferromagnetic, such as ``{"Cu": 1}``. `multiplicity` is
    that of all other unpaired electrons. Without `antiparallel` it is `TBLite`. Gives ``magmoms``.
    """

    implemented_properties: ClassVar[list[str]] = [*TBLite.implemented_properties, "magmoms"]
    default_parameters: ClassVar[dict[str, Any]] = {
        **TBLite.default_parameters,
        "antiparallel": None,
    }
    _res: Any = None

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Compute energy, forces and moments.

        Raises
        ------
        ase.calculators.calculator.InputError
            If the metal is not in dimers.
        ase.calculators.calculator.CalculationFailed
            If the equations do not converge, or end in another spin state.

        """
        unpaired = self.parameters.antiparallel
        if not unpaired:
            super().calculate(atoms, properties, system_changes)
            return
        Calculator.calculate(self, atoms, properties, system_changes)
        self._check_api_calculator(system_changes)
        pairs = metal_pairs(self.atoms, unpaired)
        # A state lost on the way from the geometry before is looked for once more from its start.
        started_afresh = self._xtb is None or self._res is None
        if started_afresh:
            self._res = self._turned_over(pairs)
        super().calculate(self.atoms, properties, [])
        moments = self._moments()
        if not started_afresh and not _antiparallel(moments, pairs):
            self._res = self._turned_over(pairs)
            super().calculate(self.atoms, properties, [])
            moments = self._moments()
        if not _antiparallel(moments, pairs):
            found = ", ".join(f"{moments[i]:.2f}/{moments[j]:.2f}" for i, j in pairs)
            raise CalculationFailed(
                f"The antiparallel spins were lost: moments of the dimers are {found} Bohr "
                "magnetons."
            )
        self.results["magmoms"] = moments

    def _turned_over(self, pairs: NDArray[np.int64]) -> Result:
        """Start of the iteration: the high-spin state with one metal of each dimer reversed."""
        parameters = {key: value for key, value in self.parameters.items() if key != "antiparallel"}
        symbols = self.atoms.get_chemical_symbols()
        added = sum(self.parameters.antiparallel[symbols[atom]] for atom in pairs.ravel())
        parameters["multiplicity"] = (self.parameters.multiplicity or 1) + round(added)
        high_spin = TBLite(**parameters)
        high_spin.calculate(self.atoms, ["energy"])
        signs = np.ones(len(self.atoms))
        signs[pairs[:, 1]] = -1.0
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "wavefunction.npz"
            high_spin._res.save(str(file))
            with np.load(file) as content:
                arrays = {name: np.array(content[name], order="F") for name in content.files}
            _turn_over(arrays, signs, np.asarray(high_spin._xtb.get("shell-map")))
            _set_unpaired(arrays, (self.parameters.multiplicity or 1) - 1)
            _write_arrays(file, arrays)
            start = Result()
            start.load(str(file))
        return start

    def _moments(self) -> NDArray[np.float64]:
        """Mulliken moments, (n,), Bohr magnetons."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "wavefunction.npz"
            self._res.save(str(file))
            with np.load(file) as content:
                # Populations are counted as charges: an excess of spin up is negative.
                return -np.array(content[_named(content.files, "qat")][:, 1])


def metal_pairs(atoms: Atoms, unpaired: dict[str, float]) -> NDArray[np.int64]:
    """Dimers of metals, the atom that comes first in each first.

    Parameters
    ----------
    atoms
        A structure.
    unpaired
        Its keys are the elements.

    Returns
    -------
    numpy.ndarray
        (n_dimers, 2) atoms.

    Raises
    ------
    ase.calculators.calculator.InputError
        If an atom of these elements has no partner of its kind, or several.

    """
    graph = find_bonds(atoms)
    symbols = atoms.get_chemical_symbols()
    found = [
        (min(int(i), int(j)), max(int(i), int(j)))
        for i, j, kind in zip(graph.first, graph.second, graph.kinds, strict=True)
        if kind == BondKind.METAL_METAL and symbols[i] == symbols[j] and symbols[i] in unpaired
    ]
    members = [atom for pair in found for atom in pair]
    wanted = [atom for atom, symbol in enumerate(symbols) if symbol in unpaired]
    if sorted(members) != wanted:
        raise InputError(
            f"{', '.join(sorted(unpaired))} atoms are not in dimers of one element, so that their "
            "spins cannot be paired."
        )
    return np.array(sorted(found), dtype=np.int64).reshape(-1, 2)


def _antiparallel(moments: NDArray[np.float64], pairs: NDArray[np.int64]) -> bool:
    first, second = moments[pairs[:, 0]], moments[pairs[:, 1]]
    large = np.minimum(np.abs(first), np.abs(second)) > LEAST_MOMENT_MUB
    return bool(np.all(large & (first * second < 0.0)))


def _named(names: Any, ending: str) -> str:
    """Name of an array of tblite's restart file, which has a prefix."""
    for name in names:
        if str(name).endswith(f"_{ending}"):
            return str(name)
    raise CalculationFailed(f"tblite's restart file has no {ending!r}: its version is unknown here")


def _turn_over(
    arrays: dict[str, NDArray[np.float64]],
    signs: NDArray[np.float64],
    atom_of_shell: NDArray[np.int64],
) -> None:
    """Multiply the magnetisation of each atom by its sign, in place."""
    for ending, axis in _PER_ATOM.items():
        array = arrays[_named(arrays, ending)]
        magnetisation = np.moveaxis(array[..., 1], axis, -1)
        magnetisation *= signs
    arrays[_named(arrays, _PER_SHELL)][:, 1] *= signs[atom_of_shell]


def _set_unpaired(arrays: dict[str, NDArray[np.float64]], n_unpaired: int) -> None:
    """Set the numbers of electrons with spin up and down, in place."""
    electrons = arrays[_named(arrays, _ELECTRONS)]
    total = electrons.sum()
    electrons[:] = (total + n_unpaired) / 2.0, (total - n_unpaired) / 2.0


def _write_arrays(file: Path, arrays: dict[str, NDArray[np.float64]]) -> None:
    """Write a restart file: `numpy.savez` writes a kind of ZIP that tblite does not read."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array, version=(1, 0))
            archive.writestr(f"{name}.npy", stream.getvalue())
