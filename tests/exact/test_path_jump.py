"""A scan ends where the relaxed path jumps to another structure."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from reticulum.engines.build import Engine
from reticulum.engines.executor import ForceRunner
from reticulum.engines.store import ForceStore
from reticulum.thermal.relaxed_path import PathPoint, PathSettings, relaxed_points

#: Distance of the first two atoms beyond which the third atom finds another place, Å.
OPENING_A = 1.35


class Latch(Calculator):
    """Two atoms on a spring; a third one that leaps by 1 Å once the spring is stretched."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate(
        self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        x = self.atoms.positions
        length = x[1, 0] - x[0, 0]
        place = 4.0 if length < OPENING_A else 5.0
        energy = 2.0 * (length - 1.0) ** 2 + 2.0 * (x[2, 0] - place) ** 2
        forces = np.zeros((3, 3))
        forces[0, 0] = 4.0 * (length - 1.0)
        forces[1, 0] = -forces[0, 0]
        forces[2, 0] = -4.0 * (x[2, 0] - place)
        self.results = {"energy": energy, "forces": forces}


class Notes:
    """Progress that keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def start(self, kind: str, total: int, reused: int) -> None: ...
    def advance(self, kind: str, seconds: float, note: str = "") -> None: ...
    def finish(self, kind: str) -> None: ...

    def message(self, text: str) -> None:
        self.messages.append(text)


def first_distance(positions: np.ndarray) -> tuple[float, np.ndarray]:
    gradient = np.zeros((3, 3))
    gradient[0, 0], gradient[1, 0] = -1.0, 1.0
    return float(positions[1, 0] - positions[0, 0]), gradient


def path(folder: Path, settings: PathSettings) -> tuple[tuple[PathPoint, ...], Notes]:
    """The path through the latch, 0.6 Å outwards, and what the user is told."""
    atoms = Atoms("HHH", positions=[[0, 0, 0], [1.0, 0, 0], [4.0, 0, 0]], cell=[9, 9, 9], pbc=True)
    notes = Notes()
    with ForceRunner(
        Engine.from_ase(Latch(), label="latch"), ForceStore(folder / "f.db"), progress=notes
    ) as runner:
        points = relaxed_points(
            atoms,
            runner,
            first_distance,
            displacements=np.eye(9)[:, [0, 3, 6]],
            hessian_ev_a2=np.eye(9) * 4.0,
            targets_a=[[1.0 + 0.1 * k for k in range(1, 7)]],
            energy_limit_ev=100.0,
            settings=settings,
        )
    return points, notes


def test_the_scan_ends_before_a_jump_and_says_so(tmp_path: Path) -> None:
    points, notes = path(tmp_path, PathSettings())
    np.testing.assert_allclose([p.coordinate_a for p in points], [1.0, 1.1, 1.2, 1.3], atol=1e-6)
    assert len(notes.messages) == 1
    assert "Between 1.300 and 1.400 Å the relaxed path jumps" in notes.messages[0]


def test_a_search_goes_on_behind_a_jump_and_marks_it(tmp_path: Path) -> None:
    points, notes = path(tmp_path, PathSettings(keep_jumps=True))
    np.testing.assert_allclose([p.coordinate_a for p in points], 1.0 + 0.1 * np.arange(7))
    assert [p.jumped for p in points] == [False] * 4 + [True] + [False] * 2
    # Behind the jump the third atom stays at its new place, and the path is as smooth as before.
    np.testing.assert_allclose([p.positions_a[2, 0] for p in points[4:]], 5.0, atol=1e-3)
    assert "jumps to another structure" in notes.messages[0]
    assert "ends" not in notes.messages[0]
