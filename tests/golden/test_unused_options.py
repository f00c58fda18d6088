"""Options that a command would ignore are refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "options",
    [
        ["--calculator", "lj"],
        ["--follow", "all"],
        ["--no-relax"],
        ["--relax-cell"],
        ["--workers", "2"],
        ["--fmax", "0.01"],
    ],
)
def test_two_state_refuses_options_of_a_calculation(options: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from reticulum.cli.main import run; run()", "redshift", "HKUST-1",
         "--methods", "two-state", *options],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{options[0]} was given with --methods two-state" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_imaginary_modes_of_a_structure_that_is_not_relaxed_are_not_followed(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from reticulum.cli.main import run; run()", "phonons", "MOF-5",
         "--no-relax", "--follow-imaginary"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--no-relax or --follow-imaginary" in " ".join(done.stderr.split())
    assert list(tmp_path.iterdir()) == []
