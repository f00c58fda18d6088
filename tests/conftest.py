"""Models that several kinds of tests share (this folder is importable from all of them)."""

from __future__ import annotations

import pytest
from models import librating_unit
from spring_models import SpringCrystal, spring_crystal

from reticulum.engines.build import Engine
from reticulum.phonons.run import gamma_phonons, open_run


@pytest.fixture
def command_line(capfd, tmp_path, monkeypatch):
    """Call `reticulum` in an empty folder: (exit status, standard output, standard error)."""
    from reticulum.cli.main import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            app([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return end.value.code, out, err

    return run


@pytest.fixture
def librating_rod(tmp_path):
    """Words of `reticulum redshift` on the librating zinc formate, 9 atoms, in an empty folder."""
    (tmp_path / "card.toml").write_text(librating_unit.CARD)
    librating_unit.librating_crystal().write(tmp_path / "rod.xyz", format="extxyz")
    return ("redshift", "rod.xyz", "-c", "card.toml", "--workers", "1", "-o", "RUN")


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
