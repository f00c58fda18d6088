"""Tabulated paddlewheel pairs: distances, charges, lattice parameters, and how each is known."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

from reticulum.errors import InputError
from reticulum.resources import data_folder

#: How a number is known. ``measured``: read in a named source. ``assumed``: a usual value, not
#: checked. ``estimated``: follows from the fit of this package. ``given``: by the user.
Standing = Literal["measured", "assumed", "estimated", "given"]

#: How many similar metals an error message offers.
_N_SUGGESTIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNumber:
    """A number and how it is known.

    Attributes
    ----------
    value
        The number; lengths in Å.
    standing
        Measured, assumed, estimated or given.
    source
        One sentence about where it comes from.

    """

    value: float
    standing: Standing
    source: str

    def __post_init__(self) -> None:
        if self.standing not in get_args(Standing):
            raise ValueError(f"{self.standing!r} is none of {', '.join(get_args(Standing))}")
        if not self.value > 0.0:
            raise ValueError(f"a length must be positive, not {self.value!r}")
        if not self.source.strip():
            raise ValueError("a number needs a source")

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {"value": self.value, "standing": self.standing, "source": self.source}


@dataclass(frozen=True, slots=True, kw_only=True)
class AxialAnion:
    """Anion on the axis of a charged pair.

    Attributes
    ----------
    element, charge
        Symbol and charge in units of the elementary charge.
    per_pair
        How many anions each pair carries.
    metal_anion_a
        Distance from the metal, Å.

    """

    element: str
    charge: int
    per_pair: int
    metal_anion_a: KnownNumber

    def __post_init__(self) -> None:
        if self.per_pair != 1:
            raise ValueError("only one axial anion for each pair is modelled")

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {
            "element": self.element,
            "charge": self.charge,
            "per_pair": self.per_pair,
            "metal_anion_angstrom": self.metal_anion_a.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PaddlewheelPair:
    """What is known about the pair M2 of a paddlewheel.

    Attributes
    ----------
    metal
        Element.
    oxidation_states
        Of the two metals; unequal for mixed valence.
    metal_oxygen_a, metal_metal_a
        Distances, Å.
    axial_anion
        Anion that the charge of the pair asks for, or None.
    lattice_parameter_a
        Conventional cubic a of M3(btc)2, Å, or None where none is tabulated.

    """

    metal: str
    oxidation_states: tuple[int, int]
    metal_oxygen_a: KnownNumber
    metal_metal_a: KnownNumber
    axial_anion: AxialAnion | None = None
    lattice_parameter_a: KnownNumber | None = None

    @property
    def charge(self) -> int:
        """Charge of the bare pair M2, elementary charges."""
        return sum(self.oxidation_states)

    @property
    def label(self) -> str:
        """The pair with its oxidation states, as in ``Ru2[II,III]``."""
        first, second = (_ROMAN[state] for state in self.oxidation_states)
        return f"{self.metal}2[{first},{second}]"

    def to_dict(self) -> dict[str, object]:
        """Return plain Python types."""
        return {
            "metal": self.metal,
            "oxidation_states": list(self.oxidation_states),
            "metal_oxygen_angstrom": self.metal_oxygen_a.to_dict(),
            "metal_metal_angstrom": self.metal_metal_a.to_dict(),
            "axial_anion": None if self.axial_anion is None else self.axial_anion.to_dict(),
            "lattice_parameter_a_angstrom": (
                None if self.lattice_parameter_a is None else self.lattice_parameter_a.to_dict()
            ),
        }


_ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedPhase:
    """Ordered A2B4(btc)4: its tetragonal cell and local distances.

    Attributes
    ----------
    minority, majority
        The pairs A2 (one on each linker) and B2 (two on each linker), with the distances in this
        phase.
    lattice_parameter_a, lattice_parameter_c
        Conventional I4/mmm cell, Å; None where none is tabulated.

    """

    minority: PaddlewheelPair
    majority: PaddlewheelPair
    lattice_parameter_a: KnownNumber | None = None
    lattice_parameter_c: KnownNumber | None = None


def paddlewheel_metals() -> tuple[str, ...]:
    """Metals in the table, in alphabetical order.

    Raises
    ------
    InputError
        If the table is damaged.

    """
    return tuple(sorted(_table(_path())[0]))


def load_paddlewheel(metal: str) -> PaddlewheelPair:
    """Tabulated pair of a metal, by its symbol without regard to case.

    Raises
    ------
    InputError
        If the metal is not in the table; the message offers what is.

    """
    pairs, _ = _table(_path())
    symbol = metal.strip().capitalize()
    if symbol in pairs:
        return pairs[symbol]
    near = difflib.get_close_matches(symbol, sorted(pairs), n=_N_SUGGESTIONS, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise InputError(
        f"There is no tabulated paddlewheel of {metal!r}.",
        why="Its distances and charge are needed to build a framework.",
        fix=f"{hint}Tabulated metals: {', '.join(sorted(pairs))}.",
    )


def load_mixed_phase(minority: str, majority: str) -> MixedPhase:
    """Tabulated A2B4(btc)4; the distances of the pure phases where this phase has no entry.

    Parameters
    ----------
    minority, majority
        Metals of the pairs of which each linker meets one and two.

    Raises
    ------
    InputError
        If a metal is not in the table.

    """
    _, phases = _table(_path())
    first, second = load_paddlewheel(minority), load_paddlewheel(majority)
    found = phases.get((first.metal, second.metal))
    return MixedPhase(minority=first, majority=second) if found is None else found


def _path() -> Path:
    return data_folder("structures") / "nodes" / "paddlewheels.toml"


@lru_cache(maxsize=4)
def _table(
    path: Path,
) -> tuple[dict[str, PaddlewheelPair], dict[tuple[str, str], MixedPhase]]:
    """Read the table."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        pairs = {metal: _pair(metal, entry) for metal, entry in values["metals"].items()}
        phases = {}
        for entry in values.get("mixed", []):
            minority, majority = (
                _with_distances(pairs[entry[role]], entry["metals"][entry[role]])
                for role in ("minority", "majority")
            )
            phases[minority.metal, majority.metal] = MixedPhase(
                minority=minority,
                majority=majority,
                lattice_parameter_a=KnownNumber(**entry["lattice_parameter_a"]),
                lattice_parameter_c=KnownNumber(**entry["lattice_parameter_c"]),
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"The table of paddlewheels {path} cannot be read: {error}.",
            why="It must be valid TOML, and every number needs a value, a standing and a source.",
            fix="Reinstall with: python -m pip install --force-reinstall reticulum",
        ) from error
    return pairs, phases


def _pair(metal: str, entry: Mapping[str, Any]) -> PaddlewheelPair:
    first, second = entry["oxidation_states"]
    anion = entry.get("axial_anion")
    parameter = entry.get("lattice_parameter_a")
    return PaddlewheelPair(
        metal=metal,
        oxidation_states=(int(first), int(second)),
        metal_oxygen_a=KnownNumber(**entry["metal_oxygen_a"]),
        metal_metal_a=KnownNumber(**entry["metal_metal_a"]),
        axial_anion=None
        if anion is None
        else AxialAnion(**{**anion, "metal_anion_a": KnownNumber(**anion["metal_anion_a"])}),
        lattice_parameter_a=None if parameter is None else KnownNumber(**parameter),
    )


def _with_distances(pair: PaddlewheelPair, entry: Mapping[str, Any]) -> PaddlewheelPair:
    """The same pair with the distances of another phase."""
    anion = pair.axial_anion
    if anion is not None and "metal_anion_a" in entry:
        anion = AxialAnion(
            element=anion.element,
            charge=anion.charge,
            per_pair=anion.per_pair,
            metal_anion_a=KnownNumber(**entry["metal_anion_a"]),
        )
    return PaddlewheelPair(
        metal=pair.metal,
        oxidation_states=pair.oxidation_states,
        metal_oxygen_a=KnownNumber(**entry["metal_oxygen_a"]),
        metal_metal_a=KnownNumber(**entry["metal_metal_a"]),
        axial_anion=anion,
        lattice_parameter_a=pair.lattice_parameter_a,
    )
