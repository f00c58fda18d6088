"""The works cited in docstrings, tables and output: `sources.bib`.

A docstring cites a work as ``[Key]``, for instance [Andreeva2020]: letters starting with a capital,
then a year of four digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from reticulum.errors import InputError

#: How a citation looks in a docstring; the group is the key.
CITATION_PATTERN = re.compile(r"\[([A-Z][A-Za-z]+[0-9]{4}[a-z]?)\]")

_ENTRY = re.compile(r"^@(\w+)\{(\w+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*)\},?\s*$", re.MULTILINE)
_ACCENT = re.compile(r"\{\\(['\"])(\w)\}")
_COMBINING = {"'": "\N{COMBINING ACUTE ACCENT}", '"': "\N{COMBINING DIAERESIS}"}
_PATH = Path(__file__).resolve().parent / "sources.bib"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """One cited work: its key, kind and fields as in the bibliography file."""

    key: str
    kind: str
    fields: Mapping[str, str]

    @property
    def doi(self) -> str | None:
        """Digital object identifier, or None where the file has none."""
        return self.fields.get("doi")

    @property
    def doi_checked(self) -> bool:
        """Whether the DOI was read in an independent record of the work."""
        return self.fields.get("doi_checked") == "yes"

    def short(self) -> str:
        """One line: first author, journal, volume, first page, year, DOI."""
        authors = self.fields["author"].split(" and ")
        first = authors[0].split(",")[0] + (" et al." if len(authors) > 1 else "")
        journal = self.fields.get("journal")
        if journal is None:
            where = [
                self.fields[name] for name in ("booktitle", "publisher") if name in self.fields
            ]
            if "eprint" in self.fields:
                where.append(f"arXiv:{self.fields['eprint']}")
            place = ", ".join([self.fields["title"], *where])
        else:
            place = f"{journal} {self.fields.get('volume', '')}".strip()
            page = self.fields.get("pages", "").split("--")[0]
            place = f"{place}, {page}" if page else place
        line = _plain(f"{first}, {place} ({self.fields['year']})")
        return f"{line}, doi:{self.doi}" if self.doi else line


def _plain(text: str) -> str:
    """Text without the accents and braces of the bibliography format."""
    text = _ACCENT.sub(
        lambda found: unicodedata.normalize("NFC", found[2] + _COMBINING[found[1]]), text
    )
    return text.replace("{", "").replace("}", "")


@lru_cache(maxsize=1)
def load_citations() -> Mapping[str, Citation]:
    """Every cited work by its key.

    Raises
    ------
    InputError
        If the bibliography holds the same key twice.

    """
    found: dict[str, Citation] = {}
    for kind, key, body in _ENTRY.findall(_PATH.read_text(encoding="utf-8")):
        if key in found:
            raise InputError(
                f"{_PATH} holds the key {key} twice.", fix="Remove one of the entries."
            )
        found[key] = Citation(
            key=key, kind=kind, fields=MappingProxyType(dict(_FIELD.findall(body)))
        )
    return MappingProxyType(found)


def find_citation(key: str) -> Citation:
    """The work behind a citation key.

    Raises
    ------
    InputError
        If the bibliography has no such key.

    """
    citations = load_citations()
    if key not in citations:
        raise InputError(
            f"No work is known under the citation key {key!r}.",
            fix=f"Known keys: {', '.join(sorted(citations))}.",
        )
    return citations[key]
