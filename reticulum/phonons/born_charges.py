"""Born effective charges: given, or from atomic charges and how they flow when atoms move.

With the dipole moment Σ q_i r_i of a cell whose charges follow the atoms, the Born charge of atom
j is

    Z_j,αβ = q_j δ_αβ + Σ_i ∂q_i/∂r_jβ (r_i - r_j)_α,

the equilibrium-charge - charge-flux form [Decius1975]_. In a crystal an atom i has many images,
and the sum depends on which is meant as soon as charge flows from one end of a linker to the
other. So the flow is followed along bonds: ∂q_i/∂r_jβ is written as currents through bonds, and a
current J along the bond vector d moves the dipole by J d, in whatever cell. Currents are the
smallest that give the changes of the charges, and among those the ones that pass as little as
possible between metal and linker: charges flow within a linker before they flow round through the
nodes, where a closed way across the crystal would bring the opposite sign.

The older way, r_i - r_j to the nearest image, is kept as a check: its sum over the atoms must
vanish, and misses zero by as much as charges flow over half the cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import CalculationError
from reticulum.frameworks.bonds import BondGraph, BondKind, find_bonds
from reticulum.frameworks.symmetry import CrystalSymmetry

if TYPE_CHECKING:
    from ase import Atoms

#: Largest component of the sum of raw Born charges over the cell up to which charge flux counts
#: as sound, and up to which it is used at all, e. Measured with GFN1-xTB: HKUST-1 0.30,
#: MUV-10(Ca) 0.61, UiO-66 1.2, MIL-125 1.5, MOF-5 1.9, Mg-MOF-74 4.1; closed-shell HKUST-1, whose
#: charges slosh through the cell and leave next to nothing of the antisymmetric band, 9.4.
SOUND_SUM_RULE_E = 0.5
SUM_RULE_LIMIT_E = 5.0

#: Weight of the current through a bond of a metal. The limit of large weights is meant; between
#: 1e3 and 1e5 the intensities of MOF-5 and UiO-66 change by less than 1 %.
_METAL_RELUCTANCE = 1e4

#: Singular values below this part of the largest belong to charges that no current can change.
_RANK_TOLERANCE = 1e-8

#: Images of a pair whose distances differ by less are averaged, Å.
_EQUAL_DISTANCE_A = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BornCharges:
    """Born effective charges of the atoms of a cell, and what is known of its dielectric constant.

    Attributes
    ----------
    charges_e
        (n, 3, 3) e; the first Cartesian index is that of the dipole moment, the second that of
        the displacement. The acoustic sum rule is enforced.
    dielectric
        (3, 3) electronic dielectric constant ε∞; None if unknown (no LO-TO splitting then).
    source
        Where they come from, in words.
    sum_rule_error_e
        Largest component of Σ_j Z_j before the sum rule was enforced, e; for charge flux the
        larger of that along bonds and that to nearest images.

    """

    charges_e: NDArray[np.float64]
    dielectric: NDArray[np.float64] | None
    source: str
    sum_rule_error_e: float

    def __post_init__(self) -> None:
        if self.charges_e.ndim != 3 or self.charges_e.shape[1:] != (3, 3):
            raise ValueError("Born charges must have the shape (n, 3, 3)")
        self.charges_e.setflags(write=False)
        if self.dielectric is not None:
            if self.dielectric.shape != (3, 3):
                raise ValueError("the dielectric constant must have the shape (3, 3)")
            self.dielectric.setflags(write=False)

    @property
    def trusted(self) -> bool:
        """Whether the sum rule holds well enough for intensities."""
        return self.sum_rule_error_e <= SUM_RULE_LIMIT_E

    @property
    def sentence(self) -> str:
        """Where they come from and how sound they are."""
        verdict = ""
        if not self.trusted:
            verdict = f", above the limit of {SUM_RULE_LIMIT_E:g} e: not used"
        elif self.sum_rule_error_e > SOUND_SUM_RULE_E:
            verdict = f", above {SOUND_SUM_RULE_E:g} e: intensities are rough"
        return (
            f"Born charges {self.source}; their raw sum misses zero by "
            f"{self.sum_rule_error_e:.2g} e{verdict}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "charges_e": self.charges_e.tolist(),
            "dielectric": None if self.dielectric is None else self.dielectric.tolist(),
            "source": self.source,
            "sum_rule_error_e": self.sum_rule_error_e,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any] | None) -> BornCharges | None:
        """From the plain form; None of nothing."""
        if content is None:
            return None
        dielectric = content.get("dielectric")
        return cls(
            charges_e=np.array(content["charges_e"], dtype=np.float64),
            dielectric=None if dielectric is None else np.array(dielectric, dtype=np.float64),
            source=str(content["source"]),
            sum_rule_error_e=float(content["sum_rule_error_e"]),
        )


def with_sum_rule(
    raw_e: NDArray[np.float64],
    *,
    symmetry: CrystalSymmetry | None = None,
    dielectric: NDArray[np.float64] | None = None,
    source: str = "as given",
) -> BornCharges:
    """Born charges with the acoustic sum rule, and the symmetry of the crystal, enforced.

    Parameters
    ----------
    raw_e
        (n, 3, 3) e.
    symmetry
        Operations to average over; none if not given.
    dielectric
        (3, 3) ε∞.
    source
        Where they come from.

    """
    charges = np.array(raw_e, dtype=np.float64)
    if symmetry is not None:
        charges = symmetrised(symmetry, charges)
    error = float(np.abs(charges.sum(axis=0)).max())
    charges -= charges.mean(axis=0)
    return BornCharges(
        charges_e=charges,
        dielectric=None if dielectric is None else np.array(dielectric, dtype=np.float64),
        source=source,
        sum_rule_error_e=error,
    )


def symmetrised(symmetry: CrystalSymmetry, tensors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Average of a tensor for each atom over the operations of a crystal, (n, 3, 3)."""
    total = np.zeros_like(tensors)
    for rotation, permutation in zip(
        symmetry.cartesian_rotations, symmetry.permutations, strict=True
    ):
        total[permutation] += rotation @ tensors @ rotation.T
    return np.asarray(total / symmetry.order)


def charge_flux(
    symmetry: CrystalSymmetry,
    displaced_atoms: Sequence[int],
    displacements_a: NDArray[np.float64],
    charge_changes_e: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Derivatives of all atomic charges by the positions of all atoms.

    Parameters
    ----------
    symmetry
        Operations of the cell at rest.
    displaced_atoms
        (k,) atom displaced in each calculation; at least the inequivalent ones, in enough
        directions (as phonopy's displacements are).
    displacements_a
        (k, 3) Cartesian displacement, Å.
    charge_changes_e
        (k, n) charges displaced less charges at rest, e.

    Returns
    -------
    numpy.ndarray
        (n, 3, n): component [j, β, i] is ∂q_i/∂r_jβ, e/Å. Displacements to both sides cancel what
        is quadratic.

    Raises
    ------
    CalculationError
        If the displacements, with those that symmetry makes of them, do not fix all derivatives.

    """
    n_atoms = symmetry.permutations.shape[1]
    flux = np.empty((n_atoms, 3, n_atoms))
    moved = np.asarray(displaced_atoms, dtype=np.int64)
    for atom in range(n_atoms):
        directions, changes = [], []
        for rotation, permutation in zip(
            symmetry.cartesian_rotations, symmetry.permutations, strict=True
        ):
            for calculation in np.flatnonzero(permutation[moved] == atom):
                directions.append(rotation @ displacements_a[calculation])
                image = np.empty(n_atoms)
                image[permutation] = charge_changes_e[calculation]
                changes.append(image)
        if not directions or np.linalg.matrix_rank(np.array(directions), tol=1e-6) < 3:
            raise CalculationError(
                f"The displacements do not fix how the charges follow atom {atom + 1}.",
                why="Their images under the space group do not span three directions.",
                fix="Compute the displacements of this cell again.",
            )
        flux[atom], *_ = np.linalg.lstsq(np.array(directions), np.array(changes), rcond=None)
    return flux


def born_charges_from_flux(
    atoms: Atoms,
    symmetry: CrystalSymmetry,
    charges_e: NDArray[np.float64],
    flux_e_per_a: NDArray[np.float64],
    graph: BondGraph | None = None,
) -> BornCharges:
    """Born charges from atomic charges and their derivatives.

    *Valid when* charges flow along bonds, and atomic charges reproduce dipoles; Mulliken charges
    do so only roughly, so that intensities are good to perhaps a factor of two.

    Parameters
    ----------
    atoms
        Cell at rest.
    symmetry
        Its operations.
    charges_e
        (n,) atomic charges, e.
    flux_e_per_a
        (n, 3, n) from `charge_flux`.
    graph
        Bonds; found from `atoms` if not given.

    """
    bonds = find_bonds(atoms) if graph is None else graph
    own = charges_e[:, None, None] * np.eye(3)
    vectors = (
        atoms.positions[bonds.second] + bonds.shifts @ atoms.cell[:] - atoms.positions[bonds.first]
    )
    currents = flux_e_per_a @ bond_currents(bonds).T
    raw = own + np.swapaxes(currents @ vectors, 1, 2)
    nearest = own + np.einsum("jbi,jia->jab", flux_e_per_a, shortest_vectors(atoms))
    found = with_sum_rule(raw, symmetry=symmetry, source="from atomic charges and charge flux")
    return replace(
        found,
        sum_rule_error_e=max(found.sum_rule_error_e, float(np.abs(nearest.sum(axis=0)).max())),
    )


def bond_currents(bonds: BondGraph) -> NDArray[np.float64]:
    """Matrix that turns changes of atomic charges into currents through bonds.

    The currents have the least sum of squares among those that change the charges as asked, with
    bonds between metal and linker counted `_METAL_RELUCTANCE` times. Changes that no current can
    make (between parts without a bond) are left out.

    Parameters
    ----------
    bonds
        The bonded graph.

    Returns
    -------
    numpy.ndarray
        (n_bonds, n_atoms): current from the first to the second atom of each bond for a unit
        change of each charge.

    """
    numbers = np.arange(len(bonds.first))
    divergence = np.zeros((bonds.n_atoms, len(numbers)))
    np.add.at(divergence, (bonds.second, numbers), 1.0)
    np.add.at(divergence, (bonds.first, numbers), -1.0)
    ease = np.where(bonds.kinds == BondKind.COVALENT, 1.0, _METAL_RELUCTANCE**-0.5)
    return np.asarray(ease[:, None] * np.linalg.pinv(divergence * ease, rcond=_RANK_TOLERANCE))


def shortest_vectors(atoms: Atoms) -> NDArray[np.float64]:
    """Vectors from each atom to the nearest image of each other, (n, n, 3), Å.

    Images at equal distance are averaged, so that the result has the symmetry of the crystal.

    Parameters
    ----------
    atoms
        A periodic cell.

    """
    from ase.geometry import minkowski_reduce

    cell = np.array(minkowski_reduce(atoms.cell[:], pbc=True)[0])
    fractional = atoms.positions @ np.linalg.inv(cell)
    difference = fractional[None, :, :] - fractional[:, None, :]
    difference -= np.rint(difference)
    # With a reduced cell the nearest image is among the neighbours of the one in the cell.
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    base = difference @ cell
    nearest = np.full(base.shape[:2], np.inf)
    for shift in shifts:
        np.minimum(nearest, np.linalg.norm(base + shift @ cell, axis=2), out=nearest)
    total = np.zeros_like(base)
    count = np.zeros(base.shape[:2])
    for shift in shifts:
        image = base + shift @ cell
        equal = np.linalg.norm(image, axis=2) < nearest + _EQUAL_DISTANCE_A
        total[equal] += image[equal]
        count += equal
    return np.asarray(total / count[:, :, None])
