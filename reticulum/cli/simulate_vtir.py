"""`reticulum simulate-vtir`: a folder of synthetic spectra, to see what data could prove."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli.console import reporting

if TYPE_CHECKING:
    from reticulum.spectra.band_models import BandModel

#: Options of each picture and their defaults. Two states: the published parameters of HKUST-1
#: [Andreeva2020]. The others shift a band there by about as much (assumed).
_PICTURES: dict[str, dict[str, float | None]] = {
    "two-states": {
        "tight": 1596.0, "loose": 1587.0, "dh": 5.9, "ds": 22.0, "dcp": 37.0, "fwhm_loose": None,
    },
    "one-band": {"centre": 1591.0, "slope": -0.02, "curvature": 0.0, "broadening": 0.0},
    "oscillator": {"origin": 1596.0, "per_quantum": -4.0, "slow_mode": 150.0},
}  # fmt: skip

_QUANTITIES = ("absorbance", "kubelka-munk", "reflectance")

#: Half of the axis in units of the width.
_HALF_AXIS = 4.0

#: Most points of all spectra together, as in `simulate_series`.
_MOST_POINTS = 5e6


def simulate_vtir(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="New folder for the spectra.")],
    picture: Annotated[
        str, typer.Option("--picture", metavar="KIND", help="two-states, one-band or oscillator.")
    ] = "two-states",
    tight: Annotated[
        float | None, typer.Option(help="Two states: centre of the tight one, cm⁻¹  [1596].")
    ] = None,
    loose: Annotated[
        float | None, typer.Option(help="Two states: centre of the loose one, cm⁻¹  [1587].")
    ] = None,
    dh: Annotated[float | None, typer.Option(help="Two states: ΔH, kJ/mol  [5.9].")] = None,
    ds: Annotated[float | None, typer.Option(help="Two states: ΔS, J/mol/K  [22].")] = None,
    dcp: Annotated[float | None, typer.Option(help="Two states: ΔCp, J/mol/K  [37].")] = None,
    fwhm_loose: Annotated[
        float | None, typer.Option(help="Two states: width of the loose one, cm⁻¹  [--fwhm].")
    ] = None,
    centre: Annotated[
        float | None, typer.Option(help="One band: centre at 25 °C, cm⁻¹  [1591].")
    ] = None,
    slope: Annotated[
        float | None, typer.Option(help="One band: slope at 25 °C, cm⁻¹/K  [-0.02].")
    ] = None,
    curvature: Annotated[
        float | None, typer.Option(help="One band: curvature, cm⁻¹/(100 K)²  [0].")
    ] = None,
    broadening: Annotated[
        float | None, typer.Option(help="One band: change of the width, cm⁻¹/K  [0].")
    ] = None,
    origin: Annotated[
        float | None, typer.Option(help="Oscillator: band at 0 K, cm⁻¹  [1596].")
    ] = None,
    per_quantum: Annotated[
        float | None, typer.Option(help="Oscillator: shift per quantum, cm⁻¹  [-4].")
    ] = None,
    slow_mode: Annotated[
        float | None, typer.Option(help="Oscillator: wavenumber of the slow mode, cm⁻¹  [150].")
    ] = None,
    fwhm: Annotated[float, typer.Option(help="Full width at half maximum, cm⁻¹.")] = 12.0,
    shape: Annotated[
        str, typer.Option(metavar="KIND", help="gaussian, lorentzian or pseudo-voigt.")
    ] = "gaussian",
    eta: Annotated[
        float | None, typer.Option(help="Lorentzian part of a pseudo-Voigt, 0 to 1  [0.3].")
    ] = None,
    cold: Annotated[float, typer.Option(help="Lowest temperature, °C.")] = -100.0,
    hot: Annotated[float, typer.Option(help="Highest temperature, °C.")] = 200.0,
    step: Annotated[float, typer.Option(help="Step of temperature, K.")] = 50.0,
    cycles: Annotated[int, typer.Option(help="Cycles; odd ones heat, even ones cool.")] = 3,
    spacing: Annotated[float, typer.Option(help="Spacing of points, cm⁻¹.")] = 2.0,
    noise: Annotated[float, typer.Option(help="Noise, part of the maximum.")] = 0.01,
    scatter: Annotated[float, typer.Option(help="Relative scatter of areas.")] = 0.0,
    drift: Annotated[float, typer.Option(help="Drift of the baseline, part of the maximum.")] = 0.0,
    bow: Annotated[float, typer.Option(help="Curved baseline, part of the maximum.")] = 0.0,
    lag: Annotated[float, typer.Option(help="Hysteresis, K.")] = 0.0,
    cycle_shift: Annotated[
        float, typer.Option(help="Shift of the axis from cycle to cycle, cm⁻¹.")
    ] = 0.0,
    conversion: Annotated[
        float, typer.Option(help="Two states: rise of ln K from cycle to cycle.")
    ] = 0.0,
    quantity: Annotated[
        str,
        typer.Option(metavar="NAME", help="absorbance, kubelka-munk or (diffuse) reflectance."),
    ] = "absorbance",
    seed: Annotated[int, typer.Option(help="The same seed gives the same spectra.")] = 0,
) -> None:
    """Write synthetic spectra at several temperatures, for reticulum fit.

    The defaults are the published tight/loose parameters of HKUST-1; the width, the noise and the
    spacing are assumed.
    """
    given = {
        "tight": tight, "loose": loose, "dh": dh, "ds": ds, "dcp": dcp, "fwhm_loose": fwhm_loose,
        "centre": centre, "slope": slope, "curvature": curvature, "broadening": broadening,
        "origin": origin, "per_quantum": per_quantum, "slow_mode": slow_mode,
    }  # fmt: skip
    common: dict[str, float] = {
        "fwhm": fwhm, "cold": cold, "hot": hot, "step": step, "cycles": cycles, "spacing": spacing,
        "noise": noise, "scatter": scatter, "drift": drift, "bow": bow, "lag": lag,
        "cycle_shift": cycle_shift, "conversion": conversion, "seed": seed,
    }  # fmt: skip
    with reporting():
        import numpy as np

        from reticulum.cli.order_files import require_new_folder
        from reticulum.spectra.simulated_spectra import (
            simulated_reflectance,
            simulated_spectra,
            write_simulated,
        )
        from reticulum.spectra.simulation import Imperfections, simulate_series
        from reticulum.spectra.spectrum import Quantity
        from reticulum.units import ZERO_CELSIUS_K

        chosen = _chosen(picture, given)
        mixing = _mixing(shape, eta)
        _check(common, quantity, picture)
        model, values, (low, high) = _model(picture, chosen, fwhm, shape, mixing)
        axis = _axis(low, high, spacing, n_spectra=cycles * ((hot - cold) / step + 1.0))
        require_new_folder(folder)
        celsius = np.arange(cold, hot + 1e-9 * step, step)
        in_reflectance = quantity == Quantity.REFLECTANCE.value
        data = simulate_series(
            model,
            values,
            list(celsius + ZERO_CELSIUS_K),
            axis,
            cycles=cycles,
            imperfections=Imperfections(
                noise=0.0 if in_reflectance else noise,
                area_scatter=scatter,
                baseline_drift=drift,
                baseline_curvature=bow,
                lag_k=lag,
                cycle_change_cm1=cycle_shift,
                conversion_ln_k=conversion,
            ),
            seed=seed,
        )
        series = (
            simulated_reflectance(data, noise=noise, seed=seed)
            if in_reflectance
            else simulated_spectra(data, Quantity(quantity))
        )
        stated = {"picture": picture, **chosen, "shape": shape, "eta": mixing, **common}
        words = " ".join(
            f"--{name.replace('_', '-')} {value}"
            for name, value in {**stated, "quantity": quantity}.items()
            if value is not None
        )
        write_simulated(series, folder, remarks=(f"made with reticulum simulate-vtir {words}",))
        typer.echo(
            f"{data.n_spectra} spectra written to {folder}. Fit them with: reticulum fit {folder} "
            f"--window {axis[0]:g} {axis[-1]:g}"
            + (" --convert kubelka-munk" if in_reflectance else "")
        )


def _chosen(picture: str, given: dict[str, float | None]) -> dict[str, float | None]:
    """Options of the picture with their defaults; those of other pictures are refused."""
    from reticulum.errors import InputError

    if picture not in _PICTURES:
        raise InputError(
            f"The picture {picture!r} is not known.", fix=f"Give {' or '.join(_PICTURES)}."
        )
    own = _PICTURES[picture]
    for name, value in given.items():
        if value is not None and name not in own:
            raise InputError(
                f"--{name.replace('_', '-')} was given with --picture {picture}.",
                why="It belongs to another picture and would be left out in silence.",
                fix="Leave it out, or take the other picture.",
            )
    return {name: default if given[name] is None else given[name] for name, default in own.items()}


def _mixing(shape: str, eta: float | None) -> float | None:
    from reticulum.errors import InputError

    shapes = ("gaussian", "lorentzian", "pseudo-voigt")
    if shape not in shapes:
        raise InputError(f"The shape {shape!r} is not known.", fix=f"Give {' or '.join(shapes)}.")
    if shape != "pseudo-voigt" and eta is not None:
        raise InputError(
            f"--eta was given with --shape {shape}.",
            why="Only a pseudo-Voigt is mixed.",
            fix="Leave it out, or take --shape pseudo-voigt.",
        )
    return (0.3 if eta is None else eta) if shape == "pseudo-voigt" else None


def _check(numbers: dict[str, float], quantity: str, picture: str) -> None:
    from reticulum.errors import InputError
    from reticulum.units import ZERO_CELSIUS_K

    if quantity not in _QUANTITIES:
        raise InputError(
            f"The quantity {quantity!r} cannot be simulated.",
            fix=f"Give {' or '.join(_QUANTITIES)}.",
        )
    for name, value in numbers.items():
        if not math.isfinite(value):
            raise InputError(
                f"--{name.replace('_', '-')} is {value}.", why="It has to be a finite number.",
                fix="Correct it.",
            )  # fmt: skip
    if numbers["seed"] < 0:
        raise InputError(f"The seed is {numbers['seed']}.", fix="Give 0 or a positive number.")
    if not numbers["cold"] > -ZERO_CELSIUS_K:
        raise InputError(
            f"--cold is {numbers['cold']:g} °C.", why="That is below absolute zero.",
            fix="Give °C, not K.",
        )  # fmt: skip
    positive = ("step", "spacing", "fwhm")
    if not (min(numbers[n] for n in positive) > 0.0 and numbers["hot"] > numbers["cold"]):
        raise InputError(
            "Steps, spacing and width must be positive, and the range of temperature must run "
            "upwards.",
            fix="Check --cold, --hot, --step, --spacing and --fwhm.",
        )
    if numbers["step"] > 0.5 * (numbers["hot"] - numbers["cold"]):
        raise InputError(
            f"A step of {numbers['step']:g} K from {numbers['cold']:g} to {numbers['hot']:g} °C "
            "gives fewer than three temperatures.",
            why="A dependence on temperature needs three.",
            fix="Take a smaller --step.",
        )
    if numbers["conversion"] and picture != "two-states":
        raise InputError(
            f"--conversion was given with --picture {picture}.",
            why="Only two states convert.",
            fix="Leave it out.",
        )


def _model(
    picture: str,
    chosen: dict[str, float | None],
    fwhm: float,
    shape: str,
    mixing: float | None,
) -> tuple[BandModel, dict[str, float], tuple[float, float]]:
    """Model, its parameters, and ends of an axis with room for the band."""
    from reticulum.spectra.band_models import HotBandModel, OneBandModel, TwoStateModel
    from reticulum.spectra.line_shapes import LineShape

    named = {name: value for name, value in chosen.items() if value is not None}
    values = {} if mixing is None else {"eta": mixing}
    form, widest = LineShape(shape), fwhm
    model: BandModel
    if picture == "two-states":
        other = named.get("fwhm_loose", fwhm)
        widest = max(fwhm, other)
        model = TwoStateModel(heat_capacity=True, equal_widths=other == fwhm, shape=form)
        values |= {
            "tight_cm1": named["tight"], "loose_cm1": named["loose"], "fwhm_cm1": fwhm,
            "fwhm_tight_cm1": fwhm, "fwhm_loose_cm1": other, "dh_kj_mol": named["dh"],
            "ds_j_mol_k": named["ds"], "dcp_j_mol_k": named["dcp"],
        }  # fmt: skip
        middle = 0.5 * (named["tight"] + named["loose"])
    elif picture == "one-band":
        model = OneBandModel(centre_order=2, width_order=1, shape=form)
        values |= {
            "centre_0": named["centre"], "centre_1": 100.0 * named["slope"],
            "centre_2": named["curvature"], "fwhm_0": fwhm, "fwhm_1": 100.0 * named["broadening"],
        }  # fmt: skip
        middle = named["centre"]
    else:
        model = HotBandModel(shape=form)
        values |= {
            "origin_cm1": named["origin"], "shift_per_quantum_cm1": named["per_quantum"],
            "mode_cm1": named["slow_mode"], "fwhm_cm1": fwhm,
        }  # fmt: skip
        middle = named["origin"] + named["per_quantum"]
    half = _HALF_AXIS * widest
    return (
        model,
        {name: values[name] for name in model.parameters},
        (middle - half, middle + half),
    )


def _axis(low: float, high: float, spacing: float, *, n_spectra: float) -> list[float]:
    import numpy as np

    from reticulum.errors import InputError

    if (high - low) / spacing * n_spectra > _MOST_POINTS:
        raise InputError(
            f"{n_spectra:.0f} spectra of {(high - low) / spacing:.0f} points are asked for.",
            why=f"More than {_MOST_POINTS:.0e} points in all are surely a slip.",
            fix="Take a wider --spacing or --step, or fewer --cycles.",
        )
    half = round(0.5 * (high - low) / spacing) * spacing
    middle = 0.5 * (low + high)
    return list(np.arange(middle - half, middle + half + 0.5 * spacing, spacing))
