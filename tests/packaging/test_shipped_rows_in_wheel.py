"""Files of computed rows are in the wheel, whatever calculator they are of."""

from __future__ import annotations

from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from reticulum.report.redshift_table import SHIPPED_FILES, SHIPPED_FOLDER

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_of_rows_is_in_the_wheel() -> None:
    included = {
        Path(entry.distribution_path).as_posix()
        for entry in WheelBuilder(str(ROOT)).recurse_included_files()
    }
    expected = {f"reticulum/report/{file.name}" for file in SHIPPED_FOLDER.glob(SHIPPED_FILES)}
    assert expected
    assert expected <= included
    assert "tests/conftest.py" not in included
