"""Tables of `reticulum fit`, readable in 80 columns."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import typer

from reticulum.cli.console import print_table, standard_output
from reticulum.spectra.parameter_names import digits_for, symbol, value_words
from reticulum.units import ZERO_CELSIUS_K

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reticulum.spectra.band_fit import BandFit
    from reticulum.spectra.model_comparison import ModelOutcome

#: Signs of directions.
_SIGNS = {"heating": "↑", "cooling": "↓", None: ""}

#: Names of spectra are cut in the middle to so many characters.
_LONGEST_NAME = 26


def print_positions(found: BandFit) -> None:
    """Print centre and width of one band in each spectrum."""
    data, positions = found.data, found.positions
    centre = digits_for(float(np.median(positions.centre_errors_cm1)))
    width = digits_for(float(np.median(positions.fwhm_errors_cm1)))
    print_table(
        f"One {positions.shape.value} band in each spectrum (↑ heating, ↓ cooling)",
        ("spectrum", "T, °C ", "cycle ", "centre, cm⁻¹ ", "FWHM, cm⁻¹ "),
        [
            (
                _cut(data.labels[n]),
                f"{data.temperatures_k[n] - ZERO_CELSIUS_K:.1f}{_SIGNS[data.directions[n]]}",
                str(data.cycles[n]),
                f"{positions.centres_cm1[n]:.{centre}f} ± "
                f"{positions.centre_errors_cm1[n]:.{centre}f}",
                f"{positions.fwhms_cm1[n]:.{width}f} ± {positions.fwhm_errors_cm1[n]:.{width}f}",
            )
            for n in range(data.n_spectra)
        ],
    )


def print_models(outcomes: Sequence[ModelOutcome]) -> None:
    """Print every model with its misfit and criteria, best of each picture first."""
    if not outcomes:
        return
    bic = min(outcome.bic for outcome in outcomes)
    aicc = min(outcome.aicc for outcome in outcomes)
    rows: list[tuple[str, ...]] = []
    for picture in dict.fromkeys(outcome.picture for outcome in outcomes):
        members = [o for o in outcomes if o.picture is picture]
        rows.append((f"{picture.value}:", "", "", ""))
        rows += [
            (
                "  "
                + outcome.name.partition(", ")[2]
                + (f" ({outcome.flaw})" if outcome.flaw else ""),
                f"{outcome.misfit_percent:.2f}",
                _difference(outcome.bic, bic),
                _difference(outcome.aicc, aicc),
            )
            for outcome in sorted(members, key=lambda entry: entry.bic)
        ]
    print_table(
        "Models of the whole series; misfit: rms in % of the maximum",
        ("model", "misfit ", "ΔBIC ", "ΔAICc "),
        rows,
    )


def print_parameters(outcomes: Iterable[ModelOutcome | None]) -> None:
    """Print the shared parameters of some models."""
    for outcome in outcomes:
        if outcome is None or outcome.fit is None:
            continue
        fit, errors = outcome.fit, outcome.fit.errors
        rows = []
        for name, value in fit.parameters.items():
            label, unit = symbol(name)
            how = "held" if name in fit.held else "at its limit" if name in fit.at_bound else ""
            rows.append((label, value_words(value, errors[name]), unit, how))
        print_table(outcome.name, ("parameter", "value ± standard error ", "unit", ""), rows)


def print_text(*paragraphs: str, indent: int = 0) -> None:
    """Print sentences, wrapped at words to the width of the terminal; an empty one is a gap."""
    width, space = standard_output().width, " " * indent
    for paragraph in paragraphs:
        typer.echo(
            textwrap.fill(
                paragraph,
                width,
                initial_indent=space,
                subsequent_indent=space,
                break_long_words=False,
                break_on_hyphens=False,
            )
        )


def _difference(value: float, best: float) -> str:
    return f"{value - best:.0f}" if math.isfinite(value) and math.isfinite(best) else "-"


def _cut(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    half = (_LONGEST_NAME - 1) // 2
    return f"{name[: _LONGEST_NAME - 1 - half]}…{name[-half:]}"
