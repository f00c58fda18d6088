"""What `reticulum fit` prints: the tables, the course, and the verdict at the end."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from reticulum.cli.fit_evidence_tables import print_evidence
from reticulum.cli.fit_tables import print_models, print_parameters, print_positions, print_text
from reticulum.spectra.leading_models import (
    leading_one_band,
    leading_oscillator,
    leading_two_state,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.spectra.band_fit import BandFit
    from reticulum.spectra.band_trend import BandTrend


def print_report(found: BandFit, written: Sequence[Path]) -> None:
    """Print a fit.

    Parameters
    ----------
    found
        The fit.
    written
        Files that were written.

    """
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)
    print_text(_preparation(found), "")
    print_positions(found)
    _print_courses(found)
    outcomes = found.verdict.outcomes
    print_models(outcomes)
    print_parameters(
        (leading_two_state(outcomes), leading_one_band(outcomes), leading_oscillator(outcomes))
    )
    if found.evidence is not None:
        print_evidence(found.evidence)
    _print_verdict(found)
    _print_files(written)


def _preparation(found: BandFit) -> str:
    """What was done to the spectra before, in one line."""
    steps = {tuple(step.name for step in steps) for steps in found.processing}
    order = {-1: "none", 0: "constant", 1: "straight line"}[found.settings.baseline_order]
    low, high = found.settings.window_cm1
    words = "; ".join(" → ".join(names) if names else "nothing" for names in sorted(steps))
    return (
        f"{found.data.n_spectra} spectra, {low:g} to {high:g} cm⁻¹, baseline in the fit: {order}. "
        f"Done before: {words}."
    )


def _print_courses(found: BandFit) -> None:
    for trend in (found.trend, found.width_trend):
        print_text(_slope(trend), trend.straightness.sentence, "")
    parts = [*found.trend.cycle_slopes, *found.trend.direction_slopes]
    if parts:
        print_text(
            "Slopes of the centre in parts, cm⁻¹/K: "
            + "; ".join(
                f"{part.part} {part.slope.slope_cm1_per_k:.4f} "
                f"({_interval(part.slope.interval_cm1_per_k)})"
                for part in parts
            )
            + ".",
            "",
        )
    returned = found.reversibility
    if returned is not None:
        print_text(f"Heating, cooling, cycles: {returned.verdict.value}.", *returned.sentences, "")


def _slope(trend: BandTrend) -> str:
    slope = trend.slope
    return (
        f"Slope of the {trend.quantity}: {slope.slope_cm1_per_k:.4f} cm⁻¹/K "
        f"(95 %: {_interval(slope.interval_cm1_per_k)}), robust "
        f"{slope.robust_slope_cm1_per_k:.4f} ({_interval(slope.robust_interval_cm1_per_k)})."
    )


def _interval(pair: tuple[float, float]) -> str:
    if not all(math.isfinite(end) for end in pair):
        return "no interval"
    return f"{pair[0]:.4f} to {pair[1]:.4f}"


def _print_verdict(found: BandFit) -> None:
    verdict = found.verdict
    print_text(f"Verdict: {verdict.verdict.value}.")
    print_text(*verdict.reasons, indent=2)
    if verdict.what_would_decide:
        print_text(f"What would decide: {verdict.what_would_decide}", indent=2)


def _print_files(written: Sequence[Path]) -> None:
    if not written:
        return
    folders: dict[Path, list[str]] = {}
    for path in written:
        folders.setdefault(path.parent, []).append(path.name)
    print_text(
        "",
        *(
            f"Written{'' if str(folder) == '.' else f' to {folder}'}: {', '.join(names)}"
            for folder, names in folders.items()
        ),
    )
