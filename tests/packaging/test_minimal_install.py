"""Without any optional package everything imports, lists and says what is missing."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys

import pytest

import reticulum

#: Packages of the extras and of later rooms that no module may need when it is imported.
OPTIONAL = (
    "sevenn", "chgnet", "torch", "mace", "orb_models", "mattersim", "nequip", "lmfit",
    "pybaselines", "brukeropus", "jcamp", "spc_io", "spectrochempy_omnic",
    "e3nn", "matgl", "jax", "tensorflow", "numba", "sklearn",
    "nglview", "plotly", "psutil", "threadpoolctl",
)  # fmt: skip

BLOCKER = f"""
import sys
from importlib.abc import MetaPathFinder

class Absent(MetaPathFinder):
    names = frozenset({OPTIONAL!r})
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None

sys.meta_path.insert(0, Absent())
"""


def blocked(program, *arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", BLOCKER + program, *arguments],
        capture_output=True, text=True, check=False, cwd=cwd, timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


def modules():
    return [
        found.name for found in pkgutil.walk_packages(reticulum.__path__, "reticulum.")
        if ".data" not in found.name
    ]  # fmt: skip


def test_there_are_modules_in_every_room():
    rooms = {name.split(".")[1] for name in modules()}
    assert {"cli", "engines", "frameworks", "phonons", "plotting", "reference", "thermal"} <= rooms


def test_every_module_imports_without_optional_packages():
    answer = blocked(
        "import importlib, sys\nfor name in sys.argv[1:]:\n    importlib.import_module(name)\n",
        *modules(),
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("name", modules())
def test_every_module_can_be_the_first_one_imported(name):
    """No circular import that only a lucky order hides."""
    answer = subprocess.run(
        [sys.executable, "-c", f"import {name}"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr


def test_calculators_are_listed_with_what_they_need():
    answer = blocked("from reticulum.cli.main import run; run()", "calculators", "--json", "-")
    assert answer.returncode == 0, answer.stderr
    status = {entry["name"]: entry["status"] for entry in json.loads(answer.stdout)}
    for ready in ("gfn1-xtb", "gfn1-xtb-closed-shell", "emt", "lj"):
        assert status[ready] == "ready"
    extras = ("7net", "chgnet", "mace", "orb", "mattersim", "nequip")
    for name, extra in zip(("7net-0", *extras[1:]), extras, strict=True):
        assert "pip install" in status[name]
        assert f"reticulum[{extra}]" in status[name]


@pytest.mark.parametrize("name", ["7net-0", "chgnet", "mace", "orb", "mattersim", "nequip"])
def test_a_missing_extra_is_bad_input_that_names_its_command(name, tmp_path):
    answer = blocked(
        "from reticulum.cli.main import run; run()", "phonons", "calcite", "-c", name, cwd=tmp_path
    )
    assert answer.returncode == 2
    assert "pip install" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_default_calculator_works_without_extras(tmp_path):
    answer = blocked(
        "from reticulum.cli.main import run; run()", "calculators", "check", "emt", "--json", "-",
        cwd=tmp_path,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["passed"] is True
