"""Expected times in words."""

from __future__ import annotations

#: Seconds and minutes are given below so many of them, hours without decimals from so many.
_MOST_SECONDS, _MOST_MINUTES, _WHOLE_HOURS = 120.0, 120.0, 100.0


def in_words(seconds: float) -> str:
    """Return an expected time as ``45 s``, ``54 minutes`` or ``5.2 hours``.

    Parameters
    ----------
    seconds
        Wall time, s.

    """
    if seconds < _MOST_SECONDS:
        return f"{max(seconds, 1.0):.0f} s"
    if seconds < 60.0 * _MOST_MINUTES:
        return f"{seconds / 60.0:.0f} minutes"
    hours = seconds / 3600.0
    return f"{hours:.1f} hours" if hours < _WHOLE_HOURS else f"{hours:.0f} hours"
