"""HKUST-1 in three electronic states of one method: what ships, and how it is made from runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reticulum.errors import InputError
from reticulum.phonons.compared_modes import compare_modes
from reticulum.phonons.folder import RunFolder
from reticulum.phonons.gamma import load_gamma_phonons
from reticulum.phonons.mode_comparison import ModeComparison, MotionPosition
from reticulum.phonons.modes import mode_table
from reticulum.provenance import read_json
from reticulum.report.row_status import structure_digest

#: HKUST-1 with GFN1-xTB, high spin first; made by `magnetic_states_of_runs`.
SHIPPED_FILE = Path(__file__).parent / "magnetic_states_gfn1_xtb.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MagneticState:
    """Modes and bonds of a crystal in one electronic state.

    Attributes
    ----------
    calculator, state
        Card and state in words.
    n_imaginary
        Number of imaginary modes.
    energy_ev
        Energy above the first state for each metal pair, both relaxed, eV.
    motions
        Positions of the motions by name, as in `ModeComparison`.
    bonds_a
        Mean bond lengths by name, Å.
    provenance
        Identity of the run and versions.

    """

    calculator: str
    state: str
    n_imaginary: int
    energy_ev: float
    motions: dict[str, MotionPosition]
    bonds_a: dict[str, float]
    provenance: dict[str, Any]

    def is_fresh(self, structure: str) -> bool:
        """Whether the bundled structure is still the one that was computed.

        Parameters
        ----------
        structure
            Its name.

        """
        identity = self.provenance["identity"]
        digest = structure_digest(structure, identity.get("symprec (Å)"))
        return bool(identity["structure"] == digest)

    def to_dict(self) -> dict[str, Any]:
        """Plain form for JSON."""
        return {
            "calculator": self.calculator,
            "state": self.state,
            "n_imaginary": self.n_imaginary,
            "energy_above_first_per_metal_pair_ev": self.energy_ev,
            "motions": {name: position.to_dict() for name, position in self.motions.items()},
            "bonds_a": self.bonds_a,
            "provenance": self.provenance,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> MagneticState:
        """State from its plain form."""
        return cls(
            calculator=content["calculator"],
            state=content["state"],
            n_imaginary=int(content["n_imaginary"]),
            energy_ev=float(content["energy_above_first_per_metal_pair_ev"]),
            motions={
                name: MotionPosition.from_dict(position)
                for name, position in content["motions"].items()
            },
            bonds_a=dict(content["bonds_a"]),
            provenance=content["provenance"],
        )


def magnetic_states_of_runs(folders: Sequence[Path]) -> tuple[MagneticState, ...]:
    """States of one crystal from finished run folders of one method.

    Parameters
    ----------
    folders
        Run folders; energies are counted from the first.

    Raises
    ------
    InputError
        If a run is of another crystal or method, or was not relaxed.

    """
    first = mode_table(load_gamma_phonons(folders[0]))
    states = []
    for folder in folders:
        found = compare_modes(first, mode_table(load_gamma_phonons(folder)))
        energy = found.energy_per_pair_ev
        if energy is None:
            raise InputError(
                f"{folder} cannot be compared with {folders[0]}.",
                why="It was computed by another method, or not relaxed.",
                fix="Give runs that differ in the electronic state only.",
            )
        states.append(_second(found, energy, folder))
    return tuple(states)


def shipped_magnetic_states() -> tuple[MagneticState, ...]:
    """States of HKUST-1 that come with the package: high spin, antiferromagnetic, closed shell."""
    return tuple(MagneticState.from_dict(entry) for entry in read_json(SHIPPED_FILE)["states"])


def _second(found: ModeComparison, energy: float, folder: Path) -> MagneticState:
    return MagneticState(
        calculator=found.second.calculator,
        state=found.second.state,
        n_imaginary=found.second.n_imaginary,
        energy_ev=energy,
        motions={
            motion.name: motion.second for motion in found.motions if motion.second is not None
        },
        bonds_a={bond.name: bond.second_a[0] for bond in found.bonds},
        provenance={
            "identity": RunFolder.identity_of(folder),
            "versions": read_json(folder / "run.json").get("versions", {}),
        },
    )
