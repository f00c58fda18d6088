"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from reticulum.engines.cards import DEFAULT_CALCULATOR
from reticulum.phonons.options import PhononOptions

_DEFAULTS = PhononOptions()

JsonOption = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="PATH",
        help="Write the result as JSON (- for standard output; an existing .json file is replaced) "
        "instead of printing tables.",
    ),
]

StructureArgument = Annotated[
    str,
    typer.Argument(
        metavar="STRUCTURE",
        help="A bundled name (see: reticulum structures) or a file that ase or pymatgen reads.",
    ),
]

CalculatorOption = Annotated[
    str,
    typer.Option(
        "--calculator",
        "-c",
        metavar="NAME",
        help="A bundled calculator (see: reticulum calculators) or the path of a card (.toml).",
    ),
]

WeightsOption = Annotated[
    str | None,
    typer.Option("--weights", metavar="PATH", help="Local weight file of a learned potential."),
]

OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="RUN",
        help="Run folder; an earlier run of the same calculation in it is resumed.",
    ),
]

RelaxOption = Annotated[
    bool, typer.Option("--relax/--no-relax", help="Relax the positions within the space group.")
]

RelaxCellOption = Annotated[
    bool, typer.Option("--relax-cell", help="Relax the cell too (its default is to stay fixed).")
]

ForceLimitOption = Annotated[
    float,
    typer.Option(
        "--fmax", metavar="EV_PER_A", help="Largest force that a relaxation leaves, eV/Å."
    ),
]

DisplacementOption = Annotated[
    float | None,
    typer.Option(
        "--displacement",
        metavar="A",
        help="Length of a displacement, Å (default: what the calculator's card recommends)",
    ),
]

ToleranceOption = Annotated[
    float,
    typer.Option(
        "--symprec", metavar="A", help="Distance within which atoms count as equivalent, Å."
    ),
]

WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        help="Processes that compute side by side (default: all free cores)",
    ),
]

CALCULATOR = DEFAULT_CALCULATOR
RELAX = _DEFAULTS.relax
RELAX_CELL = _DEFAULTS.relax_cell
FORCE_LIMIT = _DEFAULTS.force_limit_ev_a
TOLERANCE = _DEFAULTS.tolerance_a
