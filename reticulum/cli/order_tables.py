"""Tables of `reticulum order`: orderings, compositions, studies, quasirandom cells."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import typer

from reticulum.cli.console import counted, print_table, standard_output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reticulum.ordering.order import OrderResult
    from reticulum.ordering.orderings import Ordering
    from reticulum.ordering.quasirandom import QuasirandomOrdering
    from reticulum.ordering.study import OrderingStudy

#: Width of a terminal in characters that holds all columns, and those left out below it.
_WIDE = 140
_WIDE_COLUMNS = ("cell and origin in the parent's axes", "Wyckoff")


def print_result(result: OrderResult, top: int) -> None:
    """Print counts and the first orderings."""
    parent = result.sublattice
    typer.echo(
        f"{parent.name}, {parent.space_group} ({parent.space_group_number}), "
        f"{parent.n_sites} {parent.cluster_label} and {counted(len(parent.joints), 'linker')} in "
        "the primitive cell"
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
            + counted(_number(entry.count.n_total, entry.count.n_total_bounds), "assignment")
            + ", "
            + counted(
                _number(entry.count.n_inequivalent, entry.count.n_inequivalent_bounds),
                "inequivalent ordering",
            )
        )
        in_cell = entry.count.n_distinct_in_cell
        if in_cell is not None and in_cell != entry.count.n_inequivalent:
            typer.echo(
                f"({in_cell:,} {'is' if in_cell == 1 else 'are'} distinct under the operations "
                "that keep this supercell; the others repeat in smaller cells, which the parent's "
                "space group turns around)"
            )
    else:
        _print_compositions(result)
    if result.listed:
        print_orderings(result.orderings, top)


def _composition(result: OrderResult, counts: dict[str, int] | None) -> str:
    if counts is None:
        n = result.compositions[0].count.n_clusters
        return f"{counted(n, 'cluster')}, composition left to the rule"
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
                else counted(entry.count.n_clusters, "cluster"),
                _number(entry.count.n_total, entry.count.n_total_bounds),
                _number(entry.count.n_inequivalent, entry.count.n_inequivalent_bounds),
            )
            for entry in result.compositions
        ],
    )


def print_sample(orderings: Sequence[Ordering], seed: int, top: int) -> None:
    """Print random orderings."""
    typer.echo(
        f"{counted(len(orderings), 'random ordering')}, every assignment equally probable, "
        f"seed {seed}"
    )
    print_orderings(orderings, top, "Orderings as they were drawn")


def print_orderings(
    orderings: Sequence[Ordering], top: int, title: str = "Orderings, highest symmetry first"
) -> None:
    """Print the first orderings as a table; narrow terminals get fewer columns."""
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
    first = "first" if top == 1 else f"first {top}"
    shown = "" if len(orderings) <= top else f", the {first} of {len(orderings):,}"
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
    left_out = (*_WIDE_COLUMNS, *(["linkers"] if mixed else [])) if narrow else ()
    kept = [at for at, name in enumerate(columns) if name not in left_out]
    print_table(
        f"{title}{shown}",
        [columns[at] for at in kept],
        [[row[at] for at in kept] for row in rows],
    )
    if narrow:
        linkers = ", linkers" if mixed else ""
        typer.echo(
            f"(cell, origin{linkers} and Wyckoff positions: in a wider terminal, or with --json)"
        )


def _letters(letters: list[str]) -> str:
    counted = Counter(letters)
    return " ".join(f"{n}x{letter}" if n > 1 else letter for letter, n in sorted(counted.items()))


def print_quasirandom(found: QuasirandomOrdering) -> None:
    """Print how near a quasirandom structure comes to the random solution."""
    typer.echo(
        f"Special quasirandom structure, seed {found.seed}, "
        f"{counted(found.steps, 'step')}: misfit "
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
    print_orderings([found.ordering], 1)


def print_study(found: OrderingStudy) -> None:
    """Print what a rule leaves open in growing cells."""
    rules = ", ".join(str(rule) for rule in found.rules)
    law = any(row.predicted is not None for row in found.rows)
    print_table(
        f"{found.parent}, each linker: {rules}",
        (
            "primitive cells",
            "clusters ",
            "assignments W ",
            *(["law "] if law else []),
            "inequivalent ",
            "ln(W)/cluster ",
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
        _print_study_orderings(found)
    if found.n_sequences:
        _print_powder(found)


def _print_study_orderings(found: OrderingStudy) -> None:
    """Print the orderings of the largest cell that is described; narrow terminals get less."""
    narrow = standard_output().width < _WIDE
    rows = [
        (
            f"{o.symmetry.space_group} ({o.symmetry.space_group_number})",
            str(o.multiplicity),
            str(o.symmetry.index),
            "-" if o.long_range_order is None else f"{o.long_range_order:.3f}",
            *([] if narrow else [o.symmetry.transformation]),
            "" if packing is None else packing.sequence if narrow else packing.in_words,
        )
        for o, packing in zip(found.orderings, found.packings, strict=True)
    ]
    packed = any(packing is not None for packing in found.packings)
    wide = [] if narrow else ["cell and origin"]
    words = ["rods of the layers" if narrow else "in words"] if packed else []
    columns = ["space group", "mult. ", "index ", "order ", *wide, *words]
    print_table(
        f"Orderings of {' x '.join([str(found.described_multiple)] * 3)} primitive cells",
        columns,
        [row[: len(columns)] for row in rows],
    )
    if narrow:
        typer.echo("(cell and origin: in a wider terminal, or with --json)")


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
