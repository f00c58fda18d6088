"""How often stated 68 % intervals of a two-state fit hold the true value, over many seeds.

Series are simulated from the published parameters of HKUST-1 (1596 and 1587 cm⁻¹, ΔH 5.9 kJ/mol,
ΔS 22, ΔCp 37 J/mol/K; the width is assumed) with 1 % noise and baselines that drift by 2 %, and
fitted in one step. Intervals: standard errors of the joint fit and, for some of the series since
they take longer, profile likelihoods and the cycle bootstrap; beside them the two-step procedure
of papers, with the errors that it states and with those of centres and widths propagated. Also the
scatter of the estimates over the seeds against the mean stated error.

The part with profiles is small, so that its coverage wanders by several per cent whatever the
interval. It is therefore held against the joint intervals of the same series ("less joint"), and
that difference is added to the coverage of the joint intervals of all series. Ends with status 1
if either is below 60 % or above 76 % for any parameter.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import time
from importlib.metadata import version

import numpy as np

import reticulum
from reticulum.spectra.band_models import FreeAreasModel, TwoStateModel
from reticulum.spectra.cycle_bootstrap import cycle_bootstrap
from reticulum.spectra.profile_likelihood import profile_likelihood
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.two_step import two_step_fit
from reticulum.spectra.vant_hoff import ln_k_errors
from reticulum.spectra.variable_projection import fit_series

#: One standard error to both sides of a normal distribution.
LEVEL = math.erf(math.sqrt(0.5))

#: Coverage of the one-step intervals that counts as right, per cent.
LEAST, MOST = 60.0, 76.0

#: Widths (FWHM, assumed) and spacings of points, cm⁻¹.
CASES = ((12.0, 2.0), (12.0, 1.0), (16.0, 2.0), (16.0, 1.0), (20.0, 2.0))

TEMPERATURES_K = np.arange(-100.0, 201.0, 50.0) + 273.15
LOW_CM1, HIGH_CM1 = 1541.5, 1641.5
BASELINE_ORDER = 1

#: Standard deviations of ΔH (kJ/mol), ΔS and ΔCp (J/mol/K) that this noise, range and width 12
#: were expected to give; for which spacing was not said.
EXPECTED = {"dh_kj_mol": 0.045, "ds_j_mol_k": 0.18, "dcp_j_mol_k": 0.9}
EXPECTED_WITHIN = 0.20

#: Temperatures at which the scatter of ln K is printed, K.
LN_K_AT_K = np.array([173.15, 323.15, 473.15])

MODEL = TwoStateModel(heat_capacity=True)
THERMAL = MODEL.parameters[-3:]


def truth(fwhm: float) -> dict[str, float]:
    """Published parameters with an assumed width."""
    return dict(zip(MODEL.parameters, [1596.0, 1587.0, fwhm, 5.9, 22.0, 37.0], strict=True))


def replicate(fwhm: float, spacing: float, seed: int, *, slow: bool) -> dict[str, np.ndarray]:
    """Estimates, stated errors, and whether each interval holds the truth, for one seed."""
    true = truth(fwhm)
    data = simulate_series(
        MODEL,
        true,
        TEMPERATURES_K,
        np.arange(LOW_CM1, HIGH_CM1 + 0.5 * spacing, spacing),
        imperfections=Imperfections(noise=0.01, baseline_drift=0.02),
        seed=seed,
    )
    start = true | {"tight_cm1": 1597.0, "loose_cm1": 1585.5, "fwhm_cm1": fwhm + 1.0,
                    "dh_kj_mol": 7.0, "ds_j_mol_k": 25.0, "dcp_j_mol_k": 0.0}  # fmt: skip
    fit = fit_series(data, MODEL, start, baseline_order=BASELINE_ORDER)
    true_values = np.array([true[name] for name in MODEL.parameters])
    errors = np.sqrt(np.diag(fit.covariance))
    found = {
        "converged": np.array(fit.converged),
        "value": fit.values,
        "error": errors,
        "joint": np.abs(fit.values - true_values) <= errors,
    }
    found["ln_k_error"] = ln_k_errors(fit, LN_K_AT_K)
    if slow:
        ends = [profile_likelihood(data, fit, name).interval_68 for name in MODEL.parameters]
        found["profile"] = np.array(
            [
                (low is None or low <= value) and (high is None or value <= high)
                for (low, high), value in zip(ends, true_values, strict=True)
            ]
        )
        found["open"] = np.array(sum(end is None for pair in ends for end in pair))
        intervals = cycle_bootstrap(data, fit).intervals(LEVEL)
        found["bootstrap"] = np.array(
            [intervals[n][0] <= true[n] <= intervals[n][1] for n in MODEL.parameters]
        )
    two_step = two_step_fit(data, FreeAreasModel(), start, baseline_order=BASELINE_ORDER)
    law, points = two_step.laws[1], two_step.points
    found["ln_k_mean"] = np.array(
        [points.ln_k[np.isclose(points.temperatures_k, t)].mean() for t in LN_K_AT_K]
    )
    found["two_value"] = np.array([getattr(law, name) for name in THERMAL])
    for kind in ("error", "joint_error"):
        stated = np.array([getattr(law, name.replace("_", f"_{kind}_", 1)) for name in THERMAL])
        found[f"two_{kind}"] = stated
        found[f"two_{kind}_holds"] = np.abs(found["two_value"] - true_values[-3:]) <= stated
    return found


def table(fwhm: float, spacing: float, runs: list[dict[str, np.ndarray]]) -> bool:
    """Print one case; whether the one-step intervals are right."""
    slow = [run for run in runs if "profile" in run]
    found = {name: np.array([run[name] for run in runs]) for name in runs[-1]}
    found |= {n: np.array([run[n] for run in slow]) for n in ("profile", "bootstrap", "open")}
    print(f"\nFWHM {fwhm:g} cm⁻¹, points every {spacing:g} cm⁻¹")
    print(f"{'one step':14} {'scatter':>9} {'stated':>9} {'ratio':>6}   coverage: {'joint':>6} "
          f"{'profile':>8} {'less joint':>11} {'bootstrap':>10}")  # fmt: skip
    right = True
    for number, name in enumerate(MODEL.parameters):
        joint, profile, bootstrap = (
            100.0 * float(found[kind][:, number].mean()) if found[kind].size else math.nan
            for kind in ("joint", "profile", "bootstrap")
        )
        same = 100.0 * float(found["joint"][: len(slow), number].mean()) if slow else math.nan
        estimates = (joint, joint + profile - same)
        right &= not any(percent < LEAST or percent > MOST for percent in estimates)
        print(f"{_scatter(name, found['value'][:, number], found['error'][:, number])}"
              f"            {joint:6.1f}% {profile:7.1f}% {profile - same:+10.1f}% "
              f"{bootstrap:9.1f}%")  # fmt: skip
    print(f"{'two steps':14} {'scatter':>9} {'stated':>9} {'ratio':>6}   coverage: "
          f"{'stated':>6} {'propagated':>11}")  # fmt: skip
    for number, name in enumerate(THERMAL):
        print(f"{_scatter(name, found['two_value'][:, number], found['two_error'][:, number])}"
              f"            {100.0 * found['two_error_holds'][:, number].mean():6.1f}% "
              f"{100.0 * found['two_joint_error_holds'][:, number].mean():10.1f}%")  # fmt: skip
    places = "/".join(f"{t - 273.15:.0f}" for t in LN_K_AT_K)
    for words, errors in (
        ("stated error of the law ln K", found["ln_k_error"].mean(axis=0)),
        ("scatter of ln K of free areas, mean of the cycles,", found["ln_k_mean"].std(0, ddof=1)),
    ):
        print(f"{words} at {places} °C: " + "/".join(f"{error:.3f}" for error in errors))
    if fwhm == 12.0:
        print("expected scatter (spacing not said): "
              + ", ".join(_against(found, name) for name in EXPECTED))  # fmt: skip
    print(f"{int((~found['converged']).sum())} fits did not converge, "
          f"{int(found['open'].sum())} open ends of profiles")  # fmt: skip
    return right


def _scatter(name: str, values: np.ndarray, errors: np.ndarray) -> str:
    scatter, stated = float(values.std(ddof=1)), float(errors.mean())
    return f"{name:14} {scatter:9.4f} {stated:9.4f} {scatter / stated:6.2f}"


def _against(found: dict[str, np.ndarray], name: str) -> str:
    number = MODEL.parameters.index(name)
    ratio = float(found["value"][:, number].std(ddof=1)) / EXPECTED[name]
    verdict = "" if abs(ratio - 1.0) <= EXPECTED_WITHIN else " (not within 20 %)"
    return f"{name} {EXPECTED[name]:g}, measured {ratio:.2f} times that{verdict}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--series", type=int, default=1000, metavar="N", help="of each case")
    parser.add_argument("--slow-series", type=int, default=200, metavar="N",
                        help="of these, with profiles and bootstrap")  # fmt: skip
    arguments = parser.parse_args()
    os.nice(10)
    chances = [
        f"{100 * math.sqrt(LEVEL * (1 - LEVEL) / max(n, 1)):.1f} % for {n} series"
        for n in (arguments.series, arguments.slow_series)
    ]
    print(f"reticulum {reticulum.__version__}, numpy {np.__version__}, scipy {version('scipy')}, "
          f"Python {platform.python_version()}\nnominal coverage {100 * LEVEL:.1f} %; its standard "
          f"error is {chances[0]}, and {chances[1]} (profile, bootstrap)")  # fmt: skip
    right, started = True, time.process_time()
    for place, (fwhm, spacing) in enumerate(CASES):
        runs = [
            # no noise is used twice
            replicate(fwhm, spacing, place * arguments.series + n, slow=n < arguments.slow_series)
            for n in range(arguments.series)
        ]
        right &= table(fwhm, spacing, runs)
        sys.stdout.flush()
    print(f"\n{time.process_time() - started:.0f} s CPU; coverage of one-step intervals "
          + ("all" if right else "NOT all") + f" between {LEAST:g} and {MOST:g} %")  # fmt: skip
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
