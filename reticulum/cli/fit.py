"""`reticulum fit`: one band of a folder of spectra, its shift, and what the shift can prove."""

from __future__ import annotations

from typing import Annotated

import typer

from reticulum.cli.console import reporting, write_result
from reticulum.cli.fit_options import preparation_from, require_absent, settings_from
from reticulum.cli.fit_work import check_targets, fit_saved, fit_spectra, write_fit
from reticulum.cli.options import JsonOption

#: Panels of the help.
_READING = "Reading and preparing spectra"
_FITTING = "The fit"
_LOOKING = "Checks and files"


def fit(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder of spectra, one file with several, or the folder of a saved fit.",
        ),
    ],
    window: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--window",
            metavar="LOW HIGH",
            help="Part of the axis with the band, cm⁻¹; a saved fit has its own.",
            rich_help_panel=_FITTING,
        ),
    ] = None,
    quantity: Annotated[
        str | None,
        typer.Option(
            "--quantity",
            metavar="NAME",
            help="What the values are, where files do not say it: absorbance, kubelka-munk, "
            "pseudo-absorbance, reflectance, transmittance.",
            rich_help_panel=_READING,
        ),
    ] = None,
    temperature_unit: Annotated[
        str | None,
        typer.Option(
            "--temperature-unit",
            metavar="UNIT",
            help="C or K, where files do not say.",
            rich_help_panel=_READING,
        ),
    ] = None,
    axis_unit: Annotated[
        str | None,
        typer.Option(
            "--axis-unit",
            metavar="UNIT",
            help="cm-1, nm or um, where files do not say.",
            rich_help_panel=_READING,
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="CSV",
            help="Table of file,temperature,cycle,direction.",
            rich_help_panel=_READING,
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="REGEX",
            help="Groups T, cycle, direction in names of files.",
            rich_help_panel=_READING,
        ),
    ] = None,
    in_order: Annotated[
        bool,
        typer.Option(
            "--in-order",
            help="The spectra of a cycle stand in the order of measurement: heating and cooling "
            "follow from it where nothing says them.",
            rich_help_panel=_READING,
        ),
    ] = False,
    convert: Annotated[
        str | None,
        typer.Option(
            "--convert",
            metavar="TO",
            help="Transmittance to absorbance, reflectance to kubelka-munk or pseudo-absorbance.",
            rich_help_panel=_READING,
        ),
    ] = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            "--mask",
            metavar="'LOW HIGH'",
            help="Leave a range out, cm⁻¹; or co2, water. May be repeated.",
            rich_help_panel=_READING,
        ),
    ] = None,
    mask_air: Annotated[
        bool,
        typer.Option(
            "--mask-air",
            help="Leave out the lines of air: co2 and water (1300-1900 cm⁻¹ as a whole).",
            rich_help_panel=_READING,
        ),
    ] = False,
    subtract_baseline: Annotated[
        str | None,
        typer.Option(
            "--subtract-baseline",
            metavar="KIND",
            help="Before the fit: linear, asls, arpls or modpoly. Curved ones change widths and "
            "areas; the baseline of the fit does not.",
            rich_help_panel=_READING,
        ),
    ] = None,
    baseline_window: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--baseline-window",
            metavar="LOW HIGH",
            help="Part of the axis that --subtract-baseline sees, cm⁻¹.",
            rich_help_panel=_READING,
        ),
    ] = None,
    baseline_setting: Annotated[
        list[str] | None,
        typer.Option(
            "--baseline-setting",
            metavar="NAME=VALUE",
            help="lam, p, order or end_points of --subtract-baseline. May be repeated.",
            rich_help_panel=_READING,
        ),
    ] = None,
    normalise: Annotated[
        str | None,
        typer.Option(
            "--normalise",
            metavar="BY",
            help="maximum, area or reference-band. No fit needs it: overall areas are free.",
            rich_help_panel=_READING,
        ),
    ] = None,
    reference_band: Annotated[
        tuple[float, float] | None,
        typer.Option(
            "--reference-band",
            metavar="LOW HIGH",
            help="For --normalise reference-band, cm⁻¹.",
            rich_help_panel=_READING,
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="KIND",
            help="Under the band, fitted with it: none, constant or line. Default: line.",
            rich_help_panel=_FITTING,
        ),
    ] = None,
    shape: Annotated[
        str | None,
        typer.Option(
            "--shape",
            metavar="NAME",
            help="Of the one band in each spectrum: gaussian, lorentzian, pseudo-voigt or voigt; "
            "models are fitted with all their shapes. Default: gaussian.",
            rich_help_panel=_FITTING,
        ),
    ] = None,
    systematics: Annotated[
        float | None,
        typer.Option(
            "--systematics",
            metavar="PERCENT",
            help="Systematic errors of the spectra, % of the maximum. Default: 1 (assumed).",
            rich_help_panel=_FITTING,
        ),
    ] = None,
    extinction_ratio: Annotated[
        float | None,
        typer.Option(
            "--extinction-ratio",
            metavar="R",
            help="Extinction of loose over tight; it moves ΔS by -R ln r. Default: 1 (assumed).",
            rich_help_panel=_FITTING,
        ),
    ] = None,
    extinction_factor: Annotated[
        float | None,
        typer.Option(
            "--extinction-factor",
            metavar="G",
            help="Factor to which that ratio is known, above 1; it goes into the error of ΔS.",
            rich_help_panel=_FITTING,
        ),
    ] = None,
    evidence: Annotated[
        bool | None,
        typer.Option(
            "--evidence/--no-evidence",
            help="Profiles, bootstrap, rank, crossing and two-step fit, or a quick look without. "
            "Default: with them, or as in the saved fit.",
            rich_help_panel=_LOOKING,
        ),
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option(
            "--bootstrap",
            metavar="N",
            help="Refits to resampled cycles at most. Default: 200.",
            rich_help_panel=_LOOKING,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            metavar="S",
            help="Of the resampling, where not all cycles are refitted. Default: 0.",
            rich_help_panel=_LOOKING,
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            help="Save everything into a new folder: numbers, tables, figures. reticulum fit "
            "FOLDER goes on from it.",
            rich_help_panel=_LOOKING,
        ),
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(
            "--figure",
            metavar="PATH",
            help="Draw the summary page: .png, .svg or .pdf.",
            rich_help_panel=_LOOKING,
        ),
    ] = None,
    json: JsonOption = None,
) -> None:
    """Fit one band at all temperatures in one step and say what its shift can prove.

    Two states, one shifting band, inconclusive, irreversible or not fittable, with the reasons.
    """
    with reporting():
        from reticulum.errors import InputError
        from reticulum.spectra.fit_files import is_saved_fit

        changes = settings_from(
            window=window,
            baseline=baseline,
            shape=shape,
            systematics=systematics,
            extinction_ratio=extinction_ratio,
            extinction_factor=extinction_factor,
            bootstrap=bootstrap,
            seed=seed,
            evidence=evidence,
        )
        if is_saved_fit(source):
            require_absent(
                {
                    "--quantity": quantity,
                    "--temperature-unit": temperature_unit,
                    "--axis-unit": axis_unit,
                    "--table": table,
                    "--pattern": pattern,
                    "--in-order": in_order,
                    "--convert": convert,
                    "--mask": mask,
                    "--mask-air": mask_air,
                    "--subtract-baseline": subtract_baseline,
                    "--baseline-window": baseline_window,
                    "--baseline-setting": baseline_setting,
                    "--normalise": normalise,
                    "--reference-band": reference_band,
                },
                why=f"{source} is a saved fit: its spectra were read and prepared before.",
            )
            check_targets(output, figure, json)
            found, sources = fit_saved(source, changes)
        else:
            if window is None:
                raise InputError(
                    "--window LOW HIGH is missing.",
                    why="Only a saved fit has a window of its own.",
                    fix="Give the part of the axis with the band: --window 1540 1640.",
                )
            preparation = preparation_from(
                convert=convert,
                masks=mask or (),
                mask_air=mask_air,
                subtract_baseline=subtract_baseline,
                baseline_window=baseline_window,
                baseline_settings=baseline_setting or (),
                normalise=normalise,
                reference_band=reference_band,
                window=window,
            )
            check_targets(output, figure, json)
            found, sources = fit_spectra(
                source,
                {
                    "quantity": quantity,
                    "axis_unit": axis_unit,
                    "temperature_unit": temperature_unit,
                    "pattern": pattern,
                    "table": table,
                },
                preparation,
                changes | ({"order_is_measured": True} if in_order else {}),
            )
        written = write_fit(found, sources, output, figure)
        if json is not None:
            write_result(found.to_dict(), json)
            return
        from reticulum.cli.fit_report import print_report

        print_report(found, written)
