"""Simulated series as spectra: in absorbance or diffuse reflectance, in memory or in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from reticulum.errors import InputError
from reticulum.scratch import scratch_folder
from reticulum.spectra.band_data import BandData
from reticulum.spectra.conversion import kubelka_munk_reflectance
from reticulum.spectra.spectrum import Quantity, SpectralSeries, Spectrum
from reticulum.units import ZERO_CELSIUS_K

#: Headers of the values, from which `read_series` knows the quantity.
_HEADERS = {
    Quantity.ABSORBANCE: "absorbance",
    Quantity.KUBELKA_MUNK: "Kubelka-Munk F(R)",
    Quantity.REFLECTANCE: "reflectance",
}


def simulated_spectra(data: BandData, quantity: Quantity = Quantity.ABSORBANCE) -> SpectralSeries:
    """Series whose values are those of a simulation, which are linear in the amount of absorber.

    Parameters
    ----------
    data
        Simulated band.
    quantity
        Absorbance or Kubelka-Munk function.

    Raises
    ------
    InputError
        If the quantity is not linear in the amount of absorber.

    """
    if quantity not in (Quantity.ABSORBANCE, Quantity.KUBELKA_MUNK):
        raise InputError(
            f"A simulation is not {quantity}.",
            why="Its values are linear in the amount of absorber.",
            fix="Take absorbance or kubelka-munk, or simulated_reflectance.",
        )
    return SpectralSeries(
        spectra=tuple(
            Spectrum(
                wavenumbers_cm1=data.wavenumbers_cm1[number],
                values=data.values[number],
                quantity=quantity,
                temperature_k=float(data.temperatures_k[number]),
                cycle=int(data.cycles[number]),
                direction=data.directions[number],
                label=data.labels[number],
                source="simulated",
            )
            for number in range(data.n_spectra)
        )
    )


def simulated_reflectance(
    data: BandData,
    *,
    strength: float = 1.0,
    background: float = 0.1,
    noise: float = 0.0,
    seed: int = 0,
) -> SpectralSeries:
    """Diffuse reflectance of a powder whose Kubelka-Munk function is that of a simulation.

    *Valid when* scattering does not depend on wavenumber or temperature.

    Parameters
    ----------
    data
        Simulated band without noise of its own.
    strength
        Kubelka-Munk function at the top of the band.
    background
        Kubelka-Munk function that is added everywhere.
    noise
        Standard deviation of the noise of the reflectance, as a part of the depth of the band.
    seed
        Seed of the noise.

    Raises
    ------
    InputError
        If a number is impossible, or a value falls outside 0 to 1.

    """
    if not (np.isfinite([strength, background, noise]).all() and strength > 0.0 <= noise):
        raise InputError(
            f"A strength of {strength}, a background of {background} and a noise of {noise} "
            "cannot be simulated.",
            why="The strength is positive, the noise zero or more, and all are finite.",
            fix="Correct them.",
        )
    clean = [kubelka_munk_reflectance(strength * v + background) for v in data.values]
    depth = float(kubelka_munk_reflectance(np.array(background))) - min(v.min() for v in clean)
    random = np.random.default_rng(seed)
    spectra = []
    for number, spectrum in enumerate(simulated_spectra(data).spectra):
        values = clean[number] + noise * depth * random.normal(size=len(clean[number]))
        if not ((values > 0.0) & (values <= 1.0)).all():
            raise InputError(
                f"The reflectance of {spectrum.name} would run from {values.min():.3g} to "
                f"{values.max():.3g}.",
                why="It is a fraction between 0 and 1.",
                fix="Take a weaker band, more background or less noise.",
            )
        spectra.append(
            Spectrum(
                wavenumbers_cm1=spectrum.wavenumbers_cm1,
                values=values,
                quantity=Quantity.REFLECTANCE,
                temperature_k=spectrum.temperature_k,
                cycle=spectrum.cycle,
                direction=spectrum.direction,
                label=spectrum.label,
                source=spectrum.source,
            )
        )
    return SpectralSeries(spectra=tuple(spectra))


def write_simulated(
    series: SpectralSeries, folder: str | Path, *, remarks: tuple[str, ...] = ()
) -> tuple[Path, ...]:
    """Write a simulated series as CSV files into a new folder, whole or not at all.

    Quantity, temperature, cycle and direction stand in each file, so that `read_series` has to ask
    for nothing. Files are written in a hidden folder beside and moved at the end: a process that is
    killed leaves nothing under this name.

    Parameters
    ----------
    series
        Spectra with temperature and cycle.
    folder
        New, or empty.
    remarks
        Lines for the head of each file.

    Raises
    ------
    InputError
        If the folder holds something or cannot be written.

    """
    target = Path(folder).absolute()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(
            f"{folder} exists already.",
            why="Files in it could be overwritten.",
            fix="Give a new folder, or an empty one.",
        )
    try:
        with scratch_folder(target.parent) as scratch:
            draft = scratch / target.name
            draft.mkdir()
            names = [_write(spectrum, draft, remarks) for spectrum in series.spectra]
            if target.exists():
                target.rmdir()
            draft.replace(target)
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be written.",
            why=str(error.strerror or error),
            fix="Give a new folder in an existing one that you may write to.",
        ) from error
    return tuple(target / name for name in names)


def _write(spectrum: Spectrum, folder: Path, remarks: tuple[str, ...]) -> str:
    if spectrum.temperature_k is None:
        raise InputError(
            f"{spectrum.name} has no temperature.",
            why="It stands in the head of its file.",
            fix="Give one.",
        )
    celsius = spectrum.temperature_k - ZERO_CELSIUS_K
    lines = [
        *(f"# {remark}" for remark in remarks),
        f"# Temperature: {celsius:.10g} °C",
        f"# cycle: {spectrum.cycle}",
        *([] if spectrum.direction is None else [f"# direction: {spectrum.direction}"]),
        f"wavenumber (cm-1),{_HEADERS[spectrum.quantity]}",
        *(
            f"{x:.10g},{y:.10g}"
            for x, y in zip(spectrum.wavenumbers_cm1, spectrum.values, strict=True)
        ),
    ]
    name = f"cycle{spectrum.cycle}_{celsius:.10g}C.csv"
    if (folder / name).exists() and spectrum.direction is not None:
        name = f"cycle{spectrum.cycle}_{spectrum.direction}_{celsius:.10g}C.csv"
    if (folder / name).exists():
        raise InputError(
            f"Two spectra of the series would be called {name}.",
            why="Each spectrum has a file of its own.",
            fix="Leave repeats out.",
        )
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name
