"""A window that ends near the top of a band is said to cut it, not to hold a negative band."""

import numpy as np
import pytest

from reticulum.errors import InputError
from reticulum.spectra.band_data import band_data
from reticulum.spectra.window_checks import check_upright


def series(low, high, sign=1.0):
    axis = np.arange(low, high, 2.0)
    noise = np.random.default_rng(1).normal(scale=0.002, size=(3, len(axis)))
    bands = sign * np.exp(-4 * np.log(2) * ((axis - 1590.0) / 14.0) ** 2) + noise
    return band_data([200.0, 300.0, 400.0], axis, list(bands + (sign < 0)))


def test_window_that_ends_on_the_flank_cuts():
    with pytest.raises(InputError, match=r"cuts the band of .* near its end at 15(88|90)"):
        check_upright(series(1544.0, 1590.5))


def test_band_that_points_down_is_said_to():
    with pytest.raises(InputError, match="points down at 1590"):
        check_upright(series(1540.0, 1641.0, sign=-1.0))


def test_whole_band_passes():
    check_upright(series(1540.0, 1641.0))
