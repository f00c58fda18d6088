"""A built paddlewheel framework: the structure, how its numbers are known, its charge and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reticulum.frameworks.axial_ligands import (
    PARTLY_OCCUPIED,
    AnionState,
    AxialOrder,
    PartialSite,
    PlacedAnions,
)
from reticulum.frameworks.charge_balance import ChargeBalance, ChargedPart
from reticulum.frameworks.distance_least_squares import DistanceFit
from reticulum.frameworks.distance_targets import MetTarget
from reticulum.frameworks.linker_targets import LinkerStrain
from reticulum.frameworks.paddlewheel_table import KnownNumber, PaddlewheelPair

if TYPE_CHECKING:
    from ase import Atoms

#: Bundled structure whose net and linker the models have.
PARENT = "HKUST-1"

#: Formal charge of trimesate (btc), and paddlewheels and linkers of the formula unit M6(btc)4.
BTC_CHARGE = -3
PAIRS_OF_A_FORMULA_UNIT = 3
LINKERS_OF_A_FORMULA_UNIT = 4

#: A metal's distance that is off by more counts as missed, Å: the digit to which EXAFS tells it.
MISS_A = 0.02

#: Change of shape around a metal that is worth a warning, Å: several times what the measured cells
#: of Cu3(btc)2, [Ru6(btc)4Cl3] and [Ru2Cu4(btc)4Cl] need (0.01 Å).
BENT_SHAPE_A = 0.05

#: Bonds that differ by less are the same, Å.
SAME_LENGTH_A = 1e-6

#: Changes of the linker that are worth a warning: several times the scatter of C-C bonds (0.01 Å)
#: and of angles (1°) among refined trimesates.
STRAINED_BOND_A = 0.02
STRAINED_ANGLE_DEG = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddlewheelModel:
    """A constructed framework and how its numbers are known.

    Attributes
    ----------
    formula
        Such as ``Cu3(btc)2`` or ``Ru2Cu4(btc)4Cl``: with the anions that the charge asks for.
    atoms
        Primitive cell; without partly occupied sites.
    partial_sites
        Partly occupied anions of the disordered average; empty otherwise.
    space_group, space_group_number
        Of the model as built; for a disordered one that of the average.
    average_space_group, average_space_group_number
        Of the framework without anions, which is also that of the disordered average.
    cell
        Conventional lattice parameters of the average: ``a``, or ``a`` and ``c``, Å.
    adjusted
        Whether distances were met by moving atoms; otherwise those of the parent are kept.
    targets
        Wanted distances by label (``Ru-O``), whether or not they were met.
    met
        The metals' distances as they are, beside their targets, Å.
    shape
        What gave way: the rectangle of oxygen atoms around a metal, and the height of the metal
        over the planes of its carboxylates, beside those of HKUST-1, Å.
    fit
        The fit, or None when distances were kept.
    strain
        Change of the linkers against HKUST-1.
    charge
        Formal charges of the formula unit as built.
    anions
        ``none``, ``disordered`` or ``ordered``.
    orders
        Every order of the anions in the primitive cell, highest symmetry first.
    order
        Number in `orders` of the one that was built, or None.
    notes
        What to know before using it, one sentence each.

    """

    formula: str
    atoms: Atoms
    partial_sites: tuple[PartialSite, ...]
    space_group: str
    space_group_number: int
    average_space_group: str
    average_space_group_number: int
    cell: Mapping[str, KnownNumber]
    adjusted: bool
    targets: Mapping[str, KnownNumber]
    met: tuple[MetTarget, ...]
    shape: tuple[MetTarget, ...]
    fit: DistanceFit | None
    strain: LinkerStrain
    charge: ChargeBalance
    anions: AnionState
    orders: tuple[AxialOrder, ...]
    order: int | None
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.partial_sites:
            self.atoms.info[PARTLY_OCCUPIED] = len(self.partial_sites)

    @property
    def largest_miss_a(self) -> float:
        """Largest difference between a wanted and a met distance of the metals, Å."""
        return max(entry.largest_deviation_a for entry in self.met)

    def provenance(self) -> tuple[str, ...]:
        """Lines for the head of a structure file: what it is and how each number is known."""
        lines = [
            f"{self.formula}, {self.space_group}: a constructed model, not a refined structure.",
            f"Net and linker of {PARENT}; distances "
            + ("met by moving atoms." if self.adjusted else f"kept as in {PARENT}."),
        ]
        lines += [
            f"{name} = {number.value:.4f} Å, {number.standing}: {number.source.rstrip('.')}."
            for name, number in self.cell.items()
        ]
        if self.adjusted:
            lines += [
                f"{label} {number.value:.3f} Å, {number.standing}: {number.source.rstrip('.')}."
                for label, number in self.targets.items()
            ]
        lines.append(f"Charge of the formula unit: {self.charge.sentence()}.")
        return (*lines, *self.notes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain Python types; the atoms are left out."""
        return {
            "formula": self.formula,
            "n_atoms_primitive": len(self.atoms),
            "space_group": self.space_group,
            "space_group_number": self.space_group_number,
            "average_space_group": self.average_space_group,
            "average_space_group_number": self.average_space_group_number,
            "cell_angstrom": {name: value.to_dict() for name, value in self.cell.items()},
            "distances": "adjusted" if self.adjusted else "kept",
            "targets_angstrom": {name: value.to_dict() for name, value in self.targets.items()},
            "met": [entry.to_dict() for entry in self.met],
            "largest_miss_angstrom": self.largest_miss_a,
            "shape": [entry.to_dict() for entry in self.shape],
            "linker_strain": self.strain.to_dict(),
            "charge_balance": self.charge.to_dict() | {"sentence": self.charge.sentence()},
            "chloride": self.anions,
            "chloride_orders": [order.to_dict() for order in self.orders],
            "chloride_order": self.order,
            "partial_sites": [site.to_dict() for site in self.partial_sites],
            "notes": list(self.notes),
        }


def formula_of(by_metal: Mapping[str, PaddlewheelPair], pairs: Mapping[str, int]) -> str:
    """Formula with the anions that the charge asks for, as in ``Ru2Cu4(btc)4Cl``.

    Parameters
    ----------
    by_metal
        Pair of each metal.
    pairs
        Number of pairs of each metal in M6(btc)4.

    """
    anions: dict[str, int] = {}
    for metal, count in pairs.items():
        anion = by_metal[metal].axial_anion
        if anion is not None:
            anions[anion.element] = anions.get(anion.element, 0) + count * anion.per_pair
    if len(pairs) == 1 and not anions:
        return f"{next(iter(pairs))}3(btc)2"
    metals = "".join(f"{metal}{2 * count}" for metal, count in pairs.items())
    tail = "".join(f"{element}{count if count > 1 else ''}" for element, count in anions.items())
    return f"{metals}(btc)4{tail}"


def formal_charge(
    by_metal: Mapping[str, PaddlewheelPair], counts: Mapping[str, int], *, with_anions: bool
) -> ChargeBalance:
    """Formal charges of the formula unit M6(btc)4."""
    parts = [
        ChargedPart(label=by_metal[metal].label, count=count, charge=by_metal[metal].charge)
        for metal, count in counts.items()
    ]
    parts.append(ChargedPart(label="btc", count=LINKERS_OF_A_FORMULA_UNIT, charge=BTC_CHARGE))
    for metal, count in counts.items():
        anion = by_metal[metal].axial_anion
        if anion is not None and with_anions:
            parts.append(
                ChargedPart(label=anion.element, count=count * anion.per_pair, charge=anion.charge)
            )
    return ChargeBalance(parts=tuple(parts))


def model_notes(
    *,
    adjusted: bool,
    met: Sequence[MetTarget],
    shape: Sequence[MetTarget],
    strain: LinkerStrain,
    charge: ChargeBalance,
    placed: PlacedAnions,
    average: str,
) -> tuple[str, ...]:
    """What to know before using a model, one sentence each.

    Parameters
    ----------
    adjusted, met, shape, strain, charge
        As in `PaddlewheelModel`.
    placed
        Its anions.
    average
        Space group without anions.

    """
    if adjusted:
        notes = ["Distances were met by geometry alone: relax the structure before phonons."]
    elif strain.largest_bond_change_a > SAME_LENGTH_A:
        notes = [f"The coordinates of {PARENT} were scaled with the cell, metals exchanged."]
    else:
        notes = [f"All distances are those of {PARENT}, only the metals were exchanged."]
    missed = [entry for entry in met if entry.largest_deviation_a > MISS_A]
    if adjusted and missed:
        worst = max(missed, key=lambda entry: entry.largest_deviation_a)
        notes.append(
            f"Not every distance could be met: {worst.label} is off by "
            f"{worst.largest_deviation_a:.3f} Å. The cell does not fit these metals."
        )
    bent = max((entry.largest_deviation_a for entry in shape), default=0.0)
    if adjusted and bent > BENT_SHAPE_A:
        notes.append(
            f"Oxygen atoms or metals stand up to {bent:.2f} Å from where the shape of {PARENT} "
            "would have them: look at this cell with suspicion."
        )
    if (
        strain.largest_bond_change_a > STRAINED_BOND_A
        or strain.largest_angle_change_deg > STRAINED_ANGLE_DEG
    ):
        notes.append(
            f"The linker is strained (bonds by up to {strain.largest_bond_change_a:.3f} Å, angles "
            f"by up to {strain.largest_angle_change_deg:.1f}°): "
            + (
                "the cell does not fit these metals."
                if adjusted
                else "it was scaled with the cell."
            )
        )
    if charge.total:
        notes.append(
            f"The formula unit as built has the charge {charge.total:+d}: without its chloride it "
            "is an average for crystallography, not a neutral crystal."
        )
    if placed.state == "ordered" and placed.order is not None:
        chosen = placed.orders[placed.order]
        notes.append(
            f"The chloride order lowers {average} to {chosen.space_group} "
            f"({chosen.multiplicity} of {sum(o.multiplicity for o in placed.orders)} orders of "
            "the primitive cell are equivalent to it)."
        )
    elif placed.orders:
        lower = ", ".join(f"{o.multiplicity} are {o.space_group}" for o in placed.orders)
        notes.append(
            f"An ordered chloride would lower {average}: of "
            f"{sum(o.multiplicity for o in placed.orders)} orders of the primitive cell {lower}."
        )
    return tuple(notes)
