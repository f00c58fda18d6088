"""Series of two states and of one moving band that several tests share."""

from __future__ import annotations

import numpy as np

from reticulum.spectra.band_models import OneBandModel, TwoStateModel
from reticulum.spectra.simulation import Imperfections, simulate_series

TEMPERATURES = np.arange(-100.0, 201.0, 50.0) + 273.15
AXIS = np.arange(1540.0, 1640.1, 2.0)
MOVING = {"centre_0": 1591.0, "centre_1": -2.0, "fwhm_0": 14.0}


def truth(**changed):
    """Published thermodynamics and centres; FWHM 12 is assumed."""
    fwhm = changed.pop("fwhm_cm1", 12.0)
    return {
        "tight_cm1": 1596.0, "loose_cm1": 1587.0, "fwhm_cm1": fwhm, "fwhm_tight_cm1": fwhm,
        "fwhm_loose_cm1": fwhm, "dh_kj_mol": 5.9, "ds_j_mol_k": 22.0, "dcp_j_mol_k": 37.0,
    } | changed  # fmt: skip


def two_states(seed=0, *, model=None, parameters=None, x=AXIS, t=TEMPERATURES, cycles=3, **flaws):
    """Simulated series of two states; no noise unless given."""
    model = TwoStateModel(heat_capacity=True) if model is None else model
    flaws = {"noise": 0.0} | flaws
    return simulate_series(
        model,
        truth() if parameters is None else parameters,
        t,
        x,
        cycles=cycles,
        imperfections=Imperfections(**flaws),
        seed=seed,
    )


def moving_band(seed=0, *, x=AXIS, cycles=3, **flaws):
    """Simulated series of one band that shifts linearly."""
    flaws = {"noise": 0.0} | flaws
    return simulate_series(
        OneBandModel(), MOVING, TEMPERATURES, x, cycles=cycles,
        imperfections=Imperfections(**flaws), seed=seed,
    )  # fmt: skip
