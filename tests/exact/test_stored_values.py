"""Results written as plain JSON and read back: same kinds, same digits, nothing else made."""

from __future__ import annotations

import json

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.band_models import TwoStateModel
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.stored_values import from_stored, to_stored


def _round_trip(value):
    return from_stored(json.loads(json.dumps(to_stored(value), allow_nan=False)))


def test_numbers_keep_every_digit():
    values = (0.1, -1e-300, 1.0 / 3.0, 5e-324, 7, True, None, "cm⁻¹", "")
    back = _round_trip(values)
    assert back == values
    assert [type(entry) for entry in back] == [type(entry) for entry in values]
    assert np.isnan(_round_trip(float("nan")))
    assert _round_trip(float("-inf")) == float("-inf")


@pytest.mark.parametrize(
    "array",
    [
        np.array([1.0 / 3.0, np.nan, np.inf, -np.inf]),
        np.arange(6).reshape(2, 3),
        np.array([True, False]),
        np.empty((0, 3)),
        np.array(0.25),
    ],
)
def test_arrays_keep_shape_kind_and_bits(array):
    back = _round_trip(array)
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_classes_come_back_as_themselves():
    model = TwoStateModel(shape=LineShape.PSEUDO_VOIGT, heat_capacity=True, extinction_ratio=1.25)
    assert _round_trip(model) == model
    assert _round_trip({"a": (LineShape.GAUSSIAN, 1)}) == {"a": (LineShape.GAUSSIAN, 1)}
    x = np.linspace(1500.0, 1600.0, 11)
    data = band_data([100.0, 200.0, 300.0], x, [np.sin(x + n) for n in range(3)], cycles=[1, 1, 2])
    back = _round_trip(data)
    assert back.labels == data.labels
    assert all(np.array_equal(a, b) for a, b in zip(back.values, data.values, strict=True))
    assert not back.values[0].flags.writeable


def test_what_is_replaced_is_restored():
    model = TwoStateModel()
    stored = to_stored((model, 1), lambda value: {"here": 3} if value is model else None)
    assert stored == [{"here": 3}, 1]
    assert from_stored(stored, lambda content: content["here"] + 1) == (4, 1)


@pytest.mark.parametrize(
    "content",
    [
        {"class": "os:system", "command": "true"},
        {"class": "..errors:InputError", "what": "x"},
        {"class": "reading:read_series", "source": "."},
        {"class": "reading:Path", "a": 1},
        {"class": "two_components:TwoStateModel", "width_of_the_moon": 1.0},
        {"class": "two_components:ThreeStateModel"},
        {"enum": "line_shapes:LineShape", "value": "box"},
        {"array": "object", "shape": [1], "values": [1]},
        {"array": "float64", "shape": [2], "values": [1.0]},
        {"mystery": 1},
    ],
)
def test_nothing_else_is_made(content):
    with pytest.raises(InputError, match="cannot be read by this version"):
        from_stored(content)


def test_classes_that_moved_are_found():
    """Modules are split and renamed; files of before stay readable."""
    model = TwoStateModel(heat_capacity=True)
    stored = to_stored(model)
    for module in ("band_models", "a_module_of_before"):
        assert from_stored(stored | {"class": f"{module}:TwoStateModel"}) == model


def test_what_has_no_form_is_a_mistake_of_the_program():
    for value in (object(), np.array(["a"]), InputError("x")):
        with pytest.raises(TypeError):
            to_stored(value)
