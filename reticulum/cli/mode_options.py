"""Options of `reticulum modes`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from reticulum.frameworks.tolerances import SYMMETRY_TOLERANCE_A
from reticulum.phonons.drawing_options import AMPLITUDE_A, MOST_AMPLITUDE_A, N_FRAMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reticulum.phonons.gamma import GammaPhonons

_SOURCE = typer.Argument(
    metavar="SOURCE",
    help="A finished run folder of `reticulum phonons`; a folder with the files of a "
    "phonopy calculation; or phonopy.yaml, phonopy_disp.yaml, phonopy_params.yaml, "
    "FORCE_SETS, FORCE_CONSTANTS, force_constants.hdf5, or vasprun.xml with a Hessian.",
)

SourceArgument = Annotated[str, _SOURCE]

#: For a command that can do without one.
OptionalSourceArgument = Annotated[str | None, _SOURCE]

AllTable1Option = Annotated[
    bool,
    typer.Option(
        "--all-table1",
        help="No SOURCE: the carboxylate bands of every material of the published table, from "
        "rows that come with the package, or from --runs.",
    ),
]

RunsOption = Annotated[
    str | None,
    typer.Option(
        "--runs",
        metavar="FOLDER",
        help="With --all-table1: take the rows from run folders NAME_gfn1-xtb in FOLDER.",
    ),
]

ComputeOption = Annotated[
    bool,
    typer.Option(
        "--compute",
        help="With --runs: compute what is missing there first (hours; what is finished is kept).",
    ),
]

InfraredOption = Annotated[
    bool, typer.Option("--infrared", help="Show infrared-active modes only.")
]

BornOption = Annotated[
    str | None,
    typer.Option(
        "--born",
        metavar="FILE",
        help="Born charges: BORN or YAML of phonopy, vasprun.xml or OUTCAR of VASP, or CP2K's "
        "atomic polar tensors  (default: those found with SOURCE)",
    ),
]

StructureOption = Annotated[
    str | None,
    typer.Option(
        "--structure",
        metavar="FILE",
        help="Structure of FORCE_SETS or FORCE_CONSTANTS  (default: a YAML file of phonopy, "
        "SPOSCAR or POSCAR beside them)",
    ),
]

SupercellOption = Annotated[
    str | None,
    typer.Option(
        "--supercell",
        metavar="N,N,N",
        help="Supercell of that structure that the forces are of: 3 or 9 integers.",
    ),
]

ToleranceOption = Annotated[
    float | None,
    typer.Option(
        "--symprec",
        metavar="A",
        help="Distance within which atoms count as equivalent, Å  (default: that of the run, "
        f"else {SYMMETRY_TOLERANCE_A:g} or what the YAML file states if it is more)",
    ),
]

OutputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--write",
        "--output",
        "-o",
        metavar="FILE",
        help="Write a file; may be repeated. Its ending tells what: .csv (the table), .extxyz "
        "(film, with --animate), .axsf (arrows), .ascii (v_sim), .yaml, .yaml.xz or "
        "FORCE_CONSTANTS (for phonopy, Gamma only).",
    ),
]

AnimateOption = Annotated[
    str | None,
    typer.Option(
        "--animate",
        metavar="N[,M]",
        help="Modes to draw in .extxyz and .axsf, by their numbers in the table.",
    ),
]

AmplitudeOption = Annotated[
    float | None,
    typer.Option(
        "--amplitude",
        metavar="A",
        help="Displacement of the atom that moves most, Å; in a film "
        f"{MOST_AMPLITUDE_A:g} at most  (default: {AMPLITUDE_A:g})",
    ),
]

FramesOption = Annotated[
    int | None,
    typer.Option("--frames", metavar="N", help=f"Frames of one period  (default: {N_FRAMES})"),
]

ForceOption = Annotated[bool, typer.Option("--force", help="Replace existing files.")]

FragmentOption = Annotated[
    list[str] | None,
    typer.Option(
        "--fragment",
        metavar="NAME=SELECTION",
        help="A column with the share of a fragment; may be repeated. SELECTION: atoms of the "
        "primitive cell by number from 1 (1-6,12), or a pattern of elements and bonds "
        "(Cu~O~C(~O)~C; [C,N] either, * any, C1~C~C~C~C~C1 a ring). With stretch: or bend: before "
        "it, the share of these distances or angles (stretch:Cu~Cl, bend:1,7,9).",
    ),
]


def read_source(
    source: str,
    *,
    structure: str | None,
    supercell: str | None,
    symprec: float | None,
    born: str | None = None,
) -> GammaPhonons:
    """Read the phonons that SOURCE and its options name.

    Parameters
    ----------
    source, structure, supercell, symprec, born
        The options as they were given.

    Raises
    ------
    InputError
        If they name no phonons.

    """
    from pathlib import Path

    from reticulum.phonons.foreign_phonons import read_gamma_phonons

    return read_gamma_phonons(
        Path(source).expanduser(),
        structure=None if structure is None else Path(structure).expanduser(),
        supercell=None if supercell is None else supercell_matrix(supercell),
        born=None if born is None else Path(born).expanduser(),
        tolerance_a=symprec,
    )


def supercell_matrix(text: str) -> NDArray[np.int64]:
    """Supercell matrix, (3, 3), of 3 or 9 integers in text.

    Parameters
    ----------
    text
        Integers with commas, blanks or x between them.

    Raises
    ------
    InputError
        If it is none.

    """
    import re

    import numpy as np

    from reticulum.errors import InputError

    words = re.split(r"[\s,x]+", text.strip())
    if len(words) in (3, 9) and all(re.fullmatch(r"[+-]?\d+", word) for word in words):
        numbers = np.array([int(word) for word in words], dtype=np.int64)
        matrix = np.diag(numbers) if len(numbers) == 3 else numbers.reshape(3, 3)
        if round(abs(float(np.linalg.det(matrix)))) > 0:
            return np.asarray(matrix)
    raise InputError(
        f"{text!r} is no supercell.",
        why="It takes 3 integers, or the 9 of a matrix row by row, which span a volume.",
        fix="Give --supercell 2,2,2 for instance.",
    )
