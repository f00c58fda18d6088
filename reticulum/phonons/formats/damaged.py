"""What the readers of phonopy, ase and pymatgen raise on damaged files, as one clear message."""

from __future__ import annotations

import lzma
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError as TreeError
from xml.parsers.expat import ExpatError

from reticulum.errors import InputError

#: Found by feeding truncated and foreign files to the readers. RecursionError, which phonopy
#: raises at the end of a truncated FORCE_SETS, is a RuntimeError; lxml's errors are SyntaxErrors.
_READER_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ExpatError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TreeError,
    TypeError,
    ValueError,
    lzma.LZMAError,
    zlib.error,
)

#: How long a reader's own message may be in ours, characters.
_QUOTED = 200


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn what a reader raises into an InputError, and keep its warnings to itself.

    Parameters
    ----------
    path
        The file.
    what
        What it should be, for instance "FORCE_SETS".

    Raises
    ------
    InputError
        If the reader fails.

    """
    import yaml
    from ase.io import ParseError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise no_file(path) from error
    except (*_READER_ERRORS, ParseError, yaml.YAMLError) as error:
        raise InputError(
            f"{path} cannot be read as {what}.",
            why=f"It is damaged, incomplete or something else ({_reason(error)}).",
            fix="Check that the right file was given and that it is complete.",
        ) from error


def no_file(path: Path) -> InputError:
    """Error of a file that is not there."""
    return InputError(
        f"There is no file {path}.",
        why="It was named, or belongs beside the file that was.",
        fix="Check the path.",
    )


def _reason(error: BaseException) -> str:
    """Kind and first line of an inner error."""
    if isinstance(error, RecursionError):
        return "it ends too early"
    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
    return text[:_QUOTED]
