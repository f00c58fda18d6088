"""`reticulum order`: orderings of whole metal clusters, counted, listed, sampled, written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reticulum.cli.console import (
    TerminalProgress,
    check_json_target,
    print_table,
    reporting,
    standard_output,
    write_result,
)
from reticulum.cli.options import TOLERANCE, JsonOption, ToleranceOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.ordering.order import OrderResult
    from reticulum.ordering.orderings import Ordering
    from reticulum.ordering.quasirandom import QuasirandomOrdering
    from reticulum.ordering.study import OrderingStudy
    from reticulum.ordering.sublattice import ClusterSublattice

#: Width of a terminal in characters that holds all columns, and those left out below it.
_WIDE = 140
_WIDE_COLUMNS = ("cell and origin in the parent's axes", "Wyckoff")

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
            "(rows are the new vectors)  [default: the cell itself]",
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
            "--limit", metavar="N", help="Orderings that are listed at most  [default: 100000]"
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            metavar="N",
            help=f"Orderings that are printed and written, highest symmetry first  "
            f"[default: {_TOP}]",
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
            "--seed", metavar="S", help=f"Seed of --sample and --quasirandom  [default: {_SEED}]"
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
            "--format", metavar="F", help="cif, vasp, extxyz or another of ase  [default: cif]"
        ),
    ] = None,
    distances: Annotated[
        str | None,
        typer.Option(
            "--distances",
            metavar="HOW",
            help="With --write: 'kept' as in the parent, or 'adjusted' to the usual distances of "
            "each metal, cell included  [default: kept]",
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
        from reticulum.frameworks.reading import read_structure, structure_label
        from reticulum.ordering.linker_rule import parse_linker_rule
        from reticulum.ordering.order import order as order_clusters
        from reticulum.ordering.order import order_up_to_index
        from reticulum.ordering.orderings import LISTING_LIMIT
        from reticulum.ordering.problem import parse_counts, require_metal
        from reticulum.ordering.sublattice import cluster_sublattice

        _check_options(
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
        _check_positive("--top", top)
        _check_positive("--limit", limit)
        counts = parse_counts(count or [])
        rules = [parse_linker_rule(text) for text in per_linker or []]
        for rule in rules:
            require_metal(rule.metal)
        if distances not in (None, "kept", "adjusted"):
            raise InputError(
                f"--distances {distances} is not known.",
                why="Distances are kept as in the parent or adjusted to the metals.",
                fix="Write --distances kept or --distances adjusted.",
            )
        if write is not None:
            _require_new_folder(write)
        if figure is not None:
            from pathlib import Path

            from reticulum.plotting.files import require_figure_path

            require_figure_path(Path(figure))
        sublattice = cluster_sublattice(read_structure(parent), structure_label(parent), symprec)
        _warn(sublattice)
        if study:
            _study(sublattice, rules, json, figure)
            return
        matrix = _matrix(sublattice, supercell, conventional)
        most = limit if limit is not None else LISTING_LIMIT
        wanted = top if top is not None else _TOP
        if sample is not None or quasirandom:
            orderings = _drawn(
                sublattice, matrix, counts, rules, sample, _SEED if seed is None else seed, json
            )
        else:
            result = (
                order_clusters(sublattice, matrix, counts, rules, count_only=count_only, limit=most)
                if up_to_index is None
                else order_up_to_index(
                    sublattice, up_to_index, counts, rules, count_only=count_only, limit=most
                )
            )
            orderings = list(result.orderings)
            if json is not None:
                write_result(result.to_dict(), json)
            else:
                _print_result(result, wanted)
        if write is not None:
            _write(
                orderings[:wanted],
                write,
                file_format or "cif",
                p1=p1,
                adjusted=distances == "adjusted",
                quiet=json is not None,
            )


#: Options that make no sense together: the first one with each of the others.
_CONTRADICTIONS = (
    ("--study", ("--sample", "--quasirandom", "--count-only", "--up-to-index", "--supercell",
                 "--conventional", "--count", "--limit", "--top", "--seed", "--write")),
    ("--sample", ("--quasirandom", "--count-only", "--up-to-index", "--limit")),
    ("--quasirandom", ("--count-only", "--up-to-index", "--limit", "--per-linker", "--top")),
    ("--up-to-index", ("--supercell", "--conventional")),
    ("--count-only", ("--limit", "--top", "--write")),
)  # fmt: skip

#: Options that need another one of these.
_NEEDED = {
    "--seed": ("--sample", "--quasirandom"),
    "--format": ("--write",),
    "--p1": ("--write",),
    "--distances": ("--write",),
    "--study": ("--per-linker",),
    "--figure": ("--study",),
}


def _check_options(given: dict[str, bool]) -> None:
    """Refuse options that contradict each other or would be ignored."""
    from reticulum.errors import InputError

    for first, others in _CONTRADICTIONS:
        clash = [other for other in others if given[first] and given[other]]
        if clash:
            raise InputError(
                f"{first} and {clash[0]} cannot be given together.",
                why="One of them would be ignored.",
                fix="Leave one of them out.",
            )
    for option, needs in _NEEDED.items():
        if given[option] and not any(given[need] for need in needs):
            raise InputError(
                f"{option} was given without {' or '.join(needs)}.",
                why="It has no effect without it.",
                fix=f"Add {needs[0]}, or leave {option} out.",
            )


def _check_positive(option: str, value: int | None) -> None:
    from reticulum.errors import InputError

    if value is not None and value < 1:
        raise InputError(
            f"{option} {value} is below 1.",
            why="It is a number of orderings.",
            fix="Give 1 or more.",
        )


def _warn(sublattice: ClusterSublattice) -> None:
    import warnings

    if sublattice.warning:
        warnings.warn(sublattice.warning, UserWarning, stacklevel=2)


def _matrix(sublattice: ClusterSublattice, supercell: str | None, conventional: bool) -> Any:
    """Supercell in units of the primitive vectors."""
    import re

    import numpy as np

    from reticulum.errors import InputError
    from reticulum.ordering.supercells import supercell_matrix

    base = sublattice.conventional if conventional else np.eye(3, dtype=np.int64)
    if supercell is None:
        return base
    words = [word for word in re.split(r"[\s,]+", supercell.strip()) if word]
    if not all(re.fullmatch(r"[+-]?\d+", word) for word in words):
        raise InputError(
            f"The supercell {supercell!r} is not made of integers.",
            why="Three integers multiply the cell vectors; nine are the rows of a matrix.",
            fix='For instance --supercell "2 2 2".',
        )
    return supercell_matrix([int(word) for word in words]) @ base


def _require_new_folder(folder: str) -> None:
    from pathlib import Path

    from reticulum.errors import InputError

    path = Path(folder)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(
            f"{folder} exists already.",
            why="Files in it could be overwritten.",
            fix="Give a new folder, or an empty one.",
        )


def _print_result(result: OrderResult, top: int) -> None:
    parent = result.sublattice
    typer.echo(
        f"{parent.name}, {parent.space_group} ({parent.space_group_number}), "
        f"{parent.n_sites} {parent.cluster_label} and {len(parent.joints)} linkers in the "
        "primitive cell"
    )
    if result.rules:
        words = " and ".join(
            rule.in_words.replace(rule.metal, parent.label_of(rule.metal)) for rule in result.rules
        )
        typer.echo(f"rule: each linker meets {words}")
    if len(result.compositions) == 1:
        entry = result.compositions[0]
        typer.echo(
            f"{_composition(result, entry.counts)}: "
            f"{_number(entry.count.n_total, entry.count.n_total_bounds)} assignments, "
            f"{_number(entry.count.n_inequivalent, entry.count.n_inequivalent_bounds)} "
            "inequivalent orderings"
        )
        in_cell = entry.count.n_distinct_in_cell
        if in_cell is not None and in_cell != entry.count.n_inequivalent:
            typer.echo(
                f"({in_cell:,} are distinct under the operations that keep this supercell; the "
                "others repeat in smaller cells, which the parent's space group turns around)"
            )
    else:
        _print_compositions(result)
    if result.listed:
        _print_orderings(result.orderings, top)


def _composition(result: OrderResult, counts: dict[str, int] | None) -> str:
    if counts is None:
        n = result.compositions[0].count.n_clusters
        return f"{n} clusters, composition left to the rule"
    label = result.sublattice.label_of
    return ", ".join(f"{number} {label(metal)}" for metal, number in counts.items())


def _number(value: int | None, bounds: tuple[int, int]) -> str:
    from reticulum.ordering.order import readable_number

    if value is not None:
        return readable_number(value)
    return f"between {readable_number(bounds[0])} and {readable_number(bounds[1])}"


def _print_compositions(result: OrderResult) -> None:
    print_table(
        "Orderings by cell and composition",
        ("cell", "clusters", "assignments ", "inequivalent "),
        [
            (
                " / ".join(" ".join(map(str, row)) for row in entry.cell.tolist()),
                _composition(result, entry.counts)
                if entry.counts is not None
                else f"{entry.count.n_clusters} clusters",
                _number(entry.count.n_total, entry.count.n_total_bounds),
                _number(entry.count.n_inequivalent, entry.count.n_inequivalent_bounds),
            )
            for entry in result.compositions
        ],
    )


def _print_orderings(orderings: Sequence[Ordering], top: int) -> None:
    if not orderings:
        return
    mixed = len({tuple(ordering.counts.items()) for ordering in orderings}) > 1
    rows = []
    for number, ordering in enumerate(orderings[:top], start=1):
        symmetry = ordering.symmetry
        lro = ordering.long_range_order
        counts = [
            f"{n} {ordering.sites.sublattice.label_of(metal)}"
            for metal, n in ordering.counts.items()
        ]
        rows.append(
            (
                str(number),
                *([", ".join(counts)] if mixed else []),
                f"{symmetry.space_group} ({symmetry.space_group_number})",
                str(ordering.multiplicity),
                f"{symmetry.index} = t{symmetry.translationengleiche_index} "
                f"k{symmetry.klassengleiche_index}",
                symmetry.transformation,
                "; ".join(
                    f"{label} {_letters(letters)}"
                    for label, letters in ordering.wyckoff_split.items()
                ),
                "; ".join(f"{n} {key}" for key, n in ordering.linker_environments.items()),
                "-" if lro is None else f"{lro:.3f}",
            )
        )
    shown = "" if len(orderings) <= top else f", the first {top} of {len(orderings):,}"
    columns = (
        "no. ",
        *(["clusters"] if mixed else []),
        "space group",
        "mult. ",
        "index ",
        "cell and origin in the parent's axes",
        "Wyckoff",
        "linkers",
        "order ",
    )
    narrow = standard_output().width < _WIDE
    kept = [at for at, name in enumerate(columns) if not narrow or name not in _WIDE_COLUMNS]
    print_table(
        f"Orderings, highest symmetry first{shown}",
        [columns[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
    )
    if narrow:
        typer.echo("(cell, origin and Wyckoff positions: in a wider terminal, or with --json)")


def _letters(letters: list[str]) -> str:
    counted = Counter(letters)
    return " ".join(f"{n}x{letter}" if n > 1 else letter for letter, n in sorted(counted.items()))


def _drawn(
    sublattice: ClusterSublattice,
    matrix: Any,
    counts: Any,
    rules: Any,
    sample: int | None,
    seed: int,
    json: str | None,
) -> list[Ordering]:
    """Draw random orderings, or search for the quasirandom one."""
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
        if json is not None:
            write_result({"parent": sublattice.name, **found.to_dict()}, json)
        else:
            _print_quasirandom(found)
        return [found.ordering]
    orderings = list(random_orderings(problem, sample, seed))
    if json is not None:
        write_result(
            {
                "parent": sublattice.name,
                "seed": seed,
                "rules": [str(rule) for rule in rules],
                "orderings": [ordering.to_dict() for ordering in orderings],
            },
            json,
        )
    else:
        typer.echo(f"{sample} random orderings, every assignment equally probable, seed {seed}")
        _print_orderings(orderings, sample)
    return orderings


def _print_quasirandom(found: QuasirandomOrdering) -> None:
    typer.echo(
        f"Special quasirandom structure, seed {found.seed}, {found.steps} steps: misfit "
        f"{found.misfit:.2e} (a random ordering had {found.first_misfit:.2e}, 0 is an endless "
        "random solution)"
    )
    print_table(
        "Pairs of like clusters",
        ("distance, Å ", "neighbours ", "like ", "random solution "),
        [
            (
                f"{shell.distance_a:.3f}",
                f"{shell.n_neighbours:.0f}",
                f"{shell.like_fraction:.4f}",
                f"{shell.random_like_fraction:.4f}",
            )
            for shell in found.shells
        ],
    )
    print_table(
        "Linkers",
        ("environment", "share ", "random solution "),
        [
            (key, f"{here:.4f}", f"{random:.4f}")
            for key, (here, random) in found.linker_environments.items()
        ],
    )
    _print_orderings([found.ordering], 1)


def _study(sublattice: ClusterSublattice, rules: Any, json: str | None, figure: str | None) -> None:
    from reticulum.ordering.study import study_rule

    if figure is not None:
        _require_rods(sublattice, rules)
    found = study_rule(sublattice, rules)
    if figure is not None:
        _draw(found, sublattice, figure)
    if json is not None:
        write_result(found.to_dict(), json)
        return
    _print_study(found)


def _require_rods(sublattice: ClusterSublattice, rules: Any) -> None:
    """Refuse a figure where there are no rods to draw, before anything is computed."""
    from reticulum.errors import InputError
    from reticulum.ordering.rod_packings import cage_lattice, metal_of_rods

    if metal_of_rods(sublattice, tuple(rules)) is None or cage_lattice(sublattice) is None:
        raise InputError(
            f"There is no figure for {sublattice.name} under this rule.",
            why="Only packings of rods (tbo frameworks, one cluster of a metal on each linker) "
            "are drawn.",
            fix="Leave --figure out.",
        )


def _draw(found: OrderingStudy, sublattice: ClusterSublattice, figure: str) -> None:
    from pathlib import Path

    from reticulum.ordering.rod_packings import metal_of_rods
    from reticulum.plotting.files import save_figure
    from reticulum.plotting.rod_packings import figure_rod_packings

    drawn = [
        (packing, ordering.symmetry.space_group)
        for packing, ordering in zip(found.packings, found.orderings, strict=True)
        if packing is not None
    ]
    drawn.sort(key=lambda entry: (entry[0].period, entry[0].sequence))
    metal = metal_of_rods(sublattice, found.rules) or sublattice.metal
    save_figure(
        figure_rod_packings(
            [packing for packing, _ in drawn],
            [group for _, group in drawn],
            sublattice.label_of(metal),
        ),
        Path(figure),
    )
    typer.echo(f"Figure written to {figure}", err=True)


def _print_study(found: OrderingStudy) -> None:
    rules = ", ".join(str(rule) for rule in found.rules)
    law = any(row.predicted is not None for row in found.rows)
    print_table(
        f"{found.parent}, each linker: {rules}",
        (
            "primitive cells",
            "clusters ",
            "assignments ",
            *(["law "] if law else []),
            "inequivalent ",
            "ln(assignments)/clusters ",
        ),
        [
            (
                " x ".join([str(row.multiple)] * 3),
                str(row.count.n_clusters),
                _number(row.count.n_total, row.count.n_total_bounds),
                *([str(row.predicted)] if law else []),
                _number(row.count.n_inequivalent, row.count.n_inequivalent_bounds),
                "-" if row.entropy_per_cluster is None else f"{row.entropy_per_cluster:.5f}",
            )
            for row in found.rows
        ],
    )
    typer.echo(found.answer + "\n")
    if found.orderings:
        print_table(
            f"Orderings of {' x '.join([str(found.described_multiple)] * 3)} primitive cells",
            ("space group", "mult. ", "index ", "cell and origin", "order ", "in words"),
            [
                (
                    f"{o.symmetry.space_group} ({o.symmetry.space_group_number})",
                    str(o.multiplicity),
                    str(o.symmetry.index),
                    o.symmetry.transformation,
                    "-" if o.long_range_order is None else f"{o.long_range_order:.3f}",
                    packing.in_words if packing is not None else "",
                )
                for o, packing in zip(found.orderings, found.packings, strict=True)
            ],
        )
    if found.n_sequences:
        _print_powder(found)


def _print_powder(found: OrderingStudy) -> None:
    alike = {period: groups for period, groups in found.indistinguishable.items() if groups}
    print_table(
        "Layer sequences by period, and what a powder pattern can tell in principle",
        ("period, layers ", "inequivalent sequences ", "different powder patterns "),
        [
            (
                str(period),
                str(number),
                str(number - sum(len(group) - 1 for group in alike.get(period, ()))),
            )
            for period, number in found.n_sequences.items()
        ],
    )
    if alike:
        first = min(alike)
        pairs = "; ".join(" and ".join(group) for group in alike[first])
        typer.echo(
            f"Up to a period of {first - 1} layers every sequence has a powder pattern of its own "
            "(only the metals differ, atoms on the parent's places). From "
            f"{first} layers on some pairs have the same distances between like metals in the same "
            f"number, and no powder pattern tells them apart: {pairs}."
        )


def _write(
    orderings: Sequence[Ordering],
    folder: str,
    file_format: str,
    *,
    p1: bool,
    adjusted: bool,
    quiet: bool,
) -> None:
    """Write structures, with the parent's distances or those of the metals."""
    from pathlib import Path

    from reticulum.frameworks.distance_targets import TargetKind
    from reticulum.frameworks.paddlewheel_fit import meet_paddlewheel_distances
    from reticulum.frameworks.writing import structure_suffix, write_structure
    from reticulum.ordering.structures import ordered_structure, ordering_provenance

    suffix = structure_suffix(file_format)
    target = Path(folder)
    _make_folder(target)
    width = len(str(len(orderings)))
    largest = 0.0
    progress = TerminalProgress()
    if adjusted:
        progress.start("structures with adjusted distances", len(orderings), 0)
    for number, ordering in enumerate(orderings, start=1):
        group = ordering.symmetry.space_group.replace("/", "_")
        atoms = ordered_structure(ordering)
        if adjusted:
            fit = meet_paddlewheel_distances(atoms, free_cell=True)
            largest = max(largest, fit.largest_deviation_a(TargetKind.METAL))
            fit.atoms.info["name"] = atoms.info["name"]
            atoms = fit.atoms
        write_structure(
            atoms,
            target / f"{number:0{width}d}_{group}{suffix}",
            format=file_format,
            symmetrised=not p1,
            provenance=ordering_provenance(ordering, adjusted=adjusted),
        )
        if adjusted:
            progress.advance("structures with adjusted distances", 0.0)
    if adjusted:
        progress.finish("structures with adjusted distances")
    if quiet:
        return
    how = (
        "metals replaced, distances and cell adjusted to the usual ones of each metal by "
        f"geometry alone (largest miss of a metal's distance {largest:.3f} Å)"
        if adjusted
        else "metals replaced, cell and all distances kept as in the parent (--distances adjusted "
        "changes them)"
    )
    typer.echo(f"{len(orderings)} structures written to {folder}: {how}")


def _make_folder(folder: Any) -> None:
    from reticulum.errors import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be made.",
            why=str(error.strerror or error),
            fix="Give a folder in a place that you may write to.",
        ) from error
