"""`reticulum order`: orderings of whole metal clusters, counted, listed, sampled, written."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reticulum.cli.console import check_json_target, reporting, write_result
from reticulum.cli.options import TOLERANCE, JsonOption, ToleranceOption
from reticulum.cli.order_files import (
    draw_study,
    require_rods,
    require_writable_orderings,
    write_orderings,
)
from reticulum.cli.order_options import (
    check_options,
    check_positive,
    check_two_targets,
    supercell_rows,
    with_metal_symbols,
)
from reticulum.cli.order_tables import (
    print_quasirandom,
    print_result,
    print_sample,
    print_study,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from reticulum.ordering.order import OrderResult
    from reticulum.ordering.orderings import Ordering
    from reticulum.ordering.sublattice import ClusterSublattice

#: Orderings that are printed, and written by --write, unless --top says otherwise.
_TOP = 20

#: Seed of samples and quasirandom cells unless --seed says otherwise.
_SEED = 0


def order(
    parent: Annotated[
        str,
        typer.Argument(
            metavar="PARENT",
            help="A bundled name (see: reticulum structures) or a file with one kind of cluster.",
        ),
    ],
    supercell: Annotated[
        str | None,
        typer.Option(
            "--supercell",
            metavar="N",
            help='Multiples of the primitive cell, "2 2 2", or the nine entries of a matrix '
            "(rows are the new vectors) (default: the cell itself)",
        ),
    ] = None,
    conventional: Annotated[
        bool,
        typer.Option("--conventional", help="Start from the conventional cell, not the primitive."),
    ] = False,
    up_to_index: Annotated[
        int | None,
        typer.Option(
            "--up-to-index",
            metavar="N",
            help="All inequivalent cells of up to N primitive cells; repeats are dropped. Counts "
            "are those of the primitive cell.",
        ),
    ] = None,
    count: Annotated[
        list[str] | None,
        typer.Option(
            "--count",
            metavar="METAL=N",
            help="Clusters (dimers) of a metal in the cell: Ru=16; a fraction Ru=1/3; a range "
            "Ru=0-6. May be repeated; the rest keeps the parent's metal.",
        ),
    ] = None,
    per_linker: Annotated[
        list[str] | None,
        typer.Option(
            "--per-linker",
            metavar="METAL=N",
            help="How many clusters of a metal each linker meets: Ru=1, Ru=0-1 or 'Ru<=1'. May "
            "be repeated.",
        ),
    ] = None,
    study: Annotated[
        bool,
        typer.Option(
            "--study", help="What the rule leaves open in growing cells, and the law behind it."
        ),
    ] = False,
    count_only: Annotated[
        bool, typer.Option("--count-only", help="Count without listing.")
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", help="Orderings that are listed at most (default: 100000)"
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            metavar="N",
            help=f"Orderings that are printed and written, highest symmetry first  "
            f"(default: {_TOP}; all of a --sample)",
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", metavar="N", help="Draw N orderings, each assignment equally probable."
        ),
    ] = None,
    quasirandom: Annotated[
        bool,
        typer.Option(
            "--quasirandom",
            "--sqs",
            help="Special quasirandom structure: the disordered solid solution in this cell.",
        ),
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed", metavar="S", help=f"Seed of --sample and --quasirandom (default: {_SEED})"
        ),
    ] = None,
    figure: Annotated[
        str | None,
        typer.Option(
            "--figure", metavar="PATH", help="Draw what --study finds: .png, .svg or .pdf."
        ),
    ] = None,
    write: Annotated[
        str | None,
        typer.Option(
            "--write",
            "-o",
            metavar="FOLDER",
            help="Write the printed orderings into a new folder.",
        ),
    ] = None,
    file_format: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="F", help="cif, vasp, extxyz or another of ase (default: cif)"
        ),
    ] = None,
    distances: Annotated[
        str | None,
        typer.Option(
            "--distances",
            metavar="HOW",
            help="With --write: 'kept' as in the parent, or 'adjusted' to the usual distances of "
            "each metal, cell included (default: kept)",
        ),
    ] = None,
    p1: Annotated[
        bool, typer.Option("--p1", help="Write every atom instead of the symmetrised cell.")
    ] = False,
    symprec: ToleranceOption = TOLERANCE,
    json: JsonOption = None,
) -> None:
    """Order whole metal clusters on the linker net of PARENT: count, list, sample, write.

    Orderings are distinct under the parent's whole space group. Example, the eight Ru2 of the
    conventional cell with one on each linker:

    reticulum order HKUST-1 --conventional --count Ru=8 --per-linker Ru=1
    """
    with reporting():
        from reticulum.errors import InputError
        from reticulum.frameworks.metal_networks import require_no_metal_network
        from reticulum.frameworks.reading import read_structure, structure_label
        from reticulum.frameworks.structure_folder import require_structure_folder
        from reticulum.ordering.linker_rule import parse_linker_rule
        from reticulum.ordering.order import order as order_clusters
        from reticulum.ordering.order import order_up_to_index
        from reticulum.ordering.orderings import LISTING_LIMIT
        from reticulum.ordering.problem import parse_counts, require_metal
        from reticulum.ordering.sublattice import cluster_sublattice
        from reticulum.scratch import remove_left_over_scratch

        check_options(
            {
                "--study": study,
                "--sample": sample is not None,
                "--quasirandom": quasirandom,
                "--count-only": count_only,
                "--up-to-index": up_to_index is not None,
                "--supercell": supercell is not None,
                "--conventional": conventional,
                "--count": bool(count),
                "--per-linker": bool(per_linker),
                "--limit": limit is not None,
                "--top": top is not None,
                "--seed": seed is not None,
                "--write": write is not None,
                "--format": file_format is not None,
                "--p1": p1,
                "--figure": figure is not None,
                "--distances": distances is not None,
            }
        )
        check_json_target(json)
        check_two_targets(json, write)
        check_positive("--top", top)
        check_positive("--limit", limit)
        counts = parse_counts([with_metal_symbols(text) for text in count or []])
        rules = [parse_linker_rule(with_metal_symbols(text)) for text in per_linker or []]
        for rule in rules:
            require_metal(rule.metal)
        if distances not in (None, "kept", "adjusted"):
            raise InputError(
                f"--distances {distances} is not known.",
                why="Distances are kept as in the parent or adjusted to the metals.",
                fix="Write --distances kept or --distances adjusted.",
            )
        if write is not None:
            remove_left_over_scratch(Path(write))
            require_structure_folder(Path(write))
        if figure is not None:
            from reticulum.plotting.files import require_figure_path

            require_figure_path(Path(figure))
        atoms, name = read_structure(parent), structure_label(parent)
        require_no_metal_network(atoms, name)
        sublattice = cluster_sublattice(atoms, name, symprec)
        _warn(sublattice, symprec)
        if write is not None:
            require_writable_orderings(
                sublattice,
                [*counts, *(rule.metal for rule in rules)],
                file_format or "cif",
                p1=p1,
                adjusted=distances == "adjusted",
            )
        if study:
            _study(sublattice, rules, json, figure)
            return
        matrix = supercell_rows(sublattice, supercell, conventional)
        most = limit if limit is not None else LISTING_LIMIT
        if sample is not None or quasirandom:
            wanted = top or sample or 1
            orderings, content, show = _drawn(
                sublattice, matrix, counts, rules, sample, _SEED if seed is None else seed, wanted
            )
        else:
            wanted = top or _TOP
            result = (
                order_clusters(sublattice, matrix, counts, rules, count_only=count_only, limit=most)
                if up_to_index is None
                else order_up_to_index(
                    sublattice, up_to_index, counts, rules, count_only=count_only, limit=most
                )
            )
            orderings, content = list(result.orderings), partial(_streamed, result)
            show = partial(print_result, result, wanted)
        said = ""
        if write is not None:  # first: a closed pipe ends the printing
            said = write_orderings(
                orderings[:wanted],
                write,
                file_format or "cif",
                p1=p1,
                adjusted=distances == "adjusted",
            )
        if json is not None:
            write_result(content(), json)
            return
        show()
        if said:
            typer.echo(said)


def _warn(sublattice: ClusterSublattice, symprec: float) -> None:
    import warnings

    if sublattice.warning:
        warnings.warn(sublattice.warning, UserWarning, stacklevel=2)
    if sublattice.order == 1:
        warnings.warn(
            f"{sublattice.name} has no symmetry but translations within {symprec:g} Å. If it is a "
            "distorted or relaxed crystal, give the undistorted parent or a larger --symprec.",
            UserWarning,
            stacklevel=2,
        )


def _drawn(
    sublattice: ClusterSublattice,
    matrix: Any,
    counts: Any,
    rules: Any,
    sample: int | None,
    seed: int,
    wanted: int,
) -> tuple[list[Ordering], Callable[[], dict[str, Any]], Callable[[], None]]:
    """Draw random orderings or search for the quasirandom one; with their JSON and printer."""
    from reticulum.errors import InputError
    from reticulum.ordering.problem import ordering_problem
    from reticulum.ordering.quasirandom import quasirandom_ordering
    from reticulum.ordering.random_orderings import random_orderings
    from reticulum.ordering.rule_obstructions import require_possible

    if any(len(values) > 1 for values in counts.values()):
        raise InputError(
            "A range of counts was given with --sample or --quasirandom.",
            why="One composition is drawn at a time.",
            fix="Give one count for each metal.",
        )
    problem = ordering_problem(
        sublattice, matrix, {metal: values[0] for metal, values in counts.items()}, rules
    )
    require_possible(problem)
    if sample is None:
        found = quasirandom_ordering(problem, seed)
        return (
            [found.ordering],
            lambda: {"parent": sublattice.name, **found.to_dict()},
            partial(print_quasirandom, found),
        )
    orderings = list(random_orderings(problem, sample, seed))
    content = {
        "parent": sublattice.name,
        "seed": seed,
        "rules": [str(rule) for rule in rules],
        "orderings": [ordering.to_dict() for ordering in orderings],
    }
    return orderings, lambda: content, partial(print_sample, orderings, seed, wanted)


def _streamed(result: OrderResult) -> dict[str, object]:
    """Content of the JSON; orderings become text one by one, so that memory stays bounded."""
    from reticulum.provenance import StreamedList

    listed = StreamedList(ordering.to_dict() for ordering in result.orderings)
    return result.summary() | {"orderings": listed}


def _study(sublattice: ClusterSublattice, rules: Any, json: str | None, figure: str | None) -> None:
    from reticulum.ordering.study import study_rule

    if figure is not None:
        require_rods(sublattice, rules)
    found = study_rule(sublattice, rules)
    if figure is not None:
        draw_study(found, sublattice, figure)
    if json is not None:
        write_result(found.to_dict(), json)
        return
    print_study(found)
