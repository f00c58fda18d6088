"""What went wrong, why, and what to do: every error that a user can meet."""

from __future__ import annotations


def _rebuild(kind: type[ReticulumError], what: str, why: str, fix: str) -> ReticulumError:
    return kind(what, why=why, fix=fix)


class ReticulumError(Exception):
    """An error with what happened, why it matters and what to do.

    Parameters
    ----------
    what
        One sentence with the offending value, path or line.
    why
        Why the program cannot go on.
    fix
        What the user can do.

    """

    exit_status = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what, why, fix)
        self.what = what
        self.why = why
        self.fix = fix

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the keyword arguments, so that errors cross process borders."""
        return _rebuild, (type(self), self.what, self.why, self.fix)

    def __str__(self) -> str:
        """Return the three sentences as one message."""
        return " ".join(part for part in (self.what, self.why, self.fix) if part)


class InputError(ReticulumError):
    """Bad input: a file, a value or a combination of options (exit status 2)."""

    exit_status = 2


class MissingExtraError(InputError):
    """An optional package is needed and not installed; the message names its pip command."""


class CalculationError(ReticulumError):
    """A calculation failed or gave something that is not physical (exit status 1)."""


class Interrupted(ReticulumError):  # noqa: N818 - it is not an error of the program
    """The user stopped a resumable calculation (exit status 130)."""

    exit_status = 130
