"""Options of `reticulum redshift`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from reticulum.thermal.mechanisms import DEFAULT

#: What is computed if nothing is said.
METHODS: list[str] = [DEFAULT]


class Following(StrEnum):
    """Which motions follow the metal-oxygen distance in the scan."""

    BOTH = "both"
    STIFFER = "stiffer"
    ALL = "all"


MethodsOption = Annotated[
    list[str],
    typer.Option(
        "--methods",
        "-m",
        metavar="NAMES",
        help="Mechanisms, with commas between. two-state: tight/loose equilibrium, no calculation. "
        "oscillator: metal-oxygen scan. adiabatic: soft motions with the stiff ones following, the "
        "prediction proper (long). quasi-harmonic: expansion of the cell. mode-coupling: third and "
        "fourth derivatives. loose-state: search for a second minimum. sampling: joint random "
        "draws. md: molecular dynamics. quick: the first two. default: quick, and adiabatic where "
        "it is not stored and takes half an hour at most. all: all but sampling and md.",
    ),
]
MaterialOption = Annotated[
    str | None,
    typer.Option(
        "--material",
        metavar="NAME",
        help="Material of the published table to compare with, for a structure of your own.",
    ),
]
EnthalpyOption = Annotated[
    float | None, typer.Option("--dh", metavar="KJ_MOL", help="ΔH of tight to loose, kJ/mol.")
]
EntropyOption = Annotated[
    float | None, typer.Option("--ds", metavar="J_MOL_K", help="ΔS, J/mol/K.")
]
HeatCapacityOption = Annotated[
    float | None, typer.Option("--dcp", metavar="J_MOL_K", help="ΔCp, J/mol/K.")
]
TightOption = Annotated[
    float | None, typer.Option("--tight", metavar="CM1", help="Centre of the tight band, cm⁻¹.")
]
LooseOption = Annotated[
    float | None, typer.Option("--loose", metavar="CM1", help="Centre of the loose band, cm⁻¹.")
]
TightWidthOption = Annotated[
    float | None, typer.Option("--fwhm-tight", metavar="CM1", help="Its full width, cm⁻¹.")
]
LooseWidthOption = Annotated[
    float | None, typer.Option("--fwhm-loose", metavar="CM1", help="Its full width, cm⁻¹.")
]
FollowOption = Annotated[
    Following,
    typer.Option(
        "--follow",
        help="Motions that follow the metal-oxygen distance in the scan: those stiffer than "
        "the metal-oxygen mode (slower ones are held), all, or a scan of each.",
    ),
]
ExpansionOption = Annotated[
    float | None,
    typer.Option(
        "--expansion",
        metavar="PER_K",
        help="Volumetric expansion α_V for quasi-harmonic, 1/K, negative for a framework that "
        "contracts on heating (default: measured where known, else computed).",
    ),
]
PrecisionOption = Annotated[
    float | None,
    typer.Option(
        "--precision",
        metavar="CM1_PER_K",
        help="Statistical error of both slopes at which sampling stops, cm⁻¹/K (default: 0.002).",
    ),
]
PairsOption = Annotated[
    int | None,
    typer.Option(
        "--pairs",
        metavar="N",
        help="Pairs of draws at most, eight or more, for sampling (default: 96).",
    ),
]
HoursOption = Annotated[
    float | None,
    typer.Option(
        "--hours",
        metavar="H",
        help="Longest time for md; what would take longer is refused (default: 24).",
    ),
]
PicosecondsOption = Annotated[
    float | None,
    typer.Option(
        "--picoseconds",
        metavar="PS",
        help="Length of each trajectory of md, 4 ps or more (default: 24). Asked for more, "
        "trajectories go on; asked for less, they are cut.",
    ),
]
HighestOption = Annotated[
    float | None,
    typer.Option(
        "--max-cm1",
        metavar="CM1",
        help="Soft motions up to here for adiabatic, cm⁻¹; what lies above goes into the error "
        "(default: 700, fewer if the sum settles).",
    ),
]
ChecksOption = Annotated[
    bool,
    typer.Option(
        "--checks/--no-checks",
        help="Repeat leading motions of adiabatic with other settings to find their errors; "
        "without, these errors are missing.",
    ),
]
