"""Models that several kinds of tests share (this folder is importable from all of them)."""

from __future__ import annotations

import pytest
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.phonons.run import gamma_phonons, open_run


@pytest.fixture
def spring_engine():
    """Fresh engine around the spring model; `spring_engine.calculator.calls` counts its work."""
    return Engine.from_ase(SpringCrystal())


@pytest.fixture(scope="session")
def spring_run(tmp_path_factory):
    """(folder, phonons) of a finished run on the spring model; copy the folder before changes."""
    folder = tmp_path_factory.mktemp("spring") / "run"
    with open_run(
        spring_crystal(), Engine.from_ase(SpringCrystal()), folder, label="copper formate"
    ) as run:
        phonons = gamma_phonons(run)
    return folder, phonons
