"""`reticulum fit`: one band of a folder of spectra, its shift, and what the shift can prove."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.cli.console import check_json_target, print_table, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from reticulum.spectra.band_fit import BandFit
    from reticulum.spectra.spectrum import SpectralSeries

#: Baselines by name and their order.
_BASELINES = {"none": -1, "constant": 0, "line": 1}

#: Conversions by name.
_CONVERSIONS = ("absorbance", "kubelka-munk", "pseudo-absorbance")


def fit(
    source: Annotated[
        str, typer.Argument(metavar="FOLDER", help="A folder of spectra, or one file with several.")
    ],
    window: Annotated[
        tuple[float, float],
        typer.Option("--window", metavar="LOW HIGH", help="Part of the axis with the band, cm⁻¹."),
    ],
    quantity: Annotated[
        str | None,
        typer.Option(
            "--quantity",
            metavar="NAME",
            help="What the values are, where files do not say it: absorbance, kubelka-munk, "
            "pseudo-absorbance, reflectance, transmittance.",
        ),
    ] = None,
    convert: Annotated[
        str | None,
        typer.Option(
            "--convert",
            metavar="TO",
            help="Convert first: transmittance to absorbance, reflectance to kubelka-munk or "
            "pseudo-absorbance.",
        ),
    ] = None,
    temperature_unit: Annotated[
        str | None,
        typer.Option("--temperature-unit", metavar="UNIT", help="C or K, where files do not say."),
    ] = None,
    axis_unit: Annotated[
        str | None,
        typer.Option("--axis-unit", metavar="UNIT", help="cm-1, nm or um, where files do not say."),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option("--table", metavar="CSV", help="Table of file,temperature,cycle,direction."),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern", metavar="REGEX", help="Groups T, cycle, direction in names of files."
        ),
    ] = None,
    baseline: Annotated[
        str,
        typer.Option("--baseline", metavar="KIND", help="Under the band: none, constant or line."),
    ] = "line",
    systematics: Annotated[
        float | None,
        typer.Option(
            "--systematics",
            metavar="PERCENT",
            help="Systematic errors of the spectra, per cent of the maximum  [default: 1, assumed]",
        ),
    ] = None,
    extinction_ratio: Annotated[
        float,
        typer.Option("--extinction-ratio", metavar="R", help="Extinction of loose over tight."),
    ] = 1.0,
    json: JsonOption = None,
) -> None:
    """Fit one band at all temperatures in one step and say what its shift can prove.

    Two states, one shifting band, inconclusive, irreversible or not fittable, with the reasons.
    """
    with reporting():
        from reticulum.errors import InputError
        from reticulum.spectra.band_fit import fit_band
        from reticulum.spectra.reading import read_series
        from reticulum.spectra.verdict import DEFAULT_SYSTEMATICS_PERCENT

        check_json_target(json)
        if baseline not in _BASELINES:
            raise InputError(
                f"The baseline {baseline!r} is not known.",
                fix=f"Give one of: {', '.join(_BASELINES)}.",
            )
        series = read_series(
            source,
            quantity=quantity,
            axis_unit=axis_unit,
            temperature_unit=temperature_unit,
            pattern=pattern,
            table=table,
        )
        found = fit_band(
            _converted(series, convert),
            window,
            baseline_order=_BASELINES[baseline],
            systematics_percent=(
                DEFAULT_SYSTEMATICS_PERCENT if systematics is None else systematics
            ),
            extinction_ratio=extinction_ratio,
        )
        if json is not None:
            write_result(found.to_dict(), json)
            return
        _print(found)


def _converted(series: SpectralSeries, convert: str | None) -> SpectralSeries:
    from dataclasses import replace

    from reticulum.errors import InputError
    from reticulum.spectra.conversion import to_absorbance, to_kubelka_munk, to_pseudo_absorbance

    if convert is None:
        return series
    laws = dict(
        zip(_CONVERSIONS, (to_absorbance, to_kubelka_munk, to_pseudo_absorbance), strict=True)
    )
    if convert not in laws:
        raise InputError(
            f"There is no conversion to {convert!r}.", fix=f"Give one of: {', '.join(laws)}."
        )
    return replace(series, spectra=tuple(laws[convert](spectrum) for spectrum in series.spectra))


def _print(found: BandFit) -> None:
    data, positions = found.data, found.positions
    print_table(
        "One Gaussian in each spectrum",
        ("spectrum", "T, K ", "cycle ", "centre, cm⁻¹ ", "± ", "FWHM, cm⁻¹ ", "± "),
        [
            (
                data.labels[n],
                f"{data.temperatures_k[n]:.2f}",
                str(data.cycles[n]),
                f"{positions.centres_cm1[n]:.2f}",
                f"{positions.centre_errors_cm1[n]:.2f}",
                f"{positions.fwhms_cm1[n]:.2f}",
                f"{positions.fwhm_errors_cm1[n]:.2f}",
            )
            for n in range(data.n_spectra)
        ],
    )
    slope = found.slope
    typer.echo(
        f"Slope {slope.slope_cm1_per_k:.4f} cm⁻¹/K "
        f"({_interval(slope.interval_cm1_per_k)} at 95 %), robust "
        f"{slope.robust_slope_cm1_per_k:.4f} ({_interval(slope.robust_interval_cm1_per_k)}).\n"
    )
    print_table(
        "Models of the whole series",
        ("model", "left over, % of max ", "BIC less best ", "parameters ± standard error"),
        _model_rows(found),
    )
    verdict = found.verdict
    typer.echo(f"Verdict: {verdict.verdict.value}.")
    for reason in verdict.reasons:
        typer.echo(f"  {reason}")
    if verdict.what_would_decide:
        typer.echo(f"  What would decide: {verdict.what_would_decide}")
    _print_null(found)
    for note in found.notes:
        typer.echo(f"note: {note}", err=True)


def _print_null(found: BandFit) -> None:
    """Print what a single moving band would have given, beside the best two-state law."""
    from reticulum.spectra.band_models import TwoStateModel
    from reticulum.thermal.two_state import linear_shift_null_dcp

    laws = [
        outcome
        for outcome in found.verdict.outcomes
        if outcome.fit is not None
        and isinstance(outcome.fit.model, TwoStateModel)
        and outcome.fit.model.heat_capacity
    ]
    if not laws:
        return
    fit = min(laws, key=lambda outcome: outcome.bic).fit
    assert fit is not None
    named = fit.parameters
    null = linear_shift_null_dcp(named["dh_kj_mol"], named["ds_j_mol_k"])
    typer.echo(
        f"\nBeside the two-state law with ΔCp {named['dcp_j_mol_k']:.1f} J/mol/K: a single band "
        f"with a linear shift, forced into these ΔH and ΔS, would give {null:.1f}. A ΔCp near that "
        "is no evidence for two states. ΔS holds R ln r of the extinction ratio r, which spectra "
        "cannot tell."
    )


def _model_rows(found: BandFit) -> list[tuple[str, str, str, str]]:
    outcomes = found.verdict.outcomes
    if not outcomes:
        return []
    best = min(outcome.bic for outcome in outcomes)
    rows = []
    for outcome in sorted(outcomes, key=lambda entry: entry.bic):
        parameters = "free in each spectrum"
        if outcome.fit is not None:
            errors = outcome.fit.errors
            parameters = ", ".join(
                f"{name} {value:.4g} ± {errors[name]:.2g}"
                for name, value in outcome.fit.parameters.items()
            )
        rows.append(
            (outcome.name, f"{outcome.misfit_percent:.2f}", f"{outcome.bic - best:.0f}", parameters)
        )
    return rows


def _interval(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.4f} to {pair[1]:.4f}"
