"""A series of spectra from a folder, a file or a list of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar, cast

from reticulum.errors import InputError, MissingExtraError
from reticulum.spectra.assembly import Told, assemble
from reticulum.spectra.axis_units import AxisUnit, TemperatureUnit, stated_option
from reticulum.spectra.file_names import (
    Conditions,
    conditions_in_name,
    match_table,
    read_conditions_table,
)
from reticulum.spectra.formats.content import RawSpectrum, UnstatedError, damaged, read_bytes
from reticulum.spectra.formats.delimited import read_delimited
from reticulum.spectra.formats.header_words import SAME_TEMPERATURE_K
from reticulum.spectra.formats.jcamp import read_jcamp
from reticulum.spectra.formats.omnic import OMNIC_MAGIC, read_omnic
from reticulum.spectra.formats.opus import OPUS_MAGIC, read_opus
from reticulum.spectra.formats.spc import read_spc
from reticulum.spectra.spectrum import Quantity, SkippedFile, SpectralSeries, Spectrum

_T = TypeVar("_T")


class _Reader(Protocol):
    def __call__(
        self, path: Path, *, temperature_unit: TemperatureUnit | None = None
    ) -> list[RawSpectrum]: ...


_BY_ENDING: dict[str, _Reader] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".txt": read_delimited,
    ".dat": read_delimited,
    ".asc": read_delimited,
    ".dpt": read_delimited,
    ".xy": read_delimited,
    ".jdx": read_jcamp,
    ".dx": read_jcamp,
    ".jcm": read_jcamp,
    ".spc": read_spc,
    ".spa": read_omnic,
    ".spg": read_omnic,
}


@dataclass(frozen=True, slots=True)
class _Found:
    spectrum: Spectrum
    place: int
    name: str


def read_series(
    source: str | Path | Sequence[str | Path],
    *,
    quantity: str | Quantity | None = None,
    axis_unit: str | AxisUnit | None = None,
    temperature_unit: str | TemperatureUnit | None = None,
    percent: bool | None = None,
    pattern: str | None = None,
    table: str | Path | None = None,
    strict: bool = False,
) -> SpectralSeries:
    """Series of spectra, ordered by cycle, then by sequence.

    Temperature, cycle and direction are taken from the first of these that gives them: the table,
    the header of the file, the name of the file (and its folders), the header of the column. If a
    file holds several spectra, the headers of their columns go before its name. The sequence is
    that of the table, else of the list; of a folder heating goes up and cooling down in
    temperature.

    Parameters
    ----------
    source
        Folder (with its subfolders), file, or list of files. CSV and other text tables, JCAMP-DX,
        SPC, Bruker OPUS, Thermo SPA and SPG, recognised by ending and content.
    quantity
        What the values are where the files do not say it: absorbance, transmittance, reflectance,
        kubelka-munk, pseudo-absorbance. It goes before what they say. Values of a quantity that
        nobody names are read as unknown.
    axis_unit
        Unit of the axis: ``cm-1``, ``nm`` or ``um``; goes before what the files say.
    temperature_unit
        ``C`` or ``K``, for temperatures without a unit.
    percent
        Whether transmittance or reflectance is in per cent, where the files do not say it.
    pattern
        Regular expression for file names with named groups ``T``, ``cycle``, ``direction``.
    table
        CSV with the columns file, temperature, cycle, direction.
    strict
        Raise for a file that cannot be used, instead of leaving it out and naming it.

    Returns
    -------
    SpectralSeries
        With the files left out and why, and notes on what was settled.

    Raises
    ------
    UnstatedError
        If a unit is neither in a file nor given; the message names the option.
    MissingExtraError
        If a package that reads a format is not installed.
    InputError
        If the source does not exist, or no file is usable.

    """
    told = Told(
        quantity=cast("Quantity | None", stated_option(quantity, Quantity, "quantity")),
        axis_unit=cast("AxisUnit | None", stated_option(axis_unit, AxisUnit, "axis_unit")),
        temperature_unit=cast(
            "TemperatureUnit | None",
            stated_option(temperature_unit, TemperatureUnit, "temperature_unit"),
        ),
        percent=percent,
    )
    if pattern is not None:
        _check_pattern(pattern)
    files, is_list = _files(source, None if table is None else Path(table))
    rows: dict[Path, list[Conditions]] = {}
    if table is not None:
        entries = read_conditions_table(Path(table), told.temperature_unit)
        rows = match_table(entries, files, Path(table))
    found: list[_Found] = []
    skipped: list[SkippedFile] = []
    notes: list[str] = []
    order = {path: number for number, path in enumerate(rows)}
    for place, (path, relative) in enumerate(files):
        try:
            spectra = _read_file(
                path, relative, told, pattern=pattern, rows=rows.get(path, []), notes=notes
            )
        except (UnstatedError, MissingExtraError):
            raise
        except InputError as error:
            if strict or len(files) == 1:
                raise
            skipped.append(SkippedFile(path=path, reason=str(error)))
            continue
        at = order.get(path, len(order) + place)
        found += [_Found(spectrum, at, relative) for spectrum in spectra]
    if not found:
        raise InputError(
            f"No usable spectrum was found in {_shown(source)} ({len(files)} files looked at).",
            why=" ".join(entry.reason for entry in skipped[:3]) or "There are no files.",
            fix="Give a folder or files of CSV, JCAMP-DX, SPC, OPUS, SPA or SPG spectra.",
        )
    ordered = _ordered(found, by_temperature=not is_list and not rows)
    spectra, repeats = _number_repeats(ordered)
    return SpectralSeries(
        spectra=tuple(spectra),
        skipped=tuple(skipped),
        notes=(*dict.fromkeys(notes), *repeats),
    )


def read_raw_spectra(
    path: str | Path, *, temperature_unit: TemperatureUnit | None = None
) -> list[RawSpectrum]:
    """Numbers of a spectrum file as they stand there, whatever its format.

    Raises
    ------
    InputError
        If the file cannot be read.

    """
    file = Path(path)
    return _reader(file)(file, temperature_unit=temperature_unit)


def _reader(path: Path) -> _Reader:
    """Reader for a file, by its first bytes, then its ending, then as text."""
    beginning = read_bytes(path)[:512]
    if beginning.startswith(OPUS_MAGIC):
        return read_opus
    if beginning.startswith(OMNIC_MAGIC):
        return read_omnic
    by_ending = _BY_ENDING.get(path.suffix.lower())
    if beginning.lstrip(b"\xef\xbb\xbf\r\n\t ").upper().startswith((b"##TITLE", b"##JCAMP")):
        return read_jcamp
    if by_ending is not None:
        return by_ending
    if re.fullmatch(r"\.\d{1,4}", path.suffix):
        return read_delimited if b"\0" not in beginning else read_opus
    if b"\0" in beginning:
        raise damaged(
            path,
            "byte 0",
            f"a binary file with the ending {path.suffix or 'none'!r} that is not known",
            "Export it as CSV, JCAMP-DX or SPC.",
        )
    return read_delimited


def _files(
    source: str | Path | Sequence[str | Path], table: Path | None
) -> tuple[list[tuple[Path, str]], bool]:
    """(path, name relative to the folder) of the files, and whether they were listed."""
    if isinstance(source, (str, Path)):
        root = Path(source)
        if root.is_dir():
            inside = [
                path
                for path in root.rglob("*")
                if path.is_file()
                and not any(part.startswith(".") for part in path.relative_to(root).parts)
                and not (table is not None and table.exists() and path.samefile(table))
            ]
            named = [(path, path.relative_to(root).as_posix()) for path in inside]
            return sorted(named, key=lambda entry: _natural(entry[1])), False
        listed: list[Path] = [root]
    else:
        listed = [Path(entry) for entry in source]
    for path in listed:
        if not path.is_file():
            raise InputError(
                f"There is no file {path}." if not path.is_dir() else f"{path} is a folder.",
                why="A source is one folder, one file or a list of files.",
                fix="Check the path.",
            )
    return [(path, path.name) for path in listed], True


def _natural(name: str) -> list[tuple[int, int, str]]:
    """Key that sorts ``s2`` before ``s10``."""
    return [
        (0, int(part), "") if part.isdigit() else (1, 0, part.lower())
        for part in re.split(r"(\d+)", name)
        if part
    ]


def _check_pattern(pattern: str) -> None:
    """Refuse a pattern that is none before any file is read."""
    try:
        conditions_in_name("", pattern=pattern, unit=None)
    except InputError as error:
        if "does not match" not in error.what:
            raise


def _read_file(
    path: Path,
    relative: str,
    told: Told,
    *,
    pattern: str | None,
    rows: list[Conditions],
    notes: list[str],
) -> list[Spectrum]:
    """Spectra of one file with their temperatures."""
    raws = _reader(path)(path, temperature_unit=told.temperature_unit)
    if len(rows) not in (0, 1, len(raws)):
        raise InputError(
            f"{path} holds {len(raws)} spectra and has {len(rows)} rows in the table.",
            why="Rows and spectra cannot be matched.",
            fix="Write one row for the file, or one for each of its spectra in their order.",
        )
    fixed = rows * len(raws) if len(rows) == 1 else rows
    spectra = []
    for number, raw in enumerate(raws):
        row = fixed[number] if fixed else Conditions()
        named = _named(raws, raw, row, relative, unit=told.temperature_unit, pattern=pattern)
        notes += raw.notes
        sources = [
            ("the table", row.temperature_k),
            ("its header", raw.header_temperature_k),
            ("its name", named.temperature_k),
            ("its column header", raw.column_temperature_k),
        ]
        if len(raws) > 1 and raw.column_temperature_k is not None:
            sources.insert(1, sources.pop(3))
        given = [(origin, value) for origin, value in sources if value is not None]
        if given and any(abs(value - given[0][1]) > SAME_TEMPERATURE_K for _, value in given):
            notes.append(
                f"{relative}: "
                + ", ".join(f"{origin} says {value:.2f} K" for origin, value in given)
                + f"; {given[0][0]} was believed."
            )
        spectra.append(
            assemble(
                raw,
                path,
                told,
                Conditions(
                    temperature_k=given[0][1] if given else None,
                    cycle=_first(row.cycle, raw.cycle, named.cycle),
                    direction=_first(row.direction, raw.direction, named.direction),
                ),
            )
        )
    return spectra


def _named(
    raws: list[RawSpectrum],
    raw: RawSpectrum,
    row: Conditions,
    relative: str,
    *,
    unit: TemperatureUnit | None,
    pattern: str | None,
) -> Conditions:
    """What the file name says; an unclear temperature in it matters only if nothing else gives it.

    Raises
    ------
    UnstatedError
        If the temperature in the name is unclear and needed.

    """
    known = row.temperature_k is not None or raw.header_temperature_k is not None
    if len(raws) > 1 and raw.column_temperature_k is not None:
        known = True
    try:
        named = conditions_in_name(relative, pattern=pattern, unit=unit)
    except UnstatedError:
        if not known:
            raise
        return Conditions()
    if len(raws) > 1 and raw.column_temperature_k is not None:
        return replace(named, temperature_k=None)
    return named


def _first(*values: _T | None) -> _T | None:
    return next((value for value in values if value is not None), None)


def _ordered(found: list[_Found], *, by_temperature: bool) -> list[Spectrum]:
    """Spectra by cycle, then in the order of measurement as far as it is known."""

    def key(entry: _Found) -> tuple[object, ...]:
        spectrum = entry.spectrum
        cycle = 0 if spectrum.cycle is None else spectrum.cycle
        if not by_temperature:
            return (cycle, entry.place)
        warm = spectrum.temperature_k if spectrum.temperature_k is not None else float("inf")
        cooling = spectrum.direction == "cooling"
        return (cycle, cooling, -warm if cooling else warm, _natural(entry.name), entry.place)

    ranking: Callable[[_Found], tuple[object, ...]] = key
    return [entry.spectrum for entry in sorted(found, key=ranking)]


def _number_repeats(spectra: list[Spectrum]) -> tuple[list[Spectrum], list[str]]:
    """Spectra with repeats of the same conditions numbered, and notes about them."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, spectrum in enumerate(spectra):
        if spectrum.temperature_k is None:
            continue
        same = (round(spectrum.temperature_k, 2), spectrum.cycle, spectrum.direction)
        groups.setdefault(same, []).append(number)
    numbered = list(spectra)
    notes = []
    for (warm, cycle, direction), places in groups.items():
        if len(places) < 2:
            continue
        for repeat, place in enumerate(places, start=1):
            label = f"{spectra[place].label} (repeat {repeat})"
            numbered[place] = replace(spectra[place], label=label)
        where = f", cycle {cycle}" if cycle is not None else ""
        where += f", {direction}" if direction is not None else ""
        notes.append(
            f"{len(places)} spectra at {warm} K{where}: kept as repeats ("
            + ", ".join(spectra[place].label for place in places)
            + ")."
        )
    missing = [spectrum.label for spectrum in spectra if spectrum.temperature_k is None]
    if missing:
        notes.append(f"No temperature is known for {', '.join(missing)}.")
    return numbered, notes


def _shown(source: str | Path | Sequence[str | Path]) -> str:
    return str(source) if isinstance(source, (str, Path)) else f"a list of {len(source)} files"
