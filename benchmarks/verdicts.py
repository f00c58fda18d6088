"""How often `judge` is wrong about series whose truth is known: a confusion table over many seeds.

Each case is simulated with noise, scattering areas and wandering straight baselines; the truth is
what the case is made of. Two kinds of wrong verdicts are counted: two states where there is one
band, and one band where there are two states. "Inconclusive" is not wrong, but "irreversible" and
"not fittable" are, since nothing of that kind is simulated. Cases marked * hold what the models do
not (a curved baseline, differing extinction of spectra); they are reported, not expected to pass.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from reticulum.spectra.band_models import HotBandModel, OneBandModel, TwoStateModel
from reticulum.spectra.line_shapes import LineShape
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.verdict import Verdict, judge

TEMPERATURES_K = np.arange(-100.0, 201.0, 50.0) + 273.15
AXIS_CM1 = np.arange(1541.5, 1642.0, 2.0)
CYCLES = 2
NOISES = (0.003, 0.01, 0.03)

#: Verdicts in the order of the columns.
SHOWN = (
    Verdict.TWO_STATES,
    Verdict.ONE_SHIFTING_BAND,
    Verdict.INCONCLUSIVE,
    Verdict.IRREVERSIBLE,
    Verdict.NOT_FITTABLE,
)

TWO_STATES = TwoStateModel(heat_capacity=True)


def two(tight, loose, fwhm):
    """Parameters of two states with the published ΔH, ΔS and ΔCp."""
    return dict(zip(TWO_STATES.parameters, [tight, loose, fwhm, 5.9, 22.0, 37.0], strict=True))


@dataclass(frozen=True)
class Shouldered:
    """Another model with a copy of itself beside it: every line becomes asymmetric."""

    model: object
    share: float = 0.25
    apart: float = 8.0
    name: str = "asymmetric lines"

    @property
    def parameters(self):
        """Names of the parameters."""
        return self.model.parameters

    def columns(self, values, temperature_k, x):
        """Columns of both copies."""
        here, beside = (
            self.model.columns(values, temperature_k, axis)[0] for axis in (x, x - self.apart)
        )
        return (1.0 - self.share) * here + self.share * beside, None


@dataclass(frozen=True)
class Case:
    """What is simulated; the main cases at all noises and with many seeds."""

    name: str
    truth: str  # "one" or "two"
    model: object
    parameters: dict
    more: dict = field(default_factory=dict)
    noises: tuple = NOISES
    main: bool = True


GAUSSIAN, MIXED = OneBandModel(), OneBandModel(shape=LineShape.PSEUDO_VOIGT)
BROADENING = OneBandModel(centre_order=1, width_order=1)
ONE = {"centre_0": 1591.5, "centre_1": -2.0, "fwhm_0": 14.0, "fwhm_1": 1.0, "eta": 0.3}
NARROW = ONE | {"fwhm_0": 9.0}
HOT = {"origin_cm1": 1598.0, "shift_per_quantum_cm1": -3.0, "mode_cm1": 100.0, "fwhm_cm1": 12.0}
PUBLISHED = two(1596.0, 1587.0, 12.0)
CURVED = {"baseline_curvature": 0.005}
SIDE = {"noises": (0.01,), "main": False}

CASES = [
    Case("a  one Gaussian, FWHM 14", "one", GAUSSIAN, ONE),
    Case("b  one pseudo-Voigt, eta 0.3", "one", MIXED, ONE),
    Case("c  one Gaussian that broadens", "one", BROADENING, ONE),
    Case("a  one Gaussian, FWHM 9", "one", GAUSSIAN, NARROW, **SIDE),
    Case("   one oscillator, hot bands", "one", HotBandModel(), HOT, **SIDE),
    Case("f  one band with a shoulder", "one", Shouldered(GAUSSIAN), ONE),
    Case("f  the same, FWHM 9", "one", Shouldered(GAUSSIAN), NARROW, **SIDE),
    Case("d  two states, FWHM 12", "two", TWO_STATES, PUBLISHED),
    Case("d  two states, FWHM 10", "two", TWO_STATES, two(1596.0, 1587.0, 10.0), **SIDE),
    Case("e  two states, FWHM 15", "two", TWO_STATES, two(1596.0, 1587.0, 15.0)),
    Case("e  two states, 5 apart", "two", TWO_STATES, two(1594.0, 1589.0, 12.0), **SIDE),
    Case("g  two states with shoulders", "two", Shouldered(TWO_STATES), PUBLISHED, **SIDE),
    Case("*  a, 0.5 % curved baseline", "one", GAUSSIAN, ONE, CURVED, **SIDE),
    Case("*  b, 0.5 % curved baseline", "one", MIXED, ONE, CURVED, **SIDE),
    Case("*  f, 0.5 % curved baseline", "one", Shouldered(GAUSSIAN), ONE, CURVED, **SIDE),
    Case("*  d, 0.5 % curved baseline", "two", TWO_STATES, PUBLISHED, CURVED, **SIDE),
]


def verdict_of(case: Case, noise: float, seed: int):
    data = simulate_series(
        case.model,
        case.parameters,
        TEMPERATURES_K,
        AXIS_CM1,
        cycles=CYCLES,
        imperfections=Imperfections(
            noise=noise, area_scatter=0.05, baseline_drift=0.02, **case.more
        ),
        seed=seed,
    )
    return judge(data, baseline_order=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="of each noise of the main cases")
    parser.add_argument("--side-seeds", type=int, default=10, help="of the other cases")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    arguments = parser.parse_args()
    os.nice(10)
    wrong = {Verdict.TWO_STATES: "one", Verdict.ONE_SHIFTING_BAND: "two"}
    print(
        f"{'case':30s} {'noise':>6s} {'clean':>6s} {'two':>5s} {'one':>5s} {'open':>5s} "
        f"{'irrev':>5s} {'none':>5s} {'wrong':>6s} {'s':>6s}"
    )
    total, bad = Counter(), Counter()
    for case in CASES:
        if arguments.only not in case.name:
            continue
        seeds = arguments.seeds if case.main else arguments.side_seeds
        clean = verdict_of(case, 1e-5, 0)
        excess = max(clean.excess_one_band_percent, clean.excess_two_states_percent)
        for noise in case.noises:
            started = time.process_time()
            found = Counter(verdict_of(case, noise, seed).verdict for seed in range(seeds))
            off = sum(
                count
                for verdict, count in found.items()
                if wrong.get(verdict, "") == case.truth
                or verdict in (Verdict.IRREVERSIBLE, Verdict.NOT_FITTABLE)
            )
            total[case.name[0]] += seeds
            bad[case.name[0]] += off
            counts = " ".join(f"{found[verdict]:5d}" for verdict in SHOWN)
            spent = time.process_time() - started
            print(
                f"{case.name:30s} {noise:6.1%} {excess:5.2f}% {counts} {off:6d} {spent:6.1f}",
                flush=True,
            )
    print("wrong:", ", ".join(f"{name or '-'} {bad[name]} of {total[name]}" for name in total))


if __name__ == "__main__":
    main()
