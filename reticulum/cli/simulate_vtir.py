"""`reticulum simulate-vtir`: a folder of synthetic spectra, to see what data could prove."""

from __future__ import annotations

from typing import Annotated

import typer

from reticulum.cli.console import reporting

#: Pictures by name.
_PICTURES = ("two-states", "one-band")


def simulate_vtir(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="New folder for the spectra.")],
    picture: Annotated[
        str, typer.Option("--picture", metavar="KIND", help="two-states or one-band.")
    ] = "two-states",
    tight: Annotated[float, typer.Option(help="Centre of the tight component, cm⁻¹.")] = 1596.0,
    loose: Annotated[float, typer.Option(help="Centre of the loose component, cm⁻¹.")] = 1587.0,
    dh: Annotated[float, typer.Option(help="ΔH, kJ/mol.")] = 5.9,
    ds: Annotated[float, typer.Option(help="ΔS, J/mol/K.")] = 22.0,
    dcp: Annotated[float, typer.Option(help="ΔCp, J/mol/K.")] = 37.0,
    centre: Annotated[float, typer.Option(help="One band: centre at 25 °C, cm⁻¹.")] = 1591.0,
    slope: Annotated[float, typer.Option(help="One band: slope, cm⁻¹/K.")] = -0.02,
    fwhm: Annotated[float, typer.Option(help="Full width at half maximum, cm⁻¹.")] = 12.0,
    cold: Annotated[float, typer.Option(help="Lowest temperature, °C.")] = -100.0,
    hot: Annotated[float, typer.Option(help="Highest temperature, °C.")] = 200.0,
    step: Annotated[float, typer.Option(help="Step of temperature, K.")] = 50.0,
    cycles: Annotated[int, typer.Option(help="Cycles; even ones run backwards.")] = 3,
    spacing: Annotated[float, typer.Option(help="Spacing of points, cm⁻¹.")] = 2.0,
    noise: Annotated[float, typer.Option(help="Noise, part of the maximum.")] = 0.01,
    scatter: Annotated[float, typer.Option(help="Relative scatter of areas.")] = 0.0,
    drift: Annotated[float, typer.Option(help="Drift of the baseline, part of the maximum.")] = 0.0,
    lag: Annotated[float, typer.Option(help="Hysteresis, K.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same spectra.")] = 0,
) -> None:
    """Write synthetic spectra at several temperatures, for reticulum fit.

    The defaults are the published tight/loose parameters of HKUST-1; the width, the noise and the
    spacing are assumed.
    """
    with reporting():
        from pathlib import Path

        import numpy as np

        from reticulum.cli.order_files import require_new_folder
        from reticulum.errors import InputError
        from reticulum.provenance import write_text_atomically
        from reticulum.spectra.band_models import BandModel, OneBandModel, TwoStateModel
        from reticulum.spectra.simulation import Imperfections, simulate_series
        from reticulum.units import ZERO_CELSIUS_K

        if picture not in _PICTURES:
            raise InputError(
                f"The picture {picture!r} is not known.", fix=f"Give {' or '.join(_PICTURES)}."
            )
        if not (step > 0.0 and hot > cold and spacing > 0.0 and fwhm > 0.0):
            raise InputError(
                "Steps, spacing and width must be positive, and the range of temperature must "
                "run upwards.",
                fix="Check --cold, --hot, --step, --spacing and --fwhm.",
            )
        require_new_folder(folder)
        model: BandModel
        if picture == "two-states":
            model = TwoStateModel(heat_capacity=True)
            values = [tight, loose, fwhm, dh, ds, dcp]
            middle = 0.5 * (tight + loose)
        else:
            model = OneBandModel()
            values = [centre, 100.0 * slope, fwhm]
            middle = centre
        half = round(4.0 * fwhm / spacing) * spacing
        axis = np.arange(middle - half, middle + half + 0.5 * spacing, spacing)
        celsius = np.arange(cold, hot + 1e-9, step)
        data = simulate_series(
            model,
            dict(zip(model.parameters, values, strict=True)),
            list(celsius + ZERO_CELSIUS_K),
            list(axis),
            cycles=cycles,
            imperfections=Imperfections(
                noise=noise, area_scatter=scatter, baseline_drift=drift, lag_k=lag
            ),
            seed=seed,
        )
        target = Path(folder)
        target.mkdir(exist_ok=True)
        stated = ", ".join(f"{k} {v:g}" for k, v in zip(model.parameters, values, strict=True))
        for number in range(data.n_spectra):
            t = data.temperatures_k[number] - ZERO_CELSIUS_K
            lines = [
                f"# simulated: {model.name}; {stated}; noise {noise:g}, seed {seed}",
                "wavenumber (cm-1),absorbance",
                *(
                    f"{x:.4f},{y:.8f}"
                    for x, y in zip(data.wavenumbers_cm1[number], data.values[number], strict=True)
                ),
            ]
            name = f"cycle{data.cycles[number]}_{t:g}C.csv"
            write_text_atomically(target / name, "\n".join(lines) + "\n")
        typer.echo(
            f"{data.n_spectra} spectra written to {folder}. Fit them with: reticulum fit {folder} "
            f"--window {axis[0]:g} {axis[-1]:g}"
        )
