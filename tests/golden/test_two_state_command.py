"""`redshift -m two-state`: whose parameters it shows, what it refuses, where it writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from ase.build import bulk
from exact.carboxylate_molecules import paddlewheel

from reticulum.cli.main import app
from reticulum.plotting.redshift import figure_redshift
from reticulum.reference.tables import find_table1_row
from reticulum.thermal.linear_shift_null import linear_shift_null_dcp
from reticulum.thermal.quick_pictures import two_state_variants
from reticulum.thermal.redshift_report import RedShiftReport

Answer = tuple[int, str, str]


@pytest.fixture
def two_state(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """Exit status, standard output and standard error, whose words stand on one line."""
    monkeypatch.chdir(tmp_path)

    def call(structure: str, *options: str) -> Answer:
        with pytest.raises(SystemExit) as end:
            app(["redshift", structure, "-m", "two-state", *options])
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, " ".join(err.split())

    return call


NOTE = "those fitted to the band of HKUST-1, not to one of MOF-5"


def test_another_material_has_borrowed_parameters_everywhere(
    two_state: Callable[..., Answer], tmp_path: Path
) -> None:
    code, out, _ = two_state("MOF-5", "-o", "out")
    assert code == 0
    assert NOTE in out.splitlines()[0]
    table = out[out.index("Red-shift slopes of MOF-5") :]
    assert (table.count("borrowed"), table.count("fitted")) == (4, 0)
    csv = (tmp_path / "out" / "two-state.csv").read_text()
    assert NOTE in csv
    assert csv.count(',"borrowed from HKUST-1",') == 4
    assert ',"fitted",' not in csv
    content = json.loads((tmp_path / "out" / "two-state.json").read_text())
    assert NOTE in content["two_state"]["note"]
    assert {v["origin"] for v in content["two_state"]["variants"]} == {"borrowed from HKUST-1"}
    svg = (tmp_path / "out" / "two-state.svg").read_text()
    assert "MOF-5: two-state picture with the parameters of HKUST-1" in svg
    assert "two states (borrowed from HKUST-1)" in svg


def test_its_own_material_has_fitted_ones(two_state: Callable[..., Answer]) -> None:
    _, out, _ = two_state("HKUST-1")
    assert "borrowed" not in out
    assert out[out.index("Red-shift slopes") :].count(" fitted ") == 4
    report = RedShiftReport(
        label="HKUST-1", measured=find_table1_row("HKUST-1"), two_state=two_state_variants()
    )
    assert report.two_state_note() == ""
    assert figure_redshift(report).get_suptitle() == "HKUST-1: two-state picture"


def test_a_structure_of_the_users_is_asked_what_it_is() -> None:
    report = RedShiftReport(
        label="mine", measured=None, two_state=two_state_variants(material=None)
    )
    assert "say --material HKUST-1" in report.two_state_note()


def test_given_parameters_are_not_called_fitted(two_state: Callable[..., Answer]) -> None:
    _, out, _ = two_state("HKUST-1", "--dh", "8", "--ds", "26")
    published, given = linear_shift_null_dcp(5.9, 22.0), linear_shift_null_dcp(8.0, 26.0)
    assert round(published) != round(given)
    for whose, null in (("published", published), ("given", given)):
        assert (
            f"Linear-shift null of the {whose} ΔH and ΔS: one band that shifts linearly gives "
            f"ΔCp {null:.0f} J/mol/K."
        ) in out
    (sentence,) = (line for line in out.splitlines() if line.startswith("Given parameters: "))
    assert "fitted" not in sentence
    _, out, _ = two_state("HKUST-1", "--dh", "8", "--json", "-")
    variants = json.loads(out)["two_state"]["variants"]
    assert ["fitted" in v["neglects"] for v in variants] == [True, True, False]


def test_crystals_without_carboxylates_are_refused(
    two_state: Callable[..., Answer], tmp_path: Path
) -> None:
    bulk("NaCl", "rocksalt", a=5.64).write(tmp_path / "salt.cif")
    for structure in ("calcite", "ZIF-4", "salt.cif"):
        code, out, err = two_state(structure, "-o", "out")
        assert (code, out) == (2, ""), structure
        assert "No carboxylate group was found" in err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_others_is_refused(two_state: Callable[..., Answer], tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    code, out, err = two_state("HKUST-1", "-o", "foreign")
    assert (code, out) == (2, "")
    assert "foreign is not empty and is not a run folder" in err
    assert "thesis.txt" in err
    assert [path.name for path in foreign.iterdir()] == ["thesis.txt"]
    (foreign / "run.json").write_text("{}")  # now it is one of a run
    assert two_state("HKUST-1", "-o", "foreign")[0] == 0


def test_the_same_folder_takes_it_again(two_state: Callable[..., Answer], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for _ in range(2):
        assert two_state("HKUST-1", "-o", "empty")[0] == 0


def test_the_picture_of_another_structure_is_not_replaced(
    two_state: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    assert two_state("HKUST-1", "-o", "out")[0] == 0
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for _ in range(2):
        code, out, err = two_state("MOF-5", "-o", "out")
        assert (code, out) == (2, "")
        assert "The two-state picture in out is of HKUST-1, not of MOF-5." in err
        assert "What to do: Choose another folder with -o." in err
        assert {p.name: p.read_bytes() for p in folder.iterdir() if p.name in before} == before
        (folder / "run.json").write_text("{}")  # nor in the folder of a run
    assert two_state("HKUST-1", "-o", "out", "--dh", "8")[0] == 0
    assert (folder / "two-state.json").read_bytes() != before["two-state.json"]


def test_another_material_of_a_file_is_another_picture(
    two_state: Callable[..., Answer], tmp_path: Path
) -> None:
    paddlewheel(9.6).write(tmp_path / "mine.cif")
    assert two_state("mine.cif", "-o", "out")[0] == 0
    assert two_state("mine.cif", "-o", "out", "--material", "MOF-5")[0] == 0
    code, _, err = two_state("mine.cif", "-o", "out", "--material", "HKUST-1")
    assert code == 2
    assert "is of mine (material MOF-5), not of mine (material HKUST-1)." in err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"structure": ', "is not a complete JSON file"),
        ("[]", "does not describe a two-state picture"),
        (None, "cannot be read"),
    ],
)
def test_a_picture_that_cannot_be_read_is_not_replaced(
    two_state: Callable[..., Answer], tmp_path: Path, content: str | None, words: str
) -> None:
    file = tmp_path / "out" / "two-state.json"
    file.parent.mkdir()
    file.mkdir() if content is None else file.write_text(content)
    code, out, err = two_state("HKUST-1", "-o", "out")
    assert (code, out) == (2, "")
    assert words in err
    assert "What to do:" in err
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_bundled_material_is_not_compared_with_another(
    two_state: Callable[..., Answer], tmp_path: Path
) -> None:
    code, out, err = two_state("IRMOF-1", "--material", "HKUST-1", "-o", "out")
    assert (code, out) == (2, "")
    assert "--material HKUST-1 was given with the bundled MOF-5." in err
    assert "What to do: Leave --material out" in err
    assert not (tmp_path / "out").exists()
    assert two_state("MOF-5", "--material", "MOF-5")[0] == 0
    assert two_state("Ru-HKUST-1", "--material", "HKUST-1")[0] == 0  # has no row of its own


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--dh", "nan", "a finite number"),
        ("--dcp", "inf", "a finite number"),
        ("--fwhm-tight", "-3", "positive wavenumbers"),
        ("--loose", "0", "positive wavenumbers"),
    ],
)
def test_numbers_that_make_no_sense_are_refused_with_what_to_do(
    two_state: Callable[..., Answer], option: str, value: str, why: str
) -> None:
    code, out, err = two_state("HKUST-1", f"{option}={value}")
    assert (code, out) == (2, "")
    assert f"{option} is {value}." in err
    assert why in err
    assert "What to do: Give a" in err


@pytest.mark.parametrize(
    "words", ["oscillator,,two-state", ",oscillator", "oscillator, ,two-state"]
)
def test_an_empty_name_of_a_method_is_refused(two_state: Callable[..., Answer], words: str) -> None:
    code, out, err = two_state("HKUST-1", "-m", words)
    assert (code, out) == (2, "")
    assert f"A name is missing in --methods {words!r}." in err
