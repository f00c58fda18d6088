"""Absorbance, Kubelka-Munk function and pseudo-absorbance from what was measured."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from reticulum.errors import InputError
from reticulum.spectra.spectrum import ProcessingStep, Quantity, Spectrum

#: Smallest transmittance or reflectance that is converted: 0.1 %, absorbance 3, the usual limit of
#: an infrared detector. Below it the number is stray light and offset.
SATURATION_FLOOR = 1e-3

#: Largest transmittance or reflectance: a few per cent above 1 are noise and an aged reference.
LARGEST_FRACTION = 1.1

#: Names of the steps made here.
PERCENT_TO_FRACTION = "percent to fraction"
TRANSMITTANCE_TO_ABSORBANCE = "transmittance to absorbance"
REFLECTANCE_TO_KUBELKA_MUNK = "reflectance to Kubelka-Munk"
REFLECTANCE_TO_PSEUDO_ABSORBANCE = "reflectance to pseudo-absorbance"

#: Names of the steps of `preprocessing` that shift or scale values. What is not linear (the
#: logarithm, Kubelka-Munk) has to come before them.
BASELINE = "baseline"
NORMALISE = "normalise"

#: Quantities that are proportional to the amount of absorber, or are meant to be.
QUANTITATIVE = (Quantity.ABSORBANCE, Quantity.KUBELKA_MUNK, Quantity.PSEUDO_ABSORBANCE)

_CONVERSIONS = (
    TRANSMITTANCE_TO_ABSORBANCE,
    REFLECTANCE_TO_KUBELKA_MUNK,
    REFLECTANCE_TO_PSEUDO_ABSORBANCE,
)

_HOW_TO_CONVERT = {
    Quantity.TRANSMITTANCE: (
        "Convert it first (reticulum fit ... --convert absorbance, in Python to_absorbance), then "
        "subtract the baseline."
    ),
    Quantity.REFLECTANCE: (
        "Convert it first (reticulum fit ... --convert kubelka-munk, in Python to_kubelka_munk), "
        "then subtract the baseline."
    ),
    Quantity.UNKNOWN: (
        "Say what the values are (reticulum fit ... --quantity NAME, in Python quantity=): "
        + ", ".join(q for q in Quantity)
        + "."
    ),
}


def percent_to_fraction(spectrum: Spectrum) -> Spectrum:
    """Transmittance or reflectance as a fraction, from per cent.

    Raises
    ------
    InputError
        If the values are something else, or were divided before.

    """
    _require(spectrum, (Quantity.TRANSMITTANCE, Quantity.REFLECTANCE), "a fraction")
    if any(step.name == PERCENT_TO_FRACTION for step in spectrum.steps):
        raise InputError(
            f"{spectrum.name} was divided by 100 before.",
            why="Its values are fractions already.",
            fix="Leave the second division out.",
        )
    return spectrum.after(
        ProcessingStep(name=PERCENT_TO_FRACTION, parameters={"divisor": 100.0}),
        values=spectrum.values / 100.0,
    )


def to_absorbance(spectrum: Spectrum, *, floor: float = SATURATION_FLOOR) -> Spectrum:
    """Decadic absorbance A = -log10 T.

    Parameters
    ----------
    spectrum
        Transmittance as a fraction.
    floor
        Smallest transmittance that is not taken for saturated.

    Raises
    ------
    InputError
        If the values are no transmittance, lie outside 0 to 1, are saturated, or had a baseline
        subtracted.

    """
    return _converted(
        spectrum,
        Quantity.TRANSMITTANCE,
        Quantity.ABSORBANCE,
        TRANSMITTANCE_TO_ABSORBANCE,
        floor=floor,
        law=lambda t: -np.log10(t),
    )


def to_kubelka_munk(spectrum: Spectrum, *, floor: float = SATURATION_FLOOR) -> Spectrum:
    """Kubelka-Munk function F = (1 - R)²/2R, proportional to the absorption coefficient.

    *Valid when* the powder is infinitely thick and diluted, the scattering does not depend on
    temperature, and R is relative to a non-absorbing reference.

    Parameters
    ----------
    spectrum
        Diffuse reflectance as a fraction.
    floor
        Smallest reflectance that is not taken for saturated.

    Raises
    ------
    InputError
        If the values are no reflectance, lie outside 0 to 1, are saturated, or had a baseline
        subtracted.

    """
    return _converted(
        spectrum,
        Quantity.REFLECTANCE,
        Quantity.KUBELKA_MUNK,
        REFLECTANCE_TO_KUBELKA_MUNK,
        floor=floor,
        law=lambda r: (1.0 - r) ** 2 / (2.0 * r),
    )


def kubelka_munk_reflectance(kubelka_munk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reflectance R = 1 + F - √(F² + 2F) of a Kubelka-Munk function, the inverse of F(R).

    Parameters
    ----------
    kubelka_munk
        F, zero or more, of any shape.

    Raises
    ------
    InputError
        If a value is negative or no number.

    """
    f = np.asarray(kubelka_munk, dtype=np.float64)
    bad = ~(np.isfinite(f) & (f >= 0.0))
    if bad.any():
        raise InputError(
            f"The Kubelka-Munk function is {f[bad][0]:g} at {int(bad.sum())} of {f.size} points.",
            why="It is K/S, which is not negative.",
            fix="Take a higher background.",
        )
    # the other form of 1 + F - sqrt(F² + 2F), which keeps its digits at large F
    return np.asarray(1.0 / (1.0 + f + np.sqrt(f * (f + 2.0))))


def to_pseudo_absorbance(spectrum: Spectrum, *, floor: float = SATURATION_FLOOR) -> Spectrum:
    """Pseudo-absorbance log10(1/R).

    *Valid when* bands are weak beside a strong background; it is not proportional to the
    absorption coefficient in general.

    Parameters
    ----------
    spectrum
        Reflectance as a fraction.
    floor
        Smallest reflectance that is not taken for saturated.

    Raises
    ------
    InputError
        As for `to_kubelka_munk`.

    """
    return _converted(
        spectrum,
        Quantity.REFLECTANCE,
        Quantity.PSEUDO_ABSORBANCE,
        REFLECTANCE_TO_PSEUDO_ABSORBANCE,
        floor=floor,
        law=lambda r: -np.log10(r),
    )


def require_quantitative(spectrum: Spectrum) -> None:
    """Refuse a spectrum whose values are not proportional to the amount of absorber.

    A two-state fit of baseline-subtracted reflectance returned ΔH 4.78 kJ/mol for a true 5.90.

    Raises
    ------
    InputError
        If it is transmittance, reflectance or of an unknown quantity, or was converted after a
        baseline had been subtracted.

    """
    if spectrum.quantity not in QUANTITATIVE:
        if spectrum.quantity is Quantity.UNKNOWN:
            what = f"It is not known what the values of {spectrum.name} are."
        elif any(step.name == BASELINE for step in spectrum.steps):
            what = f"{spectrum.name} is {spectrum.quantity} with a baseline subtracted."
        else:
            what = f"{spectrum.name} is {spectrum.quantity}."
        raise InputError(
            what,
            why=(
                "Areas have to be proportional to the amount of absorber: a fit of "
                "baseline-subtracted reflectance returned ΔH 4.78 kJ/mol for a true 5.90."
            ),
            fix=_HOW_TO_CONVERT[spectrum.quantity],
        )
    names = [step.name for step in spectrum.steps]
    for conversion in _CONVERSIONS:
        if conversion in names and BASELINE in names[: names.index(conversion)]:
            raise InputError(
                f"A baseline was subtracted from {spectrum.name} before it was converted.",
                why="The conversion is not linear, so that areas come out wrong.",
                fix="Convert first, then subtract the baseline.",
            )


def _require(spectrum: Spectrum, allowed: tuple[Quantity, ...], aim: str) -> None:
    if spectrum.quantity not in allowed:
        unknown = spectrum.quantity is Quantity.UNKNOWN
        shown = "of an unknown quantity" if unknown else str(spectrum.quantity)
        raise InputError(
            f"{spectrum.name} is {shown}, not {' or '.join(allowed)}.",
            why=f"Only that can be turned into {aim}.",
            fix="If the values are that, say so with quantity= when they are read.",
        )


def _converted(
    spectrum: Spectrum,
    origin: Quantity,
    aim: Quantity,
    step: str,
    *,
    floor: float,
    law: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Spectrum:
    _require(spectrum, (origin,), str(aim))
    if not (np.isfinite(floor) and floor > 0.0):
        raise InputError(
            f"The floor {floor} is not a positive number.",
            why="The logarithm and 1/R have no value at zero.",
            fix=f"Leave it at {SATURATION_FLOOR}.",
        )
    shifted = [entry.name for entry in spectrum.steps if entry.name in (BASELINE, NORMALISE)]
    if shifted:
        raise InputError(
            f"{spectrum.name} cannot become {aim} after the step '{shifted[0]}'.",
            why="The conversion is not linear: it needs the measured fractions.",
            fix="Convert first, then subtract the baseline or normalise.",
        )
    _check_fractions(spectrum, origin, floor)
    return spectrum.after(
        ProcessingStep(name=step, parameters={"floor": floor}),
        values=law(spectrum.values),
        quantity=aim,
    )


def _check_fractions(spectrum: Spectrum, origin: Quantity, floor: float) -> None:
    values, axis = spectrum.values, spectrum.wavenumbers_cm1
    for bad, word in ((values < 0.0, "negative"), (values > LARGEST_FRACTION, "above 1")):
        if bad.any():
            worst = int(np.argmin(values) if word == "negative" else np.argmax(values))
            raise InputError(
                f"The {origin} of {spectrum.name} is {word}: {values[worst]:.4g} at "
                f"{axis[worst]:g} cm⁻¹ ({int(bad.sum())} of {len(values)} points).",
                why="It is a fraction between 0 and 1.",
                fix=(
                    "Cut the range out, or measure against another reference."
                    if word == "negative"
                    else "If the values are per cent, use percent_to_fraction or percent=True."
                ),
            )
    saturated = values <= floor
    if saturated.any():
        lowest = int(np.argmin(values))
        raise InputError(
            f"{spectrum.name} is saturated at {int(saturated.sum())} of {len(values)} points, "
            f"{axis[saturated].min():g} to {axis[saturated].max():g} cm⁻¹: {origin} "
            f"{values[lowest]:.3g} at {axis[lowest]:g} cm⁻¹.",
            why=f"At or below {floor:g} the number says nothing about the amount of absorber.",
            fix="Cut a window without this range, dilute the sample, or give a lower floor.",
        )
