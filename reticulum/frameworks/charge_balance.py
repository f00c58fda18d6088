"""Charge balance of a framework from the formal charges of its parts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedPart:
    """A kind of part of a formula unit.

    Attributes
    ----------
    label
        Such as ``Ru2[II,III]`` or ``btc``.
    count
        Number in the formula unit.
    charge
        Formal charge of each, elementary charges.

    """

    label: str
    count: int
    charge: int

    @property
    def total(self) -> int:
        """Charge of all of them."""
        return self.count * self.charge


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeBalance:
    """Formal charges of a formula unit.

    Attributes
    ----------
    parts
        What it consists of.

    """

    parts: tuple[ChargedPart, ...]

    @property
    def total(self) -> int:
        """Sum of all charges; 0 for a real crystal."""
        return sum(part.total for part in self.parts)

    def sentence(self) -> str:
        """Return the sum written out, as in ``3 Ru2[II,III] (+5) + 4 btc (-3) + 3 Cl (-1) = 0``."""
        terms = " + ".join(f"{part.count} {part.label} ({part.charge:+d})" for part in self.parts)
        return f"{terms} = {self.total:+d}" if self.total else f"{terms} = 0"

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {
            "parts": [
                {"label": part.label, "count": part.count, "charge": part.charge}
                for part in self.parts
            ],
            "total": self.total,
        }
