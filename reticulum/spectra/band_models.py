"""All models of one band at many temperatures, by one name.

`band_basis` says what a model is, `single_band` and `two_components` hold them.
"""

from __future__ import annotations

from reticulum.spectra.band_basis import BandModel, Columns
from reticulum.spectra.single_band import POLYNOMIAL_SCALE_K, HotBandModel, OneBandModel
from reticulum.spectra.two_components import FreeAreasModel, TwoStateModel

__all__ = [
    "POLYNOMIAL_SCALE_K",
    "BandModel",
    "Columns",
    "FreeAreasModel",
    "HotBandModel",
    "OneBandModel",
    "TwoStateModel",
]
