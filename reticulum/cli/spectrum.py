"""`reticulum spectrum`: the infrared spectrum of computed modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from reticulum.cli import mode_options, spectrum_options
from reticulum.cli.console import check_json_target, counted, print_table, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reticulum.phonons.powder_spectrum import PowderLines
    from reticulum.reference.tables import BandPosition
    from reticulum.spectra.calculated_files import CalculatedSpectrum

#: Endings of files that are no figures.
_TEXT_SUFFIXES = (".csv", ".jdx", ".json")

#: Lines printed when no file is named.
_PRINTED_LINES = 20


def spectrum(
    source: mode_options.SourceArgument,
    born: mode_options.BornOption = None,
    structure: mode_options.StructureOption = None,
    supercell: mode_options.SupercellOption = None,
    symprec: mode_options.ToleranceOption = None,
    shape: spectrum_options.ShapeOption = spectrum_options.SHAPE,
    fwhm: spectrum_options.FwhmOption = spectrum_options.FWHM_CM1,
    widths: spectrum_options.WidthsOption = None,
    lorentz_share: spectrum_options.LorentzOption = None,
    wavenumbers: spectrum_options.RangeOption = spectrum_options.RANGE_CM1,
    spacing: spectrum_options.SpacingOption = None,
    scale: spectrum_options.ScaleOption = None,
    direction: spectrum_options.DirectionOption = None,
    measured: spectrum_options.MeasuredOption = None,
    output: spectrum_options.OutputOption = None,
    json: JsonOption = None,
) -> None:
    """Draw the infrared spectrum of computed modes, or write it as CSV, JCAMP-DX or JSON.

    Transverse modes of a powder are summed with the given line shape; nothing is scaled unless
    asked for. Without Born charges there are no intensities: heights are carboxylate character,
    and figure and files say so. Imaginary modes are left out and named.
    """
    with reporting():
        from pathlib import Path

        import numpy as np

        from reticulum.errors import InputError
        from reticulum.phonons.infrared import IntensityKind
        from reticulum.phonons.modes import mode_table
        from reticulum.phonons.powder_spectrum import powder_lines
        from reticulum.spectra.axis_units import stated_option
        from reticulum.spectra.calculated_files import CalculatedSpectrum
        from reticulum.spectra.calculated_spectrum import (
            DEFAULT_MIXING,
            POINTS_PER_FWHM,
            Profile,
            even_axis,
            require_fwhm,
        )
        from reticulum.spectra.line_shapes import LineShape
        from reticulum.spectra.line_widths import LineWidths, read_line_widths

        check_json_target(json)
        paths = _checked_paths(output or [])
        if json is not None and Path(json).resolve() in [path.resolve() for path in paths]:
            raise InputError("One file is named twice.", fix="Name each file once.")
        line_shape = LineShape(stated_option(shape, LineShape, "--shape") or shape)
        if lorentz_share is not None and line_shape.mixing is None:
            raise InputError(
                f"{line_shape.value} lines have no Lorentzian share.",
                fix="Leave out --lorentz-share, or give --shape voigt.",
            )
        require_fwhm(fwhm)
        rules = (
            LineWidths(fwhm_cm1=fwhm)
            if widths is None
            else read_line_widths(Path(widths).expanduser(), fwhm)
        )
        narrowest = min([fwhm, *(row[2] for row in rules.ranges), *(row[1] for row in rules.modes)])
        step = narrowest / POINTS_PER_FWHM if spacing is None else spacing
        axis = even_axis(*wavenumbers, step)
        if step > narrowest:
            raise InputError(
                f"Points {step:g} cm⁻¹ apart miss lines that are {narrowest:g} cm⁻¹ wide.",
                why="The heights of such lines would depend on where the points happen to lie.",
                fix=f"Give --spacing {narrowest / POINTS_PER_FWHM:g}, for instance.",
            )
        observed = _observed(measured, paths)
        table = mode_table(
            mode_options.read_source(
                source, structure=structure, supercell=supercell, symprec=symprec, born=born
            )
        )
        lines = powder_lines(
            table, scale=scale, direction=None if direction is None else np.array(direction)
        )
        if not (lines.heights > 0.0).any():
            raise InputError(
                "There is nothing to draw: no mode has an intensity or carboxylate character.",
                why=f"{lines.reason} Character needs infrared-active modes of carboxylates.",
                fix="Give Born charges with --born, or list the modes: reticulum modes SOURCE",
            )
        low, high = wavenumbers
        if not len(lines.strongest(low, high)):
            typer.echo(
                f"Warning: no line lies from {low:g} to {high:g} cm⁻¹; there are wings only.",
                err=True,
            )
        for sentence in rules.unused(lines.wavenumbers_cm1, lines.members):
            typer.echo(f"Warning: {sentence}", err=True)
        phonons = table.phonons
        name = phonons.calculator.get("name", "unknown calculator")
        found = CalculatedSpectrum.of_lines(
            axis,
            lines.wavenumbers_cm1,
            lines.heights,
            Profile(
                shape=line_shape,
                fwhm_cm1=rules.of(lines.wavenumbers_cm1, lines.members),
                mixing=DEFAULT_MIXING if lorentz_share is None else lorentz_share,
            ),
            intensities=lines.kind is IntensityKind.INTENSITY,
            title=f"{phonons.atoms.get_chemical_formula()}, {phonons.symmetry.symbol}, {name}",
            notes=lines.notes,
        )
        for path in paths:
            _write(found, lines, observed, path)
            typer.echo(f"Written: {path}", err=True)
        if json is not None:
            write_result(_plain(found, lines), json)
        elif not paths:
            _print_lines(found, lines)


def _checked_paths(names: Sequence[str]) -> list[Path]:
    """Files to come; refused before anything is computed."""
    import os
    from pathlib import Path

    from reticulum.errors import InputError
    from reticulum.plotting.files import FIGURE_SUFFIXES, require_figure_path

    paths = [Path(name).expanduser() for name in names]
    if len({path.resolve() for path in paths}) < len(paths):
        raise InputError("One file is named twice.", fix="Name each file once.")
    for path in paths:
        if path.suffix in FIGURE_SUFFIXES:
            require_figure_path(path)
        elif path.suffix not in _TEXT_SUFFIXES:
            known = ", ".join((*FIGURE_SUFFIXES, *_TEXT_SUFFIXES))
            raise InputError(
                f"The name {path.name!r} tells no kind of file.",
                why=f"Known endings are {known}.",
                fix="Choose one of these.",
            )
        elif os.path.lexists(path) or not os.path.isdir(path.absolute().parent):
            raise InputError(
                f"{path} cannot be written.",
                why="It exists already."
                if os.path.lexists(path)
                else f"There is no folder {path.parent}.",
                fix="Give a new file in an existing folder.",
            )
    return paths


def _observed(material: str | None, paths: Sequence[Path]) -> tuple[BandPosition, ...]:
    """Published bands to mark."""
    from reticulum.errors import InputError
    from reticulum.plotting.files import FIGURE_SUFFIXES
    from reticulum.reference.tables import load_band_positions

    if material is None:
        return ()
    bands = load_band_positions(material)
    if not bands:
        known = ", ".join(dict.fromkeys(band.material for band in load_band_positions()))
        raise InputError(
            f"There are no published bands of {material}.",
            why=f"The table has those of {known}.",
            fix="Leave out --measured.",
        )
    if not any(path.suffix in FIGURE_SUFFIXES for path in paths):
        raise InputError(
            "--measured marks bands in a figure, but none is named.",
            fix="Name one: -o spectrum.png",
        )
    return bands


def _write(
    found: CalculatedSpectrum, lines: PowderLines, observed: Sequence[BandPosition], path: Path
) -> None:
    from reticulum.provenance import write_text_atomically

    if path.suffix == ".json":
        write_result(_plain(found, lines), str(path))
    elif path.suffix in _TEXT_SUFFIXES:
        text = found.to_csv() if path.suffix == ".csv" else found.to_jcamp()
        write_text_atomically(path, text)
    else:
        from reticulum.plotting.files import save_figure
        from reticulum.plotting.infrared_spectrum import figure_infrared_spectrum

        save_figure(figure_infrared_spectrum(found, lines, observed), path)


def _plain(found: CalculatedSpectrum, lines: PowderLines) -> dict[str, Any]:
    """Curve and lines for JSON."""
    from reticulum.provenance import software_versions

    return {
        "spectrum": found.to_dict(),
        "lines": lines.to_dict(),
        "versions": software_versions(),
    }


def _print_lines(found: CalculatedSpectrum, lines: PowderLines) -> None:
    low, high = float(found.wavenumbers_cm1[0]), float(found.wavenumbers_cm1[-1])
    typer.echo(found.title)
    for note in lines.notes:
        typer.echo(f"  {note}")
    strongest = lines.strongest(low, high)
    print_table(
        f"Strongest lines from {low:g} to {high:g} cm⁻¹",
        ("cm⁻¹ ", "irrep", f"{lines.unit} ", "ν_as COO ", "ν_s COO ", "modes"),
        [
            (
                f"{lines.wavenumbers_cm1[line]:.1f}",
                lines.labels[line],
                f"{lines.heights[line]:.{0 if lines.unit == 'km/mol' else 2}f}",
                f"{lines.antisymmetric[line]:.2f}",
                f"{lines.symmetric[line]:.2f}",
                _range(lines.members[line]),
            )
            for line in strongest[:_PRINTED_LINES]
        ],
    )
    if len(strongest) > _PRINTED_LINES:
        weaker = counted(len(strongest) - _PRINTED_LINES, "weaker line")
        typer.echo(f"Not shown: {weaker}; all of them: -o spectrum.json")
    if len(lines.longitudinal_cm1):
        named = ", ".join(f"{value:.1f}" for value in lines.longitudinal_cm1)
        typer.echo(f"Longitudinal along the direction: {named} cm⁻¹")


def _range(members: tuple[int, ...]) -> str:
    return str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}"
