"""The shipped tables against the printed ones."""

from __future__ import annotations

import pytest

from reticulum.reference.tables import (
    find_table1_row,
    load_band_positions,
    load_comparison_slopes,
    load_table1,
    load_two_state_parameters,
)

PRINTED = {
    "HKUST-1": ("-0.021", "-0.020"),
    "MUV-10 (Ca)": ("-0.019", "-0.019"),
    "MUV-10 (Mn)": ("-0.015", "-0.041"),
    "Mg-MOF-74": ("-0.027", "-0.0087"),
    "Zn-MOF-74": ("-0.023", "-0.0042"),
    "MOF-5": ("-0.026", "-0.0095"),
    "MIL-125": ("-0.0093", "-0.019"),
    "MIL-125-NH2": ("-0.036", "-0.066"),
    "UiO-66": ("-0.015", "-0.020"),
    "Sodium benzoate": ("-0.015", "-0.024"),
}


def test_table1_is_as_printed():
    table = load_table1()
    assert {row.material: (row.antisymmetric_text, row.symmetric_text) for row in table} == PRINTED
    for row in table:
        assert row.antisymmetric_cm1_per_k == float(row.antisymmetric_text)
        assert row.symmetric_cm1_per_k == float(row.symmetric_text)
        assert row.source == "Andreeva2020"


def test_resolution_of_a_printed_slope_is_half_its_last_digit():
    row = find_table1_row("Mg-MOF-74")
    assert row.antisymmetric_rounding_cm1_per_k == 0.0005
    assert row.symmetric_rounding_cm1_per_k == 0.00005
    assert find_table1_row("HKUST-1").symmetric_rounding_cm1_per_k == 0.0005


@pytest.mark.parametrize(
    ("name", "material"),
    [
        ("HKUST-1", "HKUST-1"),
        ("hkust 1", "HKUST-1"),
        ("Cu3(btc)2", "HKUST-1"),
        ("MUV-10(Ca)", "MUV-10 (Ca)"),
        ("MUV-10_Mn_model", "MUV-10 (Mn)"),
        ("MUV-10-Ca", "MUV-10 (Ca)"),
        ("MIL-125", "MIL-125"),
        ("MIL-125-NH₂", "MIL-125-NH2"),
        ("NH2-MIL-125", "MIL-125-NH2"),
        ("UiO-66_OH", "UiO-66"),
        ("UiO-66_dehydroxylated", "UiO-66"),
        ("UiO-66-dehydroxylated", "UiO-66"),
        ("MOF-5_PBEsol", "MOF-5"),
        ("sodium benzoate", "Sodium benzoate"),
    ],
)
def test_a_material_is_found_under_its_names(name, material):
    assert find_table1_row(name).material == material


@pytest.mark.parametrize(
    "name",
    [
        "Ru-HKUST-1",
        "Ru-HKUST-1-R-3m",
        "UiO-66-OH",
        "ZIF-4",
        "calcite",
        "UiO-67",
        "",
        "MOF-74",
        "MOF",
    ],
)
def test_a_material_without_a_row_finds_none(name):
    assert find_table1_row(name) is None


def test_every_name_and_alias_belongs_to_one_row():
    for row in load_table1():
        for name in (row.material, *row.aliases):
            assert find_table1_row(name) is row


def test_comparison_slopes():
    slopes = {
        (row.material, row.phase, row.slope_text): row.slope_cm1_per_k
        for row in load_comparison_slopes()
    }
    assert slopes == {
        ("Calcite", "crystal", "-0.0049"): -0.0049,
        ("ZIF-UC-4", "crystal", "-0.00292"): -0.00292,
        ("ZIF-UC-4", "glass", "-0.00597"): -0.00597,
        ("ZIF-UC-4", "liquid", "-0.1377"): -0.1377,
        ("Zn-CFA-1", "crystal", ""): None,
        ("HKUST-1", "crystal", "-0.023"): -0.023,
    }


def test_two_state_parameters_tell_published_from_assumed():
    published = load_two_state_parameters()
    printed = {
        "dh": (5.9, 0.2, "kJ/mol"),
        "ds": (22.0, 0.6, "J/mol/K"),
        "dcp": (37.0, 4.0, "J/mol/K"),
        "tight": (1596.0, None, "cm-1"),
        "loose": (1587.0, None, "cm-1"),
    }
    for name, (value, uncertainty, unit) in printed.items():
        found = getattr(published, name)
        assert (found.value, found.uncertainty, found.unit) == (value, uncertainty, unit)
        assert not found.assumed
        assert found.source == "Andreeva2020"
    assert published.fwhm.value == 12.0
    assert published.fwhm.assumed
    assert published.fwhm.source is None


def test_bands_of_hkust1_with_temperature():
    bands = {
        (band.assignment, round(band.temperature_k - 273.15, 9)): band.wavenumber_cm1
        for band in load_band_positions("HKUST-1")
        if band.temperature_k is not None
    }
    assert bands == {
        ("antisymmetric carboxylate stretch", -100.0): 1594.8,
        ("antisymmetric carboxylate stretch", 200.0): 1589.0,
        ("symmetric carboxylate stretch", -100.0): 1367.9,
        ("symmetric carboxylate stretch", 200.0): 1362.1,
    }


@pytest.mark.parametrize(
    ("material", "wavenumbers"),
    [
        ("[Ru6(btc)4Cl3]", {1432.0}),
        ("Ru-HKUST-1", {1432.0}),
        ("[Ru2Cu4(btc)4Cl]", {1426.0, 1447.0, 1642.0, 755.0}),
        ("unobtainium", set()),
    ],
)
def test_bands_of_the_ruthenium_frameworks(material, wavenumbers):
    assert {band.wavenumber_cm1 for band in load_band_positions(material)} == wavenumbers


def test_copper_bands_of_both_sources_are_found_under_one_name():
    by_source = {}
    for band in load_band_positions("Cu3(btc)2"):
        by_source.setdefault(band.source, set()).add(band.wavenumber_cm1)
    assert by_source["Gao2020"] == {1633.0, 1443.0, 759.0}
    assert {1499.0, 1326.0, 1640.0, 1400.0} <= by_source["Andreeva2020"]
    assert load_band_positions("HKUST-1") == load_band_positions("Cu3(btc)2")
