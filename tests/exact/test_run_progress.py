"""How far an unfinished run came: displacements found again by symmetry, nothing computed."""

from __future__ import annotations

import shutil

import pytest
from ase.db import connect

from reticulum.errors import InputError
from reticulum.phonons.run_progress import run_progress


@pytest.fixture
def folder(spring_run, tmp_path):
    """A copy of a finished run that lacks its summary."""
    shutil.copytree(spring_run[0], tmp_path / "run")
    (tmp_path / "run" / "phonons.json").unlink()
    return tmp_path / "run"


def forget(folder, kind, number):
    """Delete stored calculations of a kind."""
    with connect(str(folder / "forces.db"), use_lock_file=False) as database:
        database.delete([row.id for row in database.select(kind=kind)][:number])


def test_all_displacements_of_a_whole_run_are_found(folder, spring_run):
    found = run_progress(folder)
    assert found.n_displacements == found.n_finished == spring_run[1].n_displacements
    assert found.n_calculations > found.n_displacements


def test_missing_displacements_are_counted(folder, spring_run):
    needed = spring_run[1].n_displacements
    before = sorted(path.name for path in folder.iterdir())
    forget(folder, "displacement", 2)
    found = run_progress(folder)
    assert (found.n_finished, found.n_displacements) == (needed - 2, needed)
    assert found.in_words == f"{needed - 2} of {needed} displacements"
    assert sorted(path.name for path in folder.iterdir()) == before


def test_forces_of_another_calculator_do_not_count(folder):
    text = (folder / "run.json").read_text(encoding="utf-8")
    key = '"calculator fingerprint": "'
    at = text.index(key) + len(key)
    (folder / "run.json").write_text(text[:at] + "0" * 64 + text[at + 64 :], encoding="utf-8")
    found = run_progress(folder)
    assert found.n_finished == 0
    assert found.n_displacements > 0


def test_before_the_displacements(folder):
    (folder / "run.log").write_text("start\ncomputed relaxation k0123 1.00 s\n")
    found = run_progress(folder)
    assert found.n_displacements is None
    assert found.in_words == f"not relaxed yet, calculations: {found.n_calculations}"
    (folder / "forces.db").unlink()
    assert run_progress(folder).in_words == "nothing computed yet"
    assert not (folder / "forces.db").exists()


def test_damage_is_said(folder):
    (folder / "forces.db").write_bytes((folder / "forces.db").read_bytes()[:5000])
    with pytest.raises(InputError, match="not a usable database"):
        run_progress(folder)
    with pytest.raises(InputError, match="not a run folder"):
        run_progress(folder.parent)
