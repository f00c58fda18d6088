"""Every citation in the package and its tables leads to a work in the bibliography."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

import reticulum
from reticulum.errors import InputError
from reticulum.reference.citations import CITATION_PATTERN, find_citation, load_citations

PACKAGE = Path(reticulum.__file__).parent


def cited_in_sources():
    return {
        (path.relative_to(PACKAGE).as_posix(), key)
        for path in PACKAGE.rglob("*.py")
        for key in CITATION_PATTERN.findall(path.read_text(encoding="utf-8"))
    }


def test_every_key_in_the_sources_is_known():
    cited = cited_in_sources()
    assert ("thermal/oscillator.py", "Colbert1992") in cited
    unknown = {(path, key) for path, key in cited if key not in load_citations()}
    assert unknown == set()


def test_every_key_in_the_tables_is_known():
    keys = set()
    for path in (PACKAGE / "reference").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(line for line in stream if not line.startswith("#")))
        assert rows, path
        for row in rows:
            for column in ("source", "original_source"):
                keys.update(key for key in (row.get(column) or "").split(";") if key)
    assert {"Andreeva2020", "Gao2020"} <= keys
    assert keys <= set(load_citations())


def test_every_table_states_its_units_and_source():
    for path in (PACKAGE / "reference").glob("*.csv"):
        header = "".join(
            line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")
        )
        assert "cm-1" in header, path
        assert "ource" in header, path


def test_the_reader_misses_no_entry():
    text = (PACKAGE / "reference" / "sources.bib").read_text(encoding="utf-8")
    assert set(re.findall(r"@\w+\{(\w+),", text)) == set(load_citations())
    for citation in load_citations().values():
        assert CITATION_PATTERN.fullmatch(f"[{citation.key}]")
        assert re.fullmatch(r"[0-9]{4}", citation.fields["year"])
        assert citation.key[-4:] == citation.fields["year"]


def test_a_checked_doi_is_there_and_every_doi_is_well_formed():
    seen = {}
    for citation in load_citations().values():
        assert citation.fields.get("doi_checked", "no") in ("yes", "no"), citation.key
        assert citation.doi or not citation.doi_checked, citation.key
        if citation.doi:
            assert "doi_checked" in citation.fields, citation.key
            assert re.fullmatch(r"10\.\d{4,}/[^\s{}]+", citation.doi), citation.key
            assert seen.setdefault(citation.doi.lower(), citation.key) == citation.key
    assert seen["10.1002/anie.200803925"] == "Wu2008"


def test_articles_with_a_checked_doi_say_where_they_are():
    for citation in load_citations().values():
        if citation.doi_checked and citation.kind == "article":
            missing = {"author", "title", "journal", "year"} - set(citation.fields)
            assert not missing, citation.key


def test_short_form_of_a_citation():
    assert find_citation("Andreeva2020").short() == (
        "Andreeva et al., J. Am. Chem. Soc. 142, 19291 (2020), doi:10.1021/jacs.0c09499"
    )
    assert find_citation("Morse1929").short() == (
        "Morse, Phys. Rev. 34, 57 (1929), doi:10.1103/PhysRev.34.57"
    )


def test_short_forms_hold_no_bibliography_markup():
    for citation in load_citations().values():
        assert not set("{}\\") & set(citation.short())
    assert (
        find_citation("Lowdin1950")
        .short()
        .startswith("L\N{LATIN SMALL LETTER O WITH DIAERESIS}wdin")
    )
    assert find_citation("Wilson1955").short() == (
        "Wilson et al., Molecular Vibrations: The Theory of Infrared and Raman Vibrational "
        "Spectra, McGraw-Hill (1955)"
    )


def test_unknown_key_lists_the_known_ones():
    with pytest.raises(InputError, match="Andreeva2020"):
        find_citation("Nobody1999")
