"""Errors name the options of the command that was given, not those of another."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("table1", "--only", "Foo", "--runs", ".", "--compute", "oscillator"), "--only"),
        (("redshift", "HKUST-1", "-m", "two-state", "--material", "Foo"), "--material"),
    ],
)
def test_a_material_that_is_not_in_the_table(command_line, arguments, named):
    code, out, err = command_line(*arguments)
    assert (code, out) == (2, "")
    assert "There is no measured slope of 'Foo'." in err
    assert f"Give one of these names, or leave {named} out." in err
