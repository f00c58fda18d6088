"""Contents of structure files, decompressed where the ending of the name says so."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path

from reticulum.errors import InputError

_DECOMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
}


def uncompressed_name(path: Path) -> str:
    """File name without the ending of a compression."""
    return (
        path.name.removesuffix(path.suffix) if path.suffix.lower() in _DECOMPRESSORS else path.name
    )


def file_text(path: Path) -> str:
    """Content of a text file, decompressed where its ending says so.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it cannot be read, is empty or binary.

    """
    content = file_content(path)
    if b"\0" in content:
        raise InputError(
            f"{path} is a binary file, not text.",
            why="A CIF is a text file.",
            fix="Check that the right file was given and that it was downloaded completely.",
        )
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def file_content(path: Path) -> bytes:
    """Bytes of a file, decompressed where its ending says so; never empty.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    InputError
        If it cannot be read, or is empty.

    """
    decompress = _DECOMPRESSORS.get(path.suffix.lower())
    try:
        content = path.read_bytes()
        if decompress is not None:
            content = decompress(content)
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
        raise InputError(
            f"{path} cannot be read: {error}.",
            fix="Check the permissions of the file and whether it is complete.",
        ) from error
    if not content.strip():
        raise InputError(f"{path} is empty.", fix="Export or download the file again.")
    return content
