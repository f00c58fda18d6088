"""What the options of `reticulum fit` mean: preparation and settings, contradictions refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reticulum.errors import InputError

if TYPE_CHECKING:
    from reticulum.spectra.preparation import Preparation

#: Baselines of the fit by name and their order.
BASELINE_ORDERS = {"none": -1, "constant": 0, "line": 1}

#: Masks that --mask-air stands for.
_AIR = ("co2", "water")


def preparation_from(
    *,
    convert: str | None,
    masks: Sequence[str],
    mask_air: bool,
    subtract_baseline: str | None,
    baseline_window: tuple[float, float] | None,
    baseline_settings: Sequence[str],
    normalise: str | None,
    reference_band: tuple[float, float] | None,
    window: tuple[float, float],
) -> Preparation:
    """Preparation from the options of the command.

    Raises
    ------
    InputError
        If an option is not known, belongs to another one that is missing, or a mask covers the
        whole window.

    """
    from reticulum.spectra.preparation import CONVERSIONS, NAMED_MASKS, Preparation
    from reticulum.spectra.spectrum import Quantity

    if convert is not None and convert not in [quantity.value for quantity in CONVERSIONS]:
        raise InputError(
            f"There is no conversion to {convert!r}.",
            fix="Give one of: " + ", ".join(quantity.value for quantity in CONVERSIONS) + ".",
        )
    if subtract_baseline is None:
        require_absent(
            {"--baseline-window": baseline_window, "--baseline-setting": baseline_settings},
            why="It belongs to --subtract-baseline, which is not given.",
        )
    if (normalise == "reference-band") != (reference_band is not None):
        raise InputError(
            "--normalise reference-band and --reference-band LOW HIGH belong together.",
            why="One of them is missing.",
            fix="Give both.",
        )
    preparation = Preparation(
        convert=None if convert is None else Quantity(convert),
        masks=(*(_mask(text) for text in masks), *(_AIR if mask_air else ())),
        baseline=subtract_baseline,
        baseline_window_cm1=baseline_window,
        baseline_settings=dict(_setting(text) for text in baseline_settings),
        normalisation=normalise,
        reference_band_cm1=reference_band,
    )
    low, high = sorted(window)
    for mask in preparation.masks:
        first, last = sorted(NAMED_MASKS[mask] if isinstance(mask, str) else mask)
        if first <= low and high <= last:
            name = f"{mask}, " if isinstance(mask, str) else ""
            raise InputError(
                f"The mask {name}{first:g} to {last:g} cm⁻¹, covers the whole window, {low:g} to "
                f"{high:g} cm⁻¹.",
                why="Nothing would be left to fit.",
                fix="Mask the single lines instead: --mask 'LOW HIGH', repeated.",
            )
    return preparation


def settings_from(
    *,
    window: tuple[float, float] | None,
    baseline: str | None,
    shape: str | None,
    systematics: float | None,
    extinction_ratio: float | None,
    extinction_factor: float | None,
    bootstrap: int | None,
    seed: int | None,
    evidence: bool | None,
) -> dict[str, Any]:
    """Return the fields of `FitSettings` that options give; the others keep their defaults.

    Raises
    ------
    InputError
        If a name is not known, or an option has no meaning beside another one.

    """
    from reticulum.spectra.line_shapes import LineShape

    belonging = {
        "--bootstrap": bootstrap,
        "--seed": seed,
        "--extinction-factor": extinction_factor,
    }
    if evidence is False:
        require_absent(belonging, why="It belongs to the evidence, which --no-evidence leaves out.")
    elif any(value is not None for value in belonging.values()):
        evidence = True  # also where a saved fit has none
    if baseline is not None and baseline not in BASELINE_ORDERS:
        raise InputError(
            f"The baseline {baseline!r} is not known.",
            fix=f"Give one of: {', '.join(BASELINE_ORDERS)}.",
        )
    shapes = [entry.value for entry in LineShape]
    if shape is not None and shape not in shapes:
        raise InputError(f"The shape {shape!r} is not known.", fix=f"Give one of: "
                         f"{', '.join(shapes)}.")  # fmt: skip
    given: dict[str, Any] = {
        "window_cm1": window,
        "baseline_order": None if baseline is None else BASELINE_ORDERS[baseline],
        "shape": None if shape is None else LineShape(shape),
        "systematics_percent": systematics,
        "extinction_ratio": extinction_ratio,
        "extinction_factor": extinction_factor,
        "bootstrap_samples": bootstrap,
        "seed": seed,
        "evidence": evidence,
    }
    return {name: value for name, value in given.items() if value is not None}


def require_absent(options: Mapping[str, object], *, why: str) -> None:
    """Refuse the first option that is given although it has no meaning here."""
    for name, value in options.items():
        if value not in (None, False, [], ()):
            raise InputError(f"{name} has no meaning here.", why=why, fix=f"Leave {name} out.")


def _mask(text: str) -> str | tuple[float, float]:
    """Range or name of a mask."""
    parts = text.replace(",", " ").split()
    if len(parts) != 2:
        return text.strip()
    try:
        low, high = sorted(float(part) for part in parts)
    except ValueError as error:
        raise InputError(
            f"The mask {text!r} is no range.", why=f"{error}.", fix="Give --mask '1558 1561'."
        ) from error
    return low, high


def _setting(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError as error:
        raise InputError(
            f"The setting {text!r} of the baseline cannot be read.",
            why="It lacks the sign =." if not equals else f"{value!r} is no number.",
            fix="Give --baseline-setting lam=1e6, for instance.",
        ) from error
