"""The variable-temperature infrared analysis of HKUST-1 [Andreeva2020], recomputed and questioned.

No measured spectrum is bundled: the spectra are simulated from the parameters that the paper
prints, written as files, read back, and taken through its chain (Figures 2, 3, 4 and Scheme 2).
Then the chain is given what it should not be given: one band that only shifts, other centres,
reflectance, hysteresis. docs/vtir-worked-example.md tells what comes out.

Run: python examples/vtir_hkust1.py [--spectra FOLDER] [--small]
The figures of that page: python examples/vtir_hkust1_figures.py [FOLDER]
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import brentq

from reticulum.errors import InputError
from reticulum.reference.tables import (
    find_table1_row,
    load_comparison_slopes,
    load_two_state_parameters,
)
from reticulum.spectra.band_data import BandData, band_data
from reticulum.spectra.band_fit import BandFit, fit_band
from reticulum.spectra.band_models import FreeAreasModel, OneBandModel, TwoStateModel
from reticulum.spectra.fitted_curves import ln_k_of_fit
from reticulum.spectra.reading import read_series
from reticulum.spectra.simulated_spectra import (
    simulated_reflectance,
    simulated_spectra,
    write_simulated,
)
from reticulum.spectra.simulation import Imperfections, simulate_series
from reticulum.spectra.singular_values import least_noise, singular_values
from reticulum.spectra.two_step import TwoStepFit, two_step_fit
from reticulum.spectra.variable_projection import SeriesFit, fit_series
from reticulum.spectra.verdict import judge
from reticulum.thermal.two_state import published_parameters, two_state_prediction
from reticulum.units import GAS_CONSTANT_J_PER_MOL_K, ZERO_CELSIUS_K

#: What the paper prints of the band at 1595-1589 cm⁻¹, beside the tables of `reticulum.reference`.
PRINTED_CENTRES = {-100.0: 1594.8, 200.0: 1589.0}
PRINTED_WIDEST_C = 50.0

#: Assumed, as the paper does not print them: noise, drift of the baseline, spacing, window.
ASSUMED = Imperfections(noise=0.01, baseline_drift=0.02)
SPACING_CM1, WINDOW_CM1 = 2.0, (1541.5, 1641.5)
AXIS_CM1 = np.arange(WINDOW_CM1[0], WINDOW_CM1[1] + 0.1, SPACING_CM1)
CELSIUS = np.arange(-100.0, 201.0, 50.0)
SEED = 1

TWO_STATES = TwoStateModel(heat_capacity=True)
LAW = ("dh_kj_mol", "ds_j_mol_k", "dcp_j_mol_k")

#: One band that moves in a straight line between the printed centres; its width is assumed, in
#: the middle of those that one Gaussian has in two states (14 to 17 cm⁻¹).
_SLOPE = (PRINTED_CENTRES[200.0] - PRINTED_CENTRES[-100.0]) / 300.0
ONE_BAND = {
    "centre_0": PRINTED_CENTRES[-100.0] + 125.0 * _SLOPE,  # at 25 °C
    "centre_1": 100.0 * _SLOPE,
    "fwhm_0": 15.0,
}


def published(fwhm_cm1: float | None = None) -> dict[str, float]:
    """Published parameters of the two states; the width is assumed."""
    known = published_parameters()
    width = known.fwhm_tight_cm1 if fwhm_cm1 is None else fwhm_cm1
    values = [known.tight_cm1, known.loose_cm1, width, *(getattr(known, name) for name in LAW)]
    return dict(zip(TWO_STATES.parameters, values, strict=True))


def simulated(
    model: TwoStateModel | OneBandModel,
    parameters: dict[str, float],
    *,
    flaws: Imperfections = ASSUMED,
    celsius: np.ndarray = CELSIUS,
) -> BandData:
    """Three cycles over the temperatures of the paper."""
    return simulate_series(
        model, parameters, celsius + ZERO_CELSIUS_K, AXIS_CM1, imperfections=flaws, seed=SEED
    )


def fitted(data: BandData, folder: Path | None = None) -> BandFit:
    """Write spectra as files, read them, and fit the band with every check."""
    if folder is None:
        with tempfile.TemporaryDirectory() as scratch:
            return fitted(data, Path(scratch) / "spectra")
    write_simulated(simulated_spectra(data), folder, remarks=("simulated, not measured",))
    return fit_band(read_series(folder), WINDOW_CM1)


def forced(data: BandData) -> TwoStepFit:
    """The chain of the paper with its two centres held: areas and one width, then van't Hoff."""
    model, start = FreeAreasModel(), published()
    centres = ("tight_cm1", "loose_cm1")
    areas = fit_series(data, model, start, baseline_order=1, held=centres)
    return two_step_fit(data, model, areas.parameters, baseline_order=1, hold=True)


def one_step(data: BandData, model: TwoStateModel = TWO_STATES) -> SeriesFit:
    """All spectra in one fit, from the published parameters."""
    return fit_series(data, model, published(), baseline_order=1)


def law_of(fit: SeriesFit) -> tuple[float, ...]:
    """ΔH, ΔS and ΔCp of a one-step fit."""
    return tuple(fit.parameters[name] for name in LAW)


def equal_populations(fit: SeriesFit) -> str:
    """Temperature at which ln K = 0, in the range of the spectra."""

    def ln_k(celsius: float) -> float:
        return float(ln_k_of_fit(fit, np.array([celsius + ZERO_CELSIUS_K]))[0])

    low, high = float(CELSIUS[0]), float(CELSIUS[-1])
    if ln_k(low) * ln_k(high) > 0.0:
        return f"below {low:.0f} °C" if ln_k(low) > 0.0 else f"above {high:.0f} °C"
    return f"{brentq(ln_k, low, high):.0f} °C"


@dataclass(frozen=True)
class Line:
    """One line of the last figure: what ΔH, ΔS and ΔCp came out, and their errors if any."""

    name: str
    values: tuple[float, ...]
    errors: tuple[float, ...] | None = None
    kind: str = "question"


def title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}")


def show(name: str, values: tuple[float, ...], errors: tuple[float, ...] | None, note: str = ""):
    cells = [
        f"{value:6.2f}" + (f" ± {error:4.2f}" if errors else " " * 7)
        for value, error in zip(values, errors or values, strict=True)
    ]
    print(f"{name:36} " + "  ".join(cells) + f"  {note}")


def figure_2(fit: BandFit) -> None:
    """One Gaussian in each spectrum: centre, slope and width."""
    title(f"{'Figure 2: one Gaussian in each spectrum':51}published  recomputed     ΔCp 0")
    exact = two_state_prediction(published_parameters(with_heat_capacity=False))
    t = fit.data.temperatures_k - ZERO_CELSIUS_K

    def row(name: str, printed: str, *values: float, digits: int = 2) -> None:
        print(f"{name:30}{printed:>30}{values[0]:12.{digits}f}{values[1]:10.{digits}f}")

    for celsius, printed in PRINTED_CENTRES.items():
        alone = fit.positions.centres_cm1[np.isclose(t, celsius)].mean()
        without = exact.one_gaussian_cm1[0 if celsius < 0.0 else -1]
        row(f"centre at {celsius:.0f} °C, cm⁻¹", f"{printed}", alone, without)
    text = next(row.slope_text for row in load_comparison_slopes() if row.material == "HKUST-1")
    slopes = (fit.slope.slope_cm1_per_k, exact.one_gaussian_slope.slope_cm1_per_k)
    row("slope, cm⁻¹/K", f"{text} (text)", *slopes, digits=4)
    row("", f"{find_table1_row('HKUST-1').antisymmetric_text} (Table 1)", *slopes, digits=4)
    row("", f"{_SLOPE:.4f} (its end points)", *slopes, digits=4)
    widths = [fit.positions.fwhms_cm1[np.isclose(t, c)].mean() for c in CELSIUS]
    widest = (CELSIUS[np.argmax(w)] for w in (widths, exact.one_gaussian_fwhm_cm1))
    row("widest at, °C", f"around {PRINTED_WIDEST_C:.0f}", *widest, digits=0)
    print("FWHM, cm⁻¹, from -100 to 200 °C: " + ", ".join(f"{w:.1f}" for w in widths))
    print(fit.trend.straightness.sentence)


def figure_3(two_step: TwoStepFit, data: BandData) -> None:
    """Two components with common centres and free areas."""
    title("Figure 3: two components, common centres, free areas")
    known, found, errors = published(), two_step.areas.parameters, two_step.areas.errors
    for name in ("tight_cm1", "loose_cm1", "fwhm_cm1"):
        standing = "assumed" if name == "fwhm_cm1" else "published"
        print(f"{name:12} {standing} {known[name]:7.1f}, recomputed {found[name]:8.2f} ± "
              f"{errors[name]:.2f}")  # fmt: skip
    print(f"left over: {100.0 * two_step.areas.rms / data.maximum:.2f} % of the maximum")


def figure_4(fit: BandFit) -> list[Line]:
    """Van't Hoff law with and without ΔCp."""
    title("Figure 4: van't Hoff            ΔH, kJ/mol    ΔS, J/mol/K   ΔCp, J/mol/K")
    evidence = fit.evidence
    plain, curved = evidence.two_step.laws
    parts = ("dh_{}kj_mol", "ds_{}j_mol_k", "dcp_{}j_mol_k")

    def numbers(law, kind: str = "") -> tuple[float, ...]:
        return tuple(getattr(law, part.format(kind)) for part in parts)

    tables = load_two_state_parameters()
    printed = (tables.dh, tables.ds, tables.dcp)
    values, errors = zip(*((entry.value, entry.uncertainty) for entry in printed), strict=True)
    lines = [
        Line("published", values, errors, "published"),
        Line("two steps, errors as stated", numbers(curved), numbers(curved, "error_"), "chain"),
        Line("two steps, errors of centres in", numbers(curved), numbers(curved, "joint_error_"),
             "chain"),
        Line("one step", law_of(evidence.curved),
             tuple(evidence.curved.errors[name] for name in LAW), "chain"),
    ]  # fmt: skip
    for line in lines:
        show(line.name, line.values, line.errors)
    show("two steps, ΔCp 0 (assumed)", numbers(plain), numbers(plain, "error_"))
    print(f"rms of ln K about the law: {plain.rms:.3f} without ΔCp, {curved.rms:.3f} with; "
          f"BIC gain of ΔCp, one step: {evidence.bic_gain:.0f}")  # fmt: skip
    ln_k = float(ln_k_of_fit(evidence.curved, np.array([298.15]))[0])
    print(f"'log K' at room temperature: published about 0.6; recomputed ln K {ln_k:.2f}, "
          f"log10 K {ln_k / np.log(10.0):.2f}")  # fmt: skip
    return lines


def scheme_2(fit: BandFit) -> None:
    """Free energies and populations."""
    title("Scheme 2: ΔG and populations             -100 °C     25 °C    200 °C    equal at")
    celsius = np.array([-100.0, 25.0, 200.0])
    t = celsius + ZERO_CELSIUS_K
    for name, law in (("with ΔCp", fit.evidence.curved), ("ΔCp 0 (assumed)", fit.evidence.plain)):
        ln_k = ln_k_of_fit(law, t)
        loose = 1.0 / (1.0 + np.exp(-ln_k))
        energy = -1e-3 * GAS_CONSTANT_J_PER_MOL_K * t * ln_k
        print(f"{name + ': loose, %':38} " + "  ".join(f"{100 * f:8.1f}" for f in loose)
              + f"    {equal_populations(law)}")  # fmt: skip
        print(f"{name + ': ΔG, kJ/mol':38} " + "  ".join(f"{g:8.2f}" for g in energy))
    print("published: one species dominant at either end, nearly equal around 50 °C")


def linear_null(data: BandData) -> tuple[TwoStepFit, Line]:
    """One band that shifts in a straight line, forced through the same chain."""
    verdict = judge(data, baseline_order=1)
    title("(a) One linearly shifting band through the chain, centres held at 1596 and 1587")
    chain = forced(data)
    plain, curved = chain.laws
    line = Line(
        "one shifting band, not two states",
        (curved.dh_kj_mol, curved.ds_j_mol_k, curved.dcp_j_mol_k),
        (curved.dh_error_kj_mol, curved.ds_error_j_mol_k, curved.dcp_error_j_mol_k),
        "null",
    )
    show("two steps, errors as stated", line.values, line.errors, "published: 5.9, 22.0, 37")
    print(f"rms of ln K about the law: {plain.rms:.3f} without ΔCp, {curved.rms:.3f} with")
    fits = [outcome.fit for outcome in verdict.outcomes if outcome.fit is not None]
    rank = singular_values(data, baseline_order=1, noise=least_noise(data, fits))
    print(f"left over: {100.0 * chain.areas.rms / data.maximum:.2f} % of the maximum; third "
          f"singular value {rank.third_percent:.1f} % of the first, noise reaches "
          f"{rank.noise_edge_percent:.1f} %; verdict: {verdict.verdict.value}")  # fmt: skip
    law = one_step(data)
    centres = f"centres {law.parameters['tight_cm1']:.1f}, {law.parameters['loose_cm1']:.1f}"
    show("one step, centres free", law_of(law), tuple(law.errors[name] for name in LAW), centres)
    return chain, line


def other_centres(fit: BandFit) -> list[Line]:
    """Centres held 1 cm⁻¹ off."""
    title("(b) Centres held 1 cm⁻¹ off the optimum, one step")
    lines = []
    for case in (fit.evidence.centres.best, *fit.evidence.centres.cases):
        values = (case.dh_kj_mol, case.ds_j_mol_k, case.dcp_j_mol_k)
        show(case.name, values, None, f"left over {case.misfit_percent:.2f} %")
        if case.name in ("both outward", "both inward"):
            lines.append(Line(f"centres {case.name} by 1 cm⁻¹", values))
    return lines


def reflectance(strengths: tuple[float, ...]) -> Line:
    """Baseline-subtracted reflectance fitted as if it were linear in the absorber."""
    title("(c) Reflectance instead of Kubelka-Munk, no noise, one step")
    clean = simulated(TWO_STATES, published(), flaws=Imperfections(noise=0.0))
    try:
        fit_band(simulated_reflectance(clean), WINDOW_CM1)
    except InputError as error:
        print(f"as such it is refused: {str(error).partition('. ')[0]}")
    for strength in strengths:
        series = simulated_reflectance(clean, strength=strength)
        depth = max(np.ptp(spectrum.values) for spectrum in series.spectra)
        data = band_data(
            series.temperatures_k,
            AXIS_CM1,
            [1.0 - spectrum.values for spectrum in series.spectra],
            cycles=series.cycles,
        )
        fit = one_step(data)
        show(f"top F(R) {strength:.2f} on 0.1, depth {100 * depth:.0f} %", law_of(fit), None,
             f"left over {100 * fit.rms / data.maximum:.2f} %, centres "
             f"{fit.parameters['tight_cm1']:.1f}, {fit.parameters['loose_cm1']:.1f}")  # fmt: skip
    return Line(f"reflectance, depth {100 * depth:.0f} %", law_of(fit))


def hysteresis(lags_k: tuple[float, ...]) -> None:
    """A sample that lags behind the thermometer."""
    title("(d) Hysteresis: the sample lags behind the thermometer")
    for lag in lags_k:
        flaws = Imperfections(noise=ASSUMED.noise, baseline_drift=0.02, lag_k=lag)
        data = simulated(TWO_STATES, published(), flaws=flaws)
        verdict = judge(data, baseline_order=1)
        effect = verdict.reversibility.centre_effects[0]
        note = (
            f"cooling less heating {effect.mean_cm1:.2f} ± {effect.mean_error_cm1:.2f} cm⁻¹, "
            f"as if {effect.kelvin:.0f} K"
        )
        show(f"lag {lag:.0f} K: {verdict.verdict.value}", law_of(one_step(data)), None, note)


def what_would_tell(truths, ranges_c, noises) -> None:
    """Verdicts against what is true, range of temperature, and noise."""
    title("(e) What would tell: verdict, and per cent of the maximum by which the other is worse")
    print("7 temperatures, 3 cycles; systematics of 1 % assumed")
    heads = "".join(f"noise {100 * noise:3.1f} %".ljust(22) for noise in noises)
    print(f"{'true':22} {'range / °C':>12}  {heads}")
    for name, model, parameters in truths:
        for low, high in ranges_c:
            cells = []
            for noise in noises:
                found = judge(
                    simulated(
                        model,
                        parameters,
                        flaws=Imperfections(noise=noise, baseline_drift=0.02),
                        celsius=np.linspace(low, high, len(CELSIUS)),
                    ),
                    baseline_order=1,
                )
                excess = max(found.excess_one_band_percent, found.excess_two_states_percent)
                cells.append(f"{found.verdict.value} ({excess:.2f})".ljust(22))
            print(f"{name:22} {f'{low:.0f} to {high:.0f}':>12}  " + "".join(cells))


def extinction(data: BandData, fit: SeriesFit) -> Line:
    """The loose state may absorb more than the tight one: nothing in the spectra says."""
    title("(f) Extinction ratio r (loose/tight): the same fit for any r")
    for ratio in (0.5, 1.0, 2.0):
        found = one_step(data, TwoStateModel(heat_capacity=True, extinction_ratio=ratio))
        more = found.sum_of_squares / fit.sum_of_squares - 1.0
        show(f"r = {ratio:g}: equal {equal_populations(found)}", law_of(found), None,
             f"misfit {more:+.0e} relative")  # fmt: skip
    ln_k = float(ln_k_of_fit(fit, np.array([PRINTED_WIDEST_C + ZERO_CELSIUS_K]))[0])
    print(f"equal populations at 50 °C, as the paper says, need r = {np.exp(ln_k):.2f}")
    return Line("r = 2 (loose absorbs twice)", law_of(found))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--spectra", type=Path, metavar="FOLDER", help="keep the spectra there")
    parser.add_argument("--small", action="store_true", help="one case of each question")
    arguments = parser.parse_args()
    small = arguments.small
    data = simulated(TWO_STATES, published())
    fit = fitted(data) if arguments.spectra is None else fitted(data, arguments.spectra)
    print("Spectra simulated from published ΔH, ΔS, ΔCp and centres; FWHM 12 cm⁻¹, 1 % noise, "
          "2 % drift of the baseline, points every 2 cm⁻¹: assumed.")  # fmt: skip
    figure_2(fit)
    figure_3(fit.evidence.two_step, fit.data)
    figure_4(fit)
    scheme_2(fit)
    title(f"Verdict on these spectra: {fit.verdict.verdict.value}")
    print(*fit.verdict.reasons, sep="\n")
    rank = fit.evidence.singular
    print(f"third singular value {rank.third_percent:.1f} % of the first, noise reaches "
          f"{rank.noise_edge_percent:.1f} %")  # fmt: skip
    linear_null(simulated(OneBandModel(), ONE_BAND))
    other_centres(fit)
    reflectance((0.3,) if small else (0.1, 0.15, 0.3, 1.0))
    hysteresis((5.0,) if small else (2.0, 5.0, 10.0))
    truths = [
        (f"two states, FWHM {width:g}", TWO_STATES, published(width)) for width in (12.0, 16.0)
    ]
    truths.append(("one band, FWHM 15", OneBandModel(), ONE_BAND))
    if small:
        what_would_tell(truths[:1], ((-100.0, 200.0),), (0.01,))
    else:
        ranges = ((25.0, 200.0), (-50.0, 150.0), (-100.0, 200.0))
        what_would_tell(truths, ranges, (0.003, 0.01, 0.03))
    extinction(fit.data, fit.evidence.curved)


if __name__ == "__main__":
    main()
