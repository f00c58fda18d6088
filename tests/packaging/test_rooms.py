"""Arrows between the rooms of the package point one way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import reticulum

PACKAGE = Path(reticulum.__file__).parent

#: What a room may import, beside itself and the modules at the top of the package.
ALLOWED = {
    "frameworks": set(),
    "ordering": {"frameworks"},
    "reference": set(),
    "engines": {"frameworks"},
    "phonons": {"frameworks", "engines"},
    "thermal": {"frameworks", "engines", "phonons", "reference"},
    "spectra": {"reference"},
    "report": {"frameworks", "engines", "phonons", "reference", "spectra", "thermal"},
    "plotting": {"frameworks", "ordering", "phonons", "thermal", "spectra", "reference"},
    "cli": {
        "frameworks",
        "ordering",
        "engines",
        "phonons",
        "thermal",
        "spectra",
        "reference",
        "report",
        "plotting",
    },
}


def test_every_room_is_listed() -> None:
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(ALLOWED)


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_room_imports_only_what_it_may(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found = set(re.findall(r"(?:from|import) reticulum\.(\w+)\.", text))
        assert found - {room} <= ALLOWED[room], path.name


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_the_scan_of_imports_sees_something(room: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (PACKAGE / room).rglob("*.py"))
    assert "from reticulum" in text
