"""Every example runs to its end and prints what its title promises."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

#: Text that the output of each example must contain.
EXPECTED = {
    "two_state_bands.py": "published ΔCp 37 J/mol/K; a linear shift alone: 46",
    "ordered_paddlewheels.py": "45 assignments of 384 paddlewheels, 4 inequivalent",
    "own_calculator.py": "4 carboxylates",
}


def test_every_example_is_listed() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_example_runs(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name)],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert EXPECTED[name] in done.stdout
