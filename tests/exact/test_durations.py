"""Expected times are given in the unit that a reader wants."""

from __future__ import annotations

import pytest

from reticulum.durations import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "1 s"),
        (45.2, "45 s"),
        (119.0, "119 s"),
        (120.0, "2 minutes"),
        (3240.0, "54 minutes"),
        (7200.0, "2.0 hours"),
        (18720.0, "5.2 hours"),
        (400_000.0, "111 hours"),
    ],
)
def test_times_in_words(seconds, words):
    assert in_words(seconds) == words
