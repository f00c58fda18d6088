"""`reticulum build`: M3(btc)2 and ordered A2B4(btc)4 with their distances met, written to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from reticulum.cli.console import check_json_target, print_table, reporting, write_result
from reticulum.cli.options import JsonOption

if TYPE_CHECKING:
    from reticulum.frameworks.paddlewheel_result import PaddlewheelModel
    from reticulum.frameworks.writing import WrittenStructure


def build(
    formula: Annotated[
        str,
        typer.Argument(
            metavar="FORMULA",
            help='"M3(btc)2" with --metal, or "Cu3(btc)2", "Ru6(btc)4Cl3", "Ru2Cu4(btc)4Cl".',
        ),
    ],
    metal: Annotated[
        str | None, typer.Option("--metal", "-m", metavar="M", help="Metal that M stands for.")
    ] = None,
    a: Annotated[
        float | None,
        typer.Option("--a", metavar="A", help="Lattice parameter a, Å (default: tabulated)"),
    ] = None,
    c: Annotated[
        float | None,
        typer.Option(
            "--c",
            metavar="A",
            help="Lattice parameter c of a tetragonal phase, Å (default: tabulated)",
        ),
    ] = None,
    distances: Annotated[
        Literal["adjusted", "kept"],
        typer.Option(
            "--distances",
            help="Meet the metals' distances by moving atoms, or keep those of HKUST-1.",
        ),
    ] = "adjusted",
    chloride: Annotated[
        Literal["none", "disordered", "ordered"] | None,
        typer.Option(
            "--chloride",
            help="Axial chloride of charged pairs  (default: disordered where the charge asks "
            "for it)",
        ),
    ] = None,
    chloride_order: Annotated[
        int | None,
        typer.Option(
            "--chloride-order",
            metavar="K",
            help="Number of the chloride order; 0 has the highest symmetry.",
        ),
    ] = None,
    output: Annotated[
        list[str] | None,
        typer.Option("--output", "-o", metavar="FILE", help="File to write; may be repeated."),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            help="cif, poscar, extxyz or another format of ase (default: told by FILE)",
        ),
    ] = None,
    p1: Annotated[
        bool, typer.Option("--p1", help="Write every atom of the primitive cell to a CIF.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    json: JsonOption = None,
) -> None:
    """Build a paddlewheel framework of trimesate with measured distances, and write it.

    Whole metal pairs are exchanged on the net of HKUST-1, and the atoms are moved within the space
    group until the metal-oxygen and metal-metal distances are met; the linker stays as it is.
    """
    with reporting():
        from reticulum.errors import InputError
        from reticulum.frameworks.framework_formulas import build_framework
        from reticulum.frameworks.writing import (
            require_writable,
            structure_format,
            write_structure,
        )
        from reticulum.scratch import remove_left_over_scratch

        check_json_target(json)
        files = output or []
        if not files and (p1 or force or file_format is not None):
            raise InputError(
                "--p1, --force and --format say how to write a file, but none is named.",
                fix="Name it: -o framework.cif",
            )
        paths = {Path(file).expanduser().resolve() for file in files}
        if len(paths) < len(files):
            raise InputError("One file is named twice after -o.", fix="Name each file once.")
        if json is not None and Path(json).resolve() in paths:
            raise InputError(
                f"{json} is named after -o and after --json.",
                why="One would overwrite the other.",
                fix="Give two names.",
            )
        formats = [structure_format(file, file_format) for file in files]
        if p1 and "cif" not in formats:
            raise InputError(
                f"--p1 has no meaning for {formats[0]}: it always holds every atom.",
                why="Only CIF has a symmetrised form.",
                fix="Leave --p1 out, or write a CIF.",
            )
        if chloride_order is not None and chloride != "ordered":
            raise InputError(
                "--chloride-order chooses among ordered models.", fix="Add: --chloride ordered"
            )
        for folder in {Path(file).expanduser().parent for file in files}:
            remove_left_over_scratch(folder)
        for file in files:  # before anything is computed
            require_writable(file, format=file_format, overwrite=force)
        model = build_framework(
            formula,
            metal=metal,
            lattice_parameter_a=a,
            lattice_parameter_c=c,
            adjust=distances == "adjusted",
            anions=chloride,
            order=chloride_order or 0,
        )
        for file in files:  # nothing is written unless all can be
            require_writable(
                file, format=file_format, partial_sites=model.partial_sites, overwrite=force
            )
        written = [
            write_structure(
                model.atoms,
                file,
                format=file_format,
                symmetrised=not p1,
                provenance=model.provenance(),
                partial_sites=model.partial_sites,
                overwrite=force,
            )
            for file in files
        ]
        if json is not None:
            write_result(model.to_dict() | {"files": [entry.to_dict() for entry in written]}, json)
            return
        _print(model, written)


def _print(model: PaddlewheelModel, written: list[WrittenStructure]) -> None:
    cell = ", ".join(
        f"{name} = {number.value:.4f} Å ({number.standing})" for name, number in model.cell.items()
    )
    bare = " without its anions" if model.anions == "none" and model.charge.total else ""
    typer.echo(
        f"{model.formula}{bare}: {model.space_group} (no. {model.space_group_number}), {cell}"
    )
    print_table(
        "Distances met by moving atoms"
        if model.adjusted
        else "Distances kept as in HKUST-1, beside what is known for these metals",
        ("distance", "in the cell ", "wanted, Å ", "met, Å ", "off by, Å ", "wanted is"),
        [
            (
                entry.label,
                str(entry.count),
                f"{entry.target_a:.3f}",
                _range(entry.shortest_a, entry.longest_a),
                f"{entry.largest_deviation_a:.3f}",
                model.targets[entry.label].standing,
            )
            for entry in model.met
        ],
    )
    strain = model.strain
    typer.echo(
        f"Linker against that of HKUST-1: bonds within {strain.largest_bond_change_a:.4f} Å, "
        f"angles within {strain.largest_angle_change_deg:.2f}°, heights over planes within "
        f"{strain.largest_height_change_a:.3f} Å."
    )
    typer.echo(
        "Shape around the metals against that of HKUST-1: "
        + "; ".join(
            f"{entry.label} {_range(entry.shortest_a, entry.longest_a)} Å "
            f"(off by {entry.largest_deviation_a:.3f})"
            for entry in model.shape
        )
        + "."
    )
    typer.echo(f"Charge: {model.charge.sentence()}.")
    typer.echo("Where the numbers come from:")
    for name, number in (*model.cell.items(), *model.targets.items()):
        typer.echo(f"  {name}, {number.standing}: {number.source.rstrip('.')}.")
    for note in model.notes:
        typer.echo(note)
    if model.orders:
        print_table(
            "Chloride orders of the primitive cell, one for each pair "
            "(--chloride ordered --chloride-order K)",
            ("K ", "space group", "number ", "equivalent orders ", "polar", ""),
            [
                (
                    str(number),
                    order.space_group,
                    str(order.space_group_number),
                    str(order.multiplicity),
                    "yes" if order.polar else "no",
                    "built" if number == model.order else "",
                )
                for number, order in enumerate(model.orders)
            ],
        )
    for entry in written:
        what = "asymmetric unit and operations" if entry.symmetrised else "every atom"
        typer.echo(
            f"Written: {entry.path} ({entry.file_format}, {what}; "
            f"read back by {', '.join(entry.checked_by)})"
        )


def _range(low: float, high: float) -> str:
    shortest, longest = f"{low:.3f}", f"{high:.3f}"
    return shortest if shortest == longest else f"{shortest} to {longest}"
