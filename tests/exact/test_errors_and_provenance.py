"""Errors across process borders, JSON forms, atomic files, geometry digests, the data folders."""

from __future__ import annotations

import json
import math
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from reticulum import resources
from reticulum.errors import (
    CalculationError,
    InputError,
    Interrupted,
    MissingExtraError,
    ReticulumError,
)
from reticulum.frameworks.library import list_structures
from reticulum.frameworks.reading import read_structure
from reticulum.frameworks.symmetry import symmetrised_primitive
from reticulum.provenance import (
    GEOMETRY_GRAIN_A,
    StreamedList,
    geometry_digest,
    json_chunks,
    read_json,
    software_versions,
    timestamp,
    to_jsonable,
    write_json,
    write_text_atomically,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ReticulumError, 1),
        (InputError, 2),
        (MissingExtraError, 2),
        (CalculationError, 1),
        (Interrupted, 130),
    ],
)
def test_errors_keep_their_three_sentences_and_kind_through_pickle(kind, status):
    error = kind("What happened.", why="Because.", fix="Do this.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.what, copy.why, copy.fix) == ("What happened.", "Because.", "Do this.")
    assert str(copy) == "What happened. Because. Do this."
    assert copy.exit_status == status


def test_empty_sentences_leave_no_blanks():
    assert str(InputError("Only this.")) == "Only this."
    assert str(InputError("This.", fix="Do that.")) == "This. Do that."


def test_json_form_is_plain_and_loses_no_finite_digit(tmp_path):
    content = {
        "array": np.array([[1 / 3, -0.1], [math.pi, 1e-300]]),
        "scalar": np.float64(2 / 7),
        "integer": np.int64(2**60),
        "truth": np.bool_(True),
        1: (1, "two", None),
        "path": tmp_path,
    }
    file = tmp_path / "a.json"
    write_json(file, content)
    back = read_json(file)
    assert back["array"] == [[1 / 3, -0.1], [math.pi, 1e-300]]
    assert back["scalar"] == 2 / 7
    assert back["integer"] == 2**60
    assert back["truth"] is True
    assert back["1"] == [1, "two", None]
    assert back["path"] == str(tmp_path)


def test_numbers_that_are_not_finite_become_null_and_never_break_strict_json():
    form = to_jsonable({"a": math.nan, "b": np.array([math.inf, -math.inf, 1.0])})
    assert json.loads(json.dumps(form, allow_nan=False)) == {"a": None, "b": [None, None, 1.0]}


def test_values_without_a_json_form_are_refused():
    with pytest.raises(TypeError, match="complex"):
        to_jsonable({"z": 1j})
    with pytest.raises(TypeError, match="object"):
        to_jsonable([object()])


def test_a_failed_write_leaves_the_old_file_and_no_scratch(tmp_path):
    file = tmp_path / "result.json"
    write_text_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text_atomically(file, "new \ud800")
    assert file.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


@pytest.mark.parametrize("damaged", [b"", b'{"a": 1', b"\xff\xfe\x00", b"not json"])
def test_damaged_json_is_an_input_error_that_names_the_file(tmp_path, damaged):
    file = tmp_path / "run.json"
    file.write_bytes(damaged)
    with pytest.raises(InputError) as caught:
        read_json(file)
    assert str(file) in caught.value.what
    assert caught.value.fix


def test_missing_json_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_json(tmp_path / "absent.json")


def test_geometry_digest_does_not_depend_on_rounding_at_special_positions():
    """An eighth of an edge of six decimals lies halfway between two points of the grid."""
    cell = np.eye(3) * 25.66475
    positions = np.outer([1.0, 3.0, 5.0, 7.0], [25.66475, -25.66475, 0.0]) / 8.0
    base = geometry_digest([6] * 4, cell, positions)
    for noise in (1e-14, -1e-14, 1e-12, -1e-12):
        assert geometry_digest([6] * 4, cell, positions + noise) == base


def test_geometry_digest_of_no_bundled_structure_depends_on_rounding():
    random = np.random.default_rng(1)
    for card in list_structures():
        atoms = symmetrised_primitive(read_structure(card.name), 1e-3).atoms
        base = geometry_digest(atoms.numbers, atoms.cell[:], atoms.positions)
        for _ in range(4):
            noise = random.uniform(-1e-13, 1e-13, size=atoms.positions.shape)
            found = geometry_digest(atoms.numbers, atoms.cell[:], atoms.positions + noise)
            assert found == base, card.name


def test_geometry_digest_sees_what_matters_and_not_the_sign_of_zero():
    cell, positions = np.eye(3) * 5.0, np.array([[0.0, 0.0, 0.0], [1.0, 1.25, -0.75]])
    base = geometry_digest([6, 8], cell, positions)
    negative_zero = positions.copy()
    negative_zero[0] = -0.0
    assert geometry_digest([6, 8], cell, negative_zero) == base
    assert geometry_digest(np.array([6, 8], dtype=np.int32), cell.tolist(), positions) == base
    moved = positions.copy()
    moved[1, 2] += 2 * GEOMETRY_GRAIN_A
    stretched = cell.copy()
    stretched[2, 2] += 2 * GEOMETRY_GRAIN_A
    others = {
        geometry_digest([8, 6], cell, positions),
        geometry_digest([6, 8], cell, moved),
        geometry_digest([6, 8], stretched, positions),
        geometry_digest([6, 8], cell, positions[::-1]),
        base,
    }
    assert len(others) == 5


def test_versions_name_what_decides_the_numbers():
    versions = software_versions()
    assert {"reticulum", "python", "numpy", "phonopy", "spglib", "ase", "tblite"} <= set(versions)
    assert versions["numpy"] == np.__version__


def test_timestamp_is_utc_to_the_second():
    assert timestamp().endswith("+00:00")
    assert len(timestamp()) == len("2020-01-01T00:00:00+00:00")


@pytest.mark.parametrize("room", ["structures", "calculators"])
def test_data_folders_hold_data(room):
    folder = resources.data_folder(room)
    pattern = "*.toml" if room == "calculators" else "frameworks/*/*.cif"
    assert len(list(folder.glob(pattern))) >= 10


def test_an_installation_without_data_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "site-packages" / "reticulum")
    with pytest.raises(ReticulumError, match="structures") as caught:
        resources.data_folder("structures")
    assert "Reinstall" in caught.value.fix
    # A folder of that name beside the package is taken only when it is a checkout.
    (tmp_path / "site-packages" / "structures").mkdir(parents=True)
    with pytest.raises(ReticulumError):
        resources.data_folder("structures")
    (tmp_path / "site-packages" / "pyproject.toml").touch()
    assert resources.data_folder("structures") == tmp_path / "site-packages" / "structures"
    (tmp_path / "site-packages" / "reticulum" / "data" / "structures").mkdir(parents=True)
    assert "data" in resources.data_folder("structures").parts


_BLAS_PROGRAM = """
import json, sys
from pathlib import Path
from reticulum.engines import blas
from reticulum.engines.blas import load_fast_blas, use_one_thread
blas._cache_folders = lambda: iter([Path(sys.argv[1])])
use_one_thread()
choice = load_fast_blas()
import numpy as np
from ase.build import molecule
from tblite.ase import TBLite
atoms = molecule("C6H6"); atoms.set_cell([9, 9, 9]); atoms.pbc = True; atoms.rattle(0.05, seed=1)
atoms.calc = TBLite(method="GFN1-xTB", verbosity=0, accuracy=0.01)
print(json.dumps({"source": choice.source, "path": choice.path, "remark": choice.remark,
  "energy": atoms.get_potential_energy(), "forces": atoms.get_forces().tolist()}))
"""


def _with_blas(choice, cache):
    environment = {**os.environ, "RETICULUM_BLAS": choice}
    answer = subprocess.run(
        [sys.executable, "-c", _BLAS_PROGRAM, str(cache)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(answer.stdout.splitlines()[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="symbols can be replaced on Linux only")
def test_every_blas_gives_the_same_forces(tmp_path):
    own = _with_blas("own", tmp_path)
    fast = _with_blas("auto", tmp_path)
    assert own["source"] == "own"
    assert fast["source"] in {"scipy", "system"}, fast["remark"]
    assert fast["energy"] == pytest.approx(own["energy"], abs=1e-7)
    np.testing.assert_allclose(fast["forces"], own["forces"], atol=1e-5)
    if fast["source"] == "scipy":
        assert fast["path"].startswith(str(tmp_path))
        written = os.stat(fast["path"]).st_mtime_ns
        assert _with_blas("scipy", tmp_path)["path"] == fast["path"]
        assert os.stat(fast["path"]).st_mtime_ns == written  # made once


@pytest.mark.skipif(sys.platform != "linux", reason="symbols can be replaced on Linux only")
def test_a_cache_that_cannot_be_written_does_not_stop_the_program(tmp_path):
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    answer = _with_blas("scipy", blocked)
    assert answer["source"] in {"scipy", "own"}
    assert np.isfinite(answer["energy"])


@pytest.mark.skipif(sys.platform != "linux", reason="symbols can be replaced on Linux only")
def test_a_truncated_cached_library_is_made_again(tmp_path):
    first = _with_blas("scipy", tmp_path)
    assert first["source"] == "scipy", first["remark"]
    with open(first["path"], "wb") as stream:
        stream.write(b"not a library")
    second = _with_blas("scipy", tmp_path)
    assert second["source"] == "scipy"
    assert os.stat(second["path"]).st_size > 1_000_000
    assert second["energy"] == pytest.approx(first["energy"], abs=1e-7)


def test_streamed_list_gives_the_text_of_a_list():
    entries = [{"a": 1, "b": [1.5, None], "c": "line\nbreak"}, {}, [3]]
    plain = {"first": {"x": [1, 2]}, "entries": entries, "none": [], "last": float("nan")}
    streamed = plain | {
        "entries": StreamedList(entry for entry in entries),
        "none": StreamedList(()),
    }
    text = "".join(json_chunks(streamed))
    assert text == "".join(json_chunks(plain))
    assert json.loads(text)["entries"] == entries


def test_entries_of_a_streamed_list_are_made_as_they_are_written():
    made = []

    def entries():
        for number in range(3):
            made.append(number)
            yield number

    chunks = json_chunks({"entries": StreamedList(entries())})
    seen = []
    for chunk in chunks:
        seen.append((len(made), chunk))
    assert [count for count, chunk in seen if chunk.strip(" [,\n").isdigit()] == [1, 2, 3]
