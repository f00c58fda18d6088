"""Fits of one band at many temperatures: reticulum against a plain global fit with lmfit.

The plain fit is what a spectroscopist would write: every area and baseline is a parameter like the
others, the objective goes through the spectra, derivatives are numerical. Both start from the same
values, in one run, and minimise the same misfit. Then the whole comparison of models, which lmfit
has no counterpart of. CPU seconds.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from importlib.metadata import version

import numpy as np

import reticulum
from reticulum.spectra.band_data import BandData
from reticulum.spectra.band_models import BandModel, OneBandModel, TwoStateModel
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.model_comparison import compare_models
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.variable_projection import SeriesFit, fit_series

try:
    import lmfit
except ImportError:
    lmfit = None

#: Largest difference of parameters, in standard errors, and of standard errors, relative, that
#: counts as agreement: lmfit ends where the misfit changes by less than 1.5e-8.
SAME_PARAMETERS = 0.01
SAME_ERRORS = 0.01

#: Runs of each fit, of which the fastest counts.
RUNS = 5

GAS_CONSTANT = 8.314462618
FOUR_LN2 = 4.0 * np.log(2.0)


def series(model: BandModel, truth: dict[str, float], n_temperatures: int, cycles: int,
           points: int) -> BandData:  # fmt: skip
    """Series with 1 % noise, sloping baselines and areas that scatter by 5 %."""
    return simulate_series(
        model,
        truth,
        np.linspace(173.15, 473.15, n_temperatures),
        np.linspace(1540.0, 1640.0, points),
        cycles=cycles,
        imperfections=Imperfections(noise=0.01, baseline_drift=0.05, area_scatter=0.05),
        seed=1,
    )


TWO_STATES = TwoStateModel(heat_capacity=True)
PUBLISHED = {"tight_cm1": 1596.0, "loose_cm1": 1587.0, "fwhm_cm1": 12.0, "dh_kj_mol": 5.9,
             "ds_j_mol_k": 22.0, "dcp_j_mol_k": 37.0}  # fmt: skip
MOVING = OneBandModel(shape=LineShape.PSEUDO_VOIGT, width_order=1)
MOVING_TRUTH = {"centre_0": 1591.0, "centre_1": -2.0, "fwhm_0": 14.0, "fwhm_1": 0.3, "eta": 0.4}


def gaussian(x, centre, fwhm):
    return np.sqrt(FOUR_LN2 / np.pi) / fwhm * np.exp(-FOUR_LN2 * ((x - centre) / fwhm) ** 2)


def lorentzian(x, centre, fwhm):
    return 2.0 / np.pi * fwhm / (fwhm**2 + 4.0 * (x - centre) ** 2)


def two_states(p, t, x):
    """Two Gaussians whose areas follow ΔH, ΔS and ΔCp."""
    t0 = 298.15
    dh = 1000.0 * p["dh_kj_mol"] + p["dcp_j_mol_k"] * (t - t0)
    ds = p["ds_j_mol_k"] + p["dcp_j_mol_k"] * np.log(t / t0)
    k = np.exp(-(dh - t * ds) / (GAS_CONSTANT * t))
    loose = k / (1.0 + k)
    return (1.0 - loose) * gaussian(x, p["tight_cm1"], p["fwhm_cm1"]) + loose * gaussian(
        x, p["loose_cm1"], p["fwhm_cm1"]
    )


def moving_band(p, t, x):
    """One pseudo-Voigt line whose centre and width are linear in temperature."""
    tau = (t - 298.15) / 100.0
    centre = p["centre_0"] + p["centre_1"] * tau
    fwhm = p["fwhm_0"] + p["fwhm_1"] * tau
    return p["eta"] * lorentzian(x, centre, fwhm) + (1.0 - p["eta"]) * gaussian(x, centre, fwhm)


def plain_fit(data: BandData, band, start: dict[str, float]):
    """One lmfit fit of all parameters at once."""
    parameters = lmfit.Parameters()
    for name, value in start.items():
        limits = {"min": 0.0, "max": 1.0} if name == "eta" else {}
        parameters.add(name, value=value, **limits)
    middle = data.middle_cm1
    for n, (x, y) in enumerate(zip(data.wavenumbers_cm1, data.values, strict=True)):
        parameters.add(f"area_{n}", value=float(np.trapezoid(y, x)))
        parameters.add(f"constant_{n}", value=0.0)
        parameters.add(f"slope_{n}", value=0.0)

    def residual(p):
        p = p.valuesdict()
        rows = []
        for n, (t, x, y) in enumerate(
            zip(data.temperatures_k, data.wavenumbers_cm1, data.values, strict=True)
        ):
            baseline = p[f"constant_{n}"] + p[f"slope_{n}"] * (x - middle) / (x[-1] - x[0])
            rows.append(y - p[f"area_{n}"] * band(p, t, x) - baseline)
        return np.concatenate(rows)

    return lmfit.minimize(residual, parameters, method="leastsq")


def timed(call, repeats: int = 1):
    """Best CPU time of some runs, and the result."""
    best = np.inf
    for _ in range(repeats):
        started = time.process_time()
        result = call()
        best = min(best, time.process_time() - started)
    return best, result


def disagreement(ours: SeriesFit, theirs, names) -> tuple[float, float]:
    """Largest difference of parameters in standard errors, and of these, relative."""
    errors = ours.errors
    parameters = max(
        abs(ours.parameters[name] - theirs.params[name].value) / errors[name] for name in names
    )
    relative = max(abs(theirs.params[name].stderr / errors[name] - 1.0) for name in names)
    areas = np.array([theirs.params[f"area_{n}"].stderr for n in range(len(ours.linear))])
    relative = max(relative, float(np.abs(areas / ours.linear_errors[:, 0] - 1.0).max()))
    return parameters, relative


def side_by_side(label: str, data: BandData, model: BandModel, band, truth) -> bool:
    """Fit with both, print, and say whether they agree."""
    start = {
        name: value + (1.0 if "cm1" in name or name.startswith("centre") else 0.05 * value)
        for name, value in truth.items()
    }
    seconds, ours = timed(lambda: fit_series(data, model, start, baseline_order=1), RUNS)
    print(f"{label:42} {'reticulum':10} {seconds:8.3f} {1.0:7.1f}")
    if lmfit is None:
        return True
    plain_seconds, theirs = timed(lambda: plain_fit(data, band, start), RUNS)
    parameters, errors = disagreement(ours, theirs, truth)
    misfit = float(theirs.chisqr) / ours.sum_of_squares - 1.0
    print(
        f"{label:42} {'lmfit':10} {plain_seconds:8.3f} {plain_seconds / seconds:7.1f}  "
        f"parameters within {parameters:.1e} standard errors, these within {100 * errors:.2g} %, "
        f"misfit {misfit:+.1e}, {theirs.nfev} evaluations"
    )
    return parameters <= SAME_PARAMETERS and errors <= SAME_ERRORS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the long series")
    quick = parser.parse_args().quick
    peer = "not installed, left out" if lmfit is None else version("lmfit")
    print(f"reticulum {reticulum.__version__}, numpy {np.__version__}, scipy {version('scipy')}, "
          f"lmfit {peer}, Python {platform.python_version()}\n")  # fmt: skip
    print(f"{'fit':42} {'program':10} {'CPU s':>8} {'ratio':>7}")
    agreed = True
    for points in (51, 600):
        for name, model, band, truth in (
            ("two states with ΔCp", TWO_STATES, two_states, PUBLISHED),
            ("moving pseudo-Voigt band", MOVING, moving_band, MOVING_TRUTH),
        ):
            data = series(model, truth, 7, 3, points)
            label = f"{name}, {data.n_spectra} x {points}"
            agreed &= side_by_side(label, data, model, band, truth)
    print(f"\n{'whole comparison of models, 2 shapes':42} {'CPU s':>8}")
    cases = [(TWO_STATES, PUBLISHED, 7, 3, 51), (TWO_STATES, PUBLISHED, 7, 3, 600),
             (MOVING, MOVING_TRUTH, 7, 3, 600)]  # fmt: skip
    if not quick:
        cases += [(TWO_STATES, PUBLISHED, 100, 1, 2000), (MOVING, MOVING_TRUTH, 100, 1, 2000)]
    for model, truth, n_temperatures, cycles, points in cases:
        data = series(model, truth, n_temperatures, cycles, points)
        seconds, outcomes = timed(lambda data=data: compare_models(data, baseline_order=1))
        best = min(outcomes, key=lambda outcome: outcome.bic)
        label = f"{data.n_spectra} x {points} of {model.name}"
        print(f"{label:74} {seconds:8.2f}  best: {best.name}")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
