"""Published PBEsol lines, and the table of the document that compares ours with them."""

from pathlib import Path

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.phonons.infrared import infrared_lines
from reticulum.phonons.modes import mode_table
from reticulum.reference.dft_lines import DftLine, load_dft_lines
from reticulum.report.dft_comparison import (
    KINDS,
    LineOfKind,
    compare_with_dft,
    comparison_markdown,
    lines_of_kinds,
    shipped_lines,
)

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "infrared-spectra.md"


def test_the_published_lines_are_those_of_the_broadened_spectra():
    """Maxima of the published curves: 1385 and 1615 (MOF-5), 1382 and 1577 (UiO-66) cm⁻¹."""
    for material, maxima in (("MOF-5", (1385, 1615)), ("UiO-66", (1382, 1577))):
        lines = [line for line in load_dft_lines() if line.material == material]
        axis = np.arange(300.0, 2000.0)
        curve = sum(
            line.relative_height * 25.0 / ((axis - line.wavenumber_cm1) ** 2 + 25.0)
            for line in lines
        )
        tops = axis[1:-1][(curve[1:-1] > curve[:-2]) & (curve[1:-1] > curve[2:])]
        assert set(maxima) <= set(tops.astype(int).tolist())
        assert max(line.relative_height for line in lines) == 1.0
        assert {line.kind for line in lines} - {""} <= set(KINDS)


def test_strongest_lines_and_shares_by_hand():
    computed = [
        LineOfKind(material="X", kind=kind, wavenumber_cm1=w, height=h)
        for kind, w, h in (
            ("antisymmetric C-O stretch", 1600.0, 30.0),
            ("antisymmetric C-O stretch", 1650.0, 50.0),
            ("symmetric C-O stretch", 1350.0, 100.0),
            ("ring stretch", 1500.0, 5.0),
        )
    ]
    reference = [
        DftLine(material="X", wavenumber_cm1=w, relative_height=h, label="", kind=kind, source="")
        for kind, w, h in (
            ("antisymmetric C-O stretch", 1620.0, 0.4),
            ("symmetric C-O stretch", 1380.0, 1.0),
            ("symmetric C-O stretch", 1370.0, 0.6),
            ("O-H stretch", 3700.0, 0.1),
        )
    ]
    rows = compare_with_dft(computed, reference)
    assert [row.kind for row in rows] == ["antisymmetric C-O stretch", "symmetric C-O stretch"]
    assert rows[0].deviation_cm1 == pytest.approx(30.0)
    assert rows[0].computed_share == pytest.approx(0.8)
    assert rows[0].reference_share == pytest.approx(0.25)
    assert rows[0].intensity_ratio == pytest.approx(3.2)
    with pytest.raises(InputError, match="2 materials"):
        compare_with_dft([*computed, *shipped_lines("MOF-5")], reference)
    with pytest.raises(InputError, match="cannot be compared"):
        compare_with_dft(computed[:2], reference)


def test_lines_need_intensities(spring_run):
    table = mode_table(spring_run[1])
    with pytest.raises(InputError, match="Without intensities"):
        lines_of_kinds(table, infrared_lines(table), "copper formate")


def test_the_bad_intensity_of_uio66_is_told():
    rows = {row.kind: row for row in compare_with_dft(shipped_lines("UiO-66"))}
    row = rows["antisymmetric C-O stretch"]
    assert row.reference_share == pytest.approx(0.23, abs=0.005)
    assert row.intensity_ratio > 3.0, "if this has improved, the document must say so"


def test_the_document_holds_the_table_that_the_code_makes():
    rows = [row for name in ("MOF-5", "UiO-66") for row in compare_with_dft(shipped_lines(name))]
    assert comparison_markdown(rows) in DOCUMENT.read_text(encoding="utf-8")
