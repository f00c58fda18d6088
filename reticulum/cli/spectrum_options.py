"""Options of `reticulum spectrum`."""

from __future__ import annotations

from typing import Annotated

import typer

#: Defaults of the command: the range of frameworks' strong bands, and a width common in print.
RANGE_CM1 = (0.0, 2000.0)
FWHM_CM1 = 10.0
SHAPE = "lorentzian"

ShapeOption = Annotated[
    str,
    typer.Option(
        "--shape", metavar="NAME", help="lorentzian, gaussian, voigt or pseudo-voigt lines."
    ),
]

FwhmOption = Annotated[
    float,
    typer.Option("--fwhm", metavar="CM1", help="Full width at half maximum of the lines, cm⁻¹."),
]

WidthsOption = Annotated[
    str | None,
    typer.Option(
        "--widths",
        metavar="FILE",
        help="CSV with widths of their own for some lines: columns from_cm1,to_cm1,fwhm_cm1 "
        "(wavenumbers as drawn) or mode,fwhm_cm1.",
    ),
]

LorentzOption = Annotated[
    float | None,
    typer.Option(
        "--lorentz-share",
        metavar="0..1",
        help="Lorentzian part of a voigt (of its width) or pseudo-voigt (of its area)  "
        "(default: 0.5, assumed)",
    ),
]

RangeOption = Annotated[
    tuple[float, float], typer.Option("--range", metavar="LOW HIGH", help="Wavenumbers, cm⁻¹.")
]

SpacingOption = Annotated[
    float | None,
    typer.Option(
        "--spacing",
        metavar="CM1",
        help="Distance of points, cm⁻¹  (default: a tenth of the narrowest width)",
    ),
]

ScaleOption = Annotated[
    float | None,
    typer.Option(
        "--scale",
        metavar="FACTOR",
        help="Factor on all wavenumbers, said in every file  (default: none)",
    ),
]

DirectionOption = Annotated[
    tuple[float, float, float] | None,
    typer.Option(
        "--direction",
        metavar="X Y Z",
        help="Light along this Cartesian direction through a crystal, with LO-TO splitting (needs "
        "Born charges with ε∞)  (default: a powder, without it)",
    ),
]

MeasuredOption = Annotated[
    str | None,
    typer.Option(
        "--measured",
        metavar="MATERIAL",
        help="Mark the published bands of a material in figures (HKUST-1, for instance).",
    ),
]

OutputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--write",
        "--output",
        "-o",
        metavar="FILE",
        help="Write a new file; may be repeated: .png, .svg or .pdf (figure), .csv or .jdx (the "
        "curve), .json (curve and lines).",
    ),
]
